"""One blank workbook: the table's own sheet, the instructions, and the hidden lists behind long drop-downs."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from assess_lib.tables import Column
from assess_lib.templates.columns import HELP, WIDE
from assess_lib.templates.entry import Check, Form, check_of, example_of
from assess_lib.templates.facts import scheme_facts, standard_facts

INSTRUCTIONS = "填表说明"
# Intake passes over other sheets silently only if their name says that they are instructions (说明).
OPTIONS = "选项说明"

_TITLE, _INTRODUCTION, _EXAMPLE, _HEADER = range(4)
_FIRST = _HEADER + 1
_LAST = 1_048_575
# So many rows have lines, so that the printed form can be filled in by hand.
_RULED = 25
_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_A4 = 9
_MAX_HEIGHT = 409
# What the file format allows in a drop-down's own list, and in the boxes of a check.
_LIST_ROOM, _TITLE_ROOM, _MESSAGE_ROOM = 255, 32, 255
_PLAIN_OPTION = re.compile(r"[\w\-]+")
_DATE_FORMATS = {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
_WIDTHS = {"unit": 20, "date": 13, "datetime": 18, "number": 11, "whole": 11, "choice": 13, "text": 15}
_WIDE_WIDTH = 30
# The instruction sheet's five columns: 列名, 必填否, 填什么, 可以填, 示例.
_COLUMNS = (18, 8, 44, 42, 28)

_LINE = {"border": 1, "border_color": "#A6A6A6"}
_HEAD = {**_LINE, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "num_format": "@"}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"},
    "introduction": {"text_wrap": True, "valign": "vcenter", "font_color": "#404040"},
    "example": {**_LINE, "italic": True, "font_color": "#7F7F7F", "num_format": "@", "text_wrap": True},
    "required": {**_HEAD, "bg_color": "#1F4E79", "font_color": "#FFFFFF"},
    "optional": {**_HEAD, "bg_color": "#DDEBF7"},
    "missing": {"bg_color": "#FFE699"},
    "repeated": {"bg_color": "#F8CBAD"},
    "head": {**_HEAD, "bg_color": "#D9D9D9"},
    "cell": {**_LINE, "text_wrap": True, "valign": "top", "num_format": "@"},
    "title_left": {"bold": True, "font_size": 14, "valign": "vcenter"},
    "section": {"bold": True, "font_size": 12, "valign": "vcenter"},
}


def _seen_width(text: str) -> int:
    """Return a text's width in columns of a cell: a Chinese character takes two."""
    return sum(1 if ord(char) < 0x2E80 else 2 for char in text)


def _height(texts: Sequence[str], widths: Sequence[int]) -> int:
    """Return the height in points of a row whose texts wrap in columns of these widths."""
    lines = (math.ceil(_seen_width(text) * 1.15 / width) for text, width in zip(texts, widths, strict=True))
    return min(15 * max([1, *lines]) + 3, _MAX_HEIGHT)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


class _Form:
    """Builds one workbook; ``close`` ends it."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.buffer = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": "宋体", "font_size": 11},
        }
        self.book = xlsxwriter.Workbook(self.buffer, options)
        self.book.set_properties({"title": self.title, "created": _FIXED_DATE})
        self.styles = {name: self.book.add_format(dict(style)) for name, style in _STYLES.items()}
        self.data = self.book.add_worksheet(form.table.name)
        self.instructions = self.book.add_worksheet(INSTRUCTIONS)
        self.lists: Any = None
        self.list_count = 0
        columns = form.table.columns
        self.checks = [check_of(form, column) for column in columns]
        self.helps = [HELP[form.table.name][column.name] for column in columns]
        self.examples = [
            example_of(form, column, help_.example) for column, help_ in zip(columns, self.helps, strict=True)
        ]

    @property
    def title(self) -> str:
        """The form's title."""
        unit = f"（{self.form.unit_name}）" if self.form.unit_name else ""
        return f"{self.form.scheme.year} 年度{self.form.table.name}{unit}"

    def _introduction(self) -> str:
        required = "、".join(self.form.table.required)
        return (
            f"在表头下面填写，一行一条，中间不要合并单元格。必填（深色表头）：{required}。"
            f"表头上面一行是示例，不计入。各列说明见表头批注和工作表“{INSTRUCTIONS}”。文件名和工作表名请勿改动。"
        )

    def _width(self, column: Column, check: Check) -> int:
        width = max(_WIDE_WIDTH if column.name in WIDE else _WIDTHS[column.kind], _seen_width(column.name) + 3)
        return max([width, *(min(_seen_width(option) + 4, _WIDE_WIDTH) for option in check.options)])

    def _cell_style(self, column: Column, lines: bool) -> Any:
        style: dict[str, Any] = {"valign": "top", "text_wrap": True, **(_LINE if lines else {})}
        digits = column.kind == "choice" and all(option.isdigit() for option in column.choices) and column.choices
        if column.kind in _DATE_FORMATS:
            style["num_format"] = _DATE_FORMATS[column.kind]
        elif column.kind not in ("number", "whole") and not digits:
            style["num_format"] = "@"  # what is typed stays what it is: leading zeros, long numbers
        return self.book.add_format(style)

    # -- the table's own sheet ------------------------------------------------------------------------------------

    def fill_data(self) -> None:
        """Write title, introduction, example and header, and set up the rows below them for typing."""
        sheet, columns = self.data, self.form.table.columns
        last = len(columns) - 1
        widths = [self._width(column, check) for column, check in zip(columns, self.checks, strict=True)]
        self._across(_TITLE, last, self.title, "title", 30)
        introduction = self._introduction()
        self._across(_INTRODUCTION, last, introduction, "introduction", _height([introduction], [sum(widths)]))
        sheet.set_row(_EXAMPLE, _height(["例：" + self.examples[0], *self.examples[1:]], widths))
        sheet.set_row(_HEADER, 20)
        for index, column in enumerate(columns):
            check, example = self.checks[index], self.examples[index]
            sheet.set_column(index, index, widths[index], self._cell_style(column, lines=False))
            sheet.write_string(_EXAMPLE, index, f"例：{example}" if index == 0 else example, self.styles["example"])
            sheet.write_string(_HEADER, index, column.name, self.styles["required" if column.required else "optional"])
            note = self._note(index)
            size = {"width": 280, "height": 22 + 16 * sum(math.ceil(_seen_width(t) / 42) for t in note.split("\n"))}
            sheet.write_comment(_HEADER, index, note, {**size, "font_size": 9})
            if check.enforced:
                sheet.data_validation(_FIRST, index, _LAST, index, self._validation(index))
            ruled = self._cell_style(column, lines=True)
            for row in range(_FIRST, _FIRST + max(_RULED, len(self.form.filled))):
                sheet.write_blank(row, index, None, ruled)
            for row, cells in enumerate(self.form.filled, start=_FIRST):
                value = cells.get(column.name, "")
                if isinstance(value, Decimal):
                    sheet.write_number(row, index, float(value), ruled)  # at most 15 digits: the reader gets them back
                elif value:
                    sheet.write_string(row, index, value, ruled)
        self._highlight()
        sheet.freeze_panes(_FIRST, 0)
        sheet.set_selection(_FIRST, 0, _FIRST, 0)
        self._page(sheet, self.form.table.name)
        sheet.repeat_rows(_HEADER)

    def _across(self, row: int, last: int, text: str, style: str, height: int) -> None:
        self.data.merge_range(row, 0, row, last, "", self.styles[style])
        self.data.write_string(row, 0, text, self.styles[style])
        self.data.set_row(row, height)

    def _note(self, index: int) -> str:
        column = self.form.table.columns[index]
        example = self.examples[index]
        parts = [
            f"{'必填' if column.required else '可不填'}：{self.helps[index].meaning}",
            f"可填：{self.checks[index].words}",
            f"示例：{example}" if example else "",
        ]
        return "\n".join(part for part in parts if part)

    def _validation(self, index: int) -> dict[str, Any]:
        column, check = self.form.table.columns[index], self.checks[index]
        settings: dict[str, Any] = {"ignore_blank": True, "error_type": "stop" if check.strict else "warning"}
        if check.options:
            settings |= {"validate": "list", "source": self._source(column.name, check.options)}
            fault = f"请从下拉列表中选：{check.words}" if len(check.options) <= 10 else "请从下拉列表中选。"
        else:
            settings |= check.criteria
            fault = f"“{column.name}”应为{check.words}。" + ("" if check.strict else "确实无误的，选“是”。")
        if check.at_most:
            limit = [other.name for other in self.form.table.columns].index(check.at_most)
            settings |= {"criteria": "between", "maximum": f"=${xlsxwriter.utility.xl_col_to_name(limit)}{_FIRST + 1}"}
        return settings | {
            "input_title": _cut(f"{column.name}（{'必填' if column.required else '可不填'}）", _TITLE_ROOM),
            "input_message": _cut(check.words, _MESSAGE_ROOM),
            "error_title": _cut(f"请核对“{column.name}”", _TITLE_ROOM),
            "error_message": _cut(fault, _MESSAGE_ROOM),
        }

    def _source(self, name: str, options: Sequence[str]) -> list[str] | str:
        """Return a drop-down's list: the options themselves, or their place on the hidden sheet if they do not fit."""
        if len(",".join(options)) <= _LIST_ROOM and all(_PLAIN_OPTION.fullmatch(option) for option in options):
            return list(options)
        if self.lists is None:
            self.lists = self.book.add_worksheet(OPTIONS)
            self.lists.hide()
        position = self.list_count
        self.list_count += 1
        # No bare column name: a row of them would look like a table's header.
        self.lists.write_string(0, position, f"可选的“{name}”", self.styles["head"])
        self.lists.set_column(position, position, _WIDE_WIDTH)
        for row, option in enumerate(options, start=1):
            self.lists.write_string(row, position, option, self.styles["cell"])
        letter = xlsxwriter.utility.xl_col_to_name(position)
        return f"='{OPTIONS}'!${letter}$2:${letter}${len(options) + 1}"

    def _highlight(self) -> None:
        """Colour required cells left empty in a row that was begun, and numbers given twice."""
        columns = self.form.table.columns
        end = xlsxwriter.utility.xl_col_to_name(len(columns) - 1)
        for index, column in enumerate(columns):
            if not column.required:
                continue
            letter, row = xlsxwriter.utility.xl_col_to_name(index), _FIRST + 1
            begun = f"=AND(COUNTA($A{row}:${end}{row})>0,LEN(${letter}{row})=0)"
            self.data.conditional_format(
                _FIRST, index, _LAST, index, {"type": "formula", "criteria": begun, "format": self.styles["missing"]}
            )
            if self.form.table.key == (column.name,):
                self.data.conditional_format(
                    _FIRST, index, _LAST, index, {"type": "duplicate", "format": self.styles["repeated"]}
                )

    # -- instructions -----------------------------------------------------------------------------------------------

    def fill_instructions(self) -> None:
        """Write what each column means and accepts, then what the scheme says, then the standards."""
        sheet, cell = self.instructions, self.styles["cell"]
        for index, width in enumerate(_COLUMNS):
            sheet.set_column(index, index, width)
        sheet.write_string(0, 0, f"{self.title}：{INSTRUCTIONS}", self.styles["title_left"])
        sheet.set_row(0, 28)
        row = 2
        for index, heading in enumerate(("列名", "必填否", "填什么", "可以填", "示例")):
            sheet.write_string(row, index, heading, self.styles["head"])
        for index, column in enumerate(self.form.table.columns):
            row += 1
            words = (
                column.name,
                "必填" if column.required else "可不填",
                self.helps[index].meaning,
                self.checks[index].words,
                self.examples[index] or "（空着）",
            )
            for position, text in enumerate(words):
                sheet.write_string(row, position, text, cell)
            sheet.set_row(row, _height(words, _COLUMNS))
        facts = (("方案的规定", scheme_facts(self.form)), ("各标准的扣分情形", standard_facts(self.form)))
        for heading, pairs in (("本稿的来历", self.form.remarks), *facts, ("填好以后", self._return())):
            if not pairs:
                continue
            row += 2
            sheet.write_string(row, 0, heading, self.styles["section"])
            for label, text in pairs:
                row += 1
                sheet.write_string(row, 0, label, cell)
                sheet.merge_range(row, 1, row, 4, "", cell)
                sheet.write_string(row, 1, text, cell)
                sheet.set_row(row, _height([label, text], [_COLUMNS[0], sum(_COLUMNS[1:])]))
        self._page(sheet, INSTRUCTIONS)

    def _return(self) -> list[tuple[str, str]]:
        table, unit = self.form.table.name, self.form.unit
        if unit is None:
            name = f"文件名就是表名：{table}.xlsx。同一张表分几份填的，各份命名如 {table}_上半年.xlsx（半角下划线）。"
        else:
            name = f"文件名 {self.form.name}.xlsx 不要改，原样报回考核办；只填本单位（{self.form.unit_name}）的事项。"
        return [
            ("文件名", name),
            ("没有事项", "没有可填的，不必报回；需要说明“没有”的，填“确认无事项”表。空表不等于零分。"),
            ("颜色", "黄色格：这一行已动笔，但此必填列还空着。橙色格：与别的行重复。"),
        ]

    def _page(self, sheet: Any, name: str) -> None:
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.set_footer(f"&L{name}&R第 &P 页，共 &N 页")

    def close(self) -> bytes:
        """Return the workbook's bytes."""
        self.book.close()
        return self.buffer.getvalue()


def dump_form(form: Form) -> bytes:
    """Return the bytes of one blank workbook; the same form gives the same bytes."""
    made = _Form(form)
    made.fill_data()
    made.fill_instructions()
    return made.close()
