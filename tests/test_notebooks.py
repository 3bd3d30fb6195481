"""The notebooks as they are committed: clean, typed, short, and running by themselves."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from build import ROOT
from small_year import make_raw

from assess_lib.publish.export import to_html

FOLDER = ROOT / "notebooks"
NOTEBOOKS = [*sorted(FOLDER.glob("0[1-4]_*.ipynb")), FOLDER / "rule_guide.ipynb", FOLDER / "workbench.ipynb"]
# The contract's parameters, with the types of their defaults.
PARAMETERS: dict[str, dict[str, type]] = {
    "01_clean": {"year": int, "raw": str, "processed": str, "date": str},
    "02_score": {"year": int, "raw": str, "processed": str, "date": str, "readings": dict, "final": bool},
    "03_unit_report": {"year": int, "processed": str, "unit_id": str},
    "04_county_summary": {"year": int, "processed": str},
    "rule_guide": {"year": int, "raw": str},
    "workbench": {"year": int, "raw": str, "processed": str, "drafts": str},
}
# Those that open with what they are for and with their contents; 03 and 04 open as the reports that they become.
_TOLD = ("01_clean", "02_score", "05_audit", "06_readings", "rule_guide", "workbench")
EXPLAINED = [FOLDER / f"{name}.ipynb" for name in _TOLD]


def read(file: Path) -> Any:
    """Read a notebook and validate it."""
    made = nbformat.read(file, as_version=4)
    nbformat.validate(made)
    return made


def test_the_notebooks_are_there() -> None:
    """Notebooks 01 to 04 of the contract, the rule guide and the workbench exist under their names."""
    assert [file.stem for file in NOTEBOOKS] == list(PARAMETERS)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_committed_without_results(file: Path) -> None:
    """A committed notebook holds no outputs, no run numbers, no metadata of a run, and names its kernel."""
    made = read(file)
    assert made.metadata.kernelspec.name == "python3"
    assert set(made.metadata) <= {"kernelspec", "language_info"}
    for cell in made.cells:
        assert set(cell.metadata) <= {"tags", "jupyter"}
        assert cell.metadata.get("jupyter", {"source_hidden": True}) == {"source_hidden": True}
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_parameters_are_those_of_the_contract(file: Path) -> None:
    """One cell is tagged ``parameters``; it sets the contract's names to defaults of the right type."""
    tagged = [cell for cell in read(file).cells if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    found = {}
    for statement in ast.parse(tagged[0].source).body:
        assert isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        found[statement.targets[0].id] = type(ast.literal_eval(statement.value))
    assert found == PARAMETERS[file.stem]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_cells_are_short_and_told(file: Path) -> None:
    """No cell but the parameters has more than five lines of code; prose in Chinese stands between them."""
    made = read(file)
    for cell in made.cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", ()):
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= 5, cell.source
    prose = [cell.source for cell in made.cells if cell.cell_type == "markdown"]
    assert len(prose) >= 5
    assert all(any("\u4e00" <= character <= "\u9fff" for character in text) for text in prose)


@pytest.mark.parametrize("file", EXPLAINED, ids=lambda file: file.stem)
def test_opens_with_purpose_data_and_how_to_read_it(file: Path) -> None:
    """The first cell says what the notebook does, what it needs and how to read it, each in one paragraph."""
    first = read(file).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("# ")
    assert [first.source.count(f"\n**{word}**：") for word in ("做什么", "用什么", "怎么读")] == [1, 1, 1]


@pytest.mark.parametrize("file", EXPLAINED, ids=lambda file: file.stem)
def test_contents_lead_to_every_section(file: Path) -> None:
    """The second cell lists every section in order, by an anchor that stands right above the section's heading.

    JupyterLab finds no heading by an address in Chinese, so each has an anchor in ASCII.
    """
    cells = read(file).cells
    listed = re.findall(r"^- \[(.+)\]\(#([a-z0-9]+)\)$", cells[1].source, re.M)
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    anchored = (re.match(r'<span id="([a-z0-9]+)"></span>\n\n## (.+)', text) for text in prose)
    headed = [(found[2], found[1]) for found in anchored if found]
    headings = [line[3:] for text in prose for line in text.splitlines() if line.startswith("## ")]
    assert listed == headed and [title for title, _ in listed] == headings and len(headings) >= 5


@pytest.mark.parametrize("name", ["05_audit", "06_readings"])
def test_the_opening_stays_out_of_the_exported_page(name: str) -> None:
    """An exported page has its own title: opening and contents are for the lab, the sections are for both."""
    made = read(FOLDER / f"{name}.ipynb")
    opening, contents = made.cells[:2]
    about = {
        "title": "标题",
        "draft_label": "初评稿",
        "year": 2022,
        "sample": False,
        "document": "文号",
        "approval": "",
    }
    made.metadata["assess"] = about
    page = to_html(made)
    assert opening.source.splitlines()[0][2:] not in page and "做什么" not in page
    assert contents.source.startswith("**目录**") and "<strong>目录</strong>" not in page and 'href="#s1"' not in page
    sections = re.findall(r"\[(.+)\]", contents.source)
    assert sections and all(section in page for section in sections)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with the shipped notebooks and a small year, as the working directory."""
    make_raw(tmp_path / "data" / "raw" / "2022")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def papermill(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the stock papermill command line in the working directory."""
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_stock_papermill_runs_them_in_turn(project: Path) -> None:
    """`papermill` on the defaults runs all of them from the project's root, one after the other."""
    for file in NOTEBOOKS:
        done = papermill(f"notebooks/{file.name}", str(project / "out.ipynb"))
        assert done.returncode == 0, done.stderr[-2000:]
    assert (project / "data/processed/2022/results.csv").is_file()


def test_an_expected_failure_is_told_without_a_traceback(project: Path) -> None:
    """The workbench before any scoring: the cell fails, and shows which command to run and no place in the library."""
    done = papermill("notebooks/workbench.ipynb", str(project / "out.ipynb"))
    assert done.returncode != 0
    cells = [cell for cell in nbformat.read(project / "out.ipynb", as_version=4).cells if cell.cell_type == "code"]
    errors = [out for cell in cells for out in cell.outputs if out.output_type == "error"]
    assert [(out.ename, out.traceback) for out in errors] == [
        ("UsageError", ["UsageError：结果文件夹里没有完整的评分结果。请先运行 assess score。"])
    ]


def test_only_the_workbench_hides_its_code() -> None:
    """Its cells hold widgets for people who do not write code; everywhere else the code is part of the telling."""
    hiding = {file.stem for file in FOLDER.glob("*.ipynb") for cell in read(file).cells if cell.metadata.get("jupyter")}
    assert hiding == {"workbench"}


def test_run_all_from_the_notebooks_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """*Run All* in JupyterLab starts in notebooks/: 01, 02 and the rule guide find the year from there."""
    from nbclient import NotebookClient

    monkeypatch.chdir(project / "notebooks")
    for name in ("01_clean", "02_score", "rule_guide"):
        made = read(project / "notebooks" / f"{name}.ipynb")
        NotebookClient(made, kernel_name="python3", timeout=120).execute()
    assert (project / "data/processed/2022/ledger.csv").is_file()


def test_errors_are_raised_loudly_after_they_were_shown(project: Path) -> None:
    """01 shows the problem in its table, then fails with InputRejected; 02 refuses a final set with FinalRefused."""
    raw = project / "data/raw/2022"
    (raw / "确认无事项.csv").unlink()
    assert papermill("notebooks/01_clean.ipynb", str(project / "out.ipynb")).returncode == 0
    refused = papermill("notebooks/02_score.ipynb", str(project / "out.ipynb"), "-p", "final", "True")
    assert refused.returncode != 0 and "FinalRefused" in refused.stderr
    register = raw / "材料报送.csv"
    register.write_text(register.read_text(encoding="utf-8") + "县统记局,半年汇报,,2022-06-01\n", encoding="utf-8")
    rejected = papermill("notebooks/01_clean.ipynb", str(project / "out.ipynb"))
    assert rejected.returncode != 0 and "InputRejected" in rejected.stderr
    shown = "".join(
        output.data.get("text/html", "")
        for cell in nbformat.read(project / "out.ipynb", as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    )
    assert "县统记局" in shown
