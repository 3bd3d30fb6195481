"""The whole year as the rules of this package see it: the roster, and tables as columns (as ``rules.Case`` by rows)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assess_lib.rules import Unit
from assess_lib.scale.columns import NONE, Columns, Flags, Ints, positions, read_columns, refuse
from assess_lib.scale.sums import times
from assess_lib.scheme import Scheme
from assess_lib.tables import ALL_UNITS, TABLES, Source

# The columns that points depend on; all others stay in their files.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "单位名录": ("单位编码", "单位名称", "单位类别", "重点任务单位"),
    "扣分标准": ("标准编号", "单次扣分", "计量", "扣分上限"),
    "热线红灯": ("工单编号", "单位", "办理角色", "红灯时间", "申诉结果"),
    "信息中心结果": ("单位", "红灯次数", "市大数据局通报"),
    "通报批评": ("编号", "单位", "类型", "层级", "日期", "是否点名"),
    "材料报送": ("单位", "材料", "季度", "实报日期", "免报原因"),
    "扣分登记": ("编号", "单位", "标准编号", "发生日期", "数量"),
    "信息报送": ("单位", "季度", "报送条数", "采用条数"),
    "表彰宣传": ("编号", "单位", "加分项", "事项编号", "层级", "日期", "佐证编号"),
    "评定加分": ("编号", "单位", "事项", "评定分", "佐证编号"),
    "领导评价": ("单位", "分值"),
    "参会登记": ("会议", "日期", "单位", "到会情况"),
    "交办任务": ("任务编号", "单位", "时限", "完成日期"),
    "佐证目录": ("佐证编号", "单位"),
    "调整复核": ("单位", "对象表", "对象编号", "处理", "新值"),
    "确认无事项": ("表", "单位"),
}
# The rules see these as they stand in the file; all others by file, sheet and row.
_AS_STORED = ("单位名录", "扣分标准", "佐证目录", "调整复核", "确认无事项")


def by_source(name: str) -> bool:
    """Tell whether the rules see a table's rows in the order of file, sheet and row."""
    return name not in _AS_STORED


TABLE_CODES: Mapping[str, int] = {name: code for code, name in enumerate(TABLES)}
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return a date as days since 1970."""
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class Standards:
    """扣分标准 by position: rate and ceiling in whole cents (no ceiling: NONE), whether one costs by the day."""

    codes: tuple[str, ...]
    rate: Ints
    ceiling: Ints
    daily: Flags

    def position(self, code: str, table: str = "方案") -> int:
        """Return where a standard stands that a table or the scheme names. Raises InputRejected for an unknown one."""
        if code not in self.codes:
            raise refuse(table, "标准编号", f"扣分标准中没有 {code}。", "请先用 assess check 清洗。", code)
        return self.codes.index(code)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The 调整复核 on each row of a table: its position (NONE: no decision), 撤销 or not, the new value."""

    position: Ints
    revoked: Flags
    new_value: Ints

    @property
    def decided(self) -> Flags:
        """Which rows have a decision of any kind."""
        return np.asarray(self.position != NONE)


@dataclass
class Year:
    """A folder of canonical tables with a scheme, one option for each reading and the run date.

    ``shared`` holds what two items have in common; ``reading_texts`` collects what the ledger prints under ``reading``
    (0 is blank), ``beyond`` the amounts that 64 bits cannot hold (see ``sums.LIMIT``). Items are judged side by side:
    whoever adds to ``shared`` holds ``sharing``, whoever adds to the rest ``lock``, never the other way round.
    """

    folder: Path
    scheme: Scheme
    readings: Mapping[str, str]
    run_date: date
    reading_texts: list[str] = field(default_factory=lambda: [""])
    beyond: list[int] = field(default_factory=list)
    shared: dict[Any, Any] = field(default_factory=dict)
    sharing: RLock = field(default_factory=RLock)
    lock: RLock = field(default_factory=RLock)
    loaded: dict[str, Columns] = field(default_factory=dict)
    _units: dict[str, Ints] = field(default_factory=dict)

    def table(self, name: str) -> Columns:
        """Return the needed columns of a table; it is read when first asked for."""
        with self.lock:
            if name not in self.loaded:
                self.loaded[name] = read_columns(self.folder, name, NEEDED[name], by_source=by_source(name))
            return self.loaded[name]

    def units(self, name: str) -> Ints:
        """Return the unit of each row of a table, as a position on the roster."""
        with self.lock:
            if name not in self._units:
                self._units[name] = self.table(name).units(self.roster)
            return self._units[name]

    def reading(self, *keys: str) -> int:
        """Return the number of the text with which the ledger prints these readings (``rules.Case.reading``)."""
        text = "; ".join(f"{key}={self.readings[key]}" for key in keys)
        with self.lock:
            if text not in self.reading_texts:
                self.reading_texts.append(text)
            return self.reading_texts.index(text)

    def times(self, rate: Ints, count: Ints) -> Ints:
        """Multiply amounts by counts exactly (``sums.times``)."""
        with self.lock:
            return times(rate, count, self.beyond)

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last day of the assessed year."""
        year = self.scheme.year
        return day_number(date(year, 1, 1)), day_number(date(year, 12, 31))

    # ---- the roster ------------------------------------------------------------------------------------------

    @cached_property
    def roster(self) -> pa.Array:
        """The units' codes, in roster order."""
        codes = self.table("单位名录").values("单位编码")
        if pc.count_distinct(codes).as_py() != len(codes):
            raise refuse("单位名录", "单位编码", "有重复的单位编码。", "请先用 assess check 清洗。")
        return codes

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.roster)

    @cached_property
    def every_unit(self) -> Ints:
        """The units' positions."""
        return np.arange(self.size, dtype=np.int64)

    @cached_property
    def names(self) -> pa.Array:
        """The units' names, in roster order."""
        return self.table("单位名录").values("单位名称")

    @cached_property
    def groups(self) -> pa.DictionaryArray:
        """The units' groups, in roster order."""
        groups = self.table("单位名录").values("单位类别")
        return groups if pa.types.is_dictionary(groups.type) else groups.dictionary_encode()

    @property
    def group_codes(self) -> Ints:
        """A code for each unit's group."""
        return np.asarray(self.groups.indices.to_numpy(zero_copy_only=False), dtype=np.int64)

    @cached_property
    def key_task(self) -> Ints:
        """Whether each unit is a 重点任务单位: 0 yes, 1 no, NONE not told."""
        return self.table("单位名录").codes("重点任务单位", ("是", "否"))

    def cells(self, name: str, column: str, codes: Ints, kinds: int) -> Ints:
        """Return the position of the row of each unit and kind (``codes``: from 0 up to ``kinds``), NONE for none.

        Takes one code a row and returns the shape (units, kinds). Raises InputRejected where two rows share a cell.
        """
        at = np.full((self.size, kinds), NONE, dtype=np.int64)
        at[self.units(name), codes] = np.arange(len(codes), dtype=np.int64)
        if np.count_nonzero(at != NONE) != len(codes):
            raise refuse(name, column, "同一单位有重复的行。", "请先用 assess check 清洗。")
        return at

    # ---- what rows are joined with ---------------------------------------------------------------------------

    @cached_property
    def standards(self) -> Standards:
        """The standards of 扣分标准."""
        table = self.table("扣分标准")
        return Standards(
            tuple(table.values("标准编号").to_pylist()),
            table.cents("单次扣分"),
            table.cents("扣分上限", NONE),
            table.codes("计量", ("日",)) == 0,
        )

    def decisions(self, name: str) -> Decisions:
        """Find the 调整复核 on each row of a table; of several on one object the last one decides."""
        made = self.table("调整复核")
        own = np.flatnonzero(made.codes("对象表", (name,)) == 0)
        units = self.units(name)
        nothing = np.zeros(len(units), dtype=np.int64)
        if not len(own):
            return Decisions(nothing + NONE, nothing > 0, nothing)
        objects = made.values("对象编号").take(pa.array(own))
        different = pc.unique(objects)
        keys = positions(objects, different) * self.size + self.units("调整复核")[own]
        order = np.argsort(keys, kind="stable")
        numbers = positions(self.table(name).values(TABLES[name].object_column), different)
        wanted = numbers * self.size + units
        last = np.searchsorted(keys[order], wanted, side="right") - 1
        hit = (numbers != NONE) & (last >= 0) & (keys[order][last] == wanted)
        position = np.where(hit, own[order][last], NONE)
        revoked = hit & (made.codes("处理", ("撤销",))[position] == 0)
        return Decisions(position, revoked, np.where(hit, made.cents("新值")[position], 0))

    def has_evidence(self, name: str) -> Flags:
        """Tell which rows of a table have evidence that 佐证目录 indexes for their own unit."""
        given = self.table(name).values("佐证编号").dictionary_encode()
        named = given.indices.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int64)
        # Of the catalogue only what the rows name is looked at: its entries are many more.
        entry = positions(self.table("佐证目录").values("佐证编号"), given.dictionary)
        hit = entry != NONE
        indexed = np.sort(entry[hit] * self.size + self.units("佐证目录")[hit])
        wanted = named * self.size + self.units(name)
        found = np.append(indexed, NONE)[np.searchsorted(indexed, wanted)]
        return np.asarray((named != NONE) & (found == wanted))

    # ---- missing is not zero ---------------------------------------------------------------------------------

    def reported(self, name: str) -> Flags:
        """Tell for which units a table has any row."""
        return np.asarray(self.first_row(name) != NONE)

    def first_row(self, name: str) -> Ints:
        """Return each unit's first row of a table, in the order of file, sheet and row; NONE for a unit without any."""
        return first_of(self.units(name), self.size)

    def confirmed(self, name: str) -> tuple[Flags, Ints]:
        """Tell for which units somebody confirmed that a table has nothing, and by which row of their own.

        The row is NONE for a unit for which only the confirmation for 全部 speaks.
        """
        table = self.table("确认无事项")
        about = table.codes("表", (name,)) == 0
        to_all = table.codes("单位", (ALL_UNITS,)) == 0
        units = positions(table.values("单位"), self.roster)
        if (about & ~to_all & (units == NONE)).any():
            table.units(self.roster)  # says which one
        own = np.full(self.size, NONE, dtype=np.int64)
        rows = np.flatnonzero(about & ~to_all)
        own[units[rows]] = rows  # of several the last one speaks
        everyone = bool((about & to_all).any())
        return (own != NONE) | everyone, own

    # ---- where rows stand ------------------------------------------------------------------------------------

    def origin(self, name: str, rows: Ints) -> Ints:
        """Return the positions in the table's file of rows as the rules count them; NONE stays NONE."""
        return np.append(self.table(name).origin, NONE)[rows]


def first_of(units: Ints, size: int) -> Ints:
    """Return the position of each unit's first row; NONE for a unit without rows."""
    first = np.full(size, NONE, dtype=np.int64)
    first[units[::-1]] = np.arange(len(units) - 1, -1, -1, dtype=np.int64)
    return first


MARK = "\0"
"""Stands for a unit's name in a sentence that is the same for many units."""
SOMEONE = Unit("", MARK, "", None, Source("", "", 0))
"""A unit without a name of its own: sentences about it are made once, by the rules themselves."""
