"""Drawing a process figure."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from reproduce.figures.processes.computed import LIMIT, TRACES, Panel, ProcessResult, Trace
from reproduce.figures.processes.specification import Part, part_title
from reproduce.figures.specs import dynamics_title
from reproduce.figures.style import COLOURS, GREY, STYLE
from reproduce.figures.wording import layer_symbol, layer_title, settings_line, short


def _draw_trace(axes: Axes, trace: Trace) -> None:
    steps = np.arange(len(trace.delta))
    for colour, ours, theirs in zip(COLOURS, trace.delta.T, trace.minus_nabla.T, strict=False):
        axes.plot(steps, theirs.numpy(), color=colour, linewidth=3.2, alpha=0.38)
        axes.plot(steps, ours.numpy(), color=colour, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.margins(x=0.02, y=0.08)


def _annotate(axes: Axes, panel: Panel, layer: str, trace: Trace) -> None:
    text = f"RelMSE {short(panel.relmse[layer])}"
    if panel.column.eta == 0:
        text += f"\nat β/{1 / LIMIT:.0f}: {short(panel.limit[layer])}"
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
    handles += [
        Line2D(
            [], [], color=c, linewidth=2.5, label="an element at random" if i == 0 else "another"
        )
        for i, c in enumerate(COLOURS[:TRACES])
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8.5)


def _row_title(result: ProcessResult, part: Part, panels: tuple[Panel, ...]) -> str:
    rules = {panel.column.rule for panel in panels}
    setting, dynamics = result.figure.setting.name, panels[0].dynamics
    title = dynamics_title(setting, dynamics, panels[0].column.rule)
    if len(rules) > 1 and dynamics == "published":
        title = "as published (no ρ′ in the output drift; for C-VF, no ρ′ anywhere)"
    if setting != "energy-based" and dynamics == "exact" and part.what == "neurons":
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
            f"{part_title(figure, part)}\n{settings_line(figure.setting)}",
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


def _bars(result: ProcessResult, part: Part) -> dict[str, list[float]]:
    """RelMSE of the layers of a part, by what a bar stands for."""
    found: dict[str, list[float]] = {}
    setting = result.figure.setting
    for panels in result.panels:
        for panel in panels:
            dynamics = dynamics_title(setting.name, panel.dynamics, panel.column.rule)
            where = f"{panel.column.title}, {dynamics}"
            found[f"{where}, at β = {setting.beta:g}"] = [panel.relmse[n] for n in part.layers]
            small = f"{where}, at β/{1 / LIMIT:.0f}, η = 0"
            found[small] = [panel.limit[n] for n in part.layers]
    return found


def draw_relmse(result: ProcessResult, part: Part) -> Canvas:
    """RelMSE of every layer, a group of bars each: at the figure's beta, and at a small one."""
    bars, figure = _bars(result, part), result.figure
    width = 0.8 / len(bars)
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(9.5, 4.2), layout="constrained")
        canvas.suptitle(
            f"{part_title(figure, part)}\n{settings_line(figure.setting)}",
            fontsize=11,
            fontweight="bold",
        )
        axes = canvas.subplots()
        places = np.arange(len(part.layers))
        for number, (label, values) in enumerate(bars.items()):
            colour, small = COLOURS[number // 2 % len(COLOURS)], number % 2 == 1
            axes.bar(
                places + (number + 0.5) * width - 0.4,
                values,
                width,
                color="white" if small else colour,
                edgecolor=colour,
                hatch="////" if small else None,
                label=label,
            )
        axes.set_yscale("log")
        axes.set_ylabel("RelMSE of the layer")
        axes.set_xticks(places, [layer_symbol(layer) for layer in part.layers])
        axes.grid(visible=False, axis="x")
        canvas.legend(loc="outside lower center", ncols=2, fontsize=8.5)
        return canvas


def bars_frame(result: ProcessResult, part: Part) -> pd.DataFrame:
    """The bars: one row per layer."""
    return pd.DataFrame(_bars(result, part), index=pd.Index(part.layers, name="layer"))


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
