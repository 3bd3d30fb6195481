"""Notebook 06 as it is committed, and as it runs: by stock papermill on a processed folder, exported as a page."""

from __future__ import annotations

import ast
import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from build import ROOT
from report_set import make_set, write_processed
from test_readings import year_of_all_kinds

from assess_lib.publish.export import to_html
from assess_lib.views.readings import readings_metadata

NOTEBOOK = ROOT / "notebooks" / "06_readings.ipynb"


def read(file: Path) -> Any:
    made = nbformat.read(file, as_version=4)
    nbformat.validate(made)
    return made


def test_committed_without_results() -> None:
    """The notebook holds no outputs, no run numbers, no metadata of a run, and names its kernel."""
    made = read(NOTEBOOK)
    assert made.metadata.kernelspec.name == "python3"
    assert set(made.metadata) <= {"kernelspec", "language_info"}
    for cell in made.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_parameters_are_those_of_the_contract() -> None:
    """One cell is tagged ``parameters``: year (whole), raw and processed (text), and no other."""
    tagged = [cell for cell in read(NOTEBOOK).cells if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    found = {
        statement.targets[0].id: type(ast.literal_eval(statement.value))  # type: ignore[attr-defined]
        for statement in ast.parse(tagged[0].source).body
        if isinstance(statement, ast.Assign)
    }
    assert found == {"year": int, "raw": str, "processed": str}


def test_cells_are_short_and_told() -> None:
    """No cell but the parameters has more than five lines; each shown piece is one line; the prose is Chinese."""
    cells = [cell for cell in read(NOTEBOOK).cells if "parameters" not in cell.metadata.get("tags", ())]
    code = [cell.source.strip().splitlines() for cell in cells if cell.cell_type == "code"]
    assert all(len([line for line in lines if line.strip()]) <= 5 for lines in code)
    assert sum(len(lines) == 1 for lines in code) == len(code) - 1
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert len(prose) >= 7 and all(re.search("[一-鿿]", text) for text in prose)
    assert cells[-1].source == "report.check()"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the notebook by stock papermill on a small processed folder."""
    place = tmp_path_factory.mktemp("readings")
    (place / "raw").mkdir()
    write_processed(place / "processed", year_of_all_kinds())
    given = [f for name in ("raw", "processed") for f in ("-r", name, str(place / name))]
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOK), "out.ipynb", *given]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(command, cwd=place, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return read(place / "out.ipynb")


def test_stock_papermill_runs_it_to_its_check(executed: Any) -> None:
    """The notebook runs by itself; its last cell says that the results in force and drawn combinations agree."""
    last = executed.cells[-1].outputs[0]["data"]["text/html"]
    assert "核对通过：现用口径下 5 个单位的结果与 results.csv 逐项一致" in last
    assert not [o for c in executed.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream"]


def test_the_page_is_whole_plain_and_told_in_words(executed: Any) -> None:
    """The page has its title, every section, a figure for each group, alt texts, and no script, code or path."""
    executed.metadata["assess"] = readings_metadata(make_set(year_of_all_kinds()))
    page = to_html(executed)
    assert "<title>2022年口径组合分析（初评稿）</title>" in page
    for number in "一二三四五六七":
        assert re.search(rf"<h2[^>]*>{number}、", page)
    alts = re.findall(r'<img alt="([^"]+)"', page)
    assert len(alts) == 3
    assert "单位T02第 1 至第 2 名" in alts[0] and "单位D01第 1 名" in alts[1] and "加分开启" in alts[2]
    assert "<script" not in page and "ReadingsReport" not in page and str(ROOT) not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)
    first = base64.b64decode(re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[0])
    assert b"<svg" in first
