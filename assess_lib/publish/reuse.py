"""What of the reports that stand may stay: those that would come out the same, byte for byte, if they were made again.

Each report has a key: a hash over all that it is made of, and over the software that makes it. The receipt of a reports
folder holds the keys beside the hashes of the files. A report stays where its key is the same and every file is still
what the receipt says; there is no other store, and nothing to clear out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from assess_lib import register, store

RECEIPT = "receipt.json"


@cache
def _software() -> dict[str, Any]:
    return store.software()


def key_of(kind: str, **made_of: Any) -> str:
    """Return the key of what is made of the values given (plain data, digests for files) by this software."""
    value = {"kind": kind, "made of": made_of, "software": _software()}
    return sha256(json.dumps(value, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no plain data: {value!r}")


def read_slip(reports: Path) -> dict[str, Any]:
    """Return what the receipt of a reports folder says; nothing if there is none or it is not ours."""
    try:
        slip = json.loads((reports / RECEIPT).read_bytes())
        return slip if isinstance(slip["outputs"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_inside(name: str) -> bool:
    """Tell whether a path of a receipt stays inside its folder."""
    parts = name.split("/")
    return bool(name) and not os.path.isabs(name) and ".." not in parts and "\\" not in name


def read_bytes(file: Path) -> bytes | None:
    """Return a file's content, None if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None


def _is_registered(reports: Path, processed: Path) -> bool:
    """Tell whether the receipt of the reports is that of the last run that made any.

    A line that a power cut tore, and that later ones seal, is no fault of the register.
    """
    content = read_bytes(reports / RECEIPT)
    try:
        faults = register.check(processed)
        if content is None or not all(fault.kind == "torn" and fault.sealed for fault in faults):
            return False
        lines = [line.entry for line in register.read(processed) if line.accepted and line.entry is not None]
    except OSError:
        return False
    made = [entry["reports"] for entry in lines if entry.get("reports")]
    return bool(made) and made[-1] == sha256(content).hexdigest()


class Standing:
    """The reports that stand in a folder, as far as they are what their receipt says."""

    def __init__(self, reports: Path, processed: Path) -> None:
        """Take the two folders.

        Nothing may be used whose receipt is not the one that the last run put on register: files that were altered
        together with their receipt must not be sealed anew as if this run had made them.
        """
        self._reports = reports
        self.slip = read_slip(reports)
        self.outputs: Mapping[str, str] = self.slip.get("outputs", {})
        keys = self.slip.get("keys")
        usable = isinstance(keys, dict) and _is_registered(reports, processed)
        self._keys: Mapping[str, str] = dict(keys or {}) if usable else {}

    def data(self, unit_id: str) -> str:
        """Return the digest of the data that a standing report of a unit prints; blank if none is known."""
        known = self.slip.get("data")
        return str(known.get(unit_id, "")) if isinstance(known, dict) else ""

    def key(self, report: str) -> str:
        """Return the key under which a report was made, blank if there is none."""
        return str(self._keys.get(report, ""))

    def has(self, report: str, key: str) -> bool:
        """Tell whether a report was made under this very key."""
        return bool(key) and self.key(report) == key

    def read(self, names: Iterable[str]) -> dict[str, bytes] | None:
        """Return the content of files of the folder, None if one of them is missing or was altered."""
        found = {}
        for name in names:
            content = read_bytes(self._reports / name) if name in self.outputs and is_inside(name) else None
            if content is None or sha256(content).hexdigest() != self.outputs[name]:
                return None
            found[name] = content
        return found


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is being built."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as stream:
            stream.write(content)
