"""Copies of what can be changed in place, each knowing how to tell a change and how to undo it."""

from __future__ import annotations

import types
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch


class Kept(Protocol):
    """A value as it was."""

    def differs(self) -> bool:
        """Whether the value is no longer as it was."""

    def put_back(self) -> None:
        """Make it so again."""


class _Tensor:
    def __init__(self, value: torch.Tensor) -> None:
        self.value, self.data = value, value.detach().clone()
        self.grad = value.grad if value.is_leaf else None
        self.grad_data = None if self.grad is None else self.grad.detach().clone()

    def differs(self) -> bool:
        now = self.value.grad if self.value.is_leaf else None
        if now is not self.grad:
            return True
        if self.grad is not None and self.grad_data is not None and not _same(now, self.grad_data):
            return True
        return not _same(self.value, self.data)

    def put_back(self) -> None:
        value = self.value
        with torch.no_grad():
            if value.shape == self.data.shape and value.dtype == self.data.dtype:
                value.detach().copy_(self.data)
            else:
                value.data = self.data.clone()
            if value.is_leaf:
                value.grad = self.grad
            if self.grad is not None and self.grad_data is not None:
                self.grad.copy_(self.grad_data)


def _same(now: torch.Tensor | None, before: torch.Tensor) -> bool:
    if before.is_meta:  # no numbers that could change
        return True
    if now is None or now.shape != before.shape or now.dtype != before.dtype:
        return False
    if bool(torch.equal(now, before)):
        return True
    if not now.is_floating_point():
        return False
    with torch.no_grad():
        return bool(((now == before) | (now.isnan() & before.isnan())).all())


class _Array:
    def __init__(self, value: np.ndarray[Any, Any]) -> None:
        self.value, self.data = value, value.copy()

    def differs(self) -> bool:
        numbers = self.value.dtype.kind in "fc"
        return not np.array_equal(self.value, self.data, equal_nan=numbers)

    def put_back(self) -> None:
        self.value[...] = self.data


class _Generator:
    def __init__(self, value: torch.Generator) -> None:
        self.value, self.state = value, value.get_state()

    def differs(self) -> bool:
        return not torch.equal(self.value.get_state(), self.state)

    def put_back(self) -> None:
        self.value.set_state(self.state)


class _Cell:
    """A variable of an enclosing function."""

    def __init__(self, value: types.CellType) -> None:
        self.value, self.filled = value, is_filled(value)
        self.contents = value.cell_contents if self.filled else None

    def differs(self) -> bool:
        return self.filled and (
            not is_filled(self.value) or self.value.cell_contents is not self.contents
        )

    def put_back(self) -> None:
        self.value.cell_contents = self.contents


@dataclass(frozen=True)
class Global:
    """A variable of a module that a function binds anew."""

    namespace: dict[str, Any]
    name: str


_ABSENT = object()


class _Global:
    def __init__(self, value: Global) -> None:
        self.value, self.bound = value, value.namespace.get(value.name, _ABSENT)

    def differs(self) -> bool:
        return self.value.namespace.get(self.value.name, _ABSENT) is not self.bound

    def put_back(self) -> None:
        if self.bound is _ABSENT:
            del self.value.namespace[self.value.name]
        else:
            self.value.namespace[self.value.name] = self.bound


class _Sequence:
    def __init__(self, value: list[Any] | deque[Any]) -> None:
        self.value, self.entries = value, list(value)

    def differs(self) -> bool:
        return len(self.value) != len(self.entries) or any(
            a is not b for a, b in zip(self.value, self.entries, strict=True)
        )

    def put_back(self) -> None:
        self.value.clear()
        self.value.extend(self.entries)


class _Set:
    def __init__(self, value: set[Any]) -> None:
        self.value, self.entries = value, set(value)

    def differs(self) -> bool:
        return self.value != self.entries

    def put_back(self) -> None:
        self.value.clear()
        self.value.update(self.entries)


class _Entries:
    """A dictionary, or the attributes of an object."""

    def __init__(self, value: dict[Any, Any]) -> None:
        self.value, self.entries = value, dict(value)

    def differs(self) -> bool:
        now = self.value
        return now.keys() != self.entries.keys() or any(
            now[key] is not before for key, before in self.entries.items()
        )

    def put_back(self) -> None:
        self.value.clear()
        self.value.update(self.entries)


_KEEPERS: tuple[tuple[type | tuple[type, ...], Any], ...] = (
    (torch.Tensor, _Tensor),
    (np.ndarray, _Array),
    (torch.Generator, _Generator),
    (types.CellType, _Cell),
    (Global, _Global),
    ((list, deque), _Sequence),
    (set, _Set),
    (dict, _Entries),
)


def kept(value: Any) -> Kept | None:
    """A copy of what can be changed in the value; None if nothing can."""
    for kinds, keeper in _KEEPERS:
        if isinstance(value, kinds):
            found: Kept = keeper(value)
            return found
    attributes = attributes_of(value)
    return None if attributes is None else _Entries(attributes)


def attributes_of(value: Any) -> dict[str, Any] | None:
    """The attributes that an object keeps; None for functions and what keeps none."""
    if isinstance(value, types.FunctionType | types.MethodType):
        return None
    found = getattr(value, "__dict__", None)
    return found if isinstance(found, dict) else None


def is_filled(cell: types.CellType) -> bool:
    """Whether the variable has a value yet."""
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True
