"""Veto items (四（一）): one of them makes a unit 不合格 and nothing else is scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from assess_lib.ledger import Entry, Status, Words, said
from assess_lib.rules.case import Case, Doubt, Outcome, Unit, decision_text, not_reported
from assess_lib.scheme import HotlineRedLights, Item, NamedInCircular
from assess_lib.tables import Row, Source


@dataclass
class _Rows:
    """The ledger rows of one veto item, whose numbers stay blank; a silent case gets none."""

    item: Item
    unit: Unit
    case: Case
    entries: list[Entry] = field(default_factory=list)

    def add(
        self,
        label: Words,
        status: Status,
        source: Iterable[Source],
        reading: Words = "",
        *,
        formula: Words = "",
        evidence_id: Words = "",
    ) -> None:
        """Write one row."""
        if self.case.silent:
            return
        self.entries.append(
            Entry(
                self.unit.id,
                "veto",
                self.item.id,
                self.item.clause,
                said(label),
                status,
                said(formula),
                reading=said(reading),
                source=tuple(source),
                evidence_id=said(evidence_id),
            )
        )

    def close(self, vetoed: bool, ground: Words, source: Iterable[Source], formula: Words, reading: Words) -> None:
        """Write the closing row: whether the item applies, and on what ground."""
        name = self.case.scheme.parts.veto.name
        verdict = f"{self.item.name}：{'构成' if vetoed else '未构成'}{name}"
        self.add(lambda: f"{verdict}（{said(ground)}）", "verdict", source, reading, formula=formula)


def hotline_red_lights(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge V1 (四（一）1): too many red lights within the year, or criticised by the city's 大数据局.

    Reads 信息中心结果 and 热线红灯. The information centre's row decides; our own count only reconciles, and
    a different number is unresolved. Without that row our own count decides and the item is unresolved.

    Example: the centre reports 2 red lights and ours are 2: vetoed, nothing unresolved.
    """
    rule = item.rule
    assert isinstance(rule, HotlineRedLights)
    rows = _Rows(item, unit, case)
    own = _own_count(rows, unit, case)
    reading = _how_counted(case)
    centre = next(iter(case.rows("信息中心结果", unit)), None)
    doubts = []
    if centre is None:
        vetoed = own >= rule.limit
        doubts.append(
            Doubt(
                "no-centre-result",
                "信息中心结果",
                f"信息中心结果中没有{unit.name}，暂以本办统计的红灯 {own} 次判断。",
                "请向县信息中心索取该单位的认定结果，登记后重新运行。",
            )
        )
        rows.add("缺信息中心结果，暂以本办统计为准：待定", "unresolved", (unit.source,), reading)
        ground = f"本办统计红灯 {own} 次"
    else:
        lights, criticised = centre["红灯次数"], centre["市大数据局通报"] == "是"
        vetoed = lights >= rule.limit or criticised
        circular = f"（{centre['通报文号']}）" if criticised and centre["通报文号"] else ""
        ground = f"信息中心认定红灯 {lights} 次，市大数据局通报：{centre['市大数据局通报']}{circular}"
        rows.add(ground, "counted", (centre.source,))
        if own != lights:
            doubts.append(
                Doubt(
                    "count-differs",
                    "热线红灯",
                    f"{unit.name}的红灯：信息中心 {lights} 次，本办统计 {own} 次，不一致。",
                    "请与县信息中心核对工单；更正“热线红灯”或“信息中心结果”后重新运行。",
                )
            )
            text = f"本办统计红灯 {own} 次，与信息中心 {lights} 次不一致：待核对"
            rows.add(text, "unresolved", (centre.source,), reading)
    count = own if centre is None else centre["红灯次数"]
    formula = f"红灯 {count} {'≥' if count >= rule.limit else '<'} {rule.limit} 次"
    rows.close(vetoed, ground, ((centre or unit).source,), formula, reading if centre is None else "")
    return Outcome(tuple(rows.entries), vetoed=vetoed, unresolved=tuple(doubts))


def _how_counted(case: Case) -> Words:
    return lambda: case.reading("red_light_event", "red_light_window")


def _own_count(rows: _Rows, unit: Unit, case: Case) -> int:
    """Count our own red lights under the readings in force; every row of 热线红灯 gets its ledger row."""
    if not case.rows("热线红灯", unit):
        return 0
    by_ticket = case.readings["red_light_event"] == "ticket"
    rolling = case.readings["red_light_window"] == "rolling_12_months"
    lights = sorted(case.rows("热线红灯", unit), key=lambda r: (r["红灯时间"], r["工单编号"], r.source))
    reasons = {row.source: _not_ours(row, unit, case) for row in lights}
    able = [row for row in lights if reasons[row.source] is None]
    window = _fullest_window(able, case, by_ticket) if rolling else [r for r in able if case.of_year(_day(r))]
    inside = {row.source for row in window}
    counted: dict[object, Row] = {}
    for row in lights:
        what = f"工单 {row['工单编号']}，{_moment(row['红灯时间'])} 红灯"
        reason = reasons[row.source]
        status: Status = "suppressed"
        source, used = [row.source], _how_counted(case)
        if reason is not None:
            status, why, decision = reason
            source += [decision.source] if decision else []
            used = ""
        elif row.source not in inside:
            why = "不在最密集的连续十二个月内，不计" if rolling else "不属本考核年度，不计"
        elif (key := _event(row, by_ticket)) in counted:
            why = f"与 {counted[key].source} 为同一{'工单' if by_ticket else '工单同一时间'}，不重复计"
        else:
            counted[key] = row
            status, why = "counted", f"本办统计第 {len(counted)} 次"
        rows.add(f"{what}：{why}", status, source, used)
    return len(counted)


def _not_ours(row: Row, unit: Unit, case: Case) -> tuple[Status, str, Row | None] | None:
    """Say why a red light does not count against the unit whatever the window; None if it may count."""
    decision = case.decision("热线红灯", row["工单编号"], unit)
    if decision is not None:
        return "revoked", f"已撤销（{decision_text(decision)}）", decision
    if row["办理角色"] == "协办":
        return "suppressed", "本单位为协办，不计", None
    if row["申诉结果"] == "成立":
        return "suppressed", "申诉成立，不计", None
    if _day(row).year > case.scheme.year:
        return "suppressed", "不属本考核年度，不计", None
    return None


def _moment(moment: datetime) -> str:
    """Print a moment; one without a time of day was written as a day."""
    return f"{moment:%Y-%m-%d}" if moment.time() == time.min else f"{moment:%Y-%m-%d %H:%M}"


def _day(row: Row) -> date:
    moment: datetime = row["红灯时间"]
    return moment.date()


def _event(row: Row, by_ticket: bool) -> tuple[str, datetime | None]:
    """Return what makes two red lights the same one under the reading ``red_light_event``."""
    return row["工单编号"], None if by_ticket else row["红灯时间"]


def _fullest_window(rows: list[Row], case: Case, by_ticket: bool) -> list[Row]:
    """Return the rows of the fullest 12 months that end with a red light of the year (the earliest such)."""
    best: list[Row] = []
    size = 0
    for last in rows:
        if not case.of_year(_day(last)):
            continue
        inside = [row for row in rows if _day(row) <= _day(last) < _year_after(_day(row))]
        events = len({_event(row, by_ticket) for row in inside})
        if events > size:
            best, size = inside, events
    return best


def _year_after(day: date) -> date:
    """Return the same day one year on; 29 February has none, and the month's last day stands for it."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def named_in_circular(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge V2 (四（一）2): named in a circular of a high enough level, with prominent public complaints.

    Reads 通报批评: rows of the year at the rule's levels. *Named* is 检查督查 or 媒体 with 是否点名 = 是, a *complaint*
    is 群众反映; the reading ``criticism_scope`` says which of them is needed. Under ``named`` complaints
    without naming are unresolved; without any row or confirmation the item is unresolved.
    """
    rule = item.rule
    assert isinstance(rule, NamedInCircular)
    named = complained = 0
    rows = _Rows(item, unit, case)

    def reading() -> str:
        return case.reading("criticism_scope")

    for row in sorted(case.rows("通报批评", unit), key=lambda r: (r["日期"], r.source)):
        what = f"{row['日期']} {row['层级']}级 {row['机关或媒体']}（{row['文号或网址']}）{row['类型']}"
        decision = case.decision("通报批评", row["编号"], unit)
        status: Status = "suppressed"
        if decision is not None:
            status, why = "revoked", f"已撤销（{decision_text(decision)}）"
        elif not case.of_year(row["日期"]):
            why = "不属本考核年度，不计"
        elif row["层级"] not in rule.levels:
            why = f"{row['层级']}级不作否决，不计"
        elif row["类型"] == "群众反映":
            complained += 1
            status, why = "counted", "群众反映"
        elif row["是否点名"] == "是":
            named += 1
            status, why = "counted", "被点名"
        else:
            why = "未点名，不计"
        used = reading if status == "counted" else ""
        proof = case.evidence_id(row, unit)
        rows.add(f"{what}：{why}", status, case.sources(row, unit, decision), used, evidence_id=proof)
    doubts = []
    state = case.state("通报批评", unit)
    if state == "missing":
        doubts.append(not_reported("通报批评", unit))
        text = "“通报批评”没有本单位的登记，也没有确认无事项：待定"
        rows.add(text, "unresolved", (unit.source,))
    elif state == "confirmed":
        confirmation = case.confirmation("通报批评", unit)
        assert confirmation is not None
        own = confirmation["单位"] == unit.id
        place = "" if own else f"（全部单位，见 {confirmation.source}）"
        source = (confirmation.source,) if own else ()
        rows.add(f"“通报批评”已确认无事项{place}", "counted", source)
    scope = case.readings["criticism_scope"]
    if scope == "named" and complained and not named:
        doubts.append(
            Doubt(
                "complaint-unnamed",
                "通报批评",
                f"{unit.name}有群众反映 {complained} 件，但没有点名通报。",
                "请核实群众反映是否已被通报点名；属实的登记点名通报，不属实的通过“调整复核”撤销该登记。",
            )
        )
        text = f"有群众反映 {complained} 件而无点名通报：待核实"
        rows.add(text, "unresolved", (unit.source,), reading)
    vetoed = {
        "named": named > 0,
        "named_or_complaints": named + complained > 0,
        "named_and_complaints": named > 0 and complained > 0,
    }[scope]
    ground = f"点名通报 {named} 件，群众反映 {complained} 件"
    rows.close(vetoed, ground, (unit.source,), ground, reading)
    return Outcome(tuple(rows.entries), vetoed=vetoed, unresolved=tuple(doubts))
