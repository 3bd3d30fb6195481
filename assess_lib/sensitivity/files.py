"""The exploration as tables for other programs: csv files and plain data for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from assess_lib.exact import show
from assess_lib.sensitivity import words
from assess_lib.sensitivity.exploration import Aspect, Exploration, Flip, Number
from assess_lib.store import csvfile

UNIT_COLUMNS = (
    "unit_id",
    "unit_name",
    "group",
    "safe",
    "status",
    "grade",
    "final_score",
    "rank_in_group",
    "rank_overall",
    "unresolved",
    "grade_same_combinations",
    "combinations",
    "score_low",
    "score_high",
    "rank_in_group_best",
    "rank_in_group_worst",
    "rank_overall_best",
    "rank_overall_worst",
    "depends_on",
    "sentence",
)
FLIP_COLUMNS = ("unit_id", "unit_name", "aspect", "set", "size", "changes", "before", "after", "words")
EFFECT_COLUMNS = (
    "unit_id",
    "unit_name",
    "reading",
    "in_force",
    "option",
    "status",
    "grade",
    "final_score",
    "score_change",
    "rank_in_group",
    "rank_in_group_change",
    "rank_overall",
    "rank_overall_change",
    "most_score_change",
    "most_rank_in_group_change",
    "most_rank_overall_change",
)
_ASPECTS: tuple[Aspect, ...] = ("status", "grade", "rank_in_group", "rank_overall")
_RANGES: tuple[tuple[Number, str, str], ...] = (
    ("final_score", "score_low", "score_high"),
    ("rank_in_group", "rank_in_group_best", "rank_in_group_worst"),
    ("rank_overall", "rank_overall_best", "rank_overall_worst"),
)
Record = dict[str, Any]


def unit_records(exploration: Exploration, unit_ids: Iterable[str]) -> Iterator[Record]:
    """Yield a record for each unit: its result in force, whether it is safe, its ranges, what it depends on."""
    for unit_id in unit_ids:
        result = exploration.result(unit_id)
        record: Record = {name: getattr(result, name, None) for name in UNIT_COLUMNS}
        for aspect, low, high in _RANGES:
            found = exploration.range(unit_id, aspect)
            whole = (lambda value: value) if aspect == "final_score" else int
            record[low], record[high] = (None, None) if found is None else (whole(found.low), whole(found.high))
        record |= {
            "safe": exploration.safe(unit_id),
            "grade_same_combinations": exploration.holding(unit_id),
            "combinations": exploration.space.size,
            "depends_on": "; ".join(exploration.depends(unit_id)),
            "sentence": words.sentence(exploration, unit_id),
        }
        yield record


def flip_records(exploration: Exploration, unit_ids: Iterable[str]) -> Iterator[Record]:
    """Yield a record for each minimal set of changes that flips a unit's status, grade or rank."""
    for unit_id in unit_ids:
        name = exploration.result(unit_id).unit_name
        for aspect in _ASPECTS:
            for number, flip in enumerate(exploration.flips(unit_id, aspect), start=1):
                yield {"unit_id": unit_id, "unit_name": name, "set": number, **_flip(flip, exploration)}


def _flip(flip: Flip, exploration: Exploration) -> Record:
    return {
        "aspect": flip.aspect,
        "size": len(flip.changes),
        "changes": "; ".join(f"{c.reading}={c.before}>{c.after}" for c in flip.changes),
        "before": flip.before,
        "after": flip.after,
        "words": words.flip_text(flip, exploration.scheme),
    }


def effect_records(exploration: Exploration, unit_ids: Iterable[str]) -> Iterator[Record]:
    """Yield a record for each reading, other option and unit: what that choice alone does, and the most it can do."""
    wanted = set(unit_ids)
    for reading in exploration.space.keys:
        for effect in exploration.effect(reading):
            if effect.unit_id in wanted:
                yield {
                    **{name: getattr(effect.after, name, None) for name in EFFECT_COLUMNS},
                    "reading": reading,
                    "in_force": exploration.readings[reading],
                    "option": effect.option,
                    "score_change": effect.score_change,
                    "rank_in_group_change": effect.rank_in_group_change,
                    "rank_overall_change": effect.rank_overall_change,
                    "most_score_change": effect.most_score,
                    "most_rank_in_group_change": effect.most_rank_in_group,
                    "most_rank_overall_change": effect.most_rank_overall,
                }


def csv_files(exploration: Exploration, unit_ids: Iterable[str] | None = None) -> dict[str, bytes]:
    """Return ``units.csv``, ``flips.csv`` and ``effects.csv`` of the units asked for (default: all), like our others.

    UTF-8 with BOM, points with two decimals, blank where a value does not exist, formulas kept out of text. In
    ``changes`` the parts of one set are joined by ``; ``, each ``reading=before>after``.
    """
    chosen = tuple(unit.id for unit in exploration.roster) if unit_ids is None else tuple(unit_ids)
    tables = (
        ("units.csv", UNIT_COLUMNS, unit_records),
        ("flips.csv", FLIP_COLUMNS, flip_records),
        ("effects.csv", EFFECT_COLUMNS, effect_records),
    )
    return {
        name: csvfile.dump(columns, ([row[column] for column in columns] for row in records(exploration, chosen)))
        for name, columns, records in tables
    }


def json_data(exploration: Exploration, unit_ids: Iterable[str]) -> Record:
    """Return the same as plain data: points are text with two decimals, so that no reader makes floats of them."""
    chosen = tuple(unit_ids)
    units = [
        record | {"flips": list(flip_records(exploration, [record["unit_id"]]))}
        for record in unit_records(exploration, chosen)
    ]
    return {
        "year": exploration.scheme.year,
        "combinations": exploration.space.size,
        "readings": dict(exploration.readings),
        "idle_readings": list(exploration.idle_readings()),
        "units": [_plain(unit) for unit in units],
        "effects": [_plain(row) for row in effect_records(exploration, chosen)],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return show(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
