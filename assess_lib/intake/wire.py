"""A book as bytes between the reading process and ours: plain JSON, checked on arrival, never pickle.

The reading process parses hostile files, so what it sends is data to be doubted like the files themselves: unpickling
it would run whatever a broken parser was made to write. Equal cells are sent once, so that a small file which names
one long text a million times stays small here too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

from assess_lib.errors import SEVERITY_NAMES
from assess_lib.intake.cells import Book, BookKind, Cell, CellKind, Merge, Note, Refused, Sheet

_CELL_KINDS = frozenset(get_args(CellKind))
_BOOK_KINDS = frozenset(get_args(BookKind))
_CODE = re.compile(r"(file|sheet)\.[a-z_0-9]{1,40}")
_MAX_INDEX = 1 << 31


class WireError(ValueError):
    """What arrived is not what a sound reading process sends."""


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Write a set of numbers as runs of first and last."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


def encode_book(book: Book) -> bytes:
    """Return a book as bytes that ``decode_book`` turns into an equal one."""
    numbers: dict[Cell, int] = {}
    sheets = []
    for sheet in book.sheets:
        rows = []
        for row, cells in sheet.rows.items():
            line = [row]
            for column, cell in cells.items():
                line += (column, numbers.setdefault(cell, len(numbers)))
            rows.append(line)
        sheets.append(
            {
                "name": sheet.name,
                "hidden": sheet.hidden,
                "last_row": sheet.last_row,
                "rows": rows,
                "merges": [[merge.top, merge.left, merge.bottom, merge.right] for merge in sheet.merges],
                "hidden_rows": _runs(sheet.hidden_rows),
                "hidden_columns": _runs(sheet.hidden_columns),
                "notes": [
                    [note.severity, note.code, note.message, note.remedy, note.row, note.value] for note in sheet.notes
                ],
            }
        )
    cells_sent = [
        [cell.kind, cell.text, cell.moment.isoformat() if cell.moment else None, cell.percent, cell.shown]
        for cell in numbers
    ]
    return json.dumps(
        {"kind": book.kind, "cells": cells_sent, "sheets": sheets}, ensure_ascii=True, separators=(",", ":")
    ).encode("ascii")


def encode_refusal(refusal: Refused) -> bytes:
    """Return a refusal as bytes for ``decode_refusal``."""
    return json.dumps([refusal.code, refusal.message, refusal.remedy]).encode("ascii")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WireError("text")
    return value


def _whole(value: Any, low: int = 1) -> int:
    if type(value) is not int or not low <= value < _MAX_INDEX:
        raise WireError("number")
    return value


def _true_or_false(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WireError("bool")
    return value


def _cell(sent: Any) -> Cell:
    kind, text, moment, percent, shown = sent
    if kind not in _CELL_KINDS or (kind == "date") != (moment is not None):
        raise WireError("cell")
    return Cell(
        kind,
        _text(text),
        datetime.fromisoformat(_text(moment)) if moment is not None else None,
        _true_or_false(percent),
        _text(shown),
    )


def _numbers(sent: Any) -> set[int]:
    numbers: set[int] = set()
    before = 0
    for first, last in sent:
        if not before < _whole(first) <= _whole(last) or last - first > 2_000_000:
            raise WireError("runs")
        before = last
        numbers.update(range(first, last + 1))
    return numbers


def _note(sent: Any) -> Note:
    severity, code, message, remedy, row, value = sent
    if severity not in SEVERITY_NAMES or not _CODE.fullmatch(_text(code)):
        raise WireError("note")
    place = None if row is None else _whole(row)
    return Note(severity, code, _text(message), _text(remedy), place, _text(value))


def _sheet(sent: Any, cells: list[Cell]) -> Sheet:
    sheet = Sheet(_text(sent["name"]), _true_or_false(sent["hidden"]), last_row=_whole(sent["last_row"], 0))
    for line in sent["rows"]:
        row = _whole(line[0])
        if row in sheet.rows or row > sheet.last_row or not len(line) % 2:
            raise WireError("row")
        sheet.rows[row] = {_whole(line[at]): cells[_whole(line[at + 1], 0)] for at in range(1, len(line), 2)}
        if len(sheet.rows[row]) != len(line) // 2:
            raise WireError("row")
    sheet.merges = [Merge(*(_whole(edge) for edge in merge)) for merge in sent["merges"]]
    sheet.hidden_rows = _numbers(sent["hidden_rows"])
    sheet.hidden_columns = _numbers(sent["hidden_columns"])
    sheet.notes = [_note(note) for note in sent["notes"]]
    return sheet


def decode_book(sent: bytes) -> Book:
    """Return the book that was sent; raise WireError for anything that ``encode_book`` cannot have made."""
    try:
        parts = json.loads(sent.decode("ascii"))
        if parts["kind"] not in _BOOK_KINDS:
            raise WireError("kind")
        cells = [_cell(cell) for cell in parts["cells"]]
        return Book(parts["kind"], [_sheet(sheet, cells) for sheet in parts["sheets"]])
    except WireError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise WireError(type(error).__name__) from error


def decode_refusal(sent: bytes) -> Refused:
    """Return the refusal that was sent; raise WireError when it is none."""
    try:
        code, message, remedy = json.loads(sent.decode("ascii"))
        if not _CODE.fullmatch(_text(code)):
            raise WireError("code")
        return Refused(code, _text(message), _text(remedy))
    except WireError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError(type(error).__name__) from error
