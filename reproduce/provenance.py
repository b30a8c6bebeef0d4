"""Which code is running: its commit, whether that is all of it, and a digest of what is imported.

Read once for each process: what is on the disk later is not what runs.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

GENERATED = ("reports", "build")
"""Folders that the main job writes itself; changes there do not make the tree unclean."""

PACKAGES = ("cep_core", "theory", "reproduce", "benchmarks")
"""Top-level packages of the project."""


class Code(TypedDict):
    """Which code ran.

    Attributes:
        commit: full hash; None outside the project's own git checkout.
        tree_is_clean: whether the files were the commit's; None outside the checkout.
        sources_sha256: of the project's modules that were imported, by path and contents.

    """

    commit: str | None
    tree_is_clean: bool | None
    sources_sha256: str


def provenance_of_code() -> Code:
    """Tell which code this process runs."""
    return {
        "commit": commit(),
        "tree_is_clean": tree_is_clean(),
        "sources_sha256": sources_sha256(),
    }


@functools.cache
def commit() -> str | None:
    """Full hash of the commit that is checked out; None outside the project's own checkout."""
    return _git("rev-parse", "HEAD")


@functools.cache
def tree_is_clean() -> bool | None:
    """Whether the tracked and untracked files are those of the commit; None outside a checkout."""
    excluded = [f":(exclude){folder}" for folder in GENERATED]
    status = _git("status", "--porcelain", "--", ".", *excluded)
    return None if status is None else not status


def sources_sha256() -> str:
    """Digest of the project's modules that this process has imported, by path and contents."""
    digest = hashlib.sha256()
    for path in imported_sources():
        digest.update(f"{path.relative_to(ROOT).as_posix()} {_sha256(path)}\n".encode())
    return digest.hexdigest()


def imported_sources() -> list[Path]:
    """Files of the project's modules that this process has imported, sorted."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    paths = {Path(file).resolve() for file in files if file}
    folders = [ROOT / package for package in PACKAGES]
    return sorted(p for p in paths if any(p.is_relative_to(folder) for folder in folders))


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@functools.cache
def _sha256(path: Path) -> str:
    """Digest of a source file, as it was when this process first asked."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def _is_checkout() -> bool:
    """Whether git's top level is the project's own, not that of a repository around it."""
    top = _run_git("rev-parse", "--show-toplevel")
    return top is not None and Path(top).resolve() == ROOT


def _git(*arguments: str) -> str | None:
    return _run_git(*arguments) if _is_checkout() else None


def _run_git(*arguments: str) -> str | None:
    redirected = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=redirected,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
