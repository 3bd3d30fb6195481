"""Files as they come: what a file really is, what is refused before a parser sees it, and what is said of it."""

from __future__ import annotations

import io
import os
import re
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import odfdo
import openpyxl
import pytest
import xlsxwriter
import xlwt
from build import load_scheme_plainly
from spreadsheets import (
    FORMATS,
    ROWS,
    VALID,
    csv_text,
    grid,
    valid_folder,
    write_grid,
    write_ods,
    write_xls,
    write_xlsx,
)

from assess_lib.cleaning import Cleaned, clean
from assess_lib.errors import Problem
from assess_lib.intake import Refused, list_raw, read_book
from assess_lib.intake.cells import plain_number
from assess_lib.intake.parse import parse

SCHEME = load_scheme_plainly()
MEETING = grid("参会登记", [ROWS["参会登记"]])


def xlsx_bytes(cells: list[list[object]] | None = None, change: Callable[[object], None] | None = None) -> bytes:
    """Return a workbook with the meeting table, changed through openpyxl before saving."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for line in cells or MEETING:
        page.append(line)
    if change:
        change(page)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repack(
    data: bytes,
    replace: dict[str, bytes] | None = None,
    drop: tuple[str, ...] = (),
    edit: Callable[[str, bytes], bytes] | None = None,
) -> bytes:
    """Rewrite a zip file with some parts replaced, dropped or edited."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in drop and name not in (replace or {}):
                part = old.read(name)
                new.writestr(name, edit(name, part) if edit else part)
        for name, part in (replace or {}).items():
            new.writestr(name, part)
    return stream.getvalue()


def clean_file(folder: Path, name: str, data: bytes) -> Cleaned:
    """Clean a valid folder with one more file."""
    valid_folder(folder)
    (folder / name).write_bytes(data)
    return clean(folder, SCHEME)


def only(cleaned: Cleaned) -> Problem:
    """Return the one problem there is."""
    assert len(cleaned.problems) == 1, [str(problem) for problem in cleaned.problems]
    return cleaned.problems[0]


def count(cleaned: Cleaned, table: str = "参会登记") -> list[tuple[str, str, int, int, int, int]]:
    """Return the row counts of a table."""
    return [(c.file, c.sheet, c.read, c.accepted, c.rejected, c.set_aside) for c in cleaned.counts if c.table == table]


# -- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["参会登记.csv", "参会登记.CSV", "参会登记_城关镇.csv", "参会登记_.csv", "参会登记_a.b_c.Csv"]
)
def test_names_of_tables(tmp_path: Path, name: str) -> None:
    """A table is every file named as it, or beginning with its name and an underscore, endings in any case."""
    cleaned = clean_file(tmp_path, name, csv_text(MEETING).encode())
    assert cleaned.problems == ()
    assert count(cleaned) == [(name, "", 1, 1, 0, 0)]
    assert cleaned.tables["参会登记"][0].source.file == name


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("参会登记表.csv", "参会登记"),
        ("参会登记-城关镇.csv", "参会登记"),
        ("参会登记 (1).xlsx", "参会登记"),
        ("参会记录.xlsx", "参会登记"),
        ("扣分登记.et", "扣分登记"),
        ("扣分登记_城关镇.docx", "扣分登记"),
        ("扣分登记", "扣分登记"),
        ("通报表彰.xlsx", "通报批评"),
        ("readme.txt", ""),
        (".gitkeep", ""),
        ("scheme.yml", ""),
    ],
)
def test_other_files_are_warned_of(tmp_path: Path, name: str, nearest: str) -> None:
    """A file that is no table is a warning that names the nearest table; it is not read."""
    cleaned = clean_file(tmp_path, name, b"anything")
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.file, problem.row) == ("warning", "file.unknown", name, None)
    assert f"最接近的数据表：{nearest}" in problem.message
    assert not cleaned.rejected


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "方案原文.docx",
            "方案原文须为纯文本 方案原文.txt：请用 Word 或 WPS 另存为“纯文本”，只留一份；否则请移出本文件夹。",
        ),
        (
            "方案原文（印发稿）.pdf",
            "方案原文须为纯文本 方案原文.txt：请用 Word 或 WPS 另存为“纯文本”，只留一份；否则请移出本文件夹。",
        ),
        ("Scheme.yml", "方案文件名须为 scheme.yaml；如要采用这一份，请改成这个文件名，否则请移出本文件夹。"),
        ("说明.docx", "如属该表，请改名为 单位名录.xlsx 或 单位名录_单位名.xlsx；否则请移出本文件夹。"),
    ],
)
def test_what_to_do_with_a_file_that_is_no_table(tmp_path: Path, name: str, remedy: str) -> None:
    """The official text or the scheme in another form is never to be renamed to a table: the remedy is its own form."""
    assert only(clean_file(tmp_path, name, b"anything")).remedy == remedy


@pytest.mark.parametrize(
    "name",
    ["~$参会登记.xlsx", ".~lock.参会登记.ods#", ".DS_Store", "Thumbs.db", "desktop.ini", "scheme.yaml", "方案原文.txt"],
)
def test_ignored_names(tmp_path: Path, name: str) -> None:
    """Lock files, system files, the scheme and the official text are passed over in silence."""
    assert clean_file(tmp_path, name, b"\x00anything").problems == ()


def test_links_folders_and_pipes(tmp_path: Path) -> None:
    """A link, a folder or a pipe under a table's name is an error and never opened."""
    valid_folder(tmp_path)
    (tmp_path.parent / "elsewhere.csv").write_text(csv_text(MEETING), encoding="utf-8")
    (tmp_path / "参会登记.csv").symlink_to(tmp_path.parent / "elsewhere.csv")
    (tmp_path / "参会登记_断.csv").symlink_to(tmp_path.parent / "nowhere.csv")
    (tmp_path / "扣分登记.xlsx").mkdir()
    (tmp_path / "扣分登记_城关镇").mkdir()
    os.mkfifo(tmp_path / "表彰宣传.csv")
    (tmp_path / "资料").mkdir()
    cleaned = clean(tmp_path, SCHEME)
    assert [(p.severity, p.code, p.file) for p in cleaned.problems] == [
        ("error", "file.not_regular", "参会登记.csv"),
        ("error", "file.not_regular", "参会登记_断.csv"),
        ("error", "file.not_regular", "扣分登记.xlsx"),
        ("error", "file.not_regular", "扣分登记_城关镇"),
        ("error", "file.not_regular", "表彰宣传.csv"),
        ("warning", "file.unknown", "资料"),
    ]
    assert count(cleaned, "扣分登记") == [("扣分登记.xlsx", "", 0, 0, 0, 0), ("扣分登记_城关镇", "", 0, 0, 0, 0)]


def test_reader_opens_no_pipe(tmp_path: Path) -> None:
    """Even asked directly, the reader neither waits on a pipe nor follows a link."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link", "gone"):
        with pytest.raises(Refused):
            read_book(tmp_path / name)


def test_list_is_sorted_by_name(tmp_path: Path) -> None:
    """Files come in the order of their names, whatever order the disk gives."""
    for name in ("扣分登记_2.csv", "参会登记.csv", "扣分登记.csv", "扣分登记_10.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    files, problems = list_raw(tmp_path)
    assert [file.name for file in files] == ["参会登记.csv", "扣分登记.csv", "扣分登记_10.csv", "扣分登记_2.csv"]
    assert problems == []


# -- what a file really is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".ods", ".csv"])
@pytest.mark.parametrize("form", FORMATS)
def test_content_decides(tmp_path: Path, form: str, ending: str) -> None:
    """A file is read fully as what it is; a wrong ending is a warning that says so."""
    made = write_grid(tmp_path, "made", MEETING, form)
    folder = tmp_path / "raw"
    cleaned = clean_file(folder, f"参会登记{ending}", made.read_bytes())
    assert len(cleaned.tables["参会登记"]) == 1
    if made.suffix == ending:
        assert cleaned.problems == ()
    else:
        problem = only(cleaned)
        assert (problem.severity, problem.code, problem.file) == ("warning", "file.ending", f"参会登记{ending}")
        assert made.suffix.lstrip(".") in problem.message


@pytest.mark.parametrize("table", sorted({*VALID, *ROWS}))
def test_same_rows_in_every_format(tmp_path: Path, table: str) -> None:
    """The same content as xlsx, xls, ods, csv in UTF-8 and in GB18030 gives the same rows."""
    rows = VALID.get(table) or [ROWS[table]]
    results = []
    for form in FORMATS:
        folder = tmp_path / form
        valid_folder(folder, 扣分登记=[ROWS["扣分登记"]], 调整复核=[ROWS["调整复核"]])
        (folder / f"{table}.csv").unlink(missing_ok=True)
        write_grid(folder, table, [["标题行"], [], *grid(table, rows), [], ["备注：无"]], form)
        cleaned = clean(folder, SCHEME)
        assert [p.code for p in cleaned.problems] == ["row.bottom"]
        results.append([(dict(row.values), row.source.row) for row in cleaned.tables[table]])
        assert [(c.read, c.accepted, c.rejected, c.set_aside) for c in cleaned.counts if c.table == table] == [
            (len(rows) + 2, len(rows), 0, 2)
        ]
    assert [row for _, row in results[0]] == list(range(4, 4 + len(rows)))
    assert results == [results[0]] * len(FORMATS)


def test_typed_cells_agree_across_workbooks(tmp_path: Path) -> None:
    """Dates, times, numbers and line breaks stored as such read alike from xlsx, xls and ods."""
    cells = [
        ["工单编号", "单位", "红灯时间", "办结时间", "备考"],
        [12345, "T01", datetime(2022, 5, 1, 17, 30, 5), date(2022, 5, 2), "第一行\n第二  行"],
    ]
    results = []
    for form in ("xlsx", "xls", "ods"):
        folder = valid_folder(tmp_path / form)
        write_grid(folder, "热线红灯", cells, form)
        cleaned = clean(folder, SCHEME)
        assert cleaned.problems == ()
        results.append([(dict(row.values), dict(row.notes)) for row in cleaned.tables["热线红灯"]])
    values, notes = results[0][0]
    assert values["工单编号"] == "12345"
    assert values["红灯时间"] == datetime(2022, 5, 1, 17, 30, 5)
    assert values["办结时间"] == datetime(2022, 5, 2)
    assert notes == {"备考": "第一行\n第二  行"}
    assert results == [results[0]] * 3


def ole(*streams: str) -> bytes:
    """Return bytes that look like an OLE2 file with such streams in its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + b"".join(s.encode("utf-16-le") for s in streams)


def bomb() -> bytes:
    """Return a small workbook whose sheet expands a thousand times."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        archive.writestr("xl/workbook.xml", "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 20_000_000 + b"</a>")
    return stream.getvalue()


def many_entries() -> bytes:
    """Return a zip file with more parts than any workbook has."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(3000):
            archive.writestr(f"xl/{number}.xml", "<a/>")
    return stream.getvalue()


def duplicate_entries() -> bytes:
    """Return a workbook in which a part stands twice."""
    data = xlsx_bytes()
    stream = io.BytesIO(data)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet/>")
    return stream.getvalue()


def with_dtd(marker: bytes) -> bytes:
    """Return a workbook whose sheet begins with a document type."""
    return repack(
        xlsx_bytes(),
        edit=lambda name, part: marker + part if name.endswith("sheet1.xml") else part,
    )


def encrypted_ods(folder: Path) -> bytes:
    """Return an .ods whose manifest says that it is encrypted."""
    made = write_grid(folder, "made", MEETING, "ods").read_bytes()
    return repack(
        made,
        edit=lambda name, part: (
            part.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>")
            if name == "META-INF/manifest.xml"
            else part
        ),
    )


def refused_files(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Return name -> (content, expected code) of files that are refused."""
    text = csv_text(MEETING)
    good = xlsx_bytes()
    xls = write_xls(folder / "good.xls", MEETING).read_bytes()
    word = io.BytesIO()
    with zipfile.ZipFile(word, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    plain_zip = io.BytesIO()
    with zipfile.ZipFile(plain_zip, "w") as archive:
        archive.writestr("a.csv", text)
    return {
        "空.csv": (b"", "file.empty"),
        "空.xlsx": (b"", "file.empty"),
        "截断.xlsx": (good[: len(good) // 2], "file.damaged"),
        "截断.xls": (xls[:1000], "file.damaged"),
        "缺件.xlsx": (repack(good, drop=("xl/worksheets/sheet1.xml",)), "file.damaged"),
        "缺清单.xlsx": (repack(good, drop=("xl/workbook.xml",)), "file.damaged"),
        "半截.xlsx": (
            repack(good, edit=lambda n, p: p[: len(p) // 2] if n.endswith("sheet1.xml") else p),
            "file.damaged",
        ),
        "加密.xlsx": (ole("EncryptionInfo", "EncryptedPackage"), "file.encrypted"),
        "加密.ods": (encrypted_ods(folder), "file.encrypted"),
        "文档.xls": (ole("WordDocument"), "file.type"),
        "文档.xlsx": (word.getvalue(), "file.type"),
        "压缩.xlsx": (plain_zip.getvalue(), "file.type"),
        "二进制.xlsx": (
            repack(good, {"xl/workbook.bin": b"x"}, drop=("xl/workbook.xml",)),
            "file.type",
        ),
        "网页.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "file.type"),
        "网页2.xls": ("\ufeff\r\n<!DOCTYPE html><table/>".encode(), "file.type"),
        "扫描.xlsx": (b"%PDF-1.7\n\x00", "file.type"),
        "炸弹.xlsx": (bomb(), "file.unsafe"),
        "多件.xlsx": (many_entries(), "file.unsafe"),
        "重件.xlsx": (duplicate_entries(), "file.unsafe"),
        "实体.xlsx": (with_dtd(b'<!DOCTYPE a [<!ENTITY b "c">]>'), "file.unsafe"),
        "宽.csv": (text.encode("utf-16"), "file.encoding"),
        "宽2.csv": (text.encode("utf-16-le"), "file.encoding"),
        "宽3.csv": (text.encode("utf-16-be"), "file.encoding"),
        "坏字.csv": (text.encode() + b"\xff\xff", "file.encoding"),
        "坏标.csv": (b"\xef\xbb\xbf" + text.encode("gb18030"), "file.encoding"),
        "分号.csv": (text.replace(",", ";").encode(), "file.separator"),
        "制表.csv": (text.replace(",", "\t").encode("gb18030"), "file.separator"),
        "竖线.csv": (text.replace(",", "|").encode(), "file.separator"),
        "中文逗号.csv": (text.replace(",", "，").encode(), "file.separator"),
        "引号.csv": (text.replace("例会", '"例会').encode(), "file.quote"),
        "引号2.csv": (text.replace("例会", '"例"会').encode(), "file.quote"),
        "乱码.csv": (text.replace("会议", "").encode() + "会议".encode("gb18030"), "header.missing"),
        "无表头.csv": (b"a,b\n1,2\n", "header.missing"),
        "无表头.xlsx": (xlsx_bytes([["a", "b"], ["1", "2"]]), "header.missing"),
        "空白.xlsx": (xlsx_bytes([[" ", None]]), "header.missing"),
        "空白.csv": (b"\n \n", "header.missing"),
    }


def test_refused_files(tmp_path: Path) -> None:
    """A file that cannot be read fully is refused by name, with its own code, no rows and no traceback."""
    made = refused_files(tmp_path)
    folder = valid_folder(tmp_path / "raw")
    for name, (data, _) in made.items():
        (folder / f"参会登记_{name}").write_bytes(data)
    cleaned = clean(folder, SCHEME)
    errors = {p.file.removeprefix("参会登记_"): p.code for p in cleaned.problems if p.severity == "error"}
    assert errors == {name: code for name, (_, code) in made.items()}
    assert [(p.severity, p.code) for p in cleaned.problems if p.severity != "error"] == []
    assert cleaned.tables["参会登记"] == ()
    assert {counted[1:] for counted in count(cleaned)} == {("", 0, 0, 0, 0), ("Sheet", 0, 0, 0, 0)}
    assert len(count(cleaned)) == len(made)
    for problem in cleaned.problems:
        assert problem.table == "参会登记" and problem.message and problem.remedy


def test_mutated_workbooks_never_raise(tmp_path: Path) -> None:
    """A workbook with bytes changed anywhere is read or refused; nothing else comes out."""
    for form in ("xlsx", "xls", "ods"):
        data = write_grid(tmp_path, "made", MEETING, form).read_bytes()
        path = tmp_path / "mutant"
        for start in range(0, len(data), max(len(data) // 60, 1)):
            path.write_bytes(data[:start] + bytes(b ^ 0x5A for b in data[start : start + 3]) + data[start + 3 :])
            try:
                assert read_book(path).sheets
            except Refused as refusal:
                assert refusal.message and refusal.remedy


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system will not open is an error on that file."""
    folder = valid_folder(tmp_path, 参会登记=[ROWS["参会登记"]])
    real = os.open

    def refuse(path: str | Path, *rest: int) -> int:
        if str(path).endswith("参会登记.csv"):
            raise PermissionError(13, "denied")
        return real(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    problem = only(clean(folder, SCHEME))
    assert (problem.severity, problem.code, problem.file) == ("error", "file.unreadable", "参会登记.csv")


def test_parser_panics_are_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that raises beside Exception refuses the file; a person's interrupt passes through."""

    class Panic(BaseException):
        pass

    def panic(data: bytes) -> None:
        raise Panic

    def interrupt(data: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assess_lib.intake.parse.read_csv", panic)
    with pytest.raises(Refused):
        parse(b"a")
    monkeypatch.setattr("assess_lib.intake.parse.read_csv", interrupt)
    with pytest.raises(KeyboardInterrupt):
        parse(b"a")


# -- workbooks --------------------------------------------------------------------------------------------------


def test_far_cell_costs_nothing(tmp_path: Path) -> None:
    """A cell in the sheet's last corner is named in a warning; the million rows between are counted, not built."""
    start = time.monotonic()
    cleaned = clean_file(tmp_path, "参会登记.xlsx", xlsx_bytes(change=lambda page: page.cell(1048576, 16384, "x")))
    assert time.monotonic() - start < 5
    assert [(p.severity, p.code, p.row, p.value) for p in cleaned.problems] == [
        ("warning", "file.unchecked", None, ""),
        ("warning", "cell.no_header", 1048576, "x"),
    ]
    assert "XFD1048576" in cleaned.problems[1].message
    assert count(cleaned) == [("参会登记.xlsx", "Sheet", 1048575, 1, 0, 1048574)]


@pytest.mark.parametrize("dimension", ['ref="A1"', 'ref="A1:A1"', 'ref="Z9:ZZ99"', 'ref="nonsense"'])
def test_false_dimension_is_ignored(tmp_path: Path, dimension: str) -> None:
    """What a sheet says of its own size does not matter."""

    def lie(name: str, part: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return part
        assert b'<dimension ref="A1:D2"/>' in part
        return part.replace(b'<dimension ref="A1:D2"/>', f"<dimension {dimension}/>".encode())

    cleaned = clean_file(tmp_path, "参会登记.xlsx", repack(xlsx_bytes(), edit=lie))
    assert cleaned.problems == ()
    assert len(cleaned.tables["参会登记"]) == 1


def test_huge_merge_costs_nothing(tmp_path: Path) -> None:
    """A merge over the whole sheet is an error on the data row, found at once."""

    def merge(name: str, part: bytes) -> bytes:
        cells = b'<mergeCells count="1"><mergeCell ref="A2:XFD1048576"/></mergeCells>'
        return part.replace(b"</sheetData>", b"</sheetData>" + cells) if name.endswith("sheet1.xml") else part

    start = time.monotonic()
    cleaned = clean_file(tmp_path, "参会登记.xlsx", repack(xlsx_bytes(), edit=merge))
    assert time.monotonic() - start < 5
    assert cleaned.problems[0].code == "row.merged"
    assert cleaned.problems[0].row == 2
    (counted,) = count(cleaned)
    assert counted[2] == counted[3] + counted[4] + counted[5]


def test_sheet_named_as_the_table_wins(tmp_path: Path) -> None:
    """The sheet of the table's name is read even when hidden, with a notice; other filled sheets are named."""
    book = openpyxl.Workbook()
    other = book.worksheets[0]
    other.title = "别的"
    other["A1"] = "随便"
    page = book.create_sheet("参会登记")
    for line in MEETING:
        page.append(line)
    page.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    cleaned = clean_file(tmp_path, "参会登记.xlsx", stream.getvalue())
    assert [(p.severity, p.code, p.sheet) for p in cleaned.problems] == [
        ("notice", "sheet.hidden", "参会登记"),
        ("notice", "sheet.unread", "参会登记"),
    ]
    assert "“别的”" in cleaned.problems[1].message
    assert count(cleaned) == [("参会登记.xlsx", "参会登记", 1, 1, 0, 0)]
    other.title = "填表说明"
    page.sheet_state = "visible"
    book.save(tmp_path / "参会登记.xlsx")
    assert clean(tmp_path, SCHEME).problems == ()
    for line in MEETING:
        other.append(line)
    book.save(tmp_path / "参会登记.xlsx")
    assert only(clean(tmp_path, SCHEME)).code == "sheet.unread"


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_only_visible_sheet(tmp_path: Path, form: str) -> None:
    """Without a sheet of the table's name the only visible one is read; two visible ones are an error."""
    for second_visible in (False, True):
        folder = valid_folder(tmp_path / str(second_visible))
        path = folder / f"参会登记.{form}"
        if form == "xlsx":
            book = openpyxl.Workbook()
            page = book.worksheets[0]
            for line in MEETING:
                page.append(line)
            book.create_sheet("空").sheet_state = "visible" if second_visible else "veryHidden"
            book.save(path)
        elif form == "xls":
            old = xlwt.Workbook()
            first, second = old.add_sheet("Sheet"), old.add_sheet("空")
            for row, line in enumerate(MEETING):
                for column, value in enumerate(line):
                    first.write(row, column, value)
            second.visibility = 0 if second_visible else 1
            old.save(str(path))
        else:
            document = odfdo.Document("spreadsheet")
            document.body.clear()
            table = odfdo.Table("Sheet")
            for row, line in enumerate(MEETING):
                for column, value in enumerate(line):
                    table.set_value((column, row), value)
            document.body.append(table)
            extra = odfdo.Table("空")
            if not second_visible:
                style = odfdo.Style("table", name="ta9")
                style.append(odfdo.Element.from_tag('<style:table-properties table:display="false"/>'))
                document.insert_style(style, automatic=True)
                extra.style = "ta9"
            document.body.append(extra)
            document.save(str(path))
        cleaned = clean(folder, SCHEME)
        if second_visible:
            problem = only(cleaned)
            assert (problem.severity, problem.code, problem.file) == ("error", "sheet.unclear", f"参会登记.{form}")
            assert "“空”" in problem.message
        else:
            assert cleaned.problems == ()
            assert len(cleaned.tables["参会登记"]) == 1


def test_hidden_rows_are_read(tmp_path: Path) -> None:
    """Hidden rows count like any other; one notice names each run of them."""
    lines = grid("参会登记", [{**ROWS["参会登记"], "会议": f"会{n}"} for n in range(6)])

    def hide(page: object) -> None:
        for row in (3, 4, 6, 20):
            page.row_dimensions[row].hidden = True  # type: ignore[attr-defined]

    cleaned = clean_file(tmp_path, "参会登记.xlsx", xlsx_bytes(lines, hide))
    assert [(p.severity, p.code, p.row) for p in cleaned.problems] == [
        ("notice", "row.hidden", 3),
        ("notice", "row.hidden", 6),
    ]
    assert "第 3 至 4 行" in cleaned.problems[0].message
    assert len(cleaned.tables["参会登记"]) == 6


def test_hidden_rows_in_xls_and_ods(tmp_path: Path) -> None:
    """Hidden rows of the other formats are noticed too."""
    folder = valid_folder(tmp_path / "xls")
    book = xlwt.Workbook()
    page = book.add_sheet("Sheet1")
    for row, line in enumerate(MEETING):
        for column, value in enumerate(line):
            page.write(row, column, value)
    page.row(1).hidden = True
    book.save(str(folder / "参会登记.xls"))
    problem = only(clean(folder, SCHEME))
    assert (problem.severity, problem.code, problem.row) == ("notice", "row.hidden", 2)
    folder = valid_folder(tmp_path / "ods")
    made = write_grid(tmp_path, "made", MEETING, "ods").read_bytes()

    def hide(name: str, part: bytes) -> bytes:
        if name != "content.xml":
            return part
        rows = part.split(b"<table:table-row")
        assert len(rows) == 3
        return b"<table:table-row".join([rows[0], rows[1], b' table:visibility="filter"' + rows[2]])

    (folder / "参会登记.ods").write_bytes(repack(made, edit=hide))
    problem = only(clean(folder, SCHEME))
    assert (problem.severity, problem.code, problem.row) == ("notice", "row.hidden", 2)


def test_hidden_columns_are_read(tmp_path: Path) -> None:
    """A hidden column of the table is read, with a notice."""

    def hide(page: object) -> None:
        page.column_dimensions["B"].hidden = True  # type: ignore[attr-defined]

    problem = only(clean_file(tmp_path, "参会登记.xlsx", xlsx_bytes(change=hide)))
    assert (problem.severity, problem.code, problem.column) == ("notice", "column.hidden", "日期")


def test_formula_error_and_percent_cells(tmp_path: Path) -> None:
    """Formulas without a stored result, error values and per cents are errors; a stored result is its value."""
    path = valid_folder(tmp_path) / "评定加分.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    percent = book.add_format({"num_format": "0.0%"})
    quoted = book.add_format({"num_format": '0.0"%"'})
    names = grid("评定加分", [])[0]
    page.write_row(0, 0, names)
    score = names.index("评定分")
    for row in range(1, 8):
        values = {**ROWS["评定加分"], "编号": f"PD-{row}", "事项": f"事项{row}"}
        page.write_row(row, 0, [values.get(name) or "" for name in names])
    page.write_formula(1, score, "=1+1", None, 2)
    page.write_formula(2, score, "=1/0", None, "#DIV/0!")
    page.write_number(3, score, 0.03, percent)
    page.write_number(4, score, 3, quoted)
    page.write_formula(5, score, '=""', None, "")
    page.write_formula(6, score, '="3"', None, "3")
    page.write_formula(7, names.index("佐证编号"), '=""', None, "")
    book.close()
    data = path.read_bytes()
    path.write_bytes(
        repack(
            data,
            edit=lambda n, p: (
                p.replace(b"<f>1+1</f><v>2</v>", b"<f>1+1</f>")
                # Excel marks an empty result as text; xlsxwriter leaves the mark out to force a recalculation.
                .replace(b'><f>""</f>', b' t="str"><f>""</f>')
                if n.endswith("sheet1.xml")
                else p
            ),
        )
    )
    cleaned = clean(tmp_path, SCHEME)
    assert [(p.severity, p.code, p.row, p.column) for p in cleaned.problems] == [
        ("error", "cell.formula", 2, "评定分"),
        ("error", "cell.error", 3, "评定分"),
        ("error", "cell.number", 4, "评定分"),
        ("error", "cell.required", 6, "评定分"),
    ]
    assert [(row["编号"], str(row["评定分"]), row["佐证编号"]) for row in cleaned.tables["评定加分"]] == [
        ("PD-4", "3", "ZZ-1"),
        ("PD-6", "3", "ZZ-1"),
        ("PD-7", "2.5", None),
    ]
    path.write_bytes(data)
    # Without the mark an empty result is no result.
    cleaned = clean(tmp_path, SCHEME)
    assert str(cleaned.tables["评定加分"][0]["评定分"]) == "2"
    assert [(p.code, p.row) for p in cleaned.problems] == [
        ("cell.error", 3),
        ("cell.number", 4),
        ("cell.formula", 6),
        ("cell.formula", 8),
    ]


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_empty_rows_at_the_end_are_counted_in_every_format(tmp_path: Path, form: str) -> None:
    """Rows below the last one whose cells hold an empty text are set aside and counted, a formula's result or not."""
    lines = [*MEETING, ["" for _ in MEETING[0]], [" " for _ in MEETING[0]]]
    valid_folder(tmp_path)
    path = tmp_path / f"参会登记.{form}"
    if form != "xlsx":
        {"xls": write_xls, "ods": write_ods}[form](path, lines)
    else:
        path.write_bytes(
            repack(
                xlsx_bytes([*MEETING, ['=""'] * 3, ['=""'] * 3]),
                edit=lambda name, part: (
                    part.replace(b'><f>""</f><v></v>', b' t="str"><f>""</f><v></v>').replace(
                        b'><f>""</f><v />', b' t="str"><f>""</f><v></v>'
                    )
                    if name.endswith("sheet1.xml")
                    else part
                ),
            )
        )
    cleaned = clean(tmp_path, SCHEME)
    assert cleaned.problems == ()
    assert [row[2:] for row in count(cleaned)] == [(3, 1, 0, 2)]


def test_formula_written_by_openpyxl_has_no_result(tmp_path: Path) -> None:
    """A formula with an empty value, as libraries write it, has no stored result, in text columns too."""

    def formula(page: object) -> None:
        page["A2"] = "=1+1"  # type: ignore[index]

    problem = only(clean_file(tmp_path, "参会登记.xlsx", xlsx_bytes(change=formula)))
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", "cell.formula", 2, "会议")


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_error_values_in_text(tmp_path: Path, error: str) -> None:
    """A workbook's error value in a text column is an error, the same words as text are text."""

    def put(kind: str) -> Callable[[object], None]:
        def change(page: object) -> None:
            page["A2"] = error  # type: ignore[index]
            page["A2"].data_type = kind  # type: ignore[index]

        return change

    problem = only(clean_file(tmp_path / "e", "参会登记.xlsx", xlsx_bytes(change=put("e"))))
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        "error",
        "cell.error",
        2,
        "会议",
        error,
    )
    cleaned = clean_file(tmp_path / "s", "参会登记.xlsx", xlsx_bytes(change=put("s")))
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["会议"] == error


def test_nan_in_a_number_cell(tmp_path: Path) -> None:
    """A number cell that holds no number is an error at that cell, not on the file."""
    data = xlsx_bytes(grid("领导评价", [{**ROWS["领导评价"], "分值": 3}]))

    def spoil(name: str, part: bytes) -> bytes:
        return part.replace(b"<v>3</v>", b"<v>NaN</v>") if name.endswith("sheet1.xml") else part

    problem = only(clean_file(tmp_path, "领导评价.xlsx", repack(data, edit=spoil)))
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", "cell.error", 2, "分值")


def test_1904_dates(tmp_path: Path) -> None:
    """A workbook of the 1904 date system gives the day that it shows."""
    folder = valid_folder(tmp_path)
    path = folder / "参会登记.xlsx"
    book = xlsxwriter.Workbook(str(path), {"date_1904": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["会议", "日期", "单位", "到会情况"])
    page.write_row(1, 0, ["例会", None, "T01", "到会"])
    page.write_datetime(1, 1, datetime(2022, 6, 20), book.add_format({"num_format": "yyyy-mm-dd"}))
    book.close()
    cleaned = clean(folder, SCHEME)
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["日期"] == date(2022, 6, 20)


@pytest.mark.parametrize("number_format", [14, 22, 31, 57, 58])
def test_dates_in_built_in_chinese_formats(tmp_path: Path, number_format: int) -> None:
    """A serial in a date format that a Chinese Excel stores by number alone is a date."""
    data = xlsx_bytes(grid("参会登记", [{**ROWS["参会登记"], "日期": datetime(2022, 6, 20)}]))

    def renumber(name: str, part: bytes) -> bytes:
        if name != "xl/styles.xml":
            return part
        assert b'numFmtId="164"' in part
        return part.replace(
            b'<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd h:mm:ss" /></numFmts>', b""
        ).replace(b'numFmtId="164"', b'numFmtId="%d"' % number_format)

    cleaned = clean_file(tmp_path, "参会登记.xlsx", repack(data, edit=renumber))
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["日期"] == date(2022, 6, 20)


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_day_number_in_a_date_format(tmp_path: Path, form: str) -> None:
    """The integer 20220620 typed into a cell of date format is still that day."""
    folder = valid_folder(tmp_path)
    if form == "xlsx":
        book = openpyxl.Workbook()
        page = book.worksheets[0]
        for line in MEETING:
            page.append(line)
        page["B2"] = 20220620
        page["B2"].number_format = "yyyy-mm-dd"
        book.save(folder / "参会登记.xlsx")
    else:
        old = xlwt.Workbook()
        sheet = old.add_sheet("Sheet1")
        for row, line in enumerate(MEETING):
            for column, value in enumerate(line):
                if (row, column) == (1, 1):
                    sheet.write(row, column, 20220620, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
                else:
                    sheet.write(row, column, value)
        old.save(str(folder / "参会登记.xls"))
    cleaned = clean(folder, SCHEME)
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["日期"] == date(2022, 6, 20)


def test_rich_inline_and_phonetic_text(tmp_path: Path) -> None:
    """Text in several fonts is joined, pronunciation hints are left out, escaped characters come back."""
    stream = io.BytesIO()
    writer = xlsxwriter.Workbook(stream)
    page = writer.add_worksheet()
    page.write_row(0, 0, ["会议", "日期", "单位", "到会情况"])
    page.write_row(1, 0, ["标记", "2022-06-20", "T01", "到会"])
    writer.close()
    data = stream.getvalue()
    rich = (
        '<si><r><t>县</t></r><r><rPr><b/></rPr><t xml:space="preserve">政府 </t></r><r><t>例会_x000D_</t></r>'
        '<rPh sb="0" eb="1"><t>xian</t></rPh></si>'
    ).encode()

    def edit(name: str, part: bytes) -> bytes:
        if name != "xl/sharedStrings.xml":
            return part
        assert "<si><t>标记</t></si>".encode() in part
        return part.replace("<si><t>标记</t></si>".encode(), rich)

    cleaned = clean_file(tmp_path, "参会登记.xlsx", repack(data, edit=edit))
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["会议"] == "县政府 例会"
    book = read_book(tmp_path / "参会登记.xlsx")
    assert book.sheets[0].rows[2][1].text == "县政府 例会\r"


def test_typed_ods_cells(tmp_path: Path) -> None:
    """An .ods says of itself what is a per cent, a boolean, a time, an error or a formula without a result."""
    folder = valid_folder(tmp_path / "raw")
    lines = grid("领导评价", [{**ROWS["领导评价"], "评价人": f"甲{n}", "分值": 3} for n in range(6)])
    made = write_grid(tmp_path, "made", lines, "ods").read_bytes()
    cells = [
        b'office:value-type="percentage" office:value="0.03"><text:p>3%</text:p>',
        b'office:value-type="boolean" office:boolean-value="true"><text:p>TRUE</text:p>',
        b'office:value-type="time" office:time-value="PT17H30M00S"><text:p>17:30</text:p>',
        b'table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!</text:p>',
        b'table:formula="of:=1+1">',
        b'table:formula="of:=0.1+0.2" office:value-type="float" office:value="0.30000000000000004">',
    ]

    def edit(name: str, part: bytes) -> bytes:
        if name != "content.xml":
            return part
        pieces = re.split(rb'<table:table-cell[^>]*office:value="3"[^>]*>(?:<text:p>3</text:p>)?', part)
        assert len(pieces) == 7
        joined = pieces[0]
        for cell, piece in zip(cells, pieces[1:], strict=True):
            joined += b"<table:table-cell " + cell + piece
        return joined

    (folder / "领导评价.ods").write_bytes(repack(made, edit=edit))
    cleaned = clean(folder, SCHEME)
    assert [(p.severity, p.code, p.row, p.column) for p in cleaned.problems] == [
        ("error", "cell.number", 2, "分值"),
        ("error", "cell.typed", 3, "分值"),
        ("error", "cell.typed", 4, "分值"),
        ("error", "cell.error", 5, "分值"),
        ("error", "cell.formula", 6, "分值"),
    ]
    assert [str(row["分值"]) for row in cleaned.tables["领导评价"]] == ["0.3"]


def test_half_characters_are_replaced(tmp_path: Path) -> None:
    """An escape for half a character cannot bring in text that no file can hold; a whole pair is its character."""
    cells = grid("参会登记", [{**ROWS["参会登记"], "会议": "_xD842__xDFB7_吉_xD842_"}])
    cleaned = clean_file(tmp_path, "参会登记.xlsx", xlsx_bytes(cells))
    assert cleaned.tables["参会登记"][0]["会议"] == "𠮷吉\ufffd"


def test_ods_text_as_libreoffice_writes_it(tmp_path: Path) -> None:
    """Spaces, tabs, line breaks and spans are restored, comments left out, grouped and repeated rows read."""
    made = write_grid(tmp_path, "made", MEETING, "ods").read_bytes()
    text = (
        '<text:p>县<text:span>政府<text:s text:c="2"/></text:span>例<text:tab/>会<text:line-break/>甲</text:p>'
        "<text:p>乙</text:p><office:annotation><text:p>批注</text:p></office:annotation>"
    )
    cell = "<table:table-cell office:value-type='string'>%s</table:table-cell>"
    row = "".join(cell % f"<text:p>{words}</text:p>" for words in ("2022-06-20", "T01", "到会"))
    head = "".join(cell % f"<text:p>{words}</text:p>" for words in ("会议", "日期", "单位", "到会情况"))
    table = (
        "<table:table table:name='参会登记'><table:table-column table:visibility='collapse'/>"
        f"<table:table-header-rows><table:table-row>{head}</table:table-row></table:table-header-rows>"
        "<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='9'/>"
        f"</table:table-row><table:table-row-group table:display='false'><table:table-row>{cell % text}{row}"
        "</table:table-row></table:table-row-group></table:table>"
    )

    def edit(name: str, part: bytes) -> bytes:
        return (
            re.sub(rb"<table:table .*</table:table>", table.encode(), part, flags=re.DOTALL)
            if name == "content.xml"
            else part
        )

    folder = valid_folder(tmp_path / "raw")
    (folder / "参会登记.ods").write_bytes(repack(made, edit=edit))
    cleaned = clean(folder, SCHEME)
    assert [(p.severity, p.code, p.row) for p in cleaned.problems] == [
        ("notice", "column.hidden", 1),
        ("notice", "row.hidden", 4),
    ]
    assert cleaned.tables["参会登记"][0]["会议"] == "县政府  例\t会\n甲\n乙"
    assert count(cleaned) == [("参会登记.ods", "参会登记", 3, 1, 0, 2)]


def test_same_cell_twice_is_refused(tmp_path: Path) -> None:
    """A sheet that stores one cell twice holds two truths and is refused."""

    def twice(name: str, part: bytes) -> bytes:
        return part.replace(b"</row></sheetData>", b'<c r="A2"><v>1</v></c></row></sheetData>')

    problem = only(clean_file(tmp_path, "参会登记.xlsx", repack(xlsx_bytes(), edit=twice)))
    assert (problem.severity, problem.code) == ("error", "file.damaged")


def test_ods_repeats_are_bounded(tmp_path: Path) -> None:
    """An .ods row repeated to the sheet's end costs nothing when empty and is refused when filled."""
    made = write_grid(tmp_path, "made", MEETING, "ods").read_bytes()
    tail = (
        b'<table:table-row table:number-rows-repeated="1048574"><table:table-cell%s/></table:table-row></table:table>'
    )

    def add(cell: bytes) -> bytes:
        return repack(made, edit=lambda n, p: p.replace(b"</table:table>", tail % cell) if n == "content.xml" else p)

    empty = clean_file(tmp_path / "a", "参会登记.ods", add(b' table:number-columns-repeated="16384"'))
    assert empty.problems == ()
    assert count(empty) == [("参会登记.ods", "Sheet1", 1, 1, 0, 0)]
    filled = add(b' table:number-columns-repeated="16384" office:value-type="float" office:value="1"')
    problem = only(clean_file(tmp_path / "b", "参会登记.ods", filled))
    assert (problem.severity, problem.code) == ("error", "file.too_large")


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (101.0, "101"),
        (-0.0, "0"),
        (1e-5, "0.00001"),
        (123456789012345678, "123456789012345678"),
        (1.5e20, "150000000000000000000"),
        (2.675, "2.675"),
        (1 / 3, "0.333333333333333"),
    ],
)
def test_plain_number(stored: float, text: str) -> None:
    """A stored number is written as the plain decimal of at most 15 digits that Excel shows."""
    assert plain_number(stored).text == text


def test_forty_files_of_three_thousand_rows_are_quick(tmp_path: Path) -> None:
    """Cleaning 3,000 rows in 40 workbooks takes seconds, not minutes."""
    folder = valid_folder(tmp_path)
    for number in range(40):
        rows = [{**ROWS["扣分登记"], "编号": f"K-{number}-{row}"} for row in range(75)]
        write_xlsx(folder / f"扣分登记_{number}.xlsx", grid("扣分登记", rows))
    start = time.monotonic()
    cleaned = clean(folder, SCHEME)
    assert time.monotonic() - start < 10
    assert len(cleaned.tables["扣分登记"]) == 3000
    assert cleaned.problems == ()


def test_zip_with_false_size_is_refused(tmp_path: Path) -> None:
    """A part that is larger than the archive declares does not get past the reader."""
    data = bytearray(xlsx_bytes())
    at = data.rindex(b"PK\x01\x02")
    size = struct.unpack_from("<I", data, at + 24)[0]
    struct.pack_into("<I", data, at + 24, size // 2)
    problem = only(clean_file(tmp_path, "参会登记.xlsx", bytes(data)))
    assert (problem.severity, problem.code) == ("error", "file.damaged")


def test_the_evidence_folder_is_no_unknown_file(tmp_path: Path) -> None:
    """A folder 佐证 beside the tables is where evidence lies: it is not read and not warned about; a file 佐证 is."""
    (tmp_path / "佐证").mkdir()
    (tmp_path / "佐证" / "照片.jpg").write_bytes(b"x")
    assert list_raw(tmp_path) == ([], [])
    (tmp_path / "佐证" / "照片.jpg").unlink()
    (tmp_path / "佐证").rmdir()
    (tmp_path / "佐证").write_text("x")
    files, problems = list_raw(tmp_path)
    assert (files, [problem.code for problem in problems]) == ([], ["file.unknown"])
