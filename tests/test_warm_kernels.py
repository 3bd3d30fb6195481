"""Forked kernels: they show what ordinary ones show, share nothing, and leave no process behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward_cells
import nbformat
import psutil
import pytest
from build import ROOT
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook

from assess_lib.warm import client, wire
from assess_lib.warm.engine import NotebookTimeoutError, WarmEngine
from assess_lib.warm.manager import WarmKernelManager

pytestmark = pytest.mark.skipif(not client.possible(), reason="kernels are forked on Linux alone")


class PyplotManager(WarmKernelManager):
    """Kernels with the modules imported that know of the shell."""

    imports = ("pandas", "matplotlib.pyplot", "matplotlib_inline.backend_inline")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep kernels away from the settings of whoever runs the tests."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setenv("JUPYTER_PATH", str(kernel_folder(tmp_path)))
    papermill_engines.register("warm", WarmEngine)


def as_outside_pytest() -> None:
    """Keep from kernels what pytest tells its children: ipykernel leaves descriptors alone when it sees it.

    It is told anew for each phase of a test, so that a fixture cannot do this.
    """
    os.environ.pop("PYTEST_CURRENT_TEST", None)


def kernel_folder(folder: Path) -> Path:
    """Make a folder of Jupyter data with our kernelspec, as make setup installs it."""
    spec = folder / "jupyter" / "kernels" / "python3-warm"
    spec.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "assess_lib/warm/kernelspec/kernel.json", spec)
    return folder / "jupyter"


def notebook(*sources: str) -> nbformat.NotebookNode:
    """Return a notebook of these cells."""
    made = new_notebook(cells=[new_code_cell(textwrap.dedent(source)) for source in sources])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def run(*sources: str, **options: Any) -> nbformat.NotebookNode:
    """Run a notebook of these cells with the engine."""
    as_outside_pytest()
    options = {"warm_imports": ("numpy",), "shutdown_kernel": "immediate", **options}
    return execute_notebook(notebook(*sources), None, engine_name="warm", progress_bar=False, **options)


def with_metadata(made: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Give a notebook what papermill gives one that it loads."""
    made.metadata.setdefault("papermill", {})
    for cell in made.cells:
        cell.metadata.setdefault("papermill", {})
        cell.metadata.setdefault("tags", [])
    return made


def text(made: nbformat.NotebookNode) -> str:
    """Return what the cells printed."""
    return "".join(o.text for cell in made.cells for o in cell.outputs if o.output_type == "stream")


def empty_work(folder: Path) -> Path:
    """Return the folder in which the awkward cells run, with nothing in it; itself it stays: a nursery may be in it."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    for left in work.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return work


def execute(folder: Path, manager: type[AsyncKernelManager], kernel: str = "python3") -> dict[str, Any]:
    """Run the awkward cells in a folder of their own, and return what they show."""
    as_outside_pytest()
    work = empty_work(folder)
    made = awkward_cells.notebook(kernel)
    NotebookClient(
        made,
        kernel_manager_class=manager,
        allow_errors=True,
        timeout=120,
        iopub_timeout=60,
        raise_on_iopub_timeout=True,
        resources={"metadata": {"path": str(work)}},
    ).execute()
    assert (work / "left.txt").exists(), "what was registered for the kernel's end was not called"
    return awkward_cells.shown(made)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the one folder in which the awkward cells are run, as they tell where they are."""
    return tmp_path_factory.mktemp("awkward")


_ordinary: dict[str, Any] = {}


def ordinary_outputs(folder: Path) -> dict[str, Any]:
    """Return what the awkward cells show in an ordinary kernel, in which they run once."""
    if not _ordinary:
        _ordinary.update(execute(folder, AsyncKernelManager))
    return _ordinary


def assert_same(shown: dict[str, Any], ordinary: dict[str, Any]) -> None:
    """Compare cell by cell."""
    assert shown.keys() == ordinary.keys()
    different = [name for name in shown if shown[name] != ordinary[name]]
    assert {name: shown[name] for name in different} == {name: ordinary[name] for name in different}


def gone(*marks: str) -> bool:
    """Tell whether, within a while, no process is left whose command holds one of these marks."""
    for _ in range(150):
        if not any(
            mark in " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"]) for mark in marks
        ):
            return True
        time.sleep(0.1)
    return False


def test_outputs_are_those_of_an_ordinary_kernel(folder: Path) -> None:
    """Over ninety awkward cells: outputs, numbers, tracebacks and widgets' state as from an ordinary kernel."""
    ordinary = ordinary_outputs(folder)
    assert ordinary["value"]["outputs"][0]["data"] == {"text/plain": "42"}
    assert ordinary["figure"]["outputs"][1]["data"].keys() == {"text/plain", "image/png"}
    assert ordinary["wide-option"]["outputs"][0]["data"] == {"text/plain": "(20, None, 20)"}
    assert_same(execute(folder, PyplotManager), ordinary)


def test_outputs_of_kernels_that_were_built_before_the_fork_are_the_same(folder: Path) -> None:
    """The same in kernels whose shell was built once, in a worker that was forked itself: as the batch has them."""
    as_outside_pytest()
    ordinary = ordinary_outputs(folder)
    imports = (*PyplotManager.imports, "inherited_kernels")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), "AWKWARD_FOLDER": str(folder)}
    nursery = client.Nursery(imports, environment)
    try:
        worker, line = nursery.fork([], "/", environment, wire=True, call="inherited_kernels:serve")
        with worker, line, line.makefile("rb") as stream:
            told = json.loads(stream.read())
    finally:
        nursery.close()
    assert told["idents"][0] == told["idents"][1], "each kernel was built anew"
    assert_same(told["shown"], json.loads(json.dumps(ordinary)))


def test_outputs_of_cells_given_all_at_once_are_the_same(folder: Path) -> None:
    """The same when the kernel is given all cells at once, as the batch does it."""
    as_outside_pytest()
    made, work = awkward_cells.notebook("python3"), empty_work(folder)
    made = papermill_engines.execute_notebook_with_engine(
        "warm",
        with_metadata(made),
        "python3",
        progress_bar=False,
        at_once=True,
        warm_imports=PyplotManager.imports,
        allow_errors=True,
        record_timing=False,
        execution_timeout=120,
        resources={"metadata": {"path": str(work)}},
    )
    assert (work / "left.txt").exists(), "what was registered for the kernel's end was not called"
    assert_same(awkward_cells.shown(made), ordinary_outputs(folder))


def test_a_cell_that_fails_ends_a_notebook_given_all_at_once() -> None:
    """No cell after the one that fails is run, and the record holds what the ones before it showed."""
    with pytest.raises(PapermillExecutionError, match="三"):
        run("print('一')", "raise ValueError('三')", "open('after.txt', 'w')", at_once=True)
    assert not Path("after.txt").exists()


@pytest.mark.deep
def test_outputs_of_the_provisioner_are_those_of_an_ordinary_kernel(folder: Path) -> None:
    """The same through the kernelspec and the provisioner, with the full kernel protocol."""
    assert_same(execute(folder, AsyncKernelManager, "python3-warm"), ordinary_outputs(folder))


def test_stock_nbclient_gets_a_forked_kernel_by_its_name(tmp_path: Path) -> None:
    """The kernel python3-warm is a forked one, in the folder and with the parent that a client expects, restartable."""
    made = notebook("import os, sys\nprint('pandas' in sys.modules, os.getcwd())", "open('/proc/self/cmdline').read()")
    runner = NotebookClient(made, kernel_name="python3-warm", resources={"metadata": {"path": str(tmp_path)}})
    runner.execute()
    assert made.cells[0].outputs[0].text == f"True {tmp_path}\n"
    assert "assess_lib.warm" in made.cells[1].outputs[0].data["text/plain"]


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("import os\nos._exit(7)", "exit code 7"),
        ("import os\nos.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import os\nos.kill(os.getppid(), 9)\nimport time; time.sleep(60)", "SIGKILL"),
    ],
    ids=["exit", "kill", "segfault", "keeper"],
)
def test_a_kernel_that_dies_is_reported_with_the_cause(cell: str, cause: str) -> None:
    """Leaving, being killed, crashing, losing the keeper: the error says how the process ended; the next one runs."""
    with pytest.raises(DeadKernelError, match=cause):
        run("1", cell)
    assert text(run("print('好')")) == "好\n"


def test_notebooks_share_nothing() -> None:
    """State, modules, environment, folder, path, figures and random numbers of one notebook are unknown to the next."""
    change = """
        import builtins, os, sys, random, numpy, logging
        builtins.left = numpy.left = 1
        os.environ['LEFT'] = '1'; os.chdir('/'); sys.path.append('/left')
        numpy.set_printoptions(precision=1); logging.getLogger().setLevel(1)
        print(random.random(), numpy.random.random(), numpy.random.default_rng().random())
    """
    look = """
        import builtins, os, sys, random, numpy, logging
        found = [hasattr(builtins, 'left'), hasattr(numpy, 'left'), 'LEFT' in os.environ, os.getcwd() == '/']
        print([*found, '/left' in sys.path, numpy.get_printoptions()['precision'], logging.getLogger().level])
        print(random.random(), numpy.random.random(), numpy.random.default_rng().random())
    """
    numbers = text(run(change)).split()
    told, *again = text(run(look)).splitlines()
    assert told == "[False, False, False, False, False, 8, 30]"
    assert len({*numbers, *again[0].split()}) == 6


def test_nothing_that_a_cell_started_outlives_the_notebook() -> None:
    """Processes of a cell end with it: a plain child, one of its own session, a daemon forked twice."""
    mark = f"warm-{uuid.uuid4()}"
    start = f"""
        import subprocess, sys, os
        code = 'import time; time.sleep(600)  # {mark}'
        subprocess.Popen([sys.executable, '-c', code])
        subprocess.Popen([sys.executable, '-c', code], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, '-c', code])
            os._exit(0)
    """
    run(start)
    assert gone(mark)
    with pytest.raises(DeadKernelError):
        run(start, "os._exit(1)")
    assert gone(mark)


CLIENT = """
    import sys
    sys.path.insert(0, {tests!r})
    from test_warm_kernels import run, papermill_engines, WarmEngine
    papermill_engines.register('warm', WarmEngine)
    run('''
        import subprocess, sys, time
        subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)  # {mark}'], start_new_session=True)
        open({ready!r}, 'w').close()
        time.sleep(600)
    ''', warm_imports=('{module}',))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_nothing_outlives_the_client(how: signal.Signals, tmp_path: Path) -> None:
    """When whoever runs the notebook is killed, ended or interrupted, kernel, children and nursery are gone."""
    mark, ready = f"warm-{uuid.uuid4()}", tmp_path / "ready"
    module = f"warm_{uuid.uuid4().hex}"
    (tmp_path / f"{module}.py").write_text("", encoding="utf-8")
    code = CLIENT.format(tests=str(ROOT / "tests"), mark=mark, ready=str(ready), module=module)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], env=environment, cwd="/") as process:
        for _ in range(600):
            if ready.exists():
                break
            time.sleep(0.1)
        assert ready.exists()
        process.send_signal(how)
        process.wait(60)
    assert gone(mark, module)


def test_a_notebook_has_a_time_of_its_own() -> None:
    """Cells that each are quick enough are stopped when the notebook as a whole takes too long; the rest is left."""
    cells = ["import time\ntime.sleep(0.4)"] * 50
    with pytest.raises(NotebookTimeoutError, match="2 seconds"):
        run(*cells, notebook_timeout=2, execution_timeout=30)
    assert text(run("print('在')", notebook_timeout=60)) == "在\n"


def test_an_exception_ends_the_notebook_as_papermill_has_it() -> None:
    """A failing cell is papermill's own error, with name, text and number of the cell."""
    with pytest.raises(PapermillExecutionError) as caught:
        run("1", "raise ValueError('坏')")
    assert (caught.value.ename, caught.value.evalue, caught.value.exec_count) == ("ValueError", "坏", 2)


def test_a_changed_source_file_makes_a_new_nursery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was imported beforehand is what is on the disk now."""
    module = tmp_path / "warm_source.py"
    module.write_text("VALUE = 1\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(tmp_path))))
    cell = "import sys; print('warm_source' in sys.modules); import warm_source; print(warm_source.VALUE)"
    assert text(run(cell, warm_imports=("warm_source",))) == "True\n1\n"
    module.write_text("VALUE = 22\n", encoding="utf-8")
    assert text(run(cell, warm_imports=("warm_source",))) == "True\n22\n"


def test_what_can_wait_is_imported_after_the_first_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is forked as soon as what it wants is imported, and tells how much it has."""
    (tmp_path / "soon.py").write_text("import time; time.sleep(0.5)\n", encoding="utf-8")
    for name in ("second", "third"):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "told.py").write_text(
        "import sys\n"
        "def tell(line):\n"
        "    line.send(' '.join(name for name in ('soon', 'second', 'third') if name in sys.modules).encode())\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(tmp_path))))
    nursery = client.Nursery(("soon",), os.environ, ("second", "third"))
    try:
        told = []
        for later in (0, 1, 1, 2, 0):
            process, line = nursery.fork([], "/", os.environ, wire=True, call="told:tell", later=later)
            told.append((line.recv(30), process.later))
            line.close()
            process.close()
    finally:
        nursery.close()
    assert told[0] == (b"soon", 0)
    # Between the first two requests there may have been time for more.
    assert told[1] == told[2] and told[1] in [(b"soon second", 1), (b"soon second third", 2)]
    assert told[3] == told[4] == (b"soon second third", 2)


def test_the_environment_is_the_clients_at_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that changes between two notebooks reaches the second one."""
    monkeypatch.setenv("WARM_TEST", "甲")
    assert text(run("import os\nprint(os.environ['WARM_TEST'])")) == "甲\n"
    monkeypatch.setenv("WARM_TEST", "乙")
    assert text(run("import os\nprint(os.environ['WARM_TEST'])")) == "乙\n"


WHERE = "import sys\nprint('ordinary' if 'ipykernel_launcher' in sys.orig_argv else 'forked')"


def test_kernels_start_in_the_ordinary_way_when_they_cannot_be_forked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No fork here; a module that cannot be imported; a thread; a file of the folder that comes first: still run."""
    assert text(run(WHERE)) == "forked\n"
    assert text(run(WHERE, warm_imports=("no_such_module",))) == "ordinary\n"
    (tmp_path / "warm_thread.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(tmp_path))))
    assert text(run(WHERE, warm_imports=("warm_thread",))) == "ordinary\n"
    work = tmp_path / "work"
    work.mkdir()
    (work / "numpy.py").write_text("HERE = True\n", encoding="utf-8")
    assert text(run(WHERE + "\nimport numpy; print(numpy.HERE)", cwd=str(work))) == "ordinary\nTrue\n"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(client, "possible", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert text(run(WHERE)) == "ordinary\n"


@pytest.mark.parametrize(
    "command",
    [["R", "--slave"], ["/bin/sh", "-m", "ipykernel_launcher", "-f", "x"], [sys.executable, "-m", "other"], []],
    ids=["language", "interpreter", "module", "nothing"],
)
def test_only_this_pythons_kernel_is_forked(command: list[str]) -> None:
    """A kernel of another language, interpreter or kind is never forked."""
    with pytest.raises(client.CannotFork):
        client.arguments_of(command, os.environ)


@pytest.mark.parametrize("size", [0, 1, 5, 40, 4096])
def test_messages_are_put_together_again_from_any_pieces(size: int) -> None:
    """Frames arrive as they were sent, whatever the pieces; empty ones and large ones too."""
    sent = [(wire.SHELL, [b"a", b"", b"\0" * 10_000]), (wire.IOPUB, []), (wire.CONTROL, [b"z"])]
    data = b"".join(wire.packed(channel, frames) for channel, frames in sent)
    reader = wire.Reader()
    step = size or len(data)
    got = [one for start in range(0, len(data), step) for one in reader.feed(data[start : start + step])]
    assert got == sent


def test_a_forked_process_that_is_killed_in_a_message_spoils_no_other() -> None:
    """A message that never became whole is left out; those of others, sent in between, arrive."""
    outlet = wire.Outlet()
    send: Callable[..., None] = outlet.send
    send(wire.IOPUB, [b"x" * 20_000])
    kept = os.read(outlet.reading, 4096)  # its first piece
    while True:
        try:
            os.read(outlet.reading, 4096)  # the others never came
        except BlockingIOError:
            break
    os.write(outlet._writing, kept)
    send(wire.IOPUB, [b"y" * 20_000])
    assert list(outlet.receive()) == [(wire.IOPUB, [b"y" * 20_000])]
