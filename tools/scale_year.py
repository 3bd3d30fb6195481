"""Write a made-up year of any size straight as parquet: the clean tables of a province or of the whole country.

About 76 evidence rows a unit over all tables, so 131,000 units have 10 million. Everything is drawn from one seed; the
same seed and size give the same tables. ``python tools/scale_year.py FOLDER --units 131000``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assess_lib.store.parquet import NOTES_COLUMN, schema
from assess_lib.tables import SOURCE_COLUMNS, TABLES

YEAR = 2022
PROVINCES = 31
Array = Any
Columns = dict[str, Array]
_JANUARY = (date(YEAR, 1, 1) - date(1970, 1, 1)).days
_LEVELS = ("县", "市", "省", "中央")
_FACTS = (
    "材料内容不全",
    "文件流转超时",
    "数据填报有误",
    "未按要求反馈",
    "信息报告迟报",
    "重点工作未备案",
    "公文格式有误",
)
_ORGANS = ("市政府办公室", "省政府办公厅", "国务院办公厅", "市委办公室", "省委办公厅", "市日报社", "省电视台", "新华社")
# 标准编号, 单次扣分, 计量, 扣分上限
_STANDARDS = (
    ("BS-01", 50, "日", 500),
    ("BS-02", 500, "次", None),
    ("HY-01", 20, "次", 100),
    ("HY-02", 30, "次", None),
    ("HY-03", 50, "次", None),
    ("RW-01", 10, "日", 100),
    ("RW-02", 50, "次", None),
    ("GZ-01", 100, "次", 1000),
    ("GZ-02", 200, "次", None),
    ("GZ-03", 50, "次", 600),
    ("GZ-04", 500, "次", None),
)


class _Maker:
    """Draws the tables one after the other; what one table has said of the units the next ones can use."""

    def __init__(self, folder: Path, units: int, seed: int) -> None:
        self.folder = folder
        self.size = units
        self.rng = np.random.default_rng(seed)
        number = _text("U", np.arange(1, units + 1), 6)
        self.codes = number
        self.province = np.arange(units) * PROVINCES // units
        self.rows = 0

    # ---- drawing ---------------------------------------------------------------------------------------------

    def some(self, mean: float, spread: float = 2.0) -> Array:
        """Draw how many rows each unit has, around a mean with a long tail; return the unit of each row."""
        rate = self.rng.gamma(spread, mean / spread, self.size)
        return np.repeat(np.arange(self.size), self.rng.poisson(rate))

    def shuffled(self, unit: Array) -> Array:
        """Put rows in no order within a province, as its file came in."""
        return unit[np.lexsort((self.rng.random(len(unit)), self.province[unit]))]

    def chance(self, size: int, part: float) -> Array:
        return self.rng.random(size) < part

    def pick(self, size: int, options: Sequence[str | None], weights: Sequence[float] | None = None) -> pa.Array:
        share = None if weights is None else np.array(weights) / sum(weights)
        chosen = self.rng.choice(len(options), size, p=share)
        return pa.array(list(options), type=pa.string()).take(pa.array(chosen))

    def days(self, size: int, outside: float = 0.01) -> Array:
        """Draw days of the year, and a few just before or after it."""
        day = _JANUARY + self.rng.integers(0, 365, size)
        return day + np.where(self.chance(size, outside), self.rng.choice([-365, 365], size), 0)

    # ---- writing ---------------------------------------------------------------------------------------------

    def write(self, name: str, unit: Array, columns: Mapping[str, Array]) -> None:
        """Write one table; rows stand in one file a province, in their order."""
        spec = schema(TABLES[name])
        size = len(unit)
        file = self.province[unit] if size else np.zeros(0, dtype=np.int64)
        first = np.searchsorted(file, file)
        files = pa.array([f"{name}_省{number + 1:02}.xlsx" for number in range(PROVINCES)])
        given: dict[str, Array] = {
            **columns,
            SOURCE_COLUMNS[0]: files.take(pa.array(file)),
            SOURCE_COLUMNS[1]: pa.array([name]).take(pa.array(np.zeros(size, dtype=np.int64))),
            SOURCE_COLUMNS[2]: np.arange(size) - first + 2,
            NOTES_COLUMN: pa.nulls(size, pa.string()),
        }
        if "单位" in spec.names and "单位" not in given:
            given["单位"] = self.codes.take(pa.array(unit))
        arrays = [_typed(given.get(field.name, pa.nulls(size, field.type)), field.type) for field in spec]
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=spec),
            self.folder / f"{name}.parquet",
            version="2.6",
            compression="zstd",
            write_page_checksum=True,
        )
        if name not in ("单位名录", "扣分标准"):
            self.rows += size

    # ---- the tables ------------------------------------------------------------------------------------------

    def roster(self) -> None:
        self.key_task = self.rng.choice(3, self.size, p=[0.3, 0.69, 0.01])
        self.write(
            "单位名录",
            np.arange(self.size),
            {
                "单位编码": self.codes,
                "单位名称": _text("第", np.arange(1, self.size + 1), 6, "单位"),
                "单位类别": self.pick(self.size, ("镇", "县级部门"), (1, 4)),
                "重点任务单位": pa.array(["是", "否", None]).take(pa.array(self.key_task)),
            },
        )
        codes, rates, counts, ceilings = zip(*_STANDARDS, strict=True)
        size = len(_STANDARDS)
        same = pa.array(["示例"] * size)
        self.write(
            "扣分标准",
            np.zeros(size, dtype=np.int64),
            {
                "标准编号": pa.array(codes),
                "考核内容": same,
                "扣分情形": same,
                "单次扣分": _hundredths(rates),
                "计量": pa.array(counts),
                "扣分上限": _hundredths(ceilings),
                "批准文号": same,
            },
        )

    def hotline(self) -> None:
        unit = self.shuffled(self.some(0.8, 0.3))
        size = len(unit)
        day = self.days(size, 0.03)
        moment = day * 86_400 + self.rng.integers(0, 1440, size) * 60
        helps, appealed = self.chance(size, 0.45), self.chance(size, 0.3)
        ticket = np.where(self.chance(size, 0.1), self.rng.integers(0, size // 2 + 1, size), np.arange(size) + size)
        self.write(
            "热线红灯",
            unit,
            {
                "工单编号": _text("GD", ticket, 8),
                "办理角色": pa.array(["主办", "协办"]).take(pa.array(helps.astype(np.int64))),
                "红灯时间": moment,
                "申诉结果": pa.array(["不成立", "成立"]).take(pa.array(appealed.astype(np.int64))),
            },
        )
        counts = ~helps & ~appealed & (day >= _JANUARY) & (day < _JANUARY + 365)
        own = np.bincount(unit[counts], minlength=self.size)
        told = self.shuffled(np.flatnonzero(self.chance(self.size, 0.98)))
        differs = self.chance(len(told), 0.02)
        self.write(
            "信息中心结果",
            told,
            {
                "红灯次数": own[told] + differs,
                "市大数据局通报": self.pick(len(told), ("否", "是"), (995, 5)),
                "出具日期": np.full(len(told), _JANUARY + 350),
            },
        )

    def circulars(self) -> None:
        unit = self.shuffled(self.some(0.3, 0.5))
        size = len(unit)
        self.write(
            "通报批评",
            unit,
            {
                "编号": _text("TB", np.arange(size), 8),
                "类型": self.pick(size, ("检查督查", "媒体", "群众反映"), (3, 2, 3)),
                "层级": self.pick(size, _LEVELS, (80, 15, 4, 1)),
                "机关或媒体": self.pick(size, _ORGANS),
                "文号或网址": _text("文〔2022〕", np.arange(size), 6),
                "日期": self.days(size),
                "是否点名": self.pick(size, ("否", "是"), (7, 3)),
            },
        )

    def receipts(self) -> None:
        wanted: list[tuple[str, str | None, str]] = [("半年汇报", None, "06-20"), ("年度总结", None, "12-20")]
        wanted += [("季度进展", str(quarter), f"{3 * quarter:02}-20") for quarter in (1, 2, 3, 4)]
        units, materials, quarters, received = [], [], [], []
        for material, quarter, due in wanted:
            owing = np.arange(self.size) if quarter is None else np.flatnonzero(self.key_task == 0)
            unit = owing[self.chance(len(owing), 0.985)]
            day = (date.fromisoformat(f"{YEAR}-{due}") - date(1970, 1, 1)).days
            late = np.where(self.chance(len(unit), 0.08), self.rng.integers(0, 12, len(unit)), 0)
            units.append(unit)
            materials += [material] * len(unit)
            quarters += [quarter] * len(unit)
            received.append(day - self.rng.integers(0, 10, len(unit)) * (late == 0) + late)
        unit, day = np.concatenate(units), np.concatenate(received)
        order = np.lexsort((self.rng.random(len(unit)), self.province[unit]))
        at = pa.array(order)
        self.write(
            "材料报送",
            unit[order],
            {
                "材料": pa.array(materials).take(at),
                "季度": pa.array(quarters, type=pa.string()).take(at),
                "实报日期": pa.array(day[order], mask=self.chance(len(unit), 0.01)),
                "免报原因": self.pick(len(unit), (None, "机构新设，批准免报"), (99, 1)),
            },
        )

    def register(self) -> None:
        unit = self.shuffled(self.some(6.0))
        size = len(unit)
        self.write(
            "扣分登记",
            unit,
            {
                "编号": _text("KF", np.arange(size), 8),
                "标准编号": self.pick(size, ("GZ-01", "GZ-02", "GZ-03", "GZ-04"), (5, 2, 5, 0.3)),
                "事实": self.pick(size, _FACTS),
                "发生日期": self.days(size),
                "数量": self.pick_whole(size, (1, 2, 3, None), (8, 1, 0.5, 2)),
                "佐证编号": self.proofs(unit),
                "评分人": self.pick(size, ("甲", "乙")),
                "复核人": self.pick(size, ("丙", "丁")),
            },
        )
        self.decide("扣分登记", "KF", unit, 0.02, changes=True)

    def pick_whole(self, size: int, options: Sequence[int | None], weights: Sequence[float]) -> pa.Array:
        share = np.array(weights) / sum(weights)
        return pa.array(list(options), type=pa.int64()).take(pa.array(self.rng.choice(len(options), size, p=share)))

    def information(self) -> None:
        unit = np.repeat(np.arange(self.size), 4)
        quarter = np.tile(np.arange(4), self.size)
        kept = self.chance(len(unit), 0.99)
        unit, quarter = unit[kept], quarter[kept]
        order = np.lexsort((self.rng.random(len(unit)), self.province[unit]))
        sent = self.rng.negative_binomial(2, 0.08, len(unit))
        adopted = self.rng.binomial(sent, self.rng.beta(2, 6, len(unit)))
        self.write(
            "信息报送",
            unit[order],
            {
                "季度": pa.array(["1", "2", "3", "4"]).take(pa.array(quarter[order])),
                "报送条数": sent,
                "采用条数": adopted,
            },
        )

    def proofs(self, unit: Array) -> pa.Array:
        """Draw 佐证编号: mostly one that the catalogue has for the unit, now and then another's, or none."""
        owner = np.where(self.chance(len(unit), 0.01), self.rng.integers(0, self.size, len(unit)), unit)
        number = owner * self.proofs_each + self.rng.integers(0, self.proofs_each, len(unit))
        texts = _text("E", number, 9)
        return pc.if_else(pa.array(self.chance(len(unit), 0.04)), None, texts)

    proofs_each = 14

    def catalogue(self) -> None:
        unit = np.repeat(np.arange(self.size), self.proofs_each)
        number = np.arange(len(unit))
        order = np.lexsort((self.rng.random(len(unit)), self.province[unit]))
        self.write(
            "佐证目录",
            unit[order],
            {
                "佐证编号": _text("E", number[order], 9),
                "类型": self.pick(len(unit), ("电子版", "网址", "照片"), (6, 3, 1)),
                "名称或网址": _text("https://example.invalid/", number[order], 9),
                "采集日期": self.days(len(unit)),
            },
        )

    def awards(self) -> None:
        unit = self.shuffled(self.some(4.0))
        size = len(unit)
        matter = unit * 6 + self.rng.integers(0, 6, size)
        self.write(
            "表彰宣传",
            unit,
            {
                "编号": _text("BZ", np.arange(size), 8),
                "加分项": self.pick(size, ("通报表彰", "经验宣传")),
                "事项编号": _text("SX", matter, 8),
                "事项名称": _text("第", matter, 8, "项工作经验"),
                "层级": self.pick(size, _LEVELS, (30, 50, 15, 5)),
                "机关或媒体": self.pick(size, _ORGANS),
                "文号或网址": _text("文〔2022〕", np.arange(size), 7),
                "日期": self.days(size),
                "佐证编号": self.proofs(unit),
            },
        )
        self.decide("表彰宣传", "BZ", unit, 0.01)

    def scores(self) -> None:
        unit = self.some(1.0)
        scorers = 3
        matter = np.repeat(np.arange(len(unit)), scorers)
        unit = np.repeat(unit, scorers)
        scorer = np.tile(np.arange(scorers), len(unit) // scorers)
        order = np.lexsort((self.rng.random(len(unit)), self.province[unit]))
        unit, size = unit[order], len(unit)
        self.write(
            "评定加分",
            unit,
            {
                "编号": _text("PD", np.arange(size), 8),
                "事项": _text("创新", matter[order], 7),
                "评定分": _hundredths(self.rng.integers(0, 17, size) * 25),
                "理由": self.pick(size, _FACTS),
                "评分人": pa.array(["甲", "乙", "丙"]).take(pa.array(scorer[order])),
                "复核人": self.pick(size, ("丁", "戊")),
                "佐证编号": self.proofs(unit),
            },
        )
        self.decide("评定加分", "PD", unit, 0.01, changes=True)

    def leaders(self) -> None:
        raters = ("组长", "副组长甲", "副组长乙", "副组长丙")
        unit = np.repeat(np.arange(self.size), len(raters))
        rater = np.tile(np.arange(len(raters)), self.size)
        kept = self.chance(len(unit), 0.88)
        unit, rater = unit[kept], rater[kept]
        order = np.lexsort((self.rng.random(len(unit)), self.province[unit]))
        self.write(
            "领导评价",
            unit[order],
            {
                "评价人": pa.array(raters).take(pa.array(rater[order])),
                "职务": pa.array(["组长", "副组长", "副组长", "副组长"]).take(pa.array(rater[order])),
                "分值": _hundredths(self.rng.integers(150, 301, len(unit))),
            },
        )

    def meetings(self) -> None:
        unit = self.shuffled(self.some(24.0, 8.0))
        size = len(unit)
        # No unit twice at one meeting: of its own meetings each has another number.
        order = np.argsort(unit, kind="stable")
        own = np.empty(size, dtype=np.int64)
        own[order] = np.arange(size) - np.searchsorted(unit[order], unit[order])
        self.write(
            "参会登记",
            unit,
            {
                "会议": _text("第", own * 97 + unit % 97, 5, "次会议"),
                "日期": self.days(size),
                "到会情况": self.pick(size, ("到会", "迟到", "代会", "请假", "缺席"), (90, 3, 3, 3, 1)),
            },
        )

    def tasks(self) -> None:
        unit = self.shuffled(self.some(12.0, 6.0))
        size = len(unit)
        due = self.days(size)
        late = np.where(self.chance(size, 0.06), self.rng.integers(1, 15, size), -self.rng.integers(0, 20, size))
        self.write(
            "交办任务",
            unit,
            {
                "任务编号": _text("RW", np.arange(size), 8),
                "任务": self.pick(size, _FACTS),
                "时限": due,
                "完成日期": pa.array(due + late, mask=self.chance(size, 0.01)),
            },
        )

    def decide(self, name: str, prefix: str, unit: Array, part: float, *, changes: bool = False) -> None:
        """Draw 调整复核 on some rows of a table that was just written; they are written together at the end."""
        at = np.flatnonzero(self.chance(len(unit), part))
        change = self.chance(len(at), 0.4) & changes
        self.decisions.append((name, _text(prefix, at, 8), unit[at], change))

    def adjustments(self) -> None:
        unit = np.concatenate([units for _, _, units, _ in self.decisions])
        change = np.concatenate([changes for *_, changes in self.decisions])
        tables = [name for name, _, units, _ in self.decisions for _ in range(len(units))]
        order = np.argsort(self.province[unit], kind="stable")
        at = pa.array(order)
        new = pa.array(self.rng.integers(0, 17, len(unit)) * 25, mask=~change[order])
        same = pa.array(["示例"]).take(pa.array(np.zeros(len(unit), dtype=np.int64)))
        self.write(
            "调整复核",
            unit[order],
            {
                "编号": _text("TZ", np.arange(len(unit)), 8),
                "对象表": pa.array(tables).take(at),
                "对象编号": pa.concat_arrays([objects for _, objects, _, _ in self.decisions]).take(at),
                "处理": pa.array(["撤销", "改值"]).take(pa.array(change[order].astype(np.int64))),
                "新值": _hundredths(new),
                "理由": same,
                "决定人": same,
                "决定日期": np.full(len(unit), _JANUARY + 345),
                "批准文号": same,
            },
        )

    def confirmations(self) -> None:
        unit = self.shuffled(np.repeat(np.arange(self.size), self.rng.binomial(2, 0.5, self.size)))
        tables = ("通报批评", "通报批评", "通报批评", "扣分登记", "表彰宣传", "评定加分")
        self.write(
            "确认无事项",
            unit,
            {
                "表": self.pick(len(unit), tables),
                "确认人": self.pick(len(unit), ("甲", "乙")),
                "确认日期": np.full(len(unit), _JANUARY + 350),
            },
        )

    def year(self) -> int:
        """Write all tables; return how many evidence rows they hold."""
        self.decisions: list[tuple[str, pa.Array, Array, Array]] = []
        steps: tuple[Callable[[], None], ...] = (
            self.roster, self.hotline, self.circulars, self.receipts, self.register, self.information, self.catalogue,
            self.awards, self.scores, self.leaders, self.meetings, self.tasks, self.adjustments, self.confirmations,
        )  # fmt: skip
        for step in steps:
            step()
        return self.rows


def _text(prefix: str, numbers: Array, width: int, suffix: str = "") -> pa.Array:
    """Return texts such as ``KF00000012``."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, suffix, "")


def _hundredths(cents: Sequence[int | None] | Array) -> pa.Array:
    """Return whole cents as amounts of two decimals, exactly."""
    whole = pa.array(cents, type=pa.int64()).fill_null(0)
    blank = pa.array(cents, type=pa.int64()).is_valid().buffers()[1]
    halves = np.zeros((len(whole), 2), dtype=np.int64)
    halves[:, 0] = whole.to_numpy()
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(whole), [blank, pa.py_buffer(halves)])


def _typed(values: Array, kind: pa.DataType) -> pa.Array:
    """Give an array the stored type: numbers of days, seconds or cents become dates, moments, amounts."""
    if isinstance(values, pa.Array) and values.type == kind:
        return values
    array = values if isinstance(values, pa.Array) else pa.array(np.asarray(values))
    if pa.types.is_date32(kind):
        return array.cast(pa.int32()).cast(kind)
    return array.cast(kind)


def write_year(folder: Path, units: int, seed: int = 2022) -> int:
    """Write a year of so many units into a folder and return its number of evidence rows."""
    folder.mkdir(parents=True, exist_ok=True)
    return _Maker(folder, units, seed).year()


def main() -> None:
    """Write a year as the options say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=131_000)
    parser.add_argument("--seed", type=int, default=2022)
    options = parser.parse_args()
    rows = write_year(options.folder, options.units, options.seed)
    print(f"{options.units} units, {rows} evidence rows in {options.folder}")


if __name__ == "__main__":
    main()
