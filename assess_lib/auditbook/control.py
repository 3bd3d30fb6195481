"""The sheets that hold the formulas' results against this software's, and what was typed against what is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assess_lib.auditbook.book import Column, Style
from assess_lib.auditbook.common import CONFIRMED, Plan
from assess_lib.auditbook.totals import RESULT_COLUMNS, TOTALS
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.tables import TABLES

CHECK, ITEM_CHECK, INPUT_CHECK = "核对", "核对分项", "核对输入"
_OURS = "本软件结果"


def _compared(name: str, formula: str, ours: Sequence[Any], points: bool) -> list[Column]:
    """Return three columns: by formula, by this software, the difference."""
    mine, theirs, gap = f"{name}：公式", f"{name}：{_OURS}", f"{name}：差额"
    style: Style = "points" if points else "whole"
    different = '"不同"'
    if points:
        either = f"OR(ISTEXT([{mine}]),LEN([{theirs}])=0)"
        different = f'IF({either},"不同",ROUND(([{mine}]-[{theirs}])*{{scale}},0)/{{scale}})'
    return [
        Column(mine, formula, style=style),
        Column(theirs, cells=ours, style="points" if points else "auto", role="constant"),
        Column(gap, f"IF(EXACT([{mine}],[{theirs}]),0,{different})", style=style),
    ]


def _count(names: Sequence[str]) -> Column:
    return Column("不一致", "+".join(f"IF(EXACT([{name}：差额],0),0,1)" for name in names), note="本行不一致的处数")


def add_control(plan: Plan, results: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]) -> None:
    """Add 核对分项, 核对输入 and 核对; ``results`` and ``items`` are the rows of results.csv and items.csv."""
    _add_items(plan, items)
    _add_inputs(plan)
    names = list(RESULT_COLUMNS)[3:]
    columns: list[Column] = []
    for name in names:
        ours = [row[RESULT_COLUMNS[name]] for row in results]
        columns += _compared(name, f"[结果!{name}]", ours, name.endswith("得分"))
    columns += _compared("待定项数", f"[{TOTALS}!待定项数]", [row["unresolved"] for row in results], False)
    lead = [Column(name, f"[结果!{name}]", style="text") for name in ("单位编码", "单位名称")]
    sheet = plan.book.sheet(
        CHECK,
        plan.unit_count,
        [*lead, *columns, _count([*names, "待定项数"])],
        title=f"核对：公式结果与{_OURS}（results.csv）逐项相减。改动输入后，差额就是改动的影响",
        tab="result",
        banner="总结论",
    )
    wrong = f"SUM([:不一致])+SUM([{ITEM_CHECK}!:不一致])"
    sheet.set_banner(
        plan.book,
        f'IF(SUM([{INPUT_CHECK}!:处数])>0,"输入中有公式不能识别的内容，见工作表“{INPUT_CHECK}”；","")'
        f'&IF({wrong}=0,"全部一致：公式结果与{_OURS}没有差别","不一致 "&({wrong})&" 处：见差额列，或是改动输入所致")',
    )


def _add_items(plan: Plan, items: Sequence[Mapping[str, Any]]) -> None:
    """Add 核对分项: each unit's items by formula and by this software; an item that was not judged is blank."""
    order = {row: place for place, row in enumerate(dict.fromkeys(row["unit_id"] for row in items))}
    found = {(order[row["unit_id"]], row["item"]): row for row in items}
    columns: list[Column] = []
    for item in plan.scheme.items:
        rows = [found.get((place, item.id)) for place in range(plan.unit_count)]
        if item.part == "veto":
            formula = f'IF([计算{item.id}!否决]=1,"vetoed","clear")'
            columns += _compared(item.id, formula, [row and row["note"] for row in rows], False)
            continue
        judged = f"[{TOTALS}!加分开启]=1" if item.part == "bonus" else f"[{TOTALS}!单项否决]=0"
        formula = f'IF({judged},[计算{item.id}!得分×100]/{{scale}},"")'
        columns += _compared(item.id, formula, [row and row["points"] for row in rows], True)
    names = [item.id for item in plan.scheme.items]
    lead = [Column(name, f"[结果!{name}]", style="text") for name in ("单位编码", "单位名称")]
    plan.book.sheet(
        ITEM_CHECK,
        plan.unit_count,
        [*lead, *columns, _count(names)],
        title=f"核对分项：各项得分与{_OURS}（items.csv）逐项相减；没有评的项为空白",
        tab="result",
    )


def _add_inputs(plan: Plan) -> None:
    """Add 核对输入: what an edit may have put into a cell that no formula can understand. All counts should be 0."""
    checks: list[tuple[str, str, str]] = []
    for table, base in plan.bases.items():
        everyone = f"-SUM([{base}!:全部单位])" if base == CONFIRMED else ""
        formula = f"SUMPRODUCT((LEN([{base}!:单位])>0)*([{base}!:单位序号]=0)){everyone}"
        checks.append((f"{table}：单位", "名录中没有的单位（应填单位编码）", formula))
    for name, sheet in plan.book.sheets.items():
        if name.startswith("计算") and "标准序号" in sheet.formulas:
            code = f"[{name}!:适用标准]" if "适用标准" in sheet.order else "[扣分登记!:标准编号]"
            formula = f"SUMPRODUCT((LEN({code})>0)*([{name}!:标准序号]=0))"
            checks.append((f"{name}：标准", "扣分标准中没有的标准编号", formula))
    for table, spec in TABLES.items():
        for column in spec.columns if table in plan.book.sheets else ():
            if column.kind in ("date", "datetime", "number", "whole"):
                formula = f"SUMPRODUCT(ISTEXT([{table}!:{column.name}])*1)"
                checks.append((f"{table}：{column.name}", "应是数字或日期，却是文字", formula))
    checks.append(("信息报送：报送条数", "超过采用率精确比较的上限", "SUMPRODUCT(([信息报送!:报送条数]>{most})*1)"))
    for key, options in ((key, KNOWN_READINGS[key]) for key in plan.scheme.reading_keys):
        known = ",".join(f'EXACT({{reading.{key}}},"{option}")' for option in options)
        checks.append((f"口径：{key}", "没有这个选项", f"IF(OR({known}),0,1)"))
    plan.book.sheet(
        INPUT_CHECK,
        len(checks),
        [
            Column("检查", cells=[check[0] for check in checks], style="text", role="constant", width=30),
            Column("什么算不能识别", cells=[check[1] for check in checks], style="text", role="constant", width=40),
            Column("处数", formulas=[check[2] for check in checks], note="都应为 0"),
        ],
        title="核对输入：改动输入后，公式不能识别的内容有几处",
        tab="result",
    )
