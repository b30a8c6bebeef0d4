"""The small convolutional rows: EP, C-EP and BPTT from the same weights, beside each other.

arXiv 1905.13633 puts the test error of EP beside that of BPTT. Its row takes hours of a large
machine; what is compared here are rows small enough for minutes, at rates that a search chose on
held-out digits.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cep_core.runs.row import row_of_identity
from reproduce.runs.results import committed
from reproduce.trainings.claims import MODERATE, Claim
from reproduce.trainings.comparison import LEVEL, scipy_stats
from reproduce.trainings.trials import Trials, name_with

SEARCHED = Path("reports") / "search"
"""Where the runs of searches for rates are committed, relative to the checkout."""

INSIDE = "P-conv-small"
OUTSIDE = name_with(INSIDE, {"nudge": "outside"})
CONTINUAL, BACKPROPAGATED = "P-conv-small-C-EP", "P-conv-small-BPTT"

ROWS = {
    INSIDE: "EP, nudge inside",
    OUTSIDE: "EP, nudge outside, as published",
    CONTINUAL: "C-EP, nudge inside",
    BACKPROPAGATED: "BPTT",
}
"""The trainings that are compared, and what a reader is told of them."""

PAIRS = (
    (INSIDE, BACKPROPAGATED),
    (OUTSIDE, BACKPROPAGATED),
    (CONTINUAL, INSIDE),
)
"""Of which the first is held against the second."""


def beside_each_other(trials: Mapping[str, Trials]) -> list[Claim]:
    """The claim about every pair."""
    return [beside(trials, ours, theirs) for ours, theirs in PAIRS]


def beside(trials: Mapping[str, Trials], ours: str, theirs: str) -> Claim:
    """One training ends at the test error of another that begins at the same weights."""

    def claim(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            f"beside, {ours}",
            f"{ROWS[ours]}, ends at the test error of {ROWS[theirs]}, from the same weights.",
            "no trial ends above half of chance, and the 95 % interval of the difference is within "
            f"±{MODERATE:g} percentage point: over the seeds that both have (Student, paired), "
            "or, of one seed, over the test images (two proportions), which says nothing of others",
            answer,
            reason,
            numbers,
        )

    groups = [trials.get(name) for name in (ours, theirs)]
    errors = [
        {t.seed: t.error("test_error", group.epochs) for t in group.whole} if group else {}
        for group in groups
    ]
    shared = sorted(errors[0].keys() & errors[1].keys())
    if not shared:
        short = [n for n, found in zip((ours, theirs), errors, strict=True) if not found]
        return claim("not run", f"no whole training of {' and '.join(short) or 'one seed by both'}")
    pairs = [(errors[0][seed], errors[1][seed]) for seed in shared]
    difference = statistics.fmean(a - b for a, b in pairs)
    first, second = (statistics.fmean(column) for column in zip(*pairs, strict=True))
    told = f"{first:.2f} % against {second:.2f} %, difference {difference:+.2f}"
    lost = [group.name for group in groups if group and group.lost]
    if lost:
        told += f"; trials of {' and '.join(lost)} end no better than half of chance"
        return claim("does not hold", told, difference=difference)
    images = groups[0].whole[0].results["data"]["test"] if groups[0] else 0
    low, high = interval(pairs, images)
    seeds = f"{len(shared)} seeds" if len(shared) > 1 else "1 seed, over test images alone"
    told += f", 95 % interval {low:+.2f} to {high:+.2f}; {seeds}"
    if max(-low, high) < MODERATE:
        answer = "holds"
    else:
        answer = "does not hold" if max(low, -high) > MODERATE else "undecided"
    return claim(answer, told, difference=difference, low=low, high=high)


def interval(pairs: Sequence[tuple[float, float]], images: int) -> tuple[float, float]:
    """95 % interval of the mean difference of errors in percent.

    Args:
        pairs: two errors for every seed.
        images: tested in each.

    """
    differences = np.array([a - b for a, b in pairs])
    mean = float(differences.mean())
    if len(pairs) > 1:
        half = float(scipy_stats().t.ppf(1 - LEVEL / 2, len(pairs) - 1) * differences.std(ddof=1))
        half /= math.sqrt(len(pairs))
    else:
        variance = sum(e / 100 * (1 - e / 100) for e in pairs[0]) / images
        half = 100 * float(scipy_stats().norm.ppf(1 - LEVEL / 2)) * math.sqrt(variance)
    return mean - half, mean + half


def searched(folder: Path = SEARCHED) -> list[dict[str, Any]]:
    """Every run of the search for rates, the best of each row and nudge first.

    Raises:
        RunError: a file is not the results of a run.

    """
    found = []
    for results in committed(folder).values():
        row = row_of_identity(results["row"], results["identity"]["spec"])
        if row.channels is not None:
            found.append(
                {
                    "row": row.name,
                    "nudge": row.nudge,
                    "learning_rates": list(row.learning_rates),
                    "samples": row.samples,
                    "epochs": results["epochs"],
                    "error": results["test_error"][-1],
                    "residual": results["residual"][-1],
                    "data": results["data"]["name"],
                    "images": results["data"]["test"],
                }
            )
    return sorted(found, key=lambda run: (run["row"], run["nudge"], run["error"]))


def chosen(search: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What a search chooses for each row and nudge, by the rule of one standard error.

    Of the runs whose error is within one standard error (a proportion of the images) of the
    smallest, the one with the smallest rates in sum.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for run in search:
        groups.setdefault((run["row"], run["nudge"]), []).append(run)
    found = []
    for runs in groups.values():
        best = min(runs, key=lambda run: float(run["error"]))
        share = best["error"] / 100
        most = best["error"] + 100 * math.sqrt(share * (1 - share) / best["images"])
        near = [run for run in runs if run["error"] <= most]
        found.append(min(near, key=lambda run: sum(run["learning_rates"])))
    return found
