"""Look at the machine before the work begins: what runs use, and what to do where something is missing.

Each probe looks at one thing and returns a finding; none of them changes anything.
"""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from assess_lib import fonts, paths, store
from assess_lib.errors import AssessError
from assess_lib.scheme_file import load_scheme
from assess_lib.store.folder import disk_reason, exchange

State = Literal["good", "warning", "bad"]
STATE_NAMES: dict[State, str] = {"good": "正常", "warning": "注意", "bad": "不可用"}

OLDEST_PYTHON = (3, 11)
# What a year of a county takes, with room to spare for the folder that is built beside the old one.
ENOUGH_DISK = 2 * 1024**3
ENOUGH_MEMORY = 2 * 1024**3
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, its state, what was found, and the remedy (blank when good)."""

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(year: int | None = None) -> list[Finding]:
    """Look at everything that a run of the year uses; a probe that fails itself is a bad finding, never an error."""
    probes: dict[str, Callable[[], Finding]] = {
        "Python": python,
        "软件包": packages,
        "文字编码": encoding,
        "中文字体": pinned_fonts,
        "PDF 排版": pdf,
        "JupyterLab": jupyter,
        "内存": memory,
        "磁盘空间": lambda: disk(year),
        "结果写入": lambda: whole_replacement(year),
        "年度数据": lambda: rules(year),
    }
    return [_safely(name, probe) for name, probe in probes.items()]


def _safely(name: str, probe: Callable[[], Finding]) -> Finding:
    try:
        return probe()
    except AssessError as error:
        return Finding(name, "bad", str(error), "请先解决上面所说的问题。")
    except Exception as error:  # a probe of a broken machine may fail in any way; that is what is to be told
        return Finding(name, "bad", f"{type(error).__name__}：{error}", "请运行 make setup 后再试。")


def python() -> Finding:
    """Look at the interpreter's version."""
    found = f"{platform.python_version()}（{platform.system()} {platform.machine()}）"
    if sys.version_info[:2] < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        return Finding("Python", "bad", found, f"需要 Python {needed} 或更新的版本。安装后重新运行 make setup。")
    return Finding("Python", "good", found)


def locked_versions(text: str) -> dict[str, str]:
    """Return package and version of every pinned line of a lock file.

    >>> locked_versions("pandas==3.1.1 \\\\\\n    --hash=sha256:0")
    {'pandas': '3.1.1'}
    """
    return {match[1]: match[2] for line in text.splitlines() if (match := _PINNED.match(line))}


def differing_packages(locked: dict[str, str], installed: Callable[[str], str] = version) -> list[str]:
    """Say which packages are missing or of another version than the lock's, as ``name 3.1（应为 3.2）``."""
    found = []
    for name, wanted in locked.items():
        try:
            present = installed(name)
        except PackageNotFoundError:
            found.append(f"{name} 未安装（应为 {wanted}）")
            continue
        if present != wanted:
            found.append(f"{name} {present}（应为 {wanted}）")
    return found


def packages() -> Finding:
    """Compare every installed package with the version that the lock file pins."""
    root = paths.project_root()
    lock = root / "requirements.lock" if root else None
    if lock is None or not lock.is_file():
        return Finding("软件包", "warning", "没有找到 requirements.lock，无法核对版本", "请在项目文件夹内运行。")
    locked = locked_versions(lock.read_text(encoding="utf-8"))
    wrong = differing_packages(locked)
    if not wrong:
        return Finding("软件包", "good", f"{len(locked)} 个，与锁定的版本一致")
    shown = "；".join(wrong[:5]) + (f"；等 {len(wrong)} 个" if len(wrong) > 5 else "")
    return Finding("软件包", "bad", shown, "版本不同，结果文件可能逐字节不同。请运行 make setup。")


def encoding() -> Finding:
    """Look whether file names are read as UTF-8."""
    file_names = sys.getfilesystemencoding()
    found = f"文件名 {file_names}，系统 {locale.getpreferredencoding(False)}"
    if file_names.lower().replace("-", "") != "utf8":
        return Finding("文字编码", "bad", found, "中文文件名会读错。请设置环境变量 PYTHONUTF8=1 后再运行。")
    return Finding("文字编码", "good", found)


def pinned_fonts() -> Finding:
    """Look for the pinned Chinese font files."""
    try:
        names = [path.name for path in fonts.font_files()]
    except AssessError as error:
        return Finding("中文字体", "bad", str(error), "请运行 make setup 重新安装。")
    return Finding("中文字体", "good", "、".join(names))


def pdf() -> Finding:
    """Print one Chinese line as PDF, with everything that needs."""
    from assess_lib.publish import export  # takes half a second to load

    try:
        made = export.to_pdf('<!DOCTYPE html><html lang="zh-CN"><title>试印</title><p>试印：城关镇 93.50 分</p></html>')
    except (AssessError, ImportError) as error:
        return Finding("PDF 排版", "bad", str(error), "请运行 make setup 重新安装；暂不用 PDF 可加 --no-pdf。")
    return Finding("PDF 排版", "good", f"Typst {version('typst')}，试印 {len(made)} 字节")


def jupyter() -> Finding:
    """Look for JupyterLab and the notebooks."""
    try:
        found = f"JupyterLab {version('jupyterlab')}，内核 ipykernel {version('ipykernel')}"
    except PackageNotFoundError as error:
        return Finding("JupyterLab", "bad", f"没有安装 {error.name}", "请运行 make setup。")
    root = paths.project_root()
    if root is None or not (root / "notebooks").is_dir():
        return Finding("JupyterLab", "warning", f"{found}；没有找到 notebooks 文件夹", "请在项目文件夹内运行。")
    return Finding("JupyterLab", "good", found)


def memory() -> Finding:
    """Look how much memory the machine has."""
    try:
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on every system
        return Finding("内存", "good", "本系统不便查询")
    found = f"共 {_size(available)}"
    if available < ENOUGH_MEMORY:
        return Finding("内存", "warning", found, f"建议不少于 {_size(ENOUGH_MEMORY)}；内存小的，运行时加 --jobs 1。")
    return Finding("内存", "good", found)


def _size(count: int) -> str:
    return f"{count / 1024**3:.1f} GB"


def _output_folder(year: int | None) -> Path:
    return paths.resolve(year).processed


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def disk(year: int | None) -> Finding:
    """Look how much room the disk of the processed folder has."""
    place = _existing(_output_folder(year))
    free = shutil.disk_usage(place).free
    found = f"结果文件夹所在磁盘剩余 {_size(free)}"
    if free < ENOUGH_DISK:
        return Finding("磁盘空间", "warning", found, f"建议不少于 {_size(ENOUGH_DISK)}。请清理磁盘。")
    return Finding("磁盘空间", "good", found)


def whole_replacement(year: int | None) -> Finding:
    """Try whether output folders can be written and change places in one step."""
    place = _existing(_output_folder(year).parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".assess-", dir=place) as folder:
            one, other = Path(folder, "one"), Path(folder, "other")
            one.mkdir()
            other.mkdir()
            at_once = exchange(one, other)
    except OSError as error:
        return Finding("结果写入", "bad", f"{place.name}：{disk_reason(error)}", "请检查文件夹权限和磁盘。")
    if at_once:
        return Finding("结果写入", "good", "可写，新旧结果一步互换")
    remedy = "互换分两步进行，运行中不要断电；条件允许时把项目放在本地磁盘上。"
    return Finding("结果写入", "warning", "可写，但本磁盘不支持一步互换", remedy)


def rules(year: int | None) -> Finding:
    """Read the year's scheme and count its files."""
    where = paths.resolve(year)
    try:
        scheme = load_scheme(where.raw / "scheme.yaml", year=where.year)
        files = len(store.hash_inputs(where.raw))
    except AssessError as error:
        return Finding("年度数据", "bad", str(error).splitlines()[0], "请运行 assess check 查看全部问题。")
    sample = "，为演示数据" if scheme.sample else ""
    return Finding("年度数据", "good", f"{where.year} 年度，{files} 个文件，依据 {scheme.document.number}{sample}")


def worst(findings: Iterable[Finding]) -> State:
    """Return the gravest state among the findings; nothing found is good."""
    states = {finding.state for finding in findings}
    return "bad" if "bad" in states else "warning" if "warning" in states else "good"
