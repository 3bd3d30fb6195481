"""What corrections make of a unit, found without any search: every subset of its rows, every rule on the whole year.

The rows are edited here as an office would: a decision of 调整复核 revokes a register row, a report gets a day of
receipt. Nothing of ``assess_lib.robustness`` but the description of a correction is used.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from random_year import Year, random_year

from assess_lib.robustness import Correction
from assess_lib.robustness.corrections import list_corrections, own_rows, unit_tables
from assess_lib.rules import METHODS, Case
from assess_lib.scheme import Scheme
from assess_lib.scoring import Verdict, verdict
from assess_lib.tables import TABLES, Row, Source, Tables

REVOCABLE = ("通报批评", "扣分登记", "表彰宣传", "评定加分")
Tally = tuple[int, Decimal]


def blank(table: str, **values: Any) -> dict[str, Any]:
    """Give the values of a row of which only some cells are filled."""
    return {column.name: None for column in TABLES[table].columns} | values


def edited(tables: Tables, corrections: Collection[Correction]) -> Tables:
    """Edit the tables by hand, one correction after the other."""
    made = dict(tables)
    for number, one in enumerate(corrections):
        rows, row = list(made[one.table]), one.row
        if one.table in REVOCABLE:
            assert row is not None
            decisions = [
                d for d in made["调整复核"]
                if (d["对象表"], d["对象编号"], d["单位"]) != (one.table, row["编号"], one.unit_id)
            ]  # fmt: skip
            values = blank(
                "调整复核", 编号=f"更正{number}", 单位=one.unit_id, 对象表=one.table, 对象编号=row["编号"], 处理="撤销",
                理由="更正", 决定人="组长", 决定日期=date(2022, 12, 31), 批准文号="批3",
            )  # fmt: skip
            made["调整复核"] = (*decisions, Row("调整复核", values, Source("更正.csv", "", number + 2)))
        elif one.due is not None:
            received = one.due.due - timedelta(days=40)
            old = (
                row.values if row else blank("材料报送", 单位=one.unit_id, 材料=one.due.material, 季度=one.due.quarter)
            )
            place = row.source if row else Source("补报.csv", "", number + 2)
            kept = [r for r in rows if row is None or r.source != row.source]
            made[one.table] = (*kept, Row(one.table, {**old, "实报日期": received}, place))
        else:
            assert row is not None
            at = next(n for n, r in enumerate(rows) if r.source == row.source)
            if one.table == "参会登记":
                rows[at] = replace(row, values={**row.values, "到会情况": "到会"})
            elif one.table == "交办任务":
                rows[at] = replace(row, values={**row.values, "完成日期": row["时限"] - timedelta(days=1)})
            else:
                del rows[at]
            made[one.table] = tuple(rows)
    return made


@dataclass(frozen=True)
class Seen:
    """One subset's outcome: the verdict, the points of every scored item, judged or not."""

    verdict: Verdict
    points: Mapping[str, Decimal]

    def moved(self, before: Seen) -> Decimal:
        return sum((abs(self.points[item] - before.points[item]) for item in self.points), Decimal(0))


def see(tables: Tables, scheme: Scheme, year: Year, unit_id: str) -> Seen:
    """Run every rule of the unit on the whole year."""
    case = Case.build(tables, scheme, year.readings, year.run_date)
    unit = next(unit for unit in case.units if unit.id == unit_id)
    outcomes = {item.id: METHODS[item.rule.method](item, unit, case) for item in scheme.items}
    points = {item: outcome.points for item, outcome in outcomes.items() if outcome.points is not None}
    vetoed = any(outcome.vetoed for outcome in outcomes.values())
    key = scheme.key_item.id
    earned = sum((value for item, value in points.items() if item != key), Decimal(0))
    return Seen(verdict(vetoed, points[key], earned, scheme, year.readings), points)


def subsets(corrections: Sequence[Correction]) -> Iterator[tuple[Correction, ...]]:
    """Give every subset, the empty one too."""
    for size in range(len(corrections) + 1):
        yield from combinations(corrections, size)


def smallest_by_trying(
    tables: Tables, corrections: Sequence[Correction], scheme: Scheme, year: Year, unit_id: str
) -> dict[str, tuple[Tally, Tally] | None]:
    """Try all subsets: for each aspect the smallest (rows, points) and, points first, the smallest (rows, points)."""
    before = see(tables, scheme, year, unit_id)
    read = {"status": "status", "gate": "bonus_open", "grade": "grade"}
    found: dict[str, list[Tally]] = {aspect: [] for aspect in read}
    for chosen in subsets(corrections):
        after = see(edited(tables, chosen), scheme, year, unit_id)
        for aspect, name in read.items():
            if getattr(after.verdict, name) != getattr(before.verdict, name):
                found[aspect].append((len(chosen), after.moved(before)))
    return {
        aspect: (min(tallies), min(tallies, key=lambda tally: tally[::-1])) if tallies else None
        for aspect, tallies in found.items()
    }


def all_values(
    tables: Tables, corrections: Sequence[Correction], scheme: Scheme, year: Year, unit_id: str
) -> tuple[dict[Decimal, tuple[Tally, Tally]], dict[Decimal, tuple[Tally, Tally]]]:
    """Try all subsets: each key score and each bonus sum (cut at its cap) with its smallest tallies, as above."""
    key_id, cap = scheme.key_item.id, scheme.judgement.bonus_cap.points
    before = see(tables, scheme, year, unit_id)
    keys: dict[Decimal, list[Tally]] = {}
    sums: dict[Decimal, list[Tally]] = {}
    for chosen in subsets(corrections):
        after = see(edited(tables, chosen), scheme, year, unit_id)
        key_moved = abs(after.points[key_id] - before.points[key_id])
        earned = min(cap, sum((v for item, v in after.points.items() if item != key_id), Decimal(0)))
        keys.setdefault(after.points[key_id], []).append((len(chosen), key_moved))
        sums.setdefault(earned, []).append((len(chosen), after.moved(before) - key_moved))
    smallest = [
        {value: (min(found), min(found, key=lambda tally: tally[::-1])) for value, found in values.items()}
        for values in (keys, sums)
    ]
    return smallest[0], smallest[1]


AWARDS = ("表彰宣传", "评定加分", "领导评价", "佐证目录")


def thinned_year(rng: random.Random, scheme: Scheme, most: int, awards: bool = False) -> tuple[Year, str]:
    """Draw a year and one of its units of whose facts only so many are left to correct; the others are set right.

    With ``awards`` those left are awards, their evidence and the leaders' marks as far as there are any.
    """
    year = random_year(rng)
    unit = rng.choice([row["单位编码"] for row in year.tables["单位名录"]])
    own = unit_tables(year.tables, own_rows(year.tables), unit)
    every = list_corrections(own, scheme, unit)
    # Evidence weighs nothing by itself and would crowd out the rest.
    ranked = sorted(every, key=lambda one: (one.table == "佐证目录" and rng.random() < 0.4, rng.random()))
    if awards:
        ranked.sort(key=lambda one: one.table not in AWARDS)
    return replace(year, tables=edited(year.tables, ranked[most:])), unit
