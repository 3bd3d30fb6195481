"""The county's figures: how the final scores are spread, who lost what where, what cost most."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from matplotlib.colors import LinearSegmentedColormap

from assess_lib.composition import key_full
from assess_lib.exact import ZERO
from assess_lib.figures.drawing import (
    DASHED,
    DEEP,
    HAIR,
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
    shorten,
    tick_step,
)
from assess_lib.scheme import Item
from assess_lib.views.county import CountySummary
from assess_lib.views.html import Html, sentence
from assess_lib.views.words import number, per_cent, plain

BIN = 5  # points
TOP = 12  # standards drawn; the table has all of them
_SHADES = LinearSegmentedColormap.from_list("assess", ["#ffffff", "#9aabbd", DEEP])


def distribution(summary: CountySummary) -> Plot | Html:
    """Draw every final score as one dot, stacked by steps of five points, with the two lines of the judgement.

    The first group's dots are full, the others' hollow, so that the figure holds without colour.
    """
    scored = summary.facts.scored
    if not scored:
        return sentence("没有单位有最终得分，没有分布图。", mark="said")
    width = BIN * max(1, int(key_full(summary.facts.scheme)) // 100)
    stacks: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(scored, key=lambda row: (_order(summary, row), row["unit_id"])):
        stacks[int(row["final_score"] // width)].append(row)
    tallest = max(len(stack) for stack in stacks.values())
    judgement = summary.facts.scheme.judgement
    lines = [line for line in (judgement.pass_mark, judgement.bonus_gate) if line is not None]
    low = min(min(stacks) * width, float(judgement.pass_mark.points) - width)
    high = max((max(stacks) + 1) * width, *(float(line.points) + width for line in lines))
    unit = min(0.17, 2.6 / tallest) * INCH
    top = 0.73 * INCH - 0.6 * unit
    bottom = top + unit * (tallest + 0.6)
    with canvas(bottom + 0.42 * INCH) as sheet:
        across = Scale(low - 1, high + 1, 0.03 * WIDTH, 0.97 * WIDTH)
        for line in lines:
            x = across(line.points)
            sheet.lines([(x, top, x, bottom)], LOSS, 0.9, dashes=DASHED)
            sheet.text(x, top - 7, f"{plain(line.points)} {line.name}", 8, align="center")
        size = min(unit, across(width) - across(0)) * 0.74
        for first in (True, False):
            spots = [
                (across(step * width + width / 2), bottom - unit * (level + 0.5))
                for step, stack in sorted(stacks.items())
                for level, row in enumerate(stack)
                if (_order(summary, row) == 0) is first
            ]
            sheet.dots(spots, size, DEEP if first else "white")
        for step, stack in sorted(stacks.items()):
            x = across(step * width + width / 2)
            sheet.text(x, bottom - unit * len(stack) - 6, str(len(stack)), 8, align="center")
        sheet.lines([(across.start, bottom, across.end, bottom)], INK, STROKE)
        score_axis(sheet, across, bottom, tick_step(high - low, 80), 9, INK)
        gate, key = judgement.bonus_gate, summary.facts.scheme.parts.key.name
        by_key = f"；{gate.name}看的是{key}得分" if gate is not None else ""
        said = f"最终得分（每点一个单位，每 {width} 分一列{by_key}）"
        sheet.text(WIDTH / 2, bottom + 22, said, 8, SOFT, align="center")
        _legend(sheet, [group.name for group in summary.facts.scheme.groups])
        spread = "；".join(f"{step * width}–{(step + 1) * width} 分 {len(stacks[step])} 个" for step in sorted(stacks))
        return sheet.finish(
            f"最终得分分布图，共 {len(scored)} 个单位：{spread}。虚线为{'和'.join(line.name for line in lines)}。",
        )


def _order(summary: CountySummary, row: dict[str, Any]) -> int:
    return [group.name for group in summary.facts.scheme.groups].index(row["group"])


def _legend(sheet: Sheet, groups: list[str]) -> None:
    x, y = 0.03 * WIDTH, 0.12 * INCH
    for index, name in enumerate(groups):
        sheet.dots([(x + 5, y)], 7, DEEP if index == 0 else "white")
        sheet.text(x + 0.03 * WIDTH, y, name, 8.5)
        x += (0.06 + 0.024 * len(name)) * WIDTH


def heat_map(summary: CountySummary) -> Plot:
    """Draw what every unit lost, item by item: the darker, the larger the share of the full mark that is missing.

    Every cell prints its points; a blank cell was not judged. Units stand in the order of their overall rank.
    """
    items = summary.facts.scored_items()
    rows = sorted(summary.facts.results, key=lambda row: (row["rank_overall"] is None, row["rank_overall"] or 0))
    cells = {(row["unit_id"], row["item"]): row for row in summary.facts.items}
    row_height, head, left = 0.156 * INCH, 0.42 * INCH, 1.75 * INCH
    height = row_height * len(rows) + head + 0.3 * INCH
    cell = (WIDTH - left - 0.05 * INCH) / len(items)
    with canvas(height) as sheet:
        for column, item in enumerate(items):
            x = left + cell * (column + 0.5)
            sheet.text(x, 0.1 * INCH, item.id, 8, align="center")
            sheet.text(x, 0.26 * INCH, item.name, 7.5, SOFT, align="center")
        for index, row in enumerate(rows):
            y = head + row_height * index
            rank = row["rank_overall"]
            sheet.text(0.22 * INCH, y + row_height / 2, str(rank or "—"), 7, SOFT, align="right")
            sheet.text(0.3 * INCH, y + row_height / 2, shorten(row["unit_name"], 24), 7.5)
            for column, item in enumerate(items):
                score = cells.get((row["unit_id"], item.id))
                missing = None if score is None else _missing(item, score["points"])
                x = left + cell * column
                shade = None if missing is None else _SHADES(float(missing) ** 0.8 * 0.85)
                sheet.boxes([(x, y, x + cell, y + row_height)], shade, edge=HAIR, width=0.5)
                if score is not None:
                    mark = "*" if score["unresolved"] else ""
                    dark = missing is not None and missing > Decimal("0.76")
                    said, colour = number(score["points"]) + mark, "white" if dark else INK
                    sheet.text(x + cell / 2, y + row_height / 2, said, 7, colour, align="center")
        y = head + row_height * len(rows) + 0.16 * INCH
        sheet.text(left, y, "颜色越深，失分占该项满分的比例越大；* 待定；空格未计分。", 7.5, SOFT)
        alt = f"各单位各项得分图，{len(rows)} 个单位、{len(items)} 项，按总名次排列；格内为得分，颜色越深失分比例越大。"
        return sheet.finish(alt)


def _missing(item: Item, points: Decimal) -> Decimal:
    """Return the share of an item's points that is missing: of the full mark, or of how far it may fall."""
    return (item.full - points) / (item.full - (item.floor or ZERO))


def pareto(summary: CountySummary) -> Plot | Html:
    """Draw what cost the county most: the standards by points lost, with the running share of all deductions."""
    rows, name = summary.facts.costs(), summary.facts.scheme.parts.key.name
    if not rows:
        return sentence(f"全县{summary.facts.no_losses}，没有扣分构成图。", mark="said")
    shown, rest = rows[:TOP], rows[TOP:]
    bars = [(f"{row.code} {row.what}", row.points, row.share) for row in shown]
    if rest:
        bars.append((f"其余 {len(rest)} 项", sum((row.points for row in rest), ZERO), Decimal(100)))
    left, right, row_height = 2.35 * INCH, 1.3 * INCH, 0.26 * INCH
    top = 0.3 * INCH
    height = row_height * len(bars) + top
    most = float(max(points for _, points, _ in bars))
    with canvas(height) as sheet:
        across, rows_at = Scale(0, most, left, WIDTH - right), Scale(-0.5, len(bars) - 0.5, top, height)
        ends = [across(points) for _, points, _ in bars]
        sheet.boxes(((left, rows_at(row - 0.3), end, rows_at(row + 0.3)) for row, end in enumerate(ends)), LOSS)
        sheet.lines([(left, top, left, height)], INK, STROKE)
        for row, (label, points, share) in enumerate(bars):
            sheet.text(left - 4, rows_at(row), shorten(label, 34), align="right")
            sheet.text(ends[row] + 4, rows_at(row), f"{number(points)}　累计 {per_cent(share)}", 8)
        sheet.text(left, 0.12 * INCH, "全县共扣分值", 8, SOFT)
        words = "；".join(f"{label} {number(points)} 分" for label, points, _ in bars)
        return sheet.finish(f"全县{name}扣分构成图，从多到少：{words}。")
