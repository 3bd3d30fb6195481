"""Exact sums over groups of rows, in 64 bits; and products that need more."""

from __future__ import annotations

import numpy as np

from assess_lib.scale.columns import Flags, Ints

LIMIT = 2**62
"""Amounts from here on stand for a product that 64 bits cannot hold: entry ``amount - LIMIT`` of the list of such.

Every amount that an input or a scheme can hold is smaller (18 digits), so comparisons with caps come out right.
"""


def starts(key: Ints) -> Flags:
    """Mark the first row of each run of equal keys."""
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    return first


def running(values: Ints, key: Ints) -> Ints:
    """Return the running sum within each run of equal keys.

    >>> running(np.array([1, 2, 3]), np.array([7, 7, 8])).tolist()
    [1, 3, 3]
    """
    if not len(values):
        return values
    total = np.cumsum(values)
    first = np.flatnonzero(starts(key))
    before = total[first] - values[first]
    return np.asarray(total - np.repeat(before, np.diff(np.append(first, len(values)))), dtype=np.int64)


def competition_ranks(pool: Ints, listed: Flags, *keys: Ints) -> Ints:
    """Rank the listed rows of each pool, the highest first, equal rows alike (1, 1, 3); 0 for rows not listed.

    >>> competition_ranks(np.zeros(4, int), np.array([True, True, False, True]), np.array([5, 9, 9, 9])).tolist()
    [3, 1, 0, 1]
    """
    ranks = np.zeros(len(pool), dtype=np.int64)
    at = np.flatnonzero(listed)
    order = at[np.lexsort((*(-key[at] for key in reversed(keys)), pool[at]))]
    new_pool = starts(pool[order])
    new = new_pool.copy()
    for key in keys:
        new |= starts(key[order])
    position = np.arange(len(order), dtype=np.int64)
    opened = np.maximum.accumulate(np.where(new_pool, position, 0))
    ranks[order] = np.maximum.accumulate(np.where(new, position, 0)) - opened + 1
    return ranks


def sum_by(unit: Ints, values: Ints, units: int) -> Ints:
    """Sum values by unit, exactly (``numpy.bincount`` would add floats)."""
    totals = np.zeros(units, dtype=np.int64)
    np.add.at(totals, unit, values)
    return totals


def half_up(total: Ints, parts: Ints) -> Ints:
    """Divide sums that are not negative and round once, half up.

    >>> half_up(np.array([625, 4]), np.array([2, 3])).tolist()
    [313, 1]
    """
    return np.asarray((2 * total + parts) // (2 * parts), dtype=np.int64)


def times(rate: Ints, count: Ints, beyond: list[int]) -> Ints:
    """Multiply amounts by counts exactly; a product beyond 62 bits goes to ``beyond`` (see ``LIMIT``)."""
    product = rate * count
    for row in np.flatnonzero((count > 0) & (rate > (LIMIT - 1) // np.maximum(count, 1))):
        product[row] = LIMIT + len(beyond)
        beyond.append(int(rate[row]) * int(count[row]))
    return np.asarray(product, dtype=np.int64)


def plain(amount: int, beyond: list[int]) -> int:
    """Return what an amount stands for.

    >>> plain(-5, []), plain(-LIMIT, [10**30])
    (-5, -1000000000000000000000000000000)
    """
    if abs(amount) < LIMIT:
        return amount
    exact = beyond[abs(amount) - LIMIT]
    return exact if amount > 0 else -exact
