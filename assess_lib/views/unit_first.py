"""The first page of a unit's report: the score and why it is that, at a glance, in the unit's own numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from assess_lib.beyond import key_lines, simple_key
from assess_lib.composition import key_full
from assess_lib.exact import ZERO
from assess_lib.views import adjustments, objections, page, words
from assess_lib.views.html import Html, render, sentence
from assess_lib.views.lines import Line, reading_rows
from assess_lib.views.words import brief, number, plain, share, shorten, signed

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

MAIN_FACTS = 5
_SENTENCE = 110
"""How wide a fact may be on the first page (a Chinese character counts 2); its part has all of it."""
_WHY = re.compile(r"[^（]*（(.*)）", re.DOTALL)


def conclusion(report: UnitReport) -> Html:
    """Show the conclusion first: score, grade and ranks, why, the three parts, and what could still change it."""
    return render(
        "unit_first",
        mark="fail" if report.vetoed or report.failed else "pass",
        figures=_figures(report),
        why=_why(report) + _quotas(report),
        grounds=_grounds(report),
        scale=_scale(report),
        parts=_parts(report),
        facts=main_facts(report),
        notes=_notes(report),
    )


def main_facts(report: UnitReport) -> Html:
    """Show the few facts that cost or earned most: points, a sentence, the clause, the ledger row."""
    chosen = _vetoing(report) if report.vetoed else report.moving
    if not chosen:
        return sentence("没有一笔扣分或加分的登记。", mark="said")
    rows = [
        {
            "points": line.status_word if report.vetoed else signed(line.moved),
            "what": shorten(brief(line.label, report.scheme.year), _SENTENCE),
            "item": report.item_name(line.item),
            "clause": line.clause,
            "seq": line.seq,
        }
        for line in chosen[:MAIN_FACTS]
    ]
    return render("unit_main_facts", rows=rows, more=len(chosen) - len(rows), vetoed=report.vetoed)


def _vetoing(report: UnitReport) -> tuple[Line, ...]:
    """Return the facts that count in the veto items that apply, in the ledger's order."""
    hit = {item for item, row in report.items.items() if row["note"] == "vetoed"}
    return tuple(line for line in report.part_lines("veto") if line.item in hit and line.status == "counted")


def _figures(report: UnitReport) -> list[tuple[str, str, Markup, str]]:
    """List the headline figures: kind, name, value, remark."""
    marked, result = report.marked, report.result
    if report.vetoed:
        none = words.ABSENT
        return [
            ("score", "最终得分", marked("final_score", none), "不计分"),
            ("grade", "等次", marked("grade", report.grade), report.scheme.parts.veto.name),
            ("rank", "组内名次", marked("rank_in_group", none), "不排名"),
            ("rank", "总名次", marked("rank_overall", none), "不排名"),
        ]
    key, bonus, group = report.scheme.parts.key.name, report.scheme.parts.bonus.name, result["group"]
    made = f"{key}＋{bonus}" if result["bonus_open"] else f"即{key}"
    line = report.scheme.judgement.pass_mark
    low = f"低于 {plain(line.points)} 分{line.name}" if report.failed else ""
    pending = report.scheme.grades.pending if result["grade"] == report.scheme.grades.passed else ""
    return [
        ("score", "最终得分", marked("final_score", number(report.final_score)), made),
        ("grade", "等次", marked("grade", report.grade.removesuffix(pending)), low or pending),
        (
            "rank",
            f"{group}名次",
            marked("rank_in_group", str(result["rank_in_group"])),
            f"共 {report.peers.ranked_in_group} 个有得分",
        ),
        ("rank", "总名次", marked("rank_overall", str(result["rank_overall"])), f"共 {report.peers.ranked} 个有得分"),
    ]


def _why(report: UnitReport) -> str:
    """Say in one sentence how the score came about."""
    if report.vetoed:
        veto = report.scheme.parts.veto
        return f"依{veto.clause}构成{veto.name}，等次为{report.grade}；其余项目不计分，不排名。"
    judgement, parts, line = report.scheme.judgement, report.scheme.parts, report.scheme.judgement.pass_mark
    low = f"低于 {plain(line.points)} 分{line.name}，等次为{report.grade}"
    start, gate = _start(report), judgement.bonus_gate
    if report.result["bonus_open"]:
        how = "达到" if gate is not None and report.key_score == gate.points else "高于"
        passed = f"，{how} {plain(gate.points)} 分{gate.name}" if gate is not None else ""
        earned = report.result["bonus_score"]
        added = f"再加 {number(earned)} 分" if earned >= ZERO else f"{parts.bonus.name}减 {number(-earned)} 分"
        said = f"{start}{passed}，{added}，最终得分 {number(report.final_score)} 分"
        if report.failed:
            what = "" if line.compares == "final_score" else f"{parts.key.score}"
            return f"{said}；{what}{low}，仍参加排名。"
        return f"{said}。"
    if report.failed:
        closed = "" if gate is None else "不再加分，"
        return f"{start}，{low}；{closed}仍参加排名。"
    if gate is None:
        return f"{start}；最终得分就是{parts.key.score}。"
    how = "恰好等于" if report.key_score == gate.points else "低于"
    return f"{start}，{how} {plain(gate.points)} 分{gate.name}，不加分；最终得分就是{parts.key.score}。"


def _quotas(report: UnitReport) -> str:
    """Say what the quotas of the bands made of the unit: the conclusion's row of the ledger has it, after the mark."""
    if report.vetoed or report.failed or not report.scheme.grades.limited:
        return ""
    told = report.part_lines("final")[-1].formula.partition("；")[2]
    return f"等次：{told}。" if told else ""


def _start(report: UnitReport) -> str:
    """Say how the key score came about."""
    item, name = simple_key(report.scheme), report.scheme.parts.key.name
    if item is None:
        return composed(report).removesuffix("。")
    lost = item.full - report.key_score
    took = f"扣 {number(lost)} 分" if lost else "没有扣分"
    return f"{name}从 {plain(item.full)} 分起，{took}，得 {number(report.key_score)} 分"


def composed(report: UnitReport) -> str:
    """Say of what the key score is made: each dimension or item with what it counts, and what was scaled."""
    lines, full = report.account[0], plain(key_full(report.scheme))
    told = "，".join(f"{line.label} {number(line.moved)}" for line in lines if line.status != "exempt")
    scaled = "".join(f"，{line.label} {signed(line.moved)}" for line in lines if line.status == "exempt")
    listed = f"：{told}{scaled}" if told else ""
    return f"{report.scheme.parts.key.name}满分 {full} 分，得 {number(report.key_score)} 分{listed}。"


def _grounds(report: UnitReport) -> list[str]:
    """Say on what grounds the unit is vetoed: the closing line of each veto item that applies."""
    vetoes = [item for item, row in report.items.items() if row["note"] == "vetoed"]
    return [line.label for item in vetoes for line in report.item_lines(item) if line.status == "verdict"]


def _scale(report: UnitReport) -> dict[str, Any] | None:
    """Place the key score between 0 and the full mark, beside the lines; nothing for a vetoed unit."""
    if report.vetoed:
        return None
    name, full = report.scheme.parts.key.name, key_full(report.scheme)
    lines = [
        {
            "at": share(line.points, full),
            "points": plain(line.points),
            "name": line.name,
            "distance": distance(report.key_score, line.points, line.name),
        }
        for line in key_lines(report.scheme)
    ]
    score = number(report.key_score)
    said = "；".join(line["distance"] for line in lines)
    return {
        "name": name,
        "at": share(report.key_score, full),
        "lines": lines,
        "full": plain(full),
        "alt": f"{name} {score} 分，满分 {plain(full)} 分" + (f"：{said}。" if said else "。"),
    }


def _parts(report: UnitReport) -> list[dict[str, Any]]:
    """Say of each part what came out and why, in one line."""
    told = (("veto", _veto, "暂定"), ("key", _key, "暂计"), ("bonus", _bonus, "暂计"))
    return [say(report) | {"so_far": word} for part, say, word in told if report.scheme.part_items(part)]


def _veto(report: UnitReport) -> dict[str, Any]:
    rule = report.scheme.parts.veto
    whys = [
        f"{item.name}：{said[1] if (said := _WHY.fullmatch(line.label)) else line.label}"
        for item in report.scheme.part_items("veto")
        for line in report.item_lines(item.id)
        if line.status == "verdict"
    ]
    return {
        "name": rule.name,
        "value": "构成" if report.vetoed else "未构成",
        "of": "",
        "why": "；".join(whys) + "。",
        "clause": rule.clause,
        "open": _open(report, "veto"),
    }


def _key(report: UnitReport) -> dict[str, Any]:
    rule, full = report.scheme.parts.key, key_full(report.scheme)
    row: dict[str, Any] = {"name": rule.name, "clause": rule.clause, "open": _open(report, "key")}
    if report.vetoed:
        return row | {"value": words.ABSENT, "of": "", "why": f"因{report.scheme.parts.veto.name}，不计分。"}
    distances = [distance(report.key_score, line.points, line.name) for line in key_lines(report.scheme)]
    told = [_deducted(report), "，".join(distances)]
    return row | {
        "value": report.marked("key_score", number(report.key_score)),
        "of": f"满分 {plain(full)}",
        "why": "；".join(filter(None, told)) + "。",
    }


def _deducted(report: UnitReport) -> str:
    """Say what the key items that start at full lost; of other items, what they count."""
    item = simple_key(report.scheme)
    if item is None:
        return composed(report).partition("：")[2].removesuffix("。")
    lines = report.item_lines(item.id)
    taken = [line for line in lines if line.moved]
    said = f"{len(taken)} 笔扣分，共扣 {number(item.full - report.key_score)} 分" if taken else "没有扣分"
    cut = [line for line in lines if line.status in ("capped", "floored")]
    spared = sum(((line.nominal or ZERO) - line.moved for line in cut), ZERO)
    return said + (f"（因扣分上限或扣至零，少扣 {number(-spared)} 分）" if spared else "")


def _bonus(report: UnitReport) -> dict[str, Any]:
    rule, judgement = report.scheme.parts.bonus, report.scheme.judgement
    row: dict[str, Any] = {"name": rule.name, "clause": rule.clause, "open": _open(report, "bonus"), "of": ""}
    if report.vetoed:
        return row | {"value": words.ABSENT, "why": f"因{report.scheme.parts.veto.name}，不计分。"}
    if not report.result["bonus_open"]:
        gate = judgement.bonus_gate
        assert gate is not None  # without a gate the bonus part is open
        low = judgement.pass_mark if report.failed and judgement.pass_mark.compares == "key_score" else gate
        name = report.scheme.parts.key.name
        why = f"未开启：{name}未过 {plain(low.points)} 分{low.name}；{rule.name}为空白，不是 0 分。"
        return row | {"value": report.marked("bonus_score", words.ABSENT), "why": why}
    items = report.scheme.part_items("bonus")
    points = [(item.name, report.items[item.id]["points"] or ZERO) for item in items]
    added, cap, made = sum((each for _, each in points), ZERO), judgement.bonus_cap, report.result["bonus_score"]
    cut = f"各项合计 {number(added)} 分，按{'上限' if made < added else '最低分'}计。" if made != added else ""
    if any(dimension.part == "bonus" for dimension in report.scheme.dimensions):
        cut = f"按维度和上下限计入 {number(made)} 分。" if made != added else ""
    return row | {
        "value": report.marked("bonus_score", signed(made)),
        "of": f"上限 {plain(cap.points)}" if cap is not None else "",
        "why": "，".join(f"{name} {number(each)}" for name, each in points) + f"。{cut}",
    }


def _open(report: UnitReport, part: str) -> str:
    """Name the unresolved items of a part, blank when there are none."""
    return "、".join(item.id for item in report.open_items if item.part == part)


def _notes(report: UnitReport) -> list[dict[str, str]]:
    """List what one must know beside the score: open items, decisions, readings, state, objection."""
    open_names = [f"{item.id} {item.name}" for item in report.open_items]
    told = [
        (
            "待定",
            f"待定 {len(open_names)} 项：{'、'.join(open_names)}。补正前，以上结论可能变化。"
            if open_names
            else "没有待定项目。",
            "warn" if open_names else "",
        ),
        ("调整", adjustments.contained(report.decisions), ""),
        ("异议", _objections(report), ""),
        ("口径", _readings(report), ""),
        ("状态", f"{_state(report)}有异议的，按“怎样提出异议”办理。", ""),
    ]
    return [{"name": name, "text": text, "mark": mark} for name, text, mark in told if text]


def _objections(report: UnitReport) -> str:
    """Count the unit's objections by state, blank when it has none."""
    rows = objections.objections_of(report.data, report.unit_id)
    return f"本单位提出的异议{objections.counted(rows)}，见“怎样提出异议”。" if rows else ""


def _readings(report: UnitReport) -> str:
    names = [row["name"] for row in reading_rows(report.lines, report.scheme, report.data.basis.readings)]
    said = f"本结果依据 {len(names)} 项口径：{'、'.join(names)}。" if names else "本结果不依赖任何口径。"
    return said + report.readings_sentence()


def _state(report: UnitReport) -> str:
    approval = report.data.approval
    label = page.draft_label(report.data)
    if approval is not None:
        return f"{label}：{words.day(approval.date)}经{approval.by}批准（{approval.document}）。"
    if report.data.basis.final:
        return f"{label}：没有待定项目，报请审定；审定前不作为正式结果。"
    return f"{label}：供核对，未经审定，不作为正式结果。"


def distance(score: Decimal, line: Decimal, name: str) -> str:
    """Say how far a score lies from a line: 比 60 分合格线高 28.50 分."""
    if score == line:
        return f"恰好等于 {plain(line)} 分{name}"
    return f"比 {plain(line)} 分{name}{'高' if score > line else '低'} {number(abs(score - line))} 分"
