"""A pack for each unit: its report, to-do list and ledger; nothing of anybody else, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from report_set import MARKS, PAYLOAD, RATERS, small_set_tables, write_processed

from assess_lib.cli import main
from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.store import approval_digest

NAMES = {"T01": "梧桐镇", "T02": "白杨镇", "D01": "县松柏局", "D02": "县银杏局", "D03": "县合欢局"}
KINDS = ("ledger.csv", "readme.txt", "report.html", "report.pdf", "todo.csv")


def write_reports(
    reports: Path, processed: Path, units: Iterable[str] = NAMES, endings: Iterable[str] = ("html", "pdf")
) -> None:
    """Write reports of the set as a run leaves them: files and the receipt that binds them to the set."""
    (reports / "units").mkdir(parents=True, exist_ok=True)
    outputs = {}
    for unit in units:
        for ending in endings:
            content = f"{ending} of {unit}".encode()
            (reports / "units" / f"{unit}.{ending}").write_bytes(content)
            outputs[f"units/{unit}.{ending}"] = sha256(content).hexdigest()
    slip = {
        "processed": sha256((processed / "receipt.json").read_bytes()).hexdigest(),
        "approval": approval_digest(processed),
        "outputs": outputs,
    }
    (reports / "receipt.json").write_text(json.dumps(slip), encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with raw, processed and reports of five units that end differently; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "raw").mkdir()
    (folder / "processed").mkdir()
    write_processed(folder / "processed", small_set_tables())
    write_reports(folder / "reports", folder / "processed")
    return folder


@pytest.fixture
def year(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, which a test may change."""
    return Path(shutil.copytree(made, tmp_path / "year"))


def pack(year: Path, *arguments: str, target: str = "packs") -> int:
    """Run assess pack on the folder's year; return the exit code."""
    places = [word for name in ("raw", "processed", "reports") for word in (f"--{name}", str(year / name))]
    return main(["pack", str(year / target), "--year", "2022", *places, *arguments])


def read(file: Path) -> dict[str, bytes]:
    """Return what a zip holds, by name."""
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_each_unit_gets_one_zip_of_its_own_things(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One zip a unit, named by its code; inside five files named by the code and fixed ASCII words."""
    assert pack(year) == 0
    assert "5 个压缩包" in capsys.readouterr().out
    assert {file.name for file in (year / "packs").iterdir()} == {f"{unit}.zip" for unit in NAMES}
    for unit in NAMES:
        files = read(year / "packs" / f"{unit}.zip")
        assert list(files) == [f"{unit}_{kind}" for kind in KINDS]
        assert files[f"{unit}_report.html"] == f"html of {unit}".encode()
        assert files[f"{unit}_report.pdf"] == f"pdf of {unit}".encode()


def test_ledger_is_the_units_own_and_adds_up(year: Path) -> None:
    """The ledger has the contract's columns and the unit's rows alone; formulas are kept out; sums stay true."""
    assert pack(year) == 0
    with open(year / "processed" / "ledger.csv", encoding="utf-8-sig", newline="") as stream:
        whole = list(csv.DictReader(stream))
    for unit in NAMES:
        ledger = rows(read(year / "packs" / f"{unit}.zip")[f"{unit}_ledger.csv"])
        own = [row for row in whole if row["unit_id"] == unit]
        assert tuple(ledger[0]) == LEDGER_COLUMNS
        same = [name for name in LEDGER_COLUMNS if name not in ("source", "formula")]
        assert [[row[name] for name in same] for row in ledger] == [[row[name] for name in same] for row in own]
        for row, stored in zip(ledger, own, strict=True):
            if row["item"] not in ("B4", "B5"):
                assert (row["source"], row["formula"]) == (stored["source"], stored["formula"])
    # 100 - 1.00 - 2.00: see report_set
    key = [row for row in rows(read(year / "packs" / "T01.zip")["T01_ledger.csv"]) if row["item"] == "K"]
    assert key[-1]["after"] == "97.00"
    assert not [cell for row in ledger for cell in row.values() if cell.startswith(("=", "+", "@"))]


def test_nothing_of_other_units_or_of_single_opinions_is_inside(year: Path) -> None:
    """No other unit's name or row stands in a pack; who of the leaders gave which mark does not either."""
    assert pack(year) == 0
    for unit in NAMES:
        files = read(year / "packs" / f"{unit}.zip")
        text = "".join(data.decode("utf-8") for name, data in files.items() if not name.endswith((".html", ".pdf")))
        for other, name in NAMES.items():
            if other != unit:
                assert name not in text and f"{other}_" not in text
        tables = "".join(files[f"{unit}_{kind}.csv"].decode("utf-8") for kind in ("ledger", "todo"))
        for secret in (*MARKS, *RATERS, "987", "654"):
            if unit == "T02" and secret in ("987", "654"):
                continue  # its own reports and adoptions
            assert secret not in tables, (unit, secret)
    t01 = rows(read(year / "packs" / "T01.zip")["T01_ledger.csv"])
    assert {row["source"] for row in t01 if row["item"] == "B5" and row["points"]} == {"领导评价（3 人）"}
    for row in t01:
        if row["item"] == "B4":  # the rivals' rows are in the stored ledger, here is the unit's one
            assert row["source"].count("!") == 2


def test_to_do_list_names_what_is_open(year: Path) -> None:
    """A unit with open items gets each with table and remedy; one with none gets the header alone."""
    assert pack(year) == 0
    listed = rows(read(year / "packs" / "D03.zip")["D03_todo.csv"])
    assert list(listed[0]) == ["性质", "事项", "在哪里补", "怎么办", "何时之前"]
    open_tables = {row["在哪里补"] for row in listed if row["性质"] == "待定"}
    assert {"“信息中心结果”", "“通报批评”", "“单位名录”", "“领导评价”", "“参会登记”", "“交办任务”"} <= open_tables
    assert all(row["事项"] and row["怎么办"] for row in listed)
    assert rows(read(year / "packs" / "T02.zip")["T02_todo.csv"]) == []
    warned = rows(read(year / "packs" / "T01.zip")["T01_todo.csv"])
    assert [row["性质"] for row in warned] == ["警告"]  # BZ-2 has no evidence
    assert "BZ-2" in warned[0]["事项"]


def test_covering_note_says_what_it_is_and_binds_the_files(year: Path) -> None:
    """The note names unit, state and set, and the SHA-256 of every other file; Notepad reads it."""
    assert pack(year) == 0
    files = read(year / "packs" / "T01.zip")
    note = files.pop("T01_readme.txt")
    assert note.startswith("\ufeff".encode()) and b"\r\n" in note
    text = note.decode("utf-8-sig")
    assert "梧桐镇（T01）2022年度考核材料 · 初评稿" in text
    assert sha256((year / "processed" / "receipt.json").read_bytes()).hexdigest() in text
    for name, content in files.items():
        assert f"{name}　" in text and sha256(content).hexdigest() in text
    assert "演示数据" in text


def test_packs_have_the_same_bytes_each_time(year: Path) -> None:
    """Made twice, at other times and one by one, each pack is the same to the byte, with a fixed day."""
    assert pack(year) == 0
    assert pack(year, "--unit", "县松柏局", "--unit", "T01", "--unit", "梧桐镇", target="again") == 0
    assert {file.name for file in (year / "again").iterdir()} == {"D01.zip", "T01.zip"}
    for unit in ("T01", "D01"):
        first, second = (year / folder / f"{unit}.zip" for folder in ("packs", "again"))
        assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(year / "packs" / "T01.zip") as archive:
        for entry in archive.infolist():
            assert (entry.date_time, entry.create_system, entry.compress_type) == ((1980, 1, 1, 0, 0, 0), 3, 0)


def test_cells_stay_inert(year: Path) -> None:
    """A hostile fact stands in the ledger as the text that it is; an evidence number like a formula is guarded."""
    tables = small_set_tables()
    tables["表彰宣传"][0]["佐证编号"] = tables["佐证目录"][0]["佐证编号"] = "=1+1"
    for file in (year / "processed").rglob("*.*"):
        file.unlink()
    (year / "processed" / "tables").rmdir()
    write_processed(year / "processed", tables)
    write_reports(year / "reports", year / "processed")
    assert pack(year, "--unit", "T01") == 0
    ledger = rows(read(year / "packs" / "T01.zip")["T01_ledger.csv"])
    assert any(PAYLOAD in row["label"] for row in ledger)
    assert {row["evidence_id"] for row in ledger} == {"", "'=1+1"}


@pytest.mark.parametrize("gone", ["receipt.json", "all of another set", "one unit", "approval"])
def test_reports_of_another_set_are_refused(year: Path, gone: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No report, or one that was made of another set or before the approval: exit 2, says what to run, no folder."""
    slip = year / "reports" / "receipt.json"
    stored = json.loads(slip.read_text(encoding="utf-8"))
    if gone == "receipt.json":
        slip.unlink()
    elif gone == "one unit":
        del stored["outputs"]["units/D02.html"]
        slip.write_text(json.dumps(stored), encoding="utf-8")
    else:
        slip.write_text(json.dumps(stored | {"processed" if gone != "approval" else gone: "0" * 64}), encoding="utf-8")
    assert pack(year) == 2
    told = capsys.readouterr().err
    assert "assess report" in told
    assert "县银杏局" in told and ("梧桐镇" in told) == (gone != "one unit")
    assert not (year / "packs").exists()


def test_an_altered_report_is_refused(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that is not what its receipt says is never sent out: exit 7, named, no folder."""
    (year / "reports" / "units" / "T02.html").write_bytes(b"altered")
    assert pack(year) == 7
    assert "units/T02.html" in capsys.readouterr().err
    assert not (year / "packs").exists()


def test_reports_without_pdf_are_packed_and_said(year: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports made with --no-pdf: the pack has the page alone, and the command says so."""
    write_reports(year / "reports", year / "processed", endings=("html",))
    assert pack(year, "--unit", "T01") == 0
    assert "没有 PDF" in capsys.readouterr().out
    assert "T01_report.pdf" not in read(year / "packs" / "T01.zip")


@pytest.mark.parametrize("place", ["raw/packs", "processed", "reports/units", "filled", "file", "."])
def test_packs_never_land_among_our_folders(year: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw data, results, reports, a filled folder, a file, the working folder: exit 2, nothing touched."""
    (year / "filled").mkdir()
    (year / "filled" / "a.txt").write_text("a")
    (year / "file").write_text("a")
    monkeypatch.chdir(year)
    before = sorted(year.rglob("*"))
    assert pack(year, target=place) == 2
    assert sorted(year.rglob("*")) == before


def test_unknown_unit_and_options_of_a_run_are_wrong_usage(year: Path) -> None:
    """An unknown unit, a reading or a date: exit 2, nothing written."""
    assert pack(year, "--unit", "县统记局") == 2
    assert pack(year, "--reading", "bonus_gate=at_least") == 2
    assert pack(year, "--date", "2022-12-31") == 2
    assert not (year / "packs").exists()


def test_an_empty_folder_is_used(year: Path) -> None:
    """A folder that exists and is empty is filled; a second time it is refused, and keeps what it has."""
    (year / "packs").mkdir()
    assert pack(year, "--unit", "T01") == 0
    assert pack(year, "--unit", "D01") == 2
    assert [file.name for file in (year / "packs").iterdir()] == ["T01.zip"]
