"""Reading an ``.npz`` that anyone may have written: its heads first, the data only as expected.

A few kilobytes can unpack to gigabytes. What an array's head promises is compared with what it may
be before a byte of its data is unpacked; nothing in a file can execute code.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from cep_core.fields import FieldError, opened, shown

MOST_BYTES = 1 << 31
"""Largest size of all the arrays of a file together."""

LONGEST_HEAD = 10_000

_HEADS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class ConformanceError(FieldError):
    """A conformance file is malformed; the message names the file, the field and the value."""


@dataclass(frozen=True)
class Head:
    """What an array says of itself before its data.

    Attributes:
        shape: its shape.
        dtype: its type, in the file's byte order.
        column_first: whether the first index runs fastest.
        start: where in the file's member its data begin.

    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    column_first: bool
    start: int

    @property
    def size(self) -> int:
        """Bytes of the data."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """The arrays of an open ``.npz``: their heads, and their data on demand."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        """Read the heads."""
        self._path, self._archive = path, archive
        self.heads: Mapping[str, Head] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename or name in self.heads:
                raise self.error(shown(member.filename), "one array NAME.npy for each name")
            with archive.open(member) as data:
                head = self._head(name, data)
            if head.size != member.file_size - head.start:
                raise self.error(name, f"{head.size} bytes for shape {head.shape}")
            self.heads |= {name: head}
        total = sum(head.size for head in self.heads.values())
        if total > MOST_BYTES:
            raise ConformanceError(
                f"{path}: arrays: expected at most {MOST_BYTES} bytes in all, found {total}"
            )

    def error(self, name: str, expected: str) -> ConformanceError:
        """An error about an array that is not what the format admits."""
        return ConformanceError(f"{self._path}: array {name}: expected {expected}, found others")

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """Data of an array, in this machine's byte order, C-contiguous."""
        head = self.heads[name]
        with _sound(self._path), self._archive.open(f"{name}.npy") as data:
            data.read(head.start)
            contents = data.read(head.size)
            data.read(1)  # the end: here the checksum is compared
        values = np.frombuffer(contents, head.dtype)
        values = values.reshape(head.shape, order="F" if head.column_first else "C")
        native: np.ndarray[Any, Any] = values.astype(head.dtype.newbyteorder("="), order="C")
        return native

    def _head(self, name: str, data: IO[bytes]) -> Head:
        read = _HEADS.get(npy.read_magic(data))
        if read is None:
            raise self.error(name, "format 1.0 or 2.0 of NumPy's files")
        shape, column_first, dtype = read(data, max_header_size=LONGEST_HEAD)
        if any(size < 0 for size in shape) or dtype.hasobject:
            raise self.error(name, "plain numbers")
        return Head(tuple(int(size) for size in shape), dtype, column_first, data.tell())


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an ``.npz`` and read its heads.

    Raises:
        ConformanceError: it is missing, no regular file, no ``.npz``, or damaged in any way.

    """
    with opened(path, "an .npz file", ConformanceError) as file:
        with _sound(path):
            archive = Archive(path, zipfile.ZipFile(file))
        yield archive


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    """Name the file where its bytes are damaged, in whatever way the libraries put it."""
    try:
        yield
    except ConformanceError:
        raise
    except Exception as error:  # of zipfile, zlib, lzma and NumPy: there is no list of them
        found = " ".join(f"{type(error).__name__}: {error}".split())
        raise ConformanceError(
            f"{path}: file: expected a sound .npz of plain arrays, found {shown(found)[1:-1]}"
        ) from error
