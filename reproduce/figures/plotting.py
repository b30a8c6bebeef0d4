"""Drawing the theorem figures and writing what was drawn: PNG, SVG, PDF and the numbers as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reproduce.figures.compute import LIMIT, Curve, OrderResult, Panel, ProcessResult, Trace
from reproduce.figures.specs import (
    SUPERSCRIPTS,
    Part,
    ProcessFigure,
    Setting,
    dynamics_title,
    scientific,
)

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9")
"""Okabe and Ito's palette, told apart by colour-blind readers too."""

GREY = "#4d4d4d"

STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "c-ep",
    "pdf.fonttype": 42,
    "axes.formatter.limits": (-2, 3),
    "axes.formatter.use_mathtext": True,
}

SUBSCRIPTS = str.maketrans("0123456789x", "₀₁₂₃₄₅₆₇₈₉ₓ")


def layer_title(layer: str) -> str:
    """What a reader is told of a layer, e.g. ``output neurons s⁰`` for ``s_0``."""
    if layer.startswith("s_"):
        kind = "output" if layer == "s_0" else "hidden"
        return f"{kind} neurons s{layer[2:].translate(SUPERSCRIPTS)}"
    _, n, m = layer.split("_")
    kind = "input" if m == "x" else "output" if n == "0" else "hidden"
    return f"{kind} synapses W{(n + m).translate(SUBSCRIPTS)}"


def _settings_line(setting: Setting, *, beta: bool = True) -> str:
    parts = [f"{setting.name} setting"]
    parts += [f"β = {setting.beta:g}"] if beta else []
    parts += [] if setting.dt is None else [f"dt = {setting.dt:g}"]
    parts += [f"T = {setting.free_steps}", f"K = {setting.nudged_steps}"]
    return ", ".join(parts)


def _short(value: float) -> str:
    return scientific(value, 1)


def _power(value: float) -> str:
    return scientific(value, 0).removeprefix("1·")


def _draw_trace(axes: Axes, trace: Trace) -> None:
    steps = np.arange(len(trace.delta))
    for colour, ours, theirs in zip(COLOURS, trace.delta.T, trace.minus_nabla.T, strict=False):
        axes.plot(steps, theirs.numpy(), color=colour, linewidth=3.2, alpha=0.38)
        axes.plot(steps, ours.numpy(), color=colour, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.margins(x=0.02, y=0.08)


def _annotate(axes: Axes, panel: Panel, layer: str, trace: Trace) -> None:
    text = f"RelMSE {_short(panel.relmse[layer])}"
    if panel.column.eta == 0:
        text += f"\nat β/{1 / LIMIT:.0f}: {_short(panel.limit[layer])}"
    curves = np.concatenate([trace.delta.numpy(), trace.minus_nabla.numpy()], axis=1)
    tail = curves[len(curves) // 3 :].mean()
    low, high = curves.min(), curves.max()
    at_top = tail < (low + high) / 2
    axes.text(
        0.97,
        0.95 if at_top else 0.05,
        text,
        transform=axes.transAxes,
        ha="right",
        va="top" if at_top else "bottom",
        fontsize=8,
        bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )


def _legend(canvas: Canvas) -> None:
    handles = [
        Line2D([], [], color=GREY, linewidth=3.2, alpha=0.45, label="−∇ (BPTT), solid"),
        Line2D([], [], color=GREY, linewidth=1.3, linestyle=(0, (4, 2)), label="Δ, dashed"),
    ]
    shades = ("largest gradient of the layer", "a large one", "a middling one")
    handles += [
        Line2D([], [], color=c, linewidth=2.5, label=label)
        for c, label in zip(COLOURS, shades, strict=False)
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8.5)


def _part_title(figure: ProcessFigure, part: Part) -> str:
    return f"{part.label}. {figure.title}: {part.what}"


def _row_title(result: ProcessResult, part: Part, panels: tuple[Panel, ...]) -> str:
    rules = {panel.column.rule for panel in panels}
    setting, dynamics = result.figure.setting.name, panels[0].dynamics
    title = dynamics_title(setting, dynamics, panels[0].column.rule)
    if len(rules) > 1 and dynamics == "published":
        title = "as published (no ρ′ in the output drift; for C-VF, no ρ′ anywhere)"
    if setting == "prototypical" and dynamics == "exact" and part.what == "neurons":
        title += ", −∇ with respect to the pre-activations"
    return title


def draw_part(result: ProcessResult, part: Part) -> Canvas:
    """One figure: a row per dynamics, and for every rule one panel per layer."""
    figure = result.figure
    spacing = ConstrainedLayoutEngine(hspace=0.03, wspace=0.03)
    rows, columns = len(figure.rows), len(part.layers) * len(figure.columns)
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(max(2.8 * columns, 9.5), 1.3 + 2.15 * rows), layout=spacing)
        canvas.suptitle(
            f"{_part_title(figure, part)}\n{_settings_line(figure.setting)}",
            fontsize=11,
            fontweight="bold",
        )
        _legend(canvas)
        grid = canvas.subplots(rows, columns, squeeze=False, sharex=True)
        for row, (line, panels) in enumerate(zip(grid, result.panels, strict=True)):
            places = [(panel, layer) for panel in panels for layer in part.layers]
            for axes, (panel, layer) in zip(line, places, strict=True):
                _draw_trace(axes, panel.traces[layer])
                _annotate(axes, panel, layer, panel.traces[layer])
                axes.yaxis.set_major_locator(MaxNLocator(4))
                top = f"{panel.column.title}\n{layer_title(layer)}\n\n"
                axes.set_title(top if row == 0 else "\n", fontweight="bold", y=1.0)
                if row == rows - 1:
                    axes.set_xlabel("step t")
            line[0].annotate(
                _row_title(result, part, panels),
                (0, 1),
                xycoords="axes fraction",
                xytext=(-18, 13),
                textcoords="offset points",
                color=COLOURS[0],
                fontsize=9.5,
                in_layout=False,
            )
        return canvas


def process_frame(result: ProcessResult, part: Part) -> pd.DataFrame:
    """The plotted numbers: one row per step ``t``, one column per curve."""
    columns: dict[str, np.ndarray] = {}
    for panels in result.panels:
        for panel in panels:
            for layer in part.layers:
                trace = panel.traces[layer]
                for i, element in enumerate(trace.elements):
                    where = f"{panel.dynamics} | {panel.column.title} | {element}"
                    columns[f"{where} | Δ"] = trace.delta[:, i].numpy()
                    columns[f"{where} | −∇"] = trace.minus_nabla[:, i].numpy()
    return pd.DataFrame(columns).rename_axis("t")


def relmse_frame(result: ProcessResult) -> pd.DataFrame:
    """RelMSE of every layer and parameter, one row per panel.

    Columns named ``limit`` are without learning at ``beta / 1000``, the others at the figure's
    settings.
    """
    return pd.DataFrame(
        [
            {"dynamics": panel.dynamics, "rule": panel.column.title, "angle": panel.angle}
            | panel.relmse
            | {f"{name} limit": value for name, value in panel.limit.items()}
            for panels in result.panels
            for panel in panels
        ]
    )


def _curve_label(curve: Curve, against: str) -> str:
    if curve.expected is None:
        return f"{curve.label}: stays at {_short(min(curve.errors))}"
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
        title = f"{figure.title}, at {held} = {_power(figure.fixed)}"
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
            axes.set_title(_settings_line(setting, beta=False))
            axes.set_xlabel(quantity)
            axes.legend(fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
        panels[0].set_ylabel("relative error  ‖Δθ + ∇θ‖ / ‖∇θ‖")
        return canvas


def order_frame(result: OrderResult) -> pd.DataFrame:
    """The plotted numbers: one row per scale, one column per curve."""
    columns = {f"{curve.setting} | {curve.label}": curve.errors for curve in result.curves}
    return pd.DataFrame(columns, index=pd.Index(result.figure.scales, name=result.figure.against))


def save(canvas: Canvas, frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write ``name`` in ``folder`` as PNG, SVG (text as text), PDF and CSV."""
    with mpl.rc_context(STYLE):
        canvas.savefig(folder / f"{name}.png", dpi=150)
        canvas.savefig(folder / f"{name}.svg", metadata={"Date": None})
        canvas.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
    frame.to_csv(folder / f"{name}.csv", float_format="%.17g")


def describe(result: ProcessResult | OrderResult) -> dict[str, Any]:
    """What is plotted of ``result``, for JSON: settings, captions, and what it is judged by."""
    figure = result.figure
    described: dict[str, Any] = {
        "name": figure.name,
        "title": figure.title,
        "seed": figure.shared.seed,
        "digit": figure.shared.digit,
        "layers": list(figure.shared.layers),
        "activation": figure.shared.activation,
        "seconds": round(result.seconds, 3),
    }
    if isinstance(result, ProcessResult):
        return described | _described_processes(result)
    return described | _described_orders(result)


def plot(result: ProcessResult | OrderResult, folder: Path) -> dict[str, Any]:
    """Draw every figure of ``result`` into ``folder``; return its description."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(result, ProcessResult):
        for part in result.figure.parts:
            save(draw_part(result, part), process_frame(result, part), folder, part.name)
        relmse_frame(result).to_csv(folder / "relmse.csv", index=False, float_format="%.17g")
    else:
        save(draw_orders(result), order_frame(result), folder, result.figure.name)
    return describe(result)


def _described_processes(result: ProcessResult) -> dict[str, Any]:
    figure = result.figure
    labels = ", ".join(dict.fromkeys(part.label for part in figure.parts))
    return {
        "kind": "processes",
        "title": f"{labels}. {figure.title}, {figure.setting.name} setting",
        "setting": _settings_line(figure.setting),
        "figures": [
            {
                "name": part.name,
                "title": _part_title(figure, part),
                "caption": (
                    f"{part.what.capitalize()}, {_settings_line(figure.setting)}. Dashed: "
                    "normalised updates Δ; solid: minus the gradients of BPTT, −∇. One row per "
                    "dynamics: as published, then exact; in the exact ones RelMSE vanishes with β."
                ),
            }
            for part in figure.parts
        ],
        "panels": [
            {
                "dynamics": panel.dynamics,
                "dynamics_title": dynamics_title(
                    figure.setting.name, panel.dynamics, panel.column.rule
                ),
                "rule": panel.column.rule,
                "column": panel.column.title,
                "eta": panel.column.eta,
                "backward_angle": panel.column.angle,
                "relmse": panel.relmse,
                "limit": panel.limit,
                "limit_beta": figure.setting.beta * LIMIT,
                "angle": panel.angle,
                "residual": panel.residual,
            }
            for panels in result.panels
            for panel in panels
        ],
    }


def _described_orders(result: OrderResult) -> dict[str, Any]:
    figure = result.figure
    symbol = "β" if figure.against == "beta" else "κ"
    return {
        "kind": "orders",
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
