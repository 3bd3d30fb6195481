"""``assess run --watch``: the year is made anew each time that raw files are saved, until Ctrl-C."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from small_year import make_raw, write_table

from assess_lib.cli import main
from assess_lib.errors import UsageError
from assess_lib.publish import watch
from assess_lib.publish.watch import RawFolder
from assess_lib.store import SOURCE_ENDINGS

ROOT = Path(__file__).resolve().parents[1]
_WAITING = "等待原始数据的改动"


def register(raw: Path, standard: str) -> None:
    """Write the only row of the register of deductions: what it is deducted by."""
    header = ("编号", "单位", "标准编号", "事实", "发生日期", "评分人", "复核人")
    write_table(raw, "扣分登记", header, [("KF-1", "水沟镇", standard, "公文差错", "2022-08-01", "甲", "乙")])


def later(*steps: Callable[[], object]) -> threading.Thread:
    """Do one step after another, a little apart, while the caller waits."""

    def work() -> None:
        for step in steps:
            time.sleep(3 * watch.LOOK)
            step()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_saved_file_is_named(tmp_path: Path) -> None:
    """Waiting ends with the names of the inputs that have other content, come or go."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    register(raw, "RW-02")
    (raw / "热线红灯.csv").unlink()
    write_table(raw, "评定加分", ("单位",), [])
    assert folder.wait() == ["扣分登记.csv", "热线红灯.csv", "评定加分.csv"]


def test_what_is_no_change_of_the_data_does_not_end_the_waiting(tmp_path: Path) -> None:
    """A file saved with the same content, and a spreadsheet program's lock file, are not taken for corrections."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    steps = later(
        lambda: os.utime(raw / "扣分登记.csv", (1, 1)),
        lambda: (raw / "~$扣分登记.xlsx").write_bytes(b"lock"),
        lambda: time.sleep(2 * watch.STILL),
        lambda: register(raw, "RW-02"),
    )
    assert folder.wait() == ["扣分登记.csv"]
    steps.join()


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file written in steps counts when it is whole: all that was written is there when the waiting ends."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    file = raw / "热线红灯.csv"

    def write(text: str) -> Callable[[], object]:
        def append() -> None:
            with open(file, "a", encoding="utf-8") as stream:
                stream.write(text)

        return append

    monkeypatch.setattr(watch, "STILL", 10 * watch.LOOK)  # each step comes well before that, on a busy machine too
    steps = later(*map(write, ["GD-3,T01,", "2022-07-01\n", "GD-4,T02,", "2022-07-02\n"]))
    assert folder.wait() == ["热线红灯.csv"]
    assert file.read_text(encoding="utf-8").endswith("GD-3,T01,2022-07-01\nGD-4,T02,2022-07-02\n")
    steps.join()


def test_what_changed_while_nobody_waited_is_not_missed(tmp_path: Path) -> None:
    """A file saved during a run is found by the next waiting, though nothing changes any more."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    register(raw, "RW-02")
    assert folder.wait() == ["扣分登记.csv"]
    register(raw, "HY-01")
    assert folder.wait() == ["扣分登记.csv"]


def test_changed_software_ends_the_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the software itself was replaced meanwhile nothing is computed by what was loaded before."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    register(raw, "RW-02")
    monkeypatch.setattr(watch, "_code", lambda: {"score.py": (1, 1)})
    with pytest.raises(UsageError, match="软件本身有改动"):
        folder.wait()


@pytest.mark.parametrize("ending", SOURCE_ENDINGS)
def test_every_source_of_the_software_is_watched(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed template, style or query ends the waiting as changed code does: pages would go under its old digest."""
    raw, package = make_raw(tmp_path / "raw"), tmp_path / "package"
    package.mkdir()
    source = package / f"any{ending}"
    source.write_text("before")
    monkeypatch.setattr(watch.assess_lib, "__file__", str(package / "__init__.py"))
    folder = RawFolder(raw)
    source.write_text("afterwards")
    register(raw, "RW-02")
    with pytest.raises(UsageError, match="软件本身有改动"):
        folder.wait()


def test_a_file_put_in_place_with_the_same_time_and_size_is_found(tmp_path: Path) -> None:
    """A corrected file that is copied over with its old time, as long as the one before, is a correction too."""
    raw = make_raw(tmp_path / "raw")
    register(raw, "RW-02")
    file = raw / "扣分登记.csv"
    before = os.stat(file)
    folder = RawFolder(raw)
    other = tmp_path / "other.csv"
    other.write_bytes(file.read_bytes().replace(b"RW-02", b"RW-01"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)
    assert folder.wait() == ["扣分登记.csv"]


def test_a_misspelt_file_or_a_folder_in_a_tables_place_is_named(tmp_path: Path) -> None:
    """What a run would warn of or reject ends the waiting like a changed input."""
    raw = make_raw(tmp_path / "raw")
    folder = RawFolder(raw)
    (raw / "扣份登记.csv").write_bytes(b"x")
    (raw / "扣分登记_城关镇.csv").mkdir()
    assert folder.wait() == ["扣份登记.csv", "扣分登记_城关镇.csv"]


@pytest.mark.parametrize("option", [["--final"], ["--force"], ["--reopen", "复核"]])
def test_what_is_meant_once_is_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--watch together with --final, --force or --reopen is wrong usage, and nothing is run."""
    assert main(["run", "--watch", *option]) == 2
    assert "--watch 不能与" in capsys.readouterr().err


class Watching:
    """A real ``assess run --watch`` on a small year."""

    def __init__(self, place: Path) -> None:
        self.raw, self.processed, self.reports = place / "raw", place / "processed", place / "reports"
        make_raw(self.raw)
        folders = (("--raw", self.raw), ("--processed", self.processed), ("--reports", self.reports))
        options = [str(part) for pair in folders for part in pair]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "assess_lib", "run", "--watch", "--year", "2022", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def told(self) -> str:
        """Return what it says until it waits again."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if _WAITING in line:
                return "".join(lines)
        raise AssertionError("".join(lines))

    def final_score(self, unit: str) -> str:
        """Return a unit's final score from the results."""
        text = (self.processed / "results.csv").read_text(encoding="utf-8-sig")
        (row,) = (row for row in csv.DictReader(io.StringIO(text)) if row["unit_id"] == unit)
        return row["final_score"]


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    made = Watching(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()


def test_each_saved_correction_is_scored_and_reported_until_ctrl_c(watching: Watching, tmp_path: Path) -> None:
    """A correction changes results and the unit's page; rejected data change nothing and are told; Ctrl-C ends it.

    What was read and printed while nobody waited changes nothing: a run from scratch gives the same files.

    By hand: T03 has 20.00 deducted, 80.00, the gate closed. With 1.00 instead 99.00, the gate opens, 2.00 + 2.00 of
    meetings and tasks: 103.00.
    """
    assert "报告：4 个单位和全县汇总" in watching.told()
    assert watching.final_score("T03") == "80.00"
    before = (watching.reports / "units" / "T01.html").read_bytes()

    register(watching.raw, "GW-99")
    told = watching.told()
    assert "有改动：扣分登记.csv" in told
    assert "GW-99" in told
    assert "未予采用" in told
    assert watching.final_score("T03") == "80.00"

    register(watching.raw, "RW-02")
    told = watching.told()
    assert "上升最多 水沟镇 +23.00（80.00→103.00）" in told
    assert watching.final_score("T03") == "103.00"
    assert "103.00" in (watching.reports / "units" / "T03.html").read_text(encoding="utf-8")
    assert (watching.reports / "units" / "T01.html").read_bytes() != before  # the place in the group is another one

    family = psutil.Process(watching.process.pid).children(recursive=True)
    assert family  # it imports ahead while it waits
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(timeout=30) == 0
    assert watching.process.stdout is not None
    assert watching.process.stdout.read() == "不再等待。\n"
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive

    fresh = tmp_path / "fresh"
    folders = ["--raw", str(watching.raw), "--processed", str(fresh / "processed"), "--reports", str(fresh / "reports")]
    assert main(["run", "--year", "2022", *folders]) == 0
    pages = {path.name for path in watching.reports.rglob("*.pdf")}
    assert pages >= {"county_summary.pdf", "T03.pdf"}
    for made in (watching.processed, watching.reports):
        again = fresh / made.name
        names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
        assert names == {str(path.relative_to(again)) for path in again.rglob("*") if path.is_file()}
        differing = {name for name in names if (made / name).read_bytes() != (again / name).read_bytes()}
        assert differing <= {"register.jsonl", "receipt.json"}, sorted(differing)
