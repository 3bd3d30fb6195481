"""A unit's report made in this process: the shipped notebook's cells, exported as the batch does, without a kernel."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

import nbformat
from bs4 import BeautifulSoup
from build import ROOT
from report_set import make_set

from assess_lib import figures, views
from assess_lib.publish import export
from assess_lib.store import ScoredSet

STANDARDS = (("BS-01", "材料迟报", "0.5", "日"), ("BS-02", "材料未报", "3", "次"), ("GW-01", "公文超期", "0.01", "次"))


def unit_page(data: ScoredSet, unit: str) -> str:
    """Show every cell of the unit notebook that stands after its set-up, and return the page."""
    notebook = nbformat.read(ROOT / "notebooks" / "03_unit_report.ipynb", as_version=4)
    names = {"report": views.UnitReport(data, unit), "figures": figures, "views": views}
    for cell in notebook.cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", ()) or "open_unit" in cell.source:
            continue
        if "history" in cell.source:  # needs earlier years' folders; shows nothing without them
            continue
        (statement,) = ast.parse(cell.source).body
        assert isinstance(statement, ast.Expr), cell.source
        shown = eval(compile(ast.Expression(statement.value), cell.id, "eval"), names)
        bundle, metadata = _bundle(shown)
        cell.outputs = [nbformat.v4.new_output("execute_result", data=bundle, metadata=metadata)]
    notebook.metadata["assess"] = views.page_metadata(data, unit)
    return export.to_html(notebook)


def _bundle(shown: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if isinstance(shown, figures.Plot):
        return shown._repr_mimebundle_()
    return {"text/html": shown._repr_html_()}, {}


def read(shown: views.Html | str) -> BeautifulSoup:
    """Parse a piece of a report, or a page, as a browser does."""
    return BeautifulSoup(shown if isinstance(shown, str) else shown._repr_html_(), "html5lib")


def said(shown: views.Html) -> str:
    """Return what a piece says, pieces of text parted by one space."""
    return read(shown).get_text(" ", strip=True)


def cells(shown: views.Html) -> list[list[str]]:
    """Return the texts of the data cells, row by row."""
    return [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in read(shown).select("tbody tr")]


def losing(losses: Mapping[str, int], **more: Iterable[Mapping[str, Any]]) -> ScoredSet:
    """Score towns that lose so many hundredths of a point in one register row each, and nothing else in the key part.

    Nothing else is reported of them, so that every bonus item earns 0.00 or, where it starts at its cap, falls to 0.00.
    """
    tables: dict[str, Any] = {
        "单位名录": [{"单位编码": u, "单位名称": f"{u}镇", "单位类别": "镇", "重点任务单位": "否"} for u in losses],
        "扣分标准": [
            {"标准编号": code, "考核内容": "内容", "扣分情形": what, "单次扣分": rate, "计量": per, "批准文号": "5号"}
            for code, what, rate, per in STANDARDS
        ],
        "材料报送": [
            {"单位": u, "材料": material, "实报日期": day}
            for u in losses
            for material, day in (("半年汇报", "2022-06-18"), ("年度总结", "2022-12-18"))
        ],
        "扣分登记": [
            {
                "编号": f"KF-{u}", "单位": u, "标准编号": "GW-01", "事实": "公文超期", "发生日期": "2022-03-01",
                "数量": count, "评分人": "周评分", "复核人": "吴复核",
            }
            for u, count in losses.items()
            if count
        ],
    }  # fmt: skip
    return make_set(tables | more)
