"""The rules of a scheme one by one, and what was decided on each when a new year took them over.

``assess new-year`` copies an earlier year's scheme and notes what each rule said. Until somebody has decided on each
of them, with who, when and the document's number, the loader refuses the file; and a rule that is said to be the
same must be the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from assess_lib.exact import plain
from assess_lib.scheme import (
    DEDUCTING_METHODS,
    DueReport,
    Item,
    MeetingFacts,
    Place,
    RegisterFacts,
    ReportFacts,
    Scheme,
    TaskFacts,
)

KEPT, CHANGED, REMOVED, ADDED = "沿用", "修改", "删除", "新增"
# Text that stands for itself; anything else is quoted, so that two different rules never read alike.
_CLEAR = re.compile(r"[^\s\"'\[\]{}:,]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what people call it, what it says in full, and where it stands in the file."""

    title: str
    text: str
    place: Place


def _text(value: Any) -> str:
    """Write a value so that equal rules read alike and different ones differ; 60 and 60.00 are equal."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_text(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_text(part) for part in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, (int, date)):
        return str(value)
    text = "" if value is None else str(value)
    return text if _CLEAR.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def rule_text(values: Mapping[str, Any]) -> str:
    """Write a rule in one line; what is empty or not set is left out.

    >>> rule_text({"points": Decimal("60.00"), "clause": "四", "name": "合格线", "words": ()})
    'points: 60, clause: 四, name: 合格线'
    """
    return _text({key: value for key, value in values.items() if value not in (None, (), [], {})})[1:-1]


def rules_of(scheme: Scheme) -> dict[str, Rule]:
    """Return every rule of a scheme by its key, in the file's order.

    Rules are the issuing office, the cut-off, each group, part, line of the judgement, grade, dimension, item, due
    date, named standard, paraphrased clause and reading, what is published, and by when objections are answered. The
    document's number and title are none: a new year has its own.
    """
    rules: dict[str, Rule] = {}
    for key, rule in _rules(scheme):
        count = 2
        unique = key
        while unique in rules:  # one material due in two places of an item
            unique, count = f"{key}（{count}）", count + 1
        rules[unique] = rule
    return rules


def _rules(scheme: Scheme) -> Iterator[tuple[str, Rule]]:
    yield "document.issuer", Rule("印发机关", _text(scheme.document.issuer), ("document", "issuer"))
    yield "cut_off", Rule("截止日", _text(scheme.cut_off), ("cut_off",))
    for index, group in enumerate(scheme.groups):
        yield f"groups.{group.name}", Rule("组别", rule_text(group.model_dump()), ("groups", index))
    for name, part in scheme.parts:
        yield f"parts.{name}", Rule("部分", rule_text(part.model_dump()), ("parts", name))
    for name, line in scheme.judgement.lines():
        # what is not written is left out, so that what was carried over before a key existed still reads the same
        text = rule_text(line.model_dump(exclude_defaults=True))
        yield f"judgement.{name}", Rule(line.name, text, ("judgement", name))
    for name in ("fail", "passed", "pending"):
        yield f"grades.{name}", Rule("等次的名称", _text(getattr(scheme.grades, name)), ("grades", name))
    for index, band in enumerate(scheme.grades.bands):
        yield (
            f"grades.{band.grade}",
            Rule("等次", rule_text(band.model_dump(exclude_none=True)), ("grades", "bands", index)),
        )
    published = {"score": scheme.publication.score, "rank": scheme.publication.rank}
    published_text = rule_text(published | {"objection": scheme.publication.objection})
    yield "publication", Rule("公示稿的内容", published_text, ("publication",))
    for index, dimension in enumerate(scheme.dimensions):
        title = f"维度 {dimension.id} {dimension.name}"
        yield f"dimensions.{dimension.id}", Rule(title, rule_text(dimension.model_dump()), ("dimensions", index))
    if scheme.objections is not None:
        yield "objections", Rule("异议的答复期限", rule_text(scheme.objections.model_dump()), ("objections",))
    for index, item in enumerate(scheme.items):
        yield from _item_rules(item, ("items", index))
    yield from _standard_rules(scheme)
    for clause, words in scheme.clauses.items():
        yield f"clauses.{clause}", Rule("条款摘要", _text(words), ("clauses", clause))
    for name, reading in scheme.readings.items():
        yield f"readings.{name}", Rule(f"口径：{reading.name}", rule_text(reading.model_dump()), ("readings", name))


def _item_rules(item: Item, place: Place) -> Iterator[tuple[str, Rule]]:
    """Iterate over an item without its due dates and standards, then over its due dates."""
    values = item.model_dump()
    values["rule"] = {key: value for key, value in values["rule"].items() if key != "facts"}
    facts = item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ()
    if facts:
        values["rule"]["facts"] = [
            {"kind": kind.kind} | ({"exempt": kind.exempt} if isinstance(kind, MeetingFacts) else {}) | _own(kind)
            for kind in facts
        ]
    values["rule"] = {key: value for key, value in values["rule"].items() if value not in (None, (), [], {})}
    yield f"items.{item.id}", Rule(f"项目 {item.id} {item.name}", rule_text(values), place)
    for rank, kind in enumerate(facts):
        for index, report in enumerate(kind.due if isinstance(kind, ReportFacts) else ()):
            where = (*place, "rule", "facts", rank, "due", index)
            values = report.model_dump()
            yield due_key(item, report), Rule(f"{item.name}：{due_name(report)}的期限", rule_text(values), where)


def _own(kind: Any) -> dict[str, Any]:
    """Return the standards whose register rows alone a register kind takes."""
    return {"standards": kind.standards} if isinstance(kind, RegisterFacts) and kind.standards else {}


def due_name(report: DueReport) -> str:
    """Return what a due report is called: its material, with the quarter if it has one."""
    return report.material + (f"第{report.quarter}季度" if report.quarter else "")


def due_key(item: Item, report: DueReport) -> str:
    """Return the key of a due date."""
    return f"items.{item.id}.{due_name(report)}"


def _standard_rules(scheme: Scheme) -> Iterator[tuple[str, Rule]]:
    """Iterate over the standards that the scheme names, each with everything that it is used for."""
    used: dict[str, list[str]] = {}
    places: dict[str, Place] = {}
    for index, item in enumerate(scheme.items):
        for rank, kind in enumerate(item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ()):
            named: dict[tuple[str, ...], str] = {}
            if isinstance(kind, (ReportFacts, TaskFacts)):
                named = {("late",): kind.late, ("missing",): kind.missing}
            elif isinstance(kind, MeetingFacts):
                named = {("standards", came): code for came, code in kind.standards.items()}
            for below, code in named.items():
                used.setdefault(code, []).append(".".join((item.id, kind.kind, *below)))
                places.setdefault(code, ("items", index, "rule", "facts", rank, *below))
    for code, uses in used.items():
        yield f"standards.{code}", Rule("点名的扣分标准", rule_text({"used": uses}), places[code])


@dataclass(frozen=True, slots=True)
class Fault:
    """A decision that does not fit its rule: the decision's place, what is wrong, what to do, the rule's place."""

    place: Place
    message: str
    remedy: str
    rule: Place = ()


def confirmation_faults(scheme: Scheme) -> Iterator[Fault]:
    """Hold each decision against its rule, and each rule to a decision; nothing for a scheme without confirmations.

    沿用 must still say what was carried over, 修改 must not, 删除 must be gone, 新增 must be new.
    """
    made = scheme.confirmations
    if made is None:
        return
    top: Place = ("confirmations", "rules")
    if made.copied_from >= scheme.year:
        yield Fault(("confirmations", "copied_from"), "copied_from 应是以前的年度", "请改回复制时的年度。")
    rules = rules_of(scheme)
    for key, rule in rules.items():
        if key not in made.rules:
            what = CHANGED if key in made.carried else ADDED
            message = f"“{rule.title}”（{key}）没有确认，规则在第 {{line}} 行"
            yield Fault(top, message, f"请在 rules 中加一行：“{key}: {what} 谁 年-月-日 文号”。", rule.place)
    for key in made.rules:
        decision = made.decided(key)[0]
        place, was, rule_now = (*top, key), made.carried.get(key), rules.get(key)
        if rule_now is None:
            if was is None:
                yield Fault(place, f"方案中没有“{key}”这条规则", "请核对这一行的键，或删去这一行。")
            elif decision != REMOVED:
                yield Fault(
                    place, f"“{key}”写的是{decision}，但方案中已没有这条规则", f"请写 {REMOVED}，或恢复这条规则。"
                )
            continue
        here = f"“{rule_now.title}”（{key}）"
        if decision == REMOVED:
            yield Fault(
                place, f"{here}写的是{REMOVED}，但第 {{line}} 行还有", "请先删去这条规则，或改写决定。", rule_now.place
            )
        elif was is None and decision != ADDED:
            message = f"{here}写的是{decision}，但复制时没有这条规则"
            yield Fault(place, message, f"请写 {ADDED}；carried 中的行不要改动。", rule_now.place)
        elif was is not None and decision == ADDED:
            yield Fault(place, f"{here}写的是{ADDED}，但复制时就有", f"请写 {KEPT} 或 {CHANGED}。", rule_now.place)
        elif decision == KEPT and was != rule_now.text:
            message = f"{here}写的是{KEPT}，但第 {{line}} 行已有改动：复制时为“{was}”，现为“{rule_now.text}”"
            yield Fault(place, message, f"请改回原样，或写 {CHANGED}。", rule_now.place)
        elif decision == CHANGED and was == rule_now.text:
            message = f"{here}写的是{CHANGED}，但第 {{line}} 行与复制时相同"
            yield Fault(place, message, f"请先改规则，或写 {KEPT}。", rule_now.place)
    for key in made.carried:
        if key not in made.rules and key not in rules:
            yield Fault(
                top, f"“{key}”已从方案中删去，但没有记录", f"请在 rules 中加一行：“{key}: {REMOVED} 谁 年-月-日 文号”。"
            )
