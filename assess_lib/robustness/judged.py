"""One unit, judged by the rules themselves after any set of corrections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from assess_lib.exact import ZERO, to_cents, to_points
from assess_lib.robustness.corrections import EVIDENCE, Correction, corrected, list_corrections
from assess_lib.rules import METHODS, Case, Outcome, Unit
from assess_lib.scheme import HighestLevelPerMatter, Item, MeanPerMatter, QuarterlyTopRanks, Scheme
from assess_lib.scoring import Verdict, bonus_opens, verdict
from assess_lib.tables import Tables

NONE: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Year:
    """What all units share: the whole year as the rules see it, scheme, readings and run date."""

    case: Case
    scheme: Scheme
    readings: Mapping[str, str]
    run_date: date


class Judged:
    """A unit's items after corrections, each rule run on the unit's own rows alone.

    A set of corrections is given by their places in ``corrections``. Items that rank units against each other are taken
    from the whole year: no correction touches what they read.
    """

    def __init__(self, unit: Unit, tables: Tables, year: Year) -> None:
        self.unit = unit
        self.year = year
        self.scheme = year.scheme
        self.tables = tables
        self.corrections: tuple[Correction, ...] = list_corrections(tables, year.scheme, unit.id)
        self._outcomes: dict[tuple[str, frozenset[int]], Outcome] = {}

    def places(self, *tables: str) -> tuple[int, ...]:
        """Return the places of the corrections of some tables."""
        return tuple(n for n, correction in enumerate(self.corrections) if correction.table in tables)

    def touching(self, item: Item) -> tuple[int, ...]:
        """Return the places of the corrections that an item can feel: those of its tables, and evidence for awards."""
        if isinstance(item.rule, QuarterlyTopRanks):
            return ()
        awards = isinstance(item.rule, (MeanPerMatter, HighestLevelPerMatter))
        return self.places(*item.rule.tables, *((EVIDENCE,) if awards else ()))

    def case(self, gone: Collection[int]) -> Case:
        """Return the unit's own year after the corrections."""
        tables = corrected(self.tables, [self.corrections[n] for n in sorted(gone)])
        return Case.build(tables, self.scheme, self.year.readings, self.year.run_date)

    def outcome(self, item: Item, gone: Collection[int] = NONE) -> Outcome:
        """Return what an item's rule says after the corrections; what does not touch the item is left aside."""
        felt = frozenset(gone) & frozenset(self.touching(item))
        key = (item.id, felt)
        if key not in self._outcomes:
            own = self.year.case if isinstance(item.rule, QuarterlyTopRanks) else self.case(felt)
            self._outcomes[key] = METHODS[item.rule.method](item, self.unit, own)
        return self._outcomes[key]

    def cents(self, item: Item, gone: Collection[int] = NONE) -> int:
        """Return a scored item's points after the corrections, in whole cents."""
        return to_cents(self.outcome(item, gone).points or ZERO)

    def vetoed(self, gone: Collection[int] = NONE) -> bool:
        """Tell whether any veto item applies after the corrections."""
        return any(self.outcome(item, gone).vetoed for item in self.scheme.part_items("veto"))

    @cached_property
    def key(self) -> int:
        """The key part's points now, in cents; a vetoed unit's too, as they would be without the veto."""
        return self.cents(self.scheme.key_item)

    @cached_property
    def earned(self) -> int:
        """What the bonus items add up to now, in cents, before the part's cap; also where the part is closed."""
        return self._earned(NONE)

    def _earned(self, gone: Collection[int]) -> int:
        return sum(self.cents(item, gone) for item in self.scheme.part_items("bonus"))

    def opens(self, key: int) -> bool:
        """Tell whether a key score, in cents, opens the bonus part."""
        return bonus_opens(to_points(key), self.scheme, self.year.readings)

    def verdict(self, vetoed: bool, key: int, earned: int | None = None) -> Verdict:
        """Let the order of judgement speak; ``earned`` is what the bonus items add up to (default: now)."""
        points = 0 if vetoed or not self.opens(key) else self.earned if earned is None else earned
        return verdict(vetoed, to_points(key), to_points(points), self.scheme, self.year.readings)

    def after(self, gone: Collection[int]) -> Verdict:
        """Return the verdict after a set of corrections, every item's rule asked anew."""
        key = self.cents(self.scheme.key_item, gone)
        vetoed = self.vetoed(gone)
        return self.verdict(vetoed, key, self._earned(gone) if not vetoed and self.opens(key) else 0)

    @cached_property
    def now(self) -> Verdict:
        """The verdict as the year stands."""
        return self.after(NONE)
