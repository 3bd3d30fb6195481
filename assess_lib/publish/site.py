"""The index of a year's reports: one page that opens from the disk, searches, sorts and filters by itself.

Nothing is fetched: style and script stand in the page, and its security policy allows just that one script.
Without a script the page is a plain list with working links.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assess_lib.store.sets import records
from assess_lib.tables import Row
from assess_lib.views import page, words
from assess_lib.views.html import templates_folder

if TYPE_CHECKING:
    from assess_lib.store import ScoredSet

# A name of several characters with several readings each has that many spellings at most.
_SPELLINGS = 24

# What lies beside the units' reports: what it is called, what it is for, its files in each form.
DOCUMENTS = (
    (
        "全县汇总",
        "排名、否决、失分、待定",
        (
            ("county_summary.html", "网页"),
            ("county_summary.pdf", "PDF"),
            ("county_summary.xlsx", "Excel"),
            ("county_summary.docx", "Word"),
        ),
    ),
    ("口径分析", "哪些结论取决于口径", (("readings.html", "网页"),)),
    ("审计", "复算、核对、抽样；用公式重算每一分", (("audit.html", "网页"), ("audit_workbook.xlsx", "Excel"))),
    (
        "公示稿",
        "单位、组别、等次",
        (("publication.html", "网页"), ("publication.pdf", "PDF"), ("publication.xlsx", "Excel")),
    ),
)
_UNIT_FILES = ((".html", "报告"), (".pdf", "PDF"), (".ipynb", "笔记本"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit in the index: what is shown, what it sorts by, what a search looks in, where its reports lie."""

    unit_id: str
    name: str
    group: str
    grade: str
    score: str
    score_key: str
    rank_in_group: str
    rank_overall: str
    unresolved: int
    search: str
    links: tuple[tuple[str, str], ...]


@cache
def spellings(text: str) -> tuple[str, ...]:
    """Return how a name is typed in pinyin: in full and by initials, with each reading of its characters.

    >>> spellings("城关镇")[:2]
    ('chengguanzhen', 'cgz')
    """
    from pypinyin import Style, pinyin

    # what is no Chinese character stays as it is, character by character (the hints know of strings only)
    kept: Any = lambda rest: [[char] for char in rest]  # noqa: E731
    readings = pinyin(text, style=Style.NORMAL, heteronym=True, errors=kept)
    found: dict[str, None] = {}
    for chosen in islice(product(*readings), _SPELLINGS):
        found.setdefault("".join(chosen).lower())
        found.setdefault("".join(syllable[:1] for syllable in chosen).lower())
    return tuple(found)


def entries(data: ScoredSet, roster: Iterable[Row], files: Collection[str]) -> list[Entry]:
    """List the units in roster order; ``files`` are the reports that exist, relative to the reports folder."""
    rows = {row["单位编码"]: row for row in roster}
    return [_entry(result, rows.get(result["unit_id"]), data, files) for result in records(data.results)]


def _entry(result: Mapping[Any, Any], row: Row | None, data: ScoredSet, files: Collection[str]) -> Entry:
    unit, name = str(result["unit_id"]), str(result["unit_name"])
    score: Decimal | None = result["final_score"]
    names = [name] if row is None else [name, row["全称"] or "", row["别名"] or ""]
    searched = [unit, *names, *(spelling for each in names if each for spelling in spellings(each))]
    return Entry(
        unit_id=unit,
        name=name,
        group=str(result["group"]),
        grade=data.basis.scheme.grades.printed(str(result["grade"])),
        score=words.number(score),
        # Whole hundredths sort as numbers in any script; a unit without a score has none to sort by.
        score_key="" if score is None else str(int(score.scaleb(2))),
        rank_in_group=_rank(result["rank_in_group"]),
        rank_overall=_rank(result["rank_overall"]),
        unresolved=int(result["unresolved"]),
        search=" ".join(part.lower() for part in searched if part),
        links=tuple(
            (f"units/{unit}{ending}", title) for ending, title in _UNIT_FILES if f"units/{unit}{ending}" in files
        ),
    )


def _rank(rank: int | None) -> str:
    return words.ABSENT if rank is None else str(rank)


def _documents(files: Collection[str]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the documents of which at least one form exists, each with the forms that do."""
    found = [(name, use, [form for form in forms if form[0] in files]) for name, use, forms in DOCUMENTS]
    return [document for document in found if document[2]]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([templates_folder() / "site", templates_folder() / "assess"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def index_page(data: ScoredSet, roster: Iterable[Row], files: Collection[str]) -> str:
    """Return ``index.html`` over the reports that exist (paths relative to the reports folder).

    Takes the scored set and the rows of 单位名录; the same set and files give the same bytes.
    """
    script = (templates_folder() / "site" / "index.js").read_text(encoding="utf-8")
    listed = entries(data, roster, files)
    values = page.page_metadata(data, None)
    return render_page(
        "index.html.j2",
        page=values,
        title=f"{values['year']}年考核报告目录",
        subject=page.subject(data),
        entries=listed,
        groups=[group.name for group in data.basis.scheme.groups],
        grades=list(dict.fromkeys(entry.grade for entry in listed)),
        documents=_documents(files),
        digest=data.receipt_digest,
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
    )


def get_ready() -> None:
    """Load what the index needs, so that it is made in a moment when all reports are there."""
    spellings("县")
    compile_page("index.html.j2")


def compile_page(template: str) -> None:
    """Compile a page's template, so that the first page made of it costs no more than later ones."""
    _environment().get_template(template)


def render_page(template: str, **values: Any) -> str:
    """Fill a page's template with values; all of them are escaped."""
    return _environment().get_template(template).render(values).rstrip("\n") + "\n"
