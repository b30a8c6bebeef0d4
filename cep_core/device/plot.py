"""What a device tolerates, drawn: GDU error and training error against every imperfection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cep_core.device.tolerance import Measured
from cep_core.libraries import library

SCALES = {
    "mismatch": "relative spread",
    "asymmetry": "relative spread",
    "noise": "standard deviation",
}


def plot(found: Sequence[Measured]) -> Any:
    """Draw one column per imperfection; dashed, the ideal device.

    Args:
        found: as :func:`cep_core.device.tolerance.tolerance` yields them.

    Returns:
        The figure.

    Raises:
        ImportError: matplotlib is not installed.

    """
    drawing = library("matplotlib.figure", "a plot")  # pyplot would keep and show it
    ideal = found[0]
    names = list(dict.fromkeys(p.imperfection for p in found[1:] if p.imperfection is not None))
    columns = max(len(names), 1)
    figure = drawing.Figure(figsize=(2.8 * columns + 0.6, 4.8), layout="constrained")
    axes = figure.subplots(2, columns, sharex="col", sharey="row", squeeze=False)
    for column, name in zip(axes.T, names, strict=False):
        points = [p for p in found if p.imperfection == name]
        for row, measure in zip(column, ("gdu_error", "train_error"), strict=True):
            at = [(p.level, getattr(p, measure)) for p in points]
            finite = [pair for pair in at if math.isfinite(pair[1])]
            row.plot([x for x, _ in finite], [y for _, y in finite], "o-", markersize=4)
            row.axhline(getattr(ideal, measure), color="0.5", linewidth=0.8, linestyle="--")
        if name.endswith("bits"):
            column[0].invert_xaxis()
        else:
            column[0].set_xscale("log")
        levels = [p.level for p in points]
        column[1].set_xticks(levels, [f"{level:g}" for level in levels])
        column[1].minorticks_off()
        column[0].set_title(name.replace("_", " "), fontsize="medium")
        column[1].set_xlabel(SCALES.get(name, "bits"))
    axes[0, 0].set(ylabel="GDU error (RelMSE)", yscale="log")
    axes[1, 0].set(ylabel="training error (%)")
    return figure
