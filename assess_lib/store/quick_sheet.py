"""A sheet of a workbook that is written in a fraction of the library's time, byte for byte the same.

xlsxwriter asks of every cell what it might be. What our code writes is known: a number, a text or nothing, at a place
by row and column, in a format of its own. Such a cell is kept as its format and the markup that follows it; whatever
else stands in a sheet (titles, headings, merged cells) goes the library's way.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from xlsxwriter.worksheet import Worksheet

# A text of so many characters fits into a cell, even if each of them counts twice.
_SURELY_FITS = 16_000


def must(status: int) -> None:
    """Hold the writer to its word: it tells of a cell that it left out only by what it returns."""
    if status:
        raise ValueError(f"a cell could not be written ({status})")


@cache
def letter(index: int) -> str:
    """Return the letters of a column counted from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class QuickSheet(Worksheet):  # type: ignore[misc]
    """A sheet with ``put_cells``. No cell of it has a comment, and no row or column a format that cells inherit."""

    def put_cells(self, cells: Sequence[tuple[int, int, float | Decimal | str | None, Any]]) -> None:
        """Write cells, each given by row and column (from 0), a number, a text or None (an empty cell), a format.

        Raises ValueError for what no cell can hold: a number that is none, a place beyond the sheet.
        """
        self._make_room([row for row, _, _, _ in cells], [col for _, col, _, _ in cells])
        for row, col, value, look in cells:
            if value is None:
                self.table[row][col] = (look, "/>")
            elif isinstance(value, str) and len(value) <= _SURELY_FITS:
                number = self.str_table._get_shared_string_index(value)
                self.table[row][col] = (look, f' t="s"><v>{number}</v></c>')
            elif isinstance(value, str):
                must(self.write_string(row, col, value, look))
            elif math.isfinite(value):
                self.table[row][col] = (look, f"><v>{value:.16G}</v></c>")
            else:
                raise ValueError(f"a cell cannot hold {value}")

    def _make_room(self, rows: Sequence[int], cols: Sequence[int]) -> None:
        if rows:
            must(self._check_dimensions(min(rows), min(cols)))
            must(self._check_dimensions(max(rows), max(cols)))

    def _calculate_spans(self) -> None:
        """Say of each sixteen rows which columns they fill, as the library does cell by cell."""
        ends: defaultdict[int, list[int]] = defaultdict(list)
        for row, cells in self.table.items():
            if cells:
                ends[row // 16] += (min(cells), max(cells))
        self.row_spans = {block: f"{min(found) + 1}:{max(found) + 1}" for block, found in ends.items()}

    def _write_rows(self) -> None:
        """Write all rows; formats are numbered as they are met."""
        self._calculate_spans()
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            cells, told = self.table.get(row), self.row_info.get(row)
            if cells:
                self._write_row(row, self.row_spans[row // 16], told)
                self._write_cells(row, cells)
                self._xml_end_tag("row")
            elif told:
                self._write_empty_row(row, self.row_spans.get(row // 16), told)

    def _write_cells(self, row: int, cells: Mapping[int, Any]) -> None:
        written, number = [], row + 1
        for col, cell in sorted(cells.items()):
            if type(cell) is tuple:
                look, markup = cell
                written.append(f'<c r="{letter(col)}{number}" s="{look.xf_index or look._get_xf_index()}"{markup}')
            else:
                self.fh.write("".join(written))
                written.clear()
                self._write_cell(row, col, cell)
        self.fh.write("".join(written))
