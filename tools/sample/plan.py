"""What each unit is meant to reach under the default readings. Chosen by hand; everything else is built to meet it.

Key scores are in cents and every rate is a multiple of five, so they are too. The odd units (vetoed,
unresolved, adjusted) are named here, so that whoever opens the sample can find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# One unit for each route to a veto.
VETO_RED_LIGHTS = "D19"  # the centre counts three red lights
VETO_CIRCULAR = "D20"  # the city bureau's circular
VETO_MEDIA = "T06"  # named by provincial media
VETO_INSPECTION = "D18"  # named by a city inspection
VETOED = (VETO_RED_LIGHTS, VETO_CIRCULAR, VETO_MEDIA, VETO_INSPECTION)

KEY_TARGETS: dict[str, int] = {
    "T01": 8195, "T02": 8270, "T03": 8410, "T04": 8000, "T05": 8105, "T06": 7900, "T07": 4175,
    "D01": 8480, "D02": 8385, "D03": 8320, "D04": 8245, "D05": 6000, "D06": 8160, "D07": 7840,
    "D08": 8555, "D09": 8420, "D10": 8500, "D11": 8295, "D12": 8000, "D13": 8225, "D14": 8005,
    "D15": 8435, "D16": 8335, "D17": 8095, "D18": 7300, "D19": 6850, "D20": 7750, "D21": 7260,
    "D22": 8235, "D23": 8370, "D24": 8130, "D25": 8050, "D26": 8185, "D27": 8660, "D28": 8420,
    "D29": 7625, "D30": 8000, "D31": 8325, "D32": 6890, "D33": 6000, "D34": 8220, "D35": 5230,
    "D36": 5950, "D37": 8495, "D38": 7510, "D39": 8260,
}  # fmt: skip
# Equal key scores and equal bonuses (13.70 each): two departments share a rank at 97.90.
TIED = ("D09", "D28")

# Unresolved under the default readings, ten items in all.
UNRESOLVED: dict[str, tuple[str, ...]] = {
    "D21": ("K",),  # 重点任务单位 left empty
    "D39": ("V1", "B7"),  # no row of the centre; no task and no confirmation
    "D22": ("V1",),  # own count of red lights is not the centre's
    "T02": ("V2",),  # complaints, never named
    "D37": ("B4",),  # third quarter missing
    "D06": ("B4",),  # first and fourth quarter missing
    "D02": ("B1",),  # nothing reported, nothing confirmed
    "D34": ("B2", "B3"),  # nothing reported, nothing confirmed
}

# Innovations: per matter the scorers' points in hundredths. Absent units report none and confirm it (D02 does not).
INNOVATIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "T01": ((250, 300, 250),),
    "T03": ((300, 350, 300), (150, 200)),  # over the cap of 4
    "T05": ((150, 200),),
    "T06": ((200, 250),),
    "T07": ((100, 150),),
    "D03": ((200, 250, 250),),
    "D04": ((150, 150),),
    "D08": ((350, 300, 300), (200, 250, 200)),  # over the cap
    "D09": ((250, 250), (100, 100)),
    "D10": ((300, 275, 250),),
    "D11": ((200, 200, 250),),
    "D12": ((150, 200),),
    "D15": ((300, 300, 350),),
    "D16": ((200, 250),),
    "D17": ((250, 225, 200),),
    "D19": ((200, 250, 200),),
    "D21": ((150, 150),),
    "D23": ((250, 300, 300),),
    "D25": ((100, 150, 100),),
    "D27": ((350, 400, 350), (300, 250, 275)),  # over the cap
    "D28": ((250, 250), (100, 100)),
    "D30": ((200, 150),),
    "D31": ((250, 200, 200),),
    "D34": ((300, 250, 300),),
    "D36": ((150, 200),),
    "D37": ((300, 300, 250), (150, 150)),  # over the cap
    "D39": ((250, 250, 200),),
}
INNOVATION_WITHOUT_EVIDENCE = "D17"
INNOVATION_CHANGED = ("D16", 150)  # 调整复核 sets the second scorer's 2.50 to 1.50

# Awards: per unit the matters of 通报表彰 and 经验宣传, each the levels of its rows (国 = 中央).
AWARDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "T01": (("市", "市县"), ("省市", "市市")),
    "T02": (("市县",), ("市", "县县")),
    "T03": (("省市县", "市"), ("国省市", "市")),
    "T04": (("市",), ("省市",)),
    "T05": (("县",), ("市市",)),
    "T06": (("市",), ("市县",)),
    "T07": (("县",), ()),
    "D01": (("省市",), ("市",)),
    "D03": (("市",), ("国省", "省市县")),
    "D04": (("市县",), ("省",)),
    "D06": (("省市",), ("市市",)),
    "D07": (("市",), ("市",)),
    "D08": (("省市", "省", "市"), ("省市", "市", "县")),
    "D09": (("省",), ("市市",)),
    "D10": (("省市", "市县"), ("省省市",)),
    "D11": (("省市县",), ("省市", "市")),
    "D12": (("市",), ("市县",)),
    "D13": (("市市",), ("市",)),
    "D14": (("县",), ("市",)),
    "D15": (("省", "市县"), ("市", "市市")),
    "D16": (("市", "市"), ("省市",)),
    "D17": (("市",), ("省",)),
    "D18": (("市县",), ("省市",)),
    "D19": (("省市",), ("市",)),
    "D20": ((), ("市市",)),
    "D21": (("市",), ()),
    "D22": (("省市",), ("国省市", "市")),
    "D23": (("市", "县"), ("国", "省市", "市")),
    "D24": ((), ("市",)),
    "D25": (("市",), ("市县",)),
    "D26": (("市市县",), ("市",)),
    "D27": (("国省市", "省"), ("国省", "省市", "市")),
    "D28": (("市", "市县"), ("市",)),
    "D29": ((), ("县",)),
    "D30": (("市",), ("市",)),
    "D31": (("市县",), ("省市",)),
    "D32": (("市",), ("市",)),
    "D33": (("县",), ()),
    "D35": ((), ("市",)),
    "D36": (("市",), ("省市",)),
    "D37": (("省市", "市"), ("省", "市市")),
    "D39": (("国省",), ("省市", "市")),
}
# The same matter in both items: the first matter of each.
SAME_MATTER = ("T03", "D08", "D11", "D22", "D27", "D37")
# Rows that do not count although they look as if they did: (unit, item, matter, row) from 1.
AWARD_NO_EVIDENCE_ID = ("D13", "经验宣传", 1, 1)
AWARD_EVIDENCE_UNKNOWN = ("D31", "经验宣传", 1, 1)  # the index lacks the number: the city row beneath counts
AWARD_EVIDENCE_OF_OTHER = ("D16", "通报表彰", 2, 1)
AWARD_REVOKED = ("D04", "经验宣传", 1, 1)

# Reports: days late (0 on the due day itself), None never received. Others are received in time.
REPORTS: dict[tuple[str, str], int | None] = {
    ("T01", "半年汇报"): 0,
    ("T05", "半年汇报"): 2,
    ("T07", "半年汇报"): None,
    ("T07", "年度总结"): 5,
    ("D03", "年度总结"): 0,
    ("D05", "半年汇报"): 12,
    ("D05", "年度总结"): 4,
    ("D08", "季度进展2"): 0,
    ("D10", "半年汇报"): 4,
    ("D10", "季度进展2"): 4,
    ("D10", "年度总结"): 3,  # eleven days, 5.50 under a standard capped at 5.00
    ("D10", "季度进展3"): None,
    ("D10", "季度进展4"): None,
    ("D13", "半年汇报"): 1,
    ("D15", "季度进展3"): 0,
    ("D15", "季度进展1"): None,
    ("D17", "季度进展3"): 4,
    ("D19", "年度总结"): None,
    ("D24", "年度总结"): 3,
    ("D26", "半年汇报"): 2,
    ("D28", "季度进展1"): 6,
    ("D32", "年度总结"): None,
    ("D33", "半年汇报"): 7,
    ("D35", "半年汇报"): None,
    ("D35", "年度总结"): 14,  # received on 3 January, after the cut-off: missing
    ("D36", "季度进展2"): None,
    ("D36", "季度进展3"): None,
    ("D36", "季度进展4"): None,
    ("D37", "季度进展4"): 0,
    ("D38", "年度总结"): 2,
    ("D39", "半年汇报"): 0,
}
REPORT_WITHOUT_ROW = (("D36", "季度进展3"), ("T07", "半年汇报"))
REPORT_AFTER_CUT_OFF = (("D35", "年度总结"),)
EXEMPT_REPORTS = (("D01", "半年汇报"), ("D25", "半年汇报"), ("D38", "半年汇报"))

# Register rows that must be there, beside those that fill up to the target: (standard, quantity).
FIXED_DEDUCTIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "D29": (("GW-01", 5), ("GW-01", 6)),  # 5.50 under a standard capped at 4.00
    "D32": (("ZD-02", 3), ("ZD-02", 2), ("ZD-02", 1)),  # 18.00 under a cap of 15.00
    "T07": (("ZD-06", 2), ("ZD-05", 2)),
    "D35": (("ZD-06", 1), ("ZD-05", 2)),
    "D26": (("GW-04", 1),),  # set to 1.00 by 调整复核
    "D11": (("ZD-02", 1),),  # revoked by 调整复核
}
DEDUCTION_CHANGED = ("D26", "GW-04", 100)
DEDUCTION_REVOKED = ("D11", "ZD-02")
NO_REGISTER_ROWS = "D10"  # its key score comes from reports alone

# Information: best quarters by hand: (unit, quarter) -> (sent, used).
INFORMATION: dict[tuple[str, int], tuple[int, int]] = {
    ("D27", 1): (46, 21), ("D08", 1): (41, 19), ("T03", 1): (38, 16),
    ("D03", 1): (24, 20), ("D15", 1): (18, 14), ("D37", 1): (25, 19),
    # Q2: two share the first place by volume (1, 1, 3) and two the first by rate (10/12 = 20/24).
    ("D27", 2): (44, 20), ("D08", 2): (44, 18), ("D09", 2): (40, 15),
    ("D03", 2): (24, 20), ("D23", 2): (12, 10), ("D11", 2): (20, 16),
    # Q3: third place by volume shared by three.
    ("D27", 3): (47, 22), ("T01", 3): (43, 17), ("D03", 3): (37, 14), ("D28", 3): (37, 12), ("D22", 3): (37, 13),
    ("D16", 3): (15, 13), ("D39", 3): (22, 18), ("T05", 3): (16, 13),
    ("D08", 4): (52, 24), ("D27", 4): (49, 23), ("D19", 4): (45, 20),
    ("D31", 4): (17, 15), ("D23", 4): (23, 19), ("T03", 4): (20, 16),
}  # fmt: skip
INFORMATION_MISSING = (("D37", 3), ("D06", 1), ("D06", 4))
INFORMATION_CONFIRMED_NONE = "D01"

# Attendance that hurts: unit -> one mark a meeting (on-time elsewhere): L late, S substitute, E excused, A absent.
ATTENDANCE: dict[str, str] = {
    "T01": "L", "T02": "SE", "T03": "", "T04": "LS", "T05": "LLSE", "T06": "LA", "T07": "AAASL",
    "D01": "", "D02": "E", "D03": "L", "D04": "LLLLLL",  # six times 0.10 under a cap of 0.50
    "D05": "AASLL", "D06": "SS", "D07": "LE", "D08": "", "D09": "L", "D10": "LS", "D11": "LL", "D12": "SEA",
    "D13": "L", "D14": "AS", "D15": "", "D16": "LE", "D17": "AALSS", "D18": "LS", "D19": "SL", "D20": "A",
    "D21": "LLS", "D22": "S", "D23": "", "D24": "AAAAASL",  # 2.80 against 2.00: the floor
    "D25": "LSA", "D26": "SSSSSS",  # 1.20 under a cap of 1.00
    "D27": "", "D28": "L", "D29": "AE", "D30": "LL", "D31": "E", "D32": "AAS", "D33": "LLA", "D34": "S",
    "D35": "AAAL", "D36": "ALS", "D37": "L", "D38": "SE",
}  # fmt: skip
ATTENDANCE_CONFIRMED_NONE = "D39"

# Tasks that hurt: unit -> days late of one task each; 0 means not done by the cut-off.
TASKS: dict[str, tuple[int, ...]] = {
    "T01": (1,), "T02": (2, 0), "T04": (0,), "T05": (3, 4), "T06": (5,), "T07": (0, 0, 0, 6, 2),
    "D02": (2,), "D03": (1,), "D04": (2, 3), "D05": (0, 4), "D06": (3,), "D07": (2,), "D09": (2,), "D11": (4,),
    "D12": (1, 2), "D13": (5, 7),  # 1.20 under a cap of 1.00
    "D14": (0, 3), "D16": (1,), "D17": (0, 0, 2), "D18": (4,), "D19": (0,), "D20": (2, 2), "D21": (0, 5),
    "D22": (3,), "D24": (0, 0, 0, 0, 0),  # 2.50 against 2.00: the floor
    "D25": (6,), "D26": (1, 1, 2), "D28": (2,), "D29": (0,), "D30": (3,), "D31": (1,), "D32": (0, 0, 3),
    "D33": (2, 0), "D34": (2,), "D35": (0, 0, 4), "D36": (0, 5), "D38": (1,),
}  # fmt: skip
TASKS_CONFIRMED_NONE = "D37"
TASKS_NOT_REPORTED = "D39"

# Leaders: 组长, then four 副组长, in hundredths. Units not named here get seeded scores.
RATERS = (
    ("组长", "组长"),
    ("副组长甲", "副组长"),
    ("副组长乙", "副组长"),
    ("副组长丙", "副组长"),
    ("副组长丁", "副组长"),
)
RATINGS: dict[str, tuple[int, int, int, int, int]] = {
    "D09": (250, 250, 300, 200, 250),
    "D28": (250, 300, 250, 250, 200),
    "D27": (300, 300, 300, 300, 300),
    "D08": (300, 290, 285, 300, 280),
}  # fmt: skip

# Own count of red lights of the year (distinct ticket and red time, main handler, appeal not upheld).
RED_LIGHTS: dict[str, int] = {
    "D19": 3, "D22": 2, "D39": 1, "T01": 1, "T03": 1, "T04": 1, "T07": 1, "D06": 1, "D11": 1, "D13": 1, "D15": 1,
    "D16": 1, "D17": 1, "D18": 1, "D21": 1, "D26": 1, "D29": 1, "D31": 1, "D33": 1, "D37": 1,
}  # fmt: skip
# The centre's count where it is not our own; None: no row of the centre.
CENTRE_DIFFERS: dict[str, int | None] = {"D22": 1, "D39": None}
RED_LIGHT_REVOKED = "D23"

# Circulars: unit, kind, level, body, date, named. T06 and D18 are vetoed; T02 has complaints alone.
CIRCULARS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("T06", "媒体", "省", "演示省级广播电视台问政栏目", "2022-07-19", "是"),
    ("T06", "群众反映", "市", "演示市长信箱", "2022-07-22", "否"),
    ("T06", "检查督查", "县", "县政府督查室", "2022-08-03", "是"),
    ("D18", "检查督查", "市", "演示市营商环境督查组", "2022-09-14", "是"),
    ("D18", "检查督查", "县", "县政府督查室", "2022-10-11", "是"),
    ("T02", "群众反映", "市", "演示市长信箱", "2022-05-26", "否"),
    ("T02", "群众反映", "省", "演示省民声平台", "2022-11-08", "否"),
    ("D29", "检查督查", "县", "县政府督查室", "2022-06-30", "是"),
    ("D24", "媒体", "县", "县融媒体中心", "2022-04-21", "是"),
    ("D35", "检查督查", "市", "演示市职转办", "2022-08-17", "否"),
    ("D31", "检查督查", "市", "演示市营商环境督查组", "2022-09-14", "否"),
    ("D11", "检查督查", "省", "演示省营商环境工作专班", "2021-12-22", "是"),
    ("T05", "媒体", "市", "演示市级日报", "2023-01-05", "是"),
    ("D15", "群众反映", "县", "县政府门户网站留言", "2022-03-16", "否"),
    ("D36", "检查督查", "县", "县政府督查室", "2022-10-11", "是"),
    ("D05", "检查督查", "县", "县职转和营商办", "2022-07-05", "是"),
    ("D33", "检查督查", "县", "县职转和营商办", "2022-07-05", "是"),
    ("T07", "检查督查", "县", "县政府督查室", "2022-06-30", "是"),
    ("D12", "群众反映", "县", "县政府门户网站留言", "2022-09-02", "否"),
    ("D21", "检查督查", "县", "县政府督查室", "2022-11-24", "否"),
    ("D20", "检查督查", "县", "县职转和营商办", "2022-07-05", "是"),
)
# Facts dated outside the year, which count nothing: (unit, standard, quantity, date).
REGISTER_OUTSIDE_YEAR = (
    ("T01", "ZD-04", 1, "2021-12-24"),
    ("D12", "GW-01", 3, "2021-12-29"),
    ("D30", "XX-01", 4, "2021-12-31"),
    ("D08", "GW-03", 1, "2023-01-03"),
    ("D25", "GW-05", 1, "2023-01-04"),
)
# (unit, item, level, date)
AWARDS_OUTSIDE_YEAR = (
    ("T01", "通报表彰", "省", "2021-12-28"),
    ("D14", "通报表彰", "市", "2023-01-06"),
    ("D30", "经验宣传", "省", "2021-12-30"),
    ("D17", "经验宣传", "市", "2023-01-03"),
)
SELF_CHECKED = "D32"  # one register row scored and checked by the same role: a warning
CONFIRMED_BESIDE_ROWS = "D07"  # confirms 表彰宣传 and has rows all the same: a warning


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection: by whom, on which days, to what ({fact}: the unit's first deduction), and what came of it."""

    unit: str
    filed: date
    due: date
    matter: str
    answered: date | None = None
    answer: str = ""
    outcome: str = ""
    on_register: bool = False


# On the run date, 31 December: three led to 调整复核 (one answered a day late), one upheld, one overdue, one waiting.
OBJECTIONS = (
    Objection(
        "D23", date(2022, 12, 19), date(2022, 12, 27), "工单不属本单位职责，派单有误，申请不计红灯",
        date(2022, 12, 28), "经县信息中心核实，派单有误，同意退单", "调整",
    ),
    Objection(
        "D11", date(2022, 12, 20), date(2022, 12, 28), "该节点任务已由上级统一延期，不应按未完成扣分，申请撤销",
        date(2022, 12, 27), "异议成立，撤销该笔扣分", "调整",
    ),
    Objection(
        "D26", date(2022, 12, 21), date(2022, 12, 30), "交办函由两家共同承办，责任不应由本单位一家承担，申请少扣",
        date(2022, 12, 29), "部分成立，责任由两家共担，改按 1.00 分扣", "调整",
    ),
    Objection(
        "D14", date(2022, 12, 22), date(2022, 12, 30), "“{fact}”一笔，已在次月补正，申请撤销",
        date(2022, 12, 29), "补正在核查之后，事实清楚，不予更正", "维持", on_register=True,
    ),
    Objection(
        "D36", date(2022, 12, 21), date(2022, 12, 29), "“{fact}”一笔，认为应由牵头单位承担，申请撤销",
        on_register=True,
    ),
    Objection("T05", date(2022, 12, 30), date(2023, 1, 9), "对信息报送第二季度的采用条数有异议，申请核对采用目录"),
)  # fmt: skip
