"""``assess run``: the whole year through the notebooks, from the raw tables to the reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import click

from assess_lib import pipeline
from assess_lib.cleaning import clean
from assess_lib.cli.console import flush, list_problems, say
from assess_lib.cli.explain import find_units
from assess_lib.cli.options import Shared, reopen_option, shared
from assess_lib.cli.progress import Progress, duration
from assess_lib.cli.score import tell_reopened
from assess_lib.comparison.summary import change_lines
from assess_lib.errors import FinalRefused, FolderBusy, InputChanged, InputRejected, NotebookFailed, UsageError
from assess_lib.paths import YearPaths
from assess_lib.publish import year
from assess_lib.publish.batch import Batch
from assess_lib.publish.watch import RawFolder

jobs_option = click.option("--jobs", type=int, metavar="N", help="同时运行几个笔记本；默认与处理器个数相同。")
unit_option = click.option(
    "--unit", "units", multiple=True, metavar="单位", help="只出这个单位的报告（编码、名称、全称或别名）；可重复。"
)
pdf_option = click.option("--no-pdf", is_flag=True, help="不生成 PDF。")
force_option = click.option("--force", is_flag=True, help="全部重做；不写则内容没有变化的报告沿用原文件。")
scheduler_option = click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="由这个 Dask 调度器的工作机出单位报告，例如 tcp://127.0.0.1:8786。",
)


def check_jobs(jobs: int | None) -> None:
    """Raise UsageError for a number of processes that makes no sense."""
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs 至少为 1；现为：{jobs}。")


_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")


def check_scheduler(address: str) -> None:
    """Raise UsageError for what is no address of a Dask scheduler; blank means none."""
    if address and not _ADDRESS.fullmatch(address):
        raise UsageError(f"--scheduler 应写成 tcp://主机:端口，例如 tcp://127.0.0.1:8786；现为：{address}。")


def _check_year(paths: YearPaths) -> None:
    """Raise UsageError for a scheme of another year, before anything is touched; rejected input is left for the run."""
    with suppress(InputRejected):
        pipeline.load_basis(paths.raw, paths.year)


def _codes_in_raw(paths: YearPaths, asked: Sequence[str]) -> tuple[str, ...]:
    """Look the units up in the raw roster; rejected input is left for the run to report.

    Raises UsageError for an unknown unit.
    """
    if not asked:
        return ()
    try:
        cleaned = clean(paths.raw, pipeline.load_basis(paths.raw, paths.year).scheme)
    except InputRejected:
        return ()
    return () if cleaned.rejected else find_units(cleaned.tables["单位名录"], asked)


def tell(made: year.Published, paths: YearPaths) -> None:
    """Print what was made, what went, what is unresolved, and how long it took."""
    where = paths.shown_reports.rstrip("/")
    county = "和全县汇总" if made.county else ""
    say(f"报告：{made.units} 个单位{county}，在 {where}/。")
    if made.reused:
        say(f"其中 {made.reused} 份内容没有变化，沿用原文件。")
    if made.kept:
        say(f"同一结果的其他报告未动：{made.kept} 个文件。")
    if made.dropped:
        say(f"已移除 {len(made.dropped)} 个旧文件：它们不是由当前结果生成的。")
    if made.unresolved:
        say(f"待定：{made.unresolved} 项，定稿前须补正，见各报告的“待定与补正”。")
    say(f"用时 {duration(made.seconds['total'])}。")


class _Told:
    """What a person who watches has been told: only what is new is told again."""

    def __init__(self, paths: YearPaths) -> None:
        self._paths = paths
        self._before: year.Published | None = None

    def tell(self, made: year.Published) -> None:
        """Tell of a run: problems unless they are the same as before, what changed since then, what was made."""
        before, self._before = self._before, made
        if before is None or made.problems != before.problems:
            list_problems(made.problems, self._paths.shown_processed)
        if before is not None:
            for line in change_lines(before.scored.results, made.scored.results):
                say(line)
        tell(made, self._paths)


_LATER = "等待原始数据的改动：保存文件后自动重做，按 Ctrl-C 结束。"
# What a correction of the raw files can mend, or a second attempt: watching goes on.
_MENDABLE = (InputRejected, InputChanged, NotebookFailed, FolderBusy)


def _keep_up(once: Callable[[Batch | None], None], prepare: Callable[[], Batch], paths: YearPaths) -> None:
    """Run, and again each time that raw files are saved, until Ctrl-C.

    What the next run needs is imported, and its processes opened, while nobody waits for them. Raises what no
    correction can mend.
    """
    folder = RawFolder(paths.raw)

    def attempt(ready: Batch | None = None) -> None:
        # A year or a unit that is no longer there may be a slip of the last correction; at first it is wrong usage.
        mendable = _MENDABLE if ready is None else (*_MENDABLE, UsageError)
        try:
            once(ready)
        except mendable as error:
            say(str(error), error=True)
        flush()  # in a log, what went wrong comes before the waiting

    attempt()
    while True:
        with prepare() as ready:
            say(_LATER)
            flush()
            try:
                changed = folder.wait()
            except KeyboardInterrupt:
                say("不再等待。")
                return
            say(f"{datetime.now():%H:%M:%S} 有改动：{'、'.join(changed)}")
            attempt(ready)


@click.command()
@click.option("--final", is_flag=True, help="定稿前的最后一次：只要有待定事项就不予采用（退出码 8）。")
@click.option("--watch", is_flag=True, help="做完后等着：原始文件一有改动就自动重做，按 Ctrl-C 结束。")
@jobs_option
@unit_option
@pdf_option
@force_option
@scheduler_option
@reopen_option
@shared
def run(
    shared: Shared,
    final: bool,
    watch: bool,
    jobs: int | None,
    units: tuple[str, ...],
    no_pdf: bool,
    force: bool,
    scheduler: str,
    reopen: str | None,
) -> None:
    """清洗、评分，并为每个单位和全县出报告（网页、PDF、笔记本）。

    全部完成后才一次换上；中途出错，原有结果和报告保持原样。只重做内容有变化的部分。

    \b
    示例：
      assess run --year 2022
      assess run --unit 城关镇 --unit D14 --no-pdf
      assess run --watch            一边更正原始表，一边看报告
    """
    check_jobs(jobs)
    check_scheduler(scheduler)
    if watch and (final or force or reopen is not None):
        raise UsageError("--watch 不能与 --final、--force、--reopen 同用：每次改动都会重做，这三项只该用一次。")

    _check_year(shared.paths)
    told = _Told(shared.paths)

    def once(ready: Batch | None = None) -> None:
        try:
            made = year.run_year(
                shared.paths,
                readings=shared.readings,
                run_date=shared.run_date,
                final=final,
                units=_codes_in_raw(shared.paths, units),
                jobs=jobs,
                pdf=not no_pdf,
                reopen=reopen,
                force=force,
                scheduler=scheduler,
                ready=ready,
                progress=Progress().step,
            )
        except (InputRejected, FinalRefused) as error:
            list_problems(error.problems, shared.paths.shown_processed, error=True, full=True)
            raise
        told.tell(made)

    if watch:
        _keep_up(once, lambda: year.prepare(shared.paths, jobs=jobs, pdf=not no_pdf, scheduler=scheduler), shared.paths)
        return
    once()
    if reopen is not None:
        tell_reopened()
