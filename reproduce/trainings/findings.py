"""What the trainings show that the paper does not say, each finding with a stated test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reproduce.trainings.claims import Claim
from reproduce.trainings.trials import Trial, Trials, name_with

CLIMB = 1.5
"""Last training error over the smallest one above which a training has climbed back."""

EVEN = 14
"""Nudged steps beside the published 15."""


def findings(trials: Mapping[str, Trials]) -> list[Claim]:
    """Every finding."""
    return [even_steps(trials, "C-EP-1h")]


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
    climbs = {
        kind: [climb(t, group.epochs) for t in group.whole] if (group := trials.get(name)) else []
        for kind, name in names.items()
    }
    missing = [names[kind] for kind, found in climbs.items() if not found]
    if missing:
        return finding("not run", f"no whole training of {' and '.join(missing)}")
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
