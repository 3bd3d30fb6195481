"""Raw rows of two sets held against each other: by table and key, never by where they stand in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from assess_lib.comparison.changes import Pair, RecordChange
from assess_lib.exact import plain
from assess_lib.tables import TABLES, Row, Table, Tables, Value

# Tables without a key of their own: what people tell their rows apart by.
_STAND_INS: Mapping[str, tuple[str, ...]] = {"热线红灯": ("工单编号", "单位"), "确认无事项": ("表", "单位")}


def key_columns(table: Table) -> tuple[str, ...]:
    """Return the columns by which a table's rows are told apart."""
    return table.key or _STAND_INS[table.name]


def text(value: Value) -> str:
    """Print a cell as people write it; an empty one prints as nothing.

    >>> text(Decimal("2.50")), text(None), text(datetime(2022, 5, 1, 9, 30))
    ('2.5', '', '2022-05-01 09:30')
    """
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time.min else f"{value:%Y-%m-%d %H:%M}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of both sets in pairs.

    ``old`` and ``new`` find a row's pair by its source as the ledger prints it; ``rows`` gives a pair's rows,
    ``changes`` what changed of it, if anything did.
    """

    old: Mapping[str, int]
    new: Mapping[str, int]
    rows: tuple[Pair[Row], ...]
    changes: Mapping[int, RecordChange]

    @classmethod
    def pair(cls, old: Tables, new: Tables, *, same_year: bool) -> Records:
        """Pair the rows of two sets; of two different years no row is another's successor, and nothing is listed."""
        pairs: list[Pair[Row]] = []
        for name, table in TABLES.items():
            before, after = old.get(name, ()), new.get(name, ())
            if same_year:
                pairs += _paired(before, after, key_columns(table))
            else:
                pairs += [*(Pair(row, None) for row in before), *(Pair(None, row) for row in after)]
        changes = {n: change for n, pair in enumerate(pairs) if same_year and (change := _change(pair)) is not None}
        return cls(
            {str(pair.old.source): n for n, pair in enumerate(pairs) if pair.old is not None},
            {str(pair.new.source): n for n, pair in enumerate(pairs) if pair.new is not None},
            tuple(pairs),
            changes,
        )

    def table(self, number: int) -> str:
        """Return the table that a pair stands in."""
        pair = self.rows[number]
        row = pair.new or pair.old
        assert row is not None
        return row.table

    def of_unit(self, unit_id: str) -> tuple[RecordChange, ...]:
        """Return what changed of a unit's own raw rows, its roster row among them."""
        return tuple(change for change in self.changes.values() if change.unit_id == unit_id)


def _paired(old: Iterable[Row], new: Iterable[Row], key: tuple[str, ...]) -> Iterator[Pair[Row]]:
    """Pair rows of one key: equal ones first, then the rest in file order; what is left was removed or added."""
    groups: defaultdict[tuple[Value, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((old, new)):
        for row in sorted(rows, key=lambda r: r.source):
            groups[tuple(row[column] for column in key)][side].append(row)
    for before, after in groups.values():
        for row in list(before):
            twin = next((other for other in after if other.values == row.values), None)
            if twin is not None:
                before.remove(row)
                after.remove(twin)
                yield Pair(row, twin)
        for n in range(max(len(before), len(after))):
            yield Pair(before[n] if n < len(before) else None, after[n] if n < len(after) else None)


def _change(pair: Pair[Row]) -> RecordChange | None:
    """Say what changed of a row; None when nothing did. Where it stands in a file is no part of it."""
    row = pair.new or pair.old
    assert row is not None
    if pair.old is not None and pair.new is not None and pair.old.values == pair.new.values:
        return None
    table = TABLES[row.table]
    key = key_columns(table)
    cells = []
    for column in table.columns:
        before, after = (None if side is None else side[column.name] for side in (pair.old, pair.new))
        if before != after and column.name not in key:
            cells.append((column.name, text(before), text(after)))
    return RecordChange(
        "added" if pair.old is None else "removed" if pair.new is None else "changed",
        row.table,
        tuple((column, text(row[column])) for column in key if row[column] is not None),
        str(row.values.get("单位") or (row["单位编码"] if row.table == "单位名录" else "")),
        tuple(cells),
        Pair(*(None if side is None else str(side.source) for side in (pair.old, pair.new))),
    )
