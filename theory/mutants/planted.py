"""Planted errors: one wrong line each, of the kinds that are easily made.

An error in phase 2 is a nudged phase with the signature of
:func:`cep_core.phases.nudged_phase`, made by running the right one on a wrapped network or rule, or
by changing what it yields; it works in every number system. An error of BPTT is a change of the
gradient processes, time first. An error of the setting is an option of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from flint import arb_mat

from cep_core.arrays import Array, Parameters, State
from cep_core.networks import Network
from cep_core.phases import NudgedStep, nudged_phase
from cep_core.rules import Rule
from theory.arithmetic.balls import Balls
from theory.arithmetic.jets import Jet
from theory.arithmetic.prime_field import Field
from theory.arithmetic.series import Series
from theory.methods.perturbation import Phase


@dataclass
class Delegate:
    """A network that does what another one does; errors override one method."""

    base: Network

    @property
    def time_scale(self) -> Any:
        """That of the network."""
        return self.base.time_scale

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """That of the network."""
        return self.base.transition(x, state, parameters, nudge)

    def primitive_gradient(self, x: Array, state: State, parameters: Parameters) -> Parameters:
        """That of the network."""
        return self.base.primitive_gradient(x, state, parameters)

    def vector_field_gradient(
        self, x: Array, state: State, parameters: Parameters, change: State
    ) -> Parameters:
        """That of the network."""
        return self.base.vector_field_gradient(x, state, parameters, change)


class FlippedNudge(Delegate):
    """Nudges with the wrong sign."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With minus the nudge."""
        return self.base.transition(x, state, parameters, None if nudge is None else nudge * -1)


class MisplacedNudge(Delegate):
    """Nudges every output unit with its neighbour's nudge."""

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With the nudge rolled by one unit."""
        return self.base.transition(x, state, parameters, None if nudge is None else rolled(nudge))


@dataclass
class StaleParameters(Delegate):
    """Uses the parameters of the step before: an update takes effect one step late."""

    last: list[Parameters] = field(default_factory=list)

    def transition(
        self, x: Array, state: State, parameters: Parameters, nudge: Array | None = None
    ) -> State:
        """With the parameters of the previous call."""
        self.last.append(parameters)
        return self.base.transition(x, state, self.last[-2 if len(self.last) > 1 else -1], nudge)


def rolled(values: Array) -> Array:
    """Every entry in the place of the next one, in any of the number systems."""
    if isinstance(values, Series):
        return Series(tuple(np.roll(c, 1, axis=-1) for c in values.coefficients), values.order)
    if isinstance(values, Jet):
        return Jet(tuple(c if isinstance(c, int) else rolled(c) for c in values.coefficients))
    if isinstance(values, Balls):
        return Balls(arb_mat(np.roll(values.matrix.tolist(), 1, axis=-1).tolist()), values.shape)
    return Field(np.roll(values.words, 1, axis=-1))


@dataclass(frozen=True)
class FlippedRule(Rule):
    """Updates the parameters with the wrong sign."""

    def increment(
        self, network: Network, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """Minus the increment."""
        right = super().increment(network, x, parameters, state, following)
        return {name: value * -1 for name, value in right.items()}


@dataclass(frozen=True)
class LaggingRule(Rule):
    """Makes the update of step ``t`` from ``(s_{t-1}, s_t)``; none at the first step."""

    seen: list[State] = field(default_factory=list)

    def increment(
        self,
        network: Network,
        x: Array,
        parameters: Parameters,
        state: State,
        following: State,  # noqa: ARG002 - not looking at it is the error
    ) -> Parameters:
        """Increment of the step before."""
        before = self.seen[-1] if self.seen else state
        self.seen.append(state)
        return super().increment(network, x, parameters, before, state)


@dataclass(frozen=True)
class AnchoredRule(Rule):
    """Makes every update from the difference to the steady state."""

    seen: list[State] = field(default_factory=list)

    def increment(
        self, network: Network, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """Increment from ``s_*``."""
        self.seen.append(state)
        return super().increment(network, x, parameters, self.seen[0], following)


@dataclass(frozen=True)
class OneSidedRule(Rule):
    """Changes one factor of each Hebbian product only."""

    def increment(
        self, network: Network, x: Array, parameters: Parameters, state: State, following: State
    ) -> Parameters:
        """The neuron that receives moves, the one that sends stays."""
        found = {}
        before = network.primitive_gradient(x, state, parameters)
        for name in before:
            n = int(name.split("_")[1])
            half = (*state[:n], following[n], *state[n + 1 :])
            found[name] = network.primitive_gradient(x, half, parameters)[name] - before[name]
        return found


def with_network(wrap: Callable[[Network], Network]) -> Phase:
    """Return the nudged phase of a wrapped network."""

    def phase(network: Network, *arguments: Any, **options: Any) -> Iterator[NudgedStep]:
        return nudged_phase(wrap(network), *arguments, **options)

    return phase


def with_rule(kind: type[Rule]) -> Phase:
    """Return the nudged phase with the rule replaced by one of another kind."""

    def phase(
        network: Network, rule: Rule, *arguments: Any, **options: Any
    ) -> Iterator[NudgedStep]:
        wrong = kind(rule.name, continual=rule.continual, vector_field=rule.vector_field)
        return nudged_phase(network, wrong, *arguments, **options)

    return phase


def with_frozen_parameters(
    network: Network, rule: Rule, *arguments: Any, **options: Any
) -> Iterator[NudgedStep]:
    """Run the nudged phase without applying the updates."""
    return nudged_phase(network, replace(rule, continual=False), *arguments, **options)


def with_kappa(factor: Callable[[Network, Any], Any]) -> Phase:
    """Return the nudged phase with ``kappa`` multiplied by a factor."""

    def phase(
        network: Network, *arguments: Any, beta: Any, kappa: Any, **options: Any
    ) -> Iterator[NudgedStep]:
        by = factor(network, beta)
        wrong = {n: k * by for n, k in kappa.items()} if isinstance(kappa, dict) else kappa * by
        return nudged_phase(network, *arguments, beta=beta, kappa=wrong, **options)

    return phase


def _late(steps: int, phase: Iterator[NudgedStep]) -> Iterator[tuple[NudgedStep, NudgedStep]]:
    listed = list(phase)
    return iter([(listed[t], listed[t + 1]) for t in range(steps)])


def with_late_states(*arguments: Any, steps: int, **options: Any) -> Iterator[NudgedStep]:
    """Yield the states of step ``t + 1`` in place of those of step ``t``."""
    for now, later in _late(steps, nudged_phase(*arguments, steps=steps + 1, **options)):
        yield replace(now, state=later.state, following=later.following)


def with_late_increments(*arguments: Any, steps: int, **options: Any) -> Iterator[NudgedStep]:
    """Yield the increments of step ``t + 1`` in place of those of step ``t``."""
    for now, later in _late(steps, nudged_phase(*arguments, steps=steps + 1, **options)):
        yield replace(now, increment=later.increment)


def negated(process: list[Any]) -> list[Any]:
    """The gradient with the wrong sign."""
    return [g * -1 for g in process]


def late(process: list[Any]) -> list[Any]:
    """The gradient of step ``t - 1`` in place of that of step ``t``."""
    return [process[0], *process[:-1]]


def shared(process: list[Any]) -> list[Any]:
    """The gradient of one copy that all later transitions share: a running sum."""
    found = [process[0]]
    for g in process[1:]:
        found.append(found[-1] + g)
    return found


def doubled(process: list[Any]) -> list[Any]:
    """The gradient of a loss without its factor one half."""
    return [g * 2 for g in process]
