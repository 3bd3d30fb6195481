"""The evidence index (佐证目录) held against the files that came with the data.

存放位置 is read as a path below the raw folder, and only there: a location that leads out of it, by ``..``, as an
absolute path or over a link, is reported and never opened.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from assess_lib.tables import Row

State = Literal["same", "differs", "no_hash", "bad_hash", "absent", "address", "outside", "unreadable"]
_BLOCK = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: a pipe in a file's place must not make the audit wait for its writer.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | _NOFOLLOW


@dataclass(frozen=True, slots=True)
class Checked:
    """One index row and what its file turned out to be; ``found`` is the file's SHA-256, blank if none was read."""

    row: Row
    state: State
    found: str = ""


def check_all(rows: Sequence[Row], raw: Path) -> tuple[Checked, ...]:
    """Hold every row of 佐证目录 against the files below the raw folder."""
    return tuple(check(row, raw) for row in rows)


def check(row: Row, raw: Path) -> Checked:
    """Hold one row against its file.

    ``same``/``differs``: the hash is or is not the row's. ``no_hash``: the file is there, the row gives no hash;
    ``bad_hash``: it gives one that is none. ``absent``: no such file. ``address``: a web address. ``outside``: the
    location leads out of the raw folder or over a link. ``unreadable``: no plain file, or it cannot be read.
    """
    location = row["存放位置"] or ""
    stated = "".join((row["SHA256"] or "").split()).lower()
    if row["类型"] == "网址" and not stated:
        return Checked(row, "address")
    parts = _parts(location)
    if parts is None:
        return Checked(row, "outside")
    if not parts:
        return Checked(row, "absent")
    try:
        found = _digest(raw, parts)
    except (FileNotFoundError, NotADirectoryError):
        return Checked(row, "absent")
    except _LeadsOut:
        return Checked(row, "outside")
    except (OSError, ValueError) as error:
        # a description too long for a name is no file's place
        absent = isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
        return Checked(row, "absent" if absent else "unreadable")
    if not stated:
        return Checked(row, "no_hash", found)
    if not _HASH.fullmatch(stated):
        return Checked(row, "bad_hash", found)
    return Checked(row, "same" if found == stated else "differs", found)


class _LeadsOut(Exception):
    """A part of the path is a link."""


def _parts(location: str) -> tuple[str, ...] | None:
    """Return the parts of a location below the raw folder, nothing for a blank one, None if it leads out."""
    text = location.strip().replace("\\", "/")
    if text.startswith("/") or re.match(r"[A-Za-z]:", text) or "\0" in text or "://" in text:
        return None
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    return None if ".." in parts else parts


def _digest(raw: Path, parts: Sequence[str]) -> str:
    """Return the SHA-256 of a plain file below the raw folder; no part of the way may be a link."""
    path = raw
    for part in parts:
        path = path / part
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise _LeadsOut
    # A folder on the way could have become a link since: what is opened must still lie below the raw folder.
    if not path.resolve().is_relative_to(raw.resolve()):
        raise _LeadsOut
    descriptor = os.open(path, _READ)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("no plain file")
        digest = sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
        return digest.hexdigest()
