"""The options that every command shares."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from assess_lib import paths
from assess_lib.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shared:
    """The shared options, checked: where things lie, the readings asked for, the run date asked for."""

    paths: paths.YearPaths
    readings: dict[str, str]
    run_date: date | None


def _pipeline() -> ModuleType:
    """Import the pipeline for those who give readings or a date: a help page or ``assess explain`` need not wait."""
    from assess_lib import pipeline

    return pipeline


def named_folder(given: str, said: str = "") -> Path:
    """Return a folder that a person named; it need not exist. ``said`` begins the message, for instance the option.

    Raises UsageError for a name that no folder can have, and for a file.
    """
    try:
        folder = Path(given).expanduser().resolve()
        taken = folder.exists() and not folder.is_dir()
    except (ValueError, RuntimeError, OSError) as error:  # a NUL, no home, a loop of links, a name too long
        raise UsageError(f"{said}文件夹名称不可用：{given}") from error
    if taken:
        raise UsageError(f"{said}{given} 是一个文件，不是文件夹。请另写一个位置。")
    return folder


def split_readings(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read ``KEY=VALUE`` pairs. Raises UsageError for another form, an unknown key or value, or two values of a key."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise UsageError(f"--reading 应写成 口径=选项，例如 bonus_gate=at_least；现为：{pair}。")
        if found.get(key, value) != value:
            raise UsageError(f"口径 {key} 给了两个不同的选项：{found[key]}、{value}。")
        found[key] = value
    return _pipeline().check_readings(found) if found else {}


def parse_year(text: str) -> int | None:
    """Return the year asked for, None when none was. Raises UsageError for anything but four digits."""
    if not text:
        return None
    if len(text) == 4 and text.isascii() and text.isdigit():
        return int(text)
    raise UsageError(f"--year 应为四位数字的年份，例如 2022；现为：{text}。")


def _filled(_context: click.Context, option: click.Parameter, value: str | None) -> str:
    """Return an option's value, empty when it was not given; refuse one given empty, as an unset shell variable is."""
    if value is not None and not value.strip():
        raise UsageError(
            f"--{'date' if option.name == 'run_date' else option.name} 后面是空的。请写明，或去掉这个选项。"
        )
    return value or ""


def reopen_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that lifts the approval of the set it replaces; it receives ``reopen``."""
    told = "现有结果已经定稿时，写明为什么重新评分；记入运行登记，原定稿在新结果写成后失效。"
    return click.option("--reopen", metavar="原因", help=told)(command)


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it receives them, checked, as its first argument ``shared``."""
    return _shared(command, "计分日期；默认为方案的截止日。")


def shared_with_date(meaning: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the shared options, of which ``--date`` has a meaning of the command's own."""
    return lambda command: _shared(command, meaning)


def _shared(command: Callable[..., Any], date_help: str) -> Callable[..., Any]:
    @click.option(
        "--year",
        callback=_filled,
        metavar="YEAR",
        help="考核年度；不写则取 data/raw 中最新的一年。",
    )
    @click.option(
        "--raw",
        callback=_filled,
        metavar="DIR",
        help="原始数据文件夹；默认 data/raw/年份。",
    )
    @click.option(
        "--processed",
        callback=_filled,
        metavar="DIR",
        help="结果文件夹；默认 data/processed/年份。",
    )
    @click.option(
        "--reports",
        callback=_filled,
        metavar="DIR",
        help="报告文件夹；默认 reports/年份。",
    )
    @click.option(
        "--reading",
        "readings",
        multiple=True,
        metavar="KEY=VALUE",
        help="改用某一口径的另一选项，如 bonus_gate=at_least；可重复。",
    )
    @click.option(
        "--date",
        "run_date",
        callback=_filled,
        metavar="YYYY-MM-DD",
        help=date_help,
    )
    @functools.wraps(command)
    def wrapped(
        *arguments: Any,
        year: str,
        raw: str,
        processed: str,
        reports: str,
        readings: tuple[str, ...],
        run_date: str,
        **rest: Any,
    ) -> Any:
        chosen, day = split_readings(readings), _pipeline().parse_date(run_date) if run_date else None
        where = paths.resolve(parse_year(year), raw, processed, reports)
        if paths.is_staging(where.processed) or paths.is_staging(where.reports):
            raise UsageError("文件夹名称以 .building 结尾的，是正在写入的临时文件夹，不能作为输出。")
        return command(Shared(where, chosen, day), *arguments, **rest)

    return wrapped
