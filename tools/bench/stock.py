"""The stock commands over the same notebooks, one after another: what one would do without this software's batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.bench.processes import BIN, ROOT, Year, measure

NOTEBOOKS = ROOT / "notebooks"
# Each notebook of a run with the forms that a run makes of it. The order is a run's own: each needs what came before.
STAGES = (("01_clean", ()), ("02_score", ()))
PAGES = (("04_county_summary", ("html", "pdf")), ("05_audit", ("html",)), ("06_readings", ("html",)))
UNIT = ("03_unit_report", ("html", "pdf"))


def commands(notebook: str, forms: Sequence[str], out: Path, parameters: Sequence[str] = ()) -> list[list[str]]:
    """Return the command lines that make one notebook's record and its forms in ``out``."""
    made = out / f"{out.name}.ipynb"
    lines = [[str(BIN / "papermill"), str(NOTEBOOKS / f"{notebook}.ipynb"), str(made), *parameters]]
    if "html" in forms:
        lines.append([str(BIN / "jupyter"), "nbconvert", "--to", "html", str(made)])
    if "pdf" in forms:
        lines.append([str(BIN / "weasyprint"), str(made.with_suffix(".html")), str(made.with_suffix(".pdf"))])
    return lines


def seconds(year: Year, notebook: str, forms: Sequence[str], parameters: Sequence[str] = ()) -> float:
    """Make one notebook with the stock commands and return the seconds that all of them took together."""
    out = year.scratch / "stock" / "-".join([notebook, *parameters[1:]])
    out.mkdir(parents=True, exist_ok=True)
    environment = {**year.environment, "PYTHONPATH": str(ROOT)}
    return sum(measure(line, environment, cwd=NOTEBOOKS).seconds for line in commands(notebook, forms, out, parameters))


def loop(year: Year, units: Sequence[str], sample: Sequence[str]) -> tuple[float, float]:
    """Run the whole loop and return (seconds, seconds a unit).

    Only the units of ``sample`` are really made; the others are counted with their mean. The stages and the county's
    pages are all made once.
    """
    fixed = sum(seconds(year, name, forms) for name, forms in STAGES)
    fixed += sum(seconds(year, name, forms) for name, forms in PAGES)
    name, forms = UNIT
    each = sum(seconds(year, name, forms, ("-r", "unit_id", unit)) for unit in sample) / len(sample)
    return fixed + each * len(units), each
