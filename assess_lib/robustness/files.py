"""Robustness as tables for other programs: csv files and plain data for JSON.

Of the leaders' marks no row is named, and their rows stand in the order of what they do, so that nobody learns whose
mark is which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from assess_lib.robustness import words
from assess_lib.robustness.corrections import RATERS, Correction
from assess_lib.robustness.exploration import Robustness, UnitRobustness
from assess_lib.robustness.flips import ASPECTS, Flip, value
from assess_lib.robustness.influence import Influence
from assess_lib.store import csvfile

Record = dict[str, Any]

UNIT_COLUMNS = (
    "unit_id",
    "unit_name",
    "group",
    "status",
    "key_score",
    "bonus_open",
    "final_score",
    "grade",
    *(f"{aspect}_{what}" for aspect in ASPECTS for what in ("rows", "points")),
    "gate_margin",
    "grade_margin",
    "fail_margin",
    "weightiest",
    "weightiest_source",
    "weightiest_change",
    "weightiest_flips",
    "sentence",
)
CORRECTION_COLUMNS = (
    "unit_id",
    "unit_name",
    "aspect",
    "smallest_by",
    "rows",
    "points",
    "before",
    "after",
    "table",
    "number",
    "action",
    "fact",
    "source",
)
MARGIN_COLUMNS = (
    "unit_id",
    "unit_name",
    "line",
    "points",
    "distance",
    "grade_after",
    "fewest_deductions",
    "standard",
    "rate",
    "times_alone",
    "times_in_fewest",
)
ROW_COLUMNS = (
    "unit_id",
    "unit_name",
    "table",
    "number",
    "action",
    "fact",
    "source",
    "final_score",
    "final_after",
    "change",
    *(f"{aspect}_changes" for aspect in ASPECTS),
)


def unit_records(found: Robustness, units: Iterable[UnitRobustness]) -> Iterator[Record]:
    """Yield a record for each unit: its result, smallest corrections, margins and weightiest row.

    ``…_rows`` is the fewest rows that change the aspect, ``…_points`` the fewest points (each a minimum by itself).
    """
    for one in units:
        record: Record = {
            **_unit(one),
            "group": one.unit.group,
            **{name: getattr(one.now, name) for name in ("status", "key_score", "bonus_open", "final_score", "grade")},
        }
        for aspect in ASPECTS:
            fewest, least = one.fewest.get(aspect), one.least.get(aspect)
            record[f"{aspect}_rows"] = None if fewest is None else len(fewest.corrections)
            record[f"{aspect}_points"] = None if least is None else least.moved
        for line in ("gate", "grade", "fail"):
            margin = one.margin(line)
            record[f"{line}_margin"] = None if margin is None else margin.points
        heavy = one.weightiest
        record |= {
            "weightiest": None if heavy is None else words.correction_text(heavy.correction),
            "weightiest_source": None if heavy is None else heavy.correction.source,
            "weightiest_change": None if heavy is None else heavy.change,
            "weightiest_flips": None if heavy is None else "; ".join(heavy.flips),
            "sentence": words.sentence(one, found.scheme),
        }
        yield record


def _unit(one: UnitRobustness) -> Record:
    return {"unit_id": one.unit.id, "unit_name": one.unit.name}


def _correction(correction: Correction) -> Record:
    return {
        "table": correction.table,
        "number": correction.number,
        "action": correction.action,
        "fact": words.fact(correction),
        "source": correction.source,
    }


def _flips(one: UnitRobustness) -> Iterator[tuple[Literal["rows", "points"], Flip]]:
    for aspect in ASPECTS:
        if aspect in one.fewest:
            yield "rows", one.fewest[aspect]
            yield "points", one.least[aspect]


def correction_records(found: Robustness, units: Iterable[UnitRobustness]) -> Iterator[Record]:
    """Yield a record for each corrected row of each smallest set; the rows of a set stand together."""
    for one in units:
        for measure, flip in _flips(one):
            for correction in flip.corrections:
                yield {
                    **_unit(one),
                    "aspect": flip.aspect,
                    "smallest_by": measure,
                    "rows": len(flip.corrections),
                    "points": flip.moved,
                    "before": value(flip.before, flip.aspect),
                    "after": value(flip.after, flip.aspect),
                    **_correction(correction),
                }


def margin_records(found: Robustness, units: Iterable[UnitRobustness]) -> Iterator[Record]:
    """Yield a record for each line below a unit and each standard: how often it reaches the line by itself."""
    for one in units:
        for margin in one.margins:
            mix = {further.standard: further.times for further in margin.fewest or ()}
            for further in margin.alone:
                yield {
                    **_unit(one),
                    "line": margin.line,
                    "points": margin.points,
                    "distance": margin.distance,
                    "grade_after": margin.after.grade,
                    "fewest_deductions": margin.count,
                    "standard": further.standard,
                    "rate": further.rate,
                    "times_alone": further.times,
                    "times_in_fewest": mix.get(further.standard, 0),
                }


def row_records(found: Robustness, units: Iterable[UnitRobustness]) -> Iterator[Record]:
    """Yield a record for each row that can be corrected: what its correction alone does to the unit.

    A report that no row tells of stands here only where its being in time would change something.
    """
    for one in units:
        for influence in _anonymous(one.influences):
            if influence.correction.row is None and not influence.matters:
                continue
            yield {
                **_unit(one),
                **_correction(influence.correction),
                "final_score": influence.before.final_score,
                "final_after": influence.after.final_score,
                "change": influence.change,
                **{f"{aspect}_changes": aspect in influence.flips for aspect in ASPECTS},
            }


def _anonymous(influences: Iterable[Influence]) -> Iterator[Influence]:
    """Put the leaders' marks into the order of what they do instead of the order in which the leaders stand."""
    every = list(influences)
    marks = iter(sorted((i for i in every if i.correction.table == RATERS), key=lambda i: i.change or Decimal(0)))
    for influence in every:
        yield next(marks) if influence.correction.table == RATERS else influence


_TABLES = (
    ("robustness.csv", UNIT_COLUMNS, unit_records),
    ("corrections.csv", CORRECTION_COLUMNS, correction_records),
    ("margins.csv", MARGIN_COLUMNS, margin_records),
    ("rows.csv", ROW_COLUMNS, row_records),
)


def _chosen(found: Robustness, unit_ids: Iterable[str] | None) -> list[UnitRobustness]:
    return list(found.units) if unit_ids is None else [found.of(unit_id) for unit_id in unit_ids]


def csv_files(found: Robustness, unit_ids: Iterable[str] | None = None) -> Mapping[str, bytes]:
    """Return the four csv files of the units asked for (default: all), like our others.

    UTF-8 with BOM, points with two decimals, blank where a value does not exist, formulas kept out of text.
    """
    chosen = _chosen(found, unit_ids)
    return {
        file: csvfile.dump(columns, ([record[column] for column in columns] for record in records(found, chosen)))
        for file, columns, records in _TABLES
    }


def json_data(found: Robustness, unit_ids: Iterable[str] | None = None) -> Record:
    """Return the same as plain data: each unit's record with its corrections, margins and rows."""
    units = []
    for one in _chosen(found, unit_ids):
        record = next(unit_records(found, [one]))
        for key, records in (("corrections", correction_records), ("margins", margin_records), ("rows", row_records)):
            record[key] = [
                {name: cell for name, cell in inner.items() if name not in ("unit_id", "unit_name")}
                for inner in records(found, [one])
            ]
        units.append(record)
    return {"year": found.scheme.year, "units": units}
