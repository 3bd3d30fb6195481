"""The scheme as data: the shape of ``scheme.yaml`` and how to look things up in it.

Every number, clause locator, label, cap, level table, due date, named standard and reading of a year
stands in that year's file. Code holds methods only; a rule names its method and gives its parameters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

CLAUSE_PATTERN = r"^[一二三四五六七八九十]+(（[一二三四五六七八九十]+）)?\d*$"

Points = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=2)]
PositivePoints = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]
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

    number: Label
    title: Label
    issuer: Label


class Group(_Model):
    """A group of units that are ranked together; ``count`` is what the document says, not a check of the roster."""

    name: Label
    clause: Clause
    count: Annotated[int, Field(gt=0)]


class PartRule(_Model):
    """One part of the judgement: its name, clause and the words the official text uses for it."""

    name: Label
    clause: Clause
    words: tuple[Label, ...] = ()


class PartRules(_Model):
    """The four parts in their order of judgement."""

    veto: PartRule
    key: PartRule
    bonus: PartRule
    final: PartRule


class Line(_Model):
    """A threshold or cap of the whole judgement, with its clause."""

    points: PositivePoints
    clause: Clause
    name: Label


class Judgement(_Model):
    """The lines that divide units: pass mark, gate of the bonus part, cap of the bonus part."""

    pass_mark: Line
    bonus_gate: Line
    bonus_cap: Line


class Band(_Model):
    """A further grade, valid only with the number of the document that approved it."""

    grade: Label
    at_least: Points
    approval: Label


class Grades(_Model):
    """What grades are called; ``pending`` follows the pass grade in print until bands are approved."""

    fail: Label
    passed: Label
    pending: Label
    bands: tuple[Band, ...] = ()

    @model_validator(mode="after")
    def _bands_descend(self) -> Self:
        lines = [band.at_least for band in self.bands]
        if lines != sorted(lines, reverse=True) or len(set(lines)) != len(lines):
            raise ValueError("等次分段 bands 须按分数线从高到低排列，且不得重复")
        names = [band.grade for band in self.bands]
        if len(set(names)) != len(names):
            raise ValueError("等次分段 bands 的名称不得重复")
        return self


class Reading(_Model):
    """A named reading (口径) of an unclear sentence: the question, its options and the one in force."""

    name: Label
    clause: Clause
    question: Label
    default: Label
    options: dict[str, Label]


class HotlineRedLights(_Model):
    """Veto by red lights past the deadline or by the city bureau's circular (method ``hotline_red_lights``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息中心结果", "热线红灯")
    method: Literal["hotline_red_lights"]
    limit: Annotated[int, Field(ge=1)]


class NamedInCircular(_Model):
    """Veto by being named in a circular of a high enough level (method ``named_in_circular``)."""

    tables: ClassVar[tuple[str, ...]] = ("通报批评",)
    method: Literal["named_in_circular"]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]


class DueReport(_Model):
    """A report that units owe: which material (and quarter), by when, owed by whom."""

    material: Literal["半年汇报", "年度总结", "季度进展"]
    quarter: Literal["1", "2", "3", "4"] | None = None
    due: date
    clause: Clause
    owed_by: Literal["all_units", "key_task_units"]
    only_if: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _quarter_goes_with_quarterly(self) -> Self:
        if (self.material == "季度进展") != (self.quarter is not None):
            raise ValueError("quarter 只用于、且必须用于 季度进展")
        return self


class ReportFacts(_Model):
    """Deductions made by reports that were late or missing (材料报送)."""

    table: ClassVar[str] = "材料报送"
    kind: Literal["reports"]
    late: Label
    missing: Label
    due: Annotated[tuple[DueReport, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_report_once(self) -> Self:
        twice = [key for key, n in Counter((d.material, d.quarter) for d in self.due).items() if n > 1]
        if twice:
            raise ValueError(f"due 中重复列出：{twice[0][0]}{twice[0][1] or ''}")
        return self


class RegisterFacts(_Model):
    """Deductions entered in the register (扣分登记), each under a standard of its own."""

    table: ClassVar[str] = "扣分登记"
    kind: Literal["register"]


class MeetingFacts(_Model):
    """Deductions by attendance (参会登记): which attendance falls under which standard, which is excused."""

    table: ClassVar[str] = "参会登记"
    kind: Literal["meetings"]
    standards: dict[Literal["迟到", "代会", "缺席"], Label]
    exempt: tuple[Literal["请假"], ...] = ()


class TaskFacts(_Model):
    """Deductions by assigned tasks (交办任务) done late or not at all."""

    table: ClassVar[str] = "交办任务"
    kind: Literal["tasks"]
    late: Label
    missing: Label


Facts = Annotated[ReportFacts | RegisterFacts | MeetingFacts | TaskFacts, Field(discriminator="kind")]


class DeductFromFull(_Model):
    """Start at the item's cap and only deduct, never below 0 (method ``deduct_from_full``)."""

    method: Literal["deduct_from_full"]
    facts: Annotated[tuple[Facts, ...], Field(min_length=1)]

    @property
    def tables(self) -> tuple[str, ...]:
        """The input tables that the listed kinds of fact come from."""
        return tuple(kind.table for kind in self.facts)


class MeanPerMatter(_Model):
    """Mean of the approved scores of each matter, summed up to the cap (method ``mean_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("评定加分",)
    method: Literal["mean_per_matter"]
    score_max: PositivePoints


class HighestLevelPerMatter(_Model):
    """Each matter once at its highest level, summed up to the cap (method ``highest_level_per_matter``)."""

    tables: ClassVar[tuple[str, ...]] = ("表彰宣传",)
    method: Literal["highest_level_per_matter"]
    category: Label
    levels: Annotated[dict[Level, PositivePoints], Field(min_length=1)]


class QuarterlyTopRanks(_Model):
    """Points for the top ranks of each quarter's lists (method ``quarterly_top_ranks``)."""

    tables: ClassVar[tuple[str, ...]] = ("信息报送",)
    method: Literal["quarterly_top_ranks"]
    rank_points: Annotated[tuple[PositivePoints, ...], Field(min_length=1)]


class MeanOfRaters(_Model):
    """Mean of the leaders' scores (method ``mean_of_raters``)."""

    tables: ClassVar[tuple[str, ...]] = ("领导评价",)
    method: Literal["mean_of_raters"]
    score_max: PositivePoints


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

    id: ItemId
    part: Literal["veto", "key", "bonus"]
    name: Label
    clause: Clause
    words: tuple[Label, ...] = ()
    cap: PositivePoints | None = None
    rule: Method

    @model_validator(mode="after")
    def _part_fits_method(self) -> Self:
        if (self.part == "veto") != isinstance(self.rule, VETO_METHODS):
            raise ValueError(f"方法 {self.rule.method} 不能用于 {self.part} 部分")
        if (self.part == "veto") != (self.cap is None):
            raise ValueError("单项否决项不设 cap，其余各项必须设 cap")
        if self.part == "key" and not isinstance(self.rule, DeductFromFull):
            raise ValueError("重点考核只能用 deduct_from_full")
        if isinstance(self.rule, MeanOfRaters) and self.cap is not None and self.rule.score_max > self.cap:
            raise ValueError("score_max 不得高于 cap")
        return self

    @property
    def full(self) -> Decimal:
        """The cap of a scored item; a veto item has none (ValueError)."""
        if self.cap is None:
            raise ValueError(f"{self.id} has no points")
        return self.cap


class Scheme(_Model):
    """A year's scheme, validated."""

    year: Annotated[int, Field(ge=2000, le=2100)]
    document: Document
    cut_off: date
    sample: bool = False
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]
    parts: PartRules
    judgement: Judgement
    grades: Grades
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    clauses: dict[Clause, Label]
    readings: dict[str, Reading]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, names in (
            ("组别", [g.name for g in self.groups]),
            ("项目", [i.id for i in self.items]),
            ("项目名称", [i.name for i in self.items]),
            ("加分项类别", [i.rule.category for i in self.items if isinstance(i.rule, HighestLevelPerMatter)]),
        ):
            twice = [name for name, n in Counter(names).items() if n > 1]
            if twice:
                raise ValueError(f"{what}重复：{twice[0]}")
        if sum(item.part == "key" for item in self.items) != 1:
            raise ValueError("重点考核部分必须恰有一项")
        order = [("veto", "key", "bonus").index(item.part) for item in self.items]
        if order != sorted(order):
            raise ValueError("items 须按 veto、key、bonus 的顺序排列")
        if not self.judgement.pass_mark.points <= self.judgement.bonus_gate.points:
            raise ValueError("合格线不得高于加分开启线")
        if self.cut_off.year != self.year:
            raise ValueError("cut_off 必须在考核年度内")
        for item in self.items:
            for facts in getattr(item.rule, "facts", ()):
                for report in getattr(facts, "due", ()):
                    if report.due.year != self.year:
                        raise ValueError(f"{report.material} 的 due 不在考核年度内")
                    for key, option in report.only_if.items():
                        if option not in KNOWN_READINGS.get(key, ()):
                            raise ValueError(f"only_if 引用了未知口径：{key}={option}")
        for missing in [key for key in KNOWN_READINGS if key not in self.readings]:
            raise ValueError(f"缺少口径：{missing}")
        for key, reading in self.readings.items():
            if key not in KNOWN_READINGS:
                raise ValueError(f"未知口径：{key}（可用：{'、'.join(KNOWN_READINGS)}）")
            if set(reading.options) != set(KNOWN_READINGS[key]):
                raise ValueError(f"口径 {key} 的选项应为：{'、'.join(KNOWN_READINGS[key])}")
            if reading.default not in reading.options:
                raise ValueError(f"口径 {key} 的 default 不在选项中：{reading.default}")
        return self

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
