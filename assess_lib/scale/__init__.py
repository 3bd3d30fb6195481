"""Scoring of a province or of the whole country: all units at once, over columns of whole cents.

The same rules as ``assess_lib.rules`` in the same order, one module a kind of rule, exactly equal in results, items and
the numbers of the ledger. Words are not made here: ``explain_unit`` lets the ordinary rules tell one unit's story.
"""

from assess_lib.scale.explain import explain_unit, read_basis, roster_of
from assess_lib.scale.files import score_folder, write_score
from assess_lib.scale.scoring import LargeScore, score_tables
from assess_lib.scale.tables import items_table, ledger_tables, results_table

__all__ = [
    "LargeScore",
    "explain_unit",
    "items_table",
    "ledger_tables",
    "read_basis",
    "results_table",
    "roster_of",
    "score_folder",
    "score_tables",
    "write_score",
]
