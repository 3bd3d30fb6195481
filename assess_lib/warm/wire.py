"""Messages over one socket pair: Jupyter's frames, each list of frames with the channel it belongs to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import Iterator, Sequence

SHELL, IOPUB, CONTROL = b"s", b"i", b"c"
# All cells of a notebook, to the kernel; the end of each of them, from it.
CELLS, DONE = b"a", b"d"

_HEAD = struct.Struct("!cI")  # channel, number of frames
_SIZE = struct.Struct("!Q")  # bytes of one frame


def packed(channel: bytes, frames: Sequence[bytes | memoryview]) -> bytes:
    """Return the bytes that carry these frames."""
    sizes = b"".join(_SIZE.pack(memoryview(frame).nbytes) for frame in frames)
    return b"".join((_HEAD.pack(channel, len(frames)), sizes, *frames))


class Reader:
    """Put messages together again from the pieces in which a stream delivers them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
        """Take the next bytes; yield ``(channel, frames)`` of each message that is whole now."""
        self._buffer += piece
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> tuple[bytes, list[bytes]] | None:
        if len(self._buffer) < _HEAD.size:
            return None
        channel, count = _HEAD.unpack_from(self._buffer)
        start = _HEAD.size + count * _SIZE.size
        if len(self._buffer) < start:
            return None
        sizes = [_SIZE.unpack_from(self._buffer, _HEAD.size + n * _SIZE.size)[0] for n in range(count)]
        end = start + sum(sizes)
        if len(self._buffer) < end:
            return None
        frames = []
        for size in sizes:
            frames.append(bytes(self._buffer[start : start + size]))
            start += size
        del self._buffer[:end]
        return channel, frames


class Writer:
    """Send messages whole. Who sends sees to it that no other thread does, and that nothing breaks it off."""

    def __init__(self) -> None:
        self._connection: socket.socket | None = None

    def connect(self, connection: socket.socket | None) -> None:
        """Take the socket to send by; while there is none nobody hears anything."""
        self._connection = connection

    def send(self, channel: bytes, frames: Sequence[bytes | memoryview]) -> None:
        """Send one message; when the other side is gone there is nobody to tell."""
        data = packed(channel, frames)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self._connection is not None:
                self._connection.sendall(data)


class Outlet:
    """Carries messages from processes that a notebook forks (multiprocessing) to the kernel, whole or not at all.

    A forked process may be ended at any moment, in the middle of a message; on the kernel's own socket that would
    spoil all that follows. A pipe takes up to PIPE_BUF bytes at once, so pieces of that size never mix.
    """

    _PIECE = struct.Struct("!QQH?")  # process, message, bytes, last piece
    _BLOCK = 4096

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._writing, 1031, 1 << 20)  # F_SETPIPE_SZ: room, so that children need not wait
        self._serial = 0
        self._pieces: dict[tuple[int, int], bytearray] = {}

    def send(self, channel: bytes, frames: Sequence[bytes | memoryview]) -> None:
        """Send one message from a forked process."""
        data = packed(channel, frames)
        self._serial += 1
        room = self._BLOCK - self._PIECE.size
        for start in range(0, len(data), room):
            piece = data[start : start + room]
            head = self._PIECE.pack(os.getpid(), self._serial, len(piece), start + room >= len(data))
            os.write(self._writing, (head + piece).ljust(self._BLOCK, b"\0"))

    def receive(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Yield the messages that have arrived whole, without waiting."""
        while True:
            try:
                block = os.read(self.reading, self._BLOCK)
            except BlockingIOError:
                return
            if not block:
                return
            process, message, size, last = self._PIECE.unpack_from(block)
            pieces = self._pieces.setdefault((process, message), bytearray())
            pieces += block[self._PIECE.size : self._PIECE.size + size]
            if last:
                yield from Reader().feed(bytes(self._pieces.pop((process, message))))
