"""Two sets compared: which units changed, by which ledger rows, and that every difference adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from build import load_scheme_plainly, make_tables
from comparison_set import (
    BASE,
    SCHEME,
    award,
    cause_kinds,
    compared,
    decision,
    deduction,
    evidence,
    scored_set,
    told,
    unit_of,
    with_rows,
)

from assess_lib.comparison import Comparison, Pair, UnitChange, compare
from assess_lib.comparison.records import Records
from assess_lib.errors import VerifyFailed
from assess_lib.scheme import Scheme


def rows_of(unit: UnitChange, item: str) -> list[tuple[Any, ...]]:
    """Give the explaining rows of a unit's item."""
    return [told(row) for change in unit.items if change.item == item for row in change.rows]


def sums(unit: UnitChange) -> dict[str, str]:
    """Give each item's difference as text."""
    return {item.item: str(item.difference) for item in unit.items}


def kinds(comparison: Comparison) -> dict[str, str]:
    """Give each changed unit's kind, in the comparison's order."""
    return {unit.unit_id: unit.kind for unit in comparison.units}


def scheme_with(path: tuple[str | int, ...], value: Any) -> Scheme:
    """Give the shipped scheme with one value replaced; list places count from 0."""
    data: Any = SCHEME.model_dump(mode="json")
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return load_scheme_plainly(**data)


def ranked(**changes: int) -> dict[str, Any]:
    """Give a year in whose first quarter T01 sends 10, T02 8 and D01 6, or as many as named."""
    sent = {"T01": 10, "T02": 8, "D01": 6} | changes
    return with_rows(
        信息报送=[
            {"单位": code, "季度": str(q), "报送条数": number if q == 1 else 0, "采用条数": 0}
            for code, number in sent.items()
            for q in (1, 2, 3, 4)
        ]
    )


# ---- what explains a difference -----------------------------------------------------------------------------------


def test_same_set_has_no_difference() -> None:
    """A year compared with itself: no unit changed, nothing differs as a whole, and all three units were compared."""
    found = compared(with_rows(扣分登记=[deduction("KF-1")]), with_rows(扣分登记=[deduction("KF-1")]))
    told_whole = found.overview
    assert (found.units, found.compared, told_whole.identical) == ((), ("T01", "T02", "D01"), True)
    assert (told_whole.readings, told_whole.scheme, told_whole.records, told_whole.inputs) == ((), (), (), ())
    assert not told_whole.roster.changed


def test_added_deduction() -> None:
    """A register row of 1.00 more: 103.00 instead of 104.00, by that one new row; the others keep their rank 1."""
    found = compared(BASE, with_rows(扣分登记=[deduction("KF-1")]))
    assert kinds(found) == {"T01": "score"}
    unit = found.units[0]
    assert (unit.final_score, unit.difference) == (Pair(Decimal("104.00"), Decimal("103.00")), Decimal("-1.00"))
    assert (unit.key_score, unit.bonus_score.changed) == (Pair(Decimal("100.00"), Decimal("99.00")), False)
    assert (unit.rank_in_group, unit.rank_overall) == (Pair(1, 2), Pair(1, 3))
    assert sums(unit) == {"K": "-1.00"}
    assert rows_of(unit, "K") == [("new", None, "-1.00", "-1.00")]
    (cause,) = unit.items[0].rows[0].causes
    assert cause.kind == "record" and cause.record is not None
    assert (cause.record.kind, cause.record.table, cause.record.key) == ("added", "扣分登记", (("编号", "KF-1"),))
    assert ("事实", "", "公文差错") in cause.record.cells
    assert unit.others == ()


def test_removed_deduction_while_rows_shift() -> None:
    """The first of two register rows is taken out and the second moves up: only the first explains, +1.00."""
    both = with_rows(扣分登记=[deduction("KF-1"), deduction("KF-2", 发生日期="2022-04-01")])
    found = compared(both, with_rows(扣分登记=[deduction("KF-2", 发生日期="2022-04-01")]))
    unit = unit_of(found, "T01")
    assert rows_of(unit, "K") == [("gone", "-1.00", None, "1.00")]
    assert unit.items[0].rows[0].old is not None and unit.items[0].rows[0].old.source.startswith("扣分登记.csv!!2")
    assert [dict(counts) for _, counts in found.overview.records] == [{"removed": 1}]


def test_order_of_files_is_no_difference() -> None:
    """The same rows in another order, or in another file, change nothing."""
    rows = [deduction("KF-1"), deduction("KF-2", unit="T02"), deduction("KF-3", 发生日期="2022-01-09")]
    found = compared(with_rows(扣分登记=rows), with_rows(扣分登记=rows[::-1]))
    assert (found.units, found.overview.records) == ((), ())


def test_revocation() -> None:
    """A revoked row of 1.00: 0.00 instead of −1.00, and the decision is the cause."""
    old = with_rows(扣分登记=[deduction("KF-1")])
    unit = unit_of(compared(old, with_rows(old, 调整复核=[decision("TZ-1", "KF-1")])), "T01")
    assert rows_of(unit, "K") == [("changed", "-1.00", "0.00", "1.00")]
    (cause,) = unit.items[0].rows[0].causes
    assert cause.record is not None
    assert (cause.record.kind, cause.record.table, cause.record.key) == ("added", "调整复核", (("编号", "TZ-1"),))
    assert unit.difference == Decimal("1.00")


def test_changed_value() -> None:
    """改值 from 1.00 to 0.40: the row takes 0.40, the key score gains 0.60."""
    old = with_rows(扣分登记=[deduction("KF-1")])
    new = with_rows(old, 调整复核=[decision("TZ-1", "KF-1", 处理="改值", 新值="0.40")])
    unit = unit_of(compared(old, new), "T01")
    assert rows_of(unit, "K") == [("changed", "-1.00", "-0.40", "0.60")]
    assert unit.items[0].rows[0].new is not None and unit.items[0].rows[0].new.status == "adjusted"


def test_changed_level() -> None:
    """A commendation corrected from 市 (1) to 省 (2): B2 gains 1.00, caused by the row's 层级."""
    old = with_rows(表彰宣传=[award("BZ-1", "市")], 佐证目录=[evidence()])
    new = with_rows(表彰宣传=[award("BZ-1", "省")], 佐证目录=[evidence()])
    unit = unit_of(compared(old, new), "T01")
    assert (sums(unit), rows_of(unit, "B2")) == ({"B2": "1.00"}, [("changed", "1.00", "2.00", "1.00")])
    (cause,) = unit.items[0].rows[0].causes
    assert cause.record is not None and cause.record.cells == (("层级", "市", "省"),)


def test_higher_level_beats_the_row_that_counted() -> None:
    """The same matter commended by 省 as well: the 市 row loses its 1.00 to the new row's 2.00; together +1.00."""
    old = with_rows(表彰宣传=[award("BZ-1", "市")], 佐证目录=[evidence()])
    new = with_rows(old, 表彰宣传=[award("BZ-2", "省", 日期="2022-07-01")])
    unit = unit_of(compared(old, new), "T01")
    assert rows_of(unit, "B2") == [("changed", "1.00", "0.00", "-1.00"), ("new", None, "2.00", "2.00")]
    beaten, better = unit.items[0].rows
    assert (cause_kinds(beaten)[0], cause_kinds(better)) == ("other_rows", ["record"])
    assert beaten.causes[1].record == better.causes[0].record


def test_missing_evidence_filed() -> None:
    """Evidence indexed at last: the row without it counts 1.00, and the new index row is the cause."""
    old = with_rows(表彰宣传=[award("BZ-1", "市")])
    unit = unit_of(compared(old, with_rows(old, 佐证目录=[evidence()])), "T01")
    assert rows_of(unit, "B2") == [("changed", "0.00", "1.00", "1.00")]
    (cause,) = unit.items[0].rows[0].causes
    assert cause.record is not None and (cause.record.kind, cause.record.table) == ("added", "佐证目录")


def test_cap_that_now_cuts() -> None:
    """An earlier row of 3.00 leaves 2.00 of the standard's cap 5 for the later 4.00: −3.00 and +2.00 make −1.00."""
    old = with_rows(扣分登记=[deduction("KF-2", 数量=4)])
    new = with_rows(old, 扣分登记=[deduction("KF-1", 数量=3, 发生日期="2022-01-10")])
    unit = unit_of(compared(old, new), "T01")
    assert rows_of(unit, "K") == [("new", None, "-3.00", "-3.00"), ("changed", "-4.00", "-2.00", "2.00")]
    assert [cause_kinds(row) for row in unit.items[0].rows] == [["record"], ["cut"]]
    assert (sums(unit), unit.difference) == ({"K": "-1.00"}, Decimal("-1.00"))


@pytest.mark.parametrize("edit", [{}, {"复核人": "别人"}, {"事实": "公文有差错"}])
def test_words_that_changed_too_hide_no_cut(edit: dict[str, str]) -> None:
    """KF-1 (3.00) goes and frees the cap of 5 for KF-2 (4.00): that is the cause, whatever words changed too."""
    old = with_rows(扣分登记=[deduction("KF-1", 数量=3, 发生日期="2022-01-10"), deduction("KF-2", 数量=4)])
    new = with_rows(扣分登记=[deduction("KF-2", 数量=4, **edit)])
    unit = unit_of(compared(old, new), "T01")
    assert rows_of(unit, "K") == [("changed", "-2.00", "-4.00", "-2.00"), ("gone", "-3.00", None, "3.00")]
    cut, gone = unit.items[0].rows
    assert cause_kinds(gone) == ["record"]
    assert cause_kinds(cut) == (["record", "cut"] if edit else ["cut"])


def test_words_that_changed_too_hide_no_row_that_went() -> None:
    """The 省 row goes, so that the 市 row of its matter counts: its other 文号 is listed, and what went is named."""
    old = with_rows(表彰宣传=[award("BZ-1", "市"), award("BZ-2", "省", 日期="2022-07-01")], 佐证目录=[evidence()])
    new = with_rows(表彰宣传=[award("BZ-1", "市", 文号或网址="2号")], 佐证目录=[evidence()])
    unit = unit_of(compared(old, new), "T01")
    (row,) = [row for row in unit.items[0].rows if row.kind == "changed"]
    assert (told(row), cause_kinds(row)[:2]) == (("changed", "0.00", "1.00", "1.00"), ["record", "other_rows"])
    assert ("removed", "表彰宣传") in [(c.record.kind, c.record.table) for c in row.causes if c.record]


def test_when_a_report_is_due_explains_no_register_row() -> None:
    """The half-year report is due ten days later, and KF-1 is new: the due date is no cause of the register's row."""
    scheme = scheme_with(("items", 2, "rule", "facts", 0, "due", 0, "due"), "2022-06-30")
    new = with_rows(扣分登记=[deduction("KF-1")])
    unit = unit_of(compared(BASE, new, new_options={"scheme": scheme}), "T01")
    (row,) = [row for row in unit.items[0].rows if row.kind == "new"]
    assert (told(row), cause_kinds(row)) == (("new", None, "-1.00", "-1.00"), ["record"])


def test_a_group_that_changes_moves_no_rank_among_all_units() -> None:
    """T02 becomes a 县级部门 and sends more: with one list of all units its row is the cause, not the roster."""
    new = ranked(T02=11)
    new["单位名录"][1]["单位类别"] = "县级部门"
    readings = {"readings": {"info_lists": "volume_then_rate"}}
    found = compared(ranked(), new, old_options=readings, new_options=readings)
    row = unit_of(found, "T01").items[0].rows[0]
    assert (told(row), cause_kinds(row)) == (("changed", "3.00", "2.00", "-1.00"), ["record"])
    by_group = {"readings": {"info_lists": "volume_then_rate", "info_pool": "by_group"}}
    grouped = compared(ranked(), new, old_options=by_group, new_options=by_group)
    assert "roster" in cause_kinds(unit_of(grouped, "D01").items[0].rows[0])


def test_a_mean_of_quarters_names_all_that_moved_it() -> None:
    """T01's first quarter falls behind T02, and T02 passes it in the fourth: both rows are causes of the mean."""
    base = [
        {"单位": code, "季度": str(q), "报送条数": number, "采用条数": 0}
        for code, numbers in (("T01", (9, 0, 0, 9)), ("T02", (8, 0, 0, 8)))
        for q, number in enumerate(numbers, start=1)
    ]
    edits = {("T01", "1"): 7, ("T02", "4"): 10}
    moved = [row | {"报送条数": edits.get((row["单位"], row["季度"]), row["报送条数"])} for row in base]
    readings = {"readings": {"info_lists": "volume_then_rate", "info_quarters": "mean"}}
    found = compared(with_rows(信息报送=base), with_rows(信息报送=moved), old_options=readings, new_options=readings)
    (row,) = [row for row in unit_of(found, "T01").items[0].rows if row.difference]
    assert told(row) == ("changed", "1.50", "1.00", "-0.50")  # (3 + 3) / 4 and (2 + 2) / 4
    assert {(c.record.unit_id, c.record.cells[0][2]) for c in row.causes if c.record} == {("T01", "7"), ("T02", "10")}


def test_a_task_of_another_year_waits_for_no_run_date() -> None:
    """A task moved into the next year leaves this one's deductions; an earlier run date has nothing to do with it."""
    task = {"任务编号": "1", "任务": "台账", "单位": "T01", "时限": "2022-07-01", "完成日期": None}
    days = {"run_date": date(2022, 12, 31)}, {"run_date": date(2022, 12, 15)}
    old, new = with_rows(交办任务=[task]), with_rows(交办任务=[task | {"时限": "2023-02-01"}])
    found = compared(old, new, old_options=days[0], new_options=days[1])
    (row,) = [row for change in unit_of(found, "T01").items if change.item == "B7" for row in change.rows]
    assert (told(row), cause_kinds(row)) == (("changed", "-1.00", "0.00", "1.00"), ["record"])


def test_gate_opened() -> None:
    """80.00 becomes 81.00: K +1.00 and the bonus part's 2.00 + 2.00 are new; blank before, so 85.00 − 80.00 = +5.00."""
    old = with_rows(扣分登记=[deduction("KF-1", 标准编号="LD-01")])
    new = with_rows(old, 调整复核=[decision("TZ-1", "KF-1", 处理="改值", 新值="19")])
    unit = unit_of(compared(old, new), "T01")
    assert (unit.bonus_score, unit.difference) == (Pair(None, Decimal("4.00")), Decimal("5.00"))
    assert sums(unit) == {
        "K": "1.00", "B1": "0.00", "B2": "0.00", "B3": "0.00", "B4": "0.00", "B5": "0.00", "B6": "2.00", "B7": "2.00",
    }  # fmt: skip
    assert rows_of(unit, "B6") == [("start", None, "2.00", "2.00")]
    assert unit.gate is not None and (unit.gate.old, unit.gate.new) == ("80.00 ≤ 80.00", "")
    assert [item.points.old for item in unit.items if item.item == "B6"] == [None]


def test_gate_closed_by_the_reading() -> None:
    """80.00 with the gate at 80 opened under at_least: without it 4.00 of bonus go; the reading is named."""
    tables = with_rows(扣分登记=[deduction("KF-1", 标准编号="LD-01")])
    found = compared(tables, tables, old_options={"readings": {"bonus_gate": "at_least"}})
    unit = unit_of(found, "T01")
    assert (unit.final_score, unit.difference) == (Pair(Decimal("84.00"), Decimal("80.00")), Decimal("-4.00"))
    assert rows_of(unit, "B7") == [("start", "2.00", None, "-2.00")]
    assert unit.gate is not None and (unit.gate.old, unit.gate.new) == ("", "80.00 ≤ 80.00")
    assert [cause.reading.key for cause in unit.causes if cause.reading] == ["bonus_gate"]


@pytest.mark.parametrize("back", [False, True])
def test_veto_to_scored_and_back(back: bool) -> None:
    """A vetoed unit has no score: no difference, no zero; the centre's row explains in V1, nothing else is listed."""
    vetoed = with_rows()
    vetoed["信息中心结果"][0]["市大数据局通报"] = "是"
    sides = (BASE, vetoed) if back else (vetoed, BASE)
    found = compared(*sides)
    unit = unit_of(found, "T01")
    score = Decimal("104.00")
    assert unit.kind == "verdict"
    assert unit.final_score == (Pair(score, None) if back else Pair(None, score))
    assert unit.key_score.old is None or unit.key_score.new is None
    assert unit.difference is None
    assert [(item.item, item.difference) for item in unit.items] == [("V1", None)]
    assert unit.items[0].note == (Pair("clear", "vetoed") if back else Pair("vetoed", "clear"))
    assert [row.kind for row in unit.items[0].rows] == ["changed", "changed"]
    assert {row.difference for row in unit.items[0].rows} == {None}
    (cause,) = unit.items[0].rows[0].causes
    assert cause.record is not None and cause.record.cells[0][0] == "市大数据局通报"
    assert unit.verdict.changed


def test_rival_moves_in_the_ranking() -> None:
    """D01 sends 9 instead of 6 and passes T02 (8): T02's 2.00 become 1.00, caused by D01's row."""
    readings = {"readings": {"info_lists": "volume_then_rate"}}
    found = compared(ranked(), ranked(D01=9), old_options=readings, new_options=readings)
    assert kinds(found) == {"T02": "score", "D01": "score"}
    loser = unit_of(found, "T02")
    assert rows_of(loser, "B4") == [("changed", "2.00", "1.00", "-1.00")]
    (cause,) = loser.items[0].rows[0].causes
    assert cause.record is not None
    assert (cause.record.unit_id, cause.record.cells) == ("D01", (("报送条数", "6", "9"),))
    assert loser.others == ()


def test_rival_behind_a_mean_of_quarters() -> None:
    """Under info_quarters=mean the mean row moves though its own source did not: the rival's row is still named."""
    base = [
        {"单位": code, "季度": str(q), "报送条数": n if q == 1 else 0, "采用条数": 0}
        for code, n in (("T01", 10), ("T02", 8), ("D01", 6))
        for q in (1, 2, 3, 4)
    ]
    moved = [row | {"报送条数": 9} if (row["单位"], row["季度"]) == ("D01", "1") else row for row in base]
    readings = {"readings": {"info_lists": "volume_then_rate", "info_quarters": "mean"}}
    found = compared(with_rows(信息报送=base), with_rows(信息报送=moved), old_options=readings, new_options=readings)
    # T02: 2.00 / 4 = 0.50, then 1.00 / 4 = 0.25
    row = unit_of(found, "T02").items[0].rows[0]
    assert told(row) == ("changed", "0.50", "0.25", "-0.25")
    assert [cause.record.unit_id for cause in row.causes if cause.record] == ["D01"]


def test_changed_reading() -> None:
    """A half-year report on its due day is late by a day under exclusive: −0.50, caused by deadline_day."""
    tables = with_rows()
    tables["材料报送"][0]["实报日期"] = "2022-06-20"
    found = compared(tables, tables, new_options={"readings": {"deadline_day": "exclusive"}})
    assert [change.key for change in found.overview.readings] == ["deadline_day"]
    unit = unit_of(found, "T01")
    assert rows_of(unit, "K") == [("changed", "0.00", "-0.50", "-0.50")]
    (cause,) = unit.items[0].rows[0].causes
    assert cause.reading is not None and cause.reading.option == Pair("inclusive", "exclusive")


def test_report_that_came_late_after_all() -> None:
    """A report noted as not received (−5.00) turns out five days late (−2.50): one row, matched by its label, +2.50."""
    old = with_rows()
    gone = old["材料报送"].pop(0)
    new = with_rows(old, 材料报送=[gone | {"实报日期": "2022-06-25"}])
    unit = unit_of(compared(old, new), "T01")
    assert rows_of(unit, "K") == [("changed", "-5.00", "-2.50", "2.50")]
    (cause,) = unit.items[0].rows[0].causes
    assert cause.record is not None and (cause.record.kind, cause.record.table) == ("added", "材料报送")


def test_report_that_became_due() -> None:
    """With the run date past 20 December the missing annual report costs 5.00; the run date is the cause."""
    tables = with_rows()
    tables["材料报送"].pop(1)
    days = {"run_date": date(2022, 12, 19)}, {"run_date": date(2022, 12, 20)}
    found = compared(tables, tables, old_options=days[0], new_options=days[1])
    assert found.overview.run_date == Pair(date(2022, 12, 19), date(2022, 12, 20))
    row = unit_of(found, "T01").items[0].rows[0]
    assert (told(row), cause_kinds(row)) == (("changed", "0.00", "-5.00", "-5.00"), ["run_date"])


def test_number_of_the_scheme() -> None:
    """省 raised from 2 to 2.5: B2 +0.50, caused by the path items[B2].rule.levels.省."""
    tables = with_rows(表彰宣传=[award("BZ-1", "省")], 佐证目录=[evidence()])
    scheme = scheme_with(("items", 4, "rule", "levels", "省"), "2.5")
    found = compared(tables, tables, new_options={"scheme": scheme})
    assert [(c.path, c.value) for c in found.overview.scheme] == [("items[B2].rule.levels.省", Pair("2", "2.5"))]
    row = unit_of(found, "T01").items[0].rows[0]
    assert (told(row), cause_kinds(row)) == (("changed", "2.00", "2.50", "0.50"), ["scheme"])


def test_price_of_a_standard() -> None:
    """GW-01 raised from 1 to 1.5: every unit with such a row loses 0.50 more, caused by 扣分标准."""
    old = with_rows(扣分登记=[deduction("KF-1"), deduction("KF-2", unit="D01")])
    new = with_rows(old)
    new["扣分标准"][2]["单次扣分"] = "1.5"
    found = compared(old, new)
    assert {unit.unit_id: str(unit.difference) for unit in found.units} == {"T01": "-0.50", "D01": "-0.50"}
    (cause,) = unit_of(found, "D01").items[0].rows[0].causes
    assert cause.record is not None
    assert (cause.record.table, cause.record.cells) == ("扣分标准", (("单次扣分", "1", "1.5"),))


def test_bonus_cap_row() -> None:
    """With the bonus part capped at 5, 2.00 more of B2 add 1.00: 4.00 + 2.00 − 1.00 cut = 5.00; 105.00 − 104.00."""
    scheme = scheme_with(("judgement", "bonus_cap", "points"), "5")
    new = with_rows(表彰宣传=[award("BZ-1", "省")], 佐证目录=[evidence()])
    found = compared(BASE, new, old_options={"scheme": scheme}, new_options={"scheme": scheme})
    unit = unit_of(found, "T01")
    assert (sums(unit), unit.difference) == ({"B2": "2.00"}, Decimal("1.00"))
    assert unit.cut is not None and told(unit.cut) == ("cut", "0.00", "-1.00", "-1.00")
    assert cause_kinds(unit.cut) == ["other_rows"]


def test_full_bonus_of_20_is_not_cut() -> None:
    """The shipped cap of 20 for the whole bonus part cuts nothing of 4.00, nor of 6.00: no row for it."""
    new = with_rows(表彰宣传=[award("BZ-1", "省")], 佐证目录=[evidence()])
    assert unit_of(compared(BASE, new), "T01").cut is None


def test_bonus_cap_lowered() -> None:
    """The cap lowered from 20 to 3 takes 1.00 of everybody's 4.00: no item explains, the cap's row does."""
    found = compared(BASE, BASE, new_options={"scheme": scheme_with(("judgement", "bonus_cap", "points"), "3")})
    assert {unit.unit_id: (str(unit.difference), unit.items) for unit in found.units} == {
        "T01": ("-1.00", ()), "T02": ("-1.00", ()), "D01": ("-1.00", ()),
    }  # fmt: skip
    cut = found.units[0].cut
    assert cut is not None and (told(cut), cause_kinds(cut)) == (("cut", "0.00", "-1.00", "-1.00"), ["scheme"])


def test_cap_of_an_item() -> None:
    """B7's cap raised from 2 to 2.5: it starts with 0.50 more, said by a row of its own."""
    found = compared(BASE, BASE, new_options={"scheme": scheme_with(("items", 9, "cap"), "2.5")})
    unit = unit_of(found, "T01")
    assert rows_of(unit, "B7") == [("start", "2.00", "2.50", "0.50")]
    assert cause_kinds(unit.items[0].rows[0]) == ["scheme"]


def test_grade_by_an_approved_band() -> None:
    """A band entered with its document changes grades and no score: units are listed first, the scheme is the cause."""
    bands = [{"grade": "优秀", "at_least": "104", "approval": "7号"}]
    new = with_rows(扣分登记=[deduction("KF-1", unit="T02")])
    found = compared(BASE, new, new_options={"scheme": scheme_with(("grades", "bands"), bands)})
    assert kinds(found) == {"T01": "verdict", "D01": "verdict", "T02": "score"}
    unit = found.units[0]
    assert (unit.grade, unit.difference, unit.items) == (Pair("合格", "优秀"), Decimal("0.00"), ())
    assert "grades.bands[优秀].at_least" in [cause.scheme.path for cause in unit.causes if cause.scheme]


def test_unresolved_item() -> None:
    """A confirmation withdrawn leaves B5 unresolved at 0.00: points are the same, the open question is told."""
    new = with_rows()
    new["确认无事项"] = [row for row in new["确认无事项"] if row["表"] != "领导评价"]
    found = compared(BASE, new)
    assert set(kinds(found).values()) == {"detail"}
    unit = unit_of(found, "T01")
    assert (unit.unresolved, unit.difference) == (Pair((), ("B5",)), Decimal("0.00"))
    assert [(row.kind, str(row.difference)) for row in unit.items[0].rows] == [("new", "0.00"), ("gone", "0.00")]
    records = {c.record.table for row in unit.items[0].rows for c in row.causes if c.record}
    assert records == {"确认无事项"}


def test_key_task_unit_is_a_cause_of_its_reports_alone() -> None:
    """T01 filled in as no 重点任务单位, four tables confirmed: the roster explains one row of K and nothing else."""
    tables = ("扣分登记", "信息报送", "领导评价", "参会登记")
    confirmed = [{"表": table, "单位": "T01", "确认人": "丙", "确认日期": "2022-12-31"} for table in tables]
    old = with_rows()
    old["单位名录"][0]["重点任务单位"] = None
    old["确认无事项"] = [row for row in old["确认无事项"] if row["表"] not in tables]
    unit = unit_of(compared(old, with_rows(BASE | {"确认无事项": old["确认无事项"]}, 确认无事项=confirmed)), "T01")
    assert unit.unresolved == Pair(("K", "B4", "B5", "B6"), ())
    by_roster = [
        (change.item, row.old.label if row.old else "")
        for change in unit.items
        for row in change.rows
        if any(cause.record is not None and cause.record.table == "单位名录" for cause in row.causes)
    ]
    assert by_roster == [("K", "单位名录未注明是否重点任务单位：季度进展暂不要求，待定")]


def test_key_task_unit_is_a_cause_of_a_quarterly_report() -> None:
    """T01 becomes a 重点任务单位 without a second quarter's progress: the new row of −5.00 comes from the roster."""
    new = with_rows()
    new["单位名录"][0]["重点任务单位"] = "是"
    change = unit_of(compared(BASE, new), "T01").items[0]
    (row,) = [row for row in change.rows if row.new is not None and row.new.label.startswith("第2季度进展（")]
    (cause,) = row.causes
    assert told(row) == ("new", None, "-5.00", "-5.00")
    assert cause.record is not None and cause.record.cells == (("重点任务单位", "否", "是"),)


def test_differences_that_cancel_out() -> None:
    """One row taken out, another of the same points put in: the score stands, both rows are told."""
    old = with_rows(扣分登记=[deduction("KF-1")])
    found = compared(old, with_rows(扣分登记=[deduction("KF-9", 事实="另一事")]))
    assert kinds(found) == {"T01": "detail"}
    assert sorted(rows_of(found.units[0], "K")) == [
        ("gone", "-1.00", None, "1.00"), ("new", None, "-1.00", "-1.00"),
    ]  # fmt: skip


def test_words_alone_are_no_difference() -> None:
    """A fact reworded, its points the same: no unit is listed; the raw row is counted."""
    old = with_rows(扣分登记=[deduction("KF-1")])
    found = compared(old, with_rows(扣分登记=[deduction("KF-1", 事实="公文差错一处")]))
    assert found.units == ()
    assert [(table, dict(counts)) for table, counts in found.overview.records] == [("扣分登记", {"changed": 1})]


def test_other_raw_rows_are_listed() -> None:
    """A raw row of the unit that no explaining row names is listed beside: here a reworded fact."""
    old = with_rows(扣分登记=[deduction("KF-1")])
    new = with_rows(扣分登记=[deduction("KF-1", 事实="公文差错一处"), deduction("KF-2", 发生日期="2022-04-01")])
    unit = unit_of(compared(old, new), "T01")
    assert [(record.key, record.cells) for record in unit.others] == [
        ((("编号", "KF-1"),), (("事实", "公文差错", "公文差错一处"),))
    ]


# ---- which units, in which order ----------------------------------------------------------------------------------


def test_rank_alone() -> None:
    """T01 rises from 102.00 to 104.00 past D01's 103.00: D01 only changes its rank, 2 to 3, with nothing to explain."""
    old = with_rows(扣分登记=[deduction("KF-1", 数量=2), deduction("KF-2", unit="D01")])
    new = with_rows(扣分登记=[deduction("KF-2", unit="D01")])
    found = compared(old, new)
    assert kinds(found) == {"T01": "score", "D01": "rank"}
    follower = unit_of(found, "D01")
    assert (follower.only_rank, follower.rank_overall, follower.rank_in_group) == (True, Pair(2, 3), Pair(1, 1))
    assert (follower.items, follower.others, follower.difference) == ((), (), Decimal("0.00"))


def test_most_important_first() -> None:
    """Status first, then the larger difference, then ranks alone."""
    old = with_rows(扣分登记=[deduction("KF-3", unit="T02")])
    new = with_rows(扣分登记=[deduction("KF-2", unit="T01", 数量=2)])
    new["信息中心结果"][2]["市大数据局通报"] = "是"
    found = compared(old, new)
    assert list(kinds(found).items()) == [("D01", "verdict"), ("T01", "score"), ("T02", "score")]
    assert [str(unit.difference) for unit in found.units] == ["None", "-2.00", "1.00"]


def test_roster() -> None:
    """Units added, removed, renamed, regrouped and recoded are told as a whole; only common codes are compared."""
    new = with_rows()
    roster = {row["单位编码"]: row for row in new["单位名录"]}
    roster["T01"]["单位名称"] = "甲镇（新）"
    roster["T02"]["单位类别"] = "县级部门"
    roster["D01"]["单位编码"] = "D09"
    for table in ("信息中心结果", "材料报送"):
        for row in new[table]:
            row["单位"] = "D09" if row["单位"] == "D01" else row["单位"]
    found = compared(BASE, new)
    changed = found.overview.roster
    assert changed.added == (("D09", "丙局"),)
    assert changed.removed == (("D01", "丙局"),)
    assert changed.renamed == (("T01", Pair("甲镇", "甲镇（新）")),)
    assert changed.regrouped == (("T02", Pair("镇", "县级部门")),)
    assert changed.recoded == (("丙局", Pair("D01", "D09")),)
    assert found.compared == ("T01", "T02")
    assert kinds(found) == {}  # all have 104.00: every rank is 1


def test_another_year_is_not_matched_by_record() -> None:
    """Of two years no raw row is the same: KF-1 of the one and KF-1 of the other are two rows, and none is listed."""
    tables = (
        make_tables(with_rows(扣分登记=[deduction("KF-1")])),
        make_tables(with_rows(扣分登记=[deduction("KF-1", 数量=2)])),
    )
    old, new = (scored_set(one) for one in tables)
    found = compare(replace(old, basis=replace(old.basis, year=2021)), new, *tables)
    assert found.overview.year == Pair(2021, 2022)
    assert found.overview.records == ()
    assert sorted(rows_of(unit_of(found, "T01"), "K")) == [
        ("gone", "-1.00", None, "1.00"), ("new", None, "-2.00", "-2.00"),
    ]  # fmt: skip


def test_final_flag_software_and_files() -> None:
    """The whole tells the final flag, the software's versions and the files added, removed and changed."""
    tables = make_tables(BASE)
    old, new = scored_set(tables), scored_set(tables, final=True)
    slips: list[Mapping[str, Any]] = [
        {"package": package, "python": "3.11.2", "libraries": {"openpyxl": library}, "inputs": files}
        for package, library, files in (
            ("1.0.0", "3.1.4", {"甲.csv": "1", "乙.csv": "2"}),
            ("1.1.0", "3.1.5", {"乙.csv": "3", "丙.csv": "4"}),
        )
    ]
    told_whole = compare(old, new, tables, tables, old_receipt=slips[0], new_receipt=slips[1]).overview
    assert told_whole.final == Pair(False, True)
    assert told_whole.software == (("assess-lib", Pair("1.0.0", "1.1.0")), ("openpyxl", Pair("3.1.4", "3.1.5")))
    assert told_whole.inputs == (("added", "丙.csv"), ("changed", "乙.csv"), ("removed", "甲.csv"))


def test_number_written_otherwise_is_the_same() -> None:
    """60 and 60.00 in scheme.yaml are one number; 2.5 and 2.50 in a cell as well."""
    found = compared(BASE, BASE, new_options={"scheme": scheme_with(("judgement", "pass_mark", "points"), "60.00")})
    assert found.overview.scheme == ()
    old, new = with_rows(), with_rows()
    old["扣分标准"][0]["单次扣分"], new["扣分标准"][0]["单次扣分"] = "0.5", "0.50"
    assert compared(old, new).overview.records == ()


# ---- raw rows -----------------------------------------------------------------------------------------------------


def test_rows_without_a_key_are_paired_one_to_one() -> None:
    """Two red lights of one ticket: the equal ones are paired first, so only the other's time is a change."""
    rows = [{"工单编号": "GD-1", "单位": "T01", "红灯时间": f"2022-05-0{n} 09:30"} for n in (1, 2)]
    moved = [rows[1], rows[0] | {"红灯时间": "2022-05-03 00:00"}]
    old, new = make_tables({"热线红灯": rows}), make_tables({"热线红灯": moved})
    records = Records.pair(old, new, same_year=True)
    assert [change.cells for change in records.changes.values()] == [(("红灯时间", "2022-05-01 09:30", "2022-05-03"),)]
    (change,) = records.changes.values()
    assert change.source == Pair("热线红灯.csv!!2", "热线红灯.csv!!3")


def test_source_with_the_separator_in_its_name() -> None:
    """A file name may hold the separator of sources: its rows are still found."""
    tables = [make_tables(with_rows(扣分登记=[deduction("KF-1", 数量=n)])) for n in (1, 2)]
    for one in tables:
        one["扣分登记"] = tuple(
            replace(row, source=replace(row.source, file="扣分登记_甲; 乙!!9; 丙.csv")) for row in one["扣分登记"]
        )
    found = compare(scored_set(tables[0]), scored_set(tables[1]), *tables)
    (cause,) = unit_of(found, "T01").items[0].rows[0].causes
    assert cause.record is not None and cause.record.cells == (("数量", "1", "2"),)


# ---- a set that does not add up -----------------------------------------------------------------------------------


def test_ledger_that_does_not_add_up_is_refused() -> None:
    """A ledger row that says −1.00 where the item lost 2.00 is no explanation: the comparison names unit and item."""
    tables = make_tables(BASE), make_tables(with_rows(扣分登记=[deduction("KF-1", 数量=2)]))
    old, new = (scored_set(one) for one in tables)
    wrong = new.ledger["label"].str.contains("公文差错")
    assert wrong.sum() == 1
    new.ledger.loc[wrong, "points"] = Decimal("-1.00")
    with pytest.raises(VerifyFailed, match=r"T01 的 K：.*-1\.00.*-2\.00"):
        compare(old, new, *tables)


def test_results_that_do_not_add_up_are_refused() -> None:
    """A final score that its items do not make up is refused too, by unit."""
    tables = make_tables(BASE)
    old, new = scored_set(tables), scored_set(tables)
    new.results.loc[0, "final_score"] = Decimal("103.00")
    with pytest.raises(VerifyFailed, match=r"T01：.*0\.00.*-1\.00"):
        compare(old, new, tables, tables)
