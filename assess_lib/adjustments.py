"""What each 调整复核 decided and what it did: the row's value before and after, and the unit's score without it.

The influence of a decision is found by judging the unit again as if that one decision did not exist. So caps, floors,
means, the gate and vetoes are all in it; the influences of several decisions need not add up to their joint one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assess_lib.exact import cents, show, times
from assess_lib.rules import Case, Unit
from assess_lib.scheme import Scheme
from assess_lib.scoring import Result, judge
from assess_lib.tables import TABLES, Row, Tables


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One decision of 调整复核.

    ``old`` is what the row would have been worth (单次扣分 × 数量, or 评定分; None for other tables), ``new`` the value
    set (None for 撤销). ``effect`` is the final score minus the one without this decision; it is None when one of
    the two does not exist, and ``effect_note`` says why. ``source`` names the decision's own row.
    """

    unit_id: str
    number: str
    table: str
    object: str
    what: str
    action: str
    old: Decimal | None
    new: Decimal | None
    effect: Decimal | None
    effect_note: str
    reason: str
    decider: str
    decided: date
    document: str
    source: str


def list_adjustments(
    tables: Tables, scheme: Scheme, readings: Mapping[str, str], run_date: date
) -> tuple[Adjustment, ...]:
    """List a year's decisions in the roster's order, within a unit in the order of their file rows.

    Takes what ``scoring.score`` takes. Example: a 扣分登记 of 1.00 revoked in a unit at 97.00: old 1.00, effect +1.00.
    """
    if not tables["调整复核"]:
        return ()
    case = Case.build(tables, scheme, readings, run_date)
    return tuple(made for unit in case.units for made in unit_adjustments(unit, case))


def unit_adjustments(unit: Unit, case: Case) -> list[Adjustment]:
    """List the decisions on one unit's rows, in the order of their file rows."""
    own = case.rows("调整复核", unit)
    actual = judge(unit, case) if own else None
    return [_adjustment(row, unit, case, actual) for row in own if actual is not None]


def _adjustment(decision: Row, unit: Unit, case: Case, actual: Result) -> Adjustment:
    objects = _objects(decision, unit, case)
    effect, note = _effect(actual, judge(unit, case.without(decision)))
    return Adjustment(
        unit.id,
        decision["编号"],
        decision["对象表"],
        decision["对象编号"],
        _what(objects),
        decision["处理"],
        _old(objects[0], case) if objects else None,
        cents(decision["新值"]) if decision["处理"] == "改值" else None,
        effect,
        note,
        decision["理由"],
        decision["决定人"],
        decision["决定日期"],
        decision["批准文号"],
        str(decision.source),
    )


def _objects(decision: Row, unit: Unit, case: Case) -> list[Row]:
    """Return the rows that a decision is about: one, or all the unit's rows of a ticket."""
    table, column = decision["对象表"], TABLES[decision["对象表"]].object_column
    return [row for row in case.rows(table, unit) if row[column] == decision["对象编号"]]


def _what(objects: Sequence[Row]) -> str:
    """Say in a few words what was decided on."""
    if not objects:
        return ""
    row = objects[0]
    match row.table:
        case "扣分登记":
            return str(row["事实"])
        case "评定加分":
            return str(row["事项"])
        case "表彰宣传":
            return f"{row['层级']}级，{row['事项名称']}"
        case "通报批评":
            return f"{row['层级']}级{row['类型']}，{row['文号或网址']}"
        case _:
            return f"{len(objects)} 次红灯"


def _old(row: Row, case: Case) -> Decimal | None:
    """Return what a row was worth before the decision; None where a row has no value of its own."""
    if row.table == "扣分登记":
        return cents(times(case.standards[row["标准编号"]]["单次扣分"], row["数量"] or 1))
    return cents(row["评定分"]) if row.table == "评定加分" else None


def _effect(actual: Result, otherwise: Result) -> tuple[Decimal | None, str]:
    if actual.final_score is not None and otherwise.final_score is not None:
        return cents(actual.final_score - otherwise.final_score), ""
    if actual.final_score is not None:
        return None, f"不作此决定则单项否决；作出后得 {show(actual.final_score)}"
    if otherwise.final_score is not None:
        return None, f"不作此决定则得 {show(otherwise.final_score)}；作出后单项否决"
    return None, "单项否决，不计分"
