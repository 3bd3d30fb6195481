"""Zip-based workbooks: refuse what could exhaust or mislead a parser before any parser sees it."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from assess_lib.intake.cells import Refused, damaged

MAX_ENTRIES = 2_000
MAX_EXPANDED = 100_000_000
# A real sheet of equal rows packs some fifty times; a bomb a thousand times.
MAX_RATIO = 200
RATIO_FREE = 5_000_000
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def _unsafe(detail: str) -> Refused:
    return Refused(
        "file.unsafe",
        f"文件结构异常，为安全起见不予读取（{detail}）。",
        "请用 Excel 或 WPS 打开后另存为新的 .xlsx，再重新报送。",
    )


def encrypted() -> Refused:
    """Return the refusal of a workbook that needs a password."""
    return Refused("file.encrypted", "文件已加密，无法读取。", "请取消打开密码后另存，再重新报送。")


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open a zip file whose size, entries and XML parts are within what an office workbook can be.

    Raises Refused for too many or duplicate entries, too large or too densely packed contents, encrypted entries,
    XML with a DTD, and files that are cut short.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise damaged("压缩包不完整") from error
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _unsafe(f"内含 {len(entries)} 个部件")
    names = [entry.filename.replace("\\", "/").casefold() for entry in entries]
    if len(set(names)) != len(names):
        raise _unsafe("内含同名部件")
    if any(entry.flag_bits & 1 for entry in entries):
        raise encrypted()
    expanded = sum(entry.file_size for entry in entries)
    if expanded > MAX_EXPANDED:
        raise _unsafe(f"解压后有 {expanded // 1_000_000} MB")
    for entry in entries:
        if entry.file_size > RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise _unsafe("压缩比过高")
    for entry in entries:
        if entry.filename.casefold().endswith((".xml", ".rels", ".vml")):
            _refuse_dtd(read_part(archive, entry.filename))
    return archive


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return one part of an archive, checked against its checksum; raise Refused when it is missing or damaged."""
    try:
        return archive.read(name)
    except KeyError as error:
        raise damaged(f"缺少部件 {name}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as error:
        raise damaged("压缩包中的部件无法解压") from error


def _refuse_dtd(part: bytes) -> None:
    # Only UTF-8 parts are let through, so that a declaration cannot hide in another encoding.
    if b"\x00" in part or part.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unsafe("部件不是 UTF-8 编码")
    declared = _ENCODING.search(part[:200])
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        raise _unsafe("部件不是 UTF-8 编码")
    if _DECLARATION.search(part):
        raise _unsafe("部件含文档类型声明")
