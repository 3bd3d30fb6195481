"""``assess report``: reports from the processed folder, without reading the raw tables again."""

from __future__ import annotations

import click

from assess_lib.cli.explain import find_units
from assess_lib.cli.jsonout import json_option, show_json
from assess_lib.cli.options import Shared, shared
from assess_lib.cli.progress import Progress
from assess_lib.cli.run import (
    check_jobs,
    check_scheduler,
    force_option,
    jobs_option,
    pdf_option,
    scheduler_option,
    tell,
    unit_option,
)
from assess_lib.errors import UsageError
from assess_lib.publish import year
from assess_lib.store import StoredBasis, load_set, read_tables


def _check_options(shared: Shared, basis: StoredBasis) -> None:
    """Raise UsageError when other readings or another date are asked for than those that the set was scored with."""
    other = [f"{key}={value}" for key, value in shared.readings.items() if basis.readings[key] != value]
    if shared.run_date is not None and shared.run_date != basis.run_date:
        other.append(f"日期 {shared.run_date}")
    if other:
        raise UsageError(f"现有结果不是按 {'、'.join(other)} 评分的。请先用同样的选项运行 assess score，再出报告。")


@click.command()
@unit_option
@jobs_option
@pdf_option
@force_option
@scheduler_option
@json_option
@shared
def report(
    shared: Shared,
    units: tuple[str, ...],
    jobs: int | None,
    no_pdf: bool,
    force: bool,
    scheduler: str,
    as_json: bool,
) -> None:
    """由结果文件夹出报告：不写 --unit 则出全部单位和全县汇总。

    \b
    示例：
      assess report
      assess report --unit 城关镇
      assess report --json

    \b
    --json 的内容：units 单位报告的份数，county 有没有全县汇总，reused 沿用的份数，kept 保留的文件数，
    dropped 移除的文件，unresolved 待定项数，folder 报告文件夹。
    """
    check_jobs(jobs)
    check_scheduler(scheduler)
    _check_options(shared, load_set(shared.paths.processed).basis)
    codes = find_units(read_tables(shared.paths.processed, ["单位名录"])["单位名录"], units) if units else ()
    made = year.report_year(
        shared.paths,
        units=codes,
        jobs=jobs,
        pdf=not no_pdf,
        force=force,
        scheduler=scheduler,
        progress=Progress().step,
    )
    if not as_json:
        tell(made, shared.paths)
        return
    show_json(
        {
            "command": "report",
            "year": shared.paths.year,
            "folder": shared.paths.shown_reports,
            **{key: getattr(made, key) for key in ("units", "county", "reused", "kept", "dropped", "unresolved")},
        }
    )
