"""A unit's rows as a person at the bench sees them: which item they belong to, what they say, what they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assess_lib.scheme import HighestLevelPerMatter
from assess_lib.tables import ALL_UNITS, TABLES, Row, Source, Value
from assess_lib.views.lines import Line, read_lines
from assess_lib.views.words import signed
from assess_lib.workbench.bench import Bench
from assess_lib.workbench.changes import DECISIONS, Changes

# Columns that say what a row is about; the others are its own name, its unit, or who wrote it.
_LEFT_OUT = frozenset(
    {"单位", "编号", "工单编号", "任务编号", "佐证编号", "评分人", "复核人", "SHA256", "存放位置", "理由", "评价人"}
)
# Tables whose rows serve several items, and what stands for the item then.
_COMMON = {"佐证目录": "佐证", "确认无事项": "确认", DECISIONS: "调整"}
# How rows are called in tables on which nothing is decided.
_NUMBERED = {"佐证目录": "佐证编号", "交办任务": "任务编号", DECISIONS: "编号"}
# Texts and choices that say nothing without their column's name.
_NEED_THEIR_NAME = frozenset({"市大数据局通报", "是否点名", "季度", "申诉结果", "通报文号", "免报原因"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of a unit: its place, the item it works on, what it says and what it officially did to the ledger."""

    source: Source
    table: str
    item: str
    number: str
    what: str
    day: str
    effect: str
    on: bool
    everyone: bool

    @property
    def name(self) -> str:
        """How the row is called in a list: table, number, fact."""
        return " ".join(part for part in (self.table, self.number, self.what) if part)


def list_evidence(bench: Bench, unit_id: str, changes: Changes) -> list[Evidence]:
    """List a unit's rows by item in the scheme's order, then by table and place; ``on`` is the what-if's."""
    official = bench.as_set(bench.official, unit_id)
    lines = read_lines(official.ledger, bench.scheme)
    found = [_evidence(row, bench, lines, changes) for row in bench.of_unit(unit_id)]
    order = [*(f"{item.id} {item.name}" for item in bench.scheme.items), *_COMMON.values(), ""]
    return sorted(found, key=lambda one: order.index(one.item))


def _evidence(row: Row, bench: Bench, lines: tuple[Line, ...], changes: Changes) -> Evidence:
    return Evidence(
        row.source,
        row.table,
        _item(row, bench),
        _number(row),
        _what(row),
        _day(row),
        _effect(row, lines),
        bench.is_on(row.source, changes),
        row["单位"] == ALL_UNITS,
    )


def _item(row: Row, bench: Bench) -> str:
    if row.table in _COMMON:
        return _COMMON[row.table]
    for item in bench.scheme.items:
        mine = not isinstance(item.rule, HighestLevelPerMatter) or row.values.get("加分项") == item.rule.category
        if row.table in item.rule.tables and mine:
            return f"{item.id} {item.name}"
    return ""


def _number(row: Row) -> str:
    column = TABLES[row.table].object_column or _NUMBERED.get(row.table)
    return str(row[column]) if column else ""


def _what(row: Row) -> str:
    """Say what a row tells: its filled cells in the table's order, without its number, first day and writers."""
    days = _days(row)
    cells = [
        (column.name, row[column.name])
        for column in TABLES[row.table].columns
        if column.name not in (*_LEFT_OUT, *days[:1]) and row[column.name] is not None
    ]
    if row.table == DECISIONS:
        cells = [(name, value) for name, value in cells if name in ("对象表", "对象编号", "处理", "新值")]
    return "，".join(_cell(row.table, name, value) for name, value in cells)


def _cell(table: str, name: str, value: Value) -> str:
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
    plain = TABLES[table].column(name).kind in ("text", "choice") and name not in _NEED_THEIR_NAME
    return text if plain else f"{name} {text}"


def _days(row: Row) -> list[str]:
    kinds = ("date", "datetime") if row.table == "热线红灯" else ("date",)
    names = [column.name for column in TABLES[row.table].columns if column.kind in kinds]
    names.sort(key=lambda name: name != "红灯时间")  # the day that decides
    return [name for name in names if row[name] is not None]


def _day(row: Row) -> str:
    days = _days(row)
    return f"{row[days[0]]:%Y-%m-%d}" if days else ""


def _effect(row: Row, lines: tuple[Line, ...]) -> str:
    """Say what the row officially did: status and points of the ledger row that is about it, else that it is named."""
    place = str(row.source)
    about = [line for line in lines if line.places and _place(line.places[0]) == place]
    named = [line for line in lines if any(_place(other) == place for other in line.places)]
    for line in about or named:
        points = f" {signed(line.points)}" if line.points else ""
        return f"{line.status_word}{points}" if about else f"见台账第 {line.seq} 行"
    return ""


def _place(place: Any) -> str:
    return f"{place.file}!{place.sheet}!{place.row}"
