"""The reports folder: which earlier reports may stay beside new ones, the index over them, the receipt of all."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from assess_lib import register, store
from assess_lib.publish import documents, site
from assess_lib.store import ScoredSet
from assess_lib.tables import Row

STAGES = ("01_clean", "02_score")
RECEIPT = "receipt.json"


def carry_over(old: Path, new: Path, data: ScoredSet, made: Collection[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Copy the other reports of the old folder that were made of the same set; name the others, which go.

    A file counts as a report when the old receipt lists it, and as unaltered when it is what the receipt says.
    Files of a report that was made anew are no other reports: a PDF without its page would be stale.
    """
    slip = report_slip(old)
    listed: dict[str, str] = slip.get("outputs", {})
    same = slip.get("processed") == data.receipt_digest
    # What stands on every page: a report that was made before the approval is stale, a record of the stages is not.
    same_state = same and slip.get("approval", "") == (data.approval.digest if data.approval else "")
    reports = {name.rpartition(".")[0] for name in made}
    known = {f"units/{unit}" for unit in data.results["unit_id"]}
    known |= {name.rpartition(".")[0] for name in documents.county_files()}
    kept, dropped = set(), []
    for name, digest in sorted(listed.items()):
        report = name.rpartition(".")[0]
        if report in reports or name == documents.INDEX or not _inside(name):
            continue
        wanted = (same_state and report in known) or (same and report in STAGES)
        content = read_bytes(old / name) if wanted else None
        if content is None or sha256(content).hexdigest() != digest:
            dropped.append(name)
            continue
        target = new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        kept.add(name)
    return frozenset(kept), tuple(dropped)


def report_slip(reports: Path) -> dict[str, Any]:
    """Return what the receipt of a reports folder says; nothing if there is none or it is not ours."""
    try:
        slip = json.loads((reports / RECEIPT).read_bytes())
        return slip if isinstance(slip["outputs"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _inside(name: str) -> bool:
    """Tell whether a path of a receipt stays inside its folder."""
    parts = name.split("/")
    return bool(name) and not os.path.isabs(name) and ".." not in parts and "\\" not in name


def read_bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def write_index(folder: Path, data: ScoredSet, roster: Iterable[Row], files: Collection[str]) -> None:
    """Write the index over the reports that lie in the folder."""
    (folder / documents.INDEX).write_text(site.index_page(data, roster, files), encoding="utf-8", newline="\n")


def write_receipt(
    folder: Path, data: ScoredSet, files: Collection[str], processed: Path, attempt: register.Attempt
) -> None:
    """Write the receipt of the reports: of which set they were made, by which software, and their hashes.

    The attempt's line in the register gets the receipt's own digest, and what people decided for the set.
    """
    slip = {
        **store.software(),
        "year": data.basis.year,
        "processed": data.receipt_digest,
        "approval": store.approval_digest(processed),
        "outputs": {name: sha256((folder / name).read_bytes()).hexdigest() for name in sorted(files)},
    }
    content = store.dump_json(slip)
    (folder / RECEIPT).write_bytes(content)
    adjustments = int(data.rows.loc[data.rows["table"] == "调整复核", "accepted"].sum())
    attempt.decided(data.basis.readings, data.basis.scheme.default_readings(), adjustments)
    attempt.extra["reports"] = store.digest(content)
