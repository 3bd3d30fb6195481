"""What the instruction sheet tells of the scheme: the document, the clauses behind a table, due dates, readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assess_lib.scheme import DEDUCTING_METHODS, Item, ReportFacts
from assess_lib.templates.entry import Form, writable

Fact = tuple[str, str]

# Which tables' rows a reading decides about; the gate of the bonus part is nobody's to fill in.
_READINGS_OF: Mapping[str, tuple[str, ...]] = {
    "热线红灯": ("red_light_event", "red_light_window"),
    "通报批评": ("criticism_scope",),
    "材料报送": ("deadline_day", "q1_report"),
    "信息报送": ("info_lists", "info_quarters", "info_pool"),
    "表彰宣传": ("different_matters", "same_matter_across_items", "missing_evidence"),
    "评定加分": ("missing_evidence",),
    "佐证目录": ("missing_evidence",),
}
_OWED_BY = {"all_units": "各单位", "key_task_units": "重点任务单位"}


def _items(form: Form) -> list[Item]:
    return [item for item in form.scheme.items if form.table.name in item.rule.tables]


def _due(form: Form, item: Item) -> Iterator[tuple[str, str]]:
    """Iterate over (clause, words) of the reports that are due under the readings in force."""
    if form.table.name != ReportFacts.table or not isinstance(item.rule, DEDUCTING_METHODS):
        return
    for facts in item.rule.facts:
        for report in facts.due if isinstance(facts, ReportFacts) else ():
            if all(form.readings.get(key) == option for key, option in report.only_if.items()):
                quarter = f"（第 {report.quarter} 季度）" if report.quarter else ""
                words = f"{report.material}{quarter}，{report.due} 到期，{_OWED_BY[report.owed_by]}报送"
                yield report.clause, words


def scheme_facts(form: Form) -> list[Fact]:
    """Return (label, sentence) pairs: what the scheme says that whoever fills the table in should know."""
    scheme, table = form.scheme, form.table.name
    document = scheme.document
    facts: list[Fact] = [
        ("方案", f"{document.issuer} {document.number}《{document.title}》"),
        ("年度", f"{scheme.year} 年；事实和佐证截止 {scheme.cut_off}"),
    ]
    for item in _items(form):
        facts.append((f"{item.id} {item.name}", f"{item.clause}：{scheme.clauses.get(item.clause, item.name)}"))
        facts += [("应报材料", f"{words}（{clause}）") for clause, words in _due(form, item)]
    if table == "单位名录":
        facts += [("组别", f"{group.name}（{group.clause}）：方案列 {group.count} 个单位") for group in scheme.groups]
    if table == "扣分标准":
        for code, item_id in scheme.named_standards().items():
            facts.append(("必须有的标准", f"{code}（用于 {item_id} {scheme.item(item_id).name}）"))
    for key in (key for key in _READINGS_OF.get(table, ()) if key in scheme.readings):
        reading = scheme.readings[key]
        facts.append(("口径", f"{reading.name}（{reading.clause}）：{reading.options[form.readings[key]]}"))
    return [(writable(label), writable(text)) for label, text in facts]


def standard_facts(form: Form) -> list[Fact]:
    """Return each standard's number and what it is for, when the table refers to standards; else nothing."""
    if form.table.name == "扣分标准" or "标准编号" not in {column.name for column in form.table.columns}:
        return []
    automatic = form.scheme.named_standards()
    found = []
    for row in form.known.standards:
        words = f"{row['考核内容']}：{row['扣分情形']}，每{row['计量'] or '次'}扣 {row['单次扣分']} 分"
        if row["扣分上限"] is not None:
            words += f"，最多扣 {row['扣分上限']} 分"
        if row["标准编号"] in automatic:
            words += "（由软件按其他登记表自动计扣，一般不在此登记）"
        found.append((writable(row["标准编号"]), writable(words)))
    return found
