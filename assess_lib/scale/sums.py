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
