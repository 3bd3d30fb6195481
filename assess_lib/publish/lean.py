"""Jupyter's notebook libraries without what they load on the way and nobody here uses."""

from __future__ import annotations

import sys


def import_jupyter() -> None:
    """Import what runs and writes notebooks.

    jsonschema, if it can, imports a grammar of internationalised addresses for its format checks, which takes a
    second. No notebook's schema has such a format, and nothing here asks for format checks.
    """
    grammar = "rfc3987_syntax"
    unknown = grammar not in sys.modules
    if unknown:
        sys.modules[grammar] = None  # type: ignore[assignment]
    try:
        import nbformat  # noqa: F401
        import papermill.execute  # noqa: F401

        from assess_lib.publish import record  # noqa: F401
        from assess_lib.warm import engine  # noqa: F401
    finally:
        if unknown:
            del sys.modules[grammar]
