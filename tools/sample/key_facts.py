"""Facts behind the key score: reports, and a register that meets every unit's target to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from sample import plan, prose
from sample.base import (
    CHECKERS,
    CUT_OFF,
    FULL,
    SCORERS,
    Record,
    Sample,
    between,
    capped,
    seeded,
)
from sample.standards import STANDARD, STANDARDS
from sample.units import CODES, KEY_TASK_EMPTY, KEY_TASK_UNITS, YEAR

DUE_REPORTS = (
    ("半年汇报", "", date(YEAR, 6, 20)),
    ("年度总结", "", date(YEAR, 12, 20)),
    ("季度进展", "1", date(YEAR, 3, 20)),
    ("季度进展", "2", date(YEAR, 6, 20)),
    ("季度进展", "3", date(YEAR, 9, 20)),
    ("季度进展", "4", date(YEAR, 12, 20)),
)


def reports_and_register(sample: Sample) -> None:
    """List reports and fill the register so that every unit meets its key score to the cent."""
    rng = seeded("材料报送")
    used: dict[str, Counter[str]] = {code: Counter() for code in CODES}
    for material, quarter, due in DUE_REPORTS:
        for code in CODES:
            if quarter and code not in KEY_TASK_UNITS and not (code in KEY_TASK_EMPTY and quarter in "24"):
                continue
            key = (code, material + quarter)
            row: Record = {"单位": code, "材料": material, "季度": quarter, "实报日期": None, "免报原因": ""}
            scored = quarter != "1" and (not quarter or code in KEY_TASK_UNITS)
            if key in plan.EXEMPT_REPORTS:
                row["免报原因"] = rng.choice(prose.EXEMPTIONS)
            elif key in plan.REPORTS:
                late = plan.REPORTS[key]
                if late is not None:
                    row["实报日期"] = due + timedelta(days=late)
                if scored and (late is None or row["实报日期"] > CUT_OFF):
                    used[code]["BS-02"] += STANDARD["BS-02"].rate
                elif scored and late:
                    used[code]["BS-01"] += STANDARD["BS-01"].rate * late
            else:
                row["实报日期"] = between(rng, due - timedelta(days=11), due - timedelta(days=1))
            if key not in plan.REPORT_WITHOUT_ROW:
                sample.tables["材料报送"].append(row)
    for code in CODES:
        register(sample, code, used[code])
        total = sum(capped(name, amount) for name, amount in used[code].items())
        assert FULL - total == plan.KEY_TARGETS[code], (code, total)
        sample.planned[code]["K"] = FULL - total
    for n, row in enumerate(sample.tables["扣分登记"]):
        row["编号"] = f"KF-{row['单位'][0]}-{n + 1:03}"


def register(sample: Sample, code: str, used: Counter[str]) -> None:
    """Enter a unit's register rows: the fixed ones, those outside the year, and those that fill up to the target."""
    rng = seeded(f"扣分登记/{code}")
    rows: list[tuple[str, int, date]] = []
    for name, quantity in plan.FIXED_DEDUCTIONS.get(code, ()):
        rows.append((name, quantity, between(rng, date(YEAR, 3, 15), date(YEAR, 12, 26))))
        if (code, name) == plan.DEDUCTION_CHANGED[:2]:
            used[name] += plan.DEDUCTION_CHANGED[2]
        elif (code, name) != plan.DEDUCTION_REVOKED:
            used[name] += STANDARD[name].rate * quantity
    need = FULL - plan.KEY_TARGETS[code] - sum(capped(name, amount) for name, amount in used.items())
    if code == plan.NO_REGISTER_ROWS:
        assert need == 0 and not rows
        return
    fixed = {name for name, _, _ in rows}  # the named oddities stay alone under their standard
    if plan.AWARDS.get(code, ((), ()))[1]:
        fixed.add("LD-02")  # nobody who was promoted is charged with having nothing promoted
    silent = list(sample.silent_quarters[code])
    for name, quantity in fill(rng, need, used, fixed, len(silent)):
        first, last = date(YEAR, 2, 8), date(YEAR, 12, 27)
        if name == "LD-02":
            first = date(YEAR, 12, 15)
        elif name == "XX-04":
            month = 3 * silent.pop()
            first, last = date(YEAR, month, 24), date(YEAR, month, 30)
        rows.append((name, quantity, between(rng, first, last)))
    for unit, name, quantity, day_text in plan.REGISTER_OUTSIDE_YEAR:
        if unit == code:
            rows.append((name, quantity, date.fromisoformat(day_text)))
    rows.sort(key=lambda r: r[2])
    told: set[str] = set()
    for n, (name, quantity, day) in enumerate(rows):
        fact = tell(rng, name, quantity, day, told)
        evidence = ""
        if rng.random() < 0.5:
            evidence = sample.evidence(code, rng.choice(("电子版", "照片")), f"{fact[:14]}…核查记录", day)
        scorer, checker = rng.choice(SCORERS), rng.choice(CHECKERS)
        if code == plan.SELF_CHECKED and n == 0:
            checker = scorer
        sample.tables["扣分登记"].append(
            {
                "编号": "",
                "单位": code,
                "标准编号": name,
                "事实": fact,
                "发生日期": day,
                "数量": None if quantity == 1 and rng.random() < 0.4 else quantity,
                "佐证编号": evidence,
                "评分人": scorer,
                "复核人": checker,
            }
        )


# How many of one thing a clerk enters in one row; elsewhere one row is one case.
MOST = {"GW-01": 6, "XX-01": 6, "ZD-03": 3, "ZD-07": 2, "ZD-09": 2, "GW-03": 3, "XX-05": 2}


def fill(rng: Random, need: int, used: Counter[str], taken: Iterable[str], silent: int) -> list[tuple[str, int]]:
    """Choose standards and quantities that deduct exactly ``need``, none above its cap."""
    barred = set(taken) | ({"ZD-06"} if need < 3000 else set())  # false reports are for the worst alone
    often = {"XX-04": silent, "ZD-05": 1 if need < 2500 else 2, "ZD-06": 1, "ZD-01": 1, "LD-01": 1, "LD-02": 1}
    able = [s for s in STANDARDS if s.code[:2] in ("ZD", "GW", "XX", "LD") and s.code not in barred]
    for attempt in range(5000):
        left, sums = need, Counter(used)
        chosen: list[tuple[str, int]] = []
        aim = max(3, need // 450) + rng.randint(0, 1)
        # Few large rows rather than many small ones; more only when few do not come out even.
        while left > 0 and len(chosen) < aim + 1 + attempt // 40:
            share = left / max(1, aim - len(chosen))
            options = []
            for s in able:
                if [name for name, _ in chosen].count(s.code) >= often.get(s.code, 9):
                    continue
                room = min(left, (s.cap or left + sums[s.code]) - sums[s.code])
                options += [(s, q) for q in range(1, min(MOST.get(s.code, 1), room // s.rate) + 1)]
            fitting = [(s, q) for s, q in options if share * 0.2 <= s.rate * q <= share * 2 or s.rate * q == left]
            if not options:
                break
            s, q = rng.choice(fitting or options)
            chosen.append((s.code, q))
            sums[s.code] += s.rate * q
            left -= s.rate * q
        if left == 0:
            used.update({name: sums[name] - used[name] for name in sums})
            return chosen
    raise AssertionError(f"no way to deduct {need}")


def tell(rng: Random, standard: str, quantity: int, day: date, told: set[str]) -> str:
    """Tell the fact in a clerk's words, never twice the same for a unit."""
    for _ in range(50):
        text = rng.choice(prose.DEDUCTION_FACTS[standard]).format(
            t=rng.choice(prose.TOPICS),
            n=rng.randint(2, 7),
            m=day.month,
            p=day.month - 1 or 12,
            q=(day.month + 2) // 3,
            k=quantity,
            d=f"演示办函〔{day.year}〕{rng.randint(5, 140)}号",
        )
        if text not in told:
            break
    told.add(text)
    return text
