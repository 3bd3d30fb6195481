"""A what-if held against the official state: whose result moved, and which ledger rows of a unit are others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from assess_lib.exact import ZERO
from assess_lib.scheme import MeanOfRaters, RateBands
from assess_lib.scoring import Result
from assess_lib.views import UnitReport
from assess_lib.views.lines import Line
from assess_lib.workbench.bench import Bench, Tried

Kind = Literal["same", "changed", "new", "gone"]
_NUMBER = re.compile(r"[\d.]+")


@dataclass(frozen=True, slots=True)
class Moved:
    """One unit's result before and after."""

    old: Result
    new: Result

    @property
    def any(self) -> bool:
        """Whether anything of the result differs."""
        return self.old != self.new

    @property
    def shown(self) -> bool:
        """Whether score, grade or a rank differs."""
        return any(
            getattr(self.old, name) != getattr(self.new, name)
            for name in ("status", "final_score", "grade", "rank_in_group", "rank_overall")
        )

    @property
    def own(self) -> bool:
        """Whether more than the ranks differs: those move with other units' scores."""
        return any(
            getattr(self.old, name) != getattr(self.new, name)
            for name in ("status", "key_score", "bonus_open", "bonus_score", "final_score", "grade", "unresolved")
        )


@dataclass(frozen=True, slots=True)
class LinePair:
    """A ledger row of a unit in both states; None where the state does not have it."""

    old: Line | None
    new: Line | None

    @property
    def line(self) -> Line:
        """The what-if's row, else the official one."""
        line = self.new or self.old
        assert line is not None
        return line

    @property
    def kind(self) -> Kind:
        """Whether the row itself differs; a running total that other rows moved is no difference."""
        if self.old is None or self.new is None:
            return "new" if self.old is None else "gone"
        one, other = self.old, self.new
        same = (one.points, one.nominal, one.status) == (other.points, other.nominal, other.status)
        if one.part in ("veto", "final"):
            same = same and one.label == other.label
        return "same" if same else "changed"

    @property
    def gain(self) -> Decimal:
        """What the row gives more than officially; less is negative."""
        before = ZERO if self.old is None else self.old.moved
        return (ZERO if self.new is None else self.new.moved) - before


@dataclass(frozen=True)
class Difference:
    """A what-if beside the official state, for one unit; ``old`` and ``new`` are its reports."""

    unit_id: str
    tried: Tried
    moved: tuple[Moved, ...]
    old: UnitReport
    new: UnitReport
    lines: tuple[LinePair, ...]

    @property
    def result(self) -> Moved:
        """The unit's own result in both states."""
        return next(moved for moved in self.moved if moved.new.unit_id == self.unit_id)

    @property
    def others(self) -> tuple[Moved, ...]:
        """The other units whose result or rank moved, in the roster's order."""
        return tuple(moved for moved in self.moved if moved.any and moved.new.unit_id != self.unit_id)


def differ(bench: Bench, tried: Tried, unit_id: str) -> Difference:
    """Hold a what-if against the official state. Raises KeyError for a unit that the roster does not have."""
    moved = tuple(Moved(old, new) for old, new in zip(bench.official.score.results, tried.score.results, strict=True))
    old = UnitReport(bench.as_set(bench.official, unit_id), unit_id)
    new = UnitReport(bench.as_set(tried, unit_id), unit_id)
    summed = frozenset(item.id for item in new.scheme.items if isinstance(item.rule, (MeanOfRaters, RateBands)))
    return Difference(unit_id, tried, moved, old, new, pair_lines(old.lines, new.lines, summed))


def _identity(line: Line, summed: Collection[str]) -> tuple[str, str, str]:
    """Say what a row is about: its item, the raw row that it names first, and its label before the first colon.

    The row of an item that sums its facts up names how many there are: the same words with another number are the same.
    """
    if line.item in summed:
        return line.item, "", _NUMBER.sub("", line.label)
    first = str(line.places[0]) if line.places else ""
    return line.item, first, line.label.partition("：")[0] if line.part not in ("veto", "final") else line.status


def pair_lines(old: Sequence[Line], new: Sequence[Line], summed: Collection[str] = ()) -> tuple[LinePair, ...]:
    """Pair the ledger rows of two states of a unit by what they are about, in the what-if's order.

    Rows that only the official state has stand where they stood. ``summed`` are the items that one row sums up.
    """
    waiting: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in old:
        waiting[_identity(line, summed)].append(line)
    partner = {}
    for line in new:
        if waiting[_identity(line, summed)]:
            partner[line.seq] = waiting[_identity(line, summed)].pop(0)
    gone = {line.seq for lines in waiting.values() for line in lines}

    def in_order() -> Iterator[LinePair]:
        left = [line for line in old if line.seq in gone]
        for line in new:
            twin = partner.get(line.seq)
            while twin is not None and left and left[0].seq < twin.seq:
                yield LinePair(left.pop(0), None)
            yield LinePair(twin, line)
        for line in left:
            yield LinePair(line, None)

    return tuple(in_order())
