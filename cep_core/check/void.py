"""Why a comparison would prove nothing: no signal at all, a kink, a start that leads nowhere."""

from __future__ import annotations

import math

import torch

from cep_core.arrays import State
from cep_core.check.free import Settling
from cep_core.check.kinks import Movement, kink_along, nearest_kink
from cep_core.check.processes import Processes
from cep_core.check.sweeps import Bench, Sweep, norm_of
from cep_core.phases import largest_change

_DESCENT = 0.1
_TRIED = 400
_REACH = 10.0


def nothing_to_compare(bench: Bench, settling: Settling, gradients: Processes) -> str:
    """Why no parameter has a signal, as far as it can be told."""
    problem = bench.problem
    nudge = problem.loss.gradient(problem.rest[0], problem.y)
    size = norm_of(gradients.state)
    text = f"the gradient is zero up to round-off ({size:.1e}): nothing to compare"
    if settling.stationary:
        text += "; the start is a stationary state, where nothing moves: start elsewhere"
    small = 1e-9 * max(1.0, float(problem.rest[0].norm()))
    if float(nudge.norm()) > small:
        return (
            f"{text}; the output is nudged, but no parameter acts on it within {bench.steps} steps"
        )
    y = problem.y
    if isinstance(y, torch.Tensor) and y.shape == nudge.shape:
        gap = float((problem.rest[0] - y).abs().max())
        if gap <= small:
            return f"{text}: the output has reached the target"
    return f"{text}: the loss has no gradient at this output"


def kinked(bench: Bench, swept: Sweep) -> str:
    """A kink that the nudged phase meets at the steady state; empty if there is none."""
    problem, beta = bench.problem, bench.betas[-1]
    near = nearest_kink(problem.network, problem.x, problem.rest, problem.parameters)
    if near.distance == 0:
        return (
            f"a kink at the operating point: a unit of {bench.names[near.layer]} is evaluated at "
            f"{near.kink:g}, where {near.activation} has no derivative"
        )
    size = _REACH * beta * float(problem.network.time_scale)
    updates = list(swept.updates.values())[-1]
    nudge = problem.loss.gradient(problem.rest[0], problem.y) * (_REACH * beta)
    times = sorted({0, 1, min(2, bench.steps - 1), bench.steps - 1})
    movements: list[Movement] = []
    for t in times:
        displaced: State = tuple(s[:t].sum(0) * size for s in updates.state)
        if all(bool(d.isfinite().all()) for d in displaced):
            movements.append((displaced, nudge))
    bench.fresh()
    return kink_along(
        problem.network,
        problem.x,
        problem.parameters,
        problem.rest,
        movements,
        bench.names,
        lambda output: problem.loss.gradient(output, problem.y),
    )


def wrongly_started(bench: Bench, start: State, settling: Settling) -> list[str]:
    """Whether a free phase that diverges settles when the primitive function is descended."""
    if settling.free.steps < 1 or "diverges" not in settling.trouble:
        return []
    problem = bench.problem
    bench.fresh()
    state, change, first = start, math.inf, math.inf
    with torch.no_grad():
        for made in range(_TRIED):
            force = problem.network.transition(problem.x, state, problem.parameters)
            previous = state
            state = tuple(s - _DESCENT * f for s, f in zip(state, force, strict=True))
            change = largest_change(previous, state)
            first = change if made == 0 else first
            if not math.isfinite(change):
                return []
    if change > 1e-3 * max(first, 1e-12):
        return []
    text = (
        "descending the function settles: if it is meant as an energy, EnergyNetwork(energy, dt) "
        "does so; a primitive function has the other sign, Phi = -E"
    )
    return [text]
