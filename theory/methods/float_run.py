"""A certificate for a run in floating point: what its updates have to do with minus the gradients.

A run of C-EP is recorded: the free phase, every step of phase 2, and the normalised updates
``Delta``. Every number of it is an exact rational, and three things are found about it, rigorously.

*It is a run of this network.* From every state that it reached, and its parameters there, one more
transition, increment and update are made by ``cep_core`` in arithmetic that encloses what rounding
may do (:mod:`theory.arithmetic.rounded`); what the run has next must lie inside.

*How far it is from the gradients.* The steady state of the network is certified and BPTT's
gradients there are enclosed; so is ``Delta + nabla``, for every neuron, every parameter and every
step. Its largest upper end is the ``epsilon`` of ``|Delta + nabla| <= epsilon``: rounding, finite
``beta`` and ``kappa``, and what the free phase had left are all in it.

*How much of that is rounding.* The same run, from the same zeros, is enclosed without rounding.

Pixels that send nothing are left out of what is enclosed: their weights have neither an update
nor a gradient, exactly, which is checked on the run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from cep_core.arrays import Parameters, State
from cep_core.check.delta import delta
from cep_core.check.processes import Processes
from cep_core.networks import answering, weight
from cep_core.phases import NudgedStep, free_phase, nudged_phase
from cep_core.problem import Problem
from cep_core.rules import C_EP
from theory.arithmetic.balls import Balls, balls, precision, scalar
from theory.arithmetic.rounded import Rounded, rounded
from theory.arithmetic.tape import unrolled_gradients
from theory.methods import definition
from theory.methods.certified import Setup, in_balls
from theory.methods.steady_state import certify, folded

UNROUNDED_BITS = 320
"""Precision of the run without rounding: hundreds of transitions widen its balls step by step."""


@dataclass(frozen=True)
class Strengths:
    """How the run is made: nudging strength, ``kappa``, ``K``, and when the free phase ends."""

    beta: float
    kappa: float
    steps: int
    tolerance: float


@dataclass(frozen=True)
class Run:
    """A run in floating point, as recorded.

    Attributes:
        setup: network, input, target and parameters, in the run's dtype.
        strengths: of the run.
        free: states of the free phase, from 0 to ``s_T``.
        nudged: steps of phase 2.
        updates: ``Delta``, by ``cep_core``.

    """

    setup: Setup
    strengths: Strengths
    free: list[State]
    nudged: list[NudgedStep]
    updates: Processes


def run(setup: Setup, strengths: Strengths) -> Run:
    """Run C-EP in the dtype of ``setup`` and record it."""
    network, x, parameters = setup.network, setup.x, setup.parameters
    free = [answering(network).zero_state(x, parameters)]
    for _ in range(setup.free_steps):
        made = free_phase(network, x, parameters, steps=1, start=free[-1])
        free.append(made.state)
        if made.residual <= strengths.tolerance:
            break
    problem = Problem(network, x, setup.y, parameters, steady=free[-1])
    options: dict[str, Any] = {
        "beta": strengths.beta,
        "kappa": strengths.kappa,
        "steps": strengths.steps,
    }
    with torch.no_grad():
        steps = nudged_phase(network, C_EP, x, setup.y, parameters, free[-1], **options)
        nudged = list(steps)
    return Run(setup, strengths, free, nudged, delta(problem, C_EP, **options))


@dataclass(frozen=True)
class Errors:
    """Upper bounds of absolute errors, over all steps.

    Attributes:
        neurons: of ``|Delta_s + D nabla_s|``.
        parameters: of ``|Delta_theta + nabla_theta|``.
        gradient: a lower bound of the largest gradient, to compare with.
        rounding: of the distance of ``Delta`` from that of the run without rounding.
        states: of the distance of the states from those without rounding.

    """

    neurons: float
    parameters: float
    gradient: float
    rounding: float
    states: float


class Certificate:
    """What is known of a run, as one of the network, input and parameters of ``setup``.

    Args:
        setup: what is claimed to have been run.
        run: the run.

    """

    def __init__(self, setup: Setup, made: Run) -> None:
        """Leave dark pixels out."""
        self.run, self.strengths = made, made.strengths
        self.input_weight = weight(len(answering(setup.network).activations) - 1, "x")
        self.lit = self._lit(setup)
        self.dark_weights = setup.parameters[self.input_weight][:, ~self.lit]
        self.setup = replace(
            setup, x=setup.x[:, self.lit], parameters=self._without(setup.parameters)
        )

    def _lit(self, setup: Setup) -> torch.Tensor:
        """Which pixels send anything, by the products of what they send with ones."""
        ones = tuple(torch.ones_like(s) for s in self.run.free[0])
        sent = setup.network.primitive_gradient(setup.x, ones, setup.parameters)
        lit: torch.Tensor = sent[self.input_weight].abs().sum(0) > 0
        return lit

    def _without(self, parameters: Parameters) -> Parameters:
        return parameters | {self.input_weight: parameters[self.input_weight][:, self.lit]}

    def outside(self) -> str:
        """The first number of the run that no rounding explains; empty if there is none."""
        setup = self.setup
        network, x, y = setup.network, rounded(setup.x), rounded(setup.y)
        parameters = _all_rounded(setup.parameters)
        for t, (state, following) in enumerate(zip(self.run.free, self.run.free[1:], strict=False)):
            enclosed = network.transition(x, tuple(rounded(s) for s in state), parameters)
            wrong = _escaped(_states(enclosed), _states(following))
            if wrong:
                return f"the free phase: {wrong} of s_{t + 1} is not what rounding makes of s_{t}"
        for t, step in enumerate(self.run.nudged):
            before = tuple(rounded(s) for s in step.state)
            (found,) = nudged_phase(
                network,
                C_EP,
                x,
                y,
                parameters,
                before,
                beta=self.strengths.beta,
                kappa=self.strengths.kappa,
                steps=1,
            )
            now = self._without(step.parameters)
            wrong = (
                _escaped(_states(found.following), _states(step.following))
                or _escaped(found.increment, self._without(step.increment))
                or _escaped(found.parameters, now)
            )
            if wrong:
                return f"phase 2: {wrong} at t = {t} is not what rounding makes of the step before"
            parameters = _all_rounded(now)
        return self._dark()

    def _dark(self) -> str:
        """Whether the weight of a pixel that sends nothing has moved, or is another."""
        moved = self.run.updates.parameters[self.input_weight][:, :, ~self.lit]
        ends = [step.parameters[self.input_weight][:, ~self.lit] for step in self.run.nudged]
        if bool(moved.any()) or any(not torch.equal(end, self.dark_weights) for end in ends):
            return "phase 2: the weight of a dark pixel has moved"
        return ""

    @cached_property
    def _exact(self) -> tuple[Any, Balls, Balls, Parameters]:
        """Network, input, target and parameters in balls, without error."""
        setup = self.setup
        parameters = {name: _ball(value) for name, value in setup.parameters.items()}
        return in_balls(setup.network), _ball(setup.x), _ball(setup.y), parameters

    def errors(self) -> Errors:
        """Enclose ``Delta + nabla``, and the run without rounding.

        Raises:
            UncertifiedError: no steady state could be certified.
            KinkError: an activation has a kink there.

        """
        network, x, y, parameters = self._exact
        near = [s.double().numpy() for s in self.run.free[-1]]
        steady = certify(network, x, parameters, near).state
        nabla = unrolled_gradients(network, x, y, parameters, steady, steps=self.strengths.steps)
        slopes = definition.slopes(network, x, steady, parameters)
        updates = self._updates()
        neurons, weights, gradient, rounding = 0.0, 0.0, 0.0, 0.0
        with precision(UNROUNDED_BITS):
            apart, unrounded = self._states_apart(), self._exact_updates()
        for t, exact in enumerate(unrounded):
            for n, g in enumerate(nabla.states[t]):
                followed = g if slopes is None else g * slopes[n]
                neurons = max(neurons, _largest(updates[t][f"s_{n}"] + followed))
                gradient = max(gradient, _largest_below(followed))
            for name, g in nabla.parameters[t].items():
                weights = max(weights, _largest(updates[t][name] + g))
            for name, value in exact.items():
                rounding = max(rounding, _largest(updates[t][name] - value))
        return Errors(neurons, weights, gradient, rounding, apart)

    def _updates(self) -> list[dict[str, Balls]]:
        """``Delta`` of the run, exact, by step."""
        found = []
        for t in range(self.strengths.steps):
            states = {f"s_{n}": _ball(s[t]) for n, s in enumerate(self.run.updates.state)}
            parameters = {name: value[t] for name, value in self.run.updates.parameters.items()}
            found.append(states | {name: _ball(v) for name, v in self._without(parameters).items()})
        return found

    @cached_property
    def _settled(self) -> list[State]:
        """The free phase without rounding: as many transitions, from 0."""
        network, x, _, parameters = self._exact
        x, parameters = folded(network, x, parameters)
        states = [tuple(_ball(s) for s in self.run.free[0])]
        for _ in self.run.free[1:]:
            states.append(network.transition(x, states[-1], parameters))
        return states

    def _states_apart(self) -> float:
        apart = 0.0
        for exact, reached in zip(self._settled, self.run.free, strict=True):
            apart = max(
                apart, *(_largest(a - _ball(b)) for a, b in zip(exact, reached, strict=True))
            )
        return apart

    def _exact_updates(self) -> list[dict[str, Balls]]:
        """``Delta`` without rounding, by step."""
        network, x, y, parameters = self._exact
        scale = network.time_scale * scalar(self.strengths.beta)
        inverse = scale.each(lambda e: 1 / e)
        found = []
        for step in nudged_phase(
            network,
            C_EP,
            x,
            y,
            parameters,
            self._settled[-1],
            beta=scalar(self.strengths.beta),
            kappa=scalar(self.strengths.kappa),
            steps=self.strengths.steps,
        ):
            moved = zip(step.state, step.following, strict=True)
            states = {f"s_{n}": (b - a) * inverse for n, (a, b) in enumerate(moved)}
            found.append(states | {name: v * inverse for name, v in step.increment.items()})
        return found


def _ball(numbers: torch.Tensor) -> Balls:
    return balls(numbers.double().numpy())


def _all_rounded(parameters: Parameters) -> Parameters:
    return {name: rounded(value) for name, value in parameters.items()}


def _states(state: State) -> Parameters:
    return {f"layer {n}": s for n, s in enumerate(state)}


def _escaped(enclosed: dict[str, Rounded], numbers: dict[str, torch.Tensor]) -> str:
    """The first array of which a number lies outside its enclosure; empty if none does."""
    outside = (name for name, value in enclosed.items() if not value.contains(numbers[name]))
    return next(outside, "")


def _largest(array: Balls) -> float:
    """An upper bound of the absolute value of every element."""
    return float(np.nextafter(max(float(e.abs_upper()) for e in array.entries()), np.inf))


def _largest_below(array: Balls) -> float:
    """A lower bound of the largest absolute value."""
    return float(np.nextafter(max(float(e.abs_lower()) for e in array.entries()), 0))
