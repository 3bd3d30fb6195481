"""What a person sees in a terminal: progress with the time left, tables that fit Chinese, no colour where unwanted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from assess_lib.cli import console, progress

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

_TABLE = """
from assess_lib.cli.console import prepare_streams, show_table
prepare_streams()
show_table(("组别", "单位", "未报"), [("镇", "7", "0"), ("县级部门", "39", "12")])
"""


class Stream(io.StringIO):
    """Standard error that is a terminal, or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def told(monkeypatch: pytest.MonkeyPatch, terminal: bool, total: int) -> list[str]:
    """Return the lines that a batch prints whose steps take two seconds each."""
    stream = Stream(terminal)
    clock: Iterator[float] = iter(range(0, 1000, 2))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    shown = progress.Progress()
    for number in range(1, total + 1):
        shown.step(f"T{number:02d}", number, total)
    return stream.getvalue().splitlines()


def test_a_terminal_shows_each_step_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each unit has its line: name, how many of how many, the time left at the pace so far; the last has none."""
    lines = told(monkeypatch, True, 46)
    assert len(lines) == 46
    assert lines[0] == "[1/46] T01，约剩 1 分 30 秒"  # 45 steps of two seconds
    assert lines[15] == "[16/46] T16，约剩 1 分 0 秒"
    assert lines[-1] == "[46/46] T46"


def test_a_log_gets_four_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped into a file, a batch of 46 tells four times how far it is."""
    lines = told(monkeypatch, False, 46)
    assert [line.split("，")[0] for line in lines] == ["已完成 12/46", "已完成 23/46", "已完成 35/46", "已完成 46/46"]


def in_terminal(**variables: str) -> str:
    """Return what a table prints in a terminal."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm-256color"} | variables
    process = subprocess.Popen([sys.executable, "-c", _TABLE], stdout=theirs, env=environment)
    os.close(theirs)
    found = b""
    try:
        while piece := os.read(ours, 4096):
            found += piece
    except OSError:  # how a pseudo-terminal says that the other side is gone
        pass
    assert process.wait() == 0
    os.close(ours)
    return found.decode("utf-8")


def test_no_color_leaves_no_escape() -> None:
    """In a terminal the heading is bold; with NO_COLOR not one escape sequence is printed, the words are the same."""
    assert "\x1b[1m" in in_terminal()
    plain = in_terminal(NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.split() == ["组别", "单位", "未报", "镇", "7", "0", "县级部门", "39", "12"]


def test_a_pipe_gets_no_escape() -> None:
    """Piped, the table has no escapes whatever the variables say."""
    done = subprocess.run([sys.executable, "-c", _TABLE], capture_output=True, check=True)
    assert b"\x1b" not in done.stdout


def test_columns_are_as_wide_as_chinese_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Chinese character counts two columns: the last digits of every row stand under each other."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    console.show_table(("组别", "单位"), [("镇", "7"), ("县级部门", "39"), ("a\u0301b", "100")])
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert len({cell_len(line) for line in lines}) == 1
