"""What an item can come to when some of its rows are corrected, and the fewest rows that bring it there.

Amounts are whole cents. Every function returns each value that the item can take with one smallest set of corrections
(their places in the unit's list) that gives it. All subsets are covered without being tried: what two subsets have in
common for everything that follows (the same running sum, cut at its cap) is kept once, with the smaller subset.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from assess_lib.exact import mean, to_cents, to_points

Rows = tuple[int, ...]
H = TypeVar("H", bound=Hashable)


def keep(options: dict[H, Rows], value: H, rows: Rows) -> None:
    """Note that these corrections give a value, unless fewer are known to, or as few that stand higher up."""
    known = options.get(value)
    if known is None or (len(rows), rows) < (len(known), known):
        options[value] = rows


@dataclass(frozen=True, slots=True)
class Deduction:
    """A row that deducts: its standard, what it takes by itself, and its place among the corrections."""

    standard: str
    amount: int
    row: int


def deducted(full: int, deductions: Sequence[Deduction], caps: Mapping[str, int | None]) -> dict[int, Rows]:
    """Return what an item that starts at ``full`` and only deducts can come to (四（二）, 四（三）6, 四（三）7).

    ``caps`` is the 扣分上限 of each standard. The order of the facts plays no part in the item's points: they are
    ``full`` less each standard's sum cut at its cap, and never below 0.

    >>> deducted(10000, [Deduction("A", 300, 0), Deduction("A", 300, 1)], {"A": 500})
    {10000: (0, 1), 9700: (0,), 9500: ()}
    """
    taken: dict[int, Rows] = {0: ()}
    for standard in dict.fromkeys(deduction.standard for deduction in deductions):
        own = [deduction for deduction in deductions if deduction.standard == standard]
        cap = caps[standard]
        if cap is None:  # as if each row had a standard of its own
            taken = _taken(taken, own, full)
            continue
        within = _taken({0: ()}, own, min(cap, full))
        joined: dict[int, Rows] = {}
        for before, rows in taken.items():
            for amount, more in within.items():
                keep(joined, min(full, before + amount), rows + more)
        taken = joined
    return {full - total: rows for total, rows in sorted(taken.items())}


def _taken(before: dict[int, Rows], deductions: Iterable[Deduction], limit: int) -> dict[int, Rows]:
    """Return what rows can take on top of what was taken before, cut at ``limit``."""
    for deduction in deductions:
        grown: dict[int, Rows] = {}
        for total, rows in before.items():
            keep(grown, min(limit, total + deduction.amount), rows)
            keep(grown, total, (*rows, deduction.row))
        before = grown
    return before


def means(scores: Sequence[tuple[int, int]]) -> dict[int | None, Rows]:
    """Return what the mean of some scores can come to, rounded once, half up; None where no score is left.

    Takes (score, row) pairs.

    >>> means([(100, 0), (201, 1)])
    {151: (), 100: (1,), 201: (0,), None: (0, 1)}
    """
    points = [score for score, _ in scores]
    low = min(points, default=0)
    sums = _sums([score - low for score in points])
    found: dict[int | None, Rows] = {}
    for count in range(len(scores), 0, -1):  # what more scores give needs fewer corrections
        left, worth = sums[0][count], partial(_mean_of, count, low)
        while left:
            least = (left & -left).bit_length() - 1
            value = worth(least)
            same = bisect_right(range(least, least + count), value, key=worth)  # a cent more takes as many cents in all
            if value not in found:
                found[value] = _left_out(scores, low, sums, count, ((1 << same) - 1) << least)
            left = left >> (least + same) << (least + same)
    return {**found, None: tuple(row for _, row in scores)}


def _mean_of(count: int, low: int, total: int) -> int:
    return to_cents(mean([to_points(total + count * low)], count))


def _sums(scores: Sequence[int]) -> list[list[int]]:
    """Return what the scores from each place on can add up to, by how many of them are kept.

    A set of sums is one number with a bit for each sum: so all subsets are added up with a few operations.
    """
    sums = [[1]]
    for score in reversed(scores):
        without = [*sums[-1], 0]
        kept = [0, *(total << score for total in sums[-1])]
        sums.append([a | b for a, b in zip(without, kept, strict=True)])
    return sums[::-1]


def _left_out(
    scores: Sequence[tuple[int, int]], low: int, sums: Sequence[Sequence[int]], count: int, wanted: int
) -> Rows:
    """Return which rows go where ``count`` scores stay and add up to one of the wanted sums: the uppermost ones."""
    rows = []
    for place, (score, row) in enumerate(scores):
        rest = sums[place + 1]
        if count < len(rest) and rest[count] & wanted:
            rows.append(row)
        else:
            count, wanted = count - 1, wanted >> (score - low)
    return tuple(rows)


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """What a set of corrections costs: the order of the fields decides what is small first."""

    first: int
    second: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.first + other.first, self.second + other.second)


def cost(rows: Rows, moved: int, by_points: bool) -> Cost:
    """Return a set's cost: rows and then points moved, or points moved and then rows."""
    return Cost(moved, len(rows)) if by_points else Cost(len(rows), moved)


Priced = dict[int, tuple[Cost, Rows]]


def cheapest(options: Iterable[tuple[int, Cost, Rows]]) -> Priced:
    """Keep the cheapest way to each value."""
    found: Priced = {}
    for value, price, rows in options:
        known = found.get(value)
        if known is None or price < known[0]:
            found[value] = (price, rows)
    return found


def added(left: Priced, right: Priced, limit: int) -> Priced:
    """Return what two parts add up to, cut at ``limit``: the cheapest way to each sum."""
    return cheapest(
        (min(limit, a + b), price + more, rows + others)
        for a, (price, rows) in left.items()
        for b, (more, others) in right.items()
    )
