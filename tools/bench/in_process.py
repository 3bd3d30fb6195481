"""Unit reports in one warm process, without kernels: the floor that no batch gets under, and ploomber-engine's way.

Run as a script by ``work``: ``in_process.py WAY SLICES FOLDER UNIT…`` says ``ready`` when everything is imported, waits
for a line, makes the reports of the units one after another (ipynb, html, pdf) in FOLDER, each of its own data in
SLICES, and says ``done``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # run as a script
    sys.path.insert(0, str(ROOT))

NOTEBOOK = ROOT / "notebooks" / "03_unit_report.ipynb"
Maker = Callable[[str, Path], None]


def _page(notebook: Any, target: Path, print_page: Callable[[str], bytes]) -> None:
    """Write the page and the PDF of an executed notebook, with an exporter that stays loaded."""
    from assess_lib.publish import export

    page = export.to_html(notebook)
    target.with_suffix(".html").write_text(page, encoding="utf-8")
    target.with_suffix(".pdf").write_bytes(print_page(page))


def _shell() -> tuple[Any, list[tuple[Any, Any]]]:
    """Return an IPython shell and the list that catches what its cells show."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type

    shown: list[tuple[Any, Any]] = []

    class Hook(DisplayHook):
        def __call__(self, result: Any = None) -> None:
            if result is not None:
                shown.append(self.shell.display_formatter.format(result))

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, **more: Any) -> None:
            shown.append((data, metadata))

    class Shell(InteractiveShell):
        displayhook_class = Type(Hook)
        display_pub_class = Type(Publisher)

    return Shell.instance(), shown


def execute(shell: Any, shown: list[tuple[Any, Any]], notebook: Any, parameters: Mapping[str, Any]) -> None:
    """Run a notebook's cells in the shell and keep their outputs in it; raises what a cell raises."""
    from nbformat.v4 import new_output

    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        shown.clear()
        shell.run_cell(cell.source, store_history=False).raise_error()
        if "parameters" in cell.metadata.get("tags", ()):
            shell.user_ns.update(parameters)
        cell.outputs = [new_output("display_data", data=data, metadata=metadata or {}) for data, metadata in shown]


def floor() -> Maker:
    """Get ready and return what makes one unit's report: our cells, record, page and PDF, and nothing around them."""
    import nbformat

    from assess_lib import figures, views  # noqa: F401
    from assess_lib.publish import export, record
    from assess_lib.publish.rehearsal import rehearse

    rehearse()
    shell, shown = _shell()
    scrub = record.Scrubber({})
    export.to_pdf(export.to_html(nbformat.v4.new_notebook()))

    def make(unit: str, target: Path) -> None:
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        execute(shell, shown, notebook, {"unit_id": unit})
        data = shell.user_ns["report"].data
        made = record.normalise(notebook, scrub, views.page_metadata(data, unit))
        target.with_suffix(".ipynb").write_bytes(record.dump(made))
        _page(made, target, export.to_pdf)

    return make


def ploomber() -> Maker:
    """Get ready and return what makes one unit's report with ploomber-engine and WeasyPrint, in this process alone."""
    os.environ["PLOOMBER_STATS_ENABLED"] = "false"
    import nbformat
    from ploomber_engine import execute_notebook
    from weasyprint import HTML

    def print_page(page: str) -> bytes:
        return bytes(HTML(string=page, base_url="about:blank").write_pdf())

    def make(unit: str, target: Path) -> None:
        out = target.with_suffix(".ipynb")
        execute_notebook(str(NOTEBOOK), str(out), parameters={"unit_id": unit}, progress_bar=False)
        _page(nbformat.read(out, as_version=4), target, print_page)

    return make


WAYS: Mapping[str, Callable[[], Maker]] = {"floor": floor, "ploomber": ploomber}


def main(arguments: list[str]) -> None:
    """Make the reports of the units named, when told to begin."""
    way, slices, folder, *units = arguments
    os.chdir(NOTEBOOK.parent)
    make = WAYS[way]()
    print("ready", flush=True)
    sys.stdin.readline()
    for unit in units:
        os.environ["ASSESS_SLICE"] = str(Path(slices, f"{unit}.json"))
        make(unit, Path(folder, unit))
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
