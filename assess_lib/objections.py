"""The register of objections (异议登记): who objects to what, by when it must be answered, what came of it.

An objection moves no score; only a decision of 调整复核 does. An answer that is registered stands, whatever day the
year is judged on. One that is not is overdue when its deadline lies before the run date: the deadline's own day is
still in time, and today's clock plays no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from assess_lib.scheme import Scheme
from assess_lib.tables import Row, Tables

TABLE = "异议登记"
# The most urgent first. 调整: decided in 调整复核; 更正: the row itself was put right, as in tables without a number.
State = Literal["已逾期未答复", "待答复", "调整", "更正", "维持"]
OVERDUE: State = "已逾期未答复"
WAITING: State = "待答复"
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = (OVERDUE, WAITING)


@dataclass(frozen=True, slots=True)
class Objection:
    """One row of 异议登记 as judged on the run date.

    ``table`` and ``object`` name the row objected to (blank: none was named). ``due`` is the day by which it must be
    answered, None when neither the row nor the scheme sets one; ``due_by`` is the scheme's approval number when the
    scheme set it, else blank. ``late`` says that the answer came after that day. ``decision`` is the 编号 of the
    调整复核 that followed, ``source`` names the objection's own row.
    """

    unit_id: str
    number: str
    filed: date
    matter: str
    table: str
    object: str
    due: date | None
    due_by: str
    answered: date | None
    answer: str
    state: State
    late: bool
    decision: str
    handler: str
    source: str


def list_objections(tables: Tables, scheme: Scheme, run_date: date) -> tuple[Objection, ...]:
    """List a year's objections in the roster's order, within a unit by the day of filing, then by file and row.

    Example: filed on 2022-12-20, due on 2022-12-30, no answer: 待答复 on 2022-12-30, 已逾期未答复 on 2022-12-31.
    """
    rows = tables.get(TABLE, ())
    if not rows:
        return ()
    order = {row["单位编码"]: place for place, row in enumerate(tables["单位名录"])}
    ordered = sorted(rows, key=lambda row: (order[row["单位"]], row["提出日期"], row.source))
    return tuple(_objection(row, scheme, run_date) for row in ordered)


def _objection(row: Row, scheme: Scheme, run_date: date) -> Objection:
    due, by = row["答复时限"], ""
    if due is None and scheme.objections is not None:
        due, by = _after(row["提出日期"], scheme.objections.answer_within_days), scheme.objections.approval
    answered = row["答复日期"]
    state: State = row["处理结果"] or (OVERDUE if due is not None and due < run_date else WAITING)
    return Objection(
        row["单位"],
        row["编号"],
        row["提出日期"],
        row["异议事项"],
        row["对象表"] or "",
        row["对象编号"] or "",
        due,
        by,
        answered,
        row["答复意见"] or "",
        state,
        answered is not None and due is not None and answered > due,
        row["调整复核编号"] or "",
        row["经办人"] or "",
        str(row.source),
    )


def _after(day: date, days: int) -> date:
    """Return the day that lies so many calendar days later; the calendar's last one where there is none."""
    return day + timedelta(days) if (date.max - day).days >= days else date.max
