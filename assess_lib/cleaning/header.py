"""Find a table's header in a sheet by its column names, wherever title rows have pushed it."""

from __future__ import annotations

from dataclasses import dataclass, field

from assess_lib.cleaning.nearest import alike, nearest
from assess_lib.intake.cells import Cell, Sheet
from assess_lib.intake.visible import half_width, squash
from assess_lib.tables import Table

# Fewer known names than this in one row is chance, not a header.
_ENOUGH = 2


@dataclass(slots=True)
class Header:
    """The header row: where each known column stands, what the extra columns are called, and what is wrong."""

    row: int
    columns: dict[str, int] = field(default_factory=dict)
    extras: dict[int, str] = field(default_factory=dict)
    repeated: list[tuple[str, int, int]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether rows can be read under this header."""
        return not self.repeated and not self.missing

    def has(self, position: int) -> bool:
        """Whether a column has a header."""
        return position in self.extras or position in self.columns.values()


def header_name(cell: Cell, table: Table) -> str:
    """Return the column that a header cell names, else its own words; spaces, line breaks, a final ``*`` do not count.

    >>> from assess_lib.tables import TABLES
    >>> header_name(Cell("text", "单 位\\n*"), TABLES["扣分登记"])
    '单位'
    """
    words = squash(cell.text).rstrip("*＊")
    names = {column.name for column in table.columns}
    if words in names:
        return words
    return half_width(words) if half_width(words) in names else words or squash(cell.text)


def _known(sheet: Sheet, row: int, table: Table) -> set[str]:
    names = {column.name for column in table.columns}
    return {header_name(cell, table) for cell in sheet.filled(row).values()} & names


def find_header(sheet: Sheet, table: Table) -> Header | None:
    """Return the first row that names every required column, else the row that names most of the table's columns.

    None when no row names at least two. What is missing or named twice is listed, not raised.
    """
    best, most = 0, _ENOUGH - 1
    for row in sheet.filled_rows():
        known = _known(sheet, row, table)
        if known.issuperset(table.required):
            best = row
            break
        if len(known) > most:
            best, most = row, len(known)
    if not best:
        return None
    header = Header(best)
    known_names = {column.name for column in table.columns}
    first: dict[str, int] = {}
    for position, cell in sheet.filled(best).items():
        name = header_name(cell, table)
        if name in first:
            header.repeated.append((name, first[name], position))
            header.extras[position] = name
            continue
        first[name] = position
        if name in known_names:
            header.columns[name] = position
        else:
            header.extras[position] = cell.text.strip()
    header.missing = [name for name in table.required if name not in header.columns]
    return header


def near_misses(sheet: Sheet, table: Table, header: Header) -> list[tuple[str, int, int]]:
    """List optional columns that are not there while another column's name comes close to theirs.

    Each with that column's position and how many cells it holds below the header; one that holds nothing is no loss.
    """
    extras = {position: _folded(name) for position, name in header.extras.items()}
    found = []
    for column in table.columns:
        wanted = _folded(column.name)
        if column.required or column.name in header.columns:
            continue
        for position, name in extras.items():
            if not (wanted in name or (len(name) >= _ENOUGH and name in wanted) or alike(name, wanted)):
                continue
            held = sum(position in sheet.filled(row) for row in sheet.filled_rows() if row > header.row)
            if held:
                found.append((column.name, position, held))
    return found


def _folded(name: str) -> str:
    # An office writes 实报时间 for 实报日期, and the other way round.
    return half_width(squash(name)).replace("时间", "日期")


def closest_row(sheet: Sheet, table: Table) -> tuple[int, str] | None:
    """Return the row, and its words, that looks most like the table's header; None when the sheet is empty."""
    best: tuple[float, int, str] | None = None
    for row in sheet.filled_rows():
        words = [header_name(cell, table) for cell in sheet.filled(row).values()][:50]
        alike = sum(1.0 for column in table.columns if set(nearest(column.name, words, 1)) & {column.name})
        score = alike + len(words) / 1000
        if best is None or score > best[0]:
            best = (score, row, "、".join(words[:8]))
        if row > 200:
            break
    return None if best is None else (best[1], best[2])


def is_header_again(cells: dict[int, Cell], header: Header, table: Table) -> bool:
    """Whether a row below repeats the header's names in their places."""
    named = [(name, position) for name, position in header.columns.items() if position in cells]
    return len(named) >= _ENOUGH and all(header_name(cells[position], table) == name for name, position in named)
