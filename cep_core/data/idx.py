"""IDX files of images and labels: read whole, checked field by field, gzipped or not."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from cep_core.fields import opened

SIDE = 28
CLASSES = 10
MOST_SAMPLES = 10**6
"""Largest count that a file may promise: 784 MB of pixels, more than any set of such digits has."""

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_MAGIC = {1: 0x801, 3: 0x803}


class DataError(ValueError):
    """Data that cannot be used; the text names file, field, value and what was expected."""


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, eq=False)
class IdxFile:
    """The contents of one IDX file.

    Attributes:
        path: where it was read.
        values: uint8, shape ``(count, 784)`` for images and ``(count,)`` for labels.
        sha256: of the decompressed file, hexadecimal.

    """

    path: Path
    values: torch.Tensor
    sha256: str


def read_images(path: Path) -> IdxFile:
    """Read images of 28 x 28 pixels, magic number 0x00000803.

    Raises:
        DataError: the file is missing, truncated, longer than it says, or not such a file.

    """
    return _read(path, dimensions=3)


def read_labels(path: Path) -> IdxFile:
    """Read labels from 0 to 9, magic number 0x00000801.

    Raises:
        DataError: as :func:`read_images`, or a label is larger than 9.

    """
    file = _read(path, dimensions=1)
    largest = int(file.values.max())
    if largest >= CLASSES:
        position = int((file.values >= CLASSES).nonzero()[0])
        raise DataError(
            f"{path}: label {position}: expected 0 to {CLASSES - 1}, "
            f"found {int(file.values[position])}"
        )
    return file


def _read(path: Path, *, dimensions: int) -> IdxFile:
    with opened(path, "an IDX file", DataError) as raw:
        compressed = raw.read(2) == _GZIP
        raw.seek(0)
        if not compressed:
            return _parse(path, raw, dimensions)
        try:
            with gzip.GzipFile(fileobj=raw) as stream:
                return _parse(path, stream, dimensions)
        except EOFError:
            raise DataError(
                f"{path}: gzip data: expected a whole file, found a truncated one"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: gzip data: expected a sound file, found: {error}") from error


def _parse(path: Path, stream: _Stream, dimensions: int) -> IdxFile:
    header = stream.read(4 + 4 * dimensions)
    wanted = _MAGIC[dimensions]
    magic = int.from_bytes(header[:4], "big")
    if len(header) < 4 or magic != wanted:  # noqa: PLR2004 - bytes of the magic number
        what = "images" if dimensions > 1 else "labels"
        raise DataError(
            f"{path}: magic number: expected 0x{wanted:08x} (IDX {what}), "
            f"found {'0x' + header[:4].hex() if header else 'nothing'}"
        )
    if len(header) < 4 + 4 * dimensions:
        raise DataError(
            f"{path}: header: expected {4 + 4 * dimensions} bytes, found {len(header)} (truncated)"
        )
    count, *shape = struct.unpack(f">{dimensions}I", header[4:])
    if not 1 <= count <= MOST_SAMPLES:
        raise DataError(f"{path}: count: expected 1 to {MOST_SAMPLES}, found {count}")
    if dimensions > 1 and shape != [SIDE, SIDE]:
        found = " x ".join(map(str, shape))
        raise DataError(f"{path}: image size: expected {SIDE} x {SIDE} pixels, found {found}")
    expected = count * SIDE * SIDE if dimensions > 1 else count
    body = _read_body(stream, expected)
    if len(body) < expected:
        raise DataError(
            f"{path}: data: expected {expected} bytes for a count of {count}, "
            f"found {len(body)} (truncated)"
        )
    if len(body) > expected:
        raise DataError(
            f"{path}: data: expected {expected} bytes for a count of {count}, "
            "found more (trailing bytes)"
        )
    values = torch.from_numpy(np.frombuffer(body, dtype=np.uint8))
    digest = hashlib.sha256(header)
    digest.update(body)
    return IdxFile(
        path, values.reshape(count, -1) if dimensions > 1 else values, digest.hexdigest()
    )


def _read_body(stream: _Stream, expected: int) -> bytearray:
    """Read up to one byte more than expected, in parts: a header may promise too much."""
    body = bytearray()
    while len(body) <= expected:
        part = stream.read(min(_CHUNK, expected + 1 - len(body)))
        if not part:
            break
        body += part
    return body
