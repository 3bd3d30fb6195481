"""Read .csv files: comma separated, UTF-8 or GB18030, every cell characters."""

from __future__ import annotations

import csv
import io
import re

from assess_lib.intake.cells import MAX_CELLS, Book, Cell, Refused, Sheet, too_large

_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|table|meta|div|style|script|\?xml|!--)", re.IGNORECASE)
_BINARY = (
    (b"%PDF", "PDF 文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf", "7z 压缩包"),
    (b"\x1f\x8b", "gzip 压缩包"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
)
_ASK = "请另存为“CSV UTF-8（逗号分隔）”或 .xlsx 后重新报送。"


def decode(data: bytes) -> str:
    """Decode a text strictly as UTF-8 (with or without BOM), else strictly as GB18030.

    Raises Refused for UTF-16 and other encodings, and for bytes that are no text at all.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("file.encoding", "文件是 UTF-16 编码，不能读取。", _ASK)
    for magic, what in _BINARY:
        if data.startswith(magic) and (magic != b"BM" or b"\x00" in data[:64]):
            raise Refused("file.type", f"文件内容是{what}，不是表格。", "请报送 .xlsx、.xls、.ods 或 .csv 文件。")
    if b"\x00" in data:
        half = data[:2000]
        if half[0::2].count(0) > len(half) // 8 or half[1::2].count(0) > len(half) // 8:
            raise Refused("file.encoding", "文件是 UTF-16 编码，不能读取。", _ASK)
        raise Refused("file.type", "文件内容不是文本，也不是可识别的工作簿。", _ASK)
    marked = data.startswith(b"\xef\xbb\xbf")
    for encoding in ("utf-8-sig",) if marked else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.removeprefix("\ufeff")
    raise Refused("file.encoding", "文件既不是完整的 UTF-8，也不是完整的 GB18030 编码，不能读取。", _ASK)


def read_csv(data: bytes) -> Book:
    """Read a csv file from its bytes as one nameless sheet whose rows are its records, blank ones included.

    Raises Refused for another encoding, markup, and quotes that are not closed or not doubled.
    """
    text = decode(data)
    if _MARKUP.match(text):
        raise Refused(
            "file.type",
            "文件内容是网页（HTML/XML），不是工作簿。",
            "请用 Excel 或 WPS 打开后另存为 .xlsx，再重新报送。",
        )
    sheet = Sheet("")
    budget = MAX_CELLS
    # newline="" keeps line breaks inside quotes as they stand.
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, record in enumerate(records, start=1):
            sheet.last_row = number
            budget -= len(record)
            if budget < 0:
                raise too_large()
            if record:
                sheet.rows[number] = {position: Cell("text", value) for position, value in enumerate(record, start=1)}
    except csv.Error as error:
        raise Refused(
            "file.quote",
            f"第 {number + 1} 条记录起的英文双引号没有成对，或单元格过长，文件未读入。",
            '请检查该处的英文双引号：单元格内的引号须写成两个（""）；或另存为 .xlsx 后重新报送。',
        ) from error
    return Book("csv", [sheet])


def splits_into(book: Book, separator: str) -> list[list[str]]:
    """Split the records' text again by another separator, to recognise a file that is not comma separated."""
    lines = []
    for sheet in book.sheets:
        for row in sorted(sheet.rows)[:50]:
            line = ",".join(cell.text for _, cell in sorted(sheet.rows[row].items()))
            lines.append([part.strip(' "') for part in line.split(separator)])
    return lines
