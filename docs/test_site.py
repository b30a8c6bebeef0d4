"""The site that ``tox -e docs`` has built, in a browser: at two widths, searched, and by itself."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

from reproduce.report.earlier import newest
from tests.reproduce.browser import WIDTHS, chromium, needs_chromium, serious

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "docs"
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
    with chromium() as opened:
        yield opened


def page_of(browser, served, width):
    across, down = WIDTHS[width]
    page = browser.new_page(viewport={"width": across, "height": down})
    page.said, page.foreign = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("requestfailed", lambda request: page.said.append(request.url))
    page.on(
        "request",
        lambda request: (
            page.foreign.append(request.url)
            if not request.url.startswith((served, "data:"))
            else None
        ),
    )
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_asks_no_other_host(browser, served, width):
    assert len(PAGES) > 12
    page, wide = page_of(browser, served, width), []
    for name in PAGES:
        page.goto(f"{served}/{name}")
        wide += [name] if page.evaluate(SCROLLS) else []
    assert wide == []
    assert page.foreign == []
    assert page.said == []


def test_nothing_keeps_a_reader_out(browser, served):
    page, found = page_of(browser, served, "desktop"), {}
    for name in ("index.html", "first_look.html", "results.html", "report.html", "api.html"):
        page.goto(f"{served}/{name}")
        if violations := serious(page):
            found[name] = violations
    assert found == {}


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
    page = page_of(browser, served, "desktop")
    page.goto(f"{served}/index.html")
    page.fill("input[name=q]", words)
    page.press("input[name=q]", "Enter")
    page.wait_for_selector("#search-results ul.search li a")
    page.wait_for_function("document.querySelector('#search-results').innerText.includes('found')")
    links = page.eval_on_selector_all("ul.search li a", "all => all.map(a => a.href)")
    assert any(f"/{page_found}" in link for link in links), links
    assert page.foreign == []


def test_the_newest_report_is_part_of_it(browser, served):
    label = newest(ROOT / "reports").label
    page = page_of(browser, served, "desktop")
    page.goto(f"{served}/report.html")
    frame = page.frame_locator("iframe.report")
    assert "Equilibrium propagation" in frame.locator("h1").first.inner_text()
    page.click("text=Open report")
    assert page.url == f"{served}/reports/{label}/report.html"
    assert page.foreign == []
