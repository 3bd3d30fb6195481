"""``assess compare`` and the summary after ``assess score``, as people meet them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from build import ROOT
from comparison_set import BASE, award, decision, deduction, evidence, with_rows, write_set
from small_year import make_raw, write_table

from assess_lib import cli, comparison
from assess_lib.comparison import compare_sides, read_side
from assess_lib.views.comparison import ComparisonView

HOSTILE = "<script>alert(1)</script>=1+1&\"' \x1b[2J\u202e"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command line in the test's folder, which holds the sets ``old`` and ``new``."""
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "ASSESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def go(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["compare", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return go


@pytest.fixture
def sets(tmp_path: Path) -> None:
    """Write two sets: T01 loses a deduction of 2.00 and gains 1.00 in B2; D01 keeps its 103.00 and loses a rank."""
    own = [deduction("KF-1", 数量=2), deduction("KF-2", unit="D01")]
    old = with_rows(扣分登记=own, 表彰宣传=[award("BZ-1", "市")], 佐证目录=[evidence()])
    new = with_rows(old, 调整复核=[decision("TZ-1", "KF-1")])
    new["表彰宣传"][0]["层级"] = "省"
    new["表彰宣传"][0]["事项名称"] = HOSTILE
    write_set(tmp_path / "old", old)
    write_set(tmp_path / "new", new, final=True)


def test_terminal_tells_whole_units_rows_and_sums(run: Run, sets: None) -> None:
    """The whole first, then the units with their sums to the cent, rows and causes; exit 0."""
    code, out, err = run("old", "new")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "原：old（2022 年度 初评稿，计分日期 2022-12-31）"
    assert lines[1] == "现：new（2022 年度 送审稿，计分日期 2022-12-31）"
    assert "  稿别　初评稿 → 送审稿" in lines
    assert "  原始记录　调整复核：新增 1 条" in lines
    assert "二、变动的单位：共同的 3 个单位中有 3 个变动：得分 1 个，仅名次 2 个。" in lines
    assert "名次因其他单位变动（2 个）：" in lines
    # old: 98.00 + 5.00 = 103.00; new: 100.00 + 6.00 = 106.00
    assert "K +2.00，B2 +1.00；合计 +3.00 = 106.00 − 103.00" in lines
    assert "K 重点考核（四（二））：合计 +2.00 = 100.00 − 98.00" in lines
    assert "B2 通报表彰（四（三）2）：合计 +1.00 = 2.00 − 1.00" in lines
    assert "  · 变动　−2.00 → 0.00（差 +2.00）" in lines
    causes = [line for line in lines if line.startswith("      原因：")]
    assert causes[0].startswith("      原因：新增“调整复核”TZ-1：对象表 扣分登记；对象编号 KF-1；处理 撤销")
    assert causes[1].startswith("      原因：改动“表彰宣传”BZ-1：事项名称 一日办结 → ")
    assert "；层级 市 → 省（表彰宣传.csv · 2）" in causes[1]
    assert "\x1b" not in out and "\u202e" not in out and "\\x1b[2J" in out


def test_no_difference_is_said_and_is_0(run: Run, sets: None) -> None:
    """A folder compared with itself: exit 0, one sentence, no list."""
    code, out, _ = run("old", "old")
    assert code == 0
    assert "注意：两个结果的凭证相同，是同一次结果。" in out
    assert "二、变动的单位：共同的 3 个单位，结果全部相同。" in out
    assert "三、" not in out


def test_one_unit_alone(run: Run, sets: None) -> None:
    """--unit keeps the named units, by code or name; an unknown one is wrong usage that suggests the nearest."""
    _, out, _ = run("old", "new", "--unit", "丙局")
    assert "丙局" in out and "甲镇" not in out and "三、" not in out
    assert "二、变动的单位：所选的 1 个单位中有 1 个变动：仅名次 1 个。" in out
    _, out, _ = run("old", "new", "--unit", "丙局", "--unit", "T01")
    assert "甲镇（T01，镇）" in out
    code, _, err = run("old", "new", "--unit", "丙")
    assert (code, "没有单位“丙”" in err) == (2, True)


def test_csv_is_one_row_a_difference_and_adds_up(run: Run, sets: None, tmp_path: Path) -> None:
    """The csv has a BOM, one row an explaining row, points with two decimals, formulas kept out."""
    assert run("old", "new", "--csv", "差异.csv")[0] == 0
    data = (tmp_path / "差异.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert header == [
        "单位编码", "单位名称", "项目", "变动", "原分", "现分", "差", "原事实", "现事实", "原出处", "现出处", "原因",
    ]  # fmt: skip
    assert [row[:7] for row in rows] == [
        ["T01", "甲镇", "K", "变动", "-2.00", "0.00", "2.00"],
        ["T01", "甲镇", "B2", "变动", "1.00", "2.00", "1.00"],
    ]
    assert rows[0][9] == "扣分登记.csv!!2; 扣分标准.csv!!4"
    assert "已撤销" in rows[0][8] and "新增“调整复核”TZ-1" in rows[0][11]


def test_csv_keeps_formulas_out(tmp_path: Path) -> None:
    """A label that begins like a formula gets an apostrophe, a unit's name as well."""
    old = with_rows(评定加分=[])
    old["单位名录"][0]["单位名称"] = "=HYPERLINK(1)"
    row = {
        "编号": "PD-1",
        "单位": "T01",
        "事项": "@SUM(1)",
        "评定分": "1",
        "理由": "甲",
        "评分人": "甲",
        "复核人": "乙",
    }
    new = with_rows(old, 评定加分=[row | {"佐证编号": "ZJ-T01"}], 佐证目录=[evidence()])
    write_set(tmp_path / "old", old)
    write_set(tmp_path / "new", new)
    sides = read_side(tmp_path / "old"), read_side(tmp_path / "new")
    view = ComparisonView(compare_sides(*sides), sides[0].data, sides[1].data)
    line = view.to_csv().decode("utf-8-sig").splitlines()[1]
    assert line.startswith("T01,'=HYPERLINK(1),B1,新增,,1.00,1.00,,'@SUM(1)：")


def test_html_is_whole_and_inert(run: Run, sets: None, tmp_path: Path) -> None:
    """The page: Chinese, marked as sample, headed tables, no script, nothing fetched; hostile text is text."""
    assert run("old", "new", "--html", "比较.html")[0] == 0
    text = (tmp_path / "比较.html").read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html5lib")
    assert page.html is not None and page.html["lang"] == "zh-CN"
    assert not page.find_all(["script", "link", "img", "iframe"]) and "@import" not in text and "url(" not in text
    assert "default-src 'none'" in text
    assert all(th.get("scope") for th in page.find_all("th"))
    assert all(table.caption is not None for table in page.find_all("table"))
    words = re.sub(r"\s+", " ", page.get_text())
    assert "演示数据" in words and "限考核办内部核对使用，不外发" in words
    assert "K +2.00，B2 +1.00；合计 +3.00 = 106.00 − 103.00" in words
    assert '<script>alert(1)</script>=1+1&"' in words
    assert "名次因其他单位变动" in words
    anchors = [a["href"] for a in page.find_all("a")]
    assert anchors == ["#unit-1"] and page.find(id="unit-1") is not None
    assert str(tmp_path) not in text


def test_json_is_pure_and_exact(run: Run, sets: None) -> None:
    """--json prints nothing else; points are texts, so no binary float can touch them."""
    code, out, _ = run("old", "new", "--json")
    told = json.loads(out)
    assert code == 0
    assert [unit["unit_id"] for unit in told["units"]] == ["T01", "T02", "D01"]
    first = told["units"][0]
    assert (first["final_score"], first["difference"]) == ({"old": "103.00", "new": "106.00"}, "3.00")
    assert told["overview"]["run_date"] == {"old": "2022-12-31", "new": "2022-12-31"}
    assert "\u202e" not in out and "\x1b" not in out and "\u202e" in json.dumps(told, ensure_ascii=False)
    assert first["items"][0]["rows"][0]["causes"][0]["record"]["table"] == "调整复核"


def test_same_sets_give_the_same_bytes(sets: None, tmp_path: Path) -> None:
    """Two processes with other hash seeds write the same csv, page and JSON, byte for byte."""
    made = []
    for seed in ("1", "2"):
        out = tmp_path / f"out{seed}"
        out.mkdir()
        command = [
            sys.executable,
            "-m",
            "assess_lib",
            "compare",
            str(tmp_path / "old"),
            str(tmp_path / "new"),
            "--json",
        ]
        command += ["--csv", str(out / "a.csv"), "--html", str(out / "a.html")]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, check=True, env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"}
        )
        assert sorted(path.name for path in out.iterdir()) == ["a.csv", "a.html"]
        made.append((done.stdout, (out / "a.csv").read_bytes(), (out / "a.html").read_bytes()))
    assert made[0] == made[1]
    assert (tmp_path / "out1" / "a.csv").stat().st_mode & 0o444 == 0o444


def test_folder_without_a_set_is_2(run: Run, sets: None, tmp_path: Path) -> None:
    """A folder that is missing, empty or not scored is wrong usage that names it."""
    (tmp_path / "empty").mkdir()
    for name in ("none", "empty"):
        for pair in ((name, "new"), ("old", name)):
            code, out, err = run(*pair)
            assert (code, out) == (2, "")
            assert err.startswith(f"{name}：")


def test_altered_set_is_7(run: Run, sets: None, tmp_path: Path) -> None:
    """A set that is not what its receipt says is not compared: exit 7, the folder and the file named."""
    file = tmp_path / "new" / "ledger.csv"
    file.write_bytes(file.read_bytes().replace(b"-2.00", b"-1.00"))
    code, out, err = run("new", "old")
    assert (code, out) == (7, "")
    assert err.startswith("new：") and "ledger.csv" in err


@pytest.mark.parametrize(
    "options",
    [
        ["--csv", "差异.xlsx"],
        ["--html", "比较.txt"],
        ["--csv", "nowhere/差异.csv"],
        ["--csv", "folder.csv"],
        ["--html", "link.html"],
        ["--csv", "old/差异.csv"],
        ["--html", "new/tables/比较.html"],
        ["--csv", "raw/差异.csv", "--raw", "raw"],
        ["--csv", str(ROOT / "data" / "raw" / "2022" / "差异.csv")],
        ["--csv", "\0.csv"],
        ["--reading", "bonus_gate=above"],
        ["--date", "2022-12-31"],
    ],
)
def test_wrong_usage_is_2_and_writes_nothing(run: Run, sets: None, tmp_path: Path, options: list[str]) -> None:
    """A target in a raw folder or a compared set, over a folder or link, of another ending: exit 2, nothing written."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "raw").mkdir()
    (tmp_path / "target.html").write_text("", encoding="utf-8")
    (tmp_path / "link.html").symlink_to("target.html")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    code, out, err = run("old", "new", *options)
    assert (code, out) == (2, "")
    assert re.search("[一-鿿]", err)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "target.html").read_text(encoding="utf-8") == ""


def test_file_is_replaced_whole(run: Run, sets: None, tmp_path: Path) -> None:
    """An older file of that name is replaced; both files can be asked for at once."""
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    code, out, _ = run("old", "new", "--csv", "a.csv", "--html", "a.html")
    assert code == 0
    assert out.splitlines()[-2:] == ["已写入 a.csv。", "已写入 a.html。"]
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_set_replaced_while_read_is_6(sets: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results and tables of two different sets are never compared: a set swapped in between is exit 6."""
    load = comparison.sides.store.load_set

    def swapped(folder: Path) -> object:
        data = load(folder)
        (tmp_path / "old").rename(tmp_path / "gone")
        (tmp_path / "new").rename(tmp_path / "old")
        return data

    monkeypatch.setattr(comparison.sides.store, "load_set", swapped)
    with pytest.raises(comparison.sides.InputChanged) as caught:
        read_side(tmp_path / "old", "old")
    assert caught.value.exit_code == 6


def test_score_tells_what_changed(tmp_path: Path) -> None:
    """After each score: first that there is no earlier set, then no change, then three lines; pandas is not needed."""
    raw = make_raw(tmp_path / "raw")
    where = [
        str(x)
        for pair in (("--raw", raw), ("--processed", tmp_path / "p"), ("--reports", tmp_path / "r"))
        for x in pair
    ]
    # pyarrow takes pandas along where it finds it; where there is none, scoring must not miss it
    code = """
import sys
class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ImportError(name)
sys.meta_path.insert(0, NoPandas())
from assess_lib.cli import main
sys.exit(main(sys.argv[1:]))
"""

    def score() -> list[str]:
        command = [sys.executable, "-c", code, "score", "--year", "2022", *where]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
        return done.stdout.splitlines()

    assert "没有上次采用的结果可比：这是第一次。" in score()
    same = "与上次采用的结果相比：没有变化（状态、等次、得分、名次、待定事项都相同）。"
    assert same in score()
    # T03's 20.00 become 40.00: 80.00 to 60.00; T01 gets 20.00: 104.00 to 80.00 and the gate closes
    header = ("编号", "单位", "标准编号", "事实", "发生日期", "评分人", "复核人")
    rows = [
        (f"KF-{n}", unit, "GW-01", "差错", "2022-08-01", "甲", "乙") for n, unit in enumerate(("T03", "T03", "T01"))
    ]
    write_table(raw, "扣分登记", header, rows)
    lines = score()
    start = next(n for n, line in enumerate(lines) if line.startswith("与上次采用的结果相比"))
    assert lines[start:-1] == [
        "与上次采用的结果相比：状态、等次、待定事项没有变化。",
        "得分变化 2 个单位，下降最多 崔家头镇 −24.00（104.00→80.00）。",
        "名次变化 2 个单位，上升最多 南寨镇 总第 2 名→第 1 名，下降最多 崔家头镇 总第 1 名→第 2 名。",
    ]


def test_score_goes_on_over_an_altered_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An earlier set that was altered is no reason to fail: it is said that nothing was compared."""
    raw = make_raw(tmp_path / "raw")
    where = ["--raw", str(raw), "--processed", str(tmp_path / "p"), "--reports", str(tmp_path / "r")]
    assert cli.main(["score", "--year", "2022", *where]) == 0
    (tmp_path / "p" / "items.csv").write_text("x", encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["score", "--year", "2022", *where]) == 0
    assert "上次采用的结果无法读取，或被改动过，或不是同一年度的：没有比较。" in capsys.readouterr().out


def test_years_differ_with_a_note(tmp_path: Path, run: Run) -> None:
    """Two years may be compared; the note says that raw rows are not matched."""
    write_set(tmp_path / "old", BASE)
    write_set(tmp_path / "new", with_rows(扣分登记=[deduction("KF-1")]))
    side = read_side(tmp_path / "old")
    from dataclasses import replace

    earlier = replace(side, data=replace(side.data, basis=replace(side.data.basis, year=2021)))
    new = read_side(tmp_path / "new")
    view = ComparisonView(compare_sides(earlier, new), earlier.data, new.data)
    assert view.warnings() == ["两个结果分属 2021 和 2022 年度：单位按编码对应；原始记录不逐条对应，台账只按名称对应。"]
