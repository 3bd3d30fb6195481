"""Hold what robustness says against the stored results, and every told correction against plain scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from assess_lib.robustness.corrections import corrected
from assess_lib.robustness.exploration import Robustness
from assess_lib.robustness.flips import Flip
from assess_lib.rules import Case
from assess_lib.scoring import judge
from assess_lib.tables import Tables

_FIELDS = ("status", "key_score", "bonus_open", "bonus_score", "final_score", "grade")


def differences_in_force(found: Robustness, stored: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Name every unit and column in which the stored results differ from the verdicts that the search starts from."""
    if [row["unit_id"] for row in stored] != [one.unit.id for one in found.units]:
        return ["单位名单不同"]
    return [
        f"{one.unit.id} {name}：{row[name]}，重算 {getattr(one.now, name)}"
        for row, one in zip(stored, found.units, strict=True)
        for name in _FIELDS
        if row[name] != getattr(one.now, name)
    ]


def told_flips(found: Robustness) -> tuple[Flip, ...]:
    """Return every set of corrections that is told: by aspect the fewest rows, and the fewest points."""
    return tuple(flip for one in found.units for flip in (*one.fewest.values(), *one.least.values()))


def differences_from_scoring(
    found: Robustness, tables: Tables, readings: Mapping[str, str], run_date: date
) -> list[str]:
    """Correct the year's tables, judge the unit plainly, and name every told set that does not do what it says."""
    wrong = []
    year = Case.build(tables, found.scheme, readings, run_date)
    for flip in told_flips(found):
        right = corrected(tables, flip.corrections)
        case = year.with_facts({one.table: right[one.table] for one in flip.corrections})
        result = judge(found.of(flip.unit_id).unit, case)
        if any(getattr(result, name) != getattr(flip.after, name) for name in _FIELDS):
            wrong.append(f"{flip.unit_id} {flip.aspect}")
    return wrong
