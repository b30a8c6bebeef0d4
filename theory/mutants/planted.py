"""Planting errors in the code itself: a line of a function is replaced while a check runs.

A mutant is one or more *edits*: a function, a piece of its source, and what stands there instead.
The function object gets the code compiled from the changed source, so that everyone who has
imported it runs the error, and its own code back afterwards. An edit whose piece no longer occurs
exactly once is refused: the catalogue cannot fall behind the code unnoticed.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any


@dataclass(frozen=True)
class Edit:
    """A piece of a function's source and what is planted in its place.

    Attributes:
        function: a function or method, without closure.
        changes: pieces as they stand, each of which occurs exactly once, and what replaces them,
            which may use what the function's own module knows.

    """

    function: Callable[..., Any]
    changes: tuple[tuple[str, str], ...]

    @property
    def where(self) -> str:
        """Module and name of the function."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @cached_property
    def code(self) -> CodeType:
        """The function's code with the error in it.

        Raises:
            ValueError: the piece does not occur exactly once in the function's source.

        """
        source = textwrap.dedent(inspect.getsource(self.function))
        for right, wrong in self.changes:
            count = source.count(right)
            if count != 1:
                msg = f"{self.where}: expected {right!r} once in its source, found it {count} times"
                raise ValueError(msg)
            source = source.replace(right, wrong)
        source = f"from __future__ import annotations\n{source}"
        changed = compile(source, f"<planted in {self.where}>", "exec")
        names: dict[str, Any] = {}
        exec(changed, dict(self.function.__globals__), names)  # noqa: S102 - our own source, changed
        planted = names[self.function.__name__].__code__
        if not isinstance(planted, CodeType):
            raise TypeError(f"{self.where}: expected a function without decorators")
        return planted


def edit(function: Callable[..., Any], *pieces: str) -> Edit:
    """Return the edit that replaces every first of two pieces by the second."""
    return Edit(function, tuple(zip(pieces[::2], pieces[1::2], strict=True)))


@contextmanager
def _planted(edit: Edit) -> Iterator[None]:
    function: Any = edit.function
    right = function.__code__
    function.__code__ = edit.code
    try:
        yield
    finally:
        function.__code__ = right


@contextmanager
def planted(edits: Iterable[Edit]) -> Iterator[None]:
    """Run the ``with`` block with the edits in the code, each in a function of its own.

    Raises:
        ValueError: a piece does not occur exactly once, or the changed source is no function.

    """
    with ExitStack() as stack:
        for edit in edits:
            stack.enter_context(_planted(edit))
        yield
