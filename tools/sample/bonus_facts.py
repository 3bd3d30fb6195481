"""Facts behind the bonus items, and the points that each unit is meant to earn by them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from random import Random

from sample import plan, prose
from sample.base import (
    CAPS,
    CHECKERS,
    LEVEL_POINTS,
    LEVELS,
    SCORERS,
    Sample,
    between,
    capped,
    half_up,
    points,
    seeded,
)
from sample.standards import STANDARD
from sample.units import CODES, YEAR


def information(sample: Sample) -> None:
    """List what was sent and used each quarter; the planned leaders stand out by hand."""
    rng = seeded("信息报送")
    for quarter in range(1, 5):
        counts: dict[str, tuple[int, int]] = {}
        for code in CODES:
            if code == plan.INFORMATION_CONFIRMED_NONE or (code, quarter) in plan.INFORMATION_MISSING:
                continue
            if (code, quarter) in plan.INFORMATION:
                counts[code] = plan.INFORMATION[code, quarter]
            else:
                sent = rng.choice((0, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 19, 21, 24, 26, 29))
                counts[code] = (sent, sent * rng.randint(15, 60) // 100)
        for code, (sent, adopted) in counts.items():
            if not sent:
                sample.silent_quarters[code].append(quarter)
            sample.tables["信息报送"].append(
                {"单位": code, "季度": str(quarter), "报送条数": sent, "采用条数": adopted}
            )
        # Competition ranks: one more than the number of those ahead. Rates are compared crosswise, in integers.
        for code, (sent, adopted) in counts.items():
            volume = sum(other > sent for other, _ in counts.values()) + 1 if sent else 99
            rate = sum(a * sent > adopted * s for s, a in counts.values()) + 1 if adopted else 99
            earned = sum({1: 300, 2: 200, 3: 100}.get(rank, 0) for rank in (volume, rate))
            sample.planned[code]["B4"] = min(CAPS["B4"], sample.planned[code].get("B4", 0) + earned)
    for code in CODES:
        sample.planned[code].setdefault("B4", 0)


def awards(sample: Sample) -> None:
    """List commendations and promotions, with several levels of one matter and rows that do not count."""
    for code in CODES:
        rng = seeded(f"表彰宣传/{code}")
        shared: tuple[str, str] | None = None
        titles = {"通报表彰": rng.sample(prose.COMMENDED, 4), "经验宣传": rng.sample(prose.PROMOTED, 4)}
        for n_item, item in enumerate(("通报表彰", "经验宣传")):
            earned = 0
            for matter, levels in enumerate(plan.AWARDS.get(code, ((), ()))[n_item], start=1):
                key, title = f"SX-{code}-{'BX'[n_item]}{matter}", titles[item][matter - 1]
                if matter == 1 and code in plan.SAME_MATTER:
                    if shared is None:
                        shared = (key, title)
                    else:
                        key, title = shared
                best, day = 0, between(rng, date(YEAR, 2, 10), date(YEAR, 10, 30))
                # The lower level reports first, the higher later; rows are entered from the highest down.
                for n_row, letter in enumerate(levels, start=1):
                    counts = award(sample, rng, code, item, (key, title), LEVELS[letter], day, (matter, n_row))
                    best = max(best, LEVEL_POINTS[LEVELS[letter]] if counts else 0)
                    day = between(rng, day, min(day + timedelta(days=25), date(YEAR, 12, 28)))
                earned += best
            sample.planned[code][("B2", "B3")[n_item]] = min(300, earned)
        for n, (unit, item, level, day_text) in enumerate(plan.AWARDS_OUTSIDE_YEAR, start=1):
            if unit == code:
                matter_key = (f"SX-{code}-N{n}", titles[item][3])
                award(sample, rng, code, item, matter_key, level, date.fromisoformat(day_text), (9, 1))
    rows = sample.tables["表彰宣传"]
    rows.sort(key=lambda r: (r["加分项"] != "通报表彰", r["单位"][0] != "T"))
    for number, row in enumerate(rows, start=1):
        row["编号"] = f"{'BZ' if row['加分项'] == '通报表彰' else 'XC'}-{number:03}"


def award(
    sample: Sample,
    rng: Random,
    code: str,
    item: str,
    matter: tuple[str, str],
    level: str,
    day: date,
    place: tuple[int, int],
) -> bool:
    """Enter one row of an award; return whether it counts under the default readings."""
    key, title = matter
    where = f"（{rng.choice(('第一批', '专刊', '头版', '转发件', '通报附件'))}）" if rng.random() < 0.15 else ""
    if item == "通报表彰":
        prefix = {"中央": "演示国办函", "省": "演示省政办发", "市": "演示市政办发", "县": "演示县办发"}[level]
        reference, kind = f"{prefix}〔{day.year}〕{rng.randint(2, 98)}号", "电子版"
    else:
        reference = f"演示网址/{day.year}/{rng.randint(200, 990)}"
        kind = rng.choice(("网址", "网址", "照片", "电子版"))
    spot = (code, item, *place)
    evidence = ""
    if spot == plan.AWARD_EVIDENCE_UNKNOWN:
        evidence = f"ZJ-{code}-190"
    elif spot == plan.AWARD_EVIDENCE_OF_OTHER:
        evidence = "ZJ-D15-002"
    elif spot != plan.AWARD_NO_EVIDENCE_ID:
        evidence = sample.evidence(code, kind, f"{title}{where}" if kind != "网址" else reference, day)
    sample.tables["表彰宣传"].append(
        {
            "编号": "",
            "单位": code,
            "加分项": item,
            "事项编号": key,
            "事项名称": title,
            "层级": level,
            "机关或媒体": rng.choice(prose.BODIES[item][level]),
            "文号或网址": reference,
            "日期": day,
            "佐证编号": evidence,
        }
    )
    odd = (plan.AWARD_EVIDENCE_UNKNOWN, plan.AWARD_EVIDENCE_OF_OTHER, plan.AWARD_NO_EVIDENCE_ID, plan.AWARD_REVOKED)
    return spot not in odd and day.year == YEAR


def innovations(sample: Sample) -> None:
    """List the scorers' points for innovations; per matter the mean counts."""
    number = 0
    for code in CODES:
        rng = seeded(f"评定加分/{code}")
        names, earned = rng.sample(prose.INNOVATIONS, 2), 0
        for name, scores in zip(names, plan.INNOVATIONS.get(code, ()), strict=False):
            evidence = ""
            if code != plan.INNOVATION_WITHOUT_EVIDENCE:
                evidence = sample.evidence(code, "电子版", f"{name}做法汇编", date(YEAR, 11, rng.randint(1, 30)))
                values = list(scores)
                if code == plan.INNOVATION_CHANGED[0]:
                    values[1] = plan.INNOVATION_CHANGED[1]
                earned += half_up(sum(values), len(values))
            for scorer, score in zip(SCORERS, scores, strict=False):
                number += 1
                sample.tables["评定加分"].append(
                    {
                        "编号": f"PD-{number:03}",
                        "单位": code,
                        "事项": name,
                        "评定分": points(score),
                        "理由": rng.choice(prose.INNOVATION_REASONS),
                        "评分人": scorer,
                        "复核人": rng.choice(CHECKERS),
                        "佐证编号": evidence,
                    }
                )
        sample.planned[code]["B1"] = min(CAPS["B1"], earned)


def ratings(sample: Sample) -> None:
    """List the leaders' opinions of every unit."""
    rng = seeded("领导评价")
    for code in CODES:
        target = plan.KEY_TARGETS[code]
        middle = 255 if target > 8300 else 235 if target > 8000 else 205 if target > 7000 else 160
        scores = plan.RATINGS.get(code) or tuple(
            min(300, max(80, (middle + rng.randint(-35, 40)) // 5 * 5)) for _ in plan.RATERS
        )
        for (rater, duty), score in zip(plan.RATERS, scores, strict=True):
            sample.tables["领导评价"].append({"评价人": rater, "职务": duty, "单位": code, "分值": points(score)})
        sample.planned[code]["B5"] = half_up(sum(scores), len(scores))


def from_cap(cap: int, sums: Counter[str]) -> int:
    """Return the cap less the deductions, each standard within its own cap, never below nothing."""
    return max(0, cap - sum(capped(name, amount) for name, amount in sums.items()))


MARKS = {"L": ("迟到", "HY-01"), "S": ("代会", "HY-02"), "E": ("请假", ""), "A": ("缺席", "HY-03")}


def attendance(sample: Sample) -> None:
    """List who came to which meeting."""
    rng = seeded("参会登记")
    invited: dict[str, list[str]] = defaultdict(list)
    for title, _, who in plan_meetings():
        for code in CODES:
            if code != plan.ATTENDANCE_CONFIRMED_NONE and (who == "all" or rng.random() < 0.8):
                invited[code].append(title)
    outcome: dict[tuple[str, str], str] = {}
    for code, titles in invited.items():
        sums: Counter[str] = Counter()
        marks = plan.ATTENDANCE[code]
        for title, mark in zip(rng.sample(titles, len(marks)), marks, strict=True):
            outcome[title, code], standard = MARKS[mark]
            if standard:
                sums[standard] += STANDARD[standard].rate
        sample.planned[code]["B6"] = from_cap(CAPS["B6"], sums)
    sample.planned[plan.ATTENDANCE_CONFIRMED_NONE]["B6"] = CAPS["B6"]
    for title, day, _ in plan_meetings():
        for code in CODES:
            if title in invited[code]:
                state = outcome.get((title, code), "到会")
                sample.tables["参会登记"].append({"会议": title, "日期": day, "单位": code, "到会情况": state})
    for title, day in (("年终工作对接会", date(YEAR - 1, 12, 22)), ("下年度工作务虚会", date(YEAR + 1, 1, 4))):
        for code in ("T01", "T03", "D08", "D09", "D15", "D27"):
            state = rng.choice(("到会", "迟到", "缺席"))
            sample.tables["参会登记"].append({"会议": title, "日期": day, "单位": code, "到会情况": state})


def plan_meetings() -> list[tuple[str, date, str]]:
    """Return the year's meetings with their days."""
    return [(title, date.fromisoformat(day), who) for title, day, who in prose.MEETINGS]


def tasks(sample: Sample) -> None:
    """List assigned tasks: each to six or so units, evenly; the planned ones late or never done."""
    rng = seeded("交办任务")
    able = [code for code in CODES if code not in (plan.TASKS_CONFIRMED_NONE, plan.TASKS_NOT_REPORTED)]
    load: Counter[str] = Counter()
    given: dict[str, list[int]] = defaultdict(list)
    listed: list[tuple[str, str, date, list[str]]] = []
    for number in range(60):
        text = prose.TASKS[number % len(prose.TASKS)] + ("" if number < len(prose.TASKS) else "（第二批）")
        due = between(rng, date(YEAR, 2, 20), date(YEAR, 6, 30)) if number < 30 else None
        due = due or between(rng, date(YEAR, 7, 5), date(YEAR, 12, 20))
        chosen = sorted(sorted(able, key=lambda c: (load[c], rng.random()))[:6], key=CODES.index)
        for code in chosen:
            load[code] += 1
            given[code].append(number)
        listed.append((f"JB{YEAR}-{number + 1:03}", text, due, chosen))
    delays: dict[tuple[int, str], int] = {}
    for code in able:
        sums: Counter[str] = Counter()
        late = plan.TASKS.get(code, ())
        for number, days in zip(rng.sample(given[code], len(late)), late, strict=True):
            delays[number, code] = days
            standard = STANDARD["RW-01" if days else "RW-02"]
            sums[standard.code] += standard.rate * (days or 1)
        sample.planned[code]["B7"] = from_cap(CAPS["B7"], sums)
    sample.planned[plan.TASKS_CONFIRMED_NONE]["B7"] = CAPS["B7"]
    sample.planned[plan.TASKS_NOT_REPORTED]["B7"] = 0
    for number, (key, text, due, chosen) in enumerate(listed):
        for code in chosen:
            done: date | None
            delay = delays.get((number, code))
            if delay is None:
                done = due - timedelta(days=rng.choice((0, 0, 1, 1, 2, 3, 5, 8)))
            elif delay:
                done = due + timedelta(days=delay)
            else:
                # Never done, or done when the year was over: the same by the cut-off.
                done = date(YEAR + 1, 1, 3) if due.month >= 11 else None
            sample.tables["交办任务"].append(
                {"任务编号": key, "任务": text, "单位": code, "时限": due, "完成日期": done}
            )
    for code in ("T02", "D14", "D26"):
        outside = {"任务编号": f"JB{YEAR - 1}-077", "任务": "补报上年度整改佐证", "单位": code}
        sample.tables["交办任务"].insert(0, outside | {"时限": date(YEAR - 1, 12, 25), "完成日期": date(YEAR, 1, 11)})
    for code in ("T05", "D08", "D22"):
        outside = {"任务编号": f"JB{YEAR}-061", "任务": "报送下年度改革任务建议", "单位": code}
        sample.tables["交办任务"].append(outside | {"时限": date(YEAR + 1, 1, 15), "完成日期": None})
