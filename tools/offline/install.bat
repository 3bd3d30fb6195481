@echo off
chcp 65001 >nul
cd /d "%~dp0"
py -3.11 -c "import venv" >nul 2>nul
if not errorlevel 1 (
  py -3.11 offline\install.py
  goto end
)
python -c "import sys; sys.exit(sys.version_info[:2] != (3, 11))" >nul 2>nul
if not errorlevel 1 (
  python offline\install.py
  goto end
)
echo 没有找到 Python 3.11（64 位）。请先安装 Python 3.11，再双击 安装.bat。
:end
pause
