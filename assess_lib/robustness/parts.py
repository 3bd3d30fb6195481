"""What the key part and the bonus part of one unit can come to, priced by the rules themselves.

Each row is priced by running its item's rule with every other correctable row corrected: what then stands in the ledger
is what the row does by itself. So no price, date or condition of a rule is written here a second time.
"""

from __future__ import annotations

from collections.abc import Iterable

from assess_lib.exact import to_cents
from assess_lib.ledger import Entry
from assess_lib.robustness.awards import Award, AwardRules, awarded
from assess_lib.robustness.corrections import EVIDENCE
from assess_lib.robustness.judged import Judged
from assess_lib.robustness.options import (
    Deduction,
    Priced,
    Rows,
    added,
    cheapest,
    cost,
    deducted,
    keep,
    means,
)
from assess_lib.scheme import DeductFromFull, HighestLevelPerMatter, Item, MeanOfRaters, MeanPerMatter
from assess_lib.tables import Row, Source

_COUNTS = ("counted", "capped", "floored", "adjusted")


def _alone(judged: Judged, item: Item, row: int) -> tuple[Entry, ...]:
    """Return the item's ledger as one row alone makes it; the unit's evidence stays."""
    others = (n for n in judged.touching(item) if n != row and judged.corrections[n].table != EVIDENCE)
    return judged.ledger(item, frozenset(others))


def standards(judged: Judged) -> dict[str, Row]:
    """Return 扣分标准 by 标准编号."""
    return {row["标准编号"]: row for row in judged.tables["扣分标准"]}


def caps(judged: Judged) -> dict[str, int | None]:
    """Return the 扣分上限 of every standard, in cents; None where it has none."""
    limits = {code: row["扣分上限"] for code, row in standards(judged).items()}
    return {code: None if limit is None else to_cents(limit) for code, limit in limits.items()}


def deductions(judged: Judged, item: Item) -> list[Deduction]:
    """Return what each correctable row of a deducting item takes by itself, in cents, under which standard."""
    return judged.once(("deductions", item.id), lambda: _deductions(judged, item))


def _deductions(judged: Judged, item: Item) -> list[Deduction]:
    by_source = {row.source: code for code, row in standards(judged).items()}
    limits, full = caps(judged), to_cents(item.full)
    now: dict[Source, list[Entry]] = {}
    for entry in filter(_deducts, judged.ledger(item)):
        now.setdefault(entry.source[0], []).append(entry)
    found = []
    for row in judged.touching(item):
        raw = judged.corrections[row].row
        # A line of the ledger says what its row would take uncut, whatever the others take. What no row tells of stands
        # where the unit does: if anything there deducts, the one alone tells which.
        lines = now.get(judged.unit.source if raw is None else raw.source, [])
        for entry in filter(_deducts, _alone(judged, item, row)) if lines and raw is None else lines:
            assert entry.nominal is not None
            code = next(by_source[source] for source in entry.source if source in by_source)
            cap = limits[code]
            amount = min(to_cents(-entry.nominal), full if cap is None else min(cap, full))
            found.append(Deduction(code, amount, row))
    return found


def _deducts(entry: Entry) -> bool:
    return entry.nominal is not None and entry.nominal < 0 and entry.status in _COUNTS


def deducting_options(judged: Judged, item: Item) -> dict[int, Rows]:
    """Return what a deducting item can come to, with the fewest corrections for each value.

    Without a row to correct it is what it is: full, or 0.00 where its table was not reported.
    """
    return judged.once(("options", item.id), lambda: _deducting_options(judged, item))


def _deducting_options(judged: Judged, item: Item) -> dict[int, Rows]:
    found = deductions(judged, item)
    return deducted(to_cents(item.full), found, caps(judged)) if found else {judged.cents(item): ()}


def _awards(judged: Judged, items: Iterable[Item]) -> list[Award]:
    """Return the rows of the award items that count, with what they earn by themselves."""
    found = []
    indexed = {judged.corrections[n].number: n for n in judged.places(EVIDENCE)}
    for place, item in enumerate(items):
        matter = "事项" if isinstance(item.rule, MeanPerMatter) else "事项编号"
        for row in judged.touching(item):
            raw = judged.corrections[row].row
            if judged.corrections[row].table == EVIDENCE or raw is None:
                continue
            if isinstance(item.rule, HighestLevelPerMatter) and raw["加分项"] != item.rule.category:
                continue
            proof = indexed.get(raw["佐证编号"]) if _withheld(judged) else None
            found += [
                Award(place, raw[matter], to_cents(entry.nominal), row, proof)
                for entry in _alone(judged, item, row)
                if entry.status in _COUNTS and entry.source[:1] == (raw.source,) and entry.nominal is not None
            ]
    return found


def _withheld(judged: Judged) -> bool:
    return judged.year.readings["missing_evidence"] == "withhold"


def _award_options(judged: Judged, items: tuple[Item, ...], limit: int, by_points: bool) -> Priced:
    """Return what the award items can add up to, cut at ``limit``, with the cheapest corrections."""
    rules = AwardRules(
        caps=tuple(to_cents(item.full) for item in items),
        means=frozenset(n for n, item in enumerate(items) if isinstance(item.rule, MeanPerMatter)),
        once=judged.year.readings["same_matter_across_items"] == "once",
        best=judged.year.readings["different_matters"] == "best",
    )
    total: Priced = {0: (cost((), 0, by_points), ())}
    for tied, options in judged.once("awarded", lambda: awarded(_awards(judged, items), rules)).items():
        now = [judged.cents(items[place]) for place in tied]
        priced = cheapest(
            (sum(values), cost(rows, sum(abs(a - b) for a, b in zip(values, now, strict=True)), by_points), rows)
            for values, rows in options.items()
        )
        total = added(total, priced, limit)
    return total


def _rater_options(judged: Judged, item: Item) -> dict[int, Rows]:
    """Return what the mean of the raters can come to; without any rater it is 0.00."""
    scores = []
    for row in judged.touching(item):
        raw = judged.corrections[row].row
        assert raw is not None
        scores.append((to_cents(raw["分值"]), row))
    found: dict[int, Rows] = {}
    for value, rows in means(scores).items():
        keep(found, value or 0, rows)
    return found


def key_options(judged: Judged, by_points: bool) -> Priced:
    """Return what the key part can come to, in cents, each value with its cheapest corrections."""
    return _priced(deducting_options(judged, judged.scheme.key_item), judged.key, by_points)


def _priced(options: dict[int, Rows], now: int, by_points: bool) -> Priced:
    return cheapest((value, cost(rows, abs(value - now), by_points), rows) for value, rows in options.items())


def bonus_options(judged: Judged, by_points: bool) -> Priced:
    """Return what the bonus items can add up to, in cents, cut at the part's cap, with the cheapest corrections."""
    cap = judged.scheme.judgement.bonus_cap
    assert cap is not None  # ``explore`` takes plain schemes alone
    limit = to_cents(cap.points)
    items = judged.scheme.part_items("bonus")
    award_items = tuple(item for item in items if isinstance(item.rule, (MeanPerMatter, HighestLevelPerMatter)))
    total = _award_options(judged, award_items, limit, by_points)
    for item in items:
        if item in award_items:
            continue
        if isinstance(item.rule, DeductFromFull):
            options = deducting_options(judged, item)
        elif isinstance(item.rule, MeanOfRaters):
            options = _rater_options(judged, item)
        else:
            options = {judged.cents(item): ()}
        total = added(total, _priced(options, judged.cents(item), by_points), limit)
    return total
