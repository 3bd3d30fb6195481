"""What a report does for the first time in its process, done once before kernels are forked.

The first figure reads fonts and builds matplotlib's caches, the first fragment compiles its template: as much work as
the rest of a unit's report. A kernel that is forked afterwards finds it done. Nothing of a year's data is seen here,
and nothing that is drawn is kept.
"""

from __future__ import annotations

from assess_lib.figures.drawing import canvas, finish
from assess_lib.store.sets import objects_frame
from assess_lib.views.html import compile_fragments
from assess_lib.views.lines import records

_LETTERS = "0123456789.+−%（）、，考核得分扣加合计重点信息报送通报表彰特色亮点领导评价参会情况其它任务县镇局办年月日"


def rehearse() -> None:
    """Draw a figure that is thrown away, compile every fragment, turn a frame into records."""
    with canvas(2.0) as (figure, axes):
        axes.set(xlim=(0, 100), ylim=(0, 10))
        axes.set_xticks(range(0, 101, 20))
        axes.barh([1, 2], [30, 40], left=[10, 20], hatch="////")
        axes.axvline(60, linestyle="--")
        axes.scatter([1, 2, 3], [1, 1, 1], marker="o")
        axes.plot([50], [5], marker="D")
        axes.annotate("", (10, 1), (20, 1), arrowprops={"arrowstyle": "-"})
        for size in (7.5, 8.0, 9.0):
            axes.text(0, 5, _LETTERS, fontsize=size)
        finish(figure, "")
    compile_fragments()
    records(objects_frame(("a", "b"), [["1", None]]))
