"""Which code ran, and on which machine."""

from __future__ import annotations

import platform
from pathlib import Path

from theory.provenance import Code, commit, provenance_of_code, tree_is_clean

__all__ = ["Code", "commit", "processor", "provenance_of_code", "tree_is_clean"]


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
