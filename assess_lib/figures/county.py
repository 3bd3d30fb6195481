"""The county's figures: how the final scores are spread, who lost what where, what cost most."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator

from assess_lib.composition import key_full
from assess_lib.exact import ZERO
from assess_lib.figures.drawing import DEEP, HAIR, INK, LOSS, SOFT, WIDTH, Plot, canvas, finish, shorten, tick_step
from assess_lib.scheme import Item
from assess_lib.views.county import CountySummary
from assess_lib.views.html import Html, sentence
from assess_lib.views.words import number, plain

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
    unit = min(0.17, 2.6 / tallest)
    height = unit * tallest + 1.15
    with canvas(height) as (figure, axes):
        axes.set_position((0.03, 0.42 / height, 0.94, unit * (tallest + 0.6) / height))
        axes.set_xlim(low - 1, high + 1)
        axes.set_ylim(0, tallest + 0.6)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MultipleLocator(tick_step(high - low, 80)))
        axes.spines["bottom"].set(visible=True, color=INK, linewidth=0.8)
        axes.set_xlabel(f"最终得分（每点一个单位，每 {width} 分一列）", fontsize=8, color=SOFT)
        size = (min(unit, 0.94 * WIDTH / (high - low + 2) * width) * 0.74 * 72) ** 2
        for step, stack in sorted(stacks.items()):
            for level, row in enumerate(stack):
                first = _order(summary, row) == 0
                axes.scatter(
                    [step * width + width / 2], [level + 0.5], s=size, facecolor=DEEP if first else "white",
                    edgecolor=DEEP, linewidth=0.9, zorder=3,
                )  # fmt: skip
            axes.annotate(
                str(len(stack)), (step * width + width / 2, len(stack)), xytext=(0, 1.5), textcoords="offset points",
                ha="center", va="bottom", fontsize=8, color=INK,
            )  # fmt: skip
        for line in lines:
            x = float(line.points)
            axes.axvline(x, color=LOSS, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
            axes.annotate(
                f"{plain(line.points)} {line.name}", (x, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontsize=8, color=INK,
            )  # fmt: skip
        _legend(figure, [group.name for group in summary.facts.scheme.groups], height)
        spread = "；".join(f"{step * width}–{(step + 1) * width} 分 {len(stacks[step])} 个" for step in sorted(stacks))
        return finish(
            figure,
            f"最终得分分布图，共 {len(scored)} 个单位：{spread}。虚线为{'和'.join(line.name for line in lines)}。",
        )


def _order(summary: CountySummary, row: dict[str, Any]) -> int:
    return [group.name for group in summary.facts.scheme.groups].index(row["group"])


def _legend(figure: Any, groups: list[str], height: float) -> None:
    x = 0.03
    for index, name in enumerate(groups):
        figure.text(x, 1 - 0.12 / height, "●" if index == 0 else "○", fontsize=10, color=DEEP, va="center")
        figure.text(x + 0.03, 1 - 0.12 / height, name, fontsize=8.5, color=INK, va="center")
        x += 0.06 + 0.024 * len(name)


def heat_map(summary: CountySummary) -> Plot:
    """Draw what every unit lost, item by item: the darker, the larger the share of the full mark that is missing.

    Every cell prints its points; a blank cell was not judged. Units stand in the order of their overall rank.
    """
    items = summary.facts.scored_items()
    rows = sorted(summary.facts.results, key=lambda row: (row["rank_overall"] is None, row["rank_overall"] or 0))
    cells = {(row["unit_id"], row["item"]): row for row in summary.facts.items}
    row_height, head, left = 0.156, 0.42, 1.75
    height = row_height * len(rows) + head + 0.3
    cell = (WIDTH - left - 0.05) / len(items)
    with canvas(height) as (figure, axes):
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.set_axis_off()
        for column, item in enumerate(items):
            x = left + cell * (column + 0.5)
            axes.text(x, 0.1, item.id, ha="center", va="center", fontsize=8, color=INK)
            axes.text(x, 0.26, item.name, ha="center", va="center", fontsize=7.5, color=SOFT)
        for index, row in enumerate(rows):
            y = head + row_height * index
            rank = row["rank_overall"]
            axes.text(0.22, y + row_height / 2, rank or "—", ha="right", va="center", fontsize=7, color=SOFT)
            name = shorten(row["unit_name"], 24)
            axes.text(0.3, y + row_height / 2, name, ha="left", va="center", fontsize=7.5, color=INK)
            for column, item in enumerate(items):
                score = cells.get((row["unit_id"], item.id))
                missing = None if score is None else _missing(item, score["points"])
                x = left + cell * column
                shade = "none" if missing is None else _SHADES(float(missing) ** 0.8 * 0.85)
                axes.add_artist(Rectangle((x, y), cell, row_height, facecolor=shade, edgecolor=HAIR, linewidth=0.5))
                if score is not None:
                    mark = "*" if score["unresolved"] else ""
                    axes.text(
                        x + cell / 2, y + row_height / 2, number(score["points"]) + mark, ha="center", va="center",
                        fontsize=7, color="white" if missing is not None and missing > Decimal("0.76") else INK,
                    )  # fmt: skip
        y = head + row_height * len(rows) + 0.16
        axes.text(
            left, y, "颜色越深，失分占该项满分的比例越大；* 待定；空格未计分。", fontsize=7.5, color=SOFT, va="center"
        )
        alt = (
            f"各单位各项得分图，{len(rows)} 个单位、{len(items)} 项，按全县名次排列；格内为得分，颜色越深失分比例越大。"
        )
        return finish(figure, alt)


def _missing(item: Item, points: Decimal) -> Decimal:
    """Return the share of an item's points that is missing: of the full mark, or of how far it may fall."""
    return (item.full - points) / (item.full - (item.floor or ZERO))


def pareto(summary: CountySummary) -> Plot | Html:
    """Draw what cost the county most: the standards by points lost, with the running share of all deductions."""
    rows, name = summary.facts.costs(), summary.facts.scheme.parts.key.name
    if not rows:
        return sentence(f"全县{name}没有扣分，没有扣分构成图。", mark="said")
    shown, rest = rows[:TOP], rows[TOP:]
    bars = [(f"{row.code} {row.what}", row.points, row.share) for row in shown]
    if rest:
        bars.append((f"其余 {len(rest)} 项", sum((row.points for row in rest), ZERO), Decimal(100)))
    left, right, row_height = 2.35, 1.3, 0.26
    height = row_height * len(bars) + 0.3
    most = float(max(points for _, points, _ in bars))
    with canvas(height) as (figure, axes):
        axes.set_position((left / WIDTH, 0, 1 - (left + right) / WIDTH, 1 - 0.3 / height))
        axes.set_xlim(0, most)
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_xticks([])
        axes.set_yticks(range(len(bars)), [shorten(label, 34) for label, _, _ in bars])
        axes.spines["left"].set(visible=True, color=INK, linewidth=0.8)
        for index, (_, points, share) in enumerate(bars):
            axes.barh(index, float(points), height=0.6, color=LOSS, zorder=2)
            axes.annotate(
                f"{number(points)}　累计 {share:.0f}%", (float(points), index), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8, color=INK, annotation_clip=False,
            )  # fmt: skip
        figure.text(left / WIDTH, 1 - 0.12 / height, "全县共扣分值", fontsize=8, color=SOFT, va="center")
        words = "；".join(f"{label} {number(points)} 分" for label, points, _ in bars)
        return finish(figure, f"全县{name}扣分构成图，从多到少：{words}。")
