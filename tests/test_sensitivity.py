"""What depends on which reading: small years whose answers were worked out by hand from the scheme."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pytest
from build import load_scheme_plainly, make_tables
from readings_year import (
    CUT_OFF,
    award,
    circular,
    deducted,
    evidence,
    light,
    literals,
    look,
    sent,
    without_centre,
)  # fmt: skip

from assess_lib.exact import to_cents, to_points
from assess_lib.rules import Case
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.sensitivity import Change, Exploration, Range, Space, explore, ranks
from assess_lib.sensitivity.dependence import AskedReadings, leaves, tabulate
from assess_lib.sensitivity.flips import minimal_changes
from assess_lib.sensitivity.ranks import competition_ranks, rank_units
from assess_lib.sensitivity.space import NO_SCORE
from assess_lib.sensitivity.verdicts import item_table, judge_item

SPACE = Space(KNOWN_READINGS)


def finals(seen: Exploration, unit: str, reading: str) -> dict[str, Decimal | None]:
    """Give a unit's final score by option of one reading, the others in force."""
    return {option: seen.result(unit, {reading: option}).final_score for option in KNOWN_READINGS[reading]}


def points(text: str) -> Decimal:
    return Decimal(text)


# ---- how dependence is found ------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_tried() -> None:
    """A value that asks for one reading, and for a second only under the first option, is computed three times."""
    runs = []

    def compute(readings: Mapping[str, str]) -> str:
        runs.append(dict(readings.asked))  # type: ignore[attr-defined]
        if readings["bonus_gate"] == "above":
            return "above, " + readings["info_pool"]
        return "open"

    found = list(leaves(SPACE, compute))
    assert [(dict(leaf.asked), leaf.value) for leaf in found] == [
        ({"bonus_gate": 0, "info_pool": 0}, "above, all_units"),
        ({"bonus_gate": 0, "info_pool": 1}, "above, by_group"),
        ({"bonus_gate": 1}, "open"),
    ]
    assert len(runs) == 3


def test_a_table_keeps_no_axis_along_which_nothing_changes() -> None:
    """A reading that is asked for but makes no difference leaves no axis; one that does has all its options."""
    table = tabulate(SPACE, lambda r: (r["bonus_gate"] != "x") and r["info_quarters"] == "mean")
    assert table.codes.shape == (1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1)
    assert [table.values[code] for code in table.codes.ravel()] == [False, True, False]


@pytest.mark.parametrize(
    "look_at",
    [
        lambda r: r["q1_report"],
        lambda r: r.get("q1_report"),
        lambda r: dict(r),
        lambda r: list(r.values()),
        lambda r: "q1_report" in r,
        lambda r: {**r},
        lambda r: r == {},
    ],
    ids=["item", "get", "dict", "values", "in", "unpacked", "equality"],
)
def test_nothing_is_read_unseen(look_at: Any) -> None:
    """Whatever way code looks at a reading, the reading is remembered as asked for."""
    readings = AskedReadings(SPACE, {})
    look_at(readings)
    assert "q1_report" in readings.asked


def test_there_are_9216_combinations() -> None:
    """Ten readings of two options and two of three make 2^10 x 3^2 = 9,216 combinations."""
    assert SPACE.size == 9216
    assert SPACE.shape == (2, 2, 3, 2, 2, 2, 2, 3, 2, 2, 2, 2)


def test_places_and_combinations_are_one_to_one() -> None:
    """A combination stands at one place, and the place gives it back; an unknown option or a gap is refused."""
    combination = {key: options[-1] for key, options in KNOWN_READINGS.items()}
    place = SPACE.place(combination)
    assert place == (1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1)
    assert SPACE.combination(place) == combination
    with pytest.raises(ValueError):
        SPACE.place(combination | {"bonus_gate": "over"})
    with pytest.raises(KeyError):
        SPACE.place({})


@pytest.mark.parametrize(("text", "cents"), [("0.00", 0), ("97.5", 9750), ("120", 12000), ("0.01", 1)])
def test_points_are_whole_cents_and_back(text: str, cents: int) -> None:
    """Points become whole cents and come back with two decimals, without a float between."""
    assert to_cents(Decimal(text)) == cents
    assert str(to_points(cents)) == f"{Decimal(text):.2f}"


def test_a_fraction_of_a_cent_is_a_bug() -> None:
    """Points with a third decimal would be rounded silently: they are refused."""
    with pytest.raises(ValueError, match=r"0\.005"):
        to_cents(Decimal("0.005"))


def test_rules_run_no_more_often_than_their_readings_ask() -> None:
    """B5 asks for no reading and runs once; V2 asks for one of three options and runs three times."""
    scheme = load_scheme_plainly()
    case = Case.build(make_tables(literals()), scheme, scheme.default_readings(), CUT_OFF)
    unit = case.units[0]
    runs = {item: len(list(leaves(SPACE, partial(judge_item, scheme.item(item), unit, case)))) for item in ("B5", "V2")}
    assert runs == {"B5": 1, "V2": 3}


# ---- each reading, by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hundredths", "above", "at_least"),
    [
        (2001, "79.99", "79.99"),  # below the gate: closed under both
        (2000, "80.00", "84.00"),  # at the gate: open under at_least, and 2.00 + 2.00 come in
        (1999, "84.01", "84.01"),  # above it: open under both
    ],
)
def test_the_gate_matters_at_exactly_80(hundredths: int, above: str, at_least: str) -> None:
    """Only a key score of exactly 80.00 depends on bonus_gate."""
    seen = look(literals(扣分登记=[deducted("T01", hundredths)]))
    assert finals(seen, "T01", "bonus_gate") == {"above": points(above), "at_least": points(at_least)}
    assert seen.own_readings("T01") == (("bonus_gate",) if hundredths == 2000 else ())
    assert seen.safe("T01")  # the only unit is first, and 合格, either way


@pytest.mark.parametrize(
    ("received", "per", "inclusive", "exclusive"),
    [
        ("2022-06-19", "日", "104.00", "104.00"),
        ("2022-06-20", "日", "104.00", "103.50"),  # on the due day: in time, or a day late
        ("2022-06-21", "日", "103.50", "103.00"),  # days late count from the last day that is in time
        ("2022-06-20", "次", "104.00", "103.50"),
        ("2022-06-21", "次", "103.50", "103.50"),  # late either way, once
    ],
)
def test_the_due_day(received: str, per: str, inclusive: str, exclusive: str) -> None:
    """A report depends on deadline_day on the due day, and later where a late day costs by the day."""
    seen = look(
        literals(
            材料报送=[{"单位": "T01", "材料": "半年汇报", "实报日期": received}],
            扣分标准=[
                {
                    "标准编号": "BS-01", "考核内容": "内容", "扣分情形": "迟报", "单次扣分": "0.5", "计量": per,
                    "批准文号": "批1",
                }
            ],
        )
    )  # fmt: skip
    assert finals(seen, "T01", "deadline_day") == {"inclusive": points(inclusive), "exclusive": points(exclusive)}
    assert seen.own_readings("T01") == (() if inclusive == exclusive else ("deadline_day",))


def test_the_first_quarter() -> None:
    """A key-task unit without the report due 20 March loses the 5.00 of a missing report only if it is scored."""
    quarterly = [{"单位": "T01", "材料": "季度进展", "季度": q, "实报日期": f"2022-{3 * int(q):02}-01"} for q in "234"]
    roster = [{"单位编码": "T01", "单位名称": "单位T01", "单位类别": "镇", "重点任务单位": "是"}]
    seen = look(literals(单位名录=roster, 材料报送=quarterly))
    assert finals(seen, "T01", "q1_report") == {"not_scored": points("104.00"), "scored": points("99.00")}
    assert seen.own_readings("T01") == ("q1_report",)


def test_a_complaint_alone() -> None:
    """With complaints but no naming: clear yet unresolved under named, vetoed under or, clear under and."""
    seen = look(literals(通报批评=[circular("T01", "群众反映")]))
    told = {
        option: (result.status, result.unresolved)
        for option in KNOWN_READINGS["criticism_scope"]
        for result in [seen.result("T01", {"criticism_scope": option})]
    }
    assert told == {
        "named": ("scored", 1),
        "named_or_complaints": ("vetoed", 0),
        "named_and_complaints": ("scored", 0),
    }
    (flip,) = seen.flips("T01", "outcome")
    assert flip.changes == (Change("criticism_scope", "named", "named_or_complaints"),)
    assert (flip.before, flip.after) == (("scored", "合格"), ("vetoed", "不合格"))


@pytest.mark.parametrize(
    ("rows", "vetoed"),
    [
        ([circular("T01", "媒体", named="是")], {"named", "named_or_complaints"}),
        (
            [circular("T01", "媒体", named="是"), circular("T01", "群众反映")],
            {"named", "named_or_complaints", "named_and_complaints"},
        ),
        ([circular("T01", "媒体", level="县", named="是")], set()),
    ],
    ids=["named alone", "named and complained", "county level"],
)
def test_being_named(rows: list[dict[str, Any]], vetoed: set[str]) -> None:
    """Naming alone spares only under named_and_complaints; the county level never vetoes."""
    seen = look(literals(通报批评=rows))
    found = {
        option
        for option in KNOWN_READINGS["criticism_scope"]
        if seen.result("T01", {"criticism_scope": option}).status == "vetoed"
    }
    assert found == vetoed
    assert seen.safe("T01") is (len(vetoed) in (0, 3))


def test_one_ticket_twice() -> None:
    """Without the centre's row, one ticket that lit twice is two red lights by event and one by ticket."""
    rows = [light("T01", "G1", "2022-03-01 09:00"), light("T01", "G1", "2022-04-01 09:00")]
    seen = look(without_centre(literals(热线红灯=rows), "T01"))
    assert seen.result("T01").status == "vetoed"
    assert seen.result("T01", {"red_light_event": "ticket"}).status == "scored"
    assert seen.own_readings("T01") == ("red_light_event",)
    (flip,) = seen.flips("T01", "status")
    assert (flip.changes, flip.before, flip.after) == (
        (Change("red_light_event", "event", "ticket"),), "vetoed", "scored",
    )  # fmt: skip


def test_where_the_centre_decides_the_count_only_reconciles() -> None:
    """With the centre's one red light nobody is vetoed; counting by event, our two leave the item unresolved."""
    rows = [light("T01", "G1", "2022-03-01 09:00"), light("T01", "G1", "2022-04-01 09:00")]
    centre = [{"单位": "T01", "红灯次数": 1, "市大数据局通报": "否", "出具日期": "2022-12-31"}]
    seen = look(literals(热线红灯=rows, 信息中心结果=centre))
    assert seen.own_readings("T01") == ()
    assert seen.safe("T01")
    assert [seen.result("T01", {"red_light_event": option}).unresolved for option in ("event", "ticket")] == [1, 0]


@pytest.mark.parametrize(("first", "vetoed"), [("2021-07-02 00:00", True), ("2021-07-01 23:00", False)])
def test_twelve_months(first: str, vetoed: bool) -> None:
    """Two red lights are within twelve months while the second is strictly before the same day one year on."""
    rows = [light("T01", "G1", first), light("T01", "G2", "2022-07-01 08:00")]
    seen = look(without_centre(literals(热线红灯=rows), "T01"))
    assert seen.result("T01").status == "scored"
    assert (seen.result("T01", {"red_light_window": "rolling_12_months"}).status == "vetoed") is vetoed


def test_information_lists() -> None:
    """B4 by list, pool and quarters: a unit second by volume and first by rate needs two lists, or its own group."""
    # Only the first quarter counts: by volume T01 3, D01 2; by rate D01 3, T01 2; one list: T01 3, D01 2.
    rows = [*sent("T01", (10, 1)), *sent("D01", (5, 5))]
    seen = look(literals({"T01": "镇", "D01": "县级部门"}, 信息报送=rows))

    def b4(unit: str, **readings: str) -> Decimal | None:
        score = seen.result(unit, readings).final_score
        return None if score is None else score - points("104.00")

    assert [b4(u) for u in ("T01", "D01")] == [points("3.00"), points("3.00")]  # 5 each, capped
    one = {"info_lists": "volume_then_rate"}
    assert [b4(u, **one) for u in ("T01", "D01")] == [points("3.00"), points("2.00")]
    assert b4("D01", **one, info_pool="by_group") == points("3.00")  # first of its group
    assert b4("D01", info_quarters="mean") == points("1.25")  # 5 / 4
    assert b4("D01", **one, info_quarters="mean") == points("0.50")  # 2 / 4
    assert b4("T01", **one, info_quarters="mean") == points("0.75")
    assert b4("T01", info_quarters="mean", info_pool="by_group") == points("1.50")  # 6 / 4
    assert b4("D01", info_quarters="best") == points("3.00")
    assert seen.own_readings("D01") == ("info_lists", "info_quarters", "info_pool")
    sets = [[(c.reading, c.after) for c in flip.changes] for flip in seen.flips("D01", "final_score")]
    assert sets == [[("info_lists", "volume_then_rate")], [("info_quarters", "mean")]]


def test_different_matters() -> None:
    """Two matters at city level add up to 2.00, or the best alone counts 1.00; one matter depends on nothing."""
    two = [award("T01", "通报表彰", matter, "市") for matter in ("S1", "S2")]
    seen = look(literals(表彰宣传=two, 佐证目录=[evidence("T01")]))
    assert finals(seen, "T01", "different_matters") == {"sum": points("106.00"), "best": points("105.00")}
    assert seen.own_readings("T01") == ("different_matters",)
    assert look(literals(表彰宣传=two[:1], 佐证目录=[evidence("T01")])).own_readings("T01") == ()


def test_same_matter_in_two_items() -> None:
    """A matter at city level in B2 and at province level in B3 earns 1 + 2, or 2.00 where it earns more."""
    rows = [award("T01", "通报表彰", "S1", "市"), award("T01", "经验宣传", "S1", "省")]
    seen = look(literals(表彰宣传=rows, 佐证目录=[evidence("T01")]))
    assert finals(seen, "T01", "same_matter_across_items") == {"allowed": points("107.00"), "once": points("106.00")}
    assert seen.own_readings("T01") == ("same_matter_across_items",)


def test_missing_evidence() -> None:
    """An award without indexed evidence earns nothing, or its 3.00 where it is accepted."""
    seen = look(literals(表彰宣传=[award("T01", "通报表彰", "S1", "中央", evidence=None)]))
    assert finals(seen, "T01", "missing_evidence") == {"withhold": points("104.00"), "accept": points("107.00")}
    assert seen.own_readings("T01") == ("missing_evidence",)


def test_what_cannot_be_earned_does_not_matter() -> None:
    """Below the gate and vetoed, awards and lists depend on nothing: they are never judged."""
    rows = [award(u, "通报表彰", "S1", "中央", evidence=None, number=f"BZ-{u}") for u in ("T01", "T02")]
    centre = [{"单位": "T02", "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2022-12-31"}]
    seen = look(literals(("T01", "T02"), 表彰宣传=rows, 扣分登记=[deducted("T01", 3000)], 信息中心结果=centre))
    assert [seen.own_readings(u) for u in ("T01", "T02")] == [(), ()]
    assert "B2" not in seen.units[0].items and "K" not in seen.units[1].items
    assert seen.idle_readings() == tuple(KNOWN_READINGS)


def test_the_bonus_cap_can_swallow_a_difference() -> None:
    """Above the 20.00 of the bonus part a further award moves nothing, so the unit does not depend on its reading."""
    first = [
        {
            "编号": "PD-1", "单位": "T01", "事项": "甲", "评定分": "4", "理由": "理由", "评分人": "甲", "复核人": "乙",
            "佐证编号": "E-1",
        }
    ]  # fmt: skip
    rows = [award("T01", "通报表彰", "S1", "中央"), award("T01", "经验宣传", "S2", "中央")]
    leaders = [{"评价人": "组长", "职务": "组长", "单位": "T01", "分值": "3"}]
    full = literals(
        评定加分=first, 表彰宣传=rows, 领导评价=leaders, 信息报送=sent("T01", (3, 3)), 佐证目录=[evidence("T01")]
    )
    # 4 + 3 + 3 + 3 + 3 + 2 + 2 = 20.00, as mean: 6 / 4 = 1.50 in B4 and 18.50 in all
    seen = look(full)
    assert finals(seen, "T01", "info_quarters") == {
        "sum": points("120.00"), "mean": points("118.50"), "best": points("120.00"),
    }  # fmt: skip
    # The least that any reading leaves is 17.75: one list and the mean, 3 / 4 = 0.75 in B4.
    low = load_scheme_plainly().model_dump(mode="json")["judgement"] | {
        "bonus_cap": {"points": "17.75", "clause": "四（三）", "name": "加分上限"}
    }
    assert look(full, judgement=low).own_readings("T01") == ()


def test_approved_bands_are_grades_like_any_other() -> None:
    """With a band 优秀 from 84.00 on, the unit at exactly 80.00 is 合格, or 优秀 where 80 opens the bonus part."""
    grades = {
        "fail": "不合格", "passed": "合格", "pending": "（等次待审定）",
        "bands": [{"grade": "优秀", "at_least": "84", "approval": "批1"}],
    }  # fmt: skip
    seen = look(literals(扣分登记=[deducted("T01", 2000)]), grades=grades)
    (flip,) = seen.flips("T01", "grade")
    assert (flip.before, flip.after, flip.changes) == ("合格", "优秀", (Change("bonus_gate", "above", "at_least"),))
    assert not seen.safe("T01")


@pytest.mark.parametrize(("hundredths", "grades"), [(3950, {"合格"}), (4000, {"合格", "不合格"}), (4050, {"不合格"})])
def test_the_pass_mark(hundredths: int, grades: set[str]) -> None:
    """A report on the due day costs 0.50 or nothing: only who would else have exactly 60.00 can fail by it."""
    received = [{"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-20"}]
    seen = look(literals(材料报送=received, 扣分登记=[deducted("T01", hundredths)]))
    assert set(seen.aspect("T01", "grade")[0]) == grades
    assert seen.aspect("T01", "status")[0] == ("scored",)


# ---- minimal sets ------------------------------------------------------------------------------------------------


def test_a_flip_that_needs_two_changes_at_once() -> None:
    """One ticket lit in December and in March: only counting events within twelve months makes it two red lights."""
    rows = [light("T01", "G1", "2021-12-01 09:00"), light("T01", "G1", "2022-03-01 09:00")]
    tables = without_centre(literals(热线红灯=rows), "T01")
    seen = look(tables, {"red_light_event": "ticket"})
    (flip,) = seen.flips("T01", "status")
    assert flip.changes == (
        Change("red_light_event", "ticket", "event"),
        Change("red_light_window", "calendar_year", "rolling_12_months"),
    )
    assert (flip.before, flip.after) == ("scored", "vetoed")
    assert seen.effect("red_light_event")[0].turns is False
    # From the default, counting events already, the window alone is enough, and no set of two is told.
    (flip,) = look(tables).flips("T01", "status")
    assert flip.changes == (Change("red_light_window", "calendar_year", "rolling_12_months"),)


def test_every_minimal_set_is_told_the_smallest_first() -> None:
    """Vetoed by naming and by two events: sparing it needs both readings changed; either alone changes nothing."""
    lights = [light("T01", "G1", "2022-03-01 09:00"), light("T01", "G1", "2022-04-01 09:00")]
    named = [circular("T01", "媒体", named="是")]
    tables = without_centre(literals(("T01", "T02"), 热线红灯=lights, 通报批评=named), "T01")
    (flip,) = look(tables).flips("T01", "outcome")
    assert {change.reading for change in flip.changes} == {"red_light_event", "criticism_scope"}
    # T02 has 104.00 and stays first until T01 returns with its own 104.00: equal, so nothing moves.
    assert look(tables).flips("T02", "rank_overall") == ()


def test_any_part_of_a_set_that_is_enough_rules_the_set_out() -> None:
    """Where a alone changes the conclusion and so do all four together, but nothing between, only a is minimal."""
    space = Space({key: ("old", "new") for key in "abcd"})
    differs = np.zeros(space.shape, dtype=bool)
    differs[1, 0, 0, 0] = differs[1, 1, 1, 1] = True
    assert list(minimal_changes(differs, (0, 0, 0, 0), space)) == [(Change("a", "old", "new"),)]
    differs[1, 0, 0, 0] = False
    ((*four,),) = minimal_changes(differs, (0, 0, 0, 0), space)
    assert [change.reading for change in four] == ["a", "b", "c", "d"]


def test_the_rank_moves_with_others() -> None:
    """The second falls away when the first is vetoed: the third, whose score never moves, becomes second."""
    tables = literals(
        ("T01", "T02", "T03"), 通报批评=[circular("T01", "群众反映")],
        扣分登记=[deducted("T02", 100), deducted("T03", 200)],
    )  # fmt: skip
    seen = look(tables)
    assert [result.rank_overall for result in seen.results()] == [1, 2, 3]
    assert [r.rank_overall for r in seen.results({"criticism_scope": "named_or_complaints"})] == [None, 1, 2]
    assert seen.own_readings("T03") == ()
    assert seen.depends("T03") == ("criticism_scope",)
    (flip,) = seen.flips("T03", "rank_in_group")
    assert (flip.before, flip.after) == (3, 2)
    assert (seen.constant("T03", "outcome"), seen.safe("T03")) == (True, False)
    assert seen.range("T03", "rank_overall") == Range(points("2"), points("3"), True)


def test_equal_scores_share_a_rank_and_the_next_is_left_out() -> None:
    """104.00, 104.00, 103.00 rank 1, 1, 3; without the first, who would be vetoed, 1, 2."""
    tables = literals(("T01", "T02", "T03"), 通报批评=[circular("T01", "群众反映")], 扣分登记=[deducted("T03", 100)])
    seen = look(tables)
    assert [r.rank_in_group for r in seen.results()] == [1, 1, 3]
    assert [r.rank_in_group for r in seen.results({"criticism_scope": "named_or_complaints"})] == [None, 1, 2]
    assert seen.range("T01", "rank_in_group") is not None
    assert seen.range("T01", "rank_in_group").always is False  # type: ignore[union-attr]


def test_ranks_within_groups_are_their_own() -> None:
    """A department between two towns is second overall and first of its group."""
    units = {"T01": "镇", "D01": "县级部门", "T02": "镇"}
    seen = look(literals(units, 扣分登记=[deducted("D01", 100), deducted("T02", 200)]))
    assert [(r.rank_in_group, r.rank_overall) for r in seen.results()] == [(1, 1), (1, 2), (2, 3)]


# ---- one reading's effect ----------------------------------------------------------------------------------------


def test_what_one_reading_does_alone_and_at_most() -> None:
    """At 80.00 by a report on the due day: deadline_day alone costs 0.50, but 4.50 where at_least opens the gate."""
    received = [{"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-20"}]
    seen = look(literals(("T01", "T02"), 材料报送=received, 扣分登记=[deducted("T01", 2000), deducted("T02", 2020)]))
    own, other = seen.effect("deadline_day")
    assert (own.unit_id, own.option, own.score_change) == ("T01", "exclusive", points("-0.50"))
    # 80.00 against 79.80, then 79.50 against 79.80
    assert (own.rank_overall_change, other.rank_overall_change) == (1, -1)
    assert own.most_score == points("4.50")  # 84.00 against 79.50
    assert (own.most_rank_overall, other.most_rank_overall) == (1, 1)
    assert (other.score_change, other.most_score, other.turns) == (points("0.00"), points("0.00"), False)


def test_an_effect_on_a_vetoed_unit_has_no_numbers() -> None:
    """Where before or after there is no score, no difference is made up; the turn is told."""
    seen = look(literals(通报批评=[circular("T01", "群众反映")]))
    by_option = {effect.option: effect for effect in seen.effect("criticism_scope")}
    gone = by_option["named_or_complaints"]
    assert (gone.score_change, gone.rank_in_group_change, gone.turns) == (None, None, True)
    assert (gone.most_score, by_option["named_and_complaints"].turns) == (points("0.00"), False)
    with pytest.raises(KeyError):
        seen.effect("gate")


def test_how_many_combinations_keep_the_grade() -> None:
    """One option of three vetoes: the grade in force holds under two thirds of 9,216 combinations."""
    seen = look(literals(("T01", "T02"), 通报批评=[circular("T01", "群众反映")]))
    assert (seen.holding("T01"), seen.holding("T02")) == (6144, 9216)


def test_unknown_units_and_options_are_refused() -> None:
    """A unit, a reading and an option that are not there are errors, never a silent answer."""
    seen = look(literals())
    with pytest.raises(KeyError):
        seen.results({"gate": "above"})
    with pytest.raises(KeyError):
        seen.result("T99")
    with pytest.raises(ValueError):
        seen.result("T01", {"bonus_gate": "over"})


def test_options_may_stand_in_any_order_in_the_scheme() -> None:
    """A scheme file that lists readings and options in another order, with another default, gives the same answers."""
    readings = load_scheme_plainly().model_dump(mode="json")["readings"]
    turned = {
        key: value | {"options": dict(reversed(value["options"].items()))} for key, value in reversed(readings.items())
    }
    turned["bonus_gate"]["default"] = "at_least"
    scheme = load_scheme_plainly(readings=turned)
    tables = make_tables(literals(扣分登记=[deducted("T01", 2000)]))
    seen = explore(tables, scheme, CUT_OFF, scheme.default_readings())
    assert seen.readings["bonus_gate"] == "at_least"
    assert seen.result("T01").final_score == points("84.00")
    (flip,) = seen.flips("T01", "final_score")
    assert flip.changes == (Change("bonus_gate", "at_least", "above"),)


# ---- ranks as arrays ---------------------------------------------------------------------------------------------


def test_competition_ranks() -> None:
    """Each column is ranked by itself: equal scores alike, the next left out, no score without rank, -1 last of all."""
    none = NO_SCORE
    scores = np.array([[10400, none, 0], [10400, none, 0], [10300, 6000, 0], [none, 6001, -1]])
    assert competition_ranks(scores).T.tolist() == [[1, 1, 3, 0], [0, 0, 2, 1], [1, 1, 1, 4]]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranking in blocks of a few combinations gives what ranking all at once gives."""
    space = Space({"a": ("1", "2"), "b": ("1", "2", "3"), "c": ("1", "2")})
    chance = np.random.default_rng(7)
    shapes = [(1, 1, 1), (2, 1, 1), (1, 3, 1), (2, 1, 2), (1, 3, 2)]
    scores = [chance.integers(-1, 4, size=shape) for shape in shapes]
    groups = ["x", "y", "x", "y", "x"]
    whole = rank_units(scores, groups, space)
    for block in (1, 11, 31):
        monkeypatch.setattr(ranks, "BLOCK", block)
        for one, other in zip(rank_units(scores, groups, space), whole, strict=True):
            assert np.array_equal(one, other)
    assert whole[0].shape == (5, 2, 3, 2)


def test_many_units_need_a_wider_number() -> None:
    """With more than 255 units ranks do not overflow: the last of 300 is 300th."""
    space = Space({"a": ("1", "2")})
    _, overall = rank_units([np.array([n]) for n in range(300)], ["x"] * 300, space)
    assert overall[:, 0].tolist() == list(range(300, 0, -1))


def test_an_item_table_says_what_it_depends_on() -> None:
    """K of a unit with a report on the due day changes along deadline_day alone, though the rule asks for q1_report."""
    scheme = load_scheme_plainly()
    roster = [{"单位编码": "T01", "单位名称": "甲", "单位类别": "镇", "重点任务单位": "是"}]
    received = [{"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-20"}]
    received += [{"单位": "T01", "材料": "季度进展", "季度": q, "实报日期": "2022-01-01"} for q in "1234"]
    tables = make_tables(literals(单位名录=roster, 材料报送=received))
    case = Case.build(tables, scheme, scheme.default_readings(), CUT_OFF)
    table = item_table(scheme.key_item, case.units[0], case, SPACE)
    assert table.codes.shape == (1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1)
    assert [value.cents for value in table.values] == [10000, 9950]
    assert explore(tables, scheme, CUT_OFF, scheme.default_readings()).own_readings("T01") == ("deadline_day",)
