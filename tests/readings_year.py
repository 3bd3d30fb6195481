"""Small years for the tests on readings: everything is in order and confirmed, but what a test adds.

A unit to which nothing is added has key score 100.00, 2.00 for meetings and 2.00 for tasks: final score 104.00.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from build import load_scheme_plainly, make_tables

from assess_lib.sensitivity import Exploration, explore

CUT_OFF = date(2022, 12, 31)
CONFIRMED = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")
STANDARDS = (
    ("BS-01", "0.5", "日"),
    ("BS-02", "5", "次"),
    ("HY-01", "0.2", "次"),
    ("HY-02", "0.2", "次"),
    ("HY-03", "0.5", "次"),
    ("RW-01", "0.1", "日"),
    ("RW-02", "1", "次"),
    ("FX-01", "0.01", "次"),
)
Literals = dict[str, list[dict[str, Any]]]


def literals(units: Mapping[str, str] | Iterable[str] = ("T01",), **extra: Iterable[Mapping[str, Any]]) -> Literals:
    """Give the tables of a year; ``units`` are codes, or codes with their group. ``extra`` rows are added.

    A row of 信息中心结果, 材料报送 or 扣分标准 in ``extra`` replaces the one of the same key that stands there.
    """
    groups = dict(units) if isinstance(units, Mapping) else dict.fromkeys(units, "镇")
    tables: Literals = {
        "单位名录": [
            {"单位编码": code, "单位名称": f"单位{code}", "单位类别": group, "重点任务单位": "否"}
            for code, group in groups.items()
        ],
        "扣分标准": [
            {"标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": rate, "计量": per, "批准文号": "批1"}
            for code, rate, per in STANDARDS
        ],
        "信息中心结果": [
            {"单位": code, "红灯次数": 0, "市大数据局通报": "否", "出具日期": "2022-12-31"} for code in groups
        ],
        "材料报送": [
            {"单位": code, "材料": material, "实报日期": day}
            for code in groups
            for material, day in (("半年汇报", "2022-06-10"), ("年度总结", "2022-12-10"))
        ],
        "确认无事项": [{"表": table, "单位": "全部", "确认人": "甲", "确认日期": "2022-12-31"} for table in CONFIRMED],
    }
    keys = {
        "单位名录": ("单位编码",),
        "信息中心结果": ("单位",),
        "材料报送": ("单位", "材料", "季度"),
        "扣分标准": ("标准编号",),
    }
    for table, rows in extra.items():
        for row in rows:
            key = keys.get(table, ())
            old = tables.setdefault(table, [])
            tables[table] = [o for o in old if not key or any(o.get(k) != row.get(k) for k in key)] + [dict(row)]
    return tables


def without_centre(tables: Literals, unit: str) -> Literals:
    """Take the unit's row of 信息中心结果 away: our own count decides."""
    return tables | {"信息中心结果": [row for row in tables["信息中心结果"] if row["单位"] != unit]}


def look(tables: Literals, readings: Mapping[str, str] | None = None, **scheme_changes: Any) -> Exploration:
    """Explore a year of literals; readings not given are the scheme's defaults."""
    scheme = load_scheme_plainly(**scheme_changes)
    return explore(make_tables(tables), scheme, CUT_OFF, scheme.default_readings() | dict(readings or {}))


def deducted(unit: str, hundredths: int) -> dict[str, Any]:
    """Give a register row that takes so many hundredths."""
    return {
        "编号": f"KF-{unit}", "单位": unit, "标准编号": "FX-01", "事实": "事实", "发生日期": "2022-05-05",
        "数量": hundredths, "评分人": "甲", "复核人": "乙",
    }  # fmt: skip


def light(unit: str, ticket: str, moment: str) -> dict[str, Any]:
    """Give a red light of a ticket."""
    return {"工单编号": ticket, "单位": unit, "红灯时间": moment}


def circular(unit: str, kind: str, level: str = "市", named: str = "否") -> dict[str, Any]:
    """Give a row of 通报批评."""
    return {
        "编号": f"TB-{unit}-{kind}", "单位": unit, "类型": kind, "层级": level, "机关或媒体": "机关",
        "文号或网址": "文1", "日期": "2022-05-05", "是否点名": named,
    }  # fmt: skip


def award(
    unit: str, category: str, matter: str, level: str, evidence: str | None = "E-1", number: str = ""
) -> dict[str, Any]:
    """Give a row of 表彰宣传."""
    return {
        "编号": number or f"BZ-{unit}-{category}-{matter}", "单位": unit, "加分项": category, "事项编号": matter,
        "事项名称": matter, "层级": level, "机关或媒体": "机关", "文号或网址": "文1", "日期": "2022-05-05",
        "佐证编号": evidence,
    }  # fmt: skip


def evidence(unit: str) -> dict[str, Any]:
    """Give the index row that ``award`` names."""
    return {"佐证编号": "E-1", "单位": unit, "类型": "照片", "名称或网址": "照片"}


def sent(unit: str, first_quarter: tuple[int, int]) -> list[dict[str, Any]]:
    """Give four quarters of 信息报送, of which only the first has anything: (报送条数, 采用条数)."""
    counts = {"1": first_quarter, "2": (0, 0), "3": (0, 0), "4": (0, 0)}
    return [{"单位": unit, "季度": q, "报送条数": n, "采用条数": used} for q, (n, used) in counts.items()]
