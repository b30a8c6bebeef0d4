"""The record that a stage of the main job leaves: its checks, and everything that vouches for them.

A verdict is worth what is known of it: which code gave it and when, whether all of it was asked
for, and which files belong to it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.files import write_json


@dataclass(frozen=True)
class Begun:
    """A stage that has begun.

    Attributes:
        code: which code it runs, JSON values: ``commit``, ``tree_is_clean``, ``sources_sha256`` and
            ``sources``, a digest by file; taken now, since the files may change meanwhile.
        ran: when, ISO 8601 in UTC.
        clock: ``time.monotonic()`` then.

    """

    code: Mapping[str, Any]
    ran: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    clock: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.clock


def write_stage(
    folder: Path,
    *,
    stage: str,
    checks: Iterable[Check],
    begun: Begun,
    details: dict[str, Any] | None = None,
    selection: Mapping[str, Any] | None = None,
    files: Iterable[str] = (),
    inputs: Mapping[str, str] | None = None,
) -> Verdict:
    """Write ``folder/stage.json`` atomically and return the verdict of the whole stage.

    The file holds ``stage``, ``verdict`` (the worst of the checks, for a reader: whoever judges
    looks at the checks), ``seconds``, ``ran``, ``code``, ``selection``, ``inputs``, ``files`` (a
    digest by name), ``checks`` (each as :meth:`cep_core.check.verdicts.Check.as_json`) and, under
    ``details``, whatever else the report shows of this stage.

    Args:
        folder: the stage's folder, e.g. ``build/stages/theory``.
        stage: the stage's name.
        checks: the checks that ran.
        begun: when and with which code it began.
        details: further JSON values.
        selection: what was asked for, where that was not everything; empty for everything.
        files: names of the files that the stage leaves in the folder, for the report to copy.
        inputs: SHA-256 of what was read of other stages, by path relative to the stages' folder.

    """
    listed = list(checks)
    verdict = combine(check.verdict for check in listed)
    write_json(
        folder / "stage.json",
        {
            "stage": stage,
            "verdict": str(verdict),
            "seconds": round(begun.seconds, 3),
            "ran": begun.ran,
            "code": dict(begun.code),
            "selection": dict(selection or {}),
            "inputs": dict(inputs or {}),
            "files": {name: sha256(folder / name) for name in files},
            "checks": [check.as_json() for check in listed],
            "details": details or {},
        },
    )
    return verdict


def sha256(path: Path) -> str:
    """Digest of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
