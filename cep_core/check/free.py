"""The free phase of a check: it ends where it settles, and says what it does if it does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from cep_core.arrays import Parameters, State
from cep_core.networks import Network
from cep_core.phases import FreePhase, largest_change

_ROUND_OFF = 64 * torch.finfo(torch.float64).eps
_DRIFTING = 0.9
"""Share of the path that lies along one direction, above which the state drifts."""

_CONSTANT = 0.99
"""Ratio of two residuals above which the residual does not fall, over a *long* enough time."""

_LONG = 20


@dataclass(frozen=True)
class _Mark:
    """A state that the phase has passed.

    Attributes:
        state: it.
        made: after how many transitions.
        change: in the last of them.
        largest: change in a transition since the mark before.

    """

    state: State
    made: int
    change: float
    largest: float = math.inf


@dataclass(frozen=True)
class Settling:
    """A free phase and what became of it.

    Attributes:
        free: the last state, the number of steps, the residual.
        trouble: why the state is not steady; empty if it is.
        stationary: whether the first transition moved nothing.

    """

    free: FreePhase
    trouble: str = ""
    stationary: bool = False


def settle(
    network: Network,
    x: Any,
    parameters: Parameters,
    start: State,
    *,
    steps: int,
    tolerance: float,
    needed: float,
) -> Settling:
    """Run the free phase until it settles, is no longer finite, or returns to where it was.

    A cycle is found by Brent's method: the state is held against one that is kept, and the kept one
    is renewed after 1, 2, 4, … transitions.

    Args:
        network: the dynamics.
        x: input.
        parameters: ``theta``.
        start: first state.
        steps: the most transitions that are made.
        tolerance: largest change in one transition that ends the phase.
        needed: largest change in one transition with which a comparison is possible.

    """
    state = start
    kept = earlier = _Mark(start, 0, math.inf)
    change, stationary, made, largest = math.inf, False, 0, 0.0
    with torch.no_grad():
        while made < steps:
            previous, state = state, network.transition(x, state, parameters)
            made += 1
            change = largest_change(previous, state)
            largest = max(largest, change)
            if not math.isfinite(change):
                text = f"the free phase diverges: the state is not finite after {made} transitions"
                return Settling(FreePhase(state, made, change, converged=False), text)
            stationary = stationary or (made == 1 and change == 0)
            floor = _ROUND_OFF * max(1.0, *(float(s.abs().max()) for s in state if s.numel()))
            if change <= tolerance:
                break
            back = largest_change(kept.state, state)
            if back <= max(tolerance, floor) and made - kept.made > 1:
                return _cycle(
                    FreePhase(state, made, change, converged=False), made - kept.made, needed
                )
            if made == 2 * kept.made or made == 1:
                kept, earlier, largest = _Mark(state, made, change, largest), kept, 0.0
    free = FreePhase(state, made, change, converged=change <= tolerance)
    if change <= needed:
        return Settling(free, stationary=stationary)
    if made - kept.made >= kept.made / 2:
        return Settling(free, _unsettled(free, kept, largest, needed))
    return Settling(free, _unsettled(free, earlier, max(kept.largest, largest), needed))


def _cycle(free: FreePhase, period: int, needed: float) -> Settling:
    if free.residual <= needed:  # the last digits alternate
        return Settling(free)
    return Settling(
        free,
        f"the free phase ends in a cycle of {period} states (they differ by {free.residual:.1e}): "
        "it does not settle however long it runs; smaller steps, or another order of updating, may",
    )


def _unsettled(free: FreePhase, kept: _Mark, largest: float, needed: float) -> str:
    """What an unsettled phase does, from a mark and the largest change since then."""
    start = (
        f"the free phase is not settled: residual {free.residual:.1e} after {free.steps} "
        f"steps, against {needed:.1e} that the smallest nudge needs"
    )
    since, halfway = free.steps - kept.made, kept.change
    if not 0 < halfway < math.inf:
        return f"{start}; allow more free_steps"
    ratio = free.residual / halfway
    if largest > _CONSTANT * kept.largest:  # a residual that happens to be smaller
        ratio = max(ratio, 1.0)
    path = largest_change(kept.state, free.state)
    if ratio > _CONSTANT and since < _LONG:
        return f"{start}; allow more free_steps"
    if ratio > _CONSTANT and path > _DRIFTING * since * free.residual:
        return (
            f"the free phase drifts: a unit moves by {free.residual:.1e} in every transition, "
            "always the same way; there is no steady state that it approaches"
        )
    if ratio > _CONSTANT:
        return (
            f"{start}; the residual no longer falls ({halfway:.1e} {since} steps before): the "
            "state wanders or oscillates without settling"
        )
    more = math.ceil(since * math.log(free.residual / needed) / -math.log(ratio))
    return f"{start}; it shrinks: allow more free_steps, about {free.steps + more}"
