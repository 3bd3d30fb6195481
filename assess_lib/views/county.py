"""The county's summary: who came out where, what cost most, what is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assess_lib.errors import SEVERITY_NAMES
from assess_lib.exact import ZERO, mean
from assess_lib.scheme import KNOWN_READINGS, Item
from assess_lib.tables import TABLES, Row
from assess_lib.views import page, words
from assess_lib.views.html import Column, Html, render, sentence, table
from assess_lib.views.lines import Line, check_chains, describe_reading, read_lines, records
from assess_lib.views.words import number, plain, signed

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

STANDARDS = "扣分标准"


class CountySummary:
    """A scored set seen as a whole, ready to be shown piece by piece.

    Takes the set and the clean rows of 扣分标准, by which deductions are summed up.
    """

    def __init__(self, data: ScoredSet, standards: Sequence[Row]) -> None:
        self.data = data
        self.scheme = data.basis.scheme
        self.standards = {str(row.source): row for row in standards}
        self.results: list[dict[str, Any]] = records(data.results)
        self.items: list[dict[str, Any]] = records(data.items)
        self.names: dict[str, str] = {row["unit_id"]: row["unit_name"] for row in self.results}

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The whole ledger in words."""
        return read_lines(self.data.ledger, self.scheme)

    @property
    def scored(self) -> list[dict[str, Any]]:
        """The results of units that have a final score, in roster order."""
        return [row for row in self.results if row["final_score"] is not None]

    @property
    def vetoed(self) -> list[dict[str, Any]]:
        """The results of vetoed units, in roster order."""
        return [row for row in self.results if row["status"] == "vetoed"]

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The results of scored units below the pass mark, in roster order."""
        mark = self.scheme.judgement.pass_mark.points
        return [row for row in self.scored if row["key_score"] < mark]

    def grade(self, row: dict[str, Any]) -> str:
        """Return a result's grade as reports print it."""
        grades = self.scheme.grades
        return row["grade"] + grades.pending if row["grade"] == grades.passed else str(row["grade"])

    # ---- the pieces, in their order --------------------------------------------------------------------------

    def title(self) -> Html:
        """Show what this is: of which year, by which document, in which state."""
        basis = self.data.basis
        return render(
            "title",
            subject=page.subject(self.data),
            heading="全县汇总分析",
            state=page.draft_label(self.data),
            sample=page.SAMPLE if self.scheme.sample else "",
            facts=[
                ("依据", self.scheme.document.number),
                ("计分日期", words.day(basis.run_date)),
                ("凭据摘要", self.data.receipt_digest[:16]),
            ],
        )

    def headline(self) -> Html:
        """Show the headline counts, then what they say in sentences."""
        scored, opened = self.scored, [row for row in self.scored if row["bonus_open"]]
        unresolved = [row for row in self.results if row["unresolved"]]
        figures = [
            ("考核单位", str(len(self.results)), self._group_sizes(self.results)),
            ("合格", str(len(scored) - len(self.failed)), self.scheme.grades.pending.strip("（）")),
            ("不合格", str(len(self.vetoed) + len(self.failed)), f"否决 {len(self.vetoed)}，低分 {len(self.failed)}"),
            ("开启加分", str(len(opened)), self.scheme.judgement.bonus_gate.name),
            ("有待定项", str(len(unresolved)), f"共 {sum(row['unresolved'] for row in unresolved)} 项"),
        ]
        return render("headline", figures=figures, sentences=self._headline_sentences())

    def _headline_sentences(self) -> list[str]:
        scored = self.scored
        if not scored:
            return ["没有单位有最终得分。"]
        finals = sorted((row["final_score"] for row in scored), reverse=True)
        best = "、".join(row["unit_name"] for row in scored if row["rank_overall"] == 1)
        said = f"{len(scored)} 个单位有最终得分，最高 {number(finals[0])} 分（{best}），最低 {number(finals[-1])} 分，"
        said += f"平均 {number(mean(finals))} 分。"
        for group in self.scheme.groups:
            own = [row["final_score"] for row in scored if row["group"] == group.name]
            if own:
                said += f"{group.name} {len(own)} 个，平均 {number(mean(own))} 分。"
        return [said]

    def _group_sizes(self, rows: Iterable[dict[str, Any]]) -> str:
        sizes = Counter(row["group"] for row in rows)
        return "，".join(f"{group.name} {sizes[group.name]}" for group in self.scheme.groups)

    def ranking(self, group: str) -> Html:
        """Show one group's ranking; vetoed units stand below it, without score and rank."""
        rows = [row for row in self.results if row["group"] == group]
        ordered = sorted(rows, key=lambda row: (row["rank_in_group"] is None, row["rank_in_group"] or 0))
        shown = [
            row
            | {
                "bonus": signed(row["bonus_score"]) if row["bonus_open"] else words.ABSENT,
                "printed": self.grade(row) + ("（否决）" if row["status"] == "vetoed" else ""),
                "open": row["unresolved"] or "",
            }
            for row in ordered
        ]
        columns = (
            Column("rank_in_group", "组内名次", "number"),
            Column("unit_name", "单位", "short"),
            Column("key_score", "重点考核", "number"),
            Column("bonus", "加分", "number"),
            Column("final_score", "最终得分", "number"),
            Column("rank_overall", "全县名次", "number"),
            Column("printed", "等次", "short"),
            Column("open", "待定", "number"),
        )
        return table(shown, columns, caption=f"{group} {len(rows)} 个单位", css="ranking")

    def rankings(self) -> Html:
        """Show every group's ranking, in the scheme's order."""
        shown = [self.ranking(group.name) for group in self.scheme.groups]
        return sum(shown[1:], shown[0])

    def vetoes(self) -> Html:
        """Show who is vetoed, by which item and on what ground."""
        rows = [
            {
                "unit": self.names[item["unit_id"]],
                "item": self._item_name(item["item"]),
                "clause": line.clause,
                "why": line.label,
            }
            for item in self.items
            if item["note"] == "vetoed"
            for line in self.lines
            if (line.unit_id, line.item, line.status) == (item["unit_id"], item["item"], "verdict")
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("item", "项目", "short"),
            Column("clause", "条款", "short"),
            Column("why", "事由"),
        )
        return table(rows, columns, empty="没有单位被单项否决。")

    def failures(self) -> Html:
        """Show the units below the pass mark and how far below it they are."""
        mark = self.scheme.judgement.pass_mark
        rows = [row | {"gap": number(row["key_score"] - mark.points)} for row in self.failed]
        columns = (
            Column("unit_name", "单位", "short"),
            Column("key_score", "重点考核", "number"),
            Column("gap", f"距 {plain(mark.points)} 分", "number"),
        )
        return table(rows, columns, empty=f"没有单位低于 {plain(mark.points)} 分{mark.name}。")

    def deductions(self) -> list[dict[str, Any]]:
        """Sum up what the key part lost, by standard, the costliest first: points, times, units, running share.

        A deduction belongs to the standard whose row its ledger line names; shares are whole per cents of the total.
        """
        key = self.scheme.key_item.id
        points: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        times: Counter[str] = Counter()
        units: defaultdict[str, set[str]] = defaultdict(set)
        for record, line in zip(self.data.ledger.to_dict("records"), self.lines, strict=True):
            if line.item != key or not line.moved:
                continue
            source = next((at for at in str(record["source"]).split("; ") if at in self.standards), "")
            points[source] -= line.moved
            times[source] += 1
            units[source].add(line.unit_id)
        total = sum(points.values(), ZERO)
        rows, running = [], ZERO
        for source in sorted(points, key=lambda at: (-points[at], at)):
            row = self.standards.get(source)
            running += points[source]
            rows.append(
                {
                    "code": row["标准编号"] if row else "其他",
                    "what": row["扣分情形"] if row else "没有对应标准的扣分",
                    "points": points[source],
                    "times": times[source],
                    "units": len(units[source]),
                    "share": running / total * 100,
                }
            )
        return rows

    def costs(self) -> Html:
        """Show what cost the county most, with the running share of all deductions."""
        rows = self.deductions()
        total = sum((row["points"] for row in rows), ZERO)
        columns = (
            Column("code", "标准", "short"),
            Column("what", "扣分情形"),
            Column("points", "共扣", "number"),
            Column("times", "笔数", "number"),
            Column("units", "单位数", "number"),
            Column("share", "累计占比", "number"),
        )
        shown = [row | {"share": f"{row['share']:.0f}%"} for row in rows]
        made = table(shown, columns, empty="全县重点考核没有扣分。")
        if not rows:
            return made
        half = next(index for index, row in enumerate(rows, start=1) if row["share"] >= 50)
        said = f"全县重点考核共扣 {number(total)} 分，涉及 {len(rows)} 项标准；其中前 {half} 项占一半以上。"
        return sentence(said, mark="said") + made

    def bonuses(self) -> Html:
        """Show what each bonus item gave: how many units earned it, how much, what is unresolved."""
        rows = []
        for item in self.scheme.part_items("bonus"):
            mine = [row for row in self.items if row["item"] == item.id]
            points = [row["points"] for row in mine]
            rows.append(
                {
                    "item": self._item_name(item.id),
                    "cap": plain(item.full),
                    "judged": len(mine),
                    "earned": sum(value > ZERO for value in points),
                    "full": sum(value == item.cap for value in points),
                    "mean": mean(points) if points else None,
                    "open": sum(row["unresolved"] for row in mine),
                }
            )
        columns = (
            Column("item", "项目", "short"),
            Column("cap", "满分", "number"),
            Column("judged", "计分单位", "number"),
            Column("earned", "得分单位", "number"),
            Column("full", "满分单位", "number"),
            Column("mean", "平均得分", "number"),
            Column("open", "待定单位", "number"),
        )
        return table(rows, columns)

    def to_do(self) -> Html:
        """Show every unresolved item with what to do about it; the same gap of many units is one row."""
        problems = self.data.problems
        mine = problems[problems["severity"] == "unresolved"].to_dict("records")
        units: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        for row in mine:
            name = str(row["value"])
            units[row["message"].replace(name, "本单位") if name else row["message"], row["remedy"], ""].append(name)
        rows = [
            {"message": message, "remedy": remedy, "count": len(names), "units": "、".join(filter(None, names))}
            for (message, remedy, _), names in units.items()
        ]
        columns = (
            Column("message", "待定事项"),
            Column("count", "单位数", "number"),
            Column("units", "单位"),
            Column("remedy", "怎么办"),
        )
        count = sum(row["unresolved"] for row in self.results)
        said = f"共 {count} 项待定，须补正后重新计分；有待定项目时不能送审。" if count else "没有待定项目。"
        shown = sentence(said, mark="warn" if count else "said")
        return shown + table(rows, columns, css="to-do by-unit") if rows else shown

    def data_quality(self) -> Html:
        """Show how many rows of each table were read, accepted, rejected and set aside, and what was found."""
        counts: dict[str, list[int]] = {}
        for row in self.data.rows.to_dict("records"):
            sums = counts.setdefault(row["table"], [0, 0, 0, 0])
            for index, column in enumerate(("read", "accepted", "rejected", "set_aside")):
                sums[index] += row[column]
        rows = [
            dict(zip(("table", "read", "accepted", "rejected", "set_aside"), (name, *counts[name]), strict=True))
            for name in [*TABLES, *sorted(set(counts) - set(TABLES))]
            if name in counts
        ]
        columns = (
            Column("table", "表"),
            Column("read", "读入", "number"),
            Column("accepted", "采用", "number"),
            Column("rejected", "拒收", "number"),
            Column("set_aside", "另置", "number"),
        )
        found = Counter(self.data.problems["severity"])
        said = "，".join(f"{word} {found[severity]} 条" for severity, word in SEVERITY_NAMES.items())
        return sentence(f"清洗和计分共发现：{said}。", mark="said") + table(rows, columns, empty="没有读入任何表。")

    def readings(self) -> Html:
        """Show every reading in force, in words."""
        rows = [describe_reading(key, self.scheme, self.data.basis.readings) for key in KNOWN_READINGS]
        columns = (
            Column("name", "口径", "short"),
            Column("question", "问题"),
            Column("option", "本次采用"),
            Column("default", "性质"),
            Column("clause", "条款", "short"),
        )
        return table(rows, columns, css="readings")

    def signatures(self) -> Html:
        """Show the lines to sign on; nobody's name is printed."""
        return render("signatures", names=("编制人", "复核人", "日期"))

    def check(self) -> Html:
        """Add the whole ledger up again and compare it with the results; raise AssertionError where they differ."""
        totals = check_chains(self.lines)
        for row in self.items:
            if row["points"] is not None and totals.get((row["unit_id"], row["item"])) != row["points"]:
                raise AssertionError(f"{row['unit_id']} {row['item']}：台账合计与得分 {row['points']} 不符")
        for row in self.results:
            if totals.get((row["unit_id"], "final")) != row["final_score"]:
                raise AssertionError(f"{row['unit_id']}：台账结论与最终得分不符")
            if row["unresolved"] != sum(i["unresolved"] for i in self.items if i["unit_id"] == row["unit_id"]):
                raise AssertionError(f"{row['unit_id']}：待定项数与各项不符")
        lost = sum((self.scheme.key_item.full - row["key_score"] for row in self.scored), ZERO)
        if lost != sum((row["points"] for row in self.deductions()), ZERO):
            raise AssertionError("按标准汇总的扣分与各单位扣分之和不符")
        said = f"核对通过：{len(self.results)} 个单位、{len(self.lines)} 行台账逐行相加，与结果一致；"
        said += "扣分汇总与各单位之和相等。"
        return sentence(said, mark="said")

    def _item_name(self, item_id: str) -> str:
        return f"{item_id} {self.scheme.item(item_id).name}"

    def scored_items(self) -> tuple[Item, ...]:
        """Return the items that carry points, in the scheme's order."""
        return tuple(item for item in self.scheme.items if item.part != "veto")
