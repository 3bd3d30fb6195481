"""The clean tables as parquet: exact types, the source of each row, no loss on the way back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

from assess_lib.errors import Problem
from assess_lib.exact import cents
from assess_lib.tables import SOURCE_COLUMNS, TABLES, Row, Source, Table, Tables, Value

NOTES_COLUMN = "附注"
_DIGITS, _SCALE = 18, 2
_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "unit": pa.string(),
    "choice": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("s"),
    "number": pa.decimal128(_DIGITS, _SCALE),
    "whole": pa.int64(),
}
# What a column of each type is made of, to the letter: a day is no point in time, true no number.
_HELD: dict[pa.DataType, type] = {
    pa.string(): str,
    pa.date32(): date,
    pa.timestamp("s"): datetime,
    pa.decimal128(_DIGITS, _SCALE): Decimal,
    pa.int64(): int,
}
_FILE, _SHEET, _ROW = SOURCE_COLUMNS
_TOO_LARGE = Decimal(10) ** (_DIGITS - _SCALE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def table_file(name: str) -> str:
    """Return a table's file, relative to the processed folder."""
    return f"tables/{name}.parquet"


def schema(table: Table) -> pa.Schema:
    """Return a stored table's columns: the table's own in the published order, then source and notes."""
    fields = [pa.field(column.name, _TYPES[column.kind]) for column in table.columns]
    fields += [
        pa.field(_FILE, pa.string()),
        pa.field(_SHEET, pa.string()),
        pa.field(_ROW, pa.int64()),
        pa.field(NOTES_COLUMN, pa.string()),
    ]
    return pa.schema(fields)


def _why_not(value: object) -> str:
    """Say why no exact column can hold the value; nothing if one can."""
    if isinstance(value, str):
        return "含有无法识别的字符" if _SURROGATE.search(value) else ""
    if isinstance(value, Decimal) and abs(value) >= _TOO_LARGE:
        return "数值过大"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "数值过大"
    return ""


def unstorable(tables: Tables) -> list[Problem]:
    """List the cells that no exact column can hold: beyond 16 digits, or not Unicode."""
    problems = []
    for name, rows in tables.items():
        for row in rows:
            cells = {column: str(value) for column, value in row.values.items() if _why_not(value)}
            cells |= {column: value for column, value in row.notes.items() if _why_not(column + value)}
            if _why_not(row.source.file + row.source.sheet):
                cells[""] = row.source.file
            for column, value in cells.items():
                what = "数值过大" if value.lstrip("-").replace(".", "").isdigit() else "含有无法识别的字符"
                problems.append(
                    Problem(
                        "error",
                        "cell.range",
                        f"{what}，无法保存。",
                        "请更正。",
                        table=name,
                        file=row.source.file,
                        sheet=row.source.sheet,
                        row=row.source.row,
                        column=column,
                        value=value,
                    )
                )
    return problems


def _text(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        # The same amount whether typed 0.5 or 0.50: what is stored has two decimals.
        return f"{cents(value):f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _column(values: Sequence[Value], kind: pa.DataType) -> pa.Array:
    """Return values as a column of exactly this type, by way of their text.

    ``pa.array`` would import pandas, to ask whether it was given a Series: a quarter of the time of ``assess score``.
    Raises TypeError for a value of another type than the column's, ArrowInvalid for one that it cannot hold.
    """
    held = _HELD[kind]
    if strange := set(map(type, values)) - {held, type(None)}:
        raise TypeError(f"{kind}: {strange}")
    texts = pa.lib.StringBuilder()
    texts.append_values(values if held is str else [_text(value) for value in values])
    return texts.finish().cast(kind)


def dump(name: str, rows: Sequence[Row]) -> bytes:
    """Return the parquet bytes of one table; the same rows give the same bytes."""
    spec = schema(TABLES[name])
    columns: dict[str, list[Value]] = {
        column.name: [row.values[column.name] for row in rows] for column in TABLES[name].columns
    }
    columns[_FILE] = [row.source.file for row in rows]
    columns[_SHEET] = [row.source.sheet for row in rows]
    columns[_ROW] = [row.source.row for row in rows]
    columns[NOTES_COLUMN] = [json.dumps(dict(row.notes), ensure_ascii=False) if row.notes else None for row in rows]
    buffer = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays([_column(columns[field.name], field.type) for field in spec], schema=spec),
        buffer,
        version="2.6",
        compression="zstd",
    )
    return buffer.getvalue()


@lru_cache(maxsize=len(TABLES))  # who scores tables, or opens a set, reads the same ones again
def load(name: str, data: bytes) -> tuple[Row, ...]:
    """Return the rows that ``dump`` wrote. Raises pyarrow.ArrowInvalid or ValueError for anything else."""
    # One thread: a pool thread that is still starting when a short command ends aborts the whole process.
    stored = pq.ParquetFile(io.BytesIO(data), pre_buffer=False).read(use_threads=False)
    if stored.schema.names != schema(TABLES[name]).names:
        raise ValueError(f"{name}: columns differ from the contract")
    return rows_of(name, stored)


def rows_of(name: str, stored: pa.Table) -> tuple[Row, ...]:
    """Return the rows of a stored table that holds the columns of ``schema``, or of a part of its rows."""
    names = [column.name for column in TABLES[name].columns]
    read = stored.cast(schema(TABLES[name]))  # parquet itself knows no whole seconds
    *columns, files, sheets, numbers, notes = (column.to_pylist() for column in read.columns)
    values = [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
    return tuple(
        Row(name, own, Source(file, sheet, number), json.loads(noted) if noted else {})
        for own, file, sheet, number, noted in zip(values, files, sheets, numbers, notes, strict=True)
    )
