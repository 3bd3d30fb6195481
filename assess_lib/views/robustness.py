"""How robust each result is: which corrections change it, how much more may be lost, which row matters most."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assess_lib import robustness
from assess_lib.errors import UsageError
from assess_lib.robustness import Flip, Line, Robustness, UnitRobustness
from assess_lib.robustness import words as told
from assess_lib.tables import Tables
from assess_lib.views.county_near import CLOSE
from assess_lib.views.html import Column, Html, figure, sentence, table
from assess_lib.views.lines import records
from assess_lib.views.words import ABSENT, number, signed

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet


class RobustnessSection:
    """A scored set and the smallest corrections that change it, ready to be shown piece by piece."""

    def __init__(self, data: ScoredSet, tables: Tables) -> None:
        self.data = data
        self.scheme = data.basis.scheme
        self.tables = tables

    @cached_property
    def found(self) -> Robustness:
        """All units, searched under the readings that the set was scored with."""
        basis = self.data.basis
        return robustness.explore(self.tables, basis.scheme, basis.readings, basis.run_date)

    def definition(self) -> Html:
        """Say what counts as one correction and how points are counted."""
        return sentence(told.DEFINITION, told.MOVED)

    def headline(self) -> Html:
        """Say how many units hang on a single correction, or are close above a line, and which."""
        one_row = [one for one in self.found.units if one.closest and len(one.closest.corrections) == 1]
        lines = (
            ("更正一条登记就会改变否决、加分或等次的单位", one_row),
            (f"再扣不超过 {number(CLOSE)} 分就不开启加分的单位", self._close("gate")),
            (f"再扣不超过 {number(CLOSE)} 分就不合格的单位", self._close("fail")),
        )
        return sentence(*(f"{what}：{len(units)} 个{self._names(units)}。" for what, units in lines), mark="said")

    def _close(self, line: Line) -> list[UnitRobustness]:
        near = [(one, one.margin(line)) for one in self.found.units]
        return [one for one, margin in near if margin is not None and margin.points <= CLOSE]

    @staticmethod
    def _names(units: Sequence[UnitRobustness]) -> str:
        return f"，{'、'.join(one.unit.name for one in units)}" if units else ""

    def corrections(self) -> Html:
        """Show every smallest set of corrections that changes a unit's result, the units nearest to a change first."""
        flips = [(one, flip) for one in self.found.units for flip in told.different(one)]
        flips.sort(key=lambda pair: (len(pair[1].corrections), pair[1].moved))
        rows = [
            {
                "unit": one.unit.name,
                "now": self._now(one),
                "effect": told.effects(flip.before, flip.after, self.scheme),
                "count": len(flip.corrections),
                "which": "；".join(told.correction_text(correction) for correction in flip.corrections),
                "moved": flip.moved,
                "least": self._least(one, flip),
            }
            for one, flip in flips
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("now", "现为", "short"),
            Column("effect", "变为"),
            Column("count", "最少条数", "number"),
            Column("which", "更正哪些登记"),
            Column("moved", "所动分数", "number"),
            Column("least", "分数最少的办法"),
        )
        return table(
            rows, columns, caption="最少更正几条就会改变", empty="任何更正都不改变任何单位的否决、加分和等次。"
        )

    def _now(self, one: UnitRobustness) -> str:
        if one.now.status == "vetoed":
            return self.scheme.parts.veto.name
        return f"{one.now.grade}，加分{'已开启' if one.now.bonus_open else '未开启'}"

    def _least(self, one: UnitRobustness, flip: Flip) -> str:
        """Tell the set that moves fewer points, where it is another one."""
        least = one.least[flip.aspect]
        if least.moved == flip.moved:
            return "同左"
        return f"{len(least.corrections)} 条共 {number(least.moved)} 分：" + "、".join(
            map(told.name, least.corrections)
        )

    def margins(self) -> Html:
        """Show how much more each unit may lose before the bonus part closes or the grade falls, the nearest first."""
        units = sorted((one for one in self.found.units if one.margins), key=lambda one: one.margins[0].points)
        banded = any(one.margin("grade") for one in units)
        rows = [self._margin_row(one) for one in units]
        columns = [
            Column("unit", "单位", "short"),
            Column("key", "重点考核", "number"),
            Column("gate", "再扣多少不开启加分", "number"),
            Column("gate_by", "最少几次扣分"),
        ]
        if banded:
            columns += [Column("grade", "再扣多少降等次", "number"), Column("grade_by", "最少几次扣分")]
        columns += [Column("fail", "再扣多少不合格", "number"), Column("fail_by", "最少几次扣分")]
        caption = f"还能扣多少（{ABSENT}：加分部分未开启）"
        return table(rows, columns, caption=caption, empty="没有单位还能再降。")

    def _margin_row(self, one: UnitRobustness) -> dict[str, Any]:
        row: dict[str, Any] = {
            "unit": one.unit.name,
            "key": figure(one.unit.id, "key_score", one.now.key_score, number(one.now.key_score)),
        }
        lines: tuple[Line, ...] = ("gate", "grade", "fail")
        for line in lines:
            margin = one.margin(line)
            row[line] = None if margin is None else margin.points
            row[f"{line}_by"] = None if margin is None else told.further_text(margin)
        return row

    def rows(self) -> Html:
        """Show for each unit the single row that matters most: what correcting it alone does."""
        rows = []
        for one in self.found.units:
            heavy = one.weightiest
            rows.append(
                {
                    "unit": one.unit.name,
                    "final": figure(one.unit.id, "final_score", one.now.final_score, number(one.now.final_score)),
                    "row": told.correction_text(heavy.correction) if heavy else "没有哪一条能单独改变结果",
                    "source": heavy.correction.source if heavy else "",
                    "change": signed(heavy.change) if heavy and heavy.change is not None else ABSENT,
                    "effect": (told.effects(heavy.before, heavy.after, self.scheme) or "不变") if heavy else "不变",
                }
            )
        columns = (
            Column("unit", "单位", "short"),
            Column("final", "最终得分", "number"),
            Column("row", "影响最大的一条"),
            Column("source", "所在位置", "code"),
            Column("change", "更正后得分变动", "number"),
            Column("effect", "否决、加分、等次"),
        )
        caption = f"只更正一条，哪一条影响最大（{ABSENT}：更正前或更正后没有得分）"
        return table(rows, columns, caption=caption)

    def check(self) -> Html:
        """Hold the start of the search against the stored results, and judge every told correction again plainly.

        Raises AssertionError where anything differs.
        """
        basis = self.data.basis
        wrong = robustness.differences_in_force(self.found, records(self.data.results))
        if wrong:
            raise AssertionError(f"更正分析与 results.csv 不符：{'；'.join(wrong[:3])}")
        wrong = robustness.differences_from_scoring(self.found, self.tables, basis.readings, basis.run_date)
        if wrong:
            raise AssertionError(f"更正后重新计分，与所述不符：{'；'.join(wrong[:3])}")
        count = len(robustness.told_flips(self.found))
        return sentence(f"核对通过：所列 {count} 种更正逐一改表重新计分，结果都与所述一致。", mark="said")


def section(data: ScoredSet, tables: Tables) -> Html:
    """Show the whole section: what a correction is, who hangs on one, the smallest sets, the margins, the rows.

    Raises AssertionError when plain scoring says anything else.
    """
    shown = RobustnessSection(data, tables)
    try:
        shown.found  # noqa: B018 - searched here, so that a scheme that cannot be searched is told
    except UsageError as error:
        return sentence(str(error), mark="warn")
    pieces = (
        shown.headline(),
        shown.corrections(),
        shown.margins(),
        shown.rows(),
        shown.definition(),
        shown.check(),
    )
    return sum(pieces[1:], pieces[0])


__all__ = ["RobustnessSection", "section"]
