"""Final scores over the years: one unit's as a line of marks, the county's as a strip of dots for each year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from matplotlib.ticker import MaxNLocator

from assess_lib.figures.drawing import DEEP, HAIR, INCH, INK, LOSS, SOFT, STROKE, WIDTH, Plot, Scale, Sheet, canvas
from assess_lib.history import History, UnitYear, YearSet
from assess_lib.views.history import spread
from assess_lib.views.html import Html, sentence
from assess_lib.views.words import MINUS, number

_HEIGHT = 1.9 * INCH
_LEFT, _RIGHT = 0.09 * WIDTH, 0.97 * WIDTH
_TOP, _BOTTOM = 0.13 * INCH, _HEIGHT - 0.42 * INCH
_ROOM = Decimal(4)  # points of score above and below what is drawn


def history_plot(history: History, unit_id: str | None = None) -> Plot | Html:
    """Draw the final scores by year, of one unit or (``None``) of the county; nothing without earlier years.

    A year without a score (vetoed, not assessed) leaves a gap and is named below. A unit's predecessors are hollow.
    """
    if not history.earlier:
        return sentence()
    return _county(history) if unit_id is None else _unit(history, unit_id)


def _frame(
    sheet: Sheet, years: Sequence[YearSet], low: Decimal, high: Decimal, below: Sequence[str]
) -> tuple[Scale, Scale]:
    """Draw the years and the scale of scores; return where years (by their index) and scores stand."""
    across = Scale(-0.5, len(years) - 0.5, _LEFT, _RIGHT)
    upwards = Scale(float(low - _ROOM), float(high + _ROOM), _BOTTOM, _TOP)
    # whole points, and no more of them than have room above one another
    for tick in MaxNLocator(nbins=5, steps=[1, 2, 5, 10], integer=True).tick_values(upwards.low, upwards.high):
        if upwards.low <= tick <= upwards.high:
            y = upwards(tick)
            sheet.lines([(_LEFT, y, _RIGHT, y)], HAIR, 0.6)
            sheet.text(_LEFT - 4, y, f"{tick:.0f}".replace("-", MINUS), 8, SOFT, align="right")
    sheet.lines([(_LEFT, _BOTTOM, _RIGHT, _BOTTOM)], INK, STROKE)
    for index, (data, text) in enumerate(zip(years, below, strict=True)):
        sheet.text(across(index), _BOTTOM + 8, str(data.year), 8, SOFT, align="center")
        sheet.text(across(index), _BOTTOM + 19, text, 8, SOFT, align="center")
    return across, upwards


def _unit(history: History, unit_id: str) -> Plot | Html:
    each = history.unit_years(unit_id)
    scored = [one for one in each if one.result.final_score is not None]
    if all(one.data is history.current for one in scored):
        return sentence()  # nothing earlier to draw
    scores = [one.result.final_score for one in scored if one.result.final_score is not None]
    at = {data.year: index for index, data in enumerate(history.years)}
    below = [_below([one for one in each if one.data is data], data) for data in history.years]
    with canvas(_HEIGHT) as sheet:
        across, upwards = _frame(sheet, history.years, min(scores), max(scores), below)
        marks = [(at[one.data.year], float(score), one) for one, score in zip(scored, scores, strict=True)]
        own = [(x, y) for x, y, one in marks if one.own]
        joints = [(a, b) for a, b in pairwise(own) if b[0] == a[0] + 1]
        sheet.lines([(across(x), upwards(y), across(x2), upwards(y2)) for (x, y), (x2, y2) in joints], SOFT, 0.9)
        for x, y, one in marks:
            face = (LOSS if one.data is history.current else DEEP) if one.own else "white"
            sheet.dots([(across(x), upwards(y))], 6.5, face, marker="D" if one.own else "o")
            sheet.text(across(x), upwards(y) - 10, number(one.result.final_score), 8, align="center")
        told = "；".join(
            f"{data.year} 年" + ("、".join(_said(one) for one in each if one.data is data) or "没有结果")
            for data in history.years
        )
        return sheet.finish(f"历年最终得分图：{told}。")


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
    with canvas(_HEIGHT) as sheet:
        across, upwards = _frame(sheet, history.years, min(lowest), max(highest), below)
        step = min(0.06, 0.9 / max(_widest(data) for data in history.years))
        spots = [
            (across(index + (n - (count - 1) / 2) * step), upwards(score))
            for index, data in enumerate(history.years)
            for score, count in sorted(_whole(data).items())
            for n in range(count)
        ]
        sheet.dots(spots, 3, "white", width=0.7)
        for index, each in enumerate(spreads):
            if each.middle is not None:
                x, y = across(index + 0.3), upwards(each.middle)
                sheet.lines([(across(index - 0.3), y, x, y)], LOSS, 1.4)
                sheet.text(x + 3, y, number(each.middle), 8)
        sheet.text(_LEFT, 6, "○ 一个单位（按整分归位）　━ 中位数", 8, SOFT)
        told = "；".join(
            f"{data.year} 年 {each.count} 个单位，中位数 {number(each.middle)}，最高 {number(each.highest)}，"
            f"最低 {number(each.lowest)}"
            for data, each in zip(history.years, spreads, strict=True)
        )
        return sheet.finish(f"历年最终得分分布图：{told}。")


def _whole(data: YearSet) -> Counter[int]:
    """Count the final scores by their nearest whole point."""
    scores = (result.final_score for result in data.results)
    return Counter(int(score.quantize(Decimal(1), rounding=ROUND_HALF_UP)) for score in scores if score is not None)


def _widest(data: YearSet) -> int:
    return max(_whole(data).values(), default=1)
