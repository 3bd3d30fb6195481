"""How robust each result is: the smallest correction of a unit's own raw rows that would change it, and its margins."""

from assess_lib.robustness.check import differences_from_scoring, differences_in_force, told_flips
from assess_lib.robustness.corrections import Correction, corrected
from assess_lib.robustness.exploration import Robustness, UnitRobustness, explore
from assess_lib.robustness.files import csv_files, json_data
from assess_lib.robustness.flips import ASPECTS, Aspect, Flip
from assess_lib.robustness.influence import Influence
from assess_lib.robustness.margins import Further, Line, Margin
from assess_lib.robustness.words import sentence

__all__ = [
    "ASPECTS",
    "Aspect",
    "Correction",
    "Flip",
    "Further",
    "Influence",
    "Line",
    "Margin",
    "Robustness",
    "UnitRobustness",
    "corrected",
    "csv_files",
    "differences_from_scoring",
    "differences_in_force",
    "explore",
    "json_data",
    "sentence",
    "told_flips",
]
