"""Output folders: bytes of each file, whole-or-nothing swaps, foreign files, locks and the register."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from build import make_tables
from openpyxl import load_workbook

from assess_lib import lock, register
from assess_lib.errors import EnvironmentFailure, FolderBusy, InputChanged, Problem
from assess_lib.store import Building, building, commit_all, csvfile, folder, parquet, workbook
from assess_lib.store.workbook import PROBLEM_COLUMNS, dump_problems, link_target, sheet_names
from assess_lib.tables import TABLES, Row, Source

ROOT = Path(__file__).resolve().parents[1]


# --- csv -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"])
def test_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(start: str) -> None:
    """A text cell that begins with a formula sign, in either width, a tab or a CR, is defused; and comes back whole."""
    text = f"{start}SUM(A1)"
    _, rows = csvfile.parse(csvfile.dump(("a",), [(text,)]))
    assert rows == [["'" + text]]
    assert csvfile.unguard(rows[0][0]) == text


@pytest.mark.parametrize("text", ["'=1+1", "''-2", "'\t=1", "'＝1"])
def test_an_apostrophe_that_stood_there_before_is_not_lost(text: str) -> None:
    """A text that already begins with apostrophe and formula sign is told apart from a defused formula."""
    assert csvfile.guard(text) == "'" + text
    assert csvfile.unguard(csvfile.guard(text)) == text


@pytest.mark.parametrize("text", ["城关镇", "1-1", " =1", "'quoted", "", "a,b", 'a"b', "a\r\nb", "a\nb", "䶮𠮷\u200b"])
def test_other_text_is_kept_as_it_stands(text: str) -> None:
    """Text that no spreadsheet calculates is written as it is, quotes and line breaks included."""
    _, rows = csvfile.parse(csvfile.dump(("a", "b"), [(text, "x")]))
    assert rows == [[text, "x"]]
    assert csvfile.unguard(text) == text


def test_csv_bytes_have_bom_crlf_two_decimals_and_blanks() -> None:
    """Points print with two decimals, also negative ones without an apostrophe; what does not exist is blank."""
    data = csvfile.dump(("p", "n", "b", "t"), [(Decimal("-2.5"), 3, True, ""), (None, None, False, "-1")])
    assert data == b"\xef\xbb\xbfp,n,b,t\r\n-2.50,3,true,\r\n,,false,'-1\r\n"


def test_file_names_that_are_not_unicode_do_not_break_the_list_of_problems() -> None:
    """A lone surrogate, as an undecodable file name has, is shown escaped in csv and workbook."""
    name = b"\xff.xlsx".decode("utf-8", "surrogateescape")
    _, rows = csvfile.parse(csvfile.dump(("file",), [(name,)]))
    assert rows == [["\\udcff.xlsx"]]
    assert dump_problems([Problem("warning", "file.unknown", "x", file=name)])


# --- parquet ---------------------------------------------------------------------------------------------------


def _sample_tables() -> dict[str, tuple[Row, ...]]:
    tables = make_tables(
        {
            "扣分标准": [{"标准编号": "BS-01", "考核内容": "=x", "扣分情形": "y", "单次扣分": "0.5", "批准文号": "z"}],
            "热线红灯": [{"工单编号": "1", "单位": "T01", "红灯时间": datetime(2022, 5, 1, 17, 30, 5)}],
            "信息报送": [{"单位": "T01", "季度": "1", "报送条数": 12, "采用条数": 0}],
            "参会登记": [{"会议": "会", "日期": "2022-03-01", "单位": "T01", "到会情况": "到会"}],
        }
    )
    noted = Row("确认无事项", {"表": "扣分登记", "单位": "全部", "确认人": "𠮷", "确认日期": date(2022, 12, 31)},
                Source("确认无事项_甲.xlsx", "确认无事项", 7), {"备 注": "a\nb", "空": ""})  # fmt: skip
    return tables | {"确认无事项": (noted,)}


def test_all_tables_come_back_from_parquet_without_loss() -> None:
    """Text, dates, times, decimals, whole numbers, blanks, sources and extra columns survive in all 17 tables."""
    tables = _sample_tables()
    assert len(TABLES) == 17
    for name, rows in tables.items():
        back = parquet.load(name, parquet.dump(name, rows))
        assert back == rows
        assert [dict(row.notes) for row in back] == [dict(row.notes) for row in rows]


def test_stored_columns_are_the_contracts_then_source_and_notes() -> None:
    """A stored table has the published columns in order, then where the row stands, then what else it held."""
    assert parquet.schema(TABLES["参会登记"]).names == [
        "会议", "日期", "单位", "到会情况", "来源文件", "来源工作表", "来源行", "附注",
    ]  # fmt: skip
    assert [str(kind) for kind in parquet.schema(TABLES["扣分标准"]).types][3] == "decimal128(18, 2)"


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("参会登记", {"日期": datetime(2022, 3, 1)}),  # a point in time, where days stand
        ("扣分标准", {"单次扣分": "1.00"}),
        ("信息报送", {"报送条数": True}),
        ("信息报送", {"报送条数": "12"}),
        ("单位名录", {"单位名称": 7}),
    ],
)
def test_a_column_holds_its_own_type_alone(table: str, values: dict[str, object]) -> None:
    """A value of another type than the column's is a fault of the program and is refused, never turned into text."""
    (row,) = make_tables({table: [{}]})[table]
    wrong = Row(table, {**row.values, **values}, row.source, row.notes)  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        parquet.dump(table, [wrong])


def test_parquet_bytes_depend_on_the_rows_alone() -> None:
    """The same rows give the same bytes, 0.5 and 0.50 alike; another amount gives others."""
    row = {"标准编号": "A", "考核内容": "x", "扣分情形": "y", "批准文号": "z"}

    def dump(points: str) -> bytes:
        return parquet.dump("扣分标准", make_tables({"扣分标准": [{**row, "单次扣分": points}]})["扣分标准"])

    assert dump("0.5") == dump("0.50") == dump("0.5")
    assert dump("0.5") != dump("0.51")


@pytest.mark.parametrize(("amount", "fits"), [("9999999999999999.99", True), ("10000000000000000", False)])
def test_amounts_beyond_sixteen_digits_are_named_before_they_are_stored(amount: str, fits: bool) -> None:
    """An amount that no exact column can hold is an input error with its place, not a crash."""
    row = {"标准编号": "A", "考核内容": "x", "扣分情形": "y", "批准文号": "z", "单次扣分": amount}
    tables = make_tables({"扣分标准": [row]})
    problems = parquet.unstorable(tables)
    assert [(p.severity, p.file, p.row, p.column) for p in problems] == (
        [] if fits else [("error", "扣分标准.csv", 2, "单次扣分")]
    )
    if fits:
        assert parquet.load("扣分标准", parquet.dump("扣分标准", tables["扣分标准"])) == tables["扣分标准"]


def test_whole_numbers_and_broken_text_that_cannot_be_stored_are_named() -> None:
    """Counts beyond 64 bits and lone surrogates, in cells or extra columns, are input errors with their place."""
    counts = make_tables({"信息报送": [{"单位": "T01", "季度": "1", "报送条数": 2**63, "采用条数": 0}]})
    assert [p.column for p in parquet.unstorable(counts)] == ["报送条数"]
    values = {"表": "扣分登记", "单位": "全部", "确认人": "\udcff", "确认日期": date(2022, 12, 31)}
    broken = {"确认无事项": (Row("确认无事项", values, Source("a.csv", "", 2), {"注": "\udcff"}),)}
    assert [p.column for p in parquet.unstorable(broken)] == ["确认人", "注"]


# --- problems.xlsx -----------------------------------------------------------------------------------------------


def test_problem_workbook_is_the_csv_without_formulas() -> None:
    """The workbook has the columns and rows of problems.csv; nothing in it is a formula or a link."""
    problems = [
        Problem("error", "unit.unknown", "=HYPERLINK(1)", "改", "扣分登记", "a.xlsx", "表", 14, "单位", "http://x"),
        Problem("notice", "row.set_aside", "合计", value="\x1b[2J"),
    ]
    sheet = load_workbook(io.BytesIO(dump_problems(problems))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == list(PROBLEM_COLUMNS)
    assert rows[1] == [
        "error",
        "unit.unknown",
        "扣分登记",
        "a.xlsx",
        "表",
        14,
        "单位",
        "http://x",
        "=HYPERLINK(1)",
        "改",
    ]
    assert rows[2][0] == "notice"
    assert len(rows) == 3
    assert sheet["I2"].data_type == "s"
    assert sheet["H2"].hyperlink is None
    assert sheet.freeze_panes == "A2"


def test_problem_workbook_shows_chinese_words_and_tells_severities_by_word_and_colour() -> None:
    """People read 错误 and 级别 through the number format; each severity has a colour of its own besides its word."""
    problems = [Problem(s, "x.y", "m") for s in ("error", "unresolved", "warning", "notice")]  # type: ignore[arg-type]
    sheet = load_workbook(io.BytesIO(dump_problems(problems))).active
    assert [sheet.cell(row, 1).number_format for row in range(1, 6)] == [
        ';;;"级别"', ';;;"错误"', ';;;"待定"', ';;;"警告"', ';;;"提示"',
    ]  # fmt: skip
    assert len({sheet.cell(row, 1).fill.fgColor.rgb for row in range(2, 6)}) == 4


def test_problem_workbook_bytes_do_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workbooks of the same problems are the same bytes, whenever they are made."""
    problems = [Problem("warning", "x.y", "m")]
    first = dump_problems(problems)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    time.sleep(1.1)
    assert dump_problems(problems) == first


def test_cell_longer_than_excel_takes_is_cut_with_a_note() -> None:
    """A message beyond 32,767 characters is cut and points to the csv, rather than vanish."""
    sheet = load_workbook(io.BytesIO(dump_problems([Problem("error", "x.y", "长" * 40_000)]))).active
    assert str(sheet["I2"].value).endswith("（全文见 problems.csv）")
    assert len(str(sheet["I2"].value)) == 32_767
    wide = load_workbook(io.BytesIO(dump_problems([Problem("error", "x.y", "𠮷" * 20_000)]))).active  # two units each
    assert str(wide["I2"].value) == "𠮷" * 16_373 + "……（全文见 problems.csv）"


def _of(file: str, sheet: str = "扣分登记", row: int | None = 14) -> Problem:
    return Problem("error", "unit.unknown", "不在名录中", "请更正", file=file, sheet=sheet, row=row, column="单位")


def test_problem_workbook_has_a_sheet_for_each_file_to_send_back() -> None:
    """After the whole list comes one sheet a file, with that file's problems alone, counted, in Chinese words."""
    problems = [
        _of("扣分登记_城关镇.xlsx"),
        _of("参会登记.csv", "", 3),
        Problem("warning", "reviewer.same", "同一人", "请由另一人复核。", file="扣分登记_城关镇.xlsx", row=15),
        Problem("error", "table.missing", "缺少“扣分标准”表。", table="扣分标准"),
    ]
    book = load_workbook(io.BytesIO(dump_problems(problems)))
    assert book.sheetnames == ["问题清单", "参会登记", "扣分登记_城关镇"]
    assert book["问题清单"].max_row == 5
    rows = [[cell.value for cell in row] for row in book["扣分登记_城关镇"].iter_rows()]
    assert rows[0][0] == "扣分登记_城关镇.xlsx"
    assert str(rows[1][0]).startswith("错误 1 处，警告 1 处。")
    assert rows[2] == ["级别", "工作表", "行", "列", "内容", "问题", "处理办法", "定位"]
    assert rows[3] == ["error", "扣分登记", 14, "单位", None, "不在名录中", "请更正", "第 14 行"]
    assert rows[4] == ["warning", None, 15, None, None, "同一人", "请由另一人复核。", "第 15 行"]
    assert len(rows) == 5
    assert book["扣分登记_城关镇"]["A4"].number_format == ';;;"错误"'


def test_problem_workbook_counts_reasons_not_items() -> None:
    """Two reasons may leave one item unresolved: what is counted is called 待定原因, what a row is stays 待定."""
    missing = [
        Problem(
            "unresolved", f"unresolved.b4.quarter-{quarter}-not-reported", "没有登记。", file="信息报送.csv", row=row
        )
        for row, quarter in enumerate("14", start=2)
    ]
    sheet = load_workbook(io.BytesIO(dump_problems(missing)))["信息报送"]
    assert str(sheet["A2"].value).startswith("待定原因 2 处。")
    assert sheet["A4"].number_format == ';;;"待定"'


def test_problem_workbook_links_to_the_row_in_the_file_beside_it() -> None:
    """A link names the file alone, no folder, and the row of its sheet; a csv, which has no sheet, is just opened."""
    problems = [_of("扣分登记_城关镇.xlsx"), _of("扣分登记_城关镇.xlsx", "", None), _of("参会登记.csv", "", 3)]
    book = load_workbook(io.BytesIO(dump_problems(problems)))
    links = {
        (sheet.title, cell.row): (cell.hyperlink.target, cell.hyperlink.location, cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert links == {
        ("参会登记", 4): ("参会登记.csv", None, "第 3 行"),
        ("扣分登记_城关镇", 4): ("扣分登记_城关镇.xlsx", "'扣分登记'!A14", "第 14 行"),
        ("扣分登记_城关镇", 5): ("扣分登记_城关镇.xlsx", None, "打开文件"),
    }


@pytest.mark.parametrize(
    ("file", "sheet", "target"),
    [
        ("a b.xlsx", "it's", "external:a%20b.xlsx#'it''s'!A14"),
        ("a#b%41.xls", "x", "external:a%23b%2541.xls#'x'!A14"),
        ("a.XLSX", "甲!乙", "external:a.XLSX#'甲!乙'!A14"),
        ("a.ods", "x\u202ey", "external:a.ods"),
        ("a.ods", "长" * 300, "external:a.ods"),
        ("..\\..\\autorun.xlsx", "x", ""),
        ("\\\\server\\share.xlsx", "x", ""),
        ("http://example.org/a.xlsx", "x", ""),
        ("javascript:a.xlsx", "x", ""),
        ("C:a.xlsx", "x", ""),
        ("xslx.\u202egnp.xlsx", "x", ""),
        ("\udcff.xlsx", "x", ""),
        ("报送.exe", "", ""),
        ("报送.lnk", "", ""),
        ("scheme.yaml", "", ""),
        ("", "", ""),
    ],
    ids=ascii,
)
def test_links_are_escaped_and_lead_to_tables_only(file: str, sheet: str, target: str) -> None:
    """A name that could be read as a path, that hides characters, or that is no table gets no link at all."""
    assert link_target(_of(file, sheet)) == target


def test_a_name_shown_otherwise_than_it_is_gets_no_link() -> None:
    """A file whose name holds hidden characters is listed as it prints; a link by that name would lead elsewhere."""
    assert link_target(Problem("error", "file.name", "文件名含不可见字符", file="扣分登记.xlsx")) == ""


def test_sheet_names_are_what_excel_allows() -> None:
    """31 UTF-16 units at most, no []:*?/\\, no apostrophe at an end, unique whatever the case, never a reserved one."""
    files = [
        "扣分登记_甲.csv", "扣分登记_甲.xlsx", "问题清单.xlsx", "History.xlsx", "A.xls", "a.csv", "'x'.csv",
        "[]:*?/\\.csv", "\x07\uffff.csv", ".csv", "长" * 40 + ".csv", "长" * 40 + "2.csv", "𠮷" * 16 + ".csv",
        "b" * 30 + "'c.csv", "''.csv",
    ]  # fmt: skip
    names = sheet_names(files)
    assert names == [
        "扣分登记_甲", "扣分登记_甲~2", "问题清单~2", "History~2", "A", "a~2", "x", "_______", "__", ".csv",
        "长" * 31, "长" * 29 + "~2", "𠮷" * 15, "b" * 30, "_",
    ]  # fmt: skip
    problems = [_of(file) for file in files]
    assert load_workbook(io.BytesIO(dump_problems(problems))).sheetnames[0] == "问题清单"


def test_problem_workbook_with_more_rows_than_excel_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the links that Excel takes in a sheet (65,530) the place stands as text, and no row is lost."""
    assert workbook._MAX_LINKS <= 65_530
    monkeypatch.setattr(workbook, "_MAX_LINKS", 5)
    sheet = load_workbook(io.BytesIO(dump_problems([_of("a.xlsx", "s", row) for row in range(1, 10)])))["a"]
    assert [bool(sheet.cell(row, 8).hyperlink) for row in range(4, 13)] == [True] * 2 + [False] * 7
    assert [sheet.cell(row, 8).value for row in range(4, 13)] == [f"第 {row} 行" for row in range(1, 10)]


# --- swaps -----------------------------------------------------------------------------------------------------


def _write(place: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")


def _read(place: Path) -> dict[str, str]:
    found = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_text(encoding="utf-8")
        else:
            found[name] = "dir"
    return found


def _beside(place: Path) -> list[str]:
    return sorted(path.name for path in place.parent.iterdir())


def _swap(place: Path, files: dict[str, str], ours: tuple[str, ...] = ("results.csv", "tables/a.parquet")) -> None:
    with building(place, ours) as new:
        _write(new, files)


_NO_EXCHANGE: Callable[[Path, Path], bool] = lambda one, other: False  # noqa: E731 - a stand-in for ``exchange``


@pytest.fixture(params=["exchange", "two renames", "copy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways in which a folder is replaced: Linux, other systems, overlay file systems of containers."""
    if request.param != "exchange":
        monkeypatch.setattr(folder, "exchange", _NO_EXCHANGE)
    if request.param == "copy":
        real = os.rename

        def rename(source: Path, target: Path) -> None:
            if Path(source).name == "2022" and Path(target).name == ".2022.old":
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            real(source, target)

        monkeypatch.setattr(folder.os, "rename", rename)
    return str(request.param)


def test_new_set_replaces_the_old_one_and_foreign_files_survive(tmp_path: Path, way: str) -> None:
    """Ours is replaced or dropped; foreign files, folders (also empty ones) and links at any depth stay as they are."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old", "tables/a.parquet": "old"})
    _write(place, {"notes.txt": "n", ".hidden": "h", "tables/mine.txt": "m", "deep/er/x.txt": "x"})
    (place / "empty").mkdir()
    (place / "dangling").symlink_to("nowhere")
    (place / "tables" / "link").symlink_to("../deep")
    _swap(place, {"results.csv": "new"})
    assert _read(place) == {
        ".hidden": "h",
        "dangling": "-> nowhere",
        "deep": "dir",
        "deep/er": "dir",
        "deep/er/x.txt": "x",
        "empty": "dir",
        "notes.txt": "n",
        "results.csv": "new",
        "tables": "dir",
        "tables/link": "-> ../deep",
        "tables/mine.txt": "m",
    }
    assert _beside(place) == ["2022"]


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A foreign link to a folder elsewhere stays a link; nothing is written or removed behind it."""
    outside = tmp_path / "outside"
    _write(outside, {"results.csv": "not yours"})
    place = tmp_path / "out" / "2022"
    _swap(place, {"results.csv": "old"})
    (place / "away").symlink_to(outside)
    for text in ("new", "newer"):
        _swap(place, {"results.csv": text})
    assert _read(place) == {"away": f"-> {outside}", "results.csv": "newer"}
    assert _read(outside) == {"results.csv": "not yours"}


def test_a_link_under_an_output_folders_name_stops_the_run(tmp_path: Path) -> None:
    """Outputs are not written through a link that stands where a folder of ours must be; the old set stays."""
    outside, place = tmp_path / "outside", tmp_path / "out" / "2022"
    outside.mkdir()
    _swap(place, {"results.csv": "old"})
    (place / "tables").symlink_to(outside)
    with pytest.raises(EnvironmentFailure, match="tables"):
        _swap(place, {"results.csv": "new", "tables/a.parquet": "new"})
    assert _read(place) == {"results.csv": "old", "tables": f"-> {outside}"}
    assert _read(outside) == {}
    assert _beside(place) == ["2022"]


def test_foreign_file_without_hard_links_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk knows no hard links a foreign file is copied, with its time."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    _write(place, {"notes.txt": "n"})
    (place / "link").symlink_to("notes.txt")
    os.utime(place / "notes.txt", ns=(10**18, 10**18))

    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(folder.os, "link", no_links)
    _swap(place, {"results.csv": "new"})
    assert _read(place) == {"link": "-> notes.txt", "notes.txt": "n", "results.csv": "new"}
    assert (place / "notes.txt").stat().st_mtime_ns == 10**18


def test_foreign_file_that_appears_during_the_swap_is_swept_along(tmp_path: Path, way: str) -> None:
    """A file put, or written anew, into the old folder after the others were carried over is not lost."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    _write(place, {"notes.txt": "first"})
    os.utime(place / "notes.txt", ns=(10**18, 10**18))
    with Building(place, ("results.csv",)) as new:
        _write(new.path, {"results.csv": "new"})
        new.prepare()
        _write(place, {"late.txt": "late", "sub/late.txt": "late", "anew.txt": "second"})
        (place / "empty").mkdir()
        os.replace(place / "anew.txt", place / "notes.txt")
        new.swap()
        new.retire()
    expected = {"empty": "dir", "late.txt": "late", "notes.txt": "second", "results.csv": "new", "sub": "dir",
                "sub/late.txt": "late"}  # fmt: skip
    assert _read(place) == expected
    assert _beside(place) == ["2022"]


def test_old_outputs_that_the_receipt_lists_do_not_come_back(tmp_path: Path) -> None:
    """A file that only the old set had is dropped by its receipt, while an unlisted one survives."""
    place = tmp_path / "reports"
    slip = json.dumps({"outputs": {"units/T99.html": "x"}})
    _write(place, {"receipt.json": slip, "units/T99.html": "gone unit", "units/mine.txt": "m"})
    with building(place, folder.receipt_names(place)) as new:
        _write(new, {"units/T01.html": "new"})
    assert _read(place) == {"units": "dir", "units/T01.html": "new", "units/mine.txt": "m"}


def test_nothing_happens_when_the_block_fails(tmp_path: Path) -> None:
    """An error while the new set is being built leaves the old one as it was and nothing beside it."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    with pytest.raises(InputChanged), building(place, ("results.csv",)) as new:
        _write(new, {"results.csv": "half"})
        raise InputChanged("x")
    assert _read(place) == {"results.csv": "old"}
    assert _beside(place) == ["2022"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "link", "rename", "mkdir", "open"])
def test_disk_errors_leave_the_old_set_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, way: str
) -> None:
    """Out of space or rights at any step: exit 4 in words, the old set and the foreign files as they were."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    _write(place, {"foreign/notes.txt": "n"})
    before = _read(place)
    real = getattr(os, call)

    def fail(path: object, *arguments: object, **options: object) -> object:
        if call != "rename" or ".building" in str(path):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, *arguments, **options)

    target = (Path, "mkdir") if call == "mkdir" else (folder.os, call)
    with monkeypatch.context() as patched, pytest.raises(EnvironmentFailure) as caught:
        if call == "rename":
            patched.setattr(folder, "exchange", _NO_EXCHANGE)
        if call == "link":  # neither linked nor copied
            patched.setattr(folder.shutil, "copy2", fail)
        patched.setattr(*target, fail)
        _swap(place, {"results.csv": "new"})
    assert caught.value.exit_code == 4
    assert "2022" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert _read(place) == before
    folder.recover(place, ("results.csv",))  # where even clearing away failed, the next run does it
    assert _read(place) == before
    assert _beside(place) == ["2022"]


@pytest.mark.parametrize("name", ["2022", ".2022.building"])
def test_a_folder_that_cannot_be_written_goes_by_the_name_that_people_know(name: str) -> None:
    """A full disk is told of the folder that is to be replaced, also where its successor is what is being written."""
    told = str(folder.disk_failure(OSError(errno.ENOSPC, "x"), Path("data") / name))
    assert told == "无法写入文件夹 2022：磁盘空间不足。原有结果没有改动。请排除后重新运行。"


def test_disk_full_while_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails in the block is exit 4, not a bug; the old set stays."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    with pytest.raises(EnvironmentFailure, match="磁盘空间不足"), building(place, ("results.csv",)):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert _read(place) == {"results.csv": "old"}


def test_two_folders_are_prepared_before_either_is_swapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second folder cannot be prepared, the first is not swapped either."""
    processed, reports = tmp_path / "processed", tmp_path / "reports"
    _swap(processed, {"results.csv": "old"})
    _swap(reports, {"results.csv": "old"})
    with Building(processed, ("results.csv",)) as first, Building(reports, ("results.csv",)) as second:
        _write(first.path, {"results.csv": "new"})
        _write(second.path, {"results.csv": "new"})

        def fail() -> None:
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(second, "prepare", fail)
        with pytest.raises(EnvironmentFailure, match="reports"):
            commit_all(first, second)
    assert _read(processed) == {"results.csv": "old"}
    assert _read(reports) == {"results.csv": "old"}


def test_two_folders_are_swapped_in_the_order_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processed first, then reports: while reports are swapped, processed is already the new one."""
    processed, reports = tmp_path / "processed", tmp_path / "reports"
    seen = []
    with Building(processed, ()) as first, Building(reports, ()) as second:
        _write(first.path, {"results.csv": "new"})
        _write(second.path, {"index.html": "new"})
        real = second.swap
        monkeypatch.setattr(second, "swap", lambda: (seen.append(_read(processed)), real()))
        commit_all(first, second)
    assert seen == [{"results.csv": "new"}]
    assert _read(reports) == {"index.html": "new"}


def test_leftovers_of_a_killed_run_are_cleared_away(tmp_path: Path) -> None:
    """A half-built folder is removed at the next start and nothing of it gets into the set."""
    place = tmp_path / "2022"
    _swap(place, {"results.csv": "old"})
    _write(folder.building_place(place), {"results.csv": "half", "units/T01.html": "half"})
    _write(folder.building_place(folder.building_place(place)), {"x": "half"})
    _swap(place, {"results.csv": "new"})
    assert _read(place) == {"results.csv": "new"}
    assert _beside(place) == ["2022"]


def test_killed_between_two_renames_the_old_set_is_put_back(tmp_path: Path) -> None:
    """Where folders cannot be exchanged, a run killed when none was in place is undone at the next start."""
    place = tmp_path / "2022"
    _write(folder.old_place(place), {"results.csv": "old", "notes.txt": "n"})
    _write(folder.building_place(place), {"results.csv": "new"})
    folder.recover(place, ("results.csv",))
    assert _read(place) == {"notes.txt": "n", "results.csv": "old"}
    assert _beside(place) == ["2022"]


def test_killed_after_the_swap_late_foreign_files_are_still_swept(tmp_path: Path) -> None:
    """An old folder that only waited to be cleared gives up its foreign files to the new set, its outputs vanish."""
    place = tmp_path / "2022"
    _write(place, {"results.csv": "new", "receipt.json": "{}"})
    slip = json.dumps({"outputs": {"units/T99.html": "x"}})
    _write(
        folder.old_place(place), {"results.csv": "old", "late.txt": "l", "units/T99.html": "o", "receipt.json": slip}
    )
    folder.recover(place, ("results.csv",))
    assert _read(place) == {"late.txt": "l", "receipt.json": "{}", "results.csv": "new"}
    assert _beside(place) == ["2022"]


_WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from assess_lib import lock
from assess_lib.store.folder import building
place = Path(sys.argv[1])
turn = 0
while True:
    turn += 1
    with lock.held(place), building(place, [f"f{n}" for n in range(8)]) as new:
        for n in range(8):
            (new / f"f{n}").write_text(str(turn) * 500)
    print(turn, flush=True)
"""


def test_kill_at_any_moment_leaves_a_whole_set(tmp_path: Path) -> None:
    """After kill -9 at random moments the folder holds one run's files, all of them, and the foreign file."""
    place = tmp_path / "2022"
    _write(place, {"foreign.txt": "mine"})
    moments = random.Random(2022)
    for _ in range(8):
        command = [sys.executable, "-c", _WRITER, str(place), str(ROOT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()  # running: leftovers of the last kill were cleared, one set is written
            time.sleep(moments.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        files = _read(place)
        assert files.pop("foreign.txt") == "mine"
        assert sorted(files) == [f"f{n}" for n in range(8)]
        assert len(set(files.values())) == 1
    with lock.held(place):
        folder.recover(place, [f"f{n}" for n in range(8)])
    assert _beside(place) == [".2022.lock", "2022"]


# --- lock and register --------------------------------------------------------------------------------------------


def test_second_holder_is_told_that_the_folder_is_busy(tmp_path: Path) -> None:
    """A folder held by one run is refused to another at once; its lock dies with the process, not with a file."""
    place = tmp_path / "2022"
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from assess_lib import lock\n"
        "with lock.held(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(place), str(ROOT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(FolderBusy), lock.held(place):
            pass
        process.kill()
    with lock.held(place):
        assert lock.lock_file(place).exists()


def test_register_lines_are_chained(tmp_path: Path) -> None:
    """Each attempt is one line that holds the hash of the line before, so that a removed line shows."""
    place = tmp_path / "2022"
    with register.recorded(place, "score", {"final": False}) as attempt:
        attempt.receipt = "abc"
        attempt.problems = {"error": 0}
    with pytest.raises(InputChanged), register.recorded(place, "check", {}):
        raise InputChanged("x")
    first, second = (tmp_path / "2022.runs.jsonl").read_bytes().splitlines()
    one, two = json.loads(first), json.loads(second)
    assert (one["command"], one["outcome"], one["exit"], one["receipt"], one["previous"]) == (
        "score",
        "done",
        0,
        "abc",
        "",
    )
    assert (two["command"], two["outcome"], two["exit"], two["receipt"]) == ("check", "input_changed", 6, None)
    assert two["previous"] == sha256(first).hexdigest()


def test_register_survives_a_torn_line(tmp_path: Path) -> None:
    """A line cut short by a power failure is kept, and the next attempt starts a line of its own."""
    place = tmp_path / "2022"
    (tmp_path / "2022.runs.jsonl").write_bytes(b'{"command": "sco')
    with register.recorded(place, "check", {}):
        pass
    torn, line = (tmp_path / "2022.runs.jsonl").read_bytes().splitlines()
    assert torn == b'{"command": "sco'
    assert json.loads(line)["previous"] == sha256(torn).hexdigest()


def test_csv_of_the_standard_library_reads_what_is_written() -> None:
    """Any csv reader that knows UTF-8 with BOM gets the header's first name without the mark."""
    data = csvfile.dump(("unit_id", "n"), [("T01", 1)])
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [{"unit_id": "T01", "n": "1"}]
