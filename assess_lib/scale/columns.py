"""A canonical table as arrays: one integer a cell, rows in the order in which the rules see them.

Amounts are whole cents in 64 bits, days and seconds count from 1970, units are positions on the roster, choices are
positions in a list. Text is never looked at row by row: it becomes a code where two texts are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assess_lib.errors import InputRejected, Problem
from assess_lib.scale.faults import Faults, rejection
from assess_lib.scale.stored import read_stored
from assess_lib.tables import SOURCE_COLUMNS, TABLES

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE = -1
"""No such position: a blank cell, or a text that is not in the list."""
NO_DAY = int(np.iinfo(np.int64).min)
"""A blank date."""
SECONDS_A_DAY = 86_400


def refuse(table: str, column: str, message: str, remedy: str, value: str = "") -> InputRejected:
    """Return the exception for tables that cleaning would not have let through."""
    problem = Problem("error", "scale.table", message, remedy, table=table, column=column, value=value)
    return InputRejected(f"“{table}”“{column}”：{message}{remedy}", (problem,))


def positions(values: pa.Array, among: pa.Array) -> Ints:
    """Return where each value stands in ``among``, whose entries differ; NONE for blanks and for any other text."""
    if pa.types.is_dictionary(values.type):
        known = positions(values.dictionary, among)
        codes = values.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(known, NONE)[codes], dtype=np.int64)
    found = pc.index_in(values, value_set=among, skip_nulls=True).fill_null(NONE)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def identities(values: pa.Array) -> Ints:
    """Return a code for each text, equal texts alike; no order is meant."""
    if pa.types.is_dictionary(values.type):
        return positions(values, pc.unique(values.dictionary))
    encoded = pc.dictionary_encode(values)
    return np.asarray(encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False), dtype=np.int64)


def pair_codes(first: Ints, second: Ints) -> Ints:
    """Return a code for each pair of codes; the codes sort as the pairs do."""
    if not len(first):
        return first
    least, most = int(second.min()), int(second.max())
    width = most - least + 1
    if (int(first.max()) + 1) * width >= 2**62:
        different, second = np.unique(second, return_inverse=True)
        least, width = 0, len(different)
    return np.asarray(first * width + (second - least), dtype=np.int64)


def whole_cents(values: pa.Array, blank: int) -> Ints:
    """Return amounts with two decimals as whole cents, exactly; a blank cell becomes ``blank``."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64)
    # An amount of 18 digits fits the lower half of its 128 bits.
    halves = np.frombuffer(values.buffers()[1], dtype=np.int64)
    cents = halves[2 * values.offset : 2 * (values.offset + len(values)) : 2].copy()
    if values.null_count:
        cents[values.is_null().to_numpy(zero_copy_only=False)] = blank
    return cents


class Columns:
    """The needed columns of one table.

    ``origin`` is the position in the file of each row: the rules see rows by file, sheet and row, whatever the file's
    own order.
    """

    def __init__(self, name: str, table: pa.Table, origin: Ints) -> None:
        self.name = name
        self._table = table
        self.origin = origin

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def names(self) -> list[str]:
        """The columns that were read."""
        return list(self._table.column_names)

    def values(self, column: str) -> pa.Array:
        """Return a column as one arrow array."""
        chunked = self._table.column(column)
        if chunked.num_chunks == 1:
            return chunked.chunk(0)
        return chunked.combine_chunks() if chunked.num_chunks else pa.array([], type=chunked.type)

    def units(self, roster: pa.Array, column: str = "单位") -> Ints:
        """Return each row's unit as a position on the roster. Raises InputRejected for a unit that is not on it."""
        found = positions(self.values(column), roster)
        if (found == NONE).any():
            stranger = str(self.values(column)[int(np.argmax(found == NONE))])
            raise refuse(
                self.name, column, f"单位编码 {stranger} 不在单位名录中。", "请先用 assess check 清洗。", stranger
            )
        return found

    def codes(self, column: str, choices: Sequence[str]) -> Ints:
        """Return each cell as its position among the choices; NONE for a blank or another text."""
        return positions(self.values(column), pa.array(list(choices), type=pa.string()))

    def choices(self, column: str) -> Ints:
        """Return each cell as its position among the published choices; NONE for a blank.

        Raises InputRejected for a cell that holds anything else.
        """
        found = self.codes(column, TABLES[self.name].column(column).choices)
        values = self.values(column)
        strange = (found == NONE) & values.is_valid().to_numpy(zero_copy_only=False)
        if strange.any():
            cell = str(values[int(np.argmax(strange))])
            raise refuse(self.name, column, f"不能写 {cell}。", "请先用 assess check 清洗。", cell)
        return found

    def identities(self, column: str) -> Ints:
        """Return a code for each cell's text, equal texts alike."""
        return identities(self.values(column))

    def filled(self, column: str) -> Flags:
        """Tell which cells hold any text."""
        values = self.values(column)
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        return np.asarray(pc.greater(pc.binary_length(values), 0).fill_null(False).to_numpy(zero_copy_only=False))

    def days(self, column: str) -> Ints:
        """Return dates as days; NO_DAY for a blank."""
        days = self.values(column).cast(pa.int32()).cast(pa.int64()).fill_null(NO_DAY)
        return np.asarray(days.to_numpy(zero_copy_only=False))

    def seconds(self, column: str) -> Ints:
        """Return moments as seconds; the column has no blanks."""
        return np.asarray(self.values(column).cast(pa.int64()).to_numpy(zero_copy_only=False))

    def cents(self, column: str, blank: int = 0) -> Ints:
        """Return amounts as whole cents."""
        return whole_cents(self.values(column), blank)

    def whole(self, column: str, blank: int = 0) -> Ints:
        """Return whole numbers."""
        return np.asarray(self.values(column).fill_null(blank).to_numpy(zero_copy_only=False), dtype=np.int64)

    def text_order(self, column: str, among: Ints | None = None) -> Ints:
        """Return the dense rank of the texts of some rows (default: all), in the order of their characters."""
        texts = self.values(column)
        if among is not None:
            texts = texts.take(pa.array(among))
        return _alphabetical(texts.dictionary_encode())


def read_columns(folder: Path, name: str, columns: Sequence[str], *, by_source: bool) -> Columns:
    """Read columns of ``<name>.parquet``; ``by_source``: in the order of file, sheet and row.

    Raises InputRejected when the file is missing, is no parquet or has other columns or types than the contract's.
    """
    faults = Faults(folder, name)
    table = read_table(faults, columns, by_source=by_source)
    if table is None or faults:
        raise rejection([faults])
    return columns_of(name, table, columns, by_source=by_source)


def read_table(faults: Faults, columns: Sequence[str], *, by_source: bool) -> pa.Table | None:
    """Read columns of a table in the order of its file, and where its rows come from; see ``stored.read_stored``."""
    kinds = {column.name: column.kind for column in TABLES[faults.name].columns}
    sources = SOURCE_COLUMNS if by_source else ()
    compact = [column for column in columns if kinds[column] in ("unit", "choice")]
    return read_stored(faults, [*columns, *sources], [*compact, *sources[:2]])


def columns_of(name: str, table: pa.Table, columns: Sequence[str], *, by_source: bool) -> Columns:
    """Return some columns of a table that was read."""
    sources = SOURCE_COLUMNS if by_source else ()
    read = Columns(name, table.select([*columns, *sources]), np.arange(table.num_rows, dtype=np.int64))
    return _in_source_order(read) if by_source and len(read) else read


def _in_source_order(read: Columns) -> Columns:
    """Put rows in the order of file, sheet and row, as they mostly stand already."""
    file, sheet = (_alphabetical(read.values(column)) for column in SOURCE_COLUMNS[:2])
    row = read.whole(SOURCE_COLUMNS[2])
    place = file * (int(sheet.max()) + 1) + sheet
    if bool(((place[1:] > place[:-1]) | ((place[1:] == place[:-1]) & (row[1:] >= row[:-1]))).all()):
        return read
    order = np.lexsort((row, place))
    return Columns(read.name, read._table.take(pa.array(order)), order)


def _alphabetical(values: pa.DictionaryArray) -> Ints:
    """Return codes of dictionary texts that sort as the texts do."""
    ranks = pc.rank(values.dictionary, sort_keys="ascending", tiebreaker="dense").to_numpy(zero_copy_only=False)
    ordered = np.asarray(ranks, dtype=np.int64)[values.indices.to_numpy(zero_copy_only=False)]
    return np.asarray(ordered, dtype=np.int64)


def tie_break(key: Ints, order: Ints, ranks: Callable[[Ints], Ints]) -> Ints:
    """Finish an order: rows of equal ``key`` go by ``ranks`` of their text, then as they stood.

    ``order`` sorts ``key`` stably. Text is ranked only for rows that share their key with another one, which are few.
    """
    sorted_key = key[order]
    same = sorted_key[1:] == sorted_key[:-1]
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    at = np.flatnonzero(tied)
    if not len(at):
        return order
    rows = order[at]
    done = order.copy()
    done[at] = rows[np.lexsort((rows, ranks(rows), key[rows]))]
    return done
