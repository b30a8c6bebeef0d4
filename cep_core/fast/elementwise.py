"""Activations as the engine applies them: an affine map that products absorb, then one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from cep_core.activations import Activation, HardSigmoid, Identity, Sigmoid, Tanh


@dataclass(frozen=True)
class Elementwise:
    """The activation ``sigma(v) = outer(gain * v + offset)``.

    A layer's *field* is ``gain * a + offset``: the gain is the product's factor and the offset part
    of the constant it is added to, so that only ``outer`` costs a pass over the units.

    Attributes:
        gain: factor on the pre-activation.
        offset: what is added to it.
        outer: an operation that writes the function of its first argument into its second.
        steepness: an operation that writes ``sigma'(v) / gain`` into its second argument, its
            first being the value ``sigma(v)``; they may be one.

    """

    gain: float
    offset: float
    outer: Callable[[torch.Tensor, torch.Tensor], Callable[[], object]]
    steepness: Callable[[torch.Tensor, torch.Tensor], Callable[[], object]]


def _of_tanh(value: torch.Tensor, out: torch.Tensor) -> Callable[[], object]:
    one = torch.ones_like(value[:1, :1, :1])
    return partial(torch.addcmul, one, value, value, value=-1, out=out)


def _of_clamp(value: torch.Tensor, out: torch.Tensor) -> Callable[[], object]:
    return lambda: out.copy_((value > 0) & (value < 1))


ELEMENTWISE: dict[type[Activation], Elementwise] = {
    Sigmoid: Elementwise(
        4.0,
        -2.0,
        lambda field, out: partial(torch.sigmoid, field, out=out),
        lambda value, out: partial(torch.addcmul, value, value, value, value=-1, out=out),
    ),
    Tanh: Elementwise(1.0, 0.0, lambda field, out: partial(torch.tanh, field, out=out), _of_tanh),
    HardSigmoid: Elementwise(
        1.0, 0.0, lambda field, out: partial(torch.clamp, field, 0, 1, out=out), _of_clamp
    ),
    Identity: Elementwise(
        1.0,
        0.0,
        lambda field, out: partial(out.copy_, field),
        lambda _, out: partial(out.fill_, 1),
    ),
}
"""By the class of the activation itself: a subclass may compute anything."""
