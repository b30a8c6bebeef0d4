"""The figures on directed networks: estimators against beta, the reduced tier, long trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from reproduce.figures.seen import seen
from reproduce.figures.style import COLOURS, GREY, STYLE, save

TITLES = {
    "estimators": "Error of the estimated signal against the nudging strength, for N points",
    "reduced": "Reduced tier: alignment with the gradient, asymmetry and error",
    "training": "Fig. 4 of arXiv 2309.02214: errors and alignment over the epochs",
}
Drawn: TypeAlias = tuple[Canvas, pd.DataFrame, str, str]
"""A figure, the numbers in it, its caption, and what is seen in it."""

MARKERS = ("o", "s", "^", "D", "v")
STYLES = ("-", "--", ":", "-.")


def write(name: str, found: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Draw a figure from what the stage has found; return what a reader is told of it.

    Raises:
        ValueError: there is no such figure.

    """
    drawing: dict[str, Callable[[Any], Drawn]] = {
        "estimators": _estimators,
        "reduced": _reduced,
        "training": _training,
    }
    if name not in drawing:
        raise ValueError(f"figure {name!r} is not known; expected one of: {', '.join(drawing)}")
    with mpl.rc_context(STYLE):
        canvas, frame, caption, told = drawing[name](found[name])
        canvas.suptitle(TITLES[name], fontsize=11, fontweight="bold")
    save(canvas, frame, folder, name)
    alternative = f"{TITLES[name]}. {told}"
    return {"name": name, "title": TITLES[name], "caption": caption, "alternative": alternative}


def _estimators(found: Mapping[str, Any]) -> Drawn:
    canvas = Canvas(figsize=(11, 4.6), layout="constrained")
    panels = canvas.subplots(1, 3, sharey=True)
    titles = {
        "to its limit": "network as it is,\nto its own response q",
        "plain": "network as it is,\nto the gradient's signal λ",
        "corrected": "asymmetry taken out,\nto the gradient's signal λ",
    }
    columns = {}
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        for i, (points, errors) in enumerate(found["errors"][name].items()):
            order = found["orders"].get(name, {}).get(points)
            axes.loglog(
                found["betas"],
                errors,
                color=COLOURS[i],
                marker=MARKERS[i],
                markersize=5,
                label=f"N = {points}" + ("" if order is None else f": order {order:.2f}"),
            )
            columns[f"{name} | N = {points}"] = errors
        axes.set_title(title)
        axes.set_xlabel("nudging strength β")
        axes.set_xticks(found["betas"], [f"{beta:g}" for beta in found["betas"]])
        axes.minorticks_off()
        axes.legend(fontsize=8)
    panels[0].set_ylabel("relative error over all layers")
    sizes = "-".join(map(str, found["sizes"]))
    most = max(found["errors"]["plain"], key=int)
    least = {name: found["errors"][name][most][-1] for name in titles}
    caption = (
        f"Network of {sizes} neurons with independent weights both ways, initial weights, four "
        f"digits, complex128. With N = {most} points at β = {found['betas'][-1]:g} the network as "
        f"it is comes to {least['to its limit']:.1e} of its own response and to "
        f"{least['plain']:.1e} of the gradient's signal; with the asymmetry taken out, to "
        f"{least['corrected']:.1e} of the gradient's signal."
    )
    frame = pd.DataFrame(columns, index=pd.Index(found["betas"], name="beta"))
    return canvas, frame, caption, f"From β = {found['betas'][0]:g} down: {seen(frame)}"


def _reduced(runs: list[dict[str, Any]]) -> Drawn:
    canvas = Canvas(figsize=(11, 5), layout="constrained")
    panels = canvas.subplots(1, 4, sharey=True)
    names = [run["title"] for run in runs]
    places = np.arange(len(runs))[::-1]
    layers = len(runs[0]["cosines"][0])
    columns: dict[str, list[float]] = {}
    for axes, epoch, when in ((panels[0], 0, "before"), (panels[1], -1, "after")):
        for n in range(layers):
            values = [_number(run["cosines"][epoch][n]) for run in runs]
            told = "output" if n == 0 else f"hidden {layers - n}"
            axes.scatter(values, places, color=COLOURS[n], marker=MARKERS[n], label=told, s=26)
            columns[f"cosine {when}, {told}"] = values
        axes.set_title(f"cosine to the adjoint,\n{when} training")
        axes.axvline(1, color=GREY, linewidth=0.8)
        axes.set_xlim(-0.2, 1.05)
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    panels[0].set_yticks(places, names)
    for axes, field, title, log in (
        (panels[2], "asymmetry", "homeostatic loss\n(closed form)", True),
        (panels[3], "test_error", "test error, %", False),
    ):
        values = [_number(run[field][-1]) for run in runs]
        axes.scatter(values, places, color=COLOURS[0], s=26, label="after")
        columns[field] = values
        if field == "asymmetry":
            first = [_number(run[field][0]) for run in runs]
            axes.scatter(first, places, facecolors="none", edgecolors=GREY, s=26, label="before")
            columns["asymmetry before"] = first
            axes.legend(fontsize=8)
        if log:
            axes.set_xscale("log")
        axes.set_title(title)
    for when, epoch in (("before", 0), ("after", -1)):
        columns[f"unsettled {when}"] = [_number(run["unsettled"][epoch]) for run in runs]
    before, after = (max(columns[f"unsettled {when}"]) for when in ("before", "after"))
    epochs = ", ".join(sorted({str(run["epochs"]) for run in runs}))
    seeds = ", ".join(sorted({str(run["seed"]) for run in runs}))
    caption = (
        f"Embedded digits, epochs: {epochs}, seed {seeds}. The cosine is that between the nudged "
        "response and the adjoint, by layer; the homeostatic loss measures the asymmetry of the "
        f"Jacobian. Up to {before:.0%} of 100 test digits do not settle in the free phase before "
        f"training, up to {after:.0%} after it; alignment there is that of where they end."
    )
    frame = pd.DataFrame(columns, index=pd.Index(names, name="run"))
    return canvas, frame, caption, " ".join(map(_end, runs))


def _end(run: Mapping[str, Any]) -> str:
    """How a run of the reduced tier ends, in words."""
    hidden = ", ".join(f"{_number(cosine):.2f}" for cosine in run["cosines"][-1][1:])
    first, last = (_number(run["asymmetry"][epoch]) for epoch in (0, -1))
    return (
        f"{run['title']}: cosines of the hidden layers {hidden} after training, homeostatic loss "
        f"{first:.2g} to {last:.2g}, test error {_number(run['test_error'][-1]):.1f} %."
    )


def _training(runs: list[dict[str, Any]]) -> Drawn:
    canvas = Canvas(figsize=(11, 6.4), layout="constrained")
    groups = {
        "fig-4a-d": "independent weights both ways",
        "fig-4e-h": "a loop in one direction",
    }
    panels = canvas.subplots(2, 3, squeeze=False)
    columns: dict[str, pd.Series] = {}
    names = list(dict.fromkeys(run["run"] for run in runs))
    for row, (experiment, title) in zip(panels, groups.items(), strict=True):
        listed = [run for run in runs if run["experiment"] == experiment]
        for run in listed:
            place = names.index(run["run"])
            style = {"color": COLOURS[place], "linestyle": STYLES[run["seed"] % 4], "marker": "."}
            after, with_before = np.arange(1, run["epochs"] + 1), np.arange(run["epochs"] + 1)
            label = f"{run['run']}, seed {run['seed']}"
            hidden = [_number(c[-1]) for c in run["cosines"]]
            row[0].plot(after, run["test_error"], label=label, **style)
            row[1].plot(with_before, hidden, **style)
            row[2].plot(with_before, [_number(a) for a in run["asymmetry"]], **style)
            head = f"{experiment} | {label}"
            columns[f"{head} | test error"] = pd.Series(run["test_error"], index=after)
            columns[f"{head} | cosine, first hidden"] = pd.Series(hidden, index=with_before)
            columns[f"{head} | asymmetry"] = pd.Series(run["asymmetry"], index=with_before)
        row[0].set_ylabel(f"{title}\ntest error, %")
        if listed:
            row[0].legend(fontsize=8)
        else:
            row[0].text(0.5, 0.5, "not run", ha="center", transform=row[0].transAxes)
    for axes, title in zip(
        panels[0], ("test error", "cosine to the adjoint,\nfirst hidden layer", "homeostatic loss"),
        strict=True,
    ):  # fmt: skip
        axes.set_title(title)
    for axes in panels.flat:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels[1]:
        axes.set_xlabel("epoch")
    told = sorted({f"{run['epochs']} of {run['epochs_of_paper']}" for run in runs})
    data = "; ".join(sorted({run["data"] for run in runs})) or "none"
    caption = (
        f"Full settings of the authors; epochs trained: {', '.join(told) or 'none'}. Data: {data}. "
        "A run that is not whole is shown as far as it has come."
    )
    frame = pd.DataFrame(columns).rename_axis("epoch")
    return canvas, frame, caption, seen(frame)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
