"""Errors of the updates against beta or kappa, with their fitted orders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cep_core.check.measures import observed_order
from cep_core.check.verdicts import Check, Verdict
from reproduce.figures.orders.computed import OrderResult, compute
from reproduce.figures.orders.specification import OrderFigure, read
from reproduce.figures.wording import short

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
    curves = [
        {
            "setting": curve.setting,
            "dt": next(s.dt for s in figure.settings if s.name == curve.setting),
            "label": curve.label,
            "expected": curve.expected,
            "order": curve.order,
            "last_order": observed_order(curve.scales[-2:], curve.errors[-2:]),
            "least": min(curve.errors),
        }
        for curve in result.curves
    ]
    stable = [
        f"largest stable κ of C-EP, {s.name}{'' if s.dt is None else f' (dt = {s.dt:g})'}: "
        f"{result.stable[s.name]:.3g}"
        for s in figure.settings
        if s.name in result.stable
    ]
    bounds = f" Dash-dotted: {'; '.join(stable)}." if stable else ""
    settings = dict.fromkeys(map(_setting, curves))
    told = ". ".join(
        f"{setting[0].upper()}{setting[1:]}: "
        + "; ".join(_told(curve) for curve in curves if _setting(curve) == setting)
        for setting in settings
    )
    return {
        "figures": [
            {
                "name": figure.name,
                "title": figure.title,
                "caption": f"Relative error ‖Δ + ∇‖ / ‖∇‖ of all parameters' processes against "
                f"{symbol}, both axes logarithmic. {told}.{bounds}",
                "alternative": f"One panel for each setting, a line for each rule. {told}.",
            }
        ],
        "curves": curves,
        "stable": result.stable,
    }


def _setting(curve: dict[str, Any]) -> str:
    dt = "" if curve["dt"] is None else f", dt = {curve['dt']:g}"
    return f"{curve['setting']}{dt}"


def _where(curve: dict[str, Any]) -> str:
    return f"{_setting(curve)}, {curve['label']}"


def _told(curve: dict[str, Any]) -> str:
    """A curve in words: what it does, and what it was to do where that is something else."""
    label, expected = curve["label"], curve["expected"]
    if expected is None:
        if abs(curve["last_order"]) <= ORDER_SLACK:
            return f"{label} stays at {short(curve['least'])}"
        return f"{label} has order {curve['last_order']:.2f} at the end, expected level"
    if abs(curve["order"] - expected) <= ORDER_SLACK:
        return f"{label} falls with order {curve['order']:.2f}"
    return f"{label} has order {curve['order']:.2f}, expected {expected:g}"


def check(plotted: dict[str, Any], seconds: float) -> Check:
    """Judge an order figure: every order is the expected one, and what should stay does."""
    falling = [c for c in plotted["curves"] if c["expected"] is not None]
    level = [c for c in plotted["curves"] if c["expected"] is None]
    numbers = {_where(c): round(c["order"], 4) for c in falling}
    numbers |= {f"{_where(c)}, at the smallest scales": round(c["last_order"], 4) for c in level}
    gap = max(abs(c["order"] - c["expected"]) for c in falling)
    slope = max((abs(c["last_order"]) for c in level), default=0.0)
    passed = gap <= ORDER_SLACK and slope <= ORDER_SLACK
    return Check(
        f"figures/{plotted['name']}",
        f"{plotted['title']}: the exact dynamics' error falls with the expected order, and that of "
        "the published dynamics is level at the smallest scales",
        Verdict.PASS if passed else Verdict.FAIL,
        numbers,
        f"fitted orders within {gap:.3f} of the expected ones; the level ones' at most {slope:.3f}",
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
