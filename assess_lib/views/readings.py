"""What depends on which reading (口径): whose conclusion holds under every combination, and what moves the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from assess_lib import sensitivity
from assess_lib.exact import ZERO
from assess_lib.rules import Unit
from assess_lib.sensitivity import Aspect, Effect, Exploration, Flip, Value
from assess_lib.sensitivity.words import changes_text, outcome_text, range_cell, value_text
from assess_lib.tables import Tables
from assess_lib.views import page, words
from assess_lib.views.html import Column, Html, figure, render, sentence, table
from assess_lib.views.lines import describe_reading, records
from assess_lib.views.words import number, signed

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

HEADING = "口径组合分析"
RECHECKED = 12  # combinations that the page scores again plainly; the tests do hundreds
_SETS = 4  # smallest sets that a table cell names; the csv has all of them
_NUMBERS = "①②③④⑤⑥⑦⑧⑨"
_UNCHANGED = "·"


def readings_metadata(data: ScoredSet) -> page.PageMetadata:
    """Return the metadata of the page on readings."""
    return {**page.page_metadata(data, None), "title": f"{data.basis.year}年{HEADING}"}


class ReadingsReport:
    """A scored set under all combinations of readings, ready to be shown piece by piece.

    Takes the set and its clean tables. The readings in force are those that the set was scored with.
    """

    def __init__(self, data: ScoredSet, tables: Tables) -> None:
        self.data = data
        self.scheme = data.basis.scheme
        self.tables = tables

    @cached_property
    def exploration(self) -> Exploration:
        """All combinations, judged."""
        basis = self.data.basis
        return sensitivity.explore(self.tables, basis.scheme, basis.run_date, basis.readings)

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units in roster order."""
        return self.exploration.roster

    @cached_property
    def effects(self) -> dict[str, tuple[Effect, ...]]:
        """What each reading's other options do, by reading."""
        return {key: self.exploration.effect(key) for key in self.scheme.reading_keys}

    @property
    def combinations(self) -> str:
        """How many combinations there are, as it is printed."""
        return f"{self.exploration.space.size:,}"

    def _held(self, unit: Unit, *aspects: Aspect) -> bool:
        return all(self.exploration.constant(unit.id, aspect) for aspect in aspects)

    def outcome(self, unit: Unit) -> str:
        """Return a unit's status and grade in force, in words."""
        result = self.exploration.result(unit.id)
        return outcome_text(result.status, result.grade, self.scheme)

    def _short(self, outcome: Value) -> str:
        """Return an outcome in a word or two: 否决, 不合格, 合格 or the approved band."""
        assert isinstance(outcome, tuple)
        status, grade = outcome
        return "否决" if status == "vetoed" else grade

    # ---- the pieces, in their order --------------------------------------------------------------------------

    def title(self) -> Html:
        """Show what this is: of which year, by which document, in which state."""
        basis = self.data.basis
        return render(
            "title",
            subject=page.subject(self.data),
            heading=HEADING,
            state=page.draft_label(self.data),
            sample=page.SAMPLE if self.scheme.sample else "",
            facts=[
                ("依据", self.scheme.document.number),
                ("计分日期", words.day(basis.run_date)),
                ("凭据摘要", self.data.receipt_digest[:16]),
                *page.approval_facts(self.data),
            ],
        )

    def headline(self) -> Html:
        """Show how many conclusions hold under every combination, and what that means."""
        of_all = f"共 {len(self.units)} 个单位"

        def held(*aspects: Aspect) -> str:
            return str(sum(self._held(unit, *aspects) for unit in self.units))

        figures = [
            ("口径组合", self.combinations, f"{len(self.scheme.reading_keys)} 项口径，全部算过"),
            ("等次不变", held("outcome"), of_all),
            ("组内名次不变", held("rank_in_group"), "含始终不排名"),
            ("总名次不变", held("rank_overall"), "含始终不排名"),
            ("等次名次都不变", held("outcome", "rank_in_group", "rank_overall"), of_all),
        ]
        return render("headline", figures=figures, sentences=self._headline_sentences())

    def _headline_sentences(self) -> list[str]:
        turned = [unit for unit in self.units if not self._held(unit, "outcome")]
        if not turned:
            first = f"无论怎样选择口径，{len(self.units)} 个单位的等次都不变。"
        else:
            names = "、".join(unit.name for unit in turned)
            first = f"{len(turned)} 个单位的等次取决于口径：{names}。其余单位的等次，无论怎样选择口径都不变。"
        idle = self.exploration.idle_readings()
        if not idle:
            return [first]
        names = "、".join(self.scheme.readings[key].name for key in idle)
        return [first, f"怎样选都不影响任何单位得分、等次和名次的口径：{names}。"]

    def open_items(self) -> Html:
        """Say how many items are unresolved, and that they count here as they count in scoring."""
        open_units = [result for result in self.exploration.results() if result.unresolved]
        if not open_units:
            return sentence("没有待定项目。", mark="said")
        count = sum(result.unresolved for result in open_units)
        return sentence(
            f"{len(open_units)} 个单位还有 {count} 项待定，本页同计分一样按现有登记暂计，没有登记的按零分；"
            "补正后各口径下的结果都可能变化，须重新计算。",
            mark="warn",
        )

    def groups_of_units(self) -> list[dict[str, Any]]:
        """Sort the units by what depends on readings: grade, ranks with their own score, ranks alone, nothing."""
        kinds: dict[str, list[str]] = {
            "等次取决于口径": [],
            "等次不变，得分和名次随口径变": [],
            "等次和得分不变，名次随别的单位变": [],
            "等次和名次都不变": [],
        }
        turned, moved, pushed, safe = kinds
        for unit in self.units:
            if not self._held(unit, "outcome"):
                kinds[turned].append(f"{unit.name}（{self._turns(unit)}）")
            elif self._held(unit, "rank_in_group", "rank_overall"):
                kinds[safe].append(unit.name)
            else:
                kinds[pushed if self._held(unit, "final_score") else moved].append(unit.name)
        return [{"kind": kind, "count": len(names), "units": "、".join(names) or "无"} for kind, names in kinds.items()]

    def _turns(self, unit: Unit) -> str:
        """Say from what to what a unit's outcome can change."""
        result = self.exploration.result(unit.id)
        values = self.exploration.aspect(unit.id, "outcome")[0]
        others = [self._short(value) for value in values if value != (result.status, result.grade)]
        return f"现为{self._short((result.status, result.grade))}，可变为{'、'.join(others)}"

    def at_a_glance(self) -> Html:
        """Show all units by what depends on readings, those whose grade does first."""
        columns = (Column("kind", "结论"), Column("count", "单位数", "number"), Column("units", "单位"))
        return table(self.groups_of_units(), columns)

    def grade_flips(self) -> Html:
        """Show whose grade depends on readings: every minimal set of changes, from what to what."""
        rows = [
            {
                "unit": flip_unit.name,
                "before": value_text("outcome", flip.before, self.scheme),
                "changes": changes_text(flip.changes, self.scheme),
                "after": value_text("outcome", flip.after, self.scheme),
                "share": f"{self.exploration.holding(flip_unit.id):,}",
            }
            for flip_unit in self.units
            for flip in self.exploration.flips(flip_unit.id, "outcome")
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("before", "现为", "short"),
            Column("changes", "改动的口径（列出的都改才变）"),
            Column("after", "变为", "short"),
            Column("share", "等次不变的组合", "number"),
        )
        caption = f"等次不变的组合：{self.combinations} 种组合中，等次同现在的有几种"
        return table(rows, columns, caption=caption, empty="没有单位的等次取决于口径。")

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Every other option of every reading: reading, option, and the heading it has in tables.

        A reading with more than one other option has them numbered, in the order of the tables.
        """
        found = []
        for key, effects in self.effects.items():
            others = list(dict.fromkeys(effect.option for effect in effects))
            for place, option in enumerate(others):
                found.append(
                    (key, option, self.scheme.readings[key].name + (_NUMBERS[place] if len(others) > 1 else ""))
                )
        return found

    def rank_changes(self, group: str) -> Html:
        """Show, for one group, the rank in the group that each unit gets when one single reading is changed."""
        ranks = {(e.unit_id, key, e.option): e for key, effects in self.effects.items() for e in effects}
        units = self._ranked(group)
        moved = {
            (unit.id, key, option)
            for unit in units
            for key, option, _ in self.choices
            for e in [ranks[unit.id, key, option]]
            if e.before.rank_in_group != e.after.rank_in_group
        }
        shown = [
            (key, option, title) for key, option, title in self.choices if any(m[1:] == (key, option) for m in moved)
        ]
        rows = []
        for unit in units:
            row: dict[str, Any] = {
                "unit": unit.name,
                "now": self._rank_now(unit),
                "range": range_cell(self.exploration, unit.id, "rank_in_group"),
            }
            for key, option, _ in shown:
                after = ranks[unit.id, key, option].after.rank_in_group
                row[f"{key}={option}"] = (after or "不排名") if (unit.id, key, option) in moved else _UNCHANGED
            rows.append(row)
        columns = [
            Column("unit", "单位", "short"),
            Column("now", "现名次", "short"),
            Column("range", "全部组合", "short"),
        ]
        columns += [Column(f"{key}={option}", title, "code") for key, option, title in shown]
        caption = f"{group}：只改一项口径后的组内名次（{_UNCHANGED}不变）"
        return table(rows, columns, caption=caption, empty=f"{group}没有单位。")

    def rank_tables(self) -> Html:
        """Show every group's table of ranks, in the scheme's order, then what the numbered headings stand for."""
        shown = [self.rank_changes(group.name) for group in self.scheme.groups]
        numbered = [
            f"{title}改为“{self.scheme.readings[key].options[option]}”"
            for key, option, title in self.choices
            if title[-1] in _NUMBERS
        ]
        key_to_numbers = [sentence(f"表头：{'；'.join(numbered)}。", mark="said")] if numbered else []
        return sum((*shown[1:], *key_to_numbers), shown[0])

    def joint_changes(self) -> Html:
        """Show whose rank in the group moves only when two or more readings change at once."""
        rows = [
            {
                "unit": unit.name,
                "now": self._rank_now(unit),
                "size": len(flips[0].changes),
                "flips": self._flips_cell(flips),
            }
            for unit in self.units
            for flips in [self.exploration.smallest_flips(unit.id, "rank_in_group")]
            if flips and len(flips[0].changes) > 1
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("now", "现名次", "short"),
            Column("size", "最少改动", "number"),
            Column("flips", "须同时改动的口径和变成的名次"),
        )
        empty = "没有单位的组内名次要同时改两项以上口径才变：要么改一项就变，要么任何组合都不变。"
        return table(rows, columns, caption="改一项不变、同时改几项才变的组内名次", empty=empty)

    def _rank_now(self, unit: Unit) -> Markup:
        rank = self.exploration.result(unit.id).rank_in_group
        return figure(unit.id, "rank_in_group", rank, words.ABSENT if rank is None else str(rank))

    def _flips_cell(self, flips: Sequence[Flip]) -> str:
        told = "；".join(
            f"{changes_text(flip.changes, self.scheme)}：{value_text(flip.aspect, flip.after, self.scheme)}"
            for flip in flips[:_SETS]
        )
        return f"{told}；另有 {len(flips) - _SETS} 种" if len(flips) > _SETS else told

    def _ranked(self, group: str) -> list[Unit]:
        """Return a group's units by their rank in force; those without rank last, in roster order."""
        ranks = {unit.id: self.exploration.result(unit.id).rank_in_group for unit in self.units}
        own = [unit for unit in self.units if unit.group == group]
        return sorted(own, key=lambda unit: (ranks[unit.id] is None, ranks[unit.id] or 0))

    def by_reading(self) -> Html:
        """Show what each other option does while the other readings stay: whose grade turns, who moves, how far."""
        rows = [
            row
            for key, effects in self.effects.items()
            for option in self.exploration.space.options[key]
            for row in self._option_row(key, option, [e for e in effects if e.option == option])
        ]
        columns = (
            Column("name", "口径", "short"),
            Column("now", "现用"),
            Column("option", "改为"),
            Column("turned", "等次改变的单位（变为）"),
            Column("scores", "得分变的单位", "number"),
            Column("most", "得分最多变", "number"),
            Column("ranks", "总名次变的单位", "number"),
            Column("far", "名次最多变", "number"),
        )
        return table(rows, columns, css="readings")

    def _option_row(self, key: str, option: str, effects: Sequence[Effect]) -> Iterable[dict[str, Any]]:
        if not effects:  # the option in force
            return
        reading = self.scheme.readings[key]
        moved = [e.score_change for e in effects if e.score_change]
        ranks = [e.rank_overall_change for e in effects if e.rank_overall_change]
        # Whoever is vetoed loses score and rank, or gets them: they change, by no number of points or places.
        vetoed = [e for e in effects if e.before.status != e.after.status]
        turned = [f"{e.before.unit_name}（{self._short((e.after.status, e.after.grade))}）" for e in effects if e.turns]
        yield {
            "name": reading.name,
            "now": reading.options[self.data.basis.readings[key]],
            "option": reading.options[option],
            "turned": "、".join(turned) or "无",
            "scores": len(moved) + len(vetoed),
            "most": signed(max(moved, key=abs)) if moved else number(ZERO),
            "ranks": len(ranks) + len(vetoed),
            "far": max(map(abs, ranks), default=0),
        }

    def meanings(self) -> Html:
        """Show what each reading asks, the option in force and what else is possible."""
        rows = [describe_reading(key, self.scheme, self.data.basis.readings) for key in self.scheme.reading_keys]
        columns = (
            Column("name", "口径", "short"),
            Column("clause", "条款", "short"),
            Column("question", "条文在哪里不明确"),
            Column("option", "本次采用"),
            Column("others", "还可以"),
            Column("default", "性质"),
        )
        return table(rows, columns, css="readings")

    def complete(self) -> Html:
        """Show every unit: what holds, between which values score and ranks lie, and which readings move it itself."""
        results = {result.unit_id: result for result in self.exploration.results()}
        rows = [
            {
                "unit": unit.name,
                "outcome": figure(unit.id, "grade", results[unit.id].grade, self.outcome(unit)),
                "grade": self._mark(unit, "outcome"),
                "score": range_cell(self.exploration, unit.id, "final_score"),
                "group": range_cell(self.exploration, unit.id, "rank_in_group"),
                "overall": range_cell(self.exploration, unit.id, "rank_overall"),
                "own": "、".join(self.scheme.readings[key].name for key in self.exploration.own_readings(unit.id)),
            }
            for unit in self.units
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("outcome", "现等次", "short"),
            Column("grade", "等次", "short"),
            Column("score", "最终得分", "short"),
            Column("group", "组内名次", "short"),
            Column("overall", "总名次", "short"),
            Column("own", "能改变本单位得分或等次的口径", "code"),
        )
        caption = "得分和名次：全部组合下的最小值和最大值；“或无”：有的组合下被否决，没有得分和名次"
        return table(rows, columns, caption=caption)

    def _mark(self, unit: Unit, aspect: Aspect) -> str:
        return "不变" if self._held(unit, aspect) else "▲ 会变"

    def check(self) -> Html:
        """Compare with the stored results and score a dozen combinations plainly.

        Raises AssertionError where anything differs.
        """
        exploration, basis = self.exploration, self.data.basis
        wrong = sensitivity.differences_in_force(exploration, records(self.data.results))
        if wrong:
            raise AssertionError(f"现用口径的结果与 results.csv 不符：{'；'.join(wrong[:3])}")
        drawn = list(sensitivity.draw(exploration, RECHECKED))
        wrong = sensitivity.differences_from_scoring(exploration, self.tables, basis.run_date, drawn)
        if wrong:
            raise AssertionError(f"与逐个计分的结果不符：{'；'.join(wrong[:3])}")
        said = f"核对通过：现用口径下 {len(self.units)} 个单位的结果与 results.csv 逐项一致；"
        said += f"另取 {RECHECKED} 种组合逐个重新计分，全部一致。"
        return sentence(said, mark="said")


__all__ = ["HEADING", "ReadingsReport", "readings_metadata"]
