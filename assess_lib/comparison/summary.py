"""What a new run changed against the set that stood before it, in three lines for the terminal.

Needs results alone, as ``results.csv`` has them: no data frames, so that ``assess score`` stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from assess_lib.exact import show
from assess_lib.scoring import Result

# So many units are named; beyond them only their number is said.
_NAMED = 3
_STATUS = {"vetoed": "单项否决", "scored": ""}
_OPENING = "与上次采用的结果相比："

_Both = tuple[Result, Result]


def change_lines(previous: Sequence[Result] | None, results: Sequence[Result]) -> tuple[str, ...]:
    """Say what changed against the previous results: units, scores, ranks, one line each.

    One line alone says that nothing changed, that there is no earlier set (``None``), or that the earlier one could
    not be read (empty: a set has units).
    """
    if previous is None:
        return ("没有上次采用的结果可比：这是第一次。",)
    if not previous:
        return ("上次采用的结果无法读取，或被改动过，或不是同一年度的：没有比较。",)
    before = {result.unit_id: result for result in previous}
    both = [(before[result.unit_id], result) for result in results if result.unit_id in before]
    lines = (_units(both, previous, results), _scores(both), _ranks(both))
    if not any(lines):
        return (f"{_OPENING}没有变化（状态、等次、得分、名次、待定事项都相同）。",)
    nothing = ("状态、等次、待定事项没有变化。", "得分没有变化。", "名次没有变化。")
    units, scores, ranks = (line or other for line, other in zip(lines, nothing, strict=True))
    return f"{_OPENING}{units}", scores, ranks


def _verdict(result: Result) -> str:
    status = _STATUS[result.status]
    return f"{result.grade}（{status}）" if status else result.grade


def _units(both: Sequence[_Both], previous: Sequence[Result], results: Sequence[Result]) -> str:
    """Say how many units changed status or grade (named if few) or unresolved items, came or went."""
    judged = [(old, new) for old, new in both if (old.status, old.grade) != (new.status, new.grade)]
    doubts = [new for old, new in both if old.unresolved != new.unresolved]
    shared = {new.unit_id for _, new in both}
    came = [new.unit_name for new in results if new.unit_id not in shared]
    went = [old.unit_name for old in previous if old.unit_id not in shared]
    if not (judged or doubts or came or went):
        return ""
    told = [f"状态或等次变化 {len(judged)} 个单位"]
    if 0 < len(judged) <= _NAMED:
        told[0] += f"（{'；'.join(f'{new.unit_name} {_verdict(old)}→{_verdict(new)}' for old, new in judged)}）"
    if doubts:
        told.append(f"待定事项变化 {len(doubts)} 个单位")
    for names, what in ((came, "新增"), (went, "减少")):
        if names:
            told.append(f"{what}单位 {len(names)} 个" + (f"（{'、'.join(names)}）" if len(names) <= _NAMED else ""))
    return f"{'，'.join(told)}。"


def _scores(both: Sequence[_Both]) -> str:
    """Say how many units' scores changed, and the largest rise and fall of a final score."""
    changed = [
        (old, new)
        for old, new in both
        if (old.key_score, old.bonus_score, old.final_score) != (new.key_score, new.bonus_score, new.final_score)
    ]
    if not changed:
        return ""
    told = [f"得分变化 {len(changed)} 个单位"]
    moved = [
        (new.final_score - old.final_score, old, new)
        for old, new in changed
        if old.final_score is not None and new.final_score is not None and old.final_score != new.final_score
    ]
    for name, best in (
        ("上升最多", max(moved, key=lambda m: m[0], default=None)),
        ("下降最多", min(moved, key=lambda m: m[0], default=None)),
    ):
        if best is not None and (best[0] > 0) == (name == "上升最多"):
            amount, old, new = best
            told.append(f"{name} {new.unit_name} {_signed(amount)}（{show(old.final_score)}→{show(new.final_score)}）")
    gone = sum(old.final_score is not None and new.final_score is None for old, new in changed)
    won = sum(old.final_score is None and new.final_score is not None for old, new in changed)
    told += [f"{number} 个单位{what}" for number, what in ((gone, "不再有得分"), (won, "新有得分")) if number]
    return f"{'，'.join(told)}。"


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '−'}{show(abs(amount))}"


def _ranks(both: Sequence[_Both]) -> str:
    """Say how many units' ranks changed, and the largest moves of an overall rank."""
    changed = [
        (old, new)
        for old, new in both
        if (old.rank_in_group, old.rank_overall) != (new.rank_in_group, new.rank_overall)
    ]
    if not changed:
        return ""
    told = [f"名次变化 {len(changed)} 个单位"]
    moved = [
        (old.rank_overall - new.rank_overall, old, new)
        for old, new in changed
        if old.rank_overall is not None and new.rank_overall is not None and old.rank_overall != new.rank_overall
    ]
    for name, best in (
        ("上升最多", max(moved, key=lambda m: m[0], default=None)),
        ("下降最多", min(moved, key=lambda m: m[0], default=None)),
    ):
        if best is not None and (best[0] > 0) == (name == "上升最多"):
            _, old, new = best
            told.append(f"{name} {new.unit_name} 总第 {old.rank_overall} 名→第 {new.rank_overall} 名")
    return f"{'，'.join(told)}。"
