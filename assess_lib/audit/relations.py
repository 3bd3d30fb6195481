"""Relations for the recomputation: the clean tables, the stored scheme and the written results, in DuckDB.

Everything that came from a file enters as a relation's cells, never as SQL text. Nothing is fetched: extensions
are neither installed nor loaded by themselves, and files outside the folder asked for cannot be opened.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assess_lib.tables import TABLES

_TEXT, _WHOLE, _DAY, _POINTS = pa.string(), pa.int64(), pa.date32(), pa.decimal128(18, 2)
# The contract's list.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
Fields = Sequence[tuple[str, pa.DataType]]

_ITEM: Fields = (
    ("id", _TEXT), ("number", _WHOLE), ("part", _TEXT), ("method", _TEXT), ("cap", _POINTS), ("veto_limit", _WHOLE),
    ("category", _TEXT),
)  # fmt: skip
_FACT: Fields = (("item", _TEXT), ("fact", _WHOLE), ("kind", _TEXT), ("late", _TEXT), ("missing", _TEXT))
_DUE: Fields = (
    ("item", _TEXT), ("fact", _WHOLE), ("due_number", _WHOLE), ("material", _TEXT), ("quarter", _TEXT), ("due", _DAY),
    ("owed_by", _TEXT),
)  # fmt: skip
_DUE_IF: Fields = (("item", _TEXT), ("fact", _WHOLE), ("due_number", _WHOLE), ("key", _TEXT), ("option", _TEXT))
_ATTENDANCE: Fields = (("item", _TEXT), ("fact", _WHOLE), ("attendance", _TEXT), ("code", _TEXT))
_LEVEL: Fields = (("item", _TEXT), ("level", _TEXT), ("points", _POINTS))
_RANK: Fields = (("item", _TEXT), ("rank", _WHOLE), ("points", _POINTS))
_BAND: Fields = (("grade", _TEXT), ("at_least", _POINTS))
_RUN: Fields = (
    ("year", _WHOLE), ("cut_off", _DAY), ("run_date", _DAY), ("pass_mark", _POINTS), ("bonus_gate", _POINTS),
    ("bonus_cap", _POINTS), ("grade_fail", _TEXT), ("grade_passed", _TEXT),
)  # fmt: skip


def connect(folder: Path | None = None, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Open an empty database in memory that reaches nothing but ``folder``.

    ``threads`` is fixed so that rows come in one order on every machine; results do not depend on it.
    """
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
        "threads": str(threads),
    }
    connection = duckdb.connect(":memory:", config=config)
    if folder is not None:
        connection.execute("SET allowed_directories = ?", [[str(folder.resolve())]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def rehearse() -> None:
    """Open and close a database once, so that it costs less in processes forked afterwards.

    Closing it ends its threads: whoever forks has none of them.
    """
    connect().close()


# Tables that a score may rest on; one kept beside the computation moves none, and may have no file.
_JUDGED = tuple(name for name, table in TABLES.items() if not table.record)


def _relation(fields: Fields, rows: Iterable[Sequence[Any]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(fields)
    arrays = [pa.array(column, type=kind) for column, (_, kind) in zip(columns, fields, strict=True)]
    return pa.Table.from_arrays(arrays, names=[name for name, _ in fields])


def add_tables(connection: duckdb.DuckDBPyConnection, files: Mapping[str, bytes]) -> None:
    """Add the clean tables from the bytes of a set's files (by their names, ``tables/….parquet``)."""
    for name in _JUDGED:
        stored = pq.ParquetFile(io.BytesIO(files[f"tables/{name}.parquet"]), pre_buffer=False).read(use_threads=False)
        connection.register(name, stored)


def add_folder(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Add the clean tables of a folder of parquet files (``<table>.parquet``) without reading them into memory.

    ``folder`` must be the one that the connection was opened for. Raises duckdb.Error if a file is missing.
    """
    for name in _JUDGED:
        # A file that is there is taken by its name, even if the name looks like a pattern.
        connection.read_parquet(str(folder.resolve() / f"{name}.parquet")).create_view(name)


def add_basis(connection: duckdb.DuckDBPyConnection, basis: Mapping[str, Any]) -> None:
    """Add the run and the scheme's parameters from the content of ``basis.json``."""
    scheme = basis["scheme"]
    for name, relation in scheme_relations(scheme).items():
        connection.register(name, relation)
    lines = scheme["judgement"]
    run = (
        scheme["year"],
        date.fromisoformat(scheme["cut_off"]),
        date.fromisoformat(basis["date"]),
        *(_points(lines[line]["points"]) for line in ("pass_mark", "bonus_gate", "bonus_cap")),
        scheme["grades"]["fail"],
        scheme["grades"]["passed"],
    )
    connection.register("scheme_run", _relation(_RUN, [run]))
    readings = _relation((("key", _TEXT), ("option", _TEXT)), basis["readings"].items())
    connection.register("scheme_reading", readings)
    quarters = TABLES["信息报送"].column("季度").choices
    connection.register("scheme_quarter", _relation((("quarter", _TEXT),), [(quarter,) for quarter in quarters]))


def _points(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def scheme_relations(scheme: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Return the scheme's parameters as relations by name, from its dump as plain data."""
    items, facts, dues, conditions, attendances, levels, ranks = [], [], [], [], [], [], []
    for number, item in enumerate(scheme["items"]):
        own, rule = item["id"], item["rule"]
        category = rule.get("category")
        items.append((own, number, item["part"], rule["method"], _points(item["cap"]), rule.get("limit"), category))
        table = rule.get("levels", ())
        pairs = table.items() if isinstance(table, Mapping) else ((level, None) for level in table)
        levels += [(own, level, _points(points)) for level, points in pairs]
        ranks += [(own, rank, _points(points)) for rank, points in enumerate(rule.get("rank_points", ()), start=1)]
        for fact, kind in enumerate(rule.get("facts", ())):
            facts.append((own, fact, kind["kind"], kind.get("late"), kind.get("missing")))
            # of a register kind they are a list of the rows it takes, which only goes beyond what the SQL knows
            standards = kind["standards"].items() if kind["kind"] == "meetings" else ()
            excused = kind.get("exempt", ())
            attendances += [(own, fact, came, code) for came, code in standards if came not in excused]
            for place, due in enumerate(kind.get("due", ())):
                day = date.fromisoformat(due["due"])
                dues.append((own, fact, place, due["material"], due["quarter"], day, due["owed_by"]))
                conditions += [(own, fact, place, key, option) for key, option in due["only_if"].items()]
    bands = [(band["grade"], _points(band["at_least"])) for band in scheme["grades"]["bands"]]
    return {
        "scheme_item": _relation(_ITEM, items),
        "scheme_fact": _relation(_FACT, facts),
        "scheme_due": _relation(_DUE, dues),
        "scheme_due_if": _relation(_DUE_IF, conditions),
        "scheme_attendance": _relation(_ATTENDANCE, attendances),
        "scheme_level": _relation(_LEVEL, levels),
        "scheme_rank_points": _relation(_RANK, ranks),
        "scheme_band": _relation(_BAND, bands),
    }


def add_written(connection: duckdb.DuckDBPyConnection, files: Mapping[str, bytes]) -> None:
    """Add results.csv, items.csv and ledger.csv as text, cell by cell as printed; ``line`` is the row's position."""
    csv.field_size_limit(2**31 - 1)
    for name in ("results", "items", "ledger"):
        header, *rows = csv.reader(io.StringIO(files[f"{name}.csv"].decode("utf-8-sig"), newline=""))
        fields: Fields = (("line", _WHOLE), *((column, _TEXT) for column in header))
        relation = _relation(fields, ((line, *map(_plain, row)) for line, row in enumerate(rows, start=1)))
        connection.register(f"written_{name}", relation if name == "ledger" else relation.drop_columns("line"))


def _plain(text: str) -> str:
    """Take off the apostrophe that keeps spreadsheets from reading a text as a formula (see the contract)."""
    if text[:1] != "'":
        return text
    return text[1:] if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def load_basis(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the content of ``basis.json`` as plain data, past every class of the scoring."""
    content: dict[str, Any] = json.loads(files["basis.json"])
    return content
