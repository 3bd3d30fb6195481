"""Random years as cleaning would accept them, for checks of the whole scoring.

``random_year(rng)`` takes any ``random.Random``: a seeded one gives the same year every time, hypothesis's
own (``years()``) lets hypothesis steer and shrink. Amounts, dates and counts are drawn so that thresholds,
caps, due days and ties are hit exactly, again and again; ``smaller`` cuts a failing year down for a message.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from build import make_tables
from hypothesis import strategies as st

from assess_lib.tables import Row

READINGS: Mapping[str, tuple[str, ...]] = {
    "red_light_event": ("event", "ticket"),
    "red_light_window": ("calendar_year", "rolling_12_months"),
    "criticism_scope": ("named", "named_or_complaints", "named_and_complaints"),
    "bonus_gate": ("above", "at_least"),
    "deadline_day": ("inclusive", "exclusive"),
    "q1_report": ("not_scored", "scored"),
    "info_lists": ("separate", "volume_then_rate"),
    "info_quarters": ("sum", "mean", "best"),
    "info_pool": ("all_units", "by_group"),
    "different_matters": ("sum", "best"),
    "same_matter_across_items": ("allowed", "once"),
    "missing_evidence": ("withhold", "accept"),
}
EDGE_DAYS = ("2022-01-01", "2022-12-31", "2021-12-31", "2023-01-01")
RUN_DATES = (
    "2022-01-10", "2022-03-19", "2022-03-20", "2022-06-19", "2022-06-20", "2022-06-21", "2022-09-20",
    "2022-12-05", "2022-12-19", "2022-12-20", "2022-12-30", "2022-12-31", "2023-01-04",
)  # fmt: skip
# (报送条数, 采用条数): a third exactly, all but a third, and two rates that binary floats cannot tell apart.
CLOSE_RATES = ((3, 1), (300, 100), (301, 100), (1_000_000_000, 333_333_333), (999_999_997, 333_333_332))
CONFIRMABLE = (
    "通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务",
    "热线红灯", "信息中心结果", "材料报送",
)  # fmt: skip
Literal = dict[str, Any]


@dataclass(frozen=True)
class Year:
    """One random year: cleaned tables, every reading, the run date."""

    tables: Mapping[str, tuple[Row, ...]]
    readings: Mapping[str, str]
    run_date: date

    def __repr__(self) -> str:
        lines = [f"run_date {self.run_date}", f"readings {dict(self.readings)}"]
        for name, rows in self.tables.items():
            for row in rows:
                filled = {k: str(v) for k, v in row.values.items() if v is not None}
                lines.append(f"{name} {row.source.row}: {filled}")
        return "\n".join(lines)

    def with_rows(self, table: str, rows: tuple[Row, ...]) -> Year:
        """Give the year with another content of one table."""
        return replace(self, tables={**self.tables, table: rows})

    def without(self, table: str, gone: Row) -> Year:
        """Give the year without one row of a table."""
        return self.with_rows(table, tuple(row for row in self.tables[table] if row is not gone))


class _Maker:
    """Draws one year. Only whole numbers are drawn, so that hypothesis can steer and shrink them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.rows: dict[str, list[Literal]] = {}
        self.codes: list[str] = []
        self.evidence: list[tuple[str, str]] = []

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) >= 100 - percent

    def pick(self, *options: Any) -> Any:
        return options[self.rng.randrange(len(options))]

    def upto(self, most: int) -> int:
        return self.rng.randrange(most + 1)

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def number(self, table: str) -> int:
        return len(self.rows.get(table, ())) + 1

    def day(self) -> str:
        """Draw a day, mostly of 2022, sometimes of the years beside it, sometimes the first or last one."""
        kind = self.upto(19)
        if kind >= 17:
            return str(self.pick(*EDGE_DAYS))
        year = {16: 2021, 15: 2023}.get(kind, 2022)
        return (date(year, 1, 1) + timedelta(days=self.upto(364))).isoformat()

    def proof(self, unit: str) -> str | None:
        """Draw a 佐证编号: indexed for the unit, missing, unknown, or another unit's."""
        kind = self.upto(9)
        if kind >= 7:
            return (None, "E-无", "E-他")[kind - 7]
        return f"E-{unit}-{kind % 2}"

    def roster(self) -> None:
        for n in range(1, 2 + self.upto(7)):
            code = f"U{n}"
            self.codes.append(code)
            self.add(
                "单位名录", 单位编码=code, 单位名称=f"单位{n}", 单位类别=self.pick("镇", "县级部门"),
                重点任务单位=self.pick("否", "是", "是", None),
            )  # fmt: skip
        for code in self.codes:
            for n in range(2):
                self.add("佐证目录", 佐证编号=f"E-{code}-{n}", 单位=code, 类型="照片", 名称或网址="甲")
        self.add("佐证目录", 佐证编号="E-他", 单位=self.codes[0], 类型="网址", 名称或网址="乙")

    def standards(self) -> None:
        def rate(number: str, amounts: tuple[str, ...], caps: tuple[str | None, ...]) -> None:
            self.add(
                "扣分标准", 标准编号=number, 考核内容="考核内容", 扣分情形="情形", 单次扣分=self.pick(*amounts),
                计量=self.pick("次", "日", None), 扣分上限=self.pick(*caps), 批准文号="批1",
            )  # fmt: skip

        rate("BS-01", ("1", "0.50", "2.50", "0.33"), (None, "5", "20", "3.33"))
        rate("BS-02", ("5", "10", "4", "20"), (None, "10", "20", "40"))
        for number in ("HY-01", "HY-02", "HY-03"):
            rate(number, ("0.20", "0.50", "1", "2", "0.67"), (None, "0.50", "1", "2"))
        for number in ("RW-01", "RW-02"):
            rate(number, ("0.10", "0.50", "1", "2.50"), (None, "0.50", "1.50", "2"))
        rate("GZ-01", ("5", "10", "20"), (None, None, "10", "20", "40"))
        rate("GZ-02", ("2.50", "6.67", "0.10"), (None, "5", "19.99", "20.01"))
        rate("GZ-03", ("40", "19.99", "60.01"), (None, "20", "40"))
        # One hundredth a time, without a cap: any total can be met to the cent.
        self.add("扣分标准", 标准编号="FX-01", 考核内容="考核内容", 扣分情形="情形", 单次扣分="0.01", 批准文号="批1")

    def vetoes(self, unit: str) -> None:
        for _ in range(self.pick(0, 0, 0, 1, 2, 4)):
            day = self.pick(self.day(), "2021-07-01", "2022-06-30", "2022-07-01")
            self.add(
                "热线红灯", 工单编号=self.pick("G1", "G1", "G2", "G3"), 单位=unit,
                办理角色=self.pick("主办", None, "主办", "协办"),
                红灯时间=f"{day}T{self.pick('00:00', '09:30', '17:05')}:00",
                申诉结果=self.pick(None, "不成立", "成立"),
            )  # fmt: skip
        if self.chance(75):
            self.add(
                "信息中心结果", 单位=unit, 红灯次数=self.pick(0, 0, 0, 0, 0, 1, 1, 1, 2, 3),
                市大数据局通报="是" if self.chance(4) else "否", 出具日期=self.day(),
            )  # fmt: skip
        for _ in range(self.pick(0, 0, 0, 1, 2)):
            self.add(
                "通报批评", 编号=f"TB{self.number('通报批评')}", 单位=unit,
                类型=self.pick("群众反映", "媒体", "检查督查"), 层级=self.pick("县", "市", "省", "中央"),
                机关或媒体="机关", 文号或网址="文1", 日期=self.day(),
                是否点名=self.pick("否", "否", "是"), 佐证编号=self.proof(unit),
            )  # fmt: skip

    def receipts(self, unit: str, careful: bool) -> None:
        dues: list[tuple[str, str | None, str]] = [("半年汇报", None, "2022-06-20"), ("年度总结", None, "2022-12-20")]
        dues += [("季度进展", str(n), f"2022-{3 * n:02}-20") for n in (1, 2, 3, 4)]
        for material, quarter, day in dues:
            due = date.fromisoformat(day)
            in_time = (due - timedelta(days=1), due - timedelta(days=30), due - timedelta(days=380))
            late = (due, due + timedelta(days=1), due + timedelta(days=10), date(2022, 12, 31), date(2023, 1, 1), None)
            if careful or self.chance(60):
                received = self.pick(*in_time)
            else:
                received = self.pick(*late)
                if received is None and self.chance(50):
                    continue  # no row at all
            exempt = "批准免报" if self.chance(6) else None
            self.add("材料报送", 单位=unit, 材料=material, 季度=quarter, 实报日期=received, 免报原因=exempt)

    def register(self, unit: str, careful: bool) -> None:
        if careful:  # meet a line of the judgement to the cent, in parts
            left = self.pick(2000, 2000, 2001, 1999, 4000, 4000, 4001, 3999, 10000, 10001, 500, 0)
            while left > 0:
                part = min(left, self.pick(left, 1, 333, 1000, 667))
                left -= part
                self.entry(unit, 标准编号="FX-01", 数量=part, 发生日期="2022-05-05")
            return
        for _ in range(self.pick(0, 1, 1, 2, 2, 5)):
            self.entry(
                unit, 标准编号=self.pick("GZ-02", "GZ-01", "GZ-03", "BS-01", "BS-02", "GZ-02", "HY-01"),
                数量=self.pick(None, 1, 2, 3), 发生日期=self.pick(self.day(), "2022-06-20", "2022-12-20"),
            )  # fmt: skip

    def entry(self, unit: str, **values: Any) -> None:
        self.add(
            "扣分登记", 编号=f"KF{self.number('扣分登记')}", 单位=unit, 事实="事实", 评分人="甲", 复核人="乙",
            佐证编号=self.proof(unit), **values,
        )  # fmt: skip

    def awards(self, unit: str) -> None:
        for _ in range(self.pick(0, 1, 2, 3)):
            self.add(
                "表彰宣传", 编号=f"BZ{self.number('表彰宣传')}", 单位=unit, 加分项=self.pick("通报表彰", "经验宣传"),
                事项编号=self.pick("S1", "S1", "S2"), 事项名称="事项", 层级=self.pick("市", "省", "中央", "县", "市"),
                机关或媒体="机关", 文号或网址="文1", 日期=self.day(), 佐证编号=self.proof(unit),
            )  # fmt: skip
        scored: set[tuple[str, str]] = set()
        for _ in range(self.pick(0, 1, 2, 3, 4)):
            key = (self.pick("创新一", "创新一", "创新二"), self.pick("甲", "乙", "丙"))
            if key in scored:
                continue
            scored.add(key)
            self.add(
                "评定加分", 编号=f"PD{self.number('评定加分')}", 单位=unit, 事项=key[0],
                评定分=self.pick("0", "1", "1.33", "2.00", "2.67", "3.5", "4", "1.01"), 理由="理由",
                评分人=key[1], 复核人="丁", 佐证编号=self.proof(unit),
            )  # fmt: skip
        for rater in ("组长", "副组长甲", "副组长乙")[: self.pick(0, 1, 2, 3)]:
            self.add(
                "领导评价", 评价人=rater, 职务="组长" if rater == "组长" else "副组长", 单位=unit,
                分值=self.pick("3", "2.50", "0", "2.99", "1.00", "2"),
            )  # fmt: skip

    def duties(self, unit: str) -> None:
        if self.chance(85):
            for quarter in ("1", "2", "3", "4"):
                if self.chance(92):
                    sent = self.upto(4)
                    used = self.upto(sent)
                    if self.chance(20):
                        sent, used = self.pick(*CLOSE_RATES)
                    self.add("信息报送", 单位=unit, 季度=quarter, 报送条数=sent, 采用条数=used)
        for n in range(self.pick(0, 1, 2, 4)):
            self.add(
                "参会登记", 会议=f"会议{n}", 日期=self.day(), 单位=unit,
                到会情况=self.pick("到会", "到会", "迟到", "代会", "请假", "缺席"),
            )  # fmt: skip
        for n in range(self.pick(0, 1, 2, 4)):
            due = date.fromisoformat(self.pick(self.day(), "2022-06-20", "2022-12-31"))
            done = self.pick(due, due - timedelta(days=3), due + timedelta(days=1), due + timedelta(days=4), None)
            if self.chance(10):
                done = self.pick(date(2022, 12, 31), date(2023, 1, 1))
            self.add("交办任务", 任务编号=f"RW{n}", 任务="任务", 单位=unit, 时限=due, 完成日期=done)

    def decisions(self) -> None:
        objects = dict.fromkeys(("热线红灯", "通报批评", "扣分登记", "表彰宣传", "评定加分"), "编号")
        objects["热线红灯"] = "工单编号"
        values = {
            "扣分登记": ("0", "0.01", "5", "20", "40", "120"),
            "评定加分": ("0", "4", "2.22", "0.01"),
        }
        decided: set[tuple[str, str, str]] = set()
        for table, column in objects.items():
            for row in list(self.rows.get(table, ())):
                key = (table, row[column], row["单位"])
                if key in decided or not self.chance(9):
                    continue
                decided.add(key)
                change = table in values and self.chance(60)
                self.add(
                    "调整复核", 编号=f"TZ{self.number('调整复核')}", 单位=row["单位"],
                    对象表=table, 对象编号=row[column], 处理="改值" if change else "撤销",
                    新值=self.pick(*values[table]) if change else None,
                    理由="理由", 决定人="组长", 决定日期=self.day(), 批准文号="批2",
                )  # fmt: skip

    def confirmations(self) -> None:
        for table in CONFIRMABLE:
            if self.chance(12):
                self.add("确认无事项", 表=table, 单位="全部", 确认人="甲", 确认日期=self.day())
            for unit in self.codes:
                if self.chance(30):
                    self.add("确认无事项", 表=table, 单位=unit, 确认人="甲", 确认日期=self.day())

    def year(self) -> Year:
        self.roster()
        self.standards()
        for unit in self.codes:
            careful = self.chance(40)
            self.vetoes(unit)
            self.receipts(unit, careful)
            self.register(unit, careful)
            self.awards(unit)
            self.duties(unit)
        self.decisions()
        self.confirmations()
        readings = {key: self.pick(*options) for key, options in READINGS.items()}
        run_date = "2022-12-31" if self.chance(50) else self.pick(*RUN_DATES)
        return Year(make_tables(self.rows), readings, date.fromisoformat(run_date))


def random_year(rng: random.Random) -> Year:
    """Draw one year of one to eight units."""
    return _Maker(rng).year()


def seeded_year(seed: int) -> Year:
    """Draw the year of that seed, the same every time."""
    return random_year(random.Random(seed))


def years() -> st.SearchStrategy[Year]:
    """Draw years under hypothesis's control, so that a failing one shrinks."""
    return st.randoms(use_true_random=False).map(random_year)


def smaller(year: Year, fails: Callable[[Year], bool]) -> Year:
    """Take rows out, one by one, as long as ``fails`` still holds; readings fall back to the first option."""
    shrinking = True
    while shrinking:
        shrinking = False
        for table in reversed(list(year.tables)):
            if table == "扣分标准":
                continue
            for row in year.tables[table]:
                less = year.without(table, row)
                if table == "单位名录":
                    less = _without_unit(year, row["单位编码"])
                if _whole(less) and fails(less):
                    year, shrinking = less, True
        for key, options in READINGS.items():
            plain = replace(year, readings={**year.readings, key: options[0]})
            if year.readings[key] != options[0] and fails(plain):
                year = plain
    return year


def _without_unit(year: Year, code: str) -> Year:
    tables = {
        name: tuple(row for row in rows if code not in (row.values.get("单位"), row.values.get("单位编码")))
        for name, rows in year.tables.items()
    }
    return replace(year, tables=tables)


def _whole(year: Year) -> bool:
    """Tell whether cleaning would still accept the year: a unit left, every decision's object there."""
    columns = {"热线红灯": "工单编号"}
    for made in year.tables["调整复核"]:
        table = made["对象表"]
        column = columns.get(table, "编号")
        if not any(r[column] == made["对象编号"] and r["单位"] == made["单位"] for r in year.tables[table]):
            return False
    return bool(year.tables["单位名录"])
