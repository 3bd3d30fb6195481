"""A year scored twice for the tests of ``assess_lib.scale``: by the ordinary rules, and over columns from parquet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from build import load_scheme_plainly, make_tables
from random_year import Year

from assess_lib import scale
from assess_lib.scheme import Scheme
from assess_lib.scoring import Score, score
from assess_lib.store import parquet
from assess_lib.store.sets import ITEM_COLUMNS, RESULT_COLUMNS
from assess_lib.tables import TABLES, Row, Tables

SCHEME = load_scheme_plainly()
Record = dict[str, Any]
# What the ledger says in numbers; the source of a step is the first row that it names.
NUMBERS = ("unit_id", "seq", "part", "item", "nominal", "before", "points", "after", "status", "reading")


def write_tables(folder: Path, tables: Tables) -> Path:
    """Write a year's tables as a processed folder holds them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (folder / f"{name}.parquet").write_bytes(parquet.dump(name, tables.get(name, ())))
    return folder


def ordinary(made: Score, tables: Tables) -> dict[str, list[Record]]:
    """Return the ordinary rules' results, items and ledger numbers, row by row."""
    places = {row.source: (name, n) for name, rows in tables.items() for n, row in enumerate(rows)}
    ledger: list[Record] = []
    seen: dict[str, int] = {}
    for entry in made.ledger:
        seen[entry.unit_id] = seen.get(entry.unit_id, 0) + 1
        table, row = places[entry.source[0]] if entry.source else (None, None)
        numbers = {column: getattr(entry, column) for column in NUMBERS if column != "seq"}
        ledger.append(numbers | {"seq": seen[entry.unit_id], "source_table": table, "source_row": row})
    return {
        "results": [{column: getattr(row, column) for column in RESULT_COLUMNS} for row in made.results],
        "items": [{column: getattr(row, column) for column in ITEM_COLUMNS} for row in made.items],
        "ledger": ledger,
    }


def large(folder: Path, scheme: Scheme, readings: Mapping[str, str], run_date: date) -> dict[str, list[Record]]:
    """Return the same from the columns of a folder."""
    made = scale.score_tables(folder, scheme, readings, run_date)
    return {
        "results": scale.results_table(made).to_pylist(),
        "items": scale.items_table(made).to_pylist(),
        "ledger": pa.concat_tables(list(scale.ledger_tables(made))).to_pylist(),
    }


def differences(year: Year, folder: Path, scheme: Scheme = SCHEME) -> list[str]:
    """List the rows in which the two ways differ: which table, unit, item and step, and both values."""
    write_tables(folder, year.tables)
    columns = large(folder, scheme, year.readings, year.run_date)
    rows = ordinary(score(year.tables, scheme, year.readings, year.run_date), year.tables)
    found = []
    for name, theirs in rows.items():
        ours = columns[name]
        if len(ours) != len(theirs):
            found.append(f"{name}: {len(ours)} rows, not {len(theirs)}")
        for one, other in zip(ours, theirs, strict=False):
            if one != other:
                apart = {key: (one[key], other[key]) for key in other if one[key] != other[key]}
                found.append(f"{name} {other['unit_id']} {other.get('item')} {other.get('seq')}: {apart}")
    return found


def year_of(
    literals: Mapping[str, list[Mapping[str, Any]]],
    readings: Mapping[str, str] | None = None,
    run_date: date = SCHEME.cut_off,
) -> Year:
    """Make a year from literals (see ``build.make_tables``)."""
    return Year(make_tables(literals), SCHEME.default_readings() | dict(readings or {}), run_date)


def moved(tables: Mapping[str, tuple[Row, ...]], order: Mapping[str, list[int]]) -> dict[str, tuple[Row, ...]]:
    """Return the tables with the rows of some of them in another order of the file."""
    return {name: tuple(rows[n] for n in order.get(name, range(len(rows)))) for name, rows in tables.items()}
