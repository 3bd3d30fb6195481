"""What the award items (四（三）1, 2, 3) can come to together: one matter, one piece of evidence may tie them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from assess_lib.robustness.options import Rows, keep, means

Values = tuple[int, ...]
Items = tuple[int, ...]


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


Matter = list[Award]


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


def awarded(awards: Sequence[Award], rules: AwardRules) -> dict[Items, dict[Values, Rows]]:
    """Return what the award items can come to, each set of values with the fewest corrections that give it.

    A row goes by itself or with its evidence; evidence that several rows share takes all of them out at once. Items
    that a matter or a piece of evidence ties are one key, with values in this order; all other items are each their
    own: what one comes to asks nothing of the rest.
    """
    shared = _shared_evidence(awards)
    chains = _chains(_matters(awards, rules), shared)
    found = {}
    for items in _joined(len(rules.caps), [{a.item for matter in chain for a in matter} for chain in chains]):
        own = [matter for chain in chains if chain[0][0].item in items for matter in _closing_early(chain, shared)]
        found[items] = _combined(own, items, shared, rules)
    return found


def _matters(awards: Sequence[Award], rules: AwardRules) -> list[Matter]:
    """Return the rows that are counted together: of one matter in one item, or in all that take levels, if ``once``."""
    groups: dict[tuple[int, str], Matter] = {}
    for award in awards:
        across = rules.once and award.item not in rules.means
        groups.setdefault((-1 if across else award.item, award.matter), []).append(award)
    return list(groups.values())


def _chains(matters: Sequence[Matter], shared: Collection[int]) -> list[list[Matter]]:
    """Return the matters in chains: those that shared evidence ties, directly or by others, make one."""
    by_evidence: dict[int, set[int]] = {}
    for place, matter in enumerate(matters):
        for evidence in _shared_of(matter, shared):
            by_evidence.setdefault(evidence, set()).add(place)
    return [[matters[place] for place in chain] for chain in _joined(len(matters), by_evidence.values())]


def _joined(count: int, ties: Iterable[Collection[int]]) -> list[tuple[int, ...]]:
    """Return the numbers below ``count`` in groups of those that are tied, directly or by others, all in order."""
    of: dict[int, tuple[int, ...]] = {number: (number,) for number in range(count)}
    for tie in ties:
        whole = tuple(sorted({number for one in tie for number in of[one]}))
        of.update(dict.fromkeys(whole, whole))
    return sorted(set(of.values()))


def _closing_early(chain: Sequence[Matter], shared: Collection[int]) -> list[Matter]:
    """Return a chain's matters in an order in which few pieces of evidence are open at a time.

    Open is what an earlier matter has used and a later one will: whether it was withdrawn must be remembered, so that
    each open piece doubles what there is to tell apart. For the same reason evidence that is open is used up first.
    """
    left, ordered, begun = list(chain), list[Matter](), set[int]()
    uses = [_shared_of(matter, shared) for matter in left]
    while left:
        users = Counter(evidence for use in uses for evidence in use)
        open_after = [sum(users[evidence] > (evidence in use) for evidence in begun | use) for use in uses]
        place = open_after.index(min(open_after))
        begun |= uses.pop(place)
        ordered.append(left.pop(place))
    return ordered


def _combined(
    matters: Sequence[Matter], items: Items, shared: Collection[int], rules: AwardRules
) -> dict[Values, Rows]:
    """Return what items that hang together can come to by their matters, one matter after the other."""
    # What is known so far: the items' values, and which evidence that later matters use too has been withdrawn.
    states: dict[tuple[Values, frozenset[int]], Rows] = {(tuple(0 for _ in items), frozenset()): ()}
    settled: set[int] = set()
    used = [_shared_of(matter, shared) for matter in matters]
    for place, (matter, uses) in enumerate(zip(matters, used, strict=True)):
        later = set[int]().union(*used[place + 1 :])
        options = {
            withdrawn: _matter_options([a for a in matter if a.evidence not in withdrawn], items, rules)
            for withdrawn in _subsets(sorted(uses))
        }
        grown: dict[tuple[Values, frozenset[int]], Rows] = {}
        for (values, gone), rows in states.items():
            for fresh in _subsets(sorted(uses - settled)):
                withdrawn = gone | fresh
                for gains, more in options[withdrawn & uses].items():
                    state = (_add(values, gains, items, rules), withdrawn & later)
                    keep(grown, state, (*rows, *sorted(fresh), *more))
        states = grown
        settled |= uses
    found: dict[Values, Rows] = {}
    for (values, _), rows in states.items():
        keep(found, values, rows)
    return found


def _shared_of(matter: Matter, shared: Collection[int]) -> set[int]:
    """Return the evidence of a matter that other rows share."""
    return {award.evidence for award in matter if award.evidence is not None and award.evidence in shared}


def _shared_evidence(awards: Sequence[Award]) -> set[int]:
    """Return the evidence of several rows; that of one row is no better than the row itself."""
    uses = Counter(award.evidence for award in awards if award.evidence is not None)
    return {evidence for evidence, times in uses.items() if times > 1}


def _subsets(members: Sequence[int]) -> Iterator[frozenset[int]]:
    for chosen in product((False, True), repeat=len(members)):
        yield frozenset(member for member, take in zip(members, chosen, strict=True) if take)


def _add(values: Values, gains: Values, items: Items, rules: AwardRules) -> Values:
    """Add a matter's gains to the items' values: the sum, or the best matter, never above the item's cap."""
    return tuple(
        min(rules.caps[item], max(old, gain) if rules.best and item not in rules.means else old + gain)
        for item, old, gain in zip(items, values, gains, strict=True)
    )


def _matter_options(awards: Sequence[Award], items: Items, rules: AwardRules) -> dict[Values, Rows]:
    """Return what one matter can earn in each of the items, with the fewest of its own rows taken out."""
    if not awards:
        return {tuple(0 for _ in items): ()}
    found: dict[Values, Rows] = {}
    if (item := awards[0].item) in rules.means:
        for value, rows in means([(a.points, a.row) for a in awards]).items():
            keep(found, _in_places({item: value or 0}, items), rows)
        return found
    own = sorted({a.item for a in awards})
    for levels in product(*(_level_options([a for a in awards if a.item == i]) for i in own)):
        earned = dict(zip(own, (level for level, _ in levels), strict=True))
        if rules.once:
            best = max(own, key=lambda i: (earned[i], -i))
            earned = {best: earned[best]}
        keep(found, _in_places(earned, items), tuple(r for _, rows in levels for r in rows))
    return found


def _in_places(earned: Mapping[int, int], items: Items) -> Values:
    return tuple(earned.get(item, 0) for item in items)


def _level_options(awards: Sequence[Award]) -> list[tuple[int, Rows]]:
    """Return the levels that one item can be left with, and the rows above each of them."""
    levels = sorted({a.points for a in awards} | {0}, reverse=True)
    return [(level, tuple(a.row for a in awards if a.points > level)) for level in levels]
