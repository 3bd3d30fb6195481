"""Check, clean and score a year as library calls: the same steps for commands and notebooks.

Each run reads the inputs between two hashings, scores what is stored (never what was in memory), and replaces
the processed folder as a whole. Rejected and refused runs replace only the list of problems.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from assess_lib import approval, intake, lock, register, scoring, store
from assess_lib.cleaning import Cleaned, clean
from assess_lib.errors import (
    SEVERITY_NAMES,
    EnvironmentFailure,
    FinalRefused,
    InputChanged,
    InputRejected,
    Problem,
    UsageError,
    VerifyFailed,
)
from assess_lib.official_text import Uncovered, check_official_text, load_official_text, uncovered_clauses
from assess_lib.paths import YearPaths
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.store.earlier import earlier_results
from assess_lib.store.parquet import unstorable
from assess_lib.store.sets import (
    BASIS_FILE,
    FINDINGS_FILE,
    RECEIPT_FILE,
    count_rows,
    load_tables,
    table_files,
)
from assess_lib.tables import Tables

_SHOWN_UNITS = 5  # units that one refusal names
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Basis:
    """The rules of a year as read from the raw folder; ``problems`` are the official text's against the scheme.

    ``uncovered`` are the clauses of the official text that nothing in the scheme refers to.
    """

    scheme: Scheme
    quotes: dict[str, str]
    problems: tuple[Problem, ...]
    uncovered: tuple[Uncovered, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found and wrote. ``score`` is None after check and cleaning; so is ``receipt`` after a check."""

    paths: YearPaths
    basis: Basis
    readings: dict[str, str]
    run_date: date
    tables: Tables
    problems: tuple[Problem, ...]
    counts: Sequence[store.CountRow]
    score: scoring.Score | None = None
    receipt: str | None = None
    # Results of the set that was replaced: None if there was none, empty if it could not be compared.
    previous: tuple[scoring.Result, ...] | None = None

    def count(self, severity: str) -> int:
        """Return how many problems of a severity there are."""
        return count_problems(self.problems)[severity]


def count_problems(problems: Sequence[Problem]) -> dict[str, int]:
    """Return the number of problems of every severity, the gravest first."""
    return {severity: sum(p.severity == severity for p in problems) for severity in SEVERITY_NAMES}


def check_readings(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the readings asked for. Raises UsageError that lists the options for an unknown key or value."""
    for key, value in (given or {}).items():
        if key not in KNOWN_READINGS:
            raise UsageError(f"没有口径 {key}。可用的口径：{'、'.join(KNOWN_READINGS)}。")
        if value not in KNOWN_READINGS[key]:
            raise UsageError(f"口径 {key} 没有选项 {value}。可用的选项：{'、'.join(KNOWN_READINGS[key])}。")
    return dict(given or {})


def parse_date(given: str | date | None) -> date | None:
    """Return the run date asked for, None when none was. Raises UsageError for anything but YYYY-MM-DD."""
    if given is None or given == "":
        return None
    if isinstance(given, date):
        return date(given.year, given.month, given.day)
    try:
        if _DATE.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise UsageError(f"日期应写成 YYYY-MM-DD，例如 2022-12-31；现为：{given}。")


def load_basis(raw: Path, year: int) -> Basis:
    """Read the scheme and, if there is one, the official text, and hold the one against the other.

    Raises InputRejected when one of them cannot be read, UsageError when the scheme is another year's.
    """
    scheme = load_scheme(raw / "scheme.yaml", year=year)
    official = raw / "方案原文.txt"
    if not os.path.lexists(official):
        return Basis(scheme, {}, ())
    try:
        text = load_official_text(official)
    except InputRejected as error:
        told = error.problems or (Problem("error", "official_text.unreadable", str(error), file=official.name),)
        return Basis(scheme, {}, told)
    quotes = {locator: quote for locator in scheme.clauses if (quote := text.quote(locator))}
    return Basis(scheme, quotes, tuple(check_official_text(text, scheme)), uncovered_clauses(text, scheme))


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, checked before anything is touched."""

    command: str
    paths: YearPaths
    readings: dict[str, str]
    run_date: date | None
    final: bool = False
    reopen: str = ""

    @property
    def options(self) -> dict[str, Any]:
        options = {
            "final": self.final,
            "date": self.run_date.isoformat() if self.run_date else "",
            "readings": self.readings,
        }
        return options | {"reopen": self.reopen} if self.reopen else options


def _request(
    command: str,
    paths: YearPaths,
    readings: Mapping[str, str] | None,
    run_date: str | date | None,
    final: bool = False,
    reopen: str | None = None,
) -> _Request:
    request = _Request(
        command, paths, check_readings(readings), parse_date(run_date), final, approval.check_reason(reopen)
    )
    if request.reopen:  # wrong usage if there is nothing to lift: found before anything is touched
        approval.may_replace(paths.processed, request.reopen)
    return request


@contextmanager
def _run(request: _Request) -> Iterator[register.Attempt]:
    """Hold the folder and register the attempt; a folder that a batch is building is the batch's own."""
    processed = request.paths.processed
    if store.is_staging(processed):
        yield register.Attempt()
        return
    with (
        lock.held(processed),
        register.recorded(processed, request.command, request.options) as attempt,
    ):
        store.settle(processed)
        yield attempt


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The inputs of a run, read between two equal hashings."""

    hashes: dict[str, str]
    basis: Basis
    cleaned: Cleaned
    problems: tuple[Problem, ...]

    @property
    def rejected(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def _unchanged(raw: Path, before: Mapping[str, str]) -> None:
    changed = store.differences(before, store.hash_inputs(raw))
    if changed:
        raise InputChanged(f"运行期间原始文件有改动：{'、'.join(changed)}。结果没有更新，请重新运行。")


def _begin(request: _Request) -> tuple[dict[str, str], Basis | InputRejected]:
    """Hash the inputs and read the rules before the folder is held, so that wrong usage touches nothing.

    A rejection of the rules is handed on: it is for the run, which then holds the folder, to record it.
    """
    hashes = store.hash_inputs(request.paths.raw)
    try:
        return hashes, load_basis(request.paths.raw, request.paths.year)
    except InputRejected as rejection:
        return hashes, rejection


def _read(
    request: _Request,
    hashes: dict[str, str],
    rules: Basis | InputRejected,
    attempt: register.Attempt,
) -> _Inputs:
    """Clean the raw files. Raises InputRejected, after the list of problems was replaced, when there are errors."""
    paths = request.paths
    if isinstance(rules, InputRejected):
        _unchanged(paths.raw, hashes)
        attempt.problems = count_problems(rules.problems)
        store.replace_problems(paths.processed, rules.problems, ())
        raise rules
    basis = rules
    cleaned = clean(paths.raw, basis.scheme)
    problems = (*basis.problems, *cleaned.problems, *unstorable(cleaned.tables))
    _unchanged(paths.raw, hashes)
    inputs = _Inputs(hashes, basis, cleaned, problems)
    attempt.problems = count_problems(problems)
    if inputs.rejected:
        store.replace_problems(paths.processed, problems, cleaned.counts)
        raise InputRejected(_rejection(problems), problems)
    unread = [name for name, digest in hashes.items() if digest == store.UNREADABLE]
    if unread:
        raise EnvironmentFailure(f"无法读取原始文件：{'、'.join(unread)}。请检查权限后重新运行。")
    return inputs


def _rejection(problems: Sequence[Problem]) -> str:
    return f"原始数据有 {count_problems(problems)['error']} 处错误，未予采用。请按上面的提示更正后重新运行。"


def read_beforehand(raw: Path) -> None:
    """Read the files of a raw folder; runs in this process, or in one forked from it, read only those that change.

    Judges nothing, and stores nothing. Raises OSError, EnvironmentFailure.
    """
    files, _ = intake.list_raw(raw)
    intake.read_beforehand(file.path for file in files)


def check(
    paths: YearPaths,
    *,
    readings: Mapping[str, str] | None = None,
    run_date: str | date | None = None,
) -> Outcome:
    """Clean without storing: find every problem at once and replace problems.csv, problems.xlsx and rows.csv alone.

    Raises InputRejected with all problems when there are errors.
    """
    request = _request("check", paths, readings, run_date)
    intake.warm_up()
    hashes, rules = _begin(request)
    with _run(request) as attempt:
        inputs = _read(request, hashes, rules, attempt)
        store.replace_problems(paths.processed, inputs.problems, inputs.cleaned.counts)
        return _outcome(
            request,
            inputs.basis,
            inputs.cleaned.tables,
            inputs.problems,
            inputs.cleaned.counts,
        )


def _outcome(
    request: _Request,
    basis: Basis,
    tables: Tables,
    problems: Sequence[Problem],
    counts: Sequence[Any],
    score: scoring.Score | None = None,
    receipt: str | None = None,
) -> Outcome:
    return Outcome(
        request.paths,
        basis,
        basis.scheme.default_readings() | request.readings,
        request.run_date or basis.scheme.cut_off,
        tables,
        tuple(problems),
        count_rows(counts),
        score,
        receipt,
    )


def _stored_basis(request: _Request, basis: Basis, stage: str) -> store.StoredBasis:
    return store.StoredBasis(
        year=request.paths.year,
        run_date=request.run_date or basis.scheme.cut_off,
        final=request.final,
        stage=stage,
        readings=basis.scheme.default_readings() | request.readings,
        scheme=basis.scheme,
        quotes=basis.quotes,
        uncovered=basis.uncovered,
    )


def clean_stage(paths: YearPaths, *, run_date: str | date | None = None) -> Outcome:
    """Clean the raw files and store the clean tables (notebook 01).

    A scored set that was made of the same inputs by the same software keeps its results; an older one loses
    them, because they no longer follow from the tables. Raises InputRejected when there are errors, ApprovalRefused
    when an approved set would lose its results.
    """
    request = _request("01_clean", paths, None, run_date)
    intake.warm_up()
    hashes, rules = _begin(request)
    with _run(request) as attempt:
        inputs = _read(request, hashes, rules, attempt)
        tables = table_files(inputs.cleaned.tables)
        receipt = _standing_set(paths.processed, hashes, tables)
        if receipt:
            store.replace_problems(paths.processed, inputs.problems, inputs.cleaned.counts)
        else:
            approval.may_replace(paths.processed)
            findings = store.Findings(hashes, inputs.problems, (), count_rows(inputs.cleaned.counts))
            files = store.assemble(_stored_basis(request, inputs.basis, "cleaned"), findings, tables, None)
            receipt = store.digest(files[RECEIPT_FILE])
            store.replace_set(paths.processed, files)
        attempt.receipt = receipt
        return _outcome(
            request,
            inputs.basis,
            inputs.cleaned.tables,
            inputs.problems,
            inputs.cleaned.counts,
            receipt=receipt,
        )


def _standing_set(processed: Path, hashes: Mapping[str, str], tables: Mapping[str, bytes]) -> str:
    """Return the receipt's digest of a whole scored set made of just these inputs and tables; blank if none stands."""
    files, basis = _made_of(processed, hashes)
    same = (
        basis is not None and basis.stage == "scored" and all(files.get(name) == data for name, data in tables.items())
    )
    return store.digest(files[RECEIPT_FILE]) if same else ""


def _made_of(processed: Path, hashes: Mapping[str, str]) -> tuple[dict[str, bytes], store.StoredBasis | None]:
    """Return the files of a set that this very software made of just these inputs, and its basis; None if none is."""
    try:
        files = store.read_set_files(processed)
        slip = json.loads(files[RECEIPT_FILE])
        same = store.Findings.load(files[FINDINGS_FILE]).inputs == hashes and all(
            slip.get(key) == value for key, value in store.software().items()
        )
        return (files, store.StoredBasis.load(files[BASIS_FILE])) if same else ({}, None)
    except (UsageError, VerifyFailed, OSError, KeyError, ValueError, TypeError):
        return {}, None


def _stored_rules(request: _Request, hashes: Mapping[str, str]) -> Basis | None:
    """Return the rules that stand with the clean tables, if the raw files are those that they were read from.

    Then to read them again would give the same. The official text's problems stand among the set's findings.
    """
    _, stored = _made_of(request.paths.processed, hashes)
    if stored is None or stored.year != request.paths.year:
        return None
    return Basis(stored.scheme, stored.quotes, (), stored.uncovered)


def score_stage(
    paths: YearPaths,
    *,
    readings: Mapping[str, str] | None = None,
    run_date: str | date | None = None,
    final: bool = False,
) -> Outcome:
    """Score the stored clean tables and write the whole set (notebook 02).

    Raises UsageError when there are no clean tables, VerifyFailed when they were altered, InputChanged when the
    raw files are no longer those they were cleaned from, FinalRefused and ApprovalRefused as ``score`` does.
    """
    request = _request("02_score", paths, readings, run_date, final)
    hashes = store.hash_inputs(paths.raw)
    rules = _stored_rules(request, hashes) or load_basis(paths.raw, paths.year)
    with _run(request) as attempt:
        approval.may_replace(paths.processed)
        files = store.read_set_files(paths.processed)
        findings = store.Findings.load(files[FINDINGS_FILE])
        changed = store.differences(findings.inputs, hashes)
        if changed:
            raise InputChanged(f"清洗之后原始文件有改动：{'、'.join(changed)}。请先重新运行笔记本 01_clean。")
        tables = {name: files[name] for name in files if name.startswith("tables/")}
        return _score(request, rules, tables, findings, attempt)


def score(
    paths: YearPaths,
    *,
    readings: Mapping[str, str] | None = None,
    run_date: str | date | None = None,
    final: bool = False,
    reopen: str | None = None,
) -> Outcome:
    """Clean and score in one go and write the whole set, byte for byte the one that the two stages write.

    ``reopen`` is the reason for which the approval of the set that stands is lifted. Raises InputRejected when there
    are errors, FinalRefused when ``final`` is asked for and items are unresolved; both replace the list of problems and
    leave the set as it was, its approval too. Raises ApprovalRefused, with nothing touched, when the set is approved.
    """
    request = _request("score", paths, readings, run_date, final, reopen)
    intake.warm_up()
    hashes, rules = _begin(request)
    with _run(request) as attempt:
        approval.may_replace(paths.processed, request.reopen)
        inputs = _read(request, hashes, rules, attempt)
        findings = store.Findings(hashes, inputs.problems, (), count_rows(inputs.cleaned.counts))
        return _score(request, inputs.basis, table_files(inputs.cleaned.tables), findings, attempt)


def _refuse_early(
    request: _Request,
    rows: Tables,
    stored: store.StoredBasis,
    result: scoring.Score,
    problems: Sequence[Problem],
    findings: store.Findings,
) -> None:
    """Refuse as final what is scored before the cut-off and would come out otherwise on it: something is not due yet.

    Raises FinalRefused. Implements the scheme's run date: obligations due after it are not owed yet.
    """
    cut_off = stored.scheme.cut_off
    if stored.run_date >= cut_off:
        return
    last = scoring.score(rows, stored.scheme, stored.readings, cut_off)
    pairs = zip(result.results, last.results, strict=True)
    moved = [now.unit_name for now, then in pairs if now != then]
    if not moved:
        return
    store.replace_problems(request.paths.processed, problems, findings.counts)
    shown = "、".join(moved[:_SHOWN_UNITS]) + ("等" if len(moved) > _SHOWN_UNITS else "")
    raise FinalRefused(
        f"计分日期 {stored.run_date} 早于截止日 {cut_off}：有的材料、任务当时还没有到期，按截止日计分，"
        f"{shown} {len(moved)} 个单位的结果会不同，不能作为定稿（--final）。"
        "原有结果没有改动；请去掉 --date 后重新运行。"
    )


def _score(
    request: _Request,
    basis: Basis,
    tables: Mapping[str, bytes],
    findings: store.Findings,
    attempt: register.Attempt,
) -> Outcome:
    """Score stored tables and replace the set; the inputs must still be those the tables were cleaned from."""
    rows = load_tables(tables)
    stored = _stored_basis(request, basis, "scored")
    result = scoring.score(rows, basis.scheme, stored.readings, stored.run_date)
    problems = (*findings.cleaning, *result.problems)
    attempt.problems = count_problems(problems)
    attempt.decided(stored.readings, basis.scheme.default_readings(), len(rows["调整复核"]))
    unresolved = [problem for problem in problems if problem.severity == "unresolved"]
    _unchanged(request.paths.raw, findings.inputs)
    if request.final and (unresolved or any(unit.unresolved for unit in result.results)):
        store.replace_problems(request.paths.processed, problems, findings.counts)
        raise FinalRefused(
            f"还有 {sum(unit.unresolved for unit in result.results)} 项待定（{len(unresolved)} 条原因），"
            "不能作为定稿（--final）。原有结果没有改动；请补齐后重新运行。",
            unresolved,
        )
    if request.final:
        _refuse_early(request, rows, stored, result, problems, findings)
    scored = store.Findings(findings.inputs, findings.cleaning, result.problems, findings.counts)
    files = store.assemble(stored, scored, tables, result)
    previous = earlier_results(request.paths.processed, request.paths.year)
    lifted = approval.may_replace(request.paths.processed, request.reopen)
    if lifted:
        approval.register_reopening(request.paths.processed, lifted, request.command)
    store.replace_set(request.paths.processed, files)
    attempt.receipt = store.digest(files[RECEIPT_FILE])
    outcome = _outcome(request, basis, rows, problems, findings.counts, result, attempt.receipt)
    return replace(outcome, previous=previous)
