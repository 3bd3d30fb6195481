"""Executed notebooks become records, pages and PDF: repeatable, harmless, without a path of this machine."""

from __future__ import annotations

import io
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pypdf import PdfReader

from assess_lib.publish import export, record

PAGE = {
    "title": "2022年崔家头镇考核情况报告",
    "draft_label": "初评稿",
    "year": 2022,
    "sample": True,
    "document": "文号",
}


def notebook(*outputs: Any, source: str = "secret_code()") -> Any:
    """Make an executed notebook of one prose cell and one code cell with these outputs."""
    made = new_notebook(cells=[new_markdown_cell("## 一、结论"), new_code_cell(source, outputs=list(outputs))])
    made.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return made


def shown(html: str) -> Any:
    """Make a display output of HTML."""
    return new_output("display_data", {"text/html": html, "text/plain": "<Html>"})


def page(made: Any) -> BeautifulSoup:
    """Export and parse."""
    made.metadata.assess = PAGE
    return BeautifulSoup(export.to_html(made), "html5lib")


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<a href="javascript:alert(1)">县</a>',
        '<iframe src="https://example.org"></iframe>',
        '<p onclick="alert(1)" style="background:url(https://example.org/x)">县</p>',
        '<svg onload="alert(1)"></svg>',
    ],
)
@pytest.mark.parametrize("kind", ["html", "markdown output", "prose"])
def test_no_live_markup(attack: str, kind: str) -> None:
    """Markup from a cell's output, from Markdown or from prose never runs and never fetches anything."""
    made = notebook(shown("<p>县</p>"))
    if kind == "html":
        made.cells[1].outputs = [shown(attack)]
    elif kind == "markdown output":
        made.cells[1].outputs = [new_output("display_data", {"text/markdown": attack})]
    else:
        made.cells[0].source = attack
    body = page(made).body
    assert body is not None
    assert not body.find_all(["script", "iframe", "img", "svg", "object", "embed"])
    for element in body.find_all(True):
        assert not [name for name in element.attrs if name.startswith("on")]
        assert not str(element.get("href", "")).startswith("javascript")
        assert "url(" not in str(element.get("style", ""))


def test_page_shows_outputs_and_no_code() -> None:
    """The page shows prose, tables and text that came as data; it shows no code; it is marked as Chinese."""
    made = notebook(shown('<table class="facts"><tr><td class="number" colspan="2">−2.50</td></tr></table>'))
    made.cells[1].outputs.append(new_output("stream", name="stdout", text="共 <3> 个"))
    found = page(made)
    assert found.html is not None and found.html["lang"] == "zh-CN"
    cell = found.select_one("table.facts td.number")
    assert cell is not None and cell["colspan"] == "2" and cell.text == "−2.50"
    assert "共 <3> 个" in found.text and "一、结论" in found.text
    assert "secret_code" not in str(found)
    assert "初评稿" in found.text and "演示数据" in found.text


def test_pdf_is_repeatable_and_carries_text() -> None:
    """One page gives one PDF, byte for byte, with the text in it and without a time of making."""
    made = notebook(shown("<p>最终得分 97.50 分，𠮷</p>"))
    made.metadata.assess = PAGE
    html = export.to_html(made)
    first, second = export.to_pdf(html), export.to_pdf(html)
    assert first == second
    reader = PdfReader(io.BytesIO(first))
    assert "最终得分 97.50 分" in "".join(p.extract_text() for p in reader.pages)
    assert reader.metadata is not None and reader.metadata["/CreationDate"] == "D:20000101000000Z"  # a fixed day


@pytest.mark.parametrize(
    "markup",
    [
        '<link rel="attachment" href="{}">',
        '<img alt="图" src="{}">',
        '<a href="{}">此处</a>',
        '<object data="{}">此处</object>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>',
    ],
)
def test_pdf_reads_no_file(tmp_path: Path, markup: str) -> None:
    """A page cannot pull a local file into the PDF, by any element or in a drawing: it is as if it were not there."""
    secret = tmp_path / "secret.svg"
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    html = '<html lang="zh"><title>县</title><h1>县</h1>{}</html>'
    body = markup.format(secret.as_uri())
    if body.startswith("<svg"):
        body = f'<img alt="图" src="data:image/svg+xml;base64,{b64encode(body.encode()).decode()}">'
    without = export.to_pdf(html.format(body))
    secret.write_text(drawing, encoding="utf-8")
    assert export.to_pdf(html.format(body)) == without
    assert not PdfReader(io.BytesIO(without)).attachments


def test_record_is_repeatable(tmp_path: Path) -> None:
    """What differs from run to run goes: times, random ids, memory addresses, pieces of streams, temporary files."""

    def run(number: int) -> Any:
        made = notebook(
            new_output("stream", name="stdout", text="一"),
            new_output("stream", name="stdout", text="二\n"),
            new_output("execute_result", {"text/plain": f"<object object at 0x7f{number:04x}>"}, execution_count=1),
            new_output("stream", name="stderr", text=f"/tmp/ipykernel_{number}/12.py:3: 警告"),
        )
        injected = new_code_cell("unit_id = 'T01'", metadata={"tags": ["injected-parameters"]})
        injected.id = f"random{number}"
        made.cells.insert(0, injected)
        for place, cell in enumerate(made.cells):
            cell.metadata["papermill"] = {"duration": number}
            if place:
                cell.id = f"cell-{place}"
        made.cells[2].metadata["execution"] = {"iopub.execute_input": str(number)}
        made.metadata["papermill"] = {"output_path": f"/x/{number}"}
        return made

    files = []
    for number in (1, 2):
        file = tmp_path / f"{number}.ipynb"
        file.write_bytes(record.dump(record.normalise(run(number), record.Scrubber({}), PAGE)))
        files.append(file.read_bytes())
    assert files[0] == files[1]
    kept = nbformat.read(tmp_path / "1.ipynb", as_version=4)
    nbformat.validate(kept)
    assert [output.output_type for output in kept.cells[2].outputs] == ["stream", "execute_result", "stream"]
    assert kept.cells[2].outputs[0].text == "一二\n"
    assert kept.metadata.kernelspec.name == "python3" and kept.metadata.assess.title == PAGE["title"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("文件 /data/raw/2022/扣分登记.csv 第 3 行", "文件 <原始>/扣分登记.csv 第 3 行"),
        ("file:///data/raw/2022/a", "file://<原始>/a"),
        ("/data/raw/2022-old/a", "<项目>/raw/2022-old/a"),
        ("/srv/data/raw/2022/a", "/srv/data/raw/2022/a"),
        ("/data/raw/2022", "<原始>"),
        ("/data/other", "<项目>/other"),
        ("\x1b[32m/data/raw/2022/a.py\x1b[39m", "<原始>/a.py"),
    ],
)
def test_paths_are_replaced(text: str, expected: str) -> None:
    """A known folder becomes its label, the innermost first; longer names and other folders stay."""
    scrub = record.Scrubber({Path("/data"): "<项目>", Path("/data/raw/2022"): "<原始>"})
    made = record.normalise(notebook(new_output("stream", name="stdout", text=text)), scrub)
    assert made.cells[1].outputs[0].text == expected


def test_what_offices_wrote_stays() -> None:
    """A path in a table is what an office wrote: it reads the same wherever the project lies, and no markup breaks."""
    html = "<table><tr><td>存放于 /td/照片，/data/raw</td></tr></table>"
    scrub = record.Scrubber({Path("/td"): "<夹>", Path("/data"): "<项目>"})
    made = record.normalise(notebook(shown(html)), scrub)
    assert made.cells[1].outputs[0].data["text/html"] == html


def test_bare_object_shows_no_path() -> None:
    """An object that has no other form than Python's own, such as a path, is shown without this machine's folders."""
    output = new_output("execute_result", {"text/plain": "PosixPath('/data/raw/2022') at 0x7f12"}, execution_count=1)
    made = record.normalise(notebook(output), record.Scrubber({Path("/data"): "<项目>"}))
    assert made.cells[1].outputs[0].data["text/plain"] == "PosixPath('<项目>/raw/2022') at 0x0"


def test_publishing_builds_no_parser_of_addresses() -> None:
    """Importing what makes pages takes no second for a parser that no notebook needs; notebooks are still validated."""
    code = """
import sys
import assess_lib.publish.export
import nbformat
assert "jsonschema" in sys.modules and "lark" not in sys.modules
try:
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "odd"}]})
except nbformat.ValidationError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_a_process_may_be_forked_once_all_is_loaded() -> None:
    """Getting ready starts no thread, so processes forked afterwards make PDFs at the same time, all alike."""
    code = """
import hashlib, os
from assess_lib.publish import export
export.get_ready()
assert len(os.listdir("/proc/self/task")) == 1
children = []
for _ in range(2):
    ours, theirs = os.pipe()
    if os.fork() == 0:
        made = export.to_pdf("<html lang='zh'><title>县</title><h1>县</h1><p>城关镇𠮷</p></html>")
        os.write(theirs, hashlib.sha256(made).digest())
        os._exit(0)
    os.close(theirs)
    children.append(ours)
print(*{os.read(ours, 32).hex() for ours in children})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert len(done.stdout.split()) == 1 and len(done.stdout.strip()) == 64
