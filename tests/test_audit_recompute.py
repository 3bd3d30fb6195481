"""The independent recomputation: SQL over the clean tables, against hand-worked numbers and against the scoring."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from audit_years import altered, files_of, files_of_literals, files_of_year, quiet_year
from build import ROOT, load_scheme_plainly, make_tables
from random_year import CLOSE_RATES, seeded_year
from report_set import small_set_tables

from assess_lib.audit import recompute, relations
from assess_lib.cleaning import clean
from assess_lib.scheme import KNOWN_READINGS

SCHEME = load_scheme_plainly()
SQL = sorted((ROOT / "assess_lib" / "audit" / "sql").glob("*.sql"))


def points(files: dict[str, bytes]) -> dict[tuple[str, str], Any]:
    """Return the recomputed points in hundredths by (unit, item), and results by (unit, column)."""
    again = recompute.recompute(files)
    found: dict[tuple[str, str], Any] = {(row["unit_id"], row["item"]): row["points"] for row in again.items}
    return found | {(row["unit_id"], column): value for row in again.results for column, value in row.items()}


def agrees(files: dict[str, bytes]) -> bool:
    """Tell whether the recomputation finds the set right to the last cell."""
    again = recompute.recompute(files)
    assert again.results and again.fields >= 11 * len(again.results)
    return not again.differences and not again.findings


# ---- worked out by hand ---------------------------------------------------------------------------------------


def test_thresholds_to_the_hundredth() -> None:
    """59.99 fails, 60.00 passes, 80.00 leaves the gate closed, 80.01 opens it; below, at and above by 0.01."""
    found = points(files_of_literals(quiet_year({"A": 4001, "B": 4000, "C": 2001, "D": 2000, "E": 1999})))
    assert [found[u, "key_score"] for u in "ABCDE"] == [5999, 6000, 7999, 8000, 8001]
    assert [found[u, "grade"] for u in "ABCDE"] == ["不合格", "合格", "合格", "合格", "合格"]
    assert [found[u, "bonus_open"] for u in "ABCDE"] == [False, False, False, False, True]
    # E: 80.01 + 2.00 (B6) + 2.00 (B7)
    assert [found[u, "final_score"] for u in "ABCDE"] == [5999, 6000, 7999, 8000, 8401]
    assert [found[u, "rank_overall"] for u in "ABCDE"] == [5, 4, 3, 2, 1]


def test_exactly_80_opens_the_gate_under_at_least() -> None:
    """Under bonus_gate=at_least 80.00 opens the bonus part and 79.99 does not."""
    found = points(files_of_literals(quiet_year({"A": 2000, "B": 2001}), {"bonus_gate": "at_least"}))
    assert (found["A", "final_score"], found["B", "final_score"]) == (8400, 7999)


def test_a_half_hundredth_rounds_up() -> None:
    """B1's mean of 3.00 and 3.25 is 3.125, so 3.13; B5's of 2.00 and 2.01 is 2.005, so 2.01; 7.00 / 3 is 2.33."""
    scores = [
        {"编号": f"PD{n}", "单位": "A", "事项": "甲", "评定分": score, "理由": "理由", "评分人": f"人{n}",
         "复核人": "丁", "佐证编号": "E1"}
        for n, score in enumerate(("3.00", "3.25"))
    ]  # fmt: skip
    opinions = [("A", "2.00"), ("A", "2.01"), ("B", "3.00"), ("B", "3.00"), ("B", "1.00")]
    raters = [
        {"评价人": f"领导{n}", "职务": "副组长", "单位": unit, "分值": mark} for n, (unit, mark) in enumerate(opinions)
    ]
    proof = [{"佐证编号": "E1", "单位": "A", "类型": "照片", "名称或网址": "甲"}]
    year = quiet_year({"A": 0, "B": 0}, 评定加分=scores, 领导评价=raters, 佐证目录=proof)
    found = points(files_of_literals(year))
    assert (found["A", "B1"], found["A", "B5"], found["B", "B5"]) == (313, 201, 233)
    assert found["A", "final_score"] == 10000 + 313 + 201 + 200 + 200


@pytest.mark.parametrize("pool", ["all_units", "by_group"])
def test_rates_that_binary_floats_cannot_tell_apart(pool: str) -> None:
    """1/3 and 100/300 tie on the first place, 333333333/1000000000 and the like stand just below, in their order."""
    units = "ABCDE"
    rows = [
        {"单位": unit, "季度": "1", "报送条数": sent, "采用条数": used}
        for unit, (sent, used) in zip(units, CLOSE_RATES, strict=True)
    ]
    rows += [{"单位": u, "季度": q, "报送条数": 0, "采用条数": 0} for u in units for q in "234"]
    files = files_of_literals(quiet_year(dict.fromkeys(units, 0), 信息报送=rows), {"info_pool": pool})
    found = points(files)
    # rates: A = B = 1/3, D = 0.333333333, E = 333333332/999999997 = 0.333333332999…, C = 100/301 = 0.3322…
    # volumes: D 1000000000 (3), E 999999997 (2), C 301 (1), B 300, A 3
    # rate list: A 3, B 3, then the third place
    exact = {u: Decimal(used) / sent for u, (sent, used) in zip(units, CLOSE_RATES, strict=True)}
    assert exact["D"] > exact["E"] > exact["C"]
    assert [found[u, "B4"] for u in units] == [300, 300, 100, 300, 200]


def test_long_division_and_cross_multiplication_at_the_largest_numbers() -> None:
    """Two rates of 63-bit numbers that differ in their 38th place keep their order; equal ones share the rank."""
    big = 2**63 - 1
    rows = [("A", big, big - 1), ("B", big - 1, big - 2), ("C", big, big - 1), ("D", 1, 0)]
    facts = [{"单位": u, "季度": "1", "报送条数": sent, "采用条数": used} for u, sent, used in rows]
    facts += [{"单位": u, "季度": q, "报送条数": 0, "采用条数": 0} for u in "ABCD" for q in "234"]
    # (n - 1) / n grows with n: A and C lead with 3 + 3, B is third in both lists with 1 + 1; D's rate is no rate
    found = points(files_of_literals(quiet_year(dict.fromkeys("ABCD", 0), 信息报送=facts)))
    assert [found[u, "B4"] for u in "ABCD"] == [300, 200, 300, 0]


def test_large_amounts_take_the_whole_item_and_no_more() -> None:
    """An amount of 16 digits times the largest count leaves 0.00 and nothing overflows."""
    year = quiet_year({"A": 0})
    year["扣分标准"][0]["单次扣分"] = "9999999999999999.99"
    year["扣分登记"] = [
        {"编号": f"KF{n}", "单位": "A", "标准编号": "FX-01", "事实": "事实", "发生日期": "2022-05-05",
         "数量": 2**63 - 1, "评分人": "甲", "复核人": "乙"}
        for n in range(3)
    ]  # fmt: skip
    files = files_of_literals(year)
    assert points(files)["A", "key_score"] == 0


def test_bands_are_met_at_their_line() -> None:
    """With an approved band from 104.00, a unit of 104.00 gets it, one of 103.99 the pass grade."""
    grades = SCHEME.grades.model_dump() | {"bands": [{"grade": "优秀", "at_least": "104", "approval": "批3"}]}
    found = points(files_of_literals(quiet_year({"A": 0, "B": 1}), grades=grades))
    assert (found["A", "grade"], found["B", "grade"]) == ("优秀", "合格")


def test_the_sums_of_the_report_tests_set() -> None:
    """Five units worked out in the set's own docstring come out so again: 108.11, 110.00, vetoed, 80.00, 94.00."""
    files = files_of_literals(small_set_tables())
    found = points(files)
    finals = [found[u, "final_score"] for u in ("T01", "T02", "D01", "D02", "D03")]
    assert finals == [10811, 11000, None, 8000, 9400]
    assert found["D01", "status"] == "vetoed" and ("D01", "K") not in found
    assert agrees(files)


# ---- against the scoring --------------------------------------------------------------------------------------


def test_the_sample_year_agrees_in_every_cell() -> None:
    """Of the shipped sample, cleaned from its raw files, no cell of results and items differs, no ledger sum fails."""
    tables = clean(ROOT / "data" / "raw" / "2022", SCHEME).tables
    files = files_of(tables, SCHEME.default_readings(), SCHEME.cut_off, SCHEME)
    again = recompute.recompute(files)
    assert again.differences == () and again.findings == ()
    # 11 columns of 46 units beside their code; 3 cells of each item, veto items one more for their verdict
    vetoes = sum(row["item"] in ("V1", "V2") for row in again.items)
    assert vetoes == 92 and again.fields == 11 * 46 + 3 * len(again.items) + vetoes


@pytest.mark.deep
def test_hundreds_of_random_years_agree() -> None:
    """500 random years agree in every cell (30 more stand in the tests of lineage)."""
    assert [seed for seed in range(3000, 3500) if not agrees(files_of_year(seeded_year(seed), SCHEME))] == []


def test_every_option_of_every_reading_agrees() -> None:
    """Each option of each reading alone, on one rich random year, agrees; the options do change results."""
    base, outcomes = seeded_year(11), set()
    for key, options in KNOWN_READINGS.items():
        for option in options[1:]:
            readings = SCHEME.default_readings() | {key: option}
            files = files_of(base.tables, readings, SCHEME.cut_off, SCHEME)
            assert agrees(files), (key, option)
            outcomes.add(files["ledger.csv"])
    assert len(outcomes) > 5


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("judgement.pass_mark.points", "60.01"),
        ("judgement.bonus_gate.points", "79.99"),
        ("judgement.bonus_cap.points", "7.77"),
        ("items.0.rule.limit", 3),
        ("items.2.cap", "99.50"),
        ("items.4.rule.levels", {"中央": "2.9", "省": "1.7", "县": "0.4"}),
        ("items.6.rule.rank_points", ["2.5", "0.33"]),
        ("items.8.cap", "1.11"),
    ],
)
def test_the_schemes_numbers_come_from_the_scheme(path: str, value: object) -> None:
    """A scheme with another number is recomputed under that number: a rich random year still agrees."""
    data = json.loads(SCHEME.model_dump_json())
    place: Any = data
    *way, last = path.split(".")
    for key in way:
        place = place[int(key) if key.isdigit() else key]
    assert place[last] != value
    place[last] = value
    other = type(SCHEME).model_validate(data)
    assert agrees(files_of_year(seeded_year(11), other))


def test_other_items_of_the_same_methods_are_recomputed_too() -> None:
    """A scheme with a second ranking, a third award category and a mixed deducting item still agrees: methods are
    general, not the seven items of one year."""
    data = json.loads(SCHEME.model_dump_json())
    key, awards, ranking = data["items"][2], data["items"][4], data["items"][6]
    reports, register = key["rule"]["facts"]
    first, *others = reports["due"]  # nothing may be deducted twice: the mixed item takes it over
    key["rule"]["facts"] = [reports | {"due": others}]
    mixed = {"method": "deduct_from_full", "facts": [reports | {"due": [first]}, register]}
    mixed["facts"] += data["items"][8]["rule"]["facts"] + data["items"][9]["rule"]["facts"]
    data["items"] += [
        ranking | {"id": "C1", "name": "二", "cap": "5", "rule": ranking["rule"] | {"rank_points": ["0.5"]}},
        awards | {"id": "C2", "name": "三", "rule": awards["rule"] | {"category": "另一类", "levels": {"县": "1.5"}}},
        awards | {"id": "C3", "name": "四", "cap": "9.99", "rule": mixed},
    ]
    other = type(SCHEME).model_validate(data)
    years = [seeded_year(seed) for seed in range(40, 45)]
    assert all(agrees(files_of_year(year, other)) for year in years)


# ---- what was tampered with is found --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest() -> dict[str, bytes]:
    """The files of the small set; T01's ledger is in its first rows."""
    return files_of_literals(small_set_tables())


@pytest.mark.parametrize(
    ("name", "row", "column", "text", "field"),
    [
        ("results.csv", 1, "final_score", "108.12", "final_score"),
        ("results.csv", 1, "rank_overall", "1", "rank_overall"),
        ("results.csv", 2, "grade", "不合格", "grade"),
        ("results.csv", 4, "bonus_score", "0.00", "bonus_score"),
        ("results.csv", 5, "unresolved", "0", "unresolved"),
        ("results.csv", 1, "key_score", "97", "key_score"),
        ("items.csv", 3, "points", "97.01", "points"),
        ("items.csv", 3, "cap", "101.00", "cap"),
        ("items.csv", 1, "note", "vetoed", "note"),
        ("items.csv", 3, "unresolved", "true", "unresolved"),
    ],
)
def test_one_altered_cell_is_named(
    honest: dict[str, bytes], name: str, row: int, column: str, text: str, field: str
) -> None:
    """A single altered cell of results.csv or items.csv is the one difference that the recomputation names."""
    again = recompute.recompute(altered(honest, name, row, column, text))
    assert [(d.field, d.printed) for d in again.differences] == [(field, text)]


def test_missing_and_doubled_rows_are_named(honest: dict[str, bytes]) -> None:
    """A row of items.csv that is gone or stands twice differs in each of its cells."""
    lines = honest["items.csv"].split(b"\r\n")
    gone = recompute.recompute({**honest, "items.csv": b"\r\n".join(lines[:3] + lines[4:])})
    assert [(d.unit_id, d.item, d.printed) for d in gone.differences] == [("T01", "K", None)] * 3
    twice = recompute.recompute({**honest, "items.csv": b"\r\n".join([*lines[:4], lines[3], *lines[4:]])})
    assert {d.printed for d in twice.differences if d.field == "points"} == {"97.00 / 97.00"}


@pytest.mark.parametrize(
    ("column", "text", "kinds"),
    [
        ("points", "-0.99", {"sum"}),
        ("after", "99.01", {"sum", "carry"}),
        ("before", "100.01", {"sum", "start"}),
        ("before", "100", {"number", "start"}),
        ("points", "", {"number", "start"}),
        ("nominal", "-0.50", {"cut"}),
        ("seq", "99", {"seq"}),
    ],
)
def test_one_altered_number_of_the_ledger_is_found(
    honest: dict[str, bytes], column: str, text: str, kinds: set[str]
) -> None:
    """One number changed in T01's first deduction of 1.00 (100.00 to 99.00) breaks the chain where it stands."""
    rows = honest["ledger.csv"].decode("utf-8-sig").split("\r\n")
    place = next(n for n, row in enumerate(rows) if row.startswith("T01") and ",-1.00,100.00,-1.00,99.00," in row)
    again = recompute.recompute(altered(honest, "ledger.csv", place, column, text))
    assert again.differences == ()
    assert {f.kind for f in again.findings if f.unit_id == "T01"} == kinds


def test_a_ledger_that_adds_up_to_another_score_is_found(honest: dict[str, bytes]) -> None:
    """A ledger consistent in itself but 1.00 off is found where it meets the items and the results."""
    rows = honest["ledger.csv"].decode("utf-8-sig").split("\r\n")
    own = [n for n, row in enumerate(rows) if row.startswith("T02") and ",key,K," in row]
    files = altered(honest, "ledger.csv", own[0], "points", "-1.00")
    for n in own:
        files = altered(files, "ledger.csv", n, "after", "99.00")
        if n != own[0]:
            files = altered(files, "ledger.csv", n, "before", "99.00")
    files = altered(files, "ledger.csv", own[0], "nominal", "-1.00")
    assert {f.kind for f in recompute.recompute(files).findings} == {"item", "key"}


def test_tables_that_do_not_belong_to_the_results_are_found(honest: dict[str, bytes]) -> None:
    """A deduction taken out of the clean table changes the recomputation, not the printed score: both are named."""
    tables = small_set_tables()
    tables["扣分登记"] = [row for row in tables["扣分登记"] if row["编号"] != "KF-4"]
    other = files_of_literals(tables)
    again = recompute.recompute({**honest, "tables/扣分登记.parquet": other["tables/扣分登记.parquet"]})
    named = {(d.unit_id, d.field, d.printed, d.recomputed) for d in again.differences}
    assert ("D02", "key_score", "80.00", "100.00") in named and ("D02", "bonus_open", "false", "true") in named


# ---- how it computes ------------------------------------------------------------------------------------------


def test_it_shares_no_code_with_the_scoring() -> None:
    """A process that imports the recomputation loads the tables' columns of our library, and nothing else of it."""
    code = (
        "import sys, assess_lib.audit.recompute\n"
        "print(*sorted(name for name in sys.modules if name.startswith('assess_lib')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        "assess_lib",
        "assess_lib.audit",
        "assess_lib.audit.recompute",
        "assess_lib.audit.relations",
        "assess_lib.tables",
    ]


def test_no_number_of_the_scheme_stands_in_the_sql() -> None:
    """The SQL's numbers are 0 to 2 (counting, halves), 100 (hundredths), a type's width, long division's 10^18."""
    for file in SQL:
        text = re.sub(r"--.*", "", file.read_text(encoding="utf-8"))
        text = re.sub(r"'[^']*'", "", text)
        numbers = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text))
        assert numbers <= {"0", "1", "2", "38", "100", "1000000000000000000"}, file.name
    assert len(SQL) == 8


def test_no_column_is_a_binary_float(honest: dict[str, bytes]) -> None:
    """None of the relations that lead to a score has a column of type FLOAT or DOUBLE."""
    with relations.connect() as connection:
        relations.add_tables(connection, honest)
        relations.add_basis(connection, relations.load_basis(honest))
        recompute.compute(connection)
        rows = recompute.records(connection, "FROM duckdb_columns() WHERE NOT internal")
    ours = {row["table_name"]: row["data_type"] for row in rows}
    assert {"recomputed_item", "recomputed_result", "fact", "place", "taken"} <= set(ours)
    assert not [row for row in rows if row["data_type"] in ("FLOAT", "DOUBLE")]


def test_the_database_reaches_nothing(tmp_path: Path) -> None:
    """Files and extensions cannot be reached from SQL, and no statement can loosen that."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with relations.connect() as connection:
        for query in (
            f"FROM read_csv('{secret}')",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)


def test_a_folder_of_parquet_files_gives_the_same_relations(tmp_path: Path, honest: dict[str, bytes]) -> None:
    """Scanned where they lie, in a folder named like a pattern and on two threads, the tables give the same scores."""
    folder = tmp_path / "结果 [1]* '引号'" / "tables"
    folder.mkdir(parents=True)
    for name, data in honest.items():
        if name.startswith("tables/"):
            (folder / name.removeprefix("tables/")).write_bytes(data)
    expected = recompute.recompute(honest)
    with recompute.recompute_folder(folder, relations.load_basis(honest), threads=2) as connection:
        results = recompute.records(connection, "SELECT * FROM recomputed_result ORDER BY unit_id")
        items = recompute.records(connection, "SELECT * FROM recomputed_item ORDER BY unit_id, number")
    assert (tuple(results), tuple(items)) == (expected.results, expected.items)


def test_cells_are_cells() -> None:
    """Names and codes full of quotes, semicolons and SQL are compared as text and harm nothing."""
    evil = "'; DROP TABLE roster; --"
    year = quiet_year({"-1": 1, "B": 2})
    for row, name in zip(year["单位名录"], (evil, '"x" /* */ $1 {{7*7}}'), strict=True):
        row["单位名称"] = name
    for row in year["扣分登记"]:
        row["编号"] = f"{row['编号']}{evil}"
    files = files_of_literals(year)
    assert agrees(files)
    assert {row["unit_name"] for row in recompute.recompute(files).results} == {evil, '"x" /* */ $1 {{7*7}}'}


def test_an_empty_year_is_no_accident() -> None:
    """A unit of which nothing is known loses two reports and is open in eight items (V1, V2, K, B1 … B7 as judged)."""
    year = quiet_year({"A": 0})
    for table in ("材料报送", "信息中心结果", "确认无事项"):
        year[table] = []
    for row in year["扣分标准"]:
        row["单次扣分"] = "5"
    files = files_of(make_tables(year), SCHEME.default_readings(), SCHEME.cut_off, SCHEME)
    found = points(files)
    # 100 - 5 - 5 = 90, the gate is open, every bonus item is 0.00 and open, and so are V1, V2 and K
    assert (found["A", "final_score"], found["A", "unresolved"]) == (9000, 10)
    assert agrees(files)
