#!/bin/sh
# 离线安装（Linux）：sh install.sh。系统组件须由管理员安装：sudo sh install.sh --system。
# Looks first and installs only what is missing; asks the network for nothing.
set -eu
cd "$(dirname "$0")"
system_only=${1:-}

new_python() {
  for candidate in ${PYTHON:-} python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

same_release() {
  [ -f offline/debs/RELEASE ] && [ -r /etc/os-release ] && command -v dpkg >/dev/null 2>&1 &&
    [ "$(. /etc/os-release && echo "$ID $VERSION_ID")" = "$(cat offline/debs/RELEASE)" ]
}

# Install those of the packages that this machine has not got yet.
install_system() {
  set --
  for deb in offline/debs/*.deb; do
    name=$(dpkg-deb -f "$deb" Package)
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || set -- "$@" "$deb"
  done
  [ $# -eq 0 ] || dpkg -i "$@"
}

missing=
python=$(new_python) || missing="Python 3.11（含 venv）"
if [ -n "$missing" ]; then
  if ! same_release; then
    echo "缺少${missing}。安装包内的系统组件不适用于本机，请管理员用系统自带的方式安装，再运行 sh install.sh。" >&2
    exit 1
  elif [ "$(id -u)" -ne 0 ]; then
    echo "缺少${missing}。请管理员运行：sudo sh install.sh --system，再运行 sh install.sh。" >&2
    exit 1
  fi
  echo "缺少${missing}，正在由安装包安装……"
  install_system
  python=$(new_python) || { echo "系统组件装好后仍不能使用。" >&2; exit 1; }
fi
if [ "$system_only" = --system ]; then
  echo "系统组件已齐。请以普通用户运行：sh install.sh"
  exit 0
fi
exec "$python" offline/install.py
