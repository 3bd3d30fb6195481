"""Build real input files for tests: the same grid as xlsx, xls, ods or csv, and a small valid raw folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import odfdo
import openpyxl
import xlwt

from assess_lib.tables import TABLES

Grid = Sequence[Sequence[Any]]
FORMATS = ("xlsx", "xls", "ods", "csv", "gb18030")

# A folder that cleaning accepts without a word: two units, every standard that the scheme names, one evidence.
VALID: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "单位名录": (
        {
            "单位编码": "T01",
            "单位名称": "崔家头镇",
            "单位类别": "镇",
            "全称": "千阳县崔家头镇人民政府",
            "别名": "崔家头；崔镇",
            "重点任务单位": "是",
        },
        {"单位编码": "D01", "单位名称": "县统计局", "单位类别": "县级部门", "别名": "统计局", "重点任务单位": "否"},
        {"单位编码": "D02", "单位名称": "县审计局", "单位类别": "县级部门", "重点任务单位": "否"},
    ),
    "扣分标准": tuple(
        {"标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": "1", "批准文号": "千考办〔2022〕1号"}
        for code in ("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02", "GW-01")
    ),
    "佐证目录": ({"佐证编号": "ZZ-1", "单位": "T01", "类型": "照片", "名称或网址": "牌匾"},),
}
# One valid row of every other table, to be changed by a test.
ROWS: Mapping[str, Mapping[str, Any]] = {
    "热线红灯": {"工单编号": "GD-1", "单位": "T01", "红灯时间": "2022-05-01 17:30"},
    "信息中心结果": {"单位": "T01", "红灯次数": "0", "市大数据局通报": "否", "出具日期": "2022-12-31"},
    "通报批评": {
        "编号": "TB-1",
        "单位": "T01",
        "类型": "媒体",
        "层级": "市",
        "机关或媒体": "某报",
        "文号或网址": "第1号",
        "日期": "2022-06-20",
        "是否点名": "是",
    },
    "材料报送": {"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-20"},
    "扣分登记": {
        "编号": "K-1",
        "单位": "T01",
        "标准编号": "GW-01",
        "事实": "公文退回",
        "发生日期": "2022-06-20",
        "评分人": "张三",
        "复核人": "李四",
    },
    "信息报送": {"单位": "T01", "季度": "1", "报送条数": "5", "采用条数": "2"},
    "表彰宣传": {
        "编号": "BZ-1",
        "单位": "T01",
        "加分项": "通报表彰",
        "事项编号": "SX-1",
        "事项名称": "一网通办",
        "层级": "省",
        "机关或媒体": "省政府",
        "文号或网址": "陕政发1号",
        "日期": "2022-06-20",
        "佐证编号": "ZZ-1",
    },
    "评定加分": {
        "编号": "PD-1",
        "单位": "T01",
        "事项": "帮办代办",
        "评定分": "2.5",
        "理由": "创新",
        "评分人": "张三",
        "复核人": "李四",
        "佐证编号": "ZZ-1",
    },
    "领导评价": {"评价人": "王五", "职务": "组长", "单位": "T01", "分值": "3"},
    "参会登记": {"会议": "例会", "日期": "2022-06-20", "单位": "T01", "到会情况": "到会"},
    "交办任务": {"任务编号": "RW-A", "任务": "报表", "单位": "T01", "时限": "2022-06-20", "完成日期": "2022-06-19"},
    "调整复核": {
        "编号": "TZ-1",
        "单位": "T01",
        "对象表": "扣分登记",
        "对象编号": "K-1",
        "处理": "撤销",
        "理由": "有误",
        "决定人": "赵六",
        "决定日期": "2022-12-01",
        "批准文号": "千考办〔2022〕9号",
    },
    "确认无事项": {"表": "通报批评", "单位": "D01", "确认人": "赵六", "确认日期": "2022-12-31"},
    "异议登记": {
        "编号": "YY-1",
        "单位": "T01",
        "提出日期": "2022-11-20",
        "异议事项": "非本单位原因，申请撤销",
        "对象表": "扣分登记",
        "对象编号": "K-1",
        "答复时限": "2022-12-05",
        "答复日期": "2022-12-02",
        "答复意见": "异议成立",
        "处理结果": "调整",
        "调整复核编号": "TZ-1",
        "经办人": "综合岗",
    },
}


def grid(table: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> list[list[Any]]:
    """Lay rows out under a table's header, in the contract's column order unless told otherwise."""
    names = list(columns or (column.name for column in TABLES[table].columns))
    return [names, *([row.get(name) for name in names] for row in rows)]


def write_xlsx(path: Path, cells: Grid, sheet: str = "Sheet1") -> Path:
    """Write a grid as .xlsx; strings stay strings even when they look like formulas."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = sheet
    for row, line in enumerate(cells, start=1):
        for column, value in enumerate(line, start=1):
            if value is not None:
                cell = page.cell(row, column, value)
                if isinstance(value, str):
                    cell.data_type = "s"
    book.save(path)
    return path


def write_xls(path: Path, cells: Grid, sheet: str = "Sheet1") -> Path:
    """Write a grid as .xls."""
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet)
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if isinstance(value, (date, datetime)):
                page.write(row, column, value, day)
            elif value is not None:
                page.write(row, column, value)
    book.save(str(path))
    return path


def write_ods(path: Path, cells: Grid, sheet: str = "Sheet1") -> Path:
    """Write a grid as .ods."""
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table(sheet)
    for row, line in enumerate(cells):
        for column, value in enumerate(line):
            if value is not None:
                table.set_value((column, row), value)
    document.body.append(table)
    document.save(str(path))
    return path


def csv_text(cells: Grid) -> str:
    """Write a grid as csv text: every cell as its characters."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    for line in cells:
        writer.writerow(["" if value is None else str(value) for value in line])
    return stream.getvalue()


def write_csv(path: Path, cells: Grid, encoding: str = "utf-8") -> Path:
    """Write a grid as .csv in an encoding."""
    path.write_bytes(csv_text(cells).encode(encoding))
    return path


def write_grid(folder: Path, name: str, cells: Grid, form: str) -> Path:
    """Write a grid in one of FORMATS under ``name`` and return the path."""
    if form == "xlsx":
        return write_xlsx(folder / f"{name}.xlsx", cells)
    if form == "xls":
        return write_xls(folder / f"{name}.xls", cells)
    if form == "ods":
        return write_ods(folder / f"{name}.ods", cells)
    return write_csv(folder / f"{name}.csv", cells, "gb18030" if form == "gb18030" else "utf-8")


def valid_folder(folder: Path, **tables: Iterable[Mapping[str, Any]]) -> Path:
    """Make a raw folder that cleaning accepts, as csv; ``tables`` add or replace tables by their rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in {**VALID, **tables}.items():
        write_csv(folder / f"{name}.csv", grid(name, rows))
    return folder
