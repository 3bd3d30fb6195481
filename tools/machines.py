"""What differs between people's machines, made on purpose: their own settings, fonts, clocks and interpreters.

Each function prepares one such difference in a folder of its own and returns what a run needs to meet it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

CLOCK = "ELSEWHERE_CLOCK"
COLD_MARK = "ELSEWHERE_COLD_MARK"

MATPLOTLIBRC = """
font.weight: bold
font.size: 17
font.stretch: condensed
lines.linewidth: 5
patch.linewidth: 4
hatch.linewidth: 3
text.color: green
axes.facecolor: yellow
axes.labelsize: 22
axes.labelpad: 20
axes.linewidth: 4
axes.grid: True
axes.xmargin: 0.3
axes.formatter.use_locale: True
xtick.labelsize: 20
xtick.major.pad: 12
figure.facecolor: red
figure.dpi: 300
savefig.dpi: 300
savefig.bbox: tight
savefig.pad_inches: 1
savefig.transparent: True
path.sketch: 1, 100, 2
path.simplify: False
path.snap: False
svg.fonttype: none
svg.hashsalt: other
mathtext.default: rm
axes.unicode_minus: True
no.such.setting: here
"""
_IPYTHON_CONFIG = """
c = get_config()
c.InteractiveShellApp.exec_lines = ["print('a line of my own')", "import pandas; pandas.options.display.max_rows = 2"]
c.InteractiveShell.ast_node_interactivity = "all"
c.InteractiveShell.xmode = "Verbose"
c.InlineBackend.rc = {"figure.dpi": 300}
c.InlineBackend.figure_formats = {"png"}
"""
_JUPYTER_CONFIG = """
c = get_config()
c.TemplateExporter.exclude_output = True
c.HTMLExporter.exclude_markdown = True
c.NbConvertBase.display_data_priority = ["text/plain"]
c.ClearOutputPreprocessor.enabled = True
c.NotebookClient.record_timing = True
c.Session.key = b"mine"
c.KernelManager.transport = "tcp"
"""
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{folder}/cache</cachedir>
  <match target="pattern"><edit name="family" mode="assign" binding="strong"><string>DejaVu Sans</string></edit></match>
  <match target="font"><edit name="embolden" mode="assign"><bool>true</bool></edit></match>
</fontconfig>
"""
# papermill formats parameters with it where it is installed.
_BLACK = """
class FileMode:
    def __init__(self, **options): pass


def format_str(text, mode): return "# formatted" + chr(10) + text
"""
_NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig></fontconfig>\n'


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def hostile_home(home: Path) -> Mapping[str, str]:
    """Fill a home folder with settings of everything that reports are made with, each of which would show."""
    _write(home / ".config/matplotlib/matplotlibrc", MATPLOTLIBRC)
    for name in ("ipython_config.py", "ipython_kernel_config.py"):
        _write(home / ".ipython/profile_default" / name, _IPYTHON_CONFIG)
    _write(home / ".ipython/profile_default/startup/00-mine.py", "print('my startup')\nassert_ = len = None\n")
    for name in ("jupyter_config.py", "jupyter_nbconvert_config.py", "ipython_kernel_config.py"):
        _write(home / ".jupyter" / name, _JUPYTER_CONFIG)
    data = home / ".local/share/jupyter"
    _write(data / "kernels/python3/kernel.json", '{"argv": ["false"], "display_name": "Mine", "language": "python"}')
    for template in ("base", "assess"):
        _write(data / "nbconvert/templates" / template / "conf.json", '{"mimetypes": {"text/html": true}}')
        for name in ("null.j2", "display_priority.j2", "index.html.j2"):
            _write(data / "nbconvert/templates" / template / name, "a template of my own")
    _write(home / ".config/fontconfig/fonts.conf", _FONTS_CONF.format(folder=home / ".fonts"))
    hostile_fonts(home)
    return {}


def hostile_variables(home: Path) -> Mapping[str, str]:
    """Set the same by environment variables, and all others that the libraries listen to."""
    hostile_home(home)
    temporary = home / "临时 文件" / ("t" * 60)
    temporary.mkdir(parents=True)
    startup = _write(home / "startup.py", "raise SystemExit('my startup')\n")
    _write(home / "site/black.py", _BLACK)
    return {
        "TMPDIR": str(temporary),
        "MPLBACKEND": "TkAgg",
        "MATPLOTLIBRC": str(home / ".config/matplotlib/matplotlibrc"),
        "MPLCONFIGDIR": str(home / ".config/matplotlib"),
        "JUPYTER_PATH": str(home / ".local/share/jupyter"),
        "JUPYTER_DATA_DIR": str(home / ".local/share/jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_CONFIG_PATH": str(home / ".jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "IPYTHONDIR": str(home / ".ipython"),
        "PYTHONPATH": str(home / "site"),
        "PYTHONSTARTUP": str(startup),
        "PYTHONWARNINGS": "always",
        "PYTHONIOENCODING": "latin-1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONASYNCIODEBUG": "1",
        "FONTCONFIG_FILE": str(home / ".config/fontconfig/fonts.conf"),
        "FONTCONFIG_PATH": str(home / ".config/fontconfig"),
        "FC_LANG": "ja",
        "PANGO_LANGUAGE": "ja",
        "LANGUAGE": "ja",
        "HB_SHAPER_LIST": "fallback",
        "HB_FONT_FUNCS": "ft",
        "FREETYPE_PROPERTIES": "cff:no-stem-darkening=0",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / "缓存"),
        "COLUMNS": "40",
        "LINES": "10",
        "TERM": "xterm-256color",
        "FORCE_COLOR": "1",
        "CLICOLOR_FORCE": "1",
        "SOURCE_DATE_EPOCH": "not a number",
        "PANDAS_FUTURE_INFER_STRING": "0",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def hostile_fonts(home: Path) -> Mapping[str, str]:
    """Install fonts under the names of the pinned ones that look otherwise: serif and sans change their names."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    place = home / ".fonts"
    place.mkdir(parents=True, exist_ok=True)
    for name, family in (("NotoSerifSC-Regular.otf", "Noto Sans SC"), ("NotoSansSC-Regular.otf", "Noto Serif SC")):
        font = TTFont(str(files("pylopdf_fonts_zh_cn").joinpath(name)))
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):
                record.string = family
        font.save(place / f"mine-{name}")
    return {}


def no_home(home: Path) -> Mapping[str, str]:
    """Say that home is where no folder can ever be made."""
    return {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache"}


def no_fonts(home: Path) -> Mapping[str, str]:
    """Point fontconfig at a file that names no folder of fonts."""
    return {"FONTCONFIG_FILE": str(_write(home / "empty.conf", _NO_FONTS))}


# Started before anything else in every interpreter of the run.
_SITECUSTOMIZE = f"""
import os, sys, threading, time
if any("assess_lib.warm" in one for one in sys.orig_argv):  # a second thread: the nursery must not fork, and says no
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
if "ipykernel_launcher" in sys.orig_argv:
    open(os.environ["{COLD_MARK}"], "w").close()
"""


def without_nursery(folder: Path) -> str:
    """Return a folder for PYTHONPATH with which kernels start in the ordinary way, each leaving a mark that it did."""
    _write(folder / "sitecustomize.py", _SITECUSTOMIZE)
    return str(folder)


def has_compiler() -> bool:
    """Tell whether ``shifted_clock`` can be made here."""
    return sys.platform == "linux" and shutil.which("gcc") is not None


def shifted_clock(folder: Path) -> str:
    """Compile a library for LD_PRELOAD that shifts the clock of every process by the seconds in ``CLOCK``.

    The C library's own calls are replaced: whatever writes a zip, a PDF or a figure sees another day. Raises
    CalledProcessError or OSError where there is no compiler.
    """
    source, target = folder / "clock.c", folder / "clock.so"
    shutil.copy(Path(__file__).with_name("shifted_clock.c"), source)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"], check=True)
    return str(target)


def other_interpreter(folder: Path) -> Path:
    """Return a Python with the same packages that lies elsewhere."""
    if not folder.exists():
        venv.create(folder, with_pip=False, symlinks=True)
        packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
        _write(Path(packages) / "same.pth", sysconfig.get_path("purelib") + "\n")
        share = Path(sys.prefix) / "share"
        if share.is_dir():
            (folder / "share").symlink_to(share)
    return folder / "bin" / "python"
