"""What commands print for other programs: one JSON object of fixed shape on standard output, exit codes unchanged."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from small_year import UNITS, make_raw, write_table

from assess_lib.cli import main
from assess_lib.cli.jsonout import json_text
from assess_lib.history import read_history
from assess_lib.publish import year
from assess_lib.store.sets import ITEM_COLUMNS, RESULT_COLUMNS
from assess_lib.tables import TABLES

PROBLEM_KEYS = {"severity", "code", "message", "remedy", "table", "file", "sheet", "row", "column", "value"}
ACCEPTED_KEYS = {"command", "accepted", "year", "date", "readings", "counts", "problems", "rows"}
CHECK_KEYS = ACCEPTED_KEYS | {"uncovered"}
SCORE_KEYS = ACCEPTED_KEYS | {"final", "reopened", "receipt", "results"}
Ask = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs a command with --json on the small year: exit code, object, standard error."""
    make_raw(tmp_path / "raw")

    def run(*arguments: str) -> tuple[int, Any, str]:
        places = ["--year", "2022"]
        for name in ("raw", "processed", "reports"):
            places += [f"--{name}", str(tmp_path / name)]
        code = main([*arguments, "--json", *places])
        out, err = capsys.readouterr()
        return code, json.loads(out, parse_float=_no_float) if out else None, err

    return run


def _no_float(text: str) -> Any:
    raise AssertionError(f"a binary float in JSON: {text}")


def test_check_tells_every_problem_and_row_count(ask: Ask) -> None:
    """A check that passes: accepted, no errors, the readings in force, a row count for each file."""
    code, made, _ = ask("check")
    assert code == 0
    assert set(made) == CHECK_KEYS
    assert (made["command"], made["accepted"], made["year"], made["date"]) == ("check", True, 2022, "2022-12-31")
    assert made["counts"] == {"error": 0, "unresolved": 0, "warning": 0, "notice": 0}
    assert made["readings"]["bonus_gate"] == "above"
    roster = next(row for row in made["rows"] if row["table"] == "单位名录")
    assert roster == {
        "table": "单位名录",
        "file": "单位名录.csv",
        "sheet": "",
        "read": 4,
        "accepted": 4,
        "rejected": 0,
        "set_aside": 0,
    }
    assert len(made["rows"]) == 7 < len(TABLES)


@pytest.mark.parametrize(("command", "keys"), [("check", CHECK_KEYS), ("score", SCORE_KEYS)])
def test_rejected_input_has_the_same_keys(ask: Ask, tmp_path: Path, command: str, keys: set[str]) -> None:
    """Rejected input: exit 3, the same keys, every problem with its place; the message is on standard error."""
    write_table(tmp_path / "raw", "领导评价", ("评价人", "职务", "单位", "分值"), [("甲", "组长", "县统记局", "3分")])
    code, made, err = ask(command)
    assert code == 3
    assert set(made) == keys
    assert (made["accepted"], made["date"], made["rows"]) == (False, None, None)
    assert made["counts"]["error"] == 2
    assert {problem["code"] for problem in made["problems"]} == {"unit.unknown", "cell.number"}
    for problem in made["problems"]:
        assert set(problem) == PROBLEM_KEYS
        assert (problem["file"], problem["row"]) == ("领导评价.csv", 2)
    assert "原始数据有 2 处错误" in err


def test_score_tells_results_with_exact_points(ask: Ask, tmp_path: Path) -> None:
    """A scoring: the results that results.csv has, under its columns, points as text, absent values null."""
    code, made, _ = ask("score")
    assert code == 0
    assert set(made) == SCORE_KEYS
    assert all(tuple(row) == RESULT_COLUMNS for row in made["results"])
    # Worked out by hand: see small_year.
    assert [(row["unit_id"], row["final_score"], row["bonus_score"]) for row in made["results"]] == [
        ("T01", "104.00", "4.00"),
        ("T02", "101.50", "4.00"),
        ("T03", "80.00", None),
        ("D01", None, None),
    ]
    with open(tmp_path / "processed" / "results.csv", encoding="utf-8-sig", newline="") as stream:
        for told, row in zip(made["results"], csv.DictReader(stream), strict=True):
            for column, value in told.items():
                shown = str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
                assert row[column] == shown


def test_refused_final_tells_what_is_unresolved(ask: Ask, tmp_path: Path) -> None:
    """--final with an open item: exit 8, not accepted, the open items listed, no results."""
    file = tmp_path / "raw" / "信息中心结果.csv"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("T01")]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, made, err = ask("score", "--final")
    assert code == 8
    assert (made["accepted"], made["results"], made["final"]) == (False, None, True)
    assert [problem["code"] for problem in made["problems"]] == ["unresolved.v1.no-centre-result"]
    assert "待定" in err


def test_explain_tells_one_unit_alone(ask: Ask) -> None:
    """One unit's result, items and ledger; the ledger adds up; sources and readings are taken apart."""
    assert ask("score")[0] == 0
    code, made, _ = ask("explain", "南寨镇")
    assert code == 0
    assert (made["command"], made["state"], made["result"]["unit_id"]) == ("explain", "初评稿", "T02")
    assert re.fullmatch("[0-9a-f]{64}", made["receipt"])
    assert all(tuple(row) == ITEM_COLUMNS for row in made["items"])
    assert {row["unit_id"] for row in made["ledger"]} == {"T02"}
    key = [row for row in made["ledger"] if row["item"] == "K"]
    # half-year report five days late at 0.50 a day
    assert (key[0]["before"], key[0]["points"], key[0]["after"]) == ("100.00", "-2.50", "97.50")
    assert key[0]["source"][0] == {"file": "材料报送.csv", "sheet": "", "row": 4}
    assert key[0]["reading"] == {"deadline_day": "inclusive"}
    for row in made["ledger"]:
        if row["after"] is not None:
            assert Decimal(row["before"]) + Decimal(row["points"]) == Decimal(row["after"])
    assert made["adjustments"] == []


def test_adjustments_are_told_with_points_and_days_as_text(ask: Ask, tmp_path: Path) -> None:
    """A decision of 调整复核 stands in explain with its influence: 20.00 revoked lifts 80.00 to 104.00."""
    header = ("编号", "单位", "对象表", "对象编号", "处理", "理由", "决定人", "决定日期", "批准文号")
    row = ("TZ-1", "水沟镇", "扣分登记", "KF-1", "撤销", "误登", "组长", "2022-12-25", "演示〔2022〕1号")
    write_table(tmp_path / "raw", "调整复核", header, [row])
    assert ask("score")[0] == 0
    made = ask("explain", "T03")[1]
    (decision,) = made["adjustments"]
    assert (decision["effect"], decision["old"], decision["decided"]) == ("24.00", "20.00", "2022-12-25")


def test_report_tells_what_was_made(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """assess report calls the library once and prints what it says as an object; nothing else on standard output."""
    assert ask("score")[0] == 0
    asked: dict[str, Any] = {}

    def report_year(paths: Any, **options: Any) -> year.Published:
        asked.update(options)
        scored = read_history(paths.processed).current
        return year.Published(1, False, 0, 2, ("units/T02.html",), (), scored, 3, {"total": 1.5})

    monkeypatch.setattr(year, "report_year", report_year)
    code, made, _ = ask("report", "--unit", "崔家头镇", "--no-pdf")
    assert code == 0
    assert (asked["units"], asked["pdf"]) == (("T01",), False)
    folder = made.pop("folder")
    assert folder.endswith("reports")
    assert made == {
        "command": "report",
        "year": 2022,
        "units": 1,
        "county": False,
        "reused": 0,
        "kept": 2,
        "dropped": ["units/T02.html"],
        "unresolved": 3,
    }


def test_wrong_usage_prints_no_json(ask: Ask) -> None:
    """Wrong usage: exit 2, nothing on standard output, the reason on standard error."""
    code, made, err = ask("explain", "县统记局")
    assert (code, made) == (2, None)
    assert err


def test_what_stands_in_a_cell_cannot_steer_the_terminal() -> None:
    """Control characters and text direction marks are JSON's escapes; the value read back is the same."""
    value = {"cell": "红\x1b[2J\u202e灯𠮷", "points": Decimal("-0.5")}
    text = json_text(value)
    assert "\x1b" not in text and "\u202e" not in text and "𠮷" in text
    assert json.loads(text) == {"cell": value["cell"], "points": "-0.50"}


def test_a_float_is_never_printed() -> None:
    """NaN is refused; a NaN in a result would be a bug that must not look like a number."""
    with pytest.raises(ValueError, match="JSON"):
        json_text({"points": float("nan")})


def test_standard_output_is_pure_json_in_a_process(tmp_path: Path) -> None:
    """Piped, with an ASCII locale: standard output is one UTF-8 JSON object, messages are on standard error."""
    raw = make_raw(tmp_path / "raw")
    write_table(raw, "领导评价", ("评价人", "职务", "单位", "分值"), [("甲", "组长", "县统记局", "3")])
    places = ["--raw", str(raw), "--processed", str(tmp_path / "processed"), "--reports", str(tmp_path / "reports")]
    done = subprocess.run(
        [sys.executable, "-m", "assess_lib", "check", "--json", "--year", "2022", *places],
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        check=False,
    )
    assert done.returncode == 3
    made = json.loads(done.stdout.decode("utf-8"))
    assert made["problems"][0]["value"] == "县统记局"
    assert "请按上面的提示更正" in done.stderr.decode("utf-8")
    assert len(UNITS) == 4
