"""``assess lab``: JupyterLab on the notebooks, in Chinese and without the network."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import FrameType

import click

from assess_lib import paths
from assess_lib.errors import EnvironmentFailure, UsageError

# The page that opens first: which notebooks there are, in which order.
LAUNCHER = Path("notebooks") / "README.md"
# What argparse, by which JupyterLab reads its options, ends with for one that it does not know.
_WRONG_USAGE = 2


def settings_folder() -> Path:
    """Return the folder of our defaults for JupyterLab: Chinese, Markdown opened as a page, no news, no autosave.

    Reports are made from the same notebooks: what somebody tries out must not be saved unless they say so. All cells
    are attached, as the links of a contents list miss their headings otherwise. These are defaults only: what a person
    chooses in the settings editor is kept elsewhere and wins.
    """
    return Path(str(files("assess_lib"))) / "cli" / "lab_settings"


def server_options() -> list[str]:
    """Return what JupyterLab is told: our defaults, the first page, and that nothing here uses the network."""
    options = [
        f"--LabApp.app_settings_dir={settings_folder()}",
        f"--LabApp.default_url=/lab/tree/{LAUNCHER.as_posix()}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        # the other kind asks a package index for extensions
        "--LabApp.extension_manager=readonly",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # JupyterLab refuses root; in a container or in WSL there is often nobody else
        options.append("--allow-root")
    return options


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- JupyterLab 的选项]")
def lab(arguments: tuple[str, ...]) -> None:
    """打开 JupyterLab，逐格运行和修改笔记本。先打开的一页列出全部笔记本和阅读次序。

    JupyterLab 自己的选项原样交给它，写在“--”后面最稳妥；有哪些，运行 assess lab -- --help 查看（英文）。

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
    command = [sys.executable, "-m", "jupyterlab", *server_options(), *arguments]
    code = _serve(command, root, environment)
    if code == _WRONG_USAGE:
        raise UsageError("JupyterLab 没有这样的选项（见上）。能用的选项请运行 assess lab -- --help 查看（英文）。")
    if code:
        raise EnvironmentFailure(f"JupyterLab 没有正常结束（{code}）。请看上面的提示。")


def _serve(command: list[str], root: Path, environment: Mapping[str, str]) -> int:
    """Run the server until it ends and return its exit code.

    Ctrl+C reaches it directly, and a request to end is handed on: it stops its kernels itself, in good order.
    """
    with subprocess.Popen(command, cwd=root, env=environment) as server:

        def hand_on(number: int, _frame: FrameType | None) -> None:
            server.send_signal(number)

        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, hand_on),
        }
        try:
            return server.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
