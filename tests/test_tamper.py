"""One byte changed anywhere that the receipts cover, or in the receipts, is always named by ``assess verify``."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import verified_year

from assess_lib import verify
from assess_lib.cli import main
from assess_lib.paths import YearPaths

# Folder and ending of every kind of file that a receipt covers, and the two receipts.
KINDS = (
    "原始 .csv",
    "原始 .xlsx",
    "原始 .yaml",
    "结果 .csv",
    "结果 .json",
    "结果 .parquet",
    "报告 .html",
    "报告 .ipynb",
    "报告 .pdf",
    "结果 receipt",
    "报告 receipt",
)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YearPaths]:
    """A finished small year; each test leaves it as it found it."""
    yield verified_year.finished(tmp_path_factory.mktemp("tamper"))


def covered(year: YearPaths) -> dict[str, list[tuple[str, Path]]]:
    """Return every covered file by kind: the name that a finding must have, and where it lies."""
    found: dict[str, list[tuple[str, Path]]] = {kind: [] for kind in KINDS}
    slips = {label: json.loads((folder / "receipt.json").read_bytes()) for label, folder in _outputs(year)}
    listed = [("原始", year.raw, slips["结果"]["inputs"])]
    listed += [(label, folder, slips[label]["outputs"]) for label, folder in _outputs(year)]
    for label, folder, names in listed:
        for name in names:
            found[f"{label} {Path(name).suffix}"].append((f"{label}/{name}", folder / name))
    for label, folder in _outputs(year):
        found[f"{label} receipt"].append((f"{label}/receipt.json", folder / "receipt.json"))
    return found


def _outputs(year: YearPaths) -> tuple[tuple[str, Path], ...]:
    return ("结果", year.processed), ("报告", year.reports)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one of them replaced, one put in or one taken out, at a random place."""
    place = chance.randrange(len(data))
    how = chance.choice(("flip", "replace", "replace", "insert", "delete"))
    if how == "insert":
        return data[:place] + bytes([chance.randrange(256)]) + data[place:]
    if how == "delete":
        return data[:place] + data[place + 1 :]
    mask = 1 << chance.randrange(8) if how == "flip" else chance.randrange(1, 256)
    return data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def tamper(year: YearPaths, count: int, seed: int) -> list[str]:
    """Change ``count`` single bytes, one at a time, every kind of file in turn; return those that were not named."""
    chance = random.Random(seed)
    files = covered(year)
    assert all(files.values()), "a kind of file is missing from the small year"
    missed = []
    for number in range(count):
        name, path = chance.choice(files[KINDS[number % len(KINDS)]])
        whole = path.read_bytes()
        bad = damaged(whole, chance)
        path.write_bytes(bad)
        try:
            if name not in {finding.file for finding in verify.hashes(year).findings}:
                missed.append(f"change {number} of seed {seed}: {name}")
        finally:
            path.write_bytes(whole)
    assert verify.hashes(year).findings == []
    return missed


def test_any_changed_byte_is_named(year: YearPaths) -> None:
    """Sixty single-byte changes over every kind of file, receipts included: the changed file is named each time."""
    assert tamper(year, 60, seed=2022) == []


@pytest.mark.deep
def test_a_thousand_changed_bytes_are_named(year: YearPaths) -> None:
    """A thousand single-byte changes: the changed file is named each time."""
    assert tamper(year, 1000, seed=28) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_names_a_changed_byte(kind: str, year: YearPaths, capsys: pytest.CaptureFixture[str]) -> None:
    """The real command, given one changed byte in a file of each kind, names the file and leaves with exit code 7."""
    chance = random.Random(kind)
    name, path = chance.choice(covered(year)[kind])
    whole = path.read_bytes()
    path.write_bytes(damaged(whole, chance))
    folders = ("--raw", str(year.raw), "--processed", str(year.processed), "--reports", str(year.reports))
    try:
        assert main(["verify", "--json", "--year", "2022", *folders]) == 7
    finally:
        path.write_bytes(whole)
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert name in {finding["file"] for finding in told["findings"]}
