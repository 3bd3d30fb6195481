"""Items that earn points up to a cap, as formulas: means per matter, highest levels, leaders' means."""

from __future__ import annotations

from assess_lib.auditbook.book import Column
from assess_lib.auditbook.common import (
    Plan,
    decision,
    evidence,
    half_up,
    in_cents,
    item_title,
    of_year,
    revoked,
    state,
    unresolved,
)
from assess_lib.scheme import HighestLevelPerMatter, Item

SCORES, AWARDS, MARKS = "评定加分", "表彰宣传", "领导评价"


def capped(item: Item, earned: str) -> list[Column]:
    """Return the columns that cut what was earned at the item's cap."""
    return [
        Column("上限×100", in_cents(f"{{{item.id}.cap}}")),
        Column("得分×100", f"MIN([上限×100],{earned})"),
    ]


def mean_per_matter(plan: Plan, item: Item) -> None:
    """Add B1's sheets: the scores and each matter's mean, the units' points."""
    facts = f"计算{item.id}评定"
    plan.facts(
        facts,
        SCORES,
        f"{item_title(item)}：每条评定。同单位同事项的评定求平均，四舍五入到百分之一分，写在该事项的第一行",
        [
            Column("编号", f'[{SCORES}!编号]&""', style="text"),
            Column("事项", f'[{SCORES}!事项]&""', style="text"),
            decision(SCORES, "编号"),
            revoked(),
            evidence(SCORES),
            Column("计入", "IF(AND([单位序号]>0,[已撤销]=0,[佐证有效]=1),1,0)", note="1：计入平均"),
            Column(
                "评定×100",
                f"IF([调整行]=0,{in_cents(f'[{SCORES}!评定分]')},INDEX([计算调整!:新值×100],[调整行]))",
                note="改值的按新值",
            ),
            Column(
                "事项末行",
                "IF([计入]=0,0,SUMPRODUCT(MAX([:计入]*([:单位序号]=[单位序号])*EXACT([:事项],[事项])*[:序号])))",
                note="同单位同事项中最后一条计入的行，作组号",
            ),
            Column("人数", "IF([事项末行]=[序号],COUNTIFS([:事项末行],[序号]),0)", note="只写在组号所在的一行"),
            Column("合计×100", "IF([人数]=0,0,SUMIFS([:评定×100],[:事项末行],[序号]))"),
            Column(
                "平均×100",
                f"IF([人数]=0,0,{half_up('[合计×100]', '[人数]')})",
                note="四舍五入：(2×合计＋人数)÷(2×人数) 取整",
            ),
        ],
    )
    plan.by_unit(
        f"计算{item.id}",
        f"{item_title(item)}：各事项的平均分相加，不超过上限",
        [
            *state(plan, [SCORES]),
            Column("各事项合计×100", f"SUMIFS([{facts}!:平均×100],[{facts}!:单位序号],[序号])"),
            *capped(item, "[各事项合计×100]"),
            unresolved([SCORES]),
        ],
    )


def highest_level_per_matter(plan: Plan, item: Item) -> None:
    """Add the sheet of an item's awards: who is eligible, each matter's highest points. The units follow later.

    A matter's points need no tie-break: equal levels earn equal points, whichever row speaks for it.
    """
    facts = award_sheet(item)
    base = plan.bases.get(AWARDS)
    if base is None:
        shared = [
            Column("编号", f'[{AWARDS}!编号]&""', style="text"),
            Column("事项编号", f'[{AWARDS}!事项编号]&""', style="text"),
            *of_year("日期", f"[{AWARDS}!日期]"),
            decision(AWARDS, "编号"),
            evidence(AWARDS),
        ]
    else:
        styles = {"编号": "text", "事项编号": "text"}
        shared = [
            Column(name, f"[{base}!{name}]", style="text" if name in styles else "whole")
            for name in ("编号", "事项编号", "属本年度", "调整行", "佐证有效")
        ]
    levels = f"{{{item.id}.levels}}"
    points = f"SUMPRODUCT(EXACT({levels},[{AWARDS}!层级])*{{{item.id}.levels.points}})"
    same = "([:单位序号]=[单位序号])*EXACT([:事项编号],[事项编号])"
    plan.facts(
        facts,
        AWARDS,
        f"{item_title(item)}：每条登记。有资格的条件：属本加分项，属本年度，未被撤销，佐证有效，层级有分",
        [
            *shared,
            Column("属本项", f"IF(EXACT([{AWARDS}!加分项],{{{item.id}.category}}),1,0)"),
            Column("层级分×100", in_cents(points), note="方案中该层级的分值"),
            Column(
                "资格分×100",
                "IF(AND([单位序号]>0,[属本项]=1,[属本年度]=1,[调整行]=0,[佐证有效]=1),[层级分×100],0)",
                note="没有资格的为 0",
            ),
            Column(
                "事项末行",
                f"IF([资格分×100]=0,0,SUMPRODUCT(MAX(([:资格分×100]>0)*{same}*[:序号])))",
                note="同单位同事项中最后一条有资格的行，作组号",
            ),
            Column(
                "事项最高×100",
                "IF([事项末行]=0,0,IF([事项末行]=[序号],SUMPRODUCT(MAX(([:事项末行]=[序号])*[:资格分×100])),0))",
                note="同一事项只按最高层级计一次，写在组号所在的一行",
            ),
        ],
    )


def award_sheet(item: Item) -> str:
    """Return the name of the sheet with an item's awards."""
    return f"计算{item.id}登记"


def highest_level_units(plan: Plan, item: Item) -> None:
    """Add the sheets that compare an item's matters with those of the other such items, and the units' points."""
    facts, matters = award_sheet(item), f"计算{item.id}事项"
    others = [other for other in plan.scheme.items if isinstance(other.rule, HighestLevelPerMatter) and other != item]
    order = [other.id for other in plan.scheme.items]
    rivals, tests = [], []
    for other in others:
        sheet = award_sheet(other)
        rivals.append(
            Column(
                f"{other.id}同事项×100",
                f"IF([本项×100]=0,0,SUMPRODUCT(MAX(([{facts}!:单位序号]=[{facts}!单位序号])"
                f"*EXACT([{facts}!:事项编号],[{facts}!事项编号])*[{sheet}!:资格分×100])))",
                note=f"同单位同一事项在 {other.id} 的最高分",
            )
        )
        sign = ">=" if order.index(other.id) < order.index(item.id) else ">"
        tests.append(f"[{other.id}同事项×100]{sign}[本项×100]")
    once = 'EXACT({reading.same_matter_across_items},"once")'
    yields = f"IF(AND({once},OR({','.join(tests)})),1,0)" if tests else "0"
    size, spare = plan.book.sheets[facts].size, plan.book.sheets[facts].spare
    plan.book.sheet(
        matters,
        size,
        [
            Column("序号", f"[{facts}!序号]"),
            Column("单位", f"[{facts}!单位]", style="text"),
            Column("单位序号", f"[{facts}!单位序号]"),
            Column("事项编号", f"[{facts}!事项编号]", style="text"),
            Column("本项×100", f"[{facts}!事项最高×100]"),
            *rivals,
            Column("让给他项", yields, note="1：口径为 once 时，同一事项只在分值较高的一项计，相同计在前的一项"),
            Column("计分×100", "IF([让给他项]=1,0,[本项×100])"),
        ],
        title=f"{item_title(item)}：每个事项的得分；同一事项也在其他加分项时，按口径比较",
        spare=spare,
        tab="facts",
        fade="本项×100",
    )
    plan.by_unit(
        f"计算{item.id}",
        f"{item_title(item)}：各事项按口径 different_matters 相加或只取最高，不超过上限",
        [
            *state(plan, [AWARDS]),
            Column("相加×100", f"SUMIFS([{matters}!:计分×100],[{matters}!:单位序号],[序号])"),
            Column("最高×100", f"SUMPRODUCT(MAX(([{matters}!:单位序号]=[序号])*[{matters}!:计分×100]))"),
            Column("应加×100", 'IF(EXACT({reading.different_matters},"best"),[最高×100],[相加×100])'),
            *capped(item, "[应加×100]"),
            unresolved([AWARDS]),
        ],
    )


def mean_of_raters(plan: Plan, item: Item) -> None:
    """Add B5's sheets: the marks, the units' means."""
    facts = f"计算{item.id}评价"
    plan.facts(
        facts,
        MARKS,
        f"{item_title(item)}：每位领导的评分",
        [Column("评分×100", in_cents(f"[{MARKS}!分值]"))],
    )
    plan.by_unit(
        f"计算{item.id}",
        f"{item_title(item)}：评价人的平均分，四舍五入到百分之一分，不超过上限",
        [
            *state(plan, [MARKS]),
            Column("合计×100", f"SUMIFS([{facts}!:评分×100],[{facts}!:单位序号],[序号])"),
            Column(
                "平均×100",
                f"IF([{MARKS}行数]=0,0,{half_up('[合计×100]', f'[{MARKS}行数]')})",
                note="四舍五入：(2×合计＋人数)÷(2×人数) 取整",
            ),
            *capped(item, "[平均×100]"),
            unresolved([MARKS]),
        ],
    )
