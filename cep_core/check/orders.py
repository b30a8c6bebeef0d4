"""Judging by order: whether an error vanishes with a scale, as a right rule's does.

A right rule's error falls in proportion to ``beta`` (or ``kappa``; or ``beta**2`` for the centred
estimator) until round-off takes over; a wrong one reaches a plateau. One threshold cannot tell the
two apart, the slope can.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cep_core.check.measures import observed_order
from cep_core.check.verdicts import Verdict

RESOLVED = 10.0
"""An error counts as measured when it exceeds the round-off noise by this factor."""

SLACK = 0.25
"""How far below the expected order an observed one may fall and still be a pass."""

MEANINGFUL = 1e-2
"""Noise, relative to the gradient, above which an error hidden in it proves nothing."""


@dataclass(frozen=True)
class OrderVerdict:
    """Whether an error vanishes with its scale.

    Attributes:
        verdict: pass, fail or inconclusive.
        order: observed order on the resolved points; NaN when fewer than two are resolved.
        smallest: smallest error over the sweep.
        reason: what the answer rests on.
    """

    verdict: Verdict
    order: float
    smallest: float
    reason: str


def judge_order(
    scales: Sequence[float],
    errors: Sequence[float],
    *,
    noise: Sequence[float],
    expected: float = 1.0,
) -> OrderVerdict:
    """Decide whether ``errors`` vanish as ``scales`` do, with the expected order.

    Args:
        scales: strictly decreasing positive scales (``beta`` or ``kappa``), at least two.
        errors: relative error at each scale.
        noise: estimate of the round-off in each error, in the same units.
        expected: order that a right rule shows.

    Raises:
        ValueError: fewer than two scales, lengths that differ, or scales that do not decrease.
    """
    if len(scales) < 2 or not len(scales) == len(errors) == len(noise):  # noqa: PLR2004 - a slope
        msg = f"expected at least two scales, errors and noises, found {len(scales)}, "
        raise ValueError(msg + f"{len(errors)} and {len(noise)}")
    if any(b >= a or b <= 0 for a, b in itertools.pairwise(scales)):
        msg = f"scales: expected positive numbers that decrease, found {list(scales)}"
        raise ValueError(msg)
    if not all(math.isfinite(e) for e in errors):
        return OrderVerdict(
            Verdict.FAIL, math.nan, math.inf, "the nudged phase diverges: an error is not finite"
        )
    smallest = min(errors)
    resolved = [
        (scale, error)
        for scale, error, hidden in zip(scales, errors, noise, strict=True)
        if error > RESOLVED * hidden
    ]
    if len(resolved) < 2:  # noqa: PLR2004 - a slope needs two points
        quietest = min(noise)
        if smallest <= RESOLVED * quietest and quietest < MEANINGFUL:
            reason = f"the error is round-off already ({smallest:.1e})"
            return OrderVerdict(Verdict.PASS, math.nan, smallest, reason)
        reason = f"round-off ({quietest:.1e}) hides the error: settle further or use float64"
        return OrderVerdict(Verdict.INCONCLUSIVE, math.nan, smallest, reason)
    last = resolved[-3:]
    order = observed_order([s for s, _ in last], [e for _, e in last])
    final = observed_order([s for s, _ in resolved[-2:]], [e for _, e in resolved[-2:]])
    if min(order, final) >= expected - SLACK:
        reason = f"falls with order {order:.2f} to {smallest:.1e}"
        return OrderVerdict(Verdict.PASS, order, smallest, reason)
    if final < expected / 2:
        reason = f"stays at {resolved[-1][1]:.1e} as the scale vanishes (order {final:.2f})"
        return OrderVerdict(Verdict.FAIL, final, smallest, reason)
    reason = f"order {final:.2f}, expected {expected:g}: not yet asymptotic, take smaller scales"
    return OrderVerdict(Verdict.INCONCLUSIVE, final, smallest, reason)
