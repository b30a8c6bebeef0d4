"""The trainings' figures: curves, error against angles, and the stability margin over epochs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from reproduce.figures.seen import seen
from reproduce.figures.style import COLOURS, GREY, STYLE, save
from reproduce.trainings.corrected import ROWS

FIGURES = {
    "curves": "Training curves, every seed",
    "fig-04-right": "Fig. 4 (right): error against the initial angle",
    "corrected": "C-VF without symmetry: as published, with the slope alone, corrected",
    "fig-05a": "Fig. 5 (a): error against the angle to BPTT before training",
    "margin": "The theorem along training: stability, direction, and digits that never settle",
}
"""Titles, by name."""

WIDTH = 11.0
MARKERS = ("o", "s", "^", "D", "v")


@dataclass(frozen=True)
class Drawn:
    """A figure with the numbers in it and what a reader is told of it.

    Attributes:
        canvas: the drawing.
        frame: its numbers.
        caption: what is drawn.
        by: columns of the frame that tell one curve from another.
        over: columns that are an axis.

    """

    canvas: Canvas
    frame: pd.DataFrame
    caption: str
    by: tuple[str, ...]
    over: tuple[str, ...] = ()


def draw(name: str, found: Mapping[str, Any]) -> Drawn:
    """Draw a figure from what the stage has found.

    Raises:
        ValueError: there is no such figure.

    """
    drawing = {
        "curves": _curves,
        "fig-04-right": _angles,
        "corrected": _corrected,
        "fig-05a": _closer,
        "margin": _margin,
    }
    if name not in drawing:
        msg = f"figure {name!r} is not known; expected one of: {', '.join(drawing)}"
        raise ValueError(msg)
    with mpl.rc_context(STYLE):
        return drawing[name](found)


def write(name: str, found: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Draw a figure into a folder; return its title, its caption and what is seen in it."""
    drawn = draw(name, found)
    save(drawn.canvas, drawn.frame, folder, name)
    by = [column for column in drawn.by if column in drawn.frame]
    return {
        "name": name,
        "title": FIGURES[name],
        "caption": drawn.caption,
        "alternative": f"{FIGURES[name]}. {seen(drawn.frame, by, drawn.over)}",
    }


def _trainings(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every group of trials by name: the table's rows, then the others."""
    yield from ((row["row"], row) for row in found["rows"])
    yield from ((other["name"], other) for other in found["others"])


def _curves(found: Mapping[str, Any]) -> Drawn:
    """Test and running training errors over epochs, a line for every seed."""
    groups = [(n, g) for n, g in _trainings(found) if g["trials"] or g in found["rows"]]
    across = 3
    down = math.ceil(len(groups) / across)
    canvas = Canvas(figsize=(WIDTH, 2.7 * down), layout="constrained")
    panels = np.atleast_2d(canvas.subplots(down, across))
    frames, ran = [], 0
    for axes, (name, group) in zip(panels.flat, groups, strict=False):
        axes.set_title(name)
        for trial in group["trials"]:
            ran += 1
            colour = COLOURS[trial["seed"] % len(COLOURS)]
            epochs = np.arange(1, trial["epochs"] + 1)[: len(trial["test_errors"])]
            label = f"seed {trial['seed']}"
            axes.plot(epochs, trial["test_errors"], color=colour, lw=1.2, label=label)
            axes.plot(epochs, trial["train_errors"], color=colour, lw=0.8, ls=":")
            frames.append(
                pd.DataFrame(
                    {
                        "training": name,
                        "seed": trial["seed"],
                        "epoch": epochs,
                        "test error %": trial["test_errors"],
                        "training error %": trial["train_errors"],
                    }
                )
            )
        _published(axes, group)
        _percent(axes, 0.05, 100)
        if group["trials"]:
            axes.legend(fontsize=7, loc="best")
        else:
            _say(axes, "not run")
    for axes in panels.flat[len(groups) :]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel("error, %")
    for column in panels[:, : len(groups)].T:
        below = [axes for axes in column if axes.axison]
        below[-1].set_xlabel("epoch")
    return Drawn(
        canvas,
        pd.concat(frames) if frames else pd.DataFrame({"training": []}),
        f"Test error (lines) and running training error (dotted) of {ran} trainings on MNIST, the "
        "whole of it or what a row asks for, a colour for each seed. Bands are the published test "
        "errors, mean ± standard deviation.",
        ("training", "seed"),
        ("epoch",),
    )


def _published(axes: Axes, group: Mapping[str, Any]) -> None:
    theirs = group.get("published")
    if theirs is not None:
        mean, std = theirs["test_mean"], theirs["test_std"]
        axes.axhspan(mean - std, mean + std, color=GREY, alpha=0.25, lw=0)


def _percent(axes: Axes, low: float | None = None, high: float | None = None) -> None:
    """A logarithmic axis of errors with numbers that are read as percent."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _say(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.7, text, transform=axes.transAxes, ha="center", color=GREY)


def _angles(found: Mapping[str, Any]) -> Drawn:
    """Final test error against the initial angle; every whole trial and the means."""
    canvas = Canvas(figsize=(7.5, 4.2), layout="constrained")
    axes = canvas.subplots()
    by_row: dict[str, list[tuple[float, float, int]]] = {}
    for point in found["by_angle"]:
        for trial in point["trials"]:
            if trial["whole"]:
                listed = by_row.setdefault(point["row"], [])
                listed.append((point["angle"], trial["test_error"], trial["seed"]))
    for place, (row, points) in enumerate(by_row.items()):
        colour = COLOURS[place % len(COLOURS)]
        frame = pd.DataFrame(points, columns=["angle", "error", "seed"])
        axes.plot(frame["angle"], frame["error"], MARKERS[place], color=colour, ms=4, mfc="none")
        means = frame.groupby("angle")["error"].mean()
        axes.plot(means.index, means, color=colour, lw=1.4, label=row)
    _percent(axes)
    axes.set_xlabel("initial angle Ψ between forward and backward weights, degrees")
    axes.set_ylabel("test error after training, %")
    axes.set_xticks([point["angle"] for point in found["by_angle"][:9]])
    if by_row:
        axes.legend()
    else:
        _say(axes, "not run")
    rows = [(row, *point) for row, points in by_row.items() for point in points]
    missing = sum(1 for point in found["by_angle"] if not any(t["whole"] for t in point["trials"]))
    return Drawn(
        canvas,
        pd.DataFrame(rows, columns=["row", "angle", "test error %", "seed"]),
        f"Test error after the paper's number of epochs, {len(rows)} trainings (marks) and their "
        f"means (lines); {missing} of {len(found['by_angle'])} rows and angles have not been "
        "trained.",
        ("row", "angle"),
        ("seed",),
    )


def _corrected(found: Mapping[str, Any]) -> Drawn:
    """Error against the initial angle, plain beside corrected, and the angle to BPTT below it."""
    canvas = Canvas(figsize=(WIDTH, 4.4), layout="constrained")
    errors, angles = canvas.subplots(1, 2)
    frame: list[dict[str, Any]] = []
    missing: dict[str, list[float]] = {}
    for place, (row, words) in enumerate(ROWS.items()):
        colour, marker = COLOURS[place], MARKERS[place]
        label = f"{row}, {words}"
        means, before = [], [a for a in found["corrected_angles"] if a["row"] == row]
        for point, measured in zip(
            (p for p in found["corrected"] if p["row"] == row), before, strict=True
        ):
            angle, whole = point["angle"], [t for t in point["trials"] if t["whole"]]
            begun = [t for t in point["trials"] if not t["whole"]]
            errors.plot(
                [angle] * len(whole), [t["test_error"] for t in whole], marker, color=colour
            )
            for trial in begun:
                errors.plot(angle, trial["test_error"], marker, color=colour, mfc="none")
                errors.annotate(f" {trial['epochs']}", (angle, trial["test_error"]), fontsize=6.5)
            if whole:
                means.append((angle, float(np.mean([t["test_error"] for t in whole]))))
            elif not begun:
                missing.setdefault(row, []).append(angle)
            frame += [
                {"row": row, "angle": angle, "seed": t["seed"], "epochs": t["epochs"]}
                | {"test error %": t["test_error"]}
                for t in point["trials"]
            ] or [{"row": row, "angle": angle}]
            frame[-1] |= {"degrees to BPTT": measured["used"], "in the limit": measured["limit"]}
        errors.plot(*zip(*means, strict=True) if means else ([], []), color=colour)
        errors.plot([], [], marker, ls="-", color=colour, ms=5, label=label)
        where = [a["angle"] for a in before]
        used, limit = ([a[kind] for a in before] for kind in ("used", "limit"))
        angles.plot(where, used, marker, ls="-", color=colour, ms=4, label=f"{row}, as it trains")
        angles.plot(where, limit, ls="--", color=colour, label=f"{row}, β and κ → 0")
    _percent(errors)
    if sum(map(len, missing.values())) == len(found["corrected"]):
        _say(errors, "not run")
    for axes in (errors, angles):
        axes.set_xlabel("initial angle Ψ between forward and backward weights, degrees")
        axes.set_xticks([a["angle"] for a in found["corrected_angles"]][:: len(ROWS)])
        axes.set_xlim(-6, 186)
        axes.legend(fontsize=7)
    errors.set_ylabel("test error, %")
    angles.set_ylabel("angle to −BPTT before training, degrees")
    absent = (f"{row} at {', '.join(f'{a:g}' for a in where)}°" for row, where in missing.items())
    told = f"Not run: {'; '.join(absent)}. " if missing else ""
    return Drawn(
        canvas,
        pd.DataFrame(frame),
        "Left: test error of whole trainings (full marks, lines through their means) and of those "
        f"that have come as far as the number of epochs beside an empty mark. {told}Right: the "
        "total update at the initial weights of seed 0 on a mini-batch of embedded digits, at the "
        "row's β and rates and in the limit (dashed).",
        ("row",),
        ("seed", "epochs", "angle"),
    )


def _closer(found: Mapping[str, Any]) -> Drawn:
    """Final test error against the angle to BPTT's gradient before training."""
    canvas = Canvas(figsize=(7.5, 4.2), layout="constrained")
    axes = canvas.subplots()
    rows = []
    for name, mean in _means(found):
        angle = found["angle_before"].get(name)
        if angle is not None:
            rows.append((name, angle, mean))
    for place, (name, angle, mean) in enumerate(rows):
        axes.plot(angle, mean, MARKERS[place % len(MARKERS)], color=COLOURS[0], mfc="none")
        axes.annotate(name, (angle, mean), xytext=(4, 4), textcoords="offset points", fontsize=7.5)
    _percent(axes)
    if not rows:
        _say(axes, "not run")
    axes.set_xlabel("angle between the total update and minus BPTT's gradient, degrees")
    axes.set_ylabel("test error after training, %")
    return Drawn(
        canvas,
        pd.DataFrame(rows, columns=["training", "angle before training", "mean test error %"]),
        f"{len(rows)} trainings with at least one whole trial. The angle is taken at the initial "
        "weights of seed 0, β positive, on a mini-batch of embedded digits, biases included, "
        "before any weight has moved.",
        ("training",),
    )


def _means(found: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, group in _trainings(found):
        if group["test_error"]["mean"] is not None:
            yield name, group["test_error"]["mean"]


def _margin(found: Mapping[str, Any]) -> Drawn:
    """Margins over epochs, both signs of beta, with the angle to BPTT below."""
    canvas = Canvas(figsize=(WIDTH, 7.6), layout="constrained")
    upper, lower, lowest = canvas.subplots(3, 1, sharex=True)
    frames = []
    for place, (path, measured) in enumerate(found["along"].items()):
        name = path.replace("/seed", ", seed ")
        colour = COLOURS[place % len(COLOURS)]
        epochs = [entry["epoch"] for entry in measured]
        columns: dict[str, Any] = {"training": name, "epoch": epochs}
        for what, style in (("moving", ":"), ("cycling", "-")):
            shares = [100 * entry[what] for entry in measured]
            lowest.plot(epochs, shares, style, color=colour, lw=1.3, label=f"{name}, {what}")
            columns[f"{what} %"] = shares
        for sign, style in (("positive", "-"), ("negative", "--")):
            margins = [_number(entry[sign]["margin"]) for entry in measured]
            angles = [_number(entry[sign]["angle_whole"]) for entry in measured]
            symbol = "β > 0" if sign == "positive" else "β < 0"
            label = f"{name}, {symbol}"
            if np.isfinite(margins).any():
                upper.plot(epochs, margins, style, color=colour, lw=1.3, label=label)
            lower.plot(epochs, angles, style, color=colour, lw=1.3, label=label)
            columns |= {f"margin, {symbol}": margins, f"angle, {symbol}": angles}
        frames.append(pd.DataFrame(columns))
    upper.axhline(1, color=GREY, lw=0.9, ls=":")
    upper.set_ylabel("largest stable κ / κ used")
    lower.set_ylabel("angle to −BPTT, degrees")
    lowest.set_ylabel("digits, %")
    lowest.set_yscale("symlog", linthresh=0.1)
    lowest.set_ylim(0, 120)
    lowest.set_yticks([0, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
    lowest.set_xlabel("epoch")
    if frames:
        lower.legend(fontsize=7, ncols=3)
        lowest.legend(fontsize=7, ncols=3)
    else:
        _say(upper, "not measured")
    return Drawn(
        canvas,
        pd.concat(frames) if frames else pd.DataFrame({"training": []}),
        "Above: below 1 (dotted) the nudged phase is unstable at the learning rates that the "
        "training uses, at the steady state of a mini-batch of embedded digits. Middle: angle of "
        "the total update to minus BPTT's gradient through the whole free phase. Below: digits "
        "that still move after the free phase (dotted), and those that go round in two (lines); "
        "logarithmic above 0.1 %.",
        ("training",),
        ("epoch",),
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
