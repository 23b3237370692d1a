#!/usr/bin/env bash
# Builds what is missing and runs the Python package's tests against the real daemon. usage: bash tests/python/run.sh [PYTEST OPTIONS...]
# Environment: SIDETOK_CACHE (default .cache), SIDETOK_BUILD (a build to use as it is; default build-test, brought up to date).

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

fetch_models
if [ -z "${SIDETOK_BUILD:-}" ]; then
    install_packages "${build_packages[@]}"
    SIDETOK_BUILD=$root/build-test
    build_tree "$SIDETOK_BUILD"
fi
make_venv python "$root/tests/python/requirements.txt"
export SIDETOK_BUILD SIDETOK_MODELS=$cache/models SIDETOK_LIBRARY=$SIDETOK_BUILD/client/libsidetok.so.0
export PYTHONPATH=$root/client/python${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1
exec "$cache/venv-python/bin/python" -m pytest -q -p no:cacheprovider "$root/tests/python" "$@"
