"""Theorem 1 without symmetry: where it is shown, what it does to training, what a device loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cep_core.check.verdicts import Verdict, combine
from cep_core.runs.files import read_json
from reproduce.report.sections import Section
from reproduce.report.standing import NOT_RUN

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

DEVICE = Path(__file__).parents[3] / "reports" / "device.json"
"""What ``python -m reproduce device`` measured, as it is committed."""

STATEMENT = "corrected"
LEVELS = ("symbolic", "modular", "certified")


def _rows(gathered: Gathered) -> list[Mapping[str, Any]]:
    rows = gathered.details("theory").get("rows", ())
    return [row for row in rows if row.get("statement") == STATEMENT]


def _word(gathered: Gathered) -> str:
    rows = _rows(gathered)
    return str(combine(Verdict(row["verdict"]) for row in rows)) if rows else NOT_RUN


def _data(gathered: Gathered) -> Mapping[str, Any]:
    proved = Counter(row["level"] for row in _rows(gathered))
    angles = gathered.details("trainings").get("corrected_angles", ())
    return {
        "proved": [(level, proved[level]) for level in LEVELS if proved[level]],
        "angles": {
            row: [a for a in angles if a["row"] == row]
            for row in dict.fromkeys(a["row"] for a in angles)
        },
        "device": read_json(DEVICE).values if DEVICE.exists() else None,
    }


SECTION = Section(72, "Theorem 1 without symmetry", "Without symmetry", "theory", _data, _word)
