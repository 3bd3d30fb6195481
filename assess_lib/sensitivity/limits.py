"""Bands with quotas under all combinations at once: who finds a place, by counting higher and equal scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assess_lib.exact import to_cents
from assess_lib.scheme import Scheme
from assess_lib.scoring import Verdict
from assess_lib.sensitivity.dependence import Table
from assess_lib.sensitivity.flips import Mask
from assess_lib.sensitivity.space import NO_SCORE, Codes, Space, trim
from assess_lib.sensitivity.verdicts import UnitVerdicts, final_cents


def limit_grades(
    units: Sequence[UnitVerdicts], groups: Sequence[str], scheme: Scheme, space: Space
) -> tuple[UnitVerdicts, ...]:
    """Return the units with the grades that the quotas leave them, as ``quotas.place`` does in one combination."""
    names = (*(band.grade for band in scheme.grades.bands), scheme.grades.passed)
    shape = np.broadcast_shapes(space.whole(), *(one.verdicts.codes.shape for one in units))
    scores = np.stack([np.broadcast_to(_competing(one.verdicts, scheme), shape).ravel() for one in units])
    grades = placed(scores, groups, scheme)
    return tuple(
        replace(one, verdicts=_regraded(one.verdicts, grades[row].reshape(shape), names))
        for row, one in enumerate(units)
    )


def _competing(verdicts: Table[Verdict], scheme: Scheme) -> Codes:
    """Return the final score in cents; ``NO_SCORE`` of a unit that is vetoed or 不合格 and so competes for no band."""
    fails = np.array([value.grade == scheme.grades.fail for value in verdicts.values])
    return np.where(fails[verdicts.codes], NO_SCORE, final_cents(verdicts))


def placed(scores: Codes, groups: Sequence[str], scheme: Scheme) -> Codes:
    """Return for each unit and combination the band that holds it, counted from 0; the number of bands for none.

    Takes scores in cents of shape (units, combinations) and each unit's group.
    """
    bands = scheme.grades.bands
    found: Codes = np.full(scores.shape, len(bands), dtype=np.int64)
    for place, band in enumerate(bands):
        competing = (found == len(bands)) & (scores > NO_SCORE) & (scores >= to_cents(band.at_least))
        if band.quota is None:
            found[competing] = place
            continue
        within = band.quota.within == "group"
        for group in dict.fromkeys(groups) if within else ("",):
            rows = [row for row, own in enumerate(groups) if not within or own == group]
            among = np.where(competing[rows], scores[rows], NO_SCORE)
            above, tied = _standing(among)
            places = band.quota.places(len(rows))
            fits = above < places if band.quota.ties == "all_in" else above + tied <= places
            inside: Mask = competing[rows] & fits
            part = found[rows]
            part[inside] = place
            found[rows] = part
    return found


def _standing(scores: Codes) -> tuple[Codes, Codes]:
    """Return by row and column how many rows score higher, and how many score the same, itself included."""
    above, tied = np.zeros_like(scores), np.zeros_like(scores)
    for row in scores:
        above += row > scores
        tied += row == scores
    return above, tied


def _regraded(verdicts: Table[Verdict], grades: Codes, names: Sequence[str]) -> Table[Verdict]:
    """Put the grades into the verdicts; a verdict that competes for no band keeps its own."""
    codes = np.broadcast_to(verdicts.codes, grades.shape)
    pairs, where = np.unique(np.stack([codes.ravel(), grades.ravel()]), axis=1, return_inverse=True)
    places: dict[Verdict, int] = {}
    at = []
    for code, grade in pairs.T.tolist():
        verdict = verdicts.values[code]
        if verdict.grade in names:
            verdict = replace(verdict, grade=names[grade])
        at.append(places.setdefault(verdict, len(places)))
    return Table(tuple(places), trim(np.array(at, dtype=np.int64)[where].reshape(grades.shape)))
