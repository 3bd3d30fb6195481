"""What lies in a raw folder: which entries are tables, and which are not and why."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from assess_lib.errors import Problem
from assess_lib.intake.visible import one_line, squash
from assess_lib.tables import TABLES

ENDINGS = (".xlsx", ".xls", ".ods", ".csv")
KNOWN = ("scheme.yaml", "方案原文.txt")
# What is said of a file that begins as one of them and is not it: a wrong ending, a copy.
_MEANT = {
    "scheme.yaml": "方案文件名须为 scheme.yaml；如要采用这一份，请改成这个文件名，否则请移出本文件夹。",
    "方案原文.txt": "方案原文须为纯文本 方案原文.txt：请用 Word 或 WPS 另存为“纯文本”，只留一份；否则请移出本文件夹。",
}
# Where an office may lay the evidence itself; the audit holds it against 佐证目录.
EVIDENCE_FOLDER = "佐证"
_IGNORED_NAMES = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_IGNORED_STARTS = ("~$", ".~lock")


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file of a table: its table, where it is and how messages and sources name it."""

    table: str
    path: Path
    name: str


def _table_of(stem: str) -> str | None:
    """Return the table whose name a file's stem is, or begins with before an underscore."""
    for table in TABLES:
        if stem == table or stem.startswith(f"{table}_"):
            return table
    return None


def _split(name: str) -> tuple[str, str]:
    stem, ending = os.path.splitext(name)
    return stem, ending.lower()


def _nearest(name: str) -> str:
    stem = _split(name)[0]
    head = stem.split("_")[0]

    def likeness(table: str) -> tuple[float, float]:
        return (
            max(SequenceMatcher(None, head, table).ratio(), 0.9 if table in stem else 0.0),
            SequenceMatcher(None, stem, table).ratio(),
        )

    return max(TABLES, key=likeness)


def _what(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "符号链接"
    if stat.S_ISDIR(mode):
        return "文件夹"
    return "设备或管道"


def _unknown(shown: str, mode: int) -> Problem:
    stem, ending = _split(shown)
    nearest = _nearest(shown)
    if stat.S_ISREG(mode) and _table_of(stem) and ending not in ENDINGS:
        table = _table_of(stem) or nearest
        message = f"扩展名“{ending}”不是数据表的格式，文件未读入。最接近的数据表：{table}。"
        remedy = f"请另存为 {table}.xlsx（或 .xls、.ods、.csv）后重新运行 assess check。"
    else:
        kind = "文件" if stat.S_ISREG(mode) else _what(mode)
        message = f"该{kind}不是数据表，未读入。最接近的数据表：{nearest}。"
        known = next((known for known in KNOWN if stem.lower().startswith(_split(known)[0])), "")
        remedy = (
            _MEANT[known]
            if known
            else f"如属该表，请改名为 {nearest}.xlsx 或 {nearest}_单位名.xlsx；否则请移出本文件夹。"
        )
    return Problem("warning", "file.unknown", message, remedy, file=shown)


def _bad_name(shown: str, table: str) -> Problem:
    return Problem(
        "error",
        "file.name",
        "文件名中有看不见的控制字符（此处以空格代替），不予读取。",
        f"请改名为 {table}.xlsx 或 {table}_单位名.xlsx（扩展名照旧）后重新运行 assess check。",
        table=table,
        file=shown,
    )


def list_raw(raw: Path) -> tuple[list[RawFile], list[Problem]]:
    """List the table files of a raw folder in the order of their names, and what is wrong with the other entries.

    A table is a regular file named as the table or beginning with its name and ``_``, with a known ending in any
    case. A link, folder or device under a table's name, and a name with control characters, is an error and never
    opened; anything else a warning that names the nearest table; office lock files and system files are ignored.
    Names are given as they may be printed. Raises OSError if ``raw`` cannot be
    listed. Implements the contract's Input section.
    """
    files: list[RawFile] = []
    problems: list[Problem] = []
    with os.scandir(raw) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = entry.name
        # A name that is not valid UTF-8 must still be printable.
        written = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        shown = one_line(written)
        if name.lower() in _IGNORED_NAMES or name.startswith(_IGNORED_STARTS):
            continue
        if name in KNOWN:
            continue
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except OSError:
            mode = 0  # neither file, link nor folder as far as can be seen: treated like a device
        if name == EVIDENCE_FOLDER and stat.S_ISDIR(mode):
            continue
        stem, ending = _split(name)
        table = _table_of(stem) if ending in ENDINGS else None
        if not stat.S_ISREG(mode):
            table = table or _table_of(stem) or _table_of(name)
            if table is not None:
                what = _what(mode)
                problems.append(
                    Problem(
                        "error",
                        "file.not_regular",
                        f"这是{what}，不是普通文件，不予读取。",
                        "请换成数据文件本身；如不需要，请移出本文件夹。",
                        table=table,
                        file=shown,
                    )
                )
                continue
        if shown != written and (likely := table or _table_of(_split(squash(shown))[0])):
            problems.append(_bad_name(shown, likely))
        elif table is None:
            problems.append(_unknown(shown, mode))
        else:
            files.append(RawFile(table, Path(entry.path), shown))
    return files, problems
