"""Every hash again: inputs, results, reports, the receipts themselves, the approval and the register of runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assess_lib import register, store
from assess_lib.approval import registered_approval
from assess_lib.errors import UsageError
from assess_lib.paths import YearPaths
from assess_lib.store.sets import RECEIPT_FILE
from assess_lib.verify.finding import PROCESSED, RAW, REGISTER, REPORTS, Finding
from assess_lib.verify.slips import OF_REPORTS, OF_SET, Slip, compare_files, read_slip

# Names of the reports folder that are ours, whether or not a receipt lists them.
_REPORT = re.compile(
    r"units/[A-Za-z0-9_-]{1,20}\.(html|pdf|ipynb)|(county_summary|audit|readings|index|publication|audit_workbook)"
    r"\.(html|pdf|ipynb|xlsx)|[0-9]{2}_[a-z_]+\.ipynb"
)


@dataclass
class Hashes:
    """What the hashes say, and what the later steps go on with.

    ``slip`` and ``reports`` are the two receipts (None when there is none); ``inputs_same`` whether the raw files
    are those of the receipt; ``reports_same`` whether the reports say that they were made of the set that is there.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    slip: Slip | None = None
    reports: Slip | None = None
    lines: tuple[register.Line, ...] = ()
    inputs_same: bool = False
    reports_same: bool = False


def hashes(paths: YearPaths) -> Hashes:
    """Hold every file to its receipt, the receipts to the register, and the register to its own chain.

    Raises UsageError when there is nothing to verify, or the folder is rightly another year's; OSError when a
    receipt or the register cannot be read. Takes milliseconds: nothing is scored again.
    """
    found = Hashes()
    _register(paths, found)
    _set(paths, found)
    _approval(paths, found)
    _reports(paths, found)
    if found.slip is None and found.reports is None and not found.lines and not found.findings:
        raise UsageError("没有可核对的内容：结果、报告和运行登记都不在。请先运行 assess score 或 assess run。")
    return found


# ---- the register ---------------------------------------------------------------------------------------------


def _register_name(paths: YearPaths) -> str:
    return f"{REGISTER}/{register.register_file(paths.processed).name}"


def _register(paths: YearPaths, found: Hashes) -> None:
    found.lines = register.read(paths.processed)
    name = _register_name(paths)
    for fault in register.check(paths.processed):
        if fault.kind == "torn" and fault.sealed:
            found.notes.append(f"{name} 第 {fault.number} 行不完整（可能断过电），其后各行接续无误。")
            continue
        told = {
            "torn": "最后一行不完整：可能断过电，或被改动过。",
            "unreadable": "无法读取：被改动或损坏过。",
            "chain": "与上一行接不上：上一行被改动过，或中间有行被删去、插入。",
        }
        found.findings.append(Finding("register", name, told[fault.kind], row=fault.number))
    if found.lines:
        found.checked.append(f"运行登记：{len(found.lines)} 行，逐行核对接续。")


def _accepted(lines: Sequence[register.Line], key: str) -> Iterator[tuple[register.Line, str]]:
    """Yield the accepted lines that carry a digest under ``key``, oldest first, with the digest."""
    for line in lines:
        value = (line.entry or {}).get(key)
        if line.accepted and isinstance(value, str) and value:
            yield line, value


# ---- the processed set ----------------------------------------------------------------------------------------


def _set(paths: YearPaths, found: Hashes) -> None:
    shown = f"{PROCESSED}/{RECEIPT_FILE}"
    found.slip, findings = read_slip(paths.processed / RECEIPT_FILE, shown, OF_SET)
    found.findings += findings
    ours = store.OUR_FILES - set(store.PROBLEM_FILES) - {RECEIPT_FILE, store.APPROVAL_FILE}
    there = sorted(name for name in ours if os.path.lexists(paths.processed / name))
    registered = list(_accepted(found.lines, "receipt"))
    if found.slip is None:
        if there or registered:
            found.findings.append(Finding("missing", shown, "凭证不在，结果无从核对。请重新运行 assess score。"))
        return
    known = _receipt_against_register(paths, found, shown, registered)
    content = found.slip.content
    if content is None:
        return
    if content["year"] != paths.year:
        told = f"凭证是 {content['year']} 年度的，与本次年度 {paths.year} 不符。"
        if known:
            raise UsageError(f"结果文件夹 {paths.shown_processed}：{told}请用 --year 和 --processed 指明同一年度。")
        found.findings.append(Finding("receipt", shown, told))
    changes = compare_files(paths.raw, RAW, content["inputs"], store.hash_inputs(paths.raw))
    found.inputs_same = not changes
    found.findings += changes
    found.findings += compare_files(paths.processed, PROCESSED, content["outputs"])
    for name in there:
        if name not in content["outputs"]:
            message = "凭证没有列出这个文件，它却用了本软件的文件名。"
            found.findings.append(Finding("added", f"{PROCESSED}/{name}", message))
    found.checked.append(f"原始文件 {len(content['inputs'])} 个、结果文件 {len(content['outputs'])} 个：重算 SHA-256。")


def _receipt_against_register(
    paths: YearPaths, found: Hashes, shown: str, registered: list[tuple[register.Line, str]]
) -> bool:
    """Hold the receipt's own digest to the last accepted run; tell whether any accepted run registered it."""
    assert found.slip is not None
    name = _register_name(paths)
    if not registered:
        message = "没有这份结果的登记：登记被移走或改动过，凭证无从核对。请把登记放回结果文件夹旁，或重新运行。"
        found.findings.append(Finding("register", name, message))
        return False
    line, last = registered[-1]
    if found.slip.digest == last:
        return True
    earlier = [line.number for line, digest in registered if digest == found.slip.digest]
    if earlier:
        message = f"是登记第 {earlier[0]} 行那次运行的凭证，不是最后一次（第 {line.number} 行）的：旧结果被放了回来。"
    else:
        message = f"凭证本身的 SHA-256 与登记第 {line.number} 行（最后一次采用的运行）所记不符：凭证被改动过。"
    found.findings.append(Finding("receipt", shown, message, expected=last, found=found.slip.digest))
    return bool(earlier)


# ---- the approval ---------------------------------------------------------------------------------------------


def _approval(paths: YearPaths, found: Hashes) -> None:
    """Hold the approval to its form, to the receipt that it approves, and to the register's line of ``approve``."""
    shown = f"{PROCESSED}/{store.APPROVAL_FILE}"
    registered = registered_approval(found.lines)
    granted, number = registered.digest, registered.line
    actual = store.approval_digest(paths.processed)
    if not actual:
        if granted:
            message = f"登记第 {number} 行批准了现有结果，定稿凭据却不在了。"
            found.findings.append(Finding("missing", shown, message))
        return
    try:
        given = store.Approval.load((paths.processed / store.APPROVAL_FILE).read_bytes())
    except ValueError:
        given = None
        found.findings.append(Finding("approval", shown, "写法与软件写出的不同：定稿凭据被改动过。"))
    if given is not None and found.slip is not None and given.receipt != found.slip.digest:
        found.findings.append(Finding("approval", shown, "所批准的不是现有结果：receipt.json 与批准时不同。"))
    if actual != granted:
        message = (
            f"与登记第 {number} 行所记的 SHA-256 不符：定稿凭据被改动过。"
            if granted
            else "登记中没有对现有结果的批准：定稿凭据不是本软件对这份结果写出的。"
        )
        found.findings.append(Finding("approval", shown, message, expected=granted, found=actual))
    found.checked.append("定稿凭据：与结果凭证和登记核对。")


# ---- the reports ----------------------------------------------------------------------------------------------


def _reports(paths: YearPaths, found: Hashes) -> None:
    shown = f"{REPORTS}/{RECEIPT_FILE}"
    found.reports, findings = read_slip(paths.reports / RECEIPT_FILE, shown, OF_REPORTS)
    found.findings += findings
    there = _report_names(paths)
    if found.reports is None:
        if there:
            found.findings.append(Finding("missing", shown, f"凭证不在，{len(there)} 份报告无从核对。请重新出报告。"))
        elif found.slip is not None:
            found.notes.append("还没有出报告，没有核对报告。")
        return
    current = found.slip.digest if found.slip is not None else ""
    _reports_against_register(found, shown, current)
    content = found.reports.content
    if content is None:
        return
    found.reports_same = bool(current) and content["processed"] == current
    if not found.reports_same:
        message = (
            "报告不是由现有结果生成的：所记的结果凭证与现有 receipt.json 不符。请运行 assess report 重出。"
            if current
            else "报告所依据的结果不在：结果文件夹中没有凭证，无从核对。请把结果放回，或重新运行。"
        )
        found.findings.append(Finding("receipt", shown, message, expected=current, found=content["processed"]))
    approval = store.approval_digest(paths.processed)
    if found.reports_same and content.get("approval", "") != approval:
        message = "报告是批准之前（或按另一次批准）出的，与现有定稿凭据不符。请运行 assess report 重出。"
        found.findings.append(Finding("approval", shown, message, expected=approval))
    if content["year"] != paths.year:
        message = f"凭证是 {content['year']} 年度的，与本次年度 {paths.year} 不符。"
        found.findings.append(Finding("receipt", shown, message))
    found.findings += compare_files(paths.reports, REPORTS, content["outputs"])
    for name in there:
        if name not in content["outputs"]:
            message = "凭证没有列出这份报告：它不是现有这批报告里的。"
            found.findings.append(Finding("added", f"{REPORTS}/{name}", message))
    found.checked.append(f"报告文件 {len(content['outputs'])} 个：重算 SHA-256。")


def _report_names(paths: YearPaths) -> list[str]:
    """Return the files of the reports folder that have one of our names, sorted."""
    found = []
    for prefix, folder in (("", paths.reports), ("units/", paths.reports / "units")):
        try:
            found += [prefix + entry.name for entry in os.scandir(folder)]
        except (FileNotFoundError, NotADirectoryError):
            continue
    return sorted(name for name in found if _REPORT.fullmatch(name))


def _reports_against_register(found: Hashes, shown: str, current: str) -> None:
    """Hold the reports' receipt to the runs that registered one for the set that is there.

    Reports of one set may lie in several folders; any of these runs will do.
    """
    assert found.reports is not None
    registered = [
        (line, digest)
        for line, digest in _accepted(found.lines, "reports")
        if line.entry is not None and line.entry.get("receipt") == current
    ]
    if not any(digest == found.reports.digest for _, digest in registered):
        last = registered[-1][1] if registered else ""
        message = (
            "凭证本身的 SHA-256 与登记所记不符：凭证被改动过，或不是由现有结果出的报告。"
            if found.lines
            else "没有登记，凭证无从核对。"
        )
        found.findings.append(Finding("receipt", shown, message, expected=last, found=found.reports.digest))
