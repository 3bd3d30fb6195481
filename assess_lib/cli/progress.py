"""Progress of a batch on standard error: a line per finished notebook on a terminal, a few lines in a log."""

from __future__ import annotations

import sys
import time

from assess_lib.cli.console import say

_QUARTERS = 4


def duration(seconds: float) -> str:
    """Put a time into words.

    >>> duration(42.4), duration(130)
    ('42 秒', '2 分 10 秒')
    """
    whole = round(seconds)
    return f"{whole} 秒" if whole < 60 else f"{whole // 60} 分 {whole % 60} 秒"


class Progress:
    """Tell how far a batch is; ``step`` is called as each notebook ends."""

    def __init__(self) -> None:
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._begun = self._last = time.monotonic()
        self._total = 0

    def step(self, what: str, done: int, total: int) -> None:
        """Tell what was finished, how many of how many are done, and about how long the rest will take."""
        now = time.monotonic()
        if total != self._total:  # another batch: its time left is told from its own pace
            self._total, self._begun = total, self._last
        self._last = now
        left = (now - self._begun) / done * (total - done) if done else 0.0
        rest = f"，约剩 {duration(left)}" if done < total else ""
        if self._terminal:
            say(f"[{done}/{total}] {what}{rest}", error=True)
        elif done * _QUARTERS // total != (done - 1) * _QUARTERS // total:
            say(f"已完成 {done}/{total}{rest}", error=True)
