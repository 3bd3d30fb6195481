"""What the bench shows beside the switches: the result, the ledger, the waterfall, who moved, what is exported."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from markupsafe import Markup

from assess_lib.figures import waterfall
from assess_lib.figures.drawing import Plot
from assess_lib.scheme import Scheme
from assess_lib.scoring import Result
from assess_lib.views import Column, Html, UnitReport, sentence, table
from assess_lib.views.html import render
from assess_lib.views.words import number, signed
from assess_lib.workbench.bench import Bench
from assess_lib.workbench.difference import Difference, Kind, LinePair, Moved
from assess_lib.workbench.draft import Draft, known_changes
from assess_lib.workbench.story import change, rank, tell

MARKS: dict[Kind, str] = {"same": "", "changed": "改变", "new": "新增", "gone": "没有了"}


def summary(bench: Bench, difference: Difference) -> Html:
    """Show the unit's result in both states, and in a sentence what was changed and what came of it."""
    old, new, scheme = difference.result.old, difference.result.new, difference.new.scheme
    cells = [
        ("状态", *(_status(result.status, difference.new) for result in (old, new)), ""),
        (scheme.parts.key.name, number(old.key_score), number(new.key_score), change(old.key_score, new.key_score)),
        (scheme.parts.bonus.name, _bonus(old, scheme), _bonus(new, scheme), change(old.bonus_score, new.bonus_score)),
        ("最终得分", number(old.final_score), number(new.final_score), change(old.final_score, new.final_score)),
        ("等次", old.grade, new.grade, ""),
        ("组内名次", rank(old.rank_in_group), rank(new.rank_in_group), steps(old.rank_in_group, new.rank_in_group)),
        ("总名次", rank(old.rank_overall), rank(new.rank_overall), steps(old.rank_overall, new.rank_overall)),
        ("待定", f"{old.unresolved} 项", f"{new.unresolved} 项", ""),
    ]
    columns = (Column("side", new.unit_name, "short"), *(Column(cell[0], cell[0], "short") for cell in cells))
    rows = [{"side": "正式"}, {"side": "试算"}, {"side": "变动"}]
    for what, before, after, told in cells:
        moved = told or ("不变" if before == after else "改变")
        for row, text in zip(rows, (before, after, moved), strict=True):
            row[what] = text
    return sentence(tell(bench, difference), mark="said") + table(rows, columns, css="what-if")


def _status(status: str, report: UnitReport) -> str:
    return report.scheme.parts.veto.name if status == "vetoed" else "计分"


def _bonus(result: Result, scheme: Scheme) -> str:
    closed = result.status != "vetoed" and not result.bonus_open and scheme.judgement.bonus_gate is not None
    return "不开启" if closed else number(result.bonus_score)


def steps(old: int | None, new: int | None) -> str:
    """Say by how many places a rank moved; blank where it did not or one of the two does not exist."""
    if old is None or new is None or old == new:
        return ""
    return f"升 {old - new} 位" if new < old else f"降 {new - old} 位"


def ledger(difference: Difference) -> Html:
    """Show the unit's ledger in both states; rows that differ say so and stand out."""
    rows = [
        {
            "kind": pair.kind,
            "mark": MARKS[pair.kind],
            "item": difference.new.item_name(pair.line.item),
            "label": pair.line.label,
            "formula": pair.line.formula if pair.new else "",
            "official": _points(pair, old=True),
            "tried": _points(pair, old=False),
            "after": number(pair.new.after) if pair.new else "",
            "status": _statuses(pair),
            "place": pair.line.place_text,
        }
        for pair in difference.lines
    ]
    return render("what_if_ledger", rows=rows, changed=[row for row in rows if row["kind"] != "same"])


def _points(pair: LinePair, *, old: bool) -> str:
    line = pair.old if old else pair.new
    return "" if line is None or line.points is None else signed(line.points)


def _statuses(pair: LinePair) -> str:
    known = [line.status_word for line in (pair.old, pair.new) if line is not None]
    return " → ".join(dict.fromkeys(known))


def figure(report: UnitReport) -> Html:
    """Show how one state's score came about."""
    made = waterfall(report)
    if isinstance(made, Plot):
        return Html(Markup('<div role="img" aria-label="{}">{}</div>').format(made.alt, Markup(made.svg)))
    return made


def two_figures(official: Html, difference: Difference) -> Html:
    """Show the official figure (drawn before) and the what-if's side by side; one alone while nothing differs."""
    tried = difference.tried.changes
    if tried.nothing:
        return render("what_if_figures", figures=[("正式", official)])
    return render("what_if_figures", figures=[("正式", official), ("试算", figure(difference.new))])


def ranks(difference: Difference) -> Html:
    """Show every unit's rank in both states, those that moved first; the chosen unit is named as such."""
    order = sorted(
        difference.moved,
        key=lambda moved: (not moved.shown, moved.new.rank_overall is None, moved.new.rank_overall or 0),
    )
    moved = sum(one.shown for one in order)
    told = f"{moved} 个单位的得分或名次变了，排在前面；其余 {len(order) - moved} 个不变。"
    columns = (
        Column("mark", "变动", "short"),
        Column("unit", "单位", "short"),
        Column("final_old", "正式得分", "number"),
        Column("final", "试算得分", "number"),
        Column("grade", "等次"),
        Column("overall", "总名次", "short"),
        Column("group", "组内名次", "short"),
    )
    rows = [_rank_row(one, one.new.unit_id == difference.unit_id) for one in order]
    return sentence(told if moved else "没有单位的得分或名次变动。") + table(rows, columns, css="what-if ranks")


def _rank_row(moved: Moved, chosen: bool) -> dict[str, Any]:
    old, new = moved.old, moved.new
    return {
        "mark": _moved_mark(moved),
        "unit": f"{new.unit_id} {new.unit_name}" + ("（所选）" if chosen else ""),
        "final_old": number(old.final_score),
        "final": number(new.final_score),
        "grade": old.grade if old.grade == new.grade else f"{old.grade} → {new.grade}",
        "overall": _arrow(old.rank_overall, new.rank_overall),
        "group": _arrow(old.rank_in_group, new.rank_in_group),
    }


def _moved_mark(moved: Moved) -> str:
    if not moved.shown:
        return "不变"
    score: tuple[Decimal | None, ...] = (moved.old.final_score, moved.new.final_score)
    told = steps(moved.old.rank_overall, moved.new.rank_overall)
    return told or ("得分变" if score[0] != score[1] else "改变")


def _arrow(old: int | None, new: int | None) -> str:
    return rank(old) if old == new else f"{rank(old)} → {rank(new)}"


def draft(made: Draft) -> Html:
    """Show what the export will hold, and plainly what it cannot."""
    shown = sentence(f"可以写成调整复核的 {len(made.decisions)} 条" + ("：" if made.decisions else "。"))
    if made.decisions:
        shown += render("what_if_list", texts=known_changes(made))
    if made.unsaid:
        shown += sentence(f"不能写成调整复核的 {len(made.unsaid)} 处，导出的草稿里没有，要另外办：", mark="warn")
        shown += render("what_if_list", texts=[f"{one.change}。{one.instead}" for one in made.unsaid])
    return shown
