"""The figures on readings: between which ranks a unit lies, and how far each reading can move it."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from assess_lib.figures.drawing import DEEP, GAIN, HAIR, INK, LOSS, SOFT, WIDTH, Plot, canvas, finish, shorten
from assess_lib.rules import Unit
from assess_lib.sensitivity.words import range_text
from assess_lib.views.html import Html, sentence
from assess_lib.views.readings import ReadingsReport
from assess_lib.views.words import number

ROW = 0.168  # inches a unit takes
LABELS = 1.75  # inches for the names at the left
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
    height = ROW * len(drawn) + 0.62
    with canvas(height) as (figure, axes):
        axes.set_position((LABELS / WIDTH, 0.34 / height, 1 - (LABELS + 0.3) / WIDTH, ROW * len(drawn) / height))
        axes.set_xlim(0.4, worst + 0.9)
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        axes.set_yticks(range(len(drawn)), [shorten(unit.name, 24) for unit in drawn])
        axes.tick_params(axis="y", pad=6, labelsize=8)
        axes.tick_params(axis="x", labelsize=8, colors=SOFT)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.set_xlabel("组内名次", fontsize=8, color=SOFT)
        axes.grid(axis="x", color=HAIR, linewidth=0.5, zorder=0)
        axes.set_axisbelow(True)
        for row, unit in enumerate(drawn):
            found = ranges[unit.id]
            assert found is not None
            _draw_range(axes, row, int(found.low), int(found.high), now[unit.id], found.always)
        key = f"{group}　━ 全部组合下的范围　● 现名次　○ 现不排名　× 有的组合下不排名"
        figure.text(0.01, 1 - 0.1 / height, key, fontsize=8, color=INK, va="center")
        return finish(figure, _ranges_alt(report, group, drawn))


def _draw_range(axes: Axes, row: int, best: int, worst: int, now: int | None, always: bool) -> None:
    axes.plot([best, worst], [row, row], color=GAIN, linewidth=4.5, solid_capstyle="round", zorder=2)
    at, full = (best, "white") if now is None else (now, DEEP)
    axes.scatter([at], [row], s=26, facecolor=full, edgecolor=DEEP, linewidth=1, zorder=3)
    if not always:
        axes.annotate(
            "×", (worst, row), xytext=(6, 0), textcoords="offset points", fontsize=9, color=LOSS, va="center",
            annotation_clip=False,
        )  # fmt: skip


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
    head, cell = 0.4, (WIDTH - LABELS - 0.05) / len(report.scheme.reading_keys)
    height = ROW * len(report.units) + head + 0.3
    with canvas(height) as (figure, axes):
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        for column, key in enumerate(report.scheme.reading_keys):
            x = LABELS + cell * (column + 0.5)
            name = shorten(report.scheme.readings[key].name, 12)
            axes.text(x, 0.19, _two_lines(name), ha="center", va="center", fontsize=7.5, color=INK, linespacing=1.15)
        for row, unit in enumerate(report.units):
            y = head + ROW * row
            axes.text(0.1, y + ROW / 2, shorten(unit.name, 24), ha="left", va="center", fontsize=7.5, color=INK)
            for column, key in enumerate(report.scheme.reading_keys):
                x, points = LABELS + cell * column, most[unit.id, key]
                share = float(points / largest) if points else 0.0
                shade = _SHADES(share**0.6 * 0.85) if share else "none"
                axes.add_artist(Rectangle((x, y), cell, ROW, facecolor=shade, edgecolor=HAIR, linewidth=0.5))
                text = "▲" * (key in turning[unit.id]) + (number(points) if points else "")
                if text:
                    axes.text(
                        x + cell / 2, y + ROW / 2, text, ha="center", va="center", fontsize=6.5,
                        color="white" if share > 0.7 else INK,
                    )  # fmt: skip
        y = head + ROW * len(report.units) + 0.16
        said = "格内为这一项口径最多能使最终得分变动多少（其他口径任意）；▲ 能使等次改变；空格没有影响。"
        axes.text(LABELS, y, said, fontsize=7, color=SOFT, va="center", ha="left")
        return finish(figure, _reach_alt(report, most))


def _two_lines(text: str) -> str:
    half = ceil(len(text) / 2)
    return f"{text[:half]}\n{text[half:]}"


def _reach_alt(report: ReadingsReport, most: dict[tuple[str, str], Decimal | None]) -> str:
    told = []
    for key in report.scheme.reading_keys:
        moved = [(points, unit.name) for unit in report.units if (points := most[unit.id, key])]
        if moved:
            top = max(moved, key=lambda pair: pair[0])
            name = report.scheme.readings[key].name
            told.append(f"{name}能使 {len(moved)} 个单位的得分变动，最多 {number(top[0])} 分（{top[1]}）")
    return f"各口径对各单位最终得分的最大影响：{'；'.join(told) or '没有口径影响得分'}。"
