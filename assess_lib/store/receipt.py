"""The receipt of a set: what went in, by which software, what came out, as hashes."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from assess_lib import __version__

# The libraries that a number or a byte of the outputs can depend on.
LIBRARIES = (
    "click",
    "defusedxml",
    "filelock",
    "ipykernel",
    "jinja2",
    "matplotlib",
    "nbclient",
    "nbconvert",
    "noto-cjk-sans-otc",
    "numpy",
    "odfdo",
    "openpyxl",
    "pandas",
    "papermill",
    "pyarrow",
    "pydantic",
    "pylopdf-fonts-zh-cn",
    "python-calamine",
    "ruamel.yaml",
    "weasyprint",
    "xlrd",
    "xlsxwriter",
)


def digest(data: bytes) -> str:
    """Return the SHA-256 of the bytes, in hexadecimal."""
    return sha256(data).hexdigest()


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Return the installed version of each library; one that is not installed is left out."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def software() -> dict[str, Any]:
    """Return the versions that a receipt names: package, Python, libraries."""
    return {
        "package": __version__,
        "python": platform.python_version(),
        "libraries": library_versions(),
    }


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
    inputs: Mapping[str, str],
    outputs: Mapping[str, bytes],
) -> bytes:
    """Return the bytes of ``receipt.json``: inputs and outputs by relative path, each with its SHA-256."""
    return dump_json(
        {
            **software(),
            "year": year,
            "stage": stage,
            "date": run_date.isoformat(),
            "final": final,
            "readings": dict(readings),
            "inputs": dict(inputs),
            "outputs": {name: digest(data) for name, data in outputs.items()},
        }
    )
