"""What must hold of every comparison, whatever two years hold: sums, completeness, symmetry, causes."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from build import load_scheme_plainly
from comparison_set import scored_set
from random_year import READINGS, Year, seeded_year

from assess_lib.comparison import Comparison, compare
from assess_lib.comparison.changes import RowChange
from assess_lib.store import ScoredSet
from assess_lib.tables import Row

SCHEME = load_scheme_plainly()
# A cap of the bonus part that is reached, so that its row is met too.
TIGHT = load_scheme_plainly(
    judgement=SCHEME.model_dump(mode="json")["judgement"]
    | {"bonus_cap": {"points": "6", "clause": "四（三）", "name": "加分上限"}}
)
_FACTS = (
    "热线红灯", "信息中心结果", "通报批评", "材料报送", "扣分登记", "信息报送", "表彰宣传", "评定加分", "领导评价",
    "参会登记", "交办任务", "佐证目录", "确认无事项",
)  # fmt: skip


def edited(year: Year, rng: random.Random, *, readings: bool = True) -> Year:
    """Take a few rows out, change numbers of others, move rows down their files; sometimes turn a reading."""
    tables = dict(year.tables)
    decided = {(row["对象表"], row["对象编号"], row["单位"]) for row in tables["调整复核"]}
    for table in rng.sample(_FACTS, 4):
        kept: list[Row] = []
        for row in tables[table]:
            number = row.values.get("编号") or row.values.get("工单编号")
            if rng.randrange(4) == 0 and (table, number, row.values.get("单位")) not in decided:
                continue
            values: dict[str, Any] = dict(row.values)
            if table == "扣分登记" and rng.randrange(3) == 0:
                values["数量"] = rng.randrange(1, 30)
            if table == "信息报送" and rng.randrange(3) == 0:
                values["报送条数"] = values["采用条数"] + rng.randrange(4)
            if table == "领导评价" and rng.randrange(3) == 0:
                values["分值"] = Decimal(rng.randrange(300)) / 100
            if table == "表彰宣传" and rng.randrange(3) == 0:
                values["层级"] = rng.choice(("中央", "省", "市", "县"))
            kept.append(replace(row, values=values))
        tables[table] = tuple(
            replace(row, source=replace(row.source, row=place)) for place, row in enumerate(kept, start=5)
        )
    chosen = dict(year.readings)
    if readings and rng.randrange(2):
        key = rng.choice(list(READINGS))
        chosen[key] = rng.choice(READINGS[key])
    return replace(year, tables=tables, readings=chosen)


def scored(year: Year, tight: bool) -> ScoredSet:
    """Score a year, under a low cap of the bonus part if asked."""
    scheme = TIGHT if tight else SCHEME
    return scored_set(year.tables, scheme=scheme, readings=year.readings, run_date=year.run_date)


def by_unit(data: ScoredSet) -> dict[str, dict[str, Any]]:
    """Give the results by unit."""
    return {row["unit_id"]: row for row in data.results.to_dict("records")}


def points_of(data: ScoredSet) -> dict[str, dict[str, Decimal]]:
    """Give each unit's points by item."""
    found: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in data.items.to_dict("records"):
        if row["points"] is not None:
            found[row["unit_id"]][row["item"]] = row["points"]
    return found


def check(found: Comparison, old: ScoredSet, new: ScoredSet) -> None:
    """Hold a comparison against the two sets' results and items, which it must explain wholly."""
    before, after = by_unit(old), by_unit(new)
    points = points_of(old), points_of(new)
    listed = {unit.unit_id: unit for unit in found.units}
    assert set(found.compared) == before.keys() & after.keys()
    for code in before.keys() & after.keys():
        unit = listed.get(code)
        if unit is None:
            aside = {"unit_name": "", "group": ""}  # told as the roster's differences
            assert before[code] | aside == after[code] | aside
            assert points[0].get(code) == points[1].get(code)
            continue
        for column in ("status", "grade", "key_score", "bonus_score", "final_score", "rank_in_group", "rank_overall"):
            assert getattr(unit, column).old == before[code][column]
            assert getattr(unit, column).new == after[code][column]
        if "vetoed" in (before[code]["status"], after[code]["status"]):
            assert unit.difference is None and unit.cut is None
            assert all(item.difference is None for item in unit.items)
            continue
        total = sum((item.difference or Decimal(0) for item in unit.items), Decimal(0))
        total += unit.cut.difference or Decimal(0) if unit.cut else Decimal(0)
        assert unit.difference == total == after[code]["final_score"] - before[code]["final_score"]
        for item in unit.items:
            if item.difference is not None:
                assert item.difference == sum(row.difference or Decimal(0) for row in item.rows)
                sides = [side.get(code, {}).get(item.item, Decimal(0)) for side in points]
                assert item.difference == sides[1] - sides[0]
        told = {item.item for item in unit.items}
        both = points[0].get(code, {}).keys() | points[1].get(code, {}).keys()
        for name in both - told:
            assert points[0][code][name] == points[1][code][name]


def rows(found: Comparison) -> list[RowChange]:
    """Give all explaining rows."""
    return [row for unit in found.units for item in unit.items for row in item.rows]


def pair_of(seed: int) -> tuple[Year, Year]:
    """Give a random year and an edited one; every fifth pair is two unrelated years."""
    year = seeded_year(seed)
    return year, (seeded_year(seed + 10_000) if seed % 5 == 0 else edited(year, random.Random(seed)))


def hold(seed: int) -> None:
    """Hold one random pair to all promises."""
    years = pair_of(seed)
    old, new = (scored(year, tight=seed % 3 == 0) for year in years)
    found = compare(old, new, years[0].tables, years[1].tables)
    check(found, old, new)
    back = compare(new, old, years[1].tables, years[0].tables)
    check(back, new, old)
    forth = {unit.unit_id: (unit.kind, unit.difference) for unit in found.units}
    assert {u.unit_id: (u.kind, None if u.difference is None else -u.difference) for u in back.units} == forth


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_every_difference_is_explained_to_the_cent(start: int) -> None:
    """Rows add up to items, items and the cut to the final score; what is not listed is the same; backwards as well."""
    for seed in range(start, start + 10):
        hold(seed)


@pytest.mark.deep
@pytest.mark.parametrize("start", range(1000, 3000, 100))
def test_every_difference_is_explained_over_many_years(start: int) -> None:
    """The same over 2,000 pairs."""
    for seed in range(start, start + 100):
        hold(seed)


def test_edits_of_raw_rows_are_always_found_as_the_cause() -> None:
    """When only raw rows were edited, every row that moved points has a cause that is not the software nor unknown."""
    moved = 0
    for seed in range(200, 225):
        year = seeded_year(seed)
        other = edited(year, random.Random(seed), readings=False)
        found = compare(scored(year, False), scored(other, False), year.tables, other.tables)
        for row in rows(found):
            moved += bool(row.difference)
            assert row.causes
            assert not {cause.kind for cause in row.causes} & {"unknown", "software", "reading", "scheme", "run_date"}
    assert moved > 40


def test_rows_that_only_moved_are_no_difference() -> None:
    """The same years with every row at another place of its file: nothing differs."""
    for seed in range(300, 310):
        year = seeded_year(seed)
        tables = {
            name: tuple(replace(row, source=replace(row.source, row=row.source.row + 7)) for row in found)
            for name, found in year.tables.items()
        }
        moved = replace(year, tables=tables)
        found = compare(scored(year, False), scored(moved, False), year.tables, moved.tables)
        assert (found.units, found.overview.records) == ((), ())


def test_a_reading_turned_is_named() -> None:
    """When only a reading was turned, rows that moved points name that reading, the gate or a row beside them."""
    named = 0
    for seed in range(400, 425):
        year = seeded_year(seed)
        key = random.Random(seed).choice(list(READINGS))
        option = next(option for option in READINGS[key] if option != year.readings[key])
        other = replace(year, readings={**year.readings, key: option})
        found = compare(scored(year, False), scored(other, False), year.tables, other.tables)
        assert [change.key for change in found.overview.readings] == [key]
        assert found.overview.records == ()
        for row in rows(found):
            kinds = {cause.kind for cause in row.causes}
            assert kinds and kinds <= {"reading", "gate", "cut"}
            named += "reading" in kinds
    assert named > 10
