"""The newest release's report as a part of the site: copied beside the pages, its links held.

``{newest-report}`` shows it where it stands and lists its sections, so that the search finds them.
"""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from docutils.parsers.rst import Directive

from reproduce.report.earlier import releases

REPORTS = Path(__file__).resolve().parents[2] / "reports"
PAGE = "report.html"


class Page(HTMLParser):
    """What a page leads to, and its sections.

    Attributes:
        links: addresses of links and of what the page shows.
        ids: places in it.
        sections: headings of the second order, by place.

    """

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.sections: dict[str, str] = {}
        self._heading, self._aside = "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where it leads and what it is called."""
        given = dict(attrs)
        self.links += [a for a in (given.get("href"), given.get("src")) if a]
        self.ids |= {name} if (name := given.get("id")) else set()
        if tag == "h2":
            self._heading = name or ""
        self._aside = tag == "span"  # a badge

    def handle_endtag(self, tag: str) -> None:
        """End a heading."""
        if tag == "h2":
            self._heading = ""

    def handle_data(self, data: str) -> None:
        """Read a heading."""
        if self._heading and not self._aside:
            self.sections[self._heading] = self.sections.get(self._heading, "") + data


class NewestReport(Directive):
    """The report in a frame, and its sections as links."""

    def run(self) -> list[nodes.Node]:
        """Find the report and show it."""
        env = self.state.document.settings.env
        report = releases(REPORTS)[-1]
        source = report / PAGE
        env.note_dependency(str(source))
        address = f"reports/{report.name}/{PAGE}"
        listed = nodes.bullet_list()
        for place, heading in Page(source.read_text(encoding="utf-8")).sections.items():
            listed += nodes.list_item("", _link(heading.strip(), f"{address}#{place}"))
        frame = (
            f'<iframe class="report" src="{address}" loading="lazy" '
            f'title="Report {report.name}"></iframe>'
        )
        opening = _link(f"Open report {report.name} on a page of its own", address)
        return [opening, nodes.raw("", frame, format="html"), nodes.rubric("", "Sections"), listed]


def _link(text: str, address: str) -> nodes.paragraph:
    paragraph = nodes.paragraph()
    paragraph += nodes.reference("", text, refuri=address)
    return paragraph


def _copy(app: Any, error: Exception | None) -> None:
    """Copy the report and what it leads to; what it leads to in vain is a warning."""
    from sphinx.util import logging  # noqa: PLC0415 - only where pages are built

    if error is not None or app.builder.format != "html":
        return
    report = releases(REPORTS)[-1]
    root = Path(app.outdir) / "reports"
    shutil.rmtree(root, ignore_errors=True)
    page = Page((report / PAGE).read_text(encoding="utf-8"))
    wanted = {PAGE}
    for link in page.links:
        address, _, place = link.partition("#")
        if not address and place and place not in page.ids:
            logging.getLogger(__name__).warning("report %s: no place %s", report.name, link)
        if address and ":" not in address:
            wanted.add(unquote(address))
    for name in sorted(wanted):
        source = (report / name).resolve()
        if not source.is_relative_to(REPORTS) or not source.is_file():
            logging.getLogger(__name__).warning("report %s: no file %s", report.name, name)
            continue
        target = root / source.relative_to(REPORTS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def setup(app: Any) -> dict[str, bool]:
    """Add the directive, and copy when the pages are written."""
    app.add_directive("newest-report", NewestReport)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
