"""The ledger's running total: rows tie together, floor and ceiling cut, notes move nothing."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess_lib.ledger import LEDGER_COLUMNS, Chain, Entry
from assess_lib.tables import Source

D = Decimal
SOURCE = Source("扣分登记.xlsx", "扣分登记", 14)


def key_chain() -> Chain:
    """Open the chain of 重点考核: 100 points, never below 0."""
    return Chain("T01", "key", "K", "四（二）", D(100), D(0), D(100))


def bonus_chain() -> Chain:
    """Open the chain of an award with cap 3."""
    return Chain("T01", "bonus", "B2", "四（三）2", D(0), D(0), D(3))


def test_an_empty_chain_stands_at_its_start() -> None:
    """Before any row the total is the start."""
    assert key_chain().total == D("100.00")
    assert bonus_chain().total == D("0.00")


def test_rows_tie_together() -> None:
    """Each row begins where the row before it ended."""
    chain = key_chain()
    chain.append("迟报", "counted", nominal=D("-1"), points=D("-1"))
    chain.append("超期办文", "counted", nominal=D("-5"), points=D("-5"))
    assert [(e.before, e.points, e.after) for e in chain.entries] == [
        (D("100.00"), D("-1.00"), D("99.00")),
        (D("99.00"), D("-5.00"), D("94.00")),
    ]
    assert chain.total == D("94.00")


def test_a_row_carries_unit_part_item_and_clause() -> None:
    """Each number stands beside its unit, part, item and clause, with formula, reading, source and evidence."""
    entry = key_chain().append(
        "迟报",
        "counted",
        nominal=D(-1),
        points=D(-1),
        formula="100.00 − 1.00 = 99.00",
        reading="deadline_day=inclusive",
        source=[SOURCE],
        evidence_id="P1",
    )
    assert (entry.unit_id, entry.part, entry.item, entry.clause) == ("T01", "key", "K", "四（二）")
    assert (entry.label, entry.status, entry.formula) == ("迟报", "counted", "100.00 − 1.00 = 99.00")
    assert (entry.reading, entry.source, entry.evidence_id) == ("deadline_day=inclusive", (SOURCE,), "P1")


def test_numbers_always_have_two_decimals() -> None:
    """Points of any scale are kept with exactly two decimals."""
    entry = key_chain().append("扣", "counted", nominal=D("-1"), points=D("-1"))
    assert (entry.formula, entry.reading, entry.source, entry.evidence_id) == ("", "", (), "")
    assert [str(n) for n in (entry.nominal, entry.before, entry.points, entry.after)] == [
        "-1.00",
        "100.00",
        "-1.00",
        "99.00",
    ]


@pytest.mark.parametrize(
    ("amount", "real", "cut"),
    [
        ("-99.99", "-99.99", None),
        ("-100", "-100", None),
        ("-100.01", "-100.00", "floored"),
        ("-112", "-100", "floored"),
    ],
)
def test_a_deduction_stops_at_the_floor(amount: str, real: str, cut: str | None) -> None:
    """Above and at the floor all is taken; below it only the rest is, and the row says so."""
    assert key_chain().room(D(amount)) == (D(real), cut)


@pytest.mark.parametrize(
    ("amount", "real", "cut"), [("2.99", "2.99", None), ("3", "3", None), ("3.01", "3", "capped"), ("0", "0", None)]
)
def test_an_award_stops_at_the_ceiling(amount: str, real: str, cut: str | None) -> None:
    """Below and at the cap all is given; above it only the rest is, and the row says so."""
    assert bonus_chain().room(D(amount)) == (D(real), cut)


def test_nothing_is_left_at_the_floor() -> None:
    """A deduction from 0 takes 0.00 and is floored."""
    chain = key_chain()
    chain.append("扣完", "counted", nominal=D(-100), points=D(-100))
    assert chain.room(D("-1")) == (D(0), "floored")
    assert chain.room(D(0)) == (D(0), None)


def test_a_chain_without_bounds_cuts_nothing() -> None:
    """The final chain has neither floor nor ceiling."""
    chain = Chain("T01", "final", "final", "四", D(0))
    assert chain.room(D("120")) == (D("120"), None)
    assert chain.room(D("-120")) == (D("-120"), None)


def test_a_note_moves_nothing_and_keeps_the_uncut_amount() -> None:
    """A revoked fact stands in the ledger with what it would have taken, and the total stays."""
    chain = key_chain()
    entry = chain.note("已撤销", "revoked", nominal=D("-5"), source=[SOURCE])
    assert (entry.nominal, entry.before, entry.points, entry.after) == (D("-5"), D("100"), D("0"), D("100"))
    assert (entry.formula, entry.reading, entry.source, entry.evidence_id) == ("", "", (SOURCE,), "")
    assert chain.total == D(100)


def test_words_are_put_together_when_a_row_is_written() -> None:
    """Label, formula, reading, source and evidence may come as functions; they see the total before their row."""
    chain = key_chain()
    entry = chain.append(
        lambda: "迟报",
        "counted",
        nominal=D(-1),
        points=D(-1),
        formula=lambda: f"从 {chain.total} 扣",
        reading=lambda: "deadline_day=inclusive",
        source=lambda: [SOURCE],
        evidence_id=lambda: "P1",
    )
    assert (entry.label, entry.formula, entry.reading) == ("迟报", "从 100.00 扣", "deadline_day=inclusive")
    assert (entry.source, entry.evidence_id) == ((SOURCE,), "P1")


def test_a_silent_chain_moves_its_total_and_writes_nothing() -> None:
    """Points, cuts and total are those of any other chain; there are no rows, and no words are put together."""

    def never() -> str:
        raise AssertionError("nobody reads this")

    loud, silent = key_chain(), Chain("T01", "key", "K", "四（二）", D(100), D(0), D(100), silent=True)
    for points, after in (("-0.005", "100.00"), ("-30", "70.00"), ("-69.994", "0.01"), ("-5", "0.00")):
        real, _ = silent.room(D(points))
        assert silent.append(never, "counted", nominal=D(points), points=real, formula=never, source=never) is None
        loud.append("扣", "counted", nominal=D(points), points=real)
        assert (str(silent.total), str(loud.total)) == (after, after)
    assert silent.note(never, "revoked", reading=never, evidence_id=never) is None
    assert (silent.entries, str(silent.total), len(loud.entries)) == ([], "0.00", 4)


def test_sources_are_printed_as_a_person_finds_them() -> None:
    """A source is file!sheet!row; a csv has no sheet; several are joined by `; `."""
    entry = Entry("T01", "key", "K", "四（二）", "扣", "counted", source=(SOURCE, Source("扣分标准.csv", "", 3)))
    assert entry.source_text() == "扣分登记.xlsx!扣分登记!14; 扣分标准.csv!!3"
    assert Entry("T01", "veto", "V1", "四（一）1", "无", "verdict").source_text() == ""


def test_an_entry_cannot_be_changed_afterwards() -> None:
    """What is written in the ledger stays."""
    entry = key_chain().note("无", "counted")
    with pytest.raises(FrozenInstanceError):
        entry.points = D(1)  # type: ignore[misc]


def test_a_veto_row_leaves_the_numbers_blank() -> None:
    """A row without numbers has none, not 0.00."""
    entry = Entry("T01", "veto", "V1", "四（一）1", "未否决", "verdict")
    assert (entry.nominal, entry.before, entry.points, entry.after) == (None, None, None, None)


def test_the_columns_are_the_contracts() -> None:
    """The ledger file has these columns in this order."""
    assert ",".join(LEDGER_COLUMNS) == (
        "unit_id,seq,part,item,clause,label,formula,nominal,before,points,after,status,reading,source,evidence_id"
    )


@given(st.lists(st.integers(-15000, 15000), max_size=12))
def test_the_total_never_leaves_its_bounds(amounts: list[int]) -> None:
    """Whatever is applied, the chain balances, stays within floor and ceiling, and points never exceed nominal."""
    chain = key_chain()
    for amount in amounts:
        nominal = D(amount) / 100
        points, cut = chain.room(nominal)
        chain.append("动", cut or "counted", nominal=nominal, points=points)
    before = D(100)
    for entry in chain.entries:
        assert entry.points is not None and entry.nominal is not None and entry.after is not None
        assert entry.before == before
        assert entry.after == before + entry.points
        assert 0 <= entry.after <= 100
        assert abs(entry.points) <= abs(entry.nominal)
        assert (entry.status == "counted") == (entry.points == entry.nominal)
        before = entry.after
