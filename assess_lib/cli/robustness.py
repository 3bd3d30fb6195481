"""``assess robustness``: the smallest corrections that change a result, and how much more a unit may lose."""

from __future__ import annotations

from collections.abc import Sequence

import click

from assess_lib import robustness as robust
from assess_lib.cli.console import say, show_table
from assess_lib.cli.explain import find_units
from assess_lib.cli.jsonout import json_option, show_json
from assess_lib.cli.options import Shared, shared
from assess_lib.cli.readings import target_folder, write_files
from assess_lib.cli.stored import stored_set
from assess_lib.errors import VerifyFailed
from assess_lib.exact import show
from assess_lib.robustness import Robustness, UnitRobustness, words
from assess_lib.store import ScoredSet, read_tables
from assess_lib.views.page import draft_label

_HEAVY = 5  # rows that --unit names; the csv has all of them


def load_robustness(shared: Shared) -> tuple[ScoredSet, Robustness]:
    """Search the processed folder's set under the readings and the date that it was scored with.

    Raises UsageError for a set of another year and for readings or a date that the set was not scored with,
    VerifyFailed when scoring no longer gives the stored results.
    """
    data, tables = stored_set(shared)
    basis = data.basis
    found = robust.explore(tables, basis.scheme, basis.readings, basis.run_date)
    wrong = robust.differences_in_force(found, data.results.to_dict("records"))
    if wrong:
        raise VerifyFailed(f"重算与 results.csv 不符：{wrong[0]}。请重新运行 assess score。")
    return data, found


def _tell_unit(found: Robustness, one: UnitRobustness) -> None:
    """Print one unit: its sentence, every smallest set row by row, its margins, its heaviest rows."""
    scheme = found.scheme
    say(f"{one.unit.name}（{one.unit.id}）：{words.sentence(one, scheme)}")
    for fewest in words.different(one):
        least = one.least[fewest.aspect]
        ways = [("条数最少", fewest)] + ([("分数最少", least)] if least.moved < fewest.moved else [])
        for measure, flip in ways:
            effect = words.effects(flip.before, flip.after, scheme)
            say(f"  {measure}：{len(flip.corrections)} 条，所动 {show(flip.moved)} 分，{effect}")
            for correction in flip.corrections:
                place = f"  {correction.source}" if correction.source else ""
                say(f"    · {words.correction_text(correction)}{place}")
    for margin in one.margins:
        say(f"  {words.margin_text(margin, scheme)}；最少扣 {words.further_text(margin)}")
    heavy = sorted((i for i in one.influences if i.matters), key=lambda i: i.weight(), reverse=True)[:_HEAVY]
    if heavy:
        say("  只更正一条，影响最大的：")
    for influence in heavy:
        text = words.correction_text(influence.correction)
        say(f"    · {text}：{words.influence_text(influence, scheme)}")


def _tell_all(data: ScoredSet, found: Robustness) -> None:
    """Print a sentence for each unit, those that a single correction changes first, then a table of margins."""
    say(f"{data.basis.year} 年度 · {draft_label(data)} · 计分日期 {data.basis.run_date.isoformat()}")
    say(words.DEFINITION)
    flips = {one.unit.id: one.closest for one in found.units}

    def far(one: UnitRobustness) -> int:
        flip = flips[one.unit.id]
        return len(flip.corrections) if flip else 0

    near = sorted((one for one in found.units if far(one)), key=far)
    say()
    say(f"更正登记能改变否决、加分或等次的单位：{len(near)} 个" + ("，条数少的在前" if near else ""))
    for one in near:
        say(f"  {one.unit.name}：{words.sentence(one, found.scheme)}")
    say()
    rows = []
    for one in sorted((one for one in found.units if one.margins), key=lambda one: one.margins[0].points):
        gate, fail = one.margin("gate"), one.margin("fail")
        heavy = one.weightiest
        rows.append(
            (
                one.unit.name,
                show(one.now.key_score),
                show(gate.points) if gate else "—",
                str(gate.count or "—") if gate else "—",
                show(fail.points) if fail else "—",
                str(fail.count or "—") if fail else "—",
                words.name(heavy.correction) if heavy else "—",
            )
        )
    show_table(("单位", "重点考核", "再扣即不开启加分", "最少几次", "再扣即不合格", "最少几次", "影响最大的一条"), rows)


def tell(data: ScoredSet, found: Robustness, chosen: Sequence[str]) -> None:
    """Print what changes the chosen units' results; without any, all units' in short."""
    if not chosen:
        _tell_all(data, found)
    for place, unit_id in enumerate(chosen):
        if place:
            say()
        _tell_unit(found, found.of(unit_id))


@click.command()
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="单位",
    help="只看这个单位（编码、名称、全称或别名），逐条列出；可重复。",
)
@click.option("--csv", "csv_folder", metavar="DIR", default="", help="另把四张表写成 csv 文件，放进这个文件夹。")
@json_option
@shared
def robustness(shared: Shared, units: tuple[str, ...], csv_folder: str, as_json: bool) -> None:
    """看每个单位最少更正几条登记，否决、加分或等次就会变；还能再扣多少分；哪一条登记影响最大。

    读结果文件夹里的数据；先要有评分结果（assess score）。不改动任何结果。

    \b
    示例：
      assess robustness
      assess robustness --unit 城关镇
      assess robustness --csv 稳定性分析
    """
    folder = target_folder(csv_folder, shared)
    data, found = load_robustness(shared)
    roster = read_tables(shared.paths.processed, ["单位名录"])["单位名录"]
    chosen = find_units(roster, units)
    if folder is not None:
        write_files(folder, robust.csv_files(found, chosen or None))
    if as_json:
        show_json(robust.json_data(found, chosen or None))
        return
    tell(data, found, chosen)
    if folder is not None:
        names = "、".join(robust.csv_files(found, ()))
        say(f"四张表在 {csv_folder.rstrip('/')}/：{names}。")
