"""``assess completion``: let the shell complete commands, options and unit names."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from assess_lib.cli.console import say

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
COMPLETE_VARIABLE = "_ASSESS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(list(_SHELLS)), metavar="bash|zsh|fish")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """显示补全脚本，写入终端的启动文件后，按 Tab 键即可补全命令和选项。

    \b
    示例：
      assess completion bash >> ~/.bashrc
      assess completion fish > ~/.config/fish/completions/assess.fish
    """
    root = context.find_root()
    assert isinstance(root.command, click.Group)
    say(_SHELLS[shell](root.command, {}, "assess", COMPLETE_VARIABLE).source())
