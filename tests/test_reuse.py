"""Only what changed is made again: whatever was edited, the reports are those of a fresh run, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import nbformat
import pytest
from build import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import contents, without_kernels
from small_year import UNITS, make_raw, write_table

from assess_lib.errors import InputChanged
from assess_lib.paths import YearPaths
from assess_lib.publish import reuse, year
from assess_lib.store import receipt

LONG = ["readings", "audit", "county_summary", "audit_workbook"]  # before the units
QUICK = ["county_office"]  # and after them; the readings' tables are worked out while the stages run
SET = [*LONG, *QUICK]  # may show anything of the set; what is published shows grades alone
COUNTY = [*SET, "publication"]
STAGES = ["01_clean", "02_score"]


def make_year(place: Path) -> None:
    """Make a project of four units: the shipped notebooks, one evidence file, a scheme of its own to edit."""
    raw = make_raw(place / "data/raw/2022")
    write_table(
        raw,
        "佐证目录",
        ("佐证编号", "单位", "类型", "名称或网址", "存放位置"),
        [("ZJ-1", "水沟镇", "照片", "门口", "evidence/one.jpg")],
    )
    (raw / "evidence").mkdir()
    (raw / "evidence/one.jpg").write_bytes(b"a picture")
    shutil.copytree(ROOT / "notebooks", place / "notebooks", ignore=shutil.ignore_patterns("pictures", "*.md"))


def places(place: Path) -> YearPaths:
    """Return the three folders of a project."""
    return YearPaths(2022, place / "data/raw/2022", place / "data/processed/2022", place / "reports/2022")


def run(place: Path, **options: Any) -> year.Published:
    """Run the year of a project."""
    chosen = {"readings": {}, "notebooks": place / "notebooks", "jobs": 1} | options
    return year.run_year(places(place), **chosen)


def report(place: Path, **options: Any) -> year.Published:
    """Make reports of a project's scored set alone."""
    return year.report_year(places(place), notebooks=place / "notebooks", jobs=1, **options)


def outputs(place: Path) -> dict[str, bytes]:
    """Return all that a run leaves, but for the register and the lock files."""
    return {f"p/{name}": data for name, data in contents(place / "data/processed/2022").items()} | {
        f"r/{name}": data for name, data in contents(place / "reports/2022").items()
    }


def fresh(place: Path, target: Path, **options: Any) -> dict[str, bytes]:
    """Return what a run makes of the same inputs where nothing stands."""
    shutil.copytree(place, target, symlinks=True, ignore=shutil.ignore_patterns("reports", "2022.runs.jsonl"))
    shutil.rmtree(target / "data/processed/2022", ignore_errors=True)
    run(target, **options)
    return outputs(target)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the small year once; not to be changed."""
    place = tmp_path_factory.mktemp("year")
    make_year(place)
    with without_kernels():
        run(place)
    return place


@pytest.fixture
def copy(done: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished year that a test may change."""
    return Path(shutil.copytree(done, tmp_path / "copy"))


@pytest.fixture
def ran() -> Iterator[list[str]]:
    """Run batches in this process and watch which tasks they have."""
    with without_kernels() as names:
        yield names


# ---- what is run ------------------------------------------------------------------------------------------------


def test_nothing_changed_nothing_run(copy: Path, ran: list[str]) -> None:
    """A second run starts no notebook, counts all eleven reports as reused, and leaves the same bytes."""
    before = outputs(copy)
    made = run(copy)
    assert ran == []
    assert (made.units, made.reused, made.kept, made.dropped) == (4, 11, 0, ())
    assert outputs(copy) == before


def test_force_runs_everything(copy: Path, ran: list[str]) -> None:
    """With force every notebook runs again, and the bytes are the same."""
    before = outputs(copy)
    assert run(copy, force=True).reused == 0
    assert sorted(ran) == sorted([*STAGES, *COUNTY, *(f"units/{unit}" for unit in UNITS)])
    assert outputs(copy) == before


@pytest.mark.parametrize("way", [run, report])
def test_force_leaves_what_was_not_asked_for(copy: Path, ran: list[str], way: Callable[..., year.Published]) -> None:
    """With force and one unit that unit's report is made, and the other units' stay: nothing is lost."""
    before = outputs(copy)
    made = way(copy, units=["T01"], force=True)
    assert [name for name in ran if name.startswith("units/")] == ["units/T01"]
    assert (made.units, made.reused, made.dropped) == (1, 0, ())
    assert outputs(copy) == before


def test_one_row_one_report(copy: Path, ran: list[str]) -> None:
    """A corrected fact of T03 makes T03's report and the county's again, not the published version or other units'."""
    edit_text(copy / "data/raw/2022/扣分登记.csv", "=公文差错", "公文有两处差错")
    made = run(copy)
    assert ran == [*STAGES, *LONG, "units/T03", *QUICK]
    assert made.reused == 4


def test_a_missing_pdf_alone_is_printed(copy: Path, ran: list[str]) -> None:
    """After a run without PDF the next one prints the PDFs from the records that stand, and runs no notebook."""
    before = outputs(copy)
    run(copy, pdf=False)
    assert ran == [] and not [name for name in outputs(copy) if name.endswith(".pdf")]
    run(copy)
    assert sorted(ran) == ["county_summary", "publication", *(f"units/{unit}" for unit in sorted(UNITS))]
    assert outputs(copy) == before


def test_a_report_of_one_unit_keeps_what_stands(copy: Path, ran: list[str]) -> None:
    """Asked for one unit after a correction that is another's, it makes none and keeps those that hold, not T03's."""
    edit_text(copy / "data/raw/2022/扣分登记.csv", "=公文差错", "公文有两处差错")
    made = run(copy, units=["T01"])
    assert ran == [*STAGES, *SET]
    assert (made.units, made.reused) == (1, 2)
    assert made.dropped == ("units/T03.html", "units/T03.ipynb", "units/T03.pdf")
    assert {f"units/{unit}.pdf" for unit in ("T01", "T02", "D01")} <= contents(copy / "reports/2022").keys()


@pytest.mark.parametrize("way", [run, report])
def test_tables_of_readings_are_the_same_whoever_works_them_out(
    copy: Path, ran: list[str], way: Callable[..., year.Published]
) -> None:
    """The run writes them from what it explored beside the stages; where none runs, a process makes the same bytes."""
    before = outputs(copy)
    shutil.rmtree(copy / "reports/2022/readings")
    way(copy)
    assert ran == ["readings_tables"]
    assert outputs(copy) == before


# ---- what is not trusted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["units/T01.html", "units/T01.pdf", "county_summary.ipynb", "audit_workbook.xlsx"])
@pytest.mark.parametrize("how", ["altered", "removed"])
def test_a_file_that_was_touched_is_made_again(copy: Path, ran: list[str], name: str, how: str) -> None:
    """A report that is not what its receipt says is made again, and all is as it was."""
    before = outputs(copy)
    file = copy / "reports/2022" / name
    file.write_bytes(b"forged") if how == "altered" else file.unlink()
    run(copy)
    assert ran == [name.rpartition(".")[0]]
    assert outputs(copy) == before


def test_a_forged_receipt_seals_nothing(copy: Path, ran: list[str]) -> None:
    """A page altered together with its hash in the receipt is not taken over: the register knows another receipt."""
    before = outputs(copy)
    forge(copy, "units/T01.html", b"<p>110.00</p>")
    run(copy)
    assert "units/T01" in ran and len(ran) == len(STAGES) + len(COUNTY) + len(UNITS)
    assert outputs(copy) == before


@pytest.mark.parametrize("way", [run, report])
def test_reports_without_a_receipt_do_not_stay_beside_new_ones(
    copy: Path, ran: list[str], way: Callable[..., year.Published]
) -> None:
    """Where the receipt was removed, an old PDF is not kept as if it were somebody's own file; that one is kept."""
    (copy / "reports/2022/receipt.json").unlink()
    (copy / "reports/2022/units/notes.pdf").write_bytes(b"somebody's own")
    way(copy, pdf=False)
    left = [name for name in contents(copy / "reports/2022") if name.endswith(".pdf")]
    assert left == ["units/notes.pdf"]


def test_a_damaged_register_vouches_for_nothing(copy: Path, ran: list[str]) -> None:
    """Where a line of the register was altered, everything is made again."""
    run(copy)
    edit_text(copy / "data/processed/2022.runs.jsonl", '"outcome": "done"', '"outcome": "dome"')
    run(copy)
    assert len(ran) == len(STAGES) + len(COUNTY) + len(UNITS)


def test_a_receipt_of_other_software_lends_nothing(copy: Path, ran: list[str], monkeypatch: Any) -> None:
    """Reports made by another state of the code (a template, a library, a font) are made again, all of them."""
    other = reuse._software() | {"code": "another state of the code"}
    monkeypatch.setattr(reuse, "_software", lambda: other)
    run(copy)
    assert len(ran) == len(STAGES) + len(COUNTY) + len(UNITS)


def test_a_notebook_reads_nothing_but_its_slice(copy: Path, ran: list[str]) -> None:
    """A unit's notebook that reaches for the whole set fails, loudly, instead of going stale unseen."""
    add_cell(copy / "notebooks/03_unit_report.ipynb", "from assess_lib import paths\npaths.resolve(year)")
    with pytest.raises(year.NotebookFailed, match="只能用 views"):
        run(copy)
    assert outputs(copy).keys() >= {"r/units/T01.html"}


# ---- whatever is edited -----------------------------------------------------------------------------------------


def edit_text(file: Path, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file; it must be there."""
    text = file.read_bytes().decode("utf-8")
    assert old in text, old
    file.write_bytes(text.replace(old, new, 1).encode("utf-8"))


def add_cell(notebook: Path, source: str, kind: str = "code") -> None:
    """Put a cell at the end of a notebook."""
    made = nbformat.read(notebook, as_version=4)
    new = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
    new.id = "added"
    made.cells = [*(cell for cell in made.cells if cell.id != "added"), new]
    nbformat.write(made, notebook)


def forge(place: Path, name: str, content: bytes) -> None:
    """Alter a report and its hash in the receipt."""
    reports = places(place).reports
    (reports / name).write_bytes(content)
    slip = json.loads((reports / "receipt.json").read_bytes())
    slip["outputs"][name] = sha256(content).hexdigest()
    (reports / "receipt.json").write_text(json.dumps(slip), encoding="utf-8")


@dataclass(frozen=True)
class Edit:
    """One thing that somebody changes, and the options of the run that follows."""

    what: str
    do: Callable[[Path], None]

    def __repr__(self) -> str:
        return self.what


def rows(table: str, old: str, new: str) -> Edit:
    """An edit of a raw table."""
    return Edit(f"{table}: {old} -> {new}", lambda place: edit_text(place / f"data/raw/2022/{table}.csv", old, new))


def scheme(old: str, new: str) -> Edit:
    """An edit of the scheme file."""
    return Edit(f"scheme: {old} -> {new}", lambda place: edit_text(place / "data/raw/2022/scheme.yaml", old, new))


def cell(notebook: str, source: str, kind: str = "code") -> Edit:
    """A cell more in a notebook."""
    return Edit(f"{notebook}: {source}", lambda place: add_cell(place / "notebooks" / notebook, source, kind))


def remove(name: str) -> Edit:
    """A report that somebody deletes."""
    return Edit(f"no {name}", lambda place: (place / "reports/2022" / name).unlink(missing_ok=True))


def _earlier_year(place: Path) -> None:
    """Lay an earlier year's set beside this one: the same set under the year 2021, with its receipt."""
    from assess_lib import store
    from assess_lib.store.sets import BASIS_FILE, RECEIPT_FILE

    old = places(place).processed
    files = store.read_set_files(old)
    basis = json.loads(files[BASIS_FILE])
    basis["year"] = basis["scheme"]["year"] = 2021
    files[BASIS_FILE] = store.dump_json(basis)
    slip = json.loads(files.pop(RECEIPT_FILE))
    slip["outputs"] = {name: store.digest(data) for name, data in files.items()}
    target = old.with_name("2021")
    shutil.rmtree(target, ignore_errors=True)
    reuse.write(target, files | {RECEIPT_FILE: store.dump_json(slip)})


def beside(name: str, make: Callable[[Path], object]) -> Edit:
    """Something in the raw folder that is no input, but of which cleaning has something to say."""
    return Edit(f"beside {name}", lambda place: make(places(place).raw / name))


def _linked(file: Path) -> None:
    """Put a link to the same bytes in a file's place."""
    target = file.with_name(f"~${file.name}")
    file.rename(target)
    file.symlink_to(target)


def _evidence(content: bytes) -> Edit:
    return Edit(f"evidence {content!r}", lambda place: _write(place / "data/raw/2022/evidence/one.jpg", content))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


EDITS = (
    rows("扣分登记", "公文差错", "公文差错两处"),
    rows("扣分登记", "2022-08-01", "2022-07-01"),
    rows("扣分登记", "GW-01,", "HY-03,"),
    rows("扣分标准", "公文办理,差错,20", "公文办理,差错,20.5"),
    rows("扣分标准", "参会,迟到,0.2", "参会,迟到了,0.2"),
    rows("单位名录", "南寨镇", "北寨镇"),
    scheme("rank: false", "rank: true"),
    scheme("score: false", "score: true"),
    rows("单位名录", "崔镇；崔家头", "崔镇"),
    rows("单位名录", "县纪委监委,县级部门", "县纪委监委,镇"),
    rows("单位名录", "水沟镇,镇,,,否", "水沟镇,镇,,,"),
    rows("材料报送", "2022-06-25", "2022-06-24"),
    rows("材料报送", "2022-12-10", "2022-12-11"),
    rows("信息中心结果", "D01,2", "D01,3"),
    rows("热线红灯", "2022-06-01", "2022-06-02"),
    rows("确认无事项", "丙", "丁"),
    rows("佐证目录", "门口", "大门口"),
    rows("佐证目录", "evidence/one.jpg", "evidence/two.jpg"),
    _evidence(b"another picture"),
    _evidence(b"a picture"),
    scheme("full: 100", "full: 99"),
    scheme("points: 60", "points: 61"),
    scheme("points: 80", "points: 79"),
    cell("01_clean.ipynb", "1"),
    cell("02_score.ipynb", "'二'"),
    cell("03_unit_report.ipynb", "unit_id"),
    cell("03_unit_report.ipynb", "补充说明", "markdown"),
    cell("04_county_summary.ipynb", "print('完')"),
    cell("05_audit.ipynb", "2"),
    cell("06_readings.ipynb", "3"),
    Edit("an earlier year", _earlier_year),
    beside("扣份登记_城关镇.csv", lambda file: file.write_bytes(b"x")),
    beside("扣分登记.docx", lambda file: file.write_bytes(b"x")),
    beside("扣分登记_城关镇.csv", lambda file: file.mkdir()),
    beside("参会登记_城关镇.csv", lambda file: file.symlink_to("/etc/hostname")),
    beside("佐证", lambda file: file.mkdir()),
    beside("佐证", lambda file: file.write_bytes(b"x")),
    beside("scheme.yaml", _linked),
    Edit("reports alone", lambda place: report(place)),
    remove("units/T02.html"),
    remove("county_summary.pdf"),
    remove("index.html"),
    remove("02_score.ipynb"),
    remove("receipt.json"),
    Edit("a forged page", lambda place: forge(place, "units/T01.html", b"<p>110.00</p>")),
)
NAMES = [str(edit) for edit in EDITS]
OPTIONS = (
    {},
    {},
    {"pdf": False},
    {"readings": {"bonus_gate": "at_least"}},
    {"readings": {"deadline_day": "exclusive"}},
    {"run_date": date(2022, 12, 20)},
    {"final": True},
    {"units": ["T01", "D01"]},
)
steps = st.lists(
    st.tuples(st.lists(st.sampled_from(EDITS), max_size=3, unique_by=str), st.sampled_from(OPTIONS)),
    min_size=1,
    max_size=2,
)


def _try(done: Path, made: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Path(shutil.copytree(done, tmp_path_factory.mktemp("edited") / "year"))
    for edits, options in made:
        for edit in edits:
            try:
                edit.do(place)
            except (AssertionError, FileNotFoundError, FileExistsError, IsADirectoryError):
                continue  # an earlier edit took away what this one changes
        try:
            run(place, **options)
        except (year.InputRejected, year.FinalRefused) as error:
            # nothing was replaced: the next step goes on from what stands
            with pytest.raises(type(error)) as again:
                fresh(place, tmp_path_factory.mktemp("fresh") / "year", **options)
            assert str(again.value) == str(error), (edits, options)
            continue
        expected = fresh(place, tmp_path_factory.mktemp("fresh") / "year", **options)
        found = outputs(place)
        if options.get("units"):  # others may stand beside those asked for; each must be what a full run makes
            whole = fresh(place, tmp_path_factory.mktemp("whole") / "year", **{**options, "units": []})
            for name in ("r/receipt.json", "r/index.html"):
                found.pop(name), expected.pop(name)
            more = found.keys() - expected.keys()
            assert {name: found[name] for name in more} == {name: whole[name] for name in more}
            found = {name: found[name] for name in expected}
        different = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        assert different == [], (edits, options)
    shutil.rmtree(place.parent)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=steps)
def test_what_stands_is_what_would_be_made(
    done: Path, ran: list[str], tmp_path_factory: pytest.TempPathFactory, made: Any
) -> None:
    """After any edits and any run, every file is byte for byte that of a run where nothing stood."""
    _try(done, made, tmp_path_factory)


@pytest.mark.deep
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=steps)
def test_what_stands_is_what_would_be_made_at_length(
    done: Path, ran: list[str], tmp_path_factory: pytest.TempPathFactory, made: Any
) -> None:
    """The same for many more edits."""
    _try(done, made, tmp_path_factory)


@pytest.mark.parametrize("edit", EDITS, ids=str)
@pytest.mark.deep
def test_each_edit_alone(done: Path, ran: list[str], tmp_path_factory: pytest.TempPathFactory, edit: Edit) -> None:
    """Every single edit, run as usual, gives what a fresh run gives."""
    _try(done, [([edit], {})], tmp_path_factory)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (EDITS[NAMES.index("beside 扣份登记_城关镇.csv")], "warning"),
        (EDITS[NAMES.index("beside 扣分登记.docx")], "warning"),
        (EDITS[NAMES.index("beside 扣分登记_城关镇.csv")], "error"),
        (EDITS[NAMES.index("beside 参会登记_城关镇.csv")], "error"),
        (EDITS[NAMES.index("beside scheme.yaml")], "error"),
    ],
    ids=str,
)
def test_what_lies_beside_the_inputs_is_not_passed_over(copy: Path, ran: list[str], edit: Edit, said: str) -> None:
    """A misspelt file is warned of, and a link or folder under a table's name rejects, also when no input changed."""
    edit.do(copy)
    if said == "warning":
        told = [problem.file for problem in run(copy).problems if problem.code == "file.unknown"]
        assert told == ["evidence", str(edit).removeprefix("beside ")]
        assert ran[:2] == STAGES
    else:
        with pytest.raises(year.InputRejected):
            run(copy)


def test_the_audit_page_says_whether_the_inputs_are_still_the_same(copy: Path, ran: list[str]) -> None:
    """What it said while an input was another one does not stay when the input is put back."""
    before = outputs(copy)
    edit_text(copy / "data/raw/2022/扣分登记.csv", "公文差错", "公文差错两处")
    report(copy)
    assert "现在与凭证不一致" in (copy / "reports/2022/audit.html").read_text(encoding="utf-8")
    edit_text(copy / "data/raw/2022/扣分登记.csv", "公文差错两处", "公文差错")
    run(copy)
    assert outputs(copy) == before


@pytest.mark.parametrize("way", [run, report])
def test_a_notebook_saved_meanwhile_stops_the_run(copy: Path, ran: list[str], way: Callable[..., Any]) -> None:
    """Where a notebook is saved while reports are made of it, exit 6 names it, and the old reports stay."""
    before = outputs(copy)

    def save(what: str, done: int, total: int) -> None:
        if what.startswith("T01"):
            add_cell(copy / "notebooks/03_unit_report.ipynb", "补充说明", "markdown")

    with pytest.raises(InputChanged, match=r"运行期间笔记本有改动：03_unit_report\.ipynb。"):
        way(copy, force=True, progress=save)
    assert outputs(copy) == before


def test_a_line_that_a_power_cut_tore_does_not_make_everything_anew(copy: Path, ran: list[str]) -> None:
    """A torn line of the register, sealed by the next run's, is no reason to distrust the reports that stand."""
    with open(copy / "data/processed/2022.runs.jsonl", "ab") as stream:
        stream.write(b'{"time": "x", "comm')
    run(copy)
    ran.clear()
    assert run(copy).reused == 11
    assert ran == []


def test_every_source_file_is_part_of_the_software() -> None:
    """No kind of file that decides what a report looks like is missing from the code's digest: it would go stale."""
    package = Path(receipt.__file__).resolve().parents[1]
    left_out = {".mo", ".po", ".typed", ".pyc"}  # messages of the command line, marks
    kinds = {path.suffix for path in package.rglob("*") if path.is_file() and not path.name.startswith(".")}
    assert kinds - left_out <= set(receipt.SOURCE_ENDINGS)
