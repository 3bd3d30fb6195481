"""What differs between two sets as a whole: when, by which rules, of which files, for which units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.comparison.changes import (
    Overview,
    Pair,
    ReadingChange,
    RecordKind,
    Roster,
    SchemeChange,
)
from assess_lib.comparison.records import Records
from assess_lib.exact import plain
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.tables import TABLES, Tables

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

RECORD_KINDS: tuple[RecordKind, ...] = ("added", "removed", "changed")


def overview(
    old: ScoredSet,
    new: ScoredSet,
    rosters: Pair[Tables],
    records: Records,
    slips: Pair[Mapping[str, Any]],
) -> Overview:
    """Say what differs as a whole. ``slips`` are the contents of ``receipt.json``; without them files and software
    are not compared."""
    return Overview(
        identical=old.receipt_digest == new.receipt_digest,
        year=Pair(old.basis.year, new.basis.year),
        run_date=Pair(old.basis.run_date, new.basis.run_date),
        final=Pair(old.basis.final, new.basis.final),
        receipt=Pair(old.receipt_digest, new.receipt_digest),
        readings=tuple(_readings(old, new)),
        scheme=tuple(scheme_changes(old.basis.scheme, new.basis.scheme)),
        software=tuple(_software(slips.old or {}, slips.new or {})),
        inputs=tuple(_inputs((slips.old or {}).get("inputs", {}), (slips.new or {}).get("inputs", {}))),
        roster=_roster(rosters),
        records=tuple(_counts(records)),
    )


def _readings(old: ScoredSet, new: ScoredSet) -> Iterator[ReadingChange]:
    for key in KNOWN_READINGS:
        before, after = old.basis.readings.get(key), new.basis.readings.get(key)
        if before != after:
            known = [side.basis.scheme.readings.get(key) for side in (old, new)]
            name = next(reading.name for reading in reversed(known) if reading is not None)
            told = [
                "方案没有这一项" if reading is None or option is None else reading.options[option]
                for reading, option in zip(known, (before, after), strict=True)
            ]
            yield ReadingChange(key, name, Pair(before, after), Pair(*told))


def _name(value: Any, place: int) -> str:
    """Return what a list's member is called in a path: by what tells it apart, else by its place."""
    if isinstance(value, Mapping):
        if "material" in value:
            return f"{value['material']}{value['quarter'] or ''}"
        for key in ("id", "name", "kind", "grade"):
            if key in value:
                return str(value[key])
    return str(place)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of a scheme with its path."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for place, part in enumerate(value, start=1):
            yield from _leaves(part, f"{path}[{_name(part, place)}]")
    else:
        yield path, value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def scheme_changes(old: Scheme, new: Scheme) -> Iterator[SchemeChange]:
    """Yield the values of ``scheme.yaml`` that differ, in the file's order; the year itself is told elsewhere.

    60 and 60.00 are the same number. A value that one file lacks is ``None`` on that side.
    """
    before, after = dict(_leaves(old.model_dump())), dict(_leaves(new.model_dump()))
    for path in dict.fromkeys((*after, *before)):
        if path == "year" or (path in before and path in after and before[path] == after[path]):
            continue
        told = Pair(*(_text(side[path]) if path in side else None for side in (before, after)))
        if told.old or told.new:  # an optional key that is left out on one side and empty on the other says the same
            yield SchemeChange(path, told)


def _software(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Pair[str]]]:
    for key, name in (("package", "assess-lib"), ("python", "Python")):
        if old.get(key) != new.get(key):
            yield name, Pair(old.get(key), new.get(key))
    before, after = old.get("libraries", {}), new.get("libraries", {})
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, Pair(before.get(name), after.get(name))


def _inputs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[RecordKind, str]]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield "added", name
        elif name not in new:
            yield "removed", name
        elif old[name] != new[name]:
            yield "changed", name


def _roster(tables: Pair[Tables]) -> Roster:
    before, after = (
        {row["单位编码"]: (row["单位名称"], row["单位类别"]) for row in (side or {}).get("单位名录", ())}
        for side in (tables.old, tables.new)
    )
    codes = {name: code for code, (name, _) in before.items()}
    both = [code for code in after if code in before]
    return Roster(
        added=tuple((code, name) for code, (name, _) in after.items() if code not in before),
        removed=tuple((code, name) for code, (name, _) in before.items() if code not in after),
        renamed=tuple((c, Pair(before[c][0], after[c][0])) for c in both if before[c][0] != after[c][0]),
        regrouped=tuple((c, Pair(before[c][1], after[c][1])) for c in both if before[c][1] != after[c][1]),
        recoded=tuple(
            (name, Pair(codes[name], code)) for code, (name, _) in after.items() if codes.get(name, code) != code
        ),
    )


def _counts(records: Records) -> Iterator[tuple[str, Mapping[RecordKind, int]]]:
    for table in TABLES:
        found = [change.kind for change in records.changes.values() if change.table == table]
        if found:
            yield table, {kind: found.count(kind) for kind in RECORD_KINDS if kind in found}
