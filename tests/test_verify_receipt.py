"""What a receipt says of the software: complete, the same for the same code, another for another."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from build import ROOT

from assess_lib.store import receipt
from assess_lib.store.receipt import LIBRARIES, code_digest, overrides, software

# Asked for by the project, but no number or byte of an output can depend on them.
NO_INFLUENCE = {
    "anywidget": "carries the workbench's table, which writes nothing",
    "ipywidgets": "controls of the workbench notebook, which writes nothing",
    "itables": "tables of the workbench notebook, which writes nothing",
    "jupyter-client": "carries cells to kernels",
    "jupyterlab": "where analysts work",
    "jupyterlab-language-pack-zh-cn": "words of JupyterLab's menus",
    "rich": "tables in the terminal",
}
# Not asked for by name, but they come with those that are, and write bytes.
BEHIND = {"markupsafe", "mistune", "numpy"}


def normal(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_matters_is_in_the_receipt() -> None:
    """Each runtime dependency is named in receipts or has a reason why not; each named one is installed and locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.split(r"[=<>~\[ ]", line)[0] for line in project["dependencies"]}
    assert asked - set(LIBRARIES) == asked & set(NO_INFLUENCE)
    assert set(LIBRARIES) - asked == BEHIND
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = {normal(match[1]): match[2] for match in re.finditer(r"^([\w.-]+)==([^\s;]+)", lock, re.M)}
    found = software()["libraries"]
    assert found == {name: pins[normal(name)] for name in LIBRARIES}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package with code, a template and things that are no source."""
    folder = tmp_path / "here" / "package"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.py").write_bytes(b"x = 1\n")
    (folder / "sub" / "b.py").write_bytes(b"y = 2\n")
    (folder / "sub" / "page.html.j2").write_bytes(b"<p>{{ x }}</p>\n")
    return folder


def test_the_same_code_has_the_same_digest_anywhere(package: Path, tmp_path: Path) -> None:
    """Place, Windows line ends, compiled files, message catalogues and hidden files do not change the digest."""
    digest = code_digest(package)
    assert re.fullmatch("[0-9a-f]{64}", digest)
    other = tmp_path / "there"
    shutil.copytree(package, other)
    (other / "a.py").write_bytes(b"x = 1\r\n")
    (other / "__pycache__").mkdir()
    (other / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"compiled")
    (other / "__pycache__" / "left.py").write_bytes(b"z = 3\n")
    (other / "messages.mo").write_bytes(b"compiled")
    (other / ".a.py.swp").write_bytes(b"open in an editor")
    (other / ".hidden").mkdir()
    (other / ".hidden" / "c.py").write_bytes(b"z = 3\n")
    assert code_digest(other) == digest


@pytest.mark.parametrize("change", ["content", "name", "template", "new", "gone", "moved"])
def test_other_code_has_another_digest(change: str, package: Path) -> None:
    """A changed line, a changed template, a file renamed, added, removed or moved: each is other code."""
    digest = code_digest(package)
    if change == "content":
        (package / "a.py").write_bytes(b"x = 2\n")
    elif change == "name":
        (package / "a.py").rename(package / "c.py")
    elif change == "template":
        (package / "sub" / "page.html.j2").write_bytes(b"<p>{{ y }}</p>\n")
    elif change == "new":
        (package / "query.sql").write_bytes(b"select 1\n")
    elif change == "gone":
        (package / "a.py").unlink()
    else:
        (package / "sub" / "b.py").rename(package / "b.py")
    assert code_digest(package) != digest


def test_receipts_name_this_very_code() -> None:
    """The digest in receipts is that of the package that runs, all of its modules included."""
    assert software()["code"] == code_digest(ROOT / "assess_lib")
    names = {name for name, _ in receipt._source_files(ROOT / "assess_lib")}
    assert {"scoring.py", "rules/award.py", "publish/templates/fragments/facts.html.j2"} <= names
    assert not [name for name in names if name.endswith((".pyc", ".mo", ".po"))]


def test_overrides_are_readings_other_than_the_schemes() -> None:
    """Of the readings in force, those that are not the scheme's default are told apart."""
    defaults = {"bonus_gate": "above", "q1_report": "not_scored"}
    assert overrides(defaults, defaults) == {}
    assert overrides(defaults | {"bonus_gate": "at_least"}, defaults) == {"bonus_gate": "at_least"}
