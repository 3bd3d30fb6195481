"""The first page of the county's summary, as plain words: what a leader must know before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assess_lib.beyond import raw_points
from assess_lib.exact import mean
from assess_lib.objections import OVERDUE
from assess_lib.scheme import VETO_METHODS
from assess_lib.views import adjustments, objections, page
from assess_lib.views.county_near import CLOSE, near_lines
from assess_lib.views.words import number, per_cent, plain

if TYPE_CHECKING:
    from assess_lib.views.county_facts import CountyFacts

ENDS = 3  # ranks shown at the top and at the bottom of each group
NAMED = 6  # units named in a list before the rest is counted
COSTLIEST = 3  # standards named in the sentence on what was lost


@dataclass(frozen=True, slots=True)
class Ends:
    """The top and the bottom of one group, and who has no rank in it; all are rows of results."""

    group: str
    size: int
    top: tuple[dict[str, Any], ...]
    bottom: tuple[dict[str, Any], ...]
    vetoed: tuple[dict[str, Any], ...]


def counts(facts: CountyFacts) -> list[tuple[str, str, str]]:
    """Return the headline counts: what is counted, how many, which groups they are of."""
    judgement = facts.scheme.judgement
    low, gate, bonus = plain(judgement.pass_mark.points), judgement.bonus_gate, facts.scheme.parts.bonus.name
    open_units = [row for row in facts.results if row["unresolved"]]
    told: list[tuple[str, list[dict[str, Any]], str]] = [("考核单位", facts.results, "")]
    if facts.scheme.part_items("veto"):
        told.append((facts.scheme.parts.veto.name, facts.vetoed, facts.scheme.grades.fail))
    told.append((f"低于 {low} 分", facts.failed, facts.scheme.grades.fail))
    if gate is None:
        told.append((f"{low} 分及以上", facts.passed, ""))
    else:
        high = plain(gate.points)
        above = facts.data.basis.readings["bonus_gate"] == "above"
        told += [
            (f"{low} 至 {high} 分" if above else f"{low} 至不到 {high} 分", facts.between, f"不{_verb(bonus)}"),
            (f"高于 {high} 分" if above else f"{high} 分及以上", facts.opened, f"开启{bonus}"),
        ]
    told.append(("有待定项", open_units, f"共 {sum(row['unresolved'] for row in open_units)} 项"))
    return [
        (name, str(len(rows)), "；".join(filter(None, (remark, facts.group_sizes(rows) if rows else ""))))
        for name, rows, remark in told
    ]


def _verb(bonus: str) -> str:
    """Say in one word what the bonus part does; a part of another name is counted."""
    return bonus if bonus == "加分" else f"计{bonus}"


def grades_text(facts: CountyFacts) -> str:
    """Say how many units have which grade, as it is printed."""
    return "初步等次：" + "，".join(f"{grade} {count} 个" for grade, count in facts.grade_counts()) + "。"


def sentences(facts: CountyFacts) -> list[str]:
    """Say what matters in three sentences: the result, what was lost, what may still change it."""
    return [_result(facts), _losses(facts), _doubts(facts)]


def _result(facts: CountyFacts) -> str:
    scored = facts.scored
    failed = len(facts.vetoed) + len(facts.failed)
    fail = facts.scheme.grades.fail
    said = f"{len(facts.results)} 个单位中{f' {failed} 个' if failed else '没有'}{fail}"
    if failed:
        mark = facts.scheme.judgement.pass_mark.name
        vetoed = f"{facts.scheme.parts.veto.name} {len(facts.vetoed)} 个，" if facts.scheme.part_items("veto") else ""
        said += f"（{vetoed}低于{mark} {len(facts.failed)} 个）"
    if not scored:
        return said + "；没有单位有最终得分。"
    finals = [row["final_score"] for row in scored]

    def held_by(points: Any) -> str:
        return named(facts, [row["unit_id"] for row in scored if row["final_score"] == points])

    gated = facts.scheme.judgement.bonus_gate is not None
    said += f"，{len(facts.opened)} 个开启{facts.scheme.parts.bonus.name}" if gated else ""
    said += f"；有得分的 {len(scored)} 个单位平均 {number(mean(finals))} 分，"
    said += f"最高 {number(max(finals))} 分（{held_by(max(finals))}），"
    said += f"最低 {number(min(finals))} 分（{held_by(min(finals))}）"
    for group in facts.scheme.groups:
        own = [row["final_score"] for row in scored if row["group"] == group.name]
        if own and len(facts.scheme.groups) > 1:
            said += f"，{group.name}平均 {number(mean(own))} 分"
    return said + "。"


def _losses(facts: CountyFacts) -> str:
    costs, name = facts.costs(), facts.scheme.parts.key.name
    if not costs:
        return f"{facts.no_losses}。"
    units = len({one.line.unit_id for one in facts.deductions})
    said = f"{name}共扣 {number(facts.lost)} 分{raw_points(facts.scheme)}，"
    said += f"涉及 {units} 个单位、{len(costs)} 项标准、{len(facts.deductions)} 笔；"
    top = costs[:COSTLIEST]
    told = "、".join(f"{cost.what} {number(cost.points)} 分" for cost in top)
    return said + f"扣得最多的是{told}，占全部扣分的 {per_cent(top[-1].share)}。"


def _doubts(facts: CountyFacts) -> str:
    """Say what is open, whether a veto hangs on it, and how many units stand on or near a line."""
    rows = [row for row in facts.results if row["unresolved"]]
    total = sum(row["unresolved"] for row in rows)
    open_items = facts.open_items()
    vetoes = {unit for item, units in open_items if isinstance(item.rule, VETO_METHODS) for unit in units}
    said = f"还有 {len(rows)} 个单位 {total} 项待定" if total else "没有待定事项"
    if vetoes:
        told = named(facts, [unit for unit in facts.names if unit in vetoes])
        said += f"，其中 {len(vetoes)} 个单位关系到{facts.scheme.parts.veto.name}（{told}）"
    near = near_lines(facts)
    exact = list(dict.fromkeys(one.unit_id for one in near if not one.gap))
    close = {one.unit_id for one in near if abs(one.gap) <= CLOSE} - set(exact)
    on_line = [f"{len(exact)} 个单位恰好在分数线上（{named(facts, exact)}）"] if exact else []
    by_line = [f"{'另有 ' if exact else '有 '}{len(close)} 个单位距线不超过 {plain(CLOSE)} 分"] if close else []
    none = f"没有单位恰好在分数线上或距线不超过 {plain(CLOSE)} 分"
    return f"{said}；{'，'.join(on_line + by_line) or none}。"


def named(facts: CountyFacts, units: list[str], shown: int = NAMED) -> str:
    """Name units; beyond ``shown`` the rest is counted, so that nobody is lost."""
    text = "、".join(facts.names[unit] for unit in units[:shown])
    return text if len(units) <= shown else f"{text}等 {len(units)} 个"


def ends(facts: CountyFacts) -> list[Ends]:
    """Return the top and the bottom of each group; a unit is never in both, and of equal ranks all stand there."""
    made = []
    for group in facts.scheme.groups:
        rows = facts.ordered(group.name)
        ranked = [row for row in rows if row["rank_in_group"] is not None]
        top = [row for row in ranked if row["rank_in_group"] <= ENDS]
        rest = ranked[len(top) :]
        bottom = [row for row in rest if row["rank_in_group"] >= rest[-ENDS:][0]["rank_in_group"]]
        vetoed = [row for row in rows if row["rank_in_group"] is None]
        made.append(Ends(group.name, len(rows), tuple(top), tuple(bottom), tuple(vetoed)))
    return [one for one in made if one.size]


def blockers(facts: CountyFacts) -> tuple[str, list[tuple[str, str]]]:
    """Say what still blocks the final version: a sentence, then each open item with its units."""
    found = facts.open_items()
    if not found:
        state = page.draft_label(facts.data)
        return ("没有待定项目，可以送审。" if state == page.DRAFT else f"没有待定项目；本稿为{state}。"), []
    total = sum(len(units) for _, units in found)
    rows = [(facts.item_name(item.id), named(facts, list(units))) for item, units in found]
    return f"{total} 项待定，须补正并重新计分后才能送审。", rows


def unanswered(facts: CountyFacts) -> str:
    """Say how many objections wait for an answer, which blocks nothing; the overdue ones' units are named."""
    rows = objections.objections_of(facts.data)
    overdue = list(dict.fromkeys(row["unit_id"] for row in rows if row["state"] == OVERDUE))
    told = objections.unanswered(rows)
    return f"{told}逾期的是：{named(facts, overdue)}。" if overdue else told


def contained(facts: CountyFacts) -> str:
    """Say that the results contain 调整复核; blank when there are none."""
    return adjustments.contained(adjustments.adjustments_of(facts.data), "county")
