"""The directory of a run: claimed by an identity, vouched for by a marker when it is finished.

``run.json`` holds the identity, ``checkpoint-*.safetensors`` the newest epochs and some before,
``results.json`` the errors so far, and ``DONE`` the identity's hash and the digest of results that
are complete.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.files import write_json, write_text
from reproduce.runs.files import RunError, read_json, read_results
from reproduce.runs.row import Row
from reproduce.terminal import say

DEFAULTS = {
    field.name: field.default
    for field in dataclasses.fields(Row)
    if field.default is not dataclasses.MISSING
}
"""Of a row's fields. Part of what directories mean: one that changes makes every run another."""

UNREAD = frozenset({"version"})
"""Fields of older directories' identities on which no bit depends: NUMERICS stands for these."""

UNREAD_OF_ROW = frozenset({"name", "title", "epochs"})
"""Fields of a row on which no bit of an epoch depends."""


def hash_of(identity: dict[str, Any]) -> str:
    """SHA-256 of an identity, hexadecimal."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def essence(identity: dict[str, Any]) -> dict[str, Any]:
    """Return what the bits depend on: an identity without a row's defaults, name and length.

    So a field that is added later, with the default that does what was done before, makes no run
    another; nor does a version of the package, as NUMERICS stands for the arithmetic.
    """
    kept = {field: value for field, value in identity.items() if field not in UNREAD}
    kept["spec"] = {
        field: value
        for field, value in identity["spec"].items()
        if field not in UNREAD_OF_ROW and not (field in DEFAULTS and value == DEFAULTS[field])
    }
    return kept


def software() -> dict[str, str]:
    """Versions and machine on which the bits of a run depend besides its identity."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
    }


@dataclass(frozen=True)
class RunDirectory:
    """A directory that is a run's own.

    Attributes:
        folder: where.
        identity: as ``run.json`` holds it; more than its essence in one of an older version.
        software: with which it was begun.

    """

    folder: Path
    identity: dict[str, Any]
    software: dict[str, str]

    @property
    def run(self) -> str:
        """The hash by which the directory's files name the run."""
        return hash_of(self.identity)

    def finish(self) -> None:
        """Write the marker that vouches for the results being complete."""
        write_text(self.folder / "DONE", self._marker())

    def finished(self) -> dict[str, Any] | None:
        """Return the results if the marker vouches for them, or None."""
        try:
            if (self.folder / "DONE").read_text(encoding="utf-8") != self._marker():
                return None
        except (OSError, UnicodeDecodeError):
            return None
        return read_results(self.folder / "results.json")

    def _marker(self) -> str:
        digest = hashlib.sha256((self.folder / "results.json").read_bytes()).hexdigest()
        return f"run {self.run}\nresults {digest}\n"


def claim(folder: Path, identity: dict[str, Any]) -> RunDirectory:
    """Make the directory this run's own, or refuse it if it is anything else's.

    Args:
        folder: the directory; made if there is none.
        identity: of the run, as :func:`essence` gives it.

    Raises:
        RunError: it belongs to another run (the text says in which fields that differs), or holds
            something else.

    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: expected a directory for the run, found a file")
    if (folder / "run.json").exists():
        found = _read_run(folder)
        if essence(found.identity) != identity:
            raise RunError(
                f"{folder} belongs to another run: {_differences(found.identity, identity)}. "
                "Choose another --out, or ask for the run that it holds"
            )
        if found.software != software():
            say(f"{folder} was begun by other versions: {found.software}; bits may differ")
        _sweep(folder)
        return found
    _sweep(folder)
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: expected an empty directory or a run, found other files")
    new = RunDirectory(folder, identity, software())
    write_json(
        folder / "run.json", {"hash": new.run, "identity": identity, "software": new.software}
    )
    return new


def opened(folder: Path, identity: dict[str, Any]) -> RunDirectory | None:
    """Return a directory that is this run's already, or None."""
    try:
        found = _read_run(folder)
    except (OSError, RunError):
        return None
    return found if essence(found.identity) == identity else None


def _read_run(folder: Path) -> RunDirectory:
    """Read ``run.json`` and verify its shape and its hash."""
    path = folder / "run.json"
    found = read_json(path)
    identity = found.get("identity") if isinstance(found, dict) else None
    if not isinstance(identity, dict) or not isinstance(identity.get("spec"), dict):
        raise RunError(f"{path}: expected the identity of a run, found something else")
    if found.get("hash") != hash_of(identity):
        raise RunError(
            f"{path}: hash: expected {hash_of(identity)}, that of the identity beside it, found "
            f"{found.get('hash')}"
        )
    return RunDirectory(folder, identity, found.get("software", {}))


def _sweep(folder: Path) -> None:
    """Remove what a process left that was killed while writing one of a run's own files."""
    for stem in ("run", "checkpoint", "results", "DONE"):
        for leftover in folder.glob(f".{stem}-*"):
            leftover.unlink(missing_ok=True)


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Say in which fields two identities differ, and how."""
    flat_theirs, flat_ours = (
        {key: value for key, value in identity.items() if key != "spec"}
        | DEFAULTS
        | essence(identity)["spec"]
        for identity in (theirs, ours)
    )
    return "; ".join(
        f"{field} is {flat_theirs.get(field)!r} there, {flat_ours.get(field)!r} here"
        for field in sorted(flat_theirs.keys() | flat_ours.keys())
        if field not in UNREAD and flat_theirs.get(field) != flat_ours.get(field)
    )
