"""What a unit has still to do, and how it objects: open items with remedies, and a form to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assess_lib.errors import SEVERITY_NAMES, Severity
from assess_lib.views import objections, page
from assess_lib.views.html import Column, Html, render, sentence, table
from assess_lib.views.lines import records

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

BLANK_ROWS = 4
_COLUMNS = (
    Column("kind", "性质", "short"),
    Column("message", "事项"),
    Column("where", "在哪里补", "short"),
    Column("remedy", "怎么办"),
    Column("until", "何时之前", "short"),
    Column("done", "办结", "short"),
)
_FORM = ("提出日期", "事项（台账行号、应为多少、依据）", "答复时限", "答复", "转调整复核编号")
_UNTIL = {"unresolved": "送审之前", "warning": "定稿之前"}


def doubts(report: UnitReport, severity: Severity) -> list[dict[str, str]]:
    """List the unit's problems of one severity: scoring names the unit in ``value``, the item in ``code``."""
    problems = report.data.problems
    scoring = tuple(f"{severity}.{item.id.lower()}." for item in report.scheme.items)
    mine = problems[(problems["severity"] == severity) & (problems["value"] == report.name)]
    return [
        {
            "kind": SEVERITY_NAMES[severity],
            "message": row["message"],
            "where": f"“{row['table']}”" if row["table"] else "",
            "remedy": row["remedy"],
            "until": _UNTIL[severity],
            "done": "□",
        }
        for row in records(mine)
        if str(row["code"]).startswith(scoring)
    ]


def to_do(report: UnitReport) -> Html:
    """Show what is unresolved: what, in which table, what to do, before when; then what deserves attention."""
    rows = doubts(report, "unresolved") + doubts(report, "warning")
    if not report.open_items and not rows:
        return sentence("本单位没有待定事项，也没有需要补正的登记。", mark="said")
    said = (
        f"共 {len(report.open_items)} 个项目待定（{'、'.join(item.id for item in report.open_items)}），"
        "补正后须重新计分，结果可能变化；有待定项目时不能送审。"
        if report.open_items
        else "没有待定事项；下列登记请核对。"
    )
    return sentence(said, mark="warn" if report.open_items else "said") + table(rows, _COLUMNS, css="to-do by-step")


def objection(report: UnitReport) -> Html:
    """Show the unit's own objections, then how to object, and the form 异议登记 with blank rows.

    Where to hand it in, and by when it is answered, only if the scheme says so.
    """
    approved = report.data.approval is not None
    return objections.of_unit(report.data, report.unit_id) + render(
        "unit_objection",
        steps=(
            "找到有异议的数：正文的注号就是台账行号，台账每行写有算式和出处。",
            "在《异议登记》中写明事项：第几行、应为多少、依据什么，并附佐证（电子版、网址或照片）。",
            "单位负责人签字后交考核领导小组办公室，由办公室登记、填写答复时限和答复。",
            "经决定更正的，登入“调整复核”，写明编号、决定人、批准文号；重新计分后，本报告随之改正。",
        ),
        office=report.scheme.publication.objection or "受理部门、联系方式和期限以考核领导小组办公室的通知为准。",
        deadline=_answered_within(report),
        state=page.draft_label(report.data),
        approved=approved,
        unit=f"{report.name}（{report.unit_id}）",
        columns=_FORM,
        rows=range(1, BLANK_ROWS + 1),
    )


def _answered_within(report: UnitReport) -> str:
    """Say by when an objection is answered; blank when the scheme sets no time."""
    told = report.scheme.objections
    if told is None:
        return ""
    basis = f"{told.clause}，{told.approval}" if told.clause else told.approval
    return f"自提出之日的次日起 {told.answer_within_days} 个自然日内答复（{basis}）；另行通知时限的，以通知为准。"
