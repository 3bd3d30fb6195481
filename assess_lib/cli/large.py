"""``assess large-score`` and ``assess large-explain``: a province's or the country's units, from parquet to parquet."""

from __future__ import annotations

import click

from assess_lib import scale
from assess_lib.cli.console import say
from assess_lib.cli.explain import explained, find_unit, tell
from assess_lib.cli.jsonout import json_option, show_json
from assess_lib.cli.options import Shared, named_folder, shared
from assess_lib.scheme_file import load_scheme


@click.command("large-score", short_help="全省、全国规模的计分：从 parquet 表到 parquet 结果")
@click.argument("tables", metavar="表文件夹")
@click.argument("out", metavar="结果文件夹")
@click.option("--no-ledger", is_flag=True, help="只写结果和各项得分，不写台账。")
@shared
def score_large(shared: Shared, tables: str, out: str, no_ledger: bool) -> None:
    """给几千到十几万个单位计分，规则、口径与 assess score 相同，结果分毫不差。

    表文件夹：清洗后的各表，一表一个 parquet 文件，列与结果文件夹中的 tables 相同。
    计分前逐格检查：列的类型、必填、取值、主键、调整复核的对象；不合规定的一次全部指明位置，不计分（退出码 3）。
    扣分登记_城关镇.parquet 之类的分表不会读取，须先并入 扣分登记.parquet。
    方案取自原始数据文件夹（--raw）的 scheme.yaml；方案中有本命令不会算的规则时，逐一指明并拒绝。

    写出 results.parquet（列同 results.csv）、items.parquet（列同 items.csv）和 ledger.parquet：
    每一笔的分值、状态、口径和首个来源行，不含文字。某个单位的文字说明见 assess large-explain。

    \b
    示例：
      assess large-score data/processed/2022/tables 全省结果
      assess large-score 全国/tables 全国结果 --reading info_pool=by_group --no-ledger
    """
    scheme = load_scheme(shared.paths.raw / "scheme.yaml", year=shared.paths.year)
    readings = scheme.default_readings() | shared.readings
    target = named_folder(out)
    score = scale.score_folder(
        named_folder(tables), target, scheme, readings, shared.run_date or scheme.cut_off, ledger=not no_ledger
    )
    found = score.results
    say(
        f"已计分 {score.year.size} 个单位：{scheme.parts.veto.name} {int(found.vetoed.sum())} 个，"
        f"{scheme.parts.bonus.name}开启 {int(found.bonus_open.sum())} 个，"
        f"有待定事项 {int((found.unresolved > 0).sum())} 个。结果写在 {target.name}。"
    )


@click.command("large-explain", short_help="用文字说明大规模计分中某个单位的得分由来")
@click.argument("tables", metavar="表文件夹")
@click.argument("out", metavar="结果文件夹")
@click.argument("unit", metavar="单位")
@json_option
def explain_large(tables: str, out: str, unit: str, as_json: bool) -> None:
    """用文字说明 assess large-score 结果中某个单位的得分由来，写法与 assess explain 相同。

    只读这个单位的行，按同样的规则重算一遍，并与已写出的结果、台账逐项核对；不符时报错（退出码 7）。

    \b
    示例：
      assess large-explain 全省/tables 全省结果 U004711
      assess large-explain 全省/tables 全省结果 U004711 --json
    """
    folder, target = named_folder(tables), named_folder(out)
    scale.read_basis(target)
    unit_id = find_unit(scale.roster_of(folder), unit)
    data = scale.explain_unit(folder, target, unit_id)
    if as_json:
        show_json(explained(data, unit_id))
        return
    for line in tell(data, unit_id):
        say(line)
