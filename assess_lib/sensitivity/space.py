"""All combinations of readings as one array shape: an axis a reading, a place on it an option.

What does not depend on a reading has length 1 along that axis, so that numpy's broadcasting fills in what
combinations have in common and nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

NO_SCORE = -(10**12)
"""In cents, of a unit without a final score: lower than any score, also in a scheme whose scores can be negative."""
Codes = npt.NDArray[np.integer[Any]]
"""Whole numbers by combination: one axis a reading, of length 1 where the reading makes no difference."""


@dataclass(frozen=True)
class Space:
    """The readings and their options, in the published order."""

    options: Mapping[str, tuple[str, ...]]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The readings' keys, one for each axis."""
        return tuple(self.options)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """How many options each reading has."""
        return tuple(len(self.options[key]) for key in self.keys)

    @property
    def size(self) -> int:
        """How many combinations there are."""
        return prod(self.shape)

    def place(self, combination: Mapping[str, str]) -> tuple[int, ...]:
        """Return where a combination stands.

        Raises KeyError for a reading left out, ValueError for an option that a reading does not have.
        """
        return tuple(self.options[key].index(combination[key]) for key in self.keys)

    def combination(self, place: tuple[int, ...]) -> dict[str, str]:
        """Return the combination that stands at a place."""
        return {key: self.options[key][at] for key, at in zip(self.keys, place, strict=True)}

    def whole(self) -> tuple[int, ...]:
        """Return the shape of what depends on no reading."""
        return (1,) * len(self.keys)


def pick(codes: Codes, place: tuple[int, ...]) -> int:
    """Return the number at a combination's place; an axis of length 1 stands for all options."""
    return int(codes[tuple([at if length > 1 else 0 for at, length in zip(place, codes.shape, strict=True)])])


def trim(codes: Codes) -> Codes:
    """Shorten every axis along which nothing changes to length 1."""
    for axis, length in enumerate(codes.shape):
        first = codes.take([0], axis=axis)
        if length > 1 and bool((codes == first).all()):
            codes = first
    return codes


def depends_on(codes: Codes, space: Space) -> tuple[str, ...]:
    """Return the readings along whose axes a trimmed array changes."""
    return tuple(key for key, length in zip(space.keys, codes.shape, strict=True) if length > 1)
