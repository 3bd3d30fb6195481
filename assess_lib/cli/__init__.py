"""The command line ``assess``: each command is one library call, all of it in Chinese.

``main`` turns whatever happens into an exit code of the contract and a message for a person.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence

import click

from assess_lib import __version__
from assess_lib.cli.console import prepare_streams, say
from assess_lib.cli.language import chinese
from assess_lib.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_ENVIRONMENT,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    AssessError,
)

# Command to module and object; a module is imported when its command is asked for, so that each starts quickly.
COMMANDS: Mapping[str, str] = {
    "run": "assess_lib.cli.run:run",
    "check": "assess_lib.cli.check:check",
    "score": "assess_lib.cli.score:score",
    "report": "assess_lib.cli.report:report",
    "pack": "assess_lib.cli.pack:pack",
    "approve": "assess_lib.cli.approve:approve",
    "explain": "assess_lib.cli.explain:explain",
    "verify": "assess_lib.cli.verify:verify",
    "readings": "assess_lib.cli.readings:readings",
    "robustness": "assess_lib.cli.robustness:robustness",
    "compare": "assess_lib.cli.compare:compare",
    "templates": "assess_lib.cli.templates:templates",
    "new-year": "assess_lib.cli.new_year:new_year",
    "lab": "assess_lib.cli.lab:lab",
    "doctor": "assess_lib.cli.doctor:doctor",
    "completion": "assess_lib.cli.completion:completion",
}


class _Commands(click.Group):
    """The commands in the order of the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        command.options_metavar = "[选项]"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        self.commands = {name: click.Command(name) for name in COMMANDS}  # what click proposes for a misspelt one
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    name="assess",
    options_metavar="[选项]",
    subcommand_metavar="命令 [参数]……",
)
@click.version_option(__version__, "--version", message="assess %(version)s", help="显示版本后退出。")
def cli() -> None:
    """县级目标责任考核：清洗原始数据，逐项计分，写出明细和报告。

    \b
    示例：
      assess check --year 2022      先检查原始数据
      assess score --year 2022      清洗并评分
      assess run --year 2022        清洗、评分并出全部报告
      assess explain 城关镇         某个单位的分是怎样来的
    """


def _interpreter_in_utf8() -> None:
    # Under an ASCII locale Python would read Chinese file names as broken text. Start again in UTF-8 mode.
    if os.name == "posix" and sys.getfilesystemencoding().lower().replace("-", "") != "utf8":
        command = [sys.executable, "-X", "utf8", "-m", "assess_lib", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, "PYTHONUTF8": "1"})


def _bug(error: BaseException) -> int:
    say("程序内部出错：这是软件的缺陷，不是数据的问题。原有结果没有改动。", error=True)
    text = "".join(traceback.format_exception(error))
    if os.environ.get("ASSESS_DEBUG") == "1":
        say(text, error=True)
        return EXIT_BUG
    try:
        descriptor, name = tempfile.mkstemp(prefix="assess-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
        say(f"详情已写入 {name}，请把该文件交给维护人员。", error=True)
    except OSError:
        say(
            "请设环境变量 ASSESS_DEBUG=1 后重新运行，把显示的内容交给维护人员。",
            error=True,
        )
    return EXIT_BUG


def _disk(error: OSError) -> int:
    from assess_lib.store.folder import disk_reason  # only now: the commands start quickly without it

    name = os.path.basename(os.fsdecode(error.filename)) if error.filename else ""
    what = f"{name}：" if name else ""
    say(
        f"磁盘或系统不允许此操作：{what}{disk_reason(error)}。请检查磁盘空间和权限后重新运行。",
        error=True,
    )
    return EXIT_ENVIRONMENT


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name="assess",
            standalone_mode=False,
        )
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else EXIT_DONE
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        say("已中断。原有结果没有改动。", error=True)
        return EXIT_INTERRUPTED
    except AssessError as error:
        say(str(error), error=True)
        return error.exit_code
    except OSError as error:
        return _disk(error)
    except MemoryError:
        say("内存不足。请关闭其他程序后重新运行。", error=True)
        return EXIT_ENVIRONMENT
    except Exception as error:  # the last resort: a bug is told in words, its traceback kept in a file
        return _bug(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; without arguments, those of the process."""
    if arguments is None:
        _interpreter_in_utf8()
        prepare_streams()
    with chinese():
        return _run(arguments)
