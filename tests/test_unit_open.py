"""What is left to do, and how to object."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from report_set import make_set, small_set_tables
from unit_page import cells, read, said

from assess_lib import views
from assess_lib.scheme import Publication
from assess_lib.store import Approval


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


def test_each_open_item_says_what_where_how_and_until_when(data):
    """D03's first open item: the centre's table, the remedy, before submission, a box to tick."""
    first = cells(views.UnitReport(data, "D03").to_do())[0]
    assert first[0] == "待定" and first[1].startswith("V1 热线红灯（四（一）1）：")
    assert first[2] == "“信息中心结果”"
    assert first[3].startswith("请") and first[4:] == ["送审之前", "□"]


def test_a_warning_has_time_until_approval(data):
    """T01's missing evidence is a warning: to be put right in 表彰宣传 or the index before approval."""
    (row,) = cells(views.UnitReport(data, "T01").to_do())
    assert row[0] == "警告" and row[4] == "定稿之前"


def test_the_objection_form_is_blank_and_complete(data):
    """Five columns as an office registers an objection, four numbered blank rows, the unit's name, lines to sign."""
    form = read(views.UnitReport(data, "T02").objection())
    heads = [head.get_text() for head in form.select("thead th")]
    assert heads == ["序号", "提出日期", "事项（台账行号、应为多少、依据）", "答复时限", "答复", "转调整复核编号"]
    assert [row.th.get_text() for row in form.select("tbody tr")] == ["1", "2", "3", "4"]
    assert {cell.get_text() for cell in form.select("td")} == {""}
    assert "异议登记　单位：白杨镇（T02）" in form.caption.get_text()
    assert [name.get_text() for name in form.select(".signatures dt")] == ["单位负责人：", "联系电话：", "日期："]


def test_no_office_and_no_term_is_invented(data):
    """Without a word in the scheme file the report refers to the office's notice; with one it prints that, escaped."""
    assert "受理部门、联系方式和期限以考核领导小组办公室的通知为准。" in said(views.UnitReport(data, "T02").objection())
    told = "公示后五日内向县考核办 <b>书面</b> 提出"
    scheme = data.basis.scheme.model_copy(update={"publication": Publication(objection=told)})
    changed = dataclasses.replace(data, basis=dataclasses.replace(data.basis, scheme=scheme))
    shown = views.UnitReport(changed, "T02").objection()
    assert told in read(shown).get_text() and not read(shown).select("b")
    assert "以考核领导小组办公室的通知为准" not in said(shown)


def test_an_approved_result_says_how_it_is_reopened(data):
    """After approval the objection says that the result must be reopened first; before, it does not."""
    assert "重新打开" not in said(views.UnitReport(data, "T02").objection())
    names = {field.name for field in dataclasses.fields(Approval)}
    given = {"document": "千考〔2023〕1号", "by": "领导小组", "date": date(2023, 1, 5)}
    approved = dataclasses.replace(data, approval=Approval(**(dict.fromkeys(names, "") | given)))
    assert "本报告已定稿，更正须先依程序重新打开本年度结果。" in said(views.UnitReport(approved, "T02").objection())
