"""Losses of the output layer: the value that BPTT differentiates and the gradient that nudges.

Values are summed over the mini-batch, so that the derivative with respect to one sample's state is
that sample's own loss gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import torch

from cep_core.arrays import Array, Scalar


class Loss(Protocol):
    """A differentiable loss of the output layer."""

    def value(self, output: Array, target: Array, /) -> Scalar:
        """Sum over the mini-batch of the loss of each sample."""

    def gradient(self, output: Array, target: Array, /) -> Array:
        """Derivative of the value with respect to ``output``, shape ``(B, size_0)``."""


class SquaredError:
    """``l(s, y) = 1/2 ||s^0 - y||^2`` per sample, in any number system."""

    def value(self, output: Array, target: Array) -> Scalar:
        """Half the squared distance, summed over samples and units."""
        difference = output - target
        return (difference * difference).sum() / 2

    def gradient(self, output: Array, target: Array) -> Array:
        """``s^0 - y``, shape ``(B, size_0)``."""
        return output - target


@dataclass(frozen=True)
class FunctionLoss:
    """A loss from its value alone, as a function or a module; its gradient comes by autograd.

    Attributes:
        function: ``loss(output, target)``, a scalar tensor. A sum over samples leaves every sample
            its own nudge; a mean divides the nudge by the number of samples.

    """

    function: Callable[[torch.Tensor, Any], torch.Tensor]

    def value(self, output: torch.Tensor, target: Any) -> torch.Tensor:
        """What the function returns.

        Raises:
            ValueError: it is no scalar tensor.

        """
        found = self.function(output, target)
        if not isinstance(found, torch.Tensor) or found.ndim != 0:
            what = (
                f"a tensor of shape {tuple(found.shape)}"
                if isinstance(found, torch.Tensor)
                else type(found).__name__
            )
            raise ValueError(f"loss: expected a scalar tensor (reduction='sum'), found {what}")
        return found

    def gradient(self, output: torch.Tensor, target: Any) -> torch.Tensor:
        """Derivative of the value with respect to ``output``, of its shape.

        Raises:
            ValueError: the value does not depend differentiably on the output.

        """
        with torch.enable_grad():
            at = output.detach().requires_grad_()
            value = self.value(at, target)
            found: tuple[torch.Tensor | None, ...] = (None,)
            if value.requires_grad:
                found = torch.autograd.grad(value, at, allow_unused=True)
        slope = found[0]
        if slope is None:
            raise ValueError(
                "loss: expected a value that depends differentiably on the output, found one "
                "without a gradient (detached, or computed in NumPy?)"
            )
        return slope


class CrossEntropy(FunctionLoss):
    """Softmax cross-entropy of the output, summed over samples.

    The target is one class per sample (integers, shape ``(B,)``), or probabilities of the output's
    shape.
    """

    def __init__(self) -> None:
        """Of PyTorch's function."""
        super().__init__(_summed_cross_entropy)


def _summed_cross_entropy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(output, target, reduction="sum")


@dataclass(frozen=True)
class ReadOut(FunctionLoss):
    """A loss of a read-out of the output layer; the read-out has parameters of its own.

    The read-out is no part of the dynamics: the nudge is the gradient of the loss through it, and
    its parameters learn by :meth:`parameter_gradient`, not by a rule.

    Attributes:
        function: loss of what is read out, e.g. softmax cross-entropy; the squared error of it
            with ``SquaredError().value``.
        read: ``read(output, parameters)``, e.g. a linear map of the last layer.
        parameters: of the read-out, by name.

    """

    read: Callable[[torch.Tensor, Mapping[str, torch.Tensor]], torch.Tensor]
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)

    def value(self, output: torch.Tensor, target: Any) -> torch.Tensor:
        """Loss of what is read from ``output``."""
        return super().value(self.read(output, self.parameters), target)

    def parameter_gradient(self, output: torch.Tensor, target: Any) -> dict[str, torch.Tensor]:
        """Derivative of the value in the read-out's parameters, summed as the value is."""
        with torch.enable_grad():
            leaves = {name: p.detach().requires_grad_() for name, p in self.parameters.items()}
            value = super().value(self.read(output.detach(), leaves), target)
            found = torch.autograd.grad(value, list(leaves.values()))
        return dict(zip(leaves, found, strict=True))


def as_loss(loss: Any) -> Loss:
    """A loss from what users have: nothing, an object with value and gradient, or a function.

    None is the squared error. An object with ``value(output, target)`` alone, a function and a
    module of PyTorch get their gradient by autograd.

    Raises:
        TypeError: it is none of these.

    """
    if loss is None:
        return SquaredError()
    value = getattr(loss, "value", None)
    if callable(value) and callable(getattr(loss, "gradient", None)):
        return cast("Loss", loss)
    if callable(value):
        return FunctionLoss(value)
    if callable(loss) and not isinstance(loss, type):
        return FunctionLoss(loss)
    raise TypeError(
        "loss: expected a function loss(output, target) that returns a scalar, or an object with "
        f"value(output, target) and gradient(output, target), found {_described(loss)}"
    )


def _described(loss: Any) -> str:
    if isinstance(loss, type):
        return f"the class {loss.__name__} instead of an instance of it"
    return f"{type(loss).__name__}"


class TanhCrossEntropy:
    """The loss whose gradient is ``(s - y) / (1 - s^2)``.

    Nudging a tanh network outside the activation follows the exact gradient of this loss.
    """

    def value(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """``-y artanh(s) - 1/2 log(1 - s^2)``, summed; needs ``|s| < 1``."""
        return -(target * torch.atanh(output) + 0.5 * torch.log1p(-output.square())).sum()

    def gradient(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """``(s - y) / (1 - s^2)``, shape ``(B, size_0)``."""
        return (output - target) / (1 - output.square())


class SigmoidCrossEntropy:
    """A quarter of the cross-entropy; gradient ``(s - y) / (4 s (1 - s))``.

    Nudging a network of the paper's sigmoids outside the activation follows its exact gradient.
    """

    def value(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """``-1/4 [y log s + (1 - y) log(1 - s)]``, summed; needs ``0 < s < 1``."""
        return -0.25 * (target * torch.log(output) + (1 - target) * torch.log1p(-output)).sum()

    def gradient(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """``(s - y) / (4 s (1 - s))``, shape ``(B, size_0)``."""
        return (output - target) / (4 * output * (1 - output))


def loss_followed_by_outside_nudge(activation_name: str) -> Loss:
    """Return the loss whose gradient the published (outside) nudge follows exactly.

    Its gradient is ``(s^0 - y) / sigma'(a^0)``.

    Raises:
        ValueError: the activation has no such loss here (hard-sigmoid's slope vanishes).

    """
    known: dict[str, Loss] = {
        "tanh": TanhCrossEntropy(),
        "sigmoid": SigmoidCrossEntropy(),
        "identity": SquaredError(),
    }
    if activation_name not in known:
        expected = ", ".join(sorted(known))
        msg = (
            f"no loss is followed exactly by nudging outside activation {activation_name!r}; "
            f"expected one of: {expected}"
        )
        raise ValueError(msg)
    return known[activation_name]
