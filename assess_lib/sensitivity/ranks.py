"""Competition ranks of all units under all combinations at once, by sorting whole cents."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from assess_lib.sensitivity.space import NO_SCORE, Codes, Space

BLOCK = 4_000_000  # scores that are sorted at a time: a few dozen megabytes


def competition_ranks(scores: Codes) -> Codes:
    """Rank the rows of each column, the highest first, equal scores alike (1, 1, 3); ``NO_SCORE`` has no rank: 0.

    Takes whole numbers of shape (units, combinations), returns ranks of the same shape.

    >>> competition_ranks(np.array([[5], [9], [NO_SCORE], [9]])).T.tolist()
    [[3, 1, 0, 1]]
    """
    columns = np.ascontiguousarray(scores.T)  # one combination after the other: sorted where it lies
    order = np.argsort(-columns, axis=1)  # equal scores get the same rank, whichever comes first
    order += np.arange(len(columns))[:, np.newaxis] * len(scores)
    descending = columns.ravel()[order]
    starts = np.ones(columns.shape, dtype=bool)
    starts[:, 1:] = descending[:, 1:] != descending[:, :-1]
    position = np.arange(1, len(scores) + 1, dtype=np.int64)
    ranks = np.empty(columns.size, dtype=np.int64)
    ranks[order] = np.maximum.accumulate(np.where(starts, position, 0), axis=1)
    return np.where(scores == NO_SCORE, 0, ranks.reshape(columns.shape).T)


def rank_units(finals: Sequence[Codes], groups: Sequence[str], space: Space) -> tuple[Codes, Codes]:
    """Rank units within their group and overall under all combinations.

    Takes each unit's final score in cents by combination (``NO_SCORE``: none) and its group. Returns two arrays
    of shape (units, one axis a reading); readings that move nobody have length 1. 0 stands for no rank. Works in
    blocks of combinations, so that memory stays within bounds however many units there are.
    """
    shape = np.broadcast_shapes(space.whole(), *(final.shape for final in finals))
    small = np.min_scalar_type(len(finals))
    within, overall = (np.zeros((len(finals), *shape), dtype=small) for _ in range(2))
    members = {group: [n for n, own in enumerate(groups) if own == group] for group in dict.fromkeys(groups)}
    outer = next((n for n in range(len(shape)) if len(finals) * prod(shape[n:]) <= BLOCK), len(shape))
    inner = shape[outer:]
    for place in np.ndindex(shape[:outer]):
        scores = np.stack([_part(final, place, inner) for final in finals])
        at = (slice(None), *place)
        overall[at] = competition_ranks(scores).reshape(-1, *inner)
        for rows in members.values():
            within[(rows, *place)] = competition_ranks(scores[rows]).reshape(-1, *inner)
    return within, overall


def _part(final: Codes, place: tuple[int, ...], inner: tuple[int, ...]) -> Codes:
    """Cut out the combinations whose leading readings stand at a place, as one row."""
    at = tuple(min(n, length - 1) for n, length in zip(place, final.shape, strict=False))
    return np.broadcast_to(final[at], inner).ravel()
