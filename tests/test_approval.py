"""From 初评稿 to 送审稿 to 定稿: who may approve what, what freezes, what reopens, and what each page prints."""

from __future__ import annotations

import errno
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from build import ROOT
from pypdf import PdfReader
from small_year import make_raw, write_table

from assess_lib import approval, lock, pipeline, store
from assess_lib.cli import main
from assess_lib.errors import ApprovalRefused, UsageError, VerifyFailed
from assess_lib.paths import YearPaths, resolve
from assess_lib.publish import documents
from assess_lib.store import folder

DOCUMENT, BY, DAY = "千营商组〔2023〕1号", "组长", "2023-01-10"
WORDS = ("--document", DOCUMENT, "--by", BY, "--date", DAY)
LATEST = {"problems.csv", "problems.xlsx", "rows.csv"}


class Year:
    """A small year on disk and the command line to run on it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.raw, self.processed, self.reports = make_raw(place / "raw"), place / "processed", place / "reports"

    @property
    def options(self) -> list[str]:
        where = (("--raw", self.raw), ("--processed", self.processed), ("--reports", self.reports))
        return ["--year", "2022", *(str(part) for pair in where for part in pair)]

    def run(self, *arguments: str) -> int:
        return main([*arguments, *self.options])

    def approve(self, *more: str) -> int:
        return self.run("approve", *WORDS, *more)

    @property
    def paths(self) -> YearPaths:
        return resolve(2022, self.raw, self.processed, self.reports)

    def lines(self) -> list[dict[str, Any]]:
        """Return the register of runs."""
        file = self.place / "processed.runs.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def files(self, part: str = "") -> dict[str, str]:
        """Return every file's hash, but for locks and the register."""
        found = sorted(path for path in (self.place / part).rglob("*") if path.is_file())
        kept = [path for path in found if not path.name.endswith((".lock", ".runs.jsonl"))]
        return {path.relative_to(self.place).as_posix(): sha256(path.read_bytes()).hexdigest() for path in kept}

    def digest(self) -> str:
        return sha256((self.processed / "receipt.json").read_bytes()).hexdigest()

    def leave_unresolved(self) -> None:
        """Let K of T01 be unresolved: nobody says whether it is a key-task unit."""
        rows = [("T01", "崔家头镇", "镇", ""), ("T02", "南寨镇", "镇", "否"), ("T03", "水沟镇", "镇", "否")]
        header = ("单位编码", "单位名称", "单位类别", "重点任务单位")
        write_table(self.raw, "单位名录", header, [*rows, ("D01", "县纪委监委", "县级部门", "否")])

    def spoil(self) -> None:
        """Make the input one that is rejected."""
        (self.raw / "材料报送.csv").open("a", encoding="utf-8").write("县统记局,半年汇报,,2022-06-01\n")


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "ASSESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Year(tmp_path)


@pytest.fixture
def submitted(year: Year) -> Year:
    """Return a year whose set is a 送审稿."""
    assert year.run("score", "--final") == 0
    return year


@pytest.fixture
def approved(submitted: Year) -> Year:
    """Return a year whose set is a 定稿."""
    assert submitted.approve() == 0
    return submitted


# ---- approve ---------------------------------------------------------------------------------------------------


def test_approval_adds_one_file_and_one_line(submitted: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """Approving adds approval.json, canonical and of the receipt that stood; no other byte of the set changes."""
    before, receipt = submitted.files(), submitted.digest()
    assert submitted.approve() == 0
    after = submitted.files()
    assert after.keys() - before.keys() == {"processed/approval.json"}
    assert {name: after[name] for name in before} == before
    written = (submitted.processed / "approval.json").read_bytes()
    assert written.decode() == (
        '{\n  "by": "组长",\n  "date": "2023-01-10",\n  "document": "千营商组〔2023〕1号",\n'
        f'  "receipt": "{receipt}"\n}}\n'
    )
    told = capsys.readouterr().out
    assert "2022 年度结果已定稿：千营商组〔2023〕1号，组长，2023年1月10日批准。" in told
    assert "运行 assess report，各页即印明“定稿”" in told
    line = submitted.lines()[-1]
    assert (line["command"], line["exit"], line["receipt"]) == ("approve", 0, receipt)
    assert line["options"] == {"document": DOCUMENT, "by": BY, "date": DAY}
    assert line["approval"] == sha256(written).hexdigest() == store.approval_digest(submitted.processed)
    found = store.load_set(submitted.processed)
    assert found.approval == store.Approval(DOCUMENT, BY, date(2023, 1, 10), receipt)
    assert found.receipt_digest == receipt


def test_every_workbook_and_document_says_that_the_set_is_approved(approved: Year) -> None:
    """After the approval each product for offices prints 定稿, and none of them 送审稿 any more."""
    files: dict[str, bytes] = {}
    for product in documents.PRODUCTS.values():
        files |= product.maker(approved.processed, False)
    offices = {name: content for name, content in files.items() if name.endswith((".xlsx", ".docx"))}
    assert offices.keys() == {"audit_workbook.xlsx", "county_summary.xlsx", "county_summary.docx", "publication.xlsx"}
    for name, content in offices.items():
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            text = "".join(parts.read(part).decode() for part in parts.namelist() if part.endswith(".xml"))
        assert ("定稿" in text, "送审稿" in text, DOCUMENT in text) == (True, False, True), name


@pytest.mark.parametrize(
    ("run_date", "code"), [("2022-06-01", 8), ("2022-12-30", 0), ("2022-12-31", 0), ("2023-01-10", 0)]
)
def test_what_is_not_due_yet_is_not_final(
    year: Year, run_date: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a run date on which T02's late report is not due yet, --final is exit 8 and names it; nothing is stored.

    The report is due on 20 June and came on the 25th: on 1 June nothing is deducted, on the cut-off 2.50 points.
    From the day on which nothing is left to come, the set can be final.
    """
    assert year.run("score", "--final", "--date", run_date) == code
    assert (year.processed / "results.csv").exists() == (code == 0)
    told = capsys.readouterr().err
    assert ("计分日期 2022-06-01 早于截止日 2022-12-31" in told and "南寨镇" in told) == (code == 8)


def test_a_draft_is_not_approved(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """A set scored without --final is exit 8, with what to do; with unresolved items they are counted."""
    assert year.run("score") == 0
    before = year.files()
    assert year.approve() == 8
    assert "初评稿，不能批准" in (told := capsys.readouterr().err) and "assess run --final" in told
    assert year.files() == before
    assert (year.lines()[-1]["command"], year.lines()[-1]["outcome"]) == ("approve", "refused")
    year.leave_unresolved()
    assert year.run("score") == 0
    assert year.approve() == 8
    assert "还有 1 项待定" in capsys.readouterr().err


def test_nothing_is_approved_where_there_is_no_scored_set(year: Year) -> None:
    """No set at all, or clean tables alone, is wrong usage: exit 2, nothing touched."""
    before = year.files()
    assert year.approve() == 2
    assert year.files() == before and year.lines() == []
    pipeline.clean_stage(year.paths)
    lines = year.lines()
    assert year.approve() == 2
    assert year.lines() == lines


def test_an_altered_set_is_not_approved(submitted: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """A result edited by hand is exit 7, the file named; no approval comes to be."""
    file = submitted.processed / "results.csv"
    file.write_bytes(file.read_bytes().replace(b"101.50", b"111.50"))
    assert submitted.approve() == 7
    assert "results.csv" in capsys.readouterr().err
    assert not (submitted.processed / "approval.json").exists()


def test_a_set_of_another_year_is_not_approved(submitted: Year) -> None:
    """The set's year must be the one asked for."""
    paths = resolve(2022, submitted.raw, submitted.processed, submitted.reports)
    other = YearPaths(2023, paths.raw, paths.processed, paths.reports)
    with pytest.raises(UsageError, match="2022 年度"):
        approval.approve(other, document=DOCUMENT, by=BY, day=date(2023, 1, 10))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--document", " ", "--by", BY, "--date", DAY), "--document 后面是空的"),
        (("--document", DOCUMENT, "--by", "　", "--date", DAY), "--by 后面是空的"),
        (("--document", "1号\n2号", "--by", BY, "--date", DAY), "--document 只能写一行"),
        (("--document", DOCUMENT, "--by", "组\u202e长", "--date", DAY), "--by 只能写一行"),
        (("--document", DOCUMENT, "--by", "组\x1b[2J长", "--date", DAY), "--by 只能写一行"),
        (("--document", "文" * 61, "--by", BY, "--date", DAY), "最多 60 个字，现有 61 个"),
        (("--document", DOCUMENT, "--by", "长" * 31, "--date", DAY), "最多 30 个字，现有 31 个"),
        (("--document", DOCUMENT, "--by", BY, "--date", "2023-02-30"), "YYYY-MM-DD"),
        (("--document", DOCUMENT, "--by", BY, "--date", "2023.1.10"), "YYYY-MM-DD"),
        (("--document", DOCUMENT, "--by", BY, "--date", "2022-12-30"), "早于计分日期 2022-12-31"),
        (("--document", DOCUMENT, "--by", BY, "--date", "2203-01-10"), "晚于今天"),
        (("--document", DOCUMENT, "--by", BY), "--date"),
        (("--by", BY, "--date", DAY), "--document"),
        (("--document", DOCUMENT, "--date", DAY), "--by"),
        ((*WORDS, "--reading", "bonus_gate=at_least"), "--reading"),
        ((*WORDS, "--jobs", "0"), "--jobs"),
    ],
)
def test_words_that_cannot_be_right_touch_nothing(
    submitted: Year, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty, many-lined, invisible or endless words and impossible days are exit 2; nothing is touched."""
    before, lines = submitted.files(), submitted.lines()
    assert submitted.run("approve", *words) == 2
    assert told in capsys.readouterr().err
    assert submitted.files() == before and submitted.lines() == lines


@pytest.mark.parametrize(
    ("day", "fits"),
    [("2022-12-30", False), ("2022-12-31", True), ("2023-03-02", True), ("2023-03-03", False)],
    ids=["a day before scoring", "the day of scoring", "tomorrow, where a clock lags", "the day after"],
)
def test_the_day_of_approval(day: str, fits: bool, submitted: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval is not before the day of scoring nor to come; one day is left to clocks that run behind."""
    monkeypatch.setattr(approval, "today", lambda: date(2023, 3, 1))
    chosen = submitted.run("approve", "--document", "文" * 60, "--by", "长" * 30, "--date", day)
    assert chosen == (0 if fits else 2)


def test_approving_twice(approved: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """The same words again: exit 0, said to be approved already; other words: exit 8; no byte of the set changes."""
    before = approved.files()
    capsys.readouterr()
    assert approved.approve() == 0
    assert "早已定稿，没有改动" in capsys.readouterr().out
    for words in (
        ("--document", "2号", "--by", BY, "--date", DAY),
        ("--document", DOCUMENT, "--by", "副组长", "--date", DAY),
        ("--document", DOCUMENT, "--by", BY, "--date", "2023-01-11"),
    ):
        assert approved.run("approve", *words) == 8
        assert "已经定稿（千营商组〔2023〕1号，组长，2023-01-10），不能再次批准" in capsys.readouterr().err
    assert approved.files() == before


def test_approval_waits_for_no_other_run(submitted: Year) -> None:
    """While another run holds the folder, approving is exit 5 and touches nothing."""
    before = submitted.files()
    with lock.held(submitted.processed):
        assert submitted.approve() == 5
    assert submitted.files() == before


# ---- the freeze ------------------------------------------------------------------------------------------------


def _score(year: Year) -> int:
    return year.run("score")


def _run(year: Year) -> int:
    return year.run("run", "--final", "--unit", "T01", "--no-pdf")


def _notebook_02(year: Year) -> int:
    with pytest.raises(ApprovalRefused) as refused:
        pipeline.score_stage(year.paths)
    print(refused.value, file=sys.stderr)
    return refused.value.exit_code


def _notebook_01(year: Year) -> int:
    file = year.raw / "材料报送.csv"
    file.write_text(file.read_text("utf-8").replace("2022-06-25", "2022-06-24"), "utf-8")
    with pytest.raises(ApprovalRefused) as refused:
        pipeline.clean_stage(year.paths)
    print(refused.value, file=sys.stderr)
    return refused.value.exit_code


@pytest.mark.parametrize("attempt", [_score, _run, _notebook_01, _notebook_02])
def test_an_approved_set_is_frozen(
    approved: Year, attempt: Callable[[Year], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Scoring again by whatever way is exit 8, names the document and the way out, touches no output, is registered."""
    before = approved.files("processed") | approved.files("reports")
    capsys.readouterr()
    assert attempt(approved) == 8
    told = capsys.readouterr().err
    assert "已经定稿（千营商组〔2023〕1号，组长，2023-01-10）" in told and "--reopen 原因" in told
    assert approved.files("processed") | approved.files("reports") == before
    assert (approved.lines()[-1]["outcome"], approved.lines()[-1]["exit"]) == ("refused", 8)


@pytest.mark.parametrize("gone", ["approval", "folder"])
@pytest.mark.parametrize("attempt", [_score, _run])
def test_an_approval_that_was_removed_freezes_still(
    approved: Year, attempt: Callable[[Year], int], gone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The register knows of the approval though its file, or the whole folder, is gone: exit 8, unless it is lifted."""
    approval_file = approved.processed / "approval.json"
    given = sha256(approval_file.read_bytes()).hexdigest()
    approval_file.unlink() if gone == "approval" else shutil.rmtree(approved.processed)
    before = approved.files("processed")
    capsys.readouterr()
    assert attempt(approved) == 8
    assert "approval.json 不在了，批准见运行登记第 2 行" in capsys.readouterr().err
    assert approved.files("processed") == before
    assert approved.run("score", "--reopen", "复核更正") == 0
    (lifted,) = [line["lifted"] for line in approved.lines() if line["command"] == "reopen"]
    assert lifted == {"approval": given}
    assert approved.run("score") == 0


def test_a_frozen_set_can_be_looked_at(approved: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """check renews its three files alone, cleaning the same inputs keeps the set, explain prints who approved."""
    before = approved.files("processed")
    register = approved.raw / "材料报送.csv"
    whole = register.read_bytes()
    approved.spoil()
    assert approved.run("check") == 3
    after = approved.files("processed")
    assert {name for name in after if after[name] != before.get(name)} == {f"processed/{name}" for name in LATEST}
    capsys.readouterr()
    assert approved.run("explain", "T01") == 0
    told = capsys.readouterr().out
    assert "2022 年度考核 · 定稿" in told
    assert "批准文号：千营商组〔2023〕1号，批准：组长，批准日期：2023年1月10日。" in told
    register.write_bytes(whole)
    pipeline.clean_stage(approved.paths)
    assert store.load_set(approved.processed).approval is not None


# ---- reopen ----------------------------------------------------------------------------------------------------


_RUN_ONE = ("run", "--unit", "T01", "--no-pdf")


@pytest.mark.parametrize("command", [("score",), pytest.param(_RUN_ONE, marks=pytest.mark.deep)], ids=["score", "run"])
def test_reopening_lifts_the_approval_on_record(
    approved: Year, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """--reopen puts a draft in place of the 定稿; a line before tells reason and the lifted approval."""
    was, receipt = store.approval_digest(approved.processed), approved.digest()
    assert approved.run(*command, "--reopen", " 复核更正 ") == 0
    assert "原定稿已失效" in capsys.readouterr().out
    data = store.load_set(approved.processed)
    assert data.approval is None and not data.basis.final
    assert not (approved.processed / "approval.json").exists()
    lifting, done = approved.lines()[-2:]
    assert (lifting["command"], lifting["outcome"]) == ("reopen", "begun")
    assert lifting["options"] == {"reason": "复核更正", "command": command[0]}
    assert lifting["lifted"] == {
        "approval": was, "document": DOCUMENT, "by": BY, "date": DAY, "receipt": receipt,
    }  # fmt: skip
    assert (done["command"], done["exit"], done["options"]["reopen"]) == (command[0], 0, "复核更正")
    assert approved.approve() == 8  # a draft again: it must be submitted anew


def test_a_reopened_year_is_approved_anew(approved: Year) -> None:
    """score --final --reopen gives a 送审稿 that another document can approve; its receipt is the same set's."""
    receipt = approved.digest()
    assert approved.run("score", "--final", "--reopen", "批准文号有误") == 0
    assert approved.digest() == receipt  # the same inputs give the same set
    assert approved.run("approve", "--document", "千营商组〔2023〕2号", "--by", BY, "--date", DAY) == 0
    found = store.load_set(approved.processed).approval
    assert found is not None and found.document == "千营商组〔2023〕2号"


@pytest.mark.parametrize(
    ("harm", "arguments", "code", "outcome"),
    [
        (Year.spoil, ("score",), 3, "rejected"),
        (Year.leave_unresolved, ("score", "--final"), 8, "refused"),
        pytest.param(Year.spoil, _RUN_ONE, 3, "rejected", marks=pytest.mark.deep),
    ],
    ids=["rejected", "final refused", "run rejected"],
)
def test_a_reopening_that_fails_leaves_the_approval(
    approved: Year, harm: Callable[[Year], None], arguments: tuple[str, ...], code: int, outcome: str
) -> None:
    """If the run that was to replace the set fails, the 定稿 stands whole; attempt and reason are registered."""
    harm(approved)
    before = approved.files("processed")
    assert approved.run(*arguments, "--reopen", "复核更正") == code
    after = approved.files("processed")
    assert {name for name in before if after.get(name) != before[name]} <= {f"processed/{name}" for name in LATEST}
    assert store.load_set(approved.processed).approval is not None
    last = approved.lines()[-1]
    assert (last["outcome"], last["options"]["reopen"]) == (outcome, "复核更正")
    assert "reopen" not in [line["command"] for line in approved.lines()]


@pytest.mark.parametrize("command", ["score", "run"])
@pytest.mark.parametrize("state", ["nothing", "draft", "送审稿"])
def test_reopening_what_is_not_approved(year: Year, command: str, state: str) -> None:
    """--reopen on a set that is not approved is wrong usage: exit 2, nothing touched, nothing registered."""
    if state != "nothing":
        assert year.run("score", *(["--final"] if state == "送审稿" else [])) == 0
    before, lines = year.files(), year.lines()
    assert year.run(command, "--reopen", "复核更正") == 2
    assert year.files() == before and year.lines() == lines


@pytest.mark.parametrize("reason", ["", "  ", "一\n二", "字" * 201], ids=["empty", "blank", "two lines", "too long"])
def test_a_reopening_needs_a_reason(approved: Year, reason: str) -> None:
    """A reason that is empty, of two lines or endless is wrong usage; the 定稿 stands."""
    before, lines = approved.files(), approved.lines()
    assert approved.run("score", "--reopen", reason) == 2
    assert approved.run("run", "--reopen", reason) == 2
    assert approved.files() == before and approved.lines() == lines


# ---- a doubtful approval ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace("组长".encode(), "副组长".encode()) + b"\n",
        lambda data: data.replace(b"  ", b" "),
        lambda data: data.replace(b"2023-01-10", b"20230110"),
        lambda data: b"",
        lambda data: b"[" * 100000,
        lambda data: b'{"by": 1}',
    ],
    ids=["a line more", "other spaces", "another form", "empty", "nested", "less"],
)
def test_a_tampered_approval_is_found_and_still_freezes(approved: Year, change: Callable[[bytes], bytes]) -> None:
    """An approval.json that the software would not write is exit 7 to readers and 8 to scoring, until reopened."""
    file = approved.processed / "approval.json"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(VerifyFailed, match="approval"):
        store.load_set(approved.processed)
    with pytest.raises(ApprovalRefused, match="可能被改动过"):
        approval.may_replace(approved.processed)
    assert approval.may_replace(approved.processed, "恢复") is not None


def test_an_approval_of_another_set_is_found(approved: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """An approval laid beside a set that it was not given for is exit 7; reopening gets rid of it."""
    kept = (approved.processed / "approval.json").read_bytes()
    assert approved.run("score", "--reading", "bonus_gate=at_least", "--reopen", "试") == 0
    (approved.processed / "approval.json").write_bytes(kept)
    assert approved.run("explain", "T01") == 7
    assert "所批准的不是现有结果" in capsys.readouterr().err
    assert approved.approve() == 7
    assert approved.run("score") == 8
    assert approved.run("score", "--reopen", "放错的定稿凭据") == 0
    assert store.load_set(approved.processed).approval is None


# ---- the disk, and a kill --------------------------------------------------------------------------------------


def test_a_disk_that_refuses_leaves_the_old_state(submitted: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the swap fails, approving is exit 4, the set stays a 送审稿, and nothing is left lying about."""
    before = submitted.files()

    def refuse(one: Path, other: Path) -> bool:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(folder, "exchange", refuse)
        assert submitted.approve() == 4
    assert submitted.files() == before
    assert submitted.approve() == 0


_KILLED = """
import os, signal, sys
from assess_lib.cli import main
from assess_lib.store import folder
exchange = folder.exchange
def killed(one, other):
    if sys.argv[1] == "after":
        exchange(one, other)
    os.kill(os.getpid(), signal.SIGKILL)
folder.exchange = killed
main(sys.argv[2:])
"""


def _kill(year: Year, when: str, *arguments: str) -> None:
    command = [sys.executable, "-c", _KILLED, when, *arguments, *year.options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode == -9, done.stderr.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="folders change places in one step on Linux alone")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_leaves_a_set_approved_or_not(submitted: Year, when: str) -> None:
    """Killed around the swap, the set is whole, approved or not; the next command finds it in that state."""
    _kill(submitted, when, "approve", *WORDS)
    stands = when == "after"
    assert (store.load_set(submitted.processed).approval is not None) is stands
    assert submitted.run("check") == 0
    assert (store.load_set(submitted.processed).approval is not None) is stands
    assert submitted.run("score", "--final") == (8 if stands else 0)


@pytest.mark.skipif(sys.platform != "linux", reason="folders change places in one step on Linux alone")
def test_a_lifted_approval_does_not_come_back(approved: Year) -> None:
    """Killed after the new set came to stand, the old approval is cleared away, not carried into the new set.

    The register has the line that the approval was lifted, though the run's own was never written.
    """
    _kill(approved, "after", "score", "--reopen", "复核更正")
    assert [line["command"] for line in approved.lines()][-1] == "reopen"
    assert approved.run("check") == 0
    assert store.load_set(approved.processed).approval is None
    assert approved.run("score") == 0


def test_a_set_is_read_with_its_own_approval(approved: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the set is swapped between reading it and its approval, it is read once more, not taken for a tampered one."""
    real, swapped = store.sets.read_set_files, []

    def swap_after(processed: Path) -> dict[str, bytes]:
        files = real(processed)
        if not swapped:
            swapped.append(True)
            assert approved.run("score", "--reading", "bonus_gate=at_least", "--final", "--reopen", "试") == 0
            assert approved.run("approve", "--document", "2号", "--by", BY, "--date", DAY) == 0
        return files

    monkeypatch.setattr(store.sets, "read_set_files", swap_after)
    found = store.load_set(approved.processed)
    assert found.approval is not None and found.approval.document == "2号"
    assert found.approval.receipt == found.receipt_digest == approved.digest()


# ---- what the pages print --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Year, dict[str, str]]]:
    """Report T03 of a 送审稿, then approve it; return the year and the text of the pages before."""
    year = Year(tmp_path_factory.mktemp("定稿"))
    assert year.run("score", "--final") == 0
    assert year.run("report", "--unit", "T03") == 0
    before = _pages(year)
    assert year.approve() == 0
    yield year, before


def _pages(year: Year) -> dict[str, str]:
    """Return the text of T03's web page and of each page of its PDF."""
    pages = {"html": (year.reports / "units/T03.html").read_text("utf-8")}
    pdf = PdfReader(io.BytesIO((year.reports / "units/T03.pdf").read_bytes()))
    return pages | {f"pdf {number}": leaf.extract_text() for number, leaf in enumerate(pdf.pages, start=1)}


def test_every_page_prints_the_approval(reported: tuple[Year, dict[str, str]]) -> None:
    """Before: 送审稿 on every page; after approve alone: 定稿, document, office and day on each."""
    year, before = reported
    after = _pages(year)
    assert len(before) >= 4 and len(after) >= 4
    for text in before.values():
        assert "送审稿" in text and "定稿" not in text and DOCUMENT not in text
    for text in after.values():
        assert "定稿" in text and "送审稿" not in text and "初评稿" not in text
        assert DOCUMENT in text and "2023年1月10日批准" in text and "组长" in text
    (digest,) = set(re.findall(r"数据摘要\W*(?:<[^>]*>\s*)*([0-9a-f]{16})", before["html"] + after["html"]))
    slip = json.loads((year.reports / "receipt.json").read_bytes())
    assert digest == slip["data"]["T03"][:16]  # the signed paper's digest is the 定稿's


def test_the_reports_name_the_approval_that_they_print(reported: tuple[Year, dict[str, str]]) -> None:
    """The reports' receipt names set and approval; the same units and kinds of file were made again, no others."""
    year, _ = reported
    slip = json.loads((year.reports / "receipt.json").read_bytes())
    assert slip["processed"] == year.digest()
    assert slip["approval"] == store.approval_digest(year.processed)
    assert set(slip["outputs"]) >= {f"units/T03.{ending}" for ending in ("html", "pdf", "ipynb")}
    assert not any(name.startswith("units/T01") for name in slip["outputs"])
    assert [line["command"] for line in year.lines()] == ["score", "report", "approve", "report"]
    files, lines = year.files("reports"), len(year.lines())
    assert year.approve() == 0  # the reports print the right thing already: nothing to make again
    assert year.files("reports") == files and len(year.lines()) == lines + 1


@pytest.mark.deep
def test_reports_of_two_states_do_not_lie_together(submitted: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """approve --no-reports leaves the 送审稿 pages; the next report of one unit drops the others' and says so."""
    assert submitted.run("report", "--unit", "T01", "--no-pdf") == 0
    before = submitted.files("reports")
    assert submitted.approve("--no-reports") == 0
    assert "报告没有重出" in capsys.readouterr().out
    assert submitted.files("reports") == before
    assert submitted.run("report", "--unit", "T02", "--no-pdf") == 0
    assert "不是由当前结果生成" in capsys.readouterr().out
    assert not (submitted.reports / "units/T01.html").exists()
    assert "定稿" in (submitted.reports / "units/T02.html").read_text("utf-8")


def test_a_failed_report_does_not_undo_the_approval(
    submitted: Year, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the reports cannot be made again, the approval stands, and it is said what to do."""
    from assess_lib.errors import NotebookFailed
    from assess_lib.publish import year as publishing

    def fail(*_: object, **__: object) -> None:
        raise NotebookFailed("有 1 个笔记本运行失败")

    monkeypatch.setattr(publishing, "report_again", fail)
    assert submitted.approve() == 9
    told = capsys.readouterr().err
    assert "定稿已经登记，但报告没有重出" in told and "assess report" in told
    assert store.load_set(submitted.processed).approval is not None


def test_help_is_chinese_and_names_the_meaning_of_the_date(capsys: pytest.CaptureFixture[str]) -> None:
    """approve --help shows an example and says that --date is the day of approval, not of scoring."""
    assert main(["approve", "--help"]) == 0
    told = capsys.readouterr().out
    assert "assess approve --document" in told
    assert "批准日期" in told and "默认为方案的截止日" not in told
