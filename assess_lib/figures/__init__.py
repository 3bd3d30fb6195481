"""Figures for the notebooks: each takes a report of ``views`` and returns what a cell displays."""

from assess_lib.figures.county import distribution, heat_map, pareto
from assess_lib.figures.drawing import Plot
from assess_lib.figures.waterfall import Step, waterfall, waterfall_steps

__all__ = ["Plot", "Step", "distribution", "heat_map", "pareto", "waterfall", "waterfall_steps"]
