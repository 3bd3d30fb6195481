"""A raw folder of four units, all of whose items are resolved, with scores that can be worked out by hand.

T01 nothing deducted: key 100.00, meetings and tasks confirmed none 2.00 + 2.00, final 104.00.
T02 half-year report five days late at 0.50 a day: key 97.50, final 101.50.
T03 one register row of 20.00: key 80.00, not above 80, so the gate is closed, final 80.00.
D01 two red lights by the centre's result: vetoed.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from build import SCHEME_FILE

UNITS = ("T01", "T02", "T03", "D01")
_ROSTER = (
    ("T01", "崔家头镇", "镇", "千阳县崔家头镇人民政府", "崔镇；崔家头", "否"),
    ("T02", "南寨镇", "镇", "", "", "否"),
    ("T03", "水沟镇", "镇", "", "", "否"),
    ("D01", "县纪委监委", "县级部门", "", "", "否"),
)
_STANDARDS = (
    ("BS-01", "材料报送", "迟报", "0.5", "日"),
    ("BS-02", "材料报送", "未报", "5", "次"),
    ("HY-01", "参会", "迟到", "0.2", "次"),
    ("HY-02", "参会", "代会", "0.2", "次"),
    ("HY-03", "参会", "缺席", "0.5", "次"),
    ("RW-01", "任务", "迟办", "0.2", "日"),
    ("RW-02", "任务", "未办", "1", "次"),
    ("GW-01", "公文办理", "差错", "20", "次"),
)
_CONFIRMED = ("通报批评", "扣分登记", "评定加分", "表彰宣传", "信息报送", "领导评价", "参会登记", "交办任务")


def write_table(raw: Path, name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    """Write one table as a csv file of the raw folder."""
    file = raw / f"{name}.csv"
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return file


def make_raw(raw: Path) -> Path:
    """Make the raw folder and return it."""
    raw.mkdir(parents=True)
    shutil.copy(SCHEME_FILE, raw / "scheme.yaml")
    write_table(raw, "单位名录", ("单位编码", "单位名称", "单位类别", "全称", "别名", "重点任务单位"), _ROSTER)
    write_table(
        raw,
        "扣分标准",
        ("标准编号", "考核内容", "扣分情形", "单次扣分", "计量", "批准文号"),
        [(*row, "千职转办〔2022〕1号") for row in _STANDARDS],
    )
    write_table(
        raw,
        "信息中心结果",
        ("单位", "红灯次数", "市大数据局通报", "出具日期"),
        [(unit, "2" if unit == "D01" else "0", "否", "2022-12-31") for unit in UNITS],
    )
    write_table(
        raw,
        "热线红灯",
        ("工单编号", "单位", "红灯时间"),
        [("GD-1", "D01", "2022-05-01"), ("GD-2", "D01", "2022-06-01")],
    )
    write_table(
        raw,
        "材料报送",
        ("单位", "材料", "季度", "实报日期"),
        [
            (unit, material, "", "2022-06-25" if (unit, material) == ("T02", "半年汇报") else day)
            for unit in UNITS
            for material, day in (("半年汇报", "2022-06-10"), ("年度总结", "2022-12-10"))
        ],
    )
    write_table(
        raw,
        "扣分登记",
        ("编号", "单位", "标准编号", "事实", "发生日期", "评分人", "复核人"),
        [("KF-1", "水沟镇", "GW-01", "=公文差错", "2022-08-01", "甲", "乙")],
    )
    write_table(
        raw,
        "确认无事项",
        ("表", "单位", "确认人", "确认日期"),
        [(table, "全部", "丙", "2022-12-31") for table in _CONFIRMED],
    )
    return raw
