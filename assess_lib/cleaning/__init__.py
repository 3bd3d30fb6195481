"""Sheets of cells to canonical rows, with every problem at once and every row accounted for."""

from assess_lib.cleaning.clean import Cleaned, RowCount, clean, read_whole_roster

__all__ = ["Cleaned", "RowCount", "clean", "read_whole_roster"]
