"""Read .ods spreadsheets: a walk over content.xml that never expands repeated empty rows and columns."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring

from assess_lib.intake.archive import encrypted, open_archive, read_part
from assess_lib.intake.cells import (
    MAX_CELLS,
    MAX_COLUMN,
    MAX_ROW,
    Book,
    Cell,
    Merge,
    Sheet,
    damaged,
    date_cell,
    plain_number,
    too_large,
)
from assess_lib.intake.displayed import differs

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_DATE = re.compile(r"(-?\d{4,})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?")
_ERROR_TEXT = re.compile(r"(#[A-Z/0?!]+[!?]?|Err:\d+)", re.IGNORECASE)
# content.xml is read as one tree, which takes ten times its size.
MAX_CONTENT = 50_000_000
# Rows repeated more often than this are not compared cell by cell in what readers may tell differently.
_MANY = 1_000
_GROUPS = tuple(
    f"{_TABLE}{name}"
    for name in (
        "table-row-group",
        "table-rows",
        "table-header-rows",
        "table-column-group",
        "table-columns",
        "table-header-columns",
    )
)


def _paragraph(node: Any) -> str:
    """Return the text of a paragraph: runs of spaces, tabs and line breaks restored, notes left out."""
    parts = [node.text or ""]
    for child in node:
        if child.tag == f"{_TEXT}s":
            parts.append(" " * min(int(child.get(f"{_TEXT}c") or 1), 1000))
        elif child.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif child.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif child.tag in (f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text"):
            pass
        else:
            parts.append(_paragraph(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _date(value: str) -> Cell:
    found = _DATE.fullmatch(value)
    try:
        if not found:
            raise ValueError(value)
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        moment = datetime(year, month, day, hour, minute, second, int(f"{found.group(7) or 0:0<6}"[:6]))
    except (ValueError, OverflowError):
        return Cell("error", value)
    if moment < datetime(1899, 12, 31):
        return Cell("time", str(moment.time()))  # day 0: a time of day that was given a date format
    return date_cell(moment)


def _number(value: str, percent: bool) -> Cell:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return Cell("error", value)
    cell = (
        plain_number(int(number) if number == number.to_integral_value() else float(number))
        if (number.is_finite() and abs(number.adjusted()) < 300)
        else Cell("error", value)
    )
    return Cell(cell.kind, cell.text, percent=percent)


def _cell(node: Any) -> Cell | None:
    kind = node.get(f"{_OFFICE}value-type")
    paragraphs = [_paragraph(child) for child in node if child.tag == f"{_TEXT}p"]
    shown = "\n".join(paragraphs)
    formula = node.get(f"{_TABLE}formula")
    if node.get(f"{_CALC}value-type") == "error" or (formula and _ERROR_TEXT.fullmatch(shown)):
        return Cell("error", shown)
    if kind in ("float", "currency", "percentage"):
        number = _number(node.get(f"{_OFFICE}value") or "", kind == "percentage")
        code = kind == "float" and number.kind == "number" and differs(shown, number.text)
        return replace(number, shown=shown.strip()) if code else number
    if kind == "date":
        return _date(node.get(f"{_OFFICE}date-value") or "")
    if kind == "time":
        return Cell("time", shown or node.get(f"{_OFFICE}time-value") or "")
    if kind == "boolean":
        return Cell("bool", "TRUE" if node.get(f"{_OFFICE}boolean-value") == "true" else "FALSE")
    stored = node.get(f"{_OFFICE}string-value")
    if kind == "string" and stored is not None:
        shown = stored
    if kind is None and formula and not paragraphs:
        return Cell("formula", "公式")
    return Cell("text", shown) if kind or paragraphs else None


def _read_differently(node: Any) -> bool:
    """Whether other right readers may see another text: a covered or untyped cell, a reading aid beside its word."""
    covered = node.tag == f"{_TABLE}covered-table-cell"
    return covered or node.get(f"{_OFFICE}value-type") is None or next(node.iter(f"{_TEXT}ruby-text"), None) is not None


def _repeat(node: Any, name: str) -> int:
    return max(int(node.get(f"{_TABLE}{name}") or 1), 1)


class _Walk:
    """Where a walk over one table:table stands."""

    def __init__(self, sheet: Sheet, budget: int) -> None:
        self.sheet = sheet
        self.row = 0
        self.column = 0
        self.budget = budget

    def rows(self, parent: Any, hidden: bool = False) -> None:
        for node in parent:
            if node.tag == f"{_TABLE}table-row":
                self.one_row(node, hidden)
            elif node.tag == f"{_TABLE}table-column":
                count = _repeat(node, "number-columns-repeated")
                if node.get(f"{_TABLE}visibility") in ("collapse", "filter") and count < 10_000:
                    self.sheet.hidden_columns.update(range(self.column + 1, self.column + count + 1))
                self.column += count
            elif node.tag in _GROUPS:
                self.rows(node, hidden or node.get(f"{_TABLE}display") == "false")

    def one_row(self, node: Any, hidden: bool) -> None:
        repeat = _repeat(node, "number-rows-repeated")
        cells: list[tuple[int, Cell]] = []
        unlike: list[int] = []
        merges: list[Merge] = []
        column = 0
        for child in node:
            if child.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            count = _repeat(child, "number-columns-repeated")
            cell = _cell(child) if child.tag == f"{_TABLE}table-cell" else None
            if cell is not None:
                if count > self.budget:
                    raise too_large()
                self.budget -= count
                cells += [(column + offset, cell) for offset in range(1, count + 1)]
            if len(child) and count <= MAX_COLUMN:
                last = min(self.row + repeat, MAX_ROW)
                self.sheet.reach.include(self.row + 1, column + 1)
                self.sheet.reach.include(last, column + count)
                if _read_differently(child):
                    unlike += range(column + 1, column + count + 1)
            down, across = _repeat(child, "number-rows-spanned"), _repeat(child, "number-columns-spanned")
            if down > 1 or across > 1:
                top = self.row + 1
                merges.append(Merge(top, column + 1, top + down - 1, column + across))
            column += count
        if cells:
            self.budget -= len(cells) * (repeat - 1)
            if self.budget < 0 or repeat > MAX_CELLS:
                raise too_large()
            for number in range(self.row + 1, self.row + repeat + 1):
                for position, cell in cells:
                    self.sheet.put(number, position, cell)
        if repeat <= _MANY:
            self.sheet.unlike.update((self.row + down, column) for down in range(1, repeat + 1) for column in unlike)
        self.sheet.merges += merges
        if hidden or node.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            # A hidden tail of empty rows may reach to the sheet's end; only rows with cells matter.
            last = min(self.row + repeat, MAX_ROW) if cells else self.row
            self.sheet.hidden_rows.update(range(self.row + 1, last + 1))
        self.row += repeat


def _hidden_styles(*roots: Any) -> set[str]:
    hidden = set()
    for root in roots:
        for style in root.iter(f"{_STYLE}style"):
            properties = style.find(f"{_STYLE}table-properties")
            if properties is not None and properties.get(f"{_TABLE}display") == "false":
                hidden.add(style.get(f"{_STYLE}name"))
    return hidden


def read_ods(data: bytes) -> Book:
    """Read a whole .ods spreadsheet from its bytes; raise Refused when it is encrypted, damaged or too large."""
    archive = open_archive(data)
    if any(entry.filename == "content.xml" and entry.file_size > MAX_CONTENT for entry in archive.infolist()):
        raise too_large()
    if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in read_part(
        archive, "META-INF/manifest.xml"
    ):
        raise encrypted()
    try:
        root = fromstring(read_part(archive, "content.xml"))
    except ParseError as error:
        raise damaged("content.xml 不完整") from error
    spreadsheet = root.find(f"{_OFFICE}body/{_OFFICE}spreadsheet")
    if spreadsheet is None:
        raise damaged("没有表格内容")
    hidden = _hidden_styles(root)
    sheets = []
    budget = MAX_CELLS
    for node in spreadsheet.findall(f"{_TABLE}table"):
        sheet = Sheet(node.get(f"{_TABLE}name") or "", hidden=node.get(f"{_TABLE}style-name") in hidden)
        walk = _Walk(sheet, budget)
        walk.rows(node)
        budget = walk.budget
        sheets.append(sheet)
    return Book("ods", sheets)
