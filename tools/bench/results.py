"""What was measured: one row of the table for each piece of work, with its goal; as text, as data and as a plot."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Literal

Sense = Literal["times faster", "times the time", "seconds", "slope"]
HEADINGS = ("work", "against", "goal", "measured", "seconds", "remarks")
# Of two rates one is better when it is larger, of all else when it is smaller.
_LARGER_IS_BETTER = ("times faster",)
_LABEL = 56  # characters in a line beside the plot


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    ``seconds`` are the runs of our work, ``base`` those of what it is held against (none for an absolute time);
    ``skipped`` says why there are no numbers. ``value`` stands in for both where a number is no ratio of times.
    """

    name: str
    work: str
    against: str
    sense: Sense
    goal: float
    seconds: tuple[float, ...] = ()
    base: tuple[float, ...] = ()
    remarks: str = ""
    skipped: str = ""
    value: float | None = None

    @property
    def measured(self) -> float | None:
        """The number that stands beside the goal: of medians, so that one disturbed run decides nothing."""
        if self.value is not None or not self.seconds:
            return self.value
        own = statistics.median(self.seconds)
        if self.sense == "seconds":
            return own
        if not self.base:
            return None
        held = statistics.median(self.base)
        return held / own if self.sense == "times faster" else own / held

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None when nothing was measured."""
        measured = self.measured
        if measured is None:
            return None
        return measured >= self.goal if self.sense in _LARGER_IS_BETTER else measured <= self.goal


def spread(seconds: Sequence[float]) -> str:
    """Return runs as their median and, when there are several, the least and the most.

    >>> spread([2.0, 1.0, 4.0])
    '2.00 (1.00–4.00)'
    """
    if not seconds:
        return "–"
    middle = f"{statistics.median(seconds):.2f}"
    return middle if len(seconds) == 1 else f"{middle} ({min(seconds):.2f}–{max(seconds):.2f})"


def _number(value: float, sense: Sense) -> str:
    return {"times faster": f"{value:.1f} ×", "times the time": f"{value:.2f} ×", "seconds": f"{value:.2f} s"}.get(
        sense, f"{value:.2f}"
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as it is printed, in the order of ``HEADINGS``."""
    bound = "≥" if row.sense in _LARGER_IS_BETTER else "≤"
    measured = row.measured
    shown = "–" if measured is None else _number(measured, row.sense) + ("" if row.reached else " (missed)")
    times = spread(row.seconds) + (f" / {spread(row.base)}" if row.base else "")
    remarks = f"not measured: {row.skipped}" if row.skipped else row.remarks
    return row.work, row.against or "–", f"{bound} {_number(row.goal, row.sense)}", shown, times, remarks


def machine() -> dict[str, str]:
    """Return what the times depend on: processor, cores, memory, system, Python, and how busy the machine was."""
    model, memory = platform.processor() or platform.machine(), ""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
        kilobytes = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
        memory = f"{int(kilobytes) / 1024**2:.1f} GiB"
    except OSError:  # not Linux
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return {
        "processor": model,
        "cores": str(cores),
        "memory": memory,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load before": load,
    }


def markdown(rows: Iterable[Row], about: Mapping[str, str], told: str) -> str:
    """Return the table as Markdown, under a line that says where and how it was measured."""
    where = ", ".join(f"{key} {value}" for key, value in about.items() if value)
    lines = [
        f"{told} Machine: {where}.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in cells(row)) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def data(rows: Iterable[Row], about: Mapping[str, str], told: str) -> str:
    """Return the same for programs: every run's seconds."""
    listed = [
        {
            "name": row.name,
            "work": row.work,
            "against": row.against,
            "sense": row.sense,
            "goal": row.goal,
            "measured": row.measured,
            "reached": row.reached,
            "seconds": list(row.seconds),
            "base": list(row.base),
            "remarks": row.remarks,
            "skipped": row.skipped,
        }
        for row in rows
    ]
    return json.dumps({"told": told, "machine": dict(about), "rows": listed}, ensure_ascii=False, indent=2) + "\n"


def room(row: Row) -> float | None:
    """Return how many times better than its goal a row is; below 1 the goal is missed.

    >>> room(Row("x", "", "", "seconds", 2.0, (0.5,)))
    4.0
    """
    measured = row.measured
    if not measured:
        return None
    return measured / row.goal if row.sense in _LARGER_IS_BETTER else row.goal / measured


def labels(rows: Sequence[Row]) -> list[str]:
    """Return what the plot calls each row: its work, and where several rows have the same, what it is held against.

    >>> labels([Row("a", "reports", "x", "seconds", 1.0), Row("b", "reports", "y", "seconds", 1.0)])
    ['reports\\nagainst x', 'reports\\nagainst y']
    """
    shared = Counter(row.work for row in rows)
    return [
        row.work if shared[row.work] == 1 else f"{row.work}\nagainst {shorten(row.against, _LABEL, placeholder=' …')}"
        for row in rows
    ]


def plot(rows: Iterable[Row], target: Path) -> None:
    """Draw how far each row is beyond its goal (the line at 1), on a scale where each step doubles; write it as SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    drawn = [(row, found) for row in rows if (found := room(row)) is not None]
    if not drawn:
        target.unlink(missing_ok=True)
        return
    with matplotlib.rc_context({"svg.hashsalt": "bench", "font.size": 8}):
        figure = Figure(figsize=(8, 0.34 * len(drawn) + 1.0), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(drawn))
        colours = ["#1f3d5c" if found >= 1 else "#7d3328" for _, found in drawn]
        # Bars begin at the goal: to the right it is reached, to the left missed.
        axes.barh(places, [found - 1 for _, found in drawn], left=1, color=colours, height=0.6)
        axes.set_yticks(places, labels([row for row, _ in drawn]))
        axes.invert_yaxis()
        axes.set_xscale("log", base=2)
        least, most = min(found for _, found in drawn), max(found for _, found in drawn)
        axes.set_xlim(min(least, 1) / 1.5, max(most, 1) * 3)
        axes.axvline(1, color="#1b1f24", linewidth=0.8)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("times better than the goal (1 = goal)")
        for place, (row, found) in enumerate(drawn):
            said = f" {_number(row.measured or 0, row.sense)} (goal {_number(row.goal, row.sense)})"
            axes.text(max(found, 1), place, said, va="center", fontsize=7)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
