"""How a Word document of the office looks, after GB/T 9704 as far as a draft with tables can follow it.

A4, margins 37/35/28/26 mm, 仿宋 16 pt, page numbers at the outer foot; the same content gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

_BODY, _HEAD, _TITLE, _LATIN = "仿宋", "黑体", "宋体", "Times New Roman"
_ENTRY_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_PROPERTY_DATE = datetime(2000, 1, 1)
_BREAKS = re.compile(r"[\t\r\n]")
_NOT_IN_XML = {code: "\ufffd" for code in (*range(0x20), 0xFFFE, 0xFFFF) if code not in (0x09, 0x0A, 0x0D)}
WIDTH = 156  # millimetres between the margins
LANDSCAPE_WIDTH = 297 - 2 * 22


@dataclass(frozen=True, slots=True)
class WordColumn:
    """A table's column: its heading, its share of the line, whether it is set to the right."""

    title: str
    width: float
    right: bool = False


def new_document(running: str) -> Any:
    """Return an empty document with page, styles and what stands on every page: ``running`` at the head, the number."""
    document = Document()
    _drop_preview(document)
    _set_page(document.sections[0])
    _set_styles(document)
    _set_running(document, running)
    return document


def packed(document: Any, title: str) -> bytes:
    """Return the document's bytes: titled, without author, with fixed times."""
    properties = document.core_properties
    properties.title = title
    for name in ("author", "last_modified_by", "comments", "keywords", "subject", "category"):
        setattr(properties, name, "")
    properties.created = properties.modified = _PROPERTY_DATE
    properties.revision = 1
    buffer = io.BytesIO()
    document.save(buffer)
    return _same_bytes(buffer.getvalue())


def turn_page(document: Any) -> None:
    """Begin a section across (landscape) with the same head and foot."""
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin, section.bottom_margin = Mm(28), Mm(26)


def _drop_preview(document: Any) -> None:
    """Take out the preview picture that the library's template brings: it shows another document."""
    links = document.part.package.rels
    for key in [key for key, link in links.items() if link.reltype.endswith("/thumbnail")]:
        del links[key]


def _same_bytes(made: bytes) -> bytes:
    """Pack the file again with fixed times."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename, _ENTRY_DATE)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.create_system = 0
            new.writestr(fixed, old.read(entry))
    return packed.getvalue()


def _set_page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(25), Mm(24)


def _set_styles(document: Any) -> None:
    styles = document.styles
    for language in styles.element.findall(".//" + qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    normal = styles["Normal"]
    _font(normal, _BODY, 16)
    normal.paragraph_format.line_spacing = Pt(28)
    normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.widow_control = True
    _font(styles["Title"], _TITLE, 22, bold=True)
    for border in styles["Title"].element.findall(".//" + qn("w:pBdr")):
        border.getparent().remove(border)
    title = styles["Title"].paragraph_format
    title.alignment, title.space_after, title.line_spacing = WD_ALIGN_PARAGRAPH.CENTER, Pt(8), Pt(34)
    _font(styles["Heading 1"], _HEAD, 16)
    heading = styles["Heading 1"].paragraph_format
    heading.space_before, heading.space_after, heading.keep_with_next = Pt(10), Pt(4), True
    _font(styles["Caption"], _HEAD, 12)
    caption = styles["Caption"].paragraph_format
    caption.space_before, caption.space_after, caption.keep_with_next = Pt(8), Pt(3), True
    caption.line_spacing = Pt(18)
    for name, size, alignment in (
        ("State", 12, WD_ALIGN_PARAGRAPH.CENTER),
        ("Small", 9, WD_ALIGN_PARAGRAPH.LEFT),
        ("Cell", 10, WD_ALIGN_PARAGRAPH.LEFT),
        ("Sign", 14, WD_ALIGN_PARAGRAPH.LEFT),
        ("Running", 10, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        style = styles.add_style(name, 1)  # 1: a paragraph's style
        style.base_style = normal
        _font(style, _BODY, size)
        style.paragraph_format.alignment = alignment
        style.paragraph_format.line_spacing = Pt(size * 1.35)
    styles["Sign"].paragraph_format.space_before = Pt(24)
    styles["State"].paragraph_format.space_after = Pt(8)


def _font(style: Any, name: str, size: float, *, bold: bool = False) -> None:
    """Set a style's face for Chinese and for Latin letters, size and weight; headings lose the template's blue."""
    font = style.font
    font.name, font.size, font.bold, font.italic = _LATIN, Pt(size), bold, False
    font.color.rgb = None
    faces = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        faces.attrib.pop(qn(f"w:{kind}"), None)
    faces.set(qn("w:eastAsia"), name)
    for colour in style.element.findall(".//" + qn("w:color")):
        colour.getparent().remove(colour)


def _set_running(document: Any, running: str) -> None:
    """Put the text at the head of every page, the page's number at its outer foot."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        _fill(header.paragraphs[0], running, "Running")
    for footer, alignment in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.style = document.styles["Running"]
        paragraph.alignment = alignment
        paragraph.add_run("— ")
        _field(paragraph, "PAGE")
        paragraph.add_run(" —")


def _field(paragraph: Any, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("end", "")):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = text
        run._r.append(mark)


def heading(document: Any, text: str) -> None:
    """Add a heading."""
    paragraph(document, text, "Heading 1")


def paragraph(document: Any, text: str, style: str = "Normal") -> None:
    """Add a paragraph: of the text, or Title, State, Caption, Small, Sign."""
    added = _fill(document.add_paragraph(), text, style)
    if style == "Normal":
        added.paragraph_format.first_line_indent = Pt(32)  # two characters


def _fill(paragraph: Any, text: str, style: str) -> Any:
    """Put text into a paragraph of a style; what XML cannot hold is replaced by a visible sign."""
    # By its id: looking a style up by its name costs milliseconds, and a county has a thousand cells.
    paragraph._p.style = style.replace(" ", "")
    _write(paragraph.add_run()._r, text)
    return paragraph


def _write(run: Any, text: str) -> None:
    """Put text into an empty run (its element); what XML cannot hold is replaced by a visible sign."""
    writable = _writable(text)
    if _BREAKS.search(writable):
        run.text = writable
    elif writable:  # the library goes through it character by character
        run.add_t(writable)


def _writable(text: str) -> str:
    if text.isprintable():
        return text
    return text.encode(errors="backslashreplace").decode().translate(_NOT_IN_XML)


def table(
    document: Any, columns: Sequence[WordColumn], rows: Iterable[Sequence[object]], *, width: float = WIDTH
) -> None:
    """Add a ruled table whose heading row comes again on every page and whose rows do not break across pages."""
    made = document.add_table(rows=1, cols=len(columns))
    made._tbl.tblStyle_val = "TableGrid"  # by its id, as in ``_fill``
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    whole = sum(column.width for column in columns)
    widths = [Mm(width * column.width / whole) for column in columns]
    for column, wide in zip(made.columns, widths, strict=True):
        column.width = wide
    _row(made.rows[0], [column.title for column in columns], columns, widths, head=True)
    # Every further row is a copy of an empty one: only its texts differ, and the library takes its time over the rest.
    empty = made.add_row()
    _row(empty, [""] * len(columns), columns, widths)
    made._tbl.remove(empty._tr)
    for row in rows:
        copied = deepcopy(empty._tr)
        for run, text in zip(copied.iter(qn("w:r")), row, strict=True):
            _write(run, str(text))
        made._tbl.append(copied)
    document.add_paragraph()._p.style = "Small"


def _row(
    row: Any, cells: Sequence[object], columns: Sequence[WordColumn], widths: Sequence[Any], *, head: bool = False
) -> None:
    marks = ("w:cantSplit", "w:tblHeader") if head else ("w:cantSplit",)
    for mark in marks:
        row._tr.get_or_add_trPr().append(OxmlElement(mark))
    for cell, text, column, wide in zip(row.cells, cells, columns, widths, strict=True):
        cell.width = wide
        paragraph = _fill(cell.paragraphs[0], str(text), "Cell")
        if head:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.runs[0].font.bold = True
        elif column.right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
