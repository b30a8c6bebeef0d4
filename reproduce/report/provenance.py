"""Where a report comes from: code, packages, machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import cep_core

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

GENERATED = ("reports", "build")
"""Folders that the main job writes itself; changes there do not make the tree unclean."""


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def commit() -> str | None:
    """Full hash of the commit that is checked out; None outside a git checkout."""
    return _git("rev-parse", "HEAD")


def tree_is_clean() -> bool | None:
    """Whether the tracked and untracked files are those of the commit; None outside a checkout."""
    excluded = [f":(exclude){folder}" for folder in GENERATED]
    status = _git("status", "--porcelain", "--", ".", *excluded)
    return None if status is None else not status


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def package_versions() -> dict[str, str]:
    """Version of every installed distribution, by name."""
    found = {
        str(d.metadata["Name"]): d.version for d in metadata.distributions() if d.metadata["Name"]
    }
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def provenance() -> dict[str, Any]:
    """Everything about code and machine that a manifest records, as JSON values."""
    return {
        "version": cep_core.__version__,
        "commit": commit(),
        "tree_is_clean": tree_is_clean(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "packages": package_versions(),
    }
