"""Change the rules in every small way, one at a time, and say which change no test notices.

A mutant is one small change of one rule module (``tools/mutations.py`` says which changes there are). It is killed when
a test fails on it: a case of ``tests/cases``, a random year of the comparison with the second implementation, or a
test of the exact numbers and the ledger. What survives must stand in ``tests/equivalent_mutants.yaml`` with the
reason why no input can tell it from the original; an entry that does not survive, or changes nothing that is still
there, fails too.

    python tools/mutants.py                          every mutant; prints the figures and what survives
    python tools/mutants.py --sample 60 --seed 1     a sample
    python tools/mutants.py --kind threshold         comparisons alone
    python tools/mutants.py --file ranking           one module

Each mutant runs in a forked copy of a process that has everything loaded; no file of the project is touched.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import resource
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(path) for path in (ROOT, ROOT / "tests") if str(path) not in sys.path]

from tools.mutations import Kind, Mutant, all_mutants  # noqa: E402 (the path comes first)

LISTED = ROOT / "tests" / "equivalent_mutants.yaml"
# In the order in which they import one another: a mutant's module and all after it are run again.
MODULES = (
    "assess_lib.exact",
    "assess_lib.ledger",
    "assess_lib.composition",
    "assess_lib.quotas",
    "assess_lib.rules.case",
    "assess_lib.rules.award",
    "assess_lib.rules.counting",
    "assess_lib.rules.deduction",
    "assess_lib.rules.ranking",
    "assess_lib.rules.veto",
    "assess_lib.rules",
    "assess_lib.scoring",
)
# Modules with tests of their own: they run through pytest, on what the cases and the random years leave alive.
UNIT_TESTS = {
    "assess_lib/exact.py": ("test_exact", "test_ledger"),
    "assess_lib/ledger.py": ("test_ledger",),
    "assess_lib/rules/case.py": ("test_rules_case",),
    "assess_lib/rules/deduction.py": ("test_rules_case",),
    "assess_lib/rules/ranking.py": ("test_long_rankings",),
    "assess_lib/rules/veto.py": ("test_rules_case",),
}
RANDOM_YEARS = 100
# Processor time that a mutant may take before it counts as killed: the tests take 3 seconds.
SECONDS = 60


# ---- one mutant against the tests ------------------------------------------------------------------------------------


class Jury:
    """The tests, loaded once; ``judge`` runs them on a mutant in a forked copy of this process."""

    def __init__(self) -> None:
        import pytest
        from hypothesis import Phase, settings

        # One failure is enough: no search for a smaller one.
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutants", deadline=None, derandomize=True, database=None, max_examples=40, phases=phases
        )
        settings.load_profile("mutants")
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take seconds to load
        self._pytest = pytest.main
        self.modules = {name: importlib.import_module(name) for name in MODULES}
        self.codes = {name: compile(_file(name).read_text(encoding="utf-8"), name, "exec") for name in MODULES}
        cases, years = importlib.import_module("test_cases"), importlib.import_module("test_second_implementation")
        for name in {name for names in UNIT_TESTS.values() for name in names}:
            importlib.import_module(name)
        self.checks: dict[str, Callable[[], None]] = {
            f"case: {case['case']}": lambda case=case: cases.test_case(case) for _, case in cases.ALL_CASES
        }
        known: dict[int, Any] = {}
        for seed in range(RANDOM_YEARS):
            year = years.seeded_year(seed)
            known[id(year.tables)] = years.judge(year.tables, year.readings, year.run_date)
            self.checks[f"random year {seed}"] = lambda year=year: _agree(years.differences(year))
        # What the second implementation says of a year does not depend on the mutant: it is asked once.
        years.judge = lambda tables, readings, run_date: known[id(tables)]
        # What killed most so far is tried first: (function, test), and of all functions ("", test).
        self.kills: Counter[tuple[str, str]] = Counter()

    def judge(self, mutants: Sequence[Mutant], jobs: int, progress: Callable[[int], None]) -> list[str]:
        """Return for each mutant the test that killed it, or "" if it survives; ``jobs`` run at a time."""
        found = [""] * len(mutants)
        running: dict[int, tuple[int, int]] = {}
        waiting = iter(enumerate(mutants))
        done = 0
        while True:
            while len(running) < jobs and (next_one := next(waiting, None)) is not None:
                index, mutant = next_one
                pid, pipe = self._fork(mutant.module.path, mutant.source, mutant.function)
                running[pid] = index, pipe
            if not running:
                return found
            pid, status = os.wait()
            index, pipe = running.pop(pid)
            with os.fdopen(pipe, encoding="utf-8") as stream:
                said = stream.read()
            found[index] = "" if status == 0 else said or "the process died or took too long"
            self.kills.update([(mutants[index].function, found[index]), ("", found[index])])
            done += 1
            progress(done)

    def sound(self) -> str:
        """Return the test that fails without any change, or ""."""
        path = _file(MODULES[0])
        pid, pipe = self._fork(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        _, status = os.waitpid(pid, 0)
        with os.fdopen(pipe, encoding="utf-8") as stream:
            return stream.read() or ("" if status == 0 else "the process died or took too long")

    def _fork(self, path: str, source: str, function: str = "") -> tuple[int, int]:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            return pid, reading
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.close(reading)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            killer = self._killer(path, source, function)
            os.write(writing, killer.encode())
            status = 1 if killer else 0
        finally:
            os._exit(status)

    def _killer(self, path: str, source: str, function: str) -> str:
        """Return the first test that fails on the mutant, those that killed most so far first."""
        try:
            self._put_in(path, source)
        except Exception:
            return "the module does not load"
        for name in sorted(self.checks, key=lambda name: (-self.kills[function, name], -self.kills["", name])):
            try:
                self.checks[name]()
            except Exception:
                return name
        paths = [str(ROOT / "tests" / f"{name}.py") for name in UNIT_TESTS.get(path, ())]
        failed = paths and self._pytest(["-x", "-q", "-p", "no:cacheprovider", *paths]) != 0
        return "unit tests" if failed else ""

    def _put_in(self, path: str, source: str) -> None:
        """Run the changed module and all that import it again, and give every other module what came of them."""
        changed = next(name for name in MODULES if _file(name) == ROOT / path)
        old = {name: dict(vars(module)) for name, module in self.modules.items()}
        for name in MODULES[MODULES.index(changed) :]:
            code = compile(source, name, "exec") if name == changed else self.codes[name]
            exec(code, vars(self.modules[name]))
        replaced = {
            (key, id(value)): vars(self.modules[name])[key]
            for name, values in old.items()
            for key, value in values.items()
            if not key.startswith("__") and vars(self.modules[name])[key] is not value
        }
        others = [m for name, m in sys.modules.items() if name not in MODULES and _is_ours(m)]
        for module in others:
            for key, value in list(vars(module).items()):
                if (key, id(value)) in replaced:
                    setattr(module, key, replaced[key, id(value)])


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _is_ours(module: types.ModuleType) -> bool:
    return str(getattr(module, "__file__", None) or "").startswith((str(ROOT / "assess_lib"), str(ROOT / "tests")))


def _agree(differences: Sequence[str]) -> None:
    if differences:
        raise AssertionError(differences[0])


# ---- what may survive ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no input can tell from the original, and why."""

    file: str
    function: str
    was: str
    now: str
    why: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What finds its mutant."""
        return self.file, self.function, self.was, self.now


def key_of(mutant: Mutant) -> tuple[str, str, str, str]:
    """Return what an entry of the list finds the mutant by: file, function, the changed lines before and after."""
    return mutant.module.path, mutant.function, *mutant.change


def load_listed(path: Path = LISTED) -> list[Equivalent]:
    """Load the list of equivalent mutants; an entry without a reason is an error."""
    from ruamel.yaml import YAML

    listed = [Equivalent(**entry) for entry in YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or ()]
    for entry in listed:
        if len(entry.why.split()) < 5:
            raise ValueError(f"{entry.file} {entry.function}: say why no input can tell it apart")
    return listed


def stale_entries(listed: Sequence[Equivalent], mutants: Sequence[Mutant], killers: Mapping[Mutant, str]) -> list[str]:
    """Return the entries that are no mutant any more, or that a test kills."""
    places = {(entry.file, entry.function) for entry in listed}
    there = {key_of(mutant) for mutant in mutants if (mutant.module.path, mutant.function) in places}
    dead = {key_of(m) for m, killer in killers.items() if killer and (m.module.path, m.function) in places}
    gone = [f"{e.file} {e.function}: {e.now}: no such mutant" for e in listed if e.key not in there]
    return gone + [f"{e.file} {e.function}: {e.now}: a test kills it" for e in listed if e.key in dead]


# ---- the run ---------------------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What came of the mutants, and what must not have happened."""

    killers: Mapping[Mutant, str] = field(default_factory=dict)
    listed: Sequence[Equivalent] = ()
    stale: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def unexplained(self) -> list[Mutant]:
        """The mutants that survive and are not listed as equivalent."""
        known = {entry.key for entry in self.listed}
        return [mutant for mutant, killer in self.killers.items() if not killer and key_of(mutant) not in known]

    @property
    def sound(self) -> bool:
        """Whether every survivor is listed and every listed one survives."""
        return not self.unexplained and not self.stale

    def figure(self, name: str, kinds: Iterable[Kind]) -> str:
        """Say how many mutants of some kinds there are and how many of them died."""
        killers = [killer for mutant, killer in self.killers.items() if mutant.kind in kinds]
        dead = sum(map(bool, killers))
        percent = f"{100 * dead / len(killers):6.2f} %" if killers else "     –"
        return f"{name:28} {len(killers):5} mutants {dead:5} killed {len(killers) - dead:4} survive {percent}"

    def text(self) -> str:
        """Return the report in lines: the figures, then what survives unexplained, then stale entries."""
        lines = [
            self.figure("thresholds (> >= < <= == !=)", ["threshold"]),
            self.figure("other logic", ["logic"]),
            self.figure("words that people read", ["words"]),
            self.figure("all without words", ["threshold", "logic"]),
            self.figure("all", get_args(Kind)),
            f"listed as equivalent: {len(self.listed)}; seconds: {self.seconds:.0f}",
        ]
        for mutant in self.unexplained:
            was, now = mutant.change
            lines += [f"SURVIVES {mutant.name} ({mutant.kind})", f"  - {was}", f"  + {now}"]
        return "\n".join([*lines, *(f"STALE {entry}" for entry in self.stale)])


def find_mutants() -> list[Mutant]:
    """Return every mutant of the rule modules."""
    from assess_lib.tables import ALL_UNITS, TABLES

    names = {ALL_UNITS, *TABLES}
    for table in TABLES.values():
        for column in table.columns:
            names |= {column.name, *column.choices}
    return all_mutants([_file(name) for name in MODULES], ROOT, frozenset(names))


def choose(
    mutants: Sequence[Mutant], kinds: Sequence[str] = (), file: str = "", sample: int | None = None, seed: int = 1
) -> list[Mutant]:
    """Return the mutants of some kinds and of files whose path holds ``file``, or a repeatable sample of them."""
    chosen = [m for m in mutants if (not kinds or m.kind in kinds) and file in m.module.path]
    return chosen if sample is None or sample >= len(chosen) else random.Random(seed).sample(chosen, sample)


def run(mutants: Sequence[Mutant], chosen: Sequence[Mutant], jobs: int, progress: Callable[[int], None]) -> Report:
    """Judge the chosen mutants and hold what survives against the list."""
    start = time.monotonic()
    listed = load_listed()
    jury = Jury()
    if broken := jury.sound():
        raise SystemExit(f"the tests fail without any change: {broken}")
    killers = dict(zip(chosen, jury.judge(chosen, jobs, progress), strict=True))
    return Report(killers, listed, stale_entries(listed, mutants, killers), time.monotonic() - start)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 when every survivor is explained, 1 when not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same sample (default 1)")
    parser.add_argument("--kind", action="append", choices=get_args(Kind), default=[], help="mutants of this kind")
    parser.add_argument("--file", default="", help="mutants of files whose path holds this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    options = parser.parse_args(arguments)
    mutants = find_mutants()
    chosen = choose(mutants, options.kind, options.file, options.sample, options.seed)
    if not chosen:
        parser.error("no mutant is of that kind and file")

    def progress(done: int) -> None:
        if done % 50 == 0 or done == len(chosen):
            print(f"\r{done}/{len(chosen)}", end="", file=sys.stderr, flush=True)

    report = run(mutants, chosen, options.jobs, progress)
    print(file=sys.stderr)
    print(report.text())
    return 0 if report.sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
