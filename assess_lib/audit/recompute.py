"""The scores computed a second time, by SQL over the clean tables and the stored scheme, and held against the set.

This way shares no code with the rules: nothing of ``assess_lib.rules`` or ``assess_lib.scoring`` is imported. The
SQL is set-based and holds methods only; every number of the scheme comes from a relation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import duckdb

from assess_lib.audit import relations

STEPS = ("01_basis", "02_veto", "03_deduct", "04_award", "05_ranking", "06_judgement")
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the set prints otherwise than the recomputation: None where one side has no such row."""

    unit_id: str
    item: str
    field: str
    printed: str | None
    recomputed: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the written ledger does not add up; ``kind`` is the check that failed."""

    unit_id: str
    seq: int | None
    item: str
    kind: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What the second computation found: its own results and items, differences, ledger findings, codes applied."""

    results: tuple[Record, ...]
    items: tuple[Record, ...]
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    fields: int
    """How many printed cells were compared."""
    steps: int
    """How many ledger rows with numbers were added up."""
    standards: frozenset[str]
    """Codes of the standards under which some judged unit was deducted."""
    uncovered: str = ""
    """Why nothing was computed: what of the scheme goes beyond what the SQL knows; blank where it was."""

    @classmethod
    def left_out(cls, why: str) -> Recomputation:
        """Say that nothing was computed, and why."""
        return cls((), (), (), (), 0, 0, frozenset(), why)


def statement(name: str) -> str:
    """Return one of the package's SQL files, by its name without ``.sql``."""
    return (package_files("assess_lib") / "audit" / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def compute(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill ``recomputed_item`` and ``recomputed_result`` from the relations on the connection.

    Raises ArithmeticError if the list of adoption rates is not in order by cross multiplication.
    """
    for step in STEPS:
        connection.execute(statement(step))
    if _one(connection, "SELECT count(*) FROM place WHERE NOT in_order"):
        raise ArithmeticError("adoption rates out of order")


def recompute_folder(folder: Path, basis: Mapping[str, Any], threads: int = 1) -> duckdb.DuckDBPyConnection:
    """Score a folder of parquet files and return the connection that holds ``recomputed_item``, ``recomputed_result``.

    ``basis`` is the content of ``basis.json``. The tables are scanned where they lie, so that their size is the
    disk's; amounts in the two relations are whole cents.
    """
    connection = relations.connect(folder, threads)
    relations.add_folder(connection, folder)
    relations.add_basis(connection, basis)
    compute(connection)
    return connection


def recompute(files: Mapping[str, bytes]) -> Recomputation:
    """Recompute a set from the bytes of its files and hold results.csv, items.csv and ledger.csv against it.

    Only for a scheme within the plain order of judgement: ``audited`` does not ask for others.
    """
    with relations.connect() as connection:
        relations.add_tables(connection, files)
        relations.add_basis(connection, relations.load_basis(files))
        relations.add_written(connection, files)
        compute(connection)
        connection.execute(statement("reconcile"))
        differences = [Difference(**row) for row in records(connection, _DIFFERENCES)]
        connection.execute(statement("balance"))
        findings = records(connection, "SELECT * FROM finding ORDER BY unit_id, item, seq NULLS LAST, kind")
        return Recomputation(
            results=tuple(records(connection, "SELECT * FROM recomputed_result ORDER BY unit_id")),
            items=tuple(records(connection, "SELECT * FROM recomputed_item ORDER BY unit_id, number")),
            differences=tuple(differences),
            findings=tuple(Finding(**row) for row in findings),
            fields=_one(connection, "SELECT count(*) FROM compared"),
            steps=_one(connection, "SELECT count(*) FROM chained"),
            standards=frozenset(row["code"] for row in records(connection, _APPLIED)),
        )


_DIFFERENCES = """
SELECT * FROM compared WHERE printed IS DISTINCT FROM recomputed ORDER BY unit_id, item, field
"""
_APPLIED = """
SELECT DISTINCT f.code FROM fact f JOIN recomputed_item r ON r.unit_id = f.unit_id AND r.item = f.item ORDER BY f.code
"""


def records(connection: duckdb.DuckDBPyConnection, query: str) -> list[Record]:
    """Return a query's rows as dictionaries by column name."""
    answer = connection.execute(query)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
