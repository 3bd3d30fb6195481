"""Items that start at their cap and only deduct: 重点考核 (四（二）), 参会情况 (四（三）6), 其它任务 (四（三）7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from assess_lib.exact import ZERO, negative, show, times
from assess_lib.ledger import Chain, Sources, Status, Words, said
from assess_lib.rules.case import (
    Case,
    Doubt,
    Outcome,
    Unit,
    chain_for,
    decision_text,
    note_absence,
    note_nothing,
)
from assess_lib.scheme import (
    KNOWN_READINGS,
    DeductFromFull,
    DeductFromZero,
    DueReport,
    Facts,
    Item,
    MeetingFacts,
    RegisterFacts,
    ReportFacts,
    TaskFacts,
)
from assess_lib.tables import Row


class Fact(NamedTuple):
    """One fact of a deducting item, priced but not yet cut: what it would take, or why it takes nothing."""

    day: date
    order: tuple[str, ...]
    label: Words
    source: Sources
    status: Status = "counted"
    standard: Row | None = None
    amount: Decimal = ZERO
    price: Words = ""
    reading: Words = ""
    evidence_id: Words = ""

    @property
    def takes(self) -> bool:
        """Whether it takes points: it has a standard, and nothing sets it aside."""
        return self.standard is not None and self.status in ("counted", "adjusted")


def deduct_from_full(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge an item that starts at its cap and only deducts, never below 0.

    Facts come from the kinds that the rule lists, in the order of their day, then of the kinds, then of
    the fact's own number as text. A deduction is 单次扣分 × 数量 of its standard; the sum under one standard
    never exceeds its 扣分上限 within the item; the running total never falls below 0.

    Example: 100.00, a report 3 days late at 0.50 a day, then two documents late at 1.00 each: 96.50.
    """
    assert isinstance(item.rule, DeductFromFull)
    return _deduct(item.rule, item, unit, case)


def deduct_from_zero(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge an item that starts at 0.00 and only deducts, down to its own floor.

    Facts and standards are those of ``deduct_from_full``; a table that nobody reported leaves the item unresolved and
    takes nothing.

    Example: floor −10.00, two facts at 6.00 each: −6.00, then −4.00 more, cut at −10.00.
    """
    assert isinstance(item.rule, DeductFromZero)
    return _deduct(item.rule, item, unit, case)


def _deduct(rule: DeductFromFull | DeductFromZero, item: Item, unit: Unit, case: Case) -> Outcome:
    """Write every fact of the listed kinds into the item's chain."""
    chain = chain_for(item, unit, case)
    facts: list[tuple[int, Fact]] = []
    doubts: list[Doubt] = []
    for rank, kind in enumerate(rule.facts):
        # Most facts of a year take nothing: they are for the ledger alone.
        found = _facts(kind, (item.id, rank), unit, case)
        facts += [(rank, fact) for fact in found if fact.takes or not case.silent]
    taken: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for _, fact in sorted(facts, key=lambda entry: (entry[1].day, entry[0], entry[1].order)):
        _settle(chain, fact, taken)
    for kind in rule.facts:
        # 材料报送 is the office's own receipt book: no row there means not received, never not reported.
        if isinstance(kind, ReportFacts):
            doubts += _key_task_doubt(kind, chain, unit)
        elif not case.rows(kind.table, unit):
            doubts += note_absence(chain, item, unit, case, kind.table)
    note_nothing(chain, "没有扣分事实")
    return Outcome.of(chain, doubts)


def _facts(kind: Facts, which: tuple[str, int], unit: Unit, case: Case) -> Sequence[Fact]:
    """Return a unit's facts of one kind; those that hang on no reading and no decision are made once."""
    if not isinstance(kind, (MeetingFacts, TaskFacts)):
        return list(_COLLECTORS[type(kind)](kind, unit, case))
    key, shared = (which, unit.id), case.shared[kind.table]
    if key not in shared:
        shared[key] = list(_COLLECTORS[type(kind)](kind, unit, case))
    facts: list[Fact] = shared[key]
    return facts


def _settle(chain: Chain, fact: Fact, taken: defaultdict[str, Decimal]) -> None:
    """Write one fact into the chain, cut by its standard's cap and then by the floor."""
    before = chain.total
    if fact.standard is None or not fact.takes:
        chain.note(
            fact.label,
            fact.status,
            nominal=negative(fact.amount),
            formula=lambda: f"{said(fact.price)}，不扣" if fact.price else f"{show(before)}，不扣分",
            reading=fact.reading,
            source=fact.source,
            evidence_id=fact.evidence_id,
        )
        return
    code, limit = fact.standard["标准编号"], fact.standard["扣分上限"]
    amount, sofar = fact.amount, taken[code]
    status: Status = fact.status
    if limit is not None and sofar + amount > limit:
        amount, status = limit - sofar, "capped"
    real, cut = chain.room(-amount)
    status = cut or status
    taken[code] -= real

    def formula() -> str:
        made, price = f"{show(before)} − {show(-real)} = {show(before + real)}", said(fact.price)
        if cut:
            return f"{made}（应扣 {price}；扣至 {show(chain.floor)} 为止）"
        if status == "capped":
            return f"{made}（应扣 {price}；{code} 扣分上限 {show(limit)}，此前已扣 {show(sofar)}）"
        if status == "adjusted":
            return f"{made}（{price}）"
        return f"{show(before)} − {price.split(' = ')[0]} = {show(before + real)}"

    chain.append(
        fact.label,
        status,
        nominal=negative(fact.amount),
        points=real,
        formula=formula,
        reading=fact.reading,
        source=fact.source,
        evidence_id=fact.evidence_id,
    )


def _priced(standard: Row, count: int) -> tuple[Decimal, Words]:
    """Return 单次扣分 × count of a standard, and the same in print."""
    rate: Decimal = standard["单次扣分"]
    amount = times(rate, count)
    return amount, lambda: f"{show(rate)} × {count} = {show(amount)}"


def _times_late(standard: Row, days: int) -> int:
    """Return how often a late standard applies: once, or once a day, as its 计量 says."""
    return days if standard["计量"] == "日" else 1


def _overdue(
    kind: ReportFacts | TaskFacts, due: date, done: date | None, case: Case
) -> tuple[int | None, Row, Decimal, Words]:
    """Price what came after its last day or not at all: days late, the standard, and what that takes.

    What came after the year's cut-off counts as missing: then there are no days.
    """
    days = (done - due).days if done is not None and done <= case.scheme.cut_off else None
    standard = case.standards[kind.missing if days is None else kind.late]
    return days, standard, *_priced(standard, 1 if days is None else _times_late(standard, days))


def _reports(kind: ReportFacts, unit: Unit, case: Case) -> Iterator[Fact]:
    """Yield what each report (材料报送, 五1) costs: due, exempt, in time, late or missing."""
    rows = {(row["材料"], row["季度"]): row for row in case.rows("材料报送", unit)}
    for report in kind.due:
        yield from _report(report, rows.pop((report.material, report.quarter), None), kind, unit, case)
    for asked, row in rows.items():
        if asked in case.scheme.reports_asked:
            continue  # by another item
        name = report_name(*asked)
        yield Fact(case.scheme.cut_off, (name,), f"{name}：方案未要求，不计", (row.source,), "suppressed")


def report_name(material: str, quarter: str | None) -> str:
    """Name a report in words: its material, or the quarter whose progress it tells."""
    return f"第{quarter}季度进展" if quarter else material


def report_conditions(report: DueReport) -> tuple[str, ...]:
    """Return the readings on which a report hangs, in the published order.

    The order in which a scheme lists them says nothing, and ``basis.json`` does not keep it.
    """
    return tuple(key for key in KNOWN_READINGS if key in report.only_if)


def _report(report: DueReport, row: Row | None, kind: ReportFacts, unit: Unit, case: Case) -> Iterator[Fact]:
    own = (row.source,) if row is not None else (unit.source,)

    def label(why: str) -> str:
        return f"{report_name(report.material, report.quarter)}（{report.due} 到期）：{why}"

    def nothing(why: Words, status: Status = "suppressed", reading: Words = "") -> Fact:
        return Fact(report.due, (), lambda: label(said(why)), own, status, reading=reading)

    if report.owed_by == "key_task_units" and unit.key_task is not True:
        if row is not None:
            yield nothing("本单位未列为重点任务单位，不要求报送，不计")
        return
    if any(case.readings[key] != option for key, option in report.only_if.items()):
        yield nothing("按口径不计分", reading=lambda: case.reading(*report_conditions(report)))
        return
    if report.due > case.run_date:
        yield nothing(lambda: f"运行日期 {case.run_date} 尚未到期，暂不要求")
        return
    if row is not None and row["免报原因"]:
        yield nothing(f"免报（{row['免报原因']}）", "exempt", lambda: case.reading(*report_conditions(report)))
        return
    in_time = report.due if case.readings["deadline_day"] == "inclusive" else report.due - timedelta(days=1)
    received = row["实报日期"] if row is not None else None

    def reading(by_day: bool = False) -> str:
        # The reading decides about the due day itself, and where a late report costs by the day.
        hangs = ("deadline_day",) if by_day or received == report.due else ()
        return case.reading(*hangs, *report_conditions(report))

    if received is not None and received <= in_time:
        yield nothing(lambda: f"{received} 收到，按时", "counted", reading)
        return
    days, standard, amount, price = _overdue(kind, in_time, received, case)

    def why() -> str:
        if days is not None:
            return f"{received} 收到，迟 {days} 天"
        return "未收到" if received is None else f"{received} 才收到，已过截止日 {case.scheme.cut_off}，按未报"

    yield Fact(
        report.due,
        (),  # reports of one day keep the order of the scheme
        lambda: label(f"{why()}（{standard['标准编号']} {standard['扣分情形']}）"),
        (*own, standard.source),
        standard=standard,
        amount=amount,
        price=price,
        reading=lambda: reading(by_day=days is not None and standard["计量"] == "日"),
    )


def _key_task_doubt(kind: ReportFacts, chain: Chain, unit: Unit) -> tuple[Doubt, ...]:
    """Leave the item unresolved when nobody said whether the unit owes the quarterly reports."""
    if unit.key_task is not None or all(report.owed_by == "all_units" for report in kind.due):
        return ()
    chain.note(
        "单位名录未注明是否重点任务单位：季度进展暂不要求，待定",
        "unresolved",
        formula="暂按 0.00 计",
        source=(unit.source,),
    )
    return (key_task_unknown(unit),)


def key_task_unknown(unit: Unit) -> Doubt:
    """Say that nobody told whether the unit owes the quarterly reports."""
    return Doubt(
        "key-task-unknown",
        "单位名录",
        f"{unit.name}的“重点任务单位”为空，无法判断是否应报季度进展。",
        "请在“单位名录”填写“是”或“否”，并注明依据文号。",
    )


def _register(kind: RegisterFacts, unit: Unit, case: Case) -> Iterator[Fact]:
    """Yield the deductions of the register (扣分登记): rows of the year, with decisions applied."""
    for row in case.rows("扣分登记", unit):
        # Without the condition it is another item's: cleaning refuses a row that no item takes.
        if not kind.standards or row["标准编号"] in kind.standards:
            yield _registered(row, unit, case)


def _registered(row: Row, unit: Unit, case: Case) -> Fact:
    standard = case.standards[row["标准编号"]]
    amount, price = _priced(standard, row["数量"] or 1)
    decision = case.decision("扣分登记", row["编号"], unit)
    of_year = case.of_year(row["发生日期"])
    status: Status = "counted" if of_year else "suppressed"
    if decision is not None and decision["处理"] == "撤销":
        status = "revoked"
    elif decision is not None and of_year:
        status, before = "adjusted", price
        amount, price = decision["新值"], lambda: f"原 {said(before)}，改为 {show(decision['新值'])}"

    def label() -> str:
        what = f"{row['发生日期']} {row['事实']}（{row['标准编号']} {standard['扣分情形']}）"
        told = what if of_year else f"{what}：不属本考核年度，不计"
        if decision is None:
            return told
        decided = decision_text(decision)
        if status == "revoked":
            return f"{told}：已撤销（{decided}）"
        if status == "adjusted":
            return f"{told}：已改值（{decided}）"
        return f"{told}；改为 {show(decision['新值'])} 的决定（{decided}）不起作用"

    return Fact(
        row["发生日期"],
        (row["编号"],),
        label,
        lambda: case.sources(row, unit, standard, decision),
        status,
        standard=standard,
        amount=amount,
        price=price,
        evidence_id=lambda: case.evidence_id(row, unit),
    )


def _meetings(kind: MeetingFacts, unit: Unit, case: Case) -> Iterator[Fact]:
    """Yield what each meeting (参会登记) costs: meetings of the year, each under its attendance's standard."""
    for row in case.rows("参会登记", unit):
        yield _meeting(row, kind, case)


def _meeting(row: Row, kind: MeetingFacts, case: Case) -> Fact:
    came: Any = row["到会情况"]
    day, order = row["日期"], (row["会议"],)
    code = kind.standards.get(came)

    def label() -> str:
        return f"{day} {row['会议']}：{came}"

    if not case.of_year(day):
        return Fact(day, order, lambda: f"{label()}，不属本考核年度，不计", (row.source,), "suppressed")
    if came in kind.exempt:
        return Fact(day, order, lambda: f"{label()}，经批准，不扣", (row.source,), "exempt")
    if code is None:
        return Fact(day, order, label, (row.source,))
    standard = case.standards[code]
    amount, price = _priced(standard, 1)
    return Fact(
        day,
        order,
        lambda: f"{label()}（{code} {standard['扣分情形']}）",
        (row.source, standard.source),
        standard=standard,
        amount=amount,
        price=price,
    )


def _tasks(kind: TaskFacts, unit: Unit, case: Case) -> Iterator[Fact]:
    """Yield what each assigned task (交办任务) costs: tasks whose 时限 is of the year and already past."""
    for row in case.rows("交办任务", unit):
        yield _task(row, kind, case)


def _task(row: Row, kind: TaskFacts, case: Case) -> Fact:
    due, done = row["时限"], row["完成日期"]
    order = (row["任务编号"],)

    def label() -> str:
        return f"任务 {row['任务编号']} {row['任务']}（时限 {due}）"

    if not case.of_year(due):
        return Fact(due, order, lambda: f"{label()}：不属本考核年度，不计", (row.source,), "suppressed")
    if due > case.run_date:
        told = f"运行日期 {case.run_date} 尚未到期，暂不要求"
        return Fact(due, order, lambda: f"{label()}：{told}", (row.source,), "suppressed")
    if done is not None and done <= due:
        return Fact(due, order, lambda: f"{label()}：{done} 完成，按时", (row.source,))
    days, standard, amount, price = _overdue(kind, due, done, case)

    def why() -> str:
        if days is not None:
            return f"{done} 完成，迟 {days} 天"
        return "未完成" if done is None else f"{done} 才完成，已过截止日 {case.scheme.cut_off}，按未完成"

    return Fact(
        due,
        order,
        lambda: f"{label()}：{why()}（{standard['标准编号']} {standard['扣分情形']}）",
        (row.source, standard.source),
        standard=standard,
        amount=amount,
        price=price,
    )


_COLLECTORS: dict[type, Callable[[Any, Unit, Case], Iterator[Fact]]] = {
    ReportFacts: _reports,
    RegisterFacts: _register,
    MeetingFacts: _meetings,
    TaskFacts: _tasks,
}
