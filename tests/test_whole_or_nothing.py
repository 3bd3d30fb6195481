"""Killed at any moment, or refused by the disk at any step, a command leaves the old set or the new one, whole."""

from __future__ import annotations

import builtins
import csv
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from test_end_to_end import make_project

from assess_lib.cli import main
from assess_lib.store import folder, load_set, sets

# The two sets that may stand, told apart by T03: its key score is exactly 80, so this reading decides its bonus.
READINGS = {"above": "80.00", "at_least": "84.00"}
UNITS = {"T01", "T02", "T03", "D01"}


def _records(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def check_set(place: Path) -> str:
    """Hold a processed folder to being one whole set: every hash, every ledger sum; return its reading."""
    slip = json.loads((place / "receipt.json").read_bytes())
    for name, digest in slip["outputs"].items():
        assert sha256((place / name).read_bytes()).hexdigest() == digest, name
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert found == {*slip["outputs"], "receipt.json", "problems.csv", "problems.xlsx", "rows.csv", "批注.docx"}
    load_set(place)
    reading = str(slip["readings"]["bonus_gate"])
    results = {row["unit_id"]: row for row in _records(place / "results.csv")}
    assert set(results) == UNITS
    assert results["T03"]["final_score"] == READINGS[reading]
    items = {(row["unit_id"], row["item"]): row["points"] for row in _records(place / "items.csv")}
    running: dict[tuple[str, str], str] = {}
    for row in _records(place / "ledger.csv"):
        key = (row["unit_id"], row["item"])
        if row["after"]:
            assert Decimal(row["before"]) + Decimal(row["points"]) == Decimal(row["after"])
            assert running.get(key, row["before"]) == row["before"]
            running[key] = row["after"]
    assert {key: points for key, points in items.items() if points} == {k: v for k, v in running.items() if k in items}
    assert len(_records(place / "rows.csv")) >= 7
    return reading


def check_reports(place: Path) -> str:
    """Hold a reports folder to being one whole set of reports; return the receipt of the set they were made of."""
    slip = json.loads((place / "receipt.json").read_bytes())
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert found == {*slip["outputs"], "receipt.json", "units/批注.docx"}
    for name, digest in slip["outputs"].items():
        assert sha256((place / name).read_bytes()).hexdigest() == digest, name
    return str(slip["processed"])


def leftovers(project: Path) -> list[str]:
    """Return what lies beside the output folders besides locks and the register of runs."""
    beside = [*(project / "data/processed").iterdir(), *(project / "reports").iterdir()]
    return sorted(path.name for path in beside if path.name.startswith(".") and not path.name.endswith(".lock"))


def register(project: Path) -> list[Any]:
    """Return the register's lines; one that a kill cut short would not be json."""
    lines = (project / "data/processed/2022.runs.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a scored project with a foreign file in each output folder, as the working directory."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    made = make_project(tmp_path / "project")
    for place in ("data/processed/2022", "reports/2022/units"):
        (made / place).mkdir(parents=True)
        (made / place / "批注.docx").write_bytes(b"foreign")
    monkeypatch.chdir(made)
    assert main(["score"]) == 0
    return made


# ---- kill -9 ----------------------------------------------------------------------------------------------------

_few = [("check", 2), ("score", 4), ("report", 1), ("run", 1)]
_many = [("check", 100), ("score", 150), ("report", 40), ("run", 25)]
_OPTIONS = {
    "check": [],
    "score": [],
    "report": ["--unit", "T03", "--no-pdf", "--jobs", "1", "--force"],
    "run": ["--unit", "T03", "--no-pdf", "--jobs", "1"],
}


def _start(project: Path, command: str, reading: str) -> subprocess.Popen[bytes]:
    arguments = [command, *_OPTIONS[command], *(["--reading", f"bonus_gate={reading}"] if command != "report" else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "assess_lib", *arguments],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
@pytest.mark.parametrize(
    ("command", "kills"), [*_few, *(pytest.param(*row, marks=pytest.mark.deep) for row in _many)], ids=str
)
def test_killed_at_any_moment(project: Path, command: str, kills: int) -> None:
    """After kill -9 at random moments the folders hold whole sets; the next start clears up and goes on."""
    moments = random.Random(f"{command} {kills}")
    if command in ("report", "run"):
        assert main(["report", *_OPTIONS[command][:2], "--no-pdf", "--jobs", "1"]) == 0
    begun = time.perf_counter()
    with _start(project, command, "above") as whole:
        assert whole.wait() == 0
    span = time.perf_counter() - begun
    killed = turn = 0
    # A busy machine may let a process end before its kill: such a turn proves nothing and is taken again.
    while turn < kills or (not killed and turn < kills + 8):
        reading = ("at_least", "above")[turn % 2]
        with _start(project, command, reading) as process:
            # Half of the kills fall into the last part, where folders are written and swapped.
            time.sleep(moments.uniform(0, span) if turn % 2 else moments.uniform(0.6, 1.1) * span)
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
        turn += 1
        check_set(project / "data/processed/2022")
        if command in ("report", "run"):
            check_reports(project / "reports/2022")
    assert killed
    for reading, final in list(READINGS.items())[command == "run" :]:  # once is enough of the slow one
        code = main([command, *_OPTIONS[command], "--reading", f"bonus_gate={reading}"]) if command != "report" else 0
        assert code == 0
        if command in ("score", "run"):
            assert check_set(project / "data/processed/2022") == reading, final
    if command == "report":
        assert main(["report", *_OPTIONS[command]]) == 0
    assert leftovers(project) == []
    assert (project / "data/processed/2022/批注.docx").read_bytes() == b"foreign"
    if command in ("report", "run"):
        receipt = sha256((project / "data/processed/2022/receipt.json").read_bytes()).hexdigest()
        assert check_reports(project / "reports/2022") == receipt


# ---- the disk refuses -------------------------------------------------------------------------------------------


class _Disk:
    """Count the calls that write to the disk, and refuse the nth one."""

    def __init__(self, refuse: int = 0, code: int = 0) -> None:
        self.calls: list[str] = []
        self.refuse, self.code = refuse, code

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.step(name)
            return real(*arguments, **options)

        return call

    def step(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) == self.refuse:
            raise OSError(self.code, os.strerror(self.code))

    def open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        stream = builtins.open(file, mode, *arguments, **options)  # noqa: SIM115 - closed by whoever opened it
        if "x" in mode or "w" in mode:
            real = stream.write

            def write(data: Any) -> Any:
                real(data[: len(data) // 2])  # a full disk takes half of it
                stream.flush()
                self.step("write")
                return real(data[len(data) // 2 :])

            return _Stream(stream, write)
        return stream


class _Stream:
    """A file whose writes are counted."""

    def __init__(self, stream: Any, write: Callable[[Any], Any]) -> None:
        self._stream, self.write = stream, write

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


@contextmanager
def _on(disk: _Disk) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "rename", "replace", "link", "mkdir", "rmdir", "unlink"):
            patch.setattr(os, name, disk.wrap(name, getattr(os, name)))
        patch.setattr(folder, "exchange", disk.wrap("exchange", folder.exchange))
        patch.setattr(sets, "open", disk.open, raising=False)
        yield


def _steps(command: list[str]) -> list[str]:
    disk = _Disk()
    with _on(disk):
        assert main(command) == 0
    return disk.calls


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
@pytest.mark.parametrize("way", ["exchange", "two renames"])
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.deep)], ids=["some steps", "every step"])
@pytest.mark.parametrize("command", ["check", "score"])
def test_disk_refuses_at_any_step(
    project: Path, command: str, every: int, way: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever write, sync or rename fails: exit 4 (0 once the new set stands), a whole set, a clean next run."""
    if way == "two renames":
        monkeypatch.setattr(folder, "exchange", lambda one, other: False)
    arguments = [command, "--reading", "bonus_gate=at_least"]
    place = project / "data/processed/2022"
    steps = _steps(arguments)
    assert {"fsync", "write", "mkdir"} <= set(steps)
    codes = set()
    for number in range(1 + (code == errno.EIO) * (every // 2), len(steps) + 1, every):
        assert main(["score"]) == 0
        with _on(_Disk(number, code)):
            ended = main(arguments)
        assert ended in (0, 4), (number, steps[number - 1], ended)
        codes.add(ended)
        reading = check_set(place)
        if command == "score":
            # A failure after the swap (clearing up) or beside it (the register) may leave the new set: but a whole one.
            assert reading == "at_least" or ended == 4, (number, steps[number - 1])
        assert main(arguments) == 0
        assert leftovers(project) == [], (number, steps[number - 1])
        assert check_set(place) == ("at_least" if command == "score" else "above")
        assert (place / "批注.docx").read_bytes() == b"foreign"
        assert register(project)
    # Some steps may fail without harm (a folder that is there already, clearing up); of many, some must not.
    assert 4 in codes or (command == "check" and every > 1)
