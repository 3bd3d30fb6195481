"""Damaged files, made at random but repeatably: none ends the program, none brings in a value nobody else can see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.fuzz import SOUND, Fuzzer, fuzz, main

ROOT = Path(__file__).resolve().parents[1]


def test_sixty_mutants() -> None:
    """Ten mutants of each kind of file are read truly or refused in words."""
    report = fuzz(60, seed=20221231)
    assert report.failures == []
    assert sum(report.outcomes.values()) == 60
    assert {name for name, _ in report.outcomes} == {sound.name for sound in SOUND}
    # Neither everything refused nor everything read: the mutants are damaged, and not beyond reading.
    read = sum(count for (_, outcome), count in report.outcomes.items() if outcome == "read")
    assert 10 < read < 58


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thousands_of_mutants(seed: int) -> None:
    """The same of thousands."""
    assert fuzz(3000, seed).failures == []


def test_the_same_seed_gives_the_same_mutants() -> None:
    """A failure can be made again from its seed and number."""
    assert fuzz(12, 5).outcomes == fuzz(12, 5).outcomes
    with Fuzzer(1) as one, Fuzzer(2) as two:
        assert one.sound["csv"] == two.sound["csv"]


@pytest.mark.parametrize("name", ["forgetful", "inventive", "careless"])
def test_a_bad_reader_is_found_out(name: str, tmp_path: Path) -> None:
    """A reader that loses a cell, makes one up or changes one does not pass: the search can fail."""
    report = fuzz(36, seed=1, keep=tmp_path / "kept", parse=f"fake_readers:{name}")
    assert report.failures
    assert list((tmp_path / "kept").iterdir())


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints a summary, counts progress on the error stream and exits with 0 when nothing got through."""
    assert main(["--count", "6", "--seed", "3"]) == 0
    printed = capsys.readouterr()
    assert "failures: 0" in printed.out and "6/6" in printed.err
    done = subprocess.run(
        [sys.executable, "tools/fuzz.py", "--count", "2"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "failures: 0" in done.stdout


def test_a_failure_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that got through makes the command fail."""
    monkeypatch.setattr(Fuzzer, "_check", lambda *_: "!got through")
    assert main(["--count", "1"]) == 1
