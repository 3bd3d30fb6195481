"""The project's own promises: its lock, its environment, its targets, its architecture and its checks."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
TARGETS = {"setup", "run", "test", "test-deep", "lab", "bench", "clean", "lock", "sample"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's root without standard input."""
    return subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


def normal(name: str) -> str:
    """Return a package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_entries() -> dict[str, str]:
    """Return {package: its whole entry in the lock, with the hashes}."""
    entries = re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)
    return {normal(e.split("==")[0]): e for e in entries if e.strip() and not e.startswith("#")}


def lock_pins() -> dict[str, str]:
    """Return {package: version} of the lock."""
    return {name: entry.split("==")[1].split()[0] for name, entry in lock_entries().items()}


def project_files() -> list[Path]:
    """Return every file that is, or would be, committed."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode != 0:
        pytest.skip("not a git working tree")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_every_lock_entry_has_an_exact_version_and_a_hash() -> None:
    """What is installed is exactly what was locked, byte for byte."""
    entries = lock_entries()
    assert len(entries) > 50
    for name, entry in entries.items():
        assert re.match(r"^[A-Za-z0-9._-]+==[^\s;]+ \\\n", entry), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), name


def test_setup_installs_the_lock_and_nothing_that_a_resolver_chose() -> None:
    """Setup takes the lock as it stands and then checks it: pip 23 looked for newer releases of extras and failed."""
    script = (ROOT / "tools" / "setup.sh").read_text(encoding="utf-8")
    install = script.index("pip install -qq --no-deps --require-hashes -r requirements.lock")
    assert install < script.index("pip check")


def test_lock_holds_no_address() -> None:
    """The lock pins versions and hashes alone; where they come from is the machine's business."""
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(?!-hash=)", LOCK, flags=re.MULTILINE)


def test_direct_dependencies_are_those_of_the_lock() -> None:
    """pyproject.toml names exact versions, and the lock holds each of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    direct = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    direct += project["project"]["optional-dependencies"]["dask"]
    direct += project["build-system"]["requires"]
    pins = lock_pins()
    for requirement in direct:
        name, version = requirement.split("==")
        assert pins[normal(name)] == version


def test_conda_environment_equals_the_lock() -> None:
    """Conda users get the same packages in the same versions as everybody else."""
    environment = YAML(typ="safe", pure=True).load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert dict(sorted(pin.split("==") for pin in pip)) == lock_pins()
    assert {"python=3.11", "pip"} <= {e for e in environment["dependencies"] if isinstance(e, str)}


def test_bare_make_lists_every_target() -> None:
    """A bare make tells a newcomer what there is, one described line a target."""
    done = run("make", "--no-print-directory")
    assert done.returncode == 0, done.stderr
    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", done.stdout, flags=re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert phony is not None
    assert set(listed) == set(phony[1].split())
    assert set(listed) >= TARGETS


@pytest.mark.parametrize("target", ["run", "test", "lab", "bench"])
def test_targets_begin_with_setup(target: str) -> None:
    """Nobody has to know that the environment must be built first."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}: setup ## ", makefile, flags=re.MULTILINE)


def test_clean_spares_data_and_reports() -> None:
    """make clean never removes input or results."""
    done = run("make", "--no-print-directory", "--dry-run", "clean")
    assert done.returncode == 0, done.stderr
    words = set(re.split(r"[\s()\\]+", done.stdout))
    assert "build" in words
    assert not [word for word in words if word.startswith(("data", "reports", "./data", "./reports")) or word == "."]


def test_scripts_are_executable() -> None:
    """The check script and the setup script run as they stand in a clone."""
    for name in (".ci/run", "tools/setup.sh"):
        assert (ROOT / name).stat().st_mode & 0o111, name
        assert run("bash", "-n", name).returncode == 0, name


def test_no_file_names_a_registry_or_a_place_on_this_machine() -> None:
    """The project installs and runs anywhere: no registry host, no absolute path of a machine."""
    hosts = ("py" + "pi.org", "python" + "hosted.org", "ana" + "conda.org", "npm" + "js.")
    registry = re.compile("|".join(re.escape(host) for host in hosts))
    machine = re.compile(r"(?<![\w.~:/-])/(?:" + "|".join(("home", "root", "Users", "work")) + r")/\w")
    found = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", "ignore")
        for pattern in (registry, machine):
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
        if len(ROOT.parts) > 2 and str(ROOT) in text:
            found.append(f"{path.relative_to(ROOT)}: the project's own place")
    assert found == []


def test_imports_run_one_way() -> None:
    """The layers hold: exact numbers at the bottom, the command line on top, no rule knows another."""
    done = run(str(BIN / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Contracts: 4 kept, 0 broken." in done.stdout


def test_ruff_finds_nothing() -> None:
    """The code follows the lint rules that pyproject.toml names."""
    done = run(str(BIN / "ruff"), "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_mypy_finds_nothing() -> None:
    """Every public function says what it takes and returns, and keeps to it."""
    done = run(str(BIN / "mypy"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_cases_reach_every_branch_of_the_rules() -> None:
    """Every branch of the rules, of the order of judgement and of the quotas is reached by a case that one can read."""
    done = run(
        *(
            str(BIN / "python"),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/test_cases.py",
            "tests/test_rules_case.py",
        ),
        *(f"--cov=assess_lib.{name}" for name in ("rules", "scoring", "composition", "quotas")),
        *("--cov-branch", "--cov-fail-under=100"),
    )
    assert done.returncode == 0, done.stdout[-3000:]
