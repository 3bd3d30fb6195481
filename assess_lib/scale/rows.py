"""Ledger rows of one item as arrays, and the running total between floor and cap (as ``ledger.Chain`` keeps it)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np

from assess_lib.ledger import Status
from assess_lib.scale.columns import NONE, Flags, Ints, pair_codes
from assess_lib.scale.sums import running, starts

LARGE = 2**61
"""More than any ceiling, and still far from overflowing when a sum is added to it."""
STATUSES: tuple[str, ...] = get_args(Status)


def status_code(status: Status) -> int:
    """Return the code of a ledger status: its place in the published list."""
    return STATUSES.index(status)


def take_each(arrays: Iterable[Ints], at: Ints | Flags | slice) -> Iterator[Ints]:
    """Yield the same rows of several arrays; one that holds a single value for all of them need not be copied."""
    for values in arrays:
        if len(values) and values.strides == (0,):
            chosen = np.arange(len(values))[at] if isinstance(at, slice) or at.dtype == bool else at
            yield np.broadcast_to(values[0], len(chosen))
        else:
            yield values[at]


@dataclass(frozen=True, slots=True)
class Rows:
    """Ledger rows; in a finished item those of one unit stand together, units in roster order.

    ``nominal`` and ``points`` are whole cents (see ``sums.LIMIT`` for a nominal beyond 64 bits); ``status`` is a
    ``status_code``, ``reading`` the number of a text, and ``table`` and ``row`` say where the first row that the
    ledger names as its source stands: position in the list of tables, position in that table's file; NONE for none.
    """

    unit: Ints
    nominal: Ints
    points: Ints
    status: Ints
    reading: Ints
    table: Ints
    row: Ints

    @classmethod
    def of(
        cls,
        unit: Ints,
        *,
        nominal: Ints | int = 0,
        points: Ints | int = 0,
        status: Ints | Status = "counted",
        reading: Ints | int = 0,
        table: Ints | int = NONE,
        row: Ints | int = NONE,
    ) -> Rows:
        """Make rows of these units; a single value goes for all of them."""
        size = len(unit)

        def full(value: Ints | int) -> Ints:
            return np.broadcast_to(np.asarray(value, dtype=np.int64), size)

        code = status_code(status) if isinstance(status, str) else status
        return cls(
            np.asarray(unit, dtype=np.int64),
            full(nominal),
            full(points),
            full(code),
            full(reading),
            full(table),
            full(row),
        )

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, at: Ints | Flags | slice) -> Rows:
        """Return some rows, in the order asked for."""
        return Rows(*take_each((getattr(self, one.name) for one in fields(self)), at))

    @classmethod
    def joined(cls, blocks: Sequence[Rows]) -> Rows:
        """Bring blocks together by unit; within one unit the blocks keep their order, and so do their rows."""
        joined = cls(*(np.concatenate([getattr(block, one.name) for block in blocks]) for one in fields(cls)))
        return joined.take(np.argsort(joined.unit, kind="stable"))

    def with_points(self, points: Ints, status: Ints) -> Rows:
        """Return the rows with what they really move, and the status that this gives them."""
        return Rows(self.unit, self.nominal, points, status, self.reading, self.table, self.row)


def awarded(rows: Rows, wanted: Ints, cap: int) -> Rows:
    """Add up what each row wants, from 0 to the cap: ``ledger.Chain.room`` for rows that only add.

    A row that does not fit is cut and its status is ``capped``.
    """
    wanted = np.minimum(wanted, cap + 1)  # nothing adds more than there is room for
    total = np.minimum(running(wanted, rows.unit), cap)
    before = _previous(total, rows.unit, 0)
    status = np.where(before + wanted > cap, status_code("capped"), rows.status)
    return rows.with_points(total - before, status)


def _previous(total: Ints, unit: Ints, start: int) -> Ints:
    """Return what a running total stood at before each row; each unit begins at ``start``."""
    before = np.full(len(total), start, dtype=np.int64)
    before[1:] = np.where(starts(unit)[1:], start, total[:-1])
    return before


def deducted(rows: Rows, amount: Ints, standard: Ints, ceilings: Ints, full: int) -> Rows:
    """Take each row's amount from ``full``, cut by its standard's 扣分上限 and then by the floor 0.

    ``amount`` is not negative; ``standard`` is a position in ``ceilings`` (NONE: the row takes nothing), a ceiling
    of NONE is no ceiling. A row cut by its standard is ``capped``, one that the floor cuts ``floored``.
    """
    priced = standard != NONE
    ceiling = np.append(ceilings, NONE)[standard]
    # Nothing takes more than there is, so larger amounts and ceilings need not be added up as they are.
    enough = full + 1
    allowed = np.where(priced, np.minimum(amount, enough), 0)
    limited = np.flatnonzero(priced & (ceiling != NONE))
    limited = limited[np.argsort(pair_codes(rows.unit[limited], standard[limited]), kind="stable")]
    key = pair_codes(rows.unit[limited], standard[limited])
    asked = running(allowed[limited], key)
    least = np.minimum(ceiling[limited], enough)
    allowed[limited] = np.minimum(asked, least) - np.minimum(asked - allowed[limited], least)
    after = np.maximum(full - running(allowed, rows.unit), 0)
    left = _previous(after, rows.unit, full)
    real = left - after
    room = ceiling[limited] - (running(real[limited], key) - real[limited])
    over = np.minimum(amount[limited], LARGE) > room
    cut = np.minimum(amount, LARGE)
    cut[limited[over]] = room[over]
    status = rows.status.copy()
    status[limited[over]] = status_code("capped")
    status[priced & (cut > left)] = status_code("floored")
    return rows.with_points(-real, status)
