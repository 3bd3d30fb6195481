"""``assess lab``: JupyterLab on the notebooks."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import click

from assess_lib import paths
from assess_lib.errors import EnvironmentFailure, UsageError

# JupyterLab asks its makers for news and newer versions unless told not to; nothing here uses the network.
_QUIET = ("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None")


@click.command(
    short_help="打开 JupyterLab，运行笔记本",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- JupyterLab 的选项]")
def lab(arguments: tuple[str, ...]) -> None:
    """打开 JupyterLab，逐格运行和修改笔记本。

    \b
    示例：
      assess lab
      assess lab -- --no-browser
    """
    root = paths.project_root()
    if root is None or not (root / "notebooks").is_dir():
        raise UsageError("没有找到 notebooks 文件夹。请进入项目文件夹再运行。")
    if importlib.util.find_spec("jupyterlab") is None:
        raise EnvironmentFailure("没有安装 JupyterLab。请先运行 make setup。")
    # A batch hands its folders to notebooks by these variables; in the lab the defaults of the year are meant.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSESS_")}
    environment.pop("LANGUAGE", None)
    command = [sys.executable, "-m", "jupyterlab", "notebooks", *_QUIET, *arguments]
    code = subprocess.run(command, cwd=root, env=environment, check=False).returncode
    if code:
        raise EnvironmentFailure(f"JupyterLab 没有正常结束（{code}）。请看上面的提示。")
