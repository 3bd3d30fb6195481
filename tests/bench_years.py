"""Benches for tests: on the small set of five units, and on random years."""

from __future__ import annotations

from typing import Any

import pandas as pd
from build import load_scheme_plainly, make_tables
from random_year import Year
from report_set import DIGEST, small_set_tables

from assess_lib.scoring import score
from assess_lib.store import ScoredSet, StoredBasis
from assess_lib.store.sets import score_frames
from assess_lib.tables import Source, Tables
from assess_lib.workbench import Bench

SCHEME = load_scheme_plainly()
EMPTY = pd.DataFrame()


def bench_of(tables: Tables, readings: dict[str, str] | None = None, run_date: Any = None) -> Bench:
    """Open a bench on tables as if they had just been scored."""
    chosen, day = SCHEME.default_readings() | (readings or {}), run_date or SCHEME.cut_off
    results, items, ledger = score_frames(score(tables, SCHEME, chosen, day))
    basis = StoredBasis(SCHEME.year, day, False, "scored", chosen, SCHEME, {})
    return Bench(ScoredSet(basis, results, items, ledger, EMPTY, EMPTY, DIGEST), tables)


def bench_of_year(year: Year) -> Bench:
    """Open a bench on a random year."""
    return bench_of(year.tables, dict(year.readings), year.run_date)


def small_bench(**more: list[dict[str, Any]]) -> Bench:
    """Open a bench on the small set of ``report_set``; ``more`` adds rows to tables."""
    literals = small_set_tables()
    for name, rows in more.items():
        literals[name] = [*literals.get(name, []), *rows]
    return bench_of(make_tables(literals))


def row_of(bench: Bench, table: str, **cells: Any) -> Source:
    """Return the place of the one row of a table whose cells read so."""
    found = [row for row in bench.tables[table] if all(row[name] == value for name, value in cells.items())]
    assert len(found) == 1, (table, cells, len(found))
    return found[0].source
