"""Ledger rows of two sets held against each other: by the raw record behind them, never by their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assess_lib.comparison.changes import Pair, Step
from assess_lib.comparison.records import Records

# Tables that price, prove or decide about a fact, or name the unit: never the fact itself.
_NOT_FACTS = frozenset({"单位名录", "扣分标准", "佐证目录", "调整复核"})

Identity = tuple[str, object]


def read_steps(records: Iterable[Mapping[Any, Any]]) -> dict[str, tuple[Step, ...]]:
    """Return the ledger's rows (dictionaries by column) by unit, in their order."""
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for row in records:
        found[row["unit_id"]].append(Step(*(row[name] for name in Step.__slots__)))
    return {unit: tuple(steps) for unit, steps in found.items()}


def named_rows(step: Step, known: Mapping[str, int]) -> tuple[int, ...]:
    """Return the pairs of raw rows that a ledger row names as its source, in its order.

    ``known`` finds a pair by its source as text. A file name may hold ``; `` itself: pieces are joined again
    until they are a known source.
    """
    found, piece = [], ""
    for part in step.source.split("; ") if step.source else ():
        piece = f"{piece}; {part}" if piece else part
        if piece in known:
            found.append(known[piece])
            piece = ""
    return tuple(found)


def head(label: str) -> str:
    """Return what a label is about: its part before the first colon."""
    return label.partition("：")[0]


def _identity(step: Step, method: str, named: Sequence[int], records: Records) -> Identity:
    """Say what a ledger row is about, so that its counterpart in the other set is found.

    Most rows are about the raw record that they name first. A place in a ranking and a row without a record
    are about what their label says, a matter's mean about the matter, a verdict about its item.
    """
    if step.status in ("verdict", "gate_closed", "not_scored"):
        return step.status, ""
    table = records.table(named[0]) if named else ""
    if not table or table in _NOT_FACTS or step.status == "unresolved" or method == "quarterly_top_ranks":
        return "label", head(step.label)
    if method == "mean_of_raters":
        return "mean", table
    if method == "mean_per_matter" and step.status not in ("revoked", "no_evidence") and table == "评定加分":
        pair = records.rows[named[0]]
        row = pair.new or pair.old
        assert row is not None
        return "matter", row["事项"]
    return "record", named[0]


def match(old: Sequence[Step], new: Sequence[Step], method: str, records: Records) -> tuple[Pair[Step], ...]:
    """Pair the ledger rows of one unit's item, in the order of the rows.

    A row that is about a record finds the row about the same record. A row about no record (a report that never
    came) finds the row of the same label, with a record or without one.
    """
    waiting: defaultdict[Identity, list[Step]] = defaultdict(list)
    for step in old:
        waiting[_identity(step, method, named_rows(step, records.old), records)].append(step)
    pairs: list[Pair[Step]] = []
    lonely: list[tuple[Identity, Step]] = []
    for step in new:
        identity = _identity(step, method, named_rows(step, records.new), records)
        if waiting[identity]:
            pairs.append(Pair(waiting[identity].pop(0), step))
        else:
            lonely.append((identity, step))
    left = [(identity, step) for identity, steps in waiting.items() for step in steps]
    for identity, step in lonely:
        twin = next((one for one in left if _same_label(one, (identity, step))), None)
        if twin is not None:
            left.remove(twin)
        pairs.append(Pair(None if twin is None else twin[1], step))
    pairs += [Pair(step, None) for _, step in left]
    return tuple(sorted(pairs, key=_place))


def _same_label(one: tuple[Identity, Step], other: tuple[Identity, Step]) -> bool:
    """Tell whether two rows speak of the same thing, at least one of them without a record."""
    kinds = {one[0][0], other[0][0]}
    return "label" in kinds and kinds <= {"label", "record"} and head(one[1].label) == head(other[1].label)


def _place(pair: Pair[Step]) -> tuple[int, bool]:
    step = pair.new or pair.old
    assert step is not None
    return step.seq, pair.new is None
