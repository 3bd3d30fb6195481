"""``assess run`` and ``assess report`` from the raw tables to web pages and PDF, with their exit codes."""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import nbformat
import pytest
import xlsxwriter
from bs4 import BeautifulSoup
from build import ROOT
from pypdf import PdfReader
from small_year import make_raw

from assess_lib.cli import main

UNITS = ("T01", "T02", "T03", "D01")
# Worked out by hand: see small_year.
FINAL = {"T01": "104.00", "T02": "101.50", "T03": "80.00", "D01": ""}


def _xlsx_instead_of_csv(raw: Path, name: str) -> None:
    """Turn a table into a workbook with a title row, as offices hand it in."""
    with open(raw / f"{name}.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    with xlsxwriter.Workbook(raw / f"{name}.xlsx", {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate([[f"{name}（2022年）"], *rows]):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)
    (raw / f"{name}.csv").unlink()


def make_project(folder: Path) -> Path:
    """Make a project folder: the notebooks as they are shipped, and a small year of csv and xlsx tables."""
    raw = make_raw(folder / "data" / "raw" / "2022")
    _xlsx_instead_of_csv(raw, "单位名录")
    _xlsx_instead_of_csv(raw, "扣分登记")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def results(project: Path) -> dict[str, dict[str, str]]:
    """Return results.csv by unit."""
    with open(project / "data/processed/2022/results.csv", encoding="utf-8-sig", newline="") as stream:
        return {row["unit_id"]: row for row in csv.DictReader(stream)}


def spoil(notebook: Path, code: str) -> None:
    """Put a line of code at the end of a notebook of the project."""
    made = nbformat.read(notebook, as_version=4)
    made.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(made, notebook)


@pytest.fixture
def within(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Return a function that makes a project the working directory, without folders set from outside."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    return lambda folder: monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the whole small year once, with a foreign file in each output folder; the tests look at what it made."""
    project = make_project(tmp_path_factory.mktemp("项目 {2022}"))
    for folder in ("data/processed/2022", "reports/2022/units"):
        (project / folder).mkdir(parents=True)
        (project / folder / "批注.docx").write_bytes(b"foreign")
    before = os.getcwd()
    os.chdir(project)
    try:
        assert main(["run", "--jobs", "2"]) == 0
        yield project
    finally:
        os.chdir(before)


@pytest.fixture
def copy(done: Path, tmp_path: Path, within: Callable[[Path], None]) -> Path:
    """Return a copy of the finished project that a test may spoil, as the working directory."""
    project = tmp_path / "copy"
    shutil.copytree(done, project)
    within(project)
    return project


def test_every_report_is_there(done: Path) -> None:
    """Each unit and the county have page, PDF and notebook; the executed stages are kept; foreign files survive."""
    expected = {f"units/{unit}.{ending}" for unit in UNITS for ending in ("html", "pdf", "ipynb")}
    expected |= {f"county_summary.{ending}" for ending in ("html", "pdf", "ipynb", "xlsx", "docx")}
    expected |= {"audit.html", "audit.ipynb", "audit_workbook.xlsx", "readings.html", "readings.ipynb", "index.html"}
    expected |= {f"readings/{table}.csv" for table in ("units", "flips", "effects")}
    expected |= {f"publication.{ending}" for ending in ("html", "pdf", "xlsx")}
    expected |= {"01_clean.ipynb", "02_score.ipynb", "receipt.json"}
    found = contents(done / "reports/2022")
    assert set(found) == expected | {"units/批注.docx"}
    assert (done / "data/processed/2022/批注.docx").read_bytes() == b"foreign"
    slip = json.loads((done / "reports/2022/receipt.json").read_text(encoding="utf-8"))
    assert slip["outputs"] == {name: found[name] for name in expected - {"receipt.json"}}
    digest = sha256((done / "data/processed/2022/receipt.json").read_bytes()).hexdigest()
    assert slip["processed"] == digest


@pytest.mark.parametrize("unit", UNITS)
def test_reports_say_what_the_results_say(done: Path, unit: str) -> None:
    """Page and PDF of a unit print its name, its final score and its ranks as results.csv has them."""
    row = results(done)[unit]
    assert row["final_score"] == FINAL[unit]
    page = BeautifulSoup((done / f"reports/2022/units/{unit}.html").read_text(encoding="utf-8"), "html5lib")
    pdf = PdfReader(done / f"reports/2022/units/{unit}.pdf")
    for text in (page.text, "".join(sheet.extract_text() for sheet in pdf.pages)):
        assert row["unit_name"] in text
        assert "初评稿" in text
        if unit == "D01":
            assert "不合格" in text and "否决" in text
        else:
            assert FINAL[unit] in text and "合格（等次待审定）" in text
    assert page.find("script") is None


def test_reports_hold_no_path_and_no_code(done: Path) -> None:
    """No report names a folder of this machine; pages show no code."""
    for file in (done / "reports/2022").rglob("*"):
        if file.suffix in (".html", ".ipynb", ".json"):
            text = file.read_text(encoding="utf-8")
            assert str(done) not in text and str(ROOT) not in text, file.name
            assert "/tmp/" not in text and ".building" not in text, file.name
        if file.suffix == ".html":
            assert "store.load_set" not in text


def test_second_run_gives_the_same_bytes(copy: Path) -> None:
    """The same inputs, in another folder and another run, give the same bytes of every output."""
    before = contents(copy / "reports/2022") | contents(copy / "data/processed/2022")
    shutil.rmtree(copy / "reports")
    shutil.rmtree(copy / "data/processed/2022")
    assert main(["run", "--jobs", "1"]) == 0
    after = contents(copy / "reports/2022") | contents(copy / "data/processed/2022")
    before = {name: digest for name, digest in before.items() if not name.endswith("批注.docx")}
    assert after == before


def test_executed_notebooks_run_again(copy: Path) -> None:
    """A recorded report can be run again by papermill as it is, for another unit."""
    from papermill.execute import execute_notebook

    made = execute_notebook(
        str(copy / "reports/2022/units/T01.ipynb").replace("{", "{{").replace("}", "}}"),
        None,
        parameters={"unit_id": "T03"},
        progress_bar=False,
    )
    shown = "".join(o.data.get("text/html", "") for c in made.cells if c.cell_type == "code" for o in c.outputs)
    assert "水沟镇" in shown and "崔家头镇考核情况报告" not in shown


def test_report_of_one_unit_keeps_the_others(copy: Path) -> None:
    """`report --unit` by alias remakes one report; the others, made of the same set, stay; a PDF left out goes."""
    before = contents(copy / "reports/2022")
    assert main(["report", "--unit", "崔 镇", "--no-pdf"]) == 0
    after = contents(copy / "reports/2022")
    assert before.keys() - after.keys() == {"units/T01.pdf"}
    assert {name for name in after if after[name] != before[name]} == {"receipt.json", "index.html"}
    assert "units/T01.pdf" not in (copy / "reports/2022/index.html").read_text(encoding="utf-8")


def test_reports_of_two_sets_never_mix(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the year was scored anew, a report of one unit drops the reports of the earlier set and says so."""
    assert main(["score", "--reading", "bonus_gate=at_least"]) == 0
    assert main(["report", "--unit", "T03", "--no-pdf"]) == 0
    assert set(contents(copy / "reports/2022")) == {
        "units/T03.html",
        "units/T03.ipynb",
        "units/批注.docx",
        "receipt.json",
        "index.html",
    }
    assert "不是由当前结果生成" in capsys.readouterr().out
    page = (copy / "reports/2022/units/T03.html").read_text(encoding="utf-8")
    assert "84.00" in page  # the gate at 80 is open now: 80.00 + 2.00 + 2.00


def test_altered_results_are_not_reported(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A processed file that was edited by hand stops `report` with exit 7, named; the reports stay."""
    before = contents(copy / "reports/2022")
    file = copy / "data/processed/2022/results.csv"
    file.write_bytes(file.read_bytes().replace(b"101.50", b"111.50"))
    assert main(["report"]) == 7
    assert "results.csv" in capsys.readouterr().err
    assert contents(copy / "reports/2022") == before


def test_report_needs_a_scored_set(copy: Path) -> None:
    """Without a processed set `report` is wrong usage."""
    shutil.rmtree(copy / "data/processed/2022")
    assert main(["report"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--unit", "县统记局"],
        ["run", "--jobs", "0"],
        ["run", "--reading", "bonus_gate=maybe"],
        ["run", "--nonsense"],
        ["run", "--year", "2031"],
        ["run", "--reports", "data/raw/2022"],
        ["report", "--unit", "县统记局"],
        ["report", "--reading", "bonus_gate=at_least"],
        ["report", "--date", "2022-12-01"],
    ],
    ids=" ".join,
)
def test_wrong_usage_touches_nothing(copy: Path, arguments: list[str]) -> None:
    """Wrong usage ends with exit 2 before any file is touched, the register of runs included."""
    before = contents(copy)
    assert main(arguments) == 2
    assert contents(copy) == before


def test_rejected_input_keeps_the_outputs(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown unit in a table ends with exit 3 and is listed; set and reports stay, the list of problems is new."""
    register = copy / "data/raw/2022/材料报送.csv"
    register.write_text(register.read_text(encoding="utf-8") + "县统记局,半年汇报,,2022-06-01\n", encoding="utf-8")
    set_before, reports_before = contents(copy / "data/processed/2022"), contents(copy / "reports/2022")
    assert main(["run"]) == 3
    told = capsys.readouterr().err
    assert "县统记局" in told and "第 10 行" in told  # a header, eight rows, then this one
    set_after = contents(copy / "data/processed/2022")
    changed = {name for name in set_after if set_after[name] != set_before.get(name)}
    assert changed == {"problems.csv", "problems.xlsx", "rows.csv"}
    assert contents(copy / "reports/2022") == reports_before
    assert not (copy / "reports/2022.failed").exists()


def test_final_is_refused_while_items_are_unresolved(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`run --final` with nothing confirmed ends with exit 8, lists what is unresolved and keeps the outputs."""
    (copy / "data/raw/2022/确认无事项.csv").unlink()
    before = {name: (copy / f"data/processed/2022/{name}").read_bytes() for name in ("results.csv", "receipt.json")}
    reports_before = contents(copy / "reports/2022")
    assert main(["run", "--final"]) == 8
    told = capsys.readouterr().err
    assert "待定" in told and "领导评价" in told
    for name, data in before.items():
        assert (copy / f"data/processed/2022/{name}").read_bytes() == data
    assert contents(copy / "reports/2022") == reports_before


def test_failing_report_keeps_the_old_ones(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When one unit's notebook fails, the run ends with exit 9; all executed notebooks lie in the failed folder."""
    spoil(copy / "notebooks/03_unit_report.ipynb", 'assert unit_id != "T02", "坏的单位"')
    stale = copy / "reports/2022.failed/units/OLD.ipynb"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}", encoding="utf-8")
    set_before, reports_before = contents(copy / "data/processed/2022"), contents(copy / "reports/2022")
    assert main(["run"]) == 9
    told = capsys.readouterr().err
    assert "units/T02.ipynb" in told and "坏的单位" in told and "2022.failed" in told
    assert contents(copy / "reports/2022") == reports_before
    assert contents(copy / "data/processed/2022") == set_before
    assert set(contents(copy / "reports/2022.failed")) == {
        "01_clean.ipynb",
        "02_score.ipynb",
        "county_summary.ipynb",
        "audit.ipynb",
        "readings.ipynb",
        *(f"units/{unit}.ipynb" for unit in UNITS),
    }
    failed = nbformat.read(copy / "reports/2022.failed/units/T02.ipynb", as_version=4)
    assert "本笔记本运行失败" in failed.cells[0].source
    assert str(copy) not in nbformat.writes(failed)
    shutil.copy(ROOT / "notebooks/03_unit_report.ipynb", copy / "notebooks")
    assert main(["report", "--unit", "T02", "--no-pdf"]) == 0
    assert not (copy / "reports/2022.failed").exists()


def test_files_of_others_survive_in_the_failed_folder(copy: Path) -> None:
    """Somebody's notes on a failure stay beside its notebooks, and when these have gone; nothing else does."""
    spoil(copy / "notebooks/03_unit_report.ipynb", "1 / 0")
    notes = ("批注.docx", "units/我的.txt", "复核.ipynb")
    for name in notes:
        file = copy / "reports/2022.failed" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"foreign")
    assert main(["report", "--unit", "T02", "--no-pdf", "--force"]) == 9
    assert set(contents(copy / "reports/2022.failed")) == {"units/T02.ipynb", *notes}
    shutil.copy(ROOT / "notebooks/03_unit_report.ipynb", copy / "notebooks")
    assert main(["report", "--unit", "T02", "--no-pdf", "--force"]) == 0
    assert set(contents(copy / "reports/2022.failed")) == set(notes)


def test_input_that_changes_during_the_run(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A raw file that changes while reports are made ends the run with exit 6; nothing is replaced."""
    code = "import os\nopen(os.environ['ASSESS_RAW'] + '/材料报送.csv', 'a').write('\\n')"
    spoil(copy / "notebooks/04_county_summary.ipynb", code)
    set_before, reports_before = contents(copy / "data/processed/2022"), contents(copy / "reports/2022")
    assert main(["run", "--unit", "T01", "--no-pdf"]) == 6
    assert "材料报送.csv" in capsys.readouterr().err
    assert contents(copy / "reports/2022") == reports_before
    assert contents(copy / "data/processed/2022") == set_before


def test_unexpected_error_in_a_stage_is_a_failed_notebook(copy: Path) -> None:
    """A stage that fails for another reason than its input ends with exit 9 and lies in the failed folder."""
    spoil(copy / "notebooks/01_clean.ipynb", "1 / 0")
    before = contents(copy / "reports/2022")
    assert main(["run"]) == 9
    assert contents(copy / "reports/2022") == before
    assert set(contents(copy / "reports/2022.failed")) == {"01_clean.ipynb"}


def test_another_run_holds_the_folder(copy: Path) -> None:
    """While another process holds the reports folder, a run ends with exit 5 and touches nothing."""
    from assess_lib import lock

    before = contents(copy / "reports/2022") | contents(copy / "data/processed")
    with lock.held(copy / "reports/2022"):
        assert main(["run"]) == 5
    assert contents(copy / "reports/2022") | contents(copy / "data/processed") == before


# ---- what surrounds a run ---------------------------------------------------------------------------------------


def started(project: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's command in a project, where ``assess`` stands for this very package."""
    assess = f"{shlex.quote(sys.executable)} -m assess_lib"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSESS_")}
    path = os.pathsep.join(filter(None, (variables.pop("PYTHONPATH", ""), str(ROOT))))
    return subprocess.run(
        ["bash", "-c", command.replace("assess ", f"{assess} ")],
        cwd=project, env=environment | variables | {"PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(done: Path, tmp_path: Path, closed: str) -> None:
    """Reports are made, with exit code 0, where nobody can be told of it: no file or socket takes a stream's place."""
    project = Path(shutil.copytree(done, tmp_path / "project"))
    before = contents(project / "reports/2022")
    made = started(project, f"assess report --unit T01 --no-pdf --force {closed}")
    assert made.returncode == 0
    kept = {name: value for name, value in before.items() if name not in ("receipt.json", "units/T01.pdf")}
    after = contents(project / "reports/2022")
    assert kept.items() <= after.items() | {("index.html", before["index.html"])}
    assert not (project / "reports/2022.failed").exists()


def test_a_missing_font_is_told_in_a_line(done: Path, tmp_path: Path) -> None:
    """Where a font package lost its files, a report ends with 4, names the remedy, and shows no traceback."""
    project = Path(shutil.copytree(done, tmp_path / "project"))
    (tmp_path / "packages/pylopdf_fonts_zh_cn").mkdir(parents=True)
    (tmp_path / "packages/pylopdf_fonts_zh_cn/__init__.py").touch()
    before = contents(project / "reports/2022")
    command = "assess report --unit T01 --no-pdf --force"
    made = started(project, command, PYTHONPATH=str(tmp_path / "packages"))
    assert made.returncode == 4
    told = "字体包 pylopdf_fonts_zh_cn 中没有 NotoSerifSC-Regular.otf。请运行 make setup 重新安装。"
    assert made.stderr.splitlines()[-1] == told and "Traceback" not in made.stderr
    assert contents(project / "reports/2022") == before
    assert not (project / "reports/2022.failed").exists()
