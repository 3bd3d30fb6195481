"""An interrupt (SIGINT) that comes at a bad moment, put off until it can do no harm."""

from __future__ import annotations

import contextlib
import threading

# Behind the functions of the module signal, which take ten times as long: they make enumerations of all that they see.
from _signal import getsignal  # type: ignore[import-not-found]
from _signal import signal as set_handler
from collections.abc import Iterator
from signal import SIGINT
from types import FrameType


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """Put off an interrupt until the block is done; it then does what it would have done at once.

    Only the first thread is ever interrupted: in any other one this does nothing.
    """
    before = getsignal(SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    interrupts: list[tuple[int, FrameType | None]] = []
    set_handler(SIGINT, lambda *interrupt: interrupts.append(interrupt))
    try:
        yield
    finally:
        set_handler(SIGINT, before)
        if interrupts:
            before(*interrupts[0])
