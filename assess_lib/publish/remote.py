"""Units' reports made by the workers of a Dask cluster (``assess run --scheduler``).

Dask is an extra, imported here alone. A worker needs this software and nothing else: what a report is made of travels
with its task, as plain data, and the files come back as bytes. No disk is shared. Where a worker is lost, Dask gives
its tasks to another one; a file is written when its outcome arrives, once. Whoever may talk to a scheduler can run
programs on its workers, and Dask's own parties trust one another: the scheduler's network must be closed to others
(README: Beyond one machine).
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from assess_lib.errors import AssessError, EnvironmentFailure
from assess_lib.publish import batch, hearth
from assess_lib.publish.batch import Failure, Outcome, Task
from assess_lib.publish.executors import LocalProcesses, Lost
from assess_lib.publish.reuse import key_of

_REACH = 10  # seconds until a scheduler must answer and have a worker
_ALONE = 60  # seconds that a batch waits for a worker when all are gone
_TALKATIVE = ("distributed", "tornado")  # loggers of Dask and of its network library


@dataclass(frozen=True, slots=True)
class Parcel:
    """A task on its way: by which software it must be made, the notebook, the task."""

    software: str
    notebook: bytes
    task: Task


class DaskWorkers:
    """The workers of a cluster as an executor."""

    def __init__(self, address: str, notebook: bytes) -> None:
        """Reach the scheduler. Takes its address and the notebook of all tasks to come.

        Raises EnvironmentFailure when Dask is not installed, or no scheduler with a worker answers there.
        """
        try:
            from distributed import Client
            from distributed.scheduler import KilledWorker
        except ImportError as error:
            raise EnvironmentFailure(
                "没有安装 Dask，不能用 --scheduler。请运行 make setup 重新安装，或去掉 --scheduler，由本机出报告。"
            ) from error
        _keep_quiet()
        self._address, self._notebook, self._killed = address, notebook, KilledWorker
        self._software = key_of("software")
        self._alone_since: float | None = None
        client: Any = None
        try:
            client = _within_reach(lambda: Client(address, timeout=_REACH, set_as_default=False))  # type: ignore[no-untyped-call]
            client.wait_for_workers(1, timeout=_REACH)
        except Exception as error:  # whatever the network answers
            if client is not None:
                with suppress(Exception):
                    client.close(timeout=_REACH)
                told = f"Dask 调度器 {address} 没有工作机。请先启动工作机（dask worker {address}）"
            else:
                told = f"连不上 Dask 调度器 {address}。请核对地址（例如 tcp://127.0.0.1:8786）和网络，确认它已经启动"
            raise EnvironmentFailure(f"{told}，或去掉 --scheduler，由本机出报告。") from error
        self._client = client
        self._pool = client.get_executor(pure=False)

    @property
    def slots(self) -> int:
        """How many tasks the workers run at a time. Raises EnvironmentFailure when the scheduler is gone."""
        try:
            threads: dict[str, int] = self._client.nthreads()
        except Exception as error:  # whatever the network answers
            raise self._cut_off(error) from error
        return max(1, sum(threads.values()))

    def submit(self, task: Task, imported: int = 0) -> Future[Any]:
        """Send a task; a task that killed several workers comes back as failed.

        Its future raises EnvironmentFailure when the scheduler is gone, or a worker refuses it.
        """
        outcome: Future[Any] = Future()
        try:
            sent = self._pool.submit(make, Parcel(self._software, self._notebook, task))
        except Exception as error:  # the client gave the scheduler up
            outcome.set_exception(self._cut_off(error))
            return outcome
        sent.add_done_callback(lambda done: self._hand_on(done, task, outcome))
        return outcome

    def _hand_on(self, done: Future[Any], task: Task, outcome: Future[Any]) -> None:
        try:
            outcome.set_result(done.result())
        except self._killed:
            outcome.set_result(Outcome(task.name, Failure("WorkerDied", "运行它的几台工作机先后意外终止。")))
        except AssessError as error:
            outcome.set_exception(error)
        except (Exception, CancelledError) as error:
            outcome.set_exception(self._cut_off(error))

    def _cut_off(self, error: BaseException) -> EnvironmentFailure:
        """Say that the scheduler is gone, of which Dask told in its own way."""
        failure = EnvironmentFailure(
            f"与 Dask 调度器 {self._address} 的连接断开，报告没有更新（{type(error).__name__}）。请检查后重新运行。"
        )
        failure.__cause__ = error
        return failure

    def check(self) -> None:
        """See that somebody is there to work. Raises EnvironmentFailure when all workers have been gone for a while."""
        try:
            present = bool(self._client.nthreads())
        except Exception:  # the scheduler is away: its tasks will tell
            return
        now = time.monotonic()
        self._alone_since = None if present else self._alone_since or now
        if self._alone_since is not None and now - self._alone_since > _ALONE:
            raise EnvironmentFailure(
                f"Dask 调度器 {self._address} 的工作机都已离开，报告没有更新。请启动工作机后重新运行。"
            )

    def stop(self, at_once: bool) -> None:
        """Leave the cluster; what is still running is dropped. A scheduler that is gone need not be left."""
        with suppress(Exception):
            self._pool.shutdown(wait=False)
        with suppress(Exception):
            self._client.close(timeout=_REACH)


def _within_reach(connect: Callable[[], Any]) -> Any:
    """Return what ``connect`` returns, or raise what it raises; raise TimeoutError when it takes too long.

    Dask bounds the time until a service accepts, not until it says that it is a scheduler: one that accepts and is
    silent would be waited for without end. The thread that waits on is left behind; it ends with this process.
    """
    reached: Future[Any] = Future()

    def attempt() -> None:
        try:
            reached.set_result(connect())
        except BaseException as error:
            reached.set_exception(error)

    threading.Thread(target=attempt, daemon=True).start()
    return reached.result(timeout=_REACH)


def _keep_quiet() -> None:
    """Keep Dask's log, with its tracebacks, off the terminal: what goes wrong is told in words.

    Importing Dask gives several of its loggers a level of their own, so that each has to be told.
    """
    for name in {*_TALKATIVE, *logging.root.manager.loggerDict}:
        if name.partition(".")[0] in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


# ---- in the Dask worker -----------------------------------------------------------------------------------------

_lock = threading.Lock()
_processes: dict[str, tuple[LocalProcesses, Path]] = {}


def make(parcel: Parcel) -> Outcome:
    """Make a report in a process of this worker's machine, prepared as those of a local batch are.

    A process that dies is replaced by itself; those of the worker's other threads are left alone. Raises
    EnvironmentFailure for a task of other software.
    """
    if parcel.software != key_of("software"):
        raise EnvironmentFailure(
            "工作机上的软件（程序、Python 或依赖的版本）与本机不同，报告没有更新。请装成相同版本。"
        )
    for _ in range(2):  # a process may die of no fault of its task: each one gets a second chance
        with _lock:
            outcome = _own_processes(parcel).submit(parcel.task, hearth.FOR_UNITS)
        try:
            made: Outcome = outcome.result()
            return made
        except Lost:
            continue
    return Outcome(parcel.task.name, Failure("WorkerDied", "运行它的进程意外终止，可能是内存不足。"))


def _own_processes(parcel: Parcel) -> LocalProcesses:
    """Return this worker's processes for a notebook; they start when the first task comes."""
    kind = sha256(parcel.notebook).hexdigest()
    if kind not in _processes:
        # A nanny marks its worker as a daemon, which may start no process; ours see by themselves when it ends.
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
        runtime = batch.runtime_folder()
        notebooks = runtime / "notebooks"
        notebooks.mkdir()
        (notebooks / parcel.task.notebook).write_bytes(parcel.notebook)
        setup = batch.setup(notebooks, runtime, {}, {notebooks: "<笔记本>"})
        _processes[kind] = (batch.processes(os.cpu_count() or 1, setup), runtime)
        atexit.register(_close, kind)
    return _processes[kind][0]


def _close(kind: str) -> None:
    processes, runtime = _processes.pop(kind)
    processes.stop(at_once=True)
    batch.clear(runtime)
