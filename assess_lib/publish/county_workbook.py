"""The county's summary as a workbook, in the form that an office hands on (汇总表): ready to be printed and filed.

Numbers are written as the exact decimals they are; text stays text, whatever it begins with.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

import xlsxwriter

from assess_lib.store.quick_sheet import QuickSheet
from assess_lib.store.workbook import FIXED_DATE
from assess_lib.tables import Tables
from assess_lib.views import adjustments, objections, page, words
from assess_lib.views.county import VETO_FORM
from assess_lib.views.county_facts import CountyFacts
from assess_lib.views.lines import records

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

SUMMARY, DEDUCTIONS, BONUSES, OPEN = "汇总表", "扣分明细", "加分明细", "待定事项"
OBJECTIONS = objections.HEADING
SIGNATURES = "编制人：　　　　　　　　　　复核人：　　　　　　　　　　日期：　　　　　　　　　　"
_LONGEST = 32_000  # characters that are put into a cell; Excel takes 32,767 UTF-16 units
_CUT = "……（全文见 county_summary.html）"
_FONT = "宋体"
_WIDE = re.compile("[\u2e80-\U0010ffff“”‘’…—]")  # letters that take the room of two
Cell = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a sheet: its heading, its width in characters, a heading above it that it shares with others."""

    title: str
    width: float
    kind: str = "text"  # text, middle, points, whole
    above: str = ""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet: name, columns, rows of cells, how many columns stay in sight, the least height of a row (points)."""

    name: str
    columns: tuple[_Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kept: int = 2
    height: float = 18
    empty: str = "无。"
    note: str = ""


def county_workbook(data: ScoredSet, tables: Tables) -> bytes:
    """Return ``county_summary.xlsx``: results, vetoes to confirm, every deduction and award, what is open, objections.

    Takes a scored set and its clean tables; the same set gives the same bytes. The sheet of objections is there only
    if any is registered.
    """
    return workbook_of(CountyFacts(data, tables))


def workbook_of(facts: CountyFacts) -> bytes:
    """Return ``county_workbook`` of facts that another document is made of too."""
    data = facts.data
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": f"{data.basis.year}年度考核结果汇总", "created": FIXED_DATE})
    styles = _styles(book)
    sheets = [_summary(facts), _vetoes(facts), _deductions(facts), _bonuses(facts), _open_items(facts)]
    if registered := objections.objections_of(data):
        sheets.append(_objections(facts, registered))
    for sheet in sheets:
        _write(book.add_worksheet(sheet.name, QuickSheet), sheet, facts, styles)
    book.close()
    return buffer.getvalue()


# ---- what stands in the sheets ------------------------------------------------------------------------------------


def _summary(facts: CountyFacts) -> _Sheet:
    scheme = facts.scheme
    bonus = scheme.part_items("bonus")
    key = scheme.key_items if len(scheme.key_items) > 1 else ()  # a single one is the key score itself
    rows: list[tuple[Cell, ...]] = []
    for group in scheme.groups:
        for row in facts.ordered(group.name):
            points = [facts.cells.get((row["unit_id"], item.id), {}).get("points") for item in bonus]
            of_key = [facts.cells.get((row["unit_id"], item.id), {}).get("points") for item in key]
            rows.append(
                (
                    len(rows) + 1,
                    row["unit_name"],
                    row["group"],
                    *of_key,
                    row["key_score"],
                    *points,
                    row["bonus_score"],
                    row["final_score"],
                    scheme.grades.printed(row["grade"]),
                    row["rank_in_group"],
                    row["rank_overall"],
                    facts.remark(row),
                )
            )
    above = f"{scheme.parts.bonus.name}项目"
    columns = (
        _Column("序号", 5, "whole"),
        _Column("单位", 27),
        _Column("组别", 10, "middle"),
        *(_Column(item.name, 6.5, "points", f"{scheme.parts.key.name}项目") for item in key),
        _Column(scheme.parts.key.name, 9, "points"),
        *(_Column(item.name, 6.5, "points", above) for item in bonus),
        _Column(scheme.parts.bonus.name, 8, "points"),
        _Column("最终得分", 9, "points"),
        _Column("等次", 21, "middle"),
        _Column("组内名次", 6, "whole"),
        _Column("总名次", 6, "whole"),
        _Column("备注", 22),
    )
    return _Sheet(SUMMARY, columns, tuple(rows), height=15)


def _vetoes(facts: CountyFacts) -> _Sheet:
    groups = {row["unit_id"]: row["group"] for row in facts.results}
    rows = tuple(
        (
            number,
            facts.names[veto.unit_id],
            groups[veto.unit_id],
            f"{veto.item.clause} {veto.item.name}",
            "\n".join(veto.facts),
            "\n".join(dict.fromkeys(filter(None, veto.documents))),
            "\n".join(dict.fromkeys(veto.sources)),
            None,
            None,
            None,
        )
        for number, veto in enumerate(facts.vetoes, start=1)
    )
    columns = (
        _Column("序号", 5, "whole"),
        _Column("单位", 16),
        _Column("组别", 9, "middle"),
        _Column("条款", 12),
        _Column("事实", 34),
        _Column("文号", 22),
        _Column("出处", 22),
        _Column("认定意见", 14),
        _Column("认定人", 9),
        _Column("日期", 11),
    )
    return _Sheet(VETO_FORM, columns, rows, height=60, empty=f"没有单位被{facts.scheme.parts.veto.name}。")


def _deductions(facts: CountyFacts) -> _Sheet:
    rows = tuple(
        (
            number,
            facts.names[one.line.unit_id],
            one.code,
            one.line.label,
            one.line.formula,
            one.line.nominal,
            one.line.points,
            one.line.status_word,
            one.line.place_text,
            one.line.evidence_id,
        )
        for number, one in enumerate((one for cost in facts.costs() for one in cost.deductions), start=1)
    )
    columns = (
        _Column("序号", 5, "whole"),
        _Column("单位", 18),
        _Column("标准编号", 9, "middle"),
        _Column("事实", 54),
        _Column("算式", 30),
        _Column("应计", 8, "points"),
        _Column("实计", 8, "points"),
        _Column("状态", 7, "middle"),
        _Column("出处", 32),
        _Column("佐证", 13),
    )
    return _Sheet(DEDUCTIONS, columns, rows, empty=f"{facts.no_losses}。")


def _bonuses(facts: CountyFacts) -> _Sheet:
    lines = [
        line
        for item in facts.scheme.part_items("bonus")
        for line in facts.bonus_lines(item.id)
        if line.moved or line.status != "counted"
    ]
    rows = tuple(
        (
            number,
            facts.item_name(line.item),
            facts.names[line.unit_id],
            line.label,
            line.formula,
            line.nominal,
            line.points,
            line.after,
            line.status_word,
            line.place_text,
            line.evidence_id,
        )
        for number, line in enumerate(lines, start=1)
    )
    columns = (
        _Column("序号", 5, "whole"),
        _Column("项目", 12),
        _Column("单位", 18),
        _Column("事由", 46),
        _Column("算式", 28),
        _Column("应计", 8, "points"),
        _Column("实计", 8, "points"),
        _Column("累计", 8, "points"),
        _Column("状态", 7, "middle"),
        _Column("出处", 28),
        _Column("佐证", 12),
    )
    note = "没有变动分值的登记（按要求到会、按时完成、未进得分名次）不列，见各单位报告"
    return _Sheet(BONUSES, columns, rows, kept=3, empty="没有加分或扣分的事实。", note=note)


def _open_items(facts: CountyFacts) -> _Sheet:
    mine = [row for row in records(facts.data.problems) if row["severity"] == "unresolved"]
    rows = tuple(
        (number, str(row["value"]), str(row["table"]), str(row["message"]), str(row["remedy"]), None)
        for number, row in enumerate(mine, start=1)
    )
    columns = (
        _Column("序号", 5, "whole"),
        _Column("单位", 22),
        _Column("表", 14),
        _Column("待定事项", 52),
        _Column("怎么办", 46),
        _Column("办理情况", 18),
    )
    return _Sheet(OPEN, columns, rows, empty="没有待定事项。")


def _objections(facts: CountyFacts, registered: Sequence[dict[str, Any]]) -> _Sheet:
    effects = objections.effects_of(adjustments.adjustments_of(facts.data))
    told = [(facts.names[row["unit_id"]], row["handler"], objections.cells_of(row, effects)) for row in registered]
    rows = tuple(
        (number, unit, *(cells[column.key] for column in objections.COLUMNS), handler)
        for number, (unit, handler, cells) in enumerate(told, start=1)
    )
    widths = {"number": 10, "filed": 14, "what": 40, "due": 18, "state": 13, "answered": 36, "decision": 22}
    columns = (
        _Column("序号", 5, "whole"),
        _Column("单位", 18),
        *(_Column(column.title, widths[column.key]) for column in objections.COLUMNS),
        _Column("经办人", 12),
    )
    return _Sheet(OBJECTIONS, columns, rows, note=f"异议{objections.counted(registered)}")


# ---- how a sheet looks --------------------------------------------------------------------------------------------


def _styles(book: Any) -> dict[str, Any]:
    look = {"font_name": _FONT, "font_size": 10, "border": 1, "valign": "vcenter", "text_wrap": True}
    return {
        "title": book.add_format(
            {"font_name": _FONT, "font_size": 18, "bold": True, "align": "center", "valign": "vcenter"}
        ),
        "state": book.add_format({"font_name": _FONT, "font_size": 10, "align": "center", "valign": "vcenter"}),
        "head": book.add_format({**look, "bold": True, "align": "center", "bg_color": "#D9D9D9"}),
        "text": book.add_format({**look, "num_format": "@"}),
        "middle": book.add_format({**look, "align": "center", "num_format": "@"}),
        "points": book.add_format({**look, "num_format": "0.00"}),
        "whole": book.add_format({**look, "align": "center", "num_format": "0"}),
        "sign": book.add_format({"font_name": _FONT, "font_size": 11, "valign": "vcenter"}),
    }


def state_line(facts: CountyFacts) -> str:
    """Return the line below a title: state, sample mark, document, run date, approval."""
    basis = facts.data.basis
    return "　".join(
        filter(
            None,
            (
                page.draft_label(facts.data),
                page.SAMPLE if basis.scheme.sample else "",
                f"依据：{basis.scheme.document.number}",
                f"计分日期：{words.day(basis.run_date)}",
                page.approval_line(facts.data),
            ),
        )
    )


def _write(sheet: Any, made: _Sheet, facts: CountyFacts, styles: dict[str, Any]) -> None:
    """Write title, state, headings, rows and the line to sign; then set the page."""
    last = len(made.columns) - 1
    title = f"结果{made.name}" if made.name == SUMMARY else made.name
    sheet.merge_range(0, 0, 0, last, f"{page.subject(facts.data)}{title}", styles["title"])
    sheet.merge_range(1, 0, 1, last, "　".join(filter(None, (state_line(facts), made.note))), styles["state"])
    sheet.set_row(0, 32)
    sheet.set_row(1, 18)
    head = _write_head(sheet, made.columns, styles)
    for number, row in enumerate(made.rows, start=head + 1):
        sheet.set_row(number, max(made.height, 13.5 * _lines(row, made.columns) + 1))
    looks = [styles[column.kind] for column in made.columns]
    sheet.put_cells(
        [
            (number, index, _fit(cell) if isinstance(cell, str) else cell, look)
            for number, row in enumerate(made.rows, start=head + 1)
            for index, (cell, look) in enumerate(zip(row, looks, strict=True))
        ]
    )
    end = head + len(made.rows)
    if not made.rows:
        end += 1
        sheet.merge_range(end, 0, end, last, made.empty, styles["text"])
    sheet.merge_range(end + 2, 0, end + 2, last, SIGNATURES, styles["sign"])
    sheet.freeze_panes(head + 1, made.kept)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.6, right=0.6, top=0.8, bottom=0.8)
    sheet.center_horizontally()
    sheet.repeat_rows(2, head)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, end + 2, last)
    sheet.set_footer(f"&L{_in_footer(page.draft_label(facts.data))}&C第 &P 页，共 &N 页&R{_in_footer(made.name)}")


def _write_head(sheet: Any, columns: Sequence[_Column], styles: dict[str, Any]) -> int:
    """Write the headings, in two rows where columns share one; return the last heading row."""
    head = 3 if any(column.above for column in columns) else 2
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)
        if head == 3 and not column.above:
            sheet.merge_range(2, index, 3, index, column.title, styles["head"])
        else:
            sheet.write_string(head, index, column.title, styles["head"])
    for title, run in groupby(enumerate(columns), key=lambda pair: pair[1].above):
        places = [index for index, _ in run] if title else []
        if len(places) > 1:
            sheet.merge_range(2, places[0], 2, places[-1], title, styles["head"])
        elif places:
            sheet.write_string(2, places[0], title, styles["head"])
    sheet.set_row(head, 30)
    return head


def _fit(text: str) -> str | None:
    """Cut a text that Excel would refuse, and say so; what it cannot encode is written out. Nothing is no text."""
    if len(text) * 2 <= _LONGEST and text.isprintable():
        return text or None
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    if len(text.encode("utf-16-le")) // 2 <= _LONGEST:
        return text
    return text[: _LONGEST // 2] + _CUT


def _in_footer(text: str) -> str:
    return text.replace("&", "&&")


def _lines(row: Sequence[Cell], columns: Sequence[_Column]) -> int:
    """Guess how many lines a row needs: Excel does not measure a wrapped row that a program wrote."""
    needed = 1
    for cell, column in zip(row, columns, strict=True):
        wide = max(1, int(column.width))
        if isinstance(cell, str) and (len(cell) * 2 > wide or "\n" in cell):
            needed = max(needed, sum(-(-_width(line) // wide) or 1 for line in cell.split("\n")))
    return min(needed, 29)  # Excel's tallest row is 409 points


def _width(text: str) -> int:
    return len(text) + len(_WIDE.findall(text))
