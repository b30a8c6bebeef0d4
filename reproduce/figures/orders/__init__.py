"""Errors of the updates against beta or kappa, with their fitted orders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.orders.computed import OrderResult, compute
from reproduce.figures.orders.specification import OrderFigure, read

if TYPE_CHECKING:
    import pandas as pd  # for its name alone: every command would wait for it

__all__ = ["check", "comparable", "compute", "describe", "files", "frames", "plot", "read", "rows"]

ORDER_SLACK = 0.1
"""How far a fitted order may lie from the expected one in a figure."""

ORDER_TOLERANCE = {"rtol": 0.0, "atol": 2e-2}
"""On decimal logarithms of relative errors."""

LEAST_ERROR = 1e-4
"""Smaller relative errors count as this: in them, round-off of one machine may show."""


def files(figure: OrderFigure) -> list[str]:
    """One file, of the figure's name."""
    return [figure.name]


def rows(figure: OrderFigure) -> list[float]:
    """The scales."""
    return list(figure.scales)


def frames(result: OrderResult) -> dict[str, pd.DataFrame]:
    """The plotted errors."""
    from reproduce.figures.orders.drawn import order_frame  # noqa: PLC0415 - as pandas

    return {result.figure.name: order_frame(result)}


def plot(result: OrderResult, folder: Path) -> None:
    """Draw the figure."""
    from reproduce.figures.orders.drawn import draw_orders  # noqa: PLC0415 - seconds to import
    from reproduce.figures.style import save  # noqa: PLC0415 - likewise

    name = result.figure.name
    save(draw_orders(result), frames(result)[name], folder, name)


def describe(result: OrderResult) -> dict[str, Any]:
    """Caption, curves with their orders, and the largest stable kappa."""
    figure = result.figure
    symbol = "β" if figure.against == "beta" else "κ"
    return {
        "figures": [
            {
                "name": figure.name,
                "title": figure.title,
                "caption": (
                    f"Relative error of all parameters' processes against {symbol}. Exact dynamics "
                    "fall with the expected order until rounding; the published dynamics do not."
                ),
            }
        ],
        "curves": [
            {
                "setting": curve.setting,
                "label": curve.label,
                "expected": curve.expected,
                "order": curve.order,
                "least": min(curve.errors),
            }
            for curve in result.curves
        ],
        "stable": result.stable,
    }


def check(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge an order figure: every fitted order is the expected one."""
    curves = [c for c in plotted["curves"] if c["expected"] is not None]
    numbers = {f"{c['setting']}, {c['label']}": round(c["order"], 4) for c in curves}
    gap = max(abs(c["order"] - c["expected"]) for c in curves)
    passed = gap <= ORDER_SLACK
    return Check(
        f"figures/{plotted['name']}",
        f"{plotted['title']}: the exact dynamics' error falls with the expected order",
        Verdict.PASS if passed else Verdict.FAIL,
        numbers,
        f"fitted orders within {gap:.3f} of the expected ones",
        seconds,
    )


def logarithms(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Decimal logarithm of every error, none below :data:`LEAST_ERROR`."""
    return {
        str(name): np.log10(np.maximum(frame[name].to_numpy(), LEAST_ERROR))
        for name in frame.columns
    }


def comparable(frame: pd.DataFrame) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Logarithms of the errors, and their tolerance."""
    return logarithms(frame), ORDER_TOLERANCE
