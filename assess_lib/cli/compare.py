"""``assess compare``: two processed folders held against each other."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from assess_lib.cli.console import say, show_table, visible
from assess_lib.cli.explain import find_units
from assess_lib.cli.options import Shared, shared
from assess_lib.comparison import Comparison, RowChange, Side, UnitChange, compare_sides, read_side
from assess_lib.errors import UsageError
from assess_lib.paths import lies_within, project_root
from assess_lib.views import words
from assess_lib.views.comparison import (
    INTERNAL,
    ONLY_RANK,
    ROW_WORDS,
    TABLE_COLUMNS,
    ComparisonView,
    places,
    ranks,
    table_rows,
)

# So many causes of one row are told in the terminal; files tell all.
_SHOWN = 5


def _target(given: str, option: str, endings: tuple[str, ...], sides: tuple[Path, Path], raw: Path) -> Path | None:
    """Return where a file is to be written, checked before anything is read.

    Raises UsageError for another ending, a missing folder, something there that is no file, and a place inside a raw
    folder or one of the two sets.
    """
    if not given:
        return None
    try:
        target = Path(given).expanduser()
        folder = target.parent.resolve()
        if "\0" in target.name:
            raise ValueError(given)
        target = folder / target.name
        if target.suffix.lower() not in endings:
            raise UsageError(f"{option} 的文件名应以 {'、'.join(endings)} 结尾；现为：{given}。")
        if not folder.is_dir():
            raise UsageError(f"{option}：没有文件夹 {os.path.dirname(given)}。请先建立，或另写一个位置。")
        if os.path.lexists(target) and (target.is_symlink() or not target.is_file()):
            raise UsageError(f"{option}：{given} 已经存在，而且不是普通文件，不能覆盖。请另写一个文件名。")
    except (ValueError, RuntimeError, OSError) as error:  # a NUL, no home, a loop of links, a name too long
        raise UsageError(f"{option}：文件名不可用：{given}") from error
    root = project_root()
    if lies_within(folder, raw) or (root is not None and lies_within(folder, root / "data" / "raw")):
        raise UsageError(f"{option}：不能写进原始数据文件夹。请另写一个位置。")
    if any(lies_within(folder, side) for side in sides):
        raise UsageError(f"{option}：不能写进被比较的结果文件夹。请另写一个位置。")
    return target


def _write(target: Path, data: bytes) -> None:
    """Put a file in place whole or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=".assess-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # a temporary file is its owner's alone
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _row_lines(row: RowChange, unit: UnitChange, view: ComparisonView, *, numbers: bool) -> Iterator[str]:
    mark = ROW_WORDS[row.kind]
    effect = f"　{view.row_points(row)}（差 {words.signed(row.difference)}）" if numbers else ""
    yield f"  · {mark}{effect}"
    sides = [("原", row.old), ("现", row.new)]
    for name, step in sides:
        if step is not None:
            formula = f"　算式：{step.formula}" if step.formula else ""
            yield f"      {name}：{view.step(step)}{formula}"
            if step.source and row.kind != "cut":
                yield f"          出处：{places(step.source)}"
    reasons = view.reason(row, unit)
    for reason in reasons[:_SHOWN]:
        yield f"      原因：{reason}"
    if len(reasons) > _SHOWN:
        yield f"      ……另有 {len(reasons) - _SHOWN} 条原因，见 --csv 或 --html 的文件"


def _unit_lines(unit: UnitChange, view: ComparisonView) -> Iterator[str]:
    """Tell one unit: result, sum line, what else explains, then each item's rows."""
    yield ""
    yield f"【{view.title(unit)}】"
    yield view.conclusion(unit)
    if view.sum_line(unit):
        yield view.sum_line(unit)
    yield from view.remarks(unit)
    for item in unit.items:
        yield f"{view.item_title(item)}：{view.item_sum(item)}"
        for row in item.rows:
            yield from _row_lines(row, unit, view, numbers=item.difference is not None)
    if unit.cut is not None:
        yield view.cut_title(unit)
        yield from _row_lines(unit.cut, unit, view, numbers=True)
    if unit.others:
        yield "其他有改动的本单位原始记录（以上各行没有引用）："
        for change in unit.others[:_SHOWN]:
            yield f"  · {view.record(change, unit)}"
        if len(unit.others) > _SHOWN:
            yield f"  ……另有 {len(unit.others) - _SHOWN} 条，见 --html 的文件"


def tell(view: ComparisonView) -> None:
    """Print a comparison: the whole, a table of the units that changed, then each of them."""
    for text in view.warnings():
        say(f"注意：{text}")
    overall = view.overall()
    say("一、整体差异" if overall else "一、整体差异：日期、稿别、口径、方案、软件、输入文件、单位名录都相同。")
    for what, text in overall:
        say(f"  {what}　{text}")
    say()
    say(f"二、变动的单位：{view.counts()}")
    if view.main:
        show_table(TABLE_COLUMNS, table_rows(view.main, view))
    if view.followers:
        say(f"{ONLY_RANK}（{len(view.followers)} 个）：")
        rows = [(unit.unit_name, ranks(unit.rank_in_group), ranks(unit.rank_overall)) for unit in view.followers]
        show_table(("单位", "组内名次", "总名次"), rows)
    if view.main:
        say()
        say("三、逐个说明")
        for unit in view.main:
            for line in _unit_lines(unit, view):
                say(line.replace("\n", " "))
        say()
        say(INTERNAL)


def _chosen(comparison: Comparison, sides: tuple[Side, Side], names: tuple[str, ...]) -> Comparison:
    if not names:
        return comparison
    roster = [row for side in reversed(sides) for row in side.tables["单位名录"]]
    return comparison.only(frozenset(find_units(roster, names)))


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--csv", "csv_file", metavar="FILE", default="", help="把每一笔差异写成 csv 文件。")
@click.option("--html", "html_file", metavar="FILE", default="", help="把整个比较写成一个网页文件。")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="单位",
    help="只看这个单位（编码、名称、全称或别名）；可重复。",
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出，供其他程序使用。")
@shared
def compare(
    shared: Shared,
    old: str,
    new: str,
    csv_file: str,
    html_file: str,
    units: tuple[str, ...],
    as_json: bool,
) -> None:
    """比较两个结果文件夹（原 OLD，现 NEW）：整体差异、变动的单位，以及逐笔说明到分的原因。

    用于复核：例如异议处理前后的初评和定稿。有没有差异，退出码都是 0。年度以两个文件夹内的结果为准。

    \b
    示例：
      assess compare 初评/2022 data/processed/2022
      assess compare 初评/2022 data/processed/2022 --unit 城关镇 --html 比较.html --csv 比较.csv
    """
    if shared.readings or shared.run_date:
        raise UsageError("比较的是两个已有的结果，不能再给 --reading 或 --date。")
    folders = _folder(old), _folder(new)
    targets: Mapping[str, Path | None] = {
        "csv": _target(csv_file, "--csv", (".csv",), folders, shared.paths.raw),
        "html": _target(html_file, "--html", (".html", ".htm"), folders, shared.paths.raw),
    }
    sides = read_side(folders[0], old), read_side(folders[1], new)
    comparison = _chosen(compare_sides(*sides), sides, units)
    view = ComparisonView(comparison, sides[0].data, sides[1].data)
    if targets["csv"] is not None:
        _write(targets["csv"], view.to_csv())
    if targets["html"] is not None:
        _write(targets["html"], view.to_html())
    if as_json:
        click.echo(_inert(view.to_json().decode("utf-8")), nl=False)
        return
    say(f"原：{old}（{view.states.old}）")
    say(f"现：{new}（{view.states.new}）")
    tell(view)
    for given in (csv_file, html_file):
        if given:
            say(f"已写入 {given}。")


def _inert(text: str) -> str:
    """Write what could steer a terminal as JSON's own escapes; the value stays the same."""
    return "".join(one if visible(one) == one else json.dumps(one)[1:-1] for one in text)


def _folder(given: str) -> Path:
    try:
        return Path(given).expanduser().resolve()
    except (ValueError, RuntimeError, OSError) as error:
        raise UsageError(f"文件夹名称不可用：{given}") from error
