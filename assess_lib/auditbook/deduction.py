"""Items that start at their cap and only deduct, as formulas: reports, register, meetings, tasks.

A standard's cap and the floor 0 do not depend on the order of the facts: what is taken in the end is the cap of the
item or the sum, over standards, of the smaller of deductions and 扣分上限, whichever is less. So no running total is
needed here; the ledger shows the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assess_lib.auditbook.basis import OWED_BY, conditions
from assess_lib.auditbook.book import Column, constants
from assess_lib.auditbook.common import (
    NOT_REPORTED,
    Plan,
    day,
    decision,
    in_cents,
    item_title,
    numbered,
    of_year,
    revoked,
    standard_number,
    state,
    unresolved,
)
from assess_lib.scheme import (
    DeductFromFull,
    Item,
    MeetingFacts,
    RegisterFacts,
    ReportFacts,
    TaskFacts,
)

LATE, MISSING = "迟", "缺"
_RATE = "INDEX([计算标准!:单次扣分×100],[标准序号])"
_TIMES = Column(
    "次数",
    f'IF(AND(EXACT([结论],"{LATE}"),[标准序号]>0),IF(INDEX([计算标准!:按日],[标准序号])=1,[迟天数],1),1)',
    note="标准按日计的，为迟到的天数；否则 1",
)
_PRICE = Column("扣分×100", f"IF([标准序号]=0,0,{_RATE}*[次数])")


def deduct_from_full(plan: Plan, item: Item) -> None:
    """Add a deducting item's sheets: its facts by kind, the sums by unit and standard, the units' points."""
    rule = item.rule
    assert isinstance(rule, DeductFromFull)
    sheets = []
    for place, kind in enumerate(rule.facts):
        again = sum(type(kind) is type(earlier) for earlier in rule.facts[:place])
        words, collect = _KINDS[type(kind)]
        name = f"计算{item.id}{words}{again + 1 if again else ''}"
        collect(plan, item, kind, f"{item.id}.{place}", name)
        sheets.append(name)
    by_standard = f"计算{item.id}标准"
    _by_standard(plan, item, by_standard, sheets)
    _by_unit(plan, item, rule, by_standard)


def _by_standard(plan: Plan, item: Item, name: str, sheets: list[str]) -> None:
    standards, units = plan.book.sheets["计算标准"].size, plan.unit_count
    pairs = [(unit, standard) for unit in range(1, units + 1) for standard in range(1, standards + 1)]
    sums = "+".join(
        f"SUMIFS([{sheet}!:扣分×100],[{sheet}!:单位序号],[单位序号],[{sheet}!:标准序号],[标准序号])" for sheet in sheets
    )
    plan.book.sheet(
        name,
        len(pairs),
        [
            constants("单位序号", [unit for unit, _ in pairs]),
            Column("单位名称", "INDEX([计算单位!:单位名称],[单位序号])", style="text"),
            constants("标准序号", [standard for _, standard in pairs]),
            Column("标准编号", "INDEX([计算标准!:标准编号],[标准序号])", style="text"),
            Column("应扣×100", sums),
            Column("上限×100", "INDEX([计算标准!:扣分上限×100],[标准序号])", note="空白表示没有上限"),
            Column("计扣×100", 'IF([上限×100]="",[应扣×100],MIN([应扣×100],[上限×100]))'),
        ],
        title=f"{item_title(item)}：每个单位在每项标准下的扣分，不超过扣分上限",
        tab="facts",
        fade="应扣×100",
    )


def _by_unit(plan: Plan, item: Item, rule: DeductFromFull, by_standard: str) -> None:
    tables = list(dict.fromkeys(kind.table for kind in rule.facts if not isinstance(kind, ReportFacts)))
    doubts = []
    for kind in rule.facts:
        if isinstance(kind, ReportFacts) and any(report.owed_by == "key_task_units" for report in kind.due):
            doubts = ["LEN([计算单位!重点任务单位])=0"]
    absent = [f'EXACT([{table}情况],"{NOT_REPORTED}")' for table in tables] if item.part == "bonus" else []
    left = "MAX(0,[满分×100]-[扣分合计×100])"
    points = f"IF(OR({','.join(absent)}),0,{left})" if absent else left
    plan.by_unit(
        f"计算{item.id}",
        f"{item_title(item)}：从满分起扣，扣到 0 为止" + ("；未报的暂计 0 分" if absent else ""),
        [
            *state(plan, tables),
            Column("满分×100", in_cents(f"{{{item.id}.cap}}")),
            Column("扣分合计×100", f"SUMIFS([{by_standard}!:计扣×100],[{by_standard}!:单位序号],[序号])"),
            Column("得分×100", points),
            unresolved(tables, *doubts),
        ],
    )


def _reports(plan: Plan, item: Item, kind: ReportFacts, key: str, name: str) -> None:
    """Add what each report owed (F1) costs: a row per unit and due report."""
    receipts, dues = name.replace("材料", "收文"), name.replace("材料", "期限")
    count = len(kind.due)
    tests = [
        f"(LEN([条件口径{n}])=0)+SUMPRODUCT(EXACT([口径!:口径],[条件口径{n}])*EXACT([口径!:采用选项],[条件选项{n}]))>0"
        for n in range(1, conditions(kind.due) + 1)
    ]
    fetched = {"材料": ".material", "季度": ".quarter", "由谁报送": ".owed_by"}
    for n in range(1, len(tests) + 1):
        fetched |= {f"条件口径{n}": f".key{n}", f"条件选项{n}": f".option{n}"}
    plan.book.sheet(
        dues,
        count,
        [
            numbered(count),
            Column("到期日", f"INDEX({{{key}.due}},[序号])", style="date"),
            *(
                Column(title, f'INDEX({{{key}.due{suffix}}},[序号])&""', style="text")
                for title, suffix in fetched.items()
            ),
            Column("按口径须报", f"IF(AND({','.join(tests)}),1,0)" if tests else "1", note="1：须报"),
        ],
        title=f"{item_title(item)}：应报材料清单（取自方案）",
        tab="facts",
    )
    plan.facts(
        receipts,
        kind.table,
        f"{item_title(item)}：收到的材料属清单中的哪一项",
        [
            Column(
                "材料序号",
                f"SUMPRODUCT(EXACT([{dues}!:材料],[{kind.table}!材料])*EXACT([{dues}!:季度],[{kind.table}!季度])"
                f"*[{dues}!:序号])",
                note="应报材料清单中的第几项；0 表示清单没有",
            ),
            Column("查找键", "[材料序号]*{key}+[单位序号]"),
            Column("实报日", day(f"[{kind.table}!实报日期]"), style="date"),
            Column("免报", f"IF(LEN([{kind.table}!免报原因])>0,1,0)", note="1：有免报原因"),
        ],
    )
    pairs = [(unit, due) for unit in range(1, plan.unit_count + 1) for due in range(1, count + 1)]
    all_units = OWED_BY["all_units"]
    plan.book.sheet(
        name,
        len(pairs),
        [
            constants("单位序号", [unit for unit, _ in pairs]),
            Column("单位名称", "INDEX([计算单位!:单位名称],[单位序号])", style="text"),
            constants("材料序号", [due for _, due in pairs]),
            Column("材料", f"INDEX([{dues}!:材料],[材料序号])&INDEX([{dues}!:季度],[材料序号])", style="text"),
            Column("到期日", f"INDEX([{dues}!:到期日],[材料序号])", style="date"),
            Column(
                "负有义务",
                f'IF(EXACT(INDEX([{dues}!:由谁报送],[材料序号]),"{all_units}"),1,'
                'IF(EXACT(INDEX([计算单位!:重点任务单位],[单位序号]),"是"),1,0))',
                note="1：全部单位都要报，或本单位是重点任务单位",
            ),
            Column(
                "应报",
                f"IF(AND([负有义务]=1,INDEX([{dues}!:按口径须报],[材料序号])=1,[到期日]<={{run_date}}),1,0)",
                note="1：有义务、按口径须报、到计算日期已经到期",
            ),
            Column(
                "收文行",
                f"IFERROR(MATCH([材料序号]*{{key}}+[单位序号],[{receipts}!:查找键],0),0)",
                note="材料报送的第几行；0 表示没有",
            ),
            Column("免报", f"IF([收文行]=0,0,INDEX([{receipts}!:免报],[收文行]))"),
            Column("实报日", f"IF([收文行]=0,0,INDEX([{receipts}!:实报日],[收文行]))", style="date"),
            Column(
                "按时末日",
                'IF(EXACT({reading.deadline_day},"inclusive"),[到期日],[到期日]-1)',
                style="date",
                note="口径 deadline_day：到期当日算不算按时",
            ),
            Column(
                "结论",
                'IF([应报]=0,"不计",IF([免报]=1,"免报",IF([实报日]=0,"' + MISSING + '",IF([实报日]<=[按时末日],"按时",'
                'IF([实报日]<={cut_off},"' + LATE + '","' + MISSING + '")))))',
                style="text",
                note="截止日以后才收到的，按未报",
            ),
            Column("迟天数", f'IF(EXACT([结论],"{LATE}"),[实报日]-[按时末日],0)'),
            *_late_or_missing(key),
        ],
        title=f"{item_title(item)}：每个单位每项材料按时、迟报（迟）或未报（缺）",
        tab="facts",
        fade="应报",
    )


def _late_or_missing(key: str) -> list[Column]:
    code = f'IF(EXACT([结论],"{LATE}"),{{{key}.late}},IF(EXACT([结论],"{MISSING}"),{{{key}.missing}},""))'
    return [Column("适用标准", code, style="text"), standard_number("[适用标准]"), _TIMES, _PRICE]


def _register(plan: Plan, item: Item, kind: RegisterFacts, key: str, name: str) -> None:
    """Add what each row of the register costs, with decisions applied."""
    table = kind.table
    plan.facts(
        name,
        table,
        f"{item_title(item)}：扣分登记逐条计算。撤销的、不属本年度的不扣；改值的按新值扣",
        [
            Column("编号", f'[{table}!编号]&""', style="text"),
            *of_year("日期", f"[{table}!发生日期]"),
            standard_number(f"[{table}!标准编号]"),
            Column("次数", f'IF([{table}!数量]="",1,[{table}!数量])', note="数量空白的为 1"),
            Column("原扣×100", f"IF([标准序号]=0,0,{_RATE}*[次数])", note="单次扣分 × 数量"),
            decision(table, "编号"),
            revoked(),
            Column("改后×100", "IF([调整行]=0,[原扣×100],INDEX([计算调整!:新值×100],[调整行]))"),
            Column("扣分×100", "IF(AND([单位序号]>0,[属本年度]=1,[已撤销]=0),[改后×100],0)"),
        ],
    )


def _meetings(plan: Plan, item: Item, kind: MeetingFacts, key: str, name: str) -> None:
    """Add what each attendance costs."""
    table, names, codes = kind.table, f"{{{key}.standards}}", f"{{{key}.standards.code}}"
    number = f"{{{key}.standards#}}"
    plan.facts(
        name,
        table,
        f"{item_title(item)}：每次会议。本年度的迟到、代会、缺席各按标准扣一次；到会和请假不扣",
        [
            Column("会议", f'[{table}!会议]&""', style="text"),
            *of_year("日期", f"[{table}!日期]"),
            Column(
                "情形",
                f"SUMPRODUCT(EXACT({names},[{table}!到会情况])*{number})",
                note="方案中第几种扣分情形；0：不扣",
            ),
            Column("适用标准", f'IF([情形]=0,"",INDEX({codes},[情形]))', style="text"),
            standard_number("[适用标准]"),
            Column("扣分×100", f"IF([标准序号]*[属本年度]=0,0,{_RATE})"),
        ],
    )


def _tasks(plan: Plan, item: Item, kind: TaskFacts, key: str, name: str) -> None:
    """Add what each assigned task costs."""
    table = kind.table
    plan.facts(
        name,
        table,
        f"{item_title(item)}：每项任务。时限属本年度且已到期的，判断按时、逾期（迟）或未完成（缺）",
        [
            Column("任务编号", f'[{table}!任务编号]&""', style="text"),
            *of_year("时限", f"[{table}!时限]"),
            Column("完成日", day(f"[{table}!完成日期]"), style="date"),
            Column(
                "结论",
                'IF(OR([单位序号]=0,[属本年度]=0,[时限]>{run_date}),"不计",IF([完成日]=0,"' + MISSING + '",'
                'IF([完成日]<=[时限],"按时",IF([完成日]<={cut_off},"' + LATE + '","' + MISSING + '"))))',
                style="text",
                note="截止日以后才完成的，按未完成",
            ),
            Column("迟天数", f'IF(EXACT([结论],"{LATE}"),[完成日]-[时限],0)'),
            *_late_or_missing(key),
        ],
    )


_KINDS: dict[type, tuple[str, Callable[[Plan, Item, Any, str, str], None]]] = {
    ReportFacts: ("材料", _reports),
    RegisterFacts: ("登记", _register),
    MeetingFacts: ("参会", _meetings),
    TaskFacts: ("任务", _tasks),
}
