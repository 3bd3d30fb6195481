"""county_summary.docx: a draft to be edited before approval; set for Chinese, without author and time."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import docx
import pytest
from build import make_tables
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Mm
from report_set import MARKS, PAYLOAD, RATERS, make_set, small_set_tables

from assess_lib.publish.county_document import county_document


def document_of(tables, **options) -> bytes:
    return county_document(make_set(tables, **options), make_tables(tables))


@pytest.fixture(scope="module")
def made() -> bytes:
    return document_of(small_set_tables())


@pytest.fixture(scope="module")
def document(made):
    return docx.Document(io.BytesIO(made))


def cells(table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def table_with(document, *heads: str):
    (found,) = (table for table in document.tables if cells(table)[0][: len(heads)] == list(heads))
    return found


def whole_text(document) -> str:
    return "\n".join(
        [*(p.text for p in document.paragraphs), *(text for t in document.tables for row in cells(t) for text in row)]
    )


def test_title_basis_and_what_matters_come_first(document):
    """Title, state, basis, then the three sentences with the set's numbers."""
    texts = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert texts[0] == "2022年“放管服”改革优化营商环境工作目标责任考核结果汇总"
    assert texts[1] == "初评稿　演示数据　依据：千政办函〔2022〕28号　计分日期：2022年12月31日"
    assert texts[2] == "一、依据和对象"
    assert "对 5 个单位（镇 2，县级部门 3）进行考核。事实和佐证截至2022年12月31日" in texts[3]
    assert texts[6].startswith("5 个单位中 1 个不合格（单项否决 1 个，低于合格线 0 个），3 个开启加分；")
    assert texts[7].startswith("重点考核共扣 29.00 分")
    assert texts[8].startswith("还有 1 个单位 10 项待定")


def test_rankings_print_two_decimals_and_dashes(document):
    """T02 110.00 before T01 108.11; the vetoed unit has dashes, its grade and the ground."""
    towns, departments = [cells(t) for t in document.tables if cells(t)[0][:2] == ["组内名次", "单位"]]
    assert towns[1:] == [
        ["1", "白杨镇", "100.00", "10.00", "110.00", "1", "合格（等次待审定）", ""],
        ["2", "梧桐镇", "97.00", "11.11", "108.11", "2", "合格（等次待审定）", "含调整复核 1 项"],
    ]
    assert departments[2] == ["2", "县银杏局", "80.00", "—", "80.00", "4", "合格（等次待审定）", "加分未开启"]
    assert departments[3] == ["—", "县松柏局", "—", "—", "—", "—", "不合格", "单项否决：四（一）1"]


def test_the_main_tables_are_there(document):
    """Units on a line, losses by standard, bonus by unit, open items, decisions, readings, the form of vetoes."""
    assert cells(table_with(document, "分数线"))[1:] == [["80 分加分开启线", "县银杏局", "80.00", "恰好在线上"]]
    assert cells(table_with(document, "标准", "扣分情形"))[1] == ["LD-01", "推广未完成", "20.00", "1", "1", "69%"]
    bonus = cells(table_with(document, "单位", "特色亮点"))
    assert bonus[2] == ["梧桐镇", "0.00", "2.00", "0.00", "3.00", "2.41", "1.70", "2.00", "11.11"]
    assert len(cells(table_with(document, "单位", "待定事项"))) == 1 + 11
    (decision,) = cells(table_with(document, "编号"))[1:]
    assert decision[:4] == ["TZ-1", "梧桐镇", "扣分登记 KF-3：1.00 → 撤销", "+1.00"]
    assert len(cells(table_with(document, "口径"))) == 1 + 12
    (veto,) = cells(table_with(document, "单位", "条款"))[1:]
    assert veto[:2] == ["县松柏局", "四（一）1 热线红灯"]
    assert veto[5:] == ["", "", ""]


def test_every_tables_heading_comes_again_on_each_page(document):
    """The heading row is repeated, no row is torn, on all tables."""
    for table in document.tables:
        head, *others = table.rows
        assert head._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:tblHeader")) is None for row in others)
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_the_page_follows_the_standard(document):
    """A4 with 37/35/28/26 mm; the form of vetoes across; page numbers at the outer foot, the state on every page."""
    first, last = document.sections
    sides = (first.top_margin, first.bottom_margin, first.left_margin, first.right_margin)
    assert [round(side.mm) for side in sides] == [37, 35, 28, 26]
    assert (round(first.page_width.mm), round(first.page_height.mm)) == (210, 297)
    assert (last.orientation, round(last.page_width.mm)) == (WD_ORIENT.LANDSCAPE, 297)
    assert document.settings.odd_and_even_pages_header_footer
    for header in (first.header, first.even_page_header):
        assert header.paragraphs[0].text == "初评稿　演示数据"
    outer = [(f.paragraphs[0].alignment, f._element.xml.count("PAGE")) for f in (first.footer, first.even_page_footer)]
    assert [(int(alignment), count) for alignment, count in outer] == [(2, 1), (0, 1)]


def test_styles_name_a_chinese_face(document):
    """Text in 仿宋 16 pt, headings in 黑体, the title 22 pt; each with the attribute that Chinese needs."""
    for style, face, size in (
        ("Normal", "仿宋", 16),
        ("Heading 1", "黑体", 16),
        ("Title", "宋体", 22),
        ("Cell", "仿宋", 10),
    ):
        fonts = document.styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == face
        assert not [name for name in fonts.attrib if "Theme" in name]
        assert document.styles[style].font.size.pt == size
    widths = [sum(cell.width for cell in table.rows[0].cells) for table in document.tables]
    assert all(width <= Mm(156.5) for width in widths[:-1]) and widths[-1] <= Mm(253.5)


def test_what_was_typed_is_text():
    """Markup and characters that XML cannot hold are shown, not obeyed, and do not stop the document."""
    tables = small_set_tables()
    tables["单位名录"][0]["单位名称"] = PAYLOAD
    tables["调整复核"][0]["理由"] = "误登\x0b<w:br/>\ufffe"
    document = docx.Document(io.BytesIO(document_of(tables)))
    text = whole_text(document)
    assert PAYLOAD in text
    assert "误登\ufffd<w:br/>\ufffd" in text


def test_no_leaders_mark_is_in_the_document(document):
    """The mean of 2.41 is there; no single mark, no leader's name."""
    text = whole_text(document)
    assert "2.41" in text
    for secret in (*MARKS, *RATERS):
        assert secret not in text


def test_the_same_set_gives_the_same_bytes(made, document):
    """Made twice, the document is the same file: no author, fixed dates inside and on every entry."""
    assert document_of(small_set_tables()) == made
    properties = document.core_properties
    assert (properties.author, properties.last_modified_by, properties.revision) == ("", "", 1)
    assert properties.created.replace(tzinfo=None) == properties.modified.replace(tzinfo=None) == datetime(2000, 1, 1)
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in file.namelist() if "thumbnail" in name]


def test_a_year_without_vetoes_has_no_form_and_one_section():
    """Without a veto the document ends with the line to sign."""
    tables = small_set_tables()
    tables["热线红灯"] = []
    tables["信息中心结果"][2]["红灯次数"] = 0
    document = docx.Document(io.BytesIO(document_of(tables)))
    assert len(document.sections) == 1
    assert document.paragraphs[-1].text.startswith("编制人：")
