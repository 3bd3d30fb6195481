"""Items that earn points up to a cap, of all units at once; the rules of ``rules.award``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import compress, product

import numpy as np

from assess_lib.exact import ZERO, to_cents
from assess_lib.scale.columns import NONE, Flags, Ints, pair_codes, refuse, tie_break
from assess_lib.scale.judged import Judged, absent, nothing_noted
from assess_lib.scale.rows import Rows, awarded, status_code
from assess_lib.scale.sums import half_up, starts, sum_by
from assess_lib.scale.year import TABLE_CODES, Year
from assess_lib.scheme import KNOWN_READINGS, HighestLevelPerMatter, Item, MeanOfRaters, MeanPerMatter
from assess_lib.tables import TABLES


def mean_per_matter(item: Item, year: Year) -> Judged:
    """Judge B1 (四（三）1): the mean of each matter's approved scores; matters add up to the cap.

    Revoked rows and, under ``missing_evidence=withhold``, rows without indexed evidence do not count; 改值 replaces a
    score. Each matter's mean is rounded once, half up, to 0.01.
    """
    rule = item.rule
    assert isinstance(rule, MeanPerMatter)
    name = "评定加分"
    table, units = year.table(name), year.units(name)
    together = pair_codes(units, table.text_order("事项"))
    order = np.argsort(together, kind="stable")
    order = tie_break(together, order, lambda rows: table.text_order("编号", rows))
    unit, matter = units[order], together[order]
    score = table.cents("评定分")[order]
    decisions = year.decisions(name)
    revoked, decided = decisions.revoked[order], decisions.decided[order]
    proven = year.has_evidence(name)[order]
    withheld = ~revoked & ~proven & (year.readings[_LACKING] == "withhold")
    counted = np.flatnonzero(~revoked & ~withheld)
    aside = np.flatnonzero(revoked | withheld)
    reading, source = year.reading(_LACKING), TABLE_CODES[name]
    set_aside = Rows.of(
        unit[aside],
        nominal=score[aside],
        status=np.where(revoked[aside], status_code("revoked"), status_code("no_evidence")),
        reading=np.where(revoked[aside], 0, reading),
        table=source,
        row=table.origin[order[aside]],
    )
    value = np.where(decided, decisions.new_value[order], score)
    _within(rule.score_max, value[counted], name, "评定分")
    first = np.flatnonzero(starts(matter[counted]))
    means = half_up(_sums(value[counted], first), np.diff(np.append(first, len(counted))))
    changed = _sums(decided[counted], first) > 0
    # The mean hangs on the reading where a score without evidence is in it, or is left out of it.
    hangs = np.isin(matter[counted][first], matter[~revoked & ~proven])
    matters = Rows.of(
        unit[counted][first],
        nominal=means,
        status=np.where(changed, status_code("adjusted"), status_code("counted")),
        reading=np.where(hangs, reading, 0),
        table=source,
        row=table.origin[order[counted][first]],
    )
    return _with_absence(Rows.joined([set_aside, matters]), to_cents(item.full), name, year)


def _sums(values: Ints | Flags, first: Ints) -> Ints:
    """Add up each run of rows; ``first`` are the runs' first positions."""
    values = values.astype(np.int64)
    return np.add.reduceat(values, first) if len(first) else values[:0]


def _within(most: Decimal, marks: Ints, table: str, column: str) -> None:
    """Hold marks to the scheme's largest one. Raises InputRejected, as no sum of larger ones would be safe."""
    if (marks > to_cents(most)).any():
        raise refuse(table, column, f"有高于 {most} 的分值。", "请先用 assess check 清洗。")


def _with_absence(rows: Rows, cap: int, table: str, year: Year) -> Judged:
    """Cut the rows of an awarding item by its cap, and add those of the units that the table does not name."""
    earning = (rows.status == status_code("counted")) | (rows.status == status_code("adjusted"))
    rows = awarded(rows, np.where(earning, rows.nominal, 0), cap)
    silence, missing = absent(table, year)
    return Judged.scored(Rows.joined([rows, silence]), 0, year, (missing,))


@dataclass(frozen=True, slots=True)
class _Standings:
    """Where the 表彰宣传 rows of one item stand before items and matters are compared, by unit, day and place.

    ``row`` is the position in the table, ``matter`` a code of unit and matter together; ``winners`` are the positions
    here of the rows that speak for a matter, in the order of ``matter``.
    """

    row: Ints
    unit: Ints
    matter: Ints
    points: Ints
    status: Ints
    rank: Ints
    winners: Ints
    compared: Mapping[str, Flags]
    """By which readings a row met another item or matter, once they were compared."""


def highest_level_per_matter(item: Item, year: Year) -> Judged:
    """Judge B2 and B3 (四（三）2, 四（三）3): each matter once, at its highest level; matters add up to the cap.

    ``same_matter_across_items=once`` keeps a matter only in the item where it earns more (equal: the item that stands
    first in the scheme); ``different_matters=best`` keeps the best matter only.
    """
    rule = item.rule
    assert isinstance(rule, HighestLevelPerMatter)
    name = "表彰宣传"
    own = _settled(item, year, year.readings)
    # A reading that lets a row count may do so at another row's cost, in this item or in the other one: each is tried.
    hangs = {key: own.compared.get(key, np.zeros(len(own.row), dtype=bool)) for key in (_LACKING, _ACROSS, _SEVERAL)}
    for key in hangs:
        for option in KNOWN_READINGS[key]:
            if option != year.readings[key]:
                hangs[key] = hangs[key] | (_settled(item, year, {**year.readings, key: option}).status != own.status)
    reading = np.zeros(len(own.row), dtype=np.int64)
    for used in product((False, True), repeat=len(hangs)):
        at = np.logical_and.reduce([on == wanted for on, wanted in zip(hangs.values(), used, strict=True)])
        if any(used) and at.any():
            reading[at] = year.reading(*compress(hangs, used))
    rows = Rows.of(
        own.unit,
        nominal=own.points,
        status=own.status,
        reading=reading,
        table=TABLE_CODES[name],
        row=year.table(name).origin[own.row],
    )
    named = year.reported(name)
    unnamed = nothing_noted([rows], year)
    unnamed = unnamed.take(named[unnamed.unit])
    return _with_absence(Rows.joined([rows, unnamed]), to_cents(item.full), name, year)


_LACKING, _ACROSS, _SEVERAL = "missing_evidence", "same_matter_across_items", "different_matters"


def _settled(item: Item, year: Year, readings: Mapping[str, str]) -> _Standings:
    """Return the standings of an item after items and matters were compared under readings."""
    assert isinstance(item.rule, HighestLevelPerMatter)
    own = _standings(item.rule, year, readings)
    shared, beaten = _rivalry(item, own, year, readings)
    staying = own.winners[~beaten]
    best = staying[np.lexsort((own.rank[staying], own.unit[staying]))]
    best = best[starts(own.unit[best])]
    matters = sum_by(own.unit[staying], np.ones(len(staying), dtype=np.int64), year.size)[own.unit]
    counts, stays, is_shared, is_beaten = (np.zeros(len(own.row), dtype=bool) for _ in range(4))
    counts[best if readings[_SEVERAL] == "best" else staying] = True
    stays[staying] = True
    is_shared[own.winners[shared]] = True
    is_beaten[own.winners[beaten]] = True
    could = own.status == status_code("counted")
    return replace(
        own,
        status=np.where(could & ~counts, status_code("suppressed"), own.status),
        # The row's points hang on these readings only where there is another matter or another item.
        compared={_ACROSS: (counts & is_shared) | is_beaten, _SEVERAL: (counts & (matters > 1)) | (stays & ~counts)},
    )


def _standings(rule: HighestLevelPerMatter, year: Year, readings: Mapping[str, str]) -> _Standings:
    """Return the standings of the rule's category, which its own item and every other one of the kind ask for."""
    key = (__name__, rule.category, readings[_LACKING])
    with year.sharing:
        if key not in year.shared:
            year.shared[key] = _make_standings(rule, year, readings)
        made: _Standings = year.shared[key]
        return made


def _make_standings(rule: HighestLevelPerMatter, year: Year, readings: Mapping[str, str]) -> _Standings:
    """Say of each row of the rule's category what it could earn, or why it cannot."""
    name = "表彰宣传"
    table = year.table(name)
    own = np.flatnonzero(table.codes("加分项", (rule.category,)) != NONE)
    units, days = year.units(name), table.days("日期")
    row = own[np.argsort(pair_codes(units[own], days[own]), kind="stable")]
    levels = TABLES[name].column("层级").choices
    level = table.choices("层级")[row]
    worth: dict[str, Decimal] = {str(key): points for key, points in rule.levels.items()}
    points = np.array([to_cents(worth.get(one, ZERO)) for one in levels], dtype=np.int64)[level]
    earns = np.array([one in worth for one in levels])[level]
    first_day, last_day = year.bounds
    revoked = year.decisions(name).decided[row]
    could = ~revoked & (days[row] >= first_day) & (days[row] <= last_day) & earns
    lacking = could & ~year.has_evidence(name)[row]
    withheld = lacking & (readings[_LACKING] == "withhold")
    status = np.where(could, status_code("counted"), status_code("suppressed"))
    status = np.where(withheld, status_code("no_evidence"), status)
    status = np.where(revoked, status_code("revoked"), status)
    matter = pair_codes(units, table.identities("事项编号"))[row]
    # Rows of one matter: higher points first, then higher level, earlier day, upper row.
    order = np.lexsort((row, days[row], level, -points))
    rank = np.empty(len(row), dtype=np.int64)
    rank[order] = np.arange(len(row), dtype=np.int64)
    candidates = np.flatnonzero(could & ~withheld)
    winners = candidates[np.lexsort((rank[candidates], matter[candidates]))]
    winners = winners[starts(matter[winners])]
    return _Standings(row, units[row], matter, points, status, rank, winners, {})


def _rivalry(item: Item, own: _Standings, year: Year, readings: Mapping[str, str]) -> tuple[Flags, Flags]:
    """Tell which of the item's winning rows have their matter in another item too, and which are beaten there.

    Level points compare, before caps and before ``best``; only ``once`` lets a row be beaten.
    """
    shared, beaten = (np.zeros(len(own.winners), dtype=bool) for _ in range(2))
    matter, points = own.matter[own.winners], own.points[own.winners]
    before = True
    for other in year.scheme.items:
        if other.id == item.id:
            before = False
        elif isinstance(other.rule, HighestLevelPerMatter):
            rivals = _standings(other.rule, year, readings)
            theirs = np.append(rivals.matter[rivals.winners], NONE)
            at = np.searchsorted(theirs[:-1], matter)
            met = theirs[at] == matter
            worth = np.append(rivals.points[rivals.winners], 0)[at]
            shared |= met
            beaten |= met & ((worth > points) | ((worth == points) & before))
    if readings[_ACROSS] != "once":
        beaten[:] = False
    return shared, beaten


def mean_of_raters(item: Item, year: Year) -> Judged:
    """Judge B5 (四（三）5): the mean of the leaders' scores, rounded once, half up, to 0.01."""
    rule = item.rule
    assert isinstance(rule, MeanOfRaters)
    name = "领导评价"
    table, units = year.table(name), year.units(name)
    marks = table.cents("分值")
    _within(rule.score_max, marks, name, "分值")
    first = year.first_row(name)
    rated = np.flatnonzero(first != NONE)
    raters = sum_by(units, np.ones(len(units), dtype=np.int64), year.size)[rated]
    value = half_up(sum_by(units, marks, year.size)[rated], raters)
    rows = Rows.of(rated, nominal=value, table=TABLE_CODES[name], row=year.origin(name, first)[rated])
    return _with_absence(rows, to_cents(item.full), name, year)
