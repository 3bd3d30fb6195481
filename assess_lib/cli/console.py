"""What a terminal shows: Chinese text on any locale, problems by file, nothing that could steer the terminal."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from assess_lib.errors import COUNTED_NAMES, SEVERITY_NAMES, Problem

if TYPE_CHECKING:
    from rich.console import Console

# So many unresolved items, warnings and notices are shown in full; errors always are.
_SHOWN = 20


class _PatientStream(io.FileIO):
    """A descriptor that goes on silently when its reader has left (``| head``): the exit code must stay true.

    Any other failure is raised once; what is still buffered then is dropped, so that ending makes no noise.
    """

    _gone = False

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        if self._gone:
            return len(data)
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            self._gone = True
            return len(data)
        except OSError:
            self._gone = True
            raise


def _utf8(stream: TextIO) -> TextIO:
    if os.name != "posix":
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        return stream
    try:
        stream.flush()
        raw = _PatientStream(stream.fileno(), "w", closefd=False)
    except (OSError, ValueError):  # closed (``>&-``), or not a file at all
        return stream
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(
        buffered,
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=raw.isatty(),
    )


def _take_closed() -> None:
    """Let a standard stream that was closed (``>&-``) lead nowhere, here and in every process to come.

    Else the next file or socket would get its number, and what is said to the stream would go there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this one


def prepare_streams() -> None:
    """Let both streams take Chinese whatever the locale says, and survive a reader that leaves early."""
    if os.name == "posix":
        _take_closed()
    if sys.stdout is not None:
        sys.stdout = _utf8(sys.stdout)
    if sys.stderr is not None:
        sys.stderr = _utf8(sys.stderr)


def visible(text: str) -> str:
    """Show control and format characters as escapes: cells are untrusted and must not steer a terminal.

    >>> visible("红灯" + chr(27) + "[2J")
    '红灯\\\\x1b[2J'
    """
    return "".join(
        character
        if character in "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def say(text: str = "", *, error: bool = False) -> None:
    """Print a line of text, on standard error if it is a failure."""
    stream = sys.stderr if error else sys.stdout
    if stream is not None:
        print(visible(text), file=stream)


def flush() -> None:
    """Let whoever reads this at the other end of a pipe see what was said."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def console() -> Console:
    """Return a console that honours NO_COLOR and the terminal's width; wide enough for any table when piped."""
    from rich.console import Console  # most commands print lines alone

    terminal = sys.stdout is not None and sys.stdout.isatty()
    return Console(
        file=sys.stdout,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if terminal else 120,
    )


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a small table; all but the first column are numbers. NO_COLOR leaves no escape at all, bold neither."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="" if os.environ.get("NO_COLOR") else "bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*(visible(cell) for cell in row))
    console().print(table)


def counts_line(problems: Sequence[Problem], *, told: bool = False) -> str:
    """Return how many problems of each severity there are, in words; with ``told`` of those alone that are there."""
    found = {severity: sum(p.severity == severity for p in problems) for severity in SEVERITY_NAMES}
    return "，".join(f"{COUNTED_NAMES[severity]} {number}" for severity, number in found.items() if number or not told)


def list_problems(
    problems: Sequence[Problem],
    shown_processed: str,
    *,
    error: bool = False,
    full: bool = False,
) -> None:
    """Print problems by file, errors first and all of them, then the counts and where the whole list is.

    Of the others so many are printed as fit a screen, or all of them if ``full``.
    """
    order = {severity: place for place, severity in enumerate(SEVERITY_NAMES)}
    errors = [problem for problem in problems if problem.severity == "error"]
    others = sorted((p for p in problems if p.severity != "error"), key=lambda p: order[p.severity])
    shown = errors + (others if full else others[:_SHOWN])
    for severity in SEVERITY_NAMES:
        files: dict[str, list[Problem]] = {}
        for problem in shown:
            if problem.severity == severity:
                files.setdefault(problem.file, []).append(problem)
        for file, found in files.items():
            say(f"{SEVERITY_NAMES[severity]}　{file or '全年数据'}", error=error)
            for problem in found:
                text = str(replace(problem, file="")).removeprefix("，").replace("\n", " ")
                say(f"  {text}", error=error)
    if len(shown) < len(errors) + len(others):
        say(f"……另有 {len(errors) + len(others) - len(shown)} 条未列出", error=error)
    if problems:
        counted = f"{'以上' if full else '共'}：{counts_line(problems, told=full)}"
        say(f"{counted}。全部见 {shown_processed}/problems.csv（或 problems.xlsx）。", error=error)
