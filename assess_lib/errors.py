"""What can go wrong, as data: problems found in input, and exceptions that carry an exit code.

A problem says where (file, sheet, row, column, value), what (message) and what next (remedy), in
Chinese, because clerks read it. Exit codes are the command line's contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "unresolved", "warning", "notice"]
# The gravest first; what people call them.
SEVERITY_NAMES: Mapping[Severity, str] = {"error": "错误", "unresolved": "待定", "warning": "警告", "notice": "提示"}
# The same where problems are counted: 待定 counts items, and one unresolved item may have several reasons.
COUNTED_NAMES: Mapping[Severity, str] = {**SEVERITY_NAMES, "unresolved": "待定原因"}

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_ENVIRONMENT = 4
EXIT_LOCKED = 5
EXIT_CHANGED = 6
EXIT_VERIFY = 7
EXIT_REFUSED = 8
EXIT_NOTEBOOK = 9
EXIT_INTERRUPTED = 130  # the shell's own code for Ctrl-C


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about the input: where it is, what is wrong and what to do about it."""

    severity: Severity
    code: str
    message: str
    remedy: str = ""
    table: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        """Return the one-line form printed in the terminal: place, what, what next."""
        place = self.file
        if self.sheet:
            place += f"，工作表“{self.sheet}”"
        if self.row is not None:
            place += f"，第 {self.row} 行"
        if self.column:
            place += f"“{self.column}”"
        text = f"{place}：{self.message}" if place else self.message
        return f"{text} {self.remedy}".rstrip()


class AssessError(Exception):
    """An expected failure: its message is for a person, its exit code for the shell."""

    exit_code = EXIT_BUG

    def _render_traceback_(self) -> list[str]:
        # What a notebook shows in place of a traceback: where the library raised it helps nobody who reads the cell.
        return [f"{type(self).__name__}：{self}"]


class UsageError(AssessError):
    """The command or its options are wrong; nothing was touched (exit 2)."""

    exit_code = EXIT_USAGE


class InputRejected(AssessError):
    """The raw folder holds errors; every one of them is listed in ``problems`` (exit 3)."""

    exit_code = EXIT_REJECTED

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class EnvironmentFailure(AssessError):
    """The disk or the machine does not allow the work (exit 4)."""

    exit_code = EXIT_ENVIRONMENT


class FolderBusy(AssessError):
    """Another run holds the output folder (exit 5)."""

    exit_code = EXIT_LOCKED


class InputChanged(AssessError):
    """A raw file changed while the run was reading it (exit 6)."""

    exit_code = EXIT_CHANGED


class VerifyFailed(AssessError):
    """Something on disk is not what its receipt says (exit 7)."""

    exit_code = EXIT_VERIFY


class FinalRefused(AssessError):
    """``--final`` was asked for while items are unresolved (exit 8)."""

    exit_code = EXIT_REFUSED

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ApprovalRefused(AssessError):
    """The set is approved and frozen, or is in no state to be approved (exit 8)."""

    exit_code = EXIT_REFUSED


class NotebookFailed(AssessError):
    """At least one notebook failed; the others ran (exit 9)."""

    exit_code = EXIT_NOTEBOOK
