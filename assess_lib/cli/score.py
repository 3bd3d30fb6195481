"""``assess score``: clean and score in seconds, without notebooks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from assess_lib.cli.console import counts_line, list_problems, say, show_table
from assess_lib.cli.jsonout import accepted_record, json_option, rejected_record, show_json
from assess_lib.cli.options import Shared, reopen_option, shared
from assess_lib.errors import FinalRefused, InputRejected
from assess_lib.exact import plain
from assess_lib.intake import warm_up

if TYPE_CHECKING:
    from assess_lib.scheme import Scheme
    from assess_lib.scoring import Result


def tally(results: tuple[Result, ...], scheme: Scheme) -> list[tuple[str, ...]]:
    """Count units per group and in all: units, vetoed, below the pass mark, gate open, with unresolved items."""
    rows = []
    for name, units in [
        *((group.name, [r for r in results if r.group == group.name]) for group in scheme.groups),
        ("合计", list(results)),
    ]:
        scores = [(r.key_score, r.final_score) for r in units if r.key_score is not None and r.final_score is not None]
        below = sum(scheme.fails(key, final) for key, final in scores)
        numbers = (
            len(units),
            sum(r.status == "vetoed" for r in units),
            below,
            sum(r.bonus_open for r in units),
            sum(r.unresolved > 0 for r in units),
        )
        rows.append((name, *map(str, numbers)))
    return rows


def tell_reopened(then: str = "") -> None:
    """Say that the earlier approval is gone, and what to do about it."""
    say(f"原定稿已失效，原因已记入运行登记；新结果须再次送审（--final）和批准（assess approve）。{then}")


@click.command()
@click.option(
    "--final",
    is_flag=True,
    help="定稿前的最后一次：只要有待定事项就不予采用（退出码 8）。",
)
@reopen_option
@json_option
@shared
def score(shared: Shared, final: bool, reopen: str | None, as_json: bool) -> None:
    """清洗并评分，写出结果文件夹，不运行笔记本。

    \b
    示例：
      assess score --year 2022
      assess score --reading bonus_gate=at_least --date 2022-12-10
      assess score --json

    \b
    --json 的内容：同 assess check --json，另有 final、reopened（重新打开的原因）、
    receipt（凭据摘要）和 results（各单位，键同 results.csv）。未予采用时 accepted 为 false，receipt、results 为 null。
    """
    warm_up()
    from assess_lib import pipeline  # while the reading process gets ready
    from assess_lib.comparison.summary import change_lines

    try:
        outcome = pipeline.score(
            shared.paths,
            readings=shared.readings,
            run_date=shared.run_date,
            final=final,
            reopen=reopen,
        )
    except (InputRejected, FinalRefused) as error:
        if as_json:
            told = rejected_record("score", shared.paths.year, error.problems)
            show_json(told | {"final": final, "reopened": None, "receipt": None, "results": None})
        else:
            list_problems(error.problems, shared.paths.shown_processed, error=True, full=True)
        raise
    assert outcome.score is not None
    if as_json:
        results = [asdict(result) for result in outcome.score.results]
        made = {"final": final, "reopened": reopen, "receipt": outcome.receipt, "results": results}
        show_json(accepted_record("score", outcome) | made)
        return
    scheme = outcome.basis.scheme
    mark = scheme.judgement.pass_mark.points
    columns = (
        "组别",
        "单位",
        scheme.parts.veto.name,
        f"低于 {plain(mark)} 分",
        f"{scheme.parts.bonus.name}开启",
        "有待定事项",
    )
    show_table(columns, tally(outcome.score.results, scheme))
    if outcome.problems:
        say(f"{counts_line(outcome.problems)}（见 {shared.paths.shown_processed}/problems.csv）")
    for line in change_lines(outcome.previous, outcome.score.results):
        say(line)
    say(f"结果在 {shared.paths.shown_processed}/：results.csv、items.csv、ledger.csv。")
    if reopen is not None:
        tell_reopened(f"{shared.paths.shown_reports.rstrip('/')}/ 里还是原定稿的报告，请运行 assess report 重出。")
