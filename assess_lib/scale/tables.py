"""Results, items and the numeric ledger as arrow tables: whole cents become decimals here, and nowhere earlier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assess_lib.exact import to_cents
from assess_lib.scale.columns import NONE, Flags, Ints
from assess_lib.scale.judged import Judged
from assess_lib.scale.rows import STATUSES, Rows
from assess_lib.scale.scoring import Block, LargeScore, ledger_blocks
from assess_lib.scale.sums import LIMIT, plain, running
from assess_lib.scale.year import MARK, Year
from assess_lib.tables import TABLES

POINTS = pa.decimal128(9, 2)
# A rate of 16 digits before the point, times a count of 63 bits.
NOMINAL = pa.decimal128(38, 2)
_CODE = pa.dictionary(pa.int32(), pa.string())

RESULTS = pa.schema(
    [
        ("unit_id", pa.string()),
        ("unit_name", pa.string()),
        ("group", pa.string()),
        ("status", pa.string()),
        ("key_score", POINTS),
        ("bonus_open", pa.bool_()),
        ("bonus_score", POINTS),
        ("final_score", POINTS),
        ("grade", pa.string()),
        ("rank_in_group", pa.int64()),
        ("rank_overall", pa.int64()),
        ("unresolved", pa.int64()),
    ]
)
ITEMS = pa.schema(
    [
        ("unit_id", pa.string()),
        ("item", pa.string()),
        ("points", POINTS),
        ("cap", POINTS),
        ("unresolved", pa.bool_()),
        ("note", pa.string()),
    ]
)
LEDGER = pa.schema(
    [
        ("unit_id", _CODE),
        ("seq", pa.int64()),
        ("part", _CODE),
        ("item", _CODE),
        ("nominal", NOMINAL),
        ("before", POINTS),
        ("points", POINTS),
        ("after", POINTS),
        ("status", _CODE),
        ("reading", _CODE),
        ("source_table", _CODE),
        ("source_row", pa.int64()),
    ]
)
UNITS_A_PART = 8192
"""So many units' ledger rows are put together at a time: some hundred megabytes."""


def decimals(cents: Ints, blank: Flags, kind: pa.Decimal128Type, beyond: Sequence[int] = ()) -> pa.Array:
    """Return whole cents as decimals of two places, exactly; where ``blank`` says so there is none."""
    halves = np.empty((len(cents), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = cents, cents >> 63
    for at in np.flatnonzero(np.abs(cents) >= LIMIT):
        exact = plain(int(cents[at]), list(beyond))
        halves[at] = np.frombuffer(exact.to_bytes(16, "little", signed=True), dtype=np.int64)
    filled = pa.array(~blank).buffers()[1]
    return pa.Array.from_buffers(kind, len(cents), [filled, pa.py_buffer(halves)], null_count=int(blank.sum()))


def whole(values: Ints) -> pa.Array:
    """Return whole numbers; NONE is none."""
    return pa.array(values, mask=values == NONE)


def _pick(codes: Ints, texts: Sequence[str]) -> pa.Array:
    """Return a text for each code; NONE is none."""
    return pa.array(list(texts), type=pa.string()).take(whole(codes))


def _coded(codes: Ints, texts: pa.Array) -> pa.DictionaryArray:
    """Return codes with the texts they stand for; NONE is none."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=codes == NONE), texts)


def results_table(score: LargeScore) -> pa.Table:
    """Return the columns of ``results.csv``, a row for each unit in roster order."""
    year, found, grades = score.year, score.results, score.year.scheme.grades
    columns = [
        year.roster,
        year.names,
        year.groups.dictionary_decode(),
        _pick(found.vetoed.astype(np.int64), ("scored", "vetoed")),
        _score(found.key_score),
        pa.array(found.bonus_open),
        _score(found.bonus_score),
        _score(found.final_score),
        _pick(found.grade, (grades.fail, grades.passed, *(band.grade for band in grades.bands))),
        pa.array(found.rank_in_group, mask=found.rank_in_group == 0),
        pa.array(found.rank_overall, mask=found.rank_overall == 0),
        pa.array(found.unresolved),
    ]
    return pa.Table.from_arrays(columns, schema=RESULTS)


def _score(cents: Ints) -> pa.Array:
    return decimals(cents, cents == NONE, POINTS)


def items_table(score: LargeScore) -> pa.Table:
    """Return the columns of ``items.csv``: a row for each unit and item judged, in roster and scheme order."""
    year, items = score.year, score.year.scheme.items
    judged = np.stack([score.judges(item) for item in items], axis=1)
    unit, number = np.nonzero(judged)
    nothing = np.full(year.size, NONE, dtype=np.int64)
    points = np.stack([_or(score.items[item.id].points, nothing) for item in items], axis=1)
    unresolved = np.stack([score.items[item.id].unresolved for item in items], axis=1)
    caps = np.array([NONE if item.cap is None else to_cents(item.cap) for item in items], dtype=np.int64)
    notes = pa.concat_arrays([_notes(score.items[item.id], year) for item in items])
    columns = [
        year.roster.take(pa.array(unit)),
        _pick(number, [item.id for item in items]),
        _score(points[unit, number]),
        _score(caps[number]),
        pa.array(unresolved[unit, number]),
        notes.take(pa.array(number * year.size + unit)),
    ]
    return pa.Table.from_arrays(columns, schema=ITEMS)


def _or(points: Ints | None, nothing: Ints) -> Ints:
    return nothing if points is None else points


def _notes(judged: Judged, year: Year) -> pa.Array:
    """Return an item's note for every unit: a veto item's verdict, else the sentences of what remains open."""
    if judged.vetoed is not None:
        return _pick(judged.vetoed.astype(np.int64), ("clear", "vetoed"))
    notes = pa.array([""], type=pa.string()).take(pa.array(np.zeros(year.size, dtype=np.int64)))
    for doubt in judged.doubts:
        before, after = doubt.message.split(MARK)
        sentence = pc.binary_join_element_wise(before, year.names, after, "")
        longer = pc.if_else(pc.equal(notes, ""), sentence, pc.binary_join_element_wise(notes, sentence, " "))
        notes = pc.if_else(pa.array(doubt.units), longer, notes)
    return notes


def ledger_tables(score: LargeScore) -> Iterator[pa.Table]:
    """Yield the numeric ledger, some thousand units at a time: what ``ledger.csv`` says in numbers.

    ``seq`` counts from 1 within a unit. ``source_table`` and ``source_row`` name the first row that the step rests on:
    the table and the row's position in its parquet file, from 0. Words and formulas are made by ``explain``.
    """
    blocks = tuple(ledger_blocks(score))
    parts = _numbered(block.part for block in blocks)
    items = _numbered(block.item for block in blocks)
    # In alphabetical order, whichever item asked for its readings first.
    readings = sorted(score.year.reading_texts)
    order = np.array([readings.index(text) for text in score.year.reading_texts], dtype=np.int64)
    texts = tuple(pa.array(list(names), type=pa.string()) for names in (parts, items, STATUSES, readings, TABLES))
    for start in range(0, score.year.size, UNITS_A_PART):
        stop = min(start + UNITS_A_PART, score.year.size)
        part = [(block, _between(block, start, stop)) for block in blocks]
        yield _ledger_part(part, score.year, parts, items, order, texts)


def _numbered(names: Iterator[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _ledger_part(
    blocks: Sequence[tuple[Block, Rows]],
    year: Year,
    parts: Mapping[str, int],
    items: Mapping[str, int],
    readings: Ints,
    texts: Sequence[pa.Array],
) -> pa.Table:
    numbers = []
    for block, rows in blocks:
        after = running(rows.points, rows.unit) + (block.start or 0)
        labels = (parts[block.part], items[block.item], block.start is None)
        numbers.append(np.stack([after, *(np.full(len(rows), label, dtype=np.int64) for label in labels)], axis=1))
    every = Rows.joined([rows for _, rows in blocks])
    order = np.argsort(np.concatenate([rows.unit for _, rows in blocks]), kind="stable")
    after, part, item, blank = np.concatenate(numbers)[order].T
    texts_of = dict(zip(("part", "item", "status", "reading", "table"), texts, strict=True))
    empty = blank == 1
    columns = [
        _coded(every.unit, year.roster),
        pa.array(running(np.ones(len(order), dtype=np.int64), every.unit)),
        _coded(part, texts_of["part"]),
        _coded(item, texts_of["item"]),
        decimals(every.nominal, empty, NOMINAL, year.beyond),
        decimals(after - every.points, empty, POINTS),
        decimals(every.points, empty, POINTS),
        decimals(after, empty, POINTS),
        _coded(every.status, texts_of["status"]),
        _coded(readings[every.reading], texts_of["reading"]),
        _coded(every.table, texts_of["table"]),
        whole(every.row),
    ]
    return pa.Table.from_arrays(columns, schema=LEDGER)


def _between(block: Block, start: int, stop: int) -> Rows:
    """Return a block's rows of the units from ``start`` up to ``stop``."""
    first, last = np.searchsorted(block.rows.unit, (start, stop))
    rows = block.rows.take(slice(first, last))
    return rows.take(np.flatnonzero(block.judged[rows.unit]))
