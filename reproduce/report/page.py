"""The page of a report: one file with everything inside, made of the sections."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from cep_core.fields import FieldError
from reproduce.report.answers import answers
from reproduce.report.broken import broken
from reproduce.report.notation import as_mathematics, label
from reproduce.report.sections import Section, sections

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

_TEMPLATES = Path(__file__).parent / "sections"

_KINDS = {".svg": "image/svg+xml", ".png": "image/png"}


def page(gathered: Gathered, manifest: dict[str, Any]) -> str:
    """The page as HTML.

    Raises:
        FieldError: the details of a stage are not what this version writes.

    """
    environment = _environment()
    found = sections()
    return environment.get_template("page.html.j2").render(
        gathered=gathered,
        manifest=manifest,
        answers=answers(gathered, gathered.rows),
        broken=broken(gathered),
        sections=found,
        bodies={
            name: _body(environment, gathered, manifest, name, section)
            for name, section in found.items()
        },
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "short": _short,
        "mathematics": as_mathematics,
        "label": label,
        "count": count,
    }
    return environment


def _body(
    environment: jinja2.Environment,
    gathered: Gathered,
    manifest: dict[str, Any],
    name: str,
    section: Section,
) -> str:
    """A section as HTML; a notice of a stage that has not run, or left what cannot be shown."""
    template = environment.get_template(f"{name}.html.j2")
    if not section.stage:
        return template.render(gathered=gathered, manifest=manifest, **section.data(gathered))
    standing = gathered.stages[section.stage]
    if standing is None:
        return environment.get_template("not_run.html.j2").render()
    try:
        return template.render(
            gathered=gathered,
            stage=section.stage,
            standing=standing,
            found=standing.stage.details,
            inline=partial(_inline, gathered, section.stage),
            **section.data(gathered),
        )
    except Exception as error:
        unfinished = any(check.name.endswith("/finished") for check in standing.stage.checks)
        if standing.stale or unfinished:
            other = environment.get_template("other.html.j2")
            return other.render(gathered=gathered, standing=standing, stage=section.stage)
        path = f"{gathered.folder / section.stage}: details"
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


def _short(value: Any) -> str:
    """A number as a reader wants it; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3g}"


def count(number: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
