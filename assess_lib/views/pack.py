"""What a unit gets to take away besides its report: its to-do list and its own ledger as tables, and a covering note.

They show what the report shows and nothing more: rivals' rows and single opinions of leaders stay out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.store import csvfile
from assess_lib.views import page, words
from assess_lib.views.lines import Line
from assess_lib.views.unit_open import doubts

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

TO_DO_COLUMNS = {"kind": "性质", "message": "事项", "where": "在哪里补", "remedy": "怎么办", "until": "何时之前"}
_CONTENTS = {
    "report.html": "考核情况报告（网页，用浏览器打开）",
    "report.pdf": "考核情况报告（打印用）",
    "todo.csv": "待办清单：待定事项和需要核对的登记，写明补哪张表、怎么办",
    "ledger.csv": "本单位台账：每一笔的条款、算式、分值和来源（用 Excel 或 WPS 打开）",
}


def to_do_csv(report: UnitReport) -> bytes:
    """Return the to-do list: a row for each open question, then for each warning; a header alone when there is none."""
    rows = doubts(report, "unresolved") + doubts(report, "warning")
    return csvfile.dump(tuple(TO_DO_COLUMNS.values()), ([row[key] for key in TO_DO_COLUMNS] for row in rows))


def ledger_csv(report: UnitReport) -> bytes:
    """Return the unit's ledger under the columns of ``ledger.csv``, with what its report may show of each row.

    In a ranking item ``source`` names the unit's own rows alone; of leaders' opinions it tells how many there are.
    """
    return csvfile.dump(LEDGER_COLUMNS, ([_cell(line, column) for column in LEDGER_COLUMNS] for line in report.lines))


def _cell(line: Line, column: str) -> csvfile.Cell:
    if column == "reading":
        return "; ".join(f"{key}={option}" for key, option in line.readings)
    if column == "source":
        return "; ".join(f"{p.file}!{p.sheet}!{p.row}" for p in line.places) or line.place_text
    value: csvfile.Cell = getattr(line, column)
    return value


def covering_note(report: UnitReport, receipt: str, digests: Mapping[str, str]) -> bytes:
    """Return the note that lies with the files: whose, of what state, what each file is, its SHA-256.

    ``receipt`` is the digest of the set's receipt; ``digests`` gives the SHA-256 of each file of the pack, by its kind
    (``report.html`` …).
    """
    data = report.data
    lines = [
        f"{report.name}（{report.unit_id}）{data.basis.year}年度考核材料 · {page.draft_label(data)}",
        f"计分日期：{words.day(data.basis.run_date)}",
        f"凭据摘要：{receipt}",
        *(f"{name}：{value}" for name, value in page.approval_facts(data)),
        *([f"本材料由{page.SAMPLE}生成，事实均为虚构。"] if data.basis.scheme.sample else []),
        "",
        "本压缩包只含本单位的内容：",
    ]
    for kind, digest in digests.items():
        lines += [f"  {report.unit_id}_{kind}　{_CONTENTS[kind]}", f"    SHA-256：{digest}"]
    lines += ["", "对结果有异议的，请填写报告末尾的异议登记，连同佐证报考核办。"]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")
