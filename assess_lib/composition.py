"""How items' points come together: dimensions (cap, floor, weight), exempt items (折合系数), the bonus part's lines.

Rules give each item its points; what is done with them afterwards stands here once, for the order of judgement and for
everything that follows it. Sums are exact; a weighted or rescaled value is rounded once, half up, to 0.01.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from assess_lib.exact import ZERO, cents, plain, product, ratio, show, total
from assess_lib.ledger import Status
from assess_lib.scheme import Dimension, Item, Scheme


@dataclass(frozen=True, slots=True)
class Constituent:
    """What is added up within a part: a dimension with its items, or an item that belongs to none."""

    name: str
    items: tuple[Item, ...]
    floor: Decimal | None
    weight: Decimal | None = None
    cap: Decimal | None = None

    @property
    def full(self) -> Decimal:
        """The most it can count, exactly: the items' full marks within the cap, weighted."""
        return self.weighted(self.within(total(item.full for item in self.items)))

    def within(self, points: Decimal) -> Decimal:
        """Keep the items' sum within cap and floor; without a floor of its own a dimension never falls below 0."""
        low = ZERO if self.floor is None else self.floor
        return max(low, points if self.cap is None else min(points, self.cap))

    def weighted(self, points: Decimal) -> Decimal:
        """Multiply by the weight, exactly."""
        return points if self.weight is None else product(points, self.weight)

    def counted(self, points: Decimal) -> Decimal:
        """Return what the items' sum counts: cut by cap and floor, weighted, rounded once.

        Example: 85.00 of a dimension with weight 0.3 counts 25.50.
        """
        return cents(self.weighted(self.within(points)))


def constituents(scheme: Scheme, part: str) -> tuple[Constituent, ...]:
    """Return what is added up within a part, in the order of the scheme's items.

    A lone item may be negative down to its own floor; a dimension says itself how far it may fall.
    """
    known = {dimension.id: dimension for dimension in scheme.dimensions}
    found: dict[str, Constituent] = {}
    for item in scheme.part_items(part):
        if item.dimension is None:
            found[item.id] = Constituent(item.name, (item,), item.floor)
        elif item.dimension not in found:
            found[item.dimension] = _dimension(known[item.dimension], scheme)
    return tuple(found.values())


def _dimension(dimension: Dimension, scheme: Scheme) -> Constituent:
    items = tuple(item for item in scheme.items if item.dimension == dimension.id)
    return Constituent(dimension.name, items, dimension.floor, dimension.weight, dimension.cap)


def key_full(scheme: Scheme) -> Decimal:
    """Return the full mark of the key part, exactly."""
    return total(part.full for part in constituents(scheme, "key"))


def exempt_items(scheme: Scheme, unit_id: str, group: str) -> tuple[Item, ...]:
    """Return the key items in which a unit does not take part."""
    return tuple(item for item in scheme.key_items if item.exemption(unit_id, group))


def left_full(scheme: Scheme, exempt: Collection[Item]) -> Decimal:
    """Return the full mark of the key items in which a unit does take part, exactly."""
    parts = constituents(scheme, "key")
    lost = total(part.weighted(item.full) for part in parts for item in part.items if item in exempt)
    return key_full(scheme) - lost


def rescaled(points: Decimal, scheme: Scheme, exempt: Collection[Item]) -> Decimal:
    """Scale what a unit earned in the items that are left to the full mark of the key part (折合), rounded once.

    Example: 72.00 of 80 where an item of 20 is exempt: 72 × 100 ÷ 80 = 90.00.
    """
    return ratio(points, key_full(scheme), left_full(scheme, exempt))


def bounded(earned: Decimal, scheme: Scheme) -> Decimal:
    """Keep what the bonus part adds up to within the part's cap and floor; without a floor it is never negative."""
    cap, floor = scheme.judgement.bonus_cap, scheme.judgement.bonus_floor
    low = ZERO if floor is None else floor.points
    return cents(max(low, earned if cap is None else min(earned, cap.points)))


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the final account: what it adds, and in brackets how it came to that."""

    label: str
    status: Status
    nominal: Decimal
    points: Decimal
    remark: str
    gated: bool
    """Whether the row hangs on the gate of the bonus part."""


def key_steps(scheme: Scheme, points: Mapping[str, Decimal], exempt: Collection[Item] = ()) -> tuple[Step, ...]:
    """Return the rows that make the key score; ``points`` has the items that the unit takes part in."""
    steps = [
        _step(part, total(points[item.id] for item in part.items if item.id in points), gated=False)
        for part in constituents(scheme, "key")
        if any(item.id in points for item in part.items)
    ]
    if exempt:
        reached, whole, left = total(step.points for step in steps), key_full(scheme), left_full(scheme, exempt)
        made = rescaled(reached, scheme, exempt)
        names = "、".join(item.name for item in exempt)
        remark = f"{show(reached)} × {plain(whole)} ÷ {plain(left)} = {show(made)}；免考核：{names}"
        steps.append(Step("免考核项目折合", "exempt", made - reached, made - reached, remark, gated=False))
    return tuple(steps)


def _step(part: Constituent, points: Decimal, *, gated: bool) -> Step:
    within, counted = part.within(points), part.counted(points)
    remarks = []
    status: Status = "verdict"
    if within < points:
        status = "capped"
        remarks.append(f"各项合计 {show(points)}，上限 {show(part.cap)}")
    elif within > points:
        status = "floored"
        remarks.append(f"各项合计 {show(points)}，最低 {show(within)}")
    if part.weight is not None:
        remarks.append(f"{show(within)} × 权重 {plain(part.weight)} = {show(counted)}")
    nominal = cents(part.weighted(points))
    return Step(f"{part.name}得分", status, nominal, counted, "；".join(remarks), gated)


def bonus_steps(scheme: Scheme, points: Mapping[str, Decimal]) -> tuple[Step, ...]:
    """Return the rows that make the bonus score: one, or with dimensions one each and the part's own cut."""
    whole, name = earned(scheme, points), scheme.parts.bonus.name
    made = bounded(whole, scheme)
    status, line = _limit(whole, made, scheme)
    cut = f"各项合计 {show(whole)}，{line}" if line else ""
    if not any(dimension.part == "bonus" for dimension in scheme.dimensions):
        return (Step(f"{name}得分", status, whole, made, cut, gated=True),)
    parts = constituents(scheme, "bonus")
    steps = [_step(part, total(points[item.id] for item in part.items), gated=True) for part in parts]
    if line:
        steps.append(Step(f"{name}合计以{line} 为限", status, made - whole, made - whole, cut, gated=True))
    return tuple(steps)


def _limit(whole: Decimal, made: Decimal, scheme: Scheme) -> tuple[Status, str]:
    """Say which of the bonus part's own lines cut the sum, and name it; nothing where none did."""
    cap, floor = scheme.judgement.bonus_cap, scheme.judgement.bonus_floor
    if made < whole and cap is not None:
        return "capped", f"{cap.name} {show(cap.points)}"
    if made > whole:
        return "floored", f"{'最低分' if floor is None else floor.name} {show(made)}"
    return "verdict", ""


def earned(scheme: Scheme, points: Mapping[str, Decimal]) -> Decimal:
    """Return what the bonus items add up to by their dimensions, before the part's own cap and floor."""
    parts = constituents(scheme, "bonus")
    return total(part.counted(total(points[item.id] for item in part.items)) for part in parts)
