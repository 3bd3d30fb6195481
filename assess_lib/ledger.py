"""The ledger: one row a step, and the running total that ties the rows of an item together.

Scores are sums of the ledger, never the other way round. Within one unit and item
``after = before + points`` on every row and ``before`` is the previous row's ``after``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from assess_lib.exact import ZERO, cents
from assess_lib.tables import Source

Part = Literal["veto", "key", "bonus", "final"]
Status = Literal[
    "counted",
    "capped",
    "floored",
    "suppressed",
    "no_evidence",
    "revoked",
    "adjusted",
    "exempt",
    "gate_closed",
    "not_scored",
    "unresolved",
    "verdict",
]

Words: TypeAlias = str | Callable[[], str]
"""What a cell of a row says, or how to say it: what nobody will read is never put into words."""
Sources: TypeAlias = Iterable[Source] | Callable[[], Iterable[Source]]

LEDGER_COLUMNS = (
    "unit_id",
    "seq",
    "part",
    "item",
    "clause",
    "label",
    "formula",
    "nominal",
    "before",
    "points",
    "after",
    "status",
    "reading",
    "source",
    "evidence_id",
)


def said(words: Words) -> str:
    """Return words, put together now if they are not yet.

    >>> said("扣 1.00"), said(lambda: "扣 1.00")
    ('扣 1.00', '扣 1.00')
    """
    return words if isinstance(words, str) else words()


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger row before it is numbered: what happened, by which clause, what it did to the total."""

    unit_id: str
    part: Part
    item: str
    clause: str
    label: str
    status: Status
    formula: str = ""
    nominal: Decimal | None = None
    before: Decimal | None = None
    points: Decimal | None = None
    after: Decimal | None = None
    reading: str = ""
    source: tuple[Source, ...] = ()
    evidence_id: str = ""

    def source_text(self) -> str:
        """Return the sources as the ledger file prints them."""
        return "; ".join(str(source) for source in self.source)


@dataclass
class Chain:
    """The running total of one unit's item, kept between a floor and a ceiling.

    ``room`` says what of an amount fits; ``append`` records a row that moves the total, ``note`` one that
    moves nothing. Rows come out of ``entries`` in the order they were added. A silent chain moves its total as any
    other does and keeps no rows: it is for those who ask for points alone.
    """

    unit_id: str
    part: Part
    item: str
    clause: str
    start: Decimal
    floor: Decimal | None = None
    ceiling: Decimal | None = None
    silent: bool = False
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at the start: ``total`` is the running total after the last row."""
        self.total: Decimal = cents(self.start)

    def room(self, amount: Decimal) -> tuple[Decimal, Status | None]:
        """Return what of ``amount`` fits between floor and ceiling, and the status if it was cut."""
        before = self.total
        if self.floor is not None and before + amount < self.floor:
            return self.floor - before, "floored"
        if self.ceiling is not None and before + amount > self.ceiling:
            return self.ceiling - before, "capped"
        return amount, None

    def append(
        self,
        label: Words,
        status: Status,
        *,
        nominal: Decimal,
        points: Decimal,
        formula: Words = "",
        reading: Words = "",
        source: Sources = (),
        evidence_id: Words = "",
    ) -> Entry | None:
        """Add a row that moves the total by ``points`` (already within floor and ceiling), and return it.

        A silent chain moves its total and returns None.
        """
        before, after = self.total, cents(self.total + points)
        if self.silent:
            self.total = after
            return None
        entry = Entry(
            unit_id=self.unit_id,
            part=self.part,
            item=self.item,
            clause=self.clause,
            label=said(label),
            status=status,
            formula=said(formula),
            nominal=cents(nominal),
            before=cents(before),
            points=cents(points),
            after=after,
            reading=said(reading),
            source=tuple(source() if callable(source) else source),
            evidence_id=said(evidence_id),
        )
        self.entries.append(entry)
        self.total = after
        return entry

    def note(
        self,
        label: Words,
        status: Status,
        *,
        nominal: Decimal = ZERO,
        formula: Words = "",
        reading: Words = "",
        source: Sources = (),
        evidence_id: Words = "",
    ) -> Entry | None:
        """Add a row that moves nothing: a suppressed, revoked or exempt fact, or a fact worth 0.00."""
        if self.silent:
            return None
        return self.append(
            label,
            status,
            nominal=nominal,
            points=ZERO,
            formula=formula,
            reading=reading,
            source=source,
            evidence_id=evidence_id,
        )
