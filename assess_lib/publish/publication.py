"""The published version as files: a page, a PDF made of it, and a workbook; all from ``PublishedResult`` alone."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import xlsxwriter

from assess_lib.publish.site import compile_page, render_page
from assess_lib.store.workbook import FIXED_DATE, sheet_names
from assess_lib.views.publication import PublishedResult, published_result

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

_PAGE = "publication.html.j2"
_WIDTHS = {"序号": 8, "单位": 34, "等次": 24}
_NUMBER_WIDTH = 12


def get_ready() -> None:
    """Do once what every published version needs, for all processes forked from this one."""
    compile_page(_PAGE)


def publication_page(data: ScoredSet) -> str:
    """Return ``publication.html``: the same set gives the same bytes; no script, nothing fetched."""
    told = published_result(data)
    return render_page(_PAGE, told=told, units=sum(len(group.rows) for group in told.groups))


def publication_workbook(data: ScoredSet) -> bytes:
    """Return ``publication.xlsx``: one sheet a group, titled, ready to be printed; the same bytes for the same set."""
    told = published_result(data)
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": told.title, "created": FIXED_DATE})
    look = {"border": 1, "valign": "vcenter", "text_wrap": True}
    styles = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"}),
        "state": book.add_format({"align": "center", "font_color": "#595959"}),
        "head": book.add_format({**look, "bold": True, "align": "center", "bg_color": "#D9D9D9"}),
        "text": book.add_format(look),
        "middle": book.add_format({**look, "align": "center"}),
        "note": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for name, group in zip(sheet_names([group.name for group in told.groups]), told.groups, strict=True):
        _write_group(book.add_worksheet(name), told, group.name, group.rows, styles)
    book.close()
    return buffer.getvalue()


def _write_group(
    sheet: Any, told: PublishedResult, group: str, rows: tuple[tuple[str, ...], ...], styles: dict[str, Any]
) -> None:
    last = len(told.columns) - 1
    marks = "　".join(filter(None, (told.draft_label, "演示数据" if told.sample else "", told.approval)))
    sheet.merge_range(0, 0, 0, last, f"{told.title}（{group}）", styles["title"])
    sheet.merge_range(1, 0, 1, last, f"{told.subject}（{told.document}）　{marks}", styles["state"])
    sheet.set_row(0, 32)
    for index, column in enumerate(told.columns):
        sheet.set_column(index, index, _WIDTHS.get(column, _NUMBER_WIDTH))
        sheet.write_string(2, index, column, styles["head"])
    for number, row in enumerate(rows, start=3):
        for index, cell in enumerate(row):
            sheet.write_string(number, index, cell, styles["text" if told.columns[index] == "单位" else "middle"])
    end = 3 + len(rows)
    if told.objection:
        sheet.merge_range(end + 1, 0, end + 1, last, told.objection, styles["note"])
        sheet.set_row(end + 1, 48)
    sheet.freeze_panes(3, 0)
    sheet.set_paper(9)
    sheet.set_margins(left=1.1, right=1.0, top=1.4, bottom=1.3)
    sheet.center_horizontally()
    sheet.repeat_rows(2)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, end + (1 if told.objection else 0), last)
    sheet.set_footer("&C第 &P 页，共 &N 页")
