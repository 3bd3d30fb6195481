"""The canonical tables are those of the published contract, column by column."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from assess_lib.tables import ALL_UNITS, EXTRA_KEYS, TABLES, Row, Source, Table

# The contract's own wording: `*` required; type or choices in brackets. 单位* is a unit everywhere. Choices of 单位类别
# and 加分项, and the maxima of 评定分 and 分值, belong to the scheme, so they do not stand here.
CONTRACT = {
    "单位名录": "单位编码*(text) 单位名称*(text) 单位类别*(choice) 全称(text) 别名(text) 重点任务单位(是/否) "
    "依据文号(text)",
    "扣分标准": "标准编号*(text) 考核内容*(text) 扣分情形*(text) 单次扣分*(number>0) 计量(次/日) 扣分上限(number>0) "
    "批准文号*(text)",
    "热线红灯": "工单编号*(text) 单位*(unit) 办理角色(主办/协办) 派单时间(datetime) 办结时限(datetime) "
    "延期后时限(datetime) 办结时间(datetime) 红灯时间*(datetime) 申诉结果(成立/不成立)",
    "信息中心结果": "单位*(unit) 红灯次数*(whole>=0) 市大数据局通报*(是/否) 通报文号(text) 出具日期*(date)",
    "通报批评": "编号*(text) 单位*(unit) 类型*(检查督查/媒体/群众反映) 层级*(中央/省/市/县) 机关或媒体*(text) "
    "文号或网址*(text) 日期*(date) 是否点名*(是/否) 佐证编号(text)",
    "材料报送": "单位*(unit) 材料*(半年汇报/年度总结/季度进展) 季度(1/2/3/4) 实报日期(date) 免报原因(text)",
    "扣分登记": "编号*(text) 单位*(unit) 标准编号*(text) 事实*(text) 发生日期*(date) 数量(whole>=1) 佐证编号(text) "
    "评分人*(text) 复核人*(text)",
    "信息报送": "单位*(unit) 季度*(1/2/3/4) 报送条数*(whole>=0) 采用条数*(whole>=0)",
    "表彰宣传": "编号*(text) 单位*(unit) 加分项*(choice) 事项编号*(text) 事项名称*(text) 层级*(中央/省/市/县) "
    "机关或媒体*(text) 文号或网址*(text) 日期*(date) 佐证编号(text)",
    "评定加分": "编号*(text) 单位*(unit) 事项*(text) 评定分*(number>=0) 理由*(text) 评分人*(text) 复核人*(text) "
    "佐证编号(text)",
    "领导评价": "评价人*(text) 职务*(组长/副组长) 单位*(unit) 分值*(number>=0)",
    "参会登记": "会议*(text) 日期*(date) 单位*(unit) 到会情况*(到会/迟到/代会/请假/缺席)",
    "交办任务": "任务编号*(text) 任务*(text) 单位*(unit) 时限*(date) 完成日期(date)",
    "佐证目录": "佐证编号*(text) 单位*(unit) 类型*(电子版/网址/照片) 名称或网址*(text) 存放位置(text) 采集日期(date) "
    "SHA256(text)",
    "调整复核": "编号*(text) 单位*(unit) 对象表*(text) 对象编号*(text) 处理*(撤销/改值) 新值(number>=0) 理由*(text) "
    "决定人*(text) 决定日期*(date) 批准文号*(text)",
    "确认无事项": "表*(text) 单位*(unit) 确认人*(text) 确认日期*(date)",
}

KEYS = {
    "单位名录": ("单位编码",),
    "扣分标准": ("标准编号",),
    "热线红灯": (),
    "信息中心结果": ("单位",),
    "通报批评": ("编号",),
    "材料报送": ("单位", "材料", "季度"),
    "扣分登记": ("编号",),
    "信息报送": ("单位", "季度"),
    "表彰宣传": ("编号",),
    "评定加分": ("编号",),
    "领导评价": ("评价人", "单位"),
    "参会登记": ("会议", "日期", "单位"),
    "交办任务": ("任务编号", "单位"),
    "佐证目录": ("佐证编号",),
    "调整复核": ("编号",),
    "确认无事项": (),
}


def _written(table: Table) -> str:
    """Write a table's columns the way CONTRACT does."""
    words = []
    for column in table.columns:
        kind: str = "/".join(column.choices) or column.kind
        if column.minimum is not None:
            kind += f"{'>' if column.exclusive else '>='}{column.minimum}"
        words.append(f"{column.name}{'*' if column.required else ''}({kind})")
    return " ".join(words)


def test_the_tables_are_the_contracts_in_its_order() -> None:
    """There are the contract's sixteen tables, in the published order, and after them the register of objections."""
    assert len(CONTRACT) == 16
    assert list(TABLES) == [*CONTRACT, "异议登记"]
    assert [name for name, table in TABLES.items() if table.record] == ["异议登记"]
    assert all(name == table.name for name, table in TABLES.items())


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_types_and_choices_are_the_contracts(name: str) -> None:
    """Each table has the contract's columns in order, required ones marked, with their types and choices."""
    assert _written(TABLES[name]) == CONTRACT[name]


def test_the_register_of_objections_has_its_columns_and_key() -> None:
    """An objection needs number, unit, day and matter; answer, result and decision come later."""
    assert _written(TABLES["异议登记"]) == (
        "编号*(text) 单位*(unit) 提出日期*(date) 异议事项*(text) 对象表(text) 对象编号(text) 答复时限(date) "
        "答复日期(date) 答复意见(text) 处理结果(维持/调整/更正) 调整复核编号(text) 经办人(text)"
    )
    assert TABLES["异议登记"].key == ("编号",)


@pytest.mark.parametrize("name", CONTRACT)
def test_keys_are_the_contracts(name: str) -> None:
    """Each table is unique by the contract's key, whose columns it has."""
    assert TABLES[name].key == KEYS[name]
    assert {column.name for column in TABLES[name].columns} >= set(TABLES[name].key)


def test_a_matter_is_scored_once_by_each_scorer() -> None:
    """评定加分 is unique by unit, matter and scorer too, and no other table has a second key."""
    assert EXTRA_KEYS == {"评定加分": (("单位", "事项", "评分人"),)}


def test_roster_and_standards_must_be_there() -> None:
    """Only 单位名录 and 扣分标准 must hold rows; every other table may be empty."""
    assert [name for name, table in TABLES.items() if table.must_exist] == ["单位名录", "扣分标准"]


def test_what_an_adjustment_can_name() -> None:
    """A decision names an object by the table's 编号, in 热线红灯 by the 工单编号; other tables have no objects."""
    assert {name: table.object_column for name, table in TABLES.items() if table.object_column} == {
        "热线红灯": "工单编号",
        "通报批评": "编号",
        "扣分登记": "编号",
        "表彰宣传": "编号",
        "评定加分": "编号",
    }


def test_required_columns_are_listed() -> None:
    """A table tells its required columns in order."""
    assert TABLES["信息中心结果"].required == ("单位", "红灯次数", "市大数据局通报", "出具日期")


def test_a_column_is_found_by_its_name() -> None:
    """A column is looked up by its header; one that does not exist is a KeyError, not a guess."""
    assert TABLES["扣分标准"].column("单次扣分").minimum == Decimal(0)
    with pytest.raises(KeyError):
        TABLES["扣分标准"].column("扣分")


def test_a_source_names_the_place_as_a_person_finds_it() -> None:
    """A source prints as file!sheet!row, with the sheet blank in a csv, and sorts by file, sheet and row number."""
    assert str(Source("扣分登记_城关镇.xlsx", "扣分登记", 14)) == "扣分登记_城关镇.xlsx!扣分登记!14"
    assert str(Source("扣分登记.csv", "", 2)) == "扣分登记.csv!!2"
    assert sorted([Source("a", "", 10), Source("a", "", 9)]) == [Source("a", "", 9), Source("a", "", 10)]


def test_a_row_gives_its_cells_and_cannot_be_changed() -> None:
    """A row is read by column name; a column it does not have is a KeyError; rows are immutable."""
    row = Row("确认无事项", {"表": "扣分登记", "单位": ALL_UNITS}, Source("确认无事项.csv", "", 2))
    assert row["单位"] == "全部"
    assert row.notes == {}
    with pytest.raises(KeyError):
        row["确认"]
    with pytest.raises(FrozenInstanceError):
        row.table = "扣分登记"  # type: ignore[misc]
