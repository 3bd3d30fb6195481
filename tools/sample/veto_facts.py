"""Facts behind the vetoes: red lights, the centre's result, circulars and complaints."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sample import plan
from sample.base import (
    Record,
    Sample,
    between,
    seeded,
)
from sample.units import CODES, YEAR


def hotline(sample: Sample) -> None:
    """List red lights: main handlers, assistants, upheld appeals, one ticket lit twice, one entered twice."""
    rng = seeded("热线红灯")
    rows: list[Record] = []
    number = 1000

    def ticket(code: str, red: datetime, role: str = "主办", appeal: str = "", key: str = "") -> str:
        nonlocal number
        number += rng.randint(3, 90)
        key = key or f"RX{red.year}{number:05}"
        extended = rng.random() < 0.2
        rows.append(
            {
                "工单编号": key,
                "单位": code,
                "办理角色": role,
                "派单时间": red - timedelta(days=rng.choice((5, 7, 10))),
                "办结时限": red - timedelta(days=3) if extended else red,
                "延期后时限": red if extended else None,
                "办结时间": red + timedelta(days=rng.randint(1, 6), minutes=rng.randint(5, 300)),
                "红灯时间": red,
                "申诉结果": appeal,
            }
        )
        return key

    def some_time(first: date = date(YEAR, 1, 10), last: date = date(YEAR, 12, 20)) -> datetime:
        day = between(rng, first, last)
        return datetime(day.year, day.month, day.day, *rng.choice(((17, 30), (18, 0), (9, 0), (12, 0), (17, 30, 5))))

    for code in plan.RED_LIGHTS:
        red = some_time()
        match code:
            case plan.VETO_RED_LIGHTS:
                first = ticket(code, datetime(YEAR, 4, 12, 17, 30))
                ticket(code, datetime(YEAR, 4, 20, 17, 30), key=first)
                ticket(code, datetime(YEAR, 9, 6, 18, 0), appeal="不成立")
            case "D22":
                ticket(code, datetime(YEAR, 3, 15, 17, 30))
                ticket(code, datetime(YEAR, 8, 22, 9, 0), appeal="不成立")
            case "D39":
                ticket(code, datetime(YEAR - 1, 12, 6, 17, 30))
                ticket(code, datetime(YEAR, 10, 20, 17, 30))
            case "T03":
                key = ticket(code, red)
                rows.append(dict(rows[-1]))  # the platform's export and the clerk's note: one and the same event
                assert rows[-1]["工单编号"] == key
            case _:
                ticket(code, red, role=rng.choice(("主办", "主办", "")), appeal=rng.choice(("", "", "不成立")))
        if rng.random() < 0.7:
            helper = rng.choice([c for c in CODES if c not in (code, "D39")])
            ticket(helper, rows[-1]["红灯时间"], role="协办", key=rows[-1]["工单编号"])
    for code in ("D17", "D31", "D28", "D05"):
        ticket(code, some_time(), appeal="成立")
    for code in (plan.VETO_CIRCULAR, "D27", "D09"):
        ticket(code, some_time(), role="协办")
    ticket("D24", datetime(YEAR + 1, 1, 4, 17, 30))
    ticket("D25", datetime(YEAR - 1, 12, 20, 17, 30))
    ticket(plan.RED_LIGHT_REVOKED, datetime(YEAR, 6, 9, 17, 30))
    sample.tables["热线红灯"] = sorted(rows, key=lambda r: (r["红灯时间"], r["工单编号"], r["单位"]))

    for code in CODES:
        centre = plan.CENTRE_DIFFERS.get(code, plan.RED_LIGHTS.get(code, 0))
        if centre is not None:
            circular = code == plan.VETO_CIRCULAR
            sample.tables["信息中心结果"].append(
                {
                    "单位": code,
                    "红灯次数": centre,
                    "市大数据局通报": "是" if circular else "否",
                    "通报文号": "演示市数函〔2022〕31号" if circular else "",
                    "出具日期": date(YEAR, 12, 28),
                }
            )


def circulars(sample: Sample) -> None:
    """List circulars and complaints."""
    rng = seeded("通报批评")
    for number, (code, kind, level, body, day_text, named) in enumerate(plan.CIRCULARS, start=1):
        day = date.fromisoformat(day_text)
        where = f"演示网址/{day.year}/{100 + number}" if kind != "检查督查" else f"演示督通〔{day.year}〕{3 + number}号"
        evidence = ""
        if level != "县":
            evidence = sample.evidence(code, "网址" if kind == "媒体" else "电子版", where, day)
        sample.tables["通报批评"].append(
            {
                "编号": f"TP-{number:03}",
                "单位": code,
                "类型": kind,
                "层级": level,
                "机关或媒体": body,
                "文号或网址": where,
                "日期": day,
                "是否点名": named,
                "佐证编号": evidence,
            }
        )
    rng.shuffle(sample.tables["通报批评"])
    sample.tables["通报批评"].sort(key=lambda r: r["日期"])
