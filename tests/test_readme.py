"""The README says what is true: its commands exist and run, its tables name what the project has."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from build import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


def table_after(heading: str) -> list[str]:
    """Return the first cells of the first table below a heading."""
    lines = iter(README.split(f"## {heading}\n", 1)[1].splitlines())
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append(line.split("|")[1].strip())
        elif rows:
            break
    return rows[2:]


def test_each_dependency_has_its_reason() -> None:
    """Every package that the project itself asks for is in the dependency table, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dask"]
    assert table_after("Dependencies") == sorted(line.partition("==")[0] for line in asked)


def test_each_command_is_documented() -> None:
    """The README's command table lists every command of the command line, and no other."""
    documented = {re.match(r"`assess ([a-z-]+)", cell)[1] for cell in table_after("Commands")}
    from assess_lib.cli import COMMANDS

    assert documented == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`\.?(?:\.venv/bin/)?assess ([a-z]+(?:-[a-z]+)?)", README))))
def test_named_commands_explain_themselves(command: str) -> None:
    """Each command that the README names answers to --help in Chinese with an example."""
    done = run(str(BIN / "assess"), command, "--help")
    assert done.returncode == 0, done.stderr
    assert "assess " + command in done.stdout
    assert re.search(r"[\u4e00-\u9fff]", done.stdout)


def test_make_targets_exist() -> None:
    """Each make target that the README names is one that make lists."""
    listed = set(re.findall(r"make ([a-z-]+)", run("make").stdout))
    named = set(re.findall(r"`?make ([a-z-]+)`", README))
    assert {"run", "test", "lab", "bench"} <= named <= listed


def test_files_and_modules_exist() -> None:
    """Each notebook, folder and module that the README names is there."""
    for name in re.findall(r"`((?:notebooks|data/raw|tests|tools|assess_lib)/[\w./*]*)`", README):
        assert list(ROOT.glob(name.rstrip("/"))), name
    for cell in table_after("Module map"):
        for module in re.findall(r"`(\w+)/?`", cell):
            place = ROOT / "assess_lib" / module
            assert place.is_dir() or place.with_suffix(".py").is_file(), module


def test_pictures_exist() -> None:
    """Each picture that the README shows is in the project, and says in words what it shows."""
    for text, target in re.findall(r"!\[(.*?)\]\((.*?)\)", README):
        assert text
        assert (ROOT / target).is_file(), target


def _walk() -> list[tuple[str, list[str]]]:
    """Return the commands of the audit section, each with the output that the README prints."""
    block = README.split("## Audit one number\n", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    steps: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def test_the_audit_section_prints_what_its_commands_print(tmp_path: Path) -> None:
    """Run on the sample year, each command of the audit section prints just what stands below it (``…``: left out)."""
    for name in ("pyproject.toml", "assess_lib", "notebooks", "requirements.lock"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "data" / "raw", tmp_path / "data" / "raw")
    (tmp_path / ".venv").symlink_to(BIN.parent)
    (tmp_path / "data" / "processed").mkdir()
    steps = _walk()
    assert len(steps) == 8
    for command, printed in steps:
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told = done.stdout.splitlines()
        if "…" in printed:
            assert [line for line in told if line in printed] == [line for line in printed if line != "…"], command
        else:
            assert told == printed, command
