"""Every ledger sum is added up from the files alone: one changed figure anywhere is named by file and row."""

from __future__ import annotations

import csv
import io

import pytest
from report_set import small_set_tables, write_processed

from assess_lib.store.csvfile import parse
from assess_lib.verify.differences import first_difference
from assess_lib.verify.sums import add_up

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The five units of ``small_set_tables``, whose scores are worked out by hand there."""
    folder = tmp_path_factory.mktemp("sums")
    write_processed(folder, small_set_tables())
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def written(header: list[str], rows: list[list[str]]) -> bytes:
    """Write rows as they stand: no apostrophe is put before anything."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    return text.getvalue().encode("utf-8-sig")


def changed(files: Files, table: str, where: dict[str, str], column: str, value: str) -> tuple[Files, int]:
    """Write another value into the last row that matches; return the files and the row as a person counts it."""
    header, rows = parse(files[table])
    hits = [n for n, row in enumerate(rows) if all(row[header.index(key)] == text for key, text in where.items())]
    assert hits, where
    number = hits[-1]
    assert rows[number][header.index(column)] != value
    rows[number][header.index(column)] = value
    return files | {table: written(header, rows)}, number + 2


def test_a_whole_set_adds_up(files: Files) -> None:
    """Five units that end differently (vetoed, gate closed, capped, unresolved) add up without a finding."""
    assert add_up(files) == []


@pytest.mark.parametrize(
    ("table", "where", "column", "value"),
    [
        # T01: 100 - 1.00 - 2.00 = 97.00; bonus 11.11; final 108.11. T02: 110.00. D02: 80.00. D03: 94.00.
        ("ledger.csv", {"unit_id": "T01", "item": "K", "points": "-1.00"}, "points", "-1.10"),
        ("ledger.csv", {"unit_id": "T01", "item": "K", "points": "-2.00"}, "before", "98.00"),
        ("ledger.csv", {"unit_id": "T01", "item": "K", "points": "-2.00"}, "after", "97.01"),
        ("ledger.csv", {"unit_id": "T02", "item": "K"}, "before", "99.00"),  # K starts at 100.00
        ("ledger.csv", {"unit_id": "T02", "item": "B6"}, "before", "0.00"),  # B6 starts at its cap
        ("ledger.csv", {"unit_id": "T01", "item": "V1"}, "points", "1.00"),  # veto rows have no numbers
        ("ledger.csv", {"unit_id": "T01", "item": "K", "points": "-2.00"}, "seq", "77"),
        ("items.csv", {"unit_id": "T01", "item": "B5"}, "points", "2.42"),
        ("items.csv", {"unit_id": "D02", "item": "K"}, "points", ""),
        ("results.csv", {"unit_id": "T01"}, "key_score", "97.10"),
        ("results.csv", {"unit_id": "T01"}, "bonus_score", "11.12"),
        ("results.csv", {"unit_id": "T01"}, "final_score", "108.12"),
        ("results.csv", {"unit_id": "D02"}, "bonus_score", "0.00"),  # blank, not 0
        ("results.csv", {"unit_id": "D02"}, "bonus_open", "true"),
        ("results.csv", {"unit_id": "D01"}, "status", "scored"),
        ("results.csv", {"unit_id": "D01"}, "final_score", "90.00"),
        ("results.csv", {"unit_id": "T01"}, "rank_in_group", "1"),
        ("results.csv", {"unit_id": "T01"}, "rank_overall", "3"),
        ("results.csv", {"unit_id": "D01"}, "rank_overall", "5"),
        ("results.csv", {"unit_id": "T02"}, "unresolved", "1"),
    ],
)
def test_each_changed_figure_is_named(table: str, where: dict[str, str], column: str, value: str, files: Files) -> None:
    """A figure changed in any column that is a sum, a start, a count or a rank is named where it stands."""
    spoiled, row = changed(files, table, where, column, value)
    assert (f"结果/{table}", row) in {(finding.file, finding.row) for finding in add_up(spoiled)}


@pytest.mark.parametrize("value", ["97", "97.0", "9７.00", "NaN", "1e2", "97.000", "'97.00"])
def test_a_figure_in_another_form_is_named(value: str, files: Files) -> None:
    """Points that are not written with two plain decimals are named, and are no bug."""
    spoiled, _ = changed(files, "ledger.csv", {"unit_id": "T01", "item": "K", "points": "-2.00"}, "after", value)
    [finding] = add_up(spoiled)
    assert (finding.kind, finding.file) == ("ledger", "结果/ledger.csv")


def test_a_total_above_the_cap_is_named(files: Files) -> None:
    """A chain that goes on beyond its cap is named even when items and results were changed with it."""
    header, rows = parse(files["ledger.csv"])
    place = {name: header.index(name) for name in ("unit_id", "item", "points", "after")}
    last = [n for n, row in enumerate(rows) if (row[place["unit_id"]], row[place["item"]]) == ("T02", "B5")][-1]
    assert rows[last][place["after"]] == "3.00"
    rows[last][place["points"]], rows[last][place["after"]] = "3.50", "3.50"
    found = add_up(files | {"ledger.csv": written(header, rows)})
    assert any("不在 0 和满分之间" in finding.message and finding.row == last + 2 for finding in found)


@pytest.mark.parametrize("name", ["ledger.csv", "items.csv", "results.csv", "basis.json"])
@pytest.mark.parametrize("content", [b"", b"\xff", b"a,b\r\n1,2\r\n", b"{}"], ids=["empty", "bytes", "columns", "json"])
def test_a_file_of_another_kind_is_named(name: str, content: bytes, files: Files) -> None:
    """Whatever stands in the place of a table, adding up ends in a finding, never in a bug."""
    assert add_up(files | {name: content})


def test_missing_rows_are_named(files: Files) -> None:
    """A unit's rows taken out of results.csv, or an item's out of items.csv, are missed."""
    for table in ("results.csv", "items.csv"):
        header, rows = parse(files[table])
        kept = [row for row in rows if row[0] != "T02"]
        assert len(kept) < len(rows)
        assert any("T02" in finding.message for finding in add_up(files | {table: written(header, kept)}))


@pytest.mark.parametrize(
    ("name", "one", "other", "told"),
    [
        ("x.csv", b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\r\n1,2\r\n3,5\r\n", (3, "b", "4", "5")),
        ("x.csv", b"a,b\r\n1,2\r\n", b"a,c\r\n1,2\r\n", (1, "表头", "a、b", "a、c")),
        ("x.csv", b"a\r\n1\r\n2\r\n", b"a\r\n1\r\n", (3, "", "（有这一行）", "（没有）")),
        ("x.csv", b"a\r\n1\r\n", b"a\r\n1\r\n2\r\n", (3, "", "（没有）", "（有这一行）")),
        ("x.json", b'{"a": {"b": [1, 2]}}', b'{"a": {"b": [1, 3]}}', (None, "a.b[2]", "2", "3")),
        ("x.json", b'{"a": 1}', b'{"a": 1, "b": 2}', (None, "b", "（没有）", "2")),
        ("x.json", b'{"a": 1}', b'{"a": true}', (None, "a", "1", "True")),
    ],
    ids=["cell", "header", "row gone", "row added", "item", "key", "type"],
)
def test_the_first_difference_is_named(
    name: str, one: bytes, other: bytes, told: tuple[int | None, str, str, str]
) -> None:
    """Two files' first difference is told by row and column, or by key, with what stands on either side."""
    found = first_difference(name, one, other)
    assert found is not None
    assert (found.row, found.column, found.expected, found.found) == told
    assert first_difference(name, one, one) is None
