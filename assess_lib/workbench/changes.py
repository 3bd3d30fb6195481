"""What a what-if changes, as plain data: rows switched, amounts set, readings and run date chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from assess_lib.tables import TABLES, Row, Source

DECISIONS = "调整复核"


class Object(NamedTuple):
    """What one 调整复核 decides on: a row by its 编号, or all of the unit's rows of a 工单编号."""

    table: str
    number: str
    unit_id: str

    @classmethod
    def of(cls, row: Row) -> Object | None:
        """Return what a decision on this row would name; None where the contract knows no decision on the table."""
        column = TABLES[row.table].object_column
        return cls(row.table, row[column], row["单位"]) if column else None

    @classmethod
    def decided(cls, decision: Row) -> Object:
        """Return what a row of 调整复核 decides on."""
        return cls(decision["对象表"], decision["对象编号"], decision["单位"])


@dataclass(frozen=True, slots=True)
class Amount:
    """A new amount of a row: 扣分 or 评定分 in points; ``count`` is the 数量 it was worked out from, if it was."""

    value: Decimal
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs from the official state; an empty one is the official state.

    ``removed`` are rows taken away as if they had never been handed in (tables without decisions, and decisions that
    are lifted); ``withdrawn`` are objects taken out as 撤销 does; ``amounts`` are objects given another amount as 改值
    does. ``readings`` holds only those that differ, ``run_date`` is None where it is the official one.
    """

    removed: frozenset[Source] = frozenset()
    withdrawn: frozenset[Object] = frozenset()
    amounts: Mapping[Object, Amount] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    run_date: date | None = None

    @property
    def nothing(self) -> bool:
        """Whether this is the official state."""
        return self == Changes()

    def with_removed(self, source: Source, gone: bool) -> Changes:
        """Take a row away, or put it back."""
        return replace(self, removed=self.removed | {source} if gone else self.removed - {source})

    def with_withdrawn(self, thing: Object, gone: bool) -> Changes:
        """Withdraw an object, or put it back as it officially stands; an amount set for it is forgotten."""
        cleared = self.without_amount(thing)
        return replace(cleared, withdrawn=self.withdrawn | {thing} if gone else self.withdrawn - {thing})

    def with_amount(self, thing: Object, amount: Amount) -> Changes:
        """Give an object another amount; it is no longer withdrawn."""
        return replace(self, withdrawn=self.withdrawn - {thing}, amounts={**self.amounts, thing: amount})

    def without_amount(self, thing: Object) -> Changes:
        """Leave an object the amount that it officially has."""
        return replace(self, amounts={known: amount for known, amount in self.amounts.items() if known != thing})

    def owns(self, thing: Object) -> bool:
        """Tell whether the what-if itself decides on an object, whatever was officially decided."""
        return thing in self.withdrawn or thing in self.amounts
