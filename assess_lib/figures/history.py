"""Final scores over the years: one unit's as a line of marks, the county's as a strip of dots for each year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from matplotlib.axes import Axes

from assess_lib.figures.drawing import DEEP, HAIR, INK, LOSS, SOFT, Plot, canvas, finish
from assess_lib.history import History, UnitYear, YearSet
from assess_lib.views.history import spread
from assess_lib.views.html import Html, sentence
from assess_lib.views.words import number

_HEIGHT = 1.9
_ROOM = Decimal(4)  # points above and below what is drawn


def history_plot(history: History, unit_id: str | None = None) -> Plot | Html:
    """Draw the final scores by year, of one unit or (``None``) of the county; nothing without earlier years.

    A year without a score (vetoed, not assessed) leaves a gap and is named below. A unit's predecessors are hollow.
    """
    if not history.earlier:
        return sentence()
    return _county(history) if unit_id is None else _unit(history, unit_id)


def _frame(axes: Axes, years: Sequence[YearSet], low: Decimal, high: Decimal, below: Sequence[str]) -> None:
    axes.set_position((0.09, 0.42 / _HEIGHT, 0.88, (_HEIGHT - 0.55) / _HEIGHT))
    axes.set_xlim(-0.5, len(years) - 0.5)
    axes.set_ylim(float(low - _ROOM), float(high + _ROOM))
    labels = [f"{data.year}\n{text}" for data, text in zip(years, below, strict=True)]
    axes.set_xticks(range(len(years)), labels)
    axes.tick_params(axis="both", labelsize=8, colors=SOFT)
    axes.grid(axis="y", color=HAIR, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set(visible=True, color=INK, linewidth=0.8)


def _unit(history: History, unit_id: str) -> Plot | Html:
    each = history.unit_years(unit_id)
    scored = [one for one in each if one.result.final_score is not None]
    if all(one.data is history.current for one in scored):
        return sentence()  # nothing earlier to draw
    scores = [one.result.final_score for one in scored if one.result.final_score is not None]
    at = {data.year: index for index, data in enumerate(history.years)}
    below = [_below([one for one in each if one.data is data], data) for data in history.years]
    with canvas(_HEIGHT) as (figure, axes):
        _frame(axes, history.years, min(scores), max(scores), below)
        own = [(at[one.data.year], float(score)) for one, score in zip(scored, scores, strict=True) if one.own]
        for (x, y), (next_x, next_y) in pairwise(own):
            if next_x == x + 1:
                axes.plot([x, next_x], [y, next_y], color=SOFT, linewidth=0.9, zorder=1)
        for one, score in zip(scored, scores, strict=True):
            x, face = at[one.data.year], (LOSS if one.data is history.current else DEEP) if one.own else "white"
            axes.scatter([x], [float(score)], s=42, marker="D" if one.own else "o", zorder=3, facecolor=face,
                         edgecolor=DEEP, linewidth=0.9)  # fmt: skip
            axes.annotate(number(score), (x, float(score)), xytext=(0, 6), textcoords="offset points", ha="center",
                          fontsize=8, color=INK)  # fmt: skip
        told = "；".join(
            f"{data.year} 年" + ("、".join(_said(one) for one in each if one.data is data) or "没有结果")
            for data in history.years
        )
        return finish(figure, f"历年最终得分图：{told}。")


def _below(of_year: Sequence[UnitYear], data: YearSet) -> str:
    if not of_year:
        return "没有结果"
    if all(one.result.final_score is None for one in of_year):
        return data.scheme.parts.veto.name
    if len(of_year) > 1:
        return f"{len(of_year)} 个单位"
    (only,) = of_year
    told = f"总第 {only.result.rank_overall} 名" if only.own else only.result.unit_name
    return told + ("（待定）" if only.result.unresolved else "")


def _said(one: UnitYear) -> str:
    name = "" if one.own else one.result.unit_name
    score = one.result.final_score
    pending = "（待定）" if one.result.unresolved else ""
    return f"{name} {one.data.scheme.parts.veto.name if score is None else number(score)}{pending}"


def _county(history: History) -> Plot | Html:
    spreads = [spread(data) for data in history.years]
    lowest = [each.lowest for each in spreads if each.lowest is not None]
    highest = [each.highest for each in spreads if each.highest is not None]
    if not lowest:
        return sentence()
    below = [f"{each.count} 个单位" if each.count else "没有得分" for each in spreads]
    with canvas(_HEIGHT) as (figure, axes):
        _frame(axes, history.years, min(lowest), max(highest), below)
        step = 0.9 / max(_widest(data) for data in history.years)
        for index, data in enumerate(history.years):
            for score, count in sorted(_whole(data).items()):
                places = [index + (n - (count - 1) / 2) * min(step, 0.06) for n in range(count)]
                axes.scatter(places, [score] * count, s=9, facecolor="white", edgecolor=DEEP, linewidth=0.7, zorder=2)
        for index, each in enumerate(spreads):
            if each.middle is not None:
                axes.plot([index - 0.3, index + 0.3], [float(each.middle)] * 2, color=LOSS, linewidth=1.4, zorder=3)
                axes.annotate(number(each.middle), (index + 0.3, float(each.middle)), xytext=(3, 0), fontsize=8,
                              textcoords="offset points", va="center", color=INK)  # fmt: skip
        figure.text(0.09, 1 - 0.08 / _HEIGHT, "○ 一个单位（按整分归位）　━ 中位数", fontsize=8, color=SOFT, va="center")
        told = "；".join(
            f"{data.year} 年 {each.count} 个单位，中位数 {number(each.middle)}，最高 {number(each.highest)}，"
            f"最低 {number(each.lowest)}"
            for data, each in zip(history.years, spreads, strict=True)
        )
        return finish(figure, f"历年最终得分分布图：{told}。")


def _whole(data: YearSet) -> Counter[int]:
    """Count the final scores by their nearest whole point."""
    scores = (result.final_score for result in data.results)
    return Counter(int(score.quantize(Decimal(1), rounding=ROUND_HALF_UP)) for score in scores if score is not None)


def _widest(data: YearSet) -> int:
    return max(_whole(data).values(), default=1)
