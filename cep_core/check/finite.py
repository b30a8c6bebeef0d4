"""BPTT itself held against finite differences of the unrolled loss.

Automatic differentiation returns what the user's functions say their derivatives are. Where one of
them is detached, or has a straight-through or a wrong ``backward``, the gradient is not that of the
loss, and a comparison with it would prove nothing. The loss does not lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from cep_core.arrays import Parameters, State
from cep_core.check.bptt import unroll
from cep_core.check.processes import Processes
from cep_core.check.sideeffects import directions
from cep_core.losses import Loss
from cep_core.problem import Problem
from cep_core.structures import batch_of

_STEP = 1e-5
_DIFFERS = 1e-3
"""Relative difference from the finite difference that is no error of the finite difference."""


@dataclass(frozen=True)
class Slope:
    """The derivative of the loss along one random direction of one tensor, in two ways.

    Attributes:
        finite: by central differences.
        automatic: by BPTT.
        uncertainty: of the finite difference.
        direction: along which.

    """

    finite: float
    automatic: float
    uncertainty: float
    direction: torch.Tensor

    @property
    def agrees(self) -> bool:
        """Whether the difference is within what finite differences can tell."""
        gap = abs(self.finite - self.automatic)
        size = max(abs(self.finite), abs(self.automatic))
        return not (gap > _DIFFERS * size and gap > 10 * self.uncertainty)


def parameter_slopes(
    problem: Problem, gradients: Processes, loss: Loss, fresh: Callable[[], None]
) -> dict[str, Slope]:
    """The slope of the loss of the last ``K`` transitions in every parameter, the same in all."""
    batch = batch_of(problem.x, problem.rest)
    steps = len(gradients.state[0])
    drawn = directions(problem.parameters.values(), seed=3)
    found = {}
    for (name, value), direction in zip(problem.parameters.items(), drawn, strict=True):
        size = _STEP * max(1.0, _typical(value))

        def moved(
            by: float, n: str = name, v: torch.Tensor = value, d: torch.Tensor = direction
        ) -> float:
            parameters = problem.parameters | {n: v + by * d}
            return _loss_at_the_end(problem, problem.rest, [parameters] * steps, loss, fresh)

        automatic = float((gradients.parameters[name].sum(0) * direction).sum()) * batch
        finite, uncertainty = _central(moved, size)
        found[name] = Slope(finite, automatic, uncertainty, direction)
    return found


def state_slope(
    problem: Problem, gradients: tuple[torch.Tensor, ...], loss: Loss, fresh: Callable[[], None]
) -> Slope:
    """The slope of the loss in the state ``K - 1`` transitions before the end."""
    steps = len(gradients[0]) - 1
    drawn = directions(problem.rest, seed=4)

    def moved(by: float) -> float:
        state = tuple(s + by * d for s, d in zip(problem.rest, drawn, strict=True))
        return _loss_at_the_end(problem, state, [problem.parameters] * steps, loss, fresh)

    pairs = zip(gradients, drawn, strict=True)
    automatic = sum(float((g[-1] * d).sum()) for g, d in pairs)
    finite, uncertainty = _central(moved, _STEP)
    return Slope(finite, automatic, uncertainty, torch.cat([d.flatten() for d in drawn]))


def stepwise_slopes(
    problem: Problem,
    direction: torch.Tensor,
    loss: Loss,
    fresh: Callable[[], None],
    *,
    steps: int,
    name: str = "",
    layer: int = 0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """``nabla(t)`` of one tensor along a direction by finite differences, and their uncertainty.

    Of the parameter ``name``, in the one transition that ``t`` others follow, a mean over samples;
    without a name of a layer, in the state that ``t`` transitions follow. Shapes ``(K,)``.
    """
    theta, rest = problem.parameters, problem.rest
    size = _STEP * (max(1.0, _typical(theta[name])) if name else 1.0)
    batch = batch_of(problem.x, rest) if name else 1
    found = []
    for t in range(steps):

        def moved(by: float, after: int = t) -> float:
            if name:
                copies = [theta | {name: theta[name] + by * direction}, *[theta] * after]
                return _loss_at_the_end(problem, rest, copies, loss, fresh)
            state = tuple(s + by * direction if n == layer else s for n, s in enumerate(rest))
            return _loss_at_the_end(problem, state, [theta] * after, loss, fresh)

        found.append(_central(moved, size))
    slopes, uncertainties = zip(*found, strict=True)
    as_numbers = [torch.tensor(v, dtype=torch.float64) / batch for v in (slopes, uncertainties)]
    return as_numbers[0], as_numbers[1]


def _loss_at_the_end(
    problem: Problem,
    start: State,
    copies: Sequence[Parameters],
    loss: Loss,
    fresh: Callable[[], None],
) -> float:
    fresh()
    with torch.no_grad():
        states = unroll(problem.network, problem.x, start, copies)
        return float(loss.value(states[-1][0], problem.y))


def _central(moved: Callable[[float], float], size: float) -> tuple[float, float]:
    slopes = []
    noise = 0.0
    for step in (size, size / 2):
        ahead, behind = moved(step), moved(-step)
        slopes.append((ahead - behind) / (2 * step))
        noise = 4 * torch.finfo(torch.float64).eps * max(abs(ahead), abs(behind)) / step
    return slopes[1], abs(slopes[0] - slopes[1]) + noise


def _typical(value: torch.Tensor) -> float:
    return float(value.square().mean().sqrt()) if value.numel() else 1.0
