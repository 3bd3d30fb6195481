"""Hold the combined results against plain scoring, combination by combination."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

from assess_lib.rules import Case
from assess_lib.scoring import Result, results_of
from assess_lib.sensitivity.exploration import Exploration
from assess_lib.tables import Tables

_FIELDS = tuple(column.name for column in fields(Result))


def draw(exploration: Exploration, count: int, seed: int = 0) -> Iterator[dict[str, str]]:
    """Draw combinations, the same for the same seed on every machine."""
    chance = random.Random(seed)
    for _ in range(count):
        yield {key: options[chance.randrange(len(options))] for key, options in exploration.space.options.items()}


def differences_in_force(exploration: Exploration, stored: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Name every unit and column in which the stored results differ from those of the readings in force."""
    made = [{name: getattr(result, name) for name in _FIELDS} for result in exploration.results()]
    if [row["unit_id"] for row in stored] != [row["unit_id"] for row in made]:
        return ["单位名单不同"]
    return [
        f"{old['unit_id']} {name}：{old[name]}，重算 {new[name]}"
        for old, new in zip(stored, made, strict=True)
        for name in _FIELDS
        if old[name] != new[name]
    ]


def differences_from_scoring(
    exploration: Exploration, tables: Tables, run_date: date, combinations: Iterable[Mapping[str, str]]
) -> list[str]:
    """Score each combination plainly and name every unit whose result is another one here."""
    found = []
    case = Case.build(tables, exploration.scheme, exploration.readings, run_date)
    for combination in combinations:
        plain = results_of(replace(case, readings=combination))
        for real, here in zip(plain, exploration.results(combination), strict=True):
            if real != here:
                found.append(f"{real.unit_id}：{dict(combination)}")
    return found
