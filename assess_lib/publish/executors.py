"""Where tasks run: the one small seam between a batch and processes of this machine, or workers elsewhere.

An executor takes tasks and gives futures; a task is plain data and carries what it needs as content, its outcome
carries files as bytes. It writes nothing itself, so that each file is written once, by the batch, whoever made it.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol

from assess_lib.publish import hearth
from assess_lib.warm import client as warm


class Lost(Exception):
    """The process that ran a task died; whose fault it was is not known."""


class Executor(Protocol):
    """Runs tasks; ``slots`` of them side by side."""

    @property
    def slots(self) -> int:
        """How many tasks run at a time."""

    def submit(self, task: Any, imported: int = hearth.FOR_ALL) -> Future[Any]:
        """Take a task; its future gives the outcome, or raises ``Lost`` or what the task raised.

        ``imported`` is how much of what is imported beforehand the task needs (``hearth.FOR_…``): it does not wait for
        the rest.
        """

    def check(self) -> None:
        """See that tasks are still being worked on. Raises EnvironmentFailure when nobody is there any more."""

    def stop(self, at_once: bool) -> None:
        """End everything; ``at_once`` does not wait for what is running."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What forked processes stand on: their environment, and a private folder that is to go when all have ended."""

    environment: Mapping[str, str]
    folder: str


class LocalProcesses:
    """Processes of this machine, started when they are first needed; each runs one task after another.

    Where it can be, they are forked from one process that has imported what all of them use; elsewhere each starts and
    imports for itself.
    """

    def __init__(
        self, slots: int, ground: Ground, run: Callable[[Any], Any], start: Callable[..., None], *given: Any
    ) -> None:
        """Take the number of processes, what they stand on, what runs a task in one, and what prepares one (with its
        arguments)."""
        self.slots = slots
        self._ground, self._first = ground, (run, start, given)
        self._own = threading.local()
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._stopping = False
        self._nursery: warm.Nursery | None = None
        self._workers: set[_Worker] = set()

    def warm_up(self) -> None:
        """Begin with the imports, while the caller goes on; without this the first task does."""
        with self._lock:
            if self._nursery is None:
                self._nursery = hearth.take()
                if self._nursery is not None:
                    self._nursery.remove_at_end(self._ground.folder)

    def get_ready(self) -> None:
        """Open all processes as soon as everything is imported, while the caller goes on."""
        threads = self._begin()
        for _ in range(self.slots):
            threads.submit(self._get_ready)

    def submit(self, task: Any, imported: int = hearth.FOR_ALL) -> Future[Any]:
        """Take a task."""
        threads = self._begin()
        outcome: Future[Any] = Future()
        threads.submit(self._work, task, imported).add_done_callback(lambda done: _hand_on(done, outcome))
        if imported == hearth.FOR_STAGES and self.slots > 1:
            threads.submit(self._get_ready)  # reports follow
        return outcome

    def _begin(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads, self._stopping = ThreadPoolExecutor(self.slots), False
        return self._threads

    def check(self) -> None:
        """Dead processes tell of themselves: ``Lost``."""

    def stop(self, at_once: bool) -> None:
        """End the processes."""
        threads, self._threads = self._threads, None
        self._stopping = at_once  # no process is started any more
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        if at_once:
            self._close_nursery()  # whoever waits for a process waits no longer
            for worker in self._opened():
                worker.kill()  # and whoever waits for its answer
        if threads is not None:
            threads.shutdown(wait=True)
        for worker in self._opened():
            worker.kill()  # all, before any is waited for
        for worker in self._opened():
            worker.end()
        self._workers.clear()
        self._close_nursery()

    def _opened(self) -> tuple[_Worker, ...]:
        with self._lock:
            return tuple(self._workers)

    def _close_nursery(self) -> None:
        with self._lock:
            nursery, self._nursery = self._nursery, None
        if nursery is not None:
            nursery.close()

    def _work(self, task: Any, imported: int) -> Any:
        """Have this thread's process run a task. Raises ``Lost`` when the process dies, or what the task raised."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None or not worker.fits(imported):
            if worker is not None:
                worker.end()
            worker = self._own.worker = self._open(imported)
        try:
            error, value = worker.ask(task)
        except (OSError, EOFError):
            worker.end()
            raise Lost from None
        if error is not None:
            raise error
        return value

    def _get_ready(self) -> None:
        """Open this thread's process before it has a task, with all imports: what comes next wants them."""
        if getattr(self._own, "worker", None) is None:
            self._own.worker = self._open(hearth.FOR_ALL)

    def _open(self, imported: int) -> _Worker:
        if self._stopping:
            raise Lost
        self.warm_up()
        nursery = self._nursery
        try:
            worker = _Worker.forked(nursery, self._ground, imported) if nursery else _Worker.spawned()
        except warm.CannotFork:
            if self._nursery is not nursery:
                raise Lost from None  # it was closed: everything is to stop
            worker = _Worker.spawned()
        with self._lock:
            self._workers.add(worker)
        with suppress(OSError):  # it is dead: the task is lost
            worker.line.send(self._first)
        return worker


class _Worker:
    """A process that runs tasks, and the line to it."""

    def __init__(self, line: Connection[Any, Any], process: Any, imported: int = hearth.FOR_ALL) -> None:
        self.line, self._process, self._imported = line, process, imported
        self._ended = False

    @classmethod
    def forked(cls, nursery: warm.Nursery, ground: Ground, imported: int) -> _Worker:
        """Fork a process. Raises CannotFork."""
        call = f"{serve_socket.__module__}:{serve_socket.__name__}"
        process, line = nursery.fork([], "/", ground.environment, wire=True, call=call, later=imported)
        return cls(Connection(line.detach()), process, process.later)

    @classmethod
    def spawned(cls) -> _Worker:
        """Start a process that imports for itself."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs,))
        process.start()
        theirs.close()
        return cls(ours, process)

    def fits(self, imported: int) -> bool:
        """Tell whether a task may be given to it: it lives, and has all imports that the task wants."""
        return not self._ended and self._imported >= imported and self._lives()

    def _lives(self) -> bool:
        if isinstance(self._process, warm.Forked):
            return self._process.poll() is None
        return bool(self._process.is_alive())

    def ask(self, task: Any) -> tuple[Exception | None, Any]:
        """Have a task run; return what it raised, or its outcome. Raises OSError, EOFError when the process dies."""
        self.line.send(task)
        answer: tuple[Exception | None, Any] = self.line.recv()
        return answer

    def kill(self) -> None:
        """End the process; whoever waits for its answer learns of it."""
        self._process.kill()

    def end(self) -> None:
        """End the process and what came from it, and close the line: by whom no other waits for an answer."""
        if not self._ended:
            self._ended = True
            self._process.kill()
            if isinstance(self._process, warm.Forked):
                self._process.close()
            else:
                self._process.join()
            self.line.close()


def _hand_on(done: Future[Any], outcome: Future[Any]) -> None:
    """Hand a result on; a task that was dropped is ``Lost``."""
    if done.cancelled():
        outcome.set_exception(Lost())
    elif (error := done.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())


# ---- in the process ---------------------------------------------------------------------------------------------


def serve_socket(connection: socket.socket) -> None:
    """Be a forked process that runs tasks, at this socket."""
    serve(Connection(connection.detach()))


def serve(line: Connection[Any, Any]) -> None:
    """Run tasks as they come, until the other side is gone."""
    with suppress(EOFError, OSError):
        run, start, given = line.recv()
        start(*given)
        while True:
            line.send(_outcome(run, line.recv()))


def _outcome(run: Callable[[Any], Any], task: Any) -> tuple[Exception | None, Any]:
    try:
        return None, run(task)
    except Exception as error:
        return error, None
