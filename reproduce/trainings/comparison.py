"""A published number beside ours: difference, interval, equivalence, and one of four answers.

All statistics are SciPy's. A published error is known by its mean, standard deviation and number of
trials alone; Welch's test depends on nothing else, so it is given a stand-in sample that has them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""Of every test; intervals cover 95 %."""


def scipy_stats() -> Any:
    """SciPy's statistics, imported where they are asked for: every command would wait for them."""
    from scipy import stats  # noqa: PLC0415 - most of a second

    return stats


class Answer(StrEnum):
    """What may be said of a published number."""

    REPRODUCED = "reproduced"
    UNDERPOWERED = "consistent but underpowered"
    NOT_REPRODUCED = "not reproduced"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Reported:
    """A number as it was published.

    Attributes:
        mean: in percent.
        std: over the trials; None where none was given.
        trials: how many.

    """

    mean: float
    std: float | None
    trials: int


@dataclass(frozen=True)
class Comparison:
    """Ours beside theirs.

    Attributes:
        answer: one of four.
        reason: one line, with the numbers it rests on.
        difference: ours minus theirs, percentage points; None without trials of ours.
        interval: 95 % confidence interval of the difference (Welch); None with fewer than two.
        different: p-value of Welch's t test of equal means.
        equivalent: p-value of the two one-sided tests that the means differ by at least the margin.
        margin: percentage points within which means count as equal.
        spread_ratio: our standard deviation over theirs; None where either is not known or zero.
        spread_interval: its 95 % confidence interval (F).

    """

    answer: Answer
    reason: str
    difference: float | None = None
    interval: tuple[float, float] | None = None
    different: float | None = None
    equivalent: float | None = None
    margin: float | None = None
    spread_ratio: float | None = None
    spread_interval: tuple[float, float] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return every field as a JSON value."""
        return asdict(self) | {"answer": str(self.answer)}


def compare(
    ours: Sequence[float], theirs: Reported, *, margin: float, lost: Sequence[int] = ()
) -> Comparison:
    """Hold our errors against a published one.

    Args:
        ours: one error per trial, percent.
        theirs: the published one.
        margin: percentage points within which means count as equal.
        lost: seeds of ours that ended as if at random. A mean and a standard deviation of the
            paper's size are impossible with one of them among the trials.

    Raises:
        ValueError: a margin that is not positive, or an error that is not finite.

    """
    if not margin > 0:
        msg = f"margin: expected percentage points above 0, found {margin}"
        raise ValueError(msg)
    bad = [value for value in ours if not math.isfinite(value)]
    if bad:
        msg = f"ours: expected finite errors, found {bad[0]}"
        raise ValueError(msg)
    if len(ours) == 0:
        return Comparison(Answer.NOT_RUN, "no whole training of ours")
    difference = statistics.fmean(ours) - theirs.mean
    if lost:
        which = ", ".join(map(str, lost))
        reason = f"{len(lost)} of {len(ours)} trials lost (seed {which}), none of the published"
        return Comparison(Answer.NOT_REPRODUCED, reason, difference, margin=margin)
    if len(ours) == 1:
        return _of_one(ours[0], theirs, margin)
    return _of_several(np.asarray(ours), theirs, difference, margin)


def _of_one(ours: float, theirs: Reported, margin: float) -> Comparison:
    """One trial has no spread of its own: the published one says where it is expected."""
    difference = ours - theirs.mean
    if theirs.std is None:
        near = abs(difference) <= margin
        answer = Answer.UNDERPOWERED if near else Answer.NOT_REPRODUCED
        told = f"one trial, {difference:+.2f} from a number without a spread, margin {margin:.2f}"
        return Comparison(answer, told, difference, margin=margin)
    scale = theirs.std * math.sqrt(1 + 1 / theirs.trials)
    low, high = scipy_stats().t.interval(1 - LEVEL, theirs.trials - 1, loc=theirs.mean, scale=scale)
    inside = low <= ours <= high or abs(difference) <= margin
    answer = Answer.UNDERPOWERED if inside else Answer.NOT_REPRODUCED
    told = f"one trial, {ours:.2f} %; a further published one would be in {low:.2f} to {high:.2f} %"
    return Comparison(answer, told, difference, margin=margin)


def _of_several(
    ours: NDArray[np.float64], theirs: Reported, difference: float, margin: float
) -> Comparison:
    different, equivalent, interval = _tests(ours, theirs, margin)
    low, high = interval
    if equivalent < LEVEL:
        answer, told = Answer.REPRODUCED, f"within ±{margin:.2f} (p = {equivalent:.2g})"
    elif different < LEVEL:
        answer, told = Answer.NOT_REPRODUCED, f"means differ (Welch, p = {different:.2g})"
    else:
        answer = Answer.UNDERPOWERED
        told = (
            f"neither equal within ±{margin:.2f} (p = {equivalent:.2g}) "
            f"nor different (p = {different:.2g})"
        )
    ratio, ratio_interval = _spreads(float(ours.std(ddof=1)), len(ours), theirs)
    return Comparison(
        answer,
        f"difference {difference:+.2f}, 95 % interval {low:+.2f} to {high:+.2f}: {told}",
        difference,
        interval,
        different,
        equivalent,
        margin,
        ratio,
        ratio_interval,
    )


def _tests(
    ours: NDArray[np.float64], theirs: Reported, margin: float
) -> tuple[float, float, tuple[float, float]]:
    """P-values of a difference and of equivalence, and the interval of the difference."""
    if float(ours.std()) == 0 and not theirs.std:
        gap = float(ours.mean()) - theirs.mean  # nothing varies: no test, and none needed
        return float(gap == 0), float(abs(gap) >= margin), (gap, gap)

    def test(shift: float, alternative: str) -> Any:
        if theirs.std is None:
            return scipy_stats().ttest_1samp(ours + shift, theirs.mean, alternative=alternative)
        sample = _stand_in(theirs)
        return scipy_stats().ttest_ind(
            ours + shift, sample, equal_var=False, alternative=alternative
        )

    means = test(0.0, "two-sided")
    known = means.confidence_interval(1 - LEVEL)
    moved = theirs.mean if theirs.std is None else 0.0  # of one sample it is the mean's
    interval = (float(known.low) - moved, float(known.high) - moved)
    above, below = test(margin, "greater").pvalue, test(-margin, "less").pvalue
    return float(means.pvalue), float(max(above, below)), interval


def _stand_in(theirs: Reported) -> NDArray[np.float64]:
    """A sample with the published mean, standard deviation and size."""
    assert theirs.std is not None
    shape = scipy_stats().zscore(np.arange(theirs.trials, dtype=np.float64), ddof=1)
    return theirs.mean + theirs.std * np.asarray(shape)


def _spreads(
    std: float, trials: int, theirs: Reported
) -> tuple[float | None, tuple[float, float] | None]:
    """Ratio of the standard deviations and its interval, by the F distribution."""
    if not theirs.std or std == 0:
        return None, None
    ratio = std / theirs.std
    low, high = scipy_stats().f.interval(1 - LEVEL, trials - 1, theirs.trials - 1)
    return ratio, (ratio / math.sqrt(high), ratio / math.sqrt(low))
