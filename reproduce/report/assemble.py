"""Assemble ``reports/<label>/`` from what the stages of the main job left behind."""

from __future__ import annotations

import base64
import importlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

import cep_core
from cep_core.check.verdicts import Check, Verdict, combine
from cep_core.files import write_json, write_text
from reproduce.report.notation import as_mathematics
from reproduce.report.provenance import provenance
from reproduce.stages import read_stage

REQUIRED = ("verify", "theory", "derivation", "figures", "table", "regression")
"""Stages without which the main job is not done, in the order of the report."""

OPTIONAL = ("proof", "table-full", "benchmarks")
"""Stages that need what not every machine has: Coq, hours of training, an idle processor."""

_TEMPLATES = Path(__file__).parent


@dataclass(frozen=True)
class Gathered:
    """The stages' records by name; None for one that has not run.

    Attributes:
        folder: where the stages are.
        stages: the contents of each ``stage.json``.
    """

    folder: Path
    stages: dict[str, dict[str, Any] | None]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the required stages and of the optional ones that ran."""
        found = [self.stage_verdict(name) for name in REQUIRED]
        optional = [self.stage_verdict(name) for name in OPTIONAL]
        return combine([*found, *(v for v in optional if v is not Verdict.NOT_RUN)])

    def stage_verdict(self, name: str) -> Verdict:
        """Verdict of one stage; *not run* if it left nothing."""
        record = self.stages[name]
        return Verdict.NOT_RUN if record is None else Verdict(record["verdict"])

    def details(self, name: str) -> dict[str, Any]:
        """What a stage left for the report beyond its checks; empty if it has not run."""
        record = self.stages[name]
        return {} if record is None else dict(record.get("details", {}))

    def checks(self, name: str) -> list[dict[str, Any]]:
        """The checks of a stage; none if it has not run."""
        record = self.stages[name]
        return [] if record is None else list(record["checks"])

    def groups(self, name: str) -> list[tuple[str, Verdict, list[dict[str, Any]]]]:
        """The checks of a stage by the first part of their names, each with its worst verdict."""
        found: dict[str, list[dict[str, Any]]] = {}
        for check in self.checks(name):
            found.setdefault(check["name"].partition("/")[0], []).append(check)
        return [
            (group, combine(Verdict(c["verdict"]) for c in checks), checks)
            for group, checks in found.items()
        ]


def gather(folder: Path) -> Gathered:
    """Read every stage below ``folder``.

    Raises:
        ValueError: a stage's file is not what a stage writes, or no stage has run at all.
    """
    stages = {name: read_stage(folder / name) for name in (*REQUIRED, *OPTIONAL)}
    stages["proof"] = _proof(folder / "proof" / "proof.json")
    if not any(stages.values()):
        msg = f"{folder}: expected the folders of the main job's stages, found none; run tox first"
        raise ValueError(msg)
    return Gathered(folder, stages)


def _proof(path: Path) -> dict[str, Any] | None:
    """What the check of the machine-checked proof wrote, as a stage; None if it has not run.

    That check needs no package and no stage of its own, so that it runs wherever Coq does.

    Raises:
        ValueError: the file is not what the check writes.
    """
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        checks = [
            Check(
                f"proof/{theorem['name']}",
                theorem["statement_in_words"],
                Verdict(theorem["verdict"]),
                {},
                f"{theorem['file']}, as Pinned.v states it",
            ).as_json()
            for theorem in found["theorems"]
        ]
        record = {"stage": "proof", "verdict": str(Verdict(found["verdict"])), "checks": checks}
        return record | {"seconds": float(found["seconds"]), "details": found}
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path}: expected what the check of the proof writes, found something else ({error})"
        raise ValueError(msg) from error


def free_label(reports: Path, wanted: str | None, source: dict[str, Any]) -> str:
    """Name of a report's folder that does not exist yet.

    Unless one is wanted it is the version with the commit's first letters, ``0.1.0+g1a2b3c4``,
    ``.dirty`` appended when the tree is not that commit's; a number is added until it is free, so
    that no report is ever overwritten.

    Raises:
        ValueError: a report of the wanted name exists.
    """
    if wanted is not None:
        if (reports / wanted).exists():
            msg = f"{reports / wanted}: expected no such report yet; choose another --label"
            raise ValueError(msg)
        return wanted
    label = str(cep_core.__version__)
    if source["commit"]:
        label += f"+g{source['commit'][:7]}" + ("" if source["tree_is_clean"] else ".dirty")
    names = (label if i == 1 else f"{label}.{i}" for i in range(1, 10_000))
    return next(name for name in names if not (reports / name).exists())


def write_report(stages: Path, reports: Path, label: str | None = None) -> tuple[Path, Verdict]:
    """Write a report beside the others, whole or not at all; return its folder and verdict.

    Args:
        stages: where the stages of the main job left their results.
        reports: the folder of reports.
        label: the new report's name; version and commit unless given.

    Raises:
        ValueError: no stage has run, a stage's file is broken, or the label is taken.
    """
    gathered = gather(stages)
    source = provenance()
    name = free_label(reports, label, source)
    reports.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=reports) as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        _copy_results(gathered, folder)
        manifest = _manifest(gathered, source, name)
        write_json(folder / "manifest.json", manifest)
        write_json(folder / "verdicts.json", _verdicts(gathered, name))
        write_text(folder / "report.html", _page(gathered, manifest))
        folder.rename(reports / name)
    return reports / name, gathered.verdict


def _copy_results(gathered: Gathered, folder: Path) -> None:
    """Copy figures and executed notebooks, tables and benchmark results; not training runs."""
    for stage in ("figures", "table", "table-full", "benchmarks", "derivation"):
        source = gathered.folder / stage
        if gathered.stages[stage] is None:
            continue
        for path in sorted(source.rglob("*")):
            if path.suffix in {".png", ".svg", ".pdf", ".csv", ".ipynb"}:
                target = folder / stage / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


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


def _manifest(gathered: Gathered, source: dict[str, Any], label: str) -> dict[str, Any]:
    seeds: set[int] = set()
    for key in ("seed", "seeds"):
        for found in _collect(gathered.stages, key):
            seeds.update(found if isinstance(found, list) else [found])
    data: dict[str, Any] = {}
    for found in _collect(gathered.stages, "data"):
        if isinstance(found, dict) and "sha256" in found:
            data[str(found.get("name", "data"))] = found["sha256"]
    return {
        "label": label,
        **source,
        "seeds": sorted(seeds),
        "data_sha256": data,
        "wall_seconds": {
            name: record["seconds"] for name, record in gathered.stages.items() if record
        },
        "parameters": {
            name: gathered.details(name)["parameters"]
            for name in gathered.stages
            if "parameters" in gathered.details(name)
        },
    }


def _verdicts(gathered: Gathered, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "verdict": str(gathered.verdict),
        "stages": {name: str(gathered.stage_verdict(name)) for name in gathered.stages},
        "checks": {name: gathered.checks(name) for name in gathered.stages},
    }


def _inline(path: Path) -> str:
    kind = {".svg": "image/svg+xml", ".png": "image/png"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _page(gathered: Gathered, manifest: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = _short
    environment.filters["mathematics"] = as_mathematics
    return environment.get_template("report.html.j2").render(
        gathered=gathered,
        manifest=manifest,
        required=REQUIRED,
        optional=OPTIONAL,
        statements=_statements(gathered.details("theory").get("rows", [])),
        derivation=_derivation(gathered.folder),
        inline=lambda stage, name: _inline(gathered.folder / stage / name),
    )


def _statements(rows: list[dict[str, Any]]) -> list[tuple[str, Verdict, list[dict[str, Any]]]]:
    """The theory's rows by statement, in its order: what is stated, worst verdict, rows."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["statement"], []).append(row)
    return [
        (
            (importlib.import_module(f"theory.{name}").__doc__ or name).partition("\n")[0],
            combine(Verdict(row["verdict"]) for row in listed),
            listed,
        )
        for name, listed in found.items()
    ]


def _derivation(stages: Path) -> str:
    """The derivation as it was set by its stage; empty if there is none."""
    page = stages / "derivation" / "derivation.html"
    return page.read_text(encoding="utf-8") if page.exists() else ""


def _short(value: Any) -> str:
    """A number as a reader wants it; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}"
