"""Approving a final set (定稿) and what follows: an approved set is frozen until its approval is lifted, on record.

初评稿 (a draft) becomes 送审稿 (``--final`` was accepted) becomes 定稿 (approved). Approval changes no number: it adds
one file to the processed folder and one line to the register of runs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from assess_lib import lock, register, store
from assess_lib.errors import ApprovalRefused, UsageError, VerifyFailed
from assess_lib.paths import YearPaths
from assess_lib.store import Approval, ScoredSet
from assess_lib.store.sets import RECEIPT_FILE

LONGEST_DOCUMENT = 60
LONGEST_OFFICE = 30
LONGEST_REASON = 200
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def today() -> date:
    """Return the machine's day."""
    return date.today()


def check_line(option: str, name: str, value: str, longest: int) -> str:
    """Return a text that will be printed, without spaces around it.

    Raises UsageError for one that is empty, too long, of several lines or with characters that nobody sees.
    """
    text = value.strip(" \t　")
    if not text:
        raise UsageError(f"{option} 后面是空的。请写明{name}。")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in text):
        raise UsageError(f"{option} 只能写一行，不能含有换行或看不见的控制字符。请重写{name}。")
    if len(text) > longest:
        raise UsageError(f"{option} 最多 {longest} 个字，现有 {len(text)} 个。请缩短{name}。")
    return text


def check_reason(reason: str | None) -> str:
    """Return the reason for lifting an approval, blank when none is to be lifted. Raises UsageError for a bad one."""
    return "" if reason is None else check_line("--reopen", "重新打开定稿的原因", reason, LONGEST_REASON)


# ---- approve --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that stands, and whether it was given just now or had been before, in the same words."""

    approval: Approval
    new: bool


def approve(paths: YearPaths, *, document: str, by: str, day: date) -> Approved:
    """Approve the final set that lies in the processed folder; nothing in it changes but the approval is added.

    Raises UsageError for words or a day that cannot be right and when there is no scored set, VerifyFailed when
    a file of it was altered, ApprovalRefused when it is not final or was approved in other words.
    """
    document = check_line("--document", "批准文号", document, LONGEST_DOCUMENT)
    by = check_line("--by", "批准人职务", by, LONGEST_OFFICE)
    _check_day(day, _set_of(paths))  # wrong usage is found before anything is touched
    options = {"document": document, "by": by, "date": day.isoformat()}
    with lock.held(paths.processed), register.recorded(paths.processed, "approve", options) as attempt:
        store.settle(paths.processed)
        data = _set_of(paths)
        _check_day(day, data)
        approval = Approval(document, by, day, data.receipt_digest)
        attempt.receipt = data.receipt_digest
        if data.approval is None:
            _check_final(data, paths)
            store.write_approval(paths.processed, approval)
        elif data.approval != approval:
            raise ApprovalRefused(
                f"{_named(data.approval)}，不能再次批准。批准有误或须重新评分的，"
                "请先用 assess score --final --reopen 原因 重新打开，再批准。"
            )
        attempt.extra["approval"] = approval.digest
        return Approved(approval, data.approval is None)


def _set_of(paths: YearPaths) -> ScoredSet:
    data = store.load_set(paths.processed)
    if data.basis.year != paths.year:
        raise UsageError(
            f"结果文件夹 {paths.shown_processed} 是 {data.basis.year} 年度的，与本次年度 {paths.year} 不符。"
            "请用 --year 和 --processed 指明同一年度。"
        )
    return data


def _check_day(day: date, data: ScoredSet) -> None:
    """Refuse a day before that of scoring, or one to come; machines whose clock shows UTC lag behind by a day."""
    if day < data.basis.run_date:
        raise UsageError(f"批准日期 {day} 早于计分日期 {data.basis.run_date}。请核对 --date。")
    if day > today() + timedelta(days=1):
        raise UsageError(f"批准日期 {day} 晚于今天（{today()}）。请核对 --date 和本机的日期。")


def _check_final(data: ScoredSet, paths: YearPaths) -> None:
    unresolved = sum(int(count) for count in data.results["unresolved"])
    if data.basis.final and not unresolved:
        return
    told = f"，还有 {unresolved} 项待定" if unresolved else ""
    raise ApprovalRefused(
        f"{paths.shown_processed} 中是初评稿{told}，不能批准。"
        "请先补齐待定事项，运行 assess run --final 形成送审稿，再批准。"
    )


def _named(approval: Approval) -> str:
    return f"本年度结果已经定稿（{approval.document}，{approval.by}，{approval.date}）"


# ---- the freeze -----------------------------------------------------------------------------------------------


# Attempts that put a set in place; after one of them an earlier approval no longer holds.
_WRITES_SET = frozenset({"score", "run", "01_clean", "02_score"})


@dataclass(frozen=True, slots=True)
class Registered:
    """The approval that holds by the register: its digest, the receipt that it approves, its line; blank for none."""

    digest: str = ""
    receipt: str = ""
    line: int = 0


_NO_APPROVAL = Registered()


def registered_approval(lines: Iterable[register.Line]) -> Registered:
    """Return the approval that holds by the register's lines."""
    found = _NO_APPROVAL
    for line in lines:
        if not line.accepted or line.entry is None:
            continue
        command, receipt = line.entry.get("command"), str(line.entry.get("receipt") or "")
        if command == "approve":
            found = Registered(str(line.entry.get("approval", "")), receipt, line.number)
        elif command in _WRITES_SET and not (command == "01_clean" and receipt == found.receipt):
            found = Registered("", found.receipt)  # cleaning alone leaves a set standing that was made of the same
    return found


def _receipt(processed: Path) -> str:
    """Return the digest of the receipt of the set that stands, blank if there is none."""
    try:
        return store.digest((processed / RECEIPT_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ""


@dataclass(frozen=True, slots=True)
class Reopening:
    """An approval that a run is about to lift: why, and what it was (as far as its file can be read)."""

    reason: str
    lifted: dict[str, Any]


def may_replace(processed: Path, reason: str = "") -> Reopening | None:
    """See whether a run may replace the set; return what it lifts by doing so, None for a set that is not approved.

    Raises ApprovalRefused for an approved set and no ``reason``, UsageError for a reason and nothing to lift. An
    approval that was tampered with freezes the set all the same, and so does one that only the register still knows.
    """
    registered = registered_approval(register.read(processed))
    # Without its approval the approved set is frozen still; another set came after an approval that was lifted.
    lost = registered if _receipt(processed) in ("", registered.receipt) else _NO_APPROVAL
    if not store.is_approved(processed) and not lost.digest:
        if reason:
            raise UsageError("现有结果还没有定稿，不用 --reopen。请去掉这个选项后重新运行。")
        return None
    try:
        approval = store.read_approval(processed)
    except VerifyFailed:
        approval = None
    if not reason:
        state = "无法识别，可能被改动过" if store.is_approved(processed) else f"不在了，批准见运行登记第 {lost.line} 行"
        named = _named(approval) if approval else f"本年度结果已经定稿（定稿凭据 {store.APPROVAL_FILE} {state}）"
        raise ApprovalRefused(
            f"{named}，不能重新评分，没有改动任何文件。确须重新评分的，"
            "请加 --reopen 原因（如 assess score --reopen 复核更正）；原因记入运行登记，重新评分后须再次送审和批准。"
        )
    lifted = {"approval": store.approval_digest(processed) or lost.digest}
    if approval:
        lifted |= {
            "document": approval.document,
            "by": approval.by,
            "date": approval.date.isoformat(),
            "receipt": approval.receipt,
        }
    return Reopening(reason, lifted)


def register_reopening(processed: Path, reopening: Reopening, command: str) -> None:
    """Put on record that an approval is lifted, before the set is replaced: never may one go without a trace.

    The line says ``begun``; the next one, of the run itself, says whether the new set came to stand.
    """
    register.append(
        processed,
        {
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": "reopen",
            "options": {"reason": reopening.reason, "command": command},
            "outcome": "begun",
            "exit": None,
            "receipt": None,
            "problems": {},
            "lifted": reopening.lifted,
        },
    )
