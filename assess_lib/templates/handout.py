"""What is handed out: a workbook for each table, and a folder for each unit with the tables that it fills in itself.

The contract lets a file's name decide its table and reads one sheet of it. So one workbook with several of a unit's
tables could not come back: a unit gets a small folder instead, whose files come back as they are.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assess_lib import paths, store
from assess_lib.cleaning import clean
from assess_lib.errors import InputRejected, UsageError
from assess_lib.scheme import Scheme
from assess_lib.store.folder import disk_failure
from assess_lib.tables import TABLES
from assess_lib.templates.entry import Form, Known
from assess_lib.templates.workbook import dump_form

UNITS_FOLDER = "单位"
# What a unit knows first: its awards, their evidence, and that there was nothing. All else is kept by the office, the
# information centre or the raters; 材料报送 too is the office's own receipt book, no unit dates its own reports.
FILLED_BY_UNITS = ("表彰宣传", "佐证目录", "确认无事项")
_NEEDED = ("单位名录", "扣分标准")
# Not there yet, or not complete yet, at the time when blank workbooks go out.
_NOT_YET = frozenset(("table.missing", "table.empty", "standard.scheme"))


@dataclass(frozen=True, slots=True)
class Handout:
    """What was written: how many workbooks of tables, for how many units how many files each."""

    tables: int
    units: int
    files_per_unit: int


def read_known(raw: Path, scheme: Scheme) -> Known:
    """Return the roster and the standards of a raw folder, as far as there are any yet.

    Raises InputRejected when one of the two holds errors: a drop-down with a unit missing must not be handed out.
    """
    cleaned = clean(raw, scheme)
    errors = [
        problem
        for problem in cleaned.problems
        if problem.severity == "error" and problem.table in _NEEDED and problem.code not in _NOT_YET
    ]
    if errors:
        raise InputRejected("单位名录或扣分标准有错误，未生成模板。请更正后重新运行。", errors)
    roster, standards = (cleaned.tables[name] for name in _NEEDED)
    return Known(roster, standards)


def _filled(folder: str) -> UsageError:
    return UsageError(f"文件夹 {folder} 里已有内容，没有改动。请另指一个新的或空的文件夹。")


def check_place(folder: str, where: paths.YearPaths) -> Path:
    """Return the absolute folder to write to.

    Raises UsageError for a folder that holds anything, for a file, and for a place among raw data or results.
    """
    try:
        place = Path(folder).expanduser().resolve()
        if place.exists() and not place.is_dir():
            raise UsageError(f"{folder} 是一个文件，不是文件夹。请另指一个新文件夹。")
        filled = place.is_dir() and any(place.iterdir())
        here = place == Path.cwd().resolve()
    except (ValueError, OSError, RuntimeError) as error:  # a NUL, a name too long, a loop of links, no home
        raise UsageError(f"文件夹名称不可用：{error}") from error
    root = paths.project_root()
    taken = [where.raw, where.processed, where.reports, *([root / "data" / "raw"] if root else [])]
    if any(paths.lies_within(place, other) for other in taken):
        raise UsageError("模板不能写进原始数据文件夹、结果文件夹或报告文件夹。请另指一个新文件夹。")
    if filled:
        raise _filled(folder)
    if here:  # would change under the feet of the person's shell
        raise UsageError("不能写进当前文件夹本身。请写一个新文件夹的名称，例如 assess templates 发放表格。")
    if store.is_staging(place) or not place.name or place.name.endswith((".old", ".lock")):
        raise UsageError(f"文件夹名称不可用：{folder}。请另指一个新文件夹。")
    return place


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``folder`` when the block ends without an error, else goes.

    One rename puts it in place, and fails if somebody has put anything there meanwhile: no lock is needed.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name[:40]}.", suffix=".building", dir=folder.parent, ignore_cleanup_errors=True
        ) as draft:
            new = Path(draft) / "new"  # with the usual rights: the temporary folder itself is its owner's alone
            new.mkdir()
            yield new
            if folder.is_dir():
                shutil.copymode(folder, new)
                if os.name == "nt":  # renames onto no folder, not even an empty one
                    folder.rmdir()
            os.rename(new, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _filled(folder.name) from error
        raise disk_failure(error, folder) from error


def write_templates(
    folder: Path,
    scheme: Scheme,
    known: Known,
    *,
    readings: Mapping[str, str] | None = None,
    units: Collection[str] | None = None,
) -> Handout:
    """Write the blank workbooks into a new or empty folder, all of them or none.

    ``<table>.xlsx`` for each table, ``单位/<单位编码>/<table>_<单位编码>.xlsx`` for each unit of the roster (or those
    whose codes ``units`` holds). The same scheme and lists give the same bytes. Raises EnvironmentFailure when the
    folder cannot be written, UsageError when it is no longer empty. Implements the contract's ``templates``.
    """
    chosen = [row for row in known.roster if units is None or row["单位编码"] in units]
    in_force = {**scheme.default_readings(), **(readings or {})}
    with _new_folder(folder) as new:
        for table in TABLES.values():
            form = Form(table, scheme, known, in_force)
            (new / f"{form.name}.xlsx").write_bytes(dump_form(form))
        for unit in chosen:
            place = new / UNITS_FOLDER / str(unit["单位编码"])
            place.mkdir(parents=True)
            for name in FILLED_BY_UNITS:
                form = Form(TABLES[name], scheme, known, in_force, unit)
                (place / f"{form.name}.xlsx").write_bytes(dump_form(form))
    return Handout(len(TABLES), len(chosen), len(FILLED_BY_UNITS))
