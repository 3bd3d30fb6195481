"""Blank workbooks to hand out, with drop-downs, checks and instructions; filled in, they are input as they are."""

from assess_lib.templates.entry import Known
from assess_lib.templates.handout import (
    FILLED_BY_UNITS,
    UNITS_FOLDER,
    Handout,
    read_known,
    write_templates,
)

__all__ = [
    "FILLED_BY_UNITS",
    "UNITS_FOLDER",
    "Handout",
    "Known",
    "read_known",
    "write_templates",
]
