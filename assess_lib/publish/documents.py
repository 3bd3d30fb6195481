"""What is made of a scored set besides the units' reports: pages of notebooks, and files that functions write.

A worker process runs the functions by their name; each takes the processed folder and whether PDFs are wanted,
and returns files by their place in the reports folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assess_lib import store

if TYPE_CHECKING:
    from assess_lib.sensitivity import Exploration


@dataclass(frozen=True, slots=True)
class Page:
    """A county-wide page: where it lies, its notebook, its title, and whether it is printed as a PDF too."""

    name: str
    notebook: str
    heading: str
    pdf: bool = False


# The slowest first, so that no worker is left with it at the end.
PAGES = (
    Page("county_summary", "04_county_summary.ipynb", "全县汇总分析", pdf=True),
    Page("audit", "05_audit.ipynb", "审计底稿"),
    Page("readings", "06_readings.ipynb", "口径组合分析"),
)
INDEX = "index.html"

Files = Mapping[str, bytes]


def audit_workbook(processed: Path, pdf: bool) -> Files:
    """Make ``audit_workbook.xlsx``: the computation again, as formulas."""
    from assess_lib import auditbook

    return {"audit_workbook.xlsx": auditbook.build(store.load_set(processed), store.read_tables(processed))}


def publication(processed: Path, pdf: bool) -> Files:
    """Make the published version: page, workbook, and PDF if wanted."""
    from assess_lib.publish import export
    from assess_lib.publish.publication import publication_page, publication_workbook

    data = store.load_set(processed)
    page = publication_page(data)
    files = {"publication.html": page.encode(), "publication.xlsx": publication_workbook(data)}
    return files | ({"publication.pdf": export.to_pdf(page)} if pdf else {})


def county_office(processed: Path, pdf: bool) -> Files:
    """Make the county summary in the forms that offices hand on: a workbook, and a document to edit."""
    from assess_lib.publish.county_document import document_of
    from assess_lib.publish.county_workbook import workbook_of
    from assess_lib.views.county_facts import CountyFacts

    facts = CountyFacts(store.load_set(processed), store.read_tables(processed))
    return {"county_summary.xlsx": workbook_of(facts), "county_summary.docx": document_of(facts)}


def readings_tables(processed: Path, pdf: bool) -> Files:
    """Make the tables of every combination of readings: units, what flips them, how much each reading moves."""
    from assess_lib import sensitivity

    basis = store.load_rows(processed).basis  # without frames
    return readings_files(
        sensitivity.explore(store.read_tables(processed), basis.scheme, basis.run_date, basis.readings)
    )


def readings_files(explored: Exploration) -> Files:
    """Return the tables of an exploration by their place in the reports folder."""
    from assess_lib import sensitivity

    return {f"readings/{name}": content for name, content in sensitivity.csv_files(explored).items()}


@dataclass(frozen=True, slots=True)
class Product:
    """Files that a function makes: the function, what they are called, and where they lie in the reports folder."""

    maker: Callable[[Path, bool], Files]
    title: str
    files: tuple[str, ...]
    quick: bool = True
    """Whether it takes no longer than a unit's report."""


PRODUCTS: Mapping[str, Product] = {
    "audit_workbook": Product(audit_workbook, "审计工作簿", ("audit_workbook.xlsx",), quick=False),
    "county_office": Product(county_office, "汇总表和汇总稿", ("county_summary.xlsx", "county_summary.docx")),
    "readings_tables": Product(
        readings_tables, "口径分析表", ("readings/units.csv", "readings/flips.csv", "readings/effects.csv")
    ),
    "publication": Product(publication, "公示稿", ("publication.html", "publication.xlsx", "publication.pdf")),
}
