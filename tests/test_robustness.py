"""How robust a result is: small years whose smallest corrections and margins were worked out by hand from the scheme.

A unit to which nothing is added has key score 100.00, 2.00 for meetings and 2.00 for tasks: final score 104.00.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from build import load_scheme_plainly, make_tables
from hypothesis import assume, given
from hypothesis import strategies as st
from random_year import seeded_year
from readings_year import CUT_OFF, Literals, award, circular, deducted, evidence, light, literals, without_centre
from test_robustness_exact import banded

from assess_lib.exact import to_cents
from assess_lib.robustness import (
    Flip,
    Robustness,
    csv_files,
    differences_from_scoring,
    differences_in_force,
    explore,
    json_data,
    sentence,
)
from assess_lib.robustness.awards import Award, AwardRules, awarded
from assess_lib.robustness.margins import Further, Room, fewest_deductions, smallest_loss, times
from assess_lib.robustness.options import Deduction, means
from assess_lib.robustness.options import deducted as item_values
from assess_lib.robustness.vetoes import _ground as ground_of
from assess_lib.robustness.vetoes import fewest_against
from assess_lib.robustness.words import further_text
from assess_lib.scheme import Scheme
from assess_lib.scoring import score


def entry(number: str, hundredths: int, unit: str = "T01", standard: str = "FX-01", times: int = 0) -> dict[str, Any]:
    """Give a register row of so many hundredths, or of so many times a standard."""
    row = deducted(unit, hundredths) | {"编号": number, "标准编号": standard}
    return row | {"数量": times} if times else row


def standard(code: str, rate: str, cap: str | None) -> dict[str, Any]:
    return {
        "标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": rate, "计量": "次", "扣分上限": cap,
        "批准文号": "批1",
    }  # fmt: skip


def decision(number: str, table: str, what: str, value: str | None = None, unit: str = "T01") -> dict[str, Any]:
    return {
        "编号": number, "单位": unit, "对象表": table, "对象编号": what, "处理": "改值" if value else "撤销",
        "新值": value, "理由": "理由", "决定人": "组长", "决定日期": "2022-12-20", "批准文号": "批2",
    }  # fmt: skip


def centre(lights: int, criticised: str = "否", unit: str = "T01") -> dict[str, Any]:
    return {"单位": unit, "红灯次数": lights, "市大数据局通报": criticised, "出具日期": "2022-12-31"}


def look(tables: Literals, scheme: Scheme | None = None, **readings: str) -> Robustness:
    used = scheme or load_scheme_plainly()
    return explore(make_tables(tables), used, used.default_readings() | readings, CUT_OFF)


def numbers(flip: Flip | None) -> list[tuple[str, str]] | None:
    return None if flip is None else [(one.table, one.number) for one in flip.corrections]


def told(flip: Flip | None) -> tuple[list[tuple[str, str]] | None, str]:
    return numbers(flip), "" if flip is None else f"{flip.moved:.2f}"


# ---- lines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "reading", "opened", "gate", "fail"),
    [
        (1999, "above", True, ("0.01", "0.01"), ("20.02", "20.01")),  # 80.01: 80.00 is not above 80
        (2000, "above", False, None, ("20.01", "20.00")),
        (1999, "at_least", True, ("0.02", "0.01"), ("20.02", "20.01")),  # 80.00 still opens, 79.99 does not
        (2000, "at_least", True, ("0.01", "0.00"), ("20.01", "20.00")),
        (2001, "at_least", False, None, ("20.00", "19.99")),
        (3999, "above", False, None, ("0.02", "0.01")),
        (4000, "above", False, None, ("0.01", "0.00")),  # 60.00 passes, 59.99 does not
        (4001, "above", False, None, None),
    ],
)
def test_margins_are_exact_to_the_cent(
    lost: int, reading: str, opened: bool, gate: tuple[str, str] | None, fail: tuple[str, str] | None
) -> None:
    """The smallest further loss and the distance from the line, one cent below, at and above each line."""
    one = look(literals(扣分登记=[deducted("T01", lost)]), bonus_gate=reading).of("T01")
    assert one.now.bonus_open is opened
    for line, expected in (("gate", gate), ("fail", fail)):
        margin = one.margin(line)  # type: ignore[arg-type]
        assert (margin and (f"{margin.points:.2f}", f"{margin.distance:.2f}")) == expected


@pytest.mark.parametrize(
    ("amounts", "aspect", "rows", "moved"),
    [
        ((1700, 300), "gate", ["KF-2"], "3.00"),  # 80.00: any one row opens, the smaller moves less
        ((1999,), "gate", None, ""),  # 80.01 is open, and no correction closes it
        ((2000, 1), "gate", ["KF-1"], "20.00"),  # 79.99: without the cent 80.00, which does not open
        ((4000, 1), "grade", ["KF-2"], "0.01"),  # 59.99: the cent alone lifts to 60.00
        ((4000,), "grade", None, ""),  # 60.00 passes, and no correction makes it fail
        ((2000, 2000, 1), "gate", ["KF-1", "KF-2"], "40.00"),  # 59.99: one of 20.00 and the cent would give 80.00
    ],
)
def test_the_fewest_rows_that_change_a_unit(
    amounts: Sequence[int], aspect: Any, rows: list[str] | None, moved: str
) -> None:
    """The fewest rows, of equally few those that move the fewest points; none where none changes anything."""
    tables = literals(扣分登记=[entry(f"KF-{n}", amount) for n, amount in enumerate(amounts, start=1)])
    flip = look(tables).of("T01").fewest.get(aspect)
    assert told(flip) == (None if rows is None else [("扣分登记", row) for row in rows], moved)


def test_fewest_rows_and_fewest_points_are_two_answers() -> None:
    """At 78.00 one row of 5.00 opens the gate; two rows of 1.50 and 1.00 do it with 2.50 points."""
    tables = literals(扣分登记=[entry("KF-1", 1450), entry("KF-2", 500), entry("KF-3", 150), entry("KF-4", 100)])
    one = look(tables).of("T01")
    assert told(one.fewest["gate"]) == ([("扣分登记", "KF-2")], "5.00")
    assert told(one.least["gate"]) == ([("扣分登记", "KF-3"), ("扣分登记", "KF-4")], "2.50")


# ---- caps, the floor, decisions ---------------------------------------------------------------------------------


def test_under_a_cap_one_row_may_free_nothing() -> None:
    """Three rows of 10.00 under a cap of 20.00: one frees nothing, two free 10.00 and open the gate at 80.00."""
    rows = [entry(f"KF-{n}", 0, standard="CP-01", times=1) for n in (1, 2, 3)]
    one = look(literals(扣分标准=[standard("CP-01", "10", "20")], 扣分登记=rows)).of("T01")
    assert told(one.fewest["gate"]) == ([("扣分登记", "KF-1"), ("扣分登记", "KF-2")], "10.00")
    assert one.weightiest is None  # no single row changes anything


def test_below_the_floor_rows_free_what_stands_above_it() -> None:
    """60.00 and 52.00 deducted: 0.00. Without the first 48.00, which fails; without both 100.00."""
    one = look(literals(扣分登记=[entry("KF-1", 6000), entry("KF-2", 5200)])).of("T01")
    assert one.now.key_score == Decimal("0.00")
    assert told(one.fewest["grade"]) == ([("扣分登记", "KF-1"), ("扣分登记", "KF-2")], "100.00")
    assert one.weightiest is not None
    assert (one.weightiest.correction.number, one.weightiest.change) == ("KF-1", Decimal("48.00"))


def test_a_row_whose_value_was_changed_frees_the_new_value() -> None:
    """25.00 changed to 21.00: 79.00; withdrawn it moves 21.00. A revoked row has nothing left to free."""
    tables = literals(
        扣分登记=[entry("KF-1", 2500), entry("KF-2", 3000)],
        调整复核=[decision("TZ-1", "扣分登记", "KF-1", "21.00"), decision("TZ-2", "扣分登记", "KF-2")],
    )
    one = look(tables).of("T01")
    assert one.now.key_score == Decimal("79.00")
    assert told(one.fewest["gate"]) == ([("扣分登记", "KF-1")], "21.00")
    assert [i.change for i in one.influences if i.correction.number == "KF-2"] == [Decimal("0.00")]


# ---- reports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("present", [True, False], ids=["a row without a day", "no row at all"])
def test_a_missing_report_can_be_in_time(present: bool) -> None:
    """A missing half-year report (5.00) and 16.00 in one row: 79.00; the report in time alone opens the gate."""
    tables = literals(扣分登记=[entry("KF-1", 1600)])
    kept = [row for row in tables["材料报送"] if row["材料"] != "半年汇报"]
    tables["材料报送"] = kept + ([{"单位": "T01", "材料": "半年汇报"}] if present else [])
    found = look(tables)
    assert told(found.of("T01").fewest["gate"]) == ([("材料报送", "半年汇报")], "5.00")
    said = "若更正 1 条（材料报送 半年汇报，5.00 分）即开启加分；距合格线尚有 19.00 分。"
    assert sentence(found.of("T01"), found.scheme) == said


def test_a_late_report_frees_its_days() -> None:
    """Received on 25 June, five days late at 0.50: 2.50. In time it opens the gate at 79.00 + 2.50."""
    late = {"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-25"}
    one = look(literals(扣分登记=[entry("KF-1", 1850)], 材料报送=[late])).of("T01")
    assert one.now.key_score == Decimal("79.00")
    assert told(one.fewest["gate"]) == ([("材料报送", "半年汇报")], "2.50")


def test_a_report_that_nobody_demands_is_no_correction_that_helps() -> None:
    """A unit that is no key-task unit owes no quarterly report: only its register row opens the gate."""
    one = look(literals(扣分登记=[entry("KF-1", 2000)])).of("T01")
    assert told(one.fewest["gate"]) == ([("扣分登记", "KF-1")], "20.00")


# ---- vetoes -----------------------------------------------------------------------------------------------------


def lights(*moments: str) -> list[dict[str, Any]]:
    return [light("T01", f"GD-{n}", moment) for n, moment in enumerate(moments, start=1)]


def test_two_red_lights_of_our_own_count_need_one_withdrawal() -> None:
    """Without the centre's row two red lights veto; without one of them the unit has 104.00."""
    one = look(without_centre(literals(热线红灯=lights("2022-03-01", "2022-04-01")), "T01")).of("T01")
    assert one.now.status == "vetoed"
    assert told(one.fewest["status"]) == ([("热线红灯", "GD-1")], "0.00")
    assert one.fewest["status"].after.final_score == Decimal("104.00")
    assert numbers(one.fewest["gate"]) == numbers(one.fewest["grade"]) == [("热线红灯", "GD-1")]


def test_three_red_lights_need_two() -> None:
    """Without the centre's row three red lights veto; two must go."""
    one = look(without_centre(literals(热线红灯=lights("2022-03-01", "2022-04-01", "2022-05-01")), "T01")).of("T01")
    assert len(one.fewest["status"].corrections) == 2


def test_a_red_light_entered_twice_goes_with_both_rows() -> None:
    """One red light stands in two rows, another in one: the single row goes."""
    rows = [light("T01", "GD-1", "2022-03-01"), light("T01", "GD-1", "2022-03-01"), light("T01", "GD-2", "2022-04-01")]
    one = look(without_centre(literals(热线红灯=rows), "T01")).of("T01")
    assert told(one.fewest["status"]) == ([("热线红灯", "GD-2")], "0.00")


def test_the_centres_row_alone_is_one_correction() -> None:
    """The centre says 2, our own count 0: its row is the only ground."""
    one = look(literals(信息中心结果=[centre(2)])).of("T01")
    assert told(one.fewest["status"]) == ([("信息中心结果", "")], "0.00")


def test_without_the_centres_row_our_own_count_decides() -> None:
    """The centre says 2 and so do we: its row and one of our red lights."""
    tables = literals(信息中心结果=[centre(2)], 热线红灯=lights("2022-03-01", "2022-04-01"))
    one = look(tables).of("T01")
    assert told(one.fewest["status"]) == ([("热线红灯", "GD-1"), ("信息中心结果", "")], "0.00")
    assert one.weightiest is None


def test_the_centres_row_may_be_what_holds_a_veto_back() -> None:
    """The centre says 0, we count 2: without its row the unit is vetoed, and that matters more than any points."""
    rows = [entry("KF-1", 500)]
    found = look(literals(热线红灯=lights("2022-03-01", "2022-04-01"), 扣分登记=rows))
    one = found.of("T01")
    assert one.now.final_score == Decimal("99.00")
    for aspect in ("status", "gate", "grade"):
        assert told(one.fewest[aspect]) == ([("信息中心结果", "")], "0.00")  # type: ignore[index]
    assert one.weightiest is not None and one.weightiest.flips == ("status", "gate", "grade")
    assert sentence(one, found.scheme) == (
        "若更正 1 条（信息中心结果）即构成单项否决、不开启加分、等次变为不合格；"
        "再扣 15.00 分即不开启加分；距合格线尚有 35.00 分。"
    )


@pytest.mark.parametrize(("lost", "aspect", "moved"), [(2100, "gate", "21.00"), (4100, "grade", "41.00")])
def test_a_veto_that_would_change_nothing_hides_no_other_correction(lost: int, aspect: Any, moved: str) -> None:
    """At 79.00 the bonus part is closed, at 59.00 the unit fails, vetoed or not: the row that was deducted is told.

    The centre says 0 and we count 2, so one row would bring a veto on: of this aspect it changes nothing.
    """
    one = look(literals(热线红灯=lights("2022-03-01", "2022-04-01"), 扣分登记=[entry("KF-1", lost)])).of("T01")
    assert told(one.fewest["status"]) == ([("信息中心结果", "")], "0.00")
    assert told(one.fewest[aspect]) == ([("扣分登记", "KF-1")], moved)
    assert told(one.least[aspect]) == ([("扣分登记", "KF-1")], moved)


def test_two_grounds_must_both_go() -> None:
    """Two red lights by the centre and a circular that names the unit: both rows."""
    tables = literals(信息中心结果=[centre(2)], 通报批评=[circular("T01", "媒体", named="是")])
    one = look(tables).of("T01")
    assert numbers(one.fewest["status"]) == [("信息中心结果", ""), ("通报批评", "TB-T01-媒体")]


def test_lifting_a_veto_is_not_yet_passing() -> None:
    """Named by a circular, and 41.00 deducted in rows of 40.00 and 1.00: the circular, and the row of 1.00 to pass."""
    tables = literals(
        通报批评=[circular("T01", "媒体", named="是")], 扣分登记=[entry("KF-1", 4000), entry("KF-2", 100)]
    )
    found = look(tables)
    one = found.of("T01")
    assert told(one.fewest["status"]) == ([("通报批评", "TB-T01-媒体")], "0.00")
    assert told(one.fewest["grade"]) == ([("通报批评", "TB-T01-媒体"), ("扣分登记", "KF-2")], "1.00")
    assert told(one.fewest["gate"]) == ([("通报批评", "TB-T01-媒体"), ("扣分登记", "KF-1")], "40.00")
    assert one.margins == ()


def test_naming_and_complaint_together() -> None:
    """Two namings and one complaint veto under named_and_complaints: the complaint alone must go."""
    rows = [
        circular("T01", "媒体", named="是"),
        circular("T01", "检查督查", named="是"),
        circular("T01", "群众反映"),
    ]
    one = look(literals(通报批评=rows), criticism_scope="named_and_complaints").of("T01")
    assert numbers(one.fewest["status"]) == [("通报批评", "TB-T01-群众反映")]


# ---- approved bands: the bonus rows matter ----------------------------------------------------------------------


def test_a_meeting_attended_lifts_into_a_band() -> None:
    """One 迟到 at 0.20: 103.80, band at 104: the meeting, 0.20. At 103.80 itself the band holds with 0.00 to spare."""
    meeting = [{"会议": "例会", "日期": "2022-05-05", "单位": "T01", "到会情况": "迟到"}]
    one = look(literals(参会登记=meeting), banded([("优秀", "104")])).of("T01")
    assert told(one.fewest["grade"]) == ([("参会登记", "2022-05-05 例会")], "0.20")
    assert one.fewest["grade"].after.grade == "优秀"
    held = look(literals(参会登记=meeting), banded([("优秀", "103.8")])).of("T01")
    margin = held.margin("grade")
    assert margin is not None and (margin.points, margin.distance) == (Decimal("0.01"), Decimal("0.00"))
    assert "grade" not in held.fewest


def test_an_award_that_holds_a_band_and_its_evidence() -> None:
    """Two commendations of 1.00 on one piece of evidence: 106.00. To fall below 105 both go: one row of 佐证目录."""
    awards = [award("T01", "通报表彰", "S1", "市"), award("T01", "通报表彰", "S2", "市")]
    tables = literals(表彰宣传=awards, 佐证目录=[evidence("T01")])
    one = look(tables, banded([("优秀", "105.01")])).of("T01")
    assert one.now.final_score == Decimal("106.00")
    single = look(tables, banded([("优秀", "106")])).of("T01")
    assert told(single.fewest["grade"]) == ([("表彰宣传", "BZ-T01-通报表彰-S1")], "1.00")
    both = look(tables, banded([("优秀", "105")])).of("T01")
    assert told(both.fewest["grade"]) == ([("佐证目录", "E-1")], "2.00")
    accepted = look(tables, banded([("优秀", "105")]), missing_evidence="accept").of("T01")
    assert len(accepted.fewest["grade"].corrections) == 2  # evidence decides nothing then: both commendations


def test_a_low_mark_taken_away_raises_the_mean() -> None:
    """Marks of 3.00 and 1.00 have mean 2.00: 106.00. Without the lower one 3.00: 107.00 reaches the band."""
    marks = [
        {"评价人": who, "职务": "副组长", "单位": "T01", "分值": mark} for who, mark in (("甲", "3.00"), ("乙", "1.00"))
    ]
    one = look(literals(领导评价=marks), banded([("优秀", "107")])).of("T01")
    assert told(one.fewest["grade"]) == ([("领导评价", "")], "1.00")


# ---- single rows ------------------------------------------------------------------------------------------------


def test_the_row_that_opens_the_gate_brings_the_bonus_with_it() -> None:
    """At 80.00 a row of 3.00 is worth 7.00: it opens the gate, behind which 4.00 wait."""
    one = look(literals(扣分登记=[entry("KF-1", 1700), entry("KF-2", 300)])).of("T01")
    changes = {i.correction.number: (i.change, i.flips) for i in one.influences if i.correction.table == "扣分登记"}
    assert changes == {"KF-1": (Decimal("21.00"), ("gate",)), "KF-2": (Decimal("7.00"), ("gate",))}


def test_of_equal_rows_the_first_is_named() -> None:
    """Two rows of 2.00: the upper one is the weightiest."""
    one = look(literals(扣分登记=[entry("KF-9", 200), entry("KF-1", 200)])).of("T01")
    assert one.weightiest is not None and one.weightiest.correction.number == "KF-9"


# ---- further deductions -----------------------------------------------------------------------------------------


def test_each_standard_says_how_often_it_reaches_the_line() -> None:
    """82.05: 2.05 more close the gate: 0.50 five times, 5.00 once, 0.01 205 times; 1.00 up to 2.00 never."""
    tables = literals(扣分标准=[standard("CP-01", "1", "2")], 扣分登记=[entry("KF-1", 1795)])
    margin = look(tables).of("T01").margin("gate")
    assert margin is not None and margin.points == Decimal("2.05")
    # meetings and tasks (HY, RW) deduct in the bonus part alone
    assert {one.standard: one.times for one in margin.alone} == {"BS-01": 5, "BS-02": 1, "CP-01": None, "FX-01": 205}
    assert margin.count == 1 and further_text(margin) == "1 次：BS-02"


@pytest.mark.parametrize(("lost", "gate", "times"), [(1500, "3.00", 3), (1499, "3.01", None), (1501, "2.99", 3)])
def test_what_a_cap_has_left_counts(lost: int, gate: str, times: int | None) -> None:
    """2.00 of a cap of 5.00 are used, 3.00 are left: enough for a loss of 3.00, not for one of 3.01."""
    rows = [entry("KF-1", 0, standard="CP-01", times=2), entry("KF-2", lost)]
    margin = look(literals(扣分标准=[standard("CP-01", "1", "5")], 扣分登记=rows)).of("T01").margin("gate")
    assert margin is not None and f"{margin.points:.2f}" == gate
    assert {one.standard: one.times for one in margin.alone}["CP-01"] == times


def test_a_cap_that_is_used_up_is_no_way_down() -> None:
    """A standard whose cap is used up deducts nothing more: it is not among the ways."""
    rows = [entry("KF-1", 0, standard="CP-01", times=7)]
    margin = look(literals(扣分标准=[standard("CP-01", "1", "5")], 扣分登记=rows)).of("T01").margin("gate")
    assert margin is not None and "CP-01" not in {one.standard for one in margin.alone}


@pytest.mark.parametrize(
    ("loss", "rooms", "expected"),
    [
        (500, [Room("A", 200, 300), Room("B", 150, None)], (("A", 1), ("B", 2))),  # 200 + 150 + 150
        (200, [Room("A", 200, None), Room("B", 200, None)], (("A", 1),)),
        (201, [Room("A", 200, None)], (("A", 2),)),
        (300, [Room("A", 200, 300)], (("A", 2),)),  # the second is cut to 100, and that suffices
        (301, [Room("A", 200, 300)], None),
        (350, [Room("A", 200, 300), Room("B", 50, 50)], (("A", 2), ("B", 1))),
        (80, [Room("A", 200, 90), Room("B", 85, None)], (("A", 1),)),  # what is left of A, 90, is the larger step
    ],
)
def test_the_fewest_single_deductions(
    loss: int, rooms: list[Room], expected: tuple[tuple[str, int], ...] | None
) -> None:
    """The largest step first is the fewest steps, for steps of a standard never grow."""
    found = fewest_deductions(loss, rooms)
    assert (None if found is None else tuple((one.standard, one.times) for one in found)) == expected


def test_fewest_single_deductions_against_trying_all() -> None:
    """In random cases no smaller number of single deductions takes as much, by a sum over all numbers of each."""
    rng = random.Random(1)
    for _ in range(300):
        rooms = [Room(code, rng.randint(1, 9), rng.choice([None, 5, 7, 12])) for code in "ABC"]
        loss = rng.randint(1, 30)
        found = fewest_deductions(loss, rooms)
        tried = [
            a + b + c
            for a in range(31)
            for b in range(31 - a)
            for c in range(31 - a - b)
            if sum(
                n * r.rate if r.left is None else min(r.left, n * r.rate) for n, r in zip((a, b, c), rooms, strict=True)
            )
            >= loss
        ]
        assert (None if found is None else sum(one.times or 0 for one in found)) == min(tried, default=None)


def test_a_standard_alone() -> None:
    """2.05 at 0.50 takes five; with 2.00 left it never suffices; with just 2.05 left it does."""
    assert times(205, Room("A", 50, None)) == 5
    assert times(205, Room("A", 50, 200)) is None
    assert times(205, Room("A", 50, 205)) == 5


def test_the_smallest_loss_is_found_at_the_ends_too() -> None:
    """Crossed at once, at the last cent, or never."""
    assert smallest_loss(500, lambda key: key < 500) == 1
    assert smallest_loss(500, lambda key: key < 1) == 500
    assert smallest_loss(500, lambda key: False) is None


# ---- the parts --------------------------------------------------------------------------------------------------


def test_what_a_deducting_item_can_come_to() -> None:
    """Two rows of 3.00 under a cap of 5.00 and one of 1.00: every value with its fewest rows."""
    rows = [Deduction("A", 300, 0), Deduction("A", 300, 1), Deduction("B", 100, 2)]
    assert item_values(1000, rows, {"A": 500, "B": None}) == {
        1000: (0, 1, 2), 900: (0, 1), 700: (0, 2), 600: (0,), 500: (2,), 400: (),
    }  # fmt: skip


def test_what_a_mean_can_come_to() -> None:
    """1.00 and 2.01: 1.505 rounds half up to 1.51; without one the other; without both nothing."""
    assert means([(100, 0), (201, 1)]) == {151: (), 100: (1,), 201: (0,), None: (0, 1)}


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 60)), max_size=8),
    st.fixed_dictionaries({code: st.none() | st.integers(1, 90) for code in "ABC"}),
)
def test_every_sum_of_deductions_is_found_with_the_fewest_rows(
    drawn: list[tuple[str, int]], caps: dict[str, int | None]
) -> None:
    """All subsets tried, under any caps and with a floor: each value with the fewest rows taken out, and just those."""
    own = [Deduction(code, amount, row) for row, (code, amount) in enumerate(drawn)]

    def value(kept: Sequence[Deduction]) -> int:
        sums = {code: sum(one.amount for one in kept if one.standard == code) for code in caps}
        return max(0, 150 - sum(min(total, 150 if caps[code] is None else caps[code]) for code, total in sums.items()))

    fewest: dict[int, int] = {}
    for size in range(len(own) + 1):
        for gone in combinations(own, size):
            fewest.setdefault(value([one for one in own if one not in gone]), size)
    found = item_values(150, own, caps)
    assert {points: len(rows) for points, rows in found.items()} == fewest
    for points, rows in found.items():
        assert value([one for one in own if one.row not in rows]) == points


@given(st.lists(st.integers(0, 30) | st.integers(0, 400), max_size=8))
def test_every_mean_is_found_with_the_fewest_and_uppermost_rows(points: list[int]) -> None:
    """All subsets tried: each mean, half up, with the fewest scores taken out, of equally few the upper ones."""
    rows = range(len(points))
    tried: dict[int | None, tuple[int, ...]] = {}
    for size in range(len(points) + 1):
        for gone in combinations(rows, size):
            kept = [points[row] for row in rows if row not in gone]
            tried.setdefault((2 * sum(kept) + len(kept)) // (2 * len(kept)) if kept else None, gone)
    assert means(list(zip(points, rows, strict=True))) == tried


def test_a_mean_of_many_raters_is_found_at_once() -> None:
    """Eighty raters, each with another mark: the whole mean with none taken out, the highest mark with all others."""
    found = means([(mark, mark) for mark in range(100, 180)])
    assert found[140] == ()  # 139.5
    assert found[179] == tuple(range(100, 178))  # 178 and 179: 178.5
    assert found[100] == tuple(range(101, 180))


def test_a_fraction_of_a_cent_is_a_bug() -> None:
    """Points with a third decimal would be cut silently: they are refused."""
    with pytest.raises(ValueError, match=r"0\.005"):
        to_cents(Decimal("0.005"))


@pytest.mark.parametrize(
    ("grounds", "size"),
    [([], 0), ([{1}, {2}], 2), ([{1, 2}, {2, 3}], 1), ([{1, 2}, {3, 4}, {1, 3}], 2), ([set()], None)],
)
def test_the_fewest_rows_against_all_grounds(grounds: list[set[int]], size: int | None) -> None:
    """One row of each ground must go; a ground without rows cannot be removed."""
    found = fewest_against([1, 2, 3, 4], lambda gone: any(not (ground & gone) for ground in grounds))
    assert (None if found is None else len(found)) == size


def test_of_sixty_red_lights_fifty_nine_must_go() -> None:
    """With a line at two, one of sixty may stay, the lowest; it is found with some asking, not by all pairs each time.

    59 rows to take out, after each up to 60 sets, for each the ground's two rows by halving: 16 questions at the most.
    """
    asked = []

    def applies(gone: frozenset[int]) -> bool:
        asked.append(gone)
        return 60 - len(gone) >= 2

    assert fewest_against(range(60), applies) == tuple(range(59))
    assert len(asked) < 60 * 61 // 2 * 17


@given(st.sets(st.frozensets(st.integers(0, 9), min_size=1), min_size=1, max_size=6), st.frozensets(st.integers(0, 9)))
def test_a_ground_is_what_is_left_when_lower_rows_are_spared_first(
    grounds: set[frozenset[int]], gone: frozenset[int]
) -> None:
    """Halving finds the very rows that are left when each, from the lowest up, is taken out where it can be spared."""

    def applies(out: frozenset[int]) -> bool:
        return any(not ground & out for ground in grounds)

    assume(applies(gone))
    out = gone
    for row in reversed(range(10)):
        out = out | {row} if applies(out | {row}) else out
    assert ground_of(range(10), gone, applies) == [row for row in range(10) if row not in out]


def test_items_that_nothing_ties_are_asked_one_by_one() -> None:
    """Three items of forty matters, each of its own amount: each is its own answer, and none multiplies the others."""
    awards = [Award(item, f"{item}-{n}", 101 + 7 * n, 100 * item + n) for item in range(3) for n in range(40)]
    found = awarded(awards, AwardRules(caps=(400, 300, 300), means=frozenset({0}), once=False, best=False))
    assert list(found) == [(0,), (1,), (2,)]
    assert found[1,][300,] == () and found[1,][0,] == tuple(range(100, 140))
    assert found[1,][101,] == tuple(range(101, 140))


def test_evidence_ties_items_and_is_settled_as_early_as_can_be() -> None:
    """Twenty-four pieces of evidence, each of one row in either item: so many corrections as the item that loses more.

    Row by row both lose one for each correction; evidence takes one from both at once.
    """
    pairs = range(24)
    awards = [Award(item, f"{item}-{n}", 10, 100 * item + n, 1000 + n) for item in (1, 2) for n in pairs]
    found = awarded(awards, AwardRules(caps=(400, 300, 300), means=frozenset({0}), once=False, best=False))
    assert list(found) == [(0,), (1, 2)]
    sizes = {values: len(rows) for values, rows in found[1, 2].items()}
    assert sizes == {(240 - 10 * a, 240 - 10 * b): max(a, b) for a in range(25) for b in range(25)}


@pytest.mark.parametrize("seed", range(12))
def test_it_starts_from_the_scores(seed: int) -> None:
    """In random years the search starts from plain scoring's verdicts, and each told set does what it says."""
    year, scheme = seeded_year(seed), load_scheme_plainly()
    found = explore(year.tables, scheme, year.readings, year.run_date)
    plain = score(year.tables, scheme, year.readings, year.run_date).results
    stored = [{name: getattr(result, name) for name in result.__slots__} for result in plain]
    assert differences_in_force(found, stored) == []
    assert differences_from_scoring(found, year.tables, year.readings, year.run_date) == []
    stored[0]["grade"] = "优秀"
    assert len(differences_in_force(found, stored)) == 1


# ---- files ------------------------------------------------------------------------------------------------------


def read(data: bytes) -> list[Mapping[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_four_files() -> None:
    """A unit's row, its corrections, its margins by standard, and each of its rows, with points of two decimals."""
    tables = literals(["T01", "T02"], 扣分登记=[entry("KF-1", 1700), entry("KF-2", 300) | {"事实": "=1+1"}])
    files = csv_files(look(tables))
    assert list(files) == ["robustness.csv", "corrections.csv", "margins.csv", "rows.csv"]
    unit, other = read(files["robustness.csv"])
    assert unit["sentence"] == "若撤销 1 条（扣分登记 KF-2，3.00 分）即开启加分；距合格线尚有 20.00 分。"
    assert (unit["gate_rows"], unit["gate_points"], unit["grade_rows"], unit["fail_margin"]) == (
        "1",
        "3.00",
        "",
        "20.01",
    )
    assert unit["weightiest_change"] == "21.00" and unit["weightiest_flips"] == "gate"
    assert (other["gate_margin"], other["fail_margin"], other["gate_rows"]) == ("20.00", "40.01", "")
    correction = read(files["corrections.csv"])[0]
    assert (correction["aspect"], correction["number"], correction["source"]) == ("gate", "KF-2", "扣分登记.csv!!3")
    assert {row["unit_id"] for row in read(files["margins.csv"])} == {"T01", "T02"}
    single = next(row for row in read(files["rows.csv"]) if row["number"] == "KF-2")
    assert (single["final_score"], single["final_after"], single["change"]) == ("80.00", "87.00", "7.00")
    assert single["gate_changes"] == "true" and single["status_changes"] == "false"
    assert [row["unit_id"] for row in read(csv_files(look(tables), ["T02"])["robustness.csv"])] == ["T02"]


def test_nobody_learns_whose_mark_is_which() -> None:
    """The leaders' marks have no name, no place, and stand in the order of what they do."""
    marks = [
        {"评价人": who, "职务": "副组长", "单位": "T01", "分值": mark}
        for who, mark in (("赵评价", "3.00"), ("钱评价", "1.00"), ("孙评价", "2.00"))
    ]
    found = look(literals(领导评价=marks))
    files = csv_files(found)
    assert all(
        name not in data.decode("utf-8-sig") for data in files.values() for name in ("赵评价", "钱评价", "孙评价")
    )
    rows = [row for row in read(files["rows.csv"]) if row["table"] == "领导评价"]
    assert [(row["change"], row["source"], row["number"]) for row in rows] == [
        ("-0.50", "", ""), ("0.00", "", ""), ("0.50", "", ""),
    ]  # fmt: skip


def test_plain_data_has_exact_numbers() -> None:
    """JSON's data keeps points as decimals for the printer, and a unit's corrections below the unit."""
    made = json_data(look(literals(扣分登记=[entry("KF-1", 1700), entry("KF-2", 300)])))
    unit = made["units"][0]
    assert unit["gate_points"] == Decimal("3.00")
    assert [row["number"] for row in unit["corrections"]] == ["KF-2", "KF-2"]
    assert [row["smallest_by"] for row in unit["corrections"]] == ["rows", "points"]


def test_a_unit_that_nothing_changes_and_one_at_the_line() -> None:
    """Each unit has its one sentence, whatever its state."""
    found = look(literals(["T01", "T02"], 扣分登记=[deducted("T02", 4000)]))
    said = [sentence(one, found.scheme) for one in found.units]
    assert said == [
        "再扣 20.00 分即不开启加分；距合格线尚有 40.00 分。",
        "若撤销 1 条（扣分登记 KF-T02，40.00 分）即开启加分；恰在合格线上，再扣 0.01 分即不合格。",
    ]


def test_single_deductions_in_words() -> None:
    """Several deductions are told by standard; standards that cannot take that much say so."""
    margin = look(literals(扣分登记=[entry("KF-1", 1000)])).of("T01").margin("fail")  # 90.00: 30.01 more
    assert margin is not None
    assert margin.fewest == (Further("BS-02", Decimal("5.00"), 7),)
    assert further_text(margin) == "7 次：BS-02 每次 5.00 × 7"
