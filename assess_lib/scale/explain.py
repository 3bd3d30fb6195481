"""One unit of a large score in words: the ordinary rules over that unit's rows, held against the stored numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assess_lib.adjustments import unit_adjustments
from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.ledger import LEDGER_COLUMNS
from assess_lib.objections import list_objections
from assess_lib.rules import Case
from assess_lib.rules.ranking import NAMED_RIVALS, Ranking, list_key, lists, standing_of
from assess_lib.scale.columns import Ints
from assess_lib.scale.faults import Faults, rejection
from assess_lib.scale.files import BASIS_FILE, ITEMS_FILE, LEDGER_FILE, RESULTS_FILE
from assess_lib.scale.ranking import QUARTERS, TABLE, list_ranks, ranked_pool
from assess_lib.scale.stored import form_of, noting
from assess_lib.scale.tables import ITEMS, LEDGER, RESULTS
from assess_lib.scale.year import Year
from assess_lib.scoring import Score, score_unit
from assess_lib.store import Findings, StoredBasis
from assess_lib.store.parquet import rows_of, schema
from assess_lib.store.sets import ITEM_COLUMNS, ScoredRows
from assess_lib.tables import ALL_UNITS, TABLES, Row, Source

Record = dict[str, Any]
_AGAIN = "tables 文件夹在计分之后可能改动过。请重新运行 assess large-score。"


def read_basis(out: Path) -> StoredBasis:
    """Read on what a large score rests. Raises UsageError where there is none."""
    try:
        return StoredBasis.load((out / BASIS_FILE).read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{out} 中没有大规模计分的结果。请先运行 assess large-score。") from error


def roster_of(tables: Path) -> tuple[Row, ...]:
    """Read the roster. Raises InputRejected for a file that holds none."""
    return _rows(tables, "单位名录", None)


def explain_unit(tables: Path, out: Path, unit_id: str) -> ScoredRows:
    """Return one unit's result, items, ledger and adjustments with all their words, and all units' results.

    Only the unit's own rows are read, and 信息报送 for the ranks of its places. Raises UsageError where there is no
    score or no such unit, VerifyFailed when the words do not come to the numbers that are stored.
    """
    basis = read_basis(out)
    own = {name: _rows(tables, name, unit_id) for name in TABLES}
    if not own["单位名录"]:
        raise UsageError(f"没有单位“{unit_id}”。")
    case = Case.build(own, basis.scheme, basis.readings, basis.run_date)
    unit = case.units[0]
    if case.rows(TABLE, unit):
        case.shared[TABLE].update(_rankings(case, tables))
    score = score_unit(unit, case)
    results = _stored(out / RESULTS_FILE, RESULTS)
    ledger = _ledger(score)
    _compare(score, ledger, out, unit_id)
    return ScoredRows(
        basis=basis,
        findings=Findings({}, (), score.problems, ()),
        tables=own,
        results=tuple(results),
        items=tuple({column: getattr(item, column) for column in ITEM_COLUMNS} for item in score.items),
        ledger=tuple(ledger),
        receipt_digest="",
        approval=None,
        decided=lambda: tuple(unit_adjustments(unit, case)),
        objections=list_objections(own, basis.scheme, basis.run_date),
    )


def _rows(tables: Path, name: str, unit_id: str | None) -> tuple[Row, ...]:
    """Read a table's rows that concern a unit: its own, and those that speak for all."""
    if TABLES[name].record and not (tables / f"{name}.parquet").exists():
        return ()
    chosen = None
    if unit_id is not None and name == "单位名录":
        chosen = pc.field("单位编码") == unit_id
    elif unit_id is not None and name != "扣分标准":
        chosen = pc.field("单位").isin([unit_id, ALL_UNITS] if name == "确认无事项" else [unit_id])
    faults = Faults(tables, name)
    with noting(faults):
        if form_of(faults) is not None:
            return rows_of(name, _chosen(tables / faults.file, schema(TABLES[name]), chosen))
    raise rejection([faults])


def _chosen(path: Path, spec: pa.Schema, chosen: pc.Expression | None) -> pa.Table:
    """Read a table's rows, or those that are chosen."""
    try:
        return pq.read_table(path, filters=chosen, page_checksum_verification=True)
    except pa.ArrowNotImplementedError:  # text as views cannot be compared before it is plain text
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            groups = (file.read_row_group(number).cast(spec) for number in range(file.num_row_groups))
            return pa.concat_tables([spec.empty_table(), *(group.filter(chosen) for group in groups)])


def _rankings(case: Case, tables: Path) -> Mapping[Any, Any]:
    """Rank the lists of 信息报送 over all units, so that the rules find the unit's places ready."""
    year = Year(tables, case.scheme, case.readings, case.run_date)
    table, unit = year.table(TABLE), case.units[0]
    pool = ranked_pool(table.choices("季度"), year)
    rows = np.flatnonzero(table.units(year.roster) == pc.index(year.roster, unit.id).as_py())
    own = {row["季度"]: row for row in case.rows(TABLE, unit)}
    found: dict[Any, Any] = {}
    for which, ranks in zip(lists(case.readings), list_ranks(pool, year), strict=True):
        for at in rows.tolist():
            quarter = QUARTERS[int(table.choices("季度")[at])]
            standing = standing_of(own[quarter], which)
            if standing is not None:
                rivals = np.flatnonzero((pool == pool[at]) & (ranks > 0))
                named = _sources(year, rivals, ranks)
                ranking = Ranking({standing: int(ranks[at])}, named, len(rivals))
                found[list_key(quarter, which)] = {"": ranking, unit.group: ranking}
    return found


def _sources(year: Year, rivals: Ints, ranks: Ints) -> tuple[Source, ...]:
    """Return where the highest rows of a list stand, in the order of the roster (``rules.ranking.Ranking``)."""
    units = year.units(TABLE)
    highest = rivals[np.lexsort((rivals, units[rivals], ranks[rivals]))][:NAMED_RIVALS]
    highest = highest[np.lexsort((highest, units[highest]))]
    rows = year.table(TABLE).origin[highest].tolist()
    places = Faults(year.folder, TABLE).places(rows)
    return tuple(places[row] for row in rows)


def _ledger(score: Score) -> list[Record]:
    """Return a unit's ledger rows with the columns of ``ledger.csv``."""
    return [
        {column: getattr(entry, column) for column in LEDGER_COLUMNS if column not in ("seq", "source")}
        | {"seq": seq, "source": entry.source_text()}
        for seq, entry in enumerate(score.ledger, start=1)
    ]


def _stored(path: Path, spec: pa.Schema, unit_id: str = "") -> list[Record]:
    """Read a written file, or one unit's rows of it. Raises UsageError where it is not what was written."""
    try:
        chosen = pc.field("unit_id") == unit_id if unit_id else None
        stored = pq.read_table(path, filters=chosen, page_checksum_verification=True)
        if stored.schema.names == spec.names:
            rows: list[Record] = stored.to_pylist()
            return rows
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"没有可用的 {path.name}。请先运行 assess large-score。") from error
    raise UsageError(f"{path.name} 的列不是写出时的列。请重新运行 assess large-score。")


def _compare(score: Score, ledger: list[Record], out: Path, unit_id: str) -> None:
    """Hold what the rules say of the unit's rows against what was stored for it."""
    result = score.results[0]
    columns = ("status", "key_score", "bonus_open", "bonus_score", "final_score", "grade", "unresolved")
    stored = _stored(out / RESULTS_FILE, RESULTS, unit_id)
    if [tuple(row[c] for c in columns) for row in stored] != [tuple(getattr(result, c) for c in columns)]:
        raise VerifyFailed(f"{unit_id} 的结果与 {RESULTS_FILE} 不符：{_AGAIN}")
    items = _stored(out / ITEMS_FILE, ITEMS, unit_id)
    if items != [{column: getattr(item, column) for column in ITEM_COLUMNS} for item in score.items]:
        raise VerifyFailed(f"{unit_id} 的各项得分与 {ITEMS_FILE} 不符：{_AGAIN}")
    if (out / LEDGER_FILE).exists():
        numbers = ("seq", "part", "item", "nominal", "before", "points", "after", "status", "reading")
        steps = _stored(out / LEDGER_FILE, LEDGER, unit_id)
        if [[step[c] for c in numbers] for step in steps] != [[step[c] for c in numbers] for step in ledger]:
            raise VerifyFailed(f"{unit_id} 的台账与 {LEDGER_FILE} 不符：{_AGAIN}")
