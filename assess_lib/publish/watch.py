"""Wait until raw files are saved with other content, so that a year can be made anew while people correct it.

The folder is looked at a few times a second: that also works on a network drive, where changes are not announced.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from pathlib import Path

import assess_lib
from assess_lib import store
from assess_lib.errors import UsageError

LOOK = 0.05  # seconds between two looks
_CLOSE_LOOK = 0.02  # and between two while files are being written
STILL = 0.1  # seconds without a change until a file counts as saved: a spreadsheet program writes it in steps

Stamps = dict[str, tuple[int, ...]]


def _stamps(folder: Path) -> Stamps:
    """Return which file each entry below a folder is, how large, and when it was written or put in its place last.

    A copy may keep the time and the size of what it replaces.
    """
    found: Stamps = {}
    for at, folders, names in os.walk(folder):
        for name in (*folders, *names):
            with suppress(OSError):  # it went meanwhile
                seen = os.lstat(os.path.join(at, name))
                file = () if stat.S_ISDIR(seen.st_mode) else (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
                found[os.path.join(at, name)] = (seen.st_ino, seen.st_mode, *file)
    return found


class RawFolder:
    """A raw folder as it was when it was last looked at."""

    def __init__(self, raw: Path) -> None:
        """Take in the folder as it is now."""
        self._raw = raw
        self._stamps = _stamps(raw)
        self._inputs = store.raw_entries(raw)
        self._code = _code()

    def wait(self) -> list[str]:
        """Return the names of the entries that changed since the last call, when they are all written.

        Inputs saved with the same content, and files of which cleaning says nothing, are none. Raises UsageError
        when the software itself was changed: what is loaded would not be what its receipts name.
        """
        while True:
            self._wait_for_change()
            inputs = store.raw_entries(self._raw)
            changed = store.differences(self._inputs, inputs)
            self._inputs = inputs
            if _code() != self._code:
                raise UsageError("软件本身有改动，不再等待。请重新运行 assess run --watch。")
            if changed:
                return changed

    def _wait_for_change(self) -> None:
        while (found := _stamps(self._raw)) == self._stamps:
            time.sleep(LOOK)
        since = time.monotonic()
        while time.monotonic() - since < STILL:
            time.sleep(_CLOSE_LOOK)
            if (now := _stamps(self._raw)) != found:
                found, since = now, time.monotonic()
        self._stamps = found


def _code() -> Stamps:
    package = Path(assess_lib.__file__).parent
    return {name: stamp for name, stamp in _stamps(package).items() if name.endswith(store.SOURCE_ENDINGS)}
