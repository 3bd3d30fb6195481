"""Kernels that start warm: forked from a process that has already imported what the notebooks import.

Importing pandas, matplotlib and this library takes longer than a report's own work. A nursery imports them once
and forks a fresh kernel for each notebook; kernels share nothing afterwards. Linux alone; elsewhere, or when the
nursery cannot be had, kernels start in the ordinary way.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

_IMPORTS = (
    "pandas",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "assess_lib.figures",
    "assess_lib.pipeline",
    "assess_lib.views",
)
_LAUNCHER = ["-m", "ipykernel_launcher"]


class _Kernel:
    """A forked kernel, with what the provisioner asks of a process; it is a child of the nursery, not ours."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = None  # it died at once

    def poll(self) -> int | None:
        """Return None while the kernel lives."""
        if self._handle is not None and select.select([self._handle], [], [], 0)[0]:
            os.close(self._handle)
            self._handle = None
        return None if self._handle is not None else -1

    def wait(self) -> int:
        """Wait until the kernel is gone."""
        if self._handle is not None:
            select.select([self._handle], [], [])
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send a signal; a kernel that is gone needs none."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that kernels are forked from; it ends when this object's process does."""

    def __init__(self) -> None:
        """Start the process; it imports while the caller goes on."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            # pyarrow's allocator would run a thread of its own, and no thread may run where a fork is made.
            env={**os.environ, "JE_ARROW_MALLOC_CONF": "background_thread:false"},
        )

    def fork(self, arguments: list[str], folder: str) -> _Kernel:
        """Fork a kernel with these arguments in that folder. Raises OSError or ValueError when it cannot be done."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([arguments, folder]).encode() + b"\n")
        self._process.stdin.flush()
        return _Kernel(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process; its kernels notice and go."""
        self._process.kill()


_nursery: Nursery | None = None


def open_nursery() -> None:
    """Start this process's nursery where the system has what it takes."""
    global _nursery
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        _nursery = Nursery()


def close_nursery() -> None:
    """End this process's nursery, and with it, within a second, its kernels."""
    if _nursery is not None:
        _nursery.close()


class _WarmProvisioner(LocalProvisioner):
    """Starts a kernel in the nursery, and in the ordinary way when that fails."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel that ``cmd`` describes."""
        global _nursery
        if _nursery is not None and cmd[1:3] == _LAUNCHER:
            try:
                kernel = _nursery.fork(cmd[3:], str(kwargs.get("cwd") or Path.cwd()))
            except (OSError, ValueError):
                _nursery = None
            else:
                self.process: Any = kernel
                self.pid: Any = kernel.pid
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


class WarmKernelManager(AsyncKernelManager):
    """Jupyter's kernel manager with kernels out of the nursery."""

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        if self.provisioner is None:
            self.provisioner = _WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel


# ---- in the nursery -------------------------------------------------------------------------------------------


def _become_kernel(arguments: list[str], folder: str) -> None:
    """Be the kernel, in the forked child, until it is shut down."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # the nursery's answers go out by 1
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher.py", *arguments]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(arguments)


def _serve() -> None:
    """Import, then fork a kernel for each line that comes in, until the other side is gone."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # read when ipykernel is imported: kernels go when we go
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as an ordinary kernel sets it
    for name in _IMPORTS:
        importlib.import_module(name)
    from assess_lib.fonts import matplotlib_style

    matplotlib_style()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system clears away kernels that have ended
    if len(os.listdir("/proc/self/task")) > 1:
        return  # a fork would lose the other threads: let kernels start in the ordinary way
    for line in sys.stdin.buffer:
        arguments, folder = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                _become_kernel(arguments, folder)
            finally:
                os._exit(0)
        sys.stdout.buffer.write(b"%d\n" % pid)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
