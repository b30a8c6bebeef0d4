"""Stages of the main job: each leaves one folder with a ``stage.json`` that the report reads."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cep_core.files import write_json
from cep_core.verdicts import Check, Verdict, combine

STAGES = Path("build") / "stages"
"""Where the stages of the main job leave their results, relative to the checkout."""


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
    as :meth:`cep_core.verdicts.Check.as_json`) and, under ``details``, whatever else the report
    shows of this stage.

    Args:
        folder: the stage's folder, e.g. ``STAGES / "figures"``.
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


def read_stage(folder: Path) -> dict[str, Any] | None:
    """Return the contents of ``folder/stage.json``, or None if the stage has not run.

    Raises:
        ValueError: the file exists and is not a stage's JSON; the message names it.

    """
    path = folder / "stage.json"
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        msg = f"{path}: expected the JSON of a stage, found something else ({error})"
        raise ValueError(msg) from error
    if not isinstance(value, dict) or not {"stage", "verdict", "checks"} <= value.keys():
        msg = f"{path}: expected fields stage, verdict and checks"
        raise ValueError(msg)
    return value


def say(text: str) -> None:
    """Print a line of progress at once."""
    print(text, flush=True)  # noqa: T201 - the command line's own output


def on_terminal() -> bool:
    """Tell whether progress can be drawn over itself."""
    return sys.stderr.isatty()
