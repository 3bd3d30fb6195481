"""A papermill engine: papermill's own, with kernels that are forked and talked to without ZMQ."""

from __future__ import annotations

import signal
import time
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import NBClientEngine
from papermill.log import logger
from papermill.utils import remove_args

from assess_lib.warm.at_once import AtOnceClient
from assess_lib.warm.at_once import NoReply as NoReply  # an engine's failure, like the two below
from assess_lib.warm.manager import WarmKernelManager


class NotebookTimeoutError(CellTimeoutError):
    """The whole notebook took longer than it may."""


class KernelEnded(DeadKernelError):
    """The kernel's process ended by itself; ``code`` is its exit code: negative, the signal that ended it."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.signal = signal.Signals(-code).name if -code in {*signal.Signals} else str(-code)
        how = f"exit code {code}" if code >= 0 else f"ended by signal {-code} ({self.signal})"
        super().__init__(f"Kernel died: {how}")


class WarmEngine(NBClientEngine):  # type: ignore[misc]
    """papermill's engine with forked kernels: ``papermill --engine warm``.

    Everything else (cells, outputs, widgets, callbacks, timeouts) is papermill's and nbclient's own code. Notebooks
    whose kernel is not this Python's are run by ordinary kernels.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        execution_timeout: int | None = None,
        notebook_timeout: float | None = None,
        warm_imports: Any = None,
        at_once: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Execute the notebook.

        Besides papermill's own options: ``notebook_timeout``, seconds for the whole notebook, and ``warm_imports``,
        names of modules to import before the fork (default: the environment's ``WARM_KERNEL_IMPORTS``), and
        ``at_once``: a forked kernel is given all cells at once, and sends what they show and no more. Raises
        NotebookTimeoutError, and KernelEnded when the kernel died.
        """
        managers: list[WarmKernelManager] = []

        class Manager(WarmKernelManager):
            imports = warm_imports

            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                managers.append(self)

        kwargs.setdefault("kernel_manager_class", Manager)
        deadline = None
        if notebook_timeout is not None:
            deadline = time.monotonic() + notebook_timeout
            kwargs.setdefault("timeout_func", _until(deadline, execution_timeout or kwargs.get("timeout")))
        try:
            if at_once:
                return _at_once(nb_man, kernel_name, execution_timeout, **kwargs)
            return super().execute_managed_notebook(nb_man, kernel_name, execution_timeout=execution_timeout, **kwargs)
        except DeadKernelError as error:
            code = managers[-1].exit_code if managers else None
            if code is None:
                raise
            raise KernelEnded(code) from error
        except CellTimeoutError as error:
            if deadline is None or time.monotonic() < deadline:
                raise
            raise NotebookTimeoutError(f"the notebook took longer than {notebook_timeout:g} seconds") from error


def _at_once(
    nb_man: Any, kernel_name: str, execution_timeout: int | None, start_timeout: int = 60, **kwargs: Any
) -> Any:
    """Do as papermill's engine does, with the client that gives a kernel all cells at once."""
    kwargs = remove_args(["input_path", "startup_timeout"], **kwargs)
    timeout = execution_timeout or kwargs.pop("timeout", None)
    client = AtOnceClient(
        nb_man, timeout=timeout, startup_timeout=start_timeout, kernel_name=kernel_name, log=logger, **kwargs
    )
    return client.execute()


def _until(deadline: float, limit: float | None) -> Any:
    """Return nbclient's function for a cell's seconds: what is left for the notebook, and no more than the limit."""

    def seconds(_cell: Any) -> float:
        left = max(deadline - time.monotonic(), 0.001)
        return left if limit is None or limit <= 0 else min(left, limit)

    return seconds
