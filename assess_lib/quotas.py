"""Bands with quotas: how many units of a group a band may hold, and who falls to the next one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from assess_lib.exact import plain, show
from assess_lib.scheme import Band, Grades, Quota

_ROUNDED = {"down": "舍去小数", "half_up": "四舍五入", "up": "进一"}


@dataclass(slots=True)
class Standing:
    """One unit of the roster as bands see it: its group, and its score unless it is out of the running (不合格)."""

    group: str
    score: Decimal | None
    grade: str = ""
    remarks: list[str] = field(default_factory=list)


def place(standings: Sequence[Standing], grades: Grades) -> None:
    """Give every unit with a score its grade: the highest band that it reaches and that has a place for it.

    From the highest band down. Among those who reach a band and are in no higher one, the higher score comes first;
    equal scores at the quota's line are all in or all out, as the quota says. Who finds no place falls to the next
    band and takes part in its quota. A share is counted of the roster's units, those without a score included.

    Example: a quota of 2, scores 95, 93, 93: ``all_out`` leaves one unit in the band, ``all_in`` three.
    """
    open_units = [one for one in standings if one.score is not None]
    for band in grades.bands:
        reached = [one for one in open_units if one.score is not None and one.score >= band.at_least]
        for pool, units in _pools(reached, standings, band.quota):
            _fill(band, pool, units)
        open_units = [one for one in open_units if not one.grade]
    for one in open_units:
        one.grade = grades.passed


def _pools(
    reached: Sequence[Standing], standings: Sequence[Standing], quota: Quota | None
) -> list[tuple[list[Standing], int]]:
    """Return those who compete for the same places, each pool with the number of the roster's units behind it."""
    if quota is None or quota.within == "all":
        return [(list(reached), len(standings))]
    pools: defaultdict[str, list[Standing]] = defaultdict(list)
    size: defaultdict[str, int] = defaultdict(int)
    for one in reached:
        pools[one.group].append(one)
    for one in standings:
        size[one.group] += 1
    return [(pool, size[group]) for group, pool in pools.items()]


def _fill(band: Band, pool: Sequence[Standing], units: int) -> None:
    if band.quota is None:
        for one in pool:
            one.grade = band.grade
        return
    places, scores = band.quota.places(units), sorted(one.score for one in pool if one.score is not None)
    told = f"{band.grade}名额 {places} 个（{quota_text(band.quota, units)}）"
    for one in pool:
        assert one.score is not None
        above = len(scores) - bisect_right(scores, one.score)
        tied = bisect_right(scores, one.score) - bisect_left(scores, one.score)
        if above < places and (band.quota.ties == "all_in" or above + tied <= places):
            one.grade = band.grade
            one.remarks.append(f"{told}，得分更高的 {above} 个，评入")
        else:
            same = f"，同分 {tied} 个" if tied > 1 else ""
            reason = "同分的一并不评入" if above < places else "名额已满"
            one.remarks.append(f"达到{band.grade} {show(band.at_least)}；{told}，得分更高的 {above} 个{same}，{reason}")


def quota_text(quota: Quota, units: int) -> str:
    """Say how many places there are and how they were counted."""
    pool = "本组" if quota.within == "group" else "全部"
    if quota.count is not None:
        return f"{pool} {units} 个单位，定额"
    return f"{pool} {units} 个单位的 {plain(quota.percent or Decimal(0))}%，{_ROUNDED[quota.rounding or 'down']}"
