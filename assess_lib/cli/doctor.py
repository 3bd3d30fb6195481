"""``assess doctor``: whether this machine has what a run needs."""

from __future__ import annotations

from dataclasses import asdict

import click

from assess_lib import diagnosis
from assess_lib.cli.console import say
from assess_lib.cli.jsonout import show_json
from assess_lib.cli.options import parse_year
from assess_lib.errors import EnvironmentFailure

_MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


@click.command()
@click.option("--year", default="", metavar="YEAR", help="考核年度；不写则取 data/raw 中最新的一年。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，供其他程序读取。")
def doctor(year: str, as_json: bool) -> None:
    """检查本机环境，逐项说明是否正常、怎样解决；不改动任何文件。

    有不可用的项目时退出码为 4。
    JSON 的键：state 为各项中最差的状态（good 正常，warning 注意，bad 不可用），
    findings 为各项的 name、state、found、remedy。

    \b
    示例：
      assess doctor
      assess doctor --json
    """
    findings = diagnosis.examine(parse_year(year))
    if as_json:
        told = [asdict(finding) for finding in findings]
        show_json({"command": "doctor", "state": diagnosis.worst(findings), "findings": told})
    else:
        for finding in findings:
            say(f"{_MARKS[finding.state]} {finding.name}：{diagnosis.STATE_NAMES[finding.state]}　{finding.found}")
            if finding.remedy:
                say(f"    {finding.remedy}")
    if diagnosis.worst(findings) == "bad":
        broken = "、".join(finding.name for finding in findings if finding.state == "bad")
        raise EnvironmentFailure(f"不可用：{broken}。请按上面的提示处理后再运行 assess doctor。")
