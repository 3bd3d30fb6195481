"""The office's own tables: roster, standards, loose evidence, adjustments, confirmations, objections."""

from __future__ import annotations

from datetime import date

from sample import plan, prose
from sample.base import (
    Sample,
    between,
    points,
    seeded,
)
from sample.standards import STANDARDS
from sample.units import CODES, UNITS, YEAR


def roster(sample: Sample) -> None:
    """List the units."""
    for unit in UNITS:
        sample.tables["单位名录"].append(
            {
                "单位编码": unit.code,
                "单位名称": unit.name,
                "单位类别": unit.group,
                "全称": unit.full,
                "别名": "；".join(unit.aliases),
                "重点任务单位": unit.key_task,
                "依据文号": "演示营商办发〔2022〕4号",
            }
        )


def standards(sample: Sample) -> None:
    """List the deduction standards."""
    for s in STANDARDS:
        sample.tables["扣分标准"].append(
            {
                "标准编号": s.code,
                "考核内容": s.content,
                "扣分情形": s.case,
                "单次扣分": points(s.rate),
                # 次 is what an empty cell means: offices leave it out
                "计量": "日" if s.per == "日" else ("" if s.code in ("GW-06", "LD-03") else "次"),
                "扣分上限": None if s.cap is None else points(s.cap),
                "批准文号": s.approval,
            }
        )


def more_evidence(sample: Sample) -> None:
    """Index what units filed without any row that names it, as boxes always hold some."""
    rng = seeded("佐证目录")
    for code in CODES:
        for _ in range(rng.randint(1, 3)):
            topic = rng.choice(prose.TOPICS)
            kind, name = rng.choice(
                (
                    ("照片", f"{topic}现场照片"),
                    ("电子版", f"{topic}工作小结"),
                    ("网址", f"演示网址/{YEAR}/{rng.randint(1000, 1999)}"),
                )
            )
            sample.evidence(code, kind, name, between(rng, date(YEAR, 3, 1), date(YEAR, 12, 30)))
    order = {code: n for n, code in enumerate(CODES)}
    sample.tables["佐证目录"].sort(key=lambda r: (order[r["单位"]], r["佐证编号"]))


def adjustments(sample: Sample) -> None:
    """Revoke an award, a ticket and a deduction; change a deduction and an approved score."""

    def find(table: str, column: str, code: str, **where: object) -> str:
        rows = [r for r in sample.tables[table] if r["单位"] == code]
        rows = [r for r in rows if all(r[key] == value for key, value in where.items())]
        return str(rows[0][column])

    def second_score() -> str:
        rows = [r for r in sample.tables["评定加分"] if r["单位"] == plan.INNOVATION_CHANGED[0]]
        return str(rows[1]["编号"])

    code, item, _, _ = plan.AWARD_REVOKED
    revoked, changed = plan.DEDUCTION_REVOKED, plan.DEDUCTION_CHANGED
    entries: tuple[tuple[str, str, str, str, int | None, str], ...] = (
        (
            code,
            "表彰宣传",
            find("表彰宣传", "编号", code, 加分项=item),
            "撤销",
            None,
            "经核实系转载旧闻，不属本年度推广",
        ),
        (
            plan.RED_LIGHT_REVOKED,
            "热线红灯",
            find("热线红灯", "工单编号", plan.RED_LIGHT_REVOKED, 办理角色="主办"),
            "撤销",
            None,
            "派单有误，县信息中心同意退单",
        ),
        (
            changed[0],
            "扣分登记",
            find("扣分登记", "编号", changed[0], 标准编号=changed[1]),
            "改值",
            changed[2],
            "公文转办环节有迟滞，责任由两家共担",
        ),
        (
            plan.INNOVATION_CHANGED[0],
            "评定加分",
            second_score(),
            "改值",
            plan.INNOVATION_CHANGED[1],
            "会审认为推广面不足，降分",
        ),
        (
            revoked[0],
            "扣分登记",
            find("扣分登记", "编号", revoked[0], 标准编号=revoked[1]),
            "撤销",
            None,
            "申诉成立：节点任务已由上级统一延期",
        ),
    )
    for number, (unit, table, key, action, value, reason) in enumerate(entries, start=1):
        sample.tables["调整复核"].append(
            {
                "编号": f"TZ-{number:02}",
                "单位": unit,
                "对象表": table,
                "对象编号": key,
                "处理": action,
                "新值": None if value is None else points(value),
                "理由": reason,
                "决定人": "副组长甲",
                "决定日期": date(YEAR, 12, 26 + number % 4),
                "批准文号": f"演示营商办审〔2022〕{number}号",
            }
        )


def confirmations(sample: Sample) -> None:
    """Confirm what units have nothing to report of; those that plan leaves unresolved confirm nothing."""
    rows = sample.tables["确认无事项"]
    known = {
        table: {r["单位"] for r in sample.tables[table]}
        for table in list(sample.tables)
        if table[0] != "单" and table != "扣分标准"
    }

    def confirm(table: str, code: str, who: str, day: date) -> None:
        rows.append({"表": table, "单位": code, "确认人": who, "确认日期": day})

    confirm("通报批评", "全部", "考核办复核员01", date(YEAR, 12, 30))
    rng = seeded("确认无事项")
    for code in CODES:
        silent = set(plan.UNRESOLVED.get(code, ()))
        who = f"{'镇' if code[0] == 'T' else '本单位'}营商环境联络岗"
        day = between(rng, date(YEAR, 12, 19), date(YEAR, 12, 30))
        if code not in known["评定加分"] and "B1" not in silent:
            confirm("评定加分", code, who, day)
        if code not in known["表彰宣传"] and "B2" not in silent:
            confirm("表彰宣传", code, who, day)
        if code == plan.CONFIRMED_BESIDE_ROWS:
            confirm("表彰宣传", code, who, day)
        if code not in known["通报批评"] and rng.random() < 0.5:
            confirm("通报批评", code, who, day)
        if code == plan.NO_REGISTER_ROWS:
            confirm("扣分登记", code, who, day)
        if code == plan.INFORMATION_CONFIRMED_NONE:
            confirm("信息报送", code, who, day)
        if code == plan.ATTENDANCE_CONFIRMED_NONE:
            confirm("参会登记", code, who, day)
        if code == plan.TASKS_CONFIRMED_NONE:
            confirm("交办任务", code, who, day)


def objections(sample: Sample) -> None:
    """Register six objections: three led to a decision of 调整复核, one was upheld, two wait, one of them too long."""
    decisions = {row["单位"]: row for row in sample.tables["调整复核"]}
    register = {row["单位"]: row for row in reversed(sample.tables["扣分登记"])}  # each unit's first row
    for number, one in enumerate(plan.OBJECTIONS, start=1):
        decision = decisions[one.unit] if one.outcome == "调整" else None
        table, key = "", ""
        if decision is not None:
            table, key = decision["对象表"], decision["对象编号"]
        elif one.on_register:
            table, key = "扣分登记", register[one.unit]["编号"]
        sample.tables["异议登记"].append(
            {
                "编号": f"YY-{number:02}",
                "单位": one.unit,
                "提出日期": one.filed,
                "异议事项": one.matter.format(fact=register[one.unit]["事实"]) if one.on_register else one.matter,
                "对象表": table,
                "对象编号": key,
                "答复时限": one.due,
                "答复日期": one.answered,
                "答复意见": one.answer,
                "处理结果": one.outcome,
                "调整复核编号": decision["编号"] if decision else "",
                "经办人": "考核办综合岗",
            }
        )
