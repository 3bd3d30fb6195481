"""Every score again: clean and score the raw files in memory and hold the set that is stored against it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from assess_lib import pipeline, scoring, store
from assess_lib.cleaning import clean
from assess_lib.errors import InputRejected, UsageError
from assess_lib.paths import YearPaths
from assess_lib.store.parquet import unstorable
from assess_lib.store.sets import RECEIPT_FILE, count_rows, load_tables, table_files
from assess_lib.verify.differences import first_difference
from assess_lib.verify.finding import PROCESSED, Finding

# What a receipt says of the software; all else in it follows from the inputs and the request.
_SOFTWARE = ("package", "code", "python", "libraries")


def rescore(
    paths: YearPaths,
    *,
    year: int,
    readings: Mapping[str, str],
    run_date: date,
    final: bool = False,
    stage: str = "scored",
) -> dict[str, bytes]:
    """Clean and score the raw files again and return every file of the set; nothing is written anywhere.

    Raises InputRejected when cleaning finds errors, UsageError when the scheme is another year's.
    """
    hashes = store.hash_inputs(paths.raw)
    basis = pipeline.load_basis(paths.raw, year)
    cleaned = clean(paths.raw, basis.scheme)
    problems = (*basis.problems, *cleaned.problems, *unstorable(cleaned.tables))
    if any(problem.severity == "error" for problem in problems):
        raise InputRejected("原始数据有错误", problems)
    tables = table_files(cleaned.tables)
    score = None
    if stage == "scored":
        score = scoring.score(load_tables(tables), basis.scheme, readings, run_date)
    findings = store.Findings(hashes, problems, score.problems if score else (), count_rows(cleaned.counts))
    stored = store.StoredBasis(
        year, run_date, final, stage, dict(readings), basis.scheme, basis.quotes, basis.uncovered
    )
    return store.assemble(stored, findings, tables, score)


def rescore_as(paths: YearPaths, slip: Mapping[str, Any]) -> tuple[dict[str, bytes], list[Finding]]:
    """Make the set again as its receipt says it was made; where that cannot be, return no files and the finding."""
    shown = f"{PROCESSED}/{RECEIPT_FILE}"
    try:
        readings = pipeline.check_readings(slip["readings"])
        files = rescore(
            paths,
            year=slip["year"],
            readings=readings,
            run_date=date.fromisoformat(slip["date"]),
            final=slip["final"],
            stage=slip["stage"],
        )
    except InputRejected as error:
        count = sum(problem.severity == "error" for problem in error.problems)
        first = f"，第一处：{error.problems[0]}" if error.problems else f"：{error}"
        return {}, [Finding("rescore", shown, f"原始文件现在不被采用（{count} 处错误{first}），不可能得出这份结果。")]
    except (UsageError, KeyError) as error:
        told = str(error) if isinstance(error, UsageError) else f"口径 {error} 没有写明。"
        return {}, [Finding("rescore", shown, f"不能按凭证所记的年度和口径重新评分：{told}")]
    return files, []


def software_differences(slip: Mapping[str, Any]) -> list[str]:
    """Name what of the software is another than when the receipt was written: ``pandas 3.1.0 → 3.1.1``."""
    here = store.software()
    told = []
    for key, name in (("package", "assess"), ("python", "Python")):
        if slip.get(key) != here[key]:
            told.append(f"{name} {slip.get(key)} → {here[key]}")
    if slip.get("code") != here["code"] and slip.get("package") == here["package"]:
        told.append("assess 的程序代码（版本号相同）")
    then = slip["libraries"]
    for name in sorted(then.keys() | here["libraries"].keys()):
        if then.get(name) != here["libraries"].get(name):
            told.append(f"{name} {then.get(name, '无')} → {here['libraries'].get(name, '无')}")
    return told


def compare_sets(
    made: Mapping[str, bytes], there: Mapping[str, bytes | None], *, same_software: bool, with_problems: bool
) -> list[Finding]:
    """Hold stored files to those made again, byte by byte; with other software, by content.

    ``there`` are the stored files by name (None: missing, which the hashes have told). ``with_problems`` tells
    whether problems.csv, problems.xlsx and rows.csv are this set's and not a later attempt's.
    """
    findings = []
    for name, expected in made.items():
        found = there.get(name)
        if found is None or found == expected or (name in store.PROBLEM_FILES and not with_problems):
            continue
        if name == RECEIPT_FILE:
            finding = _receipt(expected, found, same_software)
        else:
            finding = _file(name, expected, found, same_software)
        if finding is not None:
            findings.append(finding)
    return findings


def _file(name: str, expected: bytes, found: bytes, same_software: bool) -> Finding | None:
    shown = f"{PROCESSED}/{name}"
    try:
        difference = first_difference(name, expected, found)
    except Exception:  # what a reader raises of bytes that were altered cannot be listed; pyarrow has many kinds
        return Finding("rescore", shown, "无法读取：不是软件写出的内容。")
    if name.endswith(".xlsx"):
        same = not same_software  # a workbook's bytes are its writer's; its rows are those of the csv beside it
        return None if same else Finding("rescore", shown, "与由原始文件重新得出的不同。")
    if difference is None:
        if not same_software:
            return None
        return Finding("rescore", shown, "内容与由原始文件重新得出的相同，写法不同：文件被重写过。")
    more = f"，共 {difference.rows} 行不同" if difference.rows > 1 else ""
    message = f"由原始文件重新得出的是“{difference.expected}”，文件中是“{difference.found}”{more}。"
    return Finding("rescore", shown, message, difference.row, difference.column, difference.expected, difference.found)


def _receipt(expected: bytes, found: bytes, same_software: bool) -> Finding | None:
    """Compare two receipts; with other software, only what does not speak of software or of bytes."""
    try:
        ours, theirs = json.loads(expected), json.loads(found)
    except (ValueError, RecursionError):
        return None  # the hashes have told
    if not same_software:
        for side in (ours, theirs):
            for key in (*_SOFTWARE, "outputs"):
                side.pop(key, None)
    difference = first_difference("receipt.json", store.dump_json(ours), store.dump_json(theirs))
    if difference is None:
        return None
    message = f"应为“{difference.expected}”，凭证中是“{difference.found}”（由原始文件重新得出）。"
    return Finding(
        "rescore",
        f"{PROCESSED}/{RECEIPT_FILE}",
        message,
        None,
        difference.column,
        difference.expected,
        difference.found,
    )
