"""The file of one table: whether it is whole, holds the contract's columns and types, and text that is text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assess_lib.scale.faults import Faults, Positions, nothing_but
from assess_lib.store.parquet import schema
from assess_lib.tables import SOURCE_COLUMNS, TABLES

_AGAIN = "请用 assess score 重新写出 tables 文件夹，或指定它写出的文件夹。"
_SHEET = SOURCE_COLUMNS[1]
# How many of its units a second has, by the unit of a moment.
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_stored(faults: Faults, columns: Sequence[str], compact: Sequence[str]) -> pa.Table | None:
    """Read columns of a table, in the order of its file: exact types, one chunk each, ``compact`` ones as dictionaries.

    Returns None, and notes why, for a file that is missing, broken or of other columns or types than the contract's.
    A required column that is not asked for is held to have no blanks too.
    """
    path = faults.folder / faults.file
    with noting(faults):
        found = form_of(faults)
        if found is None:
            return None
        with pq.ParquetFile(
            path, metadata=found, read_dictionary=list(compact), page_checksum_verification=True
        ) as file:
            _check_unread(file, columns, faults)
            table = file.read(columns=list(columns))
        return _exact(table, schema(TABLES[faults.name]), compact, faults)
    return None


@contextmanager
def noting(faults: Faults) -> Iterator[None]:
    """Note that a table's file is missing or broken, where reading it says so."""
    try:
        yield
    except FileNotFoundError:
        faults.whole("scale.file", "没有这个文件。", _AGAIN)
    except MemoryError:
        raise
    except (OSError, ValueError, pa.ArrowException):
        faults.whole("scale.file", "不是可用的 parquet 表，或已损坏。", _AGAIN)


def form_of(faults: Faults) -> pq.FileMetaData | None:
    """Return what a table's file says of itself; None, and notes, where its columns or types are not the contract's.

    Raises what reading a file raises; see ``noting``.
    """
    # Without asking for dictionaries: only columns of text can be read as such.
    with pq.ParquetFile(faults.folder / faults.file) as file:
        return file.metadata if _fits(file.schema_arrow, schema(TABLES[faults.name]), faults) else None


def _fits(found: pa.Schema, spec: pa.Schema, faults: Faults) -> bool:
    """Tell whether a file has the columns and types that it should have; note each one that differs."""
    if found.names != spec.names:
        lacking = [name for name in spec.names if name not in found.names]
        strange = [name for name in found.names if name not in spec.names]
        words = [f"{what}：{'、'.join(names)}" for what, names in (("缺少", lacking), ("多出", strange)) if names]
        message = f"列与规定不符（{'；'.join(words) or '次序不同，或有重名的列'}）。"
        faults.whole("scale.columns", message, _AGAIN)
        return False
    for field in spec:
        own = found.field(field.name).type
        if not _alike(own, field.type):
            message = f"列的类型应为 {field.type}，文件中是 {own}。"
            faults.whole("scale.type", message, "请按规定的类型重新写出，不要由软件转换。", column=field.name)
    return not faults


def _alike(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Tell whether a type is the wanted one, or holds the same in another form, which turns into it without loss.

    Long text, a dictionary, finer moments, other widths of whole numbers and decimals, days in milliseconds, and
    nothing at all: other writers choose these by themselves.
    """
    if pa.types.is_null(found):
        return True
    if pa.types.is_integer(wanted):
        return bool(pa.types.is_integer(found))
    if pa.types.is_decimal(wanted):
        return bool(pa.types.is_decimal(found) or pa.types.is_integer(found))
    if pa.types.is_date(wanted):
        return bool(pa.types.is_date(found))
    if pa.types.is_dictionary(found):
        return _alike(found.value_type, wanted)
    if pa.types.is_string(wanted):
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found))
    if pa.types.is_timestamp(wanted):
        return bool(pa.types.is_timestamp(found) and found.tz is None)
    return bool(found == wanted)


def _check_unread(file: pq.ParquetFile, columns: Sequence[str], faults: Faults) -> None:
    """Note blanks in required columns that no score needs; the file's statistics mostly spare reading them."""
    metadata, names = file.metadata, file.schema_arrow.names
    for name in (*TABLES[faults.name].required, *SOURCE_COLUMNS):
        groups = range(metadata.num_row_groups)
        if name not in columns and not all(_filled(metadata.row_group(n).column(names.index(name))) for n in groups):
            note_blanks(name, blank(file.read(columns=[name]).column(0).combine_chunks()), faults)


def _filled(chunk: pq.ColumnChunkMetaData) -> bool:
    """Tell whether statistics say that no cell is blank."""
    told = chunk.statistics
    if told is None or not told.has_null_count or told.null_count:
        return False
    # The empty text is the least of all; a sheet may be without a name.
    return chunk.path_in_schema == _SHEET or not told.has_min_max or told.min_raw != b""


def blank(values: pa.Array) -> Positions:
    """Return the positions of cells in which nothing stands."""
    if pa.types.is_dictionary(values.type):
        empty = pc.equal(values.dictionary, "").to_numpy(zero_copy_only=False)
        if not values.null_count and not empty.any():
            return np.zeros(0, dtype=np.int64)
        codes = values.indices.fill_null(len(empty)).to_numpy(zero_copy_only=False)
        return np.flatnonzero(np.append(empty, True)[codes])
    if not pa.types.is_string(values.type):
        empty = values.is_null()
    elif values.null_count or pc.min(pc.binary_length(values)).as_py() == 0:
        empty = pc.fill_null(pc.equal(pc.binary_length(values), 0), True)
    else:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(empty.to_numpy(zero_copy_only=False))


def note_blanks(column: str, rows: Positions, faults: Faults) -> None:
    """Note required cells that are blank."""
    faults.at("cell.required", column, rows, nothing_but(f"必填列“{column}”是空的。"), "请补填后重新写出。")


def _exact(table: pa.Table, spec: pa.Schema, compact: Sequence[str], faults: Faults) -> pa.Table | None:
    """Return columns of the exact types, one chunk each; None, and notes, where cells hold no such thing."""
    names, made, before = table.column_names, [], faults.total
    for name in names:
        made.append(_one_chunk(table.column(name), spec.field(name).type, name, name in compact, faults))
        table = table.drop_columns([name])  # the chunks need not stay beside what they became
    return None if faults.total > before else pa.Table.from_arrays(made, names=names)


def _one_chunk(column: pa.ChunkedArray, kind: pa.DataType, name: str, compact: bool, faults: Faults) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    if not _holds(column, name, faults):
        return pa.nulls(len(column), kind)
    if pa.types.is_dictionary(column.type) and not compact:
        column = pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], type=column.type.value_type)
    if not pa.types.is_dictionary(column.type) and column.type != kind:
        try:
            column = column.cast(kind)
        except pa.ArrowInvalid:  # more digits, or decimals, than it has room for
            message = f"有的格装不进 {kind}（文件中是 {column.type}）。"
            faults.whole("scale.type", message, "请按规定的类型重新写出。", column=name)
            return pa.nulls(len(column), kind)
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], type=column.type)


def _holds(column: pa.ChunkedArray, name: str, faults: Faults) -> bool:
    """Tell whether cells hold what their type says: text in UTF-8, moments of whole seconds; note those that do not."""
    if pa.types.is_timestamp(column.type):
        parts = pc.fill_null(column.cast(pa.int64()), 0).to_numpy() % _A_SECOND[column.type.unit]
        rows = np.flatnonzero(parts)
        faults.at("cell.date", name, rows, nothing_but("时刻不是整秒。"), "请写到秒为止。")
        return not len(rows)
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        if not pa.types.is_string(getattr(column.type, "value_type", column.type)):
            raise
        rows = np.fromiter(_broken(column), dtype=np.int64)
        if not len(rows):
            raise
        faults.at("cell.text", name, rows, nothing_but("文字不是 UTF-8 编码，无法识别。"), "请按 UTF-8 重新写出。")
        return False
    return True


def _broken(column: pa.ChunkedArray) -> Iterator[int]:
    """Yield the positions of the cells whose bytes are no text."""
    position = 0
    for chunk in column.chunks:
        cells = chunk.cast(pa.binary()) if not pa.types.is_dictionary(chunk.type) else _bytes_of(chunk)
        for cell in cells:
            data = cell.as_py()
            if data is not None and not _is_text(data):
                yield position
            position += 1


def _bytes_of(chunk: pa.DictionaryArray) -> pa.Array:
    return chunk.dictionary.cast(pa.binary()).take(chunk.indices)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
