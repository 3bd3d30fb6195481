"""One run at a time: an OS lock beside each output folder, gone with the process that held it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from assess_lib.errors import EnvironmentFailure, FolderBusy
from assess_lib.store.folder import disk_reason


def lock_file(folder: Path) -> Path:
    """Return the lock file of a folder: ``.<name>.lock`` beside it."""
    return folder.parent / f".{folder.name}.lock"


@contextmanager
def held(*folders: Path) -> Iterator[None]:
    """Hold the locks of the folders, in the order given; never wait.

    Raises FolderBusy when another run holds one of them, EnvironmentFailure when no lock can be made there.
    """
    with ExitStack() as stack:
        for folder in folders:
            try:
                folder.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(lock_file(folder), timeout=0))
            except Timeout as error:
                raise FolderBusy(
                    f"另一次运行正在使用文件夹 {folder.name}，本次没有改动任何文件。请等它结束后再运行。"
                ) from error
            except OSError as error:
                raise EnvironmentFailure(
                    f"无法在 {folder.name} 旁建立锁文件：{disk_reason(error)}。请检查磁盘和权限。"
                ) from error
        yield
