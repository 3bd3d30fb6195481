"""Run notebooks in worker processes with papermill, and export what they show.

A task is one notebook with its parameters; its outcome is a record, and for a report a page and a PDF.
A task that fails leaves a marked record and stops no other one. Notebooks learn where things lie from
environment variables alone, so that no record holds a path of this machine.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assess_lib import garbage
from assess_lib.errors import AssessError
from assess_lib.paths import SLICE_VARIABLE
from assess_lib.publish import hearth, lean
from assess_lib.publish.executors import Executor, Ground, LocalProcesses, Lost
from assess_lib.warm import client as warm
from assess_lib.warm import interrupts

START_TIMEOUT = 120  # seconds until a kernel answers, on a busy machine
_AHEAD = 32  # tasks that are worked out for each process: while all are busy, the caller finds out what is next
CELL_TIMEOUT = 600  # seconds that one cell may take
_LOOK_ROUND = 10  # seconds without an outcome until the batch asks whether anybody is still at work
NOTEBOOK_TIMEOUT = 1800  # seconds that a whole notebook may take

_KERNEL_SETTINGS = ("--HistoryManager.enabled=False",)

# Longer paths than this do not fit into the address of a Unix socket.
_LONGEST_RUNTIME = 60


@dataclass(frozen=True, slots=True)
class Task:
    """One notebook to run: ``name`` is where its outputs lie in the target folder, without an ending."""

    name: str
    notebook: str
    parameters: Mapping[str, Any]
    page: Mapping[str, Any] | None = None
    """What the page's template needs; None: a record alone, no page."""
    pdf: bool = False
    attached: Mapping[str, bytes] = field(default_factory=dict)
    """What the PDF carries as its data, by file name."""
    own: bytes = b""
    """The slice that a unit's report is made of: while it runs nothing else can be read. Blank: the whole set."""
    record: bytes = b""
    """The executed notebook, where it is there already and only its page is to be printed."""


@dataclass(frozen=True, slots=True)
class Made:
    """Files that a function of ``documents.PRODUCTS`` makes: its name, and whether PDFs are wanted."""

    name: str
    pdf: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a notebook failed: the exception's name and text, and the position of its cell (None: before any)."""

    ename: str
    evalue: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: its files in the target folder, and how many seconds each phase took.

    ``content`` holds the files on their way from the worker to the batch, which writes them; a failed notebook's
    marked record is among it, but not among ``files``.
    """

    name: str
    failure: Failure | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    content: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run that nobody has asked for yet will read and print, most of it as it is now."""

    raw: Path
    page: Path | None
    """The longest page with a PDF; None where no PDF is wanted."""


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a worker process needs to know once."""

    notebooks: Path
    runtime: Path
    environment: Mapping[str, str]
    places: Mapping[Path, str]
    expected: Expected | None = None


class Batch:
    """Runs notebooks of one folder in processes, and writes what comes out into one target folder.

    Use as a context manager; leaving it ends every process and removes the temporary folder.
    """

    def __init__(
        self,
        notebooks: Path,
        target: Path,
        *,
        environment: Mapping[str, str],
        places: Mapping[Path, str],
        jobs: int,
        elsewhere: Executor | None = None,
        expected: Expected | None = None,
    ) -> None:
        """Take the notebooks' folder, the (existing) target folder, the environment for the kernels,
        ``{folder: label}`` for paths that must not appear in records, the number of processes, what runs the tasks
        that carry their own data (None: the same processes), and what they can do while nobody waits (None: nothing).
        """
        self.target = target
        self._runtime = runtime_folder()
        self._here = processes(jobs, setup(notebooks.resolve(), self._runtime, environment, places, expected))
        self._elsewhere = elsewhere
        self._ending: threading.Thread | None = None
        self._here.warm_up()

    def get_ready(self) -> None:
        """Open the processes of this machine before there is a task, while the caller goes on."""
        self._here.get_ready()

    def end_meanwhile(self) -> None:
        """Begin to end the processes of this machine, while the caller goes on: no task comes any more."""
        self._ending = threading.Thread(target=self._here.stop, args=(False,))
        self._ending.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Who presses Ctrl-C twice would stop the clearing up.
        with interrupts.put_off(), contextlib.ExitStack() as ending:
            # The last one first, each whatever becomes of the others.
            ending.callback(clear, self._runtime)
            for executor in reversed(self._executors()):
                ending.callback(executor.stop, at_once=kind is not None)
            if self._ending is not None:
                self._ending.join()

    def run(
        self,
        tasks: Iterable[Task | Made],
        done: Callable[[Outcome], None] = lambda outcome: None,
        *,
        early: bool = False,
    ) -> list[Outcome]:
        """Run the tasks and return their outcomes in the order of the tasks; call ``done`` as each one ends.

        Tasks are taken as there is room for them, so that a long row of them need not be held in memory. ``early``
        tasks do not draw or print, and begin while what that takes is still being imported.
        """
        order: list[str] = []
        outcomes: dict[str, Outcome] = {}

        def finish(outcome: Outcome) -> None:
            outcomes[outcome.name] = self._write(outcome)
            done(outcomes[outcome.name])

        def noted() -> Iterator[Task | Made]:
            for task in tasks:
                order.append(task.name)
                yield task

        # Where a process died: find out, one by one, whose fault it was.
        for task in self._run_together(noted(), finish, early):
            self._here.stop(at_once=True)
            if self._run_together([task], finish, early):
                finish(Outcome(task.name, Failure("WorkerDied", "运行它的进程意外终止，可能是内存不足。")))
        return [outcomes[name] for name in order]

    def _run_together(
        self, tasks: Iterable[Task | Made], finish: Callable[[Outcome], None], early: bool
    ) -> list[Task | Made]:
        """Run tasks side by side; return those left over because the process that ran them died."""
        room = _AHEAD * sum(executor.slots for executor in self._executors())
        coming = iter(tasks)
        running: dict[Future[Outcome], Task | Made] = {}
        left: list[Task | Made] = []
        broken = False
        while True:
            for task in islice(coming, 0 if broken else room - len(running)):
                running[self._executor_of(task).submit(task, _imported_for(task, early))] = task
            if not running:
                if not broken:
                    return left
                self._here.stop(at_once=True)  # what comes next gets new processes
                broken = False
                continue
            ended = wait_for(running, timeout=_LOOK_ROUND, return_when=FIRST_COMPLETED).done
            if not ended:
                for executor in self._executors():
                    executor.check()
            for future in ended:
                task = running.pop(future)
                try:
                    finish(future.result())
                except Lost:
                    left.append(task)
                    broken = True

    def _executors(self) -> tuple[Executor, ...]:
        return (self._here,) if self._elsewhere is None else (self._here, self._elsewhere)

    def _executor_of(self, task: Task | Made) -> Executor:
        carries_its_data = isinstance(task, Task) and bool(task.own)
        return self._elsewhere if self._elsewhere is not None and carries_its_data else self._here

    def _write(self, outcome: Outcome) -> Outcome:
        """Write an outcome's files into the target folder, each for the first and only time."""
        for name, content in outcome.content.items():
            file = self.target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(file, "xb") as stream:
                stream.write(content)
        return replace(outcome, content={})


def _imported_for(task: Task | Made, early: bool) -> int:
    """Return how much of what is imported beforehand a task needs."""
    if early:
        return hearth.FOR_STAGES
    return hearth.FOR_UNITS if isinstance(task, Task) and task.own else hearth.FOR_ALL


def setup(
    notebooks: Path,
    runtime: Path,
    environment: Mapping[str, str],
    places: Mapping[Path, str],
    expected: Expected | None = None,
) -> _Setup:
    """Return what worker processes need to know: the folders, the kernels' environment, labels for paths in records,
    and what they can do while nobody waits."""
    return _Setup(notebooks, runtime, dict(environment), dict(places) | _own_places(runtime), expected)


def processes(jobs: int, given: _Setup) -> LocalProcesses:
    """Return worker processes of this machine."""
    ground = Ground(_environment(given), str(given.runtime))
    return LocalProcesses(jobs, ground, _run, _start_worker, given)


def runtime_folder() -> Path:
    """Make a private folder for sockets and connection files, with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="assess-")).resolve()
    if len(str(folder)) > _LONGEST_RUNTIME and Path("/tmp").is_dir():
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="assess-", dir="/tmp"))
    return folder


def clear(runtime: Path) -> None:
    """Remove the private folder; kernels whose worker was ended live on, and write there, for up to a second."""
    for _ in range(15):
        shutil.rmtree(runtime, ignore_errors=True)
        if not runtime.exists():
            return
        time.sleep(0.2)


def _own_places(runtime: Path) -> dict[Path, str]:
    """Return the folders of this installation, with the labels that stand for them in records."""
    return {
        runtime: "<临时文件夹>",
        Path(tempfile.gettempdir()): "<临时文件夹>",
        Path(sys.prefix): "<Python>",
        Path(sys.base_prefix): "<Python>",
        hearth.PACKAGE_PARENT: "<项目>",
        Path.home(): "~",
    }


# ---- in the worker process ------------------------------------------------------------------------------------

_setup: _Setup
_serial = itertools.count(1)


def _start_worker(setup: _Setup) -> None:
    """Prepare a worker process: quiet, alone with its own Jupyter settings, gone when its parent is gone."""
    global _setup
    _setup = setup
    forked = multiprocessing.parent_process() is None
    garbage.look_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    log = os.open(setup.runtime / f"worker-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):  # what kernels say outside of cells is kept, but not on the terminal
        os.dup2(log, stream)
    if not forked:  # a forked one was given its environment
        environment = _environment(setup)
        os.environ.clear()
        os.environ.update(environment)
    os.environ[SLICE_VARIABLE] = str(_own_slice())  # kernels inherit it from here
    tempfile.tempdir = None  # from now on the private folder: what is left in it goes with the batch
    if forked:  # and what this process has imported and read is what its kernels find; its keeper ends it
        if setup.expected:
            _read_beforehand(setup.expected.raw)
        warm.inherit_nursery(hearth.KERNELS, os.environ, _KERNEL_SETTINGS, str(setup.notebooks))
        if setup.expected and setup.expected.page:
            _print_beforehand(setup.expected.page)
    else:
        threading.Thread(target=_die_with_parent, daemon=True).start()
        with contextlib.suppress(warm.CannotFork):
            warm.open_nursery(hearth.KERNELS, os.environ)  # it imports while this process does
        lean.import_jupyter()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    # With black installed, papermill would write the parameters differently.
    sys.modules["black"] = None  # type: ignore[assignment]


def _read_beforehand(raw: Path) -> None:
    """Keep what the raw files hold: those that stay as they are need not be read again."""
    from assess_lib.pipeline import read_beforehand

    with contextlib.suppress(OSError, AssessError):  # whoever needs them will say what is wrong
        read_beforehand(raw)


def _print_beforehand(page: Path) -> None:
    """Print the page that stands: Typst remembers how it laid out what the next one has in common with it.

    It starts threads, so that nothing can be forked from this process afterwards.
    """
    from assess_lib.publish import export

    with contextlib.suppress(Exception):  # the next page does not depend on this one
        export.to_pdf(page.read_text(encoding="utf-8"))


def _own_slice() -> Path:
    """Return where this worker lays the slice of the unit whose report it is making."""
    return _setup.runtime / f"slice-{os.getpid()}.json"


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        warm.close_nursery()
        clear(_setup.runtime)
        os._exit(1)


def _environment(setup: _Setup) -> dict[str, str]:
    """Return the environment that worker and kernels get, and write the kernel that they use.

    A person's own Jupyter, IPython and matplotlib settings change nothing here.
    """
    return hearth.environment() | _own_environment(setup)


def _own_environment(setup: _Setup) -> dict[str, str]:
    spec, temporary = setup.runtime / "kernels" / "python3", setup.runtime / "t"
    spec.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *_KERNEL_SETTINGS]
    text = json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    own = spec / f"kernel-{os.getpid()}.tmp"
    own.write_text(text, encoding="utf-8")
    os.replace(own, spec / "kernel.json")
    return {
        "TMPDIR": str(temporary),
        "JUPYTER_PATH": str(setup.runtime),
        "JUPYTER_RUNTIME_DIR": str(setup.runtime / "r"),
        "JUPYTER_CONFIG_DIR": str(setup.runtime),
        "JUPYTER_DATA_DIR": str(setup.runtime),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(setup.runtime / "ipython"),
        **setup.environment,
    }


class _Watch:
    """Follow a run from inside: the live notebook and the cell it is at, kept when papermill gives up."""

    def __init__(self) -> None:
        self.notebook: Any = None
        self.cell: int | None = None
        self.started = 0.0

    def notebook_start(self, notebook: Any) -> None:
        self.notebook = notebook
        self.started = time.perf_counter()

    def cell_start(self, cell: Any, cell_index: int) -> None:
        self.cell = cell_index


def _transport() -> Any:
    """Return the kernel's way to talk: sockets in a private folder, without ports to collide on or to listen at.

    Jupyter's own default for the name of the sockets is the same for every kernel of a folder.
    """
    from traitlets.config import Config

    if os.name == "nt":
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": str(_setup.runtime / f"{os.getpid()}-{next(_serial)}")}})


@cache
def _loaded(notebook: Path) -> Any:
    """Return a notebook, read and checked once for all its reports."""
    from papermill.iorw import load_notebook_node

    return load_notebook_node(str(notebook))


def _execute(task: Task) -> tuple[Any, Failure | None, dict[str, float]]:
    """Run the task's notebook with papermill; return it as far as it went, why it failed, and the times.

    These are the steps of ``papermill.execute_notebook``, without the last one, which would write the notebook.
    """
    import nbformat
    from nbclient.exceptions import DeadKernelError
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors, remove_error_markers
    from papermill.parameterize import parameterize_notebook
    from papermill.utils import chdir

    from assess_lib.warm.engine import WarmEngine

    papermill_engines.register("warm", WarmEngine)  # also where the package is not installed
    kernel = {"engine_name": "warm", "kernel_name": "python3"}
    watch = _Watch()
    source: Any = nbformat.v4.new_notebook()  # stands for one that cannot be read
    failure: Failure | None = None
    begun = time.perf_counter()
    try:
        source = copy.deepcopy(_loaded(_setup.notebooks / task.notebook))
        source = parameterize_notebook(source, dict(task.parameters), **kernel)
        with chdir(str(_setup.notebooks)):
            notebook = papermill_engines.execute_notebook_with_engine(
                nb=source,
                **kernel,
                progress_bar=False,
                log_output=False,
                start_timeout=START_TIMEOUT,
                execution_timeout=CELL_TIMEOUT,
                shutdown_kernel="immediate",
                notebook_timeout=NOTEBOOK_TIMEOUT,
                warm_imports=hearth.KERNELS,
                at_once=True,
                coalesce_streams=True,
                record_timing=False,
                ipython_hist_file="",  # there is no history at all
                config=_transport(),
                on_notebook_start=watch.notebook_start,
                on_cell_start=watch.cell_start,
            )
        raise_for_execution_errors(notebook, None)
        failure = _hidden_exit(notebook)
    except PapermillExecutionError as error:
        notebook, failure = remove_error_markers(watch.notebook), Failure(error.ename, error.evalue, watch.cell)
    except Exception as error:  # a kernel that died or hung: no other notebook may suffer from it
        notebook = watch.notebook or source
        died = isinstance(error, DeadKernelError)
        failure = Failure("DeadKernelError" if died else type(error).__name__, _in_words(error), watch.cell)
    ended = time.perf_counter()
    started = watch.started or ended
    return notebook, failure, {"kernel": started - begun, "cells": ended - started}


def _in_words(error: Exception) -> str:
    """Say why a notebook was given up: how its kernel ended, or that it took too long."""
    from assess_lib.warm.engine import KernelEnded, NoReply, NotebookTimeoutError

    if isinstance(error, NotebookTimeoutError):
        return f"整个笔记本运行超过 {NOTEBOOK_TIMEOUT} 秒。"
    if isinstance(error, NoReply):
        return "单元格已经运行完，却没有说明结果如何。"
    if not isinstance(error, KernelEnded):
        return str(error)
    if error.code >= 0:
        return f"运行它的进程自行退出，退出码 {error.code}。"
    memory = "可能是内存不足。" if error.code == -signal.SIGKILL else ""
    return f"运行它的进程被信号 {-error.code}（{error.signal}）终止。{memory}"


def _hidden_exit(notebook: Any) -> Failure | None:
    """Find a cell that left by SystemExit: papermill calls ``SystemExit(0)`` a success, but cells were left out."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return Failure(output.ename, output.evalue, index)
    return None


def _run(task: Task | Made) -> Outcome:
    """Run one task in this worker."""
    if isinstance(task, Made):
        return _make(task)
    if task.record:
        return _print(task)
    if not task.own:
        return _run_notebook(task)
    _own_slice().write_bytes(task.own)
    try:
        return _run_notebook(task)
    finally:
        _own_slice().unlink()


def _make(task: Made) -> Outcome:
    """Let a function make its files."""
    from assess_lib.paths import PROCESSED_VARIABLE
    from assess_lib.publish import documents

    begun = time.perf_counter()
    try:
        files = documents.PRODUCTS[task.name].maker(Path(os.environ[PROCESSED_VARIABLE]), task.pdf)
    except (OSError, AssessError):  # the disk, a missing system library: not this document's fault
        raise
    except Exception as error:  # no other report may suffer from it
        return Outcome(task.name, Failure(type(error).__name__, str(error)))
    return Outcome(task.name, None, {task.name: time.perf_counter() - begun}, tuple(files), files)


def _run_notebook(task: Task) -> Outcome:
    """Execute a notebook, record it, export its page."""
    from assess_lib.publish import record

    scrub = record.Scrubber(_setup.places)
    notebook, failure, seconds = _execute(task)
    if failure is None:
        try:
            made = record.normalise(notebook, scrub, task.page)
            files = {f"{task.name}.ipynb": record.dump(made)}
            if task.page is not None:
                pages, times = _export(made, task)
                files, seconds = files | pages, seconds | times
            return Outcome(task.name, None, seconds, tuple(files), files)
        except (OSError, AssessError):  # the disk, a missing system library: not this notebook's fault
            raise
        except Exception as error:
            failure = Failure(type(error).__name__, f"生成网页或 PDF 时出错：{error}")
    marked = record.mark_failure(notebook, failure.cell, scrub.text(failure.evalue))
    made = record.normalise(marked, scrub, task.page)
    return Outcome(task.name, failure, seconds, (), {f"{task.name}.ipynb": record.dump(made)})


def _print(task: Task) -> Outcome:
    """Make the PDF of a record whose page is there already."""
    from assess_lib.publish import record

    try:
        pages, seconds = _export(record.load(task.record), task)
    except (OSError, AssessError):
        raise
    except Exception as error:
        return Outcome(task.name, Failure(type(error).__name__, f"生成 PDF 时出错：{error}"))
    files = {name: content for name, content in pages.items() if name.endswith(".pdf")}
    return Outcome(task.name, None, seconds, tuple(files), files)


def _export(notebook: Any, task: Task) -> tuple[dict[str, bytes], dict[str, float]]:
    """Return the page, and the PDF if asked for, by file name, and the seconds each took."""
    from assess_lib.publish import export

    begun = time.perf_counter()
    page = export.to_html(notebook)
    made = time.perf_counter()
    files, seconds = {f"{task.name}.html": page.encode()}, {"html": made - begun}
    if task.pdf:
        files[f"{task.name}.pdf"] = export.to_pdf(page, task.attached)
        seconds["pdf"] = time.perf_counter() - made
    return files, seconds
