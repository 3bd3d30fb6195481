"""What the award items (四（三）1, 2, 3) can come to together: one matter, one piece of evidence may tie them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from assess_lib.robustness.options import Rows, keep, means

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Award:
    """A row that counts: its item's place among the award items, its matter, its points, its correction.

    ``evidence`` is the correction that withdraws the row's evidence; None where the row counts without it all the same.
    """

    item: int
    matter: str
    points: int
    row: int
    evidence: int | None = None


@dataclass(frozen=True, slots=True)
class AwardRules:
    """How the award items combine: their caps; which take a mean per matter; which readings are in force.

    ``once``: a matter stays only in the item where it earns more, equal: in the earlier one. ``best``: in an item that
    takes levels only the best matter counts.
    """

    caps: Values
    means: frozenset[int]
    once: bool
    best: bool


def awarded(awards: Sequence[Award], rules: AwardRules) -> dict[Values, Rows]:
    """Return what the award items can come to, each set of values with the fewest corrections that give it.

    A row goes by itself or with its evidence; evidence that several rows share takes all of them out at once.
    """
    groups: dict[tuple[bool, int, str], list[Award]] = {}
    for award in awards:
        by_mean = award.item in rules.means
        groups.setdefault((by_mean, award.item if by_mean else -1, award.matter), []).append(award)
    matters = list(groups.values())
    shared = _shared_evidence(awards)
    # What is known so far: the items' values, and which evidence that later matters use too has been withdrawn.
    states: dict[tuple[Values, frozenset[int]], Rows] = {(tuple(0 for _ in rules.caps), frozenset()): ()}
    settled: set[int] = set()
    for place, matter in enumerate(matters):
        uses = {a.evidence for a in matter if a.evidence is not None} & shared
        later = {a.evidence for rest in matters[place + 1 :] for a in rest if a.evidence is not None} & shared
        grown: dict[tuple[Values, frozenset[int]], Rows] = {}
        for (values, gone), rows in states.items():
            for fresh in _subsets(sorted(uses - settled)):
                withdrawn = gone | fresh
                left = [a for a in matter if a.evidence not in withdrawn]
                for gains, more in _matter_options(left, rules).items():
                    state = (_add(values, gains, rules), withdrawn & later)
                    keep(grown, state, (*rows, *sorted(fresh), *more))
        states = grown
        settled |= uses
    found: dict[Values, Rows] = {}
    for (values, _), rows in states.items():
        keep(found, values, rows)
    return found


def _shared_evidence(awards: Sequence[Award]) -> set[int]:
    """Return the evidence of several rows; that of one row is no better than the row itself."""
    uses = [award.evidence for award in awards if award.evidence is not None]
    return {evidence for evidence in uses if uses.count(evidence) > 1}


def _subsets(members: Sequence[int]) -> Iterator[frozenset[int]]:
    for chosen in product((False, True), repeat=len(members)):
        yield frozenset(member for member, take in zip(members, chosen, strict=True) if take)


def _add(values: Values, gains: Values, rules: AwardRules) -> Values:
    """Add a matter's gains to the items' values: the sum, or the best matter, never above the item's cap."""
    return tuple(
        min(cap, max(old, gain) if rules.best and item not in rules.means else old + gain)
        for item, (old, gain, cap) in enumerate(zip(values, gains, rules.caps, strict=True))
    )


def _matter_options(awards: Sequence[Award], rules: AwardRules) -> dict[Values, Rows]:
    """Return what one matter can earn in each item, with the fewest of its own rows taken out."""
    nothing = tuple(0 for _ in rules.caps)
    if not awards:
        return {nothing: ()}
    item = awards[0].item
    found: dict[Values, Rows] = {}
    if item in rules.means:
        for value, rows in means([(a.points, a.row) for a in awards]).items():
            keep(found, (*nothing[:item], value or 0, *nothing[item + 1 :]), rows)
        return found
    items = sorted({a.item for a in awards})
    for levels in product(*(_level_options([a for a in awards if a.item == i]) for i in items)):
        earned = dict(zip(items, (level for level, _ in levels), strict=True))
        if rules.once:
            best = max(items, key=lambda i: (earned[i], -i))
            earned = {best: earned[best]}
        keep(found, tuple(earned.get(i, 0) for i in range(len(nothing))), tuple(r for _, rows in levels for r in rows))
    return found


def _level_options(awards: Sequence[Award]) -> list[tuple[int, Rows]]:
    """Return the levels that one item can be left with, and the rows above each of them."""
    levels = sorted({a.points for a in awards} | {0}, reverse=True)
    return [(level, tuple(a.row for a in awards if a.points > level)) for level in levels]
