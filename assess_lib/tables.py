"""The canonical tables: their columns, types and keys, and the rows that cleaning produces.

Table and column names are the office's own (Chinese) and are part of the public contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["text", "unit", "date", "datetime", "number", "whole", "choice"]
Value = str | int | Decimal | date | datetime | None

ALL_UNITS = "全部"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a row stands: file relative to the raw folder, sheet (blank in a csv), 1-based row as a person sees it."""

    file: str
    sheet: str
    row: int

    def __str__(self) -> str:
        return f"{self.file}!{self.sheet}!{self.row}"


@dataclass(frozen=True, slots=True)
class Row:
    """One accepted row of a canonical table.

    ``values`` holds every column of the table: text as ``str``, ``number`` as ``Decimal``, ``whole`` as
    ``int``, ``date`` as ``date``, ``datetime`` as ``datetime`` (00:00 when no time was written), a unit as
    its 单位编码, an empty cell as ``None``. ``notes`` keeps extra columns as they stood.
    """

    table: str
    values: Mapping[str, Value]
    source: Source
    notes: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


Tables = Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, type, whether it is required, and what its cells may hold."""

    name: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: Decimal | None = None
    exclusive: bool = False
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One input table: its columns in the published order, its key and what an adjustment names it by.

    ``record`` marks a table kept beside the computation: it never moves a score, and is stored and shown only where
    it holds rows.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    object_column: str = ""
    must_exist: bool = False
    record: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name; raise KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the required columns."""
        return tuple(c.name for c in self.columns if c.required)


def _text(name: str, required: bool = False) -> Column:
    return Column(name, "text", required)


def _unit() -> Column:
    return Column("单位", "unit", True)


def _date(name: str, required: bool = False) -> Column:
    return Column(name, "date", required)


def _choice(name: str, *choices: str, required: bool = True) -> Column:
    return Column(name, "choice", required, choices)


def _whole(name: str, minimum: int, required: bool = True) -> Column:
    return Column(name, "whole", required, minimum=Decimal(minimum))


_YES_NO = ("是", "否")
_LEVELS = ("中央", "省", "市", "县")
_QUARTERS = ("1", "2", "3", "4")

_TABLES = (
    Table(
        "单位名录",
        (
            _text("单位编码", True),
            _text("单位名称", True),
            _choice("单位类别"),  # the scheme names the groups
            _text("全称"),
            _text("别名"),
            _choice("重点任务单位", *_YES_NO, required=False),
            _text("依据文号"),
        ),
        key=("单位编码",),
        must_exist=True,
    ),
    Table(
        "扣分标准",
        (
            _text("标准编号", True),
            _text("考核内容", True),
            _text("扣分情形", True),
            Column("单次扣分", "number", True, minimum=Decimal(0), exclusive=True),
            _choice("计量", "次", "日", required=False),
            Column("扣分上限", "number", minimum=Decimal(0), exclusive=True),
            _text("批准文号", True),
        ),
        key=("标准编号",),
        must_exist=True,
    ),
    Table(
        "热线红灯",
        (
            _text("工单编号", True),
            _unit(),
            _choice("办理角色", "主办", "协办", required=False),
            Column("派单时间", "datetime"),
            Column("办结时限", "datetime"),
            Column("延期后时限", "datetime"),
            Column("办结时间", "datetime"),
            Column("红灯时间", "datetime", True),
            _choice("申诉结果", "成立", "不成立", required=False),
        ),
        object_column="工单编号",
    ),
    Table(
        "信息中心结果",
        (
            _unit(),
            _whole("红灯次数", 0),
            _choice("市大数据局通报", *_YES_NO),
            _text("通报文号"),
            _date("出具日期", True),
        ),
        key=("单位",),
    ),
    Table(
        "通报批评",
        (
            _text("编号", True),
            _unit(),
            _choice("类型", "检查督查", "媒体", "群众反映"),
            _choice("层级", *_LEVELS),
            _text("机关或媒体", True),
            _text("文号或网址", True),
            _date("日期", True),
            _choice("是否点名", *_YES_NO),
            _text("佐证编号"),
        ),
        key=("编号",),
        object_column="编号",
    ),
    Table(
        "材料报送",
        (
            _unit(),
            _choice("材料", "半年汇报", "年度总结", "季度进展"),
            _choice("季度", *_QUARTERS, required=False),
            _date("实报日期"),
            _text("免报原因"),
        ),
        key=("单位", "材料", "季度"),
    ),
    Table(
        "扣分登记",
        (
            _text("编号", True),
            _unit(),
            _text("标准编号", True),
            _text("事实", True),
            _date("发生日期", True),
            _whole("数量", 1, required=False),
            _text("佐证编号"),
            _text("评分人", True),
            _text("复核人", True),
        ),
        key=("编号",),
        object_column="编号",
    ),
    Table(
        "信息报送",
        (_unit(), _choice("季度", *_QUARTERS), _whole("报送条数", 0), _whole("采用条数", 0)),
        key=("单位", "季度"),
    ),
    Table(
        "表彰宣传",
        (
            _text("编号", True),
            _unit(),
            _choice("加分项"),  # the scheme names the items
            _text("事项编号", True),
            _text("事项名称", True),
            _choice("层级", *_LEVELS),
            _text("机关或媒体", True),
            _text("文号或网址", True),
            _date("日期", True),
            _text("佐证编号"),
        ),
        key=("编号",),
        object_column="编号",
    ),
    Table(
        "评定加分",
        (
            _text("编号", True),
            _unit(),
            _text("事项", True),
            Column("评定分", "number", True, minimum=Decimal(0)),  # the scheme gives the maximum
            _text("理由", True),
            _text("评分人", True),
            _text("复核人", True),
            _text("佐证编号"),
        ),
        key=("编号",),
        object_column="编号",
    ),
    Table(
        "领导评价",
        (
            _text("评价人", True),
            _choice("职务", "组长", "副组长"),
            _unit(),
            Column("分值", "number", True, minimum=Decimal(0)),  # the scheme gives the maximum
        ),
        key=("评价人", "单位"),
    ),
    Table(
        "参会登记",
        (
            _text("会议", True),
            _date("日期", True),
            _unit(),
            _choice("到会情况", "到会", "迟到", "代会", "请假", "缺席"),
        ),
        key=("会议", "日期", "单位"),
    ),
    Table(
        "交办任务",
        (_text("任务编号", True), _text("任务", True), _unit(), _date("时限", True), _date("完成日期")),
        key=("任务编号", "单位"),
    ),
    Table(
        "佐证目录",
        (
            _text("佐证编号", True),
            _unit(),
            _choice("类型", "电子版", "网址", "照片"),
            _text("名称或网址", True),
            _text("存放位置"),
            _date("采集日期"),
            _text("SHA256"),
        ),
        key=("佐证编号",),
    ),
    Table(
        "调整复核",
        (
            _text("编号", True),
            _unit(),
            _text("对象表", True),
            _text("对象编号", True),
            _choice("处理", "撤销", "改值"),
            Column("新值", "number", minimum=Decimal(0)),
            _text("理由", True),
            _text("决定人", True),
            _date("决定日期", True),
            _text("批准文号", True),
        ),
        key=("编号",),
    ),
    Table("确认无事项", (_text("表", True), _unit(), _text("确认人", True), _date("确认日期", True))),
    Table(
        "异议登记",
        (
            _text("编号", True),
            _unit(),
            _date("提出日期", True),
            _text("异议事项", True),
            _text("对象表"),
            _text("对象编号"),
            _date("答复时限"),
            _date("答复日期"),
            _text("答复意见"),
            _choice("处理结果", "维持", "调整", "更正", required=False),
            _text("调整复核编号"),
            _text("经办人"),
        ),
        key=("编号",),
        record=True,
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _TABLES}
# Keys beyond the primary one: each must be unique in its table too.
EXTRA_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {"评定加分": (("单位", "事项", "评分人"),)}
# The three columns that follow the table's own in every stored table.
SOURCE_COLUMNS = ("来源文件", "来源工作表", "来源行")
