"""What the rows and the scheme have to do with each other: nothing that was entered may count nowhere unseen."""

from __future__ import annotations

from assess_lib.cleaning.checks import CONFIRMABLE, Drafts
from assess_lib.cleaning.drafts import Findings
from assess_lib.cleaning.nearest import nearest, suggest
from assess_lib.errors import Problem
from assess_lib.scheme import RegisterFacts, Scheme
from assess_lib.tables import TABLES

_FACTS = (*CONFIRMABLE, "热线红灯", "信息中心结果", "材料报送")


def check_used(drafts: Drafts, scheme: Scheme, findings: Findings) -> None:
    """Warn of each table that holds rows although no item of the scheme reads it."""
    used = {table for item in scheme.items for table in item.rule.tables}
    for name in TABLES:
        if name in _FACTS and name not in used and drafts[name]:
            first = drafts[name][0]
            findings.at(
                first,
                "",
                "warning",
                "table.unused",
                f"本方案没有项目用到“{name}”，其中 {len(drafts[name])} 行不计入得分。",
                "请核对方案的 items；确不使用的，可将文件移走。",
            )


def check_register(drafts: Drafts, scheme: Scheme, findings: Findings) -> None:
    """Report each row of 扣分登记 under a standard that no item takes, where items name the standards they take."""
    owned = scheme.register_standards()
    if not owned:
        return
    for draft in drafts[RegisterFacts.table]:
        code = draft.text("标准编号")
        if code and code not in owned:
            findings.at(
                draft,
                "标准编号",
                "error",
                "standard.unowned",
                f"方案没有项目计扣标准“{code}”的登记。最接近：{'、'.join(nearest(code, sorted(owned), 1))}。",
                "请更正标准编号，或在 scheme.yaml 中写明由哪个项目计扣（register 的 standards）。",
            )


def check_exempt(drafts: Drafts, scheme: Scheme, findings: Findings) -> None:
    """Report each exempt unit of the scheme that the roster lacks, and each unit with no key item left."""
    roster = {draft.text("单位编码"): draft for draft in drafts["单位名录"] if draft.text("单位编码")}
    for item in scheme.items:
        for code in (code for exemption in item.exempt for code in exemption.units):
            if code not in roster:
                findings.add(
                    Problem(
                        "error",
                        "exempt.unit",
                        f"方案的 {item.id}（{item.name}）免考核的单位“{code}”不在单位名录中。{suggest(code, roster)}",
                        "请在 scheme.yaml 的 exempt 中写单位编码，或在单位名录中补上该单位。",
                        table="单位名录",
                        column="单位编码",
                        value=code,
                    )
                )
    for code, draft in roster.items():
        if all(item.exemption(code, draft.text("单位类别")) for item in scheme.key_items):
            findings.at(
                draft,
                "单位编码",
                "error",
                "exempt.everything",
                f"“{draft.text('单位名称')}”免考核重点考核的全部项目，没有可以折合的项目。",
                "请核对 scheme.yaml 的 exempt；不参加考核的单位不列入名录。",
            )
