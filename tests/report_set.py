"""A scored set for the reports' tests: scored from plain tables, in the shape that ``store.load_set`` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
from build import load_scheme_plainly, make_tables

from assess_lib.adjustments import list_adjustments
from assess_lib.errors import Problem
from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.objections import list_objections
from assess_lib.scoring import ItemScore, Result, Score, score
from assess_lib.store import Findings, ScoredSet, StoredBasis, assemble
from assess_lib.store.sets import adjustments_frame, objections_frame, table_files, write_files

DIGEST = "0123456789abcdef" * 4


def frame(records: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Make a frame of objects: nothing is converted, None stays None."""
    names = list(columns)
    data = {name: pd.Series([record[name] for record in records], dtype=object) for name in names}
    return pd.DataFrame(data, columns=names)


def _records(things: Iterable[Any], kind: type) -> list[dict[str, Any]]:
    return [{f.name: getattr(thing, f.name) for f in fields(kind)} for thing in things]


def _ledger(made: Score) -> pd.DataFrame:
    records, seq, last = [], 0, ""
    for entry in made.ledger:
        seq = seq + 1 if entry.unit_id == last else 1
        last = entry.unit_id
        record = {name: getattr(entry, name, None) for name in LEDGER_COLUMNS}
        records.append(record | {"seq": seq, "source": entry.source_text()})
    return frame(records, LEDGER_COLUMNS)


def make_set(
    literals: Mapping[str, Iterable[Mapping[str, Any]]],
    *,
    final: bool = False,
    quotes: Mapping[str, str] | None = None,
    readings: Mapping[str, str] | None = None,
    rows: Iterable[Mapping[str, Any]] = (),
    **scheme_changes: Any,
) -> ScoredSet:
    """Score tables given as literals (units by code) under the shipped scheme."""
    scheme = load_scheme_plainly(**scheme_changes)
    chosen = scheme.default_readings() | dict(readings or {})
    made = score(make_tables(literals), scheme, chosen, scheme.cut_off)
    counts = ("table", "file", "sheet", "read", "accepted", "rejected", "set_aside")
    return ScoredSet(
        StoredBasis(scheme.year, scheme.cut_off, final, "scored", chosen, scheme, dict(quotes or {})),
        frame(_records(made.results, Result), [f.name for f in fields(Result)]),
        frame(_records(made.items, ItemScore), [f.name for f in fields(ItemScore)]),
        _ledger(made),
        frame(_records(made.problems, Problem), [f.name for f in fields(Problem)]),
        frame(list(rows), counts),
        DIGEST,
        decided=lambda: adjustments_frame(list_adjustments(make_tables(literals), scheme, chosen, scheme.cut_off)),
        objections=objections_frame(list_objections(make_tables(literals), scheme, scheme.cut_off)),
    )


def write_processed(folder: Path, literals: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Write the processed folder of a scored set, as a run of the software would."""
    scheme = load_scheme_plainly()
    readings = scheme.default_readings()
    tables = make_tables(literals)
    made = score(tables, scheme, readings, scheme.cut_off)
    basis = StoredBasis(scheme.year, scheme.cut_off, False, "scored", readings, scheme, {})
    findings = Findings({}, (), made.problems, ())
    write_files(folder, assemble(basis, findings, table_files(tables), made))


PAYLOAD = '<script>alert(1)</script> [链接](http://example.org) =1+1 <b>粗</b> "引号" & $x$'

_STANDARDS = (
    ("BS-01", "材料迟报", "0.5", "日"),
    ("BS-02", "材料未报", "3", "次"),
    ("GW-01", "公文超期", "1", "次"),
    ("LD-01", "推广未完成", "20", "次"),
    ("HY-01", "会议迟到", "0.2", "次"),
    ("HY-02", "会议代会", "0.3", "次"),
    ("HY-03", "会议缺席", "0.5", "次"),
    ("RW-01", "任务逾期", "0.1", "日"),
    ("RW-02", "任务未完成", "1", "次"),
)
_UNITS = (
    ("T01", "梧桐镇", "镇"),
    ("T02", "白杨镇", "镇"),
    ("D01", "县松柏局", "县级部门"),
    ("D02", "县银杏局", "县级部门"),
    ("D03", "县合欢局", "县级部门"),
)
MARKS = ("1.87", "2.46", "2.91")  # leaders' single marks of T01; their mean is 7.24 / 3 = 2.41
RATERS = ("赵评价", "钱评价", "孙评价")


def small_set_tables() -> dict[str, list[dict[str, Any]]]:
    """Return five units that end differently.

    T01 梧桐镇: 100 - 1.00 - 2.00 = 97.00; bonus 2.00 (B2) + 3.00 (B4, capped) + 2.41 (B5) + 1.70 (B6) + 2.00 (B7)
    = 11.11; final 108.11. T02 白杨镇: 100.00, bonus 3.00 (B4, capped) + 3.00 (B5) + 2.00 + 2.00 = 10.00; final 110.00.
    D01 县松柏局: two red lights, vetoed. D02 县银杏局: 100 - 20 = 80.00, gate closed. D03 县合欢局: nothing was
    reported but its two reports are missing: 100 - 3 - 3 = 94.00, everything else unresolved.
    """
    tables: dict[str, list[dict[str, Any]]] = {
        "单位名录": [
            {"单位编码": code, "单位名称": name, "单位类别": group, "重点任务单位": None if code == "D03" else "否"}
            for code, name, group in _UNITS
        ],
        "扣分标准": [
            {"标准编号": code, "考核内容": "内容", "扣分情形": what, "单次扣分": rate, "计量": per, "批准文号": "5号"}
            for code, what, rate, per in _STANDARDS
        ],
        "信息中心结果": [
            {"单位": u, "红灯次数": 2 if u == "D01" else 0, "市大数据局通报": "否", "出具日期": "2023-01-03"}
            for u in ("T01", "T02", "D01", "D02")
        ],
        "热线红灯": [
            {"工单编号": f"GD-{n}", "单位": "D01", "红灯时间": f"2022-0{n}-11 09:30"}
            for n in (3, 8)
        ],
        "材料报送": [
            {"单位": u, "材料": material, "实报日期": day}
            for u in ("T01", "T02", "D02")
            for material, day in (("半年汇报", "2022-06-18"), ("年度总结", "2022-12-18"))
        ],
        "扣分登记": [
            _deduction("KF-1", "T01", "GW-01", "公文办理超期两日", "2022-03-01"),
            _deduction("KF-2", "T01", "GW-01", PAYLOAD, "2022-04-01", 2),
            _deduction("KF-3", "T01", "GW-01", "误登的一笔", "2022-05-01"),
            _deduction("KF-4", "D02", "LD-01", "推广任务没有完成", "2022-07-01"),
        ],
        "信息报送": [
            {"单位": u, "季度": q, "报送条数": sent, "采用条数": adopted}
            for q in "1234"
            for u, sent, adopted in (("T01", 5, 5), ("T02", 987, 654), ("D02", 1, 0))
        ],
        "表彰宣传": [
            {
                "编号": "BZ-1", "单位": "T01", "加分项": "通报表彰", "事项编号": "SX-1", "事项名称": "一日办结改革",
                "层级": "省", "机关或媒体": "省职转办", "文号或网址": "陕职转办〔2022〕3号", "日期": "2022-05-12",
                "佐证编号": "ZJ-1",
            },
            {
                "编号": "BZ-2", "单位": "T01", "加分项": "经验宣传", "事项编号": "SX-2", "事项名称": "帮办代办",
                "层级": "市", "机关或媒体": "市日报", "文号或网址": "第3版", "日期": "2022-06-12",
            },
        ],
        "佐证目录": [{"佐证编号": "ZJ-1", "单位": "T01", "类型": "电子版", "名称或网址": "通报"}],
        "领导评价": [
            *({"评价人": r, "职务": "副组长", "单位": "T01", "分值": m} for r, m in zip(RATERS, MARKS, strict=True)),
            {"评价人": RATERS[0], "职务": "副组长", "单位": "T02", "分值": "3"},
            {"评价人": RATERS[0], "职务": "副组长", "单位": "D02", "分值": "3"},
        ],
        "参会登记": [
            {"会议": "调度会", "日期": "2022-03-15", "单位": u, "到会情况": "代会" if u == "T01" else "到会"}
            for u in ("T01", "T02", "D02")
        ],
        "调整复核": [
            {
                "编号": "TZ-1", "单位": "T01", "对象表": "扣分登记", "对象编号": "KF-3", "处理": "撤销", "理由": "误登",
                "决定人": "组长", "决定日期": "2022-12-25", "批准文号": "〔2022〕31号",
            }
        ],
    }  # fmt: skip
    silent = ("D03",)
    tables["确认无事项"] = [
        {"表": table, "单位": code, "确认人": "办公室", "确认日期": "2023-01-02"}
        for table in ("通报批评", "扣分登记", "评定加分", "表彰宣传", "交办任务")
        for code, _, _ in _UNITS
        if code not in silent and not any(row["单位"] == code for row in tables.get(table, ()))
    ]
    return tables


def _deduction(number: str, unit: str, standard: str, fact: str, day: str, times: int | None = None) -> dict[str, Any]:
    return {
        "编号": number, "单位": unit, "标准编号": standard, "事实": fact, "发生日期": day, "数量": times,
        "评分人": "周评分", "复核人": "吴复核",
    }  # fmt: skip
