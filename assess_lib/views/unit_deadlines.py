"""Deadlines kept and missed: the reports and assigned tasks that a unit owed, as its ledger tells them.

The ledger is read, nothing is judged again: what was late, missing or exempt is what the rows say and cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from assess_lib.scheme import DEDUCTING_METHODS, ReportFacts, TaskFacts
from assess_lib.views.html import Html, render, sentence
from assess_lib.views.lines import Line
from assess_lib.views.words import ABSENT, share, short_day, signed

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

Outcome = Literal["kept", "late", "missing", "not owed"]
SHOWN = 18
"""Rows shown at most; deadlines that were kept give way first."""
_MARKS = {"kept": "○", "late": "▲", "missing": "×"}

# As rules.deduction writes the labels. A task's own text may hold brackets: the last 时限 before the outcome counts.
_REPORT = re.compile(r"(?P<what>半年汇报|年度总结|第\d季度进展)（(?P<due>[\d-]{10}) 到期）：(?P<how>.*)", re.DOTALL)
_TASK = re.compile(r"任务 (?P<what>.*)（时限 (?P<due>[\d-]{10})）：(?P<how>[^：]*)", re.DOTALL)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d) (?:收到|才收到|完成|才完成)(?:，迟 (\d+) 天)?")


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing owed by a day: what, due when, received when (None: not), how that was judged and what it cost.

    ``days_late`` is what the ledger charges for: days after the last one in time, 0 unless it came late.
    """

    seq: int
    what: str
    due: date
    received: date | None
    outcome: Outcome
    cost: Decimal
    days_late: int = 0
    is_task: bool = False


def deadlines(report: UnitReport) -> tuple[Deadline, ...]:
    """Return what the unit owed by a day in the items that were judged, by due day, then by ledger row."""
    found = []
    for item in report.scheme.items:
        rule = item.rule
        if isinstance(rule, DEDUCTING_METHODS):
            kinds = {type(fact) for fact in rule.facts}
            found += list(_read(report.item_lines(item.id), kinds))
    return tuple(sorted(found, key=lambda each: (each.due, each.seq)))


def _read(lines: tuple[Line, ...], kinds: set[type]) -> Iterator[Deadline]:
    for line in lines:
        match = _REPORT.fullmatch(line.label) if ReportFacts in kinds else None
        if match is None and TaskFacts in kinds:
            match = _TASK.fullmatch(line.label)
        if match is None or line.points is None:
            continue
        day = _DAY.match(match["how"])
        received = date.fromisoformat(day[1]) if day else None
        yield Deadline(
            line.seq,
            match["what"],
            date.fromisoformat(match["due"]),
            received,
            _outcome(line, match["how"]),
            line.moved,
            int(day[2] or 0) if day else 0,
            match.re is _TASK,
        )


def _outcome(line: Line, how: str) -> Outcome:
    if line.status in ("suppressed", "exempt"):
        return "not owed"
    if not line.nominal:
        return "kept"
    return "missing" if how.startswith(("未收到", "未完成")) or "按未" in how else "late"


def show(report: UnitReport) -> Html:
    """Show what the unit owed by a day: due when, came when, how that was judged, and both on a line of the year.

    Late or missing ones always have a row; beyond what fits, those that were kept are counted.
    """
    found = deadlines(report)
    owed = [each for each in found if each.outcome != "not owed"]
    if not owed:
        return sentence("没有计分的到期事项。", mark="said")
    drawn = _chosen(owed)
    kept = sum(each.outcome == "kept" for each in owed)
    said = f"共 {len(owed)} 项到期事项：按时 {kept} 项，迟 {sum(each.outcome == 'late' for each in owed)} 项，"
    said += f"未报或未完成 {sum(each.outcome == 'missing' for each in owed)} 项。"
    if len(found) > len(owed):
        said += f"另有 {len(found) - len(owed)} 项免报、未到期或不要求，不在表中。"
    rows = [_row(each, report.scheme.year) for each in drawn]
    left_out = len(owed) - len(drawn)
    return sentence(said, mark="said") + render("unit_deadlines", rows=rows, left_out=left_out)


def _chosen(owed: Sequence[Deadline]) -> list[Deadline]:
    """Choose what is shown: all that was late or missing, then what was kept, as far as it fits."""
    room = max(0, SHOWN - sum(each.outcome != "kept" for each in owed))
    drawn = []
    for each in owed:
        if each.outcome != "kept":
            drawn.append(each)
        elif room:
            drawn.append(each)
            room -= 1
    return drawn


def _row(each: Deadline, year: int) -> dict[str, Any]:
    due, came = _at(each.due, year), None if each.received is None else _at(each.received, year)
    low, high = sorted((due, came if came is not None else due))
    return {
        "what": each.what,
        "seq": each.seq,
        "due": short_day(each.due, year),
        "came": ABSENT if each.received is None else short_day(each.received, year),
        "verdict": _verdict(each),
        "cost": signed(each.cost) if each.cost else "",
        "outcome": each.outcome,
        "mark": _MARKS[each.outcome],
        "due_at": f"{due:.2f}",
        "mark_at": f"{due if came is None else came:.2f}",
        "low": f"{low:.2f}",
        "length": f"{high - low:.2f}",
    }


def _at(day: date, year: int) -> Decimal:
    """Place a day on the line of the year, in per cents; a day outside stands at the end."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    inside = min(max(day, first), last)
    return Decimal(share(Decimal((inside - first).days), Decimal((last - first).days)))


def _verdict(each: Deadline) -> str:
    if each.outcome == "kept":
        return "按时"
    if each.outcome == "missing":
        never = "未完成" if each.is_task else "未报"
        return never if each.received is None else "过了截止日"
    late = f"迟 {each.days_late} 天"
    return f"到期当日，按{late}" if each.received == each.due else late
