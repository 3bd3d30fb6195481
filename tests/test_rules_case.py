"""What every rule sees of a year: rows by unit, the three states of a table, a year less one decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from build import load_scheme_plainly, make_tables
from random_year import seeded_year

from assess_lib.ledger import Chain
from assess_lib.rules import METHODS, Case, Outcome
from assess_lib.scheme import KNOWN_READINGS, DeductFromFull, TaskFacts
from assess_lib.scoring import results_of, score, score_case

SCHEME = load_scheme_plainly()
TABLES = make_tables(
    {
        "单位名录": [{"单位编码": code, "单位名称": f"单位{code}", "单位类别": "镇"} for code in ("A", "B", "C")],
        "扣分登记": [{"编号": number, "单位": "A"} for number in ("1", "2")],
        "确认无事项": [{"表": "扣分登记", "单位": "B"}, {"表": "扣分登记", "单位": "A"}],
        "调整复核": [
            {"编号": f"T{number}", "单位": "A", "对象表": "扣分登记", "对象编号": number} for number in ("1", "2")
        ],
    }
)


@pytest.fixture
def case() -> Case:
    """Three units: A has two rows, both decided on; B confirmed none; C says nothing."""
    return Case.build(TABLES, SCHEME, SCHEME.default_readings(), date(2022, 12, 31))


def test_a_table_is_reported_confirmed_or_missing(case: Case) -> None:
    """Rows win over a confirmation, and silence is neither."""
    assert [case.state("扣分登记", unit) for unit in case.units] == ["reported", "confirmed", "missing"]


def test_a_year_less_one_decision_keeps_the_other(case: Case) -> None:
    """Taking one 调整复核 row away leaves every other, and the year as it was."""
    unit, (first, second) = case.units[0], TABLES["调整复核"]
    less = case.without(first)
    assert (less.decision("扣分登记", "1", unit), less.decision("扣分登记", "2", unit)) == (None, second)
    assert case.decision("扣分登记", "1", unit) is first
    assert (less.units, less.readings, less.run_date) == (case.units, case.readings, case.run_date)


def test_a_scored_outcome_vetoes_nothing_and_leaves_nothing_in_doubt_of_itself() -> None:
    """Only a veto item vetoes; doubts and warnings are there when a rule gives them."""
    outcome = Outcome.of(Chain("A", "key", "K", "四（二）", SCHEME.item("K").full))
    assert outcome.vetoed is False
    assert (Outcome(()).unresolved, Outcome(()).warnings, Outcome(()).points) == ((), (), None)


@pytest.mark.parametrize("seed", range(6))
def test_a_year_with_other_facts_is_the_year_built_of_them(seed: int) -> None:
    """Rows left out of any tables of facts score the same, sorted anew alone or with the whole year."""
    year = seeded_year(seed)
    case = Case.build(year.tables, SCHEME, year.readings, year.run_date)
    score_case(case)  # what units share is there already
    fixed = {"单位名录", "扣分标准", "调整复核", "确认无事项"}
    for every in (2, 3, 1):
        changed = {
            name: tuple(row for n, row in enumerate(rows) if n % every)
            for name, rows in year.tables.items()
            if name not in fixed and rows
        }
        for part in ({name: changed[name]} for name in changed):
            wanted = score({**year.tables, **part}, SCHEME, year.readings, year.run_date)
            assert score_case(case.with_facts(part)) == wanted
        wanted = score({**year.tables, **changed}, SCHEME, year.readings, year.run_date)
        assert score_case(case.with_facts(changed)) == wanted
    assert score_case(case) == score(year.tables, SCHEME, year.readings, year.run_date)


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_that_writes_no_ledger_says_the_same(seed: int) -> None:
    """Points to the last digit, veto, what is in doubt and what is warned of are those of the rule with its ledger."""
    year = seeded_year(seed)
    loud = Case.build(year.tables, SCHEME, year.readings, year.run_date)
    quiet = Case.build(year.tables, SCHEME, year.readings, year.run_date).quiet()
    for item in SCHEME.items:
        for unit in loud.units:
            told, silent = (METHODS[item.rule.method](item, unit, case) for case in (loud, quiet))
            assert str(silent.points) == str(told.points)
            assert (silent.vetoed, silent.unresolved, silent.warnings) == (told.vetoed, told.unresolved, told.warnings)
            assert told.entries
            assert not silent.entries
            assert METHODS[item.rule.method](item, unit, quiet.quiet(False)) == told


@pytest.mark.parametrize("seed", range(4))
def test_what_units_share_hangs_on_no_reading_and_no_decision(seed: int) -> None:
    """One year under each option, with a ledger or without one, and less each decision, is one built for it."""
    year = seeded_year(seed)
    case = Case.build(year.tables, SCHEME, year.readings, year.run_date)
    score_case(case)  # what is shared is there already
    for key in SCHEME.reading_keys:
        for option in KNOWN_READINGS[key]:
            readings = {**year.readings, key: option}
            wanted = score(year.tables, SCHEME, readings, year.run_date)
            assert score_case(replace(case, readings=readings)) == wanted
            assert results_of(replace(case, readings=readings)) == wanted.results
    for decision in year.tables["调整复核"]:
        left = tuple(row for row in year.tables["调整复核"] if row is not decision)
        wanted = score({**year.tables, "调整复核": left}, SCHEME, year.readings, year.run_date)
        assert score_case(case.without(decision)) == wanted


@pytest.mark.parametrize("seed", range(4))
def test_two_items_may_price_the_same_facts_each_its_own_way(seed: int) -> None:
    """A second item on 交办任务 whose standards change places gets its own prices, whichever is judged first."""
    year = seeded_year(seed)
    first = SCHEME.item("B7")
    assert isinstance(first.rule, DeductFromFull)
    (tasks,) = first.rule.facts
    assert isinstance(tasks, TaskFacts)
    turned = tasks.model_copy(update={"late": tasks.missing, "missing": tasks.late})
    second = first.model_copy(update={"id": "B8", "rule": first.rule.model_copy(update={"facts": (turned,)})})
    for order in ((first, second), (second, first)):
        shared = Case.build(year.tables, SCHEME, year.readings, year.run_date)
        for item in order:
            alone = Case.build(year.tables, SCHEME, year.readings, year.run_date)
            for unit in shared.units:
                assert METHODS[item.rule.method](item, unit, shared) == METHODS[item.rule.method](item, unit, alone)


@pytest.mark.parametrize("table", ["单位名录", "扣分标准", "调整复核", "确认无事项"])
def test_who_is_judged_by_what_is_no_fact(case: Case, table: str) -> None:
    """Roster, standards, decisions and confirmations cannot be exchanged under a year: that is another year."""
    with pytest.raises(ValueError, match=table):
        case.with_facts({"热线红灯": (), table: ()})
