"""Results of earlier years beside a year's own: whose they are now, and what may be compared.

Earlier years are the scored sets in the folders beside the processed one that are named by their year. A unit is
followed by its code, and through renames and mergers by what the rosters say (承继单位). An item is comparable between
two years only where its rule is the same: id, part, cap, method, parameters, the readings it depends on, and the rates
of the standards it deducts by.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from assess_lib import store
from assess_lib.cleaning.succession import PREDECESSORS, SEPARATOR
from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.exact import plain
from assess_lib.scheme import (
    DEDUCTING_METHODS,
    HighestLevelPerMatter,
    Item,
    MeetingFacts,
    RegisterFacts,
    ReportFacts,
    Scheme,
    TaskFacts,
)
from assess_lib.scoring import Result
from assess_lib.store import csvfile, parquet
from assess_lib.store.approval import check_approval
from assess_lib.store.earlier import parse_results
from assess_lib.store.sets import BASIS_FILE, ITEM_COLUMNS, RECEIPT_FILE

State = Literal["draft", "submitted", "approved"]
Rate = tuple[Decimal, str, Decimal | None]
ALL = ""
"""Stands for all groups where units are counted by group."""

# The readings that each method's points depend on, besides a due report's own condition.
_SHOWN = 5  # standards named in one reason


@dataclass(frozen=True, slots=True)
class Totals:
    """What one unit's report tells of all units of a year.

    How many have a final score, by group and of ``ALL``, and whether anything of any unit is unresolved.
    """

    ranked: Mapping[str, int]
    pending: bool


@dataclass(frozen=True, slots=True)
class YearSet:
    """One year's scored set, as far as history needs it.

    ``points`` holds the judged items' points by (unit, item), ``open`` those that are unresolved, whose points are
    not the last word; ``rates`` each standard's 单次扣分, 计量 and 扣分上限;
    ``predecessors`` the codes that each unit took over, as this year's roster knows them. ``totals`` is given where
    the set holds one unit's results alone.
    """

    year: int
    state: State
    receipt: str
    run_date: date
    scheme: Scheme
    readings: Mapping[str, str]
    results: tuple[Result, ...]
    points: Mapping[tuple[str, str], Decimal]
    open: frozenset[tuple[str, str]]
    rates: Mapping[str, Rate]
    predecessors: Mapping[str, tuple[str, ...]]
    totals: Totals | None = None

    def result(self, unit_id: str) -> Result | None:
        """Return a unit's result, None if the year did not assess it."""
        return next((result for result in self.results if result.unit_id == unit_id), None)

    def ranked(self, group: str | None = None) -> int:
        """Count the units with a final score, in a group or in all."""
        if self.totals is not None:
            return self.totals.ranked[ALL if group is None else group]
        return sum(r.final_score is not None and group in (None, r.group) for r in self.results)

    @property
    def pending(self) -> bool:
        """Whether anything of any unit is unresolved."""
        return any(result.unresolved for result in self.results) if self.totals is None else self.totals.pending


@dataclass(frozen=True, slots=True)
class UnitYear:
    """What one year says of a unit: its own result, or that of a unit that it took over."""

    data: YearSet
    result: Result
    own: bool


@dataclass(frozen=True, slots=True)
class History:
    """A year's set, the earlier ones (the oldest first), and the years that are there but cannot be read, with why."""

    current: YearSet
    earlier: tuple[YearSet, ...]
    unread: tuple[tuple[int, str], ...]

    @property
    def years(self) -> tuple[YearSet, ...]:
        """All sets, the oldest first, the current one last."""
        return (*self.earlier, self.current)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell of earlier years."""
        return not self.earlier and not self.unread

    def codes(self, unit_id: str) -> tuple[str, ...]:
        """Return the unit's code and those of all units that it took over, as the rosters of all years say."""
        found = [unit_id]
        for data in reversed(self.years):
            for code in found:  # grows while it is walked: predecessors have predecessors
                found += [earlier for earlier in data.predecessors.get(code, ()) if earlier not in found]
        return tuple(found)

    def unit_years(self, unit_id: str) -> tuple[UnitYear, ...]:
        """Return the unit's results, the oldest first; in earlier years those of the units it took over too."""
        codes = self.codes(unit_id)
        found = []
        for data in self.years:
            for code in codes if data is not self.current else (unit_id,):
                result = data.result(code)
                if result is not None:
                    found.append(UnitYear(data, result, code == unit_id))
        return tuple(found)


class UnitHistories:
    """The history of each unit by itself: of all sets that which its report may show, and of others mere counts.

    The sets are gone through once; a unit's history then costs what the unit has.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._years = [_Sorted(data, compared=bool(history.earlier)) for data in history.years]

    def of(self, unit_id: str) -> History:
        """Return the history of one unit: it shows of that unit what the whole history shows."""
        codes = self._history.codes(unit_id)
        *earlier, current = (year.of(codes) for year in self._years)
        return History(current, tuple(earlier), self._history.unread)


class _Sorted:
    """A year's set, ready to be reduced to a few units."""

    def __init__(self, data: YearSet, compared: bool) -> None:
        self._data, self._compared = data, compared
        self._results = {result.unit_id: result for result in data.results}
        scored = [result.group for result in data.results if result.final_score is not None]
        self._ranked = Counter(scored) + Counter({ALL: len(scored)})
        self._pending = data.pending
        self._points: defaultdict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)
        for key, points in data.points.items():
            self._points[key[0]][key] = points
        self._open: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for key in data.open:
            self._open[key[0]].add(key)

    def of(self, codes: Sequence[str]) -> YearSet:
        own = tuple(self._results[code] for code in codes if code in self._results)
        groups = {ALL, *(result.group for result in own)}
        return replace(
            self._data,
            receipt="",
            results=own,
            points={key: points for code in codes for key, points in self._points.get(code, {}).items()},
            open=frozenset(key for code in codes for key in self._open.get(code, ())),
            rates=self._data.rates if self._compared else {},
            predecessors={code: self._data.predecessors[code] for code in codes if code in self._data.predecessors},
            totals=Totals({group: self._ranked[group] for group in sorted(groups)}, self._pending),
        )


# ---- reading --------------------------------------------------------------------------------------------------


def read_year(processed: Path) -> YearSet:
    """Read a scored set without data frames.

    Raises UsageError when the folder holds none, VerifyFailed when a file is not what the receipt says.
    """
    files = store.read_set_files(processed)
    approval = store.read_approval(processed)
    receipt = store.digest(files[RECEIPT_FILE])
    check_approval(approval, receipt)
    try:
        basis = store.StoredBasis.load(files[BASIS_FILE])
        if basis.stage != "scored":
            raise UsageError("只有清洗后的数据，还没有评分")
        rates, roster = (parquet.load(name, files[parquet.table_file(name)]) for name in ("扣分标准", "单位名录"))
        return YearSet(
            basis.year,
            "approved" if approval else "submitted" if basis.final else "draft",
            receipt,
            basis.run_date,
            basis.scheme,
            basis.readings,
            parse_results(files["results.csv"]),
            *_items(files["items.csv"]),
            {row["标准编号"]: (row["单次扣分"], row["计量"] or "次", row["扣分上限"]) for row in rates},
            {
                row["单位编码"]: tuple(filter(None, row.notes[PREDECESSORS].split(SEPARATOR)))
                for row in roster
                if PREDECESSORS in row.notes
            },
        )
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise UsageError("不是本软件能读的评分结果") from error


def _items(data: bytes) -> tuple[dict[tuple[str, str], Decimal], frozenset[tuple[str, str]]]:
    """Return the points of ``items.csv`` by (unit, item), and which items are unresolved."""
    header, rows = csvfile.parse(data)
    if tuple(header) != ITEM_COLUMNS:
        raise ValueError("not an items.csv")
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    keyed = [((csvfile.unguard(cell["unit_id"]), cell["item"]), cell) for cell in cells]
    points = {key: Decimal(cell["points"]) for key, cell in keyed if cell["points"]}
    return points, frozenset(key for key, cell in keyed if cell["unresolved"] == "true")


def _earlier_folders(processed: Path, year: int) -> Iterator[tuple[int, Path]]:
    """Iterate over (year, folder) of the sets beside a processed folder that are named by an earlier year."""
    try:
        names = sorted(entry.name for entry in processed.parent.iterdir())
    except OSError:
        return
    for name in names:
        folder = processed.parent / name
        named_by_year = len(name) == 4 and name.isascii() and name.isdigit() and int(name) < year
        if named_by_year and folder != processed and (folder / RECEIPT_FILE).is_file():
            yield int(name), folder


def read_history(processed: Path | str) -> History:
    """Read a scored set and those of the earlier years beside it.

    An earlier year that cannot be read, was altered or holds another year is told, not passed over; it does not
    stop this year's reports. A sample is an earlier year of a sample alone.
    Raises what ``read_year`` raises for the current set.
    """
    folder = Path(processed)
    current = read_year(folder)
    earlier: list[YearSet] = []
    unread: list[tuple[int, str]] = []
    for year, place in _earlier_folders(folder, current.year):
        try:
            data = read_year(place)
        except (UsageError, VerifyFailed, OSError) as error:
            why = "读不出来" if isinstance(error, OSError) else str(error).rstrip("。")
            unread.append((year, why))
            continue
        if data.scheme.sample and not current.scheme.sample:
            continue  # made-up results are no year of this county
        if data.year == year:
            earlier.append(data)
        else:
            unread.append((year, f"文件夹里是 {data.year} 年度的结果"))
    return History(current, tuple(earlier), tuple(unread))


# ---- what may be compared ---------------------------------------------------------------------------------------


def rule_differences(old: YearSet, new: YearSet, item_id: str) -> tuple[str, ...]:
    """Return in words why an item's points of two years may not be compared; nothing if they may.

    Names, clauses and words may differ; due dates are compared by month and day.
    """
    items = {data.year: {item.id: item for item in data.scheme.items} for data in (old, new)}
    before, now = items[old.year].get(item_id), items[new.year].get(item_id)
    if before is None or now is None:
        return (f"{(old if before is None else new).year} 年没有这个项目",)
    found = []
    if before.part != now.part:
        found.append("所属部分不同")
    if before.floor != now.floor:
        found.append("最低分不同")
    if before.cap != now.cap:
        caps = [plain(item.cap) if item.cap is not None else "无" for item in (before, now)]
        found.append(f"满分不同（{caps[0]} → {caps[1]}）")
    if before.rule.method != now.rule.method:
        return (*found, "算法不同")
    if _parameters(before) != _parameters(now):
        found.append("参数不同")
    readings = [key for key in _readings(before, now) if old.readings[key] != new.readings[key]]
    if readings:
        found.append(f"口径不同（{'、'.join(new.scheme.readings[key].name for key in readings)}）")
    if _shares_matters(before, old) and _award_parameters(old) != _award_parameters(new):
        found.append("与之合并去重的项目不同")
    codes = _rate_differences(before, now, old, new)
    if codes:
        more = "等" if len(codes) > _SHOWN else ""
        found.append(f"扣分标准不同（{'、'.join(codes[:_SHOWN])}{more}）")
    return tuple(found)


def _parameters(item: Item) -> dict[str, Any]:
    """Return a rule's parameters with due dates by month and day, in no particular order."""
    values = item.rule.model_dump()
    for facts in values.get("facts", ()):
        if "due" in facts:
            facts["due"] = sorted(
                (
                    {key: value for key, value in report.items() if key not in ("clause", "due")}
                    | {"due": (report["due"].month, report["due"].day)}
                    for report in facts["due"]
                ),
                key=str,
            )
    return values


def _readings(*items: Item) -> tuple[str, ...]:
    """Return the readings on which the items' points depend."""
    found: list[str] = []
    for item in items:
        found += item.rule.readings
    return tuple(dict.fromkeys(found))


def _shares_matters(item: Item, data: YearSet) -> bool:
    """Whether a matter counted in another item is lost to this one."""
    return isinstance(item.rule, HighestLevelPerMatter) and data.readings["same_matter_across_items"] == "once"


def _award_parameters(data: YearSet) -> list[tuple[str, dict[str, Any]]]:
    return [(i.id, i.rule.model_dump()) for i in data.scheme.items if isinstance(i.rule, HighestLevelPerMatter)]


def _named(item: Item) -> set[str]:
    """Return the standards that an item's own rule names."""
    codes: set[str] = set()
    for facts in item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ():
        if isinstance(facts, (ReportFacts, TaskFacts)):
            codes |= {facts.late, facts.missing}
        elif isinstance(facts, MeetingFacts):
            codes |= set(facts.standards.values())
    return codes


def _deducts_by(item: Item, data: YearSet) -> set[str]:
    """Return the standards by which an item may deduct: its own, and by the register all that no other item names."""
    facts = item.rule.facts if isinstance(item.rule, DEDUCTING_METHODS) else ()
    registers = [kind for kind in facts if isinstance(kind, RegisterFacts)]
    if not registers:
        return _named(item)
    if all(kind.standards for kind in registers):
        return _named(item).union(*(kind.standards for kind in registers))
    others = {code for other in data.scheme.items if other.id != item.id for code in _named(other)}
    return (set(data.rates) - others) | _named(item)


def _rate_differences(before: Item, now: Item, old: YearSet, new: YearSet) -> tuple[str, ...]:
    """Return the standards that an item may deduct by and whose rate, measure or cap is not the same, sorted."""
    codes = _deducts_by(before, old) | _deducts_by(now, new)
    return tuple(sorted(code for code in codes if old.rates.get(code) != new.rates.get(code)))
