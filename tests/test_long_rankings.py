"""B4 in lists longer than any county's: the same ranks and words, and of the rivals' rows the highest alone."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from build import load_scheme_plainly, make_tables

from assess_lib.ledger import Entry
from assess_lib.rules.ranking import NAMED_RIVALS, Ranking
from assess_lib.scoring import score
from assess_lib.tables import Source

SCHEME = load_scheme_plainly()


def volume_rows(units: int, pool: str = "all_units") -> list[Entry]:
    """Score units U1, U2 … that sent 1, 2 … pieces in the first quarter; give each one's row of the volume list."""
    tables = make_tables(
        {
            "单位名录": [
                {
                    "单位编码": f"U{n}",
                    "单位名称": f"单位{n}",
                    "单位类别": ("县级部门", "镇")[n % 2],
                    "重点任务单位": "否",
                }
                for n in range(1, units + 1)
            ],
            "扣分标准": [
                {"标准编号": code, "考核内容": "内容", "扣分情形": "情形", "单次扣分": "1", "批准文号": "批1"}
                for code in ("BS-01", "BS-02")
            ],
            "信息中心结果": [
                {"单位": f"U{n}", "红灯次数": 0, "市大数据局通报": "否", "出具日期": "2022-12-20"}
                for n in range(1, units + 1)
            ],
            "信息报送": [{"单位": f"U{n}", "季度": "1", "报送条数": n, "采用条数": 0} for n in range(1, units + 1)],
        }
    )
    readings = SCHEME.default_readings() | {"info_pool": pool}
    ledger = score(tables, SCHEME, readings, date(2022, 1, 1)).ledger
    return [entry for entry in ledger if entry.item == "B4" and "第1季度报送量" in entry.label]


@pytest.mark.parametrize("units", [2, NAMED_RIVALS - 1, NAMED_RIVALS])
def test_a_list_of_a_county_names_every_rival(units: int) -> None:
    """Up to 200 units each ranked row names the unit's own row first and then every rival's, in roster order."""
    rows = volume_rows(units)
    assert len(rows) == units
    for n, row in enumerate(rows, start=1):
        own, *rivals = [source.row for source in row.source]
        assert own == n + 1
        assert rivals == [m + 1 for m in range(1, units + 1) if m != n]
        assert row.label == f"第1季度报送量：第 {units + 1 - n} 名，上榜 {units} 个单位（报送 {n} 条、采用 0 条）"


def test_a_longer_list_names_its_highest_rivals() -> None:
    """Of 203 units each row names the highest 200 (U4 and above) in roster order, less itself; ranks count all."""
    rows = volume_rows(203)
    assert NAMED_RIVALS == 200
    for n, row in enumerate(rows, start=1):
        own, *rivals = [source.row for source in row.source]
        assert own == n + 1
        assert rivals == [m + 1 for m in range(4, 204) if m != n]
        assert row.label.startswith(f"第1季度报送量：第 {204 - n} 名，上榜 203 个单位")
    assert [str(row.nominal) for row in rows[-4:]] == ["0.00", "1.00", "2.00", "3.00"]


def test_the_length_that_counts_is_that_of_the_ranked_pool() -> None:
    """Ranked by group, 202 units stand in two lists of 101, and each row names all 100 rivals of its group."""
    rows = volume_rows(202, "by_group")
    for n, row in enumerate(rows, start=1):
        assert [source.row for source in row.source[1:]] == [m + 1 for m in range(2 - n % 2, 203, 2) if m != n]
        assert "上榜 101 个单位" in row.label
    assert [str(row.nominal) for row in rows[-6:]] == ["1.00", "1.00", "2.00", "2.00", "3.00", "3.00"]


def test_a_place_names_the_rivals_rows_and_not_its_own() -> None:
    """A list names its rows in their order; a place that is not among them names all of them."""
    a, b, c = (Source("信息报送.csv", "", row) for row in (2, 3, 4))
    ranking = Ranking.of([(a, (1,)), (b, (Fraction(1, 2),)), (c, (1,))])
    assert [ranking.ranks[standing] for standing in ((1,), (Fraction(1, 2),))] == [1, 3]
    assert ranking.rivals(Source("信息报送.csv", "", 3)) == (a, c)
    assert ranking.rivals(Source("信息报送.csv", "", 9)) == (a, b, c)
