"""Where a unit stands among its group: the group's scores without names, and medians that reveal no single rival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from assess_lib.exact import ZERO, mean
from assess_lib.scheme import Item
from assess_lib.views.html import Html, render, sentence
from assess_lib.views.lines import records
from assess_lib.views.words import ABSENT, item_of, number, plain, share

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

REVEALING = 3
"""With fewer units in a comparison, a median or a dot would tell one rival's score."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One item: the unit's points beside the median of the group's units in which the item was judged."""

    item: Item
    points: Decimal
    median: Decimal | None
    """None where fewer than three units of the group were judged."""
    count: int


def median(values: Sequence[Decimal]) -> Decimal:
    """Return the middle value; of an even number of values the mean of the middle two, rounded half up to 0.01.

    >>> median([Decimal("1.00"), Decimal("4.00"), Decimal("2.01"), Decimal("3.00")])
    Decimal('2.51')
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else mean(ordered[half - 1 : half + 1])


def group_scores(report: UnitReport) -> tuple[Decimal, ...]:
    """Return the final scores of the unit's group, the unit's own among them, in ascending order, without names."""
    group = report.result["group"]
    rows = records(report.data.results)
    scores = [row["final_score"] for row in rows if row["group"] == group and row["final_score"] is not None]
    return tuple(sorted(scores))


def compared_items(report: UnitReport) -> tuple[Compared, ...]:
    """Compare each of the unit's judged items with the median of its group, in the scheme's order."""
    group = report.result["group"]
    members = {row["unit_id"] for row in records(report.data.results) if row["group"] == group}
    judged: dict[str, list[Decimal]] = {}
    for row in records(report.data.items):
        if row["unit_id"] in members and row["points"] is not None:
            judged.setdefault(row["item"], []).append(row["points"])
    found = []
    for item in report.scheme.items:
        own = report.items.get(item.id)
        if own is None or own["points"] is None:
            continue
        points = judged[item.id]
        middle = median(points) if len(points) >= REVEALING else None
        found.append(Compared(item, own["points"], middle, len(points)))
    return tuple(found)


def place(report: UnitReport) -> Html:
    """Say where the unit stands in its group and how far from the group's median."""
    if report.vetoed:
        return sentence(f"因{report.scheme.parts.veto.name}不排名，没有组内位置。", mark="said")
    scores, group = group_scores(report), report.result["group"]
    said = f"本单位在{group} {len(scores)} 个有得分的单位中列第 {report.result['rank_in_group']} 名"
    if len(scores) < REVEALING:
        return sentence(f"{said}；组内有得分的单位不足 {REVEALING} 个，不作比较，以免显示其他单位的得分。", mark="said")
    middle = median(scores)
    gap = report.final_score - middle
    how = "与组内中位数相同" if not gap else f"比组内中位数{'高' if gap > 0 else '低'} {number(abs(gap))} 分"
    return sentence(f"{said}，{how}（中位数 {number(middle)} 分）。", mark="said")


def items(report: UnitReport) -> Html:
    """Show each judged item: points, full mark, the group's median, and both as lengths of one bar."""
    rows = [
        {
            "item": report.item_name(each.item.id),
            "points": number(each.points),
            "full": plain(each.item.full) if each.item.floor is None else item_of(each.item),
            "median": ABSENT if each.median is None else number(each.median),
            "bar": _share(each.points, each.item),
            "tick": None if each.median is None else _share(each.median, each.item),
        }
        for each in compared_items(report)
    ]
    return render("unit_items", rows=rows, group=report.result["group"], revealing=REVEALING)


def _share(points: Decimal, item: Item) -> str:
    """Return how long a bar is: the share of the full mark, or of what an item that only deducts has left."""
    floor = item.floor or ZERO
    return share(points - floor, item.full - floor)
