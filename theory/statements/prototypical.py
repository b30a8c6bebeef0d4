"""Prototypical setting: exact with the nudge inside the activation, another loss's with it outside.

With the nudge inside, ``s^0 <- sigma(a^0 - beta dl/ds^0)``,

    Delta_theta(t) -> -nabla_theta(t),    Delta_s(t) -> -dL/da_{T-t} = -D nabla_s(t),

with ``a`` the pre-activations and ``D`` the slopes at the steady state. (``dL/da`` is what BPTT
finds for the copy of the biases used in that transition, and is compared with as such.)

With the published nudge outside, ``s^0 <- sigma(a^0) - beta dl/ds^0``, neither holds for the
squared error: the counter-example is a polynomial that is not zero, also for tanh and the paper's
sigmoid. The same updates are exact for the loss with gradient ``(s^0 - y) / sigma'(a^0)``, a
cross-entropy for those two activations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from cep_core.activations import activation_named
from cep_core.losses import Loss, loss_followed_by_outside_nudge
from cep_core.rules import C_EP, Rule
from theory.arithmetic.polynomials import FlintRing, Ring, SympyRing, symbols
from theory.arithmetic.series import Elements, Series, boxed, constant
from theory.case import Answer, Case, Level, Outcome
from theory.methods.perturbation import (
    Processes,
    delta_side,
    everything,
    nabla_side,
    neurons_of,
    parameters_of,
    scaled,
)
from theory.methods.symbolic import all_of, identity, undecided_off_the_steady_state
from theory.points.steady import SymbolicPoint, prototypical

EVERYWHERE = "every weight, input, target, settled state and activation"
CAPACITY = 150
SLOPES: dict[str, Callable[[Elements], Elements]] = {
    "tanh": lambda s: 1 - s * s,
    "sigmoid": lambda s: s * boxed(4) - s * s * boxed(4),
}
"""First derivatives of the activations as polynomials in their values."""


@dataclass(frozen=True)
class FollowedLoss:
    """A loss known by its gradient at the steady state, for BPTT to first order.

    Attributes:
        slope: ``dl/ds^0`` at the steady state.
        origin: the output there.

    """

    slope: Elements
    origin: Series

    def value(self, output: Series, target: Series) -> Series:  # noqa: ARG002 - in the slope
        """First-order expansion, without the constant."""
        return ((output - self.origin) * Series((self.slope,), output.order)).sum()

    def gradient(self, output: Series, target: Series) -> Series:  # noqa: ARG002 - in the slope
        """The gradient at the steady state."""
        return constant(self.slope, output.order)


@undecided_off_the_steady_state
def theorem_at(
    point: SymbolicPoint,
    *,
    steps: int,
    rule: Rule = C_EP,
    loss: Loss | None = None,
    part: Callable[[Processes], Processes] = everything,
) -> Outcome:
    """Compare ``Delta_theta`` with ``-nabla_theta``, and ``Delta_s`` with ``-dL/da`` in two forms.

    Args:
        point: the network at a steady state.
        steps: ``K``.
        rule: the learning rule; the nudge is the squared error's.
        loss: loss of BPTT; the squared error unless given.
        part: of the processes, if not all are to be compared.

    """
    left = delta_side(point, rule, steps=steps)
    nabla = scaled(nabla_side(point, steps=steps, loss=loss), -1)
    layers = [f"s_{n}" for n in range(len(point.state))]
    expected = {
        name: [g * point.slopes[layers.index(name)] for g in process] if name in layers else process
        for name, process in nabla.items()
    }
    parts = {"-D nabla_s and -nabla_theta": identity(point.ring, part(left), part(expected))}
    per_unit = all(
        point.parameters[f"b_{n}"].shape == s.shape[1:] for n, s in enumerate(point.state)
    )
    if point.batch == 1 and per_unit and part is not parameters_of:
        of_bias = {s: [g[None] for g in nabla[f"b_{n}"]] for n, s in enumerate(layers)}
        felt = identity(point.ring, neurons_of(left), of_bias)
        parts["-dL/da, the gradient of the bias's copy"] = felt
    return all_of(parts)


def _inside(ring: Callable[[int], Ring], shape: str, steps: int, batch: int = 1) -> Outcome:
    return theorem_at(prototypical(ring(CAPACITY), shape, batch=batch), steps=steps)


def _outside_squared(shape: str, steps: int, activation: str | None) -> Outcome:
    slope = None if activation is None else SLOPES[activation]
    point = prototypical(FlintRing(CAPACITY), shape, nudge="outside", slope=slope)
    return theorem_at(point, steps=steps)


def outside_with_followed_loss(shape: str, batch: int = 1) -> tuple[SymbolicPoint, Loss]:
    """Return a point nudged outside and the loss it follows: ``y = s - sigma' e``, ``e`` free."""
    ring = FlintRing(CAPACITY)
    point = prototypical(ring, shape, nudge="outside", batch=batch)
    followed = symbols(ring, "e", point.y.shape)
    target = point.state[0] - constant(point.slopes[0] * followed, point.y.order)
    return replace(point, y=target), FollowedLoss(followed, point.state[0])


def _outside_followed(shape: str, steps: int, batch: int = 1) -> Outcome:
    point, loss = outside_with_followed_loss(shape, batch)
    return theorem_at(point, steps=steps, loss=loss)


def _is_cross_entropy(activation: str, points: int = 10_000) -> Outcome:
    """Differentiate the loss of that name and compare with ``(s - y) / sigma'(a)``."""
    sigma, loss = activation_named(activation), loss_followed_by_outside_nudge(activation)
    generator = torch.Generator().manual_seed(0)
    a = 2 * torch.rand(points, generator=generator, dtype=torch.float64) - 1
    target = torch.rand(points, generator=generator, dtype=torch.float64)
    output = sigma(a).requires_grad_()
    (slope,) = torch.autograd.grad(loss.value(output, target), output)
    expected = (output - target).detach() / sigma.slope(a)
    worst = float(((slope - expected).abs() / (1 + expected.abs())).max())
    by_hand = float((loss.gradient(output, target).detach() - slope).abs().max())
    numbers: dict[str, Any] = {"points": points, "worst": worst, "against gradient()": by_hand}
    close = worst < 1e-12 and by_hand < 1e-10  # noqa: PLR2004 - rounding in float64
    return Outcome(Answer.HOLDS if close else Answer.REFUTED, numbers)


def cases() -> tuple[Case, ...]:
    """Return the cases of the prototypical setting."""
    case = partial(Case, "prototypical", level=Level.SYMBOLIC, where=EVERYWHERE)
    jets = "polynomial jets (FLINT)"
    inside = "nudge inside: Delta_theta(t) -> -nabla_theta(t), Delta_s(t) -> -dL/da_{T-t}"
    found = [
        case(
            "nudge inside, squared error",
            inside,
            method="polynomial jets (SymPy rings)" if ring is SympyRing else jets,
            size=f"{shape}, K = {steps}"
            + (f", mini-batch of {batch}" if batch > 1 else "")
            + (" (SymPy)" if ring is SympyRing else ""),
            decide=partial(_inside, ring, shape, steps, batch),
            cost=cost,
        )
        for ring, shape, steps, batch, cost in (
            (FlintRing, "2-3-2", 10, 1, 1),
            (FlintRing, "3-4-3", 10, 1, 3),
            (FlintRing, "2-3-3-2", 10, 1, 3),
            (FlintRing, "2-2-2", 6, 2, 1),
            (SympyRing, "2-3-2", 6, 1, 3),
        )
    ]
    outside = "nudge outside: Delta(t) -> minus the gradient of the squared error"
    found += [
        case(
            f"nudge outside, squared error, {activation or 'any activation'}",
            outside,
            method=jets,
            size="2-3-2, K = 4",
            decide=partial(_outside_squared, "2-3-2", 4, activation),
            expected=Answer.REFUTED,
        )
        for activation in (None, *SLOPES)
    ]
    found += [
        case(
            "nudge outside, cross-entropy",
            "nudge outside: Delta(t) -> minus the gradient of the loss with (s - y)/sigma'",
            method=jets,
            size=f"{shape}, K = {steps}" + (f", mini-batch of {batch}" if batch > 1 else ""),
            decide=partial(_outside_followed, shape, steps, batch),
        )
        for shape, steps, batch in (("2-3-2", 10, 1), ("2-3-3-2", 8, 1), ("2-2-2", 6, 2))
    ]
    found += [
        Case(
            "prototypical",
            f"the followed loss is a cross-entropy, {activation}",
            "the cross-entropy of this activation has gradient (s - y) / sigma'(a)",
            "10000 random points",
            "automatic differentiation, float64",
            "one unit",
            Level.NUMERICAL,
            partial(_is_cross_entropy, activation),
        )
        for activation in SLOPES
    ]
    return tuple(found)
