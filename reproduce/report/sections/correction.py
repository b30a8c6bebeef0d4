"""Theorem 1 without symmetry: where it is shown, what it does to training, what a device loses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cep_core.runs.files import read_json
from reproduce.report.sections import Section, cases_of, word_of_cases

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

DEVICE = Path(__file__).parents[3] / "reports" / "device.json"
"""What ``python -m reproduce device`` measured, as it is committed."""

STATEMENT = "corrected"
LEVELS = ("symbolic", "modular", "certified")


def _word(gathered: Gathered) -> str:
    return word_of_cases(gathered, STATEMENT)


def _data(gathered: Gathered) -> Mapping[str, Any]:
    proved = Counter(row["level"] for row in cases_of(gathered, STATEMENT))
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
