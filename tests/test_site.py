"""The index of a year's reports: what it lists, how it is searched, that nothing in it can do harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser, needs_browser, watched
from bs4 import BeautifulSoup
from build import make_tables
from report_set import make_set

from assess_lib.publish import site

UNITS = [
    {
        "单位编码": "T01",
        "单位名称": "城关镇",
        "单位类别": "镇",
        "全称": "千阳县城关镇人民政府",
        "别名": "关镇",
        "重点任务单位": "否",
    },
    {"单位编码": "T02", "单位名称": "<b>水沟镇</b>", "单位类别": "镇", "重点任务单位": "否"},
    {"单位编码": "D01", "单位名称": "县人行", "单位类别": "县级部门", "重点任务单位": "否"},
    {"单位编码": "D02", "单位名称": "县审计局", "单位类别": "县级部门", "重点任务单位": "否"},
]
# T01 loses 2.00, T02 is vetoed (2 red lights), D01 loses 30.00, D02 nothing; nobody's other items are reported.
LITERALS: dict[str, Any] = {
    "单位名录": UNITS,
    "扣分标准": [
        {"标准编号": "BS-01", "考核内容": "材料", "扣分情形": "迟报", "单次扣分": "1", "批准文号": "文"},
        {"标准编号": "BS-02", "考核内容": "材料", "扣分情形": "未报", "单次扣分": "1", "批准文号": "文"},
        {"标准编号": "GW-01", "考核内容": "公文", "扣分情形": "错漏", "单次扣分": "28", "批准文号": "文"},
    ],
    "信息中心结果": [
        {"单位": unit, "红灯次数": lights, "市大数据局通报": "否", "出具日期": "2022-12-30"}
        for unit, lights in (("T01", 0), ("T02", 2), ("D01", 0), ("D02", 0))
    ],
    "材料报送": [
        {"单位": "D02", "材料": "半年汇报", "实报日期": "2022-06-01"},
        {"单位": "D02", "材料": "年度总结", "实报日期": "2022-12-01"},
    ],
    "扣分登记": [
        {
            "编号": "K1",
            "单位": "D01",
            "标准编号": "GW-01",
            "事实": "错",
            "发生日期": "2022-05-01",
            "数量": 1,
            "评分人": "甲",
            "复核人": "乙",
        }
    ],
}
FILES = {
    "county_summary.html",
    "county_summary.pdf",
    "units/T01.html",
    "units/T01.pdf",
    "units/T01.ipynb",
    "units/D01.html",
    "units/D02.html",
}


@pytest.fixture(scope="module")
def page() -> str:
    tables = make_tables(LITERALS)
    return site.index_page(make_set(LITERALS), tables["单位名录"], FILES)


def test_every_unit_is_listed_with_the_reports_that_exist(page: str) -> None:
    """The index lists each unit once, in roster order, with links to just the files that exist."""
    soup = BeautifulSoup(page, "html5lib")
    rows = soup.select(".units tbody tr")
    assert [row.select_one("td").text for row in rows] == ["T01", "T02", "D01", "D02"]
    assert [[link["href"] for link in row.select(".links a")] for row in rows] == [
        ["units/T01.html", "units/T01.pdf", "units/T01.ipynb"],
        [],
        ["units/D01.html"],
        ["units/D02.html"],
    ]
    assert [link["href"] for link in soup.select(".documents a")] == ["county_summary.html", "county_summary.pdf"]


def test_scores_and_blanks(page: str) -> None:
    """A scored unit shows its score with two decimals; a vetoed unit shows dashes, never 0."""
    soup = BeautifulSoup(page, "html5lib")
    cells = [[cell.text for cell in row.select("td.number")] for row in soup.select(".units tbody tr")]
    assert [row[:3] for row in cells] == [
        ["98.00", "1", "2"],
        ["—", "—", "—"],
        ["70.00", "2", "3"],
        ["100.00", "1", "1"],
    ]


def test_names_are_text(page: str) -> None:
    """A unit's name that looks like markup is shown as text, in cells and in attributes alike."""
    soup = BeautifulSoup(page, "html5lib")
    row = soup.select(".units tbody tr")[1]
    assert row.select_one("th").text == "<b>水沟镇</b>"
    assert row.select("b") == []
    assert row["data-name"] == "<b>水沟镇</b>"


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    """The page names no address outside its folder, and its policy lets only its own script run."""
    soup = BeautifulSoup(page, "html5lib")
    assert not soup.select("[src], link")
    assert all("//" not in link["href"] for link in soup.select("[href]"))
    policy = soup.select_one("meta[http-equiv='Content-Security-Policy']")["content"]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert "unsafe-inline'; script" in policy  # styles alone may stand in the page
    assert page == site.index_page(make_set(LITERALS), make_tables(LITERALS)["单位名录"], FILES)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("城关镇", "chengguanzhen"),
        ("城关镇", "cgz"),
        ("县人行", "xianrenhang"),
        ("县人行", "xianrenxing"),
        ("县统计局", "xtjj"),
        ("ABC中心", "abczhongxin"),
    ],
)
def test_names_are_found_by_pinyin(name: str, typed: str) -> None:
    """A name is found by its pinyin in full or by initials, with any reading of its characters."""
    assert any(typed in spelling for spelling in site.spellings(name))


@pytest.fixture(scope="module")
def opened(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    place = tmp_path_factory.mktemp("reports")
    (place / "index.html").write_text(page, encoding="utf-8")
    with browser() as running:
        yield running, (place / "index.html").as_uri()


def _shown(tab: Any) -> list[str]:
    return [row.locator("th").inner_text() for row in tab.locator(".units tbody tr:visible").all()]


@needs_browser
def test_search_filter_and_sort_in_a_browser(opened: Any) -> None:
    """From the disk, with no server, the list is searched by name or pinyin, filtered and sorted."""
    running, address = opened
    tab = running.new_page()
    wrong = watched(tab)
    tab.goto(address)
    for typed, expected in [
        ("cgz", ["城关镇"]),
        ("人行", ["县人行"]),
        ("d0", ["县人行", "县审计局"]),
        ("ＳＪＪ", ["县审计局"]),
        ("关镇", ["城关镇"]),
        ("没有这个", []),
    ]:
        tab.fill("#query", typed)
        assert _shown(tab) == expected
    assert tab.locator("#none").is_visible()
    tab.click("button[type=reset]")
    tab.wait_for_function("document.getElementById('count').textContent === '共 4 个单位'")
    tab.select_option("#group", "镇")
    assert _shown(tab) == ["城关镇", "<b>水沟镇</b>"]
    assert tab.locator("#count").inner_text() == "找到 2 个单位，共 4 个"
    tab.select_option("#group", "")
    tab.click("th[data-sort=score] button")
    assert _shown(tab) == ["县审计局", "城关镇", "县人行", "<b>水沟镇</b>"]
    tab.click("th[data-sort=score] button")
    assert _shown(tab) == ["县人行", "城关镇", "县审计局", "<b>水沟镇</b>"]
    assert tab.get_attribute("th[data-sort=score]", "aria-sort") == "ascending"
    tab.reload()
    assert _shown(tab) == ["县人行", "城关镇", "县审计局", "<b>水沟镇</b>"]
    assert wrong == []
    tab.close()


@needs_browser
def test_the_index_is_used_by_keyboard(opened: Any) -> None:
    """With the keyboard alone one gets into the search, to the sort buttons and to a report."""
    running, address = opened
    tab = running.new_page()
    tab.goto(address)
    tab.keyboard.press("/")
    tab.keyboard.type("cgz")
    assert tab.input_value("#query") == "cgz"
    reached = []
    for _ in range(20):
        tab.keyboard.press("Tab")
        reached.append(
            tab.evaluate("document.activeElement.getAttribute('href') || document.activeElement.textContent")
        )
    assert "单位" in reached
    assert "units/T01.html" in reached
    tab.close()


@needs_browser
def test_a_phone_shows_every_column_without_scrolling_sideways(opened: Any) -> None:
    """On a screen of 360 pixels nothing is cut off at the side, and each number stands with its name."""
    running, address = opened
    tab = running.new_page(viewport={"width": 360, "height": 740})
    tab.goto(address)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    first = tab.locator(".units tbody tr").first.locator("td.number").first
    assert tab.evaluate("cell => getComputedStyle(cell, '::before').content", first.element_handle()) != "none"
    tab.close()


@needs_browser
def test_without_a_script_all_units_are_listed(opened: Any) -> None:
    """Where scripts are off the whole list and its links are there, and no dead controls are shown."""
    running, address = opened
    context = running.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address)
    assert len(_shown(tab)) == 4
    assert not tab.locator(".filters").is_visible()
    context.close()


@needs_browser
def test_accessibility_of_the_index(opened: Any) -> None:
    """axe-core finds nothing in the index page that would keep a person from using it."""
    from axe_playwright_python.sync_playwright import Axe

    running, address = opened
    context = running.new_context(bypass_csp=True)  # the page's policy keeps out even the examiner's script
    tab = context.new_page()
    tab.goto(address)
    found = Axe().run(tab).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []
    context.close()


def test_an_index_of_nothing_made_yet(tmp_path: Path) -> None:
    """Units without a report say so; documents that do not exist are not offered."""
    soup = BeautifulSoup(site.index_page(make_set(LITERALS), make_tables(LITERALS)["单位名录"], ()), "html5lib")
    assert [cell.text for cell in soup.select(".links")] == ["本次未出"] * 4
    assert soup.select("nav") == []
