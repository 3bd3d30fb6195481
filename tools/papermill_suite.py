"""Run papermill's own tests with our engine, with our provisioner, and with papermill's engine, and compare.

The tests come with papermill's source distribution of the very version that is installed, which pip fetches by name:
``python tools/papermill_suite.py``. Tests of cloud storage, whose libraries are not installed here, are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree  # the file is written by pytest, here

ROOT = Path(__file__).resolve().parents[1]
WAYS = ("papermill's own engine", "our engine", "our provisioner")
LEFT_OUT = ("test_abs.py", "test_adl.py", "test_gcs.py", "test_hdfs.py", "test_s3.py")
# Imported by every Python of a run, papermill's command line in a subprocess included.
DEFAULT_ENGINE = """
import sys
from papermill import engines
from assess_lib.warm.engine import WarmEngine
engines.papermill_engines.register(None, WarmEngine)
engines.papermill_engines.register("nbclient", WarmEngine)
"""


def fetch(folder: Path) -> Path:
    """Download and unpack papermill's source distribution; return its folder."""
    name = f"papermill=={version('papermill')}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--no-binary", "papermill", "--dest", str(folder), name], check=True)
    archive = next(folder.glob("papermill-*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def outcomes(source: Path, way: str, folder: Path) -> dict[str, str]:
    """Run the tests one way; return ``{test: passed, failed or skipped}``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / "ipython")}
    spec = json.loads((ROOT / "assess_lib/warm/kernelspec/kernel.json").read_text(encoding="utf-8"))
    if way == "our engine":
        (folder / "warm_by_default.py").write_text(DEFAULT_ENGINE, encoding="utf-8")
        environment["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
    if way == "our provisioner":
        kernels = folder / "jupyter" / "kernels" / "python3"
        kernels.mkdir(parents=True)
        (kernels / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        environment["JUPYTER_PATH"] = str(folder / "jupyter")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull]
    command += ["--rootdir", str(source), "--tb=short", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    command += ["-p", "warm_by_default"] if way == "our engine" else []
    command += [f"--ignore={source / 'papermill/tests' / name}" for name in LEFT_OUT]
    done = subprocess.run([*command, "papermill/tests"], cwd=source, env=environment, capture_output=True, text=True)
    (folder / "pytest.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if not report.exists():
        raise SystemExit(done.stdout + done.stderr)
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        kind = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[f"{case.get('classname')}::{case.get('name')}"] = kind
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the tests all ways; print and return the number of tests whose outcome is not that of papermill's engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="papermill's unpacked source distribution (default: download it)")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = chosen.source or fetch(folder)
        made = {}
        for number, way in enumerate(WAYS):
            own = folder / str(number)
            own.mkdir()
            made[way] = outcomes(source, way, own)
            counts = {kind: list(made[way].values()).count(kind) for kind in ("passed", "failed", "skipped")}
            print(f"{way}: {counts}", flush=True)
            if counts["failed"]:
                print((own / "pytest.log").read_text(encoding="utf-8")[-6000:])
        expected, *others = (made[way] for way in WAYS)
        different = 0
        for way, found in zip(WAYS[1:], others, strict=True):
            for test in sorted(expected.keys() | found.keys()):
                if expected.get(test) != found.get(test):
                    different += 1
                    print(f"{way}: {test}: {found.get(test)}, not {expected.get(test)}")
    return different


if __name__ == "__main__":
    sys.exit(min(main(), 1))
