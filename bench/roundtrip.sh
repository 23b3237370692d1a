#!/usr/bin/env bash
# Measures whole round trips beside mistral_common in process, in one run, and prints the table of README.md.
# usage: bash bench/roundtrip.sh [--rounds N] [--json FILE]
source "$(dirname "${BASH_SOURCE[0]}")/../deploy/setup.sh"
install_packages "${build_packages[@]}"
fetch_models
make_venv reference "$root/tests/requirements.txt"
build_tree "$root/build"
"$cache/venv-reference/bin/python" "$root/bench/roundtrip/run.py" --build "$root/build" --models "$cache/models" "$@"
