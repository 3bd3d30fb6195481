"""The figures on readings: between which ranks a unit lies, and how far each reading can move it."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from assess_lib.figures.drawing import (
    DEEP,
    GAIN,
    HAIR,
    INCH,
    INK,
    LOSS,
    SOFT,
    WIDTH,
    Plot,
    Scale,
    Sheet,
    canvas,
    shorten,
)
from assess_lib.rules import Unit
from assess_lib.sensitivity.words import range_text
from assess_lib.views.html import Html, sentence
from assess_lib.views.readings import ReadingsReport
from assess_lib.views.words import number

ROW = 0.168 * INCH  # what a unit takes
LABELS = 1.75 * INCH  # for the names at the left
_SHADES = LinearSegmentedColormap.from_list("assess", ["#ffffff", "#9aabbd", DEEP])


def rank_ranges(report: ReadingsReport, group: str) -> Plot | Html:
    """Draw, for one group, each unit's rank in force as a dot on the line from its best to its worst rank.

    A hollow dot at the best rank says that the unit has no rank in force; a cross at the end, that some
    combination leaves it without one. Units that never have a rank are named in the words alone.
    """
    exploration = report.exploration
    ranges = {unit.id: exploration.range(unit.id, "rank_in_group") for unit in report.units if unit.group == group}
    drawn = [unit for unit in report.units if ranges.get(unit.id) is not None]
    if not drawn:
        return sentence(f"{group}没有单位有名次，没有名次范围图。", mark="said")
    now = {unit.id: exploration.result(unit.id).rank_in_group for unit in drawn}
    drawn.sort(key=lambda unit: (now[unit.id] is None, now[unit.id] or 0))
    worst = max(int(found.high) for found in ranges.values() if found is not None)
    top = 0.28 * INCH
    bottom = top + ROW * len(drawn)
    with canvas(bottom + 0.34 * INCH) as sheet:
        across = Scale(0.4, worst + 0.9, LABELS, WIDTH - 0.3 * INCH)
        ticks = MaxNLocator(integer=True, nbins=12).tick_values(across.low, across.high)
        for tick in (int(tick) for tick in ticks if across.low <= tick <= across.high):
            sheet.lines([(across(tick), top, across(tick), bottom)], HAIR, 0.5)
            sheet.text(across(tick), bottom + 8, str(tick), 8, SOFT, align="center")
        sheet.text((across.start + across.end) / 2, bottom + 18, "组内名次", 8, SOFT, align="center")
        for row, unit in enumerate(drawn):
            found, y = ranges[unit.id], top + ROW * (row + 0.5)
            assert found is not None
            sheet.text(LABELS - 6, y, shorten(unit.name, 24), 8, align="right")
            _draw_range(sheet, y, across(found.low), across(found.high), found.always)
            at, full = (found.low, "white") if now[unit.id] is None else (now[unit.id], DEEP)
            sheet.dots([(across(at or 0), y)], 5.1, full, width=1)
        key = f"{group}　━ 全部组合下的范围　● 现名次　○ 现不排名　× 有的组合下不排名"
        sheet.text(0.01 * WIDTH, 0.1 * INCH, key, 8)
        return sheet.finish(_ranges_alt(report, group, drawn))


def _draw_range(sheet: Sheet, y: float, best: float, worst: float, always: bool) -> None:
    sheet.lines([(best, y, worst, y)], GAIN, 4.5, round_ends=True)
    if not always:
        sheet.text(worst + 6, y, "×", 9, LOSS)


def _ranges_alt(report: ReadingsReport, group: str, drawn: list[Unit]) -> str:
    told = "；".join(f"{unit.name}{range_text(report.exploration, unit.id, 'rank_in_group')}" for unit in drawn)
    never = [unit.name for unit in report.units if unit.group == group and unit not in drawn]
    last = f"始终不排名：{'、'.join(never)}。" if never else ""
    return f"{group}各单位在全部口径组合下的组内名次范围：{told}。{last}"


def reach(report: ReadingsReport) -> Plot:
    """Draw how far each reading alone can move each unit's final score, whatever the other readings are.

    A cell prints points; the darker, the more. ▲ marks where the reading can turn the grade; an empty cell moves
    nothing.
    """
    exploration = report.exploration
    most = {(e.unit_id, key): e.most_score for key, effects in report.effects.items() for e in effects}
    largest = max((points for points in most.values() if points), default=Decimal(1))
    turning = {
        unit.id: {key for key, length in zip(report.scheme.reading_keys, codes.shape, strict=True) if length > 1}
        for unit in report.units
        for codes in [exploration.aspect(unit.id, "outcome")[1]]
    }
    head, cell = 0.4 * INCH, (WIDTH - LABELS - 0.05 * INCH) / len(report.scheme.reading_keys)
    height = ROW * len(report.units) + head + 0.3 * INCH
    with canvas(height) as sheet:
        for column, key in enumerate(report.scheme.reading_keys):
            x = LABELS + cell * (column + 0.5)
            upper, lower = _two_lines(shorten(report.scheme.readings[key].name, 12))
            sheet.text(x, 0.19 * INCH - 4.5, upper, 7.5, align="center")
            sheet.text(x, 0.19 * INCH + 4.5, lower, 7.5, align="center")
        for row, unit in enumerate(report.units):
            y = head + ROW * row
            sheet.text(0.1 * INCH, y + ROW / 2, shorten(unit.name, 24), 7.5)
            for column, key in enumerate(report.scheme.reading_keys):
                x, points = LABELS + cell * column, most[unit.id, key]
                share = float(points / largest) if points else 0.0
                shade = _SHADES(share**0.6 * 0.85) if share else None
                sheet.boxes([(x, y, x + cell, y + ROW)], shade, edge=HAIR, width=0.5)
                text = "▲" * (key in turning[unit.id]) + (number(points) if points else "")
                if text:
                    colour = "white" if share > 0.7 else INK
                    sheet.text(x + cell / 2, y + ROW / 2, text, 6.5, colour, align="center")
        said = "格内为这一项口径最多能使最终得分变动多少（其他口径任意）；▲ 能使等次改变；空格没有影响。"
        sheet.text(LABELS, head + ROW * len(report.units) + 0.16 * INCH, said, 7, SOFT)
        return sheet.finish(_reach_alt(report, most))


def _two_lines(text: str) -> tuple[str, str]:
    half = ceil(len(text) / 2)
    return text[:half], text[half:]


def _reach_alt(report: ReadingsReport, most: dict[tuple[str, str], Decimal | None]) -> str:
    told = []
    for key in report.scheme.reading_keys:
        moved = [(points, unit.name) for unit in report.units if (points := most[unit.id, key])]
        if moved:
            top = max(moved, key=lambda pair: pair[0])
            name = report.scheme.readings[key].name
            told.append(f"{name}能使 {len(moved)} 个单位的得分变动，最多 {number(top[0])} 分（{top[1]}）")
    return f"各口径对各单位最终得分的最大影响：{'；'.join(told) or '没有口径影响得分'}。"
