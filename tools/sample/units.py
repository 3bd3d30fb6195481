"""The 46 units of the sample: code, name, group, full name, aliases."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

YEAR = 2022


@dataclass(frozen=True, slots=True)
class Unit:
    """One assessed unit and the ways in which offices write its name."""

    code: str
    name: str
    group: str
    full: str
    aliases: tuple[str, ...]
    key_task: str

    def written(self, rng: Random, style: str) -> str:
        """Return the unit as a clerk of that style writes it: name, full, short (alias), code or mixed."""
        if style == "mixed":
            style = rng.choices(("name", "short", "full", "code"), (60, 26, 9, 5))[0]
        if style == "short":
            return self.aliases[0]
        return {"name": self.name, "full": self.full, "code": self.code}[style]


_TOWNS = "崔家头镇 南寨镇 城关镇 张家塬镇 高崖镇 水沟镇 草碧镇"
# name, full name, aliases
_DEPARTMENTS = (
    ("县纪委监委", "中共千阳县纪律检查委员会千阳县监察委员会", "纪委监委；县纪委"),
    ("县委组织部", "中共千阳县委组织部", "组织部"),
    ("县委宣传部", "中共千阳县委宣传部", "宣传部"),
    ("县委编办", "中共千阳县委机构编制委员会办公室", "编办；县编办"),
    ("县工商联", "千阳县工商业联合会", "工商联"),
    ("县法院", "千阳县人民法院", "法院"),
    ("县检察院", "千阳县人民检察院", "检察院"),
    ("县政府办公室", "千阳县人民政府办公室", "政府办；县政府办"),
    ("县发改局", "千阳县发展和改革局", "发改局"),
    ("县工信局", "千阳县工业和信息化局", "工信局"),
    ("县公安局", "千阳县公安局", "公安局"),
    ("县民政局", "千阳县民政局", "民政局"),
    ("县司法局", "千阳县司法局", "司法局"),
    ("县审计局", "千阳县审计局", "审计局"),
    ("县财政局", "千阳县财政局", "财政局"),
    ("县人社局", "千阳县人力资源和社会保障局", "人社局"),
    ("县自然资源局", "千阳县自然资源局", "自然资源局；资源局"),
    ("县生态环境局", "市生态环境局千阳分局", "生态环境局；环保局"),
    ("县住建局", "千阳县住房和城乡建设局", "住建局"),
    ("县交通运输局", "千阳县交通运输局", "交通局；县交通局"),
    ("县水利局", "千阳县水利局", "水利局"),
    ("县农业农村局", "千阳县农业农村局", "农业农村局；农业局"),
    ("县文化和旅游局", "千阳县文化和旅游局", "文旅局；县文旅局"),
    ("县卫健委", "千阳县卫生健康委员会", "卫健委；县卫健局"),
    ("县退役军人事务局", "千阳县退役军人事务局", "退役军人局；县退役军人局"),
    ("县应急管理局", "千阳县应急管理局", "应急局；县应急局"),
    ("县市场监管局", "千阳县市场监督管理局", "市场监管局；市监局"),
    ("县行政审批服务局", "千阳县行政审批服务局", "审批局；县审批局"),
    ("县林业局", "千阳县林业局", "林业局"),
    ("县统计局", "千阳县统计局", "统计局"),
    ("县医疗保障局", "千阳县医疗保障局", "医保局；县医保局"),
    ("县乡村振兴局", "千阳县乡村振兴局", "乡村振兴局"),
    ("县畜产局", "千阳县畜产局", "畜产局"),
    ("县环保新材料工业园管委会", "千阳县环保新材料工业园区管理委员会", "工业园管委会；园区管委会"),
    ("县科技局", "千阳县科学技术局", "科技局"),
    ("县招商局", "千阳县招商局", "招商局"),
    ("县税务局", "国家税务总局千阳县税务局", "税务局"),
    ("县人行", "中国人民银行千阳县支行", "人行；县人民银行"),
    ("县供电分公司", "国家电网千阳县供电分公司", "供电公司；县供电公司"),
)

# Twelve units hold staged key tasks and owe quarterly progress; D21's cell was left empty (unresolved).
KEY_TASK_UNITS = ("T03", "D08", "D09", "D10", "D15", "D17", "D19", "D27", "D28", "D34", "D36", "D37")
KEY_TASK_EMPTY = ("D21",)


def _key_task(code: str) -> str:
    if code in KEY_TASK_EMPTY:
        return ""
    return "是" if code in KEY_TASK_UNITS else "否"


def _make() -> tuple[Unit, ...]:
    made = []
    for number, name in enumerate(_TOWNS.split(), start=1):
        code = f"T{number:02}"
        aliases = (f"{name}政府", name.removesuffix("镇"))
        made.append(Unit(code, name, "镇", f"千阳县{name}人民政府", aliases, _key_task(code)))
    for number, (name, full, aliases_text) in enumerate(_DEPARTMENTS, start=1):
        code = f"D{number:02}"
        made.append(Unit(code, name, "县级部门", full, tuple(aliases_text.split("；")), _key_task(code)))
    return tuple(made)


UNITS = _make()
BY_CODE = {unit.code: unit for unit in UNITS}
CODES = tuple(unit.code for unit in UNITS)
TOWNS = tuple(code for code in CODES if code.startswith("T"))
