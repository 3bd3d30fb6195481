"""What must hold of every scored year, whatever the offices report: properties over random years."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from build import load_scheme_plainly, make_table
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from random_year import READINGS, RUN_DATES, Year, years

from assess_lib.ledger import Entry
from assess_lib.scoring import Score, score
from assess_lib.tables import Row

SCHEME = load_scheme_plainly()
CAPS = {
    "K": Decimal("100.00"), "B1": Decimal("4.00"), "B2": Decimal("3.00"), "B3": Decimal("3.00"),
    "B4": Decimal("3.00"), "B5": Decimal("3.00"), "B6": Decimal("2.00"), "B7": Decimal("2.00"),
}  # fmt: skip
FIRST_BEFORE = {"K": Decimal("100.00"), "B6": Decimal("2.00"), "B7": Decimal("2.00")}
BONUS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7")
# Which item's ledger must name each row of a table; a row of 表彰宣传 belongs to the item of its 加分项.
VETO_TABLES = {"热线红灯": "V1", "信息中心结果": "V1", "通报批评": "V2"}
KEY_TABLES = {"材料报送": "K", "扣分登记": "K"}
BONUS_TABLES = {"评定加分": "B1", "信息报送": "B4", "领导评价": "B5", "参会登记": "B6", "交办任务": "B7"}
ITEM_OF_AWARD = {"通报表彰": "B2", "经验宣传": "B3"}

promise = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def scored(year: Year, **readings: str) -> Score:
    """Score a year, with some readings set."""
    return score(year.tables, SCHEME, {**year.readings, **readings}, year.run_date)


def verdicts(result: Score) -> dict[str, Any]:
    """Give what a score says of each unit, leaving out its order, its words and its ledger."""
    said: dict[str, list[Any]] = {r.unit_id: [r] for r in result.results}
    for item in result.items:
        said[item.unit_id].append((item.item, item.points, item.unresolved))
    return said


def by_item(result: Score) -> dict[tuple[str, str], list[Entry]]:
    """Give the ledger rows of each unit and item, in order."""
    rows: dict[tuple[str, str], list[Entry]] = {}
    for entry in result.ledger:
        rows.setdefault((entry.unit_id, entry.item), []).append(entry)
    return rows


def rows_by_source(year: Year) -> dict[str, Row]:
    """Give every input row by the text that the ledger names it with."""
    return {str(row.source): row for rows in year.tables.values() for row in rows}


def points_of(result: Score, item: str) -> dict[str, Decimal | None]:
    """Give each unit's points in one item."""
    return {i.unit_id: i.points for i in result.items if i.item == item}


def key_scores(result: Score) -> dict[str, Decimal | None]:
    """Give each unit's key score."""
    return {r.unit_id: r.key_score for r in result.results}


def draw_row(data: st.DataObject, year: Year, *tables: str) -> tuple[str, Row]:
    """Draw one row out of some tables; skip the year if they are empty."""
    candidates = [(table, row) for table in tables for row in year.tables[table]]
    assume(candidates)
    return data.draw(st.sampled_from(candidates))


# ---------------------------------------------------------------- the ledger


@promise
@given(years())
def test_every_item_is_a_chain_that_ends_in_its_points(year: Year) -> None:
    """Within a unit's item after = before + points, before = the row above, the last after = the item's points."""
    result = scored(year)
    ledger = by_item(result)
    for item in result.items:
        if item.item in ("V1", "V2"):
            continue
        rows = [entry for entry in ledger[item.unit_id, item.item] if entry.points is not None]
        assert rows, (item.unit_id, item.item)
        assert rows[0].before == FIRST_BEFORE.get(item.item, Decimal("0.00"))
        for above, below in pairwise(rows):
            assert below.before == above.after
        for row in rows:
            assert row.before is not None and row.points is not None
            assert row.after == row.before + row.points
        assert rows[-1].after == item.points


@promise
@given(years())
def test_rows_without_numbers_leave_all_four_blank(year: Year) -> None:
    """V rows, gate_closed and not_scored rows leave nominal, before, points and after blank; other item rows none."""
    for entry in scored(year).ledger:
        numbers = (entry.nominal, entry.before, entry.points, entry.after)
        blank = entry.part == "veto" or entry.status in ("gate_closed", "not_scored")
        if blank:
            assert numbers == (None, None, None, None), entry
        elif entry.part in ("key", "bonus"):
            assert None not in numbers, entry


@promise
@given(years())
def test_points_have_two_decimals_everywhere(year: Year) -> None:
    """Every number in results, items and ledger is a decimal with exactly two places, and none is minus zero."""
    result = scored(year)
    numbers: list[Any] = [n for r in result.results for n in (r.key_score, r.bonus_score, r.final_score)]
    numbers += [i.points for i in result.items]
    numbers += [n for e in result.ledger for n in (e.nominal, e.before, e.points, e.after)]
    for number in numbers:
        assert number is None or (type(number) is Decimal and number.as_tuple().exponent == -2), repr(number)
        assert number is None or str(number) != "-0.00"


@promise
@given(years())
def test_a_deduction_takes_no_more_than_its_uncut_amount(year: Year) -> None:
    """In K, B6 and B7 nominal ≤ points ≤ 0, and a row that took less says why by its status."""
    for entry in scored(year).ledger:
        if entry.item not in ("K", "B6", "B7") or entry.points is None or entry.nominal is None:
            continue
        if entry.status == "unresolved":
            assert entry.points <= 0
            continue
        assert entry.nominal <= entry.points <= 0, entry
        if entry.points != entry.nominal:
            assert entry.status in ("capped", "floored", "suppressed", "revoked", "exempt", "adjusted"), entry


@promise
@given(years())
def test_key_deductions_stand_in_the_order_of_their_facts(year: Year) -> None:
    """K's register rows that count stand by date, then by register number as text."""
    rows = rows_by_source(year)
    for (_, item), entries in by_item(scored(year)).items():
        if item != "K":
            continue
        order = []
        for entry in entries:
            if entry.status not in ("counted", "capped", "floored", "adjusted"):
                continue
            own = [rows[str(s)] for s in entry.source if rows[str(s)].table == "扣分登记"]
            assert len(own) <= 1, entry
            order += [(row["发生日期"], row["编号"]) for row in own]
        assert order == sorted(order)


@promise
@given(years())
def test_no_standard_takes_more_than_its_cap(year: Year) -> None:
    """A deduction names its one standard, and the rows of an item under it take at most its 扣分上限 in sum."""
    rows = rows_by_source(year)
    taken: dict[tuple[str, str, str], Decimal] = {}
    for entry in scored(year).ledger:
        if entry.item in ("K", "B6", "B7") and entry.points and entry.status != "unresolved":
            assert [rows[str(s)].table for s in entry.source].count("扣分标准") == 1, entry
        for source in entry.source:
            if rows[str(source)].table == "扣分标准" and entry.points is not None and entry.status != "unresolved":
                key = (entry.unit_id, entry.item, rows[str(source)]["标准编号"])
                taken[key] = taken.get(key, Decimal(0)) - entry.points
    limits = {row["标准编号"]: row["扣分上限"] for row in year.tables["扣分标准"]}
    event("a deduction named its standard" if taken else "no deduction")
    for (_, _, number), amount in taken.items():
        assert limits[number] is None or amount <= limits[number]


@promise
@given(years())
def test_sources_name_only_what_belongs_to_the_unit(year: Year) -> None:
    """A source is a row of the unit, of 扣分标准 or of 佐证目录; in B4 also a rival's row of 信息报送; it exists."""
    rows = rows_by_source(year)
    for entry in scored(year).ledger:
        for source in entry.source:
            row = rows[str(source)]
            if row.table in ("扣分标准", "佐证目录"):
                continue
            if row.table == "信息报送" and entry.item == "B4":
                continue
            owner = row["单位编码"] if row.table == "单位名录" else row["单位"]
            assert owner == entry.unit_id, (entry, row)


@promise
@given(years())
def test_no_row_of_an_office_is_silently_dropped(year: Year) -> None:
    """Every row of a unit is a source in its item: veto tables always, K's unless vetoed, bonus past the gate."""
    result = scored(year)
    ledger = by_item(result)
    for unit in result.results:
        wanted = dict(VETO_TABLES)
        if unit.status == "scored":
            wanted |= KEY_TABLES
        if unit.bonus_open:
            wanted |= BONUS_TABLES
        expected = [(item, row) for table, item in wanted.items() for row in year.tables[table]]
        if unit.bonus_open:
            expected += [(ITEM_OF_AWARD[row["加分项"]], row) for row in year.tables["表彰宣传"]]
        for item, row in expected:
            if row["单位"] == unit.unit_id:
                named = [entry for entry in ledger[unit.unit_id, item] if row.source in entry.source]
                assert named, (unit.unit_id, item, row)


@promise
@given(years())
def test_rows_that_decisions_took_out_stay_in_sight(year: Year) -> None:
    """A revoked row of a scored item stands in the ledger as revoked and moves nothing."""
    result = scored(year)
    reached = {(i.unit_id, i.item) for i in result.items}
    for made in year.tables["调整复核"]:
        if made["处理"] != "撤销":
            continue
        column = "工单编号" if made["对象表"] == "热线红灯" else "编号"
        for row in year.tables[made["对象表"]]:
            if row[column] != made["对象编号"] or row["单位"] != made["单位"]:
                continue
            item = {**VETO_TABLES, **KEY_TABLES, **BONUS_TABLES}.get(row.table) or ITEM_OF_AWARD[row["加分项"]]
            if (row["单位"], item) in reached:
                entries = [e for e in by_item(result)[row["单位"], item] if row.source in e.source]
                assert [e.status for e in entries if e.status == "revoked"] == ["revoked"], (row, entries)
                assert all(not e.points for e in entries)


# ---------------------------------------------------------------- the order of judgement


@promise
@given(years())
def test_caps_are_never_exceeded_and_nothing_is_below_zero(year: Year) -> None:
    """Each item's points lie between 0.00 and its cap, and the ledger never passes either on the way."""
    result = scored(year)
    for item in result.items:
        assert item.cap == CAPS.get(item.item)
        if item.points is not None:
            assert 0 <= item.points <= CAPS[item.item]
    for entry in result.ledger:
        if entry.item in CAPS and entry.after is not None:
            assert 0 <= entry.after <= CAPS[entry.item]


@promise
@given(years())
def test_final_is_key_plus_a_bonus_of_at_most_twenty(year: Year) -> None:
    """Key score = K; bonus = sum of B1 to B7, 0 to 20; final = key + bonus, or the key score, 0 to 120."""
    result = scored(year)
    items = {(i.unit_id, i.item): i.points for i in result.items}
    for unit in result.results:
        if unit.status == "vetoed":
            continue
        assert unit.key_score is not None and unit.final_score is not None
        assert unit.key_score == items[unit.unit_id, "K"]
        assert 0 <= unit.final_score <= 120
        if unit.bonus_open:
            assert unit.bonus_score == sum(items[unit.unit_id, b] or Decimal(0) for b in BONUS)
            assert 0 <= unit.bonus_score <= 20
            assert unit.final_score == unit.key_score + unit.bonus_score
        else:
            assert unit.final_score == unit.key_score


@promise
@given(years())
def test_a_vetoed_unit_has_no_score_and_no_rank(year: Year) -> None:
    """Vetoed: 不合格, no number, no rank, gate shut, items V1 and V2 alone with one noted vetoed; else both clear."""
    result = scored(year)
    for unit in result.results:
        items = [i for i in result.items if i.unit_id == unit.unit_id]
        notes = [i.note for i in items if i.item in ("V1", "V2")]
        assert all(i.points is None for i in items[:2])
        if unit.status == "vetoed":
            event("vetoed")
            numbers = (unit.key_score, unit.bonus_score, unit.final_score, unit.rank_in_group, unit.rank_overall)
            assert numbers == (None,) * 5
            assert unit.grade == "不合格" and unit.bonus_open is False
            assert [i.item for i in items] == ["V1", "V2"]
            assert "vetoed" in notes and set(notes) <= {"vetoed", "clear"}
            entries = [e for e in result.ledger if e.unit_id == unit.unit_id]
            assert all(e.points is None for e in entries if e.part in ("key", "bonus"))
        else:
            assert unit.status == "scored" and notes == ["clear", "clear"]


@promise
@given(years())
def test_the_gate_divides_the_units(year: Year) -> None:
    """Above 80 (or at 80 under at_least) the bonus is a number with seven items; else it is blank and K comes last."""
    for gate in READINGS["bonus_gate"]:
        result = scored(year, bonus_gate=gate)
        for unit in result.results:
            if unit.key_score is None:
                continue
            opened = unit.key_score >= 80 if gate == "at_least" else unit.key_score > 80
            items = [i.item for i in result.items if i.unit_id == unit.unit_id]
            event(f"{gate} {'open' if opened else 'closed'}")
            assert unit.bonus_open is opened
            assert (unit.bonus_score is not None) is opened
            assert items == ["V1", "V2", "K", *(BONUS if opened else ())]
            closed = [e for e in result.ledger if e.unit_id == unit.unit_id and e.status == "gate_closed"]
            assert bool(closed) is not opened


@promise
@given(years())
def test_below_sixty_fails_and_is_still_ranked(year: Year) -> None:
    """A scored unit is 不合格 exactly when its key score is below 60; it keeps its final score and its ranks."""
    for unit in scored(year).results:
        if unit.key_score is not None:
            assert unit.grade == ("不合格" if unit.key_score < Decimal("60.00") else "合格")
            assert unit.rank_in_group is not None and unit.rank_overall is not None


@promise
@given(years())
def test_ranks_count_who_is_better(year: Year) -> None:
    """Ranks are competition ranks by final score (1, 1, 3), overall and in the group, of units with a final score."""
    units = [u for u in scored(year).results if u.final_score is not None]
    for pool, name in [(units, "rank_overall")] + [
        ([u for u in units if u.group == group], "rank_in_group") for group in ("镇", "县级部门")
    ]:
        ordered = sorted(pool, key=lambda u: u.final_score or Decimal(0), reverse=True)
        place = 1
        for _, tied in groupby(ordered, key=lambda u: u.final_score):
            together = list(tied)
            assert {getattr(u, name) for u in together} == {place}
            place += len(together)


@promise
@given(years())
def test_unresolved_counts_the_open_items(year: Year) -> None:
    """A unit's unresolved = its true rows in items; there is an unresolved problem exactly when some item is open."""
    result = scored(year)
    for unit in result.results:
        assert unit.unresolved == sum(i.unresolved for i in result.items if i.unit_id == unit.unit_id)
    listed = sum(p.severity == "unresolved" for p in result.problems)
    assert listed >= sum(i.unresolved for i in result.items)
    assert bool(listed) == any(i.unresolved for i in result.items)


@promise
@given(years())
def test_units_stand_in_roster_order_and_rows_in_theirs(year: Year) -> None:
    """Results, items and ledger follow the roster; the ledger of a unit goes veto, key, bonus, final."""
    result = scored(year)
    roster = [row["单位编码"] for row in year.tables["单位名录"]]
    assert [r.unit_id for r in result.results] == roster
    assert [unit for unit, _ in groupby(i.unit_id for i in result.items)] == roster
    assert [unit for unit, _ in groupby(e.unit_id for e in result.ledger)] == roster
    for _, entries in groupby(result.ledger, key=lambda e: e.unit_id):
        parts = [("veto", "key", "bonus", "final").index(e.part) for e in entries]
        assert parts == sorted(parts)


# ---------------------------------------------------------------- what a change may and may not do


@promise
@given(years())
def test_scoring_twice_gives_the_same(year: Year) -> None:
    """The same tables, readings and date give an equal score, to the last ledger row and message."""
    assert scored(year) == scored(year)


@promise
@given(years(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_units_changes_nothing(year: Year, rng: Any) -> None:
    """Shuffled rows in every table and a shuffled roster leave every unit's results and items as they were."""
    shuffled = {}
    for name, rows in year.tables.items():
        mixed = list(rows)
        rng.shuffle(mixed)
        shuffled[name] = tuple(mixed)
    assert verdicts(scored(replace(year, tables=shuffled))) == verdicts(scored(year))


@promise
@given(years(), st.data())
def test_one_more_deduction_never_raises_a_key_score(year: Year, data: st.DataObject) -> None:
    """A further row in 扣分登记 lowers or keeps its unit's key score and leaves the other units' alone."""
    unit = data.draw(st.sampled_from([row["单位编码"] for row in year.tables["单位名录"]]))
    number = data.draw(st.sampled_from([row["标准编号"] for row in year.tables["扣分标准"]]))
    day = data.draw(st.dates(date(2021, 12, 30), date(2023, 1, 2)))
    literal = {
        "编号": "新增", "单位": unit, "标准编号": number, "事实": "新增", "发生日期": day,
        "数量": data.draw(st.integers(1, 5)), "评分人": "甲", "复核人": "乙",
    }  # fmt: skip
    (row,) = make_table("扣分登记", [literal])
    row = replace(row, source=replace(row.source, file="扣分登记_新增.csv"))
    more = year.with_rows("扣分登记", (*year.tables["扣分登记"], row))
    before, after = key_scores(scored(year)), key_scores(scored(more))
    for code, points in before.items():
        if points is None or code != unit:
            assert after[code] == points
        else:
            lowered = after[code]
            assert lowered is not None and lowered <= points


@promise
@given(years(), st.data())
def test_an_award_taken_away_never_raises_a_bonus(year: Year, data: st.DataObject) -> None:
    """Under sum and allowed, a row of 表彰宣传 or 信息报送 taken out never raises its unit's bonus."""
    readings = {"different_matters": "sum", "same_matter_across_items": "allowed"}
    table, row = draw_row(data, year, "表彰宣传", "信息报送")
    decided = {(d["对象表"], d["对象编号"]) for d in year.tables["调整复核"]}
    assume((table, row.values.get("编号")) not in decided)
    before = {r.unit_id: r for r in scored(year, **readings).results}[row["单位"]]
    after = {r.unit_id: r for r in scored(year.without(table, row), **readings).results}[row["单位"]]
    assert after.key_score == before.key_score and after.bonus_open == before.bonus_open
    if before.bonus_score is not None:
        assert after.bonus_score is not None and after.bonus_score <= before.bonus_score


@promise
@given(years(), st.data())
def test_a_missed_meeting_or_task_never_pays(year: Year, data: st.DataObject) -> None:
    """Taking 缺席, 迟到, 代会 or a task not done out never lowers B6 or B7, as long as another row still reports."""
    table, row = draw_row(data, year, "参会登记", "交办任务")
    assume(sum(other["单位"] == row["单位"] for other in year.tables[table]) > 1)
    item = BONUS_TABLES[table]
    before = points_of(scored(year), item).get(row["单位"])
    after = points_of(scored(year.without(table, row)), item).get(row["单位"])
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after >= before


def _without_rows(*tables: str) -> Callable[[Year], Year]:
    def empty(year: Year) -> Year:
        for table in tables:
            year = year.with_rows(table, ())
        kept = tuple(made for made in year.tables["调整复核"] if made["对象表"] not in tables)
        return year.with_rows("调整复核", kept)

    return empty


def _no_key_task_unit(year: Year) -> Year:
    plain = tuple(
        replace(row, values={**row.values, "重点任务单位": "否"}) if row["重点任务单位"] == "是" else row
        for row in year.tables["单位名录"]
    )
    return year.with_rows("单位名录", plain)


def _all_evidence_indexed(year: Year) -> Year:
    evidence = []
    for table in ("表彰宣传", "评定加分"):
        rows = []
        for row in year.tables[table]:
            number = f"证{table}{row['编号']}"
            rows.append(replace(row, values={**row.values, "佐证编号": number}))
            evidence.append({"佐证编号": number, "单位": row["单位"], "类型": "照片", "名称或网址": "丙"})
        year = year.with_rows(table, tuple(rows))
    return year.with_rows("佐证目录", make_table("佐证目录", evidence))


# What makes readings idle: without these facts none of the named readings has anything to decide.
IDLE: Mapping[str, tuple[Callable[[Year], Year], tuple[str, ...]]] = {
    "no red light": (_without_rows("热线红灯"), ("red_light_event", "red_light_window")),
    "no circular": (_without_rows("通报批评"), ("criticism_scope",)),
    "no receipt": (_without_rows("材料报送"), ("deadline_day",)),
    "no key-task unit": (_no_key_task_unit, ("q1_report",)),
    "no information report": (_without_rows("信息报送"), ("info_lists", "info_quarters", "info_pool")),
    "no award": (_without_rows("表彰宣传"), ("different_matters", "same_matter_across_items")),
    "all evidence indexed": (_all_evidence_indexed, ("missing_evidence",)),
}


@promise
@given(years(), st.sampled_from(sorted(IDLE)), st.data())
def test_a_reading_with_nothing_to_decide_changes_nothing(year: Year, why: str, data: st.DataObject) -> None:
    """Without its facts (no red light, no circular, no 信息报送 …) a reading's other options change no result."""
    make_idle, keys = IDLE[why]
    idle = make_idle(year)
    others = {key: data.draw(st.sampled_from(READINGS[key])) for key in keys}
    event(why)
    assert verdicts(scored(idle, **others)) == verdicts(scored(idle))


@promise
@given(years())
def test_no_unit_at_eighty_makes_the_gate_reading_idle(year: Year) -> None:
    """above and at_least differ for units at exactly 80.00 and for nobody else's key score, gate or bonus."""
    strict, lenient = scored(year, bonus_gate="above"), scored(year, bonus_gate="at_least")
    for one, other in zip(strict.results, lenient.results, strict=True):
        if one.key_score == Decimal("80.00"):
            event("exactly 80")
            assert (one.bonus_open, other.bonus_open) == (False, True)
        else:
            for name in ("status", "key_score", "bonus_open", "bonus_score", "final_score", "grade", "unresolved"):
                assert getattr(one, name) == getattr(other, name)


@promise
@given(years())
def test_the_stricter_reading_never_pays(year: Year) -> None:
    """exclusive, scored and best never raise a K, B2 or B3 over inclusive, not_scored and sum."""
    lenient = scored(year, deadline_day="inclusive", q1_report="not_scored", different_matters="sum")
    strict = scored(year, deadline_day="exclusive", q1_report="scored", different_matters="best")
    for code, points in key_scores(lenient).items():
        harsh = key_scores(strict)[code]
        assert (points is None) == (harsh is None)
        assert points is None or harsh is None or harsh <= points
    for item in ("B2", "B3"):
        for code, points in points_of(strict, item).items():
            generous = points_of(lenient, item)[code]
            assert points is not None and generous is not None and points <= generous


@promise
@given(years(), st.sampled_from(RUN_DATES), st.integers(0, 300))
def test_a_later_run_date_never_raises_a_key_score(year: Year, day: str, further: int) -> None:
    """Obligations fall due as the run date moves on: key scores and B7 only go down; vetoes stay as they are."""
    early = replace(year, run_date=date.fromisoformat(day))
    late = replace(year, run_date=early.run_date + timedelta(days=further))
    first, second = scored(early), scored(late)
    for one, other in zip(first.results, second.results, strict=True):
        assert one.status == other.status
        if one.key_score is not None:
            assert other.key_score is not None and other.key_score <= one.key_score
    later_tasks = points_of(second, "B7")
    for code, points in points_of(first, "B7").items():
        later = later_tasks.get(code)
        if points is not None and later is not None:
            assert later <= points


@promise
@given(years(), st.data())
def test_a_unit_is_judged_on_its_own_rows(year: Year, data: st.DataObject) -> None:
    """Another unit's departure changes nobody's verdict, key score or bonus items but B4, where units compete."""
    gone = data.draw(st.sampled_from([row["单位编码"] for row in year.tables["单位名录"]]))
    assume(len(year.tables["单位名录"]) > 1)
    fewer = replace(
        year,
        tables={
            name: tuple(row for row in rows if gone not in (row.values.get("单位"), row.values.get("单位编码")))
            for name, rows in year.tables.items()
        },
    )
    before = {(i.unit_id, i.item): i for i in scored(year).items if i.item != "B4"}
    after = {(i.unit_id, i.item): i for i in scored(fewer).items if i.item != "B4"}
    assert after == {key: item for key, item in before.items() if key[0] != gone}


@promise
@given(years(), st.data())
def test_a_confirmation_settles_items_and_moves_only_meetings_and_tasks(year: Year, data: st.DataObject) -> None:
    """Confirming 全部 never opens an item, and moves points only in B6 and B7, from 0.00 to the full 2.00."""
    items = {"通报批评": ("V2",), "扣分登记": ("K",), "评定加分": ("B1",), "表彰宣传": ("B2", "B3"),
             "信息报送": ("B4",), "领导评价": ("B5",), "参会登记": ("B6",), "交办任务": ("B7",)}  # fmt: skip
    table = data.draw(st.sampled_from(sorted(items)))
    literal = {"表": table, "单位": "全部", "确认人": "甲", "确认日期": "2022-12-31"}
    (row,) = make_table("确认无事项", [literal])
    row = replace(row, source=replace(row.source, file="确认无事项_新增.csv"))
    sure = scored(year.with_rows("确认无事项", (*year.tables["确认无事项"], row)))
    reported = {r["单位"] for r in year.tables[table]}
    for one, other in zip(scored(year).items, sure.items, strict=True):
        assert (one.unit_id, one.item) == (other.unit_id, other.item)
        if one.item not in items[table] or one.unit_id in reported:
            assert (one.points, one.unresolved) == (other.points, other.unresolved)
        else:
            settled = other.item == "K" or not other.unresolved
            assert settled and other.unresolved <= one.unresolved
            if one.item in ("B6", "B7"):
                assert other.points == Decimal("2.00")
            else:
                assert other.points == one.points
