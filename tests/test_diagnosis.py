"""``assess doctor``: what is looked at on the machine, what is said of it, and the exit code; shell completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from assess_lib import cli, diagnosis, fonts
from assess_lib.errors import EnvironmentFailure

ROOT = Path(__file__).resolve().parents[1]


def _found(findings: list[diagnosis.Finding], name: str) -> diagnosis.Finding:
    return next(finding for finding in findings if finding.name == name)


def test_a_sound_machine_is_good_in_every_point(capsys: pytest.CaptureFixture[str]) -> None:
    """doctor on a machine that make setup built names every point, calls none of them unusable, and ends with 0."""
    assert cli.main(["doctor", "--year", "2022", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert list(made) == ["command", "state", "findings"]
    assert made["command"] == "doctor" and made["state"] in ("good", "warning")
    told = made["findings"]
    assert [finding["name"] for finding in told] == [
        "Python",
        "软件包",
        "文字编码",
        "中文字体",
        "PDF 排版",
        "JupyterLab",
        "内存",
        "磁盘空间",
        "结果写入",
        "年度数据",
    ]
    assert {finding["state"] for finding in told} <= {"good", "warning"}
    assert all(finding["remedy"] for finding in told if finding["state"] == "warning")


def test_json_is_one_object_of_the_gravest_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As every command's, doctor's JSON is an object: of one unusable point among others the state is bad, exit 4."""
    findings = [diagnosis.Finding("内存", "good", "8 GB"), diagnosis.Finding("磁盘空间", "bad", "0 GB", "请清理磁盘。")]
    monkeypatch.setattr(diagnosis, "examine", lambda year: findings)
    assert cli.main(["doctor", "--json"]) == 4
    assert json.loads(capsys.readouterr().out) == {
        "command": "doctor",
        "state": "bad",
        "findings": [
            {"name": "内存", "state": "good", "found": "8 GB", "remedy": ""},
            {"name": "磁盘空间", "state": "bad", "found": "0 GB", "remedy": "请清理磁盘。"},
        ],
    }


def test_missing_fonts_are_unusable_and_end_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A point that is unusable is named with its remedy, the others are still told, and the exit code is 4."""

    def missing() -> tuple[Path, ...]:
        raise EnvironmentFailure("缺少字体包 pylopdf_fonts_zh_cn。请运行 make setup 重新安装。")

    monkeypatch.setattr(fonts, "font_files", missing)
    assert cli.main(["doctor", "--year", "2022"]) == 4
    told = capsys.readouterr()
    assert "✗ 中文字体：不可用　缺少字体包 pylopdf_fonts_zh_cn" in told.out
    assert "请运行 make setup 重新安装" in told.out
    assert "✓ 内存" in told.out or "! 内存" in told.out
    assert "不可用：中文字体" in told.err


def test_a_package_of_another_version_is_named() -> None:
    """A package that is missing or not of the locked version is named with both versions; the right one is not."""
    installed = {"pandas": "3.1.1", "click": "8.0.0"}

    def look(name: str) -> str:
        if name not in installed:
            raise PackageNotFoundError(name)
        return installed[name]

    locked = diagnosis.locked_versions(
        "click==8.5.1 \\\n    --hash=sha256:00\npandas==3.1.1 \\\n    --hash=sha256:11\nxlrd==2.0.2\n"
    )
    assert locked == {"click": "8.5.1", "pandas": "3.1.1", "xlrd": "2.0.2"}
    assert diagnosis.differing_packages(locked, look) == ["click 8.0.0（应为 8.5.1）", "xlrd 未安装（应为 2.0.2）"]


@pytest.mark.parametrize(
    ("free", "state"),
    [(2 * 1024**3 - 1, "warning"), (2 * 1024**3, "good"), (2 * 1024**3 + 1, "good")],
)
def test_little_disk_is_a_warning(free: int, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than 2 GB of free disk is a warning; 2 GB are enough."""
    monkeypatch.setattr(shutil, "disk_usage", lambda place: type("Usage", (), {"free": free}))
    assert diagnosis.disk(2022).state == state


def test_a_folder_that_cannot_be_written_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses to write is said to be unusable, with the reason in Chinese."""

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(diagnosis.tempfile, "TemporaryDirectory", refuse)
    finding = diagnosis.whole_replacement(2022)
    assert (finding.state, "没有权限" in finding.found) == ("bad", True)


def test_a_disk_without_exchange_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot exchange two folders in one step is usable, with a warning."""
    monkeypatch.setattr(diagnosis, "exchange", lambda one, other: False)
    assert diagnosis.whole_replacement(2022).state == "warning"


def test_a_year_without_a_folder_is_told_as_a_finding() -> None:
    """A year that has no raw folder does not end the examination: the points that need it say so."""
    findings = diagnosis.examine(1999)
    assert _found(findings, "年度数据").state == "bad"
    assert "1999" in _found(findings, "年度数据").found
    assert _found(findings, "Python").state == "good"


def test_doctor_changes_nothing(tmp_path: Path) -> None:
    """doctor leaves no file behind, neither in the project nor in the temporary folder."""
    before = sorted((ROOT / "data" / "processed").rglob("*"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "assess_lib", "doctor"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    assert sorted((ROOT / "data" / "processed").rglob("*")) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """completion prints the shell's own script, which asks the command itself for proposals."""
    assert cli.main(["completion", shell]) == 0
    assert "_ASSESS_COMPLETE" in capsys.readouterr().out


def test_commands_are_completed() -> None:
    """A shell that asks with a word begun gets the commands that begin so."""
    environment = {**os.environ, "_ASSESS_COMPLETE": "bash_complete", "COMP_WORDS": "assess re", "COMP_CWORD": "1"}
    told = subprocess.run([sys.executable, "-m", "assess_lib"], cwd=ROOT, env=environment, capture_output=True)
    assert "plain,report" in told.stdout.decode().splitlines()
