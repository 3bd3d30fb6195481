"""Who scored, who checked, and who decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from assess_lib.audit.audited import Audited, Step
from assess_lib.audit.lineage import objects_of, touched_by
from assess_lib.exact import times
from assess_lib.tables import Row

SIGNED_TABLES = ("扣分登记", "评定加分")


@dataclass(frozen=True, slots=True)
class Person:
    """How often one person scored (评分人) and checked (复核人), by table in the order of ``SIGNED_TABLES``."""

    name: str
    scored: tuple[int, ...]
    checked: tuple[int, ...]
    both: int
    """Rows that the person both scored and checked."""


def signatures(data: Audited) -> tuple[Person, ...]:
    """Count who scored and checked, the busiest first."""
    scored: Counter[tuple[str, str]] = Counter()
    checked: Counter[tuple[str, str]] = Counter()
    both: Counter[str] = Counter()
    for table in SIGNED_TABLES:
        for row in data.tables[table]:
            scored[row["评分人"], table] += 1
            checked[row["复核人"], table] += 1
            both[row["评分人"]] += row["评分人"] == row["复核人"]
    names = {name for name, _ in (*scored, *checked)}
    people = [
        Person(
            name,
            tuple(scored[name, table] for table in SIGNED_TABLES),
            tuple(checked[name, table] for table in SIGNED_TABLES),
            both[name],
        )
        for name in names
    ]
    return tuple(sorted(people, key=lambda one: (-sum(one.scored) - sum(one.checked), one.name)))


def unchecked(data: Audited) -> tuple[Row, ...]:
    """Return the rows whose scorer and checker are the same person."""
    return tuple(row for table in SIGNED_TABLES for row in data.tables[table] if row["评分人"] == row["复核人"])


@dataclass(frozen=True, slots=True)
class Decided:
    """One 调整复核 decision: its objects, the value before and after (None: no value), the ledger rows it is in."""

    row: Row
    objects: tuple[Row, ...]
    old: Decimal | None
    steps: tuple[Step, ...]


def decisions(data: Audited) -> tuple[Decided, ...]:
    """List the decisions in their file order, each with what it changed."""
    rates = {row["标准编号"]: row["单次扣分"] for row in data.tables["扣分标准"]}
    found = []
    for row in data.tables["调整复核"]:
        objects = objects_of(data, row)
        old = None
        if row["对象表"] == "扣分登记" and objects:
            old = times(rates[objects[0]["标准编号"]], objects[0]["数量"] or 1)
        elif row["对象表"] == "评定加分" and objects:
            old = objects[0]["评定分"]
        found.append(Decided(row, objects, old, touched_by(data, row.source).steps))
    return tuple(found)
