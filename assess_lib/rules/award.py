"""Items that earn points up to a cap: 特色亮点, 通报表彰, 经验宣传, 领导评价 (四（三）1, 2, 3, 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial

from assess_lib.exact import ZERO, mean, show
from assess_lib.ledger import Chain, Sources, Status, Words, said
from assess_lib.rules.case import (
    Case,
    Doubt,
    Outcome,
    Unit,
    chain_for,
    decision_text,
    note_absence,
    note_nothing,
)
from assess_lib.scheme import KNOWN_READINGS, HighestLevelPerMatter, Item, MeanOfRaters, MeanPerMatter
from assess_lib.tables import TABLES, Row, Source

_LEVEL_ORDER = TABLES["表彰宣传"].column("层级").choices


def mean_per_matter(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge B1 (四（三）1): the mean of each matter's approved scores; matters add up to the cap.

    Reads 评定加分. Revoked rows and, under ``missing_evidence=withhold``, rows without indexed evidence do not
    count; 改值 replaces a score. Each matter's mean is rounded once, half up, to 0.01.

    Example: two scorers give 3.00 and 3.25 for one matter: 3.13.
    """
    assert isinstance(item.rule, MeanPerMatter)
    chain = chain_for(item, unit, case)
    rows = case.rows("评定加分", unit)
    if not rows:
        return Outcome.of(chain, note_absence(chain, item, unit, case, "评定加分"))
    warnings: list[Doubt] = []
    matters: defaultdict[str, list[Row]] = defaultdict(list)
    lacking: set[str] = set()
    for row in sorted(rows, key=lambda r: (r["事项"], r["编号"])):
        decision = case.decision("评定加分", row["编号"], unit)
        if decision is not None and decision["处理"] == "撤销":
            text = f"{_scored(row)}，已撤销（{decision_text(decision)}）"
            _set_aside(chain, text, "revoked", row, unit, case, row["评定分"])
        elif _lacks_evidence(row, unit, case, warnings):
            text = f"{_scored(row)}，没有编目佐证，不计"
            if decision is not None:
                text += f"；改为 {show(decision['新值'])} 的决定（{decision_text(decision)}）不起作用"
            _set_aside(chain, text, "no_evidence", row, unit, case, row["评定分"], "missing_evidence")
            lacking.add(row["事项"])
        else:
            matters[row["事项"]].append(row)
    for matter, counted in matters.items():
        _write_matter(chain, matter, counted, unit, case, withheld=matter in lacking)
    return Outcome.of(chain, warnings=warnings)


def _scored(row: Row) -> str:
    return f"{row['事项']}：评定 {show(row['评定分'])}"


def _write_matter(chain: Chain, matter: str, rows: Sequence[Row], unit: Unit, case: Case, *, withheld: bool) -> None:
    """Write one matter's mean; a score changed by a decision shows the old and the new value.

    ``withheld`` tells that a score of the matter is left out for want of evidence: the mean hangs on that reading too.
    """
    decided = [(row, case.decision("评定加分", row["编号"], unit)) for row in rows]
    scores: list[Decimal] = [row["评定分"] if decision is None else decision["新值"] for row, decision in decided]
    value = mean(scores)
    changed = any(decision is not None for _, decision in decided)
    accepted = any(case.evidence(row, unit) is None for row in rows)

    def label() -> str:
        told = [f"{matter}：{len(scores)} 人评定，平均 {show(value)}"]
        for row, decision in decided:
            if decision is not None:
                old, new = show(row["评定分"]), show(decision["新值"])
                told.append(f"{row['编号']} 由 {old} 改为 {new}（{decision_text(decision)}）")
        return "；".join(told + ["缺佐证，按口径先计分"] * accepted)

    def sources() -> Iterable[Source]:
        return dict.fromkeys(source for row, decision in decided for source in case.sources(row, unit, decision))

    _award(
        chain,
        label,
        value,
        lambda: f"({' + '.join(map(show, scores))}) ÷ {len(scores)} = {show(value)}",
        "adjusted" if changed else "counted",
        sources,
        lambda: case.reading("missing_evidence") if accepted or withheld else "",
        lambda: "; ".join(dict.fromkeys(filter(None, (case.evidence_id(row, unit) for row in rows)))),
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a 表彰宣传 row stands, before items and matters are compared or after it."""

    row: Row
    points: Decimal
    status: Status = "counted"
    why: str = ""

    def rank(self) -> tuple[Decimal, int, int, Source]:
        """Order rows of one matter: higher points first, then higher level, earlier day, upper row."""
        row = self.row
        return -self.points, _LEVEL_ORDER.index(row["层级"]), row["日期"].toordinal(), row.source


def highest_level_per_matter(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge B2 and B3 (四（三）2, 四（三）3): each matter once, at its highest level; matters add up to the cap.

    Reads 表彰宣传: rows of the item's 加分项, of the year, at a level of the rule's table, with indexed evidence.
    ``same_matter_across_items=once`` keeps a matter only in the item where it earns more (equal: the item
    that stands first in the scheme); ``different_matters=best`` keeps the best matter only. Every row that
    does not count stays in the ledger with the reason and what beat it.

    Example: one matter commended by 省 (2) and 市 (1) earns 2.00; the 市 row is suppressed.
    """
    assert isinstance(item.rule, HighestLevelPerMatter)
    chain = chain_for(item, unit, case)
    if not case.rows("表彰宣传", unit):
        return Outcome.of(chain, note_absence(chain, item, unit, case, "表彰宣传"))
    warnings: list[Doubt] = []
    settled = _settled(item, unit, case, warnings)
    hangs = cache(partial(_hangs, item, unit, case, settled))  # nobody asks where no ledger is written
    for standing, _ in sorted(settled, key=lambda each: (each[0].row["日期"], each[0].row.source)):
        row, points = standing.row, standing.points
        label = partial(_praise, row, standing.why)
        reading = partial(_reading, case, hangs, row.source)
        if standing.status == "counted":
            _award(
                chain,
                label,
                points,
                partial(_level_price, row, points),
                "counted",
                partial(case.sources, row, unit),
                reading,
                partial(case.evidence_id, row, unit),
            )
        else:
            _set_aside(chain, label, standing.status, row, unit, case, points, reading=reading)
    note_nothing(chain, f"“表彰宣传”没有{item.rule.category}登记")
    return Outcome.of(chain, warnings=warnings)


def _settled(
    item: Item, unit: Unit, case: Case, warnings: list[Doubt] | None = None
) -> list[tuple[_Standing, tuple[str, ...]]]:
    """Say of each row of the item whether it counts, or what beat it, and by which readings it met its rivals."""
    assert isinstance(item.rule, HighestLevelPerMatter)
    standings = _standings(item.rule, unit, case, warnings)
    winners = _winners(standings)
    once = case.readings["same_matter_across_items"] == "once"
    # Where both items may count it, the same matter in another item only shows in the ledger's words.
    shared = _shared(item, unit, case, winners) if once or not case.silent else {}
    beaten = {matter: rival.why for matter, rival in shared.items() if once and rival.beats}
    staying = {matter: winner for matter, winner in winners.items() if matter not in beaten}
    best = min(staying.values(), key=_Standing.rank, default=None)
    only_best = case.readings["different_matters"] == "best"
    settled = []
    for standing in standings:
        matter, winner = standing.row["事项编号"], winners.get(standing.row["事项编号"])
        status, why = standing.status, standing.why
        compared: tuple[str, ...] = ()
        if status == "counted" and winner is not standing:
            assert winner is not None
            status = "suppressed"
            why = f"同一事项已按 {winner.row['层级']}级计（{winner.row.source}），不重复计"
        elif status == "counted" and matter in beaten:
            status, why, compared = "suppressed", beaten[matter], (_ACROSS,)
        elif status == "counted" and only_best and standing is not best:
            assert best is not None
            status, compared = "suppressed", (_SEVERAL,)
            why = f"按口径只取最高的一个事项，已计 {best.row['事项名称']}（{best.row.source}）"
        elif status == "counted":
            # The row's points hang on these readings only where there is another matter or another item.
            compared = (_ACROSS,) * (matter in shared) + (_SEVERAL,) * (len(staying) > 1)
        settled.append((_Standing(standing.row, standing.points, status, why), compared))
    return settled


_LACKING, _ACROSS, _SEVERAL = "missing_evidence", "same_matter_across_items", "different_matters"


def _hangs(
    item: Item, unit: Unit, case: Case, settled: list[tuple[_Standing, tuple[str, ...]]]
) -> dict[Source, list[str]]:
    """Return for each row the readings by which it was compared, and those under which it would have another status.

    A reading that lets a row count may do so at another row's cost, in this item or in the other one: each is tried.
    """
    quiet = case.quiet()
    hangs: dict[Source, list[str]] = {standing.row.source: [] for standing, _ in settled}
    for key in (_LACKING, _ACROSS, _SEVERAL):
        named = {standing.row.source for standing, compared in settled if key in compared}
        for option in KNOWN_READINGS[key]:
            tried = _settled(item, unit, quiet.reading_as(key, option))
            status = {standing.row.source: standing.status for standing, _ in tried}
            named |= {mine.row.source for mine, _ in settled if status[mine.row.source] != mine.status}
        for source in named:
            hangs[source].append(key)
    return hangs


def _reading(case: Case, hangs: Callable[[], Mapping[Source, Sequence[str]]], source: Source) -> str:
    return case.reading(*hangs()[source])


def _praise(row: Row, why: str) -> str:
    what = f"{row['日期']} {row['层级']}级 {row['机关或媒体']}（{row['文号或网址']}）：{row['事项名称']}"
    return f"{what}，{why}" if why else what


def _level_price(row: Row, points: Decimal) -> str:
    return f"{row['层级']}级 {show(points)}"


def _standings(
    rule: HighestLevelPerMatter, unit: Unit, case: Case, warnings: list[Doubt] | None = None
) -> list[_Standing]:
    """Say of each row of the rule's category what it could earn, or why it cannot."""
    standings = []
    for row in case.rows("表彰宣传", unit):
        if row["加分项"] != rule.category:
            continue
        points = rule.levels.get(row["层级"], ZERO)
        decision = case.decision("表彰宣传", row["编号"], unit)
        if decision is not None:
            standing = _Standing(row, points, "revoked", f"已撤销（{decision_text(decision)}）")
        elif not case.of_year(row["日期"]):
            standing = _Standing(row, points, "suppressed", "不属本考核年度，不计")
        elif row["层级"] not in rule.levels:
            standing = _Standing(row, points, "suppressed", f"{row['层级']}级不加分")
        elif _lacks_evidence(row, unit, case, warnings):
            standing = _Standing(row, points, "no_evidence", "没有编目佐证，不计")
        elif case.evidence(row, unit) is None:
            standing = _Standing(row, points, "counted", "缺佐证，按口径先计分")
        else:
            standing = _Standing(row, points)
        standings.append(standing)
    return standings


def _winners(standings: Iterable[_Standing]) -> dict[str, _Standing]:
    """Return the row that speaks for each matter: the highest level, ties to the earlier day, then the upper row."""
    winners: dict[str, _Standing] = {}
    for standing in standings:
        if standing.status == "counted":
            matter = standing.row["事项编号"]
            winners[matter] = min(winners.get(matter, standing), standing, key=_Standing.rank)
    return winners


@dataclass(frozen=True, slots=True)
class _Rival:
    """The same matter in another item: whether it earns more there, and how to say so."""

    beats: bool
    why: str


def _shared(item: Item, unit: Unit, case: Case, winners: dict[str, _Standing]) -> dict[str, _Rival]:
    """Return the matters that also stand in another such item; level points compare, before caps and ``best``."""
    shared: dict[str, _Rival] = {}
    order = [other.id for other in case.scheme.items]
    before = order[: order.index(item.id)]
    for other in case.scheme.items:
        if other.id == item.id or not isinstance(other.rule, HighestLevelPerMatter):
            continue
        rivals = _winners(_standings(other.rule, unit, case))
        for matter in winners.keys() & rivals.keys():
            mine, rival = winners[matter], rivals[matter]
            beats = rival.points > mine.points or (rival.points == mine.points and other.id in before)
            if matter not in shared or (beats and not shared[matter].beats):
                why = f"同一事项按口径只计一项，已在{other.name}计 {show(rival.points)}（{rival.row.source}）"
                shared[matter] = _Rival(beats, why)
    return shared


def mean_of_raters(item: Item, unit: Unit, case: Case) -> Outcome:
    """Judge B5 (四（三）5): the mean of the leaders' scores, rounded once, half up, to 0.01.

    Reads 领导评价. The ledger gives the sum and the number of raters, never a single mark.
    """
    assert isinstance(item.rule, MeanOfRaters)
    chain = chain_for(item, unit, case)
    rows = case.rows("领导评价", unit)
    if not rows:
        return Outcome.of(chain, note_absence(chain, item, unit, case, "领导评价"))
    scores = [row["分值"] for row in rows]
    value = mean(scores)
    _award(
        chain,
        lambda: f"{len(rows)} 位领导评价，平均 {show(value)}",
        value,
        lambda: f"合计 {show(sum(scores))} ÷ {len(rows)} 人 = {show(value)}",
        "counted",
        lambda: [row.source for row in rows],
    )
    return Outcome.of(chain)


def _lacks_evidence(row: Row, unit: Unit, case: Case, warnings: list[Doubt] | None) -> bool:
    """Tell whether a row is withheld for want of indexed evidence; warn of it under either reading."""
    if case.evidence(row, unit) is not None:
        return False
    withheld = case.readings["missing_evidence"] == "withhold"
    if warnings is not None:
        effect = "未计分" if withheld else "按口径先计分"
        warnings.append(
            Doubt(
                "evidence-missing",
                row.table,
                f"{unit.name}的 {row['编号']} 没有编目佐证，{effect}（{row.source}）。",
                "请补交佐证并登记“佐证目录”，在本行填写“佐证编号”。",
            )
        )
    return withheld


def _set_aside(
    chain: Chain,
    label: Words,
    status: Status,
    row: Row,
    unit: Unit,
    case: Case,
    nominal: Decimal,
    key: str = "",
    reading: Words = "",
) -> None:
    """Keep a row that earns nothing in the ledger, with what it would have been."""
    decision = case.decision(row.table, row["编号"], unit)
    chain.note(
        label,
        status,
        nominal=nominal,
        formula=lambda: f"{show(chain.total)}，不加分",
        reading=(lambda: case.reading(key)) if key else reading,
        source=lambda: case.sources(row, unit, decision),
        evidence_id=lambda: case.evidence_id(row, unit),
    )


def _award(
    chain: Chain,
    label: Words,
    value: Decimal,
    price: Words,
    status: Status,
    source: Sources,
    reading: Words = "",
    evidence_id: Words = "",
) -> None:
    """Add points, cut by the item's cap."""
    before = chain.total
    points, cut = chain.room(value)

    def formula() -> str:
        cap = f"；应加 {show(value)}，本项上限 {show(chain.ceiling)}" if cut else ""
        return f"{show(before)} + {show(points)} = {show(before + points)}（{said(price)}{cap}）"

    chain.append(
        label,
        cut or status,
        nominal=value,
        points=points,
        formula=formula,
        reading=reading,
        source=source,
        evidence_id=evidence_id,
    )
