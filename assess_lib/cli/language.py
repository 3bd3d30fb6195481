"""The command line speaks Chinese on every machine: click's own words come from our catalogue."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCALE_FOLDER = Path(__file__).resolve().parents[1] / "locale"
LANGUAGE = "zh_CN"


@contextmanager
def chinese() -> Iterator[None]:
    """Let gettext, which click asks for every word, look into our catalogue whatever the user's locale is.

    gettext chooses by the environment at each call, so LANGUAGE is set for the time of the command.
    """
    domain = gettext.textdomain()
    folder, language = gettext.bindtextdomain(domain), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(domain, os.fspath(LOCALE_FOLDER))
    os.environ["LANGUAGE"] = LANGUAGE
    try:
        yield
    finally:
        gettext.bindtextdomain(domain, folder)
        if language is None:
            os.environ.pop("LANGUAGE", None)
        else:
            os.environ["LANGUAGE"] = language
