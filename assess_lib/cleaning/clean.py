"""Cleaning: a raw folder to canonical tables, every problem at once, every row counted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from assess_lib.cleaning.checks import (
    check_adjustments,
    check_confirmations,
    check_evidence,
    check_keys,
    check_standards,
    check_within_rows,
    check_years,
)
from assess_lib.cleaning.drafts import Draft, Findings
from assess_lib.cleaning.fit import check_exempt, check_register, check_used
from assess_lib.cleaning.objections import check_objections
from assess_lib.cleaning.sheets import Limits, SheetRead, SheetReader
from assess_lib.cleaning.succession import Former, split_roster
from assess_lib.cleaning.units import Units, read_roster
from assess_lib.errors import Problem
from assess_lib.intake import Book, Books, RawFile, Refused, list_raw
from assess_lib.scheme import Scheme
from assess_lib.tables import TABLES, Row

_ROSTER = "单位名录"
_STANDARDS = "扣分标准"
_EVIDENCE = "佐证目录"


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows of one file were read, and what became of them: read = accepted + rejected + set_aside."""

    table: str
    file: str
    sheet: str
    read: int
    accepted: int
    rejected: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The canonical tables (all of them, in contract order), what is wrong, and the row counts."""

    tables: dict[str, tuple[Row, ...]]
    problems: tuple[Problem, ...]
    counts: tuple[RowCount, ...]

    @property
    def rejected(self) -> bool:
        """Whether any problem is an error, so that nothing may be scored."""
        return any(problem.severity == "error" for problem in self.problems)


class _Cleaner:
    def __init__(self, raw: Path, scheme: Scheme) -> None:
        self.scheme = scheme
        self.limits = Limits(scheme.cell_choices(), scheme.cell_maxima())
        self.findings = Findings()
        self.files, problems = list_raw(raw)
        # Tables of which not everything could be read: absence proves nothing there.
        self.broken: set[str] = set()
        for problem in problems:
            self.findings.add(problem)
            if problem.severity == "error":
                self.broken.add(problem.table)
        self.refused_entries = [problem for problem in problems if problem.severity == "error"]
        self.reads: dict[str, list[SheetRead]] = {name: [] for name in TABLES}
        order = (_ROSTER, *(name for name in TABLES if name != _ROSTER))
        self._books = Books([file.path for name in order for file in self.files if file.table == name])

    def _open(self, file: RawFile) -> Book | None:
        try:
            book = self._books.read(file.path)
        except Refused as refusal:
            self._file_problem(file, "error", refusal.code, refusal.message, refusal.remedy)
            return None
        ending = os.path.splitext(file.name)[1].lower().lstrip(".")
        if ending != book.kind:
            self._file_problem(
                file,
                "warning",
                "file.ending",
                f"扩展名是 .{ending}，内容其实是 {book.kind}，已按 {book.kind} 读入。",
                f"请把扩展名改为 .{book.kind}，或用 Excel、WPS 另存。",
            )
        return book

    def _file_problem(self, file: RawFile, severity: str, code: str, message: str, remedy: str) -> None:
        self.findings.add(
            Problem(
                "error" if severity == "error" else "warning",
                code,
                message,
                remedy,
                table=file.table,
                file=file.name,
            )
        )

    def read_table(self, name: str, units: Units | None) -> list[Draft]:
        """Read all files of a table in the order of their names."""
        drafts: list[Draft] = []
        for file in self.files:
            if file.table != name:
                continue
            book = self._open(file)
            if book is None:
                read = SheetRead(file.name, sound=False)
            else:
                read = SheetReader(TABLES[name], file.name, self.limits, units, self.findings).read(book)
            if not read.sound:
                self.broken.add(name)
            self.reads[name].append(read)
            drafts += read.drafts
        self.reads[name] += [
            SheetRead(problem.file, sound=False) for problem in self.refused_entries if problem.table == name
        ]
        self.reads[name].sort(key=lambda read: read.file)
        return drafts

    def read_units(self) -> tuple[list[Draft], list[Former]]:
        """Read the roster; rows of units that are not in force in the assessed year are set aside."""
        drafts, former = split_roster(self.read_table(_ROSTER, None), self.scheme.year, self.findings)
        gone = {id(unit.draft) for unit in former}
        for read in self.reads[_ROSTER]:
            kept = [draft for draft in read.drafts if id(draft) not in gone]
            read.set_aside += len(read.drafts) - len(kept)
            read.drafts = kept
        return drafts, former

    def demand(self, name: str, drafts: list[Draft]) -> None:
        """Report a table that must be there and hold rows, unless its files were refused with errors of their own."""
        if drafts or name in self.broken:
            return
        reads = self.reads[name]
        if not reads:
            self.broken.add(name)
            problem = Problem(
                "error",
                "table.missing",
                f"缺少“{name}”表。",
                f"请把 {name}.xlsx（或 .xls、.ods、.csv）放入本文件夹。",
                table=name,
            )
        else:
            self.broken.add(name)
            problem = Problem(
                "error",
                "table.empty",
                f"“{name}”表没有数据。",
                "该表必须有数据，请填写后重新报送。",
                table=name,
                file=reads[0].file,
                sheet=reads[0].sheet,
            )
        self.findings.add(problem)

    def run(self) -> Cleaned:
        drafts: dict[str, list[Draft]] = {name: [] for name in TABLES}
        drafts[_ROSTER], former = self.read_units()
        self.demand(_ROSTER, drafts[_ROSTER])
        units = read_roster(drafts[_ROSTER], self.findings, _ROSTER not in self.broken, former)
        for name in TABLES:
            if name != _ROSTER:
                drafts[name] = self.read_table(name, units)
        self.demand(_STANDARDS, drafts[_STANDARDS])
        if not units.reliable:
            self.findings.add(
                Problem(
                    "notice",
                    "unit.unchecked",
                    "单位名录有错误，其他各表的单位暂未核对。",
                    "请先更正单位名录，再重新运行 assess check。",
                    table=_ROSTER,
                )
            )
        check_keys(drafts, self.findings)
        check_within_rows(drafts, self.findings)
        check_years(drafts, self.scheme.year, self.findings)
        check_standards(drafts, self.scheme, self.findings, reliable=_STANDARDS not in self.broken)
        check_evidence(drafts, self.scheme, self.findings, reliable=_EVIDENCE not in self.broken)
        check_adjustments(drafts, self.scheme, self.findings, self.broken)
        check_confirmations(drafts, self.findings)
        check_used(drafts, self.scheme, self.findings)
        check_register(drafts, self.scheme, self.findings)
        check_exempt(drafts, self.scheme, self.findings)
        check_objections(drafts, self.findings, self.broken)
        return Cleaned(
            {name: tuple(draft.row() for draft in drafts[name] if not draft.faulty) for name in TABLES},
            self.findings.sorted(),
            tuple(_count(name, read) for name in TABLES for read in self.reads[name]),
        )


def _count(name: str, read: SheetRead) -> RowCount:
    rejected = sum(draft.faulty for draft in read.drafts)
    accepted = len(read.drafts) - rejected
    return RowCount(
        name, read.file, read.sheet, accepted + rejected + read.set_aside, accepted, rejected, read.set_aside
    )


def clean(raw: Path, scheme: Scheme) -> Cleaned:
    """Clean a raw folder: read every table file, check every cell, key and reference, and account for every row.

    ``raw`` is the year's own folder. Returns all tables of the contract in its order (rows by file name, then sheet,
    then row; rows with an error left out), the problems as a person walks through the files, and a row count for
    each file. Nothing that a file holds raises; OSError if the folder itself cannot be listed. Implements the
    contract's Input section.
    """
    return _Cleaner(raw, scheme).run()


def read_whole_roster(raw: Path, scheme: Scheme) -> tuple[tuple[Row, ...], tuple[Problem, ...]]:
    """Read 单位名录 alone, with the units that are not in force this year too, for handing it on to another year.

    Returns all rows in the files' order, and the problems of the roster. Nothing that a file holds raises.
    """
    cleaner = _Cleaner(raw, scheme)
    drafts = cleaner.read_table(_ROSTER, None)
    units, former = split_roster(drafts, scheme.year, cleaner.findings)
    cleaner.demand(_ROSTER, drafts)
    read_roster(units, cleaner.findings, _ROSTER not in cleaner.broken, former)
    problems = tuple(problem for problem in cleaner.findings.sorted() if problem.table == _ROSTER)
    return tuple(draft.row() for draft in drafts if not draft.faulty), problems
