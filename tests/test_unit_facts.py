"""The annotation of each number: one note a ledger row, the same on screen and on paper."""

from __future__ import annotations

import pytest
from report_set import make_set, small_set_tables
from unit_page import read, said

from assess_lib import views


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


def pieces(report):
    return [report.veto(), report.key(), report.bonus()]


@pytest.mark.parametrize("unit", ["T01", "T02", "D01", "D02", "D03"])
def test_every_row_has_one_note_on_screen_and_one_on_paper(data, unit):
    """Each shown fact has its number, a note that folds out, and the same number once among the printed notes."""
    for shown in pieces(views.UnitReport(data, unit)):
        page = read(shown)
        numbers = [mark.get_text() for mark in page.select("tr.fact sup.ref")]
        assert [summary.get_text() for summary in page.select("details.note summary")] == [f"注 {n}" for n in numbers]
        assert [mark.get_text() for mark in page.select(".notes li .n")] == numbers
        assert len(set(numbers)) == len(numbers)


def test_no_ledger_row_is_lost(data):
    """Facts and the rows named as without effect are together all rows of the item, for a unit with many of them."""
    tables = small_set_tables()
    tables["参会登记"] = [
        {"会议": f"会{n}", "日期": f"2022-03-{n + 1:02}", "单位": "T01", "到会情况": "代会" if n == 2 else "到会"}
        for n in range(8)
    ]
    report = views.UnitReport(make_set(tables), "T01")
    page = read(report.bonus())
    rows = [line.seq for line in report.item_lines("B6")]
    (idle,) = page.select("tr.idle")
    first, last = rows[0], rows[-1]
    # The third meeting cost something; the two before it and the five after it are told together.
    assert f"另有 7 条没有增减的登记（台账第 {first}、{first + 1}、{first + 3}–{last} 行）" in idle.get_text()
    assert len(idle.select("li")) == 7
    assert str(first + 2) in [mark.get_text() for mark in page.select("tr.fact sup.ref")]


def test_a_note_tells_clause_formula_evidence_and_rows(data):
    """T01's commendation of 2.00: clause with its summary, formula, evidence number, and each row in words."""
    page = read(views.UnitReport(data, "T01").bonus())
    (row,) = [row for row in page.select("tr.fact") if "一日办结改革" in row.get_text()]
    note = row.select_one("details.note div").get_text(" ", strip=True)
    assert "条款 四（三）2 通报表彰：中央 3 分、省 2 分、市 1 分；同一事项只按最高层级计一次，最高 3 分（摘要）" in note
    assert "算式 0.00 + 2.00 = 2.00" in note
    assert "出处 表彰宣传.csv 第 2 行" in note
    assert "佐证 ZJ-1，佐证目录.csv 第 2 行" in note
    number = row.select_one("sup.ref").get_text()
    (printed,) = [li for li in page.select(".notes li") if li.select_one(".n").get_text() == number]
    assert "算式 0.00 + 2.00 = 2.00" in printed.get_text(" ", strip=True)


def test_rate_times_quantity_and_the_standards_row(data):
    """A deduction's note names 1.00 × 2, its register row and the row of its standard; a decision's row as well."""
    report = views.UnitReport(data, "T01")
    text = said(report.key())
    assert "算式 99.00 − 1.00 × 2 = 97.00" in text
    assert "标准 扣分标准.csv 第 4 行" in text
    assert "决定 调整复核.csv 第 2 行" in text


def test_the_official_text_stands_in_the_note():
    """With the official text the folded note quotes it as 原文."""
    data = make_set(small_set_tables(), quotes={"四（二）": "重点考核 <100> 分。"})
    assert "四（二） 重点考核 <100> 分。（原文）" in said(views.UnitReport(data, "T01").key())


def test_rivals_and_raters_stay_out_of_the_notes(data):
    """The notes of B4 name the unit's own row, those of B5 how many leaders spoke."""
    page = read(views.UnitReport(data, "T01").bonus())
    notes = [li.get_text(" ", strip=True) for li in page.select(".notes li")]
    assert [note for note in notes if "领导评价（3 人）" in note]
    assert all(note.count("信息报送.csv 第") <= 1 for note in notes)
