"""Items by a count or a rate: so many points a report, or points by how high a rate is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from assess_lib.exact import ZERO, plain, show, times
from assess_lib.ledger import Chain, Status
from assess_lib.rules.case import Case, Doubt, Outcome, Unit, chain_for, note_absence
from assess_lib.scheme import Item, PointsPerCount, RateBands
from assess_lib.tables import TABLES, Source

INFORMATION, TASKS = "信息报送", "交办任务"
QUARTERS = TABLES[INFORMATION].column("季度").choices


def points_per_count(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge an item that gives so many points for each information report sent or adopted; quarters add up to the cap.

    Reads 信息报送. A quarter without a row leaves the item unresolved and counts 0.00 meanwhile.

    Example: 0.20 a report adopted, 3 and then 5 adopted: 0.60, then 1.00 more: 1.60.
    """
    rule = item.rule
    assert isinstance(rule, PointsPerCount)
    chain = chain_for(item, unit, case)
    rows = {row["季度"]: row for row in case.rows(INFORMATION, unit)}
    if not rows:
        return Outcome.of(chain, note_absence(chain, item, unit, case, INFORMATION))
    doubts = []
    for quarter in QUARTERS:
        if quarter not in rows:
            doubts.append(_missing_quarter(quarter, chain, unit))
            continue
        count = rows[quarter][rule.column]
        value = times(rule.each, count)
        label = f"第{quarter}季度{rule.column.removesuffix('条数')} {count} 条"
        _award(chain, label, value, f"{show(rule.each)} × {count} = {show(value)}", (rows[quarter].source,))
    return Outcome.of(chain, doubts)


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a rate is made of: how much of how many, in words, and the rows that say so."""

    part: int
    whole: int
    words: str
    sources: tuple[Source, ...]


def rate_bands(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge an item by how high a rate is: the points of the highest band that it reaches, else 0.00.

    Reads 交办任务 (done in time ÷ due by the run date, 时限 of the year) or 信息报送 (采用条数 ÷ 报送条数, the year's
    sums). Rates compare exactly. Where nothing counts, or 确认无事项 says that there is nothing, the item earns what
    the rule's ``none`` says.

    Example: 3 of 4 tasks in time is 75 %: a band from 75 is reached, one from 75.01 is not.
    """
    rule = item.rule
    assert isinstance(rule, RateBands)
    chain = chain_for(item, unit, case)
    (table,) = rule.tables
    if case.state(table, unit) != "reported":
        doubts = note_absence(chain, item, unit, case, table)
        if not doubts:
            _award(chain, "没有可计的事项", rule.none, f"按方案计 {show(rule.none)}", (unit.source,))
        return Outcome.of(chain, doubts)
    rate, doubts = _RATES[rule.rate](chain, unit, case)
    if rate.whole == 0:
        _award(chain, f"没有可计的事项（{rate.words}）", rule.none, f"按方案计 {show(rule.none)}", rate.sources)
        return Outcome.of(chain, doubts)
    band = next((band for band in rule.bands if band.reached(rate.part, rate.whole)), None)
    if band is None:
        points, price = ZERO, f"< {plain(rule.bands[-1].at_least)}%，不得分"
    else:
        points, price = band.points, f"≥ {plain(band.at_least)}%，得 {show(band.points)}"
    _award(chain, rate.words, points, f"{rate.part} ÷ {rate.whole} {price}", rate.sources)
    return Outcome.of(chain, doubts)


def _tasks_in_time(chain: Chain, unit: Unit, case: Case) -> tuple[_Rate, tuple[Doubt, ...]]:
    """Count the tasks due and those done in time; every row of 交办任务 gets its ledger row."""
    due = done = 0
    sources = []
    for row in sorted(case.rows(TASKS, unit), key=lambda r: (r["时限"], r["任务编号"])):
        label = f"任务 {row['任务编号']} {row['任务']}（时限 {row['时限']}）"
        status: Status = "counted"
        if not case.of_year(row["时限"]):
            status, why = "suppressed", "不属本考核年度，不计"
        elif row["时限"] > case.run_date:
            status, why = "suppressed", f"运行日期 {case.run_date} 尚未到期，不计"
        else:
            in_time = row["完成日期"] is not None and row["完成日期"] <= row["时限"]
            due, done = due + 1, done + in_time
            sources.append(row.source)
            why = "未完成" if row["完成日期"] is None else f"{row['完成日期']} 完成，{'按时' if in_time else '超时限'}"
        how = "计入比率" if status == "counted" else "不计入比率"
        chain.note(f"{label}：{why}", status, formula=f"{show(chain.total)}，{how}", source=(row.source,))
    return _Rate(done, due, f"到期任务 {due} 项，按时完成 {done} 项", tuple(sources)), ()


def _information_adopted(chain: Chain, unit: Unit, case: Case) -> tuple[_Rate, tuple[Doubt, ...]]:
    """Add up the year's reports and those adopted; a quarter without a row leaves the item unresolved."""
    rows = {row["季度"]: row for row in case.rows(INFORMATION, unit)}
    doubts = tuple(_missing_quarter(quarter, chain, unit) for quarter in QUARTERS if quarter not in rows)
    sent = sum(row["报送条数"] for row in rows.values())
    adopted = sum(row["采用条数"] for row in rows.values())
    sources = tuple(rows[quarter].source for quarter in QUARTERS if quarter in rows)
    return _Rate(adopted, sent, f"全年报送 {sent} 条，采用 {adopted} 条", sources), doubts


_RATES: Mapping[str, Callable[[Chain, Unit, Case], tuple[_Rate, tuple[Doubt, ...]]]] = {
    "tasks_in_time": _tasks_in_time,
    "information_adopted": _information_adopted,
}


def _award(chain: Chain, label: str, value: Decimal, price: str, source: tuple[Source, ...]) -> None:
    """Add points, cut by the item's cap."""
    before = chain.total
    points, cut = chain.room(value)
    cap = f"；应加 {show(value)}，本项上限 {show(chain.ceiling)}" if cut else ""
    chain.append(
        label,
        cut or "counted",
        nominal=value,
        points=points,
        formula=f"{show(before)} + {show(points)} = {show(before + points)}（{price}{cap}）",
        source=source,
    )


def _missing_quarter(quarter: str, chain: Chain, unit: Unit) -> Doubt:
    """Leave the item unresolved for a quarter without a row; the quarter counts nothing meanwhile."""
    chain.note(f"第{quarter}季度没有信息报送登记：待定", "unresolved", formula="暂按 0.00 计", source=(unit.source,))
    return Doubt(
        f"quarter-{quarter}-not-reported",
        INFORMATION,
        f"“{INFORMATION}”没有{unit.name}第{quarter}季度的登记。",
        "请补登该季度的报送条数和采用条数；没有报送的填 0。",
    )
