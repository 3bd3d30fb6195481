"""Read one untrusted file: its bytes here, without following links or waiting on pipes; their meaning elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from assess_lib.errors import EnvironmentFailure
from assess_lib.intake.cells import Book, Refused
from assess_lib.intake.isolated import IsolatedReader, reader_of_thread

MAX_BYTES = 64_000_000


def read_bytes(path: Path) -> bytes:
    """Return a regular file's bytes without following links or waiting on a pipe; raise Refused if that fails."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Refused("file.not_regular", "不是普通文件，不予读取。", "请换成数据文件本身。")
            if status.st_size > MAX_BYTES:
                raise Refused(
                    "file.too_large",
                    f"文件过大（{status.st_size // 1_000_000} MB），不予读取。",
                    "请删去图片等无关内容后重新报送。",
                )
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(
            "file.unreadable",
            f"文件打不开（{os.strerror(error.errno or 0)}）。",
            "请检查文件权限或磁盘，关闭占用它的程序后重试。",
        ) from error


def warm_up() -> None:
    """Start this thread's reading process without waiting for it: it gets ready while the caller does other things."""
    with suppress(EnvironmentFailure):  # the first file will say so, with its name
        reader_of_thread().start()


def read_book(path: Path, reader: IsolatedReader | None = None) -> Book:
    """Read a file fully, whatever its ending, or refuse it; a process of its own parses it (default: this thread's).

    Raises Refused, and nothing else that a file's content can cause; EnvironmentFailure when the machine has no room
    for a reading process. What a sheet's notes call an error must not be used.
    """
    return (reader or reader_of_thread()).read(read_bytes(path))


_kept: dict[bytes, Book] = {}  # what files held that were read beforehand, by the digest of their bytes


def read_beforehand(paths: Iterable[Path]) -> None:
    """Read files that will probably be read again, and keep their books, here and in whatever is forked from here.

    A book is found again by its file's bytes alone. What is refused now is told when it is its turn.
    """
    reader = IsolatedReader()
    try:
        for path in paths:
            with suppress(Refused):
                data = read_bytes(path)
                _kept[_digest(data)] = reader.read(data)
    finally:
        reader.close()


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()


def _known(data: bytes) -> Book | None:
    """Return the book of a file that was read beforehand with these very bytes."""
    return _kept.get(_digest(data)) if _kept else None


class Books:
    """The books of files that are read in a known order: while one is looked at, the next is being parsed."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Take the files in the order in which they will be read."""
        self._paths = list(paths)
        self._held: dict[Path, bytes] = {}

    def read(self, path: Path) -> Book:
        """Read a file as ``read_book`` does, and let this thread's reading process begin with the following one."""
        try:
            data = self._bytes(path)
            book = _known(data) or reader_of_thread().read(data)
        except Refused:
            self._read_ahead(path)
            raise
        self._read_ahead(path)
        return book

    def _bytes(self, path: Path) -> bytes:
        held = self._held.pop(path, None)
        return read_bytes(path) if held is None else held

    def _read_ahead(self, path: Path) -> None:
        """Begin with the next file that is not known already."""
        for following in self._paths[self._paths.index(path) + 1 :]:
            with suppress(Refused):  # told when it is its turn
                self._held[following] = data = self._bytes(following)
                if _known(data) is None:
                    reader_of_thread().read_ahead(data)
                    return
