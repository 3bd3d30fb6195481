"""Install the workbook where there is no network: started by install.sh or 安装.bat, needs Python 3.11 alone.

Lies in the archive as ``offline/install.py``. Checks every file against ``SHA256SUMS``, makes ``.venv`` and installs
the wheels beside it, each held against its pinned hash.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

OFFLINE = Path(__file__).resolve().parent
ROOT = OFFLINE.parent
PYTHON = (3, 11)


class Stopped(Exception):
    """The installation cannot go on; the message says in Chinese what to do."""


def check_python(version: tuple[int, ...] = sys.version_info[:2], wide: bool = sys.maxsize > 2**32) -> None:
    """Raise Stopped for any Python but a 3.11 of 64 bits, which the wheels are built for."""
    if tuple(version) != PYTHON or not wide:
        found = ".".join(map(str, version))
        raise Stopped(f"需要 64 位的 Python 3.11，现为 {found}（{64 if wide else 32} 位）。请装好后重新运行。")


def check_files(root: Path = ROOT) -> int:
    """Hold every file against SHA256SUMS; return how many there are. Raises Stopped for one that differs."""
    lines = (root / "offline" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    for line in lines:
        digest, _, name = line.partition("  ")
        try:
            same = sha256((root / name).read_bytes()).hexdigest() == digest
        except OSError:
            same = False
        if not same:
            raise Stopped(f"文件不完整：{name}。拷贝或解压时可能出错，请重新拷贝安装包。")
    return len(lines)


def run(*command: str) -> None:
    """Run a step without a network; raise Stopped when it fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")} | {
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUTF8": "1",
    }
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise Stopped("安装没有完成，原因见上面的提示。请检查磁盘空间和权限后重新运行。")


def install() -> None:
    """Make .venv anew and put everything into it."""
    check_python()
    print(f"已核对 {check_files()} 个文件。")
    print("正在安装，约需几分钟……", flush=True)
    place = ROOT / ".venv"
    try:
        venv.EnvBuilder(with_pip=True, clear=True).create(place)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Stopped(f"无法建立 .venv：{error}。请检查磁盘空间和权限。") from error
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pip = (python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    wheels = str(OFFLINE / "wheels")
    run(*pip, "--require-hashes", "--find-links", wheels, "--requirement", "requirements.lock")
    run(*pip, "--no-build-isolation", "--editable", ".")
    kernel = ("kernelspec", "install", "--sys-prefix", "--name", "python3-warm", "assess_lib/warm/kernelspec")
    run(python, "-m", "jupyter", *kernel)
    if os.name == "posix":  # make takes the environment for built
        run("sh", "-c", 'touch ".venv/.ready-$(pwd -P | cksum | cut -d" " -f1)"')
    subprocess.run([python, "-m", "assess_lib", "doctor"], cwd=ROOT, check=False)
    command = r".venv\Scripts\assess.exe" if os.name == "nt" else ".venv/bin/assess"
    print(f"安装完成。试运行：{command} check；使用手册：notebooks/manual.md")


def main() -> int:
    """Install; return 0, or 1 when something stands in the way."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        install()
    except Stopped as error:
        print(f"安装未完成：{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
