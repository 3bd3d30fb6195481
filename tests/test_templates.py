"""Blank workbooks: what is handed out, what a spreadsheet checks on entry, and that it all comes back as input."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import SCHEME_FILE, load_scheme_plainly
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from spreadsheets import ROWS, VALID, grid, valid_folder, write_csv

from assess_lib import cli, templates
from assess_lib.cleaning import clean
from assess_lib.cleaning.clean import Cleaned
from assess_lib.errors import EnvironmentFailure, InputRejected, UsageError
from assess_lib.tables import TABLES, Row
from assess_lib.templates.columns import HELP
from assess_lib.templates.entry import Form, Known
from assess_lib.templates.workbook import dump_form

SCHEME = load_scheme_plainly()
READINGS = SCHEME.default_readings()
SAMPLE = SCHEME_FILE.parent
SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="LibreOffice (soffice) is not installed; Debian: libreoffice-calc"
)
# Rows as people type them, beyond the plain ones: leading zeros, a long number, what looks like a formula.
TYPED: Mapping[str, Mapping[str, Any]] = {
    **ROWS,
    "单位名录": {"单位编码": "009", "单位名称": "县科技局", "单位类别": "县级部门", "重点任务单位": "否"},
    "扣分标准": {**VALID["扣分标准"][0], "标准编号": "007", "单次扣分": "0.5", "扣分上限": "2", "计量": "日"},
    "佐证目录": {
        "佐证编号": "0001",
        "单位": "T01",
        "类型": "网址",
        "名称或网址": "=HYPERLINK",
        "采集日期": "2022-12-01",
    },
    "热线红灯": {**ROWS["热线红灯"], "工单编号": "001234567890123456", "派单时间": "2022-04-28 08:05"},
    "扣分登记": {**ROWS["扣分登记"], "编号": "0042", "数量": "2"},
    "调整复核": {**ROWS["调整复核"], "对象编号": "0042"},
    "异议登记": {**ROWS["异议登记"], "对象编号": "0042"},
}


@pytest.fixture(scope="module")
def known() -> Known:
    """The sample year's roster of 46 units and its standards."""
    return templates.read_known(SAMPLE, SCHEME)


@pytest.fixture(scope="module")
def blank(known: Known, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbooks of the sample year."""
    folder = tmp_path_factory.mktemp("handout") / "发放"
    templates.write_templates(folder, SCHEME, known)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The workbooks of a raw folder with the units T01, D01 and D02."""
    known = templates.read_known(valid_folder(tmp_path / "roster"), SCHEME)
    templates.write_templates(tmp_path / "发放", SCHEME, known)
    return tmp_path / "发放"


def sheet_of(path: Path) -> Worksheet:
    """Return the sheet named as the file's table."""
    return openpyxl.load_workbook(path)[path.stem.split("_")[0]]


def header_of(sheet: Worksheet) -> dict[str, int]:
    """Return {column name: position} of the header in row 4."""
    return {str(cell.value): cell.column for cell in sheet[4] if cell.value}


def checks_of(sheet: Worksheet) -> dict[str, DataValidation]:
    """Return {column name: its check}."""
    names = {position: name for name, position in header_of(sheet).items()}
    return {
        names[column]: check
        for check in sheet.data_validations.dataValidation
        for place in check.sqref.ranges
        for column in range(place.min_col, place.max_col + 1)
    }


def as_typed(kind: str, text: str) -> Any:
    """Return what a spreadsheet stores when a person types the text into a cell made for that kind."""
    if kind in ("date", "datetime"):
        return datetime.fromisoformat(text)
    if kind in ("number", "whole"):
        return float(text)
    return text


def type_into(path: Path, *rows: Mapping[str, Any]) -> None:
    """Type rows into a blank workbook's first free rows and save it."""
    book: Workbook = openpyxl.load_workbook(path)
    table = TABLES[path.stem.split("_")[0]]
    sheet = book[table.name]
    header = header_of(sheet)
    for number, row in enumerate(rows, start=5):
        for name, text in row.items():
            cell = sheet.cell(number, header[name])
            cell.value = as_typed(table.column(name).kind, text)
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.save(path)


def shown(cleaned: Cleaned) -> list[str]:
    """Return all problems, as lines."""
    return [f"{problem.code} {problem}" for problem in cleaned.problems]


def values(row: Row) -> dict[str, str]:
    """Return a row's filled values as text; a day without its time."""
    return {name: str(value).removesuffix(" 00:00:00") for name, value in row.values.items() if value is not None}


# --- what is handed out --------------------------------------------------------------------------------------------


def test_a_workbook_per_table_and_a_folder_per_unit(blank: Path) -> None:
    """There are 17 workbooks named as their tables, and for each of the 46 units its own files, named by codes."""
    assert sorted(path.stem for path in blank.glob("*.xlsx")) == sorted(TABLES)
    units = sorted(path.name for path in (blank / "单位").iterdir())
    assert (len(units), units[0], units[-1]) == (46, "D01", "T07")
    assert sorted(path.name for path in (blank / "单位" / "T03").iterdir()) == [
        "佐证目录_T03.xlsx",
        "确认无事项_T03.xlsx",
        "表彰宣传_T03.xlsx",
    ]
    assert len([path for path in blank.rglob("*") if path.is_file()]) == 17 + 46 * 3


def test_every_column_has_its_header_note_and_instruction(blank: Path) -> None:
    """Each workbook has the contract's columns in order, with a note on each header and a line of instruction."""
    for name, table in TABLES.items():
        book = openpyxl.load_workbook(blank / f"{name}.xlsx")
        assert book.sheetnames[:2] == [name, "填表说明"]
        sheet, columns = book[name], [column.name for column in table.columns]
        assert list(header_of(sheet)) == columns
        assert list(HELP[name]) == columns
        explained = {row[0].value: row for row in book["填表说明"].iter_rows(min_row=4, max_row=3 + len(columns))}
        assert list(explained) == columns
        for column, cell in zip(table.columns, sheet[4], strict=True):
            must = "必填" if column.required else "可不填"
            assert cell.comment is not None and cell.comment.text.startswith(f"{must}：")
            assert explained[column.name][1].value == must
            assert all(part.value for part in explained[column.name])


def test_required_headers_are_dark_and_the_header_stays_in_view_and_on_paper(blank: Path) -> None:
    """Required columns are seen at once; scrolling and printing keep the header; paper is A4 across."""
    sheet = sheet_of(blank / "扣分登记.xlsx")
    fills = {str(cell.value): cell.fill.fgColor.rgb for cell in sheet[4]}
    assert {name for name, colour in fills.items() if colour == "FF1F4E79"} == {
        *("编号", "单位", "标准编号", "事实", "发生日期", "评分人", "复核人")
    }
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (0, True)


def test_bytes_are_the_same_every_time_and_hold_no_formula(known: Known) -> None:
    """The same scheme and lists give the same bytes; no cell is a formula, no word says that it is a sample."""
    unit = known.roster[0]
    for table in TABLES.values():
        for form in (Form(table, SCHEME, known, READINGS), Form(table, SCHEME, known, READINGS, unit)):
            data = dump_form(form)
            assert data == dump_form(form)
            cells = [
                cell for sheet in openpyxl.load_workbook(io.BytesIO(data)) for row in sheet.iter_rows() for cell in row
            ]
            assert len(cells) > 100
            assert {cell.data_type for cell in cells} <= {"s", "n"}
            assert not [cell.value for cell in cells if "演示" in str(cell.value)]


# --- what is checked on entry --------------------------------------------------------------------------------------


def test_long_drop_downs_stand_on_a_hidden_sheet(blank: Path) -> None:
    """The 46 names do not fit into a check's own 255 characters: they stand, in roster order, on a hidden sheet."""
    book = openpyxl.load_workbook(blank / "扣分登记.xlsx")
    checks = checks_of(book["扣分登记"])
    assert checks["单位"].formula1 == "'选项说明'!$A$2:$A$47"
    assert checks["标准编号"].formula1.startswith('"BS-01,BS-02,ZD-01,')  # 30 numbers fit: 179 characters
    hidden = book["选项说明"]
    assert hidden.sheet_state == "hidden"
    names = [cell.value for cell in hidden["A"]][1:47]
    assert (names[0], names[6], names[7], names[45]) == ("崔家头镇", "草碧镇", "县纪委监委", "县供电分公司")
    assert str(checks["单位"].sqref) == "B5:B1048576"
    assert (checks["单位"].errorStyle or "stop") == "stop"


def test_choices_are_the_tables_and_the_schemes(blank: Path) -> None:
    """Drop-downs offer exactly what intake accepts: fixed choices, the scheme's groups and items, table names."""
    expected = {
        ("单位名录", "单位类别"): '"镇,县级部门"',
        ("表彰宣传", "加分项"): '"通报表彰,经验宣传"',
        ("通报批评", "类型"): '"检查督查,媒体,群众反映"',
        ("信息报送", "季度"): '"1,2,3,4"',
        ("参会登记", "到会情况"): '"到会,迟到,代会,请假,缺席"',
        ("调整复核", "对象表"): '"热线红灯,通报批评,扣分登记,表彰宣传,评定加分"',
        ("确认无事项", "表"): '"通报批评,扣分登记,评定加分,表彰宣传,信息报送,领导评价,参会登记,交办任务"',
    }
    for (table, column), options in expected.items():
        assert checks_of(sheet_of(blank / f"{table}.xlsx"))[column].formula1 == options
    everyone = openpyxl.load_workbook(blank / "确认无事项.xlsx")["选项说明"]
    assert [cell.value for cell in everyone["A"]][-1] == "全部"


def test_a_units_own_workbook_offers_its_name_alone(blank: Path) -> None:
    """A unit can only name itself, and sees its name in the title."""
    sheet = sheet_of(blank / "单位" / "T03" / "表彰宣传_T03.xlsx")
    assert sheet["A1"].value == "2022 年度表彰宣传（城关镇）"
    assert checks_of(sheet)["单位"].formula1 == '"城关镇"'


def test_numbers_are_checked_within_their_ranges(blank: Path) -> None:
    """0-4 and 0-3 come from the scheme; > 0, >= 1 and adopted <= sent from the contract."""

    def rule(table: str, column: str) -> tuple[Any, ...]:
        check = checks_of(sheet_of(blank / f"{table}.xlsx"))[column]
        return check.type, check.operator or "between", check.formula1, check.formula2

    assert rule("评定加分", "评定分") == ("decimal", "between", "0", "4")
    assert rule("领导评价", "分值") == ("decimal", "between", "0", "3")
    assert rule("扣分标准", "单次扣分") == ("decimal", "greaterThan", "0", None)
    assert rule("扣分登记", "数量") == ("whole", "greaterThanOrEqual", "1", None)
    assert rule("信息报送", "采用条数") == ("whole", "between", "0", "$C5")
    assert list(header_of(sheet_of(blank / "信息报送.xlsx")))[2] == "报送条数"


def test_dates_of_facts_are_asked_about_outside_the_year_and_others_kept_near_it(blank: Path) -> None:
    """A fact of another year counts nothing, so it is asked about, not refused; an evidence date may be next year's."""

    def days(table: str, column: str) -> tuple[str, str, date, date]:
        check = checks_of(sheet_of(blank / f"{table}.xlsx"))[column]
        first, last = (openpyxl.utils.datetime.from_excel(float(text)) for text in (check.formula1, check.formula2))
        return check.type, check.errorStyle or "stop", first.date(), last.date()

    year = (date(2022, 1, 1), date(2022, 12, 31))
    assert days("扣分登记", "发生日期") == ("date", "warning", *year)
    assert days("热线红灯", "红灯时间") == ("date", "warning", *year)
    assert days("交办任务", "完成日期") == ("date", "stop", date(2021, 1, 1), date(2023, 12, 31))
    sheet = sheet_of(blank / "热线红灯.xlsx")
    formats = {name: sheet.cell(5, at).number_format for name, at in header_of(sheet).items()}
    assert (formats["红灯时间"], formats["工单编号"], formats["单位"]) == ("yyyy-mm-dd hh:mm", "@", "@")
    dates = sheet_of(blank / "扣分登记.xlsx")
    assert dates.cell(5, header_of(dates)["发生日期"]).number_format == "yyyy-mm-dd"


def test_every_message_of_a_check_is_chinese_and_fits(blank: Path) -> None:
    """A spreadsheet drops or refuses longer messages: titles have 32 characters, texts 255."""
    for name in TABLES:
        for column, check in checks_of(sheet_of(blank / f"{name}.xlsx")).items():
            for text, room in (
                (check.promptTitle, 32),
                (check.errorTitle, 32),
                (check.prompt, 255),
                (check.error, 255),
            ):
                assert text and len(text) <= room, (name, column)
                assert re.search("[一-鿿1-4]", text)
            assert column in check.promptTitle
            assert check.showErrorMessage and check.showInputMessage


def test_names_that_would_break_a_list_are_kept_whole(tmp_path: Path) -> None:
    """A unit's name with a comma, a quote or a leading = is one entry of the drop-down, as text."""
    raw = valid_folder(
        tmp_path / "raw",
        单位名录=[
            {"单位编码": "A1", "单位名称": '甲,乙"局', "单位类别": "镇"},
            {"单位编码": "A2", "单位名称": "=1+1", "单位类别": "镇"},
        ],
        佐证目录=[],
    )
    templates.write_templates(tmp_path / "out", SCHEME, templates.read_known(raw, SCHEME))
    for path in (tmp_path / "out" / "交办任务.xlsx", tmp_path / "out" / "单位" / "A2" / "表彰宣传_A2.xlsx"):
        cells = [cell for cell in openpyxl.load_workbook(path)["选项说明"]["A"][1:]]
        assert {cell.data_type for cell in cells} == {"s"}
        assert [cell.value for cell in cells] == (['甲,乙"局', "=1+1"] if path.stem == "交办任务" else ["=1+1"])


def test_hostile_names_give_sound_workbooks(tmp_path: Path) -> None:
    """Control characters, markup and endless names in the roster or the standards still give readable workbooks."""
    units = [
        {"单位编码": "A1", "单位名称": "甲\x0b\x01局<&>", "单位类别": "镇"},
        {"单位编码": "A2", "单位名称": "长" * 3000, "单位类别": "镇"},
    ]
    hostile = [{**VALID["扣分标准"][7], "标准编号": "XX\x02<1", "扣分情形": "情形\ufffe" * 2000}]
    raw = valid_folder(tmp_path / "raw", 单位名录=units, 佐证目录=[], 扣分标准=[*VALID["扣分标准"], *hostile])
    templates.write_templates(tmp_path / "out", SCHEME, templates.read_known(raw, SCHEME))
    made = sorted((tmp_path / "out").rglob("*.xlsx"))
    assert len(made) == 17 + 2 * 3
    for path in made:
        book = openpyxl.load_workbook(path)
        heights = [size.height or 0 for sheet in book for size in sheet.row_dimensions.values()]
        assert max(heights) <= 409  # more is a damaged file to a spreadsheet
    type_into(tmp_path / "out" / "交办任务.xlsx", {**ROWS["交办任务"], "单位": "甲局<&>"})
    shutil.copy(tmp_path / "out" / "交办任务.xlsx", raw)
    cleaned = clean(raw, SCHEME)
    assert shown(cleaned) == []
    assert [row["单位"] for row in cleaned.tables["交办任务"]] == ["A1"]


def test_instructions_tell_the_scheme_and_the_standards(blank: Path, known: Known) -> None:
    """Whoever fills in sees the clause, the due dates under the reading in force, and what each standard is for."""

    def words(book: Workbook) -> str:
        return "\n".join(str(cell.value) for row in book["填表说明"].iter_rows() for cell in row if cell.value)

    due = words(openpyxl.load_workbook(blank / "材料报送.xlsx"))
    assert "半年汇报，2022-06-20 到期，各单位报送（五1）" in due
    assert "到期当日（五1）：到期当日收到算按时" in due
    assert "2022-03-20" not in due
    other = {**READINGS, "q1_report": "scored"}
    asked = openpyxl.load_workbook(io.BytesIO(dump_form(Form(TABLES["材料报送"], SCHEME, known, other))))
    assert "季度进展（第 1 季度），2022-03-20 到期，重点任务单位报送（五1）" in words(asked)
    assert "公文办理：漏办、错办交办公文" in words(openpyxl.load_workbook(blank / "扣分登记.xlsx"))
    assert "中央 3 分、省 2 分、市 1 分" in words(openpyxl.load_workbook(blank / "表彰宣传.xlsx"))


# --- coming back as input ------------------------------------------------------------------------------------------


def test_unfilled_workbooks_among_the_raw_files_are_harmless(blank: Path, tmp_path: Path) -> None:
    """A blank workbook, put beside the data as it is, is an empty table: no row, no notice of its hidden lists."""
    raw = valid_folder(tmp_path / "raw")
    before = clean(raw, SCHEME)
    for path in [*blank.glob("*.xlsx"), *(blank / "单位" / "T03").iterdir()]:
        shutil.copy(path, raw)
    cleaned = clean(raw, SCHEME)
    assert shown(cleaned) == []
    assert cleaned.tables == before.tables
    blanks = [count for count in cleaned.counts if count.file.endswith(".xlsx")]
    assert len(blanks) == 17 + 3
    assert {(count.read, count.set_aside) for count in blanks} == {(0, 0)}


def fill_all(folder: Path, raw: Path) -> None:
    """Fill each table's workbook with its row of TYPED and put it into the raw folder."""
    for name, row in TYPED.items():
        type_into(folder / f"{name}.xlsx", row)
        shutil.copy(folder / f"{name}.xlsx", raw)


def expect_typed(cleaned: Cleaned) -> None:
    """Assert that nothing is complained of and every typed row is there as it was typed."""
    assert shown(cleaned) == []
    for name, typed in TYPED.items():
        (row,) = (row for row in cleaned.tables[name] if row.source.file.startswith(f"{name}.") and row.source.row == 5)
        assert values(row) == {
            column: f"{text}:00" if re.search(r" \d\d:\d\d$", text) else text for column, text in typed.items()
        }


def as_typed_elsewhere(raw: Path) -> Path:
    """Make the raw folder that the typed rows belong to: its roster, standards and evidence as csv."""
    valid_folder(raw)
    for name in ("单位名录", "扣分标准", "佐证目录"):
        (raw / f"{name}.csv").rename(raw / f"{name}_已有.csv")
    return raw


def test_filled_workbooks_come_back_without_renaming_for_every_table(small: Path, tmp_path: Path) -> None:
    """Each of the 17, filled in, is read as its table with nothing to say; zeros in front and long numbers stay."""
    raw = as_typed_elsewhere(tmp_path / "raw")
    fill_all(small, raw)
    expect_typed(clean(raw, SCHEME))


def test_a_units_files_come_back_without_renaming(small: Path, tmp_path: Path) -> None:
    """A unit's awards, evidence and confirmation are read from the files it was given."""
    raw = valid_folder(tmp_path / "raw")
    own = small / "单位" / "D01"
    type_into(own / "表彰宣传_D01.xlsx", {**ROWS["表彰宣传"], "单位": "县统计局", "佐证编号": "D01-1"})
    type_into(
        own / "佐证目录_D01.xlsx", {"佐证编号": "D01-1", "单位": "县统计局", "类型": "照片", "名称或网址": "牌匾"}
    )
    type_into(own / "确认无事项_D01.xlsx", {**ROWS["确认无事项"], "单位": "县统计局"})
    for path in own.iterdir():
        shutil.copy(path, raw)
    cleaned = clean(raw, SCHEME)
    assert shown(cleaned) == []
    assert [(row["单位"], row["佐证编号"]) for row in cleaned.tables["表彰宣传"]] == [("D01", "D01-1")]
    assert [row["单位"] for row in cleaned.tables["确认无事项"]] == ["D01"]


def test_the_examples_given_are_accepted(tmp_path: Path) -> None:
    """Whoever types the examples word for word has typed valid rows: every table's example passes cleaning."""
    raw = as_typed_elsewhere(tmp_path / "raw")
    known = templates.read_known(raw, SCHEME)
    templates.write_templates(tmp_path / "out", SCHEME, known)
    for table in TABLES.values():
        path = tmp_path / "out" / f"{table.name}.xlsx"
        sheet = sheet_of(path)
        examples = {name: str(sheet.cell(3, at).value or "") for name, at in header_of(sheet).items()}
        first = table.columns[0].name
        examples[first] = examples[first].removeprefix("例：")
        if table.name in ("单位名录", "扣分标准"):  # a new one's example, not one that is there
            examples[first] = "X-99"
        if table.name == "确认无事项":
            examples["单位"] = "县审计局"
        type_into(path, {column: text for column, text in examples.items() if text})
        shutil.copy(path, raw)
    cleaned = clean(raw, SCHEME)
    assert shown(cleaned) == []
    assert all(any(row.source.file == f"{name}.xlsx" for row in cleaned.tables[name]) for name in TABLES)


def convert(place: Path, files: list[Path], ending: str) -> Path:
    """Let LibreOffice open files and save them in another format; return the folder that it saved them in."""
    out = place / f"{files[0].suffix[1:]}-{ending}"
    profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
    command = [str(SOFFICE), "--headless", profile, "--convert-to", ending, "--outdir", str(out), *map(str, files)]
    done = subprocess.run(command, capture_output=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert len(list(out.iterdir())) == len(files)
    return out


@needs_libreoffice
@pytest.mark.parametrize("steps", [("ods",), ("xls",), ("ods", "xlsx")], ids="-".join)
def test_libreoffice_saves_what_intake_reads(small: Path, tmp_path: Path, steps: tuple[str, ...]) -> None:
    """Filled workbooks that LibreOffice opened and saved, as xlsx or xls or by way of ods, come back as typed."""
    work = tmp_path / "typed"
    work.mkdir()
    fill_all(small, work)
    for step in steps:
        work = convert(tmp_path, sorted(work.iterdir()), step)
    raw = as_typed_elsewhere(tmp_path / "raw")
    for path in work.iterdir():
        shutil.copy(path, raw)
    expect_typed(clean(raw, SCHEME))


@needs_libreoffice
def test_libreoffice_keeps_drop_downs_checks_and_formats(blank: Path, tmp_path: Path) -> None:
    """A workbook saved by LibreOffice can be handed on: lists, checks, notes and the text format are still there."""
    saved = convert(tmp_path, [blank / "扣分登记.xlsx"], "xlsx") / "扣分登记.xlsx"
    assert openpyxl.load_workbook(saved)["选项说明"].sheet_state == "hidden"
    sheet = sheet_of(saved)
    checks = checks_of(sheet)
    assert {name: (check.type, check.errorStyle or "stop") for name, check in checks.items()} == {
        "单位": ("list", "stop"),
        "标准编号": ("list", "stop"),
        "发生日期": ("date", "warning"),
        "数量": ("whole", "stop"),
    }
    assert checks["单位"].formula1.replace("'", "") == "选项说明!$A$2:$A$47"
    # It keeps a check for a thousand rows below the last one in use, and the format for the whole column.
    assert all(place.max_row > 1000 for check in checks.values() for place in check.sqref.ranges)
    assert sheet.column_dimensions["A"].number_format == "@"
    assert sheet["A4"].comment is not None and sheet["A4"].comment.text.startswith("必填：流水号")


# --- the folder, the command -----------------------------------------------------------------------------------------


def test_without_roster_and_standards_the_lists_are_left_out(tmp_path: Path) -> None:
    """Before there is a roster all 17 workbooks are made, without unit lists and without unit folders."""
    (tmp_path / "raw").mkdir()
    known = templates.read_known(tmp_path / "raw", SCHEME)
    made = templates.write_templates(tmp_path / "out", SCHEME, known)
    assert (made.tables, made.units) == (17, 0)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.xlsx" for name in TABLES)
    checks = checks_of(sheet_of(tmp_path / "out" / "扣分登记.xlsx"))
    assert sorted(checks) == ["发生日期", "数量"]


def test_a_faulty_roster_is_refused_but_other_tables_do_not_matter(tmp_path: Path) -> None:
    """A drop-down that lacks a unit is never handed out; errors of other tables do not stop the work."""
    raw = valid_folder(tmp_path / "raw", 交办任务=[{"任务编号": "1", "任务": "报表", "单位": "无此局", "时限": "明天"}])
    assert len(templates.read_known(raw, SCHEME).roster) == 3
    write_csv(raw / "单位名录.csv", grid("单位名录", [{"单位编码": "T01", "单位名称": "崔家头镇", "单位类别": "乡"}]))
    with pytest.raises(InputRejected) as refused:
        templates.read_known(raw, SCHEME)
    assert [problem.column for problem in refused.value.problems] == ["单位类别"]


def test_folder_is_written_whole_or_not_at_all(tmp_path: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a workbook cannot be written, nothing is left: neither the folder nor a half-made one beside it."""
    real = Path.write_bytes

    def fail(path: Path, data: bytes) -> int:
        if path.stem == "确认无事项":
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(EnvironmentFailure, match="磁盘空间不足"):
        templates.write_templates(tmp_path / "out", SCHEME, known, units=())
    assert list(tmp_path.iterdir()) == []


def test_a_file_put_into_the_folder_meanwhile_survives(
    tmp_path: Path, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is filled by somebody else during the work is left to them."""
    out = tmp_path / "out"
    out.mkdir()
    real = Path.write_bytes

    def intrude(path: Path, data: bytes) -> int:
        (out / "别人的.txt").touch()
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", intrude)
    with pytest.raises(UsageError, match="已有内容"):
        templates.write_templates(out, SCHEME, known, units=())
    assert [path.name for path in out.iterdir()] == ["别人的.txt"]
    assert list(tmp_path.iterdir()) == [out]


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The options for a raw folder of three units."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    raw = valid_folder(tmp_path / "raw")
    shutil.copy(SCHEME_FILE, raw)
    pairs = (("--raw", raw), ("--processed", tmp_path / "processed"), ("--reports", tmp_path / "reports"))
    return ["--year", "2022", *(str(part) for pair in pairs for part in pair)]


def test_command_fills_a_new_or_empty_folder(
    year: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """assess templates makes the folder, or takes an empty one, and leaves nothing beside it."""
    (tmp_path / "空的").mkdir(mode=0o750)
    for folder in ("新的", "空的"):
        assert cli.main(["templates", str(tmp_path / folder), *year]) == 0
        assert len(list((tmp_path / folder).rglob("*.xlsx"))) == 17 + 3 * 3
    assert "3 个单位各 3 个" in capsys.readouterr().out
    assert (tmp_path / "空的").stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "新的", "空的"]


def test_command_takes_units_as_they_are_written(
    year: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--unit chooses whose folders are made, by code, name or alias; an unknown one is wrong usage, told in Chinese."""
    assert cli.main(["templates", str(tmp_path / "out"), "--unit", "统计局", "--unit", "T01", *year]) == 0
    assert sorted(path.name for path in (tmp_path / "out" / "单位").iterdir()) == ["D01", "T01"]
    capsys.readouterr()
    assert cli.main(["templates", str(tmp_path / "out2"), "--unit", "县统记局", *year]) == 2
    assert "县统计局" in capsys.readouterr().err
    assert not (tmp_path / "out2").exists()


@pytest.mark.parametrize("place", ["raw", "raw/模板", "processed", "reports/a", "filled", "file", "a\0b", "x.lock"])
def test_command_refuses_places_that_are_not_free(
    year: list[str], tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Raw data, results, a filled folder, a file: wrong usage, told in Chinese, nothing touched."""
    (tmp_path / "filled").mkdir()
    (tmp_path / "filled" / "信.txt").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert cli.main(["templates", os.path.join(tmp_path, place), *year]) == 2
    assert re.search("[一-鿿]", capsys.readouterr().err)
    assert sorted(tmp_path.rglob("*")) == before


def test_command_tells_what_is_not_there_yet(
    year: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without roster and standards the command still works and says which lists are left out; --unit cannot."""
    for name in ("单位名录", "扣分标准", "佐证目录"):
        (tmp_path / "raw" / f"{name}.csv").unlink()
    assert cli.main(["templates", str(tmp_path / "out"), *year]) == 0
    told = capsys.readouterr().out
    assert "还没有单位名录" in told and "还没有扣分标准" in told
    assert cli.main(["templates", str(tmp_path / "out2"), "--unit", "T01", *year]) == 2


def test_command_refuses_a_bad_scheme_roster_or_year(
    year: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A faulty roster or scheme is rejected input with each place named; another year's scheme is wrong usage."""
    wrong_year = ["2023" if word == "2022" else word for word in year]
    assert cli.main(["templates", str(tmp_path / "out"), *wrong_year]) == 2
    roster = tmp_path / "raw" / "单位名录.csv"
    write_csv(roster, grid("单位名录", [{"单位编码": "T01", "单位名称": "崔家头镇", "单位类别": "乡"}]))
    assert cli.main(["templates", str(tmp_path / "out"), *year]) == 3
    assert "单位名录.csv，第 2 行“单位类别”" in capsys.readouterr().err
    (tmp_path / "raw" / "scheme.yaml").write_text("year: 2022\n", encoding="utf-8")
    assert cli.main(["templates", str(tmp_path / "out"), *year]) == 3
    assert not (tmp_path / "out").exists()
