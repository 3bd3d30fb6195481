"""The words and columns of the auditor's page."""

from __future__ import annotations

from collections.abc import Mapping

from assess_lib.audit.evidence import State
from assess_lib.views.html import Column

MISSING = "没有这一行"

FIELD_WORDS: Mapping[str, str] = {
    "unit_name": "单位名称",
    "group": "单位类别",
    "status": "状态",
    "key_score": "重点考核得分",
    "bonus_open": "加分开启",
    "bonus_score": "加分得分",
    "final_score": "最终得分",
    "grade": "等次",
    "rank_in_group": "组内名次",
    "rank_overall": "总名次",
    "unresolved": "待定",
    "points": "得分",
    "cap": "满分",
    "note": "否决结论",
}

FINDING_WORDS: Mapping[str, str] = {
    "number": "应计、承前、实计、累计不全，或不是两位小数的数",
    "blank": "该有数的行没有数，或不该有数的行有数",
    "sum": "承前加实计不等于累计",
    "carry": "承前不是上一行的累计",
    "start": "第一行的承前不是起点",
    "bounds": "累计低于零或高于满分",
    "cut": "扣分行的实计为正，或多于应计",
    "seq": "行号不连续",
    "item": "末行累计与项目得分不符",
    "final": "结论与最终得分不符",
    "key": "重点考核得分与台账不符",
    "bonus": "加分得分与各项之和不符",
    "total": "重点考核加加分不等于最终得分",
    "source": "出处不是任何一条采用的行",
}

VETO_WORDS: Mapping[str, str] = {"vetoed": "构成单项否决", "clear": "未构成单项否决"}
COUNT_WORDS: Mapping[str, str] = {"read": "读入", "accepted": "采用", "rejected": "拒收", "set_aside": "另置"}

EVIDENCE_WORDS: Mapping[State, str] = {
    "same": "文件在，SHA-256 相符",
    "differs": "文件在，SHA-256 不符",
    "no_hash": "文件在，目录没有登记 SHA-256",
    "bad_hash": "文件在，登记的 SHA-256 不是 64 位十六进制数",
    "absent": "文件未随数据提交",
    "address": "网址，本页不联网，未核对",
    "outside": "存放位置指向原始文件夹之外或经过链接，没有打开",
    "unreadable": "不是普通文件，或读不出来",
}
EVIDENCE_TO_LIST: tuple[State, ...] = ("differs", "bad_hash", "outside", "unreadable")

DIGEST_STEPS = (
    "在结果文件夹里运行 sha256sum receipt.json（Windows：certutil -hashfile receipt.json SHA256），"
    "应得到上面的 64 位数。",
    "运行 assess verify：重算凭证所列每个文件的 SHA-256，并从原始文件重新计分。",
    "抄录时请抄全 64 位；只比前几位不能排除改动。",
)

STEP_COLUMNS = (
    Column("unit", "单位", "short"),
    Column("seq", "台账行", "number"),
    Column("item", "项目", "short"),
    Column("label", "事实"),
    Column("points", "实计", "number"),
    Column("after", "累计", "number"),
    Column("status", "状态", "short"),
)
NUMBER_COLUMNS = (Column("unit", "单位", "short"), Column("name", "数", "short"), Column("text", "现为", "number"))
TRACE_COLUMNS = (
    Column("seq", "台账行", "number"),
    Column("label", "事实和原始行"),
    Column("points", "实计", "number"),
    Column("after", "累计", "number"),
    Column("status", "状态", "short"),
)
DECISION_COLUMNS = (
    Column("number", "编号", "short"),
    Column("unit", "单位"),
    Column("object", "对象"),
    Column("what", "处理", "short"),
    Column("old", "原值", "number"),
    Column("new", "新值", "number"),
    Column("who", "决定"),
    Column("reason", "理由"),
    Column("steps", "台账行"),
)
EVIDENCE_COLUMNS = (Column("state", "核对结果"), Column("count", "条数", "number"))
BAD_EVIDENCE_COLUMNS = (
    Column("number", "佐证编号", "short"),
    Column("unit", "单位", "short"),
    Column("place", "存放位置"),
    Column("stated", "登记的 SHA-256", "code"),
    Column("found", "文件的 SHA-256", "code"),
    Column("state", "核对结果"),
    Column("at", "目录行", "code"),
)


def sample_sentences(size: int, own: int, seed: str, base: int) -> tuple[str, ...]:
    """Say how the sample was drawn; ``base`` is the weight of a row without an amount, in cents."""
    return (
        f"共抽 {size} 行台账。种子 {seed}，是对凭证摘要（上面 64 位数的文本）再取 SHA-256 的前 16 位：没有人能挑选，"
        "同一份结果在任何机器上抽到同样的行。",
        f"先从每个项目（含结论行）各抽 1 行，共 {own} 行，再从其余各行中抽 {size - own} 行。"
        "每行被抽中的机会与它的权数成正比："
        f"权数是应计和实计中较大的分值（单位：分值的百分之一）加 {base}；结论行只是各项之和，权数一律 {base}。",
    )


def balanced(rows: int, steps: int) -> str:
    """Say that the ledger adds up; ``steps`` of its ``rows`` carry numbers."""
    return (
        f"台账 {rows} 行中有数的 {steps} 行逐行相加：承前加实计等于累计，下一行承前就是上一行累计，"
        "每项末行等于项目得分，各项相加等于重点考核、加分和最终得分。没有一处不符。"
    )


def agreed(units: int, items: int, fields: int) -> str:
    """Say that the second computation found the same in every cell."""
    return (
        f"独立重算 {units} 个单位、{items} 个项目得分，与结果文件逐格核对 {fields} 格"
        "（得分、满分、待定、否决、等次、名次），没有一处不同，精确到 0.01 分。"
    )
