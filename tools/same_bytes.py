"""Tell whether two output folders hold the same bytes, and if not, where the first difference lies.

``python tools/same_bytes.py A B`` compares every file of two folders (or two files) and looks into the first one
that differs: down to the row and column of a table, the cell of a notebook, the line of a page, the cell of a
sheet, the page or object of a PDF. Exit code 0: the same; 1: not the same; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # run as a script
    sys.path.insert(0, str(ROOT))

from tools.first_difference import locate  # noqa: E402

# The register of runs tells one run from another: that is its job.
REGISTER = "*.runs.jsonl"
_NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not the same on both sides: where it differs first, and what stands there."""

    file: str
    place: str
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}\n  one:   {self.one}\n  other: {self.other}"


# ---- folders --------------------------------------------------------------------------------------------------


def names(folder: Path, but: Collection[str] = (REGISTER,)) -> list[str]:
    """Return every entry below a folder as a sorted relative path, empty folders with ``/``; ``but`` are left out."""
    found = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if any(fnmatch(name, pattern) or fnmatch(path.name, pattern) for pattern in but):
            continue
        if path.is_symlink() or not path.is_dir():
            found.append(name)
        elif not any(path.iterdir()):
            found.append(name + "/")
    return sorted(found)


def differences(one: Path, other: Path, but: Collection[str] = (REGISTER,)) -> Iterator[Difference]:
    """Yield what differs between two folders by name, each located only when it is asked for."""
    first, second = set(names(one, but)), set(names(other, but))
    for name in sorted(first | second):
        if name not in second:
            yield Difference(name, "the file is missing on the other side", "there", _NOTHING)
        elif name not in first:
            yield Difference(name, "the file is on the other side alone", _NOTHING, "there")
        elif not name.endswith("/"):
            found = compare_files(one / name, other / name, name)
            if found is not None:
                yield found


def compare_files(one: Path, other: Path, name: str) -> Difference | None:
    """Return where two files of one name differ, None if they are the same bytes."""
    if one.is_symlink() or other.is_symlink():
        targets = [os.readlink(path) if path.is_symlink() else "(no link)" for path in (one, other)]
        return None if targets[0] == targets[1] else Difference(name, "link", *targets)
    a, b = one.read_bytes(), other.read_bytes()
    return None if a == b else Difference(name, *locate(name, a, b))


# ---- telling --------------------------------------------------------------------------------------------------


def told(found: Iterable[Difference]) -> str:
    """Put differences into words: the first in full, the others as a list; nothing when there are none."""
    listed = list(found)
    if not listed:
        return ""
    others = [f"  {each.file}: {each.place}" for each in listed[1:]]
    also = ["and in these files:", *others] if others else []
    return "\n".join([f"{len(listed)} files differ, the first:", str(listed[0]), *also])


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two folders or two files and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument(
        "--but", action="append", metavar="PATTERN", help=f"files left out, besides the register of runs ({REGISTER})"
    )
    given = parser.parse_args(arguments)
    for path in (given.one, given.other):
        if not path.exists():
            parser.error(f"{path} does not exist")
    if given.one.is_dir() != given.other.is_dir():
        parser.error("compare two folders, or two files")
    but = (REGISTER, *(given.but or ()))
    if given.one.is_dir():
        found, count = list(differences(given.one, given.other, but)), len(names(given.one, but))
    else:
        one = compare_files(given.one, given.other, given.one.name)
        found, count = [one] if one else [], 1
    print(told(found) or f"the same: {count} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
