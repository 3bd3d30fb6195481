"""Display-ready views of a scored set: what the notebooks show, piece by piece, escaped.

``UnitReport`` is one unit's report, ``CountySummary`` the county's; ``table`` prints any rows alike.
"""

from assess_lib.views.county import CountySummary
from assess_lib.views.history import history_section
from assess_lib.views.html import Column, Html, sentence, stylesheet, table
from assess_lib.views.page import PageMetadata, page_metadata
from assess_lib.views.unit import UnitReport

__all__ = [
    "Column",
    "CountySummary",
    "Html",
    "PageMetadata",
    "UnitReport",
    "history_section",
    "page_metadata",
    "sentence",
    "stylesheet",
    "table",
]
