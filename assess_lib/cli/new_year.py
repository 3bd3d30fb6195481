"""``assess new-year``: next year's raw folder, each rule waiting for a decision."""

from __future__ import annotations

import click

from assess_lib.cli.console import say
from assess_lib.cli.options import parse_year
from assess_lib.errors import InputRejected, UsageError
from assess_lib.new_year import find_places, make_new_year


def _year(text: str, name: str) -> int:
    if not (len(text) == 4 and text.isascii() and text.isdigit()):
        raise UsageError(f"{name} 应为四位数字的年份，例如 2023；现为：{text}。")
    year = parse_year(text)
    assert year is not None
    return year


def _filled(_context: click.Context, option: click.Parameter, value: str | None) -> str:
    if value is not None and not value.strip():
        raise UsageError(f"--{str(option.name).replace('_', '-')} 后面是空的。请写明，或去掉这个选项。")
    return value or ""


@click.command("new-year")
@click.argument("year", metavar="YEAR")
@click.option("--from", "earlier", required=True, metavar="YEAR", help="从哪一年度带来方案和单位名录。")
@click.option("--raw", callback=_filled, metavar="DIR", help="新年度的原始数据文件夹；默认 data/raw/年份。")
@click.option(
    "--from-raw",
    callback=_filled,
    metavar="DIR",
    help="以前年度的原始数据文件夹；默认在新文件夹旁边，或 data/raw/年份。",
)
def new_year(year: str, earlier: str, raw: str, from_raw: str) -> None:
    """生成 YEAR 年度的原始数据文件夹：方案和单位名录由以前年度带来，其余是空表。

    方案里的每条规则先列为“待确认”，逐条写明沿用、修改或删除，谁、何时、依据哪个文号，才能检查和评分。
    日期已移到新年度，文号和标题须填写。已有的文件夹绝不覆盖。

    \b
    示例：
      assess new-year 2023 --from 2022
      assess new-year 2023 --from 2022 --raw 新年度/2023
    """
    places = find_places(_year(year, "YEAR"), _year(earlier, "--from"), raw, from_raw)
    try:
        made = make_new_year(places)
    except InputRejected as error:
        for problem in error.problems:
            say(f"  {problem}", error=True)
        raise
    shown = raw.rstrip("/") or f"data/raw/{places.year}"
    say(f"已生成 {shown}/：scheme.yaml，单位名录（{made.units} 行），其余 {made.tables - 1} 张空表。")
    say("接下来：")
    say(f"  1. 打开 {shown}/scheme.yaml，填写新方案的文号和标题，改动有变化的规则；")
    say(f"  2. 在文件末尾的 confirmations 逐条确认 {made.rules} 条规则；")
    say("  3. 在单位名录填写“重点任务单位”和“依据文号”（每年另定，没有带来），核对撤并改名的单位；填写扣分标准；")
    say(f"  4. 运行 assess check --year {places.year}：它列出还没有确认的规则和其他问题。")
    say("方案标为正式数据（sample: false）；方案原文没有带来，请放入新方案的全文。")
