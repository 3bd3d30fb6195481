"""Checks between rows: keys, standards, evidence, adjustments, confirmations, and what two cells say together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from assess_lib.cleaning.drafts import Draft, Findings, place
from assess_lib.cleaning.nearest import nearest, suggest
from assess_lib.errors import Problem
from assess_lib.intake.visible import squash
from assess_lib.scheme import Scheme
from assess_lib.tables import ALL_UNITS, EXTRA_KEYS, TABLES, Value

Drafts = Mapping[str, list[Draft]]

# Tables whose 新值 an adjustment may set, and what it sets.
SETTABLE = {"扣分登记": "扣分", "评定加分": "评定分"}
# Tables whose silence is confirmed by 确认无事项 (scheme: "Missing is not zero"). The centre's result and the
# office's own receipt book cannot be replaced by a confirmation.
CONFIRMABLE = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")


def _show_key(value: Value) -> str:
    if value is None:
        return "（空）"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)


def check_keys(drafts: Drafts, findings: Findings) -> None:
    """Report each row whose key stands in an earlier row of its table; an empty 季度 is a value like any other."""
    for name, rows in drafts.items():
        if name == "单位名录":
            continue  # the roster's codes and names are checked together with their namespace
        for key in (TABLES[name].key, *EXTRA_KEYS.get(name, ())):
            if key:
                _check_key(rows, key, findings)


def _check_key(rows: list[Draft], key: tuple[str, ...], findings: Findings) -> None:
    seen: dict[tuple[Value, ...], Draft] = {}
    for draft in rows:
        if not draft.readable(key):
            continue
        value = tuple(draft.values.get(column) for column in key)
        earlier = seen.setdefault(value, draft)
        if earlier is draft:
            continue
        shown = "、".join(f"{column} {_show_key(part)}" for column, part in zip(key, value, strict=True))
        findings.at(
            draft,
            key[0],
            "error",
            "key.duplicate",
            f"与{place(earlier)}重复（{shown}）。",
            "请删去重复的一行，或更正其中一行。",
        )


def check_within_rows(drafts: Drafts, findings: Findings) -> None:
    """Check what two cells of one row say together: 季度 with 季度进展, 采用 within 报送, scorer and checker."""
    for draft in drafts["材料报送"]:
        if not draft.readable(("材料", "季度")):
            continue
        quarterly = draft.values.get("材料") == "季度进展"
        if quarterly and draft.values.get("季度") is None:
            findings.at(draft, "季度", "error", "report.quarter", "季度进展没有填“季度”。", "请填 1、2、3 或 4。")
        elif not quarterly and draft.values.get("季度") is not None:
            findings.at(
                draft,
                "季度",
                "error",
                "report.quarter",
                f"{draft.text('材料')}不分季度，“季度”应为空。",
                "请清空“季度”，或更正“材料”。",
            )
    for draft in drafts["信息报送"]:
        sent, adopted = draft.values.get("报送条数"), draft.values.get("采用条数")
        if isinstance(sent, int) and isinstance(adopted, int) and adopted > sent:
            findings.at(
                draft,
                "采用条数",
                "error",
                "info.adopted",
                f"采用条数 {adopted} 多于报送条数 {sent}。",
                "请核对后更正其中一个。",
            )
    for rows in drafts.values():
        for draft in rows:
            scorer, checker = draft.text("评分人"), draft.text("复核人")
            if scorer and squash(scorer) == squash(checker):
                findings.at(
                    draft,
                    "复核人",
                    "warning",
                    "reviewer.same",
                    f"评分人和复核人是同一人（{scorer}）。",
                    "请由另一人复核。",
                )


# Days on which something came in or was done: of the year assessed, or soon after its end.
_DONE_ON = (("材料报送", "实报日期"), ("交办任务", "完成日期"))


def check_years(drafts: Drafts, year: int, findings: Findings) -> None:
    """Question a day of receipt or completion before the year or after the next one: its year is likely mistyped."""
    for table, column in _DONE_ON:
        for draft in drafts[table]:
            day = draft.values.get(column)
            if isinstance(day, date) and not year <= day.year <= year + 1:
                findings.at(
                    draft,
                    column,
                    "warning",
                    "date.year",
                    f"“{column}”{day} 不在 {year} 年度，也不在次年；已照此读入，按期与否以它为准。",
                    "请核对年份；写错的，请更正后重新报送。",
                )


def check_standards(drafts: Drafts, scheme: Scheme, findings: Findings, reliable: bool) -> None:
    """Report each 标准编号 that a row or the scheme names and 扣分标准 lacks.

    Says nothing when 扣分标准 itself could not be read (``reliable`` False): its own error stands already.
    """
    if not reliable:
        return
    known = {draft.text("标准编号") for draft in drafts["扣分标准"]} - {""}
    for draft in drafts["扣分登记"]:
        code = draft.text("标准编号")
        if code and code not in known:
            findings.at(
                draft,
                "标准编号",
                "error",
                "standard.unknown",
                f"标准编号“{code}”不在扣分标准中。最接近：{'、'.join(nearest(code, sorted(known)))}。",
                "请更正，或在扣分标准中补上经批准的标准。",
            )
    file = drafts["扣分标准"][0].source if drafts["扣分标准"] else None
    for code, item in (scheme.named_standards() | scheme.register_standards()).items():
        if code not in known:
            findings.add(
                Problem(
                    "error",
                    "standard.scheme",
                    f"方案的 {item}（{scheme.item(item).name}）要用标准“{code}”，扣分标准中没有。",
                    "请在扣分标准中补上经批准的标准，或更正 scheme.yaml。",
                    table="扣分标准",
                    file=file.file if file else "",
                    sheet=file.sheet if file else "",
                    column="标准编号",
                    value=code,
                )
            )


def check_evidence(drafts: Drafts, scheme: Scheme, findings: Findings, reliable: bool) -> None:
    """Warn of each 佐证编号 that 佐证目录 lacks or holds for another unit: the row then has no evidence.

    Warn too of evidence gathered after the cut-off. It is indexed, and so it counts; whether it may is for people.
    """
    if not reliable:
        return
    for draft in drafts["佐证目录"]:
        gathered = draft.values.get("采集日期")
        if isinstance(gathered, date) and gathered > scheme.cut_off:
            findings.at(
                draft,
                "采集日期",
                "warning",
                "evidence.late",
                f"采集日期 {gathered} 晚于截止日 {scheme.cut_off}；已编目，引用它的登记仍按有佐证处理。",
                "请核对采集日期；截止日以后取得、不应采信的，请在“调整复核”中撤销引用它的登记。",
            )
    index = {draft.text("佐证编号"): draft for draft in reversed(drafts["佐证目录"]) if draft.text("佐证编号")}
    for name, rows in drafts.items():
        if name == "佐证目录":
            continue
        for draft in rows:
            code = draft.text("佐证编号")
            if not code:
                continue
            entry = index.get(code)
            if entry is None:
                hint = suggest(code, index)
                findings.at(
                    draft,
                    "佐证编号",
                    "warning",
                    "evidence.unknown",
                    f"佐证编号“{code}”不在佐证目录中，这一行视为没有佐证。{hint}",
                    "请在佐证目录中编目，或更正编号。",
                )
            elif entry.readable(("单位",)) and draft.readable(("单位",)) and entry.text("单位") != draft.text("单位"):
                findings.at(
                    draft,
                    "佐证编号",
                    "warning",
                    "evidence.other_unit",
                    f"佐证“{code}”编目给另一单位（{entry.shown.get('单位', '').strip()}，见{place(entry)}），"
                    "这一行视为没有佐证。",
                    "请更正佐证编号，或更正佐证目录的单位。",
                )


def check_adjustments(drafts: Drafts, scheme: Scheme, findings: Findings, broken: set[str]) -> None:
    """Check each decision of 调整复核 against its object: there, the same unit's, decided once, settable, in range.

    An object whose own row could not be read is not reported a second time here, nor one of a table in ``broken``.
    """
    maximum = scheme.cell_maxima().get(("评定加分", "评定分"))
    decided: dict[tuple[str, str, str], Draft] = {}
    index: dict[str, dict[str, list[Draft]]] = {}
    for draft in drafts["调整复核"]:
        _check_value(draft, maximum, findings)
        table = draft.text("对象表")
        if not table:
            continue
        column = TABLES[table].object_column if table in TABLES else ""
        if not column:
            adjustable = [name for name, spec in TABLES.items() if spec.object_column]
            findings.at(
                draft,
                "对象表",
                "error",
                "adjust.table",
                f"对象表“{table}”不能调整复核。最接近：{nearest(table, adjustable, 1)[0]}。",
                f"可填：{' / '.join(adjustable)}。",
            )
            continue
        number, unit = draft.text("对象编号"), draft.text("单位")
        if not number:
            continue
        if table not in index:
            index[table] = _by_text(drafts[table], column)
        by_number = index[table]
        objects = by_number.get(number, [])
        if not objects:
            unsure = table in broken or any(column in row.bad for row in drafts[table])
            if not unsure:
                hint = suggest(number, by_number) if by_number else "该表没有数据。"
                findings.at(
                    draft,
                    "对象编号",
                    "error",
                    "adjust.object",
                    f"{table}中没有“{number}”。{hint}",
                    "请更正对象表或对象编号。",
                )
                continue
        elif unit and not any(row.text("单位") == unit or not row.readable(("单位",)) for row in objects):
            other = objects[0]
            findings.at(
                draft,
                "单位",
                "error",
                "adjust.unit",
                f"{table}“{number}”是另一单位的（{other.shown.get('单位', '').strip()}，见{place(other)}）。",
                "请更正单位或对象编号。",
            )
            continue
        if not unit:
            continue
        key = (table, number, unit if table == "热线红灯" else "")
        earlier = decided.setdefault(key, draft)
        if earlier is not draft:
            findings.at(
                draft,
                "对象编号",
                "error",
                "adjust.repeated",
                f"{table}“{number}”已由{place(earlier)}作过决定，一个对象只能有一个决定。",
                "请只保留一个决定。",
            )


def _by_text(rows: list[Draft], column: str) -> dict[str, list[Draft]]:
    found: dict[str, list[Draft]] = {}
    for row in rows:
        if row.text(column):
            found.setdefault(row.text(column), []).append(row)
    return found


def _check_value(draft: Draft, maximum: Decimal | None, findings: Findings) -> None:
    action, table, value = draft.values.get("处理"), draft.text("对象表"), draft.values.get("新值")
    if action == "撤销" and value is not None:
        findings.at(
            draft,
            "新值",
            "warning",
            "adjust.value_unused",
            "撤销不用新值，所填新值不起作用。",
            "请清空新值；如要改值，“处理”填 改值。",
        )
    if action != "改值":
        return
    if table in TABLES and table not in SETTABLE and TABLES[table].object_column:
        findings.at(
            draft,
            "处理",
            "error",
            "adjust.not_settable",
            f"{table}不能改值，只能撤销。",
            f"改值只用于：{'、'.join(SETTABLE)}。",
        )
    elif value is None and draft.readable(("新值",)):
        findings.at(draft, "新值", "error", "adjust.value_missing", "改值没有填新值。", "请填新值。")
    elif table == "评定加分" and isinstance(value, Decimal) and maximum is not None and value > maximum:
        findings.at(
            draft,
            "新值",
            "error",
            "adjust.value_range",
            f"新值 {value} 超出范围，评定分最大为 {maximum}。",
            "请核对后更正。",
        )


def check_confirmations(drafts: Drafts, findings: Findings) -> None:
    """Check 确认无事项: a real table on which it has an effect, said once, and no rows of the unit beside it."""
    seen: dict[tuple[str, str], Draft] = {}
    for draft in drafts["确认无事项"]:
        table, unit = draft.text("表"), draft.text("单位")
        if not table or not draft.readable(("表",)):
            continue
        if table not in TABLES:
            findings.at(
                draft,
                "表",
                "error",
                "confirm.table",
                f"“{table}”不是数据表的名称。最接近：{nearest(table, TABLES, 1)[0]}。",
                f"可填：{' / '.join(CONFIRMABLE)}。",
            )
            continue
        if table not in CONFIRMABLE:
            findings.at(
                draft,
                "表",
                "warning",
                "confirm.no_effect",
                f"确认“{table}”无事项不起作用。",
                f"确认只对这些表起作用：{'、'.join(CONFIRMABLE)}。",
            )
            continue
        if not draft.readable(("单位",)):
            continue
        earlier = seen.setdefault((table, unit), draft)
        if earlier is not draft:
            findings.at(draft, "表", "warning", "confirm.repeated", f"与{place(earlier)}重复确认。", "请只保留一行。")
        beside = next((row for row in drafts[table] if row.text("单位") == unit), None) if unit != ALL_UNITS else None
        if beside is not None:
            findings.at(
                draft,
                "单位",
                "warning",
                "confirm.contradicted",
                f"确认{table}无事项，但该单位在{place(beside)}有登记；以登记为准，本确认不起作用。",
                "请删去确认，或更正登记。",
            )
