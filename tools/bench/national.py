"""Scoring at national scale: the library over parquet against the audit's SQL in DuckDB, over the same files.

Both read the same made-up tables, compute results and items under the same rules and write them as parquet; DuckDB has
as many threads as the machine has cores, as by default. Both outcomes are held against each other at every size.
``python -m tools.bench.national`` measures alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.bench.processes import Failed, measure
from tools.bench.results import Row
from tools.scale_year import write_year

SIZES = (10_000, 36_000, 131_000)
GOAL, SLOPE, MEMORY = 3.0, 1.05, 6.0
_COLUMNS = ("unit_id", "status", "key_score", "bonus_open", "bonus_score", "final_score", "grade")
_RANKS = ("rank_in_group", "rank_overall", "unresolved")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one process found: its folder, its own time by the clock and by the processor, its peak memory in GiB."""

    folder: Path
    seconds: float
    processor: float
    peak: float


def run(way: str, tables: Path, out: Path) -> Outcome:
    """Score tables one way in a process of its own. Raises Failed when it does not end well."""
    measure([sys.executable, "-m", "tools.bench.national", "--way", way, str(tables), str(out)])
    told = json.loads((out / "cost.json").read_text(encoding="utf-8"))
    return Outcome(out, told["seconds"], told["processor"], told["peak"])


def score_one_way(way: str, tables: Path, out: Path) -> None:
    """Score one way, write results and items, and say what it cost from the first import to the last byte."""
    import resource
    import time

    start = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    {"library": _by_library, "ledger": _by_library_with_ledger, "sql": _by_sql}[way](tables, out)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"seconds": seconds, "processor": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024**2}
    (out / "cost.json").write_text(json.dumps(cost), encoding="utf-8")


def _by_library(tables: Path, out: Path, *, ledger: bool = False) -> None:
    from assess_lib import scale
    from assess_lib.scheme_file import load_scheme
    from tools.bench.processes import ROOT

    scheme = load_scheme(ROOT / "data" / "raw" / "2022" / "scheme.yaml")
    scale.score_folder(tables, out, scheme, scheme.default_readings(), scheme.cut_off, ledger=ledger)


def _by_library_with_ledger(tables: Path, out: Path) -> None:
    _by_library(tables, out, ledger=True)


def _by_sql(tables: Path, out: Path) -> None:
    import pyarrow.parquet as pq

    from assess_lib.audit import recompute
    from assess_lib.scheme_file import load_scheme
    from assess_lib.store import StoredBasis
    from tools.bench.processes import ROOT

    scheme = load_scheme(ROOT / "data" / "raw" / "2022" / "scheme.yaml")
    basis = StoredBasis(scheme.year, scheme.cut_off, False, "scored", scheme.default_readings(), scheme, {})
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with recompute.recompute_folder(tables, json.loads(basis.dump()), threads=cores) as connection:
        for name in ("result", "item"):
            found = connection.execute(f"SELECT * FROM recomputed_{name}").to_arrow_table()
            pq.write_table(found, out / f"{name}s.parquet", compression="zstd")


def apart(library: Path, sql: Path) -> int:
    """Return how many rows of results and items the two ways have otherwise."""
    import duckdb

    points = ("key_score", "bonus_score", "final_score")
    wanted = ", ".join(f"CAST({c} * 100 AS HUGEINT) AS {c}" if c in points else c for c in (*_COLUMNS, *_RANKS))
    pairs = (
        ("results", wanted, ", ".join((*_COLUMNS, *_RANKS))),
        (
            "items",
            "unit_id, item, CAST(points * 100 AS HUGEINT) AS points, CAST(cap * 100 AS HUGEINT) AS cap, unresolved",
            "unit_id, item, points, cap, unresolved",
        ),
    )
    different = 0
    with duckdb.connect() as connection:
        for name, ours, theirs in pairs:
            one = f"SELECT {ours} FROM read_parquet('{library}/{name}.parquet')"
            other = f"SELECT {theirs} FROM read_parquet('{sql}/{name}.parquet')"
            for left, right in ((one, other), (other, one)):
                answer = connection.execute(f"SELECT count(*) FROM ({left} EXCEPT ALL {right})").fetchone()
                different += answer[0] if answer else 0
    return different


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Return by which power of the number of units the time grows: the slope of the line through the logarithms.

    >>> round(slope([10, 100, 1000], [1.0, 10.0, 100.0]), 6)
    1.0
    """
    across, up = [math.log(n) for n in sizes], [math.log(s) for s in seconds]
    middle = statistics.mean(across)
    return sum((x - middle) * y for x, y in zip(across, up, strict=True)) / sum((x - middle) ** 2 for x in across)


def rows(scratch: Path, runs: int, full: bool) -> list[Row]:
    """Measure all sizes and return the lines of the table: the ratio at the largest, its memory, the growth.

    ``full`` adds the ratio with the numeric ledger written too, which the SQL does not make. Raises Failed when the
    two ways differ in any row.
    """
    found: dict[int, dict[str, list[Outcome]]] = {}
    evidence = 0
    for units in SIZES:
        tables = scratch / f"national-{units}"
        evidence = write_year(tables, units)
        ways = ("library", "sql", "ledger") if full else ("library", "sql")
        found[units] = {way: [] for way in ways}
        for number in range(runs):
            for way in ways:
                found[units][way].append(run(way, tables, scratch / f"national-{units}-{way}-{number}"))
        different = apart(found[units]["library"][0].folder, found[units]["sql"][0].folder)
        if different:
            raise Failed(f"{units} units: library and SQL differ in {different} rows")
    most = found[SIZES[-1]]
    told = f"{evidence:,} evidence rows; results and items equal in every row at each size"
    seconds = {way: tuple(one.seconds for one in outcomes) for way, outcomes in most.items()}
    processor = {way: statistics.median(one.processor for one in outcomes) for way, outcomes in most.items()}
    peak = max(one.peak for one in most["library"])
    growth = slope(list(SIZES), [statistics.median(one.processor for one in found[n]["library"]) for n in SIZES])
    work, against = f"{SIZES[-1]:,} units through the library", "DuckDB SQL over the same files, a thread a core"
    ratio = processor["library"] / processor["sql"]
    span, each = f"{SIZES[0]:,} to {SIZES[-1]:,} units", (f"{n:,}: {_median(found[n]['library']):.1f} s" for n in SIZES)
    remarks = f"{told}; processor time {ratio:.2f} ×"
    table = [
        Row("national", work, against, "times the time", GOAL, seconds["library"], seconds["sql"], remarks),
        Row(
            "national memory", f"{work}, peak memory", "6 GiB", "times the time", 1.0,
            value=peak / MEMORY, remarks=f"{peak:.1f} GiB",
        ),
        Row(
            "national growth", f"{span}, processor time", "log-log slope", "slope", SLOPE,
            value=growth, remarks=", ".join(each),
        ),
    ]  # fmt: skip
    if full:
        remarks = f"the SQL makes no ledger; {max(one.peak for one in most['ledger']):.1f} GiB"
        work = f"{work}, numeric ledger written too"
        table.append(
            Row("national ledger", work, against, "times the time", GOAL, seconds["ledger"], seconds["sql"], remarks)
        )
    return table


def _median(outcomes: list[Outcome]) -> float:
    return statistics.median(one.processor for one in outcomes)


def main() -> None:
    """Measure alone and print the lines; ``--way`` is how the bench starts one of the processes that it measures."""
    from tools.bench.results import cells

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="with the numeric ledger too")
    parser.add_argument("--way", nargs=3, metavar=("WAY", "TABLES", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        way, tables, out = options.way
        score_one_way(way, Path(tables), Path(out))
        return
    with tempfile.TemporaryDirectory() as scratch:
        for row in rows(Path(scratch), options.runs, options.full):
            print(" | ".join(cells(row)))


if __name__ == "__main__":
    main()
