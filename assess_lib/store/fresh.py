"""A new folder that a person names: seen to be free, then filled whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assess_lib import paths
from assess_lib.errors import UsageError
from assess_lib.store.folder import disk_failure, sync_all, sync_folder


def fresh_place(given: str, where: paths.YearPaths, *, what: str, example: str) -> Path:
    """Return the absolute folder to write to, with nothing touched.

    ``what`` is to be written there, ``example`` is a command that writes it into a new folder: both for the messages.
    Raises UsageError for a folder that holds anything, for a file, and for a place among raw data, results or reports.
    """
    try:
        place = Path(given).expanduser().resolve()
        if place.exists() and not place.is_dir():
            raise UsageError(f"{given} 是一个文件，不是文件夹。请另指一个新文件夹。")
        filled = place.is_dir() and any(place.iterdir())
        here = place == Path.cwd().resolve()
    except (ValueError, OSError, RuntimeError) as error:  # a NUL, a name too long, a loop of links, no home
        raise UsageError(paths.UNUSABLE_FOLDER) from error
    root = paths.project_root()
    ours = [where.raw, where.processed, where.reports, *([root / "data" / "raw"] if root else [])]
    if any(paths.lies_within(place, other) for other in ours):
        raise UsageError(f"{what}不能写进原始数据、结果或报告文件夹。请另指一个新文件夹。")
    if filled:
        raise _filled(given)
    if here:  # would change under the feet of the person's shell
        raise UsageError(f"不能写进当前文件夹本身。请写一个新文件夹的名称，例如 {example}。")
    if paths.is_staging(place) or not place.name or place.name.endswith((".old", ".lock")):
        raise UsageError(f"文件夹名称不可用：{given}。请另指一个新文件夹。")
    return place


def _filled(folder: str) -> UsageError:
    return UsageError(f"文件夹 {folder} 里已有内容，没有改动。请另指一个新的或空的文件夹。")


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``folder`` when the block ends without an error, else goes.

    One rename puts it in place, and fails if somebody has put anything there meanwhile: no lock is needed.
    Raises UsageError in that case, EnvironmentFailure when the folder cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name[:40]}.", suffix=".building", dir=folder.parent, ignore_cleanup_errors=True
        ) as draft:
            new = Path(draft) / "new"  # with the usual rights: the temporary folder itself is its owner's alone
            new.mkdir()
            yield new
            sync_all([path for path in new.rglob("*") if path.is_file()])
            if folder.is_dir():
                shutil.copymode(folder, new)
                if os.name == "nt":  # renames onto no folder, not even an empty one
                    folder.rmdir()
            os.rename(new, folder)
        sync_folder(folder.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _filled(folder.name) from error
        raise disk_failure(error, folder) from error
