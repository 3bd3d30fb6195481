"""``assess explain``: one unit's ledger in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

import click

from assess_lib.cli.console import say
from assess_lib.cli.jsonout import json_option, show_json
from assess_lib.cli.options import Shared, shared
from assess_lib.errors import UsageError
from assess_lib.scheme import Item, Scheme
from assess_lib.store import ScoredRows, load_rows
from assess_lib.tables import Row
from assess_lib.views.adjustments import HEADING, effect_text, new_text
from assess_lib.views.objections import HEADING as OBJECTIONS
from assess_lib.views.objections import NO_DEADLINE, cells_of, counted, effects_of
from assess_lib.views.page import approval_facts, draft_label
from assess_lib.views.words import (
    ABSENT,
    STATUS_WORDS,
    item_of,
    number,
    places,
    plain,
    reading_pairs,
    signed,
    spans,
    status_word,
)

_NUMERALS = "一二三四五六七八九"
_PARTS = ("veto", "key", "bonus", "final")


def spelling(text: str) -> str:
    """Return a unit's name as it is compared: width, case, spaces and invisible characters aside."""
    wide = unicodedata.normalize("NFKC", text)
    return "".join(c for c in wide if not c.isspace() and unicodedata.category(c) != "Cf").casefold()


def find_unit(roster: Sequence[Row], asked: str) -> str:
    """Return the code of the unit of that code, name, full name or alias.

    Raises UsageError that suggests the nearest names; likeness alone never finds a unit.
    """
    (code,) = find_units(roster, [asked])
    return code


def find_units(roster: Sequence[Row], asked: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of the units asked for, each once, in the order of their first mention. Raises UsageError."""
    names: dict[str, tuple[str, str]] = {}
    for row in roster:
        aliases = (row["别名"] or "").replace(";", "；").split("；")
        for name in (row["单位编码"], row["单位名称"], row["全称"], *aliases):
            if name and spelling(name):
                names.setdefault(spelling(name), (row["单位编码"], row["单位名称"]))
    return tuple(dict.fromkeys(_code(names, each) for each in asked))


def _code(names: Mapping[str, tuple[str, str]], asked: str) -> str:
    if spelling(asked) in names:
        return names[spelling(asked)][0]
    near = dict.fromkeys(names[name][1] for name in get_close_matches(spelling(asked), names, n=5, cutoff=0.5))
    hint = f"最接近：{'、'.join(near)}。" if near else "可写单位编码、名称、全称或别名。"
    raise UsageError(f"没有单位“{asked}”。{hint}")


def _points(item: Item, row: Mapping[Any, Any], scheme: Scheme) -> str:
    if item.part == "veto":
        return f"{'构成' if row['note'] == 'vetoed' else '未构成'}{scheme.parts.veto.name}"
    return f"{number(row['points'])} 分（{item_of(item)}）" if row["points"] is not None else ABSENT


def _where(source: str) -> str:
    """Name the rows, those of one sheet together, the fact's own first: a place in a list has dozens of rivals."""
    sheets: dict[tuple[str, str], list[int]] = {}
    for place in places(source):
        sheets.setdefault((place.file, place.sheet), []).append(place.row)
    found = [f"{file}{f'“{sheet}”' if sheet else ' '}第 {_rows(rows)} 行" for (file, sheet), rows in sheets.items()]
    return f"出处：{'、'.join(found)}" if found else ""


def _rows(rows: Sequence[int]) -> str:
    """List rows, the first one before the others.

    >>> _rows([9]), _rows([9, 4, 5, 6, 12, 11])
    ('9', '9、4–6、11、12')
    """
    return "、".join(filter(None, (str(rows[0]), spans(rows[1:]))))


def _readings(text: str, scheme: Scheme) -> str:
    chosen = [
        f"{scheme.readings[key].name}：{scheme.readings[key].options[option]}"
        for key, option in reading_pairs(text)
        if key in scheme.readings and option in scheme.readings[key].options
    ]
    return f"口径：{'；'.join(chosen)}" if chosen else ""


def _step(row: Mapping[Any, Any], scheme: Scheme) -> Iterator[str]:
    """Tell one ledger row: what happened and what it did, then by which clause, reading and source."""
    effect = ""
    if row["points"] is not None:
        effect = f"　{signed(row['points'])}，至 {number(row['after'])}"
        if row["nominal"] is not None and row["nominal"] != row["points"]:
            effect = f"　应计 {signed(row['nominal'])}，实计 {signed(row['points'])}，至 {number(row['after'])}"
    yield f"  · [{status_word(row['status'], row['after'])}] {row['label']}{effect}"
    if row["formula"]:
        yield f"      算式：{row['formula']}"
    evidence = f"佐证：{row['evidence_id']}" if row["evidence_id"] else ""
    basis = (
        f"依据：{row['clause']}",
        _readings(row["reading"], scheme),
        _where(row["source"]),
        evidence,
    )
    yield f"      {'；'.join(part for part in basis if part)}"


def _conclusion(result: Mapping[Any, Any], data: ScoredRows) -> str:
    scheme = data.basis.scheme
    if result["status"] == "vetoed":
        return f"结论：{result['grade']}（{scheme.parts.veto.name}）。其余各项不再计分，不参加排名。"
    grade, name = scheme.grades.printed(result["grade"]), scheme.parts.bonus.name
    gate, mark = scheme.judgement.bonus_gate, scheme.judgement.pass_mark
    if result["bonus_score"] is not None:
        bonus = f"，{name} {number(result['bonus_score'])}"
    elif gate is None:
        bonus = ""
    elif scheme.fails(result["key_score"], result["final_score"]):
        bonus = f"，低于{mark.name} {plain(mark.points)}，不计{name}"
    else:
        bonus = f"，未过{gate.name} {plain(gate.points)}，不计{name}"
    ranked = [row for row in data.results if row["rank_overall"] is not None]
    same = sum(row["group"] == result["group"] for row in ranked)
    return (
        f"结论：最终得分 {number(result['final_score'])}，{grade}。"
        f"{scheme.parts.key.name} {number(result['key_score'])}{bonus}。"
        f"组内第 {result['rank_in_group']} 名（{result['group']}参加排名 {same} 个），"
        f"总第 {result['rank_overall']} 名（参加排名 {len(ranked)} 个）。"
    )


def _own(rows: Iterable[dict[str, Any]], unit_id: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["unit_id"] == unit_id]


def tell(data: ScoredRows, unit_id: str) -> Iterator[str]:
    """Tell a unit's score line by line: conclusion, unresolved items, then each part with its ledger rows."""
    scheme = data.basis.scheme
    result = _own(data.results, unit_id)[0]
    items = {row["item"]: row for row in _own(data.items, unit_id)}
    ledger = _own(data.ledger, unit_id)
    yield f"{result['unit_name']}（{unit_id}，{result['group']}）{data.basis.year} 年度考核 · {draft_label(data)}"
    yield f"计分日期 {data.basis.run_date.isoformat()}。{_conclusion(result, data)}"
    approved = "，".join(f"{name}：{value}" for name, value in approval_facts(data))
    if approved:
        yield f"{approved}。"
    decisions = _decisions(data, unit_id)
    if decisions:
        yield f"本结果含 {len(decisions)} 项调整复核，见文末。"
    registered = _objections(data, unit_id)
    if registered:
        yield f"本单位提出的异议{counted(registered)}，见文末。"
    unresolved = [item for item in scheme.items if item.id in items and items[item.id]["unresolved"]]
    if unresolved:
        yield f"待定 {len(unresolved)} 项：{'、'.join(f'{item.id} {item.name}' for item in unresolved)}。"
    numerals = iter(_NUMERALS)
    for part in _PARTS:
        rows = [row for row in ledger if row["part"] == part]
        if not rows:
            continue
        rule = getattr(scheme.parts, part)
        yield ""
        yield f"{next(numerals)}、{rule.name}（{rule.clause}）"
        for item in scheme.part_items(part):
            own = [row for row in rows if row["item"] == item.id]
            if not own:
                continue
            mark = "　【待定】" if item.id in items and items[item.id]["unresolved"] else ""
            closed = STATUS_WORDS.get(own[0]["status"], "")  # an item that was not scored has its one row to say so
            reached = f"：{_points(item, items[item.id], scheme) if item.id in items else closed}"
            yield f"{item.id} {item.name}（{item.clause}）{reached}{mark}"
            for row in own:
                yield from _step(row, scheme)
        known = {item.id for item in scheme.part_items(part)}
        for row in rows:
            if row["item"] not in known:
                yield from _step(row, scheme)
    if decisions:
        yield ""
        yield f"{next(numerals)}、{HEADING}"
        for decision in decisions:
            yield from _decision(decision)
    if registered:
        yield ""
        yield f"{next(numerals)}、{OBJECTIONS}"
        effects = effects_of(decisions)
        for objection in registered:
            yield from _objection(objection, effects)


def _decision(row: Mapping[str, Any]) -> Iterator[str]:
    """Tell one 调整复核: on what, from which value to which, what it did to the final score, who decided and why."""
    what = f"（{row['what']}）" if row["what"] else ""
    yield f"  · [{row['action']}] {row['number']}　{row['table']} {row['object']}{what}"
    changed = f"原值 {number(row['old'])}，新值 {new_text(row)}；影响最终得分 {effect_text(row)}"
    yield f"      {changed}；理由：{row['reason']}"
    where = _where(row["source"])
    yield f"      决定人：{row['decider']}；决定日期：{row['decided']}；批准文号：{row['document']}；{where}"


def _decisions(data: ScoredRows, unit_id: str) -> list[dict[str, Any]]:
    return _own(map(asdict, data.adjustments), unit_id)


def _objections(data: ScoredRows, unit_id: str) -> list[dict[str, Any]]:
    return _own(map(asdict, data.objections), unit_id)


def _objection(row: Mapping[str, Any], effects: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Tell one objection: its state, to what, by when it must be answered, the answer, and what its decision did."""
    cells = cells_of(row, effects)
    yield f"  · [{row['state']}] {row['number']}　{cells['what']}"
    answer = f"；答复：{cells['answered']}" if cells["answered"] else ""
    decision = f"；调整复核 {row['decision']}，影响最终得分 {effects.get((row['unit_id'], row['decision']), ABSENT)}"
    yield f"      提出日期：{row['filed']}；答复时限：{row['due'] or NO_DEADLINE}{answer}"
    handled = f"经办人：{row['handler']}；" if row["handler"] else ""
    yield f"      {handled}{_where(row['source'])}{decision if row['decision'] else ''}"


def explained(data: ScoredRows, unit_id: str) -> dict[str, Any]:
    """Return the same for other programs, under the files' columns: result, items, ledger, adjustments, objections.

    In the ledger ``source`` is a list of file, sheet and row, ``reading`` maps each key to the option in force.
    """
    ledger = [dict(row) for row in _own(data.ledger, unit_id)]
    for row in ledger:
        found = places(row["source"])
        row["source"] = [{"file": place.file, "sheet": place.sheet, "row": place.row} for place in found]
        row["reading"] = dict(reading_pairs(row["reading"]))
    return {
        "command": "explain",
        "year": data.basis.year,
        "date": data.basis.run_date,
        "state": draft_label(data),
        "receipt": data.receipt_digest,
        "readings": data.basis.readings,
        "result": _own(data.results, unit_id)[0],
        "items": _own(data.items, unit_id),
        "ledger": ledger,
        "adjustments": _decisions(data, unit_id),
        "objections": _objections(data, unit_id),
    }


@click.command()
@click.argument("unit", metavar="单位")
@json_option
@shared
def explain(shared: Shared, unit: str, as_json: bool) -> None:
    """用文字说明某个单位的得分由来：结论、各部分、每一笔的算式、条款和出处。

    单位可写编码、名称、全称或别名。先要有评分结果（assess score）。

    \b
    示例：
      assess explain T01
      assess explain 城关镇
      assess explain 城关镇 --json

    \b
    --json 的内容：result（键同 results.csv）、items（同 items.csv）、ledger（同 ledger.csv，
    其中 source、reading 拆成列表和映射）、adjustments（调整复核）、objections（异议登记）、
    state（初评稿、送审稿、定稿）。
    """
    data = load_rows(shared.paths.processed)
    if data.basis.year != shared.paths.year:
        raise UsageError(f"现有结果是 {data.basis.year} 年度的，不是 {shared.paths.year} 年度的。请用 --year 指明。")
    other = [key for key, value in shared.readings.items() if data.basis.readings.get(key) != value]
    if other or (shared.run_date and shared.run_date != data.basis.run_date):
        what = f"口径 {'、'.join(other)}" if other else "计分日期"
        raise UsageError(f"现有结果不是按所给的{what}评的。请先用同样的选项运行 assess score。")
    unit_id = find_unit(data.tables["单位名录"], unit)
    if as_json:
        show_json(explained(data, unit_id))
        return
    for line in tell(data, unit_id):
        say(line)
