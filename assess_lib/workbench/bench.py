"""The what-if itself: a scored set and its tables, switches to flip, and the same scoring as ever on what results.

Nothing is computed here: changes become rows of 调整复核 (or rows that are not there), and ``scoring.score`` does the
rest. So a what-if of decisions gives exactly what the same decisions give once they stand in the raw folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assess_lib.cleaning.checks import SETTABLE
from assess_lib.cleaning.values import CellFault, read_value
from assess_lib.errors import UsageError
from assess_lib.exact import cents, show, times
from assess_lib.intake.cells import Cell
from assess_lib.intake.visible import squash
from assess_lib.ledger import Entry
from assess_lib.pipeline import check_readings
from assess_lib.rules.case import decision_text
from assess_lib.scoring import Result, Score, score
from assess_lib.store import ScoredSet
from assess_lib.store.sets import score_frames
from assess_lib.tables import ALL_UNITS, TABLES, Row, Source, Tables
from assess_lib.workbench.changes import DECISIONS, Amount, Changes, Object

if TYPE_CHECKING:
    from assess_lib.scheme import Scheme

# What stands in for the office's own words while a decision is only tried out; the draft leaves these cells empty.
TRIED = "试算"
REGISTER, MARKS, STANDARDS, ROSTER = "扣分登记", "评定加分", "扣分标准", "单位名录"


@dataclass(frozen=True, slots=True)
class Tried:
    """A what-if, scored: its changes, the readings and run date in force, and the year's outcome."""

    changes: Changes
    readings: Mapping[str, str]
    run_date: date
    score: Score

    def result(self, unit_id: str) -> Result:
        """Return one unit's result; KeyError for a unit that the roster does not have."""
        for result in self.score.results:
            if result.unit_id == unit_id:
                return result
        raise KeyError(unit_id)


class Bench:
    """A year to try things on.

    Takes a complete scored set and its clean tables; neither is ever changed. Every method that changes something takes
    ``Changes`` and returns new ones. Raises UsageError, in words for the person at the bench, for what cannot be done.
    """

    def __init__(self, data: ScoredSet, tables: Tables) -> None:
        self.data = data
        self.tables = tables
        self.scheme: Scheme = data.basis.scheme
        self.rows = {row.source: row for rows in tables.values() for row in rows}
        self.decisions = {Object.decided(row): row for row in tables[DECISIONS]}
        self.standards = {row["标准编号"]: row for row in tables[STANDARDS]}
        self.objects: dict[Object, tuple[Row, ...]] = {}
        for row in self.rows.values():
            if thing := Object.of(row):
                self.objects[thing] = (*self.objects.get(thing, ()), row)

    @cached_property
    def official(self) -> Tried:
        """The official state, scored again from the stored tables."""
        return self.score(Changes())

    @cached_property
    def units(self) -> dict[str, str]:
        """The roster's units in its order: 单位编码 to 单位名称."""
        return {row["单位编码"]: row["单位名称"] for row in self.tables[ROSTER]}

    # ---- who ---------------------------------------------------------------------------------------------------

    def find_units(self, text: str) -> list[str]:
        """Return the codes of the units whose code, name, full name or alias holds ``text``; all for a blank one."""
        wanted = squash(text).casefold()
        return [
            row["单位编码"]
            for row in self.tables[ROSTER]
            if any(
                wanted in squash(str(row[column])).casefold()
                for column in ("单位编码", "单位名称", "全称", "别名")
                if row[column]
            )
        ]

    # ---- switches ----------------------------------------------------------------------------------------------

    def is_on(self, source: Source, changes: Changes) -> bool:
        """Tell whether a row counts in the what-if, as far as decisions and switches go."""
        row = self.rows[source]
        if row.table == DECISIONS:
            return source not in changes.removed and not changes.owns(Object.decided(row))
        thing = Object.of(row)
        if thing is None:
            return source not in changes.removed
        return thing not in changes.withdrawn and not (self._revoked(thing, changes) and thing not in changes.amounts)

    def _revoked(self, thing: Object, changes: Changes) -> bool:
        """Tell whether an official 撤销 of the object is in force."""
        decision = self.decisions.get(thing)
        return decision is not None and decision["处理"] == "撤销" and decision.source not in changes.removed

    def switch(self, changes: Changes, source: Source, on: bool) -> Changes:
        """Switch a row on or off.

        A row that 调整复核 can name goes off as 撤销 takes it out: it stays in the ledger, and its table still counts
        as reported. On a row that is officially revoked, on means that this decision is not taken. All rows of a
        unit's ticket go together, as a decision takes them. Any other row goes as if it had never been handed in.
        """
        row = self.rows[source]
        if on == self.is_on(source, changes):
            return changes
        if row.table == DECISIONS:
            cleared = changes.with_withdrawn(Object.decided(row), False)
            return cleared.with_removed(source, not on)
        thing = Object.of(row)
        if thing is None:
            return changes.with_removed(source, not on)
        decision = self.decisions.get(thing)
        revoked = decision is not None and decision["处理"] == "撤销"
        if revoked and decision is not None:
            return changes.with_withdrawn(thing, False).with_removed(decision.source, on)
        return changes.with_withdrawn(thing, not on)

    # ---- amounts -----------------------------------------------------------------------------------------------

    def settable(self, row: Row) -> bool:
        """Tell whether a row's amount can be changed (改值: 扣分登记 and 评定加分)."""
        return row.table in SETTABLE

    def amount(self, row: Row, changes: Changes) -> Amount:
        """Return what a row is worth in the what-if: 扣分 or 评定分, and the 数量 where that makes it."""
        thing = Object.of(row)
        assert thing is not None
        if thing in changes.amounts:
            return changes.amounts[thing]
        return self._official_amount(row, lifted=self._lifted(thing, changes))

    def _lifted(self, thing: Object, changes: Changes) -> bool:
        decision = self.decisions.get(thing)
        return decision is not None and decision.source in changes.removed

    def _official_amount(self, row: Row, *, lifted: bool = False) -> Amount:
        thing = Object.of(row)
        decision = None if lifted or thing is None else self.decisions.get(thing)
        if decision is not None and decision["处理"] == "改值":
            return Amount(cents(decision["新值"]))
        if row.table == MARKS:
            return Amount(cents(row["评定分"]))
        count = row["数量"] or 1
        return Amount(cents(times(self.standards[row["标准编号"]]["单次扣分"], count)), count)

    def set_count(self, changes: Changes, source: Source, text: str) -> Changes:
        """Give a row of 扣分登记 another 数量; its 扣分 becomes 单次扣分 × 数量."""
        row = self._settable_row(source, (REGISTER,))
        count = _read(row.table, "数量", text, None)
        value = times(self.standards[row["标准编号"]]["单次扣分"], count)
        return self._set(changes, row, Amount(_read(DECISIONS, "新值", show(value), None), count))

    def set_value(self, changes: Changes, source: Source, text: str) -> Changes:
        """Give a row another 扣分 (扣分登记: any amount from 0) or 评定分 (评定加分: within its range)."""
        row = self._settable_row(source, tuple(SETTABLE))
        if row.table == REGISTER:
            value = _read(DECISIONS, "新值", text, None)
        else:
            value = _read(MARKS, "评定分", text, self.scheme.cell_maxima().get((MARKS, "评定分")))
        return self._set(changes, row, Amount(cents(value)))

    def clear_amount(self, changes: Changes, source: Source) -> Changes:
        """Leave a row the amount that it officially has."""
        thing = Object.of(self.rows[source])
        return changes if thing is None else changes.without_amount(thing)

    def _settable_row(self, source: Source, tables: tuple[str, ...]) -> Row:
        row = self.rows[source]
        if row.table not in tables:
            raise UsageError(f"“{row.table}”不能改数，只能开关。可以改数的表：{'、'.join(SETTABLE)}。")
        return row

    def _set(self, changes: Changes, row: Row, amount: Amount) -> Changes:
        thing = Object.of(row)
        assert thing is not None
        if amount.value == self._official_amount(row, lifted=self._lifted(thing, changes)).value:
            changes = changes.without_amount(thing)
            return changes if self.is_on(row.source, changes) else self.switch(changes, row.source, True)
        return changes.with_amount(thing, amount)

    # ---- readings and day --------------------------------------------------------------------------------------

    def set_reading(self, changes: Changes, key: str, option: str) -> Changes:
        """Choose an option of a reading; the official one is no change."""
        chosen = {**changes.readings, **check_readings({key: option})}
        official = self.data.basis.readings
        return replace(changes, readings={k: v for k, v in chosen.items() if v != official[k]})

    def set_date(self, changes: Changes, day: date | None) -> Changes:
        """Choose the run date; None and the official one are no change."""
        return replace(changes, run_date=None if day == self.data.basis.run_date else day)

    # ---- scoring -----------------------------------------------------------------------------------------------

    def apply(self, changes: Changes) -> Tables:
        """Return the year's tables as the what-if has them."""
        made = {
            name: tuple(row for row in rows if row.source not in changes.removed) if changes.removed else rows
            for name, rows in self.tables.items()
        }
        kept = tuple(row for row in made[DECISIONS] if not changes.owns(Object.decided(row)))
        return {**made, DECISIONS: (*kept, *self._tried(changes))}

    def _tried(self, changes: Changes) -> list[Row]:
        """Write the what-if's own decisions as rows of 调整复核, in the order of the objects' rows."""
        decided: list[tuple[Object, Decimal | None]] = [(thing, None) for thing in changes.withdrawn]
        decided += [(thing, amount.value) for thing, amount in changes.amounts.items()]
        decided.sort(key=lambda pair: self.objects[pair[0]][0].source)
        made = []
        for number, (thing, value) in enumerate(decided, start=1):
            values: dict[str, Any] = dict.fromkeys((column.name for column in TABLES[DECISIONS].columns), TRIED)
            values |= {
                "编号": f"{TRIED}{number}",
                "单位": thing.unit_id,
                "对象表": thing.table,
                "对象编号": thing.number,
            }
            values |= {"处理": "撤销" if value is None else "改值", "新值": value}
            values |= {"决定日期": self.data.basis.run_date}
            made.append(Row(DECISIONS, values, Source(TRIED, "", number)))
        return made

    def score(self, changes: Changes) -> Tried:
        """Score the what-if: every unit, because ranks and the quarterly lists (四（三）4) need all of them."""
        readings = {**self.data.basis.readings, **changes.readings}
        run_date = changes.run_date or self.data.basis.run_date
        return Tried(changes, readings, run_date, score(self.apply(changes), self.scheme, readings, run_date))

    def as_set(self, tried: Tried, unit_id: str) -> ScoredSet:
        """Return a what-if as a scored set with one unit's items and ledger, for the views that show such sets."""
        stand_ins = [decision_text(row) for row in self._tried(tried.changes)]

        def told(line: Entry) -> Entry:
            label, source = line.label, tuple(place for place in line.source if place.file != TRIED)
            for text in stand_ins:
                label = label.replace(text, TRIED)
            return replace(line, label=label, source=source)

        own = Score(
            tried.score.results,
            tuple(item for item in tried.score.items if item.unit_id == unit_id),
            tuple(told(line) for line in tried.score.ledger if line.unit_id == unit_id),
            (),
        )
        results, items, ledger = score_frames(own)
        basis = replace(self.data.basis, readings=dict(tried.readings), run_date=tried.run_date)
        return replace(self.data, basis=basis, results=results, items=items, ledger=ledger, approval=None)

    def of_unit(self, unit_id: str) -> list[Row]:
        """Return the rows that speak of a unit, those on all units included, in the contract's order of tables."""
        return [
            row
            for name in TABLES
            if name not in (ROSTER, STANDARDS) and not TABLES[name].record
            for row in sorted(self.tables[name], key=lambda row: row.source)
            if row["单位"] in (unit_id, ALL_UNITS)
        ]

    def check(self) -> str:
        """Hold the official state, scored again, to the stored set; return the sentence that says so.

        Raises AssertionError that names what differs.
        """
        made = score_frames(self.official.score)
        for name, frame, stored in zip(
            ("结果", "项目", "台账"), made, (self.data.results, self.data.items, self.data.ledger), strict=True
        ):
            if not frame.equals(stored):
                raise AssertionError(f"重新计分得到的{name}与结果文件夹里的不同。请重新运行 assess score。")
        count = len(self.official.score.results)
        return f"核对通过：不作任何改动时，{count} 个单位的结果和台账与结果文件夹逐行相同。"


def _read(table: str, column: str, text: str, maximum: Decimal | None) -> Any:
    """Read what a person typed by the rules for cells of that column."""
    spec = TABLES[table].column(column)
    if not squash(text):
        raise UsageError(f"请填“{column}”。")
    try:
        return read_value(spec, Cell("text", text), (), maximum)
    except CellFault as fault:
        raise UsageError(f"“{column}”：{fault.message}{fault.remedy}") from None
