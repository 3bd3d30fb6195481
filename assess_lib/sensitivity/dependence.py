"""Find out on which readings a value depends, by computing it and watching which readings it asks for.

Nothing says beforehand which item depends on which reading: a reading that is never asked for cannot change the
value, and of one that is asked for every option is tried. So each value is computed as rarely as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from assess_lib.sensitivity.space import Codes, Space, trim

T = TypeVar("T", bound=Hashable)


class AskedReadings(Mapping[str, str]):
    """Readings that remember, in order, what was asked for; what the plan leaves open is the first option.

    Every way to look at a mapping's values comes through ``__getitem__``, so that nothing is read unseen.
    """

    def __init__(self, space: Space, plan: Mapping[str, int]) -> None:
        self._options = space.options
        self._plan = plan
        self.asked: dict[str, int] = {}

    def __getitem__(self, key: str) -> str:
        options = self._options[key]
        return options[self.asked.setdefault(key, self._plan.get(key, 0))]

    def __iter__(self) -> Iterator[str]:
        return iter(self._options)

    def __len__(self) -> int:
        return len(self._options)


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """One computation: the readings it asked for, each with the option (its place) it got, and what came out."""

    asked: Mapping[str, int]
    value: T


def leaves(space: Space, compute: Callable[[Mapping[str, str]], T]) -> Iterator[Leaf[T]]:
    """Compute a value for every answer to the readings that it asks for, and for no other.

    ``compute`` takes readings and must depend on nothing else. Each combination falls under exactly one leaf.

    Example: a value that asks for reading A, and for B only where A is its first option (both of two options),
    is computed three times.
    """
    plan: dict[str, int] = {}
    while True:
        readings = AskedReadings(space, plan)
        value = compute(readings)
        yield Leaf(dict(readings.asked), value)
        path = list(readings.asked.items())
        while path and path[-1][1] + 1 == len(space.options[path[-1][0]]):
            path.pop()
        if not path:
            return
        key, at = path.pop()
        plan = {**dict(path), key: at + 1}


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A value by combination: ``values`` are the different ones, ``codes`` says where which of them holds."""

    values: tuple[T, ...]
    codes: Codes


def tabulate(space: Space, compute: Callable[[Mapping[str, str]], T]) -> Table[T]:
    """Compute a value for all combinations; the codes have length 1 along readings that make no difference."""
    found = list(leaves(space, compute))
    places: dict[T, int] = {}
    for leaf in found:
        places.setdefault(leaf.value, len(places))
    if len(places) == 1:  # most values are the same whatever is chosen
        return Table(tuple(places), np.zeros(space.whole(), dtype=np.int64))
    asked = {key for leaf in found for key in leaf.asked}
    shape = [len(options) if key in asked else 1 for key, options in space.options.items()]
    codes = np.full(shape, -1, dtype=np.int64)
    for leaf in found:
        codes[tuple(leaf.asked.get(key, slice(None)) for key in space.keys)] = places[leaf.value]
    assert codes.min() >= 0  # every combination falls under a leaf
    return Table(tuple(places), trim(codes))
