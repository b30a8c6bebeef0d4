"""Where a report comes from: code, packages, machine."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import torch

import cep_core
from cep_core.runs.provenance import commit, processor, tree_is_clean, uncommitted


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
        "uncommitted": list(uncommitted() or ()),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "packages": package_versions(),
    }
