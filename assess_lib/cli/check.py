"""``assess check``: every problem of the raw data at once."""

from __future__ import annotations

import click

from assess_lib import pipeline
from assess_lib.cli.console import list_problems, say
from assess_lib.cli.options import Shared, shared
from assess_lib.errors import InputRejected


@click.command(short_help="检查原始数据，一次列出全部问题")
@shared
def check(shared: Shared) -> None:
    """检查原始数据，一次列出全部问题，不评分。

    只更新结果文件夹里的 problems.csv、problems.xlsx 和 rows.csv。有错误时退出码为 3，只有警告时为 0。

    \b
    示例：
      assess check --year 2022
    """
    try:
        outcome = pipeline.check(shared.paths, readings=shared.readings, run_date=shared.run_date)
    except InputRejected as error:
        list_problems(error.problems, shared.paths.shown_processed)
        raise
    list_problems(outcome.problems, shared.paths.shown_processed)
    read = sum(count.read for count in outcome.counts)
    accepted = sum(count.accepted for count in outcome.counts)
    say(f"检查通过：读入 {read} 行，采用 {accepted} 行。")
