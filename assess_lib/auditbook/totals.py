"""The order of judgement (四) as formulas: 汇总 and 结果."""

from __future__ import annotations

from assess_lib.auditbook.book import Column
from assess_lib.auditbook.common import Plan, in_cents

TOTALS, RESULTS = "汇总", "结果"
# 结果's columns with the results.csv column that each of them repeats.
RESULT_COLUMNS = {
    "单位编码": "unit_id",
    "单位名称": "unit_name",
    "单位类别": "group",
    "状态": "status",
    "重点考核得分": "key_score",
    "加分得分": "bonus_score",
    "最终得分": "final_score",
    "等次": "grade",
    "组内名次": "rank_in_group",
    "总名次": "rank_overall",
}


def add_totals(plan: Plan) -> None:
    """Add the sheet 汇总: veto, key score, gate, bonus, final score, grade and ranks of each unit."""
    scheme = plan.scheme
    vetoes, bonuses, key = scheme.part_items("veto"), scheme.part_items("bonus"), scheme.key_item
    vetoed = "+".join(f"[{item.id}否决]" for item in vetoes)
    earned = "+".join(f"[{item.id}×100]" for item in bonuses) or "0"
    veto_doubts = "+".join(f"[计算{item.id}!待定]" for item in vetoes) or "0"
    bonus_doubts = "+".join(f"[计算{item.id}!待定]" for item in bonuses) or "0"
    gate, passing = in_cents("{bonus_gate}"), in_cents("{pass_mark}")
    grade = "{passed}"
    bands = []
    if scheme.grades.bands:
        reached = f"SUMPRODUCT(({in_cents('{bands.points}')}<=[最终×100])*1)"
        bands = [Column("达到的等次数", f'IF([最终×100]="",0,{reached})', note="经批准的等次中达到几个")]
        grade = "IF([达到的等次数]=0,{passed},INDEX({bands},MAX({bands#})-[达到的等次数]+1))"
    plan.by_unit(
        TOTALS,
        f"汇总 {scheme.parts.final.clause}：先看单项否决，再算重点考核，再看加分是否开启，最后定等次和名次",
        [
            *(Column(f"{item.id}否决", f"[计算{item.id}!否决]") for item in vetoes),
            Column("单项否决", f"IF({vetoed}>0,1,0)" if vetoes else "0", note="1：否决，其余不计分、不排名"),
            Column("重点×100", f"[计算{key.id}!得分×100]", note="单项否决的单位，以下各列只供参考，不进入结果"),
            Column(
                "过开启线",
                f'IF(EXACT({{reading.bonus_gate}},"at_least"),IF([重点×100]>={gate},1,0),IF([重点×100]>{gate},1,0))',
                note="按口径 bonus_gate：须高于还是达到加分开启线",
            ),
            Column("加分开启", "IF([单项否决]=1,0,[过开启线])", note="1：开启"),
            *(Column(f"{item.id}×100", f"[计算{item.id}!得分×100]") for item in bonuses),
            Column("各项合计×100", earned),
            Column("加分×100", f"MIN({in_cents('{bonus_cap}')},[各项合计×100])", note="不超过加分上限"),
            Column(
                "最终×100",
                'IF([单项否决]=1,"",IF([加分开启]=1,[重点×100]+[加分×100],[重点×100]))',
                note="空白：没有得分",
            ),
            *bands,
            Column(
                "等次",
                f"IF([单项否决]=1,{{fail}},IF([重点×100]<{passing},{{fail}},{grade}))",
                style="text",
                note="低于合格线的不合格，恰好等于的合格",
            ),
            Column("组序号", "[计算单位!组序号]"),
            Column(
                "组内名次",
                'IF([最终×100]="","",1+COUNTIFS([:组序号],[组序号],[:最终×100],">"&[最终×100]))',
                note="比本单位高的有几个，加 1；并列的名次相同",
            ),
            Column("总名次", 'IF([最终×100]="","",1+COUNTIFS([:最终×100],">"&[最终×100]))'),
            Column("否决待定", veto_doubts),
            Column(
                "待定项数",
                f"[否决待定]+IF([单项否决]=1,0,[计算{key.id}!待定]+IF([加分开启]=1,{bonus_doubts},0))",
                note="有几项待定；没有评的项不计",
            ),
        ],
    )


def add_results(plan: Plan) -> None:
    """Add the sheet 结果: a row a unit in roster order, every cell a formula."""
    vetoed = "[汇总!单项否决]=1"

    def points(name: str, formula: str) -> Column:
        return Column(name, formula, style="points", role="result")

    plan.book.sheet(
        RESULTS,
        plan.unit_count,
        [
            *(Column(name, f"[计算单位!{name}]", style="text") for name in ("单位编码", "单位名称", "单位类别")),
            Column("状态", f'IF({vetoed},"vetoed","scored")', style="text", role="result"),
            points("重点考核得分", f'IF({vetoed},"",[汇总!重点×100]/{{scale}})'),
            points("加分得分", 'IF([汇总!加分开启]=1,[汇总!加分×100]/{scale},"")'),
            points("最终得分", f'IF({vetoed},"",[汇总!最终×100]/{{scale}})'),
            Column("等次", "[汇总!等次]", style="text", role="result"),
            Column("组内名次", "[汇总!组内名次]", role="result"),
            Column("总名次", "[汇总!总名次]", role="result"),
        ],
        tab="result",
    )
