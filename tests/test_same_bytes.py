"""The same bytes anywhere: whatever the folder, clock, locale, fonts or settings, a run makes identical files.

The register of runs alone tells two runs apart. Nothing is listed by name here: whole folders are compared.
"""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import pikepdf
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from build import ROOT
from matplotlib import font_manager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from report_set import make_set, small_set_tables
from small_year import write_table
from test_end_to_end import make_project

from assess_lib import figures, fonts, views
from assess_lib.figures import letters
from assess_lib.publish import export, hearth
from tools import machines
from tools.elsewhere import EVERYTHING, WAYS, YEAR, Run, Way, compare, make_template
from tools.elsewhere import main as run_elsewhere
from tools.same_bytes import differences, main, names, told

# ---- the checker: what it says of differences made on purpose -------------------------------------------------

PAGE = "<!DOCTYPE html>\n<html><body>\n<p>南寨镇</p>\n<p>得分 <b>{}</b></p>\n</body></html>\n"


def made_csv(score: str, *more: str) -> bytes:
    """Return a results table with this score in its third line."""
    rows = ["unit_id,final_score", "T01,104.00", f"T02,{score}", *more]
    return ("\r\n".join(rows) + "\r\n").encode("utf-8-sig")


def made_parquet(score: str, **metadata: str) -> bytes:
    """Return a table with this value in its second row."""
    columns = {"单位": ["T01", "T02"], "分值": [Decimal("1.00"), Decimal(score)]}
    table = pa.table(columns).replace_schema_metadata(metadata or None)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def made_json(digest: str) -> bytes:
    """Return a receipt with this digest."""
    return json.dumps({"outputs": {"results.csv": ["a", digest]}, "year": 2022}).encode()


def made_notebook(output: str = "<p>甲</p>", **metadata: Any) -> bytes:
    """Return a notebook whose second cell shows this."""
    shown = new_output("display_data", {"text/html": f"<p>前</p>\n{output}\n"})
    cells = [new_markdown_cell("标题", id="a"), new_code_cell("报告", id="b", outputs=[shown])]
    return str(nbformat.writes(new_notebook(cells=cells, metadata=metadata))).encode()


def made_workbook(score: str, bold: bool = False) -> bytes:
    """Return a workbook with this text in C4."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})
        sheet = book.add_worksheet("结果")
        sheet.write_string(0, 0, "单位")
        sheet.write_string(3, 2, score, book.add_format({"bold": True}) if bold else None)
    return buffer.getvalue()


def zipped_on(day: int) -> bytes:
    """Return an archive whose member was written on that day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.xml", (2022, 12, day, 0, 0, 0)), "<a/>")
    return buffer.getvalue()


@cache
def made_pdf(score: str) -> bytes:
    """Return a page with this score as PDF."""
    return export.to_pdf(PAGE.format(score))


def made_page(score: str) -> bytes:
    """Return a page with this score."""
    return PAGE.format(score).encode()


def dated_pdf(date: str) -> bytes:
    """Return the same PDF with a date of making."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(made_pdf("1.00"))) as made:
        made.docinfo["/CreationDate"] = date
        made.save(buffer, deterministic_id=True)
    return buffer.getvalue()


MADE: Mapping[str, tuple[str, Callable[[], bytes], Callable[[], bytes], str]] = {
    "csv cell": ("results.csv", lambda: made_csv("101.50"), lambda: made_csv("80.00"), "row 3, column final_score"),
    "csv row": ("results.csv", lambda: made_csv("1.00"), lambda: made_csv("1.00", "T03,2.00"), "row 4"),
    "csv line ends": ("a.csv", lambda: b"a\r\n1\r\n", lambda: b"a\n1\n", "byte 1 of 6 and 4"),
    "parquet cell": ("t.parquet", lambda: made_parquet("2.00"), lambda: made_parquet("2.01"), "row 2, column 分值"),
    "parquet type": ("t.parquet", lambda: made_parquet("2.00"), lambda: made_parquet("222.00"), "schema"),
    "parquet metadata": ("t.parquet", lambda: made_parquet("2.00"), lambda: made_parquet("2.00", k="v"), "schema"),
    "json": ("r.json", lambda: made_json("1"), lambda: made_json("2"), "outputs.results.csv[1]"),
    "json spaces": ("r.json", lambda: b'{"a": 1}', lambda: b'{"a":1}', "byte 5 of 8 and 7"),
    "json order": ("r.json", lambda: b'{"a":1,"b":2}', lambda: b'{"b":2,"a":1}', "top: order of keys"),
    "json true and 1": ("r.json", lambda: b'{"a":true}', lambda: b'{"a":1}', "a"),
    "notebook output": ("n.ipynb", made_notebook, lambda: made_notebook("<p>乙</p>"), "cell 2 (b), outputs[0]."),
    "notebook metadata": ("n.ipynb", made_notebook, lambda: made_notebook(at="now"), "metadata.at"),
    "page": (
        "p.html", lambda: made_page("1.00"), lambda: made_page("1.50"), 'line 4, character 12, after "南寨镇 得分 1."',
    ),
    "sheet cell": ("w.xlsx", lambda: made_workbook("合格"), lambda: made_workbook("不合格"), "sheet 结果, cell C4"),
    "sheet style": ("w.xlsx", lambda: made_workbook("甲"), lambda: made_workbook("甲", bold=True), "member xl/"),
    "archive time": ("w.xlsx", lambda: zipped_on(1), lambda: zipped_on(2), "member a.xml, date_time"),
    "pdf text": ("p.pdf", lambda: made_pdf("1.00"), lambda: made_pdf("1.50"), "page 1, text, line 2, character 6"),
    "pdf date": ("p.pdf", lambda: dated_pdf("D:2022"), lambda: dated_pdf("D:2023"), "object "),
    "text": ("a.txt", lambda: "甲\n乙丙".encode(), lambda: "甲\n乙丁".encode(), "line 2, character 2"),
    "bytes": ("a.png", lambda: b"\xff\x00\x01", lambda: b"\xff\x00\x02", "byte 2 of 3 and 3"),
    "not what it says": ("a.xlsx", lambda: b"no zip", lambda: b"no zap", "(cannot be read as .xlsx"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
def test_checker_finds_the_place(tmp_path: Path, kind: str) -> None:
    """Inside a file of each kind the checker names the first row, cell, path, line, page or byte that differs."""
    name, one, other, expected = MADE[kind]
    for side, content in (("one", one()), ("other", other())):
        (tmp_path / side).mkdir()
        (tmp_path / side / name).write_bytes(content)
        (tmp_path / side / "same.bin").write_bytes(b"same")
    found = list(differences(tmp_path / "one", tmp_path / "other"))
    assert [each.file for each in found] == [name]
    assert found[0].place.startswith(expected) or expected in found[0].place, found[0]
    assert found[0].one != found[0].other
    assert list(differences(tmp_path / "one", tmp_path / "one")) == []


def test_checker_finds_files_that_are_not_there(tmp_path: Path) -> None:
    """A file or empty folder on one side alone is a difference, hidden ones too; the register of runs is none."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "units").mkdir(parents=True)
        (folder / "units/T01.html").write_text("x")
    (one / "units/T02.html").write_text("x")
    (other / ".hidden").write_text("x")
    (other / "empty").mkdir()
    (one / "2022.runs.jsonl").write_text("1")
    (other / "2022.runs.jsonl").write_text("2")
    assert [each.file for each in differences(one, other)] == [".hidden", "empty/", "units/T02.html"]
    assert names(one) == ["units/T01.html", "units/T02.html"]


def test_checker_as_a_command(tmp_path: Path) -> None:
    """Exit 0 and a count for the same, 1 with the first place and the other files for a difference, 2 for usage."""
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, score in ((one, "1.00"), (other, "2.00")):
        folder.mkdir()
        (folder / "results.csv").write_bytes(made_csv(score))
        (folder / "z.txt").write_text(score)
        (folder / "a.txt").write_text("a")
    tool = [sys.executable, "tools/same_bytes.py"]
    same = subprocess.run([*tool, str(one), str(one)], cwd=ROOT, capture_output=True, text=True)
    assert (same.returncode, same.stdout) == (0, "the same: 3 files\n")
    differ = subprocess.run([*tool, str(one), str(other)], cwd=ROOT, capture_output=True, text=True)
    assert differ.returncode == 1
    assert differ.stdout.startswith("2 files differ, the first:\nresults.csv: row 3, column final_score\n")
    assert (
        "'1.00'" in differ.stdout and "'2.00'" in differ.stdout and "\n  z.txt: line 1, character 1\n" in differ.stdout
    )
    assert main([str(one), str(other), "--but", "*.csv", "--but", "z.*"]) == 0
    assert main([str(one / "a.txt"), str(other / "z.txt")]) == 1
    with pytest.raises(SystemExit) as wrong:
        main([str(one), str(tmp_path / "nowhere")])
    assert wrong.value.code == 2


# ---- what a run depends on, each alone ------------------------------------------------------------------------


def waterfall() -> str:
    """Draw the waterfall of T01 of the reports' small set."""
    plot = figures.waterfall(views.UnitReport(make_set(small_set_tables()), "T01"))
    assert isinstance(plot, figures.Plot)
    return plot.svg


def test_figures_ignore_a_persons_settings(tmp_path: Path) -> None:
    """With every setting of a matplotlibrc turned another way a figure is the same, and the settings stay theirs."""
    usual = waterfall()
    file = tmp_path / "matplotlibrc"
    file.write_text(machines.MATPLOTLIBRC.replace("no.such.setting: here\n", ""))
    with matplotlib.rc_context(fname=file):
        assert waterfall() == usual
        assert matplotlib.rcParams["lines.linewidth"] == 5


def test_figures_use_the_pinned_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A font of the same name that is installed on the machine is not taken for the pinned one."""
    usual = waterfall()
    serif, _, _ = fonts.font_files()
    impostor = font_manager.FontEntry(
        fname=str(serif),
        name=fonts.SANS,
        style="normal",
        variant="normal",
        weight=400,
        stretch="normal",
        size="scalable",
    )
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [impostor])
    letters.forget()
    assert waterfall() == usual


def test_figures_say_nothing_of_the_machine(tmp_path: Path) -> None:
    """Where matplotlib has no folder to write to, it says so; nothing of that may reach a report's first cell."""
    import_both = "import assess_lib.figures, matplotlib.font_manager"
    variables = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    made = subprocess.run([sys.executable, "-c", import_both], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def test_pdf_ignores_the_callers_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH of the caller changes no byte of a PDF."""
    usual = made_pdf("1.00")
    for epoch in ("1700000000", "not a number"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        assert export.to_pdf(PAGE.format("1.00")) == usual


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PYTHONPATH", True),
        ("PYTHONHOME", True),
        ("PYTHONUSERBASE", True),
        ("PATH", True),
        ("HOME", True),
        ("ASSESS_RAW", True),
        ("LD_LIBRARY_PATH", True),
        ("PYTHONWARNINGS", False),
        ("PYTHONSTARTUP", False),
        ("MPLBACKEND", False),
        ("MATPLOTLIBRC", False),
        ("JUPYTER_DATA_DIR", False),
        ("IPYTHONDIR", False),
        ("PANDAS_FUTURE_INFER_STRING", False),
        ("FONTCONFIG_FILE", False),
        ("FREETYPE_PROPERTIES", False),
        ("HB_SHAPER_LIST", False),  # how HarfBuzz shapes the figures' letters
        ("LC_TIME", False),
        ("LANGUAGE", False),
    ],
)
def test_workers_get_no_settings(name: str, kept: bool) -> None:
    """Variables that carry a person's settings reach no worker and no kernel; those that programs need do."""
    assert (hearth.SETTINGS.fullmatch(name) is None) == kept


# ---- whole runs -----------------------------------------------------------------------------------------------

TWO = ("--unit", "T02", "--unit", "D01")  # one with a deduction, one vetoed


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project of the small year, in which an office wrote down a path that is somebody's home elsewhere."""
    place = tmp_path_factory.mktemp("small")
    raw = make_project(place / "made") / "data/raw" / YEAR
    header = ("编号", "单位", "标准编号", "事实", "发生日期", "评分人", "复核人")
    fact = f"见 {place / 'elsewhere/home'}/照片 和 {Path.home()}/照片 和 {place / 'usual/p'}/照片"
    write_table(raw, "扣分登记_路径", header, [("KF-2", "南寨镇", "BS-02", fact, "2022-09-01", "甲", "乙")])
    return make_template(place / "template", raw)


@pytest.fixture(scope="module")
def usual(small: Path) -> Path:
    """Run the small year as it is; the tests compare with it."""
    return Run(small, Way(), small.parent / "usual", TWO)()


def kinds(project: Path) -> set[str]:
    """Return the endings of all that was made."""
    made = [*(project / "data/processed").rglob("*"), *(project / "reports").rglob("*")]
    return {path.suffix for path in made if path.is_file()}


def last_line(project: Path) -> dict[str, Any]:
    """Return the last line of the register."""
    lines = (project / f"data/processed/{YEAR}.runs.jsonl").read_text(encoding="utf-8").splitlines()
    return dict(json.loads(lines[-1]))


def test_everything_else_at_once(small: Path, usual: Path) -> None:
    """Another clock, zone, locale, umask, hash seed, folder, home, fonts, terminal and kernels: not a byte differs."""
    run = Run(small, EVERYTHING, small.parent / "elsewhere", TWO)
    project = run()
    # each of them was really other
    stamp = last_line(project)["time"]
    assert stamp.endswith("+08:00") and not last_line(usual)["time"].endswith("+08:00")
    if EVERYTHING.clock:
        assert int(stamp[:4]) >= int(last_line(usual)["time"][:4]) + 2
    assert run.cold_mark.exists()
    assert stat.S_IMODE((project / f"reports/{YEAR}/receipt.json").stat().st_mode) == 0o600
    assert (run.work / "home/.fonts").is_dir()
    assert {".csv", ".parquet", ".json", ".ipynb", ".html", ".pdf", ".xlsx"} <= kinds(usual)
    assert told(compare(usual, project)) == ""
    page = (usual / f"reports/{YEAR}/units/T02.html").read_text(encoding="utf-8")
    assert f"{run.work / 'home'}/照片" in page and f"{usual}/照片" in page  # what offices write stays


def test_score_and_templates_alone(small: Path, usual: Path) -> None:
    """`score` alone writes what `run` writes; blank workbooks are the same from everywhere."""
    there = Way({"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "3"}, umask=0o077, clock=EVERYTHING.clock)
    ways = {"here": Way(), "there": there}
    runs = {name: Run(small, way, small.parent / f"score-{name}") for name, way in ways.items()}
    for run in runs.values():
        assert run.run("templates", str(run.work / "blank"))[0] == 0
    assert runs["there"].run("score")[0] == 0
    folder = f"data/processed/{YEAR}"
    assert told(differences(usual / folder, runs["there"].project / folder)) == ""
    assert len(names(runs["here"].work / "blank")) > 16
    assert told(differences(runs["here"].work / "blank", runs["there"].work / "blank")) == ""


# ---- at full size ---------------------------------------------------------------------------------------------

FEW = ("--unit", "T01", "--unit", "D05", "--unit", "D20")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project of the sample year."""
    return make_template(tmp_path_factory.mktemp("sample") / "template", ROOT / "data/raw" / YEAR)


@pytest.fixture(scope="module")
def usual_few(sample: Path) -> Path:
    """Run the sample year as it is: everything but the reports of 43 of its units."""
    return Run(sample, Way(), sample.parent / "usual", FEW)()


@pytest.mark.deep
@pytest.mark.parametrize("name", WAYS)
def test_each_way_alone(sample: Path, usual_few: Path, name: str) -> None:
    """The sample year, run in each other way alone, gives the same bytes."""
    if WAYS[name].clock and not machines.has_compiler():
        pytest.skip("no compiler: the clock cannot be shifted")
    run = Run(sample, WAYS[name], sample.parent / f"way-{[*WAYS].index(name)}", FEW)
    assert told(compare(usual_few, run())) == ""
    assert run.cold_mark.exists() == WAYS[name].cold
    if WAYS[name].clock:
        years = int(last_line(run.project)["time"][:4]) - int(last_line(usual_few)["time"][:4])
        assert abs(years - WAYS[name].clock / (365 * 86_400)) <= 1
    run.clear()


@pytest.fixture(scope="module")
def usual_whole(sample: Path) -> Path:
    """Run the whole sample year as it is."""
    return Run(sample, Way(), sample.parent / "whole")()


@pytest.mark.deep
@pytest.mark.parametrize("name", ["everything at once", "hash seed random", "three jobs"])
def test_whole_sample_year(sample: Path, usual_whole: Path, name: str) -> None:
    """All 46 reports of the sample year are the same bytes in three other ways, the hardest one among them."""
    run = Run(sample, WAYS[name], sample.parent / f"whole-{[*WAYS].index(name)}")
    assert told(compare(usual_whole, run())) == ""
    assert len(list((run.project / f"reports/{YEAR}/units").glob("*.pdf"))) == 46
    run.clear()


@pytest.mark.deep
def test_reports_of_a_scored_set(sample: Path, usual_few: Path) -> None:
    """`score` and then `report` give the very set and reports of `run`, which only has the executed stages beside."""
    run = Run(sample, Way(commands=(("score",), ("report",))), sample.parent / "reported", FEW)
    project = run()
    folder = f"data/processed/{YEAR}"
    assert told(differences(usual_few / folder, project / folder)) == ""
    made, reported = usual_few / f"reports/{YEAR}", project / f"reports/{YEAR}"
    # ``report`` makes what was asked for, and not the county's pages: the index lists fewer.
    common = [name for name in names(reported) if name not in ("receipt.json", "index.html")]
    assert "units/T01.pdf" in common and "units/D20.ipynb" in common
    assert [name for name in common if (reported / name).read_bytes() != (made / name).read_bytes()] == []


def test_ways_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The ways can be run by name from the shell; a name that there is not is wrong usage."""
    with pytest.raises(SystemExit) as wrong:
        run_elsewhere(["on the moon"])
    assert wrong.value.code == 2
    assert "on the moon" in capsys.readouterr().err
    assert len(WAYS) >= 16 and EVERYTHING in WAYS.values()
