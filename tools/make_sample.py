"""Write the sample year's raw files: ``python tools/make_sample.py [--out DIR]``.

The same bytes every time, whatever the day, the time zone or the hash seed. ``scheme.yaml`` is not touched.
``--plan`` prints, as JSON, what every unit is meant to score under the default readings.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sample.facts import build, outcome
from sample.layout import write_all
from sample.units import CODES

DEFAULT = Path(__file__).resolve().parents[1] / "data" / "raw" / "2022"


def main(argv: list[str] | None = None) -> int:
    """Write the files, or print the plan; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=DEFAULT, help="folder to write into (it must exist)")
    parser.add_argument("--plan", action="store_true", help="print the planned results instead")
    options = parser.parse_args(argv)
    sample = build()
    if options.plan:
        json.dump({code: outcome(sample, code) for code in CODES}, sys.stdout, ensure_ascii=True, indent=1)
        return 0
    names = write_all(sample, options.out)
    print(f"{len(names)} files, {sum(map(len, sample.tables.values()))} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
