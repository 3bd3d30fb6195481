"""The forked kernel: ipykernel's own kernel, shell and streams, with a socket pair in the place of ZMQ's sockets.

Everything that decides what a cell's outputs are is ipykernel's and IPython's code, unchanged: only the transport
differs. That is why the outputs are those of an ordinary kernel.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import socket
import sys
import threading

# Behind the function of the module signal, which takes ten times as long: it makes enumerations of all that it sees.
from _signal import getsignal  # type: ignore[import-not-found]
from collections import deque
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGSTOP, valid_signals
from typing import Any
from uuid import uuid4

import zmq
from ipykernel.iostream import BackgroundSocket, IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.utils import _async_in_context
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.application import BaseIPythonApplication
from tornado import ioloop
from tornado.log import gen_log
from traitlets import Any as AnyTrait
from traitlets import Type as TypeTrait

from assess_lib.warm import interrupts, wire

_SIGNALS = tuple(int(number) for number in valid_signals() - {SIGINT, SIGKILL, SIGSTOP})


class _Stream:
    """The shell channel, as far as the kernel sends by it."""

    def __init__(self, publisher: _Publisher) -> None:
        self._publisher = publisher

    def send_multipart(self, frames: Sequence[bytes | memoryview], **_options: Any) -> None:
        """Send a reply."""
        self._publisher.send_by(wire.SHELL, frames)

    def flush(self, *_arguments: Any) -> None:
        """Do nothing: what is sent is sent."""


class _Later:
    """The publisher's event loop as its streams see it: what they ask for may be asked in any thread."""

    def __init__(self, publisher: _Publisher) -> None:
        self._publisher = publisher

    def call_later(self, delay: float, function: Callable[[], Any]) -> None:
        """Call a function in the publisher's thread after some seconds."""
        publisher, loop = self._publisher, self._publisher.loop
        loop.add_callback(loop.call_later, delay, lambda: publisher.schedule(function))


class _Publisher(IOPubThread):
    """ipykernel's publisher of output, writing to the socket pair.

    ZMQ's sockets belong to one thread, so ipykernel hands each message over to it, and waits; a socket pair may be
    written to by any. Here the thread that has something to say sends it: what is left to the other one is to flush
    what a cell prints while it runs, and to pass on what forked processes say. Only where a handler of a signal could
    break off what is being sent, or send something in the middle of it, is it handed over as ipykernel does.
    """

    def __init__(self, writer: wire.Writer) -> None:
        self._writer = writer
        self._pipe_flag = True
        self._stopped = False
        self.socket: Any = self
        self.session: Any = False
        self.background_socket = BackgroundSocket(self)
        self.io_loop: Any = _Later(self)
        self._events: deque[Callable[..., Any]] = deque()
        self._event_pipes: dict[threading.Thread, Any] = {}

    def start(self) -> None:
        """Start the thread, in the process that is to publish."""
        self._outlet = wire.Outlet()
        self._master_pid = os.getpid()
        self._sending = threading.RLock()
        self.loop = ioloop.IOLoop(make_current=False)
        self.loop.add_handler(self._outlet.reading, lambda *_: self.schedule(self._forward), ioloop.IOLoop.READ)
        self.thread = threading.Thread(target=self._thread_main, name="IOPub", daemon=True)
        super().start()  # type: ignore[no-untyped-call]

    def _thread_main(self) -> None:
        self.loop.start()
        self.loop.close()

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        if self.thread.is_alive():
            self.loop.add_callback(self.loop.stop)
            self.thread.join(timeout=30)
            self._catch_up()

    def schedule(self, f: Callable[..., Any]) -> None:
        """Call a function, when all that was asked for before is done; what it raises is logged."""
        if not self._is_master_process():  # type: ignore[no-untyped-call]
            f()  # forked, perhaps while another thread was sending: nobody would ever let go
        elif (self._events or _may_be_broken_off()) and self.thread.is_alive():
            self._events.append(f)
            self.loop.add_callback(self._catch_up)
        else:
            with interrupts.put_off(), self._sending:  # half a message would spoil all that follow
                _call(f)

    def _catch_up(self) -> None:
        with self._sending:
            while self._events:
                _call(self._events.popleft())

    def send_by(self, channel: bytes, frames: Sequence[bytes | memoryview]) -> None:
        """Send what is no output, when all that was said before is sent."""
        self.schedule(lambda: self._writer.send(channel, frames))

    def _really_send(self, msg: Sequence[bytes | memoryview], *_arguments: Any, **_options: Any) -> None:
        if self._is_master_process():  # type: ignore[no-untyped-call]
            self._forward()  # what forked processes said comes before what the kernel says now
            self._writer.send(wire.IOPUB, msg)
        else:
            self._outlet.send(wire.IOPUB, msg)

    def _forward(self) -> None:
        for channel, frames in self._outlet.receive():
            self._writer.send(channel, frames)

    def close(self) -> None:
        """Nothing is to be closed: the process ends."""


def _may_be_broken_off() -> bool:
    """Tell whether handlers of signals may run here, in the middle of anything: Python calls them in its first thread.

    That of SIGINT, which every kernel has, can be put off.
    """
    return threading.current_thread() is threading.main_thread() and any(map(callable, map(getsignal, _SIGNALS)))


def _call(function: Callable[..., Any]) -> None:
    """Call a function of the publisher; what it raises is no error of the cell, and is logged as ZMQ's streams do."""
    try:
        function()
    except Exception:
        gen_log.error("Uncaught exception in ZMQStream callback", exc_info=True)


class _NoThread:
    """Stands where ipykernel has the thread of its shell socket: there is none, and requests come to this thread."""

    def __init__(self) -> None:
        self.parent_thread = threading.current_thread()

    def __bool__(self) -> bool:
        return False


class WiredKernel(IPythonKernel):
    """IPython's kernel; its shell channel need not be a ZMQ stream."""

    shell_stream = AnyTrait()
    quiet = False
    """Whether only outputs and replies are sent: nobody waits for a word that a cell begins or has ended."""
    last_status = "ok"
    process = 0
    """The kernel's own process; others are forked by cells."""
    # ipykernel lets half a millisecond pass after each cell, because a reply may overtake outputs on another socket.
    # Here all come by one.
    _execute_sleep = 0.0

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False

    def _publish_status(self, *arguments: Any, **named: Any) -> None:
        if not self.quiet:
            super()._publish_status(*arguments, **named)  # type: ignore[no-untyped-call]

    def _publish_execute_input(self, *arguments: Any, **named: Any) -> None:
        if not self.quiet:
            super()._publish_execute_input(*arguments, **named)  # type: ignore[no-untyped-call]

    async def execute_request(self, *arguments: Any, **named: Any) -> None:
        """Run a cell. A process that the cell forked, and that is still there at its end, ends there."""
        try:
            await super().execute_request(*arguments, **named)  # type: ignore[no-untyped-call]
        finally:
            if os.getpid() != self.process:
                os._exit(0)

    async def do_execute(self, *arguments: Any, cell_meta: Any = None, cell_id: Any = None, **named: Any) -> Any:
        """Run a cell, and remember how it ended."""
        run: Any = super().do_execute
        reply = await run(*arguments, cell_meta=cell_meta, cell_id=cell_id, **named)
        self.last_status = reply["status"]
        return reply


def _hook_figures() -> None:
    """Let a cell's end show its figures when matplotlib was imported beforehand, when there was no shell to tell."""
    for name, hook in (
        ("matplotlib.pyplot", "install_repl_displayhook"),
        ("matplotlib_inline.backend_inline", "_enable_matplotlib_integration"),
    ):
        if name in sys.modules:
            getattr(sys.modules[name], hook)()


class WarmApp(IPKernelApp):
    """ipykernel's application, in a process that has imported before."""

    def init_gui_pylab(self) -> None:
        super().init_gui_pylab()  # type: ignore[no-untyped-call]
        _hook_figures()


class WiredApp(WarmApp):
    """ipykernel's application with a socket pair instead of connection file, ports, heartbeat and poller.

    The larger part of its beginning (arguments, configuration, kernel, shell) needs neither the socket nor a thread:
    ``build`` does it once, before kernels are forked, and each of them begins from there.
    """

    kernel_class = TypeTrait(WiredKernel, klass=IPythonKernel)
    _modules: Set[str] = frozenset()
    """The names of all modules when it was built."""
    built_for: tuple[tuple[str, ...], str] | None = None
    """Of what arguments, and in what folder, it was built; None: not yet."""

    def build(self, settings: Sequence[str]) -> None:
        """Do what is the same for all kernels of these arguments that start in this folder."""
        BaseIPythonApplication.initialize(self, list(settings))  # type: ignore[no-untyped-call]
        self.log.setLevel(self.log_level)  # records that no handler would take are not made
        self.init_pdb()  # type: ignore[no-untyped-call]
        self.init_blackhole()  # type: ignore[no-untyped-call]
        self.init_sockets()
        self.init_kernel()
        self.kernel.shell.display_formatter.format(None)  # makes the formatters of all kinds
        for extension in self.default_extensions:
            with contextlib.suppress(Exception):  # the kernel will try again, and say what is wrong
                self.kernel.shell.extension_manager.load_extension(extension)
        self._modules = set(sys.modules)
        self.built_for = tuple(settings), str(Path.cwd())

    def initialize(self, argv: Any = None) -> None:
        """Do the rest of the application's beginning, in the process of the kernel."""
        self.kernel.shell.init_environment()  # this process has an environment of its own
        self.session.session, self.session.pid = str(uuid4()), os.getpid()
        self.kernel.process = os.getpid()
        os.register_at_fork(after_in_child=lambda: self.writer.connect(None))
        self.iopub_thread.start()
        self.init_io()  # type: ignore[no-untyped-call]
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count
        self.init_signal()  # type: ignore[no-untyped-call]
        self.init_path()  # type: ignore[no-untyped-call]
        self.init_shell()  # type: ignore[no-untyped-call]
        self.init_gui_pylab()
        self.init_extensions()  # type: ignore[no-untyped-call]
        self.init_code()
        sys.stdout.flush()
        sys.stderr.flush()

    def init_code(self) -> None:
        """Run what settings say is to be run first, as IPython does.

        IPython notes the names of all modules here. They were noted before the fork: to look at each of them once more
        would copy a thousand pages of memory, a third of all that a kernel copies until its first cell.
        """
        self._run_startup_files()  # type: ignore[no-untyped-call]
        self._run_exec_lines()  # type: ignore[no-untyped-call]
        self._run_exec_files()  # type: ignore[no-untyped-call]
        shell: Any = self.shell
        if self.hide_initial_ns:
            shell.user_ns_hidden.update(shell.user_ns)
        self._run_cmd_line_code()  # type: ignore[no-untyped-call]
        self._run_module()  # type: ignore[no-untyped-call]
        same = len(self._modules) == len(sys.modules)
        shell._sys_modules_keys = self._modules if same else set(sys.modules)

    def init_sockets(self) -> None:
        """Take the socket pair in the place of sockets; the socket itself comes later."""
        self.session.key = b""  # nobody else can write to a socket pair
        self.writer = wire.Writer()
        self.configure_tornado_logger()  # type: ignore[no-untyped-call]
        self.iopub_thread = _Publisher(self.writer)
        self.shell_stream = _Stream(self.iopub_thread)
        self.iopub_socket = self.iopub_thread.background_socket

    def init_kernel(self) -> None:
        """Create the kernel."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_stream=self.shell_stream,
            shell_channel_thread=_NoThread(),
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )

    def connect(self, connection: socket.socket) -> None:
        """Take the socket to talk by."""
        self.connection = connection
        self.writer.connect(connection)

    def start(self) -> None:
        """Serve until the other side asks to stop or is gone."""
        self.kernel.shell.exit_now = False
        self.io_loop = self.kernel.io_loop = ioloop.IOLoop.current()
        handle = _async_in_context(self.kernel.shell_main)
        reader = wire.Reader()
        tasks: set[asyncio.Task[Any]] = set()  # a task that nobody holds may vanish
        loop: asyncio.AbstractEventLoop = self.io_loop.asyncio_loop  # type: ignore[attr-defined]

        def receive() -> None:
            if os.getpid() != self.kernel.process:
                return  # a cell's forked process that awaits something: what comes is not for it
            try:
                piece = self.connection.recv(1 << 20)
            except ConnectionError:
                piece = b""
            if not piece:
                loop.remove_reader(self.connection)
                self.io_loop.stop()
            for channel, frames in reader.feed(piece):
                if channel == wire.CONTROL:
                    self.io_loop.stop()
                    return
                request = self._run(handle, frames[0]) if channel == wire.CELLS else handle(None, _messages(frames))
                task = loop.create_task(request)
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        loop.add_reader(self.connection, receive)
        self.kernel._publish_status("starting", "shell")
        with contextlib.suppress(KeyboardInterrupt):
            self.io_loop.start()

    async def _run(self, handle: Callable[..., Any], cells: bytes) -> None:
        """Run a notebook's cells, each when the one before has ended, until one fails that may not."""
        self.kernel.quiet = True
        try:
            for number, code, stops in json.loads(cells):
                self.kernel.last_status = "aborted"  # what a cell is that ends without a reply
                request = self.session.msg("execute_request", _request(code, stops))
                request["header"]["msg_id"] = number
                await handle(None, _messages(self.session.serialize(request)))
                self.iopub_thread.send_by(wire.DONE, [number.encode()])
                if stops and self.kernel.last_status != "ok":
                    return
        finally:
            self.kernel.quiet = False
            self.iopub_thread.send_by(wire.DONE, [b""])


def _request(code: str, stops: bool) -> dict[str, Any]:
    """Return the content of a request to run a cell, as nbclient writes it."""
    return {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": stops,
    }


def _messages(frames: Sequence[bytes]) -> list[zmq.Message]:
    return [zmq.Message(frame) for frame in frames]


def _settings(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments without the connection file, which a socket pair has no use for."""
    return tuple(arguments[2:] if arguments[:1] == ["-f"] else arguments)


def build(settings: Sequence[str], folder: str) -> None:
    """Build the application of the kernels that are to be forked from this process, for arguments and a folder."""
    os.chdir(folder)
    WiredApp.instance().build(settings)


def _application(arguments: Sequence[str]) -> WiredApp:
    """Return the application that was built before the fork, if it is of this kind, and a new one otherwise."""
    if WiredApp.initialized():
        app = WiredApp.instance()
        # the one thing of the environment that a kernel takes in when it is built
        if app.built_for == (_settings(arguments), str(Path.cwd())) and "JPY_SESSION_NAME" not in os.environ:
            return app
        for kind in (WiredApp, WiredKernel, ZMQInteractiveShell):
            kind.clear_instance()
    return WiredApp.instance()


def run(connection: socket.socket, arguments: list[str]) -> None:
    """Be a kernel at this socket until the other side has had enough; ``arguments`` are the launcher's."""
    app = _application(arguments)
    if app.built_for is None:
        app.build(_settings(arguments))
    app.connect(connection)
    app.initialize()
    app.start()


def run_zmq(arguments: list[str]) -> None:
    """Be an ordinary kernel until it is shut down; ``arguments`` are the launcher's."""
    WarmApp.launch_instance(arguments)


def leave() -> None:
    """End this forked process as Python ends: its threads are waited for, what was registered for the end is called."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
    os._exit(0)


def become(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Make this forked process look as the launcher of an ordinary kernel finds it: environment, folder, arguments."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    import ipykernel_launcher

    sys.argv = [str(ipykernel_launcher.__file__), *arguments]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # Python's own generator is seeded anew by the fork
