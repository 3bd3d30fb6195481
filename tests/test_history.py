"""Earlier years in a report: whose results they are, and that only what follows the same rules is compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from build import SCHEME_FILE, make_tables
from report_set import PAYLOAD, small_set_tables, write_processed
from ruamel.yaml import YAML

from assess_lib.errors import UsageError
from assess_lib.figures.drawing import Plot
from assess_lib.figures.history import history_plot
from assess_lib.history import History, YearSet, read_history, rule_differences
from assess_lib.scheme import Scheme
from assess_lib.scoring import score
from assess_lib.store import Approval, Findings, StoredBasis, assemble, digest, write_approval
from assess_lib.store.sets import table_files, write_files
from assess_lib.tables import Row
from assess_lib.views.history import comparison_notes, history_section
from assess_lib.views.html import Html

Literals = dict[str, list[dict[str, Any]]]


def scheme_of(year: int, sample: bool = True) -> Scheme:
    """Return the shipped scheme with every date in another year, a sample's or not."""
    text = SCHEME_FILE.read_text(encoding="utf-8").replace("2022-", f"{year}-").replace("year: 2022", f"year: {year}")
    return Scheme.model_validate(YAML(typ="safe", pure=True).load(text)).model_copy(update={"sample": sample})


def tables_of(year: int) -> Literals:
    """Return the small set's facts moved to another year; its deduction KF-2 of 2.00 is left out.

    So T01 梧桐镇 has 99.00 + 11.11 = 110.11 and is first of the four scored units; T02 白杨镇 has 110.00.
    """
    moved: Literals = json.loads(json.dumps(small_set_tables()).replace("2022-", f"{year}-"))
    moved["扣分登记"] = [row for row in moved["扣分登记"] if row["编号"] != "KF-2"]
    return moved


def noted(tables: dict[str, tuple[Row, ...]], unit: str, codes: str) -> dict[str, tuple[Row, ...]]:
    """Return the tables with a roster row that says whom a unit took over, as cleaning notes it."""
    roster = tuple(
        replace(row, notes={"承继自": codes}) if row["单位编码"] == unit else row for row in tables["单位名录"]
    )
    return tables | {"单位名录": roster}


def write_year(
    folder: Path,
    literals: Mapping[str, Iterable[Mapping[str, Any]]],
    year: int,
    change: Callable[[dict[str, tuple[Row, ...]]], dict[str, tuple[Row, ...]]] = lambda tables: tables,
    sample: bool = True,
) -> None:
    """Write the processed folder of a year, as a run of the software would."""
    scheme, tables = scheme_of(year, sample), change(make_tables(literals))
    readings = scheme.default_readings()
    made = score(tables, scheme, readings, scheme.cut_off)
    basis = StoredBasis(year, scheme.cut_off, False, "scored", readings, scheme, {})
    write_files(folder, assemble(basis, Findings({}, (), made.problems, ()), table_files(tables), made))


@pytest.fixture(scope="module")
def two_years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the processed folder of 2022, with 2021 beside it, and things that are no earlier year."""
    root = tmp_path_factory.mktemp("processed")
    write_processed(root / "2022", small_set_tables())
    write_year(root / "2021", tables_of(2021), 2021)
    (root / "2020").mkdir()  # a year that was never scored
    (root / "2021x").mkdir()
    (root / "2021.runs.jsonl").write_text("{}\n")
    (root / "2023").symlink_to(root / "2021")
    return root / "2022"


@pytest.fixture(scope="module")
def history(two_years: Path) -> History:
    """Return the history of the two years."""
    return read_history(two_years)


def tables_in(section: Html) -> dict[str, list[list[str]]]:
    """Return the cells of each table of a section by the first word of its caption."""
    soup = BeautifulSoup(str(section.markup), "html.parser")
    return {
        found.caption.get_text(): [[cell.get_text() for cell in row("td")] for row in found.tbody("tr")]
        for found in soup("table")
    }


def test_earlier_years_are_the_scored_folders_beside(history: History) -> None:
    """Only a folder named by an earlier year that holds a set counts; a later year and other names do not."""
    assert [data.year for data in history.years] == [2021, 2022]
    assert history.unread == ()


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [(True, False, False), (True, True, True), (False, False, True), (False, True, True)],
)
def test_made_up_results_are_no_history_of_a_county(tmp_path: Path, before: bool, now: bool, shown: bool) -> None:
    """A sample year beside a county's own year is none of its earlier years; beside a sample it is."""
    write_year(tmp_path / "2021", tables_of(2021), 2021, sample=before)
    write_year(tmp_path / "2022", small_set_tables(), 2022, sample=now)
    told = read_history(tmp_path / "2022")
    assert [data.year for data in told.earlier] == [2021] * shown
    assert told.unread == ()


def test_without_earlier_years_nothing_is_shown(tmp_path: Path) -> None:
    """The first year's report has no empty section and no empty figure."""
    write_processed(tmp_path / "2022", small_set_tables())
    alone = read_history(tmp_path / "2022")
    assert alone.empty
    for unit in ("T01", None):
        assert str(history_section(alone, unit).markup).strip() == ""
        shown = history_plot(alone, unit)
        assert isinstance(shown, Html) and str(shown.markup).strip() == ""


def test_a_unit_sees_score_and_rank_by_year(history: History) -> None:
    """梧桐镇: 110.11, first of 4 in 2021; 108.11, second of 4 in 2022; only the deduction of 2.00 differs."""
    shown = tables_in(history_section(history, "T01"))
    first, second = shown.values()
    assert [row[:1] + row[2:] for row in first] == [
        ["2021（初评稿）", "99.00", "11.11", "110.11", "合格（等次待审定）", "1/2，1/4"],
        ["2022（初评稿）", "97.00", "11.11", "108.11", "合格（等次待审定）", "2/2，2/4"],
    ]
    assert ["K 重点考核", "99.00", "97.00", "−2.00"] in second
    assert ["B5 领导评价", "2.41", "2.41", "0.00"] in second


def test_a_vetoed_year_has_no_numbers(history: History) -> None:
    """县松柏局 was vetoed in both years: dashes, no rank, no zero."""
    (rows,) = tables_in(history_section(history, "D01")).values()
    assert [row[2:5] + row[6:] for row in rows] == [["—"] * 4, ["—"] * 4]
    assert isinstance(history_plot(history, "D01"), Html)


def changed(data: YearSet, **keys: Any) -> YearSet:
    """Return a year whose scheme has other top-level keys."""
    return replace(data, scheme=Scheme.model_validate(data.scheme.model_dump() | keys))


def item_changed(data: YearSet, item_id: str, **keys: Any) -> YearSet:
    """Return a year whose scheme has an item with other keys; ``rule__x`` changes the rule's ``x``."""
    items = [item.model_dump() for item in data.scheme.items]
    for item in items:
        if item["id"] == item_id:
            for key, value in keys.items():
                target, _, name = key.rpartition("__")
                (item[target] if target else item)[name] = value
    return changed(data, items=items)


def test_same_rules_are_comparable(history: History) -> None:
    """The same scheme a year on, dates moved, has ten comparable items."""
    (old,) = history.earlier
    assert [rule_differences(old, history.current, item.id) for item in old.scheme.items] == [()] * 10


def test_names_and_clauses_do_not_make_a_rule_another(history: History) -> None:
    """A new name, clause or paraphrase leaves an item comparable."""
    old = item_changed(history.earlier[0], "B4", name="政务信息", clause="四（三）9", words=[])
    assert rule_differences(old, history.current, "B4") == ()


def other_due(data: YearSet) -> YearSet:
    """Return a year whose half-year report was due a day earlier."""
    rule = data.scheme.item("K").rule.model_dump()
    rule["facts"][0]["due"][0]["due"] = date(2021, 6, 19)
    return item_changed(data, "K", rule=rule)


def once(data: YearSet, **keys: Any) -> YearSet:
    """Return a year in which one matter counts in one item only."""
    return replace(data, readings={**data.readings, "same_matter_across_items": "once", **keys})


def reading(key: str, option: str) -> Callable[[YearSet], YearSet]:
    """Return what gives a year another reading."""
    return lambda old: replace(old, readings={**old.readings, key: option})


def rate(code: str, single: str, per: str = "次") -> Callable[[YearSet], YearSet]:
    """Return what gives a year's standard another 单次扣分 or 计量."""
    return lambda old: replace(old, rates={**old.rates, code: (Decimal(single), per, None)})


def without(code: str) -> Callable[[YearSet], YearSet]:
    """Return what takes a standard out of a year."""
    return lambda old: replace(old, rates={key: value for key, value in old.rates.items() if key != code})


DIFFERENT: tuple[tuple[str, str, Callable[[YearSet], YearSet], tuple[str, ...]], ...] = (
    ("满分", "B1", lambda old: item_changed(old, "B1", cap=5), ("满分不同（5 → 4）",)),
    ("参数", "B4", lambda old: item_changed(old, "B4", rule__rank_points=[3, 2]), ("参数不同",)),
    ("期限", "K", other_due, ("参数不同",)),
    ("口径", "B4", reading("info_quarters", "best"), ("口径不同（季度合成）",)),
    ("到期当日", "K", reading("deadline_day", "exclusive"), ("口径不同（到期当日）",)),
    ("别项口径", "B4", reading("same_matter_across_items", "once"), ()),
    ("标准", "K", rate("GW-01", "1.5"), ("扣分标准不同（GW-01）",)),
    ("少一个标准", "K", without("LD-01"), ("扣分标准不同（LD-01）",)),
    ("别项标准", "K", rate("HY-01", "9"), ()),
    ("会议标准", "B6", rate("HY-01", "9"), ("扣分标准不同（HY-01）",)),
    ("标准改计量", "K", rate("BS-01", "0.5"), ("扣分标准不同（BS-01）",)),
)


@pytest.mark.parametrize(
    ("item", "change", "reasons"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT]
)
def test_another_rule_is_not_compared(
    history: History, item: str, change: Callable[[YearSet], YearSet], reasons: tuple[str, ...]
) -> None:
    """Another cap, parameter, due day, reading or rate is said; what the item does not depend on is not."""
    assert rule_differences(change(history.earlier[0]), history.current, item) == reasons


def test_an_item_of_one_year_only_is_not_compared(history: History) -> None:
    """An item that one of the two years lacks is told with that year."""
    old = history.earlier[0]
    items = [item.model_dump() for item in old.scheme.items if item.id != "B7"]
    assert rule_differences(changed(old, items=items), history.current, "B7") == ("2021 年没有这个项目",)


def test_once_hangs_on_the_other_award_item(history: History) -> None:
    """Where a matter counts once across items, another level table of 经验宣传 makes 通报表彰 another rule too."""
    levels = {"中央": 2, "省": 1, "市": 1}
    old, new = (once(data) for data in history.years)
    assert rule_differences(old, new, "B2") == ()
    assert rule_differences(item_changed(old, "B3", rule__levels=levels), new, "B2") == ("与之合并去重的项目不同",)
    plain_old = item_changed(history.earlier[0], "B3", rule__levels=levels)
    assert rule_differences(plain_old, history.current, "B2") == ()


def test_what_is_not_compared_is_said(history: History) -> None:
    """An item under another rule shows no earlier number, no difference, and the reason below the table."""
    other = replace(history, earlier=(item_changed(history.earlier[0], "B1", cap=5),))
    text = history_section(other, "T01").markup
    notes = comparison_notes(other, other.current.scheme.items)
    assert notes == ["2021 年与 2022 年规则不同、不作比较的项目：B1 特色亮点（满分不同（5 → 4））。"]
    assert notes[0] in text and "总分和名次只并列，不相减" in text
    assert "B1 特色亮点" not in [row[0] for row in list(tables_in(history_section(other, "T01")).values())[1]]
    assert "各年的项目、分值、口径和扣分标准相同" in history_section(history, "T01").markup


def renamed(year: int, *pairs: tuple[str, str]) -> Literals:
    """Return the facts of a year in which units had other codes and names."""
    text = json.dumps(tables_of(year), ensure_ascii=False)
    for new, old in pairs:
        text = text.replace(json.dumps(new, ensure_ascii=False), json.dumps(old, ensure_ascii=False))
    made: Literals = json.loads(text)
    return made


def test_a_renamed_unit_keeps_its_history(tmp_path: Path) -> None:
    """梧桐镇 was T91 梧桐乡 in 2021: its 110.11 and its items are compared, and the old name is told."""
    write_year(tmp_path / "2022", small_set_tables(), 2022, lambda tables: noted(tables, "T01", "T91"))
    write_year(tmp_path / "2021", renamed(2021, ("T01", "T91"), ("梧桐镇", PAYLOAD)), 2021)
    made = read_history(tmp_path / "2022")
    first, second = tables_in(history_section(made, "T01")).values()
    assert [row[4] for row in first] == ["110.11", "108.11"]
    assert first[0][1] == f"{PAYLOAD}（T91，已由本单位承继）"  # as text: markup in a name stays a name
    assert "<script>" not in history_section(made, "T01").markup + history_section(made).markup
    assert ["K 重点考核", "99.00", "97.00", "−2.00"] in second
    assert [row[4] for row in next(iter(tables_in(history_section(made, "T02")).values()))] == ["110.00", "110.00"]


def test_a_merged_unit_shows_all_that_went_into_it(tmp_path: Path) -> None:
    """T01 took over T91, which had taken over D93 before: both earlier scores are shown, no item is compared."""
    write_year(tmp_path / "2022", small_set_tables(), 2022, lambda tables: noted(tables, "T01", "T91"))
    write_year(
        tmp_path / "2021",
        renamed(2021, ("T01", "T91"), ("D03", "D93")),
        2021,
        lambda tables: noted(tables, "T91", "D93"),
    )
    made = read_history(tmp_path / "2022")
    assert made.codes("T01") == ("T01", "T91", "D93")
    (rows,) = tables_in(history_section(made, "T01")).values()
    assert [(row[0], row[4]) for row in rows] == [
        ("2021（初评稿）", "110.11"),
        ("2021（初评稿，待定 10 项）", "94.00"),
        ("2022（初评稿）", "108.11"),
    ]
    assert "2021 年有几个单位的结果（合并），各项得分不作比较" in history_section(made, "T01").markup
    assert "没有本单位" in history_section(made, "D03").markup
    shown = history_plot(made, "T01")
    assert isinstance(shown, Plot) and "110.11" in shown.alt and "94.00" in shown.alt


def test_an_altered_year_is_told_and_left_out(two_years: Path, tmp_path: Path) -> None:
    """A file that is not what its receipt says, or another year's set, is told; the report still comes."""
    write_processed(tmp_path / "2022", small_set_tables())
    write_year(tmp_path / "2020", tables_of(2020), 2020)
    write_year(tmp_path / "2021", tables_of(2019), 2019)
    results = tmp_path / "2020" / "results.csv"
    results.write_bytes(results.read_bytes().replace(b"110.11", b"120.11"))
    made = read_history(tmp_path / "2022")
    assert made.earlier == () and [year for year, _ in made.unread] == [2020, 2021]
    text = history_section(made, "T01").markup
    assert "2020 年度的结果没有采用：结果文件夹中的 results.csv 与凭证 receipt.json 不符" in text
    assert "2021 年度的结果没有采用：文件夹里是 2019 年度的结果。" in text
    assert "120.11" not in text


def test_the_state_of_each_year_is_printed(tmp_path: Path) -> None:
    """An approved earlier year is 定稿 beside this year's 初评稿."""
    write_processed(tmp_path / "2022", small_set_tables())
    write_year(tmp_path / "2021", tables_of(2021), 2021)
    receipt = digest((tmp_path / "2021" / "receipt.json").read_bytes())
    write_approval(tmp_path / "2021", Approval("〔2022〕1号", "组长", date(2022, 1, 20), receipt))
    rows = next(iter(tables_in(history_section(read_history(tmp_path / "2022"), "T01")).values()))
    assert [row[0] for row in rows] == ["2021（定稿）", "2022（初评稿）"]


def test_the_county_sees_years_items_and_units(history: History) -> None:
    """2021: 110.11 to 80.00, median (110.00 + 94.00) / 2 = 102.00; 2022: median (108.11 + 94.00) / 2 = 101.06."""
    section = history_section(history)
    years, items, units = tables_in(section).values()
    assert years == [
        ["2021（初评稿）", "5", "1", "0", "1", "110.11", "102.00", "80.00"],
        ["2022（初评稿）", "5", "1", "0", "1", "110.00", "101.06", "80.00"],
    ]
    assert f"2021 年 {history.earlier[0].receipt[:8]}；2022 年 {history.current.receipt[:8]}。" in section.markup
    # K, without 县合欢局 where it is unresolved: (99 + 100 + 80) / 3 = 93.00; then (97 + 100 + 80) / 3 = 92.33
    assert items[0] == ["K 重点考核", "93.00（3）", "92.33（3）"]
    assert [row[0] for row in units] == ["梧桐镇", "白杨镇", "县松柏局", "县银杏局", "县合欢局"]
    assert units[0][2:] == ["110.11（1）", "108.11（2）"]
    assert units[2][2:] == ["单项否决", "单项否决"]


def test_units_that_left_without_heir_are_named(tmp_path: Path) -> None:
    """A unit that was assessed earlier and has no place in this year's roster is not silently lost."""
    write_processed(tmp_path / "2022", small_set_tables())
    write_year(tmp_path / "2021", renamed(2021, ("D03", "D93"), ("县合欢局", "县故局")), 2021)
    made = history_section(read_history(tmp_path / "2022"))
    assert "以前年度参加考核、现不在名录中也没有承继单位的：县故局（D93，2021 年）。" in made.markup
    assert [row[2] for row in list(tables_in(made).values())[-1]][-1] == "—"


def test_what_is_not_reported_yet_is_no_number_to_compare(history: History) -> None:
    """县合欢局 reported nothing: its 0.00 are marked 待定, no difference is taken, score and rank are marked too."""
    section = history_section(history, "D03")
    years, items = tables_in(section).values()
    assert [row[0] for row in years] == ["2021（初评稿，待定 10 项）", "2022（初评稿，待定 10 项）"]
    assert items[1] == ["B1 特色亮点", "0.00（待定）", "0.00（待定）", "—"]
    assert {row[-1] for row in items} == {"—"}
    assert "待定的项目不作比较" in section.markup
    units = list(tables_in(history_section(history)).values())[-1]
    assert units[4][2:] == ["94.00（3，待定）", "94.00（3，待定）"]
    shown = history_plot(history, "D03")
    assert isinstance(shown, Plot) and shown.alt.count("（待定）") == 2


def test_the_plots_say_what_they_show_and_never_vary(history: History) -> None:
    """The figures come out with the same bytes, with their numbers in words."""
    for unit, words in (("T01", ("110.11", "108.11")), (None, ("102.00", "101.06"))):
        shown, again = history_plot(history, unit), history_plot(history, unit)
        assert isinstance(shown, Plot) and isinstance(again, Plot)
        assert shown.svg == again.svg and shown.svg.startswith("<svg")
        assert all(word in shown.alt for word in words)


def test_an_unknown_unit_is_refused(history: History) -> None:
    """A unit that the current year does not have is wrong usage."""
    with pytest.raises(UsageError, match="D99"):
        history_section(history, "D99")
