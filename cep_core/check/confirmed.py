"""What the updates follow where BPTT's gradients are not those of the loss.

Where something is detached, or has a wrong ``backward``, a comparison with BPTT proves nothing in
either direction. What can then be said comes from the loss alone: finite differences of it, step by
step, along one random direction of a tensor. They show that an update is wrong; that it is right
they show along that direction only, and so the answer is *inconclusive*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from cep_core.check.adapted import AdaptedRule
from cep_core.check.finite import Slope, parameter_slopes, state_slope, stepwise_slopes
from cep_core.check.limits import Limit
from cep_core.check.processes import Processes
from cep_core.check.sideeffects import directions
from cep_core.check.sweeps import Bench, Sweep
from cep_core.check.verdicts import Verdict
from cep_core.structures import batch_of

_FOLLOWS = 1e-3
"""How near an update is to a finite difference that it follows, relative to the largest."""

FOLLOWS = "follows the loss by finite differences and not BPTT, whose gradient is another"


@dataclass(frozen=True)
class Slopes:
    """The loss along one random direction of every parameter and of the state, in two ways.

    Attributes:
        parameters: by name, over all ``K`` transitions.
        state: the state ``K - 1`` transitions before the end.

    """

    parameters: Mapping[str, Slope]
    state: Slope

    @property
    def agree(self) -> bool:
        """Whether the gradients of BPTT are those of the loss, as far as the directions tell."""
        return self.state.agrees and all(slope.agrees for slope in self.parameters.values())


def slopes_of(bench: Bench, gradients: Processes) -> Slopes:
    """By finite differences, and by the gradients of BPTT."""
    problem, loss = bench.problem, bench.judged
    return Slopes(
        parameter_slopes(problem, gradients, loss, bench.fresh),
        state_slope(problem, gradients.state, loss, bench.fresh),
    )


def confirmed(bench: Bench, swept: Sweep, slopes: Slopes) -> Sweep:
    """The sweep as it is where BPTT is right; judged by finite differences where it is not."""
    if slopes.agree:
        return swept
    limit = swept.limit()
    return replace(
        swept,
        parameters=tuple(
            _held(bench, told, limit.parameters[told.name], slopes.parameters[told.name])
            for told in swept.parameters
        ),
        neurons=_neurons(bench, swept.neurons, limit.state),
    )


def _held(bench: Bench, told: Limit, update: torch.Tensor, slope: Slope) -> Limit:
    if slope.agrees and told.verdict is not Verdict.FAIL:
        return told
    direction = slope.direction
    found = stepwise_slopes(
        bench.problem, direction, bench.judged, bench.fresh, steps=bench.steps, name=told.name
    )
    return _by_differences(told, _along(update, direction), *found)


def _neurons(
    bench: Bench, told: Sequence[Limit], updates: Sequence[torch.Tensor]
) -> tuple[Limit, ...]:
    problem = bench.problem
    factors = bench.dynamics.followed_slopes(
        problem.x, problem.rest, problem.parameters, modified_loss=bench.objective is not None
    )
    found = []
    for n, (limit, update) in enumerate(zip(told, updates, strict=True)):
        if limit.verdict is not Verdict.FAIL:
            found.append(limit)
            continue
        (direction,) = directions([problem.rest[n]], seed=4)
        slopes = stepwise_slopes(
            problem,
            direction if factors is None else direction * factors[n],
            bench.judged,
            bench.fresh,
            steps=bench.steps,
            layer=n,
        )
        found.append(_by_differences(limit, _along(update, direction), *slopes))
    return tuple(found)


def _along(process: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    return (process * direction).flatten(1).sum(1) if process.ndim > 1 else process * direction


def _by_differences(
    told: Limit, update: torch.Tensor, slope: torch.Tensor, uncertainty: torch.Tensor
) -> Limit:
    slope, uncertainty = slope.cpu(), uncertainty.cpu()
    gap = (update.cpu() + slope).abs()
    largest = float(slope.abs().max())
    wrong = gap > _FOLLOWS * largest + 10 * uncertainty
    if not bool(wrong.any()):
        return replace(told, verdict=Verdict.INCONCLUSIVE, reason=FOLLOWS)
    first = int(wrong.nonzero()[0])
    share = f"{float(gap.max()) / largest:.1e} off" if largest else "an update and no slope"
    where = f", first at step {first}" if len(gap) > 1 else ""
    reason = (
        f"is not minus the slope of the loss by finite differences either ({share}{where}"
        f"); BPTT does not see it"
    )
    return replace(told, verdict=Verdict.FAIL, reason=reason)


def confirmed_in_total(
    bench: Bench, told: Sequence[Limit], swept: Sweep, slopes: Slopes
) -> tuple[Limit, ...]:
    """Totals of the compared steps as they are where BPTT is right; else by finite differences."""
    if slopes.agree:
        return tuple(told)
    updates, batch = swept.limit().parameters, batch_of(bench.problem.x, bench.problem.rest)
    found = []
    for limit in told:
        slope = slopes.parameters[limit.name]
        if limit.verdict is Verdict.FAIL:
            update = (updates[limit.name].sum(0) * slope.direction).sum().reshape(1) * batch
            finite, unknown = (update.new_tensor([v]) for v in (slope.finite, slope.uncertainty))
            limit = _by_differences(limit, update, finite, unknown)  # noqa: PLW2901 - as judged
        found.append(limit)
    return tuple(found)


def refused(
    limits: Sequence[Limit], *, rule: AdaptedRule, moving: set[str], adrift: bool
) -> tuple[Limit, ...]:
    """The limits, those marked that cannot be right, whatever noise says.

    Args:
        limits: of parameters, or of neurons.
        rule: knows the parameters without an increment.
        moving: parameters that the rule changes at rest, or as much however small the nudge.
        adrift: whether the state leaves its rest under a nudge of 0.

    """
    found = []
    for limit in limits:
        if adrift and limit.verdict in {Verdict.FAIL, Verdict.INCONCLUSIVE}:
            reason = "has updates that do not vanish with beta: a nudge of 0 moves the state"
            found.append(replace(limit, verdict=Verdict.FAIL, reason=reason))
            continue
        if limit.name in moving:
            reason = "has increments that do not vanish with beta"
            found.append(replace(limit, verdict=Verdict.FAIL, reason=reason))
        elif limit.name in rule.left_out and limit.verdict is Verdict.FAIL:
            reason = f"is left out by {rule.leaves_out}: a gradient and no update"
            found.append(replace(limit, reason=reason))
        else:
            found.append(limit)
    return tuple(found)
