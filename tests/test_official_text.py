"""The official text: its clauses are found however it is broken, and the scheme's numbers are held against it."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_year import make_raw

from assess_lib.audit.audited import open_set
from assess_lib.cli import main
from assess_lib.errors import InputRejected, Problem
from assess_lib.official_text import (
    OfficialText,
    check_official_text,
    load_official_text,
    parse_official_text,
    uncovered_clauses,
)
from assess_lib.views.audit import AuditPage
from tests.build import load_scheme_plainly

SCHEME = load_scheme_plainly()

# Invented, in our own words; only the words that the scheme expects are the document's.
TEXT = """\
关于印发年度工作考核方案的通知
各镇人民政府，县级各部门：
现将考核方案印发你们，请遵照执行。
考核方案
一、总体要求
对照年初确定的任务，客观评价各单位成效，一、二季度情况一并计入。
二、考核对象
1.各镇，共7个。
2.县级有关部门，共39个（见附件2022.6版）。
三、考核内容
（一）重点工作。按方案第四部分（二）执行，权重为1.5倍的不另行说明。
（二）加分工作。见四（三）各项。
四、考核方法
先看否决情形。重点工作满分100分，加分最高20分。得分低于60分的为不合格，高于80分的可以加分。
（一）单项否决。有下列情形之一的，评为不合格：
1.12345热线全年出现两次及以上超期办理，或者被市级主管部门通报的；
2.被上级检查或者媒体点名，且群众反映突出的。
（二）重点考核（100分）。按材料、公文、信息等情况扣分，扣完为止，3、4季度的情况按（一）以外的规定办理。
（三）加分事项（20分）
1.特色亮点（4分）。做法领先的，由办公室评定。
2.通报表彰。按层级分别加3分、2分、1分，同一事项按最高的计。
3.经验宣传。按层级分别加3分、2分、1分，同上。
4.信息报送。每季度报送数量和采用率前3位的，分别加3分、2分、1分。
5.领导评价（3分）。由组长、副组长评定。
6.参会情况（2分）。按要求参会。
7.其它任务（2分）。按时完成。
五、考核程序
1.资料报送。半年汇报于6月20日前、年度总结于12月20日前报送；重点任务单位每季度末月20日前报送进展。
（1）电子版须完整。
（2）照片须清晰。
2.量化评分。由办公室工作人员逐项评分。
3.综合评定。提出初步等次。
4.审定公布。报领导小组审定后公布。
"""
LOCATORS = (
    "一",
    "二",
    "二1",
    "二2",
    "三",
    "三（一）",
    "三（二）",
    "四",
    "四（一）",
    "四（一）1",
    "四（一）2",
    "四（二）",
    "四（三）",
    "四（三）1",
    "四（三）2",
    "四（三）3",
    "四（三）4",
    "四（三）5",
    "四（三）6",
    "四（三）7",
    "五",
    "五1",
    "五2",
    "五3",
    "五4",
)


def half_width(text: str) -> str:
    """Return the text in half width throughout."""
    return unicodedata.normalize("NFKC", text)


def full_width(text: str) -> str:
    """Return the text with full-width digits and stops after numbers."""
    digits = str.maketrans("0123456789().", "０１２３４５６７８９（）．")
    return text.translate(digits)


def every(length: int) -> Callable[[str], str]:
    """Return a mangler that breaks lines after that many characters, keeping none of the text's own breaks."""

    def mangle(text: str) -> str:
        joined = text.replace("\n", "")
        return "\n".join(joined[n : n + length] for n in range(0, len(joined), length))

    return mangle


def paged(form: str, each: int = 9) -> Callable[[str], str]:
    """Return a mangler that puts a page-number line after every few lines."""

    def mangle(text: str) -> str:
        lines = text.split("\n")
        for page, at in enumerate(range(each, len(lines), each + 1), start=1):
            lines.insert(at, form.format(page))
        return "\n".join(lines)

    return mangle


def chain(*steps: Callable[[str], str]) -> Callable[[str], str]:
    """Return the manglers one after the other."""

    def mangle(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return mangle


MANGLED: dict[str, Callable[[str], str]] = {
    "tidy": lambda text: text,
    "no line break at all": lambda text: text.replace("\n", ""),
    "a break every 7 characters": every(7),
    "a break every 3 characters": every(3),
    "a break after every character": every(1),
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "half width": half_width,
    "full width": full_width,
    "spaces between all characters": lambda text: re.sub(r"(?=[^\n])", " ", text),
    "ideographic commas after numbers": lambda text: re.sub(r"(?m)^(\d)\.", r"\1、", text),
    "bracketed numbers": lambda text: re.sub(
        r"(?m)^(\d)\.", r"（\1）", text.replace("（1）", "①").replace("（2）", "②")
    ),
    "page lines - 3 -": paged("- {} -", 3),
    "page lines — 3 —": paged("— {} —", 3),
    "page lines 第3页": paged("第 {} 页 共 9 页", 3),
    "page lines 3": paged("{}", 3),
    "page lines 3 in lines of 7": chain(every(7), paged("{}")),
    "page lines － ３ － in lines of 11, half width": chain(half_width, every(11), paged("－ {} －")),
    "page lines Page 3": paged("Page {}", 3),
    "page lines Page 3 of 9 in lines of 9": chain(every(9), paged("Page {} of 9", 3)),
    "page lines P.3": paged("P.{}", 3),
    "page lines 3 of 9": paged("{} of 9", 3),
    "page lines 共9页 第3页 in lines of 9": chain(every(9), paged("共 9 页　第 {} 页", 3)),
    "page lines 第三页 in lines of 9": chain(every(9), paged("第三页", 3)),
    "page lines 第3頁 in lines of 9": chain(every(9), paged("第{}頁", 3)),
    "page lines ── 3 ── in lines of 9": chain(every(9), paged("── {} ──", 3)),
    "page lines • 3 • in lines of 9": chain(every(9), paged("• {} •", 3)),
    "form feeds": paged("\f", 4),
}


def errors(text: OfficialText) -> list[Problem]:
    """Return what the shipped scheme finds wrong in a text, labels included."""
    return check_official_text(text, SCHEME)


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
def test_a_right_text_passes_however_it_is_broken(mangle: Callable[[str], str]) -> None:
    """Lines, pages and widths of a copy never stop the load."""
    text = parse_official_text(mangle(TEXT))
    assert set(LOCATORS) <= set(text.clauses)
    assert errors(text) == []


def test_clauses_are_those_of_the_text_and_no_others() -> None:
    """References, decimals, dates, quarters and sub-points within a sentence are no headings."""
    assert tuple(parse_official_text(TEXT).clauses) == LOCATORS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), share=st.sampled_from([0.02, 0.1, 0.3]))
def test_breaks_anywhere_change_nothing(seed: int, share: float) -> None:
    """Breaks, spaces and page lines at random places leave every clause and number where it is."""
    chance = random.Random(seed)
    mangled = ""
    for char in TEXT:
        mangled += char
        draw = chance.random()
        if draw < share:
            mangled += chance.choice(["\n", "\n\n", " ", "\u3000", "\r\n", "\n- 4 -\n", "\n— 12 —\n", "\n第5页\n"])
    text = parse_official_text(mangled)
    assert set(LOCATORS) <= set(text.clauses)
    assert errors(text) == []


def laid_out(text: str, draw: random.Random, bare: bool) -> str:
    """Return a text as some copy of it might be: lines of one length, pages breaking between or inside lines."""
    text = draw.choice([text, text.replace("\n", ""), half_width(text), full_width(text)])
    width = draw.choice([7, 11, 20, 30])
    lines = [line[n : n + width] for line in text.split("\n") for n in range(0, max(1, len(line)), width)]
    forms = ["- {} -", "— {} —", "第{}页", "第 {} 页 共 9 页", "· {} ·", "\f"]
    form = draw.choice(["{}", "{}\f"] if bare else forms)
    page, each, inside = draw.choice([1, 2, 3]), draw.choice([4, 9, 15]), draw.random() < 0.5
    copied: list[str] = []
    for number, line in enumerate(lines, start=1):
        copied.append(line)
        if number % each == 0:
            cut = draw.randrange(1, len(line)) if inside and len(line) > 3 else len(line)
            copied[-1:] = [line[:cut], form.format(page), line[cut:]]
            page += 1
    return draw.choice(["\n", "\r\n"]).join(copied)


# fixed layouts: about one in 500 is ambiguous (a digit alone on a line beside a page break) and may be refused
@pytest.mark.parametrize("seed", range(150))
def test_no_layout_stops_a_right_text_or_lets_a_wrong_one_pass(seed: int) -> None:
    """A right text passes in any layout, bare page numbers in sentences included; a wrong number is found.

    A bare page number inside the very number that is wrong could be part of it: such a copy is not held to this.
    """
    draw = random.Random(seed)
    text = parse_official_text(laid_out(TEXT, draw, draw.random() < 0.3))
    assert set(LOCATORS) <= set(text.clauses)
    assert errors(text) == []
    old, new, locator, expected = draw.choice(WRONG_NUMBERS)
    found = errors(parse_official_text(laid_out(TEXT.replace(old, new), draw, bare=False)))
    assert [(p.severity, p.column, p.value) for p in found] == [("error", locator, expected)]


WRONG_NUMBERS = [
    ("共7个", "共8个", "二1", "7个"),
    ("共7个", "共17个", "二1", "7个"),
    ("共39个", "共38个", "二2", "39个"),
    ("满分100分", "满分110分", "四", "100分"),
    ("最高20分", "最高25分", "四", "20分"),
    ("低于60分", "低于65分", "四", "60分"),
    ("低于60分", "低于160分", "四", "60分"),
    ("高于80分", "高于85分", "四", "80分"),
    ("出现两次", "出现三次", "四（一）1", "两次"),
    ("出现两次", "出现十二次", "四（一）1", "两次"),
    ("重点考核（100分）", "重点考核（90分）", "四（二）", "100分"),
    ("加分事项（20分）", "加分事项（30分）", "四（三）", "20分"),
    ("特色亮点（4分）", "特色亮点（5分）", "四（三）1", "4分"),
    ("特色亮点（4分）", "特色亮点（14分）", "四（三）1", "4分"),
    ("特色亮点（4分）", "特色亮点（1.4分）", "四（三）1", "4分"),
    ("表彰。按层级分别加3分、2分、1分", "表彰。按层级分别加3分、2分、2分", "四（三）2", "3分、2分、1分"),
    ("表彰。按层级分别加3分、2分、1分", "表彰。按层级分别加4分、3分、2分、1分", "四（三）2", "3分、2分、1分"),
    ("表彰。按层级分别加3分、2分、1分", "表彰。按层级分别加3分、2分、1分、1分", "四（三）2", "3分、2分、1分"),
    ("宣传。按层级分别加3分、2分、1分", "宣传。按层级分别加2分、3分、1分", "四（三）3", "3分、2分、1分"),
    ("前3位", "前5位", "四（三）4", "前3位"),
    ("前3位", "前13位", "四（三）4", "前3位"),
    ("3位的，分别加3分、2分、1分", "3位的，分别加3分、2分", "四（三）4", "3分、2分、1分"),
    ("领导评价（3分）", "领导评价（13分）", "四（三）5", "3分"),
    ("参会情况（2分）", "参会情况（12分）", "四（三）6", "2分"),
    ("其它任务（2分）", "其它任务（3分）", "四（三）7", "2分"),
    ("6月20日", "6月25日", "五1", "6月20日"),
    ("12月20日", "11月20日", "五1", "12月20日"),
    ("末月20日", "末月25日", "五1", "20日"),
]


@pytest.mark.parametrize(("old", "new", "locator", "expected"), WRONG_NUMBERS)
@pytest.mark.parametrize("mangle", [MANGLED["tidy"], MANGLED["a break every 7 characters"]], ids=["tidy", "broken"])
def test_a_number_that_differs_stops_the_load(
    old: str, new: str, locator: str, expected: str, mangle: Callable[[str], str]
) -> None:
    """Each number stands in its clause as a whole; the message says what was expected and what stands there."""
    assert TEXT.count(old) == 1
    found = errors(parse_official_text(mangle(TEXT.replace(old, new))))
    assert [(p.severity, p.column, p.value) for p in found] == [("error", locator, expected)]
    assert expected in found[0].message
    assert half_width(new)[-3:] in half_width(found[0].message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("出现两次", "出现2次"),
        ("出现两次", "出现二次"),
        ("共7个", "共七个"),
        ("前3位", "前三名"),
        ("满分100分", "满分一百分"),
        ("特色亮点（4分）", "特色亮点（4.0分）"),
        ("表彰。按层级分别加3分、2分、1分", "表彰。国家级3分，省级2分，市级1分"),
        ("表彰。按层级分别加3分、2分、1分", "表彰。按层级分别加3、2、1分"),
    ],
)
def test_the_same_number_in_other_words_passes(old: str, new: str) -> None:
    """An office may write two times, three names or one hundred points its own way."""
    assert TEXT.count(old) == 1
    assert errors(parse_official_text(TEXT.replace(old, new))) == []


def test_a_number_of_another_clause_does_not_help() -> None:
    """4 points that stand under the next number are not the cap of this one."""
    text = TEXT.replace("特色亮点（4分）", "特色亮点").replace("2.通报表彰。", "2.通报表彰（4分）。")
    assert [(p.severity, p.column, p.value) for p in errors(parse_official_text(text))] == [
        ("error", "四（三）1", "4分")
    ]


def test_another_label_is_only_a_warning() -> None:
    """An office may call an item something else; the load goes on."""
    found = errors(parse_official_text(TEXT.replace("其它任务", "其他任务")))
    assert [(p.severity, p.column, p.value) for p in found] == [("warning", "四（三）7", "其它任务")]


@pytest.mark.parametrize(
    ("cut", "missing"),
    [
        (r"4\.审定公布.*\n", ["五4"]),
        (r"2\.县级.*\n", ["二2"]),
        (r"7\.其它任务.*\n", ["四（三）7"]),
        (r"五、[\s\S]*", ["五1", "五2", "五3", "五4"]),
    ],
)
def test_a_cited_clause_that_is_not_there_stops_the_load(cut: str, missing: list[str]) -> None:
    """Every locator printed beside a number leads to a clause."""
    found = errors(parse_official_text(re.sub(cut, "", TEXT)))
    assert sorted(p.column for p in found if p.code == "text.clause") == missing
    assert {p.severity for p in found} == {"error"}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("judgement", "pass_mark", "points"), 65, ("四", "65分")),
        (("judgement", "bonus_gate", "points"), 85, ("四", "85分")),
        (("groups", 0, "count"), 8, ("二1", "8个")),
        (("items", 0, "rule", "limit"), 3, ("四（一）1", "三次")),
        (("items", 3, "cap"), 5, ("四（三）1", "5分")),
        (("judgement", "bonus_cap", "points"), 25, ("四", "25分")),
        (("judgement", "bonus_cap", "points"), 25, ("四（三）", "25分")),
        (("items", 2, "cap"), 90, ("四", "90分")),
        (("items", 2, "cap"), 90, ("四（二）", "90分")),
        (("items", 3, "cap"), "4.5", ("四（三）1", "4.5分")),
        (("items", 3, "rule", "score_max"), 3, ("四（三）1", "3分")),
        (("items", 7, "rule", "score_max"), 2, ("四（三）5", "2分")),
        (("items", 4, "rule", "levels", "市"), "0.5", ("四（三）2", "3分、2分、0.5分")),
        (("items", 4, "rule", "levels"), {"中央": 1, "省": 2, "市": 3}, ("四（三）2", "1分、2分、3分")),
        (("items", 5, "rule", "levels"), {"中央": 3, "省": 2}, ("四（三）3", "3分、2分")),
        (("items", 6, "rule", "rank_points"), [2, 2, 1], ("四（三）4", "2分、2分、1分")),
        (("items", 4, "clause"), "四（三）9", ("四（三）9", "")),
        (("items", 6, "rule", "rank_points"), [3, 2], ("四（三）4", "前2位")),
        (("items", 2, "rule", "facts", 0, "due", 0, "due"), "2022-06-25", ("五1", "6月25日")),
        (("items", 2, "rule", "facts", 0, "due", 3, "due"), "2022-06-25", ("五1", "25日")),
    ],
)
def test_a_number_changed_in_the_scheme_is_found_out(
    path: tuple[str | int, ...], value: object, expected: tuple[str, str]
) -> None:
    """What is checked comes from the scheme's own data."""
    data = SCHEME.model_dump(mode="json")
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found = check_official_text(parse_official_text(TEXT), type(SCHEME).model_validate(data))
    assert expected in [(p.column, p.value) for p in found if p.severity == "error"]


def test_the_order_in_which_the_file_lists_levels_does_not_matter() -> None:
    """A level's points are compared from the highest level down, as the document lists them."""
    data = SCHEME.model_dump(mode="json")
    data["items"][4]["rule"]["levels"] = {"市": 1, "省": 2, "中央": 3}
    assert check_official_text(parse_official_text(TEXT), type(SCHEME).model_validate(data)) == []


POINTS = {
    "1． full width": r"\1．",
    "1、": r"\1、",
    "(1)": r"(\1)",
    "（１）": r"（\1）",
}


@pytest.mark.parametrize("mark", POINTS.values(), ids=POINTS.keys())
@pytest.mark.parametrize("mangle", [every(11), paged("{}", 3)], ids=["lines of 11", "page lines"])
def test_points_may_be_marked_in_any_usual_way(mark: str, mangle: Callable[[str], str]) -> None:
    """1. 1、 １． (1) and （1） all make the point 1 of their clause."""
    plain = re.sub(r"(?m)^（[12]）.*\n", "", TEXT)  # sub-points in brackets would be points of their own
    text = parse_official_text(mangle(re.sub(r"(?m)^(\d)\.", mark, plain)))
    assert set(LOCATORS) <= set(text.clauses)
    assert errors(text) == []


@pytest.mark.parametrize("mangle", [lambda text: text, every(7), half_width], ids=["tidy", "broken", "half width"])
def test_points_of_a_part_may_be_marked_as_sections(mangle: Callable[[str], str]) -> None:
    """五1 is 五（一） in a copy that numbers the points of 五 so; a number of another point does not help."""
    body, last = TEXT.split("五、", 1)
    last = re.sub(r"(?m)^（\d）.*\n", "", last)
    last = re.sub(r"(?m)^(\d)\.", lambda found: f"（{'零一二三四'[int(found[1])]}）", last)
    text = parse_official_text(mangle(f"{body}五、{last}"))
    assert errors(text) == []
    assert text.quote("五2") == "量化评分。由办公室工作人员逐项评分。"
    wrong = mangle(f"{body}五、{last.replace('6月20日', '6月21日')}")
    assert [(p.severity, p.column, p.value) for p in errors(parse_official_text(wrong))] == [
        ("error", "五1", "6月20日")
    ]
    assert parse_official_text(TEXT).quote("五9") is None


@pytest.mark.parametrize(
    "sentence",
    [
        "按照（二）规定和（三）的要求办理",
        "按照（四）规定办理",
        "第1、2季度和第3、4季度分别统计",
        "2022.6.20前后的情况另计",
        "三、四季度合并",
        "五、六月份的情况一并说明",
        "每增加1.5倍的另议",
        "附件2.3所列",
        "12345.热线除外",
    ],
)
@pytest.mark.parametrize(
    "where", ["评价各单位成效", "点名，且群众反映", "扣分，扣完为止", "由办公室评定", "提出初步等次"]
)
@pytest.mark.parametrize("mangle", [lambda text: text, every(11)], ids=["tidy", "broken"])
def test_what_looks_like_a_heading_inside_a_sentence_is_none(
    sentence: str, where: str, mangle: Callable[[str], str]
) -> None:
    """References, quarters, dates and decimals in the middle of a sentence leave the outline as it is."""
    assert TEXT.count(where) == 1
    text = parse_official_text(mangle(TEXT.replace(where, f"{where}，{sentence}")))
    assert tuple(text.clauses) == LOCATORS
    assert errors(text) == []


@pytest.mark.parametrize(
    ("whole", "broken"),
    [
        ("二、考核对象", "二\n3\n、考核对象"),
        ("五、考核程序", "五\n3\n、考核程序"),
        ("（一）单项否决", "（一\n3\n）单项否决"),
        ("附件2022.6版）", "附件2022.6版\n3\n）"),
        ("共39个", "共39\n3\n个"),
        ("通报表彰。按层级分别加3分", "通报表彰。按层级分别加3\n3\n分"),
        ("共39个", "共3\n9\n个"),
        ("（1）电子版", "（\n1\n）电子版"),
        ("6.参会情况", "\n6\n.参会情况"),
    ],
)
def test_a_number_alone_on_its_line_is_told_from_a_page_number(whole: str, broken: str) -> None:
    """A page's number that splits a heading or a number is left out; the text's own that a break set alone stays."""
    assert TEXT.count(whole) == 1
    text = parse_official_text(TEXT.replace(whole, broken))
    assert tuple(text.clauses) == LOCATORS
    assert errors(text) == []


def test_a_wrong_number_is_told_whatever_page_numbers_stand_around() -> None:
    """A page number that happens to be the number that is lacking does not stand in for it."""
    text = TEXT.replace("特色亮点（4分）。做法", "特色亮点（5分）。\n- 4 -\n做法").replace("共7个", "共8个\n第7页\n")
    assert [(p.column, p.value) for p in errors(parse_official_text(text))] == [("二1", "7个"), ("四（三）1", "4分")]


# ---- through the command line ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the caller's own folders out of the runs."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "ASSESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)


def code_of(command: str, folder: Path) -> int:
    """Run a command on a small year's folder and return its exit code."""
    places = ("--raw", folder / "raw", "--processed", folder / "processed", "--reports", folder / "reports")
    return main([command, "--year", "2022", *map(str, places)])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_right_text_is_quoted_in_the_set(encoding: str, tmp_path: Path) -> None:
    """check and score accept a right text, and the set holds each cited clause in the document's own words."""
    raw = make_raw(tmp_path / "raw")
    (raw / "方案原文.txt").write_bytes(MANGLED["page lines 3 in lines of 7"](TEXT).encode(encoding))
    assert code_of("check", tmp_path) == 0
    assert code_of("score", tmp_path) == 0
    quotes = json.loads((tmp_path / "processed" / "basis.json").read_text(encoding="utf-8"))["quotes"]
    assert set(quotes) == set(SCHEME.clauses)
    assert quotes["四（三）7"] == "其它任务（2分）。按时完成。"
    assert quotes["二1"] == "各镇，共7个。"


def test_a_text_that_differs_stops_check_and_score_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole or nothing: exit 3, the clause and the expectation named, and no set is written."""
    raw = make_raw(tmp_path / "raw")
    (raw / "方案原文.txt").write_text(TEXT.replace("高于80分", "高于85分"), encoding="utf-8")
    for command in ("check", "score"):
        assert code_of(command, tmp_path) == 3
        told = capsys.readouterr()
        assert "条款“四”中没有“80分”" in re.sub(r"\s", "", told.out + told.err)
    assert not (tmp_path / "processed" / "results.csv").exists()
    listed = (tmp_path / "processed" / "problems.csv").read_text(encoding="utf-8-sig")
    assert "条款“四”中没有“80分”" in listed


def test_another_label_does_not_stop_a_run(tmp_path: Path) -> None:
    """A warning alone leaves the exit code 0, and is listed."""
    raw = make_raw(tmp_path / "raw")
    (raw / "方案原文.txt").write_text(TEXT.replace("其它任务", "其他任务"), encoding="utf-8")
    assert code_of("check", tmp_path) == 0
    listed = (tmp_path / "processed" / "problems.csv").read_text(encoding="utf-8-sig")
    assert "条款“四（三）7”中没有“其它任务”" in listed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_usual_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    """A text saved by an office's editor loads as it is, rare characters included."""
    path = tmp_path / "方案原文.txt"
    path.write_bytes(TEXT.replace("逐项评分", "䶮𠮷逐项评分").encode(encoding))
    text = load_official_text(path)
    assert errors(text) == []
    assert text.quote("五2") == "量化评分。由办公室工作人员䶮𠮷逐项评分。"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "text.empty"),
        (b"\xef\xbb\xbf \r\n", "text.empty"),
        (TEXT.encode("utf-16"), "text.encoding"),
        (b"\x80\xff\xff", "text.encoding"),
        (b"x" * (2 * 1024 * 1024 + 1), "text.too-large"),
    ],
    ids=["empty", "blank", "utf-16", "binary", "too large"],
)
def test_what_is_no_text_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    """A file that cannot be the official text is named, not half read."""
    path = tmp_path / "方案原文.txt"
    path.write_bytes(content)
    with pytest.raises(InputRejected) as refused:
        load_official_text(path)
    assert [(p.code, p.file) for p in refused.value.problems] == [(code, "方案原文.txt")]


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """What is not an ordinary file is an error, not a crash."""
    (tmp_path / "方案原文.txt").mkdir()
    with pytest.raises(InputRejected):
        load_official_text(tmp_path / "方案原文.txt")


def test_quotes_are_the_clause_s_own_words_rejoined() -> None:
    """A quote is what is printed, lines joined, without the heading's mark, page numbers or the next clause."""
    text = parse_official_text(chain(every(5), paged("- {} -"))(TEXT))
    assert text.quote("四（三）5") == "领导评价（3分）。由组长、副组长评定。"
    assert text.quote("四(三)５") == "领导评价（3分）。由组长、副组长评定。"
    assert text.quote("四（三）") == "加分事项（20分）"
    assert text.quote("四（一）2") == "被上级检查或者媒体点名，且群众反映突出的。"
    assert text.quote("四（一）1") == "12345热线全年出现两次及以上超期办理，或者被市级主管部门通报的；"
    assert text.quote("六") is None


def test_problems_point_at_the_line_of_the_clause() -> None:
    """A person finds the clause by its line in the file."""
    found = errors(parse_official_text(TEXT.replace("前3位", "前9位")))
    assert [p.row for p in found] == [23]
    assert TEXT.split("\n")[22].startswith("4.信息报送")


def test_a_heading_broken_inside_is_found() -> None:
    """四 and its mark may stand on two lines, even on two pages."""
    text = TEXT.replace("四、考核", "四\n- 3 -\n、考核").replace("（三）加", "（\n三\n）加").replace("6.参", "\n6\n.参")
    assert errors(parse_official_text(text)) == []


def test_a_long_hostile_text_is_read_in_time() -> None:
    """Thousands of things that look like headings cost no more than reading them."""
    text = parse_official_text("一、1.2.（一）1、\n" * 20_000)
    assert "一" in text.clauses


# ---- what no rule covers --------------------------------------------------------------------------------------------


def uncovered(text: str, **scheme: object) -> list[str]:
    return [clause.locator for clause in uncovered_clauses(parse_official_text(text), load_scheme_plainly(**scheme))]


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
def test_clauses_without_a_rule_are_listed_however_the_text_is_broken(mangle: Callable[[str], str]) -> None:
    """Nothing of the scheme cites 一, 三（一） and 三（二）; 二, 三 and 五 are headings, so they are not."""
    assert uncovered(mangle(TEXT)) == ["一", "三（一）", "三（二）"]


def test_an_uncovered_clause_is_shown_with_its_first_words_and_line() -> None:
    """三（一） stands in line 11 of the text and begins with 重点工作."""
    found = {one.locator: one for one in uncovered_clauses(parse_official_text(TEXT), SCHEME)}
    assert (found["三（一）"].words, found["三（一）"].line) == (
        "重点工作。按方案第四部分（二）执行，权重为1.5倍的不另行说明。",
        11,
    )
    long = TEXT.replace("对照年初确定的任务", "对照年初确定的任务" * 10)
    first = uncovered_clauses(parse_official_text(long), SCHEME)[0].words
    assert len(first) == 60 and first.startswith("总体要求对照年初") and first.endswith("…")


def test_a_further_bonus_point_is_found_out() -> None:
    """A point 8 under 四（三）, whose other points have rules, is listed: the scheme file has forgotten it."""
    more = TEXT.replace("五、考核程序", "8.改革试点（1分）。列入试点的加分。\n五、考核程序")
    assert uncovered(more) == ["一", "三（一）", "三（二）", "四（三）8"]


def test_points_of_a_section_cited_as_a_whole_are_read_with_it() -> None:
    """四（二） is cited and none of its points is: points 1. and 2. in it belong to it and are not listed."""
    points = TEXT.replace("按材料、公文、信息等情况扣分", "分两项扣分：\n1.材料报送。\n2.公文办理。\n其余")
    assert "四（二）2" in parse_official_text(points).clauses
    assert uncovered(points) == ["一", "三（一）", "三（二）"]


def test_a_heading_with_nothing_below_it_is_listed() -> None:
    """A part that is a heading alone and has no clause below it is a clause like any other."""
    assert uncovered(TEXT + "六、附则\n") == ["一", "三（一）", "三（二）", "六"]


def test_words_below_a_heading_are_no_heading() -> None:
    """三 with a sentence of its own is listed, with its sections."""
    told = TEXT.replace("三、考核内容\n", "三、考核内容\n以下两项分别计分，不得互抵。\n")
    assert uncovered(told) == ["一", "三", "三（一）", "三（二）"]


def test_part_ten_and_part_eleven_are_told_apart() -> None:
    """十一 does not stand below 十: a heading 十 with nothing below it is listed although 十一 follows."""
    more = TEXT + "".join(f"{numeral}、另行规定\n" for numeral in ("六", "七", "八", "九", "十", "十一"))
    assert uncovered(more)[3:] == ["六", "七", "八", "九", "十", "十一"]


def test_a_reading_or_a_period_alone_covers_its_clause() -> None:
    """What only the time for answering objections cites is cited: 一 disappears from the list."""
    period = {"answer_within_days": 10, "approval": "9号", "clause": "一"}
    assert uncovered(TEXT, objections=period) == ["三（一）", "三（二）"]


def test_check_names_them_and_nothing_else_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """assess check says how many and which, they are no problem; without a text nothing is said."""
    raw = make_raw(tmp_path / "raw")
    assert code_of("check", tmp_path) == 0
    assert "没有规则引用" not in capsys.readouterr().out
    (raw / "方案原文.txt").write_text(TEXT, encoding="utf-8")
    assert code_of("check", tmp_path) == 0
    assert "方案原文有 3 条没有规则引用：一、三（一）、三（二）。" in capsys.readouterr().out
    assert (tmp_path / "processed" / "problems.csv").read_text(encoding="utf-8-sig").count("\n") == 1
    assert code_of("score", tmp_path) == 0
    data = open_set(tmp_path / "processed")
    page = AuditPage(data, raw)
    assert [one.locator for one in data.data.basis.uncovered] == ["一", "三（一）", "三（二）"]
    shown = page.uncovered()._repr_html_()
    assert "方案原文有 3 条没有规则引用" in shown and "按方案第四部分（二）执行" in shown
    assert code_of("verify", tmp_path) == 0
