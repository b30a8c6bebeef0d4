"""The record that a stage of the main job leaves: its checks, their verdicts and its time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.files import write_json


def write_stage(
    folder: Path,
    *,
    stage: str,
    checks: Iterable[Check],
    started: float,
    details: dict[str, Any] | None = None,
) -> Verdict:
    """Write ``folder/stage.json`` atomically and return the verdict of the whole stage.

    The file holds ``stage``, ``verdict`` (the worst of the checks), ``seconds``, ``checks`` (each
    as :meth:`cep_core.check.verdicts.Check.as_json`) and, under ``details``, whatever else the
    report shows of this stage.

    Args:
        folder: the stage's folder, e.g. ``build/stages/theory``.
        stage: the stage's name.
        checks: the checks that ran.
        started: ``time.monotonic()`` when the stage began.
        details: further JSON values.

    """
    listed = list(checks)
    verdict = combine(check.verdict for check in listed)
    write_json(
        folder / "stage.json",
        {
            "stage": stage,
            "verdict": str(verdict),
            "seconds": round(time.monotonic() - started, 3),
            "checks": [check.as_json() for check in listed],
            "details": details or {},
        },
    )
    return verdict
