"""The page on readings, its figures, its files and its command: what leaders and analysts are told."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from build import load_scheme_plainly, make_tables
from readings_year import award, circular, deducted, light, literals, look, without_centre
from report_set import PAYLOAD, make_set, write_processed

from assess_lib import cli, figures, store, views
from assess_lib.figures.readings import rank_ranges, reach
from assess_lib.sensitivity import (
    csv_files,
    json_data,
    sentence,
)
from assess_lib.sensitivity.words import range_cell, range_text
from assess_lib.store import csvfile
from assess_lib.verify.printed import Expected, check_marks
from assess_lib.views.readings import ReadingsReport, readings_metadata

SCOPE = "“通报批评范围”改为“点名通报或群众反映有其一即否决”"


def year_of_all_kinds() -> Any:
    """Give five units: one whose grade depends, one whose rank moves with it, one at the gate, one vetoed, one apart.

    T01 complaints only: 104.00, vetoed under named_or_complaints. T02 one point less: 103.00. T03 exactly 80.00.
    T04 two red lights by the centre: vetoed. D01 alone in its group: 104.00.
    """
    return literals(
        {"T01": "镇", "T02": "镇", "T03": "镇", "T04": "镇", "D01": "县级部门"},
        通报批评=[circular("T01", "群众反映")],
        扣分登记=[deducted("T02", 100), deducted("T03", 2000)],
        信息中心结果=[{"单位": "T04", "红灯次数": 2, "市大数据局通报": "否", "出具日期": "2022-12-31"}],
    )


def report_of(tables: Any, **changes: Any) -> ReadingsReport:
    return ReadingsReport(make_set(tables, **changes), make_tables(tables))


@pytest.fixture(scope="module")
def report() -> ReadingsReport:
    return report_of(year_of_all_kinds())


def text_of(shown: views.Html) -> str:
    """Return what a person reads: white space gone, a bar where there was markup."""
    return re.sub(r"\|+", "|", re.sub(r"\s+", "", re.sub(r"<[^>]*>", "|", shown._repr_html_())))


# ---- sentences ---------------------------------------------------------------------------------------------------


def test_each_unit_has_its_one_sentence() -> None:
    """A unit's report can say in one line whether its conclusion depends on readings, on which, and how far it goes."""
    seen = look(year_of_all_kinds())
    assert sentence(seen, "T01") == (
        "等次取决于口径：“通报批评范围”改为“点名通报或群众反映有其一即否决”，变为不合格（单项否决）。"
        "在全部 9,216 种口径组合下，组内名次为第 1 名，或不排名，总名次为第 1 名，或不排名。"
    )
    assert sentence(seen, "T02") == (
        "在全部 9,216 种口径组合下，等次不变；组内名次为第 1 至第 2 名，总名次为第 2 至第 3 名；"
        "本单位得分不变，名次随其他单位的得分变化。"
    )
    assert sentence(seen, "T03") == (
        "在全部 9,216 种口径组合下，等次不变；组内名次为第 2 至第 3 名，总名次为第 3 至第 4 名。"
    )
    assert sentence(seen, "T04") == "在全部 9,216 种口径组合下，均为不合格（单项否决），不排名。"
    assert sentence(seen, "D01") == "在全部 9,216 种口径组合下，等次和名次不变。"


def test_a_sentence_names_both_changes_where_two_are_needed() -> None:
    """Where only two changes together flip a grade, the sentence says that both are made at once."""
    rows = [light("T01", "G1", "2021-12-01 09:00"), light("T01", "G1", "2022-03-01 09:00")]
    seen = look(without_centre(literals(热线红灯=rows), "T01"), {"red_light_event": "ticket"})
    assert (
        "“红灯计次”改为“工单号和红灯时间都不同才算另一次”，同时“红灯期间”改为“任意连续十二个月内”，"
        "变为不合格（单项否决）" in sentence(seen, "T01")
    )


def test_a_failing_unit_is_told_apart_from_a_vetoed_one() -> None:
    """Below the pass mark is 不合格（低于合格线）, and still has a rank."""
    tables = literals(扣分登记=[deducted("T01", 4001)], 通报批评=[circular("T01", "群众反映")])
    (flip,) = look(tables).flips("T01", "outcome")
    assert (flip.before, flip.after) == (("scored", "不合格"), ("vetoed", "不合格"))
    assert look(tables).flips("T01", "grade") == ()
    assert "变为不合格（单项否决）" in sentence(look(tables), "T01")


@pytest.mark.parametrize(
    ("unit", "words", "cell"),
    [
        ("T01", "104.00 分，或无得分", "104.00 或无"),
        ("T03", "80.00 至 84.00 分", "80.00–84.00"),
        ("T04", "无得分", "—"),
    ],
)
def test_ranges_say_when_there_may_be_none(unit: str, words: str, cell: str) -> None:
    """A score's range tells its ends, and whether some combination leaves the unit without a score."""
    seen = look(year_of_all_kinds())
    assert range_text(seen, unit, "final_score") == words
    assert range_cell(seen, unit, "final_score") == cell


# ---- the page ----------------------------------------------------------------------------------------------------


def test_the_first_screen_tells_what_is_safe(report: ReadingsReport) -> None:
    """The headline counts the grades and ranks that hold, names whose grade does not, and the idle readings."""
    told = text_of(report.headline())
    assert "|口径组合|9,216|" in told
    assert "1个单位的等次取决于口径：单位T01。其余单位的等次，无论怎样选择口径都不变。" in told
    numbers = re.findall(r"(等次不变|组内名次不变|总名次不变|等次名次都不变)\|(\d+)\|", told)
    # D01 is first of one, T04 never ranked; overall only D01 (first, like T01) and T04 stay where they are.
    assert numbers == [("等次不变", "4"), ("组内名次不变", "2"), ("总名次不变", "2"), ("等次名次都不变", "2")]
    assert "怎样选都不影响任何单位得分、等次和名次的口径：红灯计次、红灯期间、到期当日、一季度进展" in told


def test_units_are_sorted_by_what_depends(report: ReadingsReport) -> None:
    """Each unit stands in exactly one of four lines: grade depends, own score moves, only pushed by others, safe."""
    rows = report.groups_of_units()
    assert [(row["count"], row["units"]) for row in rows] == [
        (1, "单位T01（现为合格，可变为否决）"),
        (1, "单位T03"),
        (1, "单位T02"),
        (2, "单位T04、单位D01"),
    ]


def test_open_items_are_told_on_the_page(report: ReadingsReport) -> None:
    """T01's complaint and T04's two red lights, of which we have none, are open: the page warns of what may change."""
    assert "2个单位还有2项待定" in text_of(report.open_items())
    assert "没有登记的按零分" in text_of(report.open_items())
    assert "没有待定项目" in text_of(report_of(literals()).open_items())


def test_grade_flips_show_from_what_to_what(report: ReadingsReport) -> None:
    """The table of grades has the one flip: now, what is changed, what it becomes, how many combinations keep it."""
    told = text_of(report.grade_flips())
    for words in (
        "单位T01", "合格（等次待审定）", SCOPE, "不合格（单项否决）", "6,144",
    ):  # fmt: skip
        assert words in told
    assert "单位T02" not in told
    assert "没有单位的等次取决于口径" in text_of(report_of(literals()).grade_flips())


def test_rank_tables_show_the_rank_after_one_change(report: ReadingsReport) -> None:
    """T02 is second, and first once T01 is vetoed; columns are the changes that move somebody in the group."""
    told = text_of(report.rank_changes("镇"))
    assert "通报批评范围①" in told and "季度合成" not in told and "加分开启" not in told
    assert "|单位T02|2|1–2|1|" in told
    assert "|单位T01|1|1或无|不排名|" in told
    assert "|单位T04|—|—|·|" in told
    assert "通报批评范围①改为“点名通报或群众反映有其一即否决”" in text_of(report.rank_tables())


def test_ranks_that_need_two_changes_are_told_apart() -> None:
    """A rank that moves only when two readings change at once stands in its own table; else a sentence says so."""
    rows = [light("T01", "G1", "2021-12-01 09:00"), light("T01", "G1", "2022-03-01 09:00")]
    tables = without_centre(literals(("T01", "T02"), 热线红灯=rows, 扣分登记=[deducted("T02", 100)]), "T01")
    told = text_of(report_of(tables, readings={"red_light_event": "ticket"}).joint_changes())
    assert "单位T02" in told and "同时“红灯期间”改为“任意连续十二个月内”：第1名" in told
    assert "没有单位的组内名次要同时改两项以上口径才变" in text_of(report_of(literals()).joint_changes())


def test_every_reading_has_its_row(report: ReadingsReport) -> None:
    """The table of readings has one row for each of the 14 other options, with whom it turns and how far it moves."""
    shown = report.by_reading()._repr_html_()
    assert shown.count("<tr>") == 1 + 14
    told = text_of(report.by_reading())
    assert "|单位T01（否决）|1|0.00|" in told  # its score goes, which is no number of points
    assert "+4.00" in told  # T03 from 80.00 to 84.00 where 80 opens the bonus part


def test_every_reading_is_explained(report: ReadingsReport) -> None:
    """The page repeats each reading's question, the option in force and the others, in the scheme's words."""
    told = text_of(report.meanings())
    for reading in load_scheme_plainly().readings.values():
        assert reading.name in told and re.sub(r"\s", "", reading.question) in told
        assert all(re.sub(r"\s", "", option) in told for option in reading.options.values())


def test_the_complete_table_has_every_unit(report: ReadingsReport) -> None:
    """Each unit has its row with its ranges and the readings that move it itself."""
    told = text_of(report.complete())
    assert "|单位T03|合格（等次待审定）|不变|80.00–84.00|2–3|3–4|加分开启|" in told
    assert told.count("单位T0") == 4 and "单位D01" in told


def test_printed_ranks_and_grades_are_those_of_the_results(report: ReadingsReport, tmp_path: Path) -> None:
    """Ranks and grades in force are marked so that ``assess verify`` holds them to results.csv; it finds no fault."""
    write_processed(tmp_path, year_of_all_kinds())
    files = {name: (tmp_path / name).read_bytes() for name in ("results.csv", "items.csv", "basis.json")}
    page = "".join(shown._repr_html_() for shown in (report.rank_tables(), report.complete()))
    units = [("T01", "T02", "T03", "T04", "D01"), ("rank_in_group", "grade")]
    required = {(unit, "", name) for unit in units[0] for name in units[1]}
    assert check_marks("readings.html", page, Expected.of(files), required) == []
    assert check_marks("readings.html", page.replace(">2</data>", ">1</data>"), Expected.of(files), required) != []


def test_the_page_checks_itself(report: ReadingsReport) -> None:
    """The last cell passes on honest results and names what differs when a stored score was altered."""
    assert "核对通过" in text_of(report.check())
    data = make_set(year_of_all_kinds())
    data.results.loc[1, "rank_in_group"] = 1
    broken = ReadingsReport(data, make_tables(year_of_all_kinds()))
    with pytest.raises(AssertionError, match="T02 rank_in_group：1，重算 2"):
        broken.check()


def test_the_page_finds_a_wrong_combination(report: ReadingsReport) -> None:
    """Results that hold for the readings in force alone do not pass: other combinations are scored again."""
    data = make_set(year_of_all_kinds())
    less = year_of_all_kinds() | {"通报批评": [], "信息中心结果": year_of_all_kinds()["信息中心结果"]}
    broken = ReadingsReport(data, make_tables(year_of_all_kinds()))
    lying = ReadingsReport(data, make_tables(less))
    broken.__dict__["exploration"] = lying.exploration
    with pytest.raises(AssertionError):
        broken.check()


def test_cells_from_files_stay_text() -> None:
    """A unit's name full of markup and a payload in a reading's words are shown, never run."""
    tables = year_of_all_kinds()
    tables["单位名录"][0]["单位名称"] = PAYLOAD
    shown = report_of(tables)
    for piece in (
        shown.title(), shown.headline(), shown.at_a_glance(), shown.grade_flips(), shown.rank_tables(),
        shown.joint_changes(), shown.by_reading(), shown.complete(), shown.meanings(),
    ):  # fmt: skip
        assert "<script" not in piece._repr_html_() and "<b>" not in piece._repr_html_()
    assert "&lt;script&gt;" in shown.at_a_glance()._repr_html_()


def test_the_page_has_its_own_title() -> None:
    """The page's metadata names the page, not the county's summary."""
    assert readings_metadata(make_set(literals()))["title"] == "2022年口径组合分析"


def test_a_county_where_nothing_depends_on_readings() -> None:
    """With one unit in order every table says so in words, and figures still stand."""
    shown = report_of(literals())
    assert "无论怎样选择口径，1个单位的等次都不变" in text_of(shown.headline())
    assert "县级部门没有单位" in text_of(shown.rank_tables())
    assert isinstance(rank_ranges(shown, "县级部门"), views.Html)
    assert "没有口径影响得分" in reach(shown).alt


# ---- figures -----------------------------------------------------------------------------------------------------


def test_the_figures_say_in_words_what_they_show(report: ReadingsReport) -> None:
    """The alt text has every unit's range, those never ranked, and how far each reading goes."""
    drawn = rank_ranges(report, "镇")
    assert isinstance(drawn, figures.Plot)
    assert "单位T02第 1 至第 2 名；单位T03第 2 至第 3 名" in drawn.alt
    assert "单位T01第 1 名，或不排名" in drawn.alt
    assert "始终不排名：单位T04。" in drawn.alt
    assert "加分开启能使 1 个单位的得分变动，最多 4.00 分（单位T03）" in reach(report).alt


def test_the_figures_are_plain_svg_and_the_same_bytes_every_time(report: ReadingsReport) -> None:
    """Figures hold no machine font, time, script or address, and drawing twice gives the same bytes."""
    for draw in (lambda: rank_ranges(report, "镇"), lambda: reach(report)):
        plot = draw()
        assert isinstance(plot, figures.Plot)
        root = ElementTree.fromstring(plot.svg)
        assert not [node for node in root.iter() if node.tag.endswith(("}text", "}script", "}image"))]
        assert not re.search(r'href="(?!#)|dc:date', plot.svg)
        again = draw()
        assert isinstance(again, figures.Plot) and again.svg == plot.svg


# ---- files -------------------------------------------------------------------------------------------------------


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_files_hold_every_unit_flip_and_effect() -> None:
    """units.csv has a row a unit, flips.csv one a minimal set, effects.csv one a unit and other option."""
    files = csv_files(look(year_of_all_kinds()))
    assert all(data.startswith(b"\xef\xbb\xbf") for data in files.values())
    units = {row["unit_id"]: row for row in rows_of(files["units.csv"])}
    assert [units[u]["safe"] for u in ("T01", "T02", "T03", "T04", "D01")] == ["false"] * 3 + ["true"] * 2
    assert (units["T03"]["score_low"], units["T03"]["score_high"]) == ("80.00", "84.00")
    assert (units["T02"]["rank_in_group_best"], units["T02"]["rank_in_group_worst"]) == ("1", "2")
    assert (units["T04"]["score_low"], units["T04"]["rank_overall_best"]) == ("", "")
    assert (units["T01"]["grade_same_combinations"], units["T01"]["combinations"]) == ("6144", "9216")
    flips = [
        (row["unit_id"], row["aspect"], row["size"], row["changes"], row["before"], row["after"])
        for row in rows_of(files["flips.csv"])
    ]
    scope = "criticism_scope=named>named_or_complaints"
    assert flips == [
        ("T01", "status", "1", scope, "scored", "vetoed"),
        ("T01", "grade", "1", scope, "合格", "不合格"),
        ("T01", "rank_in_group", "1", scope, "1", ""),
        ("T01", "rank_overall", "1", scope, "1", ""),
        ("T02", "rank_in_group", "1", scope, "2", "1"),
        ("T02", "rank_overall", "1", scope, "3", "2"),
        ("T03", "rank_in_group", "1", scope, "3", "2"),
        ("T03", "rank_overall", "1", scope, "4", "3"),
    ]
    effects = rows_of(files["effects.csv"])
    assert len(effects) == 5 * 14
    (gate,) = [row for row in effects if (row["unit_id"], row["reading"]) == ("T03", "bonus_gate")]
    assert (gate["option"], gate["final_score"], gate["score_change"], gate["rank_overall_change"]) == (
        "at_least", "84.00", "4.00", "0",
    )  # fmt: skip


def test_a_set_of_two_changes_is_one_row_of_size_two() -> None:
    """A set whose changes are needed together is one row: size 2, both changes in it, joined."""
    rows = [light("T01", "G1", "2021-12-01 09:00"), light("T01", "G1", "2022-03-01 09:00")]
    seen = look(without_centre(literals(热线红灯=rows), "T01"), {"red_light_event": "ticket"})
    (told,) = [row for row in rows_of(csv_files(seen)["flips.csv"]) if row["aspect"] == "status"]
    assert (told["set"], told["size"]) == ("1", "2")
    assert told["changes"] == ("red_light_event=ticket>event; red_light_window=calendar_year>rolling_12_months")


def test_csv_keeps_formulas_out() -> None:
    """A unit whose name a spreadsheet would calculate gets a leading apostrophe, and reads back as it was."""
    tables = year_of_all_kinds()
    tables["单位名录"][0]["单位名称"] = "=1+1"
    for data in csv_files(look(tables)).values():
        names = {row["unit_name"] for row in rows_of(data)}
        assert "'=1+1" in names and "=1+1" not in names
        assert "=1+1" in {csvfile.unguard(name) for name in names}


def test_json_has_points_as_text() -> None:
    """Points in JSON are text with two decimals, so that nobody's reader makes binary floats of them."""
    made = json.loads(json.dumps(json_data(look(year_of_all_kinds()), ["T03"]), ensure_ascii=False))
    (unit,) = made["units"]
    assert (unit["final_score"], unit["score_high"], unit["rank_in_group"]) == ("80.00", "84.00", 3)
    assert made["combinations"] == 9216 and made["readings"]["bonus_gate"] == "above"
    assert {effect["unit_id"] for effect in made["effects"]} == {"T03"}
    assert not re.search(r": -?\d+\.\d", json.dumps(made))


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write the processed folder of the year above and return the options that name it."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "raw").mkdir()
    write_processed(tmp_path / "processed", year_of_all_kinds())
    where = [f"--{name}={tmp_path / name}" for name in ("raw", "processed", "reports")]
    return ["--year", "2022", *where]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(folders: list[str], capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["readings", *folders, *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_the_command_tells_what_is_safe_and_what_flips_the_rest(run: Run) -> None:
    """`assess readings` counts the safe conclusions and gives each flip in words and by key; it ends with 0."""
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "12 项口径共 9,216 种组合" in out
    assert "5 个单位中，4 个的等次在任何组合下都不变，2 个的等次和名次都不变。" in out
    assert "等次和名次都不变：单位T04、单位D01。" in out
    assert f"· {SCOPE}（criticism_scope=named_or_complaints）→ 不合格（单项否决）" in out
    assert "还有 2 项待定" in out
    assert re.search(r"单位T03 +合格（等次待审定） +不变 +80\.00–84\.00 +第 3 名 +2–3", out)


def test_the_command_tells_one_unit_in_full(run: Run) -> None:
    """--unit gives that unit alone, with every aspect; a name that no unit has is wrong usage."""
    code, out, _ = run("--unit", "单位T02", "--unit", "T02")
    assert code == 0
    assert out.count("单位T02（T02）") == 1 and "单位T01（T01）" not in out
    assert "组内名次：现为第 2 名；全部组合下第 1 至第 2 名；最少改 1 项就变：" in out
    assert "等次：现为合格（等次待审定），任何组合下都不变" in out
    code, out, err = run("--unit", "单位T09")
    assert code == 2 and out == "" and "单位T0" in err


def test_the_command_writes_csv_whole_and_nothing_else(run: Run, tmp_path: Path) -> None:
    """--csv makes the folder and its three files, replaces older ones, and keeps what is not ours."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    for _ in range(2):
        code, out, _ = run("--csv", str(tmp_path / "out"))
        assert code == 0 and "units.csv" in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "effects.csv", "flips.csv", "mine.txt", "units.csv",
    ]  # fmt: skip
    assert (tmp_path / "out" / "units.csv").read_bytes() == csv_files(look(year_of_all_kinds()))["units.csv"]


def test_the_command_gives_json(run: Run) -> None:
    """--json prints one JSON document and nothing else."""
    code, out, _ = run("--json", "--unit", "D01")
    assert code == 0
    assert [unit["unit_id"] for unit in json.loads(out)["units"]] == ["D01"]


def test_json_stays_json_and_steers_no_terminal(tmp_path: Path) -> None:
    """Control and direction characters in a name come out as JSON's own escapes and read back as they were."""
    from assess_lib.cli.jsonout import json_text

    name = "镇\x1b[2J\x85\u202e\u200b\U000e0001"
    text = json_text({"unit_name": name})
    assert json.loads(text) == {"unit_name": name}
    assert not set(text) & set("\x1b\x85\u202e\u200b\U000e0001")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--reading", "bonus_gate=at_least"),
        ("--reading", "gate=above"),
        ("--date", "2022-12-01"),
        ("--csv", "{raw}/inside"),
        ("--csv", "{processed}"),
        ("--csv", "{file}"),
        ("--year", "2021"),
        ("--colour",),
    ],
)
def test_wrong_usage_is_2_and_touches_nothing(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Other readings or dates than the set's, places inside raw or processed, a file as folder: exit 2, no trace."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    places = {name: str(tmp_path / name) for name in ("raw", "processed", "file")}
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    code, out, err = run(*(argument.format(**places) for argument in arguments))
    assert (code, out) == (2, "")
    assert re.search("[一-鿿]", err)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_readings_in_force_are_those_of_the_set(run: Run) -> None:
    """Naming the readings and the date that the set was scored with is no contradiction."""
    assert run("--reading", "bonus_gate=above", "--date", "2022-12-31")[0] == 0


def test_without_a_set_there_is_nothing_to_explore(run: Run, tmp_path: Path) -> None:
    """Without a scored set the command ends with 2 and says which command makes one."""
    (tmp_path / "processed" / "receipt.json").unlink()
    code, _, err = run()
    assert code == 2 and "assess score" in err


def test_results_that_scoring_no_longer_gives_are_7(run: Run, tmp_path: Path) -> None:
    """A result altered with its receipt is found by scoring again: exit 7, the unit and column named."""
    processed = tmp_path / "processed"
    results = processed / "results.csv"
    results.write_bytes(results.read_bytes().replace(b"103.00", b"103.01"))
    slip = json.loads((processed / "receipt.json").read_bytes())
    slip["outputs"]["results.csv"] = store.digest(results.read_bytes())
    (processed / "receipt.json").write_bytes(store.dump_json(slip))
    code, _, err = run()
    assert code == 7 and "T02 final_score：103.01，重算 103.00" in err


def test_an_award_in_force_is_explored_from_the_stored_tables(tmp_path: Path) -> None:
    """The stored tables alone are enough: what they say is what the literals said."""
    tables = literals(表彰宣传=[award("T01", "通报表彰", "S1", "中央", evidence=None)])
    write_processed(tmp_path / "set", tables)
    data = store.load_set(tmp_path / "set")
    seen = ReadingsReport(data, store.read_tables(tmp_path / "set")).exploration
    assert seen.own_readings("T01") == ("missing_evidence",)
    assert seen.results() == look(tables).results()
