"""Every kind of problem that cleaning can find, one row each: the file that causes it, and what is said of it."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import ROOT, load_scheme_plainly
from spreadsheets import ROWS, VALID, csv_text, grid, valid_folder, write_csv, write_xlsx
from test_intake import bomb, ole, repack, xlsx_bytes

from assess_lib.cleaning import clean

SCHEME = load_scheme_plainly()
Make = Callable[[Path], object]


@dataclass(frozen=True)
class Kind:
    """One kind: how its file is made in a valid folder, and where and how it must be reported."""

    name: str
    make: Make
    severity: str
    code: str
    file: str
    row: int | None = None
    column: str = ""
    sheet: str = ""


def _csv(table: str, *rows: Mapping[str, Any]) -> Make:
    """Write rows of a table: the valid row with these cells changed."""
    valid = ROWS.get(table) or VALID[table][0]
    cells = grid(table, [{**valid, **row} for row in rows])
    return lambda folder: write_csv(folder / f"{table}.csv", cells)


def _also(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for one in makes:
            one(folder)

    return make


OBJ = "异议登记.csv"


def _objection(**cells: str) -> Make:
    """Write the valid objection with these cells changed, beside the deduction and the decision that it names."""
    return _also(_csv("扣分登记", {}), _csv("调整复核", {}), _csv("异议登记", cells))


def _text(name: str, text: str, encoding: str = "utf-8") -> Make:
    return lambda folder: (folder / name).write_bytes(text.encode(encoding))


def _bytes(name: str, data: bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return make


def _book(table: str, change: Callable[[Any], None], sheet: str = "Sheet1") -> Make:
    """Write a table's valid row as xlsx and change the sheet through openpyxl."""

    def make(folder: Path) -> None:
        file = write_xlsx(folder / f"{table}.xlsx", grid(table, [ROWS[table]]), sheet)
        book = openpyxl.load_workbook(file)
        change(book.worksheets[0])
        book.save(file)

    return make


def _cell(table: str, place: str, value: Any, number_format: str = "") -> Make:
    def change(sheet: Any) -> None:
        sheet[place] = value
        if number_format:
            sheet[place].number_format = number_format

    return _book(table, change)


def _without(name: str) -> Make:
    return lambda folder: (folder / name).unlink()


def _standards(*codes: str) -> Make:
    rows = [row for row in VALID["扣分标准"] if row["标准编号"] in codes]
    return lambda folder: write_csv(folder / "扣分标准.csv", grid("扣分标准", rows))


def _roster(*rows: Mapping[str, Any]) -> Make:
    cells = grid("单位名录", [*VALID["单位名录"], *rows])
    return lambda folder: write_csv(folder / "单位名录.csv", cells)


def _hide_sheet(sheet: Any) -> None:
    sheet.title = "参会登记"
    sheet.parent.create_sheet("封面")
    sheet.sheet_state = "hidden"


def _second_sheet(sheet: Any) -> None:
    sheet.title = "参会登记"
    sheet.parent.create_sheet("另表")["A1"] = "内容"


def _two_sheets(sheet: Any) -> None:
    sheet.parent.create_sheet("另表")


MEETING = csv_text(grid("参会登记", [ROWS["参会登记"]]))
UNIT = {"单位编码": "T09", "单位名称": "新镇", "单位类别": "镇", "重点任务单位": "否"}
REGISTER = _csv("扣分登记", {})
XLSX = xlsx_bytes()

KINDS = (
    # tables and files
    Kind("名录缺失", _without("单位名录.csv"), "error", "table.missing", ""),
    Kind("标准没有数据", _standards(), "error", "table.empty", "扣分标准.csv"),
    Kind("名录有错时单位不核对", _without("单位名录.csv"), "notice", "unit.unchecked", ""),
    Kind("文件名不是表名", _text("参会情况.csv", MEETING), "warning", "file.unknown", "参会情况.csv"),
    Kind("扩展名不是表格", _text("参会登记.txt", MEETING), "warning", "file.unknown", "参会登记.txt"),
    Kind("内容与扩展名不符", _text("参会登记.xlsx", MEETING), "warning", "file.ending", "参会登记.xlsx"),
    Kind("空文件", _bytes("参会登记.csv", b""), "error", "file.empty", "参会登记.csv"),
    Kind("UTF-16", _text("参会登记.csv", MEETING, "utf-16"), "error", "file.encoding", "参会登记.csv"),
    Kind("坏字节", _bytes("参会登记.csv", MEETING.encode() + b"\xff"), "error", "file.encoding", "参会登记.csv"),
    Kind("网页冒充", _text("参会登记.xls", "<html><table>"), "error", "file.type", "参会登记.xls"),
    Kind("PDF 冒充", _bytes("参会登记.xlsx", b"%PDF-1.7\n"), "error", "file.type", "参会登记.xlsx"),
    Kind("Word 文档", _bytes("参会登记.xls", ole("WordDocument")), "error", "file.type", "参会登记.xls"),
    Kind("截断的工作簿", _bytes("参会登记.xlsx", XLSX[: len(XLSX) // 2]), "error", "file.damaged", "参会登记.xlsx"),
    Kind(
        "加密的工作簿",
        _bytes("参会登记.xlsx", ole("EncryptionInfo", "EncryptedPackage")),
        "error",
        "file.encrypted",
        "参会登记.xlsx",
    ),
    Kind("压缩炸弹", _bytes("参会登记.xlsx", bomb()), "error", "file.unsafe", "参会登记.xlsx"),
    Kind(
        "缺少部件的工作簿",
        _bytes("参会登记.xlsx", repack(XLSX, drop=("xl/worksheets/sheet1.xml",))),
        "error",
        "file.damaged",
        "参会登记.xlsx",
    ),
    Kind("分号分隔", _text("参会登记.csv", MEETING.replace(",", ";")), "error", "file.separator", "参会登记.csv"),
    Kind("引号不成对", _text("参会登记.csv", MEETING + '"半'), "error", "file.quote", "参会登记.csv"),
    Kind("文件夹", lambda folder: (folder / "参会登记.xlsx").mkdir(), "error", "file.not_regular", "参会登记.xlsx"),
    Kind("控制字符文件名", _text("参会登记_\x07甲.csv", MEETING), "error", "file.name", "参会登记_ 甲.csv"),
    # sheets and headers
    Kind("两张可见工作表", _book("参会登记", _two_sheets), "error", "sheet.unclear", "参会登记.xlsx"),
    Kind("隐藏的工作表", _book("参会登记", _hide_sheet), "notice", "sheet.hidden", "参会登记.xlsx", sheet="参会登记"),
    Kind("未读的工作表", _book("参会登记", _second_sheet), "notice", "sheet.unread", "参会登记.xlsx", sheet="参会登记"),
    Kind("没有表头", _text("参会登记.csv", "一,二\n三,四\n"), "error", "header.missing", "参会登记.csv", 1),
    Kind(
        "缺必填列",
        _text("参会登记.csv", "标题\n会议,单位,到会情况\n例会,T01,到会\n"),
        "error",
        "header.column_missing",
        "参会登记.csv",
        2,
        "日期",
    ),
    Kind(
        "两列同名",
        _text("参会登记.csv", "会议,日期,单位,到会情况,单 位\n例会,2022-06-20,T01,到会,\n"),
        "error",
        "header.column_repeated",
        "参会登记.csv",
        1,
        "单位",
    ),
    Kind(
        "可空列的名称相近",
        _text("材料报送.csv", "单位,材料,实报时间\nT01,半年汇报,2022-06-20\n"),
        "warning",
        "header.column_near",
        "材料报送.csv",
        1,
        "实报日期",
    ),
    Kind("表头重复", _text("参会登记.csv", MEETING + MEETING), "error", "header.again", "参会登记.csv", 3),
    Kind(
        "隐藏的列",
        _book("参会登记", lambda sheet: setattr(sheet.column_dimensions["B"], "hidden", True)),
        "notice",
        "column.hidden",
        "参会登记.xlsx",
        1,
        "日期",
        "Sheet1",
    ),
    # rows
    Kind(
        "数据在表头之上",
        _text("参会登记.csv", "例会,2022-06-20,T01,迟到\n会议,日期,单位,到会情况\n"),
        "warning",
        "row.above_header",
        "参会登记.csv",
        1,
    ),
    Kind(
        "隐藏的行",
        _book("参会登记", lambda sheet: setattr(sheet.row_dimensions[2], "hidden", True)),
        "notice",
        "row.hidden",
        "参会登记.xlsx",
        2,
        sheet="Sheet1",
    ),
    Kind("合计行", _text("参会登记.csv", MEETING + "合计,,,1\n"), "notice", "row.bottom", "参会登记.csv", 3),
    Kind(
        "合并单元格",
        _book("参会登记", lambda sheet: sheet.merge_cells("A2:A3")),
        "error",
        "row.merged",
        "参会登记.xlsx",
        2,
        sheet="Sheet1",
    ),
    Kind(
        "多出的格（csv）",
        _text("参会登记.csv", MEETING + "二会,2022-06-20,T01,到会,多\n"),
        "error",
        "cell.no_header",
        "参会登记.csv",
        3,
    ),
    Kind(
        "工作簿多出的格", _cell("参会登记", "G2", "多"), "warning", "cell.no_header", "参会登记.xlsx", 2, "", "Sheet1"
    ),
    # cells
    Kind("必填为空", _csv("扣分登记", {"事实": " \u3000"}), "error", "cell.required", "扣分登记.csv", 2, "事实"),
    Kind("残缺日期", _csv("扣分登记", {"发生日期": "6.20"}), "error", "cell.date", "扣分登记.csv", 2, "发生日期"),
    Kind(
        "不存在的日期",
        _csv("扣分登记", {"发生日期": "2022-02-30"}),
        "error",
        "cell.date",
        "扣分登记.csv",
        2,
        "发生日期",
    ),
    Kind(
        "数字显示为日期",
        _cell("参会登记", "B2", datetime(1900, 1, 6, 4, 48)),
        "error",
        "cell.date",
        "参会登记.xlsx",
        2,
        "日期",
        "Sheet1",
    ),
    Kind("两位年份", _csv("扣分登记", {"发生日期": "22-06-20"}), "error", "cell.date", "扣分登记.csv", 2, "发生日期"),
    Kind("带单位的数", _csv("领导评价", {"分值": "3分"}), "error", "cell.number", "领导评价.csv", 2, "分值"),
    Kind("负数", _csv("领导评价", {"分值": "-1"}), "error", "cell.number", "领导评价.csv", 2, "分值"),
    Kind("三位小数", _csv("领导评价", {"分值": "2.555"}), "error", "cell.number", "领导评价.csv", 2, "分值"),
    Kind("千分位", _csv("信息报送", {"报送条数": "1,000"}), "error", "cell.number", "信息报送.csv", 2, "报送条数"),
    Kind("科学记数", _csv("领导评价", {"分值": "1e0"}), "error", "cell.number", "领导评价.csv", 2, "分值"),
    Kind("非整数", _csv("信息报送", {"报送条数": "5.5"}), "error", "cell.whole", "信息报送.csv", 2, "报送条数"),
    Kind("超出上限", _csv("领导评价", {"分值": "3.01"}), "error", "cell.range", "领导评价.csv", 2, "分值"),
    Kind("低于下限", _csv("扣分登记", {"数量": "0"}), "error", "cell.range", "扣分登记.csv", 2, "数量"),
    Kind("不在选项中", _csv("参会登记", {"到会情况": "早退"}), "error", "cell.choice", "参会登记.csv", 2, "到会情况"),
    Kind("类别不在方案中", _roster(UNIT | {"单位类别": "乡"}), "error", "cell.choice", "单位名录.csv", 5, "单位类别"),
    Kind(
        "文本列存日期",
        _cell("参会登记", "A2", datetime(2022, 6, 20)),
        "error",
        "cell.typed",
        "参会登记.xlsx",
        2,
        "会议",
        "Sheet1",
    ),
    Kind("文本列存逻辑值", _cell("参会登记", "A2", True), "error", "cell.typed", "参会登记.xlsx", 2, "会议", "Sheet1"),
    Kind("错误值", _cell("参会登记", "A2", "#REF!"), "error", "cell.error", "参会登记.xlsx", 2, "会议", "Sheet1"),
    Kind(
        "没有结果的公式", _cell("领导评价", "D2", "=1+1"), "error", "cell.formula", "领导评价.xlsx", 2, "分值", "Sheet1"
    ),
    Kind(
        "18 位编号存成数字",
        _cell("参会登记", "A2", 610328199001011234),
        "error",
        "cell.digits",
        "参会登记.xlsx",
        2,
        "会议",
        "Sheet1",
    ),
    Kind(
        "显示与所存不同",
        _cell("参会登记", "A2", 1, "000"),
        "warning",
        "cell.display",
        "参会登记.xlsx",
        2,
        "会议",
        "Sheet1",
    ),
    # units and keys
    Kind("未知单位", _csv("扣分登记", {"单位": "县统记局"}), "error", "unit.unknown", "扣分登记.csv", 2, "单位"),
    Kind("全部用错地方", _csv("扣分登记", {"单位": "全部"}), "error", "unit.unknown", "扣分登记.csv", 2, "单位"),
    Kind("编码有汉字", _roster(UNIT | {"单位编码": "镇1"}), "error", "roster.code", "单位名录.csv", 5, "单位编码"),
    Kind("编码是设备名", _roster(UNIT | {"单位编码": "nul"}), "error", "roster.code", "单位名录.csv", 5, "单位编码"),
    Kind("编码重复", _roster(UNIT | {"单位编码": "t01"}), "error", "key.duplicate", "单位名录.csv", 5, "单位编码"),
    Kind("名称重复", _roster(UNIT | {"别名": "统计局"}), "error", "key.name_duplicate", "单位名录.csv", 5, "别名"),
    Kind("名称是保留字", _roster(UNIT | {"别名": "全部"}), "error", "roster.reserved", "单位名录.csv", 5, "别名"),
    Kind("编号重复", _csv("扣分登记", {}, {"事实": "另一件"}), "error", "key.duplicate", "扣分登记.csv", 3, "编号"),
    Kind("评定重复", _csv("评定加分", {}, {"编号": "PD-2"}), "error", "key.duplicate", "评定加分.csv", 3, "单位"),
    # rows that contradict themselves or each other
    Kind("季度未填", _csv("材料报送", {"材料": "季度进展"}), "error", "report.quarter", "材料报送.csv", 2, "季度"),
    Kind("季度多填", _csv("材料报送", {"季度": "1"}), "error", "report.quarter", "材料报送.csv", 2, "季度"),
    Kind("采用多于报送", _csv("信息报送", {"采用条数": "6"}), "error", "info.adopted", "信息报送.csv", 2, "采用条数"),
    Kind(
        "年份写错", _csv("材料报送", {"实报日期": "2021-06-20"}), "warning", "date.year", "材料报送.csv", 2, "实报日期"
    ),
    Kind("自评自核", _csv("扣分登记", {"复核人": "张 三"}), "warning", "reviewer.same", "扣分登记.csv", 2, "复核人"),
    Kind(
        "标准不存在",
        _csv("扣分登记", {"标准编号": "GW-99"}),
        "error",
        "standard.unknown",
        "扣分登记.csv",
        2,
        "标准编号",
    ),
    Kind(
        "方案要用的标准缺失",
        _standards("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01"),
        "error",
        "standard.scheme",
        "扣分标准.csv",
        None,
        "标准编号",
    ),
    Kind(
        "佐证未编目",
        _csv("扣分登记", {"佐证编号": "ZZ-9"}),
        "warning",
        "evidence.unknown",
        "扣分登记.csv",
        2,
        "佐证编号",
    ),
    Kind(
        "佐证晚于截止日采集",
        _csv("佐证目录", {"采集日期": "2023-01-01"}),
        "warning",
        "evidence.late",
        "佐证目录.csv",
        2,
        "采集日期",
    ),
    Kind(
        "佐证是他人的",
        _csv("扣分登记", {"单位": "D01", "佐证编号": "ZZ-1"}),
        "warning",
        "evidence.other_unit",
        "扣分登记.csv",
        2,
        "佐证编号",
    ),
    # decisions and confirmations
    Kind(
        "调整的表不对", _csv("调整复核", {"对象表": "单位名录"}), "error", "adjust.table", "调整复核.csv", 2, "对象表"
    ),
    Kind(
        "调整的对象不存在",
        _csv("调整复核", {"对象编号": "K-9"}),
        "error",
        "adjust.object",
        "调整复核.csv",
        2,
        "对象编号",
    ),
    Kind(
        "调整他人的对象",
        _also(REGISTER, _csv("调整复核", {"单位": "D01"})),
        "error",
        "adjust.unit",
        "调整复核.csv",
        2,
        "单位",
    ),
    Kind(
        "一个对象两个决定",
        _also(REGISTER, _csv("调整复核", {}, {"编号": "TZ-2"})),
        "error",
        "adjust.repeated",
        "调整复核.csv",
        3,
        "对象编号",
    ),
    Kind(
        "撤销带新值",
        _also(REGISTER, _csv("调整复核", {"新值": "1"})),
        "warning",
        "adjust.value_unused",
        "调整复核.csv",
        2,
        "新值",
    ),
    Kind(
        "改值没有新值",
        _also(REGISTER, _csv("调整复核", {"处理": "改值"})),
        "error",
        "adjust.value_missing",
        "调整复核.csv",
        2,
        "新值",
    ),
    Kind(
        "不能改值的表",
        _also(
            _csv("表彰宣传", {}),
            _csv("调整复核", {"处理": "改值", "对象表": "表彰宣传", "对象编号": "BZ-1", "新值": "1"}),
        ),
        "error",
        "adjust.not_settable",
        "调整复核.csv",
        2,
        "处理",
    ),
    Kind(
        "新值超出评定分",
        _also(
            _csv("评定加分", {}),
            _csv("调整复核", {"处理": "改值", "对象表": "评定加分", "对象编号": "PD-1", "新值": "4.01"}),
        ),
        "error",
        "adjust.value_range",
        "调整复核.csv",
        2,
        "新值",
    ),
    Kind("确认的表不存在", _csv("确认无事项", {"表": "扣分登计"}), "error", "confirm.table", "确认无事项.csv", 2, "表"),
    Kind(
        "确认不起作用",
        _csv("确认无事项", {"表": "材料报送"}),
        "warning",
        "confirm.no_effect",
        "确认无事项.csv",
        2,
        "表",
    ),
    Kind(
        "重复确认", _csv("确认无事项", {}, {"确认人": "甲"}), "warning", "confirm.repeated", "确认无事项.csv", 3, "表"
    ),
    Kind(
        "确认与登记相反",
        _also(REGISTER, _csv("确认无事项", {"表": "扣分登记", "单位": "T01"})),
        "warning",
        "confirm.contradicted",
        "确认无事项.csv",
        2,
        "单位",
    ),
    # objections; the valid row says: of T01, to K-1, answered 调整 by TZ-1
    Kind("异议时限早于提出", _objection(答复时限="2022-11-19"), "error", "objection.due_before", OBJ, 2, "答复时限"),
    Kind("答复早于提出", _objection(答复日期="2022-11-19"), "error", "objection.answered_before", OBJ, 2, "答复日期"),
    Kind("有结果没有答复日期", _objection(答复日期=""), "error", "objection.undated", OBJ, 2, "处理结果"),
    Kind("答复了没有结果", _objection(处理结果=""), "error", "objection.no_result", OBJ, 2, "处理结果"),
    Kind(
        "有意见没有答复日期",
        _objection(答复日期="", 处理结果="", 调整复核编号=""),
        "warning",
        "objection.answer_undated",
        OBJ,
        2,
        "答复意见",
    ),
    Kind("只有对象表", _objection(对象编号=""), "error", "objection.half_object", OBJ, 2, "对象编号"),
    Kind("只有对象编号", _objection(对象表=""), "error", "objection.half_object", OBJ, 2, "对象表"),
    Kind("对象表没有编号", _objection(对象表="材料报送"), "error", "objection.table", OBJ, 2, "对象表"),
    Kind("对象不存在", _objection(对象编号="K-9"), "error", "objection.object", OBJ, 2, "对象编号"),
    Kind(
        "对象是他人的",
        _also(
            _csv("扣分登记", {}, {"编号": "K-2", "单位": "D01"}),
            _csv("调整复核", {}),
            _csv("异议登记", {"对象编号": "K-2"}),
        ),
        "error",
        "objection.unit",
        OBJ,
        2,
        "单位",
    ),
    Kind("调整没有决定", _objection(调整复核编号=""), "error", "objection.no_decision", OBJ, 2, "调整复核编号"),
    Kind("决定不存在", _objection(调整复核编号="TZ-9"), "error", "objection.decision", OBJ, 2, "调整复核编号"),
    Kind(
        "决定是他人的",
        _also(
            _csv("扣分登记", {}, {"编号": "K-2", "单位": "D01"}),
            _csv("调整复核", {}, {"编号": "TZ-2", "单位": "D01", "对象编号": "K-2"}),
            _csv("异议登记", {"调整复核编号": "TZ-2"}),
        ),
        "error",
        "objection.decision_unit",
        OBJ,
        2,
        "调整复核编号",
    ),
    Kind("维持却有决定", _objection(处理结果="维持"), "warning", "objection.needless_decision", OBJ, 2, "调整复核编号"),
    Kind(
        "有决定没有答复",
        _objection(答复日期="", 答复意见="", 处理结果=""),
        "warning",
        "objection.decided_unanswered",
        OBJ,
        2,
        "调整复核编号",
    ),
    Kind(
        "决定的对象不同",
        _also(_csv("扣分登记", {}, {"编号": "K-2"}), _csv("调整复核", {}), _csv("异议登记", {"对象编号": "K-2"})),
        "warning",
        "objection.other_object",
        OBJ,
        2,
        "调整复核编号",
    ),
)

# Codes without a row above, and where they are tested: they need a broken reader, a huge file or rights of the system.
ELSEWHERE = {
    "file.disagreement": "test_agreement: two readers see different cells",
    "file.unconfirmed": "test_agreement: the second reader cannot open the file",
    "file.unchecked": "test_agreement: too large to be read twice",
    "file.reader_died": "test_isolation: the reading process dies",
    "file.reader_slow": "test_isolation: the reading process takes too long",
    "file.too_large": "test_intake, test_isolation: more than memory or limits allow",
    "file.unreadable": "test_intake: the system refuses to open the file",
    "sheet.full": "test_agreement: an .xls of exactly 65,536 rows",
    "roster.period": "test_new_year: the first or last day of a unit is none, or they are the wrong way round",
    "roster.successor": "test_new_year: the roster does not have the heir, or it leads back",
    "roster.not_in_force": "test_new_year: the unit ended before the year or begins after it",
    "roster.ends": "test_new_year: the unit ends within the year",
    "exempt.unit": "test_counties: the scheme exempts a unit that the roster lacks",
    "exempt.everything": "test_counties: the scheme leaves a unit no key item",
    "standard.unowned": "test_counties: no item takes the register rows of a standard",
    "table.unused": "test_counties: no item reads the table",
    "unit.not_in_force": "test_new_year: a row names a unit that is not assessed this year",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.code} {kind.name}")
def test_problem_is_reported_where_it_is(tmp_path: Path, kind: Kind) -> None:
    """The file causes this problem, of this severity, at this file, sheet, row and column, with a way out of it."""
    if os.name == "nt" and kind.code == "file.name":
        pytest.skip("no control characters in names on Windows")
    folder = valid_folder(tmp_path)
    kind.make(folder)
    cleaned = clean(folder, SCHEME)
    found = [problem for problem in cleaned.problems if problem.code == kind.code]
    assert found, [(problem.code, problem.message) for problem in cleaned.problems]
    problem = found[0]
    assert (problem.severity, problem.file, problem.sheet, problem.row, problem.column) == (
        kind.severity,
        kind.file,
        kind.sheet,
        kind.row,
        kind.column,
    )
    assert problem.message.endswith(("。", "？", "）")) and problem.remedy.endswith("。")
    assert cleaned.rejected == any(p.severity == "error" for p in cleaned.problems)
    if kind.severity == "error":
        assert cleaned.rejected
    others = {p.code for p in cleaned.problems if p.severity == "error"} - {kind.code}
    assert not others or kind.severity == "error" or kind.code == "unit.unchecked", others


def test_table_has_many_kinds() -> None:
    """The table tells at least 45 kinds, each row named once; nothing is both in it and excused."""
    names = [kind.name for kind in KINDS]
    assert len(KINDS) >= 45 and len(set(names)) == len(names)
    assert not {kind.code for kind in KINDS} & set(ELSEWHERE)


def _codes(source: Path) -> set[str]:
    """Return the texts in a module's calls that are codes: the argument of a problem, a note, a refusal, a fault."""
    makers = {"Problem", "Note", "Refused", "CellFault", "_say", "at", "_file_problem", "_refuse", "_note"}
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in makers:
            for argument in _texts(node.args):
                if (
                    argument.isascii()
                    and argument.count(".") == 1
                    and argument.replace(".", "").replace("_", "").isalpha()
                ):
                    found.add(argument)
    return found


def _texts(arguments: Sequence[ast.expr]) -> list[str]:
    return [arg.value for arg in arguments if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def test_every_code_in_the_source_is_in_the_table() -> None:
    """No problem can be reported that this table, or a test named in ELSEWHERE, does not hold to its place."""
    codes: set[str] = set()
    for package in ("cleaning", "intake"):
        for module in sorted((ROOT / "assess_lib" / package).glob("*.py")):
            codes |= _codes(module)
    assert len(codes) >= 45
    assert codes - {kind.code for kind in KINDS} - set(ELSEWHERE) == set()
    assert {kind.code for kind in KINDS} | set(ELSEWHERE) <= codes


@pytest.mark.parametrize("code", ELSEWHERE)
def test_excused_codes_are_tested_where_it_says(code: str) -> None:
    """Each code without a row here is asserted in the test module that is named."""
    modules = ELSEWHERE[code].split(":")[0].split(", ")
    for module in modules:
        assert f'"{code}"' in (ROOT / "tests" / f"{module}.py").read_text(encoding="utf-8")
