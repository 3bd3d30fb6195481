"""Two readers of separate make must see the same cells: a value that only one of them sees is not taken.

The first reader (openpyxl's parsers, xlrd, our own walk) knows errors, formulas, hidden rows and merges; the second
(calamine) shares no code with it. Where the two may rightly tell a cell differently nothing is compared: error
values and formulas without a result (reported anyway), days before March 1900, cells named in ``Sheet.unlike``. A day
and its serial number are one value, because which number formats mean a day is a table that readers may hold
differently; so are texts that differ in outer spaces (Excel drops them unless marked) or in line ends.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine

from assess_lib.intake.cells import Book, Cell, Note, Refused, Sheet
from assess_lib.intake.visible import shorten, squash
from assess_lib.intake.xlsx import unescaped

# The second reader builds the whole rectangle around a sheet's cells in memory.
MAX_AREA = 4_000_000
_DAY = 86_400.0
_SECOND = 1.5 / _DAY
# Excel counts a 29 February 1900 that never was; readers differ on the days before it.
_SURE = datetime(1900, 3, 1)
_DIMENSION = re.compile(rb"<dimension\b[^>]*?(/>|>\s*</dimension>)")
_OUTER = " \t\r\n"
_REMEDY = "请用 Excel 或 WPS 打开核对后另存为新的 .xlsx，再重新报送。"


def _serial(value: Any, date1904: bool) -> float | None:
    """Return a second reader's number, day or time as the number that a workbook stores."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, datetime):
        start = datetime(1904, 1, 1) if date1904 else datetime(1899, 12, 30)
        return (value - start) / timedelta(days=1)
    if isinstance(value, date):
        return _serial(datetime(value.year, value.month, value.day), date1904)
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, time):
        return (value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6) / _DAY
    if isinstance(value, str):
        try:
            return _serial(datetime.fromisoformat(value), date1904)
        except ValueError:
            return None
    return None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _same_text(text: str, other: Any, kind: str) -> bool:
    if not isinstance(other, str):
        return False
    if text == other:
        return True
    if kind == "ods":  # the second reader drops tabs and line breaks
        return squash(text) == squash(other)
    mine = _lines(text).strip(_OUTER)
    # Half a character standing alone is replaced by one reader and kept as its escape by the other.
    return mine in (_lines(other).strip(_OUTER), _lines(unescaped(other)).strip(_OUTER))


def _same(cell: Cell, other: Any, kind: str, date1904: bool) -> bool:
    if cell.kind in ("error", "formula"):
        return True
    if cell.kind == "text":
        return _same_text(cell.text, "" if other is None else other, kind)
    if cell.kind == "bool":
        return isinstance(other, bool) and other == (cell.text == "TRUE")
    if cell.kind == "time":  # of a day or a duration: that something stands there is enough, as no column takes it
        return other not in (None, "")
    serial = _serial(other, date1904)
    if serial is None:
        return False
    if cell.kind == "number":
        number = float(cell.text)
        exact = math.isclose(number, serial, rel_tol=1e-14)
        # A day or time comes back in whole microseconds.
        return exact if isinstance(other, (int, float)) else abs(number - serial) < _SECOND
    mine = _serial(cell.moment, date1904)
    return mine is not None and (cell.moment is None or cell.moment < _SURE or abs(mine - serial) < _SECOND)


def _shown(other: Any) -> str:
    if isinstance(other, bool):
        return "TRUE" if other else "FALSE"
    return shorten(str(other), 40) if other not in ("", None) else "空"


def cell_name(row: int, column: int) -> str:
    """Name a cell as a spreadsheet does.

    >>> cell_name(14, 28)
    'AB14'
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _disagreement(row: int, column: int, cell: Cell | None, other: Any) -> Note:
    mine = shorten(cell.text, 40) if cell is not None and cell.text else "空"
    return Note(
        "error",
        "file.disagreement",
        f"单元格 {cell_name(row, column)} 用两种程序读出的内容不同（“{mine}”与“{_shown(other)}”），"
        "文件可能已损坏，未读入。",
        _REMEDY,
        row=row,
        value=cell.text if cell is not None else "",
    )


def _unconfirmed(sheet: Sheet, detail: str) -> Note:
    return Note(
        "error",
        "file.unconfirmed",
        f"另一种程序读不出工作表“{sheet.name}”（{detail}），内容无法互相印证，未读入。",
        _REMEDY,
    )


def _unchecked(sheet: Sheet) -> Note:
    return Note(
        "warning",
        "file.unchecked",
        "文件的内容散布到很远的单元格，已照常读入，但没有用第二种程序逐格核对。",
        f"请删去远处多余的内容（本表最远到 {cell_name(sheet.reach.bottom, sheet.reach.right)}）后另存，以便核对。",
    )


def _compare(sheet: Sheet, second: Any, kind: str, date1904: bool) -> Note | None:
    """Return what is wrong with the first cell, from the top, that the two readers see differently."""
    # Rows come from the sheet's first on, their values from the first column that holds anything.
    left = second.start[1] + 1 if second.start else 1
    seen_to = 0
    for row, values in enumerate(second.iter_rows() if second.start else (), start=1):
        cells = sheet.rows.get(row, {})
        seen_to = row
        for column, value in enumerate(values, start=left):
            cell = cells.get(column)
            if cell is None:
                blank = value is None or (isinstance(value, str) and not value.strip())
                if blank or (row, column) in sheet.unlike:
                    continue
                return _disagreement(row, column, None, value)
            same = _same(cell, value, kind, date1904)
            # An untyped text may be nothing to the other, a word with a reading aid a longer one; never a number.
            if not same and not ((row, column) in sheet.unlike and cell.kind == "text" and isinstance(value, str)):
                return _disagreement(row, column, cell, value)
        for column in sorted(cells):
            if not left <= column < left + len(values) and not _absent(cells[column], (row, column), sheet):
                return _disagreement(row, column, cells[column], None)
    for row in sorted(sheet.rows):
        if row > seen_to:
            for column, cell in sorted(sheet.rows[row].items()):
                if not _absent(cell, (row, column), sheet):
                    return _disagreement(row, column, cell, None)
    return None


def _absent(cell: Cell, place: tuple[int, int], sheet: Sheet) -> bool:
    """Whether a cell may rightly not be there for the other reader."""
    return cell.blank or cell.kind in ("error", "formula") or place in sheet.unlike


def _open(data: bytes) -> Any:
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))


def _without_dimensions(data: bytes) -> bytes:
    """Return a workbook whose sheets do not tell their own size: the second reader stumbles over a false one."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/"):
                head, data_tag, rest = part.partition(b"<sheetData")
                part = _DIMENSION.sub(b"", head) + data_tag + rest
            new.writestr(name, part)
    return stream.getvalue()


def confirm(book: Book, data: bytes) -> Book:
    """Hold a workbook as the first reader saw it against what the second reads from the same bytes.

    Adds to each sheet a note: an error that names the first cell they disagree on, or that the second cannot read
    the sheet; a warning where far cells forbid the comparison. A csv has no second reader. Raises Refused
    (``file.unconfirmed``) when the second cannot open the file at all.
    """
    far = {id(sheet) for sheet in book.sheets if sheet.reach.area > MAX_AREA}
    if far and book.kind != "xlsx":
        far = {id(sheet) for sheet in book.sheets}  # opening the file builds every sheet
    checked = [] if book.kind == "csv" else [sheet for sheet in book.sheets if id(sheet) not in far]
    for sheet in book.sheets:
        if id(sheet) in far:
            sheet.notes.append(_unchecked(sheet))
    if not checked:
        return book
    try:
        second = _open(data)
        names = list(second.sheet_names)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the other language is no Exception
        raise Refused(
            "file.unconfirmed",
            f"另一种程序读不出这个文件（{type(error).__name__}），内容无法互相印证，未读入。",
            _REMEDY,
        ) from error
    for sheet in checked:
        if names.count(sheet.name) != 1:
            sheet.notes.append(_unconfirmed(sheet, "找不到同名的工作表"))
            continue
        try:
            try:
                seen = second.get_sheet_by_name(sheet.name)
            except python_calamine.CalamineError:
                seen = _open(_without_dimensions(data)).get_sheet_by_name(sheet.name)
            note = _compare(sheet, seen, book.kind, book.date1904)
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:
            note = _unconfirmed(sheet, type(error).__name__)
        if note is not None:
            sheet.notes.append(note)
    return book
