"""材料报送 as a list: which unit owed which report, when it came, how many days late (五1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from assess_lib.scheme import DEDUCTING_METHODS, DueReport, ReportFacts
from assess_lib.tables import Row
from assess_lib.views import words

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

TABLE = "材料报送"
State = Literal["in_time", "late", "missing", "exempt", "not_owed", "not_yet", "unknown"]


@dataclass(frozen=True, slots=True)
class Filing:
    """What became of one report of one unit; ``days`` is how many days late it came, counted as the reading says.

    ``not_owed``: not asked of this unit, or not under the reading in force; ``not_yet``: due after the run date;
    ``unknown``: the roster does not say whether the unit owes it.
    """

    unit_id: str
    due: DueReport
    state: State
    received: date | None = None
    days: int = 0

    def text(self) -> str:
        """Print it for a cell: the day it came, and what is wrong with it."""
        came = words.short_day(self.received, self.due.due.year) if self.received else ""
        return {
            "in_time": f"{came} 按时",
            "late": f"▲ {came} 迟 {self.days} 天",
            "missing": f"▲ {came} 收，按未报" if came else "▲ 未报",
            "exempt": "免报",
            "not_owed": words.ABSENT,
            "not_yet": "未到期",
            "unknown": "待定",
        }[self.state]


def due_reports(facts: CountyFacts) -> list[tuple[str, DueReport]]:
    """Return the reports that the scheme asks for under the readings in force, with the id of the item they cost."""
    readings = facts.data.basis.readings
    return [
        (item.id, report)
        for item in facts.scheme.items
        if isinstance(item.rule, DEDUCTING_METHODS)
        for kind in item.rule.facts
        if isinstance(kind, ReportFacts)
        for report in kind.due
        if all(readings[key] == option for key, option in report.only_if.items())
    ]


def report_name(report: DueReport) -> str:
    """Return a report's name as the ledger prints it."""
    return f"第{report.quarter}季度进展" if report.quarter else report.material


def filings(facts: CountyFacts) -> dict[tuple[str, int], Filing]:
    """Say of every unit and report what became of it, by unit code and place in ``due_reports``."""
    key_task = {row["单位编码"]: row["重点任务单位"] for row in facts.tables["单位名录"]}
    rows = {(row["单位"], row["材料"], row["季度"]): row for row in facts.tables[TABLE]}
    made = {}
    for unit in facts.names:
        for place, (_, report) in enumerate(due_reports(facts)):
            row = rows.get((unit, report.material, report.quarter))
            made[unit, place] = _filing(facts, unit, key_task[unit], report, row)
    return made


def _filing(facts: CountyFacts, unit: str, key_task: str | None, report: DueReport, row: Row | None) -> Filing:
    basis = facts.data.basis
    if report.owed_by == "key_task_units" and key_task != "是":
        return Filing(unit, report, "unknown" if key_task is None else "not_owed")
    if report.due > basis.run_date:
        return Filing(unit, report, "not_yet")
    if row is not None and row["免报原因"]:
        return Filing(unit, report, "exempt")
    last = report.due if basis.readings["deadline_day"] == "inclusive" else report.due - timedelta(days=1)
    received: date | None = row["实报日期"] if row is not None else None
    if received is None or (received > last and received > facts.scheme.cut_off):
        return Filing(unit, report, "missing", received)
    if received <= last:
        return Filing(unit, report, "in_time", received)
    return Filing(unit, report, "late", received, (received - last).days)


def check_filings(facts: CountyFacts, made: Iterable[Filing]) -> None:
    """Hold the list to the ledger: what is late or missing here is so there. Raises AssertionError, in words."""
    items = {item for item, _ in due_reports(facts)}
    judged = {row["unit_id"] for row in facts.scored}
    told: defaultdict[str, list[str]] = defaultdict(list)
    for line in facts.lines:
        if line.item in items:
            told[line.unit_id].append(line.label)
    says = {"in_time": ("收到，按时",), "late": ("收到，迟",), "missing": ("未收到", "按未报"), "exempt": ("免报（",)}
    for one in made:
        if one.unit_id not in judged or one.state not in says:
            continue
        start = f"{report_name(one.due)}（{one.due.due} 到期）："
        late = f"迟 {one.days} 天" if one.state == "late" else ""
        if not any(
            label.startswith(start) and any(word in label for word in says[one.state]) and late in label
            for label in told[one.unit_id]
        ):
            raise AssertionError(f"{one.unit_id}：{start}{one.text()}，与台账不符")
