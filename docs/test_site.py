"""The site that ``tox -e docs`` has built, in a browser: at two widths, searched, and by itself."""

import functools
import http.server
import re
import threading
from pathlib import Path

import pytest

from tests.reproduce.browser import WIDTHS, chromium, needs_chromium, opened, serious

SITE = Path(__file__).parents[1] / "build" / "docs"
PAGES = sorted(path.name for path in SITE.glob("*.html"))

SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
"""Whether a page is wider than its window."""

pytestmark = needs_chromium


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served():
    handler = functools.partial(Silent, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_asks_no_other_host(browser, served, width):
    assert len(PAGES) > 12
    wide = []
    with opened(browser, f"{served}/index.html", width) as page:
        page.on("requestfailed", lambda request: page.said.append(request.url))
        for name in PAGES:
            page.goto(f"{served}/{name}")
            page.wait_for_load_state("networkidle")  # a frame that is left early fails
            wide += [name] if page.evaluate(SCROLLS) else []
        assert wide == []
        assert foreign(page, served) == []
        assert page.said == []


def foreign(page, served):
    """What a page has asked of another host."""
    return [address for address in page.requested if not address.startswith((served, "data:"))]


@pytest.mark.parametrize("name", ["index", "first_look", "results", "report", "api"])
def test_nothing_keeps_a_reader_out(browser, served, name):
    with opened(browser, f"{served}/{name}.html") as page:
        assert serious(page) == []


@pytest.mark.parametrize(
    ("words", "page_found"),
    [
        ("co-content", "check.html"),
        ("one step late", "results.html"),
        ("largest_stable_kappa", "api.html"),
        ("Machine-checked proof", "report.html"),
    ],
)
def test_the_search_finds(browser, served, words, page_found):
    with opened(browser, f"{served}/index.html") as page:
        page.fill("input[name=q]", words)
        page.press("input[name=q]", "Enter")
        page.wait_for_selector("ul.search li a")
        page.wait_for_function(
            f"document.querySelector('ul.search').innerHTML.includes({page_found!r})"
        )
        assert foreign(page, served) == []


def test_the_newest_report_is_part_of_it(browser, served):
    with opened(browser, f"{served}/report.html") as page:
        frame = page.frame_locator("iframe.report")
        assert "Equilibrium propagation" in frame.locator("h1").first.inner_text()
        page.click("text=Open report")
        assert re.fullmatch(rf"{served}/reports/[\d.]+/report\.html", page.url)
        assert foreign(page, served) == []
