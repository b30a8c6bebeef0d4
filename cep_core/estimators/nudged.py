"""Estimators that nudge: at beta = 0, on one side, at points of a circle, or turning.

The nudge adds ``beta dl/dr``, so that the displacement over ``beta`` estimates plus the gradient
(2309.02214). Each comes in two forms: of the network as it is, with the bias of asymmetric weights,
and *corrected* (:class:`cep_core.networks.corrected.Corrected`), with ``(J - J^T)(s - s_*)`` taken
out, which is AsymEP (2602.03670); its form with N points leaves no bias of either kind.

Complex nudges need an activation and a loss that are holomorphic where the state moves, and
PyTorch's ``complex128`` (``complex64`` for float32).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from cep_core.activations import kinks
from cep_core.arrays import Parameters, State
from cep_core.estimators.estimate import Estimate
from cep_core.networks import Network, answering
from cep_core.networks.corrected import Corrected
from cep_core.problem import Problem

COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64}
"""The complex dtype of a real one."""


def _dynamics(problem: Problem, *, corrected: bool) -> Network:
    """The network of the nudged phase."""
    if not corrected:
        return problem.network
    return Corrected(problem.network, problem.rest, problem.parameters)


def _told(name: str, *, corrected: bool) -> str:
    return f"AsymEP, {name}" if corrected else name


def _in(problem: Problem, dtype: torch.dtype) -> Problem:
    """The same problem in a complex dtype.

    Raises:
        ValueError: an activation has a kink, and so no values there.

    """
    for f in answering(problem.network).activations:
        if kinks(f):
            raise ValueError(
                f"points: expected activations that are analytic for a complex nudge, found "
                f"{f.name}, which has kinks: use N = 1 or 2"
            )
    return problem.to(dtype)


def _repeated(problem: Problem, times: int) -> Problem:
    """The same samples ``times`` times, one after another."""

    def copies(value: torch.Tensor) -> torch.Tensor:
        return torch.cat([value] * times)

    return Problem(
        problem.network,
        copies(problem.x),
        copies(problem.y),
        problem.parameters,
        problem.loss,
        tuple(copies(s) for s in problem.rest),
    )


def nudged_states(
    problem: Problem, start: State, beta: Any, *, steps: int, corrected: bool = False
) -> Iterator[State]:
    """States of a phase nudged by ``+ beta dl/dr``, after each of its steps.

    Args:
        problem: with its free state, at which the correction is taken.
        start: first state.
        beta: a number, or a tensor that broadcasts over the loss's gradient.
        steps: how many.
        corrected: whether the asymmetry is taken out.

    """
    network, state = _dynamics(problem, corrected=corrected), start
    for _ in range(steps):
        nudge = problem.loss.gradient(state[0], problem.y) * -beta
        state = network.transition(problem.x, state, problem.parameters, nudge)
        yield state


def _last(states: Iterator[State]) -> State:
    for state in states:
        last = state
    return last


def _require_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps: expected a positive count, found {steps}")


def _require_beta(beta: float) -> None:
    if not (math.isfinite(beta) and beta):
        raise ValueError(f"beta: expected a number other than 0, found {beta}")


@dataclass(frozen=True)
class DerivativeAtZero:
    """``d r / d beta`` at ``beta = 0`` by differentiating ``T2`` steps forwards: N = 0.

    Attributes:
        steps: ``T2``.
        corrected: AsymEP's form.

    Raises:
        ValueError: at construction, if the count is not positive.

    """

    steps: int
    corrected: bool = False

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        _require_steps(self.steps)

    @property
    def name(self) -> str:
        """``derivative at β = 0``."""
        return _told("derivative at β = 0", corrected=self.corrected)

    def __call__(self, problem: Problem) -> Estimate:
        """Differentiate the nudged phase; see :class:`cep_core.estimators.Estimator`."""
        network: Any = problem.network
        linearised = getattr(network, "linearised", None) or partial(_differentiated, network)
        state = problem.rest
        tangent: State = tuple(torch.zeros_like(s) for s in state)
        with torch.no_grad():
            for _ in range(self.steps):
                nudge = -problem.loss.gradient(state[0], problem.y)
                given = (problem.x, state, problem.parameters)
                state, after = linearised(*given, tangent, nudge)
                if self.corrected:
                    given = (problem.x, problem.rest, problem.parameters)
                    extra = answering(network).asymmetry(*given, tangent)
                    after = tuple(a - e for a, e in zip(after, extra, strict=True))
                tangent = after
        return Estimate(((problem.rest, tangent),))


def _differentiated(
    network: Network, x: Any, state: State, parameters: Parameters, vector: State, nudge: Any
) -> tuple[State, State]:
    """``F(s)`` and its derivative along ``vector`` and along a nudge, of any network.

    The derivative along a direction is that of a backward pass in its weights: PyTorch's own
    forward mode compiles by a way that is deprecated.
    """
    with torch.enable_grad():
        at = tuple(s.detach().requires_grad_() for s in state)
        pull = torch.zeros_like(nudge, requires_grad=True)
        after = network.transition(x, at, parameters, pull)
        weights = tuple(torch.zeros_like(a, requires_grad=True) for a in after)
        options = {"allow_unused": True, "materialize_grads": True}
        back = torch.autograd.grad(after, (*at, pull), weights, create_graph=True, **options)
        tangent = torch.autograd.grad(back, weights, (*vector, nudge), **options)
    return tuple(a.detach() for a in after), tangent


@dataclass(frozen=True)
class OneSided:
    """``[r(beta) - r_*] / beta`` after ``T2`` steps: N = 1.

    Attributes:
        beta: nudging strength, of either sign.
        steps: ``T2``.
        corrected: AsymEP's form.

    Raises:
        ValueError: at construction, naming the field.

    """

    beta: float
    steps: int
    corrected: bool = False

    def __post_init__(self) -> None:
        """Refuse what defines no estimate."""
        _require_steps(self.steps)
        _require_beta(self.beta)

    @property
    def name(self) -> str:
        """``N = 1, β = …``."""
        return _told(f"N = 1, β = {self.beta:g}", corrected=self.corrected)

    def __call__(self, problem: Problem) -> Estimate:
        """Run one nudged phase; see :class:`cep_core.estimators.Estimator`."""
        with torch.no_grad():
            phase = nudged_states(
                problem, problem.rest, self.beta, steps=self.steps, corrected=self.corrected
            )
            pairs = zip(_last(phase), problem.rest, strict=True)
            signal = tuple((s - rest) / self.beta for s, rest in pairs)
        return Estimate(((problem.rest, signal),))


@dataclass(frozen=True)
class PointsOnCircle:
    """``(1/N) sum_k Re[r(beta_k) / beta_k]``, ``beta_k = beta e^{2 pi i k / N}``; N = 2 is centred.

    Inside the radius up to which the steady state is analytic in ``beta`` its error is of order
    ``beta^N``. Conjugate points give conjugate states, so half of them are run, all at once.

    Attributes:
        beta: radius of the circle, positive.
        points: ``N``, 2 at least.
        steps: ``T2``.
        corrected: AsymEP's form.

    Raises:
        ValueError: at construction, naming the field.

    """

    beta: float
    points: int
    steps: int
    corrected: bool = False

    def __post_init__(self) -> None:
        """Refuse what defines no estimate."""
        _require_steps(self.steps)
        _require_beta(self.beta)
        if self.points < 2:  # noqa: PLR2004 - one point is OneSided
            raise ValueError(f"points: expected 2 at least, found {self.points}")

    @property
    def name(self) -> str:
        """``N = …, β = …``."""
        return _told(f"N = {self.points}, β = {self.beta:g}", corrected=self.corrected)

    def __call__(self, problem: Problem) -> Estimate:
        """Run the nudged phases; see :class:`cep_core.estimators.Estimator`."""
        half = self.points // 2 + 1
        turns = [cmath.rect(1.0, math.tau * k / self.points) for k in range(half)]
        weights = [1.0 if k == 0 or 2 * k == self.points else 2.0 for k in range(half)]
        real = self.points == 2  # noqa: PLR2004 - plus and minus beta
        dtype = problem.rest[0].dtype
        at = problem if real else _in(problem, COMPLEX[dtype])
        batch = len(problem.rest[0])
        betas = torch.tensor(
            [self.beta * (z.real if real else z) for z in turns],
            dtype=at.rest[0].dtype,
            device=at.rest[0].device,
        )
        with torch.no_grad():
            stacked = _repeated(at, half)
            spread = betas.repeat_interleave(batch)
            beta = spread.reshape(-1, *[1] * (at.rest[0].ndim - 1))
            phase = nudged_states(
                stacked, stacked.rest, beta, steps=self.steps, corrected=self.corrected
            )
            signal = tuple(
                _mean_over_points(s, betas, weights, batch) / self.points for s in _last(phase)
            )
        return Estimate(((problem.rest, signal),))


def _mean_over_points(
    state: torch.Tensor, betas: torch.Tensor, weights: Sequence[float], batch: int
) -> torch.Tensor:
    """Sum of ``weight Re[state / beta]`` over the points that lie one after another."""
    parts = [s / b * w for s, b, w in zip(torch.split(state, batch), betas, weights, strict=True)]
    total = torch.stack(parts).sum(0)
    return total.real if total.is_complex() else total


@dataclass(frozen=True)
class TurningNudge:
    """The state keeps running while ``beta`` turns through N phases: means replace the two phases.

    Each phase lasts ``T2`` steps at ``beta e^{2 pi i k / N}`` and is read at its end. The means of
    ``Re[r / beta]`` and of ``Re r`` over the whole turns after the first are the signal and the
    activities. No free phase is needed: it starts at the given state, be it zero.

    Attributes:
        beta: radius of the circle.
        points: ``N``, 2 at least.
        steps: ``T2``.
        turns: how many whole turns are averaged.
        settling: turns before them.

    Raises:
        ValueError: at construction, naming the field.

    """

    beta: float
    points: int
    steps: int
    turns: int = 1
    settling: int = 1

    def __post_init__(self) -> None:
        """Refuse what defines no estimate."""
        _require_steps(self.steps)
        _require_beta(self.beta)
        for field, least in (("points", 2), ("turns", 1), ("settling", 0)):
            if getattr(self, field) < least:
                found = getattr(self, field)
                raise ValueError(f"{field}: expected {least} at least, found {found}")

    @property
    def name(self) -> str:
        """``online, N = …, β = …``."""
        return f"online, N = {self.points}, β = {self.beta:g}"

    def __call__(self, problem: Problem) -> Estimate:
        """Let the nudge turn; see :class:`cep_core.estimators.Estimator`."""
        at = _in(problem, COMPLEX[problem.rest[0].dtype])
        state = at.rest
        signal = [torch.zeros_like(s) for s in problem.rest]
        mean = [torch.zeros_like(s) for s in problem.rest]
        count = self.turns * self.points
        with torch.no_grad():
            for phase in range(self.settling * self.points + count):
                beta = cmath.rect(self.beta, math.tau * phase / self.points)
                state = _last(nudged_states(at, state, beta, steps=self.steps))
                if phase >= self.settling * self.points:
                    signal = [
                        q + (s / beta).real / count for q, s in zip(signal, state, strict=True)
                    ]
                    mean = [m + s.real / count for m, s in zip(mean, state, strict=True)]
        return Estimate(((tuple(mean), tuple(signal)),))
