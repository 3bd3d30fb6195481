"""A pack for each unit: one zip with its report, to-do list and ledger, to be sent to that unit and nobody else.

Packs are made of what lies in the two folders: the reports must be those of the very set, unaltered. The same set
and reports give the same bytes. Names inside and outside are unit codes and fixed words, so every unzip shows them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assess_lib import paths, store
from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.publish.reuse import read_bytes, read_slip
from assess_lib.store import ScoredSet
from assess_lib.store.fresh import fresh_folder
from assess_lib.views import UnitReport
from assess_lib.views.pack import covering_note, ledger_csv, to_do_csv

# The day that stands in every entry: a zip knows no earlier one.
_DAY = (1980, 1, 1, 0, 0, 0)
_FILE_RIGHTS = 0o644


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: the units' codes, and which of them have no PDF because their report was made without."""

    units: tuple[str, ...]
    without_pdf: tuple[str, ...]


def write_packs(target: Path, where: paths.YearPaths, units: Sequence[str] = ()) -> Packed:
    """Write ``<unit_id>.zip`` for each unit (none named: all) into a new or empty folder, all of them or none.

    Raises UsageError when there is no scored set of the year, a unit is unknown or has no report of this very set;
    VerifyFailed when a file was altered; EnvironmentFailure when the folder cannot be written.
    """
    data = store.load_set(where.processed)
    if data.basis.year != where.year:
        raise UsageError(f"现有结果是 {data.basis.year} 年度的，不是 {where.year} 年度的。请用 --year 指明。")
    chosen = tuple(units) or tuple(str(unit) for unit in data.results["unit_id"])
    listed = _listed(where, data)
    found = {unit: _read_reports(where, listed, unit) for unit in chosen}
    missing = [unit for unit in chosen if not found.get(unit)]
    if missing:
        names = dict(zip(data.results["unit_id"], data.results["unit_name"], strict=True))
        told = "、".join(names.get(unit, unit) for unit in missing[:5])
        more = f"等 {len(missing)} 个单位" if len(missing) > 5 else ""
        raise UsageError(f"没有由现有结果生成的报告：{told}{more}。请先运行 assess report。")
    packs = {f"{unit}.zip": _pack(data, unit, files) for unit, files in found.items()}
    with fresh_folder(target) as new:
        for name, content in packs.items():
            (new / name).write_bytes(content)
    return Packed(chosen, tuple(unit for unit, files in found.items() if "report.pdf" not in files))


def _listed(where: paths.YearPaths, data: ScoredSet) -> Mapping[str, str]:
    """Return the SHA-256 of each report, if they were made of this very set in its present state; else nothing."""
    slip = read_slip(where.reports)
    state = data.approval.digest if data.approval else ""
    same = slip.get("processed") == data.receipt_digest and slip.get("approval", "") == state
    return slip["outputs"] if same else {}


def _read_reports(where: paths.YearPaths, listed: Mapping[str, str], unit: str) -> dict[str, bytes]:
    """Return a unit's report by kind; nothing when it has none. Raises VerifyFailed when a file was altered."""
    found = {}
    for ending in ("html", "pdf"):
        name = f"units/{unit}.{ending}"
        if name not in listed:
            continue
        content = read_bytes(where.reports / name)
        if content is None or sha256(content).hexdigest() != listed[name]:
            raise VerifyFailed(f"报告文件夹中的 {name} 与凭证不符，可能被改动过。请重新运行 assess report。")
        found[f"report.{ending}"] = content
    return found if "report.html" in found else {}


def _pack(data: ScoredSet, unit: str, reports: Mapping[str, bytes]) -> bytes:
    """Return one unit's zip; entries are stored, not compressed, so that every machine writes the same bytes."""
    report = UnitReport(data, unit)
    report.check()
    files = {**reports, "todo.csv": to_do_csv(report), "ledger.csv": ledger_csv(report)}
    digests = {kind: sha256(content).hexdigest() for kind, content in files.items()}
    files["readme.txt"] = covering_note(report, data.receipt_digest, digests)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for kind, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{unit}_{kind}", _DAY)
            entry.create_system = 3  # the same on every system
            entry.external_attr = _FILE_RIGHTS << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
