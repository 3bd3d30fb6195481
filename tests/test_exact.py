"""Exact decimals: rounding, means and print."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess_lib.exact import ZERO, cents, mean, plain, ratio, show, times, to_cents, to_points, total

D = Decimal


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.125", "0.13"),
        ("1.005", "1.01"),
        ("2.674", "2.67"),
        ("2.6749999999999999999999999999999999999", "2.67"),
        ("2.675", "2.68"),
        ("2.685", "2.69"),
        ("-0.004", "0.00"),
        ("-0.005", "-0.01"),
        ("-2.675", "-2.68"),
        ("3", "3.00"),
        ("100", "100.00"),
    ],
)
def test_cents_rounds_half_up(value: str, rounded: str) -> None:
    """A half is rounded away from zero, never to the even neighbour, and two decimals always stand."""
    assert str(cents(D(value))) == rounded


def test_cents_takes_whole_numbers() -> None:
    """An int becomes points with two decimals."""
    assert str(cents(7)) == "7.00"


def test_nothing_prints_as_minus_zero() -> None:
    """A negative zero becomes a plain one."""
    assert str(cents(D("-0.00"))) == "0.00"
    assert show(D("-0")) == "0.00"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2.67", "2.68"], "2.68"),  # 2.675
        (["2.67", "2.67", "2.68"], "2.67"),  # 2.6733…
        (["2.67", "2.68", "2.68"], "2.68"),  # 2.6766…
        (["1.00", "1.01"], "1.01"),  # 1.005
        (["0.12", "0.13"], "0.13"),  # 0.125
        (["0", "0", "1"], "0.33"),
        (["0", "1", "1"], "0.67"),
        (["3"], "3.00"),
        (["0", "0"], "0.00"),
    ],
)
def test_mean_is_rounded_once_half_up(values: list[str], expected: str) -> None:
    """The mean of exact values is exact until it is rounded to 0.01."""
    assert str(mean(map(D, values))) == expected


def test_mean_over_a_given_count() -> None:
    """Four quarters divide by four although only one of them has points."""
    assert str(mean([D("3")], count=4)) == "0.75"
    assert str(mean([], count=4)) == "0.00"


@pytest.mark.parametrize("count", [None, 0])
def test_mean_of_nothing_does_not_exist(count: int | None) -> None:
    """A missing mean is an error, never zero."""
    with pytest.raises(ZeroDivisionError, match=r"^mean of nothing$"):
        mean([], count=count)


def test_a_ratio_to_nothing_does_not_exist() -> None:
    """What cannot be scaled is an error, never zero."""
    with pytest.raises(ZeroDivisionError, match=r"^ratio to nothing$"):
        ratio(D("1"), D("100"), D("0"))


def test_a_ratio_is_exact_however_long_it_is() -> None:
    """A product of more than 28 digits is rounded once, at the end: 10²⁸ + 0.03 of 100, divided by 200, is … .02."""
    assert str(ratio(D("10000000000000000000000000000.03"), D("100"), D("200"))) == "5000000000000000000000000000.02"


def test_a_callers_context_does_not_change_a_mean() -> None:
    """A narrow decimal context around the call neither changes the result nor is changed by it."""
    with localcontext() as context:
        context.prec = 3
        assert str(mean([D("1234.56"), D("1234.57")])) == "1234.57"  # 1234.565
        assert getcontext().prec == 3


@given(st.lists(st.integers(0, 300), min_size=1, max_size=9))
def test_mean_is_the_nearest_cent(scores: list[int]) -> None:
    """No cent is nearer to the true mean than the one returned, and a tie goes up."""
    found = mean([D(score) / 100 for score in scores])
    doubled = 2 * sum(scores) - 2 * int(found * 100) * len(scores)  # twice the error, in cents × count
    assert -len(scores) <= doubled < len(scores)


def test_show_prints_two_decimals() -> None:
    """Points print with two decimals, large ones without an exponent."""
    assert show(D("3")) == "3.00"
    assert show(D("-1.5")) == "-1.50"
    assert show(D("1E+3")) == "1000.00"
    assert show(ZERO) == "0.00"


def test_show_prints_nothing_for_what_does_not_exist() -> None:
    """A value that does not exist is blank, not 0.00."""
    assert show(None) == ""


@pytest.mark.parametrize(
    ("number", "printed"),
    [("100.00", "100"), ("2.50", "2.5"), ("0.05", "0.05"), ("0.00", "0"), ("7", "7"), ("100", "100"), ("1E+2", "100")],
)
def test_plain_prints_as_a_document_writes(number: str, printed: str) -> None:
    """Idle zeros behind the point go, those of a whole number stay, and nothing prints with an exponent."""
    assert plain(D(number)) == printed


def test_forty_digits_are_never_rounded_behind_our_back() -> None:
    """Sums, products, means and roundings keep more digits than a default decimal context would."""
    long = D("1234567890123456789012345678901234567890.12")
    assert str(cents(long)) == "1234567890123456789012345678901234567890.12"
    assert str(times(long, 3)) == "3703703670370370367037037036703703703670.36"
    assert str(mean([long, long])) == "1234567890123456789012345678901234567890.12"
    assert plain(long) == "1234567890123456789012345678901234567890.12"


def test_a_product_is_exact() -> None:
    """A rate times a count keeps all its digits."""
    assert str(times(D("0.33"), 3)) == "0.99"
    assert str(times(D("2.50"), 0)) == "0.00"
    with localcontext() as context:
        context.prec = 2
        assert str(times(D("12.34"), 100)) == "1234.00"


@pytest.mark.parametrize(("points", "whole"), [("97.50", 9750), ("0.01", 1), ("0", 0), ("-2.00", -200), ("3", 300)])
def test_points_are_whole_cents_and_back(points: str, whole: int) -> None:
    """Points with at most two decimals are whole cents, and the cents are the points again, with two decimals."""
    cents = to_cents(Decimal(points))
    assert (cents, type(cents)) == (whole, int)
    assert str(to_points(whole)) == f"{Decimal(points):.2f}"


def test_points_finer_than_a_cent_are_a_bug() -> None:
    """Points with a third decimal never become cents silently: the error names them."""
    with pytest.raises(ValueError, match=r"^0\.005 is not a whole number of hundredths$"):
        to_cents(Decimal("0.005"))


def test_nothing_adds_up_to_points_of_nothing() -> None:
    """A sum of no points is 0.00 as a decimal with two places, never the whole number 0."""
    assert str(total([])) == "0.00"
    assert total([Decimal("2.50"), Decimal("-1.00")]) == Decimal("1.50")
