"""What a PDF needs to be read aloud, beyond what Typst writes: cells that head a row.

Typst makes header cells of a table's head only, each for its column. The template sets a row's header as strong text
(``templates/print/page.typ``); here such a cell becomes a header of its row (ISO 32000-1, 14.8.5.7). The objects
are rewritten one by one and the table of their places anew; what else the file holds stays byte for byte.
"""

from __future__ import annotations

import re

_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])\s*\n")
_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_ROW = re.compile(rb"/Type/StructElem/S/TR/.*?/K\[([^\]]*)\]", re.DOTALL)
_KID = re.compile(rb"(\d+) 0 R")
_CELL = b"/Type/StructElem/S/TD/"
_FIRST_KID = re.compile(rb"/K\[(\d+) 0 R")
_STRONG = b"/Type/StructElem/S/Strong/"
_COLUMNS = re.compile(rb"/Headers\[[^\]]*\]")
_TABLE = b"/A[<</O/Table"


def finish(pdf: bytes) -> bytes:
    """Return a PDF written by Typst in which each table cell whose text is strong heads its row.

    The other cells of such a row no longer name the headers of their columns: a reader that finds headers named looks
    for no others, and would pass over the row's. Raises ValueError for a file with another layout than Typst's.
    """
    head, objects, trailer = _objects(pdf)
    for content in list(objects.values()):
        row = _ROW.search(content[:4000]) if b"/S/TR/" in content[:60] else None
        if row is None:
            continue
        cells = [int(number) for number in _KID.findall(row[1])]
        heading = [number for number in cells if _is_strong(objects, number)]
        for number in cells if heading else ():
            cell = _COLUMNS.sub(b"", objects[number], count=1)
            objects[number] = _as_header(cell) if number in heading else cell
    return _written(head, objects, trailer)


def _is_strong(objects: dict[int, bytes], number: int) -> bool:
    content = objects[number]
    kid = _FIRST_KID.search(content) if _CELL in content[:60] else None
    return kid is not None and _STRONG in objects.get(int(kid[1]), b"")[:80]


def _as_header(cell: bytes) -> bytes:
    made = cell.replace(b"/S/TD/", b"/S/TH/", 1)
    if _TABLE in made:
        return made.replace(_TABLE, _TABLE + b"/Scope/Row", 1)
    named = made.replace(b"/A[", _TABLE + b"/Scope/Row>>", 1)
    return named if named != made else made.replace(b"/K[", _TABLE + b"/Scope/Row>>]/K[", 1)


def _objects(pdf: bytes) -> tuple[bytes, dict[int, bytes], bytes]:
    """Return what stands before the objects, the objects by number, and the trailer's dictionary."""
    start = _START.search(pdf)
    if start is None:
        raise ValueError("The PDF has no table of places at its end.")
    table = int(start[1])
    head, _, places = pdf[table:].partition(b"\n")
    first, count = (int(each) for each in places.split(b"\n", 1)[0].split())
    entries = _ENTRY.findall(places)
    if head.strip() != b"xref" or first != 0 or len(entries) != count:
        raise ValueError("The PDF's table of places is not the one that Typst writes.")
    used = sorted((int(place), number) for number, (place, _, kind) in enumerate(entries) if kind == b"n")
    ends = [place for place, _ in used[1:]] + [table]
    objects = {number: pdf[place:end] for (place, number), end in zip(used, ends, strict=True)}
    trailer = places[places.index(b"trailer") :]
    return pdf[: used[0][0]], objects, trailer[: trailer.index(b"startxref")]


def _written(head: bytes, objects: dict[int, bytes], trailer: bytes) -> bytes:
    pieces, places, at = [head], {}, len(head)
    for number, content in objects.items():
        places[number] = at
        pieces.append(content)
        at += len(content)
    count = 1 + max(places)
    pieces.append(b"xref\n0 %d\n0000000000 65535 f\r\n" % count)
    pieces.extend(b"%010d 00000 n\r\n" % places[number] for number in range(1, count))
    pieces.append(trailer + b"startxref\n%d\n%%%%EOF" % at)
    return b"".join(pieces)
