"""The registry of methods: a scheme's rule names one, and adding one is a function and its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assess_lib.rules.award import highest_level_per_matter, mean_of_raters, mean_per_matter
from assess_lib.rules.case import Case, Doubt, Outcome, Unit
from assess_lib.rules.counting import points_per_count, rate_bands
from assess_lib.rules.deduction import deduct_from_full, deduct_from_zero
from assess_lib.rules.ranking import quarterly_top_ranks
from assess_lib.rules.veto import hotline_red_lights, named_in_circular
from assess_lib.scheme import Item

Method = Callable[[Item, Unit, Case], Outcome]

METHODS: Mapping[str, Method] = {
    method.__name__: method
    for method in (
        hotline_red_lights,
        named_in_circular,
        deduct_from_full,
        deduct_from_zero,
        mean_per_matter,
        highest_level_per_matter,
        quarterly_top_ranks,
        mean_of_raters,
        points_per_count,
        rate_bands,
    )
}

__all__ = ["METHODS", "Case", "Doubt", "Method", "Outcome", "Unit"]
