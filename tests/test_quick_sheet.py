"""A sheet written the quick way is, byte for byte, the one that the library writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from assess_lib.store.quick_sheet import QuickSheet, letter

_VALUES = st.one_of(
    st.none(),
    st.integers(-(10**15), 10**15),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from(("", "0", "=1+1", '<甲&"乙">', " 空格 ", "一\n二", "长" * 17_000)),
)


class _LibrarySheet(Worksheet):  # type: ignore[misc]
    """A sheet that gives every cell to the library's own methods."""

    def put_cells(self, cells: Sequence[tuple[int, int, Any, Any]]) -> None:
        for row, col, value, look in cells:
            write = self.write_blank if value is None else self.write_string if isinstance(value, str) else None
            assert (write or self.write_number)(row, col, value, look) == 0


def _written(kind: type[Worksheet], cells: Sequence[tuple[int, int, Any]]) -> bytes:
    """Return a workbook of two sheets, the second with a title, a row without cells, headings and signatures."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": datetime(2022, 12, 31)})  # else the second at which it is written
    looks = [book.add_format({"bold": True}), book.add_format({"num_format": "0.00"}), book.add_format({"border": 1})]
    book.add_worksheet("空", kind)
    sheet: Any = book.add_worksheet("表", kind)
    sheet.merge_range(0, 0, 0, 4, "标题", looks[0])
    sheet.set_row(1, 30)
    sheet.set_row(40, 12)
    sheet.write_string(2, 6, "表头", looks[2])
    sheet.put_cells([(row + 3, col, value, looks[(row + col) % 3]) for row, col, value in cells])
    sheet.merge_range(45, 1, 45, 3, "签名", looks[1])
    book.close()
    return buffer.getvalue()


@given(cells=st.dictionaries(st.tuples(st.integers(0, 40), st.integers(0, 30)), _VALUES, max_size=25))
def test_any_cells_are_written_as_the_library_writes_them(cells: dict[tuple[int, int], Any]) -> None:
    """Numbers, exact decimals, texts and empty cells at any place, beside what the library itself wrote."""
    listed = [(row, col, value) for (row, col), value in cells.items()]
    assert _written(QuickSheet, listed) == _written(_LibrarySheet, listed)


def test_what_no_cell_holds_is_refused() -> None:
    """A number that is none, or a row beyond the sheet, is an error, never a cell that is missing."""
    with pytest.raises(ValueError, match="cannot hold"):
        _written(QuickSheet, [(0, 0, float("nan"))])
    with pytest.raises(ValueError, match="cannot hold"):
        _written(QuickSheet, [(0, 0, Decimal("Infinity"))])
    with pytest.raises(ValueError, match="could not be written"):
        _written(QuickSheet, [(1_048_576, 0, 1)])
    with pytest.raises(ValueError, match="could not be written"):
        _written(QuickSheet, [(0, 0, "长" * 40_000)])


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    """A to Z, then AA to ZZ, then AAA; the last column is XFD."""
    assert [letter(index) for index in (0, 25, 26, 51, 52, 701, 702, 16383)] == [
        *("A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD")
    ]
