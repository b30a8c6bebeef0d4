"""Which code ran, and on which machine."""

from __future__ import annotations

import platform
from pathlib import Path

from cep_core.provenance import Code, code_of, commit, tree_is_clean, uncommitted

__all__ = ["Code", "commit", "processor", "provenance_of_code", "tree_is_clean", "uncommitted"]

TRAINING = tuple(Path(__file__).with_name(name) for name in ("train.py", "together.py"))
"""Where training begins; what these need is what a run's bits come from."""


def provenance_of_code() -> Code:
    """Tell which code trains, the same in every process: a run may be trained in any."""
    code = code_of(*TRAINING)
    return {
        "commit": code["commit"],
        "tree_is_clean": code["tree_is_clean"],
        "sources_sha256": code["sources_sha256"],
    }


def processor() -> str:
    """Name of the processor, as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
