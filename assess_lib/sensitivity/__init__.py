"""Every combination of readings (口径) at once: what depends on which, and what holds whatever is chosen.

``explore`` judges all units under all combinations by sharing what they have in common; the ``Exploration`` answers.
"""

from assess_lib.sensitivity.check import differences_from_scoring, differences_in_force, draw
from assess_lib.sensitivity.exploration import (
    CONCLUSION,
    Aspect,
    Effect,
    Exploration,
    Flip,
    Number,
    Range,
    Value,
    explore,
)
from assess_lib.sensitivity.files import csv_files, json_data
from assess_lib.sensitivity.flips import Change
from assess_lib.sensitivity.space import Space
from assess_lib.sensitivity.words import sentence

__all__ = [
    "CONCLUSION",
    "Aspect",
    "Change",
    "Effect",
    "Exploration",
    "Flip",
    "Number",
    "Range",
    "Space",
    "Value",
    "csv_files",
    "differences_from_scoring",
    "differences_in_force",
    "draw",
    "explore",
    "json_data",
    "sentence",
]
