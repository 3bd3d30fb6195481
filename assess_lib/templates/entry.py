"""What a cell of a blank workbook accepts: the drop-down or check of each column, in data and in words.

The checks follow ``tables``, the scheme, and the year's own roster and standards. They help whoever types;
cleaning decides, also for what is pasted past them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from assess_lib.cleaning.checks import CONFIRMABLE
from assess_lib.scheme import Scheme
from assess_lib.tables import ALL_UNITS, TABLES, Column, Row, Table

# Facts count by these dates: one of another year is questioned. The others may lie in a neighbouring year.
_OF_THE_YEAR = frozenset(
    (
        ("热线红灯", "红灯时间"),
        ("通报批评", "日期"),
        ("扣分登记", "发生日期"),
        ("表彰宣传", "日期"),
        ("参会登记", "日期"),
        ("交办任务", "时限"),
    )
)
# A whole number that must not exceed another column's of the same row.
_AT_MOST = {("信息报送", "采用条数"): "报送条数"}
_CODE_LENGTH = 20
# What a workbook's XML cannot hold. Where cleaning compares names it passes over control characters anyway.
_UNWRITABLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_ROSTER, _STANDARDS = "单位名录", "扣分标准"


def writable(text: object) -> str:
    """Return a value's text without the characters that no workbook can hold.

    >>> writable("甲" + chr(11) + "局")
    '甲局'
    """
    return _UNWRITABLE.sub("", str(text))


@dataclass(frozen=True, slots=True)
class Known:
    """What the year's raw folder already says: the roster's and the standards' accepted rows (either may be empty)."""

    roster: tuple[Row, ...] = ()
    standards: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One workbook to make: its table, the scheme and lists behind it, and the unit it is made for, if for one.

    ``filled`` are rows that it already holds, by column; ``remarks`` stand at the head of its instructions.
    """

    table: Table
    scheme: Scheme
    known: Known
    readings: Mapping[str, str]
    unit: Row | None = None
    filled: tuple[Mapping[str, str | Decimal], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The file's name without its ending: it comes back as input of the table without renaming."""
        return self.table.name if self.unit is None else f"{self.table.name}_{self.unit['单位编码']}"

    @property
    def unit_name(self) -> str:
        """The name of the unit that the workbook is made for; empty if it is for all."""
        return "" if self.unit is None else writable(self.unit["单位名称"])

    @property
    def units(self) -> tuple[str, ...]:
        """The names that the unit column offers."""
        if self.unit is not None:
            return (self.unit_name,)
        names = tuple(writable(row["单位名称"]) for row in self.known.roster)
        return (*names, ALL_UNITS) if names and self.table.name == "确认无事项" else names


@dataclass(frozen=True, slots=True)
class Check:
    """What a column accepts: a list of options or a spreadsheet's own criteria, and the same in words.

    ``criteria`` are XlsxWriter's keys; ``at_most`` names the column whose cell of the same row is the upper limit.
    A check that is not ``strict`` asks back instead of refusing.
    """

    words: str
    options: tuple[str, ...] = ()
    criteria: Mapping[str, Any] = field(default_factory=dict)
    at_most: str = ""
    strict: bool = True

    @property
    def enforced(self) -> bool:
        """Whether there is anything to check on entry."""
        return bool(self.options or self.criteria)


def _options(form: Form, column: Column) -> tuple[str, ...]:
    key = (form.table.name, column.name)
    if column.kind == "unit":
        return form.units
    if key in (("调整复核", "对象表"), ("异议登记", "对象表")):
        return tuple(name for name, table in TABLES.items() if table.object_column)
    if key == ("确认无事项", "表"):
        return CONFIRMABLE
    if column.name == "标准编号" and form.table.name != _STANDARDS:
        return tuple(writable(row["标准编号"]) for row in form.known.standards)
    return form.scheme.cell_choices().get(key, column.choices)


def _between(first: date, last: date, moments: bool) -> dict[str, Any]:
    end = datetime.combine(last, time(23, 59, 59)) if moments else datetime.combine(last, time())
    return {"validate": "date", "criteria": "between", "minimum": datetime.combine(first, time()), "maximum": end}


def _date_check(form: Form, column: Column) -> Check:
    year, moments = form.scheme.year, column.kind == "datetime"
    how = f"日期，如 {year}-6-20" + ("，可带时刻，如 17:30" if moments else "")
    if (form.table.name, column.name) in _OF_THE_YEAR:
        first, last = date(year, 1, 1), date(year, 12, 31)
        words = f"{how}；应在 {first} 至 {last} 之间，年度以外的登记后不计分"
        return Check(words, criteria=_between(first, last, moments), strict=False)
    # Wide enough for an order of the year before and a decision of the year after; narrow enough for a slip.
    first, last = date(year - 1, 1, 1), date(year + 1, 12, 31)
    return Check(f"{how}；应在 {first} 至 {last} 之间", criteria=_between(first, last, moments))


def _number_check(form: Form, column: Column) -> Check:
    low = column.minimum if column.minimum is not None else Decimal(0)
    high = form.scheme.cell_maxima().get((form.table.name, column.name), column.maximum)
    whole = column.kind == "whole"
    kind = "整数" if whole else "数字，最多两位小数"
    criteria: dict[str, Any] = {"validate": "integer" if whole else "decimal"}
    limit = _AT_MOST.get((form.table.name, column.name), "")
    if limit:
        return Check(f"{kind}，{low} 至本行“{limit}”", criteria=criteria | {"minimum": low}, at_most=limit)
    if high is not None and not column.exclusive:
        return Check(f"{kind}，{low} 至 {high}", criteria=criteria | _range("between", low, high))
    word = "大于" if column.exclusive else "不小于"
    criteria |= {"criteria": ">" if column.exclusive else ">=", "value": low}
    return Check(f"{kind}，{word} {low}", criteria=criteria)


def _range(criterion: str, low: Decimal, high: Decimal) -> dict[str, Any]:
    return {"criteria": criterion, "minimum": low, "maximum": high}


def check_of(form: Form, column: Column) -> Check:
    """Return what a column's cells accept; a text column without a list of its own accepts any text."""
    options = _options(form, column)
    if options:
        shown = " / ".join(options) if len(options) <= 10 else f"从下拉列表选（{len(options)} 项）"
        return Check(shown, options)
    if column.kind in ("date", "datetime"):
        return _date_check(form, column)
    if column.kind in ("number", "whole"):
        return _number_check(form, column)
    if column.kind == "unit":
        return Check("单位的编码、名称、全称或别名")
    if (form.table.name, column.name) == (_ROSTER, "单位编码"):
        criteria = {"validate": "length", "criteria": "between", "minimum": 1, "maximum": _CODE_LENGTH}
        return Check(f"1 至 {_CODE_LENGTH} 位英文字母、数字、- 或 _", criteria=criteria)
    return Check("文字")


def example_of(form: Form, column: Column, example: str | None) -> str:
    """Return the example for a column: the given one with year and unit filled in, else one its check accepts."""
    unit = form.unit or next(iter(form.known.roster), None)
    options = _options(form, column)
    if column.name == "标准编号" and options:  # rather one that is entered by hand
        return next((code for code in options if code not in form.scheme.named_standards()), options[0])
    if example is not None:
        return example.format(year=form.scheme.year, unit="T01" if unit is None else unit["单位编码"])
    if column.kind == "unit":
        return "某某镇" if unit is None else writable(unit["单位名称"])
    if options:
        return options[0]
    return f"{form.scheme.year}-06-20" if column.kind in ("date", "datetime") else column.name
