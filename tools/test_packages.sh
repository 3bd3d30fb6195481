#!/usr/bin/env bash
# Get the programs that tests open our files with, as a person would: LibreOffice for workbooks, Chromium for pages,
# poppler, qpdf and veraPDF (by Java) for PDFs, Pango for the stock weasyprint command that the benchmark compares with. Tests that need one skip, and say so, where it is missing; nothing that users run depends
# on any of them.
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need soffice libreoffice-calc
need chromium chromium
need pdftoppm poppler-utils
need qpdf qpdf
need javac default-jdk-headless # veraPDF, the examiner of PDF/A and PDF/UA, is written in Java
for package in libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; do
  name=${package%0}
  ldconfig -p 2>/dev/null | grep -q "${name%-}.so" || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  printf '缺少 %s，用它们打开文件的测试将跳过。安装办法（管理员）：%s\n' "${missing[*]}" "$command" >&2
  printf 'Missing: %s. The tests that open our files in them will be skipped.\n' "${missing[*]}" >&2
  exit 0
fi
echo "正在安装测试用的程序：${missing[*]}……"
{
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
} </dev/null >/dev/null 2>&1 || printf '没有装上，相应测试将跳过：%s\n' "$command" >&2
