"""A small finished year for the verification's tests: scored for real, its reports made without kernels.

The pages come from the same views through the same export as in a run; only the notebooks' kernels are left out.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat
import xlsxwriter
from build import ROOT
from nbformat.v4 import new_code_cell, new_notebook, new_output
from small_year import UNITS, make_raw

from assess_lib import paths, pipeline, register, store, views
from assess_lib.paths import YearPaths
from assess_lib.publish import export, folder
from assess_lib.publish.reuse import Standing

__all__ = ["UNITS", "copied", "finished", "places", "report", "snapshot"]


def places(folder: Path) -> YearPaths:
    """Return the three folders of a year that lies in ``folder``."""
    return paths.resolve(2022, folder / "raw", folder / "processed", folder / "reports")


def _as_workbook(raw: Path, name: str) -> None:
    with open(raw / f"{name}.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    with xlsxwriter.Workbook(raw / f"{name}.xlsx", {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)
    (raw / f"{name}.csv").unlink()


def _notebook(pieces: Iterable[views.Html]) -> nbformat.NotebookNode:
    cells = [
        new_code_cell("show()", outputs=[new_output("display_data", {"text/html": piece._repr_html_()})])
        for piece in pieces
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    made = new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def report(where: YearPaths, *, pdf: bool = True) -> None:
    """Make the reports of the set that stands, with their receipt and their line in the register."""
    data = store.load_set(where.processed)
    files: set[str] = set()
    shutil.rmtree(where.reports, ignore_errors=True)
    (where.reports / "units").mkdir(parents=True)
    county = views.CountySummary(data, store.read_tables(where.processed))
    subjects = [("county_summary", None, [county.title(), county.headline(), county.rankings(), county.check()])]
    for unit in data.results["unit_id"]:
        shown = views.UnitReport(data, unit)
        pieces = [shown.title(), shown.conclusion(), shown.main_facts(), shown.key(), shown.bonus(), shown.ledger()]
        subjects.append((f"units/{unit}", unit, pieces))
    for name, unit, pieces in subjects:
        notebook = _notebook(pieces)
        nbformat.write(notebook, where.reports / f"{name}.ipynb")
        notebook.metadata.assess = views.page_metadata(data, unit)
        page = export.to_html(notebook)
        (where.reports / f"{name}.html").write_text(page, encoding="utf-8")
        files |= {f"{name}.ipynb", f"{name}.html"}
        if pdf:
            (where.reports / f"{name}.pdf").write_bytes(export.to_pdf(page))
            files.add(f"{name}.pdf")
    with register.recorded(where.processed, "report", {"units": [], "pdf": pdf}) as attempt:
        sources = folder.Sources(
            where.processed,
            where.raw,
            folder.notebook_digests(ROOT / "notebooks"),
            Standing(where.reports, where.processed),
        )
        folder.write_receipt(where.reports, sources, files, {}, {}, attempt)
        attempt.receipt = data.receipt_digest


def finished(folder: Path, *, pdf: bool = True) -> YearPaths:
    """Make the small year in ``folder``: raw files (csv, xlsx, scheme), the scored set, the reports."""
    raw = make_raw(folder / "raw")
    _as_workbook(raw, "扣分登记")
    where = places(folder)
    pipeline.score(where)
    report(where, pdf=pdf)
    return where


def copied(where: YearPaths, folder: Path) -> YearPaths:
    """Return a copy of a finished year that a test may spoil; hard links would spoil the original too."""
    shutil.copytree(where.raw.parent, folder)
    return places(folder)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file and folder below a folder with its time and content."""
    return {
        os.path.relpath(path, folder): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }
