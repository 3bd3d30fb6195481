"""Every cell form that the contract's Input section names: what it is read as, or which error it is."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from build import load_scheme_plainly
from spreadsheets import ROWS, grid, valid_folder, write_csv, write_ods, write_xls, write_xlsx

from assess_lib.cleaning import Cleaned, clean
from assess_lib.errors import Problem

SCHEME = load_scheme_plainly()


def clean_row(folder: Path, table: str, form: str, **cells: Any) -> Cleaned:
    """Clean a valid folder plus one row of a table (row 2) with some cells changed."""
    valid_folder(folder)
    lines = grid(table, [{**ROWS[table], **cells}])
    if form == "csv":
        write_csv(folder / f"{table}.csv", lines)
    elif form == "xls":
        write_xls(folder / f"{table}.xls", lines)
    else:
        write_xlsx(folder / f"{table}.xlsx", lines)
    return clean(folder, SCHEME)


def only(cleaned: Cleaned) -> Problem:
    """Return the one problem there is."""
    assert len(cleaned.problems) == 1, [str(problem) for problem in cleaned.problems]
    return cleaned.problems[0]


DATES_READ = [
    ("2022-06-20", date(2022, 6, 20)),
    ("2022-6-5", date(2022, 6, 5)),
    ("2022/6/20", date(2022, 6, 20)),
    ("2022/06/05", date(2022, 6, 5)),
    ("2022.6.20", date(2022, 6, 20)),
    ("2022.06.05", date(2022, 6, 5)),
    ("2022年6月20日", date(2022, 6, 20)),
    ("2022年06月05日", date(2022, 6, 5)),
    ("20220620", date(2022, 6, 20)),
    ("2022-06-20 17:30", date(2022, 6, 20)),
    ("2022-6-20 7:30:05", date(2022, 6, 20)),
    ("2022年6月20日 17:30", date(2022, 6, 20)),
    ("2022年6月20日17:30", date(2022, 6, 20)),
    ("20220620 17:30:05", date(2022, 6, 20)),
    ("2022.6.20 17:30", date(2022, 6, 20)),
    ("２０２２-０６-２０", date(2022, 6, 20)),
    ("２０２２年６月２０日", date(2022, 6, 20)),
    ("２０２２０６２０", date(2022, 6, 20)),
    ("\u3000 2022-06-20\u200b ", date(2022, 6, 20)),
    ("2024-02-29", date(2024, 2, 29)),
    ("2022-06-20\u00a017:30", date(2022, 6, 20)),
    ("2022/6/5\u300017:30:05", date(2022, 6, 5)),
    ("2022年6月20日\u00a07:30", date(2022, 6, 20)),
]
DATES_REFUSED = [
    "6.2",
    "2022.1",
    "44732",
    "22-06-20",
    "22.6.20",
    "2022-02-30",
    "2022-13-01",
    "2023-02-29",
    "2022-00-10",
    "20220230",
    "2022062",
    "202206200",
    "2022-06",
    "2022年6月",
    "6月20日",
    "2022-06/20",
    "2022-06-20 24:00",
    "2022-06-20 17:60",
    "2022-06-20 17",
    "2022-06-20 17:3",
    "17:30",
    "二〇二二年六月二十日",
    "昨天",
    "2022-006-20",
    "0000-01-01",
    "2022-06-2０日",
    "٢٠٢٢-٠٦-٢٠",
    "20220620.0",
    "-20220620",
]


@pytest.mark.parametrize(("written", "day"), DATES_READ)
def test_written_dates(tmp_path: Path, written: str, day: date) -> None:
    """Each written form of a date that the contract lists is read as its day, times dropped."""
    cleaned = clean_row(tmp_path, "参会登记", "csv", 日期=written)
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["日期"] == day


@pytest.mark.parametrize("written", DATES_REFUSED)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_refused_dates(tmp_path: Path, written: str, form: str) -> None:
    """Anything else in a date column is an error at its cell, in a csv and as a workbook's text."""
    cleaned = clean_row(tmp_path, "参会登记", form, 日期=written)
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        "error",
        "cell.date",
        2,
        "日期",
        written,
    )
    assert cleaned.tables["参会登记"] == ()


@pytest.mark.parametrize(
    ("stored", "moment"),
    [
        (datetime(2022, 5, 1, 17, 30), datetime(2022, 5, 1, 17, 30)),
        (datetime(2022, 5, 1, 17, 30, 5), datetime(2022, 5, 1, 17, 30, 5)),
        (date(2022, 5, 1), datetime(2022, 5, 1)),
        ("2022-5-1 7:30:05", datetime(2022, 5, 1, 7, 30, 5)),
        ("2022-05-01", datetime(2022, 5, 1)),
        (20220501, datetime(2022, 5, 1)),
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_times_of_red_lights(tmp_path: Path, stored: Any, moment: datetime, form: str) -> None:
    """红灯时间 keeps its time of day to the second, 00:00 when none was written."""
    cleaned = clean_row(tmp_path, "热线红灯", form, 红灯时间=stored)
    assert cleaned.problems == ()
    assert cleaned.tables["热线红灯"][0]["红灯时间"] == moment


@pytest.mark.parametrize(
    ("stored", "day"),
    [
        (datetime(2022, 6, 20, 23, 59, 59, 400_000), date(2022, 6, 20)),
        (datetime(2022, 6, 20, 23, 59, 59, 500_000), date(2022, 6, 20)),
        (datetime(2022, 6, 20, 23, 59, 59, 990_000), date(2022, 6, 20)),
        (44732.9999955, date(2022, 6, 20)),  # 0.4 seconds before midnight
        (44732.99999999999, date(2022, 6, 21)),  # midnight, as binary numbers hold it
        (44733.0000001, date(2022, 6, 21)),
    ],
)
def test_the_last_half_second_of_a_day_is_of_that_day(tmp_path: Path, stored: Any, day: date) -> None:
    """A time stamp just before midnight is not rounded into the next day: days decide, and a report would be late."""
    valid_folder(tmp_path)
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["单位", "材料", "实报日期"])
    page.append(["T01", "半年汇报", stored])
    page["C2"].number_format = "yyyy-mm-dd hh:mm:ss.000"
    book.save(tmp_path / "材料报送.xlsx")
    cleaned = clean(tmp_path, SCHEME)
    assert cleaned.problems == ()
    assert cleaned.tables["材料报送"][-1]["实报日期"] == day


@pytest.mark.parametrize(("second", "day"), [("59.57", 20), ("59.994", 20), ("59.9999", 21), ("59", 20)])
def test_the_same_holds_for_ods(tmp_path: Path, second: str, day: int) -> None:
    """An .ods that writes the moment out to parts of a second keeps its day."""
    valid_folder(tmp_path)
    path = tmp_path / "材料报送.ods"
    cells = [["单位", "材料", "实报日期"], ["T01", "半年汇报", datetime(2022, 6, 20, 23, 59, 59)]]
    write_ods(path, cells)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    written = b'date-value="2022-06-20T23:59:'
    assert parts["content.xml"].count(written + b"59") == 1
    parts["content.xml"] = parts["content.xml"].replace(written + b"59", written + second.encode())
    with zipfile.ZipFile(path, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    cleaned = clean(tmp_path, SCHEME)
    assert cleaned.problems == ()
    assert cleaned.tables["材料报送"][-1]["实报日期"] == date(2022, 6, day)


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_a_duration_is_no_date(tmp_path: Path, form: str) -> None:
    """What is formatted as hours beyond a day is no day, whatever its number would be as one."""
    if form == "xlsx":
        cleaned = clean_row(tmp_path, "参会登记", form, 日期=timedelta(hours=44732 * 24))
    else:
        valid_folder(tmp_path)
        book = xlwt.Workbook(encoding="utf-8")
        page = book.add_sheet("Sheet1")
        for row, line in enumerate(grid("参会登记", [{**ROWS["参会登记"], "日期": 44732}])):
            for column, value in enumerate(line):
                style = xlwt.easyxf(num_format_str="[h]:mm:ss") if value == 44732 else xlwt.Style.default_style
                page.write(row, column, value, style)
        book.save(str(tmp_path / "参会登记.xls"))
        cleaned = clean(tmp_path, SCHEME)
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", "cell.typed", 2, "日期")


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (6.2, "cell.date"),
        (2022.1, "cell.date"),
        (44732, "cell.date"),
        (20220230, "cell.date"),
        (20220620.5, "cell.date"),
        (-20220620, "cell.date"),
        (True, "cell.typed"),
        (time(17, 30), "cell.typed"),
        (timedelta(hours=30), "cell.typed"),
    ],
)
def test_typed_cells_that_are_no_date(tmp_path: Path, stored: Any, code: str) -> None:
    """A workbook's bare serials, decimals, booleans and times of day are no dates."""
    problem = only(clean_row(tmp_path, "参会登记", "xlsx", 日期=stored))
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", code, 2, "日期")


NUMBERS_READ = [
    ("3", "3"),
    ("3.0", "3.0"),
    ("2.5", "2.5"),
    ("2.55", "2.55"),
    ("0", "0"),
    ("０．５", "0.5"),
    ("３", "3"),
    (" 2.5\u3000", "2.5"),
    ("\u200b2", "2"),
]
NUMBERS_REFUSED = [
    "3分",
    "60，5",
    "60,5",
    "1,000",
    "1，000",
    "NaN",
    "nan",
    "inf",
    "3%",
    "３％",
    "1e0",
    "1E0",
    "TRUE",
    "-1",
    "－1",
    "−1",
    "+1",
    "2.555",
    "2.000",
    "#REF!",
    "#N/A",
    "=1+1",
    ".5",
    "5.",
    "1 000",
    "三",
    "①",
    "²",
    "٣",
    "0x1",
    "1_0",
    "1/2",
    "1234567890123456",
]


@pytest.mark.parametrize(("written", "value"), NUMBERS_READ)
def test_written_numbers(tmp_path: Path, written: str, value: str) -> None:
    """Plain decimals are read exactly, full-width digits too."""
    cleaned = clean_row(tmp_path, "评定加分", "csv", 评定分=written)
    assert cleaned.problems == ()
    assert cleaned.tables["评定加分"][0]["评定分"] == Decimal(value)


@pytest.mark.parametrize("written", NUMBERS_REFUSED)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_refused_numbers(tmp_path: Path, written: str, form: str) -> None:
    """Whatever is not a plain decimal of at most two decimals is an error at its cell."""
    problem = only(clean_row(tmp_path, "评定加分", form, 评定分=written))
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        "error",
        "cell.number",
        2,
        "评定分",
        written,
    )


@pytest.mark.parametrize(
    ("stored", "value"), [(3, "3"), (2.5, "2.5"), (0.1 + 0.2, "0.3"), (1.1 * 3, "3.3"), (2.0, "2"), (0, "0")]
)
@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_number_cells(tmp_path: Path, stored: float, value: str, form: str) -> None:
    """A number cell is the number that Excel shows: noise beyond 15 digits is gone."""
    cleaned = clean_row(tmp_path, "评定加分", form, 评定分=stored)
    assert cleaned.problems == ()
    assert cleaned.tables["评定加分"][0]["评定分"] == Decimal(value)


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (0.125, "cell.number"),
        (-1, "cell.number"),
        (1e16, "cell.number"),
        (True, "cell.typed"),
        (datetime(2022, 6, 20), "cell.typed"),
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_typed_cells_that_are_no_number(tmp_path: Path, stored: Any, code: str, form: str) -> None:
    """Three decimals, negatives, booleans and dates are no numbers in a workbook either."""
    problem = only(clean_row(tmp_path, "评定加分", form, 评定分=stored))
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", code, 2, "评定分")


@pytest.mark.parametrize(
    ("table", "column", "written", "code"),
    [
        ("评定加分", "评定分", "4", None),
        ("评定加分", "评定分", "4.01", "cell.range"),
        ("领导评价", "分值", "3", None),
        ("领导评价", "分值", "3.01", "cell.range"),
        ("领导评价", "分值", "0", None),
        ("扣分登记", "数量", "1", None),
        ("扣分登记", "数量", "0", "cell.range"),
        ("扣分登记", "数量", "2.0", None),
        ("扣分登记", "数量", "2.5", "cell.whole"),
        ("扣分登记", "数量", "", None),
        ("信息中心结果", "红灯次数", "0", None),
        ("信息中心结果", "红灯次数", "-1", "cell.number"),
        ("信息报送", "采用条数", "5", None),
        ("信息报送", "采用条数", "6", "info.adopted"),
        ("信息报送", "季度", "4", None),
        ("信息报送", "季度", "５", "cell.choice"),
        ("信息报送", "季度", "２", None),
        ("信息报送", "季度", "0", "cell.choice"),
        ("信息报送", "季度", "5", "cell.choice"),
        ("信息报送", "季度", "一", "cell.choice"),
        ("信息报送", "季度", "", "cell.required"),
        ("通报批评", "层级", "国家", "cell.choice"),
        ("通报批评", "层级", "县", None),
        ("通报批评", "是否点名", "TRUE", "cell.choice"),
        ("通报批评", "是否点名", " 否\u200b", None),
        ("表彰宣传", "加分项", "通报表扬", "cell.choice"),
        ("热线红灯", "办理角色", "主办", None),
        ("热线红灯", "办理角色", "", None),
        ("热线红灯", "办理角色", "承办", "cell.choice"),
        ("热线红灯", "申诉结果", "成立", None),
        ("参会登记", "到会情况", "早退", "cell.choice"),
        ("参会登记", "会议", " \u3000\u00a0\u200b\ufeff\n", "cell.required"),
    ],
)
def test_ranges_and_choices(tmp_path: Path, table: str, column: str, written: str, code: str | None) -> None:
    """Below, at and above each bound; each choice as listed and nothing alike; a cell seen as empty is empty."""
    cleaned = clean_row(tmp_path, table, "csv", **{column: written})
    found = [(p.severity, p.code, p.row, p.column) for p in cleaned.problems]
    assert found == ([("error", code, 2, column)] if code else [])


def test_deduction_rate_above_zero(tmp_path: Path) -> None:
    """单次扣分 and 扣分上限 must be above 0: 0 is an error, 0.01 is not."""
    valid_folder(tmp_path)
    base = {"考核内容": "a", "扣分情形": "b", "批准文号": "c"}
    rows = [
        {**base, "标准编号": code, "单次扣分": rate, "扣分上限": cap}
        for code, rate, cap in [("BS-01", "0.01", "0.01"), ("X-1", "0", ""), ("X-2", "1", "0.00")]
    ] + [{**base, "标准编号": code, "单次扣分": "1"} for code in ("BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02")]
    write_csv(tmp_path / "扣分标准.csv", grid("扣分标准", rows))
    cleaned = clean(tmp_path, SCHEME)
    assert [(p.code, p.row, p.column) for p in cleaned.problems] == [
        ("cell.range", 3, "单次扣分"),
        ("cell.range", 4, "扣分上限"),
    ]


@pytest.mark.parametrize(
    "text", ["null", "NA", "N/A", "None", "nan", "䶮", "㐂𠮷", "e\u0301", "①：Ⅳ", "=1+1", "-", "  前后 空格 "]
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_text_as_it_stands(tmp_path: Path, text: str, form: str) -> None:
    """Free text is kept character by character: no NaN, no normal form, no trimming."""
    cleaned = clean_row(tmp_path, "扣分登记", form, 事实=text)
    assert cleaned.problems == ()
    assert cleaned.tables["扣分登记"][0]["事实"] == text


def test_csv_cells_are_characters(tmp_path: Path) -> None:
    """In a csv #N/A, TRUE and long digits are text like any other."""
    for text in ("#N/A", "TRUE", "123456789012345678", "0101", "2022-06-20"):
        cleaned = clean_row(tmp_path, "扣分登记", "csv", 事实=text, 编号=text)
        assert cleaned.problems == ()
        assert (cleaned.tables["扣分登记"][0]["事实"], cleaned.tables["扣分登记"][0]["编号"]) == (text, text)


@pytest.mark.parametrize(
    ("stored", "text"), [(101, "101"), (101.0, "101"), (0.1 + 0.2, "0.3"), (123456789012345, "123456789012345")]
)
@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_number_cell_in_text_column(tmp_path: Path, stored: float, text: str, form: str) -> None:
    """A number cell in a text column becomes its plain digits, up to 15 of them."""
    cleaned = clean_row(tmp_path, "扣分登记", form, 编号=stored)
    assert cleaned.problems == ()
    assert cleaned.tables["扣分登记"][0]["编号"] == text


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (1234567890123456, "cell.digits"),
        (110101199003074000, "cell.digits"),
        (1e15, "cell.digits"),
        (True, "cell.typed"),
        (datetime(2022, 6, 20), "cell.typed"),
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "xls"])
@pytest.mark.parametrize("column", ["编号", "事实"])
def test_typed_cells_that_are_no_text(tmp_path: Path, stored: Any, code: str, form: str, column: str) -> None:
    """Numbers of more than 15 digits, booleans and dates in a workbook's text columns are errors."""
    problem = only(clean_row(tmp_path, "扣分登记", form, **{column: stored}))
    assert (problem.severity, problem.code, problem.row, problem.column) == ("error", code, 2, column)


@pytest.mark.parametrize(
    "written",
    [
        "T01",
        "崔家头镇",
        "千阳县崔家头镇人民政府",
        "崔家头",
        "崔镇",
        " 崔 家\u3000头 镇 ",
        "\ufeff崔\u200b家头镇",
        "千阳县 崔家头镇\n人民政府",
    ],
)
def test_unit_spellings(tmp_path: Path, written: str) -> None:
    """A unit is read from its code, name, full name or alias; spaces and zero-width characters do not count."""
    cleaned = clean_row(tmp_path, "参会登记", "csv", 单位=written)
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["单位"] == "T01"


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("县统记局", "县统计局"),
        ("县审记局", "县审计局"),
        ("t01", "T01"),
        ("Ｔ01", "T01"),
        ("崔家头镇政府", "崔家头镇"),
        ("全部", "全部"),
        ("县统计局、县审计局", "县统计局"),
        ("崔家头；崔镇", "崔家头"),
    ],
)
def test_unknown_units(tmp_path: Path, written: str, suggested: str) -> None:
    """Any other spelling is an error that names the nearest units and is never accepted by likeness."""
    cleaned = clean_row(tmp_path, "参会登记", "csv", 单位=written)
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        "error",
        "unit.unknown",
        2,
        "单位",
        written,
    )
    assert suggested in problem.message
    assert cleaned.tables["参会登记"] == ()


def test_message_follows_the_house_form() -> None:
    """A problem reads: file, sheet, row, column, what, nearest names, what to do next."""
    problem = Problem(
        "error",
        "unit.unknown",
        "“县统记局”不在单位名录中。最接近：县统计局。",
        "请更正，或在单位名录的“别名”中登记后重新运行 assess check。",
        file="扣分登记_城关镇.xlsx",
        sheet="扣分登记",
        row=14,
        column="单位",
    )
    assert str(problem) == (
        "扣分登记_城关镇.xlsx，工作表“扣分登记”，第 14 行“单位”：“县统记局”不在单位名录中。最接近：县统计局。 "
        "请更正，或在单位名录的“别名”中登记后重新运行 assess check。"
    )


def test_unit_message_is_the_house_example(tmp_path: Path) -> None:
    """The message for a misspelt unit is word for word the style guide's."""
    problem = only(clean_row(tmp_path, "参会登记", "csv", 单位="县统记局"))
    assert problem.message == "“县统记局”不在单位名录中。最接近：县统计局。"
    assert problem.remedy == "请更正，或在单位名录的“别名”中登记后重新运行 assess check。"


def test_unit_code_as_number(tmp_path: Path) -> None:
    """A unit coded by digits is found when a workbook stores the code as a number."""
    valid_folder(tmp_path, 单位名录=[{"单位编码": "101", "单位名称": "甲镇", "单位类别": "镇"}], 佐证目录=[])
    write_xlsx(tmp_path / "参会登记.xlsx", grid("参会登记", [{**ROWS["参会登记"], "单位": 101}]))
    cleaned = clean(tmp_path, SCHEME)
    assert cleaned.problems == ()
    assert cleaned.tables["参会登记"][0]["单位"] == "101"


def test_messages_stay_on_one_line(tmp_path: Path) -> None:
    """Line breaks, terminal controls and direction overrides stay out of the message; the value keeps them."""
    written = "谁\n\x1b[31m\u202e他"
    problem = only(clean_row(tmp_path, "参会登记", "csv", 单位=written))
    assert problem.value == written
    assert problem.message.isprintable()
    assert "谁" in problem.message and "他" in problem.message


def test_long_values_are_cut_in_problems(tmp_path: Path) -> None:
    """A problem shows at most 200 characters of a cell and marks the cut."""
    problem = only(clean_row(tmp_path, "参会登记", "csv", 日期="长" * 500))
    assert problem.value == "长" * 199 + "…"
