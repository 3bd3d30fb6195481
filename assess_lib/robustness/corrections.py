"""What a correction is: one raw fact of the unit set right, and the year's tables as they stand after it.

A correction takes one raw row out as 撤销 does (红灯, 通报批评, 扣分登记, 评定加分, 表彰宣传), takes the row away
(信息中心结果, 领导评价, 佐证目录), or makes of a failed duty a fulfilled one (a report in time, a task in time, a
meeting attended). 信息报送 is the common list and is never touched, so no other unit's points move.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from assess_lib.scheme import (
    DeductFromFull,
    DueReport,
    HighestLevelPerMatter,
    MeetingFacts,
    ReportFacts,
    Scheme,
    TaskFacts,
)
from assess_lib.tables import ALL_UNITS, TABLES, Row, Source, Tables, Value

Action = Literal["withdraw", "remove", "in_time", "done_in_time", "attended"]
ACTIONS: Mapping[Action, str] = {
    "withdraw": "撤销",
    "remove": "去掉",
    "in_time": "改为按时报送",
    "done_in_time": "改为按时完成",
    "attended": "改为到会",
}
CENTRE, EVIDENCE, RATERS = "信息中心结果", "佐证目录", "领导评价"
_REPORTS, _MEETINGS, _TASKS = ReportFacts.table, MeetingFacts.table, TaskFacts.table
# In the contract's order of tables; the obligations stand where 材料报送 stands.
_TAKEN_BEFORE: tuple[tuple[str, Action], ...] = (("热线红灯", "withdraw"), (CENTRE, "remove"), ("通报批评", "withdraw"))
_TAKEN_AFTER: tuple[tuple[str, Action], ...] = (
    ("扣分登记", "withdraw"),
    ("表彰宣传", "withdraw"),
    ("评定加分", "withdraw"),
    (RATERS, "remove"),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One raw fact of a unit set right.

    ``row`` is the raw row; None for a report that no row of 材料报送 tells of. ``due`` is the obligation of a report.
    """

    unit_id: str
    table: str
    action: Action
    row: Row | None
    due: DueReport | None = None

    @property
    def number(self) -> str:
        """How the row is called in its table: its 编号, ticket, meeting or task; the report of an obligation."""
        if self.due is not None:
            return f"第{self.due.quarter}季度进展" if self.due.quarter else self.due.material
        assert self.row is not None
        if self.table == _MEETINGS:
            return f"{self.row['日期']} {self.row['会议']}"
        column = {_TASKS: "任务编号", EVIDENCE: "佐证编号"}.get(self.table) or TABLES[self.table].object_column
        return str(self.row[column]) if column else ""

    @property
    def source(self) -> str:
        """Where the row stands; blank without a row, and for 领导评价, whose rows tell who gave which mark."""
        return "" if self.row is None or self.table == RATERS else str(self.row.source)


def own_rows(tables: Tables) -> dict[str, dict[str, tuple[Row, ...]]]:
    """Sort the year's rows by unit: by 单位编码 and table, with what is said of all units under 全部."""
    sorted_rows: dict[str, dict[str, list[Row]]] = {}
    for name, rows in tables.items():
        for row in rows:
            owner = row.values.get("单位") or row.values.get("单位编码")
            if owner is not None:
                sorted_rows.setdefault(str(owner), {}).setdefault(name, []).append(row)
    return {unit: {name: tuple(rows) for name, rows in own.items()} for unit, own in sorted_rows.items()}


def unit_tables(tables: Tables, own: Mapping[str, Mapping[str, tuple[Row, ...]]], unit_id: str) -> Tables:
    """Return the year as if this were its only unit: its own rows, the standards, and what is said of all units."""
    mine, everybody = own.get(unit_id, {}), own.get(ALL_UNITS, {})
    return {
        name: tables[name] if name == "扣分标准" else mine.get(name, ()) + everybody.get(name, ()) for name in tables
    }


def separable(scheme: Scheme) -> bool:
    """Tell whether every raw row works on one item alone, as the search takes it; evidence of awards may be shared.

    Items that take levels share 表彰宣传, but each of its rows names one of them. A scheme whose items share another
    table (tasks that count in two items, say) is not searched.
    """
    read = [
        name for item in scheme.items if not isinstance(item.rule, HighestLevelPerMatter) for name in item.rule.tables
    ]
    return len(read) == len(set(read))


def list_corrections(tables: Tables, scheme: Scheme, unit_id: str) -> tuple[Correction, ...]:
    """List what can be corrected for a unit, in the order of tables and then of file rows.

    Takes ``unit_tables``. Rows that cost and earn nothing by their own words (a meeting attended, a task or report in
    time, an exempt report) are left out.
    """
    found = [
        Correction(unit_id, name, action, row) for name, action in _TAKEN_BEFORE for row in _in_order(tables[name])
    ]
    kinds = [kind for item in scheme.items if isinstance(item.rule, DeductFromFull) for kind in item.rule.facts]
    for kind in kinds:
        if isinstance(kind, ReportFacts):
            found += _obligations(kind, tables, unit_id)
    found += [
        Correction(unit_id, name, action, row) for name, action in _TAKEN_AFTER for row in _in_order(tables[name])
    ]
    for kind in kinds:
        if isinstance(kind, MeetingFacts):
            failed = (row for row in _in_order(tables[_MEETINGS]) if row["到会情况"] in kind.standards)
            found += [Correction(unit_id, _MEETINGS, "attended", row) for row in failed]
        elif isinstance(kind, TaskFacts):
            late = (r for r in _in_order(tables[_TASKS]) if r["完成日期"] is None or r["完成日期"] > r["时限"])
            found += [Correction(unit_id, _TASKS, "done_in_time", row) for row in late]
    return (*found, *(Correction(unit_id, EVIDENCE, "remove", row) for row in _in_order(tables[EVIDENCE])))


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row.source)


def _obligations(kind: ReportFacts, tables: Tables, unit_id: str) -> list[Correction]:
    """List the reports that were not received before their due day; whether the unit owes them, the rule knows."""
    rows = {(row["材料"], row["季度"]): row for row in tables[_REPORTS]}
    found = []
    for due in kind.due:
        row = rows.get((due.material, due.quarter))
        received = None if row is None else row["实报日期"]
        exempt = row is not None and row["免报原因"]
        if not exempt and (received is None or received >= due.due):
            found.append(Correction(unit_id, _REPORTS, "in_time", row, due))
    return found


def corrected(tables: Tables, corrections: Iterable[Correction]) -> Tables:
    """Return the tables after the corrections: rows taken out, or written as the fulfilled duty has them.

    A row taken out scores exactly as one revoked by 调整复核 does. A report in time was received on the day before its
    due day, which is in time under both readings of ``deadline_day``.
    """
    made = dict(tables)
    by_table: dict[str, list[Correction]] = {}
    for correction in corrections:
        by_table.setdefault(correction.table, []).append(correction)
    for name, own in by_table.items():
        gone = {correction.row.source for correction in own if correction.row is not None}
        new = (_fulfilled(one, tables["单位名录"]) for one in own if one.action not in ("withdraw", "remove"))
        made[name] = (*(row for row in tables[name] if row.source not in gone), *new)
    return made


def _fulfilled(correction: Correction, roster: Iterable[Row]) -> Row:
    """Return the row of a duty as it would stand had the duty been fulfilled."""
    row, due = correction.row, correction.due
    if due is not None:
        received = {"实报日期": due.due - timedelta(days=1)}
        if row is not None:
            return _with(row, received)
        values: dict[str, Value] = dict.fromkeys((column.name for column in TABLES[_REPORTS].columns), None)
        values |= {"单位": correction.unit_id, "材料": due.material, "季度": due.quarter, **received}
        return Row(_REPORTS, values, _place(correction.unit_id, roster))
    assert row is not None
    return _with(row, {"到会情况": "到会"} if correction.action == "attended" else {"完成日期": row["时限"]})


def _with(row: Row, values: Mapping[str, Value]) -> Row:
    return replace(row, values={**row.values, **values})


def _place(unit_id: str, roster: Iterable[Row]) -> Source:
    """A report that no row tells of stands where the unit itself does, as in the ledger."""
    return next(row.source for row in roster if row["单位编码"] == unit_id)
