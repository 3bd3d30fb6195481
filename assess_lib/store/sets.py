"""A processed folder's files: what each holds, how a set is put together, how it is read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assess_lib import paths
from assess_lib.adjustments import Adjustment, list_adjustments
from assess_lib.errors import Problem, UsageError, VerifyFailed
from assess_lib.ledger import LEDGER_COLUMNS, Entry
from assess_lib.objections import Objection, list_objections
from assess_lib.official_text import Uncovered
from assess_lib.scheme import Scheme
from assess_lib.store import csvfile, parquet
from assess_lib.store.approval import APPROVAL_FILE, Approval, check_approval, read_approval
from assess_lib.store.folder import building, disk_failure, receipt_names, recover
from assess_lib.store.receipt import digest, dump_json, receipt
from assess_lib.store.workbook import PROBLEM_COLUMNS, dump_problems, problem_cells
from assess_lib.tables import TABLES, Tables

if TYPE_CHECKING:
    from pandas import DataFrame

RESULT_COLUMNS = (
    "unit_id",
    "unit_name",
    "group",
    "status",
    "key_score",
    "bonus_open",
    "bonus_score",
    "final_score",
    "grade",
    "rank_in_group",
    "rank_overall",
    "unresolved",
)
ADJUSTMENT_COLUMNS = tuple(column.name for column in fields(Adjustment))
OBJECTION_COLUMNS = tuple(column.name for column in fields(Objection))
ITEM_COLUMNS = ("unit_id", "item", "points", "cap", "unresolved", "note")
ROW_COLUMNS = ("table", "file", "sheet", "read", "accepted", "rejected", "set_aside")

# The latest attempt's files: an accepted run swaps them with the set, any other replaces them alone.
PROBLEM_FILES = ("problems.csv", "problems.xlsx", "rows.csv")
SCORE_FILES = ("results.csv", "items.csv", "ledger.csv")
BASIS_FILE = "basis.json"
FINDINGS_FILE = "findings.json"
RECEIPT_FILE = "receipt.json"
TABLE_FILES = tuple(parquet.table_file(name) for name in TABLES)
# All that this software ever writes into a processed folder.
OUR_FILES = frozenset(
    {
        *PROBLEM_FILES,
        *SCORE_FILES,
        BASIS_FILE,
        FINDINGS_FILE,
        RECEIPT_FILE,
        APPROVAL_FILE,
        *TABLE_FILES,
    }
)

_POINTS = (
    "key_score",
    "bonus_score",
    "final_score",
    "points",
    "cap",
    "nominal",
    "before",
    "after",
)
_COUNTS = (
    "rank_in_group",
    "rank_overall",
    "seq",
    "row",
    "read",
    "accepted",
    "rejected",
    "set_aside",
)
_NO_SET = "结果文件夹里没有完整的评分结果。请先运行 assess score。"


class Counts(Protocol):
    """What a row of ``rows.csv`` tells: how many rows of a sheet were read and what became of them."""

    @property
    def table(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def read(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def set_aside(self) -> int: ...


class Scored(Protocol):
    """What scoring hands over: rows of results and items, ledger entries, its own problems."""

    @property
    def results(self) -> Sequence[Any]: ...
    @property
    def items(self) -> Sequence[Any]: ...
    @property
    def ledger(self) -> Sequence[Entry]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


@dataclass(frozen=True, slots=True)
class CountRow:
    """A row of ``rows.csv`` read back."""

    table: str
    file: str
    sheet: str
    read: int
    accepted: int
    rejected: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class StoredBasis:
    """On what a stored set rests: year, run date, draft or final, readings, scheme, official text by clause.

    ``uncovered`` are the official text's clauses that nothing in the scheme refers to.
    """

    year: int
    run_date: date
    final: bool
    stage: str
    readings: dict[str, str]
    scheme: Scheme
    quotes: dict[str, str]
    uncovered: tuple[Uncovered, ...] = ()

    def dump(self) -> bytes:
        """Return the bytes of ``basis.json``."""
        return dump_json(
            {
                "year": self.year,
                "date": self.run_date.isoformat(),
                "final": self.final,
                "stage": self.stage,
                "readings": self.readings,
                "scheme": self.scheme.model_dump(mode="json"),
                "quotes": self.quotes,
                "uncovered": [asdict(clause) for clause in self.uncovered],
            }
        )

    @classmethod
    def load(cls, data: bytes) -> StoredBasis:
        """Read the bytes of ``basis.json``; raise ValueError, KeyError or TypeError if they are not ours."""
        stored = json.loads(data)
        return cls(
            stored["year"],
            date.fromisoformat(stored["date"]),
            stored["final"],
            stored["stage"],
            stored["readings"],
            Scheme.model_validate(stored["scheme"]),
            stored["quotes"],
            tuple(Uncovered(**clause) for clause in stored.get("uncovered", ())),
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in the inputs that a set was made of; ``problems.csv`` may tell of a later try."""

    inputs: dict[str, str]
    cleaning: tuple[Problem, ...]
    scoring: tuple[Problem, ...]
    counts: tuple[CountRow, ...]

    def dump(self) -> bytes:
        """Return the bytes of ``findings.json``."""
        return dump_json(
            {
                "inputs": self.inputs,
                "cleaning": [asdict(problem) for problem in self.cleaning],
                "scoring": [asdict(problem) for problem in self.scoring],
                "rows": [asdict(count) for count in self.counts],
            }
        )

    @classmethod
    def load(cls, data: bytes) -> Findings:
        """Read the bytes of ``findings.json``; raise ValueError, KeyError or TypeError if they are not ours."""
        stored = json.loads(data)
        return cls(
            stored["inputs"],
            tuple(Problem(**problem) for problem in stored["cleaning"]),
            tuple(Problem(**problem) for problem in stored["scoring"]),
            tuple(CountRow(**count) for count in stored["rows"]),
        )


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """A complete scored set read back as plain rows: each a dictionary with the contract's columns.

    Values are what ``ScoredSet`` has in its frames; ``tables`` are the clean tables that the set was scored from.
    ``decided`` gives the adjustments, for which units are judged again: only when somebody asks.
    """

    basis: StoredBasis
    findings: Findings
    tables: Tables
    results: tuple[dict[str, Any], ...]
    items: tuple[dict[str, Any], ...]
    ledger: tuple[dict[str, Any], ...]
    receipt_digest: str
    approval: Approval | None
    decided: Callable[[], tuple[Adjustment, ...]]
    objections: tuple[Objection, ...]

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """Every 调整复核 and what it did."""
        return self.decided()


@dataclass(frozen=True, slots=True)
class ScoredSet:
    """A complete scored set read back.

    The frames have the contract's columns as objects: points ``Decimal`` or None, counts ``int`` or None, booleans
    ``bool``, text ``str`` as it stood in the input. ``problems`` and ``rows`` are those of this set, also when
    ``problems.csv`` tells of a later check. ``adjustments`` has a row for each 调整复核, with the columns of
    ``Adjustment``, ``objections`` one for each 异议登记, with the columns of ``Objection``; ``approval`` is None until
    the set is approved. ``decided`` gives the adjustments when somebody asks for them.
    """

    basis: StoredBasis
    results: DataFrame
    items: DataFrame
    ledger: DataFrame
    problems: DataFrame
    rows: DataFrame
    receipt_digest: str
    approval: Approval | None = None
    decided: Callable[[], DataFrame] = lambda: adjustments_frame(())
    objections: DataFrame = field(default_factory=lambda: objections_frame(()))

    @property
    def adjustments(self) -> DataFrame:
        """A row for each 调整复核."""
        return self.decided()


def count_rows(counts: Sequence[Counts]) -> tuple[CountRow, ...]:
    """Return the counts as plain rows."""
    return tuple(CountRow(*(getattr(count, column) for column in ROW_COLUMNS)) for count in counts)


def problem_files(problems: Sequence[Problem], counts: Sequence[Counts]) -> dict[str, bytes]:
    """Return the three files of the latest attempt: problems.csv, problems.xlsx, rows.csv."""
    rows = (tuple(getattr(count, column) for column in ROW_COLUMNS) for count in counts)
    return {
        "problems.csv": csvfile.dump(PROBLEM_COLUMNS, (problem_cells(problem) for problem in problems)),
        "problems.xlsx": dump_problems(problems),
        "rows.csv": csvfile.dump(ROW_COLUMNS, rows),
    }


def table_files(tables: Tables) -> dict[str, bytes]:
    """Return every table's parquet file; a table kept beside the computation has one only if it holds rows."""
    stored = [name for name, table in TABLES.items() if tables.get(name) or not table.record]
    return {parquet.table_file(name): parquet.dump(name, tables.get(name, ())) for name in stored}


def load_tables(files: Mapping[str, bytes], names: Iterable[str] = TABLES) -> dict[str, tuple[Any, ...]]:
    """Return the tables that ``table_files`` wrote, or those of these names alone.

    Raises KeyError when a table's file is missing.
    """
    return {
        name: ()
        if TABLES[name].record and parquet.table_file(name) not in files
        else parquet.load(name, files[parquet.table_file(name)])
        for name in names
    }


def score_files(score: Scored) -> dict[str, bytes]:
    """Return results.csv, items.csv and ledger.csv; ledger rows are numbered within their unit."""

    result, item = attrgetter(*RESULT_COLUMNS), attrgetter(*ITEM_COLUMNS)
    own = attrgetter(*(column for column in LEDGER_COLUMNS if column not in ("seq", "source")))
    numbered: list[list[csvfile.Cell]] = []
    seen: dict[str, int] = {}
    for entry in score.ledger:
        seen[entry.unit_id] = seen.get(entry.unit_id, 0) + 1
        row = list(own(entry))
        row.insert(LEDGER_COLUMNS.index("seq"), seen[entry.unit_id])  # stands before the other
        row.insert(LEDGER_COLUMNS.index("source"), entry.source_text())
        numbered.append(row)
    return {
        "results.csv": csvfile.dump(RESULT_COLUMNS, map(result, score.results)),
        "items.csv": csvfile.dump(ITEM_COLUMNS, map(item, score.items)),
        "ledger.csv": csvfile.dump(LEDGER_COLUMNS, numbered),
    }


def assemble(
    basis: StoredBasis,
    findings: Findings,
    tables: Mapping[str, bytes],
    score: Scored | None,
) -> dict[str, bytes]:
    """Return all files of a set, receipt included: the cleaned stage when ``score`` is None, else the scored one."""
    files = {**tables, BASIS_FILE: basis.dump(), FINDINGS_FILE: findings.dump()}
    if score is not None:
        files |= score_files(score)
    slip = receipt(
        year=basis.year,
        stage=basis.stage,
        run_date=basis.run_date,
        final=basis.final,
        readings=basis.readings,
        defaults=basis.scheme.default_readings(),
        inputs=findings.inputs,
        outputs=files,
    )
    return files | {RECEIPT_FILE: slip} | problem_files((*findings.cleaning, *findings.scoring), findings.counts)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is being built; their names are relative paths with ``/``."""
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as stream:
            stream.write(data)


def settle(processed: Path) -> None:
    """Bring a folder that an interrupted run left half swapped to its valid state; the caller holds the lock.

    Whoever asks whether the set is approved asks after this: only then is it clear which set stands. Raises
    EnvironmentFailure when the disk refuses.
    """
    try:
        recover(processed, OUR_FILES | receipt_names(processed))
    except OSError as error:
        raise disk_failure(error, processed) from error


def replace_set(processed: Path, files: Mapping[str, bytes]) -> None:
    """Put a whole set in the place of the old one; files that are not ours stay. The caller holds the lock."""
    with building(processed, OUR_FILES | receipt_names(processed)) as new:
        write_files(new, files)


def replace_problems(processed: Path, problems: Sequence[Problem], counts: Sequence[Counts]) -> None:
    """Replace problems.csv, problems.xlsx and rows.csv alone; all else stays. The caller holds the lock."""
    with building(processed, PROBLEM_FILES) as new:
        write_files(new, problem_files(problems, counts))


def read_set_files(processed: Path) -> dict[str, bytes]:
    """Read every file that the receipt lists, and the receipt; each must be what the receipt says.

    Raises UsageError when there is no receipt or a file is missing, or where a unit's report may read its slice alone;
    VerifyFailed when a file was altered.
    """
    paths.whole_set()
    for last in (False, True):
        try:
            slip = (processed / RECEIPT_FILE).read_bytes()
            outputs: dict[str, str] = json.loads(slip)["outputs"]
            files = {name: (processed / name).read_bytes() for name in outputs}
        except (
            FileNotFoundError,
            NotADirectoryError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            if last:
                raise UsageError(_NO_SET) from error
            continue  # the folder may have been swapped between two reads
        altered = [name for name, data in files.items() if digest(data) != outputs[name]]
        if not altered:
            return files | {RECEIPT_FILE: slip}
        if last:
            raise VerifyFailed(
                f"结果文件夹中的 {altered[0]} 与凭证 receipt.json 不符，可能被改动过。请重新运行 assess score。"
            )
    raise AssertionError("unreachable")


def standing_files(processed: Path, receipt: str) -> dict[str, bytes]:
    """Return every file of the scored set in a folder, its list of problems too, as a run that accepted it wrote them.

    Nothing when no whole scored set with this receipt's digest stands there.
    """
    try:
        files = read_set_files(processed)
        if digest(files[RECEIPT_FILE]) != receipt or StoredBasis.load(files[BASIS_FILE]).stage != "scored":
            return {}
        found = Findings.load(files[FINDINGS_FILE])
    except (UsageError, VerifyFailed, OSError, KeyError, ValueError, TypeError):
        return {}
    return files | problem_files((*found.cleaning, *found.scoring), found.counts)


def read_tables(processed: Path | str, names: Iterable[str] = TABLES) -> dict[str, tuple[Any, ...]]:
    """Read the clean tables of a processed folder, or those of these names alone, back into canonical rows.

    Raises UsageError when there is none, VerifyFailed when a file is not what the receipt says.
    """
    return tables_of(read_set_files(Path(processed)), names)


def tables_of(files: Mapping[str, bytes], names: Iterable[str] = TABLES) -> dict[str, tuple[Any, ...]]:
    """Return the clean tables of a set whose files were read, or those of these names alone."""
    kept = _kept(files)
    if kept is not None:
        return {name: kept.tables[name] for name in names}
    return load_tables(files, names)


def cell_value(column: str, text: str) -> Any:
    """Return what a cell of a set's csv files says, by its column."""
    if column in _POINTS:
        return Decimal(text) if text else None
    if column in _COUNTS:
        return int(text) if text else None
    if text in ("true", "false") and column in ("bonus_open", "unresolved"):
        return text == "true"
    if column == "unresolved":
        return int(text)
    return csvfile.unguard(text)


def objects_frame(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> DataFrame:
    """Return rows as a frame of objects: nothing is converted."""
    import pandas as pd  # half a second that the commands without notebooks need not wait for

    return pd.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object)


def records(frame: DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as dictionaries by column name."""
    columns = [str(column) for column in frame.columns]
    # All at once: pandas' own way looks each column up and boxes each value again.
    return [dict(zip(columns, row, strict=True)) for row in frame.to_numpy(dtype=object).tolist()]


def _frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> DataFrame:
    """Return rows as a frame with the file's own columns; ``columns`` are those of a file without rows."""
    return objects_frame(list(rows[0]) if rows else columns, [list(row.values()) for row in rows])


def _read_csv(data: bytes) -> tuple[dict[str, Any], ...]:
    header, rows = csvfile.parse(data)
    if any(len(row) != len(header) for row in rows):
        raise ValueError("a row with more or fewer cells than the header")
    columns = [_column_values(column, texts) for column, texts in zip(header, zip(*rows, strict=True), strict=False)]
    return tuple(dict(zip(header, row, strict=True)) for row in zip(*columns, strict=True))


def _column_values(column: str, texts: Sequence[str]) -> list[Any]:
    """Return what a column's cells say: each text, of which most stand many times, is understood once."""
    values = {text: cell_value(column, text) for text in set(texts)}
    return [values[text] for text in texts]


def score_frames(score: Scored) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Return results, items and ledger of an outcome as ``load_set`` would give them after it was stored."""
    files = score_files(score)
    results, items, ledger = (
        _frame_of(_read_csv(files[name]), columns)
        for name, columns in zip(SCORE_FILES, (RESULT_COLUMNS, ITEM_COLUMNS, LEDGER_COLUMNS), strict=True)
    )
    return results, items, ledger


def adjustments_frame(adjustments: Sequence[Adjustment]) -> DataFrame:
    """Return adjustments as a frame."""
    rows = [[getattr(made, column) for column in ADJUSTMENT_COLUMNS] for made in adjustments]
    return objects_frame(ADJUSTMENT_COLUMNS, rows)


def objections_frame(objections: Sequence[Objection]) -> DataFrame:
    """Return objections as a frame."""
    rows = [[getattr(made, column) for column in OBJECTION_COLUMNS] for made in objections]
    return objects_frame(OBJECTION_COLUMNS, rows)


def _read_with_approval(processed: Path) -> tuple[dict[str, bytes], Approval | None]:
    """Read the set's files and its approval, both of the same moment: the folder may be swapped between two reads."""
    for _ in range(2):
        files, approval = read_set_files(processed), read_approval(processed)
        try:
            if (processed / RECEIPT_FILE).read_bytes() == files[RECEIPT_FILE]:
                break
        except OSError:
            continue
    check_approval(approval, digest(files[RECEIPT_FILE]))
    return files, approval


def load_rows(processed: Path | str) -> ScoredRows:
    """Read a complete scored set as plain rows, for commands that need not wait for data frames.

    Raises UsageError when the folder holds none, VerifyFailed when a file is not what the receipt says, or the
    approval is not of this receipt.
    """
    global _latest
    files, approval = _read_with_approval(Path(processed))
    read = _kept(files) or _parse(files)
    _latest = read
    # What a notebook may change is its own: nothing that it does to a set reaches the next reader of the same set.
    basis = replace(read.basis, readings=dict(read.basis.readings), quotes=dict(read.basis.quotes))
    return replace(read, basis=basis, tables=dict(read.tables), approval=approval)


# The set that was read last, as its receipt names it: files are read and hashed each time, but understood once.
_latest: ScoredRows | None = None


def _kept(files: Mapping[str, bytes]) -> ScoredRows | None:
    """Return what was read before from files of the same receipt, which holds the hash of each of them."""
    return _latest if _latest is not None and _latest.receipt_digest == digest(files[RECEIPT_FILE]) else None


def _parse(files: Mapping[str, bytes]) -> ScoredRows:
    try:
        basis, findings = (
            StoredBasis.load(files[BASIS_FILE]),
            Findings.load(files[FINDINGS_FILE]),
        )
        if basis.stage != "scored":
            raise UsageError("结果文件夹里只有清洗后的数据，还没有评分。请先运行 assess score 或笔记本 02_score。")
        tables = load_tables(files)
        return ScoredRows(
            basis,
            findings,
            tables,
            _read_csv(files["results.csv"]),
            _read_csv(files["items.csv"]),
            _read_csv(files["ledger.csv"]),
            digest(files[RECEIPT_FILE]),
            None,
            cache(lambda: list_adjustments(tables, basis.scheme, basis.readings, basis.run_date)),
            list_objections(tables, basis.scheme, basis.run_date),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(_NO_SET) from error


def load_set(processed: Path | str) -> ScoredSet:
    """Read a complete scored set: its basis, and results, items, ledger, problems and row counts as frames.

    Raises what ``load_rows`` does.
    """
    read = load_rows(processed)
    problems = [problem_cells(problem) for problem in (*read.findings.cleaning, *read.findings.scoring)]
    counts = [[getattr(count, column) for column in ROW_COLUMNS] for count in read.findings.counts]
    return ScoredSet(
        read.basis,
        _frame_of(read.results, RESULT_COLUMNS),
        _frame_of(read.items, ITEM_COLUMNS),
        _frame_of(read.ledger, LEDGER_COLUMNS),
        objects_frame(PROBLEM_COLUMNS, problems),
        objects_frame(ROW_COLUMNS, counts),
        read.receipt_digest,
        read.approval,
        cache(lambda: adjustments_frame(read.adjustments)),
        objections_frame(read.objections),
    )
