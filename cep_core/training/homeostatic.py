"""Training a directed network by an estimator of the gradient, with Jacobian homeostasis.

One mini-batch: a free phase of ``T1`` steps; an estimate of the error signals; the penalty's
gradient at the free state; the read-out's own gradient; one step of the optimiser on all of them.
The learner is an engine (:class:`cep_core.training.engine.Engine`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from cep_core.estimators.estimate import Estimate, Estimator
from cep_core.homeostasis import (
    JacobianOf,
    antisymmetric_loss,
    hutchinson_loss,
    neurons_of,
    normal_draws,
)
from cep_core.losses import Loss, SquaredError
from cep_core.networks.damped import Damped
from cep_core.networks.directed import Directed
from cep_core.phases import FreePhase, free_phase
from cep_core.problem import Problem
from cep_core.read_out import BIAS, KERNEL, SoftmaxReadOut

PenaltyKind = Literal["none", "draws", "closed form", "weight decay"]
PENALTIES: tuple[PenaltyKind, ...] = get_args(PenaltyKind)


@dataclass(frozen=True)
class Penalty:
    """What keeps the Jacobian symmetric, or is the control for it.

    Attributes:
        kind: ``"draws"`` of Hutchinson's estimate, as published; its ``"closed form"``; or
            ``"weight decay"``, ``(2 / n) W`` on the weights between neurons, which is the closed
            form's gradient wherever a block has no partner.
        coefficient: factor on the penalty's gradient.
        draws: how many per sample.
        jacobian: of which form of the Jacobian.

    """

    kind: PenaltyKind = "none"
    coefficient: float = 0.0
    draws: int = 5
    jacobian: JacobianOf = "published"


OptimiserOf = Callable[[list[torch.Tensor]], torch.optim.Optimizer]


class HomeostaticLearner:
    """A directed network that learns; parameters are changed in place.

    Args:
        network: the dynamics; it is run with its weights stored transposed, as products want them.
        damping: of both phases; see :class:`cep_core.networks.damped.Damped`.
        estimator: of the error signals.
        free_steps: ``T1``.
        penalty: see :class:`Penalty`.
        optimiser: makes one for a list of tensors.
        parameters: of the network, and of the read-out if there is one; copied.
        seed: of the penalty's draws.

    """

    def __init__(
        self,
        network: Directed,
        *,
        damping: float,
        estimator: Estimator,
        free_steps: int,
        penalty: Penalty,
        optimiser: OptimiserOf,
        parameters: Mapping[str, torch.Tensor],
        seed: int = 0,
    ) -> None:
        """Take copies of the parameters."""
        self.network, self.damping, self.estimator = network, damping, estimator
        self.free_steps, self.penalty = free_steps, penalty
        self._generator = torch.Generator().manual_seed(seed)
        self._held = {name: _product_ready(value) for name, value in parameters.items()}
        self._optimiser = optimiser(list(self._held.values()))
        self._last: FreePhase | None = None
        _remember_nothing(self._optimiser)

    @property
    def loss(self) -> Loss:
        """Cross-entropy of the read-out, or the squared error without one."""
        return SoftmaxReadOut(self._held) if KERNEL in self._held else SquaredError()

    def parameters(self) -> dict[str, torch.Tensor]:
        """Return copies of the parameters by name."""
        return {name: value.clone().contiguous() for name, value in self._held.items()}

    def settle(self, x: torch.Tensor) -> tuple[FreePhase, Directed | Damped, torch.Tensor]:
        """Run the free phase; return it, with the network and the input that it was run with."""
        driven, drive = self.network.driven(x, self._held)
        network = Damped(driven, self.damping) if self.damping else driven
        start = self.network.zero_state(x, self._held)
        free = free_phase(network, drive, self._held, steps=self.free_steps, start=start)
        return free, network, drive

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """The output after a free phase, or the read-out's logits of it, ``(B, classes)``."""
        with torch.no_grad():
            return self._scores(self.settle(x)[0].state[0])

    def _scores(self, output: torch.Tensor) -> torch.Tensor:
        loss = self.loss
        return loss.logits(output) if isinstance(loss, SoftmaxReadOut) else output

    @property
    def steady_state(self) -> tuple[torch.Tensor, ...]:
        """End of the last mini-batch's free phase; see :class:`cep_core.training.engine.Engine`.

        Raises:
            ValueError: no mini-batch has been learned.

        """
        if self._last is None:
            raise ValueError("steady_state: expected a mini-batch to have been learned, found none")
        return self._last.state

    def learn(self, x: torch.Tensor, y: torch.Tensor, sign: int = 1) -> torch.Tensor:
        """Learn one mini-batch; return what :meth:`predict` would have said of it before.

        Args:
            x: inputs, shape ``(B, size_x)``.
            y: one-hot targets, shape ``(B, classes)``.
            sign: of ``beta``: only +1, as an estimator has its own nudges.

        Raises:
            ValueError: another sign.

        """
        if sign != 1:
            raise ValueError(f"sign: expected 1, as an estimator has its own nudges, found {sign}")
        with torch.no_grad():
            free, network, drive = self.settle(x)
            self._last = free
            scores = self._scores(free.state[0])
            loss = self.loss
            problem = Problem(network, drive, y, self._held, loss, free.state)
            estimate = self.estimator(problem)
            whole = Problem(self._whole(), x, y, self._held, loss, free.state)
            gradient = estimate.gradient(whole)
            if isinstance(loss, SoftmaxReadOut):
                own = loss.parameter_gradient(free.state[0], y)
                gradient |= {name: own[name] / len(x) for name in (KERNEL, BIAS)}
            for name, extra in self._penalty_gradient(problem).items():
                gradient[name] = gradient[name] + self.penalty.coefficient * extra
            for name, value in self._held.items():
                value.grad = gradient[name]
        self._optimiser.step()
        return scores

    def _whole(self) -> Directed | Damped:
        """The network that was run, its input not computed beforehand: its gradient is wanted."""
        return Damped(self.network, self.damping) if self.damping else self.network

    def _penalty_gradient(self, problem: Problem) -> dict[str, torch.Tensor]:
        kind, network = self.penalty.kind, self.network
        if kind == "none" or not self.penalty.coefficient:
            return {}
        if kind == "closed form":
            return antisymmetric_loss(network, self._held).gradient
        if kind == "weight decay":
            names = [
                n for e in network.connections({}) if isinstance(e.source, int) for n in e.names
            ]
            return {n: self._held[n] * (2 / neurons_of(network, self._held)) for n in names}
        draws = normal_draws(problem.rest, self.penalty.draws, self._generator)
        undamped = problem.network.base if isinstance(problem.network, Damped) else problem.network
        assert isinstance(undamped, Directed)
        return hutchinson_loss(undamped, problem, draws, self.penalty.jacobian).gradient

    def estimate(self, x: torch.Tensor, y: torch.Tensor, estimator: Estimator) -> Estimate:
        """Another estimator's answer at the present parameters, without learning."""
        free, network, drive = self.settle(x)
        return estimator(Problem(network, drive, y, self._held, self.loss, free.state))

    def load(self, parameters: Mapping[str, torch.Tensor]) -> None:
        """Replace the parameters by copies of these; what the optimiser remembers stays."""
        for name, value in self._held.items():
            value.copy_(parameters[name])

    def memory(self) -> dict[str, torch.Tensor]:
        """Copies of what the optimiser remembers, by parameter, and the state of the draws."""
        remembered = {
            f"{name}/{key}": memory.clone().contiguous()
            for name, value in self._held.items()
            for key, memory in self._optimiser.state[value].items()
        }
        return remembered | {DRAWS: self._generator.get_state()}

    def recall(self, memory: Mapping[str, torch.Tensor]) -> None:
        """Replace what is remembered by copies of this, as :meth:`memory` returned it."""
        self._generator.set_state(memory[DRAWS])
        for name, value in self._held.items():
            for key, kept in self._optimiser.state[value].items():
                kept.copy_(memory[f"{name}/{key}"])


DRAWS = "draws"
"""Name of the state of the penalty's generator among what a learner remembers."""


def _remember_nothing(optimiser: torch.optim.Optimizer) -> None:
    """Give the optimiser the memory that it would make at its first step, all zero.

    So a state has the same names and shapes before the first mini-batch as after it.
    """
    for group in optimiser.param_groups:
        for value in group["params"]:
            kept = optimiser.state[value]
            if "betas" in group:  # Adam's
                kept["step"] = torch.zeros((), dtype=torch.float32)
                kept["exp_avg"], kept["exp_avg_sq"] = (
                    torch.zeros_like(value),
                    torch.zeros_like(value),
                )
            elif group["momentum"]:
                kept["momentum_buffer"] = torch.zeros_like(value)


def _product_ready(value: torch.Tensor) -> torch.Tensor:
    """A copy of a matrix whose transpose is contiguous: the free phase multiplies by that."""
    return value.t().contiguous().t() if value.ndim > 1 else value.clone()


def sgd(rate: float, momentum: float, weight_decay: float = 0.0) -> OptimiserOf:
    """Stochastic gradient descent with momentum."""
    return lambda held: torch.optim.SGD(
        held, lr=rate, momentum=momentum, weight_decay=weight_decay, foreach=False
    )


def adamw(rate: float, weight_decay: float) -> OptimiserOf:
    """Adam with decoupled weight decay."""
    return lambda held: torch.optim.AdamW(held, lr=rate, weight_decay=weight_decay, foreach=False)
