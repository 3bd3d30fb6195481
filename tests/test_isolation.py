"""One bad file costs one file: the reading process dies, hangs or swells alone, and ends with its parent."""

from __future__ import annotations

import ast
import concurrent.futures
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from build import load_scheme_plainly
from spreadsheets import FORMATS, ROWS, grid, valid_folder, write_grid

from assess_lib.cleaning import clean
from assess_lib.errors import EnvironmentFailure
from assess_lib.intake import Books, Refused, isolated, read_beforehand, read_book
from assess_lib.intake import reader as reader_module
from assess_lib.intake.cells import Book, Cell, Merge, Note, Sheet
from assess_lib.intake.isolated import IsolatedReader, ReadLimits, reader_of_thread
from assess_lib.intake.parse import parse
from assess_lib.intake.wire import WireError, decode_book, decode_refusal, encode_book

ROOT = Path(__file__).resolve().parents[1]
SCHEME = load_scheme_plainly()
FAKE = "fake_readers:obedient"
MEETING = grid("参会登记", [ROWS["参会登记"]])


@pytest.fixture
def reader() -> Iterator[IsolatedReader]:
    """Give an isolated reader that does what files tell it, with small limits."""
    made = IsolatedReader(FAKE, ReadLimits(memory=1_000_000_000, seconds=1, clock_factor=3.0))
    yield made
    made.close()


def words(book: Book) -> list[str]:
    """Return the texts of a book's first row."""
    return [cell.text for cell in book.sheets[0].rows[1].values()]


def refusal(reader: IsolatedReader, data: bytes) -> Refused:
    """Return what a reader says of a file that it refuses."""
    with pytest.raises(Refused) as caught:
        reader.read(data)
    assert caught.value.message and caught.value.remedy
    return caught.value


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Wait until a process is gone (or a zombie that its parent has not asked after)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


# -- deaths -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "shown"),
    [("abort", "SIGABRT"), ("segfault", "SIGSEGV"), ("kill", "SIGKILL"), ("exit", "退出码 0")],
)
def test_a_parser_that_dies_costs_its_file_alone(reader: IsolatedReader, word: str, shown: str) -> None:
    """A parser that aborts is an error on that file, in words; the files before and after it are read."""
    assert words(reader.read(b"before")) == ["before"]
    died = refusal(reader, word.encode())
    assert died.code == "file.reader_died"
    assert shown in died.message
    assert words(reader.read(b"after")) == ["after"]


def test_a_parser_that_waits_for_ever_is_ended(reader: IsolatedReader) -> None:
    """A file on which the parser hangs without working is given up after its time by the clock."""
    start = time.monotonic()
    assert refusal(reader, b"sleep").code == "file.reader_slow"
    assert time.monotonic() - start < 30
    assert words(reader.read(b"after")) == ["after"]


def test_a_parser_that_works_for_ever_is_ended() -> None:
    """A file on which the parser spins is given up after its processor time, long before the clock."""
    reader = IsolatedReader(FAKE, ReadLimits(seconds=1, clock_factor=500))
    start = time.monotonic()
    assert refusal(reader, b"spin").code == "file.reader_slow"
    assert time.monotonic() - start < 60
    reader.close()


def test_time_is_counted_for_each_file(reader: IsolatedReader) -> None:
    """What earlier files cost is not held against a later one: the limit moves on."""
    spent = [int(words(reader.read(b"limits"))[3])]
    reader.read(b"\n".join([b"x," * 50] * 20_000))
    spent.append(int(words(reader.read(b"limits"))[3]))
    assert spent[1] >= spent[0] >= 1


def test_memory_is_bounded() -> None:
    """A file that makes the parser swell is refused for its size; the machine does not notice."""
    reader = IsolatedReader(FAKE, ReadLimits(memory=500_000_000))
    assert refusal(reader, b"swell").code == "file.too_large"
    assert words(reader.read(b"after")) == ["after"]
    reader.close()


def test_limits_are_set(reader: IsolatedReader) -> None:
    """The reading process may leave no core, write no file and take no more memory than told."""
    core, file_size, memory, _ = words(reader.read(b"limits"))
    assert (core, file_size, memory) == ("0", "0", "1000000000")


def test_the_reading_process_writes_no_file(reader: IsolatedReader, tmp_path: Path) -> None:
    """A parser taken over by a file cannot put a byte on the disk."""
    target = tmp_path / "written"
    assert refusal(reader, b"write\n" + os.fsencode(target)).code == "file.reader_died"
    assert not target.exists() or target.stat().st_size == 0


def test_what_a_parser_prints_goes_nowhere(reader: IsolatedReader, capfd: pytest.CaptureFixture[str]) -> None:
    """Noise on a parser's standard output neither reaches the terminal nor is taken for an answer."""
    assert words(reader.read(b"print")) == ["print"]
    assert words(reader.read(b"after")) == ["after"]
    assert capfd.readouterr() == ("", "")


def test_a_death_is_tried_again_in_a_fresh_process() -> None:
    """A file is not blamed for what earlier files left in the process: a fresh one decides."""
    reader = IsolatedReader("fake_readers:dies_second")
    pids = []
    for text in (b"first", b"second", b"third"):
        assert words(reader.read(text)) == [text.decode()]
        pids.append(reader.pid)
    assert len(set(pids)) == 3
    reader.close()


def test_other_files_are_still_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaning names the file whose parser died and reads all others, before and after it."""
    folder = valid_folder(tmp_path, 参会登记=[ROWS["参会登记"]])
    (folder / "参会登记_甲.csv").write_bytes(b"abort")
    write_grid(folder, "参会登记_乙", grid("参会登记", [{**ROWS["参会登记"], "会议": "别的会"}]), "csv")
    fake = IsolatedReader(FAKE)
    monkeypatch.setattr("assess_lib.intake.reader.reader_of_thread", lambda: fake)
    cleaned = clean(folder, SCHEME)
    fake.close()
    assert [(p.severity, p.code, p.file) for p in cleaned.problems] == [
        ("error", "file.reader_died", "参会登记_甲.csv")
    ]
    assert [row["会议"] for row in cleaned.tables["参会登记"]] == ["例会", "别的会"]


# -- one warm process -------------------------------------------------------------------------------------------


def test_one_process_serves_many_files(reader: IsolatedReader) -> None:
    """The process is started once for many files, and anew only after a death."""
    first = words(reader.read(b"pid"))
    assert words(reader.read(b"pid")) == first
    assert first == [str(reader.pid)] != [str(os.getpid())]
    refusal(reader, b"abort")
    assert words(reader.read(b"pid")) != first


def test_a_large_parent_does_not_wear_its_reader_out() -> None:
    """One process serves many files under a kernel of any size: what the parent holds is not the reader's memory."""
    code = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from assess_lib.intake.isolated import IsolatedReader\n"
        "held = bytearray(700_000_000)\n"
        "reader = IsolatedReader('fake_readers:obedient')\n"
        "pids = {reader.read(b'pid').sheets[0].rows[1][1].text for _ in range(3)}\n"
        "assert len(pids) == 1, pids\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_process_that_was_killed_idle_is_replaced(reader: IsolatedReader) -> None:
    """A warm process that someone ended between two files costs no file."""
    reader.read(b"x")
    assert reader.pid
    os.kill(reader.pid, signal.SIGKILL)
    assert words(reader.read(b"after")) == ["after"]


def test_close_leaves_no_process() -> None:
    """A closed reader's process is gone, and so is that of one that nobody holds any more."""
    for close in (True, False):
        reader = IsolatedReader(FAKE)
        reader.read(b"x")
        pid = reader.pid
        assert pid and psutil.pid_exists(pid)
        if close:
            reader.close()
            assert reader.pid is None
        del reader
        assert not psutil.pid_exists(pid)


def test_an_interrupt_leaves_nothing_of_the_answer_behind(
    reader: IsolatedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C in the midst of a file the next file gets its own answer."""
    reader.read(b"warm")

    def interrupt(stream: object, length: int) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(isolated, "_exactly", interrupt)
        reader.read(b"interrupted")
    assert words(reader.read(b"next")) == ["next"]


def test_no_reading_process_is_an_environment_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot start the reading process is said to be at fault, not the file."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EnvironmentFailure, match="无法启动"):
        IsolatedReader(FAKE).read(b"x")
    monkeypatch.undo()
    with pytest.raises(EnvironmentFailure, match="立即中止"):
        IsolatedReader("no_such_module:parse").read(b"x")


def test_the_working_directory_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A raw folder that holds an openpyxl.py cannot have it run, wherever the command is started."""
    for name in ("openpyxl.py", "json.py", "xlrd.py", "ctypes.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    path = write_grid(tmp_path, "参会登记", MEETING, "xlsx")
    reader = IsolatedReader()
    assert reader.read(path.read_bytes()).sheets[0].rows[2][1].text == "例会"
    reader.close()


# -- reading ahead ----------------------------------------------------------------------------------------------


def test_a_file_that_was_begun_ahead_is_read_once(reader: IsolatedReader) -> None:
    """The answer to bytes that were handed over ahead is the one for those bytes, by the same process."""
    first, second = b"first", b"pid"
    assert words(reader.read(first)) == ["first"]
    pid = reader.pid
    reader.read_ahead(second)
    assert words(reader.read(second)) == [str(pid)]
    assert words(reader.read(b"third")) == ["third"]
    assert reader.pid == pid


def test_a_file_begun_ahead_that_nobody_asks_for_gives_no_answer_to_another(reader: IsolatedReader) -> None:
    """Whoever reads something else than was handed over ahead gets what that holds, never the other file's cells."""
    reader.read(b"first")
    reader.read_ahead(b"second")
    assert words(reader.read(b"third")) == ["third"]


@pytest.mark.parametrize(("word", "code"), [("abort", "file.reader_died"), ("sleep", "file.reader_slow")])
def test_a_file_begun_ahead_that_kills_the_parser_is_refused_itself(
    reader: IsolatedReader, word: str, code: str
) -> None:
    """A death or a hang while the caller still looks at the file before is told of the file that caused it."""
    bad = word.encode()
    assert words(reader.read(b"before")) == ["before"]
    reader.read_ahead(bad)
    time.sleep(0.3)
    assert refusal(reader, bad).code == code
    assert words(reader.read(b"after")) == ["after"]


def test_a_process_that_dies_of_what_it_read_before_does_not_cost_the_file_begun_ahead() -> None:
    """A file that kills a used process is read by a fresh one, also when it had been handed over ahead."""
    reader = IsolatedReader("fake_readers:dies_second")
    second = b"second"
    reader.read(b"first")
    reader.read_ahead(second)
    assert words(reader.read(second)) == ["second"]
    reader.close()


def test_a_process_that_still_starts_is_begun_with_as_soon_as_it_speaks(reader: IsolatedReader) -> None:
    """A file handed over ahead before the first one was read is the next answer, by the process that was started."""
    data = b"pid"
    reader.start()
    pid = reader.pid
    assert reader._process is not None
    select.select([reader._process.stdout], [], [], 30)
    reader.read_ahead(data)
    reader.read_ahead(data)  # once more: it is there already
    assert words(reader.read(data)) == [str(pid)]
    assert words(reader.read(b"other")) == ["other"]
    assert reader.pid == pid


def test_files_read_beforehand_are_read_again_only_when_their_bytes_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a file held is found by its bytes alone: a change, a refusal and a file that comes are read as ever."""
    first, second, third, late = (tmp_path / f"{name}.csv" for name in ("first", "second", "third", "late"))
    for path in (first, second):
        path.write_text(f"{path.stem}\n", encoding="utf-8")
    third.write_bytes(b"")  # refused
    asked: list[bytes] = []
    ask = IsolatedReader._ask

    def noted(self: IsolatedReader, data: bytes) -> Book:
        asked.append(data)
        return ask(self, data)

    monkeypatch.setattr(reader_module, "_kept", {})
    monkeypatch.setattr(IsolatedReader, "_ask", noted)
    order = [first, second, third, late]
    read_beforehand(order)
    assert asked == [b"first\n", b"second\n", b""]
    asked.clear()
    second.write_text("changed\n", encoding="utf-8")
    late.write_text("first\n", encoding="utf-8")  # the bytes of another file: what they hold is known
    books = Books(order)
    assert words(books.read(first)) == ["first"]
    assert words(books.read(second)) == ["changed"]
    with pytest.raises(Refused, match="0 字节"):
        books.read(third)
    assert words(books.read(late)) == ["first"]
    assert asked == [b"changed\n", b""]


def test_nothing_is_left_of_reading_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever read beforehand has no reading process and no further thread: it may fork."""
    (tmp_path / "a.csv").write_text("a\n", encoding="utf-8")
    monkeypatch.setattr(reader_module, "_kept", {})
    children, threads = set(psutil.Process().children()), threading.active_count()
    read_beforehand([tmp_path / "a.csv"])
    assert set(psutil.Process().children()) == children
    assert threading.active_count() == threads


def test_books_are_those_that_reading_one_by_one_gives(tmp_path: Path) -> None:
    """Files read in order, one ahead, give the same books and the same refusals as each by itself."""
    places = [write_grid(tmp_path, "参会登记", MEETING, kind) for kind in ("xlsx", "ods", "csv")]
    broken, missing = tmp_path / "broken.xlsx", tmp_path / "missing.csv"
    broken.write_bytes(b"PK\x03\x04 no archive")
    order = [places[0], broken, places[1], missing, places[2]]
    books = Books(order)

    def told(read: Callable[[Path], Book], path: Path) -> Book | str:
        try:
            return read(path)
        except Refused as refused:
            return refused.code

    assert [told(books.read, path) for path in order] == [told(read_book, path) for path in order]


# -- threads, forks, parents ------------------------------------------------------------------------------------


def test_threads_have_processes_of_their_own(tmp_path: Path) -> None:
    """Readers of several threads do not mix their answers, and end with their threads."""
    for number in range(12):
        (tmp_path / f"{number}.csv").write_text(f"file {number}", encoding="utf-8")

    def read(number: int) -> tuple[str, int | None]:
        return words(read_book(tmp_path / f"{number}.csv"))[0], reader_of_thread().pid

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(read, range(12)))
    assert [text for text, _ in results] == [f"file {number}" for number in range(12)]
    pids = {pid for _, pid in results}
    assert len(pids) <= 3 and reader_of_thread().pid not in pids
    for pid in pids:
        assert pid and gone(pid)


def test_a_thread_that_ends_takes_no_file_with_it() -> None:
    """A process started by a thread that is gone does not spoil a later thread's file."""
    outcomes: list[list[str]] = []

    def work(text: bytes) -> None:
        outcomes.append(words(reader_of_thread().read(text)))

    for text in (b"one", b"two"):
        thread = threading.Thread(target=work, args=(text,))
        thread.start()
        thread.join()
    assert outcomes == [["one"], ["two"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_starts_a_process_of_its_own(reader: IsolatedReader) -> None:
    """A forked copy of us neither uses nor ends the process that it inherited."""
    mine = words(reader.read(b"pid"))
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(outlet, words(reader.read(b"pid"))[0].encode())
            reader.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(outlet)
    theirs = os.read(inlet, 100).decode()
    os.close(inlet)
    assert theirs and [theirs] != mine
    assert words(reader.read(b"pid")) == mine


PARENT = """
import os, sys, threading, time
sys.path[:0] = {path!r}
from assess_lib.intake.isolated import IsolatedReader, ReadLimits
reader = IsolatedReader("fake_readers:obedient", ReadLimits(seconds=100))
reader.read(b"warm")
print(reader.pid, flush=True)
if {busy!r}:
    threading.Timer(0.3, lambda: print("busy", flush=True)).start()
    reader.read({busy!r})
print("idle", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a busy reader ends when its file is done")
@pytest.mark.parametrize("word", ["", "sleep", "spin"])
def test_the_reading_process_dies_with_its_parent(word: str) -> None:
    """A parent that is killed leaves no reading process, be it idle, waiting or hard at work."""
    code = PARENT.format(path=[str(ROOT), str(ROOT / "tests")], busy=word.encode())
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline().strip() == ("busy" if word else "idle")
        assert psutil.pid_exists(pid)
        parent.kill()
        parent.wait()
        assert gone(pid)


def test_a_program_that_ends_leaves_no_process() -> None:
    """A program that simply ends, or ends by an error, takes its reading process along and prints nothing of it."""
    code = (
        f"import sys; sys.path[:0] = {[str(ROOT)]!r}\n"
        "from assess_lib.intake.isolated import reader_of_thread\n"
        "reader = reader_of_thread(); reader.read(b'a,b'); print(reader.pid)\n"
    )
    for ending in ("", "raise SystemExit(3)\n"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-X", "dev", "-c", code + ending],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == (3 if ending else 0)
        assert done.stderr == ""
        assert gone(int(done.stdout))


def test_our_own_process_imports_no_parser() -> None:
    """Hostile bytes never meet a parser in the process that scores: it does not even load one."""
    code = (
        f"import sys; sys.path[:0] = {[str(ROOT)]!r}\n"
        "import assess_lib.cleaning\n"
        "print(sorted({'openpyxl', 'xlrd', 'python_calamine', 'defusedxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ast.literal_eval(done.stdout) == []


# -- what comes back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_a_book_comes_back_as_it_was_read(tmp_path: Path, form: str) -> None:
    """What the process sends is, cell for cell, what the parser read."""
    cells = [["甲", 1, 2.5, datetime(2022, 6, 20, 17, 30), "x\ny", "𠮷"], [], [None, "z"]]
    path = write_grid(tmp_path, "made", cells, form)
    assert read_book(path) == parse(path.read_bytes())


def test_a_book_survives_the_wire() -> None:
    """Every field of a book crosses unchanged, half characters too; equal cells are sent once."""
    sheet = Sheet(
        "表",
        True,
        {2: {1: Cell("text", "a\ud842b"), 3: Cell("number", "3", percent=True)}, 9: {16384: Cell("bool", "TRUE")}},
        12,
        [Merge(1, 2, 3, 4)],
        {2, 3, 4, 9},
        {1},
        [Note("warning", "sheet.full", "m", "r", 5, "v")],
    )
    sheet.rows[3] = {1: Cell("date", "2022-06-20", datetime(2022, 6, 20)), 2: Cell("number", "1", shown="001")}
    book = Book("xlsx", [sheet, Sheet("空")])
    assert decode_book(encode_book(book)) == book
    many = Book(
        "csv", [Sheet("", rows={row: {1: Cell("text", "长" * 10_000)} for row in range(1, 1001)}, last_row=1000)]
    )
    sent = encode_book(many)
    assert len(sent) < 100_000
    assert decode_book(sent) == many


GOOD = {
    "kind": "xlsx",
    "cells": [["text", "a", None, False, ""]],
    "sheets": [
        {
            "name": "s",
            "hidden": False,
            "last_row": 1,
            "rows": [[1, 1, 0]],
            "merges": [[1, 1, 1, 1]],
            "hidden_rows": [[1, 1]],
            "hidden_columns": [],
            "notes": [["notice", "file.x", "m", "r", None, ""]],
        }
    ],
}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "exe"},
        {"kind": None},
        {"cells": [["pickle", "a", None, False, ""]]},
        {"cells": [["text", 5, None, False, ""]]},
        {"cells": [["text", "a", "2022-06-20", False, ""]]},
        {"cells": [["date", "a", None, False, ""]]},
        {"cells": [["date", "a", "yesterday", False, ""]]},
        {"cells": [["text", "a", None, 1, ""]]},
        {"cells": [["text", "a"]]},
        {"cells": []},
        {"sheets": [5]},
        {"sheets": [{}]},
        {"name": 5},
        {"hidden": "no"},
        {"last_row": 0},
        {"last_row": -1},
        {"rows": [[0, 1, 0]]},
        {"rows": [[1, 0, 0]]},
        {"rows": [[1, 1, 1]]},
        {"rows": [[1, 1, -1]]},
        {"rows": [[1, 1]]},
        {"rows": [[1, 1, 0, 1, 0]]},
        {"rows": [[1, 1, 0], [1, 2, 0]]},
        {"rows": [[True, 1, 0]]},
        {"rows": [[1.0, 1, 0]]},
        {"rows": [[1 << 40, 1, 0]]},
        {"rows": 5},
        {"merges": [[1, 1, 1]]},
        {"merges": [[1, 1, 1, "x"]]},
        {"hidden_rows": [[5, 1]]},
        {"hidden_rows": [[1, 5], [5, 9]]},
        {"hidden_rows": [[1, 2_100_000_000]]},
        {"notes": [["fatal", "file.x", "m", "r", None, ""]]},
        {"notes": [["error", "x", "m", "r", None, ""]]},
        {"notes": [["error", "file.x", "m", "r", "3", ""]]},
    ],
)
def test_only_a_book_is_taken_for_a_book(change: dict[str, object]) -> None:
    """What the reading process sends is checked to the last field; nothing else is believed."""
    assert decode_book(json.dumps(GOOD).encode()).sheets[0].rows[1][1].text == "a"
    sheet = {key: value for key, value in change.items() if key in GOOD["sheets"][0]}  # type: ignore[operator, index]
    whole = {key: value for key, value in change.items() if key not in sheet}
    broken = GOOD | {"sheets": [GOOD["sheets"][0] | sheet]} | whole  # type: ignore[index, operator]
    with pytest.raises(WireError):
        decode_book(json.dumps(broken).encode())


@pytest.mark.parametrize(
    "sent", ["", "[", "5", "null", '"x"', "[" * 100_000, "\xff", "1" * 5000, "cos\nsystem\n"], ids=str.__len__
)
def test_bytes_that_are_no_answer(sent: str) -> None:
    """Broken, deeply nested or foreign bytes are no book and no refusal."""
    with pytest.raises(WireError):
        decode_book(sent.encode())
    with pytest.raises(WireError):
        decode_refusal(sent.encode())


def test_a_false_answer_is_a_death() -> None:
    """A reading process that sends what no sound one would is treated like one that died."""
    reader = IsolatedReader("fake_readers:liar")
    for data in (b"kind", b"nothing"):
        assert refusal(reader, data).code == "file.reader_died"
    reader.close()


def test_real_parsers_run_with_limits(tmp_path: Path) -> None:
    """The real reader reads every format within a third of the memory that it may take."""
    reader = IsolatedReader(limits=ReadLimits(memory=600_000_000))
    for form in FORMATS:
        book = reader.read(write_grid(tmp_path, "made", MEETING, form).read_bytes())
        assert [cell.text for cell in book.sheets[0].rows[2].values()] == ["例会", "2022-06-20", "T01", "到会"]
    reader.close()
