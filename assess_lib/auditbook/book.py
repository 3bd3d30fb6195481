"""The workbook as data: sheets of named columns, whose cells are values or one formula template a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from assess_lib.auditbook.formula import Address, Evaluate, Formula
from assess_lib.auditbook.values import EPOCH, Range, Scalar
from assess_lib.store.quick_sheet import letter

Style = Literal["auto", "text", "whole", "points", "date", "moment"]
Role = Literal["input", "constant", "formula", "result"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``formula`` holds for every row, unless ``cells`` or ``formulas`` give each row its own.

    ``role`` says who owns the cells: what the office entered (input), what only numbers rows or states our own
    software's result (constant), or what is computed. ``note`` explains the column to a reader; ``options`` (or each
    row's ``row_options``) are offered as a drop-down list. Style ``auto`` follows each value's type.
    """

    name: str
    formula: str = ""
    formulas: Sequence[str] = ()
    cells: Sequence[Any] | None = None
    style: Style = "whole"
    role: Role = "formula"
    note: str = ""
    options: tuple[str, ...] = ()
    row_options: tuple[tuple[str, ...], ...] = ()
    width: int = 0
    wrap: bool = False


def serial(moment: date | datetime) -> float | int:
    """Return a spreadsheet's number of a day or a moment."""
    if isinstance(moment, datetime):
        since = moment - datetime(EPOCH.year, EPOCH.month, EPOCH.day)
        seconds = since.seconds + since.microseconds / 1_000_000
        return since.days + seconds / 86_400 if seconds else since.days
    return (moment - EPOCH).days


# Excel counts days from 1 March 1900 as everybody does; what lies before stands in the sheet as text.
FIRST_DAY = date(1900, 3, 1)
_MOST_ROWS, _HEADERS = 1_048_576, 4
_LONGEST, _CUT = 32_767, "……（单元格放不下，全文见原始文件）"


def plain(value: Any) -> Scalar:
    """Return a table's value as a cell holds it: days as day numbers, decimals as numbers."""
    if isinstance(value, str):
        return _fit(value) or None
    if isinstance(value, (date, datetime)):
        day = value.date() if isinstance(value, datetime) else value
        return str(value) if day < FIRST_DAY else serial(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value  # type: ignore[no-any-return]


def _fit(text: str) -> str:
    """Return a text that a cell can hold; a longer one is cut, and says so."""
    if len(text) * 2 <= _LONGEST and text.isprintable():
        return text
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    if len(text.encode("utf-16-le")) // 2 <= _LONGEST:
        return text
    room = (_LONGEST - len(_CUT)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + _CUT


@dataclass
class Sheet:
    """One sheet: its data begins below ``head`` rows of title, notes and headers; all columns have ``size`` rows.

    ``spare`` of the rows are left empty for entries that an auditor wants to add. Rows where the column ``fade`` is 0
    are shown in grey.
    """

    name: str
    size: int
    columns: list[Column] = field(default_factory=list)
    title: str = ""
    spare: int = 0
    tab: str = ""
    banner_label: str = ""
    fade: str = ""

    def __post_init__(self) -> None:
        self.order: dict[str, int] = {}
        self.formulas: dict[str, Sequence[Formula]] = {}
        self.banner: Formula | None = None
        self._values: dict[str, list[Scalar]] = {}
        self._ranges: dict[tuple[str, int, int], Range] = {}

    @property
    def head(self) -> int:
        """How many rows stand above the data: the headers alone, or a title and the columns' notes too."""
        return (4 if self.banner_label else 3) if self.title else 1

    def address(self, column: str, row: int) -> str:
        """Return a cell's address with a fixed column, without the sheet."""
        return f"${letter(self.order[column])}{self.head + row + 1}"

    def span(self, column: str, first: int, last: int) -> str:
        """Return the fixed address of a part of a column, without the sheet."""
        name = letter(self.order[column])
        return f"${name}${self.head + first + 1}:${name}${self.head + last + 1}"

    def value(self, column: str, row: int) -> Scalar:
        """Return a cell's value, computing it if need be."""
        values = self._values[column]
        if row >= len(values):
            # Cells never depend on later cells of their own column.
            for place, formula in enumerate(self.formulas[column][len(values) : row + 1], start=len(values)):
                value = formula.value(place)
                values.append(value if type(value) is int or type(value) is str else _settled(value))
        return values[row]

    def values(self, column: str) -> Sequence[Scalar]:
        """Return a column's values, computing them if need be."""
        if self.size:
            self.value(column, self.size - 1)
        return self._values[column]

    def formula_texts(self, column: Column, escape: Callable[[str], str] = str) -> Iterable[str]:
        """Return the formulas of a column's rows as a file has them: without the sign before, ``escape`` applied."""
        formulas = self.formulas[column.name]
        if column.formulas:
            return [escape(formula.text(row).removeprefix("=")) for row, formula in enumerate(formulas)]
        return formulas[0].texts(self.size, escape) if self.size else ()

    def values_of(self, column: str) -> Evaluate:
        """Return ``value`` of one column as a function of the row."""
        values = self._values[column]

        def value(row: int) -> Scalar:
            try:
                return values[row]
            except IndexError:  # not computed yet
                return self.value(column, row)

        return value

    def range_of(self, column: str, first: int, last: int) -> Evaluate:
        """Return a part of a column as one range, made once and the same for every row."""

        def cells(row: int) -> Range:
            key = (column, first, last)
            if key not in self._ranges:
                self._ranges[key] = Range([self.value(column, place) for place in range(first, last + 1)])
            return self._ranges[key]

        return cells

    def add(self, book: Book, columns: Iterable[Column]) -> Sheet:
        """Add columns; a template may name columns that stand to its left, and earlier sheets."""
        for column in columns:
            if column.name in self.order:
                raise ValueError(f"{self.name} has two columns {column.name}")
            self.order[column.name] = len(self.columns)
            self.columns.append(column)
            if column.cells is not None:
                values = [plain(value) for value in column.cells]
                self._values[column.name] = values + [None] * (self.size - len(values))
            else:
                self._values[column.name] = []
                here = _Here(book, self)
                if column.formulas:
                    self.formulas[column.name] = [Formula(template, here) for template in column.formulas]
                else:
                    self.formulas[column.name] = [Formula(column.formula, here)] * self.size
        return self

    def set_banner(self, book: Book, template: str) -> None:
        """Set the formula that stands above the headers, beside ``banner_label``."""
        self.banner = Formula(template, _Here(book, self))

    def banner_value(self) -> Scalar:
        """Return what the banner's formula gives."""
        return None if self.banner is None else _settled(self.banner.value(0))


def _settled(value: Any) -> Scalar:
    """Return a result as a cell holds it: an empty cell referred to is 0, and no cell of ours holds TRUE or FALSE."""
    if value is None:
        return 0
    if isinstance(value, (bool, list, Range)):
        raise TypeError(f"a cell must hold a number or a text, not {value!r}")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Named:
    """A named cell, or a named list of cells one below the other."""

    sheet: Sheet
    column: str
    first: int
    last: int
    many: bool = False


class Book:
    """All sheets in the order of computation; ``named`` cells are those of 方案 and 口径.

    ``owners`` gives the place in the scheme of the item that a sheet belongs to.
    """

    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}
        self.named: dict[str, Named] = {}
        self.owners: dict[str, int] = {}

    def sheet(
        self,
        name: str,
        size: int,
        columns: Iterable[Column],
        *,
        title: str = "",
        spare: int = 0,
        tab: str = "",
        banner: str = "",
        fade: str = "",
    ) -> Sheet:
        """Add a sheet with its columns and return it; raise OverflowError when a spreadsheet has no room for it."""
        if name in self.sheets:
            raise ValueError(f"two sheets {name}")
        if size + _HEADERS > _MOST_ROWS:
            raise OverflowError(f"工作表“{name}”要 {size} 行，电子表格最多 {_MOST_ROWS} 行，审计工作簿放不下。")
        made = self.sheets[name] = Sheet(name, size, title=title, spare=spare, tab=tab, banner_label=banner, fade=fade)
        return made.add(self, columns)

    def compute(self) -> None:
        """Compute every cell, sheet by sheet and column by column."""
        for sheet in self.sheets.values():
            for column in sheet.columns:
                sheet.values(column.name)


@dataclass(frozen=True, slots=True)
class _Here:
    """A template's surroundings: its own sheet, the others and the named cells."""

    book: Book
    own: Sheet

    def cell(self, name: str) -> tuple[str | Address, Evaluate]:
        sheet_name, _, rest = name.rpartition("!")
        sheet = self.book.sheets[sheet_name] if sheet_name else self.own
        prefix = f"{sheet_name}!" if sheet_name else ""
        column = rest.removeprefix(":")
        if column not in sheet.order:
            raise KeyError(f"{sheet.name} has no column {column}")
        if rest.startswith(":"):
            written = prefix + sheet.span(column, 0, sheet.size - 1)
            return written, sheet.range_of(column, 0, sheet.size - 1)
        return (f"{prefix}${letter(sheet.order[column])}", sheet.head + 1), sheet.values_of(column)

    def named(self, name: str) -> tuple[str, Evaluate]:
        found = self.book.named[name]
        sheet, column, first, last = found.sheet, found.column, found.first, found.last
        if found.many:
            return f"{sheet.name}!{sheet.span(column, first, last)}", sheet.range_of(column, first, last)
        written = f"{sheet.name}!${letter(sheet.order[column])}${sheet.head + first + 1}"
        value = sheet.values_of(column)
        return written, lambda row: value(first)


def constants(name: str, values: Sequence[Any], **more: Any) -> Column:
    """Make a column of plain cells that only number or name the rows."""
    return Column(name, cells=values, role="constant", **more)
