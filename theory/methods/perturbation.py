"""The two sides of the theorem, computed apart: the nudged phase, and BPTT.

They share the definition of the network and nothing else. The nudged phase is run on power series
in the nudging strength. Backpropagation through time is obtained by perturbing every neuron of
every state, and every entry of every copy of the parameters, one at a time, with a dual number,
and running the unrolled computation on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cep_core.arrays import Parameters, Scalar
from cep_core.check.bptt import unroll
from cep_core.losses import Loss, SquaredError
from cep_core.phases import nudged_phase
from cep_core.rules import Rule
from theory.arithmetic.series import Elements, Series, boxed, monomial, perturbed, quotient
from theory.points.steady import SymbolicPoint, nonzero

Processes = dict[str, list[Elements]]
"""By name (``s_0``, …, ``W_0_1``, ``b_0``, …): one array for each ``t = 0 … K-1``."""


class UnsettledError(ValueError):
    """The state from which the phases start is not a steady state of the network."""


def delta_side(
    point: SymbolicPoint,
    rule: Rule,
    *,
    steps: int,
    kappa: Scalar | Mapping[str, Scalar] = 0,
    loss: Loss | None = None,
    power: int = 1,
    sign: int = 1,
) -> Processes:
    """Run phase 2 on series in ``beta``; return ``time_scale`` times ``Delta_s``, ``Delta_theta``.

    Args:
        point: the network at its steady state, on series of order at least ``power``.
        rule: the learning rule.
        steps: ``K``.
        kappa: ``eta / beta'``; 0 is the limit of vanishing learning rate at fixed ``beta``.
        loss: loss that nudges; the squared error unless given.
        power: 1 for the limit ``beta -> 0``; 2 for the error of first order in ``beta``, and so on.
        sign: of ``beta``; the normalised updates are divided by the signed ``beta``.

    """
    beta = monomial(1, point.x.order, sign)
    found: Processes = {}
    for step in nudged_phase(
        point.network,
        rule,
        point.x,
        point.y,
        point.parameters,
        point.state,
        beta=beta,
        kappa=kappa,
        steps=steps,
        loss=loss,
    ):
        for n, (before, after) in enumerate(zip(step.state, step.following, strict=True)):
            found.setdefault(f"s_{n}", []).append((after - before).coefficient(power) * boxed(sign))
        for name, increment in step.increment.items():
            found.setdefault(name, []).append(increment.coefficient(power) * boxed(sign))
    return found


@dataclass(frozen=True)
class Unrolled:
    """The unrolled free phase, ready to be perturbed.

    Attributes:
        point: the network at its steady state.
        loss: loss of the last state.

    """

    point: SymbolicPoint
    loss: Loss

    def _after_each(self, start: tuple[Series, ...], copies: list[Parameters]) -> list[Any]:
        """Derivative of the loss if the unrolled computation ended at ``s_0, s_1, …, s_K``."""
        states = unroll(self.point.network, self.point.x, start, copies)
        return [self.loss.value(state[0], self.point.y).coefficient(1)[()] for state in states]

    def from_state(self, layer: int, steps: int, index: tuple[int, ...]) -> list[Any]:
        """``dL/ds_{T-t}`` of one neuron for ``t = 0 … steps-1``."""
        start = list(self.point.state)
        start[layer] = perturbed(start[layer], index)
        return self._after_each(tuple(start), [self.point.parameters] * (steps - 1))

    def from_copy(self, name: str, steps: int, index: tuple[int, ...]) -> list[Any]:
        """``dL/dtheta`` of one entry of the copy used ``t + 1`` transitions before the end."""
        theta = self.point.parameters
        changed = theta | {name: perturbed(theta[name], index)}
        copies = [changed] + [theta] * (steps - 1)
        return self._after_each(self.point.state, copies)[1:]


def nabla_side(point: SymbolicPoint, *, steps: int, loss: Loss | None = None) -> Processes:
    """``nabla_s(t)`` and ``nabla_theta(t)``, ``t = 0 … K-1``, by perturbing the unrolled phase.

    At a steady state the transitions before the perturbed one change nothing, so the computation
    starts at the perturbed one; that it is a steady state is checked first.

    Raises:
        UnsettledError: the network's transition moves the state.

    """
    unrolled = Unrolled(point, loss or SquaredError())
    after = point.network.transition(point.x, point.state, point.parameters)
    if any(nonzero((b - a).constant) for a, b in zip(point.state, after, strict=True)):
        raise UnsettledError("the free phase is not settled: F(x, s, theta) differs from s")
    found: Processes = {}
    for n, layer in enumerate(point.state):
        found[f"s_{n}"] = collected(layer.shape, steps, partial(unrolled.from_state, n, steps))
    for name, value in point.parameters.items():
        summed = collected(value.shape, steps, partial(unrolled.from_copy, name, steps))
        found[name] = [_mean(g, point.batch) for g in summed]
    return found


def _mean(values: Elements, batch: int) -> Elements:
    return values if batch == 1 else quotient(values, batch)


def collected(
    shape: tuple[int, ...], steps: int, derivatives: Callable[[tuple[int, ...]], list[Any]]
) -> list[Elements]:
    """Gather the derivatives by every index, one array per time."""
    found = [np.zeros(shape, dtype=object) for _ in range(steps)]
    for index in np.ndindex(*shape):
        for t, value in enumerate(derivatives(index)):
            found[t][index] = value
    return found


@dataclass(frozen=True)
class Difference:
    """The first place where two sides that should be equal are not.

    Attributes:
        name: of the process.
        t: step.
        index: entry.
        value: left minus right, a nonzero polynomial.

    """

    name: str
    t: int
    index: tuple[int, ...]
    value: Any


def differences(left: Processes, right: Processes) -> Iterator[Difference]:
    """Yield every entry, earliest time first, at which ``left - right`` is not zero.

    Raises:
        ValueError: the two sides do not have the same processes, or lengths that differ.

    """
    if left.keys() != right.keys() or not left:
        odd = ", ".join(sorted(left.keys() ^ right.keys())) or "none at all"
        msg = f"expected the same processes on both sides, found on one only: {odd}"
        raise ValueError(msg)
    steps = {len(process) for side in (left, right) for process in side.values()}
    if len(steps) > 1:
        msg = f"expected processes of one length, found {sorted(steps)}"
        raise ValueError(msg)
    for t in range(steps.pop()):
        for name in left:
            gap = left[name][t] - right[name][t]
            for index in np.ndindex(*gap.shape):
                if gap[index] != 0:
                    yield Difference(name, t, index, gap[index])


def scaled(processes: Processes, factor: Any) -> Processes:
    """Return ``factor`` times every process."""
    box = boxed(factor)
    return {name: [values * box for values in process] for name, process in processes.items()}


def neurons_of(processes: Processes) -> Processes:
    """Return the processes of the neurons alone."""
    return {name: process for name, process in processes.items() if name.startswith("s_")}


def parameters_of(processes: Processes) -> Processes:
    """Return the processes of the parameters alone."""
    return {name: process for name, process in processes.items() if not name.startswith("s_")}


def everything(processes: Processes) -> Processes:
    """Return all processes."""
    return processes
