"""One mini-batch of learning by the definition: free phase, nudged phase, new parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from cep_core.arrays import Parameters, Scalar, State
from cep_core.losses import SquaredError
from cep_core.networks import Network, answering
from cep_core.phases import FreePhase, free_phase, kappa_of, largest_change, nudged_phase
from cep_core.rules import Rule, Unrolled, add_scaled


@dataclass(frozen=True)
class Procedure:
    """How a mini-batch is learned.

    Attributes:
        rule: the learning rule.
        beta: nudging strength; its sign may be overridden per mini-batch.
        free_steps: ``T``.
        nudged_steps: ``K``.
        centred: average the increments of a phase nudged by ``+beta`` and one nudged by ``-beta``,
            both from the steady state; an estimator of second order in ``beta``, for EP only.
        damping: factor on the learning rates *during* the nudged phase of a continual rule; the
            accumulated update is applied at the end with the full rates. 1 is the rule as it is,
            1e-5 the debugging procedure of the paper's Appendix F.2.

    Raises:
        ValueError: at construction, naming the field, its value and what was expected.

    """

    rule: Rule
    beta: float
    free_steps: int
    nudged_steps: int
    centred: bool = False
    damping: float = 1.0

    def __post_init__(self) -> None:
        """Refuse settings under which no update is defined."""
        if self.beta == 0:
            msg = "beta: expected a nudging strength other than zero, found 0"
            raise ValueError(msg)
        for field in ("free_steps", "nudged_steps"):
            if getattr(self, field) < 1:
                msg = f"{field}: expected a positive count, found {getattr(self, field)}"
                raise ValueError(msg)
        if self.centred and self.rule.continual:
            msg = f"centred: expected rule EP, found {self.rule.name}"
            raise ValueError(msg)
        if isinstance(self.rule, Unrolled) and self.nudged_steps > self.free_steps:
            msg = (
                f"nudged_steps: expected at most the {self.free_steps} of the free phase under "
                f"rule {self.rule.name}, found {self.nudged_steps}"
            )
            raise ValueError(msg)
        if not 0 < self.damping <= 1:
            msg = f"damping: expected a factor in (0, 1], found {self.damping}"
            raise ValueError(msg)


@dataclass(frozen=True)
class LearnedBatch:
    """Outcome of one mini-batch.

    Attributes:
        parameters: the new parameters.
        free: the free phase before them.
        memory: what the rule remembers, for the next mini-batch.

    """

    parameters: Parameters
    free: FreePhase
    memory: Parameters


def learn_batch(
    network: Network,
    procedure: Procedure,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    rates: Mapping[str, Scalar],
    *,
    sign: int = 1,
    memory: Parameters | None = None,
    start: State | None = None,
) -> LearnedBatch:
    """Run both phases on one mini-batch and return the new parameters.

    Args:
        network: the dynamics.
        procedure: rule, nudging, counts.
        x: input, shape ``(B, size_x)``.
        y: target, shape ``(B, size_0)``.
        parameters: ``theta``; not changed.
        rates: learning rate ``eta`` of every parameter.
        sign: +1 or -1, the sign of ``beta`` for this mini-batch.
        memory: what the rule remembers of the mini-batches before; none before the first.
        start: first state of the free phase; 0 unless given.

    """
    if isinstance(procedure.rule, Unrolled):
        return _unrolled(network, procedure, x, y, parameters, rates, start)
    free = free_phase(network, x, parameters, steps=procedure.free_steps, start=start)
    betas = [sign * procedure.beta]
    if procedure.centred:
        betas.append(-betas[0])
    learned = parameters
    with torch.no_grad():
        for beta in betas:
            kappa = kappa_of(network, rates, beta)
            during = {name: k * procedure.damping for name, k in kappa.items()}
            steps = nudged_phase(
                network,
                procedure.rule,
                x,
                y,
                parameters,
                free.state,
                beta=beta,
                kappa=during,
                steps=procedure.nudged_steps,
            )
            share = {name: k / len(betas) for name, k in kappa.items()}
            for step in steps:
                learned = add_scaled(learned, step.increment, share)
        before = procedure.rule.init(parameters) if memory is None else memory
        after, learned = procedure.rule.step(before, parameters, learned)
    return LearnedBatch(learned, free, after)


def _unrolled(
    network: Network,
    procedure: Procedure,
    x: torch.Tensor,
    y: torch.Tensor,
    parameters: Parameters,
    rates: Mapping[str, Scalar],
    start: State | None,
) -> LearnedBatch:
    """Backpropagation through the last ``K`` of ``T`` transitions, for a mean over samples."""
    backwards = procedure.nudged_steps
    earlier = procedure.free_steps - backwards
    state = answering(network).zero_state(x, parameters) if start is None else start
    if earlier:
        state = free_phase(network, x, parameters, steps=earlier, start=state).state
    with torch.enable_grad():
        theta = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        for _ in range(backwards):
            before, state = state, network.transition(x, state, theta)
        loss = SquaredError().value(state[0], y) / len(x)
        wanted = list(theta.values())
        found = torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True)
    reached = tuple(s.detach() for s in state)
    residual = largest_change(tuple(s.detach() for s in before), reached)
    gradient = dict(zip(theta, found, strict=True))
    learned = add_scaled(parameters, gradient, {name: -rate for name, rate in rates.items()})
    free = FreePhase(reached, procedure.free_steps, residual, converged=None)
    return LearnedBatch(learned, free, {})


def one_hot(labels: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """Targets ``y`` of shape ``(B, classes)``: 1 at the label, 0 elsewhere."""
    return torch.nn.functional.one_hot(labels.long(), classes).to(dtype)
