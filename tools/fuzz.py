"""Feed damaged workbooks and csv files to intake and cleaning, and say whether one damaged value got through.

Each mutant is made from a sound file by a random but repeatable change: of the XML of a workbook's parts (elements
dropped, doubled, moved, values and attributes replaced), of its zip container, of the records of an .xls, of the
bytes and separators of a csv. Of every mutant four things must hold:

1. reading ends with a book or a refusal in words: no traceback, no hang, no death of this process;
2. cleaning accounts for every row;
3. a value that differs from the sound file's, in a sheet that is not refused, is one that a second reader sees too;
4. a value that the second reader sees is not lost without a word.

    python tools/fuzz.py --count 5000 --seed 1
"""

from __future__ import annotations

import argparse
import copy
import csv
import io
import random
import struct
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from assess_lib.intake.cells import Book, Cell, Refused, Sheet, plain_number  # noqa: E402 (the path comes first)
from assess_lib.intake.isolated import PARSE, IsolatedReader, ReadLimits  # noqa: E402
from assess_lib.intake.visible import one_line  # noqa: E402

TABLE = "扣分登记"
HEADER = ("编号", "单位", "标准编号", "事实", "发生日期", "数量", "评分人", "复核人", "备注")
ROWS: tuple[tuple[Any, ...], ...] = tuple(
    (
        f"K-{number:03d}",
        ("T01", "崔家头镇", "D01", "县统计局")[number % 4],
        ("BS-01", "HY-01", "RW-01")[number % 3],
        ("公文退回", " 迟报 两天 ", "未参会\n未请假", "𠮷祥村“一网通办”<&>")[number % 4],
        date(2022, 1 + number, 5 + number),
        number + 1,
        "张三",
        "李四",
        (None, 2.5, 0.1 + 0.2, True, 20220620, "null")[number % 6],
    )
    for number in range(9)
)
UNITS = "单位编码,单位名称,单位类别\nT01,崔家头镇,镇\nD01,县统计局,县级部门\n"
ODD = (
    *(
        "",
        "0",
        "1",
        "-1",
        "2",
        "7",
        "65536",
        "1048576",
        "99999999999",
        "1e308",
        "NaN",
        "inf",
        "0x10",
        "A1",
        "B3",
        "ZZ9",
    ),
    *("XFD1048576", "A0", "s", "str", "n", "b", "d", "e", "inlineStr", "true", "2022-06-20", "44732", "1.5", "#REF!"),
    *(
        "单位",
        "K-001",
        "_x000D_",
        "preserve",
        "string",
        "float",
        "date",
        "5",
        "1000000",
        "rId1",
        "rId2",
        "../../etc/passwd",
    ),
)
Random = random.Random


# -- sound files ------------------------------------------------------------------------------------------------


def _xlsx(by_xlsxwriter: bool) -> bytes:
    stream = io.BytesIO()
    if by_xlsxwriter:
        import xlsxwriter

        book = xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd"})
        page = book.add_worksheet(TABLE)
        zeros = book.add_format({"num_format": "000"})
        for row, line in enumerate((HEADER, *ROWS)):
            for column, value in enumerate(line):
                if isinstance(value, date):
                    page.write_datetime(row, column, datetime(value.year, value.month, value.day))
                elif isinstance(value, int) and not isinstance(value, bool) and row % 2:
                    page.write_number(row, column, value, zeros)
                elif value is not None:
                    page.write(row, column, value)
        page.write_formula(12, 0, '="合"&"计"', None, "合计")
        page.write_rich_string(13, 3, "备", book.add_format({"bold": True}), "注：无")
        book.add_worksheet("说明").write(0, 0, "请如实填写")
        book.close()
    else:
        import openpyxl

        made = openpyxl.Workbook()
        sheet = made.worksheets[0]
        for line in (HEADER, *ROWS):
            sheet.append(line)
        made.save(stream)
    return stream.getvalue()


def _xls() -> bytes:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(TABLE)
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for row, line in enumerate((HEADER, *ROWS)):
        for column, value in enumerate(line):
            if isinstance(value, date):
                page.write(row, column, value, day)
            elif value is not None:
                page.write(row, column, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _ods() -> bytes:
    import odfdo

    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table(TABLE)
    for row, line in enumerate((HEADER, *ROWS)):
        for column, value in enumerate(line):
            if value is not None:
                table.set_value((column, row), value)
    document.body.append(table)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _csv(encoding: str) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows(["" if value is None else str(value) for value in line] for line in (HEADER, *ROWS))
    return stream.getvalue().encode(encoding)


# -- changes ----------------------------------------------------------------------------------------------------


def _bytes(random_: Random, data: bytes) -> bytes:
    """Flip, drop, double, insert or cut bytes."""
    changed = bytearray(data)
    for _ in range(random_.choice((1, 1, 1, 2, 8))):
        at = random_.randrange(len(changed)) if changed else 0
        kind = random_.randrange(6)
        if not changed:
            break
        if kind == 0:
            changed[at] ^= 1 << random_.randrange(8)
        elif kind == 1:
            changed[at] = random_.randrange(256)
        elif kind == 2:
            del changed[at : at + random_.choice((1, 2, 16, 256))]
        elif kind == 3:
            changed[at:at] = changed[at : at + random_.choice((1, 4, 64))]
        elif kind == 4:
            changed[at:at] = random_.choice((b"\x00", b"\xff\xff\xff\xff", b"<", b">", b'"', b"&", b"\xed\xa0\x80"))
        elif random_.random() < 0.1:
            del changed[at:]
    return bytes(changed)


def _tree(random_: Random, part: bytes) -> bytes:
    """Change an XML part as a tree, so that it stays XML."""
    try:
        root = ElementTree.fromstring(part)
        for _, (prefix, uri) in ElementTree.iterparse(io.BytesIO(part), ["start-ns"]):
            ElementTree.register_namespace(prefix, uri)  # one reader knows OpenDocument by its usual prefixes only
    except (ElementTree.ParseError, ValueError):
        return _bytes(random_, part)
    for _ in range(random_.choice((1, 1, 1, 2, 4))):
        nodes = list(root.iter())
        parents = [node for node in nodes if len(node)]
        node = random_.choice(nodes)
        parent = random_.choice(parents) if parents else root
        kind = random_.randrange(11)
        if kind == 0 and len(parent):
            parent.remove(random_.choice(list(parent)))
        elif kind == 1 and len(parent):
            parent.insert(random_.randrange(len(parent) + 1), copy.deepcopy(random_.choice(list(parent))))
        elif kind == 2 and len(parent) > 1:
            first, second = random_.sample(range(len(parent)), 2)
            parent[first], parent[second] = parent[second], parent[first]
        elif kind in (3, 4) and node.attrib:
            node.set(random_.choice(sorted(node.attrib)), random_.choice(ODD))
        elif kind == 5 and node.attrib:
            del node.attrib[random_.choice(sorted(node.attrib))]
        elif kind in (6, 7):
            texts = [other for other in nodes if other.text and other.text.strip()]
            if texts:
                random_.choice(texts).text = random_.choice(ODD)
        elif kind == 8:
            texts = [other for other in nodes if other.text]
            if len(texts) > 1:
                first_text, second_text = random_.sample(texts, 2)
                first_text.text, second_text.text = second_text.text, first_text.text
        elif kind == 9 and node is not root and len(parent) and node not in list(parent.iter()):
            parent.append(copy.deepcopy(node))
        elif kind == 10:
            node.set(random_.choice(("r", "t", "s", "hidden", "ref")), random_.choice(ODD))
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _workbook(random_: Random, data: bytes) -> bytes:
    """Change one part of a zip-based workbook, or the container itself."""
    if random_.random() < 0.08:
        return _bytes(random_, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    names = sorted(parts)
    weights = [6 if "sheet" in name.lower() or name in ("xl/styles.xml", "content.xml") else 1 for name in names]
    name = random_.choices(names, weights)[0]
    kind = random_.random()
    if kind < 0.03:
        del parts[name]
    elif kind < 0.06:
        other = random_.choice(names)
        parts[name], parts[other] = parts[other], parts[name]
    elif kind < 0.15:
        parts[name] = _bytes(random_, parts[name])
    else:
        parts[name] = _tree(random_, parts[name])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for each, part in parts.items():
            made.writestr(each, part)
    return stream.getvalue()


def _records(random_: Random, data: bytes) -> bytes:
    """Change the BIFF records of an .xls whose stream stands in one piece behind the first sector, or its bytes."""
    start = data.find(struct.pack("<HH", 0x0809, 0x0010), 512)
    if start < 0 or random_.random() < 0.3:
        return _bytes(random_, data)
    records: list[tuple[int, int]] = []
    at = start
    while at + 4 <= len(data) and len(records) < 5000:
        code, length = struct.unpack_from("<HH", data, at)
        if length > 8224 or (code == 0 and length == 0):
            break
        records.append((at, 4 + length))
        at += 4 + length
    changed = bytearray(data)
    at, size = random_.choice(records)
    kind = random_.randrange(7)
    if kind == 0:
        struct.pack_into("<H", changed, at, random_.choice((0x0203, 0x00FD, 0x027E, 0x0006, 0x00BD, 0x000A, 0x00FC)))
    elif kind == 1:
        struct.pack_into("<H", changed, at + 2, random_.choice((0, 1, size - 4 + 4, size * 2, 0x2020)) & 0xFFFF)
    elif kind in (2, 3, 4) and size > 4:
        place = at + 4 + random_.randrange(size - 4)
        changed[place] = random_.choice((0, 1, 2, 255, changed[place] ^ 1, changed[place] ^ 128))
    elif kind == 5:
        other_at, other_size = random_.choice(records)
        if other_size == size:
            changed[at : at + size], changed[other_at : other_at + size] = (
                data[other_at : other_at + size],
                data[at : at + size],
            )
    else:
        del changed[at : at + size]
        changed[start + (records[-1][0] - start) : 0] = b""
        changed += bytes(len(data) - len(changed))
    return bytes(changed)


def _text(random_: Random, data: bytes) -> bytes:
    """Change a csv: its quotes, separators, line breaks, bytes, lines or encoding."""
    kind = random_.randrange(6)
    if kind == 0:
        return _bytes(random_, data)
    if kind == 1:
        lines = data.splitlines(keepends=True)
        first, second = (random_.randrange(len(lines)) for _ in range(2))
        lines.insert(first, lines[second])
        return b"".join(lines)
    if kind == 2:
        at = random_.randrange(len(data))
        try:
            return data[:at] + data[at:].decode("utf-8").encode("gb18030")
        except UnicodeDecodeError:
            return data[:at] + data[at + 1 :]
    at = random_.randrange(len(data))
    inserted = random_.choice(
        (b'"', b'""', b",", b"\r", b"\n", b"\r\n", b";", b"\t", b"\x00", b"\x1a", b"\xef\xbb\xbf")
    )
    return data[:at] + inserted + data[at + random_.choice((0, 1)) :]


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file: how its mutants are made and what their names end in."""

    name: str
    ending: str
    make: Callable[[], bytes]
    change: Callable[[Random, bytes], bytes]


SOUND = (
    Sound("xlsx", ".xlsx", lambda: _xlsx(True), _workbook),
    Sound("xlsx-openpyxl", ".xlsx", lambda: _xlsx(False), _workbook),
    Sound("xls", ".xls", _xls, _records),
    Sound("ods", ".ods", _ods, _workbook),
    Sound("csv", ".csv", lambda: _csv("utf-8"), _text),
    Sound("csv-gb18030", ".csv", lambda: _csv("gb18030"), _text),
)


# -- the second reader, and what it must confirm ------------------------------------------------------------------


def _plain(value: Any) -> Cell | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return Cell("bool", "TRUE" if value else "FALSE")
    if isinstance(value, (int, float)):
        return plain_number(value)
    if isinstance(value, datetime):
        return Cell("date", value.isoformat(), value.replace(microsecond=0))
    if isinstance(value, date):
        return Cell("date", value.isoformat(), datetime(value.year, value.month, value.day))
    if isinstance(value, str):
        return Cell("text", value)
    return Cell("time", str(value))


def second_reading(data: bytes) -> Book:
    """Read a workbook by calamine alone, or a csv by a scanner of our own; run in a reading process of its own."""
    if not data.startswith((b"PK", b"\xd0\xcf")):
        return _second_csv(data)
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    for name in book.sheet_names:
        try:
            seen = book.get_sheet_by_name(name)
        except python_calamine.CalamineError:
            continue
        sheet = Sheet(name)
        left = seen.start[1] + 1 if seen.start else 1
        for row, values in enumerate(seen.iter_rows() if seen.start else (), start=1):
            for column, value in enumerate(values, start=left):
                cell = _plain(value)
                if cell is not None:
                    sheet.rows.setdefault(row, {})[column] = cell
                    sheet.last_row = row
        sheets.append(sheet)
    return Book("xlsx", sheets)


def _second_csv(data: bytes) -> Book:
    """Scan a csv character by character: RFC 4180, a bare CR, LF or both end a record."""
    text = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    sheet = Sheet("")
    record: list[str] = []
    field_ = ""
    quoted = False
    number = 0
    at = 0

    def end() -> None:
        nonlocal record, field_, number
        number += 1
        if record or field_ or started:
            record.append(field_)
            sheet.rows[number] = {place: Cell("text", value) for place, value in enumerate(record, start=1)}
        sheet.last_row = number
        record, field_ = [], ""

    started = False
    while at < len(text):
        char = text[at]
        if quoted:
            if char == '"' and text[at + 1 : at + 2] == '"':
                field_ += '"'
                at += 1
            elif char == '"':
                quoted = False
            else:
                field_ += char
        elif char == '"' and not field_:
            quoted = started = True
        elif char == ",":
            record.append(field_)
            field_ = ""
            started = True
        elif char in "\r\n":
            if text[at : at + 2] == "\r\n":
                at += 1
            end()
            started = False
        else:
            field_ += char
            started = True
        at += 1
    if started:
        end()
    return Book("csv", [sheet])


def _confirmed(cell: Cell | None, second: Cell | None) -> bool:
    """Whether the second reader sees what the first says; errors and formulas are no accepted values."""
    if cell is not None and cell.kind in ("error", "formula", "time"):
        return True
    if cell is None or cell.blank:
        return second is None or second.blank or second.kind == "error"
    if second is None:
        return False
    if cell.kind == "text":
        plain = "".join(cell.text.split())
        return second.kind in ("text", "time") and "".join(second.text.split()) == plain
    if cell.kind == "bool":
        return (second.kind, second.text) == ("bool", cell.text)
    first, other = _serial(cell), _serial(second)
    if cell.moment is not None and cell.moment < datetime(1900, 3, 1):
        return first is not None and other is not None and abs(first - other) <= 1  # the 29 February that never was
    return _close(first, other)


def _serial(cell: Cell) -> float | None:
    if cell.kind == "number":
        return float(cell.text)
    if cell.moment is not None:
        return (cell.moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return None


def _close(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return False
    # A file switched to the 1904 system moves days by 1,462 for both readers; both saw the switch.
    apart = abs(first - second)
    return apart <= max(abs(first) * 1e-14, 0.00002) or abs(apart - 1462) < 0.00002


# -- the run ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Report:
    """What came of the mutants: how many ended how, and what must not have happened."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: int = 0
    failures: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the summary in lines."""
        lines = [f"{name:15} {outcome:22} {count:6}" for (name, outcome), count in sorted(self.outcomes.items())]
        lines.append(f"changed values that both readers see: {self.changed}")
        lines.append(f"failures: {len(self.failures)}")
        return "\n".join((*lines, *self.failures))


class Fuzzer:
    """Mutates sound files and checks what intake and cleaning make of the mutants; use as a context."""

    def __init__(self, seed: int, keep: Path | None = None, parse: str = PARSE) -> None:
        self.seed = seed
        self.keep = keep
        self.report = Report()
        limits = ReadLimits(memory=1_000_000_000, seconds=15)
        self.reader = IsolatedReader(parse, limits)
        self.second = IsolatedReader("tools.fuzz:second_reading", limits)
        self.sound = {sound.name: sound.make() for sound in SOUND}
        self.read = {name: self.reader.read(data) for name, data in self.sound.items()}
        self._folder = tempfile.TemporaryDirectory(prefix="assess-fuzz-")
        self.folder = Path(self._folder.name)
        self.scheme = self._prepare()

    def __enter__(self) -> Fuzzer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.reader.close()
        self.second.close()
        self._folder.cleanup()

    def _prepare(self) -> Any:
        from ruamel.yaml import YAML

        from assess_lib.scheme import Scheme

        scheme = Scheme.model_validate(
            YAML(typ="safe", pure=True).load((ROOT / "data/raw/2022/scheme.yaml").read_text(encoding="utf-8"))
        )
        standards = "标准编号,考核内容,扣分情形,单次扣分,批准文号\n" + "".join(
            f"{code},内容,情形,1,文1号\n" for code in ("BS-01", "BS-02", "HY-01", "HY-02", "HY-03", "RW-01", "RW-02")
        )
        (self.folder / "单位名录.csv").write_text(UNITS, encoding="utf-8")
        (self.folder / "扣分标准.csv").write_text(standards, encoding="utf-8")
        return scheme

    def one(self, number: int) -> None:
        """Make and check the mutant of that number; the same seed and number give the same mutant."""
        random_ = Random(f"{self.seed}/{number}")
        sound = SOUND[number % len(SOUND)]
        mutant = sound.change(random_, self.sound[sound.name])
        try:
            outcome = self._check(sound, mutant)
        except Exception:
            outcome = "FAILED"
            self._fail(number, sound, mutant, traceback.format_exc(limit=-6))
        else:
            if outcome.startswith("!"):
                self._fail(number, sound, mutant, outcome)
                outcome = "FAILED"
        self.report.outcomes[sound.name, outcome] += 1

    def _fail(self, number: int, sound: Sound, mutant: bytes, what: str) -> None:
        self.report.failures.append(f"seed {self.seed} number {number} ({sound.name}): {what}")
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / f"{self.seed}-{number}{sound.ending}").write_bytes(mutant)

    def _check(self, sound: Sound, mutant: bytes) -> str:
        self._clean(sound, mutant)
        try:
            book = self.reader.read(mutant)
        except Refused as refusal:
            return refusal.code if refusal.message and refusal.remedy else f"!{refusal.code} without words"
        taken = [sheet for sheet in book.sheets if not any(note.severity == "error" for note in sheet.notes)]
        if not taken:
            return next(note.code for sheet in book.sheets for note in sheet.notes) if book.sheets else "no sheet"
        unchecked = any(note.code == "file.unchecked" for sheet in taken for note in sheet.notes)
        fault = "" if unchecked else self._compare(self.read[sound.name], taken, mutant)
        return fault or ("file.unchecked" if unchecked else "read")

    def _compare(self, before: Book, taken: Sequence[Sheet], mutant: bytes) -> str:
        """Return what changed without a second reader's word for it."""
        confirmed: dict[str, Sheet] | None = None
        known = {sheet.name: sheet for sheet in before.sheets}
        for sheet in taken:
            old = known.get(sheet.name)
            for row in sorted(sheet.rows.keys() | (old.rows.keys() if old else ())):
                cells = sheet.rows.get(row, {})
                old_cells = old.rows.get(row, {}) if old else {}
                for column in sorted(cells.keys() | old_cells.keys()):
                    cell = cells.get(column)
                    if cell == old_cells.get(column):
                        continue
                    if confirmed is None:
                        confirmed = {each.name: each for each in self.second.read(mutant).sheets}
                    other = confirmed.get(sheet.name)
                    seen = other.rows.get(row, {}).get(column) if other else None
                    if not _confirmed(cell, seen):
                        return f"!{sheet.name} row {row} column {column}: {cell} but the second reader sees {seen}"
                    self.report.changed += 1
        return ""

    def _clean(self, sound: Sound, mutant: bytes) -> None:
        from assess_lib.cleaning import clean

        path = self.folder / f"{TABLE}{sound.ending}"
        path.write_bytes(mutant)
        try:
            cleaned = clean(self.folder, self.scheme)
        finally:
            path.unlink()
        for count in cleaned.counts:
            if (
                count.read != count.accepted + count.rejected + count.set_aside
                or min(count.accepted, count.rejected) < 0
            ):
                raise AssertionError(f"rows do not add up: {count}")
        for problem in cleaned.problems:
            if not problem.message or str(problem) != one_line(str(problem)):
                raise AssertionError(f"a problem that cannot be printed: {problem!r}")


def fuzz(
    count: int,
    seed: int,
    keep: Path | None = None,
    progress: Callable[[int], None] | None = None,
    parse: str = PARSE,
) -> Report:
    """Check ``count`` mutants and return the report; the same count and seed give the same mutants.

    ``parse`` names the reader to be checked, as ``module:function``.
    """
    with Fuzzer(seed, keep, parse) as fuzzer:
        for number in range(count):
            fuzzer.one(number)
            if progress is not None:
                progress(number + 1)
        return fuzzer.report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0 when nothing got through, 1 when something did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=5000, help="how many mutants (default 5000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same mutants (default 1)")
    parser.add_argument("--keep", type=Path, help="a folder for the mutants that got through")
    options = parser.parse_args(arguments)
    start = time.monotonic()

    def progress(done: int) -> None:
        if done % 100 == 0 or done == options.count:
            pace = done / max(time.monotonic() - start, 0.001)
            print(f"\r{done}/{options.count}  {pace:.0f} a second", end="", file=sys.stderr, flush=True)

    report = fuzz(options.count, options.seed, options.keep, progress)
    print(file=sys.stderr)
    print(report.text())
    return 1 if report.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
