"""What the county's tables tell beyond the ledger, as lists: 信息报送 by quarter, 材料报送 by due day."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from assess_lib.tables import ALL_UNITS
from assess_lib.views import words
from assess_lib.views.county_information import (
    QUARTERS,
    RATE,
    TABLE,
    Entry,
    InformationList,
    check_lists,
    information_lists,
    percent,
)
from assess_lib.views.county_reports import Filing, check_filings, due_reports, filings, report_name
from assess_lib.views.html import Column, Html, sentence, table

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

_UNIT = Column("unit", "单位", "short")


# ---- 信息报送 -----------------------------------------------------------------------------------------------------


def information(facts: CountyFacts) -> Html:
    """Show the places that earn points in each quarter's lists, then every unit's figures and ranks."""
    lists = information_lists(facts)
    if not lists:
        return sentence("方案没有信息报送排名的项目。")
    return _information_winners(facts, lists) + _information_matrix(facts, lists)


def _list_name(one: InformationList) -> str:
    return f"第{one.quarter}季度{one.group}{one.name}"


def _information_winners(facts: CountyFacts, lists: list[InformationList]) -> Html:
    status = {row["unit_id"]: row for row in facts.results}
    rows = []
    for one in lists:
        for entry in one.entries:
            if not entry.points:
                continue
            result = status[entry.unit_id]
            remark = "" if result["bonus_open"] else "占名次，不加分"
            rows.append(
                {
                    "list": _list_name(one),
                    "rank": entry.rank,
                    "unit": facts.names[entry.unit_id],
                    "sent": entry.sent,
                    "adopted": entry.adopted,
                    "rate": percent(entry.adopted, entry.sent),
                    "points": entry.points,
                    "remark": remark,
                }
            )
    columns = (
        Column("list", "榜单", "short"),
        Column("rank", "名次", "number"),
        _UNIT,
        Column("sent", "报送", "number"),
        Column("adopted", "采用", "number"),
        Column("rate", "采用率", "number"),
        Column("points", "名次分", "number"),
        Column("remark", "备注", "short"),
    )
    return table(rows, columns, caption="得分的名次（名次分合成各季并封顶前）", empty="没有单位上榜。", css="dense")


def _information_matrix(facts: CountyFacts, lists: list[InformationList]) -> Html:
    ranks: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in lists:
        places = {entry.unit_id: entry for entry in one.entries}
        for unit in facts.names:
            if not one.group or any(row["unit_id"] == unit and row["group"] == one.group for row in facts.results):
                entry: Entry | None = places.get(unit)
                ranks[unit, one.quarter].append(str(entry.rank) if entry else words.ABSENT)
    sent: Counter[str] = Counter()
    adopted: Counter[str] = Counter()
    cells = {}
    for row in facts.tables[TABLE]:
        unit, quarter = row["单位"], row["季度"]
        sent[unit] += row["报送条数"]
        adopted[unit] += row["采用条数"]
        cells[unit, quarter] = f"{row['报送条数']}/{row['采用条数']}（{'、'.join(ranks[unit, quarter])}）"
    confirmed = {row["单位"] for row in facts.tables["确认无事项"] if row["表"] == TABLE}

    def absent(unit: str) -> str:
        # A confirmation speaks for a unit without any row; beside rows a quarter without one stays open.
        return "确认无" if unit not in sent and confirmed & {unit, ALL_UNITS} else "未登记"

    order = sorted(facts.names, key=lambda unit: (-sent[unit], list(facts.names).index(unit)))
    rows = [
        {"unit": facts.names[unit], "sent": sent.get(unit), "rate": percent(adopted[unit], sent[unit])}
        | {f"q{quarter}": cells.get((unit, quarter), absent(unit)) for quarter in QUARTERS}
        for unit in order
    ]
    columns = (
        _UNIT,
        *(Column(f"q{quarter}", f"第{quarter}季度", "number") for quarter in QUARTERS),
        Column("sent", "全年", "number"),
        Column("rate", "采用率", "number"),
    )
    kinds = "报送量名次、采用率名次" if any(one.name == RATE for one in lists) else "名次"
    return table(
        rows,
        columns,
        caption=f"各单位各季：报送条数/采用条数（{kinds}）；“—”未上榜。“全年”为全年报送条数，“采用率”为全年采用率。",
        css="dense",
    )


# ---- 材料报送 -----------------------------------------------------------------------------------------------------


def timeliness(facts: CountyFacts) -> Html:
    """Show who sent which report when and how many days late, after a sentence with the counts."""
    due = due_reports(facts)
    if not due:
        return sentence("方案没有须按期报送的材料。")
    made = filings(facts)
    found = Counter(one.state for one in made.values())
    days = sum(one.days for one in made.values())
    owed = found["in_time"] + found["late"] + found["missing"]
    said = f"到期应报 {owed} 份：按时 {found['in_time']} 份，迟报 {found['late']} 份（共迟 {days} 天），"
    said += f"未报 {found['missing']} 份；另有免报 {found['exempt']} 份。"
    columns = [
        _UNIT,
        *(
            Column(str(place), f"{report_name(report)} {report.due.month}月{report.due.day}日")
            for place, (_, report) in enumerate(due)
        ),
        Column("days", "共迟（天）", "number"),
    ]
    rows: list[dict[str, Any]] = []
    for unit, name in facts.names.items():
        own = {str(place): made[unit, place] for place in range(len(due))}
        rows.append(
            {"unit": name, "days": sum(one.days for one in own.values()) or ""}
            | {place: one.text() for place, one in own.items()}
        )
    shown = table(rows, columns, caption="收到日期；“—”不要求本单位报送。", css="dense timeliness")
    return sentence(said, mark="said") + _latest(facts, list(made.values())) + shown


def _latest(facts: CountyFacts, made: list[Filing]) -> Html:
    late = [one for one in made if one.state == "late"]
    most = max((one.days for one in late), default=0)
    worst = "、".join(f"{facts.names[one.unit_id]}（{report_name(one.due)}）" for one in late if one.days == most)
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for one in made:
        if one.state == "missing":
            missing[one.unit_id].append(report_name(one.due))
    told = [f"迟得最久的迟 {most} 天：{worst}。"] if late else []
    if missing:
        told.append(
            "未报：" + "、".join(f"{facts.names[unit]}（{'、'.join(what)}）" for unit, what in missing.items()) + "。"
        )
    return sentence(*told, mark="rest")


def check_tables(facts: CountyFacts) -> None:
    """Hold the lists that are made of the tables to the ledger. Raises AssertionError, in words."""
    check_lists(facts, information_lists(facts))
    check_filings(facts, filings(facts).values())
