"""The waterfall of one unit: from the full mark down to the key score, and up to the final score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assess_lib.beyond import simple_key
from assess_lib.exact import ZERO
from assess_lib.figures.drawing import (
    DASHED,
    GAIN,
    INCH,
    INK,
    LOSS,
    SOFT,
    STROKE,
    WIDTH,
    Align,
    Plot,
    Scale,
    Sheet,
    canvas,
    score_axis,
    shorten,
    tick_step,
)
from assess_lib.views.html import Html, sentence
from assess_lib.views.lines import Line
from assess_lib.views.unit import UnitReport
from assess_lib.views.words import brief, number, plain, signed

SHOWN = 12  # deductions that get a bar of their own; smaller ones are drawn together
ROW = 0.245 * INCH  # what a bar takes
LABELS = 2.35 * INCH  # for the labels at the left
ABOVE, BELOW, BESIDE = 0.32 * INCH, 0.3 * INCH, 0.42 * INCH  # for the names of the lines, the scale, the last number
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
    low = (min(levels) - 6) // 10 * 10
    if min(levels) >= 0:
        low = max(0.0, low)
    high = max(levels)
    height = ROW * (len(steps) + 1.1) + BELOW + ABOVE
    with canvas(height) as sheet:
        across = Scale(low, high, LABELS, WIDTH - BESIDE)
        top, bottom = ABOVE, height - BELOW
        rows = Scale(-0.7, len(steps) - 0.4, top, bottom)
        for points, name in ((points, name) for points, name in lines if low <= points <= high):
            x = across(points)
            sheet.lines([(x, top, x, bottom)], SOFT, STROKE, dashes=DASHED)
            sheet.text(x, top - 7, f"{plain(points)} {name}", 7.5, SOFT, align="center")
        _draw_bars(sheet, across, rows, steps)
        for row, step in enumerate(steps):
            sheet.text(LABELS - 6, rows(row), shorten(step.label, LABEL_WIDTH), align="right")
            _write_number(sheet, across, rows(row), step)
        score_axis(sheet, across, bottom, tick_step(high - low, 60))
        return sheet.finish(_alt(report, steps))


def _draw_bars(sheet: Sheet, across: Scale, rows: Scale, steps: Sequence[Step]) -> None:
    """Draw moves as bars; a level reached is a thick stroke, so that no bar's length misleads on a cut axis."""
    ends = [across(step.end) for step in steps]
    joints = [(x, rows(row), x, rows(row + 1)) for row, x in enumerate(ends[:-1])]
    sheet.lines(joints, SOFT, 0.6)
    for kind, face, edge, hatch in (("loss", LOSS, LOSS, ""), ("gain", GAIN, INK, "////")):
        moves = [(row, step) for row, step in enumerate(steps) if step.kind == kind]
        bars = [(*sorted((across(step.start), ends[row])), rows(row - 0.29), rows(row + 0.29)) for row, step in moves]
        boxes = [(left, top, right, bottom) for left, right, top, bottom in bars]
        sheet.boxes(boxes, face, edge=edge, width=0.6, hatch=hatch)
    totals = [(x, rows(row - 0.36), x, rows(row + 0.36)) for row, x in enumerate(ends) if steps[row].kind == "total"]
    sheet.lines(totals, INK, 3)


def _write_number(sheet: Sheet, across: Scale, y: float, step: Step) -> None:
    """Write a step's number on the side that the next step leaves free, inside the axes."""
    total = step.kind == "total"
    text = number(step.end) if total else signed(step.change)
    size, gap, ground = (10, 6, 1.2) if total else (8.5, 4, 0.6)
    low, high = sorted((across(step.start), across(step.end)))
    left = low - across.start > (0.16 if total else 0.13) * (across.end - across.start)
    align: Align
    x, align = (low - gap, "right") if left else (high + gap, "left")
    sheet.text(x, y, text, size, align=align, ground=ground)


def _alt(report: UnitReport, steps: Sequence[Step]) -> str:
    """Say in words what the figure shows."""
    moves = "；".join(f"{step.label} {signed(step.change)}" for step in steps if step.kind != "total")
    return (
        f"{report.name}得分构成图：从{steps[0].label} {number(steps[0].end)} 到{report.scheme.parts.key.score}"
        f" {number(report.key_score)}，最终得分 {number(report.final_score)}。{moves or '没有扣分，也没有加分'}。"
    )
