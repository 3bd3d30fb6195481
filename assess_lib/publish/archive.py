"""What a PDF needs to be kept for decades and to be read aloud, beyond what WeasyPrint writes.

The PDFs are PDF/A-3a (ISO 19005-3: archive, tagged, files attached) and PDF/UA-1 (ISO 14289-1: accessible) at once.
WeasyPrint writes one of the two claims; this module adds the other, corrects the embedded fonts, and files the
identifiers of table headers. It works on the finished object tree, before a byte is written.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

_CLAIM = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF>"""

_IN_LISTS = ("/LI", "/L", "/Caption")
_CFF = b"CFF "
_ROS = (12, 30)  # the operator that makes a CFF font CID-keyed
_CHARSET = (15,)


def finish(document: Any, pdf: Any) -> None:
    """Complete WeasyPrint's object tree; ``finisher`` of ``write_pdf``, to be used with ``pdf_variant="pdf/a-3a"``."""
    headers = []
    for item in pdf.objects:
        reference = item.reference
        extra = getattr(item, "extra", {})
        if extra.get("Subtype") == "/OpenType":
            item.stream = [bare_cff(b"".join(item.stream))]
            extra["Subtype"] = "/CIDFontType0C"
        elif extra.get("Type") == "/Metadata":
            item.stream = [b"".join(item.stream).replace(b"</rdf:RDF>", _CLAIM, 1)]
        elif isinstance(item, dict):
            if item.get("Subtype") == "/CIDFontType0":
                item.pop("CIDToGIDMap", None)  # belongs to TrueType fonts alone
            if item.get("S") == "/L":
                _mend_list(pdf, item, reference)
            if "ID" in item and item.get("Type") == "/StructElem":
                headers.append((item["ID"], reference))
    _file_headers(pdf, headers)
    if "AF" in pdf.catalog:  # WeasyPrint lists each file twice
        pdf.catalog["AF"] = type(pdf.catalog["AF"])(dict.fromkeys(pdf.catalog["AF"]))


def _mend_list(pdf: Any, listed: dict[str, Any], reference: bytes) -> None:
    """Put a list's items right under it, and what stands between two items into the first of them.

    Where items run on in lines, WeasyPrint makes a piece of each line and of each blank between items; a list may hold
    items alone (ISO 32000-1, table 336).
    """
    kids: list[Any] = []
    for kid in listed["K"]:
        wrapped = _element(pdf, kid).get("K", [])
        loose = _element(pdf, kid).get("S") in ("/Div", "/NonStruct")
        kids.extend(wrapped if loose and any(_element(pdf, each).get("S") == "/LI" for each in wrapped) else [kid])
    items: list[Any] = []
    for kid in kids:
        element = _element(pdf, kid)
        into = _element(pdf, items[-1])["K"][-1] if items and element.get("S") not in _IN_LISTS else None
        if element and _element(pdf, into).get("S") == "/LBody":
            element["P"] = into
            _element(pdf, into)["K"].append(kid)
        else:
            if element:
                element["P"] = reference
            items.append(kid)
    listed["K"][:] = items


def _element(pdf: Any, reference: Any) -> dict[str, Any]:
    """Return the structure element that a reference such as ``b"12 0 R"`` leads to; a piece of content is none."""
    found = pdf.objects[int(reference.split()[0])] if isinstance(reference, bytes) else None
    return found if isinstance(found, dict) else {}


def _file_headers(pdf: Any, headers: list[tuple[Any, bytes]]) -> None:
    """Add the tree that leads from a header cell's identifier to the cell (ISO 32000-1, 14.7.2)."""
    if not headers:
        return
    from weasyprint.pdf import pydyf

    names = pydyf.Array()
    for identifier, reference in sorted(headers, key=lambda pair: pair[0].data):
        names.extend((identifier, reference))
    tree = pydyf.Dictionary({"Names": names})
    pdf.add_object(tree)
    root = next(item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/StructTreeRoot")
    root["IDTree"] = tree.reference


def bare_cff(font: bytes) -> bytes:
    """Return the CFF program of an OpenType font, its glyphs numbered so that every reader finds the same ones.

    WeasyPrint writes a text's glyph numbers as CIDs. A CID-keyed font maps CIDs to glyphs by its charset (ISO 32000-1,
    9.7.4.2), and the charset of the pinned Noto faces is not the identity: readers that follow the standard (Adobe
    Acrobat, Apple's Preview) would show other characters than those that follow the glyph numbers. With the identity
    as charset both ways lead to the same glyph. Raises ValueError for a font without a CFF table.
    """
    count = struct.unpack_from(">H", font, 4)[0]
    for index in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if tag == _CFF:
            return _with_identity(bytearray(font[offset : offset + length]))
    raise ValueError("The font has no CFF table.")


def _with_identity(cff: bytearray) -> bytes:
    """Write the identity over the charset of a CID-keyed font; it never needs more room than another charset."""
    _, names_end = _index(cff, cff[2])
    ((start, end),), _ = _index(cff, names_end)
    operators = _operators(bytes(cff[start:end]))
    if _ROS in operators:
        charset = operators[_CHARSET]
        glyphs = _charstrings(cff, operators)
        last = glyphs - 2  # glyph 0 is left out, and a range names its first glyph and how many follow
        if glyphs == 2:
            identity = struct.pack(">BH", 0, 1)
        elif glyphs > 2:
            identity = struct.pack(">BHB", 1, 1, last) if last < 256 else struct.pack(">BHH", 2, 1, last)
        else:
            return bytes(cff)
        cff[charset : charset + len(identity)] = identity
    return bytes(cff)


def _charstrings(cff: bytearray, operators: dict[tuple[int, ...], int]) -> int:
    return int(struct.unpack_from(">H", cff, operators[(17,)])[0])


def _index(cff: bytearray, start: int) -> tuple[list[tuple[int, int]], int]:
    """Return where the items of an INDEX begin and end, and where the INDEX ends."""
    count = struct.unpack_from(">H", cff, start)[0]
    if not count:
        return [], start + 2
    size, first = cff[start + 2], start + 3
    offsets = [int.from_bytes(cff[first + size * i : first + size * (i + 1)], "big") for i in range(count + 1)]
    base = first + size * (count + 1) - 1
    return [(base + a, base + b) for a, b in pairwise(offsets)], base + offsets[-1]


def _operators(top: bytes) -> dict[tuple[int, ...], int]:
    """Return the operators of a Top DICT, each with its last operand (0 where that is a real number)."""
    found: dict[tuple[int, ...], int] = {}
    at = value = 0
    while at < len(top):
        byte = top[at]
        if byte <= 21:
            size = 2 if byte == 12 else 1
            found[tuple(top[at : at + size])] = value
        elif byte == 28:
            size, value = 3, int.from_bytes(top[at + 1 : at + 3], "big", signed=True)
        elif byte == 29:
            size, value = 5, int.from_bytes(top[at + 1 : at + 5], "big", signed=True)
        elif byte == 30:
            size, value = 2, 0
            while 0x0F not in (top[at + size - 1] & 0x0F, top[at + size - 1] >> 4):
                size += 1
        elif byte <= 246:
            size, value = 1, byte - 139
        elif byte <= 250:
            size, value = 2, (byte - 247) * 256 + top[at + 1] + 108
        else:
            size, value = 2, -(byte - 251) * 256 - top[at + 1] - 108
        at += size
    return found
