"""Where things lie: defaults, options, variables, and folders that may not be outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from assess_lib import paths
from assess_lib.errors import UsageError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for year in ("2021", "2022"):
        (root / "data" / "raw" / year).mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    monkeypatch.chdir(root)
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS"):
        monkeypatch.delenv(name, raising=False)
    return root


def _tree(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


def test_default_year_is_the_newest_raw_folder(project: Path) -> None:
    """Without a year, the newest folder of data/raw is taken; names that are no year do not count."""
    (project / "data" / "raw" / "README").mkdir()
    found = paths.resolve()
    assert found.year == 2022
    assert found.raw == project / "data" / "raw" / "2022"
    assert found.processed == project / "data" / "processed" / "2022"
    assert found.reports == project / "reports" / "2022"
    assert found.shown_processed == "data/processed/2022"


def test_project_is_found_from_a_folder_inside_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands work from any folder of the project."""
    inside = project / "data" / "raw" / "2021"
    monkeypatch.chdir(inside)
    assert paths.resolve(2021).raw == inside


def test_argument_wins_over_variable_and_variable_over_default(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each folder comes from its argument, else from its variable, else from the default place."""
    monkeypatch.setenv("ASSESS_PROCESSED", str(tmp_path / "by-variable"))
    assert paths.resolve(2022).processed == tmp_path / "by-variable"
    assert paths.resolve(2022, processed=tmp_path / "by-argument").processed == tmp_path / "by-argument"
    assert paths.resolve(2022).reports == project / "reports" / "2022"


def test_relative_folders_are_taken_from_the_working_directory_and_shown_as_written(project: Path) -> None:
    """A relative folder means what it means in the shell, and messages repeat it as it was written."""
    found = paths.resolve(2022, processed="out/p")
    assert found.processed == project / "out" / "p"
    assert found.shown_processed == "out/p"


def test_year_without_folder_is_wrong_usage_and_touches_nothing(project: Path) -> None:
    """A year without a raw folder is refused with the years there are; nothing is created."""
    before = _tree(project)
    with pytest.raises(UsageError, match="2021、2022"):
        paths.resolve(2020)
    assert _tree(project) == before


@pytest.mark.parametrize(
    "folder",
    ["data/raw/2022", "data/raw/2022/out", "data/raw", "data", ".", "link", "link/out", "data/raw/2021/../2022", "/"],
)
@pytest.mark.parametrize("which", ["processed", "reports"])
def test_output_may_not_be_hold_or_lie_in_the_raw_folder(project: Path, folder: str, which: str) -> None:
    """An output folder equal to, inside or around the raw one is refused, links seen through."""
    (project / "link").symlink_to("data/raw/2022")
    before = _tree(project)
    with pytest.raises(UsageError):
        paths.resolve(2022, **{which: folder})
    assert _tree(project) == before


@pytest.mark.parametrize(("processed", "reports"), [("out", "out"), ("out", "out/r"), ("out/p", "out")])
def test_outputs_may_not_share_a_folder(project: Path, processed: str, reports: str) -> None:
    """Each output folder is swapped as a whole, so one may not be or hold the other."""
    with pytest.raises(UsageError):
        paths.resolve(2022, processed=processed, reports=reports)


def test_neighbours_of_the_raw_folder_are_fine(project: Path) -> None:
    """A folder beside the raw one, or one whose name begins like it, is allowed."""
    found = paths.resolve(2022, processed="data/raw/2022-out", reports="data/raw/2022.reports")
    assert found.processed == project / "data" / "raw" / "2022-out"


def test_output_may_not_be_a_file_or_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, the home folder and the folder of the whole project are refused: they cannot be swapped away."""
    (project / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("HOME", str(project / "home"))
    raw = project / "data" / "raw" / "2022"
    for folder in ("file", "home", str(project.parent)):
        with pytest.raises(UsageError):
            paths.resolve(2022, raw=raw, processed=folder)


@pytest.mark.parametrize("folder", ["a\0b", "x" * 300])
def test_impossible_names_are_wrong_usage(project: Path, folder: str) -> None:
    """A name that no disk takes is wrong usage, not a traceback."""
    with pytest.raises(UsageError):
        paths.resolve(2022, raw=folder)


def test_outside_any_project_all_folders_must_be_named(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a project the default places are unknown: the message names the option to use."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "project_root", lambda: None)
    raw = project / "data" / "raw" / "2022"
    with pytest.raises(UsageError, match="--processed"):
        paths.resolve(2022, raw=raw)
    found = paths.resolve(2022, raw=raw, processed=tmp_path / "p", reports=tmp_path / "r")
    assert found.reports == tmp_path / "r"
    with pytest.raises(UsageError, match="--year"):
        paths.resolve(None, raw=raw)
