"""Receipts read back with suspicion: any byte of them may have been changed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from assess_lib import store
from assess_lib.verify.finding import Finding, Kind

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Slip:
    """A receipt: its bytes as they lie there, and what they say if they can be read and have a receipt's form."""

    raw: bytes
    content: Mapping[str, Any] | None

    @property
    def digest(self) -> str:
        """The SHA-256 of the receipt's own bytes."""
        return sha256(self.raw).hexdigest()


def read_bytes(file: Path) -> bytes | None:
    """Return a file's bytes, None when it is not there or no plain file. Raises OSError when it cannot be read."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return None
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def hash_file(file: Path) -> str | None:
    """Return a file's SHA-256, None when it is not there, ``unreadable`` when it is no plain file or is refused."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return store.UNREADABLE
        total = sha256()
        with open(file, "rb") as stream:
            while block := stream.read(_BLOCK):
                total.update(block)
        return total.hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return store.UNREADABLE


def is_inside(name: str) -> bool:
    """Tell whether a path of a receipt is relative and stays inside its folder."""
    parts = name.split("/")
    return not os.path.isabs(name) and all(parts) and ".." not in parts and not set("\\\0") & set(name)


def _hashes_by_name(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(digest, str) and (_DIGEST.fullmatch(digest) or digest == store.UNREADABLE) and is_inside(name)
        for name, digest in value.items()
    )


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


# The fields that verification relies on, and what each must look like.
_FORMS: Mapping[str, Callable[[object], bool]] = {
    "year": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "package": lambda value: isinstance(value, str),
    "python": lambda value: isinstance(value, str),
    "libraries": _texts,
    "outputs": _hashes_by_name,
    "inputs": _hashes_by_name,
    "readings": _texts,
    "date": _is_day,
    "final": lambda value: isinstance(value, bool),
    "stage": lambda value: value in ("cleaned", "scored"),
    "processed": lambda value: isinstance(value, str),
}
OF_SET = ("year", "package", "python", "libraries", "outputs", "inputs", "readings", "date", "final", "stage")
OF_REPORTS = ("year", "package", "python", "libraries", "outputs", "processed")


def read_slip(file: Path, shown: str, fields: tuple[str, ...]) -> tuple[Slip | None, list[Finding]]:
    """Read a receipt; return None when there is none, and findings on its form.

    ``content`` is None unless every one of ``fields`` is there in its form. Raises OSError.
    """
    raw = read_bytes(file)
    if raw is None:
        return None, []
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return Slip(raw, None), [Finding("receipt", shown, "不是有效的凭证，无法读取。文件被改动或损坏过。")]
    bad = [name for name in fields if not isinstance(content, dict) or not _FORMS[name](content.get(name))]
    if bad:
        message = f"凭证中 {'、'.join(bad)} 缺失或不合格式。文件被改动或损坏过。"
        return Slip(raw, None), [Finding("receipt", shown, message)]
    if store.dump_json(content) != raw:
        return Slip(raw, content), [Finding("receipt", shown, "写法与软件写出的不同：凭证写出后被改动过。")]
    return Slip(raw, content), []


def compare_files(
    folder: Path, label: str, listed: Mapping[str, str], found: Mapping[str, str] | None = None
) -> list[Finding]:
    """Hash every listed file of a folder again and name each that is missing, changed or unreadable.

    ``found`` are hashes already taken; its files that are not listed are named as added.
    """
    findings = []
    for name, expected in listed.items():
        actual = found.get(name) if found is not None else hash_file(folder / name)
        if actual != expected:
            findings.append(_difference(f"{label}/{name}", expected, actual))
    for name in sorted((found or {}).keys() - listed.keys()):
        findings.append(Finding("added", f"{label}/{name}", "凭证没有列出这个文件：它是后来放进来的。"))
    return findings


def _difference(file: str, expected: str, actual: str | None) -> Finding:
    kinds: dict[str | None, tuple[Kind, str]] = {
        None: ("missing", "文件不在了；凭证列有它。"),
        store.UNREADABLE: ("unreadable", "无法读取，或不是普通文件。"),
    }
    kind, message = kinds.get(actual, ("changed", "内容与凭证所记的 SHA-256 不符：写出凭证后被改动过。"))
    return Finding(kind, file, message, expected=expected, found=actual or "")
