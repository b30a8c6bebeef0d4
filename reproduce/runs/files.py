"""The JSON files of runs: read, and of the right shape, or named."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import Any


class RunError(ValueError):
    """A run that cannot start; the text names the directory or field and what was expected."""


def expect_folder(folder: Path) -> bool:
    """Tell whether there is such a folder yet; refuse anything else in its place.

    Raises:
        RunError: there is a file, or a link to nothing.

    """
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
    except FileNotFoundError:
        if folder.is_symlink():
            raise RunError(
                f"{folder}: expected a directory, found a symbolic link to {folder.readlink()}, "
                "which is not there"
            ) from None
        return False
    if not is_folder:
        raise RunError(f"{folder}: expected a directory, found a file")
    return True


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        RunError: it cannot be read, or is no JSON.

    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: expected JSON, found something else ({error})") from None


KINDS: dict[str, type | tuple[type, ...]] = {
    "row": str,
    "seed": int,
    "hash": str,
    "epochs": int,
    "epochs_of_paper": int,
    "test_error": list,
    "train_error": list,
    "seconds": list,
    "data": dict,
    "engine": str,
    "identity": dict,
}
"""Fields that the results of every version have."""


def checked(path: Path, value: Any) -> dict[str, Any]:
    """Return the contents of a results file if they have the shape of one.

    Raises:
        RunError: they have not; the text names the file, the field and what was expected.

    """
    if not isinstance(value, dict):
        raise RunError(f"{path}: expected the results of a run, found {type(value).__name__}")
    for field, kind in KINDS.items():
        found = value.get(field)
        if not isinstance(found, kind) or isinstance(found, bool):
            name = getattr(kind, "__name__", kind)
            raise RunError(f"{path}: {field}: expected {name}, found {found!r:.80}")
    for field in ("test_error", "train_error", "seconds"):
        column = value[field]
        if len(column) != value["epochs"] or not all(map(is_number, column)):
            raise RunError(
                f"{path}: {field}: expected {value['epochs']} finite numbers, found {column!r:.80}"
            )
    for field in ("data.name", "identity.spec"):
        outer, inner = field.split(".")
        if inner not in value[outer]:
            raise RunError(f"{path}: {field}: expected a value, found none")
    return value


def is_number(value: object) -> bool:
    """Tell whether a JSON value is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -math.inf < value < math.inf  # isfinite refuses huge integers


def read_results(path: Path) -> dict[str, Any]:
    """Read a results file.

    Raises:
        RunError: it is missing, no JSON or of another shape.

    """
    return checked(path, read_json(path))
