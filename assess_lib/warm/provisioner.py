"""A Jupyter kernel provisioner whose kernels are forked: the full kernel protocol for any Jupyter client."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from assess_lib.warm import client


class WarmProvisioner(LocalProvisioner):
    """Starts the kernel out of this process's nursery, and in the ordinary way when that is not possible.

    Each process that starts kernels has its own nursery, which begins with its first kernel and ends with it.
    """

    imports = List(Unicode(), default_value=None, allow_none=True, config=True)
    """Names of modules that the nursery imports; None: those that the environment names."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel that ``cmd`` describes."""
        environment = {**(kwargs.get("env") or os.environ), "JPY_PARENT_PID": str(os.getpid())}
        folder = str(kwargs.get("cwd") or Path.cwd())
        try:
            # in a thread: the imports may take seconds, in which a server has others to serve
            kernel = await asyncio.get_running_loop().run_in_executor(
                None, lambda: client.fork(cmd, folder, environment, wire=False, imports=self.imports)
            )
        except client.CannotFork as why:
            self.log.debug("an ordinary kernel is started: %s", why)
            return await super().launch_kernel(cmd, **kwargs)
        self.process: Any = kernel
        self.pid: Any = kernel.pid
        self.pgid: Any = kernel.pid  # it begins with a session of its own
        self.cwd: Any = folder
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait until the kernel has ended, and what came from it."""
        process = self.process
        code = await super().wait()
        if isinstance(process, client.Forked):
            process.close()
        return code
