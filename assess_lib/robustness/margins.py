"""How much more a unit could lose: the points to the lines below it, and the fewest deductions that reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assess_lib.exact import to_cents, to_points
from assess_lib.robustness import parts
from assess_lib.robustness.judged import Judged
from assess_lib.scoring import Verdict

Line = Literal["gate", "grade", "fail"]


@dataclass(frozen=True, slots=True)
class Further:
    """Further single deductions of one standard: at which 单次扣分, how often; None when it never suffices."""

    standard: str
    rate: Decimal
    times: int | None


@dataclass(frozen=True, slots=True)
class Margin:
    """The smallest further loss of key points with which a unit crosses a line, everything else as it stands.

    ``gate``: the bonus part closes; ``grade``: the grade becomes a lower one; ``fail``: it becomes 不合格. ``distance``
    is the key score less the line (gate, pass mark), or the final score less the approved band that holds the grade.
    ``fewest`` are the fewest single deductions that together take ``points``, ``alone`` what each standard needs by
    itself.
    """

    unit_id: str
    line: Line
    points: Decimal
    distance: Decimal
    before: Verdict
    after: Verdict
    fewest: tuple[Further, ...] | None
    alone: tuple[Further, ...]

    @property
    def count(self) -> int | None:
        """How many single deductions ``fewest`` are; None when the standards cannot take that much."""
        return None if self.fewest is None else sum(further.times or 0 for further in self.fewest)


@dataclass(frozen=True, slots=True)
class Room:
    """A standard that can take more: 单次扣分, and how much its 扣分上限 leaves (None: no limit), in cents."""

    standard: str
    rate: int
    left: int | None


def margins(judged: Judged) -> tuple[Margin, ...]:
    """Return the lines that a scored unit can still fall below, the nearest first; none for a vetoed unit."""
    now = judged.now
    if now.status == "vetoed":
        return ()
    fail, judgement = judged.scheme.grades.fail, judged.scheme.judgement
    key = to_points(judged.key)
    tests: dict[Line, tuple[Callable[[Verdict], bool], Decimal]] = {}
    if now.bonus_open and judgement.bonus_gate is not None:
        tests["gate"] = (lambda verdict: not verdict.bonus_open, key - judgement.bonus_gate.points)
    if now.grade != fail:
        band = next((band for band in judged.scheme.grades.bands if band.grade == now.grade), None)
        if band is not None and now.final_score is not None:
            tests["grade"] = (lambda verdict: verdict.grade != now.grade, now.final_score - band.at_least)
        tests["fail"] = (lambda verdict: verdict.grade == fail, key - judgement.pass_mark.points)
    rooms = standard_rooms(judged)
    found = []
    for line, (crossed, distance) in tests.items():
        loss = smallest_loss(judged.key, lambda key, crossed=crossed: crossed(judged.verdict(False, key)))  # type: ignore[misc]
        if loss is not None:
            after = judged.verdict(False, judged.key - loss)
            fewest = fewest_deductions(loss, rooms)
            alone = tuple(Further(r.standard, to_points(r.rate), times(loss, r)) for r in rooms)
            found.append(Margin(judged.unit.id, line, to_points(loss), distance, now, after, fewest, alone))
    return tuple(sorted(found, key=lambda margin: margin.points))


def smallest_loss(key: int, crossed: Callable[[int], bool]) -> int | None:
    """Return the smallest loss, in cents, after which a line is crossed; None if losing all does not cross it.

    ``crossed`` takes a key score and, once true, stays true below: fewer key points never open the bonus part, never
    raise the final score, never better the grade.
    """
    if not crossed(0):
        return None
    low, high = 0, key  # not crossed at a loss of ``low``, crossed at ``high``
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if crossed(key - middle) else (middle, high)
    return high


def standard_rooms(judged: Judged) -> tuple[Room, ...]:
    """Return what each standard of the key part can still take from the unit, in the order of 标准编号.

    A standard is one of the key part unless the scheme names it for a bonus item alone and the unit's register does not
    use it. A standard whose 扣分上限 is used up is left out.
    """
    key = judged.scheme.key_item
    taken: dict[str, int] = {}
    for deduction in parts.deductions(judged, key):
        taken[deduction.standard] = taken.get(deduction.standard, 0) + deduction.amount
    named, caps = judged.scheme.named_standards(), parts.caps(judged)
    found = []
    for code, row in sorted(parts.standards(judged).items()):
        if named.get(code, key.id) != key.id and code not in taken:
            continue
        cap = caps[code]
        left = None if cap is None else max(0, cap - taken.get(code, 0))
        if left != 0:
            found.append(Room(code, to_cents(row["单次扣分"]), left))
    return tuple(found)


def times(loss: int, room: Room) -> int | None:
    """Return how many single deductions of one standard take at least ``loss``; None when its limit comes before."""
    if room.left is not None and room.left < loss:
        return None
    return -(-loss // room.rate)


def fewest_deductions(loss: int, rooms: Iterable[Room]) -> tuple[Further, ...] | None:
    """Return the fewest single deductions that together take at least ``loss``; None when all limits come before.

    Each further deduction under one standard takes no more than the one before (the last may be cut by the limit), so
    taking the largest left is always right. Equal ones: the standard that stands first.
    """
    steps: list[tuple[int, str, int, int | None]] = []
    for room in rooms:
        whole = None if room.left is None else room.left // room.rate
        rest = 0 if room.left is None else room.left % room.rate
        steps += [(room.rate, room.standard, room.rate, whole)] * (whole != 0) + [
            (rest, room.standard, room.rate, 1)
        ] * (rest > 0)
    used: dict[str, tuple[int, int]] = {}
    for gain, standard, rate, most in sorted(steps, key=lambda step: (-step[0], step[1])):
        if loss <= 0:
            break
        needed = -(-loss // gain)
        count = needed if most is None else min(needed, most)
        used[standard] = (rate, used.get(standard, (rate, 0))[1] + count)
        loss -= gain * count
    if loss > 0:
        return None
    return tuple(Further(standard, to_points(rate), count) for standard, (rate, count) in used.items())


def nearest(found: Sequence[Margin], line: Line) -> Margin | None:
    """Return the margin to one line, if the unit can fall below it."""
    return next((margin for margin in found if margin.line == line), None)
