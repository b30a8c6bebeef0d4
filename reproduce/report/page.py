"""The page of a report: one section for each stage, everything inside one file."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from cep_core.check.verdicts import Verdict, combine
from cep_core.fields import FieldError
from reproduce.derivation import PAGE
from reproduce.report.notation import as_mathematics
from reproduce.report.standing import OPTIONAL, REQUIRED

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

_TEMPLATES = Path(__file__).parent

SECTIONS = {name: f"{name}.html.j2" for name in (*REQUIRED, *OPTIONAL)} | {
    "table-full": "table.html.j2"
}
"""Template of each stage's section."""

_KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def page(gathered: Gathered, manifest: dict[str, Any]) -> str:
    """The page as HTML.

    Raises:
        FieldError: the details of a stage are not what this version writes.

    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = _short
    environment.filters["mathematics"] = as_mathematics
    sections = {name: _section(environment, gathered, name) for name in gathered.stages}
    return environment.get_template("report.html.j2").render(
        gathered=gathered, manifest=manifest, sections=sections
    )


def _section(environment: jinja2.Environment, gathered: Gathered, name: str) -> str:
    """What a stage left, as HTML; of a stale stage, a notice where it cannot be shown."""
    standing = gathered.stages[name]
    if standing is None:
        return environment.get_template("not_run.html.j2").render()
    path = f"{gathered.folder / name}: details"
    try:
        return environment.get_template(SECTIONS[name]).render(
            gathered=gathered,
            stage=name,
            standing=standing,
            found=standing.stage.details,
            statements=_statements(standing.stage.details) if name == "theory" else [],
            derivation=_derivation(gathered) if name == "derivation" else "",
            inline=lambda file: _inline(gathered, name, file),
        )
    except Exception as error:
        if standing.stale:
            return environment.get_template("other.html.j2").render(standing=standing)
        found = " ".join(f"{type(error).__name__}: {error}".split())
        raise FieldError(f"{path}: expected what this version writes, found {found}") from error


def _inline(gathered: Gathered, name: str, file: str) -> str:
    """A drawing that the stage left, as a URL that holds it."""
    standing = gathered.stages[name]
    if standing is None or file not in standing.stage.files or file in standing.foreign:
        raise FieldError(f"{file}: expected a file of stage {name}, found another")
    path = gathered.folder / name / file
    text = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{_KINDS[path.suffix]};base64,{text}"


def _statements(details: dict[str, Any]) -> list[tuple[str, Verdict, list[dict[str, Any]]]]:
    """The theory's rows by statement, in its order: what is stated, worst verdict, rows."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in details["rows"]:
        found.setdefault(row["statement"], []).append(row)
    return [
        (details["titles"][name], combine(Verdict(row["verdict"]) for row in listed), listed)
        for name, listed in found.items()
    ]


def _derivation(gathered: Gathered) -> str:
    """The derivation as it was set by its stage; empty if it was not."""
    standing = gathered.stages["derivation"]
    if standing is None or PAGE not in standing.stage.files or PAGE in standing.foreign:
        return ""
    return (gathered.folder / "derivation" / PAGE).read_text(encoding="utf-8")


def _short(value: Any) -> str:
    """A number as a reader wants it; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}"
