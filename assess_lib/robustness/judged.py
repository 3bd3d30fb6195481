"""One unit, judged by the rules themselves after any set of corrections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from assess_lib.exact import ZERO, to_cents, to_points
from assess_lib.ledger import Entry
from assess_lib.robustness.corrections import EVIDENCE, Correction, corrected, list_corrections
from assess_lib.rules import METHODS, Case, Outcome, Unit
from assess_lib.scheme import HighestLevelPerMatter, Item, MeanPerMatter, QuarterlyTopRanks, Scheme
from assess_lib.scoring import Verdict, bonus_opens, verdict
from assess_lib.tables import Tables

NONE: frozenset[int] = frozenset()
T = TypeVar("T")


@dataclass(frozen=True)
class Year:
    """What all units share: the whole year as the rules see it, scheme, readings and run date."""

    case: Case
    scheme: Scheme
    readings: Mapping[str, str]
    run_date: date

    @cached_property
    def vetoes(self) -> tuple[Item, ...]:
        """The veto items."""
        return self.scheme.part_items("veto")

    @cached_property
    def bonuses(self) -> tuple[Item, ...]:
        """The bonus items."""
        return self.scheme.part_items("bonus")

    @cached_property
    def key(self) -> Item:
        """The one item of the key part."""
        return self.scheme.key_item


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
        self._case = Case.build(tables, year.scheme, year.readings, year.run_date).quiet()
        self._cases: dict[frozenset[int], Case] = {NONE: self._case}
        self._outcomes: dict[tuple[str, frozenset[int]], Outcome] = {}
        self._cents: dict[tuple[str, frozenset[int]], int] = {}
        self._verdicts: dict[tuple[bool, int, int | None], Verdict] = {}
        self._touching: dict[str, tuple[int, ...]] = {}
        self._feels: dict[str, frozenset[int]] = {}
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is asked for several times of a unit and made once: ``key`` says what it is."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def places(self, *tables: str) -> tuple[int, ...]:
        """Return the places of the corrections of some tables."""
        return tuple(n for n, correction in enumerate(self.corrections) if correction.table in tables)

    def touching(self, item: Item) -> tuple[int, ...]:
        """Return the places of the corrections that an item can feel: those of its tables, and evidence for awards."""
        if item.id not in self._touching:
            places: tuple[int, ...] = ()
            if not isinstance(item.rule, QuarterlyTopRanks):
                awards = isinstance(item.rule, (MeanPerMatter, HighestLevelPerMatter))
                places = self.places(*item.rule.tables, *((EVIDENCE,) if awards else ()))
            self._touching[item.id] = places
        return self._touching[item.id]

    def _felt(self, item: Item) -> frozenset[int]:
        """Return what an item really feels: of the evidence only what a row of its tables names."""
        if item.id not in self._feels:
            named = {row.values.get("佐证编号") for table in item.rule.tables for row in self.tables[table]}
            self._feels[item.id] = frozenset(
                n
                for n in self.touching(item)
                if self.corrections[n].table != EVIDENCE or self.corrections[n].number in named
            )
        return self._feels[item.id]

    def case(self, gone: Collection[int]) -> Case:
        """Return the unit's own year after the corrections; items that feel the same ones share it."""
        key = frozenset(gone)
        if key not in self._cases:
            self._cases[key] = self._case_without(key)
        return self._cases[key]

    def _case_without(self, gone: frozenset[int]) -> Case:
        chosen = [self.corrections[n] for n in sorted(gone)]
        tables = corrected(self.tables, chosen)
        return self._case.with_facts({one.table: tables[one.table] for one in chosen})

    def _by(self, item: Item, gone: Collection[int]) -> tuple[str, frozenset[int]]:
        """Return what an item's outcome hangs on: of the corrections those that it feels."""
        felt = self._felt(item)
        return item.id, NONE if felt.isdisjoint(gone) else felt.intersection(gone)

    def outcome(self, item: Item, gone: Collection[int] = NONE) -> Outcome:
        """Return what an item's rule says after the corrections; what does not touch the item is left aside."""
        key = self._by(item, gone)
        if key not in self._outcomes:
            own = self.year.case if isinstance(item.rule, QuarterlyTopRanks) else self.case(key[1])
            self._outcomes[key] = METHODS[item.rule.method](item, self.unit, own)
        return self._outcomes[key]

    def applies(self, item: Item, gone: Collection[int]) -> bool:
        """Tell whether a veto item applies after the corrections.

        Nothing is remembered: a search for the fewest asks for many thousands of sets, each of them once.
        """
        _, felt = self._by(item, gone)
        return METHODS[item.rule.method](item, self.unit, self._case_without(felt)).vetoed

    def ledger(self, item: Item, gone: Collection[int] = NONE) -> tuple[Entry, ...]:
        """Return the ledger of an item after the corrections; only what reads the unit's own rows has one here."""
        _, felt = self._by(item, gone)
        return METHODS[item.rule.method](item, self.unit, self.case(felt).quiet(False)).entries

    def cents(self, item: Item, gone: Collection[int] = NONE) -> int:
        """Return a scored item's points after the corrections, in whole cents."""
        key = self._by(item, gone)
        if key not in self._cents:
            self._cents[key] = to_cents(self.outcome(item, key[1]).points or ZERO)
        return self._cents[key]

    def vetoed(self, gone: Collection[int] = NONE) -> bool:
        """Tell whether any veto item applies after the corrections."""
        return any(self.outcome(item, gone).vetoed for item in self.year.vetoes)

    @cached_property
    def key(self) -> int:
        """The key part's points now, in cents; a vetoed unit's too, as they would be without the veto."""
        return self.cents(self.year.key)

    @cached_property
    def earned(self) -> int:
        """What the bonus items add up to now, in cents, before the part's cap; also where the part is closed."""
        return self._earned(NONE)

    def _earned(self, gone: Collection[int]) -> int:
        return sum(self.cents(item, gone) for item in self.year.bonuses)

    def opens(self, key: int) -> bool:
        """Tell whether a key score, in cents, opens the bonus part."""
        return bonus_opens(to_points(key), self.scheme, self.year.readings)

    def verdict(self, vetoed: bool, key: int, earned: int | None = None) -> Verdict:
        """Let the order of judgement speak; ``earned`` is what the bonus items add up to (default: now)."""
        at = (vetoed, key, earned)
        if at not in self._verdicts:
            points = 0 if vetoed or not self.opens(key) else self.earned if earned is None else earned
            self._verdicts[at] = verdict(vetoed, to_points(key), to_points(points), self.scheme, self.year.readings)
        return self._verdicts[at]

    def after(self, gone: Collection[int]) -> Verdict:
        """Return the verdict after a set of corrections, every item's rule asked anew."""
        key = self.cents(self.year.key, gone)
        vetoed = self.vetoed(gone)
        return self.verdict(vetoed, key, self._earned(gone) if not vetoed and self.opens(key) else 0)

    @cached_property
    def now(self) -> Verdict:
        """The verdict as the year stands."""
        return self.after(NONE)
