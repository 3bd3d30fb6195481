"""The reports end to end: notebook run by papermill, exported with the template, read as a browser would."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import papermill
import pytest
from bs4 import BeautifulSoup
from build import ROOT
from report_set import MARKS, PAYLOAD, RATERS, small_set_tables, write_processed

from assess_lib import store, views
from assess_lib.publish import export

NOTEBOOKS = ("03_unit_report.ipynb", "04_county_summary.ipynb")
OTHERS = ("白杨镇", "县松柏局", "县银杏局", "县合欢局")


@pytest.fixture(scope="module")
def processed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("processed") / "2022"
    write_processed(folder, small_set_tables())
    return folder


def run(notebook: str, processed: Path, unit: str | None) -> str:
    """Run a notebook as the batch does and return its page."""
    parameters = {"year": 2022, "processed": str(processed)} | ({"unit_id": unit} if unit else {})
    made = papermill.execute_notebook(
        ROOT / "notebooks" / notebook, None, parameters=parameters, progress_bar=False, cwd=str(ROOT)
    )
    made.metadata["assess"] = views.page_metadata(store.load_set(processed), unit)
    return export.to_html(made)


@pytest.fixture(scope="module")
def page(processed) -> str:
    return run("03_unit_report.ipynb", processed, "T01")


@pytest.fixture(scope="module")
def summary(processed) -> str:
    return run("04_county_summary.ipynb", processed, None)


def read(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "html5lib")


def test_every_ledger_row_and_the_score_are_on_the_page(page, processed):
    """The page holds each ledger row of the unit by number and label, and the score of 108.11 that they add up to."""
    soup = read(page)
    ledger = store.load_set(processed).ledger
    mine = ledger[ledger["unit_id"] == "T01"]
    rows = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in soup.select("table.ledger tbody tr")]
    assert [(int(row[0]), row[3]) for row in rows] == list(zip(mine["seq"], mine["label"], strict=True))
    assert rows[-1][8] == "108.11"
    assert soup.select_one(".figures .value").get_text() == "108.11"


def test_the_page_is_the_units_own(page):
    """No other unit, no other unit's figure, no leader's name or single mark stands on a unit's page."""
    soup = read(page)
    text = " ".join([soup.get_text(), *(image["alt"] for image in soup.select("img"))])
    text = re.sub(r"数据摘要\W*[0-9a-f]{16}", "", text)  # digits of a hash tell nothing of anybody
    for secret in (*OTHERS, "T02", "D01", "987", "654", *RATERS, *MARKS):
        assert secret not in text, secret


def test_cells_make_no_markup(page):
    """What was typed into a cell is on the page as text: no script, no link, no formula, no mathematics."""
    soup = read(page)
    assert PAYLOAD in soup.get_text()
    assert not soup.find_all(["script", "iframe", "object", "link", "form"])
    assert not soup.find_all("a")


@pytest.mark.parametrize("name", ["page", "summary"])
def test_the_page_fetches_nothing(name, request):
    """The page is one file: Chinese, no script, no address to load from, figures inside with words for each."""
    text = request.getfixturevalue(name)
    soup = read(text)
    assert soup.html["lang"] == "zh-CN"
    assert not soup.find_all("script")
    addresses = [tag[key] for tag in soup.find_all(True) for key in ("src", "href") if tag.get(key)]
    assert addresses and all(address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert not re.search(r"url\(|@import", "".join(style.get_text() for style in soup.find_all("style")))
    assert all(image.get("alt") for image in soup.select("img"))


@pytest.mark.parametrize("name", ["page", "summary"])
def test_draft_and_sample_stand_on_the_page(name, request):
    """The running head, which print repeats on every page, says 初评稿 and 演示数据; the title says it again."""
    soup = read(request.getfixturevalue(name))
    assert "初评稿" in soup.select_one(".running").get_text()
    assert "演示数据" in soup.select_one(".running").get_text()
    assert "初评稿" in soup.title.get_text()
    assert {"编制人：", "复核人：", "日期："} <= {dt.get_text() for dt in soup.select(".signatures dt")}


@pytest.mark.parametrize("name", ["page", "summary"])
def test_no_code_and_no_tracebacks_are_shown(name, request):
    """Readers see prose and tables: no source of a cell, no output of an object's name."""
    text = read(request.getfixturevalue(name)).main.get_text()
    for code in ("import ", "views.", "<Html>", "Traceback", "report."):
        assert code not in text


def test_the_pdf_repeats_head_and_page_number(page):
    """Each printed page carries 初评稿, 演示数据 and its number between dashes; the title page names the unit."""
    import io

    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(export.to_pdf(page)))
    texts = [leaf.extract_text() for leaf in reader.pages]
    assert 3 <= len(texts) <= 9
    for number, text in enumerate(texts, start=1):
        assert "初评稿" in text and "演示数据" in text
        assert re.search(rf"—\s*{number}\s*—", text)
    assert "梧桐镇考核情况报告" in texts[0]
    fonts = {str(font["/BaseFont"]) for leaf in reader.pages for font in _fonts(leaf)}
    assert fonts and all("Noto" in font for font in fonts)


def _fonts(leaf):
    return [font.get_object() for font in (leaf["/Resources"].get("/Font") or {}).values()]


def test_the_summary_names_everyone_and_no_leader(summary):
    """The county's page ranks all five units, names the veto's ground, and shows no single mark."""
    text = read(summary).get_text()
    assert all(name in text for name in ("梧桐镇", *OTHERS))
    assert "信息中心认定红灯 2 次" in text
    assert not any(secret in text for secret in (*RATERS, *MARKS))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_committed_clean(name):
    """A committed notebook has no outputs, the kernel python3, tagged parameters, cells of at most five lines."""
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert [cell.metadata.get("tags") for cell in code].count(["parameters"]) == 1
    assert all(len(cell.source.splitlines()) <= 5 for cell in code)
    assert "/work" not in json.dumps(notebook) and "/home" not in json.dumps(notebook)
