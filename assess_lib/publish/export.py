"""Executed notebooks to web pages and PDF: one template, no scripts, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import nh3
from jinja2 import pass_context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode, validate
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from assess_lib import fonts
from assess_lib.publish import archive, paper

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATES = Path(__file__).resolve().parent / "templates"
PAPER = TEMPLATES / "print"
_KINDS = {".csv": "text/csv", ".json": "application/json", ".txt": "text/plain"}

_TAGS = (
    "a abbr b blockquote br caption cite code col colgroup data dd del details div dl dt em figcaption figure footer "
    "h1 h2 h3 h4 h5 h6 header hr i ins kbd li mark ol p pre q rp rt ruby s samp section small span strong sub "
    "summary sup table tbody td tfoot th thead time tr u ul var"
)
_ATTRIBUTES = {
    "*": {"class", "id", "lang", "role", "title", "style", "aria-label", "aria-hidden", "aria-labelledby"},
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    # what assess verify reads the printed numbers back from
    "data": {"value", "data-unit", "data-item", "data-field"},
    "div": {"tabindex"},  # a table that scrolls in its own box is reached by keyboard
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
}
# No property here can name an address to fetch.
_STYLES = "background-color color font-weight height margin-left max-width min-width padding-left text-align width"
# What a cell may show, the richest first; widgets, scripts and LaTeX are not shown.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"]
# SVG and Markdown are made harmless where they are drawn: as an image, and after rendering.
_SAFE_AS_THEY_ARE = {"image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain"}


class CleanOutputs(SanitizeHTML):
    """Keep only harmless markup in what cells show; the notebook's own prose is rendered, then cleaned.

    The cleaning is Ammonia's, a parser of a browser's make, which takes a twentieth of the time of nbconvert's own.
    """

    def __init__(self) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            enabled=True, safe_output_keys=_SAFE_AS_THEY_ARE, sanitized_output_types={"text/html"}
        )
        self._ammonia = nh3.Cleaner(
            tags=set(_TAGS.split()),
            attributes=_ATTRIBUTES,
            filter_style_properties=set(_STYLES.split()),
            url_schemes={"http", "https", "mailto"},
            clean_content_tags=set(),  # the words of a tag that goes are still shown: nothing is silently lost
            strip_comments=True,
            link_rel=None,
        )

    def sanitize_html_tags(self, html_str: str) -> str:
        """Return the markup without what may not be in it; the words stay."""
        return self._ammonia.clean(html_str)

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        """Clean the outputs of a code cell; leave other cells to the Markdown filter."""
        if cell.cell_type == "code":
            cell.outputs = self.sanitize_code_outputs(cell.outputs)  # type: ignore[no-untyped-call]
        return cell, resources


class ReportExporter(HTMLExporter):
    """The page without code and prompts; Markdown, too, is cleaned once it is HTML."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Render Markdown, then keep only harmless markup: Markdown passes raw HTML through."""
        return _cleaner().sanitize_html_tags(super().markdown2html(context, source))

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Fill the template, and no more.

        ``HTMLExporter`` would parse the whole page again, to give pictures without an alternative text a sentence for
        one. Our template gives each picture its own, and the cleaned markup has none.
        """
        given = self._init_resources(resources)  # type: ignore[no-untyped-call]
        body, told = TemplateExporter.from_notebook_node(self, nb, given, **kw)
        return str(body), told


@cache
def _cleaner() -> CleanOutputs:
    return CleanOutputs()


@cache
def _exporter() -> ReportExporter:
    """Build the exporter once in a process: loading the template costs far more than using it."""
    return ReportExporter(  # type: ignore[no-untyped-call]
        template_name="assess",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        exclude_raw=True,
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
        # Of nbconvert's own, none does anything to a page without code; each would validate the notebook again.
        default_preprocessors=[],
        preprocessors=[_cleaner()],
    )


def to_html(notebook: NotebookNode) -> str:
    """Return the notebook as one self-contained web page, without code, without scripts.

    The page's own words (title, draft line, sample mark) stand in ``metadata.assess``.
    """
    body, _ = _exporter().from_notebook_node(notebook)
    return str(body)


@cache
def _compiler() -> Compiler:
    """Load the pinned fonts once in a process; no other font, no package and no file of the machine is reached."""
    from typst import Compiler

    return Compiler(
        root=str(PAPER),
        font_paths=sorted({str(path.parent) for path in fonts.font_files()}),
        ignore_system_fonts=True,
    )


def get_ready() -> None:
    """Load once what every page needs: the templates, the notebooks' schema, the fonts.

    It starts no thread: a process may be forked afterwards. Typst starts its threads with the first PDF, and a process
    forked after that would wait for them without end.
    """
    cells = [new_markdown_cell(" "), new_code_cell("", outputs=[new_output("display_data", {"text/html": "<p></p>"})])]
    notebook = new_notebook(cells=cells)
    validate(notebook)
    to_html(notebook)
    _compiler()


def to_pdf(page: str, attached: Mapping[str, bytes] | None = None) -> bytes:
    """Return a web page made by ``to_html`` as PDF; neither files nor the network are read.

    The PDF is tagged, and is PDF/A-3a and PDF/UA-1 at once. ``attached`` are files that it carries as its data, by
    name. The bytes depend on page and files alone: no time of making, an identifier made from the content.
    """
    from typst import TypstError

    made = paper.read_page(page)
    files = dict(sorted((attached or {}).items()))
    places = {name: f"attached-{number}" for number, name in enumerate(files)}
    made.data["attached"] = places
    made.data["mime"] = {name: _KINDS.get(PurePath(name).suffix, "application/octet-stream") for name in files}
    made.files.update({places[name]: content for name, content in files.items()})
    for mended in (paper.with_shapes, paper.without_pictures):
        try:
            return archive.finish(_typeset(made))
        except TypstError:  # a character that no font has, or a damaged picture: shown in another way
            made.data = mended(made.data)
    return archive.finish(_typeset(made))


def _typeset(made: paper.Paper) -> bytes:
    # typst-py takes a dictionary of files, though its type hints do not say so. It parses each of them as Typst's own
    # markup, at some cost; as a comment, which the template takes off again, it is passed over.
    given = {"page.json": made.as_json(), **made.files}
    sources: Any = {"main.typ": _template(), **{name: b"/*" + content for name, content in given.items()}}
    done = _compiler().compile(input=sources, format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=0)
    assert isinstance(done, bytes)
    return done


@cache
def _template() -> bytes:
    return (PAPER / "page.typ").read_bytes()
