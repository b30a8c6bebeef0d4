"""What broke, at a glance: which checks of which stages, what they say, and what code is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from cep_core.check.verdicts import Check, Verdict
from reproduce.report.standing import NOT_RUN, OPTIONAL, WORST_FIRST

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered
    from reproduce.report.earlier import Earlier

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
        examples: the first of the worst ones, those that crashed before all; of what was not run
            only if there is nothing else.
        why: why it is stale or partial, in words.

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
    told = [check for check in bad if check.verdict is not Verdict.NOT_RUN] or bad
    worst_first = sorted(
        told, key=lambda c: (WORST_FIRST.index(c.verdict), not c.name.endswith("/finished"))
    )
    standing = gathered.stages[name]
    notes = () if standing is None else (standing.stale, standing.partial)
    return Broken(
        name,
        gathered.stage_word(name),
        dict(Counter(str(check.verdict) for check in bad)),
        len(listed),
        tuple(worst_first[:EXAMPLES]),
        tuple(note for note in notes if note),
    )


class Suspects(TypedDict):
    """Sources that every failing stage depends on and that are new.

    Attributes:
        files: their paths; none where nothing fails, or nothing of it is new.
        since: what they differ from, in words.

    """

    files: list[str]
    since: str


def suspects(gathered: Gathered, uncommitted: Collection[str], sound: Earlier | None) -> Suspects:
    """What may have broken the stages that fail: what no commit has, else what is new of late.

    Args:
        gathered: the stages.
        uncommitted: paths of files that are not those of the commit.
        sound: the last report in which nothing fails, if there is one.

    """
    failing = [
        standing.stage.sources
        for standing in gathered.stages.values()
        if standing is not None and standing.stage.verdict is Verdict.FAIL
    ]
    if not failing:
        return {"files": [], "since": ""}
    shared = set.intersection(*(set(sources) for sources in failing))
    if found := sorted(shared.intersection(uncommitted)):
        return {"files": found, "since": "the last commit"}
    if sound is None or not sound.sources:
        return {"files": [], "since": ""}
    new = sorted(name for name in shared if failing[0][name] != sound.sources.get(name))
    return {"files": new, "since": f"report {sound.label}, in which nothing fails"}
