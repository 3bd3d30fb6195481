"""CSV as the contract wants it: UTF-8 with BOM, CRLF, formulas kept out of text cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from assess_lib.exact import show

# Spreadsheets take a cell that begins so for a formula (a tab or CR is skipped first).
_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r")
_GUARDED_STARTS = frozenset((*_FORMULA_STARTS, "'"))

Cell = str | int | bool | Decimal | None


def _calculated(text: str) -> bool:
    # Apostrophes that already stand before the sign count as part of it: else guard could not be undone.
    return text.lstrip("'").startswith(_FORMULA_STARTS)


def guard(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    >>> guard("=1+1"), guard("城关镇"), guard("'=1+1"), guard("'甲'")
    ("'=1+1", '城关镇', "''=1+1", "'甲'")
    """
    # The first character rules out nearly every text.
    return "'" + text if text[:1] in _GUARDED_STARTS and _calculated(text) else text


def unguard(text: str) -> str:
    """Take the apostrophe of ``guard`` off again: ``unguard(guard(text)) == text`` for every text."""
    return text[1:] if text.startswith("'") and _calculated(text) else text


def cell(value: Cell) -> str:
    """Return a value as the file prints it: points with two decimals, true / false, nothing where there is none."""
    if isinstance(value, str):
        return guard(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return show(value)
    return str(value)


def dump(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a csv file's bytes: header, then the rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(list(map(cell, row)) for row in rows)
    # A file name that is not UTF-8 reaches us as lone surrogates; they are shown as \udcxx, not fatal.
    return text.getvalue().encode("utf-8-sig", errors="backslashreplace")


def parse(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a file that ``dump`` wrote, apostrophes still in place."""
    csv.field_size_limit(2**31 - 1)
    header, *rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    return header, rows
