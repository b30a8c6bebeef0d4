"""Losses of the output layer: the value that BPTT differentiates and the gradient that nudges.

Values are summed over the mini-batch, so that the derivative with respect to one sample's state is
that sample's own loss gradient.
"""

from __future__ import annotations

from typing import Protocol

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
