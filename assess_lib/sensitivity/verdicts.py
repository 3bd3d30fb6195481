"""One unit under all combinations: what its items come to, and what the order of judgement makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import numpy as np

from assess_lib.composition import Constituent, constituents, exempt_items, rescaled
from assess_lib.exact import to_cents, to_points
from assess_lib.rules import METHODS, Case, Unit
from assess_lib.scheme import Item, Scheme
from assess_lib.scoring import Verdict, bonus_opens, verdict
from assess_lib.sensitivity.dependence import Table, leaves, tabulate
from assess_lib.sensitivity.space import NO_SCORE, Codes, Space, trim


class ItemOutcome(NamedTuple):
    """What one item comes to: vetoed or not, whole cents, unresolved or not."""

    vetoed: bool
    cents: int
    unresolved: bool


def judge_item(item: Item, unit: Unit, case: Case, readings: Mapping[str, str]) -> ItemOutcome:
    """Apply an item's rule under the given readings."""
    outcome = METHODS[item.rule.method](item, unit, replace(case, readings=readings))
    cents = 0 if outcome.points is None else to_cents(outcome.points)
    return ItemOutcome(outcome.vetoed, cents, bool(outcome.unresolved))


def item_table(item: Item, unit: Unit, case: Case, space: Space) -> Table[ItemOutcome]:
    """Return what an item comes to under all combinations; the rule runs only for the readings it asks for."""
    return tabulate(space, lambda readings: judge_item(item, unit, case, readings))


@dataclass(frozen=True, slots=True)
class UnitVerdicts:
    """One unit under all combinations: the verdicts that occur, which holds where, and how many items are open.

    ``items`` has the outcome of every item that some combination judges; a bonus item is missing when none
    opens the bonus part.
    """

    unit: Unit
    verdicts: Table[Verdict]
    unresolved: Codes
    items: Mapping[str, Table[ItemOutcome]]


def _field(table: Table[ItemOutcome], name: str) -> Codes:
    return np.array([getattr(value, name) for value in table.values], dtype=np.int64)[table.codes]


def _total(space: Space, parts: Sequence[Codes]) -> Codes:
    total: Codes = np.zeros(space.whole(), dtype=np.int64)
    for part in parts:
        total = total + part
    return total


def unit_verdicts(unit: Unit, case: Case, space: Space) -> UnitVerdicts:
    """Judge one unit under all combinations, in the order that ``scoring`` gives: its rules, then its points."""
    scheme = case.scheme
    items = {item.id: item_table(item, unit, case, space) for item in scheme.part_items("veto")}
    vetoed = _total(space, [_field(items[item.id], "vetoed") for item in scheme.part_items("veto")]).clip(max=1)
    key = earned = _total(space, [])
    exempt = exempt_items(scheme, unit.id, unit.group)
    if not vetoed.all():
        items |= {item.id: item_table(item, unit, case, space) for item in scheme.key_items if item not in exempt}
        key = _composed(constituents(scheme, "key"), items, space)
        if exempt:
            key = _each(key, lambda total: rescaled(total, scheme, exempt))
        if _ever_opens(key, scheme, space):
            items |= {item.id: item_table(item, unit, case, space) for item in scheme.part_items("bonus")}
            earned = _composed(constituents(scheme, "bonus"), items, space)
    verdicts = _verdicts(vetoed, key, earned, scheme, space)
    return UnitVerdicts(unit, verdicts, _unresolved(verdicts, items, scheme, space), items)


def _composed(parts: Sequence[Constituent], items: Mapping[str, Table[ItemOutcome]], space: Space) -> Codes:
    """Add up what the constituents of a part count; an item that was not judged counts nothing."""
    sums = [
        _each(_total(space, [_field(items[item.id], "cents") for item in part.items if item.id in items]), part.counted)
        for part in parts
    ]
    return _total(space, sums)


def _each(codes: Codes, compute: Callable[[Decimal], Decimal]) -> Codes:
    """Apply a function of points to whole cents, once for each different amount."""
    amounts, where = np.unique(codes, return_inverse=True)
    made = np.array([to_cents(compute(to_points(amount))) for amount in amounts.tolist()], dtype=np.int64)
    return made[where].reshape(codes.shape)


def _ever_opens(key: Codes, scheme: Scheme, space: Space) -> bool:
    """Tell whether some combination opens the bonus part; if none does, its rules need not run."""
    opens = (partial(bonus_opens, to_points(cents), scheme) for cents in np.unique(key).tolist())
    return any(leaf.value for compute in opens for leaf in leaves(space, compute))


def _verdicts(vetoed: Codes, key: Codes, earned: Codes, scheme: Scheme, space: Space) -> Table[Verdict]:
    """Let ``scoring.verdict`` judge each different triple of veto, key score and bonus once per reading it asks for."""
    vetoed, key, earned = np.broadcast_arrays(vetoed, key, earned)
    points = np.stack([vetoed.ravel(), np.where(vetoed == 1, 0, key).ravel(), np.where(vetoed == 1, 0, earned).ravel()])
    triples, where = np.unique(points, axis=1, return_inverse=True)
    places: dict[Verdict, int] = {}
    tables: list[Codes] = []
    for veto, key_cents, bonus_cents in triples.T.tolist():
        judge = partial(verdict, bool(veto), to_points(key_cents), to_points(bonus_cents), scheme)
        table = tabulate(space, judge)
        at = np.array([places.setdefault(value, len(places)) for value in table.values], dtype=np.int64)
        tables.append(at[table.codes])
    where = where.reshape(vetoed.shape)
    shape = np.broadcast_shapes(*(table.shape for table in tables))
    if shape == space.whole():  # no score stands on a line that a reading moves
        return Table(tuple(places), trim(np.array([table.item() for table in tables], dtype=np.int64)[where]))
    # One table for each triple, stacked; then each combination looks its triple's table up at its own place.
    stacked = np.stack([np.broadcast_to(table, shape) for table in tables])
    axes = np.ogrid[tuple(slice(length) for length in shape)]
    return Table(tuple(places), trim(stacked[(where, *axes)]))


def _unresolved(
    verdicts: Table[Verdict], items: Mapping[str, Table[ItemOutcome]], scheme: Scheme, space: Space
) -> Codes:
    """Count the unresolved items among those that each combination judges."""
    total: Codes = np.zeros(space.whole(), dtype=np.int64)
    for item_id, table in items.items():
        part = scheme.item(item_id).part
        judged = np.array([part in value.judged for value in verdicts.values])[verdicts.codes]
        total = total + np.where(judged, _field(table, "unresolved"), 0)
    return trim(total)


def final_cents(verdicts: Table[Verdict]) -> Codes:
    """Return the final score in whole cents by combination; ``NO_SCORE`` where there is none."""
    scores = [NO_SCORE if value.final_score is None else to_cents(value.final_score) for value in verdicts.values]
    return np.array(scores, dtype=np.int64)[verdicts.codes]
