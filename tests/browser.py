"""A real browser for tests: Debian's Chromium, without a network and without a person's settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from assess_lib.fonts import RARE, SANS, SERIF, font_files

CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium; yields playwright's browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        try:
            yield running
        finally:
            running.close()


def watched(page: Any) -> list[str]:
    """Collect what goes wrong in a page: script errors, refused content, and every request that leaves the disk."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
    return found


_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
{folders}
  <cachedir>{cache}</cachedir>
{aliases}
</fontconfig>
"""
_ALIAS = (
    '  <alias binding="same"><family>{generic}</family>'
    "<prefer><family>{family}</family><family>{rare}</family></prefer></alias>"
)
_GENERIC = {"serif": SERIF, "sans-serif": SANS, "monospace": SANS}


@contextmanager
def pinned_fonts() -> Iterator[None]:
    """Point fontconfig at the pinned faces alone, whatever the machine has."""
    before = os.environ.get("FONTCONFIG_FILE")
    with tempfile.TemporaryDirectory(prefix="assess-fonts-") as place:
        text = _FONTCONFIG.format(
            folders="\n".join(
                f"  <dir>{escape(str(each))}</dir>" for each in sorted({file.parent for file in font_files()})
            ),
            cache=escape(str(Path(place) / "cache")),
            aliases="\n".join(
                _ALIAS.format(generic=generic, family=family, rare=RARE) for generic, family in _GENERIC.items()
            ),
        )
        target = Path(place) / "fonts.conf"
        target.write_text(text, encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(target)
        try:
            yield
        finally:
            os.environ.pop("FONTCONFIG_FILE")
            if before is not None:
                os.environ["FONTCONFIG_FILE"] = before
