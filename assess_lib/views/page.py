"""What stands on every page of a report: title, draft state, year, sample mark, document."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from assess_lib.errors import UsageError
from assess_lib.views import words

if TYPE_CHECKING:
    from assess_lib.store import ScoredRows, ScoredSet

DRAFT = "初评稿"
SUBMITTED = "送审稿"
APPROVED = "定稿"
SAMPLE = "演示数据"


class PageMetadata(TypedDict):
    """What the export puts into ``nb.metadata.assess`` for the template."""

    title: str
    draft_label: str
    year: int
    sample: bool
    document: str
    approval: str


def subject(data: ScoredSet) -> str:
    """Return what is assessed, as the document's title names it without the word 方案."""
    return data.basis.scheme.document.title.removesuffix("方案")


def unit_name(data: ScoredSet, unit_id: str) -> str:
    """Return the unit's name; raise UsageError for a unit that the set does not have."""
    names = data.results.loc[data.results["unit_id"] == unit_id, "unit_name"]
    if names.empty:
        raise UsageError(f"结果中没有单位编码“{unit_id}”。请核对“单位名录”中的单位编码。")
    return str(names.iloc[0])


def draft_label(data: ScoredSet | ScoredRows) -> str:
    """Return the state of the set: 初评稿, from ``--final`` on 送审稿, approved 定稿."""
    if data.approval is not None:
        return APPROVED
    return SUBMITTED if data.basis.final else DRAFT


def approval_facts(data: ScoredSet | ScoredRows) -> list[tuple[str, str]]:
    """Return under which document, by whom and when the set was approved, each with its name; nothing if it was not."""
    approval = data.approval
    if approval is None:
        return []
    return [("批准文号", approval.document), ("批准", approval.by), ("批准日期", words.day(approval.date))]


def approval_line(data: ScoredSet) -> str:
    """Return the approval as it stands on every page, blank for a set that is not approved."""
    approval = data.approval
    return "" if approval is None else f"{approval.document}　{approval.by}　{words.day(approval.date)}批准"


def page_metadata(data: ScoredSet, unit_id: str | None, heading: str = "全县汇总分析") -> PageMetadata:
    """Return the page's metadata for one unit's report, or for a page on the county (``None``) of that heading."""
    name = heading if unit_id is None else f"{unit_name(data, unit_id)}考核情况报告"
    return {
        "title": f"{data.basis.year}年{name}",
        "draft_label": draft_label(data),
        "year": data.basis.year,
        "sample": data.basis.scheme.sample,
        "document": data.basis.scheme.document.number,
        "approval": approval_line(data),
    }
