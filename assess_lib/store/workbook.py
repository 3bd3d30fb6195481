"""``problems.xlsx``: the problem list as a workbook, for the offices that have to correct their files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import xlsxwriter

from assess_lib.errors import SEVERITY_NAMES, Problem, Severity

PROBLEM_COLUMNS = (
    "severity",
    "code",
    "table",
    "file",
    "sheet",
    "row",
    "column",
    "value",
    "message",
    "remedy",
)

_HEADINGS = (
    "级别",
    "代码",
    "表",
    "文件",
    "工作表",
    "行",
    "列",
    "内容",
    "问题",
    "处理办法",
)
_WIDTHS = (8, 18, 14, 28, 14, 7, 14, 20, 60, 50)
_COLOURS: Mapping[Severity, str] = {
    "error": "#F8CBAD",
    "unresolved": "#FFE699",
    "warning": "#DDEBF7",
    "notice": "#EDEDED",
}
_FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
_CUT = "……（全文见 problems.csv）"


def problem_cells(problem: Problem) -> tuple[str | int | None, ...]:
    """Return a problem's cells in the order of ``PROBLEM_COLUMNS``."""
    return tuple(getattr(problem, column) for column in PROBLEM_COLUMNS)


def _shown_as(text: str) -> str:
    # A number format whose text section is a fixed word: the cell keeps the contract's own value, so that the
    # workbook and problems.csv are the same data, while people read Chinese.
    return f';;;"{text}"'


def dump_problems(problems: Sequence[Problem]) -> bytes:
    """Return the bytes of the workbook: the columns and rows of ``problems.csv``, coloured by severity."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": "问题清单", "created": _FIXED_DATE})
    sheet = book.add_worksheet("问题清单")
    look = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    plain = {name: book.add_format({**look, "bg_color": colour}) for name, colour in _COLOURS.items()}
    named = {
        name: book.add_format(
            {
                **look,
                "bg_color": colour,
                "bold": True,
                "num_format": _shown_as(SEVERITY_NAMES[name]),
            }
        )
        for name, colour in _COLOURS.items()
    }
    for index, (column, heading, width) in enumerate(zip(PROBLEM_COLUMNS, _HEADINGS, _WIDTHS, strict=True)):
        head = {
            **look,
            "bold": True,
            "bg_color": "#D9D9D9",
            "num_format": _shown_as(heading),
        }
        sheet.write_string(0, index, column, book.add_format(head))
        sheet.set_column(index, index, width)
    shown = problems if len(problems) < _MAX_ROWS else problems[: _MAX_ROWS - 2]
    for number, problem in enumerate(shown, start=1):
        for index, value in enumerate(problem_cells(problem)):
            style = named[problem.severity] if index == 0 else plain[problem.severity]
            if isinstance(value, int):
                sheet.write_number(number, index, value, style)
            elif not value:
                sheet.write_blank(number, index, None, style)
            else:
                sheet.write_string(number, index, _fit(value), style)
    if len(shown) < len(problems):
        sheet.write_string(
            _MAX_ROWS - 1,
            8,
            f"共 {len(problems)} 条，工作簿放不下，其余见 problems.csv",
        )
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(shown), 1), len(PROBLEM_COLUMNS) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    book.close()
    return buffer.getvalue()


def _fit(text: str) -> str:
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - len(_CUT)] + _CUT
