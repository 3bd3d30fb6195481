"""Where a unit stands: its score among its group's, without names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from assess_lib.composition import key_full
from assess_lib.figures.drawing import DEEP, INK, LOSS, SOFT, WIDTH, Plot, canvas, finish, tick_step
from assess_lib.scheme import Line
from assess_lib.views.html import Html, sentence
from assess_lib.views.unit import UnitReport
from assess_lib.views.unit_place import whole
from assess_lib.views.words import number, plain

STEP = 0.13  # inches a dot takes
TALLEST = 40  # dots above one another; in a larger group a dot stands for several units


def place(report: UnitReport) -> Plot | Html:
    """Draw the group's final scores as hollow dots, the unit's as a full diamond with its number.

    Scores are drawn at the nearest whole point, so that nobody reads a rival's score off the figure; a group of
    fewer than three scored units is not drawn, and in one of thousands a dot stands for several units.
    """
    if report.vetoed:
        return sentence()  # report.place() says why
    peers = report.peers
    if peers.middle is None:
        return sentence()
    unit = max(1, int(key_full(report.scheme)) // 100)  # on a scale of a thousand, single points lie too close
    own = _nearest(whole(report.final_score), unit)
    counts: Counter[int] = Counter()
    for score, count in peers.scores.items():
        counts[_nearest(score, unit)] += count
    units_a_dot = -(-max(counts.values()) // TALLEST)
    stacks = {score: -(-count // units_a_dot) for score, count in counts.items()}
    judgement = report.scheme.judgement
    lines = [line for line in (judgement.pass_mark, judgement.bonus_gate) if line is not None]
    low = min(*stacks, *(int(line.points) for line in lines)) - 3 * unit
    high = max(*stacks, *(int(line.points) for line in lines)) + 3 * unit
    tallest = max(stacks.values())
    height = STEP * tallest + 0.92
    with canvas(height) as (figure, axes):
        axes.set_position((0.03, 0.36 / height, 0.94, (STEP * tallest + 0.08) / height))
        axes.set_xlim(low, high)
        axes.set_ylim(0, tallest + 0.08 / STEP)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MultipleLocator(tick_step(high - low, 90)))
        axes.tick_params(axis="x", labelsize=8, colors=SOFT)
        axes.spines["bottom"].set(visible=True, color=INK, linewidth=0.8)
        where = "按整分归位" if unit == 1 else f"每 {unit} 分归位"
        each = "每个" if units_a_dot == 1 else f"每 {units_a_dot} 个"
        axes.set_xlabel(f"最终得分（{report.result['group']}{each}有得分的单位一点，{where}）", fontsize=8, color=SOFT)
        size = (min(STEP, 0.94 * WIDTH / (high - low) * unit) * 0.76 * 72) ** 2
        # All dots at once: each call would cost as much as all of them.
        spots = [(score, level + 0.5) for score, count in stacks.items() for level in range(count)]
        others = [spot for spot in spots if spot != (own, 0.5)]
        x, y = zip(*others, strict=True)
        axes.scatter(x, y, s=size, zorder=3, facecolor="white", edgecolor=DEEP, linewidth=0.9)
        axes.scatter([own], [0.5], s=size * 1.9, marker="D", zorder=3, facecolor=LOSS, edgecolor=LOSS, linewidth=0.9)
        for line in lines:
            axes.axvline(float(line.points), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        _line_names(axes, lines)
        axes.plot([float(peers.middle)] * 2, [0, tallest], color=DEEP, linewidth=1.2, zorder=2)
        _head(figure, report, peers.middle, height)
        return finish(figure, _place_alt(report))


def _nearest(score: int, unit: int) -> int:
    """Return the multiple of ``unit`` that is nearest to a whole score."""
    return unit * ((2 * score + unit) // (2 * unit))


def _head(figure: Figure, report: UnitReport, middle: Decimal, height: float) -> None:
    y = 1 - 0.1 / height
    said = f"◆ 本单位 {number(report.final_score)}　┃ 组内中位数 {number(middle)}　○ 组内其他单位"
    figure.text(0.03, y, said, fontsize=8.5, color=INK, va="center")


def _line_names(axes: Axes, lines: Iterable[Line]) -> None:
    for line in lines:
        axes.annotate(
            f"{plain(line.points)} {line.name}", (float(line.points), 1), xycoords=("data", "axes fraction"),
            xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=SOFT,
        )  # fmt: skip


def _place_alt(report: UnitReport) -> str:
    return (
        f"{report.name}在{report.result['group']}的位置图：{report.peers.ranked_in_group} 个有得分的单位中列第"
        f" {report.result['rank_in_group']} 名，本单位 {number(report.final_score)} 分，"
        f"组内中位数 {number(report.peers.middle)} 分。其他单位不标名称。"
    )
