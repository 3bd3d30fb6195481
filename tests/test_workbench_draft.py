"""The draft of 调整复核: what it says, what it cannot say, where it goes, and that it gives the what-if's numbers."""

from __future__ import annotations

import hashlib
import io
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from bench_years import row_of, small_bench
from build import ROOT
from small_year import make_raw, write_table

from assess_lib import paths, pipeline, store
from assess_lib.errors import EnvironmentFailure, InputRejected, UsageError
from assess_lib.tables import TABLES
from assess_lib.workbench import Bench, Changes
from assess_lib.workbench.draft import dump_draft, make_draft, write_draft

D = Decimal
HEADER = tuple(column.name for column in TABLES["调整复核"].columns)
LEFT_EMPTY = ("理由", "决定人", "决定日期", "批准文号")


def read_rows(data: bytes) -> tuple[int, list[dict[str, object]]]:
    """Return the header's row and the filled rows of a draft's own sheet, as openpyxl reads them."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))["调整复核"]
    rows = list(sheet.iter_rows(values_only=True))
    head = next(number for number, row in enumerate(rows) if row[: len(HEADER)] == HEADER)
    return head + 1, [dict(zip(HEADER, row, strict=False)) for row in rows[head + 1 :] if any(row)]


def told(data: bytes) -> str:
    """Return all that the instructions of a draft say."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))["填表说明"]
    return "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)


# ---- what it says -----------------------------------------------------------------------------------------------


def test_rows_off_are_revocations_and_amounts_are_changes_of_value() -> None:
    """KF-1 off, KF-2 at 5 times 1.00, ticket GD-3 off: three rows in the contract's columns, the rest to fill in."""
    bench = small_bench()
    changes = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="KF-1"), False)
    changes = bench.set_count(changes, row_of(bench, "扣分登记", 编号="KF-2"), "5")
    changes = bench.switch(changes, row_of(bench, "热线红灯", 工单编号="GD-3"), False)
    _, rows = read_rows(dump_draft(bench, changes, "试算的话"))
    assert [[row[name] for name in HEADER[:6]] for row in rows] == [
        ["SS-001", "梧桐镇", "扣分登记", "KF-1", "撤销", None],
        ["SS-002", "梧桐镇", "扣分登记", "KF-2", "改值", 5],
        ["SS-003", "县松柏局", "热线红灯", "GD-3", "撤销", None],
    ]
    assert all(row[name] is None for row in rows for name in LEFT_EMPTY)


def test_what_no_decision_can_say_is_listed_plainly() -> None:
    """A row without a number, a lifted decision, a decided object, a reading and the run date: each with what to do."""
    bench = small_bench()
    changes = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="KF-1"), False)
    changes = bench.set_value(changes, row_of(bench, "扣分登记", 编号="KF-3"), "0.25")  # TZ-1 revoked it already
    changes = bench.switch(changes, row_of(bench, "领导评价", 单位="T02"), False)
    changes = bench.set_reading(changes, "bonus_gate", "at_least")
    changes = bench.set_date(changes, date(2022, 12, 1))
    made = make_draft(bench, changes)
    assert [decision.thing.number for decision in made.decisions] == ["KF-1"]
    assert [f"{unsaid.change}｜{unsaid.instead}" for unsaid in made.unsaid] == [
        "梧桐镇 扣分登记 KF-3（扣分登记.csv 第 4 行）：改为 0.25｜"
        "TZ-1 已对它作过决定，一个对象只能有一个决定：请改 调整复核.csv 第 2 行。",
        "去掉 白杨镇的领导评价（领导评价.csv 第 5 行）｜“领导评价”没有编号，不能撤销：登记确有错误的，请更正原表。",
        "口径“加分开启”：达到 80 分即可｜"
        "口径不是调整复核：由领导小组定，写进 scheme.yaml，或用 --reading bonus_gate=at_least 试算。",
        "计分日期 2022年12月1日｜计分日期不是调整复核：运行时用 --date 2022-12-01。",
    ]
    words = told(dump_draft(bench, changes, "关掉 2 行后：……"))
    assert "关掉 2 行后：……" in words and words.count("不在表内") == 4 and "一个对象只能有一个决定" in words
    lifted = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="KF-3"), True)
    assert [unsaid.change for unsaid in make_draft(bench, lifted).unsaid] == ["不作 TZ-1 的决定（扣分登记 KF-3，撤销）"]


def test_a_draft_without_a_decision_is_refused() -> None:
    """Nothing changed, or only readings: no file that would look as if it said everything."""
    bench = small_bench()
    with pytest.raises(UsageError, match="请先作改动"):
        dump_draft(bench, Changes(), "")
    with pytest.raises(UsageError, match="要用别的办法"):
        dump_draft(bench, bench.set_reading(Changes(), "bonus_gate", "at_least"), "")


def test_numbers_of_official_decisions_are_passed_over() -> None:
    """SS-001 stands in 调整复核 already: the draft begins with SS-002."""
    standing = {
        "编号": "SS-001", "单位": "D02", "对象表": "扣分登记", "对象编号": "KF-4", "处理": "撤销", "理由": "误登",
        "决定人": "组长", "决定日期": "2022-12-25", "批准文号": "〔2022〕31号",
    }  # fmt: skip
    bench = small_bench(调整复核=[standing])
    changes = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="KF-1"), False)
    assert [decision.number for decision in make_draft(bench, changes).decisions] == ["SS-002"]


def test_text_stays_text() -> None:
    """An object numbered =1+1 is a text cell, no formula, and the same draft gives the same bytes."""
    row = {
        "编号": "=1+1", "单位": "T01", "标准编号": "GW-01", "事实": "=公文", "发生日期": "2022-03-01",
        "评分人": "甲", "复核人": "乙",
    }  # fmt: skip
    bench = small_bench(扣分登记=[row])
    changes = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="=1+1"), False)
    data = dump_draft(bench, changes, "=1+1")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["调整复核"]
    cells = [cell for line in sheet.iter_rows() for cell in line if cell.value == "=1+1"]
    assert [cell.data_type for cell in cells] == ["s"]
    assert data == dump_draft(bench, changes, "=1+1")


# ---- where it goes ----------------------------------------------------------------------------------------------


def test_no_draft_replaces_another(tmp_path: Path) -> None:
    """Two drafts of one content are two files: somebody may be filling in the first."""
    folder = tmp_path / "drafts"
    names = [write_draft(folder, b"x").name for _ in range(2)]
    assert names == ["调整复核_试算01.xlsx", "调整复核_试算02.xlsx"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFailure, match="无法写入文件夹"):
        write_draft(tmp_path / "file" / "inside", b"x")


@pytest.mark.parametrize(
    "where", ["data/raw/2022", "data/raw/2022/x", "data/processed/2023", "reports/2022", "reports", "."]
)
def test_drafts_never_lie_among_official_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A folder in, at or around raw data, results or reports of whatever year is refused; a link into them too."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "data/raw/2022").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    year = paths.resolve(2022)
    with pytest.raises(UsageError, match="草稿不能写进"):
        paths.drafts_folder(year, where)
    (tmp_path / "link").symlink_to(tmp_path / where)
    with pytest.raises(UsageError, match="草稿不能写进"):
        paths.drafts_folder(year, "link")
    assert paths.drafts_folder(year) == tmp_path / "data/drafts/2022"
    assert not (tmp_path / "data/drafts").exists()


# ---- the round trip ---------------------------------------------------------------------------------------------


def hashes(folder: Path) -> dict[str, str]:
    """Return every file below a folder with its hash."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def year(tmp_path: Path) -> paths.YearPaths:
    """A scored small year with a few rows to decide on."""
    raw = make_raw(tmp_path / "raw" / "2022")
    register = [
        ("KF-2", "T01", "GW-01", "公文差错", "2022-03-01", "2", "甲", "乙"),
        ("007", "T02", "GW-01", "会议材料差错", "2022-04-01", "", "甲", "乙"),
        ("KF-8", "T02", "HY-01", "迟到", "2022-05-01", "3", "甲", "乙"),
    ]
    header = ("编号", "单位", "标准编号", "事实", "发生日期", "数量", "评分人", "复核人")
    write_table(raw, "扣分登记_补", header, register)
    marks = [(f"PD-{n}", "T02", "帮办代办", mark, "首创", f"评{n}", "复", "ZJ-1") for n, mark in ((1, "3"), (2, "2.5"))]
    write_table(raw, "评定加分", ("编号", "单位", "事项", "评定分", "理由", "评分人", "复核人", "佐证编号"), marks)
    write_table(raw, "佐证目录", ("佐证编号", "单位", "类型", "名称或网址"), [("ZJ-1", "T02", "电子版", "通报")])
    where = paths.resolve(
        2022, raw=raw, processed=tmp_path / "processed" / "2022", reports=tmp_path / "reports" / "2022"
    )
    pipeline.score(where)
    return where


def test_a_draft_filled_in_gives_the_numbers_that_were_tried(year: paths.YearPaths, tmp_path: Path) -> None:
    """Rows off, a quantity, a mark and a ticket: the draft, filled in and put into the raw folder, scores to the same.

    Tried: T03 without KF-1 100.00; T01 with KF-2 at 1 × 20.00, so 80.00, gate closed; T02 without 007, KF-8 at 0.40 in
    place of 3 × 0.20, so 97.50 − 0.40 = 97.10, and PD-2 at 4.00, so (3.00 + 4.00) ÷ 2 = 3.50. Until it is filled in the
    draft is refused. Trying and exporting touch no official file.
    """
    bench = Bench(store.load_set(year.processed), store.read_tables(year.processed))
    before = hashes(tmp_path)
    changes = bench.switch(Changes(), row_of(bench, "扣分登记", 编号="KF-1"), False)
    changes = bench.switch(changes, row_of(bench, "扣分登记", 编号="007"), False)
    changes = bench.switch(changes, row_of(bench, "热线红灯", 工单编号="GD-1"), False)
    changes = bench.set_count(changes, row_of(bench, "扣分登记", 编号="KF-2"), "1")
    changes = bench.set_value(changes, row_of(bench, "扣分登记", 编号="KF-8"), "0.4")
    changes = bench.set_value(changes, row_of(bench, "评定加分", 编号="PD-2"), "4")
    tried = bench.score(changes).score
    by_unit = {result.unit_id: result for result in tried.results}
    assert [by_unit[u].key_score for u in ("T01", "T02", "T03")] == [D("80.00"), D("97.10"), D("100.00")]
    assert [by_unit[u].final_score for u in ("T01", "T02", "T03")] == [D("80.00"), D("104.60"), D("104.00")]
    assert [by_unit[u].rank_overall for u in ("T02", "T03", "T01")] == [1, 2, 3]

    drafts = paths.drafts_folder(year, str(tmp_path / "drafts"))
    file = write_draft(drafts, dump_draft(bench, changes, "试算"))
    assert hashes(tmp_path) == {**before, f"drafts/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()}

    target = year.raw / file.name
    shutil.copy(file, target)
    with pytest.raises(InputRejected) as refused:
        pipeline.check(year)
    lacking = {(problem.file, problem.column) for problem in refused.value.problems if problem.severity == "error"}
    assert lacking == {(file.name, column) for column in LEFT_EMPTY}

    book = openpyxl.load_workbook(file)
    head, rows = read_rows(file.read_bytes())
    for number in range(head + 1, head + 1 + len(rows)):
        for column, text in zip(LEFT_EMPTY, ("异议成立", "组长", date(2023, 1, 5), "〔2023〕1号"), strict=True):
            book["调整复核"].cell(number, HEADER.index(column) + 1).value = text
    book.save(target)
    outcome = pipeline.score(year)
    assert outcome.score is not None
    assert outcome.score.results == tried.results and outcome.score.items == tried.items
    numbers = [
        [(e.unit_id, e.item, e.status, e.nominal, e.before, e.points, e.after) for e in made.ledger]
        for made in (tried, outcome.score)
    ]
    assert numbers[0] == numbers[1]
    assert [problem for problem in outcome.problems if problem.file == file.name] == []
