"""``assess verify``: what differs is named, whatever was forged with it; what is whole is left alone."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import verified_year
from test_end_to_end import make_project

from assess_lib import approval, pipeline, register, verify
from assess_lib.cli import main
from assess_lib.errors import InputChanged, UsageError
from assess_lib.paths import YearPaths
from assess_lib.publish import export
from assess_lib.store import dump_json
from assess_lib.verify import again, printed


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YearPaths]:
    """A finished small year that no test may change."""
    yield verified_year.finished(tmp_path_factory.mktemp("verify") / "year")


@pytest.fixture
def year(whole: YearPaths, tmp_path: Path) -> YearPaths:
    """A copy of the finished small year that a test may spoil."""
    return verified_year.copied(whole, tmp_path / "year")


@pytest.fixture
def bare(tmp_path: Path) -> YearPaths:
    """A raw folder alone, nothing scored yet."""
    verified_year.make_raw(tmp_path / "bare" / "raw")
    return verified_year.places(tmp_path / "bare")


def run(year: YearPaths, *more: str) -> int:
    """Run the real command on a year."""
    folders = ("--raw", str(year.raw), "--processed", str(year.processed), "--reports", str(year.reports))
    return main(["verify", "--year", "2022", *folders, *more])


def named(year: YearPaths) -> set[tuple[str, str]]:
    """Return kind and file of every finding."""
    return {(finding.kind, finding.file) for finding in verify.verify(year).findings}


def sealed(year: YearPaths) -> set[tuple[str, str]]:
    """Return kind and file of every finding of the hashes alone."""
    return {(finding.kind, finding.file) for finding in verify.hashes(year).findings}


def mark(unit: str, field: str, value: str, text: str, item: str = "") -> str:
    """Return a marked number as it stands in a page."""
    of_item = f' data-item="{item}"' if item else ""
    return f'<data value="{value}" data-unit="{unit}"{of_item} data-field="{field}">{text}'


def edit(file: Path, old: str, new: str, *, count: int = 1) -> None:
    """Replace a text that stands in a file at least once; every place, or the first ``count``."""
    text = file.read_bytes().decode("utf-8")
    assert old in text, f"{old!r} is not in {file.name}"
    file.write_bytes(text.replace(old, new, count).encode("utf-8"))


def forge(year: YearPaths, change: Callable[[dict], None] = lambda slip: None) -> None:
    """Do what a careful forger does: write both receipts and the whole register anew, so that every hash agrees."""
    slip = json.loads((year.processed / "receipt.json").read_bytes())
    slip["inputs"] = {name: _sha(year.raw / name) for name in slip["inputs"]}
    slip["outputs"] = {name: _sha(year.processed / name) for name in slip["outputs"]}
    change(slip)
    (year.processed / "receipt.json").write_bytes(dump_json(slip))
    made = json.loads((year.reports / "receipt.json").read_bytes())
    made["outputs"] = {name: _sha(year.reports / name) for name in made["outputs"]}
    made["processed"] = _sha(year.processed / "receipt.json")
    (year.reports / "receipt.json").write_bytes(dump_json(made))
    file, lines, previous = register.register_file(year.processed), [], ""
    for line in file.read_bytes().splitlines():
        entry = json.loads(line) | {"previous": previous}
        entry |= {"receipt": made["processed"]} if entry["receipt"] else {}
        entry |= {"reports": _sha(year.reports / "receipt.json")} if "reports" in entry else {}
        lines.append(json.dumps(entry, ensure_ascii=False).encode())
        previous = sha256(lines[-1]).hexdigest()
    file.write_bytes(b"\n".join(lines) + b"\n")


def _sha(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@pytest.mark.deep
def test_what_a_real_run_makes_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole run through the notebooks verifies; so does the set after a report of one unit was made again."""
    monkeypatch.chdir(make_project(tmp_path))
    assert main(["run", "--jobs", "2"]) == 0
    assert main(["verify"]) == 0
    assert main(["report", "--unit", "T01"]) == 0
    assert main(["verify"]) == 0
    assert main(["score", "--reading", "bonus_gate=at_least"]) == 0
    assert main(["verify"]) == 7


# ---- what is whole --------------------------------------------------------------------------------------------


def test_a_whole_year_verifies(whole: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished year leaves with exit code 0 and says what was checked: 8 inputs, 5 pages, 5 PDFs."""
    assert run(whole) == 0
    told = capsys.readouterr()
    assert "原始文件 8 个" in told.out
    assert "网页 5 份、PDF 5 份、笔记本 5 份" in told.out
    assert "重新清洗并评分" in told.out and "台账逐行相加" in told.out and "运行登记：2 行" in told.out
    assert "核对通过" in told.out
    assert told.err == ""


def test_verification_writes_nothing(year: YearPaths) -> None:
    """Neither a lock nor a register line nor any other file appears or changes, and a read-only folder will do."""
    before = verified_year.snapshot(year.raw.parent)
    for path in [year.raw.parent, *year.raw.parent.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert run(year) == 0
        assert verified_year.snapshot(year.raw.parent) == before
    finally:
        for path in [year.raw.parent, *year.raw.parent.rglob("*")]:
            path.chmod(path.stat().st_mode | 0o200)


def test_json_is_for_other_programs(year: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints one JSON object: ok, findings with their fields, checked, notes; the exit code stays 7."""
    assert run(year, "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    (year.reports / "units/T02.pdf").unlink()
    assert run(year, "--json") == 7
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"ok", "findings", "checked", "notes"}
    assert told["ok"] is False
    [finding] = told["findings"]
    assert (finding["kind"], finding["file"]) == ("missing", "报告/units/T02.pdf")
    assert set(finding) == {"kind", "file", "message", "row", "column", "expected", "found"}


def test_nothing_to_verify_is_wrong_usage(bare: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """Without results, reports and register there is nothing to verify: exit code 2, and nothing is made."""
    assert run(bare) == 2
    assert "assess score" in capsys.readouterr().err
    assert sorted(path.name for path in bare.raw.parent.iterdir()) == ["raw"]


def test_results_without_reports_verify(bare: YearPaths) -> None:
    """Whatever exists is verified: after a score alone, inputs, results, scores, sums and register."""
    pipeline.score(bare)
    found = verify.verify(bare)
    assert found.findings == ()
    assert any("没有核对报告" in note for note in found.notes)


def test_a_register_alone_verifies(bare: YearPaths) -> None:
    """After a check alone there is only the register, and it holds."""
    pipeline.check(bare)
    assert verify.verify(bare).findings == ()


def test_a_register_alone_is_not_said_to_be_a_verified_year(
    bare: YearPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where neither results nor reports stand the command says that it looked at the register alone, and no more."""
    pipeline.check(bare)
    assert run(bare) == 0
    told = capsys.readouterr().out
    assert "没有结果，也没有报告，只核对了运行登记。" in told
    assert told.endswith("运行登记没有不符；没有结果和报告可以核对。\n")
    assert "核对通过" not in told


def test_only_the_receipts_readings_count(whole: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """Readings and date may repeat the receipt's; others are wrong usage, as the set was not scored so."""
    assert run(whole, "--reading", "bonus_gate=above", "--date", "2022-12-31") == 0
    assert run(whole, "--reading", "bonus_gate=at_least") == 2
    assert "bonus_gate=at_least" in capsys.readouterr().err
    assert run(whole, "--date", "2022-12-10") == 2


def test_a_folder_of_another_year_is_wrong_usage(whole: YearPaths) -> None:
    """Asked for 2023, the folders of 2022 are wrong usage (exit 2), not a hundred findings."""
    folders = ("--raw", str(whole.raw), "--processed", str(whole.processed), "--reports", str(whole.reports))
    assert main(["verify", "--year", "2023", *folders]) == 2


def test_foreign_files_are_left_alone(year: YearPaths) -> None:
    """Files without one of our names are nobody's business; a report that no receipt lists is named."""
    (year.processed / "批注.docx").write_bytes(b"x")
    (year.reports / "units/批注.pdf").write_bytes(b"x")
    (year.reports / "说明.html").write_bytes(b"x")
    assert sealed(year) == set()
    shutil.copy(year.reports / "units/T01.pdf", year.reports / "units/X.pdf")
    (year.reports / "publication.html").write_bytes(b"x")
    assert sealed(year) == {("added", "报告/units/X.pdf"), ("added", "报告/publication.html")}


# ---- hashes ---------------------------------------------------------------------------------------------------


def test_inputs_changed_missing_and_added_are_named(year: YearPaths) -> None:
    """Each changed, missing and added raw file is named, and nothing else: scoring again is left out, and said so."""
    edit(year.raw / "材料报送.csv", "2022-06-10", "2022-06-11")
    (year.raw / "热线红灯.csv").unlink()
    (year.raw / "参会登记.csv").write_text("会议,日期,单位,到会情况\n", encoding="utf-8")
    found = verify.verify(year)
    assert {(finding.kind, finding.file) for finding in found.findings} == {
        ("changed", "原始/材料报送.csv"),
        ("missing", "原始/热线红灯.csv"),
        ("added", "原始/参会登记.csv"),
    }
    assert any("没有重新评分" in note for note in found.notes)


def test_outputs_changed_and_missing_are_named(year: YearPaths) -> None:
    """A changed csv is named with row, column and both values; a missing table is named."""
    edit(year.processed / "results.csv", "101.50,合格", "102.50,合格")
    (year.processed / "tables/扣分登记.parquet").unlink()
    found = verify.verify(year).findings
    assert {(f.kind, f.file) for f in found} == {
        ("changed", "结果/results.csv"),
        ("rescore", "结果/results.csv"),
        ("ledger", "结果/results.csv"),
        ("missing", "结果/tables/扣分登记.parquet"),
    }
    [again] = [f for f in found if f.kind == "rescore"]
    assert (again.row, again.column, again.expected, again.found) == (3, "final_score", "101.50", "102.50")


def test_a_folder_in_a_files_place_is_named(year: YearPaths) -> None:
    """A folder, and a link to nowhere, in the place of a file are named, and are no bug."""
    (year.processed / "items.csv").unlink()
    (year.processed / "items.csv").mkdir()
    (year.reports / "units/T01.html").unlink()
    os.symlink("nowhere", year.reports / "units/T01.html")
    assert {("unreadable", "结果/items.csv"), ("missing", "报告/units/T01.html")} <= named(year)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"outputs": 5}', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "list", "no fields", "wrong fields", "no text", "deep"],
)
def test_a_receipt_that_is_none_is_named(content: bytes, year: YearPaths) -> None:
    """A receipt that cannot be read, or lacks its fields, is named and stops nothing else."""
    (year.processed / "receipt.json").write_bytes(content)
    (year.reports / "receipt.json").write_bytes(content)
    found = verify.verify(year)
    assert {("receipt", "结果/receipt.json"), ("receipt", "报告/receipt.json")} <= {
        (f.kind, f.file) for f in found.findings
    }


def test_a_receipt_never_leads_out_of_its_folder(year: YearPaths) -> None:
    """A forged receipt that lists a path outside its folder is refused as a whole; nothing outside is read."""
    forge(year, lambda slip: slip["outputs"].update({"../../secret.txt": "0" * 64}))
    found = verify.verify(year).findings
    assert ("receipt", "结果/receipt.json") in {(f.kind, f.file) for f in found}
    assert "secret" not in str(found)


def test_a_receipt_in_other_writing_is_named(year: YearPaths) -> None:
    """The same JSON with other spaces is not what the software wrote, even when every hash was forged to fit."""
    forge(year)
    assert sealed(year) == set()  # the forger's own writing is whole
    slip = json.loads((year.reports / "receipt.json").read_bytes())
    (year.reports / "receipt.json").write_bytes(json.dumps(slip, ensure_ascii=False).encode())
    assert sealed(year) == {("receipt", "报告/receipt.json")}


@pytest.mark.parametrize("folder", ["processed", "reports"])
def test_a_missing_receipt_is_named(folder: str, year: YearPaths) -> None:
    """Files of ours without their receipt are named, not passed over."""
    place = getattr(year, folder)
    (place / "receipt.json").unlink()
    label = {"processed": "结果", "reports": "报告"}[folder]
    assert ("missing", f"{label}/receipt.json") in sealed(year)


def test_reports_of_another_set_are_named(year: YearPaths) -> None:
    """Reports that were made of an earlier set are named once; their numbers are not compared, and that is said."""
    pipeline.score(year, readings={"bonus_gate": "at_least"})
    found = verify.verify(year)
    assert {(f.kind, f.file) for f in found.findings} == {("receipt", "报告/receipt.json")}
    assert any("没有核对印出的数字" in note for note in found.notes)


def test_an_earlier_set_put_back_is_named(year: YearPaths) -> None:
    """Results of an earlier run laid over those of the last one are told apart by the register."""
    shutil.copytree(year.processed, year.processed.with_name("kept"))
    pipeline.score(year, readings={"bonus_gate": "at_least"})
    shutil.rmtree(year.processed)
    year.processed.with_name("kept").rename(year.processed)
    found = [f for f in verify.hashes(year).findings if f.file == "结果/receipt.json"]
    assert len(found) == 1 and "第 1 行" in found[0].message and "第 3 行" in found[0].message


# ---- the register ---------------------------------------------------------------------------------------------


def test_a_removed_register_is_named(year: YearPaths) -> None:
    """Without its register a receipt proves nothing: that is a finding, not a pass."""
    register.register_file(year.processed).unlink()
    assert ("register", "登记/processed.runs.jsonl") in sealed(year)
    assert run(year) == 7


def test_a_changed_line_of_the_register_is_named(year: YearPaths) -> None:
    """A changed time in line 1 breaks the seal that line 2 holds; a line taken out breaks the next one's."""
    file = register.register_file(year.processed)
    pipeline.check(year)
    before = file.read_bytes()
    file.write_bytes(before.replace(b'"command": "score"', b'"command": "scorn"', 1))
    [fault] = [f for f in verify.hashes(year).findings if f.kind == "register"]
    assert fault.row == 2
    lines = before.splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[2])
    [fault] = [f for f in verify.hashes(year).findings if f.kind == "register"]
    assert fault.row == 2


def test_a_torn_last_line_is_named_and_then_remembered(year: YearPaths) -> None:
    """A last line that a power cut broke off is a finding; once the next run has sealed it, it is a remark."""
    file = register.register_file(year.processed)
    with open(file, "ab") as stream:
        stream.write(b'{"time": "2023-01-0')
    [fault] = [f for f in verify.hashes(year).findings if f.kind == "register"]
    assert fault.row == 3 and "不完整" in fault.message
    pipeline.check(year)
    found = verify.verify(year)
    assert found.findings == ()
    assert any("第 3 行不完整" in note for note in found.notes)


def test_every_line_tells_what_people_decided(year: YearPaths) -> None:
    """A run's line names readings other than the scheme's and counts adjustments; a report's the reports' receipt."""
    pipeline.score(year, readings={"bonus_gate": "at_least", "q1_report": "not_scored"})
    score, report, again = [line.entry for line in register.read(year.processed)]
    assert score["overrides"] == {} and score["adjustments"] == 0
    assert again["overrides"] == {"bonus_gate": "at_least"}
    assert report["reports"] == _sha(year.reports / "receipt.json")
    slip = json.loads((year.processed / "receipt.json").read_bytes())
    assert slip["overrides"] == {"bonus_gate": "at_least"}


# ---- scores again ---------------------------------------------------------------------------------------------


def test_forged_results_are_found_by_scoring_again(year: YearPaths) -> None:
    """A result changed with every hash, both receipts and the register forged: scoring again names row and column."""
    edit(year.processed / "results.csv", "80.00,合格", "85.00,合格")
    forge(year)
    found = verify.verify(year).findings
    [again] = [f for f in found if (f.kind, f.file) == ("rescore", "结果/results.csv")]
    assert (again.row, again.column, again.expected, again.found) == (4, "final_score", "80.00", "85.00")
    assert ("rescore", "结果/receipt.json") in {(f.kind, f.file) for f in found}
    assert not [f for f in found if f.kind == "printed"]  # the reports print what is right


def test_forged_inputs_are_found_by_scoring_again(year: YearPaths) -> None:
    """A raw date changed and its hash forged in: the stored table no longer follows, named by row and column."""
    edit(year.raw / "材料报送.csv", "2022-06-25", "2022-06-20")
    forge(year)
    findings = verify.verify(year).findings
    [table] = [f for f in findings if f.file == "结果/tables/材料报送.parquet"]
    assert (table.kind, table.row, table.column) == ("rescore", 3, "实报日期")
    assert (table.expected, table.found) == ("2022-06-20", "2022-06-25")
    [result] = [f for f in findings if (f.kind, f.file) == ("rescore", "结果/results.csv")]
    assert result.expected == "100.00" and result.found == "97.50"  # five days late at 0.50 no longer stand


def test_a_forged_basis_is_found_by_scoring_again(year: YearPaths) -> None:
    """A cap raised in the stored scheme is named by its key."""
    edit(year.processed / "basis.json", '"points": "80"', '"points": "79"')
    forge(year)
    [basis] = [f for f in verify.verify(year).findings if f.file == "结果/basis.json"]
    assert (basis.column, basis.expected, basis.found) == ("scheme.judgement.bonus_gate.points", "80", "79")


@pytest.mark.parametrize(
    "change",
    [
        lambda slip: slip["readings"].update(bonus_gate="never"),
        lambda slip: slip["readings"].clear(),
        lambda slip: slip.update(year=2021),
        lambda slip: slip.update(final=True),
    ],
)
def test_a_forged_request_is_found(change: Callable[[dict], None], year: YearPaths) -> None:
    """Another year, reading or state written into the receipt is named; it never ends in a bug."""
    forge(year, change)
    if json.loads((year.processed / "receipt.json").read_bytes())["year"] == 2021:
        with pytest.raises(UsageError, match="2021"):  # registered so: rightly another year's folder
            verify.verify(year)
    else:
        assert verify.verify(year).findings


def test_other_software_is_said_and_contents_are_compared(year: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """A receipt of other versions verifies by content, naming them; a changed number is found all the same."""

    def older(slip: dict) -> None:
        slip["package"] = "0.0.1"
        slip["libraries"]["pyarrow"] = "1.0.0"

    forge(year, older)
    assert run(year) == 0
    told = capsys.readouterr().out
    assert "assess 0.0.1 →" in told and "pyarrow 1.0.0 →" in told and "只比较内容" in told
    edit(year.processed / "items.csv", "T03,K,80.00", "T03,K,81.00")
    forge(year, older)
    assert ("rescore", "结果/items.csv") in named(year)


def test_rescore_returns_the_set(whole: YearPaths) -> None:
    """``rescore`` makes every file of the set again, byte for byte, from the raw folder alone."""
    slip = json.loads((whole.processed / "receipt.json").read_bytes())
    made = verify.rescore(
        whole, year=2022, readings=slip["readings"], run_date=pipeline.parse_date("2022-12-31"), final=False
    )
    there = {p.relative_to(whole.processed).as_posix(): p.read_bytes() for p in whole.processed.rglob("*.*")}
    assert made == there


def test_the_list_of_problems_is_held_to_the_set_it_belongs_to(year: YearPaths) -> None:
    """problems.csv changed after an accepted run is named; after a later check it tells of that, and is left alone."""
    edit(year.processed / "rows.csv", "扣分标准", "扣分标淮")
    assert named(year) == {("rescore", "结果/rows.csv")}
    pipeline.check(year)
    edit(year.processed / "rows.csv", "扣分标准", "扣分标淮")
    assert named(year) == set()


# ---- printed numbers ------------------------------------------------------------------------------------------


def test_a_forged_page_is_found_by_its_numbers(year: YearPaths) -> None:
    """A score changed on a page, with every hash, both receipts and the register forged, is still named."""
    before, after = (mark("T02", "final_score", score, score) for score in ("101.50", "111.50"))
    edit(year.reports / "units/T02.html", before, after)
    forge(year)
    [finding] = verify.verify(year).findings
    assert (finding.kind, finding.file, finding.expected, finding.found) == (
        "printed", "报告/units/T02.html", "101.50", "111.50",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">101.50</data>", ">111.50</data>"),  # what a person sees
        ('value="101.50"', 'value="111.50"'),  # what a program sees
        (mark("T02", "rank_overall", "2", "2"), mark("T02", "rank_overall", "2", "1")),
        (mark("T02", "grade", "合格", "合格"), mark("T02", "grade", "合格", "不合格")),
        (mark("T02", "points", "2.00", "2.00", "B7"), mark("T02", "points", "2.00", "2.50", "B7")),
        (mark("T02", "key_score", "97.50", "97.50"), mark("T01", "key_score", "97.50", "97.50")),  # another unit's
        (mark("T02", "bonus_score", "4.00", "+4.00</data>"), "+4.00"),  # the mark taken off
        ("最终得分 101.50 分", "最终得分 104.50 分"),  # in the sentence, where no mark is
    ],
    ids=["text", "value", "rank", "grade", "item", "unit", "no mark", "sentence"],
)
def test_each_way_to_change_a_page_is_found(old: str, new: str, whole: YearPaths) -> None:
    """Text, value, rank, grade, an item's points, a mark's unit, its absence, the sentence: each is named."""
    page = (whole.reports / "units/T02.html").read_text(encoding="utf-8")
    assert old in page
    wanted = expected(whole)
    assert printed.check_unit_page("units/T02.html", page, "T02", wanted) == []
    found = printed.check_unit_page("units/T02.html", page.replace(old, new, 1), "T02", wanted)
    assert {(f.kind, f.file) for f in found} == {("printed", "报告/units/T02.html")}


def expected(year: YearPaths) -> printed.Expected:
    """Return what the reports of the year must print."""
    return printed.Expected.of({p.name: p.read_bytes() for p in year.processed.iterdir() if p.is_file()})


def test_a_vetoed_units_page_may_print_no_score(whole: YearPaths) -> None:
    """A score put where a vetoed unit's dash stands is named; so is a key score added to its page."""
    page = (whole.reports / "units/D01.html").read_text(encoding="utf-8")
    dash = mark("D01", "final_score", "", "—")
    assert dash in page
    for bad in (page.replace(dash, mark("D01", "final_score", "90.00", "90.00")),
                page.replace(dash, mark("D01", "key_score", "90.00", "90.00</data>") + dash)):  # fmt: skip
        assert printed.check_unit_page("units/D01.html", bad, "D01", expected(whole))


def test_the_countys_page_is_checked_cell_by_cell(year: YearPaths) -> None:
    """A rank changed in the county's ranking is named, and so is a unit whose row was taken out."""
    page, wanted = year.reports / "county_summary.html", expected(year)
    before, after = mark("T02", "rank_in_group", "2", "2"), mark("T02", "rank_in_group", "1", "1")
    text = page.read_text(encoding="utf-8")
    rows = re.sub(r'<tr>(?:(?!</tr>).)*data-unit="T03".*?</tr>', "", text, flags=re.DOTALL)
    found = printed.check_marks("county_summary.html", rows, wanted, wanted.required_of_county())
    assert len(found) == 1 and "T03" in found[0].message
    edit(page, before, after)
    forge(year)
    assert named(year) == {("printed", "报告/county_summary.html")}


def test_a_forged_notebook_is_found_by_its_numbers(year: YearPaths) -> None:
    """A score changed in the executed notebook alone is named."""
    edit(year.reports / "units/T01.ipynb", ">104.00</data>", ">105.00</data>")
    forge(year)
    assert named(year) == {("printed", "报告/units/T01.ipynb")}


@pytest.mark.parametrize(
    ("report", "old", "new"),
    [
        ("units/T02", "101.50", "111.50"),
        ("units/T02", mark("T02", "rank_in_group", "2", "2"), mark("T02", "rank_in_group", "2", "1")),
        ("units/T03", mark("T03", "grade", "合格", "合格"), mark("T03", "grade", "合格", "优秀")),
        ("units/D01", mark("D01", "final_score", "", "—"), mark("D01", "final_score", "", "90.00")),
        ("county_summary", mark("T02", "key_score", "97.50", "97.50"), mark("T02", "key_score", "97.50", "99.50")),
    ],
    ids=["score", "rank", "grade", "vetoed", "county"],
)
def test_a_pdf_that_prints_another_number_is_found(report: str, old: str, new: str, whole: YearPaths) -> None:
    """Score, rank, grade, a vetoed unit's score, a cell of the county's ranking: a PDF that prints another is named."""
    page = (whole.reports / f"{report}.html").read_text(encoding="utf-8")
    assert old in page
    name, pdf, wanted = f"{report}.pdf", export.to_pdf(page.replace(old, new)), expected(whole)
    if report == "county_summary":
        found = printed.check_county_pdf(name, pdf, wanted)
    else:
        found = printed.check_unit_pdf(name, pdf, report.removeprefix("units/"), wanted)
    assert {(f.kind, f.file) for f in found} == {("printed", f"报告/{name}")}


def test_forged_pdfs_are_found_by_their_numbers(year: YearPaths) -> None:
    """Another unit's PDF, and a file that is no PDF, with every hash forged: both are named, and neither is a bug."""
    shutil.copy(year.reports / "units/T01.pdf", year.reports / "units/T02.pdf")
    (year.reports / "units/T01.pdf").write_bytes(b"%PDF-1.7\nnothing")
    forge(year)
    assert named(year) == {("printed", "报告/units/T01.pdf"), ("printed", "报告/units/T02.pdf")}


# ---- the approval ---------------------------------------------------------------------------------------------


@pytest.fixture
def approved(bare: YearPaths) -> YearPaths:
    """The small year, final and approved, its reports made after that."""
    pipeline.score(bare, final=True)
    day = pipeline.parse_date("2023-01-04")
    assert day is not None
    approval.approve(bare, document="千办〔2023〕1号", by="组长", day=day)
    verified_year.report(bare, pdf=False)
    return bare


def test_an_approved_year_verifies(approved: YearPaths) -> None:
    """A set that was approved and reported after that holds together."""
    found = verify.verify(approved)
    assert found.findings == ()
    assert any("定稿凭据" in text for text in found.checked)


def test_a_changed_approval_is_named(approved: YearPaths) -> None:
    """Another document written into the approval, or the approval taken away, is named."""
    file = approved.processed / "approval.json"
    whole = file.read_bytes()
    file.write_bytes(whole.replace("1号".encode(), "2号".encode()))
    assert ("approval", "结果/approval.json") in sealed(approved)
    file.unlink()
    assert ("missing", "结果/approval.json") in sealed(approved)
    file.write_bytes(whole + b" ")
    assert ("approval", "结果/approval.json") in sealed(approved)


def test_reports_from_before_the_approval_are_named(bare: YearPaths) -> None:
    """Reports that were printed before the set was approved say 送审稿: they are named until they are made again."""
    pipeline.score(bare, final=True)
    verified_year.report(bare, pdf=False)
    day = pipeline.parse_date("2023-01-04")
    assert day is not None
    approval.approve(bare, document="千办〔2023〕1号", by="组长", day=day)
    assert sealed(bare) == {("approval", "报告/receipt.json")}


# ---- while others write ---------------------------------------------------------------------------------------


def test_a_run_during_verification_is_told(year: YearPaths) -> None:
    """When the register grows while files are being read, twice, the verification ends as changed input (exit 6)."""
    with pytest.raises(InputChanged):
        verify.verify(year, progress=lambda what, done, total: register.append(year.processed, {"exit": 0}))


def test_a_table_that_no_reader_takes_is_named(whole: YearPaths) -> None:
    """Whatever a reader raises of a table with a flipped bit, the file is named: pyarrow has errors of many kinds."""
    unread = "无法读取：不是软件写出的内容。"
    table = "tables/交办任务.parquet"
    content = (whole.processed / table).read_bytes()
    told = set()
    for at in range(4, len(content) - 4):
        altered = bytearray(content)
        altered[at] ^= 4
        finding = again._file(table, content, bytes(altered), True)
        told.add(finding.message if finding else "")
    assert unread in told
