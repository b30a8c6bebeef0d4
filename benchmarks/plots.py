"""Plots of the measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reproduce.figures.style import shorten


def by_row(rows: list[dict[str, Any]]) -> Figure:
    """Milliseconds per mini-batch of the six rows, three bars each, ranges as whiskers."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    kinds = (
        ("straightforward_ms", "straightforward PyTorch", "0.75"),
        ("engine_ms", "engine", "tab:blue"),
        ("floor_ms", "floor: operations / product rate", "tab:green"),
    )
    for i, (field, label, colour) in enumerate(kinds):
        places = [place + 0.27 * (i - 1) for place in range(len(rows))]
        medians = [row[field]["median"] for row in rows]
        below = [row[field]["median"] - row[field]["least"] for row in rows]
        above = [row[field]["most"] - row[field]["median"] for row in rows]
        axes.bar(places, medians, 0.25, yerr=(below, above), label=label, color=colour, capsize=2)
    axes.set_xticks(range(len(rows)), [row["row"] for row in rows])
    axes.set_yscale("log")
    axes.set_ylabel("processor time per mini-batch (ms)")
    axes.set_title("Training, mini-batches of 20, one thread, float32")
    axes.set_ylim(top=400)
    axes.legend(ncols=3, loc="upper left")
    return figure


def by_setting(points: list[dict[str, Any]], curves: list[dict[str, Any]]) -> Figure:
    """Cost against batch size, width and depth, and of the theorem's curves against K and T."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    settings = list(dict.fromkeys(point["varied"] for point in points))
    for axes, varied in zip(panels, settings, strict=False):
        for rule, colour in (("EP", "tab:blue"), ("C-EP", "tab:orange")):
            chosen = [p for p in points if p["varied"] == varied and p["rule"] == rule]
            values = [p["value"] for p in chosen]
            for field, style in (("engine_ms", "o-"), ("floor_ms", "--")):
                label = f"{rule}, {'engine' if field == 'engine_ms' else 'floor'}"
                medians = [p[field]["median"] for p in chosen]
                axes.plot(values, medians, style, color=colour, label=label)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel(varied)
        axes.set_ylabel("ms per mini-batch")
        axes.set_ylim(bottom=0)
    panels[0].legend()
    for axes, step, fixed in ((panels[3], "K", "T"), (panels[4], "T", "K")):
        kept = max({c[fixed] for c in curves}, key=[c[fixed] for c in curves].count)
        chosen = sorted((c for c in curves if c[fixed] == kept), key=lambda c: c[step])
        for side in ("free phase", "delta", "nabla"):
            times = [c["milliseconds"][side] for c in chosen]
            axes.plot([c[step] for c in chosen], times, "o-", label=side)
        axes.set_xlabel(f"{step} ({fixed} = {kept})")
        axes.set_ylabel("ms, one sample, float64")
        axes.set_ylim(bottom=0)
        axes.legend()
    panels[5].axis("off")
    figure.suptitle("Two hidden layers unless varied; theorem curves on 784-512-10")
    return figure


def save(figure: Figure, folder: Path, name: str) -> list[str]:
    """Write a figure as PNG and SVG and return the files' names."""
    names = [f"{name}.png", f"{name}.svg"]
    for file in names:
        figure.savefig(folder / file, dpi=150)
    shorten(folder / f"{name}.svg")
    return names
