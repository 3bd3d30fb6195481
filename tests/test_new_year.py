"""A new year: what is carried over waits for a decision, what is decided must be true, and units that left stay out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import SCHEME_FILE
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from small_year import make_raw, write_table

from assess_lib import cli
from assess_lib.cleaning import Cleaned, clean
from assess_lib.confirmations import rules_of
from assess_lib.errors import InputRejected, Problem, UsageError
from assess_lib.new_year import copied_scheme, find_places, make_new_year, move_day
from assess_lib.scheme_file import json_schema, load_scheme
from assess_lib.tables import TABLES

SHIPPED = SCHEME_FILE.read_text(encoding="utf-8")
DECIDED = "沿用 考核办主任 2023-03-10 千政办函〔2023〕15号"
# 2022's scheme: issuer 1, cut-off 1, groups 2, parts 4, lines 3, grade names 3, publication 1, items 10, due dates 6,
# standards 7, clauses 19, readings 12
RULES = 69
PENDING = re.compile(r"(?<=: )待确认(?=    #)")


def copied(text: str = SHIPPED, year: int = 2023) -> str:
    """Return the text of a new year's scheme made from a file of this text."""
    path = SCHEME_FILE
    scheme = load_scheme(path)
    return copied_scheme(text, scheme, year)


COPIED = copied()


def filled(text: str = COPIED, decision: str = DECIDED) -> str:
    """Return a new year's scheme with its document filled in and every rule decided alike."""
    text = text.replace("number: ''", "number: 千政办函〔2023〕15号").replace("title: ''", "title: 2023年考核方案")
    return PENDING.sub(decision, text)


def problems_of(folder: Path, text: str) -> tuple[Problem, ...]:
    """Return the problems for which a scheme of this text is rejected, none if it is accepted."""
    path = folder / "scheme.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_scheme(path, year=2023)
    except InputRejected as rejected:
        return rejected.problems
    return ()


def line_of(text: str, part: str) -> int:
    """Return the line, counted from 1, in which a part of a text begins."""
    return text[: text.index(part)].count("\n") + 1


# ---- what the command makes -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the raw folder of 2023 made beside a small 2022."""
    root = tmp_path_factory.mktemp("raw")
    make_raw(root / "2022")
    assert cli.main(["new-year", "2023", "--from", "2022", "--raw", str(root / "2023")]) == 0
    return root / "2023"


def sheet(path: Path) -> list[list[Any]]:
    """Return the rows of a workbook's only sheet."""
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [path.stem]
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_every_table_is_there_with_its_header_and_no_row(made: Path) -> None:
    """All 16 tables and the register of objections, each a workbook with its columns; only the roster holds rows."""
    assert {path.name for path in made.iterdir()} == {"scheme.yaml", *(f"{name}.xlsx" for name in TABLES)}
    for name, table in TABLES.items():
        header, *rows = sheet(made / f"{name}.xlsx")
        own = [column.name for column in table.columns]
        assert header == own + (["生效日期", "失效日期", "承继单位"] if name == "单位名录" else [])
        assert bool(rows) == (name == "单位名录")


def test_the_roster_is_carried_but_not_what_each_year_says_anew(made: Path) -> None:
    """Code, name, group, full name and aliases go along; 重点任务单位 and 依据文号 must be said again."""
    rows = sheet(made / "单位名录.xlsx")[1:]
    assert rows[0][:7] == ["T01", "崔家头镇", "镇", "千阳县崔家头镇人民政府", "崔镇；崔家头", None, None]
    assert [row[0] for row in rows] == ["T01", "T02", "T03", "D01"]


def test_nothing_runs_until_each_rule_is_confirmed(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """check, score and templates reject: each of the 69 rules at its line, and the blank document."""
    where = ["--year", "2023", "--raw", str(made), "--processed", str(tmp_path / "p"), "--reports", str(tmp_path / "r")]
    text = (made / "scheme.yaml").read_text(encoding="utf-8")
    line = line_of(text, "    judgement.pass_mark: 待确认")
    for command in (["check"], ["score"], ["templates", str(tmp_path / "t")]):
        assert cli.main([*command, *where]) == 3
        told = "".join(capsys.readouterr())
        assert f"第 {line} 行“judgement.pass_mark”：规则“judgement.pass_mark”尚未确认" in told
        assert "复制时为：points: 60, clause: 四, name: 合格线" in told
        assert "“document.number”不能为空" in told and "“document.title”不能为空" in told
    assert not (tmp_path / "p" / "results.csv").exists() and not (tmp_path / "t").exists()
    listed = problems_of(tmp_path, text)
    assert [problem.code for problem in listed].count("scheme.unconfirmed") == RULES
    assert len(listed) == RULES + 2
    assert all(text.splitlines()[p.row - 1].lstrip().startswith(f"{p.column}:") for p in listed if p.row)


def test_a_confirmed_year_runs(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With every rule decided, the document and the standards filled in, the new year is scored."""
    raw = tmp_path / "2023"
    raw.mkdir()
    for path in (made / "scheme.yaml", made / "单位名录.xlsx", made.parent / "2022" / "扣分标准.csv"):
        (raw / path.name).write_bytes(path.read_bytes())
    (raw / "scheme.yaml").write_text(filled((made / "scheme.yaml").read_text(encoding="utf-8")), encoding="utf-8")
    where = ["--raw", str(raw), "--processed", str(tmp_path / "p"), "--reports", str(tmp_path / "r")]
    assert cli.main(["score", "--year", "2023", *where]) == 0
    # both reports are missing at 5.00 each, and nothing says whether units are key-task units: 100 - 10 = 90
    results = (tmp_path / "p" / "results.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[4] for line in results[1:]] == ["90.00"] * 4
    assert load_scheme(raw / "scheme.yaml").confirmations is not None
    capsys.readouterr()


def test_an_existing_folder_is_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is there, empty or not, a file and a dangling link are left alone: exit 2."""
    make_raw(tmp_path / "2022")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("内容")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    for name in ("2022", "empty", "file", "link"):
        assert cli.main(["new-year", "2023", "--from", "2022", "--raw", str(tmp_path / name)]) == 2
        assert "已经存在，没有改动" in capsys.readouterr().err
    assert cli.main(["new-year", "2023", "--from", "2022", "--raw", str(tmp_path / "2022" / "x")]) == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "内容"


@pytest.mark.parametrize(
    "arguments",
    [
        ["2022", "--from", "2022"],
        ["2021", "--from", "2022"],
        ["23", "--from", "2022"],
        ["2101", "--from", "2022"],
        ["2023", "--from", "二〇二二"],
        ["2023", "--from", "2019"],
        ["2023"],
        ["--from", "2022"],
        ["2023", "--from", "2022", "--from-raw", ""],
        ["2023", "--from", "2022", "--final"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said(arguments: Sequence[str], tmp_path: Path) -> None:
    """Years in the wrong order or form, a year without a folder, a missing or unknown option: exit 2, nothing made."""
    assert cli.main(["new-year", *arguments, "--raw", str(tmp_path / "new")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_roster_with_errors_is_not_carried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two units of one code in the earlier year: exit 3, and no new folder."""
    raw = make_raw(tmp_path / "2022")
    write_table(raw, "单位名录", ("单位编码", "单位名称", "单位类别"), [("T01", "甲镇", "镇"), ("T01", "乙镇", "镇")])
    assert cli.main(["new-year", "2023", "--from", "2022", "--raw", str(tmp_path / "2023")]) == 3
    assert "重复" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["2022"]


def test_the_same_year_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    """Made twice, every file is the same, byte for byte."""
    make_new_year(find_places(2023, 2022, str(tmp_path / "2023"), str(made.parent / "2022")))
    assert {p.name: p.read_bytes() for p in made.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "2023").iterdir()
    }


def test_a_year_is_sought_beside_the_new_folder_first(made: Path, tmp_path: Path) -> None:
    """--raw outside the project takes the earlier year beside it; where there is none, the project's."""
    assert find_places(2023, 2022, str(made.parent / "other")).source == made.parent / "2022"
    assert find_places(2023, 2022, str(tmp_path / "2023")).source == SCHEME_FILE.parent
    with pytest.raises(UsageError, match="2019"):
        find_places(2023, 2019, str(tmp_path / "2023"))


# ---- the scheme's text ----------------------------------------------------------------------------------------


def test_only_dates_document_and_mark_change() -> None:
    """Spacing and order stay; twelve lines differ: the head, year, number, title, cut-off, sample, six due dates."""
    old, new = SHIPPED.splitlines(), COPIED.splitlines()
    differing = [(a, b) for a, b in zip(old, new, strict=False) if a != b]
    assert len(differing) == 12
    assert (
        "cut_off: 2022-12-31        # 佐证和事实的截止日",
        "cut_off: 2023-12-31        # 佐证和事实的截止日",
    ) in differing
    assert "            - {material: 半年汇报, due: 2023-06-20, clause: 五1, owed_by: all_units}" in new
    assert "2022-" not in COPIED.split("confirmations:")[0]
    assert [line for line in new[len(old) :] if "待确认    #" in line] and new[len(old)] == ""


def test_comments_do_not_contradict_the_new_year() -> None:
    """The head names 2023, and nothing behind ``sample: false`` says that the folder holds sample data."""
    new = COPIED.splitlines()
    assert new[1] == "# 千阳县 2023 年“放管服”改革优化营商环境工作目标责任考核：分值、条款、口径。"
    assert "sample: false" in new
    assert "2022 年" not in COPIED.split("confirmations:")[0] and "演示数据" not in COPIED


def test_what_else_comments_say_stays(tmp_path: Path) -> None:
    """A day and a document in the head, other years and numbers, and a remark behind ``sample: false`` are kept."""
    head = "# 2022年5月7日整理，依据〔2022〕28号；2021 年、12022 年不变；2022年度考核\n"
    text = head + SHIPPED.replace(
        "sample: true               # 本文件夹为演示数据：报告逐页注明", "sample: false  # 真实数据"
    )
    (tmp_path / "scheme.yaml").write_text(text, encoding="utf-8")
    new = copied_scheme(text, load_scheme(tmp_path / "scheme.yaml"), 2023).splitlines()
    assert new[0] == "# 2022年5月7日整理，依据〔2022〕28号；2021 年、12022 年不变；2023年度考核"
    assert "sample: false  # 真实数据" in new


def test_days_move_by_whole_years() -> None:
    """29 February becomes the 28th in a year without one, and stays in a leap year; other days keep their date."""
    assert move_day(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert move_day(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert move_day(date(2023, 2, 28), 1) == date(2024, 2, 28)
    assert move_day(date(2022, 12, 31), 1) == date(2023, 12, 31)


def test_a_leap_day_in_the_file_is_moved(tmp_path: Path) -> None:
    """A due date of 29 February 2024, quoted as text, is 2025-02-28 in the next year's file."""
    text = SHIPPED.replace("year: 2022", "year: 2024").replace("2022-", "2024-").replace("2024-06-20", '"2024-2-29"', 1)
    (tmp_path / "scheme.yaml").write_text(text, encoding="utf-8")
    scheme = load_scheme(tmp_path / "scheme.yaml")
    assert "{material: 半年汇报, due: 2025-02-28, clause" in copied_scheme(text, scheme, 2025)


def test_a_third_year_starts_from_the_second(tmp_path: Path) -> None:
    """The decisions of 2023 do not pass for decisions on 2024: the section is written anew, once."""
    text = filled()
    assert problems_of(tmp_path, text) == ()
    again = copied_scheme(text, load_scheme(tmp_path / "scheme.yaml"), 2024)
    assert again.count("\nconfirmations:") == 1 and again.count("copied_from: 2023") == 1
    assert len(PENDING.findall(again)) == RULES and "考核办主任 2023-03-10" not in again


def test_line_ends_stay_as_they_are() -> None:
    """A file of Windows lines stays one, to the last line."""
    text = copied(SHIPPED.replace("\n", "\r\n"))
    assert text.replace("\r\n", "\n") == COPIED and "\n" not in text.replace("\r\n", "")


# ---- decisions ------------------------------------------------------------------------------------------------


def test_a_scheme_without_the_section_needs_no_decisions() -> None:
    """The shipped 2022 scheme, which was never carried over, loads as it is."""
    assert load_scheme(SCHEME_FILE).confirmations is None
    assert len(rules_of(load_scheme(SCHEME_FILE))) == RULES


def test_the_last_open_rule_still_stops_the_year(tmp_path: Path) -> None:
    """68 of 69 decided is not enough; with the last one the year is accepted."""
    text = filled()
    key = "    readings.bonus_gate: "
    open_still = text.replace(key + DECIDED, key + "待确认")
    (problem,) = problems_of(tmp_path, open_still)
    assert (problem.code, problem.column, problem.row) == (
        "scheme.unconfirmed",
        "readings.bonus_gate",
        line_of(text, key),
    )
    assert problems_of(tmp_path, text) == ()


def test_an_emptied_section_is_no_way_round(tmp_path: Path) -> None:
    """``confirmations:`` with nothing below it, or with its parts missing or misspelt, is an error at its line."""
    text = filled().split("confirmations:")[0]
    (problem,) = problems_of(tmp_path, text + "confirmations:\n")
    assert (problem.code, problem.column, problem.row) == ("scheme.value", "confirmations", text.count("\n") + 1)
    found = problems_of(tmp_path, text + "confirmations:\n  copied_from: 2022\n  rule: {}\n  carried: {}\n")
    assert [(p.code, p.column) for p in found] == [("scheme.missing_key", "rules"), ("scheme.unknown_key", "rule")]
    assert len(problems_of(tmp_path, text + "confirmations: {copied_from: 2022, rules: {}, carried: {}}\n")) == RULES


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "scheme.unconfirmed"),
        ("待确认", "scheme.unconfirmed"),
        ("沿用", "scheme.value"),
        ("沿用 考核办主任 2023-03-10", "scheme.value"),
        ("沿用 2023-03-10 千政办函〔2023〕15号", "scheme.value"),
        ("同意 考核办主任 2023-03-10 千政办函〔2023〕15号", "scheme.value"),
        ("沿用 考核办主任 2023-02-29 千政办函〔2023〕15号", "scheme.value"),
        ("沿用 考核办主任 23-3-10 千政办函〔2023〕15号", "scheme.value"),
        ("true", "scheme.value"),
        ("沿用，考核办主任，2023-3-10，千政办函〔2023〕15号", ""),
        ("沿用　考核办　主任　2023-3-10　千政办函〔2023〕15号", ""),
    ],
)
def test_a_decision_says_what_who_when_and_which_document(tmp_path: Path, written: str, code: str) -> None:
    """Each of the four is needed, the day must exist; spaces, wide spaces and commas between them are alike."""
    found = problems_of(tmp_path, filled().replace("cut_off: " + DECIDED, "cut_off: " + written))
    assert [(problem.code, problem.column) for problem in found] == ([(code, "cut_off")] if code else [])
    if not code:
        confirmations = load_scheme(tmp_path / "scheme.yaml").confirmations
        assert confirmations is not None
        assert confirmations.decided("cut_off")[2:] == (date(2023, 3, 10), "千政办函〔2023〕15号")


CAP = ("    cap: 4\n", "    cap: 5\n")
B1 = "    items.B1: "


def edited(*edits: tuple[str, str]) -> str:
    """Return the decided scheme with parts replaced, each at its first occurrence."""
    text = filled()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("edits", "column", "words"),
    [
        ([CAP], "items.B1", "写的是沿用，但第 67 行已有改动"),
        ([(B1 + "沿用", B1 + "修改")], "items.B1", "写的是修改，但第 67 行与复制时相同"),
        ([(B1 + "沿用", B1 + "删除")], "items.B1", "写的是删除，但第 67 行还有"),
        ([(B1 + "沿用", B1 + "新增")], "items.B1", "写的是新增，但复制时就有"),
        ([("    items.B1: " + DECIDED, "    items.B9: " + DECIDED)], "rules", "“项目 B1 特色亮点”（items.B1）没有确认"),
        ([("  rules:\n", f"  rules:\n    items.B9: {DECIDED}\n")], "items.B9", "方案中没有“items.B9”这条规则"),
        ([("due: 2023-06-20, clause: 五1, owed_by: all", "due: 2023-06-21, clause: 五1, owed_by: all")],
         "items.K.半年汇报", "复制时为“material: 半年汇报, due: 2023-06-20"),
        ([("default: above", "default: at_least")], "readings.bonus_gate", "写的是沿用"),
        ([("late: BS-01", "late: BS-03")], "rules", "（standards.BS-03）没有确认"),
        ([("copied_from: 2022", "copied_from: 2023")], "copied_from", "应是以前的年度"),
    ],
)  # fmt: skip
def test_a_decision_must_be_true(tmp_path: Path, edits: list[tuple[str, str]], column: str, words: str) -> None:
    """沿用 must be as carried, 修改 must differ, 删除 must be gone, 新增 must be new, and no rule may be left out."""
    found = problems_of(tmp_path, edited(*edits))
    told = [problem for problem in found if problem.column == column and words in problem.message]
    assert told, [str(problem) for problem in found]
    assert {problem.code for problem in found} == {"scheme.confirmation"}
    assert all(problem.remedy.endswith("。") for problem in found)


def test_true_decisions_are_accepted(tmp_path: Path) -> None:
    """A changed cap said to be changed, a removed item said to be removed, a new standard said to be new."""
    b7 = SHIPPED[SHIPPED.index("  - id: B7") : SHIPPED.index("# 条款摘要")]
    text = edited(
        CAP,
        (B1 + "沿用", B1 + "修改"),
        (b7, ""),
        ("    items.B7: 沿用", "    items.B7: 删除"),
        ("    standards.RW-01: 沿用", "    standards.RW-01: 删除"),
        ("    standards.RW-02: 沿用", "    standards.RW-02: 删除"),
        ("late: BS-01", "late: BS-03"),
        ("    standards.BS-01: 沿用", "    standards.BS-01: 删除"),
        ("  rules:\n", "  rules:\n    standards.BS-03: 新增 考核办主任 2023-03-10 千政办函〔2023〕15号\n"),
    )
    assert problems_of(tmp_path, text) == ()


def test_the_same_number_written_otherwise_is_no_change(tmp_path: Path) -> None:
    """60.00 is 60: the rule is still the one that was carried over."""
    assert problems_of(tmp_path, edited(("points: 60,", "points: 60.00,"))) == ()


def test_editors_know_the_section() -> None:
    """The JSON Schema accepts a decided file and refuses an undecided one."""
    validator = Draft202012Validator(json.loads(json_schema()))

    def data(text: str) -> Any:
        return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))

    assert validator.is_valid(data(filled()))
    assert not validator.is_valid(data(COPIED))


# ---- units that come and go -----------------------------------------------------------------------------------

HEADER = ("单位编码", "单位名称", "单位类别", "别名", "重点任务单位", "生效日期", "失效日期", "承继单位")
BASE = (("T01", "甲镇", "镇", "", "否", "", "", ""), ("D01", "县统计局", "县级部门", "统计局", "否", "", "", ""))


def cleaned(tmp_path: Path, *rows: Sequence[str], meetings: Iterable[str] = ()) -> Cleaned:
    """Clean a roster of the two base units and these rows for 2022, with a meeting for each unit named."""
    write_table(tmp_path, "单位名录", HEADER, [*BASE, *rows])
    standards = [(code, "内容", "情形", "1", "1号") for code in load_scheme(SCHEME_FILE).named_standards()]
    write_table(tmp_path, "扣分标准", ("标准编号", "考核内容", "扣分情形", "单次扣分", "批准文号"), standards)
    write_table(
        tmp_path, "参会登记", ("会议", "日期", "单位", "到会情况"), [("会", "2022-03-01", u, "到会") for u in meetings]
    )
    return clean(tmp_path, load_scheme(SCHEME_FILE))


@pytest.mark.parametrize(
    ("first", "last", "assessed", "code"),
    [
        ("", "2021-12-31", False, "roster.not_in_force"),
        ("", "2022-01-01", True, "roster.ends"),
        ("", "2022年12月31日", True, "roster.ends"),
        ("", "2023-01-01", True, ""),
        ("2022-12-31", "", True, ""),
        ("2023/1/1", "", False, "roster.not_in_force"),
        ("2020-01-01", "2021-12-31 17:30", False, "roster.not_in_force"),
    ],
)
def test_the_year_decides_who_is_assessed(tmp_path: Path, first: str, last: str, assessed: bool, code: str) -> None:
    """Ended before 1 January or begun after 31 December: not assessed, set aside with a notice, and still counted."""
    found = cleaned(tmp_path, ("D02", "县故局", "县级部门", "", "否", first, last, ""))
    assert ("D02" in [row["单位编码"] for row in found.tables["单位名录"]]) == assessed
    assert [p.code for p in found.problems] == ([code] if code else [])
    assert all((p.severity, p.row) == ("notice", 4) for p in found.problems)
    (count,) = [count for count in found.counts if count.table == "单位名录"]
    assert (count.read, count.accepted, count.rejected, count.set_aside) == (3, 2 + assessed, 0, 1 - assessed)


def test_a_row_of_a_unit_that_left_is_an_error_that_names_the_heir(tmp_path: Path) -> None:
    """A unit that is not assessed any more is told as such, not as a misspelling, in every spelling."""
    gone = ("D02", "县故局", "县级部门", "故局", "否", "", "2021-12-31", "县统计局")
    found = cleaned(tmp_path, gone, meetings=("故局", "D02", "县统计局"))
    errors = [problem for problem in found.problems if problem.severity == "error"]
    assert [(p.code, p.row) for p in errors] == [("unit.not_in_force", 2), ("unit.not_in_force", 3)]
    assert "“故局”已于 2021-12-31 失效，由“县统计局”承继" in errors[0].message


def test_names_are_free_again_but_codes_are_not(tmp_path: Path) -> None:
    """The heir may bear the old name as alias; a code means one unit in every year."""
    gone = ("D02", "县调查局", "县级部门", "", "否", "", "2021-12-31", "D03")
    heir = ("D03", "县调查统计局", "县级部门", "县调查局", "否", "2022-01-01", "", "")
    found = cleaned(tmp_path, gone, heir, meetings=("县调查局",))
    assert not found.rejected and [row["单位"] for row in found.tables["参会登记"]] == ["D03"]
    again = cleaned(tmp_path, gone, ("d02", "县新局", "县级部门", "", "否", "", "", ""))
    assert [p.code for p in again.problems if p.severity == "error"] == ["roster.successor", "key.duplicate"]


def test_heirs_know_whom_they_took_over(tmp_path: Path) -> None:
    """A chain and a merger: D04 took over D03 and D05, D03 had taken over D02; a unit split in two has two heirs."""
    found = cleaned(
        tmp_path,
        ("D02", "县二局", "县级部门", "", "否", "", "2019-12-31", "县三局"),
        ("D03", "县三局", "县级部门", "", "否", "2020-01-01", "2021-12-31", "D04"),
        ("D04", "县四局", "县级部门", "", "否", "2022-01-01", "", ""),
        ("D05", "县五局", "县级部门", "", "否", "", "2021-12-31", "县四局；甲镇"),
    )
    assert not found.rejected
    notes = {row["单位编码"]: row.notes.get("承继自") for row in found.tables["单位名录"]}
    assert notes == {"T01": "D05", "D01": None, "D04": "D03；D05；D02"}


@pytest.mark.parametrize(
    ("rows", "code", "column"),
    [
        ([("D02", "县二局", "县级部门", "", "否", "", "2021.13.1", "")], "roster.period", "失效日期"),
        ([("D02", "县二局", "县级部门", "", "否", "6.20", "", "")], "roster.period", "生效日期"),
        ([("D02", "县二局", "县级部门", "", "否", "2022-05-01", "2022-04-30", "")], "roster.period", "失效日期"),
        ([("D02", "县二局", "县级部门", "", "否", "", "2021-12-31", "县统记局")], "roster.successor", "承继单位"),
        ([("D02", "县二局", "县级部门", "", "否", "", "2021-12-31", "D02")], "roster.successor", "承继单位"),
        (
            [
                ("D02", "县二局", "县级部门", "", "否", "", "2021-12-31", "D03"),
                ("D03", "县三局", "县级部门", "", "否", "", "2021-12-31", "D02"),
            ],
            "roster.successor",
            "承继单位",
        ),
    ],
)
def test_a_wrong_period_or_heir_is_an_error(
    tmp_path: Path, rows: list[tuple[str, ...]], code: str, column: str
) -> None:
    """A date that is none, an end before the beginning, an heir that is unknown or leads back: never passed over."""
    found = cleaned(tmp_path, *rows)
    errors = [problem for problem in found.problems if problem.severity == "error"]
    assert [(p.code, p.column) for p in errors] == [(code, column)] * len(rows)


def test_a_roster_without_the_columns_is_as_before(tmp_path: Path) -> None:
    """The three columns are optional: without them nothing is noted, set aside or told."""
    raw = make_raw(tmp_path / "2022")
    found = clean(raw, load_scheme(SCHEME_FILE))
    assert [row.notes for row in found.tables["单位名录"]] == [{}] * 4
    assert not [problem for problem in found.problems if problem.code.startswith("roster.")]


def test_units_that_left_go_along_to_the_new_year(tmp_path: Path) -> None:
    """The roster of 2023 keeps the unit that left, its dates, its heir and every note of the office."""
    raw = make_raw(tmp_path / "2022")
    gone = ("D02", "县故局", "县级部门", "", "否", "2012-01-01", "2021-12-31", "D01", "三楼")
    write_table(raw, "单位名录", (*HEADER, "办公室"), [*((*row, "") for row in BASE), gone])
    make_new_year(find_places(2023, 2022, str(tmp_path / "2023"), str(raw)))
    header, *rows = sheet(tmp_path / "2023" / "单位名录.xlsx")
    last = dict(zip(header, rows[-1], strict=True))
    assert [last[name] for name in ("单位编码", "失效日期", "承继单位", "办公室")] == [
        "D02",
        "2021-12-31",
        "D01",
        "三楼",
    ]
    assert last["重点任务单位"] is None and "承继自" not in header
