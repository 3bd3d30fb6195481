"""The side that wants kernels: this process's nursery, and a forked process as a handle."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assess_lib.warm import nursery
from assess_lib.warm.nursery import REQUEST

LAUNCHER = ("-m", "ipykernel_launcher")
IMPORTS_VARIABLE = "WARM_KERNEL_IMPORTS"
"""Names, by commas, of the modules that a nursery imports; ``module:function`` is called too."""
_PACKAGES = Path(__file__).resolve().parents[2]
_READY = 120  # seconds in which the imports must be done
_GONE = 10  # seconds in which a keeper has ended all that a kernel left
# What tells one kernel's client from another's; the imports do not depend on it.
_OF_ONE_KERNEL = ("JPY_PARENT_PID", "JPY_SESSION_NAME")
# Read when matplotlib is imported, from the folder in which a kernel starts.
_READ_IN_FOLDER = ("matplotlibrc",)

# No thread may run where a fork is made, and these libraries start theirs when they are imported. A forked kernel
# gets the variables of its own environment back, but its linear algebra computes in one thread.
_SINGLE_THREADED = {
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
}


class CannotFork(Exception):
    """No kernel can be forked; an ordinary one is to be started."""


class Forked:
    """A forked kernel: a process that is not our child, with what ``subprocess.Popen`` offers of one."""

    stdin = stdout = stderr = None

    def __init__(self, line: socket.socket) -> None:
        """Take our end of the kernel's life line, by which its handle arrives. Raises CannotFork when it broke."""
        self._line: socket.socket | None = line
        answer, handles, _, _ = socket.recv_fds(line, 1024, 1)
        if not answer or not handles:
            line.close()
            raise CannotFork("the nursery could not fork")
        told = json.loads(answer)
        self.pid: int = told["pid"]
        self.later: int = told["later"]
        """How many of the modules that can wait had been imported when it was forked."""
        self._handle: int | None = handles[0]
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def poll(self) -> int | None:
        """Return None while the kernel lives, and then its exit code: negative, the signal that ended it."""
        if self.returncode is None and (self._handle is None or select.select([self._handle], [], [], 0)[0]):
            self.returncode = self._status()
        return self.returncode

    def _status(self) -> int:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if self._line is not None and select.select([self._line], [], [], _GONE)[0]:
                return int(json.loads(self._line.recv(1024))["status"])
        return -signal.SIGKILL  # the keeper was killed, and the kernel with it

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended and return its exit code. Raises subprocess.TimeoutExpired."""
        handles = [self._handle] if self.returncode is None and self._handle is not None else []
        if handles and not select.select(handles, [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel alone; one that has ended needs none."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """End the kernel and every process that came from it, if any still runs; return when they are gone."""
        line, self._line = getattr(self, "_line", None), None
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_WR)  # the keeper sees the end of the line, and ends everything
                line.settimeout(_GONE)
                while line.recv(1024):
                    pass
            line.close()
        handle, self._handle = getattr(self, "_handle", None), None
        if handle is not None:
            os.close(handle)


class Nursery:
    """The process that kernels are forked from; it ends when this process does."""

    def __init__(self, imports: Sequence[str], environment: Mapping[str, str], later: Sequence[str] = ()) -> None:
        """Start the process; it imports while the caller goes on, what stands in ``later`` while no request waits."""
        self.imports = tuple(imports)
        self.environment = _shared(environment)
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST)
        self._stamps: dict[str, tuple[int, int] | None] | None = None
        self._lock = threading.Lock()
        code = (
            f"import sys; sys.path[0] = {str(_PACKAGES)!r}; from assess_lib.warm import nursery; del sys.path[0]; "
            f"nursery.serve({theirs.fileno()}, {list(imports)!r}, {list(later)!r})"
        )
        environment = {**environment, **_SINGLE_THREADED}
        with theirs:
            self._process: subprocess.Popen[bytes] | _Child = subprocess.Popen(
                [sys.executable, "-c", code],
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fits(self, imports: Sequence[str], environment: Mapping[str, str]) -> bool:
        """Tell whether a kernel of this environment may be forked here, from modules as they now are on the disk."""
        if self._process.poll() is not None or self.imports != tuple(imports):
            return False
        if self.environment != _shared(environment):
            return False
        return self._stamps is None or all(stamp(file) == known for file, known in self._stamps.items())

    @classmethod
    def inherited(
        cls, imports: Sequence[str], environment: Mapping[str, str], settings: Sequence[str], folder: str
    ) -> Self:
        """Fork this process, which has imported everything and has one thread, as its own nursery."""
        self = cls.__new__(cls)
        self.imports, self.environment = tuple(imports), _shared(environment)
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST)
        self._stamps, self._lock = {}, threading.Lock()
        pid = os.fork()
        if pid == 0:
            try:
                nursery.serve_inherited(theirs, settings, folder)
            finally:
                os._exit(0)
        theirs.close()
        self._process = _Child(pid)
        return self

    def fork(
        self,
        arguments: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        wire: bool,
        *,
        call: str = "",
        later: int = 0,
    ) -> Any:
        """Fork a kernel; return its handle and, when ``wire``, the socket to talk by. Raises CannotFork.

        With ``call`` (``module:function``) that function is called with the socket in the kernel's place. ``later``
        is how many of the modules that can wait must be imported.
        """
        with self._lock, contextlib.ExitStack() as ours:
            try:
                line, their_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                lines = [ours.enter_context(their_line)]
                connection = None
                if wire:
                    connection, their_end = socket.socketpair()
                    lines.append(ours.enter_context(their_end))
                request = {
                    "arguments": list(arguments),
                    "folder": folder,
                    "environment": dict(environment),
                    "call": call,
                    "later": later,
                }
                socket.send_fds(self._requests, [json.dumps(request).encode()], [one.fileno() for one in lines])
                self._await_imports()  # only now: the process finds the request before it imports what can wait
            except (OSError, ValueError) as error:
                raise CannotFork(str(error)) from error
        kernel = Forked(line)
        return (kernel, connection) if wire else kernel

    def remove_at_end(self, folder: str) -> None:
        """Have a folder removed when this process is gone, however it ends, and all that was forked."""
        with self._lock, contextlib.suppress(OSError):
            self._requests.send(json.dumps({"leave": folder}).encode())

    def _await_imports(self) -> None:
        """Wait until the imports are done. Raises CannotFork when they cannot be."""
        if self._stamps is not None:
            return
        self._requests.settimeout(_READY)
        answer = json.loads(self._requests.recv(REQUEST) or b"{}")
        self._requests.settimeout(None)
        if "files" not in answer:
            raise CannotFork(answer.get("refused", "the nursery ended while it imported"))
        self._stamps = {file: stamp(file) for file in answer["files"]}

    def close(self) -> None:
        """End the process; kernels that run end with their own life lines."""
        self._requests.close()
        self._process.kill()
        self._process.wait()


class _Child:
    """A forked child with what ``subprocess.Popen`` offers of one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = False

    def poll(self) -> int | None:
        """Return None while it lives."""
        return self._look(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait until it has ended."""
        return self._look(0)

    def _look(self, how: int) -> int | None:
        if not self._ended:
            with contextlib.suppress(ChildProcessError):
                self._ended = os.waitpid(self._pid, how)[0] != 0
        return 0 if self._ended else None

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)


def _shared(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _OF_ONE_KERNEL}


def stamp(file: str) -> tuple[int, int] | None:
    """Return when a file was written last, and its size; None if there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


_nursery: Nursery | None = None
_owner = 0
_guard = threading.Lock()


def configured(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the modules to import beforehand, as the environment names them."""
    return tuple(name.strip() for name in environment.get(IMPORTS_VARIABLE, "").split(",") if name.strip())


def possible() -> bool:
    """Tell whether this system has what a nursery takes."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def open_nursery(imports: Sequence[str], environment: Mapping[str, str]) -> Nursery:
    """Return this process's nursery for these imports and this environment; start one if need be.

    One that does not fit any more is closed: the environment or a source file changed, or it died. Raises CannotFork
    where there is no fork.
    """
    global _nursery, _owner
    if not possible():
        raise CannotFork("this system cannot fork kernels")
    with _guard:
        if _owner != os.getpid():  # forked from a process that had one: that one is not ours
            _nursery, _owner = None, os.getpid()
            atexit.register(close_nursery)
        if _nursery is not None and not _nursery.fits(imports, environment):
            _nursery.close()
            _nursery = None
        if _nursery is None:
            _nursery = Nursery(imports, environment)
        return _nursery


def inherit_nursery(
    imports: Sequence[str], environment: Mapping[str, str], settings: Sequence[str], folder: str
) -> None:
    """Fork this process as its own nursery, where it is itself forked from one that has imported these modules.

    It gets ready for kernels with these ``settings`` (the launcher's arguments without the connection file) that start
    in a folder.
    """
    global _nursery, _owner
    with _guard:
        _nursery, _owner = Nursery.inherited(imports, environment, settings, folder), os.getpid()


def close_nursery() -> None:
    """End this process's nursery."""
    global _nursery
    if _nursery is not None and _owner == os.getpid():
        _nursery.close()
    _nursery = None


def arguments_of(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the launcher's arguments in a command that starts this very Python's kernel. Raises CannotFork."""
    program = shutil.which(command[0], path=environment.get("PATH")) if command else None
    if program is None or tuple(command[1:3]) != LAUNCHER or not _same_python(program):
        raise CannotFork("not a kernel of this Python")
    return list(command[3:])


def _same_python(program: str) -> bool:
    # In a virtual environment the interpreter's folder decides, not the file that it is a link to.
    mine, other = Path(sys.executable), Path(program)
    return mine == other or (mine.parent.resolve() == other.parent.resolve() and mine.resolve() == other.resolve())


def shadowed(imports: Sequence[str], folder: str) -> bool:
    """Tell whether an ordinary kernel, started in this folder, would import or read something of the folder instead."""
    names = {name.partition(":")[0].partition(".")[0] for name in imports}
    here = Path(folder)
    return any((here / name).is_dir() or (here / f"{name}.py").exists() for name in names) or any(
        (here / name).exists() for name in _READ_IN_FOLDER
    )


def fork(
    command: Sequence[str], folder: str, environment: Mapping[str, str], *, wire: bool, imports: Any = None
) -> Any:
    """Fork the kernel that ``command`` would start. Raises CannotFork when it has to be started in the ordinary way.

    ``imports`` are names of modules (None: those of the environment). Return its handle; with ``wire`` also the socket.
    """
    arguments = arguments_of(command, environment)
    names = configured(environment) if imports is None else tuple(imports)
    if not os.path.isdir(folder) or not os.access(folder, os.X_OK):
        raise CannotFork("no kernel can start in the folder")  # starting an ordinary one says why
    if shadowed(names, folder):
        raise CannotFork("modules of the folder come first")
    return open_nursery(names, environment).fork(arguments, folder, environment, wire)
