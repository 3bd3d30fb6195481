"""What a rule of this package says of all units at once, and the rows of an item whose table says nothing of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assess_lib.rules.case import not_reported
from assess_lib.scale.columns import NONE, Flags, Ints
from assess_lib.scale.rows import Rows
from assess_lib.scale.sums import sum_by
from assess_lib.scale.year import SOMEONE, TABLE_CODES, Year

ROSTER = TABLE_CODES["单位名录"]
"""The unit's own row is the source of what no other row says."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """Units of which a rule leaves something open, and the sentence that says so (``MARK`` stands for the name)."""

    units: Flags
    message: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One item of every unit: its ledger rows, its points in whole cents or its veto, what remains open.

    ``points`` is None for a veto item, ``vetoed`` for every other. A unit is unresolved where a doubt names it.
    """

    rows: Rows
    doubts: tuple[Doubted, ...]
    points: Ints | None = None
    vetoed: Flags | None = None

    @property
    def unresolved(self) -> Flags:
        """Which units the item leaves open."""
        return np.asarray(np.logical_or.reduce([doubt.units for doubt in self.doubts]))

    @classmethod
    def scored(cls, rows: Rows, start: int, year: Year, doubts: tuple[Doubted, ...]) -> Judged:
        """Make the outcome of a scored item: its points are what it starts at and what its rows move."""
        return cls(rows, doubts, points=start + sum_by(rows.unit, rows.points, year.size))


def absent(table: str, year: Year, lost: Ints | int = 0) -> tuple[Rows, Doubted]:
    """Return the rows of the units of which a table holds nothing (``rules.case.note_absence``), and the doubt.

    Confirmed none moves nothing. Not reported is not zero facts: the unit stays unresolved, and ``lost`` whole cents
    (by unit) are not earned.
    """
    silent = ~year.reported(table)
    confirmed, own = year.confirmed(table)
    told, missing = np.flatnonzero(silent & confirmed), np.flatnonzero(silent & ~confirmed)
    known = np.where(own[told] == NONE, NONE, TABLE_CODES["确认无事项"])
    gone = -np.broadcast_to(np.asarray(lost, dtype=np.int64), year.size)[missing]
    rows = Rows.joined(
        [
            Rows.of(told, table=known, row=own[told]),
            Rows.of(missing, nominal=gone, points=gone, status="unresolved", table=ROSTER, row=missing),
        ]
    )
    return rows, Doubted(silent & ~confirmed, not_reported(table, SOMEONE).message)


def nothing_noted(blocks: Sequence[Rows], year: Year) -> Rows:
    """Return the one row of 0.00 of each unit that has no row at all (``rules.case.note_nothing``)."""
    has = np.zeros(year.size, dtype=bool)
    for rows in blocks:
        has[rows.unit] = True
    return Rows.of(np.flatnonzero(~has))
