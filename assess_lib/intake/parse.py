"""Turn a file's bytes into a book: what it really is decides which reader; runs in the reading process."""

from __future__ import annotations

import io
import warnings
import zipfile

from assess_lib.intake.agreement import confirm
from assess_lib.intake.archive import read_part
from assess_lib.intake.cells import Book, Refused, damaged
from assess_lib.intake.delimited import read_csv
from assess_lib.intake.ods import read_ods
from assess_lib.intake.xls import read_xls
from assess_lib.intake.xlsx import read_xlsx

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _first_reading(data: bytes) -> Book:
    if not data:
        raise Refused("file.empty", "文件是空的（0 字节）。", "请重新导出；如本表没有内容，请保留表头或移走该文件。")
    if data.startswith((_ZIP, _EMPTY_ZIP)):
        return read_ods(data) if _is_ods(data) else read_xlsx(data)
    if data.startswith(_OLE):
        return read_xls(data)
    return read_csv(data)


def _is_ods(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "mimetype" not in names:
                return "content.xml" in names and "[Content_Types].xml" not in names
            if archive.getinfo("mimetype").file_size > 200:
                return False
            kind = read_part(archive, "mimetype").strip()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError):
        return False
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return True
    if kind.startswith(b"application/vnd.oasis.opendocument"):
        raise Refused("file.type", "这是其他办公文档，不是电子表格。", "请另存为 .xlsx 后重新报送。")
    return False


def parse(data: bytes) -> Book:
    """Read a file's bytes fully, whatever its name says, or refuse it.

    The content decides: zip with a workbook, OpenDocument, OLE2 workbook, else comma-separated text; a workbook is
    read a second time by another reader, and what they disagree on is an error note of its sheet. Raises Refused, and
    MemoryError, but nothing else that a file's content can cause: a parser's own failure becomes a refusal.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return confirm(_first_reading(data), data)
    except (Refused, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # parsers written in other languages raise beside Exception
        raise damaged(type(error).__name__) from error
