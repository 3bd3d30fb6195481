"""Two scored sets held against each other: what changed for whom, by which ledger rows, and why.

``compare`` takes sets and tables and returns plain data; ``read_side`` reads a processed folder; ``summary``, a module
that needs no data frames, says in three lines what a new run changed.
"""

from assess_lib.comparison.changes import (
    Cause,
    Comparison,
    ItemChange,
    Overview,
    Pair,
    ReadingChange,
    RecordChange,
    Roster,
    RowChange,
    SchemeChange,
    Step,
    UnitChange,
)
from assess_lib.comparison.compare import compare
from assess_lib.comparison.sides import Side, compare_sides, read_side

__all__ = [
    "Cause",
    "Comparison",
    "ItemChange",
    "Overview",
    "Pair",
    "ReadingChange",
    "RecordChange",
    "Roster",
    "RowChange",
    "SchemeChange",
    "Side",
    "Step",
    "UnitChange",
    "compare",
    "compare_sides",
    "read_side",
]
