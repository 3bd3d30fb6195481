"""Each piece of work: what is run, how often, and what it is held against. Every function returns rows of the table."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tools.bench import correction, stock
from tools.bench.processes import ROOT, Cost, Failed, Year, assess, measure
from tools.bench.results import Row

IN_PROCESS = ROOT / "tools" / "bench" / "in_process.py"
PLOOMBER = ROOT / "build" / "bench" / "ploomber"
PLOOMBER_LOCK = ROOT / "tools" / "bench" / "ploomber.lock"
# Where the national scale is measured, if this checkout has it: a module with ``rows(scratch, runs, full)``.
NATIONAL = "tools.bench.national"
_PROCESSES = 2
_PROVINCE_UNITS = 5000
_IDLE = 5  # seconds that a person takes at least until the next correction is saved; it imports ahead meanwhile
_FEW = 6  # reports that are made to tell what each costs from what the command costs


@dataclass
class Bench:
    """What a run of the bench knows: the copy of the year, how often and how thoroughly to measure."""

    year: Year
    runs: int
    quick: bool = False
    full: bool = False
    say: Callable[[str], None] = print
    _full_runs: list[float] = field(default_factory=list)

    @cached_property
    def units(self) -> list[str]:
        """The codes of all units, from a scored set."""
        self.scored()
        lines = (self.year.processed / "results.csv").read_text(encoding="utf-8-sig").splitlines()
        return [line.partition(",")[0] for line in lines[1:]]

    @property
    def chosen(self) -> list[str]:
        """The units whose reports are made: all, or a few when it must be quick."""
        return self.units[:2] if self.quick else self.units

    def scored(self) -> None:
        """See that the processed folder holds a scored set."""
        if not (self.year.processed / "results.csv").is_file():
            self.year.assess("score")

    @cached_property
    def force(self) -> list[str]:
        """The option with which nothing made earlier is used again, where ``assess run`` has one."""
        told = subprocess.run(assess("run", "--help"), capture_output=True, text=True, check=True, cwd=ROOT).stdout
        return ["--force"] if "--force" in told else []

    def run_all(self) -> float:
        """Run the whole year into fresh folders and return its seconds."""
        self.year.fresh()
        return self.year.assess("run", *self.force, *self._few()).seconds

    def run_again(self) -> float:
        """Run the whole year once more over what stands."""
        return self.year.assess("run", *self._few()).seconds

    @contextmanager
    def watching(self) -> Iterator[Callable[[], float]]:
        """Keep ``assess run --watch`` waiting; what is given waits until it has run again, and returns the seconds."""
        with self.year.watch(*self._few()) as told:

            def run() -> float:
                began = time.perf_counter()
                told()
                seconds = time.perf_counter() - began
                time.sleep(_IDLE)
                return seconds

            time.sleep(_IDLE)
            yield run

    def _few(self) -> list[str]:
        return [part for unit in self.chosen for part in ("--unit", unit)] if self.quick else []

    @property
    def full_runs(self) -> tuple[float, ...]:
        """The seconds of the whole run, measured once for all rows that are held against it."""
        while len(self._full_runs) < self.runs:
            self.say(f"  assess run, fresh folders ({len(self._full_runs) + 1} of {self.runs})")
            self._full_runs.append(self.run_all())
        return tuple(self._full_runs)


def _of(bench: Bench) -> str:
    return f"{len(bench.chosen)} units only; " if bench.quick else ""


# ---- the year -------------------------------------------------------------------------------------------------------


def whole_run(bench: Bench) -> list[Row]:
    """Measure ``assess run`` against a loop of the stock commands."""
    own = bench.full_runs
    units = bench.chosen
    sample = units if bench.full else units[:: max(1, len(units) // 3)][: 1 if bench.quick else 3]
    bench.say(f"  stock loop: stages, county pages and {len(sample)} of {len(units)} units")
    seconds, each = stock.loop(bench.year, units, sample)
    counted = (
        "all made" if len(sample) == len(units) else f"{len(sample)} units made, {each:.1f} s each, counted for all"
    )
    return [
        Row(
            "run",
            "full assess run",
            "papermill + nbconvert + weasyprint, one command after another",
            "times faster",
            40,
            own,
            (seconds,),
            f"{_of(bench)}stock loop: {counted}",
        )
    ]


def unit_reports(bench: Bench) -> list[Row]:
    """Measure the unit reports alone against the floor and against ploomber-engine."""
    bench.scored()
    own: list[float] = []
    few: list[float] = []
    floor: list[float] = []
    started: list[float] = []
    other: list[float] = []
    skipped = "" if bench.quick else _get_ploomber()
    for turn in range(bench.runs):  # in turns, so that a busy minute falls on all alike
        bench.say(f"  unit reports ({turn + 1} of {bench.runs})")
        own.append(_report_seconds(bench, bench.chosen))
        few.append(_report_seconds(bench, bench.chosen[:_FEW]))
        warm, bare = in_process(bench, "floor")
        floor.append(bare)
        started.append(warm + bare)
        if not skipped and not bench.quick:
            other.append(sum(in_process(bench, "ploomber")))
    work = f"{len(bench.chosen)} unit reports"
    bare_work = "cells in one process, html, pdf; two processes"
    if bench.quick:
        skipped = "left out with --quick"
    return [
        Row(
            "units",
            work,
            "ploomber-engine in process + one nbconvert exporter + WeasyPrint, two processes",
            "times the time",
            1.0,
            tuple(own) if not skipped else (),
            tuple(other),
            "whole command against whole processes, each given its unit's data; page by our exporter in both",
            skipped,
        ),
        Row(
            "floor",
            work,
            f"the floor, warm: {bare_work}",
            "times the time",
            1.5,
            tuple(own),
            tuple(floor),
            f"{_of(bench)}whole command (start, checks, index, receipts) against bare work, its processes already warm",
        ),
        Row(
            "floor started",
            work,
            f"the floor from its start: {bare_work}",
            "times the time",
            1.5,
            tuple(own),
            tuple(started),
            f"{_of(bench)}both from the start of their processes",
        ),
        *_each_more(bench, own, few, floor),
    ]


def _each_more(bench: Bench, own: Sequence[float], few: Sequence[float], floor: Sequence[float]) -> list[Row]:
    """Hold what one report more costs against the floor's time a report: what the command costs once is in neither."""
    more = len(bench.chosen) - _FEW
    if more <= 0:
        return []
    each = tuple((whole - some) / more for whole, some in zip(own, few, strict=True))
    bare = tuple(seconds / len(bench.chosen) for seconds in floor)
    told = f"({len(bench.chosen)} reports - {_FEW} reports) / {more}: both warm"
    return [
        Row("floor each", "each unit report more", "the floor's time a report", "times the time", 1.5, each, bare, told)
    ]


def _report_seconds(bench: Bench, units: Sequence[str]) -> float:
    """Make these units' reports alone, with nothing to use again, and return the seconds."""
    shutil.rmtree(bench.year.reports, ignore_errors=True)
    shutil.rmtree(bench.year.kept, ignore_errors=True)
    return bench.year.assess("report", *(part for unit in units for part in ("--unit", unit))).seconds


def in_process(bench: Bench, way: str) -> tuple[float, float]:
    """Make the unit reports in two warm processes; return (seconds until both are warm, seconds of the work)."""
    folder = bench.year.scratch / way
    folder.mkdir(exist_ok=True)
    slices = _slices(bench)
    environment = {**os.environ, **bench.year.environment}
    if way == "ploomber":
        environment["PYTHONPATH"] = str(PLOOMBER)
    began = time.perf_counter()
    workers = [
        subprocess.Popen(
            [sys.executable, str(IN_PROCESS), way, str(slices), str(folder), *bench.chosen[place::_PROCESSES]],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in range(_PROCESSES)
    ]
    try:
        for worker in workers:
            _await(worker, "ready", way)
        warm = time.perf_counter()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
        for worker in workers:
            _await(worker, "done", way)
        done = time.perf_counter()
        for worker in workers:
            worker.wait()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return warm - began, done - warm


def _await(worker: subprocess.Popen[str], word: str, way: str) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        if line.strip() == word:
            return
    raise Failed(f"in_process.py {way} ended before it was {word}")


def _slices(bench: Bench) -> Path:
    """Lay down each unit's data, as the batch hands them to its notebooks, and return the folder."""
    from assess_lib.store import load_set, read_tables
    from assess_lib.views.unit_slice import slices_of

    place = bench.year.scratch / "slices"
    place.mkdir(exist_ok=True)
    processed = bench.year.processed
    cut = slices_of(processed, load_set(processed), read_tables(processed))
    for unit in bench.chosen:
        (place / f"{unit}.json").write_bytes(cut.cut(unit).dump())
    return place


def _get_ploomber() -> str:
    """Install ploomber-engine, pinned and hashed, where only this bench sees it; return why not when that fails."""
    if (PLOOMBER / "ploomber_engine").is_dir():
        return ""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--target", str(PLOOMBER), "-r", str(PLOOMBER_LOCK)], capture_output=True, text=True
    )
    return "" if done.returncode == 0 else "ploomber-engine could not be installed (no network?)"


def again(bench: Bench) -> list[Row]:
    """Measure a run after one raw row was corrected, and one after nothing was, against the full run."""
    whole = bench.full_runs
    bench.run_again()  # what the full run was told not to keep, this one keeps
    nothing = []
    for turn in range(bench.runs):
        bench.say(f"  nothing changed ({turn + 1} of {bench.runs})")
        nothing.append(bench.run_again())
    row, moved = _quiet_row(bench)
    pages: list[int] = []

    def correct(turn: int, run: Callable[[], float]) -> float:
        before = _pages(bench.year.reports)
        correction.correct(bench.year.raw, row, -1 if turn % 2 else 1)  # there and back: the same unit each time
        seconds = run()
        after = _pages(bench.year.reports)
        pages.append(sum(before.get(name) != content for name, content in after.items()))
        return seconds

    corrected, watched = [], []
    for turn in range(bench.runs):
        bench.say(f"  one row corrected ({turn + 1} of {bench.runs})")
        corrected.append(correct(turn, bench.run_again))
    with bench.watching() as run:
        for turn in range(bench.runs, 2 * bench.runs):
            bench.say(f"  one row corrected while assess run --watch waits ({turn - bench.runs + 1} of {bench.runs})")
            watched.append(correct(turn, run))
    changed = int(statistics.median(pages))
    told = (
        f"{_of(bench)}units with other figures (results, ranks, items): {moved}; "
        f"unit pages that show something else: {changed} of {len(bench.chosen)}"
    )
    return [
        Row("corrected", "one raw row corrected that changes one unit's figures, then assess run", "the full run",
            "times the time", 0.25, tuple(corrected), whole, told),
        Row("watched", "the same, saved while assess run --watch waits", "the full run",
            "times the time", 0.25, tuple(watched), whole, f"{_of(bench)}from saving the file until it waits again"),
        Row("nothing", "nothing changed, then assess run", "the full run", "times the time", 0.125,
            tuple(nothing), whole, _of(bench).rstrip("; ")),
    ]  # fmt: skip


def _pages(reports: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (reports / "units").glob("*.html")}


def _quiet_row(bench: Bench) -> tuple[int, int]:
    """Return the first row whose correction changes one unit's figures alone, ranks included, and how many it changes.

    Where there is none among those tried, the row that changes the fewest.
    """
    trial = Year(bench.year.scratch / "trial", bench.year.year)
    trial.assess("score")
    before = correction.figures(trial.processed)
    file, found = trial.raw / correction.FILE, []
    original = file.read_bytes()
    for row in correction.quantities(trial.raw)[: 2 if bench.quick else None]:
        correction.correct(trial.raw, row, 1)
        trial.assess("score")
        moved = correction.units_changed(before, correction.figures(trial.processed))
        file.write_bytes(original)
        if moved:
            found.append((moved, row))
        if moved == 1:
            break
    moved, row = min(found)
    return row, moved


# ---- short commands -------------------------------------------------------------------------------------------------

COMMANDS: Mapping[str, tuple[tuple[str, ...], float]] = {
    "help": (("--help",), 0.3),
    "explain": (("explain", "T01"), 0.8),
    "check": (("check",), 2.0),
    "score": (("score",), 2.5),
}


def _command(name: str) -> Callable[[Bench], list[Row]]:
    def timed(bench: Bench) -> list[Row]:
        arguments, goal = COMMANDS[name]
        if name == "explain":
            bench.scored()
        seconds = []
        for _ in range(1 if bench.quick else max(bench.runs, 5)):
            if name == "help":
                seconds.append(measure(assess(*arguments)).seconds)
            else:
                seconds.append(bench.year.assess(*arguments).seconds)
        return [Row(name, f"assess {' '.join(arguments)}", "", "seconds", goal, tuple(seconds))]

    timed.__doc__ = f"Measure ``assess {' '.join(COMMANDS[name][0])}``."
    return timed


# ---- beyond a county ------------------------------------------------------------------------------------------------


def national(bench: Bench) -> list[Row]:
    """Measure scoring at national scale, where this checkout has the module that does."""
    if importlib.util.find_spec(NATIONAL) is None:
        told = f"{NATIONAL} is not part of this checkout"
        return [Row("national", "131,000 units through the library", "DuckDB SQL", "times the time", 3.0, skipped=told)]
    if bench.quick:
        told = "left out with --quick"
        return [Row("national", "131,000 units through the library", "DuckDB SQL", "times the time", 3.0, skipped=told)]
    module = importlib.import_module(NATIONAL)
    return list(module.rows(bench.year.scratch, bench.runs, bench.full))


def province(bench: Bench) -> list[Row]:
    """Measure the reports of a province, made of the county many times over, against the county's time a unit.

    By default a sample of units is made, in two sizes: what does not depend on their number is told apart from the time
    of each, and the two are added up for all 5,000.
    """
    bench.scored()
    asked = 20 if bench.quick else _PROVINCE_UNITS
    times = -(-asked // len(bench.units)) if not bench.quick else 1
    place = Year(bench.year.scratch / "province", bench.year.year)
    bench.say(f"  a province of {times * len(bench.units)} units")
    code = "import sys, json; from pathlib import Path; from tools.bench import province as p; "
    code += "print(json.dumps(p.write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(bench.year.processed), str(place.processed), str(times)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    units: list[str] = json.loads(made.stdout.splitlines()[-1])
    samples = (4, 8) if bench.quick else (30, 300)
    sizes = (len(units),) if bench.full else samples

    def cost(year: Year, chosen: Sequence[str], memory: bool = False) -> Cost:
        shutil.rmtree(year.reports, ignore_errors=True)
        return year.assess("report", *(part for unit in chosen for part in ("--unit", unit)), memory=memory)

    def some(size: int) -> list[str]:
        return units[:: len(units) // size][:size]

    seconds, peaks = [], []
    for size in sizes:
        bench.say(f"  {size} of {len(units)} reports")
        seconds.append(cost(place, some(size)).seconds)
    for size in samples:  # by themselves: to look at the memory of many processes takes a core's time
        bench.say(f"  memory of {size} reports")
        peaks.append(cost(place, some(size), memory=True).peak)
    if bench.full:
        each, told = seconds[0] / len(units), "all made"
    else:
        slope = (seconds[1] - seconds[0]) / (sizes[1] - sizes[0])
        fixed = max(seconds[0] - slope * sizes[0], 0.0)
        each = slope + fixed / len(units)
        told = f"{sizes[1]} made: {slope:.2f} s each and {fixed:.0f} s once, counted for all"
    held = cost(bench.year, bench.chosen).seconds / len(bench.chosen)
    county = cost(bench.year, bench.chosen, memory=True)
    work = f"{len(units):,} unit reports, time a unit"
    grown = f"peak {' and '.join(f'{peak:,.0f}' for peak in peaks)} MiB with {' and '.join(map(str, samples))} reports"
    return [
        Row("province", work, "the county's time a unit", "times the time", 1.0, (each,), (held,),
            f"{_of(bench)}{told}; {grown}, county {county.peak:,.0f} MiB"),
    ]  # fmt: skip


WORK: Mapping[str, Callable[[Bench], list[Row]]] = {
    "run": whole_run,
    "units": unit_reports,
    "again": again,
    **{name: _command(name) for name in ("score", "check", "help", "explain")},
    "national": national,
    "province": province,
}


@contextmanager
def told(say: Callable[[str], None], name: str) -> Iterator[None]:
    """Say which work begins and how long it took."""
    say(f"{name} …")
    began = time.perf_counter()
    yield
    say(f"{name}: {time.perf_counter() - began:.0f} s of measuring")


def all_rows(bench: Bench, names: Sequence[str]) -> Iterator[Row]:
    """Do each piece of work and yield its rows; one that fails is a row that says so, and the rest goes on."""
    for name in names:
        with told(bench.say, name):
            try:
                made = WORK[name](bench)
            except (Failed, OSError, subprocess.SubprocessError, ImportError) as error:
                why = " ".join(str(error).split())[:300]
                made = [Row(name, name, "", "seconds", 0.0, skipped=f"failed: {why}")]
        yield from made
