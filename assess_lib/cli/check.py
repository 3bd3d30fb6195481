"""``assess check``: every problem of the raw data at once."""

from __future__ import annotations

from dataclasses import asdict

import click

from assess_lib.cli.console import list_problems, say
from assess_lib.cli.jsonout import accepted_record, json_option, rejected_record, show_json
from assess_lib.cli.options import Shared, shared
from assess_lib.errors import InputRejected
from assess_lib.intake import warm_up


@click.command()
@json_option
@shared
def check(shared: Shared, as_json: bool) -> None:
    """检查原始数据，一次列出全部问题，不评分。

    只更新结果文件夹里的 problems.csv、problems.xlsx 和 rows.csv。有错误时退出码为 3，只有警告时为 0。

    \b
    示例：
      assess check --year 2022
      assess check --json

    \b
    --json 的内容：accepted 是否采用，counts 各级问题的个数，problems 全部问题
    （severity、code、file、sheet、row、column、value、message、remedy），rows 各文件的行数，
    uncovered 方案原文中没有规则引用的条款（locator、words、line）。
    有错误时 accepted 为 false，date、readings、rows、uncovered 为 null。
    """
    warm_up()
    from assess_lib import pipeline  # while the reading process gets ready

    try:
        outcome = pipeline.check(shared.paths, readings=shared.readings, run_date=shared.run_date)
    except InputRejected as error:
        if as_json:
            show_json(rejected_record("check", shared.paths.year, error.problems) | {"uncovered": None})
        else:
            list_problems(error.problems, shared.paths.shown_processed)
        raise
    uncovered = outcome.basis.uncovered
    if as_json:
        show_json(accepted_record("check", outcome) | {"uncovered": [asdict(clause) for clause in uncovered]})
        return
    list_problems(outcome.problems, shared.paths.shown_processed)
    read = sum(count.read for count in outcome.counts)
    accepted = sum(count.accepted for count in outcome.counts)
    if uncovered:
        told = "、".join(clause.locator for clause in uncovered)
        say(f"方案原文有 {len(uncovered)} 条没有规则引用：{told}。其中有应计分的，请补入 scheme.yaml；逐条见审计底稿。")
    say(f"检查通过：读入 {read} 行，采用 {accepted} 行。")
