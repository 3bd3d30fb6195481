"""The order of judgement (四) for all units at once: veto, key items, gate, bonus, final score, grade, ranks.

Mirrors ``assess_lib.scoring`` step by step; like it, this module adds up what the rules' rows say and computes no point
of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from assess_lib.exact import to_cents
from assess_lib.scale.award import highest_level_per_matter, mean_of_raters, mean_per_matter
from assess_lib.scale.columns import NONE, Flags, Ints
from assess_lib.scale.deduction import deduct_from_full
from assess_lib.scale.gate import check_year
from assess_lib.scale.judged import ROSTER, Judged
from assess_lib.scale.known import check_known
from assess_lib.scale.ranking import quarterly_top_ranks
from assess_lib.scale.rows import Rows, status_code
from assess_lib.scale.sums import competition_ranks
from assess_lib.scale.veto import hotline_red_lights, named_in_circular
from assess_lib.scale.year import TABLE_CODES, Year, first_of
from assess_lib.scheme import HighestLevelPerMatter, Item, Line, Scheme

Method = Callable[[Item, Year], Judged]
METHODS: Mapping[str, Method] = {
    method.__name__: method
    for method in (
        hotline_red_lights,
        named_in_circular,
        deduct_from_full,
        mean_per_matter,
        highest_level_per_matter,
        quarterly_top_ranks,
        mean_of_raters,
    )
}

_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Results:
    """All units' results in roster order, in whole cents; a value that does not exist is NONE, a rank 0.

    ``grade`` counts from 0: the fail grade, the pass grade, then the approved bands in the scheme's order.
    """

    vetoed: Flags
    key_score: Ints
    bonus_open: Flags
    bonus_score: Ints
    final_score: Ints
    grade: Ints
    rank_in_group: Ints
    rank_overall: Ints
    unresolved: Ints


@dataclass(frozen=True, slots=True)
class Block:
    """Ledger rows of one item (or ``final``) in roster order, of those units that ``judged`` marks.

    ``start`` is what the running total starts at, None where the numbers stay blank.
    """

    part: str
    item: str
    rows: Rows
    start: int | None
    judged: Flags


@dataclass(frozen=True, slots=True)
class LargeScore:
    """A year's outcome: results, and items by id (of the units for which ``judges`` says so)."""

    year: Year
    results: Results
    items: Mapping[str, Judged]
    earned: Ints
    """What the bonus items add up to, before the part's cap."""

    def judges(self, item: Item) -> Flags:
        """Tell for which units an item was judged (``scoring.Verdict.judged``)."""
        if item.part == "veto":
            return np.ones(self.year.size, dtype=bool)
        return ~self.results.vetoed if item.part == "key" else self.results.bonus_open


def score_tables(folder: Path, scheme: Scheme, readings: Mapping[str, str], run_date: date) -> LargeScore:
    """Score every unit of a folder of canonical tables (``<table>.parquet``) under the scheme.

    Takes one option for each reading and the run date, and gives what ``scoring.score`` gives, exactly: results, items
    and the numbers of the ledger, of any number of units. Raises UsageError for a scheme with anything that this
    package does not compute, InputRejected for tables that cleaning would not have let through.
    """
    check_known(scheme, METHODS)
    year = Year(folder, scheme, readings, run_date)
    # The arrays' own work runs outside the interpreter's lock: side by side it takes as many cores as there are.
    with ThreadPoolExecutor(_CORES) as pool:
        check_year(year, pool)
        zeros = np.zeros(len(year.roster), dtype=np.int64)  # the roster is there before the items share it
        judged = pool.map(lambda item: METHODS[item.rule.method](item, year), scheme.items)
        items = {item.id: one for item, one in zip(scheme.items, judged, strict=True)}
    vetoed = zeros > 0
    for item in scheme.part_items("veto"):
        vetoed |= _flags(items[item.id].vetoed)
    key = _points(items[scheme.key_item.id])
    gate = _line(scheme.judgement.bonus_gate)
    opened = ~vetoed & ((key >= gate) if readings["bonus_gate"] == "at_least" else (key > gate))
    earned = sum((_points(items[item.id]) for item in scheme.part_items("bonus")), zeros)
    return LargeScore(year, _results(vetoed, key, opened, earned, items, year), items, earned)


def _line(line: Line | None) -> int:
    assert line is not None  # ``check_known`` refuses a scheme without it
    return to_cents(line.points)


def _flags(flags: Flags | None) -> Flags:
    assert flags is not None
    return flags


def _points(judged: Judged) -> Ints:
    assert judged.points is not None
    return judged.points


def _results(vetoed: Flags, key: Ints, opened: Flags, earned: Ints, items: Mapping[str, Judged], year: Year) -> Results:
    """Judge the units by their points (四): cap of the bonus part, final score, grade, ranks, open items."""
    scheme = year.scheme
    bonus = np.where(opened, np.minimum(earned, _line(scheme.judgement.bonus_cap)), NONE)
    final = np.where(vetoed, NONE, key + np.where(opened, bonus, 0))
    grade = np.ones(year.size, dtype=np.int64)
    # From the lowest band up, so that the highest that is reached stays.
    for number, band in reversed(list(enumerate(scheme.grades.bands, start=2))):
        grade[final >= to_cents(band.at_least)] = number
    grade[vetoed | (key < _line(scheme.judgement.pass_mark))] = 0
    unresolved = np.zeros(year.size, dtype=np.int64)
    for item in scheme.items:
        judged = {"veto": np.ones(year.size, dtype=bool), "key": ~vetoed, "bonus": opened}[item.part]
        unresolved += items[item.id].unresolved & judged
    return Results(
        vetoed,
        np.where(vetoed, NONE, key),
        opened,
        bonus,
        final,
        grade,
        competition_ranks(year.group_codes, ~vetoed, final),
        competition_ranks(np.zeros(year.size, dtype=np.int64), ~vetoed, final),
        unresolved,
    )


def ledger_blocks(score: LargeScore) -> Iterator[Block]:
    """Give the ledger's rows: of the items that were judged, then those that close a unit's ledger."""
    year, results = score.year, score.results
    for item in year.scheme.items:
        start = None if item.part == "veto" else to_cents(item.start)
        yield Block(item.part, item.id, score.items[item.id].rows, start, score.judges(item))
    for item in year.scheme.items:
        if item.part != "veto":
            yield _unjudged(item, score)
    yield Block("final", "final", _vetoed_verdict(year), None, results.vetoed)
    yield Block("final", "final", _final_chain(score), 0, ~results.vetoed)


def _unjudged(item: Item, score: LargeScore) -> Block:
    """Give an item's row for the units that were not judged: by a veto, or as the gate stayed closed."""
    year, vetoed = score.year, score.results.vetoed
    table, row = _first_unused(item, year)
    rows = Rows.of(
        year.every_unit,
        status=np.where(vetoed, status_code("not_scored"), status_code("gate_closed")),
        reading=np.where(vetoed, 0, year.reading("bonus_gate")),
        table=table,
        row=row,
    )
    return Block(item.part, item.id, rows, None, ~score.judges(item))


def _vetoed_verdict(year: Year) -> Rows:
    return Rows.of(year.every_unit, status="verdict", table=ROSTER, row=year.every_unit)


def _final_chain(score: LargeScore) -> Rows:
    """Add key score and bonus (四 5); the bonus part is cut at its own cap."""
    year, results = score.year, score.results
    scored, opened = np.flatnonzero(~results.vetoed), np.flatnonzero(results.bonus_open)
    key, bonus, earned = results.key_score[scored], results.bonus_score[opened], score.earned[opened]
    return Rows.joined(
        [
            Rows.of(scored, nominal=key, points=key, status="verdict", table=ROSTER, row=scored),
            Rows.of(
                opened,
                nominal=earned,
                points=bonus,
                status=np.where(bonus < earned, status_code("capped"), status_code("verdict")),
                reading=year.reading("bonus_gate"),
                table=ROSTER,
                row=opened,
            ),
            Rows.of(scored, status="verdict", table=ROSTER, row=scored),
        ]
    )


def _first_unused(item: Item, year: Year) -> tuple[Ints, Ints]:
    """Return where the first row stands that an item leaves unused, by unit: table and position in its file."""
    table, row = np.full(year.size, NONE, dtype=np.int64), np.full(year.size, NONE, dtype=np.int64)
    for name in reversed(item.rule.tables):
        first = year.first_row(name)
        if isinstance(item.rule, HighestLevelPerMatter):
            own = np.flatnonzero(year.table(name).codes("加分项", (item.rule.category,)) != NONE)
            first = np.append(own, NONE)[first_of(year.units(name)[own], year.size)]
        has = first != NONE
        table[has], row[has] = TABLE_CODES[name], year.origin(name, first)[has]
    return table, row
