"""The files of a large score: results, items and numeric ledger as parquet, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from assess_lib.errors import UsageError
from assess_lib.paths import lies_within
from assess_lib.scale.scoring import LargeScore, score_tables
from assess_lib.scale.tables import LEDGER, items_table, ledger_tables, results_table
from assess_lib.scheme import Scheme
from assess_lib.store import StoredBasis
from assess_lib.store.folder import building

RESULTS_FILE, ITEMS_FILE, LEDGER_FILE, BASIS_FILE = "results.parquet", "items.parquet", "ledger.parquet", "basis.json"
FILES = frozenset({RESULTS_FILE, ITEMS_FILE, LEDGER_FILE, BASIS_FILE})

# With checksums a reader can tell a page that the disk spoilt from one that was written so.
_FORM: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def score_folder(
    tables: Path, out: Path, scheme: Scheme, readings: Mapping[str, str], run_date: date, *, ledger: bool = True
) -> LargeScore:
    """Score a folder of canonical tables and write the outcome to ``out``; see ``score_tables`` and ``write_score``."""
    check_places(tables, out)
    score = score_tables(tables, scheme, readings, run_date)
    write_score(score, out, ledger=ledger)
    return score


def check_places(tables: Path, out: Path) -> None:
    """Hold the output folder apart from the tables. Raises UsageError when one lies within the other."""
    one, other = out.resolve(), tables.resolve()
    if lies_within(one, other) or lies_within(other, one):
        raise UsageError("结果文件夹不能与 tables 文件夹相同，也不能互相包含。请另写一个位置。")


def write_score(score: LargeScore, out: Path, *, ledger: bool = True) -> None:
    """Write results, items, ledger (unless told not to) and basis, all of them or none; foreign files in ``out`` stay.

    Raises EnvironmentFailure when the disk refuses.
    """
    year = score.year
    basis = StoredBasis(year.scheme.year, year.run_date, False, "scored", dict(year.readings), year.scheme, {})
    with building(out, FILES) as new:
        pq.write_table(results_table(score), new / RESULTS_FILE, **_FORM)
        pq.write_table(items_table(score), new / ITEMS_FILE, **_FORM)
        if ledger:
            with pq.ParquetWriter(new / LEDGER_FILE, LEDGER, **_FORM) as writer:
                for part in ledger_tables(score):
                    writer.write_table(part)
        (new / BASIS_FILE).write_bytes(basis.dump())
