"""Escaped HTML for notebooks: every cell that came from a file is text, never markup.

Fragments are Jinja templates with autoescape on. What they return shows in a notebook through
``_repr_html_`` and passes through nbconvert unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import Markup, escape

from assess_lib import exact
from assess_lib.views import words

if TYPE_CHECKING:
    from jinja2 import Environment
    from pandas import DataFrame


def templates_folder() -> Path:
    """Return the folder of the nbconvert template ``assess`` and of the fragments."""
    return Path(str(files("assess_lib"))) / "publish" / "templates"


class Html:
    """A piece of finished, escaped HTML that a notebook displays."""

    def __init__(self, markup: Markup) -> None:
        self.markup = markup

    def _repr_html_(self) -> str:
        # JupyterLab sets what stands between two $ as a formula; a cell that says $100$ is no formula
        return f'<div class="mathjax_ignore">{self.markup}</div>'

    def __html__(self) -> Markup:
        return self.markup

    def __repr__(self) -> str:
        return "<Html>"

    def __add__(self, other: Html) -> Html:
        return Html(self.markup + other.markup)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not for those who only want the words

    environment = Environment(
        loader=FileSystemLoader(templates_folder() / "fragments"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters.update(number=words.number, signed=words.signed, plain=words.plain, day=words.day)
    return environment


def compile_fragments() -> None:
    """Compile every fragment, so that showing one for the first time costs no more than later."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def compile_first() -> None:
    """Compile the fragments that the two stages show, for the kernels of both."""
    for fragment in ("table", "sentence", "digest", "county_first"):
        _environment().get_template(f"{fragment}.html.j2")


def render(fragment: str, **values: Any) -> Html:
    """Fill a fragment (its file name without ``.html.j2``) with values; all of them are escaped."""
    return Html(Markup(_environment().get_template(f"{fragment}.html.j2").render(values)))


def stylesheet() -> Html:
    """Return the reports' style as a ``<style>`` element, so that a notebook opened in JupyterLab looks alike.

    The exported reports carry the same style in their head; the template drops cells tagged ``lab-only``.
    """
    return Html(Markup(f"<style>\n{_style()}</style>"))


@cache
def _style() -> str:
    return (templates_folder() / "assess" / "fragments.css").read_text(encoding="utf-8")


def sentence(*texts: str, mark: str = "") -> Html:
    """Return one paragraph; ``mark`` names its kind (``warn``, ``good``) and never its only sign."""
    return render("sentence", texts=texts, mark=mark)


def figure(unit_id: str, field: str, value: Decimal | int | str | None, text: str, *, item: str = "") -> Markup:
    """Mark a printed number so that a program finds it again: ``assess verify`` holds both value and text to results.

    ``field`` is the column of ``results.csv`` (or, with ``item``, of ``items.csv``) that ``value`` comes from, ``text``
    what a person sees. Every score, rank and grade of a report goes through here; the mark itself shows nothing.

    >>> str(figure("T01", "final_score", Decimal("93.5"), "93.50"))
    '<data value="93.50" data-unit="T01" data-field="final_score">93.50</data>'
    """
    plain = exact.show(value) if isinstance(value, Decimal) else "" if value is None else str(value)
    of_item = f' data-item="{escape(item)}"' if item else ""
    named = f'data-unit="{escape(unit_id)}"{of_item} data-field="{escape(field)}"'
    return Markup(f'<data value="{escape(plain)}" {named}>{escape(text)}</data>')  # each part is escaped


@dataclass(frozen=True, slots=True)
class Column:
    """One printed column: the key it reads, its title, and how it is set (numbers to the right)."""

    key: str
    title: str
    kind: Literal["text", "number", "short", "code"] = "text"


def shown(value: object) -> str:
    """Print any cell: points with two decimals, missing as a dash, booleans in words, days in digits.

    A number that ``figure`` marked stays as it is.
    """
    if isinstance(value, Markup):
        return value
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return words.ABSENT
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        return words.number(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def table(
    rows: DataFrame | Iterable[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    caption: str = "",
    empty: str = "无。",
    css: str = "",
) -> Html:
    """Print rows as a table that scrolls in its own box; without rows, print the sentence ``empty``.

    ``rows`` is a DataFrame or mappings; ``columns`` says which keys are shown and how. Everything is escaped.
    """
    records: list[Any] = rows.to_dict("records") if hasattr(rows, "to_dict") else list(rows)
    if not records:
        return sentence(empty)
    body = [[(shown(record.get(column.key)), column) for column in columns] for record in records]
    return render("table", columns=columns, body=body, caption=caption, css=css)
