"""The command line as people and scripts meet it: Chinese words, exit codes, pipes and locales."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from small_year import make_raw, write_table

from assess_lib import cli, lock
from assess_lib.cli import language
from assess_lib.cli.console import visible

ROOT = Path(__file__).resolve().parents[1]
_ROSTER = ("单位编码", "单位名称", "单位类别", "重点任务单位")


class Year:
    """A small year on disk and the command line to run on it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.raw = make_raw(place / "raw")
        self.processed = place / "processed"

    @property
    def options(self) -> list[str]:
        where = (("--raw", self.raw), ("--processed", self.processed), ("--reports", self.place / "reports"))
        return ["--year", "2022", *(str(part) for pair in where for part in pair)]

    def roster(self, group: str = "镇", key_task: str = "否") -> None:
        """Write the roster anew: another group makes it an error, an empty key-task cell leaves K unresolved."""
        rows = [("T01", "崔家头镇", group, key_task), ("T02", "南寨镇", "镇", "否"), ("T03", "水沟镇", "镇", "否")]
        write_table(self.raw, "单位名录", _ROSTER, [*rows, ("D01", "县纪委监委", "县级部门", "否")])


@pytest.fixture
def year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    for name in ("ASSESS_RAW", "ASSESS_PROCESSED", "ASSESS_REPORTS", "ASSESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Year(tmp_path)


def _shell(arguments: Sequence[str], **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "assess_lib", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


def _english(text: str) -> list[str]:
    """Find runs of three or more English words, which is what an untranslated sentence looks like."""
    return re.findall(r"\b[A-Za-z']{2,}(?: [A-Za-z']+){2,}", text)


# --- exit codes through the real command line --------------------------------------------------------------------


def test_check_of_good_data_is_0_and_of_bad_data_3(year: Year) -> None:
    """check ends with 0 when there are no errors and with 3, every error named with its place, when there are."""
    good = _shell(["check", *year.options])
    assert (good.returncode, good.stderr) == (0, b"")
    year.roster(group="乡")
    bad = _shell(["check", *year.options])
    assert bad.returncode == 3
    assert "单位名录.csv" in bad.stdout.decode()
    assert "第 2 行“单位类别”" in bad.stdout.decode()
    assert "problems.csv" in bad.stdout.decode()


def test_warnings_alone_do_not_fail_a_check(year: Year) -> None:
    """A file that is no table is a warning: check lists it and ends with 0."""
    (year.raw / "扣分登计.csv").write_text("x\n", encoding="utf-8")
    done = _shell(["check", *year.options])
    assert done.returncode == 0
    assert "扣分登计.csv" in done.stdout.decode()
    assert "警告 1" in done.stdout.decode()


def test_score_is_0_and_tells_counts_and_place(year: Year) -> None:
    """score prints a short table of counts and where the results lie."""
    done = _shell(["score", *year.options])
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert [line.split() for line in lines if line.startswith("合计")] == [["合计", "4", "1", "0", "2", "0"]]
    assert str(year.processed) in lines[-1]
    assert (year.processed / "results.csv").exists()


def test_rejected_score_is_3_and_keeps_the_set(year: Year) -> None:
    """score on bad data ends with 3, lists the errors on standard error and leaves the accepted set."""
    assert _shell(["score", *year.options]).returncode == 0
    before = (year.processed / "results.csv").read_bytes()
    year.roster(group="乡")
    done = _shell(["score", *year.options])
    assert done.returncode == 3
    assert "单位类别" in done.stderr.decode()
    assert (year.processed / "results.csv").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "--reading", "gate=above"],
        ["score", "--reading", "bonus_gate=over"],
        ["score", "--reading", "bonus_gate"],
        ["score", "--reading", "bonus_gate=above", "--reading", "bonus_gate=at_least"],
        ["score", "--date", "2022-02-30"],
        ["score", "--year", "22"],
        ["score", "--colour"],
        ["score", "extra"],
        ["check", "--final"],
        ["explain"],
        ["scor"],
    ],
)
def test_wrong_usage_is_2_in_chinese_and_touches_nothing(
    year: Year, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown options, values, readings and commands end with 2, in Chinese, before anything is touched."""
    assert cli.main([arguments[0], *year.options, *arguments[1:]]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.search("[一-鿿]", told.err)
    assert _english(told.err) == []
    assert sorted(path.name for path in year.place.iterdir()) == ["raw"]


def test_year_without_folder_and_output_equal_to_raw_are_2(year: Year) -> None:
    """The two mistakes that could cost data are refused before anything is touched."""
    assert _shell(["score", "--year", "1999"]).returncode == 2
    assert _shell(["score", "--year", "2022", "--raw", str(year.raw), "--processed", str(year.raw)]).returncode == 2
    assert sorted(path.name for path in year.place.iterdir()) == ["raw"]


def test_place_that_cannot_be_written_is_4(year: Year) -> None:
    """An output place where no folder can be made is exit 4 with a message."""
    where = ["--year", "2022", "--raw", str(year.raw), "--processed", "/proc/assess/2022"]
    done = _shell(["score", *where, "--reports", str(year.place / "reports")])
    assert done.returncode == 4
    assert "Traceback" not in done.stderr.decode()


def test_disk_full_is_4_and_keeps_the_set(year: Year) -> None:
    """When files cannot grow any more the run ends with 4 and the old set stands, byte for byte."""
    assert _shell(["score", *year.options]).returncode == 0
    before = {path.name: path.read_bytes() for path in year.processed.glob("*.*")}

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = _shell(["score", *year.options], preexec_fn=small_files)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr.decode()
    assert {path.name: path.read_bytes() for path in year.processed.glob("*.*")} == before


def test_busy_folder_is_5(year: Year) -> None:
    """While another run holds the folder a second one ends at once with 5."""
    with lock.held(year.processed):
        done = _shell(["score", *year.options])
    assert done.returncode == 5
    assert not year.processed.exists()


def test_input_that_keeps_changing_is_6(year: Year) -> None:
    """A raw file replaced again and again while the run reads it ends the run with 6; nothing is written."""
    stop = threading.Event()

    def disturb() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            fresh = year.raw.parent / "fresh.csv"
            fresh.write_text(f"佐证编号,单位,类型,名称或网址\nP{turn},T01,网址,x\n", encoding="utf-8")
            os.replace(fresh, year.raw / "佐证目录.csv")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        done = _shell(["score", *year.options])
    finally:
        stop.set()
        thread.join()
    assert done.returncode == 6
    assert "佐证目录.csv" in done.stderr.decode()
    assert not year.processed.exists()


def test_final_with_open_items_is_8_and_lists_them(year: Year) -> None:
    """score --final with something unresolved ends with 8 and lists it; without anything it ends with 0."""
    assert _shell(["score", "--final", *year.options]).returncode == 0
    year.roster(key_task="")
    done = _shell(["score", "--final", *year.options])
    assert done.returncode == 8
    assert "崔家头镇" in done.stderr.decode()
    assert "待定" in done.stderr.decode()


def test_a_bug_is_1_without_a_traceback_on_the_screen(
    year: Year, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A fault of the software says so in Chinese and keeps its traceback in a file, or shows it when asked to."""
    monkeypatch.setattr(cli.tempfile, "tempdir", str(tmp_path))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("assess_lib.pipeline.check", broken)
    assert cli.main(["check", *year.options]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    report = next(tmp_path.glob("assess-*.txt"))
    assert str(report) in told
    assert "RuntimeError: boom" in report.read_text(encoding="utf-8")
    monkeypatch.setenv("ASSESS_DEBUG", "1")
    assert cli.main(["check", *year.options]) == 1
    assert "RuntimeError: boom" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "full"), 4), (MemoryError(), 4)])
def test_interrupt_and_machine_trouble_have_their_own_codes(
    year: Year, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """Ctrl-C is 130; a full disk or memory is the environment's fault, 4."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("assess_lib.pipeline.check", fail)
    assert cli.main(["check", *year.options]) == code


# --- explain -----------------------------------------------------------------------------------------------------


@pytest.fixture
def scored(year: Year, capsys: pytest.CaptureFixture[str]) -> Year:
    assert cli.main(["score", *year.options]) == 0
    capsys.readouterr()
    return year


@pytest.mark.parametrize(
    "name", ["T01", "t01", "崔家头镇", "崔 家头镇\u200b", "千阳县崔家头镇人民政府", "崔镇", "崔家头"]
)
def test_unit_is_found_by_code_name_full_name_or_alias(
    scored: Year, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """explain takes the unit however it is written in the roster, spaces and invisible characters aside."""
    assert cli.main(["explain", name, *scored.options]) == 0
    assert capsys.readouterr().out.startswith("崔家头镇（T01，镇）2022 年度")


def test_unknown_unit_is_2_with_the_nearest_names(scored: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no unit has is never guessed: the nearest is only proposed."""
    assert cli.main(["explain", "县纪委", *scored.options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "县纪委监委" in told.err


def test_explain_tells_each_step_with_formula_clause_and_source(
    scored: Year, capsys: pytest.CaptureFixture[str]
) -> None:
    """T02's late report: 5 days at 0.50, from which row of which file, by which clause, and what it led to."""
    assert cli.main(["explain", "T02", *scored.options]) == 0
    told = capsys.readouterr().out
    assert "最终得分 101.50，合格（等次待审定）" in told
    assert "组内第 2 名（镇参加排名 3 个），总第 2 名（参加排名 3 个）" in told
    step = next(part for part in told.split("  · ") if "迟 5 天" in part)
    assert "−2.50" in step and "97.50" in step
    assert "0.50 × 5" in step
    assert "依据：" in step
    assert "材料报送.csv 第 4 行" in step
    assert "扣分标准.csv 第 2 行" in step


def test_explain_of_a_closed_gate_and_of_a_vetoed_unit_reads_well(
    scored: Year, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exactly 80.00 says that the gate stayed closed; a vetoed unit has no points and no rank."""
    assert cli.main(["explain", "T03", *scored.options]) == 0
    closed = capsys.readouterr().out
    assert "最终得分 80.00" in closed
    assert "未过加分开启线 80，不计加分" in closed
    assert "B1 特色亮点（四（三）1）：未开启" in closed
    assert cli.main(["explain", "D01", *scored.options]) == 0
    vetoed = capsys.readouterr().out
    assert "结论：不合格（单项否决）" in vetoed
    assert "V1 热线红灯（四（一）1）：构成单项否决" in vetoed
    assert "V2 通报批评（四（一）2）：未构成单项否决" in vetoed
    assert "名（参加排名" not in vetoed


def test_explain_names_what_is_unresolved(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """An open item is named at the top and marked where it stands."""
    year.roster(key_task="")
    assert cli.main(["score", *year.options]) == 0
    capsys.readouterr()
    assert cli.main(["explain", "T01", *year.options]) == 0
    told = capsys.readouterr().out
    assert "待定 1 项：K 重点考核。" in told
    assert re.search("K 重点考核.*【待定】", told)


def test_explain_does_not_pretend_to_another_reading(scored: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for a reading or date that the stored results do not have, explain says to score again."""
    assert cli.main(["explain", "T03", *scored.options, "--reading", "bonus_gate=at_least"]) == 2
    assert "assess score" in capsys.readouterr().err
    assert cli.main(["explain", "T03", *scored.options, "--date", "2022-06-30"]) == 2
    assert cli.main(["explain", "T03", *scored.options, "--reading", "bonus_gate=above"]) == 0


def test_explain_without_results_says_what_to_run(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any scoring explain is wrong usage and names the command to run."""
    assert cli.main(["explain", "T01", *year.options]) == 2
    assert "assess score" in capsys.readouterr().err


def test_reasons_are_not_counted_as_items(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """Among the counted problems an unresolved one is a 待定原因: 待定 alone counts items, as explain does."""
    year.roster(key_task="")
    assert cli.main(["score", *year.options]) == 0
    assert "错误 0，待定原因 1，警告 0，提示 0（见 " in capsys.readouterr().out


# --- lab ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [["--nope"], ["--", "--nope"]])
def test_an_option_that_jupyterlab_does_not_know_is_wrong_usage(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """JupyterLab itself is asked: what it refuses ends with 2, and a sentence in Chinese says so."""
    monkeypatch.chdir(ROOT)
    assert cli.main(["lab", *given]) == 2
    assert "JupyterLab 没有这样的选项（见上）。" in capfd.readouterr().err


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (1, 4), (-9, 4)])
def test_lab_ends_as_jupyterlab_does(monkeypatch: pytest.MonkeyPatch, ended: int, code: int) -> None:
    """A server that ends well is 0; one that fails or is killed is a matter of the machine, 4."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("assess_lib.cli.lab._serve", lambda *_: ended)
    assert cli.main(["lab"]) == code


def test_lab_opens_the_notebooks_without_a_batchs_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """lab starts JupyterLab on notebooks/ with the defaults of the year, and hands further options on."""
    calls = []

    def serve(command: list[str], root: Path, environment: dict[str, str]) -> int:
        calls.append((command, root, environment))
        return 0

    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ASSESS_PROCESSED", "/somewhere")
    monkeypatch.setattr("assess_lib.cli.lab._serve", serve)
    assert cli.main(["lab", "--", "--no-browser"]) == 0
    ((command, root, environment),) = calls
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/notebooks/README.md" in command
    assert command[-1] == "--no-browser"
    assert "--LabApp.news_url=None" in command  # nothing here asks the network for news
    assert root == ROOT
    assert not any(name.startswith("ASSESS_") for name in environment)


# --- Chinese, terminals, pipes -------------------------------------------------------------------------------------


def _all_help() -> Iterator[list[str]]:
    yield ["--help"]
    for name in cli.COMMANDS:
        yield [name, "--help"]


@pytest.mark.parametrize("arguments", list(_all_help()), ids=" ".join)
def test_help_is_chinese_and_has_an_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Every help page is Chinese, down to click's own words, and shows at least one command to copy."""
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert told.startswith("用法：")
    examples = re.findall(r"^ +assess .*$", told, flags=re.MULTILINE)
    assert examples
    for example in examples:
        told = told.replace(example, "")
    assert _english(told) == []
    for word in ("Usage", "Options", "Commands", "Show this", "ARGS", "default", "required"):
        assert word not in told


def test_language_does_not_depend_on_the_users_locale_and_leaves_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An English or German user gets the same Chinese; the environment is as before afterwards."""
    for language_variable in ("en_US:en", "de", None):
        if language_variable is None:
            monkeypatch.delenv("LANGUAGE", raising=False)
        else:
            monkeypatch.setenv("LANGUAGE", language_variable)
        assert cli.main(["scor"]) == 2
        assert "没有命令 'scor'" in capsys.readouterr().err
        assert os.environ.get("LANGUAGE") == language_variable


def test_catalogue_holds_every_word_of_the_installed_click() -> None:
    """Each message that click can print has a Chinese counterpart with the same placeholders."""
    folder = language.LOCALE_FOLDER / "zh_CN" / "LC_MESSAGES"
    with open(folder / "messages.po", "rb") as stream:
        catalogue = read_po(stream, locale="zh_CN")
    package = Path(click.__file__).parent
    for found in extract_from_dir(str(package)):
        identity = found[2]
        names = identity if isinstance(identity, tuple) else (identity,)
        message = catalogue.get(names[0])
        assert message is not None, names
        said = message.string if isinstance(message.string, str) else message.string[0]
        assert said, names
        allowed = {place for name in names for place in re.findall(r"{[^}]*}|%\(\w+\)s", name)}
        assert set(re.findall(r"{[^}]*}|%\(\w+\)s", said)) <= allowed


def test_compiled_catalogue_is_the_one_that_is_kept_as_text() -> None:
    """messages.mo says what messages.po says."""
    folder = language.LOCALE_FOLDER / "zh_CN" / "LC_MESSAGES"
    with open(folder / "messages.po", "rb") as stream:
        kept = read_po(stream, locale="zh_CN")
    with open(folder / "messages.mo", "rb") as stream:
        compiled = read_mo(stream)

    def words(catalogue: Catalog) -> dict[str, object]:
        return {str(list(m.id) if m.pluralizable else m.id): m.string for m in catalogue if m.id}

    assert len(words(kept)) > 70
    assert {key: list(said) if isinstance(said, tuple) else said for key, said in words(compiled).items()} == {
        key: list(said) if isinstance(said, tuple) else said for key, said in words(kept).items()
    }


def test_commands_work_in_an_ascii_locale(year: Year) -> None:
    """With LC_ALL=C and Python's own rescue switched off, Chinese file names are read and Chinese is printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    plain = kept | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = _shell(["score", *year.options], env=plain)
    assert done.returncode == 0, done.stderr
    assert "合计" in done.stdout.decode("utf-8")
    told = _shell(["explain", "崔家头镇", *year.options], env=plain)
    assert told.stdout.decode("utf-8").startswith("崔家头镇（T01")


@pytest.mark.parametrize("arguments", [["explain", "T01"], ["check"], ["--help"]])
def test_reader_that_leaves_early_causes_no_noise(year: Year, arguments: list[str]) -> None:
    """With ``| head`` the command ends quietly with its own exit code: 3 stays 3."""
    assert _shell(["score", *year.options]).returncode == 0
    expected = 0
    if arguments == ["check"]:
        year.roster(group="乡")
        expected = 3
    options = [] if arguments == ["--help"] else year.options
    command = [sys.executable, "-m", "assess_lib", *arguments, *options]
    reading, writing = os.pipe()
    os.close(reading)  # the reader is gone before the first line
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False)
    finally:
        os.close(writing)
    assert done.returncode == expected
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_output_that_cannot_be_written_is_4_without_noise() -> None:
    """With standard output on a full disk the command ends with 4 and one line on standard error."""
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "assess_lib", "--help"]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 4
    assert len(done.stderr.decode().splitlines()) == 1
    assert "磁盘空间不足" in done.stderr.decode()


def test_piped_output_has_no_colour_codes_and_no_color_is_honoured(year: Year) -> None:
    """Neither a pipe nor NO_COLOR gets an escape sequence."""
    done = _shell(["score", *year.options], env={**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"})
    assert b"\x1b" not in done.stdout
    assert b"\x1b" not in _shell(["check", *year.options]).stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("红灯\x1b[2J", "红灯\\x1b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\rb", "a\\rb"),
        ("甲\n乙", "甲\n乙"),
        ("䶮𠮷", "䶮𠮷"),
    ],
)
def test_cells_cannot_steer_the_terminal(text: str, shown: str) -> None:
    """Control and direction characters of a cell are shown as escapes, ordinary text as it stands."""
    assert visible(text) == shown


def test_problems_are_listed_by_file_errors_first(year: Year) -> None:
    """Errors come before warnings, each file once per kind, the counts at the end."""
    year.roster(group="乡")
    (year.raw / "扣分登计.csv").write_text("x\n", encoding="utf-8")
    lines = _shell(["check", *year.options]).stdout.decode().splitlines()
    assert lines[0] == "错误　单位名录.csv"
    assert lines.index("错误　单位名录.csv") < lines.index("警告　扣分登计.csv")
    assert lines[-1].startswith("共：错误 ")
    assert lines[-1].endswith("problems.csv（或 problems.xlsx）。")


def test_every_command_is_one_module_with_a_click_command() -> None:
    """The table of commands names modules of this package whose object is a click command of that name."""
    context = click.Context(cli.cli)
    for name, listed in cli.COMMANDS.items():
        assert listed.place.startswith("assess_lib.cli.")
        command = cli.cli.get_command(context, name)  # type: ignore[attr-defined]
        assert isinstance(command, click.Command)
        assert command.name == name
        assert command.get_short_help_str() == listed.short_help


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints the version that receipts name."""
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "assess 0.3.0\n"


def test_environment_variables_stand_in_for_folders(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASSESS_RAW, ASSESS_PROCESSED and ASSESS_REPORTS give the folders that no option gives."""
    for name in ("raw", "processed", "reports"):
        monkeypatch.setenv(f"ASSESS_{name.upper()}", str(year.place / name))
    assert cli.main(["score", "--year", "2022"]) == 0
    slip = json.loads((year.processed / "receipt.json").read_bytes())
    assert slip["year"] == 2022


def test_temporary_folder_of_a_run_is_no_output_folder(year: Year, capsys: pytest.CaptureFixture[str]) -> None:
    """A name ending in .building, which runs use for themselves, is refused as an output."""
    where = ["--year", "2022", "--raw", str(year.raw), "--processed", str(year.place / ".2022.building")]
    assert cli.main(["score", *where, "--reports", str(year.place / "reports")]) == 2
    assert "building" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--year", "--raw", "--processed", "--reports", "--date", "--reading"])
def test_an_option_given_empty_is_wrong_usage(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An unset shell variable after an option never means the default folder: wrong usage, nothing touched."""
    assert cli.main(["check", option, ""]) == 2
    assert option in capsys.readouterr().err


# --- quick to start ------------------------------------------------------------------------------------------------

# What takes a tenth of a second or more to import, and what the commands below have no use for.
_HEAVY = {"IPython", "duckdb", "jinja2", "matplotlib", "nbconvert", "numpy", "openpyxl", "pandas", "papermill"}
_HEAVY |= {"pyarrow", "pydantic", "rich", "ruamel", "typst", "xlsxwriter"}


def _imported(arguments: Sequence[str]) -> set[str]:
    """Run a command in a process of its own and return the heavy packages that it imported."""
    code = "import sys; from assess_lib.cli import main; code = main(sys.argv[1:]); print(*sys.modules); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.decode().splitlines()[-1].split()} & _HEAVY


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["completion", "bash"], ["completion", "--help"]], ids=" ".join
)
def test_the_list_of_commands_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help, version and completion script come at once: no data frames, no models, no figures are imported for them."""
    assert _imported(arguments) == set()


def test_completing_a_command_imports_nothing_heavy() -> None:
    """Pressing Tab after ``assess ex`` offers explain with its short help, without importing explain's module."""
    code = "import sys; from assess_lib.cli import main; sys.argv[0] = 'assess'\ntry:\n    main()\n"
    code += "finally:\n    print(*sys.modules)"
    asked = {"_ASSESS_COMPLETE": "fish_complete", "COMP_WORDS": "assess ex", "COMP_CWORD": "ex"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=120, env={**os.environ, **asked}
    )
    *offered, modules = done.stdout.decode().splitlines()
    assert offered == ["plain,explain\t用文字说明某个单位的得分由来"]
    assert {name.partition(".")[0] for name in modules.split()} & _HEAVY == set()
    assert "assess_lib.cli.explain" not in modules.split()


def test_scoring_and_explaining_import_no_data_frames(scored: Year) -> None:
    """check, score and explain work on plain rows: pandas, figures and notebooks are never imported for them."""
    never = {"IPython", "duckdb", "jinja2", "matplotlib", "nbconvert", "openpyxl", "pandas", "papermill", "typst"}
    for arguments in (["check"], ["score"], ["explain", "T01"]):
        assert _imported([*arguments, *scored.options]) & never == set(), arguments
