"""One unit's report: what came out, why, by which clause, and what is still open.

Everything shown is the unit's own. Words for the general reader stand in the notebook; the sentences
about this unit are made here, from the results and the ledger alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assess_lib.errors import SEVERITY_NAMES, Severity
from assess_lib.exact import ZERO
from assess_lib.scheme import Item
from assess_lib.views import page, words
from assess_lib.views.html import Column, Html, render, sentence, table
from assess_lib.views.lines import Line, check_chains, read_lines, reading_rows, records
from assess_lib.views.words import number, plain, signed

if TYPE_CHECKING:
    from pandas import DataFrame

    from assess_lib.store import ScoredSet

MAIN_FACTS = 5


class UnitReport:
    """One unit of a scored set, ready to be shown piece by piece.

    Takes the set and a 单位编码; raises UsageError for a unit that the set does not have.
    """

    def __init__(self, data: ScoredSet, unit_id: str) -> None:
        self.data = data
        self.unit_id = unit_id
        self.name = page.unit_name(data, unit_id)
        self.scheme = data.basis.scheme
        self.result: dict[str, Any] = _only(data.results, unit_id)[0]
        self.items: dict[str, dict[str, Any]] = {row["item"]: row for row in _only(data.items, unit_id)}
        self.lines = read_lines(data.ledger[data.ledger["unit_id"] == unit_id], self.scheme)

    # ---- what the figures and the sentences are made of -----------------------------------------------------

    @property
    def vetoed(self) -> bool:
        """Whether a veto item applies; then nothing else is scored."""
        return bool(self.result["status"] == "vetoed")

    @property
    def failed(self) -> bool:
        """Whether the key score lies below the pass mark."""
        return not self.vetoed and self.key_score < self.scheme.judgement.pass_mark.points

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
        grades = self.scheme.grades
        grade = str(self.result["grade"])
        return grade + grades.pending if grade == grades.passed else grade

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

    def _ranked(self, group: str | None = None) -> int:
        """Count the units that have a final score, in one group or in all."""
        results = self.data.results
        chosen = results if group is None else results[results["group"] == group]
        return sum(score is not None for score in chosen["final_score"])

    def _grounds(self) -> list[str]:
        """Say on what grounds the unit is vetoed: the closing line of each veto item that applies."""
        vetoes = [item for item, row in self.items.items() if row["note"] == "vetoed"]
        return [line.label for item in vetoes for line in self.item_lines(item) if line.status == "verdict"]

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
                ("凭据摘要", self.data.receipt_digest[:16]),
            ],
        )

    def conclusion(self) -> Html:
        """Show the conclusion first: in a sentence, then in figures, then what could still change it."""
        return render(
            "conclusion",
            verdict=self.grade if not self.vetoed else f"{self.grade}（{self.scheme.parts.veto.name}）",
            mark="fail" if self.vetoed or self.failed else "pass",
            sentences=self._conclusion_sentences(),
            grounds=self._grounds(),
            figures=self._figures(),
            open_items=[f"{item.id} {item.name}" for item in self.open_items],
        )

    def _conclusion_sentences(self) -> list[str]:
        year = self.data.basis.year
        if self.vetoed:
            veto = self.scheme.parts.veto
            return [
                f"{self.name}{year}年度依{veto.clause}构成{veto.name}，等次为{self.grade}；其余项目不计分，不排名。"
            ]
        group = self.result["group"]
        scored = (
            f"{self.name}{year}年度最终得分 {number(self.final_score)} 分，等次为{self.grade}；"
            f"在{group} {self._ranked(group)} 个有得分的单位中列第 {self.result['rank_in_group']} 名，"
            f"在全县 {self._ranked()} 个有得分的单位中列第 {self.result['rank_overall']} 名。"
        )
        judgement = self.scheme.judgement
        distances = "，".join(
            _distance(self.key_score, line.points, line.name) for line in (judgement.pass_mark, judgement.bonus_gate)
        )
        key = self.scheme.key_item.name
        texts = [scored, f"{key}得 {number(self.key_score)} 分，{distances}。"]
        if self.failed:
            texts.append(f"{key}低于{judgement.pass_mark.name}，等次为{self.grade}，不再加分，仍参加排名。")
        elif not self.result["bonus_open"]:
            texts.append(f"{key}未过{judgement.bonus_gate.name}，不加分：加分为空白，不是 0 分。")
        return texts

    def _figures(self) -> list[tuple[str, str, str]]:
        """List the headline figures: name, value, remark."""
        if self.vetoed:
            none = words.ABSENT
            return [("最终得分", none, "不计分"), ("组内名次", none, "不排名"), ("全县名次", none, "不排名")]
        key, bonus = self.scheme.key_item, self.scheme.judgement.bonus_cap
        opened = self.result["bonus_open"]
        group = self.result["group"]
        open_parts = {item.part for item in self.open_items}
        provisional = {part: "暂计，" if part in open_parts else "" for part in ("key", "bonus")}
        return [
            (
                "最终得分",
                number(self.final_score),
                f"{key.name}＋{self.scheme.parts.bonus.name}" if opened else f"即{key.name}",
            ),
            (f"{group}名次", str(self.result["rank_in_group"]), f"共 {self._ranked(group)} 个"),
            ("全县名次", str(self.result["rank_overall"]), f"共 {self._ranked()} 个"),
            (key.name, number(self.key_score), f"{provisional['key']}扣 {number(key.full - self.key_score)}"),
            (
                self.scheme.parts.bonus.name,
                signed(self.result["bonus_score"]) if opened else words.ABSENT,
                f"{provisional['bonus']}上限 {plain(bonus.points)}" if opened else "未开启",
            ),
        ]

    def main_facts(self) -> Html:
        """Show the few facts that cost or earned most."""
        rows = [
            {"points": signed(line.moved), "what": line.label, "item": self._item_name(line.item), "seq": line.seq}
            for line in self.moving[:MAIN_FACTS]
        ]
        columns = (
            Column("points", "分值", "number"),
            Column("what", "事实"),
            Column("item", "项目", "short"),
            Column("seq", "台账行", "number"),
        )
        empty = "因单项否决，没有计分的事实。" if self.vetoed else "没有扣分，也没有加分。"
        return table(rows, columns, empty=empty, css="main-facts")

    def clauses(self, *locators: str) -> Html:
        """Quote clauses: the official text where the office supplied it, else our retelling, marked as such."""
        quotes, own = self.data.basis.quotes, self.scheme.clauses
        rows = [
            {"locator": at, "text": quotes.get(at) or own.get(at, ""), "kind": "原文" if quotes.get(at) else "转述"}
            for at in locators
            if quotes.get(at) or own.get(at)
        ]
        return render("clauses", rows=rows, document=self.scheme.document.number)

    def part_clauses(self, part: str) -> Html:
        """Quote the clauses of a part: its own, its items' and those that its ledger lines cite."""
        rule = getattr(self.scheme.parts, part)
        reports = [due.clause for item in self.scheme.part_items(part) for due in _due_reports(item)]
        items = [item.clause for item in self.scheme.part_items(part)]
        return self.clauses(*dict.fromkeys([rule.clause, *items, *reports]))

    def veto(self) -> Html:
        """Show every fact of the veto items and say whether they apply."""
        hit = [i.name for i in self.scheme.part_items("veto") if self.items.get(i.id, {}).get("note") == "vetoed"]
        name = self.scheme.parts.veto.name
        said = f"构成{name}：{'、'.join(hit)}。" if hit else f"各项均未构成{name}。"
        return self._facts("veto", f"{name}的事实") + sentence(f"本单位{said}", mark="fail" if hit else "said")

    def key(self) -> Html:
        """Show every fact of the key part in the order of its day, and what they add up to."""
        if self.vetoed:
            return self._not_scored("key")
        lines = self.part_lines("key")
        taken = [line for line in lines if line.moved != ZERO]
        cut = [line for line in lines if line.status in ("capped", "floored")]
        lost = sum(((line.nominal or ZERO) - line.moved for line in cut), ZERO)
        said = f"本单位共 {len(taken)} 笔扣分，合计扣 {number(-sum((x.moved for x in taken), ZERO))} 分，"
        said += f"得 {number(self.key_score)} 分。"
        if not taken:
            said = f"本单位没有扣分，得 {number(self.key_score)} 分。"
        if lost:
            said += f"其中 {len(cut)} 笔因扣分上限或扣至零，少扣 {number(-lost)} 分。"
        return self._facts("key", f"{self.scheme.parts.key.name}的事实，按日期先后") + sentence(said, mark="said")

    def bonus(self) -> Html:
        """Show every fact of the bonus items; a closed gate says why the bonus is blank and not 0."""
        if self.vetoed:
            return self._not_scored("bonus")
        if not self.result["bonus_open"]:
            return self._gate_closed()
        cap = self.scheme.judgement.bonus_cap
        added = sum((_exists(self.items[i.id]["points"]) for i in self.scheme.part_items("bonus")), ZERO)
        earned = _exists(self.result["bonus_score"])
        said = f"本单位各加分项合计 {number(added)} 分，计入 {number(earned)} 分（{cap.name} {plain(cap.points)} 分）。"
        return self._facts("bonus", f"{self.scheme.parts.bonus.name}的事实") + sentence(said, mark="said")

    def _gate_closed(self) -> Html:
        lines = self.part_lines("bonus")
        names = "、".join(i.name for i in self.scheme.part_items("bonus"))
        formula = next((line.formula for line in lines if line.formula), "")
        options = [row["option"] for row in reading_rows(lines, self.scheme, self.data.basis.readings)]
        gate = self.scheme.judgement.bonus_gate
        said = (
            f"{self.scheme.key_item.name} {number(self.key_score)} 分，未过{gate.name}（{formula}），加分部分不开启。"
        )
        if options:
            said += f"口径：{'；'.join(options)}。"
        return sentence(said, f"{names}均不计：加分一栏为空白，不是 0 分。", mark="said")

    def _not_scored(self, part: str) -> Html:
        veto = self.scheme.parts.veto
        return sentence(
            f"依{veto.clause}，本单位已构成{veto.name}，{getattr(self.scheme.parts, part).name}部分不计分。",
            mark="said",
        )

    def _facts(self, part: str, caption: str) -> Html:
        groups = [self._group(item) for item in self.scheme.part_items(part) if self.item_lines(item.id)]
        return render("facts", groups=groups, caption=caption, numbers=part != "veto")

    def _group(self, item: Item) -> dict[str, Any]:
        row = self.items.get(item.id, {})
        outcome = {"vetoed": "构成", "clear": "未构成"}.get(str(row.get("note", "")), "")
        lines = self.item_lines(item.id)
        # Readings that all lines of the item share are named once, in its head.
        common = self._reading_names(lines[0]) if len({line.readings for line in lines}) == 1 else ""
        return {
            "id": item.id,
            "name": item.name,
            "clause": item.clause,
            "points": row.get("points"),
            "cap": item.cap,
            "outcome": outcome,
            "unresolved": bool(row.get("unresolved")),
            "readings": common,
            "lines": [{"line": line, "readings": "" if common else self._reading_names(line)} for line in lines],
        }

    def _reading_names(self, line: Line) -> str:
        return "、".join(self.scheme.readings[key].name for key, _ in line.readings)

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
        if not self.open_items and not self._doubts("warning"):
            return sentence("本单位没有待定事项，也没有需要补正的登记。", mark="said")
        rows = self._doubts("unresolved") + self._doubts("warning")
        columns = (
            Column("kind", "性质", "short"),
            Column("message", "事项"),
            Column("remedy", "怎么办"),
        )
        said = (
            f"共 {len(self.open_items)} 个项目待定（{'、'.join(item.id for item in self.open_items)}），"
            "补正后须重新计分，结果可能变化；有待定项目时不能送审。"
            if self.open_items
            else "没有待定事项；下列登记请核对。"
        )
        return sentence(said, mark="warn" if self.open_items else "said") + table(rows, columns, css="to-do")

    def _doubts(self, severity: Severity) -> list[dict[str, str]]:
        """List the unit's problems of one severity: scoring names the unit in ``value``, the item in ``code``."""
        problems = self.data.problems
        scoring = tuple(f"{severity}.{item.id.lower()}." for item in self.scheme.items)
        mine = problems[(problems["severity"] == severity) & (problems["value"] == self.name)]
        return [
            {"kind": SEVERITY_NAMES[severity], "message": row["message"], "remedy": row["remedy"]}
            for row in mine.to_dict("records")
            if str(row["code"]).startswith(scoring)
        ]

    def ledger(self) -> Html:
        """Show the unit's whole ledger, row by row, as it stands in the results."""
        entries = [
            {"line": line, "item": self._item_name(line.item), "readings": self._reading_names(line)}
            for line in self.lines
        ]
        return render("ledger", entries=entries)

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
            if self.items[self.scheme.key_item.id]["points"] != self.key_score:
                raise AssertionError(f"{self.unit_id}：重点考核得分与结果不符")
            if totals.get((self.unit_id, "final")) != self.final_score:
                raise AssertionError(f"{self.unit_id}：台账结论与最终得分不符")
            if self.key_score + (self.result["bonus_score"] or ZERO) != self.final_score:
                raise AssertionError(f"{self.unit_id}：重点考核得分与加分之和不等于最终得分")
        elif self.result["final_score"] is not None:
            raise AssertionError(f"{self.unit_id}：单项否决的单位不应有得分")
        return sentence(f"核对通过：{len(self.lines)} 行台账逐行相加，与结果一致。", mark="said")

    def _item_name(self, item_id: str) -> str:
        if item_id == "final":
            return self.scheme.parts.final.name
        return f"{item_id} {self.scheme.item(item_id).name}"


def _only(frame: DataFrame, unit_id: str) -> list[dict[str, Any]]:
    return records(frame[frame["unit_id"] == unit_id])


def _exists(value: Decimal | None) -> Decimal:
    if value is None:
        raise ValueError("this unit has no such score")
    return value


def _distance(score: Decimal, line: Decimal, name: str) -> str:
    """Say how far a score lies from a line: 比 60 分合格线高 28.50 分."""
    if score == line:
        return f"恰好等于 {plain(line)} 分{name}"
    return f"比 {plain(line)} 分{name}{'高' if score > line else '低'} {number(abs(score - line))} 分"


def _due_reports(item: Item) -> Iterable[Any]:
    facts: Sequence[Any] = getattr(item.rule, "facts", ())
    return [due for fact in facts for due in getattr(fact, "due", ())]
