"""What is wrong with the tables of a folder: every fault with its place, bounded, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from assess_lib.errors import InputRejected, Problem
from assess_lib.intake.visible import one_line, shorten
from assess_lib.tables import SOURCE_COLUMNS, Source

SHOWN = 20
"""So many faults of a table are told one by one; the others are counted."""
OTHER = "\0"
"""Stands in a message for the place of the other row that it speaks of."""
_SOURCES = pa.schema(zip(SOURCE_COLUMNS, (pa.string(), pa.string(), pa.int64()), strict=True))
Positions = npt.NDArray[np.int64]


def nothing_but(message: str) -> Callable[[int], tuple[str, str]]:
    """Return what says the same of every row, and quotes nothing."""
    return lambda _: ("", message)


@dataclass(frozen=True, slots=True)
class _Fault:
    """One kind of fault: the first rows that have it (positions in the file), and how many there are."""

    code: str
    column: str
    said: Callable[[int], tuple[str, str]]
    remedy: str
    rows: Positions
    others: Positions
    total: int


class Faults:
    """The faults of one table's file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self._whole: list[Problem] = []
        self._rows: list[_Fault] = []

    @property
    def file(self) -> str:
        """The table's file."""
        return f"{self.name}.parquet"

    @property
    def total(self) -> int:
        """How many faults there are."""
        return len(self._whole) + sum(fault.total for fault in self._rows)

    def __bool__(self) -> bool:
        return self.total > 0

    def whole(self, code: str, message: str, remedy: str, column: str = "", file: str = "") -> None:
        """Note a fault of the file as a whole, or of a column."""
        problem = Problem("error", code, message, remedy, table=self.name, file=file or self.file, column=column)
        self._whole.append(problem)

    def made(self, problems: Iterable[Problem]) -> None:
        """Take over problems that are told already."""
        self._whole += problems

    def at(
        self,
        code: str,
        column: str,
        rows: Positions,
        said: Callable[[int], tuple[str, str]],
        remedy: str,
        others: Positions | None = None,
    ) -> None:
        """Note a fault of rows, by their positions in the file; nothing where there are none.

        ``said`` gives the cell's text and the message for a position; ``others`` are the rows that OTHER stands for.
        """
        if len(rows):
            other = rows if others is None else others
            self._rows.append(_Fault(code, column, said, remedy, rows[:SHOWN], other[:SHOWN], len(rows)))

    def problems(self) -> tuple[Problem, ...]:
        """Return the first faults in the order of the file's rows, each with the place where its row came from."""
        found = [
            (int(row), number, int(other))
            for number, fault in enumerate(self._rows)
            for row, other in zip(fault.rows, fault.others, strict=True)
        ]
        chosen = sorted(found)[: max(SHOWN - len(self._whole), 0)]
        places = self.places({at for row, _, other in chosen for at in (row, other)})
        return (*self._whole[:SHOWN], *(self._problem(self._rows[n], row, other, places) for row, n, other in chosen))

    def _problem(self, fault: _Fault, row: int, other: int, places: dict[int, Source]) -> Problem:
        value, message = fault.said(row)
        place = places[row]
        return Problem(
            "error",
            fault.code,
            one_line(message.replace(OTHER, _told(places[other]))),
            fault.remedy,
            table=self.name,
            file=place.file,
            sheet=place.sheet,
            row=place.row,
            column=fault.column,
            value=shorten(value),
        )

    def places(self, rows: Iterable[int]) -> dict[int, Source]:
        """Return where rows came from; a row that does not say it stands at its number in the table's own file."""
        wanted = sorted(rows)
        own = {row: Source(self.file, "", row + 1) for row in wanted}
        try:
            with pq.ParquetFile(self.folder / self.file) as file:
                stored = file.read(columns=list(SOURCE_COLUMNS)).cast(_SOURCES)
            stored = stored.take(pa.array(wanted, type=pa.int64()))
            told = zip(wanted, *(column.to_pylist() for column in stored.columns), strict=True)
            return own | {
                row: Source(name, sheet or "", number) for row, name, sheet, number in told if name and number
            }
        except (OSError, ValueError, pa.ArrowException):
            return own


def _told(place: Source) -> str:
    sheet = f"，工作表“{place.sheet}”" if place.sheet else ""
    return f"{place.file}{sheet} 第 {place.row} 行"


def rejection(faults: Iterable[Faults]) -> InputRejected:
    """Return the exception that tells all faults of all tables: each table's first ones, and how many more."""
    told = [(each, each.problems()) for each in faults if each]
    lines = [f"tables 文件夹的各表共有 {sum(each.total for each, _ in told)} 处不合规定："]
    for each, problems in told:
        lines.append(f"{each.file}（{each.total} 处）：")
        lines += [f"  {problem}" for problem in problems]
        if each.total > len(problems):
            lines.append(f"  另有 {each.total - len(problems)} 处，未逐一列出。")
    return InputRejected("\n".join(lines), [problem for _, problems in told for problem in problems])
