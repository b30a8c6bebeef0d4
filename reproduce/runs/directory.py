"""The directory of a run: claimed by an identity, vouched for by a marker when it is finished.

``run.json`` holds the identity, ``checkpoint-*.safetensors`` the newest epochs, ``results.json``
the errors, and ``DONE`` the identity's hash and the results' digest.
"""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.files import write_json, write_text
from reproduce.terminal import say


class RunError(ValueError):
    """A run that cannot start; the text names the directory or field and what was expected."""


def hash_of(identity: dict[str, Any]) -> str:
    """SHA-256 of an identity, hexadecimal."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def software() -> dict[str, str]:
    """Versions and machine on which the bits of a run depend besides its identity."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
    }


def claim(folder: Path, identity: dict[str, Any]) -> None:
    """Make the directory this run's own, or refuse it if it is anything else's.

    Raises:
        RunError: it belongs to another run (the text says in which fields that differs), or holds
            something else.

    """
    path = folder / "run.json"
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: expected a directory for the run, found a file")
    if path.exists():
        found = _read_json(path)
        if not isinstance(found, dict) or found.get("hash") != hash_of(identity):
            theirs = found.get("identity", {}) if isinstance(found, dict) else {}
            raise RunError(
                f"{folder} belongs to another run: {_differences(theirs, identity)}. "
                "Choose another --out, or ask for the run that it holds"
            )
        if found.get("software") != software():
            say(f"{folder} was begun by other versions: {found.get('software')}; bits may differ")
        _sweep(folder)
        return
    _sweep(folder)
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder}: expected an empty directory or a run, found other files")
    write_json(path, {"hash": hash_of(identity), "identity": identity, "software": software()})


def _sweep(folder: Path) -> None:
    """Remove what a process left that was killed while writing one of a run's own files."""
    for stem in ("run", "checkpoint", "results", "DONE"):
        for leftover in folder.glob(f".{stem}-*"):
            leftover.unlink(missing_ok=True)


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Say in which fields two identities differ, and how."""
    flat_theirs, flat_ours = (
        {key: value for key, value in identity.items() if key != "spec"} | identity.get("spec", {})
        for identity in (theirs, ours)
    )
    return "; ".join(
        f"{field} is {flat_theirs.get(field)!r} there, {flat_ours.get(field)!r} here"
        for field in sorted(flat_theirs.keys() | flat_ours.keys())
        if flat_theirs.get(field) != flat_ours.get(field)
    )


def finish(folder: Path, run: str, results: dict[str, Any]) -> None:
    """Write the results of run ``run`` (a hash) and the marker that vouches for them."""
    write_json(folder / "results.json", results)
    write_text(folder / "DONE", _done_marker(folder, run))


def finished(folder: Path, run: str) -> dict[str, Any] | None:
    """Return the results of a run whose marker vouches for them, or None."""
    try:
        marker = (folder / "DONE").read_text(encoding="utf-8")
        if marker != _done_marker(folder, run):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    results: dict[str, Any] = _read_json(folder / "results.json")
    return results


def _done_marker(folder: Path, run: str) -> str:
    digest = hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()
    return f"run {run}\nresults {digest}\n"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: expected JSON, found something else ({error})") from None
