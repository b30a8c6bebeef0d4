"""What broke, at a glance: which checks of which stages, what they say, and what code is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cep_core.check.verdicts import Check, Verdict
from reproduce.report.standing import NOT_RUN, OPTIONAL, WORST_FIRST

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

EXAMPLES = 3
"""Checks of a stage that are quoted; the rest are counted."""

MOST_FILES = 8
"""Changed files that are named; the rest are counted."""


@dataclass(frozen=True)
class Broken:
    """A stage that is not a pass.

    Attributes:
        stage: its name.
        word: what is said of it.
        counts: how many checks have which verdict, without those that pass.
        checks: how many there are.
        examples: the first of the worst ones, those that crashed before all.
        why: why it is stale or partial, one line each.

    """

    stage: str
    word: str
    counts: Mapping[str, int]
    checks: int
    examples: tuple[Check, ...]
    why: tuple[str, ...]


def broken(gathered: Gathered) -> list[Broken]:
    """Every stage that is not a pass, in the report's order; optional ones only if they ran."""
    return [
        _broken(gathered, name)
        for name in gathered.stages
        if (word := gathered.stage_word(name)) != Verdict.PASS
        and not (word == NOT_RUN and name in OPTIONAL)
    ]


def _broken(gathered: Gathered, name: str) -> Broken:
    listed = gathered.checks(name)
    bad = [check for check in listed if check.verdict is not Verdict.PASS]
    worst_first = sorted(
        bad, key=lambda c: (WORST_FIRST.index(c.verdict), not c.name.endswith("/finished"))
    )
    notes = tuple(note for note in gathered.notes() if note.startswith(f"{name} is "))
    return Broken(
        name,
        gathered.stage_word(name),
        dict(Counter(str(check.verdict) for check in bad)),
        len(listed),
        tuple(worst_first[:EXAMPLES]),
        notes,
    )


def suspects(gathered: Gathered, before: Mapping[str, str]) -> list[str]:
    """Sources that every failing stage depends on, and that differ from those of a report before.

    Args:
        gathered: the stages.
        before: digest of every source of the report before, by path; empty if it has none.

    """
    failing = [
        standing.stage.sources
        for standing in gathered.stages.values()
        if standing is not None and standing.stage.verdict is Verdict.FAIL
    ]
    if not failing or not before:
        return []
    shared = set.intersection(*(set(sources) for sources in failing))
    return sorted(name for name in shared if failing[0][name] != before.get(name))
