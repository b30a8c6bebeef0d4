"""What a user's function can reach is as it was after a check, whatever happens in between.

A model computes with more than its arguments: modules with buffers, lists that it appends to,
attributes, the random state. :class:`Untouched` looks for them where Python keeps them (attributes,
closures, globals that a function names), copies them, and puts them back.
"""

from __future__ import annotations

import dis
import functools
import random
import types
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from cep_core.check.kept import Global, Kept, attributes_of, is_filled, kept

_MOST_OBJECTS = 5_000
_DEEPEST = 8
_LEFT_ALONE = (
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
    type,
    types.ModuleType,
    types.BuiltinFunctionType,
    torch.dtype,
    torch.device,
)
_LIBRARIES = {"torch", "numpy", "cep_core", "functools", "builtins"}


class Untouched:
    """A block after which tensors, containers, attributes and random states are as before.

    Args:
        named: what the user gave, by the name that messages use.

    """

    def __init__(self, **named: Any) -> None:
        """Find what can be reached."""
        self._reached: dict[int, tuple[str, Any]] = {}
        queue: deque[tuple[str, Any, int]] = deque((n, v, 0) for n, v in named.items())
        while queue and len(self._reached) < _MOST_OBJECTS:
            name, value, depth = queue.popleft()
            if id(value) in self._reached or isinstance(value, _LEFT_ALONE):
                continue
            self._reached[id(value)] = (name, value)
            if depth < _DEEPEST:
                queue.extend((n, v, depth + 1) for n, v in _inside(name, value))
        self._kept: list[tuple[str, Kept]] = []

    def __enter__(self) -> Self:
        """Copy everything."""
        copies = ((name, kept(value)) for name, value in self._reached.values())
        self._kept = [(name, copy) for name, copy in copies if copy is not None]
        self._random = random_state()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put everything back."""
        self.restore()
        _set_random_state(self._random)

    def changed(self) -> list[str]:
        """Names of the tensors and containers that are no longer as they were."""
        return [name for name, copy in self._kept if copy.differs()]

    def restore(self) -> None:
        """Put tensors, containers and attributes back, random states apart."""
        for _, copy in self._kept:
            if copy.differs():
                copy.put_back()


def _inside(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """What a value holds or, a function, can reach."""
    if isinstance(value, types.MethodType):
        return [(name, value.__self__), (name, value.__func__)]
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    if isinstance(value, functools.partial):
        return [(name, value.func), (name, value.args), (name, value.keywords)]
    return _of_container(name, value)


def _of_container(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, types.CellType):
        return [(name, value.cell_contents)] if is_filled(value) else []
    if isinstance(value, dict):
        return [(f"{name}[{key!r}]", v) for key, v in value.items()]
    if isinstance(value, list | tuple | set | deque):
        return [(f"{name}[{n}]", v) for n, v in enumerate(value)]
    return _of_object(name, value)


def _of_object(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Global):  # the variable alone, not its module
        return
    library = _is_library(type(value).__module__)
    if library and not isinstance(value, torch.nn.Module) and not _is_ours(value):
        return
    for key, entry in (attributes_of(value) or {}).items():
        yield f"{name}.{key}", entry
    if not library:  # globals that its methods name
        for key, entry in vars(type(value)).items():
            if isinstance(entry, types.FunctionType):
                yield f"{type(value).__name__}.{key}", entry


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith("cep_core")


def _of_function(function: types.FunctionType) -> list[tuple[str, Any]]:
    if _is_library(function.__module__ or ""):
        return []
    names = function.__code__.co_freevars
    inner: list[tuple[str, Any]] = list(zip(names, function.__closure__ or (), strict=True))
    inner += [
        (name, function.__globals__[name])
        for name in _names_in(function.__code__)
        if name in function.__globals__
    ]
    inner += [(name, Global(function.__globals__, name)) for name in _rebound(function.__code__)]
    return inner + [(function.__name__, v) for v in function.__defaults__ or ()]


def _rebound(code: types.CodeType) -> set[str]:
    """Global variables that a function, or one within it, binds anew."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_GLOBAL"}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _rebound(constant)
    return names


def _names_in(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _is_library(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in _LIBRARIES


def random_state() -> tuple[Any, ...]:
    """The state of every global random generator."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    return torch.get_rng_state(), cuda, np.random.get_state(), random.getstate()  # noqa: NPY002 - the global one


def _set_random_state(state: tuple[Any, ...]) -> None:
    torch_state, cuda, numpy_state, python_state = state
    torch.set_rng_state(torch_state)
    if cuda:
        torch.cuda.set_rng_state_all(cuda)
    np.random.set_state(numpy_state)  # noqa: NPY002 - the global one
    random.setstate(python_state)


def same_random_state(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether no global generator has been asked between the two."""
    numbers = one[2][1:3], other[2][1:3]
    return (
        torch.equal(one[0], other[0])
        and all(torch.equal(a, b) for a, b in zip(one[1], other[1], strict=False))
        and bool(np.array_equal(numbers[0][0], numbers[1][0]))
        and numbers[0][1] == numbers[1][1]
        and one[3] == other[3]
    )
