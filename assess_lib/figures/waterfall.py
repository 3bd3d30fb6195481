"""The waterfall of one unit: from the full mark down to the key score, and up to the final score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from assess_lib.beyond import simple_key
from assess_lib.exact import ZERO
from assess_lib.figures.drawing import GAIN, INK, LOSS, SOFT, WIDTH, Plot, canvas, finish, shorten, tick_step
from assess_lib.views.html import Html, sentence
from assess_lib.views.lines import Line
from assess_lib.views.unit import UnitReport
from assess_lib.views.words import brief, number, plain, signed

SHOWN = 12  # deductions that get a bar of their own; smaller ones are drawn together
ROW = 0.245  # inches a bar takes
LABELS = 2.35  # inches for the labels at the left
LABEL_WIDTH = 34  # what fits there, a Chinese character counting 2


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: a level reached (``total``), or a move from ``start`` to ``end`` (``loss``, ``gain``)."""

    label: str
    kind: Literal["total", "loss", "gain"]
    start: Decimal
    end: Decimal

    @property
    def change(self) -> Decimal:
        """What the step did."""
        return self.end - self.start


def waterfall_steps(report: UnitReport) -> tuple[Step, ...]:
    """Return the bars in order: full mark, deductions in the ledger's order, key score, bonus items, final score.

    Only the largest deductions get a bar of their own; the rest is one bar, so that nothing is left out.
    Raises ValueError for a vetoed unit, which has no score.
    """
    key = simple_key(report.scheme)
    level = ZERO if key is None else key.full
    steps = [Step("起点" if key is None else "满分", "total", level, level)]

    def move(label: str, amount: Decimal) -> None:
        nonlocal level
        if amount:
            steps.append(Step(label, "loss" if amount < ZERO else "gain", level, level + amount))
            level += amount

    if key is None:  # dimensions, weights, what was scaled: as the ledger adds them up
        for line in report.account[0]:
            move(line.label, line.moved)
    else:
        alone, together = _split([line for line in report.item_lines(key.id) if line.moved])
        for line in alone:
            move(brief(line.label, report.scheme.year), line.moved)
        move(f"其余 {len(together)} 笔扣分合计", sum((line.moved for line in together), ZERO))
    steps.append(Step(f"{report.scheme.parts.key.score}", "total", report.key_score, report.key_score))
    if report.result["bonus_open"]:
        if any(dimension.part == "bonus" for dimension in report.scheme.dimensions):
            for line in report.account[1]:
                move(line.label, line.moved)
        else:
            for item in report.scheme.part_items("bonus"):
                move(f"{item.id} {item.name}", report.items[item.id]["points"] or ZERO)
            move(_beyond(report, report.final_score - level), report.final_score - level)
        steps.append(Step("最终得分", "total", report.final_score, report.final_score))
    return tuple(steps)


def _beyond(report: UnitReport, cut: Decimal) -> str:
    """Name what the bonus part's own lines took off the items' sum, or gave back."""
    judgement = report.scheme.judgement
    line = judgement.bonus_cap if cut < ZERO else judgement.bonus_floor
    name = "最低分" if line is None else line.name
    return f"超过{name}，不计" if cut < ZERO else f"低于{name}，不减"


def _split(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Part the deductions into the largest, in the ledger's order, and the rest; a rest of one is no rest."""
    if len(lines) <= SHOWN + 1:
        return list(lines), []
    largest = {line.seq for line in sorted(lines, key=lambda line: (line.moved, line.seq))[:SHOWN]}
    return [x for x in lines if x.seq in largest], [x for x in lines if x.seq not in largest]


def waterfall(report: UnitReport) -> Plot | Html:
    """Draw how the unit's score came about; a vetoed unit has no score, and a sentence says so."""
    if report.vetoed:
        return sentence(f"因{report.scheme.parts.veto.name}不计分，没有得分构成图。", mark="said")
    steps = waterfall_steps(report)
    judgement = report.scheme.judgement
    lines = [(line.points, line.name) for line in (judgement.pass_mark, judgement.bonus_gate) if line is not None]
    levels = [float(level) for step in steps for level in (step.start, step.end)]
    low = max(0.0, (min(levels) - 6) // 10 * 10)
    high = max(levels)
    span = high - low
    height = ROW * (len(steps) + 1.1) + 0.62
    with canvas(height) as (figure, axes):
        axes.set_position((LABELS / WIDTH, 0.3 / height, 1 - (LABELS + 0.42) / WIDTH, 1 - 0.62 / height))
        axes.set_xlim(low, high)
        axes.set_ylim(len(steps) - 0.4, -0.7)
        axes.set_yticks(range(len(steps)), [shorten(step.label, LABEL_WIDTH) for step in steps])
        axes.tick_params(axis="y", pad=6)
        axes.tick_params(axis="x", labelsize=8, colors=SOFT)
        axes.xaxis.set_major_locator(MultipleLocator(tick_step(span, 60)))
        for points, name in ((points, name) for points, name in lines if low <= points <= high):
            axes.axvline(float(points), color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
            axes.annotate(
                f"{plain(points)} {name}", (float(points), 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=SOFT,
            )  # fmt: skip
        for row, step in enumerate(steps):
            if step.kind == "total":
                _draw_total(axes, row, step, low, span)
            else:
                _draw_move(axes, row, step, low, span)
            if row + 1 < len(steps):
                axes.plot([float(step.end)] * 2, [row, row + 1], color=SOFT, linewidth=0.6, zorder=1)
        return finish(figure, _alt(report, steps))


def _draw_total(axes: Axes, row: int, step: Step, low: float, span: float) -> None:
    """Mark a level reached: a thick stroke and its number, so that no bar length misleads on a cut axis."""
    x = float(step.end)
    axes.plot([x, x], [row - 0.36, row + 0.36], color=INK, linewidth=3, solid_capstyle="butt", zorder=3)
    left = x - low > 0.16 * span
    axes.annotate(
        number(step.end), (x, row), xytext=(-6 if left else 6, 0), textcoords="offset points",
        ha="right" if left else "left", va="center", fontsize=10, color=INK, zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
    )  # fmt: skip


def _draw_move(axes: Axes, row: int, step: Step, low: float, span: float) -> None:
    start, end = float(step.start), float(step.end)
    loss = step.kind == "loss"
    axes.barh(
        row, end - start, left=start, height=0.58, color=LOSS if loss else GAIN, edgecolor=INK if not loss else LOSS,
        linewidth=0.6, hatch="" if loss else "////", zorder=2,
    )  # fmt: skip
    # The number stands on the side that the next step leaves free, inside the axes.
    edge = min(start, end)
    left = edge - low > 0.13 * span
    axes.annotate(
        signed(step.change), (edge if left else max(start, end), row), xytext=(-4 if left else 4, 0),
        textcoords="offset points", ha="right" if left else "left", va="center", fontsize=8.5, color=INK, zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip


def _alt(report: UnitReport, steps: Sequence[Step]) -> str:
    """Say in words what the figure shows."""
    moves = "；".join(f"{step.label} {signed(step.change)}" for step in steps if step.kind != "total")
    return (
        f"{report.name}得分构成图：从{steps[0].label} {number(steps[0].end)} 到{report.scheme.parts.key.score}"
        f" {number(report.key_score)}，最终得分 {number(report.final_score)}。{moves or '没有扣分，也没有加分'}。"
    )
