"""What the calculation sheets share: units and standards numbered, decisions, evidence and confirmations found.

Texts that offices wrote (numbers, matters, standards) are compared with EXACT alone: MATCH, COUNTIFS and ``=`` ignore
case, and the first two take ``*`` and ``?`` for wildcards and ``"001"`` for a number. Each text is turned once into
the row number of what it names; everything after that compares whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assess_lib.auditbook.book import Book, Column, Sheet, constants
from assess_lib.scheme import Item, Scheme
from assess_lib.tables import ALL_UNITS

UNITS, STANDARDS, DECISIONS, EVIDENCE, CONFIRMED = "计算单位", "计算标准", "计算调整", "计算佐证", "计算确认"
NOT_REPORTED = "未报"


@dataclass
class Plan:
    """The workbook in the making: the book, the scheme, and for each table the sheet that numbers its rows' units."""

    book: Book
    scheme: Scheme
    bases: dict[str, str] = field(default_factory=dict)

    @property
    def unit_count(self) -> int:
        """How many units the roster has."""
        return self.book.sheets["单位名录"].size

    def facts(self, name: str, table: str, title: str, columns: Iterable[Column]) -> Sheet:
        """Add a sheet with a row per row of an input table: row number, unit, unit's number, then ``columns``."""
        source = self.book.sheets[table]
        self.bases.setdefault(table, name)
        lead = [
            numbered(source.size),
            Column("单位", f'[{table}!单位]&""', style="text"),
            Column(
                "单位序号",
                "SUMPRODUCT(EXACT([单位名录!:单位编码],[单位])*[计算单位!:序号])",
                note="单位名录中的第几个；0 表示空行或名录中没有",
            ),
        ]
        return self.book.sheet(
            name, source.size, [*lead, *columns], title=title, spare=source.spare, tab="facts", fade="单位序号"
        )

    def by_unit(self, name: str, title: str, columns: Iterable[Column]) -> Sheet:
        """Add a sheet with a row per unit, in roster order."""
        lead = [
            numbered(self.unit_count),
            Column("单位编码", "[计算单位!单位编码]", style="text"),
            Column("单位名称", "[计算单位!单位名称]", style="text"),
        ]
        return self.book.sheet(name, self.unit_count, [*lead, *columns], title=title, tab="item")


def numbered(size: int) -> Column:
    """Return the column that numbers a sheet's rows."""
    return constants("序号", list(range(1, size + 1)))


def day(cell: str) -> str:
    """Return the formula of a cell's day without its hour; an empty cell gives 0."""
    return f"IF(ISTEXT({cell}),{{early}},INT({cell}))"


def in_cents(cell: str) -> str:
    """Return the formula of an amount in hundredths of a point, a whole number."""
    return f"ROUND({cell}*{{scale}},0)"


def half_up(total: str, count: str) -> str:
    """Return the formula of a mean of whole numbers, rounded half up: INT((2S + n) / 2n), without a fraction."""
    return f"INT(({total}+{total}+{count})/({count}+{count}))"


def add_common(plan: Plan) -> None:
    """Add the sheets that number units and standards and prepare decisions, evidence and confirmations."""
    book = plan.book
    size = plan.unit_count
    book.sheet(
        UNITS,
        size,
        [
            numbered(size),
            *(Column(name, f'[单位名录!{name}]&""', style="text") for name in ("单位编码", "单位名称", "单位类别")),
            Column("组序号", "SUMPRODUCT(EXACT({groups},[单位类别])*{groups#})", note="方案中的第几组"),
            Column("重点任务单位", '[单位名录!重点任务单位]&""', style="text", note="空白表示名录没有注明"),
        ],
        title="单位编号：给名录中的每个单位一个序号，其他计算表按序号查找",
        tab="facts",
    )
    standards = book.sheets["扣分标准"].size
    limit = "[扣分标准!扣分上限]"
    book.sheet(
        STANDARDS,
        standards,
        [
            numbered(standards),
            Column("标准编号", '[扣分标准!标准编号]&""', style="text"),
            Column("单次扣分×100", in_cents("[扣分标准!单次扣分]")),
            Column("按日", 'IF(EXACT([扣分标准!计量],"日"),1,0)', note="1：每迟一日扣一次；0：只扣一次"),
            Column("扣分上限×100", f'IF({limit}="","",{in_cents(limit)})', note="空白表示没有上限"),
        ],
        title="扣分标准：换算成百分之一分的整数",
        tab="facts",
    )
    plan.facts(
        DECISIONS,
        "调整复核",
        "调整复核：每个决定针对哪个单位、哪张表的哪个编号",
        [
            Column("对象表", '[调整复核!对象表]&""', style="text"),
            Column("对象编号", '[调整复核!对象编号]&""', style="text"),
            Column("撤销", 'IF(EXACT([调整复核!处理],"撤销"),1,0)', note="1：撤销；0：改值"),
            Column("新值×100", in_cents("[调整复核!新值]")),
        ],
    )
    plan.facts(
        EVIDENCE,
        "佐证目录",
        "佐证目录：每件佐证编目在哪个单位名下",
        [Column("佐证编号", '[佐证目录!佐证编号]&""', style="text")],
    )
    plan.facts(
        CONFIRMED,
        "确认无事项",
        "确认无事项：针对哪张表、哪个单位",
        [
            Column("表", '[确认无事项!表]&""', style="text"),
            Column("全部单位", f'IF(EXACT([单位],"{ALL_UNITS}"),1,0)', note="1：对没有登记的全部单位有效"),
        ],
    )


def decision(table: str, number: str) -> Column:
    """Return the column that finds the decision on a row: the row of 计算调整, 0 if there is none."""
    return Column(
        "调整行",
        f"IF([单位序号]=0,0,SUMPRODUCT(MAX(EXACT([计算调整!:对象编号],[{table}!{number}])"
        f'*EXACT([计算调整!:对象表],"{table}")*([计算调整!:单位序号]=[单位序号])*[计算调整!:序号])))',
        note="调整复核中的第几行针对本行；0 表示没有",
    )


def revoked() -> Column:
    """Return the column that tells whether the decision found takes the row out."""
    return Column("已撤销", "IF([调整行]=0,0,INDEX([计算调整!:撤销],[调整行]))", note="1：已撤销")


def evidence(table: str) -> Column:
    """Return the column that tells whether the row has evidence indexed for its unit, or needs none."""
    return Column(
        "佐证有效",
        'IF(EXACT({reading.missing_evidence},"accept"),1,IF(LEN([' + table + "!佐证编号])=0,0,"
        "IF(SUMPRODUCT(EXACT([计算佐证!:佐证编号],[" + table + "!佐证编号])"
        "*([计算佐证!:单位序号]=[单位序号]))>0,1,0)))",
        note="1：佐证目录中有本单位的这一编号，或口径准许先计分",
    )


def of_year(name: str, cell: str) -> list[Column]:
    """Return a row's day and whether it is of the assessed year."""
    return [
        Column(name, day(cell), style="date"),
        Column("属本年度", f"IF(YEAR([{name}])={{year}},1,0)", note="1：在考核年度内"),
    ]


def standard_number(code: str) -> Column:
    """Return the column that finds a standard's row; 0 when no standard applies or 扣分标准 lacks it."""
    return Column(
        "标准序号",
        f"SUMPRODUCT(EXACT([计算标准!:标准编号],{code})*[计算标准!:序号])",
        note="扣分标准中的第几行；0 表示不适用",
    )


def state(plan: Plan, tables: Sequence[str]) -> list[Column]:
    """Return, for each table, the unit's rows, its confirmation, and which of the three states that makes."""
    columns = []
    for table in tables:
        columns += [
            Column(f"{table}行数", f"COUNTIFS([{plan.bases[table]}!:单位序号],[序号])", note="本单位的登记，不论年度"),
            Column(
                f"{table}确认",
                f'SUMPRODUCT(EXACT([计算确认!:表],"{table}")*(([计算确认!:单位序号]=[序号])+[计算确认!:全部单位]))',
                note="确认无事项的条数",
            ),
            Column(
                f"{table}情况",
                f'IF([{table}行数]>0,"有登记",IF([{table}确认]>0,"确认无","{NOT_REPORTED}"))',
                style="text",
                note="未报不等于零：未报的，本项待定",
            ),
        ]
    return columns


def unresolved(tables: Sequence[str], *more: str) -> Column:
    """Return the column that tells whether the item is unresolved: a table not reported, or another doubt."""
    tests = [f'EXACT([{table}情况],"{NOT_REPORTED}")' for table in tables] + list(more)
    return Column("待定", f"IF(OR({','.join(tests)}),1,0)" if tests else "0", note="1：待定，补齐前不能定稿")


def item_title(item: Item) -> str:
    """Return an item's id, name and clause, as sheets are titled."""
    return f"{item.id} {item.name} {item.clause}"
