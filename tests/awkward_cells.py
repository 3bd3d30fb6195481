# ruff: noqa: E501 (a cell reads best in one line)
"""Cells whose outputs are hard to get right, for kernels that are to show what an ordinary kernel shows."""

from __future__ import annotations

import re
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CELLS: dict[str, str] = {
    "value": "40 + 2",
    "history": "_ , Out[1], In[1], __name__, get_ipython().execution_count",
    "silent": "x = 5;",
    "semicolon": "x;",
    "print": "print('出', 1, sep='\\t'); print('无换行', end='')",
    "stderr": "import sys\nprint('错', file=sys.stderr)\nprint('后')\nsys.stderr.write('又')",
    "interleaved": (
        "for n in range(3):\n    print('o', n, flush=True)\n    print('e', n, file=sys.stderr, flush=True)\n'末'"
    ),
    "display": "from IPython.display import *\nh = display('一', display_id='d'); display({'text/plain': '原'}, raw=True)",
    "update": "update_display('二', display_id='d'); h2 = display(HTML('<b>x</b>'), display_id=True)",
    "update_handle": "h2.update(Markdown('**y**'))\nh2.display('再')",
    "rich": (
        "class R:\n    def _repr_html_(self): return '<i>r</i>'\n    def _repr_mimebundle_(self, include=None, exclude=None):"
        "\n        return {'text/plain': 'r', 'application/x-r+json': {'a': [1, None, 2.5]}}, {'application/x-r+json': {'k': 1}}\nR()"
    ),
    "rich_broken": "class B:\n    def _repr_html_(self): raise KeyError('坏')\n    def __repr__(self): return 'B'\nB()",
    "latex_json_svg": "display(Latex('$a$'), JSON({'a': 1}), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'), Code('1'))",
    "image": (
        "import base64\ndisplay(Image(data=base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
        "+A8AAQUBAScY42YAAAAASUVORK5CYII='), width=3))"
    ),
    "javascript": "display(Javascript('1'), metadata={'a': 'b'})",
    "clear": "print('去'); clear_output(); print('留')",
    "clear_wait": "print('去'); clear_output(wait=True); display('留')",
    "dataframe": "import pandas as pd\npd.DataFrame({'单位': ['甲', '乙'], '分': [1.5, None]})",
    "wide": "pd.DataFrame([range(30)], columns=[f'指标{n}' for n in range(30)])",
    "wide_printed": "print(pd.DataFrame([range(30)], columns=[f'指标{n}' for n in range(30)]))",
    "wide_option": "pd.get_option('display.max_columns'), pd.reset_option('display.max_columns'), pd.get_option('display.max_columns')",
    "figure": "import matplotlib.pyplot as plt\nplt.rcParams['svg.hashsalt'] = 'x'\nfig, ax = plt.subplots(); ax.plot([1, 2])",
    "figure_show": "plt.plot([3, 1]); plt.show(); print('之后'); plt.plot([1, 3]); plt.title('t');",
    "figure_none_left": "plt.get_fignums()",
    "inline_svg": "%matplotlib inline\n%config InlineBackend.figure_formats = {'svg'}\nplt.plot([1, 2, 0]); None",
    "error": "def f(n):\n    return 1 / n\nprint('先')\nf(0)",
    "error_chain": "try:\n    {}['无']\nexcept KeyError as e:\n    raise ValueError('值') from e",
    "error_group": "raise ExceptionGroup('组', [ValueError(1), TypeError(2)])",
    "syntax": "print('不')\nif x = 1: pass",
    "indentation": "  1\n 2",
    "error_own": "class Mine(Exception):\n    def _render_traceback_(self): return ['我的', 'Mine']\nraise Mine",
    "assertion": "assert x == 6, '不等'",
    "recursion": "def r(): return r()\ntry:\n    r()\nexcept RecursionError as e:\n    print(type(e).__name__)",
    "exit": "import sys\nsys.exit('走')",
    "interrupt": "raise KeyboardInterrupt",
    "interrupt_real": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT); time.sleep(5)",
    "input": "input('问')",
    "getpass": "import getpass; getpass.getpass()",
    "unknown_magic": "%没有",
    "capture": "%%capture held\nprint('藏'); display('也'); 1",
    "captured": "print(held.stdout); held.outputs",
    "shell": "!echo 壳; echo 错 >&2; exit 3",
    "shell_value": "a = !printf 'p\\nq'\na, _exit_code",
    "bash": "%%bash\necho b1\necho b2 >&2",
    "bash_fails": "%%bash\nexit 4",
    "script": "%%script python3\nprint('脚')",
    "run": "open('piece.py', 'w').write('y = 7\\nprint(__name__, y)')\n%run piece.py\ny",
    "load_ext": "%load_ext autoreload\n%autoreload 0\n%who_ls int",
    "writefile": "%%writefile piece.txt\n文",
    "html_magic": "%%html\n<u>h</u>",
    "pinfo": "x?",
    "psource": "f??",
    "subprocess": "import subprocess\nsubprocess.run(['sh', '-c', 'echo s1; sleep 0.5; echo s2 >&2']).returncode; time.sleep(0.5)",
    "descriptor": "import os\nos.write(1, b'fd1\\n'); time.sleep(0.5); os.write(2, b'fd2\\n'); time.sleep(0.5)",
    "c_level": "import ctypes\nlib = ctypes.CDLL(None)\nlib.puts(b'C'); lib.fflush(None); time.sleep(0.5)",
    "long_line": "print('长' * 1_000_000)",
    "long": "print('\\n'.join(str(n) for n in range(200_000)))",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'等到'",
    "async_task": "async def later():\n    await asyncio.sleep(0.05); print('任务')\nt = asyncio.create_task(later()); t.done()",
    "async_task_done": "await t\nt.done(), asyncio.get_running_loop().is_running()",
    "async_error": "await asyncio.wait_for(asyncio.sleep(5), 0.01)",
    "contextvar": "import contextvars\nv = contextvars.ContextVar('v'); v.set(3)\nNone",
    "contextvar_kept": "v.get()",
    "thread": "import threading\nw = threading.Thread(target=lambda: print('线程')); w.start(); w.join()",
    "thread_late": "w = threading.Thread(target=lambda: (time.sleep(0.3), print('迟')))\nw.start()\n'先完'",
    "thread_joined": "w.join(); time.sleep(0.3); '后完'",
    "thread_error": "w = threading.Thread(target=lambda: 1 / 0, name='T'); w.start(); w.join()",
    "warning": "import warnings\nwarnings.warn('小心')",
    "logging": "import logging\nlogging.warning('记'); logging.getLogger('我').error('录')",
    "logging_handler": "logging.basicConfig(level=10, force=True); logging.getLogger('我').info('细')",
    "pickle": "import pickle\ndef g(n): return n + 1\npickle.loads(pickle.dumps(g))(1), g.__module__",
    "pool": "import multiprocessing as mp\nwith mp.get_context('fork').Pool(2) as p: print(p.map(g, range(3)))",
    "forked_print": (
        "q = mp.get_context('fork').Process(target=lambda: print('子' * 5000))\nq.start(); q.join(); time.sleep(0.5)"
    ),
    "os_fork": "pid = os.fork()\nif pid == 0: os._exit(3)\nos.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])",
    "widget": "import ipywidgets as w_\ns = w_.IntSlider(value=4, description='滑'); s",
    "widget_changed": "s.value = 6\nlabel = w_.Label('标'); display(label)",
    "output_widget": "o = w_.Output(); display(o)\nwith o:\n    print('框内'); display('内')",
    "interactive": "w_.interactive(lambda a: print(a), a=(0, 3))",
    "displayhook": "import builtins\nbuiltins._ , sys.displayhook.__class__.__name__, type(sys.stdout).__name__",
    "excepthook": "sys.stdout.isatty(), sys.stdin.read(), sys.stdout.encoding, sys.stderr.name",
    "paths": "sys.path, os.getcwd(), [os.path.basename(sys.argv[0]), sys.argv[1]], '__file__' in globals()",
    "modules": "sys.modules['__main__'].__dict__ is globals(), sorted(n for n in globals() if n[:1] == '_' and n[1:2] != 'i')[:9]",
    "environment": "sorted(n for n in os.environ if n not in ('LINES', 'COLUMNS')), os.environ['MPLBACKEND']",
    "signals": "[signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)]",
    "session": "os.getpid() == os.getpgrp() == os.getsid(0)",
    "shell_kind": "type(get_ipython()).__name__, get_ipython().kernel.implementation, get_ipython().history_manager.enabled",
    "history_magic": "%history -n 1-2",
    "payload": "get_ipython().set_next_input('下')\n%pycat piece.py",
    "last_error": "%tb",
    "xmode": "%xmode Minimal\n1 / 0",
    "atexit": "import atexit\nn = atexit.register(lambda: open('left.txt', 'w').write('走'))",
    "end": "print('完')",
}
TAGS = {"assertion": ["raises-exception"], "long": ["x"], "silent": ["skip-execution"]}

_NEUTRAL = (
    (re.compile(r"ipykernel_\d+"), "ipykernel_N"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0xN"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "ID"),
)


def notebook(kernel: str = "python3") -> nbformat.NotebookNode:
    """Return a notebook of these cells."""
    cells = [new_markdown_cell("# 难写的单元格")]
    for name, source in CELLS.items():
        cells.append(new_code_cell(source, id=name.replace("_", "-"), metadata={"tags": TAGS.get(name, [])}))
    made = new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": kernel, "display_name": "Python 3", "language": "python"}
    return made


def neutral(value: Any) -> Any:
    """Return outputs without process numbers, addresses and random names."""
    if isinstance(value, dict):
        return {neutral(key): neutral(one) for key, one in value.items()}
    if isinstance(value, list):
        return [neutral(one) for one in value]
    if isinstance(value, str):
        for pattern, label in _NEUTRAL:
            value = pattern.sub(label, value)
    return value


def shown(made: nbformat.NotebookNode) -> dict[str, Any]:
    """Return what each cell shows, its number and its metadata; and the widgets' state, in order of creation.

    Text that reached the notebook in pieces is compared as one: when a piece is sent depends on the clock.
    """
    found: dict[str, Any] = {}
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        outputs: list[Any] = []
        for output in neutral(nbformat.from_dict(cell.outputs)):
            output.pop("transient", None)
            if output["output_type"] == "stream" and outputs and outputs[-1].get("name") == output["name"]:
                outputs[-1]["text"] += output["text"]
            else:
                outputs.append(dict(output))
        found[cell.id] = {"count": cell.execution_count, "outputs": outputs, "tags": cell.metadata.get("tags")}
    widgets = made.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    found["widgets"] = [neutral(state) for state in widgets.get("state", {}).values()]
    found["language"] = made.metadata.get("language_info")
    return found
