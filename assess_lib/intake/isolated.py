"""Read untrusted bytes in a process of its own, so that a parser that dies, hangs or swells costs one file.

One warm process serves many files. It is started by exec (never by fork alone), so that threads of a Jupyter kernel
or a test runner do not matter; each thread of ours has its own, so that nothing is shared and the process ends with
the thread that started it. It is replaced after a death. Every answer is checked before it is believed.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assess_lib.errors import EnvironmentFailure
from assess_lib.intake.cells import Book, Refused
from assess_lib.intake.wire import WireError, decode_book, decode_refusal
from assess_lib.intake.worker import ANSWER, BOOK, READY, REFUSED, REQUEST

PARSE = "assess_lib.intake.parse:parse"
# The search path is handed over as it is here: the package need not be installed, the working directory is not on it,
# and Python need not look for its packages (-S).
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[2]); "
    "from assess_lib.intake.worker import main; main(sys.argv[1])"
)
_START_SECONDS = 60.0
_MAX_ANSWER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one file may cost: bytes of memory, seconds of processor time (more for a large file), and by the clock.

    A workbook of a million cells, some 4 MB, takes 40 seconds; what an office hands in takes a tenth of one.
    """

    memory: int = 2_000_000_000
    seconds: int = 20
    seconds_per_megabyte: int = 40
    longest: int = 300
    clock_factor: float = 3.0

    def processor(self, size: int) -> int:
        """Return the seconds of processor time that a file of ``size`` bytes may cost."""
        return min(self.seconds + self.seconds_per_megabyte * size // 1_000_000, self.longest)

    def clock(self, size: int) -> float:
        """Return the seconds that may pass until its answer, on a machine that others use too."""
        return self.clock_factor * self.processor(size)


class _Died(Exception):
    def __init__(self, slow: bool, how: str) -> None:
        super().__init__(how)
        self.slow = slow
        self.how = how


def _died(death: _Died) -> Refused:
    if death.slow:
        return Refused(
            "file.reader_slow",
            "读取这个文件用时过长，已中止，未读入；其他文件不受影响。",
            "请用 Excel 或 WPS 打开检查，删去无关内容后另存为新的 .xlsx，再重新报送。",
        )
    return Refused(
        "file.reader_died",
        f"读取程序在读这个文件时异常中止（{death.how}），未读入；其他文件不受影响。",
        "文件很可能已损坏：请用 Excel 或 WPS 打开检查后另存为新的 .xlsx，再重新报送。",
    )


def _search_path() -> list[str]:
    root = str(Path(__file__).resolve().parents[2])
    paths = [os.path.abspath(entry) for entry in sys.path if entry]
    return paths if root in paths else [*paths, root]


def _stop(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a reading process and leave nothing of it behind; one that a fork inherited is left to its owner."""
    if os.getpid() == owner:
        process.kill()
        process.wait()
    else:
        process.returncode = 0
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:  # what was not sent stays unsent
                continue


class IsolatedReader:
    """A reading process that is started when needed and replaced when it dies; for one thread at a time.

    ``parse`` names the function, as ``module:name``, that turns bytes into a Book there.
    """

    def __init__(self, parse: str = PARSE, limits: ReadLimits | None = None) -> None:
        self._parse = parse
        self._limits = limits or ReadLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes], int], IsolatedReader] | None = None
        self._owner = 0
        self._ready = False
        self._served = 0
        self._ahead: bytes | None = None

    @property
    def pid(self) -> int | None:
        """The reading process's id, None while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process if it does not run, without waiting for it; raise EnvironmentFailure if that fails."""
        process = self._process
        if process is not None and self._owner == os.getpid() and process.poll() is None:
            return
        self.close()
        settings = {
            "parse": self._parse,
            "memory": self._limits.memory,
            "parent": os.getpid(),
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, json.dumps(settings), json.dumps(_search_path())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise EnvironmentFailure(
                f"无法启动读取表格的进程（{os.strerror(error.errno or 0)}）。请检查内存和权限后重试。"
            ) from error
        self._owner = os.getpid()
        self._ready = False
        self._served = 0
        self._ahead = None
        self._finalizer = weakref.finalize(self, _stop, self._process, self._owner)

    def close(self) -> None:
        """End the process, if there is one."""
        if self._finalizer is not None:
            self._finalizer()
        self._process = self._finalizer = None

    def read(self, data: bytes) -> Book:
        """Return the book that a file's bytes hold.

        Raises Refused as the parser does, and for one that dies (``file.reader_died``) or takes too long
        (``file.reader_slow``); EnvironmentFailure when no reading process can be started.
        """
        if self._ahead is not None and self._ahead is not data:
            self.close()  # it works on a file that nobody wants
        for attempt in (1, 2):
            self.start()
            fresh = self._served == 0
            try:
                return self._ask(data)
            except _Died as death:
                self.close()
                # A process that read other files before may have died of them: a fresh one decides.
                if fresh or death.slow or attempt == 2:
                    raise _died(death) from death
            except Refused as refusal:
                # The same holds for one that ran out of memory, and ended for that.
                if refusal.code != "file.too_large" or self._process is not None or fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def read_ahead(self, data: bytes) -> None:
        """Let the process begin with the bytes that ``read`` will be given next, while the caller does other things.

        Whatever goes wrong is found by that ``read``.
        """
        process = self._process
        if self._ahead is data or process is None or process.stdin is None or self._owner != os.getpid():
            return
        if not self._ready and not _speaks(process.stdout):
            return  # it still starts: who writes to it now would wait
        with suppress(OSError):
            self._send(process.stdin, data)
        self._ahead = data

    def _send(self, requests: IO[bytes], data: bytes) -> None:
        requests.write(REQUEST.pack(self._limits.processor(len(data)), len(data)))
        requests.write(data)
        requests.flush()

    def _ask(self, data: bytes) -> Book:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        try:
            if not self._ready:
                self._wait_until_ready(process, process.stdout)
            with _clock(process, self._limits.clock(len(data))) as expired:
                try:
                    if self._ahead is None:
                        self._send(process.stdin, data)
                    self._ahead = None
                    tag, last, length = ANSWER.unpack(_exactly(process.stdout, ANSWER.size))
                    if length > _MAX_ANSWER or tag not in (BOOK, REFUSED):
                        raise _Died(False, "回答无效")
                    payload = _exactly(process.stdout, length)
                except (OSError, EOFError) as error:
                    raise _how_it_died(process, expired) from error
            self._served += 1
            if last or expired.is_set():
                self.close()
        except (_Died, EnvironmentFailure):
            raise
        except BaseException:  # an interrupt in the midst of an answer: the rest of it must not meet the next file
            self.close()
            raise
        try:
            if tag == BOOK:
                return decode_book(payload)
            refusal = decode_refusal(payload)
        except WireError as error:
            raise _Died(False, "回答无效") from error
        raise refusal

    def _wait_until_ready(self, process: subprocess.Popen[bytes], answers: IO[bytes]) -> None:
        try:
            with _clock(process, _START_SECONDS):
                self._ready = _exactly(answers, len(READY)) == READY
        except (OSError, EOFError):
            self._ready = False
        if not self._ready:
            self.close()
            raise EnvironmentFailure("读取表格的进程启动后立即中止。请检查内存和软件安装（make setup）后重试。")


def _speaks(answers: IO[bytes] | None) -> bool:
    """Tell whether a process has said something, where that can be seen without waiting."""
    if os.name == "nt" or answers is None:
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(answers, selectors.EVENT_READ)
        return bool(selector.select(0))


@contextmanager
def _clock(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill a process unless the block ends in time; the event tells. Pipes have no timeouts of their own everywhere."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
        timer.join()  # whoever forks afterwards has one thread


def _how_it_died(process: subprocess.Popen[bytes], expired: threading.Event) -> _Died:
    process.kill()
    code = process.wait()
    slow = expired.is_set() or (hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU)
    if code < 0:
        try:
            how = f"信号 {signal.Signals(-code).name}"
        except ValueError:
            how = f"信号 {-code}"
    else:
        how = f"退出码 {code}"
    return _Died(slow, how)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return data


_OF_THREAD = threading.local()


def reader_of_thread() -> IsolatedReader:
    """Return this thread's warm reader; it is started by its first file and ends with the thread or the program."""
    reader = getattr(_OF_THREAD, "reader", None)
    if not isinstance(reader, IsolatedReader):
        reader = _OF_THREAD.reader = IsolatedReader()
    return reader
