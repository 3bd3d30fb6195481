"""What was changed and what it did, in one plain paragraph."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from assess_lib.exact import ZERO
from assess_lib.tables import Row
from assess_lib.views import words
from assess_lib.views.words import number, signed
from assess_lib.workbench.bench import MARKS, REGISTER, Bench
from assess_lib.workbench.changes import DECISIONS, Changes, Object
from assess_lib.workbench.difference import Difference, LinePair, Moved

UNCHANGED = "没有改动，试算就是正式结果。"
_NAMED = 3  # so many ledger rows, and other units, are named; the rest is counted


def deeds(bench: Bench, changes: Changes) -> list[str]:
    """Say what was changed, each kind with its count, in the order of the bench's own parts."""
    rows = [
        row for row in bench.rows.values() if bench.is_on(row.source, changes) != bench.is_on(row.source, Changes())
    ]
    # the row of a decision that gave way goes without saying: what took its place is told
    told = [row for row in rows if row.table != DECISIONS or not _replaced(row, bench, changes)]
    off = [row for row in told if not bench.is_on(row.source, changes)]
    on = len(told) - len(off)
    counts = [thing for thing, amount in changes.amounts.items() if thing.table == REGISTER and amount.count]
    values = [thing for thing, amount in changes.amounts.items() if thing.table == REGISTER and not amount.count]
    marks = [thing for thing in changes.amounts if thing.table == MARKS]
    said = [
        f"关掉 {len(off)} 行" if off else "",
        f"打开 {on} 行" if on else "",
        f"改 {len(counts)} 处数量" if counts else "",
        f"改 {len(values)} 处扣分" if values else "",
        f"改 {len(marks)} 处评定分" if marks else "",
        f"换 {len(changes.readings)} 项口径" if changes.readings else "",
        f"计分日期改为 {words.day(changes.run_date)}" if changes.run_date else "",
    ]
    return [text for text in said if text]


def _replaced(decision: Row, bench: Bench, changes: Changes) -> bool:
    """Tell whether the bench's own decision, or the row that the decision took out, tells of the same."""
    thing = Object.decided(decision)
    return changes.owns(thing) or decision["处理"] == "撤销"


def tell(bench: Bench, difference: Difference) -> str:
    """Say what was changed and what that does to the unit, and why: scores, gate, grade, ranks, the rows behind it.

    Example: 关掉 2 行后：县公安局重点考核 82.95 → 85.45，总名次 15 → 7。因为……
    """
    done = deeds(bench, difference.tried.changes)
    if not done:
        return UNCHANGED
    moved = difference.result
    effects = list(_effects(moved, difference))
    name = moved.new.unit_name
    told = f"{'、'.join(done)}后：{name}{'，'.join(effects) if effects else '的得分、等次、名次都不变'}。"
    return told + _because(difference) + _others(difference)


def _effects(moved: Moved, difference: Difference) -> Iterator[str]:
    old, new, scheme = moved.old, moved.new, difference.new.scheme
    if old.status != new.status:
        veto = scheme.parts.veto.name
        yield f"构成{veto}，不再计分排名" if new.status == "vetoed" else f"不再构成{veto}，重新计分"
    if old.key_score != new.key_score:
        yield f"{scheme.parts.key.name} {number(old.key_score)} → {number(new.key_score)}"
    if old.bonus_open != new.bonus_open and "scored" == old.status == new.status:
        yield f"{scheme.parts.bonus.name}由开启变为不开启" if old.bonus_open else f"{scheme.parts.bonus.name}开启"
    if old.bonus_score != new.bonus_score:
        yield f"{scheme.parts.bonus.name} {number(old.bonus_score)} → {number(new.bonus_score)}"
    if old.final_score != new.final_score:
        yield f"最终得分 {number(old.final_score)} → {number(new.final_score)}"
    if old.grade != new.grade:
        yield f"等次 {old.grade} → {new.grade}"
    if old.rank_in_group != new.rank_in_group:
        yield f"组内名次 {rank(old.rank_in_group)} → {rank(new.rank_in_group)}"
    if old.rank_overall != new.rank_overall:
        yield f"总名次 {rank(old.rank_overall)} → {rank(new.rank_overall)}"
    if old.unresolved != new.unresolved:
        yield f"待定 {old.unresolved} 项 → {new.unresolved} 项"


def rank(value: int | None) -> str:
    """Print a rank; a unit without one has a dash."""
    return words.ABSENT if value is None else str(value)


def _because(difference: Difference) -> str:
    moved = difference.result
    if moved.old.status != moved.new.status:
        return f"因为：{'；'.join(_verdicts(difference))}。"
    causes = sorted(
        (pair for pair in difference.lines if pair.line.part in ("key", "bonus") and pair.gain != ZERO),
        key=lambda pair: (-abs(pair.gain), pair.line.seq),
    )
    if causes and moved.own:
        named = "；".join(_cause(pair, difference) for pair in causes[:_NAMED])
        more = f"；另有 {len(causes) - _NAMED} 行" if len(causes) > _NAMED else ""
        return f"因为：{named}{more}。"
    if moved.any and not moved.own:
        return "本单位的得分没有变，名次随别的单位变动。"
    return ""


def _verdicts(difference: Difference) -> Iterator[str]:
    """Say what is now found of each veto item that applies in one of the two states."""
    states = (difference.old, difference.new)
    applied = {item for state in states for item, row in state.items.items() if row["note"] == "vetoed"}
    for line in difference.new.part_lines("veto"):
        if line.status == "verdict" and line.item in applied:
            yield line.label


def _cause(pair: LinePair, difference: Difference) -> str:
    line, scheme = pair.line, difference.new.scheme
    return f"{scheme.item(line.item).name} {signed(pair.gain)}（{words.brief(line.label, scheme.year)}）"


def _others(difference: Difference) -> str:
    scored = [moved for moved in difference.others if moved.own]
    ranked = len(difference.others) - len(scored)
    told = ""
    if scored:
        key_part = difference.new.scheme.parts.key.name
        named = "、".join(f"{moved.new.unit_name}（{_step(moved, key_part)}）" for moved in scored[:_NAMED])
        more = f"等 {len(scored)} 个单位" if len(scored) > _NAMED else ""
        told += f"{named}{more}的结果也变了。"
    return told + (f"另有 {ranked} 个单位只变名次。" if ranked else "")


def _step(moved: Moved, key_part: str) -> str:
    old, new = moved.old, moved.new
    if old.final_score != new.final_score:
        return f"{number(old.final_score)} → {number(new.final_score)}"
    if old.grade != new.grade:
        return f"等次 {old.grade} → {new.grade}"
    if old.key_score != new.key_score:  # and the bonus by as much
        return f"{key_part} {number(old.key_score)} → {number(new.key_score)}，最终得分不变"
    return f"待定 {old.unresolved} 项 → {new.unresolved} 项"


def change(old: Decimal | None, new: Decimal | None) -> str:
    """Print by how much a score moved; blank where one of the two does not exist."""
    return "" if old is None or new is None or old == new else signed(new - old)
