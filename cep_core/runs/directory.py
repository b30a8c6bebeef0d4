"""The directory of a run: claimed by an identity, vouched for by a marker when it is finished.

``run.json`` holds the identity, ``checkpoint-*.safetensors`` the newest epochs and some before,
``results.json`` the errors so far, and ``DONE`` the identity's hash and the digest of results that
are complete.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import platform
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cep_core.documents import LONGEST_JSON
from cep_core.fields import read_bytes, shown, table
from cep_core.files import is_temporary, write_json, write_text
from cep_core.runs.files import InUseError, RunError, expect_folder, read_json, read_results
from cep_core.runs.row import Row
from cep_core.terminal import say

RUN, LOCK = "run.json", "run.lock"
"""Names of the files that hold a directory's identity, and the lock of whoever trains in it."""

PATIENCE = 0.5
"""Seconds for which a lock is waited for: whoever only looks holds it for less."""

OLDER_LEFTOVER = re.compile(r"\.tmp[A-Za-z0-9]{6}")
"""What safetensors left beside a checkpoint when a process was killed, up to version 0.1.1."""

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
        lock: descriptor of the lock by which this process holds it; None if it only looks.

    """

    folder: Path
    identity: dict[str, Any]
    software: dict[str, str]
    lock: int | None = None

    @property
    def run(self) -> str:
        """The hash by which the directory's files name the run."""
        return hash_of(self.identity)

    def ensure_held(self) -> None:
        """Refuse to go on if the directory has been removed or replaced since it was claimed.

        Raises:
            RunError: it has been.

        """
        assert self.lock is not None
        if not _is_at(self.lock, self.folder / LOCK):
            raise RunError(
                f"{self.folder}: expected the directory of this run, found that it was removed or "
                "replaced while the run went on; its epochs are lost with it"
            )

    def write(self, name: str, value: Any) -> None:
        """Write one of the run's own JSON files."""
        self.ensure_held()
        write_json(self.folder / name, value, parents=False)

    def finish(self) -> None:
        """Write the marker that vouches for the results being complete."""
        self.ensure_held()
        write_text(self.folder / "DONE", self._marker(), parents=False)

    def finished(self) -> dict[str, Any] | None:
        """Return the results if the marker vouches for them, or None.

        Raises:
            RunError: it vouches for something that has not the shape of results.

        """
        try:
            if _contents(self.folder / "DONE") != self._marker().encode():
                return None
        except RunError:
            return None
        return read_results(self.folder / "results.json")

    def _marker(self) -> str:
        digest = hashlib.sha256(_contents(self.folder / "results.json")).hexdigest()
        return f"run {self.run}\nresults {digest}\n"


def _contents(path: Path) -> bytes:
    return read_bytes(path, "a file of a run", most=LONGEST_JSON, error=RunError)


@contextmanager
def claimed(folder: Path, identity: dict[str, Any]) -> Iterator[RunDirectory]:
    """Make the directory this run's own, and hold it for the duration of the block.

    Nothing in a directory that is refused is touched.

    Args:
        folder: the directory; made if there is none.
        identity: of the run, as :func:`essence` gives it.

    Raises:
        RunError: it belongs to another run (the text says in which fields that differs), holds
            something else, or another process holds it.

    """
    _refuse_another(folder, identity)
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock_in(folder, os.O_RDWR | os.O_CREAT)
    try:
        _hold(lock, folder)
        _refuse_another(folder, identity)  # now that nobody else can begin a run here
        begun = (folder / RUN).exists()
        for path in folder.iterdir():
            if _is_leftover(path.name) or (begun and OLDER_LEFTOVER.fullmatch(path.name)):
                path.unlink(missing_ok=True)
        if begun:
            place = dataclasses.replace(read_run(folder), lock=lock)
            if place.software != software():
                found = shown(place.software)
                say(f"{folder} was begun by other versions: {found}; bits may differ")
        else:
            place = RunDirectory(folder, identity, software(), lock)
            head = {"hash": place.run, "identity": identity, "software": place.software}
            place.write(RUN, head)
        yield place
    finally:
        os.close(lock)


def _refuse_another(folder: Path, identity: dict[str, Any]) -> None:
    """Refuse what is neither this run's directory nor an empty one nor nothing."""
    if not expect_folder(folder):
        return
    if (folder / RUN).exists():
        theirs = read_run(folder).identity
        if essence(theirs) != identity:
            raise RunError(
                f"{folder} belongs to another run: {_differences(theirs, identity)}. "
                "Choose another --out, or ask for the run that it holds"
            )
    elif any(not (p.name in {RUN, LOCK} or _is_leftover(p.name)) for p in folder.iterdir()):
        raise RunError(f"{folder}: expected an empty directory or a run, found other files")


def _lock_in(folder: Path, flags: int) -> int:
    """Open the lock: a file of the directory's own, not what a link or a FIFO leads to."""
    path = folder / LOCK
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            return os.open(path, flags | os.O_NOFOLLOW, 0o666)
    except FileNotFoundError:
        return os.open(path, flags | os.O_NOFOLLOW, 0o666)
    raise RunError(f"{path}: expected a file of the run's own, found a link or something else")


def _hold(lock: int, folder: Path) -> None:
    """Lock the directory until the descriptor is closed, be it by the death of the process."""
    deadline = time.monotonic() + PATIENCE
    while not _flocked(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            holder = os.pread(lock, 100, 0).decode(errors="replace").strip() or "another process"
            raise InUseError(
                f"{folder} is in use by {holder}: wait until it ends, or choose another --out"
            )
        time.sleep(PATIENCE / 10)
    if not _is_at(lock, folder / LOCK):
        raise RunError(f"{folder}: expected a directory for the run, found that it was removed")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {platform.node()}\n".encode(), 0)


def is_held(folder: Path) -> bool:
    """Tell whether a process trains in a directory at this moment."""
    try:
        lock = _lock_in(folder, os.O_RDONLY)
    except (OSError, RunError):
        return False
    try:
        return not _flocked(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def _flocked(lock: int, how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _is_leftover(name: str) -> bool:
    """Tell whether a file was left by a process killed while it wrote one of a run's own files."""
    return is_temporary(name, of=r"run\.json|results\.json|DONE|checkpoint-\d+\.safetensors")


def opened(folder: Path, identity: dict[str, Any]) -> RunDirectory | None:
    """Return a directory that is this run's already, or None."""
    try:
        found = read_run(folder)
    except (OSError, RunError):
        return None
    return found if essence(found.identity) == identity else None


def results_in(folder: Path, identity: dict[str, Any], epochs: int) -> dict[str, Any] | None:
    """Return a run's results if they are complete and at least so many epochs long, or None."""
    place = opened(folder, identity)
    results = None if place is None else place.finished()
    return results if results is not None and results["epochs"] >= epochs else None


def read_run(folder: Path) -> RunDirectory:
    """The directory of a run, to look at: ``run.json`` is verified in its shape and its hash.

    Raises:
        RunError: there is none, or it is not whole.

    """
    found = read_json(folder / RUN)
    identity = found.get("identity", table())
    found.table("identity").get("spec", table())
    expected = hash_of(identity)
    if found.field("hash") != expected:
        raise found.fault(
            "hash", f"{expected}, that of the identity beside it", shown(found.values["hash"])
        )
    return RunDirectory(folder, identity, found.get("software", table(), {}))


def _differences(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Say in which fields two identities differ, and how."""
    flat_theirs, flat_ours = (
        {key: value for key, value in identity.items() if key != "spec"}
        | DEFAULTS
        | essence(identity)["spec"]
        for identity in (theirs, ours)
    )
    return "; ".join(
        f"{shown(field)[1:-1]} is {shown(flat_theirs.get(field))} there, "
        f"{shown(flat_ours.get(field))} here"
        for field in sorted(flat_theirs.keys() | flat_ours.keys())
        if field not in UNREAD and flat_theirs.get(field) != flat_ours.get(field)
    )
