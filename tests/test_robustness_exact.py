"""The smallest correction is the smallest: held against trying every subset of a unit's rows, in random small years."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from build import load_scheme_plainly
from robustness_oracle import REVOCABLE, all_values, edited, see, smallest_by_trying, thinned_year

from assess_lib.exact import to_points
from assess_lib.robustness import ASPECTS, Flip, Robustness, explore, parts
from assess_lib.robustness.corrections import list_corrections, own_rows, unit_tables
from assess_lib.robustness.judged import Judged, Year
from assess_lib.rules import Case
from assess_lib.scheme import Scheme

BANDS: Sequence[Sequence[tuple[str, str]]] = (
    (),
    (("优秀", "100"), ("良好", "90")),
    (("优秀", "104"), ("良好", "100"), ("较好", "80.01")),
)


def banded(bands: Sequence[tuple[str, str]]) -> Scheme:
    grades = load_scheme_plainly().grades.model_dump(mode="json")
    grades["bands"] = [{"grade": grade, "at_least": points, "approval": "批9"} for grade, points in bands]
    return load_scheme_plainly(grades=grades)


def tally(flip: Flip | None) -> Any:
    return None if flip is None else (len(flip.corrections), flip.moved)


def hold(seed: int, schemes: Sequence[Scheme], most: int, seen: dict[str, int]) -> None:
    """Draw a year by its seed, thin one unit, and hold every answer against all subsets."""
    rng = random.Random(seed)
    scheme = rng.choice(schemes)
    year, unit = thinned_year(rng, scheme, most)
    found: Robustness = explore(year.tables, scheme, year.readings, year.run_date)
    one = found.of(unit)
    left = list_corrections(unit_tables(year.tables, own_rows(year.tables), unit), scheme, unit)
    live = [c for c in left if c.table not in REVOCABLE or not revoked(year, c)]
    tried = smallest_by_trying(year.tables, live, scheme, year, unit)
    for aspect in ASPECTS:
        fewest, least = one.fewest.get(aspect), one.least.get(aspect)
        expected = tried[aspect]
        told = None if fewest is None or least is None else (tally(fewest), tally(least))
        assert told == expected, f"seed {seed}, {unit}, {aspect}: found {told}, tried {expected}"
        for flip in filter(None, (fewest, least)):
            after = see(edited(year.tables, flip.corrections), scheme, year, unit).verdict
            assert after == flip.after, f"seed {seed}, {unit}, {aspect}"
        seen[f"{aspect} {expected and expected[0][0]}"] = seen.get(f"{aspect} {expected and expected[0][0]}", 0) + 1


def revoked(year: Any, one: Any) -> bool:
    return any(
        d["处理"] == "撤销" and (d["对象表"], d["对象编号"], d["单位"]) == (one.table, one.row["编号"], one.unit_id)
        for d in year.tables["调整复核"]
    )


SCHEMES = [banded(bands) for bands in BANDS]


def hold_values(seed: int, most: int, awards: bool) -> int:
    """Hold every value that key and bonus part can take, and what each costs, against all subsets; count them."""
    rng = random.Random(seed)
    scheme = SCHEMES[0]
    year, unit = thinned_year(rng, scheme, most, awards)
    own = unit_tables(year.tables, own_rows(year.tables), unit)
    case = Case.build(year.tables, scheme, year.readings, year.run_date)
    made = next(u for u in case.units if u.id == unit)
    judged = Judged(made, own, Year(case, scheme, year.readings, year.run_date))
    live = [c for c in judged.corrections if c.table not in REVOCABLE or not revoked(year, c)]
    keys, sums = all_values(year.tables, live, scheme, year, unit)
    for options, tried in ((parts.key_options, keys), (parts.bonus_options, sums)):
        by_rows, by_points = options(judged, False), options(judged, True)
        found = {
            to_points(value): (
                (by_rows[value][0].first, to_points(by_rows[value][0].second)),
                (by_points[value][0].second, to_points(by_points[value][0].first)),
            )
            for value in by_rows
        }
        assert found == tried, f"seed {seed}, {unit}, {options.__name__}"
    return len(keys) * len(sums)


def test_no_value_is_missed_and_none_is_cheaper() -> None:
    """In random years key and bonus part can take exactly the values found, each at exactly the cost found."""
    assert sum(hold_values(seed, 6, awards=seed % 3 > 0) for seed in range(90)) > 500


def test_no_smaller_correction_exists() -> None:
    """In random years no subset of a unit's rows is smaller, by rows or by points, than the one that is told."""
    seen: dict[str, int] = {}
    for seed in range(60):
        hold(seed, SCHEMES, 7, seen)
    # The draw must reach the cases: nothing flips, one row flips, several rows together flip.
    for aspect in ("status", "gate", "grade"):
        assert any(seen.get(f"{aspect} {size}") for size in (2, 3, 4)), seen
        assert seen.get(f"{aspect} 1") and seen.get(f"{aspect} None"), seen


@pytest.mark.deep
@pytest.mark.parametrize("start", range(0, 1600, 200))
def test_no_smaller_correction_exists_in_many_years(start: int) -> None:
    """The same over 1,600 years with up to nine rows to correct."""
    seen: dict[str, int] = {}
    for seed in range(start, start + 200):
        hold(seed, SCHEMES, 9, seen)
        hold_values(seed, 9, awards=seed % 3 > 0)
