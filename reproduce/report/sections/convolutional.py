"""Convolutional networks: what is decided of them, EP beside BPTT, how rates were chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cep_core.check.verdicts import Verdict, combine
from reproduce.report.sections import Section
from reproduce.report.standing import NOT_RUN
from reproduce.trainings.convolutional import ROWS, chosen

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

STATEMENTS = ("convolutional", "winners", "pooled_limits")


def _cases(gathered: Gathered) -> list[Mapping[str, Any]]:
    rows = gathered.details("theory").get("rows", ())
    return [row for row in rows if row.get("statement") in STATEMENTS]


def _word(gathered: Gathered) -> str:
    cases = _cases(gathered)
    return str(combine(Verdict(case["verdict"]) for case in cases)) if cases else NOT_RUN


def _data(gathered: Gathered) -> Mapping[str, Any]:
    details = gathered.details("trainings")
    others = {other.get("name"): other for other in details.get("others", ())}
    return {
        "decided": sorted(Counter(case["level"] for case in _cases(gathered)).items()),
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
