"""The auditor's page: what was audited, computed again, followed row by row, sampled and compared."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from assess_lib import store
from assess_lib.audit import evidence, lineage, people
from assess_lib.audit.audited import Audited, Step
from assess_lib.errors import COUNTED_NAMES
from assess_lib.exact import ZERO
from assess_lib.tables import TABLES
from assess_lib.views import audit_words as said
from assess_lib.views import page, words
from assess_lib.views.audit_papers import Papers, item_name, unit_text
from assess_lib.views.audit_rows import place, raw_rows
from assess_lib.views.html import Column, Html, figure, render, sentence, table
from assess_lib.views.lines import check_chains, describe_reading, read_lines, records
from assess_lib.views.words import number, signed


def audit_metadata(data: store.ScoredSet) -> page.PageMetadata:
    """Return the page's metadata."""
    made = page.page_metadata(data, None)
    made["title"] = f"{data.basis.year}年审计底稿"
    return made


_VERIFY = "得分请用 assess verify 核对：它从原始文件重新计分，并按方案把各项重新合成总分。"


class AuditPage:
    """A scored set as its auditor works through it; ``raw`` is the year's raw folder."""

    def __init__(self, data: Audited, raw: Path) -> None:
        self.audited = data
        self.data = data.data
        self.raw = raw
        self.scheme = data.scheme

    # ---- 1 what was audited ---------------------------------------------------------------------------------

    def title(self) -> Html:
        """Show what this is: of which year, by which document, in which state."""
        basis = self.data.basis
        return render(
            "title",
            subject=page.subject(self.data),
            heading="审计底稿",
            state=page.draft_label(self.data),
            sample=page.SAMPLE if self.scheme.sample else "",
            facts=[
                ("依据", self.scheme.document.number),
                ("计分日期", words.day(basis.run_date)),
                ("单位", f"{len(self.audited.names)} 个"),
                ("台账", f"{len(self.audited.ledger)} 行"),
                *page.approval_facts(self.data),
            ],
        )

    def subject(self) -> Html:
        """Show what was audited and the full digest of its receipt, and how to compare it."""
        basis = self.data.basis
        rows = [
            {"name": "考核年度", "value": f"{basis.year}"},
            {"name": "考核方案", "value": f"{self.scheme.document.title}（{self.scheme.document.number}）"},
            {"name": "计分日期", "value": words.day(basis.run_date)},
            {"name": "截止日", "value": words.day(self.scheme.cut_off)},
            {"name": "状态", "value": page.draft_label(self.data)},
            {"name": "非默认口径", "value": self._overridden_text()},
            {"name": "原始文件", "value": self._inputs_text()},
        ]
        shown = table(rows, (Column("name", "事项", "short"), Column("value", "内容")))
        return shown + render("digest", digest=self.data.receipt_digest, steps=said.DIGEST_STEPS)

    def _overridden_text(self) -> str:
        changed = [describe_reading(key, self.scheme, self.data.basis.readings) for key in self._overridden]
        return "；".join(f"{row['name']}：{row['option']}" for row in changed) or "无，全部为方案文件的默认口径"

    @property
    def _overridden(self) -> list[str]:
        """The readings in force that are not the scheme file's own."""
        in_force = self.data.basis.readings
        return [key for key in self.scheme.reading_keys if in_force[key] != self.scheme.readings[key].default]

    @cached_property
    def changed_inputs(self) -> list[str]:
        """The input files that are no longer those the receipt lists; their names, sorted."""
        listed = store.Findings.load(self.audited.files["findings.json"]).inputs
        return store.differences(listed, store.hash_inputs(self.raw))

    def _inputs_text(self) -> str:
        listed = store.Findings.load(self.audited.files["findings.json"]).inputs
        if not self.changed_inputs:
            return f"{len(listed)} 个，现在逐个重算的 SHA-256 与凭证一致"
        return f"{len(listed)} 个，其中现在与凭证不一致：{'、'.join(self.changed_inputs)}。请重新运行 assess score"

    def readings(self) -> Html:
        """Show every reading in force, in words."""
        rows = [describe_reading(key, self.scheme, self.data.basis.readings) for key in self.scheme.reading_keys]
        columns = (
            Column("name", "口径", "short"),
            Column("question", "问题"),
            Column("option", "本次采用"),
            Column("default", "性质"),
            Column("clause", "条款", "short"),
        )
        return table(rows, columns, css="readings")

    def uncovered(self) -> Html:
        """List the clauses of the official text that nothing in the scheme refers to, with their first words."""
        basis = self.data.basis
        if not basis.quotes:
            return sentence("没有放入方案原文，没有核对。", mark="said")
        clauses = basis.uncovered
        if not clauses:
            return sentence("方案原文的每一条都有规则、口径、期限或摘要引用。", mark="said")
        columns = (Column("locator", "条款", "short"), Column("words", "原文开头"), Column("line", "行", "number"))
        rows = [{"locator": one.locator, "words": one.words, "line": str(one.line)} for one in clauses]
        return sentence(f"方案原文有 {len(rows)} 条没有规则引用，请逐条判断是否应计分。", mark="said") + table(
            rows, columns, css="dense"
        )

    # ---- 2, 3 computed again, added up again ----------------------------------------------------------------

    def recomputation(self) -> Html:
        """Show where the second computation and the set differ; none is the good case and is said with numbers."""
        again = self.audited.recomputation
        if again.uncovered:
            return sentence(again.uncovered, _VERIFY, mark="warn")
        if not again.differences:
            return sentence(said.agreed(len(again.results), len(again.items), again.fields), mark="said")
        rows = [
            {
                "unit": self._unit(row.unit_id),
                "item": row.item or "结果",
                "field": said.FIELD_WORDS.get(row.field, row.field),
                "printed": said.MISSING if row.printed is None else row.printed,
                "recomputed": said.MISSING if row.recomputed is None else row.recomputed,
            }
            for row in again.differences
        ]
        columns = (
            Column("unit", "单位", "short"),
            Column("item", "项目", "short"),
            Column("field", "栏目", "short"),
            Column("printed", "结果文件", "number"),
            Column("recomputed", "独立重算", "number"),
        )
        return sentence(f"有 {len(rows)} 处不同，须查明后才能使用结果。", mark="warn") + table(rows, columns)

    def balance(self) -> Html:
        """Show where the ledger does not add up, and which of its places lead to no accepted row."""
        again, strange = self.audited.recomputation, lineage.strange_sources(self.audited)
        rows = [
            {
                "unit": self._unit(row.unit_id),
                "seq": row.seq,
                "item": row.item,
                "kind": said.FINDING_WORDS[row.kind],
                "expected": row.expected,
                "found": row.found,
            }
            for row in again.findings
        ]
        rows += [
            {
                "unit": self._unit(step["unit_id"]),
                "seq": step["seq"],
                "item": step["item"],
                "kind": said.FINDING_WORDS["source"],
                "expected": "",
                "found": piece,
            }
            for step, piece in strange
        ]
        if not rows and again.uncovered:
            check_chains(read_lines(self.data.ledger, self.scheme))
            count = len(self.audited.ledger)
            text = f"台账 {count} 行逐行相加，承前、实计、累计首尾相接；出处都是采用的行。"
            return sentence(text, "各项怎样合成总分，另由 assess verify 核对。", mark="said")
        if not rows:
            return sentence(said.balanced(len(self.audited.ledger), again.steps), mark="said")
        columns = (
            Column("unit", "单位", "short"),
            Column("seq", "台账行", "number"),
            Column("item", "项目", "short"),
            Column("kind", "不符之处"),
            Column("expected", "应为", "number"),
            Column("found", "实为", "number"),
        )
        return sentence(f"有 {len(rows)} 处不符，须查明后才能使用结果。", mark="warn") + table(rows, columns)

    # ---- 4 lineage ------------------------------------------------------------------------------------------

    @cached_property
    def covered(self) -> tuple[lineage.TableCoverage, ...]:
        """Every table's accepted rows, accounted for."""
        return lineage.coverage(self.audited)

    def coverage(self) -> Html:
        """Show how many accepted rows some ledger row names, how many none, and why that is right."""
        rows = [
            {
                "table": row.table,
                "accepted": row.accepted,
                "named": row.named,
                "unnamed": row.accepted - row.named,
                "share": words.per_cent(Decimal(100 * row.named) / row.accepted) if row.accepted else "0%",
                "reasons": row.reasons.most_common(),
                "unexplained": [str(raw.source) for raw in row.unexplained],
            }
            for row in self.covered
        ]
        accepted, named = sum(one.accepted for one in self.covered), sum(one.named for one in self.covered)
        text = f"采用的 {accepted} 行中，{named} 行被台账引用；其余 {accepted - named} 行各有理由，列在表中。"
        return sentence(text, mark="said") + render("coverage", rows=rows)

    @cached_property
    def largest(self) -> Step | None:
        """The ledger row of the key part that took most; None if nothing was deducted."""
        keys = {item.id for item in self.scheme.key_items if item.start}
        own = [step for step in self.audited.ledger if step["item"] in keys and (step["points"] or ZERO) < ZERO]
        return min(own, key=lambda step: (step["points"], step["unit_id"], step["seq"]), default=None)

    @property
    def _no_example(self) -> Html:
        judged = any(row["final_score"] is not None for row in records(self.data.results))
        return sentence(f"本年度{words.no_losses(self.scheme.parts.key.name, judged=judged)}，没有可举的例子。")

    def from_row(self) -> Html:
        """Follow the raw row of the largest deduction to every number that it touched."""
        step = self.largest
        if step is None or not (raw := lineage.rows_of_step(self.audited, step)):
            return self._no_example
        touched = lineage.touched_by(self.audited, raw[0].source)
        steps = [self._step(own) for own in touched.steps]
        numbers = [
            {
                "unit": self._unit(one.unit_id),
                "name": said.FIELD_WORDS.get(one.name, self._item_name(one.name)),
                "text": self._figure(one),
            }
            for one in touched.numbers
        ]
        return (
            sentence("原始行：")
            + raw_rows([touched.row])
            + table(steps, said.STEP_COLUMNS, caption="引用它的台账行")
            + table(numbers, said.NUMBER_COLUMNS, caption="它影响到的数")
        )

    def _figure(self, one: lineage.Number) -> Any:
        """Mark a number as results.csv or items.csv holds it."""
        if one.name == "grade":
            return figure(one.unit_id, one.name, one.text, self.scheme.grades.printed(one.text))
        if one.name in said.FIELD_WORDS:
            return figure(one.unit_id, one.name, one.text, one.text)
        points = self.audited.items[one.unit_id, one.name]["points"]
        if points is None:
            return said.VETO_WORDS[one.text]
        return figure(one.unit_id, "points", points, one.text, item=one.name)

    def from_number(self) -> Html:
        """Go from the key score of the unit with the largest deduction back to every raw row that made it."""
        if self.largest is None:
            return self._no_example
        unit, item = self.largest["unit_id"], self.largest["item"]
        made = lineage.rows_of(self.audited, unit, item)
        value = self.audited.items[unit, item]["points"]
        points = figure(unit, "points", value, number(value), item=item)
        text = Markup("{} {}得 {} 分，由台账 {} 行相加得来：")
        head = text.format(self._unit(unit), self._item_name(item), points, len(made))
        seen: set[str] = set()
        rows = [
            self._step(one.step) | {"label": escape(one.step["label"]) + raw_rows(one.rows, seen=seen).markup}
            for one in made
        ]
        return sentence(head) + table(rows, said.TRACE_COLUMNS, css="trace")

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "unit": self._unit(step["unit_id"]),
            "seq": step["seq"],
            "item": step["item"],
            "label": step["label"],
            "points": signed(step["points"]),
            "after": number(step["after"]),
            "status": words.status_word(step["status"], step["after"]),
        }

    # ---- 5 what did not count, what is open, what was decided -----------------------------------------------

    def set_aside(self) -> Html:
        """Show how many rows were read, accepted, rejected and set aside, and what was found."""
        counts: dict[str, Counter[str]] = {}
        for row in records(self.data.rows):
            counts.setdefault(row["table"], Counter()).update({key: row[key] for key in said.COUNT_WORDS})
        rows = [{"table": name, **counts[name]} for name in TABLES if name in counts]
        columns = (Column("table", "表"), *(Column(key, word, "number") for key, word in said.COUNT_WORDS.items()))
        found = Counter(self.data.problems["severity"])
        problems = "，".join(f"{word} {found[severity]} 条" for severity, word in COUNTED_NAMES.items())
        total = sum(counts.values(), Counter[str]())
        rest = "，".join(f"{word} {total[key]} 行" for key, word in said.COUNT_WORDS.items())
        head = sentence(f"全部表格：{rest}。清洗和计分共发现：{problems}。", mark="said")
        return head + table(rows, columns, empty="没有读入任何表。")

    def open_items(self) -> Html:
        """Show every unresolved item with what to do about it."""
        rows = [row for row in records(self.data.problems) if row["severity"] == "unresolved"]
        columns = (Column("value", "单位", "short"), Column("message", "待定事项"), Column("remedy", "怎么办"))
        count = sum(row["unresolved"] for row in self.audited.results.values())
        head = f"共 {count} 项待定，{len(rows)} 条原因；有待定项目时不能送审。" if count else "没有待定项目。"
        shown = sentence(head, mark="warn" if count else "said")
        return shown + table(rows, columns, css="to-do") if rows else shown

    def overridden(self) -> Html:
        """Show the readings in force that are not the scheme file's own."""
        rows = [describe_reading(key, self.scheme, self.data.basis.readings) for key in self._overridden]
        columns = (Column("name", "口径", "short"), Column("option", "本次采用"), Column("default", "性质"))
        return table(rows, columns, empty="全部采用方案文件的默认口径，没有改选。")

    def decisions(self) -> Html:
        """Show every 调整复核 decision: old and new value, who, when, under which document, what it changed."""
        rows = [
            {
                "number": made.row["编号"],
                "unit": self._unit(made.row["单位"]),
                "object": f"{made.row['对象表']} {made.row['对象编号']}",
                "what": made.row["处理"],
                "old": number(made.old),
                "new": number(made.row["新值"]),
                "who": f"{made.row['决定人']}　{made.row['决定日期']}　{made.row['批准文号']}",
                "reason": made.row["理由"],
                "steps": "、".join(f"{step['item']} 第 {step['seq']} 行" for step in made.steps) or "项目未评",
            }
            for made in people.decisions(self.audited)
        ]
        return table(rows, said.DECISION_COLUMNS, empty="没有调整复核。")

    # ---- 6 people -------------------------------------------------------------------------------------------

    def people(self) -> Html:
        """Show who scored and who checked how often, and the rows in which both are the same person."""
        found = people.signatures(self.audited)
        keys = [(role, index) for role in ("scored", "checked") for index in range(len(people.SIGNED_TABLES))]
        rows = [
            {"name": one.name, "both": one.both} | {f"{role}{index}": getattr(one, role)[index] for role, index in keys}
            for one in found
        ]
        titles = {"scored": "评分", "checked": "复核"}
        columns = (
            Column("name", "姓名", "short"),
            *(Column(f"{role}{n}", f"{titles[role]}·{people.SIGNED_TABLES[n]}", "number") for role, n in keys),
            Column("both", "自评自核", "number"),
        )
        same = people.unchecked(self.audited)
        head = f"评分人和复核人为同一人的有 {len(same)} 行：" if same else "没有评分人和复核人为同一人的行。"
        shown = table(rows, columns, empty="没有评分人和复核人的登记。")
        shown += sentence(head, mark="warn" if same else "said")
        return shown + raw_rows(same, limit=len(same)) if same else shown

    # ---- 7 the sample ---------------------------------------------------------------------------------------

    @cached_property
    def drawn(self) -> Papers:
        """The sample as working papers."""
        return Papers(self.audited)

    def sample_basis(self) -> Html:
        """Say how the sample was drawn, with the seed, so that anyone can draw it again."""
        return self.drawn.basis()

    def papers(self) -> Html:
        """Show the drawn rows as working papers, each with its raw rows and room to sign."""
        return self.drawn.show()

    # ---- 8 evidence -----------------------------------------------------------------------------------------

    @cached_property
    def checked_evidence(self) -> tuple[evidence.Checked, ...]:
        """The evidence index, held against the files below the raw folder."""
        return evidence.check_all(self.audited.tables["佐证目录"], self.raw)

    def evidence(self) -> Html:
        """Show how the evidence index compares with the files that came with the data."""
        counts = Counter(one.state for one in self.checked_evidence)
        rows = [{"state": word, "count": counts[state]} for state, word in said.EVIDENCE_WORDS.items() if counts[state]]
        shown = table(rows, said.EVIDENCE_COLUMNS, empty="佐证目录没有登记。")
        bad = [one for one in self.checked_evidence if one.state in said.EVIDENCE_TO_LIST]
        listed = [
            {
                "number": one.row["佐证编号"],
                "unit": self._unit(one.row["单位"]),
                "place": one.row["存放位置"],
                "stated": one.row["SHA256"],
                "found": one.found,
                "state": said.EVIDENCE_WORDS[one.state],
                "at": place(one.row),
            }
            for one in bad
        ]
        if not listed:
            return shown
        shown += sentence(f"其中 {len(listed)} 条须处理：", mark="warn")
        return shown + table(listed, said.BAD_EVIDENCE_COLUMNS)

    # ---- 9 the closing check --------------------------------------------------------------------------------

    def check(self) -> Html:
        """Say that everything agrees, or raise AssertionError that names what does not."""
        again = self.audited.recomputation
        faults = [f"{d.unit_id} {d.item} {d.field}：{d.printed} / {d.recomputed}" for d in again.differences]
        faults += [f"{f.unit_id} 台账第 {f.seq} 行 {f.item}：{said.FINDING_WORDS[f.kind]}" for f in again.findings]
        faults += [f"台账引用了没有采用的行：{piece}" for _, piece in lineage.strange_sources(self.audited)]
        faults += [f"没有理由地未被引用：{raw.source}" for row in self.covered for raw in row.unexplained]
        if list(self.audited.names) != [row["单位编码"] for row in self.audited.tables["单位名录"]]:
            faults.append("结果中单位的先后与单位名录不同")
        if faults:
            raise AssertionError(f"审计核对不通过，共 {len(faults)} 处：" + "；".join(faults[:20]))
        made = "独立重算没有进行（见第二节）" if again.uncovered else f"独立重算 {again.fields} 格与结果一致"
        text = f"核对通过：{made}，台账 {len(self.audited.ledger)} 行逐行相加无误，"
        text += f"{sum(row.accepted for row in self.covered)} 行采用数据全部有去向。"
        return sentence(text, mark="said")

    def signatures(self) -> Html:
        """Show the lines to sign on; nobody's name is printed."""
        return render("signatures", names=("编制人", "复核人", "日期"))

    def _unit(self, unit_id: str) -> str:
        return unit_text(self.audited, unit_id)

    def _item_name(self, item_id: str) -> str:
        return item_name(self.audited, item_id)
