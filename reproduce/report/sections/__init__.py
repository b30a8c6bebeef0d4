"""Sections of the page: a module each, with the template of the same name beside it.

A module says where its section stands, what it is called and what its template is given. A new
module with a ``SECTION`` is a new section; nothing else lists them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cep_core.check.verdicts import Verdict, combine
from reproduce.report.standing import NOT_RUN

if TYPE_CHECKING:
    from reproduce.report.assemble import Gathered


def _nothing(_gathered: Gathered) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        place: sections stand in the order of these numbers.
        title: its heading.
        short: its name in the navigation.
        stage: of the main job, whose record it shows; its heading has the stage's verdict. Empty
            for a section about more than one.
        data: what its template is given besides the stage's record, by name.
        word: the verdict in its heading, where that is not the stage's.

    """

    place: int
    title: str
    short: str
    stage: str = ""
    data: Callable[[Gathered], Mapping[str, Any]] = _nothing
    word: Callable[[Gathered], str] | None = None

    def heading(self, gathered: Gathered) -> str:
        """The verdict in the heading; empty without one.

        That of the stage where its details are not what this version writes: the section says so.
        """
        if self.word is not None:
            with suppress(Exception):
                return self.word(gathered)
        return gathered.stage_word(self.stage) if self.stage else ""


def cases_of(gathered: Gathered, *statements: str) -> list[Mapping[str, Any]]:
    """Cases of the theory stage that are of these statements."""
    rows = gathered.details("theory").get("rows", ())
    return [row for row in rows if row.get("statement") in statements]


def word_of_cases(gathered: Gathered, *statements: str) -> str:
    """What these statements' cases say together."""
    cases = cases_of(gathered, *statements)
    return str(combine(Verdict(case["verdict"]) for case in cases)) if cases else NOT_RUN


@cache
def sections() -> dict[str, Section]:
    """Every section by the name of its module, which is its anchor and its template's name."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in names}
    found = {n: m.SECTION for n, m in modules.items() if isinstance(m.SECTION, Section)}
    return dict(sorted(found.items(), key=lambda item: item[1].place))
