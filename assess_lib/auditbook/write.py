"""Write the computed book as an .xlsx file: formulas with their values, colours, widths, notes and drop-downs."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import CellFormulaTuple

from assess_lib.auditbook.book import Book, Column, Sheet
from assess_lib.auditbook.guide import GUIDE, Line, sheet_order
from assess_lib.store.quick_sheet import QuickSheet

_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_A4 = 9
# What the file format allows in a drop-down's own list.
_LIST_ROOM = 255
_LINE = {"border": 1, "border_color": "#D0D0D0"}
_NUMBER_FORMATS = {
    "text": "@",
    "points": "0.00",
    "date": "yyyy-mm-dd;;;@",
    "moment": "yyyy-mm-dd hh:mm;;;@",
    "whole": "0",
}
# A formula's text cell must not be formatted as text, or a spreadsheet would show the formula when it is edited.
_FORMULA_FORMATS = {**_NUMBER_FORMATS, "text": "General"}
_ROLES: Mapping[str, Mapping[str, Any]] = {
    "input": {"bg_color": "#FFF2CC", "font_color": "#1F3864"},
    "constant": {"bg_color": "#EDEDED", "font_color": "#404040"},
    "formula": {},
    "result": {"bg_color": "#E2EFDA", "bold": True},
}
_TABS = {"": "#FFC000", "facts": "#A6A6A6", "item": "#5B9BD5", "result": "#70AD47"}
_WIDTHS = {"text": 16, "whole": 11, "points": 11, "date": 12, "moment": 17}
_LONG = {
    *("全称", "别名", "事实", "文号或网址", "名称或网址", "事项名称", "理由", "任务", "会议", "扣分情形"),
    *("存放位置", "SHA256", "机关或媒体", "事项", "考核内容"),
}


def seen_width(text: str) -> int:
    """Return a text's width in columns of a cell: a Chinese character takes two."""
    return sum(1 if ord(char) < 0x2E80 else 2 for char in text)


def _style_of(column: Column, row: int) -> str:
    if column.style != "auto":
        return column.style
    value = column.cells[row] if column.cells and row < len(column.cells) else None
    if isinstance(value, Decimal):
        return "points"
    if isinstance(value, date):
        return "date"
    return "whole" if isinstance(value, int) else "text"


class FormulaSheet(QuickSheet):
    """A sheet that writes formulas as they are.

    Ours know the few old functions of ``values`` alone and are no arrays; the library would search every one of them
    for newer functions, and take the greater part of the whole workbook's time.
    """

    def put_formulas(self, col: int, sheet: Sheet, column: Column, look: Any) -> None:
        """Write a column of formulas with their values."""
        values, head = sheet.values(column.name), sheet.head
        self._make_room(range(head, head + len(values)), [col])
        for row, (text, value) in enumerate(zip(sheet.formula_texts(column, _escaped), values, strict=True)):
            if not isinstance(value, str):
                self.table[head + row][col] = (look, f"><f>{text}</f><v>{value}</v></c>")
            elif not value.startswith("#"):
                kind = ' t="str"' if value else ""
                self.table[head + row][col] = (look, f"{kind}><f>{text}</f><v>{_escaped(value)}</v></c>")
            else:  # the library knows which texts are errors
                formula = sheet.formulas[column.name][row].text(row)
                self.table[head + row][col] = CellFormulaTuple(formula.removeprefix("="), look, value)


def _escaped(text: str) -> str:
    if text.isalnum():  # most texts are: nothing to look for
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Writer:
    """Writes one workbook; formats are made once each."""

    def __init__(self, title: str) -> None:
        self.buffer = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": "宋体", "font_size": 10},
        }
        self.book = xlsxwriter.Workbook(self.buffer, options)
        self.book.set_properties({"title": title, "created": _FIXED_DATE})
        self.looks: dict[Any, Any] = {}
        self.cell_looks: dict[tuple[str, str, bool], Any] = {}

    def look(self, **style: Any) -> Any:
        key = tuple(sorted(style.items()))
        if key not in self.looks:
            self.looks[key] = self.book.add_format({"valign": "vcenter", **style})
        return self.looks[key]

    def cell_look(self, role: str, style: str, wrap: bool = False) -> Any:
        key = (role, style, wrap)
        if key not in self.cell_looks:
            self.cell_looks[key] = self._cell_look(role, style, wrap)
        return self.cell_looks[key]

    def _cell_look(self, role: str, style: str, wrap: bool) -> Any:
        formats = _NUMBER_FORMATS if role in ("input", "constant") else _FORMULA_FORMATS
        more: dict[str, Any] = {"indent": 1} if style == "text" else {}
        if wrap:
            more["text_wrap"] = True
        return self.look(**_LINE, **_ROLES[role], **more, num_format=formats[style])

    # -- the guide --------------------------------------------------------------------------------------------------

    def guide(self, sheet: Any, lines: Iterable[Line]) -> None:
        """Write the sheet 说明."""
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 100)
        sheet.hide_gridlines(2)
        sheet.set_tab_color(_TABS["result"])
        for row, line in enumerate(lines):
            label = self.look(bold=True, valign="top")
            if line.look == "title":
                label = self.look(bold=True, font_size=16)
                sheet.set_row(row, 28)
            elif line.look == "heading":
                label = self.look(bold=True, font_size=12, font_color="#1F4E79", bottom=1)
                sheet.set_row(row, 24)
                sheet.write_blank(row, 1, None, label)
            elif line.look:
                label = self.look(**_LINE, **_ROLES[line.look])
            if line.to:
                link = self.look(font_color="#0563C1", underline=1, valign="top")
                sheet.write_url(row, 0, f"internal:'{line.to}'!A1", link, line.label)
            else:
                sheet.write_string(row, 0, line.label, label)
            if line.text:
                sheet.write_string(row, 1, line.text, self.look(text_wrap=True, valign="top"))
                sheet.set_row(row, 15 * math.ceil(seen_width(line.text) * 1.1 / 100) + 3)
        self._page(sheet, GUIDE, 0, False)

    # -- every other sheet --------------------------------------------------------------------------------------------

    def fill(self, target: Any, sheet: Sheet) -> None:
        """Write one sheet: title and notes if it has any, headers, cells."""
        head = sheet.head - 1
        if sheet.title:
            target.write_string(0, 0, sheet.title, self.look(bold=True, font_size=12))
            target.set_row(0, 22)
        if sheet.banner is not None:
            target.write_string(1, 0, sheet.banner_label, self.look(bold=True, font_size=12))
            shown = self.look(bold=True, font_size=12, font_color="#C00000")
            target.write_formula(1, 2, sheet.banner.text(0), shown, sheet.banner_value())
            target.set_row(1, 22)
        self._headers(target, sheet, head)
        for index, column in enumerate(sheet.columns):
            self._cells(target, sheet, index, column)
        target.freeze_panes(head + 1, self._frozen(sheet))
        if sheet.size > 1:
            target.autofilter(head, 0, head + sheet.size, len(sheet.columns) - 1)
        if sheet.fade:
            self._grey(target, sheet, f"={sheet.address(sheet.fade, 0)}=0")
        if not sheet.title:  # numbers of offices are texts, and rightly so
            last = sheet.address(sheet.columns[-1].name, sheet.size).replace("$", "")
            target.ignore_errors({"number_stored_as_text": f"A1:{last}"})
        target.set_tab_color(_TABS[sheet.tab])
        self._page(target, sheet.name, head, True)

    def _frozen(self, sheet: Sheet) -> int:
        names = [column.name for column in sheet.columns]
        return names.index("单位名称") + 1 if "单位名称" in names[:3] else 0

    def _grey(self, target: Any, sheet: Sheet, test: str) -> None:
        last = (sheet.head + sheet.size - 1, len(sheet.columns) - 1)
        faded = self.book.add_format({"font_color": "#BFBFBF"})
        target.conditional_format(sheet.head, 0, *last, {"type": "formula", "criteria": test, "format": faded})

    def _headers(self, target: Any, sheet: Sheet, head: int) -> None:
        most = 1
        for index, column in enumerate(sheet.columns):
            style = column.style if column.style != "auto" else "text"
            width = column.width or (32 if column.name in _LONG else _WIDTHS[style])
            width = max(width, min(seen_width(column.name) + 4, 24))
            default = None
            if column.role == "input" and sheet.spare:  # what is typed into the empty rows stays what it is
                default = self.look(num_format=_NUMBER_FORMATS[style])
            target.set_column(index, index, width, default)
            shown = self.look(**_LINE, bold=True, align="center", text_wrap=True, bg_color="#DDEBF7")
            target.write_string(head, index, column.name, shown)
            if sheet.title:
                small = self.look(font_size=8, font_color="#7F7F7F", text_wrap=True, valign="top")
                target.write_string(head - 1, index, column.note, small)
                most = max(most, math.ceil(seen_width(column.note) * 1.15 / (width * 1.2)))
        if sheet.title:
            target.set_row(head - 1, 12 * most + 2)

    def _cells(self, target: Any, sheet: Sheet, index: int, column: Column) -> None:
        if column.name in sheet.formulas:
            target.put_formulas(index, sheet, column, self.cell_look(column.role, column.style))
        else:
            target.put_cells(list(self._plain_cells(sheet, index, column)))
        self._drop_downs(target, sheet, index, column)

    def _plain_cells(self, sheet: Sheet, index: int, column: Column) -> Iterator[tuple[int, int, Any, Any]]:
        """Yield the cells of a column without formulas: row, column, value, format; empty spare rows have none."""
        filled, head = sheet.size - sheet.spare, sheet.head
        looks: dict[str, Any] = {}
        for row, value in enumerate(sheet.values(column.name)):
            if value is not None or row < filled:
                style = "text" if isinstance(value, str) else _style_of(column, row)
                if style not in looks:
                    looks[style] = self.cell_look(column.role, style, column.wrap)
                yield head + row, index, value, looks[style]

    def _drop_downs(self, target: Any, sheet: Sheet, index: int, column: Column) -> None:
        first, last = sheet.head, sheet.head + sheet.size - 1
        choices = [(first + row, first + row, options) for row, options in enumerate(column.row_options)]
        if column.options and sheet.size:
            choices.append((first, last, column.options))
        for top, bottom, options in choices:
            listed = ",".join(options)
            if len(listed) <= _LIST_ROOM and not any("," in option for option in options):
                settings = {"validate": "list", "source": list(options), "error_type": "warning"}
                target.data_validation(top, index, bottom, index, settings)

    def _page(self, target: Any, name: str, head: int, wide: bool) -> None:
        if wide:
            target.set_landscape()
            target.repeat_rows(head)
        target.set_paper(_A4)
        target.fit_to_pages(1, 0)
        target.set_footer(f"&L{name}&R第 &P 页，共 &N 页")


def write(book: Book, title: str, lines: Iterable[Line]) -> bytes:
    """Return the workbook's bytes; the same book gives the same bytes."""
    writer = _Writer(title)
    writer.guide(writer.book.add_worksheet(GUIDE), lines)
    for name in sheet_order(book):
        writer.fill(writer.book.add_worksheet(name, FormulaSheet), book.sheets[name])
    writer.book.close()
    return writer.buffer.getvalue()
