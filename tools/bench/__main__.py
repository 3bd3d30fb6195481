"""``make bench``: the table of times against their goals, with a plot, into ``reports/bench/``.

``make bench ARGS="--quick --only help"`` tries one row on the least of work; ``--full`` makes what is otherwise
counted from a sample. Without ``--quick`` and ``--only`` the table in the README is written anew too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script
    sys.path.insert(0, str(ROOT))

from tools.bench import results  # noqa: E402
from tools.bench.processes import Year  # noqa: E402
from tools.bench.work import WORK, Bench, all_rows  # noqa: E402

OUT = ROOT / "reports" / "bench"
README = ROOT / "README.md"
BEGIN, END = "<!-- bench: written by make bench -->\n", "<!-- bench: end -->\n"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options; ends with 2 and a message for wrong ones."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--year", default="2022", help="the year of data/raw that is copied")
    parser.add_argument("--runs", type=int, default=3, help="how often each work is done (default 3)")
    parser.add_argument("--only", action="append", choices=list(WORK), metavar="NAME",
                        help=f"one piece of work alone, may be repeated: {', '.join(WORK)}")  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="one run each, two units: tries the bench, measures little"
    )
    parser.add_argument("--full", action="store_true", help="everything made, nothing counted from a sample (hours)")
    parser.add_argument("--out", type=Path, default=OUT, help="where table, data and plot go")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    if options.quick and options.full:
        parser.error("--quick and --full exclude each other")
    if options.quick:
        options.runs = 1
    return options


def into_readme(text: str, table: str) -> str:
    """Return the README's text with the table between its two marks. Raises ValueError when they are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md has no place for the table")
    return f"{before}{BEGIN}{table}{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it; 0 whatever the times are."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    names = options.only or list(WORK)
    about = results.machine()
    with tempfile.TemporaryDirectory(prefix="assess-bench-") as scratch:
        bench = Bench(
            Year(Path(scratch), options.year), options.runs, options.quick, options.full,
            lambda text: print(text, file=sys.stderr, flush=True),
        )  # fmt: skip
        rows = list(all_rows(bench, names))
    told = f"Measured {date.today().isoformat()}, {options.runs} run{'s' * (options.runs > 1)} each, medians."
    table = results.markdown(rows, about, told)
    print(table, end="")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.md").write_text(table, encoding="utf-8")
    (options.out / "bench.json").write_text(results.data(rows, about, told), encoding="utf-8")
    results.plot(rows, options.out / "bench.svg")
    if options.out == OUT and not options.quick and not options.only:
        README.write_text(into_readme(README.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
