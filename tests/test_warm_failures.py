"""Forked kernels when something goes wrong in a cell: as in an ordinary kernel, and nothing is lost without a word."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from papermill.engines import papermill_engines
from test_warm_kernels import as_outside_pytest, notebook, quiet, text, with_metadata

from assess_lib.warm import client, wire
from assess_lib.warm.engine import NotebookTimeoutError
from assess_lib.warm.manager import _Connection

__all__ = ["quiet"]  # the fixture that keeps a person's settings away holds here too

pytestmark = pytest.mark.skipif(not client.possible(), reason="kernels are forked on Linux alone")

MODES = ("ordinary", "wired", "at once")
FORKED = MODES[1:]


def run(mode: str, *sources: str, **options: Any) -> nbformat.NotebookNode:
    """Run a notebook of these cells in one of the ways, each cell in a minute at most; errors end nothing."""
    as_outside_pytest()
    options = {"allow_errors": True, "execution_timeout": 60, "shutdown_kernel": "immediate", **options}
    if mode != "ordinary":
        options = {"warm_imports": ("numpy",), **options}
    if mode == "at once":
        options["at_once"] = True
    return papermill_engines.execute_notebook_with_engine(
        None if mode == "ordinary" else "warm",
        with_metadata(notebook(*sources)),
        "python3",
        progress_bar=False,
        **options,
    )


def values(made: nbformat.NotebookNode) -> list[str | None]:
    """Return each cell's value, as text."""
    found = []
    for cell in made.cells:
        results = [one.data["text/plain"] for one in cell.outputs if one.output_type == "execute_result"]
        found.append(results[0] if results else None)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_what_cannot_be_sent_is_an_error_that_is_seen(mode: str) -> None:
    """A printed lone surrogate, as in names of odd files, is told of in the cell's errors; the notebook goes on."""
    made = run(mode, r"print('a\ud800b')", "1 + 1")
    assert {output.name for output in made.cells[0].outputs} == {"stderr"}
    assert "Uncaught exception in ZMQStream callback" in text(made)
    assert "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800'" in text(made)
    assert values(made) == [None, "2"]


@pytest.mark.parametrize("allow_errors", [True, False], ids=["errors allowed", "not allowed"])
def test_a_cell_without_a_reply_is_no_success(allow_errors: bool) -> None:
    """A reply that cannot be sent fails the notebook; an ordinary kernel would keep it waiting for ever."""
    with pytest.raises(DeadKernelError, match="no reply"):
        run("at once", r"get_ipython().set_next_input('\ud800')", "1", allow_errors=allow_errors)


BROKEN_OFF = """
    import signal
    class Late(Exception): pass
    def late(*_): raise Late
    signal.signal(signal.SIGALRM, late)
    for n in range(30):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.01 + n * 0.0007)
            while True: print('y' * 200000, flush=True)
        except Late: pass
"""


@pytest.mark.parametrize("mode", FORKED)
def test_a_handler_that_raises_while_the_kernel_prints_spoils_nothing(mode: str) -> None:
    """Printing that a timer breaks off, again and again, loses no message that follows."""
    made = run(mode, BROKEN_OFF, "2 + 2")
    assert set(text(made)) == {"y", "\n"}
    assert values(made) == [None, "4"]


@pytest.mark.parametrize("mode", FORKED)
def test_a_handler_may_print_while_the_kernel_prints(mode: str) -> None:
    """What a timer's handler prints in the middle of printing arrives, and so does what was being printed."""
    cell = """
        import signal, time
        rings = []
        def ring(*_): rings.append(1); print('r', flush=True)
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        for n in range(300): print('y' * 20000, flush=True)
        signal.setitimer(signal.ITIMER_REAL, 0)
    """
    made = run(mode, cell, "len(rings)", "2 + 2")
    assert text(made).count("y") == 300 * 20000
    rings, value = values(made)[1:]
    assert (text(made).count("r"), value) == (int(rings or 0), "4")


@pytest.mark.parametrize("mode", FORKED)
def test_an_output_widget_holds_what_it_was_shown(mode: str) -> None:
    """Hundreds of prints in an Output widget, whose state the client sends back after each: as in any kernel."""
    cell = "with box:\n    for n in range(600): print('步', n, flush=True)"
    made = run(mode, "import ipywidgets\nbox = ipywidgets.Output(); display(box)", cell, "2 + 2")
    assert values(made) == [None, None, "4"]
    assert made.cells[1].outputs == []
    states = made.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    (state,) = [one["state"] for one in states if one["model_name"] == "OutputModel"]
    assert "".join(one["text"] for one in state["outputs"]) == "".join(f"步 {n}\n" for n in range(600))


def test_messages_that_wait_put_off_no_deadline() -> None:
    """Whoever takes one message after the other is told when the time is over, and lets others have their turns."""
    ours, theirs = socket.socketpair()
    connection = _Connection(ours)
    with theirs, ours:
        theirs.sendall(wire.packed(wire.IOPUB, [b"x"]) * 100)
        assert connection.next(time.monotonic() + 60) == (wire.IOPUB, [b"x"])
        with pytest.raises(Empty):
            connection.next(time.monotonic() - 1)
        turns: list[str] = []

        async def take() -> None:
            for _ in range(99):
                await connection.get(wire.IOPUB, 60)
                turns.append("message")

        async def other() -> None:
            turns.append("other")

        async def both() -> None:
            await asyncio.gather(take(), other())

        asyncio.run(both())
    assert (len(turns), turns[:2]) == (100, ["other", "message"])


@pytest.mark.parametrize("mode", FORKED)
def test_a_cell_that_never_stops_showing_is_stopped_in_time(mode: str) -> None:
    """A notebook's time holds while messages arrive faster than they can be taken in."""
    begun = time.monotonic()
    with pytest.raises(NotebookTimeoutError, match="3 seconds"):
        run(mode, "while True: display(1)", notebook_timeout=3)
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("mode", FORKED)
def test_a_folder_that_does_not_exist_is_said_to_be_missing(mode: str, tmp_path: Path) -> None:
    """A kernel that is to start in no folder fails as an ordinary one does, with the system's own error."""
    with pytest.raises(FileNotFoundError, match="missing"):
        run(mode, "1", resources={"metadata": {"path": str(tmp_path / "missing")}})


@pytest.mark.parametrize("mode", FORKED)
def test_a_process_that_a_cell_forks_runs_no_other_cell(mode: str, tmp_path: Path) -> None:
    """A child that nobody ends runs to the end of its cell: each later cell runs once, in the kernel."""
    told = tmp_path / "told.txt"
    made = run(
        mode,
        f"import os\nchild = os.fork()\nopen({str(told)!r}, 'a').write('一')",
        f"n = open({str(told)!r}, 'a').write('二')",
        "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])",
        f"sorted(open({str(told)!r}).read())",
    )
    assert values(made)[2:] == ["0", "['一', '一', '二']"]
    assert [cell.execution_count for cell in made.cells] == [1, 2, 3, 4]


@pytest.mark.parametrize("mode", MODES)
def test_a_cell_that_is_interrupted_shows_it(mode: str) -> None:
    """A cell that takes too long and is interrupted keeps what it printed, and the KeyboardInterrupt; the next runs."""
    cell = "import time\nprint('先')\ntime.sleep(60)"
    made = run(mode, cell, "2 + 2", execution_timeout=2, interrupt_on_timeout=True)
    assert text(made) == "先\n"
    assert [one.ename for one in made.cells[0].outputs if one.output_type == "error"] == ["KeyboardInterrupt"]
    assert values(made) == [None, "4"]
