"""Run as a worker that was forked from a nursery and is a nursery itself: what ``test_warm_kernels`` has it run."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from test_warm_kernels import PyplotManager, execute

from assess_lib.warm import client

SETTINGS = ("--HistoryManager.hist_file=:memory:",)  # as nbclient has it
IMPORTS = (*PyplotManager.imports, "inherited_kernels")


def serve(connection: socket.socket) -> None:
    """Run the awkward cells and two notebooks that tell their kernel's identity; send what they show."""
    folder = Path(os.environ.pop("AWKWARD_FOLDER"))
    sys.path.remove(os.environ.pop("PYTHONPATH"))  # by which this module was found; cells are to find the usual
    work = folder / "work"
    work.mkdir(exist_ok=True)
    client.inherit_nursery(PyplotManager.imports, os.environ, SETTINGS, str(work))
    shown = execute(folder, PyplotManager)
    told = json.dumps({"shown": shown, "idents": [_ident(work), _ident(work)]})
    connection.sendall(told.encode())


def _ident(work: Path) -> str:
    made: nbformat.NotebookNode = new_notebook(cells=[new_code_cell("get_ipython().kernel.ident")])
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(made, kernel_name="python3", kernel_manager_class=PyplotManager, resources=resources).execute()
    return str(made.cells[0].outputs[0].data["text/plain"])
