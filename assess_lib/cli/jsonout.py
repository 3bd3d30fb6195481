"""What commands print for other programs: one JSON object on standard output, exact numbers as text.

Points are text with two decimals, a value that does not exist is null, days are ``YYYY-MM-DD``. Messages for people go
to standard error, exit codes stay what they are. Keys are never renamed; new ones may be added.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from assess_lib.cli.console import visible
from assess_lib.errors import SEVERITY_NAMES, Problem
from assess_lib.exact import show

if TYPE_CHECKING:
    from assess_lib.pipeline import Outcome

json_option = click.option("--json", "as_json", is_flag=True, help="只输出 JSON，供其他程序读取；分值为文本。")


def plain(value: Any) -> Any:
    """Return a value as JSON has it: points as text with two decimals, days as text, tuples as lists.

    >>> plain({"points": Decimal("1.5"), "day": date(2022, 6, 20), "rank": None})
    {'points': '1.50', 'day': '2022-06-20', 'rank': None}
    """
    if isinstance(value, Decimal):
        return show(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def json_text(made: Mapping[str, Any]) -> str:
    """Return JSON whose control and format characters are JSON's own escapes: nothing steers the terminal."""
    text = json.dumps(plain(made), ensure_ascii=False, indent=2, allow_nan=False)
    return "".join(char if visible(char) == char else json.dumps(char)[1:-1] for char in text)


def show_json(made: Mapping[str, Any]) -> None:
    """Print the one object of a command on standard output."""
    click.echo(json_text(made))


def counted(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return problems as every command prints them: how many of each severity, then each with all its fields."""
    return {
        "counts": {severity: sum(p.severity == severity for p in problems) for severity in SEVERITY_NAMES},
        "problems": [asdict(problem) for problem in problems],
    }


def accepted_record(command: str, outcome: Outcome) -> dict[str, Any]:
    """Return what a check or a scoring that went through tells; ``rejected_record`` has the same keys."""
    return {
        "command": command,
        "accepted": True,
        "year": outcome.paths.year,
        "date": outcome.run_date,
        "readings": outcome.readings,
        **counted(outcome.problems),
        "rows": [asdict(count) for count in outcome.counts],
    }


def rejected_record(command: str, year: int, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return what a check or a scoring that was rejected or refused tells: its problems; all else is null."""
    return {
        "command": command,
        "accepted": False,
        "year": year,
        "date": None,
        "readings": None,
        **counted(problems),
        "rows": None,
    }
