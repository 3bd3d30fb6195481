"""The input sheets: one per table, the cleaned rows as typed cells, each with its source."""

from __future__ import annotations

from collections.abc import Mapping

from assess_lib.auditbook.book import Book, Column, Style
from assess_lib.tables import TABLES, Kind, Tables

SOURCE = "来源"
# Empty rows below the entries that every calculation covers, for what an auditor wants to add.
SPARE_ROWS = 20
# Each of their rows is worked out for every unit or standard, so nothing can be added to them.
_FIXED = ("单位名录", "扣分标准")

_STYLES: Mapping[Kind, Style] = {
    "text": "text",
    "unit": "text",
    "choice": "text",
    "date": "date",
    "datetime": "moment",
    "number": "points",
    "whole": "whole",
}


def add_inputs(book: Book, tables: Tables, choices: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
    """Add a sheet per table under the table's name, with its columns in the contract's order and 来源.

    A table kept beside the computation has one only if it holds rows.
    """
    for name, spec in TABLES.items():
        rows = tables.get(name, ())
        if spec.record and not rows:
            continue
        spare = 0 if name in _FIXED else SPARE_ROWS
        columns = [
            Column(
                column.name,
                cells=[row[column.name] for row in rows],
                style=_STYLES[column.kind],
                role="input",
                options=column.choices or choices.get((name, column.name), ()),
            )
            for column in spec.columns
        ]
        source = Column(SOURCE, cells=[str(row.source) for row in rows], style="text", role="constant", width=44)
        book.sheet(name, len(rows) + spare, [*columns, source], spare=spare)
