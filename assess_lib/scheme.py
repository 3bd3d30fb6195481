"""The scheme as data: the shape of ``scheme.yaml`` and how to look things up in it.

Every number, clause locator, label, cap, level table, due date, named standard and reading of a year
stands in that year's file. Code holds methods only; a rule names its method and gives its parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    StringConstraints,
    model_serializer,
    model_validator,
)

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
NegativePoints = Annotated[Number, Field(lt=0, ge=-1000, decimal_places=2)]
Share = Annotated[Number, Field(gt=0, le=1, decimal_places=4)]
Percent = Annotated[Number, Field(ge=0, le=100, decimal_places=2)]
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
    """What all parts of a scheme share: unknown keys are errors, nothing changes.

    ``LATER`` are keys that the format got after sets had been stored: where nothing is written they are left out of
    what is stored, so that an earlier version's set is still made again byte by byte.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_idle(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        fields = type(self).model_fields
        idle = {key for key in self.LATER if getattr(self, key) == fields[key].default}
        return {key: value for key, value in data.items() if key not in idle}


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

    @property
    def score(self) -> str:
        """What the part's points are called: 重点考核得分; a name that says 得分 already stays as it is."""
        return f"{self.name.removesuffix('得分')}得分"


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


class PassMark(Line):
    """The pass mark, and which score it is held against."""

    LATER: ClassVar[frozenset[str]] = frozenset(("compares",))
    compares: Literal["key_score", "final_score"] = Field(
        default="key_score",
        description="合格线比哪个得分：key_score 重点考核得分（加分不能补救），final_score 最终得分",
    )


class BonusFloor(_Model):
    """How far below zero the bonus part may fall as a whole, with its clause."""

    points: NegativePoints = Field(description="最低分，小于 0，至多两位小数")
    clause: Clause = Field(description="条款号")
    name: Label = Field(description="名称")


class Judgement(_Model):
    """The lines that divide units: pass mark, gate of the bonus part, cap and floor of the bonus part.

    A gate or a cap that a scheme does not have is written as ``null``, so that none is forgotten.
    """

    LATER: ClassVar[frozenset[str]] = frozenset(("bonus_floor",))
    pass_mark: PassMark = Field(description="合格线：低于它为不合格，恰好等于为合格")
    bonus_gate: Line | None = Field(description="加分开启线：恰好等于时见口径 bonus_gate；不设的写 null，加分一律计入")
    bonus_cap: Line | None = Field(description="加分上限；不设的写 null")
    bonus_floor: BonusFloor | None = Field(default=None, description="加分部分合计的最低分（负数）；不写为 0")

    def lines(self) -> Iterator[tuple[str, Line | BonusFloor]]:
        """Yield the lines that the scheme has, each with its key."""
        for name, line in self:
            if line is not None:
                yield name, line


class Quota(_Model):
    """How many units a band may hold at most: a number or a share, within each group or over all units."""

    count: Count | None = Field(default=None, ge=0, description="至多几个单位；与 percent 二选一")
    percent: Percent | None = Field(default=None, description="至多占名录单位数的百分之几；与 count 二选一")
    rounding: Literal["down", "half_up", "up"] | None = Field(
        default=None,
        description="按百分比算出的名额不是整数时：down 舍去，half_up 四舍五入，up 进一；有 percent 时必须写",
    )
    within: Literal["group", "all"] = Field(description="名额范围：group 各组分别计算，all 全部单位一起计算")
    ties: Literal["all_in", "all_out"] = Field(
        description="名额线上得分相同的单位：all_in 一并评入（可超名额），all_out 一并落到下一等次"
    )

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.count is None) == (self.percent is None):
            raise Misfits([((), "名额须写 count 或 percent 之一")])
        if (self.percent is None) != (self.rounding is None):
            raise Misfits([((), "rounding 与 percent 须同时写")])
        return self

    def places(self, units: int) -> int:
        """Return how many places there are among that many units of the roster."""
        if self.count is not None:
            return self.count
        assert self.percent is not None
        whole, rest = divmod(self.percent * units, 100)
        more = {"down": False, "half_up": rest >= 50, "up": rest > 0}[self.rounding or "down"]
        return int(whole) + more


class Band(_Model):
    """A further grade, valid only with the number of the document that approved it."""

    LATER: ClassVar[frozenset[str]] = frozenset(("quota",))
    grade: Label = Field(description="等次名称")
    at_least: Points = Field(description="分数线：最终得分不低于它")
    approval: Label = Field(description="批准文号；没有批准文号的等次不能写")
    quota: Quota | None = Field(default=None, description="名额；不写为不限")


class Grades(_Model):
    """What grades are called; ``pending`` follows the pass grade in print until bands are approved."""

    fail: Label = Field(description="不合格的名称")
    passed: Label = Field(description="合格的名称")
    pending: Annotated[str, StringConstraints(max_length=200)] = Field(
        description="等次未审定时印在合格后面的字样；各等次都已审定的写 ''"
    )
    bands: tuple[Band, ...] = Field(default=(), description="经批准的更细等次，从高到低；没有就写 []")

    def printed(self, grade: str) -> str:
        """Return a grade as reports print it: the pass grade says that it is still to be approved."""
        return grade + self.pending if grade == self.passed else grade

    @property
    def limited(self) -> bool:
        """Whether some band has a quota, so that a unit's grade hangs on the others' scores."""
        return any(band.quota is not None for band in self.bands)

    @model_validator(mode="after")
    def _bands_descend(self) -> Self:
        found: list[tuple[Place, str]] = []
        for n in range(1, len(self.bands)):
            if self.bands[n].at_least >= self.bands[n - 1].at_least:
                found.append((("bands", n, "at_least"), "等次的分数线须从高到低排列，且不得重复"))
        if self.fail == self.passed:
            found.append((("passed",), f"合格与不合格的名称相同：“{self.fail}”"))
        taken = {self.fail, self.passed}
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
    readings: ClassVar[tuple[str, ...]] = ("red_light_event", "red_light_window")
    method: Literal["hotline_red_lights"] = Field(description="方法：热线红灯次数或市级通报否决")
    limit: Count = Field(ge=1, description="红灯达到几次即否决")


class NamedInCircular(_Model):
    """Veto by being named in a circular of a high enough level (method ``named_in_circular``)."""

    tables: ClassVar[tuple[str, ...]] = ("通报批评",)
    readings: ClassVar[tuple[str, ...]] = ("criticism_scope",)
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

    LATER: ClassVar[frozenset[str]] = frozenset(("standards",))
    table: ClassVar[str] = "扣分登记"
    kind: Literal["register"] = Field(description="事实来源：扣分登记")
    standards: tuple[Label, ...] = Field(default=(), description="只计这些标准编号的登记；不写为全部登记")


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


class _Deducting(_Model):
    """What the deducting methods share: where their facts come from."""

    facts: tuple[Facts, ...] = Field(min_length=1, description="扣分事实的来源，依次计算")

    @property
    def tables(self) -> tuple[str, ...]:
        """The input tables that the listed kinds of fact come from."""
        return tuple(kind.table for kind in self.facts)

    @property
    def readings(self) -> tuple[str, ...]:
        """The readings that the listed kinds of fact hang on: of reports, the due day and their conditions."""
        reports = [kind for kind in self.facts if isinstance(kind, ReportFacts)]
        conditions = (key for kind in reports for report in kind.due for key in report.only_if)
        return tuple(dict.fromkeys((*("deadline_day" for _ in reports), *conditions)))


class DeductFromFull(_Deducting):
    """Start at the item's cap and only deduct, never below 0 (method ``deduct_from_full``)."""

    method: Literal["deduct_from_full"] = Field(description="方法：从满分起只扣不加，扣到 0 为止")


class DeductFromZero(_Deducting):
    """Start at 0 and only deduct, never below the item's floor (method ``deduct_from_zero``)."""

    method: Literal["deduct_from_zero"] = Field(description="方法：从 0 分起只扣不加，扣到本项最低分（floor）为止")


class MeanPerMatter(_Model):
    """Mean of the approved scores of each matter, summed up to the cap (method ``mean_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("评定加分",)
    readings: ClassVar[tuple[str, ...]] = ("missing_evidence",)
    method: Literal["mean_per_matter"] = Field(description="方法：每个事项取评分人的平均分，各事项相加后封顶")
    score_max: PositivePoints = Field(description="评定分的最大值")


class HighestLevelPerMatter(_Model):
    """Each matter once at its highest level, summed up to the cap (method ``highest_level_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("表彰宣传",)
    readings: ClassVar[tuple[str, ...]] = ("different_matters", "same_matter_across_items", "missing_evidence")
    method: Literal["highest_level_per_matter"] = Field(description="方法：同一事项按最高层级计一次，各事项相加后封顶")
    category: Label = Field(description="表彰宣传表“加分项”的取值")
    levels: dict[Level, PositivePoints] = Field(min_length=1, description="各层级的分值，从高到低")


class QuarterlyTopRanks(_Model):
    """Points for the top ranks of each quarter's lists (method ``quarterly_top_ranks``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息报送",)
    readings: ClassVar[tuple[str, ...]] = ("info_lists", "info_quarters", "info_pool")
    method: Literal["quarterly_top_ranks"] = Field(description="方法：每季度榜单前几名得分")
    rank_points: tuple[PositivePoints, ...] = Field(min_length=1, description="第 1、2、3……名的分值")


class MeanOfRaters(_Model):
    """Mean of the leaders' scores (method ``mean_of_raters``)."""

    tables: ClassVar[tuple[str, ...]] = ("领导评价",)
    readings: ClassVar[tuple[str, ...]] = ()
    method: Literal["mean_of_raters"] = Field(description="方法：评价人的平均分")
    score_max: PositivePoints = Field(description="每位评价人打分的最大值")


class PointsPerCount(_Model):
    """So many points for each information report sent or adopted, up to the cap (method ``points_per_count``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息报送",)
    readings: ClassVar[tuple[str, ...]] = ()
    method: Literal["points_per_count"] = Field(description="方法：信息每报送（采用）一条计若干分，四季相加后封顶")
    column: Literal["报送条数", "采用条数"] = Field(description="按哪一列的条数计分")
    each: PositivePoints = Field(description="每条的分值")


class RateBand(_Model):
    """A rate that earns points."""

    at_least: Percent = Field(description="比率不低于百分之几，0 至 100")
    points: Points = Field(description="达到时的分值")

    def reached(self, part: int, whole: int) -> bool:
        """Tell, exactly, whether ``part`` of ``whole`` is at least the band's rate."""
        return 100 * part >= self.at_least * whole


class RateBands(_Model):
    """Points by how high a rate is: tasks done in time, or information adopted (method ``rate_bands``)."""

    readings: ClassVar[tuple[str, ...]] = ()
    method: Literal["rate_bands"] = Field(description="方法：按比率分档计分，取达到的最高一档；一档都没有达到的 0 分")
    rate: Literal["tasks_in_time", "information_adopted"] = Field(
        description="比率：tasks_in_time 按时完成的任务 ÷ 到期任务，information_adopted 采用条数 ÷ 报送条数"
    )
    bands: tuple[RateBand, ...] = Field(min_length=1, description="各档，从高到低")
    none: Points = Field(description="没有可计的事项（分母为 0）时的分值")

    @property
    def tables(self) -> tuple[str, ...]:
        """The input table that the rate comes from."""
        return ("交办任务",) if self.rate == "tasks_in_time" else ("信息报送",)

    @model_validator(mode="after")
    def _bands_descend(self) -> Self:
        found: list[tuple[Place, str]] = []
        for n in range(1, len(self.bands)):
            if self.bands[n].at_least >= self.bands[n - 1].at_least:
                found.append((("bands", n, "at_least"), "各档的比率须从高到低排列，且不得重复"))
            if self.bands[n].points >= self.bands[n - 1].points:
                found.append((("bands", n, "points"), "各档的分值须从高到低排列，且不得重复"))
        Misfits.refuse(found)
        return self


Method = Annotated[
    HotlineRedLights
    | NamedInCircular
    | DeductFromFull
    | DeductFromZero
    | MeanPerMatter
    | HighestLevelPerMatter
    | QuarterlyTopRanks
    | MeanOfRaters
    | PointsPerCount
    | RateBands,
    Field(discriminator="method"),
]

VETO_METHODS = (HotlineRedLights, NamedInCircular)
DEDUCTING_METHODS = (DeductFromFull, DeductFromZero)
KEY_METHODS = (DeductFromFull, MeanOfRaters, PointsPerCount, RateBands)
"""What can make up the key part; awards for a matter are bonus, and what starts at 0 and deducts is no full mark."""


class Exemption(_Model):
    """Units that do not take part in an item, and the document that says so."""

    groups: tuple[Label, ...] = Field(default=(), description="整组免考核的组名")
    units: tuple[Label, ...] = Field(default=(), description="免考核单位的单位编码")
    basis: Label = Field(description="依据文号")

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.groups and not self.units:
            raise Misfits([((), "免考核须写 groups 或 units")])
        return self


class Dimension(_Model):
    """Items of one part that are added up together (维度): with a cap, a floor or a weight of their own."""

    id: ItemId = Field(description="维度编号，例：W1；不得与项目编号相同")
    part: Literal["key", "bonus"] = Field(description="所属部分")
    name: Label = Field(description="维度名称")
    clause: Clause = Field(description="条款号")
    words: tuple[Label, ...] = Field(default=(), description="方案原文该条中应有的字样；找不到只作提示")
    weight: Share | None = Field(
        default=None, description="权重，例：0.3；只用于 key 部分，各维度的权重之和须为 1；不写为不加权"
    )
    cap: PositivePoints | None = Field(default=None, description="各项合计的上限；不写为各项满分之和")
    floor: NegativePoints | None = Field(default=None, description="各项合计的最低分（负数）；只用于 bonus 部分")

    @model_validator(mode="after")
    def _part_fits(self) -> Self:
        found: list[tuple[Place, str]] = []
        if self.part == "bonus" and self.weight is not None:
            found.append((("weight",), "加分部分（bonus）的维度不设权重"))
        if self.part == "key" and self.floor is not None:
            found.append((("floor",), "重点考核（key）的维度不设最低分，最低为 0"))
        Misfits.refuse(found)
        return self


class Item(_Model):
    """One item of the scheme: id, part, name, clause, cap and the method that computes it."""

    LATER: ClassVar[frozenset[str]] = frozenset(("floor", "dimension", "exempt"))
    id: ItemId = Field(description="项目编号，例：B2")
    part: Literal["veto", "key", "bonus"] = Field(description="所属部分：veto 单项否决，key 重点考核，bonus 加分")
    name: Label = Field(description="项目名称")
    clause: Clause = Field(description="条款号")
    words: tuple[Label, ...] = Field(default=(), description="方案原文该条中应有的字样；找不到只作提示")
    cap: PositivePoints | None = Field(
        default=None, description="满分或上限；单项否决项和方法 deduct_from_zero 的项目不写"
    )
    floor: NegativePoints | None = Field(
        default=None, description="本项最低分（负数）；只用于、且必须用于方法 deduct_from_zero"
    )
    dimension: ItemId | None = Field(default=None, description="所属维度的编号；不写为不属任何维度")
    exempt: tuple[Exemption, ...] = Field(default=(), description="免考核的单位，其余项目按满分折合；只用于 key 部分")
    rule: Method = Field(description="计算方法及其参数")

    @model_validator(mode="after")
    def _part_fits_method(self) -> Self:
        found: list[tuple[Place, str]] = []
        method = self.rule.method
        if (self.part == "veto") != isinstance(self.rule, VETO_METHODS):
            found.append((("rule", "method"), f"方法 {method} 不能用于 {self.part} 部分"))
        elif self.part == "key" and not isinstance(self.rule, KEY_METHODS):
            known = "、".join(str(get_args(kind.model_fields["method"].annotation)[0]) for kind in KEY_METHODS)
            found.append((("rule", "method"), f"重点考核（key）不能用方法 {method}，可用：{known}"))
        if self.part == "veto" and self.cap is not None:
            found.append((("cap",), "单项否决项（veto）不设 cap"))
        below = isinstance(self.rule, DeductFromZero)
        if self.part != "veto" and not below and self.cap is None:
            found.append(((), f"{self.part} 部分的项目必须写 cap"))
        if below and self.cap is not None:
            found.append((("cap",), "方法 deduct_from_zero 从 0 分起扣，不设 cap"))
        if below and self.floor is None:
            found.append(((), "方法 deduct_from_zero 的项目必须写 floor"))
        if not below and self.floor is not None:
            found.append((("floor",), f"方法 {method} 的项目最低为 0，不设 floor"))
        if self.part == "veto" and self.dimension is not None:
            found.append((("dimension",), "单项否决项（veto）不属维度"))
        if self.part != "key" and self.exempt:
            found.append((("exempt",), "只有重点考核（key）的项目可以免考核"))
        if isinstance(self.rule, MeanOfRaters) and self.cap is not None and self.rule.score_max > self.cap:
            found.append((("rule", "score_max"), "score_max 不得高于 cap"))
        if isinstance(self.rule, RateBands) and self.cap is not None:
            prices = [((), self.rule.none), *((("bands", n), b.points) for n, b in enumerate(self.rule.bands))]
            found += [(("rule", *place), "分值不得高于 cap") for place, points in prices if points > self.cap]
        Misfits.refuse(found)
        return self

    @property
    def full(self) -> Decimal:
        """The most that a scored item can come to: its cap, or 0 where it only deducts; a veto item has none."""
        if isinstance(self.rule, DeductFromZero):
            return Decimal("0.00")
        if self.cap is None:
            raise ValueError(f"{self.id} has no points")
        return self.cap

    @property
    def start(self) -> Decimal:
        """Where the running total of a scored item starts: at full, or at 0."""
        return self.full if isinstance(self.rule, DeductFromFull) else Decimal("0.00")

    def exemption(self, unit_id: str, group: str) -> Exemption | None:
        """Return what exempts a unit from the item, if anything does."""
        return next((e for e in self.exempt if unit_id in e.units or group in e.groups), None)


class Publication(_Model):
    """What the published version (公示稿) tells beyond unit, group and grade: nothing unless the file says so."""

    score: StrictBool = Field(default=False, description="公示稿是否公布最终得分")
    rank: StrictBool = Field(default=False, description="公示稿是否公布组内名次和总名次")
    objection: Label | None = Field(default=None, description="怎样提出异议：受理部门、期限、联系方式；印在公示稿末尾")


class Objections(_Model):
    """By when an objection must be answered where 异议登记 gives no day of its own."""

    answer_within_days: Count = Field(
        ge=1, le=365, description="自提出之日的次日起多少个自然日内答复；登记写有答复时限的，以登记为准"
    )
    approval: Label = Field(description="规定这一期限的文号")
    clause: Clause | None = Field(default=None, description="期限写在方案里的，写条款号")


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

    LATER: ClassVar[frozenset[str]] = frozenset(("dimensions", "objections"))
    year: Count = Field(ge=2000, le=2100, description="考核年度，须与文件夹和运行的年度一致")
    document: Document = Field(description="方案文件")
    cut_off: Day = Field(description="事实和佐证的截止日，也是默认的计算日期；须在考核年度内")
    sample: StrictBool = Field(default=False, description="是否演示数据；true 时报告逐页注明")
    groups: tuple[Group, ...] = Field(min_length=1, description="分组：名次在组内排列")
    parts: PartRules = Field(description="四个部分")
    judgement: Judgement = Field(description="三条线")
    grades: Grades = Field(description="等次")
    items: tuple[Item, ...] = Field(min_length=1, description="全部考核项目，依次为否决、重点、加分")
    dimensions: tuple[Dimension, ...] = Field(default=(), description="维度：几个项目合计，另有上限、权重或最低分")
    clauses: dict[Clause, Label] = Field(description="条款摘要：条款号和我们的转述，印在数字旁")
    readings: dict[str, Reading] = Field(description="口径：条文不明确处的选择")
    publication: Publication = Field(default_factory=Publication, description="公示稿公布哪些内容")
    objections: Objections | None = Field(default=None, description="异议的答复期限；不写则不另定期限")
    confirmations: Confirmations | None = Field(
        default=None, description="由 assess new-year 写入：从上一年度带来的每条规则，逐条确认后才能运行"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        Misfits.refuse(
            [
                *self._twins(),
                *self._item_misfits(),
                *self._dimension_misfits(),
                *self._exemption_misfits(),
                *self._register_misfits(),
                *self._report_misfits(),
                *self._date_misfits(),
                *self._reading_misfits(),
            ]
        )
        return self

    def _twins(self) -> Iterator[tuple[Place, str]]:
        """Find two groups, items or award categories of one name."""
        categories = [getattr(item.rule, "category", None) for item in self.items]
        named: tuple[tuple[str, list[str | None], Place, Place], ...] = (
            ("组别", [group.name for group in self.groups], ("groups",), ("name",)),
            ("项目编号", [item.id for item in self.items], ("items",), ("id",)),
            ("维度编号", [dimension.id for dimension in self.dimensions], ("dimensions",), ("id",)),
            ("维度名称", [dimension.name for dimension in self.dimensions], ("dimensions",), ("name",)),
            ("项目名称", [item.name for item in self.items], ("items",), ("name",)),
            ("加分项类别", categories, ("items",), ("rule", "category")),
        )
        for what, names, above, below in named:
            for index, name in enumerate(names):
                before = [one.casefold() for one in names[:index] if one is not None]
                if name is not None and name.casefold() in before:
                    yield (*above, index, *below), f"{what}“{name}”重复"

    def _item_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold the items to some key item, the order veto, key, bonus, and lines in their order."""
        if not self.key_items:
            yield ("items",), "重点考核（part: key）至少要有一项"
        ranks = [("veto", "key", "bonus").index(item.part) for item in self.items]
        for index, rank in enumerate(ranks):
            if rank < max(ranks[:index], default=0):
                yield ("items", index, "part"), "items 须按 veto、key、bonus 的顺序排列"
        mark, gate = self.judgement.pass_mark, self.judgement.bonus_gate
        if gate is not None and mark.compares == "key_score" and mark.points > gate.points:
            yield ("judgement", "bonus_gate", "points"), "加分开启线不得低于合格线"

    def _dimension_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold items and dimensions to each other, and weights to 1."""
        known = {dimension.id: dimension for dimension in self.dimensions}
        for index, item in enumerate(self.items):
            if item.dimension is None:
                continue
            place = ("items", index, "dimension")
            if item.dimension not in known:
                listed = "、".join(known) or "无"
                yield place, f"没有维度“{item.dimension}”（可用：{listed}）"
            elif known[item.dimension].part != item.part:
                yield place, f"维度“{item.dimension}”不属 {item.part} 部分"
        for index, dimension in enumerate(self.dimensions):
            if dimension.id in {item.id for item in self.items}:
                yield ("dimensions", index, "id"), f"维度编号“{dimension.id}”与项目编号相同"
            if not any(item.dimension == dimension.id for item in self.items):
                yield ("dimensions", index), f"维度“{dimension.id}”没有项目"
        weights = [dimension.weight for dimension in self.dimensions if dimension.part == "key"]
        given = [weight for weight in weights if weight is not None]
        if given and (len(given) < len(weights) or any(item.dimension is None for item in self.key_items)):
            yield ("dimensions",), "重点考核有一个维度写了权重，其余维度也须写，且各项都须属于维度"
        elif given and sum(given) != 1:
            yield ("dimensions",), f"各维度的权重之和为 {sum(given)}，应为 1"

    def _exemption_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold exemptions to known groups, to dimensions that only add up, and to something that is left."""
        groups = [group.name for group in self.groups]
        for index, item in enumerate(self.items):
            dimension = next((d for d in self.dimensions if d.id == item.dimension), None)
            within = [other.full for other in self.items if dimension and other.dimension == dimension.id and other.cap]
            if item.exempt and dimension and dimension.cap is not None and dimension.cap < sum(within):
                yield ("items", index, "exempt"), f"维度“{dimension.id}”的上限低于各项满分之和，其中的项目不能免考核"
            for number, exemption in enumerate(item.exempt):
                for name in exemption.groups:
                    if name not in groups:
                        place = ("items", index, "exempt", number, "groups")
                        yield place, f"没有组别“{name}”（可用：{'、'.join(groups)}）"
        for name in groups:
            if self.key_items and all(item.exemption("", name) for item in self.key_items):
                yield ("items",), f"“{name}”免考核重点考核的全部项目，没有可以折合的项目"

    def _register_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold register facts that name their standards to one item each: no row may count twice."""
        taken: dict[str, str] = {}
        kinds = [
            (("items", index, "rule", "facts", rank), item.id, kind)
            for index, item in enumerate(self.items)
            for rank, kind in enumerate(getattr(item.rule, "facts", ()))
            if isinstance(kind, RegisterFacts)
        ]
        if not any(kind.standards for _, _, kind in kinds):
            for place, _, _ in kinds[1:]:
                yield (
                    place,
                    f"全部登记已由 {kinds[0][1]} 计扣；几处都用 register 的，各写 standards，否则同一登记计两次",
                )
            return
        for place, owner, kind in kinds:
            if not kind.standards:
                yield place, f"别处的 register 写了 standards，{owner} 的也须写，否则同一登记计两次"
            for number, code in enumerate(kind.standards):
                if code in taken:
                    yield (*place, "standards", number), f"标准“{code}”的登记已由 {taken[code]} 计扣"
                taken.setdefault(code, owner)

    def _report_misfits(self) -> Iterator[tuple[Place, str]]:
        """Hold each report to one place that asks for it: it must not cost twice."""
        asked: dict[tuple[str, str | None], tuple[Place, str]] = {}
        for index, item in enumerate(self.items):
            for rank, facts in enumerate(getattr(item.rule, "facts", ())):
                above = ("items", index, "rule", "facts", rank)
                for number, report in enumerate(getattr(facts, "due", ())):
                    first, owner = asked.setdefault((report.material, report.quarter), (above, item.id))
                    if first != above:
                        place = (*above, "due", number)
                        yield place, f"{report.material}{report.quarter or ''} 已由 {owner} 要求，不能扣两次"

    @property
    def reports_asked(self) -> frozenset[tuple[str, str | None]]:
        """The reports that some item asks for: material and quarter."""
        facts = [kind for item in self.items for kind in getattr(item.rule, "facts", ())]
        return frozenset((report.material, report.quarter) for kind in facts for report in getattr(kind, "due", ()))

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
        used = dict.fromkeys(key for item in self.items for key in item.rule.readings)
        gate = {"bonus_gate"} if self.judgement.bonus_gate is not None else set()
        for key in KNOWN_READINGS:
            if key not in self.readings and (key in used or key in gate):
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
    def key_items(self) -> tuple[Item, ...]:
        """The items of the key part."""
        return self.part_items("key")

    @property
    def key_item(self) -> Item:
        """The one item of the key part; raise ValueError in a scheme that has several."""
        (item,) = self.key_items
        return item

    @property
    def reading_keys(self) -> tuple[str, ...]:
        """The readings that the scheme has, in the published order."""
        return tuple(key for key in KNOWN_READINGS if key in self.readings)

    def default_readings(self) -> dict[str, str]:
        """Return the reading in force for every key that the scheme has, in the published order."""
        return {key: self.readings[key].default for key in self.reading_keys}

    def fails(self, key_score: Decimal, final_score: Decimal) -> bool:
        """Tell whether a scored unit is below the pass mark, by the score that the mark is held against."""
        mark = self.judgement.pass_mark
        return (key_score if mark.compares == "key_score" else final_score) < mark.points

    def named_standards(self) -> dict[str, str]:
        """Return each 标准编号 that the scheme itself applies, with the id of the item that first names it."""
        named: dict[str, str] = {}
        for item in self.items:
            if isinstance(item.rule, DEDUCTING_METHODS):
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

    def register_standards(self) -> dict[str, str]:
        """Return each 标准编号 whose register rows one item alone takes, with that item's id; empty: one takes all."""
        return {
            code: item.id
            for item in self.items
            for facts in getattr(item.rule, "facts", ())
            if isinstance(facts, RegisterFacts)
            for code in facts.standards
        }

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
