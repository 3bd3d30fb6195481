"""The slice of a scored set that one unit's report is made of, and all that it may be made of.

A report shows the unit's own results, items, ledger, open questions, decisions and earlier years, what all readings do
to it, and of the other units counts, medians and how their scores are spread, at whole points. A slice holds just
that, under the set's basis (scheme, readings, state, official text). Its bytes depend on these alone: equal slices give
equal reports, whatever else changed in the set.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from assess_lib import paths, store
from assess_lib.errors import UsageError
from assess_lib.exact import show
from assess_lib.history import History, Totals, UnitHistories, YearSet, read_history
from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.scheme import Scheme
from assess_lib.sensitivity import Exploration, explore, sentence
from assess_lib.store import Approval, ScoredSet, StoredBasis, csvfile, digest
from assess_lib.store.earlier import result_of
from assess_lib.store.sets import (
    ADJUSTMENT_COLUMNS,
    BASIS_FILE,
    ITEM_COLUMNS,
    OBJECTION_COLUMNS,
    RESULT_COLUMNS,
    ROW_COLUMNS,
    cell_value,
    objects_frame,
    tables_of,
)
from assess_lib.store.workbook import PROBLEM_COLUMNS
from assess_lib.tables import Tables
from assess_lib.views.lines import records
from assess_lib.views.unit_place import Peers, Spread, peers_by_group

_TO_DO = ("unresolved", "warning")  # the severities that a unit's report tells
_NO_PEERS = Peers(0, 0, None, None, {}, {})

Record = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]
_COLUMNS: Mapping[str, Sequence[str]] = {
    "results": RESULT_COLUMNS,
    "items": ITEM_COLUMNS,
    "ledger": LEDGER_COLUMNS,
    "problems": PROBLEM_COLUMNS,
    "adjustments": ADJUSTMENT_COLUMNS,
    "objections": OBJECTION_COLUMNS,
}


@dataclass(frozen=True)
class UnitSlice:
    """One unit's part of a scored set.

    ``own`` are the unit's rows by the set's frames, their values in the order of the columns; ``basis`` is what the set
    was scored by, ``stored_basis`` its bytes. ``sentence`` says what all readings do to the unit's conclusion, blank
    where nobody asked. ``history`` is None where earlier years were not looked for.
    """

    unit_id: str
    basis: StoredBasis
    stored_basis: bytes
    approval: Approval | None
    own: Mapping[str, Rows]
    peers: Peers
    sentence: str
    history: History | None

    @cached_property
    def data(self) -> ScoredSet:
        """The set reduced to the unit: its rows alone, no counts of files, no receipt; made when it is looked at."""
        frames = {name: objects_frame(columns, self.own[name]) for name, columns in _COLUMNS.items()}
        decisions = frames.pop("adjustments")
        return ScoredSet(
            basis=self.basis,
            rows=objects_frame(ROW_COLUMNS, ()),
            receipt_digest="",
            approval=self.approval,
            decided=lambda: decisions,
            **frames,
        )

    def dump(self) -> bytes:
        """Return the slice as bytes: a line with all but the approval, then a line with the approval."""
        return self._body + b"\n" + _compact(_approval_values(self.approval)) + b"\n"

    @cached_property
    def _body(self) -> bytes:
        own = {
            "unit": self.unit_id,
            "result": _texts(self.own["results"]),
            "items": _texts(self.own["items"]),
            "ledger": _texts(self.own["ledger"]),
            "problems": list(map(list, self.own["problems"])),
            "adjustments": _texts(self.own["adjustments"]),
            "objections": _texts(self.own["objections"]),
            "peers": _peers_values(self.peers),
            "sentence": self.sentence,
            "history": None if self.history is None else _history_values(self.history),
        }
        return b'{"basis":%b,"own":%b}' % (self.stored_basis, _compact(own))

    @property
    def digest(self) -> str:
        """The SHA-256 of all but the approval: the same on 送审稿 and 定稿."""
        return digest(self._body)

    @classmethod
    def load(cls, content: bytes) -> UnitSlice:
        """Read the bytes of ``dump``; raise ValueError, KeyError or TypeError for any other."""
        body, given, rest = content.split(b"\n")
        if rest:
            raise ValueError("not a slice")
        stored = json.loads(body)
        stored_basis, own, approval = _compact(stored["basis"]), stored["own"], _approval(json.loads(given))
        basis = StoredBasis.load(stored_basis)
        rows = {
            "results": _values(RESULT_COLUMNS, own["result"]),
            "items": _values(ITEM_COLUMNS, own["items"]),
            "ledger": _values(LEDGER_COLUMNS, own["ledger"]),
            "problems": [[text for _, text in zip(PROBLEM_COLUMNS, row, strict=True)] for row in own["problems"]],
            "adjustments": [_adjustment(row) for row in own["adjustments"]],
            "objections": [_objection(row) for row in own["objections"]],
        }
        history = None if own["history"] is None else _history(own["history"], basis, approval)
        peers = _peers(own["peers"])
        return cls(own["unit"], basis, stored_basis, approval, rows, peers, own["sentence"], history)


class Slices:
    """A scored set that is cut into one slice for each unit; cutting one costs what that unit has.

    ``sentences`` gives the sentence on all readings by unit, ``history`` the set with the earlier years.
    """

    def __init__(
        self, data: ScoredSet, sentences: Callable[[str], str] = lambda unit: "", history: History | None = None
    ) -> None:
        self._data, self._sentences = data, sentences
        self._results = _by_unit(data.results)
        self._items = _by_unit(data.items)
        self._ledger = _by_unit(data.ledger)
        self._adjustments = _by_unit(data.adjustments)
        self._objections = _by_unit(data.objections)
        self._peers = peers_by_group(data)
        self._histories = None if history is None else UnitHistories(history)
        self._basis = _compact(json.loads(data.basis.dump()))
        self._problems: defaultdict[str, list[Record]] = defaultdict(list)
        for row in records(data.problems):
            if row["severity"] in _TO_DO:  # scoring names the unit in ``value``
                self._problems[row["value"]].append(row)

    def cut(self, unit_id: str) -> UnitSlice:
        """Return one unit's slice. Raises UsageError for a unit that the set does not have."""
        if unit_id not in self._results:
            raise UsageError(f"结果中没有单位编码“{unit_id}”。请核对“单位名录”中的单位编码。")
        (result,) = self._results[unit_id]
        items = self._items.get(unit_id, [])
        own = {
            "results": [result],
            "items": items,
            "ledger": self._ledger.get(unit_id, ()),
            "problems": self._problems.get(result["unit_name"], ()),
            "adjustments": self._adjustments.get(unit_id, ()),
            "objections": self._objections.get(unit_id, ()),
        }
        return UnitSlice(
            unit_id,
            self._data.basis,
            self._basis,
            self._data.approval,
            {name: [[row[column] for column in _COLUMNS[name]] for row in rows] for name, rows in own.items()},
            self._shown_peers(result, items),
            self._sentences(unit_id),
            None if self._histories is None else self._histories.of(unit_id),
        )

    def _shown_peers(self, result: Record, items: Sequence[Record]) -> Peers:
        """Return what the report tells of the unit's group: nothing for a vetoed unit, else of its judged items."""
        if result["status"] == "vetoed":
            return _NO_PEERS
        peers = self._peers[result["group"]]
        judged = {row["item"] for row in items if row["points"] is not None}
        return replace(peers, items={item: told for item, told in peers.items.items() if item in judged})


@dataclass(frozen=True, slots=True)
class Explored:
    """What all readings do to all units, and what that was found from."""

    found: Exploration
    tables: Tables
    scheme: Scheme
    run_date: date
    readings: Mapping[str, str]

    def holds(self, tables: Tables, basis: StoredBasis) -> bool:
        """Tell whether it would be found just so from these tables under this basis."""
        here = self.scheme, self.run_date, self.readings
        return here == (basis.scheme, basis.run_date, basis.readings) and self.tables == tables


def explore_ahead(processed: Path, readings: Mapping[str, str]) -> Explored:
    """Find what all readings do to the units of a folder whose clean tables are stored, whether scored yet or not.

    ``readings`` are those that differ from the scheme's. Raises what ``store.read_set_files`` raises.
    """
    files = store.read_set_files(processed)
    basis, tables = StoredBasis.load(files[BASIS_FILE]), tables_of(files)
    chosen = {**basis.readings, **readings}
    found = explore(tables, basis.scheme, basis.run_date, chosen)
    return Explored(found, tables, basis.scheme, basis.run_date, chosen)


def slices_of(processed: Path, data: ScoredSet, tables: Tables, ahead: Explored | None = None) -> Slices:
    """Prepare the scored set of a folder for cutting, with what all readings do and the earlier years beside it.

    ``ahead`` is used if it holds. Raises what ``history.read_history`` raises.
    """
    basis = data.basis
    if ahead is not None and ahead.holds(tables, basis):
        explored = ahead.found
    else:
        explored = explore(tables, basis.scheme, basis.run_date, basis.readings)
    return Slices(data, lambda unit: sentence(explored, unit), read_history(processed))


def read_slice(year: int, processed: str | Path, unit_id: str) -> UnitSlice:
    """Return a unit's slice: in a batch the one handed over, else cut from the year's processed folder.

    Raises UsageError for an unknown year, folder or unit, and for a slice handed over that is another unit's.
    """
    handed = paths.handed_slice()
    if handed is not None:
        own = UnitSlice.load(handed.read_bytes())
        if (own.data.basis.year, own.unit_id) != (year, unit_id):
            raise UsageError("成批出报告时交来的数据不是这个年度、这个单位的。请用 assess run --force 重新运行。")
        return own
    folder = paths.resolve(year, processed=processed).processed
    cut = slices_of(folder, store.load_set(folder), store.read_tables(folder)).cut(unit_id)
    return UnitSlice.load(cut.dump())  # what is shown is what can be stored


# ---- values as they are stored ----------------------------------------------------------------------------------


def _compact(value: Any) -> bytes:
    """Return JSON in one line of ASCII that depends on the value alone (lone surrogates are escaped too)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else csvfile.cell(value)


def _texts(rows: Rows) -> list[list[str]]:
    return [[_text(value) for value in row] for row in rows]


def _values(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Rows:
    return [[cell_value(column, text) for column, text in zip(columns, row, strict=True)] for row in rows]


def _by_unit(frame: Any) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for row in records(frame):
        found[row["unit_id"]].append(row)
    return dict(found)


def _points(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _adjustment(row: Sequence[str]) -> list[Any]:
    cells = dict(zip(ADJUSTMENT_COLUMNS, row, strict=True))
    made: dict[str, Any] = {column: csvfile.unguard(text) for column, text in cells.items()}
    made |= {column: _points(cells[column]) for column in ("old", "new", "effect")}
    made["decided"] = date.fromisoformat(cells["decided"])
    return list(made.values())


def _objection(row: Sequence[str]) -> list[Any]:
    cells = dict(zip(OBJECTION_COLUMNS, row, strict=True))
    made: dict[str, Any] = {column: csvfile.unguard(text) for column, text in cells.items()}
    made |= {column: _day(cells[column]) for column in ("filed", "due", "answered")}
    made["late"] = cells["late"] == "true"
    return list(made.values())


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _approval_values(approval: Approval | None) -> dict[str, str] | None:
    if approval is None:
        return None
    return {
        "document": approval.document,
        "by": approval.by,
        "date": approval.date.isoformat(),
        "receipt": approval.receipt,
    }


def _approval(stored: dict[str, str] | None) -> Approval | None:
    if stored is None:
        return None
    return Approval(stored["document"], stored["by"], date.fromisoformat(stored["date"]), stored["receipt"])


def _peers_values(peers: Peers) -> dict[str, Any]:
    return {
        "ranked_in_group": peers.ranked_in_group,
        "ranked": peers.ranked,
        "middle": show(peers.middle),
        "spread": None if peers.spread is None else list(astuple(peers.spread)),
        "items": {item: show(middle) for item, middle in peers.items.items()},
        "pending": dict(peers.pending),
    }


def _peers(stored: Mapping[str, Any]) -> Peers:
    return Peers(
        stored["ranked_in_group"],
        stored["ranked"],
        _points(stored["middle"]),
        None if stored["spread"] is None else Spread(*stored["spread"]),
        {item: _points(middle) for item, middle in stored["items"].items()},
        dict(stored["pending"]),
    )


def _history_values(history: History) -> dict[str, Any]:
    """Return a unit's history; what the basis says of the current year is not said again."""
    return {
        "earlier": [_year_values(data) | _year_basis(data) for data in history.earlier],
        "current": _year_values(history.current),
        "unread": [list(told) for told in history.unread],
    }


def _year_basis(data: YearSet) -> dict[str, Any]:
    return {
        "year": data.year,
        "state": data.state,
        "date": data.run_date.isoformat(),
        "scheme": data.scheme.model_dump(mode="json"),
        "readings": dict(data.readings),
    }


def _year_values(data: YearSet) -> dict[str, Any]:
    assert data.totals is not None
    return {
        "results": [[_text(getattr(result, column)) for column in RESULT_COLUMNS] for result in data.results],
        "points": [[*key, show(points)] for key, points in sorted(data.points.items())],
        "open": sorted(map(list, data.open)),
        "rates": {code: [show(rate), measure, show(cap)] for code, (rate, measure, cap) in data.rates.items()},
        "predecessors": {code: list(codes) for code, codes in data.predecessors.items()},
        "ranked": dict(data.totals.ranked),
        "pending": data.totals.pending,
    }


def _history(stored: Mapping[str, Any], basis: StoredBasis, approval: Approval | None) -> History:
    state = "approved" if approval else "submitted" if basis.final else "draft"
    current = (basis.year, state, basis.run_date, basis.scheme, basis.readings)
    earlier = [
        _year(
            (
                year["year"],
                year["state"],
                date.fromisoformat(year["date"]),
                Scheme.model_validate(year["scheme"]),
                year["readings"],
            ),
            year,
        )
        for year in stored["earlier"]
    ]
    unread = tuple((year, why) for year, why in stored["unread"])
    return History(_year(current, stored["current"]), tuple(earlier), unread)


def _year(basis: tuple[Any, ...], stored: Mapping[str, Any]) -> YearSet:
    year, state, run_date, scheme, readings = basis
    return YearSet(
        year,
        state,
        "",
        run_date,
        scheme,
        readings,
        tuple(result_of(dict(zip(RESULT_COLUMNS, row, strict=True))) for row in stored["results"]),
        {(unit, item): Decimal(points) for unit, item, points in stored["points"]},
        frozenset((unit, item) for unit, item in stored["open"]),
        {code: (Decimal(rate), measure, _points(cap)) for code, (rate, measure, cap) in stored["rates"].items()},
        {code: tuple(codes) for code, codes in stored["predecessors"].items()},
        Totals(stored["ranked"], stored["pending"]),
    )
