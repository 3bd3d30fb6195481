"""The county's summary: who came out where, what cost most, what is still open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from assess_lib.beyond import key_lines
from assess_lib.errors import COUNTED_NAMES
from assess_lib.exact import ZERO
from assess_lib.tables import TABLES, Tables
from assess_lib.views import adjustments, county_detail, county_first, county_lists, objections, page, words
from assess_lib.views.audit_words import DIGEST_STEPS
from assess_lib.views.county_facts import CountyFacts
from assess_lib.views.county_near import MARGIN, near_lines
from assess_lib.views.html import Column, Html, figure, render, sentence, table
from assess_lib.views.html import shown as shown_cell
from assess_lib.views.lines import check_chains, describe_reading
from assess_lib.views.words import number, plain, signed

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

_RANKED_FIELDS = ("rank_in_group", "key_score", "bonus_score", "final_score", "rank_overall", "grade")
VETO_FORM = "单项否决情况认定表"
_TO_FILL = Markup("&nbsp;")  # a cell that a person fills in by hand; an empty one would print as a dash


class CountySummary:
    """A scored set seen as a whole, ready to be shown piece by piece: takes the set and its clean tables."""

    def __init__(self, data: ScoredSet, tables: Tables) -> None:
        self.facts = CountyFacts(data, tables)

    @property
    def data(self) -> ScoredSet:
        """The scored set."""
        return self.facts.data

    # ---- the first page ------------------------------------------------------------------------------------------

    def title(self) -> Html:
        """Show what this is: of which year, by which document, in which state."""
        basis = self.data.basis
        return render(
            "county_title",
            subject=page.subject(self.data),
            heading="全县汇总分析",
            state=page.draft_label(self.data),
            sample=page.SAMPLE if basis.scheme.sample else "",
            facts=[
                ("依据", basis.scheme.document.number),
                ("计分日期", words.day(basis.run_date)),
                ("凭据摘要", self.data.receipt_digest[:16]),
                *page.approval_facts(self.data),
            ],
        )

    def headline(self) -> Html:
        """Show the leader's first page: counts, three sentences, each group's top and bottom, what blocks a final."""
        facts = self.facts
        blocked, open_items = county_first.blockers(facts)
        return render(
            "county_first",
            figures=county_first.counts(facts),
            grades=county_first.grades_text(facts),
            sentences=county_first.sentences(facts),
            contained=county_first.contained(facts),
            groups=[
                {
                    "name": ends.group,
                    "size": ends.size,
                    "parts": [
                        self._part(f"前 {county_first.ENDS} 名", ends.top),
                        self._part(f"后 {len(ends.bottom)} 名", ends.bottom),
                        self._part(f"{facts.scheme.parts.veto.name}，不排名", ends.vetoed),
                    ],
                }
                for ends in county_first.ends(facts)
            ],
            blocked=blocked,
            open_items=open_items,
            unanswered=county_first.unanswered(facts),
        )

    def _part(self, title: str, rows: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        """Return the head and the rows of a part of the first page; what does not fit there is counted in the head."""
        shown = rows[: county_first.NAMED]
        more = f"（共 {len(rows)} 个，先列 {len(shown)} 个）" if len(shown) < len(rows) else ""
        return title + more, [self._end(row) for row in shown]

    def _end(self, row: dict[str, Any]) -> dict[str, Any]:
        unit = row["unit_id"]
        return {
            "unit": row["unit_name"],
            "rank": figure(unit, "rank_in_group", row["rank_in_group"], shown_cell(row["rank_in_group"])),
            "score": figure(unit, "final_score", row["final_score"], number(row["final_score"])),
        }

    # ---- results -------------------------------------------------------------------------------------------------

    def ranking(self, group: str) -> Html:
        """Show one group's ranking; vetoed units stand below it, without score and rank."""
        ordered = self.facts.ordered(group)
        printed = [
            row
            | {
                "bonus_score": signed(row["bonus_score"]) if row["bonus_open"] else words.ABSENT,
                "grade": self.facts.scheme.grades.printed(row["grade"])
                + ("（否决）" if row["status"] == "vetoed" else ""),
            }
            for row in ordered
        ]
        shown = [
            {
                "unit_name": row["unit_name"],
                "open": row["unresolved"] or "",
            }
            | {field: figure(row["unit_id"], field, row[field], shown_cell(told[field])) for field in _RANKED_FIELDS}
            for row, told in zip(ordered, printed, strict=True)
        ]
        columns = (
            Column("rank_in_group", "组内名次", "number"),
            Column("unit_name", "单位", "short"),
            Column("key_score", self.facts.scheme.parts.key.name, "number"),
            Column("bonus_score", self.facts.scheme.parts.bonus.name, "number"),
            Column("final_score", "最终得分", "number"),
            Column("rank_overall", "总名次", "number"),
            Column("grade", "等次", "short"),
            Column("open", "待定", "number"),
        )
        return table(shown, columns, caption=f"{group} {len(ordered)} 个单位", css="ranking")

    def rankings(self) -> Html:
        """Show every group's ranking, in the scheme's order."""
        shown = [self.ranking(group.name) for group in self.facts.scheme.groups]
        return sum(shown[1:], shown[0])

    def vetoes(self) -> Html:
        """Show who is vetoed, by which item and on what ground."""
        rows = [
            {
                "unit": self.facts.names[veto.unit_id],
                "item": self.facts.item_name(veto.item.id),
                "clause": veto.item.clause,
                "why": veto.verdict.label,
            }
            for veto in self.facts.vetoes
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("item", "项目", "short"),
            Column("clause", "条款", "short"),
            Column("why", "事由"),
        )
        if not self.facts.scheme.part_items("veto"):
            return sentence("本方案没有否决项目。")
        return table(rows, columns, empty=f"没有单位被{self.facts.scheme.parts.veto.name}。")

    def veto_form(self) -> Html:
        """Show 单项否决情况认定表 as an annex: each veto's facts, documents and sources, with room to confirm it.

        Nothing is shown when no unit is vetoed.
        """
        rows = [
            {
                "unit": self.facts.names[veto.unit_id],
                "clause": veto.item.clause,
                "item": veto.item.name,
                "facts": county_detail.stacked(veto.facts),
                "documents": county_detail.stacked(tuple(dict.fromkeys(filter(None, veto.documents)))),
                "sources": county_detail.stacked(tuple(dict.fromkeys(veto.sources))),
                "opinion": _TO_FILL,
                "by": _TO_FILL,
                "day": _TO_FILL,
            }
            for veto in self.facts.vetoes
        ]
        columns = (
            Column("unit", "单位"),
            Column("clause", "条款", "short"),
            Column("item", "项目"),
            Column("facts", "事实"),
            Column("documents", "文号"),
            Column("sources", "出处", "code"),
            Column("opinion", "认定意见"),
            Column("by", "认定人"),
            Column("day", "日期"),
        )
        if not rows:
            return render("annex", heading="", texts=(), body="")
        fail = self.facts.scheme.grades.fail
        told = f"有任一情形即为{fail}，其余不再计分。请逐单位核对文件，填写认定意见并签署。"
        body = table(rows, columns, css="veto-form")
        return render("annex", heading=VETO_FORM, texts=(told,), body=body)

    def failures(self) -> Html:
        """Show the units below the pass mark and how far below it they are."""
        mark = self.facts.scheme.judgement.pass_mark
        rows = [row | {"gap": number(row[mark.compares] - mark.points)} for row in self.facts.failed]
        name = self.facts.scheme.parts.key.name if mark.compares == "key_score" else "最终得分"
        columns = (
            Column("unit_name", "单位", "short"),
            Column(mark.compares, name, "number"),
            Column("gap", f"距 {plain(mark.points)} 分", "number"),
        )
        return table(rows, columns, empty=f"没有单位低于 {plain(mark.points)} 分{mark.name}。")

    def near(self) -> Html:
        """Show who is close to a line of the judgement or of an approved band, the nearest first."""
        found = near_lines(self.facts)
        marked = {row["unit_id"]: row for row in self.facts.results}
        rows = [
            {
                "line": one.line,
                "unit": self.facts.names[one.unit_id],
                "score": figure(one.unit_id, one.field, one.score, number(one.score)),
                "gap": one.text(),
                "open": marked[one.unit_id]["unresolved"] or "",
            }
            for one in found
        ]
        columns = (
            Column("line", "分数线", "short"),
            Column("unit", "单位", "short"),
            Column("score", "得分", "number"),
            Column("gap", "相距", "number"),
            Column("open", "待定", "number"),
        )
        empty = f"没有单位距分数线在 {plain(MARGIN)} 分以内。"
        by_key = "和".join(line.name for line in key_lines(self.facts.scheme))
        told = [f"{by_key}看{self.facts.scheme.parts.key.score}"] if by_key else []
        mark, bands = self.facts.scheme.judgement.pass_mark, self.facts.scheme.grades.bands
        by_final = [mark.name] if mark.compares == "final_score" else []
        told.append(
            "和".join([*by_final, "等次分数线"]) + "看最终得分" if bands or not by_final else f"{mark.name}看最终得分"
        )
        said = f"列出距分数线不超过 {plain(MARGIN)} 分的单位：{'，'.join(told)}。"
        return (sentence(said) if found else sentence()) + table(rows, columns, empty=empty, css="dense")

    # ---- details -------------------------------------------------------------------------------------------------

    def costs(self) -> Html:
        """Show what cost the county most, with the running share of all deductions."""
        return county_detail.costs_by_standard(self.facts)

    def standard_costs(self) -> Html:
        """Show of each standard which units lost how much by it."""
        return county_detail.units_by_standard(self.facts)

    def unit_costs(self) -> Html:
        """Show what each unit lost, by standard."""
        return county_detail.costs_by_unit(self.facts)

    def bonuses(self) -> Html:
        """Show what each bonus item gave: how many units earned it, how much, what is unresolved."""
        return county_detail.bonus_summary(self.facts)

    def bonus_details(self) -> Html:
        """Show who earned what in each bonus item, by which facts."""
        return county_detail.bonus_details(self.facts)

    def information(self) -> Html:
        """Show 信息报送: each quarter's lists as the readings have them, and everybody's figures."""
        return county_lists.information(self.facts)

    def timeliness(self) -> Html:
        """Show 材料报送: who sent what when, and how many days late."""
        return county_lists.timeliness(self.facts)

    # ---- what is open, what it rests on --------------------------------------------------------------------------

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
        count = sum(row["unresolved"] for row in self.facts.results)
        said = (
            f"共 {count} 项待定，{len(mine)} 条原因，须补正后重新计分；有待定项目时不能送审。"
            if count
            else "没有待定项目。"
        )
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
        said = "，".join(f"{word} {found[severity]} 条" for severity, word in COUNTED_NAMES.items())
        return sentence(f"清洗和计分共发现：{said}。", mark="said") + table(rows, columns, empty="没有读入任何表。")

    def readings(self) -> Html:
        """Show every reading in force, in words."""
        rows = [
            describe_reading(key, self.facts.scheme, self.data.basis.readings) for key in self.facts.scheme.reading_keys
        ]
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

    def adjustments(self) -> Html:
        """Show every 调整复核 of the county with its unit: old and new value, influence, reason, who decided."""
        return adjustments.annex(adjustments.adjustments_of(self.data), self.facts.lines, self.facts.names)

    def objections(self) -> Html:
        """Show every objection of the county with its unit: state, deadline, answer, what its decision changed."""
        return objections.annex(self.data, self.facts.names)

    def check(self) -> Html:
        """Add the whole ledger up again and compare it with the results; raise AssertionError where they differ.

        Then show the receipt's full digest and how to compare it: who has this page can hold the folder to it.
        """
        facts = self.facts
        totals = check_chains(facts.lines)
        for row in facts.items:
            if row["points"] is not None and totals.get((row["unit_id"], row["item"])) != row["points"]:
                raise AssertionError(f"{row['unit_id']} {row['item']}：台账合计与得分 {row['points']} 不符")
        for row in facts.results:
            if totals.get((row["unit_id"], "final")) != row["final_score"]:
                raise AssertionError(f"{row['unit_id']}：台账结论与最终得分不符")
            if row["unresolved"] != sum(i["unresolved"] for i in facts.items if i["unit_id"] == row["unit_id"]):
                raise AssertionError(f"{row['unit_id']}：待定项数与各项不符")
        full = {item.id: item.full for item in facts.scheme.key_items if item.start}
        lost = sum((full[row["item"]] - row["points"] for row in facts.items if row["item"] in full), ZERO)
        if lost != facts.lost or lost != sum((cost.points for cost in facts.costs()), ZERO):
            raise AssertionError("按标准汇总的扣分与各单位扣分之和不符")
        if len(facts.results) != sum(map(len, (facts.vetoed, facts.failed, facts.passed))):
            raise AssertionError("否决、低于合格线、合格三类单位之和不等于单位总数")
        county_lists.check_tables(facts)
        said = f"核对通过：{len(facts.results)} 个单位、{len(facts.lines)} 行台账逐行相加，与结果一致；"
        said += "扣分汇总与各单位之和相等；信息报送榜单、材料报送情况与台账一致。"
        return sentence(said, mark="said") + render("digest", digest=self.data.receipt_digest, steps=DIGEST_STEPS)
