"""A unit's slice: what a report shows comes from it alone, and it grows with the unit, not with the set."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from random_year import Year, years
from report_set import make_set, small_set_tables
from small_year import UNITS, make_raw
from unit_page import losing, said

from assess_lib import figures, pipeline, views
from assess_lib.errors import UsageError
from assess_lib.paths import SLICE_VARIABLE, YearPaths, resolve
from assess_lib.store import Approval, ScoredSet, load_set, read_tables
from assess_lib.views import Slices, UnitReport, UnitSlice, explore_ahead, slices_of
from assess_lib.views.unit_place import Peers

SECRETS = ("白杨镇", "县银杏局", "987", "654", "110.00", "80.00", "T02", "D02")


@pytest.fixture(scope="module")
def data() -> ScoredSet:
    return make_set(small_set_tables())


def pieces(report: UnitReport) -> list[str]:
    """Return all that a report shows, but for the digest that the title prints."""
    shown = [
        report.conclusion(), report.place(), report.items_compared(), report.veto(), report.key(), report.deadlines(),
        report.bonus(), report.readings(), report.to_do(), report.objection(), report.adjustments(), report.ledger(),
        *(report.part_clauses(part) for part in ("veto", "key", "bonus")), report.check(),
    ]  # fmt: skip
    drawn = [figures.waterfall(report), figures.place(report)]
    return [str(piece.markup) for piece in shown] + [repr(each) + getattr(each, "svg", "") for each in drawn]


@pytest.mark.parametrize("unit", ["T01", "T02", "D01", "D02", "D03"])
def test_a_stored_slice_shows_what_the_set_shows(data: ScoredSet, unit: str) -> None:
    """Written and read back, a slice gives the same report in every piece, and the same bytes again."""
    own = Slices(data, lambda unit: f"口径与{unit}").cut(unit)
    again = UnitSlice.load(own.dump())
    assert pieces(UnitReport.of(again)) == pieces(UnitReport.of(own))
    assert again.dump() == own.dump() and again.digest == own.digest
    assert again.sentence == f"口径与{unit}"


@settings(max_examples=5, deadline=None)
@given(year=years())
def test_random_years_lose_nothing(year: Year) -> None:
    """For any year every unit's slice, written and read back, shows the same and adds up."""
    _hold(year)


@pytest.mark.deep
@settings(max_examples=100, deadline=None)
@given(year=years())
def test_many_random_years_lose_nothing(year: Year) -> None:
    """The same for many more years."""
    _hold(year)


def _hold(year: Year) -> None:
    from build import load_scheme_plainly

    from assess_lib.adjustments import list_adjustments
    from assess_lib.scoring import score
    from assess_lib.store.sets import adjustments_frame, score_frames

    scheme = load_scheme_plainly()
    made = score(year.tables, scheme, year.readings, year.run_date)
    basis = replace(make_set(small_set_tables()).basis, readings=dict(year.readings), run_date=year.run_date)
    empty = make_set(small_set_tables())
    decided = adjustments_frame(list_adjustments(year.tables, scheme, year.readings, year.run_date))
    results, items, ledger = score_frames(made)
    data = replace(empty, basis=basis, results=results, items=items, ledger=ledger, decided=lambda: decided)
    slices = Slices(data)
    for unit in results["unit_id"]:
        own = slices.cut(unit)
        read = UnitSlice.load(own.dump())
        assert read.dump() == own.dump()
        assert UnitReport.of(read).ledger().markup == UnitReport.of(own).ledger().markup
        assert "核对通过" in said(UnitReport.of(read).check())


def test_a_slice_holds_nothing_of_other_units(data: ScoredSet) -> None:
    """T01's slice has no name, code, score or count of another unit, nor a leader's single mark."""
    text = Slices(data).cut("T01").dump().decode("unicode_escape")
    own = text[text.index('"own"') :]
    assert [secret for secret in (*SECRETS, "1.87", "2.46", "2.91", "赵评价") if secret in own] == []


def test_what_another_unit_does_leaves_the_slice_alone() -> None:
    """T01 at 95.00, 95.40 or 94.40 gives T03 the same slice; where T01 moves the median, the slice differs."""
    units = {"T01": 500, "T02": 3000, "T03": 3499, "T04": 4000}
    at = {lost: Slices(losing(units | {"T01": lost})).cut("T03").dump() for lost in (500, 460, 560, 3400)}
    assert at[500] == at[460] == at[560] != at[3400]


def test_the_approval_is_no_part_of_the_digest(data: ScoredSet) -> None:
    """The digest on the signed 送审稿 is that on the 定稿; the bytes differ, as the pages do."""
    approved = replace(data, approval=Approval("千考〔2023〕1号", "组长", date(2023, 1, 10), "f" * 64))
    before, after = (Slices(each).cut("T01") for each in (data, approved))
    assert before.digest == after.digest and before.dump() != after.dump()
    assert UnitSlice.load(after.dump()).data.approval == approved.approval
    assert before.digest[:16] in said(UnitReport.of(before).title())


def test_a_vetoed_unit_is_compared_with_nobody(data: ScoredSet) -> None:
    """A vetoed unit's slice holds no scores, medians or counts at all."""
    peers = Slices(data).cut("D01").peers
    assert peers == Peers(0, 0, None, None, {}, {})


def test_few_rivals_are_not_told(data: ScoredSet) -> None:
    """In a group of two scored units a slice holds how many there are, and no score or median of theirs."""
    peers = Slices(data).cut("T01").peers
    assert (peers.ranked_in_group, peers.middle, peers.spread) == (2, None, None)
    assert set(peers.items.values()) == {None}


@pytest.mark.parametrize("content", [b"", b"{}\nnull\n", b"[]\nnull\n", b"x\ny\nz\n", b"{}\n{}\n{}\n"], ids=repr)
def test_other_bytes_are_no_slice(content: bytes) -> None:
    """What is no slice is refused, whatever it is."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        UnitSlice.load(content)


def test_in_a_batch_a_report_reads_its_slice_alone(
    data: ScoredSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a slice lies there it is what open_unit opens; another unit's, the folders and the set are refused."""
    file = tmp_path / "slice.json"
    monkeypatch.setenv(SLICE_VARIABLE, str(file))
    file.write_bytes(Slices(data).cut("T01").dump())
    assert views.open_unit(2022, "", "T01").name == "梧桐镇"
    for year, unit in ((2022, "T02"), (2021, "T01")):
        with pytest.raises(UsageError, match="不是这个年度、这个单位的"):
            views.open_unit(year, "", unit)
    with pytest.raises(UsageError, match="不能读取整套结果或原始表格"):
        resolve(2022)
    with pytest.raises(UsageError, match="不能读取整套结果或原始表格"):
        load_set(tmp_path)
    file.unlink()
    with pytest.raises(UsageError, match="没有完整的评分结果"):
        load_set(tmp_path)


def big(count: int) -> ScoredSet:
    """Score many towns, each with a loss of its own."""
    return losing({f"U{number:05}": number % 9000 for number in range(count)})


def peak_of_cutting(data: ScoredSet) -> tuple[int, int]:
    """Cut every slice of a set, one after the other; return the most memory taken meanwhile and the mean size."""
    slices, size = Slices(data), 0
    tracemalloc.start()
    try:
        for unit in data.results["unit_id"]:
            size += len(slices.cut(unit).dump())
        return tracemalloc.get_traced_memory()[1], size // len(data.results)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("few", "many"), [(30, 300), pytest.param(500, 5000, marks=pytest.mark.deep)])
def test_memory_is_flat(few: int, many: int) -> None:
    """Ten times the units take no more memory to cut, and their slices are no longer (but for longer counts)."""
    (peak, size), (peak_of_many, size_of_many) = (peak_of_cutting(big(count)) for count in (few, many))
    assert peak_of_many < 1.5 * peak + 100_000
    assert size_of_many < size + 200


def test_a_slice_changes_only_when_what_it_shows_of_others_changes() -> None:
    """A rival's score moves by 0.50 and no median, quartile or end moves: no byte of another unit's slice changes.

    Ten units at 90.00, 89.00 to 81.00; U08 at 82.00 moves to 81.80 and 81.40. The first leaves all as it is at whole
    points; the second, too, as the lower quartile is U07's 83.00.
    """
    lost = {f"U{n:02}": 1000 + 100 * n for n in range(10)}
    usual = Slices(losing(lost))
    for moved in (1820, 1860):
        other = Slices(losing(lost | {"U08": moved}))
        changed = {unit for unit in lost if other.cut(unit).dump() != usual.cut(unit).dump()}
        assert changed == {"U08"}


def test_a_slice_changes_when_an_end_moves_by_a_point() -> None:
    """The lowest of ten falls from 81.00 to 80.00: every report of the group shows it."""
    lost = {f"U{n:02}": 1000 + 100 * n for n in range(10)}
    usual, other = Slices(losing(lost)), Slices(losing(lost | {"U09": 2000}))
    assert all(other.cut(unit).dump() != usual.cut(unit).dump() for unit in lost)


def test_an_exploration_made_ahead_is_used_only_where_it_holds(tmp_path: Path) -> None:
    """What was explored from the clean tables gives the same slices; for other readings or tables it is not used."""
    where = YearPaths(2022, make_raw(tmp_path / "raw"), tmp_path / "processed", tmp_path / "reports")

    def scored() -> tuple[ScoredSet, dict[str, Any]]:
        pipeline.score(where)
        return load_set(where.processed), read_tables(where.processed)

    data, tables = scored()
    ahead, other = (explore_ahead(where.processed, readings) for readings in ({}, {"bonus_gate": "at_least"}))
    assert ahead.holds(tables, data.basis) and not other.holds(tables, data.basis)
    dumps = [
        [slices_of(where.processed, data, tables, made).cut(unit).dump() for unit in UNITS]
        for made in (None, ahead, other)
    ]
    assert dumps[0] == dumps[1] == dumps[2]

    roster = where.raw / "单位名录.csv"
    roster.write_text(
        roster.read_text(encoding="utf-8").replace("南寨镇,镇,,", "南寨镇,镇,南寨镇人民政府,"), encoding="utf-8"
    )
    data, tables = scored()
    assert not ahead.holds(tables, data.basis)
