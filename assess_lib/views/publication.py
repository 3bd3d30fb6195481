"""The published version (公示稿): unit, group and grade; score and rank only if the scheme says so.

It is made from a few named columns of the results and from nothing else, so that what is internal (who scored,
leaders' opinions, tickets, facts, open questions) has no way into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assess_lib.store.sets import records
from assess_lib.views import page, words

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet


@dataclass(frozen=True, slots=True)
class PublishedGroup:
    """One group as it is published: its name and its units' printed cells, in the order of the columns."""

    name: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """All that is published: title, state, basis, columns, groups, how to object."""

    title: str
    year: int
    draft_label: str
    sample: bool
    document: str
    subject: str
    basis: str
    approval: str
    columns: tuple[str, ...]
    groups: tuple[PublishedGroup, ...]
    objection: str


def published_result(data: ScoredSet) -> PublishedResult:
    """Take what is published out of a scored set.

    Units stand in the roster's order, which tells nothing, or by rank within the group if ranks are published.
    A vetoed unit has a grade only; its score and rank are dashes.
    """
    told = data.basis.scheme.publication
    columns = ("序号", "单位", "等次", *(("最终得分",) if told.score else ()), *_ranks(told.rank))
    groups = []
    for group in data.basis.scheme.groups:
        units = [row for row in records(data.results) if row["group"] == group.name]
        if told.rank:
            units.sort(key=lambda row: (row["rank_in_group"] is None, row["rank_in_group"] or 0))
        rows = []
        for number, row in enumerate(units, start=1):
            cells = [str(number), str(row["unit_name"]), data.basis.scheme.grades.printed(str(row["grade"]))]
            if told.score:
                cells.append(words.number(row["final_score"]))
            if told.rank:
                cells += [_rank(row["rank_in_group"]), _rank(row["rank_overall"])]
            rows.append(tuple(cells))
        groups.append(PublishedGroup(group.name, tuple(rows)))
    known = page.page_metadata(data, None)
    return PublishedResult(
        title=f"{known['year']}年度考核结果公示",
        year=known["year"],
        draft_label=known["draft_label"],
        sample=known["sample"],
        document=known["document"],
        subject=page.subject(data),
        basis=data.basis.scheme.document.title,
        approval=str(known.get("approval") or ""),
        columns=columns,
        groups=tuple(groups),
        objection=told.objection or "",
    )


def _ranks(told: bool) -> tuple[str, ...]:
    return ("组内名次", "总名次") if told else ()


def _rank(rank: int | None) -> str:
    return words.ABSENT if rank is None else str(rank)
