"""The reports folder: what its reports are made of, which files each has, the index over them, the receipt of all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from assess_lib import register, store
from assess_lib.audit import evidence
from assess_lib.history import History, read_history
from assess_lib.publish import documents, site
from assess_lib.publish.reuse import RECEIPT, Standing, key_of, read_bytes, write
from assess_lib.store import ScoredSet
from assess_lib.tables import Tables
from assess_lib.views import Explored, Slices, slices_of
from assess_lib.views.publication import published_result

STAGES = ("01_clean", "02_score")
UNIT_NOTEBOOK = "03_unit_report.ipynb"
UNITS = "units/"
_PUBLICATION = "publication"
_READINGS_TABLES = "readings_tables"
_AUDIT = "audit"  # the one page that reads files beside the set: the evidence in the raw folder


def unit_report(unit_id: str) -> str:
    """Return what a unit's report is called: its place in the reports folder, without an ending."""
    return f"{UNITS}{unit_id}"


def county_reports() -> tuple[str, ...]:
    """Return the reports on the whole county: pages and products."""
    return (*(page.name for page in documents.PAGES), *documents.PRODUCTS)


def files_of(report: str) -> tuple[str, ...]:
    """Return every file that a report can have."""
    if report in documents.PRODUCTS:
        return documents.PRODUCTS[report].files
    if report in STAGES:
        return (f"{report}.ipynb",)
    pages = {page.name: page for page in documents.PAGES}
    printed = report.startswith(UNITS) or pages[report].pdf
    return tuple(report + ending for ending in (".ipynb", ".html", *((".pdf",) if printed else ())))


def our_files(units: Iterable[str]) -> frozenset[str]:
    """Return every file that the reports of these units, the county's, the stages' records and the index can have.

    They are ours also where the receipt that listed them is gone: left in place they would lie beside another set's.
    """
    reports = (*STAGES, *county_reports(), *map(unit_report, units))
    return frozenset({documents.INDEX, *(name for report in reports for name in files_of(report))})


class Sources:
    """All that the reports of a year are made of: the scored set, the earlier years, the notebooks, the evidence.

    Frames, tables and slices are made when something needs them. The caller holds the processed folder's lock.
    """

    def __init__(
        self,
        processed: Path,
        raw: Path,
        notebooks: Mapping[str, str],
        standing: Standing,
        explored: Callable[[], Explored | None] = lambda: None,
    ) -> None:
        """Take the folders, the notebooks' digests, the reports that stand, and what gives an exploration of the
        readings made beforehand.

        Raises what ``history.read_history`` raises.
        """
        self._explored = explored
        self.processed = processed
        self._raw, self._notebooks, self._standing = raw, notebooks, standing
        self.history: History = read_history(processed)
        self.approval = store.approval_digest(processed)

    @property
    def receipt(self) -> str:
        """The digest of the set's receipt."""
        return self.history.current.receipt

    @cached_property
    def units(self) -> dict[str, str]:
        """The units' names by code, in the roster's order."""
        return {result.unit_id: result.unit_name for result in self.history.current.results}

    @cached_property
    def data(self) -> ScoredSet:
        """The scored set as frames."""
        return store.load_set(self.processed)

    @cached_property
    def tables(self) -> Tables:
        """The clean tables."""
        return store.read_tables(self.processed)

    @cached_property
    def slices(self) -> Slices:
        """The set, ready to be cut."""
        return slices_of(self.processed, self.data, self.tables, self._explored())

    def found(self, product: str) -> documents.Files:
        """Return the files of a product that was worked out beforehand; blank where it is still to be.

        What fails here fails again where it is worked out, and is told of there.
        """
        explored = self._explored() if product == _READINGS_TABLES else None
        if explored is not None and explored.holds(self.tables, self.data.basis):
            with suppress(Exception):
                return documents.readings_files(explored.found)
        return {}

    @cached_property
    def _set(self) -> Mapping[str, Any]:
        """What tells two sets apart, for a report that may show anything of a set."""
        return {
            "receipt": self.receipt,
            "approval": self.approval,
            "earlier": [[data.year, data.receipt, data.state] for data in self.history.earlier],
            "unread": [list(told) for told in self.history.unread],
        }

    @cached_property
    def _inputs(self) -> dict[str, str]:
        """The raw files as they are now: the audit page says whether they still are what the receipt lists."""
        return store.hash_inputs(self._raw)

    @cached_property
    def _evidence(self) -> list[list[str]]:
        return [[each.state, each.found] for each in evidence.check_all(self.tables["佐证目录"], self._raw)]

    def county_key(self, report: str) -> str:
        """Return the key of a report on the whole county: it may show anything of the set.

        The published version alone shows a few named columns and nothing else, so its key is just those.
        """
        if report == _PUBLICATION:
            known = self._standing.key(report) if self.unchanged else ""
            return known or key_of(report, told=asdict(published_result(self.data)))
        pages = {page.name: page for page in documents.PAGES}
        more: dict[str, Any] = {"notebook": self._notebooks[pages[report].notebook]} if report in pages else {}
        if report == _AUDIT:
            more["evidence"] = self._evidence
            more["inputs"] = self._inputs
        return key_of(report, set=self._set, **more)

    @cached_property
    def units_key(self) -> str:
        """The key of all that any unit's report can be made of: while it stands, so do the keys of the reports."""
        return key_of("units", set=self._set, notebook=self._notebooks[UNIT_NOTEBOOK])

    @property
    def unchanged(self) -> bool:
        """Whether the standing reports of units were made of just this: then no slice need be cut to know it."""
        return self._standing.has("units", self.units_key)

    def unit_key(self, own: bytes) -> str:
        """Return the key of a unit's report: its slice, and the notebook."""
        return key_of("unit", slice=sha256(own).hexdigest(), notebook=self._notebooks[UNIT_NOTEBOOK])

    def standing_key(self, unit_id: str) -> str:
        """Return the key of a unit's report, from the standing receipt where that is known to hold."""
        known = self._standing.key(unit_report(unit_id)) if self.unchanged else ""
        return known or self.unit_key(self.slices.cut(unit_id).dump())

    def index_key(self, files: Collection[str]) -> str:
        """Return the key of the index."""
        return key_of("index", set=self._set, files=sorted(files))

    def longest_first(self, units: Collection[str]) -> list[str]:
        """Return units by how long their reports take: those with the longest ledgers first."""
        rows = self.data.ledger["unit_id"].value_counts()
        return sorted(units, key=lambda unit: -int(rows.get(unit, 0)))


def notebook_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each notebook of a run by name, blank if it cannot be read: then running it tells why."""
    names = (*(f"{stage}.ipynb" for stage in STAGES), UNIT_NOTEBOOK, *(page.notebook for page in documents.PAGES))
    contents = {name: read_bytes(folder / name) for name in names}
    return {name: "" if content is None else sha256(content).hexdigest() for name, content in contents.items()}


def stages_key(notebooks: Mapping[str, str], entries: Mapping[str, str], options: Mapping[str, Any]) -> str:
    """Return the key of the two stages; blank, which no report has, when an input or a notebook cannot be read.

    Takes the notebooks' digests and what lies in the raw folder (``store.raw_entries``).
    """
    found = [notebooks[f"{stage}.ipynb"] for stage in STAGES]
    if not all(found) or store.UNREADABLE in entries.values():
        return ""
    return key_of("stages", inputs=entries, options=options, notebooks=found)


def reuse_stages(standing: Standing, key: str, processed: Path, new_set: Path, new_reports: Path) -> bool:
    """Put the standing set and the records of its stages into the new folders, if they were made under this key.

    Returns False, with nothing written, when another set stands or a file is not what the receipts say.
    """
    records = standing.read(f"{stage}.ipynb" for stage in STAGES)
    if records is None or not all(standing.has(stage, key) for stage in STAGES):
        return False
    files = store.standing_files(processed, standing.slip.get("processed", ""))
    if not files:
        return False
    write(new_set, files)
    write(new_reports, records)
    return True


def others_that_stand(
    sources: Sources, standing: Standing, made: Collection[str]
) -> Iterator[tuple[str, str, dict[str, bytes]]]:
    """Yield (report, key, files) of reports that were not asked for and would come out the same if they were."""
    for report in (*STAGES, *county_reports(), *map(unit_report, sources.units)):
        if report in made or not standing.key(report):
            continue
        if report in STAGES:
            key = standing.key(report) if standing.slip.get("processed") == sources.receipt else ""
        elif report.startswith(UNITS):
            key = sources.standing_key(report.removeprefix(UNITS))
        elif report == _PUBLICATION and not sources.unchanged:
            key = ""  # it may say the same, but what was not asked for goes with its set
        else:
            key = sources.county_key(report)
        if standing.has(report, key):
            files = standing.read(name for name in files_of(report) if name in standing.outputs)
            if files:
                yield report, key, files


def write_index(folder: Path, sources: Sources, standing: Standing, files: Collection[str], force: bool) -> str:
    """Write the index over the reports that lie in the folder, with ``force`` anew in any case; return its key."""
    key = sources.index_key(files)
    kept = standing.read([documents.INDEX]) if standing.has(documents.INDEX, key) and not force else None
    content = kept or {
        documents.INDEX: site.index_page(sources.data, sources.tables["单位名录"], files).encode("utf-8")
    }
    write(folder, content)
    return key


def write_receipt(
    folder: Path,
    sources: Sources,
    files: Collection[str],
    keys: Mapping[str, str],
    data: Mapping[str, str],
    attempt: register.Attempt,
) -> None:
    """Write the receipt of the reports: of which set they were made, by which software, their hashes and their keys.

    ``data`` are the digests that the units' reports print, by unit. The attempt's line in the register gets the
    receipt's own digest, and what people decided for the set.
    """
    current = sources.history.current
    names = sorted(files)
    with ThreadPoolExecutor() as threads:  # hashing holds no other thread up
        digests = threads.map(lambda name: sha256((folder / name).read_bytes()).hexdigest(), names)
    slip = {
        **store.software(),
        "year": current.year,
        "processed": sources.receipt,
        "approval": sources.approval,
        "outputs": dict(zip(names, digests, strict=True)),
        "keys": dict(keys),
        "data": dict(data),
    }
    content = store.dump_json(slip)
    (folder / RECEIPT).write_bytes(content)
    attempt.decided(current.readings, current.scheme.default_readings(), len(sources.tables["调整复核"]))
    attempt.extra["reports"] = store.digest(content)
