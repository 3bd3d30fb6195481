"""Deadlines kept and missed, as the ledger tells them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from report_set import make_set, small_set_tables
from unit_page import cells, losing, read, said

from assess_lib import views
from assess_lib.views.unit_deadlines import SHOWN, deadlines


def reports(half: dict[str, str | None], **more: str):
    """Score one town whose half-year report is as given and whose annual report is in time."""
    rows = [{"单位": "T01", "材料": "年度总结", "实报日期": "2022-12-20"}, {"单位": "T01", "材料": "半年汇报"} | half]
    return views.UnitReport(losing({"T01": 0}, 材料报送=rows), "T01")


@pytest.mark.parametrize(
    ("half", "outcome", "received", "cost"),
    [
        ({"实报日期": "2022-06-19"}, "kept", date(2022, 6, 19), "0.00"),
        ({"实报日期": "2022-06-20"}, "kept", date(2022, 6, 20), "0.00"),
        ({"实报日期": "2022-06-21"}, "late", date(2022, 6, 21), "-0.50"),
        ({"实报日期": "2022-12-31"}, "late", date(2022, 12, 31), "-97.00"),  # 194 days at 0.50
        ({"实报日期": "2023-01-01"}, "missing", date(2023, 1, 1), "-3.00"),
        ({"实报日期": None}, "missing", None, "-3.00"),
        ({"免报原因": "新设立"}, "not owed", None, "0.00"),
    ],
)
def test_each_report_is_read_as_it_was_judged(half, outcome, received, cost):
    """Below, at and above the due day and the cut-off: in time, late, past the cut-off, never, exempt."""
    first, annual = deadlines(reports(half))
    assert (first.what, first.due) == ("半年汇报", date(2022, 6, 20))
    assert (first.outcome, first.received, first.cost) == (outcome, received, Decimal(cost))
    assert (annual.outcome, annual.cost) == ("kept", Decimal("0.00"))


def test_tasks_are_read_too():
    """A task done late and one never done stand beside the reports, in the order of their days."""
    tables = small_set_tables()
    tables["交办任务"] = [
        {"任务编号": "1", "任务": "清单（时限 2022-01-01）：2022-01-01 完成，按时", "单位": "T01", "时限": "2022-03-01",
         "完成日期": "2022-03-03"},
        {"任务编号": "2", "任务": "未完成的台账", "单位": "T01", "时限": "2022-10-01", "完成日期": None},
        {"任务编号": "3", "任务": "整改", "单位": "T01", "时限": "2022-10-02", "完成日期": "2022-10-02"},
    ]  # fmt: skip
    found = deadlines(views.UnitReport(make_set(tables), "T01"))
    told = [(each.what[:4], each.due, each.outcome, each.days_late, each.cost) for each in found]
    assert told == [
        ("1 清单", date(2022, 3, 1), "late", 2, Decimal("-0.20")),
        ("半年汇报", date(2022, 6, 20), "kept", 0, Decimal("0.00")),
        ("2 未完", date(2022, 10, 1), "missing", 0, Decimal("-1.00")),
        ("3 整改", date(2022, 10, 2), "kept", 0, Decimal("0.00")),
        ("年度总结", date(2022, 12, 20), "kept", 0, Decimal("0.00")),
    ]


def test_the_table_says_it_in_words_and_on_the_year():
    """A report one day late: due day, day received, verdict and cost in words; 20 June is day 170 of 364, 46.70 %."""
    shown = reports({"实报日期": "2022-06-21"}).deadlines()
    assert "共 2 项到期事项：按时 1 项，迟 1 项，未报或未完成 0 项。" in said(shown)
    first = read(shown).select_one("tbody tr")
    assert [cell.get_text(strip=True) for cell in first.select("td")[:4]] == ["06-20", "06-21", "▲ 迟 1 天", "−0.50"]
    assert first.select_one(".due")["style"] == "margin-left: 46.70%"
    assert first.select_one(".came")["style"] == "margin-left: 46.98%"
    assert cells(shown)[1][2:4] == ["○ 按时", ""]


@pytest.mark.parametrize(
    ("received", "verdict", "cost"),
    [
        ("2022-06-19", "○ 按时", ""),
        ("2022-06-20", "▲ 到期当日，按迟 1 天", "−0.50"),
        ("2022-06-21", "▲ 迟 2 天", "−1.00"),
        ("2022-06-23", "▲ 迟 4 天", "−2.00"),
    ],
)
def test_days_late_are_those_that_the_ledger_charges_for(received, verdict, cost):
    """Under 到期当日收到算迟报 days count from the day before the due day, at 0.50 each, here as in the ledger."""
    tables = small_set_tables()
    tables["材料报送"] = [{"单位": "T01", "材料": "半年汇报", "实报日期": received}]
    report = views.UnitReport(make_set(tables, readings={"deadline_day": "exclusive"}), "T01")
    assert ["06-20", received[5:], verdict, cost] in [row[:4] for row in cells(report.deadlines())]


def test_what_never_came_is_called_by_its_name():
    """A report that never came is 未报, a task never done 未完成; past the cut-off the day has its year."""
    tables = small_set_tables()
    tables["材料报送"] = [{"单位": "T01", "材料": "年度总结", "实报日期": "2023-01-03"}]
    tables["交办任务"] = [{"任务编号": "1", "任务": "台账", "单位": "T01", "时限": "2022-10-01", "完成日期": None}]
    shown = [row[1:3] for row in cells(views.UnitReport(make_set(tables), "T01").deadlines())]
    assert shown == [["—", "× 未报"], ["—", "× 未完成"], ["2023-01-03", "× 过了截止日"]]


def test_no_missed_deadline_gives_way():
    """Of 40 tasks, 30 of them late, every late one has a row; the kept ones that do not fit are counted."""
    tables = small_set_tables()
    tables["交办任务"] = [
        {"任务编号": f"{n:02}", "任务": "事", "单位": "T01", "时限": f"2022-05-{1 + n % 28:02}",
         "完成日期": "2022-06-01" if n < 30 else "2022-04-30"}
        for n in range(40)
    ]  # fmt: skip
    shown = read(views.UnitReport(make_set(tables), "T01").deadlines())
    assert len(shown.select("tr.late")) == 30 > SHOWN
    assert not shown.select("tr.kept")
    assert "另有 12 项按时，未列" in shown.caption.get_text()  # ten tasks and the two reports


def test_what_was_not_judged_is_not_drawn():
    """A vetoed unit's deadlines were not judged: a sentence, no table."""
    report = views.UnitReport(make_set(small_set_tables()), "D01")
    assert said(report.deadlines()) == "没有计分的到期事项。"
