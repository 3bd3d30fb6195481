"""What each single raw row does to a unit's result: the unit judged again with that one row corrected."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from assess_lib.exact import ZERO
from assess_lib.robustness.corrections import Correction
from assess_lib.robustness.flips import ASPECTS, Aspect, value
from assess_lib.robustness.judged import Judged
from assess_lib.scoring import Verdict


@dataclass(frozen=True, slots=True)
class Influence:
    """One row's correction and what the unit's result becomes; all else stays as it is."""

    correction: Correction
    before: Verdict
    after: Verdict

    @property
    def change(self) -> Decimal | None:
        """How the final score moves; None when it does not exist before or after."""
        before, after = self.before.final_score, self.after.final_score
        return None if before is None or after is None else after - before

    @property
    def flips(self) -> tuple[Aspect, ...]:
        """Which of status, bonus part and grade become others."""
        return tuple(aspect for aspect in ASPECTS if value(self.before, aspect) != value(self.after, aspect))

    @property
    def matters(self) -> bool:
        """Whether anything changes at all."""
        return bool(self.change) or bool(self.flips)

    def weight(self) -> tuple[bool, Decimal]:
        """Order influences: a score that comes or goes with the row outweighs every change of points."""
        return ("status" in self.flips, abs(self.change or ZERO))


def influences(judged: Judged) -> tuple[Influence, ...]:
    """Judge the unit again for each single correction, in the order of tables and file rows."""
    now = judged.now
    return tuple(Influence(correction, now, judged.after((row,))) for row, correction in enumerate(judged.corrections))


def weightiest(found: tuple[Influence, ...]) -> Influence | None:
    """Return the row that matters most: of equal ones the first; None when no single row changes anything."""
    best = max(found, key=Influence.weight, default=None)
    return best if best is not None and best.matters else None
