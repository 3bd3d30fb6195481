"""扣分标准 of the sample: rates that an office would approve with its scoring sheet. All amounts in cents."""

from __future__ import annotations

from dataclasses import dataclass

APPROVAL = "演示营商办发〔2022〕6号"
APPROVAL_LATER = "演示营商办发〔2022〕19号"


@dataclass(frozen=True, slots=True)
class Standard:
    """One deduction standard; ``rate`` and ``cap`` in cents, no cap is None."""

    code: str
    content: str
    case: str
    rate: int
    per: str
    cap: int | None
    approval: str = APPROVAL


STANDARDS = (
    Standard("BS-01", "重点工作分阶段材料报送", "半年汇报、年度总结、季度进展迟报，按迟报天数计", 50, "日", 500),
    Standard("BS-02", "重点工作分阶段材料报送", "半年汇报、年度总结、季度进展未报", 500, "次", 1500),
    Standard("ZD-01", "重点工作分阶段材料报送", "年度重点任务未分解到岗、未建立台账", 200, "次", 400),
    Standard("ZD-02", "重点工作分阶段材料报送", "阶段性任务未按节点完成", 300, "次", 1500),
    Standard("ZD-03", "重点工作分阶段材料报送", "台账资料缺项、数据前后不一致", 50, "次", 300),
    Standard("ZD-04", "重点工作分阶段材料报送", "督查反馈问题未按期整改销号", 200, "次", 1000),
    Standard("ZD-05", "重点工作分阶段材料报送", "牵头的专项改革未启动或无实质进展", 500, "次", 1500),
    Standard("ZD-06", "重点工作分阶段材料报送", "上报材料与核查情况明显不符", 800, "次", None),
    Standard("ZD-07", "重点工作分阶段材料报送", "政务服务事项应进驻未进驻、明进暗不进", 100, "次", 600),
    Standard("ZD-08", "重点工作分阶段材料报送", "“一件事一次办”事项未按清单落地", 200, "次", 800),
    Standard("ZD-09", "重点工作分阶段材料报送", "窗口人员空岗、脱岗", 50, "次", 300, APPROVAL_LATER),
    Standard("GW-01", "公文办理", "承办公文逾期办结，按逾期天数计", 50, "日", 400),
    Standard("GW-02", "公文办理", "上报公文内容不实或被退回重办", 100, "次", 500),
    Standard("GW-03", "公文办理", "公文格式、密级、主送机关差错", 20, "次", 200),
    Standard("GW-04", "公文办理", "漏办、错办交办公文", 200, "次", 600),
    Standard("GW-05", "公文办理", "征求意见逾期未反馈", 30, "次", 300),
    Standard("GW-06", "公文办理", "会签、会办推诿拖延", 100, "次", 300),
    Standard("XX-01", "信息报送", "月度信息少于规定条数，按缺报条数计", 20, "次", 200),
    Standard("XX-02", "信息报送", "信息失实被退回", 100, "次", 400),
    Standard("XX-03", "信息报送", "约稿、重要信息迟报", 50, "次", 300),
    Standard("XX-04", "信息报送", "整季度零报送", 150, "次", 600),
    Standard("XX-05", "信息报送", "简报文字、数字差错", 25, "次", 100, APPROVAL_LATER),
    Standard("LD-01", "亮点工作推广", "未按计划报送亮点提炼材料", 200, "次", 400),
    Standard("LD-02", "亮点工作推广", "全年无县级以上推广的亮点", 300, "次", 300),
    Standard("LD-03", "亮点工作推广", "亮点材料拼凑、与往年重复", 50, "次", 200),
    Standard("HY-01", "参会情况", "参会迟到", 10, "次", 50),
    Standard("HY-02", "参会情况", "未经同意由他人代会", 20, "次", 100),
    Standard("HY-03", "参会情况", "无故缺席", 50, "次", None),
    Standard("RW-01", "其它任务", "交办任务逾期完成，按逾期天数计", 10, "日", 100),
    Standard("RW-02", "其它任务", "交办任务到年底未完成", 50, "次", None),
)
STANDARD = {standard.code: standard for standard in STANDARDS}
