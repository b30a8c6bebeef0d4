"""Reading conformance files: numbers of another implementation, checked field by field.

A conformance file is an ``.npz`` with a JSON string ``meta`` and arrays; ``meta.kind`` says which
kind it is of. A family of kinds is a module with the members of
:class:`cep_core.conformance.contents.Format`. Nothing in a file can execute code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from cep_core.conformance import convolutional, homeostasis, layered
from cep_core.conformance.archive import Archive, ConformanceError, open_archive
from cep_core.conformance.contents import ConformanceFile, Expected, Format, fault
from cep_core.fields import Fields, choice
from cep_core.files import parse_json

__all__ = ["FORMATS", "KINDS", "ConformanceError", "ConformanceFile", "read"]

FORMATS: dict[str, Format] = {
    kind: family for family in (layered, convolutional, homeostasis) for kind in family.TOLERANCES
}
"""By kind, the module that knows it."""

KINDS = tuple(FORMATS)

LONGEST_META = 1 << 20
_BYTES_OF_FLOAT64 = 8


def read(path: Path) -> ConformanceFile:
    """Read and check a conformance file: its description, the heads of its arrays, their contents.

    Raises:
        ConformanceError: the file is missing, not an ``.npz``, lacks a field or an array, or holds
            one of the wrong type, range or shape; the message says which and what was expected.
    """
    with open_archive(path) as archive:
        meta = _meta(path, archive)
        kind = meta.get("kind", choice(*KINDS))
        described = FORMATS[kind].describe(meta, kind, archive.heads)
        arrays = {
            name: _array(path, archive, name, expected)
            for name, expected in described.expected(path, archive.heads).items()
        }
    return ConformanceFile(path, kind, described.network, described.rule, meta.read, arrays)


def _meta(path: Path, archive: Archive) -> Fields:
    head = archive.heads.get("meta")
    if head is None or head.dtype.kind != "U" or head.shape or head.size > LONGEST_META:
        found = "none" if head is None else f"{head.dtype} of shape {head.shape}"
        raise fault(path, "meta", "a JSON string", found)
    try:
        meta = parse_json(str(archive.read("meta")))
    except ValueError as error:
        raise fault(path, "meta", "a JSON string", " ".join(str(error).split())) from None
    return Fields(path, meta, "meta", ConformanceError)


def _array(path: Path, archive: Archive, name: str, expected: Expected) -> torch.Tensor:
    head, (shape, most) = archive.heads[name], expected
    if head.shape != shape:
        raise fault(path, f"array {name}", f"shape {shape}", head.shape)
    real = head.dtype.kind == "f" and head.dtype.itemsize == _BYTES_OF_FLOAT64
    if most is None:
        if not real:
            raise fault(path, f"array {name}", "float64", head.dtype)
        value = archive.read(name)
        if not np.isfinite(value).all():
            raise fault(path, f"array {name}", "finite numbers", "NaN or infinity")
        return torch.from_numpy(value)
    integers = f"integers from 0 to {most}"
    if head.dtype.kind not in "iu":
        raise fault(path, f"array {name}", integers, head.dtype)
    value = archive.read(name)
    if value.min() < 0 or value.max() > most:
        found = f"{head.dtype} from {value.min()} to {value.max()}"
        raise fault(path, f"array {name}", integers, found)
    return torch.from_numpy(value.astype(np.uint8 if most <= 255 else np.int64))  # noqa: PLR2004
