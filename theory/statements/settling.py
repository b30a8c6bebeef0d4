"""The free phase makes ``T`` transitions from the state 0, no fewer and no more.

With the identity for activation the dynamics are linear, ``s_{t+1} = J s_t + c``, and

    s_T = sum_{i < T} J^i c,    s_T - s_{T-1} = J^{T-1} c.

``J`` and ``c`` are written out here from the weights, as fractions: energy-based
``J = (1 - dt) I + dt (W + W^T)`` and ``c = dt (W_x x + b)``, prototypical the same at ``dt = 1``.
All numbers are small dyadic fractions, which float64 adds and multiplies without rounding, so that
the state and the residual of the free phase must be these numbers exactly. With a tolerance, the
phase ends at the first transition that changes no unit by more.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from cep_core.activations import Identity
from cep_core.arrays import Parameters
from cep_core.networks import EnergyBased, Network, Prototypical
from cep_core.phases import FreePhase, free_phase
from theory.case import Answer, Case, Level, Outcome

LONGEST = 8
DT = Fraction(1, 4)
SIZES = (2, 3, 2)

Exact = NDArray[np.object_]


def _dyadic(generator: np.random.Generator, *shape: int) -> Exact:
    """Multiples of 1/8 in [-1/2, 1/2]."""
    drawn = generator.integers(-4, 5, size=shape)
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        found[index] = Fraction(int(drawn[index]), 8)
    return found


def _floats(values: Exact) -> torch.Tensor:
    return torch.tensor(values.astype(float), dtype=torch.float64)


def _drawn() -> tuple[dict[str, Exact], Exact]:
    """Parameters and an input, as fractions."""
    generator = np.random.default_rng(0)
    inputs, hidden, outputs = SIZES
    parameters = {
        "W_0_1": _dyadic(generator, outputs, hidden),
        "b_0": _dyadic(generator, outputs),
        "W_1_x": _dyadic(generator, hidden, inputs),
        "b_1": _dyadic(generator, hidden),
    }
    return parameters, _dyadic(generator, 1, inputs)


def closed_form(
    parameters: dict[str, Exact], x: Exact, step: Fraction, steps: int
) -> tuple[Exact, Exact]:
    """``s_T``, output first, and ``s_T - s_{T-1}``."""
    outputs, hidden = parameters["W_0_1"].shape
    coupling = np.full((outputs + hidden, outputs + hidden), Fraction(0), dtype=object)
    coupling[:outputs, outputs:] = parameters["W_0_1"]
    coupling[outputs:, :outputs] = parameters["W_0_1"].T
    eye = np.array([[Fraction(i == j) for j in range(len(coupling))] for i in range(len(coupling))])
    jacobian = eye * (1 - step) + coupling * step
    drive = np.concatenate([parameters["b_0"], parameters["b_1"] + parameters["W_1_x"] @ x[0]])
    change, state = drive * step, drive * 0
    for _ in range(steps - 1):
        state, change = state + change, jacobian @ change
    return state + change, change


def _run(network: Network, parameters: Parameters, x: torch.Tensor, **options: float) -> FreePhase:
    return free_phase(network, x, parameters, **options)  # type: ignore[arg-type]


def decide(step: Fraction) -> Outcome:
    """Compare the free phase with the closed form for every ``T`` up to :data:`LONGEST`."""
    exact, x = _drawn()
    parameters = {name: _floats(value) for name, value in exact.items()}
    functions = (Identity(), Identity())
    network: Network = Prototypical(functions) if step == 1 else EnergyBased(functions, float(step))
    changes = []
    for steps in range(1, LONGEST + 1):
        state, change = closed_form(exact, x, step, steps)
        found = _run(network, parameters, _floats(x), steps=steps)
        changes.append(max(abs(c) for c in change))
        wrong = _differs(state, changes[-1], found)
        if wrong or found.steps != steps:
            reason = wrong or f"{found.steps} transitions made in place of {steps}"
            return Outcome(Answer.REFUTED, {"T": steps}, f"T = {steps}: {reason}")
    tolerance = float(changes[LONGEST // 2])
    expected = next(t for t, change in enumerate(changes, 1) if change <= tolerance)
    stopped = _run(network, parameters, _floats(x), steps=LONGEST, tolerance=tolerance)
    numbers = {"T": LONGEST, "stops at": stopped.steps, "to stop at": expected}
    if stopped.steps != expected or not stopped.converged:
        reason = f"with a tolerance it stops after {stopped.steps} transitions, not {expected}"
        return Outcome(Answer.REFUTED, numbers, reason)
    return Outcome(Answer.HOLDS, numbers, f"equal without rounding for T = 1 … {LONGEST}")


def _differs(state: Exact, change: Fraction, found: FreePhase) -> str:
    reached: Sequence[float] = torch.cat(found.state, dim=1)[0].tolist()
    if [Fraction(s) for s in reached] != list(state):
        return f"the state is {reached}, not {[float(s) for s in state]}"
    if Fraction(found.residual) != change:
        return f"the residual is {found.residual}, not {float(change)}"
    return ""


def cases() -> tuple[Case, ...]:
    """Return the cases of the free phase."""
    return tuple(
        Case(
            "settling",
            f"{setting}, identity",
            "after T free transitions from 0, s_T = sum_{i < T} J^i c and s_T - s_{T-1} = "
            "J^(T-1) c",
            "one linear network, its numbers small dyadic fractions",
            "closed form in fractions, against float64 without rounding",
            f"{'-'.join(map(str, SIZES))}, T = 1 … {LONGEST}",
            Level.NUMERICAL,
            partial(decide, step),
            cost=0.1,
        )
        for setting, step in (("energy-based", DT), ("prototypical", Fraction(1)))
    )
