"""Untrusted files to sheets of typed cells: what a file holds, with no judgement of tables.

``read_book`` takes a path and gives plain values; a child process with limits parses the file (``isolated``,
``worker``), two independent readers must agree on a workbook's cells (``agreement``).
"""

from assess_lib.intake.cells import Book, Cell, Refused, Sheet
from assess_lib.intake.folder import RawFile, list_raw
from assess_lib.intake.reader import Books, read_beforehand, read_book, warm_up

__all__ = [
    "Book",
    "Books",
    "Cell",
    "RawFile",
    "Refused",
    "Sheet",
    "list_raw",
    "read_beforehand",
    "read_book",
    "warm_up",
]
