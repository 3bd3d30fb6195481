"""Every page of a small year, as a run would make it: notebooks executed here, without kernels, and exported."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from audit_years import files_of_literals
from build import ROOT, SCHEME_FILE
from filelock import FileLock
from nbformat.v4 import new_output
from report_set import small_set_tables

from assess_lib import store, views
from assess_lib.publish import export, publication, site
from assess_lib.publish.documents import PAGES
from assess_lib.store.sets import write_files
from assess_lib.views.pack import ledger_csv

SCORED, RARE, VETOED, CLOSED, OPEN, MANY = "T01", "T02", "D01", "D02", "D03", "D04"
RARE_NAME = "䶮㐂𠮷镇"  # two of them are outside GBK, one is beyond the first plane of Unicode
LONGEST_NAME = "县环保新材料工业园管委会"
DEDUCTIONS = 60


def tables() -> dict[str, list[dict[str, Any]]]:
    """Return the small set, with a name of rare characters, the longest name, and a unit with sixty deductions."""
    made = small_set_tables()
    names = {RARE: RARE_NAME, OPEN: LONGEST_NAME}
    made["单位名录"] = [row | {"单位名称": names.get(row["单位编码"], row["单位名称"])} for row in made["单位名录"]]
    made["单位名录"].append({"单位编码": MANY, "单位名称": "县人行", "单位类别": "县级部门", "重点任务单位": "否"})
    made["扣分登记"] += [
        {
            "编号": f"DD-{n:02}", "单位": MANY, "标准编号": "GW-01", "事实": f"第{n}份公文没有在规定期限内办结并反馈",
            "发生日期": f"2022-{1 + n % 12:02}-15", "评分人": "周评分", "复核人": "吴复核",
        }
        for n in range(1, DEDUCTIONS + 1)
    ]  # fmt: skip
    return made


def write_year(base: Path) -> tuple[Path, Path]:
    """Write the year's raw and processed folders below ``base`` and return them."""
    raw, processed = base / "raw", base / "processed"
    raw.mkdir(parents=True)
    shutil.copy(SCHEME_FILE, raw / "scheme.yaml")
    write_files(processed, files_of_literals(tables(), whole=True))
    return raw, processed


def execute(notebook: str, parameters: Mapping[str, Any]) -> Any:
    """Run a notebook's cells in this process; return it with what they show."""
    made = nbformat.read(ROOT / "notebooks" / notebook, as_version=4)
    shown: list[Any] = []
    names: dict[str, Any] = {"display": lambda *things: shown.extend(things)}
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), notebook, "eval"), names)
            shown.extend([] if value is None else [value])
        if "parameters" in cell.metadata.get("tags", ()):
            names.update(parameters)
        cell.outputs = [_output(thing) for thing in shown]
        shown.clear()
    return made


def _output(thing: Any) -> Any:
    if hasattr(thing, "_repr_mimebundle_"):
        data, metadata = thing._repr_mimebundle_()
        return new_output("display_data", data, metadata=metadata)
    return new_output("display_data", {"text/html": thing._repr_html_(), "text/plain": repr(thing)})


class Reports:
    """The year's pages and PDFs, made once for all tests, also where several processes run them."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        shared = factory.getbasetemp()
        self.base = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "report_pages"
        with self._alone():
            if not (self.base / "reports" / "index.html").exists():
                make_pages(self.base)

    def page(self, name: str) -> Path:
        """Return a page's file by its name, such as ``units/T01`` or ``county_summary``."""
        return self.base / "reports" / f"{name}.html"

    @property
    def pages(self) -> dict[str, Path]:
        """Return all pages by name."""
        top = self.base / "reports"
        return {str(file.relative_to(top).with_suffix("")): file for file in sorted(top.rglob("*.html"))}

    def ledger(self, unit: str) -> bytes:
        """Return the ledger that the unit's PDF carries."""
        return ledger_csv(views.UnitReport(store.load_set(self.base / "processed"), unit))

    def pdf(self, name: str) -> Path:
        """Return a page's PDF; a unit's carries its ledger, as in a run."""
        made = self.page(name).with_suffix(".pdf")
        with self._alone():
            if not made.exists():
                unit = name.removeprefix("units/")
                attached = {f"{unit}_ledger.csv": self.ledger(unit)} if unit != name else {}
                made.write_bytes(export.to_pdf(self.page(name).read_text(encoding="utf-8"), attached))
        return made

    def _alone(self) -> FileLock:
        return FileLock(f"{self.base}.lock")


def make_pages(base: Path) -> None:
    """Make the pages below ``base``: units by code, the others as in a run; the index last."""
    raw, processed = write_year(base)
    data = store.load_set(processed)
    given = {"year": data.basis.year, "processed": str(processed)}
    pages = {}
    for unit in data.results["unit_id"]:
        made = execute("03_unit_report.ipynb", given | {"unit_id": unit})
        made.metadata["assess"] = views.page_metadata(data, unit)
        pages[f"units/{unit}"] = export.to_html(made)
    for page in PAGES:
        made = execute(page.notebook, given | ({"raw": str(raw)} if page.name == "audit" else {}))
        made.metadata["assess"] = views.page_metadata(data, None, page.heading)
        pages[page.name] = export.to_html(made)
    pages["publication"] = publication.publication_page(data)
    files = {f"units/{unit}{ending}" for unit in data.results["unit_id"] for ending in (".html", ".pdf", ".ipynb")}
    files |= {f"{page.name}.html" for page in PAGES} | {"publication.html", "county_summary.pdf"}
    pages["index"] = site.index_page(data, store.read_tables(processed)["单位名录"], files)
    for name, text in pages.items():
        target = base / "reports" / f"{name}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
