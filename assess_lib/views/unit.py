"""One unit's report: what came out, why, by which clause, and what is still open.

Everything shown is the unit's own. Words for the general reader stand in the notebook; the sentences
about this unit are made here, from the results and the ledger alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assess_lib.beyond import raw_points, simple_key
from assess_lib.composition import exempt_items, key_steps
from assess_lib.exact import ZERO
from assess_lib.scheme import Item
from assess_lib.views import adjustments, page, unit_deadlines, unit_facts, unit_first, unit_open, unit_place, words
from assess_lib.views.html import Column, Html, figure, render, sentence, table
from assess_lib.views.lines import Line, check_chains, read_lines, reading_rows, records
from assess_lib.views.unit_slice import Slices, UnitSlice, read_slice
from assess_lib.views.words import number, plain, signed

if TYPE_CHECKING:
    from markupsafe import Markup

    from assess_lib.history import History
    from assess_lib.store import ScoredSet
    from assess_lib.views.unit_place import Peers


def open_unit(year: int, processed: str | Path, unit_id: str) -> UnitReport:
    """Open a unit's report with its earlier years and with what all readings do to it.

    Takes what the notebook's parameters say; a blank ``processed`` is the year's usual folder. In a batch the unit's
    slice is handed over. Raises UsageError for an unknown year, folder or unit.
    """
    return UnitReport.of(read_slice(year, processed, unit_id))


class UnitReport:
    """One unit of a scored set, ready to be shown piece by piece.

    Takes the set and a 单位编码; what is shown comes from the unit's slice of it alone, without earlier years and
    without a word on other readings (``open_unit`` has both). Raises UsageError for a unit that the set does not have.
    """

    def __init__(self, data: ScoredSet, unit_id: str) -> None:
        self._open(Slices(data).cut(unit_id))

    @classmethod
    def of(cls, own: UnitSlice) -> UnitReport:
        """Return the report that a slice holds."""
        made = cls.__new__(cls)
        made._open(own)
        return made

    def _open(self, own: UnitSlice) -> None:
        self.own = own
        self.data = own.data
        self.unit_id = own.unit_id
        self.name = page.unit_name(own.data, own.unit_id)
        self.scheme = own.data.basis.scheme
        self.result: dict[str, Any] = records(own.data.results)[0]
        self.items: dict[str, dict[str, Any]] = {row["item"]: row for row in records(own.data.items)}
        self.lines = read_lines(own.data.ledger, self.scheme)

    # ---- what the figures and the sentences are made of -----------------------------------------------------

    @property
    def vetoed(self) -> bool:
        """Whether a veto item applies; then nothing else is scored."""
        return bool(self.result["status"] == "vetoed")

    @property
    def failed(self) -> bool:
        """Whether the unit lies below the pass mark, by the score that the mark is held against."""
        return not self.vetoed and self.scheme.fails(self.key_score, self.final_score)

    @property
    def key_score(self) -> Decimal:
        """The key score; ValueError for a vetoed unit, which has none."""
        return _exists(self.result["key_score"])

    @property
    def final_score(self) -> Decimal:
        """The final score; ValueError for a vetoed unit, which has none."""
        return _exists(self.result["final_score"])

    @property
    def grade(self) -> str:
        """The grade as reports print it: 合格 is followed by what is still to be approved."""
        return self.scheme.grades.printed(str(self.result["grade"]))

    @cached_property
    def account(self) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """The ledger's final rows that make the key score, and those that make the bonus; none for a vetoed unit."""
        lines = [line for line in self.lines if line.part == "final" and line.moved]
        reached, count = ZERO, 0
        while count < len(lines) and reached != self.key_score:
            reached, count = reached + lines[count].moved, count + 1
        return tuple(lines[:count]), tuple(lines[count:])

    def part_lines(self, part: str) -> tuple[Line, ...]:
        """Return the unit's ledger lines of one part, in the ledger's order."""
        return tuple(line for line in self.lines if line.part == part)

    def item_lines(self, item_id: str) -> tuple[Line, ...]:
        """Return the unit's ledger lines of one item, in the ledger's order."""
        return tuple(line for line in self.lines if line.item == item_id)

    @cached_property
    def moving(self) -> tuple[Line, ...]:
        """The lines that moved the score, the largest first; equal ones in the ledger's order."""
        moved = [line for line in self.lines if line.part in ("key", "bonus") and line.moved != ZERO]
        return tuple(sorted(moved, key=lambda line: (-abs(line.moved), line.seq)))

    @property
    def open_items(self) -> tuple[Item, ...]:
        """The items that are unresolved, in the scheme's order."""
        return tuple(i for i in self.scheme.items if i.id in self.items and self.items[i.id]["unresolved"])

    @cached_property
    def decisions(self) -> list[dict[str, Any]]:
        """The decisions of 调整复核 on the unit's rows, in the order of their file."""
        return adjustments.adjustments_of(self.data, self.unit_id)

    @property
    def peers(self) -> Peers:
        """What may be told of other units; blank for a vetoed unit, which is compared with none."""
        return self.own.peers

    @property
    def history(self) -> History:
        """The unit's earlier years; ValueError where nobody looked for them."""
        if self.own.history is None:
            raise ValueError("this report was made without its history")
        return self.own.history

    def marked(self, field: str, text: str) -> Markup:
        """Print a value of the unit's result so that verification finds it."""
        return figure(self.unit_id, field, self.result[field], text)

    def item_name(self, item_id: str) -> str:
        """Return an item's id and name as reports print them; the conclusion has a name alone."""
        if item_id == "final":
            return self.scheme.parts.final.name
        return f"{item_id} {self.scheme.item(item_id).name}"

    def reading_names(self, line: Line) -> str:
        """Name the readings that a line depends on, blank when there are none."""
        return "、".join(self.scheme.readings[key].name for key, _ in line.readings)

    def readings_sentence(self) -> str:
        """Say what all combinations of readings do to the unit's conclusion; blank where they were not tried."""
        return self.own.sentence

    # ---- the pieces of the report, in their order ------------------------------------------------------------

    def title(self) -> Html:
        """Show what this is: whose report, of which year, by which document, in which state."""
        basis = self.data.basis
        return render(
            "title",
            subject=page.subject(self.data),
            heading=f"{self.name}考核情况报告",
            state=page.draft_label(self.data),
            sample=page.SAMPLE if self.scheme.sample else "",
            facts=[
                ("单位编码", self.unit_id),
                ("组别", self.result["group"]),
                ("依据", self.scheme.document.number),
                ("计分日期", words.day(basis.run_date)),
                ("数据摘要", self.own.digest[:16]),
                *page.approval_facts(self.data),
            ],
        )

    def conclusion(self) -> Html:
        """Show the first page: score, grade and ranks, why, the three parts, what could still change it."""
        return unit_first.conclusion(self)

    def main_facts(self) -> Html:
        """Show the few facts that cost or earned most."""
        return unit_first.main_facts(self)

    def place(self) -> Html:
        """Say where the unit stands in its group, without telling any other unit's score."""
        return unit_place.place(self)

    def items_compared(self) -> Html:
        """Show each judged item beside the group's median."""
        return unit_place.items(self)

    def deadlines(self) -> Html:
        """Show the deadlines kept and missed: due when, came when, what it cost."""
        return unit_deadlines.show(self)

    def clauses(self, *locators: str) -> Html:
        """Quote clauses: the official text where the office supplied it, else our summary, marked 摘要."""
        found = [(at, *unit_facts.clause_text(self, at)) for at in locators]
        rows = [{"locator": at, "text": text, "kind": kind} for at, text, kind in found if text]
        return render("clauses", rows=rows, document=self.scheme.document.number)

    def part_clauses(self, part: str) -> Html:
        """Quote the clauses of a part: its own, its items' and those that its ledger lines cite."""
        rule = getattr(self.scheme.parts, part)
        reports = [due.clause for item in self.scheme.part_items(part) for due in _due_reports(item)]
        items = [item.clause for item in self.scheme.part_items(part)]
        return self.clauses(*dict.fromkeys([rule.clause, *items, *reports]))

    def veto(self) -> Html:
        """Show every fact of the veto items and say whether they apply."""
        if not self.scheme.part_items("veto"):
            return sentence("本方案没有否决项目。", mark="said")
        hit = [i.name for i in self.scheme.part_items("veto") if self.items.get(i.id, {}).get("note") == "vetoed"]
        name = self.scheme.parts.veto.name
        said = f"构成{name}：{'、'.join(hit)}。" if hit else f"各项均未构成{name}。"
        return sentence(f"本单位{said}", mark="fail" if hit else "said") + self._facts("veto", f"{name}的事实")

    def key(self) -> Html:
        """Show every fact of the key part in the order of its day, and what they add up to."""
        if self.vetoed:
            return self._not_scored("key")
        lines = [line for line in self.part_lines("key") if self.scheme.item(line.item).start]
        taken = [line for line in lines if line.moved != ZERO]
        cut = [line for line in lines if line.status in ("capped", "floored")]
        lost = sum(((line.nominal or ZERO) - line.moved for line in cut), ZERO)
        sums = number(-sum((line.moved for line in taken), ZERO))
        said = f"本单位共 {len(taken)} 笔扣分，合计扣 {sums} 分{raw_points(self.scheme)}，"
        made = f"得 {number(self.key_score)} 分。"
        said += made
        if not taken:
            said = f"本单位没有扣分，{made}"
        if not simple_key(self.scheme):
            said = said.removesuffix(made).rstrip("，") + "。" if lines else ""
            said = f"{unit_first.composed(self)}{said}"
        if lost:
            said += f"其中 {len(cut)} 笔因扣分上限或扣至零，少扣 {number(-lost)} 分。"
        return sentence(said, mark="said") + self._facts("key", f"{self.scheme.parts.key.name}的事实，按日期先后")

    def bonus(self) -> Html:
        """Show every fact of the bonus items; a closed gate says why the bonus is blank and not 0."""
        if self.vetoed:
            return self._not_scored("bonus")
        if not self.scheme.part_items("bonus"):
            return sentence("本方案没有加分项目。", mark="said")
        if not self.result["bonus_open"]:
            return self._gate_closed()
        cap, floor, name = (
            self.scheme.judgement.bonus_cap,
            self.scheme.judgement.bonus_floor,
            self.scheme.parts.bonus.name,
        )
        added = sum((_exists(self.items[i.id]["points"]) for i in self.scheme.part_items("bonus")), ZERO)
        earned = _exists(self.result["bonus_score"])
        limits = "，".join(f"{line.name} {plain(line.points)} 分" for line in (cap, floor) if line is not None)
        said = f"本单位各{name}项合计 {number(added)} 分，计入 {number(earned)} 分" + (
            f"（{limits}）。" if limits else "。"
        )
        if any(dimension.part == "bonus" for dimension in self.scheme.dimensions):
            told = "，".join(f"{line.label} {signed(line.moved)}" for line in self.account[1])
            said += f"按维度计入：{told}。" if told else ""
        return sentence(said, mark="said") + self._facts("bonus", f"{self.scheme.parts.bonus.name}的事实")

    def _gate_closed(self) -> Html:
        lines = self.part_lines("bonus")
        names = "、".join(i.name for i in self.scheme.part_items("bonus"))
        formula = next((line.formula for line in lines if line.formula), "")
        options = [row["option"] for row in reading_rows(lines, self.scheme, self.data.basis.readings)]
        gate, parts = self.scheme.judgement.bonus_gate, self.scheme.parts
        assert gate is not None  # without a gate the bonus part is open
        said = f"{parts.key.name} {number(self.key_score)} 分，未过{gate.name}（{formula}），"
        said += f"{parts.bonus.name}部分不开启。"
        if options:
            said += f"口径：{'；'.join(options)}。"
        return sentence(said, f"{names}均不计：{parts.bonus.name}一栏为空白，不是 0 分。", mark="said")

    def _not_scored(self, part: str) -> Html:
        veto = self.scheme.parts.veto
        return sentence(
            f"依{veto.clause}，本单位已构成{veto.name}，{getattr(self.scheme.parts, part).name}部分不计分。",
            mark="said",
        )

    def _facts(self, part: str, caption: str) -> Html:
        return unit_facts.facts(self, part, caption)

    def readings(self) -> Html:
        """Show the readings that the unit's numbers depend on, in words."""
        columns = (
            Column("name", "口径", "short"),
            Column("question", "问题"),
            Column("option", "本次采用"),
            Column("default", "性质"),
            Column("items", "涉及"),
            Column("clause", "条款", "short"),
        )
        rows = reading_rows(self.lines, self.scheme, self.data.basis.readings)
        return table(rows, columns, empty="本单位的结果不依赖任何口径。", css="readings")

    def to_do(self) -> Html:
        """Show what is unresolved and what to do about it, then what deserves attention."""
        return unit_open.to_do(self)

    def objection(self) -> Html:
        """Show how to object to a number, and the form to do it on."""
        return unit_open.objection(self)

    def adjustments(self) -> Html:
        """Show every 调整复核 on the unit's rows: old and new value, influence, reason, who decided under what."""
        return adjustments.annex(self.decisions, self.lines)

    def ledger(self) -> Html:
        """Show the unit's whole ledger, row by row, as it stands in the results."""
        entries = [
            {"line": line, "item": self.item_name(line.item), "readings": self.reading_names(line)}
            for line in self.lines
        ]
        return render("ledger", entries=entries, follows=bool(self.decisions))

    def signatures(self) -> Html:
        """Show the lines to sign on; nobody's name is printed."""
        return render("signatures", names=("编制人", "复核人", "日期"))

    def check(self) -> Html:
        """Add the ledger up again and compare it with the results; raise AssertionError where they differ."""
        totals = check_chains(self.lines)
        for item, row in self.items.items():
            if row["points"] is not None and totals.get((self.unit_id, item)) != row["points"]:
                raise AssertionError(f"{self.unit_id} {item}：台账合计与得分 {row['points']} 不符")
        if [line.seq for line in self.lines] != list(range(1, len(self.lines) + 1)):
            raise AssertionError(f"{self.unit_id}：台账行号不连续")
        if not self.vetoed:
            exempt = exempt_items(self.scheme, self.unit_id, str(self.result["group"]))
            points = {i.id: _exists(self.items[i.id]["points"]) for i in self.scheme.key_items if i not in exempt}
            if sum((step.points for step in key_steps(self.scheme, points, exempt)), ZERO) != self.key_score:
                raise AssertionError(f"{self.unit_id}：重点考核得分与结果不符")
            if totals.get((self.unit_id, "final")) != self.final_score:
                raise AssertionError(f"{self.unit_id}：台账结论与最终得分不符")
            if self.key_score + (self.result["bonus_score"] or ZERO) != self.final_score:
                raise AssertionError(f"{self.unit_id}：重点考核得分与加分之和不等于最终得分")
        elif self.result["final_score"] is not None:
            raise AssertionError(f"{self.unit_id}：单项否决的单位不应有得分")
        return sentence(f"核对通过：{len(self.lines)} 行台账逐行相加，与结果一致。", mark="said checked")


def _exists(value: Decimal | None) -> Decimal:
    if value is None:
        raise ValueError("this unit has no such score")
    return value


def _due_reports(item: Item) -> Iterable[Any]:
    facts: Sequence[Any] = getattr(item.rule, "facts", ())
    return [due for fact in facts for due in getattr(fact, "due", ())]
