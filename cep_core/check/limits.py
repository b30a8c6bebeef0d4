"""Whether updates tend to minus the gradients as ``beta`` vanishes, tensor by tensor.

A right rule's updates are ``-nabla + a beta + b beta^2 + …`` and rounding divided by ``beta``. Two
sizes of ``beta`` remove the first term: what is left of a right rule is far smaller, what is left
of a wrong one is its error. How much two such limits differ says how well the limit is known, with
nothing assumed about the rounding: it is another one at every ``beta``, and so no plateau.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cep_core.check.measures import relmse
from cep_core.check.verdicts import Verdict

CLEAR = 5.0
"""A gap is an error when it exceeds what is not known of the limit by this factor."""

KNOWN = 1e-2
"""The limit counts as known when its uncertainty is below this share of the gradient."""

NOT_FINITE = "has an update that is not finite"

_ZERO = 1e-13
"""Gradients below this share of the others' norm are rounding."""

_FAINT = 1e-6
"""Gradients below this share of the others' norm are no signal where noise hides them."""

_STEADY = 0.1
"""How far orders between neighbouring betas may differ and still be one, another than expected."""

_ROUND_OFF = 16 * torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class Limit:
    """What became of one tensor.

    Attributes:
        name: of the tensor.
        verdict: pass, fail, inconclusive; *not run* where it has no signal.
        reason: one line.
        order: of the error in ``beta`` where it is above the noise; NaN where it never is.
        errors: ``||Delta + nabla|| / ||nabla||`` at every ``beta``, all steps.
        gap: relative distance of the limit from minus the gradient.
        noise: what is not known of the limit, relative to the gradient.
        relmse: RelMSE at the smallest ``beta``.
        relmse_noise: the part of it that the noise explains.
        steps: relative gap at every step; NaN where there is no signal.
        signal: norm of the gradient over all steps.

    """

    name: str
    verdict: Verdict
    reason: str
    order: float
    errors: tuple[float, ...]
    gap: float
    noise: float
    relmse: float
    relmse_noise: float
    steps: tuple[float, ...]
    signal: float


def limit_of(
    name: str,
    betas: Sequence[float],
    updates: Sequence[torch.Tensor],
    gradient: torch.Tensor,
    *,
    order: float = 1.0,
    size: float = 0.0,
    whole: float = 0.0,
) -> Limit:
    """Judge one tensor.

    Args:
        name: of the tensor.
        betas: nudging strengths, decreasing in size.
        updates: ``Delta`` at each, shape ``(K, ...)``.
        gradient: ``nabla``, same shape.
        order: of the estimator's error in ``beta``: 1, or 2 for the centred one.
        size: norm of the quantity of which the updates are differences, divided by ``beta'`` at
            ``beta = 1``: its rounding is the least that the updates are uncertain by.
        whole: norm of the gradients of all tensors of this kind: a share of 1e-13 of it is zero.

    """
    extrapolated = _without_leading_term(betas, updates, order)
    spreads = [_norms(b - a) for a, b in itertools.pairwise(extrapolated)]
    if len(updates) == 2:  # noqa: PLR2004 - nothing to compare the one limit with
        spreads = [torch.maximum(spreads[0], _growth(updates, gradient))]
    best = min(range(len(spreads)), key=lambda j: _comparable(spreads[j]))
    limit, spread = extrapolated[best + 1], spreads[best]
    signals, gaps = _norms(gradient), _norms(limit + gradient)
    strongest = float(signals.max())
    rounding = _ROUND_OFF * size / abs(betas[min(best + 2, len(betas) - 1)])
    typical = float(spread.square().mean().sqrt())
    least = max(rounding, 0.3 * typical, 1e-12 * strongest)
    unknown = spread.clamp(min=least) if math.isfinite(least) else spread
    errors = tuple(_ratio(float((u + gradient).norm()), float(signals.norm())) for u in updates)
    finest = best + 2 if best + 2 < len(updates) else len(updates) - 1
    noise_at = [_ratio(rounding * abs(betas[-1] / b), float(signals.norm())) for b in betas]
    told = _Told(name, betas, errors, noise_at, order)
    compared = strongest > _ZERO * whole
    measured = relmse(updates[finest], gradient) if compared else 0.0
    other = extrapolated[best] - extrapolated[best + 1]
    hidden = _share_of_noise(other, updates[finest], gradient) if compared else 0.0
    steps = tuple(
        _ratio(g, s) if s > u / KNOWN else math.nan
        for g, s, u in zip(gaps.tolist(), signals.tolist(), unknown.tolist(), strict=True)
    )
    zero, faint = _ZERO * whole, max(_FAINT * whole, rounding)
    verdict, reason = _decide(told, gaps, signals, unknown, zero, faint, steps)
    gap = _ratio(float(gaps.norm()), float(signals.norm()))
    noise = _ratio(float(unknown.norm()), float(signals.norm()))
    return Limit(
        name,
        verdict,
        reason,
        told.observed,
        errors,
        gap,
        noise,
        measured,
        hidden,
        steps,
        float(signals.norm()),
    )


class _Told:
    """The order of the errors, as a reader wants it told."""

    def __init__(
        self,
        name: str,
        betas: Sequence[float],
        errors: Sequence[float],
        noise: Sequence[float],
        expected: float,
    ) -> None:
        self.name, self.errors, self.expected = name, errors, expected
        self.observed, orders = math.nan, []
        pairs = list(zip(betas, errors, noise, strict=True))
        for (b, e, _), (c, f, n) in itertools.pairwise(pairs):
            if 0 < f < math.inf and 0 < e < math.inf and f > 10 * n:
                self.observed = math.log(e / f) / math.log(abs(b / c))
                orders.append(self.observed)
        full = len(orders) == len(pairs) - 1
        self.steady = full and max(orders) - min(orders) < _STEADY * expected
        falling = [e for e in errors if math.isfinite(e)]
        self.smallest = min(falling, default=math.inf)

    def passed(self) -> str:
        if math.isnan(self.observed):
            return f"equal up to round-off ({self.smallest:.1e})"
        if self.observed < self.expected / 2 and not self.steady:
            return f"falls to {self.smallest:.1e}, where round-off takes over"
        return f"falls with order {self.observed:.2f} to {self.smallest:.1e}"

    def failed(self, gap: float) -> str:
        last = self.errors[-1]
        shown = "nothing to divide by" if not math.isfinite(last) else f"{gap:.1e}"
        return f"stays at {shown} as beta vanishes"


def _decide(
    told: _Told,
    gaps: torch.Tensor,
    signals: torch.Tensor,
    unknown: torch.Tensor,
    zero: float,
    faint: float,
    steps: Sequence[float],
) -> tuple[Verdict, str]:
    if not bool(torch.isfinite(gaps).all()):
        return Verdict.FAIL, NOT_FINITE
    wrong = gaps > CLEAR * unknown
    share = _ratio(float(unknown.norm()), float(signals.norm()))
    hidden = Verdict.INCONCLUSIVE, f"noise hides the error ({share:.1e} of the gradient)"
    if bool(wrong.any()):
        clear = share <= KNOWN or bool(gaps.norm() > CLEAR * unknown.norm())
        return _failed(told, gaps, signals, wrong, zero) if clear else hidden
    strongest = float(signals.max())
    if all(math.isnan(step) for step in steps):
        nothing = strongest <= max(zero, min(float(unknown.max()), faint))
        return (Verdict.NOT_RUN, f"no signal in {len(steps)} steps") if nothing else hidden
    return Verdict.PASS, told.passed()


def _failed(
    told: _Told, gaps: torch.Tensor, signals: torch.Tensor, wrong: torch.Tensor, zero: float
) -> tuple[Verdict, str]:
    if float(signals.max()) <= zero:
        return Verdict.FAIL, "has an update and no gradient"
    first = int(wrong.nonzero()[0])
    where = "" if bool(wrong.all()) or len(gaps) == 1 else f", first at step {first}"
    whole = _ratio(float(gaps.norm()), float(signals.norm()))
    return Verdict.FAIL, told.failed(whole) + where


def _without_leading_term(
    betas: Sequence[float], updates: Sequence[torch.Tensor], order: float
) -> list[torch.Tensor]:
    found = []
    for b, c, coarse, fine in zip(betas, betas[1:], updates, updates[1:], strict=False):
        ratio = abs(b / c) ** order
        found.append((fine * ratio - coarse) / (ratio - 1))
    return found if len(found) > 1 else [updates[-1], *found]


def _growth(updates: Sequence[torch.Tensor], gradient: torch.Tensor) -> torch.Tensor:
    """Change between two betas where the error grows as beta falls: noise, and no plateau."""
    coarse, fine = (_norms(update + gradient) for update in updates)
    return torch.where(fine > 2 * coarse, _norms(updates[1] - updates[0]), 0.0)


def _norms(process: torch.Tensor) -> torch.Tensor:
    """Norm at every step, shape ``(K,)``."""
    return process.flatten(1).norm(dim=1) if process.ndim > 1 else process.abs()


def _share_of_noise(unknown: torch.Tensor, update: torch.Tensor, gradient: torch.Tensor) -> float:
    """The mean over elements of what is not known of them, in the measure of RelMSE."""
    largest = torch.maximum(update.square().sum(0), gradient.square().sum(0))
    alive = largest > 0
    if not bool(alive.any()):
        return 0.0
    shares = (unknown.square().sum(0)[alive] / largest[alive]).sqrt().clamp(max=1.0)
    return float(shares.mean())


def _comparable(spread: torch.Tensor) -> float:
    value = float(spread.norm())
    return value if math.isfinite(value) else math.inf


def _ratio(part: float, whole: float) -> float:
    if whole:
        return part / whole
    return 0.0 if part == 0 else math.inf
