"""A whole year through the notebooks: clean, score, a report for every unit, the county's summary.

Both folders are built beside the old ones and change places when everything in them is complete. Reports of
two different processed sets never lie in one folder.
"""

from __future__ import annotations

import importlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from assess_lib import approval, errors, lock, pipeline, register, store
from assess_lib.errors import (
    AssessError,
    EnvironmentFailure,
    FinalRefused,
    InputChanged,
    InputRejected,
    NotebookFailed,
    Problem,
    UsageError,
)
from assess_lib.history import YearSet
from assess_lib.paths import PROCESSED_VARIABLE, RAW_VARIABLE, REPORTS_VARIABLE, YearPaths, project_root
from assess_lib.publish import documents, site
from assess_lib.publish.batch import Batch, Expected, Failure, Made, Outcome, Task
from assess_lib.publish.executors import Executor
from assess_lib.publish.folder import (
    STAGES,
    UNIT_NOTEBOOK,
    UNITS,
    Sources,
    county_reports,
    files_of,
    notebook_digests,
    others_that_stand,
    our_files,
    reuse_stages,
    stages_key,
    unit_report,
    write_index,
    write_receipt,
)
from assess_lib.publish.reuse import Standing, read_bytes, read_slip, write
from assess_lib.store import ScoredSet, csvfile
from assess_lib.views import Explored, UnitReport, explore_ahead, page_metadata
from assess_lib.views.pack import ledger_csv

_AHEAD = ("pandas", "assess_lib.sensitivity")

Progress = Callable[[str, int, int], None]
"""Called as each notebook ends: what it was about, how many are done, how many there are."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a run put into the reports folder."""

    units: int
    """Reports made of units."""
    county: bool
    reused: int
    """Reports, of those asked for, that stood and came out the same: nothing was run for them."""
    kept: int
    """Files of other reports that stay, because the set would make them the same."""
    dropped: tuple[str, ...]
    """Files of earlier reports that went, because the set would make them otherwise."""
    problems: tuple[Problem, ...]
    scored: YearSet
    """The set that the reports are made of."""
    unresolved: int
    """Items that are unresolved, over all units."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Time spent by phase, added up over the worker processes; ``total`` is what the clock says."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Which reports are asked for: unit codes (none: all of them), the county's summary, PDF or not.

    With ``force`` they are made even if they stand; those that nobody asked for may stay.
    """

    units: tuple[str, ...]
    county: bool
    pdf: bool
    force: bool


def default_jobs() -> int:
    """Return how many processors this process may use."""
    with suppress(AttributeError):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def notebooks_folder() -> Path:
    """Return the project's notebooks folder; raise UsageError when there is none."""
    root = project_root()
    if root is None or not (root / "notebooks").is_dir():
        raise UsageError("没有找到 notebooks 文件夹。请进入项目文件夹再运行。")
    return root / "notebooks"


def run_year(
    paths: YearPaths,
    *,
    readings: Mapping[str, str],
    run_date: date | None = None,
    final: bool = False,
    units: Sequence[str] = (),
    jobs: int | None = None,
    pdf: bool = True,
    reopen: str | None = None,
    force: bool = False,
    scheduler: str = "",
    notebooks: Path | None = None,
    ready: Batch | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Published:
    """Run every notebook of a year and put a new processed set and its reports in place, in this order.

    ``units`` are unit codes; without any, all units get a report. The county's summary is always made. What would come
    out the same as it stands is not made again, unless ``force`` says so. ``scheduler`` is the address of a Dask
    scheduler whose workers make the units' reports; blank: this machine does. ``ready`` are the processes that
    ``prepare`` opened for the same folders, notebooks and number of jobs; the caller ends them.
    ``reopen`` is the reason for which the approval of the set that stands is lifted; ApprovalRefused without one.
    Raises what the notebooks' stages raise (InputRejected, FinalRefused … with the problems), NotebookFailed
    when a report fails; in every such case neither set is replaced, only the list of problems.
    """
    begun = time.perf_counter()
    source = notebooks or notebooks_folder()
    before, books = store.raw_entries(paths.raw), notebook_digests(source)
    options = {
        "final": final,
        "date": run_date.isoformat() if run_date else "",
        "readings": dict(readings),
        "units": list(units),
        "pdf": pdf,
    }
    reason = approval.check_reason(reopen)
    if reason:  # wrong usage if there is nothing to lift: found before anything is touched
        approval.may_replace(paths.processed, reason)
        options["reopen"] = reason
    if force:
        options["force"] = True
    scope = _Scope(tuple(units), county=True, pdf=pdf, force=force)
    with lock.held(paths.processed, paths.reports), register.recorded(paths.processed, "run", options) as attempt:
        # Here, in the real folder: the stages see the one that is being built, in which no approval ever lies.
        store.settle(paths.processed)
        lifted = approval.may_replace(paths.processed, reason)
        try:
            with (
                store.Building(paths.processed, store.OUR_FILES | store.receipt_names(paths.processed)) as new_set,
                store.Building(paths.reports, store.receipt_names(paths.reports)) as new_reports,
                nullcontext(ready) if ready else _batch(paths, source, jobs, scheduler) as batch,
            ):
                latest = _Latest(new_set.path)
                standing = Standing(paths.reports, paths.processed)
                asked = {"year": paths.year, **{key: options[key] for key in ("final", "date", "readings")}}
                key = stages_key(books, before, asked)
                try:
                    stages: list[Outcome] = []
                    meanwhile = _Meanwhile(new_set.path, readings)
                    if force or not reuse_stages(standing, key, paths.processed, new_set.path, new_reports.path):
                        stages = _run_stages(batch, paths, readings, run_date, final, latest, meanwhile, progress)
                    sources = Sources(new_set.path, paths.raw, books, standing, meanwhile.explored)
                    made = _reports(batch, paths, sources, standing, scope, progress)
                    changed = store.differences(before, store.raw_entries(paths.raw))
                    if changed:
                        raise InputChanged(f"运行期间原始文件有改动：{'、'.join(changed)}。结果没有更新，请重新运行。")
                    _same_notebooks(source, books, "结果")
                finally:
                    latest.read()
                    attempt.problems = pipeline.count_problems(latest.problems)
                records = frozenset(f"{stage}.ipynb" for stage in STAGES)
                made = made.and_also(records, dict.fromkeys(STAGES, key) if key else {})
                kept, dropped = _finish(new_reports, sources, standing, made, attempt, force)
                if lifted:
                    approval.register_reopening(paths.processed, lifted, "run")
                store.commit_all(new_set, new_reports)
                attempt.receipt = sources.receipt
        except (InputRejected, FinalRefused, NotebookFailed):
            latest.replace(paths.processed)
            raise
        _clear_failed(paths.reports)
    seconds = _add_up([*stages, *made.outcomes], time.perf_counter() - begun)
    return _published(sources, made, kept, dropped, latest.problems, seconds)


def report_year(
    paths: YearPaths,
    *,
    units: Sequence[str] = (),
    county: bool | None = None,
    jobs: int | None = None,
    pdf: bool = True,
    force: bool = False,
    scheduler: str = "",
    notebooks: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Published:
    """Make reports from the processed folder alone; the county's summary only when all units are meant, or as told.

    ``force`` and ``scheduler`` are those of ``run_year``.
    Raises UsageError when there is no scored set of that year, VerifyFailed when a file of it was altered,
    NotebookFailed when a report fails; then the reports stay as they were.
    """
    begun = time.perf_counter()
    source = notebooks or notebooks_folder()
    _set_of(paths)  # wrong usage is found before anything is touched
    scope = _Scope(tuple(units), county=not units if county is None else county, pdf=pdf, force=force)
    books = notebook_digests(source)
    options = {"units": list(units), "pdf": pdf}
    with lock.held(paths.processed, paths.reports), register.recorded(paths.processed, "report", options) as attempt:
        _set_of(paths)
        with (
            store.Building(paths.reports, store.receipt_names(paths.reports)) as new_reports,
            _batch(paths, source, jobs, scheduler, paths.processed) as batch,
        ):
            standing = Standing(paths.reports, paths.processed)
            sources = Sources(paths.processed, paths.raw, books, standing)
            made = _reports(batch, paths, sources, standing, scope, progress)
            _same_notebooks(source, books, "报告")
            if _set_of(paths).receipt_digest != sources.receipt:
                raise InputChanged("运行期间结果文件夹有改动。报告没有更新，请重新运行。")
            kept, dropped = _finish(new_reports, sources, standing, made, attempt, force)
            new_reports.commit()
            attempt.receipt = sources.receipt
        _clear_failed(paths.reports)
    seconds = _add_up(made.outcomes, time.perf_counter() - begun)
    return _published(sources, made, kept, dropped, (), seconds)


def report_again(
    paths: YearPaths,
    *,
    jobs: int | None = None,
    notebooks: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Published | None:
    """Make the reports that exist of this set once more, as its approval changes what stands on every page.

    The same units, with PDF if any has one. Returns None when there is none to make, or all say the right thing
    already. Raises as ``report_year`` does.
    """
    data = _set_of(paths)
    slip = read_slip(paths.reports)
    outputs, all_units = slip.get("outputs", {}), [str(unit) for unit in data.results["unit_id"]]
    units = tuple(unit for unit in all_units if f"units/{unit}.html" in outputs)
    county = f"{documents.PAGES[0].name}.html" in outputs
    if slip.get("processed") != data.receipt_digest or not units:
        return None
    if slip.get("approval") == store.approval_digest(paths.processed):
        return None
    return report_year(
        paths,
        units=() if len(units) == len(all_units) else units,
        county=county,
        jobs=jobs,
        pdf=any(name.endswith(".pdf") for name in outputs),
        notebooks=notebooks,
        progress=progress,
    )


def _same_notebooks(folder: Path, before: Mapping[str, str], what: str) -> None:
    """See that no notebook was saved meanwhile: some reports would be made by the old one, under the new one's key.

    Raises InputChanged.
    """
    changed = store.differences(before, notebook_digests(folder))
    if changed:
        raise InputChanged(f"运行期间笔记本有改动：{'、'.join(changed)}。{what}没有更新，请重新运行。")


def _set_of(paths: YearPaths) -> ScoredSet:
    """Load the processed set and see that it is the year's. Raises UsageError, VerifyFailed."""
    data = store.load_set(paths.processed)
    if data.basis.year != paths.year:
        raise UsageError(
            f"结果文件夹 {paths.shown_processed} 是 {data.basis.year} 年度的，与本次年度 {paths.year} 不符。"
            "请用 --year 和 --processed 指明同一年度。"
        )
    return data


# ---- the notebooks --------------------------------------------------------------------------------------------


def prepare(paths: YearPaths, *, jobs: int | None, pdf: bool, scheduler: str) -> Batch:
    """Open the processes of a run of the year to come, which read and print beforehand what will hardly change.

    Returns a context manager, which ends them.
    """
    longest = next(page.name for page in documents.PAGES if page.pdf)
    expected = Expected(paths.raw, paths.reports / f"{longest}.html" if pdf else None)
    batch = _batch(paths, notebooks_folder(), jobs, scheduler, expected=expected)
    batch.get_ready()
    return batch


def _batch(
    paths: YearPaths,
    notebooks: Path,
    jobs: int | None,
    scheduler: str,
    processed: Path | None = None,
    expected: Expected | None = None,
) -> Batch:
    """Get worker processes; notebooks find the folders in their environment alone.

    ``processed`` is the set that they read; None: the one that is being built. Reports are always being built.
    ``expected`` is what they do while nobody waits.
    """
    processed, reports = processed or store.building_place(paths.processed), store.building_place(paths.reports)
    places = {
        paths.raw: "<原始文件夹>",
        paths.processed: "<结果文件夹>",
        paths.reports: "<报告文件夹>",
        processed: "<结果文件夹>",
        reports: "<报告文件夹>",
        notebooks: "<笔记本>",
    }
    environment = {RAW_VARIABLE: str(paths.raw), PROCESSED_VARIABLE: str(processed), REPORTS_VARIABLE: str(reports)}
    return Batch(
        notebooks,
        reports,
        environment=environment,
        places=places,
        jobs=jobs or default_jobs(),
        elsewhere=_elsewhere(scheduler, notebooks) if scheduler else None,
        expected=expected,
    )


def _elsewhere(scheduler: str, notebooks: Path) -> Executor:
    """Reach the Dask scheduler. Raises EnvironmentFailure when there is none, or Dask is not installed."""
    from assess_lib.publish.remote import DaskWorkers

    return DaskWorkers(scheduler, (notebooks / UNIT_NOTEBOOK).read_bytes())


def _run_stages(
    batch: Batch,
    paths: YearPaths,
    readings: Mapping[str, str],
    run_date: date | None,
    final: bool,
    latest: _Latest,
    meanwhile: _Meanwhile,
    progress: Progress,
) -> list[Outcome]:
    """Run 01 and 02; raise what the notebook raised."""
    meanwhile.begin()
    given = {"year": paths.year, "date": run_date.isoformat() if run_date else ""}
    tasks = [
        Task("01_clean", "01_clean.ipynb", given),
        Task("02_score", "02_score.ipynb", given | {"readings": dict(readings), "final": final}),
    ]
    outcomes: list[Outcome] = []
    for number, (task, name) in enumerate(zip(tasks, ("清洗", "评分"), strict=True), start=1):
        outcomes += batch.run([task], early=True)
        failure = outcomes[-1].failure
        if failure is not None:
            latest.read()
            raise _as_error(failure, latest.problems) or _failed(paths, batch.target, outcomes)
        meanwhile.cleaned()
        progress(name, number, len(tasks))
    return outcomes


class _Meanwhile:
    """What this process does while the stages run: import what it will need, explore the readings of clean tables."""

    def __init__(self, processed: Path, readings: Mapping[str, str]) -> None:
        self._processed, self._readings = processed, dict(readings)
        # Nobody waits for them at the end: whoever interrupts a run of many units does not wait for the exploration.
        self._imports = threading.Thread(target=_import_ahead, daemon=True)
        self._exploration = threading.Thread(target=self._explore, daemon=True)
        self._found: Explored | None = None

    def begin(self) -> None:
        """Import, while the first stage runs."""
        self._imports.start()

    def cleaned(self) -> None:
        """Explore, as soon as the clean tables are stored: scoring them changes nothing in them."""
        if self._exploration.ident is None:
            self._exploration.start()

    def _explore(self) -> None:
        self._imports.join()
        with suppress(Exception):  # whoever needs it looks for himself
            self._found = explore_ahead(self._processed, self._readings)

    def explored(self) -> Explored | None:
        """Return what was found; None if nothing was."""
        if self._exploration.ident is not None:
            self._exploration.join()
        return self._found


def _import_ahead() -> None:
    with suppress(Exception):  # whoever needs it will say why it cannot be had
        for name in _AHEAD:
            importlib.import_module(name)
        site.get_ready()


def _importing_beside(tasks: Iterator[Task | Made]) -> Iterator[Task | Made]:
    """Yield the tasks; once there is one, import what will be needed when they are done, while they are worked on."""
    for number, task in enumerate(tasks):
        if number == 0:
            threading.Thread(target=_import_ahead, daemon=True).start()
        yield task


def _as_error(failure: Failure, problems: Sequence[Problem]) -> AssessError | None:
    """Return an expected failure that a stage's notebook raised as the exception that it was, else None."""
    if failure.ename == InputRejected.__name__:
        return InputRejected(failure.evalue, problems)
    if failure.ename == FinalRefused.__name__:
        return FinalRefused(failure.evalue, [problem for problem in problems if problem.severity == "unresolved"])
    if failure.ename == MemoryError.__name__:
        return EnvironmentFailure("内存不足。请关闭其他程序后重新运行。")
    kind = getattr(errors, failure.ename, None)
    if isinstance(kind, type) and issubclass(kind, AssessError) and kind.exit_code != errors.EXIT_BUG:
        return kind(failure.evalue)
    return None


@dataclass(frozen=True, slots=True)
class _Made:
    """The reports that were asked for, made or found to stand: their files, keys, and digests of units' data.

    ``outcomes`` are those of notebooks and functions that ran; ``reused`` counts the reports for which none had to.
    """

    units: int
    county: bool
    files: frozenset[str]
    keys: Mapping[str, str]
    data: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    reused: int

    def and_also(self, files: frozenset[str], keys: Mapping[str, str]) -> _Made:
        """Add files that are in place, with their keys."""
        return replace(self, files=self.files | files, keys={**self.keys, **keys})


def _reports(
    batch: Batch, paths: YearPaths, sources: Sources, standing: Standing, scope: _Scope, progress: Progress
) -> _Made:
    """Make the reports in scope, or take those that stand. Raises NotebookFailed after all others have run."""
    unknown = [unit for unit in scope.units if unit not in sources.units]
    if unknown:
        raise UsageError(f"结果中没有单位编码“{unknown[0]}”。请核对“单位名录”中的单位编码。")
    work = _Work(sources, standing, scope, batch.target)
    outcomes = batch.run(_importing_beside(work.tasks()), lambda outcome: work.done(outcome, progress))
    batch.end_meanwhile()  # receipts and index are written here
    for outcome in outcomes:
        if outcome.failure is not None and outcome.failure.ename == EnvironmentFailure.__name__:
            raise EnvironmentFailure(outcome.failure.evalue)  # no notebook is at fault
    if any(outcome.failure for outcome in outcomes):
        raise _failed(paths, batch.target, outcomes)
    files = work.files | {file for outcome in outcomes for file in outcome.files}
    return _Made(len(work.units), scope.county, frozenset(files), work.keys, work.data, tuple(outcomes), work.reused)


class _Work:
    """The tasks of a batch, worked out one by one while it runs: what stands is taken over and makes no task."""

    def __init__(self, sources: Sources, standing: Standing, scope: _Scope, target: Path) -> None:
        self._sources, self._standing, self._scope, self._target = sources, standing, scope, target
        self.units = [unit for unit in sources.units if not scope.units or unit in scope.units]
        self._total = len(self.units) + (len(county_reports()) if scope.county else 0)
        self._count = 0
        self.files: set[str] = set()
        self.keys: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.reused = 0

    def done(self, outcome: Outcome, progress: Progress) -> None:
        """Count a task that ended, and tell of it."""
        self._count += 1
        progress(self._label(outcome.name) + ("：失败" if outcome.failure else ""), self._count, self._total)

    def _label(self, report: str) -> str:
        headings = {page.name: page.heading for page in documents.PAGES}
        headings |= {name: product.title for name, product in documents.PRODUCTS.items()}
        unit = report.rpartition("/")[2]
        return headings.get(report) or f"{unit} {self._sources.units[unit]}"

    def tasks(self) -> Iterator[Task | Made]:
        """Yield the tasks, the longest first: pages on the whole county, the units with the longest ledgers, the rest.

        What is quick comes last: it fills up the time until all processes are done.
        """
        if self._scope.county:
            yield from self._county()
        yield from self._units()
        if self._scope.county:
            yield from self._products(quick=True)

    def _units(self) -> Iterator[Task]:
        self.keys["units"] = self._sources.units_key
        if self._sources.unchanged:
            for unit in self.units:
                report = unit_report(unit)
                if self._take(report, self._standing.key(report)):
                    self.data[unit] = self._standing.data(unit)
                else:
                    yield from self._unit(unit)
        else:
            for unit in self._sources.longest_first(self.units):
                yield from self._unit(unit)

    def _county(self) -> Iterator[Task | Made]:
        for page in reversed(documents.PAGES):  # the later ones take longer
            key = self._sources.county_key(page.name)
            if self._take(page.name, key):
                continue
            shown = page_metadata(self._sources.data, None, page.heading)
            task = Task(page.name, page.notebook, {"year": shown["year"]}, shown, self._scope.pdf and page.pdf)
            yield replace(task, record=self._take_page(page.name, key)) if task.pdf else task
        yield from self._products(quick=False)

    def _products(self, quick: bool) -> Iterator[Made]:
        for name, product in documents.PRODUCTS.items():
            if product.quick != quick or self._take(name, self._sources.county_key(name)):
                continue
            files = self._sources.found(name)
            if files:
                self._keep(files)
                self._count += 1
            else:
                yield Made(name, self._scope.pdf)

    def _unit(self, unit: str) -> Iterator[Task]:
        slice_ = self._sources.slices.cut(unit)
        own, report = slice_.dump(), unit_report(unit)
        key = self._sources.unit_key(own)
        self.data[unit] = slice_.digest
        if self._take(report, key):
            return
        shown = page_metadata(slice_.data, unit)
        task = Task(report, UNIT_NOTEBOOK, {"year": shown["year"], "unit_id": unit}, shown, own=own)
        if self._scope.pdf:
            attached = {f"{unit}_ledger.csv": ledger_csv(UnitReport.of(slice_))}
            task = replace(task, pdf=True, attached=attached, record=self._take_page(report, key))
        yield task

    def _take(self, report: str, key: str) -> bool:
        """Take a report over that stands under this key with all files that are wanted; note its key in any case."""
        self.keys[report] = key
        wanted = [name for name in files_of(report) if self._scope.pdf or not name.endswith(".pdf")]
        files = self._standing_files(report, key, wanted)
        if files is None:
            return False
        self._keep(files)
        self.reused += 1
        self._count += 1
        return True

    def _take_page(self, report: str, key: str) -> bytes:
        """Take over what stands but for its PDF, and return the record to print it from; blank if nothing does."""
        wanted = [name for name in files_of(report) if not name.endswith(".pdf")]
        files = self._standing_files(report, key, wanted)
        if files is None:
            return b""
        self._keep(files)
        return files[f"{report}.ipynb"]

    def _standing_files(self, report: str, key: str, wanted: Iterable[str]) -> dict[str, bytes] | None:
        """Return the files of a report that stands under this key, None if it does not, or is to be made anew."""
        usable = self._standing.has(report, key) and not self._scope.force
        return self._standing.read(wanted) if usable else None

    def _keep(self, files: Mapping[str, bytes]) -> None:
        write(self._target, files)
        self.files |= files.keys()


def _finish(
    new: store.Building, sources: Sources, standing: Standing, made: _Made, attempt: register.Attempt, force: bool
) -> tuple[int, tuple[str, ...]]:
    """Add to the new folder the other reports that stand, the index and the receipt; let it replace all that is ours.

    Returns how many files stay beside those asked for, and the names of those that go: they are not what the set says.
    """
    files, keys, data = set(made.files), dict(made.keys), dict(made.data)
    for report, key, kept in others_that_stand(sources, standing, made.keys):
        write(new.path, kept)
        files |= kept.keys()
        keys[report] = key
        if report.startswith(UNITS):
            unit = report.removeprefix(UNITS)
            data[unit] = standing.data(unit)
    asked = {name for report in made.keys if report != "units" for name in files_of(report)}
    dropped = tuple(sorted(standing.outputs.keys() - files - asked - {documents.INDEX}))
    keys[documents.INDEX] = write_index(new.path, sources, standing, files, force)
    write_receipt(new.path, sources, files | {documents.INDEX}, keys, data, attempt)
    new.claim(our_files(sources.units))
    return len(files) - len(made.files), dropped


def failed_place(reports: Path) -> Path:
    """Return where the executed notebooks of a run with a failed notebook lie."""
    return reports.with_name(f"{reports.name}.failed")


def _failed(paths: YearPaths, target: Path, outcomes: Iterable[Outcome]) -> NotebookFailed:
    """Lay every executed notebook into ``<reports>.failed`` and return the error that says so."""
    place = failed_place(paths.reports)
    new = place.with_name(f".{place.name}.building")
    shutil.rmtree(new, ignore_errors=True)
    for notebook in sorted(target.rglob("*.ipynb")):
        copy = new / notebook.relative_to(target)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, copy)
    new.mkdir(parents=True, exist_ok=True)
    _clear_failed(paths.reports)
    if place.is_dir():  # somebody's own files lie there
        shutil.copytree(new, place, dirs_exist_ok=True)
        shutil.rmtree(new)
    else:
        os.replace(new, place)
    failures = [(outcome.name, outcome.failure) for outcome in outcomes if outcome.failure]
    told = "".join(
        f"\n  {name if name in documents.PRODUCTS else f'{name}.ipynb'}：{_told(failure)}" for name, failure in failures
    )
    return NotebookFailed(
        f"有 {len(failures)} 个笔记本运行失败，报告没有更新：{told}\n"
        f"已运行的笔记本都在 {paths.shown_reports.rstrip('/')}.failed/，失败处有标注。请更正后重新运行。"
    )


def _told(failure: Failure) -> str:
    where = f"第 {failure.cell + 1} 个单元格，" if failure.cell is not None else ""
    first_line = failure.evalue.strip().splitlines()[0] if failure.evalue.strip() else ""
    return f"{where}{failure.ename}{'：' if first_line else ''}{first_line}"


def _clear_failed(reports: Path) -> None:
    """Remove the executed notebooks of an earlier run; files that are not ours survive."""
    place = failed_place(reports)
    ours = {name for report in (*STAGES, *county_reports()) for name in files_of(report)}
    for notebook in (*place.glob("*.ipynb"), *place.glob(f"{UNITS}*.ipynb")):
        if notebook.parent != place or notebook.name in ours:
            with suppress(OSError):
                notebook.unlink()
    for folder in (place / UNITS, place):
        with suppress(OSError):  # not empty, or not there
            folder.rmdir()


# ---- what was found -------------------------------------------------------------------------------------------


class _Latest:
    """The list of problems as the stages left it in the set that is being built."""

    def __init__(self, staging: Path) -> None:
        self._staging = staging
        self._files: dict[str, bytes] = {}
        self.problems: tuple[Problem, ...] = ()

    def read(self) -> None:
        """Take the files into memory before the staging folder goes."""
        found = {name: read_bytes(self._staging / name) for name in store.PROBLEM_FILES}
        self._files = {name: content for name, content in found.items() if content is not None}
        if "problems.csv" in self._files:
            self.problems = tuple(_problems(self._files["problems.csv"]))

    def replace(self, processed: Path) -> None:
        """Replace the list of problems alone in the real folder, if this run got so far as to write one."""
        if set(self._files) != set(store.PROBLEM_FILES):
            return
        with store.building(processed, store.PROBLEM_FILES) as new:
            for name, content in self._files.items():
                (new / name).write_bytes(content)


def _problems(data: bytes) -> Iterable[Problem]:
    header, rows = csvfile.parse(data)
    for row in rows:
        cells = dict(zip(header, (csvfile.unguard(text) for text in row), strict=True))
        number = cells.pop("row")
        yield Problem(**cells, row=int(number) if number else None)  # type: ignore[arg-type]


def _add_up(outcomes: Iterable[Outcome], total: float) -> dict[str, float]:
    """Add the phases of all outcomes up; ``total`` is the clock's."""
    sums: dict[str, float] = {}
    for outcome in outcomes:
        for phase, seconds in outcome.seconds.items():
            sums[phase] = sums.get(phase, 0.0) + seconds
    return sums | {"total": total}


def _published(
    sources: Sources,
    made: _Made,
    kept: int,
    dropped: tuple[str, ...],
    problems: tuple[Problem, ...],
    seconds: Mapping[str, float],
) -> Published:
    scored = sources.history.current
    unresolved = sum(result.unresolved for result in scored.results)
    return Published(made.units, made.county, made.reused, kept, dropped, problems, scored, unresolved, seconds)
