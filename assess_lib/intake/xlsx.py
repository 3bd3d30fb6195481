"""Read .xlsx workbooks: openpyxl's parsers for the parts, our own walk so that only stored cells are visited.

openpyxl's own worksheet classes either trust ``<dimension>`` or build every cell of a merged range, and both hide
which formulas have no stored result.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring, iterparse
from openpyxl.cell.text import Text
from openpyxl.packaging.manifest import Manifest
from openpyxl.reader.workbook import WorkbookParser
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils import column_index_from_string, range_boundaries
from openpyxl.utils.datetime import WINDOWS_EPOCH
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS, STYLES_TYPE, XLSM, XLSX, XLTM, XLTX

from assess_lib.intake.archive import encrypted, open_archive, read_part
from assess_lib.intake.cells import (
    MAX_CELLS,
    MAX_COLUMN,
    MAX_MERGES,
    Book,
    Cell,
    Merge,
    Refused,
    Sheet,
    damaged,
    date_cell,
    plain_number,
    too_large,
)
from assess_lib.intake.displayed import display_of, is_percent_format

_NS = f"{{{SHEET_MAIN_NS}}}"
_ROW, _COL, _MERGE, _VALUE, _FORMULA = (f"{_NS}{tag}" for tag in ("row", "col", "mergeCell", "v", "f"))
# Date formats that a Chinese Excel knows by number alone (ECMA-376, 18.8.30); openpyxl knows the common ones only.
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))


class _CellParser(WorkSheetParser):
    """openpyxl's cell parser that also tells formulas without a stored result and survives a bad number."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        try:
            cell: dict[str, Any] = super().parse_cell(element)
        except ValueError:
            # Not a number or date at all, such as NaN: the cell is wrong, not the file.
            stored = element.findtext(_VALUE) or ""
            if element.get("t", "n") not in ("n", "b", "d") or not element.get("r"):
                raise
            row, column = _position(element.get("r"))
            cell = {"row": row, "column": column, "value": stored, "data_type": "e", "style_id": 0}
        kind = element.get("t", "n")
        if cell["data_type"] == "e" and kind == "n" and cell["style_id"] in self.date_formats:
            # A number that is no date although its style says so, such as 20220620: the number stands in the file.
            stored = element.findtext(_VALUE) or ""
            cell["value"] = int(stored) if stored.isdecimal() else float(stored)
            cell["data_type"] = "n"
        if kind in ("str", "inlineStr") and isinstance(cell["value"], str):
            cell["value"] = unescaped(cell["value"])
        if element.find(_FORMULA) is not None and cell["value"] is None:
            if kind == "str" and element.find(_VALUE) is not None:
                cell["value"] = ""  # its result is the empty text
            else:
                cell["data_type"] = "formula"
        return cell


def _position(coordinate: str) -> tuple[int, int]:
    found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", coordinate)
    if not found:
        raise damaged(f"单元格位置“{coordinate[:20]}”无效")
    return int(found.group(2)), column_index_from_string(found.group(1))


class _Formats:
    """Which cell styles show a number as a date, a duration or a percentage."""

    def __init__(self, part: bytes | None) -> None:
        self.dates: set[int] = set()
        self.durations: set[int] = set()
        self.percents: set[int] = set()
        self.codes: dict[int, str] = {}
        if part is None:
            return
        root = fromstring(part)
        codes: dict[int, str] = {
            int(node.get("numFmtId")): node.get("formatCode") or "" for node in root.iter(f"{_NS}numFmt")
        }
        styles = root.find(f"{_NS}cellXfs")
        for index, style in enumerate(() if styles is None else styles):
            number = int(style.get("numFmtId") or 0)
            code = codes.get(number, BUILTIN_FORMATS.get(number, ""))
            if is_date_format(code) or (not code and number in _CHINESE_DATES):
                self.dates.add(index)
            if is_timedelta_format(code):
                self.durations.add(index)
            if is_percent_format(code):
                self.percents.add(index)
            if index not in self.dates and index not in self.percents:
                self.codes[index] = code


def unescaped(text: str) -> str:
    """Undo OOXML's ``_xHHHH_`` escapes; a half of a character pair standing alone becomes U+FFFD."""
    if "_x" not in text:
        return text
    return unescape(text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _shared_strings(part: bytes) -> Iterator[str]:
    """Iterate over the shared strings: rich text joined, phonetic hints left out, escapes undone."""
    for _, node in iterparse(io.BytesIO(part)):
        if node.tag == f"{_NS}si":
            text = Text.from_tree(node)
            yield unescaped(text.content) if text is not None else ""
            node.clear()


def _cell(parsed: dict[str, Any], formats: _Formats) -> Cell | None:
    value, kind = parsed["value"], parsed["data_type"]
    if kind == "formula":
        return Cell("formula", "公式")
    if value is None:
        return None
    if kind == "e":
        return Cell("error", str(value))
    if isinstance(value, bool):
        return Cell("bool", "TRUE" if value else "FALSE")
    if isinstance(value, datetime):
        return date_cell(value)
    if isinstance(value, date):
        return date_cell(datetime(value.year, value.month, value.day))
    if isinstance(value, (time, timedelta)):
        return Cell("time", str(value))
    if isinstance(value, (int, float)):
        number = plain_number(value)
        style = parsed["style_id"]
        shown = display_of(number.text, formats.codes.get(style, "")) if number.kind == "number" else ""
        return Cell(number.kind, number.text, percent=style in formats.percents, shown=shown)
    return Cell("text", str(value))


def _read_sheet(sheet: Sheet, part: bytes, parser: _CellParser, formats: _Formats, budget: list[int]) -> None:
    for _, element in iterparse(io.BytesIO(part)):
        if element.tag == _ROW:
            number, cells = parser.parse_row(element)
            if element.get("hidden") in ("1", "true") or element.get("ht") == "0":
                sheet.hidden_rows.add(number)
            for parsed, stored in zip(cells, element, strict=True):
                if len(stored):
                    sheet.reach.include(parsed["row"], parsed["column"])
                cell = _cell(parsed, formats)
                if cell is not None:
                    sheet.put(parsed["row"], parsed["column"], cell)
                    budget[0] -= 1
            if budget[0] < 0:
                raise too_large()
            element.clear()
        elif element.tag == _COL and element.get("hidden") in ("1", "true"):
            first, last = int(element.get("min")), min(int(element.get("max")), MAX_COLUMN)
            sheet.hidden_columns.update(range(first, last + 1))
        elif element.tag == _MERGE:
            if len(sheet.merges) >= MAX_MERGES:
                raise damaged("合并单元格过多")
            left, top, right, bottom = range_boundaries(element.get("ref"))
            sheet.merges.append(Merge(int(top or 1), int(left or 1), int(bottom or 1), int(right or 1)))


def _part_of(manifest: Any, *content_types: str) -> str | None:
    for content_type in content_types:
        part = manifest.find(content_type)
        if part is not None:
            return str(part.PartName).lstrip("/")
    return None


def _read(archive: zipfile.ZipFile) -> Book:
    manifest = Manifest.from_tree(fromstring(read_part(archive, "[Content_Types].xml")))
    workbook_part = _part_of(manifest, XLSX, XLSM, XLTX, XLTM) or "xl/workbook.xml"
    if b"http://purl.oclc.org/ooxml" in read_part(archive, workbook_part):
        raise Refused(
            "file.type",
            "这是“Strict Open XML 电子表格”，不能读取。",
            "请另存为普通的“Excel 工作簿（.xlsx）”后重新报送。",
        )
    workbook = WorkbookParser(archive, workbook_part, keep_links=False)
    workbook.parse()
    strings_part = _part_of(manifest, SHARED_STRINGS)
    strings = list(_shared_strings(read_part(archive, strings_part))) if strings_part else []
    styles_part = _part_of(manifest, STYLES_TYPE)
    formats = _Formats(read_part(archive, styles_part) if styles_part else None)
    sheets = []
    budget = [MAX_CELLS]
    if not all(entry.id for entry in workbook.sheets):
        raise damaged("工作表清单不完整")
    for entry, relation in workbook.find_sheets():
        if not relation.Type.endswith("/worksheet"):
            continue  # a chart sheet has no cells
        sheet = Sheet(str(entry.name), hidden=entry.state != "visible")
        parser = _CellParser(
            io.BytesIO(),
            strings,
            data_only=True,
            epoch=workbook.wb.epoch,
            date_formats=formats.dates,
            timedelta_formats=formats.durations,
        )
        _read_sheet(sheet, read_part(archive, relation.target), parser, formats, budget)
        sheets.append(sheet)
    return Book("xlsx", sheets, date1904=workbook.wb.epoch != WINDOWS_EPOCH)


def read_xlsx(data: bytes) -> Book:
    """Read a whole .xlsx workbook from its bytes: every stored cell of every sheet, hidden ones too.

    Raises Refused for anything that is not read to the end: damaged, encrypted, unsafe, another zip format.
    """
    archive = open_archive(data)
    names = {name.casefold() for name in archive.namelist()}
    if "encryptedpackage" in names:
        raise encrypted()
    if "xl/workbook.bin" in names:
        raise Refused("file.type", "这是 .xlsb 二进制工作簿，不能读取。", "请另存为 .xlsx 后重新报送。")
    if "[content_types].xml" not in names:
        raise Refused("file.type", "这是压缩包，不是工作簿，不能读取。", "请报送 .xlsx、.xls、.ods 或 .csv 文件。")
    if "xl/workbook.xml" not in names and not any(name.startswith("xl/") for name in names):
        raise Refused("file.type", "这是其他办公文档（如 Word、PPT），不是工作簿。", "请另存为 .xlsx 后重新报送。")
    try:
        return _read(archive)
    except ParseError as error:
        raise damaged("部件不是完整的 XML") from error
