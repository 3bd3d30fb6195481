"""The real scoring against the second implementation, over random years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from build import load_scheme_plainly
from random_year import READINGS, Year, seeded_year, smaller
from second_implementation import DEFAULT_READINGS, judge

from assess_lib.rules import Case
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.scoring import results_of, score

SCHEME = load_scheme_plainly()
RESULT_FIELDS = (
    "status", "key_score", "bonus_open", "bonus_score", "final_score", "grade",
    "rank_in_group", "rank_overall", "unresolved",
)  # fmt: skip


def exact(value: Any) -> Any:
    """Give a decimal as a fraction, so that two implementations' numbers compare exactly."""
    return value if value is None or isinstance(value, (str, bool, int, Fraction)) else Fraction(value)


def differences(year: Year, scheme: Scheme = SCHEME) -> list[str]:
    """List where the two implementations disagree: unit, field, theirs and ours."""
    real = score(year.tables, scheme, year.readings, year.run_date)
    plain = judge(year.tables, year.readings, year.run_date)
    silent = results_of(Case.build(year.tables, scheme, year.readings, year.run_date))
    found = [f"without a ledger: {one}, with: {r}" for one, r in zip(silent, real.results, strict=True) if one != r]
    if [r.unit_id for r in real.results] != list(plain):
        found.append(f"units: real {[r.unit_id for r in real.results]}, plain {list(plain)}")
    for result in real.results:
        for name in RESULT_FIELDS:
            ours, theirs = exact(getattr(result, name)), plain[result.unit_id][name]
            if ours != theirs:
                found.append(f"{result.unit_id} {name}: real {ours}, plain {theirs}")
    for unit, judged in plain.items():
        ours = [(i.item, exact(i.points), i.unresolved) for i in real.items if i.unit_id == unit]
        theirs = [(item, points, unresolved) for item, (points, unresolved) in judged["items"].items()]
        if ours != theirs:
            found.append(f"{unit} items: real {set(ours) - set(theirs)}, plain {set(theirs) - set(ours)}")
    vetoes = {(i.unit_id, i.item) for i in real.items if i.note == "vetoed"}
    expected = {(unit, veto) for unit, judged in plain.items() for veto in judged["vetoed_by"]}
    if vetoes != expected:
        found.append(f"vetoes: real {vetoes}, plain {expected}")
    return found


def compare(seeds: range) -> None:
    """Compare the years of many seeds; fail with the smallest year that still differs."""
    for seed in seeds:
        year = seeded_year(seed)
        if differences(year):
            small = smaller(year, lambda y: bool(differences(y)))
            pytest.fail(f"seed {seed}\n" + "\n".join(differences(small)) + f"\n{small!r}")


def test_both_implementations_agree_on_every_score_grade_rank_and_open_item() -> None:
    """Two independent readings of the scheme give every unit of 400 random years the same results and items."""
    compare(range(400))


@pytest.mark.deep
@pytest.mark.parametrize("block", range(8))
def test_both_implementations_agree_on_thousands_of_years(block: int) -> None:
    """Two independent readings of the scheme agree on 8000 further random years."""
    compare(range(10_000 + 1000 * block, 11_000 + 1000 * block))


def test_random_years_draw_every_reading_the_scheme_knows() -> None:
    """No reading or option is left out of the comparison, and both sides take the same defaults."""
    assert {key: set(options) for key, options in READINGS.items()} == {
        key: set(options) for key, options in KNOWN_READINGS.items()
    }
    assert SCHEME.default_readings() == DEFAULT_READINGS


def test_random_years_reach_every_state_often() -> None:
    """The comparison is not idle: each veto, side of each line, cap and open item comes up many times in 400 years."""
    seen: Counter[str] = Counter()
    for seed in range(400):
        year = seeded_year(seed)
        for unit in judge(year.tables, year.readings, year.run_date).values():
            seen["vetoed by " + "+".join(unit["vetoed_by"])] += 1
            key = unit["key_score"]
            if key is not None:
                side = "0" if key == 0 else "below 60" if key < 60 else "60" if key == 60 else "60 to 80"
                side = side if key < 80 else "80" if key == 80 else "above 80"
                seen[f"key {side}"] += 1
                seen[f"gate {unit['bonus_open']}"] += 1
            if key in (Fraction("59.99"), Fraction("60.01"), Fraction("79.99"), Fraction("80.01")):
                seen[f"key {float(key)}"] += 1
            if (unit["rank_overall"] or 1) != (unit["rank_in_group"] or 1):
                seen["ranks differ"] += 1
            for item, (points, unresolved) in unit["items"].items():
                seen[f"{item} unresolved {unresolved}"] += 1
                if points is not None and item != "K":
                    cap = {"B1": 4, "B6": 2, "B7": 2}.get(item, 3)
                    seen[f"{item} {'nothing' if points == 0 else 'full' if points == cap else 'part'}"] += 1
    expected = {
        "vetoed by ", "vetoed by V1", "vetoed by V2", "vetoed by V1+V2", "gate True", "gate False", "ranks differ",
        "key 0", "key below 60", "key 59.99", "key 60", "key 60.01", "key 60 to 80", "key 79.99", "key 80",
        "key 80.01", "key above 80",
    }  # fmt: skip
    items = ("V1", "V2", "K", "B1", "B2", "B3", "B4", "B5", "B6", "B7")
    expected |= {f"{item} unresolved {state}" for item in items for state in (True, False)}
    expected |= {f"{item} {extent}" for item in items[3:] for extent in ("nothing", "part", "full")}
    rare = {state: seen[state] for state in expected if seen[state] < 12}
    assert not rare


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("judgement.pass_mark.points", "60.01"),
        ("judgement.bonus_gate.points", "79.99"),
        ("judgement.bonus_cap.points", "8"),
        ("items.V1.rule.limit", 3),
        ("items.V2.rule.levels", ("中央", "省")),
        ("items.K.rule.facts.0.due.0.due", "2022-06-21"),
        ("items.K.rule.facts.0.due.1.due", "2022-12-21"),
        ("items.K.rule.facts.0.due.2.due", "2022-03-21"),
        ("items.K.rule.facts.0.due.3.due", "2022-06-21"),
        ("items.K.rule.facts.0.due.4.due", "2022-09-21"),
        ("items.K.rule.facts.0.due.5.due", "2022-12-21"),
        ("items.K.rule.facts.0.late", "BS-02"),
        ("items.K.rule.facts.0.missing", "BS-01"),
        ("items.K.cap", "99.99"),
        ("items.B1.cap", "3.99"),
        ("items.B2.cap", "2.99"),
        ("items.B2.rule.levels", {"中央": "3", "省": "2", "市": "2"}),
        ("items.B3.cap", "2.99"),
        ("items.B3.rule.levels", {"中央": "3", "省": "3", "市": "1"}),
        ("items.B4.cap", "2.99"),
        ("items.B4.rule.rank_points", ("3", "2")),
        ("items.B6.cap", "1.99"),
        ("items.B6.rule.facts.0.standards.代会", "HY-01"),
        ("items.B7.cap", "1.99"),
        ("items.B7.rule.facts.0.missing", "RW-01"),
    ],
)
def test_a_wrong_number_in_the_scheme_file_is_noticed(path: str, value: Any) -> None:
    """The comparison checks the data too: change any one number of the scheme and some random year differs."""
    data = SCHEME.model_dump()
    place: Any = data
    *way, last = path.split(".")
    for step in way:
        if step.isdigit():
            place = place[int(step)]
        elif isinstance(place, (list, tuple)):
            (place,) = [item for item in place if item["id"] == step]
        else:
            place = place[step]
    place[last] = value
    wrong = Scheme.model_validate(data)
    assert any(differences(seeded_year(seed), wrong) for seed in range(150))


def test_a_row_names_each_reading_that_alone_would_change_it() -> None:
    """In 100 random years, whatever other option of one reading changes a row's amount or status, the row names it."""
    changed: Counter[str] = Counter()
    for seed in range(100):
        year = seeded_year(seed)
        here = own_amounts(year, year.readings)
        for key, options in KNOWN_READINGS.items():
            for option in options:
                for place, (amount, _) in own_amounts(year, {**year.readings, key: option}).items():
                    if place in here and here[place][0] != amount:
                        changed[key] += 1
                        assert key in here[place][1], f"seed {seed}: {place} does not name {key} (tried: {option})"
    assert set(changed) == {
        "info_lists", "info_quarters", "info_pool", "q1_report", "deadline_day",
        "missing_evidence", "different_matters", "same_matter_across_items",
    }  # fmt: skip


def own_amounts(year: Year, readings: Mapping[str, str]) -> dict[tuple[str, str, str], tuple[Any, dict[str, str]]]:
    """Return each ledger row's own amount and status, before caps and the floor cut it, and the readings it names."""
    found = {}
    for entry in score(year.tables, SCHEME, readings, year.run_date).ledger:
        if entry.part in ("key", "bonus") and entry.status not in ("not_scored", "gate_closed"):
            status = "counted" if entry.status in ("capped", "floored") else entry.status
            label = entry.label if entry.item == "B4" else ""  # one row of a table stands in two lists
            named = dict(pair.split("=") for pair in entry.reading.split("; ") if pair)
            found[entry.unit_id, entry.item, entry.source_text().split("; ")[0] + label] = (
                (entry.nominal, status),
                named,
            )
    return found
