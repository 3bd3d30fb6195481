"""Read .xls workbooks (BIFF) with xlrd."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import xlrd
from openpyxl.styles.numbers import is_timedelta_format

from assess_lib.intake.archive import encrypted
from assess_lib.intake.cells import (
    MAX_CELLS,
    Book,
    Cell,
    Merge,
    Note,
    Refused,
    Sheet,
    damaged,
    date_cell,
    plain_number,
    too_large,
)
from assess_lib.intake.displayed import display_of, is_percent_format

_ENCRYPTED_STREAMS = ("EncryptedPackage".encode("utf-16-le"), "EncryptionInfo".encode("utf-16-le"))
_OTHER_STREAMS = ("WordDocument".encode("utf-16-le"), "PowerPoint Document".encode("utf-16-le"))

# What an .xls can hold; software that saves a longer table as .xls drops the rest.
_LAST_ROW = 65_536


def _full() -> Note:
    return Note(
        "warning",
        "sheet.full",
        f"工作表正好用满 .xls 的 {_LAST_ROW} 行，另存时后面的行可能已被截掉。",
        "请核对总行数；如有缺失，请从原始数据另存为 .xlsx 后重新报送。",
        row=_LAST_ROW,
    )


def _cell(stored: Any, book: Any) -> Cell | None:
    if stored.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if stored.ctype == xlrd.XL_CELL_TEXT:
        return Cell("text", stored.value)
    if stored.ctype == xlrd.XL_CELL_BOOLEAN:
        return Cell("bool", "TRUE" if stored.value else "FALSE")
    if stored.ctype == xlrd.XL_CELL_ERROR:
        return Cell("error", xlrd.error_text_from_code.get(stored.value, "#错误"))
    if stored.ctype == xlrd.XL_CELL_DATE:
        if not 0 <= stored.value < 2_958_466:
            return plain_number(float(stored.value))  # no date although its style says so, such as 20220620
        duration = is_timedelta_format(_format(stored, book))
        if duration or (stored.value < 1 and not (book.datemode and stored.value == 0)):
            return Cell("time", str(timedelta(days=stored.value)))
        return date_cell(xlrd.xldate_as_datetime(stored.value, book.datemode))
    number = plain_number(float(stored.value))
    code = _format(stored, book)
    if is_percent_format(code):
        return Cell(number.kind, number.text, percent=True)
    return Cell(number.kind, number.text, shown=display_of(number.text, code) if number.kind == "number" else "")


def _format(stored: Any, book: Any) -> str:
    style = book.format_map.get(book.xf_list[stored.xf_index].format_key) if stored.xf_index is not None else None
    return "" if style is None else str(style.format_str)


def read_xls(data: bytes) -> Book:
    """Read a whole .xls workbook from its bytes; raise Refused when it is encrypted, damaged or no workbook."""
    if any(stream in data for stream in _ENCRYPTED_STREAMS):
        raise encrypted()
    if any(stream in data for stream in _OTHER_STREAMS) and "Workbook".encode("utf-16-le") not in data:
        raise Refused("file.type", "这是其他办公文档（如 Word、PPT），不是工作簿。", "请另存为 .xlsx 后重新报送。")
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise encrypted() from error
        raise damaged("不是完整的 .xls 工作簿") from error
    sheets = []
    budget = MAX_CELLS
    for stored in book.sheets():
        sheet = Sheet(stored.name, hidden=stored.visibility != 0)
        for row in range(stored.nrows):
            for column, raw in enumerate(stored.row(row), start=1):
                cell = _cell(raw, book)
                if cell is not None:
                    sheet.put(row + 1, column, cell)
                    budget -= 1
            if budget < 0:
                raise too_large()
        sheet.hidden_rows = {row + 1 for row, info in stored.rowinfo_map.items() if info.hidden}
        sheet.hidden_columns = {column + 1 for column, info in stored.colinfo_map.items() if info.hidden}
        sheet.merges = [Merge(top + 1, left + 1, bottom, right) for top, bottom, left, right in stored.merged_cells]
        if sheet.last_row == _LAST_ROW and sheet.filled(_LAST_ROW):
            sheet.notes.append(_full())
        sheets.append(sheet)
    return Book("xls", sheets, date1904=bool(book.datemode))
