"""A province made of the sample county: the same units many times over, scored as one year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assess_lib import scoring
from assess_lib.store import Findings, StoredBasis, assemble, load_rows
from assess_lib.store.sets import table_files, write_files
from assess_lib.tables import ALL_UNITS, TABLES, Row

_ROSTER = "单位名录"
# What must be told apart from county to county, beside the units themselves.
_NUMBERS = frozenset({"编号", "佐证编号", "事项编号", "对象编号"})


def copies(rows: Sequence[Row], table: str, times: int) -> Iterator[Row]:
    """Yield the rows of each county in turn; what holds for all units, such as the standards, is there once."""
    units = (
        {"单位编码"} if table == _ROSTER else {column.name for column in TABLES[table].columns if column.kind == "unit"}
    )
    for county in range(1, times + 1):
        for row in rows:
            if not units or any(row.values.get(column) == ALL_UNITS for column in units):
                if county == 1:
                    yield row
                continue
            values: dict[str, Any] = {
                column: f"{value}-{county}" if value and column in units | _NUMBERS else value
                for column, value in row.values.items()
            }
            if table == _ROSTER:
                values["单位名称"] = f"{values['单位名称']}{county}"
            yield replace(row, values=values)


def write(county: Path, target: Path, times: int) -> list[str]:
    """Write a scored set of ``times`` counties like the one scored in ``county``; return its units' codes."""
    one = load_rows(county)
    tables = {name: tuple(copies(rows, name, times)) for name, rows in one.tables.items()}
    basis = one.basis
    made = scoring.score(tables, basis.scheme, basis.readings, basis.run_date)
    stored = StoredBasis(basis.year, basis.run_date, False, "scored", basis.readings, basis.scheme, basis.quotes)
    findings = Findings(one.findings.inputs, (), made.problems, ())
    write_files(target, assemble(stored, findings, table_files(tables), made))
    return [result.unit_id for result in made.results]
