"""The published version: unit, group, grade; score and rank only if the scheme says so; nothing internal, ever."""

from __future__ import annotations

import io
from typing import Any

import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook
from pypdf import PdfReader
from report_set import make_set
from test_site import LITERALS

from assess_lib.publish import export, publication

TEXT_COLUMNS = {
    "单位名录": ("全称", "别名", "依据文号"),
    "扣分标准": ("考核内容", "扣分情形", "批准文号"),
    "热线红灯": ("工单编号",),
    "信息中心结果": ("通报文号",),
    "通报批评": ("编号", "机关或媒体", "文号或网址", "佐证编号"),
    "材料报送": ("免报原因",),
    "扣分登记": ("编号", "事实", "佐证编号", "评分人", "复核人"),
    "表彰宣传": ("编号", "事项编号", "事项名称", "机关或媒体", "文号或网址", "佐证编号"),
    "评定加分": ("编号", "事项", "理由", "评分人", "复核人", "佐证编号"),
    "领导评价": ("评价人",),
    "参会登记": ("会议",),
    "交办任务": ("任务编号", "任务"),
    "佐证目录": ("佐证编号", "名称或网址", "存放位置", "SHA256"),
    "调整复核": ("编号", "理由", "决定人", "批准文号"),
    "确认无事项": ("确认人",),
    "异议登记": ("编号", "异议事项", "答复意见", "经办人"),
}


def _secret(table: str, column: str) -> str:
    return f"机密{table}之{column}"


def _planted() -> dict[str, Any]:
    """Return a year in which every free text column of every table holds a secret of its own."""

    def row(table: str, **values: Any) -> dict[str, Any]:
        return {column: _secret(table, column) for column in TEXT_COLUMNS[table]} | values

    return {
        "单位名录": [
            row("单位名录", 单位编码="T01", 单位名称="城关镇", 单位类别="镇", 重点任务单位="否"),
            row("单位名录", 单位编码="D01", 单位名称="县人行", 单位类别="县级部门", 重点任务单位="否")
            | {"全称": "机密单位名录之全称二", "别名": "机密单位名录之别名二"},
        ],
        "扣分标准": [
            row("扣分标准", 标准编号=code, 单次扣分="1.23")
            for code in ("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02", "GW-01")
        ],
        "热线红灯": [row("热线红灯", 单位="T01", 红灯时间="2022-05-05 10:00", 办理角色="主办")],
        "信息中心结果": [
            row("信息中心结果", 单位=unit, 红灯次数=1, 市大数据局通报="否", 出具日期="2022-12-30")
            for unit in ("T01", "D01")
        ],
        "通报批评": [
            row("通报批评", 单位="D01", 类型="群众反映", 层级="市", 日期="2022-05-05", 是否点名="否"),
        ],
        "材料报送": [row("材料报送", 单位="T01", 材料="半年汇报")],
        "扣分登记": [row("扣分登记", 单位="T01", 标准编号="GW-01", 发生日期="2022-05-05", 数量=3)],
        "信息报送": [{"单位": "T01", "季度": "1", "报送条数": 777, "采用条数": 613}],
        "表彰宣传": [row("表彰宣传", 单位="T01", 加分项="通报表彰", 层级="省", 日期="2022-05-05")],
        "评定加分": [row("评定加分", 单位="T01", 评定分="3.21")],
        "领导评价": [row("领导评价", 单位="T01", 职务="组长", 分值="2.34")],
        "参会登记": [row("参会登记", 单位="T01", 日期="2022-05-05", 到会情况="迟到")],
        "交办任务": [row("交办任务", 单位="T01", 时限="2022-05-05", 完成日期="2022-05-09")],
        "佐证目录": [row("佐证目录", 单位="T01", 类型="电子版")],
        "调整复核": [
            row(
                "调整复核",
                单位="T01",
                对象表="扣分登记",
                对象编号=_secret("扣分登记", "编号"),
                处理="改值",
                新值="4.56",
            )
            | {"决定日期": "2022-12-30"},
        ],
        "确认无事项": [row("确认无事项", 表="参会登记", 单位="全部", 确认日期="2022-12-30")],
        "异议登记": [row("异议登记", 单位="T01", 提出日期="2022-12-29")],
    }


def _everything(**scheme: Any) -> list[str]:
    """Return all the text of page, PDF and workbook of the year with the secrets."""
    data = make_set(_planted(), **scheme)
    page = publication.publication_page(data)
    pdf = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(export.to_pdf(page))).pages)
    book = load_workbook(io.BytesIO(publication.publication_workbook(data)))
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    return [page, pdf, "\n".join(cells)]


@pytest.mark.parametrize("published", [{}, {"publication": {"score": True, "rank": True}}])
def test_nothing_internal_is_published(published: dict[str, Any]) -> None:
    """Of secrets planted in every text column, and of every item's points, none is in page, PDF or workbook."""
    texts = _everything(**published)
    secrets = [_secret(table, column) for table, columns in TEXT_COLUMNS.items() for column in columns]
    assert len(secrets) == 47
    for text in texts:
        assert "城关镇" in text  # the search looks where there is something
        assert [secret for secret in secrets if secret in text] == []
        assert "机密" not in text
        assert [figure for figure in ("3.21", "2.34", "1.23", "4.56", "777", "613") if figure in text] == []
        assert "待定" not in text.replace("等次待审定", "")


def test_without_leave_no_score_and_no_rank() -> None:
    """Unless the scheme says so, the columns are number, unit and grade, in the roster's order."""
    soup = BeautifulSoup(publication.publication_page(make_set(LITERALS)), "html5lib")
    assert [cell.text for cell in soup.select("table")[0].select("thead th")] == ["序号", "单位", "等次"]
    rows = [[cell.text for cell in row.select("td, th")] for row in soup.select("tbody tr")]
    assert rows == [
        ["1", "城关镇", "合格（等次待审定）"],
        ["2", "<b>水沟镇</b>", "不合格"],
        ["1", "县人行", "合格（等次待审定）"],
        ["2", "县审计局", "合格（等次待审定）"],
    ]
    assert "98.00" not in soup.text


def test_with_leave_score_and_rank_are_published_by_rank() -> None:
    """Where the scheme says so, score and ranks are published, best first; a vetoed unit has dashes, last."""
    data = make_set(LITERALS, publication={"score": True, "rank": True})
    soup = BeautifulSoup(publication.publication_page(data), "html5lib")
    rows = [[cell.text for cell in row.select("td, th")] for row in soup.select("tbody tr")]
    assert rows == [
        ["1", "城关镇", "合格（等次待审定）", "98.00", "1", "2"],
        ["2", "<b>水沟镇</b>", "不合格", "—", "—", "—"],
        ["1", "县审计局", "合格（等次待审定）", "100.00", "1", "1"],
        ["2", "县人行", "合格（等次待审定）", "70.00", "2", "3"],
    ]
    only_score = make_set(LITERALS, publication={"score": True})
    soup = BeautifulSoup(publication.publication_page(only_score), "html5lib")
    assert [cell.text for cell in soup.select("table")[0].select("thead th")] == ["序号", "单位", "等次", "最终得分"]
    assert [cell.text for cell in soup.select("tbody th")] == ["城关镇", "<b>水沟镇</b>", "县人行", "县审计局"]


def test_the_workbook_says_the_same() -> None:
    """The workbook has a sheet a group with the page's rows, as text; what looks like a formula stays text."""
    units = [*LITERALS["单位名录"][:1], {"单位编码": "T09", "单位名称": "=1+1", "单位类别": "镇", "重点任务单位": "否"}]
    made = publication.publication_workbook(
        make_set({**LITERALS, "单位名录": units, "信息中心结果": [], "材料报送": [], "扣分登记": []})
    )
    book = load_workbook(io.BytesIO(made))
    assert book.sheetnames == ["镇", "县级部门"]
    rows = [[cell.value for cell in row] for row in book["镇"].iter_rows(min_row=3)]
    assert rows == [
        ["序号", "单位", "等次"],
        ["1", "城关镇", "合格（等次待审定）"],
        ["2", "=1+1", "合格（等次待审定）"],
    ]
    assert book["镇"]["B5"].data_type == "s"
    assert "2022年度考核结果公示（镇）" in str(book["镇"]["A1"].value)
    assert "初评稿" in str(book["镇"]["A2"].value)


def test_how_to_object_is_printed_where_the_scheme_says_it() -> None:
    """The scheme's sentence on objections stands at the end of the page and of each sheet."""
    words = "公示期 5 个工作日，异议请向县考核办书面提出。"
    data = make_set(LITERALS, publication={"objection": words})
    assert words in publication.publication_page(data)
    book = load_workbook(io.BytesIO(publication.publication_workbook(data)))
    assert all(any(cell.value == words for row in sheet.iter_rows() for cell in row) for sheet in book)


def test_the_same_set_gives_the_same_bytes() -> None:
    """Page and workbook depend on the set alone."""
    one, other = make_set(LITERALS), make_set(LITERALS)
    assert publication.publication_page(one) == publication.publication_page(other)
    assert publication.publication_workbook(one) == publication.publication_workbook(other)
