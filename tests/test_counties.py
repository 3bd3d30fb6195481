"""Three other counties' schemes as test folders: each a data edit alone, with results that were worked out by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from test_cases import check_ledger, entry_matches, read_yaml

from assess_lib.cleaning import clean
from assess_lib.cli import main
from assess_lib.scheme import Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.scoring import Score, score
from assess_lib.tables import Row

COUNTIES = Path(__file__).parent / "counties"
NAMES = ("qingling", "shiqiao", "yunshui")
YEAR = 2023


@dataclass(frozen=True)
class County:
    """One county's folder: its scheme, clean tables, score, and what was worked out by hand."""

    name: str
    scheme: Scheme
    tables: Mapping[str, tuple[Row, ...]]
    made: Score
    expected: Mapping[str, Mapping[str, Any]]


def load_county(name: str) -> County:
    """Load, clean and score a county's folder under its own readings."""
    raw = COUNTIES / name / "raw"
    scheme = load_scheme(raw / "scheme.yaml", year=YEAR)
    cleaned = clean(raw, scheme)
    assert [str(problem) for problem in cleaned.problems] == []
    made = score(cleaned.tables, scheme, scheme.default_readings(), scheme.cut_off)
    expected = read_yaml((COUNTIES / name / "expected.yaml").read_text(encoding="utf-8"))["units"]
    return County(name, scheme, cleaned.tables, made, expected)


@pytest.fixture(scope="module", params=NAMES)
def county(request: pytest.FixtureRequest) -> County:
    """Each of the three counties."""
    return load_county(request.param)


def test_the_results_are_those_worked_out_by_hand(county: County) -> None:
    """Every column of every unit's result is the one in expected.yaml, and no unit is left out."""
    for result in county.made.results:
        wanted = county.expected[result.unit_id]["result"]
        found = {key: getattr(result, key) for key in wanted}
        assert found == wanted, result.unit_id
        assert len(wanted) == 9
    assert [result.unit_id for result in county.made.results] == list(county.expected)


def test_the_items_are_those_worked_out_by_hand(county: County) -> None:
    """Every scored item of every unit has the points of expected.yaml; an exempt or unopened item is not there."""
    for unit, wanted in county.expected.items():
        found = {
            item.item: item.points for item in county.made.items if item.unit_id == unit and item.points is not None
        }
        assert found == {item: Decimal(points) for item, points in wanted["items"].items()}, unit


def test_the_ledger_shows_each_step_worked_out_by_hand(county: County) -> None:
    """The key steps of expected.yaml stand in the ledger in this order, and all of it is a ledger."""
    check_ledger(county.made, county.tables, county.scheme)
    for unit, wanted in county.expected.items():
        rest = iter([entry for entry in county.made.ledger if entry.unit_id == unit])
        for pattern in wanted.get("ledger", ()):
            assert any(entry_matches(entry, pattern) for entry in rest), f"{unit}: no further row fits {pattern}"


@pytest.mark.parametrize("name", NAMES)
def test_check_score_and_explain_work_on_the_folder(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands take the folder as it stands; results.csv and the ledger in words say what was worked out."""
    places = ["--year", str(YEAR), "--processed", str(tmp_path / "processed")]
    raw = ["--raw", str(COUNTIES / name / "raw")]
    assert main(["check", *places, *raw]) == 0
    assert main(["score", *places, *raw]) == 0
    expected = read_yaml((COUNTIES / name / "expected.yaml").read_text(encoding="utf-8"))["units"]
    text = (tmp_path / "processed" / "results.csv").read_text(encoding="utf-8-sig")
    capsys.readouterr()
    for row in csv.DictReader(io.StringIO(text)):
        wanted = expected[row["unit_id"]]["result"]
        assert row["final_score"] == ("" if wanted["final_score"] is None else f"{wanted['final_score']:.2f}")
        assert main(["explain", row["unit_id"], *places, *raw]) == 0
        told = capsys.readouterr().out
        assert row["final_score"] in told
        assert wanted["grade"] in told
