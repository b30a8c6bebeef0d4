"""BPTT in PyTorch is the derivative of the loss at the end of the unrolled free phase.

``nabla_s(t) = dL/ds_{T-t}`` and ``nabla_theta(t)`` the derivative in the copy of ``theta`` that the
transition from ``s_{T-t-1}`` to ``s_{T-t}`` uses, for ``L = ||s^0_T - y||^2 / 2`` per sample. The
other side moves one neuron of one state, or one entry of one copy, up and down by a small amount,
makes the transitions that are left, and takes the quotient of the losses' difference. The start is
not a steady state, so that every time has its own gradient and no two can be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from cep_core.activations import activation_named
from cep_core.arrays import Parameters, State
from cep_core.check.bptt import nabla
from cep_core.networks import AnsweringNetwork, DriftSlope, EnergyBased, Network, Prototypical
from cep_core.networks.initial import initial_parameters
from cep_core.problem import Problem
from theory.case import Answer, Case, Level, Outcome

SIZES, STEPS, BATCH = (4, 3, 2), 4, 2
STEP = 1e-5
TOLERANCE = 1e-8
"""Of the quotients, whose rounding is about 1e-11 and whose own error is of order ``STEP^2``."""


def energy_based(drift_slope: DriftSlope = "all") -> AnsweringNetwork:
    """Energy-based, tanh, dt 0.25."""
    return EnergyBased((activation_named("tanh"),) * 2, 0.25, drift_slope)


def prototypical() -> AnsweringNetwork:
    """Prototypical, the paper's sigmoid, nudged inside."""
    return Prototypical((activation_named("sigmoid"),) * 2, "inside")


def _loss(
    network: Network, x: torch.Tensor, y: torch.Tensor, state: State, rest: list[Parameters]
) -> float:
    for parameters in rest:
        state = network.transition(x, state, parameters)
    return float((state[0] - y).square().sum()) / 2


def _quotients(loss: Callable[[torch.Tensor], float], at: torch.Tensor) -> torch.Tensor:
    """Derivative of ``loss`` in every entry of ``at``, by central differences."""
    found = torch.zeros_like(at)
    for i in range(at.numel()):
        moved = torch.zeros_like(at)
        moved.view(-1)[i] = STEP
        found.view(-1)[i] = (loss(at + moved) - loss(at - moved)) / (2 * STEP)
    return found


def decide(make: Callable[[], Network]) -> Outcome:
    """Compare every gradient of every time with a quotient."""
    network = make()
    generator = torch.Generator().manual_seed(0)
    parameters = initial_parameters(SIZES, generator=generator)
    x, hidden, y = (
        torch.rand(BATCH, size, generator=generator, dtype=torch.float64) for size in SIZES
    )
    states = [(torch.zeros_like(y) + 0.5, hidden)]
    for _ in range(STEPS):
        states.append(network.transition(x, states[-1], parameters))
    problem = Problem(network, x, y, parameters)
    found = nabla(problem, steps=STEPS, start=states[0])
    worst, where = 0.0, ""
    for t in range(STEPS):
        left, rest = states[STEPS - t], [parameters] * t
        gaps = {
            f"s_{n}": found.state[n][t]
            - _quotients(
                lambda s, n=n, left=left, rest=rest: _loss(  # type: ignore[misc]
                    network, x, y, (*left[:n], s, *left[n + 1 :]), rest
                ),
                left[n],
            )
            for n in range(len(left))
        }
        before = states[STEPS - t - 1]
        for name, value in parameters.items():
            quotient = _quotients(
                lambda p, name=name, before=before, rest=rest: _loss(  # type: ignore[misc]
                    network, x, y, before, [parameters | {name: p}, *rest]
                ),
                value,
            )
            gaps[name] = found.parameters[name][t] - quotient / BATCH
        for name, gap in gaps.items():
            size = float(gap.abs().max())
            if not size <= worst:
                worst, where = size, f"{name} at t = {t}"
    numbers = {"largest difference": worst}
    if not worst <= TOLERANCE:
        return Outcome(Answer.REFUTED, numbers, f"{where} differs by {worst:.1e}")
    return Outcome(Answer.HOLDS, numbers, f"no gradient differs by more than {worst:.1e}")


def cases() -> tuple[Case, ...]:
    """Return the cases of BPTT in PyTorch."""
    return tuple(
        Case(
            "unrolled",
            setting,
            "nabla(t) is the derivative of the unrolled loss in s_{T-t} and in the copy of theta "
            "used on the way there",
            "one random network, from a state that is not steady",
            "central differences, float64",
            f"{'-'.join(map(str, SIZES))}, K = {STEPS}, mini-batch of {BATCH}",
            Level.NUMERICAL,
            partial(decide, make),
            cost=0.3,
        )
        for setting, make in (
            ("energy-based, tanh", energy_based),
            ("prototypical, sigmoid", prototypical),
        )
    )
