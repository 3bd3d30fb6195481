"""The nursery: a process of one thread that imports, and then forks a process whenever it is asked.

It forks kernels, and workers: processes that call a function with the socket by which they are talked to. A worker can
be a nursery's parent in turn (``client.inherit_nursery``), so that the imports are made once for all of them.

Between a nursery and each kernel stands a keeper, a small forked process that holds the kernel's life line. When
the kernel ends, or the side that wanted it is gone (closed, killed, crashed: the line breaks), or the keeper is told
to end, the keeper ends the kernel and every process that came from it, also those that made themselves independent:
they become the keeper's children (``PR_SET_CHILD_SUBREAPER``). When a keeper itself is killed, its kernel dies with
it (``PR_SET_PDEATHSIG``), and what is left over becomes a child of the nursery, which ends it.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import stat
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_PDEATHSIG, _SUBREAPER = 1, 36
# What a kernel imports before its first cell, part of it only when it gets there.
_KERNEL = (
    "ipykernel_launcher",
    "assess_lib.warm.kernel",
    "ipykernel.debugger",
    "faulthandler",
    "pdb",
    "tornado.platform.asyncio",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
)
_ANSWER = 1 << 16
REQUEST = 1 << 22  # no request is longer: arguments, folder and environment of a process


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _children() -> list[int]:
    """Return the processes whose parent is this one."""
    own = os.getpid()
    with contextlib.suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/self/task/{own}/children").read_text().split()]
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == own:
                found.append(int(pid))
    return found


def _end_descendants() -> None:
    """End every process below this one: as one ends, its children become ours and are next."""
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _own_files() -> list[str]:
    """Return the files of the imported modules that may change while this process lives: not those of packages."""
    prefixes = tuple(os.path.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix))
    named = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    files = {_resolved(name) for name in named if name}
    return sorted(file for file in files if not file.startswith(prefixes))


_folder = cache(os.path.realpath)


def _resolved(file: str) -> str:
    """Return where a file really lies. Each folder is looked up once: there are ten modules to one."""
    folder, name = os.path.split(file)
    return os.path.realpath(file) if os.path.islink(file) else os.path.join(_folder(folder), name)


def _keep_all() -> None:
    """Look for garbage no more among what is imported, here or in any kernel."""
    gc.freeze()
    gc.enable()


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def serve(descriptor: int, imports: Sequence[str], later: Sequence[str] = ()) -> None:
    """Import the modules, then fork for each request that comes in by the socket, until that is closed.

    A name ``module:function`` is imported and called. The first message that goes out tells the files to watch, or
    why nothing can be forked here. Modules of ``later`` are imported after that, one by one, while no request waits,
    until one has told how many of them it wants.
    """
    requests = socket.socket(fileno=descriptor)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as an ordinary kernel does
    before = dict(os.environ)
    gc.disable()  # what is imported stays: to look for garbage among it takes a tenth of the time
    for name in (*_KERNEL, *imports):
        _import(name)
    if _threads() > 1:
        # a fork would lose the other threads, and whatever they hold locked would stay so
        requests.send(json.dumps({"refused": "more than one thread runs after the imports"}).encode())
        return
    _keep_all()
    with contextlib.suppress(OSError):  # nobody is there any more: what was asked for last tells what is to go
        requests.send(json.dumps({"files": _own_files()}).encode())
    nursery = _Nursery(requests, before, later)
    nursery.serve()
    nursery.leave()


def serve_inherited(requests: socket.socket, settings: Sequence[str], folder: str) -> None:
    """Fork for each request, in a process that was forked itself and has imported everything; end when it is closed.

    One kernel lives at a time, and this process is its keeper: it serves again when all is over. Kernels of these
    ``settings`` (the launcher's arguments without the connection file) that start in this folder find the larger part
    of their beginning done.
    """
    from assess_lib.warm import kernel

    os.setsid()
    _hold_only(requests.fileno())
    _prepare_to_keep()
    kernel.build(settings, folder)
    gc.freeze()
    while True:
        request, lines, _, _ = socket.recv_fds(requests, REQUEST, 2)
        if not request:
            return
        if _threads() == 1:
            _keep(json.loads(request), lines, requests)  # whoever has it wants one kernel at a time
        else:
            for line in lines:
                os.close(line)


def _hold_only(kept: int) -> None:
    """Let go of every socket and pipe that the parent had open: nobody is to wait for an end that we hold."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            mode = os.fstat(number).st_mode
            if number > 2 and number != kept and (stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)):
                # Its number stays taken: objects of the parent, which still know it, close nothing of ours.
                os.dup2(nothing, number, inheritable=False)


class _ShellToCome:
    """What modules find that ask for the shell while they are imported here: pandas shows wide tables by its kernel."""

    kernel = None


def _import(name: str) -> None:
    """Import a module as a cell does: ``get_ipython`` tells that this is a kernel; what asks for more is refused."""
    module, _, function = name.partition(":")
    vars(builtins)["get_ipython"] = _ShellToCome
    try:
        imported = importlib.import_module(module)
        if function:
            getattr(imported, function)()
    finally:
        vars(builtins).pop("get_ipython", None)


class _Nursery:
    """Forks keepers and clears away what they leave."""

    def __init__(self, requests: socket.socket, before: Mapping[str, str], later: Sequence[str]) -> None:
        _prctl(_SUBREAPER, 1)
        self._requests = requests
        self._before = before
        self._later = later
        self._imported = 0  # of them, the first ones
        self._told = False  # how many are wanted
        self._keepers: set[int] = set()
        self._folders: set[str] = set()
        self._woken, waking = os.pipe()
        for end in (self._woken, waking):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until the other side is gone; kernels that still run end with it, as their life lines break."""
        requests = self._requests.fileno()
        while True:
            idle = not self._told and self._imported < len(self._later)
            ready, _, _ = select.select([requests, self._woken], [], [], 0 if idle else None)
            if not ready:
                self._import_next()
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._clear_away()
            if requests in ready:
                try:
                    request, lines, _, _ = socket.recv_fds(self._requests, REQUEST, 2)
                except ConnectionError:  # closed by one who had not read all that was said; that is told but once,
                    continue  # and what he said himself before comes now
                if not request:
                    return
                told = json.loads(request)
                if "leave" in told:
                    self._folders.add(told["leave"])
                    continue
                self._told = self._told or told["later"] > 0
                while self._imported < min(told["later"], len(self._later)):
                    self._import_next()
                told["later"] = self._imported
                told["environment"] = {**told["environment"], **self._made()}
                self._fork(told, lines)

    def leave(self) -> None:
        """Remove the folders that are to go, after the end of whatever still runs."""
        if self._folders:
            _end_descendants()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _import_next(self) -> None:
        gc.disable()
        with contextlib.suppress(Exception):  # whoever needs it imports it once more, and says what is wrong
            _import(self._later[self._imported])
        self._imported += 1
        _keep_all()

    def _made(self) -> dict[str, str]:
        """Return what the imports themselves set in the environment, as they would in an ordinary kernel."""
        return {name: value for name, value in os.environ.items() if self._before.get(name) != value}

    def _fork(self, request: dict[str, Any], lines: list[int]) -> None:
        if _threads() == 1:  # otherwise the life line breaks, and the other side starts an ordinary kernel
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    signal.set_wakeup_fd(-1)
                    os.close(self._woken)
                    os.setsid()
                    _prepare_to_keep()
                    self._requests.close()
                    code = _keep(request, lines, self._requests)
                finally:
                    os._exit(code)
            self._keepers.add(pid)
        for line in lines:
            os.close(line)

    def _clear_away(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                break
            self._keepers.discard(pid)
        for pid in _children():
            if pid not in self._keepers:  # of a kernel whose keeper was killed
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


# ---- in the keeper ----------------------------------------------------------------------------------------------


def _prepare_to_keep() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(_SUBREAPER, 1)


def _keep(request: dict[str, Any], lines: list[int], requests: socket.socket) -> int:
    """Fork the kernel, hand out its handle, wait for its end or for the line to break; leave no process behind."""
    keeper = os.getpid()
    kernel = os.fork()
    if kernel == 0:
        try:
            requests.close()
            _become_kernel(request, lines, keeper)
        finally:
            os._exit(1)
    handle = os.pidfd_open(kernel)
    with socket.socket(fileno=lines[0]) as line:
        if len(lines) > 1:
            os.close(lines[1])
        try:
            socket.send_fds(line, [json.dumps({"pid": kernel, "later": request["later"]}).encode()], [handle])
            while handle not in (ready := select.select([line.fileno(), handle], [], [])[0]):
                if not line.recv(_ANSWER):
                    break
            if handle in ready:
                _, status = os.waitpid(kernel, 0)
                line.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())
        except OSError:
            pass  # the other side is gone
        _end_descendants()
    return 0


def _become_kernel(request: dict[str, Any], lines: list[int], keeper: int) -> None:
    os.setsid()
    _prctl(_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        return  # the keeper died before it could be watched
    os.close(lines[0])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    from assess_lib.warm import kernel

    kernel.become(request["arguments"], request["folder"], request["environment"])
    if request["call"]:
        module, _, function = request["call"].partition(":")
        getattr(importlib.import_module(module), function)(socket.socket(fileno=lines[1]))
    elif len(lines) > 1:
        kernel.run(socket.socket(fileno=lines[1]), request["arguments"])
    else:
        kernel.run_zmq(request["arguments"])
    kernel.leave()
