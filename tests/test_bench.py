"""The benchmark's own parts: its arithmetic, its table, its options, and that what it times is really there.

No time is asserted here or anywhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_year import make_raw

from tools.bench import correction, province, results, stock
from tools.bench.__main__ import BEGIN, END, README, into_readme, main, parse
from tools.bench.processes import BIN, ROOT, Failed, measure
from tools.bench.results import Row, cells, data, markdown, plot, room
from tools.bench.work import COMMANDS, WORK, Bench, all_rows

FASTER = Row("run", "the year", "the loop", "times faster", 40, (2.0, 1.0, 4.0), (100.0,))
SHARE = Row("nothing", "again", "the year", "times the time", 0.125, (1.0,), (8.0, 4.0, 16.0))
SECONDS = Row("help", "assess --help", "", "seconds", 0.3, (0.5, 0.1, 0.2))


@pytest.mark.parametrize(
    ("row", "measured", "reached"),
    [
        (FASTER, 50.0, True),  # 100 ÷ median(2, 1, 4)
        (replace(FASTER, base=(80.0,)), 40.0, True),  # at the goal
        (replace(FASTER, base=(79.0,)), 39.5, False),
        (SHARE, 0.125, True),  # 1 ÷ median(8, 4, 16), at the goal
        (replace(SHARE, seconds=(1.5,)), 0.1875, False),
        (replace(SHARE, seconds=(0.5,)), 0.0625, True),
        (SECONDS, 0.2, True),
        (replace(SECONDS, goal=0.2), 0.2, True),
        (replace(SECONDS, goal=0.1), 0.2, False),
        (Row("slope", "growth", "", "slope", 1.05, value=1.0), 1.0, True),
        (Row("slope", "growth", "", "slope", 1.05, value=1.06), 1.06, False),
        (replace(FASTER, base=()), None, None),
        (Row("x", "x", "y", "seconds", 1.0, skipped="no network"), None, None),
    ],
)
def test_ratios_are_of_medians_and_goals_are_bounds(row: Row, measured: float | None, reached: bool | None) -> None:
    """A rate is reached when it is large enough, a share or a time when it is small enough; no number is neither."""
    assert row.measured == measured
    assert row.reached is reached


def test_room_is_above_one_where_the_goal_is_reached() -> None:
    """The plot's bars: 50 against 40 is 1.25 times better, 0.2 s against 0.3 s is 1.5, a skipped row has none."""
    assert room(FASTER) == 1.25
    assert room(SHARE) == 1.0
    assert room(SECONDS) == pytest.approx(1.5)
    assert room(replace(SECONDS, seconds=())) is None


def test_the_table_tells_every_row_and_why_one_is_empty() -> None:
    """Each row has goal, measured ratio and spread; a missed goal is called so, a skipped row says why."""
    assert cells(FASTER) == ("the year", "the loop", "≥ 40.0 ×", "50.0 ×", "2.00 (1.00–4.00) / 100.00", "")
    assert cells(replace(SECONDS, goal=0.1))[2:4] == ("≤ 0.10 s", "0.20 s (missed)")
    skipped = Row("x", "work", "other", "times the time", 1.0, skipped="no network")
    assert cells(skipped) == ("work", "other", "≤ 1.00 ×", "–", "–", "not measured: no network")
    text = markdown([FASTER, replace(skipped, work="a|b")], {"cores": "2", "memory": ""}, "Measured.")
    lines = text.splitlines()
    assert lines[0] == "Measured. Machine: cores 2."
    assert lines[2] == "| work | against | goal | measured | seconds | remarks |"
    assert len(lines) == 6
    assert "a\\|b" in lines[5]


def test_the_data_hold_every_run() -> None:
    """bench.json has each run's seconds, not the medians alone."""
    told = json.loads(data([FASTER], {"cores": "2"}, "Measured."))
    assert told["rows"][0]["seconds"] == [2.0, 1.0, 4.0]
    assert told["rows"][0]["measured"] == 50.0
    assert told["machine"] == {"cores": "2"}


def test_the_plot_is_the_same_bytes_and_goes_when_there_is_nothing_to_draw(tmp_path: Path) -> None:
    """The same numbers give the same picture; rows without numbers are left out of it."""
    plot([FASTER, SHARE, SECONDS], tmp_path / "a.svg")
    plot([FASTER, SHARE, replace(FASTER, seconds=()), SECONDS], tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    plot([replace(FASTER, seconds=())], tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()


def test_options() -> None:
    """--runs, --only, --quick and --full; a name that is no work, no runs, and quick with full are wrong usage."""
    assert (parse([]).runs, parse([]).only, parse([]).quick, parse([]).full) == (3, None, False, False)
    assert parse(["--runs", "5", "--only", "run", "--only", "help"]).only == ["run", "help"]
    assert parse(["--quick", "--runs", "5"]).runs == 1
    for wrong in (["--only", "tea"], ["--runs", "0"], ["--quick", "--full"], ["--colour"]):
        with pytest.raises(SystemExit) as ended:
            parse(wrong)
        assert ended.value.code == 2


def test_what_is_timed_exists() -> None:
    """Every program, notebook and file that the bench starts or changes is there, and each short command has a goal."""
    assert set(COMMANDS) <= set(WORK)
    for name in ("assess", "papermill", "jupyter", "weasyprint"):
        assert (BIN / name).is_file()
    for name, _ in (*stock.STAGES, *stock.PAGES, stock.UNIT):
        assert (stock.NOTEBOOKS / f"{name}.ipynb").is_file()
    assert (ROOT / "data" / "raw" / "2022" / correction.FILE).is_file()
    for arguments, goal in COMMANDS.values():
        assert goal > 0
        assert subprocess.run([BIN / "assess", arguments[0], "--help"], capture_output=True, check=True).stdout


def test_the_stock_loop_is_the_stock_commands() -> None:
    """A unit's report is papermill, nbconvert and weasyprint, each as its own command line, in this order."""
    out = Path("/tmp/T01")
    lines = stock.commands("03_unit_report", ("html", "pdf"), out, ("-r", "unit_id", "T01"))
    assert [Path(line[0]).name for line in lines] == ["papermill", "jupyter", "weasyprint"]
    assert lines[0][2:] == ["/tmp/T01/T01.ipynb", "-r", "unit_id", "T01"]
    assert lines[1][1:] == ["nbconvert", "--to", "html", "/tmp/T01/T01.ipynb"]
    assert lines[2][1:] == ["/tmp/T01/T01.html", "/tmp/T01/T01.pdf"]
    assert [len(stock.commands(name, forms, out)) for name, forms in (*stock.STAGES, *stock.PAGES)] == [1, 1, 3, 2, 2]


def test_a_failing_command_has_no_time() -> None:
    """A command that ends with an error is no measurement: it raises, with what the command said."""
    with pytest.raises(Failed, match="tea"):
        measure([sys.executable, "-c", "import sys; sys.exit('no tea')"])


def test_one_failing_work_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that fails is a row that says so; the next one is measured all the same."""

    def broken(bench: Bench) -> list[Row]:
        raise Failed("assess run ended with 9")

    monkeypatch.setitem(WORK, "run", broken)
    monkeypatch.setitem(WORK, "help", lambda bench: [SECONDS])
    bench = Bench(None, 1, say=lambda text: None)  # type: ignore[arg-type]
    first, second = all_rows(bench, ["run", "help"])
    assert first.skipped == "failed: assess run ended with 9"
    assert second is SECONDS


def test_a_correction_changes_one_cell(tmp_path: Path) -> None:
    """The quantity of one row goes up by one; every other cell, and the encoding, stay."""
    original = (ROOT / "data" / "raw" / "2022" / correction.FILE).read_bytes()
    (tmp_path / correction.FILE).write_bytes(original)
    row = correction.quantities(tmp_path)[0]
    correction.correct(tmp_path, row, 1)
    before, after = (
        text.decode("gb18030").splitlines() for text in (original, (tmp_path / correction.FILE).read_bytes())
    )
    assert [place for place, (one, other) in enumerate(zip(before, after, strict=True)) if one != other] == [row]
    assert before[row].replace(",1,", ",2,") == after[row]


def test_a_units_figures_are_its_results_and_its_items(tmp_path: Path) -> None:
    """A unit whose item changes counts as changed, though its results are the same; so does one that is new."""
    results = "unit_id,final_score,rank_overall\nT01,90.00,1\nT02,80.00,2\n"
    (tmp_path / "results.csv").write_text(results, encoding="utf-8-sig")
    (tmp_path / "items.csv").write_text("unit_id,item,points\nT01,K,90.00\nT02,K,80.00\n", encoding="utf-8-sig")
    before = correction.figures(tmp_path)
    assert correction.units_changed(before, correction.figures(tmp_path)) == 0
    (tmp_path / "items.csv").write_text("unit_id,item,points\nT01,K,90.00\nT02,K,79.00\n", encoding="utf-8-sig")
    assert correction.units_changed(before, correction.figures(tmp_path)) == 1
    (tmp_path / "results.csv").write_text(f"{results}T03,70.00,3\n", encoding="utf-8-sig")
    assert correction.units_changed(before, correction.figures(tmp_path)) == 2


def test_a_province_is_the_county_many_times_over(tmp_path: Path) -> None:
    """Two counties: twice the units with codes of their own, the same scores, and a set that reads back whole."""
    from assess_lib import cli
    from assess_lib.store import load_rows, read_tables

    places = ["--processed", str(tmp_path / "one"), "--reports", str(tmp_path / "reports")]
    assert cli.main(["score", "--year", "2022", "--raw", str(make_raw(tmp_path / "raw")), *places]) == 0
    codes = province.write(tmp_path / "one", tmp_path / "two", 2)
    one, two = load_rows(tmp_path / "one"), load_rows(tmp_path / "two")
    units = [row["unit_id"] for row in one.results]
    assert codes == [f"{unit}-{county}" for county in (1, 2) for unit in units]
    key = {row["unit_id"]: row["key_score"] for row in one.results}
    assert {row["unit_id"]: row["key_score"] for row in two.results} == {code: key[code[:-2]] for code in codes}
    standards = "扣分标准"
    assert read_tables(tmp_path / "two")[standards] == read_tables(tmp_path / "one")[standards]


def test_the_readme_shows_the_table_that_was_written() -> None:
    """The README's table is the one in reports/bench/, and it says how to measure again."""
    text = README.read_text(encoding="utf-8")
    table = (ROOT / "reports" / "bench" / "bench.md").read_text(encoding="utf-8")
    assert f"{BEGIN}{table}{END}" in text
    assert into_readme(text, table) == text
    assert into_readme(text, "new\n").count("new\n" + END) == 1
    with pytest.raises(ValueError, match="no place"):
        into_readme("without marks", table)
    assert "reports/bench/bench.svg" in text


def test_quick_and_one_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--quick --only help`` measures one row, writes table, data and plot, and leaves README and reports alone."""
    before = README.read_bytes()
    assert main(["--quick", "--only", "help", "--out", str(tmp_path)]) == 0
    table = (tmp_path / "bench.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == table
    (row,) = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    assert (row["name"], len(row["seconds"]), row["skipped"]) == ("help", 1, "")
    assert (tmp_path / "bench.svg").read_bytes().startswith(b"<?xml")
    assert README.read_bytes() == before
    assert results.machine()["cores"].isdigit()
