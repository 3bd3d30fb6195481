"""Wait until raw files are saved with other content, so that a year can be made anew while people correct it.

The folder is looked at a few times a second: that also works on a network drive, where changes are not announced.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import assess_lib
from assess_lib import store
from assess_lib.errors import UsageError
from assess_lib.warm.client import stamp

LOOK = 0.05  # seconds between two looks
_CLOSE_LOOK = 0.02  # and between two while files are being written
STILL = 0.1  # seconds without a change until a file counts as saved: a spreadsheet program writes it in steps

Stamps = dict[str, tuple[int, int] | None]


def _stamps(folder: Path) -> Stamps:
    """Return when each file of a folder was written last, and its size."""
    files = (os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    return {file: stamp(file) for file in files}


class RawFolder:
    """A raw folder as it was when it was last looked at."""

    def __init__(self, raw: Path) -> None:
        """Take in the folder as it is now."""
        self._raw = raw
        self._stamps = _stamps(raw)
        self._inputs = store.hash_inputs(raw)
        self._code = _code()

    def wait(self) -> list[str]:
        """Return the names of the inputs that changed since the last call, when they are all written.

        Files that are no input, and inputs saved with the same content, are none. Raises UsageError when the software
        itself was changed: what is loaded would not be what its receipts name.
        """
        while True:
            self._wait_for_change()
            inputs = store.hash_inputs(self._raw)
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
    return {name: stamp for name, stamp in _stamps(package).items() if name.endswith(".py")}
