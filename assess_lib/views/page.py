"""What stands on every page of a report: title, draft state, year, sample mark, document."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from assess_lib.errors import UsageError

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

DRAFT = "初评稿"
SUBMITTED = "送审稿"
SAMPLE = "演示数据"


class PageMetadata(TypedDict):
    """What the export puts into ``nb.metadata.assess`` for the template."""

    title: str
    draft_label: str
    year: int
    sample: bool
    document: str


def subject(data: ScoredSet) -> str:
    """Return what is assessed, as the document's title names it without the word 方案."""
    return data.basis.scheme.document.title.removesuffix("方案")


def unit_name(data: ScoredSet, unit_id: str) -> str:
    """Return the unit's name; raise UsageError for a unit that the set does not have."""
    names = data.results.loc[data.results["unit_id"] == unit_id, "unit_name"]
    if names.empty:
        raise UsageError(f"结果中没有单位编码“{unit_id}”。请核对“单位名录”中的单位编码。")
    return str(names.iloc[0])


def draft_label(data: ScoredSet) -> str:
    """Return the state of the set: a draft until it is final; whoever approves it changes the label."""
    return SUBMITTED if data.basis.final else DRAFT


def page_metadata(data: ScoredSet, unit_id: str | None) -> PageMetadata:
    """Return the page's metadata for one unit's report, or for a report on the county (``None``)."""
    name = "全县汇总分析" if unit_id is None else f"{unit_name(data, unit_id)}考核情况报告"
    return {
        "title": f"{data.basis.year}年{name}",
        "draft_label": draft_label(data),
        "year": data.basis.year,
        "sample": data.basis.scheme.sample,
        "document": data.basis.scheme.document.number,
    }
