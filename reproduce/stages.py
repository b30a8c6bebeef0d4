"""Stages of the main job: each leaves one folder with a ``stage.json`` that the report reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cep_core.check.record import write_stage

__all__ = ["STAGES", "read_stage", "write_stage"]

STAGES = Path("build") / "stages"
"""Where the stages of the main job leave their results, relative to the checkout."""


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
