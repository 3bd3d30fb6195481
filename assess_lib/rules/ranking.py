"""信息报送 (四（三）4): points for the top ranks of each quarter's lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from assess_lib.exact import ZERO, mean, show
from assess_lib.ledger import Chain, Status
from assess_lib.rules.case import Case, Doubt, Outcome, Unit, chain_for, note_absence
from assess_lib.scheme import Item, QuarterlyTopRanks
from assess_lib.tables import TABLES, Row, Source

TABLE = "信息报送"
QUARTERS = TABLES[TABLE].column("季度").choices

List = Literal["volume", "rate", "both"]
_LIST_NAMES: dict[List, str] = {"volume": "报送量", "rate": "采用率", "both": "报送量（同量按采用率）"}
# Each ranked row names its rivals' rows. Of a list that is longer than any county's only the highest are named, or
# the ledger of a province would grow with the square of its units.
NAMED_RIVALS = 200


@dataclass(frozen=True)
class Ranking:
    """One list of one quarter: the rank of each standing, the rows that its places name, how many stand on it."""

    ranks: Mapping[tuple[int | Fraction, ...], int]
    named: tuple[Source, ...]
    listed: int

    @classmethod
    def of(cls, pool: list[tuple[Source, tuple[int | Fraction, ...]]]) -> Ranking:
        """Rank (row, standing) in competition order (1, 1, 3): the first of equal standings gives the rank."""
        descending = sorted(range(len(pool)), key=lambda position: pool[position][1], reverse=True)
        ranks: dict[tuple[int | Fraction, ...], int] = {}
        for rank, position in enumerate(descending, start=1):
            ranks.setdefault(pool[position][1], rank)
        return cls(ranks, tuple(pool[position][0] for position in sorted(descending[:NAMED_RIVALS])), len(pool))

    @cached_property
    def _places(self) -> dict[Source, int]:
        return {source: place for place, source in enumerate(self.named)}

    def rivals(self, own: Source) -> tuple[Source, ...]:
        """Return the rows that a place on the list names beside its own."""
        place = self._places.get(own)
        return self.named if place is None else self.named[:place] + self.named[place + 1 :]


@dataclass(frozen=True, slots=True)
class Place:
    """One unit's place in one quarter's list: ``rank`` in which ranking; None when the unit is not on it."""

    quarter: str
    list: List
    row: Row
    points: Decimal
    rank: tuple[int, Ranking] | None

    def text(self) -> str:
        """Say the place in words, without another unit's figures."""
        name = f"第{self.quarter}季度{_LIST_NAMES[self.list]}"
        figures = f"报送 {self.row['报送条数']} 条、采用 {self.row['采用条数']} 条"
        if self.rank is None:
            return f"{name}：未上榜（{figures}）"
        rank, ranking = self.rank
        return f"{name}：第 {rank} 名，上榜 {ranking.listed} 个单位（{figures}）"

    def sources(self) -> tuple[Source, ...]:
        """Return the row that holds the place, then those that it is ranked against."""
        own = self.row.source
        if self.rank is None:
            return (own,)
        _, ranking = self.rank
        return (own, *ranking.rivals(own))


def quarterly_top_ranks(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge B4 (四（三）4): each quarter the top ranks by volume and by adoption rate earn points.

    Reads 信息报送. Competition ranking (1, 1, 3); equal ranks earn in full each. The readings ``info_lists``,
    ``info_pool`` and ``info_quarters`` choose the lists, who is ranked, and how quarters combine before
    the cap. Vetoed units and units below the gate keep their place. Adoption rates compare exactly.
    """
    rule = item.rule
    assert isinstance(rule, QuarterlyTopRanks)
    chain = chain_for(item, unit, case)
    rows = {row["季度"]: row for row in case.rows(TABLE, unit)}
    if not rows:
        return Outcome.of(chain, note_absence(chain, item, unit, case, TABLE))
    places = _places(item, unit, case)
    combine = case.readings["info_quarters"]
    totals = dict.fromkeys(QUARTERS, ZERO)
    for place in places:
        totals[place.quarter] += place.points
    best = max(QUARTERS, key=lambda q: totals[q])
    better = f"第{best}季度 {show(totals[best])} 更高或在先，按口径只取最好一季"
    doubts = []
    for quarter in QUARTERS:
        if quarter not in rows:
            doubts.append(_missing_quarter(quarter, chain, unit))
        for place in (p for p in places if p.quarter == quarter):
            if combine == "mean":
                _leave_out(chain, place, case, "计入四季平均，见本项末行", "counted")
            elif combine == "best" and quarter != best:
                _leave_out(chain, place, case, better, "suppressed")
            else:
                _write(chain, place, case)
    if combine == "mean":
        _write_mean(chain, [totals[q] for q in QUARTERS], [rows[q].source for q in rows], case)
    return Outcome.of(chain, doubts)


def lists(readings: Mapping[str, str]) -> tuple[List, ...]:
    """Return the lists that the readings ask for."""
    return ("volume", "rate") if readings["info_lists"] == "separate" else ("both",)


def standing_of(row: Row, which: List) -> tuple[int | Fraction, ...] | None:
    """Return what a list ranks by, exactly; None when the row is not on the list."""
    sent, adopted = row["报送条数"], row["采用条数"]
    if sent == 0 or (which == "rate" and adopted == 0):
        return None
    if which == "volume":
        return (sent,)
    rate = Fraction(adopted, sent)
    return (rate,) if which == "rate" else (sent, rate)


def _places(item: Item, unit: Unit, case: Case) -> list[Place]:
    """Find the unit's places in the lists of all quarters; made once, whatever becomes of the quarters."""
    rule = item.rule
    assert isinstance(rule, QuarterlyTopRanks)
    chosen = lists(case.readings)
    pool = "" if case.readings["info_pool"] == "all_units" else unit.group
    key, shared = (item.id, unit.id, chosen, pool), case.shared[TABLE]
    if key not in shared:
        rows = {row["季度"]: row for row in case.rows(TABLE, unit)}
        shared[key] = [
            _place(rows[quarter], which, rule, pool, case)
            for quarter in QUARTERS
            if quarter in rows
            for which in chosen
        ]
    places: list[Place] = shared[key]
    return places


def _place(row: Row, which: List, rule: QuarterlyTopRanks, pool: str, case: Case) -> Place:
    """Find a row's place in one list of its quarter."""
    own = standing_of(row, which)
    if own is None:
        return Place(row["季度"], which, row, ZERO, None)
    ranking = _rankings(row["季度"], which, case)[pool]
    rank = ranking.ranks[own]
    points = rule.rank_points[rank - 1] if rank <= len(rule.rank_points) else ZERO
    return Place(row["季度"], which, row, points, (rank, ranking))


def list_key(quarter: str, which: List) -> tuple[str, str]:
    """Return the key under which a case shares one list of one quarter; whoever has ranked it already puts it there."""
    return quarter, which


def _rankings(quarter: str, which: List, case: Case) -> dict[str, Ranking]:
    """Return one list of one quarter by group, and that of all units under ``""``; made once, shared by all units."""
    key, shared = list_key(quarter, which), case.shared[TABLE]
    if key not in shared:
        pools: defaultdict[str, list[tuple[Source, tuple[int | Fraction, ...]]]] = defaultdict(list)
        for unit in case.units:
            for row in case.rows(TABLE, unit):
                if row["季度"] == quarter and (standing := standing_of(row, which)) is not None:
                    for pool in ("", unit.group):
                        pools[pool].append((row.source, standing))
        shared[key] = {pool: Ranking.of(entries) for pool, entries in pools.items()}
    rankings: dict[str, Ranking] = shared[key]
    return rankings


def _write(chain: Chain, place: Place, case: Case) -> None:
    """Write one place into the chain, cut by the cap."""
    before = chain.total
    points, cut = chain.room(place.points)

    def formula() -> str:
        made = f"{show(before)} + {show(points)} = {show(before + points)}"
        return f"{made}（应加 {show(place.points)}，本项上限 {show(chain.ceiling)}）" if cut else made

    chain.append(
        place.text,
        cut or "counted",
        nominal=place.points,
        points=points,
        formula=formula,
        reading=lambda: case.reading("info_lists", "info_quarters", "info_pool"),
        source=place.sources,
    )


def _leave_out(chain: Chain, place: Place, case: Case, why: str, status: Status) -> None:
    """Write one place whose points do not count by themselves, and why."""
    chain.note(
        place.text,
        status,
        formula=lambda: f"{show(chain.total)} + {show(ZERO)} = {show(chain.total)}（得 {show(place.points)}，{why}）",
        reading=lambda: case.reading("info_lists", "info_quarters", "info_pool"),
        source=place.sources,
    )


def _write_mean(chain: Chain, totals: list[Decimal], sources: list[Source], case: Case) -> None:
    """Write the mean of the quarters, always over four, rounded once, then cut by the cap."""
    before, value = chain.total, mean(totals)
    points, cut = chain.room(value)

    def formula() -> str:
        listed = " + ".join(show(t) for t in totals)
        note = f"；应加 {show(value)}，本项上限 {show(chain.ceiling)}" if cut else ""
        price = f"({listed}) ÷ {len(totals)} = {show(value)}{note}"
        return f"{show(before)} + {show(points)} = {show(before + points)}（{price}）"

    chain.append(
        "四个季度平均",
        cut or "counted",
        nominal=value,
        points=points,
        formula=formula,
        reading=lambda: case.reading("info_lists", "info_quarters", "info_pool"),
        source=sources,
    )


def _missing_quarter(quarter: str, chain: Chain, unit: Unit) -> Doubt:
    """Leave the item unresolved for a quarter without a row; the quarter counts 0.00 meanwhile."""
    chain.note(
        f"第{quarter}季度没有信息报送登记：待定",
        "unresolved",
        formula="暂按 0.00 计",
        source=(unit.source,),
    )
    return quarter_not_reported(quarter, unit)


def quarter_not_reported(quarter: str, unit: Unit) -> Doubt:
    """Say that a unit's figures of one quarter are missing while those of others are there."""
    return Doubt(
        f"quarter-{quarter}-not-reported",
        TABLE,
        f"“{TABLE}”没有{unit.name}第{quarter}季度的登记。",
        "请补登该季度的报送条数和采用条数；没有报送的填 0。",
    )
