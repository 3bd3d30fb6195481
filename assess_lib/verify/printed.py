"""Printed scores, grades and ranks: what pages, PDFs and executed notebooks show, held to results.csv and items.csv.

Pages mark each score, rank and grade with ``<data value= data-unit= data-field=>`` (``views.html.figure``); both the
mark's value and the text that a person sees must be right, and no expected mark may be missing. Beside that, and in
PDFs, numbers are looked up at their printed labels.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from assess_lib.verify.finding import REPORTS, Finding

_MINUS, _ABSENT = "−", "—"
_RESULT_FIELDS = ("final_score", "rank_in_group", "rank_overall", "grade")
_SCORE_FIELDS = ("key_score", "bonus_score")
_SILENT = frozenset({"script", "style", "template", "title"})

# unit, item (blank for the unit's result), field
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Expected:
    """What reports of a set must print: values as the csv files have them, and the words they stand beside."""

    values: Mapping[Key, str]
    units: Mapping[str, Mapping[str, str]]
    """Rows of results.csv by unit."""
    key_name: str
    bonus_name: str
    """Blank where the scheme has no bonus items: then no report prints a bonus."""

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Expected:
        """Take the values from results.csv, items.csv and basis.json. Raises ValueError, KeyError or TypeError."""
        scheme = json.loads(files["basis.json"])["scheme"]
        results, items = (_rows(files[name]) for name in ("results.csv", "items.csv"))
        values = {(row["unit_id"], "", name): row[name] for row in results for name in _RESULT_FIELDS + _SCORE_FIELDS}
        values |= {(row["unit_id"], row["item"], "points"): row["points"] for row in items if row["points"]}
        parts = scheme["parts"]
        bonus = parts["bonus"]["name"] if any(item["part"] == "bonus" for item in scheme["items"]) else ""
        return cls(values, {row["unit_id"]: row for row in results}, parts["key"]["name"], bonus)

    def required(self, unit: str) -> set[Key]:
        """Return what a unit's report must print; a vetoed unit has no scores, a closed gate no bonus items."""
        scores = (
            () if self.units[unit]["status"] == "vetoed" else _SCORE_FIELDS if self.bonus_name else _SCORE_FIELDS[:1]
        )
        of_result = {(unit, "", name) for name in (*_RESULT_FIELDS, *scores)}
        return of_result | {key for key in self.values if key[0] == unit and key[1]}

    def required_of_county(self) -> set[Key]:
        """Return what the county's summary must print: scores, ranks and grade of every unit."""
        return {key for key in self.values if not key[1]}


def _rows(data: bytes) -> list[dict[str, str]]:
    try:
        return [dict(row) for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))]
    except csv.Error as error:
        raise ValueError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Mark:
    key: Key
    value: str
    text: str
    line: int


@dataclass
class _Open:
    key: Key
    value: str
    line: int
    texts: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    """The marks of a page, and all text that a person can see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.marks: list[_Mark] = []
        self.texts: list[str] = []
        self._open: _Open | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "data":
            given = {name: value or "" for name, value in attrs}
            key = (given.get("data-unit", ""), given.get("data-item", ""), given.get("data-field", ""))
            self._open = _Open(key, given.get("value", ""), self.getpos()[0])
        else:
            self.texts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "data" and self._open is not None:
            mark = self._open
            self.marks.append(_Mark(mark.key, mark.value, "".join(mark.texts).strip(), mark.line))
            self._open = None
        else:
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.texts.append(data)
        if self._open is not None:
            self._open.texts.append(data)


def _read_page(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    return parser


def _as_value(text: str) -> str:
    """Return a printed number as the csv has it: ``+3.00`` is 3.00, a dash is a blank."""
    return "" if text == _ABSENT else text.replace(_MINUS, "-").removeprefix("+")


def _is_shown(key: Key, value: str, text: str) -> bool:
    # A grade is printed with what is still to be approved, or with the reason, after it.
    return text.startswith(value) and bool(value) if key[2] == "grade" else _as_value(text) == value


def _called(key: Key) -> str:
    names = {
        "final_score": "最终得分",
        "key_score": "重点考核",
        "bonus_score": "加分",
        "rank_in_group": "组内名次",
        "rank_overall": "总名次",
        "grade": "等次",
        "points": "得分",
    }
    return " ".join(part for part in (key[0], key[1], names.get(key[2], key[2])) if part)


def _in_words(value: str) -> str:
    return value or "空白"


def check_marks(name: str, page: str, expected: Expected, required: Iterable[Key]) -> list[Finding]:
    """Hold every mark of a page to its value, and see that none of the required ones is missing."""
    file, findings, parsed = f"{REPORTS}/{name}", [], _read_page(page)
    for mark in parsed.marks:
        value = expected.values.get(mark.key)
        if value is None:
            message = f"印有结果中没有的一项：{_called(mark.key)}。"
            findings.append(Finding("printed", file, message, mark.line, found=mark.text))
        elif mark.value != value or not _is_shown(mark.key, value, mark.text):
            wrong = mark.text if not _is_shown(mark.key, value, mark.text) else mark.value
            message = f"{_called(mark.key)}应为 {_in_words(value)}，印的是 {_in_words(wrong)}。"
            findings.append(Finding("printed", file, message, mark.line, mark.key[2], value, wrong))
    missing = sorted(set(required) - {mark.key for mark in parsed.marks})
    if missing:
        told = "、".join(_called(key) for key in missing[:3]) + (f" 等 {len(missing)} 项" if len(missing) > 3 else "")
        findings.append(Finding("printed", file, f"找不到应印的数字（或其标记）：{told}。"))
    return findings


def check_unit_page(name: str, page: str, unit: str, expected: Expected) -> list[Finding]:
    """Check a unit's page: its marks, then the numbers at their labels in all that a person sees."""
    marks = check_marks(name, page, expected, expected.required(unit))
    return marks or check_unit_text(name, _visible(page), unit, expected)


def _visible(page: str) -> str:
    return "".join(_read_page(page).texts)


def notebook_page(data: bytes) -> str:
    """Return what the cells of an executed notebook show as HTML, put together. Raises ValueError for no notebook."""
    try:
        cells = json.loads(data)["cells"]
        shown = [output.get("data", {}).get("text/html", "") for cell in cells for output in cell.get("outputs", ())]
        return "\n".join("".join(html) for html in shown)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a notebook") from error


# ---- at their labels ------------------------------------------------------------------------------------------


def _spread(text: str) -> str:
    """Return a pattern that finds a text whatever white space a line break put into it."""
    return r"\s*".join(re.escape(character) for character in text if not character.isspace())


def _number(value: str, sign: bool = False) -> str:
    if not value:
        return _ABSENT
    return (r"\+?" if sign else "") + re.escape(value.replace("-", _MINUS)) + r"(?![\d.])"


def _normal(text: str) -> str:
    # PDFs hold some Chinese characters as their look-alikes (radicals), and forms of brackets.
    return unicodedata.normalize("NFKC", text)


def unit_labels(unit: str, expected: Expected) -> dict[str, str]:
    """Return, by what it is called, the pattern of each label with its number that a unit's report must show."""
    row = expected.units[unit]
    vetoed = row["status"] == "vetoed"
    group = "组内" if vetoed else row["group"]
    patterns = {
        "最终得分": _spread("最终得分") + r"\s*" + _number(row["final_score"]),
        "组内名次": _spread(f"{group}名次") + r"\s*" + _number(row["rank_in_group"]),
        "总名次": _spread("总名次") + r"\s*" + _number(row["rank_overall"]),
        "等次": r"等\s*次\s*" + _spread(row["grade"]),
    }
    if not vetoed:
        patterns[expected.key_name] = _spread(expected.key_name) + r"\s*" + _number(row["key_score"])
    if not vetoed and expected.bonus_name:
        patterns[expected.bonus_name] = _spread(expected.bonus_name) + r"\s*" + _number(row["bonus_score"], sign=True)
    return {name: _normal(pattern) for name, pattern in patterns.items()}


_FINAL_ANYWHERE = re.compile(_spread("最终得分") + r"[\s为：:]*(\d+\.\d+)")


def check_unit_text(name: str, text: str, unit: str, expected: Expected) -> list[Finding]:
    """Look a unit's numbers up at their labels; no final score that the text names anywhere may be another."""
    file, told = f"{REPORTS}/{name}", _normal(text)
    missing = [label for label, pattern in unit_labels(unit, expected).items() if not re.search(pattern, told)]
    row = expected.units[unit]
    others = sorted({found for found in _FINAL_ANYWHERE.findall(told) if found != row["final_score"]})
    findings = []
    if missing:
        message = f"没有在标题处印出结果中的{'、'.join(missing)}。"
        findings.append(Finding("printed", file, message))
    if others:
        message = f"最终得分应为 {_in_words(row['final_score'])}，文中另有 {'、'.join(others)}。"
        findings.append(Finding("printed", file, message, None, "final_score", row["final_score"], others[0]))
    return findings


def check_county_text(name: str, text: str, expected: Expected) -> list[Finding]:
    """See that the county's ranking has every unit's row: rank, name, key score, bonus, final score, rank, grade."""
    told, wrong = _normal(text), []
    for row in expected.units.values():
        cells = (
            r"(?<![\d.])" + _number(row["rank_in_group"]),
            _spread(_normal(row["unit_name"])),
            _number(row["key_score"]),
            _number(row["bonus_score"], sign=True),
            _number(row["final_score"]),
            _number(row["rank_overall"]),
            _spread(_normal(row["grade"])),
        )
        if not re.search(r"\s+".join(cells), told):
            wrong.append(row["unit_name"])
    if not wrong:
        return []
    names = "、".join(wrong[:5]) + (f" 等 {len(wrong)} 个单位" if len(wrong) > 5 else "")
    return [Finding("printed", f"{REPORTS}/{name}", f"排名表与结果不符：{names}。")]


def pdf_pages(data: bytes) -> Iterable[str]:
    """Yield the text of a PDF page by page. Raises ValueError for a file that is no readable PDF."""
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # its remarks on damaged files are our findings
    try:
        for page in PdfReader(io.BytesIO(data)).pages:
            yield page.extract_text()
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"not a readable PDF: {error}") from error


def check_unit_pdf(name: str, data: bytes, unit: str, expected: Expected) -> list[Finding]:
    """Look a unit's numbers up in its PDF; the conclusion stands first, so later pages are read only if need be."""
    text, findings = "", []
    for page in pdf_pages(data):
        text += page + "\n"
        findings = check_unit_text(name, text, unit, expected)
        if not findings:
            break
    return findings if text else [Finding("printed", f"{REPORTS}/{name}", "PDF 是空的。")]


def check_county_pdf(name: str, data: bytes, expected: Expected) -> list[Finding]:
    """Look the county's ranking up in its PDF."""
    text, findings = "", [Finding("printed", f"{REPORTS}/{name}", "PDF 是空的。")]
    for page in pdf_pages(data):
        text += page + "\n"
        findings = check_county_text(name, text, expected)
        if not findings:
            break
    return findings
