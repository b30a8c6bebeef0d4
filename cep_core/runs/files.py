"""The JSON files of runs: read, and of the right shape, or named."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from cep_core import documents
from cep_core.fields import FieldError, Fields, number, sequence, table, text, whole


class RunError(FieldError):
    """A run that cannot start; the text names the directory or field and what was expected."""


class InUseError(RunError):
    """Another process trains in the run's directory."""


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


def read_json(path: Path) -> Fields:
    """Fields of a JSON file.

    Raises:
        RunError: it cannot be read, is no JSON, or no object.

    """
    return documents.read_json(path, RunError)


def read_results(path: Path) -> dict[str, Any]:
    """Contents of a results file that has the shape of one, whichever version wrote it.

    Raises:
        RunError: it is missing, no JSON or of another shape; the text names the file, the field and
            what was expected.

    """
    found = read_json(path)
    for name in ("row", "hash", "engine"):
        found.get(name, text())
    for name in ("seed", "epochs_of_paper"):
        found.get(name, whole(0, 2**63 - 1))
    epochs = found.get("epochs", whole())
    for name in ("test_error", "train_error", "seconds"):
        found.get(name, sequence(number(), epochs, epochs))
    found.table("data").get("name", text())
    found.table("identity").get("spec", table())
    return found.values
