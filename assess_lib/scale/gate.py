"""What cleaning refuses is refused here too: every cell, key and decision of the tables, before anything is scored.

The columns' own rules are those of ``tables`` and of the scheme, as in cleaning; here they are held against whole
columns at once. Nothing is mended: tables are what ``assess score`` writes, or somebody else's in the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assess_lib.cleaning.checks import CONFIRMABLE, SETTABLE
from assess_lib.cleaning.drafts import Draft, Findings
from assess_lib.cleaning.units import read_roster
from assess_lib.errors import Problem
from assess_lib.intake.visible import shorten
from assess_lib.scale.columns import NONE, Columns, Ints, columns_of, identities, pair_codes, positions, read_table
from assess_lib.scale.faults import OTHER, Faults, nothing_but, rejection
from assess_lib.scale.stored import blank, note_blanks
from assess_lib.scale.year import NEEDED, Year, by_source, day_number
from assess_lib.scheme import Scheme
from assess_lib.tables import ALL_UNITS, EXTRA_KEYS, SOURCE_COLUMNS, TABLES, Column, Source

_ROSTER, _STANDARDS, _DECISIONS = "单位名录", "扣分标准", "调整复核"
_CORRECT = "请核对后更正。"
_BOUNDS: Mapping[str, tuple[Any, Any]] = {
    "date": (date.min, date.max),
    "datetime": (datetime.min, datetime.max.replace(microsecond=0)),
}
"""What has a name in the calendar: years of four digits."""
_BEFORE_ALL_DAYS = day_number(date.min) - 1


@dataclass(frozen=True, slots=True)
class Known:
    """What the cells of a table may name: units and standards (None where their own table could not be read)."""

    scheme: Scheme
    units: pa.Array | None = None
    standards: pa.Array | None = None


def check_year(year: Year, pool: Executor) -> None:
    """Read every table of a year and hold it to the contract; the sound columns that rules need stay in the year.

    Raises InputRejected that tells the faults of all tables.
    """
    strays = list(_strays(year.folder))
    first = {name: _load(name, year, Known(year.scheme)) for name in (_ROSTER, _STANDARDS)}
    known = Known(
        year.scheme,
        None if first[_ROSTER] else year.roster,
        None if first[_STANDARDS] else year.table(_STANDARDS).values("标准编号"),
    )
    if known.standards is not None:
        _check_named_standards(year.scheme, known.standards, first[_STANDARDS])
    others = [name for name in NEEDED if name not in first]
    faults = first | dict(zip(others, pool.map(lambda name: _load(name, year, known), others), strict=True))
    if not faults[_ROSTER] and not faults[_DECISIONS]:
        _check_objects(year, faults)
    if strays or any(faults.values()):
        raise rejection([*strays, *faults.values()])


def _strays(folder: Path) -> Iterator[Faults]:
    """Yield the faults of files that a person would take for a part of a table, and that nobody would read."""
    for path in sorted(folder.glob("*.parquet")):
        table = next((name for name in TABLES if path.stem.startswith(f"{name}_")), "")
        if table:
            faults = Faults(folder, path.stem)
            faults.whole(
                "scale.stray",
                f"不会读取这个文件：大规模计分一表只读一个文件（{table}.parquet）。",
                f"请把其中的行并入 {table}.parquet，或把文件移出文件夹。",
            )
            yield faults


def _load(name: str, year: Year, known: Known) -> Faults:
    """Read a table and check it; where it is sound the year has it then."""
    faults = Faults(year.folder, name)
    checked = [column.name for column in TABLES[name].columns if _is_checked(name, column)]
    extra = [column for column in checked if column not in NEEDED[name]]
    table = read_table(faults, [*NEEDED[name], *extra], by_source=by_source(name))
    if table is None:
        return faults
    if TABLES[name].must_exist and not table.num_rows:
        faults.whole("file.empty", f"{name}没有一行数据。", "请补上后重新计分。")
    check_table(Columns(name, table, np.arange(table.num_rows, dtype=np.int64)), known, faults)
    if not faults:
        made = columns_of(name, table, NEEDED[name], by_source=by_source(name))
        with year.lock:
            year.loaded[name] = made
    return faults


def _is_checked(name: str, column: Column) -> bool:
    """Tell whether a column's cells are looked at one by one, whether or not a score needs them."""
    keys = (TABLES[name].key, *EXTRA_KEYS.get(name, ()))
    bounded = column.kind in ("choice", "number", "whole")
    return bounded or any(column.name in key for key in keys) or (name == _ROSTER and column.name in _SPELLINGS)


# ---- cells ----------------------------------------------------------------------------------------------------


def check_table(cells: Columns, known: Known, faults: Faults) -> None:
    """Hold the columns of a table, its keys, and what two cells of a row say together, to the contract."""
    for column in TABLES[cells.name].columns:
        if column.name in cells.names:
            _check_column(column, cells, known, faults)
    if SOURCE_COLUMNS[0] in cells.names:
        _check_sources(cells, faults)
    if cells.name == _ROSTER:
        _check_roster(cells, faults)
    else:
        for key in (TABLES[cells.name].key, *EXTRA_KEYS.get(cells.name, ())):
            _check_key(key, cells, faults)
    if cells.name in _WITHIN:
        _WITHIN[cells.name](cells, known, faults)


def _check_sources(cells: Columns, faults: Faults) -> None:
    """Hold where rows come from: a file, a sheet (nameless in a csv), a row as people count them."""
    file, sheet, row = (cells.values(name) for name in SOURCE_COLUMNS)
    note_blanks(SOURCE_COLUMNS[0], blank(file), faults)
    note_blanks(SOURCE_COLUMNS[1], _where(sheet.is_null()), faults)
    note_blanks(SOURCE_COLUMNS[2], blank(row), faults)
    _note_range(row, pc.less(row, 1), SOURCE_COLUMNS[2], "应不小于 1。", faults)


def _check_column(column: Column, cells: Columns, known: Known, faults: Faults) -> None:
    values, name = cells.values(column.name), column.name
    if column.required:
        note_blanks(name, blank(values), faults)
    if column.kind == "choice":
        choices = known.scheme.cell_choices().get((cells.name, name), column.choices)
        if choices:
            _check_among(values, choices, column, "“{}”不是可选的值。", f"请填：{' / '.join(choices)}。", faults)
    elif column.kind == "unit" and known.units is not None:
        anyone = [ALL_UNITS] if cells.name == "确认无事项" else []
        among = pa.concat_arrays([known.units, pa.array(anyone, type=pa.string())])
        remedy = "请更正，或在单位名录中补上该单位；这里只认单位编码，不认名称。"
        _check_among(values, among, column, "单位编码“{}”不在单位名录中。", remedy, faults)
    elif column.kind in ("number", "whole"):
        maximum = known.scheme.cell_maxima().get((cells.name, name), column.maximum)
        _check_bounds(values, column, maximum, faults)
    elif column.kind in _BOUNDS:
        least, most = (pa.scalar(bound, type=values.type) for bound in _BOUNDS[column.kind])
        outside = pc.or_(pc.less(values, least), pc.greater(values, most))
        faults.at("cell.date", name, _where(outside), nothing_but("不是存在的日期。"), _CORRECT)


def _where(flags: pa.BooleanArray) -> Ints:
    """Return the positions at which flags are true; a blank is not."""
    return np.flatnonzero(flags.fill_null(False).to_numpy(zero_copy_only=False))


def _text_at(values: pa.Array, row: int) -> str:
    cell = values[row].as_py()
    return "" if cell is None else str(cell)


def _check_among(
    values: pa.Array, allowed: Sequence[str] | pa.Array, column: Column, told: str, remedy: str, faults: Faults
) -> None:
    """Note filled cells whose text is none of those that are allowed; ``told`` has a place for the text."""
    among = allowed if isinstance(allowed, pa.Array) else pa.array(list(allowed), type=pa.string())
    if pa.types.is_dictionary(values.type) and (positions(values.dictionary, among) != NONE).all():
        return
    strange = (positions(values, among) == NONE) & values.is_valid().to_numpy(zero_copy_only=False)
    if not strange.any():
        return
    if column.required:  # a blank one is told already
        strange[blank(values)] = False

    def said(row: int) -> tuple[str, str]:
        text = _text_at(values, row)
        return text, told.format(shorten(text, 60))

    code = "unit.unknown" if column.kind == "unit" else "cell.choice"
    faults.at(code, column.name, np.flatnonzero(strange), said, remedy)


def _check_bounds(values: pa.Array, column: Column, maximum: Decimal | None, faults: Faults) -> None:
    """Note amounts and counts below the least or above the largest that is allowed."""
    if column.minimum is not None:
        least = _bound(column.minimum, values.type)
        outside = (pc.less_equal if column.exclusive else pc.less)(values, least)
        what = f"应{'大于' if column.exclusive else '不小于'} {column.minimum}。"
        _note_range(values, outside, column.name, what, faults)
    if maximum is not None:
        outside = pc.greater(values, _bound(maximum, values.type))
        _note_range(values, outside, column.name, f"超出范围，最大为 {maximum}。", faults)


def _bound(bound: Decimal, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(int(bound) if pa.types.is_integer(kind) else bound, type=kind)


def _note_range(values: pa.Array, outside: pa.BooleanArray, column: str, what: str, faults: Faults) -> None:
    def said(row: int) -> tuple[str, str]:
        return (text := _text_at(values, row)), f"“{text}”{what}"

    faults.at("cell.range", column, _where(outside), said, _CORRECT)


# ---- keys -----------------------------------------------------------------------------------------------------


def _check_key(key: tuple[str, ...], cells: Columns, faults: Faults) -> None:
    """Note each row whose key stands in an earlier row; a blank 季度 is a value like any other."""
    if not key or len(cells) < 2:
        return
    codes = _codes(cells.values(key[0]))
    for column in key[1:]:
        codes = pair_codes(codes, _codes(cells.values(column)))
    ordered = np.sort(codes)
    if not (ordered[1:] == ordered[:-1]).any():
        return
    again, earlier = _repeated(codes)
    required = [column for column in key if TABLES[cells.name].column(column).required]
    filled = ~np.isin(again, np.concatenate([blank(cells.values(column)) for column in required]))

    def said(row: int) -> tuple[str, str]:
        shown = [(column, _text_at(cells.values(column), row) or "（空）") for column in key]
        told = "、".join(f"{column} {shorten(text, 60)}" for column, text in shown)
        return shown[0][1], f"与{OTHER}重复（{told}）。"

    remedy = "请删去重复的一行，或更正其中一行。"
    faults.at("key.duplicate", key[0], again[filled], said, remedy, earlier[filled])


def _repeated(codes: Ints) -> tuple[Ints, Ints]:
    """Return the positions whose code stands earlier too, in their order, and beside each the first one that has it."""
    order = np.argsort(codes, kind="stable")
    new = np.ones(len(order), dtype=bool)
    new[1:] = codes[order][1:] != codes[order][:-1]
    first = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))] if len(order) else order
    by_row = np.argsort(order[~new], kind="stable")
    return order[~new][by_row], first[~new][by_row]


def _codes(values: pa.Array) -> Ints:
    """Return a code for each cell of a key's column, equal cells alike."""
    if pa.types.is_date(values.type):
        days = values.cast(pa.int32()).cast(pa.int64()).fill_null(_BEFORE_ALL_DAYS)
        return np.asarray(days.to_numpy(zero_copy_only=False))
    return identities(values)


_SPELLINGS = ("单位编码", "单位名称", "全称", "别名")


def _check_roster(cells: Columns, faults: Faults) -> None:
    """Hold codes and names to what cleaning demands of a roster, by cleaning's own check."""
    columns = [cells.values(column) for column in _SPELLINGS]
    if _plainly_sound(*columns):
        return
    texts = [values.to_pylist() for values in columns]
    if not _roster_problems(texts, [Source("", "", 0)] * len(cells)):
        return
    places = faults.places(range(len(cells)))
    faults.made(_roster_problems(texts, [places[row] for row in range(len(cells))]))


def _plainly_sound(codes: pa.Array, *names: pa.Array) -> bool:
    """Tell whether one look shows that nothing is wrong: codes of a letter and digits, no spelling twice, no blanks.

    Most large rosters are such; any other one is looked at row by row, which takes longer.
    """
    spellings = pa.concat_arrays([codes, *(values.drop_null() for values in names)])
    return bool(
        not codes.null_count
        and pc.all(pc.match_substring_regex(codes, "^[A-Za-z][0-9]{2,19}$")).as_py()
        and pc.all(pc.match_substring_regex(spellings, _VISIBLE)).as_py()
        and pc.count_distinct(pc.ascii_lower(codes)).as_py() == len(codes)
        and pc.count_distinct(spellings).as_py() == len(spellings)
        and pc.index(spellings, ALL_UNITS).as_py() == NONE
    )


_VISIBLE = r"^[!-:<-~\x{4e00}-\x{9fff}]+$"
"""Texts of ASCII and Chinese characters alone; the semicolon divides aliases."""


def _roster_problems(texts: Sequence[Sequence[str | None]], places: Sequence[Source]) -> tuple[Problem, ...]:
    """Return what is wrong with the spellings of units whose rows stand at these places."""
    table, found = TABLES[_ROSTER], Findings()
    nowhere = dict.fromkeys(_SPELLINGS, 0)
    drafts = []
    for place, *own in zip(places, *texts, strict=True):
        shown = {column: text for column, text in zip(_SPELLINGS, own, strict=True) if text}
        drafts.append(Draft(table, place, nowhere, dict(shown), shown))
    read_roster(drafts, found, reliable=True)
    return found.sorted()


# ---- what two cells say together ------------------------------------------------------------------------------


def _check_quarters(cells: Columns, known: Known, faults: Faults) -> None:
    """季度 only and always for 季度进展."""
    quarterly = cells.codes("材料", ("季度进展",)) != NONE
    filled = cells.values("季度").is_valid().to_numpy(zero_copy_only=False)
    told = cells.values("材料")
    lacking = np.flatnonzero(quarterly & ~filled)
    needless = np.flatnonzero(~quarterly & filled & told.is_valid().to_numpy(zero_copy_only=False))
    faults.at("report.quarter", "季度", lacking, nothing_but("季度进展没有填“季度”。"), "请填 1、2、3 或 4。")
    faults.at(
        "report.quarter",
        "季度",
        needless,
        lambda row: (_text_at(cells.values("季度"), row), f"{_text_at(told, row)}不分季度，“季度”应为空。"),
        "请清空“季度”，或更正“材料”。",
    )


def _check_adopted(cells: Columns, known: Known, faults: Faults) -> None:
    """采用条数 at most 报送条数."""
    sent, adopted = cells.values("报送条数"), cells.values("采用条数")
    faults.at(
        "info.adopted",
        "采用条数",
        _where(pc.greater(adopted, sent)),
        lambda row: (str(adopted[row]), f"采用条数 {adopted[row]} 多于报送条数 {sent[row]}。"),
        "请核对后更正其中一个。",
    )


def _check_standards(cells: Columns, known: Known, faults: Faults) -> None:
    """标准编号 as in 扣分标准."""
    if known.standards is not None:
        column = TABLES[cells.name].column("标准编号")
        remedy = "请更正，或在扣分标准中补上经批准的标准。"
        told = "标准编号“{}”不在扣分标准中。"
        _check_among(cells.values("标准编号"), known.standards, column, told, remedy, faults)


def _check_named_standards(scheme: Scheme, standards: pa.Array, faults: Faults) -> None:
    """Note each standard that the scheme names and 扣分标准 lacks."""
    stored = set(standards.to_pylist())
    for code, item in scheme.named_standards().items():
        if code not in stored:
            message = f"方案的 {item}（{scheme.item(item).name}）要用标准“{code}”，扣分标准中没有。"
            remedy = "请在扣分标准中补上经批准的标准，或更正 scheme.yaml。"
            faults.whole("standard.scheme", message, remedy, column="标准编号")


def _check_confirmed(cells: Columns, known: Known, faults: Faults) -> None:
    """表 is a table's name."""
    column, remedy = TABLES[cells.name].column("表"), f"可填：{' / '.join(CONFIRMABLE)}。"
    _check_among(cells.values("表"), list(TABLES), column, "“{}”不是数据表的名称。", remedy, faults)


def _check_decisions(cells: Columns, known: Known, faults: Faults) -> None:
    """对象表 can be decided on, 改值 sets what can be set, to a value within its range."""
    adjustable = [name for name, spec in TABLES.items() if spec.object_column]
    column, remedy = TABLES[cells.name].column("对象表"), f"可填：{' / '.join(adjustable)}。"
    _check_among(cells.values("对象表"), adjustable, column, "对象表“{}”不能调整复核。", remedy, faults)
    changes = cells.codes("处理", ("改值",)) != NONE
    table, value = cells.codes("对象表", adjustable), cells.values("新值")
    settable = np.isin(table, [adjustable.index(name) for name in SETTABLE])
    fixed = np.flatnonzero(changes & (table != NONE) & ~settable)
    faults.at(
        "adjust.not_settable",
        "处理",
        fixed,
        lambda row: ("改值", f"{adjustable[table[row]]}不能改值，只能撤销。"),
        f"改值只用于：{'、'.join(SETTABLE)}。",
    )
    lacking = np.flatnonzero(changes & settable & value.is_null().to_numpy(zero_copy_only=False))
    faults.at("adjust.value_missing", "新值", lacking, nothing_but("改值没有填新值。"), "请填新值。")
    for name, what in SETTABLE.items():
        most = known.scheme.cell_maxima().get((name, what))
        if most is not None:
            over = pc.greater(value, _bound(most, value.type)).fill_null(False).to_numpy(zero_copy_only=False)
            rows = np.flatnonzero(changes & over & (table == adjustable.index(name)))
            faults.at("adjust.value_range", "新值", rows, _over(value, what, most), _CORRECT)


def _over(value: pa.Array, what: str, most: Decimal) -> Callable[[int], tuple[str, str]]:
    return lambda row: (str(value[row]), f"新值 {value[row]} 超出范围，{what}最大为 {most}。")


_WITHIN: Mapping[str, Callable[[Columns, Known, Faults], None]] = {
    "材料报送": _check_quarters,
    "信息报送": _check_adopted,
    "扣分登记": _check_standards,
    "确认无事项": _check_confirmed,
    _DECISIONS: _check_decisions,
}


# ---- decisions and their objects --------------------------------------------------------------------------------


def _check_objects(year: Year, faults: Mapping[str, Faults]) -> None:
    """Hold each decision of 调整复核 against its object: there, the same unit's, decided once."""
    made = year.table(_DECISIONS)
    numbers, units = made.values("对象编号"), year.units(_DECISIONS)
    for name, spec in TABLES.items():
        own = np.flatnonzero(made.codes("对象表", (name,)) != NONE)
        if not len(own) or not spec.object_column or faults[name]:
            continue
        objects = numbers.take(pa.array(own))
        different = pc.unique(objects)
        at = positions(objects, different)
        stored = positions(year.table(name).values(spec.object_column), different)
        hit = stored != NONE
        there, whose = stored[hit], year.units(name)[hit]
        wanted = at * year.size + units[own]
        missing = ~np.isin(at, there)
        foreign = ~missing & ~np.isin(wanted, there * year.size + whose)
        _note_objects(name, numbers, own[missing], own[foreign], faults[_DECISIONS])
        # Where the number is no key of its table, each unit has its own object of that number.
        sound = ~missing & ~foreign
        _note_repeated(name, numbers, own[sound], (at if spec.key else wanted)[sound], faults[_DECISIONS])


def _note_objects(name: str, numbers: pa.Array, missing: Ints, foreign: Ints, faults: Faults) -> None:
    def lacks(row: int) -> tuple[str, str]:
        return (text := _text_at(numbers, row)), f"{name}中没有“{shorten(text, 60)}”。"

    def others(row: int) -> tuple[str, str]:
        return (text := _text_at(numbers, row)), f"{name}“{shorten(text, 60)}”是另一单位的。"

    faults.at("adjust.object", "对象编号", missing, lacks, "请更正对象表或对象编号。")
    faults.at("adjust.unit", "单位", foreign, others, "请更正单位或对象编号。")


def _note_repeated(name: str, numbers: pa.Array, rows: Ints, objects: Ints, faults: Faults) -> None:
    again, earlier = (rows[at] for at in _repeated(objects))

    def said(row: int) -> tuple[str, str]:
        text = _text_at(numbers, row)
        return text, f"{name}“{shorten(text, 60)}”已由{OTHER}作过决定，一个对象只能有一个决定。"

    faults.at("adjust.repeated", "对象编号", again, said, "请只保留一个决定。", earlier)
