"""The line to a nursery: however it is closed, the nursery ends quietly and leaves nothing behind."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assess_lib.warm import client

pytestmark = pytest.mark.skipif(not client.possible(), reason="this system has no nurseries")


def test_a_line_closed_with_something_unread_ends_the_nursery_quietly(tmp_path: Path) -> None:
    """Whoever closes the line without having read the list of files gets no traceback, and the folder to leave goes."""
    folder = tmp_path / "private"
    folder.mkdir()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    code = f"from assess_lib.warm import nursery; nursery.serve({theirs.fileno()}, [])"
    quiet = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # as for every batch
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=quiet, stderr=subprocess.PIPE, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        ours.send(json.dumps({"leave": str(folder)}).encode())
        assert select.select([ours], [], [], 60)[0]  # what it says of its imports has come, and nobody reads it
        ours.close()
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")
    assert not folder.exists()
