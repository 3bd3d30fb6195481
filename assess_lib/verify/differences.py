"""Where two files of a set differ first: table and row and column, not just that they do."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from assess_lib.store import csvfile

_GONE = "（没有）"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference of two files' contents: where it is and what stands on either side; ``more`` counts rows."""

    row: int | None
    column: str
    expected: str
    found: str
    rows: int = 1


def first_difference(name: str, expected: bytes, found: bytes) -> Difference | None:
    """Return where two files of the same name differ first by content, None when their contents are the same.

    Rows of csv count from 1 with the header, rows of parquet from 1 without. Raises ValueError (pyarrow's errors
    are such) when ``found`` is no file of its kind.
    """
    if name.endswith(".csv"):
        return _tables(_csv(expected), _csv(found), first_row=2)
    if name.endswith(".parquet"):
        return _tables(_parquet(expected), _parquet(found), first_row=1)
    if name.endswith(".json"):
        return next(_values(json.loads(expected), json.loads(found), ""), None)
    return None if expected == found else Difference(None, "", "", "")


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def _csv(data: bytes) -> Table:
    import csv

    try:
        return csvfile.parse(data)
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _parquet(data: bytes) -> Table:
    # One thread: a pool thread that is still starting when a short command ends aborts the whole process.
    stored = pq.ParquetFile(io.BytesIO(data), pre_buffer=False).read(use_threads=False)
    columns = [column.to_pylist() for column in stored.columns]
    return stored.schema.names, [list(row) for row in zip(*columns, strict=True)]


def _tables(expected: Table, found: Table, *, first_row: int) -> Difference | None:
    (columns, rows), (other_columns, other_rows) = expected, found
    if list(columns) != list(other_columns):
        return Difference(1 if first_row == 2 else None, "表头", "、".join(columns), "、".join(other_columns))
    differing = [index for index, (row, other) in enumerate(zip(rows, other_rows, strict=False)) if row != other]
    longer = abs(len(rows) - len(other_rows))
    if differing:
        index = differing[0]
        cells = zip(columns, [*rows[index]], [*other_rows[index]], strict=False)
        column, ours, theirs = next((cell for cell in cells if cell[1] != cell[2]), ("", "", ""))
        return Difference(index + first_row, column, _text(ours), _text(theirs), len(differing) + longer)
    if longer:
        index = min(len(rows), len(other_rows))
        kept, gone = ("（有这一行）", _GONE)
        return Difference(index + first_row, "", *((kept, gone) if len(rows) > index else (gone, kept)), longer)
    return None


def _values(expected: Any, found: Any, path: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in expected or key not in found:
                yield Difference(None, inner, _text(expected.get(key, _GONE)), _text(found.get(key, _GONE)))
            else:
                yield from _values(expected[key], found[key], inner)
    elif isinstance(expected, list) and isinstance(found, list):
        for index, (ours, theirs) in enumerate(zip(expected, found, strict=False)):
            yield from _values(ours, theirs, f"{path}[{index + 1}]")
        if len(expected) != len(found):
            yield Difference(None, path, f"{len(expected)} 项", f"{len(found)} 项")
    elif expected != found or type(expected) is not type(found):
        yield Difference(None, path, _text(expected), _text(found))


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
