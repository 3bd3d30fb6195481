"""The manual says what is true: every problem code, every command, every picture, every month."""

from __future__ import annotations

import ast
import json
import re

import pytest
from build import ROOT, load_scheme_plainly
from random_year import seeded_year
from test_problem_kinds import KINDS

from assess_lib.cli import COMMANDS, main
from assess_lib.errors import SEVERITY_NAMES
from assess_lib.scheme import KNOWN_READINGS
from assess_lib.scoring import score
from assess_lib.tables import TABLES
from assess_lib.views.words import STATUS_WORDS

PLACE = ROOT / "notebooks" / "manual.md"
MANUAL = PLACE.read_text(encoding="utf-8")
# What can find a problem, and files that only look like a code.
_FINDERS = ("cleaning", "intake", "store", "official_text.py", "scheme_file.py", "pipeline.py")
_FILES = (".yaml", ".csv", ".xlsx", ".json", ".txt", ".ini", ".db", ".xml", ".py", ".parquet", ".lock")
_CODE = re.compile(r"[a-z_]+\.[a-z][a-z_-]*")


def rows() -> dict[str, tuple[str, str, str]]:
    """Return the manual's tables of codes: code to severity, meaning, remedy."""
    found: dict[str, tuple[str, str, str]] = {}
    for line in MANUAL.split("## 问题代码一览", 1)[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            for code in re.findall(r"`([^`]+)`", cells[0]):
                assert code not in found, code
                found[code] = (cells[1], cells[2], cells[3])
    return found


def source_codes() -> set[str]:
    """Return every text of a module that finds problems that has the form of a code."""
    codes = set()
    for name in _FINDERS:
        place = ROOT / "assess_lib" / name
        for module in sorted(place.glob("*.py")) if place.is_dir() else (place,):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                    codes.add(node.value)
    return {code for code in codes if code == "scheme.yaml" or not code.endswith(_FILES)}


def doubts() -> set[str]:
    """Return what the rules can doubt: the first argument of each Doubt, a number in it as ``\\d``."""
    found = set()
    for module in sorted((ROOT / "assess_lib" / "rules").glob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Doubt":
                first = node.args[0]
                parts = first.values if isinstance(first, ast.JoinedStr) else [first]
                found.add("".join(str(part.value) if isinstance(part, ast.Constant) else r"\d" for part in parts))
    return found


def test_every_code_that_cleaning_finds_is_explained() -> None:
    """Each code in the source of cleaning, reading, storing, scheme and official text has its row, and no other."""
    explained = {code for code in rows() if code.count(".") == 1}
    codes = source_codes()
    assert len(codes) > 75
    assert codes - explained == set()
    assert explained - codes == set()


def test_every_doubt_of_scoring_is_explained() -> None:
    """Each doubt that a rule can raise has its rows, and each row of scoring is a doubt that a rule can raise."""
    explained = {code for code in rows() if code.count(".") == 2}
    patterns = doubts()
    assert len(patterns) >= 6
    for pattern in patterns:
        assert [code for code in explained if re.fullmatch(pattern, code.split(".")[2])], pattern
    for code in explained:
        severity, item, doubt = code.split(".")
        assert severity in ("unresolved", "warning")
        assert item.upper() in {found.id for found in load_scheme_plainly().items}
        assert [pattern for pattern in patterns if re.fullmatch(pattern, doubt)], code


@pytest.mark.parametrize("seed", range(6))
def test_codes_of_random_years_are_explained(seed: int) -> None:
    """Whatever a year of random facts leaves open or warns of, the manual has its exact code and severity."""
    year = seeded_year(seed)
    scheme = load_scheme_plainly()
    made = score(year.tables, scheme, scheme.default_readings(), scheme.cut_off)
    known = rows()
    assert made.problems
    for problem in made.problems:
        assert problem.code in known, problem.code
        assert known[problem.code][0] == SEVERITY_NAMES[problem.severity]


def test_severities_are_right() -> None:
    """The severity that the manual gives a code is the one that it has, in every way that it can come about."""
    known = rows()
    found: dict[str, set[str]] = {}
    for kind in KINDS:
        found.setdefault(kind.code, set()).add(SEVERITY_NAMES[kind.severity])
    for code, severities in found.items():
        assert set(known[code][0].split("、")) == severities, code


def test_each_row_has_meaning_and_remedy() -> None:
    """No code is listed without saying in Chinese what it means and what to do."""
    for code, cells in rows().items():
        assert set(cells[0].split("、")) <= set(SEVERITY_NAMES.values()), code
        for cell in cells[1:]:
            assert re.search(r"[一-鿿]", cell), code


def help_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what ``assess NAME --help`` prints."""
    assert main([name, "--help"]) == 0
    return capsys.readouterr().out


def test_commands_exist_with_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command line in the manual is one that the command line knows, with options that it has."""
    lines = re.findall(r"^(assess .*)$", MANUAL, flags=re.MULTILINE) + re.findall(r"`(assess [^`]*)`", MANUAL)
    assert len(lines) > 20
    for line in lines:
        name = line.split()[1]
        if name == "单位" or name.startswith("-"):
            continue
        assert name in COMMANDS, line
        said = help_of(name, capsys)
        for option in re.findall(r"(?<=\s)--[a-z-]+", line):
            assert option in said, line


def test_json_is_offered_by_the_commands_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands that the manual names as readable by programs are those that have --json."""
    line = next(line for line in MANUAL.splitlines() if "都可以加 `--json`" in line)
    names = re.findall(r"`(?:assess )?([a-z][a-z-]*)`", line)
    offered = [name for name in COMMANDS if "--json" in help_of(name, capsys)]
    assert sorted(names) == sorted(offered)


def anchors(text: str) -> set[str]:
    """Return what one can link to in a text: its headings, as web pages of code name them."""
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}


def test_links_and_pictures_lead_somewhere() -> None:
    """Each picture is there, small and described; each link leads to a file or a heading that exists."""
    for shown, text, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)]*)\)", MANUAL):
        place, _, anchor = target.partition("#")
        assert text
        file = (PLACE.parent / place).resolve() if place else PLACE
        assert file.is_file(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target
        if shown:
            data = (PLACE.parent / place).read_bytes()
            assert data.startswith(b"\x89PNG") and len(data) <= 150_000, target
    used = set(re.findall(r"\(pictures/([^)]*)\)", MANUAL))
    assert used == {picture.name for picture in (PLACE.parent / "pictures").glob("*")}


def test_every_month_every_exit_code_every_status_is_told() -> None:
    """The year from 一月 to 次年一月 is told month by month, and each exit code and ledger status has its row."""
    calendar = MANUAL.split("## 一年的日历", 1)[1].split("## ", 1)[0]
    months = [f"{n}月" for n in ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "次年一"]]
    assert re.findall(r"^\| (\S+月) \|", calendar, flags=re.MULTILINE) == months
    assert re.findall(r"^\| (\d) \|", MANUAL, flags=re.MULTILINE) == [str(code) for code in range(10)]
    told = {word for cell in re.findall(r"^\| ([^|]+) \|", MANUAL, flags=re.MULTILINE) for word in cell.split("、")}
    assert set(STATUS_WORDS.values()) - {"结论"} <= told


def test_sections_of_a_report_are_those_of_its_notebook() -> None:
    """The manual explains each section of a unit's report, in its order, under its own heading."""
    cells = json.loads((ROOT / "notebooks" / "03_unit_report.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    told = MANUAL.split("## 看懂单位报告", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^- \*\*(.*?)\*\*", told, flags=re.MULTILINE) == re.findall(
        r"^## (.*)$", texts, flags=re.MULTILINE
    )


def test_due_days_are_those_of_the_scheme() -> None:
    """The calendar names the report days of 五1 in their months, and the readings it names exist."""
    calendar = MANUAL.split("## 一年的日历", 1)[1].split("## ", 1)[0]
    by_month = dict(re.findall(r"^\| (\S+月) \| (.*)$", calendar, flags=re.MULTILINE))
    for month, words in (
        ("三月", ("一季度进展", "20 日前")),
        ("六月", ("半年汇报", "二季度进展", "20 日前")),
        ("九月", ("三季度进展", "20 日前")),
        ("十二月", ("年度总结", "四季度进展", "20 日前", "31 日截止")),
        ("次年一月", ("5 日前",)),
    ):
        for word in words:
            assert word in by_month[month], (month, word)
    for key in re.findall(r"口径 `([a-z0-9_]+)`", MANUAL):
        assert key in KNOWN_READINGS
    assert len(TABLES) == 17 and "十七张表" in MANUAL
