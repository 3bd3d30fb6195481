"""``assess verify``: every hash, score, sum and printed number again; exit 7 when something differs."""

from __future__ import annotations

import json
import sys

import click

from assess_lib import verify as verification
from assess_lib.cli.console import say
from assess_lib.cli.options import Shared, shared
from assess_lib.cli.progress import Progress
from assess_lib.errors import VerifyFailed
from assess_lib.paths import YearPaths


def tell(found: verification.Verification, paths: YearPaths) -> None:
    """Print where the folders lie, what was checked, what has to be known, and every finding."""
    say(f"原始：{paths.shown_raw}　结果：{paths.shown_processed}　报告：{paths.shown_reports}")
    for text in found.checked:
        say(f"已核对　{text}")
    for text in found.notes:
        say(f"说明　　{text}")
    for finding in found.findings:
        say(f"不符　　{finding}".replace("\n", " "), error=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出核对结果，供其他程序读取。")
@shared
def verify(shared: Shared, as_json: bool) -> None:
    """核对现有的结果和报告，不改动任何文件。

    重算每个文件的 SHA-256，由原始文件重新清洗评分，把台账逐行相加，
    核对网页和 PDF 上印出的分数、名次，并核对运行登记。
    有不符之处时逐条列出，退出码为 7。

    \b
    示例：
      assess verify --year 2022
      assess verify --year 2022 --json
    """
    terminal = sys.stderr is not None and sys.stderr.isatty()
    progress = {"progress": Progress().step} if terminal else {}
    found = verification.verify(shared.paths, readings=shared.readings, run_date=shared.run_date, **progress)
    if as_json:
        say(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        tell(found, shared.paths)
    if not found.ok:
        raise VerifyFailed(f"核对发现 {len(found.findings)} 处不符。没有改动任何文件。")
    if not as_json:
        say("运行登记没有不符；没有结果和报告可以核对。" if found.bare else "核对通过，没有发现不符。")
