# Run `make` alone for the list of targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The interpreter that builds .venv; tools/setup.sh looks for one when this is empty.
PYTHON ?=
# More options for the command, as in: make run ARGS="--no-pdf"
ARGS ?=
WORKERS ?= 2
BIN := .venv/bin
# The stamp's name holds the folder's place: scripts of a moved .venv point to nowhere, so it is built anew.
STAMP := .venv/.ready-$(shell pwd -P | cksum | cut -d' ' -f1)

.PHONY: help setup run test test-deep fuzz lab bench sample schema lock clean

help: ## 列出全部目标
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## 建立运行环境 .venv（按 requirements.lock，可重复执行）
	@:

$(STAMP): requirements.lock pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" bash tools/setup.sh
	@touch $@

run: setup ## 全部重算：清洗、计分、46 份单位报告、汇总（assess run）
	$(BIN)/assess run $(ARGS)

test: setup ## 运行测试（不含 deep）
	@bash tools/test_packages.sh
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-deep: setup ## 运行耗时较长的测试（deep）
	@bash tools/test_packages.sh
	$(BIN)/python -m pytest -n $(WORKERS) -m deep $(ARGS)

fuzz: setup ## 用随机损坏的文件检验读入（ARGS="--count 20000 --seed 7"）
	$(BIN)/python tools/fuzz.py $(ARGS)

lab: setup ## 打开 JupyterLab
	$(BIN)/assess lab $(ARGS)

bench: setup ## 测量用时与内存（只打印，不判定）
	$(BIN)/python tools/bench.py $(ARGS)

sample: setup ## 重新生成演示数据
	$(BIN)/python tools/make_sample.py $(ARGS)

schema: setup ## 重新生成 data/raw/scheme.schema.json（编辑器用）
	$(BIN)/python -m assess_lib.scheme_file

lock: ## 按 pyproject.toml 重新锁定依赖（需要 uv）
	@command -v uv >/dev/null || { echo '需要 uv 才能重新锁定依赖。uv is needed to lock again.' >&2; exit 1; }
	uv pip compile pyproject.toml --extra dev --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --python-version 3.11.2 --output-file requirements.lock
	$(or $(PYTHON),python3) tools/environment.py

clean: ## 删除构建产物和缓存（不动 data/ 和 reports/）
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	rm -f .venv/.ready-*
	find assess_lib tests tools notebooks -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
