"""Where tasks run: the one small seam between a batch and processes of this machine, or workers elsewhere.

An executor takes tasks and gives futures; a task is plain data and carries what it needs as content, its outcome
carries files as bytes. It writes nothing itself, so that each file is written once, by the batch, whoever made it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol


class Lost(Exception):
    """The process that ran a task died; whose fault it was is not known."""


class Executor(Protocol):
    """Runs tasks; ``slots`` of them side by side."""

    @property
    def slots(self) -> int:
        """How many tasks run at a time."""

    def submit(self, task: Any) -> Future[Any]:
        """Take a task; its future gives the outcome, or raises ``Lost`` or what the task raised."""

    def check(self) -> None:
        """See that tasks are still being worked on. Raises EnvironmentFailure when nobody is there any more."""

    def stop(self, at_once: bool) -> None:
        """End everything; ``at_once`` does not wait for what is running."""


class LocalProcesses:
    """Processes of this machine, started when they are first needed."""

    def __init__(self, slots: int, run: Callable[[Any], Any], start: Callable[..., None], *given: Any) -> None:
        """Take the number of processes, what runs a task in one, and what prepares one (with its arguments)."""
        self.slots = slots
        self._run, self._start, self._given = run, start, given
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, task: Any) -> Future[Any]:
        """Take a task; a pool that broke is replaced."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=self.slots,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=self._start,
                initargs=self._given,
            )
        outcome: Future[Any] = Future()
        try:
            inner = self._pool.submit(self._run, task)
        except BrokenProcessPool:
            outcome.set_exception(Lost())
            return outcome
        inner.add_done_callback(lambda done: _hand_on(done, outcome))
        return outcome

    def check(self) -> None:
        """Dead processes tell of themselves: ``Lost``."""

    def stop(self, at_once: bool) -> None:
        """End the processes."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        workers = list((pool._processes or {}).values()) if at_once else []
        for worker in workers:
            worker.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _hand_on(done: Future[Any], outcome: Future[Any]) -> None:
    """Hand a result on; a process that died is ``Lost``, whatever executor it was of."""
    if done.cancelled():
        outcome.set_exception(Lost())
        return
    error = done.exception()
    if isinstance(error, BrokenProcessPool):
        outcome.set_exception(Lost())
    elif error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())
