"""The whole verification of a year, step by step; each step says what it checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from assess_lib import register
from assess_lib.errors import InputChanged, UsageError
from assess_lib.paths import YearPaths
from assess_lib.store.sets import PROBLEM_FILES, RECEIPT_FILE
from assess_lib.verify import printed
from assess_lib.verify.again import compare_sets, rescore_as, software_differences
from assess_lib.verify.finding import REPORTS, Finding, Verification
from assess_lib.verify.seals import Hashes, hashes
from assess_lib.verify.slips import OF_SET, read_bytes, read_slip
from assess_lib.verify.sums import add_up

Progress = Callable[[str, int, int], None]
"""Called as each report is read: what it is about, how many are done, how many there are."""

# Attempts that replace problems.csv, problems.xlsx and rows.csv, whatever their end.
_WRITES_PROBLEMS = frozenset({"check", "score", "run", "01_clean", "02_score"})
COUNTY = "county_summary"
NOTHING_MADE = "没有结果，也没有报告，只核对了运行登记。如要核对另一年度，请用 --year 指明。"


def verify(
    paths: YearPaths,
    *,
    readings: Mapping[str, str] | None = None,
    run_date: date | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Verification:
    """Verify whatever exists of a year: hashes, scores, ledger sums, printed numbers, register.

    The set is scored again with the readings and the date of its receipt; ``readings`` and ``run_date`` may say
    the same. Writes nothing and takes no lock. Raises UsageError when there is nothing to verify or another reading
    or date is asked for, InputChanged when the folders are being replaced meanwhile, OSError when a receipt
    cannot be read.
    """
    _check_request(paths, readings or {}, run_date)
    for _ in range(2):  # a run may have swapped the folders under us; its set is verified then
        before = _standing(paths)
        made = _verify(paths, progress)
        if _standing(paths) == before:
            return made
    raise InputChanged("核对期间结果、报告或登记有改动。请等另一次运行结束后重新核对。")


def _check_request(paths: YearPaths, readings: Mapping[str, str], run_date: date | None) -> None:
    slip, _ = read_slip(paths.processed / RECEIPT_FILE, RECEIPT_FILE, OF_SET)
    if slip is None or slip.content is None:
        return
    used = slip.content
    other = [f"{key}={value}" for key, value in readings.items() if used["readings"].get(key) != value]
    if run_date is not None and run_date.isoformat() != used["date"]:
        other.append(f"日期 {run_date}")
    if other:
        raise UsageError(f"现有结果不是按 {'、'.join(other)} 评分的；核对只按凭证所记的进行。请去掉这些选项。")


def _standing(paths: YearPaths) -> tuple[bytes | None, ...]:
    return tuple(
        read_bytes(file)
        for file in (
            paths.processed / RECEIPT_FILE,
            paths.reports / RECEIPT_FILE,
            register.register_file(paths.processed),
        )
    )


def _verify(paths: YearPaths, progress: Progress) -> Verification:
    found = hashes(paths)
    if found.slip is not None and found.slip.content is not None:
        content = found.slip.content
        names = [RECEIPT_FILE, *PROBLEM_FILES, *content["outputs"]]
        there = {name: _bytes_or_none(paths, name) for name in names}
        files = {name: data for name, data in there.items() if data is not None}
        made = _again(paths, found, there)
        if content["stage"] == "scored":
            _sums(found, files)
            _printed(paths, found, made or files, progress)
    bare = found.slip is None and found.reports is None
    if bare:
        found.notes.append(NOTHING_MADE)
    return Verification(tuple(found.findings), tuple(found.checked), tuple(found.notes), bare)


def _bytes_or_none(paths: YearPaths, name: str) -> bytes | None:
    try:
        return read_bytes(paths.processed / name)
    except OSError:
        return None  # the hashes have told


def _again(paths: YearPaths, found: Hashes, there: Mapping[str, bytes | None]) -> Mapping[str, bytes]:
    """Clean and score again and compare; return the files made, or none where they are no measure."""
    assert found.slip is not None and found.slip.content is not None
    slip = found.slip.content
    other = software_differences(slip)
    if other:
        found.notes.append(f"本机的软件与写出凭证时不同（{'；'.join(other)}）：只比较内容，不逐字节比较。")
    if not found.inputs_same:
        found.notes.append("原始文件已不是凭证所记的那些，没有重新评分。还原原始文件后再核对，或重新运行。")
        return {}
    made, findings = rescore_as(paths, slip)
    findings += compare_sets(made, there, same_software=not other, with_problems=_problems_are_of_set(found))
    found.findings += findings
    if made:
        what = "重新清洗并评分" if slip["stage"] == "scored" else "重新清洗"
        how = "比较内容" if other else "逐字节比较"
        found.checked.append(f"由原始文件{what}：{how} {len(made)} 个文件。")
    return {} if other else made


def _problems_are_of_set(found: Hashes) -> bool:
    """Tell whether the list of problems is that of the accepted set, not of a later check or rejected run."""
    for line in reversed(found.lines):
        if line.entry is not None and line.entry.get("command") in _WRITES_PROBLEMS:
            return line.accepted and line.entry.get("command") in ("score", "run", "02_score")
    return False


def _sums(found: Hashes, files: Mapping[str, bytes]) -> None:
    if not {"ledger.csv", "items.csv", "results.csv", "basis.json"} <= files.keys():
        found.notes.append("台账、得分或结果不全，没有重新相加。")
        return
    findings = add_up(files)
    found.findings += findings
    rows = files["ledger.csv"].count(b"\r\n") - 1
    found.checked.append(f"台账逐行相加：{rows} 行；各项得分、最终得分、名次。")


# ---- printed numbers ------------------------------------------------------------------------------------------


def _printed(paths: YearPaths, found: Hashes, files: Mapping[str, bytes], progress: Progress) -> None:
    """Hold what the reports print to the results: those made again, else those that are stored."""
    if found.reports is None or found.reports.content is None:
        return
    if not found.reports_same:
        found.notes.append("报告不是由现有结果生成的，没有核对印出的数字。")
        return
    try:
        expected = printed.Expected.of(files)
    except (KeyError, ValueError, TypeError, StopIteration) as error:
        found.notes.append(f"结果无法读取（{type(error).__name__}），没有核对印出的数字。")
        return
    names = [name for name in found.reports.content["outputs"] if _subject(name, expected) is not None]
    for number, name in enumerate(names, start=1):
        found.findings += _report(paths, name, expected)
        progress(f"报告 {name}", number, len(names))
    counts = {ending: sum(name.endswith(ending) for name in names) for ending in (".html", ".pdf", ".ipynb")}
    told = f"网页 {counts['.html']} 份、PDF {counts['.pdf']} 份、笔记本 {counts['.ipynb']} 份"
    found.checked.append(f"报告印出的分数、名次和等次：{told}。")


def _subject(name: str, expected: printed.Expected) -> str | None:
    """Return the unit that a report is about, blank for the county, None for a file without results to check."""
    stem, _, ending = name.rpartition(".")
    if ending not in ("html", "pdf", "ipynb"):
        return None
    if stem == COUNTY:
        return ""
    unit = stem.removeprefix("units/")
    return unit if stem.startswith("units/") and unit in expected.units else None


def _report(paths: YearPaths, name: str, expected: printed.Expected) -> list[Finding]:
    unit = _subject(name, expected)
    try:
        data = read_bytes(paths.reports / name)
    except OSError:
        data = None
    if data is None:
        return []  # the hashes have told
    required = expected.required(unit) if unit else expected.required_of_county()
    try:
        if name.endswith(".pdf"):
            if unit:
                return printed.check_unit_pdf(name, data, unit, expected)
            return printed.check_county_pdf(name, data, expected)
        if name.endswith(".ipynb"):
            return printed.check_marks(name, printed.notebook_page(data), expected, required)
        page = data.decode("utf-8")
        if unit:
            return printed.check_unit_page(name, page, unit, expected)
        return printed.check_marks(name, page, expected, required)
    except ValueError:
        return [Finding("printed", f"{REPORTS}/{name}", "无法读取：不是软件写出的报告。")]
