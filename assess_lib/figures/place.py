"""Where a unit stands: its score beside how its group's scores are spread, without names."""

from __future__ import annotations

from assess_lib.figures.drawing import (
    DASHED,
    DEEP,
    GAIN,
    INCH,
    INK,
    LOSS,
    SOFT,
    STROKE,
    WIDTH,
    Plot,
    Scale,
    Sheet,
    canvas,
    score_axis,
    tick_step,
)
from assess_lib.scheme import Line
from assess_lib.views.html import Html, sentence
from assess_lib.views.unit import UnitReport
from assess_lib.views.unit_place import SPREADABLE, Spread, drawn_step
from assess_lib.views.words import number, plain

HEIGHT = 1.42 * INCH
MARGIN = 0.03 * WIDTH
TOP, BOTTOM = 0.46 * INCH, 1.06 * INCH  # of the part with a scale
OWN, GROUP = 0.6 * INCH, 0.85 * INCH  # how far down the unit's mark stands, and the group's box
HALF = 0.095 * INCH  # of the box's height


def place(report: UnitReport) -> Plot | Html:
    """Draw the group's final scores as a box with the median and two ends, the unit's as a diamond with its number.

    The box and its ends stand at whole points, so that nobody reads a rival's score off the figure, and in a group of
    fewer than ``SPREADABLE`` scored units there are none; a group of fewer than three is not drawn at all.
    """
    if report.vetoed:
        return sentence()  # report.place() says why
    peers = report.peers
    if peers.middle is None:
        return sentence()
    spread, own, middle = peers.spread, float(report.final_score), float(peers.middle)
    judgement = report.scheme.judgement
    lines = [line for line in (judgement.pass_mark, judgement.bonus_gate) if line is not None]
    marks = [own, middle, *(float(line.points) for line in lines)]
    marks += [spread.lowest, spread.highest] if spread is not None else []
    step = drawn_step(report.scheme)
    low, high = min(marks) - 3 * step, max(marks) + 3 * step
    with canvas(HEIGHT) as sheet:
        across = Scale(low, high, MARGIN, WIDTH - MARGIN)
        sheet.text(MARGIN, 7, f"◆ 本单位 {number(report.final_score)}　┃ 组内中位数 {number(peers.middle)}", 8.5)
        for line in lines:
            _draw_line(sheet, across(line.points), line)
        if spread is not None:
            _draw_spread(sheet, across, spread)
        x = across(middle)
        sheet.lines([(x, GROUP - HALF - 3, x, GROUP + HALF + 3)], DEEP, 2)
        _draw_own(sheet, across(own), number(report.final_score))
        sheet.lines([(MARGIN, BOTTOM, WIDTH - MARGIN, BOTTOM)], INK, STROKE)
        score_axis(sheet, across, BOTTOM, tick_step(high - low, 90))
        sheet.text(WIDTH / 2, HEIGHT - 6, f"最终得分（{_key(report)}）", 8, SOFT, align="center")
        return sheet.finish(_place_alt(report))


def _draw_line(sheet: Sheet, x: float, line: Line) -> None:
    sheet.lines([(x, TOP, x, BOTTOM)], SOFT, STROKE, dashes=DASHED)
    sheet.text(x, TOP - 6, f"{plain(line.points)} {line.name}", 7.5, SOFT, align="center")


def _draw_spread(sheet: Sheet, across: Scale, spread: Spread) -> None:
    ends = [across(spread.lowest), across(spread.highest)]
    sheet.lines([(ends[0], GROUP, ends[1], GROUP)], DEEP, STROKE)
    sheet.lines([(x, GROUP - HALF / 2, x, GROUP + HALF / 2) for x in ends], DEEP, STROKE)
    box = (across(spread.lower), GROUP - HALF, across(spread.upper), GROUP + HALF)
    sheet.boxes([box], GAIN, edge=DEEP, width=STROKE)


def _draw_own(sheet: Sheet, x: float, said: str) -> None:
    right = x < WIDTH * 0.85
    sheet.dots([(x, OWN)], 7, LOSS, edge=LOSS, marker="D")
    sheet.text(x + 8 if right else x - 8, OWN, said, 8.5, align="left" if right else "right", ground=0.6)


def _key(report: UnitReport) -> str:
    """Say what the marks of the group are."""
    peers = report.peers
    said = f"{report.result['group']} {peers.ranked_in_group} 个有得分的单位"
    if peers.spread is None:
        return f"{said}；不足 {SPREADABLE} 个，只画中位数"
    return f"{said}；方框是居中的一半，细线从最低到最高，{_rounded(report)}"


def _rounded(report: UnitReport) -> str:
    step = drawn_step(report.scheme)
    return "取整分" if step == 1 else f"取 {step} 分的整倍数"


def _place_alt(report: UnitReport) -> str:
    spread = report.peers.spread
    told = (
        f"居中的一半在 {spread.lower} 至 {spread.upper} 分，最低 {spread.lowest} 分，最高 {spread.highest} 分"
        f"（{_rounded(report)}）。"
        if spread is not None
        else ""
    )
    return (
        f"{report.name}在{report.result['group']}的位置图：{report.peers.ranked_in_group} 个有得分的单位中列第"
        f" {report.result['rank_in_group']} 名，本单位 {number(report.final_score)} 分，"
        f"组内中位数 {number(report.peers.middle)} 分。{told}其他单位不标名称。"
    )
