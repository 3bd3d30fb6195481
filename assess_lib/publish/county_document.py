"""The county's summary as a Word document, to be edited before it goes to approval (送审).

No red head, no document number, no seal: those are the issuing office's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assess_lib.exact import show
from assess_lib.publish.county_workbook import state_line
from assess_lib.publish.word import (
    LANDSCAPE_WIDTH,
    WordColumn,
    heading,
    new_document,
    packed,
    paragraph,
    table,
    turn_page,
)
from assess_lib.tables import Tables
from assess_lib.views import adjustments, county_first, objections, page, words
from assess_lib.views.county import VETO_FORM
from assess_lib.views.county_facts import CountyFacts
from assess_lib.views.county_near import CLOSE, near_lines
from assess_lib.views.lines import describe_reading, records
from assess_lib.views.words import number, per_cent, plain

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet


def county_document(data: ScoredSet, tables: Tables) -> bytes:
    """Return ``county_summary.docx``: title, basis, what matters, rankings, vetoes to confirm, what is open.

    Takes a scored set and its clean tables; the same set gives the same bytes, without author and time.
    """
    return document_of(CountyFacts(data, tables))


def document_of(facts: CountyFacts) -> bytes:
    """Return ``county_document`` of facts that another document is made of too."""
    data = facts.data
    marks = (page.draft_label(data), page.SAMPLE if facts.scheme.sample else "", page.approval_line(data))
    document = new_document("　".join(filter(None, marks)))
    _write_front(document, facts)
    _write_results(document, facts)
    _write_losses(document, facts)
    _write_basis(document, facts)
    _sign(document)
    _write_veto_form(document, facts)
    return packed(document, f"{page.subject(data)}结果汇总")


# ---- what stands in it --------------------------------------------------------------------------------------------


def _write_front(document: Any, facts: CountyFacts) -> None:
    subject = page.subject(facts.data)
    paragraph(document, f"{subject}结果汇总", "Title")
    paragraph(document, state_line(facts), "State")
    scheme = facts.scheme
    heading(document, "一、依据和对象")
    sizes = facts.group_sizes(facts.results)
    paragraph(
        document,
        f"依据《{scheme.document.title}》（{scheme.document.number}，{scheme.document.issuer}），"
        f"对 {len(facts.results)} 个单位（{sizes}）进行考核。事实和佐证截至{words.day(scheme.cut_off)}，"
        f"计分日期为{words.day(facts.data.basis.run_date)}。",
    )
    heading(document, "二、总的情况")
    for text in (county_first.grades_text(facts), *county_first.sentences(facts), county_first.contained(facts)):
        if text:
            paragraph(document, text)
    columns = (WordColumn("类别", 3), WordColumn("单位数", 1.4, right=True), WordColumn("说明", 6))
    table(document, columns, county_first.counts(facts))


def _write_results(document: Any, facts: CountyFacts) -> None:
    scheme = facts.scheme
    heading(document, "三、排名")
    paragraph(document, "分组按最终得分排名，同分同名次，其后的名次空出。被否决的单位没有得分，不排名。")
    columns = (
        WordColumn("组内名次", 1.6, right=True),
        WordColumn("单位", 4),
        WordColumn(scheme.parts.key.name, 1.9, right=True),
        WordColumn(scheme.parts.bonus.name, 1.6, right=True),
        WordColumn("最终得分", 1.9, right=True),
        WordColumn("总名次", 1.4, right=True),
        WordColumn("等次", 3),
        WordColumn("备注", 3.4),
    )
    for group in scheme.groups:
        rows = [
            (
                _rank(row["rank_in_group"]),
                row["unit_name"],
                number(row["key_score"]),
                number(row["bonus_score"]),
                number(row["final_score"]),
                _rank(row["rank_overall"]),
                scheme.grades.printed(row["grade"]),
                facts.remark(row),
            )
            for row in facts.ordered(group.name)
        ]
        if rows:
            paragraph(document, f"{group.name}（{len(rows)} 个单位）", "Caption")
            table(document, columns, rows)
    close = [one for one in near_lines(facts) if abs(one.gap) <= CLOSE]
    if close:
        paragraph(document, f"距分数线不超过 {plain(CLOSE)} 分的单位", "Caption")
        near = (
            WordColumn("分数线", 3),
            WordColumn("单位", 4),
            WordColumn("得分", 2, right=True),
            WordColumn("相距", 3),
        )
        table(document, near, [(one.line, facts.names[one.unit_id], show(one.score), one.text()) for one in close])


def _write_losses(document: Any, facts: CountyFacts) -> None:
    scheme = facts.scheme
    heading(document, "四、扣分和加分")
    columns = (
        WordColumn("标准", 1.6),
        WordColumn("扣分情形", 6),
        WordColumn("共扣", 1.7, right=True),
        WordColumn("笔数", 1.2, right=True),
        WordColumn("单位数", 1.5, right=True),
        WordColumn("累计占比", 1.8, right=True),
    )
    rows = [
        (one.code, one.what, number(one.points), len(one.deductions), len(one.by_unit()), per_cent(one.share))
        for one in facts.costs()
    ]
    if rows:
        paragraph(document, f"{scheme.parts.key.name}扣分（按标准）", "Caption")
        table(document, columns, rows)
    bonus = scheme.part_items("bonus")
    opened = [row for row in facts.by_rank() if row["bonus_open"]]
    if opened:
        name = scheme.parts.bonus.name
        who = f"开启{name}的单位，" if scheme.judgement.bonus_gate is not None else ""
        paragraph(document, f"{name}得分（{who}按总名次）", "Caption")
        of_items = (
            WordColumn("单位", 4),
            *(WordColumn(item.name, 1.5, right=True) for item in bonus),
            WordColumn(scheme.parts.bonus.name, 1.6, right=True),
        )
        rows = [
            (
                row["unit_name"],
                *(number(facts.cells[row["unit_id"], item.id]["points"]) for item in bonus),
                number(row["bonus_score"]),
            )
            for row in opened
        ]
        table(document, of_items, rows)


def _write_basis(document: Any, facts: CountyFacts) -> None:
    heading(document, "五、待定事项")
    blocked, items = county_first.blockers(facts)
    paragraph(document, blocked)
    if items:
        mine = [row for row in records(facts.data.problems) if row["severity"] == "unresolved"]
        of_open = (WordColumn("单位", 3), WordColumn("待定事项", 6), WordColumn("怎么办", 5))
        table(document, of_open, [(row["value"], row["message"], row["remedy"]) for row in mine])
    decisions = adjustments.adjustments_of(facts.data)
    if decisions:
        heading(document, "六、调整复核情况")
        of_decisions = (
            WordColumn("编号", 1.5),
            WordColumn("单位", 3),
            WordColumn("处理", 3.4),
            WordColumn("影响分值", 1.8, right=True),
            WordColumn("理由", 4),
            WordColumn("决定人和批准文号", 4),
        )
        rows = [
            (
                row["number"],
                facts.names[row["unit_id"]],
                f"{row['table']} {row['object']}：{number(row['old'])} → {adjustments.new_text(row)}",
                adjustments.effect_text(row),
                row["reason"],
                f"{row['decider']}，{words.day(row['decided'])}，{row['document']}",
            )
            for row in decisions
        ]
        table(document, of_decisions, rows)
    registered = objections.objections_of(facts.data)
    numeral = iter("七八九" if decisions else "六七八")
    if registered:
        heading(document, f"{next(numeral)}、{objections.HEADING}")
        _write_objections(document, facts, registered)
    heading(document, f"{next(numeral)}、采用的口径")
    told = [describe_reading(key, facts.scheme, facts.data.basis.readings) for key in facts.data.basis.readings]
    columns = (WordColumn("口径", 2.4), WordColumn("问题", 5), WordColumn("本次采用", 5), WordColumn("性质", 2.4))
    table(document, columns, [(row["name"], row["question"], row["option"], row["default"]) for row in told])
    paragraph(document, f"结果凭据 receipt.json 的 SHA-256：{facts.data.receipt_digest}", "Small")


def _write_objections(document: Any, facts: CountyFacts, registered: Sequence[dict[str, Any]]) -> None:
    paragraph(document, f"异议{objections.counted(registered)}。{county_first.unanswered(facts)}")
    widths = {"number": 1.4, "filed": 2, "what": 3.6, "due": 2, "state": 1.6, "answered": 3, "decision": 2}
    columns = (WordColumn("单位", 2), *(WordColumn(one.title, widths[one.key]) for one in objections.COLUMNS))
    effects = objections.effects_of(adjustments.adjustments_of(facts.data))
    told = [(facts.names[row["unit_id"]], objections.cells_of(row, effects)) for row in registered]
    table(document, columns, [(unit, *(cells[one.key] for one in objections.COLUMNS)) for unit, cells in told])


def _sign(document: Any) -> None:
    paragraph(document, "编制人：　　　　　　　　复核人：　　　　　　　　日期：", "Sign")


def _write_veto_form(document: Any, facts: CountyFacts) -> None:
    """Write 单项否决情况认定表 on a sheet across, to be signed by itself; nothing when no unit is vetoed."""
    if not facts.vetoes:
        return
    turn_page(document)
    heading(document, f"附　{VETO_FORM}")
    columns = (
        WordColumn("单位", 2),
        WordColumn("条款", 1.8),
        WordColumn("事实", 5),
        WordColumn("文号", 3.4),
        WordColumn("出处", 3.4),
        WordColumn("认定意见", 2.2),
        WordColumn("认定人", 1.4),
        WordColumn("日期", 1.4),
    )
    rows = [
        (
            facts.names[veto.unit_id],
            f"{veto.item.clause} {veto.item.name}",
            "\n".join(veto.facts),
            "\n".join(dict.fromkeys(filter(None, veto.documents))),
            "\n".join(dict.fromkeys(veto.sources)),
            *("", "", ""),
        )
        for veto in facts.vetoes
    ]
    table(document, columns, rows, width=LANDSCAPE_WIDTH)


def _rank(rank: int | None) -> str:
    return words.ABSENT if rank is None else str(rank)
