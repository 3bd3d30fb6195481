"""What verification says: findings that name file and difference, what was checked, and what has to be known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal[
    "missing",  # a file that the receipt lists is not there
    "changed",  # a file is not what the receipt says
    "added",  # a file stands there that the receipt does not list
    "unreadable",  # a file cannot be read
    "receipt",  # a receipt is not as written, or not the registered one
    "approval",  # the approval is not as written, or of another set
    "register",  # a line of the register is broken
    "rescore",  # cleaning and scoring again gives something else
    "ledger",  # the ledger does not add up
    "printed",  # a report prints another number
]

# How the three folders are called in findings; where they lie is said once.
RAW, PROCESSED, REPORTS, REGISTER = "原始", "结果", "报告", "登记"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference: in which file (folder's name first, ``结果/results.csv``), where in it, and what differs.

    ``row`` counts as a person sees it, header included; ``expected`` is what follows from the other files.
    """

    kind: Kind
    file: str
    message: str
    row: int | None = None
    column: str = ""
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        """Return the one-line form printed in the terminal."""
        place = self.file
        if self.row is not None:
            place += f"，第 {self.row} 行"
        if self.column:
            place += f"“{self.column}”"
        return f"{place}：{self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was found, what was checked (one sentence a kind), and remarks that are no findings."""

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    notes: tuple[str, ...]
    bare: bool = False
    """Whether there is neither a set nor reports: the register alone was checked."""

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """Return the same for other programs: ``ok``, ``findings`` (all fields of each), ``checked``, ``notes``."""
        return {
            "ok": self.ok,
            "findings": [asdict(finding) for finding in self.findings],
            "checked": list(self.checked),
            "notes": list(self.notes),
        }
