"""The county's details as tables: what was lost and by whom, what each bonus item gave and rests on."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup

from assess_lib.beyond import raw_points
from assess_lib.exact import ZERO, mean
from assess_lib.scheme import Item, MeanOfRaters
from assess_lib.views.html import Column, Html, figure, sentence, table
from assess_lib.views.lines import Line
from assess_lib.views.words import item_of, number, per_cent, plain, signed

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

_UNIT = Column("unit", "单位", "short")
_IDLE = ("counted", "suppressed", "exempt")  # of a row that moved nothing: it never could


def stacked(texts: list[str] | tuple[str, ...]) -> Markup:
    """Set texts below one another in a cell, each escaped."""
    return Markup("<br>").join(texts)


# ---- what was lost ------------------------------------------------------------------------------------------------


def costs_by_standard(facts: CountyFacts) -> Html:
    """Show what cost the county most, with the running share of all deductions."""
    costs, name = facts.costs(), facts.scheme.parts.key.name
    if not costs:
        return sentence(f"全县{facts.no_losses}。")
    half = next(place for place, cost in enumerate(costs, start=1) if cost.share >= 50)
    said = f"全县{name}共扣 {number(facts.lost)} 分{raw_points(facts.scheme)}，"
    said += f"涉及 {len(costs)} 项标准；其中前 {half} 项占一半以上。"
    rows = [
        {
            "code": cost.code,
            "what": cost.what,
            "points": cost.points,
            "times": len(cost.deductions),
            "units": len(cost.by_unit()),
            "share": per_cent(cost.share),
        }
        for cost in costs
    ]
    columns = (
        Column("code", "标准", "short"),
        Column("what", "扣分情形"),
        Column("points", "共扣", "number"),
        Column("times", "笔数", "number"),
        Column("units", "单位数", "number"),
        Column("share", "累计占比", "number"),
    )
    return sentence(said, mark="said") + table(rows, columns, css="dense")


def units_by_standard(facts: CountyFacts) -> Html:
    """Show of each standard which units lost how much by it, the unit that lost most first."""
    rows = [
        {"what": stacked((f"{cost.code} {cost.what}", _sum(cost.points, len(cost.deductions)))),
         "who": facts.listed(cost.by_unit())}
        for cost in facts.costs()
    ]  # fmt: skip
    columns = (Column("what", "标准"), Column("who", "单位和扣分"))
    return table(rows, columns, empty=f"{facts.no_losses}。", css="listing")


def _sum(points: Decimal, times: int) -> str:
    return f"共 {number(points)} 分，{times} 笔"


def costs_by_unit(facts: CountyFacts) -> Html:
    """Show what each unit lost, by standard, the unit that lost most first; units that lost nothing are named."""
    found = facts.unit_costs()
    groups = {row["unit_id"]: row["group"] for row in facts.results}
    rows = [
        {
            "unit": stacked(
                (
                    f"{facts.names[unit]}（{groups[unit]}）",
                    _sum(sum((points for points, _ in costs.values()), ZERO), sum(many for _, many in costs.values())),
                )
            ),
            "what": facts.listed(costs, named=False),
        }
        for unit, costs in found.items()
    ]
    columns = (Column("unit", "单位"), Column("what", "标准和扣分"))
    shown = table(rows, columns, empty=f"{facts.no_losses}。", css="listing")
    clean = [row["unit_name"] for row in facts.scored if row["unit_id"] not in found]
    return shown + sentence(f"没有扣分：{'、'.join(clean)}。", mark="rest") if clean else shown


# ---- what was earned ----------------------------------------------------------------------------------------------


def bonus_summary(facts: CountyFacts) -> Html:
    """Show what each bonus item gave: how many units earned it, how much, what is unresolved."""
    rows = []
    for item in facts.scheme.part_items("bonus"):
        mine = [row for row in facts.items if row["item"] == item.id]
        points = [row["points"] for row in mine]
        rows.append(
            {
                "item": facts.item_name(item.id),
                "cap": plain(item.full) if item.floor is None else item_of(item),
                "judged": len(mine),
                "earned": sum(value > ZERO for value in points),
                "full": sum(value == item.full for value in points),
                "mean": mean(points) if points else None,
                "open": sum(row["unresolved"] for row in mine),
            }
        )
    columns = (
        Column("item", "项目", "short"),
        Column("cap", "满分", "number"),
        Column("judged", "计分单位", "number"),
        Column("earned", "得分单位", "number"),
        Column("full", "满分单位", "number"),
        Column("mean", "平均得分", "number"),
        Column("open", "待定单位", "number"),
    )
    return table(rows, columns, empty="本方案没有加分项目。")


def bonus_details(facts: CountyFacts) -> Html:
    """Show of each bonus item who earned what by which facts, and what was withheld, cut, revoked or is open.

    Of the leaders' opinions only the mean is printed. Facts that never could count (of another year, of a level
    without points, a matter's second award) stand in the workbook's 加分明细 and in the units' reports.
    """
    name = facts.scheme.parts.bonus.name
    if not facts.scheme.part_items("bonus"):
        return sentence("本方案没有加分项目。")
    if not facts.opened:
        return sentence(f"没有单位开启{name}。")
    shown = [_bonus_detail(facts, item) for item in facts.scheme.part_items("bonus")]
    return sum(shown[1:], shown[0])


def _bonus_detail(facts: CountyFacts, item: Item) -> Html:
    caption = f"{facts.item_name(item.id)}（{item.clause}，{item_of(item)}）"
    judged = [(row["unit_id"], facts.cells[row["unit_id"], item.id]["points"]) for row in facts.opened]
    judged.sort(key=lambda pair: -pair[1])
    if isinstance(item.rule, MeanOfRaters):
        rated = {row["单位"] for row in facts.tables["领导评价"]}
        means = Markup("、").join(
            Markup("{} {}{}").format(
                facts.names[unit], _item_points(unit, item, points), "" if unit in rated else "（没有评价）"
            )
            for unit, points in judged
        )
        return table([{"all": means}], (Column("all", "各单位平均分"),), caption=caption, css="bonus-detail")
    told: defaultdict[str, list[str]] = defaultdict(list)
    for line in facts.bonus_lines(item.id):
        if line.moved or line.status not in _IDLE:
            told[line.unit_id].append(_reason(line))
    rows = [
        {"unit": facts.names[unit], "points": _item_points(unit, item, points), "why": stacked(told[unit])}
        for unit, points in judged
        if told[unit]
    ]
    columns = (_UNIT, Column("points", "得分", "number"), Column("why", "由来"))
    silent: defaultdict[Decimal, list[str]] = defaultdict(list)
    for unit, points in judged:
        if not told[unit]:
            silent[points].append(facts.names[unit])
    rest = "；".join(f"{number(points)} 分的有{'、'.join(silent[points])}" for points in sorted(silent, reverse=True))
    made = table(rows, columns, caption=caption, empty=f"{caption}：没有加分或扣分的事实。", css="bonus-detail")
    return made + sentence(f"没有变动分值的事实，得 {rest}。", mark="rest") if rest else made


def _reason(line: Line) -> str:
    status = "" if line.status == "counted" else f"（{line.status_word}）"
    return f"{signed(line.points)}{status} {line.label}"


def _item_points(unit: str, item: Item, points: Decimal) -> Markup:
    return figure(unit, "points", points, number(points), item=item.id)
