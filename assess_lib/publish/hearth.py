"""The process from which a batch's workers and their kernels are forked: what it imports, and in what environment.

A person's settings of Python, Jupyter, figures and language reach none of them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
from pathlib import Path

from assess_lib.warm import client as warm

PACKAGE_PARENT = Path(__file__).resolve().parents[2]

# What it imports: first what the two stages use, and while they run the rest: what units' reports use, and the county.
EARLY = (
    "assess_lib.publish.lean:import_jupyter",
    "pandas",
    "assess_lib.pipeline",
    "assess_lib.store:software",  # the code is hashed once
    "assess_lib.views.county",
    "assess_lib.views.html:compile_first",
    "xlsxwriter",
)
_UNIT_CELLS = (
    "matplotlib.backends.backend_svg",
    "assess_lib.figures",
    "assess_lib.publish.rehearsal:rehearse",
)
_COUNTY_CELLS = (
    "assess_lib.robustness",
    "assess_lib.views.audit",
    "assess_lib.audit.relations:rehearse",
)
_UNITS = (*_UNIT_CELLS, "assess_lib.publish.export:get_ready")
LATER = (
    *_UNITS,
    *_COUNTY_CELLS,
    "assess_lib.auditbook.write",
    "assess_lib.publish.county_workbook",
    "assess_lib.publish.county_document",
    "assess_lib.publish.publication:get_ready",
)
FOR_STAGES, FOR_UNITS, FOR_ALL = 0, len(_UNITS), len(LATER)
"""How many of ``LATER`` must be imported where a stage's notebook, a unit's report, or anything, is made."""
KERNELS = ("pandas", "assess_lib.pipeline", "assess_lib.views", *_UNIT_CELLS, *_COUNTY_CELLS)
"""What kernels find imported, also where each worker has a nursery of its own."""

# How a person's settings reach Python, Jupyter, the figures and the PDF. Workers and kernels get none of them, but
# what says where packages lie.
SETTINGS = re.compile(
    "(PYTHON(?!PATH|HOME|USERBASE|NOUSERSITE|SAFEPATH|PYCACHEPREFIX|DONTWRITEBYTECODE)|JUPYTER|IPYTHON|MPL|MATPLOTLIB|"
    "PANDAS_|ARROW_|FONTCONFIG|FC_|FREETYPE_|HB_|LC_|LANG).*"
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment() -> dict[str, str]:
    """Return the environment of workers and kernels, as far as it is the same for every batch."""
    kept = {name: value for name, value in os.environ.items() if not SETTINGS.fullmatch(name)}
    earlier = os.environ.get("PYTHONPATH", "")
    return kept | {
        # The kernel computes with the very library that runs the batch.
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE_PARENT), earlier))),
        "MATPLOTLIBRC": os.devnull,
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "SOURCE_DATE_EPOCH": "0",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        **dict.fromkeys(_ONE_THREAD, "1"),
    }


_kindled: warm.Nursery | None = None


def kindle() -> None:
    """Start the process for the batch to come, before anything else is imported here; a batch takes it over."""
    global _kindled
    if _kindled is None and warm.possible():
        with contextlib.suppress(OSError):  # the batch will see for itself
            _kindled = warm.Nursery(EARLY, environment(), LATER)
            atexit.register(_put_out)


def take() -> warm.Nursery | None:
    """Return the process, kindled before or now, which is the caller's from now on; None where none can be forked."""
    global _kindled
    kindle()
    taken, _kindled = _kindled, None
    return taken


def _put_out() -> None:
    if _kindled is not None:
        _kindled.close()
