"""The results of the set that a run is about to replace, read without data frames."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.scoring import Result
from assess_lib.store import csvfile
from assess_lib.store.sets import BASIS_FILE, RECEIPT_FILE, RESULT_COLUMNS, read_set_files


def earlier_results(processed: Path, year: int) -> tuple[Result, ...] | None:
    """Return the results of the scored set in a folder, in its order; the caller holds the folder's lock.

    None when there is no scored set; nothing (a set has units) when there is one that cannot be compared: it was
    altered, is another year's, or is not read by this software. Raises nothing: a run does not fail over an old set.
    """
    if not (processed / RECEIPT_FILE).exists():
        return None
    try:
        files = read_set_files(processed)
        basis = json.loads(files[BASIS_FILE])
        if basis["stage"] != "scored":
            return None
        return parse_results(files["results.csv"]) if basis["year"] == year else ()
    except (UsageError, VerifyFailed, OSError, KeyError, ValueError, TypeError, ArithmeticError):
        return ()


def parse_results(data: bytes) -> tuple[Result, ...]:
    """Read the bytes of ``results.csv`` back. Raises ValueError, TypeError or ArithmeticError for any other."""
    header, rows = csvfile.parse(data)
    if tuple(header) != RESULT_COLUMNS:
        raise ValueError("not a results.csv")
    return tuple(result_of(dict(zip(header, row, strict=True))) for row in rows)


def result_of(cells: Mapping[str, str]) -> Result:
    """Read a row of ``results.csv`` by column. Raises as ``parse_results`` does."""

    def points(column: str) -> Decimal | None:
        return Decimal(cells[column]) if cells[column] else None

    def rank(column: str) -> int | None:
        return int(cells[column]) if cells[column] else None

    return Result(
        unit_id=csvfile.unguard(cells["unit_id"]),
        unit_name=csvfile.unguard(cells["unit_name"]),
        group=csvfile.unguard(cells["group"]),
        status="vetoed" if cells["status"] == "vetoed" else "scored",
        key_score=points("key_score"),
        bonus_open=cells["bonus_open"] == "true",
        bonus_score=points("bonus_score"),
        final_score=points("final_score"),
        grade=csvfile.unguard(cells["grade"]),
        rank_in_group=rank("rank_in_group"),
        rank_overall=rank("rank_overall"),
        unresolved=int(cells["unresolved"]),
    )
