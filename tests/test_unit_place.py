"""A unit among its group: true numbers of its own, medians that reveal nobody, no names."""

from __future__ import annotations

from decimal import Decimal

import pytest
from unit_page import losing, read, said

from assess_lib import figures, views
from assess_lib.views.unit_place import Spread, compared_items, median, nearest, quartiles

# Key scores 95.00, 70.00, 60.00 and 65.01; with the gate open a bonus of 0.00.
FOUR = {"T01": 500, "T02": 3000, "T03": 4000, "T04": 3499}
OTHERS = ("70.00", "60.00", "65.01")


@pytest.mark.parametrize(
    ("values", "middle"),
    [
        (["5.00"], "5.00"),
        (["9.00", "1.00", "5.00"], "5.00"),
        (["1.00", "2.00"], "1.50"),
        (["1.00", "1.01"], "1.01"),  # 1.005, half up
        (["0.00", "4.00", "2.01", "3.00"], "2.51"),  # 2.505, half up
    ],
)
def test_the_median_is_exact(values, middle):
    """An odd number of values has a middle; of an even number the middle two are averaged and rounded half up."""
    assert median([Decimal(value) for value in values]) == Decimal(middle)


@pytest.mark.parametrize(
    ("values", "lower", "upper"),
    [
        ("1 2 9", "1", "9"),  # the middle one belongs to neither half
        ("1 2 4 9", "1.5", "6.5"),
        ("9 1 4 2 5", "1.5", "7"),  # halves 1 2 and 5 9, whatever the order
        ("1 2 3 5 8 13 21 34", "2.5", "17"),
        (" ".join(map(str, range(38))), "9", "28"),  # halves of 19: the tenth of each
        ("1.00 1.01 2.00 3.00", "1.005", "2.5"),  # exact: what is shown is rounded once
    ],
)
def test_quartiles_are_the_medians_of_the_halves(values, lower, upper):
    """Ordered and parted in the middle, each half has its median; of an odd number the middle one is left out."""
    found = quartiles([Decimal(value) for value in values.split()])
    assert found == (Decimal(lower), Decimal(upper))


@pytest.mark.parametrize(
    ("score", "step", "shown"),
    [("59.49", 1, 59), ("59.495", 1, 59), ("59.50", 1, 60), ("944.99", 10, 940), ("945.00", 10, 950), ("0.00", 1, 0)],
)
def test_what_is_told_of_others_is_rounded_half_up(score, step, shown):
    """A score stands at the nearest whole point, on a scale of a thousand at the nearest ten."""
    assert nearest(Decimal(score), step) == shown


@pytest.mark.parametrize(("count", "spread"), [(7, None), (8, Spread(88, 90, 94, 95))])
def test_a_small_group_tells_no_spread(count, spread):
    """Of 95.00, 94.00 to 88.00 the halves have the medians 93.50 and 89.50; of seven units nothing is told."""
    lost = {f"U{n}": 500 + 100 * n for n in range(count)}
    report = views.UnitReport(losing(lost), "U0")
    assert report.peers.spread == spread
    alt = figures.place(report).alt
    assert ("居中的一半在 90 至 94 分，最低 88 分，最高 95 分（取整分）" in alt) is (spread is not None)


def test_the_place_is_told_against_the_median():
    """Of 95.00, 70.00, 65.01 and 60.00 the median is 67.51 (67.505 half up); T01 lies 27.49 above it."""
    report = views.UnitReport(losing(FOUR), "T01")
    assert (report.peers.middle, report.peers.spread) == (Decimal("67.51"), None)
    assert said(report.place()) == (
        "本单位在镇 4 个有得分的单位中列第 1 名，比组内中位数高 27.49 分（中位数 67.51 分）。"
    )
    assert "比组内中位数低 7.51 分" in said(views.UnitReport(losing(FOUR), "T03").place())


def test_the_median_itself_has_no_distance():
    """Of three units the middle one equals the median, and the sentence says so."""
    three = {unit: FOUR[unit] for unit in ("T01", "T02", "T03")}
    assert "与组内中位数相同（中位数 70.00 分）" in said(views.UnitReport(losing(three), "T02").place())


@pytest.mark.parametrize(("count", "drawn"), [(2, False), (3, True), (4, True)])
def test_fewer_than_three_units_are_not_compared(count, drawn):
    """With two scored units a median would tell the rival's score: no figure and no median; with three, both."""
    data = losing(dict(list(FOUR.items())[:count]))
    report = views.UnitReport(data, "T02")
    assert isinstance(figures.place(report), figures.Plot) is drawn
    assert ("不作比较" in said(report.place())) is not drawn
    assert ("95.00" in said(report.place())) is False
    (key,) = compared_items(report)
    assert (key.median is not None) is drawn
    assert [row.get_text() for row in read(report.items_compared()).select("td.number")][2] == (
        "—" if not drawn else "70.00" if count == 3 else "67.51"
    )


def test_no_other_units_number_is_told():
    """Sentence, table and the figure's words of T01 hold no other unit's score and no other unit's name."""
    report = views.UnitReport(losing(FOUR), "T01")
    plot = figures.place(report)
    told = " ".join((said(report.place()), said(report.items_compared()), plot.alt))
    assert not [secret for secret in (*OTHERS, "T02", "T03", "T04") if secret in told]
    assert plot.alt == (
        "T01镇在镇的位置图：4 个有得分的单位中列第 1 名，本单位 95.00 分，组内中位数 67.51 分。其他单位不标名称。"
    )


def test_rivals_scores_cannot_be_read_off_the_figure():
    """Ends are drawn at whole points: a lowest score of 60.00 and one of 60.40 make the same figure, in every byte."""
    group = {f"U{n}": 500 + 100 * n for n in range(8)}
    first, second = (figures.place(views.UnitReport(losing(group | {"U8": lost}), "U2")).svg for lost in (4000, 3960))
    assert first == second


def test_items_are_compared_only_where_they_were_judged():
    """T01's bonus items were judged, its rivals' gates are closed: no bonus item has a median, K has one of four."""
    found = compared_items(views.UnitReport(losing(FOUR), "T01"))
    assert [each.item.id for each in found][:2] == ["K", "B1"]
    assert [each.median for each in found] == [Decimal("67.51"), *[None] * 7]


def _attended(units: int, confirmed: int) -> views.UnitReport:
    """Give the first of units that have lost nothing; so many of them say that there was no meeting: 2.00 for B6."""
    names = [f"U{n}" for n in range(units)]
    none = [{"表": "参会登记", "单位": unit, "确认人": "丙", "确认日期": "2022-12-31"} for unit in names[:confirmed]]
    return views.UnitReport(losing(dict.fromkeys(names, 0), 确认无事项=none), "U0")


def test_an_unresolved_item_is_no_zero_in_the_median():
    """Three towns have 2.00 for B6, four nothing yet: the median is 2.00, not 0.00, and the four are counted."""
    report = _attended(7, 3)
    (found,) = [each for each in compared_items(report) if each.item.id == "B6"]
    assert (found.points, found.median, found.pending) == (Decimal("2.00"), Decimal("2.00"), 4)
    caption = read(report.items_compared()).caption.get_text()
    assert caption.startswith("各项得分与镇的中位数；计分单位不足 3 个的项目不列中位数；待定的单位不计入中位数：")
    assert "，B6 4 个，" in caption


def test_two_resolved_units_are_not_compared_beside_unresolved_ones():
    """Two units have 2.00 for B6 and a third one nothing yet: two are too few for a median, so that none is told."""
    (found,) = [each for each in compared_items(_attended(3, 2)) if each.item.id == "B6"]
    assert (found.median, found.pending) == (None, 1)


def test_where_nothing_is_unresolved_nothing_is_said_of_it():
    """K is resolved in all four towns, whose gates are closed but T01's: the caption of T02 speaks of no open item."""
    caption = read(views.UnitReport(losing(FOUR), "T02").items_compared()).caption.get_text()
    assert caption == "各项得分与镇的中位数；计分单位不足 3 个的项目不列中位数"


def test_bars_have_the_length_of_their_share():
    """K 95.00 of 100 is 95 % long with the median's tick at 67.51 %; B1 0.00 of 4 has no length and no tick."""
    rows = read(views.UnitReport(losing(FOUR), "T01").items_compared()).select("tbody tr")
    assert [mark["style"] for mark in rows[0].select(".fill, .tick")] == ["width: 95.00%", "margin-left: 67.51%"]
    assert [mark["style"] for mark in rows[1].select(".fill, .tick")] == ["width: 0.00%"]


def test_a_vetoed_unit_has_no_place():
    """A vetoed unit is told that it is not ranked, once, and nothing is drawn."""
    vetoed = [{"单位": "T01", "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2023-01-03"}]
    report = views.UnitReport(losing(FOUR, 信息中心结果=vetoed), "T01")
    assert said(report.place()) == "因单项否决不排名，没有组内位置。"
    assert said(figures.place(report)) == "" and said(report.items_compared()) == ""
