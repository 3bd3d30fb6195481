"""Ledger rows made ready for print, and what they may show to whom.

A unit's report shows the unit's own facts only: in a ranking item the rivals' rows leave the sources, and
of the leaders' opinions only the count and the mean are printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assess_lib.exact import ZERO
from assess_lib.scheme import Item, Scheme
from assess_lib.store.sets import records as records  # those who show rows ask here
from assess_lib.views import words
from assess_lib.views.words import Place, places, reading_pairs

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, slots=True)
class Line:
    """One ledger row in words; numbers that do not exist stay None."""

    unit_id: str
    seq: int
    part: str
    item: str
    clause: str
    label: str
    formula: str
    nominal: Decimal | None
    before: Decimal | None
    points: Decimal | None
    after: Decimal | None
    status: str
    readings: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    place_text: str
    evidence_id: str

    @property
    def status_word(self) -> str:
        """The status in words."""
        return words.status_word(self.status, self.after)

    @property
    def moved(self) -> Decimal:
        """What the row did to its total; a row without numbers did nothing."""
        return self.points or ZERO


def read_lines(ledger: DataFrame, scheme: Scheme) -> tuple[Line, ...]:
    """Turn ledger rows (a frame with the ledger's columns) into printable lines, in the frame's order."""
    items = {item.id: item for item in scheme.items}
    rows = records(ledger)
    own = _own_ranking_rows(rows, items)
    return tuple(_line(row, items.get(row["item"]), own) for row in rows)


def _is(item: Item | None, method: str) -> bool:
    return item is not None and item.rule.method == method


def _own_ranking_rows(rows: Sequence[Mapping[str, Any]], items: Mapping[str, Item]) -> set[tuple[str, Place]]:
    """Return (unit, place) of the units' own rows of ranking items.

    A ranked row lists its own source first, then its rivals'; a row that was not judged lists its own alone.
    """
    return {
        (row["unit_id"], place)
        for row in rows
        if _is(items.get(row["item"]), "quarterly_top_ranks")
        for place in places(row["source"])[: None if row["points"] is None else 1]
    }


def _line(record: Mapping[str, Any], item: Item | None, own: set[tuple[str, Place]]) -> Line:
    found = places(record["source"])
    formula = record["formula"]
    text = ""
    if _is(item, "quarterly_top_ranks"):
        found = tuple(place for place in found if (record["unit_id"], place) in own)
    elif _is(item, "mean_of_raters") and (raters := sum(place.of_table("领导评价") for place in found)):
        # A row per rater would tell who gave an opinion, a sum of two what the other one gave.
        text, found = f"领导评价（{raters} 人）", ()
        formula = f"{raters} 人评价，取平均分" if record["points"] is not None else formula  # that of the gate
    return Line(
        unit_id=record["unit_id"],
        seq=int(record["seq"]),
        part=record["part"],
        item=record["item"],
        clause=record["clause"],
        label=record["label"],
        formula=formula,
        nominal=record["nominal"],
        before=record["before"],
        points=record["points"],
        after=record["after"],
        status=record["status"],
        readings=reading_pairs(record["reading"]),
        places=found,
        place_text=text or "；".join(str(place) for place in found),
        evidence_id=record["evidence_id"],
    )


def reading_rows(lines: Iterable[Line], scheme: Scheme, in_force: Mapping[str, str]) -> list[dict[str, str]]:
    """List the readings that the lines depend on: question, option in force in words, where it was used."""
    used: dict[str, list[str]] = {}
    for line in lines:
        for key, _ in line.readings:
            if line.item not in used.setdefault(key, []):
                used[key].append(line.item)
    return [
        describe_reading(key, scheme, in_force) | {"items": "、".join("结论" if i == "final" else i for i in used[key])}
        for key in scheme.reading_keys
        if key in used
    ]


def describe_reading(key: str, scheme: Scheme, in_force: Mapping[str, str]) -> dict[str, str]:
    """Say one reading in words: its name, clause, question, the option in force and what else is possible."""
    reading = scheme.readings[key]
    chosen = in_force[key]
    others = "；".join(text for option, text in reading.options.items() if option != chosen)
    return {
        "key": key,
        "name": reading.name,
        "clause": reading.clause,
        "question": reading.question,
        "option": reading.options[chosen],
        "default": "默认" if chosen == reading.default else f"改选（默认：{reading.options[reading.default]}）",
        "others": others,
    }


def check_chains(lines: Iterable[Line]) -> dict[tuple[str, str], Decimal]:
    """Add every chain up again and return the last total by (unit, item).

    Raises AssertionError, in words, at the first row whose running total does not follow from the row before.
    """
    totals: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        if line.before is None or line.points is None or line.after is None:
            continue
        where = f"{line.unit_id} 台账第 {line.seq} 行"
        last = totals.get((line.unit_id, line.item), line.before)
        if line.before != last:
            raise AssertionError(f"{where}：承前 {line.before} 与上一行累计 {last} 不符")
        if line.before + line.points != line.after:
            raise AssertionError(f"{where}：{line.before} 加 {line.points} 不等于 {line.after}")
        totals[line.unit_id, line.item] = line.after
    return totals
