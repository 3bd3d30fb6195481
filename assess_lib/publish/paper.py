"""A report's page as plain data: what ``templates/print/page.typ`` sets on paper.

The page is parsed and turned into nested lists and dictionaries: white space collapsed as a browser does it, tables
with the place of each cell and a width for each column, pictures taken out into files of their own. Nothing of the page
becomes code; the Typst template reads all of it as data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree

from assess_lib import fonts

Node = dict[str, Any] | str

_WORDS = "a abbr b br cite code data del em i ins kbd mark q rp rt ruby s samp small span strong sub sup time u var"
_INLINE = frozenset(_WORDS.split())
# of these, the template sets the words as those around them
_UNSEEN = "abbr b cite code data em i kbd mark ruby samp small span strong time var"
_PLAIN = frozenset(_UNSEEN.split())
_GROUPS = frozenset(("group", "part"))  # rows that head others
_CELL_LOOKS = frozenset(("number", "code", "what", "status"))  # the classes of a cell that the template asks for
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_DROPPED = frozenset(("script", "style", "template", "col", "colgroup", "link", "meta", "input"))
_UNSEEN_ON_PAPER = "note"  # details whose words stand in the notes below the table
_WIDE = frozenset(("ledger-box", "annex-box", "checked"))
_NEW_PAGE = frozenset(("ledger-box", "annex-box"))
_ONE_LINE = frozenset(("number", "short", "status", "seq"))
_SHEET, _WIDE_SHEET = 50.0, 80.0  # a line of the upright and of the wide sheet, in ems of a table's text
_PADDING = 1.2  # what stands left and right of a cell's text, in ems
_SHORT, _LONGEST_LINE = 8.0, 18.0  # ems: what fits beside long texts; what is still set on one line in any case
_BLANK = re.compile(r"[ \t\n\r\f]+")
_LONG = 20
_LONG_WORD = re.compile(rf"[!-~]{{{_LONG},}}")
_PLACE = re.compile(r"(?:width|margin-left)\s*:\s*([\d.]+)%")
_DATA_IMAGE = re.compile(r"data:image/(svg\+xml|png|jpeg);base64,(.*)", re.DOTALL)
# the few addresses of a drawing that are worth a look: it names its own shapes hundreds of times
_ADDRESSES = etree.XPath("//@*[local-name() = 'href' and not(starts-with(., '#'))]", smart_strings=False)
_all_words = etree.XPath("string()", smart_strings=False)
_LINKS = ("http://", "https://", "mailto:")


@dataclass(slots=True)
class Paper:
    """A page as data, with its drawings by file name."""

    data: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    def as_json(self) -> bytes:
        """Return the data as the template reads it."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()


def read_page(page: str) -> Paper:
    """Return a web page made by ``to_html`` or ``render_page`` as data for the template."""
    # lxml.html would make each element one of its own kind, in Python, for nothing that is used here
    return _Reader().paper(etree.fromstring(page, etree.HTMLParser()))


class _Reader:
    """Walks a page once and collects its pictures."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._level = 0  # of the last heading

    def paper(self, document: Any) -> Paper:
        body = document.find("body")
        running = body.find("header[@class='running']")
        main = body.find("main")
        content = body if main is None else main
        data = {
            "title": _title(document),
            "lang": document.get("lang") or "zh-CN",
            "running": _running(running),
            "parts": _parts(self._kids(content)),
        }
        return Paper(data, self._files)

    def _kids(self, element: Any, kept: bool = False) -> list[Node]:
        """Return what stands in an element; ``kept`` keeps its lines and spaces as they are."""
        found: list[Node] = []
        if element.text:
            found.append(element.text)
        for child in element:
            if isinstance(child.tag, str):
                node = self._node(child, kept)
                if node is not None:
                    found.append(node)
            if child.tail:
                found.append(child.tail)
        return _lines(found) if kept else found

    def _node(self, element: Any, kept: bool) -> Node | None:
        tag, classes = element.tag, (element.get("class") or "").split()
        if tag in _DROPPED or (tag == "details" and _UNSEEN_ON_PAPER in classes):
            return None
        if tag == "table":
            return self._table(element, classes)
        if tag == "img":
            return self._picture(element)
        level = self._heading(tag)
        kids = self._kids(element, kept or tag == "pre")
        if tag == "details" and any("facts" in (table.get("class") or "") for table in element.iterancestors("table")):
            # the rows that it folds stand in the ledger, one by one
            kids = [kid for kid in kids if isinstance(kid, dict) and kid["t"] == "summary"]
        node: dict[str, Any] = {"t": tag, "k": kids}
        if level:
            node["level"] = level
        if classes:
            node["c"] = classes
        if place := _PLACE.search(element.get("style") or ""):
            node["at"] = min(float(place[1]), 100.0)
        if element.get("aria-hidden") == "true":
            node["hidden"] = True
        if tag == "ol" and (element.get("start") or "").isdecimal():
            node["start"] = int(element.get("start"))
        if tag == "a" and (element.get("href") or "").startswith(_LINKS):
            node["href"] = element.get("href")
        return node

    def _heading(self, tag: str) -> int:
        """Return a heading's level, which PDF/UA lets grow by one at most from the one before; 0 for no heading."""
        if tag not in _HEADINGS:
            return 0
        self._level = min(int(tag[1]), self._level + 1)
        return self._level

    def _picture(self, element: Any) -> Node:
        alt = element.get("alt") or ""
        match = _DATA_IMAGE.match(element.get("src") or "")
        try:
            content = b64decode(match[2]) if match else b""
            if match and match[1] == "svg+xml" and _fetches(content):
                content = b""
        except (NotBase64, etree.XMLSyntaxError):
            content = b""
        if not match or not content:
            return {"t": "p", "k": [alt]}
        if match[1] != "svg+xml":
            return {"t": "img", "alt": alt, "dots": list(content)}
        name = f"picture-{len(self._files)}.svg"
        self._files[name] = content
        return {"t": "img", "alt": alt, "file": name}

    def _table(self, element: Any, classes: list[str]) -> Node:
        head: list[Any] = []
        rows: list[Any] = []
        caption: list[Node] = []
        for part in element:
            if part.tag == "caption":
                caption = self._kids(part)
            elif part.tag == "thead":
                head.extend(part.iterchildren("tr"))
            elif part.tag in ("tbody", "tfoot"):
                rows.extend(part.iterchildren("tr"))
            elif part.tag == "tr":
                rows.append(part)
        grid = _Grid()
        node: dict[str, Any] = {
            "t": "table",
            "caption": tidy(caption),
            "head": [grid.place(self._row(row)) for row in head],
            "body": [grid.place(self._row(row)) for row in rows],
        }
        wide = any(_WIDE.intersection((box.get("class") or "").split()) for box in element.iterancestors())
        node["columns"] = grid.columns(_WIDE_SHEET if wide else _SHEET)
        node["right"] = right = grid.numbers()
        node["head"] = [_lean(row, []) for row in node["head"]]
        node["body"] = [_lean(row, right if number else []) for number, row in enumerate(node["body"])]
        if classes:
            node["c"] = classes
        return node

    def _row(self, row: Any) -> dict[str, Any]:
        cells = []
        for cell in row.iterchildren("td", "th"):
            words = tidy(self._kids(cell)) if len(cell) else _words(cell.text)
            made: dict[str, Any] = {"k": words, "c": (cell.get("class") or "").split()}
            made["w"], made["h"] = _span(cell, "colspan"), _span(cell, "rowspan")
            if cell.tag == "th":
                made["th"] = True
            cells.append(made)
        return {"c": (row.get("class") or "").split(), "cells": cells}


def _lean(row: dict[str, Any], right: list[bool]) -> dict[str, Any]:
    """Return a row with no more than the template needs: most cells are nothing but a text.

    ``right`` tells which columns hold numbers; it is empty for a row that does not look like the others, and so says
    all of each of its cells.
    """
    alike = [] if _GROUPS.intersection(row["c"]) else right
    made: dict[str, Any] = {"cells": [_lean_cell(cell, alike) for cell in row["cells"]]}
    if row["c"]:
        made["c"] = row["c"]
    return made


def _lean_cell(cell: dict[str, Any], right: list[bool]) -> dict[str, Any] | str:
    words, classes = cell["k"], cell["c"]
    if "number" in classes and any("remark" in _classes(node) for node in words):
        words = _remarks_below(words)
    words = _run_together(words)
    text = words[0] if len(words) == 1 and isinstance(words[0], str) else None
    made: dict[str, Any] = {"k": words if text is None else text}
    if looks := [name for name in classes if name in _CELL_LOOKS]:
        made["c"] = looks
    made.update((name, cell[name]) for name in ("w", "h") if cell[name] != 1)
    if "th" in cell:
        made["th"] = True
    if text is not None and len(made) - ("c" in made) == 1 and cell["at"] < len(right):
        as_its_column = ["number"] if right[cell["at"]] else []
        return text if looks == as_its_column else made
    return made


def _remarks_below(words: list[Node]) -> list[Node]:
    """Begin a line with each remark of a number."""
    found: list[Node] = []
    for node in words:
        found.extend(({"t": "br"}, node) if "remark" in _classes(node) else () if node == " " else (node,))
    return found


def _run_together(nodes: list[Node]) -> list[Node]:
    """Return the pieces of a line without the elements that look like the words around them."""
    found: list[Node] = []
    for node in nodes:
        inner: Iterable[Node] = (node,)
        if isinstance(node, dict) and node["t"] in _PLAIN and node.keys() == {"t", "k"}:
            inner = _run_together(node["k"])
        for piece in inner:
            last = found[-1] if found else None
            if isinstance(piece, str) and isinstance(last, str):
                found[-1] = last + piece
            else:
                found.append(piece)
    return found


def _classes(node: Node) -> list[str]:
    return node.get("c", []) if isinstance(node, dict) else []


class _Grid:
    """Where the cells of a table stand, and how much room each column wants."""

    def __init__(self) -> None:
        self._taken: set[tuple[int, int]] = set()
        self._row = 0
        self._wanted: dict[int, float] = {}
        self._one_line: dict[int, bool] = {}
        self._numbers: dict[int, bool] = {}

    def place(self, row: dict[str, Any]) -> dict[str, Any]:
        """Note the place of each cell of the next row."""
        at = 0
        for cell in row["cells"]:
            while (self._row, at) in self._taken:
                at += 1
            if cell["h"] > 1:
                self._taken.update((self._row + y, at + x) for y in range(1, cell["h"]) for x in range(cell["w"]))
            self._wanted.setdefault(at + cell["w"] - 1, 0.0)
            if cell["w"] == 1:
                self._wanted[at] = max(self._wanted.get(at, 0.0), room(cell["k"]))
                self._one_line[at] = self._one_line.get(at, True) and bool(_ONE_LINE.intersection(cell["c"]))
                if "th" not in cell:
                    self._numbers[at] = self._numbers.get(at, True) and "number" in cell["c"]
            cell["at"] = at
            at += cell["w"]
        self._row += 1
        return row

    def columns(self, sheet: float) -> list[float]:
        """Return for each column 0 where it is as wide as its longest line, else its share of the room left.

        ``sheet`` is how wide a whole line of the sheet is, in ems.
        """
        count = 1 + max(self._wanted, default=0)
        wanted = [self._wanted.get(at, 0.0) for at in range(count)]
        lines = [self._one_line.get(at, False) for at in range(count)]
        if sum(wanted) + count * _PADDING <= sheet:
            if all(lines):
                return [max(width + _PADDING, 1.5) for width in wanted]
            return [0.0 if line else min(max(width, 4.0), 44.0) for width, line in zip(wanted, lines, strict=True)]
        # What is short keeps its room; the rest is shared by what runs over several lines anyway. A name or a
        # document's number that is as long as a sentence is set like one.
        limits = [_LONGEST_LINE if line else _SHORT for line in lines]
        long = [0.0 if width <= most else min(width, 44.0) for width, most in zip(wanted, limits, strict=True)]
        kept = sum(width + _PADDING for width, share in zip(wanted, long, strict=True) if not share)
        part = max(sheet - kept, sheet / 4) / (sum(long) or 1)
        return [
            share * part if share else 0.0 if line else width + _PADDING
            for width, share, line in zip(wanted, long, lines, strict=True)
        ]

    def numbers(self) -> list[bool]:
        """Tell for each column whether it holds numbers only, and so stands at the right."""
        return [self._numbers.get(at, False) for at in range(1 + max(self._wanted, default=0))]


def room(nodes: Iterable[Node]) -> float:
    """Return the width of the longest line of some text, in ems: a Chinese character is one, others about half."""
    longest = current = 0.0
    for piece in _texts(nodes):
        if piece == "\n":
            longest, current = max(longest, current), 0.0
        else:
            current += _width(piece)
    return max(longest, current)


@lru_cache(maxsize=4096)  # the words of a table's cells come again and again, in one page and from page to page
def _width(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.56 for char in text)


def _texts(nodes: Iterable[Node]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        elif node["t"] == "br":
            yield "\n"
        elif "hidden" not in node:
            yield from _texts(node.get("k", ()))
            if node["t"] not in _INLINE:
                yield "\n"


def _fetches(svg: bytes) -> bool:
    """Tell whether a drawing refers to anything outside itself. Raises XMLSyntaxError for one that is no XML."""
    drawing = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    return any(not address.lstrip().startswith(("data:", "#")) for address in _ADDRESSES(drawing))


def without_pictures(data: Any) -> Any:
    """Return the data with the words of each picture in its place."""
    if isinstance(data, list):
        return [without_pictures(each) for each in data]
    if not isinstance(data, dict):
        return data
    if data.get("t") == "img":
        return {"t": "p", "k": [data["alt"]]}
    return {name: without_pictures(each) for name, each in data.items()}


def with_shapes(data: Any) -> Any:
    """Return the data with each character that no pinned font has written as its number, such as 〔U+1F6A9〕.

    Such a character cannot be shown, and both standards forbid an empty shape in its place.
    """
    if isinstance(data, str):
        known = fonts.characters()
        return "".join(char if ord(char) in known else f"〔U+{ord(char):04X}〕" for char in data)
    if isinstance(data, list):
        return [with_shapes(each) for each in data]
    return {name: with_shapes(each) for name, each in data.items()} if isinstance(data, dict) else data


def _title(document: Any) -> str:
    """Return the page's title; both standards ask for one, so a page without has that of its first heading."""
    heading = next(document.iter("h1"), None)
    given = document.findtext("head/title") or ("" if heading is None else _all_words(heading))
    return _BLANK.sub(" ", given).strip() or "考核报告"


def _running(header: Any) -> dict[str, Any]:
    """Return what stands at the top of each sheet: title, marks (draft line, sample), who approved it."""
    if header is None:
        return {"title": "", "marks": [], "approval": ""}
    told: dict[str, list[str]] = {"running-title": [], "draft": [], "sample": [], "approval": []}
    for span in header.iter("span"):
        for name in (span.get("class") or "").split():
            if name in told:
                told[name].append(_BLANK.sub(" ", _all_words(span)).strip())
    return {
        "title": "".join(told["running-title"]),
        "marks": told["draft"] + told["sample"],
        "approval": "".join(told["approval"]),
    }


def _parts(nodes: list[Node]) -> list[dict[str, Any]]:
    """Divide what stands on the page by the sheets that it needs, upright or wide."""
    parts: list[dict[str, Any]] = []
    for node in tidy(list(_unwrapped(nodes))):
        classes = frozenset(node.get("c", ())) if isinstance(node, dict) else frozenset()
        wide = bool(_WIDE & classes)
        fresh = bool(_NEW_PAGE & classes) and "follows" not in classes
        if not parts or parts[-1]["wide"] != wide or fresh:
            parts.append({"wide": wide, "k": []})
        parts[-1]["k"].append(node)
    return parts


def _unwrapped(nodes: list[Node]) -> Iterable[Node]:
    """Take away the boxes around what cells show."""
    for node in nodes:
        if isinstance(node, dict) and node["t"] == "div" and set(node.get("c", ())) <= {"mathjax_ignore", "prose"}:
            yield from _unwrapped(_marked(node))
        else:
            yield node


def _marked(node: dict[str, Any]) -> list[Node]:
    """Hand a box's class down where it says how what stands in it looks."""
    if "prose" in node.get("c", ()):
        return [kid | {"c": [*kid.get("c", ()), "prose"]} if isinstance(kid, dict) else kid for kid in node["k"]]
    return list(node["k"])


def _span(cell: Any, name: str) -> int:
    text = cell.get(name) or "1"
    return max(int(text), 1) if text.isdecimal() else 1


def _lines(nodes: list[Node]) -> list[Node]:
    """Write the line ends of preformatted text as elements, its spaces as ones that are kept."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, dict):
            found.append(node)
            continue
        for number, line in enumerate(node.replace("\t", "    ").split("\n")):
            if number:
                found.append({"t": "br", "k": []})
            found.append(line.replace(" ", "\u00a0"))
    return found


def tidy(nodes: list[Node]) -> list[Node]:
    """Collapse white space as a browser does: none at the edges of a block, one space between words."""
    return _Tidy().block(nodes)


class _Tidy:
    """Collapses white space through nested pieces of a line; knows whether a space was the last thing written."""

    def __init__(self) -> None:
        self._space = True  # nothing has been written: a space here would stand at the edge

    def block(self, nodes: list[Node]) -> list[Node]:
        """Return a block's contents: pieces of lines in boxes of their own where blocks stand beside them."""
        self._space = True
        found: list[Node] = []
        line: list[Node] = []
        mixed = any(_is_block(node) for node in nodes)
        for node in nodes:
            if _is_block(node):
                _close(found, line, mixed)
                line = []
                assert isinstance(node, dict)
                found.append(node if "k" not in node else node | {"k": _Tidy().block(node["k"])})
                self._space = True
            else:
                line.extend(self._inline(node))
        _close(found, line, mixed)
        return found

    def _inline(self, node: Node) -> list[Node]:
        if isinstance(node, str):
            text = _BLANK.sub(" ", node)
            if self._space:
                text = text.removeprefix(" ")
            if text:
                self._space = text.endswith(" ")
            return list(_breakable(text))
        if node["t"] == "br":
            self._space = True
            return [{"t": "br"}]
        kids = [piece for kid in node["k"] for piece in self._inline(kid)]
        return [node | {"k": kids}] if kids else []


def _words(text: str | None) -> list[Node]:
    """Return the words of a cell in which nothing but text stands, as ``tidy`` would."""
    tidied = _BLANK.sub(" ", text).strip(" ") if text else ""
    return list(_breakable(tidied)) if len(tidied) >= _LONG else [tidied] if tidied else []


def _close(found: list[Node], line: list[Node], mixed: bool) -> None:
    _trim(line)
    if line:
        found.extend([{"t": "line", "k": line}] if mixed else line)


def _trim(line: list[Node]) -> None:
    """Take away a space at the end of a line."""
    if line and isinstance(line[-1], str):
        line[-1] = line[-1].removesuffix(" ")
        if not line[-1]:
            del line[-1]
    elif line and isinstance(line[-1], dict) and line[-1].get("k"):
        _trim(line[-1]["k"])


def _is_block(node: Node) -> bool:
    """Tell whether an element stands by itself; an inline one that holds blocks does too."""
    if isinstance(node, str):
        return False
    return node["t"] not in _INLINE or any(_is_block(kid) for kid in node.get("k", ()))


def _breakable(text: str) -> Iterable[Node]:
    """Yield a text, with places to break in words that no line may hold."""
    at = 0
    for word in _LONG_WORD.finditer(text):
        for cut in range(word.start() + 4, word.end(), 4):
            yield text[at:cut]
            yield {"t": "wbr"}
            at = cut
    if text[at:]:
        yield text[at:]
