"""The fewest corrections that lift a veto, and the one that would bring it on (四（一）)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assess_lib.robustness.corrections import CENTRE
from assess_lib.robustness.judged import Judged
from assess_lib.robustness.options import Rows
from assess_lib.scheme import Item

Test = Callable[[frozenset[int]], bool]


def lifting(judged: Judged) -> Rows | None:
    """Return the fewest corrections after which no veto item applies; None if there are none.

    Each ground must go by itself: the items read different tables, so their smallest sets add up.

    Example: two red lights by our own count and no result of the centre: one red light. Named by two circulars: both.
    """
    found: Rows = ()
    for item in judged.scheme.part_items("veto"):
        own = lifting_item(judged, item)
        if own is None:
            return None
        found += own
    return found


def lifting_item(judged: Judged, item: Item) -> Rows | None:
    """Return the fewest corrections after which one veto item does not apply.

    The information centre's row stays or goes: while it stands it alone decides V1. Either way the other rows can only
    add to the veto, so taking more of them out never brings it back.
    """
    felt = judged.touching(item)
    centre = judged.places(CENTRE)
    rest = tuple(row for row in felt if row not in centre)
    found: Rows | None = None
    for fixed in [(), *((row,) for row in felt if row in centre)]:

        def applies(gone: frozenset[int], fixed: Rows = fixed) -> bool:
            return judged.applies(item, gone | frozenset(fixed))

        own = fewest_against(rest, applies)
        if own is not None and (found is None or len(fixed) + len(own) < len(found)):
            found = (*fixed, *own)
    return found


def fewest_against(rows: Sequence[int], applies: Test) -> Rows | None:
    """Return a smallest set of rows without which a thing no longer applies; None if no set does.

    ``applies`` takes the rows taken out and must not become true by taking out more. Sets are tried by their size; each
    is grown only by rows of one ground (rows that make the thing apply by themselves), for one of these must go.
    """
    level = [frozenset[int]()]
    while level:
        grown: dict[frozenset[int], None] = {}
        for gone in level:
            if not applies(gone):
                return tuple(sorted(gone))
            for row in _ground(rows, gone, applies):
                grown[gone | {row}] = None
        level = sorted(grown, key=sorted)
    return None


def _ground(rows: Sequence[int], gone: frozenset[int], applies: Test) -> list[int]:
    """Return rows that make the thing apply and of which none can be spared; the upper ones, where there is a choice.

    The shortest beginning of the rows that makes it apply ends with one of them; with that one kept, the beginning of
    the rows above it is the next question. Each is found by halving.
    """
    found: list[int] = []
    left = [row for row in rows if row not in gone]
    out = gone
    while not applies(out | frozenset(left)):
        fewer, enough = 0, len(left)  # so many from the top are too few, and so many are enough
        while enough - fewer > 1:
            middle = (fewer + enough) // 2
            if applies(out | frozenset(left[middle:])):
                enough = middle
            else:
                fewer = middle
        found.insert(0, left[enough - 1])
        out |= frozenset(left[enough:])
        left = left[: enough - 1]
    return found


def bringing_on(judged: Judged) -> Rows | None:
    """Return the one correction that would bring a veto on; None if none would.

    Only the information centre's row holds a veto back: without it our own count of red lights decides.
    """
    for row in judged.places(CENTRE):
        if not judged.vetoed() and judged.vetoed((row,)):
            return (row,)
    return None
