"""The differences between two reports, worst first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cep_core.check.verdicts import Check
from reproduce.report.earlier import Earlier
from reproduce.report.standing import NOT_RUN, WORST_FIRST

SAME = 1e-6
"""Numbers that differ by less, relative to the larger one, are the same: rounding moves them."""

NEVER_COMPARED = frozenset({"seconds", "free steps"})
"""Numbers that say how long something took, and not what came out."""

MEASURED = ("benchmarks",)
"""Stages whose numbers are times: they differ from run to run."""


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        what: ``"verdict"``, ``"number"``, ``"version"``, ``"code"`` or ``"setting"``.
        where: the stage, check, package or file.
        before: in the earlier report; empty if it was not there.
        after: in the later one; likewise.
        worse: whether a verdict got worse.
        size: by which changes of one kind are sorted, the largest first.

    """

    what: str
    where: str
    before: str
    after: str
    worse: bool = False
    size: float = 0.0

    def line(self) -> str:
        """The change as text."""
        sign = "worse  " if self.worse else f"{self.what:<8}"
        return f"{sign} {self.where}: {self.before or 'not there'} → {self.after or 'not there'}"


def changes(before: Earlier, after: Earlier) -> list[Change]:
    """Every difference: verdicts that got worse, other verdicts, numbers, code, versions."""
    found = [
        *_stages(before, after),
        *_verdicts(before, after),
        *_published(before, after),
        *_numbers(before, after),
        *_table("code", before.sources, after.sources),
        *_table("version", _versions(before), _versions(after)),
        *_table("setting", _settings(before), _settings(after)),
    ]
    kinds = ("verdict", "number", "code", "version", "setting")
    return sorted(found, key=lambda c: (not c.worse, kinds.index(c.what), -c.size))


def _stages(before: Earlier, after: Earlier) -> Iterator[Change]:
    for name in dict.fromkeys((*before.stages, *after.stages)):
        old, new = before.stages.get(name, NOT_RUN), after.stages.get(name, NOT_RUN)
        if old != new:
            yield _verdict(f"stage {name}", old, new, 2.0)


def _verdict(where: str, old: str, new: str, size: float) -> Change:
    worse = bool(new) and _rank(new) < _rank(old or NOT_RUN)
    return Change("verdict", where, old, new, worse or (not new and old != NOT_RUN), size)


def _rank(word: str) -> int:
    """Place among the words of a report, the worst being 0; a word that is none is the worst."""
    return WORST_FIRST.index(word) if word in WORST_FIRST else 0


def _pairs(
    before: Earlier, after: Earlier
) -> Iterator[tuple[str, str, Check | None, Check | None]]:
    """Every check of either report, with its stage and name."""
    for stage in dict.fromkeys((*before.checks, *after.checks)):
        old = {check.name: check for check in before.checks.get(stage, ())}
        new = {check.name: check for check in after.checks.get(stage, ())}
        for name in dict.fromkeys((*old, *new)):
            yield stage, name, old.get(name), new.get(name)


def _verdicts(before: Earlier, after: Earlier) -> Iterator[Change]:
    for stage, name, old, new in _pairs(before, after):
        was, now = (str(check.verdict) if check else "" for check in (old, new))
        if was != now:
            yield _verdict(f"{stage}: {name}", was, now, 1.0)


def _published(before: Earlier, after: Earlier) -> Iterator[Change]:
    """Published numbers of which something else is said now."""
    for name in dict.fromkeys((*before.published, *after.published)):
        old, new = before.published.get(name, ("", "")), after.published.get(name, ("", ""))
        if old[0] != new[0]:
            yield _verdict(f"published: {name}", old[0], new[0], 1.5)
        elif old[1] != new[1]:
            yield Change("number", f"published: {name}", old[1], new[1], size=3.0)


def _numbers(before: Earlier, after: Earlier) -> Iterator[Change]:
    for stage, name, old, new in _pairs(before, after):
        if old is None or new is None or stage in MEASURED:
            continue
        ours, theirs = dict(_flat(new.numbers)), dict(_flat(old.numbers))
        for key in ours.keys() & theirs.keys():
            moved = _moved(theirs[key], ours[key])
            if moved > SAME:
                where = f"{stage}: {name}: {key}"
                yield Change("number", where, _shown(theirs[key]), _shown(ours[key]), size=moved)


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number inside, by its path."""
    inner: Mapping[str, Any] = {}
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list):
        inner = {str(i): item for i, item in enumerate(value)}
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, float(value)
    for name, item in inner.items():
        if name not in NEVER_COMPARED:
            yield from _flat(item, f"{key}, {name}" if key else str(name))


def _moved(old: float, new: float) -> float:
    """How far a number has moved, relative to the larger one; between 0 and 2."""
    if old == new or (math.isnan(old) and math.isnan(new)):
        return 0.0
    if not (math.isfinite(old) and math.isfinite(new)):
        return 2.0
    return abs(old - new) / max(abs(old), abs(new))


def _shown(value: float) -> str:
    return f"{value:.6g}"


def _versions(report: Earlier) -> dict[str, str]:
    packages = report.manifest.get("packages")
    found = {str(k): str(v) for k, v in packages.items()} if isinstance(packages, dict) else {}
    for name in ("python", "system", "processor"):
        found[name] = str(report.manifest.get(name, ""))
    return found


def _settings(report: Earlier) -> dict[str, str]:
    parameters = report.manifest.get("parameters")
    return dict(_leaves(parameters)) if isinstance(parameters, dict) else {}


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{key}, {name}" if key else str(name))
    else:
        yield key, str(value)


def _table(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Entries that differ; digests are shown by their first letters."""
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, ""), new.get(name, "")
        if was != now:
            length = 12 if what == "code" else None
            yield Change(what, name, was[:length], now[:length])
