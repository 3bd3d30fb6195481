"""The sample year: the same bytes every time, plainly invented, and built to reach what it promises to show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from assess_lib.cleaning import Cleaned, clean
from assess_lib.scheme import KNOWN_READINGS, Scheme
from assess_lib.scoring import Score, score
from assess_lib.tables import TABLES
from tests.build import ROOT, load_scheme_plainly

RAW = ROOT / "data" / "raw" / "2022"
SCRIPT = ROOT / "tools" / "make_sample.py"
RUN_DATE = date(2022, 12, 31)

# The key scores that the sample was designed to give, unit by unit in roster order.
KEY_SCORES = {
    "T01": "81.95", "T02": "82.70", "T03": "84.10", "T04": "80.00", "T05": "81.05", "T07": "41.75",
    "D01": "84.80", "D02": "83.85", "D03": "83.20", "D04": "82.45", "D05": "60.00", "D06": "81.60", "D07": "78.40",
    "D08": "85.55", "D09": "84.20", "D10": "85.00", "D11": "82.95", "D12": "80.00", "D13": "82.25", "D14": "80.05",
    "D15": "84.35", "D16": "83.35", "D17": "80.95", "D21": "72.60", "D22": "82.35", "D23": "83.70", "D24": "81.30",
    "D25": "80.50", "D26": "81.85", "D27": "86.60", "D28": "84.20", "D29": "76.25", "D30": "80.00", "D31": "83.25",
    "D32": "68.90", "D33": "60.00", "D34": "82.20", "D35": "52.30", "D36": "59.50", "D37": "84.95", "D38": "75.10",
    "D39": "82.60",
}  # fmt: skip


def run_script(*arguments: str, **environment: str) -> str:
    """Run the sample's script in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-B", str(SCRIPT), *arguments],
        env=os.environ | environment, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    """The shipped scheme."""
    return load_scheme_plainly()


@pytest.fixture(scope="module")
def cleaned(scheme: Scheme) -> Cleaned:
    """The sample, cleaned."""
    return clean(RAW, scheme)


@pytest.fixture(scope="module")
def scored(scheme: Scheme, cleaned: Cleaned) -> Score:
    """The sample, scored under the default readings."""
    return score(cleaned.tables, scheme, scheme.default_readings(), RUN_DATE)


def unresolved(result: Score) -> set[tuple[str, str]]:
    return {(item.unit_id, item.item) for item in result.items if item.unresolved}


@pytest.mark.parametrize("environment", [{"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai"},
                                         {"PYTHONHASHSEED": "77", "TZ": "America/Lima", "LC_ALL": "C"}])  # fmt: skip
def test_regenerates_the_committed_bytes(tmp_path: Path, environment: dict[str, str]) -> None:
    """Whatever the hash seed, time zone and locale, the script writes exactly the files that are committed."""
    run_script("--out", str(tmp_path), **environment)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in RAW.iterdir() if path.name != "scheme.yaml"}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []


def test_workbook_times_do_not_come_from_the_clock() -> None:
    """Every zip member of every workbook carries the sample's own time."""
    books = [path for path in RAW.iterdir() if path.suffix in (".xlsx", ".ods")]
    assert len(books) > 15
    for path in books:
        with zipfile.ZipFile(path) as book:
            assert {info.date_time for info in book.infolist()} == {(2022, 12, 31, 17, 30, 0)}, path.name


def test_every_table_in_all_formats() -> None:
    """All seventeen tables are there, in four formats and both encodings, several in more than one file."""
    files = [path for path in RAW.iterdir() if path.name != "scheme.yaml"]
    per_table = Counter(path.stem.split("_")[0] for path in files)
    assert set(per_table) == set(TABLES)
    assert {path.suffix for path in files} == {".xlsx", ".csv", ".xls", ".ods"}
    assert sum(count > 1 for count in per_table.values()) >= 8
    bom = [path for path in files if path.suffix == ".csv" and path.read_bytes().startswith(b"\xef\xbb\xbf")]
    plain = [path for path in files if path.suffix == ".csv" and path not in bom]
    assert bom and plain
    for path in plain:
        with pytest.raises(UnicodeDecodeError):
            path.read_bytes().decode("utf-8")
    for path in bom + plain:
        raw = path.read_bytes()
        assert raw.count(b"\n") == raw.count(b"\r\n"), f"{path.name} is not CRLF"


def test_every_file_says_that_it_is_a_demonstration() -> None:
    """Whoever opens any one file reads 演示数据 in its first row."""
    import openpyxl
    import xlrd
    from odfdo import Document

    for path in RAW.iterdir():
        match path.suffix:
            case ".xlsx":
                first = openpyxl.load_workbook(path, read_only=False).worksheets[0]["A1"].value
            case ".xls":
                first = xlrd.open_workbook(path).sheet_by_index(0).cell_value(0, 0)
            case ".ods":
                first = Document(path).body.tables[0].get_value("A1")
            case ".csv":
                encoding = "utf-8-sig" if path.read_bytes().startswith(b"\xef\xbb\xbf") else "gb18030"
                first = path.read_text(encoding=encoding).splitlines()[0]
            case _:
                continue
        assert "演示数据" in str(first), path.name


def test_no_person_phone_or_real_address(cleaned: Cleaned) -> None:
    """Scorers and leaders are roles; there is no phone number, id number, domain or link anywhere."""
    roles = re.compile(r"评分员\d\d|复核员\d\d|组长|副组长[甲乙丙丁]|考核办复核员\d\d|(镇|本单位)营商环境联络岗")
    private = re.compile(r"1[3-9]\d{9}|\d{17}[\dXx]|https?:|www\.|\.(com|cn|net|org)\b|@")
    for table, rows in cleaned.tables.items():
        for row in rows:
            for column, value in row.values.items():
                if column in ("评分人", "复核人", "评价人", "决定人", "确认人"):
                    assert roles.fullmatch(str(value)), (table, column, value)
                if column != "SHA256":
                    assert not private.search(str(value or "")), (table, column, value)


def test_no_row_is_refused(cleaned: Cleaned) -> None:
    """The sample brings no error; every row read is accepted or a bottom row; there are warnings to see."""
    assert [problem for problem in cleaned.problems if problem.severity == "error"] == []
    assert sum(count.rejected for count in cleaned.counts) == 0
    assert sorted(p.code for p in cleaned.problems if p.severity == "warning") == [
        "confirm.contradicted", "evidence.other_unit", "evidence.unknown", "reviewer.same",
    ]  # fmt: skip
    assert sum(count.set_aside for count in cleaned.counts) == 15
    assert 2000 <= sum(count.accepted for count in cleaned.counts) <= 3000


def test_sizes_of_a_real_office(cleaned: Cleaned) -> None:
    """46 units in two groups; five raters for all; about the row counts of a real year."""
    tables = cleaned.tables
    assert Counter(row["单位类别"] for row in tables["单位名录"]) == {"镇": 7, "县级部门": 39}
    assert [row["单位编码"] for row in tables["单位名录"]] == [f"T{n:02}" for n in range(1, 8)] + [
        f"D{n:02}" for n in range(1, 40)
    ]
    assert Counter(row["重点任务单位"] for row in tables["单位名录"])["是"] == 12
    assert len(tables["领导评价"]) == 230
    assert len(tables["信息报送"]) == 177  # 46 × 4, less D01's four and three that are missing
    assert len(tables["信息中心结果"]) == 45
    assert len(tables["扣分标准"]) == 30
    sizes = {"材料报送": 140, "扣分登记": 200, "表彰宣传": 150, "参会登记": 550, "交办任务": 350, "佐证目录": 400}
    assert {name: len(tables[name]) >= least for name, least in sizes.items()} == dict.fromkeys(sizes, True)


def test_units_are_written_in_every_way_and_understood(cleaned: Cleaned) -> None:
    """The same unit stands in the files by code, name, full name and short name, and arrives as its code."""
    text = (RAW / "扣分登记_县级部门.csv").read_text(encoding="gb18030")
    units = {line.split(",")[1] for line in text.splitlines()[2:]}
    assert {"县发改局", "千阳县发展和改革局"} <= units
    assert any(re.fullmatch(r"D\d\d", unit) for unit in units)
    assert {"法院", "编办"} & units
    codes = {row["单位编码"] for row in cleaned.tables["单位名录"]}
    assert {row["单位"] for row in cleaned.tables["扣分登记"]} <= codes


def test_key_scores_are_the_designed_ones(scored: Score) -> None:
    """Each unit that is not vetoed reaches, to the cent, the key score that it was designed for."""
    reached = {r.unit_id: f"{r.key_score:.2f}" for r in scored.results if r.key_score is not None}
    assert reached == KEY_SCORES


def test_points_are_the_planned_ones(scored: Score) -> None:
    """The generator's own count of every item, made in integers from the plan, is the engine's."""
    planned = json.loads(run_script("--plan"))
    reached: dict[str, dict[str, str]] = defaultdict(dict)
    for result in scored.results:
        reached[result.unit_id]["status"] = result.status
        if result.final_score is not None:
            reached[result.unit_id]["final"] = f"{result.final_score:.2f}"
    for item in scored.items:
        if item.points is not None:
            reached[item.unit_id][item.item] = f"{item.points:.2f}"
    assert dict(reached) == planned


def test_four_vetoes_by_four_routes(scored: Score) -> None:
    """One unit is vetoed by red lights, one by the city's circular, one by a medium, one by an inspection."""
    assert {r.unit_id for r in scored.results if r.status == "vetoed"} == {"D19", "D20", "T06", "D18"}
    notes = {(i.unit_id, i.item): i.note for i in scored.items if i.note == "vetoed"}
    assert set(notes) == {("D19", "V1"), ("D20", "V1"), ("T06", "V2"), ("D18", "V2")}


def test_both_sides_of_both_lines(scored: Score) -> None:
    """59.50 fails and 60.00 passes; 80.00 earns no bonus and 80.05 does."""
    by_unit = {r.unit_id: r for r in scored.results}
    assert (by_unit["D36"].final_score, by_unit["D36"].grade) == (Decimal("59.50"), "不合格")
    for unit in ("D05", "D33"):
        assert (by_unit[unit].final_score, by_unit[unit].grade) == (Decimal("60.00"), "合格")
    for unit in ("T04", "D12", "D30"):
        assert (by_unit[unit].final_score, by_unit[unit].bonus_open) == (Decimal("80.00"), False)
    for unit in ("D14", "D25"):
        assert by_unit[unit].bonus_open
    failed = {r.unit_id for r in scored.results if r.status == "scored" and r.grade == "不合格"}
    assert failed == {"T07", "D35", "D36"}


def test_ties_share_a_rank(scored: Score) -> None:
    """D09 and D28 both have 84.20 + 13.70 = 97.90, share a rank, and the next rank is left out."""
    by_unit = {r.unit_id: r for r in scored.results}
    assert by_unit["D09"].final_score == by_unit["D28"].final_score == Decimal("97.90")
    assert by_unit["D09"].rank_overall == by_unit["D28"].rank_overall
    taken = by_unit["D09"].rank_in_group
    assert taken == by_unit["D28"].rank_in_group and taken is not None
    assert taken + 1 not in {r.rank_in_group for r in scored.results if r.group == "县级部门"}


def test_ten_unresolved_items(scored: Score) -> None:
    """Ten items are unresolved by default, each for the reason that it was designed to show."""
    assert unresolved(scored) == {
        ("D21", "K"), ("D39", "V1"), ("D39", "B7"), ("D22", "V1"), ("T02", "V2"), ("D37", "B4"), ("D06", "B4"),
        ("D02", "B1"), ("D34", "B2"), ("D34", "B3"),
    }  # fmt: skip


def test_every_kind_of_ledger_row_occurs(scored: Score) -> None:
    """The sample shows every status that a ledger row can have."""
    assert {entry.status for entry in scored.ledger} == {
        "counted", "capped", "floored", "suppressed", "no_evidence", "revoked", "adjusted", "exempt", "gate_closed",
        "not_scored", "unresolved", "verdict",
    }  # fmt: skip


def test_caps_of_items_and_standards_are_reached(scored: Score) -> None:
    """B1 is cut at 4, B2 and B3 at 3; D29's 5.50 under GW-01 takes 4.00; D32's 18.00 under ZD-02 takes 15.00."""
    cut = {(e.unit_id, e.item) for e in scored.ledger if e.status == "capped"}
    assert {("T03", "B1"), ("D08", "B2"), ("D27", "B3"), ("D29", "K"), ("D32", "K"), ("D04", "B6")} <= cut
    taken = {
        (unit, standard): sum((e.points or Decimal(0)) for e in scored.ledger
                              if e.unit_id == unit and e.item == "K" and standard in e.label + e.formula)
        for unit, standard in (("D29", "GW-01"), ("D32", "ZD-02"))
    }  # fmt: skip
    assert taken == {("D29", "GW-01"): Decimal("-4.00"), ("D32", "ZD-02"): Decimal("-15.00")}


@pytest.mark.parametrize(
    ("key", "option"), [(key, option) for key, options in KNOWN_READINGS.items() for option in options[1:]]
)
def test_every_reading_matters_somewhere(
    key: str, option: str, scheme: Scheme, cleaned: Cleaned, scored: Score
) -> None:
    """Each other option of each reading changes somebody's status, score or open question."""
    other = score(cleaned.tables, scheme, scheme.default_readings() | {key: option}, RUN_DATE)

    def seen(result: Score) -> list[tuple[object, ...]]:
        return [(r.unit_id, r.status, r.key_score, r.final_score) for r in result.results]

    assert seen(other) != seen(scored) or unresolved(other) != unresolved(scored)


def test_facts_outside_the_year_are_there(cleaned: Cleaned) -> None:
    """Every dated table of facts has rows of December 2021 and of January 2023, which count nothing."""
    dated = {"热线红灯": "红灯时间", "通报批评": "日期", "扣分登记": "发生日期", "表彰宣传": "日期", "参会登记": "日期",
             "交办任务": "时限"}  # fmt: skip
    for table, column in dated.items():
        years = {row[column].year for row in cleaned.tables[table]}
        assert years == {2021, 2022, 2023}, table


def test_prose_is_varied(cleaned: Cleaned) -> None:
    """No unit is charged twice in the same words, and four facts in five are told only once in the county."""
    told = Counter((row["单位"], row["事实"]) for row in cleaned.tables["扣分登记"])
    assert [key for key, times in told.items() if times > 1] == []
    words = Counter(row["事实"] for row in cleaned.tables["扣分登记"])
    assert sum(times == 1 for times in words.values()) >= 0.8 * len(words)


def test_readme_documents_every_table_column_and_scheme_key(scheme: Scheme) -> None:
    """README.md has a section for each table that names each column; SCHEME.md names each key of the scheme."""
    text = (ROOT / "data" / "raw" / "README.md").read_text(encoding="utf-8")
    sections = {part.split("\n", 1)[0].split(". ")[-1]: part for part in re.split(r"(?m)^##+ ", text)[1:]}
    for table in TABLES.values():
        rows = re.findall(r"(?m)^\| ([^ |]+) \|", sections[table.name])
        assert rows[1:] == [column.name + (r"\*" if column.required else "") for column in table.columns], table.name

    free = {"clauses", "options", "levels", "standards"}  # their keys are the year's own words

    def keys(value: object, parent: str = "") -> set[str]:
        if isinstance(value, dict):
            own = set() if parent in free else {str(key) for key in value}
            return own.union(*(keys(inner, str(key)) for key, inner in value.items()))
        if isinstance(value, list):
            return set().union(*(keys(inner, parent) for inner in value))
        return set()

    page = (ROOT / "data" / "raw" / "SCHEME.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)", page))
    assert keys(scheme.model_dump(mode="json")) - named == set()
