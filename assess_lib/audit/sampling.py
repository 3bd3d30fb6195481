"""A sample of ledger rows that nobody picks: drawn by the receipt's own digest, larger amounts more likely."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from assess_lib.audit.audited import Audited, Step
from assess_lib.exact import ZERO, cents, times

SIZE = 30
BASE = 25
"""The weight of a row that moved nothing, as that of a quarter point: most rows move nothing, and some must be seen."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn row: its number in the working papers, the row, and why it is in the sample."""

    number: int
    step: Step
    stratum: bool
    """Drawn as its item's own row; otherwise from all remaining rows."""


def seed_of(receipt_digest: str) -> str:
    """Return the seed, 16 hex digits that anyone can work out: SHA-256 of the receipt's digest as text."""
    return sha256(receipt_digest.encode("ascii")).hexdigest()[:16]


def weight(step: Step) -> int:
    """Return a ledger row's weight: its larger amount (before or after a cut) in cents, and ``BASE``.

    A closing row only repeats sums that are all added up again: it weighs ``BASE``.
    """
    if step["part"] == "final":
        return BASE
    amounts = (abs(step[column] or ZERO) for column in ("nominal", "points"))
    return BASE + int(times(cents(max(amounts)), 100))


def draw(data: Audited, size: int = SIZE) -> tuple[Drawn, ...]:
    """Draw ``size`` ledger rows without repetition, in the order of the ledger.

    First one row of every item that has any (and of the closing rows), so that each part is there; then from all
    others. Both draws take a row with a chance in proportion to its weight. The seed is the receipt's: the same
    set gives the same sample everywhere, another set another one. ``size`` below the number of items draws one
    of each item all the same.
    """
    chance = random.Random(int(seed_of(data.data.receipt_digest), 16))
    rest = list(range(len(data.ledger)))
    weights = [weight(step) for step in data.ledger]
    chosen: dict[int, bool] = {}
    for item in dict.fromkeys(step["item"] for step in data.ledger):
        own = [index for index in rest if data.ledger[index]["item"] == item]
        _take(chance, own, rest, chosen, weights, True)
    while rest and len(chosen) < size:
        _take(chance, rest, rest, chosen, weights, False)
    return tuple(
        Drawn(number, data.ledger[index], chosen[index]) for number, index in enumerate(sorted(chosen), start=1)
    )


def _take(
    chance: random.Random,
    pool: Sequence[int],
    rest: list[int],
    chosen: dict[int, bool],
    weights: Sequence[int],
    stratum: bool,
) -> None:
    """Take one index out of the pool and the rest; whole numbers only, so that no machine rounds otherwise."""
    mark = chance.randrange(sum(weights[index] for index in pool))
    for index in pool:
        mark -= weights[index]
        if mark < 0:
            chosen[index] = stratum
            rest.remove(index)
            return
