"""How robust every unit's result is, ready to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from assess_lib.beyond import not_covered
from assess_lib.errors import UsageError
from assess_lib.robustness import margins as further
from assess_lib.robustness.corrections import own_rows, separable, unit_tables
from assess_lib.robustness.flips import ASPECTS, Aspect, Flip, Search
from assess_lib.robustness.influence import Influence, influences, weightiest
from assess_lib.robustness.judged import Judged, Year
from assess_lib.robustness.margins import Line, Margin
from assess_lib.rules import Case, Unit
from assess_lib.scheme import Scheme
from assess_lib.scoring import Verdict
from assess_lib.tables import Tables


@dataclass(frozen=True, slots=True)
class UnitRobustness:
    """One unit: its verdict, the smallest corrections by aspect, its margins, what each row does.

    ``fewest`` has for each aspect the flip of the fewest rows, ``least`` the one that moves the fewest points; an
    aspect that no correction changes is in neither. ``key`` is the key score in cents, a vetoed unit's as it would be.
    """

    unit: Unit
    now: Verdict
    key: int
    fewest: Mapping[Aspect, Flip]
    least: Mapping[Aspect, Flip]
    margins: tuple[Margin, ...]
    influences: tuple[Influence, ...]

    @property
    def weightiest(self) -> Influence | None:
        """The single row that matters most."""
        return weightiest(self.influences)

    def margin(self, line: Line) -> Margin | None:
        """Return the margin to one line, if the unit can fall below it."""
        return further.nearest(self.margins, line)

    @property
    def closest(self) -> Flip | None:
        """The flip of the fewest rows over all aspects, then of the fewest points; status before gate before grade."""
        found = [self.fewest[aspect] for aspect in ASPECTS if aspect in self.fewest]
        return min(found, key=lambda flip: (len(flip.corrections), flip.moved), default=None)


@dataclass(frozen=True)
class Robustness:
    """All units' results of a year and how much it takes to change them."""

    scheme: Scheme
    units: tuple[UnitRobustness, ...]

    @cached_property
    def _by_id(self) -> dict[str, UnitRobustness]:
        return {one.unit.id: one for one in self.units}

    def of(self, unit_id: str) -> UnitRobustness:
        """Return one unit's; raise KeyError for an unknown unit."""
        return self._by_id[unit_id]


def explore(tables: Tables, scheme: Scheme, readings: Mapping[str, str], run_date: date) -> Robustness:
    """Find for every unit what changes its status, bonus part or grade: smallest corrections, margins, weightiest row.

    Takes what ``scoring.score`` takes. A correction is defined in ``corrections``; every answer is exact: no smaller
    set of corrections does it. Raises UsageError for a scheme beyond the plain order of judgement, or in which one row
    works on several items.
    """
    if told := not_covered("“最少更正几条”的推算", scheme):
        raise UsageError(told)
    if not separable(scheme):
        raise UsageError("本方案有登记同时计入几个项目，最少更正几条无法逐项推算，不作此项分析。")
    year = Year(Case.build(tables, scheme, readings, run_date).quiet(), scheme, dict(readings), run_date)
    own = own_rows(tables)
    found = [_unit(Judged(unit, unit_tables(tables, own, unit.id), year)) for unit in year.case.units]
    return Robustness(scheme, tuple(found))


def _unit(judged: Judged) -> UnitRobustness:
    search = Search(judged)
    fewest = {aspect: flip for aspect in ASPECTS if (flip := search.smallest(aspect))}
    least = {aspect: flip for aspect in fewest if (flip := search.smallest(aspect, by_points=True))}
    return UnitRobustness(
        judged.unit, judged.now, judged.key, fewest, least, further.margins(judged), influences(judged)
    )
