#!/usr/bin/env bash
# Runs the reference's own tests, out of its source archive, with sidetok in place of the reference's encoders.
#
# usage: bash tests/parity/reference_suite.sh [--plain] [PYTEST ARGUMENTS...]
#   --plain   without sidetok: what the reference's tests say of the reference
#
# Environment: SIDETOK_CACHE (default .cache). Needs Python 3.11.

source "$(dirname "${BASH_SOURCE[0]}")/../../deploy/setup.sh"

suite=$root/tests/parity/reference_suite
plugin=(-p plugin)
if [ "${1:-}" = --plain ]; then
    plugin=()
    shift
fi

install_packages "${build_packages[@]}"
fetch_models
variants=$cache/variants
python3 "$root/tests/parity/variants.py" "$cache/models" "$variants"
build=$root/build-test
build_tree "$build"
cat "$root/tests/requirements.txt" "$suite/requirements.txt" >"$cache/reference-suite.txt"
make_venv reference-suite "$cache/reference-suite.txt"
python=$cache/venv-reference-suite/bin/python

tests=$cache/reference-suite
mkdir -p "$cache/archive"
"$python" -m pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
    --require-hashes -r "$suite/archive.txt" -d "$cache/archive" >&2
rm -rf "$tests"
mkdir -p "$tests" "$tests/files"
tar -xzf "$cache/archive/mistral_common-$wheel_version.tar.gz" -C "$tests" --strip-components 1
cp -r "$suite/support/." "$tests/tests/"
touch "$tests/tests/__init__.py"

cd "$tests"
SIDETOK=$build/sidecar/cli/sidetok SIDETOK_SUITE_FILES=$tests/files SIDETOK_VARIANTS=$variants PYTHONPATH=$suite \
    PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest "${plugin[@]}" -q --tb=short -p no:cacheprovider \
    --ignore tests/test_generate_chat_template_cli.py "${@:-tests}"
