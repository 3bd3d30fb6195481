"""Who is close to a line: how far exactly, so that a leader sees where one fact would change the result."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.exact import ZERO
from assess_lib.views.words import number, plain

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

MARGIN = Decimal(5)
"""How many points from a line a unit is still listed: a choice of this list, no number of the scheme."""
CLOSE = Decimal(1)
"""How many points from a line are worth a word on the first page."""


@dataclass(frozen=True, slots=True)
class Near:
    """A unit near a line: ``field`` names the score that the line is about, ``gap`` is the score minus the line."""

    line: str
    unit_id: str
    field: str
    score: Decimal
    gap: Decimal

    def text(self) -> str:
        """Print the distance."""
        if self.gap == ZERO:
            return "恰好在线上"
        return f"{'高' if self.gap > ZERO else '低'} {number(abs(self.gap))}"


def near_lines(facts: CountyFacts) -> list[Near]:
    """List the scored units within ``MARGIN`` of a line, both ends included: the nearest first, line by line.

    The gate is about the key score, the pass mark about the score that it is held against, approved bands about the
    final score of units that pass.
    """
    mark, gate = facts.scheme.judgement.pass_mark, facts.scheme.judgement.bonus_gate
    lines: list[tuple[str, Decimal, str, list[dict[str, Any]]]] = [
        (f"{plain(mark.points)} 分{mark.name}", mark.points, mark.compares, facts.scored)
    ]
    if gate is not None:
        lines.append((f"{plain(gate.points)} 分{gate.name}", gate.points, "key_score", facts.scored))
    lines += [
        (f"{plain(band.at_least)} 分{band.grade}", band.at_least, "final_score", facts.passed)
        for band in facts.scheme.grades.bands
    ]
    found = []
    for name, points, field, rows in lines:
        near = [Near(name, row["unit_id"], field, row[field], row[field] - points) for row in rows]
        found += sorted((one for one in near if abs(one.gap) <= MARGIN), key=lambda one: (abs(one.gap), -one.gap))
    return found
