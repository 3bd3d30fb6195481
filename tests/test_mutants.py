"""The rules' tests notice what changes: mutants of the rule modules, each in a forked process."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tools import mutants
from tools.mutants import Report, choose, load_listed, main
from tools.mutations import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[1]


@cache
def every() -> list[Mutant]:
    """Find the mutants once."""
    return mutants.find_mutants()


def judged(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in a process of its own: mutants are forked from it."""
    command = [sys.executable, "tools/mutants.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=3600)


def small(tmp_path: Path, source: str) -> list[Mutant]:
    """Return the mutants of a small module."""
    path = tmp_path / "small.py"
    path.write_text(source, encoding="utf-8")
    return mutants_of(path, tmp_path, frozenset({"县"}))


def test_a_sample_of_mutants_dies() -> None:
    """Of sixty small changes of the rules each makes a test fail, or is explained in the list."""
    done = judged("--sample", "60", "--seed", "20221231")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.deep
def test_every_mutant_dies() -> None:
    """No small change of the rules passes unnoticed, but those of the list."""
    done = judged()
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_comparison_is_held_from_both_sides() -> None:
    """Each > >= < <= == != of the rules, shifted by its edge or turned round, makes a test fail."""
    done = judged("--kind", "threshold")
    assert done.returncode == 0, done.stdout + done.stderr


def test_at_most_ten_mutants_are_explained_away() -> None:
    """The list of equivalent mutants is short, and each entry is a change of the code as it stands."""
    listed = load_listed()
    assert len(listed) <= 10
    assert len({entry.key for entry in listed}) == len(listed)
    assert mutants.stale_entries(listed, every(), {}) == []


def test_every_rule_module_is_changed_in_thousands_of_ways() -> None:
    """No rule module is left out, and each of its functions has mutants."""
    found = {mutant.module.path for mutant in every()}
    rules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "assess_lib" / "rules").glob("*.py")}
    assert found == rules | {
        f"assess_lib/{name}.py" for name in ("exact", "ledger", "scoring", "composition", "quotas")
    }
    assert len(every()) > 3000
    assert {"Chain.room", "Chain.append", "_Standing.rank", "module"} <= {mutant.function for mutant in every()}


@pytest.mark.parametrize(
    ("source", "kind", "now"),
    [
        ("open = points > 80\n", "threshold", "open = points >= 80"),
        ("open = points > 80\n", "threshold", "open = points <= 80"),
        ("open = points > 80\n", "logic", "open = points > 81"),
        ("late = due <= day\n", "threshold", "late = due < day"),
        ("same = a == b\n", "threshold", "same = a != b"),
        ("rows = [r for r in rows if r]\n", "logic", "rows = [r for r in rows if True]"),
        ("if rows:\n    go()\n", "logic", "if not (rows):"),
        ("if rows:\n    go()\n", "logic", "pass"),
        ("best = max(rows)\n", "logic", "best = min(rows)"),
        ("cut = -amount\n", "logic", "cut = amount"),
        ('CENT = D("0.01")\n', "logic", 'CENT = D("0.011")'),
        ("x = cents(a, ROUND_HALF_UP)\n", "logic", 'x = cents(a, "ROUND_HALF_EVEN")'),
        ('text = f"扣{a}分"\n', "words", 'text = f"XX扣XX{a}分"'),
        ('text = "不计分"\n', "words", 'text = "XX不计分XX"'),
        ('level = "县"\n', "logic", 'level = "XX县XX"'),
        ("class A:\n    @property\n    def x(self):\n        return 1\n", "logic", "return 2"),
    ],
)
def test_the_changes_that_are_made(source: str, kind: str, now: str, tmp_path: Path) -> None:
    """Each kind of change is made where it belongs, at module level and in decorated functions too."""
    assert (kind, now) in [(mutant.kind, mutant.change[1]) for mutant in small(tmp_path, source)]


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""\n',
        "import a.b\n",
        "x: Literal['a']\n",
        'Kind = Literal["a"]\n',
        "Words: TypeAlias = str | None\n",
        "assert isinstance(a, B)\n",
    ],
)
def test_what_is_left_alone(source: str, tmp_path: Path) -> None:
    """Types, docstrings and imports have no mutants."""
    assert small(tmp_path, source) == []


def test_a_mutant_changes_one_place(tmp_path: Path) -> None:
    """Each mutant is the whole file with a single changed statement, and compiles."""
    source = "a = 1\n\n\ndef f(x):\n    # why\n    return x + 1\n"
    found = small(tmp_path, source)
    assert {mutant.change for mutant in found} == {
        ("a = 1", "a = 2"),
        ("a = 1", "a = None"),
        ("return x + 1", "return x - 1"),
        ("return x + 1", "return x + 2"),
    }
    for mutant in found:
        compile(mutant.source, "small", "exec")
        assert len(mutant.source.splitlines()) == len(source.splitlines())


def test_the_same_seed_draws_the_same_sample() -> None:
    """A failure of a sample can be made again."""
    one, two, other = (choose(every(), sample=20, seed=seed) for seed in (1, 1, 2))
    assert one == two != other
    assert len(choose(every(), kinds=["threshold"], file="veto")) > 10


def test_a_survivor_and_a_stale_entry_fail() -> None:
    """The report is sound only if what survives is what the list explains."""
    mutant = every()[0]
    entry = mutants.Equivalent(*mutants.key_of(mutant), why="no input of any kind can tell it apart")
    assert Report({mutant: "case: one"}).sound
    survives = Report({mutant: ""})
    assert not survives.sound and f"SURVIVES {mutant.name}" in survives.text()
    assert Report({mutant: ""}, [entry]).sound
    assert mutants.stale_entries([entry], [mutant], {mutant: ""}) == []
    (killed,) = mutants.stale_entries([entry], [mutant], {mutant: "case: one"})
    (gone,) = mutants.stale_entries([entry], every()[1:2], {})
    assert "a test kills it" in killed and "no such mutant" in gone
    assert not Report({}, stale=[killed]).sound


def test_an_entry_gives_its_reason(tmp_path: Path) -> None:
    """A mutant is not explained away without an argument."""
    path = tmp_path / "listed.yaml"
    path.write_text("- {file: a, function: b, was: c, now: d, why: so}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="say why"):
        load_listed(path)


def test_a_wrong_rule_is_found_out(capfd: pytest.CaptureFixture[str]) -> None:
    """The figures are not idle: with no test at work the mutants survive, and the command says so."""
    command = "import tools.mutants as m; m.Jury._killer = lambda *_: ''; raise SystemExit(m.main(['--sample', '3']))"
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and "SURVIVES" in done.stdout
    with pytest.raises(SystemExit):
        main(["--file", "no such module"])
    assert "no mutant" in capfd.readouterr().err
