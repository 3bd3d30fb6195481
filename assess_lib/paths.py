"""Where things lie for a year: the raw folder, the processed folder and the reports folder.

The one module that knows the project's layout. Nothing is created or touched here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from assess_lib.errors import UsageError

UNUSABLE_FOLDER = "文件夹名称不可用：过长、含有不能用的字符，或链接成环。请另指一个文件夹。"
"""What is said of a folder whose name the system cannot follow: a NUL, too long, a loop of links, no home."""

RAW_VARIABLE = "ASSESS_RAW"
PROCESSED_VARIABLE = "ASSESS_PROCESSED"
REPORTS_VARIABLE = "ASSESS_REPORTS"
SLICE_VARIABLE = "ASSESS_SLICE"
"""Names the file with the one unit's data that a report in a batch is made of; while it lies there, nothing else is."""


@dataclass(frozen=True, slots=True)
class YearPaths:
    """A year's three folders, absolute; ``shown`` holds them as the person wrote them, for messages."""

    year: int
    raw: Path
    processed: Path
    reports: Path
    shown: tuple[str, str, str] = ("", "", "")

    @property
    def shown_raw(self) -> str:
        """The raw folder as the person knows it."""
        return self.shown[0] or self.raw.name

    @property
    def shown_processed(self) -> str:
        """The processed folder as the person knows it."""
        return self.shown[1] or self.processed.name

    @property
    def shown_reports(self) -> str:
        """The reports folder as the person knows it."""
        return self.shown[2] or self.reports.name


def _is_root(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() and (folder / "data" / "raw").is_dir()


def handed_slice() -> Path | None:
    """Return the file with the data of the unit whose report a batch is making here; None outside of such a report."""
    given = os.environ.get(SLICE_VARIABLE, "")
    return Path(given) if given and os.path.isfile(given) else None


def whole_set() -> None:
    """See that the whole set may be read: a unit's report in a batch has its own data and must need nothing else.

    Raises UsageError where only a slice may be read: what a report reads beyond it would go stale unseen.
    """
    if handed_slice() is not None:
        raise UsageError(
            "成批出报告时，单位报告的笔记本只能用 views.open_unit 读取本单位的数据，不能读取整套结果或原始表格。"
            "请去掉多读的部分，或放进全县的笔记本。"
        )


def project_root() -> Path | None:
    """Return the nearest folder above the working directory, else above the package, that holds the project."""
    package = Path(__file__).resolve().parent
    try:
        here = [Path.cwd(), *Path.cwd().parents]
    except FileNotFoundError:  # the working directory was deleted
        here = []
    return next((folder for folder in [*here, *package.parents] if _is_root(folder)), None)


def years(root: Path) -> list[int]:
    """Return the years that have a folder in ``data/raw``, oldest first."""
    names = [entry.name for entry in (root / "data" / "raw").iterdir() if entry.is_dir()]
    return sorted(int(name) for name in names if len(name) == 4 and name.isascii() and name.isdigit())


def is_staging(folder: Path) -> bool:
    """Tell whether the folder is itself being built, by a run that holds the lock of the real one."""
    return folder.name.startswith(".") and folder.name.endswith(".building")


def _is_same(one: Path, other: Path) -> bool:
    if one == other:
        return True
    try:  # catches names that differ in case only, where the disk does not tell case apart
        return one.samefile(other)
    except OSError:
        return False


def lies_within(inner: Path, outer: Path) -> bool:
    """Tell whether ``inner`` is ``outer`` or lies somewhere inside it (both absolute, links resolved)."""
    return any(_is_same(folder, outer) for folder in (inner, *inner.parents))


def _check_output(what: str, option: str, folder: Path, raw: Path, root: Path | None) -> None:
    if lies_within(folder, raw) or lies_within(raw, folder):
        raise UsageError(f"{what}不能与原始数据文件夹相同，也不能互相包含。请用 {option} 另指一个文件夹。")
    protected = [
        Path.home(),
        Path(__file__).resolve().parent,
        *([root] if root else []),
    ]
    if folder == Path(folder.anchor) or any(lies_within(place, folder) for place in protected):
        raise UsageError(f"{what}不能是项目根目录、个人主目录或它们的上级文件夹。请用 {option} 另指一个文件夹。")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{what}是一个文件，不是文件夹。请用 {option} 另指一个文件夹。")
    if not folder.name.strip(".") or (folder.name.startswith(".") and folder.name.endswith((".old", ".lock"))):
        raise UsageError(f"{what}的名称不可用：{folder.name}。请用 {option} 另指一个文件夹。")


def drafts_folder(where: YearPaths, given: str | os.PathLike[str] | None = "") -> Path:
    """Return the absolute folder for a year's drafts: the given one, else ``data/drafts/<year>`` of the project.

    Drafts are nobody's input and nobody's result until a person puts them into the raw folder. Raises UsageError for
    a place in, at or around a raw, processed or reports folder, of whatever year, and where there is no project.
    """
    root = project_root()
    try:
        if given:
            folder = Path(given).expanduser().resolve()
        elif root is not None:
            folder = (root / "data" / "drafts" / str(where.year)).resolve()
        else:
            raise UsageError("不在项目文件夹内，无法确定草稿的位置。请在第一格的 drafts 中写明文件夹。")
        official = [where.raw, where.processed, where.reports]
        if root is not None:
            official += [place.resolve() for place in (root / "data/raw", root / "data/processed", root / "reports")]
        if any(lies_within(folder, place) or lies_within(place, folder) for place in official):
            raise UsageError("草稿不能写进原始数据、结果或报告文件夹，也不能写在它们的上级。请另指一个文件夹。")
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"草稿文件夹 {folder.name} 是一个文件。请另指一个文件夹。")
    except (ValueError, OSError, RuntimeError) as error:  # a NUL, a name too long, a loop of links, no home
        raise UsageError(UNUSABLE_FOLDER) from error
    return folder


def resolve(
    year: int | None = None,
    raw: str | os.PathLike[str] | None = "",
    processed: str | os.PathLike[str] | None = "",
    reports: str | os.PathLike[str] | None = "",
) -> YearPaths:
    """Find a year's folders: each from its argument, else from its environment variable, else the default place.

    The default year is the newest folder of ``data/raw``. Raises UsageError, with nothing touched, for a year
    without a raw folder, an output folder that is, holds or lies in the raw one, and outputs that share a folder.
    """
    whole_set()
    root = project_root()
    if year is None:
        found = years(root) if root else []
        if not found:
            raise UsageError("data/raw 下没有年度文件夹。请在项目文件夹内运行，或用 --year 和 --raw 指明。")
        year = found[-1]

    def place(argument: str | os.PathLike[str] | None, variable: str, *default: str) -> tuple[Path, str]:
        given = os.fspath(argument or "") or os.environ.get(variable, "")
        if given:
            return Path(given).expanduser(), given
        if root is None:
            option = {RAW_VARIABLE: "--raw", PROCESSED_VARIABLE: "--processed"}.get(variable, "--reports")
            raise UsageError(f"不在项目文件夹内，无法确定默认位置。请进入项目文件夹再运行，或用 {option} 指明。")
        return root.joinpath(*default, str(year)), "/".join((*default, str(year)))

    try:
        raw_path, raw_shown = place(raw, RAW_VARIABLE, "data", "raw")
        processed_path, processed_shown = place(processed, PROCESSED_VARIABLE, "data", "processed")
        reports_path, reports_shown = place(reports, REPORTS_VARIABLE, "reports")
        if not raw_path.is_dir():
            known = f"现有年度：{'、'.join(map(str, years(root)))}。" if root and years(root) else ""
            raise UsageError(f"没有 {year} 年度的原始数据文件夹：{raw_shown}。{known}")
        raw_path, processed_path, reports_path = (p.resolve() for p in (raw_path, processed_path, reports_path))
        _check_output("结果文件夹", "--processed", processed_path, raw_path, root)
        _check_output("报告文件夹", "--reports", reports_path, raw_path, root)
        if lies_within(processed_path, reports_path) or lies_within(reports_path, processed_path):
            raise UsageError("结果文件夹和报告文件夹不能相同，也不能互相包含。请另指一个文件夹。")
    except (
        ValueError,
        OSError,
        RuntimeError,
    ) as error:  # a NUL, a name too long, a loop of links, no home
        raise UsageError(UNUSABLE_FOLDER) from error
    return YearPaths(
        year,
        raw_path,
        processed_path,
        reports_path,
        (raw_shown, processed_shown, reports_shown),
    )
