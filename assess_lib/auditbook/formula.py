"""A formula written once, as a template: rendered for the spreadsheet and computed here for the stored value.

Templates name cells by their columns, so that they read like the rule they state:

``[数量]``          this row's cell            ``[扣分登记!数量]``   the same row's cell of another sheet
``[:金额]``         the whole column           ``[扣分登记!:数量]``  another sheet's whole column
``{pass_mark}``     a named cell or list of the sheets 方案 and 口径

Only operators and functions of ``values`` exist; an unknown name, column or function raises KeyError when the
template is read, never later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from assess_lib.auditbook.values import FUNCTIONS, FormulaError, binary, number

Evaluate = Callable[[int], Any]
Address = tuple[str, int]
"""How a reference to a row's cell is written: what stands before the row's number, and the number at row 0."""

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"]|"")*")|(?P<number>\d+)|(?P<cell>\[[^\]]+\])|(?P<named>\{[^}]+\})'
    r"|(?P<name>[A-Z]+)(?=\()|(?P<sign><>|<=|>=|[-+*/&=<>(),]))"
)
_LEVELS = (("=", "<>", "<", "<=", ">", ">="), ("&",), ("+", "-"), ("*", "/"))


class Place(Protocol):
    """Where a template's names lead: how a reference is written, and how its value is found."""

    def cell(self, name: str) -> tuple[str | Address, Evaluate]:
        """Return the address of ``[name]``, fixed or by row, and its value as a function of the row."""

    def named(self, name: str) -> tuple[str, Evaluate]:
        """Return the address and the value of ``{name}``."""


class Formula:
    """One template, read: ``text(row)`` is the spreadsheet's formula, ``value(row)`` what it gives."""

    def __init__(self, template: str, place: Place) -> None:
        self.template = template
        self._place = place
        self._parts: list[str | Address] = ["="]
        self._tokens = self._read()
        # The fixed text around the row numbers, and each number at row 0.
        self._pieces = [""]
        self._first_rows: list[int] = []
        for part in self._parts:
            self._pieces[-1] += part if isinstance(part, str) else part[0]
            if not isinstance(part, str):
                self._first_rows.append(part[1])
                self._pieces.append("")
        self._next = 0
        self.value: Evaluate = self._level(0)
        if self._next != len(self._tokens):
            raise ValueError(f"unexpected {self._tokens[self._next]} in {template}")

    def text(self, row: int) -> str:
        """Return the formula of a row (counted from 0 within the sheet's data)."""
        start, *pieces = self._pieces
        numbered = zip(self._first_rows, pieces, strict=True)
        return start + "".join([f"{first + row}{piece}" for first, piece in numbered])

    def texts(self, size: int, escape: Callable[[str], str] = str) -> Iterator[str]:
        """Yield the formulas of the first ``size`` rows, without the sign before them, ``escape`` applied to each."""
        start, *pieces = map(escape, self._pieces)
        start = start.removeprefix("=")
        if len(set(self._first_rows)) > 1:
            numbered = list(zip(self._first_rows, pieces, strict=True))
            for row in range(size):
                yield start + "".join([f"{first + row}{piece}" for first, piece in numbered])
            return
        # Nearly always all sheets referred to have as many rows above their data.
        first = sum(self._first_rows[:1])
        for at in range(first, first + size):
            yield str(at).join((start, *pieces))

    def _read(self) -> list[tuple[str, Any]]:
        tokens: list[tuple[str, Any]] = []
        at = 0
        while at < len(self.template):
            found = _TOKEN.match(self.template, at)
            if found is None:
                raise ValueError(f"cannot read {self.template[at:]!r} in {self.template}")
            at = found.end()
            kind, word = str(found.lastgroup), found.group(str(found.lastgroup))
            if kind == "cell":
                address, value = self._place.cell(word[1:-1])
                self._parts.append(address)
                tokens.append(("value", value))
            elif kind == "named":
                written, value = self._place.named(word[1:-1])
                self._parts.append(written)
                tokens.append(("value", value))
            else:
                self._parts.append(word)
                tokens.append((kind, word))
        return tokens

    def _peek(self) -> tuple[str, Any]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self, expected: str = "") -> tuple[str, Any]:
        token = self._peek()
        if expected and token[1] != expected:
            raise ValueError(f"expected {expected} in {self.template}")
        self._next += 1
        return token

    def _level(self, depth: int) -> Evaluate:
        if depth == len(_LEVELS):
            return self._atom()
        left = self._level(depth + 1)
        while self._peek()[0] == "sign" and self._peek()[1] in _LEVELS[depth]:
            left = _binary(self._take()[1], left, self._level(depth + 1))
        return left

    def _atom(self) -> Evaluate:
        kind, word = self._take()
        if kind == "value":
            value: Evaluate = word
            return value
        if kind == "number":
            return _constant(int(word))
        if kind == "text":
            return _constant(word[1:-1].replace('""', '"'))
        if kind == "name":
            return _call(word, self._arguments())
        if (kind, word) == ("sign", "("):
            inner = self._level(0)
            self._take(")")
            return inner
        if (kind, word) == ("sign", "-"):
            return _binary("-", _constant(0), self._atom())
        raise ValueError(f"unexpected {word} in {self.template}")

    def _arguments(self) -> list[Evaluate]:
        self._take("(")
        arguments = [self._level(0)]
        while self._peek()[1] == ",":
            self._take()
            arguments.append(self._level(0))
        self._take(")")
        return arguments


def _constant(value: Any) -> Evaluate:
    return lambda row: value


def _binary(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    op = binary(sign)
    return lambda row: op(left(row), right(row))


def _call(name: str, arguments: list[Evaluate]) -> Evaluate:
    if name == "IF":
        test, then, otherwise = arguments

        def chosen(row: int) -> Any:
            met = test(row)
            return then(row) if (met if type(met) is bool or type(met) is int else number(met)) else otherwise(row)

        return chosen
    if name == "IFERROR":
        attempt, instead = arguments

        def guarded(row: int) -> Any:
            try:
                return attempt(row)
            except FormulaError:
                return instead(row)

        return guarded
    function = FUNCTIONS[name]
    if len(arguments) == 1:
        (only,) = arguments
        return lambda row: function(only(row))
    if len(arguments) == 2:
        first, second = arguments
        return lambda row: function(first(row), second(row))
    return lambda row: function(*[argument(row) for argument in arguments])
