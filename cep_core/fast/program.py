"""A mini-batch as a straight line of operations on fixed buffers.

What to compute does not depend on the data, so it is decided once for each batch size and sign of
``beta``; Python then only calls one operation after another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any


class Program:
    """Operations in the order in which they run."""

    def __init__(self) -> None:
        """Start empty."""
        self._operations: list[Callable[[], object]] = []

    def add(self, operation: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Append ``operation(*arguments, **options)``, which writes into a buffer of its own."""
        self._operations.append(partial(operation, *arguments, **options))

    def run(self) -> None:
        """Do everything once."""
        for operation in self._operations:
            operation()
