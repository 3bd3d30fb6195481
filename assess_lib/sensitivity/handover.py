"""The one sentence for each unit's report: explored once for a whole batch, handed to the kernels as a small file.

A report that runs by itself has no such file and explores on its own; both ways give the same sentence.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from assess_lib.sensitivity.exploration import Exploration, explore
from assess_lib.sensitivity.words import sentence
from assess_lib.store import ScoredSet, dump_json
from assess_lib.tables import Tables

READINGS_VARIABLE = "ASSESS_READINGS"
"""The environment variable that names the file with the sentences."""


def sentences_file(exploration: Exploration, receipt_digest: str) -> bytes:
    """Return the file's bytes: of which processed set (its receipt's digest), and the sentence for each unit."""
    told = {unit.id: sentence(exploration, unit.id) for unit in exploration.roster}
    return dump_json({"processed": receipt_digest, "sentences": told})


def unit_sentence(data: ScoredSet, tables: Callable[[], Tables], unit_id: str) -> str:
    """Return the unit's sentence: the one handed over if it was made of this very set, else explored now.

    ``tables`` gives the set's clean tables and is called only when they are needed. Raises KeyError for a unit
    that the set does not have.
    """
    told = _handed_over(data.receipt_digest)
    if told is None or unit_id not in told:
        basis = data.basis
        return sentence(explore(tables(), basis.scheme, basis.run_date, basis.readings), unit_id)
    return told[unit_id]


def _handed_over(receipt_digest: str) -> Mapping[str, str] | None:
    """Read the sentences handed over; None when there are none, or none of this set."""
    place = os.environ.get(READINGS_VARIABLE, "")
    try:
        made = json.loads(Path(place).read_bytes()) if place else {}
        return dict(made["sentences"]) if made.get("processed") == receipt_digest else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
