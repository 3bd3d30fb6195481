"""Make the manual's pictures from the sample year: ``python tools/pictures.py`` writes ``notebooks/pictures/*.png``.

Everything is made anew in a temporary folder by the commands that the manual tells of: blank workbooks, a check, two
reports, a comparison before and after an objection, the workbench in JupyterLab. Pages are photographed by Chromium,
the workbook by LibreOffice and poppler; each picture is reduced to a palette, so that it stays below ``LARGEST`` bytes.
"""

from __future__ import annotations

import argparse
import csv
import html
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script
    sys.path.insert(0, str(ROOT))

YEAR = "2022"
UNIT = "D05"
TARGET = ROOT / "notebooks" / "pictures"
LARGEST = 150_000
WIDTH = 900
_COLOURS = 48
_SHEET_WIDTH = 1200
_PATIENCE = 900

# name, height of the part that is shown
HEIGHTS = {
    "check": 420,
    "template": 330,
    "unit_report": 1050,
    "county_summary": 1050,
    "compare": 900,
    "workbench": 900,
}

_TERMINAL = (
    "<meta charset=utf-8><style>body{{margin:0;background:#1e1e1e;color:#e6e6e6}}"
    "pre{{margin:14px;font:13px/1.6 'Noto Sans Mono CJK SC','Noto Sans CJK SC',monospace;"
    "white-space:pre-wrap}}</style><pre>{text}</pre>"
)


def assess(folder: Path, *arguments: str, raw: Path | None = None, expected: int = 0) -> str:
    """Run a command of the project with its outputs below a folder; return what it printed."""
    places = {
        "ASSESS_RAW": str(raw or ROOT / "data" / "raw" / YEAR),
        "ASSESS_PROCESSED": str(folder / "processed" / YEAR),
        "ASSESS_REPORTS": str(folder / "reports" / YEAR),
    }
    done = subprocess.run(
        [sys.executable, "-m", "assess_lib", *arguments],
        cwd=ROOT,
        env={**os.environ, **places, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode != expected:
        raise SystemExit(f"assess {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done.stdout


def objection(raw: Path, processed: Path) -> None:
    """Add an upheld objection to a copy of the raw folder: the first of the unit's register rows is revoked."""
    from assess_lib.store import read_tables

    number = next(row["编号"] for row in read_tables(processed)["扣分登记"] if row["单位"] == UNIT)
    columns = ("编号", "单位", "对象表", "对象编号", "处理", "理由", "决定人", "决定日期", "批准文号")
    decision = ("YY-01", UNIT, "扣分登记", number, "撤销", "异议成立", "组长", "2023-01-05", "演示办〔2023〕1号")
    with open(raw / "调整复核_异议.csv", "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows((columns, decision))


def template_page(folder: Path) -> Path:
    """Return a picture of a blank workbook, as LibreOffice prints its first page."""
    assess(folder, "templates", str(folder / "blank"))
    book = folder / "blank" / "扣分登记.xlsx"
    profile = f"-env:UserInstallation=file://{folder}/office"
    subprocess.run(
        ["soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder), str(book)],
        check=True, capture_output=True, timeout=_PATIENCE,
    )  # fmt: skip
    subprocess.run(
        ["pdftoppm", "-png", "-singlefile", "-f", "1", "-l", "1", "-scale-to-x", str(_SHEET_WIDTH), "-scale-to-y", "-1",
         str(folder / "扣分登记.pdf"), str(folder / "template")],
        check=True, timeout=_PATIENCE,
    )  # fmt: skip
    return folder / "template.png"


def reduce(picture: Path, target: Path, height: int) -> None:
    """Cut a picture to a height and reduce its colours; raise SystemExit when it is still too large."""
    from PIL import Image

    with Image.open(picture) as opened:
        made = opened.convert("RGB").crop((0, 0, opened.width, min(height, opened.height)))
    made.quantize(_COLOURS, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    if target.stat().st_size > LARGEST:
        raise SystemExit(f"{target.name}: {target.stat().st_size} bytes, more than {LARGEST}")


def photograph(pages: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Take a picture of each page."""
    from playwright.sync_api import sync_playwright

    made = {}
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, page in pages.items():
            view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHTS[name]}, offline=True)
            view.goto(page.as_uri())
            made[name] = folder / f"{name}.png"
            view.screenshot(path=str(made[name]))
            view.close()
        browser.close()
    return made


def check_page(folder: Path) -> Path:
    """Return a page that looks like a terminal after ``assess check`` of a table that was filled in wrongly."""
    raw = folder / "checked"
    shutil.copytree(ROOT / "data" / "raw" / YEAR, raw)
    wrong = (
        ("会议", "日期", "单位", "到会情况"),
        ("年终总结会", "12.28", "县统记局", "到会"),
        ("年终总结会", "2022-12-28", "县审计局", "早退"),
    )
    with open(raw / "参会登记_补报.csv", "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(wrong)
    told = assess(folder, "check", raw=raw, expected=3).replace(f"{folder}/", "data/")
    page = folder / "check.html"
    page.write_text(_TERMINAL.format(text=html.escape(f"$ assess check\n{told}")), encoding="utf-8")
    return page


def compare_page(folder: Path) -> Path:
    """Return the comparison of the sample year with itself after one objection was upheld."""
    assess(folder, "score")
    old = folder / "processed" / YEAR
    raw = folder / "raw" / YEAR
    shutil.copytree(ROOT / "data" / "raw" / YEAR, raw)
    objection(raw, old)
    assess(folder / "new", "score", raw=raw)
    page = folder / "compare.html"
    assess(folder, "compare", str(old), str(folder / "new" / "processed" / YEAR), "--html", str(page))
    return page


def workbench_picture(folder: Path) -> Path:
    """Return a picture of the workbench in JupyterLab, after one row of a unit was switched off."""
    from playwright.sync_api import sync_playwright

    project, token = folder / "project", "a-token-of-the-pictures"
    shutil.copytree(ROOT / "data" / "raw" / YEAR, project / "data" / "raw" / YEAR)
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    shutil.copy(ROOT / "pyproject.toml", project)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ASSESS_", "JUPYTER"))}
    own |= {"HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assess_lib"]
    subprocess.run([*command, "score"], cwd=project, env=own, check=True, timeout=_PATIENCE, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", f"--port={port}", f"--IdentityProvider.token={token}"]
    lab = subprocess.Popen([*command, "lab", "--", *options], cwd=project, env=own, stderr=subprocess.DEVNULL)
    try:
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            view = browser.new_page(viewport={"width": 1280, "height": 1000})
            view.set_default_timeout(_PATIENCE * 100)
            _when_it_answers(f"http://127.0.0.1:{port}/api")
            view.goto(f"http://127.0.0.1:{port}/lab/tree/notebooks/workbench.ipynb?reset&token={token}")
            view.wait_for_selector(".jp-Toolbar-kernelName:has-text('Python 3')")
            view.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
            view.click(".lm-MenuBar-itemLabel:has-text('运行')")
            view.click(".lm-Menu-item[data-command='runmenu:run-all']")
            view.get_by_label("找单位").fill("公安")
            view.wait_for_selector(".assess-bench th:has-text('县公安局')")
            view.locator(".assess-rows input[type=search]").fill("扣分登记")
            view.locator(".assess-rows tbody input").nth(1).press("Space")
            view.wait_for_selector(".assess-bench p.said:has-text('关掉 1 行后')")
            view.locator(".assess-bench").first.screenshot(path=str(folder / "workbench.png"))
            browser.close()
    finally:
        lab.terminate()
        lab.wait(timeout=60)
    return folder / "workbench.png"


def _when_it_answers(address: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("JupyterLab did not start")


def report_pages(folder: Path) -> dict[str, Path]:
    """Return the report of one unit and the county's summary."""
    assess(folder, "run", "--unit", UNIT, "--no-pdf")
    reports = folder / "reports" / YEAR
    return {"unit_report": reports / "units" / f"{UNIT}.html", "county_summary": reports / "county_summary.html"}


def make(target: Path, names: Collection[str] = tuple(HEIGHTS)) -> None:
    """Make pictures and put them into the target folder."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pages = {}
        if "check" in names:
            pages["check"] = check_page(folder)
        if "compare" in names:
            pages["compare"] = compare_page(folder)
        if {"unit_report", "county_summary"} & set(names):
            pages |= report_pages(folder)
        made = photograph(pages, folder)
        if "template" in names:
            made["template"] = template_page(folder)
        if "workbench" in names:
            made["workbench"] = workbench_picture(folder)
        for name, picture in made.items():
            reduce(picture, target / f"{name}.png", HEIGHTS[name])
            print(f"{name}.png", (target / f"{name}.png").stat().st_size)


def main() -> None:
    """Read the command line and make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=TARGET, help="where the pictures go")
    parser.add_argument("names", nargs="*", help=f"which pictures: {', '.join(HEIGHTS)} (default: all)")
    given = parser.parse_args()
    if unknown := set(given.names) - set(HEIGHTS):
        parser.error(f"no picture {', '.join(sorted(unknown))}")
    make(given.out, given.names or tuple(HEIGHTS))


if __name__ == "__main__":
    main()
