"""The audit workbook's formulas, computed by our own evaluator: the same results as the scoring, and nothing hidden.

``test_auditbook_office`` shows that a real spreadsheet computes the same formulas to the same values.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import load_scheme_plainly, make_tables
from random_year import READINGS, Year, seeded_year, smaller
from report_set import PAYLOAD, make_set, small_set_tables, write_processed
from xlsxwriter.worksheet import Worksheet

from assess_lib import auditbook, store
from assess_lib.auditbook import make_book
from assess_lib.auditbook.book import Book, Column, Sheet, plain, serial
from assess_lib.auditbook.totals import RESULT_COLUMNS
from assess_lib.auditbook.values import FUNCTIONS, OPERATORS, FormulaError, Numbers, Range, Truths, apply, binary
from assess_lib.auditbook.write import write
from assess_lib.scheme import RateBands, Scheme
from assess_lib.scoring import Score, score
from assess_lib.tables import TABLES, Row

SCHEME = load_scheme_plainly()
CLASSIC = {
    *("AND", "COUNTIFS", "EDATE", "EXACT", "IF", "IFERROR", "INDEX", "INT", "ISTEXT", "LEN", "MATCH", "MAX", "MIN"),
    *("OR", "ROUND", "SUM", "SUMIFS", "SUMPRODUCT", "YEAR"),
}
TablesOf = Mapping[str, tuple[Row, ...]]


def other_scheme() -> Scheme:
    """Return a scheme of the same methods with other numbers, bands, and methods used twice in other mixtures."""
    data = SCHEME.model_dump(mode="json")
    items = {item["id"]: item for item in data["items"]}
    data["judgement"]["pass_mark"]["points"] = "59.99"
    data["judgement"]["bonus_gate"]["points"] = "79.95"
    data["judgement"]["bonus_cap"]["points"] = "9.5"
    data["grades"]["bands"] = [
        {"grade": "优秀", "at_least": "100", "approval": "文1"},
        {"grade": "良好", "at_least": "85.5", "approval": "文1"},
    ]
    items["V1"]["rule"]["limit"] = 3
    items["V2"]["rule"]["levels"] = ["省", "县"]
    reports, register = items["K"]["rule"]["facts"]
    due = reports["due"]
    due[0]["only_if"] = {"deadline_day": "exclusive", "info_lists": "separate"}
    due[1]["owed_by"] = "key_task_units"
    items["B2"]["rule"]["levels"] = {"中央": "2.5", "县": "0.75"}
    items["B4"]["rule"]["rank_points"] = ["2", "1.25", "0.5", "0.25"]
    # what the key item asked for is divided, and the register is another item's: nothing may be deducted twice
    reports["due"] = [due[0], due[2], due[3], due[5]]
    items["K"]["rule"]["facts"] = [reports, {"kind": "tasks", "late": "RW-01", "missing": "RW-02"}]
    items["B7"]["rule"]["facts"] = [
        {"kind": "reports", "late": "BS-02", "missing": "BS-01", "due": [due[1], due[4]]},
        register,
    ]
    again = dict(items["B3"], id="B8", name="再评", rule=dict(items["B3"]["rule"], category="再评"))
    lead = dict(items["B5"], id="B11", name="再评领导", cap="2.99", rule=dict(items["B5"]["rule"], score_max="2.99"))
    data["items"] = [*data["items"], again, lead]
    return Scheme.model_validate(data)


def compute(
    tables: TablesOf, readings: Mapping[str, str], run_date: date, scheme: Scheme = SCHEME
) -> tuple[Book, Score]:
    """Return the computed workbook of the tables, and their score."""
    made = score(tables, scheme, readings, run_date)
    results, items = [asdict(r) for r in made.results], [asdict(i) for i in made.items]
    book = make_book(tables, scheme, readings, run_date, results, items)
    book.compute()
    return book, made


def column(book: Book, sheet: str, name: str) -> list[Any]:
    """Return a column's values."""
    return list(book.sheets[sheet].values(name))


def differences(book: Book, made: Score) -> list[str]:
    """List where the formulas' results and items differ from the scoring."""
    found = []
    for name, field in RESULT_COLUMNS.items():
        ours = [plain(getattr(result, field)) for result in made.results]
        theirs = (
            [value or None for value in column(book, "结果", name)] if name == "等次" else column(book, "结果", name)
        )
        for unit, mine, other in zip(made.results, ours, theirs, strict=True):
            if ("" if mine is None else mine) != other:
                found.append(f"{unit.unit_id} {name}: formula {other!r}, scoring {mine!r}")
    unresolved = [result.unresolved for result in made.results]
    if column(book, "汇总", "待定项数") != unresolved:
        found.append(f"unresolved: {column(book, '汇总', '待定项数')} {unresolved}")
    units = [result.unit_id for result in made.results]
    for item in made.items:
        row = units.index(item.unit_id)
        value = book.sheets["核对分项"].value(f"{item.item}：公式", row)
        if value != (plain(item.points) if item.points is not None else item.note):
            found.append(f"{item.unit_id} {item.item}: formula {value!r}, scoring {item.points} {item.note}")
    return found


def compare(years: Iterable[Year], scheme: Scheme = SCHEME) -> None:
    """Fail with the smallest year on which formulas and scoring differ."""

    def wrong(year: Year) -> list[str]:
        book, made = compute(year.tables, year.readings, year.run_date, scheme)
        found = differences(book, made)
        if not found and not str(book.sheets["核对"].banner_value()).startswith("全部一致"):
            found = [str(book.sheets["核对"].banner_value())]
        return found

    for year in years:
        if wrong(year):
            small = smaller(year, lambda y: bool(wrong(y)))
            pytest.fail("\n".join(wrong(small)) + f"\n{small!r}")


def results_of(literals: Mapping[str, Any], **readings: str) -> dict[str, dict[str, Any]]:
    """Return 结果 of tables given as literals, by unit code; formulas alone decide."""
    tables, chosen = make_tables(literals), SCHEME.default_readings() | readings
    book = make_book(tables, SCHEME, chosen, SCHEME.cut_off, [], [])
    book.compute()
    rows = {}
    for row, code in enumerate(column(book, "结果", "单位编码")):
        rows[code] = {name: book.sheets["结果"].value(name, row) for name in RESULT_COLUMNS}
    return rows


# --- the same results as the scoring -------------------------------------------------------------------------------


def test_formulas_and_scoring_agree_on_random_years() -> None:
    """Every status, score, grade, rank, item and open question of 30 random years comes out of the formulas too."""
    compare(seeded_year(seed) for seed in range(30))


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4))
def test_formulas_and_scoring_agree_on_thousands_of_random_years(block: int) -> None:
    """The same for 2000 further years."""
    compare(seeded_year(seed) for seed in range(50_000 + 500 * block, 50_500 + 500 * block))


def _other_year(seed: int) -> Year:
    """Return a random year in which some awards belong to the further item of ``other_scheme``."""
    year = seeded_year(seed)
    awards = [
        replace(row, values={**row.values, "加分项": "再评"}) if place % 3 == 0 else row
        for place, row in enumerate(year.tables["表彰宣传"])
    ]
    marks = [
        replace(row, values={**row.values, "分值": min(row["分值"], Decimal("2.99"))})
        for row in year.tables["领导评价"]
    ]
    return year.with_rows("表彰宣传", tuple(awards)).with_rows("领导评价", tuple(marks))


def test_another_scheme_of_the_same_methods_works() -> None:
    """Other numbers, bands, due dates, conditions, and methods used twice or in other parts: the formulas follow."""
    compare((_other_year(seed) for seed in range(700, 712)), other_scheme())


@pytest.mark.deep
def test_another_scheme_of_the_same_methods_works_often() -> None:
    """The same for 500 further years."""
    compare((_other_year(seed) for seed in range(70_000, 70_500)), other_scheme())


def _judged(year: Year, readings: Mapping[str, str]) -> list[Any]:
    made = score(year.tables, SCHEME, readings, year.run_date)
    return [(r.status, r.final_score, r.rank_overall, r.unresolved) for r in made.results]


@pytest.mark.parametrize("key", READINGS)
def test_every_reading_makes_a_difference(key: str) -> None:
    """No reading is idle: where another option changes what the scoring says, the formulas change likewise."""
    for seed in range(400):
        year = seeded_year(seed)
        chosen = [{**year.readings, key: option} for option in READINGS[key]]
        if len({str(_judged(year, readings)) for readings in chosen}) == len(chosen):
            break
    else:
        pytest.fail(f"no random year hangs on {key}")
    compare(replace(year, readings=readings) for readings in chosen)


# --- worked out by hand ------------------------------------------------------------------------------------------


def _one_unit(**tables: Any) -> dict[str, Any]:
    """Return one unit's year: reports in time, no red light, nothing else but ``tables``."""
    standards = [
        {"标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": rate, "批准文号": "1号"}
        for code, rate in (
            *(("BS-01", "1"), ("BS-02", "5"), ("HY-01", "1"), ("HY-02", "1"), ("HY-03", "1"), ("RW-01", "1")),
            *(("RW-02", "2"), ("FX-01", "0.1"), ("FX-02", "0.01")),
        )
    ]
    return {
        "单位名录": [{"单位编码": "T01", "单位名称": "甲镇", "单位类别": "镇", "重点任务单位": "否"}],
        "扣分标准": standards,
        "信息中心结果": [{"单位": "T01", "红灯次数": 0, "市大数据局通报": "否", "出具日期": "2023-01-01"}],
        "材料报送": [
            {"单位": "T01", "材料": "半年汇报", "实报日期": "2022-06-20"},
            {"单位": "T01", "材料": "年度总结", "实报日期": "2022-12-20"},
        ],
        **tables,
    }


def _deducted(*amounts: tuple[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "编号": f"KF{n}", "单位": "T01", "标准编号": code, "事实": "事实", "发生日期": "2022-05-05", "数量": count,
            "评分人": "甲", "复核人": "乙",
        }
        for n, (code, count) in enumerate(amounts)
    ]  # fmt: skip


_MARK = [{"评价人": "组长", "职务": "组长", "单位": "T01", "分值": "3"}]


@pytest.mark.parametrize(
    ("amounts", "reading", "expected"),
    [
        # 100 - 20 x 0.1 ten times = 80.00: exactly at the gate, which does not open
        ([("FX-01", 20)] * 10, "above", ("", 80, "合格")),
        ([("FX-01", 20)] * 10, "at_least", (3, 83, "合格")),
        ([("FX-02", 1999)], "above", (3, 83.01, "合格")),  # 80.01
        ([("FX-02", 2001)], "at_least", ("", 79.99, "合格")),
        ([("FX-01", 1)] * 400, "above", ("", 60, "合格")),  # 0.1 four hundred times: exactly the pass mark
        ([("FX-02", 4001)], "above", ("", 59.99, "不合格")),
        ([("FX-02", 12_000)], "above", ("", 0, "不合格")),  # never below 0
    ],
)
def test_lines_are_met_to_the_cent(amounts: list[tuple[str, int]], reading: str, expected: tuple[Any, ...]) -> None:
    """Exactly 80 does not open the bonus part (unless at_least), exactly 60 passes, 0 is the floor."""
    only = results_of(_one_unit(扣分登记=_deducted(*amounts), 领导评价=_MARK), bonus_gate=reading)["T01"]
    # Meetings and tasks are not reported: 0 points. The bonus is the leaders' 3.00 alone.
    assert (only["加分得分"], only["最终得分"], only["等次"]) == expected


@pytest.mark.parametrize(
    ("marks", "mean"),
    [
        (("2.67", "2.68"), 2.68),  # 2.675
        (("1.00", "1.01"), 1.01),  # 1.005
        (("1", "1", "1.01"), 1.0),  # 1.00333
        (("0", "0.01", "0.01"), 0.01),  # 0.00666
        (("0", "0", "0.01"), 0.0),  # 0.00333
        (("0.01", "0", "0", "0.01"), 0.01),  # 0.005
    ],
)
def test_means_round_half_up_to_the_cent(marks: tuple[str, ...], mean: float) -> None:
    """A mean is rounded once, half up, to 0.01, however many raters: 2.675 is 2.68."""
    rows = [{"评价人": f"评{n}", "职务": "副组长", "单位": "T01", "分值": mark} for n, mark in enumerate(marks)]
    assert results_of(_one_unit(领导评价=rows))["T01"]["加分得分"] == mean


def test_one_matter_in_two_items_counts_once_where_it_stands_first() -> None:
    """One matter at 市 in both items: 1.00 + 1.00 if allowed, 1.00 once; at 省 in the second, once gives its 2.00."""

    def award(number: str, item: str, level: str) -> dict[str, Any]:
        return {
            "编号": number, "单位": "T01", "加分项": item, "事项编号": "S1", "事项名称": "事项", "层级": level,
            "机关或媒体": "机关", "文号或网址": "文1", "日期": "2022-05-05",
        }  # fmt: skip

    equal = _one_unit(表彰宣传=[award("1", "通报表彰", "市"), award("2", "经验宣传", "市")])
    higher = _one_unit(表彰宣传=[award("1", "通报表彰", "市"), award("2", "经验宣传", "省")])
    for literals, reading, points in ((equal, "allowed", 2), (equal, "once", 1), (higher, "once", 2)):
        result = results_of(literals, missing_evidence="accept", same_matter_across_items=reading)["T01"]
        assert result["加分得分"] == points


@pytest.mark.parametrize(("done", "points"), [("2022-12-01", 2), ("2022-12-31", 1), ("2023-01-01", 0), (None, 0)])
def test_a_task_is_late_up_to_the_cut_off_and_missing_after_it(done: str | None, points: int) -> None:
    """Due 1 December: done that day 2.00; on 31 December late, 2.00 - 1.00; later or never missing, 2.00 - 2.00."""
    task = {"任务编号": "1", "任务": "任务", "单位": "T01", "时限": "2022-12-01", "完成日期": done}
    assert results_of(_one_unit(交办任务=[task]))["T01"]["加分得分"] == points


def test_texts_are_told_apart_to_the_letter() -> None:
    """a1 and A1, 1 and 01, T* and TX are different numbers; =1+1, wildcards and quotes are plain text.

    Each number has a deduction of 1.00 and a decision of its own: those of the first half are revoked. 100 - 8 = 92.
    """
    numbers = ["a1", "A1", "1", "01", "T*1", "TX1", "=1+1", "2", "'x", "x", "?", "~?", "~", '"q"', "１", "null"]
    register = [
        {**row, "编号": number}
        for row, number in zip(_deducted(*[("BS-01", 1)] * len(numbers)), numbers, strict=True)
    ]  # fmt: skip
    decisions = [
        {
            "编号": f"TZ{n}", "单位": "T01", "对象表": "扣分登记", "对象编号": number, "处理": "撤销", "理由": "误登",
            "决定人": "组长", "决定日期": "2022-12-01", "批准文号": "2号",
        }
        for n, number in enumerate(numbers[::2])
    ]  # fmt: skip
    result = results_of(_one_unit(扣分登记=register, 调整复核=decisions))["T01"]
    assert result["重点考核得分"] == 92


def test_a_date_before_the_spreadsheets_calendar_is_kept_as_text() -> None:
    """A report of the year 1850 is in time, a deduction of that year does not count: 100.00."""
    receipts = [
        {"单位": "T01", "材料": "半年汇报", "实报日期": "1850-06-20"},
        {"单位": "T01", "材料": "年度总结", "实报日期": "2022-12-20"},
    ]
    register = [{**_deducted(("BS-01", 1))[0], "发生日期": "1850-05-05"}]
    assert results_of(_one_unit(材料报送=receipts, 扣分登记=register))["T01"]["重点考核得分"] == 100


# The tables that every workbook has a sheet for; the register of objections has one only if it holds rows.
CONTRACT = {name: table for name, table in TABLES.items() if name != "异议登记"}


# --- what the workbook holds -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> bytes:
    """The workbook of the small set of five units."""
    return auditbook.build(make_set(small_set_tables()), make_tables(small_set_tables()))


def test_sheets_and_headers_are_the_contracts(small: bytes) -> None:
    """说明 comes first; each table has its sheet with its columns and 来源; 结果 has its ten columns in row 1."""
    book = openpyxl.load_workbook(io.BytesIO(small))
    assert book.sheetnames[0] == "说明"
    for name, table in CONTRACT.items():
        assert [cell.value for cell in book[name][1]] == [*(c.name for c in table.columns), "来源"]
    assert [cell.value for cell in book["结果"][1]] == [
        *("单位编码", "单位名称", "单位类别", "状态", "重点考核得分", "加分得分", "最终得分", "等次"),
        *("组内名次", "总名次"),
    ]
    assert {"方案", "口径", "核对", "计算K", "计算V1", "计算B4"} <= set(book.sheetnames)
    assert all(sheet.sheet_state == "visible" and not sheet.protection.sheet for sheet in book)


def test_input_sheets_hold_the_clean_rows_typed(small: bytes) -> None:
    """Rows are complete and typed: days, moments, numbers, texts as texts; no cell of an office is a formula."""
    book, literals = openpyxl.load_workbook(io.BytesIO(small)), small_set_tables()
    for name, table in CONTRACT.items():
        rows = list(book[name].iter_rows(min_row=2))
        assert len(rows) == len(literals.get(name, ()))
        for number, (cells, made) in enumerate(zip(rows, make_tables(literals)[name], strict=True), start=2):
            assert cells[-1].value == f"{name}.csv!!{number}"
            for cell, spec in zip(cells, table.columns, strict=False):
                value = made[spec.name]
                if isinstance(value, date) and not isinstance(value, datetime):
                    value = datetime(value.year, value.month, value.day)
                assert cell.data_type != "f"
                assert cell.value == (float(value) if isinstance(value, Decimal) else value)
    assert book["信息报送"]["B2"].value == "1"
    assert PAYLOAD in [cell.value for cell in book["扣分登记"]["D"]]


def test_results_are_formulas_and_their_stored_values_are_the_scores(small: bytes) -> None:
    """Every cell of 结果 is a formula; what is stored beside it is the score, blank where there is none."""
    formulas, values = (openpyxl.load_workbook(io.BytesIO(small), data_only=only)["结果"] for only in (False, True))
    assert all(str(cell.value).startswith("=") for row in formulas.iter_rows(min_row=2) for cell in row)
    shown = {row[0]: row for row in values.iter_rows(min_row=2, values_only=True)}
    assert shown["T01"] == ("T01", "梧桐镇", "镇", "scored", 97, 11.11, 108.11, "合格", 2, 2)
    assert shown["T02"][4:] == (100, 10, 110, "合格", 1, 1)
    assert [value or "" for value in shown["D01"][3:]] == ["vetoed", "", "", "", "不合格", "", ""]
    assert [value or "" for value in shown["D02"][3:]] == ["scored", 80, "", 80, "合格", 2, 4]
    assert openpyxl.load_workbook(io.BytesIO(small), data_only=True)["核对"]["C2"].value.startswith("全部一致")


def test_formulas_hold_no_number_and_only_classic_functions(small: bytes) -> None:
    """No scheme number stands in a formula: none but 0 and 1 does; functions are those of Excel 2010, none volatile."""
    count, longest = 0, 0
    for sheet in openpyxl.load_workbook(io.BytesIO(small)):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                bare = re.sub(r'"[^"]*"', '""', str(cell.value))
                assert set(re.findall(r"[A-Z]+(?=\()", bare)) <= CLASSIC, bare
                bare = re.sub(r"[一-鿿][\w]*!", "", bare)  # names of sheets
                bare = re.sub(r"\$[A-Z]+\$?\d+", "", bare)  # addresses
                assert set(re.findall(r"\d+(?:\.\d+)?", bare)) <= {"0", "1"}, bare
                count, longest = count + 1, max(longest, len(str(cell.value)))
    assert count > 5000
    assert longest < 300


def test_the_same_set_gives_the_same_bytes_and_no_path(small: bytes) -> None:
    """The bytes are the same on every build; nothing tells the time or the machine."""
    again = auditbook.build(make_set(small_set_tables()), make_tables(small_set_tables()))
    assert again == small
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(1980, 1, 1)}
        assert b"2000-01-01T00:00:00Z" in archive.read("docProps/core.xml")
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "external" in name.lower()]
        for name in archive.namelist():
            assert not re.search(rb"/(work|home|tmp|root|Users)/", archive.read(name)), name


class _LibrarySheet(Worksheet):
    """A sheet that gives every cell to the library's own methods."""

    def put_formulas(self, col: int, sheet: Sheet, column: Column, look: Any) -> None:
        for row, (formula, value) in enumerate(
            zip(sheet.formulas[column.name], sheet.values(column.name), strict=True)
        ):
            assert self.write_formula(sheet.head + row, col, formula.text(row), look, value) == 0

    def put_cells(self, cells: Sequence[tuple[int, int, Any, Any]]) -> None:
        for row, col, value, look in cells:
            write = self.write_blank if value is None else self.write_string if isinstance(value, str) else None
            assert (write or self.write_number)(row, col, value, look) == 0


def test_our_sheets_are_written_as_the_library_writes_them(small: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written the short way is what xlsxwriter's own sheet writes, byte for byte, odd values included."""
    values: list[Any] = [*("", "#N/A", "#无", '<甲&"乙">', " 空格 ", 0, -1, 10**12, 0.1, 1 / 3, 1e-7, -2.5)]
    literals = small_set_tables()

    def odd() -> bytes:
        book = Book()
        kept = [Column("值", cells=values, style="auto", role="input"), Column("同", "[值]", style="text")]
        book.sheet("奇", len(values), [*kept, Column("比", 'IF([值]>0,"<&>","#REF!")', style="text")], spare=2)
        book.compute()
        return write(book, "奇", [])

    quick = odd()
    monkeypatch.setattr(sys.modules[write.__module__], "FormulaSheet", _LibrarySheet)
    assert odd() == quick
    assert auditbook.build(make_set(literals), make_tables(literals)) == small


def _plainly(sign: str, left: Any, right: Any) -> Any:
    """Apply an operator, value by value; an error by its text."""
    try:
        made = apply(OPERATORS[sign], left, right)
        return list(made) if isinstance(made, list) else made
    except FormulaError as error:
        return str(error)


@pytest.mark.parametrize("sign", list(OPERATORS))
def test_the_short_way_with_numbers_is_the_long_one(sign: str) -> None:
    """An operator gives the same for numbers, texts, empty cells, arrays and ranges whichever way it is computed."""
    scalars: list[Any] = [None, 0, 1, -3, 2.5, True, "", "5", "甲"]
    arrays = [[1, 2, 3], [0, 2.5, -1], [1, None, 3], [1, "甲", None], [True, False, True]]
    sides = [*scalars, *arrays, *map(Range, arrays), Numbers([4, 5, 6]), Truths([True, False, False])]
    for left in sides:
        for right in sides:
            try:
                made = binary(sign)(left, right)
            except FormulaError as error:
                made = str(error)
            wanted = _plainly(sign, left, right)
            assert made == wanted
            assert type(made) is type(wanted) or isinstance(made, list)


def test_arrays_of_different_lengths_are_no_formula_of_ours() -> None:
    """Two arrays pair cell by cell; where one is longer, the template is wrong and says so."""
    with pytest.raises(ValueError, match="length"):
        binary("*")(Numbers([1, 2]), Numbers([1]))


def test_truths_are_never_added_up() -> None:
    """Programs differ in whether they add up TRUE, so the evaluator refuses it; multiplied, it is a number."""
    same = binary("=")(Range([1, 2, 1]), 1)
    with pytest.raises(TypeError, match="TRUE"):
        FUNCTIONS["SUMPRODUCT"](same)
    assert FUNCTIONS["SUMPRODUCT"](binary("*")(same, same)) == 2


def test_a_stored_set_gives_the_same_workbook(small: bytes, tmp_path: Path) -> None:
    """A set read back from its folder gives the same results and inputs, whatever order its files keep keys in."""
    write_processed(tmp_path, small_set_tables())
    again = auditbook.build(store.load_set(tmp_path), store.read_tables(tmp_path))
    old, new = (openpyxl.load_workbook(io.BytesIO(data)) for data in (small, again))
    for sheet in old:
        if sheet.title != "说明":  # it names the receipt
            pairs = zip(sheet.iter_rows(values_only=True), new[sheet.title].iter_rows(values_only=True), strict=True)
            assert all(a == b for a, b in pairs), sheet.title


def test_a_table_with_more_rows_than_a_sheet_is_refused() -> None:
    """Rows are never left out silently: what a sheet cannot hold is refused by name."""
    with pytest.raises(OverflowError, match="扣分登记"):
        Book().sheet("扣分登记", 1_048_573, [])


def test_empty_tables_have_their_header_alone_and_can_be_filled() -> None:
    """Without any fact the workbook stands; an empty table's sheet has a header and nothing else."""
    literals = {name: _one_unit()[name] for name in ("单位名录", "扣分标准")}
    data = auditbook.build(make_set(literals), make_tables(literals))
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    for name in CONTRACT.keys() - literals.keys():
        assert book[name].max_row == 1
    assert "异议登记" not in book.sheetnames
    # Two reports are missing at 5.00 each; nothing else is reported: 90.00 + 0.00.
    assert [cell.value for cell in book["结果"][2]][4:7] == [90, 0, 90]


def test_the_check_sheet_notices_a_difference_and_inputs_it_cannot_read() -> None:
    """核对 counts what differs from this software's results; 核对输入 finds unknown units, standards, options."""
    tables = make_tables(small_set_tables())
    made = score(tables, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    results = [asdict(result) for result in made.results]
    results[0]["final_score"] = Decimal("108.10")
    book = make_book(
        tables, SCHEME, SCHEME.default_readings(), SCHEME.cut_off, results, [asdict(i) for i in made.items]
    )
    assert str(book.sheets["核对"].banner_value()).startswith("不一致 1 处")
    assert book.sheets["核对"].value("最终得分：差额", 0) == 0.01
    register = tables["扣分登记"]
    strange = [
        replace(register[0], values={**register[0].values, "单位": "T99"}),
        replace(register[1], values={**register[1].values, "标准编号": "gw-01"}),
        *register[2:],
    ]
    readings = SCHEME.default_readings() | {"bonus_gate": "over"}
    odd = make_book({**tables, "扣分登记": tuple(strange)}, SCHEME, readings, SCHEME.cut_off, [], [])
    counts = dict(zip(column(odd, "核对输入", "检查"), column(odd, "核对输入", "处数"), strict=True))
    assert {name: n for name, n in counts.items() if n} == {
        "扣分登记：单位": 1,
        "计算K登记：标准": 1,
        "口径：bonus_gate": 1,
    }


def test_the_guide_names_the_receipt_the_readings_and_every_sheet(small: bytes) -> None:
    """说明 tells which receipt the workbook belongs to, the readings in force, and links to every other sheet."""
    book = openpyxl.load_workbook(io.BytesIO(small))
    cells = [str(cell.value) for row in book["说明"].iter_rows() for cell in row if cell.value is not None]
    text = "\n".join(cells)
    assert "0123456789abcdef" * 4 in text
    assert all(f"{key}={option}" in text for key, option in SCHEME.default_readings().items())
    assert set(book.sheetnames) - {"说明"} <= set(cells)


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    """A text beyond a cell's 32,767 characters is cut, ends in a remark, and the file still opens."""
    literals = _one_unit(扣分登记=[{**_deducted(("BS-01", 1))[0], "事实": "𠮷" * 40_000}])
    data = auditbook.build(make_set(literals), make_tables(literals))
    value = openpyxl.load_workbook(io.BytesIO(data))["扣分登记"]["D2"].value
    assert value.endswith("（单元格放不下，全文见原始文件）")
    assert 32_760 <= len(value.encode("utf-16-le")) // 2 <= 32_767


def test_a_scheme_beyond_the_plain_order_is_refused() -> None:
    """A scheme with something that has no formulas is refused by name, never left out in part."""
    item = SCHEME.item("B5").model_copy(update={"rule": RateBands.model_validate(RATE)})
    scheme = SCHEME.model_copy(update={"items": (*SCHEME.items[:-3], item, *SCHEME.items[-2:])})
    with pytest.raises(NotImplementedError, match=r"方法 rate_bands（B5 领导评价）"):
        make_book(make_tables(small_set_tables()), scheme, scheme.default_readings(), scheme.cut_off, [], [])


RATE = {"method": "rate_bands", "rate": "tasks_in_time", "bands": [{"at_least": 1, "points": 1}], "none": 0}


@pytest.mark.parametrize(
    ("event", "window", "lights"),
    [
        ("event", "calendar_year", 3),
        ("ticket", "calendar_year", 2),
        ("event", "rolling_12_months", 4),  # 2021-06-30 to 2022-06-29: all but the first row, which is a year old
        ("ticket", "rolling_12_months", 3),
    ],
)
def test_red_lights_are_counted_once_each(event: str, window: str, lights: int) -> None:
    """The same moment twice is one red light, one second apart are two, and a window ends before the same day."""
    assert serial(datetime(2022, 1, 1, 12)) == 44562.5
    moments = (
        ("G0", "2021-06-29 08:00:00"),
        ("G9", "2021-06-30 08:00:00"),
        ("G1", "2022-03-01 09:30:00"),
        ("G1", "2022-03-01 09:30:01"),
        ("G1", "2022-03-01 09:30:01"),
        ("G2", "2022-06-29 00:00:00"),
    )
    rows = [{"工单编号": number, "单位": "T01", "红灯时间": moment} for number, moment in moments]
    tables = make_tables(_one_unit(热线红灯=rows))
    readings = SCHEME.default_readings() | {"red_light_event": event, "red_light_window": window}
    assert column(make_book(tables, SCHEME, readings, SCHEME.cut_off, [], []), "计算V1", "本办统计") == [lights]
