"""信息报送 (四（三）4) of all units at once; the rules of ``rules.ranking``."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from assess_lib.exact import to_cents
from assess_lib.rules.ranking import quarter_not_reported
from assess_lib.scale.columns import NONE, Ints
from assess_lib.scale.judged import ROSTER, Doubted, Judged, absent
from assess_lib.scale.rows import Rows, awarded
from assess_lib.scale.rows import status_code as code
from assess_lib.scale.sums import competition_ranks, half_up, starts
from assess_lib.scale.year import SOMEONE, TABLE_CODES, Year
from assess_lib.scheme import Item, QuarterlyTopRanks
from assess_lib.tables import TABLES

TABLE = "信息报送"
QUARTERS = TABLES[TABLE].column("季度").choices


def quarterly_top_ranks(item: Item, year: Year) -> Judged:
    """Judge B4 (四（三）4): each quarter the top ranks by volume and by adoption rate earn points.

    Competition ranking (1, 1, 3); equal ranks earn in full each. The readings ``info_lists``, ``info_pool`` and
    ``info_quarters`` choose the lists, who is ranked, and how quarters combine before the cap. Vetoed units and units
    below the gate keep their place. Adoption rates compare exactly.
    """
    rule = item.rule
    assert isinstance(rule, QuarterlyTopRanks)
    table = year.table(TABLE)
    quarter = table.choices("季度")
    at = year.cells(TABLE, "季度", quarter, len(QUARTERS))
    has = at != NONE
    reported = has.any(axis=1)
    prices = np.array([*(to_cents(points) for points in rule.rank_points), 0], dtype=np.int64)
    # by unit, quarter and list: the points of the place; a unit that is not on the list has none
    points = np.stack(
        [
            np.append(np.where(ranks == 0, 0, prices[np.minimum(ranks, len(prices)) - 1]), 0)[at]
            for ranks in list_ranks(ranked_pool(quarter, year), year)
        ],
        axis=2,
    )
    totals = points.sum(axis=2)
    combine = year.readings["info_quarters"]
    best = totals.argmax(axis=1)  # the first of equal quarters
    reading = year.reading("info_lists", "info_quarters", "info_pool")
    blocks = []
    for number in range(len(QUARTERS)):
        told = np.flatnonzero(has[:, number])
        gap = np.flatnonzero(reported & ~has[:, number])
        blocks.append(Rows.of(gap, status="unresolved", table=ROSTER, row=gap))
        kept = combine == "sum" or (best[told] == number if combine == "best" else False)
        for which in range(points.shape[2]):
            blocks.append(
                Rows.of(
                    told,
                    nominal=np.where(kept, points[told, number, which], 0),
                    status=np.where(kept | (combine == "mean"), code("counted"), code("suppressed")),
                    reading=reading,
                    table=TABLE_CODES[TABLE],
                    row=table.origin[at[told, number]],
                )
            )
    if combine == "mean":
        told = np.flatnonzero(reported)
        value = half_up(totals[told].sum(axis=1), np.full(len(told), len(QUARTERS), dtype=np.int64))
        first = at[told, has[told].argmax(axis=1)]
        blocks.append(
            Rows.of(
                told,
                nominal=value,
                reading=reading,
                table=TABLE_CODES[TABLE],
                row=table.origin[first],
            )
        )
    rows = Rows.joined(blocks)
    rows = awarded(rows, rows.nominal, to_cents(item.full))
    silence, missing = absent(TABLE, year)
    gaps = [
        Doubted(reported & ~has[:, number], quarter_not_reported(quarter, SOMEONE).message)
        for number, quarter in enumerate(QUARTERS)
    ]
    return Judged.scored(Rows.joined([rows, silence]), 0, year, (missing, *gaps))


def ranked_pool(quarter: Ints, year: Year) -> Ints:
    """Return a code for the quarter of each row of 信息报送 and, ranked by group, for its unit's group."""
    if year.readings["info_pool"] != "by_group":
        return quarter
    return year.group_codes[year.units(TABLE)] * len(QUARTERS) + quarter


def list_ranks(pool: Ints, year: Year) -> list[Ints]:
    """Return for each list in force the rank of every row of 信息报送 in its pool; 0 for a row that is not on it."""
    table = year.table(TABLE)
    sent, adopted = table.whole("报送条数"), table.whole("采用条数")
    rate = rate_order(adopted, sent)
    if year.readings["info_lists"] == "separate":
        return [competition_ranks(pool, sent > 0, sent), competition_ranks(pool, (sent > 0) & (adopted > 0), rate)]
    return [competition_ranks(pool, sent > 0, sent, rate)]


def rate_order(part: Ints, whole: Ints) -> Ints:
    """Return a number for each fraction ``part / whole`` that orders them exactly, equal fractions alike.

    A whole of 0 counts as the fraction 0. Fractions in lowest terms are equal or not at a glance; division in binary
    floats orders those that lie further apart than its error, and the few that do not are compared as fractions.
    """
    whole = np.where(whole == 0, 1, whole)
    divisor = np.gcd(part, whole)
    top, bottom = part // divisor, whole // divisor
    order = np.lexsort((bottom, top))
    new = starts(top[order]) | starts(bottom[order])
    different = order[new]
    top, bottom = top[different], bottom[different]
    near = top / bottom
    line = np.argsort(near, kind="stable")
    # Each float is off by less than four units of its last place; closer neighbours are not told apart by it.
    close = near[line][1:] - near[line][:-1] <= 8 * np.spacing(near[line][1:])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], close.astype(np.int8), [0]))))
    for start, stop in edges.reshape(-1, 2):
        stretch = line[start : stop + 1].tolist()
        line[start : stop + 1] = sorted(stretch, key=lambda at: Fraction(int(top[at]), int(bottom[at])))
    rank = np.empty(len(line), dtype=np.int64)
    rank[line] = np.arange(len(line), dtype=np.int64)
    result = np.empty(len(order), dtype=np.int64)
    result[order] = rank[np.cumsum(new) - 1]
    return result
