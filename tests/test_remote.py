"""Reports made by a real Dask scheduler and two workers over loopback: the same files, nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest
from build import ROOT
from in_process import contents
from nbformat.v4 import new_code_cell, new_notebook
from test_end_to_end import make_project, spoil

from assess_lib.cli.run import check_scheduler
from assess_lib.errors import EnvironmentFailure, UsageError
from assess_lib.publish.batch import Batch, Outcome, Task
from assess_lib.publish.folder import UNIT_NOTEBOOK
from assess_lib.publish.remote import DaskWorkers
from assess_lib.warm import client as warm

CELLS = (
    "import os, time\nfrom pathlib import Path\ntime.sleep(0.5)",
    "print(unit_id, Path(os.environ['ASSESS_SLICE']).read_text(), os.getcwd())",
)


@dataclass
class Cluster:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSESS_")}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def _cluster(folder: Path, *workers: tuple[str, ...]) -> Iterator[Cluster]:
    """Start a scheduler on loopback, and a worker for each group of options."""
    pytest.importorskip("distributed")
    place = folder / "scheduler.json"
    common = ("--no-dashboard", "--scheduler-file", str(place))
    started = [
        _start("distributed.cli.dask_scheduler", *common, "--host", "127.0.0.1", "--port", "0"),
        *(_start("distributed.cli.dask_worker", *common, "--nworkers", "1", *options) for options in workers),
    ]
    try:
        deadline = time.monotonic() + 60
        while not place.exists() or not place.read_bytes().endswith(b"}"):
            assert time.monotonic() < deadline and started[0].poll() is None
            time.sleep(0.1)
        yield Cluster(json.loads(place.read_bytes())["address"], started[0], started[1:])
    finally:
        for process in reversed(started):
            _kill(process)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Start a scheduler with two workers of one thread; the second one has a nanny."""
    one = ("--nthreads", "1")
    with _cluster(tmp_path, (*one, "--no-nanny"), (*one, "--nanny")) as started:
        yield started


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _notebook(folder: Path) -> bytes:
    folder.mkdir()
    made = new_notebook(
        cells=[new_code_cell('unit_id = ""', metadata={"tags": ["parameters"]}), *(new_code_cell(c) for c in CELLS)]
    )
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "report.ipynb")
    return (folder / "report.ipynb").read_bytes()


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """Eight reports on two workers, one killed after the first: each comes once, with the bytes of a local batch."""
    notebook = _notebook(tmp_path / "notebooks")
    tasks = [Task(f"units/T{n}", "report.ipynb", {"unit_id": f"T{n}"}, own=b"slice of T%d" % n) for n in range(8)]
    told: Counter[str] = Counter()

    def done(outcome: Outcome) -> None:
        told[outcome.name] += 1
        if len(told) == 1:
            _kill(cluster.workers[0])

    made = {}
    for place, elsewhere in (("far", DaskWorkers(cluster.address, notebook)), ("near", None)):
        (tmp_path / place).mkdir()
        told.clear()
        labels = {tmp_path / "notebooks": "<笔记本>"}
        options = {"environment": {}, "places": labels, "jobs": 2, "elsewhere": elsewhere}
        with Batch(tmp_path / "notebooks", tmp_path / place, **options) as batch:
            outcomes = batch.run(tasks, done)
        assert [outcome.name for outcome in outcomes] == [task.name for task in tasks]
        assert [outcome.failure for outcome in outcomes] == [None] * 8
        assert told == {task.name: 1 for task in tasks}
        made[place] = contents(tmp_path / place)
    assert made["far"] == made["near"]
    assert "T3 slice of T3 <笔记本>" in made["far"]["units/T3.ipynb"].decode()


@pytest.mark.skipif(not warm.possible(), reason="processes are forked on Linux alone")
def test_a_process_that_dies_takes_no_other_task_of_its_worker_along(tmp_path: Path) -> None:
    """A worker makes two reports at a time, and a process of one is killed: six reports come, none has failed."""
    notebook = _notebook(tmp_path / "notebooks")
    (tmp_path / "reports").mkdir()
    tasks = [Task(f"units/T{n}", "report.ipynb", {"unit_id": f"T{n}"}, own=b"slice") for n in range(6)]
    killed: list[int] = []
    with _cluster(tmp_path, ("--nthreads", "2", "--no-nanny")) as cluster:

        def done(outcome: Outcome) -> None:
            if not killed:
                killed.append(_kill_one_of_two_makers(cluster.workers[0].pid))

        workers = DaskWorkers(cluster.address, notebook)
        options = {"environment": {}, "places": {}, "jobs": 1, "elsewhere": workers}
        with Batch(tmp_path / "notebooks", tmp_path / "reports", **options) as batch:
            outcomes = batch.run(tasks, done)
    assert killed
    assert [(outcome.name, outcome.failure) for outcome in outcomes] == [(f"units/T{n}", None) for n in range(6)]


def _kill_one_of_two_makers(worker: int) -> int:
    """Kill a process that makes a report, as soon as two do: their keepers are the nursery's children."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for nursery in psutil.Process(worker).children():
            keepers = nursery.children()
            if len(keepers) == 2 and all(keeper.children() for keeper in keepers):
                keepers[0].kill()
                return keepers[0].pid
        time.sleep(0.05)
    raise AssertionError("two reports are never made side by side")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Make a folder for temporary files, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="assess-test-") as folder:
        yield Path(folder)


MOMENTS = {"stages": ("{temporary}", "assess-*"), "reports": ("{project}", "reports/.2022.building/units/*.ipynb")}
"""What a run has begun, and where it shows: a folder, and what is in it from then on."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_scheduler_that_is_lost_is_told_in_words(
    cluster: Cluster, tmp_path: Path, temporary: Path, moment: str
) -> None:
    """A scheduler that is killed ends the run with exit 4 and one sentence, no traceback; it leaves no file behind."""
    project = make_project(tmp_path / "project")
    spoil(project / "notebooks" / UNIT_NOTEBOOK, "import time\ntime.sleep(3)")
    place, shows = MOMENTS[moment]
    folder = Path(place.format(temporary=temporary, project=project))
    command = [sys.executable, "-m", "assess_lib", "run", "--no-pdf", "--jobs", "1", "--scheduler", cluster.address]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob(shows)):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        _kill(cluster.scheduler)
        _, told = process.communicate(timeout=120)
    assert process.returncode == 4, told
    assert f"与 Dask 调度器 {cluster.address} 的连接断开，报告没有更新" in told
    assert "Traceback" not in told and "distributed" not in told
    assert list(temporary.iterdir()) == []
    assert not (project / "reports/2022").exists()


def test_no_scheduler_is_an_environment_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nothing answers is told in Chinese, with what to do."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("assess_lib.publish.remote._REACH", 1)
    with pytest.raises(EnvironmentFailure, match=r"连不上 Dask 调度器 tcp://127\.0\.0\.1:9。请核对地址"):
        DaskWorkers("tcp://127.0.0.1:9", b"")


def test_a_service_that_never_answers_is_no_scheduler() -> None:
    """What accepts and is silent is given up in time, as an address where nothing answers is; the command ends."""
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        code = f"""
from assess_lib.errors import EnvironmentFailure
from assess_lib.publish import remote
remote._REACH = 2
try:
    remote.DaskWorkers({address!r}, b"")
except EnvironmentFailure as error:
    print(error)
"""
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"连不上 Dask 调度器 {address}。请核对地址")


@pytest.mark.parametrize("address", ["no address", "tcp://", "127.0.0.1:8786", "file:///etc/passwd", "tcp://a:1/b"])
def test_no_address_is_wrong_usage(address: str) -> None:
    """Anything that is no address of a scheduler ends with exit 2 before anything is looked at."""
    with pytest.raises(UsageError, match="--scheduler 应写成 tcp://主机:端口"):
        check_scheduler(address)


def test_without_dask_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Dask is not installed the option says so and what to do; nothing else needs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentFailure, match="没有安装 Dask"):
        DaskWorkers("tcp://127.0.0.1:9", b"")


def test_dask_is_imported_for_the_option_alone() -> None:
    """A run without --scheduler imports neither Dask nor the module that uses it."""
    code = "import sys, assess_lib.cli.run, assess_lib.publish.year as y; print(sorted(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'assess_lib.publish.year'" in told
    assert "'distributed'" not in told and "'dask'" not in told and "publish.remote" not in told


@pytest.mark.deep
def test_a_whole_year_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    """`run --scheduler` with real kernels and PDFs leaves every byte of a local run; a second one runs nothing."""
    made, source = {}, make_project(tmp_path / "source")
    for place, options in (("far", ("--scheduler", cluster.address)), ("near", ())):
        project = Path(shutil.copytree(source, tmp_path / place))
        for again in (False, True):
            command = [sys.executable, "-m", "assess_lib", "run", "--jobs", "1", *options]
            done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stderr
            assert ("其中 11 份内容没有变化" in done.stdout) is again
        made[place] = contents(project / "reports")
    assert made["far"] == made["near"]
