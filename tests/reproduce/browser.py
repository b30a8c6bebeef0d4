"""A headless Chromium of the system's, driven by Playwright, and what the tests ask of a page."""

import shutil
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

CHROMIUM = next((path for name in NAMES if (path := shutil.which(name))), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None,
    reason=f"no Chromium on the PATH (any of {', '.join(NAMES)}); .ci/run installs one",
)

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
"""Of the window, and its height."""

OPEN = "document.querySelectorAll('details').forEach(each => each.open = true)"


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser, place, width="desktop", *, everything=False):
    """A page, with what it says on the console and asks for, everything unfolded if wanted.

    The place is a path or an address.
    """
    across, down = WIDTHS[width]
    page = browser.new_page(viewport={"width": across, "height": down})
    page.said, page.requested = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    page.goto(place if isinstance(place, str) else place.as_uri())
    if everything:
        page.evaluate(OPEN)
    try:
        yield page
    finally:
        page.close()


def serious(page):
    """What axe-core finds that keeps a reader out, one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in {"serious", "critical"}
    ]


def too_wide(page):
    """Elements that reach beyond the right edge and are not inside something that scrolls."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            const scrolls = e => e && (getComputedStyle(e).overflowX === 'auto'
                || scrolls(e.parentElement));
            return [...document.body.querySelectorAll('*')]
                .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e))
                .map(e => e.outerHTML.slice(0, 120));
        }"""
    )


def broken_words(page):
    """Words of up to sixteen letters that are parted between two lines."""
    return page.evaluate(
        r"""() => {
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            for (let text = texts.nextNode(); text; text = texts.nextNode()) {
                for (const word of text.data.matchAll(/\p{L}{2,16}/gu)) {
                    const range = document.createRange();
                    range.setStart(text, word.index);
                    range.setEnd(text, word.index + word[0].length);
                    const tops = [...range.getClientRects()].map(r => Math.round(r.top));
                    if (new Set(tops).size > 1) found.push(word[0]);
                }
            }
            return found;
        }"""
    )


def reached(page, anchor):
    """Whether the heading that an anchor leads to is seen, and not under something else."""
    return page.evaluate(
        """name => {
            location.hash = name;
            const box = document.getElementById(name).getBoundingClientRect();
            const seen = document.elementFromPoint(box.left + 2, box.top + box.height / 2);
            return box.top >= 0 && seen && (seen.id === name || seen.closest('h2')?.id === name);
        }""",
        anchor,
    )
