"""Items that start at their cap and only deduct, of all units at once; the rules of ``rules.deduction``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from assess_lib.exact import to_cents
from assess_lib.rules.deduction import key_task_unknown, report_conditions, report_name
from assess_lib.scale.columns import NO_DAY, NONE, Flags, Ints, pair_codes, tie_break
from assess_lib.scale.judged import ROSTER, Doubted, Judged, absent, nothing_noted
from assess_lib.scale.rows import Rows, deducted, status_code, take_each
from assess_lib.scale.sums import sum_by
from assess_lib.scale.year import SOMEONE, TABLE_CODES, Year, day_number
from assess_lib.scheme import DeductFromFull, DueReport, Item, MeetingFacts, RegisterFacts, ReportFacts, TaskFacts
from assess_lib.tables import TABLES


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one kind, priced but not yet cut: a row of arrays for each (see ``rules.deduction.Fact``).

    ``amount`` is what a fact would take in whole cents (``sums.LIMIT``), ``standard`` the position of the standard
    under which it takes it, NONE for a fact that takes nothing. ``own`` says which row the ledger names first.
    """

    unit: Ints
    day: Ints
    status: Ints
    standard: Ints
    amount: Ints
    reading: Ints
    table: Ints
    row: Ints

    @classmethod
    def of(cls, unit: Ints, day: Ints | int, **given: Ints | int) -> Facts:
        """Make facts of these units; a single value goes for all of them."""
        plain = {"status": status_code("counted"), "standard": NONE, "amount": 0, "reading": 0}
        values = {"day": day, **plain, **given}
        spread = {name: np.broadcast_to(np.asarray(value, dtype=np.int64), len(unit)) for name, value in values.items()}
        return cls(unit=unit, **spread)

    def take(self, at: Ints | Flags) -> Facts:
        """Return some facts, in the order asked for."""
        return Facts(*take_each((getattr(self, one.name) for one in fields(self)), at))


def joined(blocks: Sequence[Facts]) -> Facts:
    """Return all facts of several blocks, one block after the other."""
    return Facts(*(np.concatenate([getattr(block, one.name) for block in blocks]) for one in fields(Facts)))


def deduct_from_full(item: Item, year: Year) -> Judged:
    """Judge an item that starts at its cap and only deducts, never below 0.

    Facts go in the order of their day, then of the kinds that the rule lists, then of the fact's own number as text.
    A deduction is 单次扣分 × 数量 of its standard; the sum under one standard never exceeds its 扣分上限 within the
    item; the running total never falls below 0.
    """
    rule = item.rule
    assert isinstance(rule, DeductFromFull)
    full = to_cents(item.full)
    facts = joined([_COLLECTORS[type(kind)](kind, year) for kind in rule.facts])
    # Even a single kind need not stand in order: reports come one after the other, each of all units. Stable: facts of
    # one day keep the order of the kinds.
    facts = facts.take(np.argsort(pair_codes(facts.unit, facts.day), kind="stable"))
    rows = Rows.of(
        facts.unit,
        nominal=-facts.amount,
        status=facts.status,
        reading=facts.reading,
        table=facts.table,
        row=facts.row,
    )
    counts = (facts.status == status_code("counted")) | (facts.status == status_code("adjusted"))
    standard = np.where(counts, facts.standard, NONE)
    rows = deducted(rows, facts.amount, standard, year.standards.ceiling, full)
    left = full + sum_by(rows.unit, rows.points, year.size)
    blocks, doubts = [rows], list[Doubted]()
    for kind in rule.facts:
        # 材料报送 is the office's own receipt book: no row there means not received, never not reported.
        if isinstance(kind, ReportFacts):
            unknown, doubt = _key_task_doubt(kind, year)
        else:
            unknown, doubt = absent(kind.table, year, left if item.part == "bonus" else 0)
            left = left + sum_by(unknown.unit, unknown.points, year.size)
        blocks.append(unknown)
        doubts.append(doubt)
    rows = Rows.joined([*blocks, nothing_noted(blocks, year)])
    return Judged.scored(rows, full, year, tuple(doubts))


def _in_order(facts: Facts, table: str, column: str, year: Year) -> Facts:
    """Put one kind's facts, one a row of its table, in the order of unit, day and own number."""
    together = pair_codes(facts.unit, facts.day)
    order = np.argsort(together, kind="stable")
    return facts.take(tie_break(together, order, lambda rows: year.table(table).text_order(column, rows)))


def _reports(kind: ReportFacts, year: Year) -> Facts:
    """List what each report (材料报送, 五1) costs: due, exempt, in time, late or missing."""
    table, units = year.table("材料报送"), year.units("材料报送")
    materials = TABLES["材料报送"].column("材料").choices
    quarters = TABLES["材料报送"].column("季度").choices
    kinds = [(material, quarter) for material in materials for quarter in (None, *quarters)]
    what = table.choices("材料") * (len(quarters) + 1) + table.choices("季度") + 1
    at = year.cells("材料报送", "材料", what, len(kinds))
    demanded = [kinds.index((report.material, report.quarter)) for report in kind.due]
    blocks = [_report(report, at[:, own], kind, year) for report, own in zip(kind.due, demanded, strict=True)]
    asked = [kinds.index(report) for report in year.scheme.reports_asked]  # also by other items
    rest = np.flatnonzero(~np.isin(what, asked))
    names = [report_name(*each) for each in kinds]
    place = np.array([sorted(names).index(name) for name in names], dtype=np.int64)
    rest = rest[np.argsort(place[what[rest]], kind="stable")]
    blocks.append(
        Facts.of(
            units[rest],
            day_number(year.scheme.cut_off),
            status=status_code("suppressed"),
            table=TABLE_CODES["材料报送"],
            row=table.origin[rest],
        )
    )
    return joined(blocks)


def _report(report: DueReport, at: Ints, kind: ReportFacts, year: Year) -> Facts:
    """List what one report costs each unit; ``at`` is its row of 材料报送 by unit, NONE for none."""
    table, standards = year.table("材料报送"), year.standards
    has = at != NONE
    due = day_number(report.due)
    keys = report_conditions(report)
    conditions = year.reading(*keys) if keys else 0
    status = np.full(year.size, status_code("suppressed"), dtype=np.int64)
    standard = np.full(year.size, NONE, dtype=np.int64)
    amount = np.zeros(year.size, dtype=np.int64)
    reading = np.zeros(year.size, dtype=np.int64)
    owes = np.ones(year.size, dtype=bool)
    if report.owed_by == "key_task_units":
        owes = year.key_task == 0
    if any(year.readings[key] != option for key, option in report.only_if.items()):
        reading[owes] = conditions
    elif report.due <= year.run_date:
        received = np.append(table.days("实报日期"), NO_DAY)[at]
        exempt = owes & np.append(table.filled("免报原因"), False)[at]
        status[exempt] = status_code("exempt")
        reading[exempt] = conditions
        open_ = owes & ~exempt
        in_time = due if year.readings["deadline_day"] == "inclusive" else due - 1
        came = open_ & (received != NO_DAY)
        on_time = came & (received <= in_time)
        late = came & ~on_time & (received <= day_number(year.scheme.cut_off))
        missing = open_ & ~on_time & ~late
        status[open_] = status_code("counted")
        # The reading decides about the due day itself, and where a late report costs by the day.
        hangs = open_ & (received == due)
        late_standard, missing_standard = standards.position(kind.late), standards.position(kind.missing)
        if standards.daily[late_standard]:
            hangs |= late
        reading[open_] = conditions
        reading[hangs] = year.reading("deadline_day", *keys)
        count = np.where(standards.daily[late_standard], np.where(late, received - in_time, 1), 1)
        rate = np.full(year.size, standards.rate[late_standard])
        amount = np.where(late, year.times(rate, np.where(late, count, 1)), amount)
        amount = np.where(missing, standards.rate[missing_standard], amount)
        standard = np.where(late, late_standard, np.where(missing, missing_standard, NONE))
    told = np.flatnonzero(owes | has)
    source = np.where(has, TABLE_CODES["材料报送"], ROSTER)
    row = np.where(has, year.origin("材料报送", at), year.every_unit)
    facts = Facts.of(
        year.every_unit, due, status=status, standard=standard, amount=amount, reading=reading, table=source, row=row
    )
    return facts.take(told)


def _key_task_doubt(kind: ReportFacts, year: Year) -> tuple[Rows, Doubted]:
    """Leave the item unresolved where nobody said whether the unit owes the quarterly reports."""
    asked = any(report.owed_by == "key_task_units" for report in kind.due)
    unknown = (year.key_task == NONE) & asked
    at = np.flatnonzero(unknown)
    rows = Rows.of(at, status="unresolved", table=ROSTER, row=at)
    return rows, Doubted(unknown, key_task_unknown(SOMEONE).message)


def _register(kind: RegisterFacts, year: Year) -> Facts:
    """List the deductions of the register (扣分登记): rows of the year, with decisions applied."""
    table = year.table("扣分登记")
    day = table.days("发生日期")
    standard = table.codes("标准编号", year.standards.codes)
    if (standard == NONE).any():
        year.standards.position(str(table.values("标准编号")[int(np.argmax(standard == NONE))]), "扣分登记")
    amount = year.times(year.standards.rate[standard], table.whole("数量", 1))
    decisions = year.decisions("扣分登记")
    first_day, last_day = year.bounds
    of_year = (day >= first_day) & (day <= last_day)
    changed = decisions.decided & ~decisions.revoked & of_year
    status = np.where(of_year, status_code("counted"), status_code("suppressed"))
    status = np.where(decisions.revoked, status_code("revoked"), status)
    status = np.where(changed, status_code("adjusted"), status)
    facts = Facts.of(
        year.units("扣分登记"),
        day,
        status=status,
        standard=standard,
        amount=np.where(changed, decisions.new_value, amount),
        table=TABLE_CODES["扣分登记"],
        row=table.origin,
    )
    return _in_order(facts, "扣分登记", "编号", year)


def _meetings(kind: MeetingFacts, year: Year) -> Facts:
    """List what each meeting (参会登记) costs: meetings of the year, each under its attendance's standard."""
    table, standards = year.table("参会登记"), year.standards
    day = table.days("日期")
    attendances = TABLES["参会登记"].column("到会情况").choices
    came = table.choices("到会情况")
    named: dict[str, str] = {str(key): code for key, code in kind.standards.items()}
    of_kind = [standards.position(named[one]) if one in named else NONE for one in attendances]
    excused = np.array([one in kind.exempt for one in attendances])[came]
    first_day, last_day = year.bounds
    of_year = (day >= first_day) & (day <= last_day)
    standard = np.where(of_year & ~excused, np.array(of_kind, dtype=np.int64)[came], NONE)
    status = np.where(excused, status_code("exempt"), status_code("counted"))
    facts = Facts.of(
        year.units("参会登记"),
        day,
        status=np.where(of_year, status, status_code("suppressed")),
        standard=standard,
        amount=np.where(standard == NONE, 0, standards.rate[standard]),
        table=TABLE_CODES["参会登记"],
        row=table.origin,
    )
    return _in_order(facts, "参会登记", "会议", year)


def _tasks(kind: TaskFacts, year: Year) -> Facts:
    """List what each assigned task (交办任务) costs: tasks whose 时限 is of the year and already past."""
    table, standards = year.table("交办任务"), year.standards
    due, done = table.days("时限"), table.days("完成日期")
    first_day, last_day = year.bounds
    counts = (due >= first_day) & (due <= last_day) & (due <= day_number(year.run_date))
    was_done = done != NO_DAY
    open_ = counts & ~(was_done & (done <= due))
    late = open_ & was_done & (done <= day_number(year.scheme.cut_off))
    late_standard, missing_standard = standards.position(kind.late), standards.position(kind.missing)
    days = np.where(late, done - due, 1) if standards.daily[late_standard] else np.ones(len(due), dtype=np.int64)
    standard = np.where(late, late_standard, np.where(open_, missing_standard, NONE))
    rate = np.where(standard == NONE, 0, standards.rate[standard])
    facts = Facts.of(
        year.units("交办任务"),
        due,
        status=np.where(counts, status_code("counted"), status_code("suppressed")),
        standard=standard,
        amount=year.times(rate, days),
        table=TABLE_CODES["交办任务"],
        row=table.origin,
    )
    return _in_order(facts, "交办任务", "任务编号", year)


_COLLECTORS: dict[type, Callable[[Any, Year], Facts]] = {
    ReportFacts: _reports,
    RegisterFacts: _register,
    MeetingFacts: _meetings,
    TaskFacts: _tasks,
}
