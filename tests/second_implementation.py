"""A second, slow and obvious implementation of the whole scheme, to hold the real one against.

Read it beside the scheme's text, clause by clause. It shares nothing with ``assess_lib`` but the shape
of a row (``row["column"]``): its numbers, levels, dates and readings are literals of its own, so it
checks ``scheme.yaml`` as well as the code. It knows points and verdicts only, no ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Rows = Mapping[str, Sequence[Any]]

DEFAULT_READINGS = {
    "red_light_event": "event",
    "red_light_window": "calendar_year",
    "criticism_scope": "named",
    "bonus_gate": "above",
    "deadline_day": "inclusive",
    "q1_report": "not_scored",
    "info_lists": "separate",
    "info_quarters": "sum",
    "info_pool": "all_units",
    "different_matters": "sum",
    "same_matter_across_items": "allowed",
    "missing_evidence": "withhold",
}

# "Missing is not zero": the table that tells of an item. V1 needs the centre's row instead.
TABLE_OF_ITEM = {
    "V2": "通报批评",
    "K": "扣分登记",
    "B1": "评定加分",
    "B2": "表彰宣传",
    "B3": "表彰宣传",
    "B4": "信息报送",
    "B5": "领导评价",
    "B6": "参会登记",
    "B7": "交办任务",
}


def half_up(value: Fraction) -> Fraction:
    """Round a value that is not negative to 0.01, half up."""
    assert value >= 0
    return Fraction((value * 100 + Fraction(1, 2)).__floor__(), 100)


def rows_of(tables: Rows, table: str, unit: str) -> list[Any]:
    """List a unit's rows of one table."""
    return [row for row in tables[table] if row["单位"] == unit]


def decision(tables: Rows, table: str, row: Any) -> Any | None:
    """Find the 调整复核 on a row, or None."""
    number = row["工单编号"] if table == "热线红灯" else row["编号"]
    for made in tables["调整复核"]:
        if made["对象表"] == table and made["对象编号"] == number and made["单位"] == row["单位"]:
            return made
    return None


def revoked(tables: Rows, table: str, row: Any) -> bool:
    """Tell whether the row was taken out."""
    made = decision(tables, table, row)
    return made is not None and made["处理"] == "撤销"


def new_value(tables: Rows, table: str, row: Any) -> Fraction | None:
    """Give the value that a decision set, or None."""
    made = decision(tables, table, row)
    if made is None or made["处理"] != "改值":
        return None
    return Fraction(made["新值"])


def confirmed_none(tables: Rows, table: str, unit: str) -> bool:
    """Tell whether 确认无事项 speaks for the unit on that table; rows beside a confirmation win."""
    if rows_of(tables, table, unit):
        return False
    return any(said["表"] == table and said["单位"] in (unit, "全部") for said in tables["确认无事项"])


def not_reported(tables: Rows, item: str, unit: str) -> bool:
    """Tell whether the item's table neither has a row of the unit nor is confirmed to have none."""
    table = TABLE_OF_ITEM[item]
    if confirmed_none(tables, table, unit):
        return False
    if item == "B4":
        quarters = {row["季度"] for row in rows_of(tables, table, unit)}
        return quarters != {"1", "2", "3", "4"}
    return not rows_of(tables, table, unit)


def has_evidence(tables: Rows, row: Any, readings: Mapping[str, str]) -> bool:
    """Tell whether 佐证编号 is indexed for this unit, or need not be (missing_evidence=accept)."""
    if readings["missing_evidence"] == "accept":
        return True
    if row["佐证编号"] is None:
        return False
    return any(e["佐证编号"] == row["佐证编号"] and e["单位"] == row["单位"] for e in tables["佐证目录"])


# ---------------------------------------------------------------- 四（一）1


def same_day_next_year(day: date) -> date:
    """Give the same day one year after; 29 February has none, the month's last day stands for it."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return date(day.year + 1, day.month, day.day)


def own_red_lights(tables: Rows, unit: str, readings: Mapping[str, str], year: int) -> int:
    """Count the unit's red lights from 热线红灯."""
    lights = []
    for row in rows_of(tables, "热线红灯", unit):
        main_handler = row["办理角色"] in ("主办", None)
        if main_handler and row["申诉结果"] != "成立" and not revoked(tables, "热线红灯", row):
            lights.append(row)

    def distinct(rows: list[Any]) -> int:
        if readings["red_light_event"] == "ticket":
            return len({row["工单编号"] for row in rows})
        return len({(row["工单编号"], row["红灯时间"]) for row in rows})

    of_year = [row for row in lights if row["红灯时间"].year == year]
    if readings["red_light_window"] == "calendar_year":
        return distinct(of_year)
    fullest = 0
    for last in of_year:
        end = last["红灯时间"].date()
        window = []
        for row in lights:
            day = row["红灯时间"].date()
            if day <= end < same_day_next_year(day):
                window.append(row)
        fullest = max(fullest, distinct(window))
    return fullest


def judge_v1(tables: Rows, unit: str, readings: Mapping[str, str], year: int) -> tuple[bool, bool]:
    """Say whether V1 vetoes, and whether it is unresolved."""
    own = own_red_lights(tables, unit, readings, year)
    for row in tables["信息中心结果"]:
        if row["单位"] == unit:
            return row["红灯次数"] >= 2 or row["市大数据局通报"] == "是", row["红灯次数"] != own
    return own >= 2, True


# ---------------------------------------------------------------- 四（一）2


def judge_v2(tables: Rows, unit: str, readings: Mapping[str, str], year: int) -> tuple[bool, bool]:
    """Say whether V2 vetoes, and whether it is unresolved."""
    named = complaint = False
    for row in rows_of(tables, "通报批评", unit):
        if row["日期"].year != year or row["层级"] not in ("中央", "省", "市") or revoked(tables, "通报批评", row):
            continue
        if row["类型"] in ("检查督查", "媒体") and row["是否点名"] == "是":
            named = True
        if row["类型"] == "群众反映":
            complaint = True
    missing = not_reported(tables, "V2", unit)
    scope = readings["criticism_scope"]
    if scope == "named":
        return named, missing or (complaint and not named)
    if scope == "named_or_complaints":
        return named or complaint, missing
    return named and complaint, missing


# ---------------------------------------------------------------- deductions: K, B6, B7


def standard(tables: Rows, number: str) -> Any:
    """Find a row of 扣分标准."""
    (found,) = [row for row in tables["扣分标准"] if row["标准编号"] == number]
    return found


def deducted(tables: Rows, start: int, deductions: list[tuple[str, Fraction]]) -> Fraction:
    """Deduct amounts in order, each standard up to its 扣分上限, never below 0."""
    total = Fraction(start)
    spent: dict[str, Fraction] = {}
    for number, amount in deductions:
        limit = standard(tables, number)["扣分上限"]
        if limit is not None:
            amount = min(amount, Fraction(limit) - spent.get(number, Fraction(0)))
        amount = min(amount, total)
        spent[number] = spent.get(number, Fraction(0)) + amount
        total -= amount
    return total


def late_amount(tables: Rows, number: str, days: int) -> Fraction:
    """Price a lateness: once, or per day if the standard's 计量 is 日."""
    rate = standard(tables, number)
    return Fraction(rate["单次扣分"]) * (days if rate["计量"] == "日" else 1)


def judge_k(tables: Rows, unit: Any, readings: Mapping[str, str], run_date: date, year: int) -> tuple[Fraction, bool]:
    """Give K's points, and whether it is unresolved (四（二）, 五1)."""
    code = unit["单位编码"]
    cut_off = date(year, 12, 31)
    facts: list[tuple[date, int, str, str, Fraction]] = []

    obligations: list[tuple[str, str | None, date]] = []
    obligations.append(("半年汇报", None, date(year, 6, 20)))
    obligations.append(("年度总结", None, date(year, 12, 20)))
    if unit["重点任务单位"] == "是":
        if readings["q1_report"] == "scored":
            obligations.append(("季度进展", "1", date(year, 3, 20)))
        obligations.append(("季度进展", "2", date(year, 6, 20)))
        obligations.append(("季度进展", "3", date(year, 9, 20)))
        obligations.append(("季度进展", "4", date(year, 12, 20)))
    for place, (material, quarter, due) in enumerate(obligations):
        if due > run_date:
            continue
        receipt = None
        for row in rows_of(tables, "材料报送", code):
            if row["材料"] == material and row["季度"] == quarter:
                receipt = row
        if receipt is not None and receipt["免报原因"] is not None:
            continue
        received = None if receipt is None else receipt["实报日期"]
        last_day_in_time = due if readings["deadline_day"] == "inclusive" else due - timedelta(days=1)
        if received is None or received > cut_off:
            facts.append((due, 0, str(place), "BS-02", Fraction(standard(tables, "BS-02")["单次扣分"])))
        elif received > last_day_in_time:
            days = (received - last_day_in_time).days
            facts.append((due, 0, str(place), "BS-01", late_amount(tables, "BS-01", days)))

    for row in rows_of(tables, "扣分登记", code):
        if row["发生日期"].year != year or revoked(tables, "扣分登记", row):
            continue
        amount = new_value(tables, "扣分登记", row)
        if amount is None:
            times = 1 if row["数量"] is None else row["数量"]
            amount = Fraction(standard(tables, row["标准编号"])["单次扣分"]) * times
        facts.append((row["发生日期"], 1, row["编号"], row["标准编号"], amount))

    facts.sort()
    points = deducted(tables, 100, [(number, amount) for *_, number, amount in facts])
    return points, not_reported(tables, "K", code) or unit["重点任务单位"] is None


def judge_b6(tables: Rows, code: str, year: int) -> tuple[Fraction, bool]:
    """Give B6's points, and whether it is unresolved (四（三）6)."""
    if not_reported(tables, "B6", code):
        return Fraction(0), True
    price = {"到会": None, "请假": None, "迟到": "HY-01", "代会": "HY-02", "缺席": "HY-03"}
    deductions = []
    for row in rows_of(tables, "参会登记", code):
        number = price[row["到会情况"]]
        if row["日期"].year == year and number is not None:
            deductions.append((number, Fraction(standard(tables, number)["单次扣分"])))
    return deducted(tables, 2, deductions), False


def judge_b7(tables: Rows, code: str, run_date: date, year: int) -> tuple[Fraction, bool]:
    """Give B7's points, and whether it is unresolved (四（三）7)."""
    if not_reported(tables, "B7", code):
        return Fraction(0), True
    deductions = []
    for row in rows_of(tables, "交办任务", code):
        due, done = row["时限"], row["完成日期"]
        if due.year != year or due > run_date:
            continue
        if done is None or done > date(year, 12, 31):
            deductions.append(("RW-02", Fraction(standard(tables, "RW-02")["单次扣分"])))
        elif done > due:
            deductions.append(("RW-01", late_amount(tables, "RW-01", (done - due).days)))
    return deducted(tables, 2, deductions), False


# ---------------------------------------------------------------- awards: B1, B2, B3, B5


def judge_b1(tables: Rows, code: str, readings: Mapping[str, str]) -> tuple[Fraction, bool]:
    """Give B1's points, and whether it is unresolved (四（三）1)."""
    matters: dict[str, list[Fraction]] = {}
    for row in rows_of(tables, "评定加分", code):
        if revoked(tables, "评定加分", row) or not has_evidence(tables, row, readings):
            continue
        score = new_value(tables, "评定加分", row)
        matters.setdefault(row["事项"], []).append(Fraction(row["评定分"]) if score is None else score)
    total = Fraction(0)
    for scores in matters.values():
        total += half_up(sum(scores, Fraction(0)) / len(scores))
    return min(total, Fraction(4)), not_reported(tables, "B1", code)


def level_points(tables: Rows, code: str, category: str, readings: Mapping[str, str], year: int) -> dict[str, int]:
    """Give each matter's points at its highest level, in one of B2 and B3."""
    worth = {"中央": 3, "省": 2, "市": 1}
    matters: dict[str, int] = {}
    for row in rows_of(tables, "表彰宣传", code):
        if row["加分项"] != category or row["日期"].year != year or row["层级"] not in worth:
            continue
        if revoked(tables, "表彰宣传", row) or not has_evidence(tables, row, readings):
            continue
        matters[row["事项编号"]] = max(matters.get(row["事项编号"], 0), worth[row["层级"]])
    return matters


def judge_b2_b3(
    tables: Rows, code: str, readings: Mapping[str, str], year: int
) -> tuple[tuple[Fraction, bool], tuple[Fraction, bool]]:
    """Give the points of B2 and of B3, and whether each is unresolved (四（三）2, 3)."""
    b2 = level_points(tables, code, "通报表彰", readings, year)
    b3 = level_points(tables, code, "经验宣传", readings, year)
    if readings["same_matter_across_items"] == "once":
        for matter in set(b2) & set(b3):
            if b2[matter] >= b3[matter]:
                del b3[matter]
            else:
                del b2[matter]
    scores = []
    for item, matters in (("B2", b2), ("B3", b3)):
        points = sum(matters.values())
        if readings["different_matters"] == "best":
            points = max(matters.values(), default=0)
        scores.append((Fraction(min(points, 3)), not_reported(tables, item, code)))
    return scores[0], scores[1]


def judge_b5(tables: Rows, code: str) -> tuple[Fraction, bool]:
    """Give B5's points, and whether it is unresolved (四（三）5)."""
    scores = [Fraction(row["分值"]) for row in rows_of(tables, "领导评价", code)]
    points = half_up(sum(scores, Fraction(0)) / len(scores)) if scores else Fraction(0)
    return min(points, Fraction(3)), not_reported(tables, "B5", code)


# ---------------------------------------------------------------- 四（三）4


def judge_b4(tables: Rows, unit: Any, readings: Mapping[str, str]) -> tuple[Fraction, bool]:
    """Give B4's points, and whether it is unresolved."""
    code = unit["单位编码"]
    group = {u["单位编码"]: u["单位类别"] for u in tables["单位名录"]}
    quarters = []
    for quarter in ("1", "2", "3", "4"):
        volume: dict[str, Any] = {}
        rate: dict[str, Any] = {}
        both: dict[str, Any] = {}
        for row in tables["信息报送"]:
            rival = row["单位"]
            if row["季度"] != quarter:
                continue
            if readings["info_pool"] == "by_group" and group[rival] != unit["单位类别"]:
                continue
            sent, used = row["报送条数"], row["采用条数"]
            if sent > 0:
                volume[rival] = sent
                both[rival] = (sent, Fraction(used, sent))
            if used > 0:
                rate[rival] = Fraction(used, sent)
        lists = [both] if readings["info_lists"] == "volume_then_rate" else [volume, rate]
        points = 0
        for ranking in lists:
            if code in ranking:
                rank = 1 + sum(1 for value in ranking.values() if value > ranking[code])
                points += {1: 3, 2: 2, 3: 1}.get(rank, 0)
        quarters.append(points)
    if readings["info_quarters"] == "sum":
        total = Fraction(sum(quarters))
    elif readings["info_quarters"] == "mean":
        total = half_up(Fraction(sum(quarters), 4))
    else:
        total = Fraction(max(quarters))
    return min(total, Fraction(3)), not_reported(tables, "B4", code)


# ---------------------------------------------------------------- 四: the order of judgement


def judge(tables: Rows, readings: Mapping[str, str], run_date: date, year: int = 2022) -> dict[str, dict[str, Any]]:
    """Judge every unit.

    Returns, by 单位编码: status, key_score, bonus_open, bonus_score, final_score, grade, rank_in_group,
    rank_overall, unresolved, group, ``vetoed_by`` (V1, V2) and ``items``: {item: (points or None, unresolved)}.
    Points are Fractions.
    """
    readings = DEFAULT_READINGS | dict(readings)
    units: dict[str, dict[str, Any]] = {}
    for unit in tables["单位名录"]:
        code = unit["单位编码"]
        v1, v1_open = judge_v1(tables, code, readings, year)
        v2, v2_open = judge_v2(tables, code, readings, year)
        items: dict[str, tuple[Fraction | None, bool]] = {"V1": (None, v1_open), "V2": (None, v2_open)}
        grounds = [veto for veto, hit in (("V1", v1), ("V2", v2)) if hit]
        result: dict[str, Any] = {"group": unit["单位类别"], "vetoed_by": grounds}
        key = bonus = final = None
        gate = False
        if not grounds:
            key, k_open = judge_k(tables, unit, readings, run_date, year)
            items["K"] = (key, k_open)
            gate = key > 80 or (key == 80 and readings["bonus_gate"] == "at_least")
            final = key
            if gate:
                items["B1"] = judge_b1(tables, code, readings)
                items["B2"], items["B3"] = judge_b2_b3(tables, code, readings, year)
                items["B4"] = judge_b4(tables, unit, readings)
                items["B5"] = judge_b5(tables, code)
                items["B6"] = judge_b6(tables, code, year)
                items["B7"] = judge_b7(tables, code, run_date, year)
                bonus = min(sum((items[f"B{n}"][0] or Fraction(0) for n in range(1, 8)), Fraction(0)), Fraction(20))
                final = key + bonus
        result["status"] = "vetoed" if grounds else "scored"
        result["key_score"] = key
        result["bonus_open"] = gate
        result["bonus_score"] = bonus
        result["final_score"] = final
        result["grade"] = "不合格" if key is None or key < 60 else "合格"
        result["unresolved"] = sum(1 for _, still_open in items.values() if still_open)
        result["items"] = items
        units[code] = result
    for one in units.values():
        one["rank_in_group"] = one["rank_overall"] = None
        if one["final_score"] is not None:
            scored = [other for other in units.values() if other["final_score"] is not None]
            better = [other for other in scored if other["final_score"] > one["final_score"]]
            one["rank_overall"] = 1 + len(better)
            one["rank_in_group"] = 1 + sum(1 for other in better if other["group"] == one["group"])
    return units
