"""Where two contents of a file differ first: the row and column, the cell, the line, the page or object, the byte."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

_SHOWN = 60  # characters of a text shown on each side of where it differs
_NOTHING = "(nothing)"

Place = tuple[str, str, str]
"""Where two contents differ, in words, and what stands there in the one and in the other."""


def locate(name: str, a: bytes, b: bytes) -> Place:
    """Say where two different contents of a file differ first; ``name`` tells by its ending what they are."""
    look = _LOOKS.get(Path(name).suffix.lower(), _text_place)
    try:
        place = look(a, b)
    except Exception as error:  # damaged contents differ too
        return _byte_place(a, b, f"(cannot be read as {Path(name).suffix}: {type(error).__name__}) ")
    return place or _byte_place(a, b, "(the contents read the same) ")


# ---- text and bytes -------------------------------------------------------------------------------------------


def _first(a: Sequence[Any], b: Sequence[Any]) -> int:
    """Return the position at which two unequal sequences differ first."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _byte_place(a: bytes, b: bytes, note: str = "") -> Place:
    at = _first(a, b)
    shown = [repr(content[max(at - 10, 0) : at + 30]) for content in (a, b)]
    return f"{note}byte {at} of {len(a)} and {len(b)}", shown[0], shown[1]


def _window(text: str, at: int) -> str:
    start = max(at - _SHOWN, 0)
    shown = text[start : at + _SHOWN]
    return repr(("…" if start else "") + shown + ("…" if at + _SHOWN < len(text) else ""))


def _within(a: str, b: str) -> Place:
    """Say at which line and character two unequal texts differ first."""
    at = _first(a, b)
    line, before = a.count("\n", 0, at) + 1, a.rfind("\n", 0, at) + 1
    column = at - before
    shown = [_window(text[before:].split("\n", 1)[0], column) if len(text) >= before else _NOTHING for text in (a, b)]
    return f"line {line}, character {column + 1}", shown[0], shown[1]


def _text_place(a: bytes, b: bytes) -> Place | None:
    try:
        return _within(a.decode("utf-8"), b.decode("utf-8"))
    except UnicodeDecodeError:
        return _byte_place(a, b)


def _page_place(a: bytes, b: bytes) -> Place | None:
    """Say at which line two pages differ, and after which text that a reader sees."""
    from bs4 import BeautifulSoup

    found = _text_place(a, b)
    assert found is not None
    one = a.decode("utf-8", "replace")
    before = one[: _first(one, b.decode("utf-8", "replace"))]
    seen = " ".join(BeautifulSoup(before[max(before.rfind("<body"), 0) :], "html.parser").get_text(" ").split())
    return f'{found[0]}, after "{seen[-20:]}"', found[1], found[2]


# ---- tables ---------------------------------------------------------------------------------------------------


def _csv_place(a: bytes, b: bytes) -> Place | None:
    one, other = (list(csv.reader(io.StringIO(each.decode("utf-8-sig"), newline=""))) for each in (a, b))
    header = one[0] if one else []
    for number, (x, y) in enumerate(zip_longest(one, other), start=1):
        if x is None or y is None:
            return f"row {number}", _row(x), _row(y)
        for column, (left, right) in enumerate(zip_longest(x, y)):
            if left != right:
                label = header[column] if column < len(header) else str(column + 1)
                return f"row {number}, column {label}", repr(left), repr(right)
    return None


def _row(row: object) -> str:
    return _NOTHING if row is None else repr(row)


def _parquet_place(a: bytes, b: bytes) -> Place | None:
    import pyarrow.parquet as pq

    one, other = (pq.read_table(io.BytesIO(each)) for each in (a, b))
    if not one.schema.equals(other.schema, check_metadata=True):
        left, right = (
            [*(f"{field.name}: {field.type}" for field in table.schema), str(table.schema.metadata)]
            for table in (one, other)
        )
        for x, y in zip_longest(left, right):
            if x != y:
                return "schema", str(x), str(y)
        return "schema", str(one.schema), str(other.schema)
    for number, (x, y) in enumerate(zip_longest(one.to_pylist(), other.to_pylist()), start=1):
        if x is None or y is None:
            return f"row {number}", _row(x), _row(y)
        for column in x:
            if x[column] != y[column]:
                return f"row {number}, column {column}", repr(x[column]), repr(y[column])
    for what in ("created_by", "num_row_groups"):
        left, right = (getattr(pq.ParquetFile(io.BytesIO(each)).metadata, what) for each in (a, b))
        if left != right:
            return what, str(left), str(right)
    return None


# ---- json and notebooks ---------------------------------------------------------------------------------------


def _walk(a: Any, b: Any, path: str = "") -> Place | None:
    """Say at which path two values of json differ first, and where in a text."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            here = f"{path}.{key}" if path else str(key)
            if key not in a or key not in b:
                return here, repr(a.get(key, _NOTHING))[:_SHOWN], repr(b.get(key, _NOTHING))[:_SHOWN]
            found = _walk(a[key], b[key], here)
            if found:
                return found
        return (f"{path or 'top'}: order of keys", str(list(a)), str(list(b))) if list(a) != list(b) else None
    if isinstance(a, list) and isinstance(b, list):
        for number, (x, y) in enumerate(zip(a, b, strict=False)):
            found = _walk(x, y, f"{path}[{number}]")
            if found:
                return found
        return None if len(a) == len(b) else (f"{path}: length", str(len(a)), str(len(b)))
    if type(a) is type(b) and a == b:
        return None
    if isinstance(a, str) and isinstance(b, str) and max(len(a), len(b)) > _SHOWN:
        where, left, right = _within(a, b)
        return f"{path}, {where}", left, right
    return path or "top", repr(a), repr(b)


def _json_place(a: bytes, b: bytes) -> Place | None:
    return _walk(json.loads(a), json.loads(b))


def _joined(value: Any) -> Any:
    """Put the lines of a notebook's texts together, so that a place in them is a line and a character."""
    if isinstance(value, dict):
        return {key: _joined(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            return "".join(value)
        return [_joined(item) for item in value]
    return value


def _notebook_place(a: bytes, b: bytes) -> Place | None:
    one, other = (_joined(json.loads(each)) for each in (a, b))
    for number, (x, y) in enumerate(zip_longest(one.pop("cells"), other.pop("cells")), start=1):
        if x is None or y is None:
            return f"cell {number}", _row(x)[:_SHOWN], _row(y)[:_SHOWN]
        found = _walk(x, y)
        if found:
            return f"cell {number} ({x.get('id', x['cell_type'])}), {found[0]}", found[1], found[2]
    return _walk(one, other)


# ---- workbooks and other archives -----------------------------------------------------------------------------


def _archive_place(a: bytes, b: bytes) -> Place | None:
    """Say in which sheet and cell two workbooks differ, else in which member of the archive."""
    one, other = (zipfile.ZipFile(io.BytesIO(each)) for each in (a, b))
    left, right = one.namelist(), other.namelist()
    if left != right:
        return (
            "list of members",
            str(sorted(set(left) - set(right)) or left),
            str(sorted(set(right) - set(left)) or right),
        )
    changed = [name for name in left if one.read(name) != other.read(name)]
    if any(name.startswith(("xl/worksheets/", "xl/sharedStrings", "xl/workbook")) for name in changed):
        found = _sheet_place(a, b)
        if found:
            return found
    for name in changed:
        where, x, y = locate(name, one.read(name), other.read(name))
        return f"member {name}, {where}", x, y
    for member, twin in zip(one.infolist(), other.infolist(), strict=True):
        for what in (
            "date_time",
            "external_attr",
            "create_system",
            "compress_type",
            "extra",
            "comment",
            "header_offset",
        ):
            if getattr(member, what) != getattr(twin, what):
                return f"member {member.filename}, {what}", str(getattr(member, what)), str(getattr(twin, what))
    return None


def _sheet_place(a: bytes, b: bytes) -> Place | None:
    import openpyxl

    one, other = (openpyxl.load_workbook(io.BytesIO(each)) for each in (a, b))
    if one.sheetnames != other.sheetnames:
        return "list of sheets", str(one.sheetnames), str(other.sheetnames)
    for name in one.sheetnames:
        rows = zip_longest(one[name].iter_rows(), other[name].iter_rows(), fillvalue=())
        for x, y in rows:
            for left, right in zip_longest(x, y):
                values = [None if cell is None else cell.value for cell in (left, right)]
                if values[0] != values[1]:
                    return f"sheet {name}, cell {(left or right).coordinate}", repr(values[0]), repr(values[1])
    return None


# ---- pdf ------------------------------------------------------------------------------------------------------


def _pdf_place(a: bytes, b: bytes) -> Place | None:
    """Say on which page two PDFs print other text, else in which object they differ."""
    from pypdf import PdfReader

    one, other = (PdfReader(io.BytesIO(each)) for each in (a, b))
    for number, (x, y) in enumerate(zip_longest(one.pages, other.pages), start=1):
        if x is None or y is None:
            return f"page {number}", _NOTHING if x is None else "there", _NOTHING if y is None else "there"
        left, right = x.extract_text(), y.extract_text()
        if left != right:
            where, shown, shown_other = _within(left, right)
            return f"page {number}, text, {where}", shown, shown_other
    return _object_place(a, b)


def _object_place(a: bytes, b: bytes) -> Place | None:
    import pikepdf

    with pikepdf.open(io.BytesIO(a)) as one, pikepdf.open(io.BytesIO(b)) as other:
        on_page = {page.obj.objgen[0]: number for number, page in enumerate(one.pages, start=1)}
        for x, y in zip_longest(one.objects, other.objects):
            if x is None or y is None:
                return "number of objects", str(len(one.objects)), str(len(other.objects))
            number = x.objgen[0]
            page = f" (page {on_page[number]})" if number in on_page else ""
            for what, read in _PARTS:
                left, right = read(x), read(y)
                if left != right:
                    where, shown, shown_other = _byte_place(left, right)
                    return f"object {number}{page}, {what}, {where}", shown, shown_other
        left, right = (each.trailer.unparse() for each in (one, other))
        return ("trailer", *_byte_place(left, right)[1:]) if left != right else None


def _dictionary(thing: Any) -> bytes:
    import pikepdf

    return bytes(thing.stream_dict.unparse() if isinstance(thing, pikepdf.Stream) else thing.unparse(resolved=True))


def _stream(thing: Any) -> bytes:
    import pikepdf

    return bytes(thing.read_bytes()) if isinstance(thing, pikepdf.Stream) else b""


_PARTS: tuple[tuple[str, Callable[[Any], bytes]], ...] = (("dictionary", _dictionary), ("stream", _stream))

_LOOKS: dict[str, Callable[[bytes, bytes], Place | None]] = {
    ".csv": _csv_place,
    ".parquet": _parquet_place,
    ".json": _json_place,
    ".ipynb": _notebook_place,
    ".html": _page_place,
    ".xlsx": _archive_place,
    ".docx": _archive_place,
    ".ods": _archive_place,
    ".zip": _archive_place,
    ".pdf": _pdf_place,
}
