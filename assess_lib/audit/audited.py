"""A scored set opened for audit: its files as bytes, its frames, its clean tables, and who names which row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from assess_lib.audit.recompute import Recomputation, recompute
from assess_lib.beyond import not_covered
from assess_lib.errors import VerifyFailed
from assess_lib.scheme import HighestLevelPerMatter, Item, Scheme
from assess_lib.store import ScoredSet, digest, load_set
from assess_lib.store.sets import RECEIPT_FILE, read_set_files, records, tables_of
from assess_lib.tables import Row, Tables

Step = dict[str, Any]
"""One ledger row with the ledger's columns; points are Decimal or None."""


@dataclass(frozen=True, eq=False)
class Audited:
    """A scored set with all that it was made of."""

    data: ScoredSet
    files: Mapping[str, bytes]
    tables: Tables

    @property
    def scheme(self) -> Scheme:
        """The stored scheme."""
        return self.data.basis.scheme

    @cached_property
    def recomputation(self) -> Recomputation:
        """The second computation, held against the set; of a scheme beyond the plain order of judgement, why not."""
        why = not_covered("独立重算", self.scheme)
        return Recomputation.left_out(why) if why else recompute(self.files)

    @cached_property
    def ledger(self) -> tuple[Step, ...]:
        """The ledger's rows in their order."""
        return tuple(records(self.data.ledger))

    @cached_property
    def items(self) -> dict[tuple[str, str], Step]:
        """The rows of items.csv by (单位编码, item)."""
        return {(row["unit_id"], row["item"]): row for row in records(self.data.items)}

    @cached_property
    def results(self) -> dict[str, Step]:
        """The rows of results.csv by 单位编码."""
        return {row["unit_id"]: row for row in records(self.data.results)}

    @cached_property
    def names(self) -> dict[str, str]:
        """Unit names by 单位编码, in roster order."""
        return {unit: row["unit_name"] for unit, row in self.results.items()}

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Every accepted row by its place as the ledger writes it."""
        return {str(row.source): row for rows in self.tables.values() for row in rows}

    @cached_property
    def by_unit(self) -> dict[tuple[str, str], tuple[Row, ...]]:
        """Rows by table and 单位编码."""
        found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for name, rows in self.tables.items():
            for row in rows:
                found[name, str(row.values.get("单位") or "")].append(row)
        return {key: tuple(rows) for key, rows in found.items()}

    @cached_property
    def judged(self) -> frozenset[tuple[str, str]]:
        """(单位编码, item) of all items that were judged; those behind a veto or a closed gate were not."""
        return frozenset(self.items)

    def items_of(self, row: Row) -> tuple[Item, ...]:
        """Return the items that a row of an input table can count in."""
        return tuple(
            item
            for item in self.scheme.items
            if row.table in item.rule.tables
            and (not isinstance(item.rule, HighestLevelPerMatter) or row["加分项"] == item.rule.category)
        )

    def is_judged(self, row: Row) -> bool:
        """Tell whether an item that the row can count in was judged for the row's unit."""
        return any((row["单位"], item.id) in self.judged for item in self.items_of(row))


def open_set(processed: Path | str) -> Audited:
    """Open a processed folder for audit.

    Raises UsageError when it holds no scored set, VerifyFailed when a file is not what the receipt says.
    """
    folder = Path(processed)
    data, files = load_set(folder), read_set_files(folder)
    if digest(files[RECEIPT_FILE]) != data.receipt_digest:
        raise VerifyFailed("读取期间结果文件夹有改动。请重新运行。")
    return Audited(data, files, tables_of(files))


_MOST_PIECES = 8
"""A name with more ``; `` in it than fit here is taken for what it is not: a strange piece, which is told."""


def longest(known: Iterable[str]) -> int:
    """Return of how many pieces the longest known place is: one, unless a file or sheet name holds ``; ``."""
    return min(_MOST_PIECES, max((place.count("; ") + 1 for place in known), default=1))


def split_sources(
    text: str, known: Mapping[str, object], most: int = _MOST_PIECES
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a ledger row's ``source`` into known places and pieces that are none.

    A file or sheet name may hold ``; `` itself: the longest known place that begins at a piece is taken. ``most`` is
    of how many pieces a known place may be (``longest``).
    """
    pieces = text.split("; ") if text else []
    if most == 1:
        return tuple(p for p in pieces if p in known), tuple(p for p in pieces if p not in known)
    found, strange = [], []
    start = 0
    while start < len(pieces):
        ends = range(min(start + most, len(pieces)), start, -1)
        end = next((end for end in ends if "; ".join(pieces[start:end]) in known), None)
        if end is None:
            strange.append(pieces[start])
            start += 1
        else:
            found.append("; ".join(pieces[start:end]))
            start = end
    return tuple(found), tuple(strange)
