"""Untrusted files to sheets of typed cells: what a file holds, with no judgement of tables.

``read_book`` takes a path and gives plain, picklable values, so that it can run in a child process.
"""

from assess_lib.intake.cells import Book, Cell, Refused, Sheet
from assess_lib.intake.folder import RawFile, list_raw
from assess_lib.intake.reader import read_book

__all__ = ["Book", "Cell", "RawFile", "Refused", "Sheet", "list_raw", "read_book"]
