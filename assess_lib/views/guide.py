"""What the rule guide shows of an invented year: its rows, the ledger rows they give, and what would change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from assess_lib.exact import plain
from assess_lib.ledger import Entry
from assess_lib.scoring import Result
from assess_lib.tables import TABLES, Row
from assess_lib.views import words
from assess_lib.views.example import INVENTED, SUBJECT, Example, due_reports, unbalanced
from assess_lib.views.html import Column, Html, sentence, table

_CENT = Decimal("0.01")
# A check by hand: what it is about, the invented year, an item's id or ``final`` or ``grade``, the value worked out.
ByHand = tuple[str, Example, str, str]
_LEDGER = (
    Column("clause", "条款", "short"),
    Column("label", "事实"),
    Column("formula", "算式"),
    Column("nominal", "应计", "number"),
    Column("before", "承前", "number"),
    Column("points", "实计", "number"),
    Column("after", "累计", "number"),
    Column("status", "状态", "short"),
    Column("reading", "口径"),
    Column("source", "出处", "code"),
)


def order(example: Example) -> Html:
    """Show the order of judgement (四) with the year's own numbers and clauses."""
    scheme = example.scheme
    judged, key = scheme.judgement, scheme.key_item
    assert judged.bonus_gate is not None  # ``quiet_year`` takes plain schemes alone
    assert judged.bonus_cap is not None
    passing, most = plain(judged.pass_mark.points), plain(judged.bonus_cap.points)
    opens = scheme.readings["bonus_gate"].options[example.readings["bonus_gate"]]
    vetoes = "、".join(f"{item.id} {item.name}" for item in scheme.part_items("veto"))
    bonuses = "、".join(f"{item.id} {item.name}（{plain(item.full)}）" for item in scheme.part_items("bonus"))
    fail = scheme.grades.fail
    steps = [
        (scheme.parts.veto.name, scheme.parts.veto.clause, f"{vetoes}：有一项即{fail}，其余不计分，不排名。"),
        (key.name, key.clause, f"从 {plain(key.full)} 分起只扣不加，扣到 0 为止。"),
        (judged.pass_mark.name, judged.pass_mark.clause, f"{key.name}低于 {passing} 分为{fail}，仍参加排名。"),
        (judged.bonus_gate.name, judged.bonus_gate.clause, f"{opens}才有加分；没有开启的，加分是空白，不是 0 分。"),
        (scheme.parts.bonus.name, scheme.parts.bonus.clause, f"{bonuses}；括号内为上限，合计最高 {most} 分。"),
        (scheme.parts.final.name, scheme.parts.final.clause, f"最终得分＝{key.name}＋加分；同分同名次，其后空出。"),
    ]
    rows = [{"n": str(n), "what": what, "clause": c, "rule": rule} for n, (what, c, rule) in enumerate(steps, start=1)]
    columns = (Column("n", "次序", "short"), Column("what", "看什么", "short"))
    return table(rows, (*columns, Column("clause", "条款", "short"), Column("rule", "怎么判")))


def standards(example: Example) -> Html:
    """Show the invented standards, the way the office's 扣分标准 table has them."""
    return _input_table("扣分标准", example.tables["扣分标准"], example)


def show(example: Example, *items: str) -> Html:
    """Show what was entered, the explained unit's ledger rows of these items, and what comes out."""
    shown = _input_tables(example) + ledger(example, *items)
    return shown + sentence(conclusion(example))


def ledger(example: Example, *items: str) -> Html:
    """Show the explained unit's ledger rows of these items (none named: all), as the unit's report prints them."""
    rows = [_line(entry, example) for entry in example.entries(*items)]
    kept = [column for column in _LEDGER if any(row[column.key] not in (None, "") for row in rows)]
    named = "、".join(f"{item} {example.scheme.item(item).name}" for item in items if item != "final") or "全部"
    return table(rows, kept, caption=f"{SUBJECT}的计分台账：{named}", empty="台账没有行。")


def conclusion(example: Example) -> str:
    """Say in a sentence what comes out for the explained unit."""
    return f"结论：{_outcome(example.result, example)}。{_open(example)}"


def compare(examples: Mapping[str, Example]) -> Html:
    """Show the explained unit's result in several invented years side by side; the keys name them."""
    rows = [{"name": name} | _result_cells(example) for name, example in examples.items()]
    numbers = (("key", "重点考核"), ("bonus", "加分"), ("final", "最终得分"))
    columns = [Column("name", "情形"), *(Column(key, title, "number") for key, title in numbers)]
    return table(rows, [*columns, Column("grade", "等次", "short")])


def around(example: Example, line: Literal["pass_mark", "bonus_gate"]) -> Html:
    """Show the result one cent below, at, and one cent above a line of the scheme."""
    found = getattr(example.scheme.judgement, line)
    lines = [found.points - _CENT, found.points, found.points + _CENT]
    places = ("低于", "恰好等于", "高于")
    return compare(
        {
            f"重点考核{place}{found.name}": example.at_key_score(points)
            for place, points in zip(places, lines, strict=True)
        }
    )


def switches(examples: Mapping[str, Example]) -> Html:
    """Show for each reading (the keys) what its example gives under every option; the one in force is marked."""
    rows = []
    for key, example in examples.items():
        reading = example.scheme.readings[key]
        for option, text in reading.options.items():
            made = example.under(**{key: option})
            mark = "（默认）" if option == reading.default else ""
            first = option == next(iter(reading.options))
            question = f"{reading.name}：{reading.question}" if first else "〃"
            rows.append({"question": question, "option": text + mark, "out": _outcome(made.result, made)})
    return table(rows, (Column("question", "口径"), Column("option", "选项"), Column("out", f"{SUBJECT}的结果")))


def check_by_hand(worked: Sequence[ByHand], document: str) -> Html:
    """Hold what the library gives to values worked out by hand, and every ledger to its sums.

    ``document`` is the scheme that the values were worked out for: under another one only the sums are held. Raises
    AssertionError that names every difference.
    """
    wrong = [f"{name}：{problem}" for name, example, *_ in worked for problem in unbalanced(example)]
    rows = [{"name": name, "hand": hand, "made": _value(example, what)} for name, example, what, hand in worked]
    scheme = worked[0][1].scheme
    if scheme.document.number != document:
        if wrong:
            raise AssertionError("；".join(wrong))
        told = f"本年度方案是{scheme.document.number}，手算值是按{document}算的，不再核对；台账逐行相加相符。"
        return sentence(told, mark="warn")
    wrong += [f"{row['name']}：手算 {row['hand']}，程序 {row['made']}" for row in rows if row["hand"] != row["made"]]
    if wrong:
        raise AssertionError("；".join(wrong))
    columns = (Column("name", "情形"), Column("hand", "手算", "number"), Column("made", "程序", "number"))
    return table(rows, columns) + sentence(f"核对通过：{len(rows)} 项与手算相同，台账逐行相加相符。", mark="good")


def deadlines(example: Example) -> Html:
    """Show which reports the year's scheme demands, by when and from whom."""
    owed = {"all_units": "各单位", "key_task_units": "重点任务单位"}
    rows = [
        {
            "what": report.material + (f"（{report.quarter} 季度）" if report.quarter else ""),
            "due": words.day(report.due),
            "who": owed[report.owed_by]
            + "".join(f"（仅当口径 {key}={option}）" for key, option in report.only_if.items()),
            "clause": report.clause,
        }
        for report in due_reports(example.scheme)
    ]
    columns = (Column("what", "材料", "short"), Column("due", "最晚收到", "short"), Column("who", "由谁报送"))
    return table(rows, (*columns, Column("clause", "条款", "short")))


def _input_tables(example: Example) -> Html:
    shown = Html(sentence().markup)
    for name in TABLES:
        rows = [row for row in example.entered if row.table == name]
        if rows:
            shown += _input_table(name, rows, example)
    for row in example.removed:
        cells = "，".join(f"{column} {_cell(row, column, example)}" for column in TABLES[row.table].required)
        shown += sentence(f"取消的行：{row.table}（{cells}）")
    return shown


def _input_table(name: str, rows: Iterable[Row], example: Example) -> Html:
    kept = list(rows)
    titles = [column.name for column in TABLES[name].columns if any(_typed(row[column.name]) for row in kept)]
    body = [
        {"行": str(row.source.row)} | {title: _cell(row, title, example) for title in titles}
        for row in sorted(kept, key=lambda row: row.source)
    ]
    columns = [Column("行", "行", "short"), *(Column(title, title) for title in titles)]
    return table(body, columns, caption=f"虚构的数据：{name}")


def _typed(value: object) -> bool:
    """Tell whether a cell is worth showing: not empty, and not a text that was invented to fill a required column."""
    return value is not None and not (isinstance(value, str) and value.startswith(INVENTED))


def _cell(row: Row, name: str, example: Example) -> str:
    value = row[name]
    kind = TABLES[row.table].column(name).kind
    if value is None:
        return ""
    if kind == "unit":
        return example.unit_name(value)
    return f"{value:%Y-%m-%d}" if kind == "datetime" else str(value)


def _line(entry: Entry, example: Example) -> dict[str, Any]:
    return {
        "clause": entry.clause,
        "label": entry.label,
        "formula": entry.formula,
        "nominal": _signed(entry.nominal),
        "before": entry.before,
        "points": _signed(entry.points),
        "after": entry.after,
        "status": words.STATUS_WORDS[entry.status],
        "reading": "、".join(example.scheme.readings[key].name for key, _ in words.reading_pairs(entry.reading)),
        "source": "；".join(str(place) for place in words.places(entry.source_text())),
    }


def _signed(value: Decimal | None) -> str:
    return "" if value is None else words.signed(value)


def _result_cells(example: Example) -> dict[str, Any]:
    result = example.result
    return {
        "key": result.key_score,
        "bonus": result.bonus_score,
        "final": result.final_score,
        "grade": example.scheme.grades.printed(result.grade),
    }


def _outcome(result: Result, example: Example) -> str:
    scheme = example.scheme
    if result.final_score is None:
        return f"{result.grade}（{scheme.parts.veto.name}），不计分，不排名"
    key, final = words.number(result.key_score), words.number(result.final_score)
    bonus = "不开启加分" if result.bonus_score is None else f"加分 {words.number(result.bonus_score)}"
    return f"{scheme.key_item.name} {key}，{bonus}，最终得分 {final}，{scheme.grades.printed(result.grade)}"


def _open(example: Example) -> str:
    own = example.result.unit_id
    found = [made.item for made in example.score.items if made.unit_id == own and made.unresolved]
    return f"待定 {len(found)} 项：{'、'.join(found)}，补正前不能定稿。" if found else ""


def _value(example: Example, what: str) -> str:
    if what == "grade":
        return example.result.grade
    return words.number(example.points(what))
