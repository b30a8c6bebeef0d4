"""What the paper says in words about its trainings, each claim with a stated test."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reproduce.trainings.comparison import LEVEL, scipy_stats
from reproduce.trainings.trials import Trials, name_with, none_whole

ANGLES = (0.0, 22.5, 45.0, 67.5, 90.0, 112.5, 135.0, 157.5, 180.0)
"""Initial angles of Fig. 4 (right), degrees."""

MODERATE = 1.0
"""Percentage points of test error below which the loss of C-EP against EP counts as moderate."""

FEWEST = 6
"""Trainings with an angle below which a rank correlation can hardly be told from chance."""


@dataclass(frozen=True)
class Claim:
    """A claim and what the trainings say of it.

    Attributes:
        name: short and unique.
        statement: as a reader is told it.
        test: how it is tested.
        answer: ``"holds"``, ``"does not hold"``, ``"undecided"`` or ``"not run"``.
        reason: one line, with the numbers.
        numbers: the measured quantities.

    """

    name: str
    statement: str
    test: str
    answer: str
    reason: str
    numbers: dict[str, Any] = field(default_factory=dict)


def claims(trials: Mapping[str, Trials], angles: Mapping[str, float]) -> list[Claim]:
    """Every claim.

    Args:
        trials: by name.
        angles: degrees between the total update and minus BPTT's total gradient before training,
            by name of the trials.

    """
    return [
        *(loss_against_ep(trials, depth) for depth in ("1h", "2h")),
        *(degrades_with_the_angle(trials, f"C-VF-{depth}") for depth in ("1h", "2h")),
        closer_is_better(trials, angles),
    ]


def loss_against_ep(trials: Mapping[str, Trials], depth: str) -> Claim:
    """C-EP learns, with a moderate loss of accuracy against EP."""
    names = (f"C-EP-{depth}", f"EP-{depth}")

    def claim(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            f"moderate loss, {depth}",
            f"{names[0]} learns, with a moderate loss of accuracy against {names[1]}.",
            f"no trial is lost, and the upper end of the 95 % interval (Welch, one-sided) of the "
            f"difference of the test errors is below {MODERATE:g} percentage point",
            answer,
            reason,
            numbers,
        )

    missing = none_whole(trials, names)
    if missing:
        return claim("not run", missing)
    ours, theirs = errors = [trials[name].errors() for name in names]
    difference = statistics.fmean(ours) - statistics.fmean(theirs)
    continual = trials[names[0]]
    if continual.lost:
        seeds = ", ".join(map(str, continual.lost))
        return claim(
            "does not hold", f"seeds {seeds} of {names[0]} are lost", difference=difference
        )
    if min(map(len, errors)) < 2:  # noqa: PLR2004 - no spread of one
        told = f"difference {difference:+.2f}; one trial on a side has no spread"
        return claim("undecided", told, difference=difference)
    test = scipy_stats().ttest_ind(ours, theirs, equal_var=False, alternative="less")
    high = float(test.confidence_interval(1 - LEVEL).high)
    worse = scipy_stats().ttest_ind(np.asarray(ours) - MODERATE, theirs, equal_var=False)
    if high < MODERATE:
        answer = "holds"
    elif difference > MODERATE and worse.pvalue < LEVEL:
        answer = "does not hold"
    else:
        answer = "undecided"
    told = (
        f"difference {difference:+.2f}, at most {high:+.2f}; {len(ours)} and {len(theirs)} trials"
    )
    return claim(answer, told, difference=difference, upper=high)


def degrades_with_the_angle(trials: Mapping[str, Trials], row: str) -> Claim:
    """The test error grows with the initial angle between forward and backward weights."""

    def claim(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            f"degrades with the angle, {row}",
            f"The test error of {row} grows with the initial angle.",
            "Page's trend test over the seeds that are whole at all nine angles, one-sided, 5 %",
            answer,
            reason,
            numbers,
        )

    by_angle = {angle: trials.get(at_angle(row, angle)) for angle in ANGLES}
    seeds = [
        {t.seed: t.error("test_error", group.epochs) for t in group.whole} if group else {}
        for group in by_angle.values()
    ]
    everywhere = sorted(set.intersection(*map(set, seeds)))
    runs = sum(map(len, seeds))
    if len(everywhere) < 2:  # noqa: PLR2004 - as many as the paper's claim needs to be tested
        told = f"seeds whole at all nine angles: {len(everywhere)} of 2 needed; {runs} whole runs"
        return claim("undecided" if everywhere else "not run", told)
    table = np.array([[at[seed] for at in seeds] for seed in everywhere])
    found = scipy_stats().page_trend_test(table)
    means = table.mean(0)
    told = (
        f"p = {found.pvalue:.2g}; {means[0]:.2f} % at 0°, {means[-1]:.2f} % at 180°, "
        f"{len(everywhere)} seeds"
    )
    numbers = {
        "p": float(found.pvalue),
        "mean by angle": dict(zip(ANGLES, means.tolist(), strict=True)),
    }
    other = scipy_stats().page_trend_test(table[:, ::-1]).pvalue
    if found.pvalue < LEVEL:
        return claim("holds", told, **numbers)
    return claim("does not hold" if other < LEVEL else "undecided", told, **numbers)


def at_angle(row: str, angle: float) -> str:
    """Name of the trials of a row at an angle; rows are published at 0."""
    return row if angle == 0 else name_with(row, {"angle": angle})


def closer_is_better(trials: Mapping[str, Trials], angles: Mapping[str, float]) -> Claim:
    """The smaller the angle to BPTT's gradient before training, the smaller the final error."""

    def claim(answer: str, reason: str, **numbers: Any) -> Claim:
        return Claim(
            "closer is better",
            "The closer the updates are to BPTT's gradient before training, the better the "
            "training ends.",
            "Kendall's tau between that angle and the mean test error over rows and angles, "
            "one-sided, 5 %",
            answer,
            reason,
            numbers,
        )

    points: Sequence[tuple[float, float]] = [
        (angles[name], statistics.fmean(group.errors()))
        for name, group in sorted(trials.items())
        if name in angles and group.whole
    ]
    if len(points) < FEWEST:
        told = f"{len(points)} trainings are whole; {FEWEST} are needed"
        return claim("undecided" if points else "not run", told)
    x, y = zip(*points, strict=True)
    found = scipy_stats().kendalltau(x, y, alternative="greater")
    other = scipy_stats().kendalltau(x, y, alternative="less").pvalue
    told = f"tau {found.statistic:+.2f}, p = {found.pvalue:.2g}, {len(points)} trainings"
    numbers = {"tau": float(found.statistic), "p": float(found.pvalue), "points": len(points)}
    if found.pvalue < LEVEL:
        return claim("holds", told, **numbers)
    return claim("does not hold" if other < LEVEL else "undecided", told, **numbers)
