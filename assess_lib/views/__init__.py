"""Display-ready views of a scored set: what the notebooks show, piece by piece, escaped.

``UnitReport`` is one unit's report, ``CountySummary`` the county's; ``table`` prints any rows alike.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assess_lib.views.county import CountySummary
    from assess_lib.views.history import history_section
    from assess_lib.views.html import Column, Html, sentence, stylesheet, table
    from assess_lib.views.page import PageMetadata, page_metadata
    from assess_lib.views.unit import UnitReport, open_unit
    from assess_lib.views.unit_slice import Explored, Slices, UnitSlice, explore_ahead, slices_of
else:
    _HOMES = {
        "Column": "html",
        "CountySummary": "county",
        "Html": "html",
        "PageMetadata": "page",
        "Slices": "unit_slice",
        "UnitReport": "unit",
        "UnitSlice": "unit_slice",
        "history_section": "history",
        "open_unit": "unit",
        "page_metadata": "page",
        "sentence": "html",
        "Explored": "unit_slice",
        "explore_ahead": "unit_slice",
        "slices_of": "unit_slice",
        "stylesheet": "html",
        "table": "html",
    }

    def __getattr__(name: str) -> Any:
        """Import what is asked for when it is: ``assess explain`` wants the words of the views, not their figures."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


__all__ = [
    "Column",
    "CountySummary",
    "Explored",
    "Html",
    "PageMetadata",
    "Slices",
    "UnitReport",
    "UnitSlice",
    "explore_ahead",
    "history_section",
    "open_unit",
    "page_metadata",
    "sentence",
    "slices_of",
    "stylesheet",
    "table",
]
