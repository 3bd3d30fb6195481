"""Jupyter's notebook libraries, imported for all processes that are forked from this one."""

from __future__ import annotations

import sys


def import_jupyter() -> None:
    """Import what runs and writes notebooks; what was kept away meanwhile (see the package) can be imported again."""
    import nbformat  # noqa: F401
    import papermill.execute  # noqa: F401

    from assess_lib.publish import record  # noqa: F401
    from assess_lib.warm import engine  # noqa: F401

    if sys.modules.get("rfc3987_syntax", sys) is None:
        del sys.modules["rfc3987_syntax"]  # a notebook may want it
