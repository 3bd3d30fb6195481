"""Figures for the notebooks: each takes a report of ``views`` and returns what a cell displays."""

import logging

# What matplotlib says of the machine when it is imported (no folder for its cache, fonts it lacks) is no report's text.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

from assess_lib.figures.county import distribution, heat_map, pareto  # noqa: E402
from assess_lib.figures.drawing import Plot  # noqa: E402
from assess_lib.figures.history import history_plot  # noqa: E402
from assess_lib.figures.place import place  # noqa: E402
from assess_lib.figures.waterfall import Step, waterfall, waterfall_steps  # noqa: E402

__all__ = [
    "Plot",
    "Step",
    "distribution",
    "heat_map",
    "history_plot",
    "pareto",
    "place",
    "waterfall",
    "waterfall_steps",
]
