"""Nothing that stands in a cell does anything in an output: no formula, link, script, file or network access."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import openpyxl
import pytest
from bs4 import BeautifulSoup, Tag
from build import ROOT
from hostile import FORMULAS, LINKS, MARKUP, MATHS, PAYLOADS, RARE, TEMPLATES, make_hostile_raw
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject
from spreadsheets import ROWS, grid, valid_folder, write_csv, write_xlsx

from assess_lib import pipeline
from assess_lib.cli import main
from assess_lib.paths import resolve
from assess_lib.store import load_set

# Units bear names of every kind; the rest of the payloads follow.
_NAMES = (MARKUP[0], FORMULAS[0], f"{RARE}字", LINKS[12], TEMPLATES[0], MATHS[0], MARKUP[5], "../../../etc/passwd")
ORDERED = (*_NAMES, *(text for text in PAYLOADS if text not in _NAMES))
# Two of three of each kind, for the run that every test session makes; the deep one takes all.
QUICK = (*_NAMES, *(text for number, text in enumerate(ORDERED[len(_NAMES) :]) if number % 3))
# Every column of the csv files that holds numbers, which may begin with a minus.
_NUMBERS = {
    "key_score", "bonus_score", "final_score", "rank_in_group", "rank_overall", "unresolved", "points", "cap", "seq",
    "nominal", "before", "after", "row", "read", "accepted", "rejected", "set_aside",
}  # fmt: skip
# The tables on readings: what changes by how much; their "before" and "after" are words.
_CHANGES = {"size", "set", "score_change", "rank_in_group_change", "rank_overall_change"}
_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r")
# What a report is made of; anything else in a page came from somewhere else.
_ELEMENT_NAMES = (
    "html head meta title style body main header footer nav section article div p span h1 h2 h3 h4 h5 h6 table caption "
    "colgroup col thead tbody tfoot tr th td ul ol li dl dt dd strong em b i small sub sup br hr figure figcaption img "
    "blockquote details summary code pre a abbr time mark data"
)
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ACTIVE_NAMES = (
    "/JS /JavaScript /Launch /URI /SubmitForm /ImportData /RichMedia /GoToR /GoToE /AA "
    "/Sound /Movie /XFA /AcroForm /Rendition"
)
_ACTIVE_IN_PDF = frozenset(_ACTIVE_NAMES.split())


def test_there_are_many_payloads() -> None:
    """More than a hundred different texts are tried, among them every character that can begin a formula."""
    assert len(set(ORDERED)) == len(ORDERED) == len(PAYLOADS) >= 150
    assert len(QUICK) >= 110
    assert {text[0] for text in FORMULAS} >= set(_FORMULA_STARTS)


# ---- the year ---------------------------------------------------------------------------------------------------


def _make_year(project: Path, payloads: Sequence[str], units: int, every: int, arguments: list[str]) -> None:
    make_hostile_raw(project / "data" / "raw" / "2022", payloads, units, every)
    (project / "payloads.json").write_text(json.dumps(payloads), encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", project)
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    said = io.StringIO()
    before = os.getcwd()
    os.chdir(project)
    try:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
                patch.delenv(name, raising=False)
            assert main(arguments) == 0
    finally:
        os.chdir(before)
    (project / "said.txt").write_text(said.getvalue(), encoding="utf-8", newline="")


@pytest.fixture(
    scope="module",
    params=["some units", pytest.param("every name", marks=pytest.mark.deep)],
)
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the hostile year: an eighth of the payloads in each column (all in 扣分登记), reports of U001 and U003.

    Deep: every payload in every column; it names a unit too, and every unit has its report.
    """
    project = tmp_path_factory.mktemp("hostile")
    if request.param == "some units":
        asked = [word for unit in ("U001", "U003") for word in ("--unit", unit)]
        _make_year(project, QUICK, len(_NAMES), 8, ["run", "--jobs", "2", *asked])
    else:
        _make_year(project, ORDERED, len(ORDERED), 1, ["run", "--jobs", "2"])
    yield project


def _payloads(year: Path) -> list[str]:
    return list(json.loads((year / "payloads.json").read_text(encoding="utf-8")))


def _outputs(year: Path, ending: str) -> list[Path]:
    found = sorted(
        path for top in ("data/processed", "reports") for path in (year / top).rglob(f"*{ending}") if path.is_file()
    )
    assert found, ending
    return found


def _visible(text: str) -> str:
    """Return what must survive of a text wherever it is shown: its printing characters, spaces aside."""
    return "".join(char for char in text if char.isprintable() and not char.isspace())


def _printed(text: str) -> bool:
    """Whether a page can show the text as it stands: HTML knows no control characters and no noncharacters."""
    return all(char.isprintable() or char.isspace() for char in text)


# ---- csv, xlsx --------------------------------------------------------------------------------------------------


def test_no_csv_cell_is_a_formula(year: Path) -> None:
    """No text cell of any csv begins with what a spreadsheet calculates; numbers alone may begin with a minus."""
    for file in _outputs(year, ".csv"):
        with open(file, encoding="utf-8-sig", newline="") as stream:
            header, *rows = list(csv.reader(stream))
        assert rows or file.name in ("problems.csv", "flips.csv")
        numbers = _CHANGES if file.parent.name == "readings" else _NUMBERS
        for row in rows:
            assert len(row) == len(header)
            for column, text in zip(header, row, strict=True):
                if column in numbers:
                    assert not text or re.fullmatch(r"-?\d+(\.\d\d)?|true|false", text), (file.name, column, text)
                else:
                    assert not text.startswith(_FORMULA_STARTS), (file.name, column, text)


def test_texts_come_back_unchanged_from_the_set(year: Path) -> None:
    """Unit names, facts and evidence numbers are in the stored set just as they stood in the cells."""
    data = load_set(year / "data" / "processed" / "2022")
    named = list(data.results["unit_name"])
    # a name is a key: white space around it and invisible characters are ignored, all else of it is kept
    written = [f"{text}·U{number:03}" for number, text in enumerate(_payloads(year)[: len(named)], start=1)]
    assert [_visible(name).strip() for name in named] == [_visible(name).strip() for name in written]
    told = "\0".join(data.ledger["label"])
    flat = _visible(told)
    assert [text for text in _payloads(year) if _visible(text) not in flat] == []
    evidence = set(data.ledger["evidence_id"])
    assert {f"{text}#{n}".strip() for n, text in enumerate(_payloads(year)) if n % 2 and text.isprintable()} <= evidence
    values = set(data.problems["value"])
    assert f"{RARE}字" in values


def _check_workbook(data: bytes, files: set[str]) -> None:
    """Hold a workbook to cells of text and numbers, and to links to these files alone."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            assert not re.search(r"vba|externalLink|connection|embed|activeX|macro|ctrlProp|queryTable", name, re.I)
            if name.endswith((".xml", ".rels")):
                root = ElementTree.fromstring(archive.read(name))
                tags = {element.tag.rpartition("}")[2] for element in root.iter()}
                assert not tags & {"f", "ddeLink", "oleLink", "definedName"} - {"definedName"}, name
                for element in root.iter():
                    if element.get("TargetMode") == "External":
                        assert element.get("Target") in files
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "inlineStr"), (sheet.title, cell.coordinate)
                if cell.hyperlink is not None:
                    assert cell.hyperlink.target in files
                    assert re.fullmatch(r"第 \d+ 行|打开文件", str(cell.value))


def test_workbooks_hold_no_formula_and_no_link_from_a_cell(year: Path) -> None:
    """problems.xlsx holds text and numbers; its links lead to the offices' tables only, whatever the cells say."""
    raw = {path.name for path in (year / "data/raw/2022").iterdir()}
    for file in _outputs(year, "problems.xlsx"):
        _check_workbook(file.read_bytes(), raw)
        first = openpyxl.load_workbook(file).worksheets[0]
        values = [str(row[7].value) for row in first.iter_rows(min_row=2) if row[7].value is not None]
        shown = set(values)
        assert f"{RARE}字" in shown
        assert len(values) >= len(_payloads(year))
        assert {
            text for text in _payloads(year) if len(text) < 200 and text.isprintable() and text == text.strip()
        } <= shown


def test_problem_list_of_a_rejected_year_is_inert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hostile text in number, date, choice and unit cells, in headers, sheet and file names: the list stays text."""
    rows = [
        {**ROWS["扣分登记"], "编号": str(n), "单位": text, "发生日期": text, "数量": text}
        for n, text in enumerate(PAYLOADS)
    ]
    raw = valid_folder(tmp_path / "raw", 扣分登记=rows)
    shutil.copy(ROOT / "data/raw/2022/scheme.yaml", raw)
    columns = [[*TABLE_HEADER, "=1+1", "<script>alert(4711)</script>"], ["会", "2022-06-20", "=1+1", "javascript:x"]]
    names = ["=1+1", "<img src=x onerror=alert(4711)>", "@SUM(1)", RARE, "a#b%41 'c'", "-1", "x\u202excod", "甲;乙"]
    for number, name in enumerate(names):
        safe = name.replace("/", "_")
        write_csv(raw / f"参会登记_{safe}.csv", columns)
        sheet = re.sub(r"[\[\]:*?/\\]", "_", safe)[:31].strip("'")
        if number != 6:
            write_xlsx(
                raw / f"交办任务_{safe}.xlsx", [["任务编号", "任务", "单位", "时限"], ["1", "=1", "=1", "=1"]], sheet
            )
    for name in ("=cmd.csv", "+x.exe", "扣分登记 =1.bat", "-.xlsx", "<b>.xlsx"):
        (raw / name).write_bytes(b"x")
    if os.name == "posix":
        for name in (b"\xff=.xlsx", "参会登记_..\\..\\x.xlsx".encode(), "参会登记_\x1b[2J.csv".encode()):
            (raw / os.fsdecode(name)).write_bytes(b"x")
    places = ["--raw", str(raw), "--processed", str(tmp_path / "out"), "--reports", str(tmp_path / "reports")]
    assert main(["check", *places]) == 3
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not [char for char in text if not char.isprintable() and char not in "\n" and char < "\xa0"]
        assert not set(text) & set("\u202e\u2066\u2028")
    with open(tmp_path / "out/problems.csv", encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert len(found) > 2 * len(PAYLOADS)
    for problem in found:
        for column, text in problem.items():
            assert column == "row" or not text.startswith(_FORMULA_STARTS), (column, text)
    links = {
        "扣分登记.csv", "参会登记_=1+1.csv", "参会登记_@SUM(1).csv", f"参会登记_{RARE}.csv", "参会登记_-1.csv",
        "参会登记_a%23b%2541%20'c'.csv", "参会登记_甲;乙.csv", "交办任务_=1+1.xlsx", "交办任务_@SUM(1).xlsx",
        f"交办任务_{RARE}.xlsx", "交办任务_a%23b%2541%20'c'.xlsx", "交办任务_-1.xlsx", "交办任务_甲;乙.xlsx",
        "=cmd.csv", "-.xlsx",
    }  # fmt: skip
    _check_workbook((tmp_path / "out/problems.xlsx").read_bytes(), links)


TABLE_HEADER = ("会议", "日期", "单位", "到会情况")


# ---- pages ------------------------------------------------------------------------------------------------------


def _check_markup(soup: BeautifulSoup | Tag, place: str, own_style: str) -> None:
    """Hold a piece of HTML to what reports are made of."""
    for element in soup.find_all(True):
        where = f"{place}: {str(element)[:200]}"
        assert element.name in _ELEMENTS, where
        if element.name == "style":
            assert element.text.strip() in own_style, where
        if element.name == "meta":
            assert element.get("http-equiv") in (None, "Content-Security-Policy"), where
            assert "://" not in str(element.get("content")), where
        for name, value in element.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            assert not name.lower().startswith("on"), where
            assert name.lower() not in ("srcset", "action", "formaction", "background", "poster", "data", "ping"), where
            if name == "src":
                assert re.match(r"data:image/(svg\+xml|png);base64,", text), where
                _check_image(text, where)
            if name == "href":
                assert text.startswith("#"), where
            if name == "style":
                assert not re.search(r"url|expression|import|\\|javascript", text, re.I), where
            assert "alert(4711)" not in text or name in ("title", "aria-label", "alt"), where


def _check_image(address: str, where: str) -> None:
    head, _, body = address.partition(",")
    if "svg" not in head:
        return
    for element in ElementTree.fromstring(base64.b64decode(body)).iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag.rpartition("}")[2] not in ("script", "foreignObject", "image", "iframe", "a"), where
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), where
            if name.endswith("href"):
                assert value.startswith("#"), where


def _own_style() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "assess_lib/publish/templates").rglob("*.css"))
    )


def test_pages_are_text(year: Path) -> None:
    """No page holds an element, attribute, address or style that did not come from our own templates."""
    style = _own_style() + "".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "assess_lib/publish/templates").rglob("*.j2"))
    )
    for file in _outputs(year, ".html"):
        page = file.read_text(encoding="utf-8")
        soup = BeautifulSoup(page, "html5lib")
        if file.name == "index.html":  # the one page with a script, its own, and with links to the others
            _check_index(soup)
        assert not list(soup.find_all("script")), file.name
        for element in soup.find_all("style"):
            element.decompose()
        _check_markup(soup, file.name, style)
        assert "evil.example" not in re.sub(r">[^<]*<", "><", str(soup)) or _only_in_titles(soup), file.name


def _check_index(soup: BeautifulSoup) -> None:
    """Hold the index to its one script, its links to reports, and its form, and take all of these out."""
    script = soup.find_all("script")
    assert [found.string for found in script] == [
        (ROOT / "assess_lib/publish/templates/site/index.js").read_text(encoding="utf-8")
    ]
    assert not script[0].attrs
    for link in soup.find_all("a"):
        assert re.fullmatch(r"units/U\d{3}\.(html|pdf|ipynb)|[a-z_]+\.(html|pdf|xlsx|docx)", link["href"]), link
        assert set(link.attrs) <= {"href", "aria-label"}
        del link["href"]
    for row in soup.select("tbody tr"):  # what is searched and sorted by: a unit's own names, as data
        assert all(name.startswith("data-") for name in row.attrs)
        row.attrs = {}
    for element in soup.find_all(("form", "nav", "input", "select", "option", "label", "button")):
        assert not {"action", "formaction", "src", "href"} & set(element.attrs)
        assert not any(name.startswith("on") for name in element.attrs)
        element.name, element.attrs = "div", {}
    script[0].decompose()


def _only_in_titles(soup: BeautifulSoup) -> bool:
    return not [
        element
        for element in soup.find_all(True)
        for name, value in element.attrs.items()
        if "evil.example" in str(value) and name not in ("title", "aria-label", "alt")
    ]


def test_page_shows_every_text_as_it_stands(year: Path) -> None:
    """The report of U001 prints each payload, whole and literal: markup is not swallowed, templates are not filled."""
    page = BeautifulSoup((year / "reports/2022/units/U001.html").read_text(encoding="utf-8"), "html5lib")
    assert page.body is not None
    shown = _visible(page.body.text)
    assert [text for text in _payloads(year) if _printed(text) and _visible(text) not in shown] == []
    rare = BeautifulSoup((year / "reports/2022/units/U003.html").read_text(encoding="utf-8"), "html5lib")
    assert f"{RARE}字·U003" in rare.text


def test_pdfs_hold_no_action(year: Path) -> None:
    """No PDF holds a script, an address or a form; the only file attached is a unit's own ledger, as inert csv."""
    for file in _outputs(year, ".pdf"):
        reader = PdfReader(file)
        for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
            with contextlib.suppress(Exception):
                _check_object(reader.get_object(IndirectObject(number, 0, reader)), file.name)
        own = {f"{file.stem}_ledger.csv"} if file.parent.name == "units" else set()
        assert set(reader.attachments) == own, file.name
        for (content,) in reader.attachments.values():
            cells = [
                (column, text)
                for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
                for column, text in row.items()
            ]
            assert cells
            assert not [t for column, t in cells if column not in _NUMBERS and t.startswith(_FORMULA_STARTS)], file.name
        for sheet in reader.pages:
            for link in sheet.get("/Annots", ()):
                note = link.get_object()
                assert note.get("/Subtype") == "/Link" and "/A" not in note, file.name
    text = "".join(sheet.extract_text() for sheet in PdfReader(year / "reports/2022/units/U003.pdf").pages)
    assert f"{RARE}字" in text
    head = PdfReader(year / "reports/2022/units/U001.pdf").pages[0].extract_text()
    assert "<script>alert(4711)</script>·U001" in _visible(head)


def _check_object(value: Any, place: str) -> None:
    if isinstance(value, DictionaryObject):
        found = _ACTIVE_IN_PDF & ({str(key) for key in value} | {str(value.get("/S")), str(value.get("/Type"))})
        assert not found, (place, found)
        for part in value.values():
            if not isinstance(part, IndirectObject):
                _check_object(part, place)
    elif isinstance(value, ArrayObject):
        for part in value:
            if not isinstance(part, IndirectObject):
                _check_object(part, place)


def test_executed_notebooks_are_text(year: Path) -> None:
    """Recorded notebooks hold no script, no Markdown made of cells, no attachment; code and prose are the shipped."""
    style = _own_style()
    seen = ""
    for file in _outputs(year, ".ipynb"):
        made = nbformat.read(file, as_version=4)
        nbformat.validate(made)
        stem = file.stem if (ROOT / "notebooks" / file.name).exists() else "03_unit_report"
        county = {"county_summary": "04_county_summary", "audit": "05_audit", "readings": "06_readings"}
        stem = county.get(file.stem, stem)
        shipped = nbformat.read(ROOT / f"notebooks/{stem}.ipynb", as_version=4)
        sources = {cell.source for cell in shipped.cells}
        for cell in made.cells:
            assert "attachments" not in cell, file.name
            if "injected-parameters" in cell.metadata.get("tags", ()):
                assert set(re.findall(r"(?m)^(\w+) = ", cell.source)) <= {
                    "year",
                    "date",
                    "readings",
                    "final",
                    "unit_id",
                }
                assert "alert" not in cell.source
                continue
            assert cell.source in sources, file.name
            for output in cell.get("outputs", ()):
                if output.output_type == "stream":
                    continue
                assert set(output.data) <= {"text/html", "text/plain", "image/svg+xml", "image/png"}, file.name
                html = output.data.get("text/html", "")
                _check_markup(BeautifulSoup(f"<body>{html}", "html5lib"), file.name, style)
                seen += BeautifulSoup(html, "html5lib").text
    assert f"{RARE}字" in seen
    assert "<script>alert(4711)</script>" in seen


def test_no_text_names_a_file_or_runs(year: Path) -> None:
    """Every file that a run makes is named by unit codes and fixed names; no payload wrote a file or was executed."""
    made = {path.relative_to(year).as_posix() for path in year.rglob("*") if path.is_file()}
    stray = [
        name
        for name in made
        if not re.fullmatch(
            r"(data/raw/2022/|notebooks/).+|pyproject\.toml|said\.txt|payloads\.json"
            r"|data/processed/(2022/(tables/[一-龥]+\.parquet|[a-z]+\.(csv|json|xlsx))|2022\.runs\.jsonl|\.2022\.lock)"
            r"|reports/2022/(units/U\d{3}\.(html|pdf|ipynb)|readings/[a-z]+\.csv|[a-z0-9_]+\.(html|pdf|ipynb|xlsx|docx|json))"
            r"|reports/\.2022\.lock",
            name,
        )
    ]
    assert stray == []
    assert not [path for path in year.parent.rglob("pwned")] and not (ROOT / "pwned").exists()


def test_terminal_shows_text_only(year: Path) -> None:
    """What the run prints holds no terminal control, no override of the reading direction."""
    said = (year / "said.txt").read_text(encoding="utf-8")
    assert said
    assert not [char for char in said if not char.isprintable() and char != "\n" and char < "\xa0"]
    assert not set(said) & set("\u202e\u2066\u2028\u2029")


def test_explaining_a_unit_prints_text_only(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`explain` prints facts of any kind without a terminal control."""
    places = ["--raw", str(year / "data/raw/2022"), "--processed", str(year / "data/processed/2022")]
    capsys.readouterr()
    assert main(["explain", "U001", *places, "--reports", str(year / "reports/2022")]) == 0
    said = capsys.readouterr().out
    assert not [char for char in said if not char.isprintable() and char != "\n" and char < "\xa0"]
    assert not set(said) & set("\u202e\u2066\u2028\u2029")


def test_stored_json_is_data(year: Path) -> None:
    """The json files are json, and hold no folder of this machine."""
    for file in _outputs(year, ".json"):
        text = file.read_text(encoding="utf-8")
        json.loads(text)
        assert str(year) not in text and str(ROOT) not in text


def test_check_and_score_agree_on_what_is_hostile(tmp_path: Path) -> None:
    """Hostile text is no error: all of it is accepted, and a payload is never mistaken for a total or a header."""
    raw = make_hostile_raw(tmp_path / "raw", ORDERED, len(ORDERED))
    outcome = pipeline.check(resolve(2022, raw, tmp_path / "out", tmp_path / "reports"))
    assert {problem.code for problem in outcome.problems} <= {"reviewer.same", "evidence.unknown"}
    assert all(count.read == count.accepted for count in outcome.counts)
    assert [row["事实"] for row in outcome.tables["扣分登记"]] == list(ORDERED)


def test_grid_helper_keeps_payloads(tmp_path: Path) -> None:
    """The fixtures themselves write the payloads as text: what is read back from a csv is what was meant."""
    file = write_csv(tmp_path / "x.csv", grid("确认无事项", [{"确认人": text} for text in PAYLOADS]))
    with open(file, encoding="utf-8", newline="") as stream:
        assert [row["确认人"] for row in csv.DictReader(stream)] == list(PAYLOADS)
