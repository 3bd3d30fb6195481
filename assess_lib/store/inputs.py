"""The input files of a raw folder as hashes: what a run read, and whether it changed meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from assess_lib.intake.folder import KNOWN, RawFile, list_raw

_BLOCK = 1 << 20
UNREADABLE = "unreadable"


def _digest(path: Path) -> str:
    # O_NONBLOCK: a pipe put in a file's place must not make the run wait for its writer. O_NOFOLLOW: a link is none of
    # the files that are read, whatever it leads to.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return UNREADABLE
            digest = sha256()
            while block := stream.read(_BLOCK):
                digest.update(block)
            return digest.hexdigest()
    except OSError:
        return UNREADABLE


def hash_inputs(raw: Path) -> dict[str, str]:
    """Return the SHA-256 of every input file of a raw folder by its name, sorted by name.

    Inputs are the scheme, the official text and the files of tables. One that cannot be read stands as
    ``unreadable``: reading it is cleaning's to report, here it only has to stay the same.
    """
    return _hashes(raw, list_raw(raw)[0])


def _hashes(raw: Path, listed: Iterable[RawFile]) -> dict[str, str]:
    files = {file.name: file.path for file in listed}
    files |= {name: raw / name for name in KNOWN if os.path.lexists(raw / name)}
    return {name: _digest(files[name]) for name in sorted(files)}


def raw_entries(raw: Path) -> dict[str, str]:
    """Return all that cleaning says something of, by name: the hash of an input, what is wrong with any other entry.

    A misspelt file, or a link under a table's name, changes no input and yet what a run has to say.
    """
    files, problems = list_raw(raw)
    return {problem.file: problem.message for problem in problems} | _hashes(raw, files)


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of the files that were changed, added or removed between two hashings, sorted."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
