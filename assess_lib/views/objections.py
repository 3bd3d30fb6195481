"""异议登记 as people see it: each objection's state, deadline and answer, and what its decision changed in points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assess_lib.objections import OPEN, OVERDUE, STATES
from assess_lib.views import words
from assess_lib.views.adjustments import HEADING as DECISIONS
from assess_lib.views.adjustments import adjustments_of, effect_text
from assess_lib.views.html import Column, Html, render, sentence, table
from assess_lib.views.lines import records

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

HEADING = "异议办理情况"
COLUMNS = (
    Column("number", "编号", "short"),
    Column("filed", "提出日期", "short"),
    Column("what", "异议事项"),
    Column("due", "答复时限", "short"),
    Column("state", "状态", "short"),
    Column("answered", "答复"),
    Column("decision", "调整复核及影响分值"),
)
UNIT_COLUMN = Column("unit", "单位", "short")
NO_DEADLINE = "未定"
_EXPLAINED = "已逾期未答复：没有答复，且答复时限早于计分日期；时限当天不算逾期。"
_NO_EFFECT = "异议本身不改变得分，改变得分的只有调整复核"


def objections_of(data: ScoredSet, unit_id: str | None = None) -> list[dict[str, Any]]:
    """Return the objections of one unit, or of all units, as dictionaries with the columns of ``Objection``."""
    return [row for row in records(data.objections) if unit_id is None or row["unit_id"] == unit_id]


def counted(rows: Sequence[Mapping[str, Any]]) -> str:
    """Count objections by state, the most urgent state first: 共 3 项：待答复 1 项，调整 2 项."""
    found = Counter(row["state"] for row in rows)
    return f"共 {len(rows)} 项：" + "，".join(f"{state} {found[state]} 项" for state in STATES if found[state])


def unanswered(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how many objections wait for an answer and how many of them are overdue; blank when none does.

    An objection is no unresolved item: it stops no final version, and this says so.
    """
    waiting = [row for row in rows if row["state"] in OPEN]
    if not waiting:
        return ""
    overdue = sum(row["state"] == OVERDUE for row in waiting)
    late = f"，其中 {overdue} 项已逾期" if overdue else ""
    return f"有 {len(waiting)} 项异议未答复{late}；不妨碍送审，但应按时答复。"


def cells_of(row: Mapping[str, Any], effects: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Return an objection's cells in words, by the keys of ``COLUMNS``; ``effects`` is what ``effects_of`` returns."""
    target = f"（{row['table']} {row['object']}）" if row["table"] else ""
    due = NO_DEADLINE if row["due"] is None else words.day(row["due"])
    answered = "" if row["answered"] is None else words.day(row["answered"]) + ("（逾期答复）" if row["late"] else "")
    effect = effects.get((row["unit_id"], row["decision"]), "")
    return {
        "number": row["number"],
        "filed": words.day(row["filed"]),
        "what": f"{row['matter']}{target}",
        "due": due + (f"（{row['due_by']}）" if row["due_by"] else ""),
        "state": row["state"],
        "answered": "：".join(filter(None, (answered, row["answer"]))),
        "decision": f"{row['decision']}：{effect}" if effect else row["decision"],
    }


def effects_of(decisions: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Return what each 调整复核 did to the final score, in words, by 单位编码 and 编号."""
    return {(row["unit_id"], row["number"]): effect_text(row) for row in decisions}


def of_unit(data: ScoredSet, unit_id: str) -> Html:
    """Show a unit's own objections in the order of their filing; nothing when it has none."""
    rows = objections_of(data, unit_id)
    if not rows:
        return sentence()
    waiting = any(row["state"] in OPEN for row in rows)
    said = f"本单位提出的异议{counted(rows)}。以{words.day(data.basis.run_date)}（计分日期）为准。"
    shown = _table(rows, effects_of(adjustments_of(data)))
    return sentence(said, mark="warn" if waiting else "said") + shown + sentence(*_explained(rows), mark="rest")


def annex(data: ScoredSet, names: Mapping[str, str]) -> Html:
    """Show every objection of the county as an annex, nothing when there are none; ``names`` is by unit code."""
    rows = objections_of(data)
    if not rows:
        return render("annex", heading="", texts=(), body="")
    units = len({row["unit_id"] for row in rows})
    said = f"异议{counted(rows)}，涉及 {units} 个单位。以{words.day(data.basis.run_date)}（计分日期）为准。"
    body = _table(rows, effects_of(adjustments_of(data)), names)
    return render("annex", heading=HEADING, texts=(said, *_explained(rows)), body=body)


def _explained(rows: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    annexed = any(row["decision"] for row in rows)
    return _EXPLAINED, _NO_EFFECT + (f"；影响分值怎样算，见附表“{DECISIONS}”。" if annexed else "。")


def _table(
    rows: Iterable[Mapping[str, Any]],
    effects: Mapping[tuple[str, str], str],
    names: Mapping[str, str] | None = None,
) -> Html:
    cells = [cells_of(row, effects) | {"unit": (names or {}).get(row["unit_id"], "")} for row in rows]
    columns = (COLUMNS[0], UNIT_COLUMN, *COLUMNS[1:]) if names else COLUMNS
    return table(cells, columns, css="dense objections")
