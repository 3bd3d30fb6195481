"""The bench without widgets: every what-if is exactly what plain scoring gives for the same decisions and rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bench_years import SCHEME, bench_of, bench_of_year, row_of, small_bench
from build import make_table, make_tables
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_year import READINGS, Year, years
from report_set import small_set_tables

from assess_lib.errors import UsageError
from assess_lib.scoring import Result, Score, score
from assess_lib.tables import TABLES, Row, Tables
from assess_lib.workbench import Bench, Changes, Object
from assess_lib.workbench.difference import differ
from assess_lib.workbench.evidence import list_evidence
from assess_lib.workbench.story import UNCHANGED, tell

promise = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
D = Decimal


def result(bench: Bench, changes: Changes, unit: str) -> Result:
    return bench.score(changes).result(unit)


def off(bench: Bench, *rows: Any, changes: Changes | None = None) -> Changes:
    """Switch rows off."""
    made = changes or Changes()
    for source in rows:
        made = bench.switch(made, source, False)
    return made


def numbers(made: Score) -> list[Any]:
    """Give all that a score says but its words: results, items, and the ledger's numbers and statuses."""
    ledger = [
        (e.unit_id, e.part, e.item, e.clause, e.status, e.nominal, e.before, e.points, e.after, e.reading)
        for e in made.ledger
    ]
    return [made.results, made.items, ledger]


# ---- the small set, worked out by hand --------------------------------------------------------------------------


def test_without_a_change_the_bench_shows_the_official_state() -> None:
    """No switch: results, items and ledger are those of the stored set, the sentence says that nothing was changed."""
    bench = small_bench()
    assert bench.check() == "核对通过：不作任何改动时，5 个单位的结果和台账与结果文件夹逐行相同。"
    difference = differ(bench, bench.score(Changes()), "T01")
    assert tell(bench, difference) == UNCHANGED
    assert not any(moved.any for moved in difference.moved)
    assert {pair.kind for pair in difference.lines} == {"same"}


def test_a_stored_set_that_says_something_else_is_told() -> None:
    """A stored result that scoring does not give again stops the check and names what differs."""
    bench = small_bench()
    bench.data.results.loc[0, "final_score"] = D("99.99")
    with pytest.raises(AssertionError, match=r"结果与结果文件夹里的不同"):
        bench.check()


def test_a_register_row_switched_off_stays_as_revoked() -> None:
    """KF-2 (1.00 × 2) off: key 97.00 → 99.00, final 108.11 → 110.11, rank 2 → 1; the row is revoked and stays."""
    bench = small_bench()
    tried = bench.score(off(bench, row_of(bench, "扣分登记", 编号="KF-2")))
    new = tried.result("T01")
    assert (new.key_score, new.final_score, new.rank_overall) == (D("99.00"), D("110.11"), 1)
    assert tried.result("T02").rank_overall == 2
    revoked = [e for e in tried.score.ledger if e.unit_id == "T01" and e.status == "revoked"]
    assert [(e.nominal, e.points) for e in revoked] == [(D("-2.00"), D("0.00")), (D("-1.00"), D("0.00"))]  # KF-2, KF-3


def test_the_only_row_switched_off_still_counts_as_reported() -> None:
    """KF-4 is all that 扣分登记 has of D02: off, the unit is at 100.00, the bonus opens, and K is not unresolved.

    B4: third by volume in four quarters, 1 × 4, capped at 3.00; B5 3.00, B6 2.00, B7 2.00; final 110.00, as T02 has.
    """
    bench = small_bench()
    new = result(bench, off(bench, row_of(bench, "扣分登记", 编号="KF-4")), "D02")
    assert (new.key_score, new.bonus_open, new.bonus_score) == (D("100.00"), True, D("10.00"))
    assert (new.final_score, new.rank_overall, new.unresolved) == (D("110.00"), 1, 0)


def test_an_officially_revoked_row_can_be_switched_on() -> None:
    """KF-3 (1.00) was revoked by TZ-1; on, it deducts again (96.00); the row of TZ-1 goes off with it, and back."""
    bench = small_bench()
    row, decision = row_of(bench, "扣分登记", 编号="KF-3"), row_of(bench, "调整复核", 编号="TZ-1")
    assert not bench.is_on(row, Changes())
    lifted = bench.switch(Changes(), row, True)
    assert result(bench, lifted, "T01").key_score == D("96.00")
    assert bench.is_on(row, lifted) and not bench.is_on(decision, lifted)
    assert bench.switch(Changes(), decision, False) == lifted
    assert bench.switch(lifted, row, False).nothing and bench.switch(lifted, decision, True).nothing


def test_all_rows_of_a_ticket_go_together() -> None:
    """Two red lights under one ticket: switching one off switches the other, as a decision on the ticket does."""
    again = {"工单编号": "GD-3", "单位": "D01", "红灯时间": "2022-04-01 10:00"}
    bench = small_bench(热线红灯=[again])
    first, second = [row.source for row in bench.tables["热线红灯"] if row["工单编号"] == "GD-3"]
    changes = off(bench, first)
    assert not bench.is_on(second, changes)
    assert changes.withdrawn == {Object("热线红灯", "GD-3", "D01")}


def test_a_row_without_a_number_goes_as_if_it_had_never_been_handed_in() -> None:
    """One of three marks of T01 (1.87) away: (2.46 + 2.91) ÷ 2 = 2.685, rounded 2.69, final 108.11 − 2.41 + 2.69."""
    bench = small_bench()
    gone = row_of(bench, "领导评价", 单位="T01", 分值=D("1.87"))
    assert result(bench, off(bench, gone), "T01").final_score == D("108.39")
    centre = row_of(bench, "信息中心结果", 单位="T01")
    assert result(bench, off(bench, centre), "T01").unresolved == 1


def test_a_veto_ends_when_its_grounds_are_away() -> None:
    """D01 without the centre's row and without its two tickets: 100 − 3 − 3 = 94.00, B7 2.00, and V1 B4 B5 B6 open."""
    bench = small_bench()
    tickets = [row.source for row in bench.tables["热线红灯"]]
    changes = off(bench, *tickets, row_of(bench, "信息中心结果", 单位="D01"))
    new = result(bench, changes, "D01")
    assert (new.status, new.key_score, new.final_score, new.unresolved) == ("scored", D("94.00"), D("96.00"), 4)
    told = tell(bench, differ(bench, bench.score(changes), "D01"))
    assert told.startswith("关掉 3 行后：县松柏局不再构成单项否决，重新计分，重点考核 — → 94.00，")
    assert "等次 不合格 → 合格，" in told and "总名次 — → 3，待定 0 项 → 4 项。" in told  # 110.00, 108.11, 96.00


def test_a_quantity_changed_makes_an_amount() -> None:
    """KF-2 of 1.00 each: 2 → 5 times takes 5.00 (94.00); back to 2 is no change; 2.5, 0 and 三 are refused in words."""
    bench = small_bench()
    row = row_of(bench, "扣分登记", 编号="KF-2")
    changes = bench.set_count(Changes(), row, "5")
    assert result(bench, changes, "T01").key_score == D("94.00")
    assert bench.amount(bench.rows[row], changes).count == 5
    assert bench.set_count(changes, row, "2").nothing
    for typed in ("2.5", "0", "三", "1e0", ""):
        with pytest.raises(UsageError, match="数量"):
            bench.set_count(changes, row, typed)


def test_a_deduction_is_set_to_any_amount() -> None:
    """KF-2 set to 0.50: 97.00 + 1.50 = 98.50; 0 takes nothing; three decimals and negatives are refused in words."""
    bench = small_bench()
    row = row_of(bench, "扣分登记", 编号="KF-2")
    assert result(bench, bench.set_value(Changes(), row, "0.5"), "T01").key_score == D("98.50")
    assert result(bench, bench.set_value(Changes(), row, "0"), "T01").key_score == D("99.00")
    for typed in ("0.505", "-1", "3分"):
        with pytest.raises(UsageError, match="新值"):
            bench.set_value(Changes(), row, typed)
    with pytest.raises(UsageError, match=r"“领导评价”不能改数"):
        bench.set_value(Changes(), row_of(bench, "领导评价", 单位="T02"), "3")


def test_a_mark_is_set_within_its_range() -> None:
    """Two marks 3.00 and 2.00 make 2.50; 2.00 set to 4.00 makes 3.50; 4.01 is refused, and only 评定分 is asked for."""
    marks = [
        {
            "编号": f"PD-{n}", "单位": "T01", "事项": "一窗通办", "评定分": mark, "理由": "首创", "评分人": f"甲{n}",
            "复核人": "乙", "佐证编号": "ZJ-1",
        }
        for n, mark in enumerate(("3", "2"), start=1)
    ]  # fmt: skip
    bench = small_bench(评定加分=marks)
    row = row_of(bench, "评定加分", 编号="PD-2")
    official = result(bench, Changes(), "T01").final_score
    assert official == D("110.61")  # 108.11 + 2.50
    assert result(bench, bench.set_value(Changes(), row, "4"), "T01").final_score == D("111.61")
    with pytest.raises(UsageError, match=r"评定分.*最大为 4"):
        bench.set_value(Changes(), row, "4.01")
    with pytest.raises(UsageError, match="不能改数"):
        bench.set_count(Changes(), row, "2")


def test_switching_off_and_setting_an_amount_give_way_to_each_other() -> None:
    """The last thing said of a row holds: an amount switches it on again, a switch forgets the amount."""
    bench = small_bench()
    row = row_of(bench, "扣分登记", 编号="KF-2")
    set_then_off = off(bench, row, changes=bench.set_count(Changes(), row, "5"))
    assert set_then_off == off(bench, row)
    assert bench.is_on(row, bench.set_count(set_then_off, row, "5"))
    assert bench.set_count(set_then_off, row, "2").nothing
    assert bench.switch(set_then_off, row, True).nothing
    revoked = row_of(bench, "扣分登记", 编号="KF-3")
    changed = bench.set_value(Changes(), revoked, "0.25")
    assert result(bench, changed, "T01").key_score == D("96.75") and bench.is_on(revoked, changed)
    assert bench.clear_amount(changed, revoked).nothing


def test_readings_and_run_date_are_changes_only_where_they_differ() -> None:
    """bonus_gate=at_least lets D02 (80.00) in: 80.00 + 10.00; the official option and day are no change."""
    bench = small_bench()
    changes = bench.set_reading(Changes(), "bonus_gate", "at_least")
    assert result(bench, changes, "D02").final_score == D("90.00")
    assert bench.set_reading(changes, "bonus_gate", "above").nothing
    early = bench.set_date(Changes(), date(2022, 6, 19))
    assert result(bench, early, "D03").key_score == D("100.00")  # neither report is due yet
    assert bench.set_date(early, date(2022, 12, 31)).nothing and bench.set_date(early, None).nothing
    with pytest.raises(UsageError, match="没有选项"):
        bench.set_reading(Changes(), "bonus_gate", "maybe")


def test_the_sentence_says_what_was_changed_and_why() -> None:
    """Two rows off and a reading chosen: counted in words, with scores, ranks, the rows behind them, who else moved."""
    bench = small_bench()
    changes = off(bench, row_of(bench, "扣分登记", 编号="KF-1"), row_of(bench, "扣分登记", 编号="KF-2"))
    changes = bench.set_reading(changes, "bonus_gate", "at_least")
    told = tell(bench, differ(bench, bench.score(changes), "T01"))
    assert told.startswith(
        "关掉 2 行、换 1 项口径后：梧桐镇重点考核 97.00 → 100.00，最终得分 108.11 → 111.11，"
        "组内名次 2 → 1，总名次 2 → 1。因为：重点考核 +2.00（04-01 "
    )
    assert "重点考核 +1.00（03-01 公文办理超期两日：已撤销）。" in told
    assert told.endswith("县银杏局（80.00 → 90.00）的结果也变了。另有 1 个单位只变名次。")


def test_the_sentence_says_that_the_bonus_part_opens() -> None:
    """KF-4 (20.00) set to 19.99: 80.01 opens the bonus part of D02."""
    bench = small_bench()
    changes = bench.set_value(Changes(), row_of(bench, "扣分登记", 编号="KF-4"), "19.99")
    told = tell(bench, differ(bench, bench.score(changes), "D02"))
    assert told.startswith(
        "改 1 处扣分后：县银杏局重点考核 80.00 → 80.01，加分开启，加分 — → 10.00，最终得分 80.00 → 90.01"
    )


def test_the_sentence_names_the_key_part_as_the_scheme_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme whose key part is called 业务工作: another unit's key score up by what its bonus lost is told so."""
    key = SCHEME.parts.key.model_copy(update={"name": "业务工作"})
    renamed = SCHEME.model_copy(update={"parts": SCHEME.parts.model_copy(update={"key": key})})
    monkeypatch.setattr("bench_years.SCHEME", renamed)
    bench = small_bench()
    difference = differ(bench, bench.score(off(bench, row_of(bench, "扣分登记", 编号="KF-2"))), "T02")
    moved = tuple(
        replace(one, new=replace(one.old, key_score=D("98.00"), bonus_score=D("10.11")))
        if one.old.unit_id == "T01"
        else one
        for one in difference.moved
    )
    told = tell(bench, replace(difference, moved=moved))
    assert told.endswith("梧桐镇（业务工作 97.00 → 98.00，最终得分不变）的结果也变了。")


def test_a_unit_may_move_because_of_another() -> None:
    """T01 passes T02 by its own rows: for T02 the sentence says that its score is the same and its rank moved."""
    bench = small_bench()
    changes = off(bench, row_of(bench, "扣分登记", 编号="KF-2"))
    told = tell(bench, differ(bench, bench.score(changes), "T02"))
    assert told == (
        "关掉 1 行后：白杨镇组内名次 1 → 2，总名次 1 → 2。本单位的得分没有变，名次随别的单位变动。"
        "梧桐镇（108.11 → 110.11）的结果也变了。"
    )


def test_a_rival_gone_moves_the_quarterly_list() -> None:
    """T02's four quarters away: D02, opened by the reading, becomes second by volume, 2 × 4 capped at 3.00 as before;
    T02 itself loses its 3.00 and is unresolved."""
    bench = small_bench()
    changes = off(bench, *(row.source for row in bench.tables["信息报送"] if row["单位"] == "T02"))
    new = result(bench, changes, "T02")
    assert (new.final_score, new.unresolved) == (D("107.00"), 1)


def test_ledger_rows_are_paired_by_what_they_are_about() -> None:
    """KF-2 off: its row and the two closing rows differ; later rows whose running total moved do not."""
    bench = small_bench()
    difference = differ(bench, bench.score(off(bench, row_of(bench, "扣分登记", 编号="KF-2"))), "T01")
    changed = [pair for pair in difference.lines if pair.kind != "same"]
    assert [(p.line.item, p.kind) for p in changed] == [("K", "changed"), ("final", "changed"), ("final", "changed")]
    assert changed[0].gain == D("2.00")
    assert "已撤销（试算）" in changed[0].line.label and "试算" not in changed[0].line.place_text


def test_a_gate_that_closes_takes_rows_away() -> None:
    """T01 at 79.00 (KF-2 set to 20.00): bonus rows become 'gone' or 'changed', none is left out."""
    bench = small_bench()
    changes = bench.set_value(Changes(), row_of(bench, "扣分登记", 编号="KF-2"), "20")
    difference = differ(bench, bench.score(changes), "T01")
    old, new = difference.old.lines, difference.new.lines
    assert [p.old for p in difference.lines if p.old] and len([p for p in difference.lines if p.old]) == len(old)
    assert [p.new for p in difference.lines if p.new] == list(new)
    assert "加分由开启变为不开启" in tell(bench, difference)


def test_every_row_of_the_unit_is_listed_once() -> None:
    """The list holds each row of every table that names the unit or 全部, grouped by item in the scheme's order."""
    bench = small_bench(确认无事项=[{"表": "交办任务", "单位": "全部", "确认人": "甲", "确认日期": "2023-01-01"}])
    listed = list_evidence(bench, "T01", Changes())
    expected = {
        row.source
        for name, rows in bench.tables.items()
        if name not in ("单位名录", "扣分标准")
        for row in rows
        if row["单位"] in ("T01", "全部")
    }
    assert {one.source for one in listed} == expected and len(listed) == len(expected)
    items = list(dict.fromkeys(one.item for one in listed))
    assert items == [
        "V1 热线红灯", "K 重点考核", "B2 通报表彰", "B3 经验宣传", "B4 信息报送", "B5 领导评价", "B6 参会情况",
        "佐证", "确认", "调整",
    ]  # fmt: skip
    by_number = {one.number: one for one in listed if one.number}
    assert (by_number["KF-1"].effect, by_number["KF-3"].effect, by_number["KF-3"].on) == ("计入 −1.00", "撤销", False)
    assert by_number["KF-2"].what.startswith("GW-01，<script>")  # text as it stands; escaping is the table's
    assert [one.everyone for one in listed if one.item == "确认"].count(True) == 1


def test_units_are_found_by_code_name_and_alias() -> None:
    """Part of a code in any case, of a name or of an alias finds the unit; what nobody is called finds none."""
    bench = small_bench()
    assert bench.find_units("银杏") == ["D02"] and bench.find_units("d0") == ["D01", "D02", "D03"]
    assert bench.find_units(" 白 杨 ") == ["T02"] and bench.find_units("无此局") == []
    assert bench.find_units("") == ["T01", "T02", "D01", "D02", "D03"]


# ---- any year ---------------------------------------------------------------------------------------------------


def decided(bench: Bench, things: list[Object]) -> Tables:
    """Return the year's tables with a documented 撤销 of each object, in the office's own words."""
    rows = [
        {
            "编号": f"撤-{n}", "单位": thing.unit_id, "对象表": thing.table, "对象编号": thing.number, "处理": "撤销",
            "理由": "异议成立", "决定人": "组长", "决定日期": "2022-12-25", "批准文号": "〔2022〕31号",
        }
        for n, thing in enumerate(things)
    ]  # fmt: skip
    kept = tuple(row for row in bench.tables["调整复核"] if Object.decided(row) not in things)
    return {**bench.tables, "调整复核": (*kept, *make_table("调整复核", rows))}


@promise
@given(years(), st.randoms(use_true_random=False))
def test_rows_off_are_what_their_revocation_is(year: Year, random: Any) -> None:
    """A what-if with objects off and rows away equals plain scoring after 撤销 of the ones and without the others."""
    bench = bench_of_year(year)
    wanted = [row for row in bench.rows.values() if row.table not in ("单位名录", "扣分标准", "调整复核")]
    chosen = random.sample(wanted, min(len(wanted), random.randint(1, 8)))
    chosen = [row for row in chosen if bench.is_on(row.source, Changes())]
    assume(chosen)
    changes = off(bench, *(row.source for row in chosen))
    things = list(dict.fromkeys(thing for row in chosen if (thing := Object.of(row))))
    tables = {
        name: tuple(row for row in rows if Object.of(row) or row not in chosen) if name != "单位名录" else rows
        for name, rows in decided(bench, things).items()
    }
    plain = score(tables, SCHEME, year.readings, year.run_date)
    assert numbers(bench.score(changes).score) == numbers(plain)


@promise
@given(years(), st.randoms(use_true_random=False))
def test_rows_off_count_as_little_as_rows_that_are_not_there(year: Year, random: Any) -> None:
    """Where the unit keeps another row in the table, an object off gives the results of tables without its rows."""
    bench = bench_of_year(year)
    tables: dict[str, tuple[Row, ...]] = dict(bench.tables)
    changes = Changes()
    for thing, rows in random.sample(sorted(bench.objects.items()), min(4, len(bench.objects))):
        left = tuple(row for row in tables[thing.table] if row not in rows)
        if thing in bench.decisions or not any(row["单位"] == thing.unit_id for row in left):
            continue
        tables[thing.table] = left
        changes = off(bench, rows[0].source, changes=changes)
    assume(not changes.nothing)
    plain = score(tables, SCHEME, year.readings, year.run_date)
    tried = bench.score(changes).score
    assert tried.results == plain.results and tried.items == plain.items


@promise
@given(years(), st.randoms(use_true_random=False))
def test_switches_leave_no_trace(year: Year, random: Any) -> None:
    """Any rows switched, in any order, and switched back in another leave the official state, exactly."""
    bench = bench_of_year(year)
    assert numbers(bench.score(Changes()).score) == numbers(score(year.tables, SCHEME, year.readings, year.run_date))
    rows = [row for row in bench.rows.values() if row.table not in ("单位名录", "扣分标准", "调整复核")]
    chosen = random.sample(rows, min(6, len(rows)))
    before = {row.source: bench.is_on(row.source, Changes()) for row in chosen}
    changes = Changes()
    for row in chosen:
        changes = bench.switch(changes, row.source, not before[row.source])
    other = Changes()
    for row in sorted(chosen, key=lambda row: row.source, reverse=True):
        other = bench.switch(other, row.source, not before[row.source])
    assert changes == other
    for row in random.sample(chosen, len(chosen)):
        changes = bench.switch(changes, row.source, before[row.source])
    assert changes.nothing


@promise
@given(years(), st.randoms(use_true_random=False))
def test_readings_and_day_are_plain_scoring_under_them(year: Year, random: Any) -> None:
    """Any readings and run date chosen at the bench give what plain scoring gives under them."""
    bench = bench_of_year(year)
    chosen = {key: random.choice(options) for key, options in READINGS.items()}
    day = date(2022, random.randint(1, 12), random.randint(1, 28))
    changes = bench.set_date(Changes(), day)
    for key, option in chosen.items():
        changes = bench.set_reading(changes, key, option)
    assert numbers(bench.score(changes).score) == numbers(score(year.tables, SCHEME, chosen, day))


@promise
@given(years(), st.randoms(use_true_random=False))
def test_decisions_lifted_are_decisions_never_taken(year: Year, random: Any) -> None:
    """All rows of 调整复核 switched off give the year without that table."""
    bench = bench_of_year(year)
    changes = off(bench, *(row.source for row in bench.tables["调整复核"]))
    plain = score({**year.tables, "调整复核": ()}, SCHEME, year.readings, year.run_date)
    assert numbers(bench.score(changes).score) == numbers(plain)


def test_nothing_official_is_ever_changed() -> None:
    """Scoring a what-if leaves the bench's own tables and the set as they were."""
    literals = small_set_tables()
    tables = make_tables(literals)
    bench = bench_of(tables)
    before = {name: tuple(replace(row) for row in rows) for name, rows in bench.tables.items()}
    changes = off(bench, *(row.source for row in bench.tables["扣分登记"]), row_of(bench, "调整复核", 编号="TZ-1"))
    bench.score(changes)
    assert dict(bench.tables) == before and set(before) == set(TABLES)
