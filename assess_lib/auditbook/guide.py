"""The first sheet, 说明: what the workbook is, how to use it, its colours, and what every sheet holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assess_lib.auditbook.basis import READING_SHEET, SCHEME_SHEET
from assess_lib.auditbook.book import Book
from assess_lib.auditbook.control import CHECK, INPUT_CHECK, ITEM_CHECK
from assess_lib.auditbook.inputs import SPARE_ROWS
from assess_lib.auditbook.totals import RESULTS, TOTALS
from assess_lib.store import ScoredSet
from assess_lib.tables import TABLES

GUIDE = "说明"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet: a label and a text; ``look`` is a heading, a colour sample or plain; ``to`` a sheet."""

    label: str
    text: str = ""
    look: str = ""
    to: str = ""


def lines(data: ScoredSet, book: Book) -> Iterator[Line]:
    """Yield the sheet's lines."""
    scheme, basis = data.basis.scheme, data.basis
    yield from _head(data)
    yield Line("这是什么", look="heading")
    yield Line(
        "",
        "本工作簿用电子表格公式把全部计分重做一遍，不依赖本软件的程序。“结果”表的每个数都是公式，"
        "可以用“追踪引用单元格”一步一步追到输入表的原始行；输入表的“来源”列写明原始文件、工作表和行号。",
    )
    yield Line("怎样使用", look="heading")
    yield Line("1 核对", f"先看“{CHECK}”表的总结论：公式结果与本软件的结果应当全部一致。", to=CHECK)
    yield Line("2 追查", "从“结果”到“汇总”，再到各项的“计算…”表，最后到输入表。各计算表的列名上方有说明。", to=TOTALS)
    yield Line(
        "3 试改", "在输入表、方案表、口径表的黄色格中改动，结果随之重算；“核对”的差额就是改动的影响。试改请用副本。"
    )
    yield Line(
        "4 增减行",
        f"输入表（名录和扣分标准除外）末尾留有 {SPARE_ROWS} 个空行，公式已经包括；"
        "在空行中填写即可增加登记，单位一律填单位编码。删除登记请清空该行内容，不要删除整行。",
    )
    yield Line(
        "5 识别", f"改动后请看“{INPUT_CHECK}”：名录中没有的单位、写成文字的日期等，公式不能识别。", to=INPUT_CHECK
    )
    yield Line("怎样计算", look="heading")
    yield Line(
        "整数",
        "计算表用百分之一分的整数（列名带“×100”）：97.50 分记作 9750。这样合格线、开启线、并列名次没有小数误差。",
    )
    yield Line("四舍五入", "只有平均分要四舍五入，用整数算：(2×合计＋人数)÷(2×人数) 取整。")
    yield Line("比对文字", "编号、事项等文字用 EXACT 逐字比对：区分大小写，不把 * ? 当通配符，01 与 1 不同。")
    yield Line("公式中的数", "公式里只有 0 和 1；方案的分值、期限、层级和换算用的常数都在“方案”表，口径在“口径”表。")
    yield Line("先后", "扣分上限和“扣到 0 为止”与先后无关，所以扣分只按标准汇总；逐笔的先后见台账 ledger.csv。")
    yield Line(
        "软件",
        "只用 Excel 2010 以后各版、WPS 表格、LibreOffice 都有的函数；没有宏，没有密码，没有外部链接。"
        "保存的数值已经算好，打开即可看；要全部重算：Excel 和 WPS 按 Ctrl+Alt+F9，LibreOffice 按 Ctrl+Shift+F9。",
    )
    yield Line("颜色", look="heading")
    yield Line("输入", "原始数据、方案、口径：可以改动", look="input")
    yield Line("固定", "序号、来源、本软件的结果：不要改动", look="constant")
    yield Line("公式", "计算步骤", look="formula")
    yield Line("结果", "“结果”表中的公式", look="result")
    yield Line("现行口径", look="heading")
    for key in scheme.reading_keys:
        option = basis.readings[key]
        reading = scheme.readings[key]
        yield Line(reading.name, f"{reading.options[option]}（{key}={option}）", to=READING_SHEET)
    yield from _contents(book)


def inputs_alone(data: ScoredSet, why: str, book: Book) -> Iterator[Line]:
    """Yield the sheet's lines of a workbook that holds the input tables alone, beginning with why."""
    yield from _head(data)
    yield Line("没有公式", look="heading")
    yield Line("", f"{why}所以本工作簿只有输入表，没有“结果”表和计算表。")
    yield Line(
        "", "得分请用 assess verify 核对：它从原始文件重新计分，并按方案把各项重新合成总分；每一步见台账 ledger.csv。"
    )
    yield from _contents(book)


def _head(data: ScoredSet) -> Iterator[Line]:
    scheme, basis = data.basis.scheme, data.basis
    yield Line(f"{scheme.year} 年度考核审计工作簿", look="title")
    yield Line("依据", f"{scheme.document.issuer} {scheme.document.number}《{scheme.document.title}》")
    approval = data.approval
    state = "定稿" if approval is not None else "送审稿" if basis.final else "初评稿"
    yield Line("性质", state + ("，演示数据" if scheme.sample else ""))
    if approval is not None:
        yield Line("批准", f"{approval.document}　{approval.by}　{approval.date.isoformat()}")
    yield Line("计算日期", basis.run_date.isoformat())
    yield Line("凭证摘要", f"{data.receipt_digest}（receipt.json 的 SHA-256；本工作簿由该凭证所列的数据生成）")


def _contents(book: Book) -> Iterator[Line]:
    yield Line("工作表目录", look="heading")
    for name in sheet_order(book):
        sheet = book.sheets[name]
        yield Line(name, sheet.title or _WORDS.get(name, f"输入表，{sheet.size - sheet.spare} 行"), to=name)


_WORDS = {
    RESULTS: "每个单位的得分、等次和名次",
    SCHEME_SHEET: "方案的每个数、日期、层级、标准，各注条款",
    READING_SHEET: "条文不明确的地方各采用哪种读法；可从下拉列表改选",
}


def sheet_order(book: Book) -> list[str]:
    """Return the sheets' names in the order in which a reader meets them."""
    known = (RESULTS, CHECK, ITEM_CHECK, INPUT_CHECK, SCHEME_SHEET, READING_SHEET, *TABLES, TOTALS)
    first = [name for name in known if name in book.sheets]
    steps = [name for name in book.sheets if name not in first]

    def place(name: str) -> tuple[int, bool]:
        """Put items in the scheme's order after what they share, each item's own sheet before those it draws on."""
        return book.owners.get(name, -1), book.sheets[name].tab != "item"

    return [*first, *sorted(steps, key=place)]
