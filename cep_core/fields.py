"""Fields of a file that anyone may have written: each is of its kind and in its range, or is named.

Every fault has one form, ``file: field: expected …, found …``. TOML, JSON and the heads of ``.npz``
files are read through this module, so that what follows may rely on types and ranges.
"""

from __future__ import annotations

import errno
import os
import re
import reprlib
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

T = TypeVar("T")

SMALLEST, LARGEST = 1e-30, 1e30
"""Range of a positive number: it, its inverse and their products with sizes are float32 numbers."""

MOST = 10**9
"""Largest count, unless a field says otherwise."""

LONGEST_NAME = 100
"""Characters of a name that a message shows as it is."""

_PLAIN = re.compile(r"[^\W_][\w.+-]{0,99}")

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60


class FieldError(ValueError):
    """A file does not hold what it should; the text names file, field, value and expectation."""


def shown(value: object) -> str:
    """A value as an error message shows it: short, on one line, whatever it is."""
    try:
        return _SHORT.repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits has no decimals
        return f"a very large {type(value).__name__}"


def plain(name: str) -> str:
    """A name as an error message shows it: as it is, if that is short and on one line."""
    return name if name.isprintable() and len(name) <= LONGEST_NAME else shown(name)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """What a field may hold.

    Attributes:
        expected: in words, for the message.
        convert: returns the value in its type, or raises ``ValueError`` where it is none of this
            kind.

    """

    expected: str
    convert: Callable[[Any], T]

    def admits(self, value: object) -> bool:
        """Tell whether a value is of this kind."""
        try:
            self.convert(value)
        except (ValueError, RecursionError):
            return False
        return True


def whole(least: int = 0, most: int = MOST) -> Kind[int]:
    """A whole number in a closed range."""

    def convert(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"a whole number from {least} to {most}", convert)


def number(least: float = -LARGEST, most: float = LARGEST) -> Kind[float]:
    """A number in a closed range; a whole number counts as one."""

    def convert(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError  # noqa: TRY004 - the caller has one kind of error
        if not least <= value <= most:  # exact for integers of any size, false for NaN
            raise ValueError
        return float(value)

    return Kind(f"a number from {least:g} to {most:g}", convert)


def positive(most: float = LARGEST) -> Kind[float]:
    """A positive number that can be divided by."""
    return Kind(f"a positive number from {SMALLEST:g} to {most:g}", number(SMALLEST, most).convert)


def nonzero() -> Kind[float]:
    """A number of either sign that can be divided by."""
    magnitude = positive()

    def convert(value: Any) -> float:
        negative = isinstance(value, int | float) and value < 0
        return -magnitude.convert(-value) if negative else magnitude.convert(value)

    return Kind(f"{magnitude.expected}, or its negative", convert)


def rate(most: float = LARGEST) -> Kind[float]:
    """Zero, or a positive number that can be divided by."""
    inverse = positive(most)

    def convert(value: Any) -> float:
        return 0.0 if value == 0 and not isinstance(value, bool) else inverse.convert(value)

    return Kind(f"0, or {inverse.expected}", convert)


def text(least: int = 1) -> Kind[str]:
    """A text of at least so many characters."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or len(value) < least:
            raise ValueError
        return value

    return Kind("a text", convert)


def plain_name() -> Kind[str]:
    """A text that can name a file: no folder, nothing hidden."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or not _PLAIN.fullmatch(value):
            raise ValueError
        return value

    return Kind("a name of letters, digits and any of . _ + -, the first no sign", convert)


def flag() -> Kind[bool]:
    """``true`` or ``false``."""

    def convert(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError  # noqa: TRY004 - the caller has one kind of error
        return value

    return Kind("true or false", convert)


def one_of(choices: Mapping[str, T]) -> Kind[T]:
    """One of several names; the value is what stands for it."""

    def convert(value: Any) -> T:
        if not isinstance(value, str) or value not in choices:
            raise ValueError
        return choices[value]

    return Kind(f"one of {', '.join(choices)}", convert)


def choice(*names: str) -> Kind[str]:
    """One of several names."""
    return one_of({name: name for name in names})


def sequence(kind: Kind[T], least: int = 1, most: int = MOST) -> Kind[tuple[T, ...]]:
    """A list of so many values of one kind."""

    def convert(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise ValueError
        return tuple(kind.convert(entry) for entry in value)

    count = str(least) if least == most else f"{least} or more"
    return Kind(f"a list of {count} values, each {kind.expected}", convert)


def optional(kind: Kind[T]) -> Kind[T | None]:
    """A value of a kind, or ``null``."""
    return Kind(f"{kind.expected}, or null", lambda v: None if v is None else kind.convert(v))


def table() -> Kind[dict[str, Any]]:
    """A table of further fields."""

    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError  # noqa: TRY004 - the caller has one kind of error
        return value

    return Kind("a table", convert)


class Fields:
    """A table of a file, read field by field.

    Args:
        file: named first in every message.
        values: the table.
        place: dotted name of the table inside the file; empty for the file itself.
        error: what is raised.

    Attributes:
        values: the table as it is.
        read: the fields that have been asked for, in their types.

    Raises:
        FieldError: (or ``error``) from every method, where the file does not hold what it should.

    """

    def __init__(
        self, file: Path | str, values: Any, place: str = "", error: type[FieldError] = FieldError
    ) -> None:
        """Begin to read a table."""
        self.file, self.place, self.error = file, place, error
        if not isinstance(values, dict):
            raise error(f"{file}: {place or 'contents'}: expected a table, found {shown(values)}")
        self.values: dict[str, Any] = values
        self.read: dict[str, Any] = {}

    def fault(self, name: str, expected: str, found: object) -> FieldError:
        """An error about one field; ``found`` is shown as it is."""
        return self.error(f"{self.file}: {self._path(name)}: expected {expected}, found {found}")

    def get(self, name: str, kind: Kind[T], *default: T) -> T:
        """Value of a field in its type; the default, if there is one, where it is missing."""
        if name in self.values:
            value = self.values[name]
            try:
                converted = kind.convert(value)
            except (ValueError, RecursionError):
                raise self.fault(name, kind.expected, shown(value)) from None
        elif default:
            converted = default[0]
        else:
            raise self.fault(name, kind.expected, "none")
        self.read[name] = converted
        return converted

    def field(self, name: str) -> Any:
        """Value of a field, whatever it is."""
        return self.get(name, Kind("a value", lambda value: value))

    def table(self, name: str, *default: dict[str, Any]) -> Fields:
        """The fields of a table inside this one."""
        return self._inside(self.get(name, table(), *default), name)

    def tables(self, name: str, least: int = 1) -> list[Fields]:
        """The fields of every table of a list."""
        listed = self.get(name, sequence(table(), least))
        return [self._inside(values, f"{name}[{i}]") for i, values in enumerate(listed)]

    def named(self, name: str, *default: dict[str, Any]) -> dict[str, Fields]:
        """The tables inside a table, by name."""
        inner = self.table(name, *default)
        return {key: inner.table(key) for key in inner.values}

    def done(self, optional: Iterable[str] = ()) -> None:
        """Refuse a field that nobody has asked for, and that is not one of ``optional``."""
        known = sorted({*self.read, *optional})
        unknown = sorted(set(self.values).difference(known))
        if unknown:
            fields = ", ".join(map(plain, known))
            raise self.fault(unknown[0], f"one of the fields {fields}", "another")

    def _inside(self, values: dict[str, Any], name: str) -> Fields:
        return Fields(self.file, values, self._path(name), self.error)

    def _path(self, name: str) -> str:
        return f"{self.place}.{plain(name)}" if self.place else plain(name)


@contextmanager
def opened(
    path: Path, expected: str = "a file", error: type[ValueError] = FieldError
) -> Iterator[BinaryIO]:
    """Open a regular file to read its bytes; a FIFO, a device or a folder is refused unread.

    Raises:
        FieldError: (or ``error``) it is missing, something else, or cannot be read, now or later.

    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise error(f"{path}: expected {expected}, found {_kind_of(mode)}")
            yield file
    except OSError as fault:
        raise error(f"{path}: expected {expected}, found {_reason(path, fault)}") from None


def read_bytes(
    path: Path,
    expected: str,
    *,
    most: int,
    error: type[ValueError] = FieldError,
) -> bytes:
    """Contents of a regular file of at most ``most`` bytes.

    Raises:
        FieldError: (or ``error``) as :func:`opened`, or the file is longer.

    """
    with opened(path, expected, error) as file:
        contents = file.read(most + 1)
    if len(contents) > most:
        raise error(f"{path}: expected {expected} of at most {most} bytes, found a longer file")
    return contents


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def _kind_of(mode: int) -> str:
    return "a FIFO" if stat.S_ISFIFO(mode) else "a device"


def _reason(path: Path, fault: OSError) -> str:
    if fault.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "a symbolic link that leads nowhere" if path.is_symlink() else "none"
    names = {errno.EISDIR: "a folder", errno.ENXIO: "a socket"}
    if fault.errno in names:
        return names[fault.errno]
    return f"one that cannot be read ({fault.strerror or fault})"
