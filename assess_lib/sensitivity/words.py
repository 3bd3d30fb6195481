"""What the exploration says, in sentences for offices, units and leaders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from assess_lib.exact import show
from assess_lib.scheme import Scheme
from assess_lib.sensitivity.exploration import Aspect, Exploration, Flip, Number, Value
from assess_lib.sensitivity.flips import Change

ASPECT_NAMES: dict[Aspect, str] = {
    "status": "状态",
    "grade": "等次",
    "outcome": "等次",
    "final_score": "最终得分",
    "rank_in_group": "组内名次",
    "rank_overall": "总名次",
}
_SHOWN = 3  # sets that a sentence names; the tables have all of them


def outcome_text(status: str, grade: str, scheme: Scheme) -> str:
    """Return status and grade as reports print them: why it is 不合格, and what is still to be approved."""
    if status == "vetoed":
        return f"{grade}（{scheme.parts.veto.name}）"
    if grade == scheme.grades.fail:
        return f"{grade}（低于{scheme.judgement.pass_mark.name}）"
    return scheme.grades.printed(grade)


def value_text(aspect: Aspect, value: Value, scheme: Scheme) -> str:
    """Return a value of an aspect in words.

    A rank that does not exist is 不排名, a score that does not exist is 无得分.
    """
    if isinstance(value, tuple):
        return outcome_text(*value, scheme)
    if aspect == "status":
        return scheme.parts.veto.name if value == "vetoed" else "计分"
    if aspect in ("rank_in_group", "rank_overall"):
        return "不排名" if value is None else f"第 {value} 名"
    if aspect == "final_score":
        return f"{show(value)} 分" if isinstance(value, Decimal) else "无得分"
    return str(value)


def change_text(change: Change, scheme: Scheme) -> str:
    """Return one change of a reading in words: its name and what is chosen instead."""
    reading = scheme.readings[change.reading]
    return f"“{reading.name}”改为“{reading.options[change.after]}”"


def changes_text(changes: Iterable[Change], scheme: Scheme) -> str:
    """Return a set of changes in words; all of them are needed."""
    told = [change_text(change, scheme) for change in changes]
    return "，同时".join(told)


def flip_text(flip: Flip, scheme: Scheme) -> str:
    """Return a flip in words: what is chosen instead, and what the conclusion becomes."""
    return f"{changes_text(flip.changes, scheme)}，变为{value_text(flip.aspect, flip.after, scheme)}"


def flips_text(flips: Sequence[Flip], scheme: Scheme, shown: int = _SHOWN) -> str:
    """Return several flips in words; those beyond ``shown`` are counted, not told."""
    told = "；".join(flip_text(flip, scheme) for flip in flips[:shown])
    return f"{told}；另有 {len(flips) - shown} 种" if len(flips) > shown else told


def range_text(exploration: Exploration, unit_id: str, aspect: Number) -> str:
    """Return from where to where a rank or score goes over all combinations, and whether it may be missing."""
    found = exploration.range(unit_id, aspect)
    scheme = exploration.scheme
    if found is None:
        return value_text(aspect, None, scheme)
    if aspect == "final_score":
        low, high = show(found.low), show(found.high)
        text = f"{low} 分" if low == high else f"{low} 至 {high} 分"
    else:
        text = f"第 {found.low} 名" if found.low == found.high else f"第 {found.low} 至第 {found.high} 名"
    return text if found.always else f"{text}，或{value_text(aspect, None, scheme)}"


def range_cell(exploration: Exploration, unit_id: str, aspect: Number) -> str:
    """Return a range as a table prints it: 3–5, one number where nothing moves, 或无 where it may be missing."""
    found = exploration.range(unit_id, aspect)
    if found is None:
        return "—"
    low, high = (show(end) if aspect == "final_score" else str(end) for end in (found.low, found.high))
    text = low if low == high else f"{low}–{high}"
    return text if found.always else f"{text} 或无"


def sentence(exploration: Exploration, unit_id: str) -> str:
    """Say in one line whether a unit's conclusion depends on readings, for its own report.

    Example: 在全部 9,216 种口径组合下，等次和名次不变。
    """
    everywhere = f"在全部 {exploration.space.size:,} 种口径组合下，"
    if exploration.safe(unit_id):
        if exploration.range(unit_id, "rank_overall") is None:
            result = exploration.result(unit_id)
            return f"{everywhere}均为{outcome_text(result.status, result.grade, exploration.scheme)}，不排名。"
        return f"{everywhere}等次和名次不变。"
    ranks: tuple[Number, ...] = ("rank_in_group", "rank_overall")
    moved = "，".join(f"{ASPECT_NAMES[rank]}{_held(exploration, unit_id, rank)}" for rank in ranks)
    if exploration.constant(unit_id, "final_score"):
        moved += "；本单位得分不变，名次随其他单位的得分变化"
    if exploration.constant(unit_id, "outcome"):
        return f"{everywhere}等次不变；{moved}。"
    flips = exploration.smallest_flips(unit_id, "outcome")
    return f"等次取决于口径：{flips_text(flips, exploration.scheme)}。{everywhere}{moved}。"


def _held(exploration: Exploration, unit_id: str, rank: Number) -> str:
    if exploration.constant(unit_id, rank):
        return "不变"
    return f"为{range_text(exploration, unit_id, rank)}"
