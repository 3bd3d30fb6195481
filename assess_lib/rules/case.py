"""What every rule sees: the year's clean rows, looked up by unit, with standards, evidence and decisions.

Rules are pure: a ``Case`` and a ``Unit`` go in, an ``Outcome`` comes out. No rule imports another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from assess_lib.exact import ZERO, show
from assess_lib.ledger import Chain, Entry, Words
from assess_lib.scheme import Item, Scheme
from assess_lib.tables import ALL_UNITS, Row, Source, Tables

State = Literal["reported", "confirmed", "missing"]
_NO_FACTS = frozenset({"单位名录", "扣分标准", "调整复核", "确认无事项"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One assessed unit of the roster (单位名录)."""

    id: str
    name: str
    group: str
    key_task: bool | None
    source: Source

    @classmethod
    def from_row(cls, row: Row) -> Unit:
        """Read a unit from its roster row; an empty 重点任务单位 stays unknown (None)."""
        flag = row["重点任务单位"]
        return cls(
            row["单位编码"], row["单位名称"], row["单位类别"], None if flag is None else flag == "是", row.source
        )


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an item is unresolved or deserves a warning, and what the office can do about it."""

    code: str
    table: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule says of one unit's item: its ledger rows, and what remains in doubt.

    ``points`` is None for a veto item, ``vetoed`` is False for every other.
    """

    entries: tuple[Entry, ...]
    points: Decimal | None = None
    vetoed: bool = False
    unresolved: tuple[Doubt, ...] = ()
    warnings: tuple[Doubt, ...] = ()

    @classmethod
    def of(cls, chain: Chain, unresolved: Iterable[Doubt] = (), warnings: Iterable[Doubt] = ()) -> Outcome:
        """Make the outcome of a scored item from its finished chain."""
        return cls(tuple(chain.entries), points=chain.total, unresolved=tuple(unresolved), warnings=tuple(warnings))


@dataclass(frozen=True)
class Case:
    """The whole year as the rules see it."""

    scheme: Scheme
    readings: Mapping[str, str]
    run_date: date
    units: tuple[Unit, ...]
    standards: Mapping[str, Row]
    _rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    _evidence: Mapping[tuple[str, str], Row]
    _decisions: Mapping[tuple[str, str, str], Row]
    _confirmations: Mapping[tuple[str, str], Row]
    shared: Mapping[str, dict[Any, Any]]
    """What a rule makes once for all units of a table that no decision changes: by the table, then by the rule's key.

    A case with other readings or without a decision shares it: what depends on those belongs into the key.
    """
    silent: bool = False
    """Whether the rules give points, vetoes and doubts alone, without writing the ledger."""

    @classmethod
    def build(cls, tables: Tables, scheme: Scheme, readings: Mapping[str, str], run_date: date) -> Case:
        """Index clean tables by unit; rows keep their order of file, sheet and row."""
        return cls(
            scheme=scheme,
            readings=dict(readings),
            run_date=run_date,
            units=tuple(Unit.from_row(row) for row in tables["单位名录"]),
            standards={row["标准编号"]: row for row in tables["扣分标准"]},
            _rows={name: _by_unit(rows) for name, rows in tables.items()},
            _evidence=_evidence(tables["佐证目录"]),
            _decisions={(row["对象表"], row["对象编号"], row["单位"]): row for row in tables["调整复核"]},
            _confirmations={(row["表"], row["单位"]): row for row in tables["确认无事项"]},
            shared={name: {} for name in tables},
        )

    def with_facts(self, changed: Tables) -> Case:
        """Return the same year with other rows in some tables of facts; ``build`` on all tables gives the same.

        Takes the changed tables alone. Raises ValueError for a table that says who is assessed, by which standards, or
        what was decided and confirmed: it is not one of facts.

        Example: the year without one row of 扣分登记: only that table is sorted by unit again.
        """
        if not _NO_FACTS.isdisjoint(changed):
            raise ValueError(sorted(_NO_FACTS.intersection(changed)))
        evidence = _evidence(changed["佐证目录"]) if "佐证目录" in changed else self._evidence
        rows = {**self._rows, **{name: _by_unit(rows) for name, rows in changed.items()}}
        return replace(self, _rows=rows, _evidence=evidence, shared={**self.shared, **{name: {} for name in changed}})

    def quiet(self, silent: bool = True) -> Case:
        """Return the same year for those who ask what the rules come to, not how: without a ledger, or with it."""
        return replace(self, silent=silent)

    def reading_as(self, key: str, option: str) -> Case:
        """Return the same year under another reading."""
        return replace(self, readings={**self.readings, key: option})

    def rows(self, table: str, unit: Unit) -> tuple[Row, ...]:
        """Return the unit's rows of a table, of whatever year, in file order."""
        return self._rows[table].get(unit.id, ())

    def of_year(self, day: date) -> bool:
        """Tell whether a day lies in the assessed year; days decide, never hours."""
        return day.year == self.scheme.year

    def decision(self, table: str, number: str, unit: Unit) -> Row | None:
        """Return the 调整复核 row that decides on an object of the unit, if there is one."""
        return self._decisions.get((table, number, unit.id))

    def without(self, decision: Row) -> Case:
        """Return the same year as if one 调整复核 row did not exist."""
        kept = {key: row for key, row in self._decisions.items() if row is not decision}
        return replace(self, _decisions=kept)

    def evidence(self, row: Row, unit: Unit) -> Row | None:
        """Return the 佐证目录 row that indexes the row's evidence for this unit, if there is one."""
        return self._evidence.get((row["佐证编号"], unit.id))

    def evidence_id(self, row: Row, unit: Unit) -> str:
        """Return the row's 佐证编号 if it is indexed for this unit; a row without indexed evidence has none."""
        return "" if self.evidence(row, unit) is None else str(row["佐证编号"])

    def sources(self, row: Row, unit: Unit, *more: Row | None) -> tuple[Source, ...]:
        """List the row, then further rows that made the number, then the row's indexed evidence."""
        return tuple(r.source for r in (row, *more, self.evidence(row, unit)) if r is not None)

    def state(self, table: str, unit: Unit) -> State:
        """Tell reported, confirmed none and not reported apart; rows win over a confirmation."""
        if self.rows(table, unit):
            return "reported"
        if self.confirmation(table, unit) is not None:
            return "confirmed"
        return "missing"

    def confirmation(self, table: str, unit: Unit) -> Row | None:
        """Return the 确认无事项 row that speaks for the unit: its own, else the one for 全部."""
        own = self._confirmations.get((table, unit.id))
        return own if own is not None else self._confirmations.get((table, ALL_UNITS))

    def reading(self, *keys: str) -> str:
        """Print the readings in force under these keys, as the ledger's ``reading`` column does."""
        return "; ".join(f"{key}={self.readings[key]}" for key in keys)


def _by_unit(rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    """Sort a table's rows by unit; a unit's rows keep their order of file, sheet and row."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_place_of):
        if "单位" in row.values:
            found.setdefault(row["单位"], []).append(row)
    return {unit: tuple(own) for unit, own in found.items()}


def _place_of(row: Row) -> tuple[str, str, int]:
    """Return where a row stands as a plain tuple: compared far faster than a source, and the same."""
    source = row.source
    return source.file, source.sheet, source.row


def _evidence(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    return {(row["佐证编号"], row["单位"]): row for row in rows}


def chain_for(item: Item, unit: Unit, case: Case) -> Chain:
    """Open the running total of an item: deductions start at the cap or at 0.00, awards at 0.00.

    It is as silent as the case. None leaves 0..cap; what starts at 0.00 and deducts goes down to the item's own floor.
    """
    floor = ZERO if item.floor is None else item.floor
    part: Literal["key", "bonus"] = "key" if item.part == "key" else "bonus"
    return Chain(unit.id, part, item.id, item.clause, item.start, floor, item.full, case.silent)


def note_absence(chain: Chain, item: Item, unit: Unit, case: Case, table: str) -> tuple[Doubt, ...]:
    """Write the row of an item whose table holds nothing of the unit, and return the doubt if it is unresolved.

    Confirmed none moves nothing. Not reported is not zero facts: a bonus item earns 0.00 and stays
    unresolved (``scheme``: missing is not zero); the key part only loses what is known to be lost.
    """
    confirmation = case.confirmation(table, unit)
    if confirmation is not None:
        everyone = confirmation["单位"] == ALL_UNITS
        place = f"（全部单位，见 {confirmation.source}）" if everyone else ""
        chain.note(
            f"“{table}”已确认无事项{place}",
            "counted",
            formula=f"{show(chain.total)}，无变动",
            source=() if everyone else (confirmation.source,),
        )
        return ()
    lost = -max(chain.total, ZERO) if item.part == "bonus" else ZERO
    chain.append(
        f"“{table}”没有本单位的登记，也没有确认无事项：待定",
        "unresolved",
        nominal=lost,
        points=lost,
        formula=f"{show(chain.total)} − {show(-lost)} = {show(chain.total + lost)}" if lost else "暂按 0.00 计",
        source=(unit.source,),
    )
    return (not_reported(table, unit),)


def not_reported(table: str, unit: Unit) -> Doubt:
    """Say that a table holds nothing of the unit and nobody confirmed that there is nothing."""
    return Doubt(
        "not-reported",
        table,
        f"“{table}”没有{unit.name}的登记，也没有确认无事项。",
        f"请补报“{table}”；确无事项的，在“确认无事项”中登记。",
    )


def note_nothing(chain: Chain, label: Words) -> None:
    """Give an item without any fact its one row of 0.00."""
    if not chain.entries:
        chain.note(label, "counted", formula=lambda: f"{show(chain.total)}，无变动")


def decision_text(decision: Row) -> str:
    """Name a 调整复核 decision: its number, who decided, when, under which document, and why."""
    who = f"{decision['决定人']} {decision['决定日期']} 决定"
    return f"{decision['编号']}，{who}，{decision['批准文号']}：{decision['理由']}"
