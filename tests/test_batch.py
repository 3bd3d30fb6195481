"""The batch: notebooks in worker processes, each alone, none stopping another."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import nbformat
import psutil
import pytest
from build import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from test_end_to_end import make_project

from assess_lib.publish import batch as batch_module
from assess_lib.publish import hearth
from assess_lib.publish.batch import Batch, Outcome, Task
from assess_lib.publish.executors import Ground, LocalProcesses, Lost
from assess_lib.warm import client as warm


def write_notebook(folder: Path, name: str, *sources: str) -> None:
    """Write a notebook with a ``parameters`` cell (``unit_id``) and these code cells."""
    parameters = new_code_cell('unit_id = ""', metadata={"tags": ["parameters"]})
    cells = [new_markdown_cell("# 标题"), parameters, *(new_code_cell(source) for source in sources)]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    made = new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / name)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Outcome], list[str]]:
    """Run good and bad notebooks side by side; return the target folder, the outcomes and the order of the calls."""
    folder = tmp_path_factory.mktemp("batch {braces}")  # papermill would take the braces for a parameter
    notebooks, target = folder / "notebooks", folder / "reports"
    notebooks.mkdir()
    target.mkdir()
    write_notebook(
        notebooks,
        "good.ipynb",
        "import os\nprint(type(unit_id).__name__, unit_id, os.environ['ASSESS_PROCESSED'])",
        "import sys\nprint(os.getcwd(), sys.prefix, os.environ['OMP_NUM_THREADS'])",
    )
    write_notebook(notebooks, "raises.ipynb", "print('前')", "raise ValueError(f'坏 {unit_id}')", "print('后')")
    write_notebook(notebooks, "leaves.ipynb", "import sys\nsys.exit(0)", "print('后')")
    write_notebook(notebooks, "dies.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    names = ("raises", "good", "leaves", "dies")
    tasks = [Task(f"units/{name}", f"{name}.ipynb", {"unit_id": "07"}) for name in names]
    tasks.append(Task("again", "good.ipynb", {"unit_id": "县"}))
    called: list[str] = []
    environment = {"ASSESS_PROCESSED": str(folder / "processed")}
    places = {folder / "processed": "<结果>", folder: "<年度>"}
    with Batch(notebooks, target, environment=environment, places=places, jobs=2) as batch:
        runtime = batch._runtime
        outcomes = batch.run(tasks, lambda outcome: called.append(outcome.name))
    assert not runtime.exists()
    assert [outcome.name for outcome in outcomes] == [task.name for task in tasks]
    return target, {outcome.name: outcome for outcome in outcomes}, called


def text_of(file: Path) -> str:
    """Return what the cells of a notebook printed."""
    made = nbformat.read(file, as_version=4)
    return "".join(o.text for c in made.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "stream")


def test_a_failing_notebook_stops_no_other(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """Of five notebooks three fail, each in its own way; the others are done, and every one is told once."""
    target, outcomes, called = ran
    assert sorted(called) == ["again", "units/dies", "units/good", "units/leaves", "units/raises"]
    assert {name for name, outcome in outcomes.items() if outcome.failure} == {
        "units/raises",
        "units/leaves",
        "units/dies",
    }
    assert {p.relative_to(target).as_posix() for p in target.rglob("*.ipynb")} == {
        "again.ipynb",
        "units/dies.ipynb",
        "units/good.ipynb",
        "units/leaves.ipynb",
        "units/raises.ipynb",
    }


def test_failures_say_what_and_where(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """A failure names exception, text and cell; leaving by SystemExit(0) counts as one; a dead kernel does too."""
    _, outcomes, _ = ran
    raised = outcomes["units/raises"].failure
    assert raised is not None
    assert (raised.ename, raised.evalue, raised.cell) == ("ValueError", "坏 07", 4)  # prose, parameters, injected, 前
    left = outcomes["units/leaves"].failure
    assert left is not None and left.ename == "SystemExit"
    died = outcomes["units/dies"].failure
    assert died is not None and died.ename == "DeadKernelError"
    assert "9（SIGKILL）" in died.evalue


def test_failed_record_has_a_chinese_banner_at_the_cell(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """The failed notebook says so on top and above the failing cell, in Chinese, and keeps what ran before."""
    target, _, _ = ran
    made = nbformat.read(target / "units/raises.ipynb", as_version=4)
    assert "本笔记本运行失败" in made.cells[0].source
    place = next(n for n, cell in enumerate(made.cells) if cell.source.startswith("raise"))
    assert "下面这个单元格运行出错" in made.cells[place - 1].source
    assert made.cells[place].outputs[0].ename == "ValueError"
    assert text_of(target / "units/raises.ipynb") == "前\n"
    assert "An Exception was encountered" not in nbformat.writes(made)


def test_record_of_a_dead_kernel_says_where_and_of_what(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """A kernel that is killed shows nothing itself: the notice above its cell says how it ended, in Chinese."""
    target, _, _ = ran
    made = nbformat.read(target / "units/dies.ipynb", as_version=4)
    place = next(n for n, cell in enumerate(made.cells) if "SIGKILL" in cell.source and cell.cell_type == "code")
    assert "被信号 9（SIGKILL）终止" in made.cells[place - 1].source


def test_parameters_stay_text(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """A unit code that looks like a number reaches the notebook as text, a Chinese one whole."""
    target, _, _ = ran
    assert text_of(target / "units/good.ipynb").startswith("str 07 ")
    assert text_of(target / "again.ipynb").startswith("str 县 ")


def test_records_hold_no_path_of_this_machine(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """Folders that cells print appear as labels; one thread computes."""
    target, _, _ = ran
    assert text_of(target / "units/good.ipynb") == "str 07 <结果>\n<年度>/notebooks <Python> 1\n"
    for file in target.rglob("*.ipynb"):
        assert str(target.parent) not in file.read_text(encoding="utf-8")


def test_settings_of_the_process_are_left_alone(ran: tuple[Path, dict[str, Outcome], list[str]]) -> None:
    """A batch changes neither the environment nor the working directory of whoever calls it."""
    assert "ASSESS_PROCESSED" not in os.environ
    assert os.environ.get("JUPYTER_RUNTIME_DIR", "") == ""


def run_two(folder: Path, first: str, second: str) -> tuple[Outcome, Outcome]:
    """Run two notebooks of one cell each, one after the other, in one worker process."""
    notebooks, target = folder / "n", folder / "r"
    notebooks.mkdir()
    target.mkdir()
    write_notebook(notebooks, "first.ipynb", first)
    write_notebook(notebooks, "second.ipynb", second)
    with Batch(notebooks, target, environment={}, places={}, jobs=1) as batch:
        one, two = batch.run([Task("first", "first.ipynb", {}), Task("second", "second.ipynb", {})])
    return one, two


def test_notebooks_share_nothing(tmp_path: Path) -> None:
    """What one notebook does to a library that was imported beforehand, the next one does not see."""
    one, two = run_two(tmp_path, "import pandas\npandas.left_behind = 1", "import pandas\npandas.left_behind")
    assert one.failure is None
    assert two.failure is not None and two.failure.ename == "AttributeError"


@pytest.mark.skipif(os.name == "nt", reason="the kernel knows the worker process by its number")
def test_a_dead_worker_fails_its_task_alone(tmp_path: Path) -> None:
    """When a worker process itself dies, its notebook fails and the other one is still done."""
    kill = "import os\nos.kill(int(os.environ['JPY_PARENT_PID']), 9)\nimport time; time.sleep(5)"
    one, two = run_two(tmp_path, kill, "1")
    assert one.failure is not None and one.failure.ename == "WorkerDied"
    assert two.failure is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels start warm on Linux alone")
def test_a_cell_without_a_reply_is_a_failure_said_in_chinese(tmp_path: Path) -> None:
    """A cell whose result cannot be sent fails its notebook, and the reader is told so in Chinese."""
    one, two = run_two(tmp_path, r"get_ipython().set_next_input('\ud800')", "1")
    assert one.failure is not None and one.failure.ename == "DeadKernelError"
    assert one.failure.evalue == "单元格已经运行完，却没有说明结果如何。"
    assert two.failure is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels start warm on Linux alone")
def test_without_a_nursery_kernels_start_in_the_ordinary_way(tmp_path: Path) -> None:
    """When the process that kernels are forked from is gone, its kernel is too, and the next notebook still runs."""
    kill = "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)"
    one, two = run_two(tmp_path, kill, "import pandas")
    assert one.failure is not None and one.failure.ename == "DeadKernelError"
    assert two.failure is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels start warm on Linux alone")
def test_kernels_start_warm(tmp_path: Path) -> None:
    """Every module that is to be imported beforehand can be; otherwise each kernel would silently start cold."""
    forked = "import sys\nassert 'ipykernel_launcher' not in sys.orig_argv and 'assess_lib.views' in sys.modules"
    one, two = run_two(tmp_path, forked, forked)
    assert one.failure is None and two.failure is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes are forked on Linux alone")
def test_a_batch_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    """After kill -9 of the process that runs a batch its private folder goes, and every process that it had."""
    notebooks, target = tmp_path / "notebooks", tmp_path / "reports"
    notebooks.mkdir()
    target.mkdir()
    begun = tmp_path / "begun"
    write_notebook(notebooks, "long.ipynb", f"open({str(begun)!r}, 'w').close()\nimport time; time.sleep(60)")
    code = f"""
from pathlib import Path
from assess_lib.publish.batch import Batch, Task
with Batch(Path({str(notebooks)!r}), Path({str(target)!r}), environment={{}}, places={{}}, jobs=1) as batch:
    print(batch._runtime, flush=True)
    batch.run([Task("long", "long.ipynb", {{}})])
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        runtime = Path(process.stdout.readline().strip())
        wait_until(begun.exists)
        assert processes_of(runtime)
        process.kill()
    wait_until(lambda: not runtime.exists())
    assert not processes_of(runtime)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes are forked on Linux alone")
def test_processes_end_while_the_caller_goes_on(tmp_path: Path) -> None:
    """Told that no task comes any more, the batch ends its processes before its caller leaves it; nothing stays."""
    notebooks, target = tmp_path / "notebooks", tmp_path / "reports"
    notebooks.mkdir()
    target.mkdir()
    write_notebook(notebooks, "short.ipynb", "1")
    with Batch(notebooks, target, environment={}, places={}, jobs=2) as batch:
        runtime = batch._runtime
        outcomes = batch.run([Task("short", "short.ipynb", {})])
        assert processes_of(runtime)
        batch.end_meanwhile()
        wait_until(lambda: not processes_of(runtime))
    assert outcomes[0].files == ("short.ipynb",) and (target / "short.ipynb").is_file()
    assert not runtime.exists()


def test_an_executor_that_cannot_be_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where one executor fails to stop, what went wrong passes on; private folder and processes are gone."""

    class Stuck(LocalProcesses):
        def stop(self, at_once: bool) -> None:
            raise ConnectionError("it is gone")

    elsewhere = Stuck(1, Ground({}, ""), operator.call, str)
    with (
        pytest.raises(ConnectionError, match="it is gone"),
        Batch(tmp_path, tmp_path, environment={}, places={}, jobs=1, elsewhere=elsewhere) as batch,
    ):
        batch._here.submit(Task("none", "none.ipynb", {})).result()
        runtime = batch._runtime
        assert runtime.is_dir()
    assert not runtime.exists()
    assert not processes_of(runtime)


def test_an_interrupt_waits_until_the_batch_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted twice while it ends, a batch ends first: nothing is left, and then the interrupt comes, once."""
    cleared = batch_module.clear

    def clear_impatiently(runtime: Path) -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        cleared(runtime)

    monkeypatch.setattr(batch_module, "clear", clear_impatiently)
    before = signal.getsignal(signal.SIGINT)
    with (
        pytest.raises(KeyboardInterrupt) as interrupt,
        Batch(tmp_path, tmp_path, environment={}, places={}, jobs=1) as batch,
    ):
        runtime = batch._runtime
    assert interrupt.value.__context__ is None
    assert not runtime.exists()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not warm.possible(), reason="processes are forked on Linux alone")
def test_an_impatient_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """`assess run`, interrupted over and over until its private folder is gone, leaves nothing and ends with 130."""
    project = make_project(tmp_path / "project")
    with tempfile.TemporaryDirectory(prefix="assess-test-") as temporary:  # short enough for a socket
        command = [sys.executable, "-m", "assess_lib", "run", "--no-pdf"]
        environment = {**os.environ, "TMPDIR": temporary}
        with subprocess.Popen(command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True) as process:
            wait_until((project / "reports/.2022.building/01_clean.ipynb").exists)
            assert any(Path(temporary).iterdir())
            while process.poll() is None and any(Path(temporary).iterdir()):
                process.send_signal(signal.SIGINT)
                time.sleep(0.01)
            _, told = process.communicate()
        assert list(Path(temporary).iterdir()) == []
    assert process.returncode == 130
    assert told.endswith("已中断。原有结果没有改动。\n") and "Traceback" not in told


def processes_of(runtime: Path) -> list[int]:
    """Return the processes that write into a batch's private folder, also where that is gone: its workers' logs."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if str(runtime) in os.readlink(link):
                found.add(int(link.parts[2]))
    return sorted(found)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait up to half a minute for something; fail when it does not come."""
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")


@pytest.mark.skipif(not warm.possible(), reason="processes are forked on Linux alone")
def test_a_process_that_has_all_imports_serves_every_task(tmp_path: Path) -> None:
    """Only a process forked before the imports were done is replaced for a task that wants them all.

    Each process is asked for its number: the second one is forked for an early task, when nothing is left to import.
    """
    ground = Ground(dict(os.environ), str(tmp_path / "private"))
    executor = LocalProcesses(1, ground, operator.call, str)
    try:
        first = executor.submit(os.getpid).result()
        with pytest.raises(Lost):
            executor.submit(partial(os._exit, 3)).result()
        second = executor.submit(os.getpid, hearth.FOR_STAGES).result()
        assert executor.submit(os.getpid).result() == second != first
    finally:
        executor.stop(at_once=True)


@pytest.mark.parametrize("forks", [True, False])
def test_a_process_that_died_while_it_was_idle_costs_no_task(
    tmp_path: Path, forks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that comes after its process was killed is given to another one, forked or started, and is not lost."""
    if not forks:
        monkeypatch.setattr(hearth, "take", lambda: None)
    ground = Ground(dict(os.environ), str(tmp_path / "private"))
    executor = LocalProcesses(1, ground, operator.call, str)

    def ended(process: psutil.Process) -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    try:
        first = executor.submit(os.getpid).result()
        process = psutil.Process(first)
        process.kill()
        wait_until(lambda: ended(process))
        assert executor.submit(os.getpid).result() != first
    finally:
        executor.stop(at_once=True)
