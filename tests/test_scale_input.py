"""What ``assess large-score`` refuses: every table, every column, each with the place of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from audit_years import quiet_year
from large_years import SCHEME, Record, large, write_tables, year_of

from assess_lib import scale
from assess_lib.cli import main
from assess_lib.errors import InputRejected
from assess_lib.tables import EXTRA_KEYS, TABLES, Column

STORED = [name for name, table in TABLES.items() if not table.record]


def literals() -> dict[str, list[dict[str, Any]]]:
    """Give a year with two units in which every table has a row of A."""
    people = {"评分人": "甲", "复核人": "乙"}
    award = {"单位": "A", "加分项": "通报表彰", "事项编号": "SX1", "事项名称": "事", "层级": "省", "机关或媒体": "厅"}
    circular = {"单位": "A", "类型": "媒体", "层级": "县", "机关或媒体": "报", "文号或网址": "文1", "是否点名": "否"}
    light = {"工单编号": "GD1", "单位": "A", "办理角色": "主办", "红灯时间": "2022-03-03 10:00:00", "申诉结果": "成立"}
    decision = {"单位": "A", "对象表": "扣分登记", "对象编号": "KF-A", "处理": "改值", "新值": "0.50", "理由": "由"}
    year = quiet_year(
        {"A": 100, "B": 0},
        热线红灯=[light],
        通报批评=[{**circular, "编号": "TB1", "日期": "2022-05-05"}],
        信息报送=[{"单位": "A", "季度": "1", "报送条数": 9, "采用条数": 3}],
        表彰宣传=[{**award, "编号": "BZ1", "文号或网址": "文2", "日期": "2022-05-05", "佐证编号": "E1"}],
        评定加分=[
            {"编号": "PD1", "单位": "A", "事项": "新", "评定分": "1.5", "理由": "由", **people, "佐证编号": "E1"}
        ],
        领导评价=[{"评价人": "丙", "职务": "组长", "单位": "A", "分值": "2.5"}],
        参会登记=[{"会议": "会", "日期": "2022-05-05", "单位": "A", "到会情况": "迟到"}],
        交办任务=[{"任务编号": "RW1", "任务": "事", "单位": "A", "时限": "2022-05-05", "完成日期": "2022-05-06"}],
        佐证目录=[{"佐证编号": "E1", "单位": "A", "类型": "照片", "名称或网址": "甲", "采集日期": "2022-05-05"}],
        调整复核=[{**decision, "编号": "TZ1", "决定人": "丁", "决定日期": "2022-12-01", "批准文号": "批1"}],
    )
    year["扣分登记"][0]["佐证编号"] = "E1"
    year["扣分标准"][0] |= {"计量": "次", "扣分上限": "50"}
    year["确认无事项"].insert(0, {"表": "扣分登记", "单位": "B", "确认人": "丙", "确认日期": "2022-12-31"})
    return year


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the year's tables."""
    return write_tables(tmp_path / "tables", year_of(literals()).tables)


def scored(folder: Path) -> dict[str, list[Record]]:
    """Score a folder: results, items, ledger."""
    return large(folder, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)


def refused(folder: Path) -> str:
    """Return what the refusal of a folder says."""
    with pytest.raises(InputRejected) as caught:
        scale.score_tables(folder, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    return str(caught.value)


def change(folder: Path, name: str, how: Callable[[pa.Table], pa.Table]) -> None:
    """Write a table again, changed."""
    path = folder / f"{name}.parquet"
    pq.write_table(how(pq.read_table(path)), path)


def with_column(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    """Return a table with another column of that name in its place."""
    return table.set_column(table.schema.get_field_index(column), column, values)


def with_cell(folder: Path, name: str, column: str, value: Any, row: int = 0) -> None:
    """Write another value into one cell; row 0 stands in row 2 of its source."""

    def put(table: pa.Table) -> pa.Table:
        cells = table.column(column).to_pylist()
        cells[row] = value
        return with_column(table, column, pa.array(cells, type=table.schema.field(column).type))

    change(folder, name, put)


def columns(*kinds: str, required: bool | None = None) -> Iterator[tuple[str, Column]]:
    """Iterate over the columns of all tables, of some kinds."""
    for name in STORED:
        for column in TABLES[name].columns:
            if (not kinds or column.kind in kinds) and required in (None, column.required):
                yield name, column


def each(found: Iterator[tuple[str, Column]]) -> Any:
    return pytest.mark.parametrize(("name", "column"), [pytest.param(n, c, id=f"{n}-{c.name}") for n, c in found])


def test_the_year_itself_is_scored(folder: Path) -> None:
    """Every table has a row, and nothing is refused."""
    assert [row["unit_id"] for row in scored(folder)["results"]] == ["A", "B"]
    assert all(pq.read_metadata(folder / f"{name}.parquet").num_rows for name in STORED)


# ---- cells ----------------------------------------------------------------------------------------------------


@each(columns(required=True))
def test_a_required_cell_is_never_blank(name: str, column: Column, folder: Path) -> None:
    """A blank required cell is refused with its source's file, row and column, whether or not a score needs it."""
    with_cell(folder, name, column.name, None)
    assert f"{name}.csv，第 2 行“{column.name}”：必填列“{column.name}”是空的。" in refused(folder)


@each(columns("text", "unit", required=True))
def test_an_empty_text_is_blank(name: str, column: Column, folder: Path) -> None:
    """So is a required text of no characters."""
    with_cell(folder, name, column.name, "")
    assert f"第 2 行“{column.name}”：必填列“{column.name}”是空的。" in refused(folder)


@each(columns("choice", "unit"))
def test_a_choice_is_one_of_those_published(name: str, column: Column, folder: Path) -> None:
    """A text that the contract, the scheme or the roster does not have is quoted with its place."""
    with_cell(folder, name, column.name, "没有")
    told = refused(folder)
    what = "单位编码“没有”不在单位名录中。" if column.kind == "unit" else "“没有”不是可选的值。"
    assert f"{name}.csv，第 2 行“{column.name}”：{what}" in told


@each(columns("number", "whole"))
def test_a_number_is_not_below_its_least(name: str, column: Column, folder: Path) -> None:
    """A negative amount or count is quoted with its place."""
    with_cell(folder, name, column.name, Decimal("-1.00") if column.kind == "number" else -1)
    shown = "-1.00" if column.kind == "number" else "-1"
    assert f"{name}.csv，第 2 行“{column.name}”：“{shown}”应" in refused(folder)


@pytest.mark.parametrize(
    ("name", "column", "value", "told"),
    [
        ("扣分标准", "单次扣分", Decimal("0.00"), "第 2 行“单次扣分”：“0.00”应大于 0。"),
        ("扣分标准", "扣分上限", Decimal("0.00"), "第 2 行“扣分上限”：“0.00”应大于 0。"),
        ("扣分登记", "数量", 0, "第 2 行“数量”：“0”应不小于 1。"),
        ("评定加分", "评定分", Decimal("4.01"), "第 2 行“评定分”：“4.01”超出范围，最大为 4。"),
        ("领导评价", "分值", Decimal("3.01"), "第 2 行“分值”：“3.01”超出范围，最大为 3。"),
        ("信息报送", "采用条数", 10, "第 2 行“采用条数”：采用条数 10 多于报送条数 9。"),
        ("材料报送", "季度", "1", "第 2 行“季度”：半年汇报不分季度，“季度”应为空。"),
        ("材料报送", "材料", "季度进展", "第 2 行“季度”：季度进展没有填“季度”。"),
        ("扣分登记", "标准编号", "没有", "第 2 行“标准编号”：标准编号“没有”不在扣分标准中。"),
        ("确认无事项", "表", "没有", "第 2 行“表”：“没有”不是数据表的名称。"),
        ("单位名录", "单位编码", "../../x", "第 2 行“单位编码”：单位编码“../../x”不合规定。"),
        ("单位名录", "单位编码", "b", "第 3 行“单位编码”：单位编码“B”与单位名录.csv 第 2 行重复（不区分大小写）。"),
        ("单位名录", "单位名称", "全部", "第 2 行“单位名称”：“全部”是保留字，不能用作单位的名称。"),
        ("单位名录", "单位名称", "单位B", "第 3 行“单位名称”：“单位B”已在单位名录.csv 第 2 行用作“单位名称”"),
        ("扣分登记", "来源行", 0, "“来源行”：“0”应不小于 1。"),
        ("佐证目录", "来源文件", None, "佐证目录.parquet，第 1 行“来源文件”：必填列“来源文件”是空的。"),
        ("调整复核", "对象表", "领导评价", "第 2 行“对象表”：对象表“领导评价”不能调整复核。"),
        ("调整复核", "对象表", "热线红灯", "第 2 行“处理”：热线红灯不能改值，只能撤销。"),
        ("调整复核", "对象编号", "KF-X", "第 2 行“对象编号”：扣分登记中没有“KF-X”。"),
        ("调整复核", "单位", "B", "第 2 行“单位”：扣分登记“KF-A”是另一单位的。"),
        ("调整复核", "新值", None, "第 2 行“新值”：改值没有填新值。"),
    ],
)
def test_what_the_contract_forbids(name: str, column: str, value: Any, told: str, folder: Path) -> None:
    """Bounds, what two cells say together, standards, codes and decisions: the cell and what is wrong with it."""
    with_cell(folder, name, column, value)
    assert told in refused(folder)


def test_a_standard_of_the_scheme_is_there(folder: Path) -> None:
    """A standard that the scheme applies and 扣分标准 lacks is named with the item that needs it."""
    with_cell(folder, "扣分标准", "标准编号", "别的", row=1)
    assert "“标准编号”：方案的 K（重点考核）要用标准“BS-01”，扣分标准中没有。" in refused(folder)


def test_a_new_score_stays_within_its_range(folder: Path) -> None:
    """A decision may set an approved score to 4.00, and not to 4.01."""
    with_cell(folder, "调整复核", "对象表", "评定加分")
    with_cell(folder, "调整复核", "对象编号", "PD1")
    with_cell(folder, "调整复核", "新值", Decimal("4.00"))
    assert scored(folder)["results"][0]["unit_id"] == "A"
    with_cell(folder, "调整复核", "新值", Decimal("4.01"))
    assert "第 2 行“新值”：新值 4.01 超出范围，评定分最大为 4。" in refused(folder)


def test_days_have_a_name_in_the_calendar(folder: Path) -> None:
    """A day beyond the year 9999, which no calendar can print, is refused."""

    def far(table: pa.Table) -> pa.Table:
        return with_column(table, "发生日期", pa.array([2**31 - 1], type=pa.int32()).cast(pa.date32()))

    change(folder, "扣分登记", far)
    assert "扣分登记.csv，第 2 行“发生日期”：不是存在的日期。" in refused(folder)


# ---- types ----------------------------------------------------------------------------------------------------

WRONG: dict[str, pa.Array] = {
    "text": pa.array([7]),
    "unit": pa.array([["A"]]),
    "choice": pa.array([b"\xff"]),
    "date": pa.array([1_000_000_000]),
    "datetime": pa.array([datetime(2022, 3, 3)], type=pa.timestamp("us", "Asia/Shanghai")),
    "number": pa.array([1.125]),
    "whole": pa.array([True]),
}


@each(columns())
def test_a_column_has_the_type_of_the_contract(name: str, column: Column, folder: Path) -> None:
    """Numbers for text, floats for amounts, true for a count, moments with a time zone: refused by column and type."""
    values = WRONG[column.kind]

    def wrong(table: pa.Table) -> pa.Table:
        same = pa.array([values[0].as_py()] * len(table), type=values.type)
        return with_column(table, column.name, same)

    change(folder, name, wrong)
    assert f"{name}.parquet“{column.name}”：列的类型应为 " in refused(folder)


@pytest.mark.parametrize("form", ["dictionary", "large", "view"])
@pytest.mark.parametrize("name", STORED)
def test_text_in_another_form_is_the_same_text(name: str, form: str, folder: Path) -> None:
    """Text as dictionaries, long text or views gives the same results, items and ledger."""
    expected = scored(folder)

    def other(table: pa.Table) -> pa.Table:
        for field in table.schema:
            if pa.types.is_string(field.type):
                values = table.column(field.name)
                forms = {"large": pa.large_string(), "view": pa.string_view()}
                made = values.dictionary_encode() if form == "dictionary" else values.cast(forms[form])
                table = with_column(table, field.name, made)
        return table

    change(folder, name, other)
    assert scored(folder) == expected
    out = folder.parent / "out"
    scale.score_folder(folder, out, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    assert scale.explain_unit(folder, out, "A").results[0]["unit_id"] == "A"


FORMS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "whole numbers of another width": lambda cells: (
        cells.cast(pa.int16()) if pa.types.is_integer(cells.type) else cells
    ),
    "decimals of another width": lambda cells: (
        cells.cast(pa.decimal128(7, 4)) if pa.types.is_decimal(cells.type) else cells
    ),
    "days in milliseconds": lambda cells: cells.cast(pa.date64()) if pa.types.is_date(cells.type) else cells,
    "columns without a cell": lambda cells: pa.nulls(len(cells)) if cells.null_count == len(cells) else cells,
}


@pytest.mark.parametrize("form", list(FORMS))
def test_other_forms_that_lose_nothing_are_read(form: str, folder: Path) -> None:
    """What other writers choose by themselves, widths of numbers, kinds of days, empty columns, scores the same."""
    expected, changed = scored(folder), 0
    for name in STORED:

        def put(table: pa.Table) -> pa.Table:
            nonlocal changed
            made = {column: FORMS[form](table.column(column).combine_chunks()) for column in table.column_names}
            changed += sum(cells.type != table.schema.field(column).type for column, cells in made.items())
            return pa.table(made)

        change(folder, name, put)
    assert changed > 3
    assert scored(folder) == expected


def test_a_decimal_that_would_be_rounded_is_refused(folder: Path) -> None:
    """A number of three decimals in a wider column is refused by its column, and not rounded to cents."""
    rates = pa.array([Decimal("0.005")], type=pa.decimal128(9, 3))

    def put(table: pa.Table) -> pa.Table:
        cells = table.column("单次扣分").combine_chunks().cast(pa.decimal128(9, 3))
        return with_column(table, "单次扣分", pa.concat_arrays([rates, cells[1:]]))

    change(folder, "扣分标准", put)
    assert "扣分标准.parquet“单次扣分”：有的格装不进 decimal128" in refused(folder)


def test_moments_are_whole_seconds_in_whatever_unit(folder: Path) -> None:
    """Finer units hold the same moments; half a second is refused, as it would be cut off."""
    expected = scored(folder)

    def finer(microsecond: int) -> Callable[[pa.Table], pa.Table]:
        moment = datetime(2022, 3, 3, 10, 0, 0, microsecond)
        return lambda table: with_column(table, "红灯时间", pa.array([moment], type=pa.timestamp("us")))

    change(folder, "热线红灯", finer(0))
    assert scored(folder) == expected
    change(folder, "热线红灯", finer(500_000))
    assert "热线红灯.csv，第 2 行“红灯时间”：时刻不是整秒。" in refused(folder)


# ---- keys -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in STORED if TABLES[name].key])
def test_a_key_stands_once(name: str, folder: Path) -> None:
    """A row whose key an earlier row has is refused, and both places are named."""

    def twice(table: pa.Table) -> pa.Table:
        again = with_column(table.slice(0, 1), "来源行", pa.array([99]))
        return pa.concat_tables([table, again])

    change(folder, name, twice)
    told = refused(folder)
    assert f"{name}.csv，第 99 行“" in told and f"与{name}.csv 第 2 行重复" in told
    for key in (TABLES[name].key, *EXTRA_KEYS.get(name, ())):
        assert f"{name}.csv，第 99 行“{key[0]}”" in told


def test_one_object_has_one_decision(folder: Path) -> None:
    """A second decision on one register row is refused, and the first one's place is named."""

    def second(table: pa.Table) -> pa.Table:
        again = with_column(table, "编号", pa.array(["TZ2"]))
        return pa.concat_tables([table, with_column(again, "来源行", pa.array([9]))])

    change(folder, "调整复核", second)
    assert (
        "调整复核.csv，第 9 行“对象编号”：扣分登记“KF-A”已由调整复核.csv 第 2 行作过决定，一个对象只能有一个决定。"
        in refused(folder)
    )


# ---- files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "column"), [("扣分登记", "编号"), ("扣分登记", "单位"), ("单位名录", "单位名称")])
def test_bytes_that_are_no_text_are_refused(name: str, column: str, folder: Path) -> None:
    """Text in another encoding is refused with its place, and no traceback."""

    def gb18030(table: pa.Table) -> pa.Table:
        cells = [(text + "镇").encode("gb18030") for text in table.column(column).to_pylist()]
        plain = pa.array(cells, type=pa.binary())
        return with_column(table, column, pa.Array.from_buffers(pa.string(), len(cells), plain.buffers()))

    change(folder, name, gb18030)
    assert f"{name}.csv，第 2 行“{column}”：文字不是 UTF-8 编码，无法识别。" in refused(folder)


def test_a_page_that_the_disk_spoilt_is_refused(folder: Path) -> None:
    """Where a file has checksums, a byte that changed within a page is noticed, though it still reads as a number."""
    path = folder / "领导评价.parquet"
    table = pq.read_table(path)
    pq.write_table(
        table, path, compression="none", use_dictionary=False, write_page_checksum=True, write_statistics=False
    )
    data = bytearray(path.read_bytes())
    at = data.index((250).to_bytes(8, "big"))
    data[at + 7] = 251
    path.write_bytes(bytes(data))
    assert "领导评价.parquet：不是可用的 parquet 表，或已损坏。" in refused(folder)


def test_a_second_file_of_a_table_is_not_passed_over(folder: Path) -> None:
    """A file that a person takes for a part of 扣分登记 is refused: nobody would read it."""
    other = folder / "扣分登记_城关镇.parquet"
    other.write_bytes((folder / "扣分登记.parquet").read_bytes())
    told = refused(folder)
    assert "扣分登记_城关镇.parquet：不会读取这个文件：大规模计分一表只读一个文件（扣分登记.parquet）。" in told


@pytest.mark.parametrize(("name", "told"), [("单位名录", "没有一行数据"), ("扣分标准", "没有一行数据")])
def test_roster_and_standards_hold_rows(name: str, told: str, folder: Path) -> None:
    """A roster without rows is told as such, not as a stranger in every other table."""
    change(folder, name, lambda table: table.slice(0, 0))
    found = refused(folder)
    assert f"{name}.parquet：{name}{told}。" in found and "不在单位名录中" not in found


def test_a_missing_roster_is_named_alone(folder: Path) -> None:
    """Without the roster nothing is said about the units of other tables."""
    (folder / "单位名录.parquet").unlink()
    told = refused(folder)
    assert "单位名录.parquet：没有这个文件。" in told and "共有 1 处不合规定" in told


def test_all_problems_are_told_at_once_and_bounded(folder: Path) -> None:
    """Faults of several tables stand in one message; of many in one table the first are told, all are counted."""
    with_cell(folder, "领导评价", "分值", Decimal("9.00"))
    with_cell(folder, "交办任务", "任务", None)
    with_cell(folder, "交办任务", "任务编号", None)

    def many(table: pa.Table) -> pa.Table:
        rows = 60
        return pa.Table.from_pylist([{**table.to_pylist()[0], "来源行": row + 2} for row in range(rows)], table.schema)

    change(folder, "参会登记", many)
    with pytest.raises(InputRejected) as caught:
        scale.score_tables(folder, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    told = str(caught.value)
    assert "各表共有 62 处不合规定" in told and "参会登记.parquet（59 处）：" in told and "另有 39 处" in told
    assert [(p.table, p.row, p.column) for p in caught.value.problems if p.table != "参会登记"] == [
        ("领导评价", 2, "分值"),
        ("交办任务", 2, "任务"),
        ("交办任务", 2, "任务编号"),
    ]
    assert [p.row for p in caught.value.problems if p.table == "参会登记"] == list(range(3, 23))


# ---- the commands ---------------------------------------------------------------------------------------------


def test_the_command_refuses_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """large-score ends with exit 3, says where, what and what to do, and leaves no results."""
    with_cell(folder, "扣分登记", "数量", -3)
    out = folder.parent / "out"
    assert main(["large-score", str(folder), str(out), "--year", "2022"]) == 3
    assert "扣分登记.csv，第 2 行“数量”：“-3”应不小于 1。 请核对后更正。" in capsys.readouterr().err
    assert not out.exists()


def test_explain_refuses_results_that_are_not_what_was_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A basis that is a list, results without a column, a table of other types: told in words, never a traceback."""
    out = folder.parent / "out"
    assert main(["large-score", str(folder), str(out), "--year", "2022"]) == 0
    basis, results = (out / "basis.json").read_bytes(), pq.read_table(out / "results.parquet")
    (out / "basis.json").write_bytes(b"[]")
    assert main(["large-explain", str(folder), str(out), "A"]) == 2
    (out / "basis.json").write_bytes(basis)
    pq.write_table(results.drop_columns(["grade"]), out / "results.parquet")
    assert main(["large-explain", str(folder), str(out), "A"]) == 2
    assert "results.parquet 的列不是写出时的列。" in capsys.readouterr().err
    pq.write_table(results, out / "results.parquet")
    change(folder, "扣分登记", lambda table: with_column(table, "数量", pa.array([1.5])))
    assert main(["large-explain", str(folder), str(out), "A"]) == 3
    assert "扣分登记.parquet“数量”：列的类型应为 int64，文件中是 double。" in capsys.readouterr().err


def test_explain_notices_a_page_that_the_disk_spoilt(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files of a score carry checksums: one bit that changed within a page of the results is noticed as such."""
    out = folder.parent / "out"
    assert main(["large-score", str(folder), str(out), "--year", "2022"]) == 0
    for name in ("results", "items", "ledger"):
        path = out / f"{name}.parquet"
        whole = path.read_bytes()
        page = pq.read_metadata(path).row_group(0).column(1)
        spoilt = bytearray(whole)
        start = page.dictionary_page_offset or page.data_page_offset
        spoilt[start + page.total_compressed_size - 1] ^= 1
        path.write_bytes(bytes(spoilt))
        with pytest.raises(OSError, match="CRC checksum verification failed"):
            pq.read_table(path, page_checksum_verification=True)
        assert main(["large-explain", str(folder), str(out), "A"]) == 2
        assert f"没有可用的 {name}.parquet。" in capsys.readouterr().err
        path.write_bytes(whole)
