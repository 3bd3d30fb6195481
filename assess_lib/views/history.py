"""Earlier years in a report: score and rank by year, and the items that may be compared.

Nothing here is marked for verification: the numbers of earlier years are those years' own. A report without earlier
years beside it shows nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from assess_lib.errors import UsageError
from assess_lib.exact import mean
from assess_lib.history import History, UnitYear, YearSet, rule_differences
from assess_lib.scheme import Item, Scheme
from assess_lib.scoring import Result
from assess_lib.views.html import Column, Html, render, sentence, table
from assess_lib.views.page import APPROVED, DRAFT, SUBMITTED
from assess_lib.views.words import ABSENT, number, signed

HEADING = "历年情况"
_STATES = {"draft": DRAFT, "submitted": SUBMITTED, "approved": APPROVED}
_APART = "不比较"
_DIGEST = 8  # so many characters of a receipt's digest tell sets apart


def history_section(history: History, unit_id: str | None = None, *, heading: str = HEADING) -> Html:
    """Return the section on earlier years, of one unit or (``None``) of the county; nothing where there are none.

    ``heading`` is printed above it, blank for none. Raises UsageError for a unit that the current year does not have.
    """
    if unit_id is not None and history.current.result(unit_id) is None:
        raise UsageError(f"结果中没有单位编码“{unit_id}”。请核对“单位名录”中的单位编码。")
    if history.empty:
        return sentence()
    made = render("history_heading", heading=heading) if heading else sentence()
    if history.earlier:
        made += _unit_part(history, unit_id) if unit_id is not None else _county_part(history)
    for year, why in history.unread:
        made += sentence(f"{year} 年度的结果没有采用：{why}。", mark="warn")
    return made


def comparison_notes(history: History, items: Sequence[Item]) -> list[str]:
    """Say for each earlier year which items are not compared with the current year, and why."""
    notes = []
    for data in history.earlier:
        told = [(item, rule_differences(data, history.current, item.id)) for item in items]
        words = [f"{item.id} {item.name}（{'，'.join(reasons)}）" for item, reasons in told if reasons]
        if words:
            notes.append(f"{data.year} 年与 {history.current.year} 年规则不同、不作比较的项目：{'；'.join(words)}。")
    return notes


def _scored_items(history: History) -> list[Item]:
    return [item for item in history.current.scheme.items if item.part != "veto"]


def _all_alike(history: History) -> bool:
    """Whether all scores follow the same rules, so that they may be set against each other as a whole."""
    now = history.current
    return all(
        [item.id for item in data.scheme.items] == [item.id for item in now.scheme.items]
        and _totals(data.scheme) == _totals(now.scheme)
        and data.readings.get("bonus_gate") == now.readings.get("bonus_gate")
        and not any(rule_differences(data, now, item.id) for item in now.scheme.items)
        for data in history.earlier
    )


def _totals(scheme: Scheme) -> list[Any]:
    """Return all that turns items' points into a score: lines, dimensions, exemptions; names and clauses aside."""
    named = {"name", "clause", "words"}
    lines = [(key, line.model_dump(exclude=named)) for key, line in scheme.judgement.lines()]
    dimensions = [dimension.model_dump(exclude=named) for dimension in scheme.dimensions]
    exempt = [item.model_dump(include={"id", "dimension", "exempt"}) for item in scheme.key_items]
    return [lines, dimensions, exempt]


def _caution(history: History) -> Html:
    if _all_alike(history):
        told = ["各年的项目、分值、口径和扣分标准相同，得分可以比较。"]
    else:
        told = ["各年的规则不完全相同：总分和名次只并列，不相减；只有规则相同的项目才比较。"]
    if any(data.pending for data in history.years):
        told.append("注明“待定”的还没有报齐，得分和名次会变动；待定的项目不作比较。")
    return sentence(*told, mark="said")


# ---- one unit -------------------------------------------------------------------------------------------------


def _unit_part(history: History, unit_id: str) -> Html:
    years = history.unit_years(unit_id)
    if all(each.data is history.current for each in years):
        return sentence("以前年度的结果中没有本单位，也没有由本单位承继的单位。", mark="said")
    columns = (
        Column("year", "年度"),
        Column("name", "当年名称"),
        Column("key", "重点考核", "number"),
        Column("bonus", "加分", "number"),
        Column("final", "最终得分", "number"),
        Column("grade", "等次"),
        Column("rank", "名次"),
    )
    rows = [_unit_row(each) for each in years]
    made = table(rows, columns, caption="得分和名次（组内、全县；斜线后为当年参加排名的单位数）", css="history")
    return made + _caution(history) + _unit_items(history, unit_id, years)


def _unit_row(each: UnitYear) -> dict[str, Any]:
    result, data = each.result, each.data
    return {
        "year": _year(data, result.unresolved),
        "name": result.unit_name if each.own else f"{result.unit_name}（{result.unit_id}，已由本单位承继）",
        "key": result.key_score,
        "bonus": result.bonus_score,
        "final": result.final_score,
        "grade": data.scheme.grades.printed(result.grade),
        "rank": _ranks(result, data),
    }


def _year(data: YearSet, unresolved: int = 0) -> str:
    pending = f"，待定 {unresolved} 项" if unresolved else ""
    return f"{data.year}（{_STATES[data.state]}{pending}）"


def _ranks(result: Result, data: YearSet) -> str:
    if result.rank_in_group is None:
        return ABSENT
    return f"{result.rank_in_group}/{data.ranked(result.group)}，{result.rank_overall}/{data.ranked()}"


def _unit_items(history: History, unit_id: str, years: Sequence[UnitYear]) -> Html:
    """Show the points of items whose rules are the same, beside the current year's, and what is left out and why."""
    now, rows = history.current, []
    single = {data.year: [each for each in years if each.data is data] for data in history.earlier}
    shown = [data for data in history.earlier if len(single[data.year]) == 1]
    for item in _scored_items(history):
        own, own_text = _item_points(now, unit_id, item)
        row: dict[str, Any] = {"item": f"{item.id} {item.name}", str(now.year): own_text}
        change = None
        for data in shown:
            then, text = _item_points(data, single[data.year][0].result.unit_id, item)
            alike = not rule_differences(data, now, item.id)
            row[str(data.year)] = text if alike else _APART
            change = own - then if alike and own is not None and then is not None else None
        last = shown[-1].year if shown else None
        row["change"] = ABSENT if change is None else signed(change)
        if any(row[str(data.year)] not in (None, _APART) for data in shown):
            rows.append(row)
    made = sentence()
    if rows:
        columns = [Column("item", "项目")]
        columns += [Column(str(data.year), f"{data.year} 年", "number") for data in (*shown, now)]
        columns.append(Column("change", f"比 {last} 年", "number"))
        made += table(rows, columns, caption="规则相同的项目", css="history")
    several = [data.year for data in history.earlier if len(single[data.year]) > 1]
    if several:
        told = "、".join(map(str, several))
        made += sentence(f"{told} 年有几个单位的结果（合并），各项得分不作比较。", mark="said")
    notes = comparison_notes(history, _scored_items(history))
    return made + (sentence(*notes, mark="said") if notes else sentence())


def _item_points(data: YearSet, unit_id: str, item: Item) -> tuple[Decimal | None, str | None]:
    """Return an item's points as far as they are the last word, and as they are printed."""
    points = data.points.get((unit_id, item.id))
    if points is None:
        return None, None
    unresolved = (unit_id, item.id) in data.open
    return (None, f"{number(points)}（待定）") if unresolved else (points, number(points))


# ---- the county -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """The final scores of one year: how many, the highest, the middle and the lowest; None where there are none."""

    count: int
    highest: Decimal | None
    middle: Decimal | None
    lowest: Decimal | None


def spread(data: YearSet) -> Spread:
    """Return how a year's final scores are spread; of an even number the middle is the mean of the middle two."""
    scores = sorted(result.final_score for result in data.results if result.final_score is not None)
    if not scores:
        return Spread(0, None, None, None)
    half = len(scores) // 2
    middle = scores[half] if len(scores) % 2 else mean(scores[half - 1 : half + 1])
    return Spread(len(scores), scores[-1], middle, scores[0])


def _county_part(history: History) -> Html:
    columns = (
        Column("year", "年度", "short"),
        Column("units", "单位", "number"),
        Column("vetoed", "单项否决", "number"),
        Column("failed", "低于合格线", "number"),
        Column("open", "有待定", "number"),
        Column("highest", "最高", "number"),
        Column("middle", "中位数", "number"),
        Column("lowest", "最低", "number"),
    )
    rows = [_county_row(data) for data in history.years]
    made = table(rows, columns, caption="各年的最终得分", css="history")
    receipts = "；".join(f"{data.year} 年 {data.receipt[:_DIGEST]}" for data in history.years)
    made += sentence(f"各年结果的凭据（receipt.json 摘要的前 {_DIGEST} 位）：{receipts}。", mark="said")
    return made + _caution(history) + _county_items(history) + _county_units(history)


def _county_row(data: YearSet) -> dict[str, Any]:
    scores = spread(data)
    scored = [
        (r.key_score, r.final_score) for r in data.results if r.key_score is not None and r.final_score is not None
    ]
    return {
        "year": _year(data),
        "units": str(len(data.results)),
        "vetoed": str(sum(result.status == "vetoed" for result in data.results)),
        "failed": str(sum(data.scheme.fails(key, final) for key, final in scored)),
        "open": str(sum(result.unresolved > 0 for result in data.results)),
        "highest": scores.highest,
        "middle": scores.middle,
        "lowest": scores.lowest,
    }


def _county_items(history: History) -> Html:
    """Show the mean points of items whose rules are the same; what is left out and why."""
    now, rows = history.current, []
    for item in _scored_items(history):
        row: dict[str, Any] = {"item": f"{item.id} {item.name}"}
        alike = 0
        for data in history.years:
            same = data is now or not rule_differences(data, now, item.id)
            points = [value for key, value in data.points.items() if key[1] == item.id and key not in data.open]
            points = points if same else []
            row[str(data.year)] = _APART if not same else f"{number(mean(points))}（{len(points)}）" if points else None
            alike += bool(points) and data is not now
        if alike:
            rows.append(row)
    notes = comparison_notes(history, _scored_items(history))
    made = sentence()
    if rows:
        columns = [Column("item", "项目")]
        columns += [Column(str(data.year), f"{data.year} 年", "number") for data in history.years]
        made = table(rows, columns, caption="规则相同的项目：平均得分（评了这一项、不待定的单位数）", css="history")
    return made + (sentence(*notes, mark="said") if notes else sentence())


def _county_units(history: History) -> Html:
    """Show each unit's final score and overall rank by year; of a merged unit those of all that went into it."""
    rows = []
    for result in history.current.results:
        row: dict[str, Any] = {"unit": result.unit_name, "group": result.group}
        for each in history.unit_years(result.unit_id):
            text = _score_and_rank(each)
            key = str(each.data.year)
            row[key] = f"{row[key]}；{text}" if key in row else text
        rows.append({str(data.year): ABSENT for data in history.years} | row)
    columns = [Column("unit", "单位", "short"), Column("group", "组别", "short")]
    columns += [Column(str(data.year), f"{data.year} 年") for data in history.years]
    made = table(rows, columns, caption="各单位历年最终得分（总名次）", css="history")
    known = {code for result in history.current.results for code in history.codes(result.unit_id)}
    gone = [
        f"{result.unit_name}（{result.unit_id}，{data.year} 年）"
        for data in history.earlier
        for result in data.results
        if result.unit_id not in known
    ]
    if gone:
        made += sentence(f"以前年度参加考核、现不在名录中也没有承继单位的：{'、'.join(gone)}。", mark="said")
    return made


def _score_and_rank(each: UnitYear) -> str:
    result = each.result
    whose = "" if each.own else f"{result.unit_name} "
    if result.final_score is None:
        return f"{whose}{each.data.scheme.parts.veto.name}"
    pending = "，待定" if result.unresolved else ""
    return f"{whose}{number(result.final_score)}（{result.rank_overall}{pending}）"
