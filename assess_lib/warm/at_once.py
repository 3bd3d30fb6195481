"""papermill's client for a forked kernel that is given all cells of a notebook at once.

A client that asks for one cell after the other exchanges five messages for each, and each waits for the other. Here the
kernel goes on by itself and sends what the cells show, and a reply for each. What makes outputs of it, what is an error
and what is too long are nbclient's own code.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from queue import Empty
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import nbbase
from papermill.clientwrap import PapermillNotebookClient

from assess_lib.warm import wire
from assess_lib.warm.manager import WiredClient


def _complete(complete: Callable[..., Any], cell: Any, **named: Any) -> None:
    """Let papermill note that a cell has ended, but for the duration: it reads its own time stamp the slow way."""
    noted = cell.metadata.papermill
    started = noted.pop("start_time", None)
    complete(cell, **named)
    if started is not None:
        noted.start_time = started
        noted.duration = (datetime.fromisoformat(noted.end_time) - datetime.fromisoformat(started)).total_seconds()


@contextmanager
def _outputs_unchecked() -> Iterator[None]:
    """Let nbformat make outputs without checking each by itself: whoever takes the notebook checks it as a whole."""
    check = nbbase.validate
    nbbase.validate = lambda *_: None
    try:
        yield
    finally:
        nbbase.validate = check


class NoReply(DeadKernelError):
    """A cell ended, and what became of it was never said."""


class AtOnceClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client; with an ordinary kernel it asks for one cell after the other."""

    _index = 0

    def papermill_execute_cells(self) -> None:
        """Run the notebook."""
        if isinstance(self.kc, WiredClient):
            self.kc.hand_over(
                (cell.source, not self._allows_errors(cell)) for cell in self.nb.cells if self._runs(cell)
            )
        self.nb_man.cell_complete = partial(_complete, self.nb_man.cell_complete)
        with _outputs_unchecked():
            super().papermill_execute_cells()

    def _runs(self, cell: Any) -> bool:
        tags = cell.metadata.get("tags", [])
        return cell.cell_type == "code" and bool(cell.source.strip()) and self.skip_cells_with_tag not in tags

    def _allows_errors(self, cell: Any) -> bool:
        allowed = self.allow_errors or "raises-exception" in cell.metadata.get("tags", [])
        return bool(allowed and not self.force_raise_errors)

    async def _async_poll_kernel_alive(self) -> None:
        if isinstance(self.kc, WiredClient):
            await asyncio.Future()  # its end is the end of the line, which is noticed there
        await super()._async_poll_kernel_alive()

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        if isinstance(self.kc, WiredClient):
            self._index = cell_index
        else:
            await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)

    async def _async_poll_for_reply(
        self, msg_id: str, cell: Any, timeout: Any, task_poll_output_msg: Any, task_poll_kernel_alive: Any
    ) -> Any:
        if not isinstance(self.kc, WiredClient):
            return await super()._async_poll_for_reply(
                msg_id, cell, timeout, task_poll_output_msg, task_poll_kernel_alive
            )
        await task_poll_output_msg
        cell["execution_count"] = self.code_cells_executed  # as the kernel counts
        try:
            return await self._await_in_time(self.kc, msg_id, cell, timeout)
        except EOFError:
            self.km.await_end()
            raise DeadKernelError("Kernel died") from None
        finally:
            task_poll_kernel_alive.cancel()

    async def _await_in_time(self, client: WiredClient, msg_id: str, cell: Any, timeout: Any) -> Any:
        """Return the reply to a cell; one that takes too long is an error, or is interrupted and given as long again.

        What a cell shows that is interrupted belongs to it, also when nbclient is told what its reply is to be.
        """
        told = None
        while True:
            seconds = timeout if told is None else self.iopub_timeout
            try:
                reply = self._await_reply(client, msg_id, cell, None if seconds is None else time.monotonic() + seconds)
            except Empty:
                if told is not None:
                    raise CellTimeoutError.error_from_timeout_and_cell(
                        "Timeout waiting for IOPub output", self.iopub_timeout, cell
                    ) from None
                await self._async_check_alive()
                told = await self._async_handle_timeout(timeout, cell)
            else:
                return reply if told is None else told

    def _await_reply(self, client: WiredClient, msg_id: str, cell: Any, deadline: float | None) -> Any:
        """Take in what the cell shows until it has ended; return the reply. Raises DeadKernelError if there is none."""
        reply = None
        while True:
            channel, message = client.next(deadline)
            if channel == wire.DONE:
                if not message["msg_id"]:
                    raise EOFError  # the kernel gave its cells up
                if message["msg_id"] == msg_id:
                    if reply is None:  # an ordinary kernel would never be heard of again
                        raise NoReply("Kernel gave no reply")
                    return reply
            elif message["parent_header"].get("msg_id") != msg_id:
                continue  # what an earlier cell shows after its end, nbclient does not show either
            elif channel == wire.SHELL:
                reply = message
                cell["execution_count"] = message["content"].get("execution_count")
            else:
                self.process_message(message, cell, self._index)
