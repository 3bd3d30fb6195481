"""The lines after each scoring that say what changed against the set that stood before."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from comparison_set import BASE, deduction, with_rows, write_set

from assess_lib.comparison.summary import change_lines
from assess_lib.scoring import Result
from assess_lib.store.earlier import earlier_results, parse_results


def result(code: str, final: str | None, rank: int | None, **changes: object) -> Result:
    """Give a result with a key score alone, all units in one group."""
    score = None if final is None else Decimal(final)
    status = "scored" if final is not None else "vetoed"
    made = Result(
        code, f"单位{code}", "镇", status, score, False, None, score, "合格" if final else "不合格", rank, rank, 0
    )
    return replace(made, **changes)  # type: ignore[arg-type]


FOUR = (result("A", "90.00", 1), result("B", "80.00", 2), result("C", "70.00", 3), result("D", "65.00", 4))


def test_first_run() -> None:
    """Without an earlier set one line says so."""
    assert change_lines(None, FOUR) == ("没有上次采用的结果可比：这是第一次。",)


def test_earlier_set_that_cannot_be_read() -> None:
    """An earlier set that could not be read is said to be so, and nothing is compared."""
    assert change_lines((), FOUR) == ("上次采用的结果无法读取，或被改动过，或不是同一年度的：没有比较。",)


def test_nothing_changed() -> None:
    """The same results: one line."""
    assert change_lines(FOUR, FOUR) == ("与上次采用的结果相比：没有变化（状态、等次、得分、名次、待定事项都相同）。",)


def test_three_lines_with_scores_and_ranks() -> None:
    """B falls by 21.50 below 60 and to the last rank, C and D rise in rank, D by 0.01 in score."""
    new = (FOUR[0], result("B", "58.50", 4, grade="不合格"), result("C", "70.00", 2), result("D", "65.01", 3))
    assert change_lines(FOUR, new) == (
        "与上次采用的结果相比：状态或等次变化 1 个单位（单位B 合格→不合格）。",
        "得分变化 2 个单位，上升最多 单位D +0.01（65.00→65.01），下降最多 单位B −21.50（80.00→58.50）。",
        "名次变化 3 个单位，上升最多 单位C 总第 3 名→第 2 名，下降最多 单位B 总第 2 名→第 4 名。",
    )


def test_veto_leaves_no_amount() -> None:
    """A unit that became vetoed has no score: it is counted, its fall has no amount."""
    new = (result("A", None, None), result("B", "80.00", 1), result("C", "70.00", 2), result("D", "65.00", 3))
    assert change_lines(FOUR, new) == (
        "与上次采用的结果相比：状态或等次变化 1 个单位（单位A 合格→不合格（单项否决））。",
        "得分变化 1 个单位，1 个单位不再有得分。",
        "名次变化 4 个单位，上升最多 单位B 总第 2 名→第 1 名。",
    )


def test_unresolved_items_and_roster() -> None:
    """Units with other unresolved items, new units and units gone are counted; a line without change says so."""
    new = (FOUR[0], replace(FOUR[1], unresolved=2), FOUR[2], result("E", "65.00", 4))
    assert change_lines(FOUR, new) == (
        "与上次采用的结果相比：状态或等次变化 0 个单位，待定事项变化 1 个单位，"
        "新增单位 1 个（单位E），减少单位 1 个（单位D）。",
        "得分没有变化。",
        "名次没有变化。",
    )


def test_only_few_are_named() -> None:
    """Three units that changed grade are named, four are only counted."""

    def failed(number: int) -> tuple[Result, ...]:
        return tuple(replace(one, grade="不合格" if n < number else "合格") for n, one in enumerate(FOUR))

    assert change_lines(FOUR, failed(3))[0] == (
        "与上次采用的结果相比：状态或等次变化 3 个单位（单位A 合格→不合格；单位B 合格→不合格；单位C 合格→不合格）。"
    )
    assert change_lines(FOUR, failed(4))[0] == "与上次采用的结果相比：状态或等次变化 4 个单位。"


# ---- reading the earlier set --------------------------------------------------------------------------------------


def test_results_are_read_back(tmp_path: Path) -> None:
    """results.csv is read back as it was scored: T01 with −1.00 has 103.00 and rank 3."""
    write_set(tmp_path / "set", with_rows(扣分登记=[deduction("KF-1")]))
    found = earlier_results(tmp_path / "set", 2022)
    assert found is not None
    told = [(r.unit_id, r.final_score, r.rank_overall, r.bonus_open, r.unresolved) for r in found]
    assert told == [
        ("T01", Decimal("103.00"), 3, True, 0),
        ("T02", Decimal("104.00"), 1, True, 0),
        ("D01", Decimal("104.00"), 1, True, 0),
    ]


def test_no_set_altered_set_and_other_year(tmp_path: Path) -> None:
    """No folder: None. An altered file, a missing file or another year: empty, and no failure."""
    folder = tmp_path / "set"
    assert earlier_results(folder, 2022) is None
    write_set(folder, BASE)
    assert earlier_results(folder, 2023) == ()
    file = folder / "results.csv"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"104.00", b"104.01"))
    assert earlier_results(folder, 2022) == ()
    file.unlink()
    assert earlier_results(folder, 2022) == ()
    file.write_bytes(whole)
    assert len(earlier_results(folder, 2022) or ()) == 3
    (folder / "receipt.json").write_text("{", encoding="utf-8")
    assert earlier_results(folder, 2022) == ()


def test_other_columns_are_refused() -> None:
    """A file with other columns is no results.csv."""
    with pytest.raises(ValueError, match=r"results\.csv"):
        parse_results("﻿unit_id,name\r\nT01,甲\r\n".encode())
