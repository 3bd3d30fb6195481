"""The facts of a part, item by item, and the annotation of each number: clause, formula, evidence, source rows.

A note's number is the ledger row's. On screen a note folds out beside its fact; on paper the notes of a part stand
together after its table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assess_lib.scheme import DEDUCTING_METHODS, Item
from assess_lib.views import adjustments
from assess_lib.views.html import Html, figure, render
from assess_lib.views.lines import Line
from assess_lib.views.words import Place, item_of, number, spans

if TYPE_CHECKING:
    from assess_lib.views.unit import UnitReport

_STANDARDS, _EVIDENCE, _DECISIONS = "扣分标准", "佐证目录", "调整复核"
FEW = 3
"""So many facts that moved nothing are shown one by one; more are shown together."""


def facts(report: UnitReport, part: str, caption: str) -> Html:
    """Show every fact of a part with its numbers and its note."""
    groups = [_group(report, item) for item in report.scheme.part_items(part) if report.item_lines(item.id)]
    notes = [entry for group in groups for entry in group["lines"]]
    return render("facts", groups=groups, notes=notes, caption=caption, numbers=part != "veto")


def clause_text(report: UnitReport, locator: str) -> tuple[str, str]:
    """Return a clause's text and what it is: the official text (原文), else our summary (摘要); blank if neither."""
    quoted = report.data.basis.quotes.get(locator)
    return (quoted, "原文") if quoted else (report.scheme.clauses.get(locator, ""), "摘要")


def _group(report: UnitReport, item: Item) -> dict[str, Any]:
    row = report.items.get(item.id, {})
    lines = report.item_lines(item.id)
    idle = [line for line in lines if _is_idle(line)] if isinstance(item.rule, DEDUCTING_METHODS) else []
    if len(idle) <= FEW or len(idle) == len(lines):
        idle = []
    # Readings that all lines of the item share are named once, in its head.
    common = report.reading_names(lines[0]) if len({line.readings for line in lines}) == 1 else ""
    decided = adjustments.decision_numbers(report.decisions)
    points = row.get("points")
    return {
        "id": item.id,
        "name": item.name,
        "clause": item.clause,
        "points": None if points is None else figure(report.unit_id, "points", points, number(points), item=item.id),
        "of": "" if item.part == "veto" else item_of(item),
        "outcome": {"vetoed": "构成", "clear": "未构成"}.get(str(row.get("note", "")), ""),
        "unresolved": bool(row.get("unresolved")),
        "readings": common,
        "lines": [
            {"line": line, "decided": adjustments.decided_by(line, decided), "note": _note(report, line)}
            for line in lines
            if line not in idle
        ],
        "idle": {"count": len(idle), "seqs": spans(line.seq for line in idle), "lines": idle},
    }


def _is_idle(line: Line) -> bool:
    """Tell a fact that went as it should: counted, worth nothing, cut by nothing."""
    return line.status == "counted" and not line.moved and not line.nominal


def _note(report: UnitReport, line: Line) -> dict[str, Any]:
    """Put a line's annotation together: label and text of each piece, blank pieces left out."""
    text, kind = clause_text(report, line.clause)
    pieces = [
        ("算式", line.formula),
        ("口径", report.reading_names(line)),
        ("出处", line.place_text if not line.places else _places(line, "")),
        ("标准", _places(line, _STANDARDS)),
        ("佐证", "，".join(filter(None, (line.evidence_id, _places(line, _EVIDENCE))))),
        ("决定", _places(line, _DECISIONS)),
    ]
    return {
        "seq": line.seq,
        "clause": line.clause,
        "clause_text": f"{text}（{kind}）" if text and (line.moved or line.status == "verdict") else "",
        "pieces": [(name, said) for name, said in pieces if said],
    }


def _places(line: Line, table: str) -> str:
    """Print the line's source rows of one table; with a blank name those of all tables without a name of their own."""
    named = (_STANDARDS, _EVIDENCE, _DECISIONS)
    return "；".join(
        _printed(place)
        for place in line.places
        if (place.of_table(table) if table else not any(place.of_table(each) for each in named))
    )


def _printed(place: Place) -> str:
    sheet = f"“{place.sheet}”" if place.sheet else ""
    return f"{place.file}{sheet} 第 {place.row} 行"
