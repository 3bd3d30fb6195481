"""What a report does for the first time in its process, done once before kernels are forked.

The first figure reads fonts and builds matplotlib's caches, the first fragment compiles its template: as much work as
the rest of a unit's report. A kernel that is forked afterwards finds it done. Nothing of a year's data is seen here,
and nothing that is drawn is kept.
"""

from __future__ import annotations

from assess_lib.figures.drawing import canvas
from assess_lib.store.sets import objects_frame
from assess_lib.views.html import compile_fragments
from assess_lib.views.lines import records

_LETTERS = "0123456789.+−%（）、，考核得分扣加合计重点信息报送通报表彰特色亮点领导评价参会情况其它任务县镇局办年月日"


def rehearse() -> None:
    """Draw a figure that is thrown away, compile every fragment, turn a frame into records."""
    with canvas(100) as sheet:
        sheet.boxes([(0, 0, 10, 10)], "white", edge="black", width=1, hatch="////")
        sheet.lines([(0, 0, 10, 10)], "black", 1, dashes=(4, 3))
        for marker in ("o", "D"):
            sheet.dots([(5, 5)], 5, "white", marker=marker)
        sheet.text(0, 5, _LETTERS)
        sheet.finish("")
    compile_fragments()
    records(objects_frame(("a", "b"), [["1", None]]))
