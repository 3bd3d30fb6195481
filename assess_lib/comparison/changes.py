"""The nouns of a comparison: what a set, a unit, an item, a ledger row and a raw record were and became.

All of it is plain data. A number that exists on one side only stays ``None`` on the other, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from assess_lib.exact import ZERO

T = TypeVar("T")

RecordKind = Literal["added", "removed", "changed"]
RowKind = Literal["new", "gone", "changed", "start", "cut", "account"]
CauseKind = Literal[
    "record", "reading", "scheme", "run_date", "roster", "gate", "quota", "cut", "other_rows", "software", "unknown"
]
# The most important first: status or grade, final score, anything else of the unit's own, ranks alone.
UnitKind = Literal["verdict", "score", "detail", "rank"]
UNIT_KINDS: tuple[UnitKind, ...] = ("verdict", "score", "detail", "rank")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """A value in the old set and in the new one; ``None`` where it does not exist."""

    old: T | None
    new: T | None

    @property
    def changed(self) -> bool:
        """Whether the two differ."""
        return self.old != self.new


def difference(pair: Pair[Decimal]) -> Decimal | None:
    """Return new minus old where both exist."""
    return None if pair.old is None or pair.new is None else pair.new - pair.old


def step_up(pair: Pair[Decimal]) -> Decimal:
    """Return what the change adds to a sum, to which a value that does not exist contributes nothing."""
    return (pair.new or ZERO) - (pair.old or ZERO)


@dataclass(frozen=True, slots=True)
class Step:
    """One ledger row of a set, its fields those of ``ledger.csv``."""

    seq: int
    part: str
    item: str
    clause: str
    label: str
    formula: str
    nominal: Decimal | None
    before: Decimal | None
    points: Decimal | None
    after: Decimal | None
    status: str
    reading: str
    source: str
    evidence_id: str


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One raw row that was added, removed or changed; ``cells`` are (column, old text, new text)."""

    kind: RecordKind
    table: str
    key: tuple[tuple[str, str], ...]
    unit_id: str
    cells: tuple[tuple[str, str, str], ...]
    source: Pair[str]


@dataclass(frozen=True, slots=True)
class ReadingChange:
    """A reading in force that differs: its name and the two options, as keys and in words."""

    key: str
    name: str
    option: Pair[str]
    words: Pair[str]


@dataclass(frozen=True, slots=True)
class SchemeChange:
    """A value of ``scheme.yaml`` that differs; list members are named in the path: ``items[B2].rule.levels.省``."""

    path: str
    value: Pair[str]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a ledger row differs; what it is about stands in the field of that name."""

    kind: CauseKind
    record: RecordChange | None = None
    reading: ReadingChange | None = None
    scheme: SchemeChange | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """One ledger row's part in an item's difference.

    ``start``: the points an item begins with differ. ``cut``: what the cap of the bonus part takes differs.
    ``account``: the same of all that a composed scheme (dimensions, exemptions, a floor) does to the items' sum.
    ``difference`` is None where neither side has points (veto rows).
    """

    kind: RowKind
    old: Step | None
    new: Step | None
    points: Pair[Decimal]
    difference: Decimal | None
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item of a unit. ``difference`` is what it adds to the unit's; None for veto items."""

    item: str
    name: str
    clause: str
    part: str
    points: Pair[Decimal]
    note: Pair[str]
    unresolved: Pair[bool]
    difference: Decimal | None
    rows: tuple[RowChange, ...]


@dataclass(frozen=True, slots=True)
class UnitChange:
    """One unit whose result changed, with all that explains it.

    Where both sides have a final score, ``difference`` is the sum of the items' differences and of ``cut``.
    A unit that was or became vetoed has none: its veto items explain.
    """

    unit_id: str
    unit_name: str
    group: str
    kind: UnitKind
    status: Pair[str]
    grade: Pair[str]
    key_score: Pair[Decimal]
    bonus_score: Pair[Decimal]
    final_score: Pair[Decimal]
    rank_in_group: Pair[int]
    rank_overall: Pair[int]
    unresolved: Pair[tuple[str, ...]]
    difference: Decimal | None
    items: tuple[ItemChange, ...] = ()
    cut: RowChange | None = None
    gate: Pair[str] | None = None
    """Where the bonus part opened or closed: the ledger's comparison on the side where it is closed, else blank."""
    verdict: Pair[str] = Pair("", "")
    """The closing rows in words, where status or grade differ."""
    causes: tuple[Cause, ...] = ()
    """What explains a grade that differs beyond the score, and a gate that opened or closed."""
    others: tuple[RecordChange, ...] = ()
    """Raw rows of the unit that differ and that no explaining row names."""

    @property
    def only_rank(self) -> bool:
        """Whether nothing of the unit's own changed: its rank moved because others' scores did."""
        return self.kind == "rank"


@dataclass(frozen=True, slots=True)
class Roster:
    """How the two rosters differ: units by code and name; renamed and regrouped ones as they were and became."""

    added: tuple[tuple[str, str], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    renamed: tuple[tuple[str, Pair[str]], ...] = ()
    regrouped: tuple[tuple[str, Pair[str]], ...] = ()
    recoded: tuple[tuple[str, Pair[str]], ...] = ()
    """Names that stand under another code: (name, codes)."""

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.renamed or self.regrouped or self.recoded)


@dataclass(frozen=True, slots=True)
class Overview:
    """What differs between two sets as a whole."""

    identical: bool
    year: Pair[int]
    run_date: Pair[date]
    final: Pair[bool]
    receipt: Pair[str]
    readings: tuple[ReadingChange, ...]
    scheme: tuple[SchemeChange, ...]
    software: tuple[tuple[str, Pair[str]], ...]
    inputs: tuple[tuple[RecordKind, str], ...]
    roster: Roster
    records: tuple[tuple[str, Mapping[RecordKind, int]], ...]
    """By table, how many raw rows were added, removed, changed; empty when the years differ."""

    @property
    def same_year(self) -> bool:
        """Whether both sets are of one year, so that their raw rows can be held against each other."""
        return not self.year.changed


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets held against each other: what differs as a whole, and by unit, the most important first."""

    overview: Overview
    units: tuple[UnitChange, ...]
    compared: tuple[str, ...]
    """The units that stand in both sets, by code."""
    chosen: bool = False
    """Whether only some units were asked for."""

    def only(self, unit_ids: frozenset[str]) -> Comparison:
        """Return the comparison with these units alone."""
        kept = tuple(unit for unit in self.units if unit.unit_id in unit_ids)
        compared = tuple(code for code in self.compared if code in unit_ids)
        return Comparison(self.overview, kept, compared, chosen=True)
