"""Figures: they show what the results say, in words too, and the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from build import make_tables
from report_set import make_set, small_set_tables

from assess_lib import figures, views
from assess_lib.figures import letters
from assess_lib.figures.drawing import Scale, canvas, shorten
from assess_lib.figures.waterfall import SHOWN
from assess_lib.views.words import brief


@pytest.fixture(scope="module")
def data():
    return make_set(small_set_tables())


@pytest.fixture(scope="module")
def county(data):
    return views.CountySummary(data, make_tables(small_set_tables()))


def test_the_waterfall_runs_from_100_through_the_key_score_to_the_final_score(data):
    """T01: 100.00, two deductions, 97.00, five bonus items, 108.11; every bar starts where the last one ended."""
    steps = figures.waterfall_steps(views.UnitReport(data, "T01"))
    assert [step.end for step in steps if step.kind == "total"] == [
        Decimal("100"),
        Decimal("97.00"),
        Decimal("108.11"),
    ]
    assert [step.change for step in steps if step.kind == "loss"] == [Decimal("-1.00"), Decimal("-2.00")]
    assert [step.change for step in steps if step.kind == "gain"] == [
        Decimal("2.00"),
        Decimal("3.00"),
        Decimal("2.41"),
        Decimal("1.70"),
        Decimal("2.00"),
    ]
    assert all(last.end == step.start for last, step in pairwise(steps))


def test_a_closed_gate_ends_the_waterfall_at_the_key_score(data):
    """D02 at 80.00 has no bonus bar and no second total."""
    steps = figures.waterfall_steps(views.UnitReport(data, "D02"))
    assert [(step.kind, step.end) for step in steps] == [
        ("total", Decimal("100")),
        ("loss", Decimal("80.00")),
        ("total", Decimal("80.00")),
    ]


@pytest.mark.parametrize(("count", "bars"), [(SHOWN, SHOWN), (SHOWN + 1, SHOWN + 1), (SHOWN + 2, SHOWN + 1)])
def test_many_deductions_lose_nothing(count, bars):
    """Beyond what fits, the smallest deductions are one bar, and the bars still add up to the key score."""
    tables = small_set_tables()
    row = next(row for row in tables["扣分登记"] if row["编号"] == "KF-1")
    tables["扣分登记"] = [row | {"编号": f"KF-{n:03}", "数量": 1 + n % 3} for n in range(count)]
    tables["调整复核"] = []
    tables["确认无事项"].append({"表": "扣分登记", "单位": "D02", "确认人": "办", "确认日期": "2023-01-02"})
    report = views.UnitReport(make_set(tables), "T01")
    losses = [step for step in figures.waterfall_steps(report) if step.kind == "loss"]
    assert len(losses) == bars
    assert Decimal("100") + sum(step.change for step in losses) == report.key_score
    assert ("其余" in losses[-1].label) is (count > SHOWN + 1)


def test_a_vetoed_unit_has_a_sentence_instead_of_a_figure(data):
    """A unit without a score gets no picture of one."""
    shown = figures.waterfall(views.UnitReport(data, "D01"))
    assert isinstance(shown, views.Html)
    assert "没有得分构成图" in shown._repr_html_()


def all_plots(data, county):
    return [
        figures.waterfall(views.UnitReport(data, "T01")),
        figures.distribution(county),
        figures.heat_map(county),
        figures.pareto(county),
    ]


def test_figures_are_plain_svg_with_words(data, county):
    """Each figure is SVG without text in the machine's fonts, times, scripts or addresses, and has alt."""
    for plot in all_plots(data, county):
        root = ElementTree.fromstring(plot.svg)
        assert root.tag.endswith("svg")
        assert not [node for node in root.iter() if node.tag.endswith(("}text", "}script", "}image"))]
        assert "dc:date" not in plot.svg
        assert not re.search(r'href="(?!#)', plot.svg)
        bundle, metadata = plot._repr_mimebundle_()
        assert set(bundle) == {"image/svg+xml", "text/plain"}
        assert metadata["image/svg+xml"]["alt"] == plot.alt
    assert "108.11" in all_plots(data, county)[0].alt
    assert "LD-01 推广未完成 20.00 分" in all_plots(data, county)[3].alt


def test_drawing_imports_no_pyplot():
    """A figure needs neither windows nor axes; to copy matplotlib's parameters by their own way would import them."""
    code = (
        "import sys; from assess_lib.figures.drawing import canvas\n"
        "with canvas(10) as sheet: sheet.text(0, 5, '分'); sheet.finish('')\n"
        "print('matplotlib' in sys.modules, 'matplotlib.pyplot' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_figures_are_the_same_bytes_every_time(data, county):
    """Drawing twice gives identical SVG."""
    assert [p.svg for p in all_plots(data, county)] == [p.svg for p in all_plots(data, county)]


def test_a_year_without_scores_has_no_figures_but_sentences():
    """When every unit is vetoed nothing is drawn, and nothing fails."""
    tables = small_set_tables()
    tables["信息中心结果"] = [
        {"单位": row["单位编码"], "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2023-01-03"}
        for row in tables["单位名录"]
    ]
    county = views.CountySummary(make_set(tables), make_tables(tables))
    assert isinstance(figures.distribution(county), views.Html)
    assert isinstance(figures.pareto(county), views.Html)
    assert isinstance(figures.heat_map(county), figures.Plot)
    assert "没有单位有最终得分" in county.headline()._repr_html_()
    assert "核对通过" in county.check()._repr_html_()


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("县环保新材料工业园管委会", 24, "县环保新材料工业园管委会"),
        ("县环保新材料工业园管委会", 23, "县环保新材料工业园管…"),
    ],
)
def test_labels_are_cut_only_when_they_must_be(text, width, cut):
    """The longest unit's name of twelve characters fits into 24 columns; one column less cuts it visibly."""
    assert shorten(text, width) == cut


def test_brief_labels_drop_remarks_and_the_year():
    """An axis label keeps the fact and the day; brackets, also nested ones, are left to the table."""
    assert brief("2022-06-09 退回返工（GW-02 退回（两次））：已改值（组长）", 2022) == "06-09 退回返工：已改值"
    assert brief("（只有括号）", 2022) == "（只有括号）"


TEXTS = (
    "06-07 关于电子证照归集的承办件逾…",
    "B1 特色亮点",
    "−0.50",
    "+12.25",
    "ZD-05 牵头的专项改革（AVTo，“Wa”）！",
    "220.00　累计 24%",
    "◆ 本单位 97.77　┃ 组内中位数 89.99",
    "县𠮷䶮㐂局",
    "é 和 葛\U000e0101",
    "A…—L",
)


@pytest.mark.parametrize("text", TEXTS)
def test_letters_stand_where_matplotlib_puts_them(text):
    """Laid out in runs that are remembered, every letter stands where it does when the whole text is laid out."""
    made, whole = letters.layout(text), letters.layout_whole(text)
    assert made.glyphs == whole.glyphs
    assert abs(made.width - whole.width) < letters.EM / 4  # the ink of the last letter, not its room


def test_letters_that_are_laid_out_alone_do_nothing_to_their_neighbours():
    """Chinese characters, figures and marks, beside one another or Latin letters, are all as matplotlib has them."""
    signs = "县分、，（〔＋～Ａ 017%+−×·●◆.,-/:AWTjz…—()'"
    for first in signs:
        for second in signs:
            for text in (first + second, f"1{first}{second}0", f"{first} {second}", f"{first}县{second}1"):
                assert letters.layout(text).glyphs == letters.layout_whole(text).glyphs, text


def test_a_label_is_written_once_and_safely():
    """A label with markup stands in the figure as outlines and as a comment that ends where it should."""
    with canvas(72) as sheet:
        sheet.text(10, 36, "<b>--> & 甲甲")
        svg = sheet.finish("图").svg
    root = ElementTree.fromstring(svg)
    assert svg.count("甲甲 -->") == 1 and "<b>" not in svg
    names = [node.get("id") for node in root.iter() if node.get("id", "").startswith("g")]
    assert len(names) == len(set(names)) == len(set("<b>--> & 甲甲"))


def test_a_label_is_one_line():
    """A line break or a tab that a register has in a fact is a space in the label, and no letter without a shape."""
    letters.forget()
    with canvas(72) as sheet, warnings.catch_warnings():
        warnings.simplefilter("error")
        sheet.text(10, 36, "一行\n又一行\t完")
    assert [label.text for label in sheet.labels] == ["一行 又一行 完"]


@pytest.mark.parametrize("text", ["➢ 未按时办结", "✔", "\uf0b7 甲", "🏭", "𝟏", "甲\u2028乙", "مرحبا"])
def test_a_letter_without_a_shape_is_a_box_and_no_warning(text):
    """Word's bullets, emoji and other scripts leave a mark in the figure; nothing is printed beside it on the page."""
    letters.forget()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = letters.layout(text)
    boxes = [glyph for glyph, _, _ in made.glyphs if glyph.startswith("gb")]
    assert boxes and all(letters.outline(glyph) for glyph in boxes)
    rare, _ = letters.layout("𠮷县").glyphs
    assert rare[0].startswith("gr")  # another face has other letters under the same numbers


def test_bars_below_zero_stay_inside_the_figure():
    """The scale of the waterfall reaches down to where the bars reach, also below zero."""
    assert Scale(-20, 100, 170, 420)(-14) > 170
    assert Scale(-20, 20, 0, 100).ticks(10) == [-20, -10, 0, 10, 20]
    assert Scale(5, 5, 10, 90)(5) == 10
