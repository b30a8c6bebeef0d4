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
        replacing: bool = False,
    ) -> None:
        """Append ``out = plus + alpha left @ right`` for every seed, ``plus`` being ``out`` itself.

        ``replacing``: whatever ``out`` holds does not count. One seed is multiplied as matrices,
        which starts half a microsecond sooner.
        """
        multiply: Callable[..., object] = torch.baddbmm
        if out.shape[0] == 1:
            multiply, out, left, right = torch.addmm, out[0], left[0], right[0]
            plus = None if plus is None else plus[0]
        onto = {"beta": 0.0} if replacing else {}
        self.add(multiply, out if plus is None else plus, left, right, alpha=alpha, out=out, **onto)

    def run(self) -> None:
        """Do everything once."""
        for operation in self._operations:
            operation()
