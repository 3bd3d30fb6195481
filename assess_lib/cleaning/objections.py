"""Checks of 异议登记: an answer has a day and a result, a change has its decision, an object is the unit's own.

Nothing here moves a score. But a register that speaks of a decision or an object that is not there would tell a unit
something untrue, so that is an error like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from assess_lib.cleaning.drafts import Draft, Findings, place
from assess_lib.cleaning.nearest import nearest, suggest
from assess_lib.tables import TABLES

TABLE = "异议登记"
_DECISIONS = "调整复核"

Drafts = Mapping[str, list[Draft]]


def check_objections(drafts: Drafts, findings: Findings, broken: set[str]) -> None:
    """Check each row of 异议登记: its days, its answer, its object, and the decision that it led to.

    What cannot be looked up because its own row or table could not be read (``broken``) is not reported a second time.
    """
    if not drafts[TABLE]:
        return
    decisions = _Lookup(drafts[_DECISIONS], "编号", _DECISIONS in broken)
    objects: dict[str, _Lookup] = {}
    for draft in drafts[TABLE]:
        _check_days(draft, findings)
        _check_answer(draft, findings)
        _check_object(draft, drafts, objects, findings, broken)
        _check_decision(draft, decisions, findings)


class _Lookup:
    """The rows of a table by number; ``unsure`` where a row may be missing only because it could not be read."""

    def __init__(self, rows: Iterable[Draft], column: str, broken: bool) -> None:
        self.rows: defaultdict[str, list[Draft]] = defaultdict(list)
        self.unsure = broken
        for row in rows:
            self.unsure = self.unsure or column in row.bad
            if row.text(column):
                self.rows[row.text(column)].append(row)

    def hint(self, number: str) -> str:
        return suggest(number, self.rows) if self.rows else "该表没有数据。"


def _check_days(draft: Draft, findings: Findings) -> None:
    filed, due, answered = (draft.values.get(column) for column in ("提出日期", "答复时限", "答复日期"))
    if isinstance(filed, date) and isinstance(due, date) and due < filed:
        findings.at(
            draft,
            "答复时限",
            "error",
            "objection.due_before",
            f"答复时限 {due} 早于提出日期 {filed}。",
            "请核对后更正其中一个。",
        )
    if isinstance(filed, date) and isinstance(answered, date) and answered < filed:
        findings.at(
            draft,
            "答复日期",
            "error",
            "objection.answered_before",
            f"答复日期 {answered} 早于提出日期 {filed}。",
            "请核对后更正其中一个。",
        )


def _check_answer(draft: Draft, findings: Findings) -> None:
    """Hold 答复日期, 处理结果 and 答复意见 to one another: an answer has a day and a result, or it is none."""
    if not draft.readable(("答复日期", "处理结果")):
        return
    answered, outcome = draft.values.get("答复日期"), draft.text("处理结果")
    if outcome and answered is None:
        findings.at(
            draft,
            "处理结果",
            "error",
            "objection.undated",
            f"处理结果填了“{outcome}”，没有填答复日期。",
            "请填答复日期；还没有答复的，清空处理结果。",
        )
    elif answered is not None and not outcome:
        findings.at(
            draft,
            "处理结果",
            "error",
            "objection.no_result",
            f"已于 {answered} 答复，没有填处理结果。",
            "请填 维持、调整 或 更正；还没有答复的，清空答复日期。",
        )
    elif draft.text("答复意见") and answered is None:
        findings.at(
            draft,
            "答复意见",
            "warning",
            "objection.answer_undated",
            "有答复意见，没有答复日期和处理结果，按未答复计。",
            "已答复的，请补填答复日期和处理结果。",
        )


def _check_object(
    draft: Draft, drafts: Drafts, objects: dict[str, _Lookup], findings: Findings, broken: set[str]
) -> None:
    """Check the row objected to, if one is named: it can be decided on, is there, and is the unit's own."""
    table, number, unit = draft.text("对象表"), draft.text("对象编号"), draft.text("单位")
    if not draft.readable(("对象表", "对象编号")) or not (table or number):
        return
    if not (table and number):
        given, lacking = ("对象表", "对象编号") if table else ("对象编号", "对象表")
        findings.at(
            draft,
            lacking,
            "error",
            "objection.half_object",
            f"填了{given}，没有填{lacking}。",
            "请两个都填；异议不针对某一笔登记的，两个都空着。",
        )
        return
    column = TABLES[table].object_column if table in TABLES else ""
    if not column:
        named = [name for name, spec in TABLES.items() if spec.object_column]
        findings.at(
            draft,
            "对象表",
            "error",
            "objection.table",
            f"对象表“{table}”没有可以指明的编号。最接近：{nearest(table, named, 1)[0]}。",
            f"可填：{' / '.join(named)}；异议不针对其中某一笔登记的，对象表和对象编号都空着。",
        )
        return
    lookup = objects.setdefault(table, _Lookup(drafts[table], column, table in broken))
    found = lookup.rows.get(number, [])
    if not found and not lookup.unsure:
        findings.at(
            draft,
            "对象编号",
            "error",
            "objection.object",
            f"{table}中没有“{number}”。{lookup.hint(number)}",
            "请更正对象表或对象编号。",
        )
    elif found and unit and not any(_same_unit(row, unit) for row in found):
        findings.at(
            draft,
            "单位",
            "error",
            "objection.unit",
            f"{table}“{number}”是另一单位的（{_unit_shown(found[0])}，见{place(found[0])}）。",
            "请更正单位或对象编号。",
        )


def _check_decision(draft: Draft, decisions: _Lookup, findings: Findings) -> None:
    """Check the decision that an objection led to: there where one must be, the unit's own, on the same object."""
    number, unit, outcome = draft.text("调整复核编号"), draft.text("单位"), draft.text("处理结果")
    if not draft.readable(("调整复核编号", "处理结果")):
        return
    if not number:
        if outcome == "调整":
            findings.at(
                draft,
                "调整复核编号",
                "error",
                "objection.no_decision",
                "处理结果为调整，没有填调整复核编号；只有调整复核才改变得分。",
                "请先在“调整复核”中登记决定，再在这里填它的编号；直接更正了登记表的，处理结果填 更正。",
            )
        return
    found = decisions.rows.get(number, [])
    if not found:
        if not decisions.unsure:
            findings.at(
                draft,
                "调整复核编号",
                "error",
                "objection.decision",
                f"调整复核中没有“{number}”。{decisions.hint(number)}",
                "请更正编号，或先在“调整复核”中登记决定。",
            )
        return
    decision = found[0]
    if unit and not any(_same_unit(row, unit) for row in found):
        findings.at(
            draft,
            "调整复核编号",
            "error",
            "objection.decision_unit",
            f"调整复核“{number}”是另一单位的（{_unit_shown(decision)}，见{place(decision)}）。",
            "请更正单位或调整复核编号。",
        )
        return
    if outcome in ("维持", "更正"):
        findings.at(
            draft,
            "调整复核编号",
            "warning",
            "objection.needless_decision",
            f"处理结果为{outcome}，却填了调整复核“{number}”；这一决定仍然改变得分。",
            "请更正处理结果，或清空调整复核编号。",
        )
    elif not outcome:
        findings.at(
            draft,
            "调整复核编号",
            "warning",
            "objection.decided_unanswered",
            f"已有调整复核“{number}”，还没有登记答复，按未答复计。",
            "请补填答复日期和处理结果。",
        )
    named = (draft.text("对象表"), draft.text("对象编号"))
    decided = (decision.text("对象表"), decision.text("对象编号"))
    if all(named) and all(decided) and named != decided:
        findings.at(
            draft,
            "调整复核编号",
            "warning",
            "objection.other_object",
            f"调整复核“{number}”处理的是{decided[0]}“{decided[1]}”，不是异议所指的{named[0]}“{named[1]}”。",
            "请核对对象编号和调整复核编号。",
        )


def _same_unit(row: Draft, unit: str) -> bool:
    """Tell whether a row is the unit's own; one whose unit could not be read is given the benefit of the doubt."""
    return row.text("单位") == unit or not row.readable(("单位",))


def _unit_shown(row: Draft) -> str:
    return row.shown.get("单位", "").strip()
