"""Views: what a report's pieces say, to whom, and that cells are text."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from build import make_tables
from report_set import PAYLOAD, make_set, small_set_tables

from assess_lib import views
from assess_lib.errors import UsageError
from assess_lib.views import words
from assess_lib.views.lines import check_chains, read_lines
from assess_lib.views.words import Place


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


@pytest.fixture(scope="module")
def county(data):
    return views.CountySummary(data, make_tables(small_set_tables()))


def parse(shown: views.Html) -> BeautifulSoup:
    return BeautifulSoup(shown._repr_html_(), "html5lib")


def said(shown: views.Html) -> str:
    return parse(shown).get_text(" ", strip=True)


def cells(shown: views.Html) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in parse(shown).select("tbody tr")]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, "—"),
        (Decimal("0"), "0.00"),
        (Decimal("-0.01"), "−0.01"),
        (Decimal("0.01"), "+0.01"),
        (Decimal("100"), "+100.00"),
    ],
)
def test_signed_points(value, printed):
    """What a fact did is printed with a true minus or a plus; nothing done has no sign, no value is a dash."""
    assert words.signed(value) == printed


def test_every_status_of_the_ledger_has_a_word():
    """No status of the ledger's vocabulary reaches a reader in English."""
    from typing import get_args

    from assess_lib.ledger import Status

    assert set(words.STATUS_WORDS) == set(get_args(Status))


def test_places_survive_odd_file_names():
    """A source whose file name holds the separators is still read as one file, sheet and row."""
    assert words.places("扣分登记_甲; 乙.xlsx!扣分登记!14; a.csv!!3") == (
        Place("扣分登记_甲; 乙.xlsx", "扣分登记", 14),
        Place("a.csv", "", 3),
    )
    assert words.places("") == ()
    assert str(Place("扣分登记.xlsx", "扣分登记", 14)) == "扣分登记.xlsx · 扣分登记 · 14"
    assert str(Place("a.csv", "", 3)) == "a.csv · 3"


@pytest.mark.parametrize(
    ("file", "is_it"), [("领导评价.csv", True), ("领导评价_甲.xlsx", True), ("领导评价意见.csv", False)]
)
def test_a_place_knows_its_table(file, is_it):
    """A file belongs to a table by its name or by the name and an underscore, not by a longer word."""
    assert Place(file, "", 2).of_table("领导评价") is is_it


def test_an_unknown_unit_is_wrong_usage(data):
    """Asking for a unit that the set does not have says so and names the code."""
    with pytest.raises(UsageError, match="T99"):
        views.UnitReport(data, "T99")
    with pytest.raises(UsageError, match="T99"):
        views.page_metadata(data, "T99")


def test_page_metadata(data):
    """The page learns title, draft state, year, sample mark and document; a final set is 送审稿."""
    assert views.page_metadata(data, "T01") == {
        "title": "2022年梧桐镇考核情况报告",
        "draft_label": "初评稿",
        "year": 2022,
        "sample": True,
        "document": "千政办函〔2022〕28号",
        "approval": "",
    }
    final = dataclasses.replace(data, basis=dataclasses.replace(data.basis, final=True))
    assert views.page_metadata(final, None)["draft_label"] == "送审稿"
    assert views.page_metadata(final, None)["title"] == "2022年全县汇总分析"


def test_the_conclusion_comes_in_numbers_that_a_reader_can_check(data):
    """T01 ends at 108.11, second of two towns and of four scored units, 37 above the pass mark, 17 above the gate."""
    shown = views.UnitReport(data, "T01").conclusion()
    text, values = said(shown), [value.get_text() for value in parse(shown).select(".value")]
    assert values == ["108.11", "合格", "2", "2", "未构成", "97.00", "+11.11"]
    assert "镇名次 2 共 2 个有得分" in text and "总名次 2 共 4 个有得分" in text
    assert (
        "重点考核从 100 分起，扣 3.00 分，得 97.00 分，高于 80 分加分开启线，再加 11.11 分，最终得分 108.11 分。"
        in text
    )
    assert "2 笔扣分，共扣 3.00 分；比 60 分合格线高 37.00 分，比 80 分加分开启线高 17.00 分。" in text
    assert "没有待定项目" in text and not parse(shown).select(".warn")


def test_a_vetoed_unit_gets_the_reason_and_no_score(data):
    """D01 with two red lights: the ground stands first, no figure is printed, no rank."""
    report = views.UnitReport(data, "D01")
    text = said(report.conclusion())
    assert "等次 不合格 单项否决" in text
    assert "热线红灯：构成单项否决（信息中心认定红灯 2 次，市大数据局通报：否）" in text
    assert [value.get_text() for value in parse(report.conclusion()).select(".value")] == [
        *("—", "不合格", "—", "—"),
        *("构成", "—", "—"),
    ]
    assert "依四（一），本单位已构成单项否决，重点考核部分不计分。" in said(report.key())
    assert "加分部分不计分" in said(report.bonus())
    with pytest.raises(ValueError, match="no such score"):
        _ = report.final_score


def test_a_closed_gate_says_blank_and_not_zero(data):
    """D02 at exactly 80.00: the bonus is a dash, the reason and its reading are given in words."""
    report = views.UnitReport(data, "D02")
    conclusion = said(report.conclusion())
    assert "恰好等于 80 分加分开启线" in conclusion
    assert "加分为空白，不是 0 分" in conclusion
    bonus = said(report.bonus())
    assert "80.00 ≤ 80.00" in bonus and "口径：须高于 80 分" in bonus
    assert not parse(report.bonus()).select("table")


def test_unresolved_items_come_with_what_to_do(data):
    """D03, of which nothing was reported, lists ten open items, each with a remedy, and warns in the conclusion."""
    report = views.UnitReport(data, "D03")
    assert "待定 10 项" in said(report.conclusion())
    rows = [row for row in cells(report.to_do()) if row[0] == "待定"]
    # K is open twice: for its register and for 重点任务单位.
    assert len(rows) == 11
    assert all(row[3].startswith("请") and row[4:] == ["送审之前", "□"] for row in rows)
    assert [rows[n][2] for n in (0, 2, 3)] == ["“信息中心结果”", "“单位名录”", "“扣分登记”"]
    assert "没有待定事项，也没有需要补正的登记" in said(views.UnitReport(data, "T02").to_do())


def test_missing_evidence_is_a_warning_of_the_unit(data):
    """T01's unproved publicity row is shown as 缺佐证 and asks for the evidence."""
    report = views.UnitReport(data, "T01")
    assert [row[-1] for row in cells(report.bonus()) if "帮办代办" in "".join(row)] == ["缺佐证"]
    assert any(row[0] == "警告" and "补交佐证" in row[3] for row in cells(report.to_do()))


def test_main_facts_are_the_largest_in_order(data):
    """T01's largest facts: the mean of 2.41, three of 2.00 in the ledger's order, the first of 1.00."""
    points = [row[0] for row in cells(views.UnitReport(data, "T01").main_facts())]
    assert points == ["+2.41", "−2.00", "+2.00", "+2.00", "−1.00"]


def test_every_ledger_row_of_the_unit_is_in_its_appendix(data):
    """The appendix has one row for each of the unit's ledger rows, with its numbers."""
    for unit in ("T01", "D01", "D02", "D03"):
        ledger = data.ledger[data.ledger["unit_id"] == unit]
        rows = cells(views.UnitReport(data, unit).ledger())
        assert [int(row[0]) for row in rows] == list(ledger["seq"])
        assert [row[3] for row in rows] == list(ledger["label"])
        assert [row[8] for row in rows] == [words.number(value) for value in ledger["after"]]


def test_labels_are_text_whatever_they_hold(data):
    """Markup, links, formulas and mathematics typed into a fact show as they were typed and make no element."""
    report = views.UnitReport(data, "T01")
    for shown in (report.key(), report.ledger(), report.main_facts()):
        page = parse(shown)
        assert PAYLOAD in page.get_text()
        assert not page.find_all(["script", "a", "b"])


def test_rivals_and_raters_stay_out_of_the_lines(data):
    """In B4 only the unit's own rows are named, in B5 only how many leaders gave an opinion."""
    lines = views.UnitReport(data, "T01").lines
    own = {str(place) for line in lines if line.item == "B4" for place in line.places}
    # T01's rows stand at 2, 5, 8, 11 of the quarters' blocks of three units.
    assert own == {"信息报送.csv · 2", "信息报送.csv · 5", "信息报送.csv · 8", "信息报送.csv · 11"}
    (opinion,) = (line for line in lines if line.item == "B5")
    assert (opinion.place_text, opinion.formula, opinion.points) == (
        "领导评价（3 人）",
        "3 人评价，取平均分",
        Decimal("2.41"),
    )
    blank = [line for line in views.UnitReport(data, "D02").lines if line.item == "B4"]
    assert all({place.row for place in line.places} <= {4, 7, 10, 13} for line in blank)


def test_readings_are_told_in_words(data):
    """The gate's reading appears with its question and the option in force, not with its key."""
    rows = cells(views.UnitReport(data, "D02").readings())
    assert ["加分开启", "恰好 80 分能否加分？", "须高于 80 分", "默认"] in [row[:4] for row in rows]


def test_a_reading_that_is_not_the_default_is_marked():
    """Choosing the other option of a reading shows what the default would have been."""
    data = make_set(small_set_tables(), readings={"bonus_gate": "at_least"})
    rows = cells(views.UnitReport(data, "D02").readings())
    assert ["达到 80 分即可", "改选（默认：须高于 80 分）"] in [row[2:4] for row in rows]


def test_the_official_text_is_quoted_where_there_is_one():
    """A clause with official text is quoted as 原文, one without is our own words, marked 摘要."""
    data = make_set(small_set_tables(), quotes={"四（二）": "重点考核 <100> 分。"})
    text = said(views.UnitReport(data, "T01").part_clauses("key"))
    assert "四（二） 重点考核 <100> 分。 （原文）" in text
    assert "五1" in text and "（摘要）" in text


def test_the_check_is_loud(data):
    """A ledger whose running total does not follow, or that ends elsewhere than the result, stops the notebook."""
    assert "核对通过" in said(views.UnitReport(data, "T01").check())
    for column, shift in (("after", "0.01"), ("points", "0.01")):
        ledger = data.ledger.copy()
        row = ledger.index[(ledger["unit_id"] == "T01") & (ledger["item"] == "K")][0]
        ledger.at[row, column] = ledger.at[row, column] + Decimal(shift)
        with pytest.raises(AssertionError, match="T01 台账第"):
            views.UnitReport(dataclasses.replace(data, ledger=ledger), "T01").check()
    results = data.results.copy()
    results.at[0, "final_score"] = Decimal("108.12")
    with pytest.raises(AssertionError, match="最终得分不符"):
        views.UnitReport(dataclasses.replace(data, results=results), "T01").check()


def test_chains_end_at_the_items_points(data):
    """Adding the ledger up gives T01's items: K 97.00, B4 3.00, B6 1.70, and the final 108.11."""
    totals = check_chains(read_lines(data.ledger, data.basis.scheme))
    assert [totals["T01", item] for item in ("K", "B4", "B6", "final")] == [
        Decimal("97.00"),
        Decimal("3.00"),
        Decimal("1.70"),
        Decimal("108.11"),
    ]


def test_ranking_prints_ranks_and_sets_the_vetoed_below(county):
    """Towns: 白杨镇 first; departments: 县合欢局, 县银杏局, and 县松柏局 below them without a rank."""
    assert [row[:2] for row in cells(county.ranking("镇"))] == [["1", "白杨镇"], ["2", "梧桐镇"]]
    rows = cells(county.ranking("县级部门"))
    assert [row[:2] for row in rows] == [["1", "县合欢局"], ["2", "县银杏局"], ["—", "县松柏局"]]
    assert rows[1][2:6] == ["80.00", "—", "80.00", "4"]
    assert rows[2][2:7] == ["—", "—", "—", "—", "不合格（否决）"]


def test_bonus_items_count_only_units_whose_gate_opened(county):
    """B5: three units judged, two earned, one of them in full, one unresolved; mean (2.41 + 3.00 + 0.00) / 3 = 1.80."""
    (row,) = (row for row in cells(county.bonuses()) if row[0] == "B5 领导评价")
    assert row[1:] == ["3", "3", "2", "1", "1.80", "1"]


def test_a_table_escapes_titles_cells_and_captions():
    """The general table shows every text as text, numbers to the right, missing values as a dash."""
    rows = [{"a": "<img src=x>", "b": Decimal("-1")}, {"a": None, "b": None}]
    columns = (views.Column("a", "<i>甲</i>"), views.Column("b", "乙", "number"))
    page = parse(views.table(rows, columns, caption="<u>题</u>"))
    assert not page.find_all(["img", "i", "u"])
    assert [cell.get_text() for cell in page.select("td")] == ["<img src=x>", "−1.00", "—", "—"]
    assert page.select("td")[1]["class"] == ["number"]
    assert said(views.table([], columns, empty="无。")) == "无。"
