"""Write sheets as an office would: workbooks with titles and widths, csv as WPS saves it. The same bytes every time.

Zip members are stored, not deflated: what a deflater makes of the same data depends on the library behind it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt
from odfdo import Document, Table

CREATED = datetime(2022, 12, 31, 17, 30)
_ZIP_TIME = (2022, 12, 31, 17, 30, 0)

Cell = Any  # str, int, Decimal, date, datetime or None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one file holds: title rows, a header, data rows and rows at the bottom; ``sheet`` is blank in a csv."""

    sheet: str
    titles: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bottom: tuple[tuple[Cell, ...], ...] = ()
    guide: tuple[str, ...] = ()  # lines of a second sheet 填表说明

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.header)


def _stored(raw: bytes) -> bytes:
    """Return the same zip with its members stored under one fixed time."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            member = zipfile.ZipInfo(info.filename, _ZIP_TIME)
            member.create_system = 0
            new.writestr(member, old.read(info.filename))
    return out.getvalue()


def _widths(sheet: Sheet) -> list[int]:
    widths = []
    for column, name in enumerate(sheet.header):
        longest = max([2 * len(name), *(_shown(row[column]) for row in sheet.rows)])
        widths.append(max(8, min(46, longest + 2)))
    return widths


def _shown(cell: Cell) -> int:
    text = "" if cell is None else str(cell)[:19]
    if isinstance(cell, str):
        text = cell
    return sum(2 if ord(letter) > 255 else 1 for letter in text)


def write_xlsx(path: Path, sheet: Sheet) -> None:
    """Write a workbook: merged titles, a bold header, borders, widths, a frozen header."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": sheet.titles[0], "author": "考核办（演示）", "created": CREATED})
    page = book.add_worksheet(sheet.sheet)
    box = {"border": 1, "valign": "vcenter", "text_wrap": True, "font_name": "宋体", "font_size": 11}
    title = book.add_format({"bold": True, "align": "center", "font_name": "黑体", "font_size": 16})
    sub = book.add_format({"align": "left", "font_name": "宋体", "font_size": 10})
    head = book.add_format(box | {"bold": True, "align": "center", "bg_color": "#DDEBF7"})
    formats = {
        kind: book.add_format(box | extra)
        for kind, extra in {
            "text": {},
            "date": {"num_format": "yyyy-mm-dd", "align": "center"},
            "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
            "number": {"num_format": "0.00"},
            "whole": {"num_format": "0"},
        }.items()
    }
    for column, width in enumerate(_widths(sheet)):
        page.set_column(column, column, width)
    for line, text in enumerate(sheet.titles):
        page.merge_range(line, 0, line, sheet.width - 1, text, title if line == 0 else sub)
    page.set_row(0, 28)
    top = len(sheet.titles)
    page.write_row(top, 0, sheet.header, head)
    for line, row in enumerate((*sheet.rows, *sheet.bottom), start=top + 1):
        for column, cell in enumerate(row):
            _write_cell(page, line, column, cell, formats)
    page.freeze_panes(top + 1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.repeat_rows(top)
    if sheet.guide:
        notes = book.add_worksheet("填表说明")
        notes.set_column(0, 0, 80)
        notes.write_column(0, 0, sheet.guide, formats["text"])
    book.close()
    path.write_bytes(_stored(buffer.getvalue()))


def _write_cell(page: Any, line: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    if cell is None or cell == "":
        page.write_blank(line, column, None, formats["text"])
    elif isinstance(cell, datetime):
        page.write_datetime(line, column, cell, formats["time"])
    elif isinstance(cell, date):
        page.write_datetime(line, column, datetime(cell.year, cell.month, cell.day), formats["date"])
    elif isinstance(cell, Decimal):
        page.write_number(line, column, float(cell), formats["number"])
    elif isinstance(cell, int):
        page.write_number(line, column, cell, formats["whole"])
    else:
        page.write_string(line, column, cell, formats["text"])


def write_csv(path: Path, sheet: Sheet, encoding: str) -> None:
    """Write a csv as WPS or Excel save it: CRLF, every record as wide as the header; GB18030 or UTF-8 with BOM."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for text in sheet.titles:
        writer.writerow([text, *[""] * (sheet.width - 1)])
    writer.writerow(sheet.header)
    for row in (*sheet.rows, *sheet.bottom):
        writer.writerow(["" if cell is None else str(cell) for cell in row])
    path.write_bytes(out.getvalue().encode(encoding))


def write_xls(path: Path, sheet: Sheet) -> None:
    """Write the old binary workbook that a county's information system still exports."""
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet.sheet)
    bold = xlwt.easyxf("font: bold on; align: horiz centre")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for line, text in enumerate(sheet.titles):
        page.write_merge(line, line, 0, sheet.width - 1, text, bold)
    top = len(sheet.titles)
    for column, (name, width) in enumerate(zip(sheet.header, _widths(sheet), strict=True)):
        page.write(top, column, name, bold)
        page.col(column).width = 256 * width
    for line, row in enumerate((*sheet.rows, *sheet.bottom), start=top + 1):
        for column, cell in enumerate(row):
            if isinstance(cell, date):
                page.write(line, column, cell, day)
            elif cell not in (None, ""):
                page.write(line, column, float(cell) if isinstance(cell, Decimal) else cell)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(buffer.getvalue())


def write_ods(path: Path, sheet: Sheet) -> None:
    """Write an OpenDocument workbook, as an office with free software sends it."""
    book = Document("spreadsheet")
    book.body.clear()
    page = Table(sheet.sheet)
    lines: list[Sequence[Cell]] = [(text,) for text in sheet.titles]
    lines += [sheet.header, *sheet.rows, *sheet.bottom]
    page.set_values([["" if cell is None else cell for cell in line] for line in lines])
    book.body.append(page)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_stored(buffer.getvalue()))
