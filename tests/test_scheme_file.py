"""The scheme file: what is wrong with it is said in Chinese, at its line, all at once; numbers are exact."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from assess_lib.errors import InputRejected, Problem, UsageError
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.scheme_file import json_schema, load_scheme
from tests.build import ROOT, SCHEME_FILE, load_scheme_plainly

SHIPPED = SCHEME_FILE.read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """Return the line, counted from 1, in which a part of a text that occurs once begins."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def edited(*edits: tuple[str, str]) -> str:
    """Return the shipped file with parts replaced, each at its first occurrence."""
    text = SHIPPED
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def found_in(tmp_path: Path, content: str | bytes) -> tuple[Problem, ...]:
    """Return the problems for which a file of this content is rejected."""
    path = tmp_path / "scheme.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputRejected) as rejected:
        load_scheme(path)
    for problem in rejected.value.problems:
        assert (problem.severity, problem.file) == ("error", "scheme.yaml")
        assert problem.message.endswith("。") or problem.message.endswith("？")
        assert problem.remedy.endswith("。")
    return rejected.value.problems


def test_the_shipped_scheme_loads_as_it_is_written() -> None:
    """The loader gives what the file says: 60, 80 and 20, 46 units' groups, twelve readings."""
    scheme = load_scheme(SCHEME_FILE)
    assert scheme == load_scheme_plainly()
    assert [line.points for line in (scheme.judgement.pass_mark, scheme.judgement.bonus_gate)] == [60, 80]
    assert (scheme.year, scheme.cut_off, scheme.sample) == (2022, date(2022, 12, 31), True)
    assert len(scheme.readings) == 12


def test_numbers_are_exact_decimals(tmp_path: Path) -> None:
    """0.30 is three tenths and keeps its two decimals; no binary float is ever made of it."""
    path = tmp_path / "scheme.yaml"
    path.write_text(edited(("cap: 4\n", "cap: 0.30\n"), ("{中央: 3, ", "{中央: 2.67, ")))
    scheme = load_scheme(path)
    assert str(scheme.item("B1").cap) == "0.30"
    assert str(scheme.item("B2").rule.levels["中央"]) == "2.67"  # type: ignore[union-attr]
    assert not any(isinstance(value, float) for value in _leaves(scheme.model_dump()))


def _leaves(data: Any) -> Iterator[Any]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, (list, tuple)):
        for part in data:
            yield from _leaves(part)
    else:
        yield data


@pytest.mark.parametrize("written", ['"0.30"', "0.30", "0.3"])
def test_a_quoted_number_is_the_same_number(written: str, tmp_path: Path) -> None:
    """Quotes around a number do not change it."""
    path = tmp_path / "scheme.yaml"
    path.write_text(edited(("cap: 4\n", f"cap: {written}\n")))
    assert load_scheme(path).item("B1").cap == Decimal("0.3")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda path: None, "scheme.missing"),
        (lambda path: path.mkdir(), "scheme.unreadable"),
        (lambda path: path.symlink_to(SCHEME_FILE), "scheme.unreadable"),
        (lambda path: path.symlink_to("nowhere"), "scheme.unreadable"),
        (lambda path: path.write_bytes(b"#" * 1_000_001), "scheme.too_large"),
    ],
    ids=["missing", "folder", "link", "broken link", "too large"],
)
def test_what_is_no_file_is_refused(change: Any, code: str, tmp_path: Path) -> None:
    """A missing file, a folder, a link or a flood in the scheme's place is named, without a line."""
    change(tmp_path / "scheme.yaml")
    with pytest.raises(InputRejected) as rejected:
        load_scheme(tmp_path / "scheme.yaml")
    assert [(p.code, p.file, p.row) for p in rejected.value.problems] == [(code, "scheme.yaml", None)]


NOT_PLAIN: dict[str, tuple[str | bytes, str, int]] = {
    "empty": (b"", "scheme.empty", 1),
    "comments alone": ("\ufeff# 注\n", "scheme.empty", 1),
    "GB18030": ("year: 2022\ndocument:\n  number: 千阳县政府".encode("gb18030"), "scheme.encoding", 3),
    "UTF-16": ("year: 2022\n".encode("utf-16"), "scheme.encoding", 1),
    "control character": ("year: 2022\n# \x01\n", "scheme.yaml", 2),
    "no colon": ("year: 2022\ndocument\ncut_off: 2022-12-31\n", "scheme.yaml", 3),
    "open bracket": ("year: 2022\nitems: [1, 2\n", "scheme.yaml", 3),
    "tab": ("year: 2022\n\tsample: true\n", "scheme.yaml", 2),
    "list as key": ("year: 2022\n? [a, b]\n: 1\n", "scheme.yaml", 2),
    "deep": ("year: 2022\nitems: " + "[" * 40 + "]" * 40 + "\n", "scheme.yaml", 2),
    "bottomless": ("[" * 200_000, "scheme.yaml", 1),
    "anchor": ("year: 2022\ndocument: &a 1\n", "scheme.alias", 2),
    "anchored mapping": ("year: 2022\ndocument: &a {b: 1}\n", "scheme.alias", 2),
    "alias": ("year: 2022\ndocument: *a\n", "scheme.alias", 2),
    "tag": ("year: 2022\ndocument: !!str 1\n", "scheme.tag", 2),
    "bare tag": ("year: 2022\ndocument: ! 1\n", "scheme.tag", 2),
    "Python tag": ("year: 2022\ndocument: !!python/object/apply:os.system [x]\n", "scheme.tag", 2),
    "second document": ("year: 2022\n---\nyear: 2023\n", "scheme.yaml", 2),
    "directive": ("%YAML 1.1\n---\nsample: yes\n", "scheme.yaml", 2),
    "list": ("- 1\n- 2\n", "scheme.value", 1),
    "word": ("hello\n", "scheme.value", 1),
    "nothing": ("~\n", "scheme.value", 1),
}


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_what_is_no_plain_yaml_is_refused_at_its_line(case: str, tmp_path: Path) -> None:
    """Encoding, syntax, aliases, tags, directives and further documents: named, at the line they stand in."""
    content, code, line = NOT_PLAIN[case]
    assert (code, line) in [(problem.code, problem.row) for problem in found_in(tmp_path, content)]


def test_a_merge_key_is_no_way_around_aliases(tmp_path: Path) -> None:
    """<< is an unknown key like any other."""
    found = found_in(tmp_path, edited(("document:\n", "document:\n  <<: {number: x}\n")))
    assert [(p.code, p.column) for p in found] == [("scheme.unknown_key", "<<")]


# old part, what stands in its place, code, column, words of the message or the remedy
MISTAKES = {
    "unknown key": (
        "cut_off: 2022-12-31",
        "cut_off: 2022-12-31\ncut_of: 2022-12-31",
        "scheme.unknown_key",
        "cut_of",
        "是不是“cut_off”",
    ),
    "unknown key in a method": (
        "method: mean_of_raters, score_max: 3",
        "method: mean_of_raters, score_max: 3, scor_max: 3",
        "scheme.unknown_key",
        "scor_max",
        "是不是“score_max”？ 可用的键：method、score_max。",
    ),
    "unknown key in a fact": (
        "kind: tasks, late: RW-01",
        "kind: tasks, lat: 1, late: RW-01",
        "scheme.unknown_key",
        "lat",
        "是不是“late”？ 可用的键：kind、late、missing。",
    ),
    "unknown key named as its method": (
        "method: mean_of_raters, score_max: 3",
        "method: mean_of_raters, score_max: 3, mean_of_raters: 3",
        "scheme.unknown_key",
        "mean_of_raters",
        "可用的键：method、score_max。",
    ),
    "missing key": (
        "  title: 2022年“放",
        "  # title: 2022年“放",
        "scheme.missing_key",
        "title",
        "缺少“document.title”",
    ),
    "missing value": ("cut_off: 2022-12-31", "cut_off:", "scheme.value", "cut_off", "应写成年-月-日"),
    "too small": ("points: 60", "points: 0", "scheme.value", "points", "须大于 0"),
    "negative": ("points: 60", "points: -60", "scheme.value", "points", "须大于 0"),
    "just too large": ("points: 60", "points: 1000.01", "scheme.value", "points", "不得大于 1000"),
    "far too large": ("points: 60", "points: 6" + "0" * 5000, "scheme.value", "points", "不是普通的数"),
    "three decimals": ("cap: 4", "cap: 4.005", "scheme.value", "cap", "最多两位小数"),
    "hexadecimal": ("points: 60", "points: 0x3C", "scheme.value", "points", "不是普通的数"),
    "octal to some": ("points: 60", "points: 060", "scheme.value", "points", "不是普通的数"),
    "exponent": ("points: 60", "points: 6e1", "scheme.value", "points", "不是普通的数"),
    "underscore": ("points: 60", "points: 6_0", "scheme.value", "points", "不是普通的数"),
    "infinite": ("points: 60", "points: .inf", "scheme.value", "points", "不是普通的数"),
    "not a number": ("points: 60", "points: .nan", "scheme.value", "points", "不是普通的数"),
    "full width": ("points: 60", "points: ６０", "scheme.value", "points", "“６０”应为普通数字"),
    "true for a number": ("points: 60", "points: true", "scheme.value", "points", "应为普通数字"),
    "words for a number": ("points: 60", "points: 六十", "scheme.value", "points", "“六十”应为普通数字"),
    "list for a number": ("points: 60", "points: [60]", "scheme.value", "points", "不是数"),
    "half a time": ("limit: 2", "limit: 2.5", "scheme.value", "limit", "不是整数"),
    "no time": ("limit: 2", "limit: 0", "scheme.value", "limit", "不得小于 1"),
    "year before 2000": ("year: 2022", "year: 1999", "scheme.value", "year", "不得小于 2000"),
    "number for text": ("issuer: 千阳县人民政府办公室", "issuer: 28", "scheme.value", "issuer", "应为文字"),
    "empty text": ("issuer: 千阳县人民政府办公室", 'issuer: " "', "scheme.value", "issuer", "不能为空"),
    "long text": ("issuer: 千阳县人民政府办公室", f"issuer: {'长' * 201}", "scheme.value", "issuer", "最多 200 字"),
    "control character": ("issuer: 千阳县", 'issuer: "\\u0007"  # ', "scheme.value", "issuer", "控制字符"),
    "yes for true": ("sample: true", "sample: yes", "scheme.value", "sample", "true 或 false"),
    "mapping for a list": ("bands: []", "bands: {}", "scheme.value", "bands", "应为列表"),
    "text for a mapping": ("rule: {method: mean_of_raters, score_max: 3}", "rule: x", "scheme.value", "rule", "键: 值"),
    "empty list": ("rank_points: [3, 2, 1]", "rank_points: []", "scheme.value", "rank_points", "至少要有 1 项"),
    "bad clause": ("{name: 镇, clause: 二1", "{name: 镇, clause: 二(1)", "scheme.value", "clause", "四（三）2"),
    "bad clause of a summary": ("  五4: 审定", "  第五条: 审定", "scheme.value", "第五条", "四（三）2"),
    "no such day": ("due: 2022-09-20", "due: 2022-09-31", "scheme.value", "due", "“2022-09-31”不是普通的数或日期"),
    "no such day in quotes": ("due: 2022-09-20", 'due: "2022-9-31"', "scheme.value", "due", "没有这一天"),
    "a time of day": ("due: 2022-09-20", "due: 2022-09-20 10:00:00", "scheme.value", "due", "不是普通的数或日期"),
    "a day as a number": ("due: 2022-09-20", "due: 20220920", "scheme.value", "due", "2022-06-20"),
    "quarter without quotes": ('quarter: "1"', "quarter: 1", "scheme.choice", "quarter", "请加引号：'1'"),
    "no such quarter": ('quarter: "1"', 'quarter: "5"', "scheme.choice", "quarter", "可用：1、2、3、4。"),
    "no such level": (
        "levels: [中央, 省, 市]",
        "levels: [中央, 省级]",
        "scheme.choice",
        "",
        "可用：中央、省、市、县。",
    ),
    "no such level of points": (
        "{中央: 3, 省: 2",
        "{中央: 3, 省级: 2",
        "scheme.choice",
        "省级",
        "可用：中央、省、市、县。",
    ),
    "unknown method": (
        "method: mean_of_raters",
        "method: mean_of_rater",
        "scheme.choice",
        "method",
        "可用：hotline_red_lights、named_in_circular、deduct_from_full、deduct_from_zero、mean_per_matter、"
        "highest_level_per_matter、quarterly_top_ranks、mean_of_raters、points_per_count、rate_bands。",
    ),
    "missing method": ("{method: mean_of_raters, ", "{", "scheme.missing_key", "method", "缺少“items[8].rule.method”"),
    "unknown fact": (
        "kind: register",
        "kind: registers",
        "scheme.choice",
        "kind",
        "可用：reports、register、meetings、tasks。",
    ),
    "missing kind": ("- kind: register", "- {}", "scheme.missing_key", "kind", "缺少“items[3].rule.facts[2].kind”"),
    "an item that is a word": ("items:\n", "items:\n  - hello\n", "scheme.value", "", "“items[1]”“hello”应为"),
    # what does not fit together
    "item id twice": ("- id: V2", "- id: V1", "scheme.inconsistent", "id", "项目编号“V1”重复"),
    "item name twice": (
        "name: 参会情况\n",
        "name: 领导评价\n",
        "scheme.inconsistent",
        "name",
        "项目名称“领导评价”重复",
    ),
    "category twice": ("category: 经验宣传", "category: 通报表彰", "scheme.inconsistent", "category", "“通报表彰”重复"),
    "group twice": ("{name: 县级部门, ", "{name: 镇, ", "scheme.inconsistent", "name", "组别“镇”重复"),
    "veto with a cap": ("name: 热线红灯\n", "name: 热线红灯\n    cap: 3\n", "scheme.inconsistent", "cap", "不设 cap"),
    "no cap": ("    cap: 100\n", "", "scheme.inconsistent", "", "key 部分的项目必须写 cap"),
    "rater above the cap": (
        "raters, score_max: 3",
        "raters, score_max: 3.01",
        "scheme.inconsistent",
        "score_max",
        "cap",
    ),
    "no key item": ("part: key", "part: bonus", "scheme.inconsistent", "items", "至少要有一项"),
    "veto method of a bonus": (
        "part: veto\n    name: 热线",
        "part: bonus\n    cap: 3\n    name: 热线",
        "scheme.inconsistent",
        "method",
        "不能用于 bonus 部分",
    ),
    "mean as key": (
        "part: bonus\n    name: 特色",
        "part: key\n    name: 特色",
        "scheme.inconsistent",
        "method",
        "不能用方法 mean_per_matter，可用：deduct_from_full、mean_of_raters、points_per_count、rate_bands。",
    ),
    "gate below the pass mark": ("points: 80", "points: 59.99", "scheme.inconsistent", "points", "不得低于合格线"),
    "cut-off of another year": (
        "cut_off: 2022-12-31",
        "cut_off: 2023-01-01",
        "scheme.inconsistent",
        "cut_off",
        "必须在考核年度内",
    ),
    "due date of another year": ("due: 2022-09-20", "due: 2023-09-20", "scheme.inconsistent", "due", "不在考核年度内"),
    "report twice": ('quarter: "3"', 'quarter: "2"', "scheme.inconsistent", "", "季度进展2 重复列出"),
    "register twice": (
        "        - kind: register\n",
        "        - kind: register\n        - {kind: register}\n",
        "scheme.inconsistent",
        "",
        "全部登记已由 K 计扣",
    ),
    "report asked for twice": (
        "        - kind: register\n",
        "        - kind: register\n        - {kind: reports, late: BS-01, missing: BS-02, due: [{material: 半年汇报, "
        "due: 2022-06-20, clause: 五1, owed_by: all_units}]}\n",
        "scheme.inconsistent",
        "",
        "半年汇报 已由 K 要求，不能扣两次",
    ),
    "grades of one name": ("passed: 合格", "passed: 不合格", "scheme.inconsistent", "passed", "名称相同：“不合格”"),
    "band named as the pass grade": (
        "bands: []",
        "bands: [{grade: 合格, at_least: 100, approval: 甲}]",
        "scheme.inconsistent",
        "grade",
        "等次名称“合格”重复",
    ),
    "quarter of a yearly report": (
        "{material: 年度总结",
        '{quarter: "4", material: 年度总结',
        "scheme.inconsistent",
        "material",
        "其他材料不能写 quarter",
    ),
    "attendance without a standard": ("迟到: HY-01, ", "", "scheme.inconsistent", "standards", "迟到"),
    "condition on no reading": (
        "q1_report: scored",
        "q1_report: maybe",
        "scheme.inconsistent",
        "q1_report",
        "only_if 引用了未知口径：q1_report=maybe",
    ),
    "unknown option": (
        "by_group: 镇和县级部门",
        "by_grup: 镇和县级部门",
        "scheme.inconsistent",
        "options",
        "选项应为：all_units、by_group",
    ),
    "default among no options": (
        "default: all_units",
        "default: nobody",
        "scheme.inconsistent",
        "default",
        "“nobody”不在选项中",
    ),
    "bands that rise": (
        "bands: []",
        "bands: [{grade: 良好, at_least: 80, approval: 甲}, {grade: 优秀, at_least: 80, approval: 甲}]",
        "scheme.inconsistent",
        "at_least",
        "从高到低",
    ),
    "band without approval": (
        "bands: []",
        "bands: [{grade: 优秀, at_least: 100}]",
        "scheme.missing_key",
        "approval",
        "缺少“grades.bands[1].approval”",
    ),
    "band named as the fail grade": (
        "bands: []",
        "bands: [{grade: 不合格, at_least: 100, approval: 甲}]",
        "scheme.inconsistent",
        "grade",
        "等次名称“不合格”重复",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_each_mistake_is_told_at_its_line(case: str, tmp_path: Path) -> None:
    """One mistake gives one problem: its kind, its key, the line where it was made, and what is allowed."""
    old, new, code, column, words = MISTAKES[case]
    text = edited((old, new))
    found = found_in(tmp_path, text)
    assert [(p.code, p.column) for p in found] == [(code, column)], [str(p) for p in found]
    assert words in str(found[0])
    # the first line that was touched; the key above it where a key is lacking, the key below it that does not fit
    changed = next(
        number
        for number, (was, now) in enumerate(zip(SHIPPED.split("\n"), text.split("\n"), strict=False), start=1)
        if was != now
    )
    away = {"missing key": -2, "no cap": -4, "no key item": -12, "unknown key": 1, "mean as key": 5}
    away["veto method of a bonus"] = 4
    assert found[0].row == changed + away.get(case, 0)


def test_item_ids_differ_by_more_than_case(tmp_path: Path) -> None:
    """Bx and BX would be one sheet of the audit workbook."""
    (found,) = found_in(tmp_path, edited(("- id: B6", "- id: Bx"), ("- id: B7", "- id: BX")))
    assert (found.code, found.column) == ("scheme.inconsistent", "id") and "项目编号“BX”重复" in str(found)


def test_items_stand_in_the_order_of_judgement(tmp_path: Path) -> None:
    """An item of the key part never stands behind one of the bonus part."""
    text = edited(("part: bonus\n    name: 参会情况", "part: key\n    name: 参会情况"))
    found = found_in(tmp_path, text)
    assert [p.message for p in found] == ["items 须按 veto、key、bonus 的顺序排列。"]
    assert [p.row for p in found] == [line_of(text, "part: key\n    name: 参会情况")]


def test_the_readings_are_exactly_those_that_the_methods_know(tmp_path: Path) -> None:
    """A misspelt reading is both missing and unknown; the known ones are listed."""
    text = edited(("  info_pool:", "  info_poool:"))
    found = found_in(tmp_path, text)
    assert [(p.row, p.column) for p in found] == [
        (line_of(text, "readings:"), "readings"),
        (line_of(text, "info_poool:"), "info_poool"),
    ]
    assert "缺少口径“info_pool”" in found[0].message
    assert "、".join(KNOWN_READINGS) in found[1].message


def test_a_key_written_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    """Neither of two values wins silently."""
    text = edited(("issuer: 千阳县人民政府办公室", "issuer: 千阳县人民政府办公室\n  number: 另一文号"))
    found = found_in(tmp_path, text)
    assert [(p.code, p.row, p.column) for p in found] == [("scheme.duplicate_key", 9, "number")]
    assert "“document.number”写了两次（另一处在第 6 行）" in found[0].message


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    """A person corrects the file once: values, keys, choices and keys written twice come together."""
    text = edited(
        ("year: 2022", "yeer: 2022"),
        ("points: 60", "points: 0x3C"),
        ("points: 80", "points: -1"),
        ("cap: 4", "cap: 4\n    cap: 5"),
        ("method: mean_of_raters", "method: mean"),
        ("due: 2022-09-20", "due: 2022-09-31"),
    )
    found = found_in(tmp_path, text)
    assert [(p.code, p.row) for p in found] == [
        ("scheme.missing_key", 4),
        ("scheme.unknown_key", 4),
        ("scheme.value", line_of(text, "points: 0x3C")),
        ("scheme.value", line_of(text, "points: -1")),
        ("scheme.value", line_of(text, "due: 2022-09-31")),
        ("scheme.duplicate_key", line_of(text, "cap: 5")),
        ("scheme.choice", line_of(text, "method: mean,")),
    ]


@pytest.mark.parametrize(
    "content",
    ["year: 2022\n", edited(("points: 60", "points: x")), edited(("points: 60", "points: 0x3C")), SHIPPED],
    ids=["incomplete", "wrong value", "no plain number", "right"],
)
def test_a_scheme_of_another_year_is_wrong_usage(content: str, tmp_path: Path) -> None:
    """Another year than the run's is wrong usage, whatever else is wrong with the file."""
    path = tmp_path / "scheme.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"2022 年度.*2023"):
        load_scheme(path, year=2023)


@pytest.mark.parametrize("written", ["二〇二二", "2022.5", "true", "[2022]", ""])
def test_a_year_that_is_no_year_is_a_mistake_of_the_file(written: str, tmp_path: Path) -> None:
    """What is no whole number names no other year: the file is rejected, the command is right."""
    path = tmp_path / "scheme.yaml"
    path.write_text(edited(("year: 2022", f"year: {written}")), encoding="utf-8")
    with pytest.raises(InputRejected) as rejected:
        load_scheme(path, year=2022)
    assert [(p.row, p.column) for p in rejected.value.problems] == [(4, "year")]


def test_the_right_year_loads() -> None:
    """The scheme of the run's own year is accepted."""
    assert load_scheme(SCHEME_FILE, year=2022).year == 2022


# ---- the JSON Schema for editors ------------------------------------------------------------------------


def plain_data(text: str) -> Any:
    """Return a scheme file's data as JSON has it, dates as text."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


def test_the_shipped_schema_is_the_current_one() -> None:
    """Editors complete and check against the same shape that the loader demands."""
    shipped = (ROOT / "data" / "raw" / "scheme.schema.json").read_text(encoding="utf-8")
    assert shipped == json_schema(), "run make schema"


def test_the_schema_accepts_the_shipped_scheme_and_refuses_mistakes() -> None:
    """The schema knows keys, choices and limits."""
    schema = json.loads(json_schema())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(plain_data(SHIPPED))
    for old, new in (
        ("cut_off: 2022-12-31", "cut_off: 2022-12-31\ncut_of: 1"),
        ("method: mean_of_raters", "method: mean"),
        ("score_max: 3}", "score_max: 3, scor_max: 3}"),
        ("points: 60", "points: 0"),
        ("points: 60", "points: 1001"),
        ("clause: 二1", "clause: 二(1)"),
        ("  title:", "  # title:"),
    ):
        assert not validator.is_valid(plain_data(edited((old, new)))), new


def test_every_property_is_described_in_chinese() -> None:
    """What an editor shows beside a key is readable to the office."""
    schema = json.loads(json_schema())
    models = [schema, *schema["$defs"].values()]
    described = [
        (name, key, spec.get("description", ""))
        for name, model in zip(["Scheme", *schema["$defs"]], models, strict=True)
        for key, spec in model.get("properties", {}).items()
    ]
    assert len(described) > 60
    assert [(name, key) for name, key, text in described if not any("一" <= c <= "鿿" for c in text)] == []


# ---- no number of the scheme in code --------------------------------------------------------------------

# 0, 1 and -1 count and index. The others, each with its reason:
STRUCTURAL = {
    ("rules/veto.py", 28): "29 February one year on is 28 February",
    ("rules/ranking.py", 200): "of so many rivals the ledger names the rows; no point hangs on it",
}


def numbers_in(path: Path) -> Iterator[tuple[str, Any, int]]:
    """Yield the numeric literals of a module, those inside Decimal("…") calls too, other than 0, 1 and -1."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        value: Any = None
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            value = node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Decimal" and node.args:
            inner = node.args[0]
            value = Decimal(inner.value) if isinstance(inner, ast.Constant) and isinstance(inner.value, str) else None
        if value not in (None, 0, 1):
            yield path.relative_to(ROOT / "assess_lib").as_posix(), value, getattr(node, "lineno", 0)


def test_no_number_of_the_scheme_stands_in_code() -> None:
    """60, 80, 20, 3/2/1 and the like are the scheme file's; rules and the order of judgement hold none."""
    modules = sorted((ROOT / "assess_lib" / "rules").glob("*.py"))
    modules += [ROOT / "assess_lib" / f"{name}.py" for name in ("scoring", "composition", "quotas")]
    assert len(modules) > 7
    found = [number for module in modules for number in numbers_in(module)]
    assert [number for number in found if number[:2] not in STRUCTURAL] == []
    # no excuse outlives its number
    assert {number[:2] for number in found} == set(STRUCTURAL)
