"""A mini-batch as a straight line of operations on fixed buffers.

What to compute does not depend on the data, so it is decided once for each batch size and sign of
``beta``; Python then only calls one operation after another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch


class Program:
    """Operations in the order in which they run."""

    def __init__(self) -> None:
        """Start empty."""
        self._operations: list[Callable[[], object]] = []

    def add(self, operation: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Append ``operation(*arguments, **options)``, which writes into a buffer of its own."""
        self._operations.append(partial(operation, *arguments, **options))

    def product(
        self,
        out: torch.Tensor,
        left: torch.Tensor,
        right: torch.Tensor,
        *,
        plus: torch.Tensor | None = None,
        alpha: float = 1.0,
    ) -> None:
        """Append ``out = plus + alpha left @ right`` for every seed, ``plus`` being ``out`` itself.

        One seed is multiplied as matrices, which starts half a microsecond sooner.
        """
        plus = out if plus is None else plus
        if out.shape[0] == 1:
            self.add(torch.addmm, plus[0], left[0], right[0], alpha=alpha, out=out[0])
        else:
            self.add(torch.baddbmm, plus, left, right, alpha=alpha, out=out)

    def run(self) -> None:
        """Do everything once."""
        for operation in self._operations:
            operation()
