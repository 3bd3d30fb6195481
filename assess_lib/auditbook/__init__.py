"""``audit_workbook.xlsx``: the whole computation again as spreadsheet formulas, for an auditor who distrusts our code.

The rules stand here a second time, as formulas over the cleaned rows, and know nothing of ``rules`` or ``scoring``.
The values stored beside the formulas are computed by a small evaluator of the same formulas, so what a previewer shows
is what the spreadsheet computes, not what our scoring said; the sheet 核对 holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from assess_lib.auditbook.award import (
    highest_level_per_matter,
    highest_level_units,
    mean_of_raters,
    mean_per_matter,
)
from assess_lib.auditbook.basis import add_readings, add_scheme
from assess_lib.auditbook.book import Book
from assess_lib.auditbook.common import Plan, add_common
from assess_lib.auditbook.control import add_control
from assess_lib.auditbook.deduction import deduct_from_full
from assess_lib.auditbook.guide import inputs_alone, lines
from assess_lib.auditbook.inputs import add_inputs
from assess_lib.auditbook.ranking import quarterly_top_ranks
from assess_lib.auditbook.totals import add_results, add_totals
from assess_lib.auditbook.veto import hotline_red_lights, named_in_circular
from assess_lib.auditbook.write import write
from assess_lib.beyond import not_covered
from assess_lib.scheme import Item, Scheme
from assess_lib.store import ScoredSet
from assess_lib.store.sets import records
from assess_lib.tables import Tables

__all__ = ["build", "make_book"]

_Step = Callable[[Plan, Item], None]
# Each method's sheets; an item that is compared with its like adds its units only when all of them have their rows.
_METHODS: Mapping[str, tuple[_Step, ...]] = {
    "hotline_red_lights": (hotline_red_lights,),
    "named_in_circular": (named_in_circular,),
    "deduct_from_full": (deduct_from_full,),
    "mean_per_matter": (mean_per_matter,),
    "highest_level_per_matter": (highest_level_per_matter, highest_level_units),
    "quarterly_top_ranks": (quarterly_top_ranks,),
    "mean_of_raters": (mean_of_raters,),
}


def build(data: ScoredSet, tables: Tables) -> bytes:
    """Return the bytes of the audit workbook of a scored set and its clean tables.

    The same set gives the same bytes. Of a scheme that goes beyond the plain order of judgement the workbook holds the
    input tables alone and says so: one that left an item out would mislead. Raises OverflowError when a table has more
    rows than a sheet.
    """
    basis = data.basis
    if told := not_covered("用公式重算", basis.scheme):
        book = Book()
        add_inputs(book, tables, basis.scheme.cell_choices())
        return write(book, f"{basis.year} 年度考核审计工作簿", inputs_alone(data, told, book))
    book = make_book(
        tables,
        basis.scheme,
        basis.readings,
        basis.run_date,
        records(data.results),
        records(data.items),
    )
    book.compute()
    return write(book, f"{basis.year} 年度考核审计工作簿", lines(data, book))


def make_book(
    tables: Tables,
    scheme: Scheme,
    readings: Mapping[str, str],
    run_date: date,
    results: Sequence[Mapping[Any, Any]],
    items: Sequence[Mapping[Any, Any]],
) -> Book:
    """Return all sheets with their formulas, not yet computed; ``results`` and ``items`` are rows of the csv files."""
    if told := not_covered("用公式重算", scheme):
        raise NotImplementedError(told)
    book = Book()
    add_readings(book, scheme, readings)
    add_scheme(book, scheme, run_date)
    add_inputs(book, tables, scheme.cell_choices())
    plan = Plan(book, scheme)
    add_common(plan)
    for turn in range(max(len(steps) for steps in _METHODS.values())):
        for place, item in enumerate(scheme.items):
            steps, before = _METHODS[item.rule.method], set(book.sheets)
            if turn < len(steps):
                steps[turn](plan, item)
            book.owners |= dict.fromkeys(book.sheets.keys() - before, place)
    add_totals(plan)
    add_results(plan)
    add_control(plan, results, items)
    return book
