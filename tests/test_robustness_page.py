"""How robust each result is, as leaders and analysts are shown it: the section of the page, and the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build import make_tables
from readings_year import circular, deducted, light, literals
from report_set import PAYLOAD, make_set, write_processed
from test_robustness import entry, look

from assess_lib import cli, store, views
from assess_lib.robustness import csv_files
from assess_lib.verify.printed import Expected, check_marks
from assess_lib.views.robustness import RobustnessSection, section


def year_of_all_kinds() -> Any:
    """Give five units: T01 80.00 in rows of 17.00 and 3.00, T02 named and vetoed, T03 59.99 in one row, T04 80.50.

    D01 has 104.00, but the centre's 0 holds back two red lights of our own count.
    """
    return literals(
        {"T01": "镇", "T02": "镇", "T03": "镇", "T04": "镇", "D01": "县级部门"},
        扣分登记=[entry("KF-1", 1700), entry("KF-2", 300), deducted("T03", 4001), deducted("T04", 1950)],
        通报批评=[circular("T02", "媒体", named="是")],
        热线红灯=[light("D01", "GD-1", "2022-03-01"), light("D01", "GD-2", "2022-04-01")],
    )


def shown(tables: Any) -> RobustnessSection:
    return RobustnessSection(make_set(tables), make_tables(tables))


def text_of(piece: views.Html) -> str:
    return re.sub(r"\|[|\s]*", "|", re.sub(r"<[^>]+>", "|", piece._repr_html_()))


def test_the_section_names_who_hangs_on_one_row() -> None:
    """Four units turn with one correction; one loses the bonus part within a point, none fails within one."""
    said = text_of(shown(year_of_all_kinds()).headline())
    assert "就会改变否决、加分或等次的单位：4 个，单位T01、单位T02、单位T03、单位D01。" in said
    assert "再扣不超过 1.00 分就不开启加分的单位：1 个，单位T04。" in said
    assert "再扣不超过 1.00 分就不合格的单位：0 个。" in said


def test_the_smallest_sets_stand_in_order() -> None:
    """First those of one row that move nothing (vetoes), then by points; each row in words, before and after."""
    said = text_of(shown(year_of_all_kinds()).corrections())
    lifted = "解除单项否决、开启加分、等次变为合格（等次待审定）"
    both = "开启加分、等次变为合格（等次待审定）"
    assert f"|单位T02|单项否决|{lifted}|1|撤销 通报批评 TB-T02-媒体（市级媒体，文1）|0.00|" in said
    assert "|单位D01|合格，加分已开启|构成单项否决、不开启加分、等次变为不合格|1|去掉 信息中心结果（红灯 0 次，" in said
    assert "|单位T01|合格，加分未开启|开启加分|1|撤销 扣分登记 KF-2（事实，FX-01）|3.00|同左|" in said
    assert f"|单位T03|不合格，加分未开启|{both}|1|撤销 扣分登记 KF-T03（事实，FX-01）|40.01|同左|" in said
    assert said.index("单位D01|合格") < said.index("单位T01|合格") < said.index("单位T03|不合格")


def test_fewer_points_are_told_where_more_rows_move_them() -> None:
    """At 78.00 one row of 5.00 or two of 2.50 together open the gate: both are told."""
    rows = [entry("KF-1", 1450), entry("KF-2", 500), entry("KF-3", 150), entry("KF-4", 100)]
    said = text_of(shown(literals(扣分登记=rows)).corrections())
    assert "|1|撤销 扣分登记 KF-2（事实，FX-01）|5.00|2 条共 2.50 分：扣分登记 KF-3、扣分登记 KF-4|" in said


def test_margins_stand_nearest_first() -> None:
    """T04 is 0.50 above the gate, D01 20.00; T01 has no gate to lose; vetoed and failed units have no row."""
    said = text_of(shown(year_of_all_kinds()).margins())
    assert "|单位T04|80.50|0.50|1 次：BS-01、BS-02任一|20.51|5 次：BS-02 每次 5.00 × 5|" in said
    assert "|单位T01|80.00|—|—|20.01|5 次：BS-02 每次 5.00 × 5|" in said
    assert said.index("单位T04") < said.index("单位D01") < said.index("单位T01")
    assert "单位T02" not in said and "单位T03" not in said


def test_each_unit_has_its_weightiest_row() -> None:
    """The row, where it stands, what it does; a score that appears or vanishes has no number of points."""
    said = text_of(shown(year_of_all_kinds()).rows())
    assert "|单位T01|80.00|撤销 扣分登记 KF-1（事实，FX-01）|扣分登记.csv!!2|+21.00|开启加分|" in said
    assert "|单位T02|—|撤销 通报批评 TB-T02-媒体（市级媒体，文1）|通报批评.csv!!2|—|解除单项否决、" in said
    assert "|单位T04|84.50|撤销 扣分登记 KF-T04（事实，FX-01）|扣分登记.csv!!5|+19.50|不变|" in said


def test_printed_scores_are_those_of_the_results(tmp_path: Path) -> None:
    """Scores are marked so that ``assess verify`` holds them to results.csv; a wrong one is found."""
    write_processed(tmp_path, year_of_all_kinds())
    files = {name: (tmp_path / name).read_bytes() for name in ("results.csv", "items.csv", "basis.json")}
    page = section(make_set(year_of_all_kinds()), make_tables(year_of_all_kinds()))._repr_html_()
    required = {("T01", "", "key_score"), ("T04", "", "final_score")}
    assert check_marks("readings.html", page, Expected.of(files), required) == []
    assert check_marks("readings.html", page.replace(">84.50</data>", ">84.51</data>"), Expected.of(files), required)


def test_the_section_checks_itself() -> None:
    """It says how many corrections were scored again; a stored score that was altered stops it."""
    tables = year_of_all_kinds()
    # T01 one aspect, T02 three, T03 two, D01 three: nine, each by rows and by points
    assert "所列 18 种更正逐一改表重新计分" in text_of(section(make_set(tables), make_tables(tables)))
    data = make_set(tables)
    data.results.loc[0, "grade"] = "优秀"
    with pytest.raises(AssertionError, match="T01 grade：优秀，重算 合格"):
        section(data, make_tables(tables))


def test_a_told_correction_that_does_not_hold_stops_the_section() -> None:
    """Corrections found in other tables than the page's do not pass the scoring of the corrected tables."""
    tables = year_of_all_kinds()
    broken = shown(tables)
    more = make_tables(tables | {"扣分登记": [*tables["扣分登记"], entry("KF-9", 2000, unit="T02")]})
    assert broken.check()
    broken.tables = more
    with pytest.raises(AssertionError, match="与所述不符：T02"):
        broken.check()


def test_cells_from_files_stay_text() -> None:
    """A unit's name and a fact that look like HTML are printed as text."""
    tables = year_of_all_kinds()
    tables["单位名录"][0]["单位名称"] = PAYLOAD
    tables["扣分登记"][0]["事实"] = tables["扣分登记"][1]["事实"] = PAYLOAD
    page = section(make_set(tables), make_tables(tables))._repr_html_()
    assert "<script" not in page and "<b>" not in page and "&lt;script&gt;" in page


def test_bands_have_their_own_columns() -> None:
    """With approved bands the table tells how much may be lost before the grade falls to which."""
    grades = make_set(literals()).basis.scheme.grades.model_dump(mode="json")
    grades["bands"] = [{"grade": "优秀", "at_least": "100", "approval": "批9"}]
    page = RobustnessSection(make_set(literals(), grades=grades), make_tables(literals()))
    assert "|单位T01|100.00|20.00|4 次：BS-02 每次 5.00 × 4|4.01|1 次：BS-02|40.01|" in text_of(page.margins())


def test_a_scheme_whose_items_share_rows_is_not_searched() -> None:
    """Tasks that count in the key part and in B7 at once: the section says that it does not apply."""
    items = make_set(literals()).basis.scheme.model_dump(mode="json")["items"]
    key = next(item for item in items if item["id"] == "K")
    key["rule"]["facts"].append({"kind": "tasks", "late": "RW-01", "missing": "RW-02"})
    said = text_of(section(make_set(literals(), items=items), make_tables(literals())))
    assert said == "|本方案有登记同时计入几个项目，最少更正几条无法逐项推算，不作此项分析。|"


# ---- the command ------------------------------------------------------------------------------------------------

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Write the processed folder of the year above; the command runs on it."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "raw").mkdir()
    write_processed(tmp_path / "processed", year_of_all_kinds())
    folders = ["--year", "2022", *(f"--{name}={tmp_path / name}" for name in ("raw", "processed", "reports"))]

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["robustness", *folders, *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_the_command_tells_who_is_near(run: Run) -> None:
    """Four units turn with corrections, each with its sentence; then the margins, the nearest first."""
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "更正登记能改变否决、加分或等次的单位：4 个" in out
    assert "单位T01：若撤销 1 条（扣分登记 KF-2，3.00 分）即开启加分；距合格线尚有 20.00 分。" in out
    assert re.search(r"单位T04 +80\.50 +0\.50 +1 +20\.51 +5 +扣分登记 KF-T04", out)


def test_the_command_tells_one_unit_in_full(run: Run) -> None:
    """--unit names each corrected row with its place, the margins and the heaviest rows."""
    code, out, _ = run("--unit", "单位T01", "--unit", "T04")
    assert code == 0
    assert "    · 撤销 扣分登记 KF-2（事实，FX-01）  扣分登记.csv!!3" in out
    assert "    · 撤销 扣分登记 KF-1（事实，FX-01）：最终得分增加 21.00 分，开启加分" in out
    assert "  再扣 0.50 分即不开启加分；最少扣 1 次：BS-01、BS-02任一" in out
    assert "单位T03" not in out


def test_the_command_writes_csv_and_nothing_else(run: Run, tmp_path: Path) -> None:
    """--csv writes the four files, the same bytes as the library's, and touches no result."""
    before = {path: path.read_bytes() for path in (tmp_path / "processed").rglob("*") if path.is_file()}
    code, out, _ = run("--csv", str(tmp_path / "out"))
    assert code == 0 and "robustness.csv、corrections.csv、margins.csv、rows.csv" in out
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert made == csv_files(look(year_of_all_kinds()))
    assert {path: path.read_bytes() for path in (tmp_path / "processed").rglob("*") if path.is_file()} == before


def test_the_command_gives_json(run: Run) -> None:
    """--json prints one object; points are text with two decimals."""
    code, out, _ = run("--json", "--unit", "T01")
    made = json.loads(out)
    assert code == 0 and [unit["unit_id"] for unit in made["units"]] == ["T01"]
    assert made["units"][0]["gate_points"] == "3.00"
    assert not re.search(r": -?\d+\.\d", json.dumps(made))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--unit", "单位T9"),
        ("--reading", "bonus_gate=at_least"),
        ("--date", "2022-12-01"),
        ("--csv", "{processed}/inside"),
        ("--colour",),
    ],
)
def test_wrong_usage_is_2_and_touches_nothing(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """An unknown unit, other readings or dates than the set's, a place inside the set: exit 2, no trace."""
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    code, out, err = run(*(argument.format(processed=tmp_path / "processed") for argument in arguments))
    assert (code, out) == (2, "") and re.search("[一-鿿]", err)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_results_that_scoring_no_longer_gives_are_7(run: Run, tmp_path: Path) -> None:
    """A result altered with its receipt is found by scoring again: exit 7, the unit and column named."""
    processed = tmp_path / "processed"
    results = processed / "results.csv"
    results.write_bytes(results.read_bytes().replace(b"84.50", b"84.51"))
    slip = json.loads((processed / "receipt.json").read_bytes())
    slip["outputs"]["results.csv"] = store.digest(results.read_bytes())
    (processed / "receipt.json").write_bytes(store.dump_json(slip))
    code, _, err = run()
    assert code == 7 and "T04 final_score：84.51，重算 84.50" in err
