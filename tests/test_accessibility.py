"""Every page can be used by people who cannot see it, cannot use a mouse, or see little contrast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from browser import browser, needs_browser
from bs4 import BeautifulSoup
from report_pages import CLOSED, MANY, OPEN, RARE, SCORED, VETOED, Reports

from assess_lib.figures import drawing
from assess_lib.views.html import templates_folder

UNITS = tuple(f"units/{unit}" for unit in (SCORED, RARE, VETOED, CLOSED, OPEN, MANY))
PAGES = (*UNITS, "county_summary", "audit", "readings", "publication", "index")
# A look each at what differs: scored, vetoed and unresolved units, and every page of another kind.
EXAMINED = (*(f"units/{unit}" for unit in (SCORED, VETOED, OPEN)), *PAGES[len(UNITS) :])
PHONE, SCREEN = 390, 1280


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory)


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as started:
        yield started


def read(reports: Reports, name: str) -> BeautifulSoup:
    return BeautifulSoup(reports.page(name).read_text(encoding="utf-8"), "html5lib")


def test_every_page_is_looked_at(reports: Reports) -> None:
    """The pages tested here are all that a run makes, one unit of each fate among them."""
    assert set(reports.pages) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_language_landmarks_and_headings(reports: Reports, name: str) -> None:
    """A page is marked as Chinese, has a title, one main part, one first heading, and skips no level of heading."""
    soup = read(reports, name)
    assert soup.html is not None and soup.html["lang"] == "zh-CN"
    assert soup.title is not None and "初评稿" in soup.title.text
    assert len(soup.select("body > main")) == 1 and len(soup.select("body > header")) == 1
    levels = [int(heading.name[1]) for heading in soup.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(lower <= upper + 1 for upper, lower in pairwise(levels)), levels


@pytest.mark.parametrize("name", PAGES)
def test_tables_say_what_their_cells_are(reports: Reports, name: str) -> None:
    """Each table has header cells, and each of them says whether it heads a row, a column or a group."""
    for table in read(reports, name).find_all("table"):
        heads = table.find_all("th")
        assert heads, str(table)[:300]
        assert {head.get("scope") for head in heads} <= {"row", "col", "rowgroup"}, str(table)[:300]


@pytest.mark.parametrize("name", PAGES)
def test_what_scrolls_is_reached_by_keyboard(reports: Reports, name: str) -> None:
    """A box that scrolls in itself takes the keyboard's focus and has a name; a figure, too."""
    for box in read(reports, name).select(".scroll, figure.plot"):
        assert box["tabindex"] == "0", str(box)[:200]
        assert box["aria-label"].strip(), str(box)[:200]


def test_every_figure_has_words_of_its_own(reports: Reports) -> None:
    """Each image's alternative text is a sentence with a number, and no two figures of a page share it."""
    seen = 0
    for name in PAGES:
        words = [image.get("alt", "") for image in read(reports, name).find_all("img")]
        seen += len(words)
        assert len(set(words)) == len(words), name
        for text in words:
            assert len(text) >= 20 and re.search(r"\d", text) and text.endswith("。"), (name, text)
    assert seen >= 5 + 3 + 3  # a waterfall for each unit with a score, the county's three, three of the readings


@needs_browser
@pytest.mark.parametrize("name", EXAMINED)
def test_axe_finds_nothing(reports: Reports, running: Any, name: str) -> None:
    """On a screen axe-core finds no violation of WCAG 2.2 AA nor of its own best practices, of any weight."""
    assert examine(running, reports, name, SCREEN) == []


@needs_browser
@pytest.mark.parametrize("name", [f"units/{SCORED}", "county_summary"])
def test_axe_finds_nothing_on_a_phone(reports: Reports, running: Any, name: str) -> None:
    """The same at 390 pixels, where tables restack or scroll."""
    assert examine(running, reports, name, PHONE) == []


@needs_browser
@pytest.mark.deep
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_anywhere(reports: Reports, running: Any, name: str) -> None:
    """Every page, on a phone and on a screen."""
    assert examine(running, reports, name, PHONE) + examine(running, reports, name, SCREEN) == []


def examine(running: Any, reports: Reports, name: str, width: int) -> list[tuple[str, str, str]]:
    """Return what axe-core finds: its weight, its rule, and the first element."""
    from axe_playwright_python.sync_playwright import Axe

    # the page's policy keeps out even the examiner's script
    context = running.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
    tab = context.new_page()
    tab.goto(reports.page(name).as_uri())
    said = Axe().run(tab).response
    context.close()
    assert len(said["passes"]) > 20  # it did look
    return [(found["impact"], found["id"], found["nodes"][0]["html"]) for found in said["violations"]]


@needs_browser
def test_the_examiner_would_find_it(running: Any) -> None:
    """An image without words, pale text and a skipped heading are found: the tests above can fail."""
    from axe_playwright_python.sync_playwright import Axe

    tab = running.new_page()
    tab.set_content(
        '<!DOCTYPE html><html lang="zh"><title>t</title><main><h1>县</h1><img src="data:,">'
        '<p style="color:#bbb">pale</p><h3>skipped</h3></main>'
    )
    found = {each["id"] for each in Axe().run(tab).response["violations"]}
    assert {"image-alt", "color-contrast", "heading-order"} <= found
    tab.close()


def luminance(colour: str) -> float:
    """Return a colour's relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_reckoned_as_the_standard_does() -> None:
    """Black on white is 21 : 1; #777777 is just below the 4.5 that small text needs, #767676 just above."""
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert contrast("#777777", "#ffffff") < 4.5 < contrast("#767676", "#ffffff")


def test_text_colours_have_contrast_enough() -> None:
    """Each colour of text, in pages and in figures, has 4.5 : 1 on white and on the grey that tables use."""
    style = (templates_folder() / "assess" / "fragments.css").read_text(encoding="utf-8")
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", style))
    texts = {named[key] for key in ("ink", "soft", "deep", "bad")} | {drawing.INK, drawing.SOFT}
    for ground in ("#ffffff", named["wash"]):
        for text in texts:
            assert contrast(text, ground) >= 4.5, (text, ground)
    used = set(re.findall(r"(?<![-\w])color: var\(--(\w+)\)", style))
    assert used and used <= {"ink", "soft", "deep", "bad"}, used
