"""Lineage both ways: from a raw row to every number it touched, from a number to the rows that made it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from weakref import WeakKeyDictionary

from assess_lib.audit.audited import Audited, Step, longest, split_sources
from assess_lib.exact import show
from assess_lib.scheme import DEDUCTING_METHODS, HotlineRedLights, ReportFacts
from assess_lib.store.parquet import NOTES_COLUMN
from assess_lib.tables import ALL_UNITS, TABLES, Row, Source


@dataclass(frozen=True, slots=True)
class Number:
    """A printed number of a unit: an item's id, or a column of results.csv, and its text (blank: none)."""

    unit_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Touched:
    """What one raw row did: the ledger rows that name it, and the numbers that these lead to."""

    row: Row
    steps: tuple[Step, ...]
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """One ledger row of a number, with the raw rows that it names."""

    step: Step
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Index:
    steps: Mapping[str, tuple[Step, ...]]
    places: Mapping[tuple[str, int], tuple[str, ...]]
    strange: tuple[tuple[Step, str], ...]


_INDEXES: WeakKeyDictionary[Audited, _Index] = WeakKeyDictionary()


def _index(data: Audited) -> _Index:
    """Return the ledger's rows by the places they name; made once for a set."""
    if (made := _INDEXES.get(data)) is not None:
        return made
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    places: dict[tuple[str, int], tuple[str, ...]] = {}
    strange: list[tuple[Step, str]] = []
    most = longest(data.rows)
    for step in data.ledger:
        found, unknown = split_sources(step["source"], data.rows, most)
        places[step["unit_id"], step["seq"]] = found
        strange += [(step, piece) for piece in unknown]
        for place in dict.fromkeys(found):
            steps[place].append(step)
    made = _Index({place: tuple(own) for place, own in steps.items()}, places, tuple(strange))
    _INDEXES[data] = made
    return made


def cells(row: Row) -> dict[str, str]:
    """Return a row's filled cells by column, printed as they were read, extra columns included."""
    shown = {}
    for column in TABLES[row.table].columns:
        value = row.values[column.name]
        if value is not None:
            shown[column.name] = show(value) if isinstance(value, Decimal) else str(value)
    return shown | {f"{NOTES_COLUMN}·{name}": text for name, text in row.notes.items() if text}


def touched_by(data: Audited, source: Source | str) -> Touched:
    """Follow a raw row to every ledger row that names it and every number these lead to.

    Raises KeyError when no accepted row stands at that place.
    """
    row = data.rows[str(source)]
    steps = _index(data).steps.get(str(source), ())
    numbers: dict[Number, None] = {}
    for step in steps:
        for number in _numbers(data, step):
            numbers[number] = None
    return Touched(row, steps, tuple(numbers))


def _numbers(data: Audited, step: Step) -> list[Number]:
    """List what a ledger row leads to: its item's points, its part's sum, the final score and the ranks."""
    unit, item = step["unit_id"], step["item"]
    result = data.results[unit]
    found = []
    if (own := data.items.get((unit, item))) is not None:
        text = show(own["points"]) if own["points"] is not None else own["note"]
        found.append(Number(unit, item, text))
    part = {"key": "key_score", "bonus": "bonus_score"}.get(step["part"])
    if own is not None and part and result[part] is not None:
        found.append(Number(unit, part, show(result[part])))
    if result["final_score"] is not None and (own is not None or step["part"] == "final"):
        found.append(Number(unit, "final_score", show(result["final_score"])))
        found += [Number(unit, rank, str(result[rank])) for rank in ("rank_in_group", "rank_overall")]
    if own is not None or step["part"] == "final":
        found.append(Number(unit, "grade", result["grade"]))
    return found


def rows_of(data: Audited, unit_id: str, item: str) -> tuple[Made, ...]:
    """Go from a unit's item (or ``final``) back to its ledger rows and the raw rows that each names.

    Raises KeyError when the unit has no such ledger row.
    """
    own = [step for step in data.ledger if (step["unit_id"], step["item"]) == (unit_id, item)]
    if not own:
        raise KeyError((unit_id, item))
    return tuple(Made(step, rows_of_step(data, step)) for step in own)


def rows_of_step(data: Audited, step: Step) -> tuple[Row, ...]:
    """Return the raw rows that one ledger row names, in its order."""
    return tuple(data.rows[place] for place in _index(data).places[step["unit_id"], step["seq"]])


def strange_sources(data: Audited) -> tuple[tuple[Step, str], ...]:
    """Return the places in the ledger at which no accepted row stands, with the ledger row that names each."""
    return _index(data).strange


# ---- the rows that no ledger row names ------------------------------------------------------------------------

UNUSED_STANDARD = "没有一笔扣分或登记用到这条标准"
UNREFERENCED = "本单位没有登记行引用这份佐证"
EVIDENCE_NOT_JUDGED = "引用它的登记行属于未评的项目（已被否决或加分未开启），那里只列登记行"
OBJECT_NOT_JUDGED = "决定的对象属于未评的项目（已被否决或加分未开启），那里只列登记行"
SAID_FOR_ALL = "对全部单位的确认；台账“出处”只列本单位自己的行，它写在事实里"
NO_EFFECT = "这张表有没有登记不靠确认来判断"
UNUSED = "本方案没有项目用到这类登记，不计入得分"
RECORD_ALONE = "只作记录，不影响得分；改变得分的是调整复核"
ROWS_WIN = "本单位有登记行，以登记行为准"
CONFIRMED_NOT_JUDGED = "所确认的项目未评（已被否决或加分未开启）"
SAID_AGAIN = "同一张表重复确认，只列最后一条"


@dataclass
class TableCoverage:
    """One table's accepted rows: how many a ledger row names, how many not and why, and those without a reason."""

    table: str
    accepted: int = 0
    named: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unexplained: list[Row] = field(default_factory=list)


def coverage(data: Audited) -> tuple[TableCoverage, ...]:
    """Account for every accepted row: named by a ledger row, or unnamed for a reason that holds for this row.

    A reason is found from the tables and from what was judged, never from the mere absence of a name.
    """
    named, why = _index(data).steps, _Reasons(data)
    found = []
    for name, spec in TABLES.items():
        if spec.record and not data.tables[name]:
            continue
        table = TableCoverage(name)
        for row in data.tables[name]:
            table.accepted += 1
            if str(row.source) in named:
                table.named += 1
            elif reason := why.reason(row):
                table.reasons[reason] += 1
            else:
                table.unexplained.append(row)
        found.append(table)
    return tuple(found)


class _Reasons:
    """Says of a row that no ledger row names why that is right; blank when there is no reason."""

    def __init__(self, data: Audited) -> None:
        self.data = data
        self.registered = {
            row["标准编号"] for row in data.tables["扣分登记"] if data.is_judged(row)
        } | data.recomputation.standards
        self.citing: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for name, rows in data.tables.items():
            if name != "佐证目录" and any(column.name == "佐证编号" for column in TABLES[name].columns):
                for row in rows:
                    self.citing[row["佐证编号"] or "", row["单位"]].append(row)
        self.speaking: dict[tuple[str, str], Row] = {(r["表"], r["单位"]): r for r in data.tables["确认无事项"]}
        self.effect = self._tables_with_effect()

    def _tables_with_effect(self) -> set[str]:
        """Return the tables whose silence a confirmation explains."""
        tables: set[str] = set()
        for item in self.data.scheme.items:
            if isinstance(item.rule, DEDUCTING_METHODS):
                tables |= {kind.table for kind in item.rule.facts if not isinstance(kind, ReportFacts)}
            elif not isinstance(item.rule, HotlineRedLights):
                tables |= set(item.rule.tables)
        return tables

    def reason(self, row: Row) -> str:
        """Return the reason."""
        find = {
            "扣分标准": self._standard,
            "佐证目录": self._evidence,
            "调整复核": self._decision,
            "确认无事项": self._confirmation,
        }.get(row.table)
        if TABLES[row.table].record:
            return RECORD_ALONE
        if find:
            return find(row)
        return "" if self.data.items_of(row) else UNUSED

    def _standard(self, row: Row) -> str:
        return "" if row["标准编号"] in self.registered else UNUSED_STANDARD

    def _evidence(self, row: Row) -> str:
        citing = self.citing.get((row["佐证编号"], row["单位"]), ())
        if not citing:
            return UNREFERENCED
        return "" if any(self.data.is_judged(own) for own in citing) else EVIDENCE_NOT_JUDGED

    def _decision(self, row: Row) -> str:
        objects = objects_of(self.data, row)
        return "" if any(self.data.is_judged(own) for own in objects) else OBJECT_NOT_JUDGED

    def _confirmation(self, row: Row) -> str:
        table, unit = row["表"], row["单位"]
        items = [item for item in self.data.scheme.items if table in item.rule.tables]
        if table not in self.effect:
            return NO_EFFECT
        if unit == ALL_UNITS:
            return SAID_FOR_ALL
        if self.data.by_unit.get((table, unit)):
            return ROWS_WIN
        if not any((unit, item.id) in self.data.judged for item in items):
            return CONFIRMED_NOT_JUDGED
        return "" if self.speaking[table, unit] is row else SAID_AGAIN


def objects_of(data: Audited, decision: Row) -> tuple[Row, ...]:
    """Return the rows that a 调整复核 row decides on."""
    table = TABLES.get(decision["对象表"])
    if table is None or not table.object_column:
        return ()
    rows = data.by_unit.get((table.name, decision["单位"]), ())
    return tuple(row for row in rows if row[table.object_column] == decision["对象编号"])
