"""From the notebook's first cell to a panel on the year's stored set."""

from __future__ import annotations

from assess_lib import paths, store
from assess_lib.workbench.bench import Bench
from assess_lib.workbench.panel import Panel


def open_bench(year: int, raw: str = "", processed: str = "", drafts: str = "") -> Panel:
    """Open the bench on a year's scored set; blank folders stand for the default places.

    Raises UsageError when the year has no scored set or the drafts would lie among official files, VerifyFailed when
    the set is not what its receipt says.
    """
    where = paths.resolve(year, raw=raw, processed=processed)
    folder = paths.drafts_folder(where, drafts)
    shown = drafts or f"data/drafts/{where.year}"
    bench = Bench(store.load_set(where.processed), store.read_tables(where.processed))
    return Panel(bench, folder, shown)
