"""How the reports look: pages and sheets beside approved pictures, labels that keep apart, characters with shapes.

``python tests/test_pictures.py --approve`` (or with names: ``--approve index-screen``) renders anew what has changed
and replaces the approved pictures; look at them before committing. Pictures are small and grey, and are compared after
blurring, so that another version of a browser, of poppler or of a font rasteriser makes no difference that counts.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter

if __name__ == "__main__":  # run as a script
    sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from browser import browser, needs_browser, pinned_fonts
from build import make_tables
from report_pages import LONGEST_NAME, MANY, OPEN, RARE, RARE_NAME, SCORED, VETOED, Reports, tables
from report_set import make_set

from assess_lib import figures, views
from assess_lib.figures import letters
from assess_lib.figures.drawing import Sheet, canvas
from assess_lib.figures.readings import rank_ranges, reach
from assess_lib.views.readings import ReadingsReport

APPROVED = Path(__file__).with_name("approved")
SCREEN, PHONE = 1280, 390
TALLEST = {SCREEN: 4000, PHONE: 3000}  # what is lower down looks like what is above
REDUCED = {SCREEN: 4, PHONE: 2}
DOTS = 45  # per inch, of a printed sheet
LARGEST, LARGEST_ALL = 60_000, 1_000_000  # bytes

WEB = {
    **{f"{name.replace('/', '-')}-screen": (name, SCREEN) for name in (f"units/{SCORED}", f"units/{VETOED}")},
    **{f"{name}-screen": (name, SCREEN) for name in ("county_summary", "audit", "readings", "publication", "index")},
    f"units-{SCORED}-phone": (f"units/{SCORED}", PHONE),
    **{f"{name}-phone": (name, PHONE) for name in ("county_summary", "publication", "index")},
}
SHEETS = {
    f"units-{SCORED}-sheet-1": (f"units/{SCORED}", 1),
    f"units-{SCORED}-sheet-2": (f"units/{SCORED}", 2),
    f"units-{VETOED}-sheet-1": (f"units/{VETOED}", 1),
    f"units-{OPEN}-sheet-1": (f"units/{OPEN}", 1),
    "county_summary-sheet-1": ("county_summary", 1),
    "publication-sheet-1": ("publication", 1),
}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory)


@contextlib.contextmanager
def pinned_browser() -> Iterator[Any]:
    """Start Chromium with the pinned fonts alone, whatever the machine has."""
    with pinned_fonts(), browser() as running:
        yield running


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with pinned_browser() as started:
        yield started


def page_picture(running: Any, reports: Reports, name: str, width: int, folder: Path) -> Image.Image:
    """Photograph a page from its top, reduced."""
    tab = running.new_page(viewport={"width": width, "height": 900})
    tab.goto(reports.page(name).as_uri())
    height = min(TALLEST[width], tab.evaluate("document.documentElement.scrollHeight"))
    tab.screenshot(
        path=str(folder / "page.png"), full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height}
    )
    tab.close()
    with Image.open(folder / "page.png") as taken:
        return taken.convert("L").reduce(REDUCED[width])


def sheet_picture(reports: Reports, name: str, number: int, folder: Path) -> Image.Image:
    """Render a sheet of a PDF as poppler prints it."""
    target = folder / "sheet"
    subprocess.run(
        ["pdftoppm", "-gray", "-png", "-singlefile", "-f", str(number), "-l", str(number), "-r", str(DOTS * 2),
         str(reports.pdf(name)), str(target)],
        check=True, timeout=120,
    )  # fmt: skip
    with Image.open(target.with_suffix(".png")) as made:
        return made.convert("L").reduce(2)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the share of the picture, in per mille, that differs visibly once fine detail is blurred away."""
    wide, high = max(one.width, other.width), max(one.height, other.height)
    sheets = []
    for picture in (one, other):
        sheet = Image.new("L", (wide, high), 255)
        sheet.paste(picture)
        sheets.append(sheet.filter(ImageFilter.GaussianBlur(2)))
    counts = ImageChops.difference(*sheets).histogram()
    return 1000 * sum(counts[VISIBLE:]) / (wide * high)


VISIBLE = 24  # of 255 shades, after blurring
ALLOWED = 4.0  # per mille


def compare(name: str, made: Image.Image, folder: Path) -> None:
    """Hold a picture to the approved one; leave both and their difference in ``folder`` when they differ."""
    file = APPROVED / f"{name}.png"
    assert file.is_file(), f"no approved picture {name}: python tests/test_pictures.py --approve {name}"
    with Image.open(file) as opened:
        approved = opened.convert("L")
    found = difference(approved, made)
    if found > ALLOWED:
        made.save(folder / f"{name}-now.png")
        approved.save(folder / f"{name}-approved.png")
        pytest.fail(
            f"{name} looks different ({found:.1f} per mille, {ALLOWED} allowed): see {folder}; "
            f"if it is meant so: python tests/test_pictures.py --approve {name}"
        )


@needs_browser
@pytest.mark.parametrize("name", WEB)
def test_pages_look_as_approved(name: str, reports: Reports, running: Any, tmp_path: Path) -> None:
    """A page looks as it did when it was approved, on a screen and on a phone."""
    compare(name, page_picture(running, reports, *WEB[name], tmp_path), tmp_path)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler is not installed")
@pytest.mark.parametrize("name", SHEETS)
def test_sheets_look_as_approved(name: str, reports: Reports, tmp_path: Path) -> None:
    """A printed sheet looks as it did when it was approved."""
    compare(name, sheet_picture(reports, *SHEETS[name], tmp_path), tmp_path)


def test_approved_pictures_are_all_used_and_small() -> None:
    """Each approved picture belongs to a test, is grey, and stays below 60 kB; together they stay below 1 MB."""
    files = sorted(APPROVED.glob("*"))
    assert {file.stem for file in files} == WEB.keys() | SHEETS.keys()
    for file in files:
        assert file.stat().st_size <= LARGEST, file.name
        with Image.open(file) as opened:
            assert opened.mode == "L" and opened.format == "PNG"
    assert sum(file.stat().st_size for file in files) <= LARGEST_ALL


def test_the_comparison_sees_what_people_see() -> None:
    """One pixel's shift or another grey at the edges passes; a missing line of text or a moved block does not."""
    base = Image.new("L", (320, 400), 255)
    for line in range(20):
        base.paste(60, (20, 20 + 18 * line, 280, 28 + 18 * line))
    shifted = ImageChops.offset(base, 0, 0).filter(ImageFilter.GaussianBlur(0.6))
    assert difference(base, base) == 0
    assert difference(base, shifted) <= ALLOWED
    missing = base.copy()
    missing.paste(255, (20, 20, 280, 28))
    assert difference(base, missing) > ALLOWED
    assert difference(base, ImageChops.offset(base, 0, 9)) > ALLOWED
    assert difference(base, base.crop((0, 0, 320, 350))) > ALLOWED


@needs_browser
def test_every_character_of_a_page_has_a_shape(reports: Reports, running: Any) -> None:
    """Rare characters are drawn in a page each with its own shape, not with the box that stands for a missing one."""
    tab = running.new_page()
    tab.goto(reports.page(f"units/{RARE}").as_uri())
    style = tab.evaluate("getComputedStyle(document.body).font")
    drawn = {}
    for character in "䶮㐂𠮷\U000f1234":
        tab.set_content(f"<p style='font:{style};font-size:60px;margin:0'>{character}</p>")
        drawn[character] = base64.b64encode(tab.screenshot(clip={"x": 0, "y": 0, "width": 80, "height": 110}))
    tab.close()
    assert len(set(drawn.values())) == 4


# ---- figures ----------------------------------------------------------------------------------------------------


def watch(draw: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> Sheet | None:
    """Draw a figure and return the sheet it was drawn on; None where a sentence stands in its place."""
    seen: list[Sheet] = []
    finish = Sheet.finish

    def finishing(sheet: Sheet, alt: str) -> figures.Plot:
        seen.append(sheet)
        return finish(sheet, alt)

    letters.forget()  # what was laid out before is not looked for in the fonts again
    with warnings.catch_warnings(), monkeypatch.context() as patched:
        warnings.simplefilter("error")  # nothing is to be printed beside a figure
        patched.setattr(Sheet, "finish", finishing)
        shown = draw()
    return seen[0] if isinstance(shown, figures.Plot) else None


def crowded(units: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Return the year of the pages, with as many more units of long names as wanted."""
    made = tables()
    made["单位名录"] += [
        {"单位编码": f"E{n:02}", "单位名称": f"{LONGEST_NAME}{n:02}", "单位类别": "县级部门", "重点任务单位": "否"}
        for n in range(units)
    ]
    return made


@pytest.fixture(scope="module")
def data() -> Any:
    return make_set(crowded())


UNIT_FIGURES = [name for name in figures.__all__ if name in ("waterfall", "place", "items_against_group", "timeline")]


@pytest.mark.parametrize("unit", [SCORED, RARE, "D02", OPEN, MANY, VETOED])
@pytest.mark.parametrize("name", UNIT_FIGURES)
def test_labels_of_a_units_figure_keep_apart(name: str, unit: str, data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No label covers another or leaves the figure: 0, 2 and 60 deductions, a veto, nothing reported, long names."""
    keep_apart(watch(lambda: getattr(figures, name)(views.UnitReport(data, unit)), monkeypatch))


@pytest.mark.parametrize("count", [0, 1, 12, 13, 60])
def test_labels_of_the_waterfall_keep_apart(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with 0, 1, 12, 13 and 60 deductions of very different size."""
    made = tables()
    row = next(row for row in made["扣分登记"] if row["编号"] == "KF-1")
    made["扣分登记"] = [row | {"编号": f"KF-{n:03}", "数量": 1 + (n % 4 == 0)} for n in range(count)]
    made["调整复核"] = []
    report = views.UnitReport(make_set(made), SCORED)
    keep_apart(watch(lambda: figures.waterfall(report), monkeypatch))


@pytest.mark.parametrize("units", [0, 40])
@pytest.mark.parametrize("name", ["distribution", "heat_map", "pareto"])
def test_labels_of_the_countys_figures_keep_apart(name: str, units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of the county's figures, with six units and with forty-six, forty of them with one score."""
    made = crowded(units)
    summary = views.CountySummary(make_set(made), make_tables(made))
    keep_apart(watch(lambda: getattr(figures, name)(summary), monkeypatch))


def test_labels_of_the_readings_figures_keep_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of the figures on readings."""
    made = crowded()
    report = ReadingsReport(make_set(made), make_tables(made))
    for group in report.scheme.groups:
        keep_apart(watch(lambda group=group: rank_ranges(report, group.name), monkeypatch))  # type: ignore[misc]
    keep_apart(watch(lambda: reach(report), monkeypatch))


def keep_apart(sheet: Sheet | None) -> None:
    if sheet is None:
        return
    assert sheet.labels
    for label in sheet.labels:
        assert not any(glyph.startswith("gb") for glyph, _, _ in letters.layout(label.text).glyphs), label
        inside = label.left >= -1 and label.top >= -1
        assert inside and label.right <= sheet.width + 1 and label.bottom <= sheet.height + 1, label
    for one, other in combinations(sheet.labels, 2):
        wide = min(one.right, other.right) - max(one.left, other.left)
        high = min(one.bottom, other.bottom) - max(one.top, other.top)
        # boxes reach a little above and below the ink of a line
        lower = min(one.bottom - one.top, other.bottom - other.top)
        assert wide <= 0.5 or high <= 0.25 * lower, (one, other, wide, high)


def test_the_watch_sees_what_overlaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two labels at one place, a label outside and a character without a shape are found."""

    def draw(*labels: tuple[float, str]) -> Any:
        with canvas(72) as sheet:
            for x, text in labels:
                sheet.text(x * sheet.width, 36, text)
            return sheet.finish("图")

    keep_apart(watch(lambda: draw((0.1, "甲"), (0.5, "乙")), monkeypatch))
    with pytest.raises(AssertionError):
        keep_apart(watch(lambda: draw((0.1, "甲乙"), (0.11, "乙")), monkeypatch))
    with pytest.raises(AssertionError):
        keep_apart(watch(lambda: draw((0.99, "一个很长的标签")), monkeypatch))
    with pytest.raises(AssertionError):
        keep_apart(watch(lambda: draw((0.1, "\U000f1234")), monkeypatch))


def test_figures_have_shapes_for_rare_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """䶮, 㐂 and 𠮷 are drawn in figures as paths, none as a box; no text is left to the reader's fonts."""
    shown: list[Any] = []
    summary = views.CountySummary(make_set(tables()), make_tables(tables()))
    seen = watch(lambda: shown.append(figures.heat_map(summary)) or shown[0], monkeypatch)
    keep_apart(seen)
    assert seen is not None and RARE_NAME in [label.text for label in seen.labels]
    assert "<text" not in shown[0].svg


# ---- approving --------------------------------------------------------------------------------------------------


class _Folder:
    """What ``Reports`` needs of pytest's factory, where the script runs by itself."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def getbasetemp(self) -> Path:
        return self.place


def approve(names: list[str]) -> None:
    """Render the pictures named (none: all that have changed) and put them into the place of the approved ones."""
    APPROVED.mkdir(exist_ok=True)
    unknown = set(names) - WEB.keys() - SHEETS.keys()
    if unknown:
        raise SystemExit(f"no such picture: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as place, pinned_browser() as running:
        folder = Path(place)
        made = Reports(_Folder(folder))  # type: ignore[arg-type]
        for name in [*WEB, *SHEETS]:
            if names and name not in names:
                continue
            picture = (
                page_picture(running, made, *WEB[name], folder)
                if name in WEB
                else sheet_picture(made, *SHEETS[name], folder)
            )
            file = APPROVED / f"{name}.png"
            if not names and file.is_file():
                with Image.open(file) as opened:
                    if difference(opened.convert("L"), picture) <= ALLOWED:
                        continue
            picture.point([round(shade / 17) * 17 for shade in range(256)]).save(file, "PNG", optimize=True)
            print(name, file.stat().st_size)
        for file in APPROVED.glob("*.png"):
            if file.stem not in WEB and file.stem not in SHEETS:
                file.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Approve how the reports look.")
    parser.add_argument("--approve", nargs="*", metavar="NAME", required=True)
    approve(parser.parse_args().approve)
