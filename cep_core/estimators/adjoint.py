"""Estimators that go back: through time, by the adjoint equation, and with the doubled state.

All of them give ``lambda``, the gradient itself where the state is settled and the sums are long:
``lambda = t D (I - J^T)^{-1} dl/ds``, with ``J = dF/ds``, ``t`` the network's time scale and ``D``
the slopes where the nudge is inside an activation (1 otherwise).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from cep_core.arrays import State
from cep_core.estimators.estimate import Estimate
from cep_core.networks import answering
from cep_core.phases import largest_change
from cep_core.problem import Problem


def _followed(problem: Problem, at: State, gradient: State) -> State:
    """The gradient in the state, in the variable in which a nudge enters."""
    network = answering(problem.network)
    slopes = network.followed_slopes(problem.x, at, problem.parameters)
    scaled = tuple(g * network.time_scale for g in gradient)
    if slopes is None:
        return scaled
    return tuple(g * d for g, d in zip(scaled, slopes, strict=True))


def _loss_gradient(problem: Problem, state: State) -> State:
    """``dl/ds``, zero off the output."""
    output = problem.loss.gradient(state[0], problem.y)
    return (output, *(torch.zeros_like(s) for s in state[1:]))


def _transposed(problem: Problem) -> Callable[[State], State]:
    """``v -> J^T v`` at the free state, by one graph that is kept."""
    with torch.enable_grad():
        at = tuple(s.detach().requires_grad_() for s in problem.rest)
        after = problem.network.transition(problem.x, at, problem.parameters)

    def product(vector: State) -> State:
        return torch.autograd.grad(
            after, at, vector, retain_graph=True, allow_unused=True, materialize_grads=True
        )

    return product


def _plus(one: State, other: State) -> State:
    return tuple(a + b for a, b in zip(one, other, strict=True))


@dataclass(frozen=True)
class BackpropagationThroughTime:
    """Backpropagation through ``T2`` steps from the free state.

    Attributes:
        steps: ``T2``.

    """

    steps: int
    name: str = "BPTT"

    def __call__(self, problem: Problem) -> Estimate:
        """Unroll and differentiate; see :class:`cep_core.estimators.Estimator`."""
        with torch.enable_grad():
            before: list[State] = []
            after: list[State] = []
            state = tuple(s.detach().requires_grad_() for s in problem.rest)
            for _ in range(self.steps):
                before.append(state)
                state = problem.network.transition(problem.x, state, problem.parameters)
                after.append(state)
            leaves = [s for step in after for s in step]
            weights = _loss_gradient(problem, tuple(s.detach() for s in state))
            found = torch.autograd.grad(
                state, leaves, weights, allow_unused=True, materialize_grads=True
            )
        layers, terms = len(state), []
        for t, at in enumerate(before):
            rest = tuple(s.detach() for s in at)
            gradient = found[t * layers : (t + 1) * layers]
            terms.append((rest, _followed(problem, rest, gradient)))
        return Estimate(tuple(terms))


@dataclass(frozen=True)
class RelaxedAdjoint:
    """The adjoint equation ``lambda = J^T lambda + dl/ds`` by relaxation (recurrent BP).

    Attributes:
        steps: the most that are made.
        tolerance: largest change in one step at which it stops; 0 to make them all.

    """

    steps: int = 10_000
    tolerance: float = 1e-14
    name: str = "adjoint"

    def __call__(self, problem: Problem) -> Estimate:
        """Relax from 0; see :class:`cep_core.estimators.Estimator`."""
        back, source = _transposed(problem), _loss_gradient(problem, problem.rest)
        signal: State = tuple(torch.zeros_like(s) for s in problem.rest)
        for _ in range(self.steps):
            before, signal = signal, _plus(back(signal), source)
            if self.tolerance and largest_change(before, signal) <= self.tolerance:
                break
        return Estimate(((problem.rest, _followed(problem, problem.rest, signal)),))


@dataclass(frozen=True)
class NeumannSeries:
    """``sum_k (J^T)^k dl/ds`` over so many terms: BPTT of as many steps at a settled state.

    Attributes:
        terms: how many, from ``k = 0``.

    """

    terms: int
    name: str = "Neumann series"

    def __call__(self, problem: Problem) -> Estimate:
        """Sum the series; see :class:`cep_core.estimators.Estimator`."""
        back = _transposed(problem)
        term = total = _loss_gradient(problem, problem.rest)
        for _ in range(self.terms - 1):
            term = back(term)
            total = _plus(total, term)
        return Estimate(((problem.rest, _followed(problem, problem.rest, total)),))


@dataclass(frozen=True)
class Dyadic:
    """Dyadic EP: twice the neurons, and one energy for all of them (2602.03670).

    With ``H(m, d) = d (F(m) - m) + beta l(m)`` the doubled state follows the gradients crosswise,
    ``m <- m + dH/dd``, ``d <- d + dH/dm``: ``m`` stays at the free state, and ``d / beta`` settles
    to the adjoint for every ``beta``, since its equation is linear.

    Attributes:
        steps: how many.
        beta: nudging strength, of either sign.

    """

    steps: int
    beta: float = 1.0

    @property
    def name(self) -> str:
        """``dyadic, β = …``."""
        return f"dyadic, β = {self.beta:g}"

    def __call__(self, problem: Problem) -> Estimate:
        """Run the doubled network; see :class:`cep_core.estimators.Estimator`."""
        first, second = problem.rest, tuple(torch.zeros_like(s) for s in problem.rest)
        for _ in range(self.steps):
            with torch.enable_grad():
                m = tuple(s.detach().requires_grad_() for s in first)
                d = tuple(s.detach().requires_grad_() for s in second)
                after = problem.network.transition(problem.x, m, problem.parameters)
                pairs = zip(d, after, m, strict=True)
                energy = sum((v * (f - s)).sum() for v, f, s in pairs)
                energy = energy + self.beta * problem.loss.value(m[0], problem.y)
                in_first, in_second = _halves(torch.autograd.grad(energy, (*m, *d)))
            first, second = _plus(first, in_second), _plus(second, in_first)
        signal = tuple(s / self.beta for s in second)
        return Estimate(((first, _followed(problem, first, signal)),))


def _halves(found: tuple[torch.Tensor, ...]) -> tuple[State, State]:
    half = len(found) // 2
    return found[:half], found[half:]
