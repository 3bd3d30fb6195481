"""What spreadsheet operators and functions do to values: the few that the workbook's formulas use.

A value is a number, a text or None (an empty cell); an array is a list of them. Only what Excel, WPS and LibreOffice
agree on is implemented; anything else raises, so that no formula can rest on one program's habit.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from itertools import repeat
from typing import Any

Scalar = float | int | str | None
Array = list[Scalar]

EPOCH = date(1899, 12, 30)


class FormulaError(Exception):
    """A formula that has no value in a spreadsheet: #VALUE!, #N/A or #REF!."""


class Range:
    """A column's cells; what is counted or looked up in it is indexed once."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.indexes: dict[Any, Any] = {}

    @cached_property
    def numbers(self) -> list[float | int] | None:
        """The cells as arithmetic takes them, an empty one as 0; None if one of them holds a text."""
        if any(isinstance(value, str) for value in self.values):
            return None
        return [number(value) for value in self.values]


class Truths(list[Any]):
    """An array of TRUE and FALSE alone, as a comparison gives it."""


class Numbers(list[Any]):
    """An array of numbers alone, as arithmetic gives it."""


def number(value: Any) -> float | int:
    """Return what arithmetic takes a value for: an empty cell is 0; raise FormulaError for a text."""
    if value is None:
        return 0
    if isinstance(value, (int, float)):
        return value
    raise FormulaError(f"#VALUE!: {value!r}")


def text(value: Any) -> str:
    """Return what ``&`` and EXACT take a value for: a whole number has no decimal point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def items(value: Any) -> Array:
    """Return an array's or a range's values; a single value is an array of one."""
    if isinstance(value, Range):
        return value.values
    return value if isinstance(value, list) else [value]


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if left is None:
            left = "" if isinstance(right, str) else 0
        if right is None:
            right = "" if isinstance(left, str) else 0
        if isinstance(left, str) != isinstance(right, str):
            return test(isinstance(left, str), isinstance(right, str))  # a number is less than any text
        return test(left, right)

    return compare


def _divide(left: Any, right: Any) -> float:
    if number(right) == 0:
        raise FormulaError("#DIV/0!")
    return number(left) / number(right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: number(a) + number(b),
    "-": lambda a, b: number(a) - number(b),
    "*": lambda a, b: number(a) * number(b),
    "/": _divide,
    "&": lambda a, b: text(a) + text(b),
    "=": _compare(operator.eq),
    "<>": _compare(operator.ne),
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
}


# What an operator does to two numbers, none of them empty or a text.
_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def binary(sign: str) -> Callable[[Any, Any], Any]:
    """Return what an operator's sign does to two values, arrays or ranges.

    It is ``apply``, with a short way for numbers among themselves, which nearly all values are.
    """
    slow, plain = OPERATORS[sign], _PLAIN.get(sign)
    if plain is None:
        return _joined if sign == "&" else lambda left, right: apply(slow, left, right)
    counting = sign in "+-*"
    made = Numbers if counting else Truths

    def applied(left: Any, right: Any) -> Any:
        kind, other = type(left), type(right)
        if kind is int and other is int:
            return plain(left, right)
        if kind is str and other is str and not counting:
            return plain(left, right)
        a, b = _as_numbers(left), _as_numbers(right)
        if a is None or b is None:
            return apply(slow, left, right)
        if isinstance(a, list):
            if isinstance(b, list) and len(a) != len(b):
                raise ValueError("arrays of different lengths")
            return made(map(plain, a, b if isinstance(b, list) else repeat(b)))
        return made(map(plain, repeat(a), b)) if isinstance(b, list) else plain(a, b)

    return applied


def _joined(left: Any, right: Any) -> Any:
    """Return two texts as one; most cells that are joined hold a text, or nothing."""
    if type(right) is str and (left is None or type(left) is str):
        return (left or "") + right
    return apply(OPERATORS["&"], left, right)


def _as_numbers(side: Any) -> Any:
    """Return a number, or a list of numbers, for what holds numbers alone; None for anything else."""
    kind = type(side)
    if kind is int or kind is float or kind is Numbers or kind is Truths:
        return side
    return side.numbers if kind is Range else None


def apply(op: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Apply an operator; with an array or range on either side, value by value."""
    many = [isinstance(side, (list, Range)) for side in (left, right)]
    if not any(many):
        return op(left, right)
    if all(many):
        pairs = zip(items(left), items(right), strict=True)
        return [op(a, b) for a, b in pairs]
    if many[0]:
        return [op(a, right) for a in items(left)]
    return [op(left, b) for b in items(right)]


def day_of(serial: Any) -> date:
    """Return the day of a spreadsheet's day number."""
    return EPOCH + timedelta(days=math.floor(number(serial)))


def _edate(serial: Any, months: Any) -> int:
    day = day_of(serial)
    count = day.year * 12 + day.month - 1 + int(number(months))
    year, month = divmod(count, 12)
    return (date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])) - EPOCH).days


def _round(value: Any, digits: Any) -> Any:
    if number(digits) != 0:
        raise FormulaError("only whole numbers are rounded to")
    if isinstance(value, (list, Range)):
        return [_round(v, digits) for v in items(value)]
    size = math.floor(abs(number(value)) + 0.5)
    return size if number(value) >= 0 else -size


def _index(values: Any, place: Any) -> Scalar:
    cells, position = items(values), place if type(place) is int else int(number(place))
    if not 1 <= position <= len(cells):
        raise FormulaError("#REF!")
    return cells[position - 1]


def _match(wanted: Any, values: Range, kind: Any) -> int:
    if isinstance(wanted, str) or kind != 0:
        raise FormulaError("only whole numbers are looked up")
    if "match" not in values.indexes:
        found: dict[Any, int] = {}
        for place, value in enumerate(values.values, start=1):
            if isinstance(value, (int, float)):
                found.setdefault(value, place)
        values.indexes["match"] = found
    place = values.indexes["match"].get(number(wanted))
    if place is None:
        raise FormulaError("#N/A")
    return int(place)


_BOUNDS = ("<=", ">=", "<>", "<", ">")


def _criterion(wanted: Any) -> tuple[str, Any]:
    """Split a criterion such as ">44562"; bounds apply to numbers alone, as everywhere here."""
    if isinstance(wanted, str):
        for sign in _BOUNDS:
            if wanted.startswith(sign):
                return sign, float(wanted[len(sign) :])
        raise FormulaError("only numbers are counted")
    return "=", number(wanted)


def _chosen(pairs: tuple[Any, ...]) -> Sequence[int]:
    """Return the positions where every range meets its criterion; equality is looked up, one bound bisected."""
    if str not in map(type, pairs[1::2]):  # numbers alone, to be equal to
        return _grouped(pairs[::2]).get(tuple(map(number, pairs[1::2])), ())
    tests = [(pairs[n], *_criterion(pairs[n + 1])) for n in range(0, len(pairs), 2)]
    equal = [(cells, wanted) for cells, sign, wanted in tests if sign == "="]
    bounds = [(cells, sign, wanted) for cells, sign, wanted in tests if sign != "="]
    columns, group = tuple(cells for cells, _ in equal), tuple(wanted for _, wanted in equal)
    found = _grouped(columns).get(group, []) if equal else range(len(bounds[0][0].values))
    if len(bounds) == 1 and bounds[0][1] == ">":
        return _above(found, bounds[0][0], bounds[0][2], (*map(id, columns), group))
    for cells, sign, wanted in bounds:
        test = OPERATORS[sign]
        found = [n for n in found if isinstance(cells.values[n], (int, float)) and test(cells.values[n], wanted)]
    return found


def _grouped(columns: tuple[Range, ...]) -> dict[Any, list[int]]:
    """Return the positions of each combination of values; the columns are gone through once."""
    indexes, key = columns[0].indexes, tuple(map(id, columns))
    if key not in indexes:
        groups: dict[Any, list[int]] = {}
        for place, values in enumerate(zip(*(cells.values for cells in columns), strict=True)):
            groups.setdefault(values, []).append(place)
        indexes[key] = groups
    found: dict[Any, list[int]] = indexes[key]
    return found


def _above(found: Sequence[int], cells: Range, wanted: Any, group: Any) -> Sequence[int]:
    """Return the positions of a group whose values are above a bound; the group is sorted once."""
    if group not in cells.indexes:
        ranked = sorted((v, n) for n in found if isinstance(v := cells.values[n], (int, float)))
        cells.indexes[group] = ([v for v, _ in ranked], [n for _, n in ranked])
    values, places = cells.indexes[group]
    return list(places[bisect_right(values, wanted) :])


def _countifs(*pairs: Any) -> int:
    return len(_chosen(pairs))


def _sumifs(amounts: Range, *pairs: Any) -> float | int:
    return sum(v for n in _chosen(pairs) if isinstance(v := amounts.values[n], (int, float)))


def _exact(left: Any, right: Any) -> Any:
    if type(left) is str and type(right) is str:
        return left == right
    if isinstance(left, Range) and not isinstance(right, (Range, list)):
        # The usual case, a whole column against one cell: only the few equal cells are touched.
        if "exact" not in left.indexes:
            places: dict[str, list[int]] = {}
            for place, value in enumerate(left.values):
                places.setdefault(text(value), []).append(place)
            left.indexes["exact"] = places
        result = Truths([False] * len(left.values))
        for place in left.indexes["exact"].get(text(right), ()):
            result[place] = True
        return result
    return apply(lambda a, b: text(a) == text(b), left, right)


def _length(value: Any) -> Any:
    if isinstance(value, (list, Range)):
        return [_length(v) for v in items(value)]
    return len(text(value).encode("utf-16-le")) // 2


def _numbers(arguments: Sequence[Any]) -> list[float | int]:
    if len(arguments) == 1 and type(arguments[0]) is Numbers:
        return arguments[0]
    if all(type(argument) is int for argument in arguments):
        return list(arguments)
    values = [v for argument in arguments for v in items(argument) if isinstance(v, (int, float))]
    if any(isinstance(v, bool) for v in values):
        raise TypeError("programs differ in whether they add up TRUE: multiply it")
    return values


def _truths(arguments: Sequence[Any]) -> list[bool]:
    return [bool(number(argument)) for argument in arguments]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "AND": lambda *a: all(_truths(a)),
    "OR": lambda *a: any(_truths(a)),
    "COUNTIFS": _countifs,
    "SUMIFS": _sumifs,
    "SUMPRODUCT": lambda a: sum(_numbers([a])),
    "SUM": lambda *a: sum(_numbers(a)),
    "MAX": lambda *a: max(_numbers(a), default=0),
    "MIN": lambda *a: min(_numbers(a), default=0),
    "INT": lambda a: math.floor(number(a)),
    "ROUND": _round,
    "YEAR": lambda a: day_of(a).year,
    "EDATE": _edate,
    "EXACT": _exact,
    "LEN": _length,
    "INDEX": _index,
    "MATCH": _match,
    "ISTEXT": lambda a: [isinstance(v, str) for v in items(a)] if isinstance(a, Range) else isinstance(a, str),
}
__all__ = ["EPOCH", "FUNCTIONS", "OPERATORS", "FormulaError", "Range", "Scalar", "apply", "binary", "number"]
