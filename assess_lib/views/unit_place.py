"""Where a unit stands among its group: the group's scores without names, and medians that reveal no single rival."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.exact import ZERO, mean
from assess_lib.scheme import Item
from assess_lib.views.html import Html, render, sentence
from assess_lib.views.lines import records
from assess_lib.views.words import ABSENT, item_of, number, plain, share

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet
    from assess_lib.views.unit import UnitReport

REVEALING = 3
"""With fewer units in a comparison, a median or a dot would tell one rival's score."""


@dataclass(frozen=True, slots=True)
class Peers:
    """All that a unit's report may tell of other units: counts, rounded scores without names, medians.

    ``ranked_in_group`` and ``ranked`` count the units with a final score, the unit's own among them. ``scores`` counts
    the group's final scores by the nearest whole point, ascending, and ``middle`` is their exact median; there are none
    where fewer than ``REVEALING`` units have one. ``items`` holds by item the median of the group's points (None where
    fewer than ``REVEALING`` were judged) and how many were judged.
    """

    ranked_in_group: int
    ranked: int
    scores: Mapping[int, int]
    middle: Decimal | None
    items: Mapping[str, tuple[Decimal | None, int]]


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


def whole(score: Decimal) -> int:
    """Return a score at the nearest whole point, as it is drawn: nobody reads a rival's score off a figure."""
    return int(score.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def peers_by_group(data: ScoredSet) -> dict[str, Peers]:
    """Return by group what a report of one of its units may tell of the others, from the whole scored set."""
    groups: dict[str, str] = {}
    scores: defaultdict[str, list[Decimal]] = defaultdict(list)
    for row in records(data.results):
        groups[row["unit_id"]] = row["group"]
        if row["final_score"] is not None:
            scores[row["group"]].append(row["final_score"])
    judged: defaultdict[str, defaultdict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for row in records(data.items):
        if row["points"] is not None:
            judged[groups[row["unit_id"]]][row["item"]].append(row["points"])
    ranked = sum(map(len, scores.values()))
    return {group: _peers(scores[group], ranked, judged[group]) for group in dict.fromkeys(groups.values())}


def _peers(scores: Sequence[Decimal], ranked: int, judged: Mapping[str, Sequence[Decimal]]) -> Peers:
    shown = scores if len(scores) >= REVEALING else ()
    return Peers(
        ranked_in_group=len(scores),
        ranked=ranked,
        scores=dict(sorted(Counter(map(whole, shown)).items())),
        middle=median(shown) if shown else None,
        items={
            item: (median(points) if len(points) >= REVEALING else None, len(points))
            for item, points in sorted(judged.items())
        },
    )


def compared_items(report: UnitReport) -> tuple[Compared, ...]:
    """Compare each of the unit's judged items with the median of its group, in the scheme's order."""
    found = []
    for item in report.scheme.items:
        own: Mapping[str, Any] | None = report.items.get(item.id)
        if own is not None and own["points"] is not None:
            found.append(Compared(item, own["points"], *report.peers.items[item.id]))
    return tuple(found)


def place(report: UnitReport) -> Html:
    """Say where the unit stands in its group and how far from the group's median."""
    if report.vetoed:
        return sentence(f"因{report.scheme.parts.veto.name}不排名，没有组内位置。", mark="said")
    peers, group = report.peers, report.result["group"]
    said = f"本单位在{group} {peers.ranked_in_group} 个有得分的单位中列第 {report.result['rank_in_group']} 名"
    if peers.middle is None:
        return sentence(f"{said}；组内有得分的单位不足 {REVEALING} 个，不作比较，以免显示其他单位的得分。", mark="said")
    middle = peers.middle
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
