"""Three other counties' schemes as test folders: each a data edit alone, with results that were worked out by hand.

Then what becomes of them downstream: everything takes them, or says plainly that it does not.
"""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from audit_years import files_of
from build import load_scheme_plainly
from test_cases import check_ledger, entry_matches, read_yaml

from assess_lib import robustness, sensitivity
from assess_lib.audit.audited import open_set
from assess_lib.beyond import beyond_plain
from assess_lib.cleaning import clean
from assess_lib.cli import main
from assess_lib.errors import InputRejected, UsageError
from assess_lib.scheme import Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.scoring import Score, score
from assess_lib.tables import TABLES, Row
from assess_lib.verify.sums import add_up

COUNTIES = Path(__file__).parent / "counties"
NAMES = ("qingling", "shiqiao", "yunshui")
YEAR = 2023


@dataclass(frozen=True)
class County:
    """One county's folder: its scheme, clean tables, score, and what was worked out by hand."""

    name: str
    scheme: Scheme
    tables: Mapping[str, tuple[Row, ...]]
    made: Score
    expected: Mapping[str, Mapping[str, Any]]


def load_county(name: str) -> County:
    """Load, clean and score a county's folder under its own readings."""
    raw = COUNTIES / name / "raw"
    scheme = load_scheme(raw / "scheme.yaml", year=YEAR)
    cleaned = clean(raw, scheme)
    assert [str(problem) for problem in cleaned.problems] == []
    made = score(cleaned.tables, scheme, scheme.default_readings(), scheme.cut_off)
    expected = read_yaml((COUNTIES / name / "expected.yaml").read_text(encoding="utf-8"))["units"]
    return County(name, scheme, cleaned.tables, made, expected)


@pytest.fixture(scope="module", params=NAMES)
def county(request: pytest.FixtureRequest) -> County:
    """Each of the three counties."""
    return load_county(request.param)


def test_the_results_are_those_worked_out_by_hand(county: County) -> None:
    """Every column of every unit's result is the one in expected.yaml, and no unit is left out."""
    for result in county.made.results:
        wanted = county.expected[result.unit_id]["result"]
        found = {key: getattr(result, key) for key in wanted}
        assert found == wanted, result.unit_id
        assert len(wanted) == 9
    assert [result.unit_id for result in county.made.results] == list(county.expected)


def test_the_items_are_those_worked_out_by_hand(county: County) -> None:
    """Every scored item of every unit has the points of expected.yaml; an exempt or unopened item is not there."""
    for unit, wanted in county.expected.items():
        found = {
            item.item: item.points for item in county.made.items if item.unit_id == unit and item.points is not None
        }
        assert found == {item: Decimal(points) for item, points in wanted["items"].items()}, unit


def test_the_ledger_shows_each_step_worked_out_by_hand(county: County) -> None:
    """The key steps of expected.yaml stand in the ledger in this order, and all of it is a ledger."""
    check_ledger(county.made, county.tables, county.scheme)
    for unit, wanted in county.expected.items():
        rest = iter([entry for entry in county.made.ledger if entry.unit_id == unit])
        for pattern in wanted.get("ledger", ()):
            assert any(entry_matches(entry, pattern) for entry in rest), f"{unit}: no further row fits {pattern}"


@pytest.mark.parametrize("name", NAMES)
def test_check_score_and_explain_work_on_the_folder(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands take the folder as it stands; results.csv and the ledger in words say what was worked out."""
    places = ["--year", str(YEAR), "--processed", str(tmp_path / "processed")]
    raw = ["--raw", str(COUNTIES / name / "raw")]
    assert main(["check", *places, *raw]) == 0
    assert main(["score", *places, *raw]) == 0
    expected = read_yaml((COUNTIES / name / "expected.yaml").read_text(encoding="utf-8"))["units"]
    text = (tmp_path / "processed" / "results.csv").read_text(encoding="utf-8-sig")
    capsys.readouterr()
    for row in csv.DictReader(io.StringIO(text)):
        wanted = expected[row["unit_id"]]["result"]
        assert row["final_score"] == ("" if wanted["final_score"] is None else f"{wanted['final_score']:.2f}")
        assert main(["explain", row["unit_id"], *places, *raw]) == 0
        told = capsys.readouterr().out
        assert row["final_score"] in told
        assert wanted["grade"] in told


# ---- what the loader and cleaning say --------------------------------------------------------------------------------


def scheme_with(name: str, *edits: tuple[str, str]) -> str:
    """Return a county's scheme file with parts replaced, each at its first occurrence."""
    text = (COUNTIES / name / "raw" / "scheme.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


W2 = "{id: W2, part: key, name: 日常运转, clause: 三（二）2, weight: 0.3}"
MISFITS: dict[str, tuple[str, str, str, str, str]] = {
    "weights": ("qingling", "weight: 0.5", "weight: 0.4", "dimensions", "各维度的权重之和为 0.9，应为 1"),
    "a weight is lacking": ("qingling", ", weight: 0.3}", "}", "dimensions", "其余维度也须写，且各项都须属于维度"),
    "an item without": ("qingling", "    dimension: W1\n", "", "dimensions", "各项都须属于维度"),
    "weight above 1": ("qingling", "weight: 0.5", "weight: 1.5", "weight", "不得大于 1"),
    "no such dimension": (
        "qingling",
        "dimension: W2",
        "dimension: W9",
        "dimension",
        "没有维度“W9”（可用：W1、W2、W3）",
    ),
    "dimension of another part": ("yunshui", "    dimension: X1\n", "    dimension: X3\n", "dimension", "没有维度“X3”"),
    "dimension without items": (
        "qingling",
        f"  - {W2}",
        f"  - {W2}\n  - {{id: W4, part: bonus, name: 另外, clause: 三（三）}}",
        "dimensions",
        "维度“W4”没有项目",
    ),
    "dimension called as an item": ("shiqiao", "{id: D2, part", "{id: K1, part", "id", "维度编号“K1”与项目编号相同"),
    "dimension twice": (
        "shiqiao",
        "name: 业务工作, clause",
        "name: 党的建设, clause",
        "name",
        "维度名称“党的建设”重复",
    ),
    "weight of a bonus": ("yunshui", "cap: 30}", "cap: 30, weight: 0.5}", "weight", "加分部分（bonus）的维度不设权重"),
    "floor of a key": (
        "shiqiao",
        "clause: 二（二）1, cap: 40}",
        "clause: 二（二）1, cap: 40, floor: -1}",
        "floor",
        "不设最低分",
    ),
    "floor above zero": ("yunshui", "floor: -25", "floor: 25", "floor", "须小于 0"),
    "no floor": ("yunshui", "    floor: -20\n", "", "items", "方法 deduct_from_zero 的项目必须写 floor"),
    "a cap where none is": (
        "yunshui",
        "    floor: -20\n",
        "    floor: -20\n    cap: 5\n",
        "cap",
        "从 0 分起扣，不设 cap",
    ),
    "floor of an award": ("yunshui", "    cap: 15\n", "    cap: 15\n    floor: -1\n", "floor", "最低为 0，不设 floor"),
    "gate forgotten": ("qingling", "  bonus_gate: null\n", "", "bonus_gate", "缺少“judgement.bonus_gate”"),
    "pass mark's score": (
        "qingling",
        "compares: final_score",
        "compares: total",
        "compares",
        "可用：key_score、final_score",
    ),
    "quota without ties": ("shiqiao", ", ties: all_in}", "}", "ties", "缺少“grades.bands[1].quota.ties”"),
    "unknown ties": ("shiqiao", "ties: all_in", "ties: some", "ties", "可用：all_in、all_out"),
    "two measures": (
        "shiqiao",
        "{count: 2,",
        "{count: 2, percent: 20, rounding: up,",
        "quota",
        "count 或 percent 之一",
    ),
    "no rounding": ("qingling", "rounding: down, ", "", "quota", "rounding 与 percent 须同时写"),
    "rounding of a number": (
        "shiqiao",
        "{count: 2,",
        "{count: 2, rounding: up,",
        "quota",
        "rounding 与 percent 须同时写",
    ),
    "exempt group": (
        "shiqiao",
        "[{groups: [街道]",
        "[{groups: [乡镇]",
        "groups",
        "没有组别“乡镇”（可用：街道、区直部门）",
    ),
    "exempt nobody": ("shiqiao", "{units: [Q3], basis", "{basis", "exempt", "免考核须写 groups 或 units"),
    "exempt from a capped dimension": (
        "shiqiao",
        "    cap: 20\n    dimension: D1\n",
        "    cap: 20\n    dimension: D1\n    exempt: [{units: [S1], basis: 某号}]\n",
        "exempt",
        "其中的项目不能免考核",
    ),
    "exempt from a veto": (
        "shiqiao",
        "    part: veto\n",
        "    part: veto\n    exempt: [{units: [S1], basis: 某号}]\n",
        "exempt",
        "只有重点考核（key）的项目可以免考核",
    ),
    "dimension of a veto": (
        "shiqiao",
        "    part: veto\n",
        "    part: veto\n    dimension: D1\n",
        "dimension",
        "不属维度",
    ),
    "standard taken twice": (
        "yunshui",
        "[ZF-01, ZF-02]",
        "[ZF-01, GZ-01]",
        "standards",
        "标准“GZ-01”的登记已由 K 计扣",
    ),
    "all registers": ("yunshui", "{kind: register, standards: [GZ-01]}", "{kind: register}", "facts", "K 的也须写"),
    "rates ascend": ("shiqiao", "{at_least: 80, points: 16}", "{at_least: 50, points: 16}", "at_least", "从高到低排列"),
    "points ascend": ("shiqiao", "{at_least: 80, points: 16}", "{at_least: 80, points: 9}", "points", "从高到低排列"),
    "points above the cap": (
        "shiqiao",
        "{at_least: 100, points: 20}",
        "{at_least: 100, points: 21}",
        "points",
        "不得高于 cap",
    ),
    "none above the cap": ("shiqiao", "none: 20", "none: 20.01", "rule", "分值不得高于 cap"),
    "unknown rate": (
        "shiqiao",
        "rate: tasks_in_time",
        "rate: meetings",
        "rate",
        "可用：tasks_in_time、information_adopted",
    ),
    "unknown column": ("shiqiao", "column: 采用条数", "column: 条数", "column", "可用：报送条数、采用条数"),
    "unknown method": (
        "shiqiao",
        "method: points_per_count",
        "method: points_by_count",
        "method",
        "points_per_count、rate_bands",
    ),
    "award as key": (
        "shiqiao",
        "{method: points_per_count, column: 采用条数, each: 2}",
        "{method: mean_per_matter, score_max: 4}",
        "method",
        "（key）不能用方法 mean_per_matter，可用：deduct_from_full、mean_of_raters、points_per_count、rate_bands",
    ),
    "reading that a method asks for": (
        "shiqiao",
        "  red_light_event:",
        "  bonus_gate:",
        "readings",
        "缺少口径“red_light_event”",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_a_scheme_that_does_not_fit_says_so_at_its_place(case: str, tmp_path: Path) -> None:
    """Each mistake is told with its line and key; an unknown method or option with the list of known ones."""
    name, old, new, column, words = MISFITS[case]
    text = scheme_with(name, (old, new))
    file = tmp_path / "scheme.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputRejected) as rejected:
        load_scheme(file)
    told = [problem for problem in rejected.value.problems if words in str(problem)]
    assert told, [str(problem) for problem in rejected.value.problems]
    assert told[0].row is not None
    assert told[0].row > 1
    assert told[0].column in (column, "")
    assert told[0].remedy.endswith("。")


def test_a_group_cannot_be_exempt_from_everything(tmp_path: Path) -> None:
    """A group without any key item left has nothing that could be scaled to the full mark."""
    text = scheme_with("shiqiao")
    for cap in ("    cap: 30\n", "    cap: 20\n    dimension: D1\n", "    cap: 40\n"):
        text = text.replace(cap, f"{cap}    exempt: [{{groups: [街道], basis: 某号}}]\n", 1)
    text = text.replace("cap: 40}", "}").replace("clause: 二（二）1, }", "clause: 二（二）1}")
    text = text.replace(
        "dimension: D2\n    exempt: [{units: [Q3], basis: 石绩办〔2023〕9号}]\n",
        "dimension: D2\n",
    )
    file = tmp_path / "scheme.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputRejected) as rejected:
        load_scheme(file)
    assert [p.message for p in rejected.value.problems] == ["“街道”免考核重点考核的全部项目，没有可以折合的项目。"]


def cleaned_with(name: str, tmp_path: Path, edits: Mapping[str, tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    """Clean a copy of a county's folder with parts of its files replaced; return what was found."""
    raw = tmp_path / "raw"
    shutil.copytree(COUNTIES / name / "raw", raw)
    for file, (old, new) in edits.items():
        text = (raw / file).read_text(encoding="utf-8")
        assert old in text, old
        (raw / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = clean(raw, load_scheme(raw / "scheme.yaml", year=YEAR)).problems
    return [(p.severity, p.code, p.value, p.message) for p in found]


def test_an_exempt_unit_that_the_roster_lacks_is_an_error(tmp_path: Path) -> None:
    """A mistyped code exempts nobody silently; the nearest one is named."""
    found = cleaned_with("shiqiao", tmp_path, {"scheme.yaml": ("units: [Q3]", "units: [Q8]")})
    message = "方案的 K3（行政审批）免考核的单位“Q8”不在单位名录中。最接近：Q1。"
    assert found == [("error", "exempt.unit", "Q8", message)]


def test_a_unit_exempt_from_every_key_item_is_an_error(tmp_path: Path) -> None:
    """A unit that by group and by name together takes part in nothing is told at its row of the roster."""
    edits = {
        "scheme.yaml": (
            "    cap: 30\n    dimension: D1\n",
            "    cap: 30\n    dimension: D1\n    exempt: [{units: [S1], basis: 某号}]\n",
        )
    }
    raw = tmp_path / "scheme.yaml"
    text = scheme_with("shiqiao", edits["scheme.yaml"], ("clause: 二（二）1, cap: 40}", "clause: 二（二）1}"))
    text = text.replace(
        "    cap: 20\n    dimension: D1\n",
        "    cap: 20\n    dimension: D1\n    exempt: [{units: [S1], basis: 某号}]\n",
        1,
    )
    text = text.replace("[{units: [Q3],", "[{units: [Q3, S1],")
    raw.write_text(text, encoding="utf-8")
    scheme = load_scheme(raw)
    found = clean(COUNTIES / "shiqiao" / "raw", scheme).problems
    assert [(p.code, p.file, p.row, p.column) for p in found] == [("exempt.everything", "单位名录.csv", 2, "单位编码")]


def test_a_register_row_that_no_item_takes_is_an_error(tmp_path: Path) -> None:
    """Where items name the standards whose rows they take, a row of another standard never just vanishes."""
    edits = {"扣分登记.csv": ("KF-2,Y2,ZF-01", "KF-2,Y2,HY-03")}
    found = cleaned_with("yunshui", tmp_path, edits)
    message = "方案没有项目计扣标准“HY-03”的登记。最接近："
    assert [(kind, code, value) for kind, code, value, _ in found] == [("error", "standard.unowned", "HY-03")]
    assert found[0][3].startswith(message)


def test_a_register_standard_must_be_in_the_table(tmp_path: Path) -> None:
    """A standard that the scheme gives to an item and that nobody approved is an error."""
    found = cleaned_with("yunshui", tmp_path, {"scheme.yaml": ("[ZF-01, ZF-02]", "[ZF-01, ZF-02, ZF-03]")})
    assert [found[0][:3]] == [("error", "standard.scheme", "ZF-03")]


def test_a_table_that_no_item_reads_is_told(tmp_path: Path) -> None:
    """Rows that count nowhere are a warning with their number, whatever stands in their columns."""
    raw = tmp_path / "raw"
    shutil.copytree(COUNTIES / "yunshui" / "raw", raw)
    shutil.copy(COUNTIES / "qingling" / "raw" / "表彰宣传.csv", raw)
    text = (raw / "表彰宣传.csv").read_text(encoding="utf-8")
    rows = text.replace(",X1,", ",Y1,").replace(",M2,", ",G1,").replace(",M5,", ",G2,")
    (raw / "表彰宣传.csv").write_text(re.sub("ZJ-[123]", "", rows), encoding="utf-8")
    found = clean(raw, load_scheme(raw / "scheme.yaml", year=YEAR)).problems
    assert [(p.severity, p.code, p.table, p.message) for p in found] == [
        ("warning", "table.unused", "表彰宣传", "本方案没有项目用到“表彰宣传”，其中 4 行不计入得分。")
    ]


# ---- downstream ------------------------------------------------------------------------------------------------------


def test_all_combinations_of_readings_are_those_of_plain_scoring(county: County) -> None:
    """Weights, exemptions, floors and quotas included, every combination gives what scoring it by itself gives."""
    scheme = county.scheme
    seen = sensitivity.explore(county.tables, scheme, scheme.cut_off, scheme.default_readings())
    every = [dict(zip(seen.space.keys, o, strict=True)) for o in product(*seen.space.options.values())]
    assert len(every) == {"qingling": 48, "shiqiao": 4, "yunshui": 8}[county.name]
    assert sensitivity.differences_from_scoring(seen, county.tables, scheme.cut_off, every) == []


def test_a_reading_can_turn_a_grade_through_another_units_place() -> None:
    """A unit whose own points hang on nothing loses its tie, and with it the grade, when a rival falls."""
    county = load_county("qingling")
    seen = sensitivity.explore(county.tables, county.scheme, county.scheme.cut_off, county.scheme.default_readings())
    # M2's annual report is one more day late (−1 × 0.5): M1 is alone at 96.00 and finds the one place
    assert seen.result("M1").grade == "良好"
    assert seen.result("M1", {"deadline_day": "exclusive"}).grade == "优秀"
    assert seen.result("M2", {"deadline_day": "exclusive"}).final_score == Decimal("95.50")
    assert [(c.reading, c.after) for c in seen.flips("M1", "grade")[0].changes] == [("deadline_day", "exclusive")]


@pytest.mark.parametrize("name", NAMES)
def test_what_knows_the_plain_order_alone_says_so(name: str, tmp_path: Path) -> None:
    """The search for corrections, the second computation and the workbook name what of the scheme they leave out."""
    county = load_county(name)
    scheme = county.scheme
    registers = "按标准分到各项的扣分登记"
    methods = {
        "qingling": ("rate_bands（K3 交办落实）",),
        "shiqiao": ("points_per_count（K2 信息宣传）", "rate_bands（K4 项目建设）"),
        "yunshui": (
            "points_per_count（B2 信息采用）",
            "rate_bands（B3 督办完成）",
            "deduct_from_zero（N1 作风问题）",
            "deduct_from_zero（N2 会风会纪）",
        ),
    }[name]
    rest = {
        "qingling": ("4 个重点考核项目", "维度", registers, "不设加分开启线", "比最终得分的合格线", "等次名额"),
        "shiqiao": (
            *("4 个重点考核项目", "维度", "免考核折合", "没有加分项目"),
            *("不设加分开启线", "不设加分上限", "等次名额"),
        ),
        "yunshui": ("维度", registers, "没有否决项目", "加分部分的最低分"),
    }[name]
    expected = "、".join((*(f"方法 {method}" for method in methods), *rest))
    assert "、".join(beyond_plain(scheme)) == expected
    with pytest.raises(UsageError, match="推算不含本方案的") as refused:
        robustness.explore(county.tables, scheme, scheme.default_readings(), scheme.cut_off)
    assert expected in str(refused.value)
    folder = tmp_path / "processed"
    places = ["--year", str(YEAR), "--raw", str(COUNTIES / name / "raw"), "--processed", str(folder)]
    assert main(["score", *places]) == 0
    again = open_set(folder).recomputation
    assert again.uncovered == f"独立重算不含本方案的{expected}，没有进行。"
    assert (again.results, again.differences, again.findings, again.fields) == ((), (), (), 0)
    assert beyond_plain(load_scheme_plainly()) == ()


def test_sums_are_verified_from_the_stored_scheme(county: County) -> None:
    """The second adding up finds nothing wrong, and finds a cent that is wrong in any score, item or ledger row."""
    files = files_of(county.tables, county.scheme.default_readings(), county.scheme.cut_off, county.scheme)
    assert add_up(files) == []
    for name, column in (
        ("results", "key_score"),
        ("results", "final_score"),
        ("items", "points"),
        ("ledger", "after"),
    ):
        header, *rows = csv.reader(io.StringIO(files[f"{name}.csv"].decode("utf-8-sig")))
        at = header.index(column)
        row = next(row for row in rows if row[at])
        row[at] = f"{Decimal(row[at]) + Decimal('0.01'):.2f}"
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
        assert add_up({**files, f"{name}.csv": text.getvalue().encode("utf-8-sig")}), (name, column)


def test_an_item_taken_out_is_no_exemption() -> None:
    """A key item that was cut out of items and ledger is told: only the scheme's own exemptions are scaled."""
    county = load_county("qingling")
    files = dict(files_of(county.tables, county.scheme.default_readings(), county.scheme.cut_off, county.scheme))
    for name in ("items", "ledger"):
        lines = files[f"{name}.csv"].decode("utf-8-sig").split("\n")
        kept = [line for line in lines if not (line.startswith("X1,") and ",K4," in line)]
        assert len(kept) < len(lines)
        files[f"{name}.csv"] = "\n".join(kept).encode("utf-8-sig")
    assert any(finding.column == "key_score" for finding in add_up(files))


def run_county(name: str, tmp_path: Path, *units: str) -> dict[str, Path]:
    """Run everything on a county without PDF; return where things lie."""
    places = {
        "raw": COUNTIES / name / "raw",
        "processed": tmp_path / "processed" / str(YEAR),
        "reports": tmp_path / "reports" / str(YEAR),
    }
    options = ["--year", str(YEAR), *(text for key, path in places.items() for text in (f"--{key}", str(path)))]
    chosen = [text for unit in units for text in ("--unit", unit)]
    assert main(["run", "--no-pdf", "--jobs", "1", *chosen, *options]) == 0
    assert main(["verify", *options]) == 0
    return places


def words(page: Path) -> str:
    """Return a page's text without its markup."""
    text = re.sub(r"(?s)<(style|script|svg)\b.*?</\1>", "", page.read_text(encoding="utf-8"))
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def sheets(book: Path) -> dict[str, list[list[Any]]]:
    """Return the cells of a workbook by sheet."""
    loaded = openpyxl.load_workbook(book, read_only=True)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in loaded.worksheets}


def test_a_run_tells_an_exempt_unit_how_it_was_scaled(tmp_path: Path) -> None:
    """The district's run succeeds and is verified; pages say what is true of it, and nothing of our own scheme."""
    places = run_county("shiqiao", tmp_path, "S1")
    unit = words(places["reports"] / "units" / "S1.html")
    assert "绩效得分满分 100 分，得 94.56 分：党的建设得分 40.00，业务工作得分 35.65，免考核项目折合 +18.91" in unit
    assert (
        "等次：达到优秀 90.00（石绩办〔2023〕7号）；优秀名额 2 个（全部 6 个单位，定额），得分更高的 1 个，评入。"
        in unit
    )
    assert "K4 项目建设" in unit
    assert "免考核（石绩办〔2023〕8号），不参加本项，其余项目折合" in unit
    assert "本方案没有加分项目。" in unit
    for foreign in ("重点考核从", "加分开启线", "高于 80", "单项否决的事实", "得分得分", "None"):
        assert foreign not in unit, foreign
    county = words(places["reports"] / "county_summary.html")
    assert "初步等次：优秀 3 个，良好 2 个，不合格 1 个。" in county
    assert "6 个单位中 1 个不合格（底线否决 1 个，低于合格线 0 个）" in county
    assert "绩效得分共扣 14.70 分（各项原分，加权、封顶和折合以前）" in county
    assert "方案没有须按期报送的材料。" in county
    assert "None" not in county
    audit = words(places["reports"] / "audit.html")
    assert "独立重算不含本方案的方法 points_per_count（K2 信息宣传）" in audit
    assert "核对通过：独立重算没有进行（见第二节），台账 88 行逐行相加无误" in audit
    assert "“最少更正几条”的推算不含本方案的" in words(places["reports"] / "readings.html")
    book = sheets(places["reports"] / "audit_workbook.xlsx")
    assert list(book) == ["说明", *(name for name, table in TABLES.items() if not table.record)]
    assert any("所以本工作簿只有输入表，没有“结果”表和计算表。" in str(row[1]) for row in book["说明"])
    head = sheets(places["reports"] / "county_summary.xlsx")["汇总表"]
    titles = "序号 单位 组别 绩效得分项目 绩效得分 加分 最终得分 等次 组内名次 总名次 备注"
    assert [cell for cell in head[2] if cell] == titles.split()
    assert head[3][3:7] == ["组织生活", "信息宣传", "行政审批", "项目建设"]


@pytest.mark.deep
def test_a_run_with_weights_and_quotas(tmp_path: Path) -> None:
    """Each unit's page has its dimensions with their weights and why a full band passed it by."""
    places = run_county("qingling", tmp_path)
    unit = words(places["reports"] / "units" / "M3.html")
    assert "考核得分满分 100 分，得 92.00 分：重点工作得分 50.00，日常运转得分 27.00，领导评议得分 15.00" in unit
    assert "达到优秀 90.00；优秀名额 1 个（本组 5 个单位的 30%，舍去小数），得分更高的 2 个，名额已满" in unit
    assert "合计扣 10.00 分（各项原分，加权、封顶和折合以前）" in unit
    failed = words(places["reports"] / "units" / "M4.html")
    assert "最终得分 37.00 分；低于 60 分合格线，等次为不合格，仍参加排名。" in failed
    county = words(places["reports"] / "county_summary.html")
    assert "60 分合格线" in county
    assert "合格线和等次分数线看最终得分。" in county
    assert len(list((places["reports"] / "units").glob("*.html"))) == 9


@pytest.mark.deep
def test_a_run_with_a_section_below_zero(tmp_path: Path) -> None:
    """A unit that lost more than it earned reads by how much its score was lowered, and where the floors cut."""
    places = run_county("yunshui", tmp_path)
    unit = words(places["reports"] / "units" / "Y2.html")
    assert "高于 800 分加减分线，加减分减 20.00 分，最终得分 810.00 分。" in unit
    assert "本单位各加减分项合计 −25.00 分，计入 −20.00 分（加分上限 50 分，减分下限 −20 分）" in unit.replace(
        "-20 分", "−20 分"
    )
    assert "扣至最低" in unit
    assert "本方案没有否决项目。" in unit
    closed = words(places["reports"] / "units" / "G1.html")
    assert "基本目标 798.00 分，未过加减分线（798.00 < 800.00），加减分部分不开启。" in closed
    county = words(places["reports"] / "county_summary.html")
    assert "5 个单位中 1 个未达标（低于达标线 1 个），3 个开启加减分" in county


def test_a_scheme_is_carried_into_the_next_year(tmp_path: Path) -> None:
    """Dimensions, quotas and exemptions are rules of their own to confirm; confirmed as they are, the scheme loads."""
    for name in NAMES:
        raw = tmp_path / name / "2024"
        arguments = [
            "new-year",
            "2024",
            "--from",
            "2023",
            "--from-raw",
            str(COUNTIES / name / "raw"),
            "--raw",
            str(raw),
        ]
        assert main(arguments) == 0
        text = (raw / "scheme.yaml").read_text(encoding="utf-8")
        assert f"    dimensions.{load_county(name).scheme.dimensions[0].id}: 待确认" in text
        kept = text.replace(": 待确认", ": 沿用 考核办主任 2024-03-01 某办〔2024〕1号")
        kept = re.sub(r"(?m)^  (number|title):.*$", r"  \1: 某办〔2024〕1号", kept)
        (raw / "scheme.yaml").write_text(kept, encoding="utf-8")
        scheme = load_scheme(raw / "scheme.yaml", year=2024)
        assert [d.model_dump() for d in scheme.dimensions] == [
            d.model_dump() for d in load_county(name).scheme.dimensions
        ]
        assert scheme.grades.bands == load_county(name).scheme.grades.bands


def test_a_changed_weight_is_no_rule_kept(tmp_path: Path) -> None:
    """A dimension that is said to be the same and is not stops the load and shows both."""
    raw = tmp_path / "2024"
    arguments = [
        "new-year",
        "2024",
        "--from",
        "2023",
        "--from-raw",
        str(COUNTIES / "qingling" / "raw"),
        "--raw",
        str(raw),
    ]
    assert main(arguments) == 0
    text = (raw / "scheme.yaml").read_text(encoding="utf-8")
    text = text.replace(": 待确认", ": 沿用 考核办主任 2024-03-01 某办〔2024〕1号")
    text = re.sub(r"(?m)^  (number|title):.*$", r"  \1: 某办〔2024〕1号", text)
    text = text.replace("weight: 0.5}", "weight: 0.4}", 1).replace("weight: 0.3}", "weight: 0.4}", 1)
    (raw / "scheme.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputRejected) as rejected:
        load_scheme(raw / "scheme.yaml", year=2024)
    assert [p.column for p in rejected.value.problems] == ["dimensions.W1", "dimensions.W2"]
    assert "weight: 0.5”，现为" in rejected.value.problems[0].message


def test_two_sets_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reading that moves a weighted item moves the score by its weight, and the place in a band with it."""
    places = ["--year", str(YEAR), "--raw", str(COUNTIES / "qingling" / "raw")]
    old, new = tmp_path / "old", tmp_path / "new"
    assert main(["score", *places, "--processed", str(old)]) == 0
    assert main(["score", *places, "--processed", str(new), "--reading", "deadline_day=exclusive"]) == 0
    capsys.readouterr()
    assert main(["compare", str(old), str(new)]) == 0
    told = capsys.readouterr().out
    assert "教育局" in told
    assert "95.50" in told
    assert "优秀" in told
