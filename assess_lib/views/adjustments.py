"""调整复核 wherever the number is: which decisions a result contains, what each changed, who decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from assess_lib.views import words
from assess_lib.views.html import Column, Html, render, table
from assess_lib.views.lines import Line, records
from assess_lib.views.words import Place, number, places, signed

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

HEADING = "调整复核情况"
_COLUMNS = (
    Column("number", "编号", "short"),
    Column("object", "对象"),
    Column("old", "原值", "number"),
    Column("new", "新值", "number"),
    Column("effect", "影响分值"),
    Column("reason", "理由"),
    Column("decider", "决定人"),
    Column("decided", "决定日期", "short"),
    Column("document", "批准文号"),
)
_UNIT_COLUMN = Column("unit", "单位", "short")
_EXPLAINED = (
    "原值：扣分登记为单次扣分乘以数量，评定加分为评定分；其他登记没有分值，以“—”表示。",
    "影响分值：假定没有这一项决定、其余不变，重新计分，现在的最终得分与它之差。"
    "上限、平均、加分开启线和单项否决都已计入，所以几项决定的影响不一定能相加。",
)


def adjustments_of(data: ScoredSet, unit_id: str | None = None) -> list[dict[str, Any]]:
    """Return the decisions of one unit, or of all units, as dictionaries with the columns of ``Adjustment``."""
    return [row for row in records(data.adjustments) if unit_id is None or row["unit_id"] == unit_id]


def decision_numbers(decisions: Iterable[Mapping[str, Any]]) -> dict[Place, str]:
    """Return the 编号 of each decision by the place of its row, as ledger rows name it among their sources."""
    return {place: str(row["number"]) for row in decisions for place in places(row["source"])}


def decided_by(line: Line, numbers: Mapping[Place, str]) -> str:
    """Return the 编号 of the decisions that a ledger row rests on, blank for a row without any."""
    return "、".join(numbers[place] for place in line.places if place in numbers)


def contained(decisions: list[dict[str, Any]], where: str = "") -> str:
    """Say that a result contains decisions, and where they are listed; blank when it contains none."""
    if not decisions:
        return ""
    units = len({row["unit_id"] for row in decisions})
    among = f"，涉及 {units} 个单位" if where == "county" else ""
    return f"本结果含 {len(decisions)} 项调整复核{among}，见附表“{HEADING}”。"


def effect_text(row: Mapping[str, Any]) -> str:
    """Print what a decision did to the final score, in words where there is no difference to print."""
    return signed(row["effect"]) if row["effect"] is not None else str(row["effect_note"])


def new_text(row: Mapping[str, Any]) -> str:
    """Print the value that a decision set; a revoked row has none."""
    return number(row["new"]) if row["new"] is not None else str(row["action"])


def annex(decisions: list[dict[str, Any]], lines: Iterable[Line], names: Mapping[str, str] | None = None) -> Html:
    """Show decisions as an annex of its own, nothing when there are none.

    ``lines`` are the ledger rows in which they may be found. With ``names`` (by unit code) each row names its unit.
    """
    if not decisions:
        return render("annex", heading="", texts=(), body="")
    numbers = decision_numbers(decisions)
    found: dict[tuple[str, Place], list[str]] = {}
    for line in lines:
        for place in line.places:
            if place in numbers:
                found.setdefault((line.unit_id, place), []).append(str(line.seq))
    rows = []
    for row in decisions:
        seen = [seq for place in places(row["source"]) for seq in found.get((row["unit_id"], place), ())]
        at = f"，台账第 {'、'.join(seen)} 行" if seen else ""
        what = f"（{row['what']}{at}）" if row["what"] or at else ""
        rows.append(
            row
            | {
                "unit": (names or {}).get(row["unit_id"], ""),
                "object": f"{row['table']} {row['object']}{what}",
                "new": new_text(row),
                "effect": effect_text(row),
                "decided": words.day(row["decided"]),
            }
        )
    columns = (_COLUMNS[0], _UNIT_COLUMN, *_COLUMNS[1:]) if names else _COLUMNS
    return render("annex", heading=HEADING, texts=_EXPLAINED, body=table(rows, columns, css="adjustments"))
