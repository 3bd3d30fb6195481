"""county_summary.xlsx: the form an office hands on; exact numbers, text that stays text, pages that print."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from build import make_tables
from report_set import MARKS, PAYLOAD, RATERS, make_set, small_set_tables

from assess_lib.publish.county_workbook import county_workbook

SHEETS = ["汇总表", "单项否决情况认定表", "扣分明细", "加分明细", "待定事项"]


def workbook_of(tables, **options) -> bytes:
    return county_workbook(make_set(tables, **options), make_tables(tables))


@pytest.fixture(scope="module")
def made() -> bytes:
    return workbook_of(small_set_tables())


@pytest.fixture(scope="module")
def book(made):
    return openpyxl.load_workbook(io.BytesIO(made))


def rows(sheet, first: int) -> list[list[object]]:
    """Return the rows below the headings, up to the first empty one."""
    found = []
    for row in sheet.iter_rows(min_row=first, values_only=True):
        if row[0] is None:
            break
        found.append(list(row))
    return found


def test_the_summary_sheet_is_the_offices_form(book):
    """Group by group, by rank: T02 110.00, T01 108.11; D02's bonus is blank, D01 has a grade and a ground only."""
    sheet = book["汇总表"]
    assert sheet["A1"].value == "2022年“放管服”改革优化营商环境工作目标责任考核结果汇总表"
    assert sheet["A2"].value == "初评稿　演示数据　依据：千政办函〔2022〕28号　计分日期：2022年12月31日"
    heads = [sheet.cell(3, column).value or sheet.cell(4, column).value for column in range(1, 18)]
    items = ["特色亮点", "通报表彰", "经验宣传", "信息报送", "领导评价", "参会情况", "其它任务"]
    assert [sheet.cell(4, column).value for column in range(5, 12)] == items
    assert heads[:4] == ["序号", "单位", "组别", "重点考核"]
    assert heads[11:] == ["加分", "最终得分", "等次", "组内名次", "总名次", "备注"]
    assert sheet["E3"].value == "加分项目"
    assert {"A1:Q1", "A2:Q2", "E3:K3", "A3:A4", "Q3:Q4"} <= {str(area) for area in sheet.merged_cells.ranges}
    ok, fail = "合格（等次待审定）", "不合格"
    assert rows(sheet, 5) == [
        [1, "白杨镇", "镇", 100, 0, 0, 0, 3, 3, 2, 2, 10, 110, ok, 1, 1, None],
        [2, "梧桐镇", "镇", 97, 0, 2, 0, 3, 2.41, 1.7, 2, 11.11, 108.11, ok, 2, 2, "含调整复核 1 项"],
        [3, "县合欢局", "县级部门", 94, 0, 0, 0, 0, 0, 0, 0, 0, 94, ok, 1, 3, "待定 10 项"],
        [4, "县银杏局", "县级部门", 80, *[None] * 8, 80, ok, 2, 4, "加分未开启"],
        [5, "县松柏局", "县级部门", *[None] * 10, fail, None, None, "单项否决：四（一）1"],
    ]


def test_numbers_are_exact_and_print_two_decimals(made, book):
    """A score is written digit by digit as it is, with a format of two decimals; a rank as a whole number."""
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>108.11</v>" in sheet and "<v>11.11</v>" in sheet and "<v>2.41</v>" in sheet
    assert not re.search(r"<v>\d+\.\d{3,}</v>", sheet)
    assert (book["汇总表"]["M6"].number_format, book["汇总表"]["O6"].number_format) == ("0.00", "0")
    assert book["扣分明细"]["G4"].number_format == "0.00"


def test_every_deduction_is_listed_and_they_add_up(book):
    """Five rows, the costliest standard first, that take 29.00 together; each names its row in the raw files."""
    listed = rows(book["扣分明细"], 4)
    assert [(row[1], row[2], row[6]) for row in listed] == [
        ("县银杏局", "LD-01", -20),
        ("县合欢局", "BS-02", -3),
        ("县合欢局", "BS-02", -3),
        ("梧桐镇", "GW-01", -1),
        ("梧桐镇", "GW-01", -2),
    ]
    assert sum(Decimal(str(row[6])) for row in listed) == Decimal("-29")
    assert listed[3][8] == "扣分登记.csv · 2；扣分标准.csv · 4"


def test_awards_are_listed_with_what_did_not_count(book):
    """T01's award counts, its publicity lacks evidence; meetings attended are left to the units' reports."""
    listed = [(row[1], row[2], row[6], row[8]) for row in rows(book["加分明细"], 4)]
    assert ("B2 通报表彰", "梧桐镇", 2, "计入") in listed
    assert ("B3 经验宣传", "梧桐镇", 0, "缺佐证") in listed
    assert ("B6 参会情况", "梧桐镇", -0.3, "计入") in listed
    assert not [row for row in listed if row[:2] == ("B6 参会情况", "白杨镇")]
    assert "见各单位报告" in book["加分明细"]["A2"].value


def test_the_form_of_vetoes_leaves_room_to_sign(book):
    """D01 with facts, document and source; opinion, name and day are empty cells; a line to sign below."""
    sheet = book["单项否决情况认定表"]
    heads = [cell.value for cell in sheet[3]]
    assert heads == ["序号", "单位", "组别", "条款", "事实", "文号", "出处", "认定意见", "认定人", "日期"]
    (row,) = rows(sheet, 4)
    assert row[1:4] == ["县松柏局", "县级部门", "四（一）1 热线红灯"]
    assert "信息中心认定红灯 2 次" in row[4] and row[5].endswith("县信息中心 2023-01-03 出具的结果")
    assert row[7:] == [None, None, None]
    assert "编制人：" in sheet["A6"].value and "复核人：" in sheet["A6"].value and "日期：" in sheet["A6"].value


def test_open_items_come_with_what_to_do(book):
    """All eleven open matters of D03, each with a remedy and room for what was done."""
    listed = rows(book["待定事项"], 4)
    assert len(listed) == 11
    assert {row[1] for row in listed} == {"县合欢局"}
    assert all(row[4].startswith("请") and row[5] is None for row in listed)


def test_each_sheet_prints_on_a4_across_with_its_headings(book):
    """A4 landscape, one page wide, headings repeated and frozen, a print area, page numbers and the state below."""
    assert book.sheetnames == SHEETS
    for sheet in book:
        head = 4 if sheet.title == "汇总表" else 3
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape"), sheet.title
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == f"$3:${head}"
        assert sheet.freeze_panes == ("D4" if sheet.title == "加分明细" else f"C{head + 1}")
        assert sheet.print_area.startswith("'") and "$A$1:" in sheet.print_area
        assert "第 &P 页，共 &N 页" in sheet.oddFooter.center.text.replace("&[Page]", "&P").replace("&[Pages]", "&N")
        assert sheet.oddFooter.left.text == "初评稿"


def test_what_was_typed_stays_text(made):
    """A fact, or a unit's name, that begins like a formula is text in its cell; nothing is a formula or a link."""
    tables = small_set_tables()
    tables["单位名录"][0]["单位名称"] = "=cmd|' /C calc'!A0"
    tables["扣分登记"][0]["事实"] = "@SUM(1)" + "长" * 40_000
    hostile = openpyxl.load_workbook(io.BytesIO(workbook_of(tables)))
    assert hostile["汇总表"]["B6"].value == "=cmd|' /C calc'!A0"
    kinds = {cell.data_type for sheet in hostile for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s", "n"}
    assert not [cell for sheet in hostile for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    facts = [row[3] for row in rows(hostile["扣分明细"], 4)]
    assert any(PAYLOAD in fact for fact in facts)
    # Excel would refuse 40,000 characters: the cell is cut and says where the rest is.
    assert any(
        fact.startswith("2022-03-01 @SUM(1)") and fact.endswith("全文见 county_summary.html）") for fact in facts
    )


def test_no_leaders_mark_is_in_the_workbook(book):
    """The leaders' mean of 2.41 is there; no single mark, no leader's name."""
    text = " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)
    assert "平均 2.41" in text
    for secret in (*MARKS, *RATERS):
        assert secret not in text


def test_the_same_set_gives_the_same_bytes(made):
    """Made twice, the workbook is the same file; its dates are fixed, no person stands in it."""
    assert workbook_of(small_set_tables()) == made
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        core = file.read("docProps/core.xml").decode()
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "2000-01-01T00:00:00Z" in core and "<dc:creator></dc:creator>" in core


def test_empty_lists_say_so():
    """A year without veto, deduction or open item keeps all five sheets, each with a sentence."""
    tables = small_set_tables()
    tables["热线红灯"], tables["扣分登记"], tables["调整复核"] = [], [], []
    tables["单位名录"] = [row for row in tables["单位名录"] if row["单位编码"] in ("T01", "T02")]
    for rows_of in tables.values():
        rows_of[:] = [row for row in rows_of if row.get("单位", "T01") in ("T01", "T02")]
    tables["确认无事项"] += [
        {"表": "扣分登记", "单位": "T01", "确认人": "办公室", "确认日期": "2023-01-02"},
    ]
    book = openpyxl.load_workbook(io.BytesIO(workbook_of(tables)))
    assert book.sheetnames == SHEETS
    assert [book[name]["A4"].value for name in ("单项否决情况认定表", "扣分明细", "待定事项")] == [
        "没有单位被单项否决。",
        "重点考核没有扣分。",
        "没有待定事项。",
    ]
