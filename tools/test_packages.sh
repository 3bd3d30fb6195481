#!/usr/bin/env bash
# Get the programs that tests open our files with, as a person would: LibreOffice for the templates and spreadsheets.
# Tests that need one skip, and say so, where it is missing; nothing that users run depends on it.
set -euo pipefail

if command -v soffice >/dev/null; then
  exit 0
fi
command="apt-get update && apt-get install -y --no-install-recommends libreoffice-calc"
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  printf '没有 LibreOffice，用它打开表格的测试将跳过。安装办法（管理员）：%s\n' "$command" >&2
  printf 'LibreOffice is missing: the tests that open our files in it will be skipped.\n' >&2
  exit 0
fi
echo "正在安装测试用的 LibreOffice……"
{
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-calc
} </dev/null >/dev/null 2>&1 || printf 'LibreOffice 没有装上，相应测试将跳过：%s\n' "$command" >&2
