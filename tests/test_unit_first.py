"""The first page of a unit's report: whoever reads it alone can say why the unit has its score."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import date

import pytest
from pypdf import PdfReader
from report_set import PAYLOAD, make_set, small_set_tables
from unit_page import cells, losing, read, said, unit_page

from assess_lib import views
from assess_lib.publish import export
from assess_lib.store import Approval


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


@pytest.mark.parametrize(
    ("lost", "grade", "why"),
    [
        (
            0,
            "合格",
            "重点考核从 100 分起，没有扣分，得 100.00 分，高于 80 分加分开启线，再加 0.00 分，最终得分 100.00 分。",
        ),
        (
            1999,
            "合格",
            "重点考核从 100 分起，扣 19.99 分，得 80.01 分，高于 80 分加分开启线，再加 0.00 分，最终得分 80.01 分。",
        ),
        (2000, "合格", "扣 20.00 分，得 80.00 分，恰好等于 80 分加分开启线，不加分；最终得分就是重点考核得分。"),
        (2001, "合格", "扣 20.01 分，得 79.99 分，低于 80 分加分开启线，不加分；最终得分就是重点考核得分。"),
        (4000, "合格", "扣 40.00 分，得 60.00 分，低于 80 分加分开启线，不加分；最终得分就是重点考核得分。"),
        (4001, "不合格", "扣 40.01 分，得 59.99 分，低于 60 分合格线，等次为不合格；不再加分，仍参加排名。"),
        (10000, "不合格", "扣 100.00 分，得 0.00 分，低于 60 分合格线，等次为不合格；不再加分，仍参加排名。"),
    ],
)
def test_one_sentence_says_why(lost, grade, why):
    """Below, at and above 60 and 80, and at both ends, one sentence leads from 100 to the score and the grade."""
    shown = read(views.UnitReport(losing({"T01": lost}), "T01").conclusion())
    assert why in shown.select_one(".why").get_text()
    assert [value.get_text() for value in shown.select(".figures .value")][1] == grade


def test_at_least_opens_the_gate_at_80():
    """Under the other reading of the gate exactly 80 opens the bonus part, and the sentence says 达到."""
    tables = small_set_tables()
    report = views.UnitReport(make_set(tables, readings={"bonus_gate": "at_least"}), "D02")
    assert "得 80.00 分，达到 80 分加分开启线，再加 " in said(report.conclusion())


def test_each_part_has_its_reason(data):
    """T01: no veto, why; two deductions, how far from both lines; each bonus item with its points."""
    shown = read(views.UnitReport(data, "T01").conclusion())
    rows = [row.get_text(" ", strip=True) for row in shown.select(".parts tbody tr")]
    assert "四（一） 热线红灯：信息中心认定红灯 0 次，市大数据局通报：否；通报批评：点名通报 0 件" in rows[0]
    assert "97.00 满分 100" in rows[1] and "四（二） 2 笔扣分，共扣 3.00 分" in rows[1]
    assert "+11.11 上限 20" in rows[2]
    assert "特色亮点 0.00，通报表彰 2.00，经验宣传 0.00，信息报送 3.00，领导评价 2.41，参会情况 1.70" in rows[2]


def test_a_cut_is_told(data):
    """Deductions of 112.00 end at 0.00: the reason says that 12.00 of them were not taken."""
    text = said(views.UnitReport(losing({"T01": 11200}), "T01").conclusion())
    assert "1 笔扣分，共扣 100.00 分（因扣分上限或扣至零，少扣 12.00 分）" in text


def test_a_closed_part_is_blank_and_says_so(data):
    """D02 at 80.00 has a dash for its bonus, and the words that blank is not 0."""
    row = cells(views.UnitReport(data, "D02").conclusion())[2]
    assert row[0] == "—"
    assert "未开启：重点考核未过 80 分加分开启线；加分为空白，不是 0 分。" in row[1]


def test_the_scale_is_told_in_words(data):
    """The bar has the key score's length, the lines stand at 60 and 80 of 100, and a screen reader hears all three."""
    scale = read(views.UnitReport(data, "D02").conclusion()).select_one(".scale")
    assert scale.select_one(".fill")["style"] == "width: 80.00%"
    assert [line["style"] for line in scale.select(".line")] == ["margin-left: 60.00%", "margin-left: 80.00%"]
    assert scale["aria-label"] == (
        "重点考核 80.00 分，满分 100 分：比 60 分合格线高 20.00 分；恰好等于 80 分加分开启线。"
    )
    assert read(views.UnitReport(data, "D01").conclusion()).select_one(".scale") is None


def test_the_main_facts_carry_clause_and_row(data):
    """T01's largest: the opinion's mean of 2.41 in row 20, of item B5 under 四（三）5; the rest is counted."""
    report = views.UnitReport(data, "T01")
    first, *rest = cells(report.main_facts())
    seq = next(line.seq for line in report.lines if line.item == "B5")
    assert first == ["+2.41", f"3 位领导评价，平均 2.41{seq}", "B5 领导评价", "四（三）5"]
    assert [row[0] for row in rest] == ["−2.00", "+2.00", "+2.00", "−1.00"]
    assert f"另有 {len(report.moving) - 5} 笔" in said(report.main_facts())


def test_a_vetoed_units_facts_are_those_of_the_veto(data):
    """D01 has no points to show: its page lists what the veto rests on, without a figure."""
    rows = cells(views.UnitReport(data, "D01").main_facts())
    assert rows and all(row[0] == "计入" and row[2:] == ["V1 热线红灯", "四（一）1"] for row in rows)
    assert "信息中心认定红灯 2 次，市大数据局通报：否" in rows[-1][1]


def test_without_a_fact_it_says_so():
    """A unit with nothing against it and nothing for it ends at 104.00, B6 and B7 in full, without a single fact."""
    tables = ("信息报送", "参会登记", "交办任务", "扣分登记", "表彰宣传", "评定加分", "领导评价", "通报批评")
    none = [{"表": name, "单位": "全部", "确认人": "办", "确认日期": "2023-01-02"} for name in tables]
    report = views.UnitReport(losing({"T01": 0}, 确认无事项=none), "T01")
    assert read(report.conclusion()).select_one(".figures .value").get_text() == "104.00"
    assert said(report.main_facts()) == "没有一笔扣分或加分的登记。"


def test_long_facts_are_cut_visibly_here_and_whole_below(data):
    """A fact of 300 characters ends in an ellipsis on the first page; the key part prints all of it."""
    tables = small_set_tables()
    tables["扣分登记"][1]["事实"] = "长" * 300
    report = views.UnitReport(make_set(tables), "T01")
    (row,) = [row for row in cells(report.main_facts()) if "长" in row[1]]
    assert re.fullmatch(r"04-01 长{51}…\d+", row[1])
    assert "长" * 300 in said(report.key())


def test_what_is_open_adjusted_and_read_stands_beside_it(data):
    """D03 names its ten open items; T01 its decision; D02 the reading of the gate; what does not apply is not said."""
    notes = {unit: _notes(views.UnitReport(data, unit)) for unit in ("T01", "D02", "D03")}
    assert notes["D03"]["待定"].startswith("待定 10 项：V1 热线红灯、V2 通报批评、K 重点考核、B1 特色亮点")
    assert notes["T01"]["调整"] == "本结果含 1 项调整复核，见附表“调整复核情况”。"
    assert "调整" not in notes["D02"]
    assert "加分开启" in notes["D02"]["口径"]
    assert notes["D02"]["状态"] == "初评稿：供核对，未经审定，不作为正式结果。有异议的，按“怎样提出异议”办理。"


def _notes(report):
    shown = read(report.conclusion()).select(".need-to-know div")
    return {note.dt.get_text(): note.dd.get_text() for note in shown}


def test_the_state_is_told(data):
    """A final set is 送审稿; an approved one names document, body and day."""
    final = dataclasses.replace(data, basis=dataclasses.replace(data.basis, final=True))
    assert "送审稿：没有待定项目，报请审定；审定前不作为正式结果。" in _notes(views.UnitReport(final, "T01"))["状态"]
    names = {field.name for field in dataclasses.fields(Approval)}
    values = {"document": "千考〔2023〕1号", "by": "领导小组", "date": date(2023, 1, 5)}
    approval = Approval(**(dict.fromkeys(names, "") | values))
    approved = dataclasses.replace(final, approval=approval)
    told = _notes(views.UnitReport(approved, "T01"))["状态"]
    assert told.startswith("定稿：2023年1月5日经领导小组批准（千考〔2023〕1号）。")


def test_a_sentence_on_all_combinations_has_its_place(data, monkeypatch):
    """What readings_sentence says stands behind the readings; by itself it says nothing."""
    assert views.UnitReport(data, "T01").readings_sentence() == ""
    monkeypatch.setattr(
        views.UnitReport, "readings_sentence", lambda self: "在全部 9,216 种口径组合下，等次和名次不变。"
    )
    assert _notes(views.UnitReport(data, "T01"))["口径"].endswith("。在全部 9,216 种口径组合下，等次和名次不变。")


@pytest.mark.parametrize("unit", ["D03", *(pytest.param(unit, marks=pytest.mark.deep) for unit in ("T01", "D01"))])
def test_the_first_printed_page_tells_all(unit):
    """One A4 page holds score, parts, facts, what is open and the state, with a long name and ten open items too."""
    tables = small_set_tables()
    for row in tables["单位名录"]:
        if row["单位编码"] == "D03":
            row["单位名称"] = "县环保新材料工业园区建设管理委员会办公室（筹备组）"
    data = make_set(tables)
    pages = PdfReader(io.BytesIO(export.to_pdf(unit_page(data, unit)))).pages
    first = re.sub(r"\s", "", pages[0].extract_text())
    for text in (
        "最终得分",
        "等次",
        "单项否决",
        "重点考核",
        "加分",
        "影响最大的事实",
        "待定",
        "口径",
        "初评稿：供核对",
    ):
        assert text in first, text
    assert "按“怎样提出异议”办理。" in first
    assert PAYLOAD.replace(" ", "") in first or unit != "T01"
