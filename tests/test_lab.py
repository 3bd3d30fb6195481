"""``assess lab``: JupyterLab as an analyst meets it, in Chinese, quiet, and with every notebook running to its end."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from browser import browser, needs_browser
from build import ROOT
from small_year import make_raw

from assess_lib.cli import lab

LAUNCHER = ROOT / "notebooks" / "README.md"
TOKEN = "a-token-of-the-tests"
PATIENCE = 120  # seconds for one notebook; a machine that is busy is no failure


# --- defaults and launcher -----------------------------------------------------------------------------------------


def test_our_defaults_are_settings_that_jupyterlab_knows() -> None:
    """Each plugin, key and value of overrides.json is valid under JupyterLab's own schema: a typo would be silent."""
    from jsonschema import Draft7Validator

    given = json.loads((lab.settings_folder() / "overrides.json").read_text(encoding="utf-8"))
    assert given["@jupyterlab/translation-extension:plugin"] == {"locale": "zh_CN"}
    for plugin, values in given.items():
        package, _, name = plugin.partition(":")
        schema_file = Path(sys.prefix) / "share/jupyter/lab/schemas" / package / f"{name}.json"
        schema = json.loads(schema_file.read_text(encoding="utf-8"))
        assert set(values) <= set(schema["properties"]), plugin
        Draft7Validator(schema).validate(values)


def test_root_is_let_in_and_nobody_else_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """--allow-root is given to root (containers, WSL) and to no other user."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--allow-root" in lab.server_options()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--allow-root" not in lab.server_options()


def test_the_launcher_lists_every_notebook_once_and_in_order() -> None:
    """The first page links each notebook of the folder exactly once, numbered from 1, the rule guide first."""
    rows = re.findall(r"^\| (\d+) \| \[[^\]]+\]\(([^)]+)\) \| ([^|]+) \|", LAUNCHER.read_text(encoding="utf-8"), re.M)
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    linked = [name for _, name, _ in rows]
    assert sorted(linked) == sorted(file.name for file in LAUNCHER.parent.glob("*.ipynb"))
    assert linked[:3] == ["rule_guide.ipynb", "01_clean.ipynb", "02_score.ipynb"]
    assert all(told.strip() for _, _, told in rows)


def test_the_launchers_links_lead_somewhere() -> None:
    """Every link of the first page is a file of the project."""
    links = re.findall(r"\]\(([^)#]+)\)", LAUNCHER.read_text(encoding="utf-8"))
    assert links and all((LAUNCHER.parent / link).is_file() for link in links)


# --- the running server --------------------------------------------------------------------------------------------


def make_project(folder: Path) -> Path:
    """Make a scored project with the shipped notebooks; a fact of T03 holds dollar signs."""
    raw = make_raw(folder / "data" / "raw" / "2022")
    register = raw / "扣分登记.csv"
    register.write_text(
        register.read_text(encoding="utf-8").replace("=公文差错", "补贴$100$误作$200$"), encoding="utf-8"
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    report = folder / "notebooks" / "03_unit_report.ipynb"
    report.write_text(report.read_text(encoding="utf-8").replace('unit_id = \\"T01\\"', 'unit_id = \\"T03\\"'))
    subprocess.run([sys.executable, "-m", "assess_lib", "score"], cwd=folder, env=_environment(folder), check=True)
    return folder


def _environment(folder: Path) -> dict[str, str]:
    """A person's environment, with a home of its own: nothing is read from or written to the real one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASSESS_", "JUPYTER"))}
    return {**kept, "HOME": str(folder / "home"), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_lab(project: Path) -> Iterator[str]:
    """Run ``assess lab`` on a project; yields its address. Afterwards neither the server nor a kernel is left."""
    port = _free_port()
    command = [sys.executable, "-m", "assess_lib", "lab", "--", "--no-browser", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    log = project / "lab.log"
    with open(log, "wb") as stream:
        started = subprocess.Popen(command, cwd=project, env=_environment(project), stdout=stream, stderr=stream)
    process = psutil.Process(started.pid)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(address, started, log)
        yield address
    finally:
        family = [process, *process.children(recursive=True)] if started.poll() is None else []
        started.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=30)
        for left in alive:
            left.kill()
        assert not alive, f"still running after the lab was told to end: {alive}"
        assert started.wait(timeout=30) == 0, log.read_text(encoding="utf-8")[-2000:]


def _wait_until_it_answers(address: str, started: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert started.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


@contextmanager
def lab_page(project: Path) -> Iterator[tuple[Any, list[str]]]:
    """Open the lab in a browser; yields the page on its first screen and the list of requests that left the machine."""
    with running_lab(project) as address, browser() as running:
        page = running.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        outside: list[str] = []
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        page.on("request", lambda asked: None if asked.url.startswith(own) else outside.append(asked.url))
        page.goto(f"{address}/?token={TOKEN}")
        page.wait_for_selector(".jp-MarkdownViewer h1")
        yield page, outside


def run_all(page: Any) -> str:
    """Choose *Run All* from the menu of the notebook in front, wait for its end, and return what it shows."""
    # before the kernel is there, Run All would ask which one is meant
    page.wait_for_selector(".jp-Toolbar-kernelName:has-text('Python 3')")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    page.click(".lm-MenuBar-itemLabel:has-text('运行')")
    page.click(".lm-Menu-item[data-command='runmenu:run-all']")
    # Every code cell has a number: none is waiting, none was left out after an error. Folded code shows no number; but
    # cells run in turn, and the last one, the check, has something to show.
    done = """() => {
        const shown = '.jp-CodeCell .jp-InputPrompt:not(.jp-Placeholder-prompt)';
        const prompts = [...document.querySelectorAll(shown)].map(e => e.textContent);
        const failed = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
        const last = [...document.querySelectorAll('.jp-CodeCell')].pop();
        const checked = last && last.querySelector('.jp-OutputArea-child');
        const all = checked && prompts.length && prompts.every(text => new RegExp('\\\\d').test(text));
        return failed || all;
    }"""
    page.wait_for_function(done)
    failures = page.locator("[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()
    assert failures == []
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts() == []
    return str(page.locator(".jp-Notebook").inner_text())


def open_notebook(page: Any, name: str) -> None:
    """Open a notebook by its address in the lab."""
    root = page.url.split("/lab")[0]
    page.goto(f"{root}/lab/tree/notebooks/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")


def side_by_side(page: Any, selector: str) -> bool:
    """Tell whether the first two of these elements stand in one line, the first at the left of the second."""
    first, second = (page.locator(selector).nth(place).bounding_box() for place in (0, 1))
    return bool(first["y"] < second["y"] + second["height"] and second["y"] < first["y"] + first["height"]) and bool(
        first["x"] + first["width"] <= second["x"] + 1
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def opened(project: Path) -> Iterator[tuple[Any, list[str]]]:
    """One lab and one browser for all notebooks."""
    with lab_page(project) as (page, outside):
        yield page, outside


@needs_browser
def test_an_analysts_first_quarter_of_an_hour(opened: tuple[Any, list[str]]) -> None:
    """From the first page to the rule guide and a unit's report: Chinese, by clicks, without errors or the network.

    The menu is Chinese and no dialog asks for anything. A link of the launcher opens the rule guide; Run All ends in
    its check; a link of its contents scrolls to the heading. A fact with dollar signs is shown as it was written.
    """
    page, outside = opened
    labels = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert labels[:4] == ["文件", "编辑", "查看", "运行"]
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
    page.click(".jp-MarkdownViewer a:has-text('规则导读')")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    assert "核对通过：29 项与手算相同" in run_all(page)
    page.click(".jp-Notebook li a:has-text('九、换一种口径')")
    page.wait_for_function(
        """() => [...document.querySelectorAll('h2')].some(e => e.innerText.startsWith('九、')
           && e.getBoundingClientRect().top > 60 && e.getBoundingClientRect().top < 400)"""
    )
    open_notebook(page, "03_unit_report")
    shown = run_all(page)
    assert "核对通过" in shown and "水沟镇" in shown
    assert "补贴$100$误作$200$" in shown and page.locator("mjx-container").count() == 0
    assert side_by_side(page, ".figures > div") and side_by_side(page, ".need-to-know > div:first-child > *")
    assert outside == []


@needs_browser
@pytest.mark.parametrize("name", ["01_clean", "02_score", "04_county_summary", "05_audit", "06_readings"])
def test_every_other_notebook_runs_to_its_check(opened: tuple[Any, list[str]], name: str) -> None:
    """Run All ends without an error in each other notebook of the folder, and each says that its checks hold."""
    page, outside = opened
    open_notebook(page, name)
    assert "核对通过" in run_all(page)
    assert outside == []


def test_every_notebook_is_run_here() -> None:
    """Each notebook of the folder is opened and run by one of the tests of this module."""
    told = Path(__file__).read_text(encoding="utf-8")
    stems = {file.stem for file in (ROOT / "notebooks").glob("*.ipynb")}
    assert {stem for stem in stems if f'"{stem}"' in told or stem == "rule_guide"} == stems


def hashes(*folders: Path) -> dict[str, str]:
    """Return every file below some folders with its hash."""
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def tab_to(page: Any, wanted: str) -> None:
    """Press Tab until the focused element's label or text is ``wanted``; wherever it stops, the focus can be seen."""
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """() => { const e = document.activeElement, label = e.labels && e.labels[0];
               const style = getComputedStyle(e);
               return [(e.getAttribute('aria-label') || (label ? label.innerText : e.innerText) || '').trim(),
                       style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
                       || style.boxShadow !== 'none' || e.closest('.assess-bench') === null]; }"""
        )
        stops.append(name)
        assert outline, f"nothing shows that {name!r} has the focus"
        if name == wanted:
            return
    raise AssertionError(f"{wanted!r} was not reached by Tab: {stops}")


@needs_browser
def test_the_workbench_by_keyboard_alone(opened: tuple[Any, list[str]], project: Path) -> None:
    """Choose a unit, find a row, switch it off, change a quantity, export, without a mouse; nothing official changes.

    水沟镇 (T03) has one deduction of 20.00: off, 80.00 → 100.00, the bonus part opens, 104.00, rank 3 → 1. On again
    with 数量 2: 60.00. At the end axe-core finds no violation of WCAG 2.2 AA under any of the three tabs.
    """
    from axe_playwright_python.sync_playwright import Axe

    page, outside = opened
    official = [project / "data" / "raw", project / "data" / "processed"]
    before = hashes(*official)
    open_notebook(page, "workbench")
    assert "核对通过" in run_all(page)
    assert page.locator(".jp-CodeCell .jp-InputArea:visible").count() == 1  # the parameters; all other code is folded
    page.get_by_label("找单位").focus()
    page.keyboard.type("水沟")
    page.wait_for_selector(".assess-bench th:has-text('水沟镇')")

    def told(sentence: str) -> None:
        page.wait_for_selector(f".assess-bench p.said:has-text('{sentence}')")

    told("没有改动，试算就是正式结果。")
    tab_to(page, "筛选")
    page.keyboard.type("KF-1")
    page.wait_for_function("() => document.querySelectorAll('.assess-rows tbody tr:not(.dtrg-group)').length === 1")
    tab_to(page, "计入：扣分登记 KF-1")
    page.keyboard.press("Space")
    told("关掉 1 行后：水沟镇重点考核 80.00 → 100.00，加分开启，加分 — → 4.00，最终得分 80.00 → 104.00")
    page.wait_for_selector(".assess-bench table.ledger tr.changed td:has-text('改变')")
    page.wait_for_function("() => document.querySelectorAll('.assess-bench figure').length === 2")  # drawn last
    tab_to(page, "导出调整复核草稿")
    page.keyboard.press("Enter")
    page.wait_for_selector(".assess-bench p.good:has-text('已导出 data/drafts/2022/调整复核_试算01.xlsx')")
    assert (project / "data/drafts/2022/调整复核_试算01.xlsx").is_file()
    page.get_by_role("tab", name="数量和评定分").focus()
    page.keyboard.press("Enter")
    tab_to(page, "改为")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    told("改 1 处数量后：水沟镇重点考核 80.00 → 60.00，最终得分 80.00 → 60.00。")
    page.keyboard.press("Control+A")
    page.keyboard.type("两次")
    page.keyboard.press("Enter")
    page.wait_for_selector(".assess-bench p.bad:has-text('不是普通的十进制数字')")
    for title in ("登记：打勾计入", "数量和评定分", "口径和计分日期"):
        page.get_by_role("tab", name=title).click()
        found = Axe().run(page, context=".assess-bench").response
        assert found["passes"] and found["violations"] == [], title
    assert outside == [] and hashes(*official) == before


def test_an_end_by_signal_is_no_failure(tmp_path: Path) -> None:
    """Told to end, the lab stops its server in good order: exit code 0 and no process left."""
    project = tmp_path
    (project / "notebooks").mkdir()
    (project / "data" / "raw").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", project)
    shutil.copy(LAUNCHER, project / "notebooks")
    with running_lab(project) as address:
        assert address.startswith("http://127.0.0.1:")
    assert "Traceback" not in (project / "lab.log").read_text(encoding="utf-8")
