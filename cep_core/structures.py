"""How tensors are kept: one alone, or in tuples, lists and dictionaries, nested as one likes.

States and parameters of a network of one's own may have any of these forms. Phases, rules and
checks see a tuple of tensors, or a dictionary of tensors by name; a :class:`Structure` goes between
the two and knows what the user calls each tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch


class Structure:
    """The form of a value that holds tensors, and the name of each of them.

    Args:
        value: a tensor, or tuples, lists and dictionaries of tensors, nested.
        field: what messages call the value, e.g. ``"start"``.
        prefix: name of an entry of the outermost tuple or list, before its index; the name of the
            value itself if it is a tensor.

    Raises:
        TypeError: an entry is not a tensor.
        ValueError: there is no tensor at all.

    """

    def __init__(self, value: Any, field: str, prefix: str) -> None:
        """Look through the value."""
        self.field = field
        self._form = _form_of(value, field)
        self.names = tuple(_named(self._form, prefix))
        if not self.names:
            raise ValueError(f"{field}: expected at least one tensor, found {value!r}")
        self._simple = isinstance(value, tuple) and type(value) is tuple and _is_flat(self._form)

    def leaves(self, value: Any, field: str | None = None) -> tuple[torch.Tensor, ...]:
        """The tensors of a value of this form, in order.

        Args:
            value: of this form.
            field: what messages call it, if it is not what the form was taken from.

        Raises:
            ValueError: the value has another form.

        """
        found: list[torch.Tensor] = []
        _collect(value, self._form, found, self.field if field is None else field)
        return tuple(found)

    def build(self, leaves: Sequence[torch.Tensor]) -> Any:
        """A new value of this form around these tensors."""
        return tuple(leaves) if self._simple else _build(self._form, iter(leaves))


_LEAF = None
_Form = Any
"""``None`` for a tensor; otherwise the kind of the container and a form by key."""


def _form_of(value: Any, field: str) -> _Form:
    if isinstance(value, torch.Tensor):
        return _LEAF
    if isinstance(value, Mapping):
        return (dict, {key: _form_of(v, f"{field}[{key!r}]") for key, v in value.items()})
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (type(value), {k: _form_of(v, f"{field}.{k}") for k, v in _fields(value).items()})
    if isinstance(value, (tuple, list)):
        kind = tuple if isinstance(value, tuple) else list
        return (kind, {n: _form_of(v, f"{field}[{n}]") for n, v in enumerate(value)})
    raise TypeError(
        f"{field}: expected a tensor, or a tuple, list or dictionary of tensors, found "
        f"{type(value).__name__}{_instead(value)}"
    )


def _instead(value: Any) -> str:
    """What to write in place of what users have."""
    if isinstance(value, bool | int | float):
        return ": give torch.tensor(…)"
    if type(value).__module__ == "numpy":
        return ": give torch.as_tensor(…)"
    return ": give tuple(…)" if isinstance(value, Iterator) else ""


def _fields(value: Any) -> dict[str, Any]:
    """Entries of a named tuple."""
    return dict(value._asdict())


def _is_flat(form: _Form) -> bool:
    return form is not _LEAF and all(child is _LEAF for child in form[1].values())


def _named(form: _Form, prefix: str) -> Iterator[str]:
    if form is _LEAF:
        yield prefix
        return
    kind, children = form
    for key, child in children.items():
        name = f"{prefix}_{key}" if kind in {tuple, list} else str(key)
        yield from _deeper(child, name)


def _deeper(form: _Form, name: str) -> Iterator[str]:
    if form is _LEAF:
        yield name
        return
    for key, child in form[1].items():
        yield from _deeper(child, f"{name}.{key}")


def _collect(value: Any, form: _Form, found: list[torch.Tensor], field: str) -> None:
    if form is _LEAF:
        if not isinstance(value, torch.Tensor):
            raise ValueError(f"{field}: expected a tensor, found {type(value).__name__}")
        found.append(value)
        return
    kind, children = form
    entries = _entries(value)
    if entries is None or set(entries) != set(children):
        keys = ", ".join(map(str, children))
        what = type(value).__name__ if entries is None else ", ".join(map(str, entries)) or "none"
        raise ValueError(f"{field}: expected a {kind.__name__} with entries {keys}, found {what}")
    for key, child in children.items():
        _collect(entries[key], child, found, f"{field}[{key!r}]")


def _entries(value: Any) -> dict[Any, Any] | None:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _fields(value)
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    return None


def _build(form: _Form, leaves: Iterator[torch.Tensor]) -> Any:
    if form is _LEAF:
        return next(leaves)
    kind, children = form
    built = {key: _build(child, leaves) for key, child in children.items()}
    if kind is dict:
        return built
    return kind(**built) if hasattr(kind, "_fields") else kind(built.values())


def batch_of(x: Any, leaves: Iterable[torch.Tensor]) -> int:
    """Number of samples over which parameter gradients are averaged.

    The first dimension of the input where it is a tensor that has one, else of the first tensor of
    the state, else 1.
    """
    first = x if isinstance(x, torch.Tensor) else next(iter(leaves))
    return int(first.shape[0]) if first.ndim else 1
