"""The approval of a set (定稿): under which document, by whom and when, and of which receipt.

It lies as ``approval.json`` beside ``receipt.json`` and is not listed there: the digest that stands on the signed
送审稿 stays the digest of the 定稿.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from assess_lib.errors import VerifyFailed
from assess_lib.store.folder import building
from assess_lib.store.receipt import digest, dump_json

APPROVAL_FILE = "approval.json"


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: 批准文号, the office that approved (职务), the day, the SHA-256 of the approved receipt."""

    document: str
    by: str
    date: date
    receipt: str

    def dump(self) -> bytes:
        """Return the bytes of ``approval.json``."""
        return dump_json(
            {"document": self.document, "by": self.by, "date": self.date.isoformat(), "receipt": self.receipt}
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of ``approval.json``."""
        return digest(self.dump())

    @classmethod
    def load(cls, data: bytes) -> Approval:
        """Read the bytes of ``approval.json``; raise ValueError for any that ``dump`` would not write."""
        try:
            stored = json.loads(data)
            found = cls(stored["document"], stored["by"], date.fromisoformat(stored["date"]), stored["receipt"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError("not an approval") from error
        if found.dump() != data:
            raise ValueError("not the bytes of an approval")
        return found


def is_approved(processed: Path) -> bool:
    """Tell whether an approval lies in the folder, whatever its state: a doubtful one freezes the set too."""
    return os.path.lexists(processed / APPROVAL_FILE)


def approval_digest(processed: Path) -> str:
    """Return the SHA-256 of the folder's approval; blank when the set is not approved."""
    try:
        return digest((processed / APPROVAL_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ""


def read_approval(processed: Path) -> Approval | None:
    """Read the folder's approval, None when there is none. Raises VerifyFailed for a file that is not as written."""
    try:
        return Approval.load((processed / APPROVAL_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, OSError) as error:
        raise VerifyFailed(
            f"结果文件夹中的定稿凭据 {APPROVAL_FILE} 无法识别，可能被改动过。请核对运行登记，恢复原文件。"
        ) from error


def check_approval(approval: Approval | None, receipt: str) -> None:
    """See that an approval is of the receipt with this digest. Raises VerifyFailed when it is of another."""
    if approval is not None and approval.receipt != receipt:
        raise VerifyFailed(
            f"定稿凭据 {APPROVAL_FILE} 所批准的不是现有结果：receipt.json 与批准时不同，可能被改动过。"
            "请核对运行登记，恢复批准时的结果。"
        )


def write_approval(processed: Path, approval: Approval) -> None:
    """Put the approval into the folder in one step; all else stays as it is. The caller holds the lock."""
    with building(processed, (APPROVAL_FILE,)) as new, open(new / APPROVAL_FILE, "xb") as stream:
        stream.write(approval.dump())
