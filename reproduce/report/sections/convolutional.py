"""Convolutional networks: what is decided of them, EP beside BPTT, how rates were chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reproduce.report.sections import Section, cases_of, word_of_cases
from reproduce.trainings.convolutional import ROWS, chosen

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

STATEMENTS = ("convolutional", "winners", "pooled_limits")


def _word(gathered: Gathered) -> str:
    return word_of_cases(gathered, *STATEMENTS)


def _data(gathered: Gathered) -> Mapping[str, Any]:
    details = gathered.details("trainings")
    others = {other.get("name"): other for other in details.get("others", ())}
    return {
        "decided": sorted(
            Counter(case["level"] for case in cases_of(gathered, *STATEMENTS)).items()
        ),
        "trained": [
            (words, trial)
            for name, words in ROWS.items()
            for trial in others.get(name, {}).get("trials", ())
        ],
        "absent": [words for name, words in ROWS.items() if name not in others],
        "beside": details.get("beside", ()),
        "search": details.get("search", ()),
        "chosen": chosen(details.get("search", ())),
        "elsewhere": details.get("elsewhere", {}),
    }


SECTION = Section(74, "Convolutional networks", "Convolutional", "theory", _data, _word)
