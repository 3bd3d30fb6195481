"""What a report does for the first time in its process, done once before kernels are forked.

The first figure reads fonts and builds matplotlib's caches, the first fragment compiles its template: as much work as
the rest of a unit's report. A kernel that is forked afterwards finds it done. Nothing of a year's data is seen here,
and nothing that is drawn is kept.
"""

from __future__ import annotations

from assess_lib.figures.drawing import canvas
from assess_lib.store.sets import objects_frame
from assess_lib.views.html import compile_fragments, stylesheet
from assess_lib.views.lines import records

# What labels are made of most: figures and signs, and the characters that registers and schemes use again and again.
_LETTERS = (
    "0123456789.-+−%（）、，：；“”…◆┃　"
    "一上不与专业两个中主也了争事于五交产亮仅从件价任企会传位低体作便信修催入全公关其况准出函分划列到制前办加务动包化十半单南印"
    "县参及反发取受口只台号合同名后启告商回在地场域培境复天头子字季它完审宣室容对导小少居展岗工已市平年并应底度建开归录彰征得微总"
    "息情慎批承投报招指按据接推提收改政数整文料方日旬时明映是暖暗最月有服未材村条查标核格框案欠款比民气水求汇治流测消涉清满演点照"
    "牵特环现理用电画登的监目督知示称程税窗竞第签管精级线细终经结缺网考联股育至致色节范营融表要规计议记设访证评识询误请诺账费资走"
    "足转轮辅进连迟送通逾部重镇门问阅集革项领频题馈验高满起线合格启本单位组内数方框居中取整"
)


def rehearse() -> None:
    """Draw a figure that is thrown away, compile every fragment, read the style, turn a frame into records."""
    with canvas(100) as sheet:
        sheet.boxes([(0, 0, 10, 10)], "white", edge="black", width=1, hatch="////")
        sheet.lines([(0, 0, 10, 10)], "black", 1, dashes=(4, 3))
        for marker in ("o", "D"):
            sheet.dots([(5, 5)], 5, "white", marker=marker)
        for letter in dict.fromkeys(_LETTERS):
            sheet.text(0, 5, letter)
        sheet.finish("")
    compile_fragments()
    stylesheet()
    records(objects_frame(("a", "b"), [["1", None]]))
