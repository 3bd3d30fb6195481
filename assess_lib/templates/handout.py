"""What is handed out: a workbook for each table, and a folder for each unit with the tables that it fills in itself.

The contract lets a file's name decide its table and reads one sheet of it. So one workbook with several of a unit's
tables could not come back: a unit gets a small folder instead, whose files come back as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from assess_lib.cleaning import clean
from assess_lib.errors import InputRejected
from assess_lib.scheme import Scheme
from assess_lib.store.fresh import fresh_folder
from assess_lib.tables import TABLES
from assess_lib.templates.entry import Form, Known
from assess_lib.templates.workbook import dump_form

UNITS_FOLDER = "单位"
# What a unit knows first: its awards, their evidence, and that there was nothing. All else is kept by the office, the
# information centre or the raters; 材料报送 too is the office's own receipt book, no unit dates its own reports.
FILLED_BY_UNITS = ("表彰宣传", "佐证目录", "确认无事项")
_NEEDED = ("单位名录", "扣分标准")
# Not there yet, or not complete yet, at the time when blank workbooks go out.
_NOT_YET = frozenset(("table.missing", "table.empty", "standard.scheme"))


@dataclass(frozen=True, slots=True)
class Handout:
    """What was written: how many workbooks of tables, for how many units how many files each."""

    tables: int
    units: int
    files_per_unit: int


def read_known(raw: Path, scheme: Scheme) -> Known:
    """Return the roster and the standards of a raw folder, as far as there are any yet.

    Raises InputRejected when one of the two holds errors: a drop-down with a unit missing must not be handed out.
    """
    cleaned = clean(raw, scheme)
    errors = [
        problem
        for problem in cleaned.problems
        if problem.severity == "error" and problem.table in _NEEDED and problem.code not in _NOT_YET
    ]
    if errors:
        raise InputRejected("单位名录或扣分标准有错误，未生成模板。请更正后重新运行。", errors)
    roster, standards = (cleaned.tables[name] for name in _NEEDED)
    return Known(roster, standards)


def write_templates(
    folder: Path,
    scheme: Scheme,
    known: Known,
    *,
    readings: Mapping[str, str] | None = None,
    units: Collection[str] | None = None,
) -> Handout:
    """Write the blank workbooks into a new or empty folder, all of them or none.

    ``<table>.xlsx`` for each table, ``单位/<单位编码>/<table>_<单位编码>.xlsx`` for each unit of the roster (or those
    whose codes ``units`` holds). The same scheme and lists give the same bytes. Raises EnvironmentFailure when the
    folder cannot be written, UsageError when it is no longer empty. Implements the contract's ``templates``.
    """
    chosen = [row for row in known.roster if units is None or row["单位编码"] in units]
    in_force = {**scheme.default_readings(), **(readings or {})}
    with fresh_folder(folder) as new:
        for table in TABLES.values():
            form = Form(table, scheme, known, in_force)
            (new / f"{form.name}.xlsx").write_bytes(dump_form(form))
        for unit in chosen:
            place = new / UNITS_FOLDER / str(unit["单位编码"])
            place.mkdir(parents=True)
            for name in FILLED_BY_UNITS:
                form = Form(TABLES[name], scheme, known, in_force, unit)
                (place / f"{form.name}.xlsx").write_bytes(dump_form(form))
    return Handout(len(TABLES), len(chosen), len(FILLED_BY_UNITS))
