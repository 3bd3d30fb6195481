"""``assess approve``: freeze a final set; its reports print 定稿 with the document."""

from __future__ import annotations

import click

from assess_lib import approval
from assess_lib.cli.console import say
from assess_lib.cli.options import Shared, shared_with_date
from assess_lib.cli.progress import Progress
from assess_lib.cli.run import check_jobs, jobs_option, tell
from assess_lib.errors import AssessError, UsageError
from assess_lib.publish import year
from assess_lib.views.words import day as in_words


@click.command()
@click.option("--document", metavar="文号", required=True, help="批准文件的文号。")
@click.option("--by", metavar="职务", required=True, help="谁批准的，写职务，如 组长。")
@click.option("--no-reports", is_flag=True, help="不重出报告；以后用 assess report 重出。")
@jobs_option
@shared_with_date("批准日期（必填），不早于计分日期。")
def approve(shared: Shared, document: str, by: str, no_reports: bool, jobs: int | None) -> None:
    """登记领导小组的批准：送审稿成为定稿，报告每页印明“定稿”、批准文号、批准人职务和日期。

    只能批准用 --final 得出的结果。定稿以后不能重新评分，除非写明原因：assess score --reopen 原因。
    分数、台账和凭据摘要都不改变；已有的报告重出一遍。

    \b
    示例：
      assess approve --document 千营商组〔2023〕1号 --by 组长 --date 2023-01-10
    """
    check_jobs(jobs)
    if shared.run_date is None:
        raise UsageError("请用 --date 写明批准日期，例如 --date 2023-01-10。")
    if shared.readings:
        raise UsageError("批准不改变口径，不用 --reading。请去掉这个选项后重新运行。")
    done = approval.approve(shared.paths, document=document, by=by, day=shared.run_date)
    given = done.approval
    told = "已定稿" if done.new else "早已定稿，没有改动"
    say(f"{shared.paths.year} 年度结果{told}：{given.document}，{given.by}，{in_words(given.date)}批准。")
    say(f"凭据摘要（与送审稿上的相同）：{given.receipt[:16]}")
    if no_reports:
        say("报告没有重出。请运行 assess report，各页即印明“定稿”。")
        return
    try:
        made = year.report_again(shared.paths, jobs=jobs, progress=Progress().step)
    except AssessError:
        say("定稿已经登记，但报告没有重出。请排除下述问题后运行 assess report。", error=True)
        raise
    if made is not None:
        tell(made, shared.paths)
    elif done.new:
        say("没有由这一结果生成的报告。运行 assess report，各页即印明“定稿”。")
