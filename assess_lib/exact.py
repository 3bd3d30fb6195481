"""Exact decimals: the only arithmetic that may touch a score, a threshold or a rank."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

ZERO = Decimal("0.00")
_CENT = Decimal("0.01")
# Wide enough that sums and products of office figures are never rounded behind our back.
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
# Looked up once: a year's readings round more than a hundred thousand times.
_quantize, _add = _WIDE.quantize, _WIDE.add


def cents(value: Decimal | int) -> Decimal:
    """Round a value once, half up, to two decimals.

    >>> cents(Decimal("2.675"))
    Decimal('2.68')
    """
    # Adding zero turns a negative zero into a plain one: nothing may ever print as -0.00.
    return _add(_quantize(value, _CENT), ZERO)


def times(rate: Decimal, count: int) -> Decimal:
    """Multiply a rate by a count exactly, however many digits an office's figure has."""
    return _WIDE.multiply(rate, Decimal(count))


def total(values: Iterable[Decimal]) -> Decimal:
    """Add up points; nothing adds up to 0.00.

    >>> total([]), total([Decimal("2.50"), Decimal("-1")])
    (Decimal('0.00'), Decimal('1.50'))
    """
    return sum(values, ZERO)


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply two decimals exactly.

    >>> product(Decimal("85.05"), Decimal("0.3"))
    Decimal('25.515')
    """
    return _WIDE.multiply(left, right)


def ratio(value: Decimal, whole: Decimal, part: Decimal) -> Decimal:
    """Return ``value × whole ÷ part``, rounded once, half up, to 0.01.

    Raises ZeroDivisionError when there is nothing to divide by.

    >>> ratio(Decimal("72.00"), Decimal(100), Decimal(80))
    Decimal('90.00')
    """
    if not part:
        raise ZeroDivisionError("ratio to nothing")
    return cents(_WIDE.divide(_WIDE.multiply(value, whole), part))


def negative(value: Decimal) -> Decimal:
    """Return the value below zero, every digit of it: a bare minus would round to 28.

    >>> negative(Decimal("12345678901234567890123456789.01"))
    Decimal('-12345678901234567890123456789.01')
    """
    return _WIDE.minus(value)


def mean(values: Iterable[Decimal], count: int | None = None) -> Decimal:
    """Average exact values over ``count`` (default: how many there are), rounded once, half up, to 0.01.

    Raises ZeroDivisionError when there is nothing to divide by: a missing mean is never zero.
    """
    numbers = list(values)
    divisor = len(numbers) if count is None else count
    if divisor == 0:
        raise ZeroDivisionError("mean of nothing")
    with localcontext(_WIDE):
        return cents(sum(numbers, ZERO) / divisor)


def show(value: Decimal | None) -> str:
    """Print points with two decimals; a value that does not exist prints as nothing.

    >>> show(Decimal("3")), show(None)
    ('3.00', '')
    """
    return "" if value is None else str(_add(_quantize(value, _CENT), ZERO))  # as ``cents``


def plain(value: Decimal) -> str:
    """Print a number without idle zeros, as a document writes it.

    >>> plain(Decimal("100.00")), plain(Decimal("2.50"))
    ('100', '2.5')
    """
    return f"{value.normalize(_WIDE):f}"


def to_cents(points: Decimal) -> int:
    """Return points as whole cents; raise ValueError for points that have none, for that would be a bug.

    >>> to_cents(Decimal("97.50"))
    9750
    """
    cents = points.scaleb(2)
    if cents != cents.to_integral_value():
        raise ValueError(f"{points} is not a whole number of hundredths")
    return int(cents)


def to_points(cents: int) -> Decimal:
    """Return whole cents as points with two decimals.

    >>> to_points(9750)
    Decimal('97.50')
    """
    return Decimal(cents).scaleb(-2)
