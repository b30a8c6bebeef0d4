"""The page as a reader meets it: in a browser at two widths, on paper, and without seeing it."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from reproduce.command_line import main
from reproduce.report import standing
from reproduce.report.assemble import write_report
from reproduce.report.earlier import releases
from reproduce.report.standing import EXPECTED
from reproduce.stages import begin
from tests.reproduce.browser import (
    WIDTHS,
    broken_words,
    chromium,
    needs_chromium,
    opened,
    reached,
    serious,
    too_wide,
)
from tests.reproduce.whole import leave_all

REPORTS = Path(__file__).parents[2] / "reports"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Two reports of stages that left something of every kind, and a page of what changed."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "EXPECTED", dict.fromkeys(EXPECTED, list))
        leave_all(folder / "stages", begin(Path(__file__)))
        for label in ("1.0.0", "1.1.0"):
            write_report(folder / "stages", folder / "reports", label)
    two = [str(folder / "reports" / label) for label in ("1.0.0", "1.1.0")]
    main(["compare", *two, "--page", str(folder / "reports" / "changes.html")])
    return folder / "reports"


def newest():
    """The page of the newest release that is committed, if this version has written it."""
    written = [p for p in releases(REPORTS) if (p / "ro-crate-metadata.json").exists()]
    return [release / "report.html" for release in written[-1:]]


@pytest.fixture(scope="module")
def pages(reports):
    return [reports / "1.1.0" / "report.html", reports / "changes.html"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_asks_for_nothing_says_nothing_fits_and_can_be_read_by_all(browser, pages, width):
    for path in pages:
        with opened(browser, path, width, everything=True) as page:
            assert page.said == []
            others = [u for u in page.requested if not u.startswith("data:")]
            assert others == [path.as_uri()]
            assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
            assert too_wide(page) == []
            assert broken_words(page) == []
            assert serious(page) == []


@needs_chromium
def test_every_link_and_picture_leads_somewhere(browser, pages):
    for path in (*pages, *newest()):
        with opened(browser, path) as page:
            links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
            anchors = {link[1:] for link in links if link.startswith("#")}
            ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
            assert len(ids) == len(set(ids))
            assert anchors <= set(ids)
            files = [link for link in links if not link.startswith(("#", "https://"))]
            assert [f for f in files if not (path.parent / f).exists()] == []
            broken = "all => all.filter(i => !i.naturalWidth || !i.alt).length"
            assert page.eval_on_selector_all("img", broken) == 0


@needs_chromium
@pytest.mark.parametrize("width", WIDTHS)
def test_a_heading_is_seen_where_the_list_of_sections_leads(browser, pages, width):
    with opened(browser, pages[0], width, everything=True) as page:
        links = page.eval_on_selector_all("nav a", "all => all.map(a => a.hash.slice(1))")
        assert len(links) > 10
        assert [name for name in links if not reached(page, name)] == []


@needs_chromium
def test_on_paper_everything_is_unfolded_and_nothing_is_cut(browser, pages):
    for path in pages:
        with opened(browser, path) as page:
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 720, "height": 1000})
            hidden = page.eval_on_selector_all(
                "details table, details p, details dl",
                "all => all.filter(e => !e.getBoundingClientRect().height).length",
            )
            assert hidden == 0
            assert page.evaluate("document.documentElement.scrollWidth") == 720
            assert broken_words(page) == []
            cut = page.eval_on_selector_all(
                ".formula, pre", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length"
            )
            assert cut == 0


@needs_chromium
def test_the_first_screen_has_every_question(browser, reports):
    with opened(browser, reports / "1.1.0" / "report.html") as page:
        ends = page.eval_on_selector_all(
            ".answer h2", "all => all.map(e => e.getBoundingClientRect().bottom)"
        )
        assert len(ends) == 5
        assert max(ends) < WIDTHS["desktop"][1]


def test_headings_are_in_order_and_cells_are_told_by_their_headings(reports):
    for path in (reports / "1.1.0" / "report.html", reports / "changes.html"):
        text = path.read_text(encoding="utf-8")
        levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
        assert levels[0] == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert not re.findall(r"<th(?! scope)[ >]", text.replace("<thead>", ""))
        assert text.count("<table") == text.count("<caption>")


def test_labels_are_plain(reports):
    text = (reports / "1.1.0" / "report.html").read_text(encoding="utf-8")
    assert "<b>Theorem 1</b>" in text
    assert "1 check" in text
    assert "1 checks" not in text
    assert "theorem1</b>" not in text


def test_a_drawing_in_the_page_is_whole(reports):
    text = (reports / "1.1.0" / "report.html").read_text(encoding="utf-8")
    assert "data:image/svg+xml,<svg" in text
    assert "%23" in text  # of a hash, which would end the address


def test_the_word_of_the_table_is_on_the_first_screen(reports):
    verdicts = json.loads((reports / "1.1.0" / "verdicts.json").read_text(encoding="utf-8"))
    assert verdicts["published"]["EP-1h"]["verdict"] == "not reproduced"
    text = (reports / "1.1.0" / "report.html").read_text(encoding="utf-8")
    assert text.index("EP-1h: published 2.00 ± 0.13†") < text.index('<h2 id="published">')
    assert text.index("at random") < text.index('class="answers"')
