"""Executed notebooks as records: the same run gives the same bytes, and no path of this machine.

A notebook that papermill has run holds times, random ids, memory addresses and absolute paths. Taking
them out leaves a valid notebook that can be run again and compared byte by byte.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode

# papermill takes cells of this tag out again when the notebook is rerun.
BANNER_TAG = "papermill-error-cell-tag"
INJECTED_TAG = "injected-parameters"

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]+")
_CELL_FILE = re.compile(r"(?:[A-Za-z]:)?[^\s\"'<>]*ipykernel_\d+[/\\]\d+\.py")
_KEPT_CELL_METADATA = ("jupyter", "slideshow", "tags", "title")


class Scrubber:
    """Replace absolute paths by labels in any text that is kept."""

    def __init__(self, places: Mapping[Path, str]) -> None:
        """Take ``{folder: label}``; a folder inside another one keeps its own label."""
        forms: dict[str, str] = {}
        for folder, label in places.items():
            for path in (folder, folder.resolve()):
                if len(path.parts) < 2:  # the root of the disk is in every path
                    continue
                text = str(path)
                for form in (
                    text,
                    path.as_posix(),
                    quote(path.as_posix()),
                    html.escape(text),
                    text.replace("\\", "\\\\"),
                ):
                    forms.setdefault(form, label)
        self._forms = forms
        alternatives = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
        # Not inside a longer name, and not the "/name" of a closing tag.
        self._pattern = re.compile(rf"(?<![\w<])(?:{alternatives})(?![\w-])") if forms else None

    def text(self, text: str) -> str:
        """Return the text with every known folder replaced by its label."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._forms[match[0]], text)


def _repeatable(text: str) -> str:
    """Make text repeatable: no colours, no memory addresses, no temporary files."""
    return _CELL_FILE.sub("<cell>", _ADDRESS.sub("at 0x0", _ANSI.sub("", text)))


def _plain(text: str, scrub: Scrubber) -> str:
    """Make what Python itself printed repeatable, and take this machine's paths out of it."""
    return scrub.text(_repeatable(text))


def _output(output: NotebookNode, scrub: Scrubber) -> NotebookNode:
    """Normalise one output of a cell.

    Tables and figures show what the offices wrote and stay as they are: a path in a cell (存放位置) is evidence, and
    must read the same in whatever folder the project lies.
    """
    output.pop("transient", None)
    if output.output_type == "stream":
        output.text = _plain(output.text, scrub)
    elif output.output_type == "error":
        output.evalue = _plain(output.evalue, scrub)
        output.traceback = [_plain(line, scrub) for line in output.traceback]
    elif set(output.data) == {"text/plain"}:
        output.data["text/plain"] = _plain(output.data["text/plain"], scrub)
    elif "text/plain" in output.data:
        output.data["text/plain"] = _repeatable(output.data["text/plain"])
    return output


def _outputs(outputs: Iterable[NotebookNode], scrub: Scrubber) -> list[NotebookNode]:
    """Normalise a cell's outputs; printed text that arrived in pieces becomes one piece again."""
    kept: list[NotebookNode] = []
    for output in outputs:
        last = kept[-1] if kept else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            kept.append(output)
    return [_output(output, scrub) for output in kept]


def normalise(notebook: NotebookNode, scrub: Scrubber, page: Mapping[str, Any] | None = None) -> NotebookNode:
    """Return the executed notebook without anything that differs between two equal runs.

    ``page`` (what the report's template needs to know) is stored as ``metadata.assess``. Cells keep their
    ids; the cell with the injected parameters gets a fixed one. The result is valid nbformat.
    """
    made = cast(NotebookNode, nbformat.from_dict(notebook))
    kept = {key: made.metadata[key] for key in ("kernelspec", "language_info") if key in made.metadata}
    if page is not None:
        kept["assess"] = page
    made.metadata = nbformat.from_dict(kept)
    for cell in made.cells:
        if INJECTED_TAG in cell.metadata.get("tags", ()):
            cell.id = INJECTED_TAG
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in _KEPT_CELL_METADATA if cell.metadata.get(key)})
        if cell.cell_type == "code":
            cell.outputs = _outputs(cell.outputs, scrub)
    nbformat.validate(made)
    return made


def mark_failure(notebook: NotebookNode, cell: int | None, cause: str = "") -> NotebookNode:
    """Put a notice on top of a failed notebook, and another one above the cell where it stopped.

    ``cell`` is the position of that cell; None means that no cell had begun. ``cause`` is told where the cell shows
    no error itself: its kernel was ended, or it took too long.
    """
    where = "在下文标注处的单元格" if cell is not None else "在第一个单元格之前"
    top = nbformat.v4.new_markdown_cell(f"**本笔记本运行失败**：{where}停止，其后的内容没有运行，不得作为报告使用。")
    top.id, top.metadata.tags = "failed-notebook", [BANNER_TAG]
    if cell is not None:
        shows = any(output.output_type == "error" for output in notebook.cells[cell].get("outputs", ()))
        reason = "原因见它的输出：" if shows or not cause else f"没有运行完：{html.escape(cause)}"
        anchor = nbformat.v4.new_markdown_cell(f"**下面这个单元格运行出错**，{reason}")
        anchor.id, anchor.metadata.tags = "failed-cell", [BANNER_TAG]
        notebook.cells.insert(cell, anchor)
    notebook.cells.insert(0, top)
    return notebook


def dump(notebook: NotebookNode) -> bytes:
    """Return a notebook's bytes: sorted keys, UTF-8, Unix line ends."""
    text: str = nbformat.v4.writes(notebook)  # nbformat's own validates again what normalise has validated
    return (text.rstrip("\n") + "\n").encode("utf-8")


def load(content: bytes) -> NotebookNode:
    """Return the notebook that ``dump`` wrote."""
    return cast(NotebookNode, nbformat.reads(content.decode("utf-8"), as_version=4))
