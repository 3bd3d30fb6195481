"""Bands with quotas: how many units of a group a band may hold, and who falls to the next one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from assess_lib.exact import plain, show
from assess_lib.scheme import Band, Grades, Quota

_ROUNDED = {"down": "舍去小数", "half_up": "四舍五入", "up": "进一"}


@dataclass(slots=True)
class Standing:
    """One unit that competes for bands: its group, final score and grade; ``place`` finds a better one and says why."""

    group: str
    score: Decimal
    grade: str
    remarks: list[str] = field(default_factory=list)


def place(standings: Sequence[Standing], sizes: Mapping[str, int], grades: Grades) -> None:
    """Give units the highest band that they reach and that has a place for them; the others keep their grade.

    ``standings`` are the units that pass, ``sizes`` the number of the roster's units by group, of which a share is
    counted. From the highest band down: among those who reach a band and are in no higher one, the higher score comes
    first; equal scores at the quota's line are all in or all out, as the quota says. Who finds no place falls to the
    next band and takes part in its quota.

    Example: a quota of 2, scores 95, 93, 93: ``all_out`` leaves one unit in the band, ``all_in`` three.
    """
    left = list(standings)
    for band in grades.bands:
        reached = [one for one in left if one.score >= band.at_least]
        left = [one for one in left if one.score < band.at_least]
        for pool, units in _pools(reached, sizes, band.quota):
            left += _fill(band, pool, units)


def _pools(
    reached: Sequence[Standing], sizes: Mapping[str, int], quota: Quota | None
) -> Iterator[tuple[list[Standing], int]]:
    """Yield those who compete for the same places, each pool with the number of the roster's units behind it."""
    if quota is None or quota.within == "all":
        yield list(reached), sum(sizes.values())
        return
    for group, units in sizes.items():
        yield [one for one in reached if one.group == group], units


def _fill(band: Band, pool: Sequence[Standing], units: int) -> list[Standing]:
    """Give the band to those of a pool who find a place in it, and return the others."""
    if band.quota is None:
        for one in pool:
            one.grade = band.grade
            one.remarks.append(reached_text(band))
        return []
    left = []
    places, scores = band.quota.places(units), sorted(one.score for one in pool)
    told = f"{band.grade}名额 {places} 个（{quota_text(band.quota, units)}）"
    for one in pool:
        above = len(scores) - bisect_right(scores, one.score)
        tied = bisect_right(scores, one.score) - bisect_left(scores, one.score)
        if above < places and (band.quota.ties == "all_in" or above + tied <= places):
            one.grade = band.grade
            one.remarks.append(f"{reached_text(band)}；{told}，得分更高的 {above} 个，评入")
        else:
            left.append(one)
            same = f"，同分 {tied} 个" if tied > 1 else ""
            reason = "同分的一并不评入" if above < places else "名额已满"
            one.remarks.append(f"达到{band.grade} {show(band.at_least)}；{told}，得分更高的 {above} 个{same}，{reason}")
    return left


def reached_text(band: Band) -> str:
    """Say that a band is reached: its line, and the document that approved it."""
    return f"达到{band.grade} {show(band.at_least)}（{band.approval}）"


def quota_text(quota: Quota, units: int) -> str:
    """Say how many places there are and how they were counted."""
    pool = "本组" if quota.within == "group" else "全部"
    if quota.rounding is None:
        return f"{pool} {units} 个单位，定额"
    assert quota.percent is not None  # the two go together
    return f"{pool} {units} 个单位的 {plain(quota.percent)}%，{_ROUNDED[quota.rounding]}"
