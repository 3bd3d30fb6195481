"""信息报送 (四（三）4) as formulas: places in each quarter's lists.

Adoption rates compare exactly: a rate is divided out like on paper, five digits at a time, each remainder carried on.
Two different rates of at most ``most`` reports differ within the twenty digits so gained; equal rates never do.
"""

from __future__ import annotations

from assess_lib.auditbook.award import capped
from assess_lib.auditbook.book import Column, Named
from assess_lib.auditbook.common import NOT_REPORTED, Plan, half_up, in_cents, item_title, state
from assess_lib.scheme import Item, QuarterlyTopRanks
from assess_lib.tables import TABLES

TABLE = "信息报送"


def quarterly_top_ranks(plan: Plan, item: Item) -> None:
    """Add B4's sheets: each unit's quarter with its places and points, the quarters' totals, the units' points."""
    assert isinstance(item.rule, QuarterlyTopRanks)
    facts = f"计算{item.id}名次"
    _places(plan, item, facts)
    quarters = TABLES[TABLE].column("季度").choices
    columns = []
    for place, quarter in enumerate(quarters):
        plan.book.named[f"quarter.{quarter}"] = _one_of(plan, "quarters#", place)
        wanted = f"[{facts}!:单位序号],[序号],[{facts}!:季度序号],{{quarter.{quarter}}}"
        columns += [
            Column(f"{quarter}季度行数", f"COUNTIFS({wanted})"),
            Column(f"{quarter}季度×100", f"SUMIFS([{facts}!:得分×100],{wanted})"),
        ]
    totals = ",".join(f"[{quarter}季度×100]" for quarter in quarters)
    rows = ",".join(f"[{quarter}季度行数]" for quarter in quarters)
    combine = "{reading.info_quarters}"
    plan.by_unit(
        f"计算{item.id}",
        f"{item_title(item)}：四个季度按口径 info_quarters 相加、平均或取最好，不超过上限",
        [
            *state(plan, [TABLE]),
            *columns,
            Column("相加×100", f"SUM({totals})"),
            Column("季度数", "MAX({quarters#})"),
            Column("平均×100", half_up("[相加×100]", "[季度数]"), note="总是除以季度数，四舍五入"),
            Column("最好×100", f"MAX({totals})"),
            Column(
                "应加×100",
                f'IF(EXACT({combine},"mean"),[平均×100],IF(EXACT({combine},"best"),[最好×100],[相加×100]))',
            ),
            *capped(item, "[应加×100]"),
            Column(
                "待定",
                f'IF(EXACT([{TABLE}情况],"{NOT_REPORTED}"),1,IF(EXACT([{TABLE}情况],"有登记"),IF(MIN({rows})=0,1,0),0))',
                note="1：有季度没有登记",
            ),
        ],
    )


def _one_of(plan: Plan, name: str, place: int) -> Named:
    """Return one cell of a named list."""
    many = plan.book.named[name]
    return Named(many.sheet, many.column, many.first + place, many.first + place)


def _places(plan: Plan, item: Item, facts: str) -> None:
    def above(mask: str, first: str, second: str = "", third: str = "") -> str:
        """Count the rows of the same list that stand higher: by the first key, then the second, then the third."""
        same = "[:榜单],[榜单]" + mask
        counts = [f'COUNTIFS({same},[:{first}],">"&[{first}])']
        if second:
            counts.append(f'COUNTIFS({same},[:{first}],[{first}],[:{second}],">"&[{second}])')
        if third:
            counts.append(f'COUNTIFS({same},[:{first}],[{first}],[:{second}],[{second}],[:{third}],">"&[{third}])')
        return "+".join(counts)

    def earned(rank: str) -> str:
        return (
            f"IF([{rank}]=0,0,IF([{rank}]>MAX({{{item.id}.ranks#}}),0,"
            f"{in_cents(f'INDEX({{{item.id}.ranks.points}},[{rank}])')}))"
        )

    def place(name: str, listed_if: str, count: str, note: str) -> Column:
        return Column(name, f"IF({listed_if},1+{count},0)", note=note)

    separate = 'EXACT({reading.info_lists},"separate")'
    digits = [Column("余数0", "[采用]")]
    for n in range(1, 5):
        digits += [
            Column(f"商{n}", f"IF([报送]=0,0,INT([余数{n - 1}]*{{base}}/[报送]))"),
            Column(f"余数{n}", f"[余数{n - 1}]*{{base}}-[商{n}]*[报送]"),
        ]
    plan.facts(
        facts,
        TABLE,
        f"{item_title(item)}：每个单位每个季度的名次和得分；并列的名次相同，得分相同",
        [
            Column("季度序号", f"SUMPRODUCT(EXACT({{quarters}},[{TABLE}!季度])*{{quarters#}})"),
            Column("报送", f"IF([单位序号]=0,0,[{TABLE}!报送条数])"),
            Column("采用", f"IF([单位序号]=0,0,[{TABLE}!采用条数])"),
            Column(
                "排名组",
                'IF([单位序号]=0,0,IF(EXACT({reading.info_pool},"by_group"),INDEX([计算单位!:组序号],[单位序号]),0))',
                note="口径 info_pool：分组排名时为组序号，一起排名时为 0",
            ),
            Column("榜单", "IF([报送]=0,0,[排名组]*{key}+[季度序号])", note="同一榜单的单位一起排名；0：不上榜"),
            *digits,
            Column("率前段", "[商1]*{base}+[商2]", width=15, note="采用率小数点后第 1 至 10 位"),
            Column("率后段", "[商3]*{base}+[商4]", width=15, note="采用率小数点后第 11 至 20 位"),
            place("报送量名次", "[报送]>0", above("", "报送"), "报送量大于 0 的单位上榜"),
            place(
                "采用率名次",
                "[采用]>0",
                above(',[:采用],">"&0', "率前段", "率后段"),
                "采用条数大于 0 的单位上榜",
            ),
            place(
                "合榜名次",
                "[报送]>0",
                above("", "报送", "率前段", "率后段"),
                "口径 volume_then_rate：按报送量，同量按采用率",
            ),
            Column("报送量×100", earned("报送量名次")),
            Column("采用率×100", earned("采用率名次")),
            Column("合榜×100", earned("合榜名次")),
            Column("得分×100", f"IF({separate},[报送量×100]+[采用率×100],[合榜×100])", note="按口径 info_lists"),
        ],
    )
