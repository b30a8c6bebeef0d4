"""Activation functions and their slopes, on PyTorch tensors.

A network asks an activation for two things only: its value and its slope (first derivative), each
elementwise. Another number system brings its own objects with the same two methods.
"""

from __future__ import annotations

from typing import Protocol

import torch

from cep_core.arrays import Array


class Activation(Protocol):
    """An elementwise function and its first derivative, over any number system."""

    @property
    def name(self) -> str:
        """The name under which specifications and reports mention the function."""

    def __call__(self, v: Array, /) -> Array:
        """Value at ``v``, same shape."""

    def slope(self, v: Array, /) -> Array:
        """First derivative at ``v``, same shape."""


class Tanh:
    """Hyperbolic tangent; slope ``1 - tanh(v)^2``."""

    name = "tanh"

    def __call__(self, v: torch.Tensor) -> torch.Tensor:
        """Value in (-1, 1), same shape and dtype as ``v``."""
        return torch.tanh(v)

    def slope(self, v: torch.Tensor) -> torch.Tensor:
        """First derivative, same shape and dtype as ``v``."""
        return 1 - torch.tanh(v).square()


class Sigmoid:
    """The paper's sigmoid ``1 / (1 + exp(-4 (v - 1/2)))``, with slope 1 at ``v = 1/2``."""

    name = "sigmoid"

    def __call__(self, v: torch.Tensor) -> torch.Tensor:
        """Value in (0, 1), same shape and dtype as ``v``."""
        return torch.sigmoid(4 * v - 2)

    def slope(self, v: torch.Tensor) -> torch.Tensor:
        """First derivative, same shape and dtype as ``v``."""
        value = self(v)
        return 4 * value * (1 - value)


class HardSigmoid:
    """Clamp to [0, 1]; slope 1 strictly inside and 0 outside, with kinks at 0 and 1."""

    name = "hard-sigmoid"
    kinks = (0.0, 1.0)

    def __call__(self, v: torch.Tensor) -> torch.Tensor:
        """Value in [0, 1], same shape and dtype as ``v``."""
        return v.clamp(0, 1)

    def slope(self, v: torch.Tensor) -> torch.Tensor:
        """First derivative away from the kinks, same shape and dtype as ``v``."""
        return ((v > 0) & (v < 1)).to(v.dtype)


class HalfHardSigmoid:
    """``clamp(v/2, 0, 1)``; slope 1/2 strictly inside and 0 outside, with kinks at 0 and 2."""

    name = "half-hard-sigmoid"
    kinks = (0.0, 2.0)

    def __call__(self, v: torch.Tensor) -> torch.Tensor:
        """Value in [0, 1], same shape and dtype as ``v``."""
        return (v / 2).clamp(0, 1)

    def slope(self, v: torch.Tensor) -> torch.Tensor:
        """First derivative away from the kinks, same shape and dtype as ``v``."""
        return ((v > 0) & (v < 2)).to(v.dtype) / 2  # noqa: PLR2004 - its kink


class Identity:
    """The identity, in any number system; its slope is the integer 1."""

    name = "identity"

    def __call__(self, v: Array) -> Array:
        """``v`` itself."""
        return v

    def slope(self, v: Array) -> Array:  # noqa: ARG002 - the slope of the identity needs no argument
        """The constant 1, which broadcasts over any array."""
        return 1


ACTIVATIONS: dict[str, Activation] = {
    f.name: f for f in (Tanh(), Sigmoid(), HardSigmoid(), HalfHardSigmoid(), Identity())
}


def activation_named(name: str) -> Activation:
    """Return the activation called ``name``.

    Raises:
        ValueError: no activation has this name; the message lists those that exist.

    """
    try:
        return ACTIVATIONS[name]
    except KeyError:
        known = ", ".join(sorted(ACTIVATIONS))
        msg = f"activation {name!r} is not known; expected one of: {known}"
        raise ValueError(msg) from None


def kinks(activation: Activation) -> tuple[float, ...]:
    """Return the points where ``activation`` is not differentiable (empty for smooth ones)."""
    return tuple(getattr(activation, "kinks", ()))
