"""How often a process looks for garbage: what a command imports and makes stays until it ends, a second or a minute."""

from __future__ import annotations

import gc

_SELDOM = (50_000, 20, 100)


def look_seldom() -> None:
    """Look for garbage seldom: modules that are being imported, which stay, are not searched again and again."""
    gc.set_threshold(*_SELDOM)


def look_no_more() -> None:
    """Look for garbage no more among what there is: a process that ends would search all of it once more."""
    gc.freeze()
