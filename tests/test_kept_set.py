"""A set that is read twice in one process is understood once, and yet each reader has one of its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from report_set import small_set_tables, write_processed

from assess_lib.errors import VerifyFailed
from assess_lib.store import load_rows, load_set, read_tables


@pytest.fixture
def processed(tmp_path: Path) -> Path:
    folder = tmp_path / "2022"
    write_processed(folder, small_set_tables())
    return folder


def test_what_a_reader_does_to_a_set_reaches_no_other(processed: Path) -> None:
    """Readings, tables and points that a notebook changes in its set are unchanged in the next one read."""
    first = load_set(processed)
    tables = read_tables(processed)
    first.basis.readings["bonus_gate"] = "at_least"
    first.basis.quotes["四"] = "x"
    first.results.loc[:, "final_score"] = Decimal("0.00")
    first.ledger.loc[:, "label"] = "x"
    tables.clear()
    again = load_set(processed)
    assert again.basis.readings["bonus_gate"] == "above"
    assert again.basis.quotes == {}
    assert Decimal("0.00") not in set(again.results["final_score"])
    assert "x" not in set(again.ledger["label"])
    assert [row["单位编码"] for row in read_tables(processed)["单位名录"]][:2] == ["T01", "T02"]


def test_another_set_in_the_same_place_is_read_anew(processed: Path) -> None:
    """What was read before stands in for nothing: the files decide, also under the same name."""
    assert len(load_rows(processed).results) == len(read_tables(processed)["单位名录"])
    literals = small_set_tables()
    literals["单位名录"] = [dict(row) for row in literals["单位名录"]]
    literals["单位名录"][0]["单位名称"] = "改名镇"
    other = processed.parent / "other"
    write_processed(other, literals)
    processed.rename(processed.parent / "old")
    other.rename(processed)
    assert load_rows(processed).results[0]["unit_name"] == "改名镇"
    assert read_tables(processed, ["单位名录"])["单位名录"][0]["单位名称"] == "改名镇"


def test_a_file_altered_after_the_first_reading_is_found(processed: Path) -> None:
    """Every reading holds each file to the receipt, whether the set is known already or not."""
    assert load_set(processed).basis.run_date == date(2022, 12, 31)
    target = processed / "results.csv"
    target.write_bytes(target.read_bytes().replace(b"scored", b"vetoed", 1))
    with pytest.raises(VerifyFailed):
        load_set(processed)
    with pytest.raises(VerifyFailed):
        read_tables(processed, ["单位名录"])
