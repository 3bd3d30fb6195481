"""The scheme as data: the shape of ``scheme.yaml`` and how to look things up in it.

Every number, clause locator, label, cap, level table, due date, named standard and reading of a year
stands in that year's file. Code holds methods only; a rule names its method and gives its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints, model_validator

CLAUSE_PATTERN = r"^[一二三四五六七八九十]+(（[一二三四五六七八九十]+）)?[0-9]*$"
# Where in the file a part stands: keys, and positions in lists.
Place = tuple[str | int, ...]


class Misfits(ValueError):
    """Parts of a scheme that do not fit together: each a path below the model that found it, and a sentence."""

    def __init__(self, found: Iterable[tuple[Place, str]]) -> None:
        self.found = tuple(found)
        super().__init__("；".join(message for _, message in self.found))

    @classmethod
    def refuse(cls, found: Iterable[tuple[Place, str]]) -> None:
        """Raise when anything was found."""
        misfits = cls(found)
        if misfits.found:
            raise misfits


def _plain_number(value: Any) -> Any:
    # pydantic would take true for 1, and "1e2" or "６０" for numbers
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value)):
        raise ValueError("应为普通数字，例：60 或 2.5")
    return value


def _plain_day(value: Any) -> Any:
    # pydantic would take 20220620 for seconds since 1970
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and (parts := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", value.strip())):
        try:
            return date(*(int(part) for part in parts.groups()))
        except ValueError:
            raise ValueError("没有这一天") from None
    raise ValueError("日期应写成年-月-日，例：2022-06-20")


Number = Annotated[Decimal, BeforeValidator(_plain_number)]
Points = Annotated[Number, Field(ge=0, le=1000, decimal_places=2)]
PositivePoints = Annotated[Number, Field(gt=0, le=1000, decimal_places=2)]
Count = Annotated[int, BeforeValidator(_plain_number)]
Day = Annotated[date, BeforeValidator(_plain_day)]
Clause = Annotated[str, StringConstraints(pattern=CLAUSE_PATTERN)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
ItemId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,7}$")]
Level = Literal["中央", "省", "市", "县"]

# The readings that the methods know, and the options each of them understands. The scheme file says
# which option is in force, and what the question and the options are called.
KNOWN_READINGS: Mapping[str, tuple[str, ...]] = {
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


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Document(_Model):
    """The published document that the scheme retells."""

    number: Label = Field(description="文号，例：千政办函〔2022〕28号")
    title: Label = Field(description="文件标题")
    issuer: Label = Field(description="印发机关")


class Group(_Model):
    """A group of units that are ranked together; ``count`` is what the document says, not a check of the roster."""

    name: Label = Field(description="组名；单位名录的“单位类别”只能取这些名称")
    clause: Clause = Field(description="条款号，例：二1")
    count: Count = Field(gt=0, description="方案写明的单位数，只与方案原文核对，不限制名录")


class PartRule(_Model):
    """One part of the judgement: its name, clause and the words the official text uses for it."""

    name: Label = Field(description="这一部分的名称")
    clause: Clause = Field(description="条款号")
    words: tuple[Label, ...] = Field(default=(), description="方案原文该条中应有的字样；找不到只作提示")


class PartRules(_Model):
    """The four parts in their order of judgement."""

    veto: PartRule = Field(description="单项否决")
    key: PartRule = Field(description="重点考核")
    bonus: PartRule = Field(description="加分")
    final: PartRule = Field(description="结论")


class Line(_Model):
    """A threshold or cap of the whole judgement, with its clause."""

    points: PositivePoints = Field(description="分数线，大于 0，至多两位小数")
    clause: Clause = Field(description="条款号")
    name: Label = Field(description="名称")


class Judgement(_Model):
    """The lines that divide units: pass mark, gate of the bonus part, cap of the bonus part."""

    pass_mark: Line = Field(description="合格线：低于它为不合格，恰好等于为合格")
    bonus_gate: Line = Field(description="加分开启线：恰好等于时见口径 bonus_gate")
    bonus_cap: Line = Field(description="加分上限")


class Band(_Model):
    """A further grade, valid only with the number of the document that approved it."""

    grade: Label = Field(description="等次名称")
    at_least: Points = Field(description="分数线：最终得分不低于它")
    approval: Label = Field(description="批准文号；没有批准文号的等次不能写")


class Grades(_Model):
    """What grades are called; ``pending`` follows the pass grade in print until bands are approved."""

    fail: Label = Field(description="不合格的名称")
    passed: Label = Field(description="合格的名称")
    pending: Label = Field(description="等次未审定时印在合格后面的字样")
    bands: tuple[Band, ...] = Field(default=(), description="经批准的更细等次，从高到低；没有就写 []")

    def printed(self, grade: str) -> str:
        """Return a grade as reports print it: the pass grade says that it is still to be approved."""
        return grade + self.pending if grade == self.passed else grade

    @model_validator(mode="after")
    def _bands_descend(self) -> Self:
        found: list[tuple[Place, str]] = []
        for n in range(1, len(self.bands)):
            if self.bands[n].at_least >= self.bands[n - 1].at_least:
                found.append((("bands", n, "at_least"), "等次的分数线须从高到低排列，且不得重复"))
        taken = {self.fail}
        for n, band in enumerate(self.bands):
            if band.grade in taken:
                found.append((("bands", n, "grade"), f"等次名称“{band.grade}”重复"))
            taken.add(band.grade)
        Misfits.refuse(found)
        return self


class Reading(_Model):
    """A named reading (口径) of an unclear sentence: the question, its options and the one in force."""

    name: Label = Field(description="口径名称")
    clause: Clause = Field(description="条款号")
    question: Label = Field(description="条文在哪一点上不明确")
    default: Label = Field(description="采用的选项")
    options: dict[str, Label] = Field(description="每个选项的中文说明")


class HotlineRedLights(_Model):
    """Veto by red lights past the deadline or by the city bureau's circular (method ``hotline_red_lights``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息中心结果", "热线红灯")
    method: Literal["hotline_red_lights"] = Field(description="方法：热线红灯次数或市级通报否决")
    limit: Count = Field(ge=1, description="红灯达到几次即否决")


class NamedInCircular(_Model):
    """Veto by being named in a circular of a high enough level (method ``named_in_circular``)."""

    tables: ClassVar[tuple[str, ...]] = ("通报批评",)
    method: Literal["named_in_circular"] = Field(description="方法：通报批评点名否决")
    levels: tuple[Level, ...] = Field(min_length=1, description="哪些层级的通报算数")


class DueReport(_Model):
    """A report that units owe: which material (and quarter), by when, owed by whom."""

    material: Literal["半年汇报", "年度总结", "季度进展"] = Field(description="材料")
    quarter: Literal["1", "2", "3", "4"] | None = Field(
        default=None, description="季度，加引号写 '1' 至 '4'；只用于、且必须用于季度进展"
    )
    due: Day = Field(description="到期日，例：2022-06-20")
    clause: Clause = Field(description="条款号")
    owed_by: Literal["all_units", "key_task_units"] = Field(
        description="由谁报送：all_units 各单位，key_task_units 重点任务单位"
    )
    only_if: dict[str, str] = Field(
        default_factory=dict, description="只在采用某口径时才须报送，例：{q1_report: scored}"
    )

    @model_validator(mode="after")
    def _quarter_goes_with_quarterly(self) -> Self:
        if (self.material == "季度进展") != (self.quarter is not None):
            raise Misfits([(("material",), "季度进展必须写 quarter，其他材料不能写 quarter")])
        return self


class ReportFacts(_Model):
    """Deductions made by reports that were late or missing (材料报送)."""

    table: ClassVar[str] = "材料报送"
    kind: Literal["reports"] = Field(description="事实来源：材料报送")
    late: Label = Field(description="迟报适用的标准编号")
    missing: Label = Field(description="未报适用的标准编号")
    due: tuple[DueReport, ...] = Field(min_length=1, description="应报材料清单；同一天的事实按这里的先后计算")

    @model_validator(mode="after")
    def _each_report_once(self) -> Self:
        Misfits.refuse(
            (("due", n), f"{report.material}{report.quarter or ''} 重复列出")
            for n, report in enumerate(self.due)
            if any((report.material, report.quarter) == (other.material, other.quarter) for other in self.due[:n])
        )
        return self


class RegisterFacts(_Model):
    """Deductions entered in the register (扣分登记), each under a standard of its own."""

    table: ClassVar[str] = "扣分登记"
    kind: Literal["register"] = Field(description="事实来源：扣分登记")


class MeetingFacts(_Model):
    """Deductions by attendance (参会登记): which attendance falls under which standard, which is excused."""

    table: ClassVar[str] = "参会登记"
    kind: Literal["meetings"] = Field(description="事实来源：参会登记")
    standards: dict[Literal["迟到", "代会", "缺席"], Label] = Field(description="迟到、代会、缺席各自适用的标准编号")
    exempt: tuple[Literal["请假"], ...] = Field(default=(), description="不扣分的到会情况")

    @model_validator(mode="after")
    def _each_attendance_has_a_standard(self) -> Self:
        # one without a standard would cost nothing, silently
        lacking = [came for came in ("迟到", "代会", "缺席") if came not in self.standards]
        Misfits.refuse([(("standards",), f"没有写适用的标准编号：{'、'.join(lacking)}")] if lacking else [])
        return self


class TaskFacts(_Model):
    """Deductions by assigned tasks (交办任务) done late or not at all."""

    table: ClassVar[str] = "交办任务"
    kind: Literal["tasks"] = Field(description="事实来源：交办任务")
    late: Label = Field(description="超时限完成适用的标准编号")
    missing: Label = Field(description="截止日仍未完成适用的标准编号")


Facts = Annotated[ReportFacts | RegisterFacts | MeetingFacts | TaskFacts, Field(discriminator="kind")]


class DeductFromFull(_Model):
    """Start at the item's cap and only deduct, never below 0 (method ``deduct_from_full``)."""

    method: Literal["deduct_from_full"] = Field(description="方法：从满分起只扣不加，扣到 0 为止")
    facts: tuple[Facts, ...] = Field(min_length=1, description="扣分事实的来源，依次计算")

    @property
    def tables(self) -> tuple[str, ...]:
        """The input tables that the listed kinds of fact come from."""
        return tuple(kind.table for kind in self.facts)


class MeanPerMatter(_Model):
    """Mean of the approved scores of each matter, summed up to the cap (method ``mean_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("评定加分",)
    method: Literal["mean_per_matter"] = Field(description="方法：每个事项取评分人的平均分，各事项相加后封顶")
    score_max: PositivePoints = Field(description="评定分的最大值")


class HighestLevelPerMatter(_Model):
    """Each matter once at its highest level, summed up to the cap (method ``highest_level_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("表彰宣传",)
    method: Literal["highest_level_per_matter"] = Field(description="方法：同一事项按最高层级计一次，各事项相加后封顶")
    category: Label = Field(description="表彰宣传表“加分项”的取值")
    levels: dict[Level, PositivePoints] = Field(min_length=1, description="各层级的分值，从高到低")


class QuarterlyTopRanks(_Model):
    """Points for the top ranks of each quarter's lists (method ``quarterly_top_ranks``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息报送",)
    method: Literal["quarterly_top_ranks"] = Field(description="方法：每季度榜单前几名得分")
    rank_points: tuple[PositivePoints, ...] = Field(min_length=1, description="第 1、2、3……名的分值")


class MeanOfRaters(_Model):
    """Mean of the leaders' scores (method ``mean_of_raters``)."""

    tables: ClassVar[tuple[str, ...]] = ("领导评价",)
    method: Literal["mean_of_raters"] = Field(description="方法：评价人的平均分")
    score_max: PositivePoints = Field(description="每位评价人打分的最大值")


Method = Annotated[
    HotlineRedLights
    | NamedInCircular
    | DeductFromFull
    | MeanPerMatter
    | HighestLevelPerMatter
    | QuarterlyTopRanks
    | MeanOfRaters,
    Field(discriminator="method"),
]

VETO_METHODS = (HotlineRedLights, NamedInCircular)


class Item(_Model):
    """One item of the scheme: id, part, name, clause, cap and the method that computes it."""

    id: ItemId = Field(description="项目编号，例：B2")
    part: Literal["veto", "key", "bonus"] = Field(description="所属部分：veto 单项否决，key 重点考核，bonus 加分")
    name: Label = Field(description="项目名称")
    clause: Clause = Field(description="条款号")
    words: tuple[Label, ...] = Field(default=(), description="方案原文该条中应有的字样；找不到只作提示")
    cap: PositivePoints | None = Field(default=None, description="满分或上限；单项否决项不写")
    rule: Method = Field(description="计算方法及其参数")

    @model_validator(mode="after")
    def _part_fits_method(self) -> Self:
        found: list[tuple[Place, str]] = []
        method = self.rule.method
        if (self.part == "veto") != isinstance(self.rule, VETO_METHODS):
            found.append((("rule", "method"), f"方法 {method} 不能用于 {self.part} 部分"))
        elif self.part == "key" and not isinstance(self.rule, DeductFromFull):
            found.append((("rule", "method"), f"重点考核（key）只能用方法 deduct_from_full，不能用 {method}"))
        if self.part == "veto" and self.cap is not None:
            found.append((("cap",), "单项否决项（veto）不设 cap"))
        if self.part != "veto" and self.cap is None:
            found.append(((), f"{self.part} 部分的项目必须写 cap"))
        if isinstance(self.rule, MeanOfRaters) and self.cap is not None and self.rule.score_max > self.cap:
            found.append((("rule", "score_max"), "score_max 不得高于 cap"))
        Misfits.refuse(found)
        return self

    @property
    def full(self) -> Decimal:
        """The cap of a scored item; a veto item has none (ValueError)."""
        if self.cap is None:
            raise ValueError(f"{self.id} has no points")
        return self.cap


class Publication(_Model):
    """What the published version (公示稿) tells beyond unit, group and grade: nothing unless the file says so."""

    score: StrictBool = Field(default=False, description="公示稿是否公布最终得分")
    rank: StrictBool = Field(default=False, description="公示稿是否公布组内名次和总名次")
    objection: Label | None = Field(default=None, description="怎样提出异议：受理部门、期限、联系方式；印在公示稿末尾")


PENDING = "待确认"
_BETWEEN = r"[\s，,、；;]+"
_DAY_TEXT = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
DECISION_PATTERN = rf"^(沿用|修改|删除|新增){_BETWEEN}(\S.*?){_BETWEEN}({_DAY_TEXT}){_BETWEEN}(\S.*)$"


class Unconfirmed(ValueError):
    """A rule that was carried into a new year and that nobody has decided on yet."""


def _decision(value: Any) -> Any:
    if value is None or (isinstance(value, str) and value.strip() in ("", PENDING)):
        raise Unconfirmed("尚未确认")
    form = re.match(DECISION_PATTERN, value.strip()) if isinstance(value, str) else None
    if form is None:
        raise ValueError("应依次写：沿用、修改、删除或新增，谁，年-月-日，文号，中间空格")
    _plain_day(form[3])
    return value


Decision = Annotated[str, BeforeValidator(_decision), StringConstraints(pattern=DECISION_PATTERN, max_length=300)]


class Confirmations(_Model):
    """What was decided on each rule that ``assess new-year`` carried over from an earlier year's scheme."""

    copied_from: Count = Field(ge=2000, le=2100, description="由哪一年度的方案复制")
    rules: dict[str, Decision] = Field(
        description="每条规则一行：沿用、修改、删除或新增，谁，年-月-日，文号，中间空格；“待确认”的不能运行"
    )
    carried: dict[str, str] = Field(description="软件所写，请勿改动：复制时各条规则的内容，用来核对沿用的没有改动")

    def decided(self, key: str) -> tuple[str, str, date, str]:
        """Return what was decided on a rule: 沿用/修改/删除/新增, by whom, when, the document's number."""
        form = re.match(DECISION_PATTERN, self.rules[key])
        if form is None:  # the loader refuses any other form
            raise ValueError(self.rules[key])
        return form[1], form[2], _plain_day(form[3]), form[4]


class Scheme(_Model):
    """A year's scheme, validated."""

    year: Count = Field(ge=2000, le=2100, description="考核年度，须与文件夹和运行的年度一致")
    document: Document = Field(description="方案文件")
    cut_off: Day = Field(description="事实和佐证的截止日，也是默认的计算日期；须在考核年度内")
    sample: StrictBool = Field(default=False, description="是否演示数据；true 时报告逐页注明")
    groups: tuple[Group, ...] = Field(min_length=1, description="分组：名次在组内排列")
    parts: PartRules = Field(description="四个部分")
    judgement: Judgement = Field(description="三条线")
    grades: Grades = Field(description="等次")
    items: tuple[Item, ...] = Field(min_length=1, description="全部考核项目，依次为否决、重点、加分")
    clauses: dict[Clause, Label] = Field(description="条款摘要：条款号和我们的转述，印在数字旁")
    readings: dict[str, Reading] = Field(description="口径：条文不明确处的选择")
    publication: Publication = Field(default_factory=Publication, description="公示稿公布哪些内容")
    confirmations: Confirmations | None = Field(
        default=None, description="由 assess new-year 写入：从上一年度带来的每条规则，逐条确认后才能运行"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        Misfits.refuse([*self._twins(), *self._item_misfits(), *self._date_misfits(), *self._reading_misfits()])
        return self

    def _twins(self) -> Iterator[tuple[Place, str]]:
        """Find two groups, items or award categories of one name."""
        categories = [getattr(item.rule, "category", None) for item in self.items]
        named: tuple[tuple[str, list[str | None], Place, Place], ...] = (
            ("组别", [group.name for group in self.groups], ("groups",), ("name",)),
            ("项目编号", [item.id for item in self.items], ("items",), ("id",)),
            ("项目名称", [item.name for item in self.items], ("items",), ("name",)),
            ("加分项类别", categories, ("items",), ("rule", "category")),
        )
        for what, names, above, below in named:
            for index, name in enumerate(names):
                if name is not None and name in names[:index]:
                    yield (*above, index, *below), f"{what}“{name}”重复"

    def _item_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold the items to one key item, the order veto, key, bonus, and lines in their order."""
        keys = [index for index, item in enumerate(self.items) if item.part == "key"]
        if len(keys) != 1:
            yield ("items", *keys[1:2]), "重点考核（part: key）必须恰有一项"
        ranks = [("veto", "key", "bonus").index(item.part) for item in self.items]
        for index, rank in enumerate(ranks):
            if rank < max(ranks[:index], default=0):
                yield ("items", index, "part"), "items 须按 veto、key、bonus 的顺序排列"
        if self.judgement.pass_mark.points > self.judgement.bonus_gate.points:
            yield ("judgement", "bonus_gate", "points"), "加分开启线不得低于合格线"

    def _date_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold the cut-off and due dates to the assessed year, and their conditions to known readings."""
        if self.cut_off.year != self.year:
            yield ("cut_off",), "截止日必须在考核年度内"
        for number, item in enumerate(self.items):
            for rank, facts in enumerate(getattr(item.rule, "facts", ())):
                for index, report in enumerate(getattr(facts, "due", ())):
                    place = ("items", number, "rule", "facts", rank, "due", index)
                    if report.due.year != self.year:
                        yield (*place, "due"), f"{report.material}的到期日不在考核年度内"
                    for key, option in report.only_if.items():
                        if option not in KNOWN_READINGS.get(key, ()):
                            yield (*place, "only_if", key), f"only_if 引用了未知口径：{key}={option}"

    def _reading_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold the readings to those that the methods know, each with exactly its options."""
        for key in KNOWN_READINGS:
            if key not in self.readings:
                yield ("readings",), f"缺少口径“{key}”"
        for key, reading in self.readings.items():
            if key not in KNOWN_READINGS:
                yield ("readings", key), f"未知口径“{key}”（可用：{'、'.join(KNOWN_READINGS)}）"
            elif set(reading.options) != set(KNOWN_READINGS[key]):
                yield ("readings", key, "options"), f"口径“{key}”的选项应为：{'、'.join(KNOWN_READINGS[key])}"
            elif reading.default not in reading.options:
                yield ("readings", key, "default"), f"口径“{key}”的 default“{reading.default}”不在选项中"

    def item(self, item_id: str) -> Item:
        """Return the item of that id; raise KeyError if the scheme has none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def part_items(self, part: str) -> tuple[Item, ...]:
        """Return the items of one part in the scheme's order."""
        return tuple(item for item in self.items if item.part == part)

    @property
    def key_item(self) -> Item:
        """The one item of the key part."""
        return self.part_items("key")[0]

    def default_readings(self) -> dict[str, str]:
        """Return the reading in force for every key, in the published order."""
        return {key: self.readings[key].default for key in KNOWN_READINGS}

    def named_standards(self) -> dict[str, str]:
        """Return each 标准编号 that the scheme itself names, with the id of the item that first names it."""
        named: dict[str, str] = {}
        for item in self.items:
            if isinstance(item.rule, DeductFromFull):
                for facts in item.rule.facts:
                    if isinstance(facts, (ReportFacts, TaskFacts)):
                        codes = [facts.late, facts.missing]
                    elif isinstance(facts, MeetingFacts):
                        codes = list(facts.standards.values())
                    else:
                        codes = []
                    for code in codes:
                        named.setdefault(code, item.id)
        return named

    def cell_choices(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the choices that the scheme gives to columns: {(table, column): choices}."""
        categories = tuple(i.rule.category for i in self.items if isinstance(i.rule, HighestLevelPerMatter))
        return {("单位名录", "单位类别"): tuple(g.name for g in self.groups), ("表彰宣传", "加分项"): categories}

    def cell_maxima(self) -> dict[tuple[str, str], Decimal]:
        """Return the largest values that the scheme allows in columns: {(table, column): maximum}."""
        maxima: dict[tuple[str, str], Decimal] = {}
        for item in self.items:
            if isinstance(item.rule, MeanPerMatter):
                maxima["评定加分", "评定分"] = item.rule.score_max
            elif isinstance(item.rule, MeanOfRaters):
                maxima["领导评价", "分值"] = item.rule.score_max
        return maxima
