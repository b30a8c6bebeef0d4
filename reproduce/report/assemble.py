"""Assemble ``reports/<label>/`` from what the stages of the main job left behind."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import cep_core
from cep_core.check.verdicts import Check, Verdict
from cep_core.fields import FieldError, plain_name
from cep_core.files import write_json, write_text
from reproduce.compare.changes import changes
from reproduce.report.broken import suspects
from reproduce.report.crate import write_crate
from reproduce.report.earlier import (
    MANIFEST,
    VERDICTS,
    Earlier,
    is_release,
    read_report,
    reports_in,
)
from reproduce.report.files import keep_files
from reproduce.report.page import answers_of, first_screen, page, picture_of
from reproduce.report.provenance import provenance
from reproduce.report.published import rows_of
from reproduce.report.standing import (
    NOT_RUN,
    OPTIONAL,
    REQUIRED,
    Standing,
    standing_of,
    worst,
)


@dataclass(frozen=True)
class Gathered:
    """The stages by name; None for one that has not run.

    Attributes:
        folder: where the stages are.
        stages: what each left, and what may be said of it.

    """

    folder: Path
    stages: dict[str, Standing | None]

    @property
    def word(self) -> str:
        """The worst that is said of the required stages and of the optional ones that ran."""
        found = [self.stage_word(name) for name in REQUIRED]
        optional = [self.stage_word(name) for name in OPTIONAL]
        return worst([*found, *(word for word in optional if word != NOT_RUN)])

    def stage_word(self, name: str) -> str:
        """What is said of one stage: a verdict, *stale* or *partial*; *not run* if it left none."""
        standing = self.stages[name]
        return NOT_RUN if standing is None else standing.word

    def notes(self) -> list[str]:
        """Why a stage is stale or partial, one line each."""
        ran = ((name, standing) for name, standing in self.stages.items() if standing is not None)
        return [
            f"{name} is {word}: {why}"
            for name, standing in ran
            for word, why in (("stale", standing.stale), ("partial", standing.partial))
            if why
        ]

    def details(self, name: str) -> dict[str, Any]:
        """What a stage left for the report beyond its checks; empty if it has not run."""
        standing = self.stages[name]
        return {} if standing is None else standing.stage.details

    def checks(self, name: str) -> tuple[Check, ...]:
        """The checks of a stage; none if it has not run."""
        standing = self.stages[name]
        return () if standing is None else standing.stage.checks


def gather(folder: Path) -> Gathered:
    """Read every stage below ``folder``.

    Raises:
        FieldError: a stage's file is not what a stage writes, or no stage has run at all.

    """
    stages = {name: standing_of(folder, name) for name in (*REQUIRED, *OPTIONAL)}
    if not any(stages.values()):
        msg = f"{folder}: expected the folders of the main job's stages, found none; run tox first"
        raise FieldError(msg)
    return Gathered(folder, stages)


def claim(reports: Path, wanted: str | None, source: dict[str, Any]) -> Path:
    """Make the folder of a new report, which nobody else then makes; return it, empty.

    Unless a name is wanted it is the version with the commit's first letters,
    ``0.1.0+g1a2b3c4``, ``.dirty`` appended when the tree is not that commit's; a number is added
    until it is free, so that no report is ever overwritten.

    Raises:
        FieldError: a report of the wanted name exists, or it is no plain name.

    """
    if reports.is_symlink() and not reports.exists():
        msg = f"{reports}: expected a folder of reports, found a symbolic link that leads nowhere"
        raise FieldError(msg)
    reports.mkdir(parents=True, exist_ok=True)
    if wanted is not None:
        if not plain_name().admits(wanted):
            raise FieldError(f"--label: expected {plain_name().expected}, found {wanted!r}")
        if not _made(reports / wanted):
            msg = f"{reports / wanted}: expected no such report yet; choose another --label"
            raise FieldError(msg)
        return reports / wanted
    label = str(cep_core.__version__)
    if source["commit"]:
        label += f"+g{source['commit'][:7]}" + ("" if source["tree_is_clean"] else ".dirty")
    names = (label if i == 1 else f"{label}.{i}" for i in count(1))
    return next(reports / name for name in names if _made(reports / name))


def _made(folder: Path) -> bool:
    """Make a folder; false if there is anything of its name, a link that leads nowhere too."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


class Written(NamedTuple):
    """A report that has been written: its folder, its word, and why a stage cannot pass."""

    folder: Path
    word: str
    notes: list[str]


def write_report(stages: Path, reports: Path, label: str | None = None) -> Written:
    """Write a report beside the others, whole or not at all.

    Args:
        stages: where the stages of the main job left their results.
        reports: the folder of reports.
        label: the new report's name; version and commit unless given.

    Raises:
        FieldError: no stage has run, a stage's file is broken, or the label is taken.

    """
    gathered = gather(stages)
    source = provenance()
    earlier = reports_in(reports)
    place = claim(reports, label, source)
    sound = [r for r in earlier if Verdict.FAIL not in r.stages.values()]
    comparable = [r for r in earlier if is_release(r.label) or not is_release(place.name)]
    before = comparable[-1] if comparable else None
    try:
        with tempfile.TemporaryDirectory(prefix=".report-", dir=reports) as temporary:
            folder = Path(temporary) / place.name
            folder.mkdir()
            kept = keep_files(gathered, reports, folder, place.name)
            manifest = _manifest(gathered, source, place.name, before) | {
                "suspects": suspects(gathered, source["uncommitted"], sound[-1] if sound else None),
                "files": kept,
            }
            write_json(folder / MANIFEST, manifest)
            write_text(folder / VERDICTS, _check_by_line(_verdicts(gathered, place.name)))
            since = [] if before is None else changes(before, read_report(folder))
            write_text(folder / "report.html", page(gathered, manifest, since))
            write_text(folder / "README.md", first_screen(gathered, manifest))
            write_crate(folder, gathered, manifest, kept)
            folder.rename(place)  # over the empty folder that holds its name
    except BaseException:
        place.rmdir()
        raise
    return Written(place, gathered.word, gathered.notes())


def _collect(value: Any, key: str) -> Iterator[Any]:
    """Every value stored under ``key`` anywhere inside ``value``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            else:
                yield from _collect(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _collect(inner, key)


def _manifest(
    gathered: Gathered, source: dict[str, Any], label: str, before: Earlier | None
) -> dict[str, Any]:
    details = {name: gathered.details(name) for name in gathered.stages}
    listed = [found for key in ("seed", "seeds") for found in _collect(details, key)]
    seeds = [s for found in listed for s in (found if isinstance(found, list) else [found])]
    data: dict[str, Any] = {}
    for found in _collect(details, "data"):
        if isinstance(found, dict) and "sha256" in found:
            data[str(found.get("name", "data"))] = found["sha256"]
    ran = {name: standing for name, standing in gathered.stages.items() if standing is not None}
    return {
        "label": label,
        **source,
        "predecessor": None if before is None else before.label,
        "sources": _sources(gathered),
        "stages": {
            name: {
                "ran": standing.stage.ran,
                "commit": standing.stage.commit,
                "tree_is_clean": standing.stage.tree_is_clean,
                "stale": standing.stale,
                "partial": standing.partial,
                "seconds": standing.stage.seconds,
            }
            for name, standing in ran.items()
        },
        "seeds": sorted({seed for seed in seeds if isinstance(seed, int)}),
        "data_sha256": data,
        "wall_seconds": {name: standing.stage.seconds for name, standing in ran.items()},
        "parameters": {
            name: found["parameters"] for name, found in details.items() if "parameters" in found
        },
    }


def _sources(gathered: Gathered) -> dict[str, str]:
    """Digest of every source that a stage ran, by path; of a stale stage's the digest it had."""
    found: dict[str, str] = {}
    for standing in gathered.stages.values():
        found |= {} if standing is None else standing.stage.sources
    return dict(sorted(found.items()))


def _check_by_line(verdicts: dict[str, Any]) -> str:
    """The verdicts as JSON, a check in every line: half the size, and a change is one line."""
    text = partial(json.dumps, ensure_ascii=False, allow_nan=False)
    stages = (
        f"  {text(stage)}: [\n" + ",\n".join(f"   {text(check)}" for check in checks) + "\n  ]"
        for stage, checks in verdicts["checks"].items()
    )
    head = text({key: value for key, value in verdicts.items() if key != "checks"}, indent=1)
    checks = ",\n".join(stages)
    return f'{head.removesuffix("}").rstrip()},\n "checks": {{\n{checks}\n }}\n}}\n'


def _verdicts(gathered: Gathered, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "verdict": gathered.word,
        "notes": gathered.notes(),
        "stages": {name: gathered.stage_word(name) for name in gathered.stages},
        "answers": answers_of(gathered),
        "picture": picture_of(gathered),
        "published": {
            row.name: {"verdict": row.word, "told": row.told}
            for row in rows_of(gathered.details("trainings"))
        },
        "checks": {
            name: [check.as_json() for check in gathered.checks(name)] for name in gathered.stages
        },
    }
