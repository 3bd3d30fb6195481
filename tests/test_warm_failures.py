"""Forked kernels when something goes wrong in a cell: as in an ordinary kernel, and nothing is lost without a word."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError
from papermill.engines import papermill_engines
from test_warm_kernels import as_outside_pytest, notebook, quiet, text, with_metadata

from assess_lib.warm import client

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
    assert [output.name for output in made.cells[0].outputs] == ["stderr"]
    assert "Uncaught exception in ZMQStream callback" in text(made)
    assert "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800'" in text(made)
    assert values(made) == [None, "2"]


@pytest.mark.parametrize("allow_errors", [True, False], ids=["errors allowed", "not allowed"])
def test_a_cell_without_a_reply_is_no_success(allow_errors: bool) -> None:
    """A reply that cannot be sent fails the notebook; an ordinary kernel would keep it waiting for ever."""
    with pytest.raises(DeadKernelError, match="no reply"):
        run("at once", r"get_ipython().set_next_input('\ud800')", "1", allow_errors=allow_errors)
