"""Rows on their way to being accepted, and the collector of what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assess_lib.errors import Problem, Severity
from assess_lib.intake.visible import one_line, shorten
from assess_lib.tables import Row, Source, Table, Value


@dataclass(slots=True, eq=False)
class Draft:
    """One row as read: parsed values, what each cell shows, and whether an error was found in it.

    ``bad`` names the columns whose cells could not be read; their value is None although something stands there.
    """

    table: Table
    source: Source
    positions: Mapping[str, int]
    values: dict[str, Value] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    faulty: bool = False

    def text(self, column: str) -> str:
        """Return a text or unit value, or an empty string."""
        value = self.values.get(column)
        return "" if value is None else str(value)

    def readable(self, columns: tuple[str, ...]) -> bool:
        """Whether the cells of all these columns were read without an error."""
        return not self.bad.intersection(columns)

    def row(self) -> Row:
        """Return the accepted row."""
        return Row(self.table.name, self.values, self.source, self.notes)


class Findings:
    """Collect problems and return them as a person walks through the files: file, sheet, row, column."""

    def __init__(self) -> None:
        self._found: list[tuple[tuple[str, str, int, int, int], Problem]] = []

    def add(self, problem: Problem, position: int = 0) -> None:
        """Add a problem; ``position`` is the column's place in the sheet."""
        # A message quotes cells; the cell itself stands unchanged in the problem's value.
        problem = replace(problem, message=one_line(problem.message), remedy=one_line(problem.remedy))
        key = (problem.file, problem.sheet, problem.row or 0, position, len(self._found))
        self._found.append((key, problem))

    def at(
        self,
        draft: Draft,
        column: str,
        severity: Severity,
        code: str,
        message: str,
        remedy: str,
        value: str | None = None,
    ) -> None:
        """Add a problem at one cell of a row (or the row as a whole: ``column`` empty); an error rejects the row."""
        if severity == "error":
            draft.faulty = True
        source = draft.source
        shown = draft.shown.get(column, "") if value is None else value
        self.add(
            Problem(
                severity,
                code,
                message,
                remedy,
                table=draft.table.name,
                file=source.file,
                sheet=source.sheet,
                row=source.row,
                column=column,
                value=shorten(shown),
            ),
            draft.positions.get(column, 0),
        )

    def sorted(self) -> tuple[Problem, ...]:
        """Return all problems in reading order."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda found: found[0]))


def place(draft: Draft) -> str:
    """Name a row in a message about another row: file, sheet if there is one, row."""
    sheet = f"，工作表“{draft.source.sheet}”" if draft.source.sheet else ""
    return f"{draft.source.file}{sheet} 第 {draft.source.row} 行"
