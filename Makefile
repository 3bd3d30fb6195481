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

.PHONY: help setup run test test-deep fuzz mutants tamper elsewhere lab bench sample schema lock bundle clean

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

mutants: setup ## 逐处改动计分规则，检验测试能否发现（ARGS="--sample 60 --seed 1"）
	$(BIN)/python tools/mutants.py $(ARGS)

tamper: setup ## 随机改动 1000 处单个字节，检验 assess verify 能否逐一指出
	$(BIN)/python -m pytest tests/test_tamper.py -m deep $(ARGS)

elsewhere: setup ## 换时区、语言、文件夹、日期等 40 种环境重跑并逐字节比对
	$(BIN)/python tools/elsewhere.py $(ARGS)

lab: setup ## 打开 JupyterLab
	$(BIN)/assess lab $(ARGS)

bench: setup ## 测量用时与内存，写入 reports/bench/（只测量，不判定）
	$(BIN)/python tools/bench $(ARGS)

sample: setup ## 重新生成演示数据
	$(BIN)/python tools/make_sample.py $(ARGS)

schema: setup ## 重新生成 data/raw/scheme.schema.json（编辑器用）
	$(BIN)/python -m assess_lib.scheme_file

lock: ## 按 pyproject.toml 重新锁定依赖（需要 uv）
	@command -v uv >/dev/null || { echo '需要 uv 才能重新锁定依赖。uv is needed to lock again.' >&2; exit 1; }
	uv pip compile pyproject.toml --extra dev --extra dask --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --python-version 3.11.2 --output-file requirements.lock
	$(or $(PYTHON),python3) tools/environment.py

bundle: setup ## 做离线安装包 build/bundle/（要联网；ARGS="--system linux" 只做一种）
	$(BIN)/python tools/bundle.py $(ARGS)

clean: ## 删除构建产物和缓存（不动 data/ 和 reports/）
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	rm -f .venv/.ready-*
	find assess_lib tests tools notebooks -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
