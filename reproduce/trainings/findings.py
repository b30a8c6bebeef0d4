"""What the trainings show that the paper does not say, each finding with a stated test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cep_core.runs.row import Row
from reproduce.trainings.claims import Claim
from reproduce.trainings.trials import Trial, Trials, name_with, none_whole

CLIMB = 1.5
"""Last training error over the smallest one above which a training has climbed back."""

EVEN = 14
"""Nudged steps beside the published 15."""

BETA = 0.4
"""Nudging strength beside the published 0.2: it halves ``kappa = rate / beta`` and nothing else."""

Margin = Callable[[Row], float | None]
"""Largest stable ``kappa`` over the one that a row uses, before training."""


def findings(trials: Mapping[str, Trials], margin: Margin) -> list[Claim]:
    """Every finding.

    Args:
        trials: by name.
        margin: asked only where there are trainings of which it tells something.

    """
    return [even_steps(trials, "C-EP-1h"), halved_kappa(trials, margin, "C-VF-1h")]


def climb(trial: Trial, epochs: int) -> float:
    """Last running training error over the smallest of the training."""
    least: float = min(trial.results["train_error"][:epochs])
    return trial.error("train_error", epochs) / least


def even_steps(trials: Mapping[str, Trials], row: str) -> Claim:
    """An odd number of nudged steps is what makes the error of a row climb back."""

    def finding(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            f"even steps, {row}",
            f"The training error of {row} climbs back because of digits whose units go round in "
            "two and an odd number of nudged steps: their updates telescope to a kick of order 1/β "
            "that has nothing to do with the loss, and to nothing where the number is even.",
            f"every trial as published ends with more than {CLIMB:g} times its smallest running "
            f"training error, and none does with {EVEN} nudged steps and all else as published",
            answer,
            reason,
            numbers,
        )

    names = {"odd": row, "even": name_with(row, {"nudged_steps": EVEN})}
    missing = none_whole(trials, names.values())
    if missing:
        return finding("not run", missing)
    climbs = {
        kind: [climb(trial, trials[name].epochs) for trial in trials[name].whole]
        for kind, name in names.items()
    }
    told = "; ".join(
        f"{names[kind]}: {', '.join(f'{value:.2f}' for value in found)}"
        for kind, found in climbs.items()
    )
    odd, even = climbs["odd"], climbs["even"]
    if min(odd) > CLIMB >= max(even):
        answer = "holds"
    else:
        answer = "does not hold" if max(even) > CLIMB else "undecided"
    return finding(answer, f"last over smallest training error, by trial: {told}", **climbs)


def halved_kappa(trials: Mapping[str, Trials], margin: Margin, row: str) -> Claim:
    """A row is lost as its learning rates are beyond the largest stable ones for its nudge."""

    def finding(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            f"halved kappa, {row}",
            f"{row} as published is lost because κ, rate over β, is larger than the nudged phase "
            f"is stable with; half of it, by β = {BETA:g}, is the smallest change that mends it.",
            "every trial as published ends no better than half of chance and no trial with "
            f"β = {BETA:g} and all else as published does, where the largest stable κ over the one "
            "that is used, at the initial weights, is below 1 for the first and above for the "
            "second",
            answer,
            reason,
            numbers,
        )

    names = (row, name_with(row, {"beta": BETA}))
    missing = none_whole(trials, names)
    if missing:
        return finding("not run", missing)
    published, halved = groups = [trials[name] for name in names]
    margins = [margin(group.row) for group in groups]
    lost = [f"{len(group.lost)} of {len(group.whole)} lost" for group in groups]
    told = "; ".join(
        f"{name}: {share}, margin {'none' if m is None else f'{m:.2f}'}"
        for name, share, m in zip(names, lost, margins, strict=True)
    )
    stable = [m is not None and m > 1 for m in margins]
    mended = len(published.lost) == len(published.whole) and not halved.lost
    if mended and stable == [False, True]:
        answer = "holds"
    else:
        answer = "does not hold" if halved.lost or not published.lost else "undecided"
    return finding(answer, told, margins=margins)
