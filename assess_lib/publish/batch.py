"""Run notebooks in worker processes with papermill, and export what they show.

A task is one notebook with its parameters; its outcome is a record, and for a report a page and a PDF.
A task that fails leaves a marked record and stops no other one. Notebooks learn where things lie from
environment variables alone, so that no record holds a path of this machine.
"""

from __future__ import annotations

import itertools
import json
import logging
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assess_lib.errors import AssessError

PACKAGE_PARENT = Path(__file__).resolve().parents[2]

START_TIMEOUT = 120  # seconds until a kernel answers, on a busy machine
CELL_TIMEOUT = 600  # seconds that one cell may take

# Longer paths than this do not fit into the address of a Unix socket.
_LONGEST_RUNTIME = 60
# How a person's settings reach Python, Jupyter, the figures and the PDF. Workers and kernels get none of them, but
# what says where packages lie.
_SETTINGS = re.compile(
    "(PYTHON(?!PATH|HOME|USERBASE|NOUSERSITE|SAFEPATH|PYCACHEPREFIX|DONTWRITEBYTECODE)|JUPYTER|IPYTHON|MPL|MATPLOTLIB|"
    "PANDAS_|ARROW_|FONTCONFIG|FC_|FREETYPE_|PANGO|HB_|LC_|LANG).*"
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


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
    """What became of a task: the files it left in the target folder, and how many seconds each phase took."""

    name: str
    failure: Failure | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a worker process needs to know once."""

    notebooks: Path
    target: Path
    runtime: Path
    environment: Mapping[str, str]
    places: Mapping[Path, str]


class Batch:
    """A pool of worker processes that run notebooks of one folder into one target folder.

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
        handed: Mapping[str, str] | None = None,
    ) -> None:
        """Take the notebooks' folder, the (existing) target folder, the environment for the kernels,
        ``{folder: label}`` for paths that must not appear in records, the number of processes, and
        ``{environment variable: file}`` of what ``hand_over`` will give to the kernels."""
        self.target = target
        self._jobs = jobs
        self._runtime = _runtime_folder()
        self._setup = _Setup(
            notebooks.resolve(),
            target.resolve(),
            self._runtime,
            dict(environment) | {name: str(self._runtime / file) for name, file in (handed or {}).items()},
            dict(places) | _own_places(self._runtime),
        )
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop(at_once=kind is not None)
        _clear(self._runtime)

    def hand_over(self, file: str, content: bytes) -> None:
        """Lay a file where the kernels find it by its environment variable; it goes with the batch."""
        (self._runtime / file).write_bytes(content)

    def run(
        self, tasks: Iterable[Task | Made], done: Callable[[Outcome], None] = lambda outcome: None
    ) -> list[Outcome]:
        """Run the tasks and return their outcomes in the order of the tasks; call ``done`` as each one ends."""
        tasks = list(tasks)
        outcomes: dict[str, Outcome] = {}

        def finish(outcome: Outcome) -> None:
            outcomes[outcome.name] = outcome
            done(outcome)

        left = self._run_together(tasks, finish)
        for task in left:  # a worker process died: find out, one by one, whose fault it was
            if self._run_together([task], finish, jobs=1):
                finish(Outcome(task.name, Failure("WorkerDied", "运行它的进程意外终止，可能是内存不足。")))
        return [outcomes[task.name] for task in tasks]

    def _run_together(
        self, tasks: Sequence[Task | Made], finish: Callable[[Outcome], None], jobs: int | None = None
    ) -> list[Task | Made]:
        """Run tasks side by side; return those left over because a worker process died."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=jobs or self._jobs,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(self._setup,),
            )
        left: list[Task | Made] = []
        try:
            futures: dict[Future[Outcome], Task | Made] = {self._pool.submit(_run, task): task for task in tasks}
        except BrokenProcessPool:
            self._stop(at_once=True)
            return list(tasks)
        for future in as_completed(futures):
            try:
                finish(future.result())
            except BrokenProcessPool:
                left.append(futures[future])
        if left:
            self._stop(at_once=True)
        return sorted(left, key=tasks.index)

    def _stop(self, at_once: bool) -> None:
        """End the worker processes; ``at_once`` does not wait for what they are doing."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        workers = list((pool._processes or {}).values()) if at_once else []
        for worker in workers:
            worker.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _runtime_folder() -> Path:
    """Make a private folder for sockets and connection files, with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="assess-")).resolve()
    if len(str(folder)) > _LONGEST_RUNTIME and Path("/tmp").is_dir():
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="assess-", dir="/tmp"))
    return folder


def _clear(runtime: Path) -> None:
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
        PACKAGE_PARENT: "<项目>",
        Path.home(): "~",
    }


# ---- in the worker process ------------------------------------------------------------------------------------

_setup: _Setup
_serial = itertools.count(1)


def _start_worker(setup: _Setup) -> None:
    """Prepare a worker process: quiet, alone with its own Jupyter settings, gone when its parent is gone."""
    global _setup
    _setup = setup
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_die_with_parent, daemon=True).start()
    log = os.open(setup.runtime / f"worker-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):  # what kernels say outside of cells is kept, but not on the terminal
        os.dup2(log, stream)
    for name in [name for name in os.environ if _SETTINGS.fullmatch(name)]:
        del os.environ[name]
    os.environ.update(_kernel_environment(setup))
    tempfile.tempdir = None  # from now on the private folder: what is left in it goes with the batch
    logging.getLogger("papermill").setLevel(logging.ERROR)
    from assess_lib.publish import kernels

    kernels.open_nursery()
    # With black installed, papermill would write the parameters differently.
    sys.modules["black"] = None  # type: ignore[assignment]


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        from assess_lib.publish import kernels

        kernels.close_nursery()
        _clear(_setup.runtime)
        os._exit(1)  # the kernels watch their parent in the same way


def _kernel_environment(setup: _Setup) -> dict[str, str]:
    """Return the environment that worker and kernels get, and write the kernel that they use.

    A person's own Jupyter, IPython and matplotlib settings change nothing here.
    """
    spec, temporary = setup.runtime / "kernels" / "python3", setup.runtime / "t"
    spec.mkdir(parents=True, exist_ok=True)
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    text = json.dumps({"argv": command, "display_name": "Python 3", "language": "python"})
    own = spec / f"kernel-{os.getpid()}.tmp"
    own.write_text(text, encoding="utf-8")
    os.replace(own, spec / "kernel.json")
    (setup.runtime / "matplotlibrc").touch()
    earlier = os.environ.get("PYTHONPATH", "")
    return {
        "TMPDIR": str(temporary),
        "JUPYTER_PATH": str(setup.runtime),
        "JUPYTER_RUNTIME_DIR": str(setup.runtime / "r"),
        "JUPYTER_CONFIG_DIR": str(setup.runtime),
        "JUPYTER_DATA_DIR": str(setup.runtime),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(setup.runtime / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        # The kernel computes with the very library that runs the batch.
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE_PARENT), earlier))),
        "MATPLOTLIBRC": str(setup.runtime / "matplotlibrc"),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **dict.fromkeys(_ONE_THREAD, "1"),
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


def _execute(task: Task) -> tuple[Any, Failure | None, dict[str, float]]:
    """Run the task's notebook with papermill; return it as far as it went, why it failed, and the times."""
    import nbformat
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook, remove_error_markers

    from assess_lib.publish.kernels import WarmKernelManager

    source = nbformat.read(_setup.notebooks / task.notebook, as_version=4)
    watch = _Watch()
    failure: Failure | None = None
    begun = time.perf_counter()
    try:
        notebook = execute_notebook(
            source,
            None,
            parameters=dict(task.parameters),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            start_timeout=START_TIMEOUT,
            execution_timeout=CELL_TIMEOUT,
            shutdown_kernel="immediate",
            kernel_manager_class=WarmKernelManager,
            coalesce_streams=True,
            config=_transport(),
            cwd=_setup.notebooks,
            on_notebook_start=watch.notebook_start,
            on_cell_start=watch.cell_start,
        )
        failure = _hidden_exit(notebook)
    except PapermillExecutionError as error:
        notebook, failure = remove_error_markers(watch.notebook), Failure(error.ename, error.evalue, watch.cell)
    except Exception as error:  # a kernel that died or hung: no other notebook may suffer from it
        notebook = watch.notebook or source
        failure = Failure(type(error).__name__, str(error), watch.cell)
    ended = time.perf_counter()
    started = watch.started or ended
    return notebook, failure, {"kernel": started - begun, "cells": ended - started}


def _hidden_exit(notebook: Any) -> Failure | None:
    """Find a cell that left by SystemExit: papermill calls ``SystemExit(0)`` a success, but cells were left out."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return Failure(output.ename, output.evalue, index)
    return None


def _run(task: Task | Made) -> Outcome:
    """Run one task in this worker."""
    return _make(task) if isinstance(task, Made) else _run_notebook(task)


def _make(task: Made) -> Outcome:
    """Let a function make its files and write them into the target folder."""
    from assess_lib.paths import PROCESSED_VARIABLE
    from assess_lib.publish import documents

    begun = time.perf_counter()
    try:
        files = documents.PRODUCTS[task.name].maker(Path(os.environ[PROCESSED_VARIABLE]), task.pdf)
    except (OSError, AssessError):  # the disk, a missing system library: not this document's fault
        raise
    except Exception as error:  # no other report may suffer from it
        return Outcome(task.name, Failure(type(error).__name__, str(error)))
    for name, content in files.items():
        target = _setup.target / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return Outcome(task.name, None, {task.name: time.perf_counter() - begun}, tuple(files))


def _run_notebook(task: Task) -> Outcome:
    """Execute a notebook, record it, export its page."""
    from assess_lib.publish import record

    scrub = record.Scrubber(_setup.places)
    notebook, failure, seconds = _execute(task)
    target = _setup.target / task.name
    target.parent.mkdir(parents=True, exist_ok=True)
    record_file = target.with_name(target.name + ".ipynb")
    if failure is None:
        try:
            made = record.normalise(notebook, scrub, task.page)
            record.write(made, record_file)
            endings: tuple[str, ...] = (".ipynb",)
            if task.page is not None:
                seconds |= _export(made, target, task)
                endings += (".html", ".pdf") if task.pdf else (".html",)
            return Outcome(task.name, None, seconds, tuple(task.name + ending for ending in endings))
        except (OSError, AssessError):  # the disk, a missing system library: not this notebook's fault
            raise
        except Exception as error:
            failure = Failure(type(error).__name__, f"生成网页或 PDF 时出错：{error}")
    made = record.normalise(record.mark_failure(notebook, failure.cell), scrub, task.page)
    record.write(made, record_file)
    return Outcome(task.name, failure, seconds)


def _export(notebook: Any, target: Path, task: Task) -> dict[str, float]:
    """Write the page, and the PDF if asked for, beside the record; return the seconds each took."""
    from assess_lib.publish import export

    begun = time.perf_counter()
    page = export.to_html(notebook)
    target.with_name(target.name + ".html").write_text(page, encoding="utf-8", newline="\n")
    made = time.perf_counter()
    seconds = {"html": made - begun}
    if task.pdf:
        target.with_name(target.name + ".pdf").write_bytes(export.to_pdf(page, task.attached))
        seconds["pdf"] = time.perf_counter() - made
    return seconds
