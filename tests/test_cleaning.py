"""Rows and what they say together: headers, bottom rows, counts, keys, roster, standards, decisions, confirmations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import odfdo
import openpyxl
import pytest
import xlwt
from build import load_scheme_plainly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spreadsheets import (
    FORMATS,
    ROWS,
    VALID,
    csv_text,
    grid,
    valid_folder,
    write_csv,
    write_grid,
    write_ods,
    write_xlsx,
)

from assess_lib.cleaning import Cleaned, clean
from assess_lib.errors import Problem
from assess_lib.tables import TABLES

SCHEME = load_scheme_plainly()
Found = list[tuple[str, str, int | None, str]]


def found(cleaned: Cleaned) -> Found:
    """Return severity, code, row and column of every problem, in order."""
    return [(p.severity, p.code, p.row, p.column) for p in cleaned.problems]


def only(cleaned: Cleaned) -> Problem:
    """Return the one problem there is."""
    assert len(cleaned.problems) == 1, [str(problem) for problem in cleaned.problems]
    return cleaned.problems[0]


def counted(cleaned: Cleaned, table: str) -> tuple[int, int, int, int]:
    """Return read, accepted, rejected, set aside of a table's only file."""
    (count,) = [c for c in cleaned.counts if c.table == table]
    return (count.read, count.accepted, count.rejected, count.set_aside)


def clean_rows(folder: Path, **tables: Sequence[Mapping[str, Any]]) -> Cleaned:
    """Clean a valid folder with tables added or replaced, as csv."""
    return clean(valid_folder(folder, **tables), SCHEME)


def clean_text(folder: Path, table: str, text: str) -> Cleaned:
    """Clean a valid folder plus one csv file of exact characters."""
    (valid_folder(folder) / f"{table}.csv").write_text(text, encoding="utf-8", newline="")
    return clean(folder, SCHEME)


def row(table: str, **cells: Any) -> dict[str, Any]:
    """Return the valid row of a table with some cells changed."""
    return {**ROWS[table], **cells}


def test_valid_folder_has_no_problem(tmp_path: Path) -> None:
    """A folder with a valid row in every table is accepted without a word, every table there in contract order."""
    cleaned = clean_rows(tmp_path, **{name: [cells] for name, cells in ROWS.items()})
    assert cleaned.problems == ()
    assert not cleaned.rejected
    assert list(cleaned.tables) == list(TABLES)
    assert all(cleaned.tables.values())
    assert [count.table for count in cleaned.counts] == list(TABLES)
    for name, rows in cleaned.tables.items():
        assert list(rows[0].values) == [column.name for column in TABLES[name].columns]


def test_absent_and_header_only_tables_are_empty(tmp_path: Path) -> None:
    """A table without a file, or with a header alone, is an empty table and no problem."""
    cleaned = clean_rows(tmp_path, 扣分登记=[], 确认无事项=[])
    assert cleaned.problems == ()
    assert cleaned.tables["扣分登记"] == () and cleaned.tables["领导评价"] == ()
    assert counted(cleaned, "扣分登记") == (0, 0, 0, 0)
    assert [c for c in cleaned.counts if c.table == "领导评价"] == []


@pytest.mark.parametrize("table", ["单位名录", "扣分标准"])
def test_required_tables(tmp_path: Path, table: str) -> None:
    """单位名录 and 扣分标准 must be there and hold rows."""
    folder = valid_folder(tmp_path / "absent", 参会登记=[ROWS["参会登记"]])
    (folder / f"{table}.csv").unlink()
    errors = [p for p in clean(folder, SCHEME).problems if p.severity == "error"]
    assert [(p.code, p.table, p.file) for p in errors] == [("table.missing", table, "")]
    cleaned = clean_rows(tmp_path / "empty", **{table: []}, 参会登记=[ROWS["参会登记"]])
    errors = [p for p in cleaned.problems if p.severity == "error"]
    assert [(p.code, p.table, p.file) for p in errors] == [("table.empty", table, f"{table}.csv")]


# -- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_titles_order_and_extra_columns(tmp_path: Path, form: str) -> None:
    """Title rows may stand above, columns in any order; extra columns are kept as notes."""
    cells = [
        ["2022年参会登记表"],
        ["填报单位：考核办", None, "日期"],
        [],
        ["序号", "到会情况", "单 位", "会\n议", "日期*", "备注"],
        ["1", "到会", "T01", "例会", "2022-06-20", " 张三代 "],
        ["2", "迟到", "D01", "例会", "2022-06-20", None],
    ]
    folder = valid_folder(tmp_path)
    write_grid(folder, "参会登记", cells, form)
    cleaned = clean(folder, SCHEME)
    assert cleaned.problems == ()
    first, second = cleaned.tables["参会登记"]
    assert dict(first.values) == {"会议": "例会", "日期": date(2022, 6, 20), "单位": "T01", "到会情况": "到会"}
    assert dict(first.notes) == {"序号": "1", "备注": " 张三代 "}
    assert dict(second.notes) == {"序号": "2"}
    assert (first.source.row, second.source.row) == (5, 6)
    assert counted(cleaned, "参会登记") == (2, 2, 0, 0)


def test_missing_columns(tmp_path: Path) -> None:
    """A missing required column is one error that names it and no row is accepted; a missing optional one is fine."""
    cells = [["标题"], ["会议", "单位名", "到会情况"], ["例会", "T01", "到会"], ["例会", "D01", "早退"]]
    cleaned = clean_text(tmp_path, "参会登记", csv_text(cells))
    assert found(cleaned) == [
        ("error", "header.column_missing", 2, "日期"),
        ("error", "header.column_missing", 2, "单位"),
        ("error", "cell.choice", 4, "到会情况"),
    ]
    assert "单位名" in cleaned.problems[1].message
    assert counted(cleaned, "参会登记") == (2, 0, 2, 0)
    optional = [[c.name for c in TABLES["扣分登记"].columns if c.required]]
    optional.append([ROWS["扣分登记"][name] for name in optional[0]])
    cleaned = clean_text(tmp_path / "optional", "扣分登记", csv_text(optional))
    assert cleaned.problems == ()
    assert cleaned.tables["扣分登记"][0]["数量"] is None


NEAR = [
    ("扣分登记", "数量", "数量（次）", "2"),
    ("扣分登记", "佐证编号", "佐证 材料编号", "ZZ-1"),
    ("材料报送", "实报日期", "实报时间", "2022-06-20"),
    ("扣分标准", "扣分上限", "扣分上限（分）", "3"),
    ("扣分标准", "计量", "计量单位", "日"),
    ("交办任务", "完成日期", "完成时间", "2022-06-20"),
    ("热线红灯", "申诉结果", "申诉结果（成立/不成立）", "成立"),
    ("热线红灯", "办结时间", "办结日期", "2022-06-20"),
    ("热线红灯", "延期后时限", "延期时限", "2022-06-20"),
]


@pytest.mark.parametrize(("table", "column", "written", "cell"), NEAR)
def test_a_column_by_nearly_an_optional_ones_name_is_told(
    tmp_path: Path, table: str, column: str, written: str, cell: str
) -> None:
    """An optional column under another name is a note, as before, and a warning says which one it may have been."""
    rows = VALID.get(table) or [ROWS[table]]
    header = [name for name in dict.fromkeys(key for row in rows for key in row) if name != column]
    lines = [[row.get(name, "") for name in header] + [cell] for row in rows]
    write_csv(valid_folder(tmp_path) / f"{table}.csv", [[*header, written], *lines])
    problem = only(clean(tmp_path, SCHEME))
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        *("warning", "header.column_near", 1, column),
        written,
    )
    assert problem.message == (
        f"没有“{column}”列；“{written}”不是规定的列名，这一列的 {len(rows)} 格只作备注保存，不计入。"
    )
    assert problem.remedy == f"如就是“{column}”，请把表头改为“{column}”后重新报送；不是则不必改动。"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("单位,材料,实报日期,实报时间", "T01,半年汇报,2022-06-20,上午"),  # the column itself is there
        ("单位,材料,实报时间", "T01,半年汇报,"),  # nothing stands in it
        ("单位,材料,经办人", "T01,半年汇报,张三"),
    ],
)
def test_other_columns_are_notes_without_a_word(tmp_path: Path, header: str, cells: str) -> None:
    """A note beside the column itself, an empty column and a column of another name are nothing to warn of."""
    assert clean_text(tmp_path, "材料报送", f"{header}\n{cells}\n").problems == ()


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("推进会,2022-06-20,T01,迟到", True),
        ("例会,2022.6.20x,T01,晚到", True),  # one cell that fits is enough: data with slips would be lost too
        ("例：推进会,2022-06-20,T01,迟到", False),
        ("会议名称,年月日,填编码,到会或迟到", False),  # what to fill in, in words
        ("2022年参会登记,,,", False),
        ("推进会,2022-06-20,T01,", False),  # a required cell is empty
    ],
)
def test_data_above_the_header_is_told(tmp_path: Path, above: str, told: bool) -> None:
    """A row above the header that looks like data is not read, and a warning says so; titles and examples pass."""
    cleaned = clean_text(tmp_path, "参会登记", f"{above}\n会议,日期,单位,到会情况\n例会,2022-06-21,T01,到会\n")
    assert found(cleaned) == [("warning", "row.above_header", 1, "")] * told
    assert counted(cleaned, "参会登记") == (1, 1, 0, 0)


def test_a_line_with_one_cell_may_be_no_data(tmp_path: Path) -> None:
    """Where one cell alone is filled the remedy does not ask to fill in the rest: it may be a signature line."""
    text = "会议,日期,单位,到会情况\n填表人：张三,,,\n"
    remedies = {problem.remedy for problem in clean_text(tmp_path, "参会登记", text).problems}
    assert remedies == {"请补填后重新报送；如这一行是落款、说明，不是数据，请删去，或在前面加“备注：”。"}


@pytest.mark.parametrize(
    ("table", "column", "remedy"),
    [
        ("领导评价", "分值", "请填不小于 0 的数字。"),
        ("扣分登记", "数量", "请填不小于 1 的数字。"),
        ("扣分标准", "单次扣分", "请填大于 0 的数字。"),
    ],
)
def test_the_remedy_for_a_negative_number_is_a_number_that_is_accepted(
    tmp_path: Path, table: str, column: str, remedy: str
) -> None:
    """What the remedy asks for is within the column's own range: 0 is not offered where 0 is refused."""
    rows = [{**one, column: "-1"} for one in (VALID.get(table) or [ROWS[table]])[:1]]
    rows += (VALID.get(table) or [])[1:]
    cleaned = clean_rows(tmp_path, **{table: rows})
    assert [p.remedy for p in cleaned.problems if p.code == "cell.number"] == [remedy]


@pytest.mark.parametrize(
    ("table", "column", "day", "told"),
    [
        ("材料报送", "实报日期", "2021-12-31", True),
        ("材料报送", "实报日期", "2022-01-01", False),
        ("材料报送", "实报日期", "2023-12-31", False),
        ("材料报送", "实报日期", "2024-01-01", True),
        ("交办任务", "完成日期", "1924-06-20", True),
    ],
)
def test_a_day_of_another_year_is_questioned(tmp_path: Path, table: str, column: str, day: str, told: bool) -> None:
    """A day of receipt or completion outside the year and the next is read as it stands, with a warning."""
    cleaned = clean_rows(tmp_path, **{table: [row(table, **{column: day})]})
    assert found(cleaned) == [("warning", "date.year", 2, column)] * told
    assert cleaned.tables[table][0][column].isoformat() == day


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_a_number_that_a_cell_shows_as_a_day_is_no_date(tmp_path: Path, form: str) -> None:
    """6.2, typed into a cell with a date's format for 20 June, is an error and not 6 January 1900."""
    cells = grid("材料报送", [row("材料报送", 实报日期=datetime(1900, 1, 6, 4, 48))])
    write_grid(valid_folder(tmp_path), "材料报送", cells, form)
    problem = only(clean(tmp_path, SCHEME))
    assert (problem.severity, problem.code, problem.column) == ("error", "cell.date", "实报日期")
    assert "像是 6.20 这样的数字被当成了日期" in problem.message


@pytest.mark.parametrize(("written", "meant"), [("Ｔ０１", "T01"), ("d01", "D01"), ("ｄ０２", "D02")])
def test_full_width_and_small_letters_suggest_the_unit_that_was_meant(tmp_path: Path, written: str, meant: str) -> None:
    """A code in full-width or small letters is an error whose first suggestion is that very code."""
    problem = only(clean_rows(tmp_path, 扣分登记=[row("扣分登记", 单位=written)]))
    assert problem.code == "unit.unknown"
    assert f"最接近：{meant}（" in problem.message


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_two_headers_of_one_name(tmp_path: Path, form: str) -> None:
    """Two header cells of one name are an error, whether the column is the table's or an extra one."""
    folder = valid_folder(tmp_path)
    cells = [
        ["会议", "日期", "单位", "到会情况", "单 位*", "备注", "备注"],
        ["例会", "2022-06-20", "T01", "到会", "D01"],
    ]
    write_grid(folder, "参会登记", cells, form)
    cleaned = clean(folder, SCHEME)
    assert found(cleaned) == [
        ("error", "header.column_repeated", 1, "单位"),
        ("error", "header.column_repeated", 1, "备注"),
    ]
    assert counted(cleaned, "参会登记") == (1, 0, 1, 0)


def test_header_repeated_below(tmp_path: Path) -> None:
    """A header that comes again further down is an error on its row; rows after it are read."""
    head, line = grid("参会登记", [ROWS["参会登记"]])
    again = grid("参会登记", [row("参会登记", 会议="二次")])[1]
    cleaned = clean_text(tmp_path, "参会登记", csv_text([head, line, head, again]))
    assert found(cleaned) == [("error", "header.again", 3, "")]
    assert counted(cleaned, "参会登记") == (3, 2, 1, 0)
    cleaned = clean_text(tmp_path, "参会登记", csv_text([head, line, head, head]))
    assert found(cleaned) == [("error", "header.again", 3, ""), ("error", "header.again", 4, "")]


def test_no_header_names_the_closest_row(tmp_path: Path) -> None:
    """Without a header the row that looks most like one is named, and the columns that are needed."""
    problem = only(clean_text(tmp_path, "参会登记", "标题\n会议名称,时间,单位名称,情况\n例会,2022-06-20,T01,到会\n"))
    assert (problem.severity, problem.code, problem.row) == ("error", "header.missing", 2)
    assert "会议、日期、单位、到会情况" in problem.remedy


# -- rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "first", ["合计", "小计", "总 计", "备注：以上", "注：截至年底", "注:半角", "说明", "合计（全县）"]
)
def test_bottom_rows(tmp_path: Path, first: str, form: str) -> None:
    """A total or a note anywhere below the header is set aside with a notice when a required cell is empty."""
    folder = valid_folder(tmp_path)
    head, line = grid("参会登记", [ROWS["参会登记"]])
    other = grid("参会登记", [row("参会登记", 会议="二次")])[1]
    write_grid(folder, "参会登记", [head, line, [first, None, None, "45"], other, [None, None, first]], form)
    cleaned = clean(folder, SCHEME)
    assert found(cleaned) == [("notice", "row.bottom", 3, ""), ("notice", "row.bottom", 5, "")]
    assert counted(cleaned, "参会登记") == (4, 2, 0, 2)


def test_bottom_rows_need_a_gap(tmp_path: Path) -> None:
    """A full row whose unit is real is data whatever its first cell says; with an unknown unit it is a bottom row."""
    cleaned = clean_rows(
        tmp_path,
        参会登记=[
            row("参会登记", 会议="说明会"),
            row("参会登记", 会议="合计", 单位="合计"),
            row("参会登记", 会议="例会，说明", 单位="合计"),
        ],
        确认无事项=[row("确认无事项", 表="扣分登记", 单位="全部")],
    )
    assert found(cleaned) == [("notice", "row.bottom", 3, ""), ("error", "unit.unknown", 4, "单位")]
    assert [r["会议"] for r in cleaned.tables["参会登记"]] == ["说明会"]
    assert counted(cleaned, "参会登记") == (3, 1, 1, 1)


def test_bottom_row_where_no_unit_stands(tmp_path: Path) -> None:
    """In a table without 单位 a full row is data although its first cell begins like a total."""
    cleaned = clean_rows(
        tmp_path,
        单位名录=[
            *VALID["单位名录"],
            {"单位编码": "X1", "单位名称": "说明局", "单位类别": "县级部门"},
            {"单位编码": "合计", "单位名称": "3个"},
        ],
    )
    assert found(cleaned) == [("notice", "row.bottom", 6, "")]
    assert len(cleaned.tables["单位名录"]) == 4


def test_empty_rows_are_counted(tmp_path: Path) -> None:
    """Wholly empty rows below the header, blank records too, are set aside and counted without a notice."""
    text = csv_text(grid("参会登记", [ROWS["参会登记"]]))
    cleaned = clean_text(
        tmp_path, "参会登记", text + "\r\n,,,\r\n \u3000,\u200b,\ufeff,\u00a0\r\n" + "二次,2022-06-20,T01,到会\r\n"
    )
    assert cleaned.problems == ()
    assert counted(cleaned, "参会登记") == (5, 2, 0, 3)
    assert [r.source.row for r in cleaned.tables["参会登记"]] == [2, 6]


def test_csv_rows_are_records(tmp_path: Path) -> None:
    """A csv row is a record: line breaks and commas inside quotes do not count."""
    text = '标题,,,\r\n会议,日期,单位,到会情况\r\n"例\r\n会,一",2022-06-20,T01,到会\r\n'
    text += '"二""次""\n",2022-06-20,T01,早退\r\n'
    cleaned = clean_text(tmp_path, "参会登记", text)
    assert found(cleaned) == [("error", "cell.choice", 4, "到会情况")]
    assert cleaned.tables["参会登记"][0]["会议"] == "例\r\n会,一"
    assert cleaned.tables["参会登记"][0].source.row == 3


def test_csv_records_longer_and_shorter(tmp_path: Path) -> None:
    """A filled cell beyond the header is an error in a csv, an empty one is nothing; a short record lacks its cells."""
    text = (
        "会议,日期,单位,到会情况\r\n例,会,2022-06-20,T01,到会\r\n例会,2022-06-20,T01,到会,, \r\n例会,2022-06-20,D01\r\n"
    )
    cleaned = clean_text(tmp_path, "参会登记", text)
    assert ("error", "cell.no_header", 2, "") in found(cleaned)
    assert [f for f in found(cleaned) if f[2] == 4] == [("error", "cell.required", 4, "到会情况")]
    assert [f for f in found(cleaned) if f[2] == 3] == []
    assert counted(cleaned, "参会登记") == (3, 1, 2, 0)


def test_filled_cells_under_no_header(tmp_path: Path) -> None:
    """In a workbook a filled cell under no header is a warning that names it, and its row is accepted."""
    folder = valid_folder(tmp_path)
    cells = [
        ["会议", "日期", None, "单位", "到会情况"],
        ["例会", "2022-06-20", "甲", "T01", "到会", None, "乙"],
        [None, None, None, None, None, None, "打印：丙"],
    ]
    write_xlsx(folder / "参会登记.xlsx", cells)
    cleaned = clean(folder, SCHEME)
    assert [(p.severity, p.code, p.row, p.value) for p in cleaned.problems] == [
        ("warning", "cell.no_header", 2, "甲"),
        ("warning", "cell.no_header", 2, "乙"),
        ("warning", "cell.no_header", 3, "打印：丙"),
    ]
    assert [p.message.split()[1] for p in cleaned.problems] == ["C2", "G2", "G3"]
    assert counted(cleaned, "参会登记") == (2, 1, 0, 1)


def merged_book(
    folder: Path, form: str, ranges: Sequence[tuple[int, int, int, int]], lines: Sequence[Sequence[Any]]
) -> None:
    """Write a workbook with merged ranges given as 0-based (top, bottom, left, right), inclusive."""
    if form == "xlsx":
        book = openpyxl.Workbook()
        page = book.worksheets[0]
        for line in lines:
            page.append(list(line))
        for top, bottom, left, right in ranges:
            page.merge_cells(start_row=top + 1, end_row=bottom + 1, start_column=left + 1, end_column=right + 1)
        book.save(folder / "参会登记.xlsx")
        return
    if form == "ods":
        path = write_ods(folder / "参会登记.ods", lines)
        document = odfdo.Document(str(path))
        for top, bottom, left, right in ranges:
            assert document.body.tables[0].set_span((left, top, right, bottom))
        document.save(str(path))
        return
    old = xlwt.Workbook()
    sheet = old.add_sheet("Sheet1")
    anchors = {(top, left): (top, bottom, left, right) for top, bottom, left, right in ranges}
    covered = {
        (r, c) for top, bottom, left, right in ranges for r in range(top, bottom + 1) for c in range(left, right + 1)
    }
    for r, line in enumerate(lines):
        for c, value in enumerate(line):
            if (r, c) in anchors:
                sheet.write_merge(*anchors[r, c], value)
            elif value is not None and (r, c) not in covered:
                sheet.write(r, c, value)
    old.save(str(folder / "参会登记.xls"))


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_merged_cells_in_data_rows(tmp_path: Path, form: str) -> None:
    """Merged cells in data rows are an error for each row covered; over titles and notes they are fine."""
    folder = valid_folder(tmp_path)
    lines = [
        ["参会登记表", None, None, None],
        ["会议", "日期", "单位", "到会情况"],
        ["例会", "2022-06-20", "T01", "到会"],
        [None, "2022-06-20", "D01", "到会"],
        ["二次", "2022-06-20", "T01", "到会"],
        ["备注：以上无误", None, None, None],
    ]
    merged_book(folder, form, [(0, 0, 0, 3), (2, 3, 0, 0), (5, 6, 0, 3)], lines)
    cleaned = clean(folder, SCHEME)
    assert found(cleaned) == [
        ("error", "row.merged", 3, ""),
        ("error", "row.merged", 4, ""),
        ("notice", "row.bottom", 6, ""),
    ]
    assert counted(cleaned, "参会登记") == (4, 1, 2, 1)


def test_merged_tail_rows_are_errors_too(tmp_path: Path) -> None:
    """A tall merge reaches into rows with nothing else in them: each is covered, each is an error."""
    folder = valid_folder(tmp_path)
    lines = [["会议", "日期", "单位", "到会情况"], ["例会", "2022-06-20", "T01", "到会"]]
    merged_book(folder, "xlsx", [(1, 3, 0, 0)], lines)
    cleaned = clean(folder, SCHEME)
    assert [f for f in found(cleaned) if f[1] == "row.merged"] == [("error", "row.merged", n, "") for n in (2, 3, 4)]
    assert counted(cleaned, "参会登记") == (3, 0, 3, 0)


def test_files_of_one_table_are_read_in_order(tmp_path: Path) -> None:
    """Rows of a table come by file name, then row; a key that stands in two files is an error naming both."""
    folder = valid_folder(tmp_path, 参会登记=[ROWS["参会登记"]])
    for name in ("b", "a"):
        write_csv(folder / f"参会登记_{name}.csv", grid("参会登记", [row("参会登记", 会议=name), ROWS["参会登记"]]))
    cleaned = clean(folder, SCHEME)
    assert [(p.code, p.file, p.row, p.column) for p in cleaned.problems] == [
        ("key.duplicate", "参会登记_a.csv", 3, "会议"),
        ("key.duplicate", "参会登记_b.csv", 3, "会议"),
    ]
    assert all("参会登记.csv 第 2 行" in p.message for p in cleaned.problems)
    assert [r["会议"] for r in cleaned.tables["参会登记"]] == ["例会", "a", "b"]


# -- keys -------------------------------------------------------------------------------------------------------

KEYS: Mapping[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "信息中心结果": (("单位", {"红灯次数": "1"}),),
    "通报批评": (("编号", {"单位": "D01"}),),
    "材料报送": (("单位", {"免报原因": "x"}),),
    "扣分登记": (("编号", {"单位": "D01"}),),
    "信息报送": (("单位", {"报送条数": "9"}),),
    "表彰宣传": (("编号", {"事项编号": "x", "层级": "市"}),),
    "评定加分": (("编号", {"事项": "x"}), ("单位", {"编号": "x"})),
    "领导评价": (("评价人", {"分值": "1"}),),
    "参会登记": (("会议", {"到会情况": "缺席"}),),
    "交办任务": (("任务编号", {"任务": "x"}),),
    "佐证目录": (("佐证编号", {"名称或网址": "x"}),),
    "调整复核": (("编号", {"对象编号": "K-2"}),),
}


@pytest.mark.parametrize(("table", "at"), [(table, at) for table, cases in KEYS.items() for at in range(len(cases))])
def test_keys_are_unique(tmp_path: Path, table: str, at: int) -> None:
    """Two rows of one key are an error on the later that names both; a different key is none."""
    column, other = KEYS[table][at]
    first = dict(ROWS.get(table) or VALID[table][0])
    evidence = (
        {} if table == "佐证目录" else {"佐证目录": [*VALID["佐证目录"], {**VALID["佐证目录"][0], "佐证编号": "ZZ-2"}]}
    )
    second = {**first, **other}
    if "佐证编号" in first and second["单位"] != first["单位"]:
        second.pop("佐证编号")
    others = {"扣分登记": [ROWS["扣分登记"], row("扣分登记", 编号="K-2")]} if table == "调整复核" else {}
    cleaned = clean_rows(tmp_path, **{**evidence, **others, table: [first, second]})
    assert found(cleaned) == [("error", "key.duplicate", 3, column)]
    assert "第 2 行" in cleaned.problems[0].message
    assert counted(cleaned, table) == (2, 1, 1, 0)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("材料报送", {"材料": "年度总结"}),
        ("材料报送", {"材料": "季度进展", "季度": "1"}),
        ("材料报送", {"单位": "D01"}),
        ("信息报送", {"季度": "2"}),
        ("信息报送", {"单位": "D01"}),
        ("领导评价", {"评价人": "赵六"}),
        ("领导评价", {"单位": "D01"}),
        ("参会登记", {"会议": "二次"}),
        ("参会登记", {"日期": "2022-06-21"}),
        ("参会登记", {"单位": "D01"}),
        ("交办任务", {"单位": "D01"}),
        ("交办任务", {"任务编号": "RW-B"}),
        ("评定加分", {"编号": "x", "评分人": "钱七"}),
        ("评定加分", {"编号": "x", "事项": "另一"}),
        ("扣分登记", {"编号": "K-2"}),
    ],
)
def test_keys_that_differ_in_one_part(tmp_path: Path, table: str, changes: dict[str, str]) -> None:
    """Rows that differ in any part of the key stand beside each other."""
    assert clean_rows(tmp_path, **{table: [ROWS[table], row(table, **changes)]}).problems == ()


def test_keys_compare_as_seen(tmp_path: Path) -> None:
    """Outer spaces, zero-width characters and spellings of a unit do not make a key another one; case does."""
    cleaned = clean_rows(
        tmp_path,
        扣分登记=[row("扣分登记", 编号="K-1"), row("扣分登记", 编号=" K-1\u200b"), row("扣分登记", 编号="k-1")],
        领导评价=[ROWS["领导评价"], row("领导评价", 单位="崔家头镇", 评价人="王五 ")],
        参会登记=[ROWS["参会登记"], row("参会登记", 日期="2022年6月20日")],
    )
    assert [(p.code, p.table, p.row) for p in cleaned.problems] == [
        ("key.duplicate", "参会登记", 3),
        ("key.duplicate", "扣分登记", 3),
        ("key.duplicate", "领导评价", 3),
    ]


def test_hotline_tickets_may_repeat(tmp_path: Path) -> None:
    """热线红灯 has no key: one ticket may have several red lights and several handlers."""
    assert clean_rows(tmp_path, 热线红灯=[ROWS["热线红灯"]] * 2).problems == ()


# -- roster -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["T 1", "T.1", "镇1", "a" * 21, "CON", "nul", "Com1", "LPT9", "T/1", "..", "Ｔ1", "a\nb"]
)
def test_bad_unit_codes(tmp_path: Path, code: str) -> None:
    """单位编码 is 1-20 of A-Z a-z 0-9 - _ and no device name."""
    cleaned = clean_rows(
        tmp_path, 单位名录=[*VALID["单位名录"], {"单位编码": code, "单位名称": "甲", "单位类别": "镇"}]
    )
    assert found(cleaned) == [("error", "roster.code", 5, "单位编码")]


@pytest.mark.parametrize("code", ["a", "a" * 20, "A-b_9", "CON1", "COM", "7"])
def test_good_unit_codes(tmp_path: Path, code: str) -> None:
    """Codes at the bounds of the rule are accepted."""
    cleaned = clean_rows(
        tmp_path, 单位名录=[*VALID["单位名录"], {"单位编码": code, "单位名称": "甲", "单位类别": "镇"}]
    )
    assert cleaned.problems == ()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"单位编码": "T01"}, [("key.duplicate", "单位编码")]),
        ({"单位编码": "t01"}, [("key.duplicate", "单位编码")]),
        ({"单位名称": "崔家头镇"}, [("key.name_duplicate", "单位名称")]),
        ({"单位名称": "崔 家头镇"}, [("key.name_duplicate", "单位名称")]),
        ({"单位名称": "崔镇"}, [("key.name_duplicate", "单位名称")]),
        ({"单位名称": "T01"}, [("key.name_duplicate", "单位名称")]),
        ({"全称": "崔家头"}, [("key.name_duplicate", "全称")]),
        ({"别名": "乙；崔家头镇;丙"}, [("key.name_duplicate", "别名")]),
        ({"别名": "D01"}, [("key.name_duplicate", "别名")]),
        ({"单位名称": "全部"}, [("roster.reserved", "单位名称")]),
        ({"别名": "甲;；甲 "}, []),
        ({"全称": "甲"}, []),
        ({"别名": "t01"}, []),
    ],
)
def test_roster_namespace(tmp_path: Path, cells: dict[str, str], expected: list[tuple[str, str]]) -> None:
    """Codes, names, full names and aliases share one namespace; a spelling twice within one unit is harmless."""
    unit = {"单位编码": "X9", "单位名称": "甲", "单位类别": "镇", **cells}
    cleaned = clean_rows(tmp_path, 单位名录=[*VALID["单位名录"], unit])
    assert [(p.code, p.column) for p in cleaned.problems] == expected
    assert all(p.row == 5 and p.severity == "error" for p in cleaned.problems)
    if expected and expected[0][0].startswith("key."):
        assert "第 2 行" in cleaned.problems[0].message or "第 3 行" in cleaned.problems[0].message


def test_broken_roster_makes_no_flood(tmp_path: Path) -> None:
    """A faulty roster row still lends its names, and an unreadable roster is said once, not at every row."""
    roster = [*VALID["单位名录"], {"单位编码": "X9", "单位名称": "甲", "单位类别": "乡"}]
    cleaned = clean_rows(tmp_path / "row", 单位名录=roster, 参会登记=[row("参会登记", 单位="甲")])
    assert [(p.code, p.table) for p in cleaned.problems] == [("cell.choice", "单位名录")]
    folder = valid_folder(tmp_path / "file", 参会登记=[row("参会登记", 单位=f"谁{n}") for n in range(50)])
    (folder / "单位名录.csv").write_bytes(b"")
    assert found(clean(folder, SCHEME)) == [
        ("notice", "unit.unchecked", None, ""),
        ("error", "file.empty", None, ""),
    ]


# -- what cells say together --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"材料": "季度进展", "季度": ""}, [("error", "report.quarter", 2, "季度")]),
        ({"材料": "季度进展", "季度": "3"}, []),
        ({"材料": "半年汇报", "季度": "2"}, [("error", "report.quarter", 2, "季度")]),
        ({"材料": "年度总结", "季度": ""}, []),
        ({"材料": "季度进展", "季度": "6"}, [("error", "cell.choice", 2, "季度")]),
    ],
)
def test_quarter_of_reports(tmp_path: Path, cells: dict[str, str], expected: Found) -> None:
    """季度 is filled only and always for 季度进展."""
    assert found(clean_rows(tmp_path, 材料报送=[row("材料报送", **cells)])) == expected


def test_missing_column_makes_no_second_error(tmp_path: Path) -> None:
    """Without the column 材料 nothing is said of its rows' quarters or keys."""
    text = "单位,季度\nT01,1\nT01,1\n"
    assert found(clean_text(tmp_path, "材料报送", text)) == [("error", "header.column_missing", 1, "材料")]


def test_scorer_checks_himself(tmp_path: Path) -> None:
    """评分人 = 复核人 is a warning in both tables, spaces aside; the rows are accepted."""
    cleaned = clean_rows(
        tmp_path,
        扣分登记=[row("扣分登记", 复核人="张 三")],
        评定加分=[row("评定加分", 复核人="张三"), row("评定加分", 编号="PD-2", 事项="x")],
    )
    assert found(cleaned) == [("warning", "reviewer.same", 2, "复核人")] * 2
    assert not cleaned.rejected
    assert len(cleaned.tables["评定加分"]) == 2


def test_standards(tmp_path: Path) -> None:
    """A standard that a row or the scheme names and 扣分标准 lacks is an error."""
    cleaned = clean_rows(
        tmp_path / "row", 扣分登记=[row("扣分登记", 标准编号="GW-02"), row("扣分登记", 编号="K-2", 标准编号=" GW-01 ")]
    )
    assert found(cleaned) == [("error", "standard.unknown", 2, "标准编号")]
    assert "GW-01" in cleaned.problems[0].message
    kept = [cells for cells in VALID["扣分标准"] if cells["标准编号"] not in ("BS-02", "HY-01", "RW-02")]
    cleaned = clean_rows(tmp_path / "scheme", 扣分标准=kept)
    assert [(p.severity, p.code, p.table, p.value) for p in cleaned.problems] == [
        ("error", "standard.scheme", "扣分标准", "BS-02"),
        ("error", "standard.scheme", "扣分标准", "HY-01"),
        ("error", "standard.scheme", "扣分标准", "RW-02"),
    ]
    assert ["K（重点考核）" in cleaned.problems[0].message, "B6（参会情况）" in cleaned.problems[1].message] == [
        True,
        True,
    ]


def test_evidence(tmp_path: Path) -> None:
    """A 佐证编号 that the index lacks, or holds for another unit, is a warning; the row is accepted."""
    cleaned = clean_rows(
        tmp_path,
        表彰宣传=[
            row("表彰宣传", 佐证编号="ZZ-9"),
            row("表彰宣传", 编号="2", 单位="D01"),
            row("表彰宣传", 编号="3", 佐证编号=" ZZ-1 "),
            row("表彰宣传", 编号="4", 佐证编号=""),
        ],
        扣分登记=[row("扣分登记", 佐证编号="ZZ-8")],
        通报批评=[row("通报批评", 佐证编号="ZZ-7")],
    )
    assert [(p.severity, p.code, p.table, p.row, p.column) for p in cleaned.problems] == [
        ("warning", "evidence.unknown", "扣分登记", 2, "佐证编号"),
        ("warning", "evidence.unknown", "表彰宣传", 2, "佐证编号"),
        ("warning", "evidence.other_unit", "表彰宣传", 3, "佐证编号"),
        ("warning", "evidence.unknown", "通报批评", 2, "佐证编号"),
    ]
    assert len(cleaned.tables["表彰宣传"]) == 4


# -- 调整复核 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, []),
        ({"处理": "改值", "新值": "0"}, []),
        ({"处理": "改值", "新值": "999.99"}, []),
        ({"处理": "改值", "新值": ""}, [("error", "adjust.value_missing", 2, "新值")]),
        ({"处理": "改值", "新值": "-1"}, [("error", "cell.number", 2, "新值")]),
        ({"处理": "改值", "新值": "1", "对象表": "评定加分", "对象编号": "PD-1"}, []),
        ({"处理": "改值", "新值": "4", "对象表": "评定加分", "对象编号": "PD-1"}, []),
        (
            {"处理": "改值", "新值": "4.01", "对象表": "评定加分", "对象编号": "PD-1"},
            [("error", "adjust.value_range", 2, "新值")],
        ),
        (
            {"处理": "改值", "新值": "1", "对象表": "表彰宣传", "对象编号": "BZ-1"},
            [("error", "adjust.not_settable", 2, "处理")],
        ),
        (
            {"处理": "改值", "新值": "1", "对象表": "热线红灯", "对象编号": "GD-1"},
            [("error", "adjust.not_settable", 2, "处理")],
        ),
        ({"对象表": "热线红灯", "对象编号": "GD-1"}, []),
        ({"对象表": "热线红灯", "对象编号": "GD-1", "单位": "D01"}, []),
        ({"对象表": "热线红灯", "对象编号": "GD-1", "单位": "D02"}, [("error", "adjust.unit", 2, "单位")]),
        ({"对象表": "通报批评", "对象编号": "TB-1"}, []),
        ({"对象表": "表彰宣传", "对象编号": "BZ-1"}, []),
        ({"新值": "1"}, [("warning", "adjust.value_unused", 2, "新值")]),
        ({"对象编号": "K-9"}, [("error", "adjust.object", 2, "对象编号")]),
        ({"单位": "D01"}, [("error", "adjust.unit", 2, "单位")]),
        ({"对象表": "领导评价", "对象编号": "王五"}, [("error", "adjust.table", 2, "对象表")]),
        ({"对象表": "扣分登记表"}, [("error", "adjust.table", 2, "对象表")]),
        (
            {"对象编号": "K-9", "单位": "谁"},
            [("error", "unit.unknown", 2, "单位"), ("error", "adjust.object", 2, "对象编号")],
        ),
    ],
)
def test_adjustments(tmp_path: Path, cells: dict[str, str], expected: Found) -> None:
    """A decision names a real object of its own unit; only 扣分登记 and 评定加分 can be set, in their range."""
    cleaned = clean_rows(
        tmp_path,
        热线红灯=[ROWS["热线红灯"], row("热线红灯", 单位="D01")],
        通报批评=[ROWS["通报批评"]],
        扣分登记=[ROWS["扣分登记"]],
        表彰宣传=[ROWS["表彰宣传"]],
        评定加分=[ROWS["评定加分"]],
        调整复核=[row("调整复核", **cells)],
    )
    assert found(cleaned) == expected


def test_second_decision_on_one_object(tmp_path: Path) -> None:
    """Two decisions on one object are an error naming both; one ticket of two units is two objects."""
    cleaned = clean_rows(
        tmp_path,
        热线红灯=[ROWS["热线红灯"], row("热线红灯", 单位="D01")],
        扣分登记=[ROWS["扣分登记"]],
        调整复核=[
            ROWS["调整复核"],
            row("调整复核", 编号="TZ-2", 处理="改值", 新值="1"),
            row("调整复核", 编号="TZ-3", 对象表="热线红灯", 对象编号="GD-1"),
            row("调整复核", 编号="TZ-4", 对象表="热线红灯", 对象编号="GD-1", 单位="D01"),
            row("调整复核", 编号="TZ-5", 对象表="热线红灯", 对象编号="GD-1"),
        ],
    )
    assert found(cleaned) == [
        ("error", "adjust.repeated", 3, "对象编号"),
        ("error", "adjust.repeated", 6, "对象编号"),
    ]
    assert "第 2 行" in cleaned.problems[0].message and "第 4 行" in cleaned.problems[1].message


def test_faulty_object_is_reported_once(tmp_path: Path) -> None:
    """An object whose own row is rejected makes no second, misleading error at the decision."""
    cleaned = clean_rows(tmp_path, 扣分登记=[row("扣分登记", 发生日期="6.2", 单位="谁")], 调整复核=[ROWS["调整复核"]])
    assert [(p.table, p.code) for p in cleaned.problems] == [("扣分登记", "unit.unknown"), ("扣分登记", "cell.date")]


# -- 确认无事项 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [
                {"表": name}
                for name in (
                    "通报批评",
                    "扣分登记",
                    "评定加分",
                    "表彰宣传",
                    "信息报送",
                    "领导评价",
                    "参会登记",
                    "交办任务",
                )
            ],
            [],
        ),
        ([{"表": "参会登记", "单位": "全部"}], []),
        ([{"表": "参会登记", "单位": "T01"}], [("warning", "confirm.contradicted", 2, "单位")]),
        ([{"表": "参会登记", "单位": "崔家头镇"}], [("warning", "confirm.contradicted", 2, "单位")]),
        ([{"表": "参会"}], [("error", "confirm.table", 2, "表")]),
        ([{"表": "信息中心结果"}], [("warning", "confirm.no_effect", 2, "表")]),
        ([{"表": "材料报送"}], [("warning", "confirm.no_effect", 2, "表")]),
        ([{"表": "热线红灯"}], [("warning", "confirm.no_effect", 2, "表")]),
        ([{"表": "单位名录"}], [("warning", "confirm.no_effect", 2, "表")]),
        ([{}, {"确认人": "另一"}], [("warning", "confirm.repeated", 3, "表")]),
        ([{}, {"单位": "全部"}], []),
        ([{"单位": "全 部"}], []),
        ([{"单位": "全县"}], [("error", "unit.unknown", 2, "单位")]),
    ],
)
def test_confirmations(tmp_path: Path, rows: list[dict[str, str]], expected: Found) -> None:
    """A confirmation names a real table; one without effect, said twice or beside rows is a warning."""
    cleaned = clean_rows(
        tmp_path, 参会登记=[ROWS["参会登记"]], 确认无事项=[row("确认无事项", **cells) for cells in rows]
    )
    assert found(cleaned) == expected
    assert all(r["单位"] in ("D01", "T01", "全部") for r in cleaned.tables["确认无事项"])


# -- everything at once -------------------------------------------------------------------------------------------


def test_all_problems_in_one_pass_and_in_reading_order(tmp_path: Path) -> None:
    """Every problem of every file comes in one pass, ordered by file, sheet, row and column."""
    cleaned = clean_rows(
        tmp_path,
        参会登记=[row("参会登记", 到会情况="早退", 日期="6.2", 单位="谁"), row("参会登记", 会议="")],
        领导评价=[row("领导评价", 职务="主任")],
    )
    assert [(p.file, p.row, p.column) for p in cleaned.problems] == [
        ("参会登记.csv", 2, "日期"),
        ("参会登记.csv", 2, "单位"),
        ("参会登记.csv", 2, "到会情况"),
        ("参会登记.csv", 3, "会议"),
        ("领导评价.csv", 2, "职务"),
    ]
    assert cleaned == clean(tmp_path, SCHEME)


_CELLS = st.sampled_from(
    [
        "",
        " ",
        "\u200b",
        "T01",
        "县统计局",
        "谁",
        "例会",
        "合计",
        "备注：",
        "说明会",
        "2022-06-20",
        "6.2",
        "到会",
        "缺席",
        "会议",
        "单位",
        "a,b",
        'c"d',
        "e\nf",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.lists(_CELLS, max_size=6), max_size=8), form=st.sampled_from(["csv", "gb18030", "xlsx"]))
def test_no_row_is_lost(tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], form: str) -> None:
    """Whatever stands below the header: read = accepted + rejected + set aside, and each rejected row has an error."""
    folder = valid_folder(tmp_path_factory.mktemp("raw"))
    cells = [["会议", "日期", "单位", "到会情况"], *lines, ["末次", "2022-06-20", "D02", "到会"]]
    write_grid(folder, "参会登记", cells, form)
    cleaned = clean(folder, SCHEME)
    read, accepted, rejected, set_aside = counted(cleaned, "参会登记")
    assert read == accepted + rejected + set_aside == len(lines) + 1
    assert accepted == len(cleaned.tables["参会登记"])
    wrong = {p.row for p in cleaned.problems if p.severity == "error"}
    assert rejected == len(wrong)
    accepted_rows = {r.source.row for r in cleaned.tables["参会登记"]}
    assert not wrong & accepted_rows
    noticed = {p.row for p in cleaned.problems if p.severity != "error"}
    for number, line in enumerate(cells[1:], start=2):
        filled = any(cell.strip(" \u200b") for cell in line)
        assert not filled or number in wrong | accepted_rows | noticed


@pytest.mark.parametrize(
    ("gathered", "warned"), [("2022-12-30", False), ("2022-12-31", False), ("2023-01-01", True), ("", False)]
)
def test_evidence_gathered_after_the_cut_off_is_warned_of(tmp_path: Path, gathered: str, warned: bool) -> None:
    """Evidence counts up to 31 December: what was gathered later still counts, as it is indexed, but not in silence."""
    cleaned = clean_rows(tmp_path, 佐证目录=[{**VALID["佐证目录"][0], "采集日期": gathered}])
    assert [(p.severity, p.code, p.row, p.column) for p in cleaned.problems] == (
        [("warning", "evidence.late", 2, "采集日期")] if warned else []
    )
    assert len(cleaned.tables["佐证目录"]) == 1
