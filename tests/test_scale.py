"""Scoring over columns (``assess_lib.scale``): against the ordinary rules, against SQL, at the edges of its numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from audit_years import quiet_year
from build import ROOT, load_scheme_plainly
from large_years import SCHEME, differences, large, moved, ordinary, write_tables, year_of
from random_year import CLOSE_RATES, READINGS, Year, seeded_year

from assess_lib import scale
from assess_lib.audit import recompute
from assess_lib.cleaning import clean
from assess_lib.cli import main
from assess_lib.errors import InputRejected, UsageError, VerifyFailed
from assess_lib.scale.known import check_known
from assess_lib.scale.ranking import rate_order
from assess_lib.scale.scoring import METHODS
from assess_lib.scale.sums import competition_ranks, half_up, running, times
from assess_lib.scheme import Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.scoring import score
from assess_lib.store import StoredBasis
from assess_lib.store.sets import LEDGER_COLUMNS
from tools.bench import national
from tools.scale_year import write_year

BIG = 2**63 - 1


def agrees(year: Year, folder: Path, seed: Any = "") -> None:
    """Fail where the two ways differ in any cell."""
    found = differences(year, folder)
    assert not found, f"{seed}\n" + "\n".join(found[:10])


# ---- equal to the ordinary rules ------------------------------------------------------------------------------


def test_the_sample_year_is_equal_in_every_cell(tmp_path: Path) -> None:
    """Results, items and all numbers of the ledger of the shipped sample are the same both ways."""
    tables = clean(ROOT / "data" / "raw" / "2022", SCHEME).tables
    agrees(Year(tables, SCHEME.default_readings(), SCHEME.cut_off), tmp_path)


def test_random_years_are_equal_in_every_cell(tmp_path: Path) -> None:
    """So are those of 40 random years under random readings and run dates."""
    for seed in range(40):
        agrees(seeded_year(seed), tmp_path, seed)


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4))
def test_hundreds_of_random_years_are_equal_in_every_cell(block: int, tmp_path: Path) -> None:
    """So are those of 800 further random years."""
    for seed in range(20_000 + 200 * block, 20_200 + 200 * block):
        agrees(seeded_year(seed), tmp_path, seed)


def test_the_random_years_use_every_option_of_every_reading() -> None:
    """No option is left out of the comparison."""
    drawn = {(key, option) for seed in range(40) for key, option in seeded_year(seed).readings.items()}
    assert drawn == {(key, option) for key, options in READINGS.items() for option in options}


@pytest.mark.parametrize("seed", [3, 11, 27])
def test_rows_in_any_order_of_the_file_are_seen_by_file_sheet_and_row(seed: int, tmp_path: Path) -> None:
    """A table whose rows stand shuffled in its file gives the same ledger; ``source_row`` follows the file."""
    year = seeded_year(seed)
    rng = random.Random(seed)
    kept = ("单位名录", "扣分标准")
    order = {name: rng.sample(range(len(rows)), len(rows)) for name, rows in year.tables.items() if name not in kept}
    agrees(Year(moved(year.tables, order), year.readings, year.run_date), tmp_path)


def test_bands_are_met_at_their_line(tmp_path: Path) -> None:
    """With approved bands from 104.00 and 103.99 units of 104.00, 103.99 and 103.98 get 优秀, 良好 and 合格."""
    bands = [
        {"grade": "优秀", "at_least": "104", "approval": "批3"},
        {"grade": "良好", "at_least": "103.99", "approval": "批3"},
    ]
    scheme = load_scheme_plainly(grades=SCHEME.grades.model_dump() | {"bands": bands})
    year = year_of(quiet_year({"A": 0, "B": 1, "C": 2}))
    assert differences(year, tmp_path, scheme) == []
    found = large(tmp_path, scheme, year.readings, year.run_date)["results"]
    assert [(row["final_score"], row["grade"]) for row in found] == [
        (Decimal("104.00"), "优秀"),
        (Decimal("103.99"), "良好"),
        (Decimal("103.98"), "合格"),
    ]


def with_facts(**kinds: str) -> Scheme:
    """Return the shipped scheme in which some items take facts of one kind alone: ``K="reports"``."""
    items = [item.model_dump() for item in SCHEME.items]
    known = {fact["kind"]: fact for item in items for fact in item["rule"].get("facts", ())}
    for item in items:
        if item["id"] in kinds:
            item["rule"]["facts"] = [known[kinds[item["id"]]]]
    return load_scheme_plainly(items=items)


@pytest.mark.parametrize(
    "kinds",
    [{"K": "reports"}, {"K": "register"}, {"K": "meetings"}, {"K": "register", "B6": "reports"}],
    ids=str,
)
def test_an_item_may_take_facts_of_any_kind_alone(kinds: dict[str, str], tmp_path: Path) -> None:
    """Whatever kinds of facts an item takes, random years are equal both ways: reports alone, the register alone."""
    scheme = with_facts(**kinds)
    for seed in range(12):
        assert differences(seeded_year(seed), tmp_path, scheme) == [], seed


def test_reports_alone_never_take_more_than_there_is(tmp_path: Path) -> None:
    """Two units that owe two reports at 60.00 each and send none: 100.00 less 120.00 leaves 0.00 for both."""
    scheme = with_facts(K="reports")
    literals = quiet_year({"A": 0, "B": 0}) | {"材料报送": []}
    for standard in literals["扣分标准"]:
        standard["单次扣分"] = "60"
    year = year_of(literals)
    write_tables(tmp_path, year.tables)
    found = large(tmp_path, scheme, year.readings, year.run_date)
    assert [row["key_score"] for row in found["results"]] == [Decimal("0.00"), Decimal("0.00")]
    assert [str(row["points"]) for row in found["ledger"] if row["item"] == "K"] == ["-60.00", "-40.00"] * 2


@pytest.mark.parametrize("gate", ["above", "at_least"])
def test_thresholds_to_the_hundredth(gate: str, tmp_path: Path) -> None:
    """59.99 fails, 60.00 passes; 80.00 opens the bonus part under ``at_least`` alone, 79.99 never, 80.01 always."""
    taken = {"A": 4001, "B": 4000, "C": 2001, "D": 2000, "E": 1999}
    year = year_of(quiet_year(taken), {"bonus_gate": gate})
    write_tables(tmp_path, year.tables)
    found = large(tmp_path, SCHEME, year.readings, year.run_date)["results"]
    assert [row["grade"] for row in found] == ["不合格", "合格", "合格", "合格", "合格"]
    assert [row["bonus_open"] for row in found] == [False, False, False, gate == "at_least", True]
    last = "84.00" if gate == "at_least" else "80.00"
    assert [str(row["final_score"]) for row in found] == ["59.99", "60.00", "79.99", last, "84.01"]
    assert [row["rank_overall"] for row in found] == [5, 4, 3, 2, 1]


# ---- numbers at the edge --------------------------------------------------------------------------------------


def register(*counts: int, standard: str = "FX-01") -> list[Mapping[str, Any]]:
    """Give one 扣分登记 row of unit A for each count."""
    return [
        {"编号": f"KF{n}", "单位": "A", "标准编号": standard, "事实": "事实", "发生日期": "2022-05-05", "数量": count,
         "评分人": "甲", "复核人": "乙"}
        for n, count in enumerate(counts)
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [None, "9999999999999999.99", "0.02", "100.00", "100.01"])
def test_the_largest_amounts_stay_exact(limit: str | None, tmp_path: Path) -> None:
    """A rate of 16 digits times the largest count is printed to the last digit, and takes the item and no more."""
    literals = quiet_year({"A": 0})
    literals["扣分标准"][0] |= {"单次扣分": "9999999999999999.99", "扣分上限": limit}
    literals["扣分登记"] = register(1, BIG, BIG - 1)
    year = year_of(literals)
    assert differences(year, tmp_path) == []
    ledger = large(tmp_path, SCHEME, year.readings, year.run_date)["ledger"]
    nominal = [row["nominal"] for row in ledger if row["item"] == "K" and row["source_table"] == "扣分登记"]
    # 9223372036854775807 × 10 ** 16, less 92233720368547758.07
    assert nominal[1] == Decimal("-92233720368547757977766279631452241.93")


def test_a_ceiling_and_the_floor_cut_where_the_ordinary_rules_cut(tmp_path: Path) -> None:
    """Ceilings below, at and above what is left, met in parts, under two standards: the same rows are cut."""
    for first, second in ((9999, 1), (10000, 1), (10001, 1), (5000, 6000), (3333, 3334)):
        literals = quiet_year({"A": 0})
        literals["扣分标准"][0] |= {"扣分上限": "50.00"}
        literals["扣分标准"].append({**literals["扣分标准"][0], "标准编号": "FX-02", "扣分上限": None})
        rows = register(first, second, 1, first)
        literals["扣分登记"] = [{**row, "标准编号": ("FX-01", "FX-02")[n % 2]} for n, row in enumerate(rows)]
        assert differences(year_of(literals), tmp_path) == []


def test_rates_that_floats_cannot_tell_apart_keep_their_order() -> None:
    """1/3 = 100/300 stand above 0.333333333, 333333332/999999997 and 100/301, in this order; 0/0 counts as 0."""
    part = np.array([used for _, used in CLOSE_RATES] + [0, 0])
    whole = np.array([sent for sent, _ in CLOSE_RATES] + [5, 0])
    exact = [Fraction(int(p), int(w)) if w else Fraction(0) for p, w in zip(part, whole, strict=True)]
    ranks = rate_order(part, whole)
    assert [sorted(set(exact)).index(rate) for rate in exact] == ranks.tolist()


def test_rates_of_the_largest_numbers_keep_their_order() -> None:
    """Fractions of 63-bit numbers that differ in their 38th place are told apart, however they are mixed."""
    rng = random.Random(5)
    pairs = [(BIG - n - 1, BIG - n) for n in range(40)] + [(2 * n + 1, 4 * n + 2) for n in range(20)]
    pairs += [(BIG // 3 + n, BIG - n) for n in range(40)]
    rng.shuffle(pairs)
    exact = [Fraction(*pair) for pair in pairs]
    ranks = rate_order(np.array([p for p, _ in pairs]), np.array([w for _, w in pairs]))
    assert [sorted(set(exact)).index(rate) for rate in exact] == ranks.tolist()


def test_the_largest_counts_rank_as_in_the_ordinary_rules(tmp_path: Path) -> None:
    """In both list readings, units with counts of 63 bits get the same places both ways."""
    rows = [("A", BIG, BIG - 1), ("B", BIG - 1, BIG - 2), ("C", BIG, BIG - 1), ("D", 1, 0), ("E", 0, 0)]
    facts = [{"单位": u, "季度": "1", "报送条数": sent, "采用条数": used} for u, sent, used in rows]
    for lists in READINGS["info_lists"]:
        year = year_of(quiet_year(dict.fromkeys("ABCDE", 0), 信息报送=facts), {"info_lists": lists})
        assert differences(year, tmp_path) == []


def test_products_and_means() -> None:
    """A product at 62 bits is kept aside, one below is not; means round half up; sums run within their group."""
    beyond: list[int] = []
    product = times(np.array([2**31, 2**31, 3]), np.array([2**31, 2**31 - 1, 5]), beyond)
    assert (product.tolist(), beyond) == ([2**62, 2**62 - 2**31, 15], [2**62])
    assert half_up(np.array([5, 4, 6, 625]), np.array([2, 3, 4, 2])).tolist() == [3, 1, 2, 313]
    assert running(np.array([1, 2, 3, 4]), np.array([0, 0, 5, 5])).tolist() == [1, 3, 3, 7]
    ranks = competition_ranks(np.array([0, 0, 1, 0]), np.array([True] * 3 + [False]), np.array([7, 7, 1, 9]))
    assert ranks.tolist() == [1, 1, 1, 0]


# ---- another way altogether -----------------------------------------------------------------------------------


@pytest.mark.parametrize("run_date", ["2022-07-01", "2022-12-31"])
def test_a_made_up_year_of_hundreds_of_units_comes_out_as_in_sql(run_date: str, tmp_path: Path) -> None:
    """The audit's SQL over the same parquet files gives the same results and items of 400 made-up units."""
    assert write_year(tmp_path / "t", 400, seed=7) > 25_000
    readings = SCHEME.default_readings() | {"red_light_window": "rolling_12_months", "info_pool": "by_group"}
    day = SCHEME.cut_off.fromisoformat(run_date)
    found = large(tmp_path / "t", SCHEME, readings, day)
    basis = json.loads(StoredBasis(SCHEME.year, day, False, "scored", readings, SCHEME, {}).dump())
    with recompute.recompute_folder(tmp_path / "t", basis) as connection:
        results = recompute.records(connection, "SELECT * FROM recomputed_result ORDER BY unit_id")
        items = recompute.records(connection, "SELECT * FROM recomputed_item ORDER BY unit_id, number")

    def cents(value: Decimal | None) -> int | None:
        return None if value is None else int(value * 100)

    assert [
        {**row, "unit_group": row["group"]} | {k: cents(row[k]) for k in ("key_score", "bonus_score", "final_score")}
        for row in found["results"]
    ] == [{**row, "group": row["unit_group"]} for row in results]
    assert [
        (r["unit_id"], r["item"], cents(r["points"]), cents(r["cap"]), r["unresolved"]) for r in found["items"]
    ] == [(r["unit_id"], r["item"], r["points"], r["cap"], r["unresolved"]) for r in items]


def test_the_made_up_year_reaches_every_state(tmp_path: Path) -> None:
    """The benchmark's year is no easy one: vetoes, both sides of the lines, cuts, revoked and unproven rows occur."""
    write_year(tmp_path, 600)
    found = large(tmp_path, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    statuses = {row["status"] for row in found["ledger"]}
    assert statuses == {
        "counted", "capped", "floored", "suppressed", "no_evidence", "revoked", "adjusted", "exempt", "gate_closed",
        "not_scored", "unresolved", "verdict",
    }  # fmt: skip
    assert {row["status"] for row in found["results"]} == {"vetoed", "scored"}
    assert {row["bonus_open"] for row in found["results"] if row["status"] == "scored"} == {True, False}


def test_the_bench_holds_both_ways_against_each_other(tmp_path: Path) -> None:
    """Of 60 units library and SQL are told to be equal; one result less is told as one row apart."""
    write_year(tmp_path / "t", 60)
    for way in ("library", "sql"):
        national.score_one_way(way, tmp_path / "t", tmp_path / way)
    assert national.apart(tmp_path / "library", tmp_path / "sql") == 0
    path = tmp_path / "sql" / "results.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)
    assert national.apart(tmp_path / "library", tmp_path / "sql") == 1
    assert round(national.slope([10, 100, 1000], [1.0, 10.0, 100.0]), 9) == 1.0


# ---- one unit in words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [2, 5, 14, 30])
def test_a_unit_is_told_in_the_words_of_the_ordinary_ledger(seed: int, tmp_path: Path) -> None:
    """Read back alone, each unit has the ledger, items and problems of the whole year's scoring, word for word."""
    year = seeded_year(seed)
    tables, out = write_tables(tmp_path / "tables", year.tables), tmp_path / "out"
    scale.score_folder(tables, out, SCHEME, year.readings, year.run_date)
    whole = score(year.tables, SCHEME, year.readings, year.run_date)
    for unit in whole.results:
        told = scale.explain_unit(tables, out, unit.unit_id)
        entries = [entry for entry in whole.ledger if entry.unit_id == unit.unit_id]
        expected = [
            {"seq": seq, "source": entry.source_text()}
            | {column: getattr(entry, column) for column in LEDGER_COLUMNS if column not in ("seq", "source")}
            for seq, entry in enumerate(entries, start=1)
        ]
        assert list(told.ledger) == expected
        assert told.results == tuple(ordinary(whole, year.tables)["results"])
        assert told.findings.scoring == tuple(p for p in whole.problems if p.value == unit.unit_name)


def test_conditions_are_printed_in_the_published_order(tmp_path: Path) -> None:
    """A report that two readings let count prints bonus_gate before q1_report, however the scheme lists them.

    basis.json holds keys by their alphabet: what was scored from the scheme must read the same from there.
    """
    data = SCHEME.model_dump()
    (report,) = [r for r in data["items"][2]["rule"]["facts"][0]["due"] if r["only_if"]]
    report |= {"owed_by": "all_units", "only_if": {"q1_report": "scored", "bonus_gate": "above"}}
    scheme = load_scheme_plainly(items=data["items"])
    year = year_of(quiet_year({"A": 0}), {"q1_report": "scored"})
    assert differences(year, tmp_path / "tables", scheme) == []
    scale.score_folder(tmp_path / "tables", tmp_path / "out", scheme, year.readings, year.run_date)
    told = scale.explain_unit(tmp_path / "tables", tmp_path / "out", "A")
    (row,) = [row for row in told.ledger if row["label"].startswith("第1季度进展")]
    assert row["reading"] == "bonus_gate=above; q1_report=scored"


def test_a_long_list_names_the_same_rivals(tmp_path: Path) -> None:
    """Of 230 units on one list the highest 200 are named, the same ones as in the ordinary ledger, ties included."""
    units = [f"U{n:03}" for n in range(230)]
    facts = [{"单位": u, "季度": "1", "报送条数": 1 + n % 7, "采用条数": 0} for n, u in enumerate(units)]
    year = year_of(quiet_year(dict.fromkeys(units, 0), 信息报送=facts))
    tables, out = write_tables(tmp_path / "tables", year.tables), tmp_path / "out"
    scale.score_folder(tables, out, SCHEME, year.readings, year.run_date)
    whole = score(year.tables, SCHEME, year.readings, year.run_date)
    for unit in ("U000", "U006", "U229"):
        (told,) = [row for row in scale.explain_unit(tables, out, unit).ledger if "第1季度报送量" in row["label"]]
        (entry,) = [e for e in whole.ledger if e.unit_id == unit and "第1季度报送量" in e.label]
        assert told["source"] == entry.source_text() and told["label"] == entry.label
        assert len(entry.source) in (200, 201)


def test_words_that_do_not_come_to_the_stored_numbers_are_refused(tmp_path: Path) -> None:
    """Once a table has changed after scoring, the unit is not explained as if nothing had happened."""
    literals = quiet_year({"A": 100, "B": 0})
    tables, out = write_tables(tmp_path / "tables", year_of(literals).tables), tmp_path / "out"
    scale.score_folder(tables, out, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    assert scale.explain_unit(tables, out, "A").results[0]["key_score"] == Decimal("99.00")
    write_tables(tables, year_of(quiet_year({"A": 101, "B": 0})).tables)
    with pytest.raises(VerifyFailed, match=r"A 的结果与 results\.parquet 不符"):
        scale.explain_unit(tables, out, "A")
    assert scale.explain_unit(tables, out, "B").results[1]["key_score"] == Decimal("100.00")


# ---- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("county", ["qingling", "shiqiao", "yunshui"])
def test_a_scheme_with_other_methods_is_refused_by_their_names(county: str) -> None:
    """The other counties' schemes have methods that are not computed over columns: each is named."""
    scheme = load_scheme(ROOT / "tests" / "counties" / county / "raw" / "scheme.yaml")
    foreign = [item for item in scheme.items if item.rule.method not in METHODS]
    assert foreign
    with pytest.raises(UsageError) as caught:
        check_known(scheme, METHODS)
    for item in foreign:
        assert f"items.{item.id}.rule.method={item.rule.method}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"judgement.bonus_gate": None}, "judgement.bonus_gate=null"),
        ({"judgement.bonus_cap": None}, "judgement.bonus_cap=null"),
        ({"judgement.pass_mark.compares": "final_score"}, "judgement.pass_mark.compares"),
        ({"items.2.rule.facts.1.standards": ("FX-01",)}, "items.K.rule.facts.1.standards"),
        (
            {"items.2.exempt": ({"units": ("A",), "basis": "批1"},)},
            "items.K.exempt",
        ),
    ],
)
def test_a_setting_that_is_not_computed_is_refused_by_its_place(changes: dict[str, Any], named: str) -> None:
    """A known method with a setting of another scheme is no smaller matter: it is named, not passed over."""
    data = SCHEME.model_dump()
    for path, value in changes.items():
        place: Any = data
        *way, last = path.split(".")
        for step in way:
            place = place[int(step)] if isinstance(place, tuple) else place[step]
        place[last] = value
    scheme = type(SCHEME).model_construct(**{**dict(SCHEME), **_parts(data, changes)})
    with pytest.raises(UsageError, match="大规模计分尚不支持方案中的") as caught:
        check_known(scheme, METHODS)
    assert named in str(caught.value)


def _parts(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Validate the changed parts one by one: together they might not fit, which is not asked here."""
    fields = {path.split(".")[0] for path in changes}
    kinds = {"judgement": type(SCHEME.judgement), "items": type(SCHEME.items[0])}
    return {
        name: tuple(kinds[name].model_validate(each) for each in data[name])
        if isinstance(data[name], tuple)
        else kinds[name].model_validate(data[name])
        for name in fields
    }


@pytest.mark.parametrize(
    ("table", "row", "named"),
    [
        ("扣分登记", {"单位": "X"}, "单位编码“X”不在单位名录中"),
        ("扣分登记", {"标准编号": "没有"}, "标准编号“没有”不在扣分标准中"),
        ("信息报送", {}, "与信息报送.csv 第 2 行重复（单位 A、季度 1）"),
        ("材料报送", {"材料": "周报"}, "“周报”不是可选的值"),
        ("参会登记", {"到会情况": "早退"}, "“早退”不是可选的值"),
        ("评定加分", {"评定分": "4.01"}, "“4.01”超出范围，最大为 4"),
        ("领导评价", {"分值": "3.01"}, "“3.01”超出范围，最大为 3"),
        ("确认无事项", {"单位": "X"}, "单位编码“X”不在单位名录中"),
        ("佐证目录", {"单位": "X"}, "单位编码“X”不在单位名录中"),
        ("调整复核", {"单位": "X"}, "单位编码“X”不在单位名录中"),
        ("单位名录", {}, "单位编码“A”与单位名录.csv 第 2 行重复"),
    ],
)
def test_tables_that_cleaning_would_refuse_are_refused(
    table: str, row: dict[str, Any], named: str, tmp_path: Path
) -> None:
    """A unit, code, key or mark that cleaning never lets through stops the scoring and is named."""
    made = {
        "单位名录": {"单位编码": "A", "单位名称": "单位A", "单位类别": "镇"},
        "扣分登记": register(1)[0],
        "信息报送": {"单位": "A", "季度": "1", "报送条数": 1, "采用条数": 0},
        "材料报送": {"单位": "A", "材料": "半年汇报"},
        "参会登记": {"会议": "会", "日期": "2022-05-05", "单位": "A", "到会情况": "到会"},
        "评定加分": {"编号": "PD9", "单位": "A", "事项": "甲", "评定分": "1", "理由": "理由",
                   "评分人": "甲", "复核人": "乙", "佐证编号": "E9"},
        "领导评价": {"评价人": "甲", "职务": "组长", "单位": "A", "分值": "1"},
        "确认无事项": {"表": "扣分登记", "单位": "A", "确认人": "甲", "确认日期": "2022-12-01"},
        "佐证目录": {"佐证编号": "E9", "单位": "A", "类型": "照片", "名称或网址": "甲"},
        "调整复核": {"编号": "TZ9", "单位": "A", "对象表": "扣分登记", "对象编号": "KF0", "处理": "撤销",
                   "理由": "理由", "决定人": "甲", "决定日期": "2022-12-01", "批准文号": "批1"},
    }  # fmt: skip
    literals = quiet_year({"A": 0})
    literals["佐证目录"] = [{"佐证编号": "E9", "单位": "A", "类型": "照片", "名称或网址": "甲"}]
    literals["评定加分"] = [{**made["评定加分"], "编号": "PD1"}]
    literals["扣分登记"] = register(1)
    if table == "信息报送":
        literals[table] = [made[table]]
    literals.setdefault(table, [])
    literals[table] = [*literals[table], {**made[table], **row}]
    if table == "佐证目录":
        literals[table][-1]["佐证编号"] = "E8"
    write_tables(tmp_path, year_of(literals).tables)
    with pytest.raises(InputRejected) as caught:
        scale.score_tables(tmp_path, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
    assert named in str(caught.value) and table in str(caught.value)


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    """A missing file, a file that is no parquet and one with other columns are each named."""
    tables = write_tables(tmp_path, year_of(quiet_year({"A": 0})).tables)

    def refused() -> str:
        with pytest.raises(InputRejected) as caught:
            scale.score_tables(tables, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)
        return str(caught.value)

    path = tables / "交办任务.parquet"
    whole = path.read_bytes()
    path.unlink()
    assert "交办任务.parquet：没有这个文件" in refused()
    path.write_bytes(b"PAR1")
    assert "交办任务.parquet：不是可用的 parquet 表，或已损坏" in refused()
    path.write_bytes((tables / "参会登记.parquet").read_bytes())
    assert (
        "交办任务.parquet：列与规定不符（缺少：任务编号、任务、时限、完成日期；多出：会议、日期、到会情况）"
        in refused()
    )
    path.write_bytes(whole)
    scale.score_tables(tables, SCHEME, SCHEME.default_readings(), SCHEME.cut_off)


# ---- files and commands ---------------------------------------------------------------------------------------


def test_the_files_hold_decimals_and_say_on_what_they_rest(tmp_path: Path) -> None:
    """Points are decimals of two places in all three files; basis.json holds scheme, readings and run date."""
    year = seeded_year(4)
    tables, out = write_tables(tmp_path / "tables", year.tables), tmp_path / "out"
    scale.score_folder(tables, out, SCHEME, year.readings, year.run_date)
    names = ("results", "items", "ledger")
    kinds = {f"{n}.{f.name}": str(f.type) for n in names for f in pq.read_schema(out / f"{n}.parquet")}
    assert kinds["results.final_score"] == kinds["items.points"] == kinds["ledger.after"] == "decimal128(9, 2)"
    assert kinds["ledger.nominal"] == "decimal128(38, 2)"
    basis = StoredBasis.load((out / "basis.json").read_bytes())
    assert (basis.scheme, basis.readings, basis.run_date) == (SCHEME, dict(year.readings), year.run_date)
    expected = ordinary(score(year.tables, SCHEME, year.readings, year.run_date), year.tables)
    for name in names:
        assert pq.read_table(out / f"{name}.parquet").to_pylist() == expected[name]


def test_the_commands_score_and_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """large-score writes the files and counts; large-explain tells a unit by name; wrong places touch nothing."""
    tables = write_tables(tmp_path / "tables", year_of(quiet_year({"A": 100, "B": 2000})).tables)
    out = tmp_path / "out"
    assert main(["large-score", str(tables), str(out), "--year", "2022"]) == 0
    assert "已计分 2 个单位：单项否决 0 个，加分开启 1 个，有待定事项 0 个。结果写在 out。" in capsys.readouterr().out
    assert main(["large-explain", str(tables), str(out), "单位A"]) == 0
    told = capsys.readouterr().out
    assert "最终得分 103.00" in told and "总第 1 名（参加排名 2 个）" in told
    assert main(["large-explain", str(tables), str(out), "单位C"]) == 2
    assert main(["large-explain", str(tables), str(tmp_path), "单位A"]) == 2
    assert main(["large-score", str(tables), str(tables / "out"), "--year", "2022"]) == 2
    assert not (tables / "out").exists()
    assert main(["large-score", str(tables), str(out), "--no-ledger", "--year", "2022"]) == 0
    assert not (out / "ledger.parquet").exists()
    assert main(["large-explain", str(tables), str(out), "B", "--json"]) == 0
