"""Scoring and reporting need no network at all, and nothing that stands in a cell becomes part of a path."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hostile import FORMULAS, LINKS, MARKUP, PATHS, RARE, make_hostile_raw
from test_end_to_end import make_project, results

from assess_lib.tables import TABLES

# Inside: no route to anywhere. 192.0.2.1 is an address that exists for documentation only.
_PROBE = """
import socket, sys
try:
    socket.create_connection(("192.0.2.1", 80), timeout=3)
except OSError as error:
    print(error.errno)
"""
_ENETUNREACH = 101


@functools.cache
def _namespace() -> tuple[tuple[str, ...], str]:
    """Return the command that runs another one without a network, else why there is none."""
    if not sys.platform.startswith("linux"):
        return (), "network namespaces are Linux's"
    found = shutil.which("unshare")
    if not found:
        return (), "unshare is not installed"
    command = (found, "-rn")
    tried = subprocess.run([*command, sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False)
    if tried.returncode:
        return (), f"this machine makes no network namespace: {tried.stderr.strip()}"
    if tried.stdout.strip() != str(_ENETUNREACH):
        return (), "the namespace is not without a network"
    return command, ""


def _offline(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the project where there is no network, under a home folder of its own."""
    command, reason = _namespace()
    if not command:
        pytest.skip(reason)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ASSESS_")}
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [*command, sys.executable, "-m", "assess_lib", *arguments],
        cwd=project,
        env={**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_score_and_run_work_without_a_network(tmp_path: Path) -> None:
    """With no route to anywhere the year is scored, and a unit's report with figures and PDF is made."""
    project = make_project(tmp_path / "project")
    scored = _offline(project, "score")
    assert scored.returncode == 0, scored.stderr
    # Worked out by hand: see small_year.
    assert {unit: row["final_score"] for unit, row in results(project).items()} == {
        "T01": "104.00",
        "T02": "101.50",
        "T03": "80.00",
        "D01": "",
    }
    made = _offline(project, "run", "--unit", "T02", "--jobs", "1")
    assert made.returncode == 0, made.stderr
    reports = _files(project / "reports/2022")
    assert {f"units/T02.{ending}" for ending in ("html", "pdf", "ipynb")} <= reports
    page = (project / "reports/2022/units/T02.html").read_text(encoding="utf-8")
    assert "101.50" in page and "data:image/svg+xml" in page


def test_names_in_the_data_never_enter_a_path(tmp_path: Path) -> None:
    """Of whatever a unit, an item, a ticket or a matter is called: files are named by unit codes and fixed words."""
    names = [PATHS[0], PATHS[1], PATHS[4], PATHS[5], MARKUP[0], FORMULAS[0], LINKS[5], f"{RARE}/../x"]
    project = tmp_path / "project"
    raw = project / "data/raw/2022"
    make_hostile_raw(raw, names, len(names))
    shutil.copy(Path(__file__).parents[1] / "pyproject.toml", project)
    shutil.copytree(Path(__file__).parents[1] / "notebooks", project / "notebooks")
    given = _files(project)
    around = _files(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "assess_lib", "run", "--unit", "U001", "--unit", "U008", "--jobs", "2"],
        cwd=project,
        env={key: value for key, value in os.environ.items() if not key.startswith("ASSESS_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _files(tmp_path) - around == {f"project/{name}" for name in _files(project) - given}
    made = _files(project) - given
    tables = {f"data/processed/2022/tables/{name}.parquet" for name, table in TABLES.items() if not table.record}
    assert tables <= made
    ours = re.compile(
        r"data/processed/(2022/[a-z]+\.(csv|xlsx|json)|2022\.runs\.jsonl|\.2022\.lock)|reports/\.2022\.lock"
        r"|reports/2022/(units/U00[18]\.(html|pdf|ipynb)|readings/[a-z]+\.csv|[a-z0-9_]+\.(html|pdf|ipynb|xlsx|docx|json))"
    )
    assert sorted(name for name in made - tables if not ours.fullmatch(name)) == []
    assert {f"reports/2022/units/{unit}.html" for unit in ("U001", "U008")} <= made
