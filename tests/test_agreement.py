"""Two independent readers agree on every cell, or the sheet is refused with the cell named; what is right is let in."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from build import load_scheme_plainly
from spreadsheets import FORMATS, ROWS, grid, valid_folder, write_grid
from test_intake import MEETING, clean_file, only, repack, xlsx_bytes

from assess_lib.cleaning import clean
from assess_lib.errors import Problem
from assess_lib.intake import Refused
from assess_lib.intake.agreement import cell_name, confirm
from assess_lib.intake.cells import Book, Cell, Sheet
from assess_lib.intake.displayed import differs, display_of
from assess_lib.intake.parse import parse

SCHEME = load_scheme_plainly()
RAW = Path(__file__).resolve().parents[1] / "data" / "raw" / "2022"

# Values as offices write them, each in a cell of its own.
VALUES: tuple[Any, ...] = (
    "例会",
    "  前后有空格  ",
    "第一行\n第二行",
    "a\tb",
    "𠮷䶮㐂é",
    "e\u0301\u200b",
    "_x000D_行",
    "#REF!",
    "null",
    "TRUE",
    "=1+1",
    "'0012",
    "&<>\"'",
    "长" * 3000,
    "0",
    0,
    -1,
    101,
    2.5,
    0.1 + 0.2,
    1 / 3,
    1e-7,
    123456789012345,
    1.5e20,
    True,
    False,
    date(2022, 6, 20),
    datetime(2022, 6, 20, 17, 30, 5),
    datetime(1999, 12, 31, 23, 59, 59),
    date(1900, 3, 1),
    date(2099, 12, 31),
)


def notes(data: bytes) -> list[tuple[str, str, str, int | None]]:
    """Return what the reading of a file has to say: sheet, severity, code, row."""
    return [(sheet.name, note.severity, note.code, note.row) for sheet in parse(data).sheets for note in sheet.notes]


def xlsxwriter_bytes(fill: Callable[[Any, Any], None], **options: Any) -> bytes:
    """Return a workbook that xlsxwriter wrote."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, options)
    fill(book, book.add_worksheet("表"))
    book.close()
    return stream.getvalue()


def plain_bytes(*sheets: list[list[str]]) -> bytes:
    """Return a workbook of texts, shared ones, a sheet for each grid."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    for cells in sheets:
        page = book.add_worksheet()
        for row, line in enumerate(cells):
            page.write_row(row, 0, line)
    book.close()
    return stream.getvalue()


def sheet_edit(data: bytes, old: str, new: str, part: str = "sheet1.xml") -> bytes:
    """Replace some XML in one part; it must be there."""

    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith(part):
            return content
        assert old.encode() in content, content[:2000]
        return content.replace(old.encode(), new.encode(), 1)

    return repack(data, edit=edit)


# -- what is right is let in --------------------------------------------------------------------------------------


def test_every_workbook_of_the_sample_agrees() -> None:
    """No file of the sample year is doubted."""
    files = [path for path in sorted(RAW.iterdir()) if path.suffix in (".xlsx", ".xls", ".ods")]
    assert len(files) > 15
    for path in files:
        assert notes(path.read_bytes()) == [], path.name


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_values_agree(tmp_path: Path, form: str) -> None:
    """Texts, numbers, days and booleans of every kind are seen alike, wherever they stand."""
    values = [value for value in VALUES if form != "ods" or value not in ("a\tb", "e\u0301\u200b")]
    cells = [[], [None, None, *values[:7]], *([None, value] for value in values), [], [None, None, None, "尾"]]
    path = write_grid(tmp_path, "made", cells, form)
    assert notes(path.read_bytes()) == []
    assert len([*parse(path.read_bytes()).sheets[0].filled_rows()]) == len(values) + 2


@pytest.mark.parametrize("date_1904", [False, True])
@pytest.mark.parametrize("in_memory_strings", [False, True])
def test_workbooks_of_another_writer_agree(date_1904: bool, in_memory_strings: bool) -> None:
    """Days of both date systems in every format, times, durations, per cents, formulas, rich text, merges, hidden."""

    def fill(book: Any, page: Any) -> None:
        row = 0
        for code in (
            *("yyyy-mm-dd", "yyyy/m/d h:mm", 'yyyy"年"m"月"d"日"', '[$-804]yyyy"年"m"月"d"日";@', "m/d/yy", "d-mmm"),
            *(
                "h:mm",
                "[h]:mm:ss",
                "mm:ss.0",
                "0%",
                "0.00%",
                "#,##0.00",
                '0"分"',
                "[Red]0",
                "000",
                "@",
                "aaaa",
                "General",
            ),
            *("0.00E+00", "# ?/?", "[DBNum1]0", ";;;", "_(* 0_)", '[>9]"多";0'),
        ):
            style = book.add_format({"num_format": code})
            for column, number in enumerate((0.5, 1, 2.25, 61, 44732, 44732.729225, 100000)):
                page.write_number(row, column, number, style)
            row += 1
        for index in (14, 22, 27, 31, 36, 50, 57, 58):
            page.write_number(row, index, 44732, book.add_format({"num_format": index}))
        page.write_blank(row + 1, 3, None, book.add_format({"num_format": "0%"}))
        page.write_formula(row + 2, 0, "=1+1", None, 2)
        page.write_formula(row + 2, 1, "=1/0", None, "#DIV/0!")
        page.write_formula(row + 2, 2, '="a"&"b"', None, "ab")
        page.write_formula(row + 2, 3, "=TRUE", None, True)
        page.write_formula(row + 2, 4, "=1+1", None, "")
        page.write_array_formula(row + 2, 5, row + 2, 6, "{=A1:B1}", None, 1)
        bold = book.add_format({"bold": True})
        page.write_rich_string(row + 3, 0, "一 ", bold, "二", " 三 ")
        page.write_url(row + 3, 1, "https://example.org/a?b=1&c=2", None, "链接")
        page.write_comment(row + 3, 2, "批注")
        page.merge_range(row + 4, 0, row + 5, 3, "合并")
        page.set_row(row + 6, None, None, {"hidden": True})
        page.write(row + 6, 0, "隐藏")
        page.set_column("C:C", None, None, {"hidden": True})
        page.data_validation(0, 0, 9, 0, {"validate": "list", "source": ["是", "否"]})
        page.autofilter(0, 0, 9, 3)
        book.add_worksheet("空")
        book.add_worksheet("藏").hide()
        book.add_chartsheet("图").set_chart(chart := book.add_chart({"type": "line"}))
        chart.add_series({"values": "=表!$A$1:$A$3"})
        book.define_name("名", "=表!$A$1")
        table = book.add_worksheet("列'表 & <引号>")
        table.add_table(0, 0, 2, 1, {"data": [["甲", 1], ["乙", 2]], "columns": [{"header": "名"}, {"header": "数"}]})

    options: dict[str, Any] = {"default_date_format": "yyyy-mm-dd"}
    if in_memory_strings:
        options["constant_memory"] = False
    data = xlsxwriter_bytes(fill, date_1904=date_1904, **options)
    assert notes(data) == []


def test_inline_strings_agree() -> None:
    """Strings that stand in the cell itself, as exporting software writes them, are seen alike, rich ones too."""

    def fill(book: Any, page: Any) -> None:
        page.write(0, 0, "标记")
        page.write(1, 1, " 两边 ")
        page.write_rich_string(2, 2, "一 ", book.add_format({"bold": True}), "二 ")

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    fill(book, book.add_worksheet())
    book.close()
    assert b"inlineStr" in zipfile.ZipFile(io.BytesIO(stream.getvalue())).read("xl/worksheets/sheet1.xml")
    assert notes(stream.getvalue()) == []


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="A1" t="inlineStr"><is><t>  不标空格  </t></is></c>',
        '<c r="A1" t="inlineStr"><is><t xml:space="preserve">  标空格  </t></is></c>',
        '<c r="A1" t="inlineStr"><is><r><t>甲</t></r><r><t xml:space="preserve"> 乙</t></r>'
        '<rPh sb="0" eb="1"><t>jia</t></rPh></is></c>',
        '<c r="A1" t="inlineStr"><is><t>一_x000D_\n二_x4E09_</t></is></c>',
        '<c r="A1" t="inlineStr"><is><t>_x005F_x4E09_</t></is></c>',
        '<c r="A1" t="inlineStr"><is><t>&#26085;&#26399; &#26102;&amp;&lt;</t></is></c>',
        '<c r="A1" t="inlineStr"><is><t><![CDATA[<甲 & 乙>]]></t></is></c>',
        '<c r="A1" t="inlineStr"><is><t>甲<!-- 注 -->乙</t></is></c>',
        '<c r="A1" t="inlineStr"><is/></c><c r="B1" t="inlineStr"/><c r="C1" t="str"><v></v></c><c r="D1" t="e"/>',
        '<c r="A1" t="str"><f>A9</f><v> 公式 </v></c>',
        '<c r="A1" t="d"><v>2022-06-20</v></c><c r="B1" t="d"><v>2022-06-20T17:30:05</v></c>',
        '<c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c>',
        '<c r="A1" t="e"><v>#REF!</v></c><c r="B1" t="e"><v>#N/A</v></c>',
        '<c r="A1"><v>1e2</v></c><c r="B1"><v>-0</v></c><c r="C1"><v>0.30000000000000004</v></c>',
        '<c r="A1"><v>1E-5</v></c>',
        '<c r="A1" t="n"><v>123456789012345678</v></c>',
        '<c><v>7</v></c><c><v>8</v></c><c t="inlineStr"><is><t>无坐标</t></is></c>',
        '<c r="A1"><f>1+1</f></c><c r="B1"><f>1+1</f><v/></c><c r="C1"><f>1+1</f><v>2</v></c>',
        '<c r="A1"><v>NaN</v></c>',
    ],
)
def test_every_way_to_store_a_cell_agrees(xml: str) -> None:
    """Each way in which other software stores a text, number, day, boolean, error or formula is let in."""
    data = sheet_edit(plain_bytes([["标记"]]), '<c r="A1" t="s"><v>0</v></c>', xml)
    assert notes(data) == []


def test_prefixed_names_agree() -> None:
    """A workbook whose elements carry a prefix, as some converters write it, is seen alike."""

    def prefix(name: str, part: bytes) -> bytes:
        if not name.endswith(("sheet1.xml", "sharedStrings.xml")):
            return part
        part = part.replace(b"xmlns=", b"xmlns:x=")
        return re.sub(rb"<(/?)([a-z])", rb"<\1x:\2", part)

    assert notes(repack(xlsx_bytes(), edit=prefix)) == []


def test_a_sheet_that_tells_a_false_size_agrees() -> None:
    """A size that a sheet gives of itself, however false, is passed over by both."""
    for said in ("A1", "A1:XFD1048576", "ZZ99", "B2:A1", "unsinn", ""):
        assert notes(sheet_edit(xlsx_bytes(), '<dimension ref="A1:D2"/>', f'<dimension ref="{said}"/>')) == [], said


def test_old_workbooks_agree() -> None:
    """An .xls with days, times, booleans, formulas, blanks, merges, hidden sheets and long texts is seen alike."""
    for datemode in (0, 1):
        book = xlwt.Workbook(encoding="utf-8")
        book.dates_1904 = datemode
        page = book.add_sheet("表")
        day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        for row, value in enumerate(VALUES):
            if isinstance(value, (date, datetime)):
                if not datemode or value.year > 1904:
                    page.write(row, 0, value, day)
            else:
                page.write(row, 0, value)
        page.write(0, 1, time(17, 30), xlwt.easyxf(num_format_str="h:mm"))
        page.write(1, 1, 1.25, xlwt.easyxf(num_format_str="[h]:mm"))
        page.write(2, 1, 0.03, xlwt.easyxf(num_format_str="0%"))
        page.write(3, 1, xlwt.Formula("1+1"))
        page.write(4, 1, xlwt.Formula('"a"&"b"'))
        page.write(5, 1, None, day)
        page.write(6, 1, 20220620, day)
        page.write(7, 1, 12345678, xlwt.easyxf(num_format_str="0000"))
        page.write_merge(40, 41, 0, 2, "合并")
        page.row(3).hidden = True
        page.col(1).hidden = True
        hidden = book.add_sheet("藏")
        hidden.visibility = 1
        hidden.write(5, 5, "x")
        book.add_sheet("空")
        stream = io.BytesIO()
        book.save(stream)
        assert notes(stream.getvalue()) == []


def test_spreadsheets_of_libreoffice_agree(tmp_path: Path) -> None:
    """An .ods with spaces, spans, breaks, comments, groups, repeats, covered cells and reading aids is seen alike."""
    made = write_grid(tmp_path, "made", MEETING, "ods").read_bytes()

    def cell(inside: str, attributes: str = "office:value-type='string'") -> str:
        return f"<table:table-cell {attributes}>{inside}</table:table-cell>"

    rows = "".join(
        f"<table:table-row>{line}</table:table-row>"
        for line in (
            cell(
                "<text:p>县<text:span>政府<text:s text:c='2'/></text:span>例<text:tab/>会<text:line-break/>甲</text:p>"
            )
            + cell("<text:p>一</text:p><text:p>二</text:p><office:annotation><text:p>批</text:p></office:annotation>"),
            cell("<text:p>显示</text:p>", "office:value-type='string' office:string-value='存的'")
            + cell("<text:p>3%</text:p>", "office:value-type='percentage' office:value='0.03'")
            + cell("<text:p>¥5</text:p>", "office:value-type='currency' office:value='5'"),
            cell("<text:p>x</text:p>", "office:value-type='date' office:date-value='2022-06-20'")
            + cell("<text:p>x</text:p>", "office:value-type='date' office:date-value='2022-06-20T17:30:05.7'")
            + cell("<text:p>x</text:p>", "office:value-type='time' office:time-value='PT30H00M00S'")
            + cell("<text:p>真</text:p>", "office:value-type='boolean' office:boolean-value='true'"),
            cell("<text:p>#DIV/0!</text:p>", "table:formula='of:=1/0' office:value-type='float' office:value='0'")
            + cell("<text:p>无类型</text:p>", "")
            + cell(
                "<text:p><text:ruby><text:ruby-base>字</text:ruby-base><text:ruby-text>zi</text:ruby-text></text:ruby></text:p>"
            ),
            "<table:table-cell table:number-columns-repeated='3'/>"
            + cell("<text:p>重</text:p>", "office:value-type='string' table:number-columns-repeated='3'")
            + "<table:covered-table-cell office:value-type='string'><text:p>盖</text:p></table:covered-table-cell>",
        )
    )
    tail = (
        "<table:table-row table:number-rows-repeated='1048000'>"
        "<table:table-cell table:number-columns-repeated='16384'/></table:table-row>"
    )

    def edit(name: str, part: bytes) -> bytes:
        table = f"<table:table table:name='表'><table:table-column/>{rows}{tail}</table:table>"
        return (
            re.sub(rb"<table:table .*</table:table>", table.encode(), part, flags=re.DOTALL)
            if name == "content.xml"
            else part
        )

    data = repack(made, edit=edit)
    assert notes(data) == []
    assert len(parse(data).sheets[0].rows) == 5


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_sheets_without_a_cell_agree(tmp_path: Path, form: str) -> None:
    """An empty sheet is an empty sheet to both."""
    assert notes(write_grid(tmp_path, "made", [], form).read_bytes()) == []


def test_formats_without_a_value_cost_nothing() -> None:
    """A whole sheet that is merely coloured does not keep its cells from being compared."""
    tail = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    assert notes(sheet_edit(xlsx_bytes(), "</sheetData>", tail)) == []


@pytest.mark.parametrize("xml", ['t="str"><v></v></c>', 't="inlineStr"><is/></c>', "><v>1</v></c>", "><f>A1</f></c>"])
def test_a_far_cell_does_not_stop_the_reading(tmp_path: Path, xml: str) -> None:
    """A stray cell in the last corner, even one that shows nothing, leaves the file readable and is told."""
    data = sheet_edit(xlsx_bytes(), "</sheetData>", f'<row r="1048576"><c r="XFD1048576" {xml}</row></sheetData>')
    cleaned = clean_file(tmp_path, "参会登记.xlsx", data)
    assert [(p.severity, p.code) for p in cleaned.problems][:1] == [("warning", "file.unchecked")]
    assert "XFD1048576" in cleaned.problems[0].remedy
    assert not cleaned.rejected
    assert len(cleaned.tables["参会登记"]) == 1


# -- what the two see differently is refused ------------------------------------------------------------------------


def changed(cell: Cell | None) -> list[tuple[str, str, str, int | None]]:
    """Return what is said of a workbook whose cell B2 the first reader saw as something else than is stored."""
    data = xlsx_bytes([["会议", "日期"], ["例会", 44732]])
    book = parse(data)
    if cell is None:
        del book.sheets[0].rows[2][2]
    else:
        book.sheets[0].rows[2][2] = cell
    return [(sheet.name, n.severity, n.code, n.row) for sheet in confirm(book, data).sheets for n in sheet.notes]


REFUSED = [("Sheet", "error", "file.disagreement", 2)]


@pytest.mark.parametrize(
    "cell",
    [
        Cell("number", "44733"),
        Cell("number", "44732.0000001"),
        Cell("text", "44732"),
        Cell("bool", "TRUE"),
        Cell("date", "2022-06-21", datetime(2022, 6, 21)),
        Cell("date", "2018-06-19", datetime(2018, 6, 19)),
        None,
    ],
)
def test_each_difference_is_seen(cell: Cell | None) -> None:
    """Another number, kind or day, or a cell that only the other reader sees, refuses the sheet at that row."""
    assert changed(cell) == REFUSED


@pytest.mark.parametrize(
    "cell",
    [
        Cell("number", "44732"),
        Cell("date", "2022-06-20", datetime(2022, 6, 20)),
        Cell("error", "#REF!"),
        Cell("formula", "公式"),
        Cell("time", "12:00:00"),
    ],
)
def test_what_is_the_same_or_reported_anyway_passes(cell: Cell) -> None:
    """A serial number is its day; errors and formulas without a result are reported by their own codes."""
    assert changed(cell) == []


@pytest.mark.parametrize(("row", "column"), [(1, 3), (3, 1), (9, 9), (2, 5)], ids=["beside", "below", "far", "right"])
def test_a_cell_that_only_the_first_reader_sees(row: int, column: int) -> None:
    """A value that the other reader does not find refuses the sheet, wherever it stands."""
    data = xlsx_bytes([["会议", "日期"], ["例会", 44732]])
    book = parse(data)
    book.sheets[0].rows.setdefault(row, {})[column] = Cell("text", "多出")
    (note,) = confirm(book, data).sheets[0].notes
    assert (note.severity, note.code, note.row) == ("error", "file.disagreement", row)
    assert cell_name(row, column) in note.message


def test_left_of_everything_the_other_sees() -> None:
    """A cell before the other reader's first column is looked at too."""
    data = xlsx_bytes([[None, None, "甲"]])
    book = parse(data)
    assert book.sheets[0].notes == []
    book.sheets[0].rows[1][1] = Cell("text", "多出")
    assert [note.code for note in confirm(book, data).sheets[0].notes] == ["file.disagreement"]


def test_a_sheet_that_the_other_does_not_find() -> None:
    """A sheet under a name that only one reader finds is refused."""
    data = xlsx_bytes()
    book = parse(data)
    book.sheets[0].name = "别的"
    assert [note.code for note in confirm(book, data).sheets[0].notes] == ["file.unconfirmed"]


def test_a_file_that_the_other_cannot_open() -> None:
    """A file that only one reader can open is refused as a whole."""
    with pytest.raises(Refused) as caught:
        confirm(Book("xls", [Sheet("表", rows={1: {1: Cell("text", "x")}}, last_row=1)]), b"\xd0\xcf\x11\xe0" * 200)
    assert caught.value.code == "file.unconfirmed"


def disagreeing(folder: Path, cells: str) -> tuple[Problem, bool]:
    """Clean a workbook whose second meeting is stored in a way that the readers take differently."""
    data = sheet_edit(plain_bytes(MEETING), '<c r="A2" t="s"><v>4</v></c>', cells)
    cleaned = clean_file(folder, "参会登记.xlsx", data)
    return only(cleaned), bool(cleaned.tables["参会登记"])


def test_a_cell_with_two_values_is_refused_by_name(tmp_path: Path) -> None:
    """A cell that stores two values, of which each reader takes another, is named with both, and no row is accepted."""
    problem, accepted = disagreeing(tmp_path, '<c r="A2" t="s"><v>4</v><v>1</v></c>')
    assert (problem.severity, problem.code, problem.file, problem.sheet, problem.row) == (
        "error",
        "file.disagreement",
        "参会登记.xlsx",
        "Sheet1",
        2,
    )
    assert "单元格 A2" in problem.message and "例会" in problem.message and problem.remedy
    assert not accepted


def test_only_the_sheet_that_is_read_must_agree(tmp_path: Path) -> None:
    """A sheet of the same file that nobody reads does not cost the table its sheet."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    for name, cells in (("参会登记", MEETING), ("草稿", [["草"]])):
        page = book.add_worksheet(name)
        for row, line in enumerate(cells):
            page.write_row(row, 0, line)
    book.close()
    data = sheet_edit(stream.getvalue(), "<v>8</v></c>", "<v>8</v><v>1</v></c>", "sheet2.xml")
    assert [found[:3] for found in notes(data)] == [("草稿", "error", "file.disagreement")]
    cleaned = clean_file(tmp_path, "参会登记.xlsx", data)
    assert [(p.severity, p.code) for p in cleaned.problems] == [("notice", "sheet.unread")]
    assert len(cleaned.tables["参会登记"]) == 1


@pytest.mark.parametrize("attributes", ["office:value='8'", "office:value-type='float' office:value='9'"])
def test_an_ods_cell_of_two_kinds_is_refused(tmp_path: Path, attributes: str) -> None:
    """A text to one reader that is a number to the other, or another number than shown as such, is not let in."""
    made = write_grid(tmp_path, "made", [["甲", "8"]], "ods").read_bytes()

    def edit(name: str, part: bytes) -> bytes:
        if name != "content.xml":
            return part
        cell = f"<table:table-cell {attributes}><text:p>8</text:p></table:table-cell></table:table-row>"
        changed, count = re.subn(
            rb"<table:table-cell[^>]*><text:p>8</text:p></table:table-cell></table:table-row>", cell.encode(), part
        )
        assert count == 1, part
        return changed

    data = repack(made, edit=edit)
    if "value-type" in attributes:  # what is stored counts, to both
        assert notes(data) == [] and parse(data).sheets[0].rows[1][2].text == "9"
    else:
        assert notes(data) == [("Sheet1", "error", "file.disagreement", 1)]


# -- lost zeros, full sheets, names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("1", "000", "001"),
        ("1", "0", ""),
        ("1", "General", ""),
        ("1", "", ""),
        ("123", "000", ""),
        ("1234", "000", ""),
        ("0", "000", "000"),
        ("1", '"BS-"00', "BS-01"),
        ("1", "\\B\\S\\-00", "BS-01"),
        ("7", '"K-"General', "K-7"),
        ("20221", "0000-00", "0202-21"),
        ("1.1", "0.00", "1.10"),
        ("101", "0.00", ""),
        ("1234", "#,##0", ""),
        ("3", "0%", ""),
        ("44732", "yyyy-mm-dd", ""),
        ("3", '0"分"', "3分"),
        ("1", "000;-000;0", "001"),
        ("1", "[Red]000", "001"),
        ("1", "[$-804]000", "001"),
        ("1", "[>5]000;0", ""),
        ("1", "[DBNum1]000", ""),
        ("1", "000_ ", "001"),
        ("1", "_(* 000_)", "001"),
        ("-1", "000", ""),
        ("5", "##0", ""),
        ("3", "@", ""),
        ("12", '00"年"00"月"', "00年12月"),
    ],
)
def test_what_a_number_format_shows(text: str, code: str, shown: str) -> None:
    """A format that shows other characters than the plain digits is rendered; what says the same is passed over."""
    assert display_of(text, code) == shown


def test_differs_is_about_codes() -> None:
    """Grouping and the decimals of a whole number are the same number; zeros in front and words are another code."""
    assert [differs(shown, "12") for shown in ("12", " 12 ", "12.00", "1,2", "012", "12次", "", "—")] == [
        *(False, False, False, False),
        *(True, True, False, False),
    ]


@pytest.mark.parametrize("form", ["xlsx", "xls", "ods"])
def test_lost_zeros_are_warned_of(tmp_path: Path, form: str) -> None:
    """A key that shows 001 but is stored as the number 1 is read as 1, with a warning that names both."""
    folder = valid_folder(tmp_path)
    lines = grid("扣分登记", [{**ROWS["扣分登记"], "编号": 1, "数量": 2}])
    path = folder / f"扣分登记.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        page = book.worksheets[0]
        for line in lines:
            page.append(line)
        page["A2"].number_format = "000"
        page["F2"].number_format = "000"
        book.save(path)
    elif form == "xls":
        old = xlwt.Workbook(encoding="utf-8")
        sheet = old.add_sheet("Sheet")
        style = xlwt.easyxf(num_format_str="000")
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                if value is not None:
                    sheet.write(row, column, value, style if isinstance(value, int) else xlwt.Style.default_style)
        old.save(str(path))
    else:
        made = write_grid(tmp_path, "made", lines, "ods").read_bytes()
        (tmp_path / "made.ods").unlink()

        def show(name: str, part: bytes) -> bytes:
            if name != "content.xml":
                return part
            return re.sub(
                rb'<table:table-cell([^>]*office:value="([12])"[^>]*?)(/>|><text:p>[12]</text:p></table:table-cell>)',
                rb"<table:table-cell\1><text:p>00\2</text:p></table:table-cell>",
                part,
            )

        path.write_bytes(repack(made, edit=show))
    cleaned = clean(folder, SCHEME)
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.row, problem.column, problem.value) == (
        "warning",
        "cell.display",
        2,
        "编号",
        "1",
    )
    assert "“001”" in problem.message and "“1”" in problem.message and "文本" in problem.remedy
    (row,) = cleaned.tables["扣分登记"]
    assert (row["编号"], row["数量"]) == ("1", 2)


@pytest.mark.parametrize(("rows", "codes"), [(65_535, []), (65_536, ["sheet.full"])])
def test_a_full_xls_is_warned_of(tmp_path: Path, rows: int, codes: list[str]) -> None:
    """An .xls whose last possible row is filled may have lost the rest: a warning."""
    book = xlwt.Workbook()
    page = book.add_sheet("Sheet1")
    for row, line in enumerate(MEETING):
        for column, value in enumerate(line):
            page.write(row, column, value)
    page.write(rows - 1, 0, "备注：完")
    book.save(str(valid_folder(tmp_path) / "参会登记.xls"))
    cleaned = clean(tmp_path, SCHEME)
    assert [p.code for p in cleaned.problems if p.severity == "warning"] == codes
    assert not cleaned.rejected
    assert len(cleaned.tables["参会登记"]) == 1


@pytest.mark.parametrize(
    ("name", "shown", "severity", "code"),
    [
        ("参会登记_城\n关镇.csv", "参会登记_城 关镇.csv", "error", "file.name"),
        ("参会登记\t.csv", "参会登记 .csv", "error", "file.name"),
        ("参会登记_\x1b[31m.csv", "参会登记_ [31m.csv", "error", "file.name"),
        ("参会登记_\u202excslx.csv", "参会登记_ xcslx.csv", "error", "file.name"),
        ("\r参会登记.csv", " 参会登记.csv", "error", "file.name"),
        ("别的\n.txt", "别的 .txt", "warning", "file.unknown"),
    ],
    ids=["break", "tab", "escape", "override", "return", "other"],
)
def test_names_with_control_characters(tmp_path: Path, name: str, shown: str, severity: str, code: str) -> None:
    """A name that could break or forge a line of output is refused under a name that can be printed."""
    cleaned = clean_file(tmp_path, name, b"x")
    problem = only(cleaned)
    assert (problem.severity, problem.code, problem.file) == (severity, code, shown)
    assert str(problem).isprintable()
    assert cleaned.tables["参会登记"] == ()


def test_every_format_is_tested() -> None:
    """The formats that are read a second time are all there are, csv aside."""
    assert set(FORMATS) - {"csv", "gb18030"} == {"xlsx", "xls", "ods"}
