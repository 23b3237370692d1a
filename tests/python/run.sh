#!/usr/bin/env bash
# Builds what is missing and runs the Python package's tests against the real daemon. usage: bash tests/python/run.sh [PYTEST OPTIONS...]
# Environment: SIDETOK_CACHE (default .cache), SIDETOK_BUILD (a build to use as it is; default build-test, brought up to date),
# SIDETOK_PYTHON (an interpreter that has pytest, msgpack and uvloop, such as one with vLLM; default a private one beside the reference).

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

fetch_models
if [ -z "${SIDETOK_BUILD:-}" ]; then
    install_packages "${build_packages[@]}"
    SIDETOK_BUILD=$root/build-test
    build_tree "$SIDETOK_BUILD"
fi
if [ -z "${SIDETOK_PYTHON:-}" ]; then
    make_venv reference "$root/tests/requirements.txt"
    SIDETOK_PYTHON=$cache/venv-reference/bin/python
fi
export SIDETOK_BUILD SIDETOK_MODELS=$cache/models SIDETOK_LIBRARY=$SIDETOK_BUILD/client/libsidetok.so.0
export PYTHONPATH=$root/client/python${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$SIDETOK_PYTHON" -m pytest -q -rs -p no:cacheprovider --junit-xml="$log" "$root/tests/python" "$@" || true
python3 "$root/tests/summary.py" "$log"
