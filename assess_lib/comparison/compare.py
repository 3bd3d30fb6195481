"""Hold two scored sets against each other, and explain every difference to the cent by ledger rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.beyond import is_composed
from assess_lib.comparison.causes import Reasons
from assess_lib.comparison.changes import (
    UNIT_KINDS,
    Cause,
    Comparison,
    ItemChange,
    Pair,
    RecordChange,
    RowChange,
    RowKind,
    Step,
    UnitChange,
    UnitKind,
    difference,
    step_up,
)
from assess_lib.comparison.matching import match, read_steps
from assess_lib.comparison.overview import overview
from assess_lib.comparison.records import Records
from assess_lib.errors import VerifyFailed
from assess_lib.exact import ZERO, show
from assess_lib.scheme import Item, Scheme
from assess_lib.tables import Tables

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

_Row = Mapping[str, Any]


def compare(
    old: ScoredSet,
    new: ScoredSet,
    old_tables: Tables,
    new_tables: Tables,
    *,
    old_receipt: Mapping[str, Any] | None = None,
    new_receipt: Mapping[str, Any] | None = None,
) -> Comparison:
    """Say which units' results differ between two sets, and by which ledger rows, raw rows and readings.

    Takes both sets as ``store.load_set`` returns them, their clean tables, and the contents of their
    ``receipt.json`` if files and software are to be compared too. Units are the same by 单位编码, raw rows by table
    and key, ledger rows by the raw row behind them; of two different years no raw row is the same. The rows'
    differences add up to the item's, the items' and the cut at the bonus cap to the final score's. Raises
    VerifyFailed, with unit and item, where a set's ledger does not add up to its results.
    """
    records = Records.pair(old_tables, new_tables, same_year=old.basis.year == new.basis.year)
    told = overview(old, new, Pair(old_tables, new_tables), records, Pair(old_receipt, new_receipt))
    sides = Pair(_Side.of(old), _Side.of(new))
    assert sides.old is not None and sides.new is not None
    both = [unit for unit in sides.new.results if unit in sides.old.results]
    found = [
        change
        for unit in both
        if (change := _Unit(unit, sides.old, sides.new, records, Reasons(told, records)).change()) is not None
    ]
    return Comparison(told, tuple(sorted(found, key=_importance)), tuple(both))


def _importance(unit: UnitChange) -> tuple[int, Decimal]:
    return UNIT_KINDS.index(unit.kind), -abs(unit.difference or ZERO)


@dataclass(frozen=True, slots=True)
class _Side:
    """One set, looked up by unit."""

    scheme: Scheme
    results: Mapping[str, _Row]
    items: Mapping[str, Mapping[str, _Row]]
    steps: Mapping[str, Sequence[Step]]

    @classmethod
    def of(cls, data: ScoredSet) -> _Side:
        items: defaultdict[str, dict[str, _Row]] = defaultdict(dict)
        for row in data.items.to_dict("records"):
            items[row["unit_id"]][row["item"]] = {str(k): v for k, v in row.items()}
        results = {r["unit_id"]: {str(k): v for k, v in r.items()} for r in data.results.to_dict("records")}
        return cls(data.basis.scheme, results, items, read_steps(data.ledger.to_dict("records")))

    def of_item(self, unit_id: str, item_id: str) -> list[Step]:
        """Return the unit's ledger rows of an item."""
        return [step for step in self.steps.get(unit_id, ()) if step.item == item_id]

    def final_rows(self, unit_id: str) -> list[Step]:
        """Return the closing rows: key score and bonus as they are added up, then the verdict."""
        return [step for step in self.steps.get(unit_id, ()) if step.part == "final"]


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit in both sets."""

    id: str
    old: _Side
    new: _Side
    records: Records
    reasons: Reasons

    def _pair(self, column: str) -> Pair[Any]:
        return Pair(self.old.results[self.id][column], self.new.results[self.id][column])

    def change(self) -> UnitChange | None:
        """Return what changed of the unit and why; None when nothing did."""
        status, grade = self._pair("status"), self._pair("grade")
        final = self._pair("final_score")
        scored = status.old == status.new == "scored"
        items = self._items(scored)
        cut = self._cut() if scored else None
        if scored:
            self._check_sum(items, cut, final)
        change = UnitChange(
            unit_id=self.id,
            unit_name=self.new.results[self.id]["unit_name"],
            group=self.new.results[self.id]["group"],
            kind="rank",
            status=status,
            grade=grade,
            key_score=self._pair("key_score"),
            bonus_score=self._pair("bonus_score"),
            final_score=final,
            rank_in_group=self._pair("rank_in_group"),
            rank_overall=self._pair("rank_overall"),
            unresolved=Pair(self._unresolved(self.old), self._unresolved(self.new)),
            difference=difference(final) if scored else None,
            items=items,
            cut=cut,
        )
        kind = _kind(change)
        if kind is None:
            return None
        gate = self._gate() if scored and self._gate_moved else None
        causes: tuple[Cause, ...] = self.reasons.of_gate() if gate is not None else ()
        if grade.changed and scored:
            causes += self.reasons.of_grade()
            causes += (Cause("quota"),) * any(side.scheme.grades.limited for side in (self.old, self.new))
        verdict = Pair(self._verdict(self.old), self._verdict(self.new)) if kind == "verdict" else Pair("", "")
        others = () if kind == "rank" else self._others((*items, *([cut] if cut else [])))
        return replace(change, kind=kind, gate=gate, causes=causes, verdict=verdict, others=others)

    def _unresolved(self, side: _Side) -> tuple[str, ...]:
        return tuple(item for item, row in side.items.get(self.id, {}).items() if row["unresolved"])

    def _verdict(self, side: _Side) -> str:
        rows = side.final_rows(self.id)
        return rows[-1].label if rows else ""

    @property
    def _gate_moved(self) -> bool:
        """Whether the bonus part is open on one side only."""
        bonus = self._pair("bonus_score")
        return (bonus.old is None) != (bonus.new is None)

    def _gate(self) -> Pair[str]:
        """Return the closed side's comparison of key score and gate; the open side has none."""
        closed = [
            next((step.formula for step in side.steps.get(self.id, ()) if step.status == "gate_closed"), "")
            for side in (self.old, self.new)
        ]
        return Pair(*closed)

    # ---- items ------------------------------------------------------------------------------------------------

    def _items(self, scored: bool) -> tuple[ItemChange, ...]:
        """Return the items that differ: all where both sides are scored, else the veto items alone."""
        order = {item.id: item for item in (*self.old.scheme.items, *self.new.scheme.items)}
        found = []
        for item in order.values():
            if item.part == "veto":
                change = self._veto_item(item)
            elif scored:
                change = self._scored_item(item)
            else:
                continue
            if change is not None:
                found.append(change)
        return tuple(found)

    def _item_pair(self, item: Item, column: str) -> Pair[Any]:
        rows = [side.items.get(self.id, {}).get(item.id) for side in (self.old, self.new)]
        return Pair(*(None if row is None else row[column] for row in rows))

    def _matched(self, item: Item) -> tuple[Pair[Step], ...]:
        steps = self.old.of_item(self.id, item.id), self.new.of_item(self.id, item.id)
        return match(*steps, item.rule.method, self.records)

    def _veto_item(self, item: Item) -> ItemChange | None:
        """Return a veto item whose verdict or open question differs, with the rows that differ in word or status."""
        note, unresolved = self._item_pair(item, "note"), self._item_pair(item, "unresolved")
        if not note.changed and not unresolved.changed:
            return None
        pairs = self._matched(item)
        rows = [
            self._row(pair, item, pairs, opened=False)
            for pair in pairs
            if pair.old is None
            or pair.new is None
            or (pair.old.status, pair.old.label) != (pair.new.status, pair.new.label)
        ]
        return ItemChange(
            item.id, item.name, item.clause, item.part, Pair(None, None), note, unresolved, None, tuple(rows)
        )

    def _scored_item(self, item: Item) -> ItemChange | None:
        """Return an item whose points, rows or open question differ; its rows' differences add up to its own."""
        points, unresolved = self._item_pair(item, "points"), self._item_pair(item, "unresolved")
        opened = self._gate_moved and (points.old is None) != (points.new is None)
        rows = [self._start(item, opened)]
        pairs = self._matched(item)
        for pair in pairs:
            row = self._row(pair, item, pairs, opened=opened)
            reopened = unresolved.changed and not opened and _restated(pair)
            if row.difference or reopened:
                rows.append(row)
        kept = tuple(row for row in rows if row is not None)
        total = sum((row.difference or ZERO for row in kept), ZERO)
        if total != step_up(points):
            raise VerifyFailed(
                f"单位 {self.id} 的 {item.id}：台账各行的差合计 {show(total)}，与本项得分之差 {show(step_up(points))} "
                "不符。请用 assess verify 核对这两个结果文件夹。"
            )
        if not kept and not points.changed and not unresolved.changed:
            return None
        return ItemChange(
            item.id,
            item.name,
            item.clause,
            item.part,
            points,
            self._item_pair(item, "note"),
            Pair(bool(unresolved.old), bool(unresolved.new)),
            total,
            kept,
        )

    def _row(self, pair: Pair[Step], item: Item, pairs: Sequence[Pair[Step]], *, opened: bool) -> RowChange:
        points = Pair(*(None if step is None else step.points for step in (pair.old, pair.new)))
        numbered = points.old is not None or points.new is not None
        kind: RowKind = "new" if pair.old is None else "gone" if pair.new is None else "changed"
        moved = step_up(points) if numbered else None
        if moved == 0 and not _restated(pair):  # no explanation of anything: no reason is looked for
            return RowChange(kind, pair.old, pair.new, points, moved)
        causes = self.reasons.of_row(pair, item, self.id, pairs, opened=opened)
        return RowChange(kind, pair.old, pair.new, points, moved, causes)

    def _start(self, item: Item, opened: bool) -> RowChange | None:
        """Return the row for the points that an item starts with, where they differ."""
        starts = [
            next((step.before for step in side.of_item(self.id, item.id) if step.before is not None), None)
            for side in (self.old, self.new)
        ]
        points = Pair(*starts)
        if not step_up(points):
            return None
        return RowChange("start", None, None, points, step_up(points), self.reasons.of_start(item, opened=opened))

    # ---- sums -------------------------------------------------------------------------------------------------

    def _cut(self) -> RowChange | None:
        """Return the row for what the cap of the bonus part takes, where that differs.

        In a scheme with dimensions, weights, exemptions or a floor it is all that these do to the items' sum.
        """
        if any(is_composed(side.scheme) for side in (self.old, self.new)):
            points = Pair(*(self._made(side) for side in (self.old, self.new)))
            moved = step_up(points)
            return RowChange("account", None, None, points, moved, self.reasons.of_account()) if moved else None
        steps: list[Step | None] = []
        taken: list[Decimal | None] = []
        for side in (self.old, self.new):
            numbered = [step for step in side.final_rows(self.id) if step.points is not None]
            step = numbered[1] if side.results[self.id]["bonus_score"] is not None else None
            steps.append(step)
            taken.append(None if step is None else (step.points or ZERO) - (step.nominal or ZERO))
        points = Pair(*taken)
        if not step_up(points):
            return None
        return RowChange("cut", steps[0], steps[1], points, step_up(points), self.reasons.of_cut())

    def _made(self, side: _Side) -> Decimal:
        """Return by how much the final score differs from the sum of the unit's items."""
        points = (row["points"] for row in side.items.get(self.id, {}).values() if row["points"] is not None)
        return (side.results[self.id]["final_score"] or ZERO) - sum(points, ZERO)

    def _check_sum(self, items: Sequence[ItemChange], cut: RowChange | None, final: Pair[Decimal]) -> None:
        total = sum((item.difference or ZERO for item in items), ZERO) + ((cut.difference or ZERO) if cut else ZERO)
        if total != step_up(final):
            raise VerifyFailed(
                f"单位 {self.id}：各项之差合计 {show(total)}，与最终得分之差 {show(step_up(final))} 不符。"
                "请用 assess verify 核对这两个结果文件夹。"
            )

    def _others(self, explained: Sequence[ItemChange | RowChange]) -> tuple[RecordChange, ...]:
        """Return the unit's raw rows that differ and that no explaining row names."""
        rows = [row for one in explained for row in (one.rows if isinstance(one, ItemChange) else (one,))]
        named = [cause.record for row in rows for cause in row.causes if cause.record is not None]
        return tuple(change for change in self.records.of_unit(self.id) if change not in named)


def _restated(pair: Pair[Step]) -> bool:
    """Tell whether a row came, went or has another status."""
    return pair.old is None or pair.new is None or pair.old.status != pair.new.status


def _kind(unit: UnitChange) -> UnitKind | None:
    """Say how important a unit's change is; None when nothing changed."""
    if unit.status.changed or unit.grade.changed:
        return "verdict"
    if unit.final_score.changed:
        return "score"
    if unit.items or unit.cut or unit.key_score.changed or unit.bonus_score.changed or unit.unresolved.changed:
        return "detail"
    return "rank" if unit.rank_in_group.changed or unit.rank_overall.changed else None
