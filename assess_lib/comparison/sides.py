"""Read a processed folder for a comparison: its set, its clean tables, its receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assess_lib import store
from assess_lib.comparison.changes import Comparison
from assess_lib.comparison.compare import compare
from assess_lib.errors import InputChanged, UsageError, VerifyFailed
from assess_lib.store.sets import RECEIPT_FILE, load_tables
from assess_lib.tables import Tables

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet


@dataclass(frozen=True, slots=True)
class Side:
    """One processed folder, read: the scored set, its clean tables, the contents of its receipt."""

    data: ScoredSet
    tables: Tables
    receipt: Mapping[str, Any]


def read_side(folder: Path, shown: str = "") -> Side:
    """Read a processed folder.

    Messages name the folder as ``shown``. Raises UsageError when it holds no scored set, VerifyFailed when a
    file of it is not what its receipt says, InputChanged when it was replaced meanwhile.
    """
    where = shown or folder.name
    if not folder.is_dir():
        raise UsageError(f"{where}：没有这个文件夹。请写 assess score 或 assess run 写出的结果文件夹。")
    try:
        data = store.load_set(folder)
        files = store.read_set_files(folder)
    except (UsageError, VerifyFailed) as error:
        raise type(error)(f"{where}：{error}") from error
    if store.digest(files[RECEIPT_FILE]) != data.receipt_digest:
        raise InputChanged(f"{where}：读取期间结果有更新。请重新运行。")
    return Side(data, load_tables(files), json.loads(files[RECEIPT_FILE]))


def compare_sides(old: Side, new: Side) -> Comparison:
    """Compare two folders that were read, files and software included."""
    return compare(old.data, new.data, old.tables, new.tables, old_receipt=old.receipt, new_receipt=new.receipt)
