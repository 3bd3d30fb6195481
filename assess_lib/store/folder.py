"""Replace an output folder as a whole or not at all, and lose nothing in it that is not ours.

A new folder is built beside the old one as ``.<name>.building``; when it is complete and on the disk, the two
change places in one step (Linux ``renameat2``; elsewhere two renames). The old one then waits as ``.<name>.old``
until its foreign files are seen to be in the new one. All of it happens under the folder's lock.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from assess_lib.errors import EnvironmentFailure
from assess_lib.paths import is_staging as is_staging  # those who build folders ask here

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_SYNCS = 8
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV}


_BUILDING = ".building"


def building_place(folder: Path) -> Path:
    """Return where the folder's successor is built."""
    return folder.parent / f".{folder.name}{_BUILDING}"


def old_place(folder: Path) -> Path:
    """Return where the folder's predecessor waits to be cleared away."""
    return folder.parent / f".{folder.name}.old"


_REASONS = {
    errno.ENOSPC: "磁盘空间不足",
    errno.EDQUOT: "磁盘配额已满",
    errno.EFBIG: "文件超过允许的大小",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.EBUSY: "文件夹正被占用",
    errno.EXDEV: "文件夹所在的磁盘不支持整体替换",
    errno.EIO: "磁盘读写出错",
    errno.ENAMETOOLONG: "名称过长",
    errno.ENOENT: "文件或文件夹不存在",
    errno.ENOTDIR: "上级不是文件夹",
    errno.EEXIST: "那里已有同名的文件",
    errno.EISDIR: "是文件夹，不是文件",
    errno.EMFILE: "打开的文件过多",
    errno.ENOMEM: "内存不足",
}


def disk_reason(error: OSError) -> str:
    """Say in Chinese why the disk or the system refused."""
    return _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)


def disk_failure(error: OSError, folder: Path) -> EnvironmentFailure:
    """Put a disk error into words: what could not be written, that the old set stands, what to do.

    A folder that is being built goes by the name of the one whose successor it is: people know no other.
    """
    name = folder.name
    if name.startswith(".") and name.endswith(_BUILDING):
        name = name.removeprefix(".").removesuffix(_BUILDING)
    return EnvironmentFailure(f"无法写入文件夹 {name}：{disk_reason(error)}。原有结果没有改动。请排除后重新运行。")


def _sync(path: Path, flags: int = os.O_RDONLY if os.name == "posix" else os.O_RDWR) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(files: Collection[Path]) -> None:
    """Bring files to the disk, several at a time: it writes together what waits at the same time."""
    with ThreadPoolExecutor(_SYNCS) as threads:
        for _ in threads.map(_sync, files):
            continue


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries to the disk (Windows has no such call: its renames are already safe)."""
    if os.name == "posix":
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def receipt_names(folder: Path) -> frozenset[str]:
    """Return the files that the folder's receipt lists, as relative paths, and the receipt itself.

    A receipt that is missing or not ours lists nothing.
    """
    try:
        listed = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))["outputs"]
        return frozenset({"receipt.json", *(str(name) for name in listed)})
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; return False where the system cannot do that."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # not Linux, or an old libc
        return False
    call.argtypes = [
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    ]
    if call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def _entries(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Walk a folder without following links: (path relative to it with ``/``, entry), parents before children."""
    pending = [(folder, "")]
    while pending:
        place, prefix = pending.pop()
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            yield prefix + entry.name, entry
            if entry.is_dir(follow_symlinks=False):
                pending.append((Path(entry.path), f"{prefix}{entry.name}/"))


def _same_file(one: Path, other: Path) -> bool:
    first, second = one.lstat(), other.lstat()
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)


def _carry(source: Path, target: Path) -> None:
    """Put a foreign file into the new folder: the same file by hard link, else a faithful copy; links stay links."""
    try:
        os.link(source, target, follow_symlinks=False)
        return
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):
        mode = source.lstat().st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISREG(mode):
        shutil.copy2(source, target, follow_symlinks=False)
    else:  # a pipe or device: cannot be copied, and is not ours to drop
        raise OSError(errno.ENOTSUP, "特殊文件无法带入新文件夹", str(source))


def _parents(names: Collection[str]) -> frozenset[str]:
    """Return the folders that the relative paths lie in."""
    return frozenset("/".join(name.split("/")[:depth]) for name in names for depth in range(1, name.count("/") + 1))


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


class Building:
    """A folder's successor while it is being built.

    ``with Building(folder, ours) as new:`` gives ``new.path``, an empty folder to write into. Nothing happens to
    ``folder`` unless ``commit`` (or ``commit_all``) is called before the block ends. ``ours`` are the relative
    paths (with ``/``) of the old folder that the new one replaces or drops; all else in it is carried over.
    The caller holds the folder's lock.
    """

    def __init__(self, folder: Path, ours: Collection[str]) -> None:
        self.folder = folder
        self.path = building_place(folder)
        self._ours = frozenset(ours)
        self._our_folders = _parents(self._ours)
        self._written: frozenset[str] = frozenset()
        self._prepared = False
        self._swapped = False

    def __enter__(self) -> Self:
        try:
            recover(self.folder, self._ours)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir()
            if self.folder.is_dir():
                shutil.copymode(self.folder, self.path)
        except OSError as error:
            raise disk_failure(error, self.folder) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._swapped:
            with suppress(OSError):  # the next run clears away what cannot be cleared now
                recover(self.folder, self._ours)
        if isinstance(error, OSError):
            raise disk_failure(error, self.folder) from error

    def claim(self, names: Iterable[str]) -> None:
        """Count more relative paths among those that the new folder replaces or drops."""
        self._ours |= frozenset(names)
        self._our_folders = _parents(self._ours)

    def prepare(self) -> None:
        """Do all that can fail for want of space or rights: files to the disk, foreign files carried over."""
        if os.path.ismount(self.folder):  # cannot be renamed, so cannot be swapped
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(self.folder))
        folders, files, written = [self.path], [], set()
        for name, entry in _entries(self.path):
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                written.add(name)
                if entry.is_file(follow_symlinks=False):
                    files.append(Path(entry.path))
        sync_all(files)
        self._written = frozenset(written)
        if self.folder.is_dir():
            self._carry_foreign()
        for folder in folders:
            sync_folder(folder)
        self._prepared = True

    def _carry_foreign(self) -> None:
        for name, entry in _entries(self.folder):
            target = self.path / name
            if entry.is_dir(follow_symlinks=False):
                # A folder that only ever held our files is not remade for its own sake.
                if name not in self._our_folders and not target.is_dir():
                    self._make_room(name, target)
                    target.mkdir()
                    shutil.copystat(entry.path, target)
            elif name not in self._ours:
                if target.is_file() and entry.is_file(follow_symlinks=False):
                    continue  # an older output that no receipt knows any more
                self._make_room(name, target)
                target.parent.mkdir(parents=True, exist_ok=True)
                _carry(Path(entry.path), target)

    def _make_room(self, name: str, target: Path) -> None:
        if os.path.lexists(target):
            raise EnvironmentFailure(
                f"文件夹 {self.folder.name} 中的 {name} 不是本软件的文件，却占用了结果的名称。"
                "原有结果没有改动。请把它移走后重新运行。"
            )

    def swap(self) -> None:
        """Put the new folder in the old one's place; at no moment is there none where the system can exchange."""
        if not self._prepared:
            self.prepare()
        old = old_place(self.folder)
        if not self.folder.is_dir():
            os.rename(self.path, self.folder)
        elif exchange(self.path, self.folder):
            self._swapped = True
            os.rename(self.path, old)
        else:
            self._swap_by_renames(old)
        self._swapped = True
        sync_folder(self.folder.parent)

    def _swap_by_renames(self, old: Path) -> None:
        try:
            os.rename(self.folder, old)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Overlay file systems (containers) rename no folder of a lower layer: keep a copy, then make way.
            draft = self.folder.parent / f".{self.folder.name}.copy"
            _remove(draft)
            shutil.copytree(self.folder, draft, symlinks=True)
            os.rename(draft, old)
            shutil.rmtree(self.folder)
        try:
            os.rename(self.path, self.folder)
        except OSError:
            _restore(self.folder, old)
            raise

    def retire(self) -> None:
        """Clear the old folder away, after moving what is foreign and new in it into the new one."""
        _retire(self.folder, self._ours | self._written)

    def commit(self) -> None:
        """Prepare, swap and retire this one folder."""
        commit_all(self)


def _restore(folder: Path, old: Path) -> None:
    _remove(folder)
    os.rename(old, folder)


def _retire(folder: Path, ours: Collection[str]) -> None:
    """Empty ``.<name>.old``: ours goes, foreign files that the folder lacks or holds in another state move over."""
    old = old_place(folder)
    if not old.is_dir():
        return
    ours = frozenset(ours) | receipt_names(old) | receipt_names(folder)
    our_folders = _parents(ours)
    folders = [old]
    for name, entry in list(_entries(old)):
        place, target = Path(entry.path), folder / name
        if entry.is_dir(follow_symlinks=False):
            folders.append(place)
        elif name in ours:
            place.unlink()
        elif not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(place, target)
        elif _same_file(place, target) or place.lstat().st_mtime_ns <= target.lstat().st_mtime_ns:
            place.unlink()
        else:  # written anew since it was carried over
            os.replace(place, target)
    for place in reversed(folders):
        relative = place.relative_to(old)
        if relative.parts and not (folder / relative).exists() and relative.as_posix() not in our_folders:
            (folder / relative).mkdir(parents=True)
        place.rmdir()


def recover(folder: Path, ours: Collection[str] = ()) -> None:
    """Clear away what an interrupted run left beside the folder; the caller holds the folder's lock."""
    old, building = old_place(folder), building_place(folder)
    if old.is_dir():
        if os.path.lexists(building) or not folder.is_dir():
            _restore(folder, old)  # broken off between two renames: the old set is the valid one
        else:
            _retire(folder, ours)  # the new set is in place, the old one only waits to be cleared away
    for rest in (
        building,
        building_place(building),
        old_place(building),
        folder.parent / f".{folder.name}.copy",
    ):
        _remove(rest)


def commit_all(*builds: Building) -> None:
    """Swap several folders in the order given, after all that can fail for want of space has been done for each.

    Raises EnvironmentFailure when a folder cannot be written; folders not yet swapped stay as they were.
    """
    for build in builds:
        try:
            build.prepare()
        except OSError as error:
            raise disk_failure(error, build.folder) from error
    for build in builds:
        try:
            build.swap()
        except OSError as error:
            raise disk_failure(error, build.folder) from error
    for build in builds:
        try:
            build.retire()
        except OSError:
            continue  # the new set stands; the next run clears the rest away


@contextmanager
def building(folder: Path, ours: Collection[str]) -> Iterator[Path]:
    """Build a folder's successor in the block and put it in place when the block ends without an error."""
    with Building(folder, ours) as new:
        yield new.path
        new.commit()
