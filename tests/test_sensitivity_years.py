"""All combinations of random years, held against plain scoring and against plain enumeration."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest
from build import load_scheme_plainly
from random_year import Year, seeded_year, smaller

from assess_lib.rules import METHODS, Case
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.scoring import Result, score
from assess_lib.sensitivity import Exploration, Space, differences_from_scoring, draw, explore
from assess_lib.sensitivity.dependence import AskedReadings

SCHEME = load_scheme_plainly()
SPACE = Space(KNOWN_READINGS)
KEYS = tuple(KNOWN_READINGS)


def seen_of(year: Year) -> Exploration:
    return explore(year.tables, SCHEME, year.run_date, year.readings)


def wrong(year: Year, count: int, seed: int) -> list[str]:
    """Name what differs from plain scoring: under the readings of the year, and under drawn combinations."""
    seen = seen_of(year)
    combinations = [dict(year.readings), *draw(seen, count, seed)]
    return differences_from_scoring(seen, year.tables, year.run_date, combinations)


def compare(seeds: range, count: int) -> None:
    for seed in seeds:
        year = seeded_year(seed)
        if wrong(year, count, seed):
            small = smaller(year, lambda y, s=seed: bool(wrong(y, count, s)))  # type: ignore[misc]
            pytest.fail(f"seed {seed}\n{wrong(small, count, seed)[:3]}\n{small!r}")


def test_every_field_of_every_result_is_that_of_plain_scoring() -> None:
    """60 random years under six combinations each: status, scores, grade, ranks and open items are scoring's own."""
    compare(range(60), 5)


@pytest.mark.deep
@pytest.mark.parametrize("block", range(8))
def test_thousands_of_combinations_are_those_of_plain_scoring(block: int) -> None:
    """1,200 further random years under 21 combinations each equal plain scoring in every field."""
    compare(range(20_000 + 150 * block, 20_150 + 150 * block), 20)


@pytest.mark.deep
def test_all_9216_combinations_of_one_year_are_those_of_plain_scoring() -> None:
    """Of one random year every single combination equals plain scoring."""
    year = seeded_year(11)
    every = [dict(zip(KEYS, options, strict=True)) for options in product(*KNOWN_READINGS.values())]
    assert differences_from_scoring(seen_of(year), year.tables, year.run_date, every) == []


def test_a_difference_would_be_found() -> None:
    """The comparison can fail: results explored with other tables differ, and are named by unit."""
    year = next(y for y in map(seeded_year, range(50)) if y.tables["扣分登记"])
    less = year.with_rows("扣分登记", ())
    found = differences_from_scoring(seen_of(less), year.tables, year.run_date, [dict(year.readings)])
    assert found and found[0].startswith("U")


def test_a_reading_that_is_not_asked_for_never_changes_an_outcome() -> None:
    """Random years, units, items and combinations: changing what the rule did not ask for changes nothing at all."""
    chance = random.Random(5)
    tried = 0
    for seed in range(40):
        year = seeded_year(seed)
        case = Case.build(year.tables, SCHEME, year.readings, year.run_date)
        for unit in case.units[:4]:
            for item in SCHEME.items:
                plan = {key: chance.randrange(len(options)) for key, options in KNOWN_READINGS.items()}
                asked = AskedReadings(SPACE, plan)
                outcome = METHODS[item.rule.method](item, unit, replace(case, readings=asked))
                other = {
                    key: options[plan[key]] if key in asked.asked else options[chance.randrange(len(options))]
                    for key, options in KNOWN_READINGS.items()
                }
                assert METHODS[item.rule.method](item, unit, replace(case, readings=other)) == outcome
                tried += len(asked.asked) < len(KEYS)
    assert tried > 500


# ---- against plain enumeration -----------------------------------------------------------------------------------

Place = tuple[str, ...]


@cache
def enumerated(seed: int) -> tuple[Year, Exploration, list[tuple[Place, tuple[Result, ...]]]]:
    """Give a year, its exploration, and the results of all combinations, one by one."""
    year = seeded_year(seed)
    seen = seen_of(year)
    every = [
        (options, seen.results(dict(zip(KEYS, options, strict=True)))) for options in product(*KNOWN_READINGS.values())
    ]
    return year, seen, every


def minimal_sets(base: Mapping[str, str], values: Mapping[Place, Any]) -> set[frozenset[tuple[str, str]]]:
    """Find the minimal sets of changes by trying all, the small ones first."""
    now = values[tuple(base[key] for key in KEYS)]
    changed = [
        frozenset((key, option) for key, option in zip(KEYS, place, strict=True) if option != base[key])
        for place, value in values.items()
        if value != now
    ]
    found: list[frozenset[tuple[str, str]]] = []
    for candidate in sorted(changed, key=len):
        if not any(smaller_one <= candidate for smaller_one in found):
            found.append(candidate)
    return set(found)


# Years of three to six units with many minimal sets, some of two and three changes.
SEEDS = [22, *(pytest.param(seed, marks=pytest.mark.deep) for seed in (45, 30, 5, 39))]


@pytest.mark.parametrize("seed", SEEDS)
def test_minimal_sets_are_those_that_trying_everything_finds(seed: int) -> None:
    """Every minimal set of every unit and aspect is found, no other, smallest first, with the right outcome."""
    year, seen, every = enumerated(seed)
    flips = 0
    for row, unit in enumerate(seen.roster):
        for aspect in ("status", "grade", "rank_in_group", "rank_overall", "final_score"):
            values = {place: getattr(results[row], aspect) for place, results in every}
            told = seen.flips(unit.id, aspect)
            sets = [frozenset((c.reading, c.after) for c in flip.changes) for flip in told]
            assert set(sets) == minimal_sets(year.readings, values) and len(sets) == len(set(sets))
            assert [len(one) for one in sets] == sorted(len(one) for one in sets)
            for flip in told:
                there = dict(year.readings) | {c.reading: c.after for c in flip.changes}
                assert flip.after == values[tuple(there[key] for key in KEYS)] != flip.before
                assert flip.before == values[tuple(year.readings[key] for key in KEYS)]
                assert all(c.before == year.readings[c.reading] for c in flip.changes)
            assert seen.constant(unit.id, aspect) is (len(set(values.values())) == 1)
            flips += len(told)
    assert flips > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_ranges_and_holding_counts_are_those_of_enumeration(seed: int) -> None:
    """The smallest and largest score and ranks, and how often the grade holds, are what counting all results gives."""
    _, seen, every = enumerated(seed)
    now = seen.results()
    for row, unit in enumerate(seen.roster):
        for aspect in ("final_score", "rank_in_group", "rank_overall"):
            values = [getattr(results[row], aspect) for _, results in every]
            known = [Decimal(value) for value in values if value is not None]
            found = seen.range(unit.id, aspect)
            assert (found is None) is (not known)
            if found is not None:
                assert (found.low, found.high, found.always) == (min(known), max(known), len(known) == len(values))
        same = sum((r[row].status, r[row].grade) == (now[row].status, now[row].grade) for _, r in every)
        assert seen.holding(unit.id) == same


@pytest.mark.parametrize("seed", SEEDS)
def test_dependence_is_neither_missed_nor_invented(seed: int) -> None:
    """A unit depends on a reading exactly when some pair of combinations that differ in it alone differs."""
    _, seen, every = enumerated(seed)
    own_fields = ("status", "key_score", "bonus_open", "bonus_score", "final_score", "grade")
    parts = (own_fields, ("status", "grade", "rank_in_group", "rank_overall"))
    for row, unit in enumerate(seen.roster):
        expected: tuple[set[str], set[str]] = (set(), set())
        for fields, found in zip(parts, expected, strict=True):
            values = [(place, tuple(getattr(results[row], name) for name in fields)) for place, results in every]
            for axis, key in enumerate(KEYS):
                alike: defaultdict[Place, set[Any]] = defaultdict(set)
                for place, value in values:
                    alike[(*place[:axis], *place[axis + 1 :])].add(value)
                if any(len(different) > 1 for different in alike.values()):
                    found.add(key)
        assert (set(seen.own_readings(unit.id)), set(seen.depends(unit.id))) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_the_most_a_reading_does_is_what_enumeration_finds(seed: int) -> None:
    """For every unit and reading: the widest gap between two options with all other readings alike."""
    _, seen, every = enumerated(seed)
    for axis, key in enumerate(KEYS):
        effects = {effect.unit_id: effect for effect in seen.effect(key)}
        for row, unit in enumerate(seen.roster):
            for aspect, told in (
                ("final_score", effects[unit.id].most_score),
                ("rank_in_group", effects[unit.id].most_rank_in_group),
                ("rank_overall", effects[unit.id].most_rank_overall),
            ):
                groups: defaultdict[Place, list[Any]] = defaultdict(list)
                for place, results in every:
                    value = getattr(results[row], aspect)
                    if value is not None:
                        groups[(*place[:axis], *place[axis + 1 :])].append(value)
                gaps = [max(values) - min(values) for values in groups.values() if len(values) > 1]
                assert told == (max(gaps) if gaps else None), (unit.id, key, aspect)


def test_effects_are_the_results_of_one_change() -> None:
    """Each effect is the plain result with that one reading changed against the one in force."""
    year = seeded_year(8)
    seen = seen_of(year)
    before = score(year.tables, SCHEME, year.readings, year.run_date).results
    for key, options in KNOWN_READINGS.items():
        others = [option for option in options if option != year.readings[key]]
        after = {o: score(year.tables, SCHEME, {**year.readings, key: o}, year.run_date).results for o in others}
        effects = seen.effect(key)
        assert len(effects) == len(before) * len(others)
        for number, effect in enumerate(effects):
            row = number // len(others)
            assert (effect.before, effect.after) == (before[row], after[effect.option][row])
