"""``assess pack``: a zip for each unit, to be sent to it."""

from __future__ import annotations

import click

from assess_lib.cli.console import say
from assess_lib.cli.explain import find_units
from assess_lib.cli.options import Shared, shared
from assess_lib.errors import UsageError
from assess_lib.publish.packs import write_packs
from assess_lib.store import read_tables
from assess_lib.store.fresh import fresh_place


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--unit", "units", multiple=True, metavar="单位", help="只为这个单位（编码、名称、全称或别名）；可重复。")
@shared
def pack(shared: Shared, folder: str, units: tuple[str, ...]) -> None:
    """为每个单位打一个压缩包“单位编码.zip”，写进文件夹 DIR（须是新的或空的）。

    压缩包里只有本单位的内容：报告（网页和 PDF）、待办清单、台账、说明。先要有评分结果和报告（assess run）。

    \b
    示例：
      assess pack 发放初评稿
      assess pack 补发 --unit 城关镇 --unit D14
    """
    if shared.readings or shared.run_date:
        raise UsageError("压缩包里放的是现有的报告，不能再给 --reading 或 --date。")
    target = fresh_place(folder, shared.paths, what="单位材料", example="assess pack 发放初评稿")
    roster = read_tables(shared.paths.processed, ["单位名录"])["单位名录"] if units else ()
    codes = find_units(roster, units)
    made = write_packs(target, shared.paths, codes)
    shown = folder.rstrip("/") or folder
    say(f"单位材料：{len(made.units)} 个压缩包，在 {shown}/。每个只含本单位的内容，请分别发送。")
    if made.without_pdf:
        say(f"提示：{len(made.without_pdf)} 个单位的报告没有 PDF（生成时用了 --no-pdf），压缩包里只有网页。")
