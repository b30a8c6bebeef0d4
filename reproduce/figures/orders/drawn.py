"""Drawing an order figure."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas

from reproduce.figures.orders.computed import Curve, OrderResult
from reproduce.figures.style import COLOURS, GREY, STYLE
from reproduce.figures.wording import power, settings_line, short


def _curve_label(curve: Curve, against: str) -> str:
    if curve.expected is None:
        return f"{curve.label}: stays at {short(min(curve.errors))}"
    symbol = "β" if against == "beta" else "κ"
    return f"{curve.label}: order {curve.order:.2f} in {symbol}"


def draw_orders(result: OrderResult) -> Canvas:
    """Errors against the scale, one panel per setting, fitted orders in the legend."""
    figure = result.figure
    held, quantity = "κ", "nudging strength β"
    if figure.against == "kappa":
        held, quantity = "β", "κ = η/β′, with β′ = β dt or β"
    markers = ("o", "s", "^", "D", "v")
    labels = list(dict.fromkeys(curve.label for curve in result.curves))
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(11, 5.4), layout="constrained")
        title = f"{figure.title}, at {held} = {power(figure.fixed)}"
        canvas.suptitle(title, fontsize=11, fontweight="bold")
        panels = np.atleast_1d(canvas.subplots(1, len(figure.settings), sharey=True))
        for axes, setting in zip(panels, figure.settings, strict=True):
            for curve in (c for c in result.curves if c.setting == setting.name):
                place = labels.index(curve.label)
                plateau = curve.expected is None
                errors = np.array(curve.errors)
                axes.loglog(
                    curve.scales,
                    np.where(errors < 1e3, errors, np.nan),  # noqa: PLR2004 - it has diverged
                    color=GREY if plateau else COLOURS[place],
                    marker=markers[place],
                    markersize=9 - 1.6 * place,
                    markerfacecolor="none" if place < 2 else None,  # noqa: PLR2004 - they coincide
                    linewidth=1.4,
                    linestyle=":" if plateau else "-",
                    label=_curve_label(curve, figure.against),
                )
            if setting.name in result.stable:
                bound = result.stable[setting.name]
                axes.axvline(bound, color=COLOURS[3], linewidth=1.2, linestyle="-.")
                axes.annotate(
                    f"largest stable κ = {bound:.3g}",
                    (bound, 0.03),
                    xycoords=("data", "axes fraction"),
                    xytext=(-4, 0),
                    textcoords="offset points",
                    rotation=90,
                    ha="right",
                    va="bottom",
                    fontsize=8,
                    color=COLOURS[3],
                )
            axes.set_title(settings_line(setting, beta=False))
            axes.set_xlabel(quantity)
            axes.legend(fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        panels[0].set_ylabel("relative error  ‖Δθ + ∇θ‖ / ‖∇θ‖")
        return canvas


def order_frame(result: OrderResult) -> pd.DataFrame:
    """The plotted numbers: one row per scale, one column per curve."""
    columns = {f"{curve.setting} | {curve.label}": curve.errors for curve in result.curves}
    return pd.DataFrame(columns, index=pd.Index(result.figure.scales, name=result.figure.against))
