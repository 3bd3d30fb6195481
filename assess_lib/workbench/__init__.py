"""The workbench: what a result would be if rows, amounts, readings or the run date were others.

``Bench`` computes, without a widget; ``Panel`` is the thin layer that people see; ``draft`` writes what was tried as a
draft of 调整复核. Official folders are read and never written.
"""

from assess_lib.workbench.bench import Bench, Tried
from assess_lib.workbench.changes import Amount, Changes, Object
from assess_lib.workbench.opening import open_bench

__all__ = ["Amount", "Bench", "Changes", "Object", "Tried", "open_bench"]
