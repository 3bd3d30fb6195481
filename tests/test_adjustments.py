"""调整复核 wherever the number is: old value, new value, influence, who decided, under which document."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from build import load_scheme_plainly, make_tables
from report_set import PAYLOAD, make_set, small_set_tables, write_processed

from assess_lib import views
from assess_lib.adjustments import Adjustment, list_adjustments
from assess_lib.cli.explain import tell
from assess_lib.store import load_rows, load_set

D = Decimal


def decide(table: str, number: str, unit: str = "T01", new: str | None = None, **more: Any) -> dict[str, Any]:
    """Make a decision: a revocation, or with ``new`` a change of value."""
    return {
        "编号": f"TZ-{number}",
        "单位": unit,
        "对象表": table,
        "对象编号": number,
        "处理": "改值" if new else "撤销",
        "新值": new,
        "理由": "情节较轻",
        "决定人": "组长",
        "决定日期": "2022-12-25",
        "批准文号": "〔2022〕31号",
    } | more


def tables_with(*decisions: dict[str, Any], **more: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the small set's tables with these decisions alone; ``more`` adds rows to tables."""
    tables = copy.deepcopy(small_set_tables())
    tables["调整复核"] = list(decisions)
    for name, rows in more.items():
        tables[name] = [*tables.get(name, []), *rows]
    return tables


def award(number: str, score: str, evidence: str | None = "ZJ-1", unit: str = "T01") -> dict[str, Any]:
    """Make a row of 评定加分 on one matter; each has a scorer of its own."""
    return {
        "编号": number, "单位": unit, "事项": "一窗通办", "评定分": score, "理由": "首创",
        "评分人": f"评分{number}", "复核人": "乙", "佐证编号": evidence,
    }  # fmt: skip


def listed(tables: dict[str, Any], **readings: str) -> list[Adjustment]:
    scheme = load_scheme_plainly()
    chosen = scheme.default_readings() | readings
    return list(list_adjustments(make_tables(tables), scheme, chosen, scheme.cut_off))


def rows_of(tables: dict[str, Any], item: str, unit: str = "T01") -> list[dict[str, Any]]:
    ledger = make_set(tables).ledger
    return ledger[(ledger["unit_id"] == unit) & (ledger["item"] == item)].to_dict("records")


def parse(shown: views.Html) -> BeautifulSoup:
    return BeautifulSoup(shown._repr_html_(), "html5lib")


def cells(shown: views.Html) -> list[list[str]]:
    return [[cell.get_text() for cell in row.find_all("td")] for row in parse(shown).select("tbody tr")]


# ---- the ledger ------------------------------------------------------------------------------------------------


def test_a_changed_deduction_shows_both_values_and_who_decided() -> None:
    """改值 of KF-2 (1.00 × 2 = 2.00) to 0.50: the row has old and new value, decider, day, document and reason."""
    rows = rows_of(tables_with(decide("扣分登记", "KF-2", new="0.5")), "K")
    (row,) = (row for row in rows if row["status"] == "adjusted")
    assert row["formula"] == "99.00 − 0.50 = 98.50（原 1.00 × 2 = 2.00，改为 0.50）"
    assert (row["nominal"], row["points"], row["after"]) == (D("-0.50"), D("-0.50"), D("98.50"))
    assert row["label"].endswith("：已改值（TZ-KF-2，组长 2022-12-25 决定，〔2022〕31号：情节较轻）")
    assert row["source"] == "扣分登记.csv!!3; 扣分标准.csv!!4; 调整复核.csv!!2"


def test_a_revoked_deduction_shows_what_was_taken_out_and_by_whom() -> None:
    """撤销 of KF-2 takes 1.00 × 2 = 2.00 out: the row stays, moves nothing, and says who decided."""
    rows = rows_of(tables_with(decide("扣分登记", "KF-2")), "K")
    (row,) = (row for row in rows if row["status"] == "revoked")
    assert row["formula"] == "1.00 × 2 = 2.00，不扣"
    assert (row["nominal"], row["points"]) == (D("-2.00"), D("0.00"))
    assert "已撤销（TZ-KF-2，组长 2022-12-25 决定，〔2022〕31号：情节较轻）" in row["label"]


def test_a_changed_score_shows_both_values_and_who_decided() -> None:
    """评定分 3.00 and 2.00 with the first set to 1.00: mean 1.50, the row says 由 3.00 改为 1.00 and who decided."""
    rows = rows_of(tables_with(decide("评定加分", "P1", new="1"), 评定加分=[award("P1", "3"), award("P2", "2")]), "B1")
    (row,) = (row for row in rows if row["status"] == "adjusted")
    assert row["formula"] == "0.00 + 1.50 = 1.50（(1.00 + 2.00) ÷ 2 = 1.50）"
    assert "P1 由 3.00 改为 1.00（TZ-P1，组长 2022-12-25 决定，〔2022〕31号：情节较轻）" in row["label"]


def test_a_decision_without_effect_says_so() -> None:
    """改值 on a fact of another year, or on a score without evidence, changes nothing; the row names it still."""
    old = {
        "编号": "KF-9", "单位": "T01", "标准编号": "GW-01", "事实": "上年的事", "发生日期": "2021-05-01",
        "评分人": "甲", "复核人": "乙",
    }  # fmt: skip
    told = "改为 0.50 的决定（TZ-{}，组长 2022-12-25 决定，〔2022〕31号：情节较轻）不起作用"
    rows = rows_of(tables_with(decide("扣分登记", "KF-9", new="0.5"), 扣分登记=[old]), "K")
    assert [row["status"] for row in rows if told.format("KF-9") in row["label"]] == ["suppressed"]
    rows = rows_of(tables_with(decide("评定加分", "P1", new="0.5"), 评定加分=[award("P1", "3", None)]), "B1")
    assert [row["status"] for row in rows if told.format("P1") in row["label"]] == ["no_evidence"]


# ---- what each decision did ------------------------------------------------------------------------------------


def test_a_revocation_is_listed_with_the_value_taken_out() -> None:
    """The small set's one decision takes 1.00 out of T01's K: old 1.00, no new value, influence +1.00."""
    (made,) = listed(small_set_tables())
    assert made == Adjustment(
        "T01", "TZ-1", "扣分登记", "KF-3", "误登的一笔", "撤销", D("1.00"), None, D("1.00"), "",
        "误登", "组长", date(2022, 12, 25), "〔2022〕31号", "调整复核.csv!!2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("new", "effect"),
    [("0.5", "1.50"), ("2", "0.00"), ("7.25", "-5.25")],
    ids=["less", "the same", "more"],
)
def test_a_changed_deduction_is_listed_with_old_and_new_value(new: str, effect: str) -> None:
    """KF-2 was worth 1.00 × 2 = 2.00: set to 0.50 it gives 1.50 back, to 2.00 nothing, to 7.25 it takes 5.25 more."""
    (made,) = listed(tables_with(decide("扣分登记", "KF-2", new=new)))
    assert (made.old, made.new, made.effect) == (D("2.00"), D(new), D(effect))


def test_the_influence_counts_what_the_gate_opens() -> None:
    """KF-4 (20.00) keeps D02 at 80.00, not above 80; without it K is 100.00 and the bonus opens.

    Then D02 earns B4 3.00 (third by volume in each quarter, capped), B5 3.00, B6 2.00, B7 2.00: 110.00. So the
    influence is 30.00, not 20.00.
    """
    (made,) = listed(tables_with(decide("扣分登记", "KF-4", "D02")))
    assert (made.old, made.effect) == (D("20.00"), D("30.00"))


def test_the_influence_counts_the_mean() -> None:
    """One of two scores set from 3.00 to 1.00 halves: the mean goes from 2.50 to 1.50, influence −1.00."""
    (made,) = listed(
        tables_with(decide("评定加分", "P1", new="1"), 评定加分=[award("P1", "3"), award("P2", "2")]),
    )
    assert (made.what, made.old, made.new, made.effect) == ("一窗通办", D("3.00"), D("1.00"), D("-1.00"))


def test_the_influence_counts_the_next_level() -> None:
    """Revoking the 省 commendation (2.00) leaves the matter's 市 one (1.00): influence −1.00; rows without a value have
    no old one."""
    lower = {
        "编号": "BZ-9", "单位": "T01", "加分项": "通报表彰", "事项编号": "SX-1", "事项名称": "一日办结改革",
        "层级": "市", "机关或媒体": "市职转办", "文号或网址": "9号", "日期": "2022-07-12", "佐证编号": "ZJ-1",
    }  # fmt: skip
    (made,) = listed(tables_with(decide("表彰宣传", "BZ-1"), 表彰宣传=[lower]))
    assert (made.what, made.old, made.new, made.effect) == ("省级，一日办结改革", None, None, D("-1.00"))


def circular(number: str, unit: str) -> dict[str, Any]:
    return {
        "编号": number, "单位": unit, "类型": "检查督查", "层级": "省", "机关或媒体": "省督查组", "文号或网址": "7号",
        "日期": "2022-04-01", "是否点名": "是",
    }  # fmt: skip


def test_a_revoked_veto_is_told_in_words() -> None:
    """Without the decision T02 would be vetoed and have no score; there is no difference to print, so it is said."""
    (made,) = listed(tables_with(decide("通报批评", "TP-1", "T02"), 通报批评=[circular("TP-1", "T02")]))
    assert (made.effect, made.effect_note) == (None, "不作此决定则单项否决；作出后得 110.00")
    assert made.what == "省级检查督查，7号"


def test_a_decision_in_a_vetoed_unit_moves_no_score() -> None:
    """D01 is vetoed by two red lights with or without the revoked circular: it has no score to be moved."""
    (made,) = listed(tables_with(decide("通报批评", "TP-1", "D01"), 通报批评=[circular("TP-1", "D01")]))
    assert (made.effect, made.effect_note) == (None, "单项否决，不计分")


def test_a_ticket_is_listed_with_all_its_rows() -> None:
    """A revoked ticket names how many red lights it held; the centre's result decides, so no score moves."""
    (made,) = listed(tables_with(decide("热线红灯", "GD-3", "D01")))
    assert (made.what, made.old, made.effect_note) == ("1 次红灯", None, "单项否决，不计分")


def test_decisions_come_in_the_rosters_order_and_each_stands_alone() -> None:
    """Of three decisions T01's two come first, in the order of their rows; each influence leaves the others in force.

    KF-1 and KF-3, 1.00 each, are both out: +1.00 each.
    """
    made = listed(
        tables_with(decide("扣分登记", "KF-4", "D02"), decide("扣分登记", "KF-3"), decide("扣分登记", "KF-1"))
    )
    assert [(row.unit_id, row.object, row.effect) for row in made] == [
        ("T01", "KF-3", D("1.00")),
        ("T01", "KF-1", D("1.00")),
        ("D02", "KF-4", D("30.00")),
    ]


def test_no_decision_no_row() -> None:
    """A year without 调整复核 lists nothing."""
    assert listed(tables_with()) == []


def test_a_stored_set_carries_its_decisions(tmp_path) -> None:
    """The processed folder read back has the decisions as a frame, in the type that the reports print."""
    write_processed(tmp_path / "2022", small_set_tables())
    (row,) = load_set(tmp_path / "2022").adjustments.to_dict("records")
    assert (row["unit_id"], row["number"], row["old"], row["new"], row["effect"]) == (
        "T01", "TZ-1", D("1.00"), None, D("1.00"),
    )  # fmt: skip
    assert row["decided"] == date(2022, 12, 25)


# ---- the reports -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def literals():
    changed = decide("扣分登记", "KF-2", new="0.5", 编号="TZ-2", 理由=PAYLOAD, 决定人="副组长")
    revoked = decide("扣分登记", "KF-3", 编号="TZ-1", 理由="误登")
    return tables_with(changed, revoked, decide("扣分登记", "KF-4", "D02", new="19.99", 编号="TZ-3"))


@pytest.fixture(scope="module")
def data(literals):
    return make_set(literals)


def test_the_units_annex_has_a_row_for_each_decision(data) -> None:
    """T01's annex: number, object with its ledger row, old, new, influence, reason, decider, day, document.

    Rows 1–4 are the veto items', row 5 is KF-1; so KF-2 stands in row 6 and KF-3 in row 7.
    """
    report = views.UnitReport(data, "T01")
    changed, revoked = cells(report.adjustments())
    assert changed == [
        "TZ-2", f"扣分登记 KF-2（{PAYLOAD}，台账第 6 行）", "2.00", "0.50", "+1.50", PAYLOAD, "副组长",
        "2022年12月25日", "〔2022〕31号",
    ]  # fmt: skip
    assert revoked == [
        "TZ-1", "扣分登记 KF-3（误登的一笔，台账第 7 行）", "1.00", "撤销", "+1.00", "误登", "组长",
        "2022年12月25日", "〔2022〕31号",
    ]  # fmt: skip
    for row, seq in ((changed, 6), (revoked, 7)):
        assert "调整复核.csv" in next(line.place_text for line in report.lines if line.seq == seq), row
    assert not parse(report.adjustments()).find_all(["script", "a", "b"])


def test_the_conclusion_counts_the_decisions(data) -> None:
    """T01's conclusion says that the result contains two decisions; T02's, which has none, says nothing of it."""
    told = "本结果含 2 项调整复核，见附表“调整复核情况”。"
    assert told in parse(views.UnitReport(data, "T01").conclusion()).get_text()
    assert "调整复核" not in parse(views.UnitReport(data, "T02").conclusion()).get_text()


def test_a_unit_without_decisions_has_no_annex(data) -> None:
    """T02's report shows no heading and no empty table."""
    assert parse(views.UnitReport(data, "T02").adjustments()).get_text(strip=True) == ""


def test_the_item_tables_mark_the_decided_rows(data) -> None:
    """In T01's table of K exactly the two decided facts name their decision."""
    marked = [mark.get_text() for mark in parse(views.UnitReport(data, "T01").key()).select(".decided")]
    assert marked == ["调整复核：TZ-2", "调整复核：TZ-1"]


def test_a_vetoed_units_decision_is_not_lost() -> None:
    """A vetoed unit's rows are not scored, so no ledger row cites the decision; its annex lists it all the same."""
    data = make_set(tables_with(decide("通报批评", "TP-1", "D01"), 通报批评=[circular("TP-1", "D01")]))
    report = views.UnitReport(data, "D01")
    (row,) = cells(report.adjustments())
    assert row[2:5] == ["—", "撤销", "单项否决，不计分"]
    assert "本结果含 1 项调整复核" in parse(report.conclusion()).get_text()


def test_the_county_lists_all_decisions_with_their_units(data) -> None:
    """The summary counts three decisions in two units and lists them; D02 at 80.01 is above the gate now.

    Without TZ-3 D02 stays at 80.00: 80.01 + 10.00 − 80.00 = +10.01.
    """
    county = views.CountySummary(data, make_tables(small_set_tables()))
    assert "本结果含 3 项调整复核，涉及 2 个单位，见附表“调整复核情况”。" in parse(county.headline()).get_text()
    rows = cells(county.adjustments())
    assert [row[:2] for row in rows] == [["TZ-2", "梧桐镇"], ["TZ-1", "梧桐镇"], ["TZ-3", "县银杏局"]]
    assert rows[2][3:6] == ["20.00", "19.99", "+10.01"]


def test_a_county_without_decisions_has_no_annex() -> None:
    """Without 调整复核 the summary shows neither table nor sentence."""
    county = views.CountySummary(make_set(tables_with()), make_tables(small_set_tables()))
    assert parse(county.adjustments()).get_text(strip=True) == ""
    assert "调整复核" not in parse(county.headline()).get_text()


def test_explain_tells_the_decisions(literals, tmp_path) -> None:
    """assess explain counts the decisions on top and tells each in words at the end; T02 has none."""
    write_processed(tmp_path / "2022", literals)
    data = load_rows(tmp_path / "2022")
    told = list(tell(data, "T01"))
    assert "本结果含 2 项调整复核，见文末。" in told
    at = told.index("五、调整复核情况")
    assert told[at + 4 :] == [
        "  · [撤销] TZ-1　扣分登记 KF-3（误登的一笔）",
        "      原值 1.00，新值 撤销；影响最终得分 +1.00；理由：误登",
        "      决定人：组长；决定日期：2022-12-25；批准文号：〔2022〕31号；出处：调整复核.csv 第 3 行",
    ]
    assert "原值 2.00，新值 0.50；影响最终得分 +1.50" in told[at + 2]
    assert not any("调整复核" in line for line in tell(data, "T02"))
