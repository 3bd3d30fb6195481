"""异议登记: states judged on the run date, shown where people look, and never a number moved by it."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from build import load_scheme_plainly, make_tables
from docx import Document
from report_set import PAYLOAD, make_set, small_set_tables, write_processed
from small_year import make_raw, write_table
from unit_page import cells, said

from assess_lib import auditbook, views
from assess_lib.audit import lineage
from assess_lib.audit.audited import open_set
from assess_lib.cleaning import clean
from assess_lib.cli import main
from assess_lib.cli.explain import explained, tell
from assess_lib.confirmations import rules_of
from assess_lib.objections import Objection, list_objections
from assess_lib.publish.county_document import county_document
from assess_lib.publish.county_workbook import county_workbook
from assess_lib.scoring import score
from assess_lib.store import load_rows, load_set
from assess_lib.store.parquet import table_file
from assess_lib.store.sets import load_tables, score_files, table_files

PERIOD = {"answer_within_days": 10, "approval": "千考办〔2022〕9号"}


def objection(number: str = "1", **more: Any) -> dict[str, Any]:
    """Return an objection of T02, filed on 1 December 2022, without a deadline and without an answer."""
    return {
        "编号": f"YY-{number}", "单位": "T02", "提出日期": "2022-12-01", "异议事项": f"事项{number}",
        "经办人": "综合岗",
    } | more  # fmt: skip


def with_objections(*rows: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(small_set_tables()) | {"异议登记": list(rows)}


def listed(*rows: dict[str, Any], day: str = "2022-12-31", **scheme: Any) -> tuple[Objection, ...]:
    tables = make_tables(with_objections(*rows))
    return list_objections(tables, load_scheme_plainly(**scheme), date.fromisoformat(day))


# One of each kind: revoked by the small set's own decision, upheld a day late, overdue, waiting.
DECIDED = objection(
    "甲", 单位="T01", 提出日期="2022-12-02", 对象表="扣分登记", 对象编号="KF-3", 答复时限="2022-12-12",
    答复日期="2022-12-12", 答复意见="异议成立", 处理结果="调整", 调整复核编号="TZ-1",
)  # fmt: skip
UPHELD = objection("乙", 答复时限="2022-12-12", 答复日期="2022-12-13", 答复意见="事实清楚", 处理结果="维持")
OVERDUE = objection("丙", 单位="D02", 提出日期="2022-12-05", 答复时限="2022-12-30", 异议事项=PAYLOAD)
WAITING = objection("丁", 单位="D02", 提出日期="2022-12-06", 答复时限="2022-12-31")
FOUR = (OVERDUE, WAITING, UPHELD, DECIDED)


# ---- states --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "state"), [("2022-12-29", "待答复"), ("2022-12-30", "待答复"),
                                            ("2022-12-31", "已逾期未答复")])  # fmt: skip
def test_without_an_answer_the_deadline_s_own_day_is_in_time(day: str, state: str) -> None:
    """An objection to be answered by the 30th waits on the 29th and the 30th and is overdue on the 31st."""
    assert listed(objection(答复时限="2022-12-30"), day=day)[0].state == state


def test_an_answer_stands_whatever_the_run_date() -> None:
    """What was answered is 维持 or 调整, on a run date before the answer and after the deadline alike."""
    answered = objection(答复时限="2022-12-10", 答复日期="2022-12-20", 处理结果="维持")
    assert [listed(answered, day=day)[0].state for day in ("2022-12-01", "2022-12-31")] == ["维持", "维持"]


def test_a_row_put_right_without_a_decision_is_a_result_of_its_own(tmp_path: Path) -> None:
    """What no 调整复核 can name (a report's day) is put right in its own table: 更正, and no decision is asked for."""
    raw = make_raw(tmp_path / "raw")
    header = ("编号", "单位", "提出日期", "异议事项", "答复日期", "处理结果")
    write_table(raw, "异议登记", header, [("YY-1", "T02", "2022-06-25", "收到日期登错", "2022-06-30", "更正")])
    cleaned = clean(raw, load_scheme_plainly())
    assert cleaned.problems == ()
    (made,) = list_objections(cleaned.tables, load_scheme_plainly(), date(2022, 6, 30))
    assert (made.state, made.decision) == ("更正", "")


@pytest.mark.parametrize(("answered", "late"), [("2022-12-09", False), ("2022-12-10", False), ("2022-12-11", True)])
def test_an_answer_after_the_deadline_is_late(answered: str, late: bool) -> None:
    """Answered the day before the deadline and on the day itself is in time, the day after is late."""
    (made,) = listed(objection(答复时限="2022-12-10", 答复日期=answered, 处理结果="维持"))
    assert made.late is late


def test_no_deadline_is_claimed_where_none_was_set() -> None:
    """Without 答复时限 and without a period in the scheme there is no deadline, and nothing is ever overdue or late."""
    (made,) = listed(objection(), day="2024-12-31")
    assert (made.due, made.due_by, made.state) == (None, "", "待答复")
    assert listed(objection(答复日期="2023-12-31", 处理结果="维持"))[0].late is False


@pytest.mark.parametrize(("day", "state"), [("2022-12-11", "待答复"), ("2022-12-12", "已逾期未答复")])
def test_the_scheme_s_period_counts_from_the_day_after(day: str, state: str) -> None:
    """Ten days from 1 December end on the 11th: by the scheme's document, which is named."""
    (made,) = listed(objection(), day=day, objections=PERIOD)
    assert (made.due, made.due_by, made.state) == (date(2022, 12, 11), "千考办〔2022〕9号", state)


def test_the_register_s_own_deadline_wins_over_the_scheme_s_period() -> None:
    """A 答复时限 of 20 December is the deadline, although the scheme's ten days would end on the 11th."""
    (made,) = listed(objection(答复时限="2022-12-20"), objections=PERIOD)
    assert (made.due, made.due_by) == (date(2022, 12, 20), "")


def test_a_day_at_the_calendar_s_end_does_not_break_the_count() -> None:
    """Filed on 31 December 9999, the deadline is that day: there is no later one."""
    (made,) = listed(objection(提出日期="9999-12-31"), objections=PERIOD)
    assert made.due == date(9999, 12, 31)


def test_objections_come_in_the_roster_s_order_then_by_day() -> None:
    """T01 before T02 before D02; within D02 the one filed on the 5th before that of the 6th."""
    assert [made.number for made in listed(WAITING, OVERDUE, UPHELD, DECIDED)] == ["YY-甲", "YY-乙", "YY-丙", "YY-丁"]


# ---- it moves nothing ----------------------------------------------------------------------------------------------


def test_no_number_depends_on_the_register() -> None:
    """Results, items and ledger have the same bytes with four objections and with none; only their table is added."""
    scheme = load_scheme_plainly()
    made = []
    for literals in (small_set_tables(), with_objections(*FOUR)):
        tables = make_tables(literals)
        made.append(
            (score_files(score(tables, scheme, scheme.default_readings(), scheme.cut_off)), table_files(tables))
        )
    (without, plain_tables), (with_four, more_tables) = made
    assert without == with_four
    assert more_tables.keys() - plain_tables.keys() == {"tables/异议登记.parquet"}
    assert all(more_tables[name] == data for name, data in plain_tables.items())


def test_without_objections_there_is_no_trace_of_the_register(tmp_path: Path) -> None:
    """No file, no sheet, no word in explain, reports or summary: as if the table did not exist."""
    tables = make_tables(small_set_tables())
    data = make_set(small_set_tables())
    files = table_files(tables)
    assert len(files) == 16 and table_file("异议登记") not in files
    assert load_tables(files)["异议登记"] == ()
    book = openpyxl.load_workbook(io.BytesIO(auditbook.build(data, tables)))
    assert "异议登记" not in book.sheetnames
    assert "异议办理情况" not in openpyxl.load_workbook(io.BytesIO(county_workbook(data, tables))).sheetnames
    write_processed(tmp_path, small_set_tables())
    shown = [*tell(load_rows(tmp_path), "T02"), said(views.CountySummary(data, tables).headline())]
    assert not [line for line in shown if "异议" in line]
    assert said(views.CountySummary(data, tables).objections()) == ""
    assert "本单位提出的异议" not in said(views.UnitReport(data, "T02").objection())


def test_the_second_computation_and_the_lineage_know_the_register(tmp_path: Path) -> None:
    """A stored set with objections is recomputed in SQL without a difference; each row is accounted for as a record."""
    write_processed(tmp_path, with_objections(*FOUR))
    data = open_set(tmp_path)
    assert data.recomputation.differences == () and data.recomputation.findings == ()
    (table,) = [one for one in lineage.coverage(data) if one.table == "异议登记"]
    assert (table.accepted, table.named, table.unexplained) == (4, 0, [])
    assert dict(table.reasons) == {"只作记录，不影响得分；改变得分的是调整复核": 4}
    stored = load_set(tmp_path).objections
    assert list(stored["number"]) == ["YY-甲", "YY-乙", "YY-丙", "YY-丁"]
    write_processed(tmp_path / "none", small_set_tables())
    assert "异议登记" not in [one.table for one in lineage.coverage(open_set(tmp_path / "none"))]


def test_the_audit_workbook_has_its_sheet_when_there_are_rows() -> None:
    """With objections the audit workbook holds them under the table's headers, and its results stay the same."""
    literals = with_objections(*FOUR)
    book = openpyxl.load_workbook(
        io.BytesIO(auditbook.build(make_set(literals), make_tables(literals))), data_only=True
    )
    assert [cell.value for cell in book["异议登记"][1]][:4] == ["编号", "单位", "提出日期", "异议事项"]
    assert [row[0].value for row in book["异议登记"].iter_rows(min_row=2, max_row=5)] == [
        *("YY-丙", "YY-丁", "YY-乙", "YY-甲"),
    ]
    # T01 108.11, T02 110.00, D01 vetoed, D02 80.00, D03 94.00, as report_set works out by hand
    assert [cell.value for cell in book["结果"]["G"]][1:] == [108.11, 110, None, 80, 94]


# ---- where people see it -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> Any:
    return make_set(with_objections(*FOUR))


@pytest.fixture(scope="module")
def county() -> Iterator[views.CountySummary]:
    literals = with_objections(*FOUR)
    yield views.CountySummary(make_set(literals), make_tables(literals))


def test_a_unit_sees_its_own_objection_and_what_it_changed(data: Any) -> None:
    """T01's objection led to TZ-1, which revoked 1.00: +1.00; the form to object follows."""
    shown = views.UnitReport(data, "T01").objection()
    assert cells(shown)[0] == [
        *("YY-甲", "2022年12月2日", "事项甲（扣分登记 KF-3）", "2022年12月12日", "调整", "2022年12月12日：异议成立"),
        "TZ-1：+1.00",
    ]
    assert "本单位提出的异议共 1 项：调整 1 项。以2022年12月31日（计分日期）为准。" in said(shown)
    assert "影响分值怎样算，见附表“调整复核情况”。" in said(shown)
    assert "事项乙" not in said(shown)  # T02's
    assert "异议登记 单位：梧桐镇（T01）" in said(shown).replace("　", " ")


def test_an_overdue_objection_is_told_first_and_escaped(data: Any) -> None:
    """D02 reads how many are overdue and how many wait; what was typed into the register is text, never markup."""
    shown = views.UnitReport(data, "D02").objection()
    assert "本单位提出的异议共 2 项：已逾期未答复 1 项，待答复 1 项。" in said(shown)
    assert "<script>" not in shown._repr_html_() and PAYLOAD in said(shown)
    assert [row[4] for row in cells(shown)[:2]] == ["已逾期未答复", "待答复"]
    first = said(views.UnitReport(data, "D02").conclusion())
    assert "本单位提出的异议共 2 项：已逾期未答复 1 项，待答复 1 项，见“怎样提出异议”。" in first


def test_a_late_answer_and_a_missing_deadline_are_said() -> None:
    """An answer after its deadline is marked; where no deadline was set, that is said."""
    data = make_set(with_objections(UPHELD, objection("戊")))
    late, free = cells(views.UnitReport(data, "T02").objection())[:2]
    assert (late[0], free[0]) == ("YY-乙", "YY-戊")
    assert late[5] == "2022年12月13日（逾期答复）：事实清楚"
    assert (free[3], free[4]) == ("未定", "待答复")


def test_the_scheme_s_period_is_printed_with_its_document() -> None:
    """Report and form say ten calendar days and by which document; without a period nothing is said."""
    data = make_set(with_objections(objection()), objections=PERIOD)
    shown = said(views.UnitReport(data, "T02").objection())
    assert "2022年12月11日（千考办〔2022〕9号）" in shown
    assert "自提出之日的次日起 10 个自然日内答复（千考办〔2022〕9号）；另行通知时限的，以通知为准。" in shown
    assert "自然日" not in said(views.UnitReport(make_set(with_objections(objection())), "T02").objection())


def test_the_county_s_first_page_says_what_waits_and_that_it_stops_nothing(county: views.CountySummary) -> None:
    """Two wait, one of them overdue, D02's; it is said that this does not stop the submission."""
    first = said(county.headline())
    assert "有 2 项异议未答复，其中 1 项已逾期；不妨碍送审，但应按时答复。逾期的是：县银杏局。" in first


def test_the_county_lists_every_objection_with_its_unit(county: views.CountySummary) -> None:
    """Four objections of three units, in the roster's order, counted by state."""
    shown = county.objections()
    assert "异议共 4 项：已逾期未答复 1 项，待答复 1 项，调整 1 项，维持 1 项，涉及 3 个单位。" in said(shown)
    assert [row[:2] for row in cells(shown)] == [
        ["YY-甲", "梧桐镇"], ["YY-乙", "白杨镇"], ["YY-丙", "县银杏局"], ["YY-丁", "县银杏局"],
    ]  # fmt: skip


def test_the_county_workbook_and_document_list_them(data: Any) -> None:
    """The workbook's last sheet and a chapter of the document hold the four; formulas stay text."""
    tables = make_tables(with_objections(*FOUR))
    sheet = openpyxl.load_workbook(io.BytesIO(county_workbook(data, tables)))["异议办理情况"]
    assert [cell.value for cell in sheet[3]] == [
        *("序号", "单位", "编号", "提出日期", "异议事项", "答复时限", "状态", "答复", "调整复核及影响分值", "经办人"),
    ]
    assert [cell.value for cell in sheet[4]][:3] == [1, "梧桐镇", "YY-甲"]
    assert [sheet.cell(row, 7).value for row in range(4, 8)] == ["调整", "维持", "已逾期未答复", "待答复"]
    assert {cell.data_type for row in sheet.iter_rows(min_row=4, max_row=7) for cell in row} <= {"s", "n"}
    document = Document(io.BytesIO(county_document(data, tables)))
    headings = [one.text for one in document.paragraphs if one.text.endswith(("异议办理情况", "采用的口径"))]
    assert headings == ["七、异议办理情况", "八、采用的口径"]
    (told,) = [one for one in document.tables if one.rows[0].cells[0].text == "单位" and len(one.rows) == 5
               and one.rows[0].cells[1].text == "编号"]  # fmt: skip
    assert [row.cells[1].text for row in told.rows][1:] == ["YY-甲", "YY-乙", "YY-丙", "YY-丁"]


def test_explain_tells_it_in_words_and_for_programs(tmp_path: Path) -> None:
    """The terminal names state, deadline, answer, decision and its points; --json has the register's fields."""
    write_processed(tmp_path, with_objections(*FOUR))
    data = load_rows(tmp_path)
    text = "\n".join(tell(data, "T01"))
    assert "本单位提出的异议共 1 项：调整 1 项，见文末。" in text
    assert "[调整] YY-甲　事项甲（扣分登记 KF-3）" in text
    assert "答复时限：2022-12-12；答复：2022年12月12日：异议成立" in text
    assert "调整复核 TZ-1，影响最终得分 +1.00" in text
    (made,) = explained(data, "T01")["objections"]
    assert (made["number"], made["state"], made["decision"], made["due"]) == (
        "YY-甲", "调整", "TZ-1", date(2022, 12, 12),
    )  # fmt: skip
    assert explained(data, "D03")["objections"] == []


# ---- the whole way -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)


def run(command: str, folder: Path, *more: str) -> int:
    options = ["--year", "2022", "--raw", str(folder / "raw"), "--processed", str(folder / "processed"), *more]
    return main([command, *options])


def test_an_overdue_objection_does_not_stop_the_final_version(tmp_path: Path) -> None:
    """Only unresolved items stop --final: with an objection overdue since June the set is final, and says so."""
    raw = make_raw(tmp_path / "raw")
    header = ("编号", "单位", "提出日期", "异议事项", "答复时限")
    write_table(raw, "异议登记", header, [("YY-1", "T02", "2022-06-25", "迟报有原因", "2022-06-30")])
    assert run("score", tmp_path, "--final") == 0
    data = load_set(tmp_path / "processed")
    assert data.basis.final and list(data.objections["state"]) == ["已逾期未答复"]
    assert list(data.problems["code"]) == []
    # T02: 97.50, meetings and tasks confirmed none 4.00, as small_year works out by hand
    assert str(data.results.set_index("unit_id").loc["T02", "final_score"]) == "101.50"


def test_the_run_date_decides_and_not_the_clock(tmp_path: Path) -> None:
    """The same register on --date 2022-06-30 waits, on 2022-07-01 it is overdue, whatever day it is today."""
    raw = make_raw(tmp_path / "raw")
    header = ("编号", "单位", "提出日期", "异议事项", "答复时限")
    write_table(raw, "异议登记", header, [("YY-1", "T02", "2022-06-25", "迟报有原因", "2022-06-30")])
    states = []
    for day in ("2022-06-30", "2022-07-01"):
        assert run("score", tmp_path, "--date", day) == 0
        states.append(load_set(tmp_path / "processed").objections["state"][0])
    assert states == ["待答复", "已逾期未答复"]


def test_a_decision_that_is_not_there_rejects_the_input(tmp_path: Path) -> None:
    """A register that speaks of a decision nobody made is refused (exit 3); the old set stands."""
    raw = make_raw(tmp_path / "raw")
    assert run("score", tmp_path) == 0
    before = (tmp_path / "processed" / "results.csv").read_bytes()
    header = ("编号", "单位", "提出日期", "异议事项", "答复日期", "处理结果", "调整复核编号")
    write_table(raw, "异议登记", header, [("YY-1", "T02", "2022-06-25", "有原因", "2022-06-30", "调整", "TZ-1")])
    assert run("score", tmp_path) == 3
    assert (tmp_path / "processed" / "results.csv").read_bytes() == before


def test_an_unreadable_decision_is_not_reported_twice(tmp_path: Path) -> None:
    """Where 调整复核 could not be read, the objection's missing decision is no second error."""
    raw = make_raw(tmp_path / "raw")
    (raw / "调整复核.xlsx").write_bytes(b"no workbook")
    header = ("编号", "单位", "提出日期", "异议事项", "答复日期", "处理结果", "调整复核编号")
    write_table(raw, "异议登记", header, [("YY-1", "T02", "2022-06-25", "有原因", "2022-06-30", "调整", "TZ-1")])
    codes = {problem.code for problem in clean(raw, load_scheme_plainly()).problems if problem.severity == "error"}
    assert codes and not [code for code in codes if code.startswith("objection.")]


def test_an_objection_need_not_name_a_row(tmp_path: Path) -> None:
    """An objection to something that has no number (a report, a rank) leaves object and answer blank: no problem."""
    raw = make_raw(tmp_path / "raw")
    write_table(
        raw, "异议登记", ("编号", "单位", "提出日期", "异议事项"), [("YY-1", "南寨镇", "2022-06-25", "名次有误")]
    )
    assert clean(raw, load_scheme_plainly()).problems == ()


# ---- the period in the scheme file ----------------------------------------------------------------------------------


def test_the_period_is_a_rule_that_a_new_year_confirms() -> None:
    """A scheme with a period has the rule ``objections``, one without has none."""
    assert rules_of(load_scheme_plainly(objections=PERIOD))["objections"].text == (
        "answer_within_days: 10, approval: 千考办〔2022〕9号"
    )
    assert "objections" not in rules_of(load_scheme_plainly())


@pytest.mark.parametrize("wrong", [{"answer_within_days": 0}, {"answer_within_days": 366}, {"approval": ""},
                                   {"clause": "第五条"}, {"days": 3}])  # fmt: skip
def test_a_period_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """The period is 1 to 365 days under a document; the clause is a locator, other keys are unknown."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        load_scheme_plainly(objections=PERIOD | wrong)
