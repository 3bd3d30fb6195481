"""One raw row corrected, as an office would do it: the quantity of one deduction, in a file that departments sent."""

from __future__ import annotations

import csv
import io
from pathlib import Path

FILE = "扣分登记_县级部门.csv"
_ENCODING = "gb18030"
_QUANTITY = "数量"
_FIGURES = ("results.csv", "items.csv")  # score, grade, ranks; the points of each item
_TRIES = 40


def _read(raw: Path) -> tuple[list[list[str]], int, int]:
    """Return the file's rows, where the header stands, and which column is the quantity."""
    rows = list(csv.reader(io.StringIO((raw / FILE).read_bytes().decode(_ENCODING), newline="")))
    head = next(place for place, row in enumerate(rows) if _QUANTITY in row)
    return rows, head, rows[head].index(_QUANTITY)


def quantities(raw: Path) -> list[int]:
    """Return the rows (counted from 0) whose quantity is a whole number, so many of them as are tried."""
    rows, head, column = _read(raw)
    found = [
        place
        for place in range(head + 1, len(rows))
        if rows[place][column : column + 1] and rows[place][column].isdigit()
    ]
    return found[:_TRIES]


def correct(raw: Path, row: int, by: int) -> None:
    """Raise the quantity in one row by ``by``; nothing else changes."""
    rows, _, column = _read(raw)
    rows[row][column] = str(int(rows[row][column]) + by)
    target = io.StringIO(newline="")
    csv.writer(target).writerows(rows)
    (raw / FILE).write_bytes(target.getvalue().encode(_ENCODING))


def figures(processed: Path) -> dict[str, list[list[str]]]:
    """Return by unit all its figures in a scored set: the rows of results, ranks among them, and of items."""
    found: dict[str, list[list[str]]] = {}
    for name in _FIGURES:
        text = (processed / name).read_text(encoding="utf-8-sig")
        for row in csv.DictReader(io.StringIO(text, newline="")):
            found.setdefault(row["unit_id"], []).append(list(row.values()))
    return found


def units_changed(before: dict[str, list[list[str]]], after: dict[str, list[list[str]]]) -> int:
    """Return how many units have other figures after than before."""
    return sum(before.get(unit) != after.get(unit) for unit in before | after)
