"""Jupyter's kernel manager and client for a kernel that is forked and talked to over a socket pair."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Any as AnyTrait

from assess_lib.warm import wire
from assess_lib.warm.client import CannotFork, Forked, fork, possible

_LOCAL = {None, "local-provisioner", "warm-provisioner"}
_GRACE = 5.0  # seconds in which a kernel that was asked to stop does what was registered for its end


class _Connection:
    """The socket pair: messages by channel, for whichever event loop asks for one."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._reader = wire.Reader()
        self._unsent = bytearray()
        self._waiting: set[asyncio.Future[None]] = set()
        self.messages: dict[bytes, deque[list[bytes]]] = {wire.SHELL: deque(), wire.IOPUB: deque(), wire.DONE: deque()}
        self._order: deque[bytes] = deque()  # of which channel each message is, in the order in which they came
        self.ended = False

    def send(self, channel: bytes, frames: list[bytes]) -> None:
        """Send a message, as far as the kernel takes it in; the rest goes when it does, while messages are awaited.

        A kernel reads nothing while a cell runs, and what the cell shows may itself wait for us to read: whoever only
        waited here would wait for ever. A kernel that is gone is noticed elsewhere.
        """
        self._unsent += wire.packed(channel, frames)
        self._send_on()

    def _send_on(self) -> None:
        while self._unsent:
            try:
                sent = self._socket.send(self._unsent)
            except BlockingIOError:
                return
            except OSError:
                sent = len(self._unsent)
            del self._unsent[:sent]

    async def get(self, channel: bytes, timeout: float | None) -> list[bytes]:
        """Return the next message of a channel. Raises queue.Empty when none comes in time."""
        messages = self.messages[channel]
        deadline = None if timeout is None else time.monotonic() + timeout
        if messages:
            await asyncio.sleep(0)  # a kernel that goes on talking must not keep others, and their timeouts, waiting
        while not messages:
            if not self.ended:
                self._receive()
                if messages:
                    break
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise Empty
            await self._more(left)
        self._order.remove(channel)
        return messages.popleft()

    def next(self, deadline: float | None) -> tuple[bytes, list[bytes]]:
        """Wait for the next message of any channel, and return it with its channel.

        Raises queue.Empty when none comes before the deadline (of the monotonic clock), EOFError when none can come.
        """
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise Empty
            if self._order:
                break
            if self.ended:
                raise EOFError
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN | (select.POLLOUT if self._unsent else 0))
            waiting.poll(None if left is None else left * 1000)
            self._send_on()
            self._receive()
        channel = self._order.popleft()
        return channel, self.messages[channel].popleft()

    async def _more(self, timeout: float | None) -> None:
        """Wait until something can be read, or for that long."""
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        self._waiting.add(arrived)
        if not self.ended:
            loop.add_reader(self._socket, self._wake, loop)
            if self._unsent:
                loop.add_writer(self._socket, self._write, loop)
        try:
            await asyncio.wait({arrived}, timeout=timeout)
        finally:
            self._waiting.discard(arrived)
            if not self._waiting and not self.ended:
                loop.remove_reader(self._socket)
                loop.remove_writer(self._socket)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._receive()
        if self.ended:
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        self._send_on()
        if not self._unsent:
            loop.remove_writer(self._socket)

    def _receive(self) -> None:
        """Take in a piece of what has come; whoever waits looks again then, as it may be for any channel."""
        try:
            piece = self._socket.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.ended = True
        for channel, frames in self._reader.feed(piece):
            self.messages[channel].append(frames)
            self._order.append(channel)
        for arrived in self._waiting:
            arrived.get_loop().call_soon(_resolve, arrived)

    def close(self) -> None:
        """Close our end."""
        self.ended = True
        self._socket.close()


def _resolve(arrived: asyncio.Future[None]) -> None:
    if not arrived.done():
        arrived.set_result(None)


class _Channel:
    """One channel of the connection, with the methods of jupyter_client's own channels."""

    def __init__(self, connection: _Connection, session: Any, name: bytes) -> None:
        self._connection, self._session, self._name = connection, session, name

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message to the kernel."""
        self._connection.send(self._name, [bytes(frame) for frame in self._session.serialize(msg)])

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Return the next message. Raises queue.Empty when none comes in ``timeout`` seconds."""
        _, frames = self._session.feed_identities(await self._connection.get(self._name, timeout))
        return _message(self._session, frames)

    async def msg_ready(self) -> bool:
        """Tell whether a message has arrived."""
        return bool(self._connection.messages[self._name])

    def is_alive(self) -> bool:
        """Tell whether messages may come."""
        return not self._connection.ended


def _message(session: Any, frames: list[bytes]) -> dict[str, Any]:
    """Return the message that the frames are, as ``Session.deserialize`` does.

    That looks for dates in every part of both headers, the slow way; a header has one.
    """
    _signature, *parts = frames
    header, parent, metadata, content = map(session.unpack, parts[:4])
    return {
        "header": _dated(header),
        "msg_id": header["msg_id"],
        "msg_type": header["msg_type"],
        "parent_header": _dated(parent),
        "metadata": metadata,
        "content": content,
        "buffers": [memoryview(part) for part in parts[4:]],
    }


def _dated(header: dict[str, Any]) -> dict[str, Any]:
    date = header.get("date")
    if isinstance(date, str):
        with contextlib.suppress(ValueError):
            header["date"] = datetime.fromisoformat(date)
    return header


class WiredClient(AsyncKernelClient):
    """Jupyter's client over a socket pair; the manager knows whether the kernel lives."""

    connection = AnyTrait()
    handed: deque[str]
    """Ids of the requests that the kernel was given at once, as far as nobody has asked for them."""

    def hand_over(self, cells: Iterable[tuple[str, bool]]) -> None:
        """Give the kernel all cells that it is to run: their code, and whether an error ends the notebook."""
        told = [(str(uuid.uuid4()), code, stops) for code, stops in cells]
        self.handed = deque(number for number, _, _ in told)
        self.connection.send(wire.CELLS, [json.dumps(told).encode()])

    def execute(self, *arguments: Any, **named: Any) -> str:
        """Ask for a cell, or return the id of the request by which the kernel has it already."""
        return self.handed.popleft() if self.handed else super().execute(*arguments, **named)

    def next(self, deadline: float | None) -> tuple[bytes, dict[str, Any]]:
        """Return the next message and its channel; of the end of a cell, its id alone.

        Raises queue.Empty when none comes before the deadline (of the monotonic clock), EOFError when none can come.
        """
        channel, frames = self.connection.next(deadline)
        if channel == wire.DONE:
            return channel, {"msg_id": frames[0].decode()}
        return channel, _message(self.session, self.session.feed_identities(frames)[1])

    def start_channels(self, *_arguments: Any, **_channels: Any) -> None:
        """Open the channels."""
        self.session.key = b""
        self.handed = deque()
        self._shell_channel = _Channel(self.connection, self.session, wire.SHELL)
        self._iopub_channel = _Channel(self.connection, self.session, wire.IOPUB)

    def stop_channels(self) -> None:
        """Close the channels."""
        self._shell_channel = self._iopub_channel = None

    @property
    def channels_running(self) -> bool:
        """Tell whether the channels are open."""
        return self._shell_channel is not None

    @property
    def shell_channel(self) -> Any:
        """The channel of requests."""
        return self._shell_channel

    @property
    def iopub_channel(self) -> Any:
        """The channel of outputs."""
        return self._iopub_channel

    async def is_alive(self) -> bool:
        """Tell whether the kernel lives."""
        assert self.parent is not None
        return bool(await self.parent.is_alive())

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel's first word. Raises RuntimeError when it dies before it, or takes too long."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                await self.iopub_channel.get_msg(timeout=1 if timeout is None else min(1, timeout))
            except Empty:
                pass
            else:
                return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if deadline is not None and time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")


class WarmKernelManager(AsyncKernelManager):
    """Jupyter's kernel manager; its kernel is forked when that is possible, and an ordinary one otherwise."""

    forked: Forked | None = None
    imports: Any = None
    """Names of modules to import beforehand; None: those that the environment names."""
    exit_code: int | None = None
    """How the kernel ended when nobody ended it: as ``subprocess.Popen.returncode``."""
    _connection: _Connection | None = None

    async def start_kernel(self, **kw: Any) -> None:  # type: ignore[override]
        """Fork the kernel, or start it in the ordinary way."""
        try:
            await self._fork(dict(kw))
        except CannotFork as why:
            self.log.debug("an ordinary kernel is started: %s", why)
            await AsyncKernelManager.start_kernel(self, **kw)

    async def _fork(self, kw: dict[str, Any]) -> None:
        spec = self.kernel_spec
        provisioner = spec.metadata.get("kernel_provisioner", {}) if spec else {}
        if spec is None or provisioner.get("provisioner_name") not in _LOCAL or not possible():
            raise CannotFork("not a kernel of this machine")
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        extra = kw.pop("extra_arguments", [])
        kw.pop("kernel_id", None)
        folder = str(kw.pop("cwd", None) or Path.cwd())
        self._launch_args = dict(kw)
        plain = LocalProvisioner(kernel_id=self.kernel_id, kernel_spec=spec, parent=self)
        # the environment as every provisioner makes it; connection file and ports are not needed
        prepared = await KernelProvisionerBase.pre_launch(plain, cmd=self.format_kernel_cmd(extra), **kw)
        environment = {**prepared["env"], "JPY_PARENT_PID": str(os.getpid())}
        if set(prepared) - {"env", "cmd"}:
            raise CannotFork("options of a process that are not known here")
        imports = provisioner.get("config", {}).get("imports") if self.imports is None else self.imports
        self.forked, connection = fork(prepared["cmd"], folder, environment, wire=True, imports=imports)
        self._connection = _Connection(connection)

    @property
    def has_kernel(self) -> bool:
        """Tell whether there is a kernel."""
        return self.forked is not None or AsyncKernelManager.has_kernel.fget(self)  # type: ignore[attr-defined]

    def client(self, **kwargs: Any) -> Any:
        """Return a client of the kernel."""
        if self.forked is None:
            return super().client(**kwargs)
        return WiredClient(parent=self, log=self.log, connection=self._connection, **kwargs)

    async def is_alive(self) -> bool:  # type: ignore[override]
        """Tell whether the kernel lives."""
        if self.forked is None:
            return bool(await super().is_alive())
        self.exit_code = self.forked.poll()
        return self.exit_code is None

    def await_end(self) -> None:
        """Wait until a kernel whose line has ended is gone itself, a moment later, and note how it ended."""
        if self.forked is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.exit_code = self.forked.wait(_GRACE)

    async def interrupt_kernel(self) -> None:  # type: ignore[override]
        """Interrupt what the kernel and its processes do."""
        await self.signal_kernel(signal.SIGINT)

    async def signal_kernel(self, signum: int) -> None:  # type: ignore[override]
        """Send a signal to the kernel and the processes of its group."""
        if self.forked is None:
            await super().signal_kernel(signum)
        elif self.forked.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.forked.pid, signum)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        """End the kernel and every process that came from it; unless ``now``, let it first end by itself."""
        if self.forked is None:
            await super().shutdown_kernel(now=now, restart=restart)
            return
        forked, self.forked = self.forked, None
        if not now and self._connection is not None:
            self._connection.send(wire.CONTROL, [])
            with contextlib.suppress(subprocess.TimeoutExpired):
                forked.wait(_GRACE)
        self._drop(forked)

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        """Leave nothing behind."""
        forked, self.forked = self.forked, None
        if forked is not None:
            self._drop(forked)
        await super().cleanup_resources(restart=restart)

    def _drop(self, forked: Forked) -> None:
        forked.kill()
        forked.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
