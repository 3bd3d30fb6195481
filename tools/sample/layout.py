"""Which file holds which rows, and how its clerk writes units, dates, headers, titles and bottom rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sample import prose
from sample.base import Record, Sample, seeded
from sample.units import BY_CODE, TOWNS
from sample.writers import Sheet, write_csv, write_ods, write_xls, write_xlsx

MARK = "演示数据"
_DATES: dict[str, Callable[[date], str]] = {
    "dash": lambda d: f"{d:%Y-%m-%d}",
    "dash1": lambda d: f"{d.year}-{d.month}-{d.day}",
    "slash": lambda d: f"{d:%Y/%m/%d}",
    "slash1": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dot": lambda d: f"{d:%Y.%m.%d}",
    "dot1": lambda d: f"{d.year}.{d.month}.{d.day}",
    "cn": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "digits": lambda d: f"{d:%Y%m%d}",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of the raw folder. ``take`` picks its rows; ``order`` lists its columns, extra ones included."""

    name: str
    title: str
    take: Callable[[Record], bool] = lambda row: True
    order: tuple[str, ...] = ()
    units: str = "mixed"
    dates: tuple[str, ...] = ("excel",)
    sheet: str = ""
    subtitle: str = ""
    total: str = ""  # the column whose sum stands in the row 合计
    remark: str = ""  # a row at the bottom that starts with 备注、说明 or 注：
    guide: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table that the file's name says."""
        return self.name.split(".")[0].split("_")[0]


def _town(row: Record) -> bool:
    return row["单位"] in TOWNS


def _department(row: Record) -> bool:
    return not _town(row)


def _is(column: str, *values: str) -> Callable[[Record], bool]:
    return lambda row: str(row[column]) in values


def _document(row: Record) -> bool:
    return str(row["标准编号"]).startswith(("GW", "XX"))


def _half(column: str, first: bool) -> Callable[[Record], bool]:
    return lambda row: ((row[column].year, row[column].month) < (2022, 7)) == first


# The platform's export stopped here; what came later was typed in.
_PLATFORM_CHANGE = datetime(2022, 10, 1)
_REGISTER = ("编号", "单位", "标准编号", "事实", "发生日期", "数量", "佐证编号", "评分人", "复核人")
_AWARD = ("编号", "单位", "加分项", "事项编号", "事项名称", "层级", "机关或媒体", "文号或网址", "日期", "佐证编号")
_EVIDENCE = ("佐证编号", "单位", "类型", "名称或网址", "存放位置", "采集日期", "SHA256")

FILES = (
    File(
        "单位名录.xlsx",
        "2022年度考核单位名录",
        units="name",
        subtitle="共46个单位：镇7个，县级部门39个",
        remark="说明：重点任务单位以任务分工表为准，县水利局待核",
    ),
    File(
        "扣分标准.xlsx",
        "“放管服”改革优化营商环境考核扣分标准（打分表）",
        sheet="扣分标准",
        remark="注：同一标准累计扣分不超过扣分上限，上限为空的不设上限",
        guide=("演示数据", "扣分标准经审定后不得自行增减；确需调整的另行报批，并更新批准文号。"),
    ),
    File(
        "热线红灯_平台导出.csv",
        "12345热线红灯工单（平台导出）",
        take=lambda r: r["红灯时间"] < _PLATFORM_CHANGE,
        dates=("dash",),
        units="name",
    ),
    File(
        "热线红灯_补录.xlsx",
        "12345热线红灯工单补录",
        take=lambda r: r["红灯时间"] >= _PLATFORM_CHANGE,
        order=(
            "工单编号",
            "单位",
            "办理角色",
            "红灯时间",
            "派单时间",
            "办结时限",
            "延期后时限",
            "办结时间",
            "申诉结果",
            "备注列",
        ),
        dates=("excel", "excel", "slash1"),
    ),
    File("信息中心结果.xls", "2022年度12345热线红灯及通报情况（县信息中心）", units="full", total="红灯次数"),
    File(
        "通报批评.xlsx",
        "2022年度通报批评和群众反映登记",
        order=("编号", "日期", "单位", "类型", "层级", "机关或媒体", "文号或网址", "是否点名", "佐证编号", "备注列"),
        dates=("excel", "cn"),
        remark="备注：县级通报只登记，不作单项否决",
    ),
    File(
        "材料报送_半年汇报.xlsx",
        "半年汇报收文登记",
        take=_is("材料", "半年汇报"),
        dates=("excel", "dot1"),
        order=("单位", "材料", "实报日期", "免报原因", "经办科室"),
        remark="说明：应于6月20日前报送",
    ),
    File(
        "材料报送_年度总结.xlsx",
        "年度总结收文登记",
        take=_is("材料", "年度总结"),
        dates=("excel", "cn"),
        units="short",
        order=("材料", "单位", "季度", "实报日期", "免报原因"),
        sheet="材料报送",
        guide=("演示数据", "未报的，实报日期留空；经批准免报的，填免报原因。"),
    ),
    File(
        "材料报送_季度进展.csv",
        "重点任务单位季度进展收文登记",
        take=_is("材料", "季度进展"),
        dates=("slash1", "dash"),
        order=("单位", "材料", "季度", "实报日期", "免报原因", "备注列"),
    ),
    File(
        "扣分登记_镇.xlsx",
        "2022年度扣分登记（镇）",
        take=lambda r: _town(r) and not _document(r),
        dates=("excel", "excel", "cn"),
        remark="备注：本表经评分、复核两岗签认",
    ),
    File(
        "扣分登记_县级部门.csv",
        "2022年度扣分登记（县级部门）",
        take=lambda r: _department(r) and not _document(r),
        dates=("dash", "slash1"),
        order=(*_REGISTER, "经办科室"),
    ),
    File(
        "扣分登记_公文信息.xlsx",
        "公文办理和信息报送扣分登记",
        take=_document,
        dates=("excel", "digits", "dot"),
        units="short",
        order=("编号", "标准编号", "单位", "发生日期", "事实", "数量", "评分人", "复核人", "佐证编号"),
        sheet="扣分登记",
        guide=("演示数据", "数量为空按1计；按日计扣的，数量填逾期天数。"),
    ),
    File("信息报送_一季度.xlsx", "第一季度信息报送采用情况", take=_is("季度", "1"), units="short", total="报送条数"),
    File(
        "信息报送_二季度.xlsx",
        "第二季度信息报送采用情况",
        take=_is("季度", "2"),
        units="name",
        sheet="信息报送",
        order=("季度", "单位", "报送条数", "采用条数", "备注列"),
        total="报送条数",
        guide=("演示数据", "采用条数以县级以上刊物为准。"),
    ),
    File("信息报送_三季度.csv", "第三季度信息报送采用情况", take=_is("季度", "3"), units="short", total="报送条数"),
    File(
        "信息报送_四季度.csv",
        "第四季度信息报送采用情况",
        take=_is("季度", "4"),
        units="name",
        order=("单位", "季度", "报送条数", "采用条数", "经办科室"),
        remark="说明：统计到12月25日",
    ),
    File(
        "表彰宣传_通报表彰.xlsx",
        "2022年度通报表彰登记",
        take=_is("加分项", "通报表彰"),
        dates=("excel", "cn", "dot1"),
        remark="备注：同一事项多级表彰的，分行登记，事项编号相同",
    ),
    File(
        "表彰宣传_经验宣传_镇.xlsx",
        "2022年度经验宣传登记（镇）",
        take=lambda r: r["加分项"] == "经验宣传" and _town(r),
        dates=("slash1",),
        units="full",
        order=(*_AWARD, "经办科室"),
    ),
    File(
        "表彰宣传_经验宣传_县级部门.csv",
        "2022年度经验宣传登记（县级部门）",
        take=lambda r: r["加分项"] == "经验宣传" and _department(r),
        dates=("dash", "cn"),
        order=(
            "编号",
            "单位",
            "加分项",
            "层级",
            "事项编号",
            "事项名称",
            "机关或媒体",
            "文号或网址",
            "日期",
            "佐证编号",
        ),
    ),
    File(
        "评定加分.xlsx",
        "特色亮点评定加分表",
        sheet="评定加分",
        remark="说明：每个事项由评分员分别打分，取平均分",
        guide=("演示数据", "评定分0至4分，可保留两位小数；理由须写明。"),
    ),
    File("领导评价_组长.xlsx", "领导评价表（组长）", take=_is("评价人", "组长"), units="name"),
    File(
        "领导评价_副组长甲乙.xlsx",
        "领导评价表（副组长甲、副组长乙）",
        take=_is("评价人", "副组长甲", "副组长乙"),
        order=("单位", "评价人", "职务", "分值", "备注列"),
        units="short",
        remark="注：分值0至3分",
    ),
    File("领导评价_副组长丙.csv", "领导评价表（副组长丙）", take=_is("评价人", "副组长丙"), units="name"),
    File("领导评价_副组长丁.ods", "领导评价表（副组长丁）", take=_is("评价人", "副组长丁"), units="full"),
    File("参会登记_上半年.xlsx", "上半年会议签到汇总", take=_half("日期", True), units="name"),
    File(
        "参会登记_下半年.csv",
        "下半年会议签到汇总",
        take=_half("日期", False),
        dates=("slash1", "cn"),
        units="short",
        order=("日期", "会议", "单位", "到会情况", "备注列"),
    ),
    File(
        "交办任务_上半年.xlsx",
        "上半年交办任务办理台账",
        take=_half("时限", True),
        dates=("excel", "excel", "dot1"),
        order=("任务编号", "任务", "单位", "时限", "完成日期", "经办科室"),
    ),
    File(
        "交办任务_下半年.csv",
        "下半年交办任务办理台账",
        take=_half("时限", False),
        dates=("dash1", "digits"),
        units="short",
        remark="备注：未完成的，完成日期留空",
    ),
    File("佐证目录_镇.xlsx", "加分佐证归盒目录（镇）", take=_town, units="name", order=(*_EVIDENCE, "备注列")),
    File("佐证目录_县级部门.csv", "加分佐证归盒目录（县级部门）", take=_department, dates=("dash",), units="mixed"),
    File(
        "调整复核.xlsx",
        "评分调整复核审批表",
        sheet="调整复核",
        dates=("cn",),
        units="name",
        guide=("演示数据", "撤销：该行不计；改值：按新值计。须有批准文号。"),
    ),
    File(
        "确认无事项.xlsx",
        "无事项确认汇总表",
        units="name",
        dates=("excel", "cn"),
        remark="说明：确认无事项的按无事项计，未报又未确认的列为待定",
    ),
    File(
        "异议登记.xlsx",
        "考核结果异议登记簿",
        sheet="异议登记",
        dates=("excel", "cn"),
        units="name",
        guide=("演示数据", "异议登记只作记录，不改变得分；经决定更正的，另填“调整复核”。"),
    ),
)

UTF8_BOM = ("佐证目录_县级部门.csv", "信息报送_四季度.csv")


def write_all(sample: Sample, folder: Path) -> list[str]:
    """Write every file into the folder and return their names; every record stands in exactly one of them."""
    written: dict[str, int] = {}
    for file in FILES:
        rows = [row for row in sample.tables[file.table] if file.take(row)]
        written[file.table] = written.get(file.table, 0) + len(rows)
        sheet, path = _sheet(file, rows), folder / file.name
        match path.suffix:
            case ".xlsx":
                write_xlsx(path, sheet)
            case ".xls":
                write_xls(path, sheet)
            case ".ods":
                write_ods(path, sheet)
            case _:
                write_csv(path, sheet, "utf-8-sig" if file.name in UTF8_BOM else "gb18030")
    assert written == {table: len(rows) for table, rows in sample.tables.items()}
    return [file.name for file in FILES]


def _sheet(file: File, rows: list[Record]) -> Sheet:
    rng = seeded(f"layout/{file.name}")
    order = file.order or tuple(rows[0])
    lines = tuple(tuple(_cell(file, rng, row, column) for column in order) for row in rows)
    bottom: list[tuple[Any, ...]] = []
    if file.total:
        total = sum(row[file.total] for row in rows)
        bottom.append(tuple("合计" if n == 0 else total if name == file.total else "" for n, name in enumerate(order)))
    if file.remark:
        bottom.append((file.remark, *[""] * (len(order) - 1)))
    workbook = not file.name.endswith(".csv")
    titles: tuple[str, ...] = (f"{file.title}（{MARK}）",) if workbook else (f"{MARK}：{file.title}，非真实情况",)
    if file.subtitle or file.name.endswith(".xlsx"):
        titles += (file.subtitle or "单位：县考核办（演示）　统计截止：2022年12月31日",)
    name = file.sheet or ("Sheet1" if workbook else "")
    return Sheet(name, titles, order, lines, tuple(bottom), file.guide)


def _cell(file: File, rng: Random, row: Record, column: str) -> Any:
    if column == "备注列":
        return rng.choice(prose.NOTES) if rng.random() < 0.12 else ""
    if column == "经办科室":
        return rng.choice(prose.OFFICES)
    value = row[column]
    if column == "单位" and value in BY_CODE:
        return BY_CODE[value].written(rng, file.units)
    if isinstance(value, datetime):
        return _moment(rng, file, value)
    if isinstance(value, date):
        return _day(rng, file, value)
    if column == "季度" and value and file.name.endswith(".xlsx"):
        return int(value)
    if isinstance(value, Decimal) and file.name.endswith(".csv"):
        return f"{value.normalize():f}"
    return value


def _style(rng: Random, file: File) -> str:
    # A clerk has a habit, and now and then another.
    return file.dates[0] if rng.random() < 0.75 else rng.choice(file.dates)


def _day(rng: Random, file: File, value: date) -> Any:
    style = _style(rng, file)
    if style == "excel":
        # Text in a csv; a real date in a workbook.
        return f"{value:%Y-%m-%d}" if file.name.endswith(".csv") else value
    text = _DATES[style](value)
    return int(text) if style == "digits" and file.name.endswith(".xlsx") else text


def _moment(rng: Random, file: File, value: datetime) -> Any:
    style = _style(rng, file)
    if style == "excel":
        return value
    clock = f"{value:%H:%M:%S}" if value.time() != time(value.hour, value.minute) else f"{value:%H:%M}"
    if style.endswith("1"):
        clock = clock.removeprefix("0")
    return f"{_DATES[style](value)} {clock}"
