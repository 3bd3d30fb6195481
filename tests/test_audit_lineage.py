"""Who names which row, who signed, what is drawn, and what the evidence index is worth."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from audit_years import audited_year, files_of_literals, quiet_year
from build import ROOT, load_scheme_plainly, make_table
from random_year import seeded_year
from report_set import small_set_tables

from assess_lib.audit import evidence, lineage, people, sampling
from assess_lib.audit.audited import Audited, longest, open_set, split_sources
from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.store.sets import write_files

SCHEME = load_scheme_plainly()


def opened(folder: Path, literals: Any) -> Audited:
    """Lay a scored set of literals into a folder and open it."""
    write_files(folder, files_of_literals(literals, whole=True))
    return open_set(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The five units of the report tests."""
    return opened(tmp_path_factory.mktemp("set"), small_set_tables())


# ---- opening --------------------------------------------------------------------------------------------------


def test_an_altered_or_absent_set_is_not_audited(tmp_path: Path) -> None:
    """A folder without a set is wrong usage; a file that is not what the receipt says is a failed verification."""
    with pytest.raises(UsageError):
        open_set(tmp_path / "nothing")
    folder = tmp_path / "set"
    opened(folder, small_set_tables())
    (folder / "ledger.csv").write_bytes((folder / "ledger.csv").read_bytes() + b" ")
    with pytest.raises(VerifyFailed):
        open_set(folder)


# ---- lineage --------------------------------------------------------------------------------------------------


def test_from_a_raw_row_to_every_number_it_touched(small: Audited) -> None:
    """KF-1 (row 2 of 扣分登记.csv) took 1.00 in T01: one ledger row, K 97.00, final 108.11, second in rank."""
    touched = lineage.touched_by(small, "扣分登记.csv!!2")
    assert touched.row["编号"] == "KF-1"
    assert [(s["unit_id"], s["item"], str(s["points"])) for s in touched.steps] == [("T01", "K", "-1.00")]
    assert {(n.unit_id, n.name, n.text) for n in touched.numbers} == {
        ("T01", "K", "97.00"), ("T01", "key_score", "97.00"), ("T01", "final_score", "108.11"),
        ("T01", "rank_in_group", "2"), ("T01", "rank_overall", "2"), ("T01", "grade", "合格"),
    }  # fmt: skip


def test_a_standard_touches_every_unit_deducted_under_it(small: Audited) -> None:
    """BS-02 (3.00, row 3 of 扣分标准.csv) is named by D03's two missing reports and nowhere else."""
    touched = lineage.touched_by(small, "扣分标准.csv!!3")
    assert touched.row["标准编号"] == "BS-02"
    assert [(s["unit_id"], s["item"], str(s["points"])) for s in touched.steps] == [("D03", "K", "-3.00")] * 2


def test_a_rivals_row_touches_a_ranking(small: Audited) -> None:
    """T02's first-quarter row of 信息报送 stands in T01's B4 rows too: it could have cost T01 its place."""
    own = next(row for row in small.tables["信息报送"] if (row["单位"], row["季度"]) == ("T02", "1"))
    assert {s["unit_id"] for s in lineage.touched_by(small, own.source).steps} >= {"T01", "T02"}


def test_from_a_number_to_its_rows(small: Audited) -> None:
    """T01's K of 97.00 is made of KF-1, KF-2 and the revoked KF-3 with its decision, and of two reports in time."""
    made = lineage.rows_of(small, "T01", "K")
    named = {row["编号"] for one in made for row in one.rows if row.table in ("扣分登记", "调整复核")}
    assert named == {"KF-1", "KF-2", "KF-3", "TZ-1"}
    assert str(made[-1].step["after"]) == "97.00"
    reports = [row for one in made for row in one.rows if row.table == "材料报送"]
    assert {row["材料"] for row in reports} == {"半年汇报", "年度总结"}
    first = next(
        row for one in made for row in one.rows if row["编号" if row.table == "扣分登记" else "单位"] == "KF-1"
    )
    assert lineage.cells(first) == {
        "编号": "KF-1", "单位": "T01", "标准编号": "GW-01", "事实": "公文办理超期两日", "发生日期": "2022-03-01",
        "评分人": "周评分", "复核人": "吴复核",
    }  # fmt: skip
    with pytest.raises(KeyError):
        lineage.rows_of(small, "T01", "B9")


def test_both_ways_meet(small: Audited) -> None:
    """Each row that a number leads back to leads forward to that ledger row again, for all units and items."""
    for unit, item in dict.fromkeys((step["unit_id"], step["item"]) for step in small.ledger):
        for made in lineage.rows_of(small, unit, item):
            for row in made.rows:
                assert made.step in lineage.touched_by(small, row.source).steps


def test_every_accepted_row_is_accounted_for(small: Audited) -> None:
    """In the small set each row is named or has its reason; the accepted rows add up to all that came in."""
    found = {one.table: one for one in lineage.coverage(small)}
    assert sum(one.accepted for one in found.values()) == sum(len(rows) for rows in small.tables.values())
    assert not [row for one in found.values() for row in one.unexplained]
    assert lineage.strange_sources(small) == ()
    # BS-01, HY-01, HY-03, RW-01 and RW-02 were never applied; GW-01, LD-01, BS-02 and HY-02 were
    assert found["扣分标准"].reasons == {lineage.UNUSED_STANDARD: 5} and found["扣分标准"].named == 4
    # vetoed D01 and gate-closed D02 leave confirmations of items behind that were not judged
    assert set(found["确认无事项"].reasons) == {lineage.CONFIRMED_NOT_JUDGED}


def test_random_years_agree_and_leave_no_row_unexplained() -> None:
    """30 random years, readings and run dates: SQL and scoring agree in every cell, every ledger adds up, every
    accepted row is named by the ledger or has a reason of its own, and every source is a row."""
    reasons: set[str] = set()
    for seed in range(30):
        data = audited_year(seeded_year(seed), SCHEME)
        again = data.recomputation
        assert again.results and not again.differences and not again.findings, (seed, again.differences, again.findings)
        assert lineage.strange_sources(data) == ()
        for one in lineage.coverage(data):
            assert not one.unexplained, (seed, one.unexplained)
            assert one.named + sum(one.reasons.values()) == one.accepted
            reasons |= set(one.reasons)
    assert reasons == {
        lineage.UNUSED_STANDARD, lineage.UNREFERENCED, lineage.EVIDENCE_NOT_JUDGED, lineage.OBJECT_NOT_JUDGED,
        lineage.SAID_FOR_ALL, lineage.NO_EFFECT, lineage.ROWS_WIN, lineage.CONFIRMED_NOT_JUDGED,
    }  # fmt: skip


@pytest.mark.parametrize("gone", ["V1", "V2", "B1", "B2", "B3", "B4", "B5", "B6", "B7"])
def test_rows_that_no_item_reads_have_that_reason(gone: str) -> None:
    """A scheme without one of the items leaves its rows out of the ledger; the audit says why, and asks no more."""
    scheme = SCHEME.model_copy(update={"items": tuple(item for item in SCHEME.items if item.id != gone)})
    found: set[str] = set()
    for seed in range(3):
        for one in lineage.coverage(audited_year(seeded_year(seed), scheme)):
            assert not one.unexplained, (seed, one.unexplained)
            found |= set(one.reasons)
    assert lineage.UNUSED in found


@pytest.mark.deep
def test_hundreds_of_random_years_leave_no_row_unexplained() -> None:
    """The same in 400 further random years."""
    for seed in range(5000, 5400):
        data = audited_year(seeded_year(seed), SCHEME)
        assert not [row for one in lineage.coverage(data) for row in one.unexplained], seed
        assert lineage.strange_sources(data) == (), seed


def test_a_row_the_ledger_forgets_is_unexplained(small: Audited) -> None:
    """A deduction, evidence or decision whose ledger row is taken away has no reason and is reported."""
    for table, number in (("扣分登记", "KF-2"), ("佐证目录", "ZJ-1"), ("调整复核", "TZ-1"), ("信息中心结果", "")):
        rows = small.tables[table]
        gone = next(r for r in rows if number in (r.values.get("编号"), r.values.get("佐证编号"), ""))
        ledger = small.data.ledger[[str(gone.source) not in source for source in small.data.ledger["source"]]]
        cut = Audited(replace(small.data, ledger=ledger), small.files, small.tables)
        found = [row for one in lineage.coverage(cut) for row in one.unexplained]
        assert gone in found


def test_sources_with_separators_in_their_names() -> None:
    """A file or sheet name that holds ``; `` or ``!`` is still one place; what is no place is told."""
    known = {"扣分登记_甲; 乙.xlsx!表!1!3": 0, "扣分登记.csv!!2": 0}
    text = "扣分登记.csv!!2; 扣分登记_甲; 乙.xlsx!表!1!3; 没有.csv!!9"
    assert split_sources(text, known) == (("扣分登记.csv!!2", "扣分登记_甲; 乙.xlsx!表!1!3"), ("没有.csv!!9",))
    assert split_sources(text, known, longest(known)) == split_sources(text, known)
    assert split_sources("", known) == ((), ())


def test_places_are_sought_as_long_as_any_is_and_no_longer() -> None:
    """A place is of one piece unless a name holds ``; ``; of more than eight none is looked for."""
    names = ("扣分登记.csv!!2", "甲; 乙; 丙.csv!!3", "; ".join("甲" * 12))
    assert [longest(names[:count]) for count in range(4)] == [1, 1, 3, 8]


# ---- people ---------------------------------------------------------------------------------------------------


def test_people_are_counted_and_self_checks_named(tmp_path: Path) -> None:
    """甲 scored 3 rows, of which 乙 checked two and 甲 one: that one row is named."""
    year = quiet_year({"A": 1, "B": 2, "C": 3})
    year["扣分登记"][2]["复核人"] = "甲"
    data = opened(tmp_path / "set", year)
    found = {one.name: (one.scored, one.checked, one.both) for one in people.signatures(data)}
    assert found == {"甲": ((3, 0), (1, 0), 1), "乙": ((0, 0), (2, 0), 0)}
    assert [row["编号"] for row in people.unchecked(data)] == ["KF-C"]


def test_decisions_with_old_and_new_value(tmp_path: Path) -> None:
    """改值 of a deduction of 5 × 0.01 to 0.02 shows 0.05 and 0.02, and is named by that one ledger row."""
    year = quiet_year({"A": 5})
    year["调整复核"] = [
        {"编号": "TZ-1", "单位": "A", "对象表": "扣分登记", "对象编号": "KF-A", "处理": "改值", "新值": "0.02",
         "理由": "理由", "决定人": "组长", "决定日期": "2022-12-25", "批准文号": "批9"}
    ]  # fmt: skip
    (made,) = people.decisions(opened(tmp_path / "set", year))
    assert (str(made.old), str(made.row["新值"])) == ("0.05", "0.02")
    assert [(s["item"], s["status"], str(s["points"])) for s in made.steps] == [("K", "adjusted", "-0.02")]


# ---- the sample -----------------------------------------------------------------------------------------------


def drawn(data: Audited, digest: str, size: int = 30) -> list[tuple[str, int]]:
    """Draw under a receipt's digest; return (unit, seq) of each row."""
    again = Audited(replace(data.data, receipt_digest=digest), data.files, data.tables)
    return [(one.step["unit_id"], one.step["seq"]) for one in sampling.draw(again, size)]


def test_the_sample_hangs_on_the_receipt_alone(small: Audited) -> None:
    """The same receipt draws the same rows again, another receipt others; the seed is the hash's first 16 digits."""
    assert drawn(small, "a" * 64, 15) == drawn(small, "a" * 64, 15)
    assert drawn(small, "a" * 64, 15) != drawn(small, "b" * 64, 15)
    # sha256 of 64 zeros as text
    assert sampling.seed_of("0" * 64) == "60e05bd1b195af2f94112fa7197a5c88"[:16]


def test_the_sample_does_not_hang_on_the_hash_seed() -> None:
    """A process with another PYTHONHASHSEED draws the same rows of a random year."""
    code = (
        "from audit_years import audited_year; from random_year import seeded_year; from build import *\n"
        "from assess_lib.audit import sampling\n"
        "data = audited_year(seeded_year(4), load_scheme_plainly())\n"
        "print([(d.step['unit_id'], d.step['seq']) for d in sampling.draw(data)])"
    )
    environment = os.environ | {
        "PYTHONHASHSEED": "4242",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT))),
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    ours = sampling.draw(audited_year(seeded_year(4), SCHEME))
    assert done.stdout.strip() == str([(one.step["unit_id"], one.step["seq"]) for one in ours])


def test_the_sample_has_each_item_and_no_row_twice(small: Audited) -> None:
    """Every item that has a ledger row is drawn at least once; 30 rows, none twice, in the ledger's order."""
    rows = sampling.draw(small)
    assert {one.step["item"] for one in rows} == {step["item"] for step in small.ledger}
    places = [small.ledger.index(one.step) for one in rows]
    assert places == sorted(set(places)) and len(rows) == 30
    assert [one.number for one in rows] == list(range(1, 31))
    assert sum(one.stratum for one in rows) == len({step["item"] for step in small.ledger})
    assert len(sampling.draw(small, 10**6)) == len(small.ledger)


def test_larger_amounts_are_drawn_more_often(small: Audited) -> None:
    """D02's 20.00 weighs 2025 against 25 of a row of 0.00: over 200 receipts it is drawn far more often."""
    large = next(s for s in small.ledger if s["unit_id"] == "D02" and str(s["points"]) == "-20.00")
    idle = next(s for s in small.ledger if s["unit_id"] == "T02" and s["item"] == "K")
    assert (sampling.weight(large), sampling.weight(idle)) == (2025, 25)
    samples = [drawn(small, sha256(str(n).encode()).hexdigest(), 14) for n in range(200)]
    counts = [sum((s["unit_id"], s["seq"]) in sample for sample in samples) for s in (large, idle)]
    assert counts[0] > 4 * counts[1]


# ---- evidence -------------------------------------------------------------------------------------------------

CONTENT = b"photo"
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A raw folder with one evidence file in a folder of its own, and a secret beside the raw folder."""
    folder = tmp_path / "raw"
    (folder / "佐证").mkdir(parents=True)
    (folder / "佐证" / "照片 1.jpg").write_bytes(CONTENT)
    (tmp_path / "secret.txt").write_bytes(CONTENT)
    return folder


def state(raw: Path, place: str | None, stated: str | None = DIGEST, kind: str = "照片") -> str:
    """Check one row of the index and return its state."""
    (row,) = make_table(
        "佐证目录",
        [{"佐证编号": "E1", "单位": "A", "类型": kind, "名称或网址": "甲", "存放位置": place, "SHA256": stated}],
    )
    return evidence.check(row, raw).state


def test_evidence_is_hashed_again(raw: Path) -> None:
    """A file with the stated hash is the same, upper case and spaces aside; with another it differs."""
    assert state(raw, "佐证/照片 1.jpg") == "same"
    assert state(raw, ".\\佐证\\照片 1.jpg", f" {DIGEST.upper()} ") == "same"
    assert state(raw, "佐证/照片 1.jpg", "0" * 64) == "differs"
    assert state(raw, "佐证/照片 1.jpg", None) == "no_hash"
    assert state(raw, "佐证/照片 1.jpg", "abc") == "bad_hash"


def test_evidence_that_did_not_come_along(raw: Path) -> None:
    """A box, a folder that is not there and a blank place are absent, without alarm; a web address is not fetched."""
    for place in ("D01盒/第1册", "佐证/照片 2.jpg", "佐证/照片 1.jpg/里面", "盒" * 300, None, ""):
        assert state(raw, place) == "absent"
    assert state(raw, "网页存档/2022/D01", None, "网址") == "address"
    assert state(raw, "佐证", DIGEST) == "unreadable"


@pytest.mark.parametrize(
    "place",
    [
        "../secret.txt", "佐证/../../secret.txt", "..\\secret.txt", "/etc/passwd", "C:\\secret.txt", "c:secret.txt",
        "\\\\server\\share\\x", "http://example.org/x", "file:///etc/passwd", "佐证/a\0b",
    ],
)  # fmt: skip
def test_places_outside_the_raw_folder_are_never_opened(raw: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that leads out is reported; not even its existence is looked at."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("touched")

    (row,) = make_table(
        "佐证目录", [{"佐证编号": "E1", "单位": "A", "类型": "照片", "名称或网址": "甲", "存放位置": place}]
    )
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "lstat", refuse)
    assert evidence.check(row, raw).state == "outside"


def test_links_and_pipes_are_not_followed(raw: Path) -> None:
    """A link out of the folder, a link to a folder, a link within and a pipe are reported, not read."""
    (raw / "佐证" / "链接.jpg").symlink_to(raw.parent / "secret.txt")
    (raw / "外").symlink_to(raw.parent)
    (raw / "佐证" / "内.jpg").symlink_to(raw / "佐证" / "照片 1.jpg")
    os.mkfifo(raw / "佐证" / "管道")
    assert state(raw, "佐证/链接.jpg") == "outside"
    assert state(raw, "外/secret.txt") == "outside"
    assert state(raw, "佐证/内.jpg") == "outside"
    assert state(raw, "佐证/管道") == "unreadable"
