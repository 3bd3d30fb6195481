"""Readers that misbehave, for the reading process of a test: named to it as ``fake_readers:<function>``."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

from assess_lib.intake.cells import Book, Cell, Sheet
from assess_lib.intake.delimited import read_csv
from assess_lib.intake.parse import parse


def obedient(data: bytes) -> Book:
    """Do what the first word of the file says, else read it as csv."""
    word = data.split(b"\n", 1)[0].decode("utf-8", "replace")
    if word == "abort":
        os.abort()
    if word == "segfault":
        ctypes.string_at(0)
    if word == "exit":
        os._exit(0)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "sleep":
        time.sleep(600)
    if word == "spin":
        while True:
            pass
    if word == "swell":
        hoard = []
        while True:
            hoard.append(bytearray(10_000_000))
    if word == "print":
        print("noise on standard output", flush=True)
        os.write(1, b"more noise")
        sys.stderr.write("noise on standard error")
    if word == "write":
        with open(data.split(b"\n")[1].decode(), "wb") as stream:
            stream.write(b"x")
    if word == "pid":
        return Book("csv", [Sheet("", rows={1: {1: Cell("text", str(os.getpid()))}}, last_row=1)])
    if word == "limits":
        import resource

        names = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_AS", "RLIMIT_CPU")
        cells = {at: Cell("text", str(resource.getrlimit(getattr(resource, name))[0])) for at, name in enumerate(names)}
        return Book("csv", [Sheet("", rows={1: {at + 1: cell for at, cell in cells.items()}}, last_row=1)])
    if word == "path":
        return Book("csv", [Sheet("", rows={1: {1: Cell("text", repr("" in sys.path))}}, last_row=1)])
    return read_csv(data)


_DEATHS: list[int] = []


def dies_second(data: bytes) -> Book:
    """Read the first file and die of the second: what a process may do that earlier files have filled."""
    _DEATHS.append(1)
    if len(_DEATHS) > 1:
        os.abort()
    return read_csv(data)


def liar(data: bytes) -> object:
    """Send something that is no book."""

    class Broken:
        kind = "csv"
        sheets = ()

    broken = Broken()
    if data == b"kind":
        broken.kind = "pickle"
    if data == b"nothing":
        return None
    return broken


def _last_text(book: Book) -> tuple[Sheet, int, int] | None:
    for sheet in book.sheets:
        for row in sorted(sheet.rows, reverse=True):
            for column in sorted(sheet.rows[row], reverse=True):
                if sheet.rows[row][column].kind == "text" and not sheet.rows[row][column].blank:
                    return sheet, row, column
    return None


_FIRST: list[bytes] = []


def _spoil(data: bytes, kind: str) -> Book:
    """Read truly what was read first of each kind of file, and spoil one cell of everything later."""
    book = parse(data)
    found = _last_text(book)
    if len(_FIRST) < 6:
        _FIRST.append(data)
    elif found is not None and data not in _FIRST:
        sheet, row, column = found
        if kind == "lose":
            del sheet.rows[row][column]
        elif kind == "invent":
            sheet.rows[row][column + 1] = Cell("text", "多出")
        else:
            sheet.rows[row][column] = Cell("text", sheet.rows[row][column].text + "改")
    return book


def forgetful(data: bytes) -> Book:
    """Lose a cell."""
    return _spoil(data, "lose")


def inventive(data: bytes) -> Book:
    """Make up a cell."""
    return _spoil(data, "invent")


def careless(data: bytes) -> Book:
    """Change a cell."""
    return _spoil(data, "change")
