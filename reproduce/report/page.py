"""The page of a report: one file with everything inside, made of the sections."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cep_core.fields import FieldError
from reproduce.compare.changes import Change
from reproduce.report.answers import Answer, answers
from reproduce.report.broken import broken
from reproduce.report.files import PICTURE, link
from reproduce.report.published import counted, rows_of
from reproduce.report.sections import Section, sections
from reproduce.report.templates import environment

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered

_ESCAPED = re.compile(r"""[%#"&\x00-\x1f]""")
"""Characters that a URL in an attribute between double quotes cannot hold."""

_QUOTED = re.compile(r"""="([^"'<>]*)\"""")
"""An attribute's value between quotes that a URL cannot hold; it takes the others as well."""


def page(gathered: Gathered, manifest: dict[str, Any], since: Sequence[Change]) -> str:
    """The page as HTML.

    Raises:
        FieldError: the details of a stage are not what this version writes.

    """
    found = sections()
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            gathered=gathered,
            manifest=manifest,
            answers=_answers(gathered),
            published=_published(gathered),
            broken=broken(gathered),
            sections=found,
            bodies={
                name: _body(gathered, manifest, since, name, section)
                for name, section in found.items()
            },
        )
    )


def first_screen(gathered: Gathered, manifest: dict[str, Any]) -> str:
    """The answers as Markdown, which renders where HTML does not."""
    template = environment().get_template("first_screen.md.j2")
    text = template.render(
        gathered=gathered,
        manifest=manifest,
        answers=_answers(gathered),
        published=_published(gathered),
        picture=link(manifest["files"], PICTURE, manifest["label"]),
        **picture_of(gathered),
    )
    return html.unescape(text) + "\n"


def _published(gathered: Gathered) -> str:
    return counted(row.word for row in rows_of(gathered.details("trainings")))


def answers_of(gathered: Gathered) -> list[dict[str, Any]]:
    """The first screen's answers for programs: question, word, and points with theirs."""
    return [
        {
            "question": answer.question,
            "word": answer.word,
            "points": [{"word": point.word, "text": point.text} for point in answer.points],
        }
        for answer in _answers(gathered)
    ]


def picture_of(gathered: Gathered) -> dict[str, str]:
    """Caption and alternative text of the picture that is kept, as its stage made them."""
    stage, _, file = PICTURE.partition("/")
    for notebook in gathered.details(stage).get("notebooks", []):
        for figure in notebook["figures"]:
            if file in figure["files"].values():
                return {key: figure[key] for key in ("caption", "alternative")}
    return {"caption": "", "alternative": ""}


def _answers(gathered: Gathered) -> list[Answer]:
    """The first screen's answers; of checks that are not this version's, a fault by name."""
    try:
        return answers(gathered)
    except Exception as error:
        found = " ".join(f"{type(error).__name__}: {error}".split())
        msg = f"{gathered.folder}: expected the checks of this version, found {found}"
        raise FieldError(msg) from error


def _body(
    gathered: Gathered,
    manifest: dict[str, Any],
    since: Sequence[Change],
    name: str,
    section: Section,
) -> str:
    """A section as HTML; a notice of a stage that has not run, or left what cannot be shown."""
    template = environment().get_template(f"{name}.html.j2")
    if not section.stage:
        return template.render(
            gathered=gathered, manifest=manifest, since=since, **section.data(gathered)
        )
    standing = gathered.stages[section.stage]
    if standing is None:
        return environment().get_template("not_run.html.j2").render()
    try:
        return template.render(
            gathered=gathered,
            stage=section.stage,
            standing=standing,
            found=standing.stage.details,
            inline=partial(_inline, gathered, section.stage),
            link=partial(_link, manifest, section.stage),
            **section.data(gathered),
        )
    except Exception as error:
        unfinished = any(check.name.endswith("/finished") for check in standing.stage.checks)
        if standing.stale or unfinished:
            other = environment().get_template("other.html.j2")
            return other.render(gathered=gathered, standing=standing, stage=section.stage)
        path = f"{gathered.folder / section.stage}: details"
        found = " ".join(f"{type(error).__name__}: {error}".split())
        raise FieldError(f"{path}: expected what this version writes, found {found}") from error


def _link(manifest: dict[str, Any], stage: str, file: str) -> str:
    """Where the page finds a file that a stage left; empty if no report keeps it."""
    return link(manifest["files"], f"{stage}/{file}", manifest["label"])


def _inline(gathered: Gathered, name: str, file: str) -> str:
    """A drawing that the stage left, as a URL that holds it, for an attribute between quotes."""
    standing = gathered.stages[name]
    if standing is None or file not in standing.stage.files or file in standing.foreign:
        raise FieldError(f"{file}: expected a file of stage {name}, found another")
    path = gathered.folder / name / file
    if path.suffix == ".svg":
        drawing = _QUOTED.sub(r"='\1'", path.read_text(encoding="utf-8"))
        return "data:image/svg+xml," + _ESCAPED.sub(lambda found: quote(found[0]), drawing)
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
