"""Read one untrusted file: what it really is decides which reader, and nothing it holds can raise but Refused."""

from __future__ import annotations

import io
import os
import stat
import warnings
import zipfile
from pathlib import Path

from assess_lib.intake.archive import read_part
from assess_lib.intake.cells import Book, Refused, damaged
from assess_lib.intake.delimited import read_csv
from assess_lib.intake.ods import read_ods
from assess_lib.intake.xls import read_xls
from assess_lib.intake.xlsx import read_xlsx

MAX_BYTES = 64_000_000
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_bytes(path: Path) -> bytes:
    """Return a regular file's bytes without following links or waiting on a pipe; raise Refused if that fails."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Refused("file.not_regular", "不是普通文件，不予读取。", "请换成数据文件本身。")
            if status.st_size > MAX_BYTES:
                raise Refused(
                    "file.too_large",
                    f"文件过大（{status.st_size // 1_000_000} MB），不予读取。",
                    "请删去图片等无关内容后重新报送。",
                )
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused(
            "file.unreadable",
            f"文件打不开（{os.strerror(error.errno or 0)}）。",
            "请检查文件权限或磁盘，关闭占用它的程序后重试。",
        ) from error


def _parse(data: bytes) -> Book:
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


def read_book(path: Path) -> Book:
    """Read a file fully, whatever its ending, or refuse it.

    The content decides: zip with a workbook, OpenDocument, OLE2 workbook, else comma-separated text. Raises Refused,
    and nothing else that a file's content can cause: a parser's own failure of any kind becomes a refusal.
    """
    data = read_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parse(data)
    except (Refused, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raise Refused("file.too_large", "文件内容过大，内存不足，未读入。", "请删去无关内容后重新报送。") from error
    except BaseException as error:  # parsers written in other languages raise beside Exception
        raise damaged(f"{type(error).__name__}") from error
