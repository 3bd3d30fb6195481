"""信息报送 as lists: who sent how much in each quarter and how much of it was adopted, ranked as the readings say.

The ledger tells only of units that were judged. The lists hold everybody: vetoed units and those below the gate keep
their place (四（三）4). ``check_lists`` holds the two together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from assess_lib.exact import ZERO
from assess_lib.scheme import Item, QuarterlyTopRanks
from assess_lib.tables import TABLES, Row

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

TABLE = "信息报送"
QUARTERS = TABLES[TABLE].column("季度").choices
VOLUME, RATE, BOTH = "报送量", "采用率", "报送量（同量按采用率）"


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit's place in a list; ``points`` is what the rank is worth before quarters are combined and capped."""

    unit_id: str
    rank: int
    sent: int
    adopted: int
    points: Decimal


@dataclass(frozen=True, slots=True)
class InformationList:
    """One quarter's list by one measure, of everybody or of one group (``group`` is blank for everybody)."""

    quarter: str
    name: str
    group: str
    entries: tuple[Entry, ...]


def information_item(facts: CountyFacts) -> Item | None:
    """Return the scheme's item that ranks 信息报送, if it has one."""
    return next((item for item in facts.scheme.items if isinstance(item.rule, QuarterlyTopRanks)), None)


def information_lists(facts: CountyFacts) -> list[InformationList]:
    """Rank every quarter's rows of 信息报送 under the readings ``info_lists`` and ``info_pool``.

    Competition ranking (1, 1, 3); a unit that sent nothing is on no list, one without an adopted piece not on that of
    adoption rates; rates compare exactly. A scheme without such an item has no lists.
    """
    item = information_item(facts)
    if item is None:
        return []
    assert isinstance(item.rule, QuarterlyTopRanks)
    readings = facts.data.basis.readings
    separate, together = readings["info_lists"] == "separate", readings["info_pool"] == "all_units"
    group_of = {row["unit_id"]: row["group"] for row in facts.results}
    pools = ("",) if together else tuple(group.name for group in facts.scheme.groups)
    made = []
    for quarter in QUARTERS:
        for name in (VOLUME, RATE) if separate else (BOTH,):
            for pool in pools:
                rows = [
                    row
                    for row in facts.tables[TABLE]
                    if row["季度"] == quarter and (not pool or group_of[row["单位"]] == pool)
                ]
                made.append(InformationList(quarter, name, pool, _ranked(rows, name, item.rule.rank_points, facts)))
    return made


def _ranked(rows: Iterable[Row], name: str, worth: tuple[Decimal, ...], facts: CountyFacts) -> tuple[Entry, ...]:
    standings = [(standing, row) for row in rows if (standing := _standing(row, name)) is not None]
    order = {unit: place for place, unit in enumerate(facts.names)}
    ranks: dict[tuple[Fraction, ...], int] = {}
    for place, standing in enumerate(sorted((standing for standing, _ in standings), reverse=True), start=1):
        ranks.setdefault(standing, place)
    entries = []
    for own, row in standings:
        rank = ranks[own]
        points = worth[rank - 1] if rank <= len(worth) else ZERO
        entries.append(Entry(row["单位"], rank, row["报送条数"], row["采用条数"], points))
    return tuple(sorted(entries, key=lambda entry: (entry.rank, order[entry.unit_id])))


def _standing(row: Row, name: str) -> tuple[Fraction, ...] | None:
    sent, adopted = row["报送条数"], row["采用条数"]
    if sent == 0 or (name == RATE and adopted == 0):
        return None
    rate = Fraction(adopted, sent)
    return {VOLUME: (Fraction(sent),), RATE: (rate,), BOTH: (Fraction(sent), rate)}[name]


def percent(adopted: int, sent: int) -> str:
    """Print an adoption rate with one decimal; nothing sent has none.

    >>> percent(1, 3), percent(0, 0)
    ('33.3%', '—')
    """
    if not sent:
        return "—"
    return f"{(Decimal(adopted * 100) / sent).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def check_lists(facts: CountyFacts, lists: Iterable[InformationList]) -> None:
    """Hold the lists to the ledger: a judged unit's rank there is its rank here. Raises AssertionError, in words."""
    item = information_item(facts)
    if item is None:
        return
    told: defaultdict[str, list[str]] = defaultdict(list)
    for line in facts.bonus_lines(item.id):
        told[line.unit_id].append(line.label)
    judged = {row["unit_id"] for row in facts.opened}
    for one in lists:
        for entry in one.entries:
            start = f"第{one.quarter}季度{one.name}：第 {entry.rank} 名，"
            if entry.unit_id in judged and not any(label.startswith(start) for label in told[entry.unit_id]):
                raise AssertionError(f"{entry.unit_id}：{TABLE}榜单“{start}”与台账不符")
