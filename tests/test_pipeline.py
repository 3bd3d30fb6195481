"""Check, clean and score a small year from its files, and what each leaves in the processed folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from small_year import UNITS, make_raw, write_table

from assess_lib import pipeline, store
from assess_lib.errors import FinalRefused, InputChanged, InputRejected, UsageError, VerifyFailed
from assess_lib.paths import YearPaths, resolve

ROSTER_HEADER = ("单位编码", "单位名称", "单位类别", "重点任务单位")


@pytest.fixture
def year(tmp_path: Path) -> YearPaths:
    make_raw(tmp_path / "raw")
    return resolve(2022, tmp_path / "raw", tmp_path / "processed", tmp_path / "reports")


def _files(place: Path) -> dict[str, bytes]:
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}


def _records(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _register(year: YearPaths) -> list[dict[str, object]]:
    return [json.loads(line) for line in (year.processed.parent / "processed.runs.jsonl").read_bytes().splitlines()]


def _break_roster(year: YearPaths) -> None:
    write_table(year.raw, "单位名录", ROSTER_HEADER, [("T01", "崔家头镇", "乡", "否")])


def _unsettle(year: YearPaths) -> None:
    """Leave key-task status of T01 open: its K becomes unresolved."""
    rows = [("T01", "崔家头镇", "镇", ""), ("T02", "南寨镇", "镇", "否"), ("T03", "水沟镇", "镇", "否")]
    write_table(year.raw, "单位名录", ROSTER_HEADER, [*rows, ("D01", "县纪委监委", "县级部门", "否")])


# --- score -------------------------------------------------------------------------------------------------------


def test_score_writes_the_contracts_files_and_the_scores_worked_out_by_hand(year: YearPaths) -> None:
    """One call from raw files to results: scores, blanks, ranks and grades as the scheme has them."""
    outcome = pipeline.score(year)
    files = _files(year.processed)
    assert {name for name in files if "/" not in name} == {
        "results.csv", "items.csv", "ledger.csv", "problems.csv", "problems.xlsx", "rows.csv", "receipt.json",
        "basis.json", "findings.json",
    }  # fmt: skip
    assert len([name for name in files if name.startswith("tables/") and name.endswith(".parquet")]) == 16
    results = [list(row.values()) for row in _records(files["results.csv"])]
    assert results == [
        ["T01", "崔家头镇", "镇", "scored", "100.00", "true", "4.00", "104.00", "合格", "1", "1", "0"],
        ["T02", "南寨镇", "镇", "scored", "97.50", "true", "4.00", "101.50", "合格", "2", "2", "0"],
        ["T03", "水沟镇", "镇", "scored", "80.00", "false", "", "80.00", "合格", "3", "3", "0"],
        ["D01", "县纪委监委", "县级部门", "vetoed", "", "false", "", "", "不合格", "", "", "0"],
    ]
    assert outcome.receipt == sha256(files["receipt.json"]).hexdigest()


def test_headers_are_the_contracts(year: YearPaths) -> None:
    """Each csv has the published columns in the published order."""
    pipeline.score(year)
    headers = {
        "results.csv": "unit_id,unit_name,group,status,key_score,bonus_open,bonus_score,final_score,grade,"
        "rank_in_group,rank_overall,unresolved",
        "items.csv": "unit_id,item,points,cap,unresolved,note",
        "ledger.csv": "unit_id,seq,part,item,clause,label,formula,nominal,before,points,after,status,reading,source,"
        "evidence_id",
        "problems.csv": "severity,code,table,file,sheet,row,column,value,message,remedy",
        "rows.csv": "table,file,sheet,read,accepted,rejected,set_aside",
    }
    for name, header in headers.items():
        assert (year.processed / name).read_bytes().startswith(b"\xef\xbb\xbf" + header.encode() + b"\r\n")


def test_ledger_is_numbered_within_each_unit_and_rows_are_accounted_for(year: YearPaths) -> None:
    """seq runs 1, 2, … in each unit; of each file, read = accepted + rejected + set aside."""
    pipeline.score(year)
    files = _files(year.processed)
    for unit in UNITS:
        numbers = [int(row["seq"]) for row in _records(files["ledger.csv"]) if row["unit_id"] == unit]
        assert numbers == list(range(1, len(numbers) + 1))
        assert numbers
    rows = _records(files["rows.csv"])
    assert {row["file"]: row["read"] for row in rows}["单位名录.csv"] == "4"
    for row in rows:
        assert int(row["read"]) == int(row["accepted"]) + int(row["rejected"]) + int(row["set_aside"])


def test_receipt_holds_the_hash_of_every_input_and_output(year: YearPaths) -> None:
    """The receipt lists inputs and outputs with their SHA-256, all but itself and the latest attempt's three files."""
    pipeline.score(year, readings={"bonus_gate": "at_least"}, run_date="2022-12-30")
    files = _files(year.processed)
    slip = json.loads(files.pop("receipt.json"))
    for name in ("problems.csv", "problems.xlsx", "rows.csv"):
        del files[name]
    assert slip["outputs"] == {name: sha256(data).hexdigest() for name, data in files.items()}
    assert slip["inputs"] == {name: sha256(data).hexdigest() for name, data in _files(year.raw).items()}
    assert {"scheme.yaml", "单位名录.csv", "扣分标准.csv"} <= set(slip["inputs"])
    assert slip["readings"]["bonus_gate"] == "at_least"
    assert len(slip["readings"]) == 12
    assert (slip["date"], slip["final"], slip["package"]) == ("2022-12-30", False, "0.3.0")
    assert {"pandas", "pyarrow", "python-calamine"} <= set(slip["libraries"])


def test_same_inputs_give_the_same_bytes_wherever_they_lie(year: YearPaths, tmp_path: Path) -> None:
    """Two runs in two places write identical sets, and no output holds an absolute path."""
    pipeline.score(year)
    make_raw(tmp_path / "elsewhere" / "raw2")
    other = resolve(2022, tmp_path / "elsewhere" / "raw2", tmp_path / "elsewhere" / "p", tmp_path / "elsewhere" / "r")
    pipeline.score(other)
    assert _files(other.processed) == _files(year.processed)
    for data in _files(year.processed).values():
        assert str(tmp_path).encode() not in data


def test_a_reading_changes_what_depends_on_it(year: YearPaths) -> None:
    """With bonus_gate=at_least exactly 80 opens the bonus part: T03 gets 80.00 + 4.00."""
    outcome = pipeline.score(year, readings={"bonus_gate": "at_least"})
    assert outcome.score is not None
    unit = next(result for result in outcome.score.results if result.unit_id == "T03")
    assert (unit.bonus_open, unit.final_score) == (True, Decimal("84.00"))


def test_text_that_looks_like_a_formula_is_defused_in_the_ledger(year: YearPaths) -> None:
    """The register's fact ``=公文差错`` reaches no csv cell's beginning, and the tables keep it as it stands."""
    pipeline.score(year)
    for name in ("results.csv", "items.csv", "ledger.csv", "problems.csv"):
        for row in _records((year.processed / name).read_bytes()):
            assert not any((value or "").startswith(("=", "@")) for value in row.values())
    assert store.read_tables(year.processed)["扣分登记"][0]["事实"] == "=公文差错"


# --- the two stages ----------------------------------------------------------------------------------------------


def test_two_stages_write_byte_for_byte_what_score_writes(year: YearPaths, tmp_path: Path) -> None:
    """Notebook 01 then notebook 02 end in the very set that ``assess score`` writes."""
    pipeline.score(year, readings={"info_pool": "by_group"}, run_date="2022-12-30")
    staged = resolve(2022, year.raw, tmp_path / "staged", year.reports)
    pipeline.clean_stage(staged, run_date="2022-12-30")
    pipeline.score_stage(staged, readings={"info_pool": "by_group"}, run_date="2022-12-30")
    assert _files(staged.processed) == _files(year.processed)


def test_cleaning_stage_stores_tables_without_results(year: YearPaths) -> None:
    """After notebook 01 there are tables and problems, no results, and reading the set says what to run."""
    outcome = pipeline.clean_stage(year)
    assert outcome.score is None
    assert not (year.processed / "results.csv").exists()
    assert len(store.read_tables(year.processed)["单位名录"]) == 4
    with pytest.raises(UsageError, match="02_score"):
        store.load_set(year.processed)


def test_cleaning_again_keeps_results_that_still_follow_from_the_inputs(year: YearPaths) -> None:
    """Notebook 01 on unchanged inputs leaves the accepted set in place, byte for byte."""
    pipeline.score(year, readings={"bonus_gate": "at_least"})
    before = _files(year.processed)
    pipeline.clean_stage(year)
    after = _files(year.processed)
    assert {n: d for n, d in after.items() if n not in store.PROBLEM_FILES} == {
        n: d for n, d in before.items() if n not in store.PROBLEM_FILES
    }


def test_cleaning_other_inputs_drops_results_that_no_longer_follow(year: YearPaths) -> None:
    """After the raw files changed, notebook 01 removes the outdated results and keeps foreign files."""
    pipeline.score(year)
    (year.processed / "notes.txt").write_text("mine", encoding="utf-8")
    _unsettle(year)
    pipeline.clean_stage(year)
    names = set(_files(year.processed))
    assert not {"results.csv", "items.csv", "ledger.csv"} & names
    assert "notes.txt" in names


def test_scoring_stage_refuses_raw_files_that_changed_since_cleaning(year: YearPaths) -> None:
    """Notebook 02 scores only what the raw files still say: exit 6 otherwise, nothing replaced."""
    pipeline.clean_stage(year)
    before = _files(year.processed)
    _unsettle(year)
    with pytest.raises(InputChanged, match="单位名录"):
        pipeline.score_stage(year)
    assert _files(year.processed) == before


def test_scoring_stage_reads_the_rules_once_more_unless_they_must_be_the_same(
    year: YearPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notebook 02 takes the rules that 01 stored of these very files; where other software stored them, the file's."""
    pipeline.clean_stage(year)
    read: list[Path] = []
    load = pipeline.load_basis
    monkeypatch.setattr(pipeline, "load_basis", lambda raw, of: (read.append(raw), load(raw, of))[1])
    once = pipeline.score_stage(year)
    assert not read
    assert once.basis.scheme == load(year.raw, 2022).scheme
    other = store.software() | {"python": "3.0.0"}
    monkeypatch.setattr(store, "software", lambda: other)
    pipeline.score_stage(year)
    assert read == [year.raw]


def test_scoring_stage_takes_no_rules_of_another_year(year: YearPaths) -> None:
    """A folder that was cleaned for 2022 is not scored as 2023, though the raw files are the same."""
    pipeline.clean_stage(year)
    before = _files(year.processed)
    with pytest.raises(UsageError, match="2022 年度"):
        pipeline.score_stage(resolve(2023, year.raw, year.processed, year.reports))
    assert _files(year.processed) == before


def test_scoring_stage_without_clean_tables_says_what_to_run(year: YearPaths) -> None:
    """Notebook 02 before notebook 01 is wrong usage."""
    with pytest.raises(UsageError):
        pipeline.score_stage(year)


def test_altered_tables_are_not_scored(year: YearPaths) -> None:
    """A clean table that is not what the receipt says stops notebook 02 (exit 7)."""
    pipeline.clean_stage(year)
    file = year.processed / "tables" / "扣分登记.parquet"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(VerifyFailed, match="扣分登记"):
        pipeline.score_stage(year)


def test_stage_inside_a_batch_leaves_lock_and_register_to_the_batch(year: YearPaths, tmp_path: Path) -> None:
    """A folder that a batch is building is written without a lock or register line of its own."""
    staging = tmp_path / ".processed.building"
    staging.mkdir()
    inner = resolve(2022, year.raw, staging, year.reports)
    pipeline.clean_stage(inner)
    pipeline.score_stage(inner)
    assert (staging / "results.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".processed.building", "raw"]


# --- check, rejected and refused runs ------------------------------------------------------------------------------


def test_check_alone_writes_the_three_files_of_the_attempt(year: YearPaths) -> None:
    """Without a set, check makes a folder that holds problems.csv, problems.xlsx and rows.csv only."""
    pipeline.check(year)
    assert set(_files(year.processed)) == {"problems.csv", "problems.xlsx", "rows.csv"}


@pytest.mark.parametrize("attempt", [pipeline.check, pipeline.score, pipeline.clean_stage])
def test_rejected_input_replaces_the_problems_alone(year: YearPaths, attempt: Callable[[YearPaths], object]) -> None:
    """Errors replace the three files of the attempt; the accepted set and foreign files stay byte for byte."""
    pipeline.score(year)
    (year.processed / "notes.txt").write_text("mine", encoding="utf-8")
    before = _files(year.processed)
    _break_roster(year)
    with pytest.raises(InputRejected) as caught:
        attempt(year)
    after = _files(year.processed)
    assert any(p.severity == "error" and p.column == "单位类别" and p.row == 2 for p in caught.value.problems)
    listed = _records(after["problems.csv"])
    assert [row["row"] for row in listed if row["column"] == "单位类别"] == ["2"]
    for name in store.PROBLEM_FILES:
        after.pop(name), before.pop(name)
    assert after == before
    assert not store.load_set(year.processed).results.empty


def test_bad_scheme_is_rejected_input(year: YearPaths) -> None:
    """A scheme that cannot be read is exit 3 with its problem listed; rows.csv then has no row."""
    (year.raw / "scheme.yaml").write_text("year: [2022\n", encoding="utf-8")
    with pytest.raises(InputRejected):
        pipeline.check(year)
    files = _files(year.processed)
    assert [row["file"] for row in _records(files["problems.csv"])] == ["scheme.yaml"]
    assert _records(files["rows.csv"]) == []


def test_final_is_refused_while_anything_is_unresolved(year: YearPaths) -> None:
    """--final with an open item lists it, replaces the problems and leaves the draft set as it was."""
    pipeline.score(year)
    before = _files(year.processed)
    _unsettle(year)
    with pytest.raises(FinalRefused) as caught:
        pipeline.score(year, final=True)
    assert [p.severity for p in caught.value.problems] == ["unresolved"]
    after = _files(year.processed)
    assert [row["severity"] for row in _records(after["problems.csv"])] == ["unresolved"]
    assert after["results.csv"] == before["results.csv"]
    assert after["receipt.json"] == before["receipt.json"]


def test_unresolved_items_do_not_stop_a_draft(year: YearPaths) -> None:
    """The same inputs score as a draft, with the open item counted at its unit."""
    _unsettle(year)
    pipeline.score(year)
    counts = [row["unresolved"] for row in _records((year.processed / "results.csv").read_bytes())]
    assert counts == ["1", "0", "0", "0"]


def test_final_passes_when_nothing_is_unresolved(year: YearPaths) -> None:
    """With every item settled --final writes the set and says so in its basis."""
    pipeline.score(year, final=True)
    assert store.load_set(year.processed).basis.final is True


@pytest.mark.parametrize("attempt", [pipeline.check, pipeline.score, pipeline.clean_stage])
def test_input_that_changes_during_the_run_stops_it(
    year: YearPaths, attempt: Callable[[YearPaths], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A raw file written while the run reads is exit 6 that names it; nothing at all is replaced."""
    pipeline.score(year)
    before = _files(year.processed)
    real = pipeline.clean

    def clean_while_someone_writes(raw: Path, scheme: object) -> object:
        cleaned = real(raw, scheme)  # type: ignore[arg-type]
        _break_roster(year)
        return cleaned

    monkeypatch.setattr(pipeline, "clean", clean_while_someone_writes)
    with pytest.raises(InputChanged, match="单位名录"):
        attempt(year)
    assert _files(year.processed) == before


@pytest.mark.parametrize("name", ["~$单位名录.xlsx", ".~lock.单位名录.ods#", "说明.docx"])
def test_files_that_are_no_input_may_change_during_the_run(
    year: YearPaths, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lock files of an office program and files that are no table do not disturb a run."""
    real = pipeline.clean

    def clean_while_someone_opens(raw: Path, scheme: object) -> object:
        (year.raw / name).write_text("x", encoding="utf-8")
        return real(raw, scheme)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "clean", clean_while_someone_opens)
    pipeline.score(year)
    assert name not in json.loads((year.processed / "receipt.json").read_bytes())["inputs"]


# --- wrong usage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("readings", "told"),
    [({"gate": "above"}, "bonus_gate"), ({"bonus_gate": "over"}, "above、at_least")],
)
def test_unknown_readings_are_wrong_usage_that_lists_the_options(
    year: YearPaths, readings: dict[str, str], told: str
) -> None:
    """An unknown key lists the keys, an unknown value the key's options; nothing is touched."""
    with pytest.raises(UsageError, match=told):
        pipeline.score(year, readings=readings)
    assert sorted(path.name for path in year.raw.parent.iterdir()) == ["raw"]


@pytest.mark.parametrize("day", ["2022-13-01", "2022-2-1", "20221231", "31.12.2022", "2022-12-31T00", "２０２２-12-31"])
def test_run_date_has_one_form(year: YearPaths, day: str) -> None:
    """A date that is not YYYY-MM-DD, or no day at all, is wrong usage; nothing is touched."""
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        pipeline.check(year, run_date=day)
    assert not year.processed.exists()


def test_scheme_of_another_year_is_wrong_usage(year: YearPaths) -> None:
    """scheme.yaml's year must be the run's; nothing is touched, not even a lock file."""
    other = YearPaths(2023, year.raw, year.processed, year.reports)
    with pytest.raises(UsageError, match="2022"):
        pipeline.score(other)
    assert sorted(path.name for path in year.raw.parent.iterdir()) == ["raw"]


# --- reading back and the register ---------------------------------------------------------------------------------


def test_set_is_read_back_with_exact_types(year: YearPaths) -> None:
    """Points come back as Decimal or None, counts as int, booleans as bool, text without the apostrophe."""
    pipeline.score(year)
    data = store.load_set(year.processed)
    rows = {row["unit_id"]: row for row in data.results.to_dict("records")}
    assert rows["T02"]["final_score"] == Decimal("101.50")
    assert isinstance(rows["T02"]["final_score"], Decimal)
    assert rows["T03"]["bonus_score"] is None
    assert rows["D01"]["rank_overall"] is None
    assert (rows["T01"]["rank_overall"], type(rows["T01"]["rank_overall"])) == (1, int)
    assert (rows["T01"]["bonus_open"], rows["D01"]["bonus_open"], rows["T01"]["unresolved"]) == (True, False, 0)
    assert data.items.to_dict("records")[0]["unresolved"] is False
    assert isinstance(data.ledger.to_dict("records")[0]["seq"], int)
    assert data.basis.year == 2022
    assert data.basis.scheme.judgement.bonus_cap.points == Decimal("20")
    assert data.receipt_digest == sha256((year.processed / "receipt.json").read_bytes()).hexdigest()


def test_set_keeps_its_own_problems_when_a_later_check_finds_others(year: YearPaths) -> None:
    """problems.csv tells of the latest attempt; the set that is read back tells of the run that made it."""
    _unsettle(year)
    pipeline.score(year)
    _break_roster(year)
    with pytest.raises(InputRejected):
        pipeline.check(year)
    assert list(store.load_set(year.processed).problems["severity"]) == ["unresolved"]


def test_altered_results_are_not_read(year: YearPaths) -> None:
    """A number edited by hand never reaches a report: reading the set fails and names the file."""
    pipeline.score(year)
    file = year.processed / "results.csv"
    file.write_bytes(file.read_bytes().replace(b"101.50", b"109.50"))
    with pytest.raises(VerifyFailed, match="results"):
        store.load_set(year.processed)


@pytest.mark.parametrize("rest", [",x\r\n", "\r\nT09\r\n"])
def test_a_row_with_other_cells_than_the_header_is_no_set(year: YearPaths, rest: str) -> None:
    """A file whose rows are longer or shorter than its header is not read as if it were whole, whatever its receipt."""
    pipeline.score(year)
    file, slip = year.processed / "items.csv", year.processed / "receipt.json"
    file.write_bytes(file.read_bytes().rstrip() + rest.encode())
    told = json.loads(slip.read_bytes())
    told["outputs"]["items.csv"] = sha256(file.read_bytes()).hexdigest()
    slip.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(UsageError, match="assess score"):
        store.load_set(year.processed)


@pytest.mark.parametrize("missing", ["receipt.json", "results.csv", "basis.json"])
def test_incomplete_set_is_wrong_usage(year: YearPaths, missing: str) -> None:
    """A set that lacks a file is no set: the message says what to run."""
    pipeline.score(year)
    (year.processed / missing).unlink()
    with pytest.raises(UsageError, match="assess score"):
        store.load_set(year.processed)


def test_every_attempt_that_held_the_folder_is_registered(year: YearPaths) -> None:
    """Done, rejected and refused attempts each leave a line with exit code, problem counts and receipt."""
    outcome = pipeline.score(year)
    _unsettle(year)
    with pytest.raises(FinalRefused):
        pipeline.score(year, final=True)
    _break_roster(year)
    with pytest.raises(InputRejected):
        pipeline.check(year)
    lines = _register(year)
    assert [(line["command"], line["exit"], line["outcome"]) for line in lines] == [
        ("score", 0, "done"),
        ("score", 8, "refused"),
        ("check", 3, "rejected"),
    ]
    assert lines[0]["receipt"] == outcome.receipt
    assert lines[1]["receipt"] is None
    assert lines[1]["problems"] == {"error": 0, "unresolved": 1, "warning": 0, "notice": 0}
