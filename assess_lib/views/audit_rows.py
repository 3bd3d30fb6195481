"""Raw rows beside a number, as the auditor's page prints them."""

from __future__ import annotations

from collections.abc import Sequence

from assess_lib.audit import lineage
from assess_lib.tables import Row
from assess_lib.views.html import Html, render

# Beyond this many rows of one table beside a number, the rest is told briefly.
SHOWN = 6
RANKED = "信息报送"


def place(row: Row) -> str:
    """Print where a row stands: ``扣分登记.xlsx · 扣分登记 · 14``; the sheet is left out where there is none."""
    return " · ".join(part for part in (row.source.file, row.source.sheet, str(row.source.row)) if part)


def raw_rows(rows: Sequence[Row], *, limit: int = SHOWN, seen: set[str] | None = None) -> Html:
    """Show raw rows with every filled cell as column=value.

    Of more than ``limit`` rows of one table the first ones are shown and the rest told briefly: in a ranking every
    rival's two figures, elsewhere how many there are. Rows whose places are in ``seen`` stand above and only say so.
    """
    tables = []
    for name in dict.fromkeys(row.table for row in rows):
        own = [row for row in rows if row.table == name]
        ranking = name == RANKED and len(own) > limit
        shown = own[:1] if ranking else own[:limit]
        rest = own[len(shown) :]
        brief = [f"{row['单位']} {row['报送条数']}/{row['采用条数']}" for row in rest] if ranking else []
        tables.append(
            {
                "name": f"{name}（报送/采用）" if ranking else name,
                "rows": [_shown(row, seen) for row in shown],
                "brief": brief,
                "more": 0 if ranking else len(rest),
            }
        )
    return render("raw_rows", tables=tables)


def _shown(row: Row, seen: set[str] | None) -> dict[str, object]:
    again = seen is not None and str(row.source) in seen
    if seen is not None:
        seen.add(str(row.source))
    return {"place": place(row), "again": again, "cells": tuple(lineage.cells(row).items())}
