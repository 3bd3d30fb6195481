"""A scored set seen as a whole: what the county's page, workbook and document are all made of, as plain rows.

Nothing here is printed yet: points are exact decimals, units are codes, a text is as the ledger has it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assess_lib.exact import ZERO
from assess_lib.scheme import Item
from assess_lib.tables import Row, Tables
from assess_lib.views.adjustments import adjustments_of
from assess_lib.views.lines import Line, read_lines, records
from assess_lib.views.words import Place, no_losses, number

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

STANDARDS = "扣分标准"
NO_STANDARD = "其他"


@dataclass(frozen=True, slots=True)
class Deduction:
    """One row of the key part that took points: its ledger line, and the row of 扣分标准 it falls under, if any."""

    line: Line
    standard: Row | None

    @property
    def lost(self) -> Decimal:
        """What it really took, as a positive number."""
        return -self.line.moved

    @property
    def code(self) -> str:
        """The standard's 标准编号."""
        return str(self.standard["标准编号"]) if self.standard else NO_STANDARD

    @property
    def what(self) -> str:
        """The standard's 扣分情形."""
        return str(self.standard["扣分情形"]) if self.standard else "没有对应标准的扣分"


@dataclass(frozen=True, slots=True)
class StandardCost:
    """What one standard cost the county: all its deductions, and the share of all that was lost down to it (per cent).

    ``share`` is for print only; the costliest standard comes first.
    """

    code: str
    what: str
    deductions: tuple[Deduction, ...]
    points: Decimal
    share: Decimal

    def by_unit(self) -> dict[str, tuple[Decimal, int]]:
        """Return points and number of deductions by unit, the most first."""
        return _by_points((one.line.unit_id, one.lost) for one in self.deductions)


@dataclass(frozen=True, slots=True)
class Veto:
    """One item by which a unit is vetoed: the facts that count, in what document they stand, and where they came from.

    ``facts``, ``documents`` and ``sources`` go together, one entry a fact; ``verdict`` is the ledger's closing line.
    """

    unit_id: str
    item: Item
    verdict: Line
    facts: tuple[str, ...]
    documents: tuple[str, ...]
    sources: tuple[str, ...]


class CountyFacts:
    """A scored set and its clean tables, with the questions that a county asks of them."""

    def __init__(self, data: ScoredSet, tables: Tables) -> None:
        self.data = data
        self.tables = tables
        self.scheme = data.basis.scheme
        self.results: list[dict[str, Any]] = records(data.results)
        self.items: list[dict[str, Any]] = records(data.items)
        self.names: dict[str, str] = {row["unit_id"]: row["unit_name"] for row in self.results}

    # ---- units ---------------------------------------------------------------------------------------------------

    @cached_property
    def scored(self) -> list[dict[str, Any]]:
        """The results of units that have a final score, in roster order."""
        return [row for row in self.results if row["final_score"] is not None]

    @cached_property
    def vetoed(self) -> list[dict[str, Any]]:
        """The results of vetoed units, in roster order."""
        return [row for row in self.results if row["status"] == "vetoed"]

    @cached_property
    def failed(self) -> list[dict[str, Any]]:
        """The results of scored units below the pass mark, in roster order."""
        return [row for row in self.scored if self.scheme.fails(row["key_score"], row["final_score"])]

    @cached_property
    def opened(self) -> list[dict[str, Any]]:
        """The results of units whose bonus part is open, in roster order."""
        return [row for row in self.scored if row["bonus_open"]]

    @cached_property
    def between(self) -> list[dict[str, Any]]:
        """The results of units that pass without reaching the bonus part, in roster order."""
        return [row for row in self.passed if not row["bonus_open"]]

    @cached_property
    def passed(self) -> list[dict[str, Any]]:
        """The results of scored units that are not below the pass mark, in roster order."""
        return [row for row in self.scored if not self.scheme.fails(row["key_score"], row["final_score"])]

    def ordered(self, group: str) -> list[dict[str, Any]]:
        """Return a group's results by rank; units without one stand last, in roster order."""
        rows = [row for row in self.results if row["group"] == group]
        return sorted(rows, key=lambda row: (row["rank_in_group"] is None, row["rank_in_group"] or 0))

    def by_rank(self) -> list[dict[str, Any]]:
        """Return all results by their overall rank; units without one stand last, in roster order."""
        return sorted(self.results, key=lambda row: (row["rank_overall"] is None, row["rank_overall"] or 0))

    def group_sizes(self, rows: Iterable[dict[str, Any]]) -> str:
        """Say how many of the rows are of which group: ``镇 7，县级部门 39``."""
        sizes = Counter(row["group"] for row in rows)
        return "，".join(f"{group.name} {sizes[group.name]}" for group in self.scheme.groups)

    def grade_counts(self) -> list[tuple[str, int]]:
        """Return each grade as reports print it, with its number of units, from the highest to 不合格."""
        grades = self.scheme.grades
        order = dict.fromkeys([*(band.grade for band in grades.bands), grades.passed, grades.fail])
        found = Counter(row["grade"] for row in self.results)
        return [
            (grades.printed(grade), found[grade])
            for grade in [*order, *sorted(set(found) - set(order))]
            if found[grade]
        ]

    def remark(self, row: dict[str, Any]) -> str:
        """Say in a few words what is particular about a unit's result, blank if nothing is."""
        told = []
        if row["status"] == "vetoed":
            told.append(
                f"{self.scheme.parts.veto.name}："
                + "、".join(veto.item.clause for veto in self.vetoes if veto.unit_id == row["unit_id"])
            )
        elif row in self.failed:
            told.append(f"低于{self.scheme.judgement.pass_mark.name}")
        elif not row["bonus_open"] and self.scheme.part_items("bonus"):
            told.append(f"{self.scheme.parts.bonus.name}未开启")
        if row["unresolved"]:
            told.append(f"待定 {row['unresolved']} 项")
        if decided := self._decided[row["unit_id"]]:
            told.append(f"含调整复核 {decided} 项")
        return "；".join(told)

    @cached_property
    def _decided(self) -> Counter[str]:
        """How many decisions each unit's result contains."""
        return Counter(row["unit_id"] for row in adjustments_of(self.data))

    # ---- items ---------------------------------------------------------------------------------------------------

    @cached_property
    def cells(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows of items.csv by unit and item."""
        return {(row["unit_id"], row["item"]): row for row in self.items}

    def scored_items(self) -> tuple[Item, ...]:
        """Return the items that carry points, in the scheme's order."""
        return tuple(item for item in self.scheme.items if item.part != "veto")

    def item_name(self, item_id: str) -> str:
        """Return an item's id and name."""
        return f"{item_id} {self.scheme.item(item_id).name}"

    def open_items(self) -> list[tuple[Item, tuple[str, ...]]]:
        """Return the items that are unresolved for some units, with the units' codes in roster order."""
        units: defaultdict[str, list[str]] = defaultdict(list)
        for row in self.items:
            if row["unresolved"]:
                units[row["item"]].append(row["unit_id"])
        return [(item, tuple(units[item.id])) for item in self.scheme.items if item.id in units]

    # ---- ledger --------------------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The whole ledger in words."""
        return read_lines(self.data.ledger, self.scheme)

    @cached_property
    def _rows(self) -> dict[Place, Row]:
        return {
            Place(row.source.file, row.source.sheet, row.source.row): row
            for rows in self.tables.values()
            for row in rows
        }

    def row(self, place: Place) -> Row | None:
        """Return the clean row that stands at a place of the raw folder, if there is one."""
        return self._rows.get(place)

    @cached_property
    def deductions(self) -> tuple[Deduction, ...]:
        """Every row that took points in a key item that starts at full, in the ledger's order.

        A deduction belongs to the standard whose row its ledger line names.
        """
        keys = {item.id for item in self.scheme.key_items if item.start}
        made = []
        for line in self.lines:
            if line.item in keys and line.moved:
                found = (row for place in line.places if (row := self.row(place)) and row.table == STANDARDS)
                made.append(Deduction(line, next(found, None)))
        return tuple(made)

    @cached_property
    def lost(self) -> Decimal:
        """What the key part cost all scored units together."""
        return sum((one.lost for one in self.deductions), ZERO)

    @property
    def no_losses(self) -> str:
        """Why there is no deduction, where there is none: a sentence without its full stop."""
        return no_losses(self.scheme.parts.key.name, judged=bool(self.scored))

    def costs(self) -> list[StandardCost]:
        """Sum the key part's deductions up by standard, the costliest first."""
        return list(self._costs)

    @cached_property
    def _costs(self) -> tuple[StandardCost, ...]:
        found: defaultdict[tuple[str, str], list[Deduction]] = defaultdict(list)
        for one in self.deductions:
            found[one.code, one.what].append(one)
        sums = {key: sum((one.lost for one in many), ZERO) for key, many in found.items()}
        costs, running = [], ZERO
        for key in sorted(found, key=lambda key: (-sums[key], key)):
            running += sums[key]
            costs.append(StandardCost(*key, tuple(found[key]), sums[key], running / self.lost * 100))
        return tuple(costs)

    def unit_costs(self) -> dict[str, dict[str, tuple[Decimal, int]]]:
        """Return by unit what each standard took and how often; what took most, and who lost most, comes first."""
        found: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        for one in self.deductions:
            found[one.line.unit_id].append((one.code, one.lost))
        lost = {unit: sum((points for _, points in many), ZERO) for unit, many in found.items()}
        order = list(self.names)
        units = sorted(found, key=lambda unit: (-lost[unit], order.index(unit)))
        return {unit: _by_points(found[unit]) for unit in units}

    @cached_property
    def vetoes(self) -> tuple[Veto, ...]:
        """Every item by which a unit is vetoed, in roster order."""
        made = []
        for cell in self.items:
            if cell["note"] != "vetoed":
                continue
            own = [line for line in self.lines if (line.unit_id, line.item) == (cell["unit_id"], cell["item"])]
            verdict = next(line for line in own if line.status == "verdict")
            facts = [line for line in own if line.status == "counted"] or [verdict]
            made.append(
                Veto(
                    cell["unit_id"],
                    self.scheme.item(cell["item"]),
                    verdict,
                    tuple(line.label for line in facts),
                    tuple(self._document(line) for line in facts),
                    tuple(line.place_text for line in facts),
                )
            )
        return tuple(made)

    def _document(self, line: Line) -> str:
        """Name the document in which a veto's fact stands, blank where there is none."""
        row = next((found for place in line.places if (found := self.row(place))), None)
        if row is None:
            return ""
        if row.table == "通报批评":
            return f"{row['机关或媒体']} {row['文号或网址']}"
        if row.table == "信息中心结果":
            return str(row["通报文号"] or f"县信息中心 {row['出具日期']} 出具的结果")
        return f"工单 {row['工单编号']}" if row.table == "热线红灯" else ""

    def bonus_lines(self, item_id: str) -> list[Line]:
        """Return the ledger lines of a bonus item, of the units whose bonus part is open, in the ledger's order."""
        opened = {row["unit_id"] for row in self.opened}
        return [line for line in self.lines if line.item == item_id and line.unit_id in opened]

    def listed(self, found: dict[str, tuple[Decimal, int]], *, named: bool = True) -> str:
        """Print points and counts by unit, or not ``named`` by standard: ``县发改局 3.50（2 笔）、县统计局 1.00``."""
        return "、".join(
            f"{self.names[key] if named else key} {number(points)}" + (f"（{count} 笔）" if count > 1 else "")
            for key, (points, count) in found.items()
        )


def _by_points(found: Iterable[tuple[str, Decimal]]) -> dict[str, tuple[Decimal, int]]:
    points: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    counts: Counter[str] = Counter()
    for key, lost in found:
        points[key] += lost
        counts[key] += 1
    return {key: (points[key], counts[key]) for key in sorted(points, key=lambda key: (-points[key], key))}
