"""The register of runs: each line seals the one before; a broken, torn or missing line is told by its number."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from assess_lib import register


@pytest.fixture
def processed(tmp_path: Path) -> Path:
    """A processed folder whose register has three lines."""
    folder = tmp_path / "2022"
    for code in (0, 3, 0):
        register.append(folder, {"command": "score", "exit": code})
    return folder


def faults(folder: Path) -> list[tuple[int, str, bool]]:
    return [(fault.number, fault.kind, fault.sealed) for fault in register.check(folder)]


def test_lines_are_read_with_their_numbers(processed: Path) -> None:
    """``read`` gives the lines oldest first, with number, bytes and content; ``accepted`` are those with exit 0."""
    lines = register.read(processed)
    assert [(line.number, line.accepted) for line in lines] == [(1, True), (2, False), (3, True)]
    assert lines[0].entry == {"command": "score", "exit": 0, "previous": ""}
    assert lines[1].entry is not None and lines[1].entry["previous"] == sha256(lines[0].raw).hexdigest()


def test_a_whole_register_has_no_faults(processed: Path) -> None:
    """Three lines as written hold; so does a register that is not there."""
    assert faults(processed) == []
    assert faults(processed.with_name("2021")) == [] and register.read(processed.with_name("2021")) == ()


@pytest.mark.parametrize("number", [1, 2])
def test_a_changed_line_breaks_the_next_ones_seal(number: int, processed: Path) -> None:
    """A changed exit code in line 1 or 2 is told at the line after it."""
    file = register.register_file(processed)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b'"exit": ', b'"exit": 1')
    file.write_bytes(b"".join(lines))
    assert faults(processed) == [(number + 1, "chain", False)]


@pytest.mark.parametrize("gone", [1, 2])
def test_a_missing_line_breaks_the_chain(gone: int, processed: Path) -> None:
    """A line taken out, the first one included, is told at the line that now follows the gap."""
    file = register.register_file(processed)
    lines = file.read_bytes().splitlines(keepends=True)
    del lines[gone - 1]
    file.write_bytes(b"".join(lines))
    assert faults(processed) == [(gone, "chain", False)]


@pytest.mark.parametrize(
    "rest", [b'{"command": "sc', b'{"command": "score", "exit": 0', b"\xe5\x8e"], ids=["string", "object", "text"]
)
def test_a_torn_last_line_is_told_and_sealed_by_the_next(rest: bytes, processed: Path) -> None:
    """A last line that broke off is torn; the next run closes it and goes on from it, so the chain holds."""
    file = register.register_file(processed)
    with open(file, "ab") as stream:
        stream.write(rest)
    assert faults(processed) == [(4, "torn", False)]
    register.append(processed, {"command": "check", "exit": 0})
    assert faults(processed) == [(4, "torn", True)]


def test_a_last_line_without_its_end_is_told(processed: Path) -> None:
    """A last line that can be read but lacks its line feed is torn."""
    file = register.register_file(processed)
    file.write_bytes(file.read_bytes()[:-1])
    assert faults(processed) == [(3, "torn", False)]


def test_an_unreadable_line_in_the_middle_is_told(processed: Path) -> None:
    """Garbage in the place of line 2 is unreadable, as nothing goes on from it."""
    file = register.register_file(processed)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + b"[1, 2]\n" + lines[2])
    assert faults(processed) == [(2, "unreadable", False), (3, "chain", False)]


def test_deciding_is_part_of_the_line(tmp_path: Path) -> None:
    """An attempt's line carries the overridden readings and the number of adjustments that were told to it."""
    with register.recorded(tmp_path / "2022", "score", {}) as attempt:
        attempt.decided({"bonus_gate": "at_least"}, {"bonus_gate": "above"}, 2)
    entry = json.loads(register.register_file(tmp_path / "2022").read_bytes())
    assert (entry["overrides"], entry["adjustments"]) == ({"bonus_gate": "at_least"}, 2)
