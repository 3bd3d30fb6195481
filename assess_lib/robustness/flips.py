"""The smallest corrections that change a unit's status, its bonus part or its grade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assess_lib.exact import to_points
from assess_lib.robustness import parts, vetoes
from assess_lib.robustness.corrections import Correction
from assess_lib.robustness.judged import Judged
from assess_lib.robustness.options import Cost, Rows, cost
from assess_lib.scoring import Verdict

Aspect = Literal["status", "gate", "grade"]
ASPECTS: tuple[Aspect, ...] = ("status", "gate", "grade")
# A value in cents, what its corrections cost, and which they are.
Option = tuple[int, Cost, Rows]
_AS_IT_STANDS: tuple[None, Cost, Rows] = (None, Cost(0, 0), ())


@dataclass(frozen=True, slots=True)
class Flip:
    """A set of corrections that changes one aspect of a unit's result, and what the result becomes.

    ``moved`` is how many points the set moves: the changes of all scored items added up, whichever way each goes. Items
    that are not judged (of a vetoed unit, of a closed bonus part) count with the points that they would have; what
    lifts or brings on a veto moves none.
    """

    unit_id: str
    aspect: Aspect
    corrections: tuple[Correction, ...]
    moved: Decimal
    before: Verdict
    after: Verdict


def value(verdict: Verdict, aspect: Aspect) -> str | bool:
    """Return an aspect of a verdict: vetoed or scored, bonus part open or not, grade."""
    return {"status": verdict.status, "gate": verdict.bonus_open, "grade": verdict.grade}[aspect]


class Search:
    """All that corrections can make of one unit, searched for the smallest that changes an aspect.

    Veto items, key part and bonus part read different tables, so the cheapest way to each of their values is found
    for itself and a set for the whole unit is one way of each part.
    """

    def __init__(self, judged: Judged) -> None:
        self.judged = judged
        self.lifting = vetoes.lifting(judged) if judged.now.status == "vetoed" else ()
        self.bringing_on = vetoes.bringing_on(judged)
        self._options: dict[tuple[str, bool], list[Option]] = {}

    def _part(self, part: Literal["key", "bonus"], by_points: bool) -> list[Option]:
        """Return what a part can come to, each value with its cheapest corrections, the cheapest value first."""
        if (part, by_points) not in self._options:
            compute = parts.key_options if part == "key" else parts.bonus_options
            found = [(points, price, rows) for points, (price, rows) in compute(self.judged, by_points).items()]
            self._options[part, by_points] = sorted(found, key=lambda option: (option[1], option[0]))
        return self._options[part, by_points]

    def smallest(self, aspect: Aspect, by_points: bool = False) -> Flip | None:
        """Return a set of corrections that changes the aspect: the fewest rows, or the fewest points moved.

        Of equal ones by the first measure the smaller by the other. None when no set of corrections changes it.
        """
        best: tuple[Cost, Rows, Verdict] | None = None
        for price, rows, verdict in self._outcomes(aspect, by_points):
            if value(verdict, aspect) != value(self.judged.now, aspect) and (best is None or price < best[0]):
                best = price, rows, verdict
        if best is None:
            return None
        price, rows, verdict = best
        moved = price.first if by_points else price.second
        chosen = tuple(self.judged.corrections[row] for row in sorted(rows))
        return Flip(self.judged.unit.id, aspect, chosen, to_points(moved), self.judged.now, verdict)

    def _outcomes(self, aspect: Aspect, by_points: bool) -> Iterator[tuple[Cost, Rows, Verdict]]:
        """Yield what can become of the unit, each with its corrections and their cost, as far as it may be cheapest.

        Where a way changes the aspect, every dearer one is left out.
        """
        judged = self.judged
        now = value(judged.now, aspect)
        limit: Cost | None = None  # what the cheapest change so far costs
        if self.bringing_on is not None:
            price, verdict = cost(self.bringing_on, 0, by_points), judged.verdict(True, judged.key)
            if value(verdict, aspect) != now:  # a veto leaves a bonus part closed that is closed already
                limit = price
            yield price, self.bringing_on, verdict
        if self.lifting is None:
            return
        lifted = cost(self.lifting, 0, by_points)
        if aspect == "status":
            yield lifted, self.lifting, judged.verdict(False, judged.key)
            return
        bonus_matters = aspect == "grade" and bool(judged.scheme.grades.bands)
        for key, price, rows in self._part("key", by_points):
            if limit is not None and limit <= lifted + price:
                return
            bonus: Sequence[tuple[int | None, Cost, Rows]] = [_AS_IT_STANDS]
            if bonus_matters and judged.opens(key):
                bonus = self._part("bonus", by_points)
            for earned, more, others in bonus:
                total = lifted + price + more
                if limit is not None and limit <= total:
                    break
                verdict = judged.verdict(False, key, earned)
                if value(verdict, aspect) != now:
                    limit = total
                yield total, self.lifting + rows + others, verdict
