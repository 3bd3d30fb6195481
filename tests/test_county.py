"""The county's summary: its first page, its lists, its form of vetoes; every list agrees with the ledger."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from audit_years import files_of
from bs4 import BeautifulSoup
from build import load_scheme_plainly, make_tables
from random_year import seeded_year
from report_set import MARKS, PAYLOAD, RATERS, make_set, small_set_tables

from assess_lib import figures, views
from assess_lib.store import load_set, read_tables
from assess_lib.store.sets import write_files
from assess_lib.views import county_first
from assess_lib.views.county_facts import CountyFacts
from assess_lib.views.county_information import information_lists, percent
from assess_lib.views.county_near import near_lines
from assess_lib.views.county_reports import filings


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


@pytest.fixture(scope="module")
def county(data):
    return views.CountySummary(data, make_tables(small_set_tables()))


def summary_of(tables, **options) -> views.CountySummary:
    return views.CountySummary(make_set(tables, **options), make_tables(tables))


def parse(shown: views.Html) -> BeautifulSoup:
    return BeautifulSoup(shown._repr_html_(), "html5lib")


def said(shown: views.Html) -> str:
    return parse(shown).get_text(" ", strip=True)


def cells(shown: views.Html) -> list[list[str]]:
    return [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in parse(shown).select("tbody tr")]


PIECES = (
    "title",
    "headline",
    "rankings",
    "vetoes",
    "failures",
    "near",
    "costs",
    "standard_costs",
    "unit_costs",
    "bonuses",
    "bonus_details",
    "information",
    "timeliness",
    "to_do",
    "data_quality",
    "readings",
    "check",
    "signatures",
    "veto_form",
    "adjustments",
)


# ---- the first page -----------------------------------------------------------------------------------------------


def test_the_first_page_counts_every_unit_once(county):
    """Five units: one vetoed, none below 60, one at 80 without bonus, three above; one unit has open items."""
    values = [value.get_text() for value in parse(county.headline()).select(".value")]
    assert values == ["5", "1", "0", "1", "3", "1"]
    names = [name.get_text() for name in parse(county.headline()).select("dt")]
    assert names == ["考核单位", "单项否决", "低于 60 分", "60 至 80 分", "高于 80 分", "有待定项"]
    assert "初步等次：合格（等次待审定） 4 个，不合格 1 个。" in said(county.headline())


def test_the_line_itself_is_counted_by_the_reading_in_force():
    """With bonus_gate=at_least the unit at exactly 80 counts above, and the headings say so."""
    county = summary_of(small_set_tables(), readings={"bonus_gate": "at_least"})
    page = parse(county.headline())
    assert [value.get_text() for value in page.select(".value")] == ["5", "1", "0", "0", "4", "1"]
    assert [name.get_text() for name in page.select("dt")][3:5] == ["60 至不到 80 分", "80 分及以上"]


def test_three_sentences_say_what_matters(county):
    """Worked by hand: (108.11 + 110.00 + 80.00 + 94.00) / 4 = 98.0275; towns 109.055; departments 87.00; 29.00 lost."""
    assert county_first.sentences(county.facts) == [
        "5 个单位中 1 个不合格（单项否决 1 个，低于合格线 0 个），3 个开启加分；有得分的 4 个单位平均 98.03 分，"
        "最高 110.00 分（白杨镇），最低 80.00 分（县银杏局），镇平均 109.06 分，县级部门平均 87.00 分。",
        "重点考核共扣 29.00 分，涉及 3 个单位、3 项标准、5 笔；扣得最多的是推广未完成 20.00 分、材料未报 6.00 分、"
        "公文超期 3.00 分，占全部扣分的 100%。",
        "还有 1 个单位 10 项待定，其中 1 个单位关系到单项否决（县合欢局）；1 个单位恰好在分数线上（县银杏局）。",
    ]


def test_top_and_bottom_of_each_group_never_overlap(county):
    """Two ranked units stand at the top and nowhere else; the vetoed one stands below without a rank."""
    towns, departments = county_first.ends(county.facts)
    assert [row["unit_id"] for row in towns.top] == ["T02", "T01"]
    assert (towns.bottom, towns.vetoed) == ((), ())
    assert [row["unit_id"] for row in departments.top] == ["D03", "D02"]
    assert [row["unit_id"] for row in departments.vetoed] == ["D01"]
    many = make_set(small_set_tables())
    results = many.results.copy()
    results["group"] = "镇"
    results["rank_in_group"] = [1, 3, 3, 5, 4]
    (whole,) = county_first.ends(CountyFacts(dataclasses.replace(many, results=results), county.facts.tables))
    # Three share the ranks up to 3; what is left is the bottom, in order.
    assert [row["unit_id"] for row in whole.top] == ["T01", "T02", "D01"]
    assert [row["unit_id"] for row in whole.bottom] == ["D03", "D02"]


@pytest.mark.parametrize(
    ("ranks", "bottom"),
    [
        ([1, 2, 3, 4, 5, 6, 7], ["5", "6", "7"]),
        ([1, 2, 3, 4, 5, 5, 7], ["5", "5", "7"]),
        ([1, 2, 3, 4, 4, 6, 7], ["4", "4", "6", "7"]),
        ([1, 2, 3, 4, 4, 4, 4], ["4", "4", "4", "4"]),
        ([1, 2, 3, 3, 5, 6, 7], ["5", "6", "7"]),
    ],
)
def test_equal_ranks_stand_at_the_bottom_together(ranks, bottom):
    """Whoever has the same rank as the third from below is named too: none is left out for its place in the roster."""
    tables = small_set_tables()
    tables["单位名录"] = [row | {"单位类别": "镇"} for row in tables["单位名录"]]
    tables["单位名录"] += [tables["单位名录"][0] | {"单位编码": f"T0{n}", "单位名称": f"第{n}镇"} for n in (8, 9)]
    made = make_set(tables)
    results = made.results.copy()
    results["group"], results["rank_in_group"] = "镇", ranks
    (whole,) = county_first.ends(CountyFacts(dataclasses.replace(made, results=results), make_tables(tables)))
    assert [str(row["rank_in_group"]) for row in whole.bottom] == bottom


def test_many_vetoes_do_not_push_the_first_page_over():
    """Seven vetoed units are counted in the head and six of them named; six are all named, without a count."""
    for units, told in ((6, "单项否决，不排名"), (7, "单项否决，不排名（共 7 个，先列 6 个）")):
        tables = {
            "单位名录": [
                {"单位编码": f"T{n}", "单位名称": f"第{n}镇", "单位类别": "镇", "重点任务单位": "否"}
                for n in range(units)
            ],
            "扣分标准": small_set_tables()["扣分标准"],
            "信息中心结果": [
                {"单位": f"T{n}", "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2023-01-03"} for n in range(units)
            ],
        }
        page = parse(summary_of(tables).headline())
        assert page.select_one(".ends .part").get_text(strip=True) == told
        assert len(page.select(".ends tbody tr")) == 1 + 6


def test_what_blocks_a_final_stands_on_the_first_page(county):
    """Ten items of one unit block the final version, each named with the unit; nothing blocks a settled set."""
    page = parse(county.headline()).select_one(".blockers")
    assert "10 项待定，须补正并重新计分后才能送审" in page.get_text()
    listed = [item.get_text(" ", strip=True) for item in page.select("li")]
    assert len(listed) == 10
    assert listed[0] == "V1 热线红灯 县合欢局"
    tables = small_set_tables()
    for rows in tables.values():
        rows[:] = [row for row in rows if "D03" not in (row.get("单位"), row.get("单位编码"))]
    settled = summary_of(tables)
    assert "没有待定项目，可以送审。" in said(settled.headline())
    assert "没有待定事项；" in county_first.sentences(settled.facts)[2]


def test_naming_units_counts_those_that_are_not_named(county):
    """Up to the limit all units are named; beyond it the rest is counted, so nobody is lost."""
    assert county_first.named(county.facts, ["T01", "T02"], 2) == "梧桐镇、白杨镇"
    assert county_first.named(county.facts, ["T01", "T02", "D01"], 2) == "梧桐镇、白杨镇等 3 个"


def _all_vetoed() -> views.CountySummary:
    tables = small_set_tables()
    tables["信息中心结果"] = [
        {"单位": row["单位编码"], "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2023-01-03"}
        for row in tables["单位名录"]
    ]
    return summary_of(tables)


def test_a_year_in_which_all_are_vetoed_has_a_whole_summary():
    """Without a single score every piece still says what there is, and the check passes."""
    county = _all_vetoed()
    assert "5 个单位中 5 个不合格（单项否决 5 个，低于合格线 0 个）；没有单位有最终得分。" in said(county.headline())
    assert len(cells(county.vetoes())) == 5
    for piece in PIECES:
        assert getattr(county, piece)()._repr_html_()


def test_where_all_are_vetoed_nothing_is_said_of_deductions():
    """Nobody was judged in the key part: it is said that nobody has a score of it, not that it had no deductions."""
    county = _all_vetoed()
    assert "重点考核没有扣分" not in said(county.headline())
    assert "没有单位有重点考核得分。" in said(county.headline())
    assert said(county.costs()) == "全县没有单位有重点考核得分。"
    assert said(county.standard_costs()) == said(county.unit_costs()) == "没有单位有重点考核得分。"
    assert said(figures.pareto(county)) == "全县没有单位有重点考核得分，没有扣分构成图。"


def test_items_and_their_reasons_have_two_names(county):
    """D03's ten open items have eleven reasons, two of them for K: each number is named as what it counts."""
    assert "共 10 项待定，11 条原因，须补正后重新计分" in said(county.to_do())
    assert "错误 0 条，待定原因 11 条，" in said(county.data_quality())
    assert ("有待定项", "1", "共 10 项；镇 0，县级部门 1") in county_first.counts(county.facts)


# ---- near a line --------------------------------------------------------------------------------------------------


def test_five_points_from_a_line_is_near_and_a_cent_more_is_not(data, county):
    """85.00 and 75.00 are listed with their exact distance from 80, 85.01 and 74.99 are not."""
    results = data.results.copy()
    scores = {"T01": "85.00", "T02": "85.01", "D02": "75.00", "D03": "74.99"}
    for unit, score in scores.items():
        results.loc[results["unit_id"] == unit, "key_score"] = Decimal(score)
    found = near_lines(CountyFacts(dataclasses.replace(data, results=results), county.facts.tables))
    assert [(one.line, one.unit_id, one.gap, one.text()) for one in found] == [
        ("80 分加分开启线", "T01", Decimal("5.00"), "高 5.00"),
        ("80 分加分开启线", "D02", Decimal("-5.00"), "低 5.00"),
    ]


def test_an_approved_band_is_a_line_of_the_final_score():
    """With a band from 105 the towns at 108.11 and 110.00 stand 3.11 and 5.00 above it."""
    grades = {
        "fail": "不合格", "passed": "合格", "pending": "（等次待审定）",
        "bands": [{"grade": "优秀", "at_least": "105", "approval": "〔2022〕9号"}],
    }  # fmt: skip
    county = summary_of(small_set_tables(), grades=grades)
    rows = [row for row in cells(county.near()) if row[0] == "105 分优秀"]
    assert [row[1:4] for row in rows] == [["梧桐镇", "108.11", "高 3.11"], ["白杨镇", "110.00", "高 5.00"]]
    assert county.facts.grade_counts() == [("优秀", 2), ("合格（等次待审定）", 2), ("不合格", 1)]


# ---- what was lost and earned -------------------------------------------------------------------------------------


def test_losses_sum_up_by_standard_and_by_unit(county):
    """20.00 for the promotion, 6.00 for two missing reports, 3.00 in two entries: 29.00, listed both ways."""
    costs = county.facts.costs()
    assert [(one.code, one.points, len(one.deductions), f"{one.share:.0f}") for one in costs] == [
        ("LD-01", Decimal("20.00"), 1, "69"),
        ("BS-02", Decimal("6.00"), 2, "90"),
        ("GW-01", Decimal("3.00"), 2, "100"),
    ]
    assert cells(county.standard_costs()) == [
        ["LD-01 推广未完成 共 20.00 分，1 笔", "县银杏局 20.00"],
        ["BS-02 材料未报 共 6.00 分，2 笔", "县合欢局 6.00（2 笔）"],
        ["GW-01 公文超期 共 3.00 分，2 笔", "梧桐镇 3.00（2 笔）"],
    ]
    assert [row[0] for row in cells(county.unit_costs())] == [
        "县银杏局（县级部门） 共 20.00 分，1 笔",
        "县合欢局（县级部门） 共 6.00 分，2 笔",
        "梧桐镇（镇） 共 3.00 分，2 笔",
    ]
    assert "没有扣分：白杨镇。" in said(county.unit_costs())
    assert "共扣 29.00 分，涉及 3 项标准；其中前 1 项占一半以上。" in said(county.costs())


def test_bonus_details_give_points_and_facts(county):
    """T01's commendation earns 2.00 under B2; its unproved publicity is listed with its status; B5 tells means only."""
    page = parse(county.bonus_details())
    tables = {table.caption.get_text().split("（")[0]: table for table in page.find_all("table")}
    (row,) = [row for row in tables["B2 通报表彰"].select("tbody tr") if "梧桐镇" in row.get_text()]
    assert "+2.00 2022-05-12 省级 省职转办" in row.get_text(" ", strip=True)
    assert "（缺佐证） 2022-06-12 市级 市日报" in tables["B3 经验宣传"].get_text(" ", strip=True)
    assert tables["B5 领导评价"].select_one("td").get_text() == "白杨镇 3.00、梧桐镇 2.41、县合欢局 0.00（没有评价）"
    points = tables["B6 参会情况"].select('data[data-unit="T01"]')
    assert [(mark["value"], mark["data-item"], mark.get_text()) for mark in points] == [("1.70", "B6", "1.70")]


def test_no_leaders_single_mark_and_no_leaders_name_is_shown(county):
    """Of the leaders' opinions the whole summary tells the mean only."""
    text = " ".join(said(getattr(county, piece)()) for piece in PIECES)
    assert "2.41" in text
    for secret in (*MARKS, *RATERS):
        assert secret not in text, secret


# ---- vetoes -------------------------------------------------------------------------------------------------------


def test_the_form_of_vetoes_names_fact_document_and_source(county):
    """D01: two red lights and the centre's result, each with its document and row; three cells wait to be filled in."""
    (row,) = cells(county.veto_form())
    assert row[:3] == ["县松柏局", "四（一）1", "热线红灯"]
    assert row[3] == (
        "工单 GD-3，2022-03-11 09:30 红灯：本办统计第 1 次 工单 GD-8，2022-08-11 09:30 红灯：本办统计第 2 次 "
        "信息中心认定红灯 2 次，市大数据局通报：否"
    )
    assert row[4] == "工单 GD-3 工单 GD-8 县信息中心 2023-01-03 出具的结果"
    assert row[5] == "热线红灯.csv · 2 热线红灯.csv · 3 信息中心结果.csv · 4"
    assert row[6:] == ["", "", ""]
    heads = [head.get_text() for head in parse(county.veto_form()).find_all("th")]
    assert heads == ["单位", "条款", "项目", "事实", "文号", "出处", "认定意见", "认定人", "日期"]


def test_a_circulars_number_stands_in_the_form():
    """A unit named by the province is vetoed by 四（一）2, with the office and the number of the circular."""
    tables = small_set_tables()
    tables["确认无事项"] = [row for row in tables["确认无事项"] if (row["表"], row["单位"]) != ("通报批评", "T02")]
    tables["通报批评"] = [
        {
            "编号": "TP-1", "单位": "T02", "类型": "检查督查", "层级": "省", "机关或媒体": "省督查室",
            "文号或网址": "陕督〔2022〕7号", "日期": "2022-09-01", "是否点名": "是",
        }
    ]  # fmt: skip
    town, _ = cells(summary_of(tables).veto_form())
    assert town[:3] == ["白杨镇", "四（一）2", "通报批评"]
    assert town[4] == "省督查室 陕督〔2022〕7号"


def test_without_vetoes_there_is_no_form():
    """A year without a veto has a sentence and no form to sign."""
    tables = small_set_tables()
    tables["热线红灯"] = []
    tables["信息中心结果"][2]["红灯次数"] = 0
    county = summary_of(tables)
    assert said(county.veto_form()) == ""
    assert said(county.vetoes()) == "没有单位被单项否决。"


# ---- 信息报送 -----------------------------------------------------------------------------------------------------


def ranked(county: views.CountySummary, quarter: str, name: str, group: str = "") -> list[tuple[str, int, Decimal]]:
    (one,) = (
        made
        for made in information_lists(county.facts)
        if (made.quarter, made.name, made.group) == (quarter, name, group)
    )
    return [(entry.unit_id, entry.rank, entry.points) for entry in one.entries]


def test_everybody_keeps_the_place_in_the_lists(county):
    """By volume 987, 5, 1; by rate 5/5 before 654/987, and nobody without an adopted piece; D02 at 80 keeps rank 3."""
    assert ranked(county, "1", "报送量") == [("T02", 1, Decimal(3)), ("T01", 2, Decimal(2)), ("D02", 3, Decimal(1))]
    assert ranked(county, "1", "采用率") == [("T01", 1, Decimal(3)), ("T02", 2, Decimal(2))]
    rows = cells(county.information())
    assert ["第1季度报送量", "3", "县银杏局", "1", "0", "0.0%", "1.00", "占名次，不加分"] in rows
    assert ["梧桐镇", *["5/5（2、1）"] * 4, "20", "100.0%"] in rows
    assert ["县合欢局", *["未登记"] * 4, "—", "—"] in rows


def test_the_lists_follow_the_readings():
    """Ranked by group, or in one list by volume with the rate breaking ties."""
    by_group = summary_of(small_set_tables(), readings={"info_pool": "by_group"})
    assert ranked(by_group, "2", "报送量", "县级部门") == [("D02", 1, Decimal(3))]
    tables = small_set_tables()
    tables["信息报送"] = [
        {"单位": unit, "季度": quarter, "报送条数": sent, "采用条数": adopted}
        for quarter in "1234"
        for unit, sent, adopted in (("T01", 9, 3), ("T02", 9, 6), ("D02", 9, 3))
    ]
    one_list = summary_of(tables, readings={"info_lists": "volume_then_rate"})
    name = "报送量（同量按采用率）"
    assert ranked(one_list, "3", name) == [("T02", 1, Decimal(3)), ("T01", 2, Decimal(2)), ("D02", 2, Decimal(2))]
    separate = summary_of(tables)
    # Competition ranking: three at the top earn in full, then nobody stands second.
    assert ranked(separate, "3", "报送量") == [(unit, 1, Decimal(3)) for unit in ("T01", "T02", "D02")]
    assert ranked(separate, "3", "采用率") == [("T02", 1, Decimal(3)), ("T01", 2, Decimal(2)), ("D02", 2, Decimal(2))]


@pytest.mark.parametrize(("pool", "lists"), [("all_units", "separate"), ("by_group", "volume_then_rate")])
@pytest.mark.parametrize("quarters", ["sum", "mean", "best"])
def test_lists_and_ledger_agree_under_every_reading(pool, lists, quarters):
    """The check holds each judged unit's rank to its ledger row, whatever the readings."""
    readings = {"info_pool": pool, "info_lists": lists, "info_quarters": quarters}
    assert "信息报送榜单、材料报送情况与台账一致" in said(summary_of(small_set_tables(), readings=readings).check())


@pytest.mark.parametrize(
    ("adopted", "sent", "text"), [(0, 0, "—"), (0, 3, "0.0%"), (1, 3, "33.3%"), (1, 8, "12.5%"), (1, 16, "6.3%")]
)
def test_adoption_rates_print_with_one_decimal_half_up(adopted, sent, text):
    """1/16 = 6.25 % prints 6.3%; nothing sent has no rate."""
    assert percent(adopted, sent) == text


# ---- 材料报送 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "reading", "text"),
    [
        ("2022-06-19", "inclusive", "06-19 按时"),
        ("2022-06-20", "inclusive", "06-20 按时"),
        ("2022-06-21", "inclusive", "▲ 06-21 迟 1 天"),
        ("2022-06-19", "exclusive", "06-19 按时"),
        ("2022-06-20", "exclusive", "▲ 06-20 迟 1 天"),
        ("2022-12-31", "inclusive", "▲ 12-31 迟 194 天"),
        ("2023-01-01", "inclusive", "▲ 2023-01-01 收，按未报"),
    ],
)
def test_days_late_count_from_the_last_day_in_time(received, reading, text):
    """The half-year report is due on 20 June; after the cut-off it counts as missing; the ledger says the same."""
    tables = small_set_tables()
    tables["材料报送"][0]["实报日期"] = received
    county = summary_of(tables, readings={"deadline_day": reading})
    (row,) = (row for row in cells(county.timeliness()) if row[0] == "梧桐镇")
    assert row[1:6] == [text, "12-18 按时", "—", "—", "—"]
    assert "核对通过" in said(county.check())


def test_who_owes_what_is_told_apart(data, county):
    """Vetoed D01 sent nothing; D03's quarterly reports are open, as the roster is silent; 免报 owes nothing."""
    rows = {row[0]: row[1:] for row in cells(county.timeliness())}
    assert rows["县松柏局"] == ["▲ 未报", "▲ 未报", "—", "—", "—", "—"]
    assert rows["县合欢局"] == ["▲ 未报", "▲ 未报", "待定", "待定", "待定", "—"]
    assert "到期应报 10 份：按时 6 份，迟报 0 份（共迟 0 天），未报 4 份；另有免报 0 份。" in said(county.timeliness())
    tables = small_set_tables()
    tables["材料报送"][0] |= {"实报日期": None, "免报原因": "撤并"}
    assert "另有免报 1 份" in said(summary_of(tables).timeliness())
    early = dataclasses.replace(data, basis=dataclasses.replace(data.basis, run_date=date(2022, 6, 19)))
    made = filings(CountyFacts(early, county.facts.tables))
    assert {one.state for (unit, _), one in made.items() if unit == "T01"} == {"not_yet", "not_owed"}


# ---- the check ----------------------------------------------------------------------------------------------------


def relabelled(data, item: str, old: str, new: str):
    ledger = data.ledger.copy()
    changed = (ledger["item"] == item) & (ledger["unit_id"] == "T01")
    ledger.loc[changed, "label"] = [label.replace(old, new) for label in ledger.loc[changed, "label"]]
    return dataclasses.replace(data, ledger=ledger)


def test_the_check_holds_lists_to_the_ledger(data, county):
    """A rank or a late report that the ledger tells otherwise stops the summary, by name."""
    tables = county.facts.tables
    with pytest.raises(AssertionError, match="T01：信息报送榜单"):
        views.CountySummary(relabelled(data, "B4", "第 2 名", "第 3 名"), tables).check()
    with pytest.raises(AssertionError, match="T01：半年汇报"):
        views.CountySummary(relabelled(data, "K", "收到，按时", "收到，迟 1 天"), tables).check()


def test_the_check_adds_the_ledger_up(data, county):
    """The summary stops where an item's points are not its chain's end."""
    assert "核对通过：5 个单位" in said(county.check())
    items = data.items.copy()
    row = items.index[(items["unit_id"] == "T01") & (items["item"] == "B6")][0]
    items.at[row, "points"] = Decimal("1.71")
    changed = views.CountySummary(dataclasses.replace(data, items=items), county.facts.tables)
    with pytest.raises(AssertionError, match="T01 B6"):
        changed.check()


def test_cells_are_text_on_every_piece(county):
    """Markup typed into a fact or a unit's name makes no element anywhere."""
    tables = small_set_tables()
    for row in tables["单位名录"]:
        row["单位名称"] += "<i>=1+1</i>"
    tables["信息中心结果"][2]["市大数据局通报"] = "是"
    tables["信息中心结果"][2]["通报文号"] = PAYLOAD
    hostile = summary_of(tables)
    for piece in PIECES:
        assert not parse(getattr(hostile, piece)()).find_all(["script", "b", "a", "i"]), piece
    assert PAYLOAD in parse(hostile.veto_form()).get_text()


def test_every_number_of_the_results_is_marked(county, data):
    """The rankings mark scores, ranks and grade of every unit, so that assess verify finds them."""
    marks = {(m["data-unit"], m["data-field"]): m["value"] for m in parse(county.rankings()).find_all("data")}
    assert len(marks) == 5 * 6
    assert marks["T01", "final_score"] == "108.11"
    assert marks["D02", "bonus_score"] == ""
    assert marks["D01", "grade"] == "不合格"


# ---- random years -------------------------------------------------------------------------------------------------


def county_of_seed(seed: int, folder: Path) -> views.CountySummary:
    year, scheme = seeded_year(seed), load_scheme_plainly()
    write_files(folder / str(seed), files_of(year.tables, year.readings, year.run_date, scheme, whole=True))
    return views.CountySummary(load_set(folder / str(seed)), read_tables(folder / str(seed)))


def hold_whole_years(seeds: range, folder: Path) -> None:
    for seed in seeds:
        county = county_of_seed(seed, folder)
        assert "核对通过" in said(county.check()), seed
        for piece in PIECES:
            assert not parse(getattr(county, piece)()).find_all("script"), (seed, piece)
        lost = sum((cost.points for cost in county.facts.costs()), Decimal(0))
        assert lost == sum((100 - row["key_score"] for row in county.facts.scored), Decimal(0)), seed


def test_random_years_have_a_summary_that_agrees_with_the_ledger(tmp_path):
    """Whatever the rows, the readings and the run date, every piece can be shown and the check holds."""
    hold_whole_years(range(6), tmp_path)


@pytest.mark.deep
def test_hundreds_of_random_years_have_a_summary(tmp_path):
    """The same over three hundred years."""
    hold_whole_years(range(1000, 1300), tmp_path)
