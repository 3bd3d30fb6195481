"""The rule guide: an invented year that teaches the scheme, its numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
from build import ROOT, SCHEME_FILE

from assess_lib.errors import UsageError
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.views import guide
from assess_lib.views.example import Example, quiet_year

NOTEBOOK = ROOT / "notebooks" / "rule_guide.ipynb"
RATES = {
    "BS-01": ("材料迟报", "0.50", "日"),
    "BS-02": ("材料未报", "5.00"),
    "HY-01": ("迟到", "0.20"),
    "HY-02": ("代会", "0.30"),
    "HY-03": ("缺席", "0.50"),
    "RW-01": ("任务迟办", "0.20", "日"),
    "RW-02": ("任务未办", "1.00"),
    "例-大": ("重大差错", "60.00"),
}


def make_folder(folder: Path, change: Callable[[str], str] = str) -> Path:
    """Make a raw folder that holds nothing but a scheme."""
    folder.mkdir(parents=True)
    (folder / "scheme.yaml").write_text(change(SCHEME_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Example:
    """Start the invented year under the shipped scheme."""
    return quiet_year(make_folder(tmp_path / "raw"), 2022, RATES)


def cells_run(raw: Path, year: int = 2022) -> dict[str, Any]:
    """Run the notebook's code cells one after the other in this process; return what they define."""
    names: dict[str, Any] = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "rule_guide", "exec"), names)
            if "parameters" in cell.metadata.get("tags", ()):
                names.update(year=year, raw=str(raw))
    return names


# --- the invented year ---------------------------------------------------------------------------------------------


def test_a_quiet_year_is_full_marks_and_nothing_open(start: Example) -> None:
    """Nothing deducted, meetings and tasks confirmed none: 100.00 + 2.00 + 2.00, and no item unresolved."""
    result = start.result
    assert (result.key_score, result.bonus_score, result.final_score) == (Decimal(100), Decimal(4), Decimal(104))
    assert result.unresolved == 0 and start.entered == ()


def test_a_row_of_the_same_key_gives_way(start: Example) -> None:
    """A second 半年汇报 replaces the first in its place: three days late costs 1.50, not 0.50 more."""
    late = start.put("材料报送", 材料="半年汇报", 实报日期="6-21").put("材料报送", 材料="半年汇报", 实报日期="6-23")
    assert late.points("K") == Decimal("98.50")
    assert len(late.tables["材料报送"]) == len(start.tables["材料报送"])
    assert [str(row.source) for row in late.entered] == ["材料报送.csv!!2"]


def test_each_change_leaves_the_year_before_as_it_was(start: Example) -> None:
    """put, without and under give new years; the one they came from still ends at 104.00."""
    start.put("扣分登记", 标准编号="例-大")
    start.without("确认无事项", 表="参会登记")
    start.under(bonus_gate="at_least")
    assert start.points("final") == Decimal(104) and start.readings["bonus_gate"] == "above"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda y: y.put("扣分表", 数量=1), "没有“扣分表”这张表"),
        (lambda y: y.put("扣分登记", 标准="例-大"), "没有“标准”这一列"),
        (lambda y: y.put("扣分登记", "戊局", 标准编号="例-大"), "没有“戊局”"),
        (lambda y: y.put("扣分登记", 标准编号="例-无"), "没有 例-无"),
        (lambda y: y.put("扣分登记", 标准编号="例-大", 数量="两次"), "“数量”"),
        (lambda y: y.put("扣分登记", 标准编号="例-大", 发生日期="6.2"), "“发生日期”"),
        (lambda y: y.put("领导评价", 职务="组长", 分值="3.5"), "最大为 3"),
        (lambda y: y.put("通报批评", 类型="媒体", 层级="区", 是否点名="是"), "“层级”"),
        (lambda y: y.put("通报批评", 层级="市", 是否点名="是"), "还缺“类型”"),
        (lambda y: y.without("参会登记", 会议="推进会"), "没有这样的行"),
        (lambda y: y.under(bonus_gate="sometimes"), "没有选项"),
    ],
)
def test_a_mistyped_row_is_told_in_words(start: Example, act: Callable[[Example], Example], said: str) -> None:
    """What the cleaning would refuse is refused here too, with the column and the remedy; never silently dropped."""
    with pytest.raises(UsageError) as told:
        act(start)
    assert said in str(told.value)


def test_a_standard_without_a_rate_is_named(tmp_path: Path) -> None:
    """A scheme that names a standard for which the guide has no rate is told, not scored with nothing."""
    rates = {code: cells for code, cells in RATES.items() if code != "RW-02"}
    with pytest.raises(UsageError, match="RW-02"):
        quiet_year(make_folder(tmp_path / "raw"), 2022, rates)


# --- what it shows -------------------------------------------------------------------------------------------------


def text(shown: Any) -> str:
    """Return what a person reads, cells parted by a bar."""
    from bs4 import BeautifulSoup

    return str(BeautifulSoup(shown._repr_html_(), "html5lib").get_text("|", strip=True))


@pytest.mark.parametrize(
    ("line", "below", "at", "above"),
    [
        (
            "pass_mark",
            "|59.99|—|59.99|不合格",
            "|60.00|—|60.00|合格（等次待审定）",
            "|60.01|—|60.01|合格（等次待审定）",
        ),
        ("bonus_gate", "|79.99|—|79.99|合格", "|80.00|—|80.00|合格", "|80.01|4.00|84.01|合格"),
    ],
)
def test_lines_are_shown_below_at_and_above(start: Example, line: Any, below: str, at: str, above: str) -> None:
    """One cent decides: 59.99 fails and 60.00 passes; 80.00 has no bonus (a dash, not 0) and 80.01 has 4.00."""
    shown = text(guide.around(start, line))
    assert below in shown and at in shown and above in shown


def test_entered_rows_stand_beside_the_ledger_rows_they_give(start: Example) -> None:
    """The row as it was typed, its formula 100.00 − 0.50 × 3, its source, and the conclusion in one sentence."""
    shown = text(guide.show(start.put("材料报送", 材料="半年汇报", 实报日期="6-23"), "K"))
    assert "虚构的数据：材料报送|行|单位|材料|实报日期|2|甲镇|半年汇报|2022-06-23" in shown
    assert "100.00 − 0.50 × 3 = 98.50" in shown and "材料报送.csv · 2" in shown
    assert "结论：重点考核 98.50，加分 4.00，最终得分 102.50，合格（等次待审定）。" in shown


def test_an_open_item_is_said(start: Example) -> None:
    """Without confirmation and rows B6 counts 0 for the time being, and the conclusion names it as open."""
    shown = text(guide.show(start.without("确认无事项", 表="参会登记"), "B6"))
    assert "取消的行：确认无事项（表 参会登记" in shown
    assert "待定 1 项：B6，补正前不能定稿。" in shown


def test_what_is_typed_is_text_and_never_markup(start: Example) -> None:
    """A cell that holds markup is shown as its characters."""
    shown = guide.show(start.put("扣分登记", 标准编号="例-大", 事实="<img src=x onerror=alert(1)>"), "K")._repr_html_()
    assert "<img" not in shown and "&lt;img" in shown


def test_the_deadlines_are_the_schemes(start: Example) -> None:
    """Half-year by 20 June and annual by 20 December from all, quarterly from key-task units."""
    shown = text(guide.deadlines(start))
    assert "半年汇报|2022年6月20日|各单位|五1" in shown and "年度总结|2022年12月20日|各单位|五1" in shown
    assert "季度进展（3 季度）|2022年9月20日|重点任务单位|五1" in shown


# --- checks by hand ------------------------------------------------------------------------------------------------


def test_a_value_that_differs_stops_the_notebook(start: Example) -> None:
    """A hand-worked 103.99 against 104.00 is an AssertionError that names both."""
    with pytest.raises(AssertionError, match=r"起点：手算 103\.99，程序 104\.00"):
        guide.check_by_hand([("起点", start, "final", "103.99")], start.scheme.document.number)


def test_under_another_document_only_the_sums_are_held(start: Example) -> None:
    """Values worked out for another scheme are not compared, and that is said."""
    shown = text(guide.check_by_hand([("起点", start, "final", "103.99")], "别的文号"))
    assert "不再核对" in shown and "台账逐行相加相符" in shown


# --- the notebook --------------------------------------------------------------------------------------------------


def test_the_notebook_needs_nothing_but_the_scheme(tmp_path: Path) -> None:
    """All cells run on a folder with scheme.yaml alone; its hand-worked values hold (29 of them)."""
    names = cells_run(make_folder(tmp_path / "raw"))
    assert len(names["hand"]) == 29
    # once more apart from the notebook, which could be edited to fit
    made = {(name, what): guide._value(example, what) for name, example, what, _ in names["hand"]}
    assert made["迟一日", "K"] == "99.50" and made["标准的上限", "K"] == "90.00" and made["扣到零", "K"] == "0.00"
    assert made["同一事项", "B2"] == "2.00" and made["信息报送并列", "B4"] == "2.00"
    assert made["重点考核 80", "final"] == "80.00" and made["达到即可", "final"] == "84.00"


def test_every_reading_has_an_example_on_which_it_decides(tmp_path: Path) -> None:
    """For each of the twelve readings the notebook's example gives at least two different results."""
    cases = cells_run(make_folder(tmp_path / "raw"))["cases"]
    assert set(cases) == set(KNOWN_READINGS)
    for key, example in cases.items():
        results = {
            (made.result.status, made.result.final_score)
            for made in (example.under(**{key: option}) for option in KNOWN_READINGS[key])
        }
        assert len(results) >= 2, key


def test_a_changed_scheme_is_noticed(tmp_path: Path) -> None:
    """A pass mark of 65 under the same document contradicts the values worked out by hand: the last cell stops."""
    raw = make_folder(
        tmp_path / "raw", lambda scheme: scheme.replace("pass_mark: {points: 60", "pass_mark: {points: 65")
    )
    with pytest.raises(AssertionError, match="重点考核 60：手算 合格，程序 不合格"):
        cells_run(raw)


def test_the_next_years_scheme_runs_too(tmp_path: Path) -> None:
    """Under next year's scheme, with another document, dates and gate, every cell still runs."""

    def next_year(scheme: str) -> str:
        scheme = scheme.replace("千政办函〔2022〕28号", "千政办函〔2023〕9号").replace("2022-", "2023-")
        return scheme.replace("year: 2022", "year: 2023").replace("{points: 80,", "{points: 85,")

    names = cells_run(make_folder(tmp_path / "raw", next_year), 2023)
    assert names["start"].scheme.judgement.bonus_gate.points == 85
    shown = text(guide.around(names["start"], "bonus_gate"))
    assert "|84.99|—|" in shown and "|85.00|—|" in shown and "|85.01|4.00|89.01|" in shown


def test_the_helper_keeps_no_state(tmp_path: Path) -> None:
    """Two runs give the same pages, byte for byte."""
    raw = make_folder(tmp_path / "raw")
    one, two = cells_run(raw), cells_run(raw)
    assert guide.switches(one["cases"])._repr_html_() == guide.switches(two["cases"])._repr_html_()
    assert guide.show(one["info"])._repr_html_() == guide.show(two["info"])._repr_html_()
