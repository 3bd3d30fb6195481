"""Pack everything that an office without a network needs into one archive: ``make bundle``.

``python tools/bundle.py`` writes ``build/bundle/assess-<version>-linux.tar`` and ``…-windows.zip``. In an archive are
the project's tracked files, the wheels that ``requirements.lock`` pins for that system (hashes checked by pip; fonts
are wheels too), for Debian the packages of Python, and an installer that asks the network for nothing. Only
this script uses the network. The same commit, wheels and packages give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
OFFLINE = Path(__file__).resolve().parent / "offline"
TARGET = ROOT / "build" / "bundle"
PYTHON = "3.11"
# What no wheel brings along on Linux: the interpreter.
DEBIAN_PACKAGES = ("python3", "python3-venv")
_DAY = (1980, 1, 1, 0, 0, 0)
_SCRIPT, _PLAIN = 0o755, 0o644
# Wheels for any glibc up to the one of Debian 12.
_GLIBC = 36

Requires = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class System:
    """One system that a bundle is for: pip's platform tags, the environment that markers are judged by, installer."""

    name: str
    platforms: tuple[str, ...]
    environment: Mapping[str, str]
    installer: str
    """Name of the installer's source in ``tools/offline``."""
    started_as: str
    """Name under which people find it in the archive."""
    ending: str


def _environment(sys_platform: str, platform_system: str, os_name: str, machine: str) -> dict[str, str]:
    return {
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "os_name": os_name,
        "platform_machine": machine,
        "python_version": PYTHON,
        "python_full_version": f"{PYTHON}.2",
        "implementation_name": "cpython",
        "implementation_version": f"{PYTHON}.2",
        "platform_python_implementation": "CPython",
    }


SYSTEMS = {
    "linux": System(
        "linux",
        (
            *(f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, 4, -1)),
            *(f"manylinux{old}_x86_64" for old in ("2014", "2010", "1")),
        ),
        _environment("linux", "Linux", "posix", "x86_64"),
        "install.sh",
        "install.sh",
        "tar",
    ),
    "windows": System(
        "windows",
        ("win_amd64",),
        _environment("win32", "Windows", "nt", "AMD64"),
        "install.bat",
        "安装.bat",
        "zip",
    ),
}


# ---- which packages ---------------------------------------------------------------------------------------------


def normal(name: str) -> str:
    """Return a package's name as registries compare it.

    >>> normal("Ruamel.YAML")
    'ruamel-yaml'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> dict[str, str]:
    """Return {package: its whole entry, with the hashes} of a lock file; raise ValueError for an entry without any."""
    found = {}
    for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        entry = "".join(line for line in entry.splitlines(keepends=True) if not line.startswith("#"))
        if not entry.strip():
            continue
        if not re.match(r"[A-Za-z0-9._-]+==[^\s;]+ \\\n", entry) or "--hash=sha256:" not in entry:
            raise ValueError(f"not pinned with a hash: {entry.splitlines()[0]}")
        found[normal(entry.partition("==")[0])] = entry.rstrip() + "\n"
    return found


def hashes(entry: str) -> set[str]:
    """Return the SHA-256 sums that a lock entry allows."""
    return set(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))


def installed_requires(name: str) -> Iterable[str]:
    """Return what an installed package asks for; nothing for one that is for another system."""
    try:
        return distribution(name).requires or ()
    except PackageNotFoundError:
        return ()


def closure(roots: Iterable[str], environment: Mapping[str, str], requires: Requires) -> set[str]:
    """Return every package that the roots (requirement texts) need on a system, by normal name.

    ``requires`` gives a package's own requirements; markers and extras are judged for the system, not for this one.
    """
    seen: dict[str, set[str]] = {}
    waiting = [Requirement(root) for root in roots]
    while waiting:
        wanted = waiting.pop()
        name = normal(wanted.name)
        if name in seen and wanted.extras <= seen[name]:
            continue
        extras = seen.setdefault(name, set())
        extras |= wanted.extras
        for text in requires(name):
            asked = Requirement(text)
            given = [dict(environment) | {"extra": extra} for extra in ("", *sorted(extras))]
            if asked.marker is None or any(asked.marker.evaluate(one) for one in given):
                waiting.append(asked)
    return set(seen)


def runtime_roots(root: Path = ROOT) -> list[str]:
    """Return what the project itself asks for at run time, and what builds it; tests and checks are left out."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [*project["project"]["dependencies"], *project["build-system"]["requires"]]


def bundle_lock(system: System, root: Path = ROOT, requires: Requires = installed_requires) -> dict[str, str]:
    """Return the lock entries of all packages that the project needs on a system.

    Raises ValueError, naming it, when a package is needed that no lock pins.
    """
    known = read_lock((root / "requirements.lock").read_text(encoding="utf-8"))
    if system.name == "windows":
        known = read_lock((OFFLINE / "windows.lock").read_text(encoding="utf-8")) | known
    needed = closure(runtime_roots(root), system.environment, requires)
    unknown = sorted(needed - set(known))
    if unknown:
        raise ValueError(f"no lock pins {', '.join(unknown)} ({system.name})")
    return {name: known[name] for name in sorted(needed)}


# ---- what is fetched --------------------------------------------------------------------------------------------


def download_wheels(lock: Mapping[str, str], system: System, folder: Path) -> None:
    """Fetch one wheel for each entry, its hash checked by pip. Raises CalledProcessError when one cannot be had."""
    file = folder.parent / "wanted.lock"
    file.write_text("".join(lock.values()), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--python-version", PYTHON, "--implementation", "cp"]
    command += ["--abi", "cp311", "--abi", "abi3", "--abi", "none"]
    command += [word for platform in system.platforms for word in ("--platform", platform)]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(file)], check=True)


def check_wheels(lock: Mapping[str, str], folder: Path) -> None:
    """See that there is one wheel for each entry and no other file, each with a hash of its entry; else ValueError."""
    found = set()
    for file in sorted(folder.iterdir()):
        name = normal(file.name.split("-")[0])
        if file.suffix != ".whl" or name not in lock or name in found:
            raise ValueError(f"not a wheel that was asked for: {file.name}")
        if sha256(file.read_bytes()).hexdigest() not in hashes(lock[name]):
            raise ValueError(f"not the wheel that the lock pins: {file.name}")
        found.add(name)
    if missing := sorted(set(lock) - found):
        raise ValueError(f"no wheel of {', '.join(missing)}")


def download_debian(folder: Path) -> bool:
    """Fetch the Debian packages of Python with all they need, signatures checked by apt.

    They are those of this machine's own release, named in ``RELEASE``. Returns False where there is no apt.
    """
    release = debian_release()
    if not shutil.which("apt-get") or not release:
        return False
    (folder / "partial").mkdir(parents=True)
    status = folder.parent / "status"  # as if nothing were installed: the office's machine may have less than this one
    status.write_text("")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "--download-only"]
    options = ("Debug::NoLocking=1", "APT::Sandbox::User=root")
    for option in (*options, f"Dir::State::status={status}", f"Dir::Cache::archives={folder}"):
        command += ["-o", option]
    quiet = subprocess.DEVNULL
    subprocess.run([*command, *DEBIAN_PACKAGES], check=True, stdin=quiet, stdout=quiet)
    (folder / "partial").rmdir()
    (folder / "RELEASE").write_text(release, encoding="utf-8")
    return True


def debian_release(file: Path = Path("/etc/os-release")) -> str:
    """Return ``ID VERSION_ID`` of this machine, blank where it has none."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return ""
    found = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', text, flags=re.MULTILINE))
    return f"{found['ID']} {found['VERSION_ID']}\n" if len(found) == 2 else ""


# ---- what is packed ---------------------------------------------------------------------------------------------


def tracked_files(root: Path = ROOT) -> list[str]:
    """Return the files that git tracks, sorted: a county's own data, which it does not, never get into a bundle."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    names = [name for name in listed.decode("utf-8").split("\0") if name]
    return sorted(name for name in names if (root / name).is_file())


def contents(system: System, lock: Mapping[str, str], fetched: Path, root: Path = ROOT) -> dict[str, tuple[bytes, int]]:
    """Return what goes into the archive: path within it to bytes and rights; sums of all files are added last.

    ``requirements.lock`` in it is the system's own: what is installed there is what ``assess doctor`` looks for.
    """
    files: dict[str, tuple[bytes, int]] = {}
    for name in tracked_files(root):
        rights = _SCRIPT if (root / name).stat().st_mode & 0o100 else _PLAIN
        files[name] = ((root / name).read_bytes(), rights)
    for part in ("wheels", "debs"):
        if (fetched / part).is_dir():
            for file in (fetched / part).iterdir():
                files[f"offline/{part}/{file.name}"] = (file.read_bytes(), _PLAIN)
    files["requirements.lock"] = ("".join(lock.values()).encode(), _PLAIN)
    files["offline/install.py"] = ((OFFLINE / "install.py").read_bytes(), _PLAIN)
    files[system.started_as] = ((OFFLINE / system.installer).read_bytes(), _SCRIPT)
    sums = "".join(f"{sha256(files[name][0]).hexdigest()}  {name}\n" for name in sorted(files))
    return files | {"offline/SHA256SUMS": (sums.encode("utf-8"), _PLAIN)}


def write_tar(files: Mapping[str, tuple[bytes, int]], top: str, target: Path) -> None:
    """Write a tar whose bytes depend on the files alone: sorted, one day, nobody's name."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            content, rights = files[name]
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), rights, 315532800
            archive.addfile(entry, io.BytesIO(content))


def write_zip(files: Mapping[str, tuple[bytes, int]], top: str, target: Path) -> None:
    """Write a zip whose bytes depend on the files alone; stored, as wheels are compressed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            content, rights = files[name]
            entry = zipfile.ZipInfo(f"{top}/{name}", _DAY)
            entry.create_system, entry.external_attr = 3, rights << 16
            archive.writestr(entry, content)


def version(root: Path = ROOT) -> str:
    """Return the project's version."""
    found = re.search(r'__version__ = "([^"]+)"', (root / "assess_lib" / "__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def make(system: System, target: Path, root: Path = ROOT) -> Path:
    """Fetch and pack everything for a system; return the archive."""
    lock = bundle_lock(system, root)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as place:
        fetched = Path(place) / "fetched"
        (fetched / "wheels").mkdir(parents=True)
        print(f"{system.name}：正在下载 {len(lock)} 个软件包……", flush=True)
        download_wheels(lock, system, fetched / "wheels")
        check_wheels(lock, fetched / "wheels")
        if system.name == "linux" and not download_debian(fetched / "debs"):
            print("本机不是 Debian：安装包不含 Python，对方的电脑须已装好。", file=sys.stderr)
        files = contents(system, lock, fetched, root)
        top = f"assess-{version(root)}"
        draft = Path(place) / "draft"
        (write_tar if system.ending == "tar" else write_zip)(files, top, draft)
        made = target / f"{top}-{system.name}.{system.ending}"
        draft.replace(made)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and make the bundles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--system", choices=SYSTEMS, action="append", help="which system (default: all)")
    parser.add_argument("--out", type=Path, default=TARGET, help="where the archives go")
    given = parser.parse_args(arguments)
    try:
        for name in given.system or SYSTEMS:
            made = make(SYSTEMS[name], given.out)
            print(f"{made.name}：{made.stat().st_size / 1e6:.0f} MB，SHA-256 {sha256(made.read_bytes()).hexdigest()}")
    except (subprocess.CalledProcessError, ValueError, OSError) as error:
        print(f"安装包没有做成：{error}", file=sys.stderr)
        return 1
    print(f"在 {given.out.name}/。拷到目标电脑解开：Linux 运行 sh install.sh，Windows 双击 安装.bat。")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
