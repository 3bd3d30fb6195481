"""The scored set that a command looks at, in its own readings and at its own date."""

from __future__ import annotations

from assess_lib.cli.options import Shared
from assess_lib.errors import UsageError
from assess_lib.store import ScoredSet, load_set, read_tables
from assess_lib.tables import Tables


def stored_set(shared: Shared) -> tuple[ScoredSet, Tables]:
    """Return the processed folder's set and its clean tables.

    Raises UsageError for a set of another year and for readings or a date that the set was not scored with.
    """
    data, tables = load_set(shared.paths.processed), read_tables(shared.paths.processed)
    basis = data.basis
    if basis.year != shared.paths.year:
        raise UsageError(f"现有结果是 {basis.year} 年度的，不是 {shared.paths.year} 年度的。请用 --year 指明。")
    other = [f"{key}={value}" for key, value in shared.readings.items() if basis.readings[key] != value]
    if shared.run_date is not None and shared.run_date != basis.run_date:
        other.append(f"日期 {shared.run_date}")
    if other:
        raise UsageError(f"现有结果不是按 {'、'.join(other)} 评分的。请先用同样的选项运行 assess score。")
    return data, tables
