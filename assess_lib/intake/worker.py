"""The reading process: takes the bytes of one file after another, gives back what they hold, and ends with its parent.

Started by ``isolated``. Requests and answers are framed bytes on standard input and output; whatever a parser prints
goes nowhere. Limits are set here, after the imports and before the first byte of any file, because nothing of Python's
may run between fork and exec of a parent that has threads.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import IO

from assess_lib.intake.cells import Book, Refused
from assess_lib.intake.wire import encode_book, encode_refusal

# Seconds of processor time that the file may cost, its length.
REQUEST = struct.Struct(">IQ")
# Tag, whether the process ends after this answer, length.
ANSWER = struct.Struct(">c?Q")
READY = b"assess-reader-1\n"
BOOK, REFUSED = b"B", b"R"
# A process that grew beyond this is replaced, so that one large file does not hold memory for the rest of the run.
_RETIRE_BYTES = 400_000_000
_PR_SET_PDEATHSIG = 1

Parse = Callable[[bytes], Book]


def _die_with_parent(parent: int) -> None:
    """Ask the system to end this process when its parent ends; elsewhere than Linux it ends at the next read."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before it could be watched
            os._exit(0)


def _limit(memory: int, seconds: int) -> None:
    """Bound memory and forbid core dumps and new files; where there are no such limits the parent's clock remains."""
    try:
        import resource
    except ImportError:  # Windows
        return
    hard_seconds = resource.getrlimit(resource.RLIMIT_CPU)[1]
    for name, soft in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, memory),
    ):
        _set_limit(name, soft)
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    wanted = spent + seconds
    if hard_seconds != resource.RLIM_INFINITY:
        wanted = min(wanted, hard_seconds)
    # Each file has its own share of time, so the soft limit moves on while the hard one stays.
    resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard_seconds))


def _set_limit(name: int, soft: int) -> None:
    import resource

    hard = resource.getrlimit(name)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    try:
        resource.setrlimit(name, (soft, soft))
    except (ValueError, OSError):
        return  # a system that lacks this one limit, such as macOS for memory


def _peak() -> int:
    """Return the most memory that this process has held, in bytes.

    Linux counts what the parent held before ``exec`` into ``ru_maxrss``, and a notebook's kernel may be large:
    there the high-water mark of the process's own memory tells.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _answer(parse: Parse, data: bytes) -> tuple[bytes, bool, bytes]:
    try:
        return BOOK, False, encode_book(parse(data))
    except Refused as refusal:
        return REFUSED, False, encode_refusal(refusal)
    except MemoryError:
        pass  # outside the handler the half-built book is already gone
    no_room = Refused("file.too_large", "文件内容过大，内存不足，未读入。", "请删去无关内容后重新报送。")
    return REFUSED, True, encode_refusal(no_room)


def serve(parse: Parse, requests: IO[bytes], answers: IO[bytes], memory: int) -> None:
    """Answer requests until they end; one that is cut short ends the process too."""
    answers.write(READY)
    answers.flush()
    while len(header := requests.read(REQUEST.size)) == REQUEST.size:
        seconds, length = REQUEST.unpack(header)
        data = requests.read(length)
        if len(data) != length:
            return
        _limit(memory, seconds)
        tag, last, payload = _answer(parse, data)
        del data
        last = last or _peak() > _RETIRE_BYTES
        answers.write(ANSWER.pack(tag, last, len(payload)))
        answers.write(payload)
        answers.flush()
        if last:
            return


def _quiet() -> IO[bytes]:
    """Return a stream to the parent; the process's own standard output leads nowhere from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    return answers


def main(settings: str) -> None:
    """Run the reading process; ``settings`` is the JSON that ``isolated`` wrote."""
    given = json.loads(settings)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a person's interrupt is the parent's to handle
    _die_with_parent(given["parent"])
    answers = _quiet()
    # openpyxl imports numpy only to recognise its numbers, and Pillow for pictures, which nobody looks at here; without
    # them the process starts in half the time, and no picture of an office is ever decoded.
    for name in ("numpy", "PIL"):
        sys.modules[name] = None  # type: ignore[assignment]
    module, _, name = given["parse"].partition(":")
    parse: Parse = getattr(importlib.import_module(module), name)
    serve(parse, sys.stdin.buffer, answers, given["memory"])
