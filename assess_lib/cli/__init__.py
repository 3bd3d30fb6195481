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
from gettext import gettext
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from assess_lib import __version__, garbage
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


class Listed(NamedTuple):
    """A command in the list: where it is, as ``module:object``, and what it does in a few words."""

    place: str
    short_help: str


# A module is imported when its command is asked for. What the list of commands and the shell's completion show stands
# here, so that they need not wait for sixteen modules and all that these import.
COMMANDS: Mapping[str, Listed] = {
    "run": Listed("assess_lib.cli.run:run", "运行全部笔记本：清洗、评分、各单位报告、全县汇总"),
    "check": Listed("assess_lib.cli.check:check", "检查原始数据，一次列出全部问题"),
    "score": Listed("assess_lib.cli.score:score", "清洗并评分，几秒内写出结果"),
    "report": Listed("assess_lib.cli.report:report", "由现有结果出报告，不重新评分"),
    "pack": Listed("assess_lib.cli.pack:pack", "为每个单位打一个压缩包：报告、待办清单、台账"),
    "approve": Listed("assess_lib.cli.approve:approve", "登记领导小组的批准：结果定稿并冻结"),
    "explain": Listed("assess_lib.cli.explain:explain", "用文字说明某个单位的得分由来"),
    "verify": Listed("assess_lib.cli.verify:verify", "核对：哈希、重新评分、台账、印出的数字"),
    "readings": Listed("assess_lib.cli.readings:readings", "全部口径组合：谁的等次、名次取决于哪项口径"),
    "robustness": Listed("assess_lib.cli.robustness:robustness", "结论稳不稳：最少更正几条登记就会变，还能扣多少分"),
    "compare": Listed("assess_lib.cli.compare:compare", "比较两个结果文件夹：哪些单位变了，为什么"),
    "templates": Listed("assess_lib.cli.templates:templates", "生成空白表格，发给各单位填写"),
    "new-year": Listed("assess_lib.cli.new_year:new_year", "由上一年度生成新年度的原始数据文件夹"),
    "large-score": Listed("assess_lib.cli.large:score_large", "全省、全国规模的计分：从 parquet 表到 parquet 结果"),
    "large-explain": Listed("assess_lib.cli.large:explain_large", "用文字说明大规模计分中某个单位的得分由来"),
    "lab": Listed("assess_lib.cli.lab:lab", "打开 JupyterLab，运行笔记本"),
    "doctor": Listed("assess_lib.cli.doctor:doctor", "检查本机环境：字体、PDF、磁盘、编码、版本"),
    "completion": Listed("assess_lib.cli.completion:completion", "命令行补全：按 Tab 键补全命令和选项"),
}


class _Commands(click.Group):
    """The commands in the order of the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        listed = COMMANDS[cmd_name]
        module, _, name = listed.place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        command.options_metavar = "[选项]"
        command.short_help = listed.short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, listed.short_help) for name, listed in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=listed.short_help)
            for name, listed in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

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


def _one_thread() -> None:
    # Numpy comes along with pyarrow and starts a thread of linear algebra for each processor: a tenth of the time of a
    # short command, for nothing. In JupyterLab people may compute as they like.
    if sys.argv[1:2] != ["lab"]:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _kindle(arguments: Sequence[str]) -> None:
    # Importing what notebooks need takes longer than anything else before the first of them: begin at once.
    if arguments[:1] in (["run"], ["report"]) and "--help" not in arguments:
        from assess_lib.publish import hearth

        hearth.kindle()


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
    own = arguments is None
    if own:
        _interpreter_in_utf8()
        garbage.look_seldom()
        _one_thread()
        prepare_streams()
        _kindle(sys.argv[1:])
    with chinese():
        code = _run(arguments)
    if own:
        garbage.look_no_more()
    return code
