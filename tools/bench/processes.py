"""Run a command to its end and say what it cost; a copy of the year for it to run on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_WAITS = "等待原始数据的改动"  # how the line begins with which ``assess run --watch`` begins to wait
_LOOK = 0.25  # seconds between two looks at the memory


class Failed(Exception):
    """A command that was to be measured failed: there is no time to tell."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took: seconds by the clock, and the most memory that it and its processes held, in MiB."""

    seconds: float
    peak: float


def _memory(process: psutil.Process) -> float:
    """Return the MiB that a process and all that it started hold, shared pages counted once."""
    held = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0.0
    for each in family:
        try:
            full = each.memory_full_info()
            held += getattr(full, "pss", full.uss)
        except psutil.Error:  # it ended meanwhile
            continue
    return held / 1024**2


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path = ROOT, memory: bool = False
) -> Cost:
    """Run one command to its end and return its cost; memory is looked at only when asked for, as looking costs too.

    Raises Failed with the end of what the command said when it does not end with 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        watched = psutil.Process(process.pid)
        while not over.wait(_LOOK):
            peak[0] = max(peak[0], _memory(watched))

    watcher = threading.Thread(target=watch, daemon=True)
    if memory:
        watcher.start()
    told, _ = process.communicate()
    seconds = time.perf_counter() - start
    over.set()
    if process.returncode != 0:
        said = told.decode("utf-8", "replace")[-2000:]
        raise Failed(f"{' '.join(command[:3])} … ended with {process.returncode}: {said}")
    return Cost(seconds, peak[0])


class Year:
    """A copy of a year's raw folder, with folders of its own for results, reports and what commands keep for later."""

    def __init__(self, scratch: Path, year: str) -> None:
        self.scratch, self.year = scratch, year
        self.raw = scratch / "raw" / year
        shutil.copytree(ROOT / "data" / "raw" / year, self.raw)
        self.processed, self.reports, self.kept = (scratch / name / year for name in ("processed", "reports", "cache"))

    @property
    def places(self) -> list[str]:
        """The options that lead a command to these folders."""
        given = (("raw", self.raw), ("processed", self.processed), ("reports", self.reports))
        return ["--year", self.year, *(part for name, path in given for part in (f"--{name}", str(path)))]

    @property
    def environment(self) -> dict[str, str]:
        """The same for notebooks, and a place for caches that nothing else uses."""
        return {
            "ASSESS_RAW": str(self.raw),
            "ASSESS_PROCESSED": str(self.processed),
            "ASSESS_REPORTS": str(self.reports),
            "XDG_CACHE_HOME": str(self.kept),
        }

    def fresh(self) -> None:
        """Take away everything that a command made."""
        for folder in (self.processed.parent, self.reports.parent, self.kept.parent):
            shutil.rmtree(folder, ignore_errors=True)

    def assess(self, *arguments: str, memory: bool = False) -> Cost:
        """Run ``assess`` on this year."""
        return measure([*assess(arguments[0]), *self.places, *arguments[1:]], self.environment, memory=memory)

    @contextmanager
    def watch(self, *arguments: str) -> Iterator[Callable[[], None]]:
        """Run ``assess run --watch`` on this year; what is given returns when it waits again. Raises Failed."""
        process = subprocess.Popen(
            [*assess("run", "--watch"), *self.places, *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert process.stdout is not None
        told = process.stdout

        def waits_again() -> None:
            if not any(line.startswith(_WAITS) for line in told):
                raise Failed("assess run --watch ended by itself")

        try:
            waits_again()
            yield waits_again
        finally:
            process.kill()
            process.wait()


def assess(*arguments: str) -> list[str]:
    """Return the command line of ``assess``, as a person's shell would start it."""
    return [str(BIN / "assess"), *arguments]
