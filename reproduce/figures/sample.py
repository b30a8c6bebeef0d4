"""The one real digit on which the theorem figures are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cep_core.data.mnist import embedded
from cep_core.learning import one_hot


@dataclass(frozen=True)
class Sample:
    """One input ``(1, size_x)`` in [0, 1] and its one-hot target ``(1, size_0)``, float64.

    ``digit`` is its position in the embedded digits.
    """

    x: torch.Tensor
    y: torch.Tensor
    digit: int


def sample_of(digit: int, layers: Sequence[int]) -> Sample:
    """The digit at position ``digit`` of the embedded training digits, pixels in [0, 1].

    Args:
        digit: position, from 0; the classes take turns.
        layers: sizes of the network, input first; they must fit 784 pixels and 10 classes.

    Raises:
        ValueError: the position or the sizes do not fit the digits.

    """
    digits = embedded()
    pixels, labels = digits.train_images, digits.train_labels
    if not 0 <= digit < len(labels):
        msg = f"digit: expected a position from 0 to {len(labels) - 1}, found {digit}"
        raise ValueError(msg)
    classes = int(labels.max()) + 1
    if layers[0] != pixels.shape[1] or layers[-1] != classes:
        msg = f"layers: expected {pixels.shape[1]} first and {classes} last, found {list(layers)}"
        raise ValueError(msg)
    x = pixels[digit : digit + 1].to(torch.float64) / 255
    y = one_hot(labels[digit : digit + 1], classes, torch.float64)
    return Sample(x, y, digit)
