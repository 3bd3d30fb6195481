"""Where a unit stands among its group: how the scores are spread, and medians, so that no single rival is revealed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.composition import key_full
from assess_lib.exact import ZERO, mean
from assess_lib.scheme import Item, Scheme
from assess_lib.views.html import Html, render, sentence
from assess_lib.views.lines import records
from assess_lib.views.words import ABSENT, item_of, number, plain, share

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet
    from assess_lib.views.unit import UnitReport

REVEALING = 3
"""With fewer units in a comparison, a median would tell one rival's score."""
SPREADABLE = 8
"""With fewer scored units in a group, its spread is not told: a quarter of them would be fewer than two units."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a group's final scores are spread, each at the nearest whole point (``drawn_step`` of the scheme).

    ``lower`` and ``upper`` are the quartiles (``quartiles``): half of the units lie between them.
    """

    lowest: int
    lower: int
    upper: int
    highest: int


@dataclass(frozen=True, slots=True)
class Peers:
    """All that a unit's report may tell of other units: counts, medians, how the scores are spread.

    ``ranked_in_group`` and ``ranked`` count the units with a final score, the unit's own among them. ``middle`` is the
    exact median of the group's final scores, None where fewer than ``REVEALING`` units have one; ``spread`` tells of
    the same scores, None where fewer than ``SPREADABLE`` units have one. ``items`` holds by item the median of the
    group's points, None where fewer than ``REVEALING`` units were judged; units whose item is unresolved have no part
    in it, as missing is no zero, and ``pending`` counts them by item, where there are any.
    """

    ranked_in_group: int
    ranked: int
    middle: Decimal | None
    spread: Spread | None
    items: Mapping[str, Decimal | None]
    pending: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Compared:
    """One item: the unit's points beside the median of the group's units whose item was judged and is resolved."""

    item: Item
    points: Decimal
    median: Decimal | None
    """None where there are fewer than three such units."""
    pending: int
    """How many units of the group were left out, as the item is unresolved."""


def median(values: Sequence[Decimal]) -> Decimal:
    """Return the middle value; of an even number of values the mean of the middle two, rounded half up to 0.01.

    >>> median([Decimal("1.00"), Decimal("4.00"), Decimal("2.01"), Decimal("3.00")])
    Decimal('2.51')
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else mean(ordered[half - 1 : half + 1])


def quartiles(values: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the medians of the lower and of the upper half; the middle one of an odd number belongs to neither.

    So an office finds them by hand: order the scores, part them in the middle, take the median of each half. They are
    exact: what is shown is rounded once. Needs two values at least.

    >>> quartiles([Decimal(score) for score in (50, 60, 70, 90, 95)])
    (Decimal('55'), Decimal('92.5'))
    """
    ordered = sorted(values)
    half = len(ordered) // 2
    return _middle(ordered[:half]), _middle(ordered[-half:])


def _middle(ordered: Sequence[Decimal]) -> Decimal:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def drawn_step(scheme: Scheme) -> int:
    """Return to how many points a group's spread is rounded: one, on a scale of a thousand ten."""
    return max(1, int(key_full(scheme)) // 100)


def nearest(score: Decimal, step: int) -> int:
    """Return the multiple of ``step`` that is nearest to a score, half up.

    >>> nearest(Decimal("59.50"), 1), nearest(Decimal("944.99"), 10)
    (60, 940)
    """
    return step * int((score / step).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def peers_by_group(data: ScoredSet) -> dict[str, Peers]:
    """Return by group what a report of one of its units may tell of the others, from the whole scored set."""
    groups: dict[str, str] = {}
    scores: defaultdict[str, list[Decimal]] = defaultdict(list)
    for row in records(data.results):
        groups[row["unit_id"]] = row["group"]
        if row["final_score"] is not None:
            scores[row["group"]].append(row["final_score"])
    judged: defaultdict[str, defaultdict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    pending: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in records(data.items):
        if row["points"] is not None:
            group, item = groups[row["unit_id"]], row["item"]
            points = judged[group][item]  # there for an item, too, that is unresolved in every unit
            if row["unresolved"]:
                pending[group][item] += 1
            else:
                points.append(row["points"])
    ranked, step = sum(map(len, scores.values())), drawn_step(data.basis.scheme)
    return {
        group: _peers(scores[group], ranked, judged[group], pending[group], step)
        for group in dict.fromkeys(groups.values())
    }


def _peers(
    scores: Sequence[Decimal],
    ranked: int,
    judged: Mapping[str, Sequence[Decimal]],
    pending: Mapping[str, int],
    step: int,
) -> Peers:
    return Peers(
        ranked_in_group=len(scores),
        ranked=ranked,
        middle=median(scores) if len(scores) >= REVEALING else None,
        spread=_spread(scores, step) if len(scores) >= SPREADABLE else None,
        items={item: median(points) if len(points) >= REVEALING else None for item, points in sorted(judged.items())},
        pending=dict(sorted(pending.items())),
    )


def _spread(scores: Sequence[Decimal], step: int) -> Spread:
    told = (min(scores), *quartiles(scores), max(scores))
    return Spread(*(nearest(score, step) for score in told))


def compared_items(report: UnitReport) -> tuple[Compared, ...]:
    """Compare each of the unit's judged items with the median of its group, in the scheme's order."""
    found = []
    for item in report.scheme.items:
        own: Mapping[str, Any] | None = report.items.get(item.id)
        if own is not None and own["points"] is not None:
            peers = report.peers
            found.append(Compared(item, own["points"], peers.items[item.id], peers.pending.get(item.id, 0)))
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
    compared = compared_items(report)
    rows = [
        {
            "item": report.item_name(each.item.id),
            "points": number(each.points),
            "full": plain(each.item.full) if each.item.floor is None else item_of(each.item),
            "median": ABSENT if each.median is None else number(each.median),
            "bar": _share(each.points, each.item),
            "tick": None if each.median is None else _share(each.median, each.item),
        }
        for each in compared
    ]
    left_out = "，".join(f"{each.item.id} {each.pending} 个" for each in compared if each.pending)
    return render("unit_items", rows=rows, group=report.result["group"], revealing=REVEALING, left_out=left_out)


def _share(points: Decimal, item: Item) -> str:
    """Return how long a bar is: the share of the full mark, or of what an item that only deducts has left."""
    floor = item.floor or ZERO
    return share(points - floor, item.full - floor)
