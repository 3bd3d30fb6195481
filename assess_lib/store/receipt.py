"""The receipt of a set: what went in, by which software, what came out, as hashes."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import assess_lib
from assess_lib import __version__

# The libraries that a number or a byte of the outputs can depend on: those that the project asks for, and those
# behind them that write bytes of their own (mistune renders prose, numpy draws figures …).
LIBRARIES = (
    "click",
    "defusedxml",
    "duckdb",
    "filelock",
    "fonttools",
    "ipykernel",
    "jinja2",
    "lxml",
    "markupsafe",
    "matplotlib",
    "mistune",
    "nbclient",
    "nbconvert",
    "nbformat",
    "nh3",
    "noto-cjk-sans-otc",
    "numpy",
    "openpyxl",
    "pandas",
    "papermill",
    "pyarrow",
    "pydantic",
    "pylopdf-fonts-zh-cn",
    "pypdf",
    "pypinyin",
    "python-calamine",
    "python-docx",
    "ruamel.yaml",
    "typst",
    "xlrd",
    "xlsxwriter",
)


def digest(data: bytes) -> str:
    """Return the SHA-256 of the bytes, in hexadecimal."""
    return sha256(data).hexdigest()


# What of the package's own files decides what comes out; compiled files and message catalogues do not.
SOURCE_ENDINGS = (".py", ".sql", ".j2", ".html", ".css", ".js", ".json", ".svg", ".typ")


_VERSION = re.compile(r"^Version: *(\S+) *$", re.MULTILINE)


def _source_files(package: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in files:
            if name.endswith(SOURCE_ENDINGS) and not name.startswith("."):
                path = Path(place, name)
                yield path.relative_to(package).as_posix(), path


def code_digest(package: Path) -> str:
    """Return one SHA-256 over a package's source: names and contents, the same wherever it is checked out.

    Line ends count as line feeds, so that a checkout on Windows is the same code.
    """
    total = sha256()
    for name, path in sorted(_source_files(package)):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


@cache
def _own_code() -> str:
    # Once a process, early: what is loaded is what computes, whatever an editor saves meanwhile.
    return code_digest(Path(assess_lib.__file__).parent)


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Return the installed version of each library; one that is not installed is left out."""
    from importlib.metadata import PackageNotFoundError, distribution  # only those who write a receipt wait for it

    found = {}
    for name in names:
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        # The head alone: the library would parse the whole of it, with the description that makes up nearly all.
        head = (installed.read_text("METADATA") or "").partition("\n\n")[0]
        told = _VERSION.search(head)
        found[name] = told[1] if told else installed.version
    return found


def software() -> dict[str, Any]:
    """Return what a receipt says of the software: package version, its code as a digest, Python, libraries.

    The digest tells two states of the code apart that carry the same version number.
    """
    return {
        "package": __version__,
        "code": _own_code(),
        "python": platform.python_version(),
        "libraries": library_versions(),
    }


def overrides(readings: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Return the readings in force that are not the scheme's own."""
    return {key: option for key, option in readings.items() if defaults.get(key) != option}


def dump_json(value: Any) -> bytes:
    """Return JSON bytes that depend on the value alone: sorted keys, UTF-8, a line feed at the end."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


def receipt(
    *,
    year: int,
    stage: str,
    run_date: date,
    final: bool,
    readings: Mapping[str, str],
    defaults: Mapping[str, str],
    inputs: Mapping[str, str],
    outputs: Mapping[str, bytes],
) -> bytes:
    """Return the bytes of ``receipt.json``: inputs and outputs by relative path, each with its SHA-256.

    ``defaults`` are the scheme's own options; readings that differ from them stand once more under ``overrides``.
    """
    return dump_json(
        {
            **software(),
            "year": year,
            "stage": stage,
            "date": run_date.isoformat(),
            "final": final,
            "readings": dict(readings),
            "overrides": overrides(readings, defaults),
            "inputs": dict(inputs),
            "outputs": {name: digest(data) for name, data in outputs.items()},
        }
    )
