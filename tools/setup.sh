#!/usr/bin/env bash
# Build .venv from requirements.lock: make setup. On Debian it installs the few system packages too, when it may.
# Each step looks first and does only what is missing, so that running it again is cheap and harmless.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUTF8=1

fail() {
  printf '安装未完成：%s\nSetup stopped: %s\n' "$1" "$2" >&2
  exit 1
}

apt_updated=
# Install Debian packages, or say exactly what a person has to type.
need_packages() {
  local why_zh=$1 why_en=$2 command
  shift 2
  command="apt-get update && apt-get install -y --no-install-recommends $*"
  if ! command -v apt-get >/dev/null; then
    fail "${why_zh}。本机没有 apt-get，请用系统自带的方式安装（macOS：brew install python@3.11），再运行 make setup。" \
      "${why_en}. There is no apt-get here; install it the system's own way (macOS: brew install python@3.11), then run make setup."
  elif [ "$(id -u)" -ne 0 ]; then
    fail "${why_zh}。请管理员运行：sudo sh -c '${command}'，再运行 make setup。" \
      "${why_en}. Ask an administrator to run: sudo sh -c '${command}', then run make setup."
  fi
  printf '%s，正在安装：%s\n' "$why_zh" "$*"
  if [ -z "$apt_updated" ]; then
    apt-get update -qq </dev/null || fail "apt-get update 失败，请检查网络。" "apt-get update failed; check the network."
    apt_updated=yes
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null ||
    fail "系统软件包安装失败，请运行：${command}" "system packages could not be installed; run: ${command}"
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
    # an interpreter that was asked for by name is used or refused, never replaced
    [ -z "${PYTHON:-}" ] || return 1
  done
  return 1
}

if ! python=$(find_python); then
  [ -z "${PYTHON:-}" ] || fail "PYTHON=${PYTHON} 不存在或低于 3.11。" "PYTHON=${PYTHON} does not exist or is older than 3.11."
  need_packages "没有 Python 3.11" "Python 3.11 is missing" python3 python3-venv
  python=$(find_python) || fail "系统自带的 Python 低于 3.11，请安装 Python 3.11，再运行 make setup PYTHON=路径。" \
    "the system's Python is older than 3.11; install Python 3.11, then run make setup PYTHON=path."
fi

if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
  need_packages "Python 缺少 venv 模块" "Python lacks the venv module" \
    "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
fi

# A .venv that was copied or moved, or whose interpreter is gone, is built anew; a sound one is brought up to the lock.
if ! new_enough .venv/bin/python || ! head -n 3 .venv/bin/pip 2>/dev/null | grep -qF "$(pwd -P)/.venv/bin/python"; then
  echo "正在建立 .venv（$("$python" --version)）……"
  "$python" -m venv --clear .venv || fail "无法建立 .venv，请检查磁盘空间和权限。" ".venv could not be made; check disk space and permissions."
fi

echo "正在按 requirements.lock 安装依赖，首次约需几分钟……"
# The lock lists everything; an older pip's resolver would look for newer releases of extras that it does not list.
.venv/bin/python -m pip install -qq --no-deps --require-hashes -r requirements.lock ||
  fail "依赖安装失败，请检查网络和磁盘空间后重新运行 make setup。" "dependencies could not be installed; check network and disk, then run make setup again."
.venv/bin/python -m pip install -qq --no-deps --no-build-isolation --editable . ||
  fail "本项目安装失败。" "the project itself could not be installed."
.venv/bin/python -m pip check -qq ||
  fail "依赖不完整，请删除 .venv 后重新运行 make setup。" "packages are missing or do not fit together; remove .venv and run make setup again."
# the warm kernel that JupyterLab, papermill and nbconvert can choose
.venv/bin/jupyter kernelspec install --sys-prefix --name python3-warm assess_lib/warm/kernelspec 2>/dev/null ||
  fail "预热内核未能登记。" "the warm kernel could not be registered."

.venv/bin/python - <<'PY' || fail "缺少固定版本的中文字体包或 PDF 组件，请删除 .venv 后重新运行 make setup。" "the pinned Chinese fonts or the PDF parts are missing; remove .venv and run make setup again."
from importlib.resources import files

for package, name in (
    ("pylopdf_fonts_zh_cn", "NotoSerifSC-Regular.otf"),
    ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"),
    ("noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc"),
):
    if not (files(package) / name).is_file():
        raise SystemExit(f"{package}/{name}")
import typst  # noqa: E402,F401
PY
echo "环境就绪：$(.venv/bin/python --version)，.venv/bin/assess 可用。"
