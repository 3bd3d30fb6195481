"""Every combination of readings, answered: whose conclusion holds whatever is chosen, and what moves the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

import numpy as np

from assess_lib.exact import to_points
from assess_lib.rules import Case, Unit
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.scoring import Result, Verdict
from assess_lib.sensitivity.flips import Change, Mask, minimal_changes, spread
from assess_lib.sensitivity.limits import limit_grades
from assess_lib.sensitivity.ranks import rank_units
from assess_lib.sensitivity.space import NO_SCORE, Codes, Space, depends_on, pick, trim
from assess_lib.sensitivity.verdicts import UnitVerdicts, final_cents, unit_verdicts
from assess_lib.tables import Tables

Number = Literal["final_score", "rank_in_group", "rank_overall"]
Aspect = Literal["status", "grade", "outcome", "final_score", "rank_in_group", "rank_overall"]
"""``outcome`` is status and grade together: 不合格 by veto is another outcome than 不合格 by points."""
CONCLUSION: tuple[Aspect, ...] = ("status", "grade", "rank_in_group", "rank_overall")
"""What a unit's conclusion consists of; the score itself may move without moving the conclusion."""

Value = str | int | Decimal | tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A minimal set of reading changes that changes one aspect of a unit's result, from what to what."""

    unit_id: str
    aspect: Aspect
    changes: tuple[Change, ...]
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Effect:
    """What one reading's other option does to one unit while all other readings stay in force.

    The changes are after minus before, None where one of the two does not exist. The three ``most`` fields look at
    all combinations: how far apart this reading alone can drive the unit, whatever the other readings are; None
    where no two of its options ever both give a score.
    """

    unit_id: str
    reading: str
    option: str
    before: Result
    after: Result
    most_score: Decimal | None
    most_rank_in_group: int | None
    most_rank_overall: int | None

    @property
    def score_change(self) -> Decimal | None:
        """How the final score moves."""
        before, after = self.before.final_score, self.after.final_score
        return None if before is None or after is None else after - before

    @property
    def rank_in_group_change(self) -> int | None:
        """How the rank in the group moves: a positive number is a fall."""
        return _further(self.before.rank_in_group, self.after.rank_in_group)

    @property
    def rank_overall_change(self) -> int | None:
        """How the overall rank moves: a positive number is a fall."""
        return _further(self.before.rank_overall, self.after.rank_overall)

    @property
    def turns(self) -> bool:
        """Whether status or grade becomes another one."""
        return (self.before.status, self.before.grade) != (self.after.status, self.after.grade)


def _further(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


@dataclass(frozen=True, slots=True)
class Range:
    """The smallest and the largest value over all combinations that have one; ``always`` tells whether all do."""

    low: Decimal
    high: Decimal
    always: bool


@dataclass(frozen=True)
class Exploration:
    """All results of a year under all combinations of readings, ready to be asked.

    ``readings`` are those in force. ``rank_in_group`` and ``rank_overall`` have the shape (units, one axis a
    reading) with length 1 where a reading moves nobody; 0 stands for no rank. An unresolved item counts as it does
    in scoring: what is missing earns 0.00 for now.
    """

    scheme: Scheme
    space: Space
    readings: Mapping[str, str]
    units: tuple[UnitVerdicts, ...]
    rank_in_group: Codes
    rank_overall: Codes

    @property
    def roster(self) -> tuple[Unit, ...]:
        """The units in roster order."""
        return tuple(one.unit for one in self.units)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {one.unit.id: n for n, one in enumerate(self.units)}

    def _row(self, unit_id: str) -> int:
        return self._index[unit_id]

    @cached_property
    def _in_force(self) -> tuple[int, ...]:
        return self.space.place(self.readings)

    # ---- one combination -------------------------------------------------------------------------------------

    def result(self, unit_id: str, combination: Mapping[str, str] | None = None) -> Result:
        """Return a unit's result under a combination; readings that it leaves out are those in force.

        Raises KeyError for an unknown unit or reading, ValueError for an option that the reading does not have.
        """
        return self._result(self._row(unit_id), self._place(combination or {}))

    def _place(self, combination: Mapping[str, str]) -> tuple[int, ...]:
        unknown = [key for key in combination if key not in self.space.options]
        if unknown:
            raise KeyError(unknown[0])
        return self.space.place({**self.readings, **combination})

    @cached_property
    def _results(self) -> dict[tuple[int, tuple[int, ...]], Result]:
        return {}  # the same few combinations are asked for again and again

    def _result(self, row: int, place: tuple[int, ...]) -> Result:
        known = self._results.get((row, place))
        if known is None:
            known = self._results[row, place] = self._find_result(row, place)
        return known

    def _find_result(self, row: int, place: tuple[int, ...]) -> Result:
        one = self.units[row]
        verdict = one.verdicts.values[pick(one.verdicts.codes, place)]
        within, overall = pick(self.rank_in_group[row], place) or None, pick(self.rank_overall[row], place) or None
        made = Result.of(one.unit, verdict, pick(one.unresolved, place))
        return replace(made, rank_in_group=within, rank_overall=overall)

    def results(self, combination: Mapping[str, str] | None = None) -> tuple[Result, ...]:
        """Return all units' results under a combination, in roster order."""
        place = self._place(combination or {})
        return tuple(self._result(row, place) for row in range(len(self.units)))

    # ---- all combinations ------------------------------------------------------------------------------------

    def aspect(self, unit_id: str, aspect: Aspect) -> tuple[tuple[Value, ...], Codes]:
        """Return the values that an aspect of a unit's result takes, and by combination which of them holds."""
        row = self._row(unit_id)
        if (row, aspect) not in self._aspects:
            self._aspects[row, aspect] = self._find_aspect(row, aspect)
        return self._aspects[row, aspect]

    @cached_property
    def _aspects(self) -> dict[tuple[int, Aspect], tuple[tuple[Value, ...], Codes]]:
        return {}

    @cached_property
    def _ranks(self) -> dict[Aspect, tuple[Codes, ...]]:
        """Each unit's ranks by combination, shortened to the readings that move this unit."""
        return {
            "rank_in_group": tuple(map(trim, self.rank_in_group)),
            "rank_overall": tuple(map(trim, self.rank_overall)),
        }

    @cached_property
    def _finals(self) -> tuple[Codes, ...]:
        """Each unit's final score in cents by combination."""
        return tuple(final_cents(one.verdicts) for one in self.units)

    def _find_aspect(self, row: int, aspect: Aspect) -> tuple[tuple[Value, ...], Codes]:
        if aspect in ("rank_in_group", "rank_overall"):
            ranks = self._ranks[aspect][row]
            found, where = np.unique(ranks, return_inverse=True)
            return tuple(int(rank) or None for rank in found), where.reshape(ranks.shape)
        verdicts = self.units[row].verdicts
        places: dict[Value, int] = {}
        codes = [places.setdefault(_value(verdict, aspect), len(places)) for verdict in verdicts.values]
        return tuple(places), trim(np.array(codes, dtype=np.int64)[verdicts.codes])

    def constant(self, unit_id: str, aspect: Aspect) -> bool:
        """Tell whether an aspect of a unit's result is the same under all combinations."""
        return len(self.aspect(unit_id, aspect)[0]) == 1

    def safe(self, unit_id: str) -> bool:
        """Tell whether a unit's status, grade and both ranks are the same under all combinations."""
        return all(self.constant(unit_id, aspect) for aspect in CONCLUSION)

    def flips(self, unit_id: str, aspect: Aspect) -> tuple[Flip, ...]:
        """Return every minimal set of changes, from the readings in force, that changes an aspect; the smallest first.

        A set is minimal when no part of it changes the aspect. Empty when the aspect never changes.
        """
        values, codes = self.aspect(unit_id, aspect)
        place = tuple(min(at, length - 1) for at, length in zip(self._in_force, codes.shape, strict=True))
        before = pick(codes, place)
        found = []
        for changes in minimal_changes(codes != before, place, self.space):
            there = self._place({change.reading: change.after for change in changes})
            found.append(Flip(unit_id, aspect, changes, values[before], values[pick(codes, there)]))
        return tuple(found)

    def smallest_flips(self, unit_id: str, aspect: Aspect) -> tuple[Flip, ...]:
        """Return the flips with the fewest changes."""
        found = self.flips(unit_id, aspect)
        return tuple(flip for flip in found if len(flip.changes) == len(found[0].changes))

    def depends(self, unit_id: str) -> tuple[str, ...]:
        """Return the readings that can move a unit's status, grade or ranks under some choice of the others."""
        found = {key for aspect in CONCLUSION for key in depends_on(self.aspect(unit_id, aspect)[1], self.space)}
        return tuple(key for key in self.space.keys if key in found)

    def own_readings(self, unit_id: str) -> tuple[str, ...]:
        """Return the readings that can move a unit's own points or grade; its ranks may move with others' points."""
        return depends_on(self.units[self._row(unit_id)].verdicts.codes, self.space)

    def range(self, unit_id: str, aspect: Number) -> Range | None:
        """Return the smallest and the largest rank or score over all combinations; None when there never is one."""
        values = self.aspect(unit_id, aspect)[0]
        known = [Decimal(value) for value in values if isinstance(value, (int, Decimal))]
        return Range(min(known), max(known), len(known) == len(values)) if known else None

    def holding(self, unit_id: str) -> int:
        """Return under how many combinations a unit's status and grade are those in force."""
        codes = self.aspect(unit_id, "outcome")[1]
        return int((codes == pick(codes, self._in_force)).sum()) * (self.space.size // codes.size)

    def idle_readings(self) -> tuple[str, ...]:
        """Return the readings that move no unit's status, scores, grade or ranks under any combination."""
        moving = {key for one in self.units for key in depends_on(one.verdicts.codes, self.space)}
        return tuple(key for key in self.space.keys if key not in moving)

    # ---- one reading -----------------------------------------------------------------------------------------

    def effect(self, reading: str) -> tuple[Effect, ...]:
        """Return what each other option of a reading does to each unit, the other readings staying in force.

        One entry for each unit in roster order and each option that is not in force. Raises KeyError for an
        unknown reading.
        """
        others = [option for option in self.space.options[reading] if option != self.readings[reading]]
        axis = self.space.keys.index(reading)
        after = {option: self.results({reading: option}) for option in others}
        found = []
        for row, before in enumerate(self.results()):
            most = self._most(row, axis)
            found += [Effect(before.unit_id, reading, option, before, after[option][row], *most) for option in others]
        return tuple(found)

    def _most(self, row: int, axis: int) -> tuple[Decimal | None, int | None, int | None]:
        """Return how far apart one reading alone can drive a unit's score and ranks, over all combinations."""
        scores = self._finals[row]
        most = _widest(scores, axis, scores != NO_SCORE)
        within, overall = (
            _widest(ranks.astype(np.int64), axis, ranks > 0)
            for ranks in (self._ranks["rank_in_group"][row], self._ranks["rank_overall"][row])
        )
        return None if most is None else to_points(most), within, overall


def _value(verdict: Verdict, aspect: Aspect) -> Value:
    if aspect == "outcome":
        return verdict.status, verdict.grade
    value: Value = getattr(verdict, aspect)
    return value


def _widest(codes: Codes, axis: int, known: Mask) -> int | None:
    # A reading that moves nothing has length 1: where there is a number at all, the answer is 0.
    if codes.shape[axis] == 1:
        return 0 if known.any() else None
    if known.all():
        return int(np.ptp(codes, axis=axis).max())
    apart, both = spread(codes, axis, known)
    return int(apart[both].max()) if both.any() else None


def explore(tables: Tables, scheme: Scheme, run_date: date, readings: Mapping[str, str]) -> Exploration:
    """Judge every unit under every combination of readings, exactly.

    Takes clean tables (all 16 names present), the year's scheme, the run date and the readings in force. Each rule
    runs once for each answer to the readings that it really asks for; combinations share the rest. Points are
    whole cents from the rules' decimals on, so that thresholds, sums and ranks are those of ``scoring.score``.
    """
    space = Space({key: KNOWN_READINGS[key] for key in scheme.reading_keys})
    case = Case.build(tables, scheme, readings, run_date).quiet()
    units = tuple(unit_verdicts(unit, case, space) for unit in case.units)
    finals = [final_cents(one.verdicts) for one in units]
    groups = [unit.group for unit in case.units]
    within, overall = rank_units(finals, groups, space)
    if scheme.grades.limited:
        units = limit_grades(units, groups, scheme, space)
    return Exploration(scheme, space, {key: readings[key] for key in space.keys}, units, within, overall)
