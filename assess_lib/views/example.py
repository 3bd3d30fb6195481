"""An invented year for explaining the scheme: few units, few rows, judged by the same functions as a real year.

Rows are typed in a notebook, cell by cell as an office would write them, and read by the cleaning's own cell reader.
Nothing here comes from a raw or processed folder but the year's scheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from assess_lib import pipeline
from assess_lib.beyond import not_covered
from assess_lib.cleaning.checks import CONFIRMABLE
from assess_lib.cleaning.values import CellFault, read_value
from assess_lib.errors import UsageError
from assess_lib.exact import ZERO
from assess_lib.intake.cells import Cell
from assess_lib.ledger import Entry
from assess_lib.scheme import DueReport, ReportFacts, Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.scoring import Result, Score, score
from assess_lib.tables import ALL_UNITS, TABLES, Column, Row, Source, Value

# 甲镇 is the unit that is explained; the others are there to be ranked against.
SUBJECT = "甲镇"
_UNITS = {"甲镇": ("X1", 0), "乙镇": ("X2", 0), "丙局": ("X3", -1), "丁局": ("X4", -1)}
# The smallest amount there is: for scores that have to lie exactly below, at or above a line.
_CENT = Decimal("0.01")
_CENT_STANDARD = "例-分"
# How texts begin that nobody typed.
INVENTED = "虚构"


@dataclass(frozen=True)
class Example:
    """An invented year: its scheme, its tables, the readings in force. Each change gives a new one.

    ``entered`` are the rows typed since the quiet start, in the order they were typed.
    """

    scheme: Scheme
    tables: Mapping[str, tuple[Row, ...]]
    readings: Mapping[str, str]
    entered: tuple[Row, ...] = ()
    removed: tuple[Row, ...] = ()
    _names: Mapping[str, str] = field(default_factory=lambda: {name: code for name, (code, _) in _UNITS.items()})

    @cached_property
    def score(self) -> Score:
        """The year's score by the library's own order of judgement, at the scheme's cut-off."""
        return score(self.tables, self.scheme, self.readings, self.scheme.cut_off)

    @property
    def result(self) -> Result:
        """The explained unit's result."""
        return next(result for result in self.score.results if result.unit_name == SUBJECT)

    def entries(self, *items: str) -> tuple[Entry, ...]:
        """Return the explained unit's ledger rows of these items (none named: all), in the ledger's order."""
        own = (entry for entry in self.score.ledger if entry.unit_id == self.result.unit_id)
        return tuple(entry for entry in own if not items or entry.item in items)

    def points(self, item: str) -> Decimal | None:
        """Return the explained unit's points of an item, of ``final`` its final score; None where there are none."""
        if item == "final":
            return self.result.final_score
        own = (made for made in self.score.items if made.unit_id == self.result.unit_id and made.item == item)
        return next((made.points for made in own), None)

    def put(self, table: str, unit: str = SUBJECT, /, **cells: Any) -> Example:
        """Enter one row; a row of the same key gives way to it.

        ``cells`` are the table's columns; a day may be written without its year (``"6-21"``), which is then the
        assessed one. A required text or day that is left out gets an invented one. Raises UsageError for an unknown
        table, unit, column or standard, and for a cell that the cleaning would refuse.
        """
        row = self._row(table, unit, cells)
        kept = self.tables[table]
        same = next((old for old in kept if _key(old) == _key(row)), None)
        if same is not None:
            row = replace(row, source=same.source)
            rows = tuple(row if old is same else old for old in kept)
        else:
            rows = (*kept, row)
        entered = (*(old for old in self.entered if old is not same), row)
        return replace(self, tables={**self.tables, table: rows}, entered=entered)

    def without(self, table: str, **cells: str) -> Example:
        """Take out the rows whose cells read so. Raises UsageError when there is no such row."""
        if table not in TABLES:
            raise UsageError(f"没有“{table}”这张表。")
        wanted = {name: self._names.get(text, text) for name, text in cells.items()}
        gone = [row for row in self.tables[table] if all(row.values.get(name) == text for name, text in wanted.items())]
        if not gone:
            raise UsageError(f"“{table}”中没有这样的行：{cells}。")
        kept = tuple(row for row in self.tables[table] if row not in gone)
        entered = tuple(row for row in self.entered if row not in gone)
        removed = (*self.removed, *gone)
        return replace(self, tables={**self.tables, table: kept}, entered=entered, removed=removed)

    def under(self, **chosen: str) -> Example:
        """Judge the same rows under other readings. Raises UsageError for an unknown reading or option."""
        return replace(self, readings={**self.readings, **pipeline.check_readings(chosen)})

    def at_key_score(self, wanted: Decimal | str) -> Example:
        """Deduct until the key score is ``wanted``, in one row under the standard of one cent (``例-分``)."""
        count = (self.scheme.key_item.full - Decimal(wanted)) / _CENT
        return self.put("扣分登记", 标准编号=_CENT_STANDARD, 数量=int(count))

    def as_key_task_unit(self) -> Example:
        """Make the explained unit a 重点任务单位, which owes quarterly reports."""
        row = next(row for row in self.tables["单位名录"] if row["单位名称"] == SUBJECT)
        return self.put("单位名录", **{**row.values, "重点任务单位": "是"})

    def unit_name(self, code: object) -> str:
        """Return a unit's name for its code; anything else as it stands."""
        return next((name for name, known in self._names.items() if known == code), str(code))

    def _row(self, table: str, unit: str, cells: Mapping[str, Any]) -> Row:
        if table not in TABLES:
            raise UsageError(f"没有“{table}”这张表。可用：{'、'.join(TABLES)}。")
        spec = TABLES[table]
        number = len(self.tables[table]) + 1
        given = dict(cells)
        if any(column.kind == "unit" for column in spec.columns):
            given.setdefault("单位", unit)
        unknown = [name for name in given if name not in {column.name for column in spec.columns}]
        if unknown:
            known = "、".join(column.name for column in spec.columns)
            raise UsageError(f"“{table}”没有“{'、'.join(unknown)}”这一列。可用：{known}。")
        values = {column.name: self._value(table, column, given.get(column.name), number) for column in spec.columns}
        standard = values.get("标准编号")
        if table == "扣分登记" and standard not in {row["标准编号"] for row in self.tables["扣分标准"]}:
            raise UsageError(f"例子的扣分标准里没有 {standard}。")
        return Row(table, values, Source(f"{table}.csv", "", number + 1))

    def _value(self, table: str, column: Column, raw: Any, number: int) -> Value:
        if raw is None or raw == "":
            if not column.required:
                return None
            raw = self._invented(table, column, number)
        if column.kind == "unit":
            if raw != ALL_UNITS and raw not in self._names:
                raise UsageError(f"例子里没有“{raw}”。可用：{'、'.join(self._names)}。")
            return self._names.get(str(raw), str(raw))
        text = str(raw)
        if column.kind in ("date", "datetime") and text.count("-") == 1:
            text = f"{self.scheme.year}-{text}"
        place = (table, column.name)
        choices = column.choices or self.scheme.cell_choices().get(place, ())
        try:
            return read_value(column, Cell("text", text), choices, self.scheme.cell_maxima().get(place))
        except CellFault as fault:
            raise UsageError(f"“{table}”的“{column.name}”：{fault.message}{fault.remedy}") from None

    def _invented(self, table: str, column: Column, number: int) -> str:
        if column.kind == "text":
            return f"例{number}" if column.name in TABLES[table].key else f"{INVENTED}{column.name}"
        if column.kind in ("date", "datetime"):
            return "5-10"
        raise UsageError(f"“{table}”还缺“{column.name}”。")


def _key(row: Row) -> tuple[Value, ...] | Row:
    names = TABLES[row.table].key
    return tuple(row[name] for name in names) if names else row


def quiet_year(raw: Path, year: int, rates: Mapping[str, Sequence[str]]) -> Example:
    """Start an invented year in which nothing happened: every report in time, everything else confirmed none.

    ``raw`` is the year's raw folder, of which only ``scheme.yaml`` is read. ``rates`` are invented standards: each code
    with its 扣分情形, 单次扣分 and, where they are needed, 计量 and 扣分上限. Raises InputRejected for a bad scheme,
    UsageError when a standard that the scheme names has no rate, or for a scheme beyond the plain order of judgement.
    """
    scheme = load_scheme(raw / "scheme.yaml", year=year)
    if told := not_covered("规则导读的例子", scheme):
        raise UsageError(told)
    lacking = [code for code in scheme.named_standards() if code not in rates]
    if lacking:
        raise UsageError(f"本年度方案还用到扣分标准 {'、'.join(lacking)}。请在例子的扣分标准中补上。")
    example = Example(scheme, {name: () for name in TABLES}, scheme.default_readings())
    for name, (code, group) in _UNITS.items():
        kind = scheme.groups[group].name
        example = example.put("单位名录", 单位编码=code, 单位名称=name, 单位类别=kind, 重点任务单位="否")
    for standard, cells in {**rates, _CENT_STANDARD: ("凑到某个得分", str(_CENT))}.items():
        titled = dict(zip(("扣分情形", "单次扣分", "计量", "扣分上限"), cells, strict=False))
        example = example.put("扣分标准", 标准编号=standard, **titled)
    for name in _UNITS:
        example = example.put("信息中心结果", name, 红灯次数=0, 市大数据局通报="否", 出具日期=scheme.cut_off)
        for report in due_reports(scheme):
            if report.owed_by == "all_units":
                early = report.due - timedelta(days=10)
                example = example.put("材料报送", name, 材料=report.material, 实报日期=early)
    for table in CONFIRMABLE:
        example = example.put("确认无事项", ALL_UNITS, 表=table, 确认日期=scheme.cut_off)
    return replace(example, entered=())


def due_reports(scheme: Scheme) -> tuple[DueReport, ...]:
    """Return the reports that the scheme's key item demands, in its order."""
    facts = getattr(scheme.key_item.rule, "facts", ())
    return tuple(report for kind in facts if isinstance(kind, ReportFacts) for report in kind.due)


def unbalanced(example: Example) -> list[str]:
    """Say, row by row, where the ledger's running totals do not follow from each other; nothing when they do."""
    found: list[str] = []
    totals: dict[tuple[str, str], Decimal] = {}
    for number, entry in enumerate(example.score.ledger, start=1):
        if entry.before is None or entry.points is None or entry.after is None:
            continue
        place = (entry.unit_id, entry.item)
        if entry.before != totals.get(place, entry.before) or entry.before + entry.points != entry.after:
            found.append(f"台账第 {number} 行不平：{entry.label}")
        totals[place] = entry.after
    for made in example.score.items:
        if made.points is not None and totals.get((made.unit_id, made.item), ZERO) != made.points:
            found.append(f"{made.item} 的得分不等于台账累计")
    return found
