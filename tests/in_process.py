"""Runs of a year without kernels and without a PDF engine: the same tasks and files, made in this process in a second.

A cell's value is shown as a kernel would show it; a "PDF" is what its page and its attachments are. What a report is
made of is the same as in a real batch, so whether one may be used again is decided by the same things.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pytest

from assess_lib.publish import batch, export


class InProcess:
    """An executor that runs each task at once, here, and counts what it ran."""

    slots = 1
    ran: ClassVar[list[str]] = []

    def __init__(
        self, slots: int, hearth: Any, run: Callable[[Any], Any], start: Callable[..., None], setup: Any
    ) -> None:
        self._run, self._setup = run, setup

    def submit(self, task: Any, imported: int = 0) -> Future[Any]:
        """Run the task under the batch's environment."""
        self.ran.append(task.name)
        before = dict(os.environ)
        batch._setup = self._setup
        os.environ.update(self._setup.environment)
        os.environ["ASSESS_SLICE"] = str(batch._own_slice())
        outcome: Future[Any] = Future()
        try:
            outcome.set_result(self._run(task))
        except BaseException as error:
            outcome.set_exception(error)
        finally:
            os.environ.clear()
            os.environ.update(before)
        return outcome

    def warm_up(self) -> None:
        """There is nothing to begin with."""

    def check(self) -> None:
        """There is nobody to look after."""

    def stop(self, at_once: bool) -> None:
        """There is nothing to end."""


def execute(task: batch.Task) -> tuple[Any, batch.Failure | None, dict[str, float]]:
    """Run a task's notebook in this process, in place of a kernel."""
    notebook = nbformat.read(batch._setup.notebooks / task.notebook, as_version=4)
    names: dict[str, Any] = {}
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        names["display"] = lambda *shown, cell=cell: cell.outputs.extend(map(_output, shown))
        try:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                shown = _run_cell(cell.source, names)
        except Exception as error:
            return notebook, batch.Failure(type(error).__name__, str(error), index), {}
        if "parameters" in cell.metadata.get("tags", ()):
            names |= task.parameters
        if printed.getvalue():
            cell.outputs.append(nbformat.v4.new_output("stream", text=printed.getvalue()))
        if shown is not None:
            cell.outputs.append(_output(shown))
    return notebook, None, {}


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if isinstance(last, ast.Expr) else None


def _output(shown: Any) -> Any:
    if hasattr(shown, "_repr_mimebundle_"):
        data, metadata = shown._repr_mimebundle_()
        return nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    if hasattr(shown, "_repr_html_"):
        return nbformat.v4.new_output("display_data", data={"text/html": shown._repr_html_()})
    return nbformat.v4.new_output("display_data", data={"text/plain": repr(shown)})


def _printed(page: str, attached: Mapping[str, bytes] | None = None) -> bytes:
    told = sha256(page.encode())
    for name, content in sorted((attached or {}).items()):
        told.update(name.encode() + content)
    return b"%PDF " + told.hexdigest().encode()


@contextlib.contextmanager
def without_kernels() -> Iterator[list[str]]:
    """Run batches in this process; gives the list of the tasks that were run, in their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "LocalProcesses", InProcess)
        patch.setattr(batch, "_execute", execute)
        patch.setattr(export, "to_pdf", _printed)
        patch.setattr(InProcess, "ran", [])
        for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "ASSESS_SLICE"):
            patch.delenv(name, raising=False)
        yield InProcess.ran


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
