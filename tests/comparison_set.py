"""Scored sets for the tests of comparisons: scored from plain tables, in the shape that ``store.load_set`` returns.

``BASE`` is three units of which nothing is to be told: key score 100.00, meetings and tasks confirmed none 2.00 + 2.00,
final 104.00 each.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from build import load_scheme_plainly, make_tables
from report_set import frame

from assess_lib.comparison import Comparison, RowChange, UnitChange, compare
from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.scheme import Scheme
from assess_lib.scoring import ItemScore, Result, Score, score
from assess_lib.store import Findings, ScoredSet, StoredBasis, assemble
from assess_lib.store.sets import table_files, write_files
from assess_lib.tables import Tables

Literals = dict[str, list[dict[str, Any]]]
SCHEME = load_scheme_plainly()
UNITS = (("T01", "甲镇", "镇"), ("T02", "乙镇", "镇"), ("D01", "丙局", "县级部门"))
_STANDARDS = (
    ("BS-01", "迟报", "0.5", "日", None),
    ("BS-02", "未报", "5", "次", None),
    ("GW-01", "差错", "1", "次", "5"),
    ("LD-01", "未推广", "20", "次", None),
    ("HY-01", "迟到", "0.2", "次", None),
    ("HY-02", "代会", "0.3", "次", None),
    ("HY-03", "缺席", "0.5", "次", None),
    ("RW-01", "逾期", "0.1", "日", None),
    ("RW-02", "未完成", "1", "次", None),
)
_CONFIRMED = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")
BASE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "单位名录": [
        {"单位编码": code, "单位名称": name, "单位类别": group, "重点任务单位": "否"} for code, name, group in UNITS
    ],
    "扣分标准": [
        {"标准编号": c, "考核内容": "内容", "扣分情形": w, "单次扣分": r, "计量": p, "扣分上限": cap, "批准文号": "5号"}
        for c, w, r, p, cap in _STANDARDS
    ],
    "信息中心结果": [
        {"单位": code, "红灯次数": 0, "市大数据局通报": "否", "出具日期": "2022-12-31"} for code, _, _ in UNITS
    ],
    "材料报送": [
        {"单位": code, "材料": material, "实报日期": day}
        for code, _, _ in UNITS
        for material, day in (("半年汇报", "2022-06-10"), ("年度总结", "2022-12-10"))
    ],
    "确认无事项": [{"表": table, "单位": "全部", "确认人": "丙", "确认日期": "2022-12-31"} for table in _CONFIRMED],
}


def with_rows(tables: Mapping[str, Sequence[Mapping[str, Any]]] = BASE, **more: Sequence[dict[str, Any]]) -> Literals:
    """Give tables as literals with further rows."""
    made: Literals = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    for name, rows in more.items():
        made.setdefault(name, []).extend(copy.deepcopy(list(rows)))
    return made


def deduction(number: str, unit: str = "T01", **changes: Any) -> dict[str, Any]:
    """Give a register row of 1.00 under GW-01."""
    row = {"编号": number, "单位": unit, "标准编号": "GW-01", "事实": "公文差错", "发生日期": "2022-03-01"}
    return row | {"评分人": "周", "复核人": "吴"} | changes


def award(number: str, level: str, unit: str = "T01", **changes: Any) -> dict[str, Any]:
    """Give a commendation of the matter SX-1 with the evidence ZJ-<unit>."""
    row = {
        "编号": number,
        "单位": unit,
        "加分项": "通报表彰",
        "事项编号": "SX-1",
        "事项名称": "一日办结",
        "层级": level,
    }
    row |= {"机关或媒体": "机关", "文号或网址": "1号", "日期": "2022-05-12", "佐证编号": f"ZJ-{unit}"}
    return row | changes


def evidence(unit: str = "T01") -> dict[str, Any]:
    """Give the evidence that ``award`` names."""
    return {"佐证编号": f"ZJ-{unit}", "单位": unit, "类型": "电子版", "名称或网址": "通报"}


def decision(number: str, target: str, unit: str = "T01", **changes: Any) -> dict[str, Any]:
    """Give a decision that revokes a register row."""
    row = {"编号": number, "单位": unit, "对象表": "扣分登记", "对象编号": target, "处理": "撤销", "理由": "申诉成立"}
    return row | {"决定人": "组长", "决定日期": "2023-01-05", "批准文号": "31号"} | changes


def _records(things: Iterable[Any], kind: type) -> list[dict[str, Any]]:
    return [{f.name: getattr(thing, f.name) for f in fields(kind)} for thing in things]


def _ledger(made: Score) -> list[dict[str, Any]]:
    records, seq, last = [], 0, ""
    for entry in made.ledger:
        seq = seq + 1 if entry.unit_id == last else 1
        last = entry.unit_id
        record = {name: getattr(entry, name, None) for name in LEDGER_COLUMNS}
        records.append(record | {"seq": seq, "source": entry.source_text()})
    return records


def scored_set(
    tables: Tables,
    *,
    scheme: Scheme = SCHEME,
    readings: Mapping[str, str] | None = None,
    run_date: date | None = None,
    final: bool = False,
) -> ScoredSet:
    """Score clean tables; the set's digest tells sets of different results and bases apart."""
    chosen = scheme.default_readings() | dict(readings or {})
    day = run_date or scheme.cut_off
    made = score(tables, scheme, chosen, day)
    digest = sha256(repr((made, chosen, day, final)).encode()).hexdigest()
    return ScoredSet(
        StoredBasis(scheme.year, day, final, "scored", chosen, scheme, {}),
        frame(_records(made.results, Result), [f.name for f in fields(Result)]),
        frame(_records(made.items, ItemScore), [f.name for f in fields(ItemScore)]),
        frame(_ledger(made), LEDGER_COLUMNS),
        frame([], ("severity",)),
        frame([], ("table",)),
        digest,
    )


def compared(
    old: Mapping[str, Iterable[Mapping[str, Any]]],
    new: Mapping[str, Iterable[Mapping[str, Any]]],
    *,
    old_options: Mapping[str, Any] | None = None,
    new_options: Mapping[str, Any] | None = None,
) -> Comparison:
    """Score two years given as literals and compare them."""
    tables = make_tables(old), make_tables(new)
    sets = scored_set(tables[0], **(old_options or {})), scored_set(tables[1], **(new_options or {}))
    return compare(*sets, *tables)


def unit_of(comparison: Comparison, unit_id: str) -> UnitChange:
    """Give what changed of one unit."""
    return next(unit for unit in comparison.units if unit.unit_id == unit_id)


def told(row: RowChange) -> tuple[str, str | None, str | None, str | None]:
    """Give a row's kind, its points on both sides and its difference as texts."""
    numbers = (row.points.old, row.points.new, row.difference)
    return (row.kind, *(None if number is None else str(number) for number in numbers))  # type: ignore[return-value]


def cause_kinds(row: RowChange) -> list[str]:
    """Give the kinds of a row's causes."""
    return [cause.kind for cause in row.causes]


def write_set(folder: Path, literals: Mapping[str, Iterable[Mapping[str, Any]]], **options: Any) -> None:
    """Write the processed folder of a scored set, as a run of the software would."""
    scheme = options.get("scheme", SCHEME)
    readings = scheme.default_readings() | options.get("readings", {})
    tables = make_tables(literals)
    made = score(tables, scheme, readings, scheme.cut_off)
    basis = StoredBasis(scheme.year, scheme.cut_off, options.get("final", False), "scored", readings, scheme, {})
    inputs = {f"{name}.csv": sha256(repr(rows).encode()).hexdigest() for name, rows in tables.items() if rows}
    findings = Findings(inputs, (), made.problems, ())
    write_files(folder, assemble(basis, findings, table_files(tables), made))
