"""The panel without a browser: what each widget does to the bench, what it shows, and how failures are told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bench_years import small_bench
from bs4 import BeautifulSoup
from build import ROOT
from report_set import PAYLOAD, small_set_tables, write_processed

from assess_lib import paths, pipeline, store
from assess_lib.errors import UsageError
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.workbench import Bench, open_bench
from assess_lib.workbench.panel import Panel
from assess_lib.workbench.rows_table import rows_table


@pytest.fixture
def panel(tmp_path: Path) -> Panel:
    return Panel(small_bench(), tmp_path / "drafts", "data/drafts/2022", "T01")


def words(widget: Any) -> str:
    """Return what an HTML widget shows."""
    return BeautifulSoup(widget.value, "html5lib").get_text(" ", strip=True)


def switch(panel: Panel, number: str) -> None:
    """Tick or untick a row's box, as the browser reports it."""
    place = next(place for place, one in enumerate(panel._evidence) if one.number == number)
    panel._table.selected_rows = sorted(set(panel._table.selected_rows) ^ {place})


def shown_rows(panel: Panel) -> dict[str, list[str]]:
    """Return the summary's rows by their name."""
    rows = BeautifulSoup(panel._summary.value, "html5lib").select("tbody tr")
    cells = [[cell.get_text() for cell in row.find_all("td")] for row in rows]
    return {row[0]: row[1:] for row in cells}


def test_a_box_unticked_changes_all_that_is_shown(panel: Panel) -> None:
    """KF-2 off: summary, ledger, figure, ranks and the draft follow at once, beside the official state."""
    assert "没有改动" in words(panel._summary) and panel._write.disabled
    switch(panel, "KF-2")
    rows = shown_rows(panel)
    assert rows["正式"] == ["计分", "97.00", "11.11", "108.11", "合格", "2", "2", "0 项"]
    assert rows["试算"] == ["计分", "99.00", "11.11", "110.11", "合格", "1", "1", "0 项"]
    assert rows["变动"] == ["不变", "+2.00", "不变", "+2.00", "不变", "升 1 位", "升 1 位", "不变"]
    ledger = BeautifulSoup(panel._ledger.value, "html5lib")
    changed = ledger.select("table")[0].select("tbody tr")
    assert [row.td.get_text() for row in changed] == ["改变"] * 3
    assert "计入 → 撤销" in changed[0].get_text()
    assert [
        figure.figcaption.get_text() for figure in BeautifulSoup(panel._figures.value, "html5lib").select("figure")
    ] == [
        "正式",
        "试算",
    ]
    assert "2 个单位的得分或名次变了" in words(panel._ranks) and "2 → 1" in words(panel._ranks)
    assert "SS-001 撤销：梧桐镇 扣分登记 KF-2" in words(panel._listed) and not panel._write.disabled


def test_everything_from_outside_is_escaped(panel: Panel) -> None:
    """A fact that is markup stays text in every part, also in the table's cells and in the list of rows to change."""
    switch(panel, "KF-2")
    for part in (panel._summary, panel._ledger, panel._figures, panel._ranks, panel._listed):
        assert "<script>alert" not in part.value and "<b>粗" not in part.value
    assert "<script>" not in panel._table._dt_args["data_json"]
    assert any(PAYLOAD in label for label, _ in panel._row.options)  # an option is text in the browser


def test_a_table_of_many_rows_leaves_none_out() -> None:
    """300 rows with long texts, more than itables shows by itself: all are handed over, none is sampled away."""
    rows = [
        {
            "编号": f"KF-{n}", "单位": "T01", "标准编号": "GW-01", "事实": "很长的事实" * 40, "发生日期": "2022-03-01",
            "评分人": "甲", "复核人": "乙",
        }
        for n in range(100, 400)
    ]  # fmt: skip
    panel = Panel(small_bench(扣分登记=rows), Path("unused"), "", "T01")
    data = panel._table._dt_args["data_json"]
    assert all(f'"KF-{n}"' in data for n in range(100, 400)) and len(panel._evidence) > 300
    assert rows_table([])._dt_args["data_json"] == "[]"


def test_units_are_chosen_by_a_few_characters(panel: Panel) -> None:
    """One hit is chosen at once, several are offered and nothing changes yet, none is told; changes stay."""
    switch(panel, "KF-2")
    panel._search.value = "d0"
    assert [code for _, code in panel._units.options] == ["D01", "D02", "D03"] and panel.unit_id == "T01"
    panel._units.value = "D02"
    assert panel.unit_id == "D02" and "县银杏局" in words(panel._summary)
    panel._search.value = "白杨"
    assert panel.unit_id == "T02" and "组内名次 1 → 2" in words(panel._summary)
    panel._search.value = "没有的局"
    assert words(panel._said) == "没有名称或编码含“没有的局”的单位。" and panel.unit_id == "T02"
    panel._search.value = ""
    assert len(panel._units.options) == 5 and panel._units.value == "T02"


def test_a_quantity_is_typed_and_taken_back(panel: Panel) -> None:
    """2 → 5 deducts 5.00; 三 is told in a sentence, nothing changes and the box shows what holds; then it goes back."""
    panel._row.value = next(source for label, source in panel._row.options if label.startswith("KF-2"))
    assert (panel._kind.value, panel._value.value) == ("数量", "2")
    panel._value.value = "5"
    assert shown_rows(panel)["试算"][1] == "94.00"
    panel._kind.value = "扣分"
    assert panel._value.value == "5.00"
    panel._kind.value = "数量"
    panel._value.value = "三"
    assert "不是普通的十进制数字" in words(panel._said) and 'class="bad"' in panel._said.value
    assert (panel._value.value, shown_rows(panel)["试算"][1]) == ("5", "94.00")
    panel._back.click()
    assert panel.changes.nothing and panel._value.value == "2"


def test_all_readings_are_there_with_the_official_one_marked(panel: Panel) -> None:
    """Twelve choices in the scheme's Chinese words, the official option marked; choosing one scores at once."""
    assert list(panel._options) == list(KNOWN_READINGS)
    labels = [label for label, _ in panel._options["bonus_gate"].options]
    assert labels == ["须高于 80 分（正式）", "达到 80 分即可"]
    assert all(sum(label.endswith("（正式）") for label, _ in box.options) == 1 for box in panel._options.values())
    panel._units.value = "D02"
    panel._options["bonus_gate"].value = "at_least"
    assert shown_rows(panel)["试算"][3] == "90.00"
    assert "口径不是调整复核" in words(panel._listed) and panel._write.disabled


def test_one_button_takes_everything_back(panel: Panel) -> None:
    """Rows, amounts, readings and day: the button sets them and their widgets to the official state."""
    switch(panel, "KF-1")
    panel._options["bonus_gate"].value = "at_least"
    panel._day.value = panel._day.value.replace(month=6, day=1)
    official = [one.on for one in panel._evidence]
    panel._reset.click()
    assert panel.changes.nothing and words(panel._said) == "已全部恢复为正式结果。"
    assert panel._options["bonus_gate"].value == "above" and panel._day.value == panel.bench.data.basis.run_date
    assert [one.on for one in panel._evidence] == [
        not on if one.number == "KF-1" else on for on, one in zip(official, panel._evidence, strict=True)
    ]
    assert panel._table.selected_rows == [place for place, one in enumerate(panel._evidence) if one.on]


def test_an_empty_day_is_the_official_one(panel: Panel) -> None:
    """A cleared date box is no change and shows the official day again."""
    panel._day.value = None
    assert panel.changes.nothing and panel._day.value == panel.bench.data.basis.run_date


def test_the_export_is_told_and_so_is_what_hinders_it(panel: Panel, tmp_path: Path) -> None:
    """A click writes one file and names it; a place that cannot be written is told in words, not as a traceback."""
    switch(panel, "KF-2")
    panel._write.click()
    assert words(panel._written) == (
        "已导出 data/drafts/2022/调整复核_试算01.xlsx。补填后放进原始数据文件夹，再运行 assess check。"
    )
    assert [file.name for file in (tmp_path / "drafts").iterdir()] == ["调整复核_试算01.xlsx"]
    panel._drafts = tmp_path / "drafts" / "调整复核_试算01.xlsx" / "inside"
    panel._write.click()
    assert words(panel._written).startswith("无法写入文件夹")


def test_a_bug_is_told_as_one(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no person can cause says so on the panel, leaves the state as it was, and goes on into the log."""

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(panel.bench, "score", broken)
    with pytest.raises(ZeroDivisionError):
        switch(panel, "KF-2")
    assert "程序出错，这一步没有完成：ZeroDivisionError" in words(panel._said)
    assert panel.changes.nothing and panel._evidence[0].on


def test_a_vetoed_unit_has_no_figure_and_dashes(tmp_path: Path) -> None:
    """D01 is vetoed: no score and no rank are shown as dashes, and a sentence stands for the figure."""
    panel = Panel(small_bench(), tmp_path, "", "D01")
    assert shown_rows(panel)["正式"] == ["单项否决", "—", "—", "—", "不合格", "—", "—", "0 项"]
    assert "没有得分构成图" in words(panel._figures)


def test_the_bench_opens_on_the_stored_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened on a year's folders it shows the first unit, its check holds; without a scored set it says what to run."""
    raw, processed = tmp_path / "raw" / "2022", tmp_path / "processed" / "2022"
    raw.mkdir(parents=True)
    monkeypatch.setattr(paths, "project_root", lambda: None)
    monkeypatch.setenv("ASSESS_REPORTS", str(tmp_path / "reports" / "2022"))
    with pytest.raises(UsageError, match=r"请先运行 assess score"):
        open_bench(2022, str(raw), str(processed), str(tmp_path / "drafts"))
    write_processed(processed, small_set_tables())
    panel = open_bench(2022, str(raw), str(processed), str(tmp_path / "drafts"))
    assert panel.unit_id == "T01" and "核对通过" in panel.check()._repr_html_()
    assert panel.bench.official.result("T01").final_score == Decimal("108.11")


@pytest.mark.parametrize("county", ["qingling", "shiqiao", "yunshui"])
def test_other_counties_schemes_are_tried_alike(county: str, tmp_path: Path) -> None:
    """Another scheme, with several key items or none of our bonus items: all units open, all rows switch."""
    raw = ROOT / "tests" / "counties" / county / "raw"
    where = paths.resolve(2023, raw=raw, processed=tmp_path / "processed", reports=tmp_path / "reports")
    pipeline.score(where)
    bench = Bench(store.load_set(where.processed), store.read_tables(where.processed))
    assert bench.check().startswith("核对通过")
    panel = Panel(bench, tmp_path / "drafts", "", next(iter(bench.units)))
    for unit in bench.units:
        panel._units.value = unit
        assert bench.units[unit] in words(panel._summary) and "程序出错" not in words(panel._said)
        panel._table.selected_rows = []
        panel._table.selected_rows = [place for place, one in enumerate(panel._evidence)]
        assert "程序出错" not in words(panel._said)
    panel._reset.click()
    assert panel.changes.nothing
