"""What robustness says, in words for leaders, analysts and units."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

from assess_lib.exact import ZERO, show
from assess_lib.robustness.corrections import ACTIONS, CENTRE, EVIDENCE, RATERS, Correction
from assess_lib.robustness.exploration import UnitRobustness
from assess_lib.robustness.flips import ASPECTS, Flip
from assess_lib.robustness.influence import Influence
from assess_lib.robustness.margins import Margin
from assess_lib.scheme import Scheme
from assess_lib.scoring import Verdict

DEFINITION = (
    "一条更正，是撤销本单位的一条登记（热线红灯、通报批评、扣分登记、表彰宣传、评定加分），或去掉一条信息中心结果、领导评价、佐证目录，"
    "或把一项迟报、未报的材料改为按时报送，一次迟到、代会、缺席改为到会，一项逾期、未办的任务改为按时完成。"
    "去掉信息中心结果后，红灯以本办统计为准。信息报送是全县榜单，不在更正之列。"
)
MOVED = "所动分数，是各计分项目得分变动的绝对值之和；只解除否决的更正不动分数。"
_NAMED = 3  # corrections or standards that a sentence names; the tables name all


def name(correction: Correction) -> str:
    """Return what a correction is about in a word or two: its table and number. A leader's mark has no name."""
    if correction.table == RATERS:
        return "领导评价 1 条"
    if correction.table == CENTRE:
        return CENTRE
    return f"{correction.table} {correction.number}"


def fact(correction: Correction) -> str:
    """Return what the row says, in words; blank where the name says it all."""
    row = correction.row
    if row is None:
        return "没有登记"
    match correction.table:
        case "热线红灯":
            moment = row["红灯时间"]
            return f"{moment:%Y-%m-%d}红灯" if moment.time() == time.min else f"{moment:%Y-%m-%d %H:%M} 红灯"
        case "信息中心结果":
            return f"红灯 {row['红灯次数']} 次，市大数据局通报：{row['市大数据局通报']}"
        case "通报批评":
            return f"{row['层级']}级{row['类型']}，{row['文号或网址']}"
        case "材料报送":
            return "未收到" if row["实报日期"] is None else f"{row['实报日期']} 收到"
        case "扣分登记":
            return f"{row['事实']}，{row['标准编号']}"
        case "表彰宣传":
            return f"{row['层级']}级{row['加分项']}，{row['事项名称']}"
        case "评定加分":
            return str(row["事项"])
        case "参会登记":
            return str(row["到会情况"])
        case "交办任务":
            done = row["完成日期"]
            return f"{row['任务']}，{row['时限']} 到期，" + ("未完成" if done is None else f"{done} 完成")
        case _:
            return str(row["名称或网址"]) if correction.table == EVIDENCE else ""


def correction_text(correction: Correction) -> str:
    """Return a correction in words: what is done to which row, and what the row says."""
    said = fact(correction)
    return f"{ACTIONS[correction.action]} {name(correction)}" + (f"（{said}）" if said else "")


def verb(corrections: Iterable[Correction]) -> str:
    """Return what the corrections are called together: 撤销 if all are, else 更正."""
    return "撤销" if all(correction.action == "withdraw" for correction in corrections) else "更正"


def effects(before: Verdict, after: Verdict, scheme: Scheme) -> str:
    """Return what becomes of the result, in words: veto, bonus part, grade; only what changes."""
    told = []
    if before.status != after.status:
        told.append(("构成" if after.status == "vetoed" else "解除") + scheme.parts.veto.name)
    if before.bonus_open != after.bonus_open:
        told.append("开启加分" if after.bonus_open else "不开启加分")
    if before.grade != after.grade:
        told.append(f"等次变为{scheme.grades.printed(after.grade)}")
    return "、".join(told)


def flip_text(flip: Flip, scheme: Scheme, first: str = "若") -> str:
    """Return a flip in words; ``first`` is 若, or 或 where another way has been told before.

    Example: 若撤销 1 条（扣分登记 KF-9，3.00 分）即开启加分.
    """
    named = [name(one) for one in flip.corrections[:_NAMED]]
    more = len(flip.corrections) - _NAMED
    listed = "、".join(named) + ("等" if more > 0 else "")
    points = f"，{'共 ' if len(flip.corrections) > 1 else ''}{show(flip.moved)} 分" if flip.moved else ""
    head = f"{first}{verb(flip.corrections)} {len(flip.corrections)} 条（{listed}{points}）"
    return f"{head}即{effects(flip.before, flip.after, scheme)}"


def different(one: UnitRobustness) -> tuple[Flip, ...]:
    """Return the flips of the fewest rows, each set of corrections once, the smallest first."""
    found: dict[tuple[int, ...], Flip] = {}
    for aspect in ASPECTS:
        if aspect in one.fewest:
            flip = one.fewest[aspect]
            found.setdefault(tuple(id(correction) for correction in flip.corrections), flip)
    return tuple(sorted(found.values(), key=lambda flip: (len(flip.corrections), flip.moved)))


def margin_text(margin: Margin, scheme: Scheme) -> str:
    """Return a margin in words: how much more may be lost, to the cent."""
    if margin.line == "gate":
        return f"再扣 {show(margin.points)} 分即不开启加分"
    if margin.line == "grade":
        return f"再扣 {show(margin.points)} 分即降为{scheme.grades.printed(margin.after.grade)}"
    line = scheme.judgement.pass_mark.name
    if margin.distance == ZERO:
        return f"恰在{line}上，再扣 {show(margin.points)} 分即{scheme.grades.fail}"
    return f"距{line}尚有 {show(margin.distance)} 分"


def further_text(margin: Margin) -> str:
    """Return the fewest single deductions that cross a margin's line, in words.

    Where one suffices, how many standards do it alone. Example: 1 次：ZD-05、ZD-06，共 2 项标准任一.
    """
    if margin.fewest is None:
        return "各标准扣到上限也不够"
    if margin.count != 1:
        return f"{margin.count} 次：" + "，".join(
            f"{one.standard} 每次 {show(one.rate)} × {one.times}" for one in margin.fewest
        )
    once = [one.standard for one in margin.alone if one.times == 1]
    named = "、".join(once[:_NAMED])
    return f"1 次：{named}" + (f"等 {len(once)} 项标准任一" if len(once) > _NAMED else "任一" if len(once) > 1 else "")


def influence_text(influence: Influence, scheme: Scheme) -> str:
    """Return what one row's correction does, in words: the change of the score, and what becomes of the result."""
    change = influence.change
    told = []
    if change is not None:
        told.append(f"最终得分{'增加' if change > 0 else '减少'} {show(abs(change))} 分" if change else "最终得分不变")
    changed = effects(influence.before, influence.after, scheme)
    return "，".join(filter(None, (*told, changed)))


def sentence(one: UnitRobustness, scheme: Scheme) -> str:
    """Say in one line how robust a unit's result is: the smallest corrections that change it, then its margins.

    Example: 若撤销 1 条（扣分登记 KF-9，3.00 分）即开启加分；距合格线尚有 12.30 分。
    """
    told = [flip_text(flip, scheme, "或" if n else "若") for n, flip in enumerate(different(one))]
    told += [margin_text(margin, scheme) for margin in one.margins]
    return "；".join(told) + "。" if told else "任何更正都不改变结论。"
