"""``assess templates``: blank workbooks to hand out."""

from __future__ import annotations

import click

from assess_lib import templates as blank
from assess_lib.cli.console import say
from assess_lib.cli.explain import find_units
from assess_lib.cli.options import Shared, shared
from assess_lib.errors import InputRejected, UsageError
from assess_lib.scheme import Scheme
from assess_lib.scheme_file import load_scheme
from assess_lib.store.fresh import fresh_place


def _read(shared: Shared) -> tuple[Scheme, blank.Known]:
    scheme = load_scheme(shared.paths.raw / "scheme.yaml")
    if scheme.year != shared.paths.year:
        raise UsageError(f"scheme.yaml 是 {scheme.year} 年度的，与本次年度 {shared.paths.year} 不符。")
    return scheme, blank.read_known(shared.paths.raw, scheme)


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="单位",
    help="只为这个单位生成单位文件夹（编码、名称、全称或别名）；可重复。",
)
@shared
def templates(shared: Shared, folder: str, units: tuple[str, ...]) -> None:
    """把空白表格写进文件夹 DIR（须是新的或空的）：每张表一个工作簿，每个单位一个文件夹。

    表格带下拉列表、日期和数字检查、批注和填表说明。填好后不用改名，放进原始数据文件夹即可。
    下拉列表用该年度的单位名录和扣分标准；还没有的，先不设。

    \b
    示例：
      assess templates 发放表格 --year 2022
      assess templates 补发 --unit 城关镇 --unit D14
    """
    place = fresh_place(folder, shared.paths, what="模板", example="assess templates 发放表格")
    try:
        scheme, known = _read(shared)
    except InputRejected as error:
        for problem in error.problems:
            say(f"  {problem}", error=True)
        raise
    codes = None
    if units:
        if not known.roster:
            raise UsageError("还没有单位名录，不能用 --unit。请先把单位名录放进原始数据文件夹。")
        codes = find_units(known.roster, units)
    made = blank.write_templates(place, scheme, known, readings=shared.readings, units=codes)
    shown = folder.rstrip("/") or folder
    say(f"空白表格：{made.tables} 张表各一个工作簿，在 {shown}/。")
    if made.units:
        names, where = "、".join(blank.FILLED_BY_UNITS), f"{shown}/{blank.UNITS_FOLDER}/"
        say(f"单位自填的表：{made.units} 个单位各 {made.files_per_unit} 个（{names}），在 {where}。")
    else:
        say("提示：还没有单位名录，单位一栏没有下拉列表，也没有按单位分的文件夹。")
    if not known.standards:
        say("提示：还没有扣分标准，标准编号一栏没有下拉列表。")
