"""Run ``assess run`` as other people on other machines would, and compare every byte of what it makes.

``python tools/elsewhere.py`` runs the sample year once as it is and once in each way of ``WAYS``: other folders,
clocks, locales, fonts, settings, processors. ``--units 3`` makes fewer reports, names run some ways alone. Exit
code 0: all the same; 1: something differs, and ``same_bytes`` says where; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script
    sys.path.insert(0, str(ROOT))

from tools import machines  # noqa: E402
from tools.same_bytes import Difference, differences  # noqa: E402

YEAR = "2022"
_PARTS = ("data", "reports")
_PATIENCE = 1800  # seconds for one run, on a busy machine
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run: what is other than usual. ``home`` fills a home folder and returns variables that go with it."""

    variables: Mapping[str, str] = field(default_factory=dict)
    home: Callable[[Path], Mapping[str, str]] | None = None
    jobs: int = 2
    folder: str = ""
    base: str = ""
    umask: int = 0o022
    prefix: Sequence[str] = ()
    one_processor: bool = False
    other_interpreter: bool = False
    from_outside: bool = False
    terminal: bool = False
    cold: bool = False
    clock: int = 0
    raw: Callable[[Path], None] = lambda raw: None
    before: Callable[[Path], None] = lambda project: None
    kill_first: bool = False
    commands: Sequence[Sequence[str]] = (("run",),)


# ---- what is done to a project before the run -----------------------------------------------------------------


def copy_backwards(raw: Path) -> None:
    """Write the raw files anew, the last one first, each with another time."""
    files = sorted(raw.iterdir(), reverse=True)
    contents = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    for number, (file, content) in enumerate(zip(files, contents, strict=True)):
        file.write_bytes(content)
        os.utime(file, (1e9 + number * 1e6, 1e9 + number * 1e6))
        file.chmod(0o444)


def leave_behind(project: Path) -> None:
    """Put there what a run that was broken off leaves."""
    for name in (
        f"data/processed/.{YEAR}.building/results.csv",
        f"data/processed/.{YEAR}.copy/results.csv",
        f"reports/.{YEAR}.building/units/T99.html",
        f"reports/{YEAR}.failed/01_clean.ipynb",
    ):
        place = project / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}", encoding="utf-8")


_DEEP = "很深的文件夹/with several spaces/" + "/".join(["又一层 {目录} 'x'"] * 3) + "/考核 2022 & 更多"
_PYTHON_SWITCHES = {"PYTHONOPTIMIZE": "2", "PYTHONDEVMODE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
_ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS")
_EIGHT_THREADS = dict.fromkeys(_THREADS, "8")

EVERYTHING = Way(
    {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "7", "PYTHONIOENCODING": "latin-1", **_ASCII, **_EIGHT_THREADS},
    home=machines.hostile_home,
    jobs=1,
    folder=_DEEP,
    umask=0o077,
    terminal=True,
    cold=True,
    clock=3 * 365 * _DAY if machines.has_compiler() else 0,
    raw=copy_backwards,
    before=leave_behind,
)
"""All that goes together, in one run."""

WAYS: Mapping[str, Way] = {
    "once more": Way(),
    "Shanghai": Way({"TZ": "Asia/Shanghai"}),
    "Los Angeles, LC_ALL=C": Way({"TZ": "America/Los_Angeles", "LC_ALL": "C"}),
    "ASCII without UTF-8 mode": Way(_ASCII),
    "zh_CN.GB18030, wherever it is not installed too": Way({"LC_ALL": "zh_CN.GB18030", "LANG": "zh_CN.GB18030"}),
    "Japanese": Way({"LC_ALL": "POSIX", "LANGUAGE": "ja", "PANGO_LANGUAGE": "ja:ko", "FC_LANG": "ja"}),
    "umask 077": Way(umask=0o077),
    "umask 000": Way(umask=0),
    "hash seed 1": Way({"PYTHONHASHSEED": "1"}),
    "hash seed 2": Way({"PYTHONHASHSEED": "2"}),
    "hash seed random": Way({"PYTHONHASHSEED": "random"}),
    "one job": Way(jobs=1),
    "three jobs": Way(jobs=3),
    "deep folder": Way(folder=_DEEP),
    "short folder": Way(base="/tmp"),
    "memory disk": Way(base="/dev/shm"),
    "from outside, with python -m": Way(from_outside=True),
    "another interpreter folder": Way(other_interpreter=True),
    "empty home": Way(home=lambda home: {}),
    "no home": Way(home=machines.no_home),
    "no home, cold kernels": Way(home=machines.no_home, cold=True),
    "a person's own settings": Way(home=machines.hostile_home),
    "a person's own settings, cold kernels": Way(home=machines.hostile_home, cold=True),
    "settings in variables": Way(home=machines.hostile_variables),
    "other fonts of the same names": Way(home=machines.hostile_fonts),
    "no fonts configured": Way(home=machines.no_fonts),
    "Python's switches": Way(_PYTHON_SWITCHES),
    "nine years later": Way(clock=9 * 365 * _DAY),
    "twenty years earlier": Way(clock=-20 * 365 * _DAY),
    "SOURCE_DATE_EPOCH": Way({"SOURCE_DATE_EPOCH": "1700000000"}),
    "raw files copied backwards": Way(raw=copy_backwards),
    "eight threads": Way(_EIGHT_THREADS),
    "one processor": Way(one_processor=True),
    "cold kernels": Way(cold=True),
    "terminal": Way({"TERM": "xterm-256color"}, terminal=True),
    "nice": Way(prefix=("nice", "-n", "19")),
    "twice, over leftovers": Way(before=leave_behind, commands=(("run",), ("run", "--force"))),
    "killed, then again": Way(kill_first=True),
    "score, then run": Way(commands=(("score",), ("run",))),
    "run, then report": Way(commands=(("run",), ("report", "--force"))),
    "everything at once": EVERYTHING,
}


# ---- running --------------------------------------------------------------------------------------------------


def make_template(folder: Path, raw: Path) -> Path:
    """Make a project that runs by itself: the library and notebooks as they are now, and a raw folder."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("notebooks", "assess_lib"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(raw, folder / "data" / "raw" / YEAR)
    return folder


class Run:
    """One run of a way, from a copy of the template; ``project`` is where it lies."""

    def __init__(self, template: Path, way: Way, work: Path, options: Sequence[str] = ()) -> None:
        """Copy the template to where the way wants it and prepare its home. ``work`` is a new folder."""
        self.way = way
        self.work = work
        self.options = options
        work.mkdir(parents=True)
        self._away: Path | None = None
        if way.base and Path(way.base).is_dir():
            self._away = Path(tempfile.mkdtemp(prefix="", dir=way.base))
        self.project = (self._away or work) / (way.folder or "p")
        shutil.copytree(template, self.project)
        way.raw(self.project / "data" / "raw" / YEAR)
        way.before(self.project)
        self._environ = self._make_environ()

    def _make_environ(self) -> dict[str, str]:
        way, environ = self.way, dict(os.environ)
        for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "PYTHONHASHSEED"):
            environ.pop(name, None)
        search = []
        if way.home is not None:
            home = self.work / "home"
            home.mkdir()
            for name in [name for name in environ if name.startswith("XDG_")]:
                del environ[name]
            environ |= {"HOME": str(home), **way.home(home)}
        if way.cold:
            search.append(machines.without_nursery(self.work / "site"))
            environ[machines.COLD_MARK] = str(self.cold_mark)
        if way.from_outside:
            search.append(str(self.project))
        if search:
            environ["PYTHONPATH"] = os.pathsep.join(search)
        if way.clock:
            environ |= {"LD_PRELOAD": machines.shifted_clock(self.work), machines.CLOCK: str(way.clock)}
        return environ | dict(way.variables)

    @property
    def cold_mark(self) -> Path:
        """The file that exists once an ordinary kernel has started."""
        return self.work / "cold"

    def _command(self, arguments: Sequence[str]) -> list[str]:
        python = str(machines.other_interpreter(self.work / "venv")) if self.way.other_interpreter else sys.executable
        command = [*self.way.prefix, python, "-m", "assess_lib", *arguments]
        if arguments[0] in ("run", "report"):
            command += [*self.options, "--jobs", str(self.way.jobs)]
        if self.way.from_outside:
            for name, parts in (("raw", "data/raw"), ("processed", "data/processed"), ("reports", "reports")):
                command += [f"--{name}", str(self.project / parts / YEAR)]
        return command

    def __call__(self) -> Path:
        """Run the way's commands; return the project. Raises RuntimeError with what a failing command said."""
        if self.way.kill_first:
            self._kill_one()
        for arguments in self.way.commands:
            code, said = self.run(*arguments)
            if code != 0:
                raise RuntimeError(f"assess {' '.join(arguments)}: exit {code}\n{said}")
        return self.project

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run one command in the way's fashion; return its exit code and what it said."""
        process, reader = self._start(self._command(arguments))
        try:
            said = reader()
            return process.wait(_PATIENCE), said
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, command: list[str]) -> tuple[subprocess.Popen[bytes], Callable[[], str]]:
        folder = self.work if self.way.from_outside else self.project
        processors = {min(os.sched_getaffinity(0))} if self.way.one_processor else None

        def prepare() -> None:  # in the child: nothing here may differ for the caller
            os.umask(self.way.umask)
            if processors:
                os.sched_setaffinity(0, processors)

        if not self.way.terminal:
            process = subprocess.Popen(
                command, cwd=folder, env=self._environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=prepare,
            )  # fmt: skip
            return process, lambda: process.communicate(timeout=_PATIENCE)[0].decode("utf-8", "replace")
        mine, its = pty.openpty()
        process = subprocess.Popen(
            command, cwd=folder, env=self._environ, stdin=its, stdout=its, stderr=its,
            start_new_session=True, preexec_fn=prepare,
        )  # fmt: skip
        os.close(its)
        said: list[bytes] = []
        reader = threading.Thread(target=_drain, args=(mine, said), daemon=True)
        reader.start()

        def read() -> str:
            process.wait(_PATIENCE)
            reader.join(10)
            return b"".join(said).decode("utf-8", "replace")

        return process, read

    def _kill_one(self) -> None:
        """Start a run and kill it, with all it started, while it makes reports."""
        process, _ = self._start(self._command(("run",)))
        building = self.project / "reports" / f".{YEAR}.building" / "units"
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and not building.is_dir() and time.monotonic() < end:
            time.sleep(0.05)
        if process.poll() is not None:
            raise RuntimeError("the run ended before it could be killed")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(3)  # workers and kernels notice, and go

    def clear(self) -> None:
        """Remove all that the run left."""
        for place in (self._away, self.work):
            if place is not None:
                shutil.rmtree(place, ignore_errors=True)


def _drain(terminal: int, said: list[bytes]) -> None:
    try:
        while block := os.read(terminal, 65536):
            said.append(block)
    except OSError:  # the other side is closed
        pass
    finally:
        os.close(terminal)


def compare(one: Path, other: Path) -> list[Difference]:
    """Return what differs in the data and reports of two projects, whatever lies there; the register is left out."""
    return [
        Difference(f"{part}/{found.file}", found.place, found.one, found.other)
        for part in _PARTS
        for found in differences(one / part, other / part)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ways and return the exit code."""
    from tools.same_bytes import told

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="WAY", help=f"one of: {'; '.join(WAYS)}")
    parser.add_argument("--raw", type=Path, default=ROOT / "data" / "raw" / YEAR, help="another raw folder")
    parser.add_argument("--unit", action="append", default=[], help="reports of this unit alone; repeatable")
    parser.add_argument("--keep", type=Path, help="a new folder in which all outputs stay")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in WAYS]
    if unknown or not given.raw.is_dir() or (given.keep and given.keep.exists()):
        parser.error(f"unknown: {unknown}" if unknown else "--raw must exist, --keep must not")
    options = [part for unit in given.unit for part in ("--unit", unit)]
    place = given.keep or Path(tempfile.mkdtemp(prefix="assess-elsewhere-"))
    differ = 0
    try:
        template = make_template(place / "template", given.raw)
        home = Run(template, Way(), place / "home", options)()
        for number, name in enumerate(given.names or WAYS):
            if WAYS[name].clock and not machines.has_compiler():
                print(f"{name}: left out, as gcc is not there to shift the clock with", flush=True)
                continue
            begun = time.monotonic()
            run = Run(template, WAYS[name], place / f"w{number}", options)
            try:
                found = compare(home, run())
                text = told(found) or "the same"
            except RuntimeError as error:
                found, text = [], f"FAILED: {error}"
            differ += text != "the same"
            print(f"{name} ({time.monotonic() - begun:.0f} s): {text}", flush=True)
            if not given.keep:
                run.clear()
    finally:
        if not given.keep:
            shutil.rmtree(place, ignore_errors=True)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
