"""``problems.xlsx``: the problem list as a workbook, for the offices that have to correct their files.

The first sheet is ``problems.csv`` again. Then comes a sheet for each file that has problems, to be sent back with
it: titled, in Chinese throughout, and with a link to each row.

Links are made here, never found in a cell. They name the file alone, so they open when the workbook lies beside the
file: the way an office gets both. A path into the raw folder would be dead there, would print where things lie, and
would make the bytes depend on the folders of a run. They lead to the row, not the cell: a problem knows its column
by name, and a letter would be a guess. Only tables are linked to (a click must never start a program that lies in
the folder), and only by names that cannot be read as a path.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from assess_lib.errors import COUNTED_NAMES, SEVERITY_NAMES, Problem, Severity
from assess_lib.intake.folder import ENDINGS

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
FIXED_DATE = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
_CUT = "……（全文见 problems.csv）"

_LIST_SHEET = "问题清单"
# A file's own sheet: attribute of the problem, heading, width; the link to the row comes last.
_FILE_COLUMNS = (
    ("severity", "级别", 8),
    ("sheet", "工作表", 14),
    ("row", "行", 7),
    ("column", "列", 14),
    ("value", "内容", 20),
    ("message", "问题", 60),
    ("remedy", "处理办法", 50),
)
_LINK_HEADING, _LINK_WIDTH = "定位", 22
_LINK_HINT = "把本清单与所报表格放在同一文件夹，点“定位”可打开该行。"
_MAX_LINKS = 65_000  # Excel takes 65,530 a sheet
_LONGEST_PLACE = 250  # characters of another file's sheet name that a link may carry
_SHEET_NAME_LENGTH = 31  # in UTF-16 units, as Excel counts
_RESERVED_SHEET_NAMES = ("history",)
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\]")
# What Windows takes for a path or refuses in a name.
_NOT_IN_LINKS = re.compile(r'[\\/:*?"<>|]')
_ESCAPED_IN_LINKS = {ord(char): f"%{ord(char):02x}" for char in "%# []^`{}"}


def problem_cells(problem: Problem) -> tuple[str | int | None, ...]:
    """Return a problem's cells in the order of ``PROBLEM_COLUMNS``."""
    return tuple(getattr(problem, column) for column in PROBLEM_COLUMNS)


def _shown_as(text: str) -> str:
    # A number format whose text section is a fixed word: the cell keeps the contract's own value, so that the
    # workbook and problems.csv are the same data, while people read Chinese.
    return f';;;"{text}"'


class _Looks:
    """The cell formats of the workbook: the severity's colour in each row, its Chinese word in the first cell."""

    def __init__(self, book: Any) -> None:
        look = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
        self._book, self._look = book, look
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.plain: dict[str, Any] = {}
        self.named: dict[str, Any] = {}
        self.link: dict[str, Any] = {}
        for name, colour in _COLOURS.items():
            tinted = {**look, "bg_color": colour}
            self.plain[name] = book.add_format(tinted)
            self.named[name] = book.add_format(
                {**tinted, "bold": True, "num_format": _shown_as(SEVERITY_NAMES[name])},
            )
            self.link[name] = book.add_format({**tinted, "font_color": "#0563C1", "underline": 1})

    def head(self, shown: str = "") -> Any:
        """Return the format of a heading, which people read as ``shown`` if that is given."""
        words = {"num_format": _shown_as(shown)} if shown else {}
        return self._book.add_format({**self._look, "bold": True, "bg_color": "#D9D9D9", **words})


def dump_problems(problems: Sequence[Problem]) -> bytes:
    """Return the bytes of the workbook.

    The first sheet has the columns and rows of ``problems.csv``, coloured by severity; each further sheet has the
    problems of one file, in the order of the files' names. The bytes depend on the problems alone.
    """
    import xlsxwriter  # only those who write a list wait for it

    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": _LIST_SHEET, "created": FIXED_DATE})
    looks = _Looks(book)
    _write_list(book.add_worksheet(_LIST_SHEET), problems, looks)
    by_file: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.file:
            by_file.setdefault(problem.file, []).append(problem)
    files = sorted(by_file)
    for file, name in zip(files, sheet_names(files), strict=True):
        _write_file(book.add_worksheet(name), file, by_file[file], looks)
    book.close()
    return buffer.getvalue()


def _write_list(sheet: Any, problems: Sequence[Problem], looks: _Looks) -> None:
    """Write the first sheet: all problems, cell for cell as in ``problems.csv``."""
    for index, (column, heading, width) in enumerate(zip(PROBLEM_COLUMNS, _HEADINGS, _WIDTHS, strict=True)):
        sheet.write_string(0, index, column, looks.head(heading))
        sheet.set_column(index, index, width)
    shown = problems if len(problems) < _MAX_ROWS else problems[: _MAX_ROWS - 2]
    for number, problem in enumerate(shown, start=1):
        _write_cells(sheet, number, problem, PROBLEM_COLUMNS, looks)
    if len(shown) < len(problems):
        sheet.write_string(_MAX_ROWS - 1, 8, f"共 {len(problems)} 条，工作簿放不下，其余见 problems.csv")
    _set_page(sheet, 0, len(shown), len(PROBLEM_COLUMNS))


def _write_file(sheet: Any, file: str, problems: Sequence[Problem], looks: _Looks) -> None:
    """Write one file's sheet: what it is about, how many problems of which severity, then a row for each."""
    counts = [(word, sum(p.severity == name for p in problems)) for name, word in COUNTED_NAMES.items()]
    told = "，".join(f"{word} {count} 处" for word, count in counts if count)
    sheet.write_string(0, 0, _fit(file), looks.title)
    sheet.write_string(1, 0, f"{told}。{_LINK_HINT if _linkable(file) else ''}")
    for index, (_, heading, width) in enumerate(_FILE_COLUMNS):
        sheet.write_string(2, index, heading, looks.head())
        sheet.set_column(index, index, width)
    last = len(_FILE_COLUMNS)
    sheet.write_string(2, last, _LINK_HEADING, looks.head())
    sheet.set_column(last, last, _LINK_WIDTH)
    columns = [column for column, _, _ in _FILE_COLUMNS]
    shown = problems[: _MAX_ROWS - 4]
    for number, problem in enumerate(shown, start=3):
        _write_cells(sheet, number, problem, columns, looks)
        place, target = _place(problem), link_target(problem)
        if target and number < _MAX_LINKS:
            sheet.write_url(number, last, target, looks.link[problem.severity], place)
        else:
            sheet.write_string(number, last, place, looks.plain[problem.severity])
    if len(shown) < len(problems):
        sheet.write_string(_MAX_ROWS - 1, 5, f"共 {len(problems)} 条，工作簿放不下，其余见 problems.csv")
    _set_page(sheet, 2, len(shown) + 2, last + 1)


def _write_cells(sheet: Any, number: int, problem: Problem, columns: Iterable[str], looks: _Looks) -> None:
    for index, column in enumerate(columns):
        value = getattr(problem, column)
        style = looks.named[problem.severity] if column == "severity" else looks.plain[problem.severity]
        if isinstance(value, int):
            sheet.write_number(number, index, value, style)
        elif not value:
            sheet.write_blank(number, index, None, style)
        else:
            sheet.write_string(number, index, _fit(value), style)


def _set_page(sheet: Any, head: int, last_row: int, columns: int) -> None:
    """Freeze and filter below the heading; print on A4 across, the heading on every page."""
    sheet.freeze_panes(head + 1, 0)
    sheet.autofilter(head, 0, max(last_row, head + 1), columns - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(head)
    sheet.fit_to_pages(1, 0)


def sheet_names(files: Iterable[str]) -> list[str]:
    """Return a sheet name for each file: its name without ending, made legal for Excel, none twice.

    >>> sheet_names(["扣分登记_城关镇.csv", "扣分登记_城关镇.xlsx", "[a].xls"])
    ['扣分登记_城关镇', '扣分登记_城关镇~2', '_a_']
    """
    taken = {_LIST_SHEET, *_RESERVED_SHEET_NAMES}
    names = []
    for file in files:
        stem = os.path.splitext(file)[0]
        stem = "".join(char if char.isprintable() else "_" for char in stem)
        stem = _NOT_IN_SHEET_NAMES.sub("_", stem).strip().strip("'") or "_"
        name, turn = _cut(stem, _SHEET_NAME_LENGTH), 1
        while name.casefold() in taken or name.lower() in taken:
            turn += 1
            name = _cut(stem, _SHEET_NAME_LENGTH - len(f"~{turn}")) + f"~{turn}"
        taken |= {name.casefold(), name.lower()}
        names.append(name)
    return names


def _cut(text: str, units: int) -> str:
    """Cut a sheet name to a number of UTF-16 units; it must not end in an apostrophe."""
    while _units(text) > units:
        text = text[:-1]
    return text.rstrip("'")


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _place(problem: Problem) -> str:
    return "打开文件" if problem.row is None else f"第 {problem.row} 行"


def _linkable(file: str) -> bool:
    """Whether a link may name this file: a table, by a name that is no path and that prints as it is."""
    return file.lower().endswith(ENDINGS) and _prints(file) and not _NOT_IN_LINKS.search(file)


def link_target(problem: Problem) -> str:
    """Return the link to a problem's row in the office's file, relative to the workbook; blank if there can be none.

    A csv has no sheet to name, so its link opens the file.

    >>> link_target(Problem("error", "x", "m", file="扣分登记 1.xlsx", sheet="a'b", row=14))
    "external:扣分登记%201.xlsx#'a''b'!A14"
    """
    if problem.code == "file.name" or not _linkable(problem.file):  # that name is not quite the file's own
        return ""
    target = "external:" + problem.file.translate(_ESCAPED_IN_LINKS)
    if 0 < len(problem.sheet) <= _LONGEST_PLACE and problem.row is not None and _prints(problem.sheet):
        quoted = problem.sheet.replace("'", "''")
        target += f"#'{quoted}'!A{problem.row}"
    return target


def _prints(text: str) -> bool:
    """Whether a name is all printing characters, so that what a person reads is what it is."""
    return text.isprintable() and "\ufffd" not in text


def _unicode(text: str) -> str:
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")


def _fit(text: str) -> str:
    text = _unicode(text)
    if _units(text) <= _MAX_TEXT:
        return text
    text = text[: _MAX_TEXT - len(_CUT)]
    while _units(text) > _MAX_TEXT - len(_CUT):
        text = text[:-1]
    return text + _CUT
