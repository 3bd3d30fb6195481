"""``assess readings``: every combination of readings, and whose conclusion depends on which."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from assess_lib import sensitivity
from assess_lib.cli.console import say, show_table
from assess_lib.cli.explain import find_units
from assess_lib.cli.jsonout import show_json
from assess_lib.cli.options import Shared, named_folder, shared
from assess_lib.cli.stored import stored_set
from assess_lib.errors import UsageError, VerifyFailed
from assess_lib.paths import lies_within
from assess_lib.sensitivity import Aspect, Exploration, Flip
from assess_lib.sensitivity.words import ASPECT_NAMES, changes_text, outcome_text, range_cell, range_text, value_text
from assess_lib.store import ScoredSet, read_tables
from assess_lib.store.folder import disk_failure
from assess_lib.views.page import draft_label

# So many sets of changes are told for each unit; with --unit all of them.
_SHOWN = 3
_ASPECTS: tuple[Aspect, ...] = ("outcome", "rank_in_group", "rank_overall")


def load_exploration(shared: Shared) -> tuple[ScoredSet, Exploration]:
    """Explore the processed folder's set, whose own readings are those in force.

    Raises UsageError for a set of another year and for readings or a date that the set was not scored with,
    VerifyFailed when scoring no longer gives the stored results.
    """
    data, tables = stored_set(shared)
    basis = data.basis
    exploration = sensitivity.explore(tables, basis.scheme, basis.run_date, basis.readings)
    wrong = sensitivity.differences_in_force(exploration, data.results.to_dict("records"))
    if wrong:
        raise VerifyFailed(f"按现用口径重算，与 results.csv 不符：{wrong[0]}。请重新运行 assess score。")
    return data, exploration


def target_folder(given: str, shared: Shared) -> Path | None:
    """Return the folder for the csv files, checked before anything is read; None when none is asked for.

    Raises UsageError for a place inside the raw or the processed folder, and for one where no folder or file can be.
    """
    if not given:
        return None
    folder = named_folder(given, "--csv：")
    for place, name in ((shared.paths.raw, "原始数据文件夹"), (shared.paths.processed, "结果文件夹")):
        if lies_within(folder, place):
            raise UsageError(f"--csv：不能写进{name}。请另写一个位置。")
    return folder


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put each file in place whole or not at all. Raises EnvironmentFailure when the disk does not allow it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            part = folder / f".{name}.{os.getpid()}.part"
            try:
                with open(part, "xb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(part, folder / name)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise disk_failure(error, folder) from error


def _keys(flip: Flip) -> str:
    return "、".join(f"{change.reading}={change.after}" for change in flip.changes)


def _flip_lines(exploration: Exploration, flips: Sequence[Flip], shown: int | None) -> Iterator[str]:
    scheme = exploration.scheme
    for flip in flips[:shown]:
        after = value_text(flip.aspect, flip.after, scheme)
        yield f"    · {changes_text(flip.changes, scheme)}（{_keys(flip)}）→ {after}"
    if shown is not None and len(flips) > shown:
        yield f"    ……另有 {len(flips) - shown} 种同样少的改动，用 --unit 看全部"


def _unit_lines(exploration: Exploration, unit_id: str, aspects: Sequence[Aspect], full: bool) -> Iterator[str]:
    """Tell what flips a unit's conclusion: the smallest sets, or every minimal one if ``full``."""
    result, scheme = exploration.result(unit_id), exploration.scheme
    now = {aspect: getattr(result, aspect, (result.status, result.grade)) for aspect in aspects}
    yield f"{result.unit_name}（{unit_id}）"
    for aspect in aspects:
        named = f"  {ASPECT_NAMES[aspect]}：现为{value_text(aspect, now[aspect], scheme)}"
        if exploration.constant(unit_id, aspect):
            yield f"{named}，任何组合下都不变"
            continue
        found = exploration.flips if full else exploration.smallest_flips
        flips = found(unit_id, aspect)
        least = len(flips[0].changes)
        held = ""
        if aspect == "outcome":
            held = f"；{exploration.space.size:,} 种组合中 {exploration.holding(unit_id):,} 种同现在"
        elif aspect in ("rank_in_group", "rank_overall"):
            held = f"；全部组合下{range_text(exploration, unit_id, aspect)}"
        yield f"{named}{held}；最少改 {least} 项就变："
        yield from _flip_lines(exploration, flips, None if full else _SHOWN)


def _summary(data: ScoredSet, exploration: Exploration) -> Iterator[str]:
    units, scheme = exploration.roster, exploration.scheme
    basis = data.basis
    yield f"{basis.year} 年度 · {draft_label(data)} · 计分日期 {basis.run_date.isoformat()}"
    changed = [
        f"{scheme.readings[key].name}改用“{scheme.readings[key].options[option]}”（{key}={option}）"
        for key, option in exploration.readings.items()
        if option != scheme.readings[key].default
    ]
    yield f"现用口径：{'；'.join(changed) or '全部为方案的默认选项'}。"
    held = sum(exploration.constant(unit.id, "outcome") for unit in units)
    safe = [unit.name for unit in units if exploration.safe(unit.id)]
    yield (
        f"{len(exploration.space.keys)} 项口径共 {exploration.space.size:,} 种组合，全部算过。{len(units)} 个单位中，"
        f"{held} 个的等次在任何组合下都不变，{len(safe)} 个的等次和名次都不变。"
    )
    yield f"等次和名次都不变：{'、'.join(safe) or '无'}。"
    idle = exploration.idle_readings()
    if idle:
        named = (f"{scheme.readings[key].name}（{key}）" for key in idle)
        yield f"怎样选都没有影响的口径：{'、'.join(named)}。"
    count = sum(result.unresolved for result in exploration.results())
    if count:
        yield f"还有 {count} 项待定，按现有登记暂计，没有登记的按零分；补正后须重新计算。"


def _table(exploration: Exploration) -> None:
    rows = []
    for result in exploration.results():
        unit = result.unit_id
        rows.append(
            (
                result.unit_name,
                outcome_text(result.status, result.grade, exploration.scheme),
                "不变" if exploration.constant(unit, "outcome") else "会变",
                range_cell(exploration, unit, "final_score"),
                value_text("rank_in_group", result.rank_in_group, exploration.scheme),
                range_cell(exploration, unit, "rank_in_group"),
                value_text("rank_overall", result.rank_overall, exploration.scheme),
                range_cell(exploration, unit, "rank_overall"),
            )
        )
    show_table(("单位", "现等次", "等次", "得分范围", "组内现为", "组内范围", "全县现为", "全县范围"), rows)
    say("范围是全部组合下的最小值和最大值；“或无”：有的组合下被否决，没有得分和名次。")


def tell(data: ScoredSet, exploration: Exploration, chosen: Sequence[str]) -> None:
    """Print what depends on readings: the whole, a table of all units, then what flips each; or the chosen units."""
    for line in _summary(data, exploration):
        say(line)
    if chosen:
        for unit in chosen:
            say()
            for line in _unit_lines(exploration, unit, _ASPECTS, full=True):
                say(line)
        return
    say()
    _table(exploration)
    units = [unit.id for unit in exploration.roster]
    parts: tuple[tuple[str, Aspect], ...] = (("等次取决于口径", "outcome"), ("组内名次取决于口径", "rank_in_group"))
    for title, aspect in parts:
        found = [unit for unit in units if not exploration.constant(unit, aspect)]
        say()
        say(f"{title}：{len(found)} 个单位" + ("，最少改什么就变" if found else ""))
        for unit in found:
            for line in _unit_lines(exploration, unit, (aspect,), full=False):
                say(f"  {line}")


@click.command()
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="单位",
    help="只看这个单位（编码、名称、全称或别名），列出全部最小改动；可重复。",
)
@click.option("--csv", "csv_folder", metavar="DIR", default="", help="另把三张表写成 csv 文件，放进这个文件夹。")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出，供其他程序使用。")
@shared
def readings(shared: Shared, units: tuple[str, ...], csv_folder: str, as_json: bool) -> None:
    """把全部口径的全部选项逐一组合，看每个单位的等次和名次变不变、最少改哪几项就变。

    读结果文件夹里的数据，以评分时的口径为现用口径；先要有评分结果（assess score）。不改动任何结果。

    \b
    示例：
      assess readings
      assess readings --unit 城关镇
      assess readings --csv 口径分析
    """
    folder = target_folder(csv_folder, shared)
    data, exploration = load_exploration(shared)
    roster = read_tables(shared.paths.processed, ["单位名录"])["单位名录"]
    chosen = find_units(roster, units)
    everybody = tuple(unit.id for unit in exploration.roster)
    if folder is not None:
        write_files(folder, sensitivity.csv_files(exploration, chosen or everybody))
    if as_json:
        show_json(sensitivity.json_data(exploration, chosen or everybody))
        return
    tell(data, exploration, chosen)
    if folder is not None:
        say(f"三张表在 {csv_folder.rstrip('/')}/：units.csv、flips.csv、effects.csv。")
