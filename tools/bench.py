"""Time the commands as a person meets them: whole processes, several runs, with their peak memory.

Prints a table and judges nothing; outputs go to a temporary folder. Run it with ``make bench``,
for instance ``make bench ARGS="--runs 5 --year 2022"``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
# ru_maxrss counts KiB on Linux and bytes on macOS
RSS_PER_MIB = 1024 * 1024 if sys.platform == "darwin" else 1024


def measure(command: list[str]) -> tuple[float, float]:
    """Run one command to its end; return (seconds, peak MiB of its largest process). Raise SystemExit if it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        # wait4, not wait: it alone reports the memory of this one child and of the children that it waited for
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if code != 0:
            output.seek(0)
            sys.stderr.write(output.read().decode("utf-8", "replace"))
            raise SystemExit(f"{' '.join(command[2:])}: exit {code}")
    return seconds, usage.ru_maxrss / RSS_PER_MIB


def main() -> None:
    """Measure ``check``, ``score`` and one unit report, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--year", default="2022")
    parser.add_argument("--unit", default="T01")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")

    table = Table(title=f"{options.runs} runs each, whole processes")
    table.add_column("command")
    for column in ("min s", "median s", "max s", "peak MiB"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as scratch:
        places = ["--year", options.year, "--processed", f"{scratch}/processed"]
        reports = ["--reports", f"{scratch}/reports"]
        # score comes before report, which reads what score leaves
        for name, arguments in (
            ("check", ["check", "--year", options.year]),
            ("score", ["score", *places]),
            (f"report --unit {options.unit}", ["report", *places, *reports, "--unit", options.unit]),
        ):
            command = [sys.executable, "-m", "assess_lib", *arguments]
            runs = [measure(command) for _ in range(options.runs)]
            seconds = [s for s, _ in runs]
            figures = (min(seconds), statistics.median(seconds), max(seconds))
            table.add_row(name, *(f"{figure:.2f}" for figure in figures), f"{max(mib for _, mib in runs):.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
