"""The sheets 口径 and 方案: every reading and every number of the scheme, as cells that formulas refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assess_lib.auditbook.book import Book, Column, Named, Sheet, constants
from assess_lib.scheme import (
    KNOWN_READINGS,
    DeductFromFull,
    DueReport,
    HighestLevelPerMatter,
    HotlineRedLights,
    Item,
    MeetingFacts,
    NamedInCircular,
    QuarterlyTopRanks,
    ReportFacts,
    Scheme,
    TaskFacts,
)
from assess_lib.tables import TABLES

SCHEME_SHEET, READING_SHEET = "方案", "口径"
OWED_BY = {"all_units": "全部单位", "key_task_units": "重点任务单位"}

# Numbers of arithmetic and of the calendar, not of the scheme; they stand in cells too, so that no formula holds any.
_TECHNICAL: tuple[tuple[str, str, Any, str], ...] = (
    ("scale", "每分的百分位数", 100, "计算表用百分之一分的整数计算，避免小数误差：1 分记作 100"),
    ("months", "一年的月数", 12, "滚动十二个月的窗口"),
    ("ticks", "一天的毫秒数", 86_400_000, "比较两个红灯时间是否相同"),
    ("far", "远期日", date(9999, 12, 31), "表示“以后再没有”"),
    ("base", "采用率逐段长除的进位", 100_000, "采用率逐段相除，每段五位，四段共二十位，比较时没有误差"),
    ("most", "采用率精确比较的条数上限", 1_000_000_000, "报送条数不超过此数时，采用率的比较没有误差"),
    ("key", "组合键倍数", 1_000_000, "把材料序号和单位序号合成一个整数，便于查找"),
    ("early", "早于 1900 年 3 月的日期视作", 1, "电子表格不能表示更早的日期，表中写成文字；一律早于本年度"),
)


def add_readings(book: Book, scheme: Scheme, readings: Mapping[str, str]) -> Sheet:
    """Add the sheet 口径: a row a reading; the option in force is an input with a drop-down list."""
    keys = list(scheme.reading_keys)
    entries = [scheme.readings[key] for key in keys]
    sheet = book.sheet(
        READING_SHEET,
        len(keys),
        [
            constants("口径", keys, style="text", width=26),
            constants("名称", [entry.name for entry in entries], style="text", width=16),
            constants("条文不明确之处", [entry.question for entry in entries], style="text", width=48, wrap=True),
            Column(
                "采用选项",
                cells=[readings[key] for key in keys],
                style="text",
                role="input",
                row_options=tuple(KNOWN_READINGS[key] for key in keys),
                width=24,
            ),
            constants(
                "可选的选项",
                [
                    "；".join(f"{option}：{scheme.readings[key].options[option]}" for option in KNOWN_READINGS[key])
                    for key in keys
                ],
                style="text",
                width=70,
                wrap=True,
            ),
            constants("方案默认", [entry.default for entry in entries], style="text", width=22),
            constants("条款", [entry.clause for entry in entries], style="text", width=12),
        ],
    )
    for row, key in enumerate(keys):
        book.named[f"reading.{key}"] = Named(sheet, "采用选项", row, row)
    return sheet


@dataclass
class _Lines:
    """The rows of 方案 while they are gathered; a named list is a block of rows numbered from 1."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    names: dict[str, tuple[str, int, int, bool]] = field(default_factory=dict)

    def one(self, name: str, part: str, title: str, value: Any, clause: str = "", remark: str = "") -> None:
        """Add a single number, date or text."""
        self.names[name] = ("值", len(self.rows), len(self.rows), False)
        self.rows.append({"类别": part, "名称": title, "值": value, "条款": clause, "说明": remark})

    def many(self, name: str, part: str, rows: list[dict[str, Any]], columns: Mapping[str, str]) -> None:
        """Add a list; ``columns`` maps the suffix of each named list to its column."""
        first, last = len(self.rows), len(self.rows) + len(rows) - 1
        for suffix, column in {"#": "序号", **columns}.items():
            self.names[name + suffix] = (column, first, last, True)
        self.rows += [{"类别": part, "序号": place, **row} for place, row in enumerate(rows, start=1)]


def conditions(item_due: tuple[DueReport, ...]) -> int:
    """Return how many readings one report depends on at most."""
    return max((len(report.only_if) for report in item_due), default=0)


def add_scheme(book: Book, scheme: Scheme, run_date: date) -> Sheet:
    """Add the sheet 方案: a row a number, date, level, standard or technical constant, each with its clause."""
    lines = _Lines()
    part = "总则"
    lines.one("year", part, "考核年度", scheme.year)
    lines.one("cut_off", part, "截止日", scheme.cut_off, remark="事实和佐证计到这一天")
    lines.one("run_date", part, "计算日期", run_date, remark="到期日晚于这一天的材料、任务暂不要求")
    for key in ("pass_mark", "bonus_gate", "bonus_cap"):
        line = getattr(scheme.judgement, key)
        lines.one(key, part, line.name, line.points, line.clause)
    lines.one("fail", part, "等次：不合格", scheme.grades.fail, scheme.parts.final.clause)
    lines.one("passed", part, "等次：合格", scheme.grades.passed, scheme.parts.final.clause)
    bands = [{"名称": b.grade, "值": b.at_least, "说明": f"批准文号：{b.approval}"} for b in scheme.grades.bands]
    if bands:
        lines.many("bands", "经批准的等次（最终得分不低于）", bands, {"": "名称", ".points": "值"})
    groups = [{"名称": group.name, "条款": group.clause} for group in scheme.groups]
    lines.many("groups", "组别", groups, {"": "名称"})
    for item in scheme.items:
        _add_item(lines, item)
    quarters = [{"名称": quarter} for quarter in TABLES["信息报送"].column("季度").choices]
    lines.many("quarters", "季度", quarters, {"": "名称"})
    for name, title, value, remark in _TECHNICAL:
        lines.one(name, "计算用常数（不是方案的规定）", title, value, remark=remark)
    pairs = max(
        (conditions(f.due) for i in scheme.items for f in getattr(i.rule, "facts", ()) if isinstance(f, ReportFacts)),
        default=0,
    )
    extra = [column for n in range(1, pairs + 1) for column in (f"条件口径{n}", f"条件选项{n}")]
    widths = {"类别": 30, "名称": 30, "值": 18, "条款": 12, "说明": 60, "由谁报送": 16}
    sheet = book.sheet(
        SCHEME_SHEET,
        len(lines.rows),
        [
            Column(
                name,
                cells=[row.get(name) for row in lines.rows],
                style="whole" if name == "序号" else "auto",
                role="input" if name == "值" else "constant",
                width=widths.get(name, 14),
                wrap=name == "说明",
            )
            for name in ("类别", "序号", "名称", "值", "条款", "季度", "由谁报送", *extra, "说明")
        ],
    )
    for name, (column, first, last, many) in lines.names.items():
        book.named[name] = Named(sheet, column, first, last, many)
    return sheet


def _in_order(table: str, column: str, values: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return a mapping's pairs in the order of a column's choices: a stored scheme does not keep its own."""
    return [(choice, values[choice]) for choice in TABLES[table].column(column).choices if choice in values]


def _add_item(lines: _Lines, item: Item) -> None:
    rule, part = item.rule, f"{item.id} {item.name}"
    if item.cap is not None:
        lines.one(f"{item.id}.cap", part, "满分（上限）", item.cap, item.clause)
    if isinstance(rule, HotlineRedLights):
        lines.one(f"{item.id}.limit", part, "红灯达到几次即否决", rule.limit, item.clause)
    elif isinstance(rule, NamedInCircular):
        levels = [{"名称": level, "条款": item.clause, "说明": "该层级的通报算数"} for level in rule.levels]
        lines.many(f"{item.id}.levels", part, levels, {"": "名称"})
    elif isinstance(rule, HighestLevelPerMatter):
        lines.one(f"{item.id}.category", part, "表彰宣传“加分项”", rule.category, item.clause)
        rows = [
            {"名称": level, "值": points, "条款": item.clause}
            for level, points in _in_order("表彰宣传", "层级", rule.levels)
        ]
        lines.many(f"{item.id}.levels", part, rows, {"": "名称", ".points": "值"})
    elif isinstance(rule, QuarterlyTopRanks):
        ranks = [
            {"名称": f"第 {place} 名", "值": points, "条款": item.clause}
            for place, points in enumerate(rule.rank_points, start=1)
        ]
        lines.many(f"{item.id}.ranks", part, ranks, {".points": "值"})
    elif isinstance(rule, DeductFromFull):
        for place, facts in enumerate(rule.facts):
            _add_facts(lines, f"{item.id}.{place}", part, item.clause, facts)


def _add_facts(lines: _Lines, name: str, part: str, clause: str, facts: Any) -> None:
    if isinstance(facts, ReportFacts):
        lines.one(f"{name}.late", part, "迟报适用的标准", facts.late, clause)
        lines.one(f"{name}.missing", part, "未报适用的标准", facts.missing, clause)
        rows = []
        for report in facts.due:
            row = {"名称": report.material, "值": report.due, "条款": report.clause, "季度": report.quarter}
            row["由谁报送"] = OWED_BY[report.owed_by]
            for n, (key, option) in enumerate(sorted(report.only_if.items()), start=1):
                row |= {f"条件口径{n}": key, f"条件选项{n}": option}
            rows.append(row)
        columns = {"": "值", ".material": "名称", ".quarter": "季度", ".owed_by": "由谁报送"}
        for n in range(1, conditions(facts.due) + 1):
            columns |= {f".key{n}": f"条件口径{n}", f".option{n}": f"条件选项{n}"}
        lines.many(f"{name}.due", f"{part}：到期日", rows, columns)
    elif isinstance(facts, MeetingFacts):
        rows = [
            {"名称": came, "值": code, "条款": clause}
            for came, code in _in_order("参会登记", "到会情况", facts.standards)
        ]
        lines.many(f"{name}.standards", f"{part}：到会情况适用的标准", rows, {"": "名称", ".code": "值"})
    elif isinstance(facts, TaskFacts):
        lines.one(f"{name}.late", part, "逾期完成适用的标准", facts.late, clause)
        lines.one(f"{name}.missing", part, "未完成适用的标准", facts.missing, clause)
