"""Veto items (四（一）) of all units at once; the rules of ``rules.veto``."""

from __future__ import annotations

import numpy as np

from assess_lib.scale.columns import NONE, SECONDS_A_DAY, Flags, Ints, pair_codes, tie_break
from assess_lib.scale.judged import ROSTER, Doubted, Judged, absent
from assess_lib.scale.rows import Rows, status_code
from assess_lib.scale.sums import starts, sum_by
from assess_lib.scale.year import MARK, TABLE_CODES, Year
from assess_lib.scheme import HotlineRedLights, Item, NamedInCircular


def hotline_red_lights(item: Item, year: Year) -> Judged:
    """Judge V1 (四（一）1): too many red lights within the year, or criticised by the city's 大数据局.

    The information centre's row decides; our own count only reconciles, and a different number is unresolved.
    Without that row our own count decides and the item is unresolved.
    """
    rule = item.rule
    assert isinstance(rule, HotlineRedLights)
    lights, own = _own_count(year)
    centre = year.table("信息中心结果")
    first = year.first_row("信息中心结果")
    origin = year.origin("信息中心结果", first)
    known = first != NONE
    told = np.append(centre.whole("红灯次数"), 0)[first]
    criticised = np.append(centre.codes("市大数据局通报", ("是",)) == 0, False)[first]
    differs = known & (told != own)
    vetoed = np.where(known, (told >= rule.limit) | criticised, own >= rule.limit)
    reading = _red_light_reading(year)
    by_centre, without, open_count = np.flatnonzero(known), np.flatnonzero(~known), np.flatnonzero(differs)
    source = TABLE_CODES["信息中心结果"]
    rows = Rows.joined(
        [
            lights,
            Rows.of(without, status="unresolved", reading=reading, table=ROSTER, row=without),
            Rows.of(by_centre, table=source, row=origin[by_centre]),
            Rows.of(open_count, status="unresolved", reading=reading, table=source, row=origin[open_count]),
            Rows.of(
                year.every_unit,
                status="verdict",
                reading=np.where(known, 0, reading),
                table=np.where(known, source, ROSTER),
                row=np.where(known, origin, year.every_unit),
            ),
        ]
    )
    return Judged(rows, (Doubted(~known | differs, MARK),), vetoed=vetoed)


def _red_light_reading(year: Year) -> int:
    return year.reading("red_light_event", "red_light_window")


def _own_count(year: Year) -> tuple[Rows, Ints]:
    """Count our own red lights under the readings in force; every row of 热线红灯 gets its ledger row."""
    table, units = year.table("热线红灯"), year.units("热线红灯")
    moment = table.seconds("红灯时间")
    together = pair_codes(units, moment)
    order = np.argsort(together, kind="stable")
    order = tie_break(together, order, lambda rows: table.text_order("工单编号", rows))
    unit, moment = units[order], moment[order]
    day = moment // SECONDS_A_DAY
    first_day, last_day = year.bounds
    revoked = year.decisions("热线红灯").decided[order]
    helped = table.codes("办理角色", ("协办",))[order] != NONE
    appealed = table.codes("申诉结果", ("成立",))[order] != NONE
    ours = ~revoked & ~helped & ~appealed & (day <= last_day)
    of_year = ours & (day >= first_day)
    event = table.identities("工单编号")[order]
    if year.readings["red_light_event"] == "event":
        event = pair_codes(event, moment)
    event = pair_codes(unit, event)
    inside = of_year
    if year.readings["red_light_window"] == "rolling_12_months":
        able = np.flatnonzero(ours)
        inside = np.zeros(len(order), dtype=bool)
        inside[able] = _fullest_window(unit[able], day[able], event[able], of_year[able])
    counted = np.zeros(len(order), dtype=bool)
    candidates = np.flatnonzero(inside)
    counted[candidates[_previous_alike(event[candidates]) == NONE]] = True
    status = np.where(counted, status_code("counted"), status_code("suppressed"))
    rows = Rows.of(
        unit,
        status=np.where(revoked, status_code("revoked"), status),
        reading=np.where(ours, _red_light_reading(year), 0),
        table=TABLE_CODES["热线红灯"],
        row=table.origin[order],
    )
    return rows, sum_by(unit, counted.astype(np.int64), year.size)


def _previous_alike(codes: Ints) -> Ints:
    """Return for each row the position of the row before it with the same code; NONE for the first of its kind."""
    order = np.argsort(codes, kind="stable")
    previous = np.full(len(codes), NONE, dtype=np.int64)
    again = np.flatnonzero(~starts(codes[order]))
    previous[order[again]] = order[again - 1]
    return previous


def _fullest_window(unit: Ints, day: Ints, event: Ints, of_year: Flags) -> Flags:
    """Mark each unit's rows in its fullest 12 months that end with a red light of the year (the earliest such).

    Rows are in the order of unit and time. The window of a row holds the rows from ``opens`` to ``closes``; both only
    grow from row to row, so that an event that comes back adds to one stretch of windows: those that hold it and not
    the time before.
    """
    if not len(unit):
        return np.zeros(0, dtype=bool)
    earliest, span = int(day.min()), int(day.max()) - int(day.min()) + 400
    own = unit * span + day - earliest
    opens = np.searchsorted(unit * span + _year_after(day) - earliest, own, side="right")
    closes = np.searchsorted(own, own, side="right")
    previous = _previous_alike(event)
    new = np.append(0, np.cumsum(previous == NONE))
    events = new[closes] - new[opens]
    back = np.flatnonzero(previous != NONE)
    since = np.maximum(
        np.searchsorted(closes, back, side="right"), np.searchsorted(opens, previous[back], side="right")
    )
    until = np.searchsorted(opens, back, side="right")
    stretch = since < until
    events += _covered(since[stretch], until[stretch], len(unit))
    last = np.flatnonzero(of_year)
    fullest = last[np.lexsort((last, -events[last], unit[last]))]
    fullest = fullest[starts(unit[fullest])]
    return _covered(opens[fullest], closes[fullest], len(unit)) > 0


def _covered(since: Ints, until: Ints, size: int) -> Ints:
    """Return for each position how many of the stretches [since, until) hold it."""
    change = np.zeros(size + 1, dtype=np.int64)
    np.add.at(change, since, 1)
    np.add.at(change, until, -1)
    return np.cumsum(change)[:size]


def _year_after(day: Ints) -> Ints:
    """Return the same day one year on; 29 February has none, and the month's last day stands for it."""
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    there = month + 12
    last = (there + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    moved = there.astype("datetime64[D]") + (date - month.astype("datetime64[D]"))
    return np.asarray(np.minimum(moved, last).astype(np.int64), dtype=np.int64)


def named_in_circular(item: Item, year: Year) -> Judged:
    """Judge V2 (四（一）2): named in a circular of a high enough level, with prominent public complaints.

    *Named* is 检查督查 or 媒体 with 是否点名 = 是, a *complaint* is 群众反映; the reading ``criticism_scope`` says
    which of them is needed. Under ``named`` complaints without naming are unresolved.
    """
    rule = item.rule
    assert isinstance(rule, NamedInCircular)
    table, units = year.table("通报批评"), year.units("通报批评")
    day = table.days("日期")
    order = np.argsort(pair_codes(units, day), kind="stable")
    unit = units[order]
    revoked = year.decisions("通报批评").decided[order]
    first_day, last_day = year.bounds
    in_scope = ~revoked & ((day >= first_day) & (day <= last_day) & (table.codes("层级", rule.levels) != NONE))[order]
    complaint = (table.codes("类型", ("群众反映",)) != NONE)[order]
    complaints = in_scope & complaint
    namings = in_scope & ~complaint & (table.codes("是否点名", ("是",)) != NONE)[order]
    counts = complaints | namings
    complained, named = (sum_by(unit, flags.astype(np.int64), year.size) > 0 for flags in (complaints, namings))
    scope = year.readings["criticism_scope"]
    doubtful = complained & ~named if scope == "named" else np.zeros(year.size, dtype=bool)
    vetoed = {
        "named": named,
        "named_or_complaints": named | complained,
        "named_and_complaints": named & complained,
    }[scope]
    reading = year.reading("criticism_scope")
    status = np.where(counts, status_code("counted"), status_code("suppressed"))
    silence, missing = absent("通报批评", year)
    to_check = np.flatnonzero(doubtful)
    rows = Rows.joined(
        [
            Rows.of(
                unit,
                status=np.where(revoked, status_code("revoked"), status),
                reading=np.where(counts, reading, 0),
                table=TABLE_CODES["通报批评"],
                row=table.origin[order],
            ),
            silence,
            Rows.of(to_check, status="unresolved", reading=reading, table=ROSTER, row=to_check),
            Rows.of(year.every_unit, status="verdict", reading=reading, table=ROSTER, row=year.every_unit),
        ]
    )
    return Judged(rows, (missing, Doubted(doubtful, MARK)), vetoed=vetoed)
