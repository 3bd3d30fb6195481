"""The bundle for offices without a network: what goes in, that nothing else does, and that it installs without one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from build import ROOT
from test_offline import _namespace as namespace

from tools import bundle
from tools.offline import install

GRAPH = {
    "a": ("b[fast]>=1", 'posix-only; sys_platform != "win32"', 'dev; extra == "test"'),
    "b": ('windows-only; sys_platform == "win32"', 'speed; extra == "fast"', "a"),
    "speed": ('old; python_version < "3.8"',),
}
ENTRY = "{name}==1.0 \\\n    --hash=sha256:{digest}\n"


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "core.hooksPath=/dev/null")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small git working tree with a tracked script, a tracked table and untracked data."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "单位名录.csv").write_text("单位\n", encoding="utf-8")
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "gone.txt").write_text("x")
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    (folder / "gone.txt").unlink()
    (folder / "data" / "本县数据.csv").write_text("机密", encoding="utf-8")
    return folder


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """Return a folder of fetched wheels: one named ``a``."""
    (tmp_path / "fetched" / "wheels").mkdir(parents=True)
    (tmp_path / "fetched" / "wheels" / "a-1.0-py3-none-any.whl").write_bytes(b"wheel")
    return tmp_path / "fetched"


def lock_of(**wheels: bytes) -> dict[str, str]:
    return {name: ENTRY.format(name=name, digest=sha256(data).hexdigest()) for name, data in wheels.items()}


@pytest.mark.parametrize(
    ("system", "expected"),
    [("linux", {"a", "b", "speed", "posix-only"}), ("windows", {"a", "b", "speed", "windows-only"})],
)
def test_closure_is_judged_for_the_target_system(system: str, expected: set[str]) -> None:
    """Markers are those of the office's system and Python 3.11; extras count where asked for; a loop ends."""
    found = bundle.closure(["a==1.0"], bundle.SYSTEMS[system].environment, lambda name: GRAPH.get(name, ()))
    assert found == expected


def test_an_extra_that_is_asked_for_later_still_counts() -> None:
    """A package that was seen without its extra is looked at again when somebody asks for the extra."""
    graph = {"x": ("y", "z"), "z": ("y[e]",), "y": ('w; extra == "e"',)}
    environment = bundle.SYSTEMS["linux"].environment
    assert bundle.closure(["x"], environment, lambda name: graph.get(name, ())) == {"w", "x", "y", "z"}


@pytest.mark.parametrize("system", sorted(bundle.SYSTEMS))
def test_every_needed_package_is_pinned_with_a_hash(system: str) -> None:
    """For each system the locks pin all that the project needs; tests and checks stay out, the build backend is in."""
    lock = bundle.bundle_lock(bundle.SYSTEMS[system])
    assert {"typst", "pyarrow", "jupyterlab", "setuptools", "noto-cjk-sans-otc", "pylopdf-fonts-zh-cn"} <= set(lock)
    assert not {"pytest", "mypy", "playwright", "hypothesis", "weasyprint"} & set(lock)
    assert ("colorama" in lock, "pywinpty" in lock) == ((True, True) if system == "windows" else (False, False))
    assert ("ptyprocess" in lock) == (system == "linux")
    for name, entry in lock.items():
        assert re.match(r"[A-Za-z0-9._-]+==\S+ \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+\Z", entry), name


def test_windows_lock_holds_nothing_that_the_lock_has() -> None:
    """The list pinned by hand is only what requirements.lock cannot know, so that no version stands in two places."""
    extra = bundle.read_lock((bundle.OFFLINE / "windows.lock").read_text(encoding="utf-8"))
    known = bundle.read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert set(extra) == {"colorama", "pywinpty"}
    assert not set(extra) & set(known)
    assert len(known) > 150


def test_a_package_without_a_pin_stops_the_bundle() -> None:
    """A need that no lock pins is named, instead of being left out."""
    with pytest.raises(ValueError, match=r"no lock pins unheard-of \(linux\)"):
        bundle.bundle_lock(bundle.SYSTEMS["linux"], requires=lambda name: ("unheard-of",))


def test_a_lock_entry_without_a_hash_is_refused() -> None:
    """An entry that would let any file in is an error."""
    with pytest.raises(ValueError, match=r"not pinned with a hash: a==1\.0"):
        bundle.read_lock("a==1.0\n")


def test_wheels_are_held_against_the_lock(fetched: Path) -> None:
    """One wheel for each entry, with its hash; another content, a stranger or a missing one is an error."""
    wheels = fetched / "wheels"
    bundle.check_wheels(lock_of(a=b"wheel"), wheels)
    with pytest.raises(ValueError, match="not the wheel that the lock pins"):
        bundle.check_wheels(lock_of(a=b"other"), wheels)
    with pytest.raises(ValueError, match="no wheel of b"):
        bundle.check_wheels(lock_of(a=b"wheel", b=b""), wheels)
    (wheels / "a-1.0.tar.gz").write_bytes(b"wheel")
    with pytest.raises(ValueError, match="not a wheel that was asked for"):
        bundle.check_wheels(lock_of(a=b"wheel"), wheels)


@pytest.mark.parametrize("system", sorted(bundle.SYSTEMS))
def test_archive_holds_tracked_files_wheels_and_installer(project: Path, fetched: Path, system: str) -> None:
    """In are what git tracks and still is there, the wheels, lock, installer and sums; untracked data never."""
    target = bundle.SYSTEMS[system]
    files = bundle.contents(target, lock_of(a=b"wheel"), fetched, project)
    assert set(files) == {
        "data/单位名录.csv",
        "run.sh",
        "offline/wheels/a-1.0-py3-none-any.whl",
        "requirements.lock",
        "offline/install.py",
        "offline/SHA256SUMS",
        "安装.bat" if system == "windows" else "install.sh",
    }
    assert {name for name, (_, rights) in files.items() if rights == 0o755} == {"run.sh", target.started_as}
    sums = dict(line.split("  ")[::-1] for line in files["offline/SHA256SUMS"][0].decode().splitlines())
    assert sums == {n: sha256(c).hexdigest() for n, (c, _) in files.items() if n != "offline/SHA256SUMS"}


def test_archives_have_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Whatever order the files come in and whoever packs them: the same bytes, sorted, on one day, with rights."""
    files = {"b/乙.sh": (b"2", 0o755), "a.txt": (b"1", 0o644)}
    turned = dict(reversed(files.items()))
    for write, name in ((bundle.write_tar, "x.tar"), (bundle.write_zip, "x.zip")):
        write(files, "top", tmp_path / name)
        write(turned, "top", tmp_path / f"again-{name}")
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
    with tarfile.open(tmp_path / "x.tar") as tar:
        assert [(e.name, e.mode, e.mtime, e.uid, e.uname) for e in tar] == [
            ("top/a.txt", 0o644, 315532800, 0, ""),
            ("top/b/乙.sh", 0o755, 315532800, 0, ""),
        ]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert [entry.filename for entry in archive.infolist()] == ["top/a.txt", "top/b/乙.sh"]


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    """Lay files into a folder with the sums that a bundle has."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "offline").mkdir(exist_ok=True)
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    (folder / "offline" / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return folder


def test_installer_finds_a_damaged_or_missing_file(tmp_path: Path) -> None:
    """A copy that lost or changed a file is told by that file's name before anything is installed."""
    folder = unpacked(tmp_path, {"a.txt": b"1", "data/乙 丙.csv": b"2"})
    assert install.check_files(folder) == 2
    (folder / "data/乙 丙.csv").write_bytes(b"3")
    with pytest.raises(install.Stopped, match=r"文件不完整：data/乙 丙\.csv"):
        install.check_files(folder)
    (folder / "a.txt").unlink()
    with pytest.raises(install.Stopped, match=r"文件不完整：a\.txt"):
        install.check_files(folder)


@pytest.mark.parametrize(
    ("version", "wide", "fits"),
    [((3, 10), True, False), ((3, 11), True, True), ((3, 12), True, False), ((3, 11), False, False)],
)
def test_installer_wants_the_python_that_the_wheels_are_for(version: tuple[int, int], wide: bool, fits: bool) -> None:
    """3.11 of 64 bits is taken; older, newer or 32 bits is refused in words."""
    if fits:
        install.check_python(version, wide)
    else:
        with pytest.raises(install.Stopped, match=r"需要 64 位的 Python 3\.11"):
            install.check_python(version, wide)


def test_installers_are_well_formed() -> None:
    """The shell script parses; the batch file has Windows line ends, sets UTF-8 before its first Chinese word."""
    script = bundle.OFFLINE / "install.sh"
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    batch = (bundle.OFFLINE / "install.bat").read_bytes()
    assert batch.count(b"\n") == batch.count(b"\r\n") > 5
    lines = batch.decode("utf-8").splitlines()
    assert lines[1].startswith("chcp 65001") and all(line.isascii() for line in lines[:2])


_FAKES = {
    # a Python that lacks venv until packages are installed
    "python3.11": 'case "$*" in *install.py*) echo "RAN $*";; *) [ -f installed ];; esac',
    "dpkg-deb": 'basename "$2" | cut -d_ -f1',
    "dpkg-query": '[ "$4" = have ] && echo "install ok installed"',
    "dpkg": 'echo "$*" > installed',
    "id": 'echo "$FAKE_UID"',
}


def office(tmp_path: Path, uid: int, release: str) -> subprocess.CompletedProcess[str]:
    """Run install.sh where Python has no venv and the bundle has two packages, one of which is there already."""
    if not bundle.debian_release():
        pytest.skip("no /etc/os-release to compare with")
    shutil.copy(bundle.OFFLINE / "install.sh", tmp_path)
    debs = tmp_path / "offline" / "debs"
    debs.mkdir(parents=True)
    (debs / "RELEASE").write_text(release)
    for name in ("have_1.deb", "want_2.deb"):
        (debs / name).write_bytes(b"")
    (tmp_path / "bin").mkdir()
    for name, script in (_FAKES | {"python3": _FAKES["python3.11"]}).items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    settings = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "FAKE_UID": str(uid)}
    return subprocess.run(
        ["sh", "install.sh"], cwd=tmp_path, env=settings, capture_output=True, encoding="utf-8", check=False
    )


def test_only_missing_packages_are_installed(tmp_path: Path) -> None:
    """An administrator without venv: the packages that are not there yet are installed, then the installer runs."""
    done = office(tmp_path, 0, bundle.debian_release())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "installed").read_text() == "-i offline/debs/want_2.deb\n"
    assert done.stdout.splitlines()[-1] == "RAN offline/install.py"


@pytest.mark.parametrize(
    ("uid", "release", "said"), [(1000, "", "sudo sh install.sh --system"), (0, "x 1\n", "不适用于本机")]
)
def test_packages_are_never_forced(tmp_path: Path, uid: int, release: str, said: str) -> None:
    """Somebody without the right, or another release: nothing is installed, and it is said what to do."""
    done = office(tmp_path, uid, release or bundle.debian_release())
    assert done.returncode == 1
    assert "Python 3.11（含 venv）" in done.stderr and said in done.stderr
    assert not (tmp_path / "installed").exists()


def test_nothing_in_the_installer_asks_for_the_network() -> None:
    """No installer downloads: pip is told so, and neither apt nor a download tool is called."""
    for name in ("install.sh", "install.bat", "install.py"):
        text = (bundle.OFFLINE / name).read_text(encoding="utf-8")
        assert not re.search(r"\b(apt|apt-get|curl|wget|Invoke-WebRequest|urllib)\b", text), name
    assert '"--no-index"' in (bundle.OFFLINE / "install.py").read_text(encoding="utf-8")


def test_debian_release_is_read(tmp_path: Path) -> None:
    """The release that Debian packages fit is named as install.sh compares it; none where there is no such file."""
    file = tmp_path / "os-release"
    file.write_text('NAME="Debian"\nVERSION_ID="12"\nID=debian\nID_LIKE=x\n')
    assert bundle.debian_release(file) == "debian 12\n"
    assert bundle.debian_release(tmp_path / "none") == ""


@pytest.mark.deep
def test_bundle_installs_and_works_without_a_network(tmp_path: Path) -> None:
    """Made from a clone, unpacked elsewhere: where there is no route to anywhere it installs, checks, and reports."""
    command, reason = namespace()
    if not command:
        pytest.skip(reason)
    clone = tmp_path / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    git(clone, "init", "-q")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "x")
    made = bundle.make(bundle.SYSTEMS["linux"], tmp_path / "bundle", clone)
    place = tmp_path / "办公电脑"
    with tarfile.open(made) as archive:
        archive.extractall(place, filter="data")
    (folder,) = place.iterdir()
    home = tmp_path / "home"
    home.mkdir()
    settings = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHON": sys.executable}

    def offline(*arguments: str) -> subprocess.CompletedProcess[str]:
        words = [*command, *arguments]
        return subprocess.run(words, cwd=folder, env=settings, capture_output=True, text=True, check=False)

    installed = offline("sh", "install.sh")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert "安装完成" in installed.stdout
    checked = offline(".venv/bin/assess", "check")
    assert checked.returncode == 0, checked.stderr
    assert "检查通过" in checked.stdout
    reported = offline(".venv/bin/assess", "run", "--unit", "T01", "--jobs", "1")
    assert reported.returncode == 0, reported.stderr
    assert {file.name for file in (folder / "reports/2022/units").iterdir()} == {
        f"T01.{e}" for e in ("html", "pdf", "ipynb")
    }
    # make takes the environment for built: otherwise it would reach for the network
    ready = offline("make", "--dry-run", "setup")
    assert (ready.returncode, "setup.sh" in ready.stdout) == (0, False), ready.stdout


@pytest.mark.deep
def test_windows_bundle_has_every_wheel(tmp_path: Path) -> None:
    """The archive for Windows has a wheel for each entry of its lock, none built for another system."""
    made = bundle.make(bundle.SYSTEMS["windows"], tmp_path)
    with zipfile.ZipFile(made) as archive:
        wheels = [Path(name).name for name in archive.namelist() if "/offline/wheels/" in name]
    assert {bundle.normal(name.split("-")[0]) for name in wheels} == set(bundle.bundle_lock(bundle.SYSTEMS["windows"]))
    assert {name.removesuffix(".whl").split("-")[-1] for name in wheels} == {"any", "win_amd64"}
