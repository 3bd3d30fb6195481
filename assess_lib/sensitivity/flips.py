"""The smallest sets of reading changes that change a conclusion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assess_lib.sensitivity.space import Codes, Space

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Change:
    """One reading changed: which, from which option to which."""

    reading: str
    before: str
    after: str


def minimal_changes(differs: Mask, place: tuple[int, ...], space: Space) -> Iterator[tuple[Change, ...]]:
    """Yield every minimal set of changes that leads from ``place`` to where ``differs`` holds, the smallest first.

    ``differs`` says by combination whether the conclusion is another one than at ``place``. A set is minimal when
    no part of it is enough; a set of two is told only when neither of its changes does it alone.
    """
    for at in sorted(map(tuple, np.argwhere(_minimal(differs, place)).tolist()), key=lambda at: _order(at, place)):
        yield tuple(
            Change(key, space.options[key][old], space.options[key][new])
            for key, length, old, new in zip(space.keys, differs.shape, place, at, strict=True)
            if length > 1 and old != new
        )


def _order(at: tuple[int, ...], place: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    changed = tuple(axis for axis, (new, old) in enumerate(zip(at, place, strict=True)) if new != old)
    return len(changed), (*changed, *at)


def _minimal(differs: Mask, place: tuple[int, ...]) -> Mask:
    """Mark where the conclusion differs although taking any of the changes back restores it, and any part of them."""
    enough = differs.copy()  # some part of the changes, or all of them, is enough
    for axis, length in enumerate(differs.shape):
        if length > 1:
            enough |= enough.take([place[axis]], axis=axis)
    less: Mask = np.zeros_like(differs)  # already a part is enough
    for axis, length in enumerate(differs.shape):
        if length > 1:
            moved = (np.arange(length) != place[axis]).reshape([-1 if n == axis else 1 for n in range(differs.ndim)])
            less |= moved & enough.take([place[axis]], axis=axis)
    minimal: Mask = differs & ~less
    return minimal


def spread(codes: Codes, axis: int, known: Mask) -> tuple[Codes, Mask]:
    """Return, along one axis, how far apart the largest and the smallest known number lie, and where two are known."""
    high = np.where(known, codes, np.iinfo(np.int64).min).max(axis=axis)
    low = np.where(known, codes, np.iinfo(np.int64).max).min(axis=axis)
    both = np.asarray(known.sum(axis=axis) > 1)
    return np.where(both, high, 0) - np.where(both, low, 0), both
