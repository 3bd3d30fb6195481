"""The register of runs: one line an attempt, each line sealed by the hash of the one before it.

It lies beside the processed folder as ``<its name>.runs.jsonl`` and is no part of the set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from assess_lib.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_ENVIRONMENT,
    EXIT_INTERRUPTED,
    AssessError,
    EnvironmentFailure,
)
from assess_lib.store.folder import disk_reason
from assess_lib.store.receipt import overrides

_OUTCOMES = {
    EXIT_DONE: "done",
    EXIT_BUG: "bug",
    2: "usage",
    3: "rejected",
    4: "environment",
    5: "busy",
    6: "input_changed",
    7: "verify_failed",
    8: "refused",
    9: "notebook_failed",
    EXIT_INTERRUPTED: "interrupted",
}


def register_file(processed: Path) -> Path:
    """Return the register of a processed folder."""
    return processed.parent / f"{processed.name}.runs.jsonl"


@dataclass
class Attempt:
    """What a run adds to its line: the digest of the receipt it wrote, the problems it found."""

    receipt: str | None = None
    problems: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)  # what this command alone has to tell

    def decided(self, readings: Mapping[str, str], defaults: Mapping[str, str], adjustments: int) -> None:
        """Tell what people decided for this run: readings other than the scheme's own, rows of 调整复核."""
        self.extra |= {"overrides": overrides(readings, defaults), "adjustments": adjustments}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the register: its number from 1, its bytes, what it says (None if it cannot be read)."""

    number: int
    raw: bytes
    entry: Mapping[str, Any] | None

    @property
    def accepted(self) -> bool:
        """Whether the attempt was done (exit 0)."""
        return self.entry is not None and self.entry.get("exit") == EXIT_DONE


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line: ``chain`` (not sealed by the hash of the line before), ``unreadable``, or ``torn``.

    ``torn`` is a line that a power cut may have broken off; ``sealed`` tells that a later line goes on from it.
    """

    number: int
    kind: Literal["chain", "unreadable", "torn"]
    sealed: bool = False


def read(processed: Path) -> tuple[Line, ...]:
    """Return the register's lines, oldest first; none when there is no register. Raises OSError."""
    try:
        content = register_file(processed).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(Line(number, raw, _entry(raw)) for number, raw in enumerate(content.splitlines(), start=1))


def _entry(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def check(processed: Path) -> tuple[Fault, ...]:
    """Return what is wrong with the register, line by line; nothing when every line holds. Raises OSError.

    Each line must be a JSON object whose ``previous`` is the SHA-256 of the line before (blank on the first); the
    last one must end in a line feed. A change in any line but the last breaks the line after it.
    """
    lines = read(processed)
    faults: list[Fault] = []
    for line, before, after in zip(lines, (None, *lines), (*lines[1:], None), strict=False):
        if line.entry is None:
            seal = sha256(line.raw).hexdigest()
            sealed = after is not None and after.entry is not None and after.entry.get("previous") == seal
            faults.append(Fault(line.number, "torn" if sealed or after is None else "unreadable", sealed))
        elif line.entry.get("previous") != (sha256(before.raw).hexdigest() if before else ""):
            faults.append(Fault(line.number, "chain"))
    if lines and lines[-1].entry is not None and not register_file(processed).read_bytes().endswith(b"\n"):
        faults.append(Fault(lines[-1].number, "torn"))
    return tuple(faults)


def _last_line(file: Path) -> tuple[bytes, bool]:
    """Return the last line without its line feed, and whether the file ends in a line feed (or is empty)."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return b"", True
    lines = content.splitlines()
    return (lines[-1] if lines else b""), not content or content.endswith(b"\n")


def append(processed: Path, entry: Mapping[str, Any]) -> None:
    """Append one line and bring it to the disk; the caller holds the folder's lock.

    ``entry`` gains ``previous``: the SHA-256 of the line before (blank for the first).
    """
    file = register_file(processed)
    last, whole = _last_line(file)
    line = json.dumps(
        {**entry, "previous": sha256(last).hexdigest() if last else ""},
        ensure_ascii=False,
    )
    data = ("" if whole else "\n") + line + "\n"  # a line torn by a power cut is closed, not joined
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(descriptor, data.encode("utf-8", errors="backslashreplace"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exit_code(error: BaseException) -> int:
    if isinstance(error, AssessError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return EXIT_ENVIRONMENT if isinstance(error, OSError) else EXIT_BUG


@contextmanager
def recorded(processed: Path, command: str, options: Mapping[str, Any]) -> Iterator[Attempt]:
    """Register what happens inside: the command, its options, when, how it ended, with what.

    The caller holds the folder's lock. An error passes through after it was registered. Raises
    EnvironmentFailure when the register of a run that succeeded cannot be written.
    """
    attempt = Attempt()
    started = datetime.now().astimezone().isoformat(timespec="seconds")

    def write(code: int) -> None:
        append(
            processed,
            {
                "time": started,
                "command": command,
                "options": dict(options),
                "outcome": _OUTCOMES.get(code, str(code)),
                "exit": code,
                "receipt": attempt.receipt,
                "problems": attempt.problems,
                **attempt.extra,
            },
        )

    try:
        yield attempt
    except BaseException as error:
        try:
            write(_exit_code(error))
        except OSError as second:
            error.add_note(f"register not written: {second}")
        raise
    try:
        write(EXIT_DONE)
    except OSError as error:
        raise EnvironmentFailure(
            f"结果已经写入，但运行登记 {register_file(processed).name} 没有写成：{disk_reason(error)}。"
            "请检查磁盘和权限。"
        ) from error
